//! What may be done with deputations.

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::BoolExpressionMethods;
use diesel::result::QueryResult;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::view::Named;
use shared::deputy::{
    Deputation, DeputationPatch, DeputationState, NewDeputation, Person, Plan, Span,
};
use shared::ids::UserId;
use shared::notice::NoticeKind;
use shared::page::Page;
use shared::validate::Errors;

use super::store::{self, Condition, DeputationRecord};
use crate::audit::{self, Entry};
use crate::case::{Desk, Error};
use crate::clock::day_of;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::{self, Member};
use crate::notify::{self, Draft};
use crate::page::cursor;

/// For how many days it is still told that one has begun or ended, should nobody have been there to tell
/// it.
const TOLD_FOR: u64 = 3;

/// Which of them a list is of.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Only those that are ahead or in force.
    pub(super) current: bool,
    pub(super) after: Option<(NaiveDate, String)>,
    pub(super) limit: i64,
}

fn person(member: &Member) -> Person<'_> {
    Person {
        id: &member.user.id,
        role: member.user.role,
        township_id: &member.own.township_id,
        disabled: member.user.disabled,
        service: member.user.service,
    }
}

fn named(desk: &Desk, id: &str) -> Named {
    Named {
        id: id.to_owned(),
        name: desk.names.user_name(&UserId::from(id)).to_owned(),
    }
}

fn may_change(desk: &Desk, record: &DeputationRecord) -> Result<(), Denied> {
    let absent = desk.names.member(&UserId::from(record.user_id.as_str()));
    let absent = absent.ok_or(Denied::Hidden)?;
    can(&desk.actor, Action::NameDeputy, Facts::User(&absent.own))
}

fn shown(desk: &Desk, record: &DeputationRecord) -> Deputation {
    let state = record.state(desk.context.today());
    let open = matches!(state, DeputationState::Ahead | DeputationState::InForce);
    Deputation {
        id: record.id.clone(),
        user: named(desk, &record.user_id),
        deputy: named(desk, &record.deputy_id),
        first_day: record.first_day,
        last_day: record.last_day,
        reason: record.reason.clone(),
        state,
        named_by: named(desk, &record.named_by),
        may_change: open && may_change(desk, record).is_ok(),
        version: record.version,
    }
}

/// A page of them, the latest in front: for the administrator all of the township, for everybody else
/// those of themself, as either of the two.
pub(super) fn list(
    conn: &mut Conn,
    desk: &Desk,
    wanted: &Wanted,
) -> Result<Page<Deputation>, Error> {
    can(&desk.actor, Action::NameDeputy, Facts::None)?;
    let today = desk.context.today();
    let all = can(&desk.actor, Action::ManageUsers, Facts::None).is_ok();
    let own = (!all).then_some(&desk.actor.user_id);
    let chosen = || -> Condition {
        let all = store::of(desk.actor.township_id.as_str(), own);
        if wanted.current {
            Box::new(all.and(store::current(today)))
        } else {
            all
        }
    };
    let (mut records, total) = store::page(conn, chosen, wanted.after.as_ref(), wanted.limit + 1)?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    Ok(Page {
        next_cursor: last.map(|last| cursor(&(last.first_day, &last.id))),
        total: total.unsigned_abs(),
        items: records.iter().map(|record| shown(desk, record)).collect(),
    })
}

/// One of them.
pub(super) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<Deputation, Error> {
    Ok(shown(desk, &find(conn, desk, id)?))
}

fn find(conn: &mut Conn, desk: &Desk, id: &str) -> Result<DeputationRecord, Error> {
    can(&desk.actor, Action::NameDeputy, Facts::None)?;
    let record = store::find(conn, desk.actor.township_id.as_str(), id)?;
    let record = record.ok_or_else(Error::hidden)?;
    let mine = record.both().contains(&desk.actor.user_id);
    if mine || may_change(desk, &record).is_ok() {
        Ok(record)
    } else {
        Err(Error::hidden())
    }
}

/// Finds one that the caller may change and read at `seen`. All who change any wait for each other, so
/// that two never overlap.
fn take(conn: &mut Conn, desk: &Desk, id: &str, seen: i64) -> Result<DeputationRecord, Error> {
    directory::touch(conn)?;
    let record = find(conn, desk, id)?;
    may_change(desk, &record)?;
    if record.version == seen {
        Ok(record)
    } else {
        Err(Error::Stale)
    }
}

/// The days for which somebody stands in for the same person already.
fn others(
    conn: &mut Conn,
    user: &str,
    but: Option<&str>,
    today: NaiveDate,
) -> QueryResult<Vec<Span>> {
    let records = store::current_of(conn, user, false, today)?;
    let records = records
        .iter()
        .filter(|other| but != Some(other.id.as_str()));
    Ok(records.map(DeputationRecord::span).collect())
}

fn filled(text: Option<&str>) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

/// Names a deputy.
pub(super) fn name(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewDeputation,
) -> Result<Deputation, Error> {
    can(&desk.actor, Action::NameDeputy, Facts::None)?;
    directory::touch(conn)?;
    let user_id = input.user_id.as_ref().unwrap_or(&desk.actor.user_id);
    let mut absent = desk.names.member(user_id);
    if let Some(member) = absent {
        match can(&desk.actor, Action::NameDeputy, Facts::User(&member.own)) {
            Ok(()) => {}
            // Of another township: there is nobody.
            Err(Denied::Hidden) => absent = None,
            Err(denied) => return Err(denied.into()),
        }
    }
    let today = desk.context.today();
    let plan = Plan {
        absent: absent.map(|member| person(member)),
        deputy: desk
            .names
            .member(&input.deputy_id)
            .map(|member| person(member)),
        span: Span {
            first: input.first_day,
            last: input.last_day,
        },
        reason: input.reason.as_deref(),
        begun: false,
    };
    let others = others(conn, user_id.as_str(), None, today)?;
    let errors = plan.check(today, &others);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let now = desk.context.now.naive_utc();
    let record = DeputationRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.to_string(),
        user_id: user_id.to_string(),
        deputy_id: input.deputy_id.to_string(),
        first_day: input.first_day,
        last_day: input.last_day,
        reason: filled(input.reason.as_deref()),
        named_by: desk.actor.user_id.to_string(),
        ended_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &record)?;
    note(conn, desk, "安排临时代理", &record)?;
    let title = format!("临时代理：{}", sentence(desk, &record));
    // Of one that begins on the same day it is not said a second time that it has begun.
    let once = if record.first_day == today {
        begins(&record)
    } else {
        format!("deputy:{}:named", record.id)
    };
    tell(conn, desk, &record.both(), title, once)?;
    Ok(shown(desk, &record))
}

/// `李某某的工作由王某某代理，3月1日至3月10日`
fn sentence(desk: &Desk, record: &DeputationRecord) -> String {
    words(
        &named(desk, &record.user_id).name,
        &named(desk, &record.deputy_id).name,
        record.span(),
    )
}

fn words(absent: &str, deputy: &str, span: Span) -> String {
    format!("{absent}的工作由{deputy}代理，{}", span.told())
}

fn note(conn: &mut Conn, desk: &Desk, what: &str, record: &DeputationRecord) -> QueryResult<()> {
    let detail = format!("{what}：{}", sentence(desk, record));
    let entry = Entry::new(AuditAction::UserWrite, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)
}

fn tell(
    conn: &mut Conn,
    desk: &Desk,
    to: &[UserId],
    title: String,
    once: String,
) -> QueryResult<()> {
    let by = desk.actor.name();
    let body = format!("由{by}安排。代理期间，代理人可以查看和办理这些工作；被代理人的权限不变。");
    notify::post(conn, to, &draft(title, body, once), desk.context.now)
}

fn draft(title: String, body: String, once: String) -> Draft {
    Draft {
        kind: NoticeKind::System,
        title,
        body,
        link: "/account".to_owned(),
        urgent: false,
        once,
    }
}

fn begins(record: &DeputationRecord) -> String {
    format!("deputy:{}:begins", record.id)
}

fn ends(record: &DeputationRecord) -> String {
    format!("deputy:{}:ends", record.id)
}

/// Changes one that the caller read at `seen`.
pub(super) fn change(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    patch: &DeputationPatch,
) -> Result<Deputation, Error> {
    let mut record = take(conn, desk, id, seen)?;
    let today = desk.context.today();
    let begun = match record.state(today) {
        DeputationState::Ahead => false,
        DeputationState::InForce => true,
        DeputationState::Over | DeputationState::Withdrawn => return Err(over()),
    };
    let mut told = record.both().to_vec();
    let mut errors = Errors::new();
    if let Some(deputy) = &patch.deputy_id
        && deputy.as_str() != record.deputy_id
    {
        if begun {
            errors.add("deputy_id", "begun", BEGUN);
        } else {
            record.deputy_id = deputy.to_string();
        }
    }
    if let Some(day) = patch.first_day
        && day != record.first_day
    {
        if begun {
            errors.add("first_day", "begun", BEGUN);
        } else {
            record.first_day = day;
        }
    }
    record.last_day = patch.last_day.unwrap_or(record.last_day);
    if let Some(reason) = &patch.reason {
        record.reason = filled(Some(reason));
    }
    let others = others(conn, &record.user_id, Some(id), today)?;
    let member = |id: &str| desk.names.member(&UserId::from(id));
    let plan = Plan {
        absent: member(&record.user_id).map(|member| person(member)),
        deputy: member(&record.deputy_id).map(|member| person(member)),
        span: record.span(),
        reason: record.reason.as_deref(),
        begun,
    };
    let mut all = errors.into_vec();
    all.extend(plan.check(today, &others).into_vec());
    if !all.is_empty() {
        return Err(all.into());
    }
    save(conn, desk, &mut record, seen)?;
    note(conn, desk, "更改临时代理", &record)?;
    for user in record.both() {
        if !told.contains(&user) {
            told.push(user);
        }
    }
    let title = format!("临时代理已更改：{}", sentence(desk, &record));
    let once = format!("deputy:{}:changed:{}", record.id, record.version);
    tell(conn, desk, &told, title, once)?;
    Ok(shown(desk, &record))
}

const BEGUN: &str = "代理已经开始，不能再改这一项；可以提前结束，另行安排。";

fn over() -> Error {
    shared::case::state::Refused("这次代理已经结束。".to_owned()).into()
}

fn save(
    conn: &mut Conn,
    desk: &Desk,
    record: &mut DeputationRecord,
    seen: i64,
) -> Result<(), Error> {
    record.version = seen.saturating_add(1);
    record.updated_at = desk.context.now.naive_utc();
    if store::save(conn, record, seen)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Ends one at once, or withdraws it before it begins.
pub(super) fn end(conn: &mut Conn, desk: &Desk, id: &str, seen: i64) -> Result<Deputation, Error> {
    let mut record = take(conn, desk, id, seen)?;
    let what = match record.state(desk.context.today()) {
        DeputationState::Ahead => "撤回",
        DeputationState::InForce => "提前结束",
        DeputationState::Over | DeputationState::Withdrawn => return Err(over()),
    };
    finish(&mut record, desk.context.now);
    save(conn, desk, &mut record, seen)?;
    note(conn, desk, &format!("{what}临时代理"), &record)?;
    let title = format!("临时代理已{what}：{}", sentence(desk, &record));
    notify::post(
        conn,
        &record.both(),
        &draft(
            title,
            format!("由{}办理。", desk.actor.name()),
            ends(&record),
        ),
        desk.context.now,
    )?;
    Ok(shown(desk, &record))
}

/// Its rights end with this instant; what had not begun keeps its days.
fn finish(record: &mut DeputationRecord, now: DateTime<Utc>) {
    let today = day_of(now);
    record.ended_at = Some(now.naive_utc());
    if record.first_day <= today {
        record.last_day = record.last_day.min(today);
    }
}

/// Ends all that somebody has a part in, as either of the two: they were disabled, or have another role or
/// unit. Both people are told. Answers how many.
///
/// # Errors
/// The database's own.
pub(crate) fn end_all(
    conn: &mut Conn,
    context: &RequestContext,
    user: &UserId,
) -> QueryResult<u32> {
    let mut ended = 0_u32;
    for mut record in store::current_of(conn, user.as_str(), true, context.today())? {
        finish(&mut record, context.now);
        let seen = record.version;
        record.version = seen.saturating_add(1);
        record.updated_at = context.now.naive_utc();
        if !store::save(conn, &record, seen)? {
            continue;
        }
        let title = format!("临时代理已结束：{}", told(conn, &record)?);
        let body = "其中一人的账号、角色或单位有变动。".to_owned();
        let draft = draft(title, body, ends(&record));
        notify::post(conn, &record.both(), &draft, context.now)?;
        ended = ended.saturating_add(1);
    }
    Ok(ended)
}

fn told(conn: &mut Conn, record: &DeputationRecord) -> QueryResult<String> {
    let both = [record.user_id.as_str(), record.deputy_id.as_str()];
    let names = store::names(conn, both.into_iter())?;
    let name = |id: &str| names.get(id).map_or("", String::as_str);
    let [absent, deputy] = both;
    Ok(words(name(absent), name(deputy), record.span()))
}

/// Tells both people that a deputation has begun, or has ended by itself.
///
/// # Errors
/// The database's own.
pub(crate) fn tick(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let today = day_of(now);
    let since = today
        .checked_sub_days(Days::new(TOLD_FOR))
        .unwrap_or(NaiveDate::MIN);
    for record in store::turned(conn, since, today)? {
        let (what, once) = match record.state(today) {
            DeputationState::InForce if record.first_day >= since => ("开始", begins(&record)),
            DeputationState::Over => ("结束", ends(&record)),
            _ => continue,
        };
        let title = format!("临时代理已{what}：{}", told(conn, &record)?);
        let draft = draft(title, String::new(), once);
        notify::post(conn, &record.both(), &draft, now)?;
    }
    Ok(())
}
