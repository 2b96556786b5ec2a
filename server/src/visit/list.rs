//! Lists of visits and promises, the visits of a case, and what the home page says of them.

use chrono::{Days, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::view::{Named, Todo, TodoList};
use shared::ids::CaseId;
use shared::page::Page;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::view::{PromiseRow, VisitRow};
use shared::visit::{PromiseState, VisitDeed, VisitKind};

use super::coverage;
use super::service::promise_view;
use super::store::of_promises::{self, Condition as OfPromises};
use super::store::{self, Condition, PromiseRecord, VisitRecord};
use crate::case::view::shorten;
use crate::case::{Desk, Error, service as cases};
use crate::db::Conn;
use crate::page::cursor;
use crate::schema::{visit_people, visit_promises, visits};

/// How much of what was heard a row shows, in characters.
const ROW_HEARD: usize = 120;
/// How many days ahead the home page tells of a promise.
const SOON: u64 = 3;

/// The query string of the list of visits. There is no search by household, place or person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitQuery {
    /// 走访类型：household、cadre、follow_up
    kind: Option<String>,
    /// 村
    village_id: Option<String>,
    /// 社
    group_id: Option<String>,
    /// 参加走访的工作人员
    visitor_id: Option<String>,
    /// 从哪一天
    from: Option<NaiveDate>,
    /// 到哪一天
    to: Option<NaiveDate>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// The query string of the list of promises.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromiseQuery {
    /// 承诺状态：open（默认）、kept、released、all
    state: Option<String>,
    /// 只看由本人或本单位兑现的
    mine: Option<bool>,
    /// 只看已经逾期的
    overdue: Option<bool>,
    /// 只看这一天（含）以前到期的
    due_before: Option<NaiveDate>,
    /// 村
    village_id: Option<String>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

impl PromiseQuery {
    /// Open promises: all that somebody sees, or what they or their unit are to keep.
    pub(crate) fn open(mine: bool) -> Self {
        Self {
            mine: mine.then_some(true),
            ..Self::default()
        }
    }
}

/// No row has a NUL, and PostgreSQL takes none.
fn set(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().replace('\0', "\u{fffd}"))
        .filter(|text| !text.is_empty())
}

fn total(count: i64) -> u64 {
    count.unsigned_abs()
}

/// The rows of a page, and where the next begins.
fn cut<T>(mut rows: Vec<T>, limit: i64, place: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(place);
    (rows, next)
}

/// A page of visits, the last day in front.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn page(
    conn: &mut Conn,
    desk: &Desk,
    query: VisitQuery,
) -> Result<Page<VisitRow>, Error> {
    can(&desk.actor, Action::Visit(VisitDeed::View), Facts::None)?;
    let mut errors = Errors::new();
    let (limit, after) =
        crate::page::place::<(NaiveDate, String)>(query.limit, query.cursor, &mut errors);
    let kind = query.kind.as_deref().filter(|kind| !kind.is_empty());
    let kind = kind.map(VisitKind::from_code);
    if kind == Some(None) {
        errors.add("kind", "unknown", "没有这种走访类型。");
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let chosen = |conn: &mut Conn| -> QueryResult<Condition> {
        let mut all = store::visible_to(conn, &desk.actor)?;
        let mut add = |condition: Condition| {
            let before = std::mem::replace(&mut all, Box::new(visits::id.ne("")));
            all = Box::new(before.and(condition));
        };
        if let Some(kind) = kind.flatten() {
            add(Box::new(visits::kind.eq(kind.code())));
        }
        if let Some(id) = set(query.village_id.clone()) {
            let villages = desk.names.with_former(&id);
            add(Box::new(
                visits::village_id.eq_any(villages).assume_not_null(),
            ));
        }
        if let Some(id) = set(query.group_id.clone()) {
            add(Box::new(visits::group_id.eq(id).assume_not_null()));
        }
        if let Some(id) = set(query.visitor_id.clone()) {
            let went = visit_people::table
                .filter(visit_people::user_id.eq(id))
                .select(visit_people::visit_id);
            add(Box::new(visits::id.eq_any(went)));
        }
        if let Some(from) = query.from {
            add(Box::new(visits::on_day.ge(from)));
        }
        if let Some(to) = query.to {
            add(Box::new(visits::on_day.le(to)));
        }
        Ok(all)
    };
    let condition = chosen(conn)?;
    let count: i64 = visits::table.filter(condition).count().get_result(conn)?;
    let mut found = visits::table
        .filter(chosen(conn)?)
        .order((visits::on_day.desc(), visits::id.desc()))
        .limit(limit + 1)
        .select(VisitRecord::as_select())
        .into_boxed();
    if let Some((day, id)) = after {
        found = found.filter(
            visits::on_day
                .le(day)
                .and(visits::on_day.lt(day).or(visits::id.lt(id))),
        );
    }
    let (records, next_cursor) = cut(found.load(conn)?, limit, |visit: &VisitRecord| {
        cursor(&(visit.on_day, visit.id.as_str()))
    });
    Ok(Page {
        items: rows(conn, desk, &records)?,
        next_cursor,
        total: total(count),
    })
}

/// What a list shows of visits.
fn rows(conn: &mut Conn, desk: &Desk, records: &[VisitRecord]) -> Result<Vec<VisitRow>, Error> {
    let ids: Vec<&str> = records.iter().map(|visit| visit.id.as_str()).collect();
    let people = store::people(conn, &ids)?;
    let promises = store::promises(conn, &ids)?;
    let of_cases: Vec<String> = records.iter().filter_map(|v| v.case_id.clone()).collect();
    let numbers = store::numbers(conn, &desk.actor, &of_cases)?;
    let rows = records.iter().map(|visit| {
        let mine = || promises.iter().filter(|p| p.visit_id == visit.id);
        let open = mine().filter(|p| p.state.0 == PromiseState::Open).count();
        let case = numbers
            .iter()
            .find(|(id, _)| Some(id) == visit.case_id.as_ref());
        VisitRow {
            id: visit.id.clone(),
            kind: visit.kind.0,
            on: visit.on_day,
            visitors: people
                .iter()
                .filter(|(id, _)| *id == visit.id)
                .filter_map(|(_, user)| desk.user(Some(user)))
                .collect(),
            village: desk.unit(visit.village_id.as_deref()),
            group: desk.unit(visit.group_id.as_deref()),
            place: visit.place.clone(),
            heard: shorten(&visit.heard, ROW_HEARD),
            promises_open: u32::try_from(open).unwrap_or(u32::MAX),
            promises: u32::try_from(mine().count()).unwrap_or(u32::MAX),
            case: case.map(|(id, number)| Named {
                id: id.clone(),
                name: number.clone(),
            }),
            struck: visit.struck_at.is_some(),
        }
    });
    Ok(rows.collect())
}

/// The visits that concern a case, as far as the caller may see them, the last in front.
///
/// # Errors
/// [`Error::Denied`] where the case is not the caller's to see; the database's own.
pub(crate) fn of_case(conn: &mut Conn, desk: &Desk, id: &CaseId) -> Result<Vec<VisitRow>, Error> {
    let (case, _) = cases::find(conn, desk, id, Action::ViewCase)?;
    let records: Vec<VisitRecord> = visits::table
        .filter(store::visible_to(conn, &desk.actor)?)
        .filter(visits::case_id.eq(&case.id))
        .order((visits::on_day.desc(), visits::id.desc()))
        .select(VisitRecord::as_select())
        .load(conn)?;
    rows(conn, desk, &records)
}

/// A checked query.
struct Wanted {
    state: Option<PromiseState>,
    mine: bool,
    due_before: Option<NaiveDate>,
    village: Option<String>,
}

/// The promises of visits that the actor may know of and that were not struck out.
fn chosen(conn: &mut Conn, desk: &Desk, wanted: &Wanted) -> QueryResult<OfPromises> {
    let mut all: OfPromises =
        Box::new(of_promises::visible_to(conn, &desk.actor)?.and(visits::struck_at.is_null()));
    if let Some(village) = &wanted.village {
        let villages = desk.names.with_former(village);
        let here = visits::village_id.eq_any(villages).assume_not_null();
        all = Box::new(all.and(here));
    }
    if let Some(state) = wanted.state {
        // The literal is what the index of open promises is found by.
        let state: OfPromises = match state {
            PromiseState::Open => Box::new(sql::<Bool>("visit_promises.state = 'open'")),
            state => Box::new(visit_promises::state.eq(state.code())),
        };
        all = Box::new(all.and(state));
    }
    if wanted.mine {
        let (users, units): (Vec<String>, Vec<String>) = desk
            .actor
            .selves()
            .map(|(user, unit)| (user.to_string(), unit.to_string()))
            .unzip();
        let by_user: OfPromises = Box::new(
            visit_promises::user_id
                .is_not_null()
                .and(visit_promises::user_id.eq_any(users).assume_not_null()),
        );
        let by_unit: OfPromises = Box::new(
            visit_promises::unit_id
                .is_not_null()
                .and(visit_promises::unit_id.eq_any(units).assume_not_null()),
        );
        all = Box::new(all.and(by_user.or(by_unit)));
    }
    if let Some(day) = wanted.due_before {
        all = Box::new(all.and(visit_promises::due_on.le(day)));
    }
    Ok(all)
}

impl Wanted {
    fn read(query: &PromiseQuery, today: NaiveDate, errors: &mut Errors) -> Self {
        let state = match query.state.as_deref().unwrap_or("") {
            "" => Some(PromiseState::Open),
            "all" => None,
            code => {
                let state = PromiseState::from_code(code);
                if state.is_none() {
                    errors.add("state", "unknown", "没有这种承诺状态。");
                }
                state
            }
        };
        let overdue = query.overdue == Some(true);
        let yesterday = today.pred_opt().unwrap_or(today);
        Self {
            state: if overdue {
                Some(PromiseState::Open)
            } else {
                state
            },
            mine: query.mine == Some(true),
            due_before: match query.due_before {
                Some(day) if overdue => Some(day.min(yesterday)),
                None if overdue => Some(yesterday),
                day => day,
            },
            village: set(query.village_id.clone()),
        }
    }
}

fn count(conn: &mut Conn, desk: &Desk, wanted: &Wanted) -> QueryResult<u64> {
    let chosen = chosen(conn, desk, wanted)?;
    let count: i64 = visit_promises::table
        .inner_join(visits::table)
        .filter(chosen)
        .count()
        .get_result(conn)?;
    Ok(total(count))
}

/// A page of promises, what is due first in front.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn promises(
    conn: &mut Conn,
    desk: &Desk,
    query: &PromiseQuery,
) -> Result<Page<PromiseRow>, Error> {
    can(&desk.actor, Action::Visit(VisitDeed::View), Facts::None)?;
    let today = desk.context.today();
    let mut errors = Errors::new();
    let (limit, after) =
        crate::page::place::<(NaiveDate, String)>(query.limit, query.cursor.clone(), &mut errors);
    let wanted = Wanted::read(query, today, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let all = count(conn, desk, &wanted)?;
    let mut found = visit_promises::table
        .inner_join(visits::table)
        .filter(chosen(conn, desk, &wanted)?)
        .order((visit_promises::due_on, visit_promises::id))
        .limit(limit + 1)
        .select((PromiseRecord::as_select(), VisitRecord::as_select()))
        .into_boxed();
    if let Some((day, id)) = after {
        found = found.filter(
            visit_promises::due_on
                .ge(day)
                .and(visit_promises::due_on.gt(day).or(visit_promises::id.gt(id))),
        );
    }
    let found: Vec<(PromiseRecord, VisitRecord)> = found.load(conn)?;
    let (records, next_cursor) = cut(found, limit, |(promise, _)| {
        cursor(&(promise.due_on, promise.id.as_str()))
    });
    let items = records
        .iter()
        .map(|(promise, visit)| PromiseRow {
            promise: promise_view(desk, promise),
            visit_id: visit.id.clone(),
            visit_on: visit.on_day,
            village: desk.unit(visit.village_id.as_deref()),
            group: desk.unit(visit.group_id.as_deref()),
            place: visit.place.clone(),
            version: visit.version,
        })
        .collect();
    Ok(Page {
        items,
        next_cursor,
        total: all,
    })
}

/// What the home page says: promises that are due, villages and groups still to be visited.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    let today = desk.context.today();
    let soon = today.checked_add_days(Days::new(SOON)).unwrap_or(today);
    let mut todos = Vec::new();
    let mine = PromiseQuery {
        mine: Some(true),
        ..PromiseQuery::default()
    };
    let of = |query: &PromiseQuery| Wanted::read(query, today, &mut Errors::new());
    let late = PromiseQuery {
        overdue: Some(true),
        ..mine.clone()
    };
    let late = count(conn, desk, &of(&late))?;
    let due = PromiseQuery {
        due_before: Some(soon),
        ..mine
    };
    let due = count(conn, desk, &of(&due))?;
    if due > 0 {
        todos.push(Todo {
            title: "走访承诺待兑现".to_owned(),
            hint: if late > 0 {
                format!("其中{late}项已逾期；兑现后登记，不能兑现的要说明")
            } else {
                "三日内到期，由您或本单位兑现".to_owned()
            },
            count: due,
            list: TodoList::Promises,
            query: format!("mine=true&due_before={soon}"),
            urgent: late > 0,
        });
    }
    let command = matches!(
        desk.actor.role,
        shared::role::Role::TownshipLeader | shared::role::Role::CoordinationOffice
    );
    if command {
        let all = PromiseQuery {
            overdue: Some(true),
            ..PromiseQuery::default()
        };
        let all = count(conn, desk, &of(&all))?;
        if all > 0 {
            todos.push(Todo {
                title: "全镇逾期未兑现的承诺".to_owned(),
                hint: "走访时答应群众的事，请催办".to_owned(),
                count: all,
                list: TodoList::Promises,
                query: "overdue=true".to_owned(),
                urgent: true,
            });
        }
    }
    let owed = coverage::owed_by(conn, desk)?;
    if !owed.is_empty() {
        todos.push(Todo {
            title: "本周走访没有完成".to_owned(),
            hint: owed.join("、"),
            count: total(i64::try_from(owed.len()).unwrap_or(i64::MAX)),
            list: TodoList::Coverage,
            query: "mine=true".to_owned(),
            urgent: false,
        });
    }
    Ok(todos)
}
