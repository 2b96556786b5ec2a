//! How long it took: discovered → reported → acknowledged → dispatched, each against its limit.
//!
//! The server's clock measures. What a phone says of the time is kept beside it: who took something
//! down in time where there was no signal is shown as such, and still counts by the server's clock.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::terms;

terms! {
    /// A stretch of time that is measured.
    AlertStage, "重要信息时限" {
        /// From discovery to the report.
        Report = "report", "发现到上报";
        /// From the report to the first acknowledgement.
        Acknowledge = "acknowledge", "上报到签收";
        /// From the first acknowledgement to the first dispatch.
        Dispatch = "dispatch", "签收到派处置";
    }
}

terms! {
    /// How a stretch compares with its limit.
    Verdict, "时限情况" {
        /// Done within the limit.
        InTime = "in_time", "按时";
        /// Taken down within the limit on a phone without a signal, and sent after it.
        Offline = "offline", "离线补传";
        /// Done after the limit.
        Late = "late", "超时";
        /// Not done, within the limit.
        Running = "running", "计时中";
        /// Not done, and the limit has passed.
        Overdue = "overdue", "已超时";
        /// It ended before this was needed.
        Spared = "spared", "无需";
    }
}

/// The limits, in minutes, that hold for one piece of urgent information: those in force when it was
/// reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From discovery to the report.
    pub report: u32,
    /// From the report to the first acknowledgement.
    pub acknowledge: u32,
    /// From there to the first dispatch.
    pub dispatch: u32,
}

/// When what happened, by the server's clock, but for what the phone claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    /// When it was discovered, as the reporter says.
    pub discovered_at: DateTime<Utc>,
    /// When the phone took it down, as the phone says; none where it was sent at once.
    pub recorded_at: Option<DateTime<Utc>>,
    /// When the server had it.
    pub reported_at: DateTime<Utc>,
    /// When somebody first acknowledged it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When somebody was first sent.
    pub dispatched_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

/// A stretch of time as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stretch {
    /// Which.
    pub stage: AlertStage,
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it ended; none while it runs.
    pub until: Option<DateTime<Utc>>,
    /// When the limit passes or passed.
    pub due: DateTime<Utc>,
    /// The limit, in minutes.
    pub limit_minutes: u32,
    /// How long it took, or has taken so far, in whole minutes.
    pub minutes: i64,
    /// How that compares.
    pub verdict: Verdict,
}

fn stretch(
    stage: AlertStage,
    (from, until): (DateTime<Utc>, Option<DateTime<Utc>>),
    limit_minutes: u32,
    now: DateTime<Utc>,
) -> Stretch {
    let due = from
        .checked_add_signed(Duration::minutes(i64::from(limit_minutes)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let end = until.unwrap_or(now);
    let verdict = match (until, end <= due) {
        (Some(_), true) => Verdict::InTime,
        (Some(_), false) => Verdict::Late,
        (None, true) => Verdict::Running,
        (None, false) => Verdict::Overdue,
    };
    Stretch {
        stage,
        from,
        until,
        due,
        limit_minutes,
        minutes: end.signed_duration_since(from).num_minutes().max(0),
        verdict,
    }
}

/// How long it took to report. A discovery that lies after the report, as a phone's clock that is
/// ahead has it, took no time.
pub fn report(moments: &Moments, limits: Limits) -> Stretch {
    let found = moments.discovered_at.min(moments.reported_at);
    let mut stretch = stretch(
        AlertStage::Report,
        (found, Some(moments.reported_at)),
        limits.report,
        moments.reported_at,
    );
    // Both times are the phone's, so that it does not matter how wrong its clock is.
    let taken_down = moments.recorded_at.is_some_and(|recorded| {
        let took = recorded.signed_duration_since(moments.discovered_at);
        Duration::zero() <= took && took <= Duration::minutes(i64::from(limits.report))
    });
    if stretch.verdict == Verdict::Late && taken_down {
        stretch.verdict = Verdict::Offline;
    }
    stretch
}

/// The stretches that have begun, in their order.
pub fn stretches(moments: &Moments, limits: Limits, now: DateTime<Utc>) -> Vec<Stretch> {
    let mut stretches = vec![report(moments, limits)];
    let seen = moments.acknowledged_at;
    let from = moments.reported_at;
    let acknowledge = AlertStage::Acknowledge;
    stretches.push(stretch(acknowledge, (from, seen), limits.acknowledge, now));
    if let Some(seen) = seen {
        let until = moments.dispatched_at.or(moments.closed_at);
        let mut last = stretch(AlertStage::Dispatch, (seen, until), limits.dispatch, now);
        if moments.dispatched_at.is_none() && moments.closed_at.is_some() {
            last.verdict = Verdict::Spared;
        }
        stretches.push(last);
    }
    stretches
}

/// How much was reported, and how much of it in time; drills are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Reported in time, by the server's clock.
    pub in_time: u64,
    /// Taken down in time without a signal, and sent later.
    pub offline: u64,
    /// Reported late.
    pub late: u64,
    /// Found later, and not reported.
    pub missed: u64,
}

impl Tally {
    /// Counts one that was reported.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::InTime => self.in_time += 1,
            Verdict::Offline => self.offline += 1,
            _ => self.late += 1,
        }
    }

    /// All that there was to report.
    pub const fn total(self) -> u64 {
        self.in_time + self.offline + self.late + self.missed
    }

    /// Reported in time, of all that there was to report, in percent with one place; none where
    /// there was nothing.
    pub fn percent(self) -> Option<f64> {
        let total = self.total();
        (total > 0).then(|| {
            let thousandths = (self.in_time * 1000 + total / 2) / total;
            f64::from(u32::try_from(thousandths).unwrap_or(1000)) / 10.0
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        report: 120,
        acknowledge: 15,
        dispatch: 30,
    };

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-03-02T{time}:00Z").parse().unwrap()
    }

    fn moments(discovered: &str, reported: &str) -> Moments {
        Moments {
            discovered_at: at(discovered),
            recorded_at: None,
            reported_at: at(reported),
            acknowledged_at: None,
            dispatched_at: None,
            closed_at: None,
        }
    }

    #[test]
    fn the_report_is_measured_by_the_servers_clock() {
        let verdict = |discovered, recorded: Option<&str>, reported| {
            let moments = Moments {
                recorded_at: recorded.map(at),
                ..moments(discovered, reported)
            };
            let stretch = report(&moments, LIMITS);
            (stretch.minutes, stretch.verdict)
        };
        assert_eq!(verdict("08:00", None, "08:00"), (0, Verdict::InTime));
        assert_eq!(verdict("08:00", None, "10:00"), (120, Verdict::InTime));
        assert_eq!(verdict("08:00", None, "10:01"), (121, Verdict::Late));
        assert_eq!(
            verdict("08:00", Some("08:05"), "15:00"),
            (420, Verdict::Offline)
        );
        assert_eq!(
            verdict("08:00", Some("10:00"), "15:00"),
            (420, Verdict::Offline)
        );
        assert_eq!(
            verdict("08:00", Some("10:01"), "15:00"),
            (420, Verdict::Late)
        );
        // A phone that says that it was taken down before it was discovered says nothing.
        assert_eq!(
            verdict("08:00", Some("07:59"), "15:00"),
            (420, Verdict::Late)
        );
        // The phone's clock is ahead.
        assert_eq!(
            verdict("20:00", Some("20:01"), "08:00"),
            (0, Verdict::InTime)
        );
    }

    #[test]
    fn acknowledgement_and_dispatch_run_until_they_are_done() {
        let mut moments = moments("08:00", "08:10");
        let seen = |moments: &Moments, now: &str| -> Vec<(i64, Verdict)> {
            let stretches = stretches(moments, LIMITS, at(now));
            stretches
                .iter()
                .skip(1)
                .map(|s| (s.minutes, s.verdict))
                .collect()
        };
        assert_eq!(seen(&moments, "08:25"), [(15, Verdict::Running)]);
        assert_eq!(seen(&moments, "08:26"), [(16, Verdict::Overdue)]);
        moments.acknowledged_at = Some(at("08:20"));
        assert_eq!(
            seen(&moments, "08:50"),
            [(10, Verdict::InTime), (30, Verdict::Running)]
        );
        assert_eq!(
            seen(&moments, "08:51"),
            [(10, Verdict::InTime), (31, Verdict::Overdue)]
        );
        let spared = Moments {
            closed_at: Some(at("08:55")),
            ..moments
        };
        assert_eq!(
            seen(&spared, "09:30"),
            [(10, Verdict::InTime), (35, Verdict::Spared)]
        );
        moments.dispatched_at = Some(at("08:51"));
        assert_eq!(
            seen(&moments, "09:30"),
            [(10, Verdict::InTime), (31, Verdict::Late)]
        );
    }

    #[test]
    fn a_rate_of_nothing_is_no_data() {
        let mut tally = Tally::default();
        assert_eq!(tally.percent(), None);
        for verdict in [
            Verdict::InTime,
            Verdict::InTime,
            Verdict::Offline,
            Verdict::Late,
        ] {
            tally.count(verdict);
        }
        tally.missed = 2;
        // 2 of 6.
        assert_eq!((tally.total(), tally.percent()), (6, Some(33.3)));
        let all = Tally {
            in_time: 3,
            ..Tally::default()
        };
        assert_eq!(all.percent(), Some(100.0));
        let none = Tally {
            missed: 1,
            ..Tally::default()
        };
        assert_eq!(none.percent(), Some(0.0));
    }

    proptest! {
        #[test]
        fn a_rate_is_between_nothing_and_all(
            in_time in 0u64..1000, offline in 0u64..1000, late in 0u64..1000, missed in 0u64..1000,
        ) {
            let tally = Tally { in_time, offline, late, missed };
            if let Some(percent) = tally.percent() {
                prop_assert!((0.0..=100.0).contains(&percent));
                let exact = in_time as f64 * 100.0 / tally.total() as f64;
                prop_assert!((percent - exact).abs() <= 0.050_001);
            }
        }

        #[test]
        fn any_claim_of_a_phone_is_measured(
            discovered in -62_000_000_000i64..250_000_000_000,
            recorded in -62_000_000_000i64..250_000_000_000,
        ) {
            let instant = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let moments = Moments {
                discovered_at: instant(discovered),
                recorded_at: Some(instant(recorded)),
                ..moments("08:00", "09:00")
            };
            let stretch = report(&moments, LIMITS);
            prop_assert!(stretch.minutes >= 0);
            prop_assert_eq!(
                stretch.verdict == Verdict::InTime,
                stretch.minutes <= 120
                    && moments.reported_at - moments.discovered_at <= Duration::minutes(120)
            );
        }
    }
}
