//! Dialogs that send one step: fields declared, checked, sent once, with the version that was seen.

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::case::matter::form::Field;
use shared::outbox::{Draft, DraftKind};
use shared::receipt::Provisional;
use shared::validate::Errors;
use wasm_bindgen_futures::spawn_local;

use crate::api::{Answer, Call};
use crate::outbox::{self, Outgoing, Sent, Slip};
use crate::pages::case::act::case_field;
use crate::ui::dialog::Dialog;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::notice::notices;
use crate::ui::photos::Photos;
use crate::{app, browser, offline};

/// Makes the body to send of what was filled in.
pub(crate) type MakeBody = Arc<dyn Fn(Map<String, Value>) -> Map<String, Value> + Send + Sync>;

/// A step: what its dialog says, what it asks for, where it goes.
#[derive(Clone)]
pub(crate) struct Step {
    /// The dialog's title, which is the button's, too.
    pub(crate) title: &'static str,
    /// What to know about it.
    pub(crate) help: &'static str,
    /// What it asks for.
    pub(crate) fields: Vec<Field>,
    /// Which case is to be looked for before, `case_id` in the body: what it is called.
    pub(crate) case: Option<&'static str>,
    /// `POST` or `PATCH`.
    pub(crate) method: &'static str,
    /// Where it goes, below the API's base.
    pub(crate) path: String,
    /// The version that was seen, if it changes what is there.
    pub(crate) etag: Option<String>,
    /// Makes the body of what was filled in.
    pub(crate) body: MakeBody,
    /// What is said when it is done.
    pub(crate) done: &'static str,
    /// How it goes out where there is no network; without, it needs one.
    pub(crate) later: Option<Later>,
}

/// Puts the number of a provisional receipt into a body.
pub(crate) type PutNumber = fn(&mut Map<String, Value>, &str);

/// How a step goes out through [`crate::outbox`].
#[derive(Clone)]
pub(crate) struct Later {
    /// What it becomes.
    pub(crate) kind: DraftKind,
    /// Whether photos may go with it.
    pub(crate) photos: bool,
    /// Makes a line for people of what was filled in; none where it may not wait on the phone.
    pub(crate) title: fn(&Map<String, Value>) -> Option<String>,
    /// Puts the number of a provisional receipt into the body; none is given out without.
    pub(crate) receipt: Option<PutNumber>,
    /// The draft that is to be changed.
    pub(crate) from: Option<Draft>,
}

/// The body as it was filled in.
pub(crate) fn as_it_is() -> MakeBody {
    Arc::new(|filled| filled)
}

/// The dialog of the steps of a page, and how to open it.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    dialog: Dialog<Step>,
    /// Hears of the answer's JSON text.
    then: Callback<String>,
}

impl Steps {
    /// `then` hears of each step that was taken.
    pub(crate) fn new(then: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self {
            dialog: Dialog::new(),
            then: Callback::new(then),
        }
    }

    /// Opens the dialog of a step.
    pub(crate) fn start(self, step: Step) {
        self.dialog.start(step);
    }

    /// A button that opens the dialog of a step.
    pub(crate) fn button(self, class: &'static str, testid: &'static str, step: Step) -> AnyView {
        let title = step.title;
        view! {
            <button
                type="button"
                class=class
                data-testid=testid
                on:click=move |_| self.start(step.clone())
            >
                {title}
            </button>
        }
        .into_any()
    }

    /// Where the dialog is.
    pub(crate) fn dialog(self) -> AnyView {
        let title = |step: &Step| step.title.to_owned();
        self.dialog.view(title, move |step| self.form(step))
    }

    fn form(self, step: Step) -> AnyView {
        let form = Form::new();
        let notices = notices();
        let go = app::going();
        let slip = Slip::new();
        let photos = Photos::new();
        if let Some(draft) = step.later.as_ref().and_then(|later| later.from.clone()) {
            slip.renew(Some(draft.key.clone()));
            form.show(draft.errors.clone());
            spawn_local(async move { photos.set(outbox::pictures(&draft).await) });
        }
        let fields = sheet(form, step.fields.clone(), Vec::new());
        let drawn = fields.view();
        let pictures = step.later.as_ref().is_some_and(|later| later.photos);
        let pictures = pictures.then(|| photos.view(form));
        let help = (!step.help.is_empty()).then(|| view! { <p class="hint">{step.help}</p> });
        let (title, done) = (step.title, step.done);
        let case = RwSignal::new(String::new());
        let chosen = step
            .case
            .map(|label| case_field(form, "case_id", label, case, String::new()));
        let submit = move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            let Some(filled) = fields.checked() else {
                return;
            };
            let mut body = (step.body)(filled.clone());
            if step.case.is_some() {
                let id = case.get_untracked();
                if id.is_empty() {
                    let mut errors = Errors::new();
                    errors.add("case-q", "required", "请先查找并选择事项。");
                    form.accept(errors);
                    return;
                }
                body.insert("case_id".to_owned(), Value::String(id));
            }
            let finish = move |text: String| {
                self.dialog.close();
                notices.say(done);
                self.then.run(text);
            };
            if let Some(later) = &step.later {
                let outgoing = later.outgoing(&step.path, body, filled, fields.said(), photos);
                let paper = outgoing.receipt.is_some();
                form.send(outbox::submit(slip, outgoing), move |sent| match sent {
                    Sent::Done(text) => finish(text),
                    Sent::Waits(key) => {
                        self.dialog.close();
                        // The receipt for whoever sits at the desk.
                        go.run(if paper {
                            format!("/drafts/{key}")
                        } else {
                            format!("/drafts?at={key}")
                        });
                    }
                });
                return;
            }
            let mut call = match step.method {
                "PATCH" => Call::patch(step.path.clone()),
                _ => Call::post(step.path.clone()).once(&untrack(|| slip.typed()).0),
            };
            if let Some(etag) = &step.etag {
                call = call.if_match(etag);
            }
            let call = call.json(&body);
            let request = async move { sent(call).await };
            form.send(request, finish);
        };
        view! {
            <form class="stack" novalidate on:submit=submit>
                {form.summary()}
                {help}
                {chosen}
                {drawn}
                {pictures}
                <div class="row row-end form-foot">
                    <button type="button" class="btn" on:click=move |_| self.dialog.close()>
                        "取消"
                    </button>
                    {form.submit(title, "btn btn-primary")}
                </div>
            </form>
        }
        .into_any()
    }
}

impl Later {
    /// What the outbox takes.
    fn outgoing(
        &self,
        path: &str,
        mut body: Map<String, Value>,
        filled: Map<String, Value>,
        lines: Vec<(String, String)>,
        photos: Photos,
    ) -> Outgoing {
        let title = (self.title)(&filled);
        let stays = title.is_some();
        let receipt = self
            .receipt
            .filter(|_| stays && offline::phone().open.get_untracked())
            .map(|give| {
                let today = shared::calendar::shanghai_day(browser::phone_now());
                let number = Provisional::make(&app::me().user.id, today, browser::chance());
                give(&mut body, number.as_str());
                number.as_str().to_owned()
            });
        Outgoing {
            kind: self.kind,
            path: path.to_owned(),
            if_match: None,
            about: None,
            body,
            photos: photos.pictures(),
            title: title.unwrap_or_default(),
            lines,
            form: Value::Object(filled),
            receipt,
            // No form is kept of a dialog.
            kept_as: "dialog",
            stays,
        }
    }
}

async fn sent(call: Call) -> Answer<String> {
    let value: Value = call.fetch().await?;
    Ok(value.to_string())
}
