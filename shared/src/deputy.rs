//! Standing in for a colleague who is absent for some days (临时代理): who may, for how long, and when it
//! is in force. What it gives is decided in [`crate::access`] (`Actor::stands_in_for`).
//!
//! Of a reason no more is kept than what the colleagues have to know, and nothing of anybody's health.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::case::view::Named;
use crate::ids::{UnitId, UserId};
use crate::role::Role;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

/// The most days: for longer the work is handed over (工作交接).
pub const MAX_DAYS: i64 = 92;
/// How many days ahead it can be planned.
pub const MAX_AHEAD: u64 = 366;
/// The longest reason, in characters.
pub const MAX_REASON: usize = 60;

terms! {
    /// Where a deputation stands.
    DeputationState, "代理状态" {
        /// It has not begun.
        Ahead = "ahead", "未开始";
        /// The deputy has the rights.
        InForce = "in_force", "代理中";
        /// It is over, by its last day or before.
        Over = "over", "已结束";
        /// It was withdrawn before it began.
        Withdrawn = "withdrawn", "已撤回";
    }
}

/// Who stands in for whom, from when to when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deputation {
    /// Its id.
    pub id: String,
    /// Who is absent.
    pub user: Named,
    /// Who does their work meanwhile, beside their own.
    pub deputy: Named,
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day; it ends at midnight after it.
    pub last_day: NaiveDate,
    /// Why, in a word; nothing of anybody's health.
    pub reason: Option<String>,
    /// Where it stands today.
    pub state: DeputationState,
    /// Who named the deputy.
    pub named_by: Named,
    /// Whether the caller may change it, end it or withdraw it.
    pub may_change: bool,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// Names a deputy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDeputation {
    /// Who is absent; the caller where it is left out.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Who does their work.
    pub deputy_id: UserId,
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
    /// Why, in a word; nothing of anybody's health.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Changes a deputation; absent fields stay. Once it has begun, only the last day and the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeputationPatch {
    /// Who does the work.
    #[serde(default)]
    pub deputy_id: Option<UserId>,
    /// The first day.
    #[serde(default)]
    pub first_day: Option<NaiveDate>,
    /// The last day.
    #[serde(default)]
    pub last_day: Option<NaiveDate>,
    /// Why; empty takes it away.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Some days, first and last among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

impl Span {
    /// Whether a day is among them.
    pub fn has(self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }

    /// Whether two have a day in common.
    pub fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// How many days.
    pub fn days(self) -> i64 {
        self.last.signed_duration_since(self.first).num_days() + 1
    }

    /// `3月1日至3月10日`, with the years where there are two.
    pub fn told(self) -> String {
        let Self { first, last } = self;
        if first == last {
            return first.format("%-m月%-d日").to_string();
        }
        let form = if first.year() == last.year() {
            "%-m月%-d日"
        } else {
            "%Y年%-m月%-d日"
        };
        format!("{}至{}", first.format(form), last.format(form))
    }

    /// Where a deputation of these days stands, which may have been ended on a day before its time.
    pub fn state(self, ended_on: Option<NaiveDate>, today: NaiveDate) -> DeputationState {
        match ended_on {
            Some(day) if day < self.first => DeputationState::Withdrawn,
            Some(_) => DeputationState::Over,
            None if today < self.first => DeputationState::Ahead,
            None if today <= self.last => DeputationState::InForce,
            None => DeputationState::Over,
        }
    }
}

/// Somebody, as far as the rules look at them.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Who.
    pub id: &'a UserId,
    /// As what they sign in.
    pub role: Role,
    /// Of which township.
    pub township_id: &'a UnitId,
    /// Whether they cannot sign in.
    pub disabled: bool,
    /// Whether it is a program (程序账号), which does nobody's work.
    pub service: bool,
}

/// What is to be: a deputation as it is wished, for [`Plan::check`].
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Who is absent; none where there is nobody of that id.
    pub absent: Option<Person<'a>>,
    /// Who does their work; none where there is nobody of that id, or nobody was chosen.
    pub deputy: Option<Person<'a>>,
    /// When.
    pub span: Span,
    /// Why.
    pub reason: Option<&'a str>,
    /// Whether it has begun: then its first day lies behind and stays.
    pub begun: bool,
}

/// Whether somebody of a role can be stood in for. Of administrators there are several, and whoever
/// watches over the work of the others does so themself.
pub const fn can_be_deputised(role: Role) -> bool {
    !matches!(role, Role::Administrator | Role::Auditor)
}

impl Plan<'_> {
    /// What is wrong with it. `others` are the days for which somebody stands in for the same person
    /// already, without this one.
    pub fn check(&self, today: NaiveDate, others: &[Span]) -> Errors {
        let mut errors = Errors::new();
        self.check_absent(&mut errors);
        self.check_deputy(&mut errors);
        self.check_days(&mut errors, today, others);
        errors.length(
            "reason",
            "事由",
            self.reason.unwrap_or_default(),
            MAX_REASON,
        );
        errors
    }

    fn check_absent(&self, errors: &mut Errors) {
        match self.absent {
            None => errors.add(
                "user_id",
                "unknown",
                "请选择由谁代理其工作的人：本乡镇的在用用户。",
            ),
            Some(absent) if absent.disabled => {
                errors.add("user_id", "disabled", "这个用户已停用，不能安排代理。");
            }
            Some(absent) if absent.service => {
                errors.add("user_id", "service", "程序账号不办理工作，不用安排代理。");
            }
            Some(absent) if !can_be_deputised(absent.role) => {
                let message = format!("{}的工作不能由他人代理。", absent.role.label());
                errors.add("user_id", "not_deputised", message);
            }
            Some(_) => {}
        }
    }

    fn check_deputy(&self, errors: &mut Errors) {
        let mut wrong = |code, message: String| errors.add("deputy_id", code, message);
        match (self.deputy, self.absent) {
            (None, _) => wrong("unknown", "请选择代理人：本乡镇的在用用户。".to_owned()),
            (Some(_), None) => {}
            // Whoever is of another township is nobody here, disabled or not.
            (Some(deputy), Some(absent)) if deputy.township_id != absent.township_id => {
                wrong("unknown", "请选择代理人：本乡镇的在用用户。".to_owned());
            }
            (Some(deputy), Some(_)) if deputy.disabled => {
                wrong("disabled", "代理人已停用，请另选一人。".to_owned());
            }
            (Some(deputy), Some(_)) if deputy.service => {
                wrong("service", "程序账号不能代理他人，请另选一人。".to_owned());
            }
            (Some(deputy), Some(absent)) if deputy.id == absent.id => {
                wrong("same", "不能由本人代理本人。".to_owned());
            }
            (Some(deputy), Some(absent)) if deputy.role != absent.role => {
                let role = absent.role.label();
                let message = format!("代理人应与被代理人角色相同（{role}）。");
                wrong("other_role", message);
            }
            (Some(_), Some(_)) => {}
        }
    }

    fn check_days(&self, errors: &mut Errors, today: NaiveDate, others: &[Span]) {
        let Span { first, last } = self.span;
        if !self.begun {
            let ahead = today.checked_add_days(Days::new(MAX_AHEAD));
            if first < today {
                errors.add("first_day", "in_the_past", "开始日期不能早于今天。");
            } else if ahead.is_some_and(|ahead| first > ahead) {
                errors.add("first_day", "too_far", "最多提前一年安排。");
            }
        }
        if last < first {
            errors.add("last_day", "before_first", "结束日期不能早于开始日期。");
        } else if last < today {
            errors.add("last_day", "in_the_past", "结束日期不能早于今天。");
        } else if self.span.days() > MAX_DAYS {
            let message = format!(
                "一次代理最多{MAX_DAYS}天，现在是{}天；更长的请办理工作交接。",
                self.span.days()
            );
            errors.add("last_day", "too_long", message);
        } else if let Some(other) = others.iter().find(|other| other.meets(self.span)) {
            let message = format!("{}已经安排了代理，请先结束它，或者改日期。", other.told());
            errors.add("first_day", "overlaps", message);
        }
    }
}

/// The line at the top of a deputy's home page: `您正在代理李某某的工作，至3月10日。`
pub fn home_line<'a>(absent: impl Iterator<Item = (&'a str, NaiveDate)>) -> Option<String> {
    let each: Vec<String> = absent
        .map(|(name, until)| format!("{name}的工作，至{}", until.format("%-m月%-d日")))
        .collect();
    (!each.is_empty()).then(|| format!("您正在代理{}。", each.join("；")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: i32) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(739_000 + n).unwrap()
    }

    fn span(first: i32, last: i32) -> Span {
        Span {
            first: day(first),
            last: day(last),
        }
    }

    struct People {
        ids: [UserId; 2],
        townships: [UnitId; 2],
    }

    impl People {
        fn new() -> Self {
            Self {
                ids: ["a".into(), "b".into()],
                townships: ["t".into(), "next".into()],
            }
        }

        fn one(&self, n: usize, role: Role) -> Person<'_> {
            Person {
                id: &self.ids[n],
                role,
                township_id: &self.townships[0],
                disabled: false,
                service: false,
            }
        }
    }

    fn codes(plan: &Plan<'_>, others: &[Span]) -> String {
        let errors = plan.check(day(0), others).into_vec();
        let errors: Vec<String> = errors
            .into_iter()
            .map(|error| format!("{} {}", error.field, error.code))
            .collect();
        errors.join(",")
    }

    #[test]
    fn a_deputy_is_a_colleague_of_the_same_role() {
        let people = People::new();
        let plan = Plan {
            absent: Some(people.one(0, Role::VillageSecretary)),
            deputy: Some(people.one(1, Role::VillageSecretary)),
            span: span(0, 9),
            reason: Some("培训"),
            begun: false,
        };
        assert_eq!(codes(&plan, &[]), "");
        let with = |absent: Option<Person<'_>>, deputy: Option<Person<'_>>| {
            let plan = Plan {
                absent,
                deputy,
                ..plan
            };
            codes(&plan, &[])
        };
        let (absent, deputy) = (plan.absent, plan.deputy);
        assert_eq!(with(absent, None), "deputy_id unknown");
        assert_eq!(with(None, deputy), "user_id unknown");
        assert_eq!(with(absent, absent), "deputy_id same");
        let other = people.one(1, Role::PoliceStation);
        assert_eq!(with(absent, Some(other)), "deputy_id other_role");
        let next = Person {
            township_id: &people.townships[1],
            ..people.one(1, Role::VillageSecretary)
        };
        assert_eq!(with(absent, Some(next)), "deputy_id unknown");
        let disabled = true;
        let gone_next = Person { disabled, ..next };
        assert_eq!(with(absent, Some(gone_next)), "deputy_id unknown");
        let gone = Person {
            disabled: true,
            ..people.one(1, Role::VillageSecretary)
        };
        assert_eq!(with(absent, Some(gone)), "deputy_id disabled");
        let gone = Person {
            disabled: true,
            ..people.one(0, Role::VillageSecretary)
        };
        assert_eq!(with(Some(gone), deputy), "user_id disabled");
        let program = |n| Person {
            service: true,
            ..people.one(n, Role::VillageSecretary)
        };
        assert_eq!(with(absent, Some(program(1))), "deputy_id service");
        assert_eq!(with(Some(program(0)), deputy), "user_id service");
        for role in Role::ALL {
            let both = (Some(people.one(0, *role)), Some(people.one(1, *role)));
            let expected = match role {
                Role::Administrator | Role::Auditor => "user_id not_deputised",
                _ => "",
            };
            assert_eq!(with(both.0, both.1), expected, "{role}");
        }
    }

    fn days(span: Span, begun: bool, others: &[Span]) -> String {
        let people = People::new();
        let plan = Plan {
            absent: Some(people.one(0, Role::Court)),
            deputy: Some(people.one(1, Role::Court)),
            span,
            reason: None,
            begun,
        };
        codes(&plan, others)
    }

    #[test]
    fn the_days_lie_ahead_and_are_not_too_many() {
        assert_eq!(days(span(0, 0), false, &[]), "");
        assert_eq!(days(span(0, 91), false, &[]), "");
        assert_eq!(days(span(0, 92), false, &[]), "last_day too_long");
        assert_eq!(days(span(-1, 3), false, &[]), "first_day in_the_past");
        assert_eq!(days(span(-1, 3), true, &[]), "");
        assert_eq!(days(span(-9, -1), true, &[]), "last_day in_the_past");
        assert_eq!(days(span(3, 2), false, &[]), "last_day before_first");
        assert_eq!(days(span(366, 366), false, &[]), "");
        assert_eq!(days(span(367, 367), false, &[]), "first_day too_far");
        assert_eq!(days(span(3, 5), false, &[span(0, 2), span(6, 7)]), "");
        assert_eq!(days(span(3, 5), false, &[span(5, 7)]), "first_day overlaps");
        assert_eq!(days(span(3, 5), false, &[span(4, 4)]), "first_day overlaps");
    }

    #[test]
    fn words_say_the_days() {
        let on = |text: &str| text.parse().unwrap();
        let told = |first, last| {
            Span {
                first: on(first),
                last: on(last),
            }
            .told()
        };
        assert_eq!(told("2026-03-01", "2026-03-10"), "3月1日至3月10日");
        assert_eq!(told("2026-03-01", "2026-03-01"), "3月1日");
        assert_eq!(
            told("2026-12-30", "2027-01-02"),
            "2026年12月30日至2027年1月2日"
        );
        let line = home_line([("李某某", on("2026-03-10"))].into_iter());
        assert_eq!(line.as_deref(), Some("您正在代理李某某的工作，至3月10日。"));
        assert_eq!(home_line(std::iter::empty()), None);
    }

    #[test]
    fn the_states_have_all_their_words() {
        for state in DeputationState::ALL {
            assert_eq!(DeputationState::from_code(state.code()), Some(*state));
        }
    }

    proptest! {
        /// In force on just the days of the span, unless it was ended; and what is accepted meets nothing
        /// that is there, so that of one person at most one is in force on any day.
        #[test]
        fn of_one_person_one_at_most_is_in_force(
            wishes in prop::collection::vec((-5..40_i32, -5..60_i32), 1..12),
            ended in prop::collection::vec(any::<bool>(), 12),
        ) {
            let mut taken: Vec<Span> = Vec::new();
            for (first, last) in wishes {
                let wish = span(first, last);
                if days(wish, false, &taken).is_empty() {
                    prop_assert!(wish.days() >= 1 && wish.days() <= MAX_DAYS);
                    prop_assert!(day(0) <= wish.first);
                    taken.push(wish);
                }
            }
            for n in -5..70 {
                let today = day(n);
                let in_force = taken.iter().filter(|span| {
                    span.state(None, today) == DeputationState::InForce
                });
                let in_force = in_force.count();
                prop_assert!(in_force <= 1);
                prop_assert_eq!(in_force, taken.iter().filter(|span| span.has(today)).count());
                for (span, ended) in taken.iter().zip(&ended) {
                    if *ended {
                        let state = span.state(Some(today), today);
                        let expected = if today < span.first {
                            DeputationState::Withdrawn
                        } else {
                            DeputationState::Over
                        };
                        prop_assert_eq!(state, expected);
                    }
                }
            }
        }
    }
}
