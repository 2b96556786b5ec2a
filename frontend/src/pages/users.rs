//! `/users`: who signs in, as what. For the administrator.

use leptos::prelude::*;
use shared::access::Action;
use shared::account::{InitialPassword, MAX_NAME, MadeUser, NewUser, User, UserPatch};
use shared::deputy::{Deputation, can_be_deputised};
use shared::duty::Duties;
use shared::ids::UserId;
use shared::org::{Unit, UnitKind};
use shared::role::Role;
use shared::sso::{IdentityEntry, IdentityStatus};
use shared::term::Term;
use shared::validate::Errors;

use super::admin::{etag, foot, full_name, only_for, stale};
use super::deputies::{self, Absent};
use super::heading;
use super::roles::duties;
use crate::api::{Call, every, query};
use crate::app;
use crate::browser;
use crate::directory::{Directory, Options, directory, rank};
use crate::format::{moment, ordered};
use crate::load::{Loader, load};
use crate::session;
use crate::shell::narrow;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, filled};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{each, follow, live, watch};
use crate::ui::notice::{Notices, notices};
use crate::ui::secret::{Secret, code};
use crate::ui::states::{empty, waiting, waiting_rows};

/// Where the initial password stands, to be copied.
const PASSWORD: &str = "initial-password";

/// What is being done with a user.
#[derive(Clone)]
enum Doing {
    Adding,
    Changing(User),
    Turning(User),
    Resetting(User),
    Unlocking(User),
    Linking(User),
    Deputising(User),
    Telling(InitialPassword),
    /// A program's account is there.
    Made(User),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Adding => "新增用户".to_owned(),
            Self::Changing(user) => format!("修改：{}", user.name),
            Self::Turning(user) if user.disabled => format!("启用：{}", user.name),
            Self::Turning(user) => format!("停用：{}", user.name),
            Self::Resetting(user) => format!("重置密码：{}", user.name),
            Self::Unlocking(user) => format!("重置两步验证：{}", user.name),
            Self::Linking(user) => format!("统一身份认证：{}", user.name),
            Self::Deputising(user) => format!("临时代理：{}", user.name),
            Self::Telling(made) => format!("{}的初始密码", made.user.name),
            Self::Made(user) => format!("程序账号：{}", user.name),
        }
    }
}

/// What the page works with.
#[derive(Clone, Copy)]
struct Desk {
    users: Loader<Vec<User>>,
    deputations: Loader<Vec<Deputation>>,
    directory: Directory,
    notices: Notices,
    dialog: Dialog<Doing>,
}

impl Desk {
    /// A change went through.
    fn done(self, words: String) {
        self.dialog.close();
        self.notices.say(words);
        self.reload();
    }

    fn reload(self) {
        self.users.reload();
        self.deputations.reload();
        self.directory.reload();
    }

    /// Somebody else was faster.
    fn take_latest(self) {
        self.dialog.close();
        self.reload();
    }

    /// Shows an initial password, once.
    fn tell(self, made: InitialPassword) {
        self.dialog.next(Doing::Telling(made));
        self.reload();
    }

    /// Shows what comes of a new user: the initial password, or what a program needs next.
    fn made(self, made: MadeUser) {
        let MadeUser {
            user,
            initial_password,
        } = made;
        match initial_password {
            Some(initial_password) => self.tell(InitialPassword {
                user,
                initial_password,
            }),
            None => {
                self.dialog.next(Doing::Made(user));
                self.reload();
            }
        }
    }

    /// The user as it is now: what is on the screen may be older than the list.
    fn now(self, id: &UserId) -> Option<User> {
        self.users.value()?.into_iter().find(|user| user.id == *id)
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ManageUsers, "用户", list)
}

fn list() -> AnyView {
    let desk = Desk {
        users: load(|| every::<User>("/users")),
        deputations: load(deputies::current),
        directory: directory(),
        notices: notices(),
        dialog: Dialog::new(),
    };
    let body = move |doing: Doing| match doing {
        Doing::Adding => add(desk),
        Doing::Changing(user) => change(desk, &user),
        Doing::Turning(user) => turn(desk, user),
        Doing::Resetting(user) => reset(desk, user),
        Doing::Unlocking(user) => unlock(desk, user),
        Doing::Linking(user) => link(desk, &user),
        Doing::Deputising(user) => deputise(desk, &user),
        Doing::Telling(made) => tell(desk.dialog.up(), made),
        Doing::Made(_) => next(desk),
    };
    let filter = Filter::new();
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading("用户")}
                <div class="row page-buttons">
                    <a class="btn" href="/deputies" data-testid="deputies">"临时代理"</a>
                    <a class="btn" href="/users/import" data-testid="import-users">
                        {icon(Icon::Upload)}
                        "批量新增"
                    </a>
                    <button
                        type="button"
                        class="btn btn-primary"
                        data-testid="add-user"
                        on:click=move |_| desk.dialog.start(Doing::Adding)
                    >
                        {icon(Icon::Add)}
                        "新增用户"
                    </button>
                </div>
            </div>
            {filter.bar(desk)}
            {desk.users.view(waiting_rows, move |_| rows(desk, filter))}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

/// What the list is narrowed down to; the URL carries it.
#[derive(Clone, Copy)]
struct Filter {
    q: Memo<String>,
    role: Memo<String>,
    unit: Memo<String>,
    state: Memo<String>,
    go: app::Go,
}

/// What a user's standing can be, in the URL and in words.
const STATES: [(&str, &str); 4] = [
    ("active", "在用"),
    ("initial", "初始密码未改"),
    ("disabled", "已停用"),
    ("service", "程序账号"),
];

impl Filter {
    fn new() -> Self {
        Self {
            q: app::query("q"),
            role: app::query("role"),
            unit: app::query("unit"),
            state: app::query("state"),
            go: app::replacing(),
        }
    }

    /// The page's URL with one value changed.
    fn with(self, key: &str, value: &str) -> String {
        let get = |name: &'static str, now: Memo<String>| {
            let value = if name == key {
                value.trim().to_owned()
            } else {
                now.get_untracked()
            };
            (name, value)
        };
        let pairs = [
            get("q", self.q),
            get("role", self.role),
            get("unit", self.unit),
            get("state", self.state),
        ];
        let text = query(pairs.iter().map(|(key, value)| (*key, value.as_str())));
        format!("/users{text}")
    }

    fn is_set(self) -> bool {
        [self.q, self.role, self.unit, self.state]
            .iter()
            .any(|value| value.with(|value| !value.is_empty()))
    }

    fn lets(self, user: &User) -> bool {
        let q = self.q.get().to_lowercase();
        let state = match self.state.get().as_str() {
            "active" => !user.disabled,
            "initial" => !user.disabled && user.must_change_password,
            "disabled" => user.disabled,
            "service" => user.service,
            _ => true,
        };
        let is = |wanted: &str, code: &str| wanted.is_empty() || wanted == code;
        (user.name.to_lowercase().contains(&q) || user.username.to_lowercase().contains(&q))
            && is(&self.role.get(), user.role.code())
            && is(&self.unit.get(), user.unit_id.as_str())
            && state
    }

    fn bar(self, desk: Desk) -> AnyView {
        let units = Signal::derive(move || {
            let used = desk.users.value().unwrap_or_default();
            units_where(desk.directory, |unit| {
                used.iter().any(|user| user.unit_id == unit.id)
            })
        });
        let states = STATES
            .iter()
            .map(|(code, words)| ((*code).to_owned(), (*words).to_owned()))
            .collect::<Options>();
        // Followed here alone: whoever draws the page is not to draw it anew when the units come again.
        let roles = Signal::derive(move || desk.directory.roles());
        view! {
            <div class="toolbar">
                <form
                    class="search"
                    role="search"
                    on:submit=move |event| event.prevent_default()
                >
                    {icon(Icon::Search)}
                    <input
                        type="search"
                        id="filter-q"
                        data-testid="filter-q"
                        aria-label="搜索用户"
                        placeholder="姓名或用户名"
                        autocomplete="off"
                        prop:value=follow(move || self.q.get())
                        on:input:target=move |event| {
                            self.go.run(self.with("q", &event.target().value()));
                        }
                    />
                </form>
                {self.select("role", "角色", self.role, roles)}
                {self.select("unit", "单位", self.unit, units)}
                {self.select("state", "状态", self.state, Signal::stored(states))}
            </div>
        }
        .into_any()
    }

    fn select(
        self,
        key: &'static str,
        label: &'static str,
        now: Memo<String>,
        options: Signal<Options>,
    ) -> AnyView {
        let offered = live(move || {
            options
                .get()
                .into_iter()
                .map(|(code, words)| {
                    let mine = code.clone();
                    let selected = follow(move || now.with(|now| *now == mine));
                    view! { <option value=code prop:selected=selected>{words}</option> }.into_any()
                })
                .collect_view()
        });
        view! {
            <select
                class="pick"
                id=format!("filter-{key}")
                aria-label=label
                on:change:target=move |event| {
                    self.go.run(self.with(key, &event.target().value()));
                }
            >
                <option value="" prop:selected=follow(move || now.with(String::is_empty))>
                    {format!("{label}：不限")}
                </option>
                {offered}
            </select>
        }
        .into_any()
    }
}

/// Units as a form offers them: offices, villages, each village's groups after it.
fn units_where(directory: Directory, wanted: impl Fn(&Unit) -> bool) -> Options {
    let units = directory.units();
    let chosen: Vec<&Unit> = units.iter().filter(|unit| wanted(unit)).collect();
    let place = |unit: &Unit| {
        let above = units
            .iter()
            .find(|above| Some(&above.id) == unit.parent_id.as_ref());
        (
            rank(unit.kind),
            above.map(|above| above.position),
            unit.position,
        )
    };
    ordered(chosen, |unit| place(unit))
        .into_iter()
        .map(|unit| (unit.id.as_str().to_owned(), full_name(&units, unit)))
        .collect()
}

fn rows(desk: Desk, filter: Filter) -> AnyView {
    let users = Memo::new(move |_| {
        let users: Vec<User> = desk
            .users
            .value()
            .unwrap_or_default()
            .into_iter()
            .filter(|user| filter.lets(user))
            .collect();
        ordered(users, |user| (user.disabled, user.role, user.name.clone()))
    });
    let total = move || desk.users.value().map_or(0, |users| users.len());
    let count = live(move || {
        if filter.is_set() {
            format!("共 {} 人，符合条件 {} 人", total(), users.with(Vec::len))
        } else {
            format!("共 {} 人", total())
        }
    });
    let none = Memo::new(move |_| users.with(Vec::is_empty));
    let list = live(move || {
        if none.get() {
            return nobody(desk, filter);
        }
        if narrow() {
            cards(desk, users)
        } else {
            table(desk, users)
        }
    });
    view! {
        {list}
        <p class="quiet" role="status" data-testid="total">{count}</p>
    }
    .into_any()
}

fn nobody(desk: Desk, filter: Filter) -> AnyView {
    if filter.is_set() {
        let clear = view! { <a class="btn" href="/users">"清除全部条件"</a> }.into_any();
        return empty(
            "没有符合条件的用户",
            "换个名字，或去掉一些条件试试。",
            Some(clear),
        );
    }
    let add = view! {
        <button
            type="button"
            class="btn btn-primary"
            on:click=move |_| desk.dialog.start(Doing::Adding)
        >
            "新增第一个用户"
        </button>
    }
    .into_any();
    empty(
        "还没有用户",
        "每人一个用户名，不要合用：谁办了什么、看了什么，都记在本人名下。",
        Some(add),
    )
}

fn table(desk: Desk, users: Memo<Vec<User>>) -> AnyView {
    view! {
        <div class="table-box">
            <table class="table users-table">
                <caption class="sr-only">"用户"</caption>
                <thead>
                    <tr>
                        <th scope="col">"姓名"</th>
                        <th scope="col">"用户名"</th>
                        <th scope="col">"角色"</th>
                        <th scope="col">"单位"</th>
                        <th scope="col" class="wide-only">"职务"</th>
                        <th scope="col">"状态"</th>
                        <th scope="col">"操作"</th>
                    </tr>
                </thead>
                <tbody>
                    {each(move || users.get(), move |user| line(desk, user))}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The unit's full name, followed.
fn unit_name(desk: Desk, user: &User) -> impl Fn() -> String + Send + use<> {
    let id = user.unit_id.clone();
    move || {
        let units = desk.directory.units();
        units
            .iter()
            .find(|unit| unit.id == id)
            .map_or_else(|| "—".to_owned(), |unit| full_name(&units, unit))
    }
}

fn standing(user: &User) -> AnyView {
    if user.disabled {
        view! { <span class="badge badge-done">"已停用"</span> }.into_any()
    } else if user.must_change_password {
        view! { <span class="badge badge-wait">"初始密码未改"</span> }.into_any()
    } else {
        view! { <span class="badge badge-answered">"在用"</span> }.into_any()
    }
}

/// Says of a program's account that it is one.
fn program(user: &User) -> Option<AnyView> {
    user.service.then(|| {
        view! { <span class="badge badge-work" data-testid="program">"程序账号"</span> }.into_any()
    })
}

/// Who stands in for somebody now, or will: a line each.
fn deputy(desk: Desk, user: &User) -> AnyView {
    let id = user.id.clone();
    live(move || {
        let all = desk.deputations.value().unwrap_or_default();
        all.iter()
            .filter(|one| one.user.id == id.as_str())
            .map(|one| {
                let words = deputies::by_whom(one);
                view! { <p class="quiet" data-testid="deputy">{words}</p> }.into_any()
            })
            .collect_view()
    })
}

/// Names somebody's deputy.
fn deputise(desk: Desk, user: &User) -> AnyView {
    let users = desk.users.value().unwrap_or_default();
    let colleagues: Options = users
        .into_iter()
        .filter(|other| other.is_active_person() && other.role == user.role && other.id != user.id)
        .map(|other| {
            let words = match other.duty.as_deref().filter(|duty| !duty.is_empty()) {
                Some(duty) => format!("{}（{duty}）", other.name),
                None => other.name,
            };
            (other.id.into_string(), words)
        })
        .collect();
    let absent = Absent {
        id: user.id.clone(),
        role: user.role,
        colleagues,
    };
    let all = desk.deputations.value().unwrap_or_default();
    let others = deputies::spans(&all, user.id.as_str(), None);
    let form = deputies::name(absent, false, others, desk.dialog.up(), move |words| {
        desk.done(words);
    });
    let there = all.iter().any(|one| one.user.id == user.id.as_str());
    let there = there.then(|| {
        view! {
            <p class="row">
                {deputy(desk, user)}
                <a class="btn btn-small" href="/deputies">"更改或结束"</a>
            </p>
        }
    });
    view! {
        {there}
        <p class="quiet">
            "几天不在时，由同角色的同事代理，到期自动结束；人走了不回来的，请办理交接。"
        </p>
        {form}
    }
    .into_any()
}

/// Says, after a change, how many deputations ended with it.
fn and_ended(user: &User) -> String {
    user.deputations_ended
        .map(|count| format!("同时结束了临时代理{count}项。"))
        .unwrap_or_default()
}

fn line(desk: Desk, user: User) -> AnyView {
    view! {
        <tr data-testid="user" data-username=user.username.clone()>
            <th scope="row">{user.name.clone()}</th>
            <td class="number">{user.username.clone()}</td>
            <td>{user.role.label()}</td>
            <td>{unit_name(desk, &user)}</td>
            <td class="wide-only">{user.duty.clone()}</td>
            <td>{program(&user)} {standing(&user)} {deputy(desk, &user)}</td>
            <td>{buttons(desk, &user)}</td>
        </tr>
    }
    .into_any()
}

fn cards(desk: Desk, users: Memo<Vec<User>>) -> AnyView {
    view! {
        <ul class="cards">
            {each(move || users.get(), move |user| card(desk, &user))}
        </ul>
    }
    .into_any()
}

fn card(desk: Desk, user: &User) -> AnyView {
    let duty = user
        .duty
        .clone()
        .map(|duty| view! { <div><dt>"职务"</dt><dd>{duty}</dd></div> });
    view! {
        <li class="card admin-card" data-testid="user" data-username=user.username.clone()>
            <p class="admin-card-head">
                <strong>{user.name.clone()}</strong>
                {program(user)}
                {standing(user)}
            </p>
            <dl class="facts">
                <div><dt>"用户名"</dt><dd class="number">{user.username.clone()}</dd></div>
                <div><dt>"角色"</dt><dd>{user.role.label()}</dd></div>
                <div><dt>"单位"</dt><dd>{unit_name(desk, user)}</dd></div>
                {duty}
            </dl>
            {deputy(desk, user)}
            {buttons(desk, user)}
        </li>
    }
    .into_any()
}

fn buttons(desk: Desk, user: &User) -> AnyView {
    let button = |words: &'static str, doing: fn(User) -> Doing| {
        let id = user.id.clone();
        view! {
            <button
                type="button"
                class="btn btn-small"
                aria-label=format!("{words}：{}", user.name)
                on:click=move |_| {
                    if let Some(user) = desk.now(&id) {
                        desk.dialog.start(doing(user));
                    }
                }
            >
                {words}
            </button>
        }
        .into_any()
    };
    // The own password is changed by oneself, and nobody locks themselves out.
    let own = app::me().user.id == user.id;
    // A program has no password, signs in nowhere and has no work.
    let person = !user.service;
    let reset = (!own && user.is_active_person()).then(|| button("重置密码", Doing::Resetting));
    let unlock = (!own && user.second_factor).then(|| button("重置两步验证", Doing::Unlocking));
    let has_provider = app::me().provider.is_some();
    let link = (!own && person && has_provider).then(|| button("统一身份认证", Doing::Linking));
    let turn = (!own).then(|| {
        let words = if user.disabled { "启用" } else { "停用" };
        button(words, Doing::Turning)
    });
    let hand_over = (!own && person).then(|| {
        view! {
            <a
                class="btn btn-small"
                data-testid="hand-over"
                aria-label=format!("工作交接：{}", user.name)
                href=format!("/users/{}/hand-over", user.id)
            >
                "交接"
            </a>
        }
    });
    let deputise = (user.is_active_person() && can_be_deputised(user.role))
        .then(|| button("代理", Doing::Deputising));
    let myself = own.then(|| view! { <a class="btn btn-small" href="/password">"修改密码"</a> });
    view! {
        <p class="row">{button("修改", Doing::Changing)} {reset} {unlock} {link} {myself} {hand_over} {deputise} {turn}</p>
    }
    .into_any()
}

/// Role and unit, which depend on each other.
fn role_and_unit(
    form: Form,
    desk: Desk,
    role: RwSignal<String>,
    unit: RwSignal<String>,
) -> AnyView {
    let chosen = move || Role::from_code(&role.get());
    let units = Signal::derive(move || {
        let Some(role) = chosen() else {
            return Options::new();
        };
        let top = session::me().map(|me| me.actor.township_id);
        let county = desk
            .directory
            .units()
            .iter()
            .any(|unit| unit.kind == UnitKind::County && Some(&unit.id) == top.as_ref());
        units_where(desk.directory, |unit| {
            !unit.closed && role.is_given_in(unit.kind, county)
        })
    });
    // A unit where the role has no work is taken back; where there is but one, it is that one.
    watch(move || {
        let units = units.get();
        let now = unit.get_untracked();
        if !units.iter().any(|(id, _)| *id == now) {
            unit.set(match units.as_slice() {
                [(only, _)] => only.clone(),
                _ => String::new(),
            });
        }
    });
    let about = Signal::derive(move || match chosen() {
        None => "决定能看到什么、能办什么。".to_owned(),
        Some(role) => {
            let (sees, does) = duties(role);
            format!("看到：{sees}。能办：{does}。")
        }
    });
    let where_to = Signal::derive(move || {
        if chosen().is_some() && units.with(Vec::is_empty) {
            "还没有适合这个角色的单位，请先到“单位”里添加。".to_owned()
        } else {
            "只列出适合这个角色的单位。".to_owned()
        }
    });
    view! {
        {field(form, "role", "角色")
            .required()
            .hint(about)
            .select(role, Some("请选择"), Signal::derive(move || desk.directory.roles()))}
        {field(form, "unit_id", "单位")
            .required()
            .hint(where_to)
            .select(unit, Some("请选择"), units)}
    }
    .into_any()
}

fn missing(errors: &mut Errors, role: Option<Role>, unit: &str) {
    if role.is_none() {
        errors.add("role", "required", "请选择角色。");
    }
    if unit.is_empty() {
        errors.add("unit_id", "required", "请选择单位。");
    }
}

fn add(desk: Desk) -> AnyView {
    let form = Form::new();
    let empty = || RwSignal::new(String::new());
    let (name, username, duty, role, unit) = (empty(), empty(), empty(), empty(), empty());
    let service = RwSignal::new(false);
    let key = StoredValue::new(browser::random_key());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let picked = Role::from_code(&role.get_untracked());
        let input = NewUser {
            username: username.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().to_owned(),
            role: picked.unwrap_or(Role::GroupInformant),
            unit_id: unit.get_untracked().into(),
            duty: filled(&duty.get_untracked()),
            service: service.get_untracked(),
        };
        let mut errors = input.check();
        missing(&mut errors, picked, input.unit_id.as_str());
        if !form.accept(errors) {
            return;
        }
        let call = Call::post("/users").once(&key.get_value()).json(&input);
        form.send_or(
            call.fetch::<MadeUser>(),
            move |made| desk.made(made),
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
            {field(form, "name", "姓名").required().input(name)}
            {field(form, "username", "用户名")
                .hint("用来登录，定了不再改。用姓名拼音或工号，不要用身份证号、手机号。".to_owned())
                .required()
                .input(username)}
            {role_and_unit(form, desk, role, unit)}
            {field(form, "duty", "职务")
                .placeholder("如：镇党委副书记")
                .input(duty)}
            {field(form, "service", "程序账号（给别的程序用，不能登录）")
                .hint(
                    "如县平台取数：看到什么、能办什么由角色和单位决定，没有密码，不办理工作。建好后不能改成个人账号。"
                        .to_owned(),
                )
                .check(service)}
            {live(move || {
                let label = if service.get() { "新增程序账号" } else { "新增并生成初始密码" };
                foot(form, desk.dialog.up(), label, "btn btn-primary")
            })}
        </form>
    }
    .into_any()
}

fn change(desk: Desk, user: &User) -> AnyView {
    let form = Form::new();
    let name = RwSignal::new(user.name.clone());
    let duty = RwSignal::new(user.duty.clone().unwrap_or_default());
    let role = RwSignal::new(user.role.code().to_owned());
    let unit = RwSignal::new(user.unit_id.as_str().to_owned());
    let before = user.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let picked = Role::from_code(&role.get_untracked());
        let unit_id = unit.get_untracked();
        let now = name.get_untracked().trim().to_owned();
        let mut errors = Errors::new();
        errors.text("name", "姓名", &now, MAX_NAME);
        errors.length("duty", "职务", &duty.get_untracked(), MAX_NAME);
        missing(&mut errors, picked, &unit_id);
        if !form.accept(errors) {
            return;
        }
        // Only what has changed is sent, so that the audit log says just that.
        let duty = duty.get_untracked().trim().to_owned();
        let patch = UserPatch {
            name: (now != before.name).then(|| now.clone()),
            role: picked.filter(|role| *role != before.role),
            unit_id: (unit_id != before.unit_id.as_str()).then(|| unit_id.into()),
            duty: (duty != before.duty.clone().unwrap_or_default()).then_some(duty),
            disabled: None,
        };
        if patch == UserPatch::default() {
            desk.dialog.close();
            return;
        }
        let call = Call::patch(format!("/users/{}", before.id))
            .if_match(&etag(before.version))
            .json(&patch);
        form.send(call.fetch::<User>(), move |user| {
            desk.done(format!("“{now}”已保存。{}", and_ended(&user)));
        });
    };
    let username = user.username.clone();
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            <p class="quiet">{format!("用户名：{username}")}</p>
            {field(form, "name", "姓名").required().input(name)}
            {role_and_unit(form, desk, role, unit)}
            {field(form, "duty", "职务").input(duty)}
            <p class="hint">
                "换了岗位的人：改角色和单位，以后按新岗位看事项；以前办理的记录不变。"
            </p>
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// Locks a user out, or lets them in again.
fn turn(desk: Desk, user: User) -> AnyView {
    let form = Form::new();
    let disabled = !user.disabled;
    let words = match (user.service, disabled) {
        (false, true) => {
            "停用后立即退出登录，不能再登录；以前的办理记录上仍显示姓名。人员调离、退休时停用，不要把用户名转给别人用。"
        }
        (false, false) => "启用后可以用原来的密码登录。忘记密码的，启用后再重置。",
        (true, true) => {
            "停用后它的令牌立即失效，程序不能再调用接口；以前的办理记录上仍显示它的名称。"
        }
        (true, false) => "停用前的令牌不再有效，启用后请到“API 令牌”重新建。",
    };
    // What would be left undone is said before.
    let left = (disabled && !user.service).then(|| {
        let path = format!("/users/{}", user.id);
        let duties = load({
            let path = path.clone();
            move || Call::get(format!("{path}/duties")).fetch::<Duties>()
        });
        duties.view(waiting, move |duties| {
            let count: u32 = duties.duties.iter().map(|duty| duty.count).sum();
            if count == 0 {
                return view! { <p class="quiet">"名下没有未了的工作。"</p> }.into_any();
            }
            let path = format!("{path}/hand-over");
            view! {
                <p class="note note-sealed" data-testid="duties-left">
                    {icon(Icon::Warning)}
                    {format!(" 名下还有{count}项工作没有了结，请先")}
                    <a href=path>"交接"</a>
                    "。"
                </p>
            }
            .into_any()
        })
    });
    let (label, class) = if disabled {
        ("停用", "btn btn-danger")
    } else {
        ("启用", "btn btn-primary")
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let patch = UserPatch {
            disabled: Some(disabled),
            ..UserPatch::default()
        };
        let words = format!("“{}”已{label}。", user.name);
        let call = Call::patch(format!("/users/{}", user.id))
            .if_match(&etag(user.version))
            .json(&patch);
        form.send(call.fetch::<User>(), move |user| {
            desk.done(format!("{words}{}", and_ended(&user)));
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            <p>{words}</p>
            {left}
            {foot(form, desk.dialog.up(), label, class)}
        </form>
    }
    .into_any()
}

fn reset(desk: Desk, user: User) -> AnyView {
    let form = Form::new();
    let words = format!(
        "为{}（{}）生成新的初始密码。原密码立即失效，在所有电脑上退出登录。请先确认确实是本人要求。",
        user.name, user.username
    );
    let key = browser::random_key();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::post(format!("/users/{}/reset-password", user.id)).once(&key);
        form.send(call.fetch::<InitialPassword>(), move |made| desk.tell(made));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>{words}</p>
            {foot(form, desk.dialog.up(), "重置密码", "btn btn-danger")}
        </form>
    }
    .into_any()
}

/// Takes the second factor away from whoever has lost phone and codes.
fn unlock(desk: Desk, user: User) -> AnyView {
    let form = Form::new();
    let words = format!(
        "{}（{}）的手机和恢复码都丢了时用。重置后在所有电脑上退出登录，下次登录只凭密码；角色须使用两步验证的，登录后重新设置。请先当面或打电话确认确实是本人要求。",
        user.name, user.username
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let words = format!("“{}”的两步验证已重置。", user.name);
        let call = Call::delete(format!("/users/{}/second-factor", user.id));
        form.send(call.done(), move |()| desk.done(words));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>{words}</p>
            {foot(form, desk.dialog.up(), "重置两步验证", "btn btn-danger")}
        </form>
    }
    .into_any()
}

/// The account at the identity provider with which a user signs in.
fn link(desk: Desk, user: &User) -> AnyView {
    let path = format!("/users/{}/identity", user.id);
    let name = user.name.clone();
    let status = load({
        let path = path.clone();
        move || Call::get(path.clone()).fetch::<IdentityStatus>()
    });
    status.view(waiting, move |now| {
        link_form(desk, name.clone(), path.clone(), now)
    })
}

fn link_form(desk: Desk, name: String, path: String, now: IdentityStatus) -> AnyView {
    let provider = now.provider.unwrap_or_default();
    let standing = match (now.linked, &now.account) {
        (true, _) => format!(
            "已绑定{provider}的账号{}{}。",
            now.shown
                .map(|shown| format!("“{shown}”"))
                .unwrap_or_default(),
            now.last_used_at
                .map(|at| format!("，最近一次登录在{}", moment(at)))
                .unwrap_or_default(),
        ),
        (false, Some(account)) => format!("已登记账号“{account}”，本人还没有登录过。"),
        (false, None) => format!("还没有绑定。本人可以登录后在“我的”里绑定{provider}的账号。"),
    };
    let some = now.linked || now.account.is_some();
    let remove = some.then(|| {
        let form = Form::new();
        let (path, name, provider) = (path.clone(), name.clone(), provider.clone());
        let submit = move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            let words = format!("“{name}”不能再用{provider}登录。");
            form.send(Call::delete(path.clone()).done(), move |()| {
                desk.done(words)
            });
        };
        view! {
            <form class="stack" novalidate on:submit=submit>
                {form.summary()}
                <p>{form.submit_as("解除绑定", "btn btn-danger", "identity-remove")}</p>
                <p class="hint">"用它登录着的立即退出，密码不变。"</p>
            </form>
        }
        .into_any()
    });
    let enter = now.claim.map(|claim| {
        let form = Form::new();
        let account = RwSignal::new(now.account.unwrap_or_default());
        let submit = move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            let input = IdentityEntry {
                account: account.get_untracked().trim().to_owned(),
            };
            if !form.accept(input.check()) {
                return;
            }
            let words = format!("“{name}”的账号已登记，首次登录时核对。");
            let call = Call::put(path.clone()).json(&input);
            form.send(call.done(), move |()| desk.done(words));
        };
        let hint = format!(
            "平台给这个人的账号（令牌中的 {claim}），要一字不差；首次用它登录的人就绑定到这个用户，请先核实。"
        );
        view! {
            <form class="stack" novalidate on:submit=submit>
                {form.summary()}
                {field(form, "account", format!("{provider}的账号"))
                    .hint(hint)
                    .required()
                    .input(account)}
                {foot(form, desk.dialog.up(), "登记账号", "btn btn-primary")}
            </form>
        }
        .into_any()
    });
    view! {
        <p data-testid="identity-standing">{standing}</p>
        {remove}
        {enter}
    }
    .into_any()
}

/// A program's account is there: what it needs next.
fn next(desk: Desk) -> AnyView {
    view! {
        <p data-testid="program-made">
            "账号已建，请到"
            <a href="/tokens">"“API 令牌”"</a>
            "给它建令牌。"
        </p>
        <p class="hint">"它没有密码，不能登录，只能凭令牌调用接口。"</p>
        <div class="row row-end">
            <button
                type="button"
                class="btn btn-primary"
                data-testid="program-noted"
                on:click=move |_| desk.dialog.close()
            >
                "知道了"
            </button>
        </div>
    }
    .into_any()
}

/// The initial password: shown this once.
pub(super) fn tell(up: RwSignal<bool>, made: InitialPassword) -> AnyView {
    let shown = view! {
        <dl class="facts facts-long">
            <div><dt>"用户名"</dt><dd class="number">{made.user.username}</dd></div>
            <div><dt>"初始密码"</dt><dd>{code(PASSWORD, made.initial_password)}</dd></div>
        </dl>
    };
    let secret = Secret {
        id: PASSWORD,
        name: "password",
        warning: "只显示这一次，关闭后谁也查不到。请当面或打电话告诉本人，不要发到工作群里。",
        shown: shown.into_any(),
        hint: "首次登录必须改成自己的密码。忘了可以再重置。".to_owned(),
        copy: "复制密码",
        refused: "浏览器不让复制，请手抄或选中后按 Ctrl+C。",
        noted: "已记下，关闭",
    };
    secret.view(up)
}
