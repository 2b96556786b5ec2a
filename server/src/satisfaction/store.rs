//! Rows of ratings.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shared::satisfaction::{Rating, RatingWay};

use crate::case::coded::Coded;
use crate::db::Conn;
use crate::schema::satisfaction;

/// A rating as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = satisfaction, treat_none_as_default_value = false)]
pub(crate) struct RatingRecord {
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) event_id: String,
    pub(crate) township_id: String,
    pub(crate) unit_id: Option<String>,
    pub(crate) rating: Coded<Rating>,
    pub(crate) way: Coded<RatingWay>,
    pub(crate) words: Option<String>,
    pub(crate) rated_on: NaiveDate,
    pub(crate) at: NaiveDateTime,
    pub(crate) author_id: Option<String>,
    pub(crate) replaced_on: Option<NaiveDate>,
}

pub(super) fn insert(conn: &mut Conn, rating: &RatingRecord) -> QueryResult<()> {
    diesel::insert_into(satisfaction::table)
        .values(rating)
        .execute(conn)
        .map(drop)
}

/// The ratings of a case, the last in front.
pub(crate) fn of_case(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<RatingRecord>> {
    satisfaction::table
        .filter(satisfaction::case_id.eq(case_id))
        .order(satisfaction::id.desc())
        .select(RatingRecord::as_select())
        .load(conn)
}

/// What stands of an answer.
pub(crate) fn standing(conn: &mut Conn, event_id: &str) -> QueryResult<Option<RatingRecord>> {
    satisfaction::table
        .filter(satisfaction::event_id.eq(event_id))
        .filter(satisfaction::replaced_on.is_null())
        .select(RatingRecord::as_select())
        .first(conn)
        .optional()
}

/// Another takes its place from a day on.
pub(super) fn replace(conn: &mut Conn, id: &str, on: NaiveDate) -> QueryResult<()> {
    diesel::update(satisfaction::table.find(id))
        .set(satisfaction::replaced_on.eq(on))
        .execute(conn)
        .map(drop)
}
