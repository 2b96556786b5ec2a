//! Rows of identities, and of attempts that have come back.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};

use super::provider::Who;
use crate::db::Conn;
use crate::schema::{identities, sso_attempts};

/// A user's link with the provider.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = identities)]
pub(super) struct Identity {
    pub(super) user_id: String,
    pub(super) account: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) shown: Option<String>,
    pub(super) linked_at: Option<NaiveDateTime>,
    pub(super) last_used_at: Option<NaiveDateTime>,
}

/// A user's, with this issuer.
pub(super) fn of(conn: &mut Conn, user_id: &str, issuer: &str) -> QueryResult<Option<Identity>> {
    identities::table
        .find(user_id)
        .filter(identities::issuer.eq(issuer))
        .select(Identity::as_select())
        .first(conn)
        .optional()
}

/// Who is linked with the subject.
pub(super) fn by_subject(
    conn: &mut Conn,
    issuer: &str,
    subject: &str,
) -> QueryResult<Option<Identity>> {
    identities::table
        .filter(identities::issuer.eq(issuer))
        .filter(identities::subject.eq(subject))
        .select(Identity::as_select())
        .first(conn)
        .optional()
}

/// For whom the account was entered.
pub(super) fn by_account(
    conn: &mut Conn,
    issuer: &str,
    account: &str,
) -> QueryResult<Option<Identity>> {
    identities::table
        .filter(identities::issuer.eq(issuer))
        .filter(identities::account.eq(account))
        .select(Identity::as_select())
        .first(conn)
        .optional()
}

/// Who it is that the provider vouches for: the one linked, or the one for whom the account was entered
/// and whom nobody has signed in as yet.
pub(super) fn find(conn: &mut Conn, issuer: &str, who: &Who) -> QueryResult<Option<Identity>> {
    if let Some(linked) = by_subject(conn, issuer, &who.subject)? {
        return Ok(Some(linked));
    }
    let Some(account) = &who.account else {
        return Ok(None);
    };
    let entered = by_account(conn, issuer, account)?;
    Ok(entered.filter(|identity| identity.subject.is_none()))
}

/// Pins the subject at the first sign-in; false where somebody was faster.
pub(super) fn pin(
    conn: &mut Conn,
    user_id: &str,
    issuer: &str,
    who: &Who,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = identities::user_id
        .eq(user_id)
        .and(identities::issuer.eq(issuer))
        .and(identities::subject.is_null());
    diesel::update(identities::table.filter(open))
        .set((
            identities::subject.eq(&who.subject),
            identities::shown.eq(&who.shown),
            identities::linked_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(|count| count == 1)
}

/// Notes a sign-in.
pub(super) fn used(
    conn: &mut Conn,
    user_id: &str,
    who: &Who,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(identities::table.find(user_id))
        .set((
            identities::shown.eq(&who.shown),
            identities::last_used_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Links a user with a subject, in place of what was before.
pub(super) fn link(
    conn: &mut Conn,
    user_id: &str,
    issuer: &str,
    who: &Who,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    remove(conn, user_id)?;
    diesel::insert_into(identities::table)
        .values((
            identities::user_id.eq(user_id),
            identities::issuer.eq(issuer),
            identities::subject.eq(&who.subject),
            identities::shown.eq(&who.shown),
            identities::created_at.eq(now.naive_utc()),
            identities::linked_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Enters an account for a user, in place of what was before.
pub(super) fn enter(
    conn: &mut Conn,
    user_id: &str,
    issuer: &str,
    account: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    remove(conn, user_id)?;
    diesel::insert_into(identities::table)
        .values((
            identities::user_id.eq(user_id),
            identities::issuer.eq(issuer),
            identities::account.eq(account),
            identities::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes a user's link away; false where there was none.
pub(super) fn remove(conn: &mut Conn, user_id: &str) -> QueryResult<bool> {
    diesel::delete(identities::table.find(user_id))
        .execute(conn)
        .map(|count| count > 0)
}

/// Notes that an attempt has come back; false where it had before.
pub(super) fn use_attempt(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let hash = blake3::hash(id.as_bytes()).to_hex().to_string();
    diesel::sql_query(
        "INSERT INTO sso_attempts (hash, used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(hash)
    .bind::<Timestamp, _>(now.naive_utc())
    .execute(conn)
    .map(|count| count == 1)
}

/// Forgets attempts that are too old to come back.
pub(crate) fn forget_before(conn: &mut Conn, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(sso_attempts::table.filter(sso_attempts::used_at.lt(at.naive_utc())))
        .execute(conn)
}
