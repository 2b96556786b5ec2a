//! What people enter in a report, and what is wrong with it: the same checks in the form and on the
//! server.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::ReportKind;
use crate::case::input::{MAX_PEOPLE_COUNT, NewPerson, filled};
use crate::case::{Category, Kind, Severity};
use crate::ids::{CaseId, PhotoId, SubcategoryCode, UnitId};
use crate::validate::Errors;

/// The most findings of a report.
pub const MAX_FINDINGS: usize = 50;
/// The longest summary, cause, development and handling, in characters.
pub const MAX_LONG: usize = 2000;
/// The longest short text.
pub const MAX_SHORT: usize = 200;
/// The most days that a returned report may take.
pub const MAX_AGAIN_DAYS: i64 = 31;

/// A finding, with the ledger's elements. Names belong in the case, not here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FindingInput {
    /// Its id, where it is one of the report's already.
    #[serde(default)]
    pub id: Option<String>,
    /// The cause (起因): what happened.
    pub cause: String,
    /// When, if the day is known.
    #[serde(default)]
    pub occurred_on: Option<NaiveDate>,
    /// When, in words (`近半个月`).
    #[serde(default)]
    pub occurred_text: Option<String>,
    /// Where.
    #[serde(default)]
    pub place: Option<String>,
    /// The unit concerned (涉及单位), in words.
    #[serde(default)]
    pub unit_concerned: Option<String>,
    /// How many people it concerns.
    #[serde(default)]
    pub people_count: Option<u32>,
    /// Key persons (重点人员): whether there are any, and what about them wants attention. No names.
    #[serde(default)]
    pub key_persons: Option<String>,
    /// How things develop (事态发展).
    #[serde(default)]
    pub development: Option<String>,
    /// What has been done (调处情况).
    #[serde(default)]
    pub handling: Option<String>,
    /// The village; the report's own where it is a village's or a group's.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// The group of that village.
    #[serde(default)]
    pub group_id: Option<UnitId>,
    /// The category.
    #[serde(default)]
    pub category: Option<Category>,
    /// How grave it is.
    #[serde(default)]
    pub severity: Option<Severity>,
}

impl FindingInput {
    /// Notes what is wrong, with field paths below `at` (`findings.0.`).
    pub fn check(&self, errors: &mut Errors, at: &str, today: NaiveDate) {
        errors.text(&format!("{at}cause"), "起因", &self.cause, MAX_LONG);
        for (field, name, text, most) in [
            ("occurred_text", "时间", &self.occurred_text, MAX_SHORT),
            ("place", "地点", &self.place, MAX_SHORT),
            (
                "unit_concerned",
                "涉及单位",
                &self.unit_concerned,
                MAX_SHORT,
            ),
            ("key_persons", "重点人员", &self.key_persons, MAX_SHORT),
            ("development", "事态发展", &self.development, MAX_LONG),
            ("handling", "调处情况", &self.handling, MAX_LONG),
        ] {
            let text = text.as_deref().unwrap_or_default();
            errors.length(&format!("{at}{field}"), name, text, most);
        }
        if self.occurred_on.is_some_and(|day| day > today) {
            errors.add(
                format!("{at}occurred_on"),
                "in_future",
                "发生时间不能晚于今天。",
            );
        }
        if self
            .people_count
            .is_some_and(|count| !(1..=MAX_PEOPLE_COUNT).contains(&count))
        {
            errors.add(
                format!("{at}people_count"),
                "out_of_range",
                format!("涉及人数应在1至{MAX_PEOPLE_COUNT}之间。"),
            );
        }
    }
}

fn check_content(errors: &mut Errors, summary: &str, findings: &[FindingInput], today: NaiveDate) {
    errors.length("summary", "综述", summary, MAX_LONG);
    if findings.len() > MAX_FINDINGS {
        errors.add(
            "findings",
            "too_many",
            format!("一份报告最多{MAX_FINDINGS}项情况。"),
        );
    }
    for (n, finding) in findings.iter().enumerate() {
        finding.check(errors, &format!("findings.{n}."), today);
    }
}

/// What a report's content is to be; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportPatch {
    /// The summary.
    pub summary: Option<String>,
    /// All findings, in order. One that is left out is removed, unless it has become a case.
    pub findings: Option<Vec<FindingInput>>,
    /// Photos to add, uploaded before.
    pub photos: Option<Vec<PhotoId>>,
}

impl ReportPatch {
    /// What is wrong with the input by itself. `today` is the day in Asia/Shanghai.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        check_content(
            &mut errors,
            self.summary.as_deref().unwrap_or_default(),
            self.findings.as_deref().unwrap_or_default(),
            today,
        );
        crate::photo::check(&mut errors, self.photos.as_deref().unwrap_or_default());
        errors
    }
}

/// A report written and sent in one request, as a phone does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// Its kind.
    pub kind: ReportKind,
    /// The unit; the caller's own when absent.
    #[serde(default)]
    pub unit_id: Option<UnitId>,
    /// The first day of its period.
    pub period_start: NaiveDate,
    /// The summary.
    #[serde(default)]
    pub summary: String,
    /// What was found.
    #[serde(default)]
    pub findings: Vec<FindingInput>,
    /// Whether nothing was found.
    #[serde(default)]
    pub zero: bool,
    /// Photos, uploaded before.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
    /// When it was written, by the phone's clock. Kept, and shown where it differs; the server's time
    /// decides.
    #[serde(default)]
    pub recorded_at: Option<DateTime<Utc>>,
    /// The version that the phone has seen; absent: a report in which nothing was written.
    #[serde(default)]
    pub seen_version: Option<i64>,
}

impl NewReport {
    /// What is wrong with the input by itself; that the period is owed is checked where the rules are
    /// known.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        check_content(&mut errors, &self.summary, &self.findings, today);
        check_sent(&mut errors, self.findings.len(), self.zero);
        crate::photo::check(&mut errors, &self.photos);
        errors
    }
}

/// Notes an error unless there is something in a report, or a zero report is meant.
pub fn check_sent(errors: &mut Errors, findings: usize, zero: bool) {
    if zero && findings > 0 {
        errors.add("zero", "has_findings", "已经写了情况，不能作零报告。");
    } else if !zero && findings == 0 {
        errors.add(
            "findings",
            "required",
            "还没有写情况。没有发现情况的，请用“零报告”。",
        );
    }
}

/// What goes with a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StepInput {
    /// Of a return or an excuse: why.
    #[serde(default)]
    pub text: Option<String>,
    /// Of a return: the day by which it is due again.
    #[serde(default)]
    pub by: Option<NaiveDate>,
    /// Of a submission: when it was written, by the phone's clock.
    #[serde(default)]
    pub recorded_at: Option<DateTime<Utc>>,
}

impl StepInput {
    /// What is wrong with it.
    pub fn check(&self, step: super::ReportStep, today: NaiveDate) -> Errors {
        use super::ReportStep as P;
        let mut errors = Errors::new();
        let text = self.text.as_deref().unwrap_or_default();
        match step {
            P::Return => errors.text("text", "退回的原因", text, MAX_SHORT),
            P::Excuse => errors.text("text", "免报的原因", text, MAX_SHORT),
            _ => {}
        }
        if step == P::Return {
            match self.by.map(|by| by.signed_duration_since(today).num_days()) {
                None => errors.add("by", "required", "请填写哪天前重新上报。"),
                Some(..0) => errors.add("by", "in_past", "重新上报的日期不能早于今天。"),
                Some(days) if days > MAX_AGAIN_DAYS => {
                    let message = format!("最多给{MAX_AGAIN_DAYS}天。");
                    errors.add("by", "too_far", message);
                }
                Some(_) => {}
            }
        }
        errors
    }
}

/// What a case that is made of a finding needs beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FindingCase {
    /// Dispute or sign.
    pub kind: Kind,
    /// The category; the finding's when absent.
    #[serde(default)]
    pub category: Option<Category>,
    /// Second level of the category.
    #[serde(default)]
    pub subcategory: Option<SubcategoryCode>,
    /// The cause in other words; the finding's when absent.
    #[serde(default)]
    pub cause: Option<String>,
    /// The parties and key persons by name.
    #[serde(default)]
    pub people: Vec<NewPerson>,
}

impl FindingCase {
    /// Notes what is wrong beside what registration checks.
    pub fn check(&self, of_finding: Option<Category>) -> Errors {
        let mut errors = Errors::new();
        if self.kind == Kind::Petition {
            errors.add(
                "kind",
                "not_found_by_search",
                "排查发现的情况立为矛盾纠纷或苗头隐患；信访件请到“登记”。",
            );
        }
        if self.category.or(of_finding).is_none() {
            errors.add("category", "required", "请选择类型。");
        }
        errors
    }

    /// The cause to register.
    pub fn cause<'a>(&'a self, of_finding: &'a str) -> &'a str {
        filled(self.cause.as_deref()).unwrap_or(of_finding)
    }
}

/// The case to which a finding belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FindingJoin {
    /// A case that the caller may see.
    pub case_id: CaseId,
}

/// Why nothing is behind a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FindingDismissal {
    /// How it was looked into, and what came of it.
    pub reason: String,
}

impl FindingDismissal {
    /// What is wrong with it.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "核实情况", &self.reason, MAX_SHORT);
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::super::ReportStep;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn codes(errors: Errors) -> Vec<String> {
        let errors = errors.into_vec().into_iter();
        errors.map(|e| format!("{}:{}", e.field, e.code)).collect()
    }

    #[test]
    fn a_finding_needs_a_cause_and_says_nothing_impossible() {
        let patch = ReportPatch {
            summary: Some("字".repeat(MAX_LONG + 1)),
            findings: Some(vec![
                FindingInput {
                    cause: "水渠漏水".to_owned(),
                    ..FindingInput::default()
                },
                FindingInput {
                    occurred_on: Some(day("2026-03-11")),
                    people_count: Some(0),
                    key_persons: Some("字".repeat(MAX_SHORT + 1)),
                    ..FindingInput::default()
                },
            ]),
            photos: None,
        };
        assert_eq!(
            codes(patch.check(day("2026-03-10"))),
            [
                "summary:too_long",
                "findings.1.cause:required",
                "findings.1.key_persons:too_long",
                "findings.1.occurred_on:in_future",
                "findings.1.people_count:out_of_range",
            ]
        );
    }

    #[test]
    fn a_report_is_sent_with_findings_or_as_zero() {
        let sent = |findings, zero| {
            let mut errors = Errors::new();
            check_sent(&mut errors, findings, zero);
            codes(errors)
        };
        assert!(sent(0, true).is_empty() && sent(2, false).is_empty());
        assert_eq!(sent(0, false), ["findings:required"]);
        assert_eq!(sent(1, true), ["zero:has_findings"]);
    }

    #[test]
    fn a_return_has_a_reason_and_a_day() {
        let step = |step, by: Option<&str>, text: &str| {
            let input = StepInput {
                text: Some(text.to_owned()),
                by: by.map(day),
                recorded_at: None,
            };
            codes(input.check(step, day("2026-03-10")))
        };
        use ReportStep::{Acknowledge, Excuse, Return};
        assert_eq!(step(Return, None, " "), ["text:required", "by:required"]);
        assert_eq!(step(Return, Some("2026-03-09"), "太简单"), ["by:in_past"]);
        assert_eq!(step(Return, Some("2026-04-11"), "太简单"), ["by:too_far"]);
        assert!(step(Return, Some("2026-03-10"), "太简单").is_empty());
        assert_eq!(step(Excuse, None, ""), ["text:required"]);
        assert!(step(Acknowledge, None, "").is_empty());
    }

    #[test]
    fn a_finding_becomes_a_dispute_or_a_sign_of_a_category() {
        let mut case = FindingCase {
            kind: Kind::Petition,
            category: None,
            subcategory: None,
            cause: Some("  ".to_owned()),
            people: Vec::new(),
        };
        assert_eq!(
            codes(case.check(None)),
            ["kind:not_found_by_search", "category:required"]
        );
        case.kind = Kind::Sign;
        assert!(codes(case.check(Some(Category::Water))).is_empty());
        assert_eq!(case.cause("水渠漏水"), "水渠漏水");
    }
}
