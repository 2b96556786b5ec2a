//! The tab 办理记录: what happened, who did it, when.

use leptos::prelude::*;
use shared::calendar::shanghai_day;
use shared::case::view::{EventData, EventView, FieldKind, FieldMark};
use shared::term::Term;
use shared::visit::view::CaseInField;

use super::matter;
use super::open::Open;
use crate::api::{Call, every};
use crate::format;
use crate::load::load;
use crate::pages::visits;
use crate::ui::live::live;
use crate::ui::states::{empty, waiting};

/// The tab.
pub(crate) fn tab(open: Open) -> AnyView {
    let events = load(move || {
        open.track();
        let path = open.path("/events");
        async move { every::<EventView>(&path).await }
    });
    let list = events.view(waiting, move |mut events| {
        if events.is_empty() {
            return empty(
                "还没有办理记录",
                "受理、交办、答复等每一步都会记在这里。",
                None,
            );
        }
        events.reverse();
        let case_id = open.id();
        let entries = events
            .iter()
            .map(|event| entry(&case_id, event))
            .collect_view();
        view! { <ol class="timeline card">{entries}</ol> }.into_any()
    });
    view! { {in_field(open)} {list} }.into_any()
}

/// The visits and reception days that concern the case; nothing while there are none.
fn in_field(open: Open) -> AnyView {
    let found = load(move || {
        open.track();
        let path = open.path("/field-visits");
        async move { Call::get(path).fetch::<CaseInField>().await }
    });
    let follow_up = open.with(|case| {
        let may = visits::may_record() && !case.row.sealed;
        let href = format!("/visits/new?case={}", case.row.id);
        may.then(|| {
            view! {
                <p class="row row-end">
                    <a class="btn" href=href data-testid="follow-up">"记一次回访"</a>
                </p>
            }
        })
        .into_any()
    });
    let list = live(move || {
        let found = found.value()?;
        if found.visits.is_empty() && found.receptions.is_empty() {
            return None;
        }
        let visits = found.visits.iter().map(visits::bits::card).collect_view();
        let days = found
            .receptions
            .iter()
            .map(|day| {
                let words = format!(
                    "{} {}，{}接待",
                    format::date(day.on),
                    day.kind.label(),
                    day.received_by.name
                );
                view! { <li><a href=format!("/reception/{}", day.day_id)>{words}</a></li> }
                    .into_any()
            })
            .collect_view();
        Some(view! {
            <section class="case-field" aria-labelledby="case-field">
                <h2 id="case-field">"走访和接待"</h2>
                <ul class="cards">{visits}</ul>
                <ul class="link-list">{days}</ul>
            </section>
        })
    });
    view! { {follow_up} {list} }.into_any()
}

fn entry(case_id: &str, event: &EventView) -> AnyView {
    // Back-dated: the day it took effect is not the day it was entered.
    let entered = if shanghai_day(event.at) == event.on {
        format!("录入 {}", format::moment(event.at))
    } else {
        format!("补录，录入时间 {}", format::moment(event.at))
    };
    let text = event
        .text
        .as_ref()
        .map(|text| view! { <p class="prose">{text.clone()}</p> });
    let data = data(&event.data);
    let data = (!data.is_empty()).then(|| {
        let parts = data
            .into_iter()
            .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any())
            .collect_view();
        view! { <dl class="timeline-data">{parts}</dl> }
    });
    let mark = event.data.field.as_ref();
    let report = mark
        .filter(|mark| mark.kind == FieldKind::Report)
        .map(from_report);
    view! {
        <li class="event" data-testid="event" data-kind=event.kind.code()>
            <p class="event-head">
                <span class="event-kind">{what(case_id, event)}</span>
                <time>{format::date(event.on)}</time>
            </p>
            {text}
            {report}
            {data}
            {taken_down(event)}
            <p class="event-foot">
                {format!("{}（{}）", event.actor.name, event.actor_unit)} " · " {entered}
            </p>
        </li>
    }
    .into_any()
}

/// The report that has found it; the way to it for those who may open it.
fn from_report(report: &FieldMark) -> AnyView {
    let name = report.name.clone().unwrap_or_default();
    let name = if report.id.is_empty() {
        view! { <span>{name}</span> }.into_any()
    } else {
        view! { <a href=way_to(report)>{name}</a> }.into_any()
    };
    view! { <p>"来自报告：" {name}</p> }.into_any()
}

/// The page of a record of the work in the field.
fn way_to(mark: &FieldMark) -> String {
    format!("{}/{}", mark.kind.path(), mark.id)
}

/// When it was taken down, where a phone sent it later.
fn taken_down(event: &EventView) -> Option<AnyView> {
    let said = event.data.recorded_at?;
    let apart = event.at.signed_duration_since(said).num_minutes();
    (apart != 0).then(|| {
        let words = format!("手机记录的时间 {}", format::moment(said));
        view! { <p class="event-foot">{words}</p> }.into_any()
    })
}

/// What was done; of a matter, with the way to its card.
fn what(case_id: &str, event: &EventView) -> AnyView {
    // What a report found is named below what was done.
    if let Some(mark) = &event.data.field
        && mark.kind != FieldKind::Report
    {
        return view! { <a href=way_to(mark)>{mark.kind.label()}</a> }.into_any();
    }
    let Some(mark) = &event.data.matter else {
        return event.kind.label().into_any();
    };
    let kind = mark.deed.kind().label();
    let label = mark.deed.label();
    let words = if label.contains(kind) {
        label.to_owned()
    } else {
        format!("{kind}：{label}")
    };
    view! { <a href=matter::bits::href(case_id, &mark.id)>{words}</a> }.into_any()
}

fn data(data: &EventData) -> Vec<(&'static str, String)> {
    let mut parts = Vec::new();
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value {
            parts.push((name, value));
        }
    };
    add("程序", data.procedure.map(|p| p.label().to_owned()));
    add("法定途径", data.path.map(|p| p.label().to_owned()));
    add("单位", data.unit.as_ref().map(|unit| unit.name.clone()));
    add("人员", data.user.as_ref().map(|user| user.name.clone()));
    add("延长", data.days.map(|days| format!("{days}天")));
    add(
        "听证",
        data.excluded_days.map(|days| format!("{days}天不计入")),
    );
    add("告知或送达", data.notice.clone());
    add("结果", data.outcome.map(|o| o.label().to_owned()));
    add("结论", data.review.map(|review| review.label().to_owned()));
    add(
        "信访人意见",
        data.opinion.map(|opinion| opinion.label().to_owned()),
    );
    add("机关", data.authority.clone());
    parts
}
