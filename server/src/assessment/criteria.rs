//! Criteria sheets: the office writes a version, a leader puts it into force. What was in force is never
//! changed, and an assessment has a copy of the sheet that it began with.

use chrono::{Datelike, NaiveDateTime};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::assessment::criteria::{
    CriteriaList, CriteriaPatch, CriteriaSheet, CriteriaState, CriteriaView, EnforceCriteria,
    NewCriteria,
};
use shared::assessment::{AssessmentDeed, AssessmentKind};
use shared::case::state::Refused;
use shared::role::Role;
use shared::term::Term;
use shared::visit::owned;

use super::service::{check_year, kind_of, log};
use super::store as assessments;
use crate::case::coded::Coded;
use crate::case::{Desk, Error};
use crate::clock::day_of;
use crate::db::Conn;
use crate::schema::criteria_sheets;

/// The query string of the versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CriteriaQuery {
    /// 考核类别：three_without（默认）、peaceful
    kind: Option<String>,
    /// 哪一年的考核，默认今年
    year: Option<i32>,
}

/// A version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = criteria_sheets,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
struct CriteriaRecord {
    id: String,
    township_id: String,
    kind: Coded<AssessmentKind>,
    year: i32,
    number: i32,
    state: Coded<CriteriaState>,
    body: String,
    note: Option<String>,
    author_id: String,
    enforced_by: Option<String>,
    enforced_at: Option<NaiveDateTime>,
    ground: Option<String>,
    version: i64,
    updated_at: NaiveDateTime,
}

impl CriteriaRecord {
    fn sheet(&self) -> Result<CriteriaSheet, Error> {
        serde_json::from_str(&self.body)
            .map_err(|e| Error::Damaged(format!("criteria_sheets.body {}: {e}", self.id)))
    }
}

fn body(sheet: &CriteriaSheet) -> Result<String, Error> {
    serde_json::to_string(sheet).map_err(|e| Error::Damaged(e.to_string()))
}

/// All versions of a kind, the last in front.
fn all(conn: &mut Conn, township: &str, kind: AssessmentKind) -> QueryResult<Vec<CriteriaRecord>> {
    criteria_sheets::table
        .filter(criteria_sheets::township_id.eq(township))
        .filter(criteria_sheets::kind.eq(kind.code()))
        .order(criteria_sheets::number.desc())
        .select(CriteriaRecord::as_select())
        .load(conn)
}

/// Which of the versions holds in a year: the last that began by then, among those in force.
fn holds(versions: &[CriteriaRecord], year: i32) -> Option<&CriteriaRecord> {
    versions
        .iter()
        .filter(|version| version.state.0 == CriteriaState::InForce && version.year <= year)
        .max_by_key(|version| (version.year, version.enforced_at, version.number))
}

fn number(record: &CriteriaRecord) -> u32 {
    record.number.unsigned_abs()
}

/// The sheet with which a year's assessments begin, and its number: the one that those of the year have
/// that have begun, so that all villages of a ranking are scored alike; otherwise the one in force.
///
/// # Errors
/// The database's own.
pub(super) fn of_year(
    conn: &mut Conn,
    township: &str,
    kind: AssessmentKind,
    year: i32,
) -> Result<(u32, CriteriaSheet), Error> {
    if let Some(first) = assessments::of_year(conn, township, year, kind)?.first() {
        let sheet = first.sheet()?;
        return Ok((sheet.criteria_number, sheet.criteria(kind)));
    }
    let versions = all(conn, township, kind)?;
    match holds(&versions, year) {
        Some(version) => Ok((number(version), version.sheet()?)),
        None => Ok((0, kind.bundled())),
    }
}

fn begun(conn: &mut Conn, township: &str, kind: AssessmentKind, year: i32) -> QueryResult<bool> {
    Ok(!assessments::of_year(conn, township, year, kind)?.is_empty())
}

fn may(desk: &Desk, deed: AssessmentDeed) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::Assessment(deed), Facts::None)?)
}

fn view(desk: &Desk, record: &CriteriaRecord) -> Result<CriteriaView, Error> {
    let sheet = record.sheet()?;
    let draft = record.state.0 == CriteriaState::Draft;
    let unfit = sheet.unfit().filter(|_| draft);
    Ok(CriteriaView {
        id: Some(record.id.clone()),
        kind: record.kind.0,
        year: Some(record.year),
        number: number(record),
        state: record.state.0,
        standards: sheet.items.iter().map(|item| item.words()).collect(),
        may_edit: draft && may(desk, AssessmentDeed::WriteCriteria).is_ok(),
        may_enforce: draft && unfit.is_none() && may(desk, AssessmentDeed::Enforce).is_ok(),
        unfit,
        sheet,
        note: record.note.clone(),
        author: desk.user(Some(&record.author_id)),
        enforced_by: desk.user(record.enforced_by.as_deref()),
        enforced_on: record.enforced_at.map(|at| day_of(at.and_utc())),
        ground: record.ground.clone(),
        version: record.version,
    })
}

fn bundled(kind: AssessmentKind) -> CriteriaView {
    let sheet = kind.bundled();
    CriteriaView {
        id: None,
        kind,
        year: None,
        number: 0,
        state: CriteriaState::InForce,
        standards: sheet.items.iter().map(|item| item.words()).collect(),
        sheet,
        unfit: None,
        note: None,
        author: None,
        enforced_by: None,
        enforced_on: None,
        ground: None,
        may_edit: false,
        may_enforce: false,
        version: 0,
    }
}

/// The versions of a kind. Villages see those that are in force.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn list(
    conn: &mut Conn,
    desk: &Desk,
    query: &CriteriaQuery,
) -> Result<CriteriaList, Error> {
    may(desk, AssessmentDeed::View)?;
    let this_year = desk.context.today().year();
    let year = query.year.unwrap_or(this_year);
    check_year(year, this_year + 1)?;
    let kind = kind_of(query.kind.as_deref())?;
    let township = desk.actor.township_id.as_str();
    let versions = all(conn, township, kind)?;
    let (current, _) = of_year(conn, township, kind, year)?;
    let village = desk.actor.role == Role::VillageSecretary;
    let mut items = Vec::with_capacity(versions.len() + 1);
    for version in &versions {
        if !village || version.state.0 == CriteriaState::InForce {
            items.push(view(desk, version)?);
        }
    }
    let drafted = versions
        .iter()
        .any(|version| version.state.0 == CriteriaState::Draft);
    items.push(bundled(kind));
    Ok(CriteriaList {
        kind,
        year,
        current,
        begun: begun(conn, township, kind, year)?,
        items,
        may_begin: !drafted && may(desk, AssessmentDeed::WriteCriteria).is_ok(),
    })
}

fn find(conn: &mut Conn, desk: &Desk, id: &str) -> Result<CriteriaRecord, Error> {
    let found = criteria_sheets::table
        .find(id)
        .filter(criteria_sheets::township_id.eq(desk.actor.township_id.as_str()))
        .select(CriteriaRecord::as_select())
        .first(conn)
        .optional()?;
    let draft_of_others = |record: &CriteriaRecord| {
        desk.actor.role == Role::VillageSecretary && record.state.0 == CriteriaState::Draft
    };
    found
        .filter(|record| !draft_of_others(record))
        .ok_or_else(Error::hidden)
}

/// A version.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<CriteriaView, Error> {
    may(desk, AssessmentDeed::View)?;
    view(desk, &find(conn, desk, id)?)
}

fn words(record: &CriteriaRecord) -> String {
    format!(
        "{}考核表第{}版（{}年起）",
        record.kind.0.label(),
        record.number,
        record.year
    )
}

/// Begins a version.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`]: there is a draft already; [`Error::Invalid`], the database's own.
pub(super) fn begin(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewCriteria,
) -> Result<CriteriaView, Error> {
    may(desk, AssessmentDeed::WriteCriteria)?;
    let this_year = desk.context.today().year();
    input.check(this_year).into_result()?;
    let township = desk.actor.township_id.as_str();
    let versions = all(conn, township, input.kind)?;
    if let Some(draft) = versions
        .iter()
        .find(|version| version.state.0 == CriteriaState::Draft)
    {
        let message = format!("{}正在起草，请在它上面修改。", words(draft));
        return Err(Refused(message).into());
    }
    let sheet = match &input.sheet {
        Some(sheet) => sheet.clone(),
        None => match holds(&versions, input.year) {
            Some(version) => version.sheet()?,
            None => input.kind.bundled(),
        },
    };
    let last = versions.first().map_or(0, |version| version.number);
    let record = CriteriaRecord {
        id: crate::ids::new_id(),
        township_id: township.to_owned(),
        kind: Coded(input.kind),
        year: input.year,
        number: last + 1,
        state: Coded(CriteriaState::Draft),
        body: body(&sheet)?,
        note: owned(input.note.as_deref()),
        author_id: desk.actor.user_id.as_str().to_owned(),
        enforced_by: None,
        enforced_at: None,
        ground: None,
        version: 1,
        updated_at: desk.context.now.naive_utc(),
    };
    diesel::insert_into(criteria_sheets::table)
        .values(&record)
        .execute(conn)?;
    log(conn, desk, format!("起草{}", words(&record)))?;
    view(desk, &record)
}

/// That the caller has seen the version as it stands, and that it is a draft.
fn ready(record: &CriteriaRecord, seen: i64) -> Result<(), Error> {
    if record.version != seen {
        return Err(Error::Stale);
    }
    if record.state.0 != CriteriaState::Draft {
        return Err(Refused("已经施行的考核表不再修改，请另起草一版。".to_owned()).into());
    }
    Ok(())
}

fn save(conn: &mut Conn, desk: &Desk, mut record: CriteriaRecord) -> Result<CriteriaRecord, Error> {
    let seen = record.version;
    record.version = seen + 1;
    record.updated_at = desk.context.now.naive_utc();
    let row = criteria_sheets::table
        .find(&record.id)
        .filter(criteria_sheets::version.eq(seen));
    if diesel::update(row).set(&record).execute(conn)? != 1 {
        return Err(Error::Stale);
    }
    Ok(record)
}

/// Changes a draft.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn patch(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &CriteriaPatch,
) -> Result<CriteriaView, Error> {
    may(desk, AssessmentDeed::WriteCriteria)?;
    let mut record = find(conn, desk, id)?;
    ready(&record, seen)?;
    input.check(desk.context.today().year()).into_result()?;
    if let Some(year) = input.year {
        record.year = year;
    }
    if let Some(sheet) = &input.sheet {
        record.body = body(sheet)?;
    }
    if input.note.is_some() {
        record.note = owned(input.note.as_deref());
    }
    let record = save(conn, desk, record)?;
    log(conn, desk, format!("修改{}", words(&record)))?;
    view(desk, &record)
}

/// Puts a version into force.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`]: it is not whole, or that year has begun;
/// [`Error::Invalid`], the database's own.
pub(super) fn enforce(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &EnforceCriteria,
) -> Result<CriteriaView, Error> {
    may(desk, AssessmentDeed::Enforce)?;
    let mut record = find(conn, desk, id)?;
    ready(&record, seen)?;
    input.check().into_result()?;
    if let Some(unfit) = record.sheet()?.unfit() {
        return Err(Refused(format!("{unfit}请镇综治办改好以后再施行。")).into());
    }
    let township = desk.actor.township_id.as_str();
    if begun(conn, township, record.kind.0, record.year)? {
        let message = format!(
            "{}年的{}考核已经按原来的考核表开始，请把施行年份改为以后的年份。",
            record.year,
            record.kind.0.label()
        );
        return Err(Refused(message).into());
    }
    record.state = Coded(CriteriaState::InForce);
    record.enforced_by = Some(desk.actor.user_id.as_str().to_owned());
    record.enforced_at = Some(desk.context.now.naive_utc());
    record.ground = owned(Some(&input.text));
    let record = save(conn, desk, record)?;
    log(conn, desk, format!("施行{}", words(&record)))?;
    view(desk, &record)
}
