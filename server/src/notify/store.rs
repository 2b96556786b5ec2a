//! Rows of notices.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use shared::ids::UserId;
use shared::term::Term;

use super::Draft;
use crate::db::Conn;
use crate::schema::{generations, notices};

/// A notice's row.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub(crate) struct NoticeRecord {
    pub(crate) id: String,
    pub(crate) seq: i64,
    pub(crate) user_id: String,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) link: String,
    pub(crate) urgent: bool,
    pub(crate) once: String,
    pub(crate) at: NaiveDateTime,
    pub(crate) read_at: Option<NaiveDateTime>,
}

/// Reserves so many places in the stream; the place before the first.
pub(super) fn reserve(conn: &mut Conn, count: usize) -> QueryResult<i64> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let row = generations::table.find("notices");
    diesel::update(row)
        .set(generations::value.eq(generations::value + count))
        .execute(conn)?;
    let last: i64 = row.select(generations::value).first(conn)?;
    Ok(last - count)
}

/// Whether somebody has been told of it.
pub(super) fn was_told(conn: &mut Conn, user: &UserId, once: &str) -> QueryResult<bool> {
    let told = notices::table
        .filter(notices::user_id.eq(user.as_str()))
        .filter(notices::once.eq(once))
        .select(notices::seq)
        .first::<i64>(conn)
        .optional()?;
    Ok(told.is_some())
}

/// Writes one.
pub(super) fn insert(
    conn: &mut Conn,
    user: &UserId,
    draft: &Draft,
    seq: i64,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let record = NoticeRecord {
        id: crate::ids::new_id(),
        seq,
        user_id: user.as_str().to_owned(),
        kind: draft.kind.code().to_owned(),
        title: draft.title.clone(),
        body: draft.body.clone(),
        link: draft.link.clone(),
        urgent: draft.urgent,
        once: draft.once.clone(),
        at: now.naive_utc(),
        read_at: None,
    };
    diesel::insert_into(notices::table)
        .values(&record)
        .execute(conn)
        .map(drop)
}
