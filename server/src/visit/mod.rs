//! Visits (走访): recorded in the field, corrected with what they said before kept, with promises that
//! are open until kept, and a table of who has visited where and when last.
//!
//! Nothing here is found by household or person: a visit names a village, a group and a place in
//! words, and lists go by village, staff and day.

pub(crate) mod coverage;
pub(crate) mod demo;
pub(crate) mod list;
mod remind;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;

use crate::db::Conn;

/// Reminds whoever is to be reminded now: of promises, of villages and groups that nobody has visited
/// this week, of reception days. The scheduler calls it, in a transaction, as often as it likes.
///
/// # Errors
/// The database's own.
pub(crate) fn tick(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    remind::run(conn, now)
}
