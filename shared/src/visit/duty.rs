//! The weekly duty (每周走访): each village by its leader (包村领导) or its secretary, each group by
//! its cadre (包社干部), so often a week. Weeks run from Monday to Sunday, Asia/Shanghai; a week
//! without a working day asks for nothing.

use chrono::{Datelike, Days, NaiveDate};

use crate::calendar::Calendar;

/// The hour of the day, Shanghai, at which one is reminded.
pub const REMIND_HOUR: u32 = 12;
/// The most weeks that are looked at together.
pub const MAX_WEEKS: usize = 27;

/// The Monday of a day's week.
pub fn monday(day: NaiveDate) -> NaiveDate {
    let back = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(back)).unwrap_or(day)
}

/// The Sunday of a Monday's week.
pub fn sunday(monday: NaiveDate) -> NaiveDate {
    after(monday, 6)
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// The Mondays of the weeks from one day to another, at most [`MAX_WEEKS`], the last ones.
pub fn weeks(from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let mut weeks = Vec::new();
    let mut at = monday(to);
    let first = monday(from);
    while at >= first && weeks.len() < MAX_WEEKS {
        weeks.push(at);
        match at.checked_sub_days(Days::new(7)) {
            Some(before) => at = before,
            None => break,
        }
    }
    weeks.reverse();
    weeks
}

/// The day of a week on which one is reminded of what is not done: Thursday; where that is off, the
/// last working day before it, else the first after it. None in a week without a working day, which
/// asks for nothing.
pub fn remind_on(monday: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
    // Thursday, Wednesday, Tuesday, Monday; then Friday, Saturday, Sunday.
    [3, 2, 1, 0, 4, 5, 6]
        .into_iter()
        .map(|days| after(monday, days))
        .find(|day| calendar.is_workday(*day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_go_over_new_year_and_national_day() {
        let calendar = Calendar::new();
        for (any, monday_is, remind) in [
            // An ordinary week.
            ("2026-03-10", "2026-03-09", Some("2026-03-12")),
            // New Year's Day 2026 is a Thursday: off until Saturday, so Wednesday.
            ("2026-01-01", "2025-12-29", Some("2025-12-31")),
            ("2025-12-31", "2025-12-29", Some("2025-12-31")),
            // National Day 2026 is a Thursday; the eighth is worked.
            ("2026-10-01", "2026-09-28", Some("2026-09-30")),
            ("2026-10-07", "2026-10-05", Some("2026-10-08")),
            // The Spring Festival's whole week is off.
            ("2026-02-18", "2026-02-16", None),
            // In 2023 Monday to Friday were off, Saturday and Sunday worked.
            ("2023-10-04", "2023-10-02", Some("2023-10-07")),
        ] {
            assert_eq!(monday(day(any)), day(monday_is), "{any}");
            assert_eq!(
                remind_on(day(monday_is), &calendar),
                remind.map(day),
                "{any}"
            );
        }
    }

    #[test]
    fn weeks_are_counted_from_their_mondays() {
        let found = weeks(day("2025-12-31"), day("2026-01-12"));
        assert_eq!(
            found,
            [day("2025-12-29"), day("2026-01-05"), day("2026-01-12")]
        );
        assert_eq!(weeks(day("2020-01-01"), day("2026-01-12")).len(), MAX_WEEKS);
        assert!(weeks(day("2026-02-01"), day("2026-01-12")).is_empty());
    }

    proptest! {
        #[test]
        fn every_day_is_in_its_week(days in 0u64..40_000) {
            let at = after(day("2000-01-01"), days);
            let first = monday(at);
            prop_assert_eq!(first.weekday(), chrono::Weekday::Mon);
            prop_assert!(first <= at && at <= sunday(first));
            if let Some(remind) = remind_on(first, &Calendar::new()) {
                prop_assert!(first <= remind && remind <= sunday(first));
            }
        }
    }
}
