//! What several pages show of visits.

use leptos::prelude::*;
use shared::case::view::Named;
use shared::term::Term;
use shared::visit::PromiseState;
use shared::visit::view::{PromiseView, VisitRow};

use crate::browser;
use crate::format;
use crate::ui::icon::{Icon, icon};

/// Names in a row.
pub(crate) fn names(some: &[Named]) -> String {
    let names: Vec<&str> = some.iter().map(|named| named.name.as_str()).collect();
    names.join("、")
}

/// Village, group and place in words.
pub(crate) fn place(
    village: Option<&Named>,
    group: Option<&Named>,
    place: Option<&String>,
) -> String {
    let mut words = String::new();
    for named in [village, group].into_iter().flatten() {
        words.push_str(&named.name);
    }
    if let Some(place) = place {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(place);
    }
    words
}

/// How a promise stands: late and soon in colour, in words too.
pub(crate) fn promise_due(promise: &PromiseView) -> AnyView {
    let (words, class) = match promise.state {
        PromiseState::Open => {
            let (words, pressing) = format::due(promise.due_on, browser::today());
            (words, pressing.class())
        }
        state => (state.label().to_owned(), "due due-done"),
    };
    let mark = promise.overdue.then(|| icon(Icon::Warning));
    view! {
        <span class=class>{mark} {words}</span>
        " "
        <span class="due-day">{format::short_date(promise.due_on)}</span>
    }
    .into_any()
}

/// Who is to keep a promise.
pub(crate) fn keeper(promise: &PromiseView) -> String {
    let named = promise.user.as_ref().or(promise.unit.as_ref());
    named.map_or_else(String::new, |named| named.name.clone())
}

/// A visit as a card, the same on a phone and beside a case.
pub(crate) fn card(row: &VisitRow) -> AnyView {
    let mut facts = vec![names(&row.visitors)];
    if row.promises > 0 {
        facts.push(match row.promises_open {
            0 => format!("承诺{}项，都有着落", row.promises),
            open => format!("承诺{}项，待兑现{open}项", row.promises),
        });
    }
    if let Some(case) = &row.case {
        facts.push(case.name.clone());
    }
    let facts = facts
        .into_iter()
        .map(|fact| view! { <span>{fact}</span> }.into_any())
        .collect_view();
    let state = if row.struck {
        Some(view! { <span class="badge badge-done">"已划除"</span> })
    } else {
        None
    };
    let place = place(row.village.as_ref(), row.group.as_ref(), row.place.as_ref());
    view! {
        <li data-testid="visit-row">
            <a class="card case-card" href=format!("/visits/{}", row.id)>
                <span class="case-card-head">
                    <span>{format!("{} {}", format::short_date(row.on), row.kind.label())}</span>
                    {state}
                </span>
                <span class="case-card-cause">{if place.is_empty() { "未写地点".to_owned() } else { place }}</span>
                <span class="clamp">{row.heard.clone()}</span>
                <span class="case-card-facts">{facts}</span>
            </a>
        </li>
    }
    .into_any()
}
