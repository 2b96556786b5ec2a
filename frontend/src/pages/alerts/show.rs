//! `/alerts/{id}`: a piece of urgent information, its clocks, and what is done about it.

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::alert::input::MAX_TEXT;
use shared::alert::times::Verdict;
use shared::alert::view::{AlertEvent, AlertView};
use shared::alert::{AlertDeed, AlertStep};
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::case::view::CaseRow;
use shared::case::{Category, Kind};
use shared::page::Page;
use shared::problem::Code;
use shared::term::Term;

use super::{clocks, facts, head, ticking};
use crate::api::{Answer, Call, Failure, Tagged, query};
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::pages::admin::foot;
use crate::ui::dialog::Dialog;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::follow;
use crate::ui::notice::{Notices, notices};
use crate::ui::photos::gallery;
use crate::ui::states::waiting;

/// What the page works with.
#[derive(Clone, Copy)]
struct Open {
    id: StoredValue<String>,
    loader: Loader<Tagged<AlertView>>,
    dialog: Dialog<AlertDeed>,
    notices: Notices,
}

impl Open {
    fn path(self, below: &str) -> String {
        self.id.with_value(|id| format!("/alerts/{id}{below}"))
    }

    fn etag(self) -> String {
        self.loader.value().map(|now| now.etag).unwrap_or_default()
    }

    /// Takes a step; what comes back is shown, and somebody else's step is read anew.
    fn send(
        self,
        form: Form,
        below: String,
        key: &str,
        body: Map<String, Value>,
        words: &'static str,
    ) {
        let call = Call::post(self.path(&below))
            .if_match(&self.etag())
            .once(key)
            .json(&Value::Object(body));
        form.send_or(
            call.tagged::<AlertView>(),
            move |now| {
                self.loader.put(now);
                self.dialog.close();
                self.notices.say(words);
            },
            move |failure| self.failed(form, failure),
        );
    }

    fn failed(self, form: Form, failure: Failure) {
        if matches!(failure.code(), Some(Code::StaleVersion | Code::Conflict)) {
            self.loader.reload();
        }
        form.fail(failure);
    }
}

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/alerts/{id}");
    let open = Open {
        id: StoredValue::new(id),
        loader: load(move || Call::get(path.clone()).tagged()),
        dialog: Dialog::new(),
        notices: notices(),
    };
    let now = ticking();
    let body = open.loader.view(waiting, move |tagged| {
        let alert = tagged.value;
        let row = &alert.row;
        let photos = gallery(&alert.photos);
        let events = alert.events.iter().map(event).collect_view();
        view! {
            <header class="alert-top">
                {head(row)}
                <h1 id="page-title" tabindex="-1">{row.what.clone()}</h1>
                {facts(row)}
                {clocks(row.stretches.clone(), now)}
                {offline(&alert)}
            </header>
            {buttons(open, &alert)}
            {photos}
            {outcome(&alert)}
            <section class="card" aria-labelledby="course">
                <h2 id="course">"经过"</h2>
                <ol class="alert-course">{events}</ol>
            </section>
        }
        .into_any()
    });
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/alerts">{icon(Icon::Back)} "重要信息"</a>
            </nav>
            {body}
            {open.dialog.view(|deed| deed.label().to_owned(), move |deed| asking(open, deed))}
        </div>
    }
    .into_any()
}

/// What the phone said of the time, where the report came later.
fn offline(alert: &AlertView) -> Option<AnyView> {
    let row = &alert.row;
    let apart = |at: chrono::DateTime<chrono::Utc>| {
        row.reported_at.signed_duration_since(at).num_minutes() != 0
    };
    let recorded = row.recorded_at.filter(|at| apart(*at));
    let late = row
        .stretches
        .iter()
        .any(|stretch| stretch.verdict == Verdict::Offline);
    let words = match (recorded, late) {
        (Some(at), true) => format!(
            "离线补传：手机记录于 {}，有网络后于 {} 送到。",
            format::moment(at),
            format::moment(row.reported_at)
        ),
        (Some(at), false) => format!("手机记录的时间 {}，以服务器时间为准。", format::moment(at)),
        (None, _) if apart(row.discovered_at) => {
            format!("发现于 {}。", format::moment(row.discovered_at))
        }
        _ => return None,
    };
    Some(view! { <p class="quiet">{words}</p> }.into_any())
}

fn outcome(alert: &AlertView) -> AnyView {
    let result = alert.result.clone().map(|result| {
        view! { <p class="note">{icon(Icon::Check)} {format!("处置结果：{result}")}</p> }
    });
    let case = match (&alert.case, alert.has_case) {
        (Some(case), _) => Some(
            view! {
                <p class="note" data-testid="case">
                    {icon(Icon::Link)}
                    "已转为事项 "
                    <a href=format!("/cases/{}", case.id)>{case.name.clone()}</a>
                </p>
            }
            .into_any(),
        ),
        (None, true) => Some(view! { <p class="note">"已转为事项。"</p> }.into_any()),
        (None, false) => None,
    };
    view! { {result} {case} }.into_any()
}

fn buttons(open: Open, alert: &AlertView) -> AnyView {
    let form = Form::new();
    let may = |deed: AlertDeed| {
        alert
            .can
            .iter()
            .any(|can| can.deed == deed && can.why_not.is_none())
    };
    // Acknowledged once more is no news; the others are.
    let first = alert.row.stretches.len() < 3;
    let key = StoredValue::new(browser::random_key());
    let acknowledge = (may(AlertDeed::Acknowledge) && first).then(|| {
        view! {
            <button
                type="button"
                class="btn btn-alert btn-big"
                data-testid="do-acknowledge"
                aria-disabled=follow(move || form.busy.get().then_some("true"))
                on:click=move |_| {
                    let below = "/steps/acknowledge".to_owned();
                    open.send(form, below, &key.get_value(), Map::new(), "已签收。");
                }
            >
                {icon(Icon::Check)}
                "签收"
            </button>
        }
    });
    let button = |deed: AlertDeed, class: &'static str| {
        may(deed).then(|| {
            view! {
                <button
                    type="button"
                    class=class
                    data-testid=format!("do-{}", deed.code())
                    on:click=move |_| open.dialog.start(deed)
                >
                    {deed.label()}
                </button>
            }
            .into_any()
        })
    };
    view! {
        {form.summary()}
        <div class="alert-buttons no-print">
            {acknowledge}
            {button(AlertDeed::Dispatch, "btn btn-primary btn-big")}
            {button(AlertDeed::Note, "btn btn-big")}
            {button(AlertDeed::Close, "btn btn-big")}
            {button(AlertDeed::Case, "btn btn-big")}
        </div>
    }
    .into_any()
}

/// The dialog of a deed.
fn asking(open: Open, deed: AlertDeed) -> AnyView {
    let (fields, step) = match deed {
        AlertDeed::Dispatch => (
            vec![
                Field::unit("unit_id", "派哪个单位", &[]),
                Field::user("user_id", "派哪个人", &[]),
                Field::long("text", "处置要求", MAX_TEXT).required(),
            ],
            AlertStep::Dispatch,
        ),
        AlertDeed::Note => (
            vec![Field::long("text", "反馈", MAX_TEXT).required()],
            AlertStep::Note,
        ),
        AlertDeed::Close => (
            vec![Field::long("text", "处置结果", MAX_TEXT).required()],
            AlertStep::Close,
        ),
        _ => return case(open),
    };
    let form = Form::new();
    let sheet = sheet(form, fields, Vec::new());
    let drawn = sheet.view();
    let key = browser::random_key();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(body) = sheet.checked() {
            let below = format!("/steps/{}", step.code());
            open.send(form, below, &key, body, "已记录，有关人员会收到通知。");
        }
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {drawn}
            {foot(form, open.dialog.up(), deed.label(), "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// A new case of it, or one that is there.
fn case(open: Open) -> AnyView {
    let form = Form::new();
    let kinds = FieldKind::Choice {
        choices: Choice::of(&[Kind::Sign, Kind::Dispute]),
    };
    let fields = vec![
        Field::new("kind", "登记为", kinds)
            .value(Kind::Sign.code())
            .required(),
        Field::choice::<Category>("category", "类型").help("登记为新事项时选择。"),
        Field::text("number", "或者关联已有事项", 60)
            .help("填事项编号，如“平川信〔2026〕00012号”；填了就不登记新的。"),
    ];
    let sheet = sheet(form, fields, Vec::new());
    let drawn = sheet.view();
    let key = browser::random_key();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(mut body) = sheet.checked() else {
            return;
        };
        let key = key.clone();
        let Some(Value::String(number)) = body.remove("number") else {
            open.send(form, "/case".to_owned(), &key, body, "已转为事项。");
            return;
        };
        form.send(named(number), move |case| {
            let mut body = Map::new();
            body.insert("case_id".to_owned(), Value::String(case));
            open.send(form, "/case".to_owned(), &key, body, "已关联到事项。");
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p class="quiet">"起因、地点、村、人数和照片会带过去。信访件请先登记，再在这里关联。"</p>
            {drawn}
            {foot(form, open.dialog.up(), "转为事项", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// The id of the case with a number.
async fn named(number: String) -> Answer<String> {
    let asked = query([("q", number.as_str()), ("limit", "2")]);
    let page: Page<CaseRow> = Call::get(format!("/cases{asked}")).fetch().await?;
    let found = page
        .items
        .into_iter()
        .find(|row| row.number == number.trim());
    match found {
        Some(row) => Ok(row.id.into_string()),
        None => Err(Failure::of_field(
            "number",
            "unknown",
            "没有找到这件事项，或者您无权查看。".to_owned(),
        )),
    }
}

fn event(event: &AlertEvent) -> AnyView {
    let who = match &event.actor {
        Some(actor) => format!("{}（{}）", actor.name, event.actor_unit),
        None => "系统".to_owned(),
    };
    let sent = [&event.unit, &event.user];
    let sent: Vec<String> = sent
        .into_iter()
        .flatten()
        .map(|named| named.name.clone())
        .collect();
    let sent = (!sent.is_empty()).then(|| format!(" → {}", sent.join(" ")));
    let text = event
        .text
        .clone()
        .map(|text| view! { <p class="prose">{text}</p> });
    view! {
        <li data-kind=event.kind.code()>
            <p class="event-head">
                <span class="event-kind">{event.kind.label()} {sent}</span>
                <time>{format::moment(event.at)}</time>
            </p>
            {text}
            <p class="event-foot">{who}</p>
        </li>
    }
    .into_any()
}
