//! Photos of a record that is being filled in: taken or picked, shown small, taken out again. They are
//! scaled when they are sent ([`crate::outbox::submit`]).

use leptos::prelude::*;
use shared::photo::{MAX_PHOTOS, PhotoView};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::field::Form;
use super::icon::{Icon, icon};
use crate::api::Call;
use crate::browser;
use crate::outbox::Picture;
use crate::ui::live::live;

/// Photos that were picked.
#[derive(Clone, Copy)]
pub(crate) struct Photos(RwSignal<Vec<Shown>, LocalStorage>);

/// A photo, and where the page shows it from.
struct Shown {
    picture: Picture,
    url: String,
}

impl Drop for Shown {
    fn drop(&mut self) {
        browser::forget_url(&self.url);
    }
}

impl Photos {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new_local(Vec::new()))
    }

    /// What is sent.
    pub(crate) fn pictures(self) -> Vec<Picture> {
        self.0
            .with_untracked(|shown| shown.iter().map(|shown| shown.picture.clone()).collect())
    }

    /// Takes these in place of what was picked.
    pub(crate) fn set(self, pictures: Vec<Picture>) {
        self.0.try_set(Vec::new());
        for picture in pictures {
            self.add(picture);
        }
    }

    fn add(self, picture: Picture) {
        if let Ok(url) = web_sys::Url::create_object_url_with_blob(&picture.content) {
            self.0
                .try_update(|shown| shown.push(Shown { picture, url }));
        }
    }

    /// The field, named `photos` as in the API.
    pub(crate) fn view(self, form: Form) -> AnyView {
        let Self(shown) = self;
        let thumbs = live(move || {
            let count = shown.with(Vec::len);
            (0..count).map(|at| thumb(shown, form, at)).collect_view()
        });
        let picker = live(move || {
            (shown.with(Vec::len) < MAX_PHOTOS)
                .then(|| view! { {self.picker(form, true)} {self.picker(form, false)} })
        });
        let wrong = live(move || {
            form.errors.with(|errors| {
                let error = errors.iter().find(|error| error.field == "photos")?;
                Some(view! { <p class="wrong">{error.message.clone()}</p> })
            })
        });
        view! {
            <div class="field field-full">
                <p class="photo-label">"照片"</p>
                <p class="hint">
                    {format!("最多{MAX_PHOTOS}张，可以不拍。发送前自动缩小，并去掉拍摄地点。")}
                </p>
                <div class="photo-row">{thumbs} {picker}</div>
                {wrong}
            </div>
        }
        .into_any()
    }
}

impl Photos {
    /// A button that takes a photo, on what has a camera at hand, or one that picks some.
    fn picker(self, form: Form, camera: bool) -> AnyView {
        let (id, class, sign, words) = if camera {
            (
                "photos-camera",
                "btn photo-add photo-take",
                Icon::Camera,
                "拍照",
            )
        } else {
            ("photos", "btn photo-add", Icon::Add, "选照片")
        };
        view! {
            <label class=class>
                {icon(sign)}
                {words}
                <input
                    id=id
                    class="sr-only"
                    type="file"
                    accept="image/*"
                    capture=camera.then_some("environment")
                    multiple=!camera
                    on:change=move |event| {
                        form.mended("photos");
                        pick(self, &event);
                    }
                />
            </label>
        }
        .into_any()
    }
}

fn pick(photos: Photos, event: &leptos::ev::Event) {
    let input = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    let Some(input) = input else { return };
    let files = input.files();
    for at in 0..files.as_ref().map_or(0, web_sys::FileList::length) {
        let full = photos.0.with_untracked(Vec::len) >= MAX_PHOTOS;
        if let Some(file) = files.as_ref().and_then(|files| files.get(at))
            && !full
        {
            photos.add(Picture {
                name: file.name(),
                content: file.into(),
            });
        }
    }
    // The same file may be picked again after it was taken out.
    input.set_value("");
}

fn thumb(shown: RwSignal<Vec<Shown>, LocalStorage>, form: Form, at: usize) -> AnyView {
    let found = shown.with_untracked(|shown| {
        let photo = shown.get(at)?;
        Some((photo.url.clone(), photo.picture.name.clone()))
    });
    let Some((url, name)) = found else {
        return ().into_any();
    };
    view! {
        <span class="photo" data-testid="photo">
            <img src=url alt=name/>
            <button
                type="button"
                class="btn-icon"
                aria-label=format!("去掉第{}张照片", at + 1)
                on:click=move |_| {
                    form.mended("photos");
                    shown.update(|shown| drop(shown.remove(at)));
                }
            >
                {icon(Icon::Close)}
            </button>
        </span>
    }
    .into_any()
}

/// Photos of a record, shown small; each opens whole. They are fetched with the session, which an
/// address alone does not carry.
pub(crate) fn gallery(photos: &[PhotoView]) -> Option<AnyView> {
    if photos.is_empty() {
        return None;
    }
    let count = photos.len();
    let all = photos
        .iter()
        .enumerate()
        .map(|(at, photo)| {
            let url = RwSignal::new(None::<String>);
            let path = format!("/photos/{}", photo.id);
            spawn_local(async move {
                if let Ok(content) = Call::get(path).file().await
                    && let Ok(made) = web_sys::Url::create_object_url_with_blob(&content)
                {
                    // The page may be gone.
                    if let Some(Some(lost)) = url.try_set(Some(made)) {
                        browser::forget_url(&lost);
                    }
                }
            });
            on_cleanup(move || {
                if let Some(Some(url)) = url.try_get_untracked() {
                    browser::forget_url(&url);
                }
            });
            let words = format!("照片{}，共{count}张", at + 1);
            live(move || {
                let words = words.clone();
                match url.get() {
                    Some(url) => {
                        let href = url.clone();
                        view! {
                            <a class="photo" href=href target="_blank" rel="external">
                                <img src=url alt=words/>
                            </a>
                        }
                        .into_any()
                    }
                    None => {
                        view! { <span class="photo"><span class="bone"></span></span> }.into_any()
                    }
                }
            })
        })
        .collect_view();
    Some(view! { <div class="photo-row" data-testid="gallery">{all}</div> }.into_any())
}
