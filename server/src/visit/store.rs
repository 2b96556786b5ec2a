//! Rows of visits and promises, and the one condition that says which visits somebody may know of.
//!
//! Narrower than `crate::field::in_field`: that somebody of the same unit wrote it is no way in.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use shared::access::{Actor, FieldFacts};
use shared::case::number::Series;
use shared::ids::{UnitId, UserId};
use shared::role::Role;
use shared::term::Term;
use shared::visit::{PromiseState, VisitKind};

use crate::case::coded::Coded;
use crate::case::scope::{self, Backend};
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::schema::{cases, visit_changes, visit_people, visit_promises, visits};

/// A condition on visits.
pub(crate) type Condition = Box<dyn BoxableExpression<visits::table, Backend, SqlType = Bool>>;

/// A visit as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = visits, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct VisitRecord {
    pub(crate) id: String,
    pub(crate) township_id: String,
    pub(crate) unit_id: String,
    pub(crate) village_id: Option<String>,
    pub(crate) group_id: Option<String>,
    pub(crate) author_id: Option<String>,
    pub(crate) kind: Coded<VisitKind>,
    pub(crate) on_day: NaiveDate,
    pub(crate) claimed_on: Option<NaiveDate>,
    pub(crate) recorded_at: Option<NaiveDateTime>,
    pub(crate) entered_at: NaiveDateTime,
    pub(crate) place: Option<String>,
    pub(crate) heard: String,
    pub(crate) case_id: Option<String>,
    pub(crate) struck_at: Option<NaiveDateTime>,
    pub(crate) struck_by: Option<String>,
    pub(crate) struck_why: Option<String>,
    pub(crate) version: i64,
}

/// A promise as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = visit_promises,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(crate) struct PromiseRecord {
    pub(crate) id: String,
    pub(crate) visit_id: String,
    pub(crate) position: i32,
    pub(crate) what: String,
    pub(crate) due_on: NaiveDate,
    pub(crate) unit_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) state: Coded<PromiseState>,
    pub(crate) closed_on: Option<NaiveDate>,
    pub(crate) closed_text: Option<String>,
    pub(crate) told: Option<String>,
    pub(crate) closed_by: Option<String>,
}

/// What a visit said before a correction.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = visit_changes, treat_none_as_default_value = false)]
pub(crate) struct ChangeRecord {
    pub(crate) id: String,
    pub(crate) visit_id: String,
    pub(crate) at: NaiveDateTime,
    pub(crate) actor_id: String,
    pub(crate) body: String,
}

/// What permission decisions look at. Whoever is to keep a promise has a part in the visit; of a unit
/// that is, everybody who belongs to it.
pub(crate) fn facts(
    visit: &VisitRecord,
    people: &[String],
    promises: &[PromiseRecord],
    names: &Snapshot,
) -> FieldFacts {
    let mut part: Vec<UserId> = people.iter().map(|id| UserId::from(id.as_str())).collect();
    for promise in promises {
        if let Some(id) = &promise.user_id {
            part.push(UserId::from(id.as_str()));
        }
        if let Some(unit) = &promise.unit_id {
            let of_unit = |unit: &str| {
                let unit = UnitId::from(unit);
                let members = names.members();
                members
                    .filter(move |member| member.user.unit_id == unit)
                    .map(|member| member.user.id.clone())
                    .collect::<Vec<_>>()
            };
            part.extend(of_unit(unit));
        }
    }
    part.sort();
    part.dedup();
    FieldFacts {
        township_id: visit.township_id.as_str().into(),
        unit_id: visit.unit_id.as_str().into(),
        village_id: visit.village_id.as_deref().map(UnitId::from),
        author_id: visit.author_id.as_deref().map(UserId::from),
        people: part,
    }
}

/// Cases of visits that are sealed from the actor (条例第三十条): a case may have been sealed after
/// somebody followed it up, and what was heard there must not tell of it. Accusations are few.
///
/// # Errors
/// The database's own.
pub(crate) fn hidden_by_seal(conn: &mut Conn, actor: &Actor) -> QueryResult<Vec<String>> {
    cases::table
        .filter(cases::seal.ne(Series::Open.code()))
        .filter(diesel::dsl::not(scope::not_sealed_from(actor)))
        .filter(
            cases::id
                .nullable()
                .eq_any(visits::table.select(visits::case_id)),
        )
        .select(cases::id)
        .load(conn)
}

/// The rules, for conditions of the type `Condition` around it: a query of visits alone, or one of
/// promises with their visits.
macro_rules! rules {
    () => {
        /// What the actor may know of, as `shared::access::visit_visible` has it, but for visits whose
        /// case was sealed from them since.
        fn in_scope(actor: &Actor) -> Condition {
            let wrote: Condition = Box::new(
                visits::author_id
                    .is_not_null()
                    .and(visits::author_id.eq_any(actor.self_ids()).assume_not_null()),
            );
            let own: Condition = actor.selves().fold(wrote, |own, (user, unit)| {
                let user = user.as_str().to_owned();
                // A part in it: went along, or is to keep a promise.
                let part: Condition = Box::new(
                    sql::<Bool>("visits.id IN (SELECT visit_id FROM visit_people WHERE user_id = ")
                        .bind::<Text, _>(user.clone())
                        .sql(" UNION ALL SELECT visit_id FROM visit_promises WHERE user_id = ")
                        .bind::<Text, _>(user)
                        .sql(" OR unit_id = ")
                        .bind::<Text, _>(unit.as_str().to_owned())
                        .sql(")"),
                );
                Box::new(own.or(part))
            });
            let villages = actor.own_villages();
            let scope: Condition = match actor.role {
                Role::TownshipLeader | Role::CoordinationOffice => Box::new(visits::id.ne("")),
                Role::Auditor | Role::Administrator | Role::CountyOffice => {
                    Box::new(visits::id.eq(""))
                }
                Role::VillageSecretary if !villages.is_empty() => {
                    let here: Condition = Box::new(
                        visits::village_id
                            .is_not_null()
                            .and(visits::village_id.eq_any(villages).assume_not_null()),
                    );
                    Box::new(own.or(here))
                }
                _ => own,
            };
            let township = actor.township_id.as_str().to_owned();
            Box::new(visits::township_id.eq(township).and(scope))
        }

        /// Without visits of these cases.
        fn without(hidden: Vec<String>) -> Condition {
            if hidden.is_empty() {
                return Box::new(visits::id.ne(""));
            }
            let open: Condition = Box::new(visits::case_id.is_null());
            Box::new(open.or(visits::case_id.ne_all(hidden).assume_not_null()))
        }

        /// The visits that the actor may know of. Every list and count of visits for a person starts
        /// from it.
        ///
        /// # Errors
        /// The database's own.
        pub(crate) fn visible_to(conn: &mut Conn, actor: &Actor) -> QueryResult<Condition> {
            let hidden = hidden_by_seal(conn, actor)?;
            Ok(Box::new(in_scope(actor).and(without(hidden))))
        }
    };
}

rules!();

/// The rules for promises with their visits.
pub(crate) mod of_promises {
    use super::*;

    /// Promises with their visits.
    pub(crate) type Source =
        diesel::dsl::InnerJoinQuerySource<visit_promises::table, visits::table>;
    /// A condition on promises and their visits.
    pub(crate) type Condition = Box<dyn BoxableExpression<Source, Backend, SqlType = Bool>>;

    rules!();
}

/// What the table of who has visited where counts for the actor: all of the township that was not
/// struck out, but for what sealing hides.
///
/// # Errors
/// The database's own.
pub(crate) fn countable_by(conn: &mut Conn, actor: &Actor) -> QueryResult<Condition> {
    let hidden = hidden_by_seal(conn, actor)?;
    let counted = counted_in(actor.township_id.as_str());
    Ok(Box::new(counted.and(without(hidden))))
}

/// All of a township that was not struck out.
pub(crate) fn counted_in(township: &str) -> Condition {
    Box::new(
        visits::township_id
            .eq(township.to_owned())
            .and(visits::struck_at.is_null()),
    )
}

pub(crate) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<VisitRecord>> {
    visits::table
        .find(id)
        .select(VisitRecord::as_select())
        .first(conn)
        .optional()
}

pub(crate) fn insert(conn: &mut Conn, visit: &VisitRecord) -> QueryResult<()> {
    diesel::insert_into(visits::table)
        .values(visit)
        .execute(conn)
        .map(drop)
}

/// Saves a visit that was read at `version`; whether it still stood at that.
pub(crate) fn save(conn: &mut Conn, visit: &VisitRecord, version: i64) -> QueryResult<bool> {
    diesel::update(
        visits::table
            .find(&visit.id)
            .filter(visits::version.eq(version)),
    )
    .set(visit)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Who went, by visit, in their order.
pub(crate) fn people(conn: &mut Conn, ids: &[&str]) -> QueryResult<Vec<(String, String)>> {
    visit_people::table
        .filter(visit_people::visit_id.eq_any(ids))
        .order((visit_people::visit_id, visit_people::position))
        .select((visit_people::visit_id, visit_people::user_id))
        .load(conn)
}

/// Who went on one visit.
pub(crate) fn people_of(conn: &mut Conn, id: &str) -> QueryResult<Vec<String>> {
    Ok(people(conn, &[id])?
        .into_iter()
        .map(|(_, user)| user)
        .collect())
}

/// Writes who went.
pub(crate) fn set_people(conn: &mut Conn, id: &str, people: &[UserId]) -> QueryResult<()> {
    diesel::delete(visit_people::table.filter(visit_people::visit_id.eq(id))).execute(conn)?;
    for (position, user) in people.iter().enumerate() {
        let row = (
            visit_people::visit_id.eq(id),
            visit_people::user_id.eq(user.as_str()),
            visit_people::position.eq(i32::try_from(position).unwrap_or(i32::MAX)),
        );
        diesel::insert_into(visit_people::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

/// The promises of visits, in their order.
pub(crate) fn promises(conn: &mut Conn, ids: &[&str]) -> QueryResult<Vec<PromiseRecord>> {
    visit_promises::table
        .filter(visit_promises::visit_id.eq_any(ids))
        .order((visit_promises::visit_id, visit_promises::position))
        .select(PromiseRecord::as_select())
        .load(conn)
}

pub(crate) fn insert_promise(conn: &mut Conn, promise: &PromiseRecord) -> QueryResult<()> {
    diesel::insert_into(visit_promises::table)
        .values(promise)
        .execute(conn)
        .map(drop)
}

pub(crate) fn save_promise(conn: &mut Conn, promise: &PromiseRecord) -> QueryResult<()> {
    diesel::update(visit_promises::table.find(&promise.id))
        .set(promise)
        .execute(conn)
        .map(drop)
}

/// The open promises that somebody is to keep, of visits of a township that stand.
pub(crate) fn promises_of(
    conn: &mut Conn,
    township: &str,
    user: &str,
) -> QueryResult<Vec<PromiseRecord>> {
    visit_promises::table
        .inner_join(visits::table)
        .filter(visits::township_id.eq(township))
        .filter(visits::struck_at.is_null())
        .filter(visit_promises::user_id.eq(user))
        .filter(visit_promises::state.eq(PromiseState::Open.code()))
        .order((visit_promises::due_on, visit_promises::id))
        .select(PromiseRecord::as_select())
        .load(conn)
}

/// Another is to keep a promise. The visit shows it, so its version rises.
pub(crate) fn hand_promise_over(
    conn: &mut Conn,
    promise: &PromiseRecord,
    to: &str,
) -> QueryResult<()> {
    diesel::update(visit_promises::table.find(&promise.id))
        .set(visit_promises::user_id.eq(to))
        .execute(conn)?;
    diesel::update(visits::table.find(&promise.visit_id))
        .set(visits::version.eq(visits::version + 1))
        .execute(conn)
        .map(drop)
}

/// The promises that a unit is still to keep.
pub(crate) fn promises_of_unit(
    conn: &mut Conn,
    township: &str,
    unit: &str,
) -> QueryResult<Vec<PromiseRecord>> {
    visit_promises::table
        .inner_join(visits::table)
        .filter(visits::township_id.eq(township))
        .filter(visits::struck_at.is_null())
        .filter(visit_promises::unit_id.eq(unit))
        .filter(visit_promises::state.eq(PromiseState::Open.code()))
        .order((visit_promises::due_on, visit_promises::id))
        .select(PromiseRecord::as_select())
        .load(conn)
}

/// Another unit is to keep a promise: what the one was merged into. The visit shows it.
pub(crate) fn move_promise(
    conn: &mut Conn,
    promise: &PromiseRecord,
    unit: &str,
) -> QueryResult<()> {
    diesel::update(visit_promises::table.find(&promise.id))
        .set(visit_promises::unit_id.eq(unit))
        .execute(conn)?;
    diesel::update(visits::table.find(&promise.visit_id))
        .set(visits::version.eq(visits::version + 1))
        .execute(conn)
        .map(drop)
}

/// What a visit said before, the last change in front.
pub(crate) fn changes(conn: &mut Conn, id: &str) -> QueryResult<Vec<ChangeRecord>> {
    visit_changes::table
        .filter(visit_changes::visit_id.eq(id))
        .order(visit_changes::id.desc())
        .select(ChangeRecord::as_select())
        .load(conn)
}

pub(crate) fn insert_change(conn: &mut Conn, change: &ChangeRecord) -> QueryResult<()> {
    diesel::insert_into(visit_changes::table)
        .values(change)
        .execute(conn)
        .map(drop)
}

/// The numbers of those of some cases that the actor may know of.
pub(crate) fn numbers(
    conn: &mut Conn,
    actor: &Actor,
    ids: &[String],
) -> QueryResult<Vec<(String, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    cases::table
        .filter(scope::visible_to(actor))
        .filter(cases::id.eq_any(ids))
        .select((cases::id, cases::number))
        .load(conn)
}
