//! The calendar (日程): every clock that runs, the authority's and the petitioner's own, and every due
//! of a matter, by day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::deadline::{Clock, ClockKind, ClockOwner};
use super::matter::MatterKind;
use crate::case::view::Named;
use crate::ids::CaseId;
use crate::term::Term;
use crate::terms;

terms! {
    /// Whose days a calendar shows, within what the caller may see.
    CalendarScope, "日程范围" {
        /// Cases that the caller leads, handles or registered, and matters of their unit.
        Mine = "mine", "我的";
        /// Cases and matters of the caller's unit.
        Unit = "unit", "本单位";
        /// All that the caller may see.
        All = "all", "全部";
    }
}

/// Something due on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarItem {
    /// The last day on which it is met.
    pub on: NaiveDate,
    /// What is due: `办理期限`, `督办反馈`.
    pub what: String,
    /// The case.
    pub case_id: CaseId,
    /// Its number.
    pub number: String,
    /// Its cause, the first characters.
    pub cause: String,
    /// Its village.
    pub village: Option<Named>,
    /// The unit that answers for it.
    pub unit: Option<Named>,
    /// Whose time it is.
    pub owner: ClockOwner,
    /// The article behind it, of a clock.
    pub basis: Option<String>,
    /// Of a matter: which.
    pub matter_id: Option<String>,
    /// Of a matter: its kind.
    pub matter_kind: Option<MatterKind>,
    /// Whether the day has passed.
    pub overdue: bool,
    /// What may be lost by waiting, in words for the petitioner.
    pub warning: Option<String>,
}

/// The days asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarView {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The server's day.
    pub today: NaiveDate,
    /// What is due, by day; what is overdue stands on its own day.
    pub items: Vec<CalendarItem>,
    /// Whether there is more than is shown: a narrower scope shows all.
    pub cut: bool,
}

/// The most days that a calendar shows at once.
pub const MAX_DAYS: i64 = 366;
/// From how many days before its end on a petitioner's clock is worth a warning.
pub const WARN_DAYS: i64 = 10;

/// The name of a clock in a calendar.
pub fn clock_name(kind: ClockKind) -> String {
    match kind.owner() {
        ClockOwner::Authority => format!("{}期限", kind.label()),
        ClockOwner::Petitioner => format!("{}的期限（信访人）", kind.label()),
    }
}

/// What a petitioner may lose by waiting: a clock of theirs that ends soon while mediation goes on
/// does not stop for it (条例第三十五条、第三十六条 know no suspension).
pub fn warning(clock: &Clock, mediating: bool, today: NaiveDate) -> Option<String> {
    if clock.owner != ClockOwner::Petitioner || !clock.is_running() {
        return None;
    }
    let left = clock.due.signed_duration_since(today).num_days();
    if !(0..=WARN_DAYS).contains(&left) {
        return None;
    }
    let what = match clock.kind {
        ClockKind::ReviewRequest => "申请复查",
        ClockKind::FinalReviewRequest => "申请复核",
        _ => "申请司法确认",
    };
    let days = match left {
        0 => "今天是最后一天".to_owned(),
        left => format!("还剩{left}天"),
    };
    let waiting = if mediating && clock.kind != ClockKind::Confirmation {
        "调解不中断这个期限，请提醒信访人先提出申请，再继续调解；起诉另有时效的也不要等过期。"
    } else {
        "逾期即失去这项权利，请提醒信访人。"
    };
    Some(format!("{what}{days}，{waiting}"))
}

/// A personal iCalendar feed, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarFeed {
    /// Whether there is one.
    pub active: bool,
    /// When it was made.
    pub created_at: Option<chrono::DateTime<chrono::Utc>>,
    /// When a calendar program last read it.
    pub last_used_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Its path, shown once, when it is made: whoever has it can read the feed.
    pub path: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(kind: ClockKind, due: NaiveDate) -> Clock {
        Clock {
            kind,
            owner: kind.owner(),
            from: due,
            due,
            extended_days: 0,
            met_on: None,
            stopped: false,
            basis: String::new(),
            certain: true,
        }
    }

    #[test]
    fn a_petitioner_is_warned_before_a_limit_is_used_up() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let review = clock(ClockKind::ReviewRequest, day(20));
        assert_eq!(warning(&review, true, day(9)), None);
        let ten = warning(&review, true, day(10)).unwrap();
        assert!(
            ten.contains("还剩10天") && ten.contains("调解不中断"),
            "{ten}"
        );
        let last = warning(&review, false, day(20)).unwrap();
        assert!(last.contains("最后一天") && last.contains("失去"), "{last}");
        assert_eq!(warning(&review, true, day(21)), None);
        // The authority's own clocks are no right of the petitioner's.
        let handling = clock(ClockKind::Handling, day(20));
        assert_eq!(warning(&handling, true, day(19)), None);
        let met = Clock {
            met_on: Some(day(12)),
            ..review
        };
        assert_eq!(warning(&met, true, day(19)), None);
    }
}
