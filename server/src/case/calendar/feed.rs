//! The personal iCalendar feed: an address with a secret part, for calendar programs, which cannot
//! sign in. It can be taken back at any time, ends with the account, and its titles say nothing about
//! a person: the case's number and what is due.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Days, NaiveDateTime};
use diesel::prelude::*;
use icalendar::{Calendar, Component, Event, EventLike};
use shared::audit::AuditAction;
use shared::case::calendar::{CalendarFeed, CalendarScope, CalendarView};
use shared::ids::UserId;

use super::service::{self, CalendarQuery, Wanted};
use crate::audit;
use crate::case::{Desk, Error, service as cases};
use crate::db::Conn;
use crate::schema::calendar_feeds;

/// How far back and ahead a feed shows.
const DAYS_BACK: u64 = 30;
const DAYS_AHEAD: u64 = 180;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_feeds, treat_none_as_default_value = false)]
struct FeedRecord {
    user_id: String,
    token_hash: String,
    created_at: NaiveDateTime,
    last_used_at: Option<NaiveDateTime>,
}

fn hash(desk_keys: &crate::keys::Keys, token: &str) -> String {
    desk_keys.lookup_hash("calendar_feed", token)
}

fn shown(feed: Option<FeedRecord>, path: Option<String>) -> CalendarFeed {
    CalendarFeed {
        active: feed.is_some(),
        created_at: feed.as_ref().map(|feed| feed.created_at.and_utc()),
        last_used_at: feed
            .and_then(|feed| feed.last_used_at)
            .map(|at| at.and_utc()),
        path,
    }
}

fn find(conn: &mut Conn, user: &UserId) -> QueryResult<Option<FeedRecord>> {
    calendar_feeds::table
        .find(user.as_str())
        .select(FeedRecord::as_select())
        .first(conn)
        .optional()
}

/// The caller's feed.
pub(super) fn show(conn: &mut Conn, desk: &Desk) -> Result<CalendarFeed, Error> {
    cases::may_list(desk)?;
    Ok(shown(find(conn, &desk.actor.user_id)?, None))
}

/// Makes the caller's feed, in place of an earlier one; its address is in the answer and nowhere else.
pub(super) fn make(conn: &mut Conn, desk: &Desk) -> Result<CalendarFeed, Error> {
    cases::may_list(desk)?;
    let secret: [u8; 24] = rand::random();
    let token = URL_SAFE_NO_PAD.encode(secret);
    let feed = FeedRecord {
        user_id: desk.actor.user_id.as_str().to_owned(),
        token_hash: hash(&desk.keys, &token),
        created_at: desk.context.now.naive_utc(),
        last_used_at: None,
    };
    diesel::delete(calendar_feeds::table.find(&feed.user_id)).execute(conn)?;
    diesel::insert_into(calendar_feeds::table)
        .values(&feed)
        .execute(conn)?;
    note(conn, desk, "建立日程订阅地址")?;
    let path = format!("/api/v1/calendar/feeds/{token}.ics");
    Ok(shown(Some(feed), Some(path)))
}

/// Takes the caller's feed back.
pub(super) fn end(conn: &mut Conn, desk: &Desk) -> Result<CalendarFeed, Error> {
    cases::may_list(desk)?;
    if diesel::delete(calendar_feeds::table.find(desk.actor.user_id.as_str())).execute(conn)? > 0 {
        note(conn, desk, "撤销日程订阅地址")?;
    }
    Ok(shown(None, None))
}

fn note(conn: &mut Conn, desk: &Desk, what: &str) -> QueryResult<()> {
    let entry = audit::Entry::new(AuditAction::Token, what);
    audit::append(conn, &desk.context, &desk.actor, entry)
}

/// Whose feed an address is, if it is one.
pub(super) fn owner(
    conn: &mut Conn,
    keys: &crate::keys::Keys,
    token: &str,
) -> QueryResult<Option<UserId>> {
    let user: Option<String> = calendar_feeds::table
        .filter(calendar_feeds::token_hash.eq(hash(keys, token)))
        .select(calendar_feeds::user_id)
        .first(conn)
        .optional()?;
    Ok(user.map(UserId::from))
}

/// Notes that a feed was read.
pub(super) fn used(conn: &mut Conn, user: &UserId, at: NaiveDateTime) -> QueryResult<()> {
    diesel::update(calendar_feeds::table.find(user.as_str()))
        .set(calendar_feeds::last_used_at.eq(Some(at)))
        .execute(conn)
        .map(drop)
}

/// The feed's text for its owner, who is at the desk.
pub(super) fn text(conn: &mut Conn, desk: &Desk) -> Result<String, Error> {
    let today = desk.context.today();
    let query = CalendarQuery {
        from: today.checked_sub_days(Days::new(DAYS_BACK)),
        to: today.checked_add_days(Days::new(DAYS_AHEAD)),
        scope: Some(CalendarScope::Mine),
        ..CalendarQuery::default()
    };
    let wanted = Wanted::read(query, today)?;
    Ok(write(
        &service::calendar(conn, desk, &wanted)?,
        desk.context.now.naive_utc(),
    ))
}

fn write(view: &CalendarView, now: NaiveDateTime) -> String {
    let mut calendar = Calendar::new();
    calendar.name("信访三无工作台");
    for item in &view.items {
        let part = item.matter_id.as_deref().unwrap_or("clock");
        let mut event = Event::new();
        event
            .uid(&format!("{}-{part}-{}@xinfang", item.case_id, item.what))
            .timestamp(now.and_utc())
            .summary(&format!("{} {}", item.number, item.what))
            .all_day(item.on);
        if let Some(basis) = &item.basis {
            event.description(basis);
        }
        calendar.push(event.done());
    }
    calendar.done().to_string()
}
