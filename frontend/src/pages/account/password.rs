//! Change of the own password: by choice, or before anything else with an initial one; and the form that
//! asks for it again.

use leptos::prelude::*;
use shared::account::{MIN_PASSWORD, PasswordChange, Session, check_password};
use shared::validate::Errors;

use crate::api::Call;
use crate::app;
use crate::pages::heading;
use crate::session;
use crate::ui::field::{Form, field};
use crate::ui::notice::notices;
use wasm_bindgen_futures::spawn_local;

/// `/password`.
pub(crate) fn page() -> AnyView {
    let notices = notices();
    let go = app::going();
    let done = Callback::new(move |()| {
        notices.say("密码已修改，其他电脑上的登录已失效。");
        go.run("/account".to_owned());
    });
    view! {
        <div class="page page-narrow">
            {heading("修改密码")}
            <div class="card">{form(done)}</div>
        </div>
    }
    .into_any()
}

/// The same before anything else.
pub(crate) fn forced() -> AnyView {
    let name = session::me().map(|me| me.user.name).unwrap_or_default();
    let leave = move |_| {
        spawn_local(async {
            let _ = session::sign_out(false, false).await;
        });
    };
    view! {
        <main class="plain">
            <div class="card door">
                {heading("先修改初始密码")}
                <p class="quiet">
                    {format!("{name}，您用的是管理员发的初始密码。换成只有自己知道的密码后，才能开始工作。")}
                </p>
                {form(Callback::new(|()| ()))}
                <button type="button" class="btn btn-quiet" data-testid="sign-out" on:click=leave>
                    "退出登录"
                </button>
            </div>
        </main>
    }
    .into_any()
}

fn form(done: Callback<()>) -> AnyView {
    let username = session::me().map(|me| me.user.username).unwrap_or_default();
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let again = RwSignal::new(String::new());
    let form = Form::new();
    let name = username.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = PasswordChange {
            current_password: current.get_untracked(),
            new_password: new.get_untracked(),
        };
        if !form.accept(check(&input, &again.get_untracked(), &name)) {
            return;
        }
        let request = async move {
            Call::post("/me/password")
                .json(&input)
                .fetch::<Session>()
                .await
        };
        form.send(request, move |opened| {
            session::opened(opened);
            done.run(());
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <input type="text" class="sr-only" autocomplete="username" tabindex="-1" aria-hidden="true" value=username/>
            {field(form, "current_password", "现在的密码")
                .kind("password")
                .complete("current-password")
                .required()
                .input(current)}
            {field(form, "new_password", "新密码")
                .kind("password")
                .complete("new-password")
                .hint(format!("至少{MIN_PASSWORD}个字符，长比花样多更安全；不要含用户名。"))
                .required()
                .input(new)}
            {field(form, "again", "再输入一次新密码")
                .kind("password")
                .complete("new-password")
                .required()
                .input(again)}
            {form.submit("修改密码", "btn btn-primary btn-wide")}
        </form>
    }
    .into_any()
}

fn check(input: &PasswordChange, again: &str, username: &str) -> Errors {
    let mut errors = Errors::new();
    if input.current_password.is_empty() {
        errors.add("current_password", "required", "请填写现在的密码。");
    }
    check_password(&mut errors, "new_password", &input.new_password, username);
    if input.new_password == input.current_password && !input.new_password.is_empty() {
        errors.add("new_password", "same", "新密码不能和现在的一样。");
    }
    if input.new_password != again {
        errors.add("again", "different", "两次输入的新密码不一样。");
    }
    errors
}

/// The own password, asked for again before something of the account changes: a form of its own, with
/// the button's words and its name in tests.
pub(crate) fn asked(
    label: &'static str,
    hint: String,
    (button, testid): (&'static str, &'static str),
    then: impl Fn(Form, String) + 'static,
) -> AnyView {
    let form = Form::new();
    let password = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = password.get_untracked();
        let mut errors = Errors::new();
        if typed.is_empty() {
            errors.add("password", "required", "请填写密码。");
        }
        if form.accept(errors) {
            then(form, typed);
        }
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {field(form, "password", label)
                .kind("password")
                .complete("current-password")
                .hint(hint)
                .required()
                .input(password)}
            {form.submit_as(button, "btn btn-primary", testid)}
        </form>
    }
    .into_any()
}
