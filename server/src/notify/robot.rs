//! Chat robots: outgoing webhooks of WeCom, DingTalk and Feishu.
//!
//! What a robot is to say is written with the notice, in the same transaction ([`queue`]), and sent
//! after it by a task of its own ([`run`]), on one node, so that no request waits for a foreign server.
//! A message is sent at least once: a crash between sending and noting it sends it again. Words are a
//! notice's kind and title, which have no personal data; nothing of a sealed case goes to a group.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::number::Series;
use shared::ids::UserId;
use shared::notice::NoticeKind;
use shared::notice::robot::{MAX_FAILURES, MAX_ROBOTS, NewRobot, Robot, RobotKind, RobotPatch};
use shared::org::UnitKind;
use shared::term::Term;
use shared::validate::Errors;
use tokio::sync::watch;

use super::{Draft, Error, lease, stream};
use crate::audit;
use crate::case::Desk;
use crate::case::coded::Coded;
use crate::db::{Conn, on_either};
use crate::idempotency::{Answer, Claim, Made};
use crate::keys::{Keys, Place};
use crate::outgoing::{self, Failure, Way, host_of};
use crate::schema::{cases, robot_messages as messages, robots, units, users};
use crate::state::State;

/// The lease's name.
const LEASE: &str = "robots";
/// How often it is looked whether something waits.
const WAKES: Duration = Duration::from_secs(5);
/// How long a notice that was announced takes to be committed.
const SETTLES: Duration = Duration::from_millis(300);
/// How many notices one message tells of: the services take some twenty messages a minute.
const TOGETHER: i64 = 20;
/// How many characters of what a server answers are kept.
const RESULT: usize = 120;
/// For how many days what was said is kept, and what could not be said.
const KEPT_DAYS: i64 = 30;
/// With what the key of a test begins.
const TEST: &str = "test:";
/// With what every message begins; a robot may ask for a keyword.
const HEAD: &str = "【信访三无工作台】";

/// A robot's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = robots, treat_none_as_null = true, treat_none_as_default_value = false)]
struct RobotRecord {
    id: String,
    township_id: String,
    name: String,
    kind: Coded<RobotKind>,
    address: Vec<u8>,
    secret: Option<Vec<u8>>,
    kinds: String,
    enabled: bool,
    paused: bool,
    failures: i32,
    retry_at: Option<NaiveDateTime>,
    last_at: Option<NaiveDateTime>,
    last_ok: Option<bool>,
    last_result: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

/// A message's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
struct MessageRecord {
    id: String,
    robot_id: String,
    once: String,
    text: String,
    at: NaiveDateTime,
    attempts: i32,
    sent_at: Option<NaiveDateTime>,
}

const fn place<'a>(column: &'static str, id: &'a str) -> Place<'a> {
    Place {
        table: "robots",
        column,
        id,
    }
}

fn codes(kinds: &[NoticeKind]) -> String {
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    codes.join(" ")
}

impl RobotRecord {
    fn tells_of(&self, kind: NoticeKind) -> bool {
        self.kinds.split(' ').any(|code| code == kind.code())
    }

    /// Whether it may try now. A time far ahead is from a clock that has been set back.
    fn may_try(&self, now: DateTime<Utc>) -> bool {
        let longest = now + chrono::Duration::hours(25);
        let wait = |at: NaiveDateTime| now.naive_utc() < at && at < longest.naive_utc();
        self.enabled && !self.paused && !self.retry_at.is_some_and(wait)
    }

    fn view(self, keys: &Keys, waiting: i64) -> Result<Robot, Error> {
        let address = keys.open_text(&self.address, place("address", &self.id))?;
        let kinds = self.kinds.split(' ').filter_map(NoticeKind::from_code);
        Ok(Robot {
            address: masked(&address),
            kinds: kinds.collect(),
            id: self.id,
            name: self.name,
            kind: self.kind.0,
            signed: self.secret.is_some(),
            enabled: self.enabled,
            paused: self.paused,
            last_at: self.last_at.map(|at| at.and_utc()),
            last_ok: self.last_ok,
            last_result: self.last_result,
            waiting: waiting.unsigned_abs(),
            version: self.version,
        })
    }
}

/// An address whose secret part cannot be read: host and last characters.
fn masked(address: &str) -> String {
    let end: Vec<char> = address.chars().rev().take(4).collect();
    let end: String = end.into_iter().rev().collect();
    match reqwest::Url::parse(address) {
        Ok(url) => format!("{}://{}/…{end}", url.scheme(), host_of(&url)),
        Err(_) => format!("…{end}"),
    }
}

/// Where a robot may send to: its service, over TLS, or a host that the operator lists.
fn check_address(
    kind: RobotKind,
    address: &str,
    hosts: &str,
) -> Result<reqwest::Url, &'static str> {
    let url = outgoing::parse(address)?;
    let host = host_of(&url);
    let listed = hosts
        .split(',')
        .map(str::trim)
        .any(|listed| !listed.is_empty() && listed.eq_ignore_ascii_case(&host));
    let known = url.scheme() == "https" && host == kind.host();
    if known || listed {
        Ok(url)
    } else {
        Err(
            "只能发往企业微信（qyapi.weixin.qq.com）、钉钉（oapi.dingtalk.com）、飞书（open.feishu.cn）各自的 https 地址；其他地址须由运维人员在配置项 robot_hosts 中允许。",
        )
    }
}

fn may_manage(desk: &Desk) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::ManageSettings, Facts::None)?)
}

fn waiting(conn: &mut Conn, robot: &str) -> QueryResult<i64> {
    messages::table
        .filter(messages::robot_id.eq(robot))
        .filter(messages::sent_at.is_null())
        .count()
        .get_result(conn)
}

fn view(conn: &mut Conn, desk: &Desk, record: RobotRecord) -> Result<Robot, Error> {
    let waiting = waiting(conn, &record.id)?;
    record.view(&desk.keys, waiting)
}

fn find(conn: &mut Conn, desk: &Desk, id: &str) -> Result<RobotRecord, Error> {
    let record = robots::table
        .find(id)
        .filter(robots::township_id.eq(desk.actor.township_id.as_str()))
        .select(RobotRecord::as_select())
        .first(conn)
        .optional()?;
    Ok(record.ok_or(Denied::Hidden)?)
}

fn note(conn: &mut Conn, desk: &Desk, detail: String) -> QueryResult<()> {
    let entry = audit::Entry::new(AuditAction::RobotWrite, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)
}

/// The township's robots, as they were made.
pub(super) fn list(conn: &mut Conn, desk: &Desk) -> Result<Vec<Robot>, Error> {
    may_manage(desk)?;
    let records: Vec<RobotRecord> = robots::table
        .filter(robots::township_id.eq(desk.actor.township_id.as_str()))
        .order(robots::id)
        .select(RobotRecord::as_select())
        .load(conn)?;
    let views = records.into_iter().map(|record| view(conn, desk, record));
    views.collect()
}

/// One of them.
pub(super) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<Robot, Error> {
    may_manage(desk)?;
    let record = find(conn, desk, id)?;
    view(conn, desk, record)
}

/// Adds one.
pub(super) fn add(
    conn: &mut Conn,
    desk: &Desk,
    hosts: &str,
    input: &NewRobot,
    claim: &Claim,
) -> Result<Answer, Error> {
    may_manage(desk)?;
    let mut errors = input.check();
    if errors.is_empty()
        && let Err(why) = check_address(input.kind, &input.address, hosts)
    {
        errors.add("address", "not_allowed", why);
    }
    errors.into_result().map_err(Error::Invalid)?;
    claim.once(conn, |conn| {
        let count: i64 = robots::table
            .filter(robots::township_id.eq(desk.actor.township_id.as_str()))
            .count()
            .get_result(conn)?;
        if usize::try_from(count).is_ok_and(|count| count >= MAX_ROBOTS) {
            return Err(Error::Conflict("机器人已有20个，请先删除不用的。"));
        }
        let id = crate::ids::new_id();
        let now = desk.context.now.naive_utc();
        let record = RobotRecord {
            township_id: desk.actor.township_id.to_string(),
            name: input.name.trim().to_owned(),
            kind: Coded(input.kind),
            address: seal(desk, "address", &id, &input.address),
            secret: secret(desk, &id, input.secret.as_deref()),
            kinds: codes(&input.kinds),
            enabled: true,
            paused: false,
            failures: 0,
            retry_at: None,
            last_at: None,
            last_ok: None,
            last_result: None,
            version: 1,
            created_at: now,
            updated_at: now,
            id,
        };
        diesel::insert_into(robots::table)
            .values(&record)
            .execute(conn)?;
        note(conn, desk, format!("新增通知机器人“{}”", record.name))?;
        let location = format!("/api/v1/notification-robots/{}", record.id);
        Ok(Made::created(view(conn, desk, record)?, 1, location))
    })
}

fn seal(desk: &Desk, column: &'static str, id: &str, text: &str) -> Vec<u8> {
    desk.keys.seal(text.trim().as_bytes(), place(column, id))
}

fn secret(desk: &Desk, id: &str, secret: Option<&str>) -> Option<Vec<u8>> {
    let secret = secret.map(str::trim).filter(|secret| !secret.is_empty())?;
    Some(seal(desk, "secret", id, secret))
}

/// Changes one that the caller read at `seen`.
pub(super) fn change(
    conn: &mut Conn,
    desk: &Desk,
    hosts: &str,
    id: &str,
    seen: i64,
    patch: &RobotPatch,
) -> Result<Robot, Error> {
    may_manage(desk)?;
    let mut record = find(conn, desk, id)?;
    if record.version != seen {
        return Err(Error::Stale);
    }
    let kind = record.kind.0;
    let mut errors: Errors = patch.check(kind);
    if let Some(address) = patch.address.as_ref().filter(|_| errors.is_empty())
        && let Err(why) = check_address(kind, address, hosts)
    {
        errors.add("address", "not_allowed", why);
    }
    errors.into_result().map_err(Error::Invalid)?;
    let mut what = Vec::new();
    if let Some(name) = &patch.name {
        what.push(format!("名称改为“{}”", name.trim()));
        name.trim().clone_into(&mut record.name);
    }
    if let Some(address) = &patch.address {
        what.push("更换地址".to_owned());
        record.address = seal(desk, "address", id, address);
    }
    if patch.secret.is_some() {
        what.push("更换加签密钥".to_owned());
        record.secret = secret(desk, id, patch.secret.as_deref());
    }
    if let Some(kinds) = &patch.kinds {
        let labels: Vec<&str> = kinds.iter().map(|kind| kind.label()).collect();
        what.push(format!("通知类型改为{}", labels.join("、")));
        record.kinds = codes(kinds);
    }
    if let Some(enabled) = patch.enabled {
        what.push(if enabled { "启用" } else { "停用" }.to_owned());
        record.enabled = enabled;
    }
    // Something has been mended: try again.
    if patch.address.is_some() || patch.secret.is_some() || patch.enabled == Some(true) {
        resume(&mut record);
    }
    save(conn, desk, &mut record)?;
    let detail = format!("通知机器人“{}”：{}", record.name, what.join("，"));
    note(conn, desk, detail)?;
    view(conn, desk, record)
}

fn resume(record: &mut RobotRecord) {
    record.paused = false;
    record.failures = 0;
    record.retry_at = None;
}

fn save(conn: &mut Conn, desk: &Desk, record: &mut RobotRecord) -> Result<(), Error> {
    let seen = record.version;
    record.version = seen + 1;
    record.updated_at = desk.context.now.naive_utc();
    let row = robots::table.find(&record.id);
    let changed = diesel::update(row.filter(robots::version.eq(seen)))
        .set(&*record)
        .execute(conn)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Removes one, with all that waits.
pub(super) fn remove(conn: &mut Conn, desk: &Desk, id: &str) -> Result<(), Error> {
    may_manage(desk)?;
    let record = find(conn, desk, id)?;
    diesel::delete(messages::table.filter(messages::robot_id.eq(id))).execute(conn)?;
    diesel::delete(robots::table.find(id)).execute(conn)?;
    note(conn, desk, format!("删除通知机器人“{}”", record.name))?;
    Ok(())
}

/// Has one say something, to see whether it can: what comes of it shows in a moment.
pub(super) fn test(conn: &mut Conn, desk: &Desk, id: &str, claim: &Claim) -> Result<Answer, Error> {
    may_manage(desk)?;
    let mut record = find(conn, desk, id)?;
    if !record.enabled {
        return Err(Error::Conflict("机器人已停用，请先启用再测试。"));
    }
    let answer = claim.once(conn, |conn| {
        resume(&mut record);
        diesel::update(robots::table.find(id))
            .set(&record)
            .execute(conn)?;
        let once = format!("{TEST}{}", crate::ids::new_id());
        let text = "这是一条测试消息，收到即表示机器人可用。";
        insert(conn, id, &once, text, desk.context.now)?;
        let robot = view(conn, desk, record.clone())?;
        Ok::<_, Error>(Made::plain(robot, actix_web::http::StatusCode::ACCEPTED))
    })?;
    stream::wake();
    Ok(answer)
}

fn insert(
    conn: &mut Conn,
    robot: &str,
    once: &str,
    text: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let message = MessageRecord {
        id: crate::ids::new_id(),
        robot_id: robot.to_owned(),
        once: once.to_owned(),
        text: text.to_owned(),
        at: now.naive_utc(),
        attempts: 0,
        sent_at: None,
    };
    on_either!(conn, |conn| diesel::insert_into(messages::table)
        .values(&message)
        .on_conflict_do_nothing()
        .execute(conn))
    .map(drop)
}

/// Has the township's robots tell of what people are told, once each. Nothing of a sealed case: in a
/// group are those, too, from whom it is sealed.
pub(super) fn queue(
    conn: &mut Conn,
    to: &[UserId],
    draft: &Draft,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let records: Vec<RobotRecord> = robots::table
        .filter(robots::enabled.eq(true))
        .filter(robots::paused.eq(false))
        .select(RobotRecord::as_select())
        .load(conn)?;
    let telling = records
        .into_iter()
        .filter(|record| record.tells_of(draft.kind));
    let telling: Vec<RobotRecord> = telling.collect();
    let (Some(somebody), false) = (to.first(), telling.is_empty()) else {
        return Ok(());
    };
    if let Some(case) = draft.case_id() {
        let seal: Option<Coded<Series>> = cases::table
            .find(case)
            .select(cases::seal)
            .first(conn)
            .optional()?;
        if seal.is_none_or(|seal| seal.0 != Series::Open) {
            return Ok(());
        }
    }
    let township = township_of(conn, somebody)?;
    let text = format!("{}：{}", draft.kind.label(), draft.title);
    for robot in telling {
        if township.as_ref() == Some(&robot.township_id) {
            insert(conn, &robot.id, &draft.once, &text, now)?;
        }
    }
    Ok(())
}

/// The township that somebody belongs to.
fn township_of(conn: &mut Conn, user: &UserId) -> QueryResult<Option<String>> {
    let mut at: Option<String> = users::table
        .find(user.as_str())
        .select(users::unit_id)
        .first(conn)
        .optional()?;
    // As the directory has it: the township, or the topmost unit.
    for _ in 0..16 {
        let Some(id) = at else { break };
        let unit: Option<(String, Option<String>)> = units::table
            .find(&id)
            .select((units::kind, units::parent_id))
            .first(conn)
            .optional()?;
        match unit {
            Some((kind, Some(above))) if kind != UnitKind::Township.code() => at = Some(above),
            _ => return Ok(Some(id)),
        }
    }
    Ok(None)
}

/// Forgets what was said long ago, and what could not be said.
pub(super) fn forget(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let at = now - chrono::Duration::days(KEPT_DAYS);
    diesel::delete(messages::table.filter(messages::at.lt(at.naive_utc())))
        .execute(conn)
        .map(drop)
}

/// How long a robot waits after so many failures in a row.
fn pause_after(failures: i32) -> chrono::Duration {
    chrono::Duration::seconds(match failures {
        ..=1 => 5,
        2 => 30,
        3 => 120,
        4 => 600,
        5 => 3600,
        6 => 4 * 3600,
        7 => 12 * 3600,
        _ => 24 * 3600,
    })
}

/// Says what waits, for as long as the server runs.
pub(crate) async fn run(state: State, mut stopped: watch::Receiver<bool>) {
    let mut posted = stream::posted();
    let holder = crate::ids::new_id();
    let mut sender = None;
    loop {
        tokio::select! {
            woken = tokio::time::timeout(WAKES, posted.changed()) => {
                if woken.is_ok() {
                    tokio::time::sleep(SETTLES).await;
                }
            }
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        if let Err(error) = pass(&state, &mut sender, &holder).await {
            tracing::warn!(%error, "robots cannot be looked after");
        }
    }
}

/// One message of each robot that has something to say and may try.
async fn pass(state: &State, sender: &mut Option<Sender>, holder: &str) -> Result<(), Error> {
    let now = state.clock.now();
    let waiting: Vec<RobotRecord> = state
        .db
        .read(move |conn| {
            let some = messages::table
                .filter(messages::sent_at.is_null())
                .select(messages::robot_id);
            robots::table
                .filter(robots::enabled.eq(true))
                .filter(robots::paused.eq(false))
                .filter(robots::id.eq_any(some))
                .order(robots::id)
                .select(RobotRecord::as_select())
                .load(conn)
        })
        .await?;
    for robot in waiting.into_iter().filter(|robot| robot.may_try(now)) {
        let holder = holder.to_owned();
        let mine = state
            .db
            .write(move |conn| lease::take(conn, LEASE, &holder, now));
        if !mine.await? {
            return Ok(());
        }
        // Made when it is needed: it reads the system's certificates, which takes its time.
        if sender.is_none() {
            *sender = actix_web::web::block(Sender::new).await.ok();
        }
        if let Some(sender) = sender {
            speak(state, sender, robot).await?;
        }
    }
    Ok(())
}

/// Has a robot say what waits, and notes what came of it.
async fn speak(state: &State, sender: &Sender, robot: RobotRecord) -> Result<(), Error> {
    let id = robot.id.clone();
    let waiting: Vec<MessageRecord> = state
        .db
        .read(move |conn| {
            messages::table
                .filter(messages::robot_id.eq(id))
                .filter(messages::sent_at.is_null())
                .order(messages::id)
                .limit(TOGETHER)
                .select(MessageRecord::as_select())
                .load(conn)
        })
        .await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let mut text = HEAD.to_owned();
    for message in &waiting {
        let _ = write!(text, "\n{}", message.text);
    }
    let hosts = &state.config.http.robot_hosts;
    let said = match Call::of(&robot, &state.keys, hosts, &text, state.clock.now()) {
        Ok(call) => sender.send(call).await,
        Err(why) => Err(why),
    };
    let now = state.clock.now();
    if let Err(why) = &said {
        tracing::warn!(robot = robot.id, why, "a robot could not say it");
    }
    state
        .db
        .write(move |conn| settle(conn, &robot, &waiting, said, now))
        .await?;
    Ok(())
}

/// Notes what came of a message. What an administrator has changed meanwhile stays.
fn settle(
    conn: &mut Conn,
    robot: &RobotRecord,
    waiting: &[MessageRecord],
    said: Result<(), String>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let at = now.naive_utc();
    for message in waiting {
        diesel::update(messages::table.find(&message.id))
            .set((
                messages::attempts.eq(messages::attempts + 1),
                messages::sent_at.eq(said.is_ok().then_some(at)),
            ))
            .execute(conn)?;
    }
    let row = diesel::update(robots::table.find(&robot.id));
    match said {
        Ok(()) => row
            .set((
                robots::failures.eq(0),
                robots::retry_at.eq(None::<NaiveDateTime>),
                robots::last_at.eq(Some(at)),
                robots::last_ok.eq(Some(true)),
                robots::last_result.eq(Some(format!("已发送{}条", waiting.len()))),
            ))
            .execute(conn),
        Err(why) => {
            let failures = robot.failures.saturating_add(1);
            row.set((
                robots::failures.eq(failures),
                robots::paused.eq(failures >= MAX_FAILURES),
                robots::retry_at.eq(Some((now + pause_after(failures)).naive_utc())),
                robots::last_at.eq(Some(at)),
                robots::last_ok.eq(Some(false)),
                robots::last_result.eq(Some(why)),
            ))
            .execute(conn)
        }
    }
    .map(drop)
}

/// A request to be sent.
struct Call {
    kind: RobotKind,
    url: reqwest::Url,
    body: Value,
}

impl Call {
    /// Makes it: the service's form, signed where there is a secret.
    fn of(
        robot: &RobotRecord,
        keys: &Keys,
        hosts: &str,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, String> {
        let unreadable = |_| "地址或密钥无法解密，请重新填写".to_owned();
        let address = keys
            .open_text(&robot.address, place("address", &robot.id))
            .map_err(unreadable)?;
        let secret = robot.secret.as_ref();
        let secret = secret
            .map(|secret| keys.open_text(secret, place("secret", &robot.id)))
            .transpose()
            .map_err(unreadable)?;
        let kind = robot.kind.0;
        // What is allowed may have changed since it was entered.
        let url = check_address(kind, &address, hosts)?;
        Ok(Self::signed(kind, url, secret.as_deref(), text, now))
    }

    fn signed(
        kind: RobotKind,
        mut url: reqwest::Url,
        secret: Option<&str>,
        text: &str,
        now: DateTime<Utc>,
    ) -> Self {
        let mut body = match kind {
            RobotKind::WeCom | RobotKind::DingTalk => {
                json!({"msgtype": "text", "text": {"content": text}})
            }
            RobotKind::Feishu => json!({"msg_type": "text", "content": {"text": text}}),
        };
        match (kind, secret) {
            // HMAC-SHA256 under the secret, of the milliseconds and the secret.
            (RobotKind::DingTalk, Some(secret)) => {
                let at = now.timestamp_millis();
                let sign = sign(secret, &format!("{at}\n{secret}"));
                url.query_pairs_mut()
                    .append_pair("timestamp", &at.to_string())
                    .append_pair("sign", &sign);
            }
            // HMAC-SHA256 under the seconds and the secret, of nothing.
            (RobotKind::Feishu, Some(secret)) => {
                let at = now.timestamp().to_string();
                let sign = sign(&format!("{at}\n{secret}"), "");
                if let Some(body) = body.as_object_mut() {
                    body.insert("timestamp".to_owned(), at.into());
                    body.insert("sign".to_owned(), sign.into());
                }
            }
            _ => {}
        }
        Self { kind, url, body }
    }
}

fn sign(key: &str, text: &str) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Sends requests: over the usual proxy, if the environment names one, or straight to a host that the
/// operator lists.
struct Sender {
    outside: Option<reqwest::Client>,
    inside: Option<reqwest::Client>,
}

impl Sender {
    fn new() -> Self {
        Self {
            outside: outgoing::client(Way::Outside),
            inside: outgoing::client(Way::Inside),
        }
    }

    /// Sends one; why it failed, without the address, which is a secret.
    async fn send(&self, call: Call) -> Result<(), String> {
        let known = call.url.host_str() == Some(call.kind.host());
        let client = if known { &self.outside } else { &self.inside };
        let client = client.as_ref().ok_or("本机不能建立加密连接")?;
        let request = client.post(call.url).json(&call.body);
        let (_, answer) = outgoing::send(request).await.map_err(Failure::words)?;
        accepted(call.kind, &answer)
    }
}

/// Whether a service says that it has taken a message.
fn accepted(kind: RobotKind, answer: &[u8]) -> Result<(), String> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| "对方的答复无法读取")?;
    let (code, message) = match kind {
        RobotKind::WeCom | RobotKind::DingTalk => ("errcode", "errmsg"),
        RobotKind::Feishu => ("code", "msg"),
    };
    if answer.get(code).and_then(Value::as_i64) == Some(0) {
        return Ok(());
    }
    let message: String = answer
        .get(message)
        .and_then(Value::as_str)
        .unwrap_or("没有说明")
        .chars()
        .take(RESULT)
        .collect();
    Err(format!("对方拒收：{message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_robot_sends_only_to_its_service_and_to_where_the_operator_lets_it() {
        let allowed =
            |kind, address: &str| check_address(kind, address, "127.0.0.1:80,bot.lan").is_ok();
        let ding = RobotKind::DingTalk;
        assert!(allowed(
            ding,
            "https://oapi.dingtalk.com/robot/send?access_token=x"
        ));
        assert!(allowed(
            RobotKind::WeCom,
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"
        ));
        assert!(allowed(
            RobotKind::Feishu,
            "https://open.feishu.cn/open-apis/bot/v2/hook/x"
        ));
        assert!(allowed(ding, "http://bot.lan/x"));
        for wrong in [
            "http://oapi.dingtalk.com/robot/send",
            "https://oapi.dingtalk.com:8443/robot/send",
            "https://oapi.dingtalk.com@evil.example/x",
            "https://x@oapi.dingtalk.com/x",
            "https://oapi.dingtalk.com.evil.example/x",
            "https://qyapi.weixin.qq.com/x",
            "http://127.0.0.1/x:80",
            "http://127.0.0.1:81/x",
            "http://169.254.169.254/",
            "http://bot.lan:8080/x",
            "ftp://bot.lan/x",
            "file:///etc/passwd",
            "/robot/send",
            "",
        ] {
            // Port 80 is the usual one of http, so that it is not named.
            assert!(!allowed(ding, wrong), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_masked() {
        let shown = masked("https://oapi.dingtalk.com/robot/send?access_token=0123456789abcd");
        assert_eq!(shown, "https://oapi.dingtalk.com/…abcd");
    }

    #[test]
    fn requests_are_signed_as_the_services_ask() {
        let now = DateTime::from_timestamp_millis(1_599_360_473_000).unwrap();
        let url = || reqwest::Url::parse("https://h/send?access_token=x").unwrap();
        let signed = |kind| Call::signed(kind, url(), Some("this is secret"), "话", now);
        let ding = signed(RobotKind::DingTalk);
        let pairs: Vec<(String, String)> = ding.url.query_pairs().into_owned().collect();
        assert_eq!(
            pairs[1],
            ("timestamp".to_owned(), "1599360473000".to_owned())
        );
        // python: base64(hmac.new(b'this is secret', b'1599360473000\nthis is secret', sha256))
        assert_eq!(pairs[2].1, "hXZTWifRGHclNuZSKxoXc//sh51SWfVfRIhcdeKs63I=");
        assert!(ding.url.as_str().contains("sign=") && !ding.url.as_str().contains("+"));
        let feishu = signed(RobotKind::Feishu);
        assert_eq!(feishu.body["timestamp"], "1599360473");
        assert_eq!(
            feishu.body["sign"],
            "/eYKrXQBzTjUZJ3s6NX16VxGbTwmK7AEs8/FnvC1CSw="
        );
        assert_eq!(feishu.url, url());
        let plain = Call::signed(RobotKind::WeCom, url(), None, "话", now);
        assert_eq!(plain.body["text"]["content"], "话");
    }

    #[test]
    fn a_service_says_whether_it_has_taken_it() {
        let wecom = |text: &str| accepted(RobotKind::WeCom, text.as_bytes());
        assert_eq!(wecom(r#"{"errcode":0,"errmsg":"ok"}"#), Ok(()));
        let refused = wecom(r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#);
        assert_eq!(refused, Err("对方拒收：invalid webhook url".to_owned()));
        assert!(wecom("<html>").is_err() && wecom("{}").is_err());
        let feishu = accepted(RobotKind::Feishu, br#"{"code":0,"msg":"success"}"#);
        assert_eq!(feishu, Ok(()));
    }

    #[test]
    fn it_waits_longer_and_longer_up_to_a_day() {
        let waits: Vec<i64> = (1..=MAX_FAILURES)
            .map(|n| pause_after(n).num_seconds())
            .collect();
        assert!(waits.is_sorted());
        assert_eq!((waits[0], waits[9]), (5, 86400));
    }
}
