//! Dialogs that send one step: fields declared, checked, sent once, with the version that was seen.

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::case::matter::form::Field;
use shared::validate::Errors;

use crate::api::{Answer, Call};
use crate::browser;
use crate::pages::case::act::case_field;
use crate::ui::dialog::dialog;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::notice::notices;

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
}

/// The body as it was filled in.
pub(crate) fn as_it_is() -> MakeBody {
    Arc::new(|filled| filled)
}

/// The dialog of the steps of a page, and how to open it.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    open: RwSignal<bool>,
    step: RwSignal<Option<Step>>,
    /// Hears of the answer's JSON text.
    then: Callback<String>,
}

impl Steps {
    /// `then` hears of each step that was taken.
    pub(crate) fn new(then: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self {
            open: RwSignal::new(false),
            step: RwSignal::new(None),
            then: Callback::new(then),
        }
    }

    /// A button that opens the dialog of a step.
    pub(crate) fn button(self, class: &'static str, testid: &'static str, step: Step) -> AnyView {
        let title = step.title;
        view! {
            <button
                type="button"
                class=class
                data-testid=testid
                on:click=move |_| {
                    self.step.set(Some(step.clone()));
                    self.open.set(true);
                }
            >
                {title}
            </button>
        }
        .into_any()
    }

    /// Where the dialog is.
    pub(crate) fn dialog(self) -> AnyView {
        let title = Signal::derive(move || {
            self.step
                .with(|step| step.as_ref().map_or("", |s| s.title))
                .to_owned()
        });
        dialog(self.open, title, move || match self.step.get_untracked() {
            Some(step) => self.form(step),
            None => ().into_any(),
        })
    }

    fn form(self, step: Step) -> AnyView {
        let form = Form::new();
        let notices = notices();
        let key = StoredValue::new(browser::random_key());
        let fields = sheet(form, step.fields.clone(), Vec::new());
        let drawn = fields.view();
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
            let mut body = (step.body)(filled);
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
            let mut call = match step.method {
                "PATCH" => Call::patch(step.path.clone()),
                _ => Call::post(step.path.clone()).once(&key.get_value()),
            };
            if let Some(etag) = &step.etag {
                call = call.if_match(etag);
            }
            let call = call.json(&body);
            let request = async move { sent(call).await };
            form.send(request, move |text| {
                self.open.try_set(false);
                notices.say(done);
                self.then.run(text);
            });
        };
        view! {
            <form class="stack" novalidate on:submit=submit>
                {form.summary()}
                {help}
                {chosen}
                {drawn}
                <div class="row row-end form-foot">
                    <button type="button" class="btn" on:click=move |_| self.open.set(false)>
                        "取消"
                    </button>
                    {form.submit(title, "btn btn-primary")}
                </div>
            </form>
        }
        .into_any()
    }
}

async fn sent(call: Call) -> Answer<String> {
    let value: Value = call.fetch().await?;
    Ok(value.to_string())
}
