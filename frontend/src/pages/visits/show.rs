//! `/visits/{id}`: a visit, what was promised on it, and what can be done with it.

use std::sync::Arc;

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::calendar::shanghai_day;
use shared::case::matter::form::Field;
use shared::json;
use shared::term::Term;
use shared::visit::view::{PromiseView, VisitView};
use shared::visit::{MAX_PROMISE, PromiseState, VisitDeed};

use super::act::{Step, Steps, as_it_is};
use super::bits::{keeper, names, place, promise_due};
use super::new::promise_rows;
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::case::facts::fact;
use crate::pages::field_case;
use crate::pages::heading;
use crate::ui::icon::{Icon, icon};
use crate::ui::photos::gallery;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/visits/{id}");
    let visit = load(move || Call::get(path.clone()).fetch::<VisitView>());
    let steps = Steps::new(move |text| {
        // A step answers the visit; a case that was made of it, the case.
        match json::read::<VisitView>(&text) {
            Ok(now) => visit.put(now),
            Err(_) => visit.reload(),
        }
    });
    let body = visit.view(waiting, move |visit| draw(&visit, steps));
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/visits">{icon(Icon::Back)} "走访"</a>
            </nav>
            {body}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

fn may(visit: &VisitView, deed: VisitDeed) -> bool {
    let me = app::me();
    visit.struck.is_none()
        && can(&me.actor, Action::Visit(deed), Facts::Field(&visit.facts)).is_ok()
}

fn etag(visit: &VisitView) -> String {
    format!("\"{}\"", visit.version)
}

fn words(text: impl Into<String>) -> AnyView {
    let text = text.into();
    view! { {text} }.into_any()
}

fn draw(visit: &VisitView, steps: Steps) -> AnyView {
    let place = place(
        visit.village.as_ref(),
        visit.group.as_ref(),
        visit.place.as_ref(),
    );
    let claim = visit.claimed_on.map(|day| {
        fact(
            "手机说的日期",
            words(format!(
                "{}（手机时钟不对，按服务器的日期记录）",
                format::date(day)
            )),
        )
    });
    // Sent later than it was taken down: what the phone says of that.
    let recorded = visit
        .recorded_at
        .filter(|at| (visit.entered_at - *at).num_minutes().abs() >= 10)
        .map(|at| fact("手机记录时间", words(format::moment(at))));
    let case = match (&visit.case, visit.has_case) {
        (Some(case), _) => Some(fact(
            "事项",
            view! {
                <a class="number" href=format!("/cases/{}", case.id)>{case.name.clone()}</a>
            }
            .into_any(),
        )),
        (None, true) => Some(fact("事项", words("有一件，您无权查看"))),
        (None, false) => None,
    };
    let struck = visit.struck.as_ref().map(|struck| {
        view! {
            <p class="note">
                {icon(Icon::Warning)}
                {format!(
                    "{}于{}划除，理由：{}。",
                    struck.actor.name,
                    format::moment(struck.at),
                    struck.reason
                )}
            </p>
        }
    });
    let warning = visit
        .warning
        .clone()
        .map(|warning| view! { <p class="note">{icon(Icon::Warning)} {warning}</p> });
    let title = format!("{} {}", format::date(visit.on), visit.kind.label());
    view! {
        <div class="page-head">
            <div>
                {heading(title)}
                <p class="quiet">{place}</p>
            </div>
            <div class="row page-buttons">{buttons(visit, steps)}</div>
        </div>
        {struck}
        {warning}
        <section class="card">
            <h2>"听到的情况"</h2>
            <p class="prose">{visit.heard.clone()}</p>
            {gallery(&visit.photos)}
        </section>
        {promises(visit, steps)}
        <section class="card">
            <h2>"记录"</h2>
            <dl class="facts">
                {fact("走访人员", words(names(&visit.visitors)))}
                {fact("记录人", words(visit.author.name.clone()))}
                {fact("录入时间", words(format::moment(visit.entered_at)))}
                {claim}
                {recorded}
                {case}
            </dl>
        </section>
        {history(visit)}
    }
    .into_any()
}

fn buttons(visit: &VisitView, steps: Steps) -> AnyView {
    let path = format!("/visits/{}", visit.id);
    let register = (may(visit, VisitDeed::Register) && !visit.has_case)
        .then(|| steps.button("btn btn-primary", "to-case", field_case::from_visit(visit)));
    let edit = (may(visit, VisitDeed::Edit) && browser::now() < visit.editable_until).then(|| {
        let fields = vec![
            Field::date("on", "日期")
                .required()
                .value(format::short_date(visit.on)),
            Field::text("place", "户或地点", 200).value(visit.place.clone().unwrap_or_default()),
            Field::long("heard", "听到的情况", 4000)
                .required()
                .value(visit.heard.clone()),
            promise_rows("add_promises", "补充承诺", visit.on),
        ];
        steps.button(
            "btn",
            "edit-visit",
            Step {
                title: "更正",
                help: "录入后七日内可以更正，原来的内容留在记录里。",
                fields,
                case: None,
                method: "PATCH",
                path: path.clone(),
                etag: Some(etag(visit)),
                // An empty place is one that was taken out.
                body: Arc::new(|mut filled| {
                    filled.entry("place").or_insert_with(|| "".into());
                    filled
                }),
                done: "已更正。",
                later: None,
            },
        )
    });
    let strike = may(visit, VisitDeed::Strike).then(|| {
        steps.button(
            "btn",
            "strike-visit",
            Step {
                title: "划除",
                help: "记错了的走访划除后仍可查看，不再计数，其中的承诺不再催办。",
                fields: vec![Field::text("reason", "理由", 200).required()],
                case: None,
                method: "POST",
                path: format!("{path}/actions/strike"),
                etag: Some(etag(visit)),
                body: as_it_is(),
                done: "已划除。",
                later: None,
            },
        )
    });
    view! { {register} {edit} {strike} }.into_any()
}

fn promises(visit: &VisitView, steps: Steps) -> Option<AnyView> {
    if visit.promises.is_empty() {
        return None;
    }
    let items = visit
        .promises
        .iter()
        .map(|promise| one(visit, promise, steps))
        .collect_view();
    Some(
        view! {
            <section class="card">
                <h2>"承诺"</h2>
                <ul class="promise-list">{items}</ul>
            </section>
        }
        .into_any(),
    )
}

fn one(visit: &VisitView, promise: &PromiseView, steps: Steps) -> AnyView {
    let path = format!("/visits/{}/promises/{}", visit.id, promise.id);
    let open = promise.state == PromiseState::Open;
    let step = |title, help, fields, verb: &str, done| Step {
        title,
        help,
        fields,
        case: None,
        method: "POST",
        path: format!("{path}/{verb}"),
        etag: Some(etag(visit)),
        body: as_it_is(),
        done,
        later: None,
    };
    let keep = (open && may(visit, VisitDeed::Keep)).then(|| {
        let fields = vec![
            Field::on("兑现日期"),
            Field::long("how", "怎样兑现的", MAX_PROMISE).required(),
        ];
        let step = step("登记兑现", "", fields, "keep", "已登记兑现。");
        steps.button("btn btn-primary", "keep-promise", step)
    });
    let release = (open && may(visit, VisitDeed::Release)).then(|| {
        let fields = vec![
            Field::long("reason", "不再兑现的理由", MAX_PROMISE)
                .required()
                .help("如：没有法律、政策依据；已由别的办法解决。"),
            Field::text("told", "向谁说明、怎样说明", MAX_PROMISE).required(),
        ];
        let help = "承诺不能悄悄作罢：写明理由，并当面或电话告诉群众。";
        let step = step("不再兑现", help, fields, "release", "已登记。");
        steps.button("btn", "release-promise", step)
    });
    let closed = promise.closed_text.as_ref().map(|text| {
        let told = promise
            .told
            .as_ref()
            .map(|told| format!("；已说明：{told}"))
            .unwrap_or_default();
        let who = promise
            .closed_by
            .as_ref()
            .map_or("", |who| who.name.as_str());
        let on = promise.closed_on.map(format::date).unwrap_or_default();
        view! { <p class="quiet">{format!("{on} {who}：{text}{told}")}</p> }
    });
    view! {
        <li class="promise" data-testid="promise" data-state=promise.state.code()>
            <p class="promise-what">{promise.what.clone()}</p>
            <p class="promise-facts">
                {promise_due(promise)}
                <span class="quiet">{format!("由{}兑现", keeper(promise))}</span>
            </p>
            {closed}
            <p class="row">{keep} {release}</p>
        </li>
    }
    .into_any()
}

fn history(visit: &VisitView) -> Option<AnyView> {
    if visit.history.is_empty() {
        return None;
    }
    let changes = visit
        .history
        .iter()
        .map(|change| {
            let before = change
                .before
                .iter()
                .map(|field| {
                    let text = if field.text.is_empty() {
                        "（空）".to_owned()
                    } else {
                        field.text.clone()
                    };
                    view! { <div><dt>{field.label.clone()}</dt><dd class="prose">{text}</dd></div> }
                        .into_any()
                })
                .collect_view();
            let day = format::date(shanghai_day(change.at));
            view! {
                <li>
                    <p>{format!("{day} {}更正，原来是：", change.actor.name)}</p>
                    <dl class="facts facts-long">{before}</dl>
                </li>
            }
            .into_any()
        })
        .collect_view();
    Some(
        view! {
            <details class="card more">
                <summary>{format!("更正过{}次", visit.history.len())}</summary>
                <ul class="entries-plain">{changes}</ul>
            </details>
        }
        .into_any(),
    )
}
