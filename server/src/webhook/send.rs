//! Makes deliveries of what has happened, and sends them: by a task of its own, on one node, so that no
//! request waits for a foreign server.
//!
//! A delivery is sent at least once: a crash between sending and noting it sends it again, under the same
//! id. One that fails is sent again for a day, at growing intervals; one that gets an answer, if not the one
//! wished for, does not hold up those behind it; where there is no answer at all, the others wait, too. A
//! webhook that has taken nothing for most of a day is paused, and its owner is told.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::result::QueryResult;
use futures_util::StreamExt as _;
use futures_util::stream;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::ids::{CaseId, UnitId, UserId};
use shared::notice::NoticeKind;
use shared::term::Term;
use shared::webhook::{
    Allowed, DeliveryState, FAILING_HOURS, Payload, WebhookState, event_type, names_cases,
    wait_after,
};
use tokio::sync::watch;

use super::service::place;
use super::store::{self, DeliveryRecord, WebhookRecord};
use crate::case::coded::Coded;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::keys::Keys;
use crate::notify::{Draft, lease, post};
use crate::outgoing::{self, Failure, Guard, Way};
use crate::state::State;

/// The lease's name.
const LEASE: &str = "webhooks";
/// How often it is looked whether something is to be done.
const WAKES: Duration = Duration::from_secs(1);
/// How often the lease is renewed while it is needed.
const RENEWED: Duration = Duration::from_secs(30);
/// Of how many events one transaction makes deliveries.
const EVENTS: i64 = 200;
/// How many deliveries of a webhook are sent before others have their turn.
const TOGETHER: usize = 20;
/// To how many webhooks at a time.
const AT_ONCE: usize = 8;
/// How long a webhook that was not reached is left alone at most.
const MOST_REST: TimeDelta = TimeDelta::minutes(10);

/// Sends what is to be sent, for as long as the server does.
pub(crate) async fn run(state: State, stopped: watch::Receiver<bool>) {
    let mut ending = stopped.clone();
    let sender = Sender {
        holder: crate::ids::new_id(),
        held: Cell::new(None),
        clients: RefCell::default(),
        stopped,
        state,
    };
    loop {
        tokio::select! {
            () = tokio::time::sleep(WAKES) => {}
            _ = ending.wait_for(|stopped| *stopped) => break,
        }
        if let Err(error) = sender.pass().await {
            tracing::warn!(%error, "webhooks cannot be looked after");
        }
    }
    sender.end().await;
}

struct Sender {
    state: State,
    /// Who this is, in the lease.
    holder: String,
    /// When the lease was last taken.
    held: Cell<Option<Instant>>,
    /// By township, with the rule that each follows.
    clients: RefCell<HashMap<String, (Allowed, reqwest::Client)>>,
    stopped: watch::Receiver<bool>,
}

/// What is to be done about a delivery, right before it would be sent.
enum Ready {
    /// Send this.
    Send(Box<Request>),
    /// What it tells of is no longer its webhook's to tell: take it out.
    Withhold,
    /// Somebody was faster: there is nothing to do.
    Nothing,
}

/// All that a request needs.
struct Request {
    township: String,
    allowed: Allowed,
    url: String,
    secret: Vec<u8>,
    webhook: String,
    id: String,
    kind: String,
    body: Vec<u8>,
}

impl Sender {
    async fn pass(&self) -> QueryResult<()> {
        let db = &self.state.db;
        let now = self.state.clock.now();
        let look = move |conn: &mut Conn| {
            let some = store::has_happened(conn)? || !store::due(conn, 1, now)?.is_empty();
            Ok::<_, diesel::result::Error>(some)
        };
        if !db.read(look).await? || !self.is_mine().await? {
            return Ok(());
        }
        let spread = move |conn: &mut Conn| store::spread(conn, EVENTS, now);
        while !self.is_stopped() && db.write(spread).await? {}
        let due = db.read(move |conn| store::due(conn, TOGETHER, now)).await?;
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |(webhook, deliveries)| async move {
                let id = webhook.id.clone();
                if let Err(error) = self.work_off(webhook, deliveries).await {
                    tracing::warn!(%error, webhook = id, "a webhook cannot be looked after");
                }
            })
            .await;
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Whether this server is the one to do it. The lease lasts longer than a request may.
    async fn is_mine(&self) -> QueryResult<bool> {
        if self.held.get().is_some_and(|at| at.elapsed() < RENEWED) {
            return Ok(true);
        }
        let (holder, now) = (self.holder.clone(), self.state.clock.now());
        let mine = self
            .state
            .db
            .write(move |conn| lease::take(conn, LEASE, &holder, now))
            .await?;
        self.held.set(mine.then(Instant::now));
        Ok(mine)
    }

    /// Gives the lease back: another server need not wait for its end.
    async fn end(&self) {
        let (holder, now) = (self.holder.clone(), self.state.clock.now());
        let given = self
            .state
            .db
            .write(move |conn| lease::give_back(conn, &holder, now));
        if let Err(error) = given.await {
            tracing::debug!(%error, "the webhooks' lease was not given back");
        }
    }

    /// Sends a webhook's deliveries, one after another, until it cannot be reached.
    async fn work_off(
        &self,
        webhook: WebhookRecord,
        deliveries: Vec<DeliveryRecord>,
    ) -> QueryResult<()> {
        for delivery in deliveries {
            if self.is_stopped() || !self.is_mine().await? {
                return Ok(());
            }
            let Some(request) = self.prepare(&webhook.id, &delivery.id).await? else {
                continue;
            };
            let came = self.send(&request).await;
            if let Err(failure) = &came {
                tracing::warn!(
                    webhook = request.webhook,
                    delivery = request.id,
                    why = failure.clone().words(),
                    "a webhook did not take a delivery"
                );
            }
            let unreached = matches!(came, Err(Failure::Unreached(_)));
            let now = self.state.clock.now();
            self.state
                .db
                .write(move |conn| settle(conn, &request.webhook, &request.id, came, now))
                .await?;
            if unreached {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What is to be sent, as the delivery, its webhook and its owner are now; nothing if it is not to be
    /// sent. What is no longer to be told is taken out.
    async fn prepare(&self, webhook: &str, delivery: &str) -> QueryResult<Option<Box<Request>>> {
        loop {
            let (hook, id) = (webhook.to_owned(), delivery.to_owned());
            let db = &self.state.db;
            match db.read(move |conn| ready(conn, &hook, &id)).await? {
                Ready::Nothing => return Ok(None),
                Ready::Withhold => {
                    let id = delivery.to_owned();
                    db.write(move |conn| store::remove_delivery(conn, &id))
                        .await?;
                    return Ok(None);
                }
                // Making a client takes its time, in which a case may be sealed: look again after it.
                Ready::Send(request) if self.lacks_client(&request) => {
                    if self.make_client(&request).await.is_none() {
                        return Ok(Some(request));
                    }
                }
                Ready::Send(request) => return Ok(Some(request)),
            }
        }
    }

    /// Sends a request; the status that it was answered with.
    async fn send(&self, request: &Request) -> Result<u16, Failure> {
        let unreached = |why: &str| Failure::Unreached(why.to_owned());
        // What is allowed may have changed since it was entered.
        let url = Guard::new(request.allowed.clone())
            .check(&request.url)
            .map_err(unreached)?;
        let client = self
            .client(request)
            .ok_or_else(|| unreached("本机不能建立加密连接"))?;
        let secret = open(&self.state.keys, &request.webhook, &request.secret)
            .ok_or_else(|| unreached("签名密钥无法解密，请更换密钥"))?;
        let timestamp = self.state.clock.now().timestamp();
        let signature = sign(&secret, timestamp, &request.body);
        let call = client
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", "xinfang-webhook/1")
            .header("x-xinfang-delivery", &request.id)
            .header("x-xinfang-event", &request.kind)
            .header("x-xinfang-timestamp", timestamp)
            .header("x-xinfang-signature", format!("v1={signature}"))
            .body(request.body.clone());
        outgoing::send(call).await.map(|(status, _)| status)
    }

    /// The client of a request's township, unless its rule has changed since it was made.
    fn client(&self, request: &Request) -> Option<reqwest::Client> {
        match self.clients.borrow().get(&request.township) {
            Some((rule, client)) if *rule == request.allowed => Some(client.clone()),
            _ => None,
        }
    }

    fn lacks_client(&self, request: &Request) -> bool {
        self.client(request).is_none()
    }

    /// Makes the client of a request's township; nothing where this machine cannot.
    async fn make_client(&self, request: &Request) -> Option<()> {
        let guard = Guard::new(request.allowed.clone());
        let made = actix_web::web::block(move || outgoing::client(Way::Guarded(guard)));
        let client = made.await.ok().flatten()?;
        let kept = (request.allowed.clone(), client);
        self.clients
            .borrow_mut()
            .insert(request.township.clone(), kept);
        Some(())
    }
}

fn open(keys: &Keys, webhook: &str, secret: &[u8]) -> Option<String> {
    keys.open_text(secret, place(webhook)).ok()
}

/// HMAC-SHA-256 under the secret, of the timestamp's digits, a dot and the body; in hexadecimal.
fn sign(secret: &str, timestamp: i64, body: &[u8]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    let mut text = String::new();
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Looks at a delivery and its webhook once more, as they and their owner are now.
fn ready(conn: &mut Conn, webhook: &str, delivery: &str) -> QueryResult<Ready> {
    let (Some(webhook), Some(delivery)) = (
        store::find(conn, webhook)?,
        store::find_delivery(conn, delivery)?,
    ) else {
        return Ok(Ready::Nothing);
    };
    if delivery.state.0 != DeliveryState::Waiting {
        return Ok(Ready::Nothing);
    }
    let names = Snapshot::of_people(conn)?;
    let Some(owner) = webhook.owner(&names) else {
        return Ok(Ready::Withhold);
    };
    match webhook.state(owner) {
        WebhookState::Active => {}
        WebhookState::Paused if delivery.is_test() => {}
        WebhookState::Paused | WebhookState::Off => return Ok(Ready::Nothing),
        WebhookState::OwnerDisabled | WebhookState::RoleChanged => return Ok(Ready::Withhold),
    }
    if let Some(case) = &delivery.case_id
        && !store::may_tell(conn, &owner.access, case)?
    {
        return Ok(Ready::Withhold);
    }
    let names_cases = names_cases(owner.user.role);
    let kind = event_type(Term::from_code(&delivery.kind));
    let payload = Payload {
        id: delivery.id.clone(),
        r#type: kind.clone(),
        occurred_at: delivery.occurred_at.and_utc(),
        township_id: UnitId::new(webhook.township_id.clone()),
        case_id: delivery.case_id.filter(|_| names_cases).map(CaseId::new),
        event_id: delivery.event_id.filter(|_| names_cases),
    };
    let body = serde_json::to_vec(&payload)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    Ok(Ready::Send(Box::new(Request {
        allowed: store::guard(conn, &webhook.township_id)?,
        township: webhook.township_id,
        url: webhook.url,
        secret: webhook.secret,
        webhook: webhook.id,
        id: delivery.id,
        kind,
        body,
    })))
}

/// Notes what came of a delivery, and what that means for its webhook.
fn settle(
    conn: &mut Conn,
    webhook: &str,
    delivery: &str,
    came: Result<u16, Failure>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let (Some(webhook), Some(mut delivery)) = (
        store::find(conn, webhook)?,
        store::find_delivery(conn, delivery)?,
    ) else {
        return Ok(());
    };
    let at = now.naive_utc();
    let mut outcome = store::Outcome::of(&webhook);
    outcome.last_at = Some(at);
    outcome.last_ok = Some(came.is_ok());
    delivery.attempts = delivery.attempts.saturating_add(1);
    delivery.last_at = Some(at);
    let reached = !matches!(came, Err(Failure::Unreached(_)));
    let (status, words) = match came {
        Ok(status) => (Some(status), "已送达".to_owned()),
        Err(Failure::Answered(status, words)) => (Some(status), words),
        Err(Failure::Unreached(words)) => (None, words),
    };
    delivery.status = status.map(i32::from);
    delivery.result = Some(words.clone());
    outcome.last_result = Some(words);
    if outcome.last_ok == Some(true) {
        delivery.state = Coded(DeliveryState::Delivered);
        outcome.paused = false;
        outcome.failing_since = None;
        outcome.retry_at = None;
    } else if delivery.expires_at <= at {
        delivery.state = Coded(DeliveryState::Failed);
    } else {
        let wait = wait_after(delivery.attempts.unsigned_abs());
        delivery.next_at = (now + wait).naive_utc().min(delivery.expires_at);
        if !reached {
            outcome.retry_at = Some((now + wait.min(MOST_REST)).naive_utc());
        }
    }
    if outcome.last_ok == Some(false) && !delivery.is_test() {
        let since = *outcome.failing_since.get_or_insert(at);
        if !outcome.paused && since <= (now - TimeDelta::hours(FAILING_HOURS)).naive_utc() {
            outcome.paused = true;
            tell_owner(conn, &webhook, since.and_utc(), now)?;
        }
    }
    store::save_delivery(conn, &delivery)?;
    store::save_outcome(conn, &webhook.id, &outcome)
}

/// Tells its owner that a webhook is paused.
fn tell_owner(
    conn: &mut Conn,
    webhook: &WebhookRecord,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let draft = Draft {
        kind: NoticeKind::System,
        title: "您的一个事件推送订阅近一天没有送达过，已暂停".to_owned(),
        body: format!(
            "订阅“{}”已暂停，期间的事件不再推送。请检查接收程序，测试成功后自动恢复，也可以在“事件推送”页重新启用。",
            webhook.name
        ),
        link: "/webhooks".to_owned(),
        urgent: false,
        once: format!("webhook:{}:{}", webhook.id, since.timestamp()),
    };
    post(conn, &[UserId::new(webhook.owner_id.clone())], &draft, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_signed_as_the_page_says() {
        // python: hmac.new(b'whsec_x', b'1773108000.{"id":"1"}', 'sha256').hexdigest()
        assert_eq!(
            sign("whsec_x", 1_773_108_000, br#"{"id":"1"}"#),
            "70b02d117087685dc18d22ffc73652d1552e8c8a4c89ee2aa28a32386800e1f8"
        );
    }
}
