//! The tab 文书: documents that were made, and those that can be made.

use leptos::prelude::*;
use shared::case::paper::{MakePaper, PaperOffer, PaperRow, Papers, VoidPaper, file_name};
use wasm_bindgen_futures::spawn_local;

use super::open::Open;
use crate::api::Call;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::admin::foot;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field};
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::notices;
use crate::ui::states::{empty, waiting};

/// What is being done.
#[derive(Clone)]
enum Doing {
    Making(PaperOffer),
    Voiding(PaperRow),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Making(offer) => format!("出具{}", offer.label),
            Self::Voiding(row) => format!("作废{} {}", row.label, row.number),
        }
    }
}

/// The tab.
pub(crate) fn tab(open: Open) -> AnyView {
    let papers = load(move || {
        open.track();
        Call::get(open.path("/documents")).fetch::<Papers>()
    });
    let dialog = Dialog::<Doing>::new();
    let body = move |doing: Doing| match doing {
        Doing::Making(offer) => make(open, offer, dialog.up()),
        Doing::Voiding(row) => void(open, &row, dialog.up()),
    };
    view! {
        {papers.view(waiting, move |papers| list(open, papers, dialog))}
        {dialog.view(Doing::title, body)}
    }
    .into_any()
}

fn list(open: Open, papers: Papers, dialog: Dialog<Doing>) -> AnyView {
    let made = if papers.items.is_empty() {
        empty(
            "还没有文书",
            "出具的文书列在这里，可以打印和下载 Word。",
            None,
        )
    } else {
        let rows = papers.items.into_iter();
        let rows = rows.map(|row| one(open, row, dialog)).collect_view();
        view! { <ul class="files card">{rows}</ul> }.into_any()
    };
    let (can, cannot): (Vec<_>, Vec<_>) = papers.offers.into_iter().partition(|o| o.allowed);
    let buttons = can
        .into_iter()
        .map(|offer| {
            let label = offer.label.clone();
            view! {
                <button
                    type="button"
                    class="btn"
                    data-testid=format!("make-{}", shared::term::Term::code(offer.kind))
                    on:click=move |_| dialog.start(Doing::Making(offer.clone()))
                >
                    {label}
                </button>
            }
            .into_any()
        })
        .collect_view();
    let refused = cannot
        .into_iter()
        .map(|offer| {
            view! {
                <li>
                    <span class="refused-name">{offer.label}</span>
                    <span>{offer.reason}</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        {made}
        <section class="card" aria-label="可出具的文书">
            <h2>"可出具的文书"</h2>
            <div class="action-grid">{buttons}</div>
            <details class="more">
                <summary>"暂不能出具的文书"</summary>
                <ul class="refused">{refused}</ul>
            </details>
        </section>
    }
    .into_any()
}

fn one(open: Open, row: PaperRow, dialog: Dialog<Doing>) -> AnyView {
    let notices = notices();
    let path = open.path(&format!("/documents/{}", row.id));
    let name = file_name(row.kind, &row.number);
    let download = move |_| {
        let (call, name) = (Call::get(format!("{path}/docx")), name.clone());
        spawn_local(async move {
            match call.file().await {
                Ok(content) => browser::save_file(&name, &content),
                Err(failure) => notices.say(failure.message()),
            }
        });
    };
    let print = open.path(&format!("/papers/{}", row.id));
    let about = format!(
        "{}{} · {} · {}",
        row.addressee
            .as_ref()
            .map(|to| format!("送{to} · "))
            .unwrap_or_default(),
        format::date(row.on),
        row.actor.name,
        format::moment(row.at),
    );
    let care = row.care.as_ref().map(|care| {
        view! { <span class="quiet">{format!("联系须知：{care}")}</span> }
    });
    let state = row.void.as_ref().map(|void| {
        view! { <span class="badge">{format!("已作废：{}", void.reason)}</span> }
    });
    let voiding = row.clone();
    let void = row.may_void.then(|| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                on:click=move |_| dialog.start(Doing::Voiding(voiding.clone()))
            >
                "作废"
            </button>
        }
    });
    view! {
        <li class="file" data-testid="paper">
            {icon(Icon::File)}
            <span class="file-words">
                <span class="file-name">{format!("{} {}", row.label, row.number)}</span>
                <span class="quiet">{about}</span>
                {care}
                {state}
            </span>
            <span class="row">
                <a class="btn btn-small" href=print>"打印"</a>
                <button type="button" class="btn btn-small" on:click=download>
                    "下载 Word"
                </button>
                {void}
            </span>
        </li>
    }
    .into_any()
}

fn make(open: Open, offer: PaperOffer, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let key = StoredValue::new(browser::random_key());
    let people = open.now().map_or_else(Vec::new, |case| {
        let people = case.people.into_iter();
        let people = people.map(|person| (person.id.to_string(), person.name));
        people.collect()
    });
    let sheet = sheet(form, offer.fields, people);
    let drawn = sheet.view();
    let kind = offer.kind;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(fields) = sheet.checked() else {
            return;
        };
        let call = Call::post(open.path("/documents")).once(&key.get_value());
        let call = call.json(&MakePaper { kind, fields });
        form.send_or(
            // What it says is read by the page that prints it.
            call.fetch::<PaperRow>(),
            move |made| {
                up.try_set(false);
                notices.say(format!("已出具{} {}。", made.label, made.number));
                open.reload();
            },
            move |failure| {
                // Another body under the same key would be refused.
                key.try_set_value(browser::random_key());
                open.fail(form, failure);
            },
        );
    };
    dialog_form(
        form,
        offer.help,
        drawn,
        ("出具", "btn btn-primary"),
        up,
        submit,
    )
}

fn void(open: Open, row: &PaperRow, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let reason = RwSignal::new(String::new());
    let (path, version) = (
        open.path(&format!("/documents/{}/void", row.id)),
        row.version,
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = VoidPaper {
            reason: reason.get_untracked(),
        };
        if !form.accept(input.check()) {
            return;
        }
        let call = Call::post(path.clone()).if_match(&format!("\"{version}\""));
        form.send_or(
            call.json(&input).done(),
            move |()| {
                up.try_set(false);
                notices.say("文书已作废。");
                open.reload();
            },
            move |failure| open.fail(form, failure),
        );
    };
    let drawn = field(form, "reason", "作废理由").required().input(reason);
    let help = "文书和文号保留，注明作废；文号不再使用。".to_owned();
    dialog_form(form, help, drawn, ("作废", "btn btn-danger"), up, submit)
}

fn dialog_form(
    form: Form,
    help: String,
    drawn: AnyView,
    (label, class): (&'static str, &'static str),
    up: RwSignal<bool>,
    submit: impl Fn(leptos::ev::SubmitEvent) + 'static,
) -> AnyView {
    view! {
        <form class="stack" novalidate on:submit=submit>
            <p class="help-box">{help}</p>
            {form.summary()}
            {drawn}
            {foot(form, up, label, class)}
        </form>
    }
    .into_any()
}
