//! Rows of deputations.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use shared::deputy::{DeputationState, Span};
use shared::ids::UserId;

use crate::clock::day_of;
use crate::db::Conn;
use crate::schema::{deputations, users};

/// A row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deputations, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct DeputationRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) user_id: String,
    pub(super) deputy_id: String,
    pub(super) first_day: NaiveDate,
    pub(super) last_day: NaiveDate,
    pub(super) reason: Option<String>,
    pub(super) named_by: String,
    pub(super) ended_at: Option<NaiveDateTime>,
    pub(super) version: i64,
    pub(super) created_at: NaiveDateTime,
    pub(super) updated_at: NaiveDateTime,
}

impl DeputationRecord {
    pub(super) const fn span(&self) -> Span {
        Span {
            first: self.first_day,
            last: self.last_day,
        }
    }

    pub(super) fn state(&self, today: NaiveDate) -> DeputationState {
        let ended_on = self.ended_at.map(|at| day_of(at.and_utc()));
        self.span().state(ended_on, today)
    }

    /// Both people.
    pub(super) fn both(&self) -> [UserId; 2] {
        [
            UserId::from(self.user_id.as_str()),
            UserId::from(self.deputy_id.as_str()),
        ]
    }
}

/// Who stands in for whom on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InForce {
    /// Who is absent.
    pub(crate) user_id: UserId,
    /// Who does their work.
    pub(crate) deputy_id: UserId,
    /// The last day.
    pub(crate) last_day: NaiveDate,
}

/// A condition on deputations.
pub(super) type Condition = Box<
    dyn BoxableExpression<
            deputations::table,
            crate::case::scope::Backend,
            SqlType = diesel::sql_types::Bool,
        >,
>;

/// Those that were not ended before their time and last until a day, or longer.
pub(super) fn current(today: NaiveDate) -> Condition {
    Box::new(
        deputations::ended_at
            .is_null()
            .and(deputations::last_day.ge(today)),
    )
}

fn on(day: NaiveDate) -> Condition {
    Box::new(current(day).and(deputations::first_day.le(day)))
}

/// Who stands in for whom on a day, the longest absent in front.
///
/// # Errors
/// The database's own.
pub(crate) fn in_force(conn: &mut Conn, day: NaiveDate) -> QueryResult<Vec<InForce>> {
    let rows: Vec<(String, String, NaiveDate)> = deputations::table
        .filter(on(day))
        .order((deputations::first_day, deputations::id))
        .select((
            deputations::user_id,
            deputations::deputy_id,
            deputations::last_day,
        ))
        .load(conn)?;
    let rows = rows.into_iter();
    let rows = rows.map(|(user, deputy, last_day)| InForce {
        user_id: UserId::new(user),
        deputy_id: UserId::new(deputy),
        last_day,
    });
    Ok(rows.collect())
}

/// Who stands in for any of these today and is not of them: each once, with the name of whom they stand
/// in for.
///
/// # Errors
/// The database's own.
pub(crate) fn beside(
    conn: &mut Conn,
    to: &[UserId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<(UserId, String)>> {
    let absent: Vec<&str> = to.iter().map(UserId::as_str).collect();
    let rows: Vec<(String, String)> = deputations::table
        .filter(on(day_of(now)))
        .filter(deputations::user_id.eq_any(absent))
        .order((deputations::first_day, deputations::id))
        .select((deputations::user_id, deputations::deputy_id))
        .load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let names = names(conn, rows.iter().map(|(user, _)| user.as_str()))?;
    let mut beside: Vec<(UserId, String)> = Vec::new();
    for (user, deputy) in rows {
        let deputy = UserId::new(deputy);
        if !to.contains(&deputy) && beside.iter().all(|(known, _)| *known != deputy) {
            beside.push((deputy, names.get(&user).cloned().unwrap_or_default()));
        }
    }
    Ok(beside)
}

/// The names of users.
pub(super) fn names<'a>(
    conn: &mut Conn,
    ids: impl Iterator<Item = &'a str>,
) -> QueryResult<HashMap<String, String>> {
    let ids: Vec<&str> = ids.collect();
    let rows: Vec<(String, String)> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

pub(super) fn find(
    conn: &mut Conn,
    township: &str,
    id: &str,
) -> QueryResult<Option<DeputationRecord>> {
    deputations::table
        .find(id)
        .filter(deputations::township_id.eq(township))
        .select(DeputationRecord::as_select())
        .first(conn)
        .optional()
}

/// Of a township, all or those of somebody, as either of the two.
pub(super) fn of(township: &str, somebody: Option<&UserId>) -> Condition {
    let here: Condition = Box::new(deputations::township_id.eq(township.to_owned()));
    match somebody.map(|user| user.as_str().to_owned()) {
        Some(user) => Box::new(
            here.and(
                deputations::user_id
                    .eq(user.clone())
                    .or(deputations::deputy_id.eq(user)),
            ),
        ),
        None => here,
    }
}

/// A page, the latest in front, and how many there are.
pub(super) fn page(
    conn: &mut Conn,
    chosen: impl Fn() -> Condition,
    before: Option<&(NaiveDate, String)>,
    limit: i64,
) -> QueryResult<(Vec<DeputationRecord>, i64)> {
    let total = deputations::table
        .filter(chosen())
        .count()
        .get_result(conn)?;
    let mut all = chosen();
    if let Some((day, id)) = before.cloned() {
        let same_day: Condition =
            Box::new(deputations::first_day.eq(day).and(deputations::id.lt(id)));
        let earlier: Condition = Box::new(deputations::first_day.lt(day));
        all = Box::new(all.and(earlier.or(same_day)));
    }
    let records = deputations::table
        .filter(all)
        .order((deputations::first_day.desc(), deputations::id.desc()))
        .limit(limit)
        .select(DeputationRecord::as_select())
        .load(conn)?;
    Ok((records, total))
}

/// What is ahead or in force of somebody's: as the absent, or as either of the two.
pub(super) fn current_of(
    conn: &mut Conn,
    user: &str,
    as_either: bool,
    today: NaiveDate,
) -> QueryResult<Vec<DeputationRecord>> {
    let absent: Condition = Box::new(deputations::user_id.eq(user.to_owned()));
    let whose: Condition = if as_either {
        Box::new(absent.or(deputations::deputy_id.eq(user.to_owned())))
    } else {
        absent
    };
    deputations::table
        .filter(current(today))
        .filter(whose)
        .order((deputations::first_day, deputations::id))
        .select(DeputationRecord::as_select())
        .load(conn)
}

/// Those that have begun on or after a day by now, and those that have ended by themselves since: whose
/// beginning or end is to be told.
pub(super) fn turned(
    conn: &mut Conn,
    since: NaiveDate,
    today: NaiveDate,
) -> QueryResult<Vec<DeputationRecord>> {
    deputations::table
        .filter(deputations::ended_at.is_null())
        .filter(deputations::last_day.ge(since))
        .filter(deputations::first_day.le(today))
        .order((deputations::first_day, deputations::id))
        .select(DeputationRecord::as_select())
        .load(conn)
}

pub(super) fn insert(conn: &mut Conn, record: &DeputationRecord) -> QueryResult<()> {
    diesel::insert_into(deputations::table)
        .values(record)
        .execute(conn)
        .map(drop)
}

/// Writes a row over its version of before; whether that was still there.
pub(super) fn save(conn: &mut Conn, record: &DeputationRecord, seen: i64) -> QueryResult<bool> {
    let row = deputations::table
        .find(&record.id)
        .filter(deputations::version.eq(seen));
    diesel::update(row)
        .set(record)
        .execute(conn)
        .map(|count| count == 1)
}
