//! `/laws`: the library of laws; the administrator keeps titles and links.

use std::sync::Arc;

use leptos::prelude::*;
use shared::access::Action;
use shared::case::matter::form::{Field, FieldKind};
use shared::publicity::{Law, Laws, MAX_LINK, PublicityDeed};

use super::head;
use crate::api::Call;
use crate::load::load;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::session;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page() -> AnyView {
    let laws = load(move || Call::get("/laws").fetch::<Laws>());
    let steps = Steps::new(move |_| laws.reload());
    let keeps = session::may(Action::Publicity(PublicityDeed::KeepLaws));
    let add = keeps.then(|| {
        let step = Step {
            title: "增加法律法规",
            help: "",
            fields: vec![title(""), link("")],
            case: None,
            method: "POST",
            path: "/laws".to_owned(),
            etag: None,
            body: as_it_is(),
            done: "已增加。",
            later: None,
        };
        let button = steps.button("btn btn-primary", "add-law", step);
        view! { <p class="row row-end">{button}</p> }
    });
    let body = laws.view(waiting, move |laws| {
        let rows = laws
            .items
            .iter()
            .map(|law| row(law, keeps.then_some(steps)))
            .collect_view();
        view! { <ul class="card law-list">{rows}</ul> }.into_any()
    });
    view! {
        <div class="page">
            {head("/laws", "宣传活动从这里选择法律法规；全文链接由系统管理员维护。")}
            {add}
            {body}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

fn title(value: &str) -> Field {
    Field::text("title", "全称", 200)
        .required()
        .help("不用写书名号。")
        .value(value)
}

fn link(value: &str) -> Field {
    Field::text("link", "全文链接", MAX_LINK)
        .help("以 https:// 开头，如国家法律法规数据库中的网页。")
        .value(value)
}

fn row(law: &Law, steps: Option<Steps>) -> AnyView {
    let name = format!("《{}》", law.title);
    let name = match law.link.clone() {
        Some(href) => view! {
            <a href=href target="_blank" rel="external noopener">{name}</a>
        }
        .into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    };
    let closed = law
        .closed
        .then(|| view! { " " <span class="badge badge-done">"已停用"</span> });
    let edit = steps.map(|steps| {
        let step = Step {
            title: "修改",
            help: "停用的不再供新的宣传选择，以前的记录不变。",
            fields: vec![
                title(&law.title),
                link(law.link.as_deref().unwrap_or("")),
                Field::new("closed", "停用", FieldKind::Check).value(law.closed.to_string()),
            ],
            case: None,
            method: "PATCH",
            path: format!("/laws/{}", law.id),
            etag: Some(format!("\"{}\"", law.version)),
            body: Arc::new(|mut filled| {
                filled.entry("link").or_insert_with(|| "".into());
                filled
            }),
            done: "已修改。",
            later: None,
        };
        steps.button("btn btn-small", "edit-law", step)
    });
    view! {
        <li class="law" data-testid="law">
            <span>{name}{closed}</span>
            {edit}
        </li>
    }
    .into_any()
}
