//! Rows of documents.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shared::case::paper::{Paper, PaperFact, PaperKind};

use crate::case::Error;
use crate::case::coded::Coded;
use crate::db::Conn;
use crate::schema::case_papers;

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = case_papers,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(crate) struct PaperRecord {
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) township_id: String,
    pub(crate) kind: Coded<PaperKind>,
    pub(crate) number: String,
    pub(crate) addressee: Option<String>,
    pub(crate) person_id: Option<String>,
    pub(crate) on_day: NaiveDate,
    pub(crate) at: NaiveDateTime,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) body: String,
    pub(crate) void_at: Option<NaiveDateTime>,
    pub(crate) void_id: Option<String>,
    pub(crate) void_name: Option<String>,
    pub(crate) void_reason: Option<String>,
    pub(crate) version: i64,
}

impl PaperRecord {
    /// What it says.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the body cannot be read.
    pub(crate) fn paper(&self) -> Result<Paper, Error> {
        serde_json::from_str(&self.body)
            .map_err(|e| Error::Damaged(format!("case_papers.body {}: {e}", self.id)))
    }

    /// What it is called among others.
    pub(crate) fn label(&self) -> String {
        use shared::term::Term;
        format!("{} {}", self.kind.0.label(), self.number)
    }
}

pub(crate) fn insert(conn: &mut Conn, paper: &PaperRecord) -> QueryResult<()> {
    diesel::insert_into(case_papers::table)
        .values(paper)
        .execute(conn)
        .map(drop)
}

/// Saves a document that was read at `version`; whether it still stood at that.
pub(crate) fn save(conn: &mut Conn, paper: &PaperRecord, version: i64) -> QueryResult<bool> {
    diesel::update(
        case_papers::table
            .find(&paper.id)
            .filter(case_papers::version.eq(version)),
    )
    .set(paper)
    .execute(conn)
    .map(|rows| rows == 1)
}

pub(crate) fn find(conn: &mut Conn, case_id: &str, id: &str) -> QueryResult<Option<PaperRecord>> {
    case_papers::table
        .find(id)
        .filter(case_papers::case_id.eq(case_id))
        .select(PaperRecord::as_select())
        .first(conn)
        .optional()
}

/// The documents of a case, the last in front.
pub(crate) fn of_case(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<PaperRecord>> {
    case_papers::table
        .filter(case_papers::case_id.eq(case_id))
        .order(case_papers::id.desc())
        .select(PaperRecord::as_select())
        .load(conn)
}

/// What rules look at in a document, without what it says.
type FactRow = (
    String,
    Coded<PaperKind>,
    String,
    NaiveDate,
    Option<String>,
    Option<String>,
    Option<NaiveDateTime>,
);

/// The documents of a case as rules look at them, the last in front.
pub(crate) fn facts(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<PaperFact>> {
    let rows: Vec<FactRow> = case_papers::table
        .filter(case_papers::case_id.eq(case_id))
        .order(case_papers::id.desc())
        .select((
            case_papers::id,
            case_papers::kind,
            case_papers::number,
            case_papers::on_day,
            case_papers::addressee,
            case_papers::person_id,
            case_papers::void_at,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(
            |(id, kind, number, on, addressee, person, void)| PaperFact {
                id,
                kind: kind.0,
                number,
                on,
                addressee,
                person_id: person.map(Into::into),
                void: void.is_some(),
            },
        )
        .collect())
}
