//! Taking out what a page shows as a file: a workbook or CSV, made by the server, which notes who did.

use leptos::prelude::*;
use shared::export::ExportFormat;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::icon::{Icon, icon};
use super::live::{follow, live};
use super::notice::notices;
use crate::api::Call;
use crate::{browser, format};

/// The two buttons. `what` is what the file is called; `path` is the export's below the API without the
/// format (`/exports/ledger`), and its query string.
pub(crate) fn exports(
    what: impl Into<String>,
    path: impl Fn() -> (String, String) + Send + Sync + 'static,
) -> AnyView {
    drawn(what.into(), Box::new(path))
}

type Path = Box<dyn Fn() -> (String, String) + Send + Sync>;

fn drawn(what: String, path: Path) -> AnyView {
    let busy = RwSignal::new(None::<ExportFormat>);
    let notices = notices();
    let asked = StoredValue::new((what, path));
    let export = move |format: ExportFormat| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some(format));
        let (what, (path, query)) = asked.with_value(|(what, path)| (what.clone(), path()));
        spawn_local(async move {
            let path = format!("{path}.{}{query}", format.code());
            match Call::get(path).file().await {
                Ok(file) => {
                    let day = format::short_date(browser::today());
                    browser::save_file(&format!("{what}-{day}.{}", format.code()), &file);
                    notices.say(format!("已导出{what}，并已记入审计。"));
                }
                Err(failure) => notices.say(failure.message()),
            }
            busy.try_set(None);
        });
    };
    let button = move |format: ExportFormat, testid: &'static str, words: &'static str| {
        view! {
            <button
                type="button"
                class="btn no-print"
                data-testid=testid
                aria-disabled=follow(move || busy.get().is_some().then_some("true"))
                on:click=move |_| export(format)
            >
                {icon(Icon::Download)}
                {live(move || if busy.get() == Some(format) { "正在导出…" } else { words })}
            </button>
        }
        .into_any()
    };
    view! {
        {button(ExportFormat::Xlsx, "export", "导出 Excel")}
        {button(ExportFormat::Csv, "export-csv", "导出 CSV")}
    }
    .into_any()
}
