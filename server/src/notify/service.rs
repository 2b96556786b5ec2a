//! The inbox, and what somebody wishes to be told. Everybody has their own, and no other's.

use chrono::{DateTime, Utc};
use shared::access::{Actor, Denied};
use shared::notice::prefs::{Prefs, PrefsView};
use shared::notice::{Inbox, Notice, NoticeKind, Unread};

use super::Error;
use super::store::{self, Filter};
use crate::db::Conn;
use crate::page::cursor;

/// What a reader of the inbox asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) unread: bool,
    pub(super) kind: Option<NoticeKind>,
    pub(super) limit: i64,
    pub(super) before: Option<i64>,
}

/// A page of the inbox. A notice of a case that its receiver may not see any more is left out, and
/// counted nowhere.
pub(super) fn inbox(conn: &mut Conn, actor: &Actor, wanted: Wanted) -> Result<Inbox, Error> {
    let user = actor.user_id.as_str();
    let hidden = store::hidden(conn, actor)?;
    let all = Filter {
        unread: wanted.unread,
        kind: wanted.kind,
        before: None,
        hidden,
    };
    let total = store::count(conn, user, &all)?;
    let unread = Filter {
        unread: true,
        kind: None,
        ..all.clone()
    };
    let unread = store::count(conn, user, &unread)?;
    let page = Filter {
        before: wanted.before,
        ..all
    };
    let mut rows = store::page(conn, user, &page, wanted.limit + 1)?;
    let most = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor(&row.seq));
    let items = rows.into_iter().map(store::NoticeRecord::notice);
    Ok(Inbox {
        items: items.collect::<Result<_, _>>()?,
        next_cursor,
        total,
        unread,
    })
}

/// How many notices are unread.
fn unread(conn: &mut Conn, actor: &Actor) -> Result<Unread, Error> {
    let filter = Filter {
        unread: true,
        hidden: store::hidden(conn, actor)?,
        ..Filter::default()
    };
    let unread = store::count(conn, actor.user_id.as_str(), &filter)?;
    Ok(Unread { unread })
}

/// Notes that the caller has read a notice.
pub(super) fn read(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Notice, Error> {
    let find = |conn: &mut Conn| -> Result<_, Error> {
        let row = store::find(conn, actor.user_id.as_str(), id)?;
        let seen = store::without_hidden(conn, actor, row.into_iter().collect())?;
        Ok(seen.into_iter().next().ok_or(Denied::Hidden)?)
    };
    find(conn)?;
    store::read(conn, id, now)?;
    Ok(find(conn)?.notice()?)
}

/// Notes that the caller has read all up to a place; how many are left.
pub(super) fn read_up_to(
    conn: &mut Conn,
    actor: &Actor,
    seq: i64,
    now: DateTime<Utc>,
) -> Result<Unread, Error> {
    store::read_up_to(conn, actor.user_id.as_str(), seq, now)?;
    unread(conn, actor)
}

/// What the caller wishes to be told.
pub(super) fn prefs(conn: &mut Conn, actor: &Actor) -> Result<PrefsView, Error> {
    let (prefs, version) = store::prefs(conn, actor.user_id.as_str())?;
    Ok(PrefsView::new(&prefs, version))
}

/// Keeps what the caller wishes to be told.
pub(super) fn set_prefs(
    conn: &mut Conn,
    actor: &Actor,
    wished: &Prefs,
    seen: i64,
    now: DateTime<Utc>,
) -> Result<PrefsView, Error> {
    wished.check().into_result().map_err(Error::Invalid)?;
    if !store::set_prefs(conn, actor.user_id.as_str(), wished, seen, now)? {
        return Err(Error::Stale);
    }
    prefs(conn, actor)
}
