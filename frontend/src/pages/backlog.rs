//! `/backlog`: the backlog with how old each case is and what is still missing, and the cases that
//! are proposed for it. A person decides.

use leptos::prelude::*;
use shared::case::backlog::{BacklogProposal, BacklogRow};
use shared::case::matter::package::{InPlace, PROGRESS_DAYS};
use shared::term::Term;

use super::case::bits::state_badge;
use super::case::matter::bits::{badge, due, href};
use super::heading;
use crate::app;
use crate::browser;
use crate::format;
use crate::rows::rows;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::states::empty;

/// The page.
pub(crate) fn page() -> AnyView {
    let shown = app::query("view");
    let link = move |view: &'static str, words: &'static str, href: &'static str| {
        let current = follow(move || (shown.read().as_str() == view).then_some("page"));
        view! { <li><a href=href aria-current=current data-noscroll="">{words}</a></li> }.into_any()
    };
    let body = live(move || {
        if shown.read().as_str() == "proposals" {
            proposals()
        } else {
            backlog()
        }
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("积案")}
                    <p class="quiet">"一件事项、一名领导、一个专班、一套方案、一包到底。"</p>
                </div>
            </div>
            <nav class="views" aria-label="积案">
                <ul>
                    {link("", "积案清单", "/backlog")}
                    {link("proposals", "待认定", "/backlog?view=proposals")}
                </ul>
            </nav>
            {body}
        </div>
    }
    .into_any()
}

fn backlog() -> AnyView {
    let list = rows::<BacklogRow>(Memo::new(|_| "/backlog".to_owned()));
    let none = || {
        empty(
            "现在没有积案",
            "超期60天以上或答复后又反映的，会列在“待认定”里，由您决定是否列为积案。",
            Some(
                view! { <a class="btn" href="/backlog?view=proposals">"看待认定的"</a> }.into_any(),
            ),
        )
    };
    list.view(none, |rows| {
        let rows = rows.iter().map(row).collect_view();
        view! { <ul class="cards backlog">{rows}</ul> }.into_any()
    })
}

/// The case's package if it has one, else the place where it is opened.
fn place(row: &BacklogRow) -> String {
    match &row.package {
        Some(package) => href(row.case.id.as_str(), &package.id),
        None => format!("/cases/{}?tab=matters", row.case.id),
    }
}

fn row(row: &BacklogRow) -> AnyView {
    let case = &row.case;
    let facts = [
        case.village.as_ref().map(|village| village.name.clone()),
        case.responsible_unit
            .as_ref()
            .map(|unit| format!("责任单位 {}", unit.name)),
        Some(match &case.lead {
            Some(lead) => format!("包案领导 {}", lead.name),
            None => "还没有包案领导".to_owned(),
        }),
    ];
    let facts = facts
        .into_iter()
        .flatten()
        .map(|fact| view! { <span>{fact}</span> }.into_any())
        .collect_view();
    view! {
        <li class="card backlog-row" data-testid="backlog-row">
            <div class="backlog-case">
                <p class="case-card-head">
                    <span class="number">{case.number.clone()}</span>
                    {state_badge(case.state)}
                </p>
                <h2><a href=place(row)>{case.cause.clone()}</a></h2>
                <p class="case-card-facts">{facts}</p>
            </div>
            <p class="backlog-age">
                <span class="quiet">"已"</span>
                <strong>{row.days}</strong>
                <span class="quiet">"天"</span>
            </p>
            {meter(row)}
            {progress(row)}
        </li>
    }
    .into_any()
}

/// The four-in-place meter (四个落实).
fn meter(row: &BacklogRow) -> AnyView {
    let parts = InPlace::ALL
        .iter()
        .map(|part| {
            let missing = row.missing.contains(part);
            let (class, mark, spoken) = if missing {
                ("in-place in-place-missing", Icon::Close, "未落实")
            } else {
                ("in-place", Icon::Check, "已落实")
            };
            view! {
                <li class=class>
                    {icon(mark)}
                    {part.label()}
                    <span class="sr-only">{spoken}</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    let done = row.in_place;
    let total = InPlace::ALL.len();
    view! {
        <div class="backlog-meter">
            <p class="quiet">{format!("四个落实 {done}/{total}")}</p>
            <ul>{parts}</ul>
        </div>
    }
    .into_any()
}

fn progress(row: &BacklogRow) -> AnyView {
    let Some(package) = &row.package else {
        return view! {
            <div class="backlog-progress">
                <p class="due due-late">{icon(Icon::Warning)} "还没有建立化解专班"</p>
            </div>
        }
        .into_any();
    };
    let most = i64::try_from(PROGRESS_DAYS).unwrap_or(i64::MAX);
    let silent = browser::today()
        .signed_duration_since(package.last_progress_on)
        .num_days();
    let (class, mark) = if package.open && silent > most {
        ("due due-late", Some(icon(Icon::Warning)))
    } else {
        ("due", None)
    };
    let words = match silent {
        0 => "今天有进展".to_owned(),
        days if package.open && days > most => {
            format!("{days}天没有进展，每{most}天至少记一次")
        }
        days => format!("{days}天前有进展"),
    };
    let next = match (&package.due_what, package.due_on) {
        (Some(what), Some(on)) if package.open => {
            let overdue = on < browser::today();
            Some(view! { <p>{due(what, on, overdue, false)}</p> })
        }
        _ => None,
    };
    view! {
        <div class="backlog-progress">
            <p>
                {badge(&package.state_label, package.tone)}
                " "
                <span class=class>{mark} {words}</span>
                " "
                <span class="due-day">{format::short_date(package.last_progress_on)}</span>
            </p>
            {next}
        </div>
    }
    .into_any()
}

fn proposals() -> AnyView {
    let list = rows::<BacklogProposal>(Memo::new(|_| "/backlog/proposals".to_owned()));
    let none = || {
        empty(
            "没有待认定的事项",
            "超过办理期限60天仍未办结、或答复后就同一事项再次反映的，会自动列在这里。",
            None,
        )
    };
    let list = list.view(none, |rows| {
        let rows = rows.iter().map(proposal).collect_view();
        view! { <ul class="cards backlog">{rows}</ul> }.into_any()
    });
    view! {
        <p class="note">
            "系统只提出建议，是否列为积案由人决定：打开事项，在“办理”里选“列为积案”；不列的，抓紧办结即可。"
        </p>
        {list}
    }
    .into_any()
}

fn proposal(row: &BacklogProposal) -> AnyView {
    let case = &row.case;
    let village = case
        .village
        .as_ref()
        .map(|village| view! { <span>{village.name.clone()}</span> });
    let unit = case
        .responsible_unit
        .as_ref()
        .map(|unit| view! { <span>{format!("责任单位 {}", unit.name)}</span> });
    view! {
        <li class="card backlog-row" data-testid="proposal-row">
            <div class="backlog-case">
                <p class="case-card-head">
                    <span class="number">{case.number.clone()}</span>
                    {state_badge(case.state)}
                </p>
                <h2>{case.cause.clone()}</h2>
                <p class="case-card-facts">{village} {unit}</p>
                <p class="due-soon">{row.reason.clone()}</p>
            </div>
            <p class="backlog-decide">
                <a
                    class="btn"
                    href=format!("/cases/{}", case.id)
                    aria-label=format!("打开 {} 作决定", case.number)
                >
                    "打开事项作决定"
                </a>
            </p>
        </li>
    }
    .into_any()
}
