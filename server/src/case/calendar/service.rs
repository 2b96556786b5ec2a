//! Gathers what is due between two days, within the scope.
//!
//! A case's cached `due_on` is its earliest clock of the authority's, so whatever is due up to a day
//! is among the cases due up to that day; a petitioner's own clocks run only while a case is answered,
//! or a matter of it gives the parties a right that lapses.
//! Those cases' clocks are computed from their events, read in one query; nothing else is stored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use shared::case::calendar::{
    CalendarItem, CalendarScope, CalendarView, MAX_DAYS, clock_name, warning,
};
use shared::case::deadline::{Clock, ClockOwner};
use shared::case::matter::MatterKind;
use shared::case::state::State;
use shared::term::Term;
use shared::validate::Errors;

use crate::case::matter::store::MatterRecord;
use crate::case::scope::{self, of_matters};
use crate::case::store::{CaseRecord, EventRecord};
use crate::case::{Desk, Error, service, view};
use crate::db::Conn;
use crate::schema::{case_events, case_matters, cases};

/// The query string of `GET /calendar`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarQuery {
    /// The first day; today when absent.
    pub(super) from: Option<NaiveDate>,
    /// The last day; 30 days after the first when absent.
    pub(super) to: Option<NaiveDate>,
    /// `mine`, `unit` or `all`; `all` when absent.
    #[param(inline)]
    pub(super) scope: Option<CalendarScope>,
    /// Only of this village.
    pub(super) village_id: Option<String>,
    /// Only of cases that this unit answers for, and of matters whose turn is its.
    pub(super) unit_id: Option<String>,
}

/// A checked query.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) scope: CalendarScope,
    village_id: Option<String>,
    unit_id: Option<String>,
}

/// How many cases and matters one calendar looks at.
const MOST: i64 = 2000;
/// How much of the cause an item shows, in characters.
const ITEM_CAUSE: usize = 40;

impl Wanted {
    /// Checks a query.
    ///
    /// # Errors
    /// What is wrong with each parameter.
    pub(super) fn read(query: CalendarQuery, today: NaiveDate) -> Result<Self, Error> {
        let mut errors = Errors::new();
        let from = query.from.unwrap_or(today);
        let to = query
            .to
            .or_else(|| from.checked_add_days(chrono::Days::new(30)))
            .unwrap_or(from);
        let days = to.signed_duration_since(from).num_days();
        if days < 0 {
            errors.add("to", "before_from", "结束日期不能早于开始日期。");
        } else if days > MAX_DAYS {
            let message = format!("一次最多查看{MAX_DAYS}天。");
            errors.add("to", "too_far", message);
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let id = |id: Option<String>| {
            id.filter(|id| !id.is_empty())
                .map(|id| id.replace('\0', "?"))
        };
        Ok(Self {
            from,
            to,
            scope: query.scope.unwrap_or(CalendarScope::All),
            village_id: id(query.village_id),
            unit_id: id(query.unit_id),
        })
    }
}

/// Conditions on cases, for a query of cases alone or one that joins them.
macro_rules! chosen {
    ($condition:ty, $scope:expr, $desk:expr, $wanted:expr) => {{
        let (desk, wanted): (&Desk, &Wanted) = ($desk, $wanted);
        let mut all: $condition = $scope;
        let me = || desk.actor.self_ids();
        match wanted.scope {
            CalendarScope::Mine => {
                all = Box::new(
                    all.and(
                        cases::lead_id
                            .eq_any(me())
                            .assume_not_null()
                            .or(cases::responsible_user_id.eq_any(me()).assume_not_null())
                            .or(cases::registrar_id.eq_any(me())),
                    ),
                );
            }
            CalendarScope::Unit => {
                let units = desk.actor.own_units();
                all = Box::new(all.and(cases::responsible_unit_id.eq_any(units).assume_not_null()));
            }
            CalendarScope::All => {}
        }
        if let Some(id) = wanted.village_id.clone() {
            let villages = desk.names.with_former(&id);
            all = Box::new(all.and(cases::village_id.eq_any(villages).assume_not_null()));
        }
        all
    }};
}

/// What is due between two days in cases that the actor may know of.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn calendar(
    conn: &mut Conn,
    desk: &Desk,
    wanted: &Wanted,
) -> Result<CalendarView, Error> {
    service::may_list(desk)?;
    let today = desk.context.today();
    let (mut items, many_cases) = clocks(conn, desk, wanted, today)?;
    let (dues, many_matters) = matters(conn, desk, wanted, today)?;
    items.extend(dues);
    items.sort_by(|a, b| (a.on, &a.number, &a.what).cmp(&(b.on, &b.number, &b.what)));
    Ok(CalendarView {
        from: wanted.from,
        to: wanted.to,
        today,
        items,
        cut: many_cases || many_matters,
    })
}

fn clocks(
    conn: &mut Conn,
    desk: &Desk,
    wanted: &Wanted,
    today: NaiveDate,
) -> Result<(Vec<CalendarItem>, bool), Error> {
    let mut condition: scope::Condition = chosen!(
        scope::Condition,
        scope::visible_to(&desk.actor),
        desk,
        wanted
    );
    if let Some(id) = wanted.unit_id.clone() {
        condition = Box::new(condition.and(cases::responsible_unit_id.eq(id).assume_not_null()));
    }
    let running = cases::due_on
        .le(wanted.to)
        .or(cases::state.eq(State::Answered.code()))
        .or(cases::id.eq_any(
            case_matters::table
                .filter(case_matters::right_on.between(wanted.from, wanted.to))
                .select(case_matters::case_id),
        ));
    let mut found: Vec<CaseRecord> = cases::table
        .filter(condition)
        .filter(running)
        .order((cases::due_on, cases::id))
        .limit(MOST + 1)
        .select(CaseRecord::as_select())
        .load(conn)?;
    let many = found.len() > usize::try_from(MOST).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let ids: Vec<&str> = found.iter().map(|case| case.id.as_str()).collect();
    let mut events: BTreeMap<String, Vec<EventRecord>> = BTreeMap::new();
    let rows: Vec<EventRecord> = case_events::table
        .filter(case_events::case_id.eq_any(&ids))
        .order((case_events::case_id, case_events::seq))
        .select(EventRecord::as_select())
        .load(conn)?;
    for event in rows {
        events.entry(event.case_id.clone()).or_default().push(event);
    }
    let mediating: Vec<String> = case_matters::table
        .filter(case_matters::kind.eq(MatterKind::Mediation.code()))
        .filter(case_matters::open.eq(true))
        .filter(case_matters::case_id.eq_any(&ids))
        .select(case_matters::case_id)
        .load(conn)?;
    let mediating: BTreeSet<String> = mediating.into_iter().collect();
    let days = desk.calendar();
    let mut items = Vec::new();
    for case in &found {
        let events = events.get(&case.id).map_or(&[][..], Vec::as_slice);
        let clocks = view::clocks_from(events, &service::profile_of(desk, case), &days);
        let shown = clocks
            .iter()
            .filter(|clock| clock.is_running() && (wanted.from..=wanted.to).contains(&clock.due));
        items.extend(shown.map(|clock| {
            let warning = warning(clock, mediating.contains(&case.id), today);
            of_clock(desk, case, clock, today, warning)
        }));
    }
    Ok((items, many))
}

fn of_clock(
    desk: &Desk,
    case: &CaseRecord,
    clock: &Clock,
    today: NaiveDate,
    warning: Option<String>,
) -> CalendarItem {
    CalendarItem {
        on: clock.due,
        what: clock_name(clock.kind),
        case_id: case.id.as_str().into(),
        number: case.number.clone(),
        cause: view::shorten(&case.cause, ITEM_CAUSE),
        village: desk.unit_then(case.village_id.as_deref(), case.received_on),
        unit: desk.unit(case.responsible_unit_id.as_deref()),
        owner: clock.owner,
        basis: Some(clock.basis.clone()),
        matter_id: None,
        matter_kind: None,
        overdue: clock.due < today,
        warning,
    }
}

fn matters(
    conn: &mut Conn,
    desk: &Desk,
    wanted: &Wanted,
    today: NaiveDate,
) -> Result<(Vec<CalendarItem>, bool), Error> {
    // What is a unit's turn is its own even where another unit answers for the case.
    let all = Wanted {
        scope: CalendarScope::All,
        ..wanted.clone()
    };
    let turn = |units: Vec<String>| -> of_matters::Condition {
        Box::new(case_matters::unit_id.eq_any(units).assume_not_null())
    };
    let visible = || of_matters::visible_to(&desk.actor);
    let mut condition: of_matters::Condition = match wanted.scope {
        CalendarScope::All => chosen!(of_matters::Condition, visible(), desk, &all),
        CalendarScope::Unit | CalendarScope::Mine => {
            let own = chosen!(of_matters::Condition, visible(), desk, wanted);
            let turn: of_matters::Condition = Box::new(
                chosen!(of_matters::Condition, visible(), desk, &all)
                    .and(turn(desk.actor.own_units())),
            );
            Box::new(own.or(turn))
        }
    };
    if let Some(id) = &wanted.unit_id {
        condition = Box::new(condition.and(turn(vec![id.clone()])));
    }
    let mut found: Vec<(MatterRecord, CaseRecord)> = case_matters::table
        .inner_join(cases::table)
        .filter(condition)
        .filter(case_matters::open.eq(true))
        .filter(case_matters::due_on.ge(wanted.from))
        .filter(case_matters::due_on.le(wanted.to))
        .order((case_matters::due_on, case_matters::id))
        .limit(MOST + 1)
        .select((MatterRecord::as_select(), CaseRecord::as_select()))
        .load(conn)?;
    let many = found.len() > usize::try_from(MOST).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let items = found.iter().map(|(matter, case)| {
        let due = matter.due_what.clone();
        CalendarItem {
            on: matter.due_on,
            what: due.unwrap_or_else(|| matter.kind.0.label().to_owned()),
            case_id: case.id.as_str().into(),
            number: case.number.clone(),
            cause: view::shorten(&case.cause, ITEM_CAUSE),
            village: desk.unit_then(case.village_id.as_deref(), case.received_on),
            unit: desk.unit(matter.unit_id.as_deref()),
            owner: ClockOwner::Authority,
            basis: None,
            matter_id: Some(matter.id.clone()),
            matter_kind: Some(matter.kind.0),
            overdue: matter.due_on < today,
            warning: None,
        }
    });
    Ok((items.collect(), many))
}
