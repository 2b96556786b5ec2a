//! The phone's store, as the app sees it; `phone.js` carries it out. What is written here is encrypted.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

/// What the server sent, by path.
pub(crate) const SYNCED: &str = "synced";
/// Drafts that go out, by their keys.
pub(crate) const DRAFTS: &str = "drafts";
/// Forms that are being filled in, by their names.
pub(crate) const FORMS: &str = "forms";
/// The drafts' pictures, by their keys.
pub(crate) const PHOTOS: &str = "photos";
/// Times; not encrypted.
pub(crate) const META: &str = "meta";

mod js {
    use super::*;

    #[wasm_bindgen(module = "/src/offline/phone.js")]
    extern "C" {
        #[wasm_bindgen(catch)]
        pub async fn open(user: &str) -> Result<JsValue, JsValue>;
        pub fn close();
        #[wasm_bindgen(catch)]
        pub async fn read(store: &str, name: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn all(store: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn write(changes: &Array) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch, js_name = forgetSynced)]
        pub async fn forget_synced(user: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch, js_name = forgetAll)]
        pub async fn forget_all() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn turn(within: u32) -> Result<JsValue, JsValue>;
        pub fn listen(heard: &Function);
        pub fn tell();
        pub fn badge(count: u32);
        pub fn stay();
        pub fn limit(milliseconds: u32) -> JsValue;
        #[wasm_bindgen(catch)]
        pub async fn picture(file: &web_sys::Blob, most: u32) -> Result<JsValue, JsValue>;
    }
}

pub(crate) use js::{badge, limit, listen, stay, tell};

/// The browser keeps nothing, or nothing more: plain HTTP, a private window, a full disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoStore;

/// Opens a user's store. Says whether there is one.
pub(crate) async fn open(user: &str) -> bool {
    let opened = js::open(user).await;
    opened.is_ok_and(|opened| opened.is_truthy())
}

/// Closes it.
pub(crate) fn close() {
    js::close();
}

/// A text.
pub(crate) async fn text(store: &str, name: &str) -> Option<String> {
    js::read(store, name).await.ok()?.as_string()
}

/// A picture.
pub(crate) async fn photo(key: &str) -> Option<web_sys::Blob> {
    js::read(PHOTOS, key).await.ok()?.dyn_into().ok()
}

/// A text with the revision that it has.
pub(crate) struct Kept {
    /// Rises with each change.
    pub(crate) revision: u32,
    /// The text.
    pub(crate) text: String,
}

/// All texts of a store, in the order of their names.
pub(crate) async fn all(store: &str) -> Vec<Kept> {
    let found = js::all(store).await.unwrap_or_default();
    Array::from(&found).iter().filter_map(kept).collect()
}

fn kept(entry: JsValue) -> Option<Kept> {
    let entry = Array::from(&entry);
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of changes"
    )]
    let revision = entry.get(1).as_f64()? as u32;
    Some(Kept {
        revision,
        text: entry.get(2).as_string()?,
    })
}

/// Changes that are all made, or none of them.
#[derive(Default)]
pub(crate) struct Changes(Array);

impl Changes {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(Array::new())
    }

    fn add(self, store: &str, name: &str, value: &JsValue, revision: Option<u32>) -> Self {
        let revision = revision.map_or(-1.0, f64::from);
        let change = Array::of4(&store.into(), &name.into(), value, &revision.into());
        self.0.push(&change);
        self
    }

    /// Keeps a text.
    pub(crate) fn put(self, store: &str, name: &str, text: &str) -> Self {
        self.add(store, name, &text.into(), None)
    }

    /// Keeps a text, if what is there still has this revision.
    pub(crate) fn put_over(self, store: &str, name: &str, text: &str, revision: u32) -> Self {
        self.add(store, name, &text.into(), Some(revision))
    }

    /// Keeps a picture.
    pub(crate) fn put_photo(self, key: &str, picture: &web_sys::Blob) -> Self {
        self.add(PHOTOS, key, picture, None)
    }

    /// Takes something away.
    pub(crate) fn remove(self, store: &str, name: &str) -> Self {
        self.add(store, name, &JsValue::NULL, None)
    }

    /// Takes something away, if it still has this revision.
    pub(crate) fn remove_over(self, store: &str, name: &str, revision: u32) -> Self {
        self.add(store, name, &JsValue::NULL, Some(revision))
    }

    /// Makes them, durably. Says whether it did: not, where another tab was there first.
    pub(crate) async fn make(self) -> Result<bool, NoStore> {
        let made = js::write(&self.0).await.map_err(|_| NoStore)?;
        Ok(made.is_truthy())
    }
}

/// Takes away what was synced, and the key that it is encrypted with: of any user of this phone.
pub(crate) async fn forget_synced(user: &str) {
    let _ = js::forget_synced(user).await;
}

/// Takes everything of the open store away.
pub(crate) async fn forget_all() {
    let _ = js::forget_all().await;
}

/// This tab's turn to send; other tabs wait until it is dropped.
pub(crate) struct Turn(Function);

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::NULL);
    }
}

/// Waits for this tab's turn to send, for so many milliseconds; with 0 as long as it takes.
pub(crate) async fn turn(within: u32) -> Option<Turn> {
    let over = js::turn(within).await.ok()?;
    over.dyn_into().ok().map(Turn)
}

/// A picture at most [`LONGEST_EDGE`] wide and high, upright, without what the camera adds. None: it
/// is no picture.
///
/// [`LONGEST_EDGE`]: shared::outbox::LONGEST_EDGE
pub(crate) async fn picture(file: &web_sys::Blob) -> Option<web_sys::Blob> {
    let scaled = js::picture(file, shared::outbox::LONGEST_EDGE).await;
    scaled.ok()?.dyn_into().ok()
}
