//! What cards and lists show of a matter.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::case::matter::view::StepView;
use shared::case::matter::{MatterKind, Tone};

use crate::ui::icon::{Icon, icon};
use crate::{browser, format};

/// How something stands, in words on its colour.
pub(crate) fn badge(words: &str, tone: Tone) -> AnyView {
    let class = match tone {
        Tone::Plain => "badge",
        Tone::Active => "badge badge-work",
        Tone::Good => "badge badge-answered",
        Tone::Warn => "badge badge-wait",
        Tone::Bad => "badge badge-bad",
        Tone::Void => "badge badge-done",
    };
    let mark = (tone == Tone::Bad).then(|| icon(Icon::Warning));
    view! { <span class=class>{mark} {words.to_owned()}</span> }.into_any()
}

/// What is due and how near it is. The parties' own time is nobody's lateness.
pub(crate) fn due(what: &str, on: NaiveDate, overdue: bool, petitioners: bool) -> AnyView {
    let (words, pressing) = format::due(on, browser::today());
    let (words, class) = match (petitioners, overdue) {
        (true, true) => ("已过期限".to_owned(), "due due-done"),
        (true, false) => (words, "due"),
        (false, _) => (words, pressing.class()),
    };
    let mark = (overdue && !petitioners).then(|| icon(Icon::Warning));
    view! {
        <span>{what.to_owned()}</span>
        <span class=class>{mark} {words}</span>
        <span class="due-day">{format::short_date(on)}</span>
    }
    .into_any()
}

/// What cannot be done, and why.
pub(crate) fn refused(title: &str, steps: &[&StepView]) -> AnyView {
    let list = steps
        .iter()
        .map(|step| {
            view! {
                <li>
                    <span class="refused-name">{step.label.clone()}</span>
                    <span>{step.reason.clone().unwrap_or_default()}</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <details class="more">
            <summary>{format!("{title}（{}）", steps.len())}</summary>
            <ul class="refused">{list}</ul>
        </details>
    }
    .into_any()
}

/// Where a matter is shown.
pub(crate) fn href(case_id: &str, matter_id: &str) -> String {
    format!("/cases/{case_id}?tab=matters#matter-{matter_id}")
}

/// The kinds in the order in which people look for them, in groups.
pub(crate) const GROUPS: [(&str, &[MatterKind]); 3] = [
    (
        "化解",
        &[
            MatterKind::Mediation,
            MatterKind::Hearing,
            MatterKind::Package,
            MatterKind::Contact,
        ],
    ),
    (
        "交办和移交",
        &[
            MatterKind::Order,
            MatterKind::Referral,
            MatterKind::Escalation,
        ],
    ),
    (
        "登记",
        &[MatterKind::Service, MatterKind::Visit, MatterKind::Measure],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use shared::term::Term;

    #[test]
    fn each_kind_is_in_one_group() {
        for kind in MatterKind::ALL {
            let found = GROUPS.iter().filter(|(_, kinds)| kinds.contains(kind));
            assert_eq!(found.count(), 1, "{kind}");
        }
    }
}
