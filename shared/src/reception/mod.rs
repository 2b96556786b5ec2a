//! Reception days (接待日): who of the leaders receives petitioners when and where, and who came.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use crate::access::FieldFacts;
use crate::calendar::Calendar;
use crate::case::input::{MAX_SHORT, NewCase};
use crate::case::view::Named;
use crate::ids::{CaseId, PhotoId, UserId};
use crate::terms;
use crate::validate::Errors;

/// The most members of staff beside the leader.
pub const MAX_STAFF: usize = 20;
/// The longest public notice, in characters.
pub const MAX_NOTICE: usize = 2000;
/// The longest answer to an inquiry, in characters.
pub const MAX_ANSWER: usize = 1000;
/// The most days that a roster may span.
pub const MAX_ROSTER_DAYS: i64 = 366;
/// How far the place of a day may be looked for, when it is off.
const MAX_MOVE: u32 = 14;

terms! {
    /// What somebody wants to do with reception days.
    ReceptionDeed, "接待日操作" {
        /// See the roster.
        View = "view", "查看接待安排";
        /// Make and change the roster.
        Keep = "keep", "安排接待日";
        /// Note who came.
        Receive = "receive", "接待登记";
        /// See how many came.
        Count = "count", "查看接待批次";
    }
}

terms! {
    /// What came of somebody who came.
    ComerKind, "接待结果" {
        /// A case was registered.
        Registered = "registered", "登记事项";
        /// It belongs to a case that is there.
        Joined = "joined", "并入事项";
        /// A question that was answered.
        Inquiry = "inquiry", "咨询";
    }
}

/// A new reception day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReceptionDay {
    /// The day.
    pub on: NaiveDate,
    /// From when, `HH:MM`.
    pub from: String,
    /// Until when, `HH:MM`.
    pub to: String,
    /// Where.
    pub place: String,
    /// The leader on duty.
    pub leader_id: UserId,
    /// Staff beside the leader.
    #[serde(default)]
    pub staff: Vec<UserId>,
    /// The public notice, where it is not to be the usual one.
    #[serde(default)]
    pub notice: Option<String>,
}

/// A change of a reception day; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReceptionPatch {
    /// The day.
    pub on: Option<NaiveDate>,
    /// From when.
    pub from: Option<String>,
    /// Until when.
    pub to: Option<String>,
    /// Where.
    pub place: Option<String>,
    /// Staff beside the leader.
    pub staff: Option<Vec<UserId>>,
    /// The public notice; empty is the usual one.
    pub notice: Option<String>,
}

/// A roster by a weekly rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRoster {
    /// The first day that it covers.
    pub from_on: NaiveDate,
    /// The last day.
    pub to_on: NaiveDate,
    /// The day of the week, 1 (Monday) to 7.
    pub weekday: u32,
    /// The leaders, in turn.
    pub leaders: Vec<UserId>,
    /// From when, `HH:MM`.
    pub from: String,
    /// Until when, `HH:MM`.
    pub to: String,
    /// Where.
    pub place: String,
    /// Staff beside the leader.
    #[serde(default)]
    pub staff: Vec<UserId>,
}

/// What came of a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Roster {
    /// The days that were made.
    pub made: Vec<ReceptionRow>,
    /// Days that were there before and stayed as they are.
    pub kept: Vec<NaiveDate>,
    /// Days that were moved from a day off to the next working day.
    pub moved: Vec<Moved>,
    /// What to look at: years whose holidays are not published yet.
    pub warning: Option<String>,
}

/// A day that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Moved {
    /// The day of the rule, which is off.
    pub from: NaiveDate,
    /// The working day that took its place.
    pub to: NaiveDate,
}

/// Why a day is called off, and which takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CancelDay {
    /// Why.
    pub reason: String,
    /// The day that takes its place, if one does.
    #[serde(default)]
    pub instead_on: Option<NaiveDate>,
}

/// Who takes a leader's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubstituteLeader {
    /// Why.
    pub reason: String,
    /// The leader who takes the place.
    pub leader_id: UserId,
}

/// Somebody who came. Just one of `case`, `case_id` and `topic` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewComer {
    /// Who received them (首问责任人); the caller when absent.
    #[serde(default)]
    pub received_by: Option<UserId>,
    /// A new case.
    #[serde(default)]
    pub case: Option<Box<NewCase>>,
    /// A case that is there.
    #[serde(default)]
    pub case_id: Option<CaseId>,
    /// What they said about the case that is there.
    #[serde(default)]
    pub text: Option<String>,
    /// What a mere question was about; no names, no numbers.
    #[serde(default)]
    pub topic: Option<String>,
    /// What was answered.
    #[serde(default)]
    pub answer: Option<String>,
    /// Photos that were uploaded before, which become files of the new case.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
    /// When it was recorded, by the phone's clock.
    #[serde(default)]
    pub recorded_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// A reception day in the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceptionRow {
    /// Its id.
    pub id: String,
    /// The day.
    pub on: NaiveDate,
    /// From when.
    pub from: String,
    /// Until when.
    pub to: String,
    /// Where.
    pub place: String,
    /// The leader on duty.
    pub leader: Named,
    /// The leader whose place that one took.
    pub instead_of: Option<Named>,
    /// Staff beside the leader.
    pub staff: Vec<Named>,
    /// Whether it was called off.
    pub cancelled: bool,
    /// Why it was called off, or another leader took it.
    pub reason: Option<String>,
    /// The day that takes its place.
    pub instead_on: Option<NaiveDate>,
    /// How many came, as far as the reader may know of them.
    pub comers: u32,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// A reception day, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceptionView {
    /// What the roster says.
    pub day: ReceptionRow,
    /// The public notice.
    pub notice: String,
    /// Whether that is the usual one.
    pub usual_notice: bool,
    /// How many came, by what came of it, as far as the reader may know of them.
    pub counts: Vec<ComerCount>,
    /// Who came, as far as the reader may see them.
    pub comers: Vec<ComerView>,
    /// What permission decisions look at.
    pub facts: FieldFacts,
}

/// How many came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComerCount {
    /// What came of it.
    pub kind: ComerKind,
    /// How many.
    pub count: u32,
}

/// Somebody who came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComerView {
    /// Its id.
    pub id: String,
    /// What came of it.
    pub kind: ComerKind,
    /// When it was noted, by the server's clock.
    pub at: chrono::DateTime<chrono::Utc>,
    /// When it was recorded, by the phone's clock.
    pub recorded_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Who received them.
    pub received_by: Named,
    /// The case.
    pub case: Option<Named>,
    /// What a question was about.
    pub topic: Option<String>,
    /// What was answered.
    pub answer: Option<String>,
}

/// A reception day on which somebody came about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseReception {
    /// The reception day.
    pub day_id: String,
    /// Its day.
    pub on: NaiveDate,
    /// What came of it.
    pub kind: ComerKind,
    /// Who received them.
    pub received_by: Named,
}

/// Hours and minutes, `09:00`.
fn time(text: &str) -> Option<NaiveTime> {
    let shape = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
    shape
        .then(|| NaiveTime::parse_from_str(text, "%H:%M").ok())
        .flatten()
}

/// Notes what is wrong with the hours.
fn check_hours(errors: &mut Errors, from: &str, to: &str) {
    let (start, end) = (time(from), time(to));
    for (field, name, found) in [("from", "开始时间", start), ("to", "结束时间", end)] {
        if found.is_none() {
            let message = format!("{name}请写成 09:00 这样的形式。");
            errors.add(field, "invalid", message);
        }
    }
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        errors.add("to", "before_start", "结束时间要晚于开始时间。");
    }
}

fn check_staff(errors: &mut Errors, staff: &[UserId]) {
    if staff.len() > MAX_STAFF {
        let message = format!("陪同接待的人员最多{MAX_STAFF}名。");
        errors.add("staff", "too_many", message);
    }
}

/// Notes what is wrong with a day that is to be planned: at most a year away.
fn check_day(errors: &mut Errors, field: &str, on: NaiveDate, today: NaiveDate) {
    let away = on.signed_duration_since(today).num_days();
    if away.abs() > MAX_ROSTER_DAYS {
        errors.add(field, "out_of_range", "接待日应在前后一年之内。");
    }
}

impl NewReceptionDay {
    /// What is wrong with the input by itself.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        check_day(&mut errors, "on", self.on, today);
        check_hours(&mut errors, &self.from, &self.to);
        errors.text("place", "接待地点", &self.place, MAX_SHORT);
        check_staff(&mut errors, &self.staff);
        errors.length(
            "notice",
            "公告",
            self.notice.as_deref().unwrap_or(""),
            MAX_NOTICE,
        );
        errors
    }
}

impl ReceptionPatch {
    /// What is wrong with the input; `from` and `to` are the hours as they stand.
    pub fn check(&self, from: &str, to: &str, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        if let Some(on) = self.on {
            check_day(&mut errors, "on", on, today);
        }
        if self.from.is_some() || self.to.is_some() {
            check_hours(
                &mut errors,
                self.from.as_deref().unwrap_or(from),
                self.to.as_deref().unwrap_or(to),
            );
        }
        if let Some(place) = &self.place {
            errors.text("place", "接待地点", place, MAX_SHORT);
        }
        check_staff(&mut errors, self.staff.as_deref().unwrap_or_default());
        errors.length(
            "notice",
            "公告",
            self.notice.as_deref().unwrap_or(""),
            MAX_NOTICE,
        );
        errors
    }
}

impl NewRoster {
    /// What is wrong with the input by itself.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        if self.from_on < today {
            errors.add("from_on", "in_past", "排班从今天起。");
        }
        let span = self.to_on.signed_duration_since(self.from_on).num_days();
        if span < 0 {
            errors.add("to_on", "before_start", "结束日期不能早于开始日期。");
        } else if span > MAX_ROSTER_DAYS {
            errors.add("to_on", "too_late", "一次最多排一年。");
        }
        if weekday(self.weekday).is_none() {
            errors.add("weekday", "out_of_range", "星期应为1至7。");
        }
        if self.leaders.is_empty() {
            errors.add("leaders", "required", "请至少选择一名镇领导。");
        } else if self.leaders.len() > MAX_STAFF {
            let message = format!("轮流的镇领导最多{MAX_STAFF}名。");
            errors.add("leaders", "too_many", message);
        }
        check_hours(&mut errors, &self.from, &self.to);
        errors.text("place", "接待地点", &self.place, MAX_SHORT);
        check_staff(&mut errors, &self.staff);
        errors
    }
}

impl CancelDay {
    /// What is wrong with the input.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "取消的理由", &self.reason, MAX_SHORT);
        if let Some(on) = self.instead_on {
            check_day(&mut errors, "instead_on", on, today);
            if on < today {
                errors.add("instead_on", "in_past", "改期不能早于今天。");
            }
        }
        errors
    }
}

impl SubstituteLeader {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "换人的理由", &self.reason, MAX_SHORT);
        errors
    }
}

impl NewComer {
    /// What came of it, if just one thing is given.
    pub const fn kind(&self) -> Option<ComerKind> {
        match (
            self.case.is_some(),
            self.case_id.is_some(),
            self.topic.is_some(),
        ) {
            (true, false, false) => Some(ComerKind::Registered),
            (false, true, false) => Some(ComerKind::Joined),
            (false, false, true) => Some(ComerKind::Inquiry),
            _ => None,
        }
    }

    /// What is wrong with the input by itself; a new case is checked as any.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        match self.kind() {
            None => errors.add(
                "case",
                "one_of",
                "请选一种：登记新事项、并入已有事项，或只记一次咨询。",
            ),
            Some(ComerKind::Joined) => {
                let text = self.text.as_deref().unwrap_or("");
                errors.text("text", "反映的情况", text, MAX_ANSWER);
            }
            Some(ComerKind::Inquiry) => {
                let topic = self.topic.as_deref().unwrap_or("");
                errors.text("topic", "咨询的问题", topic, MAX_SHORT);
                let answer = self.answer.as_deref().unwrap_or("");
                errors.text("answer", "答复", answer, MAX_ANSWER);
            }
            Some(ComerKind::Registered) => {}
        }
        let unused = |errors: &mut Errors, field: &str, given: bool| {
            if given {
                errors.add(field, "not_used", "这一项在这种接待结果里不用填。");
            }
        };
        if self.kind() != Some(ComerKind::Registered) {
            unused(&mut errors, "photos", !self.photos.is_empty());
        }
        match self.kind() {
            Some(ComerKind::Registered) => {
                crate::photo::check(&mut errors, &self.photos);
                unused(&mut errors, "text", self.text.is_some());
                unused(&mut errors, "answer", self.answer.is_some());
            }
            Some(ComerKind::Joined) => unused(&mut errors, "answer", self.answer.is_some()),
            Some(ComerKind::Inquiry) => unused(&mut errors, "text", self.text.is_some()),
            None => {}
        }
        errors
    }
}

/// The day of the week of a number, 1 (Monday) to 7.
fn weekday(number: u32) -> Option<Weekday> {
    let all = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    all.get(at).copied()
}

/// A day of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// The day of the rule.
    pub meant: NaiveDate,
    /// The day itself: the same, or the next working day.
    pub on: NaiveDate,
    /// Whether the calendar knows all the days that were looked at.
    pub certain: bool,
}

/// The days of a weekly rule: each such day of the week from one day to another; where it is off, the
/// next working day. No day twice: of two that fall together, as around a long holiday, the first.
pub fn plan(from: NaiveDate, to: NaiveDate, number: u32, calendar: &Calendar) -> Vec<Planned> {
    let Some(weekday) = weekday(number) else {
        return Vec::new();
    };
    let mut days: Vec<Planned> = Vec::new();
    let mut meant = from;
    while meant.weekday() != weekday {
        match meant.succ_opt() {
            Some(next) => meant = next,
            None => return days,
        }
    }
    while meant <= to {
        let planned = settle(meant, calendar);
        if days.iter().all(|other| other.on != planned.on) {
            days.push(planned);
        }
        match meant.checked_add_days(Days::new(7)) {
            Some(next) => meant = next,
            None => break,
        }
    }
    days
}

fn settle(meant: NaiveDate, calendar: &Calendar) -> Planned {
    let mut on = meant;
    let mut certain = calendar.knows(on);
    for _ in 0..MAX_MOVE {
        if calendar.is_workday(on) {
            break;
        }
        let Some(next) = on.succ_opt() else { break };
        on = next;
        certain &= calendar.knows(on);
    }
    Planned { meant, on, certain }
}

/// The public notice, as it usually reads.
pub fn usual_notice(township: &str, day: &ReceptionRow) -> String {
    let on = day.on;
    let weekday = match on.weekday() {
        Weekday::Mon => "星期一",
        Weekday::Tue => "星期二",
        Weekday::Wed => "星期三",
        Weekday::Thu => "星期四",
        Weekday::Fri => "星期五",
        Weekday::Sat => "星期六",
        Weekday::Sun => "星期日",
    };
    format!(
        "{}年{}月{}日（{weekday}）{}至{}，{township}领导{}在{}接待来访群众，听取意见建议，\
         受理信访诉求。来访群众请携带有效身份证件；多人反映同一诉求的，请推选代表，代表不超过5人。\
         不能到场的，可以通过来信、来电、网上信访等方式反映。",
        on.year(),
        on.month(),
        on.day(),
        day.from,
        day.to,
        day.leader.name,
        day.place,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(from: &str, to: &str, weekday: u32) -> Vec<(String, String)> {
        plan(day(from), day(to), weekday, &Calendar::new())
            .into_iter()
            .map(|planned| (planned.meant.to_string(), planned.on.to_string()))
            .collect()
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn a_roster_moves_from_holidays_to_the_next_working_day() {
        // Thursdays: 1 October 2026 is off until the 7th.
        assert_eq!(
            days("2026-09-20", "2026-10-20", 4),
            [
                pair("2026-09-24", "2026-09-24"),
                pair("2026-10-01", "2026-10-08"),
                pair("2026-10-15", "2026-10-15"),
            ]
        );
        // The Spring Festival: two Mondays of a roster fall off.
        assert_eq!(
            days("2026-02-16", "2026-03-02", 1),
            [
                pair("2026-02-16", "2026-02-24"),
                pair("2026-03-02", "2026-03-02"),
            ]
        );
        assert!(days("2026-02-16", "2026-03-02", 8).is_empty());
        // A year whose holidays nobody has published.
        let unknown = plan(day("2027-03-01"), day("2027-03-01"), 1, &Calendar::new());
        assert!(!unknown[0].certain);
    }

    #[test]
    fn hours_are_read_and_in_order() {
        let fields = |from: &str, to: &str| {
            let mut errors = Errors::new();
            check_hours(&mut errors, from, to);
            errors
                .into_vec()
                .into_iter()
                .map(|error| format!("{}:{}", error.field, error.code))
                .collect::<Vec<_>>()
        };
        assert!(fields("09:00", "11:30").is_empty());
        assert_eq!(fields("11:30", "09:00"), ["to:before_start"]);
        assert_eq!(fields("9:00", "25:00"), ["from:invalid", "to:invalid"]);
        assert_eq!(fields("09:00:", ""), ["from:invalid", "to:invalid"]);
    }

    #[test]
    fn just_one_thing_comes_of_somebody() {
        let none = NewComer {
            received_by: None,
            case: None,
            case_id: None,
            text: None,
            topic: None,
            answer: None,
            photos: Vec::new(),
            recorded_at: None,
        };
        let fields = |comer: &NewComer| {
            comer
                .check()
                .into_vec()
                .into_iter()
                .map(|error| format!("{}:{}", error.field, error.code))
                .collect::<Vec<_>>()
        };
        assert_eq!(fields(&none), ["case:one_of"]);
        let inquiry = NewComer {
            topic: Some("低保怎样申请".to_owned()),
            ..none.clone()
        };
        assert_eq!(fields(&inquiry), ["answer:required"]);
        // Photos of somebody whose name is not asked for are nobody's.
        let shown = NewComer {
            answer: Some("到窗口办".to_owned()),
            photos: vec!["p".into()],
            ..inquiry.clone()
        };
        assert_eq!(fields(&shown), ["photos:not_used"]);
        let both = NewComer {
            case_id: Some("c".into()),
            ..inquiry
        };
        assert_eq!(fields(&both), ["case:one_of"]);
        let joined = NewComer {
            case_id: Some("c".into()),
            text: Some("催办".to_owned()),
            answer: Some("x".to_owned()),
            ..none
        };
        assert_eq!(fields(&joined), ["answer:not_used"]);
    }

    proptest! {
        /// Every day of a roster is a working day, none is there twice, and they rise.
        #[test]
        fn a_roster_has_working_days_in_order(start in 0u64..1200, weeks in 0u64..30, number in 1u32..8) {
            let from = day("2023-01-01").checked_add_days(Days::new(start)).unwrap();
            let to = from.checked_add_days(Days::new(weeks * 7)).unwrap();
            let calendar = Calendar::new();
            let planned = plan(from, to, number, &calendar);
            for pair in planned.windows(2) {
                prop_assert!(pair[0].on < pair[1].on);
            }
            for one in planned {
                prop_assert!(calendar.is_workday(one.on) && one.on >= one.meant);
            }
        }
    }
}
