//! Rows of the audit log.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shared::access;
use shared::audit::{AuditAction, AuditEntry};
use shared::case::number::{CaseNumber, Series};
use shared::ids::{CaseId, UnitId, UserId};
use shared::role::Role;
use shared::term::Term;

use super::Entry;
use crate::auth::Actor;
use crate::case::scope::not_sealed_from;
use crate::context::RequestContext;
use crate::db::{Conn, on_either};
use crate::schema::{audit_log, cases};

/// Who did it.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) user_id: Option<&'a str>,
    pub(super) user_name: Option<&'a str>,
    pub(super) township_id: Option<&'a str>,
    /// For whom, where only standing in for somebody allowed it.
    pub(super) behalf: Option<&'a str>,
}

#[derive(Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
struct NewRow<'a> {
    id: String,
    at: NaiveDateTime,
    user_id: Option<&'a str>,
    user_name: Option<&'a str>,
    township_id: Option<&'a str>,
    action: &'static str,
    case_id: Option<String>,
    sealed: bool,
    registrar_only: bool,
    detail: String,
    address: Option<String>,
    request_id: &'a str,
}

impl<'a> NewRow<'a> {
    fn of(context: &'a RequestContext, who: &Who<'a>, entry: Entry) -> Self {
        Self {
            id: crate::ids::new_id(),
            at: context.now.naive_utc(),
            user_id: who.user_id,
            user_name: who.user_name,
            township_id: who.township_id,
            action: entry.action.code(),
            case_id: entry.case_id,
            sealed: entry.sealed,
            registrar_only: entry.registrar_only,
            detail: match who.behalf {
                Some(absent) => format!("{}（代{absent}）", entry.detail),
                None => entry.detail,
            },
            address: context.address.map(|address| address.to_string()),
            request_id: &context.request_id,
        }
    }
}

pub(super) fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    who: &Who<'_>,
    entry: Entry,
) -> QueryResult<()> {
    let row = NewRow::of(context, who, entry);
    on_either!(conn, |conn| diesel::insert_into(audit_log::table)
        .values(row)
        .execute(conn))
    .map(drop)
}

/// The township in whose log an entry stands beside the one of whoever it is by: what the county's office does
/// with a township's case.
pub(super) fn other_log(
    conn: &mut Conn,
    actor: &Actor,
    entry: &Entry,
) -> QueryResult<Option<String>> {
    let Some(case) = entry.case_id.as_deref() else {
        return Ok(None);
    };
    if actor.role != Role::CountyOffice {
        return Ok(None);
    }
    let township: Option<String> = cases::table
        .find(case)
        .select(cases::township_id)
        .first(conn)
        .optional()?;
    Ok(township.filter(|township| *township != actor.township_id.as_str()))
}

/// How many rows go into one statement.
const TOGETHER: usize = 64;

/// Inserts many rows of signed-in users, in their order, with few statements.
pub(super) fn insert_all(
    conn: &mut Conn,
    entries: impl Iterator<Item = (RequestContext, Actor, Entry)>,
) -> QueryResult<()> {
    let entries: Vec<_> = entries.collect();
    let mut other_logs: Vec<Option<String>> = Vec::with_capacity(entries.len());
    for (_, actor, entry) in &entries {
        other_logs.push(other_log(conn, actor, entry)?);
    }
    let mut rows: Vec<NewRow<'_>> = Vec::with_capacity(entries.len());
    for ((context, actor, entry), other) in entries.iter().zip(&other_logs) {
        let who = super::who(actor);
        rows.push(NewRow::of(context, &who, entry.clone()));
        if let Some(township) = other {
            let who = Who {
                township_id: Some(township),
                ..who
            };
            rows.push(NewRow::of(context, &who, entry.clone()));
        }
    }
    for some in rows.chunks(TOGETHER) {
        on_either!(conn, |conn| diesel::insert_into(audit_log::table)
            .values(some)
            .execute(conn))?;
    }
    Ok(())
}

/// What a reader of the log asks for.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) reader: access::Actor,
    pub(super) from: Option<NaiveDateTime>,
    pub(super) before: Option<NaiveDateTime>,
    pub(super) user_id: Option<String>,
    pub(super) action: Option<AuditAction>,
    pub(super) case_id: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct Row {
    id: String,
    at: NaiveDateTime,
    user_id: Option<String>,
    user_name: Option<String>,
    action: String,
    case_id: Option<String>,
    detail: String,
    address: Option<String>,
    request_id: Option<String>,
}

impl TryFrom<Row> for AuditEntry {
    type Error = diesel::result::Error;
    fn try_from(row: Row) -> QueryResult<Self> {
        Ok(Self {
            action: crate::db::term(&row.action)?,
            id: row.id,
            at: row.at.and_utc(),
            user_id: row.user_id.map(UserId::new),
            user_name: row.user_name,
            case_id: row.case_id.map(CaseId::new),
            detail: row.detail,
            address: row.address,
            request_id: row.request_id,
        })
    }
}

/// The cases that are sealed from the reader as they stand now: a case may have been sealed after
/// a row was written, and a row cannot change. Accusations are few.
fn sealed_from(conn: &mut Conn, reader: &access::Actor) -> QueryResult<Vec<String>> {
    cases::table
        .filter(cases::seal.ne(Series::Open.code()))
        .filter(diesel::dsl::not(not_sealed_from(reader)))
        .select(cases::id)
        .load(conn)
}

/// The rows that the filter finds, without those of cases that are sealed from the reader.
macro_rules! found {
    ($conn:expr, $filter:expr, $query:expr) => {{
        let filter = $filter;
        let sealed = sealed_from($conn, &filter.reader)?;
        let township = filter.reader.township_id.as_str().to_owned();
        let mut query = $query
            .filter(
                audit_log::case_id
                    .is_null()
                    .or(audit_log::case_id.ne_all(sealed)),
            )
            .into_boxed();
        let own = audit_log::township_id.eq(township);
        // What is of no township is for those of the topmost unit.
        query = if filter.reader.is_topmost() {
            query.filter(audit_log::township_id.is_null().or(own))
        } else {
            query.filter(own)
        };
        if let Some(from) = filter.from {
            query = query.filter(audit_log::at.ge(from));
        }
        if let Some(before) = filter.before {
            query = query.filter(audit_log::at.lt(before));
        }
        if let Some(user_id) = filter.user_id.clone() {
            query = query.filter(audit_log::user_id.eq(user_id));
        }
        if let Some(action) = filter.action {
            query = query.filter(audit_log::action.eq(action.code()));
        }
        if let Some(case_id) = filter.case_id.clone() {
            query = query.filter(audit_log::case_id.eq(case_id));
        }
        query
    }};
}

/// The case of a township with a number, however its brackets and digits are written. Whether the reader
/// may know of it is for the log's own conditions to say.
pub(super) fn case_of_number(
    conn: &mut Conn,
    township: &UnitId,
    number: &str,
) -> QueryResult<Option<String>> {
    let written = number
        .parse::<CaseNumber>()
        .map_or_else(|_| number.to_owned(), |number| number.to_string());
    cases::table
        .filter(cases::township_id.eq(township.as_str()))
        .filter(cases::number.eq(written))
        .select(cases::id)
        .first(conn)
        .optional()
}

/// A page of entries, newest first, older than `after`.
pub(super) fn page(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<&str>,
    limit: u32,
) -> QueryResult<Vec<AuditEntry>> {
    let mut query = found!(conn, filter, audit_log::table.select(Row::as_select()));
    if let Some(after) = after {
        query = query.filter(audit_log::id.lt(after.to_owned()));
    }
    let rows = query
        .order(audit_log::id.desc())
        .limit(limit.into())
        .load::<Row>(conn)?;
    rows.into_iter().map(AuditEntry::try_from).collect()
}

/// How many the filter finds.
pub(super) fn count(conn: &mut Conn, filter: &Filter) -> QueryResult<u64> {
    let query = found!(
        conn,
        filter,
        audit_log::table.select(diesel::dsl::count_star())
    );
    query.first::<i64>(conn).map(|count| count.unsigned_abs())
}
