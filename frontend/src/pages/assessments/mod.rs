//! `/assessments`: the assessment of villages by year and kind, and a village's sheet.

pub(crate) mod criteria;
mod honours;
pub(crate) mod list;
pub(crate) mod show;

use leptos::prelude::*;
use shared::assessment::{AssessmentRow, points};
use shared::term::Term;

/// Where it stands, or what was decided.
fn standing(row: &AssessmentRow) -> AnyView {
    let (class, words) = match (row.named, row.vetoed) {
        (Some(true), _) => (
            "badge badge-answered",
            format!("命名为{}", row.kind.label()),
        ),
        (Some(false), _) => ("badge badge-done", "未命名".to_owned()),
        (None, true) => ("badge badge-wait", "一票否决".to_owned()),
        (None, false) => ("badge badge-work", row.stage.label().to_owned()),
    };
    view! { <span class=class>{words}</span> }.into_any()
}

/// What it comes to, in words.
fn score(total: Option<u32>) -> String {
    total.map_or_else(|| "—".to_owned(), |total| format!("{}分", points(total)))
}
