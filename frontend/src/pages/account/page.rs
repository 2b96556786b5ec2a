//! `/account`: who I am, looks, password, signing out, and the pages that a phone's menu has no
//! room for.

use leptos::prelude::*;
use shared::access::Action;
use shared::term::Term;
use shared::webhook::WebhookDeed;

use super::leave;
use crate::app;
use crate::pages::heading;
use crate::place;
use crate::session;
use crate::theme::{self, Theme};
use crate::ui::field::{Form, field, terms};
use crate::ui::icon::icon;
use crate::ui::live::watch;

/// The page.
pub(crate) fn page() -> AnyView {
    let me = app::me();
    let rows = [
        ("姓名", me.user.name.clone()),
        ("用户名", me.user.username.clone()),
        ("单位", me.unit_name.clone()),
        ("角色", me.user.role.label().to_owned()),
        ("职务", me.user.duty.clone().unwrap_or_default()),
    ];
    let facts = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any())
        .collect_view();
    let webhooks = session::may(Action::Webhook(WebhookDeed::Own))
        .then(|| view! { <a class="btn" href="/webhooks">"事件推送"</a> }.into_any());
    let provider = me
        .provider
        .clone()
        .map(|name| view! { <a class="btn" href="/identity">{name}</a> }.into_any());
    view! {
        <div class="page page-narrow">
            {heading("我的")}
            <section class="card">
                <dl class="facts">{facts}</dl>
                <p class="row">
                    <a class="btn" href="/password">"修改密码"</a>
                    <a class="btn" href="/second-factor">"两步验证"</a>
                    {provider}
                    <a class="btn" href="/sign-ins">"登录管理"</a>
                    <a class="btn" href="/tokens">"API 令牌"</a>
                    {webhooks}
                </p>
            </section>
            {super::deputies::section()}
            {others()}
            <section class="card">{looks()}</section>
            {super::notices::settings()}
            <section class="card">
                <h2>"退出"</h2>
                <p class="hint">
                    "公用电脑用完请退出。怀疑密码被别人知道时，退出所有电脑并修改密码。"
                </p>
                {leave::leave()}
            </section>
        </div>
    }
    .into_any()
}

/// The pages of the menu at the side, for phones.
fn others() -> AnyView {
    let (work, reference) = place::menu();
    let entries = work
        .into_iter()
        .chain(reference)
        .map(|place| {
            view! {
                <li>
                    <a href=place.path()>{icon(place.icon())} <span>{place.title()}</span></a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <nav class="card phone-only" aria-label="全部页面">
            <h2>"全部页面"</h2>
            <ul class="link-list">{entries}</ul>
        </nav>
    }
    .into_any()
}

fn looks() -> AnyView {
    let chosen = RwSignal::new(theme::kept().code().to_owned());
    watch(move || {
        if let Some(theme) = Theme::from_code(&chosen.get()) {
            theme::choose(theme);
        }
    });
    field(Form::new(), "theme", Theme::NAME)
        .hint("只影响这台电脑上的这个浏览器。".to_owned())
        .choices(chosen, terms::<Theme>())
}
