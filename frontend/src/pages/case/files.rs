//! The tab 附件: files of a case.

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::case::view::AttachmentView;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::open::Open;
use crate::api::{Call, every};
use crate::app;
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::pages::admin::foot;
use crate::ui::dialog::Dialog;
use crate::ui::field::Form;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::states::{empty, waiting};

/// The largest file that the server takes.
const LARGEST: f64 = 20.0 * 1024.0 * 1024.0;

/// The tab.
pub(crate) fn tab(open: Open) -> AnyView {
    let actor = app::me().actor;
    let may = Signal::derive(move || {
        open.loader.value().is_some_and(|tagged| {
            can(&actor, Action::Attach, Facts::Case(&tagged.value.facts)).is_ok()
        })
    });
    let files = load(move || {
        open.track();
        let path = open.path("/attachments");
        async move { every::<AttachmentView>(&path).await }
    });
    let removing = Dialog::<AttachmentView>::new();
    let list = files.view(waiting, move |files| {
        if files.is_empty() {
            return empty(
                "还没有附件",
                "信件照片、调解协议、处理意见书等材料可以传到这里。",
                None,
            );
        }
        let rows = files
            .into_iter()
            .map(|file| one(open, file, may, removing))
            .collect_view();
        view! { <ul class="files card">{rows}</ul> }.into_any()
    });
    let body = move |file: AttachmentView| remove(open, &file, removing.up());
    view! {
        {list}
        {live(move || may.get().then(|| upload(open, files)))}
        {removing.view(|_| "删除附件".to_owned(), body)}
    }
    .into_any()
}

fn one(
    open: Open,
    file: AttachmentView,
    may: Signal<bool>,
    removing: Dialog<AttachmentView>,
) -> AnyView {
    let notices = notices();
    let busy = RwSignal::new(false);
    let path = open.path(&format!("/attachments/{}", file.id));
    let name = file.name.clone();
    let download = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let call = Call::get(path.clone());
        let name = name.clone();
        spawn_local(async move {
            match call.file().await {
                Ok(content) => browser::save_file(&name, &content),
                Err(failure) => notices.say(failure.message()),
            }
            busy.try_set(false);
        });
    };
    let about = format!(
        "{} · {} · {}",
        format::size(file.size),
        file.actor.name,
        format::moment(file.at)
    );
    let label = file.name.clone();
    let remove = live(move || {
        let file = file.clone();
        may.get().then(|| {
            view! {
                <button
                    type="button"
                    class="btn btn-small"
                    on:click=move |_| removing.start(file.clone())
                >
                    "删除"
                </button>
            }
        })
    });
    view! {
        <li class="file" data-testid="attachment">
            {icon(Icon::File)}
            <span class="file-words">
                <span class="file-name">{label}</span>
                <span class="quiet">{about}</span>
            </span>
            <span class="row">
                <button type="button" class="btn btn-small" on:click=download>
                    {live(move || if busy.get() { "正在下载…" } else { "下载" })}
                </button>
                {remove}
            </span>
        </li>
    }
    .into_any()
}

fn remove(open: Open, file: &AttachmentView, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let path = open.path(&format!("/attachments/{}", file.id));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::delete(path.clone()).if_match(&open.etag());
        form.send_or(
            call.done(),
            move |()| {
                up.try_set(false);
                notices.say("附件已删除。");
                open.reload();
            },
            move |failure| open.fail(form, failure),
        );
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>{format!("删除“{}”。删除会记入办理记录。", file.name)}</p>
            {foot(form, up, "删除", "btn btn-danger")}
        </form>
    }
    .into_any()
}

fn upload(open: Open, files: Loader<Vec<AttachmentView>>) -> AnyView {
    let form = Form::new();
    let going = RwSignal::new(None::<String>);
    let picked = move |event: leptos::ev::Event| {
        let Some(input) = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok())
        else {
            return;
        };
        let chosen: Vec<web_sys::File> = input
            .files()
            .map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect())
            .unwrap_or_default();
        // The same file can be picked again after a failure.
        input.set_value("");
        spawn_local(send_all(open, files, form, going, chosen));
    };
    view! {
        <div class="card upload">
            {form.summary()}
            <label class="upload-label" for="file">
                {icon(Icon::Upload)}
                <span>
                    {live(move || going.get().unwrap_or_else(|| "添加附件（可多选）".to_owned()))}
                </span>
            </label>
            <input
                id="file"
                type="file"
                multiple
                aria-describedby="file-hint"
                on:change=picked
            />
            <p class="hint" id="file-hint">
                "照片、录音、PDF、OFD、Word、Excel、文本，每个不超过20 MB。传上后本事项的办理人员都能下载。"
            </p>
            <p class="sr-only" role="status">{live(move || going.get())}</p>
        </div>
    }
    .into_any()
}

async fn send_all(
    open: Open,
    files: Loader<Vec<AttachmentView>>,
    form: Form,
    going: RwSignal<Option<String>>,
    chosen: Vec<web_sys::File>,
) {
    let count = chosen.len();
    form.failure.try_set(None);
    form.errors.try_set(Vec::new());
    for (at, file) in chosen.into_iter().enumerate() {
        let name = file.name();
        if file.size() > LARGEST {
            form.show(vec![shared::problem::FieldError {
                field: "file".to_owned(),
                code: "too_large".to_owned(),
                message: format!("“{name}”超过20 MB，请压缩或分开上传。"),
            }]);
            break;
        }
        going.try_set(Some(format!("正在上传 {name}（{}/{count}）…", at + 1)));
        let Ok(data) = web_sys::FormData::new() else {
            break;
        };
        let _ = data.append_with_blob_and_filename("file", &file, &name);
        if let Err(failure) = Call::post(open.path("/attachments"))
            .form(&data)
            .done()
            .await
        {
            form.fail(failure);
            break;
        }
    }
    going.try_set(None);
    files.reload();
    open.reload();
}
