//! `/alerts/new`: urgent information from a phone, in a few seconds and with one hand. What, where,
//! how many, a photo; the rest can wait.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::access::Action;
use shared::alert::input::{MAX_PEOPLE, NewAlert};
use shared::alert::view::AlertView;
use shared::alert::{AlertDeed, AlertKind, accusing};
use shared::json;
use shared::outbox::DraftKind;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use crate::app;
use crate::browser;
use crate::directory::{Directory, directory};
use crate::offline::forms;
use crate::outbox::{self, Outgoing, Sent, Slip};
use crate::pages::admin::{number, only_for};
use crate::pages::heading;
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{live, watch};
use crate::ui::notice::notices;
use crate::ui::photos::Photos;

/// What the form is called in the store.
const FORM: &str = "alert";

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::Alert(AlertDeed::Report), "上报重要信息", form)
}

/// What is typed, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Typed {
    /// The idempotency key, and the key of the draft that it takes the place of.
    key: String,
    replaces: Option<String>,
    kind: String,
    what: String,
    village: String,
    place: String,
    people: String,
    found: String,
    drill: bool,
}

/// The form.
#[derive(Clone, Copy)]
struct Report {
    form: Form,
    slip: Slip,
    photos: Photos,
    kind: RwSignal<String>,
    what: RwSignal<String>,
    village: RwSignal<String>,
    place: RwSignal<String>,
    people: RwSignal<String>,
    found: RwSignal<String>,
    drill: RwSignal<bool>,
    directory: Directory,
}

impl Report {
    fn new() -> Self {
        let village = app::me().actor.village_id;
        let village = village.map(|id| id.into_string()).unwrap_or_default();
        Self {
            form: Form::new(),
            slip: Slip::new(),
            photos: Photos::new(),
            kind: RwSignal::new(AlertKind::Crowd.code().to_owned()),
            what: RwSignal::new(String::new()),
            village: RwSignal::new(village),
            place: RwSignal::new(String::new()),
            people: RwSignal::new(String::new()),
            found: RwSignal::new(String::new()),
            drill: RwSignal::new(false),
            directory: directory(),
        }
    }

    /// What is typed; followed.
    fn typed(self) -> Typed {
        let (key, replaces) = self.slip.typed();
        Typed {
            key,
            replaces,
            kind: self.kind.get(),
            what: self.what.get(),
            village: self.village.get(),
            place: self.place.get(),
            people: self.people.get(),
            found: self.found.get(),
            drill: self.drill.get(),
        }
    }

    fn fill(self, typed: Typed) {
        self.kind.set(typed.kind);
        self.what.set(typed.what);
        self.village.set(typed.village);
        self.place.set(typed.place);
        self.people.set(typed.people);
        self.found.set(typed.found);
        self.drill.set(typed.drill);
        self.slip.fill(typed.key, typed.replaces);
    }

    /// What was left half done, or a draft of the outbox that is to be changed.
    async fn recall(self, wanted: String) {
        let typed = if wanted.is_empty() {
            match forms::recall::<Typed>(FORM).await {
                // It went to the outbox as the window was closed.
                Some(typed) if outbox::find(&typed.key).await.is_some() => None,
                typed => typed,
            }
        } else {
            self.take_up(&wanted).await
        };
        // Whoever has begun to type goes on with that.
        if let Some(typed) = typed
            && self.what.try_with_untracked(String::is_empty) == Some(true)
        {
            self.fill(typed);
        }
    }

    async fn take_up(self, key: &str) -> Option<Typed> {
        let waiting = outbox::find(key)
            .await
            .filter(|waiting| waiting.may_edit())?;
        let text = serde_json::to_string(&waiting.form).ok()?;
        let mut typed: Typed = json::read(&text).ok()?;
        self.photos.set(outbox::pictures(&waiting).await);
        typed.key = browser::random_key();
        typed.replaces = Some(waiting.key);
        self.form.errors.try_set(waiting.errors);
        Some(typed)
    }

    /// What is sent, but for the photos.
    fn input(self) -> NewAlert {
        let typed = untrack(|| self.typed());
        let people = typed.people.trim();
        NewAlert {
            kind: AlertKind::from_code(&typed.kind),
            what: typed.what,
            village_id: filled(&typed.village).map(Into::into),
            place: filled(&typed.place),
            // What is no number is too large.
            people_count: (!people.is_empty()).then(|| number(people).unwrap_or(u32::MAX)),
            photos: Vec::new(),
            discovered_at: moment(&typed.found),
            recorded_at: None,
            drill: typed.drill,
        }
    }

    /// What goes into the outbox: path, body and pictures in one place.
    fn outgoing(self, alert: &NewAlert) -> Outgoing {
        let body = match serde_json::to_value(alert) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        let village = alert.village_id.as_ref().map(|id| id.as_str());
        let village = village.and_then(|id| self.directory.unit_name(id));
        let kind = alert.kind.unwrap_or(AlertKind::Other).label();
        let people = alert.people_count.map(|count| format!("约{count}人"));
        let lines = [
            ("类型", Some(kind.to_owned())),
            ("什么事", Some(alert.what.clone())),
            ("村", village),
            ("地点", alert.place.clone()),
            ("人数", people),
            ("演练", alert.drill.then(|| "是".to_owned())),
        ];
        let lines = lines
            .into_iter()
            .filter_map(|(label, words)| Some((label.to_owned(), words?)))
            .collect();
        Outgoing {
            kind: DraftKind::Alert,
            path: "/alerts".to_owned(),
            if_match: None,
            about: None,
            body,
            photos: self.photos.pictures(),
            title: format!("{kind}：{}", alert.what),
            lines,
            form: untrack(|| serde_json::to_value(self.typed())).unwrap_or_default(),
            receipt: None,
            kept_as: FORM,
            stays: true,
        }
    }
}

/// What `datetime-local` says, in Shanghai.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let local: NaiveDateTime = format!("{text}:00").parse().ok()?;
    let zone = FixedOffset::east_opt(8 * 3600)?;
    let at = local.and_local_timezone(zone).single()?;
    Some(at.with_timezone(&Utc))
}

fn form() -> AnyView {
    let report = Report::new();
    let wanted = app::query("draft").get_untracked();
    spawn_local(report.recall(wanted));
    watch(move || {
        let typed = report.typed();
        // An accusation is not kept; nor is what nobody has typed.
        if !typed.what.trim().is_empty() && accusing(&typed.what).is_none() {
            spawn_local(async move {
                forms::keep(FORM, &typed, Some(&typed)).await;
            });
        }
    });
    let form = report.form;
    let go = app::going();
    let notices = notices();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let alert = report.input();
        if !form.accept(alert.check()) {
            return;
        }
        form.send(
            outbox::submit(report.slip, report.outgoing(&alert)),
            move |sent| match sent {
                Sent::Done(text) => {
                    notices.say("已上报，镇领导、镇综治办、派出所已收到通知。");
                    let place = match json::read::<AlertView>(&text) {
                        Ok(alert) => format!("/alerts/{}", alert.row.id),
                        Err(_) => "/alerts".to_owned(),
                    };
                    go.run(place);
                }
                Sent::Waits(key) => go.run(format!("/drafts?at={key}")),
            },
        );
    };
    let villages = Signal::derive(move || report.directory.villages());
    let accused = live(move || {
        let word = report.what.with(|what| accusing(what))?;
        Some(view! {
            <p class="note note-sealed" role="alert">
                {icon(Icon::Lock)}
                {format!("像是检举控告（“{word}”）。很多人会看到重要信息，检举控告请")}
                <a href="/cases/new">"到“登记”办理"</a>
                "，那里会保密。这里只写发生了什么事。"
            </p>
        })
    });
    view! {
        <div class="page page-narrow">
            <div class="page-head">
                {heading("上报重要信息")}
            </div>
            <form class="stack alert-form" novalidate on:submit=submit>
                {form.summary()}
                <div class="alert-kinds">
                    {field(form, "kind", "类型").choices(report.kind, terms::<AlertKind>())}
                </div>
                <div class="alert-big">
                    {field(form, "what", "发生了什么")
                        .placeholder("一句话，可以用语音输入")
                        .required()
                        .area(report.what, 2)}
                </div>
                {accused}
                <div class="grid alert-where">
                    {field(form, "village_id", "在哪个村").select(report.village, Some("镇上或其他"), villages)}
                    {field(form, "place", "具体地点").placeholder("如：村委会门口").input(report.place)}
                    {field(form, "people_count", "大概多少人")
                        .mode("numeric")
                        .between(0, MAX_PEOPLE)
                        .placeholder("不清楚就不填")
                        .input(report.people)}
                </div>
                {report.photos.view(form)}
                <details class="alert-more">
                    <summary>"不是刚刚发现的，或者是演练"</summary>
                    <div class="stack">
                        {field(form, "discovered_at", "发现时间")
                            .hint("不填就是现在。".to_owned())
                            .kind("datetime-local")
                            .input(report.found)}
                        {field(form, "drill", "这是演练（处处标明，不计入报送率）").check(report.drill)}
                    </div>
                </details>
                <div class="alert-send">
                    {form.submit_as("立即上报", "btn btn-alert btn-big", "send-alert")}
                </div>
            </form>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_typed_in_shanghai() {
        let at = moment("2026-03-02T09:15").map(|at| at.to_rfc3339());
        assert_eq!(at.as_deref(), Some("2026-03-02T01:15:00+00:00"));
        assert_eq!(moment(""), None);
    }
}
