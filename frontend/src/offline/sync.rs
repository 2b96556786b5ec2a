//! Fetching what its user may read without a network: `POST /sync` with the versions that the phone
//! has; what has changed comes whole, what is gone is named.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::{GetUntracked as _, Set as _};
use serde::{Deserialize, Serialize};
use shared::json;
use shared::sync::{SyncAnswer, SyncEntry, SyncRequest};

use super::store::{self, Changes};
use super::{KNOWN, ME, phone};
use crate::api::Call;
use crate::browser;

/// Minutes between two syncs.
const EVERY: TimeDelta = TimeDelta::minutes(15);
/// How often more is asked for, where it was too much at once.
const ROUNDS: u32 = 8;
/// Where the versions are kept: no path of the API.
const INDEX: &str = "index";

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
    for _ in 0..ROUNDS {
        let known = KNOWN.with_borrow(Clone::clone);
        let asked = Call::post("/sync").json(&SyncRequest { known });
        let Ok(bundle) = asked.fetch::<SyncAnswer>().await else {
            break;
        };
        let complete = bundle.complete;
        if !take(bundle).await || complete {
            break;
        }
    }
    BUSY.set(false);
}

/// All of a bundle goes into the store, or nothing. Says whether it did.
async fn take(bundle: SyncAnswer) -> bool {
    // Somebody else has signed in meanwhile.
    if super::user().as_deref() != Some(bundle.user.as_str()) {
        return false;
    }
    let before = KNOWN.with_borrow(Clone::clone);
    let mut changes = Changes::new();
    let mut etags = BTreeMap::new();
    for SyncEntry { path, etag, body } in bundle.entries {
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
    let taken = changes.make().await == Ok(true);
    if taken {
        KNOWN.set(index.etags);
        phone().synced.set(Some(index.at));
    }
    taken
}
