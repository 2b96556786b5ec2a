//! The `Idempotency-Key` of what a form sends.

use leptos::prelude::*;
use serde::Serialize;

use crate::browser;

/// The content that was sent last, and its key. The same content keeps its key, so that what got through
/// unheard is not done twice; another content is another request.
#[derive(Clone, Copy)]
pub(crate) struct RequestKey(StoredValue<(String, String)>);

impl RequestKey {
    /// Of a form that has sent nothing yet.
    pub(crate) fn new() -> Self {
        Self(StoredValue::new((String::new(), browser::random_key())))
    }

    /// The key for this content.
    pub(crate) fn of<T: Serialize>(self, content: &T) -> String {
        let text = serde_json::to_string(content).unwrap_or_default();
        self.0.update_value(|(before, key)| {
            if *before != text {
                *before = text;
                *key = browser::random_key();
            }
        });
        self.0.with_value(|(_, key)| key.clone())
    }

    /// The request is answered: the same content is another request from now on.
    pub(crate) fn renew(self) {
        self.0.try_set_value((String::new(), browser::random_key()));
    }
}
