//! `/webhooks`: what happens to cases is told to programs. Everybody has their own; the administrator says
//! where they may lead, sees the township's and removes any.

use std::time::Duration;

use leptos::prelude::*;
use shared::access::Action;
use shared::case::Kind;
use shared::case::state::EventKind;
use shared::ids::UnitId;
use shared::page::Page;
use shared::term::Term;
use shared::validate::Errors;
use shared::webhook::{
    AllowAddresses, Delivery, DeliveryState, MadeWebhook, NewWebhook, Webhook, WebhookAddresses,
    WebhookDeed, WebhookPatch, WebhookState, names_cases,
};
use wasm_bindgen_futures::spawn_local;

use super::admin::{etag, foot, only_for, stale};
use super::heading;
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::directory::directory;
use crate::format;
use crate::load::{Loader, load};
use crate::rows::{Rows, rows};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::{Notices, notices};
use crate::ui::secret::{Secret, code};
use crate::ui::states::{empty, waiting};

/// What the page is called.
const TITLE: &str = "事件推送";
/// Where the secret stands, to be copied.
const SECRET: &str = "webhook-secret";

/// What is in the dialog.
#[derive(Clone)]
enum Doing {
    Writing(Option<Webhook>),
    Telling(MadeWebhook),
    Rotating(Webhook),
    Removing(Webhook),
    Reading(Webhook),
    Allowing(WebhookAddresses),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Writing(None) => "新建订阅".to_owned(),
            Self::Writing(Some(webhook)) => format!("修改订阅“{}”", webhook.name),
            Self::Telling(made) => format!("订阅“{}”的签名密钥", made.webhook.name),
            Self::Rotating(webhook) => format!("更换“{}”的签名密钥", webhook.name),
            Self::Removing(webhook) => format!("删除订阅“{}”", webhook.name),
            Self::Reading(webhook) => format!("“{}”的投递记录", webhook.name),
            Self::Allowing(_) => "允许推送的地址".to_owned(),
        }
    }
}

#[derive(Clone, Copy)]
struct Desk {
    own: Rows<Webhook>,
    /// The township's, for the administrator.
    all: Option<Rows<Webhook>>,
    allowed: Loader<WebhookAddresses>,
    notices: Notices,
    dialog: Dialog<Doing>,
}

impl Desk {
    fn reload(self) {
        self.own.reload();
        if let Some(all) = self.all {
            all.reload();
        }
    }

    fn done(self, words: &'static str) {
        self.dialog.close();
        self.notices.say(words);
        self.reload();
    }

    /// Shows a secret, once.
    fn tell(self, made: MadeWebhook) {
        self.dialog.next(Doing::Telling(made));
        self.reload();
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::Webhook(WebhookDeed::Own), TITLE, content)
}

fn content() -> AnyView {
    let oversees = session::may(Action::Webhook(WebhookDeed::Oversee));
    let path = |path: &'static str| Memo::new(move |_| path.to_owned());
    let desk = Desk {
        own: rows(path("/webhooks")),
        all: oversees.then(|| rows(path("/webhooks?all=true"))),
        allowed: load(|| Call::get("/webhook-addresses").fetch()),
        notices: notices(),
        dialog: Dialog::new(),
    };
    let body = move |doing: Doing| match doing {
        Doing::Writing(before) => write(desk, before),
        Doing::Telling(made) => tell(desk, made),
        Doing::Rotating(webhook) => rotate(desk, webhook),
        Doing::Removing(webhook) => remove(desk, webhook),
        Doing::Reading(webhook) => read(desk, webhook),
        Doing::Allowing(addresses) => allow(desk, addresses),
    };
    let own = desk.own.view(
        || {
            empty(
                "您还没有订阅",
                "要让别的程序在事项有变化时马上知道，在这里新建订阅。日常办公用不着。",
                None,
            )
        },
        move |webhooks| list(desk, webhooks, true),
    );
    let all = desk.all.map(|all| {
        let list = all.view(
            || empty("本镇还没有人建订阅", "有人新建后会显示在这里。", None),
            move |webhooks| list(desk, webhooks, false),
        );
        view! {
            <section class="stack" aria-labelledby="all-webhooks">
                <h2 id="all-webhooks">"本镇全部订阅"</h2>
                <p class="quiet">"人员调离、程序停用时，把对应的订阅删除。"</p>
                {list}
            </section>
        }
        .into_any()
    });
    let scope = if names_cases(app::me().user.role) {
        "只推送您看得到的事项，内容只有事项和记录的 id，没有姓名、电话和案情。接收程序收到后再用令牌来取。"
    } else {
        "系统管理员的订阅只说发生了什么，不说是哪件事项，也不含密件；适合用来叫醒县平台的同步程序。"
    };
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading(TITLE)}
                <div class="row page-buttons">
                    <a class="btn" href="/api/docs/" target="_blank" rel="noopener">"接口文档"</a>
                    <button
                        type="button"
                        class="btn btn-primary"
                        data-testid="add-webhook"
                        on:click=move |_| desk.dialog.start(Doing::Writing(None))
                    >
                        {icon(Icon::Add)}
                        "新建订阅"
                    </button>
                </div>
            </div>
            <p class="quiet">"事项一有变化，就向指定的网址发一个签名的请求。" {scope}</p>
            {where_to(desk, oversees)}
            <section class="stack" aria-labelledby="own-webhooks">
                <h2 id="own-webhooks">"我的订阅"</h2>
                {own}
            </section>
            {all}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

/// Where webhooks may lead.
fn where_to(desk: Desk, may_change: bool) -> AnyView {
    let list = desk.allowed.view(waiting, move |addresses| {
        let words = if addresses.entries.is_empty() {
            "还没有允许任何地址，订阅暂时建不了。".to_owned()
        } else {
            addresses.entries.join("、")
        };
        let change = may_change.then(|| {
            view! {
                <button
                    type="button"
                    class="btn btn-small"
                    data-testid="allow-addresses"
                    on:click=move |_| desk.dialog.start(Doing::Allowing(addresses.clone()))
                >
                    "修改允许的地址"
                </button>
            }
        });
        view! {
            <p class="number" data-testid="allowed">{words}</p>
            <p class="row">{change}</p>
        }
        .into_any()
    });
    let who = if may_change {
        "只有这里列出的主机能收到推送。"
    } else {
        "只能推送到系统管理员允许的主机；要加新的，请找系统管理员。"
    };
    view! {
        <section class="card stack" aria-labelledby="webhook-addresses">
            <h2 id="webhook-addresses">"允许推送的地址"</h2>
            <p class="quiet">{who}</p>
            {list}
        </section>
    }
    .into_any()
}

fn list(desk: Desk, webhooks: Vec<Webhook>, own: bool) -> AnyView {
    let cards = webhooks
        .into_iter()
        .map(|webhook| card(desk, webhook, own))
        .collect_view();
    view! { <ul class="cards">{cards}</ul> }.into_any()
}

fn labels<T: Term>(terms: &[T], all: &str) -> String {
    if terms.is_empty() {
        return all.to_owned();
    }
    let labels: Vec<&str> = terms.iter().map(|term| term.label()).collect();
    labels.join("、")
}

fn scope(webhook: &Webhook) -> String {
    let villages: Vec<String> = webhook
        .village_ids
        .iter()
        .map(|id| directory().unit_name(id.as_str()).unwrap_or_default())
        .collect();
    let villages = if villages.is_empty() {
        "看得到的全部".to_owned()
    } else {
        villages.join("、")
    };
    format!("{}；{villages}", labels(&webhook.case_kinds, "各类事项"))
}

fn card(desk: Desk, webhook: Webhook, own: bool) -> AnyView {
    let class = match webhook.state {
        WebhookState::Active => "badge badge-answered",
        WebhookState::Off => "badge badge-done",
        _ => "badge badge-wait",
    };
    let last = webhook.last_at.map(|at| {
        let class = if webhook.last_ok == Some(true) {
            ""
        } else {
            "due-late"
        };
        let words = webhook.last_result.clone().unwrap_or_default();
        view! {
            <div>
                <dt>"上次推送"</dt>
                <dd>{format::moment(at)} " " <span class=class>{words}</span></dd>
            </div>
        }
        .into_any()
    });
    let owner = (!own).then(|| {
        let owner = format!("{}（{}）", webhook.owner.name, webhook.unit.name);
        view! { <div><dt>"持有人"</dt><dd>{owner}</dd></div> }.into_any()
    });
    let why = (own && webhook.state == WebhookState::RoleChanged).then(|| {
        view! { <p class="hint">"您的角色变了，能看到的事项也变了。确认仍要推送后，请重新启用。"</p> }
            .into_any()
    });
    view! {
        <li class="card admin-card" data-testid="webhook">
            <p class="admin-card-head">
                <strong>{webhook.name.clone()}</strong>
                <span class=class>{webhook.state.label()}</span>
            </p>
            <dl class="facts">
                {owner}
                <div><dt>"推送到"</dt><dd class="number">{webhook.url.clone()}</dd></div>
                <div><dt>"事件"</dt><dd>{labels(&webhook.events, "全部事件")}</dd></div>
                <div><dt>"范围"</dt><dd>{scope(&webhook)}</dd></div>
                {last}
            </dl>
            {why}
            {buttons(desk, webhook, own)}
        </li>
    }
    .into_any()
}

fn buttons(desk: Desk, webhook: Webhook, own: bool) -> AnyView {
    let name = webhook.name.clone();
    let press = move |words: &'static str, testid: &'static str, act: Box<dyn Fn()>| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                data-testid=testid
                aria-label=format!("{words}：{name}")
                on:click=move |_| act()
            >
                {words}
            </button>
        }
        .into_any()
    };
    let opens = |doing: fn(Webhook) -> Doing| {
        let webhook = webhook.clone();
        Box::new(move || desk.dialog.start(doing(webhook.clone())))
    };
    let remove = press("删除", "remove-webhook", opens(Doing::Removing));
    if !own {
        return view! { <p class="row">{remove}</p> }.into_any();
    }
    let path = format!("/webhooks/{}", webhook.id);
    let on = webhook.state == WebhookState::Active;
    let test = (on || webhook.state == WebhookState::Paused).then(|| {
        let path = format!("{path}/test");
        let test = move || {
            let call = Call::post(path.clone()).once(&browser::random_key());
            sent(desk, "测试请求已发出，几秒后看结果。", call);
        };
        press("测试", "test-webhook", Box::new(test))
    });
    let version = webhook.version;
    let turn = move || {
        let patch = WebhookPatch {
            enabled: Some(!on),
            ..WebhookPatch::default()
        };
        let call = Call::patch(path.clone())
            .if_match(&etag(version))
            .json(&patch);
        let words = if on {
            "订阅已停用。"
        } else {
            "订阅已启用。"
        };
        sent(desk, words, call);
    };
    let turn = press(
        if on { "停用" } else { "启用" },
        "turn-webhook",
        Box::new(turn),
    );
    view! {
        <p class="row">
            {test}
            {press("投递记录", "read-webhook", opens(Doing::Reading))}
            {press("修改", "change-webhook", opens(|webhook| Doing::Writing(Some(webhook))))}
            {press("更换密钥", "rotate-webhook", opens(Doing::Rotating))}
            {turn}
            {remove}
        </p>
    }
    .into_any()
}

/// Sends, says so, and shows what became of it: at once, and when a request has had time to be sent.
fn sent(desk: Desk, words: &'static str, call: Call) {
    spawn_local(async move {
        match call.done().await {
            Ok(()) => {
                desk.notices.say(words);
                browser::later(Duration::from_secs(3), move || desk.reload());
            }
            Err(failure) => desk.notices.say(failure.message()),
        }
        desk.reload();
    });
}

fn codes<T: Term>(terms: &[T]) -> RwSignal<Vec<String>> {
    RwSignal::new(terms.iter().map(|term| term.code().to_owned()).collect())
}

fn chosen<T: Term>(codes: RwSignal<Vec<String>>) -> Vec<T> {
    let codes = codes.get_untracked();
    codes.iter().filter_map(|code| T::from_code(code)).collect()
}

fn write(desk: Desk, before: Option<Webhook>) -> AnyView {
    let form = Form::new();
    let role = app::me().user.role;
    let text = |text: Option<&String>| RwSignal::new(text.cloned().unwrap_or_default());
    let old = before.as_ref();
    let name = text(old.map(|webhook| &webhook.name));
    let url = text(old.map(|webhook| &webhook.url));
    let events = codes(old.map_or(&[][..], |webhook| &webhook.events));
    let kinds = codes(old.map_or(&[][..], |webhook| &webhook.case_kinds));
    let villages = old.map_or(&[][..], |webhook| &webhook.village_ids);
    let villages = RwSignal::new(villages.iter().map(ToString::to_string).collect::<Vec<_>>());
    let key = StoredValue::new(browser::random_key());
    let scope = names_cases(role).then(|| {
        let kinds = field(form, "case_kinds", "事项类型")
            .hint("不选就是各类。".to_owned())
            .several(kinds, terms::<Kind>());
        let villages = field(form, "village_ids", "村")
            .hint("不选就是您看得到的全部事项。".to_owned())
            .several(villages, directory().villages());
        view! {
            {kinds}
            {villages}
        }
        .into_any()
    });
    let label = if old.is_none() { "新建" } else { "保存" };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let ids = villages.get_untracked();
        let new = NewWebhook {
            name: name.get_untracked(),
            url: url.get_untracked(),
            events: chosen::<EventKind>(events),
            case_kinds: chosen::<Kind>(kinds),
            village_ids: ids.into_iter().map(UnitId::new).collect(),
        };
        if !form.accept(new.check(role)) {
            return;
        }
        // What comes next is another request.
        let failed = move |failure| {
            key.try_set_value(browser::random_key());
            form.fail(failure);
        };
        match &before {
            None => {
                let call = Call::post("/webhooks").once(&key.get_value()).json(&new);
                let sending = call.fetch::<MadeWebhook>();
                form.send_or(sending, move |made| desk.tell(made), failed);
            }
            Some(webhook) => {
                let patch = WebhookPatch {
                    name: Some(new.name),
                    url: Some(new.url).filter(|url| *url != webhook.url),
                    events: Some(new.events),
                    case_kinds: Some(new.case_kinds),
                    village_ids: Some(new.village_ids),
                    enabled: None,
                };
                let call = Call::patch(format!("/webhooks/{}", webhook.id))
                    .if_match(&etag(webhook.version))
                    .json(&patch);
                form.send_or(call.done(), move |()| desk.done("订阅已保存。"), failed);
            }
        }
    };
    let take = move || {
        desk.dialog.close();
        desk.reload();
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, take)}
            {field(form, "name", "名称")
                .hint("写明推给谁，以后好认。".to_owned())
                .placeholder("如：县平台")
                .required()
                .input(name)}
            {field(form, "url", "推送地址")
                .hint("接收程序的网址，主机须是系统管理员允许的。不要把密码写在网址里。".to_owned())
                .placeholder("https://")
                .required()
                .input(url)}
            {field(form, "events", "事件")
                .hint("不选就是全部事件。".to_owned())
                .several(events, terms::<EventKind>())}
            {scope}
            {foot(form, desk.dialog.up(), label, "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// The secret: shown this once.
fn tell(desk: Desk, made: MadeWebhook) -> AnyView {
    let secret = Secret {
        id: SECRET,
        name: "webhook",
        warning: "只显示这一次，关闭后谁也查不到。请直接放进接收程序的配置里，不要发到工作群里。",
        shown: view! { <p>{code(SECRET, made.secret)}</p> }.into_any(),
        hint: "接收程序用它核对每个请求的签名和时间，办法和示例见 docs/api.md。丢了或泄露了就更换密钥。"
            .to_owned(),
        copy: "复制密钥",
        refused: "浏览器不让复制，请选中后按 Ctrl+C。",
        noted: "已保存，关闭",
    };
    secret.view(desk.dialog.up())
}

fn rotate(desk: Desk, webhook: Webhook) -> AnyView {
    let form = Form::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call =
            Call::post(format!("/webhooks/{}/secret", webhook.id)).if_match(&etag(webhook.version));
        form.send(call.fetch::<MadeWebhook>(), move |made| desk.tell(made));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>
                "旧密钥立即作废。接收程序换上新密钥之前收不到推送，换好后会自动补发（24 小时内）。"
            </p>
            {foot(form, desk.dialog.up(), "更换", "btn btn-danger")}
        </form>
    }
    .into_any()
}

fn remove(desk: Desk, webhook: Webhook) -> AnyView {
    let form = Form::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call =
            Call::delete(format!("/webhooks/{}", webhook.id)).if_match(&etag(webhook.version));
        form.send(call.done(), move |()| desk.done("订阅已删除。"));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>"删除后不再推送，等候投递的和投递记录一并删除，不能恢复。"</p>
            {foot(form, desk.dialog.up(), "删除", "btn btn-danger")}
        </form>
    }
    .into_any()
}

/// What was sent lately.
fn read(desk: Desk, webhook: Webhook) -> AnyView {
    let id = webhook.id;
    let log = {
        let path = format!("/webhooks/{id}/deliveries?limit=50");
        load(move || Call::get(path.clone()).fetch::<Page<Delivery>>())
    };
    let list = log.view(waiting, move |page| {
        if page.items.is_empty() {
            return empty(
                "还没有投递过",
                "有事件发生，或者按了测试，就会显示在这里。",
                None,
            );
        }
        let lines = page
            .items
            .into_iter()
            .map(|delivery| entry(desk, log, &id, delivery))
            .collect_view();
        view! { <ul class="cards">{lines}</ul> }.into_any()
    });
    view! {
        <div class="stack">
            <p class="quiet">"最近的 50 条，只有您现在看得到的事项的；保留 30 天。"</p>
            {list}
            <div class="row row-end">
                <button type="button" class="btn" on:click=move |_| log.reload()>
                    "刷新"
                </button>
                <button type="button" class="btn btn-primary" on:click=move |_| desk.dialog.close()>
                    "关闭"
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn entry(desk: Desk, log: Loader<Page<Delivery>>, webhook: &str, delivery: Delivery) -> AnyView {
    let class = match delivery.state {
        DeliveryState::Delivered => "badge badge-answered",
        DeliveryState::Waiting => "badge badge-wait",
        DeliveryState::Failed => "badge badge-done",
    };
    let event = delivery.event.map_or("测试", Term::label);
    let case = delivery.case_id.as_ref().map(|case| {
        let href = format!("/cases/{case}");
        view! { " " <a href=href>"查看事项"</a> }.into_any()
    });
    let mut words = vec![format!("发生于{}", format::moment(delivery.occurred_at))];
    if let (Some(at), Some(result)) = (delivery.last_at, &delivery.result) {
        words.push(format!(
            "第{}次：{} {result}",
            delivery.attempts,
            format::moment(at)
        ));
    }
    if let Some(at) = delivery.next_at {
        words.push(format!("{}再发", format::moment(at)));
    }
    let path = format!("/webhooks/{webhook}/deliveries/{}/redeliver", delivery.id);
    let again = move |_| {
        let call = Call::post(path.clone()).once(&browser::random_key());
        spawn_local(async move {
            match call.done().await {
                Ok(()) => desk.notices.say("已重新投递，几秒后看结果。"),
                Err(failure) => desk.notices.say(failure.message()),
            }
            log.reload();
        });
    };
    let again = (delivery.state != DeliveryState::Waiting).then(|| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                data-testid="redeliver"
                aria-label=format!("重新投递：{event}")
                on:click=again
            >
                "重新投递"
            </button>
        }
        .into_any()
    });
    view! {
        <li class="card admin-card" data-testid="delivery">
            <p class="admin-card-head">
                <span><strong>{event}</strong>{case}</span>
                <span class=class>{delivery.state.label()}</span>
            </p>
            <p class="quiet">{words.join("；")}</p>
            <p class="row">{again}</p>
        </li>
    }
    .into_any()
}

fn allow(desk: Desk, addresses: WebhookAddresses) -> AnyView {
    let form = Form::new();
    let text = RwSignal::new(addresses.entries.join("\n"));
    let version = addresses.version;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = AllowAddresses {
            entries: text
                .get_untracked()
                .split([',', '，', '、', ' ', '\n'])
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        // One field for all: what is wrong with any of them is said there.
        let mut errors = Errors::new();
        for error in input.check().into_vec() {
            errors.add("entries", &error.code, error.message);
        }
        if !form.accept(errors) {
            return;
        }
        let call = Call::put("/webhook-addresses")
            .if_match(&etag(version))
            .json(&input);
        form.send(call.done(), move |()| {
            desk.allowed.reload();
            desk.done("允许推送的地址已保存。");
        });
    };
    let take = move || {
        desk.dialog.close();
        desk.allowed.reload();
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, take)}
            {field(form, "entries", "地址")
                .hint(
                    "每行一个：主机名（可带端口，如 sync.example.gov.cn:8443）、IP 地址或网段。主机名指向内网的，再写上它的内网地址或网段（如 10.20.0.0/16）；没有写的内网、本机地址一律不连接。"
                        .to_owned(),
                )
                .area(text, 6)}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}
