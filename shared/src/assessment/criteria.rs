//! Criteria sheets (考核表) as data: the office writes one for a coming year, a leader puts it into force,
//! and an assessment keeps the one it began with. The bundled sheets hold until another does.
//!
//! An item is scored from one of the known sources, in one of the known ways, or by hand; so a sheet
//! can be changed without a release, and cannot ask for what nobody counts.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{AssessmentKind, FULL, MAX_WORDS, NAMED_FROM, TENTHS, VillageFacts, points};
use crate::case::view::Named;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

/// The most items of a sheet.
pub const MAX_ITEMS: usize = 40;
/// The most veto items.
pub const MAX_VETOES: usize = 20;
/// The longest title, in characters.
pub const MAX_TITLE: usize = 60;
/// The longest description of how an item is scored, in characters.
pub const MAX_STANDARD: usize = 300;

terms! {
    /// What an item can be scored from.
    DataSource, "数据来源" {
        /// [`VillageFacts::abnormal_visits`].
        AbnormalVisits = "abnormal_visits", "非正常访次数";
        /// [`VillageFacts::skip_collectives`].
        SkipCollectives = "skip_collectives", "越级集体访批数";
        /// [`VillageFacts::backlog`].
        Backlog = "backlog", "积案件数";
        /// [`VillageFacts::overdue`].
        Overdue = "overdue", "超期事项件数";
        /// [`VillageFacts::reports_missed`].
        ReportsMissed = "reports_missed", "迟报缺报份数";
        /// The share of the year's cases that are not overdue.
        InTime = "in_time", "没有超期的事项占比";
        /// The share of reports that were sent in time.
        ReportsInTime = "reports_in_time", "准时报送的报告占比";
        /// [`VillageFacts::visits`].
        Visits = "visits", "走访次数";
        /// [`VillageFacts::publicity_quarters`].
        PublicityQuarters = "publicity_quarters", "有法制宣传的季度数";
    }
}

terms! {
    /// How an item is scored.
    ScoredHow, "计分办法" {
        /// By the office, with evidence.
        Hand = "hand", "人工评分";
        /// Full, less something for each that is counted.
        Less = "less", "逐项扣分";
        /// Something for each that is counted, up to full.
        Each = "each", "逐项计分";
        /// By the share of the good among all.
        Share = "share", "按比例计分";
    }
}

/// What a source says of a village.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// So many.
    Count(u32),
    /// So many good ones of so many.
    Of(u32, u32),
}

impl DataSource {
    /// What it says.
    pub const fn of(self, facts: &VillageFacts) -> Said {
        match self {
            Self::AbnormalVisits => Said::Count(facts.abnormal_visits),
            Self::SkipCollectives => Said::Count(facts.skip_collectives),
            Self::Backlog => Said::Count(facts.backlog),
            Self::Overdue => Said::Count(facts.overdue),
            Self::ReportsMissed => Said::Count(facts.reports_missed),
            Self::InTime => Said::Of(facts.cases.saturating_sub(facts.overdue), facts.cases),
            Self::ReportsInTime => Said::Of(
                facts.reports.saturating_sub(facts.reports_missed),
                facts.reports,
            ),
            Self::Visits => Said::Count(facts.visits),
            Self::PublicityQuarters => Said::Count(facts.publicity_quarters),
        }
    }

    /// The one way in which it can be scored: what is bad takes off, what is good adds.
    pub const fn way(self) -> ScoredHow {
        match self {
            Self::AbnormalVisits
            | Self::SkipCollectives
            | Self::Backlog
            | Self::Overdue
            | Self::ReportsMissed => ScoredHow::Less,
            Self::InTime | Self::ReportsInTime => ScoredHow::Share,
            Self::Visits | Self::PublicityQuarters => ScoredHow::Each,
        }
    }

    /// How many of it there are; none of a share.
    pub const fn count(self, facts: &VillageFacts) -> Option<u32> {
        match self.of(facts) {
            Said::Count(count) => Some(count),
            Said::Of(..) => None,
        }
    }
}

/// An item of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CriteriaItem {
    /// Its code within the sheet: small letters, digits, `_`.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// How it is scored, in words; made from the rest where it is empty and the data scores it.
    #[serde(default)]
    pub standard: String,
    /// Its full mark, in points (1 to 100).
    pub points: u32,
    /// What it is scored from; by hand when absent.
    #[serde(default)]
    pub source: Option<DataSource>,
    /// Of counts: tenths of a point for each.
    #[serde(default)]
    pub each: Option<u32>,
    /// Of counts: the most tenths of a point that are taken off or given; the full mark when absent.
    #[serde(default)]
    pub cap: Option<u32>,
}

/// A veto item (一票否决): whoever has one is not named, whatever the points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CriteriaVeto {
    /// Its code within the sheet.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// What says that it holds; the office when absent.
    #[serde(default)]
    pub source: Option<DataSource>,
    /// It holds from so many on.
    #[serde(default)]
    pub at_least: Option<u32>,
}

/// What a kind of assessment asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CriteriaSheet {
    /// The items; in force they come to [`FULL`].
    pub items: Vec<CriteriaItem>,
    /// The veto items.
    #[serde(default)]
    pub vetoes: Vec<CriteriaVeto>,
    /// A village with at least so many points, and no veto, can be named.
    pub named_from: u32,
}

impl CriteriaItem {
    /// How it is scored.
    pub const fn how(&self) -> ScoredHow {
        match self.source {
            None => ScoredHow::Hand,
            Some(source) => source.way(),
        }
    }

    /// Whether it is scored by hand.
    pub const fn is_by_hand(&self) -> bool {
        self.source.is_none()
    }

    /// Its full mark, in tenths of a point.
    pub const fn full(&self) -> u32 {
        self.points.saturating_mul(TENTHS)
    }

    /// What the data gives, in tenths of a point; none where it is scored by hand. Where nothing was to
    /// be done, a share is full.
    pub fn by_data(&self, facts: &VillageFacts) -> Option<u32> {
        let full = self.full();
        let cap = self.cap.unwrap_or(full).min(full);
        let moved = |count: u32| count.saturating_mul(self.each.unwrap_or(0)).min(cap);
        let source = self.source?;
        Some(match (source.of(facts), source.way()) {
            (Said::Count(count), ScoredHow::Each) => moved(count),
            (Said::Count(count), _) => full - moved(count),
            (Said::Of(good, all), _) => {
                let share = u64::from(full) * u64::from(good.min(all));
                let share = share.checked_div(u64::from(all));
                share.map_or(full, |share| u32::try_from(share).unwrap_or(full))
            }
        })
    }

    /// How it is scored, in words.
    pub fn words(&self) -> String {
        let own = self.standard.trim();
        if !own.is_empty() {
            return own.to_owned();
        }
        let each = points(self.each.unwrap_or(0));
        let cap = self.cap.map_or(self.full(), |cap| cap.min(self.full()));
        match self.source {
            None => "由镇综治办评分，写明依据".to_owned(),
            Some(source) => match source.way() {
                ScoredHow::Less if cap == self.full() => {
                    format!("{}：每有一个扣{each}分，扣完为止", source.label())
                }
                ScoredHow::Less => format!(
                    "{}：每有一个扣{each}分，最多扣{}分",
                    source.label(),
                    points(cap)
                ),
                ScoredHow::Each => format!(
                    "{}：每有一个计{each}分，最多{}分",
                    source.label(),
                    points(cap)
                ),
                _ => format!("按{}计分", source.label()),
            },
        }
    }
}

impl CriteriaVeto {
    /// Whether the data says that it holds; none where the office says it.
    pub fn by_data(&self, facts: &VillageFacts) -> Option<bool> {
        let count = self.source?.count(facts)?;
        Some(count >= self.at_least.unwrap_or(1))
    }
}

fn is_code(code: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=40).contains(&code.len()) && code.bytes().all(fits)
}

impl CriteriaSheet {
    /// The item with a code.
    pub fn item(&self, code: &str) -> Option<&CriteriaItem> {
        self.items.iter().find(|item| item.code == code)
    }

    /// What all items come to, in points.
    pub fn sum(&self) -> u32 {
        self.items
            .iter()
            .fold(0u32, |sum, item| sum.saturating_add(item.points))
    }

    /// What is wrong with a draft. It need not come to [`FULL`] yet; [`Self::unfit`] says so.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if self.items.len() > MAX_ITEMS {
            let message = format!("考核项目最多{MAX_ITEMS}项，现在有{}项。", self.items.len());
            errors.add("items", "too_many", message);
        }
        if self.vetoes.len() > MAX_VETOES {
            let message = format!(
                "一票否决的情形最多{MAX_VETOES}项，现在有{}项。",
                self.vetoes.len()
            );
            errors.add("vetoes", "too_many", message);
        }
        if !(1..=FULL).contains(&self.named_from) {
            let message = format!("命名的分数线应在1至{FULL}分之间。");
            errors.add("named_from", "out_of_range", message);
        }
        let mut codes = BTreeSet::new();
        for (at, item) in self.items.iter().enumerate() {
            let field = |name: &str| format!("items.{at}.{name}");
            check_code(&mut errors, field("code"), &item.code, &mut codes);
            errors.text(&field("title"), "考核项目", &item.title, MAX_TITLE);
            errors.length(&field("standard"), "评分标准", &item.standard, MAX_STANDARD);
            if !(1..=FULL).contains(&item.points) {
                let message = format!("满分应在1至{FULL}分之间。");
                errors.add(field("points"), "out_of_range", message);
            }
            let counts = matches!(item.how(), ScoredHow::Less | ScoredHow::Each);
            match item.each {
                None | Some(0) if counts => {
                    let message = "按次数计分的项目要写明每次多少分（以0.1分为单位）。";
                    errors.add(field("each"), "required", message);
                }
                Some(each) if counts && each > FULL * TENTHS => {
                    let message = format!("每次的分数最多{FULL}分。");
                    errors.add(field("each"), "out_of_range", message);
                }
                Some(_) if !counts => {
                    let message = "只有按次数计分的项目才写每次多少分。";
                    errors.add(field("each"), "not_used", message);
                }
                _ => {}
            }
            match item.cap {
                Some(_) if !counts => {
                    let message = "只有按次数计分的项目才有上限。";
                    errors.add(field("cap"), "not_used", message);
                }
                Some(cap) if cap == 0 || cap > item.full() => {
                    let message = "上限应大于0，不超过这一项的满分。";
                    errors.add(field("cap"), "out_of_range", message);
                }
                _ => {}
            }
        }
        let mut codes = BTreeSet::new();
        for (at, veto) in self.vetoes.iter().enumerate() {
            let field = |name: &str| format!("vetoes.{at}.{name}");
            check_code(&mut errors, field("code"), &veto.code, &mut codes);
            errors.text(&field("title"), "一票否决的情形", &veto.title, MAX_TITLE);
            let nothing = VillageFacts::default();
            match veto.source {
                Some(source) if source.count(&nothing).is_none() => {
                    let message = "按比例的数据不能作为一票否决的依据，请选按次数的。";
                    errors.add(field("source"), "not_a_count", message);
                }
                // A source that is good to have much of is no ground to exclude anybody.
                Some(source) if source.way() == ScoredHow::Each => {
                    let message = "走访、宣传次数不能作为一票否决的依据。";
                    errors.add(field("source"), "not_bad", message);
                }
                Some(_) if veto.at_least.is_none_or(|least| least == 0) => {
                    let message = "按数据认定的，要写明达到多少次（至少1）。";
                    errors.add(field("at_least"), "required", message);
                }
                None if veto.at_least.is_some() => {
                    let message = "由镇综治办认定的，不写次数。";
                    errors.add(field("at_least"), "not_used", message);
                }
                _ => {}
            }
        }
        errors
    }

    /// Why it cannot be put into force yet.
    pub fn unfit(&self) -> Option<String> {
        if self.items.is_empty() {
            return Some("考核表还没有项目。".to_owned());
        }
        let sum = self.sum();
        (sum != FULL).then(|| format!("各项满分合计{sum}分，应为{FULL}分。"))
    }
}

fn check_code<'a>(
    errors: &mut Errors,
    field: String,
    code: &'a str,
    known: &mut BTreeSet<&'a str>,
) {
    if !is_code(code) {
        let message = "代码由小写字母、数字和下划线组成，最多40个字符。";
        errors.add(field, "invalid", message);
    } else if !known.insert(code) {
        errors.add(field, "duplicate", "两项的代码相同，请改其中一项。");
    }
}

fn by_data(
    (code, title): (&str, &str),
    standard: &str,
    points: u32,
    source: DataSource,
    each: Option<u32>,
) -> CriteriaItem {
    CriteriaItem {
        source: Some(source),
        each,
        ..by_hand((code, title), standard, points)
    }
}

fn by_hand((code, title): (&str, &str), standard: &str, points: u32) -> CriteriaItem {
    CriteriaItem {
        code: code.to_owned(),
        title: title.to_owned(),
        standard: standard.to_owned(),
        points,
        source: None,
        each: None,
        cap: None,
    }
}

fn three_without() -> Vec<CriteriaItem> {
    use DataSource as D;
    vec![
        by_data(
            ("no_abnormal", "无到市赴省进京非正常访"),
            "每发生一次扣10分，扣完为止",
            30,
            D::AbnormalVisits,
            Some(100),
        ),
        by_data(
            ("no_skip", "无越级集体访"),
            "每发生一批扣10分，扣完为止",
            20,
            D::SkipCollectives,
            Some(100),
        ),
        by_data(
            ("no_backlog", "无信访积案"),
            "每有一件积案扣5分，扣完为止",
            20,
            D::Backlog,
            Some(50),
        ),
        by_data(
            ("in_time", "事项按期办理"),
            "按没有超期的事项占当年事项的比例计分",
            10,
            D::InTime,
            None,
        ),
        by_data(
            ("reports", "排查报告按时报送"),
            "按准时报送的比例计分",
            10,
            D::ReportsInTime,
            None,
        ),
        by_hand(
            ("organisation", "组织领导和责任落实"),
            "由镇综治办查看台账、方案和会议记录评分",
            10,
        ),
    ]
}

fn peaceful() -> Vec<CriteriaItem> {
    use DataSource as D;
    vec![
        by_data(
            ("disputes", "矛盾纠纷就地化解"),
            "每有一件积案扣5分，扣完为止",
            20,
            D::Backlog,
            Some(50),
        ),
        by_data(
            ("in_time", "事项按期办理"),
            "按没有超期的事项占当年事项的比例计分",
            15,
            D::InTime,
            None,
        ),
        by_data(
            ("reports", "排查报告按时报送"),
            "按准时报送的比例计分",
            15,
            D::ReportsInTime,
            None,
        ),
        by_data(
            ("visits", "走访群众"),
            "每次走访计0.3分，最多15分",
            15,
            D::Visits,
            Some(3),
        ),
        by_data(
            ("publicity", "法制宣传"),
            "每个有宣传的季度计2.5分",
            10,
            D::PublicityQuarters,
            Some(25),
        ),
        by_hand(
            ("order", "治安防范和平安宣传"),
            "由镇综治办会同派出所查看记录评分",
            15,
        ),
        by_hand(
            ("organisation", "组织领导和责任落实"),
            "由镇综治办查看台账、方案和会议记录评分",
            10,
        ),
    ]
}

fn vetoes() -> Vec<CriteriaVeto> {
    let veto = |code: &str, title: &str, source, at_least| CriteriaVeto {
        code: code.to_owned(),
        title: title.to_owned(),
        source,
        at_least,
    };
    vec![
        veto("capital", "发生进京赴省非正常访造成恶劣影响", None, None),
        veto("incident", "发生群体性事件或民转刑命案", None, None),
        veto("concealed", "瞒报、谎报重要信息", None, None),
        veto(
            "repeated",
            "当年非正常访三次以上",
            Some(DataSource::AbnormalVisits),
            Some(3),
        ),
    ]
}

impl AssessmentKind {
    /// The sheet that holds until a leader puts another into force.
    pub fn bundled(self) -> CriteriaSheet {
        CriteriaSheet {
            items: match self {
                Self::ThreeWithout => three_without(),
                Self::Peaceful => peaceful(),
            },
            vetoes: vetoes(),
            named_from: NAMED_FROM,
        }
    }
}

terms! {
    /// Where a sheet stands.
    CriteriaState, "考核表状态" {
        /// The office is at work on it.
        Draft = "draft", "起草中";
        /// A leader put it into force; it is not changed any more.
        InForce = "in_force", "已施行";
    }
}

/// A sheet to be begun: from the one that would hold in that year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCriteria {
    /// Of which kind of assessment.
    pub kind: AssessmentKind,
    /// From which year on it is to hold.
    pub year: i32,
    /// What it asks for; as the sheet that holds in that year when absent.
    #[serde(default)]
    pub sheet: Option<CriteriaSheet>,
    /// What is new, in words.
    #[serde(default)]
    pub note: Option<String>,
}

/// A change of a draft. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CriteriaPatch {
    /// From which year on it is to hold.
    #[serde(default)]
    pub year: Option<i32>,
    /// All that it asks for.
    #[serde(default)]
    pub sheet: Option<CriteriaSheet>,
    /// What is new, in words.
    #[serde(default)]
    pub note: Option<String>,
}

/// A leader's word that puts a sheet into force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnforceCriteria {
    /// On what ground: the meeting, the document.
    pub text: String,
}

impl NewCriteria {
    /// What is wrong with the input. `this_year` is the server's.
    pub fn check(&self, this_year: i32) -> Errors {
        let mut errors = self
            .sheet
            .as_ref()
            .map_or_else(Errors::new, CriteriaSheet::check);
        check_year(&mut errors, self.year, this_year);
        let note = self.note.as_deref().unwrap_or("");
        errors.length("note", "修改说明", note, MAX_WORDS);
        errors
    }
}

impl CriteriaPatch {
    /// What is wrong with the input. `this_year` is the server's.
    pub fn check(&self, this_year: i32) -> Errors {
        let mut errors = self
            .sheet
            .as_ref()
            .map_or_else(Errors::new, CriteriaSheet::check);
        if let Some(year) = self.year {
            check_year(&mut errors, year, this_year);
        }
        let note = self.note.as_deref().unwrap_or("");
        errors.length("note", "修改说明", note, MAX_WORDS);
        errors
    }
}

impl EnforceCriteria {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("text", "施行的依据", &self.text, MAX_WORDS);
        errors
    }
}

fn check_year(errors: &mut Errors, year: i32, this_year: i32) {
    if !(this_year..=this_year + 1).contains(&year) {
        let message = format!("考核表从{this_year}年或者{}年起施行。", this_year + 1);
        errors.add("year", "out_of_range", message);
    }
}

/// A version of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CriteriaView {
    /// Its id; none of the bundled sheet.
    pub id: Option<String>,
    /// Of which kind of assessment.
    pub kind: AssessmentKind,
    /// From which year on it holds; none of the bundled sheet, which always does.
    pub year: Option<i32>,
    /// Its number among the kind's, from 1; 0 of the bundled sheet.
    pub number: u32,
    /// Where it stands.
    pub state: CriteriaState,
    /// What it asks for.
    pub sheet: CriteriaSheet,
    /// How each item is scored, in words, in the items' order.
    pub standards: Vec<String>,
    /// Why it cannot be put into force yet; of a draft.
    pub unfit: Option<String>,
    /// What is new, in words.
    pub note: Option<String>,
    /// Who wrote it.
    pub author: Option<Named>,
    /// Who put it into force.
    pub enforced_by: Option<Named>,
    /// When.
    pub enforced_on: Option<NaiveDate>,
    /// On what ground.
    pub ground: Option<String>,
    /// Whether the caller may change it now.
    pub may_edit: bool,
    /// Whether the caller may put it into force now.
    pub may_enforce: bool,
    /// Rises with each change; 0 of the bundled sheet.
    pub version: i64,
}

/// The sheets of a kind of assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CriteriaList {
    /// Of which kind.
    pub kind: AssessmentKind,
    /// The year that was asked about.
    pub year: i32,
    /// The number of the sheet with which that year's assessments begin, or have begun.
    pub current: u32,
    /// Whether that year's assessments have begun: another sheet holds from the next year on.
    pub begun: bool,
    /// All versions, the last in front, the bundled one last.
    pub items: Vec<CriteriaView>,
    /// Whether the caller may write one.
    pub may_begin: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_bundled_sheet_is_fit() {
        for kind in AssessmentKind::ALL {
            let sheet = kind.bundled();
            assert_eq!(sheet.check().into_vec(), [], "{kind}");
            assert_eq!(sheet.unfit(), None, "{kind}");
            let text = serde_json::to_string(&sheet).unwrap();
            assert_eq!(serde_json::from_str::<CriteriaSheet>(&text).unwrap(), sheet);
        }
    }

    fn item(source: Option<DataSource>, each: Option<u32>, cap: Option<u32>) -> CriteriaItem {
        CriteriaItem {
            source,
            each,
            cap,
            ..by_hand(("a", "一项"), "", 20)
        }
    }

    #[test]
    fn items_by_hand() {
        use DataSource as D;
        let facts = VillageFacts {
            abnormal_visits: 3,
            visits: 30,
            cases: 8,
            overdue: 2,
            ..VillageFacts::default()
        };
        // Each abnormal visit takes off 3 points, at most 5 of 20.
        let capped = item(Some(D::AbnormalVisits), Some(30), Some(50));
        assert_eq!(capped.by_data(&facts), Some(150));
        assert_eq!(capped.words(), "非正常访次数：每有一个扣3分，最多扣5分");
        // 30 visits at 0.5 are 15 points, at most 12.
        let given = item(Some(D::Visits), Some(5), Some(120));
        assert_eq!(given.by_data(&facts), Some(120));
        assert_eq!(given.words(), "走访次数：每有一个计0.5分，最多12分");
        // 6 of 8 in time: 20 × 6/8 = 15.
        let share = item(Some(D::InTime), None, None);
        assert_eq!(share.by_data(&facts), Some(150));
        assert_eq!(share.by_data(&VillageFacts::default()), Some(200));
        assert_eq!(item(None, None, None).by_data(&facts), None);
    }

    #[test]
    fn what_is_wrong_with_a_draft() {
        use DataSource as D;
        let codes = |sheet: &CriteriaSheet| {
            let errors = sheet.check().into_vec();
            errors
                .into_iter()
                .map(|error| format!("{}:{}", error.field, error.code))
                .collect::<Vec<_>>()
        };
        let sheet = |items: Vec<CriteriaItem>, vetoes: Vec<CriteriaVeto>| CriteriaSheet {
            items,
            vetoes,
            named_from: 90,
        };
        let veto = |source, at_least| CriteriaVeto {
            code: "v".to_owned(),
            title: "情形".to_owned(),
            source,
            at_least,
        };
        for (wrong, expected) in [
            (
                sheet(vec![item(Some(D::Backlog), None, None)], vec![]),
                "items.0.each:required",
            ),
            (
                sheet(vec![item(Some(D::InTime), Some(10), None)], vec![]),
                "items.0.each:not_used",
            ),
            (
                sheet(vec![item(None, None, Some(10))], vec![]),
                "items.0.cap:not_used",
            ),
            (
                sheet(vec![item(Some(D::Visits), Some(5), Some(201))], vec![]),
                "items.0.cap:out_of_range",
            ),
            (
                sheet(vec![item(None, None, None); 2], vec![]),
                "items.1.code:duplicate",
            ),
            (
                sheet(vec![], vec![veto(Some(D::InTime), Some(1))]),
                "vetoes.0.source:not_a_count",
            ),
            (
                sheet(vec![], vec![veto(Some(D::Visits), Some(1))]),
                "vetoes.0.source:not_bad",
            ),
            (
                sheet(vec![], vec![veto(Some(D::Backlog), Some(0))]),
                "vetoes.0.at_least:required",
            ),
            (
                sheet(vec![], vec![veto(None, Some(2))]),
                "vetoes.0.at_least:not_used",
            ),
            (
                CriteriaSheet {
                    named_from: 101,
                    ..sheet(vec![], vec![])
                },
                "named_from:out_of_range",
            ),
        ] {
            assert_eq!(codes(&wrong), [expected]);
        }
        let odd = CriteriaItem {
            code: "Ä b".to_owned(),
            title: " ".to_owned(),
            points: 0,
            ..item(None, None, None)
        };
        assert_eq!(
            codes(&sheet(vec![odd], vec![])),
            [
                "items.0.code:invalid",
                "items.0.title:required",
                "items.0.points:out_of_range"
            ]
        );
        assert!(sheet(vec![], vec![]).unfit().is_some());
        let short = sheet(vec![item(None, None, None)], vec![]);
        assert!(short.unfit().unwrap().contains("20分"));
    }

    proptest! {
        /// Whatever sheet is fit to be written: no data brings an item above its full mark, more of what
        /// is bad never brings more, and more of what is good never brings less.
        #[test]
        fn scores_stay_within_their_marks(
            source in prop::sample::select(DataSource::ALL),
            points in 1u32..=100, each in 1u32..=1000, cap in prop::option::of(1u32..=1000),
            counts in prop::array::uniform6(0u32..60), visits: u32,
        ) {
            let [abnormal_visits, skip_collectives, backlog, cases, overdue, reports_missed] = counts;
            let facts = VillageFacts {
                abnormal_visits, skip_collectives, backlog, cases, overdue, reports_missed, visits,
                reports: 52,
                publicity_quarters: 2,
            };
            let worse = VillageFacts {
                abnormal_visits: abnormal_visits + 1,
                skip_collectives: skip_collectives + 1,
                backlog: backlog + 1,
                overdue: overdue + 1,
                reports_missed: reports_missed + 1,
                visits: visits.saturating_sub(1),
                publicity_quarters: 1,
                ..facts
            };
            let counted = source.way() != ScoredHow::Share;
            let item = CriteriaItem {
                points,
                each: counted.then_some(each),
                cap: cap.filter(|_| counted).map(|cap| cap.min(points * TENTHS)),
                ..item(Some(source), None, None)
            };
            let sheet = CriteriaSheet { items: vec![item.clone()], vetoes: Vec::new(), named_from: 90 };
            prop_assert_eq!(sheet.check().into_vec(), []);
            let score = item.by_data(&facts).unwrap();
            let after = item.by_data(&worse).unwrap();
            prop_assert!(score <= item.full());
            prop_assert!(after <= score);
        }
    }
}
