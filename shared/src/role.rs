//! Roles (design section 1).

use crate::org::UnitKind;
use crate::terms;

terms! {
    /// What a member of staff signs in as.
    Role, "角色" {
        /// All cases of the township; leads cases, approves extensions and closing of backlog.
        TownshipLeader = "township_leader", "镇领导";
        /// All cases of the township; registers, accepts, dispatches, supervises.
        CoordinationOffice = "coordination_office", "镇综治办";
        /// Cases of the own village; registers, handles, mediates.
        VillageSecretary = "village_secretary", "村支部书记";
        /// What they reported themselves.
        GroupInformant = "group_informant", "社信息员";
        /// Cases assigned or referred to it.
        PoliceStation = "police_station", "派出所";
        /// Cases referred to it.
        Court = "court", "法庭";
        /// Cases assigned to it, and every mediation.
        JusticeOffice = "justice_office", "司法所";
        /// Cases it registered.
        ServiceCentre = "service_centre", "便民服务中心";
        /// Figures and the audit log, personal data masked.
        Auditor = "auditor", "监督员";
        /// Organisation, users, settings; no case content.
        Administrator = "administrator", "系统管理员";
        /// Of the county: its townships' figures side by side, and the cases that they hand up; nothing
        /// else of a case.
        CountyOffice = "county_office", "县级信访联席办";
    }
}

impl Role {
    /// Whether somebody with this role belongs in a unit of this kind: a village secretary without
    /// a village would see nothing.
    pub const fn belongs_in(self, kind: UnitKind) -> bool {
        match self {
            Self::TownshipLeader => {
                matches!(kind, UnitKind::Township | UnitKind::PartyGovernmentOffice)
            }
            Self::CoordinationOffice => matches!(kind, UnitKind::CoordinationOffice),
            Self::VillageSecretary => matches!(kind, UnitKind::Village),
            Self::GroupInformant => matches!(kind, UnitKind::Group | UnitKind::Village),
            Self::PoliceStation => matches!(kind, UnitKind::PoliceStation),
            Self::Court => matches!(kind, UnitKind::Court),
            Self::JusticeOffice => matches!(kind, UnitKind::JusticeOffice),
            Self::ServiceCentre => matches!(kind, UnitKind::ServiceCentre),
            Self::Auditor | Self::Administrator => true,
            Self::CountyOffice => matches!(kind, UnitKind::County),
        }
    }

    /// The roles that an installation, or a part of it, has use for: without a county none of a county.
    pub fn used(county: bool) -> impl Iterator<Item = Self> {
        let all = <Self as crate::term::Term>::ALL.iter().copied();
        all.filter(move |role| county || *role != Self::CountyOffice)
    }

    /// Whether somebody with this role works on cases: registers, handles, mediates or leads them.
    pub const fn handles_cases(self) -> bool {
        !matches!(
            self,
            Self::Auditor | Self::Administrator | Self::CountyOffice
        )
    }

    /// Whether an administrator may give somebody this role in a unit of this kind below their own
    /// topmost unit: at the county its own people, and the townships' administrators.
    pub const fn is_given_in(self, kind: UnitKind, by_county: bool) -> bool {
        let own = match kind {
            UnitKind::County => by_county,
            UnitKind::Township => !by_county || matches!(self, Self::Administrator),
            _ => !by_county,
        };
        own && self.belongs_in(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Term;

    #[test]
    fn the_countys_office_belongs_in_the_county_and_is_given_by_it_alone() {
        for kind in UnitKind::ALL {
            let county = *kind == UnitKind::County;
            assert_eq!(Role::CountyOffice.belongs_in(*kind), county, "{kind}");
            assert!(!Role::CountyOffice.is_given_in(*kind, false), "{kind}");
            assert_eq!(
                Role::CountyOffice.is_given_in(*kind, true),
                county,
                "{kind}"
            );
        }
        // Nobody of a township's roles works in the county's unit.
        for role in Role::ALL {
            let there = role.belongs_in(UnitKind::County);
            let fits = matches!(
                role,
                Role::Auditor | Role::Administrator | Role::CountyOffice
            );
            assert_eq!(there, fits, "{role}");
        }
        assert!(Role::used(false).all(|role| role != Role::CountyOffice));
        assert_eq!(Role::used(true).count(), Role::ALL.len());
    }
}
