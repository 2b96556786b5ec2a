//! `/standing`: the three-without standing of each village, what breaks it, what would lose it next,
//! earlier years.

use chrono::Datelike;
use leptos::prelude::*;
use shared::access::Action;
use shared::export::ExportDeed;
use shared::indicator::standing::{MOST_YEARS, Without};
use shared::indicator::view::{StandingRisk, StandingView, VillageStanding};
use shared::term::Term;

use super::head;
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::matters::select;
use crate::place::Place;
use crate::session;
use crate::ui::export::exports;
use crate::ui::icon::{Icon, icon};
use crate::ui::states::{empty, waiting};

/// The page.
pub(crate) fn page() -> AnyView {
    let year = app::query("year");
    let found = load(move || {
        let query = api::query([("year", year.read().as_str())]);
        Call::get(format!("/villages/standing{query}")).fetch::<StandingView>()
    });
    let go = app::replacing();
    let now = browser::today().year();
    let years: crate::directory::Options = (0..MOST_YEARS)
        .map(|back| ((now - back).to_string(), format!("{}年", now - back)))
        .collect();
    let chosen = Signal::derive(move || {
        let year = year.get();
        if year.is_empty() {
            now.to_string()
        } else {
            year
        }
    });
    let export = session::may(Action::Export(ExportDeed::Standing)).then(|| {
        exports("三无情况", move || {
            let query = api::query([("year", year.get_untracked().as_str())]);
            ("/exports/standing".to_owned(), query)
        })
    });
    view! {
        <div class="page page-wide fig-page">
            {head(
                &Place::Standing,
                "三无：无到市赴省进京非正常访，无越级集体访，无信访积案。依法走访是公民的权利，不影响三无。",
            )}
            <form class="filter-row" on:submit=|event| event.prevent_default()>
                {select("standing-year", "年度", chosen, Signal::stored(years), move |year| {
                    go.run(format!("/standing{}", api::query([("year", year.as_str())])));
                })}
                {export}
            </form>
            {found.view(waiting, drawn)}
        </div>
    }
    .into_any()
}

fn drawn(view: StandingView) -> AnyView {
    if view.villages.is_empty() {
        return empty(
            "没有村",
            "在“单位”里添加村后，这里会显示各村的三无情况。",
            None,
        );
    }
    let share = view
        .permille
        .map_or_else(|| "无数据".to_owned(), shared::indicator::percent_text);
    let target = shared::indicator::percent_text(view.target);
    let (class, verdict) = match view.met {
        Some(true) => ("standing-card standing-holds", "达到目标"),
        _ => ("standing-card standing-lost", "未达到目标"),
    };
    let whole = (view.total > 1).then(|| {
        view! {
            <section class=format!("card {class}") data-testid="share">
                <p class="standing-words">
                    {format!("{}个村中{}个是三无村，占", view.total, view.holding)}
                    <strong>{share}</strong>
                    {format!("，目标{target}：{verdict}")}
                </p>
                <p class="quiet">{format!("截止{}", view.as_of)}</p>
            </section>
        }
    });
    let villages = view.villages.iter().map(village).collect_view();
    view! { {whole} <ul class="cards standing-villages">{villages}</ul> }.into_any()
}

fn village(of: &VillageStanding) -> AnyView {
    let badge = if of.holds {
        view! { <span class="badge badge-answered">{icon(Icon::Check)} "三无村"</span> }.into_any()
    } else {
        view! { <span class="badge badge-bad">{icon(Icon::Close)} "未达三无"</span> }.into_any()
    };
    let lines = Without::ALL
        .iter()
        .map(|what| {
            let broken = of.broken.iter().find(|broken| broken.what == *what);
            let (class, mark) = match broken {
                Some(_) => ("without without-broken", Icon::Close),
                None => ("without", Icon::Check),
            };
            let evidence = broken.map(|broken| {
                let words = format!("{}件", broken.count);
                match &broken.cases {
                    Some(cases) => {
                        // The app's page of the same list.
                        let href = cases.replacen("/villages/standing", "/standing", 1);
                        view! { <a href=href data-testid="evidence">{words}</a> }.into_any()
                    }
                    None => view! { <span>{words}</span> }.into_any(),
                }
            });
            view! { <li class=class>{icon(mark)} {what.label()} " " {evidence}</li> }.into_any()
        })
        .collect_view();
    let risks = (!of.risks.is_empty()).then(|| {
        let risks = of.risks.iter().map(risk).collect_view();
        view! {
            <div class="risks">
                <h3>"可能失去三无的"</h3>
                <ul>{risks}</ul>
            </div>
        }
    });
    let history = (!of.history.is_empty()).then(|| {
        let years = of
            .history
            .iter()
            .map(|year| {
                let (class, words) = if year.holds {
                    ("badge badge-answered", "三无")
                } else {
                    ("badge badge-done", "未达")
                };
                view! { <li class=class>{format!("{} {words}", year.year)}</li> }.into_any()
            })
            .collect_view();
        view! { <ul class="standing-history" aria-label="历年">{years}</ul> }
    });
    view! {
        <li class="card standing-village" data-testid="village" data-holds=of.holds.to_string()>
            <p class="case-card-head"><strong>{of.village.name.clone()}</strong> {badge}</p>
            <ul class="withouts">{lines}</ul>
            {risks}
            {history}
        </li>
    }
    .into_any()
}

fn risk(risk: &StandingRisk) -> AnyView {
    let when = if risk.now {
        "已超期60日，应决定是否列为积案".to_owned()
    } else {
        format!(
            "{}到期，{}起会被建议列为积案",
            format::short_date(risk.due_on),
            format::short_date(risk.loses_on)
        )
    };
    let case = risk.case.as_ref().map(|case| {
        view! { <a href=format!("/cases/{}", case.id)>{case.number.clone()}</a> }
    });
    view! { <li>{case} " " {when}</li> }.into_any()
}
