//! Gathers the bundle.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use actix_web::web;
use chrono::{Datelike as _, Months, NaiveDate};
use serde::Serialize;
use shared::access::{Action, Facts, can};
use shared::alert::AlertDeed;
use shared::case::number::Series;
use shared::case::view::CaseRow;
use shared::ids::CaseId;
use shared::page::Page;
use shared::publicity::PublicityDeed;
use shared::reception::ReceptionDeed;
use shared::report::ReportDeed;
use shared::report::view::ReportRow;
use shared::sync::{KEEP_DAYS, MAX_KNOWN, SyncRequest};
use shared::validate::Errors;
use shared::visit::VisitDeed;

use crate::case::list::{CaseQuery, Filter};
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::error::ApiError;
use crate::reception::service::ReceptionQuery;
use crate::report::list::ReportQuery;
use crate::state::State;
use crate::visit::list::{PromiseQuery, VisitQuery};
use crate::{account, alert, org, publicity, reception, report, session, visit};

/// The most bytes of bodies that one answer has.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// The most cases that a phone takes along.
const MOST_CASES: u32 = 100;
/// How many days before and after today a phone takes reception days along.
const RECEPTION_DAYS: i64 = 7;

/// Adds answers to a bundle.
pub(super) type Part = fn(&mut Gather<'_>) -> Result<(), ApiError>;

/// What a bundle is made of, what matters most in front. One line adds a part.
fn parts() -> Vec<Part> {
    vec![
        me, directory, alerts, reports, visits, receptions, laws, home, ledger, cases,
    ]
}

/// A bundle in the making.
pub(super) struct Gather<'a> {
    pub(super) conn: &'a mut Conn,
    pub(super) desk: &'a Desk,
    pub(super) state: &'a State,
    known: &'a BTreeMap<String, String>,
    entries: String,
    size: usize,
    complete: bool,
    looks: Vec<Look>,
}

/// A case whose body is in the bundle.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) id: CaseId,
    pub(super) number: String,
    pub(super) seal: Series,
}

/// A bundle as it is sent, and the looks at cases that it stands for.
pub(super) struct Bundle {
    pub(super) body: String,
    pub(super) looks: Vec<Look>,
}

fn text(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(ApiError::internal)
}

impl Gather<'_> {
    /// Whether the caller may, in general.
    pub(super) fn may(&self, action: Action) -> bool {
        can(&self.desk.actor, action, Facts::None).is_ok()
    }

    /// Adds the answer of `GET /api/v1{path}`; whether its body is sent.
    pub(super) fn add(&mut self, path: &str, value: &impl Serialize) -> Result<bool, ApiError> {
        self.add_text(path, &text(value)?)
    }

    fn add_text(&mut self, path: &str, body: &str) -> Result<bool, ApiError> {
        let hash = blake3::hash(body.as_bytes()).to_hex();
        let etag = format!("W/\"{}\"", hash.get(..20).unwrap_or_default());
        let has = self.known.get(path) == Some(&etag);
        if !has && self.size + body.len() > MOST_BYTES {
            self.complete = false;
            return Ok(false);
        }
        if !self.entries.is_empty() {
            self.entries.push(',');
        }
        let (path, etag) = (text(&path)?, text(&etag)?);
        let _ = write!(self.entries, r#"{{"path":{path},"etag":{etag}"#);
        if !has {
            let _ = write!(self.entries, r#","body":{body}"#);
            self.size += body.len();
        }
        self.entries.push('}');
        Ok(!has)
    }
}

/// Makes the bundle.
///
/// # Errors
/// The rooms', and the database's own.
pub(super) fn bundle(
    conn: &mut Conn,
    state: &State,
    desk: &Desk,
    request: &SyncRequest,
) -> Result<Bundle, ApiError> {
    if request.known.len() > MAX_KNOWN {
        let mut errors = Errors::new();
        let message = format!("known 最多{MAX_KNOWN}项。");
        errors.add("known", "too_many", message);
        return Err(ApiError::invalid(errors.into_vec()));
    }
    let mut gather = Gather {
        conn,
        desk,
        state,
        known: &request.known,
        entries: String::new(),
        size: 0,
        complete: true,
        looks: Vec::new(),
    };
    for part in parts() {
        part(&mut gather)?;
    }
    let (at, user) = (text(&desk.context.now)?, text(&desk.actor.user_id)?);
    let (complete, entries) = (gather.complete, gather.entries);
    Ok(Bundle {
        body: format!(
            r#"{{"at":{at},"user":{user},"keep_days":{KEEP_DAYS},"complete":{complete},"entries":[{entries}]}}"#
        ),
        looks: gather.looks,
    })
}

/// Who they are.
fn me(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    let desk = gather.desk;
    let me = session::service::me(gather.state, &desk.names, &desk.actor);
    gather.add("/me", &me).map(drop)
}

/// Units and colleagues.
fn directory(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    let desk = gather.desk;
    gather.add(
        "/org-units",
        &org::service::seen_by(&desk.actor, &desk.names),
    )?;
    gather.add("/categories", &desk.general().categories())?;
    if gather.may(Action::ViewColleagues) && !gather.may(Action::ManageUsers) {
        let colleagues = account::service::colleagues_of(&desk.actor, &desk.names);
        gather.add("/users/colleagues", &colleagues)?;
    }
    Ok(())
}

/// Urgent information that has not ended.
fn alerts(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if !gather.may(Action::Alert(AlertDeed::List)) {
        return Ok(());
    }
    let open = alert::open(gather.conn, gather.desk)?;
    gather.add(alert::OPEN, &open)?;
    for row in &open.items {
        let whole = alert::whole(gather.conn, gather.desk, &row.id)?;
        gather.add(&format!("/alerts/{}", row.id), &whole)?;
    }
    Ok(())
}

/// Reports that the own unit owes, each whole, and what it sent last.
fn reports(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if !gather.may(Action::Report(ReportDeed::View)) {
        return Ok(());
    }
    let unit = gather.desk.actor.unit_id.clone();
    let due = "/reports?todo=true&sort=due_at&limit=50";
    let owed = listed(gather, due)?;
    gather.add(due, &owed)?;
    for row in &owed.items {
        let whole = report::service::show(gather.conn, gather.desk, &row.id)?;
        gather.add(&format!("/reports/{}", row.id), &whole)?;
    }
    let last = format!("/reports?unit_id={unit}&pending=false&limit=20");
    let sent = listed(gather, &last)?;
    gather.add(&last, &sent).map(drop)
}

/// A list of reports, by its path.
fn listed(gather: &mut Gather<'_>, path: &str) -> Result<Page<ReportRow>, ApiError> {
    let (_, query) = path.split_once('?').unwrap_or((path, ""));
    let query = web::Query::<ReportQuery>::from_query(query).map_err(ApiError::internal)?;
    let filter = report::list::Filter::read(query.into_inner())?;
    Ok(report::list::page(gather.conn, gather.desk, &filter)?)
}

/// The library of laws, for whoever records legal publicity.
fn laws(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if gather.may(Action::Publicity(PublicityDeed::Record)) {
        let desk = gather.desk;
        let laws = publicity::service::laws(gather.conn, desk)?;
        gather.add("/laws", &laws)?;
    }
    Ok(())
}

/// Visits, each whole, and open promises.
fn visits(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if !gather.may(Action::Visit(VisitDeed::View)) {
        return Ok(());
    }
    let desk = gather.desk;
    let mut page = visit::list::page(gather.conn, desk, VisitQuery::default())?;
    let mut kept = Vec::with_capacity(page.items.len());
    for row in page.items {
        // What was said about an accusation stays where that is.
        match &row.case {
            Some(case) if is_sealed(gather, &case.id)? => {}
            _ => kept.push(row),
        }
    }
    page.items = kept;
    page.next_cursor = None;
    gather.add("/visits", &page)?;
    for row in &page.items {
        let whole = visit::service::show(gather.conn, desk, &row.id)?;
        gather.add(&format!("/visits/{}", row.id), &whole)?;
    }
    for (path, mine) in [("/promises", false), ("/promises?mine=true", true)] {
        let query = PromiseQuery::open(mine);
        let promises = visit::list::promises(gather.conn, desk, &query)?;
        gather.add(path, &promises)?;
    }
    Ok(())
}

/// This month's roster, and the reception days about now at which the caller receives, each whole but
/// for who came about what is sealed.
fn receptions(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    let today = gather.desk.context.today();
    let first = today.with_day(1).unwrap_or(today);
    let next = first.checked_add_months(Months::new(1));
    let last = next.and_then(|next| next.pred_opt()).unwrap_or(today);
    let query = ReceptionQuery::between(first, last);
    let page = reception::service::page(gather.conn, gather.desk, query)?;
    gather.add(
        &format!("/reception-days?from={first}&to={last}&limit=200"),
        &page,
    )?;
    let near = |on: NaiveDate| (on - today).num_days().abs() <= RECEPTION_DAYS;
    for row in page.items {
        if row.cancelled || !near(row.on) {
            continue;
        }
        let mut day = reception::service::show(gather.conn, gather.desk, &row.id)?;
        let receive = Action::Reception(ReceptionDeed::Receive);
        if can(&gather.desk.actor, receive, Facts::Field(&day.facts)).is_err() {
            continue;
        }
        let mut comers = Vec::with_capacity(day.comers.len());
        for comer in day.comers {
            match &comer.case {
                Some(case) if is_sealed(gather, &case.id)? => {}
                _ => comers.push(comer),
            }
        }
        day.comers = comers;
        gather.add(&format!("/reception-days/{}", row.id), &day)?;
    }
    Ok(())
}

fn is_sealed(gather: &mut Gather<'_>, case: &str) -> Result<bool, ApiError> {
    let id = CaseId::from(case);
    match case::service::find(gather.conn, gather.desk, &id, Action::ViewCase) {
        Ok((case, _)) => Ok(case.seal.0 != Series::Open),
        Err(case::Error::Denied(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// What is to be done today.
fn home(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if !gather.may(Action::ListCases) {
        return Ok(());
    }
    let mut home = case::home::home(gather.conn, gather.desk)?;
    home.due_soon.retain(|row| !row.sealed);
    home.recent.retain(|row| !row.sealed);
    gather.add("/dashboard", &home).map(drop)
}

/// A page of the ledger without what is sealed.
fn page(gather: &mut Gather<'_>, query: CaseQuery) -> Result<Page<CaseRow>, ApiError> {
    let filter = Filter::read(query, gather.desk.context.today())?;
    let mut page = case::list::page(gather.conn, gather.desk, &filter)?;
    let all = page.items.len();
    page.items.retain(|row| !row.sealed);
    let sealed = u64::try_from(all - page.items.len()).unwrap_or_default();
    page.total = page.total.saturating_sub(sealed);
    Ok(page)
}

/// The ledger as it opens.
fn ledger(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if !gather.may(Action::ListCases) {
        return Ok(());
    }
    let query = CaseQuery {
        limit: Some(50),
        ..CaseQuery::default()
    };
    let mut page = page(gather, query)?;
    // Without a network there is no next page.
    page.next_cursor = None;
    gather.add("/cases?limit=50", &page).map(drop)
}

/// Open cases, those due first in front, each with what its page asks for.
fn cases(gather: &mut Gather<'_>) -> Result<(), ApiError> {
    if !gather.may(Action::ListCases) {
        return Ok(());
    }
    let query = CaseQuery {
        open: Some(true),
        sort: Some("due_on".to_owned()),
        limit: Some(MOST_CASES),
        ..CaseQuery::default()
    };
    for row in page(gather, query)?.items {
        match one(gather, &row) {
            Ok(()) => {}
            // It was taken from them between the list and here.
            Err(case::Error::Denied(_)) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn one(gather: &mut Gather<'_>, row: &CaseRow) -> Result<(), case::Error> {
    let (desk, id) = (gather.desk, &row.id);
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| case::Error::Damaged(error.to_string()))
    };
    let case = case::service::show(gather.conn, desk, id)?;
    // Sealed since the list was read.
    if case.facts.seal != Series::Open {
        return Ok(());
    }
    let actions = case::service::actions(gather.conn, desk, id)?;
    let events = whole(case::service::events(gather.conn, desk, id)?);
    let files = whole(case::attach::list(gather.conn, desk, id)?);
    let (matters, _, _) = case::matter::service::of_case(gather.conn, desk, id, None)?;
    let (papers, _, _) = case::paper::service::of_case(gather.conn, desk, id)?;
    let answers = [
        ("", json(serde_json::to_string(&case))?),
        ("/actions", json(serde_json::to_string(&actions))?),
        ("/events?limit=200", json(serde_json::to_string(&events))?),
        (
            "/attachments?limit=200",
            json(serde_json::to_string(&files))?,
        ),
        ("/matters", json(serde_json::to_string(&matters))?),
        ("/documents", json(serde_json::to_string(&papers))?),
    ];
    let mut sent = false;
    for (below, body) in answers {
        let path = format!("/cases/{id}{below}");
        sent |= gather
            .add_text(&path, &body)
            .map_err(|error| case::Error::Damaged(error.to_string()))?;
    }
    if sent {
        gather.looks.push(Look {
            id: id.clone(),
            number: case.row.number,
            seal: case.facts.seal,
        });
    }
    Ok(())
}

/// A list that is short enough to come at once, as the routes give it.
fn whole<T>(items: Vec<T>) -> Page<T> {
    Page {
        total: u64::try_from(items.len()).unwrap_or_default(),
        next_cursor: None,
        items,
    }
}
