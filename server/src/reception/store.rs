//! Rows of reception days and of who came.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::access::Actor;
use shared::case::number::Series;
use shared::ids::UserId;
use shared::reception::ComerKind;
use shared::term::Term;

use crate::case::coded::Coded;
use crate::case::scope::{self, Backend};
use crate::db::Conn;
use crate::schema::{cases, reception_comers, reception_days, reception_staff};

/// A condition on reception days.
pub(crate) type Condition =
    Box<dyn BoxableExpression<reception_days::table, Backend, SqlType = Bool>>;

/// A reception day as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = reception_days,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(crate) struct DayRecord {
    pub(crate) id: String,
    pub(crate) township_id: String,
    pub(crate) on_day: NaiveDate,
    pub(crate) from_time: String,
    pub(crate) to_time: String,
    pub(crate) place: String,
    pub(crate) leader_id: String,
    pub(crate) instead_of: Option<String>,
    pub(crate) notice: Option<String>,
    pub(crate) cancelled: bool,
    pub(crate) reason: Option<String>,
    pub(crate) instead_on: Option<NaiveDate>,
    pub(crate) author_id: Option<String>,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) version: i64,
}

/// Somebody who came, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reception_comers, treat_none_as_default_value = false)]
pub(crate) struct ComerRecord {
    pub(crate) id: String,
    pub(crate) day_id: String,
    pub(crate) kind: Coded<ComerKind>,
    pub(crate) at: NaiveDateTime,
    pub(crate) recorded_at: Option<NaiveDateTime>,
    pub(crate) received_by: String,
    pub(crate) author_id: String,
    pub(crate) case_id: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) answer: Option<String>,
}

/// The reception days of the actor's township.
pub(crate) fn of_township(actor: &Actor) -> Condition {
    Box::new(reception_days::township_id.eq(actor.township_id.as_str().to_owned()))
}

/// Of them, those on which somebody is on duty.
pub(crate) fn on_duty(users: Vec<String>) -> Condition {
    let beside = reception_staff::table
        .filter(reception_staff::user_id.eq_any(users.clone()))
        .select(reception_staff::day_id);
    Box::new(
        reception_days::leader_id
            .eq_any(users)
            .or(reception_days::id.eq_any(beside)),
    )
}

pub(crate) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<DayRecord>> {
    reception_days::table
        .find(id)
        .select(DayRecord::as_select())
        .first(conn)
        .optional()
}

/// The days of a township from one to another that were not called off.
pub(crate) fn taken_between(
    conn: &mut Conn,
    township: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<NaiveDate>> {
    reception_days::table
        .filter(reception_days::township_id.eq(township))
        .filter(reception_days::cancelled.eq(false))
        .filter(reception_days::on_day.ge(from))
        .filter(reception_days::on_day.le(to))
        .order(reception_days::on_day)
        .select(reception_days::on_day)
        .load(conn)
}

/// The days of a township from one on that were not called off, on which somebody is on duty.
pub(crate) fn duties_from(
    conn: &mut Conn,
    township: &str,
    user: &UserId,
    from: NaiveDate,
) -> QueryResult<Vec<DayRecord>> {
    reception_days::table
        .filter(reception_days::township_id.eq(township))
        .filter(reception_days::cancelled.eq(false))
        .filter(reception_days::on_day.ge(from))
        .filter(on_duty(vec![user.to_string()]))
        .order((reception_days::on_day, reception_days::id))
        .select(DayRecord::as_select())
        .load(conn)
}

/// The days of all townships from one to another that were not called off.
pub(super) fn standing_between(
    conn: &mut Conn,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<DayRecord>> {
    reception_days::table
        .filter(reception_days::cancelled.eq(false))
        .filter(reception_days::on_day.ge(from))
        .filter(reception_days::on_day.le(to))
        .order((reception_days::on_day, reception_days::id))
        .select(DayRecord::as_select())
        .load(conn)
}

pub(crate) fn insert(conn: &mut Conn, day: &DayRecord) -> QueryResult<()> {
    diesel::insert_into(reception_days::table)
        .values(day)
        .execute(conn)
        .map(drop)
}

/// Saves a day that was read at `version`; whether it still stood at that.
pub(crate) fn save(conn: &mut Conn, day: &DayRecord, version: i64) -> QueryResult<bool> {
    diesel::update(
        reception_days::table
            .find(&day.id)
            .filter(reception_days::version.eq(version)),
    )
    .set(day)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Staff beside the leader, by day, in their order.
pub(crate) fn staff(conn: &mut Conn, ids: &[&str]) -> QueryResult<Vec<(String, String)>> {
    reception_staff::table
        .filter(reception_staff::day_id.eq_any(ids))
        .order((reception_staff::day_id, reception_staff::position))
        .select((reception_staff::day_id, reception_staff::user_id))
        .load(conn)
}

/// Staff of one day.
pub(crate) fn staff_of(conn: &mut Conn, id: &str) -> QueryResult<Vec<String>> {
    Ok(staff(conn, &[id])?
        .into_iter()
        .map(|(_, user)| user)
        .collect())
}

/// Writes who is on duty beside the leader.
pub(crate) fn set_staff(conn: &mut Conn, id: &str, staff: &[UserId]) -> QueryResult<()> {
    diesel::delete(reception_staff::table.filter(reception_staff::day_id.eq(id))).execute(conn)?;
    let mut written: Vec<&UserId> = Vec::new();
    for (position, user) in staff.iter().enumerate() {
        if written.contains(&user) {
            continue;
        }
        written.push(user);
        let row = (
            reception_staff::day_id.eq(id),
            reception_staff::user_id.eq(user.as_str()),
            reception_staff::position.eq(i32::try_from(position).unwrap_or(i32::MAX)),
        );
        diesel::insert_into(reception_staff::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

pub(crate) fn insert_comer(conn: &mut Conn, comer: &ComerRecord) -> QueryResult<()> {
    diesel::insert_into(reception_comers::table)
        .values(comer)
        .execute(conn)
        .map(drop)
}

/// Whether anybody came, sealed or not.
pub(crate) fn has_comers(conn: &mut Conn, day: &str) -> QueryResult<bool> {
    let first: Option<String> = reception_comers::table
        .filter(reception_comers::day_id.eq(day))
        .select(reception_comers::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Who came on some days, in order, without those whose case is sealed from the actor
/// (条例第三十条): not a number, not a count tells of them.
pub(crate) fn comers(
    conn: &mut Conn,
    actor: &Actor,
    days: &[&str],
) -> QueryResult<Vec<ComerRecord>> {
    let all: Vec<ComerRecord> = reception_comers::table
        .filter(reception_comers::day_id.eq_any(days))
        .order((reception_comers::day_id, reception_comers::id))
        .select(ComerRecord::as_select())
        .load(conn)?;
    let ids: Vec<&str> = all.iter().filter_map(|c| c.case_id.as_deref()).collect();
    if ids.is_empty() {
        return Ok(all);
    }
    let sealed: Vec<String> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(cases::seal.ne(Series::Open.code()))
        .filter(diesel::dsl::not(scope::not_sealed_from(actor)))
        .select(cases::id)
        .load(conn)?;
    Ok(all
        .into_iter()
        .filter(|comer| {
            comer
                .case_id
                .as_ref()
                .is_none_or(|case| !sealed.contains(case))
        })
        .collect())
}

/// The days on which somebody came about a case.
pub(crate) fn of_case(conn: &mut Conn, case: &str) -> QueryResult<Vec<(ComerRecord, DayRecord)>> {
    let comers: Vec<ComerRecord> = reception_comers::table
        .filter(reception_comers::case_id.eq(case))
        .order(reception_comers::id.desc())
        .select(ComerRecord::as_select())
        .load(conn)?;
    let ids: Vec<&str> = comers.iter().map(|comer| comer.day_id.as_str()).collect();
    let days: Vec<DayRecord> = reception_days::table
        .filter(reception_days::id.eq_any(ids))
        .select(DayRecord::as_select())
        .load(conn)?;
    Ok(comers
        .into_iter()
        .filter_map(|comer| {
            let day = days.iter().find(|day| day.id == comer.day_id)?.clone();
            Some((comer, day))
        })
        .collect())
}
