//! `/publicity/coverage`: which village has had how many campaigns in which quarter, and which none; how
//! often each law was publicised.

use chrono::Datelike;
use leptos::prelude::*;
use shared::publicity::{LawYear, PublicityYear, QuarterCell, VillageYear};

use super::{head, short, village};
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::shell::narrow;
use crate::ui::live::{follow, live};
use crate::ui::states::waiting;

const QUARTERS: [&str; 4] = ["一季度", "二季度", "三季度", "四季度"];

/// The page.
pub(crate) fn page() -> AnyView {
    let asked = app::query("year");
    let year = Memo::new(move |_| -> i32 {
        asked
            .read()
            .parse()
            .unwrap_or_else(|_| browser::today().year())
    });
    let table = load(move || {
        let path = format!("/publicity/coverage?year={}", year.get());
        Call::get(path).fetch::<PublicityYear>()
    });
    let body = table.view(waiting, |table| draw(&table));
    let turn =
        move |by: i32| follow(move || format!("/publicity/coverage?year={}", year.get() + by));
    view! {
        <div class="page page-wide">
            {head("/publicity/coverage", "每个村每季度至少办一场：哪个村还没有，一眼看出来。")}
            <nav class="month-turn" aria-label="年份">
                <a class="btn" href=turn(-1) data-noscroll="">"上年"</a>
                <h2>{live(move || format!("{}年", year.get()))}</h2>
                <a class="btn" href=turn(1) data-noscroll="">"下年"</a>
            </nav>
            {body}
        </div>
    }
    .into_any()
}

fn draw(year: &PublicityYear) -> AnyView {
    let owed: Vec<String> = year
        .villages
        .iter()
        .filter_map(|row| {
            let name = &row.village.as_ref()?.name;
            let quarters: Vec<String> = row.missing.iter().map(u32::to_string).collect();
            (!quarters.is_empty()).then(|| format!("{name}（{}季度）", quarters.join("、")))
        })
        .collect();
    let summary = if owed.is_empty() {
        view! { <p class="quiet" role="status">"到现在为止，各村每个季度都有宣传。"</p> }.into_any()
    } else {
        // Three can be read out; more are seen in the table.
        let words = if owed.len() > 3 {
            format!("还有{}个村有空缺，下面标“缺”的季度还没有办。", owed.len())
        } else {
            format!("还有{}个村有空缺：{}。", owed.len(), owed.join("，"))
        };
        view! { <p class="note" role="status">{words}</p> }.into_any()
    };
    let villages = if narrow() {
        let cards = year.villages.iter().map(card).collect_view();
        view! { <ul class="cards">{cards}</ul> }.into_any()
    } else {
        grid(year)
    };
    view! {
        {summary}
        <section aria-labelledby="by-village">
            <h2 id="by-village" class="sr-only">"各村"</h2>
            {villages}
        </section>
        {laws(&year.laws)}
    }
    .into_any()
}

fn is_missing(row: &VillageYear, at: usize) -> bool {
    row.missing
        .iter()
        .any(|quarter| usize::try_from(*quarter).is_ok_and(|quarter| quarter == at + 1))
}

fn cell(row: &VillageYear, at: usize, cell: QuarterCell) -> AnyView {
    let (class, shown, spoken) = if cell.campaigns > 0 {
        let spoken = format!(
            "{}场，{}人，资料{}份",
            cell.campaigns, cell.audience, cell.handouts
        );
        ("cover cover-done", cell.campaigns.to_string(), spoken)
    } else if is_missing(row, at) {
        ("cover cover-gap", "缺".to_owned(), "还没有".to_owned())
    } else {
        ("cover", "—".to_owned(), "没有，不算空缺".to_owned())
    };
    let title = spoken.clone();
    view! {
        <span class=class title=title>
            <span aria-hidden="true">{shown}</span>
            <span class="sr-only">{spoken}</span>
        </span>
    }
    .into_any()
}

fn total(row: &VillageYear) -> (u32, u32) {
    row.quarters
        .iter()
        .fold((0, 0), |(campaigns, audience), cell| {
            (
                campaigns + cell.campaigns,
                audience.saturating_add(cell.audience),
            )
        })
}

fn href(row: &VillageYear) -> String {
    let id = row
        .village
        .as_ref()
        .map_or("township", |village| village.id.as_str());
    format!("/publicity?village_id={}", browser::encoded(id))
}

fn last(row: &VillageYear) -> String {
    row.last_on
        .map_or_else(|| "—".to_owned(), format::short_date)
}

fn grid(year: &PublicityYear) -> AnyView {
    let quarters = QUARTERS
        .iter()
        .map(|words| view! { <th scope="col" class="cover-cell">{*words}</th> }.into_any())
        .collect_view();
    let rows = year
        .villages
        .iter()
        .map(|row| {
            let cells = row
                .quarters
                .iter()
                .enumerate()
                .map(|(at, of)| {
                    view! { <td class="cover-cell">{cell(row, at, *of)}</td> }.into_any()
                })
                .collect_view();
            let (campaigns, audience) = total(row);
            view! {
                <tr data-testid="publicity-village">
                    <th scope="row"><a href=href(row)>{village(row.village.as_ref())}</a></th>
                    {cells}
                    <td class="number">{format!("{campaigns}场")}</td>
                    <td class="number">{format!("{audience}人")}</td>
                    <td class="number">{last(row)}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table cover-table">
                <caption class="sr-only">"各村各季度的宣传场次"</caption>
                <thead>
                    <tr>
                        <th scope="col">"村"</th>
                        {quarters}
                        <th scope="col">"全年"</th>
                        <th scope="col">"受众"</th>
                        <th scope="col">"最近一场"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn card(row: &VillageYear) -> AnyView {
    let cells = row
        .quarters
        .iter()
        .enumerate()
        .map(|(at, of)| cell(row, at, *of))
        .collect_view();
    let (campaigns, audience) = total(row);
    view! {
        <li data-testid="publicity-village">
            <a class="card cover-card" href=href(row)>
                <span class="case-card-head"><strong>{village(row.village.as_ref())}</strong></span>
                <span class="case-card-facts">
                    <span>{format!("全年{campaigns}场")}</span>
                    <span>{format!("{audience}人")}</span>
                    <span>{format!("最近 {}", last(row))}</span>
                </span>
                <span class="cover-strip"><span class="quiet">"四个季度"</span> {cells}</span>
            </a>
        </li>
    }
    .into_any()
}

/// How often each law was publicised: a bar and the number.
fn laws(all: &[LawYear]) -> AnyView {
    let most = all
        .iter()
        .map(|year| year.campaigns)
        .max()
        .unwrap_or_default()
        .max(1);
    let rows = all
        .iter()
        .map(|year| {
            let title = format!("《{}》", short(&year.law.name));
            let href = format!("/publicity?law_id={}", browser::encoded(&year.law.id));
            view! {
                <li class="law-bar">
                    <a href=href>{title}</a>
                    <meter min="0" max=most.to_string() value=year.campaigns.to_string()>
                        {year.campaigns}
                    </meter>
                    <span class="number">{format!("{}场", year.campaigns)}</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="by-law">
            <h2 id="by-law">"各部法律法规"</h2>
            <ul class="law-bars">{rows}</ul>
        </section>
    }
    .into_any()
}
