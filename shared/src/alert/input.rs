//! What people enter about urgent information.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AlertKind, AlertStep, accusing};
use crate::case::{Category, Kind};
use crate::ids::{CaseId, PhotoId, UnitId, UserId};
use crate::validate::Errors;

/// The longest line that says what happened, in characters.
pub const MAX_WHAT: usize = 200;
/// The longest words for a place.
pub const MAX_PLACE: usize = 100;
/// The longest instruction, note or result.
pub const MAX_TEXT: usize = 1000;
/// The most people.
pub const MAX_PEOPLE: u32 = 100_000;

/// Urgent information, as it is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAlert {
    /// What kind; `other` when absent.
    #[serde(default)]
    pub kind: Option<AlertKind>,
    /// What happened, in a line. No accusation: that is to be registered, where it is sealed.
    pub what: String,
    /// The village; the caller's own when absent, if they have one.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// Where, in words.
    #[serde(default)]
    pub place: Option<String>,
    /// How many people, roughly; absent where nobody can say.
    #[serde(default)]
    pub people_count: Option<u32>,
    /// Photos that the caller has uploaded.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
    /// When it was discovered; when it was taken down, where that is absent, too: now.
    #[serde(default)]
    pub discovered_at: Option<DateTime<Utc>>,
    /// When it was taken down, by the phone's clock. Kept as what the phone says.
    #[serde(default)]
    pub recorded_at: Option<DateTime<Utc>>,
    /// Whether it is a drill: marked everywhere, and counted nowhere.
    #[serde(default)]
    pub drill: bool,
}

/// Notes an error where a text reads like an accusation.
fn no_accusation(errors: &mut Errors, field: &str, text: &str) {
    if let Some(word) = accusing(text) {
        let message = format!(
            "内容像是检举控告（“{word}”）。重要信息很多人会看到，检举控告请到“登记”中办理，那里会对\
             被反映的人保密；这里只写发生了什么事。"
        );
        errors.add(field, "accusation", message);
    }
}

impl NewAlert {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("what", "发生了什么", &self.what, MAX_WHAT);
        no_accusation(&mut errors, "what", &self.what);
        let place = self.place.as_deref().unwrap_or("");
        errors.length("place", "地点", place, MAX_PLACE);
        no_accusation(&mut errors, "place", place);
        if self.people_count.is_some_and(|count| count > MAX_PEOPLE) {
            let message = format!("人数应在0至{MAX_PEOPLE}之间。");
            errors.add("people_count", "out_of_range", message);
        }
        crate::photo::check(&mut errors, &self.photos);
        errors
    }
}

/// What a step brings; which fields it takes is the step's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertStepInput {
    /// Of a dispatch: the instruction. Of feedback: the words. Of closing: the result.
    #[serde(default)]
    pub text: Option<String>,
    /// Of a dispatch: the unit that is sent.
    #[serde(default)]
    pub unit_id: Option<UnitId>,
    /// Of a dispatch: who is sent.
    #[serde(default)]
    pub user_id: Option<UserId>,
}

impl AlertStepInput {
    /// What is wrong with the input of a step by itself.
    pub fn check(&self, step: AlertStep) -> Errors {
        let mut errors = Errors::new();
        let text = self.text.as_deref().unwrap_or("");
        match step {
            AlertStep::Acknowledge => errors.length("text", "说明", text, MAX_TEXT),
            AlertStep::Dispatch => {
                errors.text("text", "处置要求", text, MAX_TEXT);
                if self.unit_id.is_none() && self.user_id.is_none() {
                    errors.add("unit_id", "required", "请选择派哪个单位或哪个人去处置。");
                }
            }
            AlertStep::Note => errors.text("text", "反馈", text, MAX_TEXT),
            AlertStep::Close => errors.text("text", "处置结果", text, MAX_TEXT),
        }
        if step != AlertStep::Dispatch && (self.unit_id.is_some() || self.user_id.is_some()) {
            errors.add("unit_id", "unknown", "只有派处置时填写单位和人员。");
        }
        no_accusation(&mut errors, "text", text);
        errors
    }
}

/// Makes a case of urgent information, or links it to one: either `case_id`, or a category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertCase {
    /// The case to link it to.
    #[serde(default)]
    pub case_id: Option<CaseId>,
    /// Of a new case: what it is about. Its cause, place, village, people and photos are taken from
    /// the urgent information.
    #[serde(default)]
    pub category: Option<Category>,
    /// Of a new case: a sign, when absent, or a dispute. A petition has a petitioner, and is to be
    /// registered and linked.
    #[serde(default)]
    pub kind: Option<Kind>,
}

impl AlertCase {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        match (&self.case_id, self.category) {
            (None, None) => {
                errors.add("category", "required", "请选择类型，或者填写要关联的事项。");
            }
            (Some(_), Some(_)) => {
                errors.add("case_id", "unknown", "新登记和关联已有事项只能选一种。");
            }
            _ => {}
        }
        if self.kind == Some(Kind::Petition) {
            errors.add(
                "kind",
                "not_allowed",
                "信访件要有信访人，请先登记，再把重要信息关联到它。",
            );
        }
        errors
    }
}

/// What was found later and had not been reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewMissed {
    /// What kind; `other` when absent.
    #[serde(default)]
    pub kind: Option<AlertKind>,
    /// What happened, in a line.
    pub what: String,
    /// Where, in words.
    #[serde(default)]
    pub place: Option<String>,
    /// When it happened or was found.
    pub discovered_at: DateTime<Utc>,
    /// The unit that should have reported it.
    pub unit_id: UnitId,
    /// The case that it became known by.
    #[serde(default)]
    pub case_id: Option<CaseId>,
}

impl NewMissed {
    /// What is wrong with the input by itself, at this moment.
    pub fn check(&self, now: DateTime<Utc>) -> Errors {
        let mut errors = Errors::new();
        errors.text("what", "发生了什么", &self.what, MAX_WHAT);
        no_accusation(&mut errors, "what", &self.what);
        let place = self.place.as_deref().unwrap_or("");
        errors.length("place", "地点", place, MAX_PLACE);
        if self.discovered_at > now {
            errors.add("discovered_at", "in_future", "发现时间不能晚于现在。");
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(errors: Errors) -> Vec<(String, String)> {
        let errors = errors.into_vec().into_iter();
        errors.map(|error| (error.field, error.code)).collect()
    }

    fn alert(what: &str) -> NewAlert {
        serde_json::from_value(serde_json::json!({ "what": what })).unwrap()
    }

    #[test]
    fn one_line_is_enough_and_an_accusation_is_led_elsewhere() {
        assert!(alert("渠道决口").check().is_empty());
        assert_eq!(
            fields(alert(" ").check()),
            [("what".into(), "required".into())]
        );
        let accusation = alert("有人检举村干部贪污").check();
        assert_eq!(fields(accusation), [("what".into(), "accusation".into())]);
        let long = alert(&"长".repeat(MAX_WHAT + 1));
        assert_eq!(fields(long.check()), [("what".into(), "too_long".into())]);
        let many = NewAlert {
            people_count: Some(MAX_PEOPLE + 1),
            ..alert("聚集")
        };
        assert_eq!(
            fields(many.check()),
            [("people_count".into(), "out_of_range".into())]
        );
    }

    #[test]
    fn each_step_says_what_it_needs() {
        let empty = AlertStepInput::default();
        assert!(empty.check(AlertStep::Acknowledge).is_empty());
        let codes = |step| {
            fields(empty.check(step))
                .into_iter()
                .map(|(field, _)| field)
        };
        assert_eq!(
            codes(AlertStep::Dispatch).collect::<Vec<_>>(),
            ["text", "unit_id"]
        );
        assert_eq!(codes(AlertStep::Note).collect::<Vec<_>>(), ["text"]);
        assert_eq!(codes(AlertStep::Close).collect::<Vec<_>>(), ["text"]);
        let sent = AlertStepInput {
            unit_id: Some("u".into()),
            text: Some("到场".into()),
            ..empty.clone()
        };
        assert!(sent.check(AlertStep::Dispatch).is_empty());
        assert_eq!(
            fields(sent.check(AlertStep::Note)),
            [("unit_id".into(), "unknown".into())]
        );
    }

    #[test]
    fn a_case_is_new_or_there_not_both() {
        let new = AlertCase {
            category: Some(Category::Water),
            ..AlertCase::default()
        };
        assert!(new.check().is_empty());
        let both = AlertCase {
            case_id: Some("c".into()),
            ..new.clone()
        };
        assert_eq!(both.check().into_vec().len(), 1);
        assert_eq!(AlertCase::default().check().into_vec().len(), 1);
        let petition = AlertCase {
            kind: Some(Kind::Petition),
            ..new
        };
        assert_eq!(
            fields(petition.check()),
            [("kind".into(), "not_allowed".into())]
        );
    }
}
