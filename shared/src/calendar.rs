//! Working days after the State Council's calendar, make-up workdays included.
//!
//! Days count from the day after, and a deadline on day N is met until the end of that day,
//! Asia/Shanghai (design section 2). Years that the calendar does not know fall back to Monday to
//! Friday, and the answer says so.

use std::collections::BTreeMap;

use chinese_holiday::{DayKind, Ymd, chinese_holiday};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// Seconds by which Asia/Shanghai is ahead of UTC; no summer time since 1991.
const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// The day in Asia/Shanghai on which an instant falls.
pub fn shanghai_day(instant: DateTime<Utc>) -> NaiveDate {
    FixedOffset::east_opt(SHANGHAI_SECONDS).map_or_else(
        || instant.date_naive(),
        |zone| instant.with_timezone(&zone).date_naive(),
    )
}

/// The first instant that is no longer within the day, Asia/Shanghai: a deadline on `day` is met
/// before it.
pub fn end_of_shanghai_day(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day
        .checked_add_days(Days::new(1))
        .unwrap_or(day)
        .and_time(NaiveTime::MIN)
        .and_utc();
    midnight - chrono::Duration::seconds(i64::from(SHANGHAI_SECONDS))
}

/// A date that the calendar gives, and whether the calendar knows the years it counted through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reckoned {
    /// The date.
    pub date: NaiveDate,
    /// False where a year had no published calendar and Monday to Friday was assumed.
    pub certain: bool,
}

/// The working-day calendar, with an administrator's corrections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    corrections: BTreeMap<NaiveDate, bool>,
}

impl Calendar {
    /// The State Council's calendar without corrections.
    pub fn new() -> Self {
        Self::default()
    }

    /// With corrections: the day and whether it is worked.
    pub fn with_corrections(corrections: impl IntoIterator<Item = (NaiveDate, bool)>) -> Self {
        Self {
            corrections: corrections.into_iter().collect(),
        }
    }

    /// Whether the day's year is in the published calendar (or the day was corrected by hand).
    pub fn knows(&self, day: NaiveDate) -> bool {
        self.corrections.contains_key(&day) || published(day).is_some()
    }

    /// Whether the day is worked.
    pub fn is_workday(&self, day: NaiveDate) -> bool {
        if let Some(worked) = self.corrections.get(&day) {
            return *worked;
        }
        published(day).unwrap_or_else(|| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
    }

    /// The n-th day after `from` (`from` itself is day 0).
    pub fn after_days(&self, from: NaiveDate, days: u32) -> Reckoned {
        Reckoned {
            date: from
                .checked_add_days(Days::new(u64::from(days)))
                .unwrap_or(NaiveDate::MAX),
            certain: true,
        }
    }

    /// The n-th working day after `from`.
    pub fn after_workdays(&self, from: NaiveDate, workdays: u32) -> Reckoned {
        let mut day = from;
        let mut left = workdays;
        let mut certain = true;
        while left > 0 {
            let Some(next) = day.succ_opt() else { break };
            day = next;
            certain &= self.knows(day);
            if self.is_workday(day) {
                left -= 1;
            }
        }
        Reckoned { date: day, certain }
    }
}

/// The last day that the published calendar knows.
pub fn published_until() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, 25).unwrap_or(NaiveDate::MAX)
}

/// What the published calendar says of the day: worked or not; `None` outside its years.
fn published(day: NaiveDate) -> Option<bool> {
    // The crate panics outside the years that it knows; its bounds, from its documentation.
    let first = NaiveDate::from_ymd_opt(2004, 1, 1)?;
    if day < first || day > published_until() {
        return None;
    }
    let year = u16::try_from(day.year()).ok()?;
    let month = u8::try_from(day.month()).ok()?;
    let dom = u8::try_from(day.day()).ok()?;
    Some(matches!(
        chinese_holiday(Ymd::new(year, month, dom)),
        DayKind::NormalWorkday
            | DayKind::NewYearsDayWorkday
            | DayKind::SpringFestivalWorkday
            | DayKind::ChingMingFestivalWorkday
            | DayKind::InternationalWorkersDayWorkday
            | DayKind::DragonBoatFestivalWorkday
            | DayKind::MidAutumnFestivalWorkday
            | DayKind::NationalDayWorkday
            | DayKind::OtherWorkday
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn national_day_2023_with_make_up_workdays() {
        let calendar = Calendar::new();
        for (text, worked) in [
            ("2023-09-28", true),
            ("2023-09-29", false),
            ("2023-10-06", false),
            ("2023-10-07", true), // a Saturday, worked
            ("2023-10-08", true), // a Sunday, worked
            ("2023-10-09", true),
            ("2023-10-14", false),
        ] {
            assert_eq!(calendar.is_workday(day(text)), worked, "{text}");
        }
        assert_eq!(
            calendar.after_workdays(day("2023-09-28"), 3).date,
            day("2023-10-09")
        );
    }

    #[test]
    fn unknown_years_fall_back_and_say_so() {
        let calendar = Calendar::new();
        let reckoned = calendar.after_workdays(day("2030-01-04"), 1);
        assert_eq!(
            reckoned,
            Reckoned {
                date: day("2030-01-07"),
                certain: false
            }
        );
        let across = calendar.after_workdays(day("2026-12-24"), 3);
        assert!(!across.certain);
    }

    #[test]
    fn corrections_win() {
        let calendar = Calendar::with_corrections([(day("2023-10-09"), false)]);
        assert_eq!(
            calendar.after_workdays(day("2023-10-08"), 1).date,
            day("2023-10-10")
        );
    }

    #[test]
    fn a_day_ends_at_midnight_in_shanghai() {
        let end = end_of_shanghai_day(day("2024-02-29"));
        assert_eq!(
            shanghai_day(end - chrono::Duration::seconds(1)),
            day("2024-02-29")
        );
        assert_eq!(shanghai_day(end), day("2024-03-01"));
    }
}
