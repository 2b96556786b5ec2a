//! Who is told when: before a report is due, when it is late, and each morning after. Of several
//! moments that have passed, as after a long downtime, only the last counts.

use chrono::{DateTime, Days, Duration, Utc};

use super::ReportKind;
use super::period::at_hour;
use crate::calendar::shanghai_day;

/// The hour of the morning's reminders in Shanghai.
const MORNING: u32 = 9;
/// So long before it is due the last reminder comes.
const BEFORE_HOURS: i64 = 2;
/// On so many mornings after, at most, those who owe it hear of it again.
const MORNINGS_AFTER: u64 = 7;

/// A moment at which somebody is told of a report that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
    /// What for.
    pub why: Why,
}

/// What a reminder says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is due today.
    Today,
    /// It is due in two hours.
    Soon,
    /// It is late now.
    Late,
    /// It is still not there, so many mornings after.
    Still(u64),
}

impl Why {
    /// What keeps a reminder from being sent twice, beside the report.
    pub fn key(self) -> String {
        match self {
            Self::Today => "today".to_owned(),
            Self::Soon => "soon".to_owned(),
            Self::Late => "late".to_owned(),
            Self::Still(mornings) => format!("still{mornings}"),
        }
    }
}

/// The last moment up to `now` at which those who owe a report due at `due` are told; none before the
/// first, nor long after the last.
pub fn last(kind: ReportKind, due: DateTime<Utc>, now: DateTime<Utc>) -> Option<Moment> {
    let day = shanghai_day(due);
    let mut moments = vec![
        Moment {
            at: due - Duration::hours(BEFORE_HOURS),
            why: Why::Soon,
        },
        Moment {
            at: due,
            why: Why::Late,
        },
    ];
    // Who writes every day need not be told in the morning, too.
    if kind != ReportKind::Daily {
        moments.push(Moment {
            at: at_hour(day, MORNING),
            why: Why::Today,
        });
    }
    moments.extend((1..=MORNINGS_AFTER).filter_map(|n| {
        Some(Moment {
            at: at_hour(day.checked_add_days(Days::new(n))?, MORNING),
            why: Why::Still(n),
        })
    }));
    let last = moments
        .into_iter()
        .filter(|moment| moment.at <= now)
        .max()?;
    // The last morning's is good for its day.
    (now - last.at < Duration::days(1)).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-03-{text}+08:00").parse().unwrap()
    }

    #[test]
    fn only_the_last_moment_counts() {
        let due = at("11T18:00:00");
        let why = |kind, now: &str| last(kind, due, at(now)).map(|moment| moment.why);
        use ReportKind::{Daily, Weekly};
        for (kind, now, expected) in [
            (Weekly, "11T08:59:59", None),
            (Weekly, "11T09:00:00", Some(Why::Today)),
            (Daily, "11T09:00:00", None),
            (Daily, "11T15:59:59", None),
            (Daily, "11T16:00:00", Some(Why::Soon)),
            (Weekly, "11T17:59:59", Some(Why::Soon)),
            (Weekly, "11T18:00:00", Some(Why::Late)),
            (Weekly, "12T08:59:59", Some(Why::Late)),
            (Weekly, "12T09:00:00", Some(Why::Still(1))),
            // Down for four days: not four reminders.
            (Weekly, "15T12:00:00", Some(Why::Still(4))),
            (Weekly, "18T20:00:00", Some(Why::Still(7))),
            (Weekly, "19T09:00:00", None),
        ] {
            assert_eq!(why(kind, now), expected, "{kind} {now}");
        }
    }
}
