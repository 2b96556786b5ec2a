//! `/second-factor`: the own second factor (两步验证): setting it up with an authenticator app, the recovery
//! codes, turning it off. Whoever must have it comes here before anything else.

use leptos::prelude::*;
use shared::account::Session;
use shared::second_factor::{
    FactorCode, FactorOn, FactorProof, FactorSecret, FactorStart, FactorStatus, RECOVERY_CODES,
    RecoveryCodes, check_code,
};
use shared::validate::Errors;
use wasm_bindgen_futures::spawn_local;

use super::account::password;
use super::heading;
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::session;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::{Notices, notices};
use crate::ui::secret::copying;
use crate::ui::states::waiting;

/// Where the recovery codes stand, to be copied.
const CODES: &str = "recovery-codes";

/// Where the page is.
#[derive(Clone)]
enum Doing {
    /// What is on, and what can be done.
    Looking,
    /// The secret is to be taken over by the app.
    Scanning(FactorSecret),
    /// Recovery codes are shown, once; a new session waits where it was just turned on.
    Telling(Vec<String>, Option<Box<Session>>),
    /// New recovery codes are asked for.
    Renewing,
    /// It is to be turned off.
    Ending,
}

#[derive(Clone, Copy)]
struct Desk {
    status: Loader<FactorStatus>,
    doing: RwSignal<Doing>,
    notices: Notices,
    /// Whether nothing else is done before.
    forced: bool,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let forced = app::me().must_set_up_second_factor;
    let desk = Desk {
        status: load(|| Call::get("/me/second-factor").fetch()),
        doing: RwSignal::new(Doing::Looking),
        notices: notices(),
        forced,
    };
    let body = live(move || match desk.doing.get() {
        Doing::Looking => desk
            .status
            .view(waiting, move |status| look(desk, &status))
            .into_any(),
        Doing::Scanning(secret) => scan(desk, &secret),
        Doing::Telling(codes, session) => tell(desk, codes, session),
        Doing::Renewing => prove(desk, true),
        Doing::Ending => prove(desk, false),
    });
    if forced {
        return view! {
            <div class="card door">
                {heading("先设置两步验证")}
                <p class="quiet">
                    {format!(
                        "{}，您的角色登录时除了密码，还要输入手机验证器上的验证码。设置好后才能开始工作。",
                        app::me().user.name,
                    )}
                </p>
                {body}
                {leave()}
            </div>
        }
        .into_any();
    }
    view! {
        <div class="page page-narrow">
            {heading("两步验证")}
            <section class="card stack">{body}</section>
        </div>
    }
    .into_any()
}

/// The way out for whoever has no phone at hand.
fn leave() -> AnyView {
    let leave = move |_| {
        spawn_local(async {
            let _ = session::sign_out(false, false).await;
        });
    };
    view! {
        <button type="button" class="btn btn-quiet" data-testid="sign-out" on:click=leave>
            "退出登录"
        </button>
    }
    .into_any()
}

fn look(desk: Desk, status: &FactorStatus) -> AnyView {
    if !status.on {
        return start(desk);
    }
    let since = status.since.map(format::moment).unwrap_or_default();
    let left = status.recovery_codes_left;
    let few = (left <= 3).then(|| {
        view! {
            <p class="note note-sealed">
                {icon(Icon::Warning)}
                " 恢复码快用完了，请换新的，打印或抄下来收好。"
            </p>
        }
    });
    let off = if status.required {
        view! {
            <p class="hint">
                "您的角色须使用两步验证，不能关闭。换手机时请系统管理员重置，再重新设置。"
            </p>
        }
        .into_any()
    } else {
        view! {
            <p>
                <button
                    type="button"
                    class="btn"
                    data-testid="factor-off"
                    on:click=move |_| desk.doing.set(Doing::Ending)
                >
                    "关闭两步验证"
                </button>
            </p>
            <p class="hint">"换手机时，先关闭，再用新手机重新设置。"</p>
        }
        .into_any()
    };
    view! {
        <p data-testid="factor-on">
            <span class="badge badge-answered">"已开启"</span>
            {format!(" {since}起，登录时除了密码还要验证码。")}
        </p>
        <p data-testid="codes-left">{format!("还有{left}个恢复码没有用。")}</p>
        {few}
        <p>
            <button
                type="button"
                class="btn"
                data-testid="renew-codes"
                on:click=move |_| desk.doing.set(Doing::Renewing)
            >
                "换新恢复码"
            </button>
        </p>
        {off}
    }
    .into_any()
}

/// Why it is good, and the password.
fn start(desk: Desk) -> AnyView {
    let hint = "确认是您本人在设置。".to_owned();
    let button = ("开始设置", "factor-start");
    let asked = password::asked("您的密码", hint, button, move |form, password| {
        let call = Call::post("/me/second-factor").json(&FactorStart { password });
        form.send(call.fetch::<FactorSecret>(), move |secret| {
            desk.doing.try_set(Doing::Scanning(secret));
            browser::focus_later("code");
        });
    });
    let off = (!desk.forced).then(|| {
        view! { <p><span class="badge badge-done">"没有开启"</span></p> }
    });
    view! {
        {off}
        <p>
            "开启后，密码被人知道了也登录不进来：还要您手机上每30秒换一次的6位数字。手机上装一个验证器（如微信小程序“腾讯身份验证器”、Microsoft Authenticator），不用联网，不花流量。"
        </p>
        {asked}
    }
    .into_any()
}

/// The secret as a picture and in words, and the first code.
fn scan(desk: Desk, secret: &FactorSecret) -> AnyView {
    let form = Form::new();
    let code = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = FactorCode {
            code: code.get_untracked(),
        };
        let mut errors = Errors::new();
        check_code(&mut errors, "code", &input.code);
        if !form.accept(errors) {
            return;
        }
        let call = Call::post("/me/second-factor/confirm").json(&input);
        form.send(call.fetch::<FactorOn>(), move |on| {
            // The old access token is worth nothing any more; who is signed in follows when the codes
            // have been read.
            api::hold_token(Some(on.session.access_token.clone()));
            let session = Some(Box::new(on.session));
            desk.doing
                .try_set(Doing::Telling(on.recovery_codes, session));
        });
    };
    // An image, not markup of the page: nothing in it can act.
    let picture = format!(
        "data:image/svg+xml;charset=utf-8,{}",
        browser::encoded(&secret.qr_svg)
    );
    let spaced: Vec<String> = secret
        .secret
        .as_bytes()
        .chunks(4)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    view! {
        <ol class="steps">
            <li>
                <p>"打开手机上的验证器，扫这个二维码："</p>
                <img
                    class="factor-qr"
                    src=picture
                    alt="两步验证的二维码"
                    width="220"
                    height="220"
                />
                <p class="hint">"不能扫的，在验证器里选“手动输入”，填这个密钥："</p>
                <p><code class="secret" data-testid="factor-secret">{spaced.join(" ")}</code></p>
            </li>
            <li>
                <form class="stack" novalidate on:submit=submit>
                    {form.summary()}
                    {field(form, "code", "输入验证器上的6位数字")
                        .mode("numeric")
                        .complete("one-time-code")
                        .class("field field-short")
                        .required()
                        .input(code)}
                    <div class="row">
                        {form.submit_as("开启两步验证", "btn btn-primary", "factor-confirm")}
                        <button
                            type="button"
                            class="btn"
                            on:click=move |_| desk.doing.set(Doing::Looking)
                        >
                            "取消"
                        </button>
                    </div>
                </form>
            </li>
        </ol>
    }
    .into_any()
}

/// The recovery codes: shown this once.
fn tell(desk: Desk, codes: Vec<String>, session: Option<Box<Session>>) -> AnyView {
    let said = ["已复制。", "浏览器不让复制，请抄写或打印。"];
    let (copy, said) = copying(CODES, "copy-codes".to_owned(), "复制", said);
    let session = StoredValue::new(session);
    let done = move |_| match session.get_value() {
        Some(opened) => {
            desk.notices.say("两步验证已开启，其他电脑上的登录已失效。");
            session::opened(*opened);
            // Whoever came here by choice stays; the door opens for the others.
            desk.doing.try_set(Doing::Looking);
            desk.status.reload();
        }
        None => {
            desk.notices.say("恢复码已换新，旧的不能再用。");
            desk.doing.set(Doing::Looking);
            desk.status.reload();
        }
    };
    view! {
        <p class="note note-sealed">
            {icon(Icon::Warning)}
            {format!(
                " 下面{RECOVERY_CODES}个恢复码只显示这一次。手机丢了、坏了时，每个可以代替验证码用一次。请打印或抄下来锁好，不要存在手机里。",
            )}
        </p>
        <pre class="secret recovery-codes" id=CODES data-testid=CODES>{codes.join("\n")}</pre>
        <p class="row no-print">
            {copy}
            <button type="button" class="btn" on:click=move |_| browser::print()>
                {icon(Icon::Print)}
                "打印"
            </button>
            {said}
        </p>
        <p class="no-print">
            <button
                type="button"
                class="btn btn-primary"
                data-testid="codes-noted"
                on:click=done
            >
                "已收好，继续"
            </button>
        </p>
    }
    .into_any()
}

/// Asks for password and code, to renew the recovery codes or to turn it off.
fn prove(desk: Desk, renew: bool) -> AnyView {
    let form = Form::new();
    let password = RwSignal::new(String::new());
    let code = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = FactorProof {
            password: password.get_untracked(),
            code: code.get_untracked(),
        };
        let mut errors = Errors::new();
        if input.password.is_empty() {
            errors.add("password", "required", "请填写密码。");
        }
        check_code(&mut errors, "code", &input.code);
        if !form.accept(errors) {
            return;
        }
        if renew {
            let call = Call::post("/me/second-factor/recovery-codes").json(&input);
            form.send(call.fetch::<RecoveryCodes>(), move |new| {
                desk.doing.try_set(Doing::Telling(new.recovery_codes, None));
            });
        } else {
            let call = Call::post("/me/second-factor/off").json(&input);
            form.send(call.done(), move |()| {
                desk.notices.say("两步验证已关闭。");
                desk.doing.try_set(Doing::Looking);
                desk.status.reload();
            });
        }
    };
    let (words, label, class) = if renew {
        (
            "换新后，以前的恢复码全部作废。",
            "换新恢复码",
            "btn btn-primary",
        )
    } else {
        ("关闭后，登录只凭密码。", "关闭两步验证", "btn btn-danger")
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>{words}</p>
            {field(form, "password", "您的密码")
                .kind("password")
                .complete("current-password")
                .required()
                .input(password)}
            {field(form, "code", "验证码或恢复码")
                .complete("one-time-code")
                .hint("验证器上的6位数字；手机不在手边时，用一个恢复码。".to_owned())
                .class("field field-short")
                .required()
                .input(code)}
            <div class="row">
                {form.submit_as(label, class, "factor-prove")}
                <button type="button" class="btn" on:click=move |_| desk.doing.set(Doing::Looking)>
                    "取消"
                </button>
            </div>
        </form>
    }
    .into_any()
}
