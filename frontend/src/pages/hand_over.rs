//! `/users/{id}/hand-over`: what somebody still has to do by name, and handing it over when they leave.

use leptos::prelude::*;
use shared::access::Action;
use shared::account::User;
use shared::duty::{Duties, Duty, DutyKind, HandOver, HandedOver};
use shared::term::Term;

use super::admin::only_for;
use super::heading;
use crate::api::{Call, every};
use crate::directory::{Options, directory};
use crate::format::ordered;
use crate::load::{Loader, load};
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::{Notices, notices};
use crate::ui::request_key::RequestKey;
use crate::ui::states::{empty, waiting_rows};

#[derive(Clone, Copy)]
struct Desk {
    duties: Loader<Duties>,
    users: Loader<Vec<User>>,
    notices: Notices,
}

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    only_for(Action::ManageUsers, "工作交接", move || one(id))
}

fn one(id: String) -> AnyView {
    let path = format!("/users/{id}/duties");
    let desk = Desk {
        duties: load(move || Call::get(path.clone()).fetch()),
        users: load(|| every::<User>("/users")),
        notices: notices(),
    };
    view! {
        <div class="page page-narrow">
            <nav class="crumbs" aria-label="位置">
                <a href="/users">{icon(Icon::Back)} "用户"</a>
            </nav>
            {heading("工作交接")}
            {desk.duties.view(waiting_rows, move |duties| body(desk, &duties))}
        </div>
    }
    .into_any()
}

fn count(duties: &[Duty]) -> u32 {
    duties.iter().map(|duty| duty.count).sum()
}

fn body(desk: Desk, duties: &Duties) -> AnyView {
    let user = duties.user.clone();
    if duties.duties.is_empty() {
        let back = view! { <a class="btn" href="/users">"回到用户"</a> }.into_any();
        return empty(
            &format!("{}名下没有未了的工作", user.name),
            "没有要交接的事项、承诺和安排，可以停用。保密的检举控告件不在这里显示，由经办单位重新确定承办人。",
            Some(back),
        );
    }
    let words = format!(
        "{}（{}）名下还有{}项工作没有了结。选接手的人，一次交清；不同的工作交给不同的人时，分几次交。",
        user.name,
        user.role.label(),
        count(&duties.duties)
    );
    let lines = duties.duties.iter().map(line).collect_view();
    view! {
        <p>{words}</p>
        <section class="card">
            <dl class="facts facts-long" data-testid="duties">{lines}</dl>
        </section>
        {form(desk, user, duties.duties.clone())}
    }
    .into_any()
}

fn line(duty: &Duty) -> AnyView {
    let items = (!duty.items.is_empty())
        .then(|| view! { <span class="quiet">{format!(" {}", duty.items.join("、"))}</span> });
    view! {
        <div>
            <dt>{duty.kind.label()}</dt>
            <dd>{format!("{}项", duty.count)} {items}</dd>
        </div>
    }
    .into_any()
}

fn form(desk: Desk, from: User, duties: Vec<Duty>) -> AnyView {
    let form = Form::new();
    let all: Vec<String> = duties
        .iter()
        .map(|duty| duty.kind.code().to_owned())
        .collect();
    let offered: Options = duties
        .iter()
        .map(|duty| {
            let words = format!("{}（{}项）", duty.kind.label(), duty.count);
            (duty.kind.code().to_owned(), words)
        })
        .collect();
    let kinds = RwSignal::new(all);
    let successor = RwSignal::new(String::new());
    let directory = directory();
    let own = from.id.clone();
    let people = Signal::derive(move || {
        let users = desk.users.value().unwrap_or_default().into_iter();
        let users = users.filter(|user| user.is_active_person() && user.id != own);
        let users = users.filter(|user| user.role.handles_cases());
        ordered(users.collect::<Vec<User>>(), |user: &User| {
            // Those who do the same work come first.
            (user.role != from.role, user.role, user.name.clone())
        })
        .into_iter()
        .map(|user| {
            let unit = directory
                .unit_name(user.unit_id.as_str())
                .unwrap_or_default();
            let words = format!("{}（{}，{unit}）", user.name, user.role.label());
            (user.id.as_str().to_owned(), words)
        })
        .collect::<Options>()
    });
    let key = RequestKey::new();
    let path = format!("/users/{}/duties/hand-over", from.id);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let codes = kinds.get_untracked();
        let input = HandOver {
            successor_id: successor.get_untracked().into(),
            kinds: Some(
                codes
                    .iter()
                    .filter_map(|code| DutyKind::from_code(code))
                    .collect(),
            ),
        };
        if !form.accept(input.check()) {
            return;
        }
        let call = Call::post(path.clone()).once(&key.of(&input)).json(&input);
        form.send(call.fetch::<HandedOver>(), move |done| {
            key.renew();
            let words = match count(&done.left) {
                0 => format!("已交接{}项，没有剩下的。", count(&done.moved)),
                left => format!("已交接{}项，还剩{left}项。", count(&done.moved)),
            };
            desk.notices.say(words);
            desk.duties.reload();
        });
    };
    let busy = form.busy;
    view! {
        <form class="card stack" novalidate on:submit=submit>
            {form.summary()}
            {field(form, "successor_id", "交给谁")
                .required()
                .hint(
                    "包案和接待日值班的应是镇领导，承办事项的应是责任单位的人。".to_owned(),
                )
                .select(successor, Some("请选择"), people)}
            {field(form, "kinds", "交接哪些").required().several(kinds, offered)}
            <p class="hint">
                "每件事项里会记下由谁改为谁，接手的人会收到通知；有一项接不了，就一项也不动。"
            </p>
            <div class="row row-end">
                {form.submit_as("交接", "btn btn-primary", "hand-over")}
                <span role="status">{live(move || busy.get().then_some("正在交接…"))}</span>
            </div>
        </form>
    }
    .into_any()
}
