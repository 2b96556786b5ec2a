//! The URL: where the app is, and how it goes elsewhere.
//!
//! The app tells its pages apart by [`crate::place::Place`], so a router's tree of routes would bring
//! nothing but its size; what is left of one is here. Links are plain `<a href>`; those that lead
//! within the app are followed without loading it anew, except with `rel="external"`, `download` or
//! a `target`. `data-noscroll` keeps the height.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::browser;

/// A query's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Values(Vec<(String, String)>);

impl Values {
    /// From a query string, with its `?` or without.
    fn read(search: &str, decoded: impl Fn(&str) -> String) -> Self {
        let pairs = search.trim_start_matches('?').split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(&value.replace('+', " ")))
        });
        Self(pairs.collect())
    }

    /// A value.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// Where the app is.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// The path.
    pub(crate) path: RwSignal<String>,
    /// The query.
    pub(crate) query: RwSignal<Values>,
}

std::thread_local! {
    static ROUTE: Route = Route {
        path: RwSignal::new(String::new()),
        query: RwSignal::new(Values::default()),
    };
    static BACK: Cell<bool> = const { Cell::new(false) };
}

/// Where the app is, to read and to follow.
pub(crate) fn route() -> Route {
    ROUTE.with(|route| *route)
}

/// The query of the page that is being made. It stays as it was once the app is elsewhere, so that a
/// page that is left neither asks anew nor forgets what it showed.
pub(crate) fn query() -> Memo<Values> {
    let Route { path, query } = route();
    let mine = path.get_untracked();
    Memo::new(move |before: Option<&Values>| match before {
        Some(before) if *path.read() != mine => before.clone(),
        _ => query.get(),
    })
}

/// Whether the browser's Back or Forward led here.
pub(crate) fn is_back() -> bool {
    BACK.get()
}

/// How to go somewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    /// In place of this entry of the history.
    pub(crate) replace: bool,
    /// Staying at this height.
    pub(crate) stay: bool,
}

/// Reads the URL, and follows links, Back and Forward from now on. Before any page is made: what a
/// page makes goes with the page.
pub(crate) fn start() {
    look();
    let popped = Closure::<dyn FnMut()>::new(|| {
        BACK.set(true);
        look();
    });
    let clicked = Closure::<dyn FnMut(web_sys::MouseEvent)>::new(|event: web_sys::MouseEvent| {
        if let Some((target, how)) = followed(&event) {
            event.prevent_default();
            go(&target, how);
        }
    });
    listen("popstate", popped.as_ref());
    listen("click", clicked.as_ref());
    // They live as long as the page.
    popped.forget();
    clicked.forget();
}

fn listen(event: &str, heard: &JsValue) {
    let _ = window().add_event_listener_with_callback(event, heard.unchecked_ref());
}

fn decoded(text: &str) -> String {
    js_sys::decode_uri_component(text).map_or_else(|_| text.to_owned(), Into::into)
}

/// Takes over what the address bar says.
fn look() {
    let location = window().location();
    let path = decoded(&location.pathname().unwrap_or_default());
    let query = Values::read(&location.search().unwrap_or_default(), decoded);
    let route = route();
    // What stays equal wakes nobody. The query first: the next page reads it when it is made.
    if route.query.with_untracked(|now| *now != query) {
        route.query.set(query);
    }
    if route.path.with_untracked(|now| *now != path) {
        route.path.set(path);
    }
}

/// Goes to a path of the app, with its query and hash.
pub(crate) fn go(target: &str, how: How) {
    let Ok(history) = window().history() else {
        return;
    };
    let here = window().location();
    let url = |part: Result<String, JsValue>| part.unwrap_or_default();
    let same = target == url(here.pathname()) + &url(here.search()) + &url(here.hash());
    let gone = if how.replace || same {
        history.replace_state_with_url(&JsValue::NULL, "", Some(target))
    } else {
        history.push_state_with_url(&JsValue::NULL, "", Some(target))
    };
    if gone.is_err() {
        return;
    }
    BACK.set(false);
    look();
    if !how.stay {
        browser::later(
            Duration::ZERO,
            || match browser::element(&browser::hash()) {
                Some(element) => element.scroll_into_view(),
                None => window().scroll_to_with_x_and_y(0.0, 0.0),
            },
        );
    }
}

/// Where a click leads within the app, unless the browser should see to it.
fn followed(event: &web_sys::MouseEvent) -> Option<(String, How)> {
    let keys = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
    if event.default_prevented() || event.button() != 0 || keys {
        return None;
    }
    let clicked: web_sys::Element = event.target()?.dyn_into().ok()?;
    let link: web_sys::HtmlAnchorElement = clicked.closest("a[href]").ok()??.dyn_into().ok()?;
    let external = link.rel().split(' ').any(|rel| rel == "external");
    if external || !link.target().is_empty() || link.has_attribute("download") {
        return None;
    }
    let url = web_sys::Url::new(&link.href()).ok()?;
    if Some(url.origin()) != window().location().origin().ok() {
        return None;
    }
    let how = How {
        replace: false,
        stay: link.has_attribute("data-noscroll"),
    };
    Some((url.pathname() + &url.search() + &url.hash(), how))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_its_blanks() {
        let values = Values::read("?q=a+b&open=true&&flag", str::to_owned);
        assert_eq!(values.get("q"), Some("a b"));
        assert_eq!(values.get("open"), Some("true"));
        assert_eq!(values.get("flag"), Some(""));
        assert_eq!(values.get("none"), None);
    }
}
