//! Backlog packages (积案化解): one matter, one leader, one team, one plan, one way to the end
//! (一件事项、一名领导、一个专班、一套方案、一包到底).
//!
//! Four things have to be in place (四个落实): the leader and the team, the plan, the care for the
//! petitioner, the methods. The care (稳控措施) is a closed set of protective kinds: explaining,
//! helping, legal aid and the like; nothing that watches or holds anybody. Progress is noted at least
//! every [`PROGRESS_DAYS`] days. The package ends when a leader approves, on evidence that the
//! petitioner is satisfied or the ways are exhausted (息诉罢访).

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::form::{Choice, Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::view::{Digest, Due, Item, Line, Stage, Tone, aged};
use super::{Deed, Done, Effect, Matter, MatterKind, Wrong, replace};
use crate::case::state::EventKind;
use crate::case::view::Named;
use crate::ids::{UnitId, UserId};
use crate::org::UnitKind;
use crate::role::Role;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

/// Within how many days progress is noted.
pub const PROGRESS_DAYS: u64 = 14;
/// The most members of a team.
const MAX_TEAM: usize = 20;
/// The most steps of a plan.
const MAX_STEPS: usize = 30;

terms! {
    /// What is done for the petitioner meanwhile (稳控措施): to their good, of their own will.
    Care, "稳控措施" {
        /// Explaining policy and progress.
        Explanation = "explanation", "政策解释和进展告知";
        /// Practical help.
        Help = "help", "困难帮扶救助";
        /// Legal aid.
        LegalAid = "legal_aid", "法律援助";
        /// Psychological support.
        Counselling = "counselling", "心理疏导";
        /// Regular visits at home, agreed on.
        Visits = "visits", "定期走访看望";
        /// One person to turn to.
        Contact = "contact", "固定联系人";
    }
}

terms! {
    /// By what means the matter is settled (条例第三十七条).
    Means, "化解办法" {
        /// By policy.
        Policy = "policy", "政策";
        /// By law.
        Law = "law", "法律";
        /// By economic means.
        Economic = "economic", "经济";
        /// By administrative means.
        Administrative = "administrative", "行政";
        /// By education.
        Education = "education", "教育";
        /// By consultation.
        Consultation = "consultation", "协商";
        /// By guidance.
        Guidance = "guidance", "疏导";
    }
}

terms! {
    /// What shows that the matter is settled (息诉罢访).
    #[cfg_attr(feature = "openapi", schema(as = PackageEvidence))]
    Evidence, "息诉罢访凭据" {
        /// A commitment that the petitioner signed.
        Commitment = "commitment", "息诉罢访承诺书";
        /// An agreement.
        Agreement = "agreement", "化解（调解）协议";
        /// The opinion of the final review.
        FinalReview = "final_review", "复核意见";
    }
}

terms! {
    /// The four things to be in place (四个落实).
    InPlace, "四个落实" {
        /// Leader and team.
        Team = "team", "包案班子";
        /// The plan.
        Plan = "plan", "化解方案";
        /// The care for the petitioner.
        Care = "care", "稳控措施";
        /// The methods.
        Means = "means", "化解办法";
    }
}

/// A member of the team as given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MemberInput {
    /// The unit.
    pub unit_id: Option<UnitId>,
    /// Who.
    pub person: Option<String>,
}

/// A step of the plan as given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PlanStepInput {
    /// What is to be done.
    pub what: Option<String>,
    /// By whom.
    pub owner: Option<String>,
    /// By when.
    pub due: Option<NaiveDate>,
}

/// What the deeds of a package are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PackageInput {
    /// The day of the deed; today when absent.
    pub on: Option<NaiveDate>,
    /// `open`: the leader.
    pub leader_id: Option<UserId>,
    /// `open`: the team, the unit in charge first.
    pub team: Option<Vec<MemberInput>>,
    /// `plan`: the goal.
    pub goal: Option<String>,
    /// `plan`: the care for the petitioner.
    pub care: Option<Vec<Care>>,
    /// `plan`: the means.
    pub means: Option<Vec<Means>>,
    /// `plan`: the steps still to be taken.
    pub steps: Option<Vec<PlanStepInput>>,
    /// `done`: which step, as `fields` numbers them.
    pub which: Option<String>,
    /// `submit`: the evidence.
    pub evidence: Option<Vec<Evidence>>,
    /// `submit`: number, day or words of the evidence.
    pub evidence_text: Option<String>,
    /// The progress, the result, the reason.
    pub text: Option<String>,
}

/// The package of a backlog case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    opened_on: NaiveDate,
    leader: Named,
    team: Vec<Member>,
    plan: Option<Plan>,
    notes: Vec<Note>,
    submitted: Option<Submission>,
    rejections: Vec<Note>,
    ended: Option<Ended>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    unit: Named,
    person: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    /// When it was set, or last changed.
    on: NaiveDate,
    goal: String,
    care: Vec<Care>,
    means: Vec<Means>,
    steps: Vec<PlanStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PlanStep {
    what: String,
    owner: String,
    due: NaiveDate,
    done: Option<Note>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    on: NaiveDate,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Submission {
    on: NaiveDate,
    evidence: Vec<Evidence>,
    evidence_text: String,
    text: String,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    on: NaiveDate,
    /// Whether a leader approved; otherwise it ended with the case.
    approved: bool,
    text: String,
}

fn filled(text: Option<&str>) -> Option<String> {
    crate::case::input::filled(text).map(str::to_owned)
}

/// Whether units of this kind are of a team.
fn joins_teams(kind: UnitKind) -> bool {
    !matches!(kind, UnitKind::County | UnitKind::Group)
}

fn labels<T: Term>(terms: &[T]) -> String {
    let labels: Vec<&str> = terms.iter().map(|term| term.label()).collect();
    labels.join("、")
}

/// The codes of terms as one text: what a form starts a choice of several with.
fn codes<T: Term>(terms: &[T]) -> String {
    let codes: Vec<&str> = terms.iter().map(|term| term.code()).collect();
    codes.join(",")
}

impl Package {
    /// What is still missing of the four things to be in place.
    pub fn missing(&self) -> Vec<InPlace> {
        let plan = self.plan.as_ref();
        let in_place = |what: InPlace| match what {
            InPlace::Team => !self.team.is_empty(),
            InPlace::Plan => plan.is_some_and(|plan| !plan.steps.is_empty()),
            InPlace::Care => plan.is_some_and(|plan| !plan.care.is_empty()),
            InPlace::Means => plan.is_some_and(|plan| !plan.means.is_empty()),
        };
        let all = InPlace::ALL.iter().copied();
        all.filter(|what| !in_place(*what)).collect()
    }

    /// The day on which something was last noted.
    pub fn last_progress(&self) -> NaiveDate {
        let done = self.steps().filter_map(|step| step.done.as_ref());
        done.chain(&self.notes)
            .chain(&self.rejections)
            .map(|note| note.on)
            .chain(self.plan.iter().map(|plan| plan.on))
            .chain(self.submitted.iter().map(|submitted| submitted.on))
            .fold(self.opened_on, NaiveDate::max)
    }

    /// The leader who took it.
    pub const fn leader(&self) -> &Named {
        &self.leader
    }

    /// Another leader takes it over.
    pub(super) fn hand_over(&mut self, to: &Named) {
        self.leader.clone_from(to);
    }

    /// Whether something is still to be done.
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    fn steps(&self) -> impl Iterator<Item = &PlanStep> {
        self.plan.iter().flat_map(|plan| &plan.steps)
    }

    /// The steps still to be taken, with their places.
    fn pending(&self) -> impl Iterator<Item = (usize, &PlanStep)> {
        self.steps()
            .enumerate()
            .filter(|(_, step)| step.done.is_none())
    }

    /// What is due next: the next note, or an earlier step of the plan.
    fn due(&self) -> Option<Due> {
        if self.ended.is_some() || self.submitted.is_some() {
            return None;
        }
        let last = self.last_progress();
        let note = Due {
            on: last
                .checked_add_days(Days::new(PROGRESS_DAYS))
                .unwrap_or(last),
            what: if self.plan.is_none() {
                "制定化解方案".to_owned()
            } else {
                "记录化解进展".to_owned()
            },
            basis: Some(format!("积案化解至少每{PROGRESS_DAYS}日记录一次进展")),
            petitioners: false,
        };
        let step = self
            .pending()
            .map(|(_, step)| step)
            .min_by_key(|step| step.due)
            .map(|step| Due {
                on: step.due,
                what: format!("完成方案步骤：{}（{}）", step.what, step.owner),
                basis: Some("化解方案".to_owned()),
                petitioners: false,
            });
        match step {
            Some(step) if step.on < note.on => Some(step),
            _ => Some(note),
        }
    }

    fn set_plan(
        &mut self,
        input: PackageInput,
        on: NaiveDate,
        mut errors: Errors,
    ) -> Result<Done, Wrong> {
        let old = self.plan.clone();
        let goal = filled(input.goal.as_deref())
            .or_else(|| old.as_ref().map(|plan| plan.goal.clone()))
            .unwrap_or_default();
        errors.text("goal", "化解目标", &goal, MAX_TEXT);
        let mut steps = Vec::new();
        match input.steps {
            Some(given) if !given.is_empty() || old.is_none() => {
                if given.len() > MAX_STEPS {
                    let message = format!("方案最多{MAX_STEPS}步。");
                    errors.add("steps", "too_many", message);
                }
                for (i, step) in given.iter().enumerate() {
                    steps.extend(checked(&mut errors, i, step, on));
                }
            }
            _ => steps.extend(
                old.iter()
                    .flat_map(|plan| &plan.steps)
                    .filter(|step| step.done.is_none())
                    .cloned(),
            ),
        }
        let done: Vec<PlanStep> = old
            .iter()
            .flat_map(|plan| &plan.steps)
            .filter(|step| step.done.is_some())
            .cloned()
            .collect();
        if steps.is_empty() && done.is_empty() && errors.is_empty() {
            errors.add(
                "steps",
                "required",
                "请填写方案步骤：做什么、谁负责、哪天完成。",
            );
        }
        errors.or_wrong()?;
        let kept = old.as_ref();
        let plan = Plan {
            on,
            goal,
            care: input
                .care
                .unwrap_or_else(|| kept.map_or_else(Vec::new, |plan| plan.care.clone())),
            means: input
                .means
                .unwrap_or_else(|| kept.map_or_else(Vec::new, |plan| plan.means.clone())),
            steps: done.into_iter().chain(steps).collect(),
        };
        let mut words = format!(
            "{}化解方案，目标：{}；共{}步",
            if kept.is_some() { "调整" } else { "制定" },
            plan.goal,
            plan.steps.len()
        );
        for (name, list) in [
            ("稳控措施", labels(&plan.care)),
            ("化解办法", labels(&plan.means)),
        ] {
            if !list.is_empty() {
                words.push_str(&format!("；{name}：{list}"));
            }
        }
        self.plan = Some(plan);
        Ok(Done::new(on, words))
    }

    fn finish_step(
        &mut self,
        input: &PackageInput,
        on: NaiveDate,
        mut errors: Errors,
    ) -> Result<Done, Wrong> {
        let wanted = filled(input.which.as_deref()).and_then(|code| code.parse::<usize>().ok());
        let at = wanted.and_then(|number| {
            let mut pending = self.pending();
            pending.find(|(at, _)| at + 1 == number).map(|(at, _)| at)
        });
        if at.is_none() {
            errors.add("which", "unknown", "请选择方案中还没有完成的一步。");
        }
        let words = words(&mut errors, input, "完成情况");
        errors.or_wrong()?;
        let step = at.and_then(|at| self.plan.as_mut()?.steps.get_mut(at));
        let Some(step) = step else {
            return Err(Wrong::refused("方案中没有这一步。"));
        };
        let said = format!("完成方案步骤“{}”：{words}", step.what);
        step.done = Some(Note { on, text: words });
        Ok(Done::new(on, said))
    }

    fn submit(
        &mut self,
        input: PackageInput,
        on: NaiveDate,
        mut errors: Errors,
    ) -> Result<Done, Wrong> {
        let evidence = input.evidence.clone().unwrap_or_default();
        if evidence.is_empty() {
            errors.add(
                "evidence",
                "required",
                "积案销号要有息诉罢访凭据：承诺书、协议或复核意见，请至少选择一项。",
            );
        }
        let evidence_text = input.evidence_text.as_deref().unwrap_or("");
        errors.text("evidence_text", "凭据说明", evidence_text, MAX_TEXT);
        let text = words(&mut errors, &input, "化解结果");
        errors.or_wrong()?;
        let said = format!(
            "申请销号；凭据：{}（{}）；{text}",
            labels(&evidence),
            evidence_text.trim()
        );
        self.submitted = Some(Submission {
            on,
            evidence,
            evidence_text: evidence_text.trim().to_owned(),
            text,
        });
        Ok(Done::new(on, said))
    }

    fn approve(
        &mut self,
        input: &PackageInput,
        on: NaiveDate,
        mut errors: Errors,
        scene: &Scene<'_>,
    ) -> Result<Done, Wrong> {
        let text = input.text.as_deref().unwrap_or("");
        errors.length("text", "批准意见", text, MAX_TEXT);
        errors.or_wrong()?;
        let text = filled(Some(text)).unwrap_or_else(|| "同意销号".to_owned());
        let done = Done::new(on, format!("批准销号：{text}"));
        self.ended = Some(Ended {
            on,
            approved: true,
            text,
        });
        if !scene.case.backlog {
            return Ok(done);
        }
        let evidence = self
            .submitted
            .as_ref()
            .map_or_else(String::new, |submitted| {
                format!(
                    "凭据：{}（{}）",
                    labels(&submitted.evidence),
                    submitted.evidence_text
                )
            });
        Ok(done.with(Effect::Event(
            EventKind::BacklogCleared,
            Box::default(),
            evidence,
        )))
    }

    fn items(&self, today: NaiveDate) -> Vec<Item> {
        let item = |group: &str, title: &str, on, state: &str, tone, text| Item {
            group: group.to_owned(),
            title: title.to_owned(),
            on: Some(on),
            state_label: state.to_owned(),
            tone,
            text,
        };
        let mut items = Vec::new();
        for step in self.steps() {
            let (state, tone, text) = match &step.done {
                Some(done) => (
                    "已完成",
                    Tone::Good,
                    format!("负责人：{}\n{} 完成：{}", step.owner, done.on, done.text),
                ),
                None if step.due < today && self.is_open() => {
                    ("逾期", Tone::Bad, format!("负责人：{}", step.owner))
                }
                None if self.is_open() => {
                    ("待完成", Tone::Active, format!("负责人：{}", step.owner))
                }
                None => ("未完成", Tone::Void, format!("负责人：{}", step.owner)),
            };
            items.push(item(
                "方案步骤",
                &step.what,
                step.due,
                state,
                tone,
                Some(text),
            ));
        }
        for note in &self.notes {
            items.push(item(
                "化解进展",
                &note.text,
                note.on,
                "已记录",
                Tone::Plain,
                None,
            ));
        }
        for note in &self.rejections {
            items.push(item(
                "退回",
                &note.text,
                note.on,
                "退回继续化解",
                Tone::Warn,
                None,
            ));
        }
        items
    }

    fn lines(&self) -> Vec<Line> {
        let missing = self.missing();
        let count = InPlace::ALL.len() - missing.len();
        let four = if missing.is_empty() {
            Line::toned("四个落实", "4/4，已全部落实", Tone::Good)
        } else {
            let text = format!("{count}/4，还缺：{}", labels(&missing));
            Line::toned("四个落实", text, Tone::Warn)
        };
        let team: Vec<String> = self
            .team
            .iter()
            .map(|member| format!("{} {}", member.unit.name, member.person))
            .collect();
        let mut lines = vec![
            four,
            Line::new("包案领导", self.leader.name.clone()),
            Line::new("化解专班", team.join("\n")),
        ];
        if let Some(plan) = &self.plan {
            lines.push(Line::new("化解目标", plan.goal.clone()));
            for (name, list) in [
                ("稳控措施", labels(&plan.care)),
                ("化解办法", labels(&plan.means)),
            ] {
                if !list.is_empty() {
                    lines.push(Line::new(name, list));
                }
            }
        }
        if self.is_open() {
            lines.push(Line::new("最近进展", self.last_progress().to_string()));
        }
        if let Some(submitted) = &self.submitted {
            let text = format!(
                "{} {}\n{}",
                submitted.on,
                labels(&submitted.evidence),
                submitted.evidence_text
            );
            lines.push(Line::new("息诉罢访凭据", text));
            lines.push(Line::new("化解结果", submitted.text.clone()));
        }
        if let Some(ended) = &self.ended {
            let label = if ended.approved {
                "批准销号"
            } else {
                "结束"
            };
            lines.push(Line::new(label, format!("{} {}", ended.on, ended.text)));
        }
        lines
    }

    fn stages(&self) -> Vec<Stage> {
        let missing = self.missing();
        let plan_on = self.plan.as_ref().map(|plan| plan.on);
        let open = self.is_open();
        let mut stages: Vec<Stage> = InPlace::ALL
            .iter()
            .map(|what| {
                let reached = if *what == InPlace::Team {
                    Some(self.opened_on)
                } else {
                    plan_on
                };
                let lacks = missing.contains(what);
                let on = reached.filter(|_| !lacks);
                let current = open && missing.first() == Some(what);
                Stage::new(what.label(), on, current)
            })
            .collect();
        let submitted = self.submitted.as_ref().map(|submitted| submitted.on);
        let approved = self.ended.as_ref().filter(|ended| ended.approved);
        stages.push(Stage::new(
            "申请销号",
            submitted,
            open && missing.is_empty() && submitted.is_none(),
        ));
        stages.push(Stage::new(
            "批准销号",
            approved.map(|ended| ended.on),
            open && submitted.is_some(),
        ));
        stages
    }
}

/// A step of the plan, if there is nothing wrong with it.
fn checked(errors: &mut Errors, i: usize, step: &PlanStepInput, on: NaiveDate) -> Option<PlanStep> {
    let what = step.what.as_deref().unwrap_or("");
    errors.text(&format!("steps.{i}.what"), "步骤内容", what, MAX_LINE);
    let owner = step.owner.as_deref().unwrap_or("");
    errors.text(&format!("steps.{i}.owner"), "负责人", owner, MAX_LINE);
    let field = format!("steps.{i}.due");
    match step.due {
        None => errors.add(field, "required", "请填写完成日期。"),
        Some(due) if due < on => {
            let message = format!("完成日期不能早于方案日期（{on}）。");
            errors.add(field, "too_early", message);
        }
        Some(due) => {
            return Some(PlanStep {
                what: what.trim().to_owned(),
                owner: owner.trim().to_owned(),
                due,
                done: None,
            });
        }
    }
    None
}

/// The words of a deed; notes an error unless they are there.
fn words(errors: &mut Errors, input: &PackageInput, name: &str) -> String {
    let text = input.text.as_deref().unwrap_or("");
    errors.text("text", name, text, MAX_TEXT);
    text.trim().to_owned()
}

/// The team, the unit in charge first.
fn team(errors: &mut Errors, given: &[MemberInput], scene: &Scene<'_>) -> Vec<Member> {
    if given.is_empty() {
        let message = "请填写化解专班成员：单位和人员。";
        errors.add("team", "required", message);
    }
    if given.len() > MAX_TEAM {
        errors.add("team", "too_many", format!("专班最多{MAX_TEAM}人。"));
    }
    let mut team = Vec::new();
    for (i, member) in given.iter().enumerate() {
        let person = member.person.as_deref().unwrap_or("");
        errors.text(&format!("team.{i}.person"), "人员", person, MAX_LINE);
        let unit = scene.unit(
            errors,
            &format!("team.{i}.unit_id"),
            member.unit_id.as_ref(),
            joins_teams,
            "本镇的村或站所",
        );
        team.extend(unit.map(|unit| Member {
            unit,
            person: person.trim().to_owned(),
        }));
    }
    team
}

impl Matter for Package {
    const KIND: MatterKind = MatterKind::Package;
    type Input = PackageInput;

    fn open(input: PackageInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, scene.received_on);
        let leader = scene.user(
            &mut errors,
            "leader_id",
            input.leader_id.as_ref(),
            |role| role == Role::TownshipLeader,
            "镇领导",
        );
        let team = team(&mut errors, input.team.as_deref().unwrap_or(&[]), scene);
        let Some(leader) = leader else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let members: Vec<String> = team
            .iter()
            .map(|member| format!("{}{}", member.unit.name, member.person))
            .collect();
        let mut done = Done::new(
            on,
            format!(
                "成立积案化解专班，包案领导{}，成员：{}",
                leader.name,
                members.join("、")
            ),
        )
        .with(Effect::Lead(leader.clone()));
        for member in &team {
            done = done.with(Effect::Refer(member.unit.id.as_str().into()));
        }
        let package = Self {
            opened_on: on,
            leader,
            team,
            plan: None,
            notes: Vec::new(),
            submitted: None,
            rejections: Vec::new(),
            ended: None,
        };
        Ok((package, done))
    }

    fn step(&mut self, deed: Deed, input: PackageInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.last_progress());
        match deed {
            Deed::PackagePlan => self.set_plan(input, on, errors),
            Deed::PackageDone => self.finish_step(&input, on, errors),
            Deed::PackageSubmit => self.submit(input, on, errors),
            Deed::PackageApprove => self.approve(&input, on, errors, scene),
            Deed::PackageReject => {
                let text = words(&mut errors, &input, "退回理由");
                errors.or_wrong()?;
                let said = format!("退回继续化解，理由：{text}");
                self.submitted = None;
                self.rejections.push(Note { on, text });
                Ok(Done::new(on, said))
            }
            // PackageProgress.
            _ => {
                let text = words(&mut errors, &input, "化解进展");
                errors.or_wrong()?;
                let said = format!("化解进展：{text}");
                self.notes.push(Note { on, text });
                Ok(Done::new(on, said))
            }
        }
    }

    fn refuses_opening(scene: &Scene<'_>) -> Option<String> {
        if let Some(over) = scene.case_is_over() {
            return Some(over);
        }
        if scene.open_kinds.contains(&Self::KIND) {
            return Some("本事项已有化解专班，一件积案一个专班、一套方案。".to_owned());
        }
        (!scene.case.backlog).then(|| "只有积案建立化解专班，请先列为积案。".to_owned())
    }

    fn refuses(&self, deed: Deed, _: &Scene<'_>) -> Option<String> {
        if let Some(ended) = &self.ended {
            return Some(if ended.approved {
                "已经批准销号。".to_owned()
            } else {
                "事项已办结，专班随之结束。".to_owned()
            });
        }
        let deciding = matches!(deed, Deed::PackageApprove | Deed::PackageReject);
        match (&self.submitted, deciding) {
            (Some(_), false) => return Some("已申请销号，等候镇领导批准或退回。".to_owned()),
            (None, true) => return Some("还没有申请销号。".to_owned()),
            _ => {}
        }
        match deed {
            Deed::PackageDone if self.pending().next().is_none() => Some(
                if self.plan.is_none() {
                    "请先制定化解方案。"
                } else {
                    "方案的步骤都已完成。"
                }
                .to_owned(),
            ),
            Deed::PackageSubmit => {
                let missing = self.missing();
                (!missing.is_empty())
                    .then(|| format!("四个落实还缺：{}，补齐后才能申请销号。", labels(&missing)))
            }
            _ => None,
        }
    }

    fn fields(matter: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
        let long = |label: &str| Field::long("text", label, MAX_TEXT);
        match (deed, matter) {
            (Deed::PackageOpen, _) | (_, None) => opening_fields(scene),
            (Deed::PackagePlan, Some(package)) => package.plan_fields(),
            (Deed::PackageDone, Some(package)) => {
                let choices = package
                    .pending()
                    .map(|(at, step)| Choice {
                        code: (at + 1).to_string(),
                        label: format!("{}（{}，{}）", step.what, step.owner, step.due),
                    })
                    .collect();
                vec![
                    Field::new("which", "完成的步骤", FieldKind::Choice { choices }).required(),
                    long("完成情况").required(),
                    Field::on("完成日期"),
                ]
            }
            (Deed::PackageSubmit, _) => vec![
                Field::choices::<Evidence>("evidence", "息诉罢访凭据")
                    .required()
                    .help("至少一项；凭据原件扫描后作为附件上传。"),
                Field::long("evidence_text", "凭据说明", MAX_TEXT)
                    .required()
                    .help("签订或作出的日期、文号、由谁签字。"),
                long("化解结果").required(),
                Field::on("申请日期"),
            ],
            (Deed::PackageApprove, _) => vec![long("批准意见").help("不填为“同意销号”。")],
            (Deed::PackageReject, _) => vec![
                long("退回理由")
                    .required()
                    .help("写明还要做什么，退回后继续化解。"),
            ],
            _ => vec![
                long("化解进展").required().help(format!(
                    "至少每{PROGRESS_DAYS}日记录一次：见了谁、谈了什么、下一步怎么办。"
                )),
                Field::on("日期"),
            ],
        }
    }

    fn digest(&self, scene: &Scene<'_>) -> Digest {
        let missing = self.missing();
        let (state, state_label, tone) = match (&self.ended, &self.submitted) {
            (Some(ended), _) if ended.approved => ("approved", "已批准销号", Tone::Good),
            (Some(_), _) => ("ended", "随事项办结", Tone::Plain),
            (None, Some(_)) => ("submitted", "待批准销号", Tone::Active),
            (None, None) if self.plan.is_none() => ("opened", "待制定方案", Tone::Warn),
            (None, None) if !missing.is_empty() => ("planned", "化解中", Tone::Warn),
            (None, None) => ("planned", "化解中", Tone::Active),
        };
        let due = self.due();
        let tone = aged(
            Self::KIND,
            tone,
            due.as_ref().map(|due| due.on),
            scene.today,
            scene.reminders,
        );
        let unit_id = match (&self.ended, &self.submitted) {
            (Some(_), _) => None,
            (None, Some(_)) => scene
                .people
                .user(&self.leader.id.as_str().into())
                .map(|leader| leader.unit_id),
            (None, None) => self
                .team
                .first()
                .map(|member| member.unit.id.as_str().into()),
        };
        Digest {
            title: format!("{}包案化解", self.leader.name),
            state,
            state_label,
            tone,
            open: self.is_open(),
            due,
            unit_id,
            stages: self.stages(),
            lines: self.lines(),
            items: self.items(scene.today),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::PackagePlan => {
                "定目标、稳控措施（解释、帮扶等）、化解办法和步骤，每步有负责人和日期；调整方案时已完成的步骤保留。"
            }
            Deed::PackageProgress => "至少每14日记录一次化解进展，逾期显示红色。",
            Deed::PackageDone => "方案的一步已经完成。",
            Deed::PackageSubmit => "四个落实齐备、有息诉罢访凭据的，申请镇领导批准销号。",
            Deed::PackageApprove => "镇领导核对凭据后批准，事项从积案中销号。",
            Deed::PackageReject => "凭据不足或没有真正化解的退回，写明理由。",
            _ => "一件积案一名包案领导、一个专班、一套方案，一包到底。",
        }
    }

    fn blocks_closing(&self) -> Option<String> {
        self.is_open()
            .then(|| "积案化解专班还没有销号，请先申请销号并由镇领导批准。".to_owned())
    }

    fn blocks_clearing(&self) -> Option<String> {
        self.is_open().then(|| {
            "本事项有化解专班，销号请在专班中申请，由镇领导批准；直接销号只用于列错的积案。"
                .to_owned()
        })
    }

    /// The team's other units work on it, too.
    fn also_waiting(&self) -> Vec<UnitId> {
        let others = self.team.iter().skip(1).filter(|_| self.is_open());
        others
            .map(|member| member.unit.id.as_str().into())
            .collect()
    }

    fn succeed(&mut self, from: &UnitId, to: &Named) -> bool {
        if self.ended.is_some() {
            return false;
        }
        let members = self.team.iter_mut();
        members
            .map(|member| replace(&mut member.unit, from, to))
            .fold(false, |all, one| all | one)
    }

    fn end_with_case(&mut self, on: NaiveDate) -> bool {
        if self.ended.is_some() {
            return false;
        }
        self.ended = Some(Ended {
            on,
            approved: false,
            text: "事项办结，专班随之结束".to_owned(),
        });
        true
    }
}

impl Package {
    fn plan_fields(&self) -> Vec<Field> {
        let plan = self.plan.as_ref();
        let goal = Field::long("goal", "化解目标", MAX_TEXT).required();
        let care = Field::choices::<Care>("care", "稳控措施")
            .help("对信访人解释、帮扶、关心；须经本人同意，不得限制人身自由，不得跟踪盯守。");
        let means = Field::choices::<Means>("means", "化解办法").help(
            "综合运用政策、法律、经济、行政等手段和教育、协商、疏导等办法（条例第三十七条）。",
        );
        let steps = Field::rows(
            "steps",
            "方案步骤",
            vec![
                Field::text("what", "做什么", MAX_LINE).required(),
                Field::text("owner", "负责人", MAX_LINE).required(),
                Field::date("due", "完成日期").required(),
            ],
            usize::from(plan.is_none()),
            MAX_STEPS,
        );
        let steps = match plan {
            None => steps.required(),
            Some(_) => steps.help("不填则保留原来未完成的步骤；填写则代替它们，已完成的保留。"),
        };
        let on = Field::on("方案日期");
        match plan {
            None => vec![goal, care, means, steps, on],
            Some(plan) => vec![
                goal.value(plan.goal.clone()),
                care.value(codes(&plan.care)),
                means.value(codes(&plan.means)),
                steps,
                on,
            ],
        }
    }
}

fn opening_fields(scene: &Scene<'_>) -> Vec<Field> {
    let leader = Field::user("leader_id", "包案领导", &[Role::TownshipLeader])
        .required()
        .help("一名镇领导，一包到底；同时成为本事项的包案领导。");
    let leader = if scene.actor.role == Role::TownshipLeader {
        leader.value(scene.actor.user_id.as_str())
    } else {
        leader
    };
    let kinds: Vec<UnitKind> = UnitKind::ALL
        .iter()
        .copied()
        .filter(|kind| joins_teams(*kind))
        .collect();
    vec![
        leader,
        Field::rows(
            "team",
            "化解专班",
            vec![
                Field::unit("unit_id", "单位", &kinds).required(),
                Field::text("person", "人员", MAX_LINE).required(),
            ],
            1,
            MAX_TEAM,
        )
        .required()
        .help("牵头单位填在第一行；成员单位从此可以看到本事项。"),
        Field::on("成立日期"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage as Town, day};
    use super::*;

    fn town(month: u32, of: u32) -> Town {
        let mut town = Town::on(day(month, of));
        town.case.backlog = true;
        town
    }

    fn opening() -> PackageInput {
        PackageInput {
            leader_id: Some("leader".into()),
            team: Some(vec![MemberInput {
                unit_id: Some("village".into()),
                person: Some("周某".to_owned()),
            }]),
            ..PackageInput::default()
        }
    }

    fn plan() -> PackageInput {
        PackageInput {
            goal: Some("两月内兑付".to_owned()),
            steps: Some(vec![PlanStepInput {
                what: Some("核对账目".to_owned()),
                owner: Some("周某".to_owned()),
                due: Some(day(3, 20)),
            }]),
            ..PackageInput::default()
        }
    }

    fn said(text: &str) -> PackageInput {
        PackageInput {
            text: Some(text.to_owned()),
            ..PackageInput::default()
        }
    }

    fn fields(result: Result<impl std::fmt::Debug, Wrong>) -> Vec<String> {
        let Err(Wrong::Invalid(errors)) = result else {
            panic!("{result:?}");
        };
        errors.into_vec().into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn only_a_backlog_case_has_a_package_and_only_one() {
        let mut town = town(3, 10);
        assert_eq!(Package::refuses_opening(&town.scene()), None);
        town.open_kinds.push(MatterKind::Package);
        assert!(Package::refuses_opening(&town.scene()).is_some());
        town.open_kinds.clear();
        town.case.backlog = false;
        assert!(Package::refuses_opening(&town.scene()).is_some());
    }

    #[test]
    fn a_package_has_one_leader_and_a_team() {
        let town = town(3, 10);
        let scene = town.scene();
        let (_, done) = Package::open(opening(), &scene).unwrap();
        assert_eq!(done.effects.len(), 2);
        assert!(matches!(&done.effects[0], Effect::Lead(leader) if leader.id == "leader"));
        let member = |unit: &str, person: &str| MemberInput {
            unit_id: Some(unit.into()),
            person: Some(person.to_owned()),
        };
        for (wrong, names) in [
            (PackageInput::default(), vec!["leader_id", "team"]),
            (
                PackageInput {
                    leader_id: Some("clerk".into()),
                    ..opening()
                },
                vec!["leader_id"],
            ),
            (
                PackageInput {
                    team: Some(vec![member("x", "")]),
                    ..opening()
                },
                vec!["team.0.person", "team.0.unit_id"],
            ),
        ] {
            assert_eq!(fields(Package::open(wrong, &scene)), names);
        }
    }

    #[test]
    fn four_things_are_in_place_before_the_end_is_asked_for() {
        let town = town(3, 10);
        let scene = town.scene();
        let (mut package, _) = Package::open(opening(), &scene).unwrap();
        assert_eq!(
            package.missing(),
            [InPlace::Plan, InPlace::Care, InPlace::Means]
        );
        assert_eq!(package.digest(&scene).tone, Tone::Warn);
        for (wrong, names) in [
            (PackageInput::default(), vec!["goal"]),
            (
                PackageInput {
                    steps: None,
                    ..plan()
                },
                vec!["steps"],
            ),
            (
                PackageInput {
                    steps: Some(vec![PlanStepInput::default()]),
                    ..plan()
                },
                vec!["steps.0.what", "steps.0.owner", "steps.0.due"],
            ),
        ] {
            assert_eq!(
                fields(package.clone().step(Deed::PackagePlan, wrong, &scene)),
                names
            );
        }
        package.step(Deed::PackagePlan, plan(), &scene).unwrap();
        let why = package.refuses(Deed::PackageSubmit, &scene).unwrap();
        assert!(
            why.contains("稳控措施") && why.contains("化解办法"),
            "{why}"
        );
        let rest = PackageInput {
            care: Some(vec![Care::Explanation]),
            means: Some(vec![Means::Policy]),
            ..PackageInput::default()
        };
        package.step(Deed::PackagePlan, rest, &scene).unwrap();
        // What was not given again stays.
        assert_eq!(package.pending().count(), 1);
        assert!(package.missing().is_empty());
        assert_eq!(package.digest(&scene).lines[0].text, "4/4，已全部落实");
        assert_eq!(package.refuses(Deed::PackageSubmit, &scene), None);
    }

    #[test]
    fn without_a_note_for_fourteen_days_it_is_red() {
        let first = town(3, 10);
        let (mut package, _) = Package::open(opening(), &first.scene()).unwrap();
        let far = PackageInput {
            steps: Some(vec![PlanStepInput {
                due: Some(day(5, 1)),
                ..plan().steps.unwrap().remove(0)
            }]),
            ..plan()
        };
        package
            .step(Deed::PackagePlan, far, &first.scene())
            .unwrap();
        let tone = |package: &Package, today| package.digest(&town(3, today).scene()).tone;
        assert_eq!(package.due().unwrap().on, day(3, 24));
        assert_ne!(tone(&package, 24), Tone::Bad);
        assert_eq!(tone(&package, 25), Tone::Bad);
        package
            .step(Deed::PackageProgress, said("入户"), &town(3, 25).scene())
            .unwrap();
        assert_ne!(tone(&package, 25), Tone::Bad);
        assert_eq!(package.due().unwrap().on, day(4, 8));
    }

    #[test]
    fn a_leader_approves_on_evidence_or_sends_it_back() {
        let town = town(3, 10);
        let scene = town.scene();
        let (mut package, _) = Package::open(opening(), &scene).unwrap();
        let whole = PackageInput {
            care: Some(vec![Care::Help]),
            means: Some(vec![Means::Law]),
            ..plan()
        };
        package.step(Deed::PackagePlan, whole, &scene).unwrap();
        let done = PackageInput {
            which: Some("1".to_owned()),
            ..said("已核对")
        };
        package
            .step(Deed::PackageDone, done.clone(), &scene)
            .unwrap();
        assert_eq!(
            fields(package.clone().step(Deed::PackageDone, done, &scene)),
            ["which"]
        );
        assert!(package.refuses(Deed::PackageDone, &scene).is_some());
        assert!(package.refuses(Deed::PackageApprove, &scene).is_some());
        assert_eq!(
            fields(
                package
                    .clone()
                    .step(Deed::PackageSubmit, said("已化解"), &scene)
            ),
            ["evidence", "evidence_text"]
        );
        let submission = PackageInput {
            evidence: Some(vec![Evidence::Commitment]),
            evidence_text: Some("3月10日签字".to_owned()),
            ..said("已兑付")
        };
        package
            .step(Deed::PackageSubmit, submission.clone(), &scene)
            .unwrap();
        assert_eq!(package.digest(&scene).unit_id, Some("township".into()));
        assert!(package.refuses(Deed::PackageProgress, &scene).is_some());
        package
            .step(Deed::PackageReject, said("没有本人签字"), &scene)
            .unwrap();
        package
            .step(Deed::PackageSubmit, submission, &scene)
            .unwrap();
        assert!(package.blocks_closing().is_some() && package.blocks_clearing().is_some());
        let done = package
            .step(Deed::PackageApprove, PackageInput::default(), &scene)
            .unwrap();
        assert!(matches!(
            done.effects[..],
            [Effect::Event(EventKind::BacklogCleared, ..)]
        ));
        assert!(!package.is_open() && package.blocks_closing().is_none());
        assert!(package.refuses(Deed::PackageProgress, &scene).is_some());
    }

    #[test]
    fn each_field_that_is_asked_for_can_be_given() {
        let town = town(3, 10);
        let scene = town.scene();
        let (mut package, _) = Package::open(opening(), &scene).unwrap();
        package.step(Deed::PackagePlan, plan(), &scene).unwrap();
        let known = serde_json::to_value(PackageInput::default()).unwrap();
        for deed in Deed::ALL
            .iter()
            .filter(|deed| deed.kind() == MatterKind::Package)
        {
            for field in Package::fields(Some(&package), *deed, &scene) {
                assert!(known.get(&field.name).is_some(), "{deed}: {}", field.name);
            }
            assert!(!Package::help(*deed).is_empty());
        }
    }
}
