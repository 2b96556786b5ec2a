//! Assessment of villages (考核): criteria sheets for 平安村 and 三无村, scored from the data where that can
//! be and by the office otherwise; what follows what; veto items; naming and ranking.
//!
//! It is villages that are assessed, never people. What a sheet was scored with is kept with it, so that
//! a year that was decided on stays as it was, whatever happens to a case afterwards.

pub mod criteria;
pub mod honour;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use self::criteria::{CriteriaItem, CriteriaSheet, CriteriaVeto};
use self::honour::HonourView;
use crate::access::FieldFacts;
use crate::case::view::Named;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

/// The longest words of an item, an objection, a decision, in characters.
pub const MAX_WORDS: usize = 1000;
/// A village with at least so many points, and no veto, can be named, unless a sheet says otherwise.
pub const NAMED_FROM: u32 = 90;
/// What all items of a sheet come to.
pub const FULL: u32 = 100;
/// Scores are kept in tenths of a point.
pub const TENTHS: u32 = 10;

terms! {
    /// What a village is assessed as.
    AssessmentKind, "考核类别" {
        /// A village without abnormal visits, skip-level collective visits and backlog.
        ThreeWithout = "three_without", "三无村";
        /// A safe village.
        Peaceful = "peaceful", "平安村";
    }
}

terms! {
    /// Where an assessment stands.
    #[cfg_attr(feature = "openapi", schema(as = AssessmentStage))]
    Stage, "考核进度" {
        /// The village fills in its self-assessment.
        Open = "open", "待村自评";
        /// The office reviews it.
        Submitted = "submitted", "待镇审核";
        /// Reviewed: the village accepts or objects, a leader decides.
        Reviewed = "reviewed", "已审核";
        /// The village objects.
        Objected = "objected", "村有异议";
        /// Decided: frozen.
        Decided = "decided", "已定";
    }
}

terms! {
    /// A step of an assessment: `POST /assessments/{id}/steps/{step}`.
    AssessmentStep, "考核步骤" {
        /// The village hands in its self-assessment.
        Submit = "submit", "提交自评";
        /// The office sends it back.
        Return = "return", "退回村";
        /// The office scores.
        Review = "review", "审核评分";
        /// The village objects to the review.
        Object = "object", "提出异议";
        /// A leader decides: named or not.
        Decide = "decide", "作出决定";
    }
}

terms! {
    /// What somebody wants to do about assessments.
    AssessmentDeed, "考核操作" {
        /// See them.
        View = "view", "查看考核";
        /// Open a year's.
        Start = "start", "开始考核";
        /// Hand in the self-assessment.
        Submit = "submit", "提交自评";
        /// Send back.
        Return = "return", "退回自评";
        /// Score.
        Review = "review", "审核评分";
        /// Object.
        Object = "object", "提出异议";
        /// Decide.
        Decide = "decide", "作出决定";
        /// Write a criteria sheet.
        WriteCriteria = "write_criteria", "修改考核表";
        /// Put a criteria sheet into force.
        Enforce = "enforce", "施行考核表";
        /// Propose naming or reward.
        Propose = "propose", "提出命名奖励";
        /// Decide about naming or reward.
        Honour = "honour", "决定命名奖励";
    }
}

impl AssessmentStep {
    /// The deed that it is.
    pub const fn deed(self) -> AssessmentDeed {
        match self {
            Self::Submit => AssessmentDeed::Submit,
            Self::Return => AssessmentDeed::Return,
            Self::Review => AssessmentDeed::Review,
            Self::Object => AssessmentDeed::Object,
            Self::Decide => AssessmentDeed::Decide,
        }
    }
}

/// The stage after a step.
///
/// # Errors
/// Why it may not be taken now, in a sentence.
pub fn after(stage: Stage, step: AssessmentStep) -> Result<Stage, String> {
    use AssessmentStep as A;
    match (stage, step) {
        (Stage::Open, A::Submit) => Ok(Stage::Submitted),
        (Stage::Submitted, A::Return) => Ok(Stage::Open),
        // What was reviewed may be scored anew until it is decided on: an objection asks for that.
        (Stage::Submitted | Stage::Reviewed | Stage::Objected, A::Review) => Ok(Stage::Reviewed),
        (Stage::Reviewed, A::Object) => Ok(Stage::Objected),
        (Stage::Reviewed, A::Decide) => Ok(Stage::Decided),
        (Stage::Objected, A::Decide) => {
            Err("村里的异议还没有答复：请镇综治办重新审核后再作决定。".to_owned())
        }
        (Stage::Decided, _) => Err("这一年的考核已经定了，不能再改。".to_owned()),
        (stage, step) => Err(format!(
            "考核现在是“{}”，不能{}。",
            stage.label(),
            step.label()
        )),
    }
}

/// What the data says of a village in a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageFacts {
    /// Abnormal visits to city, province or capital.
    pub abnormal_visits: u32,
    /// Collective visits (five people or more) that left out a level.
    pub skip_collectives: u32,
    /// Cases that are backlog.
    pub backlog: u32,
    /// Cases received in the year.
    pub cases: u32,
    /// Of them, those that are past a limit of the authority now.
    pub overdue: u32,
    /// Reports of village and groups that were due.
    pub reports: u32,
    /// Of them, those that were late or are missing.
    pub reports_missed: u32,
    /// Visits to households, without those struck out.
    pub visits: u32,
    /// Quarters with a campaign of legal publicity.
    pub publicity_quarters: u32,
}

/// What was filled in for an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(as = AssessmentMark))]
pub struct Mark {
    /// The item.
    pub code: String,
    /// The score in tenths of a point; not of items that the data scores.
    #[serde(default)]
    pub score: Option<u32>,
    /// Why, and on what evidence.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// What a step is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssessmentInput {
    /// `submit`, `review`: the items scored by hand, each with its evidence.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// `review`: the veto items that hold, beside those that the data says.
    #[serde(default)]
    pub vetoes: Vec<String>,
    /// `return`, `object`: why; of a review that answers an objection: the answer; `decide`: the words.
    #[serde(default)]
    pub text: Option<String>,
    /// `decide`: whether the village is named.
    #[serde(default)]
    pub named: Option<bool>,
}

/// An item as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemView {
    /// Its code.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// How it is scored.
    pub standard: String,
    /// Its full mark, in tenths of a point.
    pub full: u32,
    /// Whether the data scores it.
    pub by_data: bool,
    /// What the village says, in tenths.
    pub own: Option<u32>,
    /// The village's evidence.
    pub own_evidence: Option<String>,
    /// What counts, in tenths: the data's, or the office's.
    pub score: Option<u32>,
    /// The office's evidence.
    pub evidence: Option<String>,
}

/// Why a village cannot be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VetoView {
    /// Its code.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// Whether the data says so.
    pub by_data: bool,
    /// Whether it holds.
    pub holds: bool,
}

/// What is kept of a sheet: what was filled in, and the data that it is scored with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The village's marks.
    pub own: Vec<Mark>,
    /// The office's marks.
    pub marks: Vec<Mark>,
    /// The veto items that the office says hold.
    pub vetoes: Vec<String>,
    /// The data that counts: as of the last review.
    pub facts: Option<VillageFacts>,
    /// What was said on the way: who, when, what.
    pub said: Vec<Said>,
    /// The sheet that it began with; the bundled one where it began before sheets were kept.
    #[serde(default)]
    pub criteria: Option<CriteriaSheet>,
    /// That sheet's number.
    #[serde(default)]
    pub criteria_number: u32,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Said {
    /// Which.
    pub step: AssessmentStep,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Named,
    /// In which words.
    pub text: Option<String>,
}

fn mark<'a>(marks: &'a [Mark], code: &str) -> Option<&'a Mark> {
    marks.iter().find(|mark| mark.code == code)
}

impl Sheet {
    /// What it asks for.
    pub fn criteria(&self, kind: AssessmentKind) -> CriteriaSheet {
        self.criteria.clone().unwrap_or_else(|| kind.bundled())
    }

    /// The items, scored with the data that was kept or, before the first review, with `now`.
    pub fn items(&self, kind: AssessmentKind, now: &VillageFacts) -> Vec<ItemView> {
        let facts = self.facts.as_ref().unwrap_or(now);
        let item = |criterion: &CriteriaItem| {
            let own = mark(&self.own, &criterion.code);
            let office = mark(&self.marks, &criterion.code);
            let by_data = criterion.by_data(facts);
            ItemView {
                code: criterion.code.clone(),
                title: criterion.title.clone(),
                standard: criterion.words(),
                full: criterion.full(),
                by_data: by_data.is_some(),
                own: own.and_then(|mark| mark.score),
                own_evidence: own.and_then(|mark| mark.evidence.clone()),
                score: by_data.or_else(|| office.and_then(|mark| mark.score)),
                evidence: office.and_then(|mark| mark.evidence.clone()),
            }
        };
        self.criteria(kind).items.iter().map(item).collect()
    }

    /// The veto items, by the data that was kept or, before the first review, by `now`.
    pub fn vetoes(&self, kind: AssessmentKind, now: &VillageFacts) -> Vec<VetoView> {
        let facts = self.facts.as_ref().unwrap_or(now);
        let veto = |veto: &CriteriaVeto| {
            let by_data = veto.by_data(facts);
            VetoView {
                code: veto.code.clone(),
                title: veto.title.clone(),
                by_data: by_data.is_some(),
                holds: by_data == Some(true) || self.vetoes.contains(&veto.code),
            }
        };
        self.criteria(kind).vetoes.iter().map(veto).collect()
    }
}

/// What the items come to, in tenths of a point: none while one is not scored yet.
pub fn total(items: &[ItemView]) -> Option<u32> {
    items
        .iter()
        .map(|item| item.score.map(|score| score.min(item.full)))
        .sum()
}

/// Whether a village can be named with a sheet that names from so many points on, and why not.
///
/// # Errors
/// The reason, in a sentence.
pub fn may_be_named(
    items: &[ItemView],
    vetoes: &[VetoView],
    named_from: u32,
) -> Result<(), String> {
    if let Some(veto) = vetoes.iter().find(|veto| veto.holds) {
        return Err(format!("有一票否决的情形：{}，不能命名。", veto.title));
    }
    match total(items) {
        Some(total) if total >= named_from * TENTHS => Ok(()),
        Some(total) => Err(format!(
            "得分{}分，不到{named_from}分，不能命名。",
            points(total)
        )),
        None => Err("还有项目没有评分。".to_owned()),
    }
}

/// Tenths of a point in words: `87.5`, `90`.
pub fn points(tenths: u32) -> String {
    match (tenths / TENTHS, tenths % TENTHS) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest}"),
    }
}

/// The ranks of totals, the most points first; who has as many shares a rank, and who is not scored yet
/// has none.
pub fn ranks(totals: &[Option<u32>]) -> Vec<Option<u32>> {
    let better = |mine: u32| {
        let count = totals
            .iter()
            .filter(|other| other.is_some_and(|other| other > mine))
            .count();
        u32::try_from(count + 1).unwrap_or(u32::MAX)
    };
    totals.iter().map(|total| total.map(better)).collect()
}

impl AssessmentInput {
    /// What is wrong with the input of a step, by the sheet that the assessment began with.
    pub fn check(&self, step: AssessmentStep, sheet: &CriteriaSheet, stage: Stage) -> Errors {
        use AssessmentStep as A;
        let mut errors = Errors::new();
        let text = self.text.as_deref().unwrap_or("");
        match step {
            A::Submit | A::Review => {
                for (at, mark) in self.marks.iter().enumerate() {
                    let criterion = sheet.item(&mark.code);
                    let field = |name: &str| format!("marks.{at}.{name}");
                    let Some(criterion) = criterion else {
                        errors.add(field("code"), "unknown", "考核表中没有这一项。");
                        continue;
                    };
                    if !criterion.is_by_hand() && mark.score.is_some() {
                        errors.add(field("score"), "by_data", "这一项按数据计分，不用填分数。");
                    }
                    if mark.score.is_some_and(|score| score > criterion.full()) {
                        let message = format!("“{}”最多{}分。", criterion.title, criterion.points);
                        errors.add(field("score"), "out_of_range", message);
                    }
                    let evidence = mark.evidence.as_deref().unwrap_or("");
                    if mark.score.is_some() {
                        errors.text(&field("evidence"), "评分的依据", evidence, MAX_WORDS);
                    } else {
                        errors.length(&field("evidence"), "说明", evidence, MAX_WORDS);
                    }
                    let twice = self.marks.iter().take(at).any(|one| one.code == mark.code);
                    if twice {
                        errors.add(field("code"), "duplicate", "同一项填了两次。");
                    }
                }
                for criterion in &sheet.items {
                    let scored =
                        mark(&self.marks, &criterion.code).is_some_and(|mark| mark.score.is_some());
                    if criterion.is_by_hand() && !scored {
                        let message = format!("请给“{}”打分。", criterion.title);
                        errors.add("marks", "required", message);
                    }
                }
                let known = |code: &String| sheet.vetoes.iter().any(|veto| veto.code == *code);
                if step == A::Submit && !self.vetoes.is_empty() {
                    errors.add("vetoes", "not_used", "一票否决由镇综治办审核时填。");
                } else if !self.vetoes.iter().all(known) {
                    errors.add("vetoes", "unknown", "没有这一项一票否决的情形。");
                }
                if step == A::Review && stage == Stage::Objected {
                    errors.text("text", "对异议的答复", text, MAX_WORDS);
                } else {
                    errors.length("text", "说明", text, MAX_WORDS);
                }
            }
            A::Return => errors.text("text", "退回的理由", text, MAX_WORDS),
            A::Object => errors.text("text", "异议的理由", text, MAX_WORDS),
            A::Decide => {
                if self.named.is_none() {
                    errors.add("named", "required", "请决定是否命名。");
                }
                errors.text("text", "决定的依据", text, MAX_WORDS);
            }
        }
        errors
    }
}

/// The assessments of a year to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAssessments {
    /// The year.
    pub year: i32,
    /// As what.
    pub kind: AssessmentKind,
}

/// An assessment in the ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssessmentRow {
    /// Its id.
    pub id: String,
    /// The year.
    pub year: i32,
    /// As what.
    pub kind: AssessmentKind,
    /// The village.
    pub village: Named,
    /// Where it stands.
    pub stage: Stage,
    /// What the items come to, in tenths of a point, once all are scored.
    pub total: Option<u32>,
    /// Its rank among those scored.
    pub rank: Option<u32>,
    /// Whether a veto item holds.
    pub vetoed: bool,
    /// Whether the village was named, once that is decided.
    pub named: Option<bool>,
    /// Naming and rewards that a leader granted, in words.
    #[serde(default)]
    pub honours: Vec<String>,
}

/// The ranking of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assessments {
    /// The year.
    pub year: i32,
    /// As what.
    pub kind: AssessmentKind,
    /// The villages, by rank, those not scored yet last.
    pub items: Vec<AssessmentRow>,
    /// How many there are.
    pub total: u64,
    /// A village with at least so many points, and no veto, can be named.
    pub named_from: u32,
}

/// An assessment, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssessmentView {
    /// What the ranking says; without a rank.
    pub row: AssessmentRow,
    /// The items.
    pub items: Vec<ItemView>,
    /// The veto items.
    pub vetoes: Vec<VetoView>,
    /// The data that it is scored with.
    pub data: VillageFacts,
    /// Whether that data is frozen, since the last review.
    pub frozen: bool,
    /// The steps taken, in order.
    pub said: Vec<Said>,
    /// The steps that the caller may take now.
    pub steps: Vec<AssessmentStep>,
    /// The day to which the data goes.
    pub data_until: NaiveDate,
    /// A village with at least so many points, and no veto, can be named.
    pub named_from: u32,
    /// The number of the sheet that it began with; 0 of the bundled one.
    pub criteria_number: u32,
    /// Naming and rewards, the last in front. Those not granted only for office, leaders and auditor.
    pub honours: Vec<HonourView>,
    /// Whether the caller may propose naming or reward now.
    pub may_propose: bool,
    /// What permission decisions look at.
    pub facts: FieldFacts,
    /// Rises with each change.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hand(kind: AssessmentKind, score: u32) -> Vec<Mark> {
        let sheet = kind.bundled();
        sheet
            .items
            .iter()
            .filter(|criterion| criterion.is_by_hand())
            .map(|criterion| Mark {
                code: criterion.code.clone(),
                score: Some(score),
                evidence: Some("查看台账".to_owned()),
            })
            .collect()
    }

    #[test]
    fn a_village_by_hand() {
        // One abnormal visit: 30 − 10. Two of backlog: 20 − 10. Of 8 cases 2 are overdue: 10 × 6/8 = 7.5.
        // Of 52 reports 13 were late: 10 × 39/52 = 7.5. By hand 9.
        let facts = VillageFacts {
            abnormal_visits: 1,
            backlog: 2,
            cases: 8,
            overdue: 2,
            reports: 52,
            reports_missed: 13,
            ..VillageFacts::default()
        };
        let kind = AssessmentKind::ThreeWithout;
        let sheet = Sheet {
            marks: hand(kind, 90),
            ..Sheet::default()
        };
        let items = sheet.items(kind, &facts);
        let scores: Vec<_> = items.iter().map(|item| item.score.unwrap()).collect();
        assert_eq!(scores, [200, 200, 100, 75, 75, 90]);
        assert_eq!(total(&items), Some(740));
        assert_eq!(points(740), "74");
        assert_eq!(points(745), "74.5");
        let refused = may_be_named(&items, &sheet.vetoes(kind, &facts), NAMED_FROM).unwrap_err();
        assert!(refused.contains("74分"), "{refused}");
    }

    #[test]
    fn a_veto_outweighs_all_points() {
        let kind = AssessmentKind::ThreeWithout;
        let mut sheet = Sheet {
            marks: hand(kind, 100),
            facts: Some(VillageFacts::default()),
            ..Sheet::default()
        };
        let now = VillageFacts {
            abnormal_visits: 9,
            ..VillageFacts::default()
        };
        // Frozen: what happened since does not count.
        let items = sheet.items(kind, &now);
        assert_eq!(total(&items), Some(1000));
        assert!(may_be_named(&items, &sheet.vetoes(kind, &now), NAMED_FROM).is_ok());
        sheet.vetoes = vec!["concealed".to_owned()];
        assert!(may_be_named(&items, &sheet.vetoes(kind, &now), NAMED_FROM).is_err());
        sheet.vetoes.clear();
        sheet.facts = Some(VillageFacts {
            abnormal_visits: 3,
            ..VillageFacts::default()
        });
        let vetoes = sheet.vetoes(kind, &now);
        assert!(vetoes.iter().any(|veto| veto.holds && veto.by_data));
    }

    #[test]
    fn what_follows_what() {
        use AssessmentStep as A;
        let run = |steps: &[A]| {
            steps
                .iter()
                .try_fold(Stage::Open, |stage, step| after(stage, *step))
        };
        assert_eq!(run(&[A::Submit, A::Review, A::Decide]), Ok(Stage::Decided));
        assert_eq!(
            run(&[
                A::Submit,
                A::Return,
                A::Submit,
                A::Review,
                A::Object,
                A::Review,
                A::Decide
            ]),
            Ok(Stage::Decided)
        );
        for wrong in [
            &[A::Review][..],
            &[A::Submit, A::Decide],
            &[A::Submit, A::Review, A::Object, A::Decide],
            &[A::Submit, A::Review, A::Decide, A::Review],
            &[A::Submit, A::Object],
        ] {
            assert!(run(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_score_needs_its_evidence() {
        let kind = AssessmentKind::ThreeWithout;
        let codes = |input: &AssessmentInput, step, stage| {
            let errors = input.check(step, &kind.bundled(), stage).into_vec();
            errors
                .into_iter()
                .map(|error| format!("{}:{}", error.field, error.code))
                .collect::<Vec<_>>()
        };
        let good = AssessmentInput {
            marks: hand(kind, 80),
            ..AssessmentInput::default()
        };
        assert!(codes(&good, AssessmentStep::Review, Stage::Submitted).is_empty());
        assert_eq!(
            codes(&good, AssessmentStep::Review, Stage::Objected),
            ["text:required"]
        );
        let bad = AssessmentInput {
            marks: vec![
                Mark {
                    code: "organisation".into(),
                    score: Some(101),
                    evidence: None,
                },
                Mark {
                    code: "reports".into(),
                    score: Some(10),
                    evidence: Some("自己算的".into()),
                },
            ],
            vetoes: vec!["incident".into()],
            ..AssessmentInput::default()
        };
        assert_eq!(
            codes(&bad, AssessmentStep::Submit, Stage::Open),
            [
                "marks.0.score:out_of_range",
                "marks.0.evidence:required",
                "marks.1.score:by_data",
                "vetoes:not_used",
            ]
        );
        let nothing = AssessmentInput::default();
        assert_eq!(
            codes(&nothing, AssessmentStep::Decide, Stage::Reviewed),
            ["named:required", "text:required"]
        );
    }

    /// An assessment keeps the sheet that it began with, whatever the bundled one becomes.
    #[test]
    fn the_own_sheet_counts() {
        let kind = AssessmentKind::ThreeWithout;
        let mut own = kind.bundled();
        own.items.retain(|item| item.code == "no_backlog");
        let item = own.items.first_mut().unwrap();
        (item.points, item.each) = (100, Some(300));
        own.named_from = 70;
        let facts = VillageFacts {
            backlog: 1,
            ..VillageFacts::default()
        };
        let sheet = Sheet {
            criteria: Some(own),
            ..Sheet::default()
        };
        let items = sheet.items(kind, &facts);
        // 100 − 1 × 30.
        assert_eq!(total(&items), Some(700));
        let vetoes = sheet.vetoes(kind, &facts);
        assert!(may_be_named(&items, &vetoes, 70).is_ok());
        assert!(may_be_named(&items, &vetoes, 71).is_err());
        // What was kept before sheets were.
        let text = r#"{"own":[],"marks":[],"vetoes":[],"facts":null,"said":[]}"#;
        let old: Sheet = serde_json::from_str(text).unwrap();
        assert_eq!(old.criteria(kind), kind.bundled());
    }

    proptest! {
        /// Ranks begin with 1, follow the points, and who has none has no rank.
        #[test]
        fn ranks_follow_points(totals in prop::collection::vec(prop::option::of(0u32..1000), 0..12)) {
            let ranks = ranks(&totals);
            for (mine, rank) in totals.iter().zip(&ranks) {
                prop_assert_eq!(mine.is_some(), rank.is_some());
                for (other, others) in totals.iter().zip(&ranks) {
                    if let (Some(mine), Some(other)) = (mine, other) {
                        prop_assert_eq!(mine > other, rank < others);
                    }
                }
            }
            if totals.iter().any(Option::is_some) {
                prop_assert!(ranks.contains(&Some(1)));
            }
        }
    }
}
