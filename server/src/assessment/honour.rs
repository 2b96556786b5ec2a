//! Naming and rewards: proposed by the office with evidence, decided by a leader, told to the village.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::assessment::honour::{
    HonourDecision, HonourKind, HonourState, HonourStep, HonourView, NewHonour, after,
};
use shared::assessment::{AssessmentDeed, AssessmentView, Stage};
use shared::case::state::Refused;
use shared::ids::UnitId;
use shared::notice::NoticeKind;
use shared::photo::OwnerKind;
use shared::role::Role;
use shared::term::Term;
use shared::visit::owned;

use super::service::{self, log};
use super::store::AssessmentRecord;
use crate::case::coded::Coded;
use crate::case::{Desk, Error};
use crate::clock::day_of;
use crate::db::Conn;
use crate::notify::{self, Draft};
use crate::photo;
use crate::schema::honours;

/// Naming or a reward as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = honours,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(super) struct HonourRecord {
    id: String,
    assessment_id: String,
    kind: Coded<HonourKind>,
    title: String,
    evidence: String,
    state: Coded<HonourState>,
    author_id: String,
    proposed_at: NaiveDateTime,
    decided_by: Option<String>,
    decided_at: Option<NaiveDateTime>,
    ground: Option<String>,
    number: Option<String>,
    version: i64,
}

fn of(conn: &mut Conn, assessment: &str) -> QueryResult<Vec<HonourRecord>> {
    honours::table
        .filter(honours::assessment_id.eq(assessment))
        .order(honours::id.desc())
        .select(HonourRecord::as_select())
        .load(conn)
}

fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<HonourRecord>> {
    honours::table
        .find(id)
        .select(HonourRecord::as_select())
        .first(conn)
        .optional()
}

/// What was granted, in words, by assessment.
///
/// # Errors
/// The database's own.
pub(super) fn granted(
    conn: &mut Conn,
    assessments: &[&str],
) -> QueryResult<HashMap<String, Vec<String>>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for some in assessments.chunks(200) {
        let rows: Vec<(String, String)> = honours::table
            .filter(honours::assessment_id.eq_any(some.iter().copied()))
            .filter(honours::state.eq(HonourState::Granted.code()))
            .order(honours::id)
            .select((honours::assessment_id, honours::title))
            .load(conn)?;
        for (assessment, title) in rows {
            found.entry(assessment).or_default().push(title);
        }
    }
    Ok(found)
}

/// Whether the village may know of it: what was granted, and what was taken back.
const fn is_told(state: HonourState) -> bool {
    matches!(state, HonourState::Granted | HonourState::Revoked)
}

/// An assessment's naming and rewards as the actor sees them.
///
/// # Errors
/// The database's own.
pub(super) fn views(
    conn: &mut Conn,
    desk: &Desk,
    assessment: &str,
) -> Result<Vec<HonourView>, Error> {
    let village = desk.actor.role == Role::VillageSecretary;
    let decides = can(
        &desk.actor,
        Action::Assessment(AssessmentDeed::Honour),
        Facts::None,
    )
    .is_ok();
    let mut views = Vec::new();
    for honour in of(conn, assessment)? {
        if village && !is_told(honour.state.0) {
            continue;
        }
        let steps = HonourStep::ALL.iter().copied();
        views.push(HonourView {
            photos: photo::of(conn, OwnerKind::Honour, &honour.id)?,
            kind: honour.kind.0,
            title: honour.title,
            evidence: honour.evidence,
            state: honour.state.0,
            author: desk.user(Some(&honour.author_id)),
            proposed_on: day_of(honour.proposed_at.and_utc()),
            decided_by: desk.user(honour.decided_by.as_deref()),
            decided_on: honour.decided_at.map(|at| day_of(at.and_utc())),
            ground: honour.ground,
            number: honour.number,
            steps: steps
                .filter(|step| decides && after(honour.state.0, *step).is_ok())
                .collect(),
            version: honour.version,
            id: honour.id,
        });
    }
    Ok(views)
}

/// Whether the actor may see the naming or reward that a photo belongs to.
///
/// # Errors
/// The database's own.
pub(crate) fn may_see(conn: &mut Conn, desk: &Desk, id: &str) -> Result<bool, Error> {
    let Some(honour) = find(conn, id)? else {
        return Ok(false);
    };
    match service::find(conn, desk, &honour.assessment_id, AssessmentDeed::View) {
        Ok(_) => Ok(desk.actor.role != Role::VillageSecretary || is_told(honour.state.0)),
        Err(Error::Denied(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn note(
    conn: &mut Conn,
    desk: &Desk,
    what: &str,
    assessment: &AssessmentRecord,
    honour: &HonourRecord,
) -> Result<(), Error> {
    let village = UnitId::from(assessment.village_id.as_str());
    let detail = format!(
        "{}年{}考核，{}：{what}{}“{}”",
        assessment.year,
        assessment.kind.0.label(),
        desk.names.unit_name(&village),
        honour.kind.0.label(),
        honour.title
    );
    log(conn, desk, detail)
}

/// Proposes naming or a reward of a village whose assessment is decided.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn propose(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    input: &NewHonour,
) -> Result<AssessmentView, Error> {
    let assessment = service::find(conn, desk, id, AssessmentDeed::Propose)?;
    input.check().into_result()?;
    if assessment.stage.0 != Stage::Decided {
        return Err(Refused("考核作出决定以后，再提出命名和奖励。".to_owned()).into());
    }
    if input.kind == HonourKind::Naming {
        if assessment.named != Some(true) {
            return Err(Refused("考核决定不命名的村，不能提出命名。".to_owned()).into());
        }
        let there = of(conn, id)?.iter().any(|honour| {
            honour.kind.0 == HonourKind::Naming
                && matches!(honour.state.0, HonourState::Proposed | HonourState::Granted)
        });
        if there {
            return Err(Refused("这个村的命名已经提出，一次考核只命名一次。".to_owned()).into());
        }
    }
    let honour = HonourRecord {
        id: crate::ids::new_id(),
        assessment_id: id.to_owned(),
        kind: Coded(input.kind),
        title: input.title.trim().to_owned(),
        evidence: input.evidence.trim().to_owned(),
        state: Coded(HonourState::Proposed),
        author_id: desk.actor.user_id.as_str().to_owned(),
        proposed_at: desk.context.now.naive_utc(),
        decided_by: None,
        decided_at: None,
        ground: None,
        number: None,
        version: 1,
    };
    diesel::insert_into(honours::table)
        .values(&honour)
        .execute(conn)?;
    photo::claim(conn, desk, OwnerKind::Honour, &honour.id, &input.photos)?;
    note(conn, desk, "提出", &assessment, &honour)?;
    tell(conn, desk, &assessment, &honour)?;
    service::decided(conn, desk, id)
}

/// Decides about it.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn step(
    conn: &mut Conn,
    desk: &Desk,
    (id, step): (&str, HonourStep),
    seen: i64,
    input: &HonourDecision,
) -> Result<AssessmentView, Error> {
    // Who may not decide is told so; what is not of the own township is not there.
    let deed = AssessmentDeed::Honour;
    can(&desk.actor, Action::Assessment(deed), Facts::None)?;
    let mut honour = find(conn, id)?.ok_or_else(Error::hidden)?;
    let assessment = service::find(conn, desk, &honour.assessment_id, deed)?;
    if honour.version != seen {
        return Err(Error::Stale);
    }
    let next = after(honour.state.0, step).map_err(Refused)?;
    input.check(step).into_result()?;
    honour.state = Coded(next);
    honour.decided_by = Some(desk.actor.user_id.as_str().to_owned());
    honour.decided_at = Some(desk.context.now.naive_utc());
    honour.ground = owned(Some(&input.text));
    if step == HonourStep::Grant {
        honour.number = owned(input.number.as_deref());
    }
    honour.version = seen + 1;
    let row = honours::table
        .find(&honour.id)
        .filter(honours::version.eq(seen));
    if diesel::update(row).set(&honour).execute(conn)? != 1 {
        return Err(Error::Stale);
    }
    note(conn, desk, step.label(), &assessment, &honour)?;
    tell(conn, desk, &assessment, &honour)?;
    service::decided(conn, desk, &assessment.id)
}

/// Tells the leaders of a proposal, the office of a decision, the village of what it is given.
fn tell(
    conn: &mut Conn,
    desk: &Desk,
    assessment: &AssessmentRecord,
    honour: &HonourRecord,
) -> Result<(), Error> {
    let village = desk.names.unit_now(&assessment.village_id.as_str().into());
    let state = honour.state.0;
    let people = service::staff(desk, |user| match user.role {
        Role::TownshipLeader => state == HonourState::Proposed,
        Role::CoordinationOffice => state != HonourState::Proposed,
        Role::VillageSecretary => is_told(state) && user.unit_id == village,
        _ => false,
    });
    let draft = Draft {
        kind: NoticeKind::Assessment,
        title: format!(
            "{}年{}考核（{}）：{}{}",
            assessment.year,
            assessment.kind.0.label(),
            desk.names.unit_name(&village),
            honour.kind.0.label(),
            state.label()
        ),
        body: honour.title.clone(),
        link: format!("/assessments/{}", assessment.id),
        urgent: false,
        once: format!("honour:{}:{}", honour.id, honour.version),
    };
    notify::post(conn, &people, &draft, desk.context.now)?;
    Ok(())
}
