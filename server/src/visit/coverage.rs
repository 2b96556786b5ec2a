//! Who has visited where and when last, and what each week still asks for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Actor, Facts, can};
use shared::case::view::Named;
use shared::ids::{UnitId, UserId};
use shared::org::{Unit, UnitKind};
use shared::role::Role;
use shared::validate::Errors;
use shared::visit::VisitDeed;
use shared::visit::duty::{MAX_WEEKS, monday, remind_on, sunday, weeks};
use shared::visit::view::{Coverage, CoverageCell, CoverageRow, CoverageWeek, DutyOf, DutyUnit};

use super::store::{self, Condition};
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::schema::visits;

/// How many weeks are shown when nobody says.
const USUAL_WEEKS: u64 = 8;

/// The query string of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverageQuery {
    /// 从这一天所在的一周起；默认八周
    from: Option<NaiveDate>,
    /// 到这一天所在的一周；默认本周
    to: Option<NaiveDate>,
    /// 只看本人负责的村和社
    mine: Option<bool>,
}

/// A visit as the table counts it.
struct Counted {
    village: Option<String>,
    group: Option<String>,
    on: NaiveDate,
    people: Vec<UserId>,
}

/// The members of staff who are to visit a unit: of a village the leader (包村领导), the first
/// responsible person and the secretary; of a group the cadre (包社干部).
pub(super) fn responsible(names: &Snapshot, unit: &Unit) -> Vec<UserId> {
    let mut users: Vec<UserId> = Vec::new();
    let mut add = |id: &UserId| {
        let active = names
            .member(id)
            .is_some_and(|member| member.user.is_active_person());
        if active && !users.contains(id) {
            users.push(id.clone());
        }
    };
    if let Some(id) = &unit.lead_user_id {
        add(id);
    }
    if unit.kind == UnitKind::Village {
        if let Some(id) = &unit.responsible_user_id {
            add(id);
        }
        let mut secretaries: Vec<&UserId> = names
            .members()
            .filter(|m| m.user.role == Role::VillageSecretary && m.user.unit_id == unit.id)
            .map(|m| &m.user.id)
            .collect();
        secretaries.sort();
        for id in secretaries {
            add(id);
        }
    }
    users
}

/// The open villages of a township, each followed by its open groups.
fn units<'a>(names: &'a Snapshot, township: &UnitId) -> Vec<&'a Unit> {
    let open = |unit: &&Unit| !unit.closed && names.is_within(&unit.id, township);
    let villages = names
        .units()
        .iter()
        .filter(open)
        .filter(|unit| unit.kind == UnitKind::Village);
    let mut units = Vec::new();
    for village in villages {
        units.push(village);
        let groups = names.units().iter().filter(open);
        units.extend(groups.filter(|unit| {
            unit.kind == UnitKind::Group && unit.parent_id.as_ref() == Some(&village.id)
        }));
    }
    units
}

/// Whether it is for the actor to go there, by themself or for somebody.
fn is_responsible(actor: &Actor, responsible: &[UserId]) -> bool {
    responsible.iter().any(|user| actor.is_self(user))
}

/// Whether the actor may see a unit's row: leaders, office and auditor every one, a secretary the own
/// village's, everybody those that they are responsible for or belong to.
fn sees(names: &Snapshot, actor: &Actor, unit: &Unit) -> bool {
    match actor.role {
        Role::TownshipLeader | Role::CoordinationOffice | Role::Auditor => true,
        Role::VillageSecretary
            if actor
                .own_villages()
                .into_iter()
                .any(|village| names.is_within(&unit.id, &UnitId::new(village))) =>
        {
            true
        }
        _ => {
            actor.selves().any(|(_, own)| unit.id == *own)
                || is_responsible(actor, &responsible(names, unit))
        }
    }
}

/// The visits from one day to another that a condition leaves.
fn counted(
    conn: &mut Conn,
    names: &Snapshot,
    condition: Condition,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<Counted>> {
    type Row = (String, Option<String>, Option<String>, NaiveDate);
    let rows: Vec<Row> = visits::table
        .filter(condition)
        .filter(visits::on_day.ge(from))
        .filter(visits::on_day.le(to))
        .select((
            visits::id,
            visits::village_id,
            visits::group_id,
            visits::on_day,
        ))
        .load(conn)?;
    let mut people: BTreeMap<String, Vec<UserId>> = BTreeMap::new();
    for some in rows.chunks(500) {
        let ids: Vec<&str> = some.iter().map(|row| row.0.as_str()).collect();
        for (visit, user) in store::people(conn, &ids)? {
            people.entry(visit).or_default().push(UserId::new(user));
        }
    }
    Ok(rows
        .into_iter()
        .map(|(id, village, group, on)| Counted {
            people: people.remove(&id).unwrap_or_default(),
            // Of what the place was part of on that day.
            village: village.map(|id| names.unit_as_of(&id.into(), on).into_string()),
            group: group.map(|id| names.unit_as_of(&id.into(), on).into_string()),
            on,
        })
        .collect())
}

fn is_to(visit: &Counted, unit: &Unit) -> bool {
    let place = match unit.kind {
        UnitKind::Group => &visit.group,
        _ => &visit.village,
    };
    place.as_deref() == Some(unit.id.as_str())
}

/// How many visits a unit had in a week, and by whom.
fn cell(
    names: &Snapshot,
    all: &[Counted],
    unit: &Unit,
    own: &[UserId],
    week: (NaiveDate, bool),
    per_week: u32,
) -> CoverageCell {
    let (from, duty) = week;
    let to = sunday(from);
    let mut cell = CoverageCell::default();
    let mut by: BTreeSet<&str> = BTreeSet::new();
    for visit in all {
        if !is_to(visit, unit) || visit.on < from || visit.on > to {
            continue;
        }
        cell.visits += 1;
        cell.own += u32::from(visit.people.iter().any(|user| own.contains(user)));
        by.extend(visit.people.iter().map(|user| names.user_name(user)));
    }
    cell.by = by.into_iter().map(str::to_owned).collect();
    cell.done = (duty && !own.is_empty()).then_some(cell.own >= per_week);
    cell
}

/// The last day on which each village or group was visited.
fn last_days(
    conn: &mut Conn,
    names: &Snapshot,
    condition: impl Fn(&mut Conn) -> QueryResult<Condition>,
) -> QueryResult<BTreeMap<String, NaiveDate>> {
    type Row = (Option<String>, Option<NaiveDate>);
    let by_village = condition(conn)?;
    let by_group = condition(conn)?;
    let mut rows: Vec<Row> = visits::table
        .filter(by_village)
        .group_by(visits::village_id)
        .select((visits::village_id, diesel::dsl::max(visits::on_day)))
        .load(conn)?;
    let groups: Vec<Row> = visits::table
        .filter(by_group)
        .group_by(visits::group_id)
        .select((visits::group_id, diesel::dsl::max(visits::on_day)))
        .load(conn)?;
    rows.extend(groups);
    let mut last: BTreeMap<String, NaiveDate> = BTreeMap::new();
    for (unit, day) in rows {
        if let (Some(unit), Some(day)) = (unit, day) {
            let unit = names.unit_now(&unit.into()).into_string();
            let known = last.entry(unit).or_insert(day);
            *known = day.max(*known);
        }
    }
    Ok(last)
}

/// The table.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn table(
    conn: &mut Conn,
    desk: &Desk,
    query: &CoverageQuery,
) -> Result<Coverage, Error> {
    can(&desk.actor, Action::Visit(VisitDeed::Coverage), Facts::None)?;
    let today = desk.context.today();
    let to = query.to.unwrap_or(today);
    let from = query.from.unwrap_or_else(|| {
        monday(to)
            .checked_sub_days(Days::new(7 * (USUAL_WEEKS - 1)))
            .unwrap_or(to)
    });
    let mut errors = Errors::new();
    let span = monday(to).signed_duration_since(monday(from)).num_days() / 7;
    if span < 0 {
        errors.add("to", "before_start", "结束日期不能早于开始日期。");
    } else if usize::try_from(span).is_ok_and(|span| span >= MAX_WEEKS) {
        let message = format!("一次最多看{MAX_WEEKS}周。");
        errors.add("from", "too_early", message);
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let calendar = desk.calendar();
    let weeks: Vec<(NaiveDate, bool)> = weeks(from, to)
        .into_iter()
        .map(|week| (week, remind_on(week, &calendar).is_some()))
        .collect();
    let names = &*desk.names;
    let per_week = desk.general().visits_per_week;
    let (Some((first, _)), Some((last, _))) = (weeks.first(), weeks.last()) else {
        return Err(Error::Damaged("no week".to_owned()));
    };
    let condition = store::countable_by(conn, &desk.actor)?;
    let all = counted(conn, names, condition, *first, sunday(*last))?;
    let days = last_days(conn, names, |conn| {
        let condition = store::countable_by(conn, &desk.actor)?;
        Ok(Box::new(condition.and(visits::on_day.le(today))))
    })?;
    let mine = query.mine == Some(true);
    let mut rows = Vec::new();
    let mut duties: BTreeMap<UserId, Vec<DutyUnit>> = BTreeMap::new();
    for unit in units(names, &desk.actor.township_id) {
        let own = responsible(names, unit);
        if !sees(names, &desk.actor, unit) || (mine && !is_responsible(&desk.actor, &own)) {
            continue;
        }
        let cells: Vec<CoverageCell> = weeks
            .iter()
            .map(|week| cell(names, &all, unit, &own, *week, per_week))
            .collect();
        let last_on = days.get(unit.id.as_str()).copied();
        let days_since = last_on.map(|day| today.signed_duration_since(day).num_days());
        for user in &own {
            if mine && !desk.actor.is_self(user) {
                continue;
            }
            duties.entry(user.clone()).or_default().push(DutyUnit {
                unit: Named {
                    id: unit.id.as_str().to_owned(),
                    name: full_name(names, unit),
                },
                done: cells.last().and_then(|cell| cell.done),
                days_since,
            });
        }
        rows.push(CoverageRow {
            unit: Named {
                id: unit.id.as_str().to_owned(),
                name: unit.name.clone(),
            },
            village_id: match unit.kind {
                UnitKind::Group => unit.parent_id.as_ref().map(|id| id.as_str().to_owned()),
                _ => None,
            },
            responsible: own
                .iter()
                .filter_map(|id| desk.user(Some(id.as_str())))
                .collect(),
            cells,
            last_on,
            days_since,
        });
    }
    let owed = rows
        .iter()
        .filter(|row| row.cells.last().and_then(|cell| cell.done) == Some(false))
        .count();
    Ok(Coverage {
        total: u64::try_from(owed).unwrap_or(u64::MAX),
        today,
        per_week,
        weeks: weeks
            .iter()
            .map(|(week, duty)| CoverageWeek {
                from: *week,
                to: sunday(*week),
                duty: *duty,
            })
            .collect(),
        rows,
        leaders: leaders(names, duties),
    })
}

/// A week of a village or group that was to be visited.
pub(crate) struct Week {
    /// Which.
    pub(crate) unit: UnitId,
    /// The week's last day.
    pub(crate) to: NaiveDate,
    /// How often those responsible went.
    pub(crate) visits: u32,
    /// Whether that is often enough.
    pub(crate) done: bool,
}

/// Whole weeks within a period in which villages and groups were to be visited, as far as the actor
/// sees their rows in the table. Who is responsible is who is so now.
///
/// # Errors
/// The database's own.
pub(crate) fn weeks_done(
    conn: &mut Conn,
    desk: &Desk,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<Week>> {
    if can(&desk.actor, Action::Visit(VisitDeed::Coverage), Facts::None).is_err() {
        return Ok(Vec::new());
    }
    let calendar = desk.calendar();
    let mut mondays = Vec::new();
    let mut week = monday(from);
    while sunday(week) <= to {
        if week >= from && remind_on(week, &calendar).is_some() {
            mondays.push(week);
        }
        match week.checked_add_days(Days::new(7)) {
            Some(next) => week = next,
            None => break,
        }
    }
    let (Some(first), Some(last)) = (mondays.first(), mondays.last()) else {
        return Ok(Vec::new());
    };
    let names = &*desk.names;
    let condition = store::countable_by(conn, &desk.actor)?;
    let all = counted(conn, names, condition, *first, sunday(*last))?;
    let units = units(names, &desk.actor.township_id).into_iter();
    let seen: Vec<(&Unit, Vec<UserId>)> = units
        .filter(|unit| sees(names, &desk.actor, unit))
        .map(|unit| (unit, responsible(names, unit)))
        .filter(|(_, own)| !own.is_empty())
        .collect();
    let by_id: BTreeMap<&str, &[UserId]> = seen
        .iter()
        .map(|(unit, own)| (unit.id.as_str(), own.as_slice()))
        .collect();
    // How often those responsible went to each, week by week.
    let mut went: BTreeMap<(&str, NaiveDate), u32> = BTreeMap::new();
    for visit in &all {
        for place in [&visit.village, &visit.group].into_iter().flatten() {
            let own = by_id.get_key_value(place.as_str());
            if let Some((id, own)) = own
                && visit.people.iter().any(|user| own.contains(user))
            {
                *went.entry((id, monday(visit.on))).or_default() += 1;
            }
        }
    }
    let per_week = desk.general().visits_per_week;
    let mut weeks = Vec::with_capacity(seen.len() * mondays.len());
    for (unit, _) in &seen {
        for monday in &mondays {
            let visits = went.get(&(unit.id.as_str(), *monday)).copied();
            let visits = visits.unwrap_or(0);
            weeks.push(Week {
                unit: unit.id.clone(),
                to: sunday(*monday),
                visits,
                done: visits >= per_week,
            });
        }
    }
    Ok(weeks)
}

/// A group with its village's name.
pub(crate) fn full_name(names: &Snapshot, unit: &Unit) -> String {
    match (unit.kind, &unit.parent_id) {
        (UnitKind::Group, Some(village)) => {
            format!("{}{}", names.unit_name(village), unit.name)
        }
        _ => unit.name.clone(),
    }
}

/// By who is responsible: those who still owe most in front.
fn leaders(names: &Snapshot, duties: BTreeMap<UserId, Vec<DutyUnit>>) -> Vec<DutyOf> {
    let mut leaders: Vec<DutyOf> = duties
        .into_iter()
        .map(|(user, units)| DutyOf {
            user: Named {
                name: names.user_name(&user).to_owned(),
                id: user.into_string(),
            },
            owed: owed(&units),
            units,
        })
        .collect();
    leaders.sort_by(|a, b| (b.owed, &a.user.name).cmp(&(a.owed, &b.user.name)));
    leaders
}

fn owed(units: &[DutyUnit]) -> u32 {
    let owed = units.iter().filter(|unit| unit.done == Some(false)).count();
    u32::try_from(owed).unwrap_or(u32::MAX)
}

/// A unit that a week still asks visits of, and who is to go.
pub(super) struct Owed<'a> {
    pub(super) unit: &'a Unit,
    pub(super) by: Vec<UserId>,
}

/// The units of a township that the week of a day still asks visits of.
///
/// # Errors
/// The database's own.
pub(super) fn owed_in<'a>(
    conn: &mut Conn,
    names: &'a Snapshot,
    township: &UnitId,
    today: NaiveDate,
    condition: Condition,
) -> QueryResult<Vec<Owed<'a>>> {
    let week = monday(today);
    if remind_on(week, &names.calendar(township.as_str())).is_none() {
        return Ok(Vec::new());
    }
    let all = counted(conn, names, condition, week, sunday(week))?;
    let per_week = names.general(township).visits_per_week;
    let mut owed = Vec::new();
    for unit in units(names, township) {
        let by = responsible(names, unit);
        let done = cell(names, &all, unit, &by, (week, true), per_week).done;
        if done == Some(false) {
            owed.push(Owed { unit, by });
        }
    }
    Ok(owed)
}

/// The villages and groups that the caller is still to visit this week, by name.
///
/// # Errors
/// The database's own.
pub(super) fn owed_by(conn: &mut Conn, desk: &Desk) -> QueryResult<Vec<String>> {
    let has_any = units(&desk.names, &desk.actor.township_id)
        .iter()
        .any(|unit| is_responsible(&desk.actor, &responsible(&desk.names, unit)));
    if !has_any {
        return Ok(Vec::new());
    }
    let condition = store::countable_by(conn, &desk.actor)?;
    let owed = owed_in(
        conn,
        &desk.names,
        &desk.actor.township_id,
        desk.context.today(),
        condition,
    )?;
    Ok(owed
        .into_iter()
        .filter(|owed| is_responsible(&desk.actor, &owed.by))
        .map(|owed| full_name(&desk.names, owed.unit))
        .collect())
}
