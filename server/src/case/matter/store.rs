//! Rows of matters.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shared::case::matter::{Any, MatterKind, Tone};
use shared::term::Term;

use crate::case::Error;
use crate::case::coded::Coded;
use crate::case::store::NOTHING_DUE;
use crate::db::Conn;
use crate::schema::case_matters;

/// A matter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = case_matters,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(crate) struct MatterRecord {
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) township_id: String,
    pub(crate) kind: Coded<MatterKind>,
    pub(crate) state: String,
    pub(crate) state_label: String,
    pub(crate) tone: Coded<Tone>,
    pub(crate) title: String,
    pub(crate) open: bool,
    pub(crate) opened_on: NaiveDate,
    pub(crate) due_on: NaiveDate,
    pub(crate) due_what: Option<String>,
    pub(crate) right_on: NaiveDate,
    pub(crate) right_what: Option<String>,
    pub(crate) unit_id: Option<String>,
    pub(crate) body: String,
    pub(crate) version: i64,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) updated_at: NaiveDateTime,
}

impl MatterRecord {
    /// The last day of what is due next.
    pub(crate) fn due(&self) -> Option<NaiveDate> {
        (self.due_on != NOTHING_DUE).then_some(self.due_on)
    }

    /// The matter itself.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the body cannot be read.
    pub(crate) fn matter(&self) -> Result<Any, Error> {
        Any::read(self.kind.0, &self.body)
            .map_err(|e| Error::Damaged(format!("case_matters.body {}: {e}", self.id)))
    }
}

pub(crate) fn insert(conn: &mut Conn, matter: &MatterRecord) -> QueryResult<()> {
    diesel::insert_into(case_matters::table)
        .values(matter)
        .execute(conn)
        .map(drop)
}

/// Saves a matter that was read at `version`; whether it still stood at that.
pub(crate) fn save(conn: &mut Conn, matter: &MatterRecord, version: i64) -> QueryResult<bool> {
    diesel::update(
        case_matters::table
            .find(&matter.id)
            .filter(case_matters::version.eq(version)),
    )
    .set(matter)
    .execute(conn)
    .map(|rows| rows == 1)
}

pub(crate) fn find(conn: &mut Conn, case_id: &str, id: &str) -> QueryResult<Option<MatterRecord>> {
    case_matters::table
        .find(id)
        .filter(case_matters::case_id.eq(case_id))
        .select(MatterRecord::as_select())
        .first(conn)
        .optional()
}

/// The kinds of a case's open matters.
pub(crate) fn open_kinds(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<MatterKind>> {
    let kinds: Vec<Coded<MatterKind>> = case_matters::table
        .filter(case_matters::case_id.eq(case_id))
        .filter(case_matters::open.eq(true))
        .select(case_matters::kind)
        .distinct()
        .load(conn)?;
    Ok(kinds.into_iter().map(|kind| kind.0).collect())
}

/// The packages of some cases, those started last in front.
pub(crate) fn packages_of(conn: &mut Conn, case_ids: &[&str]) -> QueryResult<Vec<MatterRecord>> {
    case_matters::table
        .filter(case_matters::case_id.eq_any(case_ids))
        .filter(case_matters::kind.eq(MatterKind::Package.code()))
        .order(case_matters::id.desc())
        .select(MatterRecord::as_select())
        .load(conn)
}

/// The matters of a case, as they were started.
pub(crate) fn of_case(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<MatterRecord>> {
    case_matters::table
        .filter(case_matters::case_id.eq(case_id))
        .order(case_matters::id)
        .select(MatterRecord::as_select())
        .load(conn)
}
