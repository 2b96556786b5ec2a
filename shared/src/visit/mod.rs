//! Visits (走访): to households, by cadres to a village, and follow-ups of a case. Who went where, what
//! was heard, what was promised by when.
//!
//! Not to be mixed up with [`crate::case::matter::visit`], which is about petitioners who went to a
//! higher authority (上访登记).

pub mod duty;
pub mod view;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::case::input::{MAX_LONG, MAX_SHORT, filled};
use crate::ids::{CaseId, PhotoId, UnitId, UserId};
use crate::terms;
use crate::validate::Errors;

/// The most members of staff of one visit.
pub const MAX_VISITORS: usize = 20;
/// The most promises of one visit.
pub const MAX_PROMISES: usize = 20;
/// The longest words of a promise, in characters.
pub const MAX_PROMISE: usize = 500;
/// How many days after it was entered the author may still correct a visit.
pub const EDIT_DAYS: i64 = 7;
/// How many days back a visit may be entered.
pub const BACK_DAYS: u64 = 366;
/// How many days ahead a promise may be due.
pub const PROMISE_DAYS: u64 = 1098;

terms! {
    /// What kind of visit.
    VisitKind, "走访类型" {
        /// To a household (下访).
        Household = "household", "入户下访";
        /// A cadre goes round a village or group (干部走访).
        Cadre = "cadre", "干部走访";
        /// Asks again about a case (回访).
        FollowUp = "follow_up", "事项回访";
    }
}

terms! {
    /// Where a promise stands.
    PromiseState, "承诺状态" {
        /// To be kept.
        Open = "open", "待兑现";
        /// Kept.
        Kept = "kept", "已兑现";
        /// Cannot or may not be kept; whoever it was given to was told.
        Released = "released", "已说明不再兑现";
    }
}

terms! {
    /// What somebody wants to do with visits.
    VisitDeed, "走访操作" {
        /// See visits and promises.
        View = "view", "查看走访";
        /// Record a visit.
        Record = "record", "记录走访";
        /// Correct one.
        Edit = "edit", "更正走访";
        /// Strike one out.
        Strike = "strike", "划除走访";
        /// Say that a promise was kept.
        Keep = "keep", "登记兑现";
        /// Say that a promise will not be kept, and why.
        Release = "release", "说明不再兑现";
        /// Make a case of what was heard.
        Register = "register", "转为事项";
        /// See who has visited where and when last.
        Coverage = "coverage", "走访覆盖";
    }
}

/// A new visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewVisit {
    /// To a household, round a village, or a follow-up of a case.
    pub kind: VisitKind,
    /// The day of the visit, as the person or the phone says.
    pub on: NaiveDate,
    /// Staff who went; the author when empty.
    #[serde(default)]
    pub visitors: Vec<UserId>,
    /// The village. Only a follow-up may be without one.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// The group of that village.
    #[serde(default)]
    pub group_id: Option<UnitId>,
    /// Household or place, in words.
    #[serde(default)]
    pub place: Option<String>,
    /// What was heard.
    pub heard: String,
    /// What was promised.
    #[serde(default)]
    pub promises: Vec<NewPromise>,
    /// Photos that were uploaded before.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
    /// The case that it concerns; required of a follow-up.
    #[serde(default)]
    pub case_id: Option<CaseId>,
    /// When it was recorded, by the phone's clock. Kept as what the phone says.
    #[serde(default)]
    pub recorded_at: Option<DateTime<Utc>>,
}

/// A promise given on a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPromise {
    /// What was promised.
    pub what: String,
    /// Until when.
    pub due_on: NaiveDate,
    /// The unit that is to keep it.
    #[serde(default)]
    pub unit_id: Option<UnitId>,
    /// The person who is to keep it; the author when neither is named.
    #[serde(default)]
    pub user_id: Option<UserId>,
}

/// A correction of a visit; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VisitPatch {
    /// The day.
    pub on: Option<NaiveDate>,
    /// Staff who went.
    pub visitors: Option<Vec<UserId>>,
    /// The village.
    pub village_id: Option<UnitId>,
    /// The group; an empty id clears.
    pub group_id: Option<UnitId>,
    /// Household or place; empty clears.
    pub place: Option<String>,
    /// What was heard.
    pub heard: Option<String>,
    /// Promises that were left out.
    #[serde(default)]
    pub add_promises: Vec<NewPromise>,
    /// Photos that were left out.
    #[serde(default)]
    pub add_photos: Vec<PhotoId>,
}

/// Why a visit is struck out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StrikeVisit {
    /// Why.
    pub reason: String,
}

/// How a promise was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeepPromise {
    /// When; today when absent.
    #[serde(default)]
    pub on: Option<NaiveDate>,
    /// How.
    pub how: String,
}

/// Why a promise will not be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleasePromise {
    /// Why: not lawful, taken over by somebody else.
    pub reason: String,
    /// Who was told, and how.
    pub told: String,
}

/// The day by which a visit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// That day.
    pub on: NaiveDate,
    /// What the phone said, where it was another.
    pub claimed: Option<NaiveDate>,
}

impl Decided {
    /// What to tell whoever recorded it, where the phone's day was not taken.
    pub fn warning(self) -> Option<String> {
        self.claimed.map(|claimed| {
            format!(
                "手机上的日期（{claimed}）不对，已按服务器的日期{}记录，手机说的日期一并保留。\
                 如果不是这一天，请在{EDIT_DAYS}日内更正。",
                self.on
            )
        })
    }
}

/// Decides the day of a visit. `claimed` is what was entered, `phone` the day on the phone when it
/// was recorded, `today` the server's. A phone whose clock is wrong loses nothing: its day is moved
/// by as much as the clock is wrong, and kept as its claim.
///
/// # Errors
/// Code and sentence, where the day is wrong by any clock.
pub fn decide(
    claimed: NaiveDate,
    phone: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Decided, (&'static str, String)> {
    let earliest = today
        .checked_sub_days(Days::new(BACK_DAYS))
        .unwrap_or(NaiveDate::MIN);
    if (earliest..=today).contains(&claimed) {
        return Ok(Decided {
            on: claimed,
            claimed: None,
        });
    }
    // By the phone's own clock it was today or a while ago: the clock is what is wrong.
    let ago = phone.map(|phone| phone.signed_duration_since(claimed).num_days());
    let wrong_clock = phone.is_some_and(|phone| !(earliest..=today).contains(&phone));
    if let Some(ago) = ago.and_then(|ago| u64::try_from(ago).ok())
        && wrong_clock
        && ago <= BACK_DAYS
    {
        return Ok(Decided {
            on: today.checked_sub_days(Days::new(ago)).unwrap_or(today),
            claimed: Some(claimed),
        });
    }
    if claimed > today {
        Err(("in_future", "走访日期不能晚于今天。".to_owned()))
    } else {
        Err((
            "too_early",
            "只能补录一年以内的走访，更早的请写进事项。".to_owned(),
        ))
    }
}

impl NewVisit {
    /// What is wrong with the input by itself; that ids exist is checked where they are known.
    /// `today` is the day in Asia/Shanghai.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        let decided = self.day(today);
        if let Err((code, message)) = &decided {
            errors.add("on", code, message.clone());
        }
        errors.text("heard", "听到的情况", &self.heard, MAX_LONG);
        errors.length(
            "place",
            "户或地点",
            self.place.as_deref().unwrap_or(""),
            MAX_SHORT,
        );
        check_visitors(&mut errors, &self.visitors);
        crate::photo::check(&mut errors, &self.photos);
        if self.kind == VisitKind::FollowUp {
            if self.case_id.is_none() {
                errors.add("case_id", "required", "回访要写明是哪件事项。");
            }
        } else if self.village_id.is_none() {
            errors.add("village_id", "required", "请选择村。");
        }
        if self.group_id.is_some() && self.village_id.is_none() {
            errors.add("village_id", "required", "选了社，也要选它所在的村。");
        }
        // Promises are looked at from the day that counts; without one, from the earliest.
        let from = decided.map_or(self.on, |decided| decided.on);
        check_promises(&mut errors, "promises", &self.moved(from), from);
        errors
    }

    /// The day by which it counts.
    ///
    /// # Errors
    /// As [`decide`].
    pub fn day(&self, today: NaiveDate) -> Result<Decided, (&'static str, String)> {
        let phone = self.recorded_at.map(crate::calendar::shanghai_day);
        decide(self.on, phone, today)
    }

    /// The promises, due as many days after the day that counts as they were after the phone's, where
    /// the phone's was so far off that they would have been due before they were given, or in ages.
    pub fn moved(&self, on: NaiveDate) -> Vec<NewPromise> {
        let late = on.signed_duration_since(self.on);
        let mut promises = self.promises.clone();
        for promise in &mut promises {
            let far = on.checked_add_days(Days::new(PROMISE_DAYS));
            let fits = promise.due_on >= on && far.is_none_or(|far| promise.due_on <= far);
            if !fits && promise.due_on >= self.on {
                promise.due_on = promise
                    .due_on
                    .checked_add_signed(late)
                    .unwrap_or(promise.due_on);
            }
        }
        promises
    }
}

impl VisitPatch {
    /// What is wrong with the input by itself. `on` is the day of the visit as it stands.
    pub fn check(&self, on: NaiveDate, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        if let Some(day) = self.on
            && let Err((code, message)) = decide(day, None, today)
        {
            errors.add("on", code, message);
        }
        if let Some(heard) = &self.heard {
            errors.text("heard", "听到的情况", heard, MAX_LONG);
        }
        if let Some(place) = &self.place {
            errors.length("place", "户或地点", place, MAX_SHORT);
        }
        if let Some(visitors) = &self.visitors {
            if visitors.is_empty() {
                errors.add("visitors", "required", "请至少选择一名走访人员。");
            }
            check_visitors(&mut errors, visitors);
        }
        if self
            .village_id
            .as_ref()
            .is_some_and(|id| id.as_str().is_empty())
        {
            errors.add("village_id", "required", "请选择村。");
        }
        let from = self.on.unwrap_or(on);
        check_promises(&mut errors, "add_promises", &self.add_promises, from);
        errors
    }
}

fn check_visitors(errors: &mut Errors, visitors: &[UserId]) {
    if visitors.len() > MAX_VISITORS {
        let message = format!("走访人员最多{MAX_VISITORS}名。");
        errors.add("visitors", "too_many", message);
    }
}

fn check_promises(errors: &mut Errors, field: &str, promises: &[NewPromise], on: NaiveDate) {
    if promises.len() > MAX_PROMISES {
        let message = format!("一次走访最多登记{MAX_PROMISES}项承诺。");
        errors.add(field, "too_many", message);
    }
    let latest = on.checked_add_days(Days::new(PROMISE_DAYS));
    for (i, promise) in promises.iter().enumerate() {
        errors.text(
            &format!("{field}.{i}.what"),
            "承诺的事",
            &promise.what,
            MAX_PROMISE,
        );
        let due = format!("{field}.{i}.due_on");
        if promise.due_on < on {
            errors.add(due, "before_visit", "兑现期限不能早于走访的日期。");
        } else if latest.is_some_and(|latest| promise.due_on > latest) {
            errors.add(due, "too_late", "兑现期限最长三年。");
        }
        if promise.unit_id.is_some() && promise.user_id.is_some() {
            errors.add(
                format!("{field}.{i}.unit_id"),
                "one_of",
                "责任单位和责任人只写一个。",
            );
        }
    }
}

impl StrikeVisit {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "划除的理由", &self.reason, MAX_SHORT);
        errors
    }
}

impl KeepPromise {
    /// What is wrong with the input. `given` is the day of the visit.
    pub fn check(&self, given: NaiveDate, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        errors.text("how", "兑现情况", &self.how, MAX_PROMISE);
        match self.on {
            Some(on) if on > today => {
                errors.add("on", "in_future", "兑现日期不能晚于今天。");
            }
            Some(on) if on < given => {
                errors.add("on", "before_visit", "兑现日期不能早于走访的日期。");
            }
            _ => {}
        }
        errors
    }
}

impl ReleasePromise {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "不再兑现的理由", &self.reason, MAX_PROMISE);
        errors.text("told", "向谁说明、怎样说明", &self.told, MAX_PROMISE);
        errors
    }
}

/// The text without surrounding white space, owned, if anything is left.
pub fn owned(text: Option<&str>) -> Option<String> {
    filled(text).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_wrong_clock_loses_nothing_and_a_wrong_day_is_told() {
        let today = day("2026-03-10");
        for (claimed, phone, on, kept) in [
            ("2026-03-10", None, "2026-03-10", None),
            ("2026-03-01", Some("2026-03-10"), "2026-03-01", None),
            // A day behind: nobody can tell it from a record that was sent a day late.
            ("2026-03-09", Some("2026-03-09"), "2026-03-09", None),
            // A day ahead, and what was entered for the day before.
            ("2026-03-11", Some("2026-03-11"), "2026-03-10", Some(())),
            ("2026-03-12", Some("2026-03-13"), "2026-03-09", Some(())),
            // The battery was out.
            ("1970-01-01", Some("1970-01-01"), "2026-03-10", Some(())),
            ("2099-01-01", Some("2099-01-01"), "2026-03-10", Some(())),
        ] {
            let decided = decide(day(claimed), phone.map(day), today).unwrap();
            assert_eq!(decided.on, day(on), "{claimed} {phone:?}");
            assert_eq!(
                decided.claimed,
                kept.map(|()| day(claimed)),
                "{claimed} {phone:?}"
            );
            assert_eq!(decided.warning().is_some(), kept.is_some());
        }
        for (claimed, phone, code) in [
            ("2026-03-11", None, "in_future"),
            // By the phone's own clock it is tomorrow.
            ("2026-03-11", Some("2026-03-10"), "in_future"),
            ("2026-03-15", Some("2026-03-11"), "in_future"),
            ("2020-01-01", None, "too_early"),
            ("2020-01-01", Some("2026-03-10"), "too_early"),
        ] {
            let wrong = decide(day(claimed), phone.map(day), today).unwrap_err();
            assert_eq!(wrong.0, code, "{claimed} {phone:?}");
        }
    }

    fn visit() -> NewVisit {
        NewVisit {
            kind: VisitKind::Household,
            on: day("2026-03-10"),
            visitors: Vec::new(),
            village_id: Some("v".into()),
            group_id: None,
            place: None,
            heard: "渠水不够".to_owned(),
            promises: Vec::new(),
            photos: Vec::new(),
            case_id: None,
            recorded_at: None,
        }
    }

    fn promise(due_on: &str) -> NewPromise {
        NewPromise {
            what: "修渠".to_owned(),
            due_on: day(due_on),
            unit_id: None,
            user_id: None,
        }
    }

    fn fields(errors: Errors) -> Vec<String> {
        errors
            .into_vec()
            .into_iter()
            .map(|error| format!("{}:{}", error.field, error.code))
            .collect()
    }

    #[test]
    fn what_is_wrong_is_named() {
        let today = day("2026-03-10");
        assert!(visit().check(today).is_empty());
        let mut bad = visit();
        bad.heard = " ".to_owned();
        bad.village_id = None;
        bad.promises = vec![promise("2026-03-09"), promise("2036-01-01")];
        assert_eq!(
            fields(bad.check(today)),
            [
                "heard:required",
                "village_id:required",
                "promises.0.due_on:before_visit",
                "promises.1.due_on:too_late"
            ]
        );
        let mut follow = visit();
        follow.kind = VisitKind::FollowUp;
        follow.village_id = None;
        assert_eq!(fields(follow.check(today)), ["case_id:required"]);
    }

    #[test]
    fn a_promise_keeps_its_distance_when_the_clock_was_back() {
        let today = day("2026-03-10");
        let mut back = visit();
        back.on = day("1970-01-01");
        back.recorded_at = Some("1970-01-01T02:00:00Z".parse().unwrap());
        back.promises = vec![promise("1970-01-08"), promise("2026-04-01")];
        assert!(back.check(today).is_empty());
        let moved = back.moved(back.day(today).unwrap().on);
        assert_eq!(moved[0].due_on, day("2026-03-17"));
        assert_eq!(moved[1].due_on, day("2026-04-01"));
    }

    proptest! {
        /// Whatever a phone says, the day that counts is never in the future nor too far back.
        #[test]
        fn the_day_is_never_in_the_future(claimed in -30_000i64..30_000, phone in -30_000i64..30_000) {
            let today = day("2026-03-10");
            let at = |days: i64| today.checked_add_signed(chrono::Duration::days(days)).unwrap();
            if let Ok(decided) = decide(at(claimed), Some(at(phone)), today) {
                prop_assert!(decided.on <= today);
                prop_assert!(today.signed_duration_since(decided.on).num_days() <= 366);
            }
        }
    }
}
