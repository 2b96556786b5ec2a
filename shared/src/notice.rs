//! Notices (通知): what somebody is told of. Without personal data, for a notice is shown on a locked
//! phone, and its words may go on to a chat robot: numbers of cases, names of units, days.

pub mod prefs;
pub mod remind;
pub mod robot;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::terms;

/// For how many days notices are kept.
pub const KEPT_DAYS: i64 = 180;
/// The most missed notices that a stream sends again; who has missed more reads the inbox anew.
pub const MOST_RESUMED: usize = 500;

terms! {
    /// What a notice is about.
    NoticeKind, "通知类型" {
        /// Urgent information came in, or something happened with it.
        Alert = "alert", "重要信息";
        /// A report is due, or late.
        ReportDue = "report_due", "报告提醒";
        /// A report was submitted, returned or acknowledged.
        Report = "report", "报告往来";
        /// A case's clock is about to run out, or has.
        CaseDue = "case_due", "办理期限";
        /// A case or a matter was given to the unit.
        CaseGiven = "case_given", "交办转送";
        /// A matter of a case is due.
        MatterDue = "matter_due", "专项到期";
        /// A promise given on a visit is due.
        PromiseDue = "promise_due", "承诺到期";
        /// A household visit is to be made.
        VisitDuty = "visit_duty", "走访提醒";
        /// A reception day is near.
        Reception = "reception", "接待日";
        /// A petitioner is not satisfied with an answer.
        Rated = "rated", "群众评价";
        /// A village's assessment goes on.
        Assessment = "assessment", "村级考核";
        /// What the day brings, together.
        Digest = "digest", "每日汇总";
        /// About the system.
        System = "system", "系统";
    }
}

impl NoticeKind {
    /// Whether it is for nobody but its receiver, not for who stands in for them: what the system says to a
    /// person, and the digest, which everybody has of all that is theirs.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::System | Self::Digest)
    }
}

/// A notice as its receiver sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// Its place in the stream of events; later notices have greater ones.
    pub seq: i64,
    /// What it is about.
    pub kind: NoticeKind,
    /// In a line.
    pub title: String,
    /// More words, possibly none.
    pub body: String,
    /// Where in the app it leads (`/cases/…`).
    pub link: String,
    /// Whether it interrupts: a banner and a sound.
    pub urgent: bool,
    /// When it was made, by the server's clock.
    pub at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

/// A page of the caller's notices, the newest in front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inbox {
    /// The notices.
    pub items: Vec<Notice>,
    /// Pass as `cursor` for the next page; absent on the last one.
    pub next_cursor: Option<String>,
    /// How many the filter finds in all.
    pub total: u64,
    /// How many of all kinds are unread.
    pub unread: u64,
}

/// Up to which notice all are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadUpTo {
    /// The `seq` of the newest notice that the reader has seen: what came since stays unread.
    pub up_to: i64,
}

/// How many notices are unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unread {
    /// So many.
    pub unread: u64,
}

/// What a stream of events begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hello {
    /// The server's time.
    pub now: DateTime<Utc>,
    /// The place in the stream from which notices come.
    pub seq: i64,
}
