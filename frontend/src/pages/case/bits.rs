//! What several pages show of a case.

use leptos::prelude::*;
use shared::case::state::State;
use shared::case::view::CaseRow;
use shared::case::{Category, Severity};
use shared::ids::SubcategoryCode;
use shared::term::Term;

use crate::browser;
use crate::directory::directory;
use crate::format;
use crate::ui::icon::{Icon, icon};

/// Where a case stands, as a badge.
pub(crate) fn state_badge(state: State) -> AnyView {
    let class = match state {
        State::Registered | State::Transferred => "badge badge-wait",
        State::Accepted | State::Handling | State::UnderReview | State::UnderFinalReview => {
            "badge badge-work"
        }
        State::Answered => "badge badge-answered",
        State::Declined | State::Closed => "badge badge-done",
    };
    view! { <span class=class>{state.label()}</span> }.into_any()
}

/// What is special about a case.
pub(crate) fn flags(row: &CaseRow) -> AnyView {
    let mut flags: Vec<(&'static str, &'static str, &'static str)> = Vec::new();
    if row.sealed {
        flags.push((
            "flag flag-sealed",
            "密",
            "检举控告，对被反映的单位和人员保密",
        ));
    }
    match row.severity {
        Severity::Urgent => flags.push(("flag flag-urgent", "紧急", "紧急程度：紧急")),
        Severity::Grave => flags.push(("flag", "较重", "紧急程度：较重")),
        Severity::Ordinary => {}
    }
    if row.backlog {
        flags.push(("flag flag-backlog", "积案", "长期未解决，列为积案"));
    }
    if row.collective {
        flags.push(("flag", "集体", "涉及5人及以上"));
    }
    if !row.first {
        flags.push(("flag", "重复", "同一人同一事再次反映"));
    }
    flags
        .into_iter()
        .map(|(class, words, title)| {
            view! { <span class=class title=title>{words}</span> }.into_any()
        })
        .collect_view()
        .into_any()
}

/// The next deadline: the day, and the words for how near it is.
pub(crate) fn due(row: &CaseRow) -> AnyView {
    let Some(day) = row.due_on else {
        let words = if row.state.is_open() {
            "无期限"
        } else {
            "—"
        };
        return view! { <span class="quiet">{words}</span> }.into_any();
    };
    let (words, pressing) = format::due(day, browser::today());
    let mark = (pressing == format::Pressing::Late).then(|| icon(Icon::Warning));
    view! {
        <span class=pressing.class()>{mark} {words}</span>
        <span class="due-day">{format::short_date(day)}</span>
    }
    .into_any()
}

/// `农村农业 / 土地流转`; the second level by its name.
pub(crate) fn category(category: Category, sub: Option<&str>) -> String {
    match sub {
        Some(sub) => format!("{} / {sub}", category.label()),
        None => category.label().to_owned(),
    }
}

/// The same of what is not registered yet, as the township calls it.
pub(crate) fn category_of(first: Category, code: Option<&SubcategoryCode>) -> String {
    let all = directory().categories();
    let entry = code.and_then(|code| all.find(first, code));
    category(first, entry.map(|entry| entry.name.as_str()))
}

/// A case in a short list: one line of facts, the cause, the deadline.
pub(crate) fn line(row: &CaseRow) -> AnyView {
    let village = row.village.as_ref().map(|village| village.name.clone());
    let who = row
        .petitioner
        .clone()
        .unwrap_or_else(|| "未留姓名".to_owned());
    view! {
        <li class="case-line" data-testid="case-row" data-number=row.number.clone()>
            <a class="case-line-link" href=format!("/cases/{}", row.id)>
                <span class="case-line-cause">{row.cause.clone()}</span>
            </a>
            <span class="case-line-facts">
                <span class="number">{row.number.clone()}</span>
                {state_badge(row.state)}
                <span>{who}</span>
                {village.map(|village| view! { <span>{village}</span> })}
                {flags(row)}
            </span>
            <span class="case-line-due">{due(row)}</span>
        </li>
    }
    .into_any()
}
