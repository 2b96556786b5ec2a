//! On a village's sheet: naming and rewards, each with its evidence and what a leader decided.

use leptos::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use shared::assessment::honour::{
    HonourKind, HonourState, HonourStep, HonourView, MAX_NUMBER, MAX_TITLE,
};
use shared::assessment::{AssessmentView, MAX_WORDS};
use shared::case::matter::form::Field;
use shared::json;
use shared::term::Term;

use crate::api::{Answer, Call};
use crate::browser;
use crate::format;
use crate::load::Loader;
use crate::outbox;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::ui::dialog::dialog;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::notices;
use crate::ui::photos::{self, Photos};

/// What the server calls a photo.
#[derive(Deserialize)]
struct Made {
    id: String,
}

/// The section; nothing before there is anything to honour.
pub(super) fn section(view: &AssessmentView, steps: Steps, up: RwSignal<bool>) -> Option<AnyView> {
    if view.honours.is_empty() && !view.may_propose {
        return None;
    }
    let propose = view.may_propose.then(|| {
        view! {
            <button
                type="button"
                class="btn no-print"
                data-testid="propose-honour"
                on:click=move |_| up.set(true)
            >
                {icon(Icon::Add)}
                "提出命名或奖励"
            </button>
        }
    });
    let rows = view
        .honours
        .iter()
        .map(|honour| row(honour, steps))
        .collect_view();
    let none = view
        .honours
        .is_empty()
        .then(|| view! { <p class="quiet">"还没有提出命名或奖励。"</p> });
    Some(
        view! {
            <section class="card" aria-labelledby="honours">
                <div class="card-head">
                    <h2 id="honours">"命名和奖励"</h2>
                    {propose}
                </div>
                {none}
                <ul class="honours">{rows}</ul>
            </section>
        }
        .into_any(),
    )
}

fn badge(state: HonourState) -> AnyView {
    let class = match state {
        HonourState::Proposed => "badge badge-work",
        HonourState::Granted => "badge badge-answered",
        HonourState::Declined | HonourState::Revoked => "badge badge-done",
    };
    view! { <span class=class>{state.label()}</span> }.into_any()
}

fn row(honour: &HonourView, steps: Steps) -> AnyView {
    let buttons = honour
        .steps
        .iter()
        .map(|step| steps.button("btn btn-small", testid(*step), ask(honour, *step)))
        .collect_view();
    let name = |who: &Option<shared::case::view::Named>| {
        who.as_ref()
            .map_or_else(String::new, |who| who.name.clone())
    };
    let proposed = format!(
        "{}，{}提出",
        format::date(honour.proposed_on),
        name(&honour.author)
    );
    let decided = honour.decided_on.map(|on| {
        let number = honour
            .number
            .as_ref()
            .map_or_else(String::new, |number| format!("，{number}"));
        let ground = honour.ground.clone().unwrap_or_default();
        let words = format!(
            "{}，{}{}{number}：{ground}",
            format::date(on),
            name(&honour.decided_by),
            honour.state.label(),
        );
        view! { <p>{words}</p> }
    });
    let pictures = photos::gallery(&honour.photos);
    view! {
        <li class="honour" data-testid="honour" data-state=honour.state.code()>
            <p class="case-card-head">
                <strong>{honour.kind.label()} "：" {honour.title.clone()}</strong>
                {badge(honour.state)}
            </p>
            <p class="prose">"依据：" {honour.evidence.clone()}</p>
            {pictures}
            {decided}
            <p class="hint">{proposed}</p>
            <div class="row no-print">{buttons}</div>
        </li>
    }
    .into_any()
}

const fn testid(step: HonourStep) -> &'static str {
    match step {
        HonourStep::Grant => "honour-grant",
        HonourStep::Decline => "honour-decline",
        HonourStep::Revoke => "honour-revoke",
    }
}

fn ask(honour: &HonourView, step: HonourStep) -> Step {
    let ground = Field::long("text", "决定的依据", MAX_WORDS)
        .required()
        .help("会议、文件，或者撤销的原因。");
    let mut fields = Vec::new();
    if step == HonourStep::Grant {
        fields.push(Field::text("number", "文号", MAX_NUMBER));
    }
    fields.push(ground);
    Step {
        title: step.label(),
        help: "",
        fields,
        case: None,
        method: "POST",
        path: format!("/honours/{}/steps/{step}", honour.id),
        etag: Some(format!("\"{}\"", honour.version)),
        body: as_it_is(),
        done: "已决定。",
        later: None,
    }
}

/// The dialog of a proposal, with photos of the evidence.
pub(super) fn propose(id: &str, up: RwSignal<bool>, found: Loader<AssessmentView>) -> AnyView {
    let path = format!("/assessments/{id}/honours");
    dialog(up, "提出命名或奖励".to_owned(), move || {
        form(path.clone(), up, found)
    })
}

fn form(path: String, up: RwSignal<bool>, found: Loader<AssessmentView>) -> AnyView {
    let form = Form::new();
    let pictures = Photos::new();
    let notices = notices();
    let fields = sheet(
        form,
        vec![
            Field::choice::<HonourKind>("kind", "类别").required(),
            Field::text("title", "内容", MAX_TITLE)
                .required()
                .help("如：授予“三无村”称号；奖励工作经费1万元。"),
            Field::long("evidence", "依据", MAX_WORDS)
                .required()
                .help("考核得分、公示、会议；文件可以拍照附上。"),
        ],
        Vec::new(),
    );
    let drawn = fields.view();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(mut body) = fields.checked() else {
            return;
        };
        let (path, key) = (path.clone(), browser::random_key());
        let chosen = pictures.pictures();
        let request = async move {
            let mut ids = Vec::new();
            for (at, picture) in chosen.iter().enumerate() {
                let key = format!("{key}-{at}");
                let text = outbox::post_photo(&key, &picture.name, &picture.content).await?;
                if let Ok(made) = json::read::<Made>(&text) {
                    ids.push(Value::String(made.id));
                }
            }
            body.insert("photos".to_owned(), Value::Array(ids));
            let sent: Answer<AssessmentView> =
                Call::post(path).once(&key).json(&body).fetch().await;
            sent
        };
        form.send(request, move |view| {
            up.try_set(false);
            notices.say("已提出，请镇领导决定。");
            found.put(view);
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {drawn}
            {pictures.view(form)}
            {crate::pages::admin::foot(form, up, "提出", "btn btn-primary")}
        </form>
    }
    .into_any()
}
