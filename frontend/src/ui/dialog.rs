//! The browser's own `<dialog>`: focus stays inside, Esc closes, focus returns to the opener.

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
    let title = title.into();
    live(move || open.get().then(|| modal(open, title, body())))
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
        browser::later(std::time::Duration::ZERO, move || {
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
