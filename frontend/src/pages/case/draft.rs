//! A registration that is not finished: kept on this computer, encrypted, against a lost connection or
//! a closed window. Where the browser cannot encrypt (plain HTTP), ID and phone numbers are not kept.
//! Accusations never are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::case::care::Care;
use shared::case::{FollowUp, Purpose};
use shared::term::Term;

use crate::browser;
use crate::offline::forms;

/// What the form is called in the store.
pub(crate) const FORM: &str = "case";

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The idempotency key: made once a draft, so that sending it twice registers once.
    pub(crate) key: String,
    /// The key of the draft in the outbox that it takes the place of.
    #[serde(default)]
    pub(crate) replaces: Option<String>,
    /// When it was kept.
    pub(crate) at: DateTime<Utc>,
    /// The fields by name.
    pub(crate) fields: BTreeMap<String, String>,
    /// The people.
    pub(crate) people: Vec<DraftPerson>,
    /// The earlier case that it repeats: id and number.
    pub(crate) earlier: Option<(String, String)>,
}

/// A person of a draft.
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
    /// ID number, phone, and the phone of whom they trust; empty where nothing is encrypted.
    #[serde(default)]
    pub(crate) numbers: [String; 3],
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

    /// The same without ID and phone numbers.
    fn without_numbers(&self) -> Self {
        let mut draft = self.clone();
        for person in &mut draft.people {
            person.numbers = <[String; 3]>::default();
        }
        draft
    }
}

/// Where older versions kept it, unencrypted.
fn old_place(user: &str) -> String {
    format!("draft.{user}")
}

/// The draft of a user, if there is one.
pub(crate) async fn recall(user: &str) -> Option<Draft> {
    let kept = forms::recall(FORM).await;
    let old = browser::recall::<Draft>(&old_place(user));
    if let (None, Some(draft)) = (&kept, &old) {
        keep(draft).await;
    }
    browser::forget(&old_place(user));
    kept.or(old)
}

/// Keeps a draft, or takes an older one away where it may not be kept. Says whether it is kept.
pub(crate) async fn keep(draft: &Draft) -> bool {
    if draft.may_be_kept() && draft.is_worth_keeping() {
        forms::keep(FORM, draft, Some(&draft.without_numbers())).await
    } else {
        forget().await;
        false
    }
}

/// Throws the draft away.
pub(crate) async fn forget() {
    forms::forget(FORM).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_place_where_nothing_is_encrypted() {
        let numbers = ["620722199003071234", "13000004321", "13000004322"];
        let draft = Draft {
            people: vec![DraftPerson {
                numbers: numbers.map(str::to_owned),
                ..DraftPerson::default()
            }],
            ..Draft::default()
        };
        let json = |draft: &Draft| serde_json::to_string(draft).unwrap();
        assert!(numbers.iter().all(|number| json(&draft).contains(number)));
        let plain = json(&draft.without_numbers());
        assert!(
            !numbers.iter().any(|number| plain.contains(number)),
            "{plain}"
        );
    }

    #[test]
    fn a_draft_without_contact_preferences_is_read() {
        let mut kept = serde_json::to_value(DraftPerson::default()).unwrap();
        kept.as_object_mut().unwrap().remove("care");
        kept.as_object_mut().unwrap().remove("numbers");
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
