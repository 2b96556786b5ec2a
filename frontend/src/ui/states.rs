//! What a page shows when it has nothing to show: waiting, failed, empty.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::api::Failure;

/// A skeleton of lines, while waiting.
pub(crate) fn waiting() -> AnyView {
    view! {
        <div class="skeleton" role="status">
            <span class="sr-only">"正在加载…"</span>
            <div class="bone bone-title"></div>
            <div class="bone"></div>
            <div class="bone"></div>
            <div class="bone bone-short"></div>
        </div>
    }
    .into_any()
}

/// A skeleton of rows, while a list is waiting.
pub(crate) fn waiting_rows() -> AnyView {
    let rows = (0..8).map(|_| view! { <div class="bone bone-row"></div> });
    view! {
        <div class="skeleton" role="status">
            <span class="sr-only">"正在加载…"</span>
            {rows.collect_view()}
        </div>
    }
    .into_any()
}

/// What went wrong, and a button to try again.
pub(crate) fn failed(failure: &Failure, again: impl Fn() + 'static) -> AnyView {
    view! {
        <div class="state" role="alert">
            {icon(Icon::Warning)}
            <p class="state-title">"没有加载成功"</p>
            <p>{failure.message()}</p>
            <button type="button" class="btn" on:click=move |_| again()>
                "重试"
            </button>
        </div>
    }
    .into_any()
}

/// Nothing is there: why, and what to do.
pub(crate) fn empty(title: &str, hint: &str, action: Option<AnyView>) -> AnyView {
    view! {
        <div class="state">
            {icon(Icon::Ledger)}
            <p class="state-title">{title.to_owned()}</p>
            <p>{hint.to_owned()}</p>
            {action}
        </div>
    }
    .into_any()
}
