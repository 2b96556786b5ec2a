//! What a merger of units (行政村合并) does to cases and their matters: whoever is of the unit that stays
//! answers for what was still to be done by the one that went. What is over keeps the unit of its time.
//!
//! An accusation never comes into the hands of those whom it accuses (条例第三十条): the seal follows the
//! accused unit into the one that it is merged into ([`Snapshot::is_accused`]), so what that one was to
//! do about it is taken from it, and the office gives it to somebody else.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use shared::case::number::Series;
use shared::case::state::{EventKind, State};
use shared::case::view::{EventData, Named};
use shared::ids::UnitId;
use shared::org::Unit;
use shared::term::Term;

use super::service::{self, Step, Taken};
use super::{Desk, Error, matter, store};
use crate::db::Conn;
use crate::schema::{case_matters, cases};
use matter::store::MatterRecord;

/// How much of each kind goes over, without sealed accusations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Open cases that the unit answers for.
    pub(crate) cases: u32,
    /// Open cases that it was sent and has not taken.
    pub(crate) offered: u32,
    /// Open matters that wait for it, or that it has a part in.
    pub(crate) matters: u32,
}

/// A unit's id and name, as cases keep them.
pub(crate) fn named(unit: &Unit) -> Named {
    Named {
        id: unit.id.as_str().to_owned(),
        name: unit.name.clone(),
    }
}

/// The open matters of a township that a unit has something to do with, and whether they are sealed.
fn matters_of(
    conn: &mut Conn,
    township: &str,
    from: &UnitId,
    to: &Named,
) -> Result<Vec<(MatterRecord, bool)>, Error> {
    let rows: Vec<(MatterRecord, String)> = case_matters::table
        .inner_join(cases::table)
        .filter(case_matters::township_id.eq(township))
        .filter(case_matters::open.eq(true))
        .order(case_matters::id)
        .select((MatterRecord::as_select(), cases::seal))
        .load(conn)?;
    let mut found = Vec::new();
    for (record, seal) in rows {
        let turn = record.unit_id.as_deref() == Some(from.as_str());
        if turn || record.matter()?.succeed(from, to) {
            found.push((record, seal != Series::Open.code()));
        }
    }
    Ok(found)
}

/// What goes over, in numbers.
///
/// # Errors
/// The database's own; a matter that cannot be read.
pub(crate) fn count(
    conn: &mut Conn,
    township: &str,
    from: &Unit,
    into: &Unit,
) -> Result<Parts, Error> {
    let id = from.id.as_str();
    let open = || {
        cases::table
            .filter(cases::township_id.eq(township))
            .filter(cases::state.ne(State::Closed.code()))
            .filter(cases::seal.eq(Series::Open.code()))
    };
    let responsible: i64 = open()
        .filter(cases::responsible_unit_id.eq(id))
        .count()
        .get_result(conn)?;
    let offered: i64 = open()
        .filter(cases::offered_unit_id.eq(id))
        .count()
        .get_result(conn)?;
    let matters = matters_of(conn, township, &from.id, &named(into))?;
    let matters = matters.iter().filter(|(_, sealed)| !sealed).count();
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Parts {
        cases: count(responsible),
        offered: count(offered),
        matters: u32::try_from(matters).unwrap_or(u32::MAX),
    })
}

/// Moves it. The desk's names are those of after the merger.
///
/// # Errors
/// As with every step of a case.
pub(crate) fn carry_over(
    conn: &mut Conn,
    desk: &Desk,
    from: &Unit,
    into: &Unit,
    on: NaiveDate,
) -> Result<(), Error> {
    let township = desk.actor.township_id.as_str();
    let mut concerned: BTreeMap<String, Vec<MatterRecord>> = BTreeMap::new();
    for (record, _) in matters_of(conn, township, &from.id, &named(into))? {
        concerned
            .entry(record.case_id.clone())
            .or_default()
            .push(record);
    }
    let id = from.id.as_str();
    // Accusations are few: each is looked at, for the unit that stays may have become accused of one.
    let ids: Vec<String> = cases::table
        .filter(cases::township_id.eq(township))
        .filter(cases::state.ne(State::Closed.code()))
        .filter(
            cases::responsible_unit_id
                .eq(id)
                .assume_not_null()
                .or(cases::offered_unit_id.eq(id).assume_not_null())
                .or(cases::seal.ne(Series::Open.code())),
        )
        .select(cases::id)
        .load(conn)?;
    for id in ids {
        concerned.entry(id).or_default();
    }
    for (id, matters) in concerned {
        let taken = service::take_for_all(conn, &id)?;
        carry_case(conn, desk, taken, matters, (from, into, on))?;
    }
    Ok(())
}

fn carry_case(
    conn: &mut Conn,
    desk: &Desk,
    mut taken: Taken,
    matters: Vec<MatterRecord>,
    (from, into, on): (&Unit, &Unit, NaiveDate),
) -> Result<(), Error> {
    let sealed = taken.case.seal.0 != Series::Open;
    let against = taken.facts.accused_unit_id.as_ref();
    let accused = against.is_some_and(|accused| desk.names.is_accused(&into.id, accused));
    // What waits for the accused goes to nobody by itself.
    if !(sealed && accused) {
        for mut record in matters {
            matter::service::succeed(conn, desk, &taken, &mut record, &from.id, &named(into))?;
        }
    }
    if taken.case.state.0 == State::Closed {
        return Ok(());
    }
    let before = (
        taken.case.responsible_unit_id.clone(),
        taken.case.offered_unit_id.clone(),
    );
    let mut told = Vec::new();
    for (what, unit) in [
        ("责任单位", &mut taken.case.responsible_unit_id),
        ("转往单位", &mut taken.case.offered_unit_id),
    ] {
        if unit.as_deref() == Some(from.id.as_str()) {
            *unit = Some(into.id.as_str().to_owned());
            told.push(what);
        }
    }
    let mut text = format!(
        "{}自{on}起并入{}，{}随之变更",
        from.name,
        into.name,
        told.join("、")
    );
    if sealed {
        let moved = (
            taken.case.responsible_unit_id.clone(),
            taken.case.offered_unit_id.clone(),
        );
        service::relieve_accused(&desk.names, &mut taken.case);
        let now = (
            taken.case.responsible_unit_id.clone(),
            taken.case.offered_unit_id.clone(),
        );
        if moved != now {
            text = format!(
                "{}自{on}起并入{}，经办单位成为被反映单位，不再办理，请重新交办",
                from.name, into.name
            );
        }
    }
    let after = (
        taken.case.responsible_unit_id.clone(),
        taken.case.offered_unit_id.clone(),
    );
    if before == after {
        return Ok(());
    }
    let now = desk.context.now.naive_utc();
    for unit in [&after.0, &after.1].into_iter().flatten() {
        store::refer(conn, &taken.case.id, unit, now)?;
    }
    let step = Step {
        kind: EventKind::Noted,
        on: desk.context.today(),
        text: Some(text),
        data: EventData::default(),
    };
    taken.advance(conn, desk, step)?;
    taken.keep(conn, desk, "单位合并")?;
    Ok(())
}
