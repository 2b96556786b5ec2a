//! `/indicators`: all figures over a period, cut by village, unit, category or month. What a figure
//! means is its tooltip, and the page's last part.

use leptos::prelude::*;
use shared::access::Action;
use shared::export::ExportDeed;
use shared::indicator::view::{FigureCell, FigureColumn, FigureRow, IndicatorTable};
use shared::indicator::{FigureBy, FigureGroup};
use shared::term::Term;

use super::{count, head, meaning, tone, words};
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::load::load;
use crate::pages::matters::select;
use crate::place::Place;
use crate::session;
use crate::ui::export::exports;
use crate::ui::field::offer;
use crate::ui::icon::{Icon, icon};
use crate::ui::states::waiting;

/// What is asked for; the URL carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    from: String,
    to: String,
    by: String,
    group: String,
}

impl Asked {
    fn query(&self) -> String {
        api::query([
            ("from", self.from.as_str()),
            ("to", self.to.as_str()),
            ("by", self.by.as_str()),
            ("group", self.group.as_str()),
        ])
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    let (from, to) = (app::query("from"), app::query("to"));
    let (by, group) = (app::query("by"), app::query("group"));
    let asked = Memo::new(move |_| Asked {
        from: from.get(),
        to: to.get(),
        by: by.get(),
        group: group.get(),
    });
    let found = load(move || {
        Call::get(format!("/indicators{}", asked.read().query())).fetch::<IndicatorTable>()
    });
    let go = app::replacing();
    let change = move |with: fn(&mut Asked, String), value: String| {
        let mut new = asked.get_untracked();
        with(&mut new, value);
        go.run(format!("/indicators{}", new.query()));
    };
    let cuts = FigureBy::ALL.iter().copied().map(offer);
    let cuts: crate::directory::Options = cuts.collect();
    let mut groups: crate::directory::Options = vec![(String::new(), "全部指标".to_owned())];
    groups.extend(FigureGroup::ALL.iter().copied().map(offer));
    let day = move |id: &'static str,
                    label: &'static str,
                    value: Memo<String>,
                    usual: fn() -> String,
                    with: fn(&mut Asked, String)| {
        let shown = move || {
            let value = value.get();
            if value.is_empty() { usual() } else { value }
        };
        view! {
            <div class="filter">
                <label for=id>{label}</label>
                <input
                    id=id
                    type="date"
                    prop:value=crate::ui::live::follow(shown)
                    on:change:target=move |event| change(with, event.target().value())
                />
            </div>
        }
        .into_any()
    };
    let body = found.view(waiting, drawn);
    view! {
        <div class="page page-wide fig-page">
            {head(
                &Place::Indicators,
                "每个指标都写明分子、分母和口径；数字可以点开，看是哪些事项。没有可统计的显示“无数据”。",
            )}
            <form class="filter-row" on:submit=|event| event.prevent_default()>
                {day(
                    "figure-from",
                    "从",
                    from,
                    || format!("{}-01-01", chrono::Datelike::year(&browser::today())),
                    |asked, value| asked.from = value,
                )}
                {day(
                    "figure-to",
                    "到",
                    to,
                    || browser::today().to_string(),
                    |asked, value| asked.to = value,
                )}
                {select(
                    "figure-by",
                    "分组",
                    Signal::derive(move || {
                        let by = by.get();
                        if by.is_empty() { "township".to_owned() } else { by }
                    }),
                    Signal::stored(cuts),
                    move |value| change(|asked, value| asked.by = value, value),
                )}
                {select(
                    "figure-group",
                    "指标",
                    group.into(),
                    Signal::stored(groups),
                    move |value| change(|asked, value| asked.group = value, value),
                )}
            </form>
            {body}
        </div>
    }
    .into_any()
}

fn drawn(table: IndicatorTable) -> AnyView {
    let since = match table.since {
        Some(since) => format!("台账自{since}起。"),
        None => "台账中还没有事项。".to_owned(),
    };
    let period = format!(
        "统计期{}至{}，截止{}；上年同期{}至{}。{since}",
        table.from, table.to, table.as_of, table.last_from, table.last_to
    );
    let group = app::query("group").get_untracked();
    let asked = api::query([
        ("from", table.from.to_string().as_str()),
        ("to", table.to.to_string().as_str()),
        ("by", table.by.code()),
        ("group", group.as_str()),
    ]);
    let exports = session::may(Action::Export(ExportDeed::Indicators)).then(|| {
        exports("统计指标", move || {
            ("/exports/indicators".to_owned(), asked.clone())
        })
    });
    let body = if table.by == FigureBy::Township {
        one(&table)
    } else {
        many(&table)
    };
    let meanings = table
        .columns
        .iter()
        .map(|column| {
            let (over, below) = if column.drop {
                ("本期", "比较")
            } else {
                ("分子", "分母")
            };
            view! {
                <dt>{column.label.clone()}</dt>
                <dd>
                    {format!("{over}：{}；{below}：{}；口径：{}。", column.numerator, column.denominator, column.cohort)}
                </dd>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <p class="quiet" data-testid="period">{period}</p>
        <p class="figures-tools">
            {exports}
            <button type="button" class="btn" on:click=|_| browser::print()>
                {icon(Icon::Print)}
                "打印"
            </button>
        </p>
        {body}
        <details class="card more">
            <summary>"指标口径"</summary>
            <dl class="meanings">{meanings}</dl>
        </details>
    }
    .into_any()
}

/// A cell: the figure, and what it was made of.
pub(super) fn cell(column: &FigureColumn, cell: &FigureCell) -> AnyView {
    let class = format!("figure {}", tone(cell, column.drop));
    let counts = cell.numerator.is_some().then(|| {
        view! {
            <span class="figure-counts">
                {column.drop.then_some("本期 ")}
                {count(cell.numerator, cell.numerator_cases.as_ref())}
                {if column.drop { " · 上年 " } else { " / " }}
                {count(cell.denominator, cell.denominator_cases.as_ref())}
            </span>
        }
    });
    view! {
        <td class=class>
            <strong>{words(cell, column.drop)}</strong>
            {counts}
        </td>
    }
    .into_any()
}

/// The whole alone: a figure a line.
fn one(table: &IndicatorTable) -> AnyView {
    let Some(row) = table.rows.first() else {
        return ().into_any();
    };
    let groups = FigureGroup::ALL
        .iter()
        .filter_map(|group| {
            let lines: Vec<AnyView> = table
                .columns
                .iter()
                .zip(&row.cells)
                .filter(|(column, _)| column.group == *group)
                .map(|(column, of)| {
                    let code = column.indicator.code();
                    view! {
                        <tr title=meaning(column) data-testid="indicator" data-indicator=code>
                            <th scope="row">{column.label.clone()}</th>
                            {cell(column, of)}
                        </tr>
                    }
                    .into_any()
                })
                .collect();
            (!lines.is_empty()).then(|| {
                view! {
                    <section class="card">
                        <h2>{group.label()}</h2>
                        <table class="table figure-list">
                            <thead class="sr-only">
                                <tr>
                                    <th scope="col">"指标"</th>
                                    <th scope="col">"数值"</th>
                                </tr>
                            </thead>
                            <tbody>{lines.collect_view()}</tbody>
                        </table>
                    </section>
                }
                .into_any()
            })
        })
        .collect_view();
    view! { <div class="figure-groups">{groups}</div> }.into_any()
}

/// Rows by columns.
fn many(table: &IndicatorTable) -> AnyView {
    let head = table
        .columns
        .iter()
        .map(|column| {
            view! { <th scope="col" title=meaning(column)>{column.label.clone()}</th> }.into_any()
        })
        .collect_view();
    let rows = table.rows.iter().map(|row| line(table, row)).collect_view();
    view! {
        <div class="table-box">
            <table class="table figure-table">
                <caption class="sr-only">{format!("按{}统计的指标", table.by.label())}</caption>
                <thead><tr><th scope="col">{table.by.label()}</th>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(table: &IndicatorTable, row: &FigureRow) -> AnyView {
    let cells = table
        .columns
        .iter()
        .zip(&row.cells)
        .map(|(column, of)| cell(column, of))
        .collect_view();
    let class = if row.key.is_none() { "figure-sum" } else { "" };
    view! { <tr class=class><th scope="row">{row.label.clone()}</th>{cells}</tr> }.into_any()
}
