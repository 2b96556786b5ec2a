//! Short messages that come and go: seen at the lower edge, spoken by screen readers.

use std::time::Duration;

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::browser;
use crate::ui::live::live;

/// How long a message stays.
const STAYS: Duration = Duration::from_secs(7);

#[derive(Clone, PartialEq, Eq)]
struct Notice {
    id: u32,
    text: String,
}

/// The messages that are up.
#[derive(Clone, Copy)]
pub(crate) struct Notices {
    notices: RwSignal<Vec<Notice>>,
    next: StoredValue<u32>,
}

/// Gives messages to the pages below.
pub(crate) fn provide() {
    provide_context(Notices {
        notices: RwSignal::new(Vec::new()),
        next: StoredValue::new(0),
    });
}

/// The messages, from any page.
pub(crate) fn notices() -> Notices {
    expect_context()
}

impl Notices {
    /// Puts up a message.
    pub(crate) fn say(self, text: impl Into<String>) {
        let id = self.next.try_get_value().unwrap_or_default() + 1;
        self.next.try_set_value(id);
        let text = text.into();
        self.notices
            .try_update(|notices| notices.push(Notice { id, text }));
        browser::later(STAYS, move || self.take_down(id));
    }

    fn take_down(self, id: u32) {
        self.notices
            .try_update(|notices| notices.retain(|notice| notice.id != id));
    }
}

/// Where the messages are seen.
pub(crate) fn board() -> AnyView {
    let notices = notices();
    let shown = live(move || {
        notices
            .notices
            .get()
            .into_iter()
            .map(|notice| {
                let id = notice.id;
                view! {
                    <p class="notice">
                        {icon(Icon::Check)}
                        <span>{notice.text}</span>
                        <button
                            type="button"
                            class="btn-icon"
                            aria-label="关闭提示"
                            on:click=move |_| notices.take_down(id)
                        >
                            {icon(Icon::Close)}
                        </button>
                    </p>
                }
                .into_any()
            })
            .collect_view()
    });
    view! {
        <div class="notices" role="status" aria-live="polite" data-testid="notices">
            {shown}
        </div>
    }
    .into_any()
}
