//! Targets of the year (年度目标), how far they are reached, and a forecast that is nothing but simple
//! extrapolation (简单外推).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::Indicator;
use super::period::{first_of_year, last_of_year};
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What a target can be set for.
    Goal, "年度目标" {
        /// The share of villages with the three-without standing.
        ThreeWithout = "three_without", "三无村比例";
        /// See [`Indicator::FirstSettled`].
        FirstSettled = "first_settled", "初信初访化解率";
        /// See [`Indicator::Handled`].
        Handled = "handled", "信访事项办理率（案件办结率）";
        /// See [`Indicator::CollectiveSettled`].
        CollectiveSettled = "collective_settled", "集体访化解率";
        /// See [`Indicator::Steady`].
        Steady = "steady", "稳控率";
        /// See [`Indicator::Reported`].
        Reported = "reported", "重要信息上报率";
        /// See [`Indicator::All`].
        All = "all", "信访总量下降";
        /// See [`Indicator::Abnormal`].
        Abnormal = "abnormal", "非正常访下降";
        /// See [`Indicator::Collective`].
        Collective = "collective", "集体访下降";
        /// See [`Indicator::SkipLevel`].
        SkipLevel = "skip_level", "越级访下降";
        /// See [`Indicator::Backlog`].
        Backlog = "backlog", "积案下降";
        /// See [`Indicator::AcceptedInTime`].
        AcceptedInTime = "accepted_in_time", "及时受理率";
        /// See [`Indicator::AnsweredInTime`].
        AnsweredInTime = "answered_in_time", "按期办结率";
        /// See [`Indicator::SettledAtOnce`].
        SettledAtOnce = "settled_at_once", "一次性化解率";
        /// See [`Indicator::ClosedSettled`].
        ClosedSettled = "closed_settled", "结案息诉罢访率";
        /// See [`Indicator::Upheld`].
        Upheld = "upheld", "复查复核维持率";
        /// See [`Indicator::Mediated`].
        Mediated = "mediated", "调解成功率";
        /// See [`Indicator::Kept`].
        Kept = "kept", "协议履行率";
        /// See [`Indicator::ReportsInTime`].
        ReportsInTime = "reports_in_time", "排查报告按时率";
        /// See [`Indicator::VisitsDone`].
        VisitsDone = "visits_done", "走访完成率";
    }
}

impl Goal {
    /// The figure that it is about; none for the share of villages.
    pub fn indicator(self) -> Option<Indicator> {
        Indicator::from_code(self.code())
    }

    /// Whether it is a drop, that is reached by so much less than last year.
    pub fn is_drop(self) -> bool {
        self.indicator().is_some_and(Indicator::is_drop)
    }

    /// What holds when nobody has set it, in tenths of a percent.
    pub const fn usual(self) -> Option<i64> {
        match self {
            Self::ThreeWithout => Some(super::standing::USUAL_TARGET),
            _ => None,
        }
    }

    /// Whether a figure reaches a target: a rate by being as high, a drop by being as deep.
    pub fn is_met(self, target: i64, now: i64) -> bool {
        if self.is_drop() {
            now <= -target
        } else {
            now >= target
        }
    }
}

/// A change of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetPatch {
    /// 目标值，千分比：900 即 90.0%；下降类为降幅。不填则取消目标
    pub value: Option<i64>,
    /// 依据或说明
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The longest note of a target.
pub const MAX_NOTE: usize = 200;

impl TargetPatch {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if self.value.is_some_and(|value| !(0..=1000).contains(&value)) {
            errors.add(
                "value",
                "out_of_range",
                "目标值按千分比填写，应在0至1000之间，如 900 表示 90.0%。",
            );
        }
        errors.length("note", "说明", self.note.as_deref().unwrap_or(""), MAX_NOTE);
        errors
    }
}

/// What a count of the year so far comes to by its end if things go on as they did: simple
/// extrapolation by days, rounded half up. Only of the day's own year.
pub fn extrapolated(count: u64, day: NaiveDate) -> u64 {
    let (first, last) = (first_of_year(day.year()), last_of_year(day.year()));
    let days = |to: NaiveDate| u64::try_from((to - first).num_days() + 1).unwrap_or(1);
    let (gone, all) = (days(day).max(1), days(last));
    (count * all * 2 + gone) / (gone * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_but_the_standing_is_an_indicator() {
        for goal in Goal::ALL {
            assert_eq!(goal.indicator().is_none(), *goal == Goal::ThreeWithout);
        }
        assert!(Goal::All.is_drop() && !Goal::Handled.is_drop());
    }

    #[test]
    fn a_rate_is_reached_from_below_and_a_drop_by_its_depth() {
        assert!(Goal::Handled.is_met(900, 900) && !Goal::Handled.is_met(900, 899));
        assert!(Goal::All.is_met(100, -100) && Goal::All.is_met(100, -150));
        assert!(!Goal::All.is_met(100, -99) && !Goal::All.is_met(100, 100));
    }

    #[test]
    fn extrapolation_goes_by_days_and_knows_leap_years() {
        let day = |text: &str| text.parse().unwrap();
        // 73 of 365 days: a fifth.
        assert_eq!(extrapolated(10, day("2026-03-14")), 50);
        // 183 of 366 days: half.
        assert_eq!(extrapolated(7, day("2024-07-01")), 14);
        assert_eq!(extrapolated(7, day("2026-12-31")), 7);
        assert_eq!(extrapolated(1, day("2026-01-01")), 365);
        assert_eq!(extrapolated(0, day("2026-01-01")), 0);
    }

    #[test]
    fn a_target_has_bounds() {
        let fields = |value| {
            let patch = TargetPatch { value, note: None };
            patch.check().into_vec().len()
        };
        assert_eq!(fields(None), 0);
        assert_eq!(fields(Some(0)) + fields(Some(1000)), 0);
        assert_eq!(fields(Some(-1)), 1);
        assert_eq!(fields(Some(1001)), 1);
    }
}
