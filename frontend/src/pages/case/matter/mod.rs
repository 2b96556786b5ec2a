//! The tab 专项: mediation, hearing, orders, package and the other matters of a case, each as a card
//! with its way, what is due, and its steps.
//!
//! Nothing here knows a single kind: cards and dialogs are drawn from what the API says of a matter
//! (`shared::case::matter`).

pub(crate) mod bits;
mod card;
mod deed;
mod start;

use leptos::prelude::*;
use shared::case::matter::view::{MatterView, Matters, StepView};

use super::open::Open;
use crate::api::Call;
use crate::browser;
use crate::load::{Loader, load};
use crate::route;
use crate::ui::dialog::dialog;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::states::{empty, waiting};

/// What the dialog is about.
#[derive(Clone)]
enum Doing {
    /// Choosing what to start.
    Choosing,
    /// Starting a matter.
    Starting(StepView),
    /// A step of a matter.
    Stepping(StepView, Target),
}

/// The matter that a step is taken with, as it was when the dialog opened.
#[derive(Clone)]
struct Target {
    id: String,
    title: String,
    version: i64,
}

/// The matters of the case that is open.
#[derive(Clone, Copy)]
struct Desk {
    open: Open,
    matters: Loader<Matters>,
    doing: RwSignal<Option<Doing>>,
    up: RwSignal<bool>,
    /// The matter to show once the list was read anew.
    turn_to: StoredValue<Option<String>>,
}

impl Desk {
    fn begin(self, doing: Doing) {
        self.doing.set(Some(doing));
        self.up.set(true);
    }

    /// The same dialog, about something else: its title says so, and takes the focus.
    fn turn(self, doing: Doing) {
        self.doing.set(Some(doing));
        browser::focus_later("dialog-title");
    }

    fn finish(self, id: String) {
        self.turn_to.try_set_value(Some(id));
        self.up.try_set(false);
        self.open.reload();
    }
}

/// The tab.
pub(crate) fn tab(open: Open) -> AnyView {
    let matters = load(move || {
        open.track();
        Call::get(open.path("/matters")).fetch::<Matters>()
    });
    let desk = Desk {
        open,
        matters,
        doing: RwSignal::new(None),
        up: RwSignal::new(false),
        // A link from a list names the matter behind the `#`.
        turn_to: StoredValue::new(route::hash().strip_prefix("matter-").map(str::to_owned)),
    };
    let title = Signal::derive(move || {
        let title = desk.doing.with(|doing| match doing {
            None | Some(Doing::Choosing) => "新办专项",
            Some(Doing::Starting(step) | Doing::Stepping(step, _)) => {
                shared::term::Term::label(step.deed)
            }
        });
        title.to_owned()
    });
    let list = matters.view(waiting, move |matters| {
        if let Some(id) = desk.turn_to.try_update_value(Option::take).flatten() {
            browser::focus_later(format!("matter-{id}"));
        }
        all(desk, &matters)
    });
    let body = move || {
        live(move || match desk.doing.get() {
            Some(Doing::Choosing) => start::chooser(desk),
            Some(Doing::Starting(step)) => deed::form(desk, &step, None),
            Some(Doing::Stepping(step, target)) => deed::form(desk, &step, Some(target)),
            None => ().into_any(),
        })
    };
    view! {
        <section class="stack" aria-label="专项" data-testid="matters">
            {list}
        </section>
        {dialog(desk.up, title, body)}
    }
    .into_any()
}

fn all(desk: Desk, matters: &Matters) -> AnyView {
    let button = matters
        .openings
        .iter()
        .any(|step| step.allowed)
        .then(|| new_button(desk));
    let (open, over): (Vec<&MatterView>, Vec<&MatterView>) =
        matters.items.iter().partition(|matter| matter.open);
    if matters.items.is_empty() {
        return empty(
            "这件事项还没有专项",
            "调解、听证、督办、积案化解、到上级走访登记等，在这里新办，各走各的程序。",
            Some(button.unwrap_or_else(|| why_none(matters))),
        );
    }
    let words = match open.len() {
        0 => "没有进行中的专项".to_owned(),
        count => format!("进行中 {count} 项"),
    };
    let cards = open
        .iter()
        .map(|matter| card::card(desk, matter))
        .collect_view();
    let count = over.len();
    let over = (count > 0).then(|| {
        let cards = over
            .iter()
            .map(|matter| card::card(desk, matter))
            .collect_view();
        view! {
            <h2 class="matters-over">{format!("已结束和已登记（{count}）")}</h2>
            {cards}
        }
        .into_any()
    });
    view! {
        <div class="card-head matters-head">
            <h2>{words}</h2>
            {button}
        </div>
        {cards}
        {over}
    }
    .into_any()
}

fn new_button(desk: Desk) -> AnyView {
    view! {
        <button
            type="button"
            class="btn btn-primary"
            data-testid="matter-new"
            on:click=move |_| desk.begin(Doing::Choosing)
        >
            {icon(Icon::Add)}
            "新办专项"
        </button>
    }
    .into_any()
}

/// Why nothing can be started, where nothing is there either.
fn why_none(matters: &Matters) -> AnyView {
    let refused: Vec<&StepView> = matters.openings.iter().collect();
    bits::refused("为什么不能新办", &refused)
}
