//! Matters of all cases as a list. It starts from the cases' scope: whoever may not know of a case
//! learns of none of its matters, and of no count either.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use shared::case::matter::MatterKind;
use shared::case::matter::view::MatterRow;
use shared::page::Page;
use shared::term::Term;

use super::service;
use super::store::MatterRecord;
use crate::case::coded::Coded;
use crate::case::scope::of_matters::{self, Condition};
use crate::case::store::CaseRecord;
use crate::case::{Desk, Error, view};
use crate::db::Conn;
use crate::page::cursor;
use crate::schema::{case_matters, cases};

/// How much of the cause a row shows, in characters.
const ROW_CAUSE: usize = 60;

/// The query string of `GET /matters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatterQuery {
    /// Kinds, separated by commas; all when absent.
    pub(crate) kind: Option<String>,
    /// Where it stands, a code of its kind.
    pub(crate) state: Option<String>,
    /// Whether something is still to be done.
    pub(crate) open: Option<bool>,
    /// Whether what is due next is late.
    pub(crate) overdue: Option<bool>,
    /// What is due next is due on this day or earlier.
    pub(crate) due_before: Option<NaiveDate>,
    /// Started on this day or later.
    pub(crate) opened_from: Option<NaiveDate>,
    /// Started on this day or earlier.
    pub(crate) opened_to: Option<NaiveDate>,
    /// The unit whose turn it is.
    pub(crate) unit_id: Option<String>,
    /// The case's village.
    pub(crate) village_id: Option<String>,
    /// How many, 1 to 200; 50 when absent.
    pub(crate) limit: Option<u32>,
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
}

/// A checked query.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    query: MatterQuery,
    kinds: Vec<MatterKind>,
    limit: i64,
    after: Option<(NaiveDate, String)>,
}

fn wanted(text: &Option<String>) -> Option<String> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| text.replace('\0', "\u{fffd}"))
}

impl Filter {
    /// Checks a query.
    ///
    /// # Errors
    /// What is wrong with each parameter.
    pub(crate) fn read(query: MatterQuery) -> Result<Self, Error> {
        let mut errors = shared::validate::Errors::new();
        let mut kinds = Vec::new();
        let codes = query.kind.as_deref().unwrap_or("").split(',');
        for code in codes.map(str::trim).filter(|code| !code.is_empty()) {
            match MatterKind::from_code(code) {
                Some(kind) => kinds.push(kind),
                None => errors.add("kind", "unknown", format!("专项没有“{code}”这一种。")),
            }
        }
        let (limit, after) = crate::page::place(query.limit, query.cursor.clone(), &mut errors);
        if !errors.is_empty() {
            return Err(errors.into());
        }
        Ok(Self {
            kinds,
            limit,
            after,
            query,
        })
    }

    /// What comes after the cursor.
    fn after(&self) -> Option<Condition> {
        let (due, id) = self.after.clone()?;
        Some(Box::new(case_matters::due_on.gt(due).or(
            case_matters::due_on.eq(due).and(case_matters::id.gt(id)),
        )))
    }

    /// What the query finds within what the actor may know of; after the cursor, or all of it.
    fn chosen(&self, desk: &Desk, after: bool) -> Condition {
        let all = self.conditions(desk).into_iter();
        let all = all.chain(self.after().filter(|_| after));
        let scope = of_matters::visible_to(&desk.actor);
        all.fold(scope, |a, b| Box::new(a.and(b)))
    }

    fn conditions(&self, desk: &Desk) -> Vec<Condition> {
        let today = desk.context.today();
        let query = &self.query;
        let mut all: Vec<Condition> = Vec::new();
        let kind =
            |kind: &MatterKind| -> Condition { Box::new(case_matters::kind.eq(kind.code())) };
        all.extend(self.kinds.iter().map(kind).reduce(|a, b| Box::new(a.or(b))));
        if let Some(state) = wanted(&query.state) {
            all.push(Box::new(case_matters::state.eq(state)));
        }
        if let Some(open) = query.open {
            all.push(Box::new(case_matters::open.eq(open)));
        }
        match query.overdue {
            Some(true) => all.push(Box::new(
                case_matters::open
                    .eq(true)
                    .and(case_matters::due_on.lt(today)),
            )),
            Some(false) => all.push(Box::new(case_matters::due_on.ge(today))),
            None => {}
        }
        if let Some(day) = query.due_before {
            let right = case_matters::right_on.between(today, day);
            all.push(Box::new(case_matters::due_on.le(day).or(right)));
        }
        if let Some(day) = query.opened_from {
            all.push(Box::new(case_matters::opened_on.ge(day)));
        }
        if let Some(day) = query.opened_to {
            all.push(Box::new(case_matters::opened_on.le(day)));
        }
        if let Some(id) = wanted(&query.unit_id) {
            all.push(Box::new(case_matters::unit_id.eq(id).assume_not_null()));
        }
        if let Some(id) = wanted(&query.village_id) {
            let villages = desk.names.with_former(&id);
            all.push(Box::new(
                cases::village_id.eq_any(villages).assume_not_null(),
            ));
        }
        all
    }
}

/// A page of the matters of cases that the actor may know of, those due first in front.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn page(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
) -> Result<Page<MatterRow>, Error> {
    service::may_list(desk)?;
    let chosen = |after: bool| filter.chosen(desk, after);
    let total: i64 = case_matters::table
        .inner_join(cases::table)
        .filter(chosen(false))
        .count()
        .get_result(conn)?;
    let mut rows: Vec<(MatterRecord, CaseRecord)> = case_matters::table
        .inner_join(cases::table)
        .filter(chosen(true))
        .order((case_matters::due_on, case_matters::id))
        .limit(filter.limit + 1)
        .select((MatterRecord::as_select(), CaseRecord::as_select()))
        .load(conn)?;
    let most = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|(matter, _)| cursor(&(matter.due_on, matter.id.as_str())));
    let items = rows
        .iter()
        .map(|(matter, case)| row(desk, matter, case))
        .collect();
    Ok(Page {
        items,
        next_cursor,
        total: u64::try_from(total).unwrap_or(0),
    })
}

/// How many matters a query finds of each kind.
///
/// # Errors
/// The database's own.
pub(crate) fn count_by_kind(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
) -> QueryResult<Vec<(MatterKind, u64)>> {
    let counts: Vec<(Coded<MatterKind>, i64)> = case_matters::table
        .inner_join(cases::table)
        .filter(filter.chosen(desk, false))
        .group_by(case_matters::kind)
        .select((case_matters::kind, diesel::dsl::count_star()))
        .load(conn)?;
    let counts = counts.into_iter();
    Ok(counts
        .map(|(kind, count)| (kind.0, count.unsigned_abs()))
        .collect())
}

fn row(desk: &Desk, matter: &MatterRecord, case: &CaseRecord) -> MatterRow {
    let due_on = matter.due();
    let today = desk.context.today();
    // A right that may still lapse, where its last day comes first.
    let right =
        (today..=matter.due_on).contains(&matter.right_on) && matter.right_on < matter.due_on;
    MatterRow {
        id: matter.id.clone(),
        case_id: case.id.as_str().into(),
        case_number: case.number.clone(),
        cause: view::shorten(&case.cause, ROW_CAUSE),
        village: desk.unit_then(case.village_id.as_deref(), case.received_on),
        kind: matter.kind.0,
        title: matter.title.clone(),
        state: matter.state.clone(),
        state_label: matter.state_label.clone(),
        tone: shared::case::matter::view::aged(
            matter.kind.0,
            matter.tone.0,
            due_on,
            today,
            desk.general().reminders,
        ),
        open: matter.open,
        opened_on: matter.opened_on,
        overdue: matter.open && matter.due_on < today,
        due_on: if right { Some(matter.right_on) } else { due_on },
        due_what: if right {
            matter.right_what.clone()
        } else {
            matter.due_what.clone()
        },
        due_petitioners: right,
        unit: desk.unit(matter.unit_id.as_deref()),
    }
}
