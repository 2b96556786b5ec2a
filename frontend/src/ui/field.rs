//! Forms: what is typed, what is wrong with it, and where.
//!
//! A field's `id` is its name in the API (`people.0.name`), so that an error of the server finds its
//! field, and a test does, too.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;
use shared::problem::FieldError;
use shared::term::Term;
use shared::validate::Errors;
use wasm_bindgen_futures::spawn_local;

use super::icon::{Icon, icon};
use crate::api::{Answer, Failure};
use crate::browser;
use crate::directory::Options;
use crate::ui::live::{follow, live};

/// Where a form's summary of errors is.
const SUMMARY: &str = "form-errors";

/// The state of a form beside its values.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// What is wrong with single fields.
    pub(crate) errors: RwSignal<Vec<FieldError>>,
    /// Why sending failed, where no field is to blame.
    pub(crate) failure: RwSignal<Option<Failure>>,
    /// Whether it is being sent.
    pub(crate) busy: RwSignal<bool>,
}

/// A request on its way: what it comes to is what is to be done with its answer.
type Sending = Pin<Box<dyn Future<Output = Box<dyn FnOnce()>>>>;

impl Form {
    /// A form in which nothing is wrong.
    pub(crate) fn new() -> Self {
        Self {
            errors: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    /// What is wrong with a field.
    fn error(self, name: &str) -> Option<String> {
        self.errors.with(|errors| {
            errors
                .iter()
                .find(|error| error.field == name)
                .map(|error| error.message.clone())
        })
    }

    /// Takes a field's error down once it is being mended.
    pub(crate) fn mended(self, name: &str) {
        if self
            .errors
            .with_untracked(|errors| errors.iter().any(|error| error.field == name))
        {
            self.errors
                .update(|errors| errors.retain(|error| error.field != name));
        }
    }

    /// Shows what is wrong, and moves the focus to the summary of it. Says whether nothing is.
    pub(crate) fn accept(self, errors: Errors) -> bool {
        let good = errors.is_empty();
        self.show(errors.into_vec());
        good
    }

    /// Shows errors of single fields.
    pub(crate) fn show(self, errors: Vec<FieldError>) {
        let wrong = !errors.is_empty();
        self.errors.set(errors);
        self.failure.set(None);
        if wrong {
            browser::focus_later(SUMMARY);
        }
    }

    /// Shows why sending failed.
    pub(crate) fn fail(self, failure: Failure) {
        self.errors.try_set(failure.fields());
        self.failure.try_set(Some(failure));
        browser::focus_later(SUMMARY);
    }

    /// Sends, once at a time; `then` hears of success.
    pub(crate) fn send<T: 'static>(
        self,
        request: impl Future<Output = Answer<T>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.send_or(request, then, move |failure| self.fail(failure));
    }

    /// Sends, once at a time; `then` hears of success, `or` of failure.
    pub(crate) fn send_or<T: 'static>(
        self,
        request: impl Future<Output = Answer<T>> + 'static,
        then: impl FnOnce(T) + 'static,
        or: impl FnOnce(Failure) + 'static,
    ) {
        self.run(Box::pin(async move {
            let answer = request.await;
            let go_on: Box<dyn FnOnce()> = Box::new(move || match answer {
                Ok(value) => {
                    self.went_well();
                    then(value);
                }
                Err(failure) => or(failure),
            });
            go_on
        }));
    }

    fn went_well(self) {
        self.errors.try_set(Vec::new());
        self.failure.try_set(None);
    }

    /// The part of sending that does not know what is sent: in the download once.
    fn run(self, request: Sending) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let go_on = request.await;
            self.busy.try_set(false);
            go_on();
        });
    }

    /// The summary on top of the form: it takes the focus, and each line leads to its field.
    pub(crate) fn summary(self) -> AnyView {
        live(move || {
            let errors = self.errors.get();
            let failure = self.failure.get();
            if errors.is_empty() && failure.is_none() {
                return None;
            }
            let lines = errors.iter().map(summary_line).collect_view();
            let words = match &failure {
                Some(failure) if errors.is_empty() => failure.message(),
                _ => format!("有{}处需要修改：", errors.len()),
            };
            Some(view! {
                <div class="summary" id=SUMMARY role="alert" tabindex="-1">
                    <p class="summary-title">{icon(Icon::Warning)} {words}</p>
                    <ul>{lines}</ul>
                </div>
            })
        })
    }

    /// The button that sends the form.
    pub(crate) fn submit(self, label: &'static str, class: &'static str) -> AnyView {
        self.submit_as(label, class, "dialog-submit")
    }

    /// The same with a name for tests.
    pub(crate) fn submit_as(
        self,
        label: &'static str,
        class: &'static str,
        testid: &'static str,
    ) -> AnyView {
        view! {
            <button
                type="submit"
                class=class
                data-testid=testid
                aria-disabled=follow(move || self.busy.get().then_some("true"))
            >
                {live(move || if self.busy.get() { "正在提交…" } else { label })}
            </button>
        }
        .into_any()
    }
}

fn summary_line(error: &FieldError) -> AnyView {
    let field = error.field.clone();
    // Of one line of several: which.
    let line = field.split('.').nth(1);
    let message = match line.and_then(|line| line.parse::<usize>().ok()) {
        Some(line) => format!("第{}项：{}", line + 1, error.message),
        None => error.message.clone(),
    };
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        event.stop_propagation();
        if let Some(element) = browser::element(&field) {
            let _ = element.focus();
            element.scroll_into_view();
        }
    };
    view! {
        <li>
            <a href=format!("#{}", error.field) on:click=go>
                {message}
            </a>
        </li>
    }
    .into_any()
}

/// A field of a form, being put together.
pub(crate) struct Field {
    form: Form,
    name: String,
    label: String,
    hint: Option<Signal<String>>,
    required: bool,
    class: &'static str,
    kind: &'static str,
    complete: &'static str,
    mode: &'static str,
    placeholder: &'static str,
    testid: Option<&'static str>,
    bounds: (String, String),
}

/// A field: its name in the API, and what a clerk calls it.
pub(crate) fn field(form: Form, name: impl Into<String>, label: impl Into<String>) -> Field {
    Field {
        form,
        name: name.into(),
        label: label.into(),
        hint: None,
        required: false,
        class: "field",
        kind: "text",
        complete: "off",
        mode: "text",
        placeholder: "",
        testid: None,
        bounds: (String::new(), String::new()),
    }
}

impl Field {
    /// It must be filled in.
    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Where a clerk would hesitate.
    pub(crate) fn hint(mut self, hint: impl Into<Signal<String>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Its class (width).
    pub(crate) fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// The kind of input: `password`, `tel`, `number`.
    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// What the browser may fill in.
    pub(crate) fn complete(mut self, complete: &'static str) -> Self {
        self.complete = complete;
        self
    }

    /// Which keyboard a phone shows.
    pub(crate) fn mode(mut self, mode: &'static str) -> Self {
        self.mode = mode;
        self
    }

    /// An example.
    pub(crate) fn placeholder(mut self, placeholder: &'static str) -> Self {
        self.placeholder = placeholder;
        self
    }

    /// A name for tests.
    pub(crate) fn testid(mut self, testid: &'static str) -> Self {
        self.testid = Some(testid);
        self
    }

    /// The least and the greatest value.
    pub(crate) fn between(mut self, least: impl ToString, most: impl ToString) -> Self {
        self.bounds = (least.to_string(), most.to_string());
        self
    }

    fn described(&self) -> impl Fn() -> Option<String> + Send + 'static {
        let form = self.form;
        let name = self.name.clone();
        let hint = self.hint.is_some();
        move || {
            let mut ids = Vec::new();
            if form.error(&name).is_some() {
                ids.push(format!("{name}-error"));
            }
            if hint {
                ids.push(format!("{name}-hint"));
            }
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    }

    fn invalid(&self) -> impl Fn() -> Option<&'static str> + Send + 'static {
        let form = self.form;
        let name = self.name.clone();
        move || form.error(&name).map(|_| "true")
    }

    fn typed(&self, value: RwSignal<String>) -> impl Fn(String) + 'static {
        let form = self.form;
        let name = self.name.clone();
        move |text| {
            form.mended(&name);
            value.set(text);
        }
    }

    fn label_view(&self) -> AnyView {
        let required = self
            .required
            .then(|| view! { <span class="must" aria-hidden="true">"*"</span> });
        view! { {self.label.clone()} {required} }.into_any()
    }

    fn hint_view(&self) -> Option<AnyView> {
        let hint = self.hint?;
        let id = format!("{}-hint", self.name);
        Some(view! { <p class="hint" id=id>{live(move || hint.get())}</p> }.into_any())
    }

    fn error_view(&self) -> AnyView {
        let form = self.form;
        let name = self.name.clone();
        live(move || {
            form.error(&name).map(|message| {
                view! {
                    <p class="wrong" id=format!("{name}-error")>
                        {message}
                    </p>
                }
            })
        })
    }

    /// Label, hint and error around an input.
    fn around(self, input: AnyView) -> AnyView {
        let label = self.label_view();
        let hint = self.hint_view();
        let error = self.error_view();
        view! {
            <div class=self.class>
                <label for=self.name>{label}</label>
                {hint}
                {input}
                {error}
            </div>
        }
        .into_any()
    }

    /// One line of text (or what [`Field::kind`] says).
    pub(crate) fn input(self, value: RwSignal<String>) -> AnyView {
        let typed = self.typed(value);
        let (least, most) = self.bounds.clone();
        let input = view! {
            <input
                id=self.name.clone()
                name=self.name.clone()
                type=self.kind
                autocomplete=self.complete
                inputmode=(self.mode != "text").then_some(self.mode)
                placeholder=(!self.placeholder.is_empty()).then_some(self.placeholder)
                min=(!least.is_empty()).then_some(least)
                max=(!most.is_empty()).then_some(most)
                data-testid=self.testid
                aria-required=self.required.then_some("true")
                aria-invalid=self.invalid()
                aria-describedby=self.described()
                prop:value=follow(move || value.get())
                on:input:target=move |event| typed(event.target().value())
            />
        }
        .into_any();
        self.around(input)
    }

    /// A day.
    pub(crate) fn date(self, value: RwSignal<String>) -> AnyView {
        self.kind("date").input(value)
    }

    /// Several lines of text.
    pub(crate) fn area(self, value: RwSignal<String>, rows: u32) -> AnyView {
        let typed = self.typed(value);
        let input = view! {
            <textarea
                id=self.name.clone()
                name=self.name.clone()
                rows=rows.to_string()
                autocapitalize="off"
                enterkeyhint="enter"
                placeholder=(!self.placeholder.is_empty()).then_some(self.placeholder)
                aria-required=self.required.then_some("true")
                aria-invalid=self.invalid()
                aria-describedby=self.described()
                prop:value=follow(move || value.get())
                on:input:target=move |event| typed(event.target().value())
            ></textarea>
        }
        .into_any();
        self.around(input)
    }

    /// One of many, from a list that folds out. `none` is what the empty choice says.
    pub(crate) fn select(
        self,
        value: RwSignal<String>,
        none: Option<&'static str>,
        options: impl Into<Signal<Options>>,
    ) -> AnyView {
        let options = options.into();
        let typed = self.typed(value);
        let offered = move || {
            options
                .get()
                .into_iter()
                .map(|(code, words)| option(value, code, words))
                .collect_view()
        };
        let input = view! {
            <select
                id=self.name.clone()
                name=self.name.clone()
                data-testid=self.testid
                aria-required=self.required.then_some("true")
                aria-invalid=self.invalid()
                aria-describedby=self.described()
                on:change:target=move |event| typed(event.target().value())
            >
                {none.map(|none| option(value, String::new(), none.to_owned()))}
                {offered}
            </select>
        }
        .into_any();
        self.around(input)
    }

    /// One of few, all in sight.
    pub(crate) fn choices(
        self,
        value: RwSignal<String>,
        options: impl Into<Signal<Options>>,
    ) -> AnyView {
        let options = options.into();
        let label = self.label_view();
        let hint = self.hint_view();
        let error = self.error_view();
        let name = self.name.clone();
        let form = self.form;
        let offered = live(move || {
            options
                .get()
                .into_iter()
                .enumerate()
                .map(|(at, (code, words))| choice(form, &name, at == 0, value, code, words))
                .collect_view()
        });
        view! {
            <fieldset
                class=format!("{} choices", self.class)
                aria-invalid=self.invalid()
                aria-describedby=self.described()
            >
                <legend>{label}</legend>
                {hint}
                <div class="choice-row">{offered}</div>
                {error}
            </fieldset>
        }
        .into_any()
    }

    /// Any of some, all in sight.
    pub(crate) fn several(self, value: RwSignal<Vec<String>>, options: Options) -> AnyView {
        let form = self.form;
        let boxes = options
            .into_iter()
            .enumerate()
            .map(|(at, (code, words))| {
                // The first one carries the field's id, so that an error leads to it.
                let id = if at == 0 {
                    self.name.clone()
                } else {
                    format!("{}-{code}", self.name)
                };
                let (name, mine) = (self.name.clone(), code.clone());
                view! {
                    <label class="choice">
                        <input
                            type="checkbox"
                            id=id
                            prop:checked=follow(move || value.with(|codes| codes.contains(&mine)))
                            on:change:target=move |event| {
                                form.mended(&name);
                                let on = event.target().checked();
                                value.update(|codes| {
                                    codes.retain(|other| *other != code);
                                    if on {
                                        codes.push(code.clone());
                                    }
                                });
                            }
                        />
                        <span>{words}</span>
                    </label>
                }
                .into_any()
            })
            .collect_view();
        let body = view! { <div class="choice-row">{boxes}</div> }.into_any();
        self.set("field choices", None, body)
    }

    /// A group of fields that has a name and an error of its own.
    pub(crate) fn group(self, body: AnyView) -> AnyView {
        let id = self.name.clone();
        self.set("group field-full", Some(id), body)
    }

    fn set(self, class: &'static str, id: Option<String>, body: AnyView) -> AnyView {
        let label = self.label_view();
        let hint = self.hint_view();
        let error = self.error_view();
        view! {
            <fieldset
                class=class
                tabindex=id.is_some().then_some("-1")
                id=id
                aria-invalid=self.invalid()
                aria-describedby=self.described()
            >
                <legend>{label}</legend>
                {hint}
                {body}
                {error}
            </fieldset>
        }
        .into_any()
    }

    /// Yes or no.
    pub(crate) fn check(self, value: RwSignal<bool>) -> AnyView {
        let hint = self.hint_view();
        let error = self.error_view();
        let form = self.form;
        let name = self.name.clone();
        let described = self.described();
        view! {
            <div class=self.class>
                <label class="choice">
                    <input
                        type="checkbox"
                        id=self.name.clone()
                        name=self.name.clone()
                        aria-describedby=described
                        prop:checked=follow(move || value.get())
                        on:change:target=move |event| {
                            form.mended(&name);
                            value.set(event.target().checked());
                        }
                    />
                    <span>{self.label}</span>
                </label>
                {hint}
                {error}
            </div>
        }
        .into_any()
    }
}

fn option(value: RwSignal<String>, code: String, words: String) -> AnyView {
    let mine = code.clone();
    view! {
        <option value=code prop:selected=follow(move || value.with(|value| *value == mine))>
            {words}
        </option>
    }
    .into_any()
}

fn choice(
    form: Form,
    name: &str,
    first: bool,
    value: RwSignal<String>,
    code: String,
    words: String,
) -> AnyView {
    let mine = code.clone();
    let picked = code.clone();
    // The first one carries the field's id, so that an error leads to it.
    let id = if first {
        name.to_owned()
    } else {
        format!("{name}-{code}")
    };
    let field = name.to_owned();
    view! {
        <label class="choice">
            <input
                type="radio"
                id=id
                name=name.to_owned()
                value=code
                prop:checked=follow(move || value.with(|value| *value == mine))
                on:change=move |_| {
                    form.mended(&field);
                    value.set(picked.clone());
                }
            />
            <span>{words}</span>
        </label>
    }
    .into_any()
}

/// What a form offers of a set of terms.
pub(crate) fn terms<T: Term>() -> Options {
    T::ALL.iter().map(|term| offer(*term)).collect()
}

/// A term as a form offers it.
pub(crate) fn offer<T: Term>(term: T) -> (String, String) {
    (term.code().to_owned(), term.label().to_owned())
}

/// The text, if there is any.
pub(crate) fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
