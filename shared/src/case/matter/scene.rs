//! What the rules of matters may look at: the case, the day, the limits, who is who. No I/O: the
//! server and the tests fill it.

use chrono::NaiveDate;

use super::MatterKind;
use crate::access::{Actor, CaseFacts};
use crate::calendar::Calendar;
use crate::case::PersonRole;
use crate::case::care::Care;
use crate::case::deadline::{Clock, ClockKind, LawProfile};
use crate::case::paper::PaperFact;
use crate::case::state::{Situation, State};
use crate::case::view::Named;
use crate::ids::{PersonId, UnitId, UserId};
use crate::org::UnitKind;
use crate::role::Role;
use crate::settings::Reminders;
use crate::validate::Errors;

/// A unit, as far as rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFact {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Whether it is the accused unit of the case or below it (条例第三十条).
    pub accused: bool,
}

/// A member of staff, as far as rules look at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFact {
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their unit.
    pub unit_id: UnitId,
    /// Whether they are the accused, or of the accused unit.
    pub accused: bool,
}

/// A person of the case, as far as rules look at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFact {
    /// Their id within the case.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// What they are in the case.
    pub role: PersonRole,
    /// Their address.
    pub address: Option<String>,
    /// How they are to be reached.
    pub care: Care,
}

/// Who is who: open units and active users of the township.
pub trait People {
    /// A unit that can be named.
    fn unit(&self, id: &UnitId) -> Option<UnitFact>;
    /// A user that can be named.
    fn user(&self, id: &UserId) -> Option<UserFact>;
}

/// What a deed is looked at with.
pub struct Scene<'a> {
    /// The server's day.
    pub today: NaiveDate,
    /// Who acts.
    pub actor: &'a Actor,
    /// The case, as decisions look at it.
    pub case: &'a CaseFacts,
    /// The case, as the transition table looks at it.
    pub situation: Situation,
    /// The day on which the case was received.
    pub received_on: NaiveDate,
    /// The day of the last step that moved the case.
    pub last_step_on: NaiveDate,
    /// The case's clocks today.
    pub clocks: &'a [Clock],
    /// The persons of the case.
    pub persons: &'a [PersonFact],
    /// The documents made of the case.
    pub papers: &'a [PaperFact],
    /// The limits that the case was received under.
    pub profile: &'a LawProfile,
    /// Working days.
    pub calendar: &'a Calendar,
    /// When orders show yellow and red, as the settings have it.
    pub reminders: Reminders,
    /// The kinds of the case's matters that are open, one for each.
    pub open_kinds: &'a [MatterKind],
    /// Units and users.
    pub people: &'a dyn People,
}

/// The longest text of an input, in characters.
pub const MAX_TEXT: usize = 4000;
/// The longest line of an input, in characters.
pub const MAX_LINE: usize = 200;

impl Scene<'_> {
    /// Why nothing is started about the case any more, if it has ended.
    pub fn case_is_over(&self) -> Option<String> {
        match self.case.state {
            State::Closed => Some("事项已办结，要继续请先重新启动。".to_owned()),
            State::Declined => Some("事项不予受理，不再办理。".to_owned()),
            _ => None,
        }
    }

    /// How persons of the case are to be reached, where there is something to mind.
    pub fn care(&self, whose: impl Fn(&PersonFact) -> bool) -> Option<String> {
        let persons = self.persons.iter().filter(|person| whose(person));
        let lines: Vec<String> = persons
            .filter_map(|person| Some(format!("{}：{}。", person.name, person.care.line()?)))
            .collect();
        (!lines.is_empty()).then(|| lines.concat())
    }

    /// The day on which the running final review was asked for.
    pub fn final_review_asked_on(&self) -> Option<NaiveDate> {
        self.clocks
            .iter()
            .find(|clock| clock.kind == ClockKind::FinalReviewAnswer && clock.is_running())
            .map(|clock| clock.from)
    }

    /// The day that an input gives, today when it gives none; notes an error unless it lies between
    /// `not_before` and today.
    pub fn day(
        &self,
        errors: &mut Errors,
        on: Option<NaiveDate>,
        not_before: NaiveDate,
    ) -> NaiveDate {
        let day = on.unwrap_or(self.today);
        if day > self.today {
            errors.add("on", "in_future", "日期不能晚于今天。");
        } else if day < not_before {
            errors.add(
                "on",
                "too_early",
                format!("日期不能早于上一步的日期（{not_before}）。"),
            );
        }
        day
    }

    /// The day that a field names for what is still to come; notes an error unless it is given and
    /// not before today.
    pub fn coming_day(
        &self,
        errors: &mut Errors,
        field: &str,
        name: &str,
        day: Option<NaiveDate>,
    ) -> Option<NaiveDate> {
        match day {
            None => errors.add(field, "required", format!("请填写{name}。")),
            Some(day) if day < self.today => {
                errors.add(field, "in_past", format!("{name}不能早于今天。"));
            }
            Some(day) => return Some(day),
        }
        None
    }

    /// The unit that a field names; notes an error unless it is there, is of a kind that
    /// `fits` (`expected` says of which, in Chinese), and is not the accused one.
    pub fn unit(
        &self,
        errors: &mut Errors,
        field: &str,
        id: Option<&UnitId>,
        fits: impl Fn(UnitKind) -> bool,
        expected: &str,
    ) -> Option<Named> {
        let Some(id) = id else {
            errors.add(field, "required", format!("请选择{expected}。"));
            return None;
        };
        match self.people.unit(id) {
            None => errors.add(field, "unknown", "没有这个单位，请从列表中选择。"),
            Some(unit) if unit.accused => errors.add(
                field,
                "accused",
                "不得将检举控告材料转给被检举控告的单位（《信访工作条例》第三十条）。",
            ),
            Some(unit) if !fits(unit.kind) => {
                errors.add(field, "wrong_kind", format!("这里应选择{expected}。"));
            }
            Some(unit) => return Some(super::named(id, &unit)),
        }
        None
    }

    /// The member of staff that a field names; notes an error unless they are there, have a role
    /// that `fits` (`expected` says which, in Chinese), and are not the accused.
    pub fn user(
        &self,
        errors: &mut Errors,
        field: &str,
        id: Option<&UserId>,
        fits: impl Fn(Role) -> bool,
        expected: &str,
    ) -> Option<Named> {
        let Some(id) = id else {
            errors.add(field, "required", format!("请选择{expected}。"));
            return None;
        };
        match self.people.user(id) {
            None => errors.add(field, "unknown", "没有这名工作人员，请从列表中选择。"),
            Some(user) if user.accused => errors.add(
                field,
                "accused",
                "不得将检举控告材料转给被检举控告的人员和单位（《信访工作条例》第三十条）。",
            ),
            Some(user) if !fits(user.role) => {
                errors.add(field, "wrong_role", format!("这里应选择{expected}。"));
            }
            Some(user) => {
                return Some(Named {
                    id: id.as_str().to_owned(),
                    name: user.name,
                });
            }
        }
        None
    }

    /// The person of the case that a field names; notes an error unless there is one.
    pub fn person(
        &self,
        errors: &mut Errors,
        field: &str,
        id: Option<&PersonId>,
    ) -> Option<PersonFact> {
        let found = id.and_then(|id| self.persons.iter().find(|person| person.id == *id));
        if found.is_none() {
            errors.add(field, "unknown", "请从本事项的人员中选择。");
        }
        found.cloned()
    }
}

#[cfg(test)]
pub mod tests {
    //! A scene for the tests of each kind: a dispute of 五里墩村 in handling, received on
    //! 2026-03-02, with a petitioner and another party; today as the test says.
    use super::*;
    use crate::case::Kind;
    use crate::case::number::Series;

    /// Some units and users, named by short ids.
    #[derive(Debug, Default)]
    pub struct Town;

    impl People for Town {
        fn unit(&self, id: &UnitId) -> Option<UnitFact> {
            let (name, kind) = match id.as_str() {
                "village" => ("五里墩村", UnitKind::Village),
                "village2" => ("芦湾村", UnitKind::Village),
                "township" => ("平川镇", UnitKind::Township),
                "justice" => ("司法所", UnitKind::JusticeOffice),
                "police" => ("派出所", UnitKind::PoliceStation),
                "court" => ("法庭", UnitKind::Court),
                "office" => ("综治办", UnitKind::CoordinationOffice),
                "centre" => ("便民服务中心", UnitKind::ServiceCentre),
                _ => return None,
            };
            Some(UnitFact {
                name: name.to_owned(),
                kind,
                accused: false,
            })
        }

        fn user(&self, id: &UserId) -> Option<UserFact> {
            let (name, role, unit) = match id.as_str() {
                "leader" => ("镇领导甲", Role::TownshipLeader, "township"),
                "clerk" => ("综治办甲", Role::CoordinationOffice, "office"),
                "secretary" => ("五里墩村书记", Role::VillageSecretary, "village"),
                "justice" => ("司法所甲", Role::JusticeOffice, "justice"),
                "officer" => ("民警甲", Role::PoliceStation, "police"),
                "judge" => ("法官甲", Role::Court, "court"),
                _ => return None,
            };
            Some(UserFact {
                name: name.to_owned(),
                role,
                unit_id: unit.into(),
                accused: false,
            })
        }
    }

    /// What a [`Scene`] borrows.
    #[derive(Debug)]
    pub struct Stage {
        /// The day.
        pub today: NaiveDate,
        /// Who acts.
        pub actor: Actor,
        /// The case.
        pub case: CaseFacts,
        /// Its clocks.
        pub clocks: Vec<Clock>,
        /// Its persons: `p` the petitioner 张三, `q` the other party 李四.
        pub persons: Vec<PersonFact>,
        /// Its documents: none.
        pub papers: Vec<PaperFact>,
        /// Its open matters.
        pub open_kinds: Vec<MatterKind>,
        profile: LawProfile,
        calendar: Calendar,
        town: Town,
    }

    /// A day of 2026.
    pub fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    impl Stage {
        /// The usual scene on a day.
        pub fn on(today: NaiveDate) -> Self {
            let person = |id: &str, name: &str, role| PersonFact {
                id: id.into(),
                name: name.to_owned(),
                role,
                address: None,
                care: Care::default(),
            };
            Self {
                today,
                actor: Actor {
                    user_id: "clerk".into(),
                    role: Role::CoordinationOffice,
                    unit_id: "office".into(),
                    unit_chain: vec!["office".into(), "township".into()],
                    township_id: "township".into(),
                    village_id: None,
                    former_units: Vec::new(),
                    former_villages: Vec::new(),
                    stands_in_for: Vec::new(),
                },
                case: CaseFacts {
                    township_id: "township".into(),
                    village_id: Some("village".into()),
                    registrar_id: "clerk".into(),
                    registrar_unit_id: "office".into(),
                    responsible_unit_id: Some("village".into()),
                    offered_unit_id: None,
                    unit_ids: vec!["village".into()],
                    mediation: false,
                    kind: Kind::Dispute,
                    state: State::Handling,
                    backlog: false,
                    seal: Series::Open,
                    accused_unit_id: None,
                    accused_user_id: None,
                    handed_up_to: None,
                },
                clocks: Vec::new(),
                persons: vec![
                    person("p", "张三", PersonRole::Petitioner),
                    person("q", "李四", PersonRole::OtherParty),
                ],
                papers: Vec::new(),
                open_kinds: Vec::new(),
                profile: LawProfile::default_profile(),
                calendar: Calendar::new(),
                town: Town,
            }
        }

        /// Lends it out.
        pub fn scene(&self) -> Scene<'_> {
            let situation = Situation {
                accepted_before: true,
                backlog: self.case.backlog,
                ..Situation::new(self.case.kind)
            };
            Scene {
                today: self.today,
                actor: &self.actor,
                case: &self.case,
                situation,
                received_on: day(3, 2),
                last_step_on: day(3, 2),
                clocks: &self.clocks,
                persons: &self.persons,
                papers: &self.papers,
                profile: &self.profile,
                calendar: &self.calendar,
                reminders: Reminders::default(),
                open_kinds: &self.open_kinds,
                people: &self.town,
            }
        }
    }

    #[test]
    fn a_unit_is_known_and_of_the_right_kind() {
        let stage = Stage::on(day(3, 10));
        let scene = stage.scene();
        let mut errors = Errors::new();
        let court = |kind| kind == UnitKind::Court;
        let named = scene.unit(&mut errors, "unit_id", Some(&"court".into()), court, "法庭");
        assert_eq!(named.map(|unit| unit.name).as_deref(), Some("法庭"));
        assert!(errors.is_empty());
        for (id, code) in [
            (None, "required"),
            (Some("x"), "unknown"),
            (Some("police"), "wrong_kind"),
        ] {
            let mut errors = Errors::new();
            let id = id.map(UnitId::from);
            assert_eq!(
                scene.unit(&mut errors, "unit_id", id.as_ref(), court, "法庭"),
                None
            );
            assert_eq!(errors.into_vec()[0].code, code);
        }
    }
}
