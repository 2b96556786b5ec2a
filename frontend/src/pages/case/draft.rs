//! A registration that is not finished: kept on this computer against a lost connection or a closed
//! window. ID and phone numbers are never kept, accusations not at all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::case::care::Care;
use shared::case::{FollowUp, Purpose};
use shared::term::Term;

use crate::browser;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The idempotency key: made once a draft, so that sending it twice registers once.
    pub(crate) key: String,
    /// When it was kept.
    pub(crate) at: DateTime<Utc>,
    /// The fields by name.
    pub(crate) fields: BTreeMap<String, String>,
    /// The people, without numbers.
    pub(crate) people: Vec<DraftPerson>,
    /// The earlier case that it repeats: id and number.
    pub(crate) earlier: Option<(String, String)>,
}

/// A person of a draft, without numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DraftPerson {
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) reason: String,
    pub(crate) review_on: String,
    pub(crate) follow_up: Vec<FollowUp>,
    /// How they are to be reached; drafts of older versions have none.
    #[serde(default)]
    pub(crate) care: Care,
}

impl Draft {
    /// Whether it may be kept: an accusation is for nobody else who uses this computer.
    pub(crate) fn may_be_kept(&self) -> bool {
        self.fields.get("purpose").map(String::as_str) != Some(Purpose::Accusation.code())
    }

    /// Whether there is anything worth keeping.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        let typed = [
            "cause",
            "demand",
            "place",
            "unit_concerned",
            "development",
            "handling",
        ];
        typed.iter().any(|name| {
            self.fields
                .get(*name)
                .is_some_and(|text| !text.trim().is_empty())
        }) || self
            .people
            .iter()
            .any(|person| !person.name.trim().is_empty())
    }
}

fn place(user: &str) -> String {
    format!("draft.{user}")
}

/// The draft of a user, if there is one.
pub(crate) fn recall(user: &str) -> Option<Draft> {
    browser::recall(&place(user))
}

/// Keeps a draft, or takes an older one away where it may not be kept. Says whether it is kept.
pub(crate) fn keep(user: &str, draft: &Draft) -> bool {
    if draft.may_be_kept() && draft.is_worth_keeping() {
        browser::keep(&place(user), draft)
    } else {
        forget(user);
        false
    }
}

/// Throws the draft away.
pub(crate) fn forget(user: &str) {
    browser::forget(&place(user));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_place_in_a_draft() {
        let draft = Draft {
            people: vec![DraftPerson::default()],
            ..Draft::default()
        };
        let json = serde_json::to_string(&draft).unwrap();
        assert!(
            !json.contains("id_number") && !json.contains("phone"),
            "{json}"
        );
    }

    #[test]
    fn a_draft_without_contact_preferences_is_read() {
        let mut kept = serde_json::to_value(DraftPerson::default()).unwrap();
        kept.as_object_mut().unwrap().remove("care");
        let person: DraftPerson = serde_json::from_value(kept).unwrap();
        assert_eq!(person, DraftPerson::default());
    }

    #[test]
    fn accusations_and_empty_forms_are_not_kept() {
        let mut draft = Draft::default();
        assert!(!draft.is_worth_keeping());
        draft.fields.insert("cause".into(), "占道".into());
        assert!(draft.is_worth_keeping() && draft.may_be_kept());
        draft.fields.insert("purpose".into(), "accusation".into());
        assert!(!draft.may_be_kept());
    }
}
