//! How much was reported in time, and what was missed.

use chrono::Datelike;
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::access::Action;
use shared::alert::input::{MAX_PLACE, MAX_WHAT};
use shared::alert::view::{AlertRate, MissedView};
use shared::alert::{AlertDeed, AlertKind};
use shared::case::matter::form::Field;
use shared::term::Term;

use crate::api::{Call, query};
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::admin::foot;
use crate::rows::rows;
use crate::session;
use crate::ui::dialog::dialog;
use crate::ui::field::{Form, field};
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::states::{empty, waiting};

/// The view.
pub(super) fn view() -> AnyView {
    let today = browser::today();
    let first = today.with_day(1).unwrap_or(today);
    let from = RwSignal::new(format::short_date(first));
    let to = RwSignal::new(format::short_date(today));
    let again = RwSignal::new(0u32);
    let form = Form::new();
    let rate = load(move || {
        again.track();
        let asked = query([("from", from.get().as_str()), ("to", to.get().as_str())]);
        Call::get(format!("/alerts/rate{asked}")).fetch::<AlertRate>()
    });
    let missed = live(move || {
        again.track();
        rows::<MissedView>(Memo::new(|_| "/alerts/missed".to_owned())).view(
            || {
                empty(
                    "没有漏报",
                    "事后才发现、当时没有上报的，由镇综治办补登在这里，报送率才真实。",
                    None,
                )
            },
            |rows| {
                let rows = rows.iter().map(one).collect_view();
                view! { <ul class="cards alerts">{rows}</ul> }.into_any()
            },
        )
    });
    let up = RwSignal::new(false);
    let enter = session::may(Action::Alert(AlertDeed::Missed)).then(|| {
        view! {
            <button
                type="button"
                class="btn"
                data-testid="enter-missed"
                on:click=move |_| up.set(true)
            >
                {icon(Icon::Add)}
                "补登漏报"
            </button>
        }
    });
    view! {
        <section class="card alert-rate" aria-labelledby="rate">
            <h2 id="rate">"报送率"</h2>
            <div class="grid">
                {field(form, "from", "从").class("field field-short").date(from)}
                {field(form, "to", "到").class("field field-short").date(to)}
            </div>
            {rate.view(waiting, |rate| figures(&rate))}
        </section>
        <section aria-labelledby="missed">
            <div class="card-head">
                <h2 id="missed">"漏报"</h2>
                {enter}
            </div>
            {missed}
        </section>
        {dialog(up, "补登漏报".to_owned(), move || entry(up, again))}
    }
    .into_any()
}

fn figures(rate: &AlertRate) -> AnyView {
    let figure = match rate.percent {
        Some(percent) => format!("{percent}%"),
        None => "无数据".to_owned(),
    };
    let part = |words: &'static str, count: u64| {
        view! { <div><dt>{words}</dt><dd>{count}</dd></div> }.into_any()
    };
    view! {
        <p class="alert-percent" data-testid="percent">{figure}</p>
        <dl class="facts">
            {part("按时上报", rate.in_time)}
            {part("离线补传（不算按时）", rate.offline)}
            {part("超时上报", rate.late)}
            {part("漏报", rate.missed)}
        </dl>
        <p class="hint">"报送率＝按时上报÷（全部上报＋漏报），演练不计。上报时间以服务器为准。"</p>
    }
    .into_any()
}

fn one(missed: &MissedView) -> AnyView {
    let case = missed.case.as_ref().map(|case| {
        view! { <a href=format!("/cases/{}", case.id)>{case.name.clone()}</a> }
    });
    let place = missed
        .place
        .clone()
        .map(|place| view! { <span>{place}</span> });
    view! {
        <li class="card alert" data-testid="missed">
            <p class="alert-head">
                <span class="kind">{missed.kind.label()}</span>
                <time class="quiet">{format!("发现于 {}", format::moment(missed.discovered_at))}</time>
            </p>
            <h3>{missed.what.clone()}</h3>
            <p class="case-card-facts">
                <span>{format!("应由{}上报", missed.unit.name)}</span>
                {place}
                <span>{format!("{} 补登", missed.author.name)}</span>
                {case}
            </p>
        </li>
    }
    .into_any()
}

fn entry(up: RwSignal<bool>, again: RwSignal<u32>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let key = browser::random_key();
    let fields = vec![
        Field::text("what", "发生了什么", MAX_WHAT).required(),
        Field::choice::<AlertKind>("kind", "类型"),
        Field::date("on", "发现日期").required(),
        Field::unit("unit_id", "本应上报的单位", &[]).required(),
        Field::text("place", "地点", MAX_PLACE),
    ];
    let sheet = sheet(form, fields, Vec::new());
    let drawn = sheet.view();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(mut body) = sheet.checked() else {
            return;
        };
        day_begins(&mut body);
        let call = Call::post("/alerts/missed")
            .once(&key)
            .json(&Value::Object(body));
        form.send(call.done(), move |()| {
            up.try_set(false);
            again.try_update(|again| *again += 1);
            notices.say("漏报已补登，计入报送率。");
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {drawn}
            {foot(form, up, "补登", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// A day is known, no hour: its first moment in Shanghai.
fn day_begins(body: &mut Map<String, Value>) {
    if let Some(Value::String(day)) = body.remove("on") {
        let at = format!("{day}T00:00:00+08:00");
        body.insert("discovered_at".to_owned(), Value::String(at));
    }
}
