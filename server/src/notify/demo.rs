//! The demo's urgent notices: those to whom they came saw them then, so nothing covers the page when
//! somebody signs in; what is urgent later does.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::Conn;
use crate::schema::notices;

/// Notes that they were read.
///
/// # Errors
/// The database's own.
pub(crate) fn load(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let unseen = notices::urgent.eq(true).and(notices::read_at.is_null());
    diesel::update(notices::table.filter(unseen))
        .set(notices::read_at.eq(Some(now.naive_utc())))
        .execute(conn)
        .map(drop)
}
