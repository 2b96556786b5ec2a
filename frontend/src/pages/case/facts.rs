//! The tab 基本情况: what was entered.

use leptos::prelude::*;
use shared::case::view::{CaseView, Named};
use shared::term::Term;

use super::bits::category;
use crate::format;

/// A name and what it stands for, if anything.
pub(crate) fn fact(name: &'static str, value: impl Into<Option<AnyView>>) -> AnyView {
    let value = value
        .into()
        .unwrap_or_else(|| view! { <span class="quiet">"未填"</span> }.into_any());
    view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
}

fn words(text: impl Into<String>) -> AnyView {
    let text = text.into();
    view! { {text} }.into_any()
}

fn said(text: Option<&String>) -> Option<AnyView> {
    text.map(|text| view! { <span class="prose">{text.clone()}</span> }.into_any())
}

fn named(named: Option<&Named>) -> Option<AnyView> {
    named.map(|named| words(named.name.clone()))
}

/// The tab.
pub(crate) fn tab(case: &CaseView) -> AnyView {
    let row = &case.row;
    let when = match (case.occurred_on, &case.occurred_text) {
        (Some(day), Some(text)) => Some(words(format!("{}（{text}）", format::date(day)))),
        (Some(day), None) => Some(words(format::date(day))),
        (None, Some(text)) => Some(words(text.clone())),
        (None, None) => None,
    };
    let place = [
        row.village.as_ref().map(|village| village.name.clone()),
        case.group.as_ref().map(|group| group.name.clone()),
    ];
    let place: String = place.into_iter().flatten().collect();
    let count = match &case.people_count_text {
        Some(text) => format!("{}人（{text}）", row.people_count),
        None => format!("{}人", row.people_count),
    };
    view! {
        <section class="card">
            <h2>"反映的问题"</h2>
            <dl class="facts facts-long">
                {fact("起因", said(Some(&case.cause_full)))}
                {fact("诉求", said(case.demand.as_ref()))}
                {fact("事态发展", said(case.development.as_ref()))}
                {fact("调处情况", said(case.handling.as_ref()))}
            </dl>
        </section>
        <section class="card">
            <h2>"要素"</h2>
            <dl class="facts">
                {fact("类型", words(category(row.category, row.subcategory_name.as_deref())))}
                {fact("诉求性质", words(case.purpose.label()))}
                {fact("来源", words(row.channel.label()))}
                {fact("紧急程度", words(row.severity.label()))}
                {fact("办理程序", words(case.procedure.label()))}
                {fact("涉及人数", words(count))}
                {fact("发生时间", when)}
                {fact("村社", (!place.is_empty()).then(|| words(place)))}
                {fact("发生地点", case.place.as_ref().map(|place| words(place.clone())))}
                {fact("涉及单位", case.unit_concerned.as_ref().map(|unit| words(unit.clone())))}
                {accused(case)}
            </dl>
        </section>
        <section class="card">
            <h2>"登记与责任"</h2>
            <dl class="facts">
                {fact("收到日期", words(format::date(row.received_on)))}
                {fact("录入时间", words(format::moment(case.entered_at)))}
                {fact("首问责任人", words(case.first_receiver.name.clone()))}
                {fact("登记人", words(case.registrar.name.clone()))}
                {fact("责任单位", named(row.responsible_unit.as_ref()))}
                {fact("承办人", named(case.responsible_user.as_ref()))}
                {fact("包案领导", named(row.lead.as_ref()))}
                {ending(case)}
                {links(case)}
                {source(case)}
                {provisional(case)}
            </dl>
        </section>
    }
    .into_any()
}

fn accused(case: &CaseView) -> Option<AnyView> {
    let unit = case.accused_unit.as_ref()?.name.clone();
    let who = match &case.accused_user {
        Some(user) => format!("{unit} {}", user.name),
        None => unit,
    };
    Some(fact("被反映的单位和人员", words(who)))
}

fn ending(case: &CaseView) -> Option<AnyView> {
    let mut parts = Vec::new();
    if let Some(outcome) = case.outcome {
        parts.push(outcome.label().to_owned());
    }
    if let Some(path) = case.lawful_path {
        parts.push(format!("法定途径：{}", path.label()));
    }
    if let Some(day) = case.row.closed_on {
        parts.push(format::date(day));
    }
    (!parts.is_empty()).then(|| fact("结果", words(parts.join("，"))))
}

fn links(case: &CaseView) -> Option<AnyView> {
    let link = |named: &Named| {
        view! {
            <a class="number" href=format!("/cases/{}", named.id)>
                {named.name.clone()}
            </a>
        }
        .into_any()
    };
    let earlier = case
        .earlier_case
        .as_ref()
        .map(|earlier| fact("重复于", link(earlier)));
    let later = (!case.later_cases.is_empty()).then(|| {
        fact(
            "后来的重复件",
            case.later_cases.iter().map(link).collect_view().into_any(),
        )
    });
    (earlier.is_some() || later.is_some()).then(|| view! { {earlier} {later} }.into_any())
}

/// What the petitioner may still have in hand.
fn provisional(case: &CaseView) -> Option<AnyView> {
    let number = case.provisional_number.clone()?;
    let number = view! { <span class="number" data-testid="provisional-number">{number}</span> };
    Some(fact("临时回执号", number.into_any()))
}

fn source(case: &CaseView) -> Option<AnyView> {
    let source = case.source.as_ref()?;
    Some(fact(
        "导入来源",
        words(format!(
            "{} · {} · 第{}行",
            source.file, source.sheet, source.row
        )),
    ))
}
