//! Rows of tokens.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use shared::ids::UserId;
use shared::term::Term;
use shared::token::TokenScope;

use super::Known;
use crate::db::{self, Conn};
use crate::schema::api_tokens;

/// A token as it is kept.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens, treat_none_as_default_value = false)]
pub(super) struct TokenRecord {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) hash: String,
    pub(super) hint: String,
    pub(super) name: String,
    pub(super) scopes: String,
    pub(super) addresses: String,
    pub(super) per_minute: i32,
    pub(super) role: String,
    pub(super) token_version: i64,
    pub(super) created_at: NaiveDateTime,
    pub(super) expires_at: NaiveDateTime,
    pub(super) revoked_at: Option<NaiveDateTime>,
    pub(super) last_used_at: Option<NaiveDateTime>,
    pub(super) last_address: Option<String>,
}

impl TokenRecord {
    /// The scopes that this version knows; one that a newer has written is good for nothing here.
    pub(super) fn scopes(&self) -> Vec<TokenScope> {
        let codes = self.scopes.split(' ');
        codes.filter_map(TokenScope::from_code).collect()
    }

    /// As requests are compared with it.
    ///
    /// # Errors
    /// A role or an address that cannot be read: rather no token than one that is good for more.
    pub(super) fn known(self) -> QueryResult<Known> {
        let unreadable = |error: shared::token::NoNet| {
            diesel::result::Error::DeserializationError(Box::new(error))
        };
        let nets = self
            .addresses
            .split_whitespace()
            .map(|net| net.parse().map_err(unreadable))
            .collect::<QueryResult<Vec<_>>>()?;
        Ok(Known {
            scopes: self.scopes(),
            nets,
            per_minute: u32::try_from(self.per_minute).unwrap_or(0),
            expires_at: self.expires_at.and_utc(),
            revoked: self.revoked_at.is_some(),
            role: db::term(&self.role)?,
            id: self.id,
            hash: self.hash,
            owner_id: UserId::new(self.user_id),
            name: self.name,
            token_version: self.token_version,
        })
    }
}

/// All tokens, as requests are compared with them.
///
/// # Errors
/// The database's own.
pub(crate) fn known(conn: &mut Conn) -> QueryResult<Vec<Known>> {
    let records: Vec<TokenRecord> = api_tokens::table
        .select(TokenRecord::as_select())
        .load(conn)?;
    records.into_iter().map(TokenRecord::known).collect()
}

/// How many good tokens somebody has.
pub(super) fn count_good(conn: &mut Conn, user_id: &str, now: DateTime<Utc>) -> QueryResult<i64> {
    api_tokens::table
        .filter(api_tokens::user_id.eq(user_id))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::expires_at.gt(now.naive_utc()))
        .count()
        .get_result(conn)
}

pub(super) fn insert(conn: &mut Conn, token: &TokenRecord) -> QueryResult<()> {
    diesel::insert_into(api_tokens::table)
        .values(token)
        .execute(conn)
        .map(drop)
}

pub(super) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<TokenRecord>> {
    api_tokens::table
        .find(id)
        .select(TokenRecord::as_select())
        .first(conn)
        .optional()
}

/// A page of these people's tokens, newest first, and how many there are.
pub(super) fn of(
    conn: &mut Conn,
    owners: &[String],
    before: Option<&str>,
    limit: u32,
) -> QueryResult<(Vec<TokenRecord>, i64)> {
    let theirs = api_tokens::user_id.eq_any(owners.to_vec());
    let mut query = api_tokens::table
        .filter(theirs.clone())
        .select(TokenRecord::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(api_tokens::id.lt(before.to_owned()));
    }
    let page = query
        .order(api_tokens::id.desc())
        .limit(limit.into())
        .load(conn)?;
    let total = api_tokens::table.filter(theirs).count().get_result(conn)?;
    Ok((page, total))
}

/// Takes a token back.
pub(super) fn revoke(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(api_tokens::table.find(id))
        .set(api_tokens::revoked_at.eq(Some(now.naive_utc())))
        .execute(conn)
        .map(drop)
}

/// Notes a use.
pub(super) fn used(
    conn: &mut Conn,
    id: &str,
    now: DateTime<Utc>,
    address: Option<String>,
) -> QueryResult<()> {
    diesel::update(api_tokens::table.find(id))
        .set((
            api_tokens::last_used_at.eq(Some(now.naive_utc())),
            api_tokens::last_address.eq(address),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets tokens that have been no good for long; the audit log keeps what was done with them.
///
/// # Errors
/// The database's own.
pub(crate) fn forget_before(conn: &mut Conn, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(api_tokens::table.filter(api_tokens::expires_at.lt(at.naive_utc())))
        .execute(conn)
}
