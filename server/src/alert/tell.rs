//! Who is told of urgent information, and who is told again when nobody moves.
//!
//! What a notice says may be seen on a locked phone and go on to a chat robot: the kind, the village,
//! how many people; never what happened in words.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::result::QueryResult;
use shared::access::{AlertFacts, alert_visible};
use shared::alert::AlertKind;
use shared::alert::step::{AlertEventKind, AlertState};
use shared::ids::{UnitId, UserId};
use shared::notice::NoticeKind;
use shared::role::Role;
use shared::term::Term;

use super::store::{self, AlertRecord, EventRecord};
use crate::db::Conn;
use crate::directory::{Member, Snapshot};
use crate::notify::{self, Draft};

/// Nobody has acknowledged it in time, and leaders were told.
const TOLD_UNSEEN: i32 = 1;
/// Nobody was sent in time, and leaders were told.
const TOLD_UNSENT: i32 = 2;

/// Members who may sign in, may know of it, and are `wanted`, but for `but`.
pub(super) fn members(
    names: &Snapshot,
    facts: &AlertFacts,
    but: Option<&UserId>,
    wanted: impl Fn(&Member) -> bool,
) -> Vec<UserId> {
    let mut ids: Vec<UserId> = names
        .members()
        .filter(|member| {
            member.user.is_active_person()
                && but != Some(&member.user.id)
                && wanted(member)
                && alert_visible(&member.access, facts)
        })
        .map(|member| member.user.id.clone())
        .collect();
    ids.sort();
    ids
}

/// Who has to see it at once.
pub(super) const fn answers(role: Role) -> bool {
    matches!(
        role,
        Role::TownshipLeader | Role::CoordinationOffice | Role::PoliceStation
    )
}

/// It in a few words without a person in them: `【演练】五里墩村：群体聚集，约30人`.
pub(super) fn headline(names: &Snapshot, alert: &AlertRecord) -> QueryResult<String> {
    let kind: AlertKind = crate::db::term(&alert.kind)?;
    let unit = alert.village_id.as_deref().unwrap_or(&alert.unit_id);
    let place = names.unit_name(&UnitId::from(unit));
    let drill = if alert.drill { "【演练】" } else { "" };
    let people = alert
        .people_count
        .filter(|count| *count > 0)
        .map(|count| format!("，约{count}人"))
        .unwrap_or_default();
    Ok(format!("{drill}{place}：{}{people}", kind.label()))
}

/// Tells people of it.
pub(super) fn tell(
    conn: &mut Conn,
    names: &Snapshot,
    alert: &AlertRecord,
    to: &[UserId],
    (what, urgent, key): (&str, bool, &str),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let draft = Draft {
        kind: NoticeKind::Alert,
        title: headline(names, alert)?,
        body: what.to_owned(),
        link: format!("/alerts/{}", alert.id),
        urgent,
        once: format!("alert:{}:{key}", alert.id),
    };
    notify::post(conn, to, &draft, now)
}

/// Does [`tell_again`], for the scheduler.
///
/// # Errors
/// The database's own.
pub(crate) fn tick(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    tell_again(conn, now).map(drop)
}

/// Of what it is too late by now, unless that was said before.
fn late_mark(alert: &AlertRecord, now: DateTime<Utc>) -> QueryResult<Option<i32>> {
    let passed = |from: NaiveDateTime, minutes: i32| {
        now.naive_utc() - from > chrono::Duration::minutes(i64::from(minutes))
    };
    let (since, limit, mark) = match (alert.state()?, alert.acknowledged_at) {
        (AlertState::Reported, _) => (alert.reported_at, alert.acknowledge_limit, TOLD_UNSEEN),
        (AlertState::Acknowledged, Some(seen)) => (seen, alert.dispatch_limit, TOLD_UNSENT),
        _ => return Ok(None),
    };
    Ok((passed(since, limit) && alert.told_late & mark == 0).then_some(mark))
}

/// Tells leaders and whoever has to see it again, once, when nobody has acknowledged within the
/// limit, and once more when nobody was sent within the limit; however often it is called. Says how
/// many it told of.
pub(super) fn tell_again(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    let mut late = Vec::new();
    for alert in store::waiting(conn)? {
        if late_mark(&alert, now)?.is_some() {
            late.push(alert.id);
        }
    }
    if late.is_empty() {
        return Ok(0);
    }
    let names = Snapshot::of_people(conn)?;
    // All of them before anybody is told: whoever takes a step locks one, and then tells, too.
    for id in &late {
        store::lock(conn, id)?;
    }
    let mut told = 0;
    for id in late {
        // Somebody may have moved just now.
        let Some(mut alert) = store::find(conn, &id)? else {
            continue;
        };
        let Some(mark) = late_mark(&alert, now)? else {
            continue;
        };
        let seen = alert.version;
        let events = store::events(conn, &alert.id)?;
        let facts = alert.facts(&events);
        let (what, key) = if mark == TOLD_UNSEEN {
            let what = format!(
                "上报{}分钟还没有人签收，请尽快签收。",
                alert.acknowledge_limit
            );
            (what, "unseen")
        } else {
            let what = format!(
                "签收{}分钟还没有派人处置，请尽快派处置。",
                alert.dispatch_limit
            );
            (what, "unsent")
        };
        // The version stays: whoever is about to take the next step need not look again.
        alert.told_late |= mark;
        alert.updated_at = now.naive_utc();
        if !store::save(conn, &alert, seen)? {
            continue;
        }
        let event = EventRecord {
            id: crate::ids::new_id(),
            alert_id: alert.id.clone(),
            seq: i32::try_from(events.len()).unwrap_or(i32::MAX),
            kind: AlertEventKind::Escalated.code().to_owned(),
            at: now.naive_utc(),
            actor_id: None,
            actor_name: String::new(),
            actor_unit: String::new(),
            text: Some(what.clone()),
            unit_id: None,
            user_id: None,
        };
        store::insert_event(conn, &event)?;
        let to = members(&names, &facts, None, |member| answers(member.user.role));
        tell(conn, &names, &alert, &to, (&what, true, key), now)?;
        told += 1;
    }
    Ok(told)
}
