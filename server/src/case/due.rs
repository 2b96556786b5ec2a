//! What is due in all townships' open cases, for whoever reminds people of it. Nothing here decides who
//! may know of a case: that is asked for each person.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use shared::access::CaseFacts;
use shared::case::deadline::{Clock, LawProfile};
use shared::case::state::State;
use shared::term::Term;

use super::matter::store::MatterRecord;
use super::store::{CaseRecord, EventRecord};
use super::{Error, view};
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::schema::{case_events, case_matters, case_units, cases};

/// How many cases, or matters, are looked at: those due last.
const MOST: i64 = 5000;
/// How many cases one query names.
const NAMED: usize = 400;

/// A case with its clocks.
pub(crate) struct DueCase {
    pub(crate) case: CaseRecord,
    pub(crate) facts: CaseFacts,
    pub(crate) clocks: Vec<Clock>,
}

/// A matter with its case.
pub(crate) struct DueMatter {
    pub(crate) matter: MatterRecord,
    pub(crate) case: CaseRecord,
    pub(crate) facts: CaseFacts,
}

/// Open cases of which something is due up to a day, with their clocks.
///
/// # Errors
/// The database's own.
pub(crate) fn cases(
    conn: &mut Conn,
    names: &Snapshot,
    until: NaiveDate,
) -> Result<Vec<DueCase>, Error> {
    let open = State::ALL.iter().filter(|state| state.is_open());
    let open: Vec<&str> = open.map(|state| state.code()).collect();
    let found: Vec<CaseRecord> = cases::table
        .filter(cases::due_on.le(until))
        .filter(cases::state.eq_any(open))
        .order((cases::due_on.desc(), cases::id.desc()))
        .limit(MOST)
        .select(CaseRecord::as_select())
        .load(conn)?;
    let mut due = Vec::with_capacity(found.len());
    for some in found.chunks(NAMED) {
        let ids: Vec<&str> = some.iter().map(|case| case.id.as_str()).collect();
        let mut units = units_of(conn, &ids)?;
        let mut events: BTreeMap<String, Vec<EventRecord>> = BTreeMap::new();
        let rows: Vec<EventRecord> = case_events::table
            .filter(case_events::case_id.eq_any(&ids))
            .order((case_events::case_id, case_events::seq))
            .select(EventRecord::as_select())
            .load(conn)?;
        for event in rows {
            events.entry(event.case_id.clone()).or_default().push(event);
        }
        due.extend(some.iter().map(|case| {
            let profile = names.law_profile(&case.law_profile_id).cloned();
            let profile = profile.unwrap_or_else(LawProfile::default_profile);
            let events = events.get(&case.id).map_or(&[][..], Vec::as_slice);
            DueCase {
                facts: case.facts(units.remove(&case.id).unwrap_or_default()),
                clocks: view::clocks_from(events, &profile, &names.calendar(&case.township_id)),
                case: case.clone(),
            }
        }));
    }
    Ok(due)
}

/// Open matters that are due up to a day.
///
/// # Errors
/// The database's own.
pub(crate) fn matters(conn: &mut Conn, until: NaiveDate) -> Result<Vec<DueMatter>, Error> {
    let found: Vec<(MatterRecord, CaseRecord)> = case_matters::table
        .inner_join(cases::table)
        .filter(case_matters::open.eq(true))
        .filter(case_matters::due_on.le(until))
        .order((case_matters::due_on.desc(), case_matters::id.desc()))
        .limit(MOST)
        .select((MatterRecord::as_select(), CaseRecord::as_select()))
        .load(conn)?;
    let ids: Vec<&str> = found.iter().map(|(_, case)| case.id.as_str()).collect();
    let mut units = BTreeMap::new();
    for some in ids.chunks(NAMED) {
        units.extend(units_of(conn, some)?);
    }
    let due = found.into_iter().map(|(matter, case)| DueMatter {
        facts: case.facts(units.get(&case.id).cloned().unwrap_or_default()),
        matter,
        case,
    });
    Ok(due.collect())
}

/// The units that cases were referred to.
fn units_of(conn: &mut Conn, ids: &[&str]) -> QueryResult<BTreeMap<String, Vec<String>>> {
    let rows: Vec<(String, String)> = case_units::table
        .filter(case_units::case_id.eq_any(ids))
        .select((case_units::case_id, case_units::unit_id))
        .load(conn)?;
    let mut units: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (case, unit) in rows {
        units.entry(case).or_default().push(unit);
    }
    Ok(units)
}
