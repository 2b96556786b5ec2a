//! Merging a unit into another (行政村合并, 站所合并): what is still to be done goes over in one transaction,
//! what was done keeps the unit of its time.
//!
//! Nothing of the past is rewritten. Cases, visits and reports go on naming the unit where they were;
//! who is of the unit that stays is of both ([`shared::access::Actor::former_units`]), in sight, in filters
//! and under seals alike, and figures as of a day count by the units of that day
//! ([`crate::directory::Snapshot::unit_as_of`]).

use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::case::state::Refused;
use shared::ids::{UnitId, UserId};
use shared::notice::NoticeKind;
use shared::org::{
    Merge, MergeCount, MergePart, Merging, Unit, UnitKind, group_name, refuses_merge,
};
use shared::term::Term;
use shared::validate::Errors;

use super::store;
use crate::account::store as users;
use crate::audit::{self, Entry};
use crate::case::merge as cases;
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::directory::{self, Snapshot};
use crate::notify::{self, Draft};
use crate::report::store as reports;
use crate::visit::store as visits;
use crate::webhook::store as webhooks;

/// What would go over.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn preview(
    conn: &mut Conn,
    desk: &Desk,
    id: &UnitId,
    into: &UnitId,
) -> Result<Merging, Error> {
    can(&desk.actor, Action::ManageOrg, Facts::None)?;
    let units = store::all(conn)?;
    let (unit, into) = pair(desk, &units, id, into, Errors::new())?;
    moves(conn, desk, &units, unit, into)
}

/// The unit that goes and the one that stays, if the one can be merged into the other.
fn pair(
    desk: &Desk,
    units: &[Unit],
    id: &UnitId,
    into: &UnitId,
    mut errors: Errors,
) -> Result<(Unit, Unit), Error> {
    let find = |id: &UnitId| {
        let found = units.iter().find(|unit| unit.id == *id);
        found.filter(|unit| {
            let township = desk.names.township_of(&unit.id);
            let facts = Facts::Unit(&township, unit.kind);
            can(&desk.actor, Action::ManageOrg, facts).is_ok()
        })
    };
    let unit = find(id).ok_or_else(Error::hidden)?;
    if matches!(unit.kind, UnitKind::Township | UnitKind::County) {
        return Err(Refused("乡镇和县不能合并。".to_owned()).into());
    }
    if unit.merged_into.is_some() {
        return Err(Refused(format!("“{}”已并入其他单位，不能再合并。", unit.name)).into());
    }
    if unit.closed {
        return Err(Refused(format!("“{}”已停用，不能合并。", unit.name)).into());
    }
    let kind_above = |unit: &Unit| {
        let above = unit.parent_id.as_ref()?;
        let above = units.iter().find(|other| other.id == *above)?;
        Some(above.kind)
    };
    let target = find(into);
    match target {
        None => errors.add("into_id", "unknown", "没有这个单位，请从列表中选择。"),
        Some(target) => {
            let above = [kind_above(unit), kind_above(target)];
            if let Some((code, words)) = refuses_merge(unit, target, above) {
                errors.add("into_id", code, words);
            }
        }
    }
    errors.into_result().map_err(Error::Invalid)?;
    let target = target.ok_or_else(Error::hidden)?;
    Ok((unit.clone(), target.clone()))
}

/// The groups of a village, the closed ones among them.
fn groups<'a>(units: &'a [Unit], village: &'a Unit) -> impl Iterator<Item = &'a Unit> {
    let below = move |unit: &&Unit| unit.parent_id.as_ref() == Some(&village.id);
    units.iter().filter(below)
}

/// What a group is called in the other village.
fn name_there(units: &[Unit], group: &Unit, unit: &Unit, into: &Unit) -> String {
    let taken = |name: &str| groups(units, into).any(|other| other.name == name);
    if taken(&group.name) {
        group_name(&unit.name, &group.name)
    } else {
        group.name.clone()
    }
}

/// The people whom the unit that stays takes over, for it has none of its own: the first responsible
/// person, the leader or cadre.
fn leaders(unit: &Unit, into: &Unit) -> (Option<UserId>, Option<UserId>) {
    let taken = |own: &Option<UserId>, other: &Option<UserId>| {
        own.is_none().then(|| other.clone()).flatten()
    };
    (
        taken(&into.responsible_user_id, &unit.responsible_user_id),
        taken(&into.lead_user_id, &unit.lead_user_id),
    )
}

fn moves(
    conn: &mut Conn,
    desk: &Desk,
    units: &[Unit],
    unit: Unit,
    into: Unit,
) -> Result<Merging, Error> {
    let township = desk.actor.township_id.as_str();
    let id = unit.id.as_str();
    let of_cases = cases::count(conn, township, &unit, &into)?;
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (responsible, lead) = leaders(&unit, &into);
    let parts = [
        (MergePart::Groups, size(groups(units, &unit).count())),
        (MergePart::Users, count(users::count_of(conn, id)?)),
        (MergePart::Cases, of_cases.cases),
        (MergePart::Offered, of_cases.offered),
        (MergePart::Matters, of_cases.matters),
        (
            MergePart::Promises,
            size(visits::promises_of_unit(conn, township, id)?.len()),
        ),
        (MergePart::Reports, count(reports::owed_by(conn, id)?)),
        (
            MergePart::Leaders,
            size(responsible.iter().chain(&lead).count()),
        ),
        (
            MergePart::Webhooks,
            size(webhooks::bound_to(conn, township, id)?),
        ),
    ];
    let renamed = groups(units, &unit)
        .filter_map(|group| {
            let name = name_there(units, group, &unit, &into);
            (name != group.name).then(|| format!("{} → {name}", group.name))
        })
        .collect();
    Ok(Merging {
        moves: parts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(part, count)| MergeCount { part, count })
            .collect(),
        unit,
        into,
        renamed,
    })
}

/// Merges, all or nothing.
///
/// # Errors
/// As [`preview`]; [`Error::Stale`] where the unit was changed since it was read at `version`.
pub(super) fn merge(
    conn: &mut Conn,
    desk: &Desk,
    id: &UnitId,
    version: i64,
    input: &Merge,
) -> Result<Merging, Error> {
    can(&desk.actor, Action::ManageOrg, Facts::None)?;
    // Raising the counter locks its row: of two mergers at once, one waits and sees the other's.
    directory::touch(conn)?;
    let units = store::all(conn)?;
    if let Some(unit) = units.iter().find(|unit| unit.id == *id)
        && unit.version != version
    {
        return Err(Error::Stale);
    }
    let errors = input.check(desk.context.today());
    let (unit, into) = pair(desk, &units, id, &input.into_id, errors)?;
    let mut merging = moves(conn, desk, &units, unit, into)?;
    move_units(conn, desk, &units, &mut merging, input)?;
    let Merging { unit, into, .. } = &merging;
    let now = desk.context.now;
    let people = users::move_all(conn, unit.id.as_str(), into.id.as_str(), now)?;
    // From here on by the units as they are now.
    let desk = Desk {
        names: Snapshot::of(conn)?,
        ..desk.clone()
    };
    cases::carry_over(conn, &desk, unit, into, input.on)?;
    let township = desk.actor.township_id.as_str();
    for promise in visits::promises_of_unit(conn, township, unit.id.as_str())? {
        visits::move_promise(conn, &promise, into.id.as_str())?;
    }
    let ids = (unit.id.as_str(), into.id.as_str());
    webhooks::follow_merger(conn, township, ids, now)?;
    tell(conn, &desk, &merging, input, &people)?;
    Ok(merging)
}

/// Closes the unit, gives its groups and people to the one that stays.
fn move_units(
    conn: &mut Conn,
    desk: &Desk,
    units: &[Unit],
    merging: &mut Merging,
    input: &Merge,
) -> Result<(), Error> {
    let last = groups(units, &merging.into)
        .map(|group| group.position)
        .max();
    let mut position = last.unwrap_or(0);
    for group in groups(units, &merging.unit) {
        position = position.saturating_add(1);
        let name = name_there(units, group, &merging.unit, &merging.into);
        if name != group.name {
            store::keep_name(conn, group, input.on)?;
        }
        let moved = Unit {
            parent_id: Some(merging.into.id.clone()),
            name,
            position,
            version: group.version.saturating_add(1),
            ..group.clone()
        };
        save(conn, desk, &moved, group.version)?;
    }
    let (responsible, lead) = leaders(&merging.unit, &merging.into);
    if responsible.is_some() || lead.is_some() {
        let into = &mut merging.into;
        let seen = into.version;
        if responsible.is_some() {
            into.responsible_user_id = responsible;
        }
        if lead.is_some() {
            into.lead_user_id = lead;
        }
        into.version = seen.saturating_add(1);
        save(conn, desk, into, seen)?;
    }
    let unit = &mut merging.unit;
    let seen = unit.version;
    unit.closed = true;
    unit.merged_into = Some(merging.into.id.clone());
    unit.merged_on = Some(input.on);
    unit.version = seen.saturating_add(1);
    save(conn, desk, unit, seen)
}

fn save(conn: &mut Conn, desk: &Desk, unit: &Unit, seen: i64) -> Result<(), Error> {
    if store::update(conn, unit, seen, desk.context.now)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Notes it, and tells everybody who is of the unit now.
fn tell(
    conn: &mut Conn,
    desk: &Desk,
    merging: &Merging,
    input: &Merge,
    people: &[UserId],
) -> Result<(), Error> {
    let Merging { unit, into, .. } = merging;
    let list: Vec<String> = merging
        .moves
        .iter()
        .map(|of| format!("{}{}", of.part.label(), of.count))
        .collect();
    let list = if list.is_empty() {
        "没有未了的工作".to_owned()
    } else {
        list.join("、")
    };
    let detail = format!("“{}”自{}起并入“{}”：{list}", unit.name, input.on, into.name);
    let Desk { context, actor, .. } = desk;
    let entry = Entry::new(AuditAction::OrgWrite, detail);
    audit::append(conn, context, actor, entry)?;
    let draft = Draft {
        kind: NoticeKind::System,
        title: format!("{}并入{}", unit.name, into.name),
        body: format!(
            "自{}起。未办结的事项、报告和承诺由{}接着办理；办结的事项仍写原来的名称。",
            input.on, into.name
        ),
        link: "/org".to_owned(),
        urgent: false,
        once: format!("merge:{}", unit.id),
    };
    Ok(notify::post(conn, people, &draft, context.now)?)
}
