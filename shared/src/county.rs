//! The county's office (县级信访联席办): the figures of its townships side by side, and the cases that they
//! hand up. Of everything else it sees nothing; [`crate::access`] decides, and handing up itself is a
//! matter of the case ([`crate::case::matter::escalation`]).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::case::Kind;
use crate::case::state::State;
use crate::case::view::Named;
use crate::ids::CaseId;
use crate::indicator::view::{FigureCell, FigureColumn};
use crate::role::Role;
use crate::terms;

terms! {
    /// What the county's office sees of its townships.
    CountyDeed, "县级操作" {
        /// Figures, a township a row.
        Figures = "figures", "查看各乡镇对比";
        /// The cases that were handed up.
        HandedUp = "handed_up", "查看上报件清单";
    }
}

/// Whose the county's deeds are.
pub const WHOSE: &str = "由县级信访联席办查看。";
/// Why the county's office may not do something.
pub const NOT_ITS: &str =
    "县级信访联席办查看各乡镇的统计和上报的事项，对上报的事项作批示或退回；其余由乡镇办理。";

/// Whose a deed is, and whose it is otherwise.
///
/// # Errors
/// A sentence that says whose task it is.
pub const fn may(role: Role, deed: CountyDeed) -> Result<(), &'static str> {
    let (CountyDeed::Figures | CountyDeed::HandedUp) = deed;
    match role {
        Role::CountyOffice => Ok(()),
        _ => Err(WHOSE),
    }
}

/// The figures of the townships below a county, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CountyFigures {
    /// The first day of the period.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// What took effect after this day does not count.
    pub as_of: NaiveDate,
    /// The first day of last year's period.
    pub last_from: NaiveDate,
    /// Its last day.
    pub last_to: NaiveDate,
    /// The year of the three-without standing: that of the period's last day.
    pub year: i32,
    /// The figures: the five rates, the five drops.
    pub columns: Vec<FigureColumn>,
    /// The open townships, in the directory's order.
    pub townships: Vec<TownshipFigures>,
}

/// What a township's own leader reads of it, in counts: no case and nobody is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TownshipFigures {
    /// The township.
    pub township: Named,
    /// A cell for each column; none leads to a list of cases.
    pub cells: Vec<FigureCell>,
    /// Open cases, today.
    pub open: u64,
    /// Of them, overdue.
    pub overdue: u64,
    /// Villages that hold the three-without standing.
    pub holding: u64,
    /// Villages in all.
    pub villages: u64,
    /// Cases that it has handed up and that the county has not sent back, as far as the caller may know
    /// of them.
    pub handed_up: u64,
}

/// A case that was handed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandedUpCase {
    /// The case.
    pub case_id: CaseId,
    /// Its number.
    pub number: String,
    /// The township.
    pub township: Named,
    /// Petition, dispute or sign.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// Its cause, the first characters.
    pub cause: String,
    /// Whether it is a sealed accusation.
    pub sealed: bool,
    /// The matter by which it was handed up.
    pub matter_id: String,
    /// On which day.
    pub handed_up_on: NaiveDate,
    /// Whether the county has not answered yet.
    pub waiting: bool,
    /// Where it stands between the two, in words.
    pub state_label: String,
}

/// The cases that were handed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandedUpCases {
    /// Those that wait for an answer in front, those that came first before the rest.
    pub items: Vec<HandedUpCase>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{
        Action, Actor, CaseFacts, Denied, Facts, can, counts, sealed_from, visible,
    };
    use crate::case::action::CaseAction;
    use crate::case::matter::Deed;
    use crate::case::number::Series;
    use crate::case::paper::PaperKind;
    use crate::ids::UnitId;
    use crate::term::Term;

    fn actor(role: Role, chain: &[&str]) -> Actor {
        let chain: Vec<UnitId> = chain.iter().map(|id| UnitId::from(*id)).collect();
        Actor {
            user_id: "me".into(),
            role,
            unit_id: chain[0].clone(),
            township_id: chain[chain.len().saturating_sub(2)].clone(),
            unit_chain: chain,
            village_id: None,
            former_units: Vec::new(),
            former_villages: Vec::new(),
            stands_in_for: Vec::new(),
        }
    }

    fn office() -> Actor {
        actor(Role::CountyOffice, &["county"])
    }

    fn case(handed_up_to: Option<&str>) -> CaseFacts {
        CaseFacts {
            township_id: "town".into(),
            village_id: Some("village".into()),
            registrar_id: "clerk".into(),
            registrar_unit_id: "centre".into(),
            responsible_unit_id: Some("village".into()),
            offered_unit_id: None,
            unit_ids: vec!["village".into()],
            mediation: true,
            kind: Kind::Petition,
            state: State::Handling,
            backlog: true,
            seal: Series::Open,
            accused_unit_id: None,
            accused_user_id: None,
            handed_up_to: handed_up_to.map(UnitId::from),
        }
    }

    #[test]
    fn it_sees_what_was_handed_up_to_its_own_county_alone() {
        assert!(!visible(&office(), &case(None)));
        assert!(!visible(&office(), &case(Some("another county"))));
        assert!(visible(&office(), &case(Some("county"))));
        // By nothing else: not as a unit that it was given to, not as who entered it.
        let mut given = case(None);
        given.unit_ids.push("county".into());
        given.responsible_unit_id = Some("county".into());
        given.registrar_id = "me".into();
        given.registrar_unit_id = "county".into();
        assert!(!visible(&office(), &given));
        // Nor does its administrator, or the township next door.
        let handed = case(Some("county"));
        for other in [
            actor(Role::Administrator, &["county"]),
            actor(Role::Auditor, &["county"]),
            actor(Role::TownshipLeader, &["next", "county"]),
            actor(Role::CoordinationOffice, &["office", "next", "county"]),
        ] {
            assert!(!visible(&other, &handed), "{other:?}");
        }
    }

    #[test]
    fn sealing_holds_against_it_as_against_everybody() {
        let sealed = |seal, unit: Option<&str>, user: Option<&str>| CaseFacts {
            seal,
            accused_unit_id: unit.map(UnitId::from),
            accused_user_id: user.map(Into::into),
            ..case(Some("county"))
        };
        assert!(visible(
            &office(),
            &sealed(Series::Sealed, Some("village"), None)
        ));
        for hidden in [
            sealed(Series::Sealed, Some("county"), None),
            sealed(Series::Sealed, None, Some("me")),
            sealed(Series::RegistrarOnly, Some("town"), None),
        ] {
            assert!(sealed_from(&office(), &hidden) && !visible(&office(), &hidden));
        }
    }

    #[test]
    fn it_reads_and_answers_and_does_nothing_else() {
        let handed = case(Some("county"));
        let may = |action| can(&office(), action, Facts::Case(&handed)).is_ok();
        let allowed: Vec<Action> = Action::all().into_iter().filter(|a| may(*a)).collect();
        for action in &allowed {
            let fine = matches!(
                action,
                Action::ViewCase
                    | Action::Matter(Deed::EscalationInstruct | Deed::EscalationReturn)
                    // Not about a case.
                    | Action::ViewOrg
                    | Action::ViewColleagues
                    | Action::Token(_)
            );
            assert!(fine, "{action:?}");
        }
        assert!(allowed.contains(&Action::ViewCase));
        for action in [
            Action::RevealPerson,
            Action::ViewFiles,
            Action::ViewPaper(PaperKind::Receipt),
            Action::Case(CaseAction::Note),
            Action::Matter(Deed::EscalationWithdraw),
        ] {
            let refused = can(&office(), action, Facts::Case(&handed));
            assert_eq!(refused, Err(Denied::NotAllowed(NOT_ITS)), "{action:?}");
            let hidden = can(&office(), action, Facts::Case(&case(None)));
            assert_eq!(hidden, Err(Denied::Hidden), "{action:?}");
        }
        let general: Vec<Action> = Action::all()
            .into_iter()
            .filter(|action| can(&office(), *action, Facts::None).is_ok())
            .collect();
        for forbidden in [Action::ListCases, Action::ViewAudit, Action::ViewSettings] {
            assert!(!general.contains(&forbidden), "{forbidden:?}");
        }
        assert_eq!(general.len(), 8, "{general:?}");
    }

    #[test]
    fn the_countys_deeds_are_nobody_elses_and_count_nothing_by_themselves() {
        for role in Role::ALL {
            for deed in CountyDeed::ALL {
                let allowed = *role == Role::CountyOffice;
                let may = can(
                    &actor(*role, &["county"]),
                    Action::County(*deed),
                    Facts::None,
                );
                assert_eq!(may.is_ok(), allowed, "{role}");
                // With the role alone, in a township's unit, neither.
                let there = actor(*role, &["office", "town", "county"]);
                assert!(can(&there, Action::County(*deed), Facts::None).is_err());
            }
        }
        struct All;
        impl crate::access::Sight for All {
            fn same_township(&self) -> bool {
                true
            }
            fn same_village(&self) -> bool {
                true
            }
            fn referred(&self) -> bool {
                true
            }
            fn registered(&self) -> bool {
                true
            }
            fn registered_personally(&self) -> bool {
                true
            }
            fn registered_here(&self) -> bool {
                true
            }
            fn mediation(&self) -> bool {
                true
            }
            fn seal(&self) -> Series {
                Series::Open
            }
            fn accused(&self) -> bool {
                false
            }
            fn of_accused_unit(&self) -> bool {
                false
            }
            fn handed_up(&self) -> bool {
                true
            }
        }
        assert!(!counts(Role::CountyOffice, &All));
    }

    #[test]
    fn a_township_hands_up_by_its_office_and_its_leader() {
        let open = Action::Matter(Deed::EscalationOpen);
        for role in Role::ALL {
            let hands = matches!(role, Role::TownshipLeader | Role::CoordinationOffice);
            let mut there = actor(*role, &["village", "town", "county"]);
            there.village_id = Some("village".into());
            let may = can(&there, open, Facts::Case(&case(None)));
            assert_eq!(may.is_ok(), hands, "{role}");
            for answer in [Deed::EscalationInstruct, Deed::EscalationReturn] {
                let handed = case(Some("county"));
                let may = can(&there, Action::Matter(answer), Facts::Case(&handed));
                assert!(may.is_err(), "{role}");
            }
        }
    }
}
