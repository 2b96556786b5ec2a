//! The app: Leptos, rendered in the browser.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`app`], [`shell`] | the frame: who may come in, menu, theme, notices |
//! | [`stream`], [`bell`] | live events; what they show: the bell, banners, a sound |
//! | [`route`], [`place`] | where the app is; the pages: URL ⇄ page |
//! | [`part`] | which pages are downloaded together, and when |
//! | [`api`], [`session`], [`load`], [`rows`] | the one way to the server; a page's fetch, a list's |
//! | [`offline`], [`outbox`] | what the phone keeps, and what goes out from it later |
//! | [`directory`] | units and colleagues, kept for forms and filters |
//! | [`browser`], [`format`] | time, storage, files; dates in words |
//! | [`ui`] | what pages are made of |
//! | [`pages`] | the pages, one room a subject, named as in `shared` and the server |
//!
//! Rules are asked of `shared`, never written again here.

mod api;
mod app;
mod bell;
mod browser;
mod directory;
mod format;
mod load;
mod offline;
mod outbox;
mod pages;
mod part;
mod place;
mod route;
mod rows;
mod session;
mod shell;
mod stream;
mod theme;
mod ui;

fn main() {
    // Elsewhere it is only looked through, by Clippy and by tests: making machine code of every page
    // would take minutes.
    if cfg!(target_family = "wasm") {
        console_error_panic_hook::set_once();
        session::start();
        theme::start();
        offline::start();
        bell::start();
        leptos::mount::mount_to_body(|| route::routed(app::app));
    }
}
