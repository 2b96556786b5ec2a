//! Photos that a report has.

use leptos::prelude::*;
use shared::ids::PhotoId;
use shared::photo::PhotoView;
use wasm_bindgen_futures::spawn_local;

use crate::api::Call;
use crate::ui::live::live;

/// The photos of a report, each fetched with the session's token.
pub(crate) fn shown(photos: &[PhotoView]) -> Option<AnyView> {
    if photos.is_empty() {
        return None;
    }
    let list = photos
        .iter()
        .enumerate()
        .map(|(at, photo)| view! { <li>{picture(&photo.id, at)}</li> }.into_any())
        .collect_view();
    Some(view! { <ul class="report-photos" data-testid="photos">{list}</ul> }.into_any())
}

fn picture(id: &PhotoId, at: usize) -> AnyView {
    let url = RwSignal::new(String::new());
    let call = Call::get(format!("/photos/{id}"));
    spawn_local(async move {
        if let Ok(content) = call.file().await
            && let Ok(made) = web_sys::Url::create_object_url_with_blob(&content)
            && url.try_set(made.clone()).is_some()
        {
            // The page is gone.
            let _ = web_sys::Url::revoke_object_url(&made);
        }
    });
    on_cleanup(move || {
        if let Some(made) = url.try_get_untracked().filter(|url| !url.is_empty()) {
            let _ = web_sys::Url::revoke_object_url(&made);
        }
    });
    let words = format!("照片{}", at + 1);
    live(move || match url.get() {
        url if url.is_empty() => view! { <span class="bone report-photo"></span> }.into_any(),
        url => view! {
            <a href=url.clone() target="_blank" rel="external noopener">
                <img class="report-photo" src=url.clone() alt=words.clone() />
            </a>
        }
        .into_any(),
    })
}
