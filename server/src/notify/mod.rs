//! Notices: who is told of what. Rooms write them with [`post`] in the transaction of what happened.

pub(crate) mod store;

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use shared::ids::UserId;
use shared::notice::NoticeKind;

use crate::db::Conn;

/// A notice to be written. Keep personal data out of it: numbers, names of units, days.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// What it is about.
    pub(crate) kind: NoticeKind,
    /// In a line.
    pub(crate) title: String,
    /// More words, possibly none.
    pub(crate) body: String,
    /// Where in the app it leads.
    pub(crate) link: String,
    /// Whether it interrupts.
    pub(crate) urgent: bool,
    /// What keeps it from being sent twice: the same text, and nobody hears of it again
    /// (`case:0190…:2026-10-09:3`).
    pub(crate) once: String,
}

/// Tells people, in the transaction of what happened; who was told of it before is left out. Whoever
/// calls it has asked `shared::access` that each of them may know of what it says.
///
/// # Errors
/// The database's own.
pub(crate) fn post(
    conn: &mut Conn,
    to: &[UserId],
    draft: &Draft,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    if to.is_empty() {
        return Ok(());
    }
    // The first write: it makes those who post wait for each other, so that numbers are given in the
    // order of the commits and nobody is told twice.
    let mut seq = store::reserve(conn, to.len())?;
    for user in to {
        if store::was_told(conn, user, &draft.once)? {
            continue;
        }
        seq += 1;
        store::insert(conn, user, draft, seq, now)?;
    }
    Ok(())
}
