//! `/tokens`: API tokens for programs. Everybody makes and takes back their own; the administrator sees
//! the township's, takes back any, and makes those of programs' accounts.

use chrono::{Days, NaiveDate};
use leptos::prelude::*;
use shared::access::Action;
use shared::account::User;
use shared::ids::UserId;
use shared::term::Term;
use shared::token::{
    MAX_DAYS, MAX_RATE, MadeToken, NewToken, Token, TokenDeed, TokenScope, TokenState, USUAL_RATE,
};
use shared::validate::Errors;

use super::admin::{foot, number};
use super::heading;
use crate::api::{Call, every};
use crate::browser;
use crate::directory::Options;
use crate::format;
use crate::load::{Loader, load};
use crate::rows::{Rows, rows};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::lists::by_width;
use crate::ui::notice::{Notices, notices};
use crate::ui::secret::{Secret, code};
use crate::ui::states::empty;

/// Where the secret stands, to be copied.
const SECRET: &str = "token-secret";
/// For how many days a token is good unless its maker says otherwise.
const USUAL_DAYS: u64 = 90;

/// What is in the dialog.
#[derive(Clone)]
enum Doing {
    Making,
    Telling(MadeToken),
    Ending(Token),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Making => "新建令牌".to_owned(),
            Self::Telling(made) => format!("令牌“{}”", made.token.name),
            Self::Ending(token) => format!("撤销令牌“{}”", token.name),
        }
    }
}

#[derive(Clone, Copy)]
struct Desk {
    own: Rows<Token>,
    /// The township's, for the administrator.
    all: Option<Rows<Token>>,
    /// The users, of whom some are programs, for whoever may make tokens for these.
    users: Option<Loader<Vec<User>>>,
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

    /// Shows a secret, once.
    fn tell(self, made: MadeToken) {
        self.dialog.next(Doing::Telling(made));
        self.reload();
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    let oversees = session::may(Action::Token(TokenDeed::Oversee));
    let path = |path: &'static str| Memo::new(move |_| path.to_owned());
    let desk = Desk {
        own: rows(path("/tokens")),
        all: oversees.then(|| rows(path("/tokens?all=true"))),
        users: session::may(Action::Token(TokenDeed::MakeFor))
            .then(|| load(|| every::<User>("/users"))),
        notices: notices(),
        dialog: Dialog::new(),
    };
    let body = move |doing: Doing| match doing {
        Doing::Making => make(desk),
        Doing::Telling(made) => tell(desk, made),
        Doing::Ending(token) => end(desk, token),
    };
    let own = desk.own.view(
        || {
            empty(
                "您还没有令牌",
                "要让别的程序替您取数、登记时，在这里新建令牌。日常办公用不着。",
                None,
            )
        },
        move |tokens| list(desk, tokens, false),
    );
    let all = desk.all.map(|all| {
        let list = all.view(
            || empty("本镇还没有人建令牌", "有人新建后会显示在这里。", None),
            move |tokens| list(desk, tokens, true),
        );
        view! {
            <section class="stack" aria-labelledby="all-tokens">
                <h2 id="all-tokens">"本镇全部令牌"</h2>
                <p class="quiet">"人员调离、程序停用时，把对应的令牌撤销。使用记录见审计。"</p>
                {list}
            </section>
        }
        .into_any()
    });
    let advice = if desk.users.is_some() {
        "长期给别的程序用的，先在“用户”里建程序账号，再在这里给它建令牌：人员调离、改密码都不影响它。"
    } else {
        "长期给别的程序用的，请系统管理员建程序账号：人员调离、改密码都不影响它。"
    };
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading("API 令牌")}
                <div class="row page-buttons">
                    <a class="btn" href="/api/docs/" target="_blank" rel="noopener">"接口文档"</a>
                    <button
                        type="button"
                        class="btn btn-primary"
                        data-testid="add-token"
                        on:click=move |_| desk.dialog.start(Doing::Making)
                    >
                        {icon(Icon::Add)}
                        "新建令牌"
                    </button>
                </div>
            </div>
            <p class="quiet">
                "令牌让县平台等程序以您的名义调用接口：能看、能办的不会超出您的角色，还可以再收窄。拿到令牌的程序就等于您本人，请像密码一样保管。"
            </p>
            <p class="quiet">{advice}</p>
            <section class="stack" aria-labelledby="own-tokens">
                <h2 id="own-tokens">"我的令牌"</h2>
                {own}
            </section>
            {all}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

fn list(desk: Desk, tokens: Vec<Token>, whose: bool) -> AnyView {
    let mut heads = vec!["名称"];
    heads.extend(whose.then_some("持有人"));
    heads.extend(["权限", "允许的地址", "有效期至", "上次使用", "状态", "操作"]);
    by_width(
        "令牌",
        heads,
        tokens,
        move |token| line(desk, token, whose),
        move |token| card(desk, token, whose),
    )
}

fn standing(state: TokenState) -> AnyView {
    let class = match state {
        TokenState::Active => "badge badge-answered",
        _ => "badge badge-done",
    };
    view! { <span class=class>{state.label()}</span> }.into_any()
}

fn scopes(token: &Token) -> String {
    let labels: Vec<&str> = token.scopes.iter().map(|scope| scope.label()).collect();
    labels.join("；")
}

fn addresses(token: &Token) -> String {
    if token.addresses.is_empty() {
        "不限".to_owned()
    } else {
        token.addresses.join("、")
    }
}

/// The last day on which it is good: the instant is the midnight after it.
fn last_day(token: &Token) -> NaiveDate {
    let shanghai = token.expires_at + chrono::TimeDelta::hours(8);
    let next = shanghai.date_naive();
    next.checked_sub_days(Days::new(1)).unwrap_or(next)
}

fn last_use(token: &Token) -> String {
    match (token.last_used_at, &token.last_address) {
        (Some(at), Some(address)) => format!("{}　{address}", format::moment(at)),
        (Some(at), None) => format::moment(at),
        (None, _) => "未用过".to_owned(),
    }
}

fn owner(token: &Token) -> String {
    format!("{}（{}）", token.owner.name, token.unit.name)
}

fn end_button(desk: Desk, token: Token) -> Option<AnyView> {
    (token.state == TokenState::Active).then(|| {
        let label = format!("撤销：{}", token.name);
        view! {
            <button
                type="button"
                class="btn btn-small"
                data-testid="end-token"
                aria-label=label
                on:click=move |_| desk.dialog.start(Doing::Ending(token.clone()))
            >
                "撤销"
            </button>
        }
        .into_any()
    })
}

fn line(desk: Desk, token: Token, whose: bool) -> AnyView {
    let owner = whose.then(|| view! { <td>{owner(&token)}</td> }.into_any());
    view! {
        <tr data-testid="token">
            <th scope="row">
                {token.name.clone()}
                <span class="quiet number">{format!(" {}…", token.hint)}</span>
            </th>
            {owner}
            <td>{scopes(&token)}</td>
            <td class="number">{addresses(&token)}</td>
            <td>{format::date(last_day(&token))}</td>
            <td>{last_use(&token)}</td>
            <td>{standing(token.state)}</td>
            <td>{end_button(desk, token)}</td>
        </tr>
    }
    .into_any()
}

fn card(desk: Desk, token: Token, whose: bool) -> AnyView {
    let owner =
        whose.then(|| view! { <div><dt>"持有人"</dt><dd>{owner(&token)}</dd></div> }.into_any());
    view! {
        <li class="card admin-card" data-testid="token">
            <p class="admin-card-head">
                <strong>{token.name.clone()}</strong>
                {standing(token.state)}
            </p>
            <dl class="facts">
                {owner}
                <div><dt>"令牌"</dt><dd class="number">{format!("{}…", token.hint)}</dd></div>
                <div><dt>"权限"</dt><dd>{scopes(&token)}</dd></div>
                <div><dt>"允许的地址"</dt><dd class="number">{addresses(&token)}</dd></div>
                <div><dt>"有效期至"</dt><dd>{format::date(last_day(&token))}</dd></div>
                <div><dt>"上次使用"</dt><dd>{last_use(&token)}</dd></div>
            </dl>
            <p class="row">{end_button(desk, token)}</p>
        </li>
    }
    .into_any()
}

fn make(desk: Desk) -> AnyView {
    let form = Form::new();
    let today = browser::today();
    let later = |days| today.checked_add_days(Days::new(days)).unwrap_or(today);
    let text = |text: String| RwSignal::new(text);
    let (owner, name) = (text(String::new()), text(String::new()));
    let chosen = RwSignal::new(Vec::<String>::new());
    let until = text(later(USUAL_DAYS).to_string());
    let from = text(String::new());
    let rate = text(USUAL_RATE.to_string());
    let key = StoredValue::new(browser::random_key());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let codes = chosen.get_untracked();
        let typed = rate.get_untracked();
        let day = until.get_untracked().parse::<NaiveDate>();
        let mut wrong = Errors::new();
        let (Ok(expires_on), Some(per_minute)) = (day, number(&typed)) else {
            if until.get_untracked().parse::<NaiveDate>().is_err() {
                wrong.add("expires_on", "required", "请选择有效期。");
            }
            if number(&typed).is_none() {
                wrong.add("per_minute", "invalid", "每分钟请求数应为整数。");
            }
            form.accept(wrong);
            return;
        };
        let input = NewToken {
            owner_id: filled(&owner.get_untracked()).map(UserId::new),
            name: name.get_untracked(),
            scopes: codes
                .iter()
                .filter_map(|code| TokenScope::from_code(code))
                .collect(),
            expires_on,
            addresses: from
                .get_untracked()
                .split([',', '，', '、', ' ', '\n'])
                .map(str::trim)
                .filter(|address| !address.is_empty())
                .map(str::to_owned)
                .collect(),
            per_minute: Some(per_minute),
        };
        // One field for all addresses: what is wrong with any of them is said there.
        let mut errors = Errors::new();
        for error in input.check(browser::today()).into_vec() {
            let field = match error.field.split_once('.') {
                Some((field, _)) => field.to_owned(),
                None => error.field,
            };
            errors.add(field, &error.code, error.message);
        }
        if !form.accept(errors) {
            return;
        }
        let call = Call::post("/tokens").once(&key.get_value()).json(&input);
        form.send_or(
            call.fetch::<MadeToken>(),
            move |made| desk.tell(made),
            move |failure| {
                // What comes next is another request.
                key.try_set_value(browser::random_key());
                form.fail(failure);
            },
        );
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {desk.users.map(|users| whose(form, owner, users))}
            {field(form, "name", "名称")
                .hint("写明给谁、做什么用，以后好认。".to_owned())
                .placeholder("如：县平台同步")
                .required()
                .input(name)}
            {field(form, "scopes", "权限")
                .hint("只选程序用得着的。账号、设置、令牌和完整号码，任何令牌都不能动。".to_owned())
                .required()
                .several(chosen, terms::<TokenScope>())}
            {field(form, "expires_on", "有效期至")
                .hint(format!("最长一年（{MAX_DAYS}天）。"))
                .between(today, later(MAX_DAYS))
                .required()
                .date(until)}
            {field(form, "addresses", "允许的地址")
                .hint(
                    "程序所在电脑的 IP 或网段，多个用逗号隔开；能填就填，泄露了别处也用不了。空着则不限。"
                        .to_owned(),
                )
                .placeholder("如：10.20.0.5，10.30.0.0/16")
                .input(from)}
            {field(form, "per_minute", "每分钟最多请求数")
                .hint(format!("1 至 {MAX_RATE}。"))
                .mode("numeric")
                .required()
                .input(rate)}
            {foot(form, desk.dialog.up(), "新建", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// Who is to have the token: oneself, or a program.
fn whose(form: Form, owner: RwSignal<String>, users: Loader<Vec<User>>) -> AnyView {
    let programs = Signal::derive(move || {
        let users = users.value().unwrap_or_default().into_iter();
        users
            .filter(User::is_active_program)
            .map(|user| {
                let words = format!("{}（程序账号，{}）", user.name, user.role.label());
                (user.id.into_string(), words)
            })
            .collect::<Options>()
    });
    field(form, "owner_id", "给谁用")
        .hint("程序账号的令牌，能看、能办的不会超出那个账号的角色。".to_owned())
        .select(owner, Some("我自己"), programs)
}

/// The secret: shown this once.
fn tell(desk: Desk, made: MadeToken) -> AnyView {
    let until = format::date(last_day(&made.token));
    let secret = Secret {
        id: SECRET,
        name: "token",
        warning: "只显示这一次，关闭后谁也查不到。请直接放进程序的配置里，不要发到工作群里。",
        shown: view! { <p>{code(SECRET, made.secret)}</p> }.into_any(),
        hint: format!(
            "有效期至{until}。放在请求头 Authorization: Bearer 之后。丢了或泄露了就撤销，再建一个。"
        ),
        copy: "复制令牌",
        refused: "浏览器不让复制，请选中后按 Ctrl+C。",
        noted: "已保存，关闭",
    };
    secret.view(desk.dialog.up())
}

fn end(desk: Desk, token: Token) -> AnyView {
    let form = Form::new();
    let path = format!("/tokens/{}", token.id);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::delete(path.clone());
        form.send(call.done(), move |()| {
            desk.dialog.close();
            desk.notices.say("令牌已撤销。");
            desk.reload();
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>"撤销后，用这个令牌的程序立即不能再调用接口，也不能恢复。"</p>
            <p class="quiet">{format!("持有人：{}。{}", owner(&token), last_use(&token))}</p>
            {foot(form, desk.dialog.up(), "撤销", "btn btn-danger")}
        </form>
    }
    .into_any()
}
