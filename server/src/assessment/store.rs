//! Rows of assessments.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shared::assessment::{AssessmentKind, Sheet, Stage};
use shared::term::Term;

use crate::case::Error;
use crate::case::coded::Coded;
use crate::db::Conn;
use crate::schema::assessments;

/// An assessment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = assessments,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(super) struct AssessmentRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) year: i32,
    pub(super) kind: Coded<AssessmentKind>,
    pub(super) village_id: String,
    pub(super) stage: Coded<Stage>,
    pub(super) body: String,
    pub(super) total: Option<i32>,
    pub(super) vetoed: bool,
    pub(super) named: Option<bool>,
    pub(super) reviewed_on: Option<NaiveDate>,
    pub(super) version: i64,
    pub(super) updated_at: NaiveDateTime,
}

impl AssessmentRecord {
    /// What was filled in.
    ///
    /// # Errors
    /// [`Error::Damaged`] where it cannot be read.
    pub(super) fn sheet(&self) -> Result<Sheet, Error> {
        serde_json::from_str(&self.body)
            .map_err(|e| Error::Damaged(format!("assessments.body {}: {e}", self.id)))
    }
}

pub(super) fn insert(conn: &mut Conn, assessment: &AssessmentRecord) -> QueryResult<()> {
    diesel::insert_into(assessments::table)
        .values(assessment)
        .execute(conn)
        .map(drop)
}

/// Saves an assessment that was read at `version`; whether it still stood at that.
pub(super) fn save(
    conn: &mut Conn,
    assessment: &AssessmentRecord,
    version: i64,
) -> QueryResult<bool> {
    diesel::update(
        assessments::table
            .find(&assessment.id)
            .filter(assessments::version.eq(version)),
    )
    .set(assessment)
    .execute(conn)
    .map(|rows| rows == 1)
}

pub(super) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<AssessmentRecord>> {
    assessments::table
        .find(id)
        .select(AssessmentRecord::as_select())
        .first(conn)
        .optional()
}

/// The assessments of a township's year.
pub(super) fn of_year(
    conn: &mut Conn,
    township: &str,
    year: i32,
    kind: AssessmentKind,
) -> QueryResult<Vec<AssessmentRecord>> {
    assessments::table
        .filter(assessments::township_id.eq(township))
        .filter(assessments::year.eq(year))
        .filter(assessments::kind.eq(kind.code()))
        .order(assessments::id)
        .select(AssessmentRecord::as_select())
        .load(conn)
}

/// Year, kind, stage and village of those of a township that stand at some stages, the last year in front.
pub(super) type Waiting = (i32, Coded<AssessmentKind>, Coded<Stage>, String);

/// Those of a township that stand at some stages.
pub(super) fn waiting(
    conn: &mut Conn,
    township: &str,
    stages: &[Stage],
) -> QueryResult<Vec<Waiting>> {
    let codes: Vec<&str> = stages.iter().map(|stage| stage.code()).collect();
    assessments::table
        .filter(assessments::township_id.eq(township))
        .filter(assessments::stage.eq_any(codes))
        .order((assessments::year.desc(), assessments::kind))
        .select((
            assessments::year,
            assessments::kind,
            assessments::stage,
            assessments::village_id,
        ))
        .load(conn)
}
