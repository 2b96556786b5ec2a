//! What can be done with assessments. Each change runs inside one transaction with its audit entry.

use chrono::Datelike;
use serde::Deserialize;
use shared::access::{Action, Facts, FieldFacts, can};
use shared::account::User;
use shared::assessment::honour::HonourState;
use shared::assessment::{
    AssessmentDeed, AssessmentInput, AssessmentKind, AssessmentRow, AssessmentStep, AssessmentView,
    Assessments, NewAssessments, Said, Sheet, Stage, VillageFacts, after, may_be_named, ranks,
    total,
};
use shared::audit::AuditAction;
use shared::case::state::Refused;
use shared::case::view::{Named, Todo, TodoList};
use shared::ids::{UnitId, UserId};
use shared::notice::NoticeKind;
use shared::org::UnitKind;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::owned;

use super::store::{self, AssessmentRecord};
use super::{criteria, data, honour};
use crate::audit::{self, Entry};
use crate::case::coded::Coded;
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::indicator::Figures;
use crate::notify::{self, Draft};

/// The query string of the ranking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentQuery {
    /// 年份，默认今年
    year: Option<i32>,
    /// 考核类别：three_without（默认）、peaceful
    kind: Option<String>,
    /// 只看这个进度的
    #[param(inline)]
    stage: Option<Stage>,
}

impl AssessmentQuery {
    /// What is asked for, in words.
    pub(super) fn words(&self) -> String {
        let kind = self.kind.as_deref().and_then(AssessmentKind::from_code);
        let parts = [
            self.year.map(|year| format!("{year}年")),
            kind.map(|kind| kind.label().to_owned()),
            self.stage.map(|stage| stage.label().to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("；")
    }
}

/// That a year may be asked about.
///
/// # Errors
/// [`Error::Invalid`]: it lies before 2020 or after `last`.
pub(super) fn check_year(year: i32, last: i32) -> Result<(), Error> {
    if (2020..=last).contains(&year) {
        return Ok(());
    }
    let mut errors = Errors::new();
    let message = format!("年份应在2020至{last}之间。");
    errors.add("year", "out_of_range", message);
    Err(errors.into())
}

/// The kind that a query names; three-without where it names none.
///
/// # Errors
/// [`Error::Invalid`]: there is no such kind.
pub(super) fn kind_of(code: Option<&str>) -> Result<AssessmentKind, Error> {
    match code.filter(|code| !code.is_empty()) {
        None => Ok(AssessmentKind::ThreeWithout),
        Some(code) => AssessmentKind::from_code(code).ok_or_else(|| {
            let mut errors = Errors::new();
            errors.add("kind", "unknown", "没有这种考核类别。");
            Error::from(errors)
        }),
    }
}

fn facts(assessment: &AssessmentRecord) -> FieldFacts {
    FieldFacts {
        township_id: assessment.township_id.as_str().into(),
        unit_id: assessment.village_id.as_str().into(),
        village_id: Some(assessment.village_id.as_str().into()),
        author_id: None,
        people: Vec::new(),
    }
}

/// Finds an assessment that the actor may do something with.
pub(super) fn find(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    deed: AssessmentDeed,
) -> Result<AssessmentRecord, Error> {
    can(&desk.actor, Action::Assessment(deed), Facts::None)?;
    let assessment = store::find(conn, id)?.ok_or_else(Error::hidden)?;
    let facts = facts(&assessment);
    let action = Action::Assessment(deed);
    desk.actor.decide(action, Facts::Field(&facts))?;
    Ok(assessment)
}

fn row(
    desk: &Desk,
    assessment: &AssessmentRecord,
    rank: Option<u32>,
    honours: Vec<String>,
) -> AssessmentRow {
    let village = UnitId::from(assessment.village_id.as_str());
    AssessmentRow {
        id: assessment.id.clone(),
        year: assessment.year,
        kind: assessment.kind.0,
        village: Named {
            name: desk.names.unit_name(&village).to_owned(),
            id: village.into_string(),
        },
        stage: assessment.stage.0,
        total: assessment.total.map(i32::unsigned_abs),
        rank,
        vetoed: assessment.vetoed,
        named: assessment.named,
        honours,
    }
}

/// The ranking of a year, as far as the actor may see it.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn list(
    conn: &mut Conn,
    desk: &Desk,
    query: &AssessmentQuery,
) -> Result<Assessments, Error> {
    let view = Action::Assessment(AssessmentDeed::View);
    can(&desk.actor, view, Facts::None)?;
    let today = desk.context.today();
    let year = query.year.unwrap_or_else(|| today.year());
    check_year(year, today.year())?;
    let kind = kind_of(query.kind.as_deref())?;
    let township = desk.actor.township_id.as_str();
    let records = store::of_year(conn, township, year, kind)?;
    let totals: Vec<Option<u32>> = records
        .iter()
        .map(|record| record.total.map(i32::unsigned_abs))
        .collect();
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let mut honours = honour::granted(conn, &ids)?;
    let mut items: Vec<AssessmentRow> = records
        .iter()
        .zip(ranks(&totals))
        .filter(|(record, _)| query.stage.is_none_or(|stage| stage == record.stage.0))
        .filter(|(record, _)| can(&desk.actor, view, Facts::Field(&facts(record))).is_ok())
        .map(|(record, rank)| {
            let honours = honours.remove(&record.id).unwrap_or_default();
            row(desk, record, rank, honours)
        })
        .collect();
    items.sort_by_key(|row| row.rank.unwrap_or(u32::MAX));
    let (_, sheet) = criteria::of_year(conn, township, kind, year)?;
    Ok(Assessments {
        year,
        kind,
        total: u64::try_from(items.len()).unwrap_or(u64::MAX),
        items,
        named_from: sheet.named_from,
    })
}

/// What waits for the actor: the self-assessment for a village, the review for the office, the decision
/// for leaders. Counted by the list that the line opens.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    let (stages, title, hint): (&[Stage], _, _) = match desk.actor.role {
        Role::VillageSecretary => (
            &[Stage::Open],
            "考核待自评",
            "填写自评分数和依据，提交镇综治办审核",
        ),
        Role::CoordinationOffice => (
            &[Stage::Submitted, Stage::Objected],
            "考核待审核",
            "村已提交自评，或者提出异议，请审核评分",
        ),
        Role::TownshipLeader => (
            &[Stage::Reviewed],
            "考核待决定",
            "镇综治办已审核评分，请决定是否命名",
        ),
        _ => return Ok(Vec::new()),
    };
    let township = desk.actor.township_id.as_str();
    let own = |village: &str| {
        desk.actor.role != Role::VillageSecretary
            || desk.actor.is_own_village(Some(&village.into()))
    };
    let mut counted: Vec<((i32, AssessmentKind, Stage), u64)> = Vec::new();
    for (year, kind, stage, village) in store::waiting(conn, township, stages)? {
        if year > desk.context.today().year() || !own(&village) {
            continue;
        }
        let what = (year, kind.0, stage.0);
        match counted.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => counted.push((what, 1)),
        }
    }
    let mut todos = Vec::new();
    for ((year, kind, stage), count) in counted {
        todos.push(Todo {
            title: match stage {
                Stage::Objected => format!("考核异议待答复：{year}年{}", kind.label()),
                _ => format!("{title}：{year}年{}", kind.label()),
            },
            hint: hint.to_owned(),
            count,
            list: TodoList::Assessments,
            query: format!("year={year}&kind={kind}&stage={stage}"),
            urgent: false,
        });
    }
    Ok(todos)
}

pub(super) fn log(conn: &mut Conn, desk: &Desk, detail: String) -> Result<(), Error> {
    let entry = Entry::new(AuditAction::Assessment, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

fn body(sheet: &Sheet) -> Result<String, Error> {
    serde_json::to_string(sheet).map_err(|e| Error::Damaged(e.to_string()))
}

/// Opens a year's assessments: one of each village that has none yet.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn start(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewAssessments,
) -> Result<Assessments, Error> {
    let action = Action::Assessment(AssessmentDeed::Start);
    can(&desk.actor, action, Facts::None)?;
    check_year(input.year, desk.context.today().year())?;
    let township = desk.actor.township_id.as_str();
    let (number, sheet) = criteria::of_year(conn, township, input.kind, input.year)?;
    let begin = body(&Sheet {
        criteria: Some(sheet),
        criteria_number: number,
        ..Sheet::default()
    })?;
    let there = store::of_year(conn, township, input.year, input.kind)?;
    let villages: Vec<UnitId> = desk
        .names
        .units()
        .iter()
        .filter(|unit| {
            unit.kind == UnitKind::Village
                && !unit.closed
                && desk.names.is_within(&unit.id, &desk.actor.township_id)
                && there.iter().all(|one| one.village_id != unit.id.as_str())
        })
        .map(|unit| unit.id.clone())
        .collect();
    for village in &villages {
        let assessment = AssessmentRecord {
            id: crate::ids::new_id(),
            township_id: township.to_owned(),
            year: input.year,
            kind: Coded(input.kind),
            village_id: village.as_str().to_owned(),
            stage: Coded(Stage::Open),
            body: begin.clone(),
            total: None,
            vetoed: false,
            named: None,
            reviewed_on: None,
            version: 1,
            updated_at: desk.context.now.naive_utc(),
        };
        store::insert(conn, &assessment)?;
        tell(conn, desk, &assessment, AssessmentDeed::Start)?;
    }
    let detail = format!(
        "开始{}年{}考核：{}个村",
        input.year,
        input.kind.label(),
        villages.len()
    );
    log(conn, desk, detail)?;
    let query = AssessmentQuery {
        year: Some(input.year),
        kind: Some(input.kind.code().to_owned()),
        stage: None,
    };
    list(conn, desk, &query)
}

/// What an assessment is scored with: frozen, or as counted now. Not inside a transaction that writes.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn counted(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    id: &str,
    deed: AssessmentDeed,
) -> Result<VillageFacts, Error> {
    let assessment = find(conn, desk, id, deed)?;
    // A review counts anew.
    let frozen = assessment.sheet()?.facts;
    match frozen.filter(|_| deed != AssessmentDeed::Review) {
        Some(frozen) => Ok(frozen),
        None => data::of(conn, figures, desk, &assessment.village_id, assessment.year),
    }
}

/// An assessment, whole.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn show(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    id: &str,
) -> Result<AssessmentView, Error> {
    let facts = counted(conn, figures, desk, id, AssessmentDeed::View)?;
    whole(conn, desk, id, facts)
}

/// An assessment that was decided, whole: what it was scored with is frozen.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`] and the database's own.
pub(super) fn decided(conn: &mut Conn, desk: &Desk, id: &str) -> Result<AssessmentView, Error> {
    let frozen = find(conn, desk, id, AssessmentDeed::View)?.sheet()?.facts;
    let frozen = frozen.ok_or(Refused("考核还没有审定，不能命名和奖励。".to_owned()))?;
    whole(conn, desk, id, frozen)
}

fn whole(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    counted: VillageFacts,
) -> Result<AssessmentView, Error> {
    let assessment = find(conn, desk, id, AssessmentDeed::View)?;
    let sheet = assessment.sheet()?;
    let today = desk.context.today();
    let counted = sheet.facts.unwrap_or(counted);
    let facts = facts(&assessment);
    let allowed = |step: AssessmentStep| {
        let action = Action::Assessment(step.deed());
        can(&desk.actor, action, Facts::Field(&facts)).is_ok()
            && after(assessment.stage.0, step).is_ok()
    };
    let (_, until) = data::span(assessment.year, today);
    let honours = honour::views(conn, desk, id)?;
    let granted = honours
        .iter()
        .filter(|honour| honour.state == HonourState::Granted)
        .map(|honour| honour.title.clone())
        .collect();
    let proposes = Action::Assessment(AssessmentDeed::Propose);
    Ok(AssessmentView {
        row: row(desk, &assessment, None, granted),
        named_from: sheet.criteria(assessment.kind.0).named_from,
        criteria_number: sheet.criteria_number,
        honours,
        may_propose: assessment.stage.0 == Stage::Decided
            && can(&desk.actor, proposes, Facts::Field(&facts)).is_ok(),
        items: sheet.items(assessment.kind.0, &counted),
        vetoes: sheet.vetoes(assessment.kind.0, &counted),
        data: counted,
        frozen: sheet.facts.is_some(),
        said: sheet.said,
        steps: AssessmentStep::ALL
            .iter()
            .copied()
            .filter(|step| allowed(*step))
            .collect(),
        data_until: assessment.reviewed_on.unwrap_or(until).min(until),
        version: assessment.version,
        facts,
    })
}

/// Takes a step with an assessment that was read at a version; `counted` is what [`counted`] says.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn step(
    conn: &mut Conn,
    desk: &Desk,
    (id, step): (&str, AssessmentStep),
    seen: i64,
    input: &AssessmentInput,
    counted: VillageFacts,
) -> Result<AssessmentView, Error> {
    let mut assessment = find(conn, desk, id, step.deed())?;
    if assessment.version != seen {
        return Err(Error::Stale);
    }
    let kind = assessment.kind.0;
    let next = after(assessment.stage.0, step).map_err(Refused)?;
    let mut sheet = assessment.sheet()?;
    let criteria = sheet.criteria(kind);
    let errors = input.check(step, &criteria, assessment.stage.0);
    errors.into_result()?;
    let today = desk.context.today();
    match step {
        AssessmentStep::Submit => sheet.own.clone_from(&input.marks),
        AssessmentStep::Review => {
            // From now on what happens to a case changes this sheet no more.
            sheet.marks.clone_from(&input.marks);
            sheet.vetoes.clone_from(&input.vetoes);
            sheet.facts = Some(counted);
            let items = sheet.items(kind, &counted);
            let vetoes = sheet.vetoes(kind, &counted);
            assessment.total = total(&items).and_then(|total| i32::try_from(total).ok());
            assessment.vetoed = vetoes.iter().any(|veto| veto.holds);
            assessment.reviewed_on = Some(today);
        }
        AssessmentStep::Decide => {
            let counted = sheet.facts.unwrap_or(counted);
            if input.named == Some(true) {
                let items = sheet.items(kind, &counted);
                let vetoes = sheet.vetoes(kind, &counted);
                may_be_named(&items, &vetoes, criteria.named_from).map_err(Refused)?;
            }
            assessment.named = input.named;
        }
        AssessmentStep::Return | AssessmentStep::Object => {}
    }
    sheet.said.push(Said {
        step,
        at: desk.context.now,
        by: Named {
            id: desk.actor.user_id.as_str().to_owned(),
            name: desk.actor.name().to_owned(),
        },
        text: owned(input.text.as_deref()),
    });
    assessment.stage = Coded(next);
    assessment.body = body(&sheet)?;
    assessment.version = seen + 1;
    assessment.updated_at = desk.context.now.naive_utc();
    if !store::save(conn, &assessment, seen)? {
        return Err(Error::Stale);
    }
    let village = UnitId::from(assessment.village_id.as_str());
    let detail = format!(
        "{}年{}考核，{}：{}",
        assessment.year,
        kind.label(),
        desk.names.unit_name(&village),
        step.label()
    );
    log(conn, desk, detail)?;
    tell(conn, desk, &assessment, step.deed())?;
    whole(conn, desk, id, counted)
}

/// The township's staff that something concerns, but not who did it.
pub(super) fn staff(desk: &Desk, concerned: impl Fn(&User) -> bool) -> Vec<UserId> {
    let mut people: Vec<UserId> = desk
        .names
        .members()
        .filter(|member| {
            concerned(&member.user)
                && member.user.is_active_person()
                && member.access.township_id == desk.actor.township_id
                && member.user.id != desk.actor.user_id
        })
        .map(|member| member.user.id.clone())
        .collect();
    people.sort();
    people
}

/// Tells those whose turn it is, or whom it concerns.
fn tell(
    conn: &mut Conn,
    desk: &Desk,
    assessment: &AssessmentRecord,
    deed: AssessmentDeed,
) -> Result<(), Error> {
    use AssessmentDeed as D;
    // Whoever answers for it now, also where it was merged into another meanwhile.
    let village = desk.names.unit_now(&assessment.village_id.as_str().into());
    let to_village = matches!(deed, D::Start | D::Return | D::Review | D::Decide);
    let people = staff(desk, |user| {
        if to_village {
            user.role == Role::VillageSecretary && user.unit_id == village
        } else {
            user.role == Role::CoordinationOffice
        }
    });
    let draft = Draft {
        kind: NoticeKind::Assessment,
        title: format!(
            "{}年{}考核（{}）：{}",
            assessment.year,
            assessment.kind.0.label(),
            desk.names.unit_name(&village),
            match deed {
                D::Start => "请自评",
                D::Submit => "已提交自评，请审核",
                D::Return => "已退回，请修改",
                D::Review => "已审核，可以提出异议",
                D::Object => "提出异议，请答复",
                D::Decide => "已作出决定",
                _ => "有变化",
            }
        ),
        body: String::new(),
        link: format!("/assessments/{}", assessment.id),
        urgent: false,
        once: format!("assessment:{}:{}", assessment.id, assessment.version),
    };
    notify::post(conn, &people, &draft, desk.context.now)?;
    Ok(())
}
