//! What the browser offers: time, storage, files, focus. The only room that touches it by name.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::json;
use wasm_bindgen::{JsCast, JsValue};

std::thread_local! {
    /// By how many milliseconds the server's clock is ahead of this computer's: office PCs are
    /// often wrong by days, and "3 days left" has to be right all the same.
    static AHEAD: std::cell::Cell<Option<f64>> = const { std::cell::Cell::new(None) };
}

/// Learns the server's time from an event.
pub(crate) fn learn_instant(server: DateTime<Utc>) {
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "milliseconds of this age fit"
    )]
    learn_millis(server.timestamp_millis() as f64);
}

/// Learns the server's time from an answer's `Date` header.
pub(crate) fn learn_time(date_header: &str) {
    learn_millis(js_sys::Date::parse(date_header));
}

fn learn_millis(server: f64) {
    if server.is_finite() {
        let ahead = server - js_sys::Date::now();
        // The header counts whole seconds; the way here takes some, too.
        AHEAD.set(Some(if ahead.abs() < 5000.0 { 0.0 } else { ahead }));
    }
}

/// By how many seconds the server's clock is ahead, where that is known.
pub(crate) fn ahead() -> Option<i64> {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "seconds fit i64 for ages"
    )]
    AHEAD.get().map(|millis| (millis / 1000.0) as i64)
}

/// Takes over what was known of the server's clock when the app was last open, until an answer says
/// it anew.
pub(crate) fn recall_ahead(seconds: i64) {
    if AHEAD.get().is_none() {
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "seconds fit f64 for ages"
        )]
        AHEAD.set(Some(seconds as f64 * 1000.0));
    }
}

/// Now, by this computer's own clock, right or wrong.
pub(crate) fn phone_now() -> DateTime<Utc> {
    instant(js_sys::Date::now())
}

/// Milliseconds since the page was opened, which no clock takes back.
pub(crate) fn awake_millis() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Now, by the server's clock as far as it is known.
pub(crate) fn now() -> DateTime<Utc> {
    instant(js_sys::Date::now() + AHEAD.get().unwrap_or_default())
}

fn instant(millis: f64) -> DateTime<Utc> {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "milliseconds fit i64 for ages"
    )]
    let millis = millis as i64;
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// Today in Asia/Shanghai.
pub(crate) fn today() -> NaiveDate {
    shared::calendar::shanghai_day(now())
}

/// A key that nobody else makes. `crypto.randomUUID` is missing where a township serves over plain
/// HTTP in its own network, so it is made from random bytes.
pub(crate) fn random_key() -> String {
    let mut bytes = [0u8; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number by chance.
pub(crate) fn chance() -> u32 {
    let mut bytes = [0u8; 4];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u32::from_le_bytes(bytes)
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// The request for the session that `boot.js` has sent while the app was still being read; once.
pub(crate) fn asked_early() -> Option<js_sys::Promise> {
    let (window, name) = (js_sys::global(), JsValue::from_str("askedEarly"));
    let asked = js_sys::Reflect::get(&window, &name).ok()?;
    js_sys::Reflect::delete_property(&window, &name).ok()?;
    asked.dyn_into().ok()
}

/// Reads what was kept on this computer.
pub(crate) fn recall<T: DeserializeOwned>(key: &str) -> Option<T> {
    let text = storage()?.get_item(&stored(key)).ok()??;
    json::read(&text).ok()
}

/// Keeps something on this computer. Says whether it could.
pub(crate) fn keep<T: Serialize>(key: &str, value: &T) -> bool {
    let Ok(text) = serde_json::to_string(value) else {
        return false;
    };
    storage().is_some_and(|storage| storage.set_item(&stored(key), &text).is_ok())
}

/// Forgets what was kept.
pub(crate) fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&stored(key));
    }
}

fn stored(key: &str) -> String {
    format!("xinfang.{key}")
}

/// Text as it may stand in a URL's query.
pub(crate) fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// The element with this id.
pub(crate) fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Moves the focus to an element, once the page has been drawn.
pub(crate) fn focus_later(id: impl Into<String>) {
    focus_when_there(id.into(), Duration::ZERO, 30);
}

/// What is fetched first is drawn a little later; whoever has moved on meanwhile is left alone.
fn focus_when_there(id: String, after: Duration, tries: u32) {
    later(after, move || match element(&id) {
        Some(element) => {
            let _ = element.focus();
        }
        None if tries > 0 && nothing_is_focused() => {
            focus_when_there(id, Duration::from_millis(100), tries - 1);
        }
        None => {}
    });
}

/// Whether an element has the focus.
pub(crate) fn is_focused(id: &str) -> bool {
    document()
        .active_element()
        .is_some_and(|element| element.id() == id)
}

fn nothing_is_focused() -> bool {
    document()
        .active_element()
        .is_none_or(|element| element.tag_name() == "BODY")
}

/// Does something after a while, or (with no while) once the page has been drawn.
pub(crate) fn later(after: Duration, act: impl FnOnce() + 'static) {
    set_timeout(act, after);
}

/// Whether a media query holds, and goes on holding.
pub(crate) fn media(query: &str) -> ReadSignal<bool> {
    let found = window().match_media(query).ok().flatten();
    let (holds, set_holds) = signal(found.as_ref().is_some_and(web_sys::MediaQueryList::matches));
    if let Some(list) = found {
        let again = list.clone();
        let changed = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || {
            set_holds.try_set(again.matches());
        });
        let _ = list.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        // Lives as long as the page.
        changed.forget();
    }
    holds
}

/// Hands a file to the person.
pub(crate) fn save_file(name: &str, content: &web_sys::Blob) {
    let Ok(url) = web_sys::Url::create_object_url_with_blob(content) else {
        return;
    };
    let link = document()
        .create_element("a")
        .ok()
        .and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    if let Some(link) = link {
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    later(Duration::from_secs(60), move || {
        let _ = web_sys::Url::revoke_object_url(&url);
    });
}

/// Forgets the address of a file that a page shows.
pub(crate) fn forget_url(url: &str) {
    let _ = web_sys::Url::revoke_object_url(url);
}

/// Copies text. `navigator.clipboard` is missing over plain HTTP, so the text is selected and
/// copied the old way.
pub(crate) fn copy_text(element_id: &str) -> bool {
    let Some(element) = element(element_id) else {
        return false;
    };
    let Ok(Some(selection)) = window().get_selection() else {
        return false;
    };
    if selection.select_all_children(&element).is_err() {
        return false;
    }
    js_sys::Reflect::get(&document(), &JsValue::from_str("execCommand"))
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok())
        .and_then(|copy| copy.call1(&document(), &JsValue::from_str("copy")).ok())
        .and_then(|done| done.as_bool())
        .unwrap_or(false)
}

/// Loads the app anew, but not again and again: at most once a minute.
pub(crate) fn open_anew() {
    const KEY: &str = "opened-anew";
    let now = js_sys::Date::now();
    let before = recall::<f64>(KEY).unwrap_or(0.0);
    if now - before > 60_000.0 && keep(KEY, &now) {
        let _ = window().location().reload();
    }
}

/// Leaves the app for an address that is none of its pages.
pub(crate) fn leave_for(address: &str) {
    let _ = window().location().set_href(address);
}

/// Opens the print dialogue.
pub(crate) fn print() {
    let _ = window().print();
}

/// The file that a person picked.
pub(crate) fn picked_file(event: &leptos::ev::Event) -> Option<web_sys::File> {
    let input: web_sys::HtmlInputElement = event.target()?.dyn_into().ok()?;
    input.files()?.get(0)
}
