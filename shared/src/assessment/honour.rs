//! Naming and rewards (命名、奖励): what follows from a decided assessment, each a record with its evidence
//! that the office proposes and a leader decides. It is villages that are honoured, never people.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::MAX_WORDS;
use crate::case::view::Named;
use crate::ids::PhotoId;
use crate::photo::{self, PhotoView};
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

/// The longest title, in characters.
pub const MAX_TITLE: usize = 100;
/// The longest number of a document, in characters.
pub const MAX_NUMBER: usize = 60;

terms! {
    /// What a village is given.
    HonourKind, "表彰类别" {
        /// The title of the assessment's kind.
        Naming = "naming", "命名";
        /// A reward.
        Reward = "reward", "奖励";
    }
}

terms! {
    /// Where it stands.
    HonourState, "表彰状态" {
        /// The office proposed it.
        Proposed = "proposed", "待决定";
        /// A leader granted it.
        Granted = "granted", "已批准";
        /// A leader did not.
        Declined = "declined", "不予批准";
        /// A leader took it back.
        Revoked = "revoked", "已撤销";
    }
}

terms! {
    /// What a leader does with it: `POST /honours/{id}/steps/{step}`.
    HonourStep, "表彰决定" {
        /// Grants it.
        Grant = "grant", "批准";
        /// Does not.
        Decline = "decline", "不予批准";
        /// Takes back what was granted.
        Revoke = "revoke", "撤销";
    }
}

/// Where it stands after a step.
///
/// # Errors
/// Why it may not be taken now, in a sentence.
pub fn after(state: HonourState, step: HonourStep) -> Result<HonourState, String> {
    match (state, step) {
        (HonourState::Proposed, HonourStep::Grant) => Ok(HonourState::Granted),
        (HonourState::Proposed, HonourStep::Decline) => Ok(HonourState::Declined),
        (HonourState::Granted, HonourStep::Revoke) => Ok(HonourState::Revoked),
        (state, step) => Err(format!("现在是“{}”，不能{}。", state.label(), step.label())),
    }
}

/// What the office proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewHonour {
    /// Naming or reward.
    pub kind: HonourKind,
    /// What it is: 授予“三无村”称号, 奖励工作经费2万元.
    pub title: String,
    /// What it rests on, in words.
    pub evidence: String,
    /// Photos of the evidence, uploaded before.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
}

impl NewHonour {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("title", "表彰内容", &self.title, MAX_TITLE);
        errors.text("evidence", "依据", &self.evidence, MAX_WORDS);
        photo::check(&mut errors, &self.photos);
        errors
    }
}

/// What a leader decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HonourDecision {
    /// On what ground; required.
    #[serde(default)]
    pub text: String,
    /// `grant`: the number of the document that says so.
    #[serde(default)]
    pub number: Option<String>,
}

impl HonourDecision {
    /// What is wrong with the input.
    pub fn check(&self, step: HonourStep) -> Errors {
        let mut errors = Errors::new();
        errors.text("text", "决定的依据", &self.text, MAX_WORDS);
        let number = self.number.as_deref().unwrap_or("");
        if step == HonourStep::Grant {
            errors.length("number", "文号", number, MAX_NUMBER);
        } else if !number.trim().is_empty() {
            errors.add("number", "not_used", "只有批准的写文号。");
        }
        errors
    }
}

/// Naming or reward, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HonourView {
    /// Its id.
    pub id: String,
    /// Naming or reward.
    pub kind: HonourKind,
    /// What it is.
    pub title: String,
    /// What it rests on.
    pub evidence: String,
    /// Photos of the evidence.
    pub photos: Vec<PhotoView>,
    /// Where it stands.
    pub state: HonourState,
    /// Who proposed it.
    pub author: Option<Named>,
    /// When.
    pub proposed_on: NaiveDate,
    /// Who decided.
    pub decided_by: Option<Named>,
    /// When.
    pub decided_on: Option<NaiveDate>,
    /// On what ground.
    pub ground: Option<String>,
    /// The number of the document.
    pub number: Option<String>,
    /// The steps that the caller may take now.
    pub steps: Vec<HonourStep>,
    /// Rises with each change.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_what() {
        use HonourState as S;
        use HonourStep as A;
        for state in S::ALL {
            for step in A::ALL {
                let expected = match (state, step) {
                    (S::Proposed, A::Grant) => Some(S::Granted),
                    (S::Proposed, A::Decline) => Some(S::Declined),
                    (S::Granted, A::Revoke) => Some(S::Revoked),
                    _ => None,
                };
                assert_eq!(after(*state, *step).ok(), expected, "{state} {step}");
            }
        }
    }

    #[test]
    fn evidence_and_ground_are_written_down() {
        let fields = |errors: Errors| {
            let errors = errors.into_vec().into_iter();
            errors.map(|error| error.field).collect::<Vec<_>>()
        };
        let nothing = NewHonour {
            kind: HonourKind::Reward,
            title: " ".to_owned(),
            evidence: String::new(),
            photos: Vec::new(),
        };
        assert_eq!(fields(nothing.check()), ["title", "evidence"]);
        let decision = HonourDecision {
            text: String::new(),
            number: Some("平政发〔2026〕1号".to_owned()),
        };
        assert_eq!(fields(decision.check(HonourStep::Grant)), ["text"]);
        assert_eq!(
            fields(decision.check(HonourStep::Decline)),
            ["text", "number"]
        );
    }
}
