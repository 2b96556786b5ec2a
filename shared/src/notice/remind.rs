//! When somebody is reminded of what is due, and that they are reminded once: pure, so that a clock
//! that jumps and a server that was down can be tried on paper.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

/// Ordinary reminders are sent from this time on, Asia/Shanghai …
pub const DAY_BEGINS: (u32, u32) = (7, 30);
/// … until this one. What falls into the night goes in the morning.
pub const DAY_ENDS: (u32, u32) = (20, 0);
/// So many overdue things are told one by one a day; more are told together.
pub const ONE_BY_ONE: usize = 5;

/// The time of day in Asia/Shanghai.
pub fn shanghai_time(at: DateTime<Utc>) -> NaiveTime {
    (at.naive_utc() + Duration::hours(8)).time()
}

/// Whether an ordinary reminder may be sent at this instant.
pub fn is_daytime(at: DateTime<Utc>) -> bool {
    let time = |(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    (time(DAY_BEGINS)..time(DAY_ENDS)).contains(&shanghai_time(at))
}

/// How far a reminder is on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The last reminder that is due before the day: so many days before it, 0 on the day.
    Before(u32),
    /// Overdue, told anew each day.
    Late(NaiveDate),
}

impl Stage {
    /// What tells it from other reminders of the same thing.
    pub fn key(self) -> String {
        match self {
            Self::Before(days) => days.to_string(),
            Self::Late(today) => format!("late:{today}"),
        }
    }
}

/// The reminder that is in force on `today` for what is due on `due`. `days` are the days before it
/// on which people are reminded; the day itself is always one. Where a day was missed, the reminder
/// of that day is still in force until the next one is: only the newest is ever sent.
pub fn stage(due: NaiveDate, today: NaiveDate, days: &[u32]) -> Option<Stage> {
    let left = due.signed_duration_since(today).num_days();
    let Ok(left) = u32::try_from(left) else {
        return Some(Stage::Late(today));
    };
    let days = days.iter().copied().chain([0]);
    days.filter(|days| *days >= left).min().map(Stage::Before)
}

/// How what is due on `due` stands today, in words.
pub fn words(due: NaiveDate, today: NaiveDate) -> String {
    match due.signed_duration_since(today).num_days() {
        0 => "今天到期".to_owned(),
        1 => "明天到期".to_owned(),
        left if left > 0 => format!("还剩{left}天（{}到期）", due.format("%-m月%-d日")),
        left => format!("已逾期{}天（{}到期）", -left, due.format("%-m月%-d日")),
    }
}

/// What somebody is told today of their overdue things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Nothing, or nothing more.
    Nothing,
    /// Each by itself.
    OneByOne,
    /// All in one.
    Together,
}

/// Decides how somebody is told of `fresh` overdue things that they have not been told of today.
/// `told_singly`: whether they were told of others today; `told_together`: whether they were told of
/// all in one.
pub const fn late(fresh: usize, told_singly: bool, told_together: bool) -> Late {
    if fresh == 0 || told_together {
        Late::Nothing
    } else if told_singly || fresh <= ONE_BY_ONE {
        Late::OneByOne
    } else {
        Late::Together
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn day(day: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 9, 1).unwrap() + Duration::days(day)
    }

    #[test]
    fn seven_three_one_on_the_day_and_then_daily() {
        let due = day(30);
        for (today, expected) in [
            (22, None),
            (23, Some(Stage::Before(7))),
            (26, Some(Stage::Before(7))),
            (27, Some(Stage::Before(3))),
            (28, Some(Stage::Before(3))),
            (29, Some(Stage::Before(1))),
            (30, Some(Stage::Before(0))),
            (31, Some(Stage::Late(day(31)))),
            (40, Some(Stage::Late(day(40)))),
        ] {
            assert_eq!(stage(due, day(today), &[7, 3, 1]), expected, "{today}");
        }
    }

    #[test]
    fn what_is_left_is_said_in_words() {
        let due = NaiveDate::from_ymd_opt(2026, 10, 9).unwrap();
        let words = |before| words(due, due - Duration::days(before));
        assert_eq!(words(7), "还剩7天（10月9日到期）");
        assert_eq!(words(1), "明天到期");
        assert_eq!(words(0), "今天到期");
        assert_eq!(words(-2), "已逾期2天（10月9日到期）");
    }

    #[test]
    fn the_day_is_shanghais() {
        for (at, expected) in [
            ("2026-09-30T23:29:59Z", false),
            ("2026-09-30T23:30:00Z", true),
            ("2026-10-01T11:59:59Z", true),
            ("2026-10-01T12:00:00Z", false),
        ] {
            assert_eq!(is_daytime(at.parse().unwrap()), expected, "{at}");
        }
    }

    #[test]
    fn many_late_things_are_told_together_and_once() {
        assert_eq!(late(0, false, false), Late::Nothing);
        assert_eq!(late(5, false, false), Late::OneByOne);
        assert_eq!(late(6, false, false), Late::Together);
        // Later that day: some more, or, once together, some fewer.
        assert_eq!(late(6, true, false), Late::OneByOne);
        assert_eq!(late(3, false, true), Late::Nothing);
    }

    proptest! {
        /// Wherever the clock jumps, and however often it is asked, no reminder is sent twice: a key
        /// stands for one stage of one day, and a later stage follows from a later day.
        #[test]
        fn a_key_says_how_far_it_is(todays in proptest::collection::vec(0i64..60, 1..40)) {
            let (due, days) = (day(30), [7, 3, 1]);
            let mut sent = BTreeSet::new();
            for today in todays {
                let Some(stage) = stage(due, day(today), &days) else {
                    prop_assert!(today < 23);
                    continue;
                };
                sent.insert(stage.key());
                match stage {
                    Stage::Before(left) => prop_assert!(i64::from(left) >= 30 - today && today <= 30),
                    Stage::Late(on) => prop_assert!(on == day(today) && today > 30),
                }
            }
            // At most one each of 7, 3, 1 and 0, and one a late day.
            prop_assert!(sent.iter().filter(|key| !key.starts_with("late")).count() <= 4);
        }
    }
}
