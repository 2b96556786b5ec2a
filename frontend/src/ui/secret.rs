//! Secrets that are told once: passwords, keys, codes.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::browser;
use crate::ui::live::live;

/// A secret that a dialog tells once.
pub(crate) struct Secret {
    /// The id of the element that [`code`] made of it.
    pub(crate) id: &'static str,
    /// What it is called in test ids.
    pub(crate) name: &'static str,
    pub(crate) warning: &'static str,
    /// The secret, as [`code`] draws it, with what belongs to it.
    pub(crate) shown: AnyView,
    pub(crate) hint: String,
    /// What the button that copies it says.
    pub(crate) copy: &'static str,
    /// What is said where the browser refuses to copy.
    pub(crate) refused: &'static str,
    /// What the button that closes the dialog says.
    pub(crate) noted: &'static str,
}

impl Secret {
    /// The body of the dialog that is up.
    pub(crate) fn view(self, up: RwSignal<bool>) -> AnyView {
        let (copy, said) = copying(
            self.id,
            format!("copy-{}", self.name),
            self.copy,
            ["已复制。", self.refused],
        );
        view! {
            <p class="note note-sealed">{icon(Icon::Warning)} {format!(" {}", self.warning)}</p>
            {self.shown}
            <p class="hint">{self.hint}</p>
            <p class="row">{copy} {said}</p>
            <div class="row row-end">
                <button
                    type="button"
                    class="btn btn-primary"
                    data-testid=format!("{}-noted", self.name)
                    on:click=move |_| up.set(false)
                >
                    {self.noted}
                </button>
            </div>
        }
        .into_any()
    }
}

/// A secret in an element of its own, to be copied from there.
pub(crate) fn code(id: &'static str, secret: String) -> AnyView {
    view! { <code class="secret" id=id data-testid=id>{secret}</code> }.into_any()
}

/// The button that copies the text of an element, and what is said then: that it is copied, or that
/// the browser refused.
pub(crate) fn copying(
    id: &'static str,
    testid: String,
    label: &'static str,
    [done, refused]: [&'static str; 2],
) -> (AnyView, AnyView) {
    let copied = RwSignal::new(None::<bool>);
    let said = live(move || match copied.get() {
        None => "",
        Some(true) => done,
        Some(false) => refused,
    });
    let button = view! {
        <button
            type="button"
            class="btn"
            data-testid=testid
            on:click=move |_| copied.set(Some(browser::copy_text(id)))
        >
            {icon(Icon::Copy)}
            {label}
        </button>
    };
    let said = view! { <span role="status">{said}</span> };
    (button.into_any(), said.into_any())
}
