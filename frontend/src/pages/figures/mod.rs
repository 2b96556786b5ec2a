//! `/figures`, `/indicators`, `/standing`, `/targets`: where we stand, each figure with the cases behind
//! it.

pub(crate) mod analysis;
pub(crate) mod board;
pub(crate) mod cases;
pub(crate) mod county;
mod map;
pub(crate) mod standing;
pub(crate) mod table;
pub(crate) mod targets;

use leptos::prelude::*;
use shared::access::Action;
use shared::analysis::AnalysisDeed;
use shared::indicator::view::{FigureCell, FigureColumn};
use shared::indicator::{FigureDeed, percent_text};

use super::heading;
use crate::place::Place;
use crate::session;

/// The head of these pages: the title and the ways between them.
fn head(current: &Place, lead: &'static str) -> AnyView {
    let links = [
        (Place::Figures, Action::Figures(FigureDeed::Dashboard)),
        (Place::Indicators, Action::Figures(FigureDeed::Indicators)),
        (Place::Standing, Action::Figures(FigureDeed::Standing)),
        (Place::Targets, Action::Figures(FigureDeed::Targets)),
        (Place::Analysis, Action::Analysis(AnalysisDeed::View)),
    ];
    let links = links
        .into_iter()
        .filter(|(_, action)| session::may(*action))
        .map(|(place, _)| {
            let here = (place == *current).then_some("page");
            view! { <li><a href=place.path() aria-current=here>{place.title()}</a></li> }.into_any()
        })
        .collect_view();
    view! {
        <div class="page-head">{heading(current.title())}</div>
        <nav class="views" aria-label="数据统计">
            <ul>{links}</ul>
        </nav>
        <p class="lead">{lead}</p>
    }
    .into_any()
}

/// What a figure means, as a tooltip.
fn meaning(column: &FigureColumn) -> String {
    let (over, below) = if column.drop {
        ("本期", "比较")
    } else {
        ("分子", "分母")
    };
    format!(
        "{}\n{over}：{}\n{below}：{}\n口径：{}",
        column.label, column.numerator, column.denominator, column.cohort
    )
}

/// A count that opens its cases.
fn count(count: Option<u64>, cases: Option<&String>) -> AnyView {
    match (count, cases) {
        (None, _) => view! { <span class="quiet">"—"</span> }.into_any(),
        (Some(count), Some(cases)) => {
            view! { <a class="figure-count" href=cases.clone()>{count.to_string()}</a> }.into_any()
        }
        (Some(count), None) => view! { <span>{count.to_string()}</span> }.into_any(),
    }
}

/// A figure in words: the rate, or the change against last year.
fn words(cell: &FigureCell, drop: bool) -> String {
    match (cell.permille, drop) {
        (None, true) if cell.numerator.is_some() => "无上年数据".to_owned(),
        (None, _) => "无数据".to_owned(),
        (Some(0), true) => "持平".to_owned(),
        (Some(change), true) if change < 0 => format!("下降{}", percent_text(-change)),
        (Some(change), true) => format!("上升{}", percent_text(change)),
        (Some(rate), false) => percent_text(rate),
    }
}

/// How a figure looks: a drop that is none is to be watched.
fn tone(cell: &FigureCell, drop: bool) -> &'static str {
    match cell.permille {
        None => "figure-none",
        Some(change) if drop && change > 0 => "figure-bad",
        Some(change) if drop && change < 0 => "figure-good",
        _ => "figure-plain",
    }
}
