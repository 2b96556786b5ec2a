//! `/visits/new`: a visit, recorded with one hand where it was made. What is typed is kept on the
//! phone; without a network it waits in the outbox.

use std::time::Duration;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::case::matter::form::Field;
use shared::json;
use shared::outbox::DraftKind;
use shared::role::Role;
use shared::term::Term;
use shared::visit::view::VisitView;
use shared::visit::{MAX_PROMISE, MAX_PROMISES, MAX_VISITORS, NewVisit, VisitKind};
use wasm_bindgen_futures::spawn_local;

use crate::api::Call;
use crate::app;
use crate::browser;
use crate::directory::{Directory, directory};
use crate::format;
use crate::offline;
use crate::outbox::{self, Outgoing, Sent, Slip};
use crate::pages::case::act::case_field;
use crate::pages::heading;
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::fields::{Sheet, sheet};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::photos::Photos;
use crate::ui::states::waiting;

/// What the form is called in the phone's store.
const FORM: &str = "visit";
/// How long nothing must be typed before it is kept.
const PAUSE: Duration = Duration::from_millis(800);

/// What is typed, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Typed {
    key: String,
    replaces: Option<String>,
    kind: String,
    on: String,
    village: String,
    group: String,
    place: String,
    heard: String,
    case: String,
    /// Who went along, and what was promised: lines of fields, as JSON.
    along: String,
    promises: String,
}

/// The form.
#[derive(Clone)]
struct Recording {
    /// Whoever sends has no context to look it up in.
    directory: Directory,
    form: Form,
    slip: Slip,
    kind: RwSignal<String>,
    on: RwSignal<String>,
    village: RwSignal<String>,
    group: RwSignal<String>,
    place: RwSignal<String>,
    heard: RwSignal<String>,
    case: RwSignal<String>,
    lines: Sheet,
    photos: Photos,
}

/// Lines of promises.
pub(crate) fn promise_rows(name: &str, label: &str, on: chrono::NaiveDate) -> Field {
    let due = on
        .checked_add_days(chrono::Days::new(7))
        .map(format::short_date)
        .unwrap_or_default();
    let fields = vec![
        Field::text("what", "答应的事", MAX_PROMISE).required(),
        Field::date("due_on", "什么时候以前").required().value(due),
        Field::unit("unit_id", "由哪个单位办", &[]).help("不选的，由您自己兑现。"),
    ];
    Field::rows(name, label, fields, 0, MAX_PROMISES)
}

/// The page.
pub(crate) fn page() -> AnyView {
    let draft = app::query("draft").get_untracked();
    let case = app::query("case").get_untracked();
    let start = RwSignal::new(None::<Typed>);
    let photos = Photos::new();
    let errors = RwSignal::new(Vec::new());
    spawn_local(async move {
        start.try_set(Some(recall(&draft, &case, photos, errors).await));
    });
    let body = live(move || match start.get() {
        None => waiting(),
        Some(typed) => draw(&Recording::new(typed, photos, errors.get_untracked())),
    });
    view! {
        <div class="page page-form">
            <nav class="crumbs" aria-label="位置">
                <a href="/visits">{icon(Icon::Back)} "走访"</a>
            </nav>
            {heading("记录走访")}
            <p class="note note-small">
                "检举控告不写在这里，请"
                <a href="/cases/new">"直接登记"</a>
                "：登记时自动对被反映的人保密。"
            </p>
            {body}
        </div>
    }
    .into_any()
}

/// A draft of the outbox that is to be changed, what was left half filled in, or an empty form.
async fn recall(
    draft: &str,
    case: &str,
    photos: Photos,
    errors: RwSignal<Vec<shared::problem::FieldError>>,
) -> Typed {
    if !draft.is_empty()
        && let Some(waiting) = outbox::find(draft)
            .await
            .filter(|waiting| waiting.may_edit())
        && let Ok(mut typed) = json::read::<Typed>(&waiting.form.to_string())
    {
        photos.set(outbox::pictures(&waiting).await);
        errors.try_set(waiting.errors);
        typed.key = browser::random_key();
        typed.replaces = Some(waiting.key);
        return typed;
    }
    let mut typed = match offline::forms::recall::<Typed>(FORM).await {
        // It went to the outbox as the window was closed.
        Some(typed) if outbox::find(&typed.key).await.is_some() => fresh(),
        Some(typed) => typed,
        None => fresh(),
    };
    if !case.is_empty() {
        typed.kind = VisitKind::FollowUp.code().to_owned();
        typed.case = case.to_owned();
    }
    typed
}

fn fresh() -> Typed {
    let me = app::me();
    let informant = me.user.role == Role::GroupInformant;
    Typed {
        key: browser::random_key(),
        kind: VisitKind::Household.code().to_owned(),
        on: format::short_date(browser::today()),
        village: me.actor.village_id.map(String::from).unwrap_or_default(),
        group: if informant {
            String::from(me.user.unit_id)
        } else {
            String::new()
        },
        ..Typed::default()
    }
}

impl Recording {
    fn new(typed: Typed, photos: Photos, errors: Vec<shared::problem::FieldError>) -> Self {
        let form = Form::new();
        let slip = Slip::new();
        slip.fill(typed.key, typed.replaces);
        let today = browser::today();
        let along = Field::rows(
            "along",
            "同行的人",
            vec![Field::user("user_id", "姓名", &[]).required()],
            0,
            MAX_VISITORS - 1,
        );
        let lines = vec![
            promise_rows("promises", "答应群众的事", today).value(typed.promises),
            along.value(typed.along),
        ];
        let lines = sheet(form, lines, Vec::new());
        if !errors.is_empty() {
            form.show(errors);
        }
        Self {
            directory: directory(),
            form,
            slip,
            kind: RwSignal::new(typed.kind),
            on: RwSignal::new(typed.on),
            village: RwSignal::new(typed.village),
            group: RwSignal::new(typed.group),
            place: RwSignal::new(typed.place),
            heard: RwSignal::new(typed.heard),
            case: RwSignal::new(typed.case),
            lines,
            photos,
        }
    }

    fn typed(&self) -> Typed {
        let (key, replaces) = untrack(|| self.slip.typed());
        let lines = self.lines.json();
        let line = |name: &str| lines.get(name).map(Value::to_string).unwrap_or_default();
        Typed {
            key,
            replaces,
            kind: self.kind.get_untracked(),
            on: self.on.get_untracked(),
            village: self.village.get_untracked(),
            group: self.group.get_untracked(),
            place: self.place.get_untracked(),
            heard: self.heard.get_untracked(),
            case: self.case.get_untracked(),
            along: line("along"),
            promises: line("promises"),
        }
    }

    fn follows_up(&self) -> bool {
        self.kind.get_untracked() == VisitKind::FollowUp.code()
    }

    /// What is posted.
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        let mut add = |name: &str, text: &str| {
            if let Some(text) = filled(text) {
                body.insert(name.to_owned(), Value::String(text));
            }
        };
        let typed = self.typed();
        add("kind", &typed.kind);
        add("on", &typed.on);
        add("village_id", &typed.village);
        add("group_id", &typed.group);
        add("place", &typed.place);
        body.insert(
            "heard".to_owned(),
            Value::String(typed.heard.trim().to_owned()),
        );
        if self.follows_up()
            && let Some(case) = filled(&typed.case)
        {
            body.insert("case_id".to_owned(), Value::String(case));
        }
        let mut lines = self.lines.json();
        if let Some(promises) = lines.remove("promises") {
            body.insert("promises".to_owned(), promises);
        }
        let me = app::me().user.id.to_string();
        let mut visitors = vec![Value::String(me)];
        if let Some(Value::Array(along)) = lines.remove("along") {
            let others = along
                .into_iter()
                .filter_map(|line| line.get("user_id").cloned());
            visitors.extend(others);
        }
        body.insert("visitors".to_owned(), Value::Array(visitors));
        body
    }

    /// What the outbox takes; none where something is wrong, which the form then says.
    fn outgoing(&self) -> Option<Outgoing> {
        self.lines.checked()?;
        let body = self.body();
        let read = json::read::<NewVisit>(&Value::Object(body.clone()).to_string());
        let Ok(visit) = read else {
            let mut errors = shared::validate::Errors::new();
            errors.add("on", "invalid", "请填写走访日期。");
            self.form.accept(errors);
            return None;
        };
        // The phone's own clock: what it says may be wrong, and the server decides then.
        let today = shared::calendar::shanghai_day(browser::phone_now());
        let errors = visit.check(browser::today().max(today));
        if !self.form.accept(errors) {
            return None;
        }
        let unit = |id: &RwSignal<String>| {
            let id = id.get_untracked();
            self.directory.unit_name(&id).unwrap_or_default()
        };
        let place = format!("{}{}", unit(&self.village), unit(&self.group));
        let promises = visit.promises.iter().map(|promise| {
            format!(
                "{}（{}以前）",
                promise.what,
                format::short_date(promise.due_on)
            )
        });
        let promises: Vec<String> = promises.collect();
        let lines = [
            ("类型", visit.kind.label().to_owned()),
            ("日期", format::short_date(visit.on)),
            ("村社", place.clone()),
            ("户或地点", visit.place.clone().unwrap_or_default()),
            ("听到的情况", visit.heard.clone()),
            ("承诺", promises.join("；")),
        ];
        let lines = lines
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(label, words)| (label.to_owned(), words))
            .collect();
        Some(Outgoing {
            kind: DraftKind::Visit,
            path: "/visits".to_owned(),
            if_match: None,
            about: None,
            body,
            photos: self.photos.pictures(),
            title: format!("{} {place}", visit.kind.label()),
            lines,
            form: serde_json::to_value(self.typed()).unwrap_or_default(),
            receipt: None,
            kept_as: FORM,
            stays: true,
        })
    }
}

fn draw(recording: &Recording) -> AnyView {
    let form = recording.form;
    let go = app::going();
    let notices = notices();
    let directory = recording.directory;
    let (village, group) = (recording.village, recording.group);
    let villages = Signal::derive(move || directory.villages());
    let groups = Signal::derive(move || directory.groups(&village.get()));
    // Another village, other groups.
    Effect::new(move |before: Option<String>| {
        let village = village.get();
        if before.is_some_and(|before| before != village) {
            group.set(String::new());
        }
        village
    });
    let sending = recording.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(outgoing) = sending.outgoing() else {
            return;
        };
        form.send(
            outbox::submit(sending.slip, outgoing),
            move |sent| match sent {
                Sent::Done(text) => {
                    let path = match json::read::<VisitView>(&text) {
                        Ok(visit) => {
                            notices.say(visit.warning.unwrap_or_else(|| "走访已记录。".to_owned()));
                            format!("/visits/{}", visit.id)
                        }
                        Err(_) => "/visits".to_owned(),
                    };
                    go.run(path);
                }
                Sent::Waits(key) => go.run(format!("/drafts?at={key}")),
            },
        );
    };
    let keeping = StoredValue::new(recording.clone());
    let turn = StoredValue::new(0u32);
    // Anything that is typed bubbles up to here.
    let typing = move |_| {
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        browser::later(PAUSE, move || {
            if turn.try_get_value() != Some(mine) {
                return;
            }
            let Some(recording) = keeping.try_get_value() else {
                return;
            };
            if form.busy.try_get_untracked() == Some(false) {
                let typed = recording.typed();
                spawn_local(async move {
                    offline::forms::keep(FORM, &typed, Some(&typed)).await;
                });
            }
        });
    };
    let kind = recording.kind;
    let case = recording.case;
    let of_case =
        live(move || (kind.get() == VisitKind::FollowUp.code()).then(|| case_of(form, case)));
    view! {
        <form class="stack visit-form" novalidate on:submit=submit on:input=typing>
            {form.summary()}
            <div class="card">
                {field(form, "kind", "哪种走访")
                    .class("field kind-buttons")
                    .choices(kind, terms::<VisitKind>())}
                {of_case}
                <div class="grid">
                    {field(form, "village_id", "村")
                        .required()
                        .select(village, Some("请选择"), villages)}
                    {field(form, "group_id", "社").select(group, Some("不指定"), groups)}
                    {field(form, "place", "户或地点")
                        .placeholder("如：渠首第三户、村部、地头")
                        .input(recording.place)}
                    {field(form, "on", "日期").required().date(recording.on)}
                </div>
                {field(form, "heard", "听到的情况")
                    .required()
                    .hint("可以用输入法的语音输入，一边听一边记。".to_owned())
                    .area(recording.heard, 7)}
            </div>
            <div class="card">{recording.lines.view()}</div>
            <div class="card">{recording.photos.view(form)}</div>
            <div class="form-foot visit-foot">
                {form.submit_as("记录走访", "btn btn-primary btn-wide", "save-visit")}
            </div>
        </form>
    }
    .into_any()
}

/// Of which case: the one that the page was opened with, by its number, or one to look for.
fn case_of(form: Form, case: RwSignal<String>) -> AnyView {
    let id = case.get_untracked();
    if id.is_empty() {
        return case_field(form, "case_id", "回访哪件事项", case, String::new());
    }
    let path = format!("/cases/{id}");
    let found =
        crate::load::load(move || Call::get(path.clone()).fetch::<shared::case::view::CaseRow>());
    let shown = live(move || match found.value() {
        Some(row) => format!("{} {}", row.number, row.cause),
        None => "已选定的事项".to_owned(),
    });
    view! { <p class="note">{icon(Icon::Link)} <span>"回访事项："{shown}</span></p> }.into_any()
}
