//! Rows of users.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::account::User;
use shared::ids::{UnitId, UserId};
use shared::term::Term;

use crate::db::Conn;
use crate::schema::users;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: String,
    username: String,
    name: String,
    role: String,
    unit_id: String,
    duty: Option<String>,
    disabled: bool,
    must_change_password: bool,
    second_factor: bool,
    service: bool,
    version: i64,
    token_version: i64,
}

impl Row {
    fn into_user(self) -> QueryResult<(User, i64)> {
        let user = User {
            role: crate::db::term(&self.role)?,
            id: UserId::new(self.id),
            username: self.username,
            name: self.name,
            unit_id: UnitId::new(self.unit_id),
            duty: self.duty,
            disabled: self.disabled,
            must_change_password: self.must_change_password,
            second_factor: self.second_factor,
            service: self.service,
            version: self.version,
            deputations_ended: None,
        };
        Ok((user, self.token_version))
    }
}

/// The form in which user names are compared: `Li` and `li` are one.
pub(crate) fn username_key(username: &str) -> String {
    // Nobody's name has a NUL, and PostgreSQL takes none.
    username.trim().to_lowercase().replace('\0', "\u{fffd}")
}

/// All users, each with the token version.
pub(crate) fn all(conn: &mut Conn) -> QueryResult<Vec<(User, i64)>> {
    let rows = users::table
        .order(users::id)
        .select(Row::as_select())
        .load::<Row>(conn)?;
    rows.into_iter().map(Row::into_user).collect()
}

/// Whether there is any.
pub(crate) fn is_empty(conn: &mut Conn) -> QueryResult<bool> {
    users::table
        .select(users::id)
        .first::<String>(conn)
        .optional()
        .map(|one| one.is_none())
}

pub(crate) fn one(conn: &mut Conn, id: &UserId) -> QueryResult<Option<User>> {
    let row = users::table
        .find(id.as_str())
        .select(Row::as_select())
        .first::<Row>(conn);
    Ok(row
        .optional()?
        .map(Row::into_user)
        .transpose()?
        .map(|(user, _)| user))
}

pub(crate) fn by_username(conn: &mut Conn, username: &str) -> QueryResult<Option<User>> {
    let row = users::table
        .filter(users::username_key.eq(username_key(username)))
        .select(Row::as_select())
        .first::<Row>(conn);
    Ok(row
        .optional()?
        .map(Row::into_user)
        .transpose()?
        .map(|(user, _)| user))
}

/// Adds a user as it is.
pub(crate) fn insert(
    conn: &mut Conn,
    user: &User,
    password_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.as_str()),
            users::username.eq(&user.username),
            users::username_key.eq(username_key(&user.username)),
            users::name.eq(&user.name),
            users::role.eq(user.role.code()),
            users::unit_id.eq(user.unit_id.as_str()),
            users::duty.eq(&user.duty),
            users::password_hash.eq(password_hash),
            users::must_change_password.eq(user.must_change_password),
            users::disabled.eq(user.disabled),
            users::service.eq(user.service),
            users::version.eq(user.version),
            users::created_at.eq(now.naive_utc()),
            users::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)
}

/// Writes the fields that an administrator can change, if the version is still `seen`.
pub(super) fn update(
    conn: &mut Conn,
    user: &User,
    seen: i64,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let current = users::id.eq(user.id.as_str()).and(users::version.eq(seen));
    let changed = diesel::update(users::table.filter(current))
        .set((
            users::name.eq(&user.name),
            users::role.eq(user.role.code()),
            users::unit_id.eq(user.unit_id.as_str()),
            users::duty.eq(&user.duty),
            users::disabled.eq(user.disabled),
            users::version.eq(user.version),
            users::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)?;
    Ok(changed == 1)
}

/// Those of these users who are persons: a program reads no notices.
pub(crate) fn persons(conn: &mut Conn, ids: &[UserId]) -> QueryResult<Vec<UserId>> {
    let asked: Vec<&str> = ids.iter().map(UserId::as_str).collect();
    let programs: Vec<String> = users::table
        .filter(users::id.eq_any(asked))
        .filter(users::service.eq(true))
        .select(users::id)
        .load(conn)?;
    let mut persons = ids.to_vec();
    persons.retain(|id| programs.iter().all(|program| program != id.as_str()));
    Ok(persons)
}

/// How many users belong to a unit, the disabled ones among them.
pub(crate) fn count_of(conn: &mut Conn, unit: &str) -> QueryResult<i64> {
    users::table
        .filter(users::unit_id.eq(unit))
        .count()
        .get_result(conn)
}

/// Moves all users of a unit to another, and tells whose account is in use of both.
pub(crate) fn move_all(
    conn: &mut Conn,
    from: &str,
    into: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<UserId>> {
    diesel::update(users::table.filter(users::unit_id.eq(from)))
        .set((
            users::unit_id.eq(into),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)?;
    let there: Vec<String> = users::table
        .filter(users::unit_id.eq(into))
        .filter(users::disabled.eq(false))
        .order(users::id)
        .select(users::id)
        .load(conn)?;
    Ok(there.into_iter().map(UserId::new).collect())
}

/// Sets the password. Raises the version, for `must_change_password` is part of the item.
pub(crate) fn set_password(
    conn: &mut Conn,
    id: &str,
    password_hash: &str,
    must_change: bool,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(password_hash),
            users::must_change_password.eq(must_change),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)
}
