//! Rows of units.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use shared::ids::{UnitId, UserId};
use shared::org::{FormerName, Unit, UnitKind};
use shared::term::Term;

use crate::db::Conn;
use crate::schema::{unit_names, units};

#[derive(Queryable, Selectable)]
#[diesel(table_name = units)]
struct Row {
    id: String,
    parent_id: Option<String>,
    kind: String,
    name: String,
    short_name: Option<String>,
    responsible_user_id: Option<String>,
    lead_user_id: Option<String>,
    position: i32,
    closed: bool,
    version: i64,
    merged_into: Option<String>,
    merged_on: Option<NaiveDate>,
}

impl TryFrom<Row> for Unit {
    type Error = diesel::result::Error;
    fn try_from(row: Row) -> QueryResult<Self> {
        Ok(Self {
            kind: crate::db::term(&row.kind)?,
            id: UnitId::new(row.id),
            parent_id: row.parent_id.map(UnitId::new),
            name: row.name,
            short_name: row.short_name,
            responsible_user_id: row.responsible_user_id.map(UserId::new),
            lead_user_id: row.lead_user_id.map(UserId::new),
            position: row.position,
            closed: row.closed,
            merged_into: row.merged_into.map(UnitId::new),
            merged_on: row.merged_on,
            former_names: Vec::new(),
            version: row.version,
        })
    }
}

/// All units, sisters in order.
pub(crate) fn all(conn: &mut Conn) -> QueryResult<Vec<Unit>> {
    let rows = units::table
        .order((units::position, units::id))
        .select(Row::as_select())
        .load::<Row>(conn)?;
    let mut names = former_names(conn)?;
    rows.into_iter()
        .map(|row| {
            let former_names = names.remove(&row.id).unwrap_or_default();
            Ok(Unit {
                former_names,
                ..row.try_into()?
            })
        })
        .collect()
}

/// The names that units had, the oldest in front. Renaming is rare: few units have any.
fn former_names(conn: &mut Conn) -> QueryResult<HashMap<String, Vec<FormerName>>> {
    let rows: Vec<(String, String, NaiveDate)> = unit_names::table
        .order((unit_names::until, unit_names::id))
        .select((unit_names::unit_id, unit_names::name, unit_names::until))
        .load(conn)?;
    let mut names: HashMap<String, Vec<FormerName>> = HashMap::new();
    for (unit, name, until) in rows {
        let names = names.entry(unit).or_default();
        let from = names.last().map(|before| before.until);
        names.push(FormerName { name, from, until });
    }
    Ok(names)
}

/// Keeps the name that a unit had until a day; nothing where it had that of another of its names for
/// no whole day.
pub(super) fn keep_name(conn: &mut Conn, unit: &Unit, until: NaiveDate) -> QueryResult<()> {
    if unit
        .former_names
        .last()
        .is_some_and(|last| last.until >= until)
    {
        return Ok(());
    }
    diesel::insert_into(unit_names::table)
        .values((
            unit_names::id.eq(crate::ids::new_id()),
            unit_names::unit_id.eq(unit.id.as_str()),
            unit_names::name.eq(&unit.name),
            unit_names::until.eq(until),
        ))
        .execute(conn)
        .map(drop)
}

/// A unit's id with those of all that were merged into it, by way of others, too.
///
/// # Errors
/// The database's own.
pub(crate) fn with_former(conn: &mut Conn, id: String) -> QueryResult<Vec<String>> {
    let merged: Vec<(String, Option<String>)> = units::table
        .filter(units::merged_into.is_not_null())
        .select((units::id, units::merged_into))
        .load(conn)?;
    let mut found = vec![id];
    let mut at = 0;
    while let Some(into) = found.get(at).cloned() {
        let into = Some(into);
        for (unit, _) in merged.iter().filter(|(_, of)| *of == into) {
            if !found.contains(unit) {
                found.push(unit.clone());
            }
        }
        at += 1;
    }
    Ok(found)
}

pub(super) fn one(conn: &mut Conn, id: &UnitId) -> QueryResult<Option<Unit>> {
    let row = units::table
        .find(id.as_str())
        .select(Row::as_select())
        .first::<Row>(conn);
    let Some(unit) = row.optional()?.map(Unit::try_from).transpose()? else {
        return Ok(None);
    };
    let former_names = former_names(conn)?.remove(id.as_str()).unwrap_or_default();
    Ok(Some(Unit {
        former_names,
        ..unit
    }))
}

/// Adds a unit as it is.
pub(crate) fn insert(conn: &mut Conn, unit: &Unit, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(units::table)
        .values((
            units::id.eq(unit.id.as_str()),
            units::parent_id.eq(unit.parent_id.as_ref().map(UnitId::as_str)),
            units::kind.eq(UnitKind::code(unit.kind)),
            units::name.eq(&unit.name),
            units::short_name.eq(&unit.short_name),
            units::responsible_user_id.eq(unit.responsible_user_id.as_ref().map(UserId::as_str)),
            units::lead_user_id.eq(unit.lead_user_id.as_ref().map(UserId::as_str)),
            units::position.eq(unit.position),
            units::closed.eq(unit.closed),
            units::version.eq(unit.version),
            units::created_at.eq(now.naive_utc()),
            units::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)
}

/// Puts a unit below another.
pub(super) fn put_below(
    conn: &mut Conn,
    id: &UnitId,
    above: &UnitId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(units::table.find(id.as_str()))
        .set((
            units::parent_id.eq(above.as_str()),
            units::version.eq(units::version + 1),
            units::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Writes the fields that can change, if the version is still `seen`; false otherwise.
pub(crate) fn update(
    conn: &mut Conn,
    unit: &Unit,
    seen: i64,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let current = units::id.eq(unit.id.as_str()).and(units::version.eq(seen));
    let changed = diesel::update(units::table.filter(current))
        .set((
            units::name.eq(&unit.name),
            units::short_name.eq(&unit.short_name),
            units::responsible_user_id.eq(unit.responsible_user_id.as_ref().map(UserId::as_str)),
            units::lead_user_id.eq(unit.lead_user_id.as_ref().map(UserId::as_str)),
            units::position.eq(unit.position),
            units::closed.eq(unit.closed),
            units::parent_id.eq(unit.parent_id.as_ref().map(UnitId::as_str)),
            units::merged_into.eq(unit.merged_into.as_ref().map(UnitId::as_str)),
            units::merged_on.eq(unit.merged_on),
            units::version.eq(unit.version),
            units::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)?;
    Ok(changed == 1)
}

/// The units that name somebody, closed ones left out, in the order of [`all`].
pub(crate) fn naming(conn: &mut Conn, user: &str) -> QueryResult<Vec<Unit>> {
    let rows = units::table
        .filter(units::closed.eq(false))
        .filter(
            units::responsible_user_id
                .eq(user)
                .or(units::lead_user_id.eq(user)),
        )
        .order((units::position, units::id))
        .select(Row::as_select())
        .load::<Row>(conn)?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// Whether an account that is in use belongs to the unit.
pub(super) fn has_active_users(conn: &mut Conn, id: &UnitId) -> QueryResult<bool> {
    use crate::schema::users;
    let active = users::unit_id
        .eq(id.as_str())
        .and(users::disabled.eq(false));
    let one = users::table
        .filter(active)
        .select(users::id)
        .first::<String>(conn);
    one.optional().map(|one| one.is_some())
}
