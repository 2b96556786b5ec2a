//! The browser's own `<dialog>`: focus stays inside, Esc closes, focus returns to the opener.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::icon::{Icon, icon};
use crate::browser;
use crate::ui::live::live;

/// A modal dialog that is up while `open` holds. `body` draws it each time that it opens.
pub(crate) fn dialog(
    open: RwSignal<bool>,
    title: impl Into<Signal<String>>,
    body: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    boxed(open, title.into(), Box::new(body))
}

fn boxed(
    open: RwSignal<bool>,
    title: Signal<String>,
    body: Box<dyn Fn() -> AnyView + Send>,
) -> AnyView {
    live(move || open.get().then(|| modal(open, title, body())))
}

/// A dialog that does one of several things. When it closes it forgets what it did: what was told
/// once is not told again.
pub(crate) struct Dialog<D: Send + Sync + 'static> {
    doing: RwSignal<Option<D>>,
    up: RwSignal<bool>,
}

impl<D: Send + Sync + 'static> Clone for Dialog<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Send + Sync + 'static> Copy for Dialog<D> {}

impl<D: Clone + Send + Sync + 'static> Dialog<D> {
    /// One that is not up.
    pub(crate) fn new() -> Self {
        Self {
            doing: RwSignal::new(None),
            up: RwSignal::new(false),
        }
    }

    /// Opens it, to do something.
    pub(crate) fn start(self, doing: D) {
        self.doing.try_set(Some(doing));
        self.up.try_set(true);
    }

    /// Closes it.
    pub(crate) fn close(self) {
        self.up.try_set(false);
    }

    /// Closes it and opens it again, to do something else: in this order, so that the focus comes back
    /// to where it began.
    pub(crate) fn next(self, doing: D) {
        self.close();
        browser::later(Duration::from_millis(50), move || self.start(doing));
    }

    /// Whether it is up; set to `false`, it closes.
    pub(crate) fn up(self) -> RwSignal<bool> {
        self.up
    }

    /// Draws it where it is up. `body` is drawn each time that it opens.
    pub(crate) fn view(
        self,
        title: impl Fn(&D) -> String + Send + Sync + 'static,
        body: impl Fn(D) -> AnyView + Send + 'static,
    ) -> AnyView {
        let Self { doing, up } = self;
        when_closed(
            up,
            Box::new(move || {
                doing.try_set(None);
            }),
        );
        let title = Signal::derive(move || {
            doing.with(|doing| doing.as_ref().map(&title).unwrap_or_default())
        });
        let body = move || match doing.get_untracked() {
            Some(doing) => body(doing),
            None => ().into_any(),
        };
        boxed(up, title, Box::new(body))
    }
}

/// Does something each time that a dialog closes.
fn when_closed(up: RwSignal<bool>, act: Box<dyn Fn()>) {
    Effect::new(move |was_up: Option<bool>| {
        let up = up.get();
        if was_up == Some(true) && !up {
            act();
        }
        up
    });
}

fn modal(open: RwSignal<bool>, title: Signal<String>, body: AnyView) -> AnyView {
    let node: NodeRef<html::Dialog> = NodeRef::new();
    let opener = StoredValue::new_local(
        document()
            .active_element()
            .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()),
    );
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        // Not twice: a dialog that is open already refuses.
        if !dialog.open() {
            let _ = dialog.show_modal();
            focus_inside(&dialog);
        }
    });
    on_cleanup(move || {
        let Some(Some(opener)) = opener.try_get_value() else {
            return;
        };
        browser::later(Duration::ZERO, move || {
            if opener.is_connected() {
                let _ = opener.focus();
            }
        });
    });
    view! {
        <dialog
            node_ref=node
            class="dialog"
            aria-labelledby="dialog-title"
            on:close=move |_| {
                open.try_set(false);
            }
        >
            <header class="dialog-head">
                <h2 id="dialog-title" tabindex="-1">{live(move || title.get())}</h2>
                <button
                    type="button"
                    class="btn-icon"
                    aria-label="关闭"
                    on:click=move |_| open.set(false)
                >
                    {icon(Icon::Close)}
                </button>
            </header>
            <div class="dialog-body">{body}</div>
        </dialog>
    }
    .into_any()
}

/// With a keyboard, the first field; on a phone the title, so that the screen keyboard does not
/// cover the explanation at once.
fn focus_inside(dialog: &web_sys::HtmlDialogElement) {
    let keyboard = window()
        .match_media("(pointer: fine)")
        .ok()
        .flatten()
        .is_some_and(|list| list.matches());
    let field = keyboard
        .then(|| {
            dialog.query_selector(
                ".dialog-body input, .dialog-body select, .dialog-body textarea, .dialog-body button",
            )
        })
        .and_then(Result::ok)
        .flatten();
    let title = || dialog.query_selector("#dialog-title").ok().flatten();
    if let Some(element) = field.or_else(title)
        && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
    {
        let _ = element.focus();
    }
}
