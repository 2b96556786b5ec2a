//! The backlog (积案): how long each case waits, and which cases are proposed for it. A person
//! decides on a proposal, by [`crate::case::action::CaseAction::MarkBacklog`].

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::case::matter::Tone;
use crate::case::matter::package::InPlace;
use crate::case::view::CaseRow;

/// From how many days past the authority's deadline on a case is proposed as backlog.
pub const PROPOSE_AFTER_DAYS: u32 = 60;

/// A case of the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacklogRow {
    /// The case; its lead is the leader who took it.
    pub case: CaseRow,
    /// How old it is: days since it was received.
    pub days: i64,
    /// Its package; none before there is one.
    pub package: Option<PackageState>,
    /// What is still missing of the four things to be in place (四个落实).
    pub missing: Vec<InPlace>,
    /// How many of the four are in place.
    pub in_place: u32,
}

/// How a backlog case's package stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackageState {
    /// The matter's id.
    pub id: String,
    /// Where it stands.
    pub state: String,
    /// The same in Chinese.
    pub state_label: String,
    /// Its colour.
    pub tone: Tone,
    /// Whether something is still to be done.
    pub open: bool,
    /// The day on which something was last noted.
    pub last_progress_on: NaiveDate,
    /// The last day of what is due next.
    pub due_on: Option<NaiveDate>,
    /// What is due next.
    pub due_what: Option<String>,
}

/// A case that is proposed as backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacklogProposal {
    /// The case.
    pub case: CaseRow,
    /// By how many days it is overdue, where it is overdue by enough.
    pub overdue_days: Option<i64>,
    /// Whether it repeats a case that was answered.
    pub repeated: bool,
    /// Why it is proposed, in words; the mark's text may begin with it.
    pub reason: String,
}

/// Why a case is proposed, in words; none when it is not.
pub fn reason(overdue_days: Option<i64>, repeated: bool) -> Option<String> {
    let overdue = overdue_days
        .filter(|days| *days >= i64::from(PROPOSE_AFTER_DAYS))
        .map(|days| format!("超过办理期限{days}日仍未办结"));
    let repeated = repeated.then(|| "前一件已经答复，信访人就同一事项再次反映".to_owned());
    let reasons: Vec<String> = overdue.into_iter().chain(repeated).collect();
    (!reasons.is_empty()).then(|| format!("{}。", reasons.join("；")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_days_or_a_repetition_are_a_reason() {
        assert_eq!(reason(None, false), None);
        assert_eq!(reason(Some(59), false), None);
        assert!(reason(Some(60), false).unwrap().contains("60日"));
        let both = reason(Some(75), true).unwrap();
        assert!(both.contains("75日") && both.contains("再次反映"), "{both}");
    }
}
