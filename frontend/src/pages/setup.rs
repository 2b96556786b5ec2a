//! `/setup`: the first person creates the administrator and picks the organisation.

use leptos::prelude::*;
use shared::account::{Session, SignIn};
use shared::org::{TEMPLATE_SHORT_NAME, TEMPLATE_TOWNSHIP};
use shared::setup::{Setup, Template};
use shared::term::Term;

use crate::api::Call;
use crate::pages::heading;
use crate::session;
use crate::ui::field::{Form, field, filled, terms};

/// The page. `done` is called once somebody is signed in or has to sign in.
pub(crate) fn page(demo: bool, done: impl Fn() + Copy + 'static) -> AnyView {
    let words = if demo {
        "演示环境。"
    } else {
        "这台电脑上还没有数据。先建一个系统管理员，再选乡镇的单位设置；单位和人员以后都可以改。"
    };
    view! {
        <main class="plain">
            <div class="card door door-wide">
                {heading("首次设置")}
                <p class="quiet">{words}</p>
                {form(done)}
            </div>
        </main>
    }
    .into_any()
}

fn form(done: impl Fn() + Copy + 'static) -> AnyView {
    let form = Form::new();
    let text = |text: &str| RwSignal::new(text.to_owned());
    let username = text("admin");
    let name = text("");
    let password = text("");
    let again = text("");
    let template = text(Template::Pingchuan.code());
    let township = text(TEMPLATE_TOWNSHIP);
    let short = text(TEMPLATE_SHORT_NAME);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = Setup {
            username: username.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
            name: name.get_untracked().trim().to_owned(),
            township_name: township.get_untracked().trim().to_owned(),
            short_name: filled(&short.get_untracked()),
            template: Template::from_code(&template.get_untracked()).unwrap_or(Template::Pingchuan),
        };
        let mut errors = input.check();
        if input.password != again.get_untracked() {
            errors.add("again", "different", "两次输入的密码不一样。");
        }
        if !form.accept(errors) {
            return;
        }
        let sign_in = SignIn {
            username: input.username.clone(),
            password: input.password.clone(),
            totp: None,
        };
        let request = async move {
            Call::post("/setup").json(&input).done().await?;
            Call::post("/session")
                .json(&sign_in)
                .fetch::<Session>()
                .await
        };
        form.send(request, move |opened| {
            session::opened(opened);
            done();
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <fieldset class="group">
                <legend>"系统管理员"</legend>
                <p class="hint">"管理单位、用户和设置，看不到事项内容。"</p>
                {field(form, "name", "姓名").required().complete("name").input(name)}
                {field(form, "username", "用户名").required().complete("username").input(username)}
                {field(form, "password", "密码")
                    .kind("password")
                    .complete("new-password")
                    .hint(format!("至少{}个字符。", shared::account::MIN_PASSWORD))
                    .required()
                    .input(password)}
                {field(form, "again", "再输入一次密码")
                    .kind("password")
                    .complete("new-password")
                    .required()
                    .input(again)}
            </fieldset>
            <fieldset class="group">
                <legend>"乡镇"</legend>
                {field(form, "template", "单位设置").choices(template, terms::<Template>())}
                {field(form, "township_name", "乡镇名称").required().input(township)}
                {field(form, "short_name", "简称")
                    .hint("事项编号以它开头，如“平川信〔2026〕00012号”。".to_owned())
                    .required()
                    .input(short)}
            </fieldset>
            {form.submit("开始使用", "btn btn-primary btn-wide")}
        </form>
    }
    .into_any()
}
