//! Reports (排查报告): what groups, villages and township units owe, and when; what is found and what
//! becomes of it. Neighbours: [`period`] which report is owed when, [`state`] what may follow what and
//! what is late, [`remind`] who is told when, [`input`] what people enter, [`view`] what they see.

pub mod input;
pub mod period;
pub mod remind;
pub mod state;
pub mod view;

use crate::org::UnitKind;
use crate::terms;

terms! {
    /// Which report: the plan has three.
    ReportKind, "报告种类" {
        /// A group's, each day.
        Daily = "daily", "日排查日报告";
        /// A village's, each week.
        Weekly = "weekly", "周排查周报告";
        /// A township unit's, each month.
        Monthly = "monthly", "月排查月报告";
    }
}

impl ReportKind {
    /// What a unit of this kind owes. Leadership and the coordination office, which receive reports,
    /// owe none.
    pub const fn of(unit: UnitKind) -> Option<Self> {
        match unit {
            UnitKind::Group => Some(Self::Daily),
            UnitKind::Village => Some(Self::Weekly),
            UnitKind::PoliceStation
            | UnitKind::Court
            | UnitKind::JusticeOffice
            | UnitKind::ServiceCentre
            | UnitKind::PartyGovernmentOffice => Some(Self::Monthly),
            UnitKind::County | UnitKind::Township | UnitKind::CoordinationOffice => None,
        }
    }

    /// In two characters, for titles (`日报`).
    pub const fn short(self) -> &'static str {
        match self {
            Self::Daily => "日报",
            Self::Weekly => "周报",
            Self::Monthly => "月报",
        }
    }
}

terms! {
    /// Where a report stands. Whether it is late is told beside it ([`state::Standing`]).
    ReportState, "报告状态" {
        /// Made by rule, nothing written yet.
        Due = "due", "待报";
        /// Begun.
        Draft = "draft", "草稿";
        /// Sent to the office.
        Submitted = "submitted", "已报";
        /// Sent back with a reason.
        Returned = "returned", "已退回";
        /// Received by the office.
        Acknowledged = "acknowledged", "已签收";
        /// Not owed, for a reason that the office gave.
        Excused = "excused", "免报";
    }
}

terms! {
    /// What can be done with a report as a whole.
    ReportStep, "报告操作" {
        /// Send it, with what was found.
        Submit = "submit", "提交";
        /// Send it: nothing was found.
        Zero = "zero", "零报告";
        /// Take back what was sent, to add to it.
        Withdraw = "withdraw", "撤回补充";
        /// Take over what the groups' dailies of the week have found.
        Gather = "gather", "汇总各社情况";
        /// Send it back, with a reason and a day.
        Return = "return", "退回";
        /// Receive it.
        Acknowledge = "acknowledge", "签收";
        /// Let the unit off, with a reason.
        Excuse = "excuse", "免报";
    }
}

terms! {
    /// What became of a finding.
    FindingState, "处置" {
        /// Nothing yet.
        Open = "open", "待处置";
        /// A case was registered from it.
        Case = "case", "已立为事项";
        /// It belongs to a case that was there.
        Joined = "joined", "已并入事项";
        /// Looked into, and nothing is behind it.
        Dismissed = "dismissed", "已核实不成立";
    }
}

/// What somebody wants to do about reports, as permissions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportDeed {
    /// See the reports that are theirs to see, whole.
    View,
    /// See the board: figures alone.
    Board,
    /// Write and send a unit's report.
    Write,
    /// Make a case of a finding, or join it to one.
    Take,
    /// Dismiss a finding.
    Dismiss,
    /// Return, acknowledge, excuse.
    Judge,
}

impl ReportDeed {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::View,
        Self::Board,
        Self::Write,
        Self::Take,
        Self::Dismiss,
        Self::Judge,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Term;

    #[test]
    fn each_unit_owes_one_kind_and_the_office_none() {
        let owed = |kind| {
            UnitKind::ALL
                .iter()
                .filter(|unit| ReportKind::of(**unit) == Some(kind))
                .count()
        };
        assert_eq!(
            ReportKind::ALL.iter().map(|k| owed(*k)).collect::<Vec<_>>(),
            [1, 1, 5]
        );
        assert_eq!(ReportKind::of(UnitKind::CoordinationOffice), None);
    }
}
