//! `/visits/coverage`: who has visited where and when last; what each is responsible for, and what the
//! week still asks for. Villages by weeks on a desk, cards on a phone; a village folds out to its
//! groups. Nothing is shown as nothing.

use leptos::prelude::*;
use shared::access::Action;
use shared::visit::VisitDeed;
use shared::visit::view::{Coverage, CoverageCell, CoverageRow, DutyOf, DutyUnit};

use super::bits::names;
use super::head;
use crate::api::Call;
use crate::app;
use crate::load::load;
use crate::session;
use crate::shell::narrow;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::states::{empty, waiting};

/// How many weeks a phone has room for.
const NARROW_WEEKS: usize = 4;

/// The page.
pub(crate) fn page() -> AnyView {
    let mine = app::query("mine");
    let table = load(move || {
        let only = if mine.read().as_str() == "true" {
            "?mine=true"
        } else {
            ""
        };
        Call::get(format!("/visits/coverage{only}")).fetch::<Coverage>()
    });
    let body = table.view(waiting, |table| {
        if table.rows.is_empty() {
            return empty(
                "没有由您负责走访的村或社",
                "包村领导、包社干部在“单位”里确定；村支部书记负责本村。",
                None,
            );
        }
        let table = StoredValue::new(table);
        view! {
            {live(move || table.with_value(leaders))}
            {live(move || table.with_value(villages))}
        }
        .into_any()
    });
    let all = session::may(Action::Visit(VisitDeed::Coverage)).then(|| {
        let link = move |value: &'static str, words: &'static str, href: &'static str| {
            let current =
                crate::ui::live::follow(move || (mine.read().as_str() == value).then_some("page"));
            view! { <li><a href=href aria-current=current data-noscroll="">{words}</a></li> }
                .into_any()
        };
        view! {
            <nav class="views views-small" aria-label="范围">
                <ul>
                    {link("", "全部", "/visits/coverage")}
                    {link("true", "由我负责的", "/visits/coverage?mine=true")}
                </ul>
            </nav>
        }
    });
    view! {
        <div class="page page-wide">
            {head("/visits/coverage", "每个村由包村领导或支部书记、每个社由包社干部每周走访；放假的整周不作要求。")}
            {all}
            {body}
        </div>
    }
    .into_any()
}

fn ago(days: Option<i64>) -> String {
    match days {
        None => "还没有走访过".to_owned(),
        Some(days) if days <= 0 => "今天去过".to_owned(),
        Some(days) => format!("{days}天前去过"),
    }
}

/// Whether the week is done, in words and colour.
fn mark(done: Option<bool>) -> AnyView {
    match done {
        Some(true) => {
            view! { <span class="badge badge-answered">{icon(Icon::Check)} "本周已走访"</span> }
                .into_any()
        }
        Some(false) => view! { <span class="badge badge-wait">"本周未走访"</span> }.into_any(),
        None => view! { <span class="badge badge-done">"不作要求"</span> }.into_any(),
    }
}

fn leaders(table: &Coverage) -> AnyView {
    if table.leaders.is_empty() {
        return ().into_any();
    }
    let cards = table.leaders.iter().map(leader).collect_view();
    let per_week = format!("每村每社每周至少{}次", table.per_week);
    view! {
        <section aria-labelledby="duties">
            <div class="card-head">
                <h2 id="duties">"本周谁还没有去"</h2>
                <span class="quiet">{per_week}</span>
            </div>
            <ul class="duties">{cards}</ul>
        </section>
    }
    .into_any()
}

fn leader(duty: &DutyOf) -> AnyView {
    let done = duty
        .units
        .iter()
        .filter(|unit| unit.done == Some(true))
        .count();
    let state = match duty.owed {
        0 if done == 0 => view! { <span class="quiet">"本周不作要求"</span> }.into_any(),
        0 => view! { <span class="badge badge-answered">{icon(Icon::Check)} "本周完成"</span> }
            .into_any(),
        owed => {
            view! { <span class="badge badge-wait">{format!("还差{owed}处")}</span> }.into_any()
        }
    };
    let units = duty.units.iter().map(duty_unit).collect_view();
    view! {
        <li class="card duty" data-testid="duty" data-owed=duty.owed.to_string()>
            <p class="duty-head"><strong>{duty.user.name.clone()}</strong> {state}</p>
            <ul class="duty-units">{units}</ul>
        </li>
    }
    .into_any()
}

fn duty_unit(unit: &DutyUnit) -> AnyView {
    let (class, sign, spoken) = match unit.done {
        Some(true) => ("duty-unit duty-done", Some(icon(Icon::Check)), "已走访"),
        Some(false) => ("duty-unit duty-open", None, "未走访"),
        None => ("duty-unit", None, "不作要求"),
    };
    view! {
        <li class=class title=ago(unit.days_since)>
            {sign}
            {unit.unit.name.clone()}
            <span class="sr-only">{spoken}</span>
        </li>
    }
    .into_any()
}

fn groups<'a>(table: &'a Coverage, village: &CoverageRow) -> Vec<&'a CoverageRow> {
    let of = |row: &&CoverageRow| row.village_id.as_ref() == Some(&village.unit.id);
    table.rows.iter().filter(of).collect()
}

fn villages(table: &Coverage) -> AnyView {
    if narrow() { cards(table) } else { grid(table) }
}

/// Rows that stand by themselves: villages, and groups whose village is not shown.
fn tops(table: &Coverage) -> impl Iterator<Item = &CoverageRow> {
    table.rows.iter().filter(|row| {
        row.village_id
            .as_ref()
            .is_none_or(|village| table.rows.iter().all(|other| other.unit.id != *village))
    })
}

fn cell_words(cell: &CoverageCell) -> String {
    let mut words = match cell.visits {
        0 => "没有走访".to_owned(),
        visits => format!("走访{visits}次：{}", cell.by.join("、")),
    };
    match cell.done {
        Some(false) if cell.visits > 0 => words.push_str("；负责的人没有去"),
        None => words.push_str("；不作要求"),
        _ => {}
    }
    words
}

fn cell(cell: &CoverageCell) -> AnyView {
    let class = match (cell.visits, cell.done) {
        (_, Some(true)) => "cover cover-done",
        (0, Some(false)) => "cover cover-none",
        (_, Some(false)) => "cover cover-others",
        (0, None) => "cover",
        (_, None) => "cover cover-some",
    };
    let shown = if cell.visits == 0 {
        "—".to_owned()
    } else {
        cell.visits.to_string()
    };
    let words = cell_words(cell);
    let title = words.clone();
    view! {
        <span class=class title=title>
            <span aria-hidden="true">{shown}</span>
            <span class="sr-only">{words}</span>
        </span>
    }
    .into_any()
}

fn line(row: &CoverageRow, class: &'static str, fold: Option<AnyView>) -> AnyView {
    let cells = row
        .cells
        .iter()
        .map(|of_week| view! { <td class="cover-cell">{cell(of_week)}</td> }.into_any())
        .collect_view();
    let responsible = if row.responsible.is_empty() {
        view! { <span class="quiet">"没有确定"</span> }.into_any()
    } else {
        names(&row.responsible).into_any()
    };
    view! {
        <tr class=class data-testid="cover-row">
            <th scope="row">{fold} {row.unit.name.clone()}</th>
            <td>{responsible}</td>
            {cells}
            <td>{ago(row.days_since)}</td>
        </tr>
    }
    .into_any()
}

fn grid(table: &Coverage) -> AnyView {
    let weeks = table
        .weeks
        .iter()
        .map(|week| {
            let words = format!("{}月{}日", month(week.from), day(week.from));
            let title = if week.duty {
                ""
            } else {
                "整周放假，不作要求"
            };
            view! { <th scope="col" class="cover-cell" title=title>{words}</th> }.into_any()
        })
        .collect_view();
    let rows = tops(table)
        .map(|village| {
            let below = groups(table, village);
            if below.is_empty() {
                return line(village, "", None);
            }
            let open = RwSignal::new(false);
            let name = village.unit.name.clone();
            let fold = view! {
                <button
                    type="button"
                    class="btn-icon fold"
                    aria-expanded=crate::ui::live::follow(move || open.get().to_string())
                    aria-label=format!("{name}各社")
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {live(move || if open.get() { "▾" } else { "▸" })}
                </button>
            }
            .into_any();
            let below: Vec<CoverageRow> = below.into_iter().cloned().collect();
            let below = live(move || {
                open.get().then(|| {
                    below
                        .iter()
                        .map(|group| line(group, "cover-group", None))
                        .collect_view()
                })
            });
            view! { {line(village, "", Some(fold))} {below} }.into_any()
        })
        .collect_view();
    view! {
        <section aria-labelledby="covered">
            <h2 id="covered">"各村各社"</h2>
            <p class="hint">
                "每格是一周里走访的次数；绿色是负责的人去过，黄色是别人去过，“—”是没有人去。"
            </p>
            <div class="table-box">
                <table class="table cover-table">
                    <caption class="sr-only">"各村各社每周走访次数"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"村社"</th>
                            <th scope="col">"负责的人"</th>
                            {weeks}
                            <th scope="col">"最近一次"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn month(day: chrono::NaiveDate) -> u32 {
    chrono::Datelike::month(&day)
}

fn day(day: chrono::NaiveDate) -> u32 {
    chrono::Datelike::day(&day)
}

fn card(row: &CoverageRow) -> AnyView {
    let from = row.cells.len().saturating_sub(NARROW_WEEKS);
    let strip = row.cells.iter().skip(from).map(cell).collect_view();
    let done = row.cells.last().and_then(|cell| cell.done);
    let who = if row.responsible.is_empty() {
        "没有确定负责的人".to_owned()
    } else {
        names(&row.responsible)
    };
    view! {
        <div class="cover-card" data-testid="cover-row">
            <p class="case-card-head">
                <strong>{row.unit.name.clone()}</strong>
                {mark(done)}
            </p>
            <p class="case-card-facts"><span>{who}</span><span>{ago(row.days_since)}</span></p>
            <p class="cover-strip"><span class="quiet">"近四周"</span> {strip}</p>
        </div>
    }
    .into_any()
}

fn cards(table: &Coverage) -> AnyView {
    let cards = tops(table)
        .map(|village| {
            let below = groups(table, village);
            let below = (!below.is_empty()).then(|| {
                let count = below.len();
                let below = below.into_iter().map(card).collect_view();
                view! {
                    <details class="more">
                        <summary>{format!("各社（{count}）")}</summary>
                        {below}
                    </details>
                }
            });
            view! { <li class="card">{card(village)} {below}</li> }.into_any()
        })
        .collect_view();
    view! {
        <section aria-labelledby="covered">
            <h2 id="covered">"各村各社"</h2>
            <ul class="cards">{cards}</ul>
        </section>
    }
    .into_any()
}
