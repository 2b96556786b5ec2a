//! The URL: where the app is, and how it goes elsewhere.
//!
//! `leptos_router` keeps the URL and follows links, Back and Forward; its tree of route components is left
//! out, as [`crate::place::Place`] tells the pages apart. Links are plain `<a href>`; `rel="external"`,
//! `download` and `target` leave the app, `data-noscroll` keeps the height.
//!
//! The router's context ends with the component that asks for it, and pages go on from event handlers and
//! answers; so what they need of it is kept here for as long as the app is open.

use std::cell::OnceCell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Router;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::location::{BrowserUrl, Location, LocationProvider};

/// A query's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Values(Vec<(String, String)>);

impl Values {
    /// From a query string, with its `?` or without. The router's own map would decode each value twice,
    /// and make another of a search for `%41`.
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
    pub(crate) path: Memo<String>,
    /// The query.
    pub(crate) query: Memo<Values>,
    hash: Memo<String>,
    back: ReadSignal<bool>,
}

type Navigate = dyn Fn(&str, NavigateOptions);

struct Kept {
    route: Route,
    navigate: Rc<Navigate>,
}

std::thread_local! {
    static KEPT: OnceCell<Kept> = const { OnceCell::new() };
}

/// The app, within the router.
pub(crate) fn routed(app: fn() -> AnyView) -> impl IntoView {
    let within = move || {
        keep();
        app()
    };
    view! { <Router>{within()}</Router> }
}

fn keep() {
    let Location {
        pathname,
        search,
        hash,
        ..
    } = use_location();
    let browser: BrowserUrl = expect_context();
    let route = Route {
        path: Memo::new(move |_| decoded(&pathname.read())),
        query: Memo::new(move |_| Values::read(&search.read(), decoded)),
        hash,
        back: browser.is_back(),
    };
    // The address follows once the page is there; route components would say so.
    Effect::new(move || {
        pathname.track();
        browser.ready_to_complete();
    });
    let navigate = Rc::new(use_navigate());
    KEPT.with(|kept| {
        // There is one app, and it stays.
        let _ = kept.set(Kept { route, navigate });
    });
}

#[expect(
    clippy::expect_used,
    reason = "nothing asks for the URL before the app is there: `main` begins with the router"
)]
fn kept<T>(look: impl FnOnce(&Kept) -> T) -> T {
    KEPT.with(|kept| look(kept.get().expect("the router")))
}

/// Where the app is, to read and to follow.
pub(crate) fn route() -> Route {
    kept(|kept| kept.route)
}

/// The query of the page that is being made. It stays as it was once the app is elsewhere, so that a
/// page that is left neither asks anew nor forgets what it showed.
pub(crate) fn query() -> Memo<Values> {
    let Route { path, query, .. } = route();
    let mine = path.get_untracked();
    Memo::new(move |before: Option<&Values>| match before {
        Some(before) if *path.read() != mine => before.clone(),
        _ => query.get(),
    })
}

/// What the URL has behind its `#`.
pub(crate) fn hash() -> String {
    let hash = route().hash.read_untracked();
    hash.trim_start_matches('#').to_owned()
}

/// Whether the browser's Back led here.
pub(crate) fn is_back() -> bool {
    route().back.get_untracked()
}

/// How to go somewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    /// In place of this entry of the history.
    pub(crate) replace: bool,
    /// Staying at this height.
    pub(crate) stay: bool,
}

/// Goes to a path of the app, with its query and hash.
pub(crate) fn go(target: &str, how: How) {
    let navigate = kept(|kept| Rc::clone(&kept.navigate));
    let options = NavigateOptions {
        replace: how.replace,
        scroll: !how.stay,
        ..NavigateOptions::default()
    };
    navigate(target, options);
}

fn decoded(text: &str) -> String {
    js_sys::decode_uri_component(text).map_or_else(|_| text.to_owned(), Into::into)
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
