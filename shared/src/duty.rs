//! Handing over what somebody still has to do when they leave (工作交接): everything open that names them.
//!
//! Reports are owed by units, not by persons, so there is nothing of theirs to hand over.

use serde::{Deserialize, Serialize};

use crate::account::User;
use crate::ids::UserId;
use crate::role::Role;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What somebody has to do by name.
    DutyKind, "交接内容" {
        /// First responsible person of a unit.
        UnitResponsible = "unit_responsible", "单位第一责任人";
        /// Leader of a village, cadre of a group.
        UnitLead = "unit_lead", "包村领导、包社干部";
        /// The person in charge of a case.
        CaseResponsible = "case_responsible", "承办事项";
        /// The leader of a case, and of its backlog package.
        CaseLead = "case_lead", "包案";
        /// Who keeps in touch with a person of a case.
        Contact = "contact", "联系帮扶";
        /// Who is to keep a promise given on a visit.
        Promise = "promise", "走访承诺";
        /// The leader of a reception day that is still to come.
        ReceptionLeader = "reception_leader", "接待日值班";
        /// Who is beside the leader on a reception day that is still to come.
        ReceptionStaff = "reception_staff", "接待日陪同";
    }
}

impl DutyKind {
    /// Whether somebody of a role can have it at all.
    pub const fn is_for(self, role: Role) -> bool {
        match self {
            Self::UnitResponsible | Self::UnitLead => true,
            Self::CaseLead | Self::ReceptionLeader => matches!(role, Role::TownshipLeader),
            Self::CaseResponsible | Self::Contact | Self::Promise | Self::ReceptionStaff => {
                role.handles_cases()
            }
        }
    }
}

/// What somebody still has to do, of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duty {
    /// Which kind.
    pub kind: DutyKind,
    /// How many.
    pub count: u32,
    /// Which, in words: units and days. Of cases and promises there is the number alone, for the
    /// administrator sees no case content.
    pub items: Vec<String>,
}

/// What somebody still has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duties {
    /// Who.
    pub user: User,
    /// Kinds of which there is any, in their order.
    pub duties: Vec<Duty>,
}

/// Hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// To whom.
    pub successor_id: UserId,
    /// Which kinds; all when absent.
    #[serde(default)]
    pub kinds: Option<Vec<DutyKind>>,
}

impl HandOver {
    /// The kinds that are meant.
    pub fn kinds(&self) -> &[DutyKind] {
        match &self.kinds {
            Some(kinds) => kinds,
            None => DutyKind::ALL,
        }
    }

    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if self.successor_id.as_str().is_empty() {
            errors.add("successor_id", "required", "请选择接手的人。");
        }
        if self.kinds().is_empty() {
            errors.add("kinds", "required", "请至少选择一项要交接的内容。");
        }
        errors
    }
}

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandedOver {
    /// By kind, in their order.
    pub moved: Vec<Duty>,
    /// What is left to be handed over.
    pub left: Vec<Duty>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_alone_lead_and_whoever_sees_no_case_has_none() {
        for role in Role::ALL {
            let leads = *role == Role::TownshipLeader;
            assert_eq!(DutyKind::CaseLead.is_for(*role), leads, "{role}");
            assert_eq!(DutyKind::ReceptionLeader.is_for(*role), leads, "{role}");
            let works = role.handles_cases();
            assert_eq!(DutyKind::CaseResponsible.is_for(*role), works, "{role}");
        }
    }

    #[test]
    fn nothing_chosen_is_nothing_to_hand_over() {
        let input = |kinds| HandOver {
            successor_id: "u".into(),
            kinds,
        };
        assert!(input(None).check().is_empty());
        assert_eq!(input(None).kinds().len(), DutyKind::ALL.len());
        assert_eq!(input(Some(Vec::new())).check().into_vec().len(), 1);
    }
}
