//! Answers that wait for somebody to ask their petitioner. Which those are is the book's to say, by the rule
//! of 参评率; who may ask is decided case by case, as when the rating is recorded.

use std::collections::HashMap;

use chrono::Days;
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::care::Care;
use shared::case::number::Series;
use shared::case::view::Named;
use shared::indicator::count::stood;
use shared::indicator::period::Day;
use shared::indicator::tally::{Tally, What};
use shared::page::Page;
use shared::satisfaction::{FOLLOW_UP_DAYS, FollowUp};
use shared::validate::Errors;

use super::service::answer;
use super::store;
use crate::case::store::{self as case_store, CaseRecord, EventRecord};
use crate::case::view::shorten;
use crate::case::{Desk, Error, scope};
use crate::db::Conn;
use crate::indicator::Figures;
use crate::page;
use crate::schema::{case_events, case_units, cases};

/// How much of what a case is about a line shows, in characters.
const CAUSE: usize = 60;
/// The most answers that are looked at, the oldest in front.
const MOST: usize = 2000;

/// The query string of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowUpQuery {
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// An answer that nobody has rated.
struct Waiting {
    case: CaseRecord,
    answer: super::service::Answer,
}

/// The answers that nobody has rated, the oldest in front: when, the case's key into the search index.
fn unrated(tally: &Tally, since: Day, today: Day) -> Option<(Day, u32)> {
    let lately = tally
        .marks
        .iter()
        .any(|mark| mark.on >= since && matches!(mark.what, What::Answered | What::Ended));
    if !lately || tally.seal == Series::RegistrarOnly {
        return None;
    }
    let at = stood(tally, today);
    let on = at.answer.filter(|on| *on >= since)?;
    at.rating.is_none().then_some((on, tally.id))
}

/// A page of answers that the actor may ask about, the oldest in front.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn page(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: FollowUpQuery,
) -> Result<Page<FollowUp>, Error> {
    can(&desk.actor, Action::FollowUps, Facts::None)?;
    let mut errors = Errors::new();
    let (limit, after): (i64, Option<(u16, i64)>) =
        page::place(query.limit, query.cursor, &mut errors);
    errors.into_result()?;
    let today = desk.context.today();
    let since = today
        .checked_sub_days(Days::new(FOLLOW_UP_DAYS))
        .unwrap_or(today);
    let (first, last) = (Day::of(since), Day::of(today));
    let mut found = figures.read(conn, &desk.names, |book| {
        let waiting = book.cases().counted_for(&desk.actor);
        waiting
            .filter_map(|tally| unrated(tally, first, last))
            .collect::<Vec<_>>()
    })?;
    found.sort_unstable();
    found.truncate(MOST);
    let mut waiting = Vec::new();
    for some in found.chunks(200) {
        waiting.extend(askable(conn, desk, some)?);
    }
    let place = |one: &Waiting| (Day::of(one.answer.on).number(), one.case.docid);
    waiting.sort_by_key(place);
    let total = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rest = waiting
        .into_iter()
        .filter(|one| after.is_none_or(|after| place(one) > after));
    let shown: Vec<Waiting> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let next_cursor = shown
        .last()
        .filter(|_| more)
        .map(|one| page::cursor(&place(one)));
    let mut items = Vec::with_capacity(shown.len());
    for one in shown {
        items.push(view(conn, desk, one)?);
    }
    Ok(Page {
        items,
        next_cursor,
        total,
    })
}

/// Those of some cases whose petitioners the actor may ask. Found once more within what the actor may know
/// of: the last word is the query's, and the rule's.
fn askable(conn: &mut Conn, desk: &Desk, some: &[(Day, u32)]) -> Result<Vec<Waiting>, Error> {
    let docids: Vec<i64> = some.iter().map(|(_, id)| i64::from(*id)).collect();
    let records: Vec<CaseRecord> = cases::table
        .filter(scope::visible_to(&desk.actor))
        .filter(cases::docid.eq_any(&docids))
        .select(CaseRecord::as_select())
        .load(conn)?;
    let ids: Vec<&str> = records.iter().map(|case| case.id.as_str()).collect();
    let mut events: HashMap<String, Vec<EventRecord>> = HashMap::new();
    let all: Vec<EventRecord> = case_events::table
        .filter(case_events::case_id.eq_any(&ids))
        .order((case_events::case_id, case_events::seq))
        .select(EventRecord::as_select())
        .load(conn)?;
    for event in all {
        events.entry(event.case_id.clone()).or_default().push(event);
    }
    let mut units: HashMap<String, Vec<String>> = HashMap::new();
    let given: Vec<(String, String)> = case_units::table
        .filter(case_units::case_id.eq_any(&ids))
        .select((case_units::case_id, case_units::unit_id))
        .load(conn)?;
    for (case, unit) in given {
        units.entry(case).or_default().push(unit);
    }
    let mut waiting = Vec::new();
    for case in records {
        let happened = events.remove(&case.id).unwrap_or_default();
        let Some(answer) = answer(&desk.names, &case, &happened) else {
            continue;
        };
        let facts = case.facts(units.remove(&case.id).unwrap_or_default());
        let asked = Facts::Answer(&facts, &answer.answerers);
        if can(&desk.actor, Action::Rate, asked).is_err() {
            continue;
        }
        // What was written since the book was read.
        if store::standing(conn, &answer.event_id)?.is_none() {
            waiting.push(Waiting { case, answer });
        }
    }
    Ok(waiting)
}

/// How those who brought a case are to be reached.
pub(super) fn cares(conn: &mut Conn, case: &str) -> Result<Vec<Care>, Error> {
    let people = case_store::people(conn, case)?;
    let bring = people.iter().filter(|p| p.role.0.brings_the_case());
    Ok(bring.map(|person| person.care()).collect())
}

/// Whether they may be called.
pub(super) fn may_call(cares: &[Care]) -> bool {
    !cares.iter().any(|care| care.do_not_call)
}

fn view(conn: &mut Conn, desk: &Desk, one: Waiting) -> Result<FollowUp, Error> {
    let Waiting { case, answer } = one;
    let today = desk.context.today();
    let cares = cares(conn, &case.id)?;
    let days = today.signed_duration_since(answer.on).num_days();
    Ok(FollowUp {
        cause: shorten(&case.cause, CAUSE),
        village: desk.unit(case.village_id.as_deref()),
        unit: desk.unit(answer.unit_id.as_deref()),
        answered_on: answer.on,
        closed: !case.state.0.is_open(),
        days: u64::try_from(days).unwrap_or(0),
        call: may_call(&cares),
        care: cares.iter().filter_map(|care| care.line()).collect(),
        version: case.version,
        case: Named {
            id: case.id,
            name: case.number,
        },
    })
}
