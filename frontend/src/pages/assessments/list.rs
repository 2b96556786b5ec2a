//! `/assessments`: the ranking of a year.

use std::sync::Arc;

use chrono::Datelike;
use leptos::prelude::*;
use shared::access::Action;
use shared::assessment::{AssessmentDeed, AssessmentKind, AssessmentRow, Assessments};
use shared::export::ExportDeed;
use shared::term::Term;

use super::{score, standing};
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::load::load;
use crate::pages::heading;
use crate::pages::visits::act::{Step, Steps};
use crate::session;
use crate::shell::narrow;
use crate::ui::export::exports;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::states::{empty, waiting};

/// The page.
pub(crate) fn page() -> AnyView {
    let asked = app::query("year");
    let wanted = app::query("kind");
    let year = Memo::new(move |_| -> i32 {
        asked
            .read()
            .parse()
            .unwrap_or_else(|_| browser::today().year())
    });
    let kind = Memo::new(move |_| {
        AssessmentKind::from_code(&wanted.read()).unwrap_or(AssessmentKind::ThreeWithout)
    });
    let path =
        move |year: i32, kind: AssessmentKind| format!("/assessments?year={year}&kind={kind}");
    let table = load(move || Call::get(path(year.get(), kind.get())).fetch::<Assessments>());
    let steps = Steps::new(move |_| table.reload());
    let starts = session::may(Action::Assessment(AssessmentDeed::Start));
    let start = live(move || {
        let (year, kind) = (year.get(), kind.get());
        let none = table.value().is_some_and(|all| all.items.is_empty());
        (starts && none).then(|| {
            steps.button(
                "btn btn-primary",
                "start-assessments",
                Step {
                    title: "开始考核",
                    help: "给每个村开一张考核表，通知村支部书记自评。",
                    fields: Vec::new(),
                    case: None,
                    method: "POST",
                    path: "/assessments".to_owned(),
                    etag: None,
                    body: Arc::new(move |mut filled| {
                        filled.insert("year".to_owned(), year.into());
                        filled.insert("kind".to_owned(), kind.code().into());
                        filled
                    }),
                    done: "已开始。",
                    later: None,
                },
            )
        })
    });
    let export = session::may(Action::Export(ExportDeed::Assessment)).then(|| {
        exports("村级考核", move || {
            let (year, kind) = (year.get_untracked(), kind.get_untracked());
            (
                "/exports/assessments".to_owned(),
                format!("?year={year}&kind={kind}"),
            )
        })
    });
    let body = table.view(waiting, |all| {
        if all.items.is_empty() {
            return empty(
                "这一年还没有开始考核",
                "由镇综治办开始；村支部书记自评，镇综治办审核，镇领导决定命名。",
                None,
            );
        }
        let rows = if narrow() {
            let cards = all.items.iter().map(card).collect_view();
            view! { <ul class="cards">{cards}</ul> }.into_any()
        } else {
            grid(&all)
        };
        let named_from = all.named_from;
        view! {
            <p class="hint">
                {format!("满{named_from}分且没有一票否决的可以命名。")}
            </p>
            {rows}
        }
        .into_any()
    });
    let kinds = AssessmentKind::ALL
        .iter()
        .map(|one| {
            let one = *one;
            let href = follow(move || path(year.get(), one));
            let current = follow(move || (kind.get() == one).then_some("page"));
            view! {
                <li><a href=href aria-current=current data-noscroll="">{one.label()}</a></li>
            }
            .into_any()
        })
        .collect_view();
    let turn = move |by: i32| follow(move || path(year.get() + by, kind.get()));
    view! {
        <div class="page page-wide">
            <div class="print-only official-head" aria-hidden="true">
                <p class="official-town">{app::me().township_name}</p>
                <p class="official-title">
                    {live(move || {
                        format!("{}年度{}考核结果", year.get(), kind.get().label())
                    })}
                </p>
            </div>
            <div class="page-head">
                <div>
                    {heading("村级考核")}
                    <p class="quiet">"能按数据计分的按数据，其余由镇综治办凭依据评分。"</p>
                </div>
                <div class="row page-buttons">
                    {start}
                    {export}
                    <a class="btn no-print" href=follow(move || format!("/criteria?kind={}", kind.get()))>
                        {icon(Icon::File)}
                        "考核表"
                    </a>
                    <button
                        type="button"
                        class="btn no-print"
                        on:click=move |_| browser::print()
                    >
                        {icon(Icon::Print)}
                        "打印"
                    </button>
                </div>
            </div>
            <nav class="views" aria-label="考核类别"><ul>{kinds}</ul></nav>
            <nav class="month-turn" aria-label="年份">
                <a class="btn" href=turn(-1) data-noscroll="">"上年"</a>
                <h2>{live(move || format!("{}年{}", year.get(), kind.get().label()))}</h2>
                <a class="btn" href=turn(1) data-noscroll="">"下年"</a>
            </nav>
            {body}
            {super::show::signatures(&["镇综治办（盖章）：", "镇领导签字："])}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

fn rank(row: &AssessmentRow) -> String {
    row.rank
        .map_or_else(|| "—".to_owned(), |rank| format!("第{rank}名"))
}

fn grid(all: &Assessments) -> AnyView {
    let rows = all
        .items
        .iter()
        .map(|row| {
            // Until something is decided, the stage says it all.
            let result = if row.named.is_some() || row.vetoed {
                standing(row)
            } else {
                view! { <span class="quiet">"—"</span> }.into_any()
            };
            let honours = row
                .honours
                .iter()
                .map(|honour| view! { <p class="honour-line">{honour.clone()}</p> }.into_any())
                .collect_view();
            view! {
                <tr data-testid="assessment-row">
                    <td class="number">{rank(row)}</td>
                    <th scope="row">
                        <a href=format!("/assessments/{}", row.id)>{row.village.name.clone()}</a>
                    </th>
                    <td class="number">{score(row.total)}</td>
                    <td>{row.stage.label()}</td>
                    <td>{result}</td>
                    <td>{honours}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table">
                <caption class="sr-only">"各村考核排名"</caption>
                <thead>
                    <tr>
                        <th scope="col">"名次"</th>
                        <th scope="col">"村"</th>
                        <th scope="col">"得分"</th>
                        <th scope="col">"进度"</th>
                        <th scope="col">"结果"</th>
                        <th scope="col">"命名和奖励"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn card(row: &AssessmentRow) -> AnyView {
    view! {
        <li data-testid="assessment-row">
            <a class="card case-card" href=format!("/assessments/{}", row.id)>
                <span class="case-card-head">
                    <strong>{row.village.name.clone()}</strong>
                    {standing(row)}
                </span>
                <span class="case-card-facts">
                    <span>{rank(row)}</span>
                    <span>{score(row.total)}</span>
                    <span>{row.stage.label()}</span>
                    <span>{row.honours.join("；")}</span>
                </span>
            </a>
        </li>
    }
    .into_any()
}
