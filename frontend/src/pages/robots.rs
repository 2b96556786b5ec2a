//! Chat robots, on the page of the settings: which there are, what they tell a group of, and whether
//! that went well.

use std::time::Duration;

use leptos::prelude::*;
use shared::notice::NoticeKind;
use shared::notice::robot::{NewRobot, Robot, RobotKind, RobotPatch, offered};
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::admin::{etag, foot, stale};
use crate::api::{Answer, Call};
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, filled, offer, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::{Notices, notices};
use crate::ui::states::{empty, waiting};

#[derive(Clone, Copy)]
struct Desk {
    robots: Loader<Vec<Robot>>,
    notices: Notices,
    /// Changes a robot; makes a new one where there is none.
    dialog: Dialog<Option<Robot>>,
}

/// The section.
pub(crate) fn section() -> AnyView {
    let desk = Desk {
        robots: load(|| Call::get("/notification-robots").fetch()),
        notices: notices(),
        dialog: Dialog::new(),
    };
    let list = desk.robots.view(waiting, move |robots| {
        if robots.is_empty() {
            return empty(
                "还没有机器人",
                "在企业微信、钉钉或飞书的工作群里添加群机器人，把它的 Webhook 地址填到这里，群里就能收到通知。",
                None,
            );
        }
        let robots = robots.into_iter().map(|robot| card(desk, robot)).collect_view();
        view! { <ul class="cards">{robots}</ul> }.into_any()
    });
    let title = |robot: &Option<Robot>| match robot {
        Some(robot) => format!("修改机器人“{}”", robot.name),
        None => "新增机器人".to_owned(),
    };
    let add = move |_| desk.dialog.start(None);
    view! {
        <section class="stack" aria-labelledby="robots">
            <h2 id="robots">"群机器人"</h2>
            <p class="quiet">
                "通知可以同时发到工作群。群里只有通知类型和标题（编号、单位、期限），没有个人信息；检举控告件不发。"
            </p>
            {list}
            <p class="row">
                <button type="button" class="btn" data-testid="add-robot" on:click=add>
                    {icon(Icon::Add)}
                    "新增机器人"
                </button>
            </p>
            {desk.dialog.view(title, move |robot| form(desk, robot))}
        </section>
    }
    .into_any()
}

fn card(desk: Desk, robot: Robot) -> AnyView {
    let kinds: Vec<&str> = robot.kinds.iter().map(|kind| kind.label()).collect();
    let standing = match (robot.enabled, robot.paused) {
        (false, _) => view! { <span class="badge badge-done">"已停用"</span> },
        (true, true) => view! { <span class="badge badge-wait">"连续失败，已暂停"</span> },
        (true, false) => view! { <span class="badge badge-answered">"在用"</span> },
    };
    let last = robot.last_at.map(|at| {
        let result = robot.last_result.clone().unwrap_or_default();
        let class = if robot.last_ok == Some(true) {
            ""
        } else {
            "due-late"
        };
        view! {
            <div>
                <dt>"上次发送"</dt>
                <dd>{format::moment(at)} " " <span class=class>{result}</span></dd>
            </div>
        }
    });
    let waits = (robot.waiting > 0)
        .then(|| view! { <div><dt>"等候发送"</dt><dd>{format!("{}条", robot.waiting)}</dd></div> });
    view! {
        <li class="card admin-card" data-testid="robot">
            <p class="admin-card-head">
                <strong>{robot.name.clone()}</strong>
                {standing}
            </p>
            <dl class="facts">
                <div><dt>"类型"</dt><dd>{robot.kind.label()}{robot.signed.then_some("，加签")}</dd></div>
                <div><dt>"地址"</dt><dd class="number">{robot.address.clone()}</dd></div>
                <div><dt>"通知"</dt><dd>{kinds.join("、")}</dd></div>
                {last}
                {waits}
            </dl>
            {buttons(desk, robot)}
        </li>
    }
    .into_any()
}

fn buttons(desk: Desk, robot: Robot) -> AnyView {
    let path = format!("/notification-robots/{}", robot.id);
    let on = robot.enabled && !robot.paused;
    let (test, turn, remove) = (path.clone(), path.clone(), path);
    let version = robot.version;
    let name = robot.name.clone();
    let change = move |_| desk.dialog.start(Some(robot.clone()));
    let press = |words: &'static str, act: Box<dyn Fn()>| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                aria-label=format!("{words}：{name}")
                on:click=move |_| act()
            >
                {words}
            </button>
        }
        .into_any()
    };
    let test = on.then(|| {
        press(
            "测试",
            Box::new(move || {
                let call = Call::post(format!("{test}/test")).once(&browser::random_key());
                sent(desk, "测试消息已排队，几秒后看结果。", call);
            }),
        )
    });
    let turn = press(
        if on { "停用" } else { "启用" },
        Box::new(move || {
            let patch = RobotPatch {
                enabled: Some(!on),
                ..RobotPatch::default()
            };
            let call = Call::patch(turn.clone())
                .if_match(&etag(version))
                .json(&patch);
            sent(
                desk,
                if on {
                    "机器人已停用。"
                } else {
                    "机器人已启用。"
                },
                call,
            );
        }),
    );
    let remove = press(
        "删除",
        Box::new(move || {
            let sure = window().confirm_with_message("删除这个机器人？等候发送的消息也会删除。");
            if sure == Ok(true) {
                sent(desk, "机器人已删除。", Call::delete(remove.clone()));
            }
        }),
    );
    view! {
        <p class="row">
            {test}
            <button type="button" class="btn btn-small" on:click=change>
                "修改"
            </button>
            {turn}
            {remove}
        </p>
    }
    .into_any()
}

/// Sends, says so, and shows what became of it: at once, and when a message has had time to be sent.
fn sent(desk: Desk, words: &'static str, call: Call) {
    spawn_local(async move {
        match call.done().await {
            Ok(()) => {
                desk.notices.say(words);
                browser::later(Duration::from_secs(3), move || desk.robots.reload());
            }
            Err(failure) => desk.notices.say(failure.message()),
        }
        desk.robots.reload();
    });
}

fn form(desk: Desk, before: Option<Robot>) -> AnyView {
    let form = Form::new();
    let is_new = before.is_none();
    let text = |text: Option<&str>| RwSignal::new(text.unwrap_or_default().to_owned());
    let name = text(before.as_ref().map(|robot| robot.name.as_str()));
    let kind = text(Some(before.as_ref().map_or("", |robot| robot.kind.code())));
    let (address, secret) = (text(None), text(None));
    let kinds = before.as_ref().map_or_else(
        || vec![NoticeKind::Alert.code().to_owned()],
        |robot| {
            robot
                .kinds
                .iter()
                .map(|kind| kind.code().to_owned())
                .collect()
        },
    );
    let kinds = RwSignal::new(kinds);
    let key = StoredValue::new(browser::random_key());
    let chosen = move || -> Vec<NoticeKind> {
        let codes = kinds.get_untracked();
        codes
            .iter()
            .filter_map(|code| NoticeKind::from_code(code))
            .collect()
    };
    let now = before.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = match &now {
            None => {
                let Some(kind) = RobotKind::from_code(&kind.get_untracked()) else {
                    let mut errors = shared::validate::Errors::new();
                    errors.add("kind", "required", "请选择机器人类型。");
                    form.accept(errors);
                    return;
                };
                let new = NewRobot {
                    name: name.get_untracked(),
                    kind,
                    address: address.get_untracked(),
                    secret: filled(&secret.get_untracked()),
                    kinds: chosen(),
                };
                if !form.accept(new.check()) {
                    return;
                }
                Call::post("/notification-robots")
                    .once(&key.get_value())
                    .json(&new)
            }
            Some(robot) => {
                let patch = RobotPatch {
                    name: Some(name.get_untracked()),
                    address: filled(&address.get_untracked()),
                    secret: filled(&secret.get_untracked()),
                    kinds: Some(chosen()),
                    enabled: None,
                };
                if !form.accept(patch.check(robot.kind)) {
                    return;
                }
                let path = format!("/notification-robots/{}", robot.id);
                Call::patch(path)
                    .if_match(&etag(robot.version))
                    .json(&patch)
            }
        };
        let sending = async move { call.done().await };
        send(desk, form, key, sending);
    };
    let which = is_new.then(|| {
        field(form, "kind", RobotKind::NAME)
            .required()
            .choices(kind, terms::<RobotKind>())
    });
    let keep = "留空则不变。";
    let take = move || {
        desk.dialog.close();
        desk.robots.reload();
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, take)}
            {which}
            {field(form, "name", "名称").placeholder("如：综治工作群").required().input(name)}
            {field(form, "address", "Webhook 地址")
                .hint(format!(
                    "从群机器人的设置里复制，以 https:// 开头。地址就是密码，保存后不再完整显示。{}",
                    if is_new { "" } else { keep },
                ))
                .input(address)}
            {field(form, "secret", "加签密钥")
                .hint(format!(
                    "钉钉、飞书选了“加签”才填，企业微信没有。{}",
                    if is_new { "" } else { keep },
                ))
                .input(secret)}
            {field(form, "kinds", "发哪些通知").required().several(kinds, offered().map(offer).collect())}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn send(
    desk: Desk,
    form: Form,
    key: StoredValue<String>,
    sending: impl Future<Output = Answer<()>> + 'static,
) {
    form.send_or(
        sending,
        move |()| {
            desk.dialog.close();
            desk.robots.reload();
            desk.notices.say("机器人已保存。");
        },
        move |failure| {
            // What comes next is another request.
            key.try_set_value(browser::random_key());
            form.fail(failure);
        },
    );
}
