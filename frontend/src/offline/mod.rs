//! Work without a network: what the phone keeps of the server, and who may see it.
//!
//! After a sign-in, and then every quarter of an hour, the phone fetches what its user may read
//! ([`sync`]) and keeps it encrypted ([`store`]). Where no answer comes, [`crate::api::Call`] reads
//! there ([`kept`]), and the frame says so. Signing out takes it away at once, fourteen days without a
//! sign-in take it away at the next start, and another person's sign-in does, too.
//!
//! What people write goes out through [`crate::outbox`]; what they are still writing is kept by
//! [`forms`].

pub(crate) mod forms;
pub(crate) mod store;
mod sync;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use shared::account::Me;
use shared::json;
use shared::outbox::keep::Seen;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;

use crate::api::Call;
use crate::session::{self, Stand};
use crate::{browser, outbox};
use store::Changes;

/// Whose phone this was last.
const WHO: &str = "phone";
/// Somebody signed out without a network: the server does not know yet.
const LEAVING: &str = "leaving";
/// How many drafts of whom wait on this phone.
const WAITING: &str = "waiting";
/// Where the times are.
const SEEN: &str = "seen";
/// Where the last sign-in's `/me` is.
const ME: &str = "/me";
/// How often the app looks at the clock, the network, and what waits.
pub(crate) const TICK: Duration = Duration::from_secs(15);

/// What pages follow.
#[derive(Clone, Copy)]
pub(crate) struct Phone {
    /// No answer came to the last request.
    pub(crate) down: RwSignal<bool>,
    /// Whether there is a store, so that reading and writing go on without a network.
    pub(crate) open: RwSignal<bool>,
    /// Of when the kept answers are, by the server's clock.
    pub(crate) synced: RwSignal<Option<DateTime<Utc>>>,
    /// Whether the page shows kept answers.
    pub(crate) stale: RwSignal<bool>,
    /// What was synced has been taken away because it was too old.
    pub(crate) wiped: RwSignal<bool>,
    /// Rises when the page is to be drawn anew.
    pub(crate) again: RwSignal<u32>,
}

std::thread_local! {
    static PHONE: Phone = Phone {
        down: RwSignal::new(false),
        open: RwSignal::new(false),
        synced: RwSignal::new(None),
        stale: RwSignal::new(false),
        wiped: RwSignal::new(false),
        again: RwSignal::new(0),
    };
    /// Versions of the kept answers by path.
    static KNOWN: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    /// When the app last looked at its clocks: milliseconds that no clock takes back.
    static LOOKED: Cell<f64> = const { Cell::new(0.0) };
}

/// What pages follow of the phone.
pub(crate) fn phone() -> Phone {
    PHONE.with(|phone| *phone)
}

/// Makes the signals before any page does, and follows the network from now on.
pub(crate) fn start() {
    phone();
    outbox::start();
    on_window("offline", lost);
    on_window("online", || spawn_local(probe()));
    on_window("visibilitychange", || spawn_local(tick()));
    let ticking = Closure::<dyn FnMut()>::new(|| {
        if !document().hidden() {
            spawn_local(tick());
        }
    });
    let every = i32::try_from(TICK.as_millis()).unwrap_or(i32::MAX);
    let _ = window().set_interval_with_callback_and_timeout_and_arguments_0(
        ticking.as_ref().unchecked_ref(),
        every,
    );
    // It lives as long as the page.
    ticking.forget();
}

fn on_window(event: &str, heard: fn()) {
    let heard = Closure::<dyn FnMut()>::new(heard);
    // A document's event reaches the window.
    let _ = window().add_event_listener_with_callback(event, heard.as_ref().unchecked_ref());
    heard.forget();
}

/// No answer came.
pub(crate) fn lost() {
    let down = phone().down;
    if !down.get_untracked() {
        down.set(true);
    }
}

/// An answer came.
pub(crate) fn reached() {
    let down = phone().down;
    if down.get_untracked() {
        down.set(false);
        spawn_local(async {
            outbox::pump().await;
            sync::sync().await;
        });
    }
}

/// Asks the server for a sign of life; the session is refreshed on the way where it needs to be.
async fn probe() {
    if session::stand().with_untracked(|stand| stand.me().is_some())
        && Call::get(ME).done().await.is_ok()
    {
        outbox::pump().await;
    }
}

async fn tick() {
    if !phone().open.get_untracked() {
        return;
    }
    look().await;
    if phone().down.get_untracked() {
        probe().await;
    } else {
        outbox::pump().await;
        sync::sync_if_due().await;
    }
}

fn phone_now() -> DateTime<Utc> {
    browser::phone_now()
}

fn awake() -> TimeDelta {
    let now = browser::awake_millis();
    let before = LOOKED.replace(now);
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "milliseconds fit i64 for ages"
    )]
    let passed = (now - before) as i64;
    TimeDelta::milliseconds(passed)
}

/// Looks at the clock; takes away what is too old to be shown.
async fn look() {
    let Some(mut seen) = seen().await else {
        return;
    };
    seen.look(phone_now(), awake());
    note(&seen).await;
    browser::recall_ahead(seen.ahead);
    if seen.is_over() {
        wipe().await;
    }
}

async fn seen() -> Option<Seen> {
    json::read(&store::text(store::META, SEEN).await?).ok()
}

async fn note(seen: &Seen) {
    let text = serde_json::to_string(seen).unwrap_or_default();
    let _ = Changes::new().put(store::META, SEEN, &text).make().await;
}

async fn wipe() {
    let Some(user) = user() else { return };
    store::forget_synced(&user).await;
    forget_known();
    phone().wiped.set(true);
}

fn forget_known() {
    KNOWN.with_borrow_mut(BTreeMap::clear);
    phone().synced.set(None);
}

/// Whose phone this was last.
pub(crate) fn user() -> Option<String> {
    browser::recall(WHO)
}

async fn open(user: &str) -> bool {
    let opened = store::open(user).await;
    phone().open.set(opened);
    if opened {
        sync::recall().await;
        outbox::reload().await;
    }
    opened
}

/// Before the session is tried at the start: who was here last, and whether that is too long ago.
pub(crate) async fn wake() {
    if let Some(user) = user()
        && open(&user).await
    {
        awake();
        look().await;
    }
    if browser::recall::<bool>(LEAVING).is_some() && Call::delete("/session").done().await.is_ok() {
        browser::forget(LEAVING);
    }
}

/// Whether somebody signed out here without the server's knowing: their session must not open again.
pub(crate) fn is_leaving() -> bool {
    browser::recall::<bool>(LEAVING).is_some()
}

/// Who is to be shown in without a network.
pub(crate) async fn kept_me() -> Option<Me> {
    if !phone().open.get_untracked() || is_leaving() {
        return None;
    }
    json::read(&store::text(store::SYNCED, ME).await?).ok()
}

/// The server has confirmed who is here.
pub(crate) fn confirmed(me: &Me) {
    let (id, me) = (me.user.id.to_string(), serde_json::to_string(me));
    let server = browser::now();
    browser::forget(LEAVING);
    spawn_local(async move {
        if let Some(other) = user().filter(|other| *other != id) {
            // Drafts of theirs stay, locked until they sign in; what they could read does not.
            store::close();
            store::forget_synced(&other).await;
            forget_known();
        }
        browser::keep(WHO, &id);
        if !open(&id).await {
            return;
        }
        awake();
        note(&Seen::confirmed(server, phone_now())).await;
        phone().wiped.set(false);
        if let Ok(me) = me {
            let _ = Changes::new().put(store::SYNCED, ME, &me).make().await;
        }
        outbox::pump().await;
        sync::sync_if_due().await;
    });
}

/// Takes away what was synced, as somebody signs out; with `drafts` what they wrote, too.
pub(crate) async fn leave(drafts: bool) {
    if let Some(user) = user() {
        store::forget_synced(&user).await;
    }
    forget_known();
    if drafts && phone().open.get_untracked() {
        store::forget_all().await;
        count(0);
    }
    store::close();
    phone().open.set(false);
    browser::forget(WHO);
    outbox::forget();
}

/// The server could not be told that somebody signed out; it will be at the next start.
pub(crate) fn tell_later() {
    browser::keep(LEAVING, &true);
}

/// Notes how many drafts wait, for whoever opens the app next.
pub(crate) fn count(waiting: usize) {
    let Some(user) = user() else { return };
    let mut all = waiting_by_user();
    if waiting == 0 {
        all.remove(&user);
    } else {
        all.insert(user, waiting);
    }
    browser::keep(WAITING, &all);
    store::badge(u32::try_from(waiting).unwrap_or(u32::MAX));
}

fn waiting_by_user() -> BTreeMap<String, usize> {
    browser::recall(WAITING).unwrap_or_default()
}

/// What whoever is not signed in may know of this phone: that drafts wait for their writers.
pub(crate) fn locked() -> Option<String> {
    let me = session::stand().with_untracked(|stand| match stand {
        Stand::Unknown | Stand::Nobody => None,
        stand => stand.me().map(|me| me.user.id.to_string()),
    });
    let waiting: usize = waiting_by_user()
        .into_iter()
        .filter(|(user, _)| Some(user) != me.as_ref())
        .map(|(_, count)| count)
        .sum();
    (waiting > 0).then(|| {
        format!("这部手机上有{waiting}条没有发出的记录，已加密，由填写人本人登录后查看和发送。")
    })
}

/// Whether an answer for this path is kept.
pub(crate) fn knows(path: &str) -> bool {
    KNOWN.with_borrow(|known| known.contains_key(path))
}

/// A kept answer: its text, and the version that it was read at.
pub(crate) async fn kept(path: &str) -> Option<(String, String)> {
    let etag = KNOWN.with_borrow(|known| known.get(path).cloned())?;
    let text = store::text(store::SYNCED, path).await?;
    phone().stale.set(true);
    Some((text, etag))
}
