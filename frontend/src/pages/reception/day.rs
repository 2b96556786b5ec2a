//! `/reception/{id}`: a reception day, for the leader on a tablet: who came, and what becomes of it.

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::case::matter::form::{Field, FieldKind};
use shared::reception::{
    ComerCount, ComerKind, ComerView, MAX_ANSWER, MAX_NOTICE, ReceptionDeed, ReceptionView,
};
use shared::role::Role;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::roster::{flat, staff_rows};
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::outbox;
use crate::pages::case::facts::fact;
use crate::pages::field_case::{from_reception, inquiry, of_draft, received_by};
use crate::pages::heading;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::pages::visits::bits::names;
use crate::ui::icon::{Icon, icon};
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/reception-days/{id}");
    let day = load(move || Call::get(path.clone()).fetch::<ReceptionView>());
    let steps = Steps::new(move |_| day.reload());
    let body = day.view(waiting, move |view| draw(&view, steps));
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/reception">{icon(Icon::Back)} "接待日"</a>
            </nav>
            {body}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

fn may(view: &ReceptionView, deed: ReceptionDeed) -> bool {
    let me = app::me();
    !view.day.cancelled
        && can(
            &me.actor,
            Action::Reception(deed),
            Facts::Field(&view.facts),
        )
        .is_ok()
}

fn draw(view: &ReceptionView, steps: Steps) -> AnyView {
    let day = &view.day;
    let words = |text: String| view! { {text} }.into_any();
    let note = match (day.cancelled, &day.reason) {
        (true, reason) => {
            let instead = day
                .instead_on
                .map(|on| format!("，改到{}", format::date(on)))
                .unwrap_or_default();
            Some(format!(
                "已取消{instead}。理由：{}。",
                reason.clone().unwrap_or_default()
            ))
        }
        (false, Some(reason)) => day
            .instead_of
            .as_ref()
            .map(|leader| format!("原由{}值班，换人的理由：{reason}。", leader.name)),
        (false, None) => None,
    };
    let note = note.map(|note| view! { <p class="note">{icon(Icon::Warning)} {note}</p> });
    let title = format!("{} {}", format::date(day.on), format::weekday(day.on));
    let staff = (!day.staff.is_empty()).then(|| fact("陪同接待", words(names(&day.staff))));
    view! {
        <div class="page-head">
            <div>
                {heading(title)}
                <p class="quiet">{format!("{}至{}，{}", day.from, day.to, day.place)}</p>
            </div>
            <div class="row page-buttons">
                <a class="btn" href=format!("/reception/{}/notice", day.id)>
                    {icon(Icon::Print)}
                    "公告"
                </a>
                {keeping(view, steps)}
            </div>
        </div>
        {note}
        <section class="card">
            <dl class="facts">
                {fact("值班领导", words(day.leader.name.clone()))}
                {staff}
            </dl>
        </section>
        {receiving(view, steps)}
        {came(view)}
    }
    .into_any()
}

fn keeping(view: &ReceptionView, steps: Steps) -> Option<AnyView> {
    if !may(view, ReceptionDeed::Keep) {
        return None;
    }
    let day = &view.day;
    let path = format!("/reception-days/{}", day.id);
    let etag = || Some(format!("\"{}\"", day.version));
    let staff = day
        .staff
        .iter()
        .map(|user| format!("{{\"user_id\":\"{}\"}}", user.id))
        .collect::<Vec<_>>()
        .join(",");
    let edit = Step {
        title: "修改",
        help: "值班的人会收到通知。已登记来访的不能改期。",
        fields: vec![
            Field::date("on", "日期")
                .required()
                .value(format::short_date(day.on)),
            Field::new("from", "开始", FieldKind::Time)
                .required()
                .value(day.from.clone()),
            Field::new("to", "结束", FieldKind::Time)
                .required()
                .value(day.to.clone()),
            Field::text("place", "接待地点", 200)
                .required()
                .value(day.place.clone()),
            staff_rows().value(format!("[{staff}]")),
            Field::long("notice", "公告", MAX_NOTICE)
                .help("清空的用通常的公告文字。")
                .value(if view.usual_notice {
                    String::new()
                } else {
                    view.notice.clone()
                }),
        ],
        case: None,
        method: "PATCH",
        path: path.clone(),
        etag: etag(),
        body: std::sync::Arc::new(|filled| {
            let mut filled = flat(filled, &["staff"]);
            filled.entry("notice").or_insert_with(|| "".into());
            filled
        }),
        done: "已修改。",
        later: None,
    };
    let substitute = Step {
        title: "换人值班",
        help: "两位领导和陪同的人会收到通知，原来的值班领导留有记载。",
        fields: vec![
            Field::user("leader_id", "由谁值班", &[Role::TownshipLeader]).required(),
            Field::text("reason", "理由", 200).required(),
        ],
        case: None,
        method: "POST",
        path: format!("{path}/actions/substitute"),
        etag: etag(),
        body: as_it_is(),
        done: "已换人。",
        later: None,
    };
    let cancel = Step {
        title: "取消",
        help: "接待日是公开承诺的：取消要有理由，并尽量改到另一天。",
        fields: vec![
            Field::text("reason", "理由", 200).required(),
            Field::date("instead_on", "改到哪天"),
        ],
        case: None,
        method: "POST",
        path: format!("{path}/actions/cancel"),
        etag: etag(),
        body: as_it_is(),
        done: "已取消。",
        later: None,
    };
    Some(
        view! {
            {steps.button("btn", "edit-reception", edit)}
            {steps.button("btn", "substitute", substitute)}
            {steps.button("btn", "cancel-reception", cancel)}
        }
        .into_any(),
    )
}

fn receiving(view: &ReceptionView, steps: Steps) -> Option<AnyView> {
    if !may(view, ReceptionDeed::Receive) {
        return None;
    }
    if view.day.on > browser::today() {
        return Some(view! { <p class="note">"到当天再登记来访。"</p> }.into_any());
    }
    let me = app::me();
    // Whoever types for the leader on duty: the leader received.
    let mut selves = me.actor.selves().map(|(user, _)| user);
    let on_duty = selves.find(|user| view.facts.people.contains(user));
    let receiver = on_duty.map_or_else(|| view.day.leader.id.clone(), ToString::to_string);
    let join = Step {
        title: "并入已有事项",
        help: "只能并入您有权查看的事项，会记在它的办理记录里。编号在回执上。",
        fields: vec![
            Field::long("text", "反映的情况", MAX_ANSWER).required(),
            received_by(&receiver),
        ],
        case: Some("已有事项"),
        method: "POST",
        path: format!("/reception-days/{}/visitors", view.day.id),
        etag: None,
        body: as_it_is(),
        done: "已并入事项。",
        later: None,
    };
    let day = view.day.id.as_str();
    take_up(day, &receiver, steps);
    Some(
        view! {
            <section class="card" aria-labelledby="receive">
                <h2 id="receive">"有人来了"</h2>
                <div class="receive-buttons">
                    {steps.button(
                        "btn btn-primary btn-big",
                        "receive-case",
                        from_reception(day, &receiver, None),
                    )}
                    {steps.button("btn btn-big", "receive-join", join)}
                    {steps.button(
                        "btn btn-big",
                        "receive-inquiry",
                        inquiry(day, &receiver, None),
                    )}
                </div>
                <p class="hint">"接待人就是首问责任人：要么登记，要么说清楚找谁办。"</p>
            </section>
        }
        .into_any(),
    )
}

/// Opens what waits in the outbox and is to be changed.
fn take_up(day: &str, receiver: &str, steps: Steps) {
    let wanted = app::query("draft").get_untracked();
    if wanted.is_empty() {
        return;
    }
    let (day, receiver) = (day.to_owned(), receiver.to_owned());
    spawn_local(async move {
        if let Some(draft) = outbox::find(&wanted).await
            && draft.may_edit()
            && draft.reception_day() == Some(day.as_str())
        {
            steps.start(of_draft(&day, &receiver, draft));
        }
    });
}

fn came(view: &ReceptionView) -> AnyView {
    let total: u32 = view.counts.iter().map(|count| count.count).sum();
    if total == 0 {
        return view! { <p class="quiet">"还没有登记来访。"</p> }.into_any();
    }
    let figures = view.counts.iter().map(figure).collect_view();
    let rows = view.comers.iter().map(comer).collect_view();
    let hidden = usize::try_from(total)
        .unwrap_or_default()
        .saturating_sub(view.comers.len());
    let hidden = (hidden > 0).then(|| {
        view! { <p class="hint">{format!("另有{hidden}批，您无权查看内容，只计数。")}</p> }
    });
    view! {
        <section class="card" aria-labelledby="came">
            <h2 id="came">"来访"</h2>
            <ul class="figures">{figures}</ul>
            <ul class="entries-plain">{rows}</ul>
            {hidden}
        </section>
    }
    .into_any()
}

fn figure(count: &ComerCount) -> AnyView {
    view! {
        <li><strong>{count.count}</strong> <span class="quiet">{count.kind.label()}</span></li>
    }
    .into_any()
}

fn comer(comer: &ComerView) -> AnyView {
    let what = match (&comer.case, comer.kind) {
        (Some(case), _) => view! {
            <a class="number" href=format!("/cases/{}", case.id)>{case.name.clone()}</a>
        }
        .into_any(),
        (None, ComerKind::Inquiry) => {
            let topic = comer.topic.clone().unwrap_or_default();
            let answer = comer.answer.clone().unwrap_or_default();
            view! { <span>{topic}</span> <span class="quiet">{format!("答：{answer}")}</span> }
                .into_any()
        }
        (None, _) => ().into_any(),
    };
    view! {
        <li class="comer" data-testid="comer" data-kind=comer.kind.code()>
            <span class="badge">{comer.kind.label()}</span>
            <span class="comer-words">{what}</span>
            <span class="quiet">
                {format!("{} {}接待", format::moment(comer.at), comer.received_by.name)}
            </span>
        </li>
    }
    .into_any()
}
