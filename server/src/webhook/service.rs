//! Making webhooks, changing them, looking at what they sent.

use diesel::result::QueryResult;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::view::Named;
use shared::ids::{CaseId, UnitId};
use shared::org::UnitKind;
use shared::page::Page;
use shared::term::Term;
use shared::validate::Errors;
use shared::webhook::{
    AllowAddresses, Delivery, DeliveryState, MAX_WEBHOOKS, MadeWebhook, NewWebhook, SECRET_PREFIX,
    TRIED_HOURS, Webhook, WebhookAddresses, WebhookDeed, WebhookPatch, names_cases,
};

use super::Error;
use super::store::{self, DeliveryRecord, WebhookRecord, words};
use crate::audit::{self, Entry};
use crate::case::Desk;
use crate::case::coded::Coded;
use crate::db::Conn;
use crate::idempotency::Made;
use crate::keys::Place;
use crate::outgoing::{Guard, host_of, parse};
use crate::page::cursor;

/// Where a secret is kept.
pub(super) const fn place(id: &str) -> Place<'_> {
    Place {
        table: "webhooks",
        column: "secret",
        id,
    }
}

fn may(desk: &Desk, deed: WebhookDeed) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::Webhook(deed), Facts::None)?)
}

const fn hidden() -> Error {
    Error::Denied(Denied::Hidden)
}

/// A webhook that the caller owns.
fn own(conn: &mut Conn, desk: &Desk, id: &str) -> Result<WebhookRecord, Error> {
    may(desk, WebhookDeed::Own)?;
    let record = store::find(conn, id)?.ok_or_else(hidden)?;
    if record.owner_id == desk.actor.user_id.as_str() {
        Ok(record)
    } else {
        Err(not_own(desk, &record))
    }
}

/// Of a webhook of somebody else's: the administrator knows of it, others do not.
fn not_own(desk: &Desk, record: &WebhookRecord) -> Error {
    if may(desk, WebhookDeed::Oversee).is_ok()
        && record.township_id == desk.actor.township_id.as_str()
    {
        Error::Denied(Denied::NotAllowed(
            "这是别人的订阅：修改、测试和查看投递记录由持有人本人办理，系统管理员可以删除。",
        ))
    } else {
        hidden()
    }
}

/// A webhook that the caller owns or oversees.
fn known(conn: &mut Conn, desk: &Desk, id: &str) -> Result<WebhookRecord, Error> {
    let record = store::find(conn, id)?.ok_or_else(hidden)?;
    let mine = record.owner_id == desk.actor.user_id.as_str();
    if mine {
        may(desk, WebhookDeed::Own)?;
        return Ok(record);
    }
    match not_own(desk, &record) {
        Error::Denied(Denied::NotAllowed(_)) => Ok(record),
        error => Err(error),
    }
}

fn view(desk: &Desk, record: WebhookRecord) -> Result<Webhook, Error> {
    let owner = record.owner(&desk.names).ok_or_else(hidden)?;
    let unit = &owner.user.unit_id;
    Ok(Webhook {
        state: record.state(owner),
        events: record.events(),
        case_kinds: record.case_kinds(),
        village_ids: record
            .village_ids
            .split_whitespace()
            .map(UnitId::from)
            .collect(),
        owner: Named {
            id: record.owner_id.clone(),
            name: owner.user.name.clone(),
        },
        unit: Named {
            id: unit.to_string(),
            name: desk.names.unit_name(unit).to_owned(),
        },
        id: record.id,
        name: record.name,
        url: record.url,
        failing_since: record.failing_since.map(|at| at.and_utc()),
        last_at: record.last_at.map(|at| at.and_utc()),
        last_ok: record.last_ok,
        last_result: record.last_result,
        version: record.version,
        created_at: record.created_at.and_utc(),
    })
}

/// A page of the caller's webhooks; of all of the township's, where `all`.
pub(super) fn list(
    conn: &mut Conn,
    desk: &Desk,
    all: bool,
    before: Option<&str>,
    limit: i64,
) -> Result<Page<Webhook>, Error> {
    let owners: Vec<String> = if all {
        may(desk, WebhookDeed::Oversee)?;
        let theirs = desk
            .names
            .members()
            .filter(|member| member.access.township_id == desk.actor.township_id);
        theirs.map(|member| member.user.id.to_string()).collect()
    } else {
        may(desk, WebhookDeed::Own)?;
        vec![desk.actor.user_id.to_string()]
    };
    let (records, total) = store::of(conn, &owners, before, limit.saturating_add(1))?;
    let (records, next_cursor) = cut(records, limit, |last| cursor(&last.id));
    Ok(Page {
        next_cursor,
        total: total.unsigned_abs(),
        items: records
            .into_iter()
            .map(|record| view(desk, record))
            .collect::<Result<_, _>>()?,
    })
}

/// A page of what was read for it and one more; where the next begins.
fn cut<T>(
    mut items: Vec<T>,
    limit: i64,
    next: impl FnOnce(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(next);
    (items, next)
}

/// One of them.
pub(super) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<Webhook, Error> {
    let record = known(conn, desk, id)?;
    view(desk, record)
}

/// Notes what is wrong with where it leads.
fn check_url(conn: &mut Conn, desk: &Desk, errors: &mut Errors, url: &str) -> QueryResult<()> {
    let allowed = store::guard(conn, desk.actor.township_id.as_str())?;
    if errors.is_empty()
        && let Err(why) = Guard::new(allowed).check(url)
    {
        errors.add("url", "not_allowed", why);
    }
    Ok(())
}

/// Notes an error unless these are villages of the township.
fn check_villages(desk: &Desk, errors: &mut Errors, villages: &[UnitId]) {
    let is_village = |id: &UnitId| {
        desk.known_unit(id)
            .is_some_and(|unit| unit.kind == UnitKind::Village)
    };
    if !villages.iter().all(is_village) {
        errors.add("village_ids", "unknown", "没有这个村，请从列表中选择。");
    }
}

fn codes<T: Term + PartialEq>(terms: &[T]) -> String {
    // In the order of the set, each once.
    let some = T::ALL.iter().filter(|term| terms.contains(term));
    words(some.map(|term| term.code()))
}

fn ids(units: &[UnitId]) -> String {
    let mut ids: Vec<&str> = units.iter().map(UnitId::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    words(ids)
}

fn new_secret() -> String {
    format!("{SECRET_PREFIX}{}", crate::ids::new_secret())
}

/// The host that a webhook leads to, for the audit log; what comes after it may be a secret.
fn host(url: &str) -> String {
    parse(url).map(|url| host_of(&url)).unwrap_or_default()
}

/// Makes a webhook of the caller's. Its secret is in the answer and nowhere else.
pub(super) fn make(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewWebhook,
) -> Result<Made<MadeWebhook>, Error> {
    may(desk, WebhookDeed::Own)?;
    let mut errors = input.check(desk.actor.role);
    check_villages(desk, &mut errors, &input.village_ids);
    check_url(conn, desk, &mut errors, &input.url)?;
    errors.into_result().map_err(Error::Invalid)?;
    if store::count(conn, desk.actor.user_id.as_str())? >= MAX_WEBHOOKS {
        return Err(Error::Conflict(format!(
            "每人最多{MAX_WEBHOOKS}个订阅，请先删除不再使用的。"
        )));
    }
    let (id, secret) = (crate::ids::new_id(), new_secret());
    let now = desk.context.now.naive_utc();
    let record = WebhookRecord {
        township_id: desk.actor.township_id.to_string(),
        owner_id: desk.actor.user_id.to_string(),
        name: input.name.trim().to_owned(),
        url: input.url.trim().to_owned(),
        secret: desk.keys.seal(secret.as_bytes(), place(&id)),
        events: codes(&input.events),
        case_kinds: codes(&input.case_kinds),
        village_ids: ids(&input.village_ids),
        role: Coded(desk.actor.role),
        enabled: true,
        since: crate::ids::new_id(),
        paused: false,
        failing_since: None,
        retry_at: None,
        last_at: None,
        last_ok: None,
        last_result: None,
        version: 1,
        created_at: now,
        updated_at: now,
        id,
    };
    store::insert(conn, &record)?;
    let detail = format!("新建订阅“{}”：推送到{}", record.name, host(&record.url));
    note(conn, desk, detail)?;
    let location = format!("/api/v1/webhooks/{}", record.id);
    let webhook = view(desk, record)?;
    Ok(Made::created(MadeWebhook { webhook, secret }, 1, location))
}

/// Changes one that the caller read at `seen`.
pub(super) fn change(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    patch: &WebhookPatch,
) -> Result<Webhook, Error> {
    let mut record = own(conn, desk, id)?;
    if record.version != seen {
        return Err(Error::Stale);
    }
    let mut errors = patch.check(desk.actor.role);
    check_villages(
        desk,
        &mut errors,
        patch.village_ids.as_deref().unwrap_or_default(),
    );
    if let Some(url) = &patch.url {
        check_url(conn, desk, &mut errors, url)?;
    }
    errors.into_result().map_err(Error::Invalid)?;
    let mut what = Vec::new();
    if let Some(name) = &patch.name {
        name.trim().clone_into(&mut record.name);
        what.push("改名".to_owned());
    }
    if let Some(url) = &patch.url {
        url.trim().clone_into(&mut record.url);
        what.push(format!("推送到{}", host(url)));
        // It is another server: try it at once.
        record.retry_at = None;
        record.failing_since = None;
    }
    if let Some(events) = &patch.events {
        record.events = codes(events);
        what.push("变更事件".to_owned());
    }
    if let Some(kinds) = &patch.case_kinds {
        record.case_kinds = codes(kinds);
        what.push("变更事项类型".to_owned());
    }
    if let Some(villages) = &patch.village_ids {
        record.village_ids = ids(villages);
        what.push("变更村".to_owned());
    }
    match patch.enabled {
        Some(true) => {
            resume(&mut record);
            if !record.enabled {
                record.since = crate::ids::new_id();
            }
            record.enabled = true;
            record.role = Coded(desk.actor.role);
            if !names_cases(desk.actor.role) {
                record.case_kinds.clear();
                record.village_ids.clear();
            }
            what.push("启用".to_owned());
        }
        Some(false) => {
            record.enabled = false;
            what.push("停用".to_owned());
        }
        None => {}
    }
    save(conn, desk, &mut record)?;
    let detail = format!("修改订阅“{}”：{}", record.name, what.join("、"));
    note(conn, desk, detail)?;
    view(desk, record)
}

fn resume(record: &mut WebhookRecord) {
    record.paused = false;
    record.failing_since = None;
    record.retry_at = None;
}

fn save(conn: &mut Conn, desk: &Desk, record: &mut WebhookRecord) -> Result<(), Error> {
    record.version += 1;
    record.updated_at = desk.context.now.naive_utc();
    if store::save(conn, record)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Removes one that the caller read at `seen`, with its deliveries.
pub(super) fn remove(conn: &mut Conn, desk: &Desk, id: &str, seen: i64) -> Result<(), Error> {
    let record = known(conn, desk, id)?;
    if record.version != seen {
        return Err(Error::Stale);
    }
    store::remove(conn, id)?;
    let whose = if record.owner_id == desk.actor.user_id.as_str() {
        String::new()
    } else {
        let owner = record.owner(&desk.names).ok_or_else(hidden)?;
        format!("{}的", owner.user.name)
    };
    note(conn, desk, format!("删除{whose}订阅“{}”", record.name))
}

/// Gives one that the caller read at `seen` another secret; the one before is worth nothing from now on.
pub(super) fn rotate(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
) -> Result<Made<MadeWebhook>, Error> {
    let mut record = own(conn, desk, id)?;
    if record.version != seen {
        return Err(Error::Stale);
    }
    let secret = new_secret();
    record.secret = desk.keys.seal(secret.as_bytes(), place(id));
    save(conn, desk, &mut record)?;
    note(conn, desk, format!("更换订阅“{}”的签名密钥", record.name))?;
    let version = record.version;
    let webhook = view(desk, record)?;
    Ok(Made::changed(MadeWebhook { webhook, secret }, version))
}

/// Has one send a test, also while it is paused: what comes of it is with its deliveries in a moment.
pub(super) fn test(conn: &mut Conn, desk: &Desk, id: &str) -> Result<Made<Delivery>, Error> {
    let record = own(conn, desk, id)?;
    if !record.enabled {
        return Err(Error::Conflict("订阅已停用，请先启用再测试。".to_owned()));
    }
    let delivery = DeliveryRecord::test(id, desk.context.now);
    store::insert_delivery(conn, &delivery)?;
    let delivery = shown(desk, delivery);
    Ok(Made::plain(delivery, actix_web::http::StatusCode::ACCEPTED))
}

fn shown(desk: &Desk, record: DeliveryRecord) -> Delivery {
    let names = names_cases(desk.actor.role);
    let waits = record.state.0 == DeliveryState::Waiting;
    Delivery {
        event: Term::from_code(&record.kind),
        case_id: record.case_id.filter(|_| names).map(CaseId::new),
        occurred_at: record.occurred_at.and_utc(),
        state: record.state.0,
        attempts: record.attempts.unsigned_abs(),
        last_at: record.last_at.map(|at| at.and_utc()),
        next_at: waits.then(|| record.next_at.and_utc()),
        status: record.status.map(i32::unsigned_abs),
        result: record.result,
        id: record.id,
    }
}

/// A page of what one has sent or is to send, as far as the caller may see now what it tells of.
pub(super) fn deliveries(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    state: Option<DeliveryState>,
    before: Option<&str>,
    limit: i64,
) -> Result<Page<Delivery>, Error> {
    own(conn, desk, id)?;
    let (records, total) = store::deliveries_of(
        conn,
        id,
        &desk.actor,
        state,
        before,
        limit.saturating_add(1),
    )?;
    let (records, next_cursor) = cut(records, limit, |last| cursor(&last.id));
    Ok(Page {
        next_cursor,
        total: total.unsigned_abs(),
        items: records
            .into_iter()
            .map(|record| shown(desk, record))
            .collect(),
    })
}

/// Has a delivery sent once more, under the id that it has.
pub(super) fn redeliver(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    delivery: &str,
) -> Result<Made<Delivery>, Error> {
    let record = own(conn, desk, id)?;
    let mut delivery = store::find_delivery(conn, delivery)?
        .filter(|delivery| delivery.webhook_id == id)
        .ok_or_else(hidden)?;
    if let Some(case) = &delivery.case_id
        && !store::may_tell(conn, &desk.actor, case)?
    {
        return Err(hidden());
    }
    if !record.enabled || record.paused {
        return Err(Error::Conflict(
            "订阅已停用或暂停，请先启用再重新投递。".to_owned(),
        ));
    }
    let now = desk.context.now;
    delivery.state = Coded(DeliveryState::Waiting);
    delivery.next_at = now.naive_utc();
    delivery.expires_at = if delivery.is_test() {
        now.naive_utc()
    } else {
        (now + chrono::TimeDelta::hours(TRIED_HOURS)).naive_utc()
    };
    store::save_delivery(conn, &delivery)?;
    Ok(Made::plain(
        shown(desk, delivery),
        actix_web::http::StatusCode::ACCEPTED,
    ))
}

/// Where webhooks may lead.
pub(super) fn addresses(conn: &mut Conn, desk: &Desk) -> Result<WebhookAddresses, Error> {
    may(desk, WebhookDeed::Own)?;
    let (entries, version) = store::allowed(conn, desk.actor.township_id.as_str())?;
    Ok(WebhookAddresses { entries, version })
}

/// Says where webhooks may lead. Those that lead elsewhere send nothing any more.
pub(super) fn allow(
    conn: &mut Conn,
    desk: &Desk,
    seen: i64,
    input: &AllowAddresses,
) -> Result<WebhookAddresses, Error> {
    may(desk, WebhookDeed::Allow)?;
    input.check().into_result().map_err(Error::Invalid)?;
    let mut entries: Vec<String> = Vec::new();
    for entry in &input.entries {
        let entry = entry.trim().to_lowercase();
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let text = words(entries.iter().map(String::as_str));
    let township = desk.actor.township_id.as_str();
    if !store::allow(conn, township, &text, seen, desk.context.now)? {
        return Err(Error::Stale);
    }
    let detail = if entries.is_empty() {
        "不再允许任何推送地址".to_owned()
    } else {
        format!("允许的推送地址改为{}", entries.join("、"))
    };
    note(conn, desk, detail)?;
    Ok(WebhookAddresses {
        entries,
        version: seen + 1,
    })
}

fn note(conn: &mut Conn, desk: &Desk, detail: String) -> Result<(), Error> {
    let entry = Entry::new(AuditAction::Webhook, detail);
    Ok(audit::append(conn, &desk.context, &desk.actor, entry)?)
}
