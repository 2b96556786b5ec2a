//! The app: Leptos, rendered in the browser.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`app`], [`shell`] | the frame: who may come in, menu, theme, notices |
//! | [`place`] | the pages: URL ⇄ page |
//! | [`api`], [`session`], [`load`] | the one way to the server |
//! | [`directory`] | units and colleagues, kept for forms and filters |
//! | [`browser`], [`format`], [`json`] | time, storage, files; dates in words; JSON into types |
//! | [`ui`] | what pages are made of |
//! | [`pages`] | the pages, one room a subject, named as in `shared` and the server |
//!
//! Rules are asked of `shared`, never written again here.

mod api;
mod app;
mod browser;
mod directory;
mod format;
mod json;
mod load;
mod pages;
mod place;
mod session;
mod shell;
mod theme;
mod ui;

fn main() {
    console_error_panic_hook::set_once();
    session::start();
    theme::start();
    leptos::mount::mount_to_body(app::app);
}
