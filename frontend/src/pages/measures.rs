//! `/measures`: the year's measures by law (依法处理), for leaders and the auditor: each with its legal
//! basis, authority, approving leader and served notice, without cause, people and place.

use leptos::prelude::*;
use shared::case::view::MeasureRow;

use super::heading;
use super::matters::select;
use crate::app;
use crate::browser;
use crate::directory::Options;
use crate::format;
use crate::rows::rows;
use crate::ui::states::empty;

/// How many years there are to choose from.
const YEARS: i32 = 5;

/// The page.
pub(crate) fn page() -> AnyView {
    let asked = app::query("year");
    let this_year = chrono::Datelike::year(&browser::today());
    let year = Signal::derive(move || {
        let year = asked.get();
        if year.is_empty() {
            this_year.to_string()
        } else {
            year
        }
    });
    let list = rows::<MeasureRow>(Memo::new(move |_| format!("/measures?year={}", year.get())));
    let none = || {
        empty(
            "这一年没有依法处理的登记",
            "由公安机关等依法作出处理的，在事项的“专项”一栏登记，写明法律依据、机关、批准领导和送达的文书。",
            None,
        )
    };
    let years: Options = (0..YEARS)
        .map(|back| {
            let year = (this_year - back).to_string();
            (year.clone(), format!("{year}年"))
        })
        .collect();
    let go = app::going();
    let chosen = move |year: String| go.run(format!("/measures?year={year}"));
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("依法处理")}
                    <p class="quiet">"只列依据和程序，不列事由、人员和地点。每次查看都留痕。"</p>
                </div>
            </div>
            <div class="matters-filters" role="group" aria-label="筛选">
                {select("measures-year", "年度", year, years.into(), chosen)}
            </div>
            {list.view(none, |rows| {
                let rows = rows.iter().map(row).collect_view();
                view! { <ul class="cards">{rows}</ul> }.into_any()
            })}
        </div>
    }
    .into_any()
}

fn row(row: &MeasureRow) -> AnyView {
    let number = match &row.case_id {
        Some(id) => view! {
            <a class="number" href=format!("/cases/{id}?tab=matters")>{row.case_number.clone()}</a>
        }
        .into_any(),
        None => view! { <span class="number">{row.case_number.clone()}</span> }.into_any(),
    };
    let facts = [
        format!("依据 {}{}", row.law, row.article),
        format!("机关 {}", row.authority),
        format!("批准 {}", row.leader),
        format!(
            "文书 {}，{}送达",
            row.notice_number,
            format::date(row.notice_on)
        ),
    ];
    let facts = facts.map(|fact| view! { <span>{fact}</span> }.into_any());
    let struck = row.struck.then_some("已划除");
    view! {
        <li class="card" data-testid="measure-row">
            <p class="case-card-head">
                {number}
                <time>{format::date(row.on)}</time>
                <span class="quiet">{struck}</span>
            </p>
            <p class="case-card-facts">{facts.into_iter().collect_view()}</p>
        </li>
    }
    .into_any()
}
