//! Fetching what its user may read without a network: `POST /sync` with the versions that the phone
//! has; what has changed comes whole, what is gone is named.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::{GetUntracked as _, Set as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::json;

use super::store::{self, Changes};
use super::{KNOWN, ME, phone};
use crate::api::Call;
use crate::browser;

/// Minutes between two syncs.
const EVERY: TimeDelta = TimeDelta::minutes(15);
/// Where the versions are kept: no path of the API.
const INDEX: &str = "index";

/// What is sent.
#[derive(Serialize)]
struct Ask {
    known: BTreeMap<String, String>,
}

/// What comes back.
#[derive(Deserialize)]
struct Bundle {
    at: DateTime<Utc>,
    entries: Vec<Entry>,
}

/// An answer of the API; without a body it is still what the phone has.
#[derive(Deserialize)]
struct Entry {
    path: String,
    etag: String,
    #[serde(default)]
    body: Option<Value>,
}

/// The versions that are kept.
#[derive(Serialize, Deserialize)]
struct Index {
    at: DateTime<Utc>,
    etags: BTreeMap<String, String>,
}

std::thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Takes up what was kept before.
pub(super) async fn recall() {
    let Some(text) = store::text(store::SYNCED, INDEX).await else {
        return;
    };
    if let Ok(index) = json::read::<Index>(&text) {
        KNOWN.set(index.etags);
        phone().synced.set(Some(index.at));
    }
}

/// Syncs, if the last time is a while ago.
pub(super) async fn sync_if_due() {
    let last = phone().synced.get_untracked();
    if last.is_none_or(|last| (browser::now() - last).abs() >= EVERY) {
        sync().await;
    }
}

/// Syncs. Where it fails, what is kept stays, and the next time makes up for it.
pub(super) async fn sync() {
    if !phone().open.get_untracked() || BUSY.replace(true) {
        return;
    }
    let known = KNOWN.with_borrow(Clone::clone);
    let asked = Call::post("/sync").json(&Ask { known });
    if let Ok(bundle) = asked.fetch::<Bundle>().await {
        take(bundle).await;
    }
    BUSY.set(false);
}

/// All of a bundle goes into the store, or nothing.
async fn take(bundle: Bundle) {
    let before = KNOWN.with_borrow(Clone::clone);
    let mut changes = Changes::new();
    let mut etags = BTreeMap::new();
    for Entry { path, etag, body } in bundle.entries {
        match body {
            Some(body) => {
                let text = serde_json::to_string(&body).unwrap_or_default();
                changes = changes.put(store::SYNCED, &path, &text);
            }
            // Nothing new, of what is not there after all.
            None if !before.contains_key(&path) => continue,
            None => {}
        }
        etags.insert(path, etag);
    }
    // What the server does not name any more is not theirs to see any more.
    for gone in before.keys() {
        if !etags.contains_key(gone) && gone != ME {
            changes = changes.remove(store::SYNCED, gone);
        }
    }
    let index = Index {
        at: bundle.at,
        etags,
    };
    let text = serde_json::to_string(&index).unwrap_or_default();
    let changes = changes.put(store::SYNCED, INDEX, &text);
    if changes.make().await == Ok(true) {
        KNOWN.set(index.etags);
        phone().synced.set(Some(index.at));
    }
}
