//! Days and periods of figures.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The most days that a table may cover.
pub const MOST_DAYS: i64 = 366 * 5;

/// A day, in two bytes: days since 1970. What lies outside (before 1970, after 2149) stands at the end
/// nearest to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(u16);

impl Day {
    /// Later than any day of a ledger.
    pub const NEVER: Self = Self(u16::MAX);

    /// A date's day.
    pub fn of(date: NaiveDate) -> Self {
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        Self(u16::try_from(days.max(0)).unwrap_or(u16::MAX))
    }

    /// The date.
    pub fn date(self) -> NaiveDate {
        NaiveDate::default()
            .checked_add_days(Days::new(u64::from(self.0)))
            .unwrap_or_default()
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: u16) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// As a number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// From its number.
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }
}

/// A period; both days are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl Window {
    /// From a date to another.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Self {
        Self {
            from: Day::of(from),
            to: Day::of(to),
        }
    }

    /// Whether the day lies in it.
    pub fn has(self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

/// A period with the day as of which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// What took effect after this day does not count.
    pub as_of: NaiveDate,
}

impl Span {
    /// The year's period up to a day, as of that day.
    pub fn year_to(day: NaiveDate) -> Self {
        Self {
            from: first_of_year(day.year()),
            to: day,
            as_of: day,
        }
    }

    /// The same period of last year. A month's end stays a month's end.
    #[must_use]
    pub fn last_year(self) -> Self {
        Self {
            from: year_before(self.from),
            to: year_before_end(self.to),
            as_of: year_before_end(self.as_of),
        }
    }

    /// The period.
    pub fn window(self) -> Window {
        Window::new(self.from, self.to)
    }

    /// Its months, the first and the last as far as they lie in it.
    pub fn months(self) -> Vec<(NaiveDate, NaiveDate)> {
        let mut months = Vec::new();
        let mut from = self.from;
        while from <= self.to {
            let end = last_of_month(from);
            months.push((from, end.min(self.to)));
            match end.succ_opt() {
                Some(next) => from = next,
                None => break,
            }
        }
        months
    }
}

/// 1 January.
pub fn first_of_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default()
}

/// 31 December.
pub fn last_of_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or_default()
}

/// The last day of a day's month.
pub fn last_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1)
        .and_then(|first| first.checked_add_months(Months::new(1)))
        .and_then(|next| next.pred_opt())
        .unwrap_or(day)
}

/// The same day of last year; of 29 February the 28th.
pub fn year_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_months(Months::new(12)).unwrap_or(day)
}

/// The same for the end of a period: a month's last day becomes that month's last day, so that
/// February 2025 is compared with all of February 2024.
fn year_before_end(day: NaiveDate) -> NaiveDate {
    let before = year_before(day);
    if day == last_of_month(day) {
        last_of_month(before)
    } else {
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_keeps_its_date() {
        for date in ["1970-01-01", "2024-02-29", "2026-03-10", "2149-06-05"] {
            assert_eq!(Day::of(day(date)).date(), day(date));
        }
        assert_eq!(Day::of(day("1949-10-01")).date(), day("1970-01-01"));
        assert_eq!(Day::of(day("9999-12-31")), Day::NEVER);
    }

    #[test]
    fn last_years_period_keeps_the_months_end_and_the_leap_day() {
        for (from, to, last_from, last_to) in [
            ("2026-01-01", "2026-03-10", "2025-01-01", "2025-03-10"),
            // All of February, from and to a leap year.
            ("2025-02-01", "2025-02-28", "2024-02-01", "2024-02-29"),
            ("2024-02-01", "2024-02-29", "2023-02-01", "2023-02-28"),
            ("2024-02-29", "2024-02-29", "2023-02-28", "2023-02-28"),
            ("2025-12-15", "2026-01-15", "2024-12-15", "2025-01-15"),
        ] {
            let span = Span {
                from: day(from),
                to: day(to),
                as_of: day(to),
            };
            let last = span.last_year();
            assert_eq!((last.from, last.to), (day(last_from), day(last_to)));
            assert_eq!(last.as_of, day(last_to));
        }
    }

    #[test]
    fn months_go_over_the_year_and_are_cut_at_the_ends() {
        let span = Span {
            from: day("2025-12-15"),
            to: day("2026-02-10"),
            as_of: day("2026-02-10"),
        };
        assert_eq!(
            span.months(),
            [
                (day("2025-12-15"), day("2025-12-31")),
                (day("2026-01-01"), day("2026-01-31")),
                (day("2026-02-01"), day("2026-02-10")),
            ]
        );
    }
}
