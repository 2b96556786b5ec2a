//! What is behind a figure: `/indicators/cases`, `/indicators/records`, `/standing/cases`, with the query
//! that the figure gave.

use leptos::prelude::*;
use shared::case::view::CaseRow;
use shared::indicator::standing::Without;
use shared::indicator::view::FigureRecord;
use shared::indicator::{FigurePart, Indicator};
use shared::term::Term;

use crate::api;
use crate::app;
use crate::format;
use crate::pages::case::bits::state_badge;
use crate::pages::heading;
use crate::rows::rows;
use crate::ui::states::empty;

/// What a figure's link may carry.
const OF_INDICATOR: [&str; 7] = ["indicator", "part", "from", "to", "as_of", "by", "key"];
const OF_STANDING: [&str; 3] = ["year", "village_id", "what"];

/// The cases of an indicator.
pub(crate) fn of_indicator() -> AnyView {
    let (indicator, part) = (app::query("indicator"), app::query("part"));
    let (from, to) = (app::query("from"), app::query("to"));
    let title = move || words_of(&indicator.read(), &part.read(), &from.read(), &to.read());
    page("/indicators/cases", "/indicators", &OF_INDICATOR, title)
}

/// The reports, visits and urgent information of an indicator.
pub(crate) fn of_records() -> AnyView {
    let (indicator, part) = (app::query("indicator"), app::query("part"));
    let (from, to) = (app::query("from"), app::query("to"));
    let (by, key) = (app::query("by"), app::query("key"));
    let title = move || {
        let words = words_of(&indicator.read(), &part.read(), &from.read(), &to.read());
        match by.read().as_str() {
            "month" => format!("{words}其中{}的。", key.read().as_str()),
            _ => words,
        }
    };
    let list = rows::<FigureRecord>(asked("/indicators/records", &OF_INDICATOR)).view(
        || empty("没有记录", "这个数字现在是零。", None),
        |rows| {
            let rows = rows.iter().map(record).collect_view();
            view! { <ul class="cards figure-cases">{rows}</ul> }.into_any()
        },
    );
    frame("数字背后的记录", "/indicators", title, list)
}

fn record(of: &FigureRecord) -> AnyView {
    let class = if of.good {
        "badge badge-answered"
    } else {
        "badge badge-wait"
    };
    let title = match &of.link {
        Some(link) => view! { <a href=link.clone()>{of.title.clone()}</a> }.into_any(),
        None => view! { <span>{of.title.clone()}</span> }.into_any(),
    };
    view! {
        <li class="card figure-case" data-testid="figure-record">
            <p class="case-card-head">
                <strong>{of.unit.clone()}</strong>
                <span class=class>{of.words.clone()}</span>
            </p>
            <h2>{title}</h2>
            <p class="case-card-facts"><span>{format::short_date(of.on)}</span></p>
        </li>
    }
    .into_any()
}

/// The cases that break a village's standing.
pub(crate) fn of_standing() -> AnyView {
    let (what, year) = (app::query("what"), app::query("year"));
    let title = move || {
        let what = Without::from_code(&what.read()).map_or("", Without::broken);
        format!("{}年{what}的事项。", year.read().as_str())
    };
    page("/villages/standing/cases", "/standing", &OF_STANDING, title)
}

/// What a figure counts, in words.
fn words_of(indicator: &str, part: &str, from: &str, to: &str) -> String {
    let Some(indicator) = Indicator::from_code(indicator) else {
        return String::new();
    };
    let definition = indicator.definition();
    let words = match FigurePart::from_code(part).unwrap_or(FigurePart::Denominator) {
        FigurePart::Numerator => definition.numerator,
        FigurePart::Denominator => definition.denominator,
    };
    format!("{}（{from} 至 {to}）：{words}。", indicator.label())
}

/// The path of a list, with what the page's own query says.
fn asked(path: &'static str, keys: &[&'static str]) -> Memo<String> {
    let values: Vec<(&str, Memo<String>)> =
        keys.iter().map(|key| (*key, app::query(key))).collect();
    Memo::new(move |_| {
        let read: Vec<(&str, String)> = values.iter().map(|(k, v)| (*k, v.get())).collect();
        let query = api::query(read.iter().map(|(k, v)| (*k, v.as_str())));
        format!("{path}{query}")
    })
}

fn page(
    path: &'static str,
    back: &'static str,
    keys: &'static [&'static str],
    title: impl Fn() -> String + Send + 'static,
) -> AnyView {
    let list = rows::<CaseRow>(asked(path, keys)).view(
        || empty("没有事项", "这个数字现在是零。", None),
        |rows| {
            let rows = rows.iter().map(row).collect_view();
            view! { <ul class="cards figure-cases">{rows}</ul> }.into_any()
        },
    );
    frame("数字背后的事项", back, title, list)
}

fn frame(
    name: &'static str,
    back: &'static str,
    title: impl Fn() -> String + Send + 'static,
    list: AnyView,
) -> AnyView {
    view! {
        <div class="page page-wide fig-page">
            <div class="page-head">{heading(name)}</div>
            <p class="lead" data-testid="figure-words">{crate::ui::live::live(title)}</p>
            <p><a href=back>"返回"</a></p>
            {list}
        </div>
    }
    .into_any()
}

fn row(case: &CaseRow) -> AnyView {
    let facts = [
        case.village.as_ref().map(|village| village.name.clone()),
        Some(format!("{}收到", format::short_date(case.received_on))),
        case.responsible_unit
            .as_ref()
            .map(|unit| format!("责任单位 {}", unit.name)),
        case.closed_on
            .map(|on| format!("{}办结", format::short_date(on))),
        case.backlog.then(|| "积案".to_owned()),
    ];
    let facts = facts
        .into_iter()
        .flatten()
        .map(|fact| view! { <span>{fact}</span> }.into_any())
        .collect_view();
    view! {
        <li class="card figure-case" data-testid="figure-case">
            <p class="case-card-head">
                <span class="number">{case.number.clone()}</span>
                {state_badge(case.state)}
            </p>
            <h2><a href=format!("/cases/{}", case.id)>{case.cause.clone()}</a></h2>
            <p class="case-card-facts">{facts}</p>
        </li>
    }
    .into_any()
}
