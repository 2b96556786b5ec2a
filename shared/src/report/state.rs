//! What may follow what in a report's life, and what is late. The server's time decides; what a phone
//! says is kept beside it.

use chrono::{DateTime, Utc};

use super::{ReportState, ReportStep};
use crate::terms;

terms! {
    /// How a report stands to its due instant: what the board shows in a cell.
    Standing, "情况" {
        /// Not there yet, and not due yet.
        NotDue = "not_due", "未到期";
        /// Not there, and due: or returned and not sent again in time.
        Missing = "missing", "缺报";
        /// There, but after it was due.
        Late = "late", "迟报";
        /// Nothing was found.
        Zero = "zero", "零报告";
        /// Something was found.
        Findings = "findings", "有情况";
        /// Sent back, and still time.
        Returned = "returned", "已退回";
        /// Received by the office.
        Acknowledged = "acknowledged", "已签收";
        /// Let off.
        Excused = "excused", "免报";
    }
}

/// Why a step is not possible now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

/// What is changed about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Its content is written.
    Save,
    /// It is sent anew in place of what was sent, by whoever has seen that.
    Replace,
    /// A step.
    Step(ReportStep),
}

/// The state after a change.
///
/// # Errors
/// [`Refused`], with the reason, where the table has no such step.
pub const fn after(state: ReportState, change: Change) -> Result<ReportState, Refused> {
    use ReportState as S;
    use ReportStep as P;
    match (state, change) {
        (S::Due | S::Draft, Change::Save | Change::Step(P::Gather)) => Ok(S::Draft),
        (S::Returned, Change::Save | Change::Step(P::Gather)) => Ok(S::Returned),
        // What happens all the same may be reported although nobody has to.
        (
            S::Due | S::Draft | S::Returned | S::Excused,
            Change::Step(P::Submit | P::Zero) | Change::Replace,
        )
        | (S::Submitted, Change::Replace) => Ok(S::Submitted),
        (S::Submitted, Change::Step(P::Withdraw)) => Ok(S::Draft),
        (S::Submitted, Change::Step(P::Return)) => Ok(S::Returned),
        (S::Submitted, Change::Step(P::Acknowledge)) => Ok(S::Acknowledged),
        (S::Due | S::Draft | S::Returned, Change::Step(P::Excuse)) => Ok(S::Excused),
        (S::Excused, Change::Step(P::Excuse)) => Err(Refused("这份报告已经免报。")),
        (_, Change::Step(P::Excuse)) => Err(Refused("已经报了，不用免报。")),
        (S::Submitted, Change::Save | Change::Step(P::Submit | P::Zero | P::Gather)) => {
            Err(Refused("已经提交。要补充，请先撤回。"))
        }
        (S::Acknowledged, Change::Step(P::Acknowledge)) => Err(Refused("已经签收过了。")),
        (S::Acknowledged, _) => Err(Refused(
            "综治办已签收，不能再改。有新情况请写在下一期，紧急的请报重要信息。",
        )),
        (S::Excused, Change::Save | Change::Step(P::Gather)) => {
            Err(Refused("这一期已免报。有情况可以直接提交。"))
        }
        (_, Change::Step(P::Withdraw)) => Err(Refused("还没有提交，不用撤回。")),
        (_, Change::Step(P::Return | P::Acknowledge)) => Err(Refused("还没有提交。")),
    }
}

/// What lateness looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Where it stands.
    pub state: ReportState,
    /// The first instant at which it is late.
    pub due: DateTime<Utc>,
    /// When it was first sent, by the server's clock.
    pub first_at: Option<DateTime<Utc>>,
    /// Whether it was sent late, at first or after it was returned.
    pub late: bool,
    /// Of one that was returned: the first instant at which it is late again.
    pub again: Option<DateTime<Utc>>,
    /// Whether nothing was found.
    pub zero: bool,
}

impl Course {
    /// The instant before which it is to be sent, while it is still to be.
    pub fn pending(&self) -> Option<DateTime<Utc>> {
        match self.state {
            ReportState::Due | ReportState::Draft => Some(self.due),
            ReportState::Returned => Some(self.again.unwrap_or(self.due)),
            ReportState::Submitted | ReportState::Acknowledged | ReportState::Excused => None,
        }
    }

    /// How it stands.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        match (self.state, self.pending()) {
            (_, Some(due)) if now >= due => Standing::Missing,
            (ReportState::Returned, _) => Standing::Returned,
            (_, Some(_)) => Standing::NotDue,
            (ReportState::Excused, _) => Standing::Excused,
            (ReportState::Acknowledged, _) => Standing::Acknowledged,
            _ if self.late => Standing::Late,
            _ if self.zero => Standing::Zero,
            _ => Standing::Findings,
        }
    }

    /// Whether it is late if it is sent now: by its due instant at first, by the day given for that
    /// after it was returned. What was once late stays so; adding to what was sent in time is not.
    pub fn late_if_sent(&self, now: DateTime<Utc>) -> bool {
        match (self.state, self.first_at) {
            (ReportState::Excused, _) => false,
            (ReportState::Returned, _) => self.late || self.again.is_some_and(|again| now >= again),
            (_, Some(_)) => self.late,
            (_, None) => now >= self.due,
        }
    }

    /// Whether it counts in the on-time rate, and how: none while it is not due or where the unit was
    /// let off.
    pub fn outcome(&self, now: DateTime<Utc>) -> Option<Outcome> {
        match self.standing(now) {
            Standing::NotDue | Standing::Excused => None,
            Standing::Missing => Some(Outcome::Missing),
            _ if self.late => Some(Outcome::Late),
            _ => Some(Outcome::OnTime),
        }
    }
}

/// How a report counts in the on-time rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Sent in time.
    OnTime,
    /// Sent late (迟报).
    Late,
    /// Not sent (缺报).
    Missing,
}

/// The on-time rate in percent, rounded; none where nothing counts.
pub fn rate(on_time: u32, counted: u32) -> Option<u32> {
    let doubled = on_time.checked_mul(200)?.checked_add(counted)?;
    doubled.checked_div(counted.checked_mul(2)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Term;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-03-{text}+08:00").parse().unwrap()
    }

    fn course(state: ReportState) -> Course {
        Course {
            state,
            due: at("11T18:00:00"),
            first_at: None,
            late: false,
            again: None,
            zero: false,
        }
    }

    #[test]
    fn a_report_is_late_from_its_due_instant_on() {
        let due = course(ReportState::Due);
        for (now, missing) in [
            ("11T17:59:59", false),
            ("11T17:59:59.999", false),
            ("11T18:00:00", true),
            ("11T18:00:01", true),
        ] {
            assert_eq!(due.late_if_sent(at(now)), missing, "{now}");
            let standing = if missing {
                Standing::Missing
            } else {
                Standing::NotDue
            };
            assert_eq!(due.standing(at(now)), standing, "{now}");
        }
    }

    #[test]
    fn missing_and_late_are_two_things() {
        let now = at("12T09:00:00");
        assert_eq!(
            course(ReportState::Draft).outcome(now),
            Some(Outcome::Missing)
        );
        let sent = Course {
            first_at: Some(at("11T19:00:00")),
            late: true,
            zero: true,
            ..course(ReportState::Submitted)
        };
        assert_eq!(
            (sent.standing(now), sent.outcome(now)),
            (Standing::Late, Some(Outcome::Late))
        );
        let zero = Course {
            late: false,
            ..sent
        };
        assert_eq!(
            (zero.standing(now), zero.outcome(now)),
            (Standing::Zero, Some(Outcome::OnTime))
        );
        assert_eq!(course(ReportState::Excused).outcome(now), None);
        assert_eq!(course(ReportState::Due).outcome(at("10T09:00:00")), None);
    }

    #[test]
    fn what_is_returned_is_due_again() {
        let returned = Course {
            first_at: Some(at("11T10:00:00")),
            again: Some(at("13T18:00:00")),
            ..course(ReportState::Returned)
        };
        assert_eq!(returned.standing(at("13T17:59:59")), Standing::Returned);
        assert_eq!(returned.outcome(at("13T17:59:59")), Some(Outcome::OnTime));
        assert_eq!(returned.standing(at("13T18:00:00")), Standing::Missing);
        assert!(!returned.late_if_sent(at("13T17:59:59")));
        assert!(returned.late_if_sent(at("13T18:00:00")));
    }

    #[test]
    fn adding_to_what_was_sent_in_time_is_not_late() {
        let withdrawn = Course {
            first_at: Some(at("11T10:00:00")),
            ..course(ReportState::Draft)
        };
        assert!(!withdrawn.late_if_sent(at("12T10:00:00")));
        // But it has to be sent again.
        assert_eq!(withdrawn.standing(at("12T10:00:00")), Standing::Missing);
    }

    #[test]
    fn the_table_of_steps() {
        use ReportState as S;
        use ReportStep as P;
        let leads = |state, step| after(state, Change::Step(step)).ok();
        for (state, allowed) in [
            (S::Due, vec![P::Submit, P::Zero, P::Gather, P::Excuse]),
            (S::Draft, vec![P::Submit, P::Zero, P::Gather, P::Excuse]),
            (S::Submitted, vec![P::Withdraw, P::Return, P::Acknowledge]),
            (S::Returned, vec![P::Submit, P::Zero, P::Gather, P::Excuse]),
            (S::Acknowledged, vec![]),
            (S::Excused, vec![P::Submit, P::Zero]),
        ] {
            let found: Vec<P> = P::ALL
                .iter()
                .copied()
                .filter(|step| leads(state, *step).is_some())
                .collect();
            assert_eq!(found, allowed, "{state}");
        }
        assert_eq!(leads(S::Submitted, P::Withdraw), Some(S::Draft));
        assert_eq!(after(S::Returned, Change::Save), Ok(S::Returned));
        assert_eq!(after(S::Submitted, Change::Replace), Ok(S::Submitted));
        assert!(after(S::Acknowledged, Change::Replace).is_err());
    }

    #[test]
    fn a_rate_with_nothing_to_count_is_no_rate() {
        assert_eq!(rate(0, 0), None);
        assert_eq!(
            (rate(2, 3), rate(1, 3), rate(0, 5), rate(5, 5)),
            (Some(67), Some(33), Some(0), Some(100))
        );
    }
}
