//! Rows of second factors and recovery codes.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::db::Conn;
use crate::schema::{recovery_codes, second_factors, users};

/// A second factor; it counts once it is confirmed.
#[derive(Queryable)]
pub(super) struct Factor {
    pub(super) secret: Vec<u8>,
    pub(super) confirmed_at: Option<NaiveDateTime>,
}

pub(super) fn of(conn: &mut Conn, user_id: &str) -> QueryResult<Option<Factor>> {
    second_factors::table
        .find(user_id)
        .select((second_factors::secret, second_factors::confirmed_at))
        .first(conn)
        .optional()
}

/// Keeps a secret that is still to be confirmed, in place of one that never was.
pub(super) fn start(
    conn: &mut Conn,
    user_id: &str,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let pending = second_factors::user_id
        .eq(user_id)
        .and(second_factors::confirmed_at.is_null());
    diesel::delete(second_factors::table.filter(pending)).execute(conn)?;
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(user_id),
            second_factors::secret.eq(sealed),
            second_factors::started_at.eq(now.naive_utc()),
            second_factors::last_step.eq(0),
        ))
        .execute(conn)
        .map(drop)
}

pub(super) fn confirm(conn: &mut Conn, user_id: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(second_factors::table.find(user_id))
        .set(second_factors::confirmed_at.eq(now.naive_utc()))
        .execute(conn)?;
    mark(conn, user_id, true, now)
}

/// Takes the code of a step; false where that, or a later one, was taken before.
pub(super) fn take_step(conn: &mut Conn, user_id: &str, step: i64) -> QueryResult<bool> {
    let unused = second_factors::user_id
        .eq(user_id)
        .and(second_factors::last_step.lt(step));
    diesel::update(second_factors::table.filter(unused))
        .set(second_factors::last_step.eq(step))
        .execute(conn)
        .map(|count| count == 1)
}

/// Forgets the factor with its recovery codes; false where there was none.
pub(crate) fn remove(conn: &mut Conn, user_id: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    forget_codes(conn, user_id)?;
    let removed = diesel::delete(second_factors::table.find(user_id)).execute(conn)?;
    mark(conn, user_id, false, now)?;
    Ok(removed == 1)
}

/// Notes at the user whether the factor is on. That is part of the item, so its version rises.
fn mark(conn: &mut Conn, user_id: &str, on: bool, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(users::table.find(user_id))
        .set((
            users::second_factor.eq(on),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)
}

fn forget_codes(conn: &mut Conn, user_id: &str) -> QueryResult<()> {
    let own = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    diesel::delete(own).execute(conn).map(drop)
}

/// Puts new recovery codes in place of those of before.
pub(super) fn set_codes(conn: &mut Conn, user_id: &str, hashes: &[String]) -> QueryResult<()> {
    forget_codes(conn, user_id)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::hash.eq(hash),
                recovery_codes::user_id.eq(user_id),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Uses a recovery code up; false where there is none such, or it was used before.
pub(super) fn use_code(
    conn: &mut Conn,
    user_id: &str,
    hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let unused = recovery_codes::hash
        .eq(hash)
        .and(recovery_codes::user_id.eq(user_id))
        .and(recovery_codes::used_at.is_null());
    diesel::update(recovery_codes::table.filter(unused))
        .set(recovery_codes::used_at.eq(now.naive_utc()))
        .execute(conn)
        .map(|count| count == 1)
}

pub(super) fn codes_left(conn: &mut Conn, user_id: &str) -> QueryResult<u32> {
    let unused = recovery_codes::user_id
        .eq(user_id)
        .and(recovery_codes::used_at.is_null());
    recovery_codes::table
        .filter(unused)
        .count()
        .get_result::<i64>(conn)
        .map(|count| u32::try_from(count).unwrap_or_default())
}
