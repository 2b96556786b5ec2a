//! The dialog of a deed: its fields, sending it, and what to do when it does not go through.

use leptos::prelude::*;
use serde_json::Value;
use shared::case::matter::Deed;
use shared::case::matter::view::{MatterView, Matters, StepView};
use shared::problem::Code;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::{Desk, Doing, Target};
use crate::api::{Call, Failure};
use crate::browser;
use crate::directory::Options;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::request_key::RequestKey;

/// Where the news is that somebody else was faster.
const NEWS: &str = "deed-news";

/// The form. `target` is the matter that the step is taken with; a new one is started without.
pub(super) fn form(desk: Desk, step: &StepView, target: Option<Target>) -> AnyView {
    let form = Form::new();
    let deed = step.deed;
    let sheet = sheet(form, step.fields.clone(), people(desk));
    let drawn = sheet.view();
    let notices = notices();
    let about = target
        .as_ref()
        .map(|target| view! { <p class="quiet">{target.title.clone()}</p> });
    let starts = target.is_none();
    let id = target.as_ref().map(|target| target.id.clone());
    let target = StoredValue::new(target);
    let key = RequestKey::new();
    // What changed meanwhile, once somebody else was faster.
    let changed = RwSignal::new(None::<String>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(object) = sheet.checked() else {
            return;
        };
        let body = Value::Object(object);
        let base = format!("/{}", deed.kind().collection());
        let call = match target.get_value() {
            None => Call::post(desk.open.path(&base)),
            Some(target) => {
                let path = format!("{base}/{}/steps/{}", target.id, deed.step());
                Call::post(desk.open.path(&path)).if_match(&format!("\"{}\"", target.version))
            }
        };
        let request = call.once(&key.of(&body)).json(&body).fetch::<MatterView>();
        form.send_or(
            request,
            move |matter| {
                notices.say(format!("{}：已完成。{}", deed.label(), now_in(&matter)));
                desk.finish(matter.id);
            },
            move |failure| {
                changed.try_set(None);
                match failure.code() {
                    Some(Code::StaleVersion | Code::Conflict) => {
                        look_again(desk, form, deed, target, changed, failure);
                    }
                    _ => form.fail(failure),
                }
            },
        );
    };
    let back = if starts {
        view! {
            <button
                type="button"
                class="btn"
                on:click=move |_| desk.turn(Doing::Choosing)
            >
                "返回选择"
            </button>
        }
        .into_any()
    } else {
        view! {
            <button type="button" class="btn" on:click=move |_| desk.up.set(false)>
                "取消"
            </button>
        }
        .into_any()
    };
    let news = live(move || {
        changed.get().map(|words| {
            view! {
                <p class="note" id=NEWS tabindex="-1" role="alert" data-testid="overtaken">
                    {icon(Icon::Warning)}
                    {words}
                </p>
            }
        })
    });
    let help =
        (!step.help.is_empty()).then(|| view! { <p class="help-box">{step.help.clone()}</p> });
    view! {
        <form class="stack" novalidate on:submit=submit data-matter=id>
            {about}
            {help}
            {form.summary()}
            {news}
            {drawn}
            <div class="row row-end">
                {back}
                {form.submit(deed.label(), "btn btn-primary")}
            </div>
        </form>
    }
    .into_any()
}

/// Somebody else was faster, or the state is another one: reads the matters anew, says how things
/// stand, and lets what is typed be sent again.
fn look_again(
    desk: Desk,
    form: Form,
    deed: Deed,
    target: StoredValue<Option<Target>>,
    changed: RwSignal<Option<String>>,
    failure: Failure,
) {
    let path = desk.open.path("/matters");
    spawn_local(async move {
        let Ok(latest) = Call::get(path).fetch::<Matters>().await else {
            form.fail(failure);
            return;
        };
        let before = target.try_get_value().flatten();
        let now = before
            .as_ref()
            .and_then(|before| latest.items.iter().find(|matter| matter.id == before.id));
        let moved = match (&before, now) {
            (Some(before), Some(now)) if now.version != before.version => {
                changed.try_set(Some(news(now, deed)));
                target.try_set_value(Some(Target {
                    version: now.version,
                    ..before.clone()
                }));
                browser::focus_later(NEWS);
                true
            }
            _ => false,
        };
        desk.matters.put(latest);
        if moved {
            form.errors.try_set(Vec::new());
            form.failure.try_set(None);
        } else {
            form.fail(failure);
        }
    });
}

/// How a matter stands that somebody else moved.
fn news(now: &MatterView, deed: Deed) -> String {
    let way_on = match now.steps.iter().find(|step| step.deed == deed) {
        Some(step) if !step.allowed => format!(
            "现在不能“{}”了：{}您填写的内容还在，可以复制出来。",
            deed.label(),
            step.reason.clone().unwrap_or_default()
        ),
        _ => "您填写的内容还在，核对一下是否仍然合适，再提交一次。".to_owned(),
    };
    format!(
        "您打开以后，别人办理了这一项，它现在是“{}”。{way_on}",
        now.state_label
    )
}

fn now_in(matter: &MatterView) -> String {
    if matter.state_label.is_empty() {
        String::new()
    } else {
        format!("现在是“{}”。", matter.state_label)
    }
}

/// The persons of the case, to choose from.
fn people(desk: Desk) -> Options {
    let case = desk.open.now();
    case.iter()
        .flat_map(|case| &case.people)
        .map(|person| {
            let words = format!("{}（{}）", person.name, person.role.label());
            (person.id.as_str().to_owned(), words)
        })
        .collect()
}
