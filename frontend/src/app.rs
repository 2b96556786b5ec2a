//! The frame: who may come in, and what pages ask of the URL.

use leptos::prelude::*;
use shared::account::Me;
use shared::setup::SetupStatus;
use wasm_bindgen_futures::spawn_local;

use crate::api::{self, Call, Failure};
use crate::pages::{account, setup};
use crate::place::Place;
use crate::route::{self, How, route};
use crate::session::{self, Stand};
use crate::ui::live::{live, watch};
use crate::ui::notice;
use crate::ui::states::{failed, waiting};
use crate::{browser, offline, part, shell};

/// What stands between a caller and the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Gate {
    Wait,
    Broken(Failure),
    SignIn,
    SetUp { demo: bool },
    ChangePassword,
    SetUpFactor,
    Open(String),
}

/// The app.
pub(crate) fn app() -> AnyView {
    part::start();
    gate()
}

fn gate() -> AnyView {
    let broken = RwSignal::new(None::<Failure>);
    let set_up = RwSignal::new(None::<bool>);
    let place = place();
    come_in(broken, set_up);
    let gate = Memo::new(move |_| {
        if let Some(demo) = set_up.get() {
            return Gate::SetUp { demo };
        }
        if let Some(failure) = broken.get() {
            return Gate::Broken(failure);
        }
        session::stand().with(|stand| match stand {
            Stand::Unknown => Gate::Wait,
            Stand::Nobody => Gate::SignIn,
            Stand::Here(me) | Stand::Kept(me) | Stand::Ended(me)
                if me.user.must_change_password =>
            {
                Gate::ChangePassword
            }
            Stand::Here(me) if me.must_set_up_second_factor => Gate::SetUpFactor,
            Stand::Here(me) | Stand::Kept(me) | Stand::Ended(me) => Gate::Open(format!(
                "{} {} {}",
                me.user.id, me.user.role, me.user.unit_id
            )),
        })
    });
    titles(place);
    live(move || match gate.get() {
        Gate::Wait => view! { <main class="plain">{waiting()}</main> }.into_any(),
        Gate::Broken(failure) => {
            let again = move || {
                broken.set(None);
                come_in(broken, set_up);
            };
            view! { <main class="plain">{failed(&failure, again)} {locked()}</main> }.into_any()
        }
        Gate::SignIn => account::login::page(),
        Gate::SetUp { demo } => setup::page(demo, move || set_up.set(None)),
        Gate::ChangePassword => account::password::forced(),
        Gate::SetUpFactor => {
            // Beside the shell, which gives messages to the pages.
            notice::provide();
            let place = Place::SecondFactor;
            view! { <main class="plain">{part::open(place.part(), place)}</main> }.into_any()
        }
        Gate::Open(_) => shell::shell(place),
    })
}

/// What whoever is not let in may know: that something was taken away, that something waits.
pub(crate) fn locked() -> AnyView {
    let wiped = offline::phone().wiped.get_untracked().then(|| {
        view! {
            <p class="note" data-testid="wiped">
                "超过14天没有登录，这部手机上存的事项已经清除。联网登录后会重新存。"
            </p>
        }
    });
    let waiting =
        offline::locked().map(|words| view! { <p class="note" data-testid="locked">{words}</p> });
    view! { {wiped} {waiting} }.into_any()
}

/// Tries the refresh cookie; without a network, who was here before. With nobody signed in, asks whether the first set-up is due.
fn come_in(broken: RwSignal<Option<Failure>>, set_up: RwSignal<Option<bool>>) {
    spawn_local(async move {
        offline::wake().await;
        if offline::is_leaving() {
            session::stand().set(Stand::Nobody);
            return;
        }
        if let Err(failure) = api::refresh().await
            && session::stand().get_untracked() == Stand::Unknown
        {
            match offline::kept_me().await {
                Some(me) => session::kept(me),
                None => broken.set(Some(failure)),
            }
            return;
        }
        if session::stand().get_untracked() == Stand::Nobody
            && let Ok(state) = Call::get("/setup").fetch::<SetupStatus>().await
            && state.needed
        {
            set_up.set(Some(state.demo));
        }
    });
}

/// The page that the URL names.
pub(crate) fn place() -> Memo<Place> {
    let path = route().path;
    Memo::new(move |_| path.with(|path| Place::at(path)))
}

fn titles(place: Memo<Place>) {
    watch(move || {
        let title = session::stand().with(|stand| match stand {
            Stand::Unknown => None,
            Stand::Nobody => Some(Place::Login.title()),
            Stand::Here(_) | Stand::Kept(_) | Stand::Ended(_) => Some(place.read().title()),
        });
        if let Some(title) = title {
            document().set_title(&format!("{title} · 信访三无工作台"));
        }
    });
}

/// Where a link leads that a sign-in came from, or home.
pub(crate) fn after_sign_in() {
    let path = route().path.get_untracked();
    if matches!(Place::at(&path), Place::Login | Place::Setup) {
        route::go("/", How::default());
    }
}

/// The signed-in person, for pages behind the sign-in. It can be asked at any time: what a page goes on
/// with after an answer has come has no context to look in any more.
pub(crate) fn me() -> Me {
    session::me().unwrap_or_else(expect_context)
}

/// Goes to a page.
pub(crate) type Go = Callback<String>;

/// Goes to pages.
pub(crate) fn going() -> Go {
    Callback::new(|path: String| route::go(&path, How::default()))
}

/// Changes the URL in place, without a new entry in the history and without scrolling.
pub(crate) fn replacing() -> Go {
    let how = How {
        replace: true,
        stay: true,
    };
    Callback::new(move |path: String| route::go(&path, how))
}

/// A value of the URL's query, followed.
pub(crate) fn query(key: &'static str) -> Memo<String> {
    let query = route::query();
    Memo::new(move |_| query.read().get(key).unwrap_or_default().to_owned())
}

/// Moves the focus to the page's heading, so that a keyboard or a screen reader starts there.
pub(crate) fn focus_heading() {
    browser::focus_later("page-title");
}
