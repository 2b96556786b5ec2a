//! Sign-in, and sign-in again when a session ended in the middle of work.

use leptos::prelude::*;
use shared::account::{Session, SignIn};
use shared::problem::Code;
use shared::second_factor::check_code;
use shared::setup::SetupStatus;
use shared::validate::Errors;

use crate::api::Call;
use crate::app;
use crate::browser;
use crate::load::load;
use crate::route::route;
use crate::session;
use crate::ui::field::{Form, field};
use crate::ui::live::live;

/// `/login`.
pub(crate) fn page() -> AnyView {
    app::after_sign_in();
    let username = RwSignal::new(String::new());
    crate::browser::focus_later("username");
    view! {
        <main class="plain">
            <div class="card door">
                <p class="door-mark" aria-hidden="true">"信"</p>
                <h1>"信访三无工作台"</h1>
                <p class="quiet">"乡镇信访事项登记、办理、答复"</p>
                {form(username, true)}
                {provider()}
                {app::locked()}
                <p class="hint">
                    "忘记密码或没有账号，请找本镇系统管理员。公用电脑用完请退出。"
                </p>
            </div>
        </main>
    }
    .into_any()
}

/// The question for the password over a page that stays as it is.
pub(crate) fn again() -> AnyView {
    let username = session::me().map(|me| me.user.username).unwrap_or_default();
    view! {
        <p>"请再输入一次密码。这一页上填写的内容还在，登录后再提交一次即可。"</p>
        {form(RwSignal::new(username), false)}
        {session::me().and_then(|me| me.provider).map(|name| by_provider(&name, true))}
    }
    .into_any()
}

/// The way in by the identity provider, where there is one.
fn provider() -> AnyView {
    let status = load(|| Call::get("/setup").fetch::<SetupStatus>());
    live(move || {
        let name = status.value().and_then(|status| status.provider);
        name.map(|name| by_provider(&name, false))
    })
}

/// It leaves the app, and comes back to the page that is open.
fn by_provider(name: &str, loses: bool) -> AnyView {
    let to = browser::encoded(&route().path.get_untracked());
    let hint = loses.then(|| view! { <p class="hint">"会离开这一页，没有提交的内容会丢失。"</p> });
    view! {
        <a
            class="btn btn-wide"
            rel="external"
            data-testid="login-provider"
            href=format!("/sso/start?to={to}")
        >
            {format!("用{name}登录")}
        </a>
        {hint}
    }
    .into_any()
}

/// Name and password; where a second factor is on, a code after that.
fn form(username: RwSignal<String>, whole: bool) -> AnyView {
    let password = RwSignal::new(String::new());
    let code = RwSignal::new(String::new());
    // Whether the password was right, and the code is asked for.
    let asked = RwSignal::new(false);
    let form = Form::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let second = asked.get_untracked();
        let input = SignIn {
            username: username.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
            totp: second.then(|| code.get_untracked()),
        };
        if !form.accept(check(&input)) {
            return;
        }
        let request = async move { Call::post("/session").json(&input).fetch::<Session>().await };
        form.send_or(request, session::opened, move |failure| {
            if failure.code() == Some(Code::SecondFactorRequired) {
                form.show(Vec::new());
                asked.try_set(true);
                crate::browser::focus_later("totp");
                return;
            }
            code.try_set(String::new());
            if !second {
                password.set(String::new());
            }
            form.fail(failure);
        });
    };
    let again = move |_| {
        password.set(String::new());
        code.set(String::new());
        form.show(Vec::new());
        asked.set(false);
    };
    let fields = live(move || {
        if asked.get() {
            return view! {
                {field(form, "totp", "验证码")
                    .complete("one-time-code")
                    .hint(
                        "手机验证器上的6位数字。手机不在手边，用一个恢复码；都没有，请找本镇系统管理员。"
                            .to_owned(),
                    )
                    .testid("login-totp")
                    .input(code)}
            }
            .into_any();
        }
        let name = whole.then(|| {
            field(form, "username", "用户名")
                .complete("username")
                .testid("login-username")
                .input(username)
        });
        view! {
            {name}
            {field(form, "password", "密码")
                .kind("password")
                .complete("current-password")
                .testid("login-password")
                .input(password)}
        }
        .into_any()
    });
    let back = live(move || {
        asked.get().then(|| {
            view! {
                <button type="button" class="btn btn-quiet" on:click=again>
                    "换个用户名登录"
                </button>
            }
        })
    });
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {fields}
            {form.submit_as("登录", "btn btn-primary btn-wide", "login-submit")}
            {back}
        </form>
    }
    .into_any()
}

fn check(input: &SignIn) -> Errors {
    let mut errors = Errors::new();
    if input.username.is_empty() {
        errors.add("username", "required", "请填写用户名。");
    }
    if input.password.is_empty() {
        errors.add("password", "required", "请填写密码。");
    }
    if let Some(code) = &input.totp {
        check_code(&mut errors, "totp", code);
    }
    errors
}
