//! Satisfaction (满意度): what a petitioner says of an answer, asked by a clerk who had no part in it
//! or said by the petitioner on the public page.
//!
//! One rating stands of each answer. The petitioner's own takes the place of a clerk's and is never
//! replaced. Whoever handled the case, and anybody of a unit that answered it, records none.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{Actor, CaseFacts, Denied};
use crate::case::Outcome;
use crate::case::number::Series;
use crate::case::state::EventKind;
use crate::case::view::Named;
use crate::ids::{EventId, UnitId, UserId};
use crate::role::Role;
use crate::terms;
use crate::validate::Errors;

/// The longest words of a rating, in characters.
pub const MAX_WORDS: usize = 500;

terms! {
    /// What a petitioner says of an answer.
    Rating, "满意度" {
        /// Satisfied.
        Satisfied = "satisfied", "满意";
        /// Mostly satisfied.
        MostlySatisfied = "mostly_satisfied", "基本满意";
        /// Not satisfied.
        Dissatisfied = "dissatisfied", "不满意";
        /// Was asked and does not wish to say.
        Declined = "declined", "不评价";
    }
}

impl Rating {
    /// Whether it counts as satisfied in 群众满意率.
    pub const fn is_satisfied(self) -> bool {
        matches!(self, Self::Satisfied | Self::MostlySatisfied)
    }

    /// Whether it counts as having taken part in 参评率.
    pub const fn takes_part(self) -> bool {
        !matches!(self, Self::Declined)
    }
}

terms! {
    /// How a rating was given.
    RatingWay, "评价方式" {
        /// A clerk called.
        Call = "call", "电话回访";
        /// A clerk asked in person.
        InPerson = "in_person", "当面回访";
        /// By the petitioner on the public page.
        Public = "public", "群众自评";
    }
}

/// A rating that a clerk records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRating {
    /// The day on which the petitioner was asked; today when absent.
    #[serde(default)]
    pub on: Option<NaiveDate>,
    /// What they said.
    pub rating: Rating,
    /// By telephone or in person.
    pub way: RatingWay,
    /// In which words; required of 不满意.
    #[serde(default)]
    pub words: Option<String>,
}

impl NewRating {
    /// What is wrong with the input. `answered` is the day of the answer, `today` the server's, `call`
    /// whether whoever brought the case may be called ([`Care::do_not_call`](crate::case::care::Care)).
    pub fn check(&self, answered: NaiveDate, today: NaiveDate, call: bool) -> Errors {
        let mut errors = Errors::new();
        let on = self.on.unwrap_or(today);
        if on > today {
            errors.add("on", "in_future", "回访日期不能晚于今天。");
        } else if on < answered {
            let message = format!("回访日期不能早于答复的日期（{answered}）。");
            errors.add("on", "before_answer", message);
        }
        if self.way == RatingWay::Public {
            let message = "群众自评由信访人在查询页上填写；工作人员选电话回访或当面回访。";
            errors.add("way", "not_by_staff", message);
        } else if self.way == RatingWay::Call && !call {
            let message =
                "信访人要求不打电话、不发短信：请当面回访，或者请信访人在查询页上自己评价。";
            errors.add("way", "not_to_be_called", message);
        }
        let words = self.words.as_deref().unwrap_or("");
        if self.rating == Rating::Dissatisfied {
            errors.text("words", "不满意的原因", words, MAX_WORDS);
        } else {
            errors.length("words", "信访人的原话", words, MAX_WORDS);
        }
        errors
    }
}

/// What the timeline says of a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatingMark {
    /// Which.
    pub rating: Rating,
    /// How it was given.
    pub way: RatingWay,
}

/// An event, as far as it matters which answer is to be rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// What happened.
    pub kind: EventKind,
    /// Of a closing: how the case ended.
    pub outcome: Option<Outcome>,
}

/// Which of a case's events, in order, is the answer that is to be rated now: the last written answer,
/// or the closing of a case that was settled without one. An answer that was revoked, or whose case
/// was opened again, is none any more.
pub fn answer_of(events: &[Happened]) -> Option<usize> {
    let mut answer = None;
    for (at, event) in events.iter().enumerate() {
        match event.kind {
            EventKind::Answered => answer = Some(at),
            EventKind::Closed if event.outcome == Some(Outcome::Settled) => {
                answer = answer.or(Some(at));
            }
            EventKind::ReviewRevoked | EventKind::Reopened => answer = None,
            _ => {}
        }
    }
    answer
}

/// Who had a part in an answer: they are not the ones to ask whether it was a good one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answerers {
    /// The unit that answers for the case, and that of whoever entered the answer.
    pub units: Vec<UnitId>,
    /// Who handles the case, leads it, or entered the answer.
    pub users: Vec<UserId>,
}

/// Whether somebody had a part in the answer.
pub fn had_part(actor: &Actor, answerers: &Answerers) -> bool {
    answerers.users.iter().any(|user| actor.is_self(user))
        || answerers
            .units
            .iter()
            .any(|unit| *unit != actor.township_id && actor.is_of(unit))
        || answerers.units.iter().any(|unit| actor.is_own_unit(unit))
}

/// Whether somebody who may see the case may record what its petitioner says of the answer: office,
/// leaders, and whoever registered it, but never who handled it.
///
/// # Errors
/// [`Denied::NotAllowed`] with the reason.
pub(crate) fn may_rate(
    actor: &Actor,
    case: &CaseFacts,
    answerers: &Answerers,
) -> Result<(), Denied> {
    if case.seal == Series::RegistrarOnly {
        return Err(Denied::NotAllowed(
            "反映镇领导或综治办的检举控告只能移送有权机关（《信访工作条例》第三十条）。",
        ));
    }
    let registrar = actor.is_self(&case.registrar_id)
        || (actor.role == Role::ServiceCentre && actor.is_own_unit(&case.registrar_unit_id));
    let allowed = match actor.role {
        Role::TownshipLeader | Role::CoordinationOffice => true,
        Role::GroupInformant | Role::Auditor | Role::Administrator | Role::CountyOffice => false,
        _ => registrar,
    };
    if !allowed {
        return Err(Denied::NotAllowed(
            "满意度由镇综治办、镇领导或登记窗口回访登记。",
        ));
    }
    if had_part(actor, answerers) {
        return Err(Denied::NotAllowed(
            "您承办、包案或属于答复的单位，不能登记这件事项的满意度，请由没有参与办理的工作人员回访。",
        ));
    }
    Ok(())
}

/// What was said of an answer, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatingView {
    /// Its id.
    pub id: String,
    /// Which answer it is about.
    pub event_id: EventId,
    /// What was said.
    pub rating: Rating,
    /// How it was given.
    pub way: RatingWay,
    /// In which words. Only for office and leaders who had no part in the answer: nobody is to be
    /// afraid of what they say of whom they depend on.
    pub words: Option<String>,
    /// The day on which it was said.
    pub on: NaiveDate,
    /// When it was entered, by the server's clock.
    pub at: DateTime<Utc>,
    /// Who entered it; none, where the petitioner did.
    pub author: Option<Named>,
    /// The day on which another took its place.
    pub replaced_on: Option<NaiveDate>,
}

/// The satisfaction with a case's answers, and whether the caller may record some now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SatisfactionView {
    /// The event that is to be rated now, if there is one.
    pub answer: Option<EventId>,
    /// Its day.
    pub answered_on: Option<NaiveDate>,
    /// What stands of it.
    pub current: Option<RatingView>,
    /// All ratings of the case, the last in front.
    pub items: Vec<RatingView>,
    /// Whether the caller may record one now.
    pub allowed: bool,
    /// Why not.
    pub reason: Option<String>,
    /// The case's version, for `If-Match`.
    pub version: i64,
}

/// For so many days after an answer the petitioner is to be asked; after that nobody calls any more.
pub const FOLLOW_UP_DAYS: u64 = 90;

/// An answer that waits for somebody to ask its petitioner. It names nobody: whoever calls opens the case,
/// and shows the number there, which the audit log has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = WaitingFollowUp))]
pub struct FollowUp {
    /// The case and its number.
    pub case: Named,
    /// What it is about, shortened.
    pub cause: String,
    /// Its village.
    pub village: Option<Named>,
    /// The unit that answered.
    pub unit: Option<Named>,
    /// The day of the answer.
    pub answered_on: NaiveDate,
    /// Whether the case has ended.
    pub closed: bool,
    /// How many days it has waited.
    pub days: u64,
    /// Whether it may be asked by telephone: nobody who brought the case has asked not to be called.
    pub call: bool,
    /// What is to be minded when they are reached, a line a person (`shared::case::care`).
    pub care: Vec<String>,
    /// The case's version, for `If-Match`.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::case::Kind;
    use crate::case::state::State;
    use crate::term::Term;

    fn happened(kind: EventKind) -> Happened {
        Happened {
            kind,
            outcome: None,
        }
    }

    fn closed(outcome: Outcome) -> Happened {
        Happened {
            kind: EventKind::Closed,
            outcome: Some(outcome),
        }
    }

    #[test]
    fn the_answer_to_be_rated() {
        use EventKind as E;
        for (events, expected) in [
            (vec![happened(E::Registered), happened(E::Accepted)], None),
            (
                vec![happened(E::Registered), happened(E::Answered)],
                Some(1),
            ),
            // A review that upholds it leaves it the answer; one that revokes it does not.
            (
                vec![
                    happened(E::Answered),
                    happened(E::ReviewRequested),
                    happened(E::ReviewAnswered),
                    closed(Outcome::Final),
                ],
                Some(0),
            ),
            (
                vec![
                    happened(E::Answered),
                    happened(E::ReviewRequested),
                    happened(E::ReviewRevoked),
                ],
                None,
            ),
            (
                vec![
                    happened(E::Answered),
                    happened(E::ReviewRevoked),
                    happened(E::Answered),
                ],
                Some(2),
            ),
            // Settled without a written answer.
            (vec![happened(E::Taken), closed(Outcome::Settled)], Some(1)),
            (
                vec![happened(E::Answered), closed(Outcome::Settled)],
                Some(0),
            ),
            (vec![happened(E::Taken), closed(Outcome::Withdrawn)], None),
            (
                vec![
                    happened(E::Taken),
                    closed(Outcome::Settled),
                    happened(E::Reopened),
                ],
                None,
            ),
        ] {
            assert_eq!(answer_of(&events), expected, "{events:?}");
        }
    }

    #[test]
    fn dissatisfied_says_why_and_days_are_in_order() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let rating = NewRating {
            on: None,
            rating: Rating::Satisfied,
            way: RatingWay::InPerson,
            words: None,
        };
        let codes = |rating: &NewRating| {
            let errors = rating.check(day("2026-03-01"), day("2026-03-10"), false);
            errors
                .into_vec()
                .into_iter()
                .map(|error| format!("{}:{}", error.field, error.code))
                .collect::<Vec<_>>()
        };
        assert!(codes(&rating).is_empty());
        let no_reason = NewRating {
            rating: Rating::Dissatisfied,
            ..rating.clone()
        };
        assert_eq!(codes(&no_reason), ["words:required"]);
        let early = NewRating {
            on: Some(day("2026-02-28")),
            ..rating.clone()
        };
        assert_eq!(codes(&early), ["on:before_answer"]);
        let late = NewRating {
            on: Some(day("2026-03-11")),
            way: RatingWay::Public,
            ..rating.clone()
        };
        assert_eq!(codes(&late), ["on:in_future", "way:not_by_staff"]);
        let called = NewRating {
            way: RatingWay::Call,
            ..rating
        };
        assert_eq!(codes(&called), ["way:not_to_be_called"]);
        let called = called.check(day("2026-03-01"), day("2026-03-10"), true);
        assert!(called.is_empty());
    }

    fn actor(role: Role, user: &str, chain: &[&str]) -> Actor {
        Actor {
            user_id: user.into(),
            role,
            unit_id: chain[0].into(),
            unit_chain: chain.iter().map(|unit| UnitId::from(*unit)).collect(),
            township_id: "t".into(),
            village_id: None,
            former_units: Vec::new(),
            former_villages: Vec::new(),
            stands_in_for: Vec::new(),
        }
    }

    fn case() -> CaseFacts {
        CaseFacts {
            township_id: "t".into(),
            village_id: None,
            registrar_id: "clerk".into(),
            registrar_unit_id: "centre".into(),
            responsible_unit_id: Some("police".into()),
            offered_unit_id: None,
            unit_ids: vec!["police".into()],
            mediation: false,
            kind: Kind::Petition,
            state: State::Answered,
            backlog: false,
            seal: Series::Open,
            accused_unit_id: None,
            accused_user_id: None,
            handed_up_to: None,
        }
    }

    #[test]
    fn whoever_had_a_part_in_it_does_not_ask() {
        let by_police = Answerers {
            units: vec!["police".into()],
            users: vec!["officer".into(), "lead".into()],
        };
        let by_office = Answerers {
            units: vec!["office".into()],
            users: Vec::new(),
        };
        let may =
            |actor: &Actor, answerers: &Answerers| may_rate(actor, &case(), answerers).is_ok();
        let office = actor(Role::CoordinationOffice, "o", &["office", "t"]);
        let window = actor(Role::ServiceCentre, "w", &["centre", "t"]);
        let other_window = actor(Role::ServiceCentre, "w", &["other", "t"]);
        assert!(may(&office, &by_police) && !may(&office, &by_office));
        assert!(may(&window, &by_police) && may(&window, &by_office));
        assert!(!may(&other_window, &by_police), "it registered nothing");
        let leader = actor(Role::TownshipLeader, "l", &["t"]);
        let lead = actor(Role::TownshipLeader, "lead", &["t"]);
        assert!(may(&leader, &by_police));
        assert!(!may(&lead, &by_police), "who leads it");
        let officer = actor(Role::PoliceStation, "clerk", &["police", "t"]);
        assert!(!may(&officer, &by_police), "registered and answered it");
        let sealed = CaseFacts {
            seal: Series::RegistrarOnly,
            ..case()
        };
        assert!(may_rate(&office, &sealed, &by_police).is_err());
    }

    proptest! {
        /// Nobody who handled a case or belongs below a unit that answered it may rate it.
        #[test]
        fn nobody_of_the_answering_unit(role in 0..Role::ALL.len(), at in 0..3usize, handled: bool) {
            let chain = ["g1", "v1", "office", "t"];
            let mine = actor(Role::ALL[role], "u", &chain);
            let answerers = Answerers {
                units: if handled { Vec::new() } else { vec![chain[at].into()] },
                users: if handled { vec!["u".into()] } else { Vec::new() },
            };
            prop_assert!(may_rate(&mine, &case(), &answerers).is_err());
        }
    }
}
