//! Rows of analyses.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Conn, on_either};
use crate::schema::analyses;

/// An analysis as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = analyses, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Record {
    pub(super) township_id: String,
    pub(super) month: String,
    pub(super) opinion: Option<String>,
    pub(super) measures: Option<String>,
    pub(super) author_id: String,
    pub(super) updated_at: NaiveDateTime,
    pub(super) body: Option<String>,
    pub(super) issued_by: Option<String>,
    pub(super) issued_at: Option<NaiveDateTime>,
    pub(super) version: i64,
}

pub(super) fn find(conn: &mut Conn, township: &str, month: &str) -> QueryResult<Option<Record>> {
    analyses::table
        .find((township, month))
        .select(Record::as_select())
        .first(conn)
        .optional()
}

/// Saves one that was read at `version` (0: that was not there); whether it still stood at that.
pub(super) fn save(conn: &mut Conn, record: &Record, version: i64) -> QueryResult<bool> {
    let written = if version > 0 {
        diesel::update(
            analyses::table
                .find((&record.township_id, &record.month))
                .filter(analyses::version.eq(version)),
        )
        .set(record)
        .execute(conn)?
    } else {
        on_either!(conn, |conn| diesel::insert_into(analyses::table)
            .values(record)
            .on_conflict_do_nothing()
            .execute(conn))?
    };
    Ok(written == 1)
}
