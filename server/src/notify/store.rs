//! Rows of notices, and of what people wish to be told.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use shared::access::Actor;
use shared::ids::UserId;
use shared::notice::prefs::Prefs;
use shared::notice::{Notice, NoticeKind};
use shared::term::Term;

use super::Draft;
use crate::case::scope;
use crate::db::{self, Conn};
use crate::schema::{cases, generations, notice_prefs, notices};

/// How many values one query names.
const NAMED: usize = 400;

/// A notice's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub(crate) struct NoticeRecord {
    pub(crate) id: String,
    pub(crate) seq: i64,
    pub(crate) user_id: String,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) link: String,
    pub(crate) urgent: bool,
    pub(crate) once: String,
    pub(crate) at: NaiveDateTime,
    pub(crate) read_at: Option<NaiveDateTime>,
    pub(crate) case_id: Option<String>,
    pub(crate) live: bool,
}

impl NoticeRecord {
    /// As its receiver sees it.
    ///
    /// # Errors
    /// A kind that a newer release has written.
    pub(crate) fn notice(self) -> QueryResult<Notice> {
        Ok(Notice {
            kind: db::term(&self.kind)?,
            id: self.id,
            seq: self.seq,
            title: self.title,
            body: self.body,
            link: self.link,
            urgent: self.urgent,
            at: self.at.and_utc(),
            read_at: self.read_at.map(|at| at.and_utc()),
        })
    }
}

/// Reserves so many places in the stream; the place before the first.
pub(super) fn reserve(conn: &mut Conn, count: usize) -> QueryResult<i64> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let row = generations::table.find("notices");
    diesel::update(row)
        .set(generations::value.eq(generations::value + count))
        .execute(conn)?;
    Ok(last(conn)? - count)
}

/// The last place that was given.
pub(crate) fn last(conn: &mut Conn) -> QueryResult<i64> {
    generations::table
        .find("notices")
        .select(generations::value)
        .first(conn)
}

/// Whether somebody has been told of it.
pub(super) fn was_told(conn: &mut Conn, user: &UserId, once: &str) -> QueryResult<bool> {
    let told = notices::table
        .filter(notices::user_id.eq(user.as_str()))
        .filter(notices::once.eq(once))
        .select(notices::seq)
        .first::<i64>(conn)
        .optional()?;
    Ok(told.is_some())
}

/// Who has been told of what, of all these keys.
pub(super) fn told(conn: &mut Conn, once: &[String]) -> QueryResult<HashSet<(String, String)>> {
    let mut told = HashSet::new();
    for some in once.chunks(NAMED) {
        let rows: Vec<(String, String)> = notices::table
            .filter(notices::once.eq_any(some))
            .select((notices::user_id, notices::once))
            .load(conn)?;
        told.extend(rows);
    }
    Ok(told)
}

/// Writes one.
pub(super) fn insert(
    conn: &mut Conn,
    user: &UserId,
    draft: &Draft,
    seq: i64,
    live: bool,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let record = NoticeRecord {
        id: crate::ids::new_id(),
        seq,
        user_id: user.as_str().to_owned(),
        kind: draft.kind.code().to_owned(),
        title: draft.title.clone(),
        body: draft.body.clone(),
        link: draft.link.clone(),
        urgent: draft.urgent,
        once: draft.once.clone(),
        at: now.naive_utc(),
        read_at: None,
        case_id: draft.case_id().map(str::to_owned),
        live,
    };
    diesel::insert_into(notices::table)
        .values(&record)
        .execute(conn)
        .map(drop)
}

/// Of these cases, those that somebody may not see (any more).
fn hidden_of(conn: &mut Conn, actor: &Actor, ids: &[String]) -> QueryResult<Vec<String>> {
    let mut hidden = Vec::new();
    for some in ids.chunks(NAMED) {
        let seen: Vec<String> = cases::table
            .filter(scope::visible_to(actor))
            .filter(cases::id.eq_any(some))
            .select(cases::id)
            .load(conn)?;
        hidden.extend(some.iter().filter(|id| !seen.contains(id)).cloned());
    }
    Ok(hidden)
}

/// The cases of somebody's notices that they may not see any more: nothing is to be told of them.
pub(super) fn hidden(conn: &mut Conn, actor: &Actor) -> QueryResult<Vec<String>> {
    let ids: Vec<Option<String>> = notices::table
        .filter(notices::user_id.eq(actor.user_id.as_str()))
        .filter(notices::case_id.is_not_null())
        .select(notices::case_id)
        .distinct()
        .load(conn)?;
    let ids: Vec<String> = ids.into_iter().flatten().collect();
    hidden_of(conn, actor, &ids)
}

/// Leaves out the notices of cases that somebody may not see.
pub(super) fn without_hidden(
    conn: &mut Conn,
    actor: &Actor,
    records: Vec<NoticeRecord>,
) -> QueryResult<Vec<NoticeRecord>> {
    let ids: BTreeSet<&String> = records.iter().filter_map(|r| r.case_id.as_ref()).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let hidden = hidden_of(conn, actor, &ids)?;
    let seen = |record: &NoticeRecord| {
        let case = record.case_id.as_ref();
        case.is_none_or(|case| !hidden.contains(case))
    };
    Ok(records.into_iter().filter(seen).collect())
}

/// Which of somebody's notices.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) unread: bool,
    pub(super) kind: Option<NoticeKind>,
    /// Before this one in the stream.
    pub(super) before: Option<i64>,
    /// Not of these cases.
    pub(super) hidden: Vec<String>,
}

/// The caller's notices that a filter finds, boxed.
macro_rules! chosen {
    ($user:expr, $filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query = notices::table
            .filter(notices::user_id.eq($user.to_owned()))
            .into_boxed();
        if filter.unread {
            query = query.filter(notices::read_at.is_null());
        }
        if let Some(kind) = filter.kind {
            query = query.filter(notices::kind.eq(kind.code()));
        }
        if let Some(seq) = filter.before {
            query = query.filter(notices::seq.lt(seq));
        }
        if !filter.hidden.is_empty() {
            let of_others = notices::case_id
                .assume_not_null()
                .ne_all(filter.hidden.clone());
            query = query.filter(notices::case_id.is_null().or(of_others));
        }
        query
    }};
}

/// The newest that a filter finds.
pub(super) fn page(
    conn: &mut Conn,
    user: &str,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<NoticeRecord>> {
    chosen!(user, filter)
        .order(notices::seq.desc())
        .limit(limit)
        .select(NoticeRecord::as_select())
        .load(conn)
}

/// How many a filter finds.
pub(super) fn count(conn: &mut Conn, user: &str, filter: &Filter) -> QueryResult<u64> {
    let count: i64 = chosen!(user, filter).count().get_result(conn)?;
    Ok(count.unsigned_abs())
}

/// One of somebody's notices.
pub(super) fn find(conn: &mut Conn, user: &str, id: &str) -> QueryResult<Option<NoticeRecord>> {
    notices::table
        .find(id)
        .filter(notices::user_id.eq(user))
        .select(NoticeRecord::as_select())
        .first(conn)
        .optional()
}

/// Notes that a notice was read; the first time stays.
pub(super) fn read(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(notices::table.find(id).filter(notices::read_at.is_null()))
        .set(notices::read_at.eq(Some(now.naive_utc())))
        .execute(conn)
        .map(drop)
}

/// Notes that all up to a place were read.
pub(super) fn read_up_to(
    conn: &mut Conn,
    user: &str,
    seq: i64,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let unread = notices::user_id
        .eq(user)
        .and(notices::seq.le(seq))
        .and(notices::read_at.is_null());
    diesel::update(notices::table.filter(unread))
        .set(notices::read_at.eq(Some(now.naive_utc())))
        .execute(conn)
}

/// Somebody's live notices after a place, in the order of the stream.
pub(super) fn after(
    conn: &mut Conn,
    user: &str,
    seq: i64,
    limit: i64,
) -> QueryResult<Vec<NoticeRecord>> {
    notices::table
        .filter(notices::user_id.eq(user))
        .filter(notices::live.eq(true))
        .filter(notices::seq.gt(seq))
        .order(notices::seq)
        .limit(limit)
        .select(NoticeRecord::as_select())
        .load(conn)
}

/// Everybody's live notices after a place, in the order of the stream.
pub(super) fn of_all_after(
    conn: &mut Conn,
    seq: i64,
    limit: i64,
) -> QueryResult<Vec<NoticeRecord>> {
    notices::table
        .filter(notices::seq.gt(seq))
        .filter(notices::live.eq(true))
        .order(notices::seq)
        .limit(limit)
        .select(NoticeRecord::as_select())
        .load(conn)
}

/// How many notices came silently to somebody and are unread, by kind.
pub(super) fn silent(conn: &mut Conn, user: &str) -> QueryResult<Vec<(String, i64)>> {
    notices::table
        .filter(notices::user_id.eq(user))
        .filter(notices::live.eq(false))
        .filter(notices::read_at.is_null())
        .group_by(notices::kind)
        .order(notices::kind)
        .select((notices::kind, diesel::dsl::count_star()))
        .load(conn)
}

/// Forgets old notices.
pub(super) fn forget_before(conn: &mut Conn, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(notices::table.filter(notices::at.lt(at.naive_utc()))).execute(conn)
}

/// What somebody wishes to be told, and its version.
pub(super) fn prefs(conn: &mut Conn, user: &str) -> QueryResult<(Prefs, i64)> {
    let row: Option<(String, i64)> = notice_prefs::table
        .find(user)
        .select((notice_prefs::value, notice_prefs::version))
        .first(conn)
        .optional()?;
    // What another release has written, and this one cannot read, is as if nothing was chosen.
    Ok(row.map_or_else(
        || (Prefs::default(), 1),
        |(text, version)| (serde_json::from_str(&text).unwrap_or_default(), version),
    ))
}

/// Keeps what somebody wishes; whether it still stood at `seen`.
pub(super) fn set_prefs(
    conn: &mut Conn,
    user: &str,
    prefs: &Prefs,
    seen: i64,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let value = serde_json::to_string(prefs)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let change = (
        notice_prefs::value.eq(&value),
        notice_prefs::version.eq(seen + 1),
        notice_prefs::updated_at.eq(now.naive_utc()),
    );
    let row = notice_prefs::table.find(user);
    let changed = diesel::update(row.filter(notice_prefs::version.eq(seen)))
        .set(change)
        .execute(conn)?;
    if changed == 1 {
        return Ok(true);
    }
    let there: i64 = row.count().get_result(conn)?;
    if there > 0 || seen != 1 {
        return Ok(false);
    }
    let new = (
        notice_prefs::user_id.eq(user),
        notice_prefs::value.eq(&value),
        notice_prefs::version.eq(seen + 1),
        notice_prefs::updated_at.eq(now.naive_utc()),
    );
    let made = db::on_either!(conn, |conn| diesel::insert_into(notice_prefs::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(made == 1)
}
