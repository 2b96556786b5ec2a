//! `/county`, which is the county office's home, too: its townships side by side, and the cases that they
//! have handed up.

use leptos::prelude::*;
use shared::county::{CountyFigures, HandedUpCase, HandedUpCases, TownshipFigures};
use shared::term::Term;

use super::meaning;
use super::table::cell;
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::case::bits::state_badge;
use crate::pages::case::matter::bits::href;
use crate::pages::heading;
use crate::place::Place;
use crate::shell::narrow;
use crate::ui::live::{follow, live};
use crate::ui::states::{empty, waiting};

/// The page.
pub(crate) fn page() -> AnyView {
    let (from, to) = (app::query("from"), app::query("to"));
    let figures = load(move || {
        let query = api::query([("from", from.read().as_str()), ("to", to.read().as_str())]);
        Call::get(format!("/county/figures{query}")).fetch::<CountyFigures>()
    });
    let cases = load(|| Call::get("/county/handed-up").fetch::<HandedUpCases>());
    let go = app::replacing();
    let ask = move |from: String, to: String| {
        let query = api::query([("from", from.as_str()), ("to", to.as_str())]);
        go.run(format!("{}{query}", Place::County.path()));
    };
    let first = move || {
        let from = from.get();
        if from.is_empty() {
            format!("{}-01-01", chrono::Datelike::year(&browser::today()))
        } else {
            from
        }
    };
    let last = move || {
        let to = to.get();
        if to.is_empty() {
            browser::today().to_string()
        } else {
            to
        }
    };
    view! {
        <div class="page page-wide fig-page">
            <div class="page-head">{heading(Place::County.title())}</div>
            <p class="lead">
                "每个乡镇一行，就是这个乡镇的镇领导自己看到的数字；只有数，不含事项和人员。乡镇上报的事项在下面。"
            </p>
            <section class="stack" aria-labelledby="handed-up">
                <h2 id="handed-up">"上报件"</h2>
                {cases.view(waiting, |cases| handed_up(&cases))}
            </section>
            <section class="stack" aria-labelledby="side-by-side">
                <h2 id="side-by-side">"各乡镇对比"</h2>
                <form class="filter-row" on:submit=|event| event.prevent_default()>
                    <div class="filter">
                        <label for="county-from">"从"</label>
                        <input
                            id="county-from"
                            type="date"
                            prop:value=follow(first)
                            on:change:target=move |event| {
                                ask(event.target().value(), to.get_untracked());
                            }
                        />
                    </div>
                    <div class="filter">
                        <label for="county-to">"到"</label>
                        <input
                            id="county-to"
                            type="date"
                            prop:value=follow(last)
                            on:change:target=move |event| {
                                ask(from.get_untracked(), event.target().value());
                            }
                        />
                    </div>
                </form>
                {figures.view(waiting, drawn)}
            </section>
        </div>
    }
    .into_any()
}

fn handed_up(cases: &HandedUpCases) -> AnyView {
    if cases.items.is_empty() {
        return empty(
            "没有上报件",
            "乡镇上报的事项会出现在这里，收回或者退回以后就不再显示。",
            None,
        );
    }
    let rows = cases.items.iter().map(line).collect_view();
    view! { <ul class="case-lines card">{rows}</ul> }.into_any()
}

fn line(case: &HandedUpCase) -> AnyView {
    let class = if case.waiting {
        "badge badge-wait"
    } else {
        "badge badge-answered"
    };
    let sealed = case.sealed.then(|| {
        view! {
            <span class="flag flag-sealed" title="检举控告，对被反映的单位和人员保密">"密"</span>
        }
    });
    view! {
        <li class="case-line" data-testid="handed-up" data-number=case.number.clone()>
            <a class="case-line-link" href=href(case.case_id.as_str(), &case.matter_id)>
                <span class="case-line-cause">{case.cause.clone()}</span>
            </a>
            <span class="case-line-facts">
                <span class="number">{case.number.clone()}</span>
                <span>{case.township.name.clone()}</span>
                <span class="kind">{case.kind.label()}</span>
                {state_badge(case.state)}
                {sealed}
            </span>
            <span class="case-line-due">
                <span class=class>{case.state_label.clone()}</span>
                " "
                {format!("{}上报", format::short_date(case.handed_up_on))}
            </span>
        </li>
    }
    .into_any()
}

fn drawn(figures: CountyFigures) -> AnyView {
    if figures.townships.is_empty() {
        return empty("没有乡镇", "县级系统管理员新建乡镇后，这里会显示。", None);
    }
    let period = format!(
        "统计期{}至{}，截止{}；上年同期{}至{}。未办结、超期按今天；三无村按{}年。",
        figures.from, figures.to, figures.as_of, figures.last_from, figures.last_to, figures.year
    );
    view! {
        <p class="quiet" data-testid="period">{period}</p>
        {live(move || if narrow() { cards(&figures) } else { table(&figures) })}
    }
    .into_any()
}

/// What stands in front of the figures: heading, words, and how it looks.
fn counts(of: &TownshipFigures) -> [(&'static str, String, &'static str); 4] {
    let overdue = if of.overdue > 0 {
        "figure figure-bad"
    } else {
        "figure"
    };
    [
        ("未办结", of.open.to_string(), "figure"),
        ("超期", of.overdue.to_string(), overdue),
        (
            "三无村",
            format!("{} / {}", of.holding, of.villages),
            "figure",
        ),
        ("上报件", of.handed_up.to_string(), "figure"),
    ]
}

/// On a desk: a township a row.
fn table(figures: &CountyFigures) -> AnyView {
    let fixed = figures.townships.first().map(|first| {
        counts(first)
            .into_iter()
            .map(|(label, ..)| view! { <th scope="col">{label}</th> }.into_any())
            .collect_view()
    });
    let columns = figures
        .columns
        .iter()
        .map(|column| {
            view! { <th scope="col" title=meaning(column)>{column.label.clone()}</th> }.into_any()
        })
        .collect_view();
    let rows = figures
        .townships
        .iter()
        .map(|of| {
            let fixed = counts(of)
                .into_iter()
                .map(|(_, words, class)| {
                    view! { <td class=class><strong>{words}</strong></td> }.into_any()
                })
                .collect_view();
            let cells = figures
                .columns
                .iter()
                .zip(&of.cells)
                .map(|(column, figure)| cell(column, figure))
                .collect_view();
            view! {
                <tr data-testid="township">
                    <th scope="row">{of.township.name.clone()}</th>
                    {fixed}
                    {cells}
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="各乡镇对比，可左右滚动">
            <table class="table figure-table">
                <caption class="sr-only">"各乡镇的五率、五下降、三无村和上报件"</caption>
                <thead><tr><th scope="col">"乡镇"</th>{fixed}{columns}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// On a phone: a card a township, a figure a line.
fn cards(figures: &CountyFigures) -> AnyView {
    let cards = figures
        .townships
        .iter()
        .map(|of| {
            let fixed = counts(of)
                .into_iter()
                .map(|(label, words, class)| {
                    view! {
                        <tr>
                            <th scope="row">{label}</th>
                            <td class=class><strong>{words}</strong></td>
                        </tr>
                    }
                    .into_any()
                })
                .collect_view();
            let cells = figures
                .columns
                .iter()
                .zip(&of.cells)
                .map(|(column, figure)| {
                    view! {
                        <tr title=meaning(column)>
                            <th scope="row">{column.label.clone()}</th>
                            {cell(column, figure)}
                        </tr>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <section class="card" data-testid="township">
                    <h3>{of.township.name.clone()}</h3>
                    <table class="table figure-list">
                        <thead class="sr-only">
                            <tr>
                                <th scope="col">"指标"</th>
                                <th scope="col">"数值"</th>
                            </tr>
                        </thead>
                        <tbody>{fixed} {cells}</tbody>
                    </table>
                </section>
            }
            .into_any()
        })
        .collect_view();
    view! { <div class="figure-groups">{cards}</div> }.into_any()
}
