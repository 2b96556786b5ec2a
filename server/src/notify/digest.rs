//! The daily digest: what the day brings, a line each, on working days.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use shared::access::{Action, Facts, can};
use shared::ids::UserId;
use shared::notice::NoticeKind;
use shared::notice::prefs::{Delivery, time_of_day};
use shared::notice::remind::shanghai_time;
use shared::term::Term;

use super::reminders::{Letter, send};
use super::{Draft, Error, store};
use crate::auth::Actor;
use crate::case::{Desk, home};
use crate::clock::day_of;
use crate::context::RequestContext;
use crate::db::{self, Conn};
use crate::settings::store::General;
use crate::state::State;

fn key(today: NaiveDate) -> String {
    format!("digest:{today}")
}

/// The digest of somebody's day; none where there is nothing to say.
fn digest(conn: &mut Conn, desk: &Desk) -> Result<Option<Draft>, Error> {
    let mut lines = match can(&desk.actor, Action::ListCases, Facts::None) {
        Ok(()) => home::summary(conn, desk)?,
        Err(_) => Vec::new(),
    };
    for (kind, count) in store::silent(conn, desk.actor.user_id.as_str())? {
        let kind: NoticeKind = db::term(&kind)?;
        lines.push((format!("未读通知·{}", kind.label()), count.unsigned_abs()));
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let today = desk.context.today();
    let body: Vec<String> = lines
        .iter()
        .map(|(what, count)| format!("{what}：{count}"))
        .collect();
    Ok(Some(Draft {
        kind: NoticeKind::Digest,
        title: format!("{}待办汇总：{}", today.format("%-m月%-d日"), first(&lines)),
        body: body.join("\n"),
        link: "/".to_owned(),
        urgent: false,
        once: key(today),
    }))
}

/// The first two lines, for the title.
fn first(lines: &[(String, u64)]) -> String {
    let first = lines.iter().take(2);
    let first: Vec<String> = first
        .map(|(what, count)| format!("{what}{count}"))
        .collect();
    first.join("，")
}

/// From when on a township's people have their digest, Asia/Shanghai.
pub(super) fn time(general: &General) -> NaiveTime {
    time_of_day(&general.notices.digest_at).unwrap_or(NaiveTime::MIN)
}

/// Sends everybody's digest who has none today and wishes one.
///
/// # Errors
/// The database's own.
pub(super) async fn run(state: State, now: DateTime<Utc>) -> Result<(), Error> {
    let today = day_of(now);
    let names = state.directory.current().await?;
    let told = state
        .db
        .read(move |conn| store::told(conn, &[key(today)]))
        .await?;
    let context = RequestContext {
        now,
        ..RequestContext::local(&state.clock)
    };
    for member in names.members() {
        let id = member.user.id.clone();
        let township = &member.access.township_id;
        let is_workday = names.calendar(township.as_str()).is_workday(today);
        if !is_workday || shanghai_time(now) < time(names.general(township)) {
            continue;
        }
        if !member.user.is_active_person() || told.contains(&(id.to_string(), key(today))) {
            continue;
        }
        let desk = Desk {
            actor: Actor::of_member(Arc::clone(member)),
            context: context.clone(),
            names: Arc::clone(&names),
            keys: Arc::clone(&state.keys),
        };
        let draft = state.db.read_heavy(move |conn| wished(conn, &desk)).await?;
        let letter = draft.map(|draft| Letter {
            to: vec![UserId::from(id.as_str())],
            draft,
        });
        send(&state, letter.into_iter().collect(), now).await?;
    }
    Ok(())
}

/// Somebody's digest, if they wish one.
fn wished(conn: &mut Conn, desk: &Desk) -> Result<Option<Draft>, Error> {
    let (prefs, _) = store::prefs(conn, desk.actor.user_id.as_str())?;
    if prefs.delivery(NoticeKind::Digest) == Delivery::Off {
        return Ok(None);
    }
    digest(conn, desk)
}
