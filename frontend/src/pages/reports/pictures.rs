//! Photos of a report: those it has, and adding some.

use leptos::prelude::*;
use shared::ids::PhotoId;
use shared::photo::{MAX_PHOTOS, PhotoView};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use crate::api::Call;
use crate::ui::field::Form;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{each, live};

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

/// Adds photos: each is uploaded as it is picked, and goes with the report when that is sent.
pub(super) fn picker(form: Form, had: usize, photos: RwSignal<Vec<PhotoView>>) -> AnyView {
    let busy = RwSignal::new(0u32);
    let pick = move |event: leptos::ev::Event| {
        form.mended("photos");
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(files) = input.as_ref().and_then(web_sys::HtmlInputElement::files) else {
            return;
        };
        for file in (0..files.length()).filter_map(|at| files.get(at)) {
            let Ok(data) = web_sys::FormData::new() else {
                return;
            };
            let _ = data.append_with_blob_and_filename("file", &file, &file.name());
            let call = Call::post("/photos")
                .once(&crate::browser::random_key())
                .form(&data);
            busy.update(|busy| *busy += 1);
            spawn_local(async move {
                match call.fetch::<PhotoView>().await {
                    Ok(photo) => {
                        photos.try_update(|photos| photos.push(photo));
                    }
                    Err(failure) => form.fail(failure),
                }
                busy.try_update(|busy| *busy -= 1);
            });
        }
        if let Some(input) = input {
            input.set_value("");
        }
    };
    let thumbs = each(
        move || photos.get().into_iter().enumerate().collect(),
        move |(at, photo): (usize, PhotoView)| {
            let remove = move |_| {
                photos.update(|photos| {
                    if at < photos.len() {
                        photos.remove(at);
                    }
                });
            };
            view! {
                <li>
                    {picture(&photo.id, at)}
                    <button
                        type="button"
                        class="btn-icon"
                        aria-label=format!("不用照片{}", at + 1)
                        on:click=remove
                    >
                        {icon(Icon::Close)}
                    </button>
                </li>
            }
            .into_any()
        },
    );
    let add = live(move || {
        let room = had + photos.with(Vec::len) < MAX_PHOTOS;
        let words = if busy.get() > 0 {
            "正在上传…"
        } else {
            "拍照或选照片"
        };
        room.then(|| {
            view! {
                <label class="btn">
                    {icon(Icon::Add)}
                    {words}
                    <input
                        id="photos"
                        class="sr-only"
                        type="file"
                        accept="image/*"
                        multiple
                        on:change=pick
                    />
                </label>
            }
        })
    });
    view! {
        <div class="field">
            <p class="hint">{format!("照片最多{MAX_PHOTOS}张，可以不拍；拍摄地点会去掉。")}</p>
            <ul class="report-photos">{thumbs}</ul>
            {add}
        </div>
    }
    .into_any()
}
