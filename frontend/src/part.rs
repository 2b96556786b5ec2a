//! Parts: which pages are downloaded together, and when.
//!
//! On a slow line the whole app takes too long. The frame, the sign-in and the home page are the first
//! part; the other pages come in parts of their own when one of them is opened. Which page belongs
//! where stands in [`Place::part`], and a part's pages in [`crate::pages`], in the function of its
//! name. `xtask` splits the compiled app at these functions, with the help of the crate `wasm_split`.
//!
//! Without the feature `parts` they are plain functions, and there is nothing to load.

use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;

use crate::api::{Call, Failure};
use crate::load::{Load, load};
use crate::place::Place;
use crate::route::route;
use crate::ui::live::live;
use crate::ui::states::{failed, waiting_rows};
use crate::{app, browser, pages};

/// A part of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Frame, sign-in, home: there as soon as anything is.
    First,
    /// The ledger.
    Cases,
    /// A case with all that is done about it.
    OneCase,
    /// Registering and correcting, the receipts, and what waits on the phone.
    Entry,
    /// What groups, villages and units report.
    Reports,
    /// The work with people outside: urgent information, visits, reception days, what people are told.
    Field,
    /// What is done for the year's goals: publicity, assessment.
    Year,
    /// Lists over all cases.
    Office,
    /// What opens the system to other programs: tokens, webhooks, the identity provider; small pages of
    /// the administration; help.
    Open,
    /// The administration: units, users, roles, settings, the audit log, the map.
    Admin,
    /// Indicators, standing, targets, dashboards.
    Figures,
}

/// What a part's function comes to.
pub(crate) type Drawn = Result<AnyView, SplitLoaderError>;

/// Begins to load what the URL asks for, without waiting for the sign-in.
pub(crate) fn start() {
    let part = route().path.with_untracked(|path| Place::at(path).part());
    wasm_bindgen_futures::spawn_local(async move {
        // If it fails, the page says so when it is opened.
        let _ = part.load().await;
    });
}

/// The page at a place of a part, once the part is there: a skeleton until then, or the failure with
/// a retry.
pub(crate) fn open(part: Part, place: Place) -> AnyView {
    if let Some(view) = part.draw(place.clone()) {
        return view;
    }
    let title = place.title();
    let loader = load(move || async move {
        match part.load().await {
            Ok(()) => Ok(()),
            Err(_) => Err(why_not().await),
        }
    });
    live(move || match loader.state.get() {
        Load::Waiting => view! {
            {pages::heading(title)}
            {waiting_rows()}
        }
        .into_any(),
        Load::Ready(()) => {
            // Whoever came here stands on the heading, which makes way for the page's own.
            if browser::is_focused("page-title") {
                app::focus_heading();
            }
            part.draw(place.clone()).into_any()
        }
        Load::Failed(failure) => failed(&failure, move || loader.reload()),
    })
}

/// Why a part did not come. Where the server answers and has no such file, the app was renewed after
/// this page was opened, so it is opened anew: on a page that is not there, nobody has typed anything.
async fn why_not() -> Failure {
    match Call::get("/setup").done().await {
        Ok(()) => {
            browser::open_anew();
            Failure::Unreadable(404)
        }
        Err(failure) => failure,
    }
}

#[cfg(feature = "parts")]
mod split {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    impl Part {
        /// Loads it, if it is not there yet.
        pub(super) async fn load(self) -> Result<(), SplitLoaderError> {
            match self {
                Self::First => Ok(()),
                Self::Cases => pages::load_cases().await,
                Self::OneCase => pages::load_one_case().await,
                Self::Entry => pages::load_entry().await,
                Self::Reports => pages::load_reports().await,
                Self::Field => pages::load_field().await,
                Self::Year => pages::load_year().await,
                Self::Office => pages::load_office().await,
                Self::Open => pages::load_open().await,
                Self::Admin => pages::load_admin().await,
                Self::Figures => pages::load_figures().await,
            }
        }

        /// The page at a place, if the part is there.
        pub(super) fn draw(self, place: Place) -> Option<AnyView> {
            match self {
                Self::First => None,
                Self::Cases => at_once(pages::cases(place)),
                Self::OneCase => at_once(pages::one_case(place)),
                Self::Entry => at_once(pages::entry(place)),
                Self::Reports => at_once(pages::reports(place)),
                Self::Field => at_once(pages::field(place)),
                Self::Year => at_once(pages::year(place)),
                Self::Office => at_once(pages::office(place)),
                Self::Open => at_once(pages::open(place)),
                Self::Admin => at_once(pages::administration(place)),
                Self::Figures => at_once(pages::figures(place)),
            }
        }
    }

    /// What is there without waiting. A page has to be drawn in the middle of drawing the frame, which
    /// is what it then belongs to.
    fn at_once(page: impl Future<Output = Drawn>) -> Option<AnyView> {
        match pin!(page).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(drawn) => drawn.ok(),
            Poll::Pending => None,
        }
    }
}

#[cfg(not(feature = "parts"))]
impl Part {
    async fn load(self) -> Result<(), SplitLoaderError> {
        Ok(())
    }

    fn draw(self, place: Place) -> Option<AnyView> {
        let drawn = match self {
            Self::First => return None,
            Self::Cases => pages::cases(place),
            Self::OneCase => pages::one_case(place),
            Self::Entry => pages::entry(place),
            Self::Reports => pages::reports(place),
            Self::Field => pages::field(place),
            Self::Year => pages::year(place),
            Self::Office => pages::office(place),
            Self::Open => pages::open(place),
            Self::Admin => pages::administration(place),
            Self::Figures => pages::figures(place),
        };
        drawn.ok()
    }
}
