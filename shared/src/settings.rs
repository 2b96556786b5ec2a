//! What the administrator sets for the whole installation.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::case::deadline::Limit;
use crate::case::matter::Tone;
use crate::case::paper::PaperTexts;
use crate::notice::prefs::time_of_day;
use crate::role::Role;
use crate::validate::Errors;

/// The most hours that urgent information may take.
pub const MAX_URGENT_HOURS: u32 = 72;
/// The most days that a reminder may lie before or after a deadline.
pub const MAX_REMINDER_DAYS: u32 = 30;
/// The most visits a week that a village may be due.
pub const MAX_VISITS_PER_WEEK: u32 = 7;
/// The longest limit, in days.
const MAX_LIMIT_DAYS: u32 = 3650;

/// The settings as the API gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settings {
    /// The township's name, of the unit.
    pub township_name: String,
    /// Within how many hours urgent information must be reported (重要信息报送时限).
    pub urgent_hours: u32,
    /// When orders are marked yellow and red (督办黄牌、红牌提醒).
    pub reminders: Reminders,
    /// When reports are due.
    pub reporting: Reporting,
    /// How many visits a week each village and group is to have (每周走访次数).
    pub visits_per_week: u32,
    /// When people are reminded of what is due.
    pub notices: NoticeRules,
    /// Within how many minutes urgent information must be acknowledged and dispatched.
    pub alerts: AlertLimits,
    /// Roles that must have a second factor (两步验证).
    #[serde(default)]
    pub second_factor_roles: Vec<Role>,
    /// What the township words for itself in its documents (文书文字).
    #[serde(default)]
    pub papers: PaperTexts,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// The most stages that a reminder has.
pub const MAX_STAGES: usize = 5;

/// When people are reminded of what is due (到期提醒), and when the day's digest comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NoticeRules {
    /// So many days before a case's deadline; beside it on the day itself, and daily once overdue.
    pub case_days: Vec<u32>,
    /// So many days before a matter's due; beside it on the day itself, and on working days once
    /// overdue.
    pub matter_days: Vec<u32>,
    /// When the digest comes on working days, `HH:MM`, Asia/Shanghai.
    pub digest_at: String,
}

impl Default for NoticeRules {
    fn default() -> Self {
        Self {
            case_days: vec![7, 3, 1],
            matter_days: vec![3, 1],
            digest_at: "08:00".to_owned(),
        }
    }
}
/// The most minutes that urgent information may wait for the next step.
pub const MAX_ALERT_MINUTES: u32 = 24 * 60;

/// Within how many minutes urgent information must be acknowledged and dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertLimits {
    /// From the report to the first acknowledgement.
    pub acknowledge_minutes: u32,
    /// From there to the first dispatch.
    pub dispatch_minutes: u32,
}

impl Default for AlertLimits {
    fn default() -> Self {
        Self {
            acknowledge_minutes: 15,
            dispatch_minutes: 30,
        }
    }
}

impl NoticeRules {
    /// Notes what is wrong with them.
    fn check(&self, errors: &mut Errors) {
        for (field, days) in [
            ("notices.case_days", &self.case_days),
            ("notices.matter_days", &self.matter_days),
        ] {
            let apart = |at: usize, day: &u32| !days.iter().take(at).any(|other| other == day);
            let good = days.len() <= MAX_STAGES
                && days.iter().all(|day| (1..=MAX_REMINDER_DAYS).contains(day))
                && days.iter().enumerate().all(|(at, day)| apart(at, day));
            if !good {
                let message = format!(
                    "请填写期限前提醒的天数，1至{MAX_REMINDER_DAYS}之间，最多{MAX_STAGES}个，不重复，如 7,3,1。"
                );
                errors.add(field, "out_of_range", message);
            }
        }
        let earliest = time_of_day("07:30");
        let latest = time_of_day("19:00");
        let at = time_of_day(&self.digest_at);
        if at.is_none() || at < earliest || at > latest {
            let message = "每日汇总的时间应在07:30至19:00之间，如 08:00。";
            errors.add("notices.digest_at", "out_of_range", message);
        }
    }
}
impl AlertLimits {
    /// Notes what is wrong with them.
    fn check(self, errors: &mut Errors) {
        for (field, name, minutes) in [
            (
                "alerts.acknowledge_minutes",
                "签收时限",
                self.acknowledge_minutes,
            ),
            (
                "alerts.dispatch_minutes",
                "派处置时限",
                self.dispatch_minutes,
            ),
        ] {
            if !(1..=MAX_ALERT_MINUTES).contains(&minutes) {
                let message = format!("{name}应在1到{MAX_ALERT_MINUTES}分钟之间。");
                errors.add(field, "out_of_range", message);
            }
        }
    }
}

/// When an order's deadline shows yellow and red.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// Yellow from so many days before the deadline.
    pub yellow_days: u32,
    /// Red from so many days after the deadline; 1: as soon as it is overdue.
    pub red_days: u32,
}

impl Default for Reminders {
    fn default() -> Self {
        Self {
            yellow_days: 3,
            red_days: 1,
        }
    }
}

impl Reminders {
    /// The colour of what is due on a day, if it has one today.
    pub fn tone(self, due: NaiveDate, today: NaiveDate) -> Option<Tone> {
        let late = today.signed_duration_since(due).num_days();
        if late >= i64::from(self.red_days) {
            Some(Tone::Bad)
        } else if late >= -i64::from(self.yellow_days) {
            Some(Tone::Warn)
        } else {
            None
        }
    }

    /// Notes what is wrong with them.
    fn check(self, errors: &mut Errors) {
        if self.yellow_days > MAX_REMINDER_DAYS {
            let message = format!("黄牌提醒应提前0至{MAX_REMINDER_DAYS}日。");
            errors.add("reminders.yellow_days", "out_of_range", message);
        }
        if !(1..=MAX_REMINDER_DAYS).contains(&self.red_days) {
            let message = format!("红牌提醒应在逾期后1至{MAX_REMINDER_DAYS}日。");
            errors.add("reminders.red_days", "out_of_range", message);
        }
    }
}

/// When reports are due (排查报告的时限). A change holds for the periods whose reports are not made yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Reporting {
    /// The hour before which a group's daily is due, Asia/Shanghai.
    pub daily_hour: u32,
    /// Whether groups report on rest days, too.
    pub daily_rest_days: bool,
    /// The weekday on which a village's weekly is due, 1 (Monday) to 7; where it is no working day, the
    /// next one.
    pub weekly_weekday: u32,
    /// The hour of that day.
    pub weekly_hour: u32,
    /// The hour of the month's last working day before which a township unit's monthly is due.
    pub monthly_hour: u32,
    /// The first day of reporting; none: since the program came into use.
    #[serde(default)]
    pub from: Option<NaiveDate>,
}

impl Default for Reporting {
    fn default() -> Self {
        Self {
            daily_hour: 18,
            daily_rest_days: false,
            weekly_weekday: 3,
            weekly_hour: 18,
            monthly_hour: 18,
            from: None,
        }
    }
}

impl Reporting {
    /// Notes what is wrong with it.
    fn check(self, errors: &mut Errors) {
        for (field, name, hour) in [
            ("daily_hour", "日报告", self.daily_hour),
            ("weekly_hour", "周报告", self.weekly_hour),
            ("monthly_hour", "月报告", self.monthly_hour),
        ] {
            if !(1..=23).contains(&hour) {
                let message = format!("{name}的截止时间应在1点至23点之间。");
                errors.add(format!("reporting.{field}"), "out_of_range", message);
            }
        }
        if !(1..=7).contains(&self.weekly_weekday) {
            errors.add(
                "reporting.weekly_weekday",
                "out_of_range",
                "周报告的截止日应为1（星期一）至7（星期日）。",
            );
        }
    }
}

/// A change of settings; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// The township's name.
    pub township_name: Option<String>,
    /// Within how many hours urgent information must be reported.
    pub urgent_hours: Option<u32>,
    /// When orders are marked yellow and red.
    pub reminders: Option<Reminders>,
    /// When reports are due.
    pub reporting: Option<Reporting>,
    /// How many visits a week each village and group is to have.
    pub visits_per_week: Option<u32>,
    /// When people are reminded of what is due.
    pub notices: Option<NoticeRules>,
    /// Within how many minutes urgent information must be acknowledged and dispatched.
    pub alerts: Option<AlertLimits>,
    /// Roles that must have a second factor.
    pub second_factor_roles: Option<Vec<Role>>,
    /// What the township words for itself in its documents, whole.
    pub papers: Option<PaperTexts>,
}

impl SettingsPatch {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if let Some(name) = &self.township_name {
            errors.text("township_name", "乡镇名称", name, crate::org::MAX_UNIT_NAME);
        }
        if self
            .urgent_hours
            .is_some_and(|hours| hours == 0 || hours > MAX_URGENT_HOURS)
        {
            let message = format!("重要信息报送时限应在1到{MAX_URGENT_HOURS}小时之间。");
            errors.add("urgent_hours", "out_of_range", message);
        }
        if let Some(reminders) = self.reminders {
            reminders.check(&mut errors);
        }
        if let Some(reporting) = self.reporting {
            reporting.check(&mut errors);
        }
        if self
            .visits_per_week
            .is_some_and(|visits| visits == 0 || visits > MAX_VISITS_PER_WEEK)
        {
            let message = format!("每周走访次数应在1到{MAX_VISITS_PER_WEEK}之间。");
            errors.add("visits_per_week", "out_of_range", message);
        }
        if let Some(notices) = &self.notices {
            notices.check(&mut errors);
        }
        if let Some(alerts) = self.alerts {
            alerts.check(&mut errors);
        }
        let roles = self.second_factor_roles.as_deref().unwrap_or_default();
        let twice = |(at, role): (usize, &Role)| roles.iter().take(at).any(|other| other == role);
        if roles.iter().enumerate().any(twice) {
            errors.add("second_factor_roles", "duplicate", "同一角色只能选一次。");
        }
        if let Some(papers) = &self.papers {
            papers.check("papers", &mut errors);
        }
        errors
    }
}

/// The most days that one correction of the calendar may span.
pub const MAX_WORKDAY_SPAN: i64 = 31;
/// How far back a correction may lie, in days.
pub const WORKDAYS_BACK: i64 = 366;
/// How far ahead, in days.
pub const WORKDAYS_AHEAD: i64 = 731;

/// A day that the administrator declared working or free (工作日更正).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Workday {
    /// The day.
    pub day: NaiveDate,
    /// Whether it is worked.
    pub worked: bool,
    /// The notice that says so.
    pub source: String,
    /// Who entered it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The corrections of the working-day calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Workdays {
    /// By day.
    pub corrections: Vec<Workday>,
    /// The last day of the State Council's calendar that the program knows; after it Monday to Friday
    /// are taken to be worked, until corrections say otherwise.
    pub known_until: NaiveDate,
}

/// Declares days working or free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWorkdays {
    /// The first day.
    pub from: NaiveDate,
    /// The last day; the first alone when absent.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Whether they are worked.
    pub worked: bool,
    /// The notice that says so.
    pub source: String,
}

impl NewWorkdays {
    /// The last day.
    pub fn last(&self) -> NaiveDate {
        self.to.unwrap_or(self.from)
    }

    /// The days meant, at most [`MAX_WORKDAY_SPAN`].
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.last();
        let span = usize::try_from(MAX_WORKDAY_SPAN).unwrap_or(1);
        self.from
            .iter_days()
            .take_while(move |day| *day <= last)
            .take(span)
    }

    /// What is wrong with the input; `today` says what is too far away.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        errors.text("source", "依据", &self.source, 200);
        let span = self.last().signed_duration_since(self.from).num_days();
        if span < 0 {
            errors.add("to", "before_start", "结束日期不能早于开始日期。");
        } else if span >= MAX_WORKDAY_SPAN {
            let message = format!("一次最多更正{MAX_WORKDAY_SPAN}天。");
            errors.add("to", "too_long", message);
        }
        for (field, day) in [("from", self.from), ("to", self.last())] {
            let ahead = day.signed_duration_since(today).num_days();
            if !(-WORKDAYS_BACK..=WORKDAYS_AHEAD).contains(&ahead) {
                errors.add(field, "out_of_range", "日期应在前一年至后两年之间。");
                break;
            }
        }
        errors
    }
}

/// What a correction of the calendar brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkdaysChanged {
    /// The corrections that stand now.
    pub workdays: Workdays,
    /// How many open cases have another date now; each has an event that says why. Sealed accusations
    /// are not counted.
    pub cases: u32,
}

/// A new law profile: limits in force from a day on, each with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLawProfile {
    /// What it is called.
    pub title: String,
    /// The first day on which cases received come under it.
    pub in_force_from: NaiveDate,
    /// The limits that differ from the default profile.
    pub limits: Vec<Limit>,
}

impl NewLawProfile {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("title", "名称", &self.title, 100);
        if self.limits.is_empty() {
            errors.add("limits", "required", "请至少填写一项期限。");
        }
        for (i, limit) in self.limits.iter().enumerate() {
            if limit.amount == 0 || limit.amount > MAX_LIMIT_DAYS {
                let message = format!("期限应在1到{MAX_LIMIT_DAYS}之间。");
                errors.add(format!("limits.{i}.amount"), "out_of_range", message);
            }
            errors.text(&format!("limits.{i}.basis"), "依据", &limit.basis, 200);
            let earlier = self.limits.iter().take(i);
            if earlier.into_iter().any(|other| other.clock == limit.clock) {
                errors.add(
                    format!("limits.{i}.clock"),
                    "duplicate",
                    "同一期限只能填写一次。",
                );
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::deadline::{ClockKind, LimitUnit};

    #[test]
    fn an_order_is_yellow_from_three_days_before_and_red_once_overdue() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let tone = |today| Reminders::default().tone(day(20), day(today));
        assert_eq!(tone(16), None);
        assert_eq!(tone(17), Some(Tone::Warn));
        assert_eq!(tone(20), Some(Tone::Warn));
        assert_eq!(tone(21), Some(Tone::Bad));
        let late = Reminders {
            yellow_days: 0,
            red_days: 3,
        };
        assert_eq!(late.tone(day(20), day(19)), None);
        assert_eq!(late.tone(day(20), day(22)), Some(Tone::Warn));
        assert_eq!(late.tone(day(20), day(23)), Some(Tone::Bad));
        let wrong = SettingsPatch {
            reminders: Some(Reminders {
                yellow_days: 31,
                red_days: 0,
            }),
            ..SettingsPatch::default()
        };
        assert_eq!(wrong.check().into_vec().len(), 2);
    }

    #[test]
    fn reports_are_due_at_an_hour_of_a_weekday() {
        let patch = SettingsPatch {
            reporting: Some(Reporting {
                daily_hour: 0,
                weekly_weekday: 8,
                weekly_hour: 24,
                ..Reporting::default()
            }),
            ..SettingsPatch::default()
        };
        let fields: Vec<String> = patch
            .check()
            .into_vec()
            .into_iter()
            .map(|e| e.field)
            .collect();
        assert_eq!(
            fields,
            [
                "reporting.daily_hour",
                "reporting.weekly_hour",
                "reporting.weekly_weekday"
            ]
        );
    }

    #[test]
    fn reminders_come_on_days_of_their_own_and_the_digest_by_day() {
        let wrong = |case_days: &[u32], digest_at: &str| {
            let rules = NoticeRules {
                case_days: case_days.to_vec(),
                digest_at: digest_at.to_owned(),
                ..NoticeRules::default()
            };
            let patch = SettingsPatch {
                notices: Some(rules),
                ..SettingsPatch::default()
            };
            let errors = patch.check().into_vec().into_iter();
            errors.map(|error| error.field).collect::<Vec<_>>()
        };
        assert!(wrong(&[7, 3, 1], "08:00").is_empty());
        assert!(wrong(&[], "07:30").is_empty(), "only on the day itself");
        for days in [&[0][..], &[31], &[3, 3], &[9, 8, 7, 6, 5, 4]] {
            assert_eq!(wrong(days, "19:00"), ["notices.case_days"], "{days:?}");
        }
        for at in ["07:29", "19:01", "8:00", ""] {
            assert_eq!(wrong(&[7], at), ["notices.digest_at"], "{at}");
        }
    }

    #[test]
    fn a_limit_has_an_amount_a_source_and_stands_once() {
        let limit = |amount, basis: &str| Limit {
            clock: ClockKind::Handling,
            amount,
            unit: LimitUnit::Days,
            basis: basis.to_owned(),
        };
        let codes = |limits| {
            let in_force_from = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
            let new = NewLawProfile {
                title: "新条例".to_owned(),
                in_force_from,
                limits,
            };
            new.check()
                .into_vec()
                .into_iter()
                .map(|error| error.field)
                .collect::<Vec<_>>()
        };
        assert!(codes(vec![limit(45, "第三十四条")]).is_empty());
        assert_eq!(codes(vec![]), ["limits"]);
        assert_eq!(
            codes(vec![limit(0, "")]),
            ["limits.0.amount", "limits.0.basis"]
        );
        assert_eq!(
            codes(vec![limit(1, "a"), limit(2, "b")]),
            ["limits.1.clock"]
        );
    }
}
