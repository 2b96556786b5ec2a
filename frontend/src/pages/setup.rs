//! `/setup`: the first person creates the administrator and picks the organisation.

use leptos::prelude::*;
use serde::Serialize;
use shared::account::{MAX_NAME, check_password, check_username};
use shared::org::{TEMPLATE_SHORT_NAME, TEMPLATE_TOWNSHIP};
use shared::validate::Errors;

use crate::api::Call;
use crate::pages::heading;
use crate::session;
use crate::ui::field::{Form, field};

/// What `POST /setup` takes.
#[derive(Serialize)]
struct SetUp {
    username: String,
    password: String,
    name: String,
    township_name: String,
    short_name: String,
    template: String,
}

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
    let template = text("pingchuan");
    let township = text(TEMPLATE_TOWNSHIP);
    let short = text(TEMPLATE_SHORT_NAME);
    let templates = vec![
        (
            "pingchuan".to_owned(),
            "用平川镇模板（9个村、72个社和镇直单位）".to_owned(),
        ),
        ("empty".to_owned(), "只建乡镇，单位自己添加".to_owned()),
    ];
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = SetUp {
            username: username.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
            name: name.get_untracked().trim().to_owned(),
            township_name: township.get_untracked().trim().to_owned(),
            short_name: short.get_untracked().trim().to_owned(),
            template: template.get_untracked(),
        };
        if !form.accept(check(&input, &again.get_untracked())) {
            return;
        }
        let sign_in = shared::account::SignIn {
            username: input.username.clone(),
            password: input.password.clone(),
            totp: None,
        };
        let request = async move {
            Call::post("/setup").json(&input).done().await?;
            Call::post("/session")
                .json(&sign_in)
                .fetch::<shared::account::Session>()
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
                {field(form, "template", "单位设置").choices(template, templates)}
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

fn check(input: &SetUp, again: &str) -> Errors {
    let mut errors = Errors::new();
    errors.text("name", "姓名", &input.name, MAX_NAME);
    check_username(&mut errors, &input.username);
    check_password(&mut errors, "password", &input.password, &input.username);
    if input.password != again {
        errors.add("again", "different", "两次输入的密码不一样。");
    }
    errors.text("township_name", "乡镇名称", &input.township_name, MAX_NAME);
    errors.text("short_name", "简称", &input.short_name, 10);
    errors
}
