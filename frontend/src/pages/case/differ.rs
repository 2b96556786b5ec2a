//! What others changed in a case while somebody worked on it: shown before their own change goes in.

use shared::case::view::{CaseView, Named};
use shared::term::Term;

use super::bits::category;
use crate::format;

/// A field that changed: what it is called, before, after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What a clerk calls it.
    pub(crate) label: &'static str,
    /// What it was.
    pub(crate) before: String,
    /// What it is now.
    pub(crate) after: String,
}

/// What differs between two readings of a case.
pub(crate) fn changes(before: &CaseView, after: &CaseView) -> Vec<Change> {
    words(before)
        .into_iter()
        .zip(words(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((label, before), (_, after))| Change {
            label,
            before,
            after,
        })
        .collect()
}

fn name(named: Option<&Named>) -> String {
    named.map(|named| named.name.clone()).unwrap_or_default()
}

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn day(day: Option<chrono::NaiveDate>) -> String {
    day.map(format::short_date).unwrap_or_default()
}

/// Every field of a case in words, in a fixed order.
fn words(case: &CaseView) -> Vec<(&'static str, String)> {
    let row = &case.row;
    let people = case
        .people
        .iter()
        .map(|person| format!("{}（{}）", person.name, person.role.label()))
        .collect::<Vec<_>>()
        .join("、");
    vec![
        ("状态", row.state.label().to_owned()),
        ("到期日", day(row.due_on)),
        ("责任单位", name(row.responsible_unit.as_ref())),
        ("承办人", name(case.responsible_user.as_ref())),
        ("包案领导", name(row.lead.as_ref())),
        ("积案", if row.backlog { "是" } else { "否" }.to_owned()),
        ("类别", row.kind.label().to_owned()),
        ("来源", row.channel.label().to_owned()),
        ("诉求性质", case.purpose.label().to_owned()),
        (
            "类型",
            category(row.category, row.subcategory_name.as_deref()),
        ),
        ("紧急程度", row.severity.label().to_owned()),
        ("起因", case.cause_full.clone()),
        ("诉求", text(case.demand.as_ref())),
        ("发生日期", day(case.occurred_on)),
        ("发生时间", text(case.occurred_text.as_ref())),
        ("地点", text(case.place.as_ref())),
        ("涉及单位", text(case.unit_concerned.as_ref())),
        ("村", name(row.village.as_ref())),
        ("社", name(case.group.as_ref())),
        ("涉及人数", row.people_count.to_string()),
        ("事态发展", text(case.development.as_ref())),
        ("调处情况", text(case.handling.as_ref())),
        ("人员", people),
    ]
}
