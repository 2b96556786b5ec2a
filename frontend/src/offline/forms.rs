//! Forms that are being filled in: kept against a closed window or an empty battery, encrypted. Where
//! the browser has no store (plain HTTP), `plain` says what may lie there unencrypted instead.

use leptos::prelude::GetUntracked as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::json;

use super::store::{self, Changes};
use super::{phone, user};
use crate::browser;

fn plain_place(form: &str) -> String {
    format!("draft.{}.{form}", user().unwrap_or_default())
}

/// Keeps a form. Says whether it did.
pub(crate) async fn keep<T: Serialize>(form: &str, typed: &T, plain: Option<&T>) -> bool {
    if phone().open.get_untracked() {
        let Ok(text) = serde_json::to_string(typed) else {
            return false;
        };
        let kept = Changes::new().put(store::FORMS, form, &text).make().await;
        return kept == Ok(true);
    }
    plain.is_some_and(|typed| browser::keep(&plain_place(form), typed))
}

/// The form as it was left.
pub(crate) async fn recall<T: DeserializeOwned>(form: &str) -> Option<T> {
    if phone().open.get_untracked() {
        return json::read(&store::text(store::FORMS, form).await?).ok();
    }
    browser::recall(&plain_place(form))
}

/// Throws it away.
pub(crate) async fn forget(form: &str) {
    if phone().open.get_untracked() {
        let _ = Changes::new().remove(store::FORMS, form).make().await;
    }
    browser::forget(&plain_place(form));
}

/// How many forms are half filled in.
pub(crate) async fn count() -> usize {
    store::all(store::FORMS).await.len()
}
