//! Rows of sessions and refresh tokens.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use shared::account::SignInMethod;
use shared::term::Term;

use super::Proof;
use crate::db::Conn;
use crate::schema::{refresh_tokens, sessions, users};

/// What a sign-in looks at.
#[derive(Queryable)]
pub(super) struct Credentials {
    pub(super) user_id: String,
    pub(super) password_hash: String,
    pub(super) disabled: bool,
    pub(super) token_version: i64,
    pub(super) second_factor: bool,
    pub(super) service: bool,
}

pub(super) fn credentials(conn: &mut Conn, username_key: &str) -> QueryResult<Option<Credentials>> {
    users::table
        .filter(users::username_key.eq(username_key))
        .select((
            users::id,
            users::password_hash,
            users::disabled,
            users::token_version,
            users::second_factor,
            users::service,
        ))
        .first(conn)
        .optional()
}

pub(super) fn open(
    conn: &mut Conn,
    session_id: &str,
    user_id: &str,
    proof: Proof,
    address: Option<String>,
    now: DateTime<Utc>,
    expires: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session_id),
            sessions::user_id.eq(user_id),
            sessions::created_at.eq(now.naive_utc()),
            sessions::last_used_at.eq(now.naive_utc()),
            sessions::expires_at.eq(expires.naive_utc()),
            sessions::address.eq(address),
            sessions::method.eq(proof.method.code()),
            sessions::strong.eq(proof.strong),
        ))
        .execute(conn)
        .map(drop)
}

pub(super) fn add_token(
    conn: &mut Conn,
    hash: &str,
    session_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash),
            refresh_tokens::session_id.eq(session_id),
            refresh_tokens::issued_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// A refresh token with its session and user.
#[derive(Queryable)]
pub(super) struct Presented {
    pub(super) session_id: String,
    pub(super) used_at: Option<NaiveDateTime>,
    pub(super) expires_at: NaiveDateTime,
    pub(super) ended_at: Option<NaiveDateTime>,
    pub(super) user_id: String,
    pub(super) disabled: bool,
    pub(super) token_version: i64,
    method: String,
    strong: bool,
}

impl Presented {
    /// How its session was opened.
    pub(super) fn proof(&self) -> QueryResult<Proof> {
        Ok(Proof {
            method: crate::db::term(&self.method)?,
            strong: self.strong,
        })
    }
}

pub(super) fn presented(conn: &mut Conn, hash: &str) -> QueryResult<Option<Presented>> {
    refresh_tokens::table
        .inner_join(sessions::table.inner_join(users::table))
        .filter(refresh_tokens::hash.eq(hash))
        .select((
            sessions::id,
            refresh_tokens::used_at,
            sessions::expires_at,
            sessions::ended_at,
            users::id,
            users::disabled,
            users::token_version,
            sessions::method,
            sessions::strong,
        ))
        .first(conn)
        .optional()
}

/// Marks the token used; false if it was before (another request may have come in between).
pub(super) fn use_token(conn: &mut Conn, hash: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let unused = refresh_tokens::hash
        .eq(hash)
        .and(refresh_tokens::used_at.is_null());
    diesel::update(refresh_tokens::table.filter(unused))
        .set(refresh_tokens::used_at.eq(now.naive_utc()))
        .execute(conn)
        .map(|count| count == 1)
}

pub(super) fn prolong(
    conn: &mut Conn,
    session_id: &str,
    now: DateTime<Utc>,
    expires: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(sessions::table.find(session_id))
        .set((
            sessions::last_used_at.eq(now.naive_utc()),
            sessions::expires_at.eq(expires.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Ends a session; false if it had ended.
pub(crate) fn end(
    conn: &mut Conn,
    session_id: &str,
    by: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = sessions::id
        .eq(session_id)
        .and(sessions::ended_at.is_null());
    diesel::update(sessions::table.filter(open))
        .set((
            sessions::ended_at.eq(now.naive_utc()),
            sessions::ended_by.eq(by),
        ))
        .execute(conn)
        .map(|count| count == 1)
}

/// Ends every session of a user but one, and makes older access tokens worthless.
pub(crate) fn end_all(
    conn: &mut Conn,
    user_id: &str,
    but: Option<&str>,
    by: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let open = sessions::user_id
        .eq(user_id)
        .and(sessions::ended_at.is_null())
        .and(sessions::id.ne(but.unwrap_or_default()));
    diesel::update(sessions::table.filter(open))
        .set((
            sessions::ended_at.eq(now.naive_utc()),
            sessions::ended_by.eq(by),
        ))
        .execute(conn)?;
    diesel::update(users::table.find(user_id))
        .set(users::token_version.eq(users::token_version + 1))
        .execute(conn)?;
    crate::directory::touch(conn)
}

pub(crate) fn token_version(conn: &mut Conn, user_id: &str) -> QueryResult<i64> {
    users::table
        .find(user_id)
        .select(users::token_version)
        .first(conn)
}

pub(super) fn password_hash(conn: &mut Conn, user_id: &str) -> QueryResult<String> {
    users::table
        .find(user_id)
        .select(users::password_hash)
        .first(conn)
}

/// Whether a session goes on.
pub(crate) fn is_open(conn: &mut Conn, session_id: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let open = sessions::table
        .find(session_id)
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now.naive_utc()));
    let found = open.select(sessions::id).first::<String>(conn);
    Ok(found.optional()?.is_some())
}

/// Ends the sessions of a user that the identity provider opened, but one. Call `directory::touch`.
pub(crate) fn end_by_provider(
    conn: &mut Conn,
    user_id: &str,
    but: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let open = sessions::user_id
        .eq(user_id)
        .and(sessions::method.eq(SignInMethod::Provider.code()))
        .and(sessions::ended_at.is_null())
        .and(sessions::id.ne(but.unwrap_or_default()));
    diesel::update(sessions::table.filter(open))
        .set((
            sessions::ended_at.eq(now.naive_utc()),
            sessions::ended_by.eq("identity"),
        ))
        .execute(conn)
        .map(drop)
}

/// Sessions that have ended while access tokens of theirs may still be about.
pub(crate) fn ended_since(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<HashSet<String>> {
    let ended = sessions::table.filter(sessions::ended_at.ge(since.naive_utc()));
    ended
        .select(sessions::id)
        .load::<String>(conn)
        .map(HashSet::from_iter)
}

/// Forgets sessions that nobody can use, with their tokens.
pub(crate) fn forget_before(conn: &mut Conn, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(at.naive_utc()))).execute(conn)
}
