//! Which report a unit owes when: days by the township's calendar, weeks after ISO 8601, months.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::ReportKind;
use crate::calendar::{Calendar, end_of_shanghai_day, shanghai_day};
use crate::settings::Reporting;

/// How many days back reports are made that nobody made in time: an installation that slept for a
/// year does not wake up to a year of missing reports.
pub const CATCH_UP_DAYS: u64 = 60;

/// How long before its due instant a period may have begun: a month, and a holiday.
const LONGEST_DAYS: u64 = 62;

/// A period of reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// The report's kind.
    pub kind: ReportKind,
    /// Its first day: of a day's, the day; of a week's, the Monday; of a month's, the 1st.
    pub start: NaiveDate,
    /// Its last day.
    pub end: NaiveDate,
    /// The first instant at which it is late.
    pub due: DateTime<Utc>,
}

/// The period to which a day belongs, owed or not: a rest day's report, which nobody has to write,
/// is due on the next working day.
pub fn of_day(kind: ReportKind, day: NaiveDate, rules: &Reporting, calendar: &Calendar) -> Period {
    let (start, end, due) = match kind {
        ReportKind::Daily => {
            let due = if rules.daily_rest_days {
                day
            } else {
                next_workday(day, calendar)
            };
            (day, day, at_hour(due, rules.daily_hour))
        }
        ReportKind::Weekly => {
            let start = monday_of(day);
            let nominal = plus(start, u64::from(rules.weekly_weekday.saturating_sub(1)));
            let due = next_workday(nominal, calendar);
            (start, plus(start, 6), at_hour(due, rules.weekly_hour))
        }
        ReportKind::Monthly => {
            let start = day.with_day(1).unwrap_or(day);
            let end = start
                .checked_add_months(Months::new(1))
                .and_then(|next| next.pred_opt())
                .unwrap_or(start);
            let due = last_workday(start, end, calendar);
            (start, end, at_hour(due, rules.monthly_hour))
        }
    };
    Period {
        kind,
        start,
        end,
        due,
    }
}

/// Whether the rule asks for a period's report: not for a rest day's, unless the township reports on
/// those, too.
pub fn is_owed(period: &Period, rules: &Reporting, calendar: &Calendar) -> bool {
    period.kind != ReportKind::Daily || rules.daily_rest_days || calendar.is_workday(period.start)
}

/// The periods that a unit owes: those that have begun by `today` and were due after `since`, in
/// order. `since` is when the unit was made, or reporting began, or as far back as is caught up.
pub fn owed(
    kind: ReportKind,
    since: DateTime<Utc>,
    today: NaiveDate,
    rules: &Reporting,
    calendar: &Calendar,
) -> Vec<Period> {
    let first = shanghai_day(since);
    let mut day = first
        .checked_sub_days(Days::new(LONGEST_DAYS))
        .unwrap_or(first);
    let mut periods = Vec::new();
    loop {
        let period = of_day(kind, day, rules, calendar);
        if period.start > today {
            return periods;
        }
        if period.due > since && is_owed(&period, rules, calendar) {
            periods.push(period);
        }
        let Some(next) = period.end.succ_opt() else {
            return periods;
        };
        day = next;
    }
}

/// The days whose dailies go into a weekly: those since the last one was due, up to the day on which
/// this one is.
pub fn gathered(weekly: &Period, rules: &Reporting, calendar: &Calendar) -> (NaiveDate, NaiveDate) {
    let before = weekly.start.pred_opt().unwrap_or(weekly.start);
    let last = of_day(ReportKind::Weekly, before, rules, calendar);
    (plus(shanghai_day(last.due), 1), shanghai_day(weekly.due))
}

/// When a report that was returned is due again: on the day, at its kind's hour.
pub fn again_at(kind: ReportKind, day: NaiveDate, rules: &Reporting) -> DateTime<Utc> {
    let hour = match kind {
        ReportKind::Daily => rules.daily_hour,
        ReportKind::Weekly => rules.weekly_hour,
        ReportKind::Monthly => rules.monthly_hour,
    };
    at_hour(day, hour)
}

/// An hour of a day in Shanghai.
pub fn at_hour(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    NaiveTime::from_hms_opt(hour, 0, 0).map_or_else(
        || end_of_shanghai_day(day),
        // 24 hours before the day's end is its beginning.
        |time| {
            end_of_shanghai_day(day) - chrono::Duration::days(1)
                + time.signed_duration_since(NaiveTime::MIN)
        },
    )
}

/// What a period is called: `2026年3月10日`, `2026年第11周`, `2026年3月`.
pub fn label(kind: ReportKind, start: NaiveDate) -> String {
    match kind {
        ReportKind::Daily => format!("{}年{}月{}日", start.year(), start.month(), start.day()),
        ReportKind::Weekly => {
            let week = start.iso_week();
            format!("{}年第{}周", week.year(), week.week())
        }
        ReportKind::Monthly => format!("{}年{}月", start.year(), start.month()),
    }
}

fn monday_of(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday())))
        .unwrap_or(day)
}

fn plus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// The day, or the first working day after it.
fn next_workday(day: NaiveDate, calendar: &Calendar) -> NaiveDate {
    if calendar.is_workday(day) {
        day
    } else {
        calendar.after_workdays(day, 1).date
    }
}

/// The last working day between two days; the last day, should none be worked.
fn last_workday(first: NaiveDate, last: NaiveDate, calendar: &Calendar) -> NaiveDate {
    let mut day = last;
    while day >= first {
        if calendar.is_workday(day) {
            return day;
        }
        let Some(before) = day.pred_opt() else { break };
        day = before;
    }
    last
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::term::Term;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+08:00").parse().unwrap()
    }

    fn period(kind: ReportKind, on: &str) -> (String, String, DateTime<Utc>) {
        let period = of_day(kind, day(on), &Reporting::default(), &Calendar::new());
        (period.start.to_string(), period.end.to_string(), period.due)
    }

    #[test]
    fn a_day_a_week_and_a_month_have_their_due_instants() {
        use ReportKind::{Daily, Monthly, Weekly};
        for (kind, on, start, end, due) in [
            (
                Daily,
                "2026-03-10",
                "2026-03-10",
                "2026-03-10",
                "2026-03-10T18:00:00",
            ),
            // A rest day's, which nobody owes, with the next working day's.
            (
                Daily,
                "2026-03-14",
                "2026-03-14",
                "2026-03-14",
                "2026-03-16T18:00:00",
            ),
            // A Saturday that is worked (make-up for National Day 2023).
            (
                Daily,
                "2023-10-07",
                "2023-10-07",
                "2023-10-07",
                "2023-10-07T18:00:00",
            ),
            (
                Daily,
                "2024-02-29",
                "2024-02-29",
                "2024-02-29",
                "2024-02-29T18:00:00",
            ),
            (
                Weekly,
                "2026-03-10",
                "2026-03-09",
                "2026-03-15",
                "2026-03-11T18:00:00",
            ),
            // National Day: Wednesday 4 October 2023 is free, and so is all up to the make-up Saturday.
            (
                Weekly,
                "2023-10-04",
                "2023-10-02",
                "2023-10-08",
                "2023-10-07T18:00:00",
            ),
            // Spring Festival 2026, 15 to 23 February: the next working day lies in the week after.
            (
                Weekly,
                "2026-02-18",
                "2026-02-16",
                "2026-02-22",
                "2026-02-24T18:00:00",
            ),
            // A week over New Year; 1 January 2025, a Wednesday, is free.
            (
                Weekly,
                "2024-12-31",
                "2024-12-30",
                "2025-01-05",
                "2025-01-02T18:00:00",
            ),
            (
                Monthly,
                "2026-03-10",
                "2026-03-01",
                "2026-03-31",
                "2026-03-31T18:00:00",
            ),
            // 31 May 2026 is a Sunday.
            (
                Monthly,
                "2026-05-01",
                "2026-05-01",
                "2026-05-31",
                "2026-05-29T18:00:00",
            ),
            (
                Monthly,
                "2024-02-29",
                "2024-02-01",
                "2024-02-29",
                "2024-02-29T18:00:00",
            ),
            // 30 September 2023 is a Saturday of the holiday, which begins on the 29th.
            (
                Monthly,
                "2023-09-01",
                "2023-09-01",
                "2023-09-30",
                "2023-09-28T18:00:00",
            ),
        ] {
            let expected = (start.to_owned(), end.to_owned(), at(due));
            assert_eq!(period(kind, on), expected, "{kind} {on}");
        }
    }

    #[test]
    fn the_settings_move_the_due_instant() {
        let rules = Reporting {
            daily_hour: 17,
            daily_rest_days: true,
            weekly_weekday: 5,
            weekly_hour: 12,
            monthly_hour: 9,
            from: None,
        };
        let due = |kind, on| of_day(kind, day(on), &rules, &Calendar::new()).due;
        assert_eq!(
            due(ReportKind::Daily, "2026-03-14"),
            at("2026-03-14T17:00:00")
        );
        assert_eq!(
            due(ReportKind::Weekly, "2026-03-10"),
            at("2026-03-13T12:00:00")
        );
        assert_eq!(
            due(ReportKind::Monthly, "2026-03-10"),
            at("2026-03-31T09:00:00")
        );
        assert_eq!(
            again_at(ReportKind::Weekly, day("2026-03-20"), &rules),
            at("2026-03-20T12:00:00")
        );
    }

    #[test]
    fn periods_are_owed_from_the_first_that_was_due_after_the_beginning() {
        let owed = |kind, since: &str, today: &str, rules: &Reporting| {
            let all = owed(kind, at(since), day(today), rules, &Calendar::new());
            all.iter().map(|p| p.start.to_string()).collect::<Vec<_>>()
        };
        let rules = Reporting::default();
        // Friday to Monday; with rest days, four.
        let days = owed(
            ReportKind::Daily,
            "2026-03-13T10:00:00",
            "2026-03-16",
            &rules,
        );
        assert_eq!(days, ["2026-03-13", "2026-03-16"]);
        let every = Reporting {
            daily_rest_days: true,
            ..rules
        };
        let days = owed(
            ReportKind::Daily,
            "2026-03-13T10:00:00",
            "2026-03-16",
            &every,
        );
        assert_eq!(days.len(), 4);
        // Made after six: the day's was due before.
        let days = owed(
            ReportKind::Daily,
            "2026-03-13T18:00:00",
            "2026-03-16",
            &rules,
        );
        assert_eq!(days, ["2026-03-16"]);
        // National Day 2023: the holiday and Sunday the 8th, worked.
        let days = owed(
            ReportKind::Daily,
            "2023-09-28T10:00:00",
            "2023-10-09",
            &rules,
        );
        assert_eq!(
            days,
            ["2023-09-28", "2023-10-07", "2023-10-08", "2023-10-09"]
        );
        let weeks = owed(
            ReportKind::Weekly,
            "2026-03-10T10:00:00",
            "2026-03-16",
            &rules,
        );
        assert_eq!(weeks, ["2026-03-09", "2026-03-16"]);
        let weeks = owed(
            ReportKind::Weekly,
            "2024-12-23T10:00:00",
            "2025-01-06",
            &rules,
        );
        assert_eq!(weeks, ["2024-12-23", "2024-12-30", "2025-01-06"]);
        let months = owed(
            ReportKind::Monthly,
            "2023-12-31T10:00:00",
            "2024-03-01",
            &rules,
        );
        assert_eq!(months, ["2024-01-01", "2024-02-01", "2024-03-01"]);
    }

    #[test]
    fn a_weekly_gathers_the_dailies_since_the_last_one() {
        let rules = Reporting::default();
        let gathered = |on: &str| {
            let weekly = of_day(ReportKind::Weekly, day(on), &rules, &Calendar::new());
            gathered(&weekly, &rules, &Calendar::new())
        };
        assert_eq!(
            gathered("2026-03-10"),
            (day("2026-03-05"), day("2026-03-11"))
        );
        // After the Spring Festival: from the one that was due on a Tuesday.
        assert_eq!(
            gathered("2026-02-25"),
            (day("2026-02-25"), day("2026-02-25"))
        );
        assert_eq!(
            gathered("2026-02-18"),
            (day("2026-02-12"), day("2026-02-24"))
        );
    }

    #[test]
    fn periods_have_names() {
        assert_eq!(label(ReportKind::Daily, day("2024-02-29")), "2024年2月29日");
        assert_eq!(label(ReportKind::Weekly, day("2026-12-28")), "2026年第53周");
        assert_eq!(label(ReportKind::Weekly, day("2024-12-30")), "2025年第1周");
        assert_eq!(label(ReportKind::Monthly, day("2026-03-01")), "2026年3月");
    }

    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (0u64..9000).prop_map(|n| plus(day("2004-01-15"), n))
    }

    fn any_rules() -> impl Strategy<Value = Reporting> {
        (1u32..=23, any::<bool>(), 1u32..=7, 1u32..=23).prop_map(
            |(daily_hour, daily_rest_days, weekly_weekday, hour)| Reporting {
                daily_hour,
                daily_rest_days,
                weekly_weekday,
                weekly_hour: hour,
                monthly_hour: hour,
                from: None,
            },
        )
    }

    proptest! {
        /// Every day belongs to one period of each kind, whose days all belong to it; a period that
        /// is owed is due within its days or on the first working day after its nominal one.
        #[test]
        fn every_day_belongs_to_one_period(
            on in any_day(), rules in any_rules(), kind in prop::sample::select(ReportKind::ALL)
        ) {
            let calendar = Calendar::new();
            let period = of_day(kind, on, &rules, &calendar);
            prop_assert!(period.start <= on && on <= period.end);
            for of in [period.start, period.end] {
                prop_assert_eq!(of_day(kind, of, &rules, &calendar), period);
            }
            let next = of_day(kind, period.end.succ_opt().unwrap(), &rules, &calendar);
            prop_assert_eq!(next.start, period.end.succ_opt().unwrap());
            prop_assert!(next.due >= period.due);
            let due = shanghai_day(period.due);
            prop_assert!(due >= period.start);
            if !(kind == ReportKind::Daily && rules.daily_rest_days) {
                prop_assert!(calendar.is_workday(due));
            }
        }

        /// What is owed does not depend on how often it is asked: from one day to a later one it is
        /// what is owed to a day between, and the rest.
        #[test]
        fn what_is_owed_adds_up(
            from in any_day(), gap in 0u64..40, more in 0u64..40, rules in any_rules(),
            kind in prop::sample::select(ReportKind::ALL)
        ) {
            let calendar = Calendar::new();
            let since = at_hour(from, 10);
            let early = owed(kind, since, plus(from, gap), &rules, &calendar);
            let late = owed(kind, since, plus(from, gap + more), &rules, &calendar);
            prop_assert_eq!(&late[..early.len()], &early[..]);
            for two in late.windows(2) {
                prop_assert!(two[0].end < two[1].start);
            }
            for period in &late {
                prop_assert!(period.due > since && period.start <= plus(from, gap + more));
            }
        }
    }
}
