//! The monthly analysis (分析研判): a month's figures beside the month before and the same month of last
//! year, where most came from, what is open longest, and the words of the office about it. Sealed
//! accusations are in none of it, whoever reads it, for it is written to be handed on.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::case::view::Named;
use crate::indicator::period::{Span, last_of_month};
use crate::indicator::{change_permille, percent_text, permille};
use crate::role::Role;
use crate::terms;
use crate::validate::Errors;

/// The most characters of each part that the office writes.
pub const MAX_WORDS: usize = 5000;
/// How many of the longest-open cases are named.
pub const LONGEST: usize = 10;
/// From how many days on an open case is one that waits long.
pub const LONG_DAYS: u16 = 60;
/// The first year whose months can be looked at.
pub const FIRST_YEAR: i32 = 2000;

terms! {
    /// What somebody wants to do with the monthly analysis.
    AnalysisDeed, "分析研判操作" {
        /// See it, and take it out as a Word file.
        View = "view", "查看分析研判";
        /// Write its words.
        Write = "write", "撰写分析研判";
        /// Issue it: frozen from then on.
        Issue = "issue", "印发分析研判";
    }
}

/// Whose a deed is, and whose it is otherwise.
///
/// # Errors
/// A sentence that says whose task it is.
pub(crate) const fn may(role: Role, deed: AnalysisDeed) -> Result<(), &'static str> {
    let (AnalysisDeed::View | AnalysisDeed::Write | AnalysisDeed::Issue) = deed;
    match role {
        Role::TownshipLeader | Role::CoordinationOffice => Ok(()),
        _ => Err("分析研判由镇领导和镇综治办办理。"),
    }
}

/// The first day of a month that is written as `2026-03`.
pub fn first_day(month: &str) -> Option<NaiveDate> {
    let (year, of) = month.split_once('-')?;
    let plain = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(year, 4) || !plain(of, 2) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, of.parse().ok()?, 1)
}

/// A month's key: `2026-03`.
pub fn month_key(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// A month in words: `2026年3月`.
pub fn month_words(day: NaiveDate) -> String {
    format!("{}年{}月", day.year(), day.month())
}

/// A month as it is looked at: to its end, or to today while it runs; and the two it is compared with,
/// up to the same day. None for what has not begun.
pub fn spans(first: NaiveDate, today: NaiveDate) -> Option<[Span; 3]> {
    if first > today || first.year() < FIRST_YEAR {
        return None;
    }
    let to = last_of_month(first);
    let now = Span {
        from: first,
        to,
        as_of: to.min(today),
    };
    let month_earlier = |day: NaiveDate| day.checked_sub_months(Months::new(1)).unwrap_or(day);
    let from = month_earlier(first);
    let end = last_of_month(from);
    let before = Span {
        from,
        to: end,
        as_of: if now.as_of == to {
            end
        } else {
            month_earlier(now.as_of)
        },
    };
    Some([now, before, now.last_year()])
}

/// How much: a count, or a part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Amount {
    /// How many; none where nothing is known.
    pub count: Option<u64>,
    /// Of how many, for a rate; none where there is nothing to count.
    pub of: Option<u64>,
}

impl Amount {
    /// A count.
    pub const fn count(count: u64) -> Self {
        Self {
            count: Some(count),
            of: None,
        }
    }

    /// A rate; nothing to count is no data.
    pub const fn rate(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self {
                count: None,
                of: None,
            };
        }
        Self {
            count: Some(count),
            of: Some(of),
        }
    }

    /// The rate in tenths of a percent.
    pub fn permille(&self) -> Option<i64> {
        permille(self.count?, self.of?)
    }
}

/// A line: this month beside the two others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnalysisLine {
    /// A stable code: an indicator's, a category's, a unit's id.
    pub code: String,
    /// What it is called.
    pub label: String,
    /// Whether it is a rate.
    pub rate: bool,
    /// This month.
    pub now: Amount,
    /// The month before.
    pub before: Amount,
    /// The same month of last year.
    pub last_year: Amount,
}

impl AnalysisLine {
    /// An amount in words: `12`, `91.7%（11/12）`, `无数据`.
    pub fn words(&self, amount: &Amount) -> String {
        match (amount.count, amount.of, amount.permille()) {
            (Some(count), Some(of), Some(rate)) if self.rate => {
                format!("{}（{count}/{of}）", percent_text(rate))
            }
            (Some(count), _, _) if !self.rate => count.to_string(),
            _ => "无数据".to_owned(),
        }
    }

    /// By how much it has changed: a count in tenths of a percent, a rate in tenths of a percentage
    /// point; none where either is not known, or where it began with nothing.
    pub fn change(&self, than: &Amount) -> Option<i64> {
        if self.rate {
            Some(self.now.permille()? - than.permille()?)
        } else {
            change_permille(self.now.count?, than.count?)
        }
    }

    /// The change in words: `上升20.0%`, `下降1.5个百分点`, `持平`, `由0增加到3`, `—`.
    pub fn change_words(&self, than: &Amount) -> String {
        match self.change(than) {
            Some(0) => "持平".to_owned(),
            Some(change) => {
                let way = if change > 0 { "上升" } else { "下降" };
                let amount = percent_text(change.abs());
                if self.rate {
                    format!("{way}{}个百分点", amount.trim_end_matches('%'))
                } else {
                    format!("{way}{amount}")
                }
            }
            None => match (self.rate, self.now.count, than.count) {
                (false, Some(0), Some(0)) => "持平".to_owned(),
                (false, Some(now), Some(0)) => format!("由0增加到{now}"),
                _ => "—".to_owned(),
            },
        }
    }
}

/// An open case that waits long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LongOpen {
    /// The case's id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// The first words of its cause.
    pub cause: String,
    /// The category's name.
    pub category: String,
    /// The village's name.
    pub village: Option<String>,
    /// The responsible unit's name.
    pub unit: Option<String>,
    /// The leader who took it.
    pub lead: Option<String>,
    /// When it was received.
    pub received_on: NaiveDate,
    /// For how many days it has been open.
    pub days: u32,
    /// Whether it is backlog.
    pub backlog: bool,
}

/// What is counted of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// The month: `2026-03`.
    pub month: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// The day up to which is counted: the last, or today while it runs.
    pub as_of: NaiveDate,
    /// Whether it is over, its last day too. What was issued is.
    #[serde(default = "yes")]
    pub over: bool,
    /// When the ledger begins; of what lies before nothing is said.
    pub since: Option<NaiveDate>,
    /// What came in, what was ended, what is open.
    pub flow: Vec<AnalysisLine>,
    /// The indicators.
    pub figures: Vec<AnalysisLine>,
    /// What came in, by category, the most in front.
    pub categories: Vec<AnalysisLine>,
    /// What came in, by village, the most in front.
    pub villages: Vec<AnalysisLine>,
    /// What has been open longest, the longest in front.
    pub longest: Vec<LongOpen>,
}

fn yes() -> bool {
    true
}

/// What `flow` has, by code.
pub mod flow {
    /// All that came in.
    pub const RECEIVED: &str = "received";
    /// Petitions among it.
    pub const PETITIONS: &str = "petitions";
    /// Disputes among it.
    pub const DISPUTES: &str = "disputes";
    /// Signs of trouble among it.
    pub const SIGNS: &str = "signs";
    /// What was ended.
    pub const ENDED: &str = "ended";
    /// What is open at the end.
    pub const OPEN: &str = "open";
    /// What of it has been open for long.
    pub const LONG: &str = "long";
}

impl Analysis {
    fn line(&self, code: &str) -> Option<&AnalysisLine> {
        self.flow.iter().find(|line| line.code == code)
    }

    /// The month in words.
    pub fn title(&self) -> String {
        month_words(self.from)
    }

    /// What it is compared with, in words.
    pub fn compared(&self) -> String {
        let until = if self.over {
            String::new()
        } else if self.as_of == self.to {
            "本月尚未结束；".to_owned()
        } else {
            format!(
                "本月尚未结束，截至{}月{}日，与上月、上年同月的同一天比较；",
                self.as_of.month(),
                self.as_of.day()
            )
        };
        let since = match self.since {
            Some(since) => format!("台账自{since}起，之前没有数据"),
            None => "台账中还没有事项".to_owned(),
        };
        format!("{until}环比为与上月比，同比为与上年同月比。不含检举控告。{since}。")
    }

    /// What the figures say, in sentences: the first part of the document, which goes by the figures
    /// alone.
    pub fn summary(&self) -> Vec<String> {
        let mut all = Vec::new();
        let count = |code: &str| self.line(code).and_then(|line| line.now.count).unwrap_or(0);
        if let Some(received) = self.line(flow::RECEIVED) {
            all.push(format!(
                "{}共收到事项{}件，其中信访件{}件、矛盾纠纷{}件、苗头隐患{}件；环比{}，同比{}。",
                self.title(),
                count(flow::RECEIVED),
                count(flow::PETITIONS),
                count(flow::DISPUTES),
                count(flow::SIGNS),
                received.change_words(&received.before),
                received.change_words(&received.last_year),
            ));
        }
        let end = if self.over { "月末" } else { "目前" };
        all.push(format!(
            "办结{}件；{end}未办结{}件，其中收到超过{LONG_DAYS}日的{}件。",
            count(flow::ENDED),
            count(flow::OPEN),
            count(flow::LONG),
        ));
        if let Some(words) = most(&self.categories) {
            all.push(format!("从类型看，较多的是{words}。"));
        }
        if let Some(words) = most(&self.villages) {
            all.push(format!("从村看，较多的是{words}。"));
        }
        if let Some(first) = self.longest.first() {
            let place = first.village.as_deref().unwrap_or_default();
            all.push(format!(
                "办理时间最长的是{place}{}，已{}日。",
                first.number, first.days
            ));
        }
        all
    }
}

/// The first three of a list that has some.
fn most(lines: &[AnalysisLine]) -> Option<String> {
    let words: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            let count = line.now.count.filter(|count| *count > 0)?;
            Some(format!("{}{count}件", line.label))
        })
        .take(3)
        .collect();
    (!words.is_empty()).then(|| words.join("、"))
}

/// That it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Issued {
    /// By whom.
    pub by: Named,
    /// When.
    pub at: DateTime<Utc>,
}

/// A month's analysis, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnalysisView {
    /// What is counted; once issued, as it was then.
    pub analysis: Analysis,
    /// 研判意见: what the office makes of it.
    pub opinion: Option<String>,
    /// 下步措施: what is to be done next.
    pub measures: Option<String>,
    /// Who wrote last.
    pub author: Option<Named>,
    /// When.
    pub written_at: Option<DateTime<Utc>>,
    /// Whether, by whom and when it was issued: frozen since.
    pub issued: Option<Issued>,
    /// Rises with each change; 0 where nothing was written yet. The `ETag`.
    pub version: i64,
}

/// A change of what the office writes; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnalysisPatch {
    /// 研判意见
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<String>,
    /// 下步措施
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures: Option<String>,
}

impl AnalysisPatch {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        errors.length("opinion", "研判意见", &text(&self.opinion), MAX_WORDS);
        errors.length("measures", "下步措施", &text(&self.measures), MAX_WORDS);
        errors
    }
}

/// Why a month's analysis cannot be issued yet, in a sentence.
///
/// # Errors
/// The reason.
pub fn may_be_issued(
    analysis: &Analysis,
    opinion: Option<&str>,
    measures: Option<&str>,
) -> Result<(), String> {
    if !analysis.over {
        return Err(format!(
            "{}还没有过完，月底以后才能印发。",
            analysis.title()
        ));
    }
    let missing = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
    match (missing(opinion), missing(measures)) {
        (false, false) => Ok(()),
        (true, _) => Err("请先写研判意见，再印发。".to_owned()),
        (false, true) => Err("请先写下步措施，再印发。".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::term::Term;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn line(rate: bool, now: Amount, before: Amount) -> AnalysisLine {
        AnalysisLine {
            code: "x".to_owned(),
            label: "某".to_owned(),
            rate,
            now,
            before,
            last_year: Amount::default(),
        }
    }

    #[test]
    fn months_are_read_strictly() {
        assert_eq!(first_day("2026-03"), Some(day("2026-03-01")));
        for wrong in [
            "2026-3",
            "2026-13",
            "26-03",
            "2026-03-01",
            "2026",
            "",
            "+026-03",
        ] {
            assert_eq!(first_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_month_is_compared_up_to_the_same_day() {
        let of = |first: &str, today: &str| {
            let spans = spans(day(first), day(today)).unwrap();
            spans.map(|span| {
                let days = [span.from, span.to, span.as_of];
                days.map(|day| day.to_string())
            })
        };
        // It runs: the tenth day of each.
        assert_eq!(
            of("2026-03-01", "2026-03-10"),
            [
                ["2026-03-01", "2026-03-31", "2026-03-10"],
                ["2026-02-01", "2026-02-28", "2026-02-10"],
                ["2025-03-01", "2025-03-31", "2025-03-10"],
            ]
        );
        // It is over: whole months, leap years and year ends included.
        assert_eq!(
            of("2025-02-01", "2026-03-10"),
            [
                ["2025-02-01", "2025-02-28", "2025-02-28"],
                ["2025-01-01", "2025-01-31", "2025-01-31"],
                ["2024-02-01", "2024-02-29", "2024-02-29"],
            ]
        );
        // The 30th of a month whose predecessor has 28 days.
        assert_eq!(of("2026-03-01", "2026-03-30")[1][2], "2026-02-28");
        assert_eq!(spans(day("2026-04-01"), day("2026-03-31")), None);
    }

    #[test]
    fn changes_are_said_as_people_say_them() {
        let count = |now, before| {
            let before = Amount::count(before);
            line(false, Amount::count(now), before).change_words(&before)
        };
        assert_eq!(count(12, 10), "上升20.0%");
        assert_eq!(count(8, 10), "下降20.0%");
        assert_eq!(count(10, 10), "持平");
        assert_eq!(count(0, 0), "持平");
        assert_eq!(count(3, 0), "由0增加到3");
        let rate = |now: Amount, before: Amount| line(true, now, before).change_words(&before);
        assert_eq!(
            rate(Amount::rate(11, 12), Amount::rate(9, 10)),
            "上升1.7个百分点"
        );
        assert_eq!(rate(Amount::rate(0, 0), Amount::rate(9, 10)), "—");
        let whole = line(true, Amount::rate(11, 12), Amount::default());
        assert_eq!(whole.words(&whole.now), "91.7%（11/12）");
        assert_eq!(whole.words(&whole.before), "无数据");
        let unknown = line(false, Amount::count(3), Amount::default());
        assert_eq!(unknown.change_words(&unknown.before), "—");
        assert_eq!(unknown.words(&unknown.before), "无数据");
    }

    #[test]
    fn what_is_issued_is_over_and_written() {
        let analysis = Analysis {
            month: "2026-02".to_owned(),
            from: day("2026-02-01"),
            to: day("2026-02-28"),
            as_of: day("2026-02-28"),
            over: true,
            since: None,
            flow: Vec::new(),
            figures: Vec::new(),
            categories: Vec::new(),
            villages: Vec::new(),
            longest: Vec::new(),
        };
        assert!(may_be_issued(&analysis, Some("平稳"), Some("继续排查")).is_ok());
        assert!(may_be_issued(&analysis, Some(" "), Some("继续排查")).is_err());
        assert!(may_be_issued(&analysis, Some("平稳"), None).is_err());
        // The last day is a day of the month, too.
        for today in ["2026-02-10", "2026-02-28"] {
            let running = Analysis {
                as_of: day(today),
                over: false,
                ..analysis.clone()
            };
            let refused = may_be_issued(&running, Some("平稳"), Some("继续")).unwrap_err();
            assert!(refused.contains("2026年2月"), "{refused}");
            assert!(running.compared().starts_with("本月尚未结束"));
        }
    }

    #[test]
    fn it_is_for_leaders_and_office() {
        for role in Role::ALL {
            let office = matches!(role, Role::TownshipLeader | Role::CoordinationOffice);
            for deed in AnalysisDeed::ALL {
                assert_eq!(may(*role, *deed).is_ok(), office, "{role} {deed}");
            }
        }
    }

    proptest! {
        /// What is compared never lies after the month, and never after today.
        #[test]
        fn nothing_lies_ahead(month in 0u32..600, after in 0u64..400) {
            let first = day("2000-01-01").checked_add_months(Months::new(month)).unwrap();
            let today = first.checked_add_days(chrono::Days::new(after)).unwrap();
            let [now, before, last_year] = spans(first, today).unwrap();
            prop_assert!(before.to < now.from && last_year.to < now.from);
            for span in [now, before, last_year] {
                prop_assert!(span.from <= span.as_of && span.as_of <= span.to);
                prop_assert!(span.as_of <= today);
                prop_assert_eq!(span.from, first_day(&month_key(span.from)).unwrap());
            }
        }

        /// A change has the sign of what changed.
        #[test]
        fn a_change_has_its_sign(now in 0u64..10_000, before in 1u64..10_000) {
            let than = Amount::count(before);
            let change = line(false, Amount::count(now), than).change(&than).unwrap();
            prop_assert!(change.signum() == 0 || (change > 0) == (now > before));
        }
    }
}
