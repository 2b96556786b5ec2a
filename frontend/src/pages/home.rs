//! `/`: what must I do today. Administrator and auditor, who take no part in the ledger, have homes
//! of their own; that of the county's office is its townships.

use leptos::prelude::*;
use shared::access::Action;
use shared::account::User;
use shared::alert::AlertDeed;
use shared::audit::AuditEntry;
use shared::case::view::{Home, Todo};
use shared::page::Page;
use shared::role::Role;
use shared::term::Term;

use super::case::bits;
use super::heading;
use crate::api::{Call, every};
use crate::app;
use crate::browser;
use crate::directory::directory;
use crate::format;
use crate::load::load;
use crate::part::{self, Part};
use crate::place::{self, Place};
use crate::session;
use crate::ui::icon::{Icon, icon};
use crate::ui::states::{empty, waiting};

/// The page.
pub(crate) fn page() -> AnyView {
    let me = app::me();
    if me.user.role == Role::CountyOffice {
        return part::open(Part::Figures, Place::County);
    }
    let body = match me.user.role {
        Role::Administrator => administrator(),
        Role::Auditor => auditor(),
        _ => desk(),
    };
    let today = browser::today();
    let alert = session::may(Action::Alert(AlertDeed::Report)).then(|| {
        view! {
            <a class="btn btn-alert" href="/alerts/new" data-testid="home-alert">
                {icon(Icon::Alarm)}
                "上报重要信息"
            </a>
        }
    });
    let register = place::may_register().then(|| {
        view! {
            <a class="btn btn-primary" href="/cases/new">{icon(Icon::Add)} "登记"</a>
        }
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading(format!("{}，您好", me.user.name))}
                    <p class="quiet">
                        {format!("今天是{} {}", format::date(today), format::weekday(today))}
                    </p>
                </div>
                <div class="row page-buttons">{register} {alert}</div>
            </div>
            {body}
        </div>
    }
    .into_any()
}

/// Of those who work on cases.
fn desk() -> AnyView {
    let home = load(|| Call::get("/dashboard").fetch::<Home>());
    home.view(waiting, |home| {
        let nothing = home.todos.iter().all(|todo| todo.count == 0);
        let todos = home.todos.iter().map(todo).collect_view();
        let calm = nothing.then(|| {
            view! { <p class="note">{icon(Icon::Check)} "现在没有要办的事项。"</p> }
        });
        let standing_in = home.standing_in.clone().map(|words| {
            view! { <p class="note" data-testid="standing-in">{icon(Icon::People)} {words}</p> }
        });
        view! {
            {standing_in}
            <section aria-labelledby="todos">
                <h2 id="todos">"今天要办"</h2>
                {calm}
                <ul class="todos">{todos}</ul>
            </section>
            <div class="home-columns">
                {lines("即将到期", "/cases?open=true&sort=due_on", &home.due_soon, "没有在计期限的事项。")}
                {lines("最近变更", "/cases?sort=-updated_at", &home.recent, "登记的事项会出现在这里。")}
            </div>
        }
        .into_any()
    })
}

fn todo(todo: &Todo) -> AnyView {
    let class = match (todo.urgent, todo.count) {
        (true, _) => "todo todo-urgent",
        (false, 0) => "todo todo-none",
        _ => "todo",
    };
    let hint = (!todo.hint.is_empty())
        .then(|| view! { <span class="todo-hint">{todo.hint.clone()}</span> });
    let href = match todo.query.as_str() {
        "" => todo.list.path().to_owned(),
        query => format!("{}?{query}", todo.list.path()),
    };
    view! {
        <li>
            <a class=class href=href data-testid="todo">
                <span class="todo-count">{todo.count}</span>
                <span class="todo-words">
                    <span class="todo-title">
                        {todo.urgent.then(|| icon(Icon::Warning))}
                        {todo.title.clone()}
                    </span>
                    {hint}
                </span>
            </a>
        </li>
    }
    .into_any()
}

fn lines(
    title: &'static str,
    all: &'static str,
    rows: &[shared::case::view::CaseRow],
    none: &'static str,
) -> AnyView {
    let list = if rows.is_empty() {
        view! { <p class="quiet">{none}</p> }.into_any()
    } else {
        let rows = rows.iter().map(bits::line).collect_view();
        view! { <ul class="case-lines">{rows}</ul> }.into_any()
    };
    view! {
        <section class="card">
            <div class="card-head">
                <h2>{title}</h2>
                <a href=all>"全部"</a>
            </div>
            {list}
        </section>
    }
    .into_any()
}

fn figure(number: usize, words: &'static str, place: &Place) -> AnyView {
    view! {
        <li>
            <a class="todo" href=place.path()>
                <span class="todo-count">{number}</span>
                <span class="todo-words">
                    <span class="todo-title">{words}</span>
                </span>
            </a>
        </li>
    }
    .into_any()
}

/// Of the administrator: units, users, and what is still to be set up.
fn administrator() -> AnyView {
    let users = load(|| every::<User>("/users"));
    let directory = directory();
    let figures = users.view(waiting, move |users| {
        let units = directory.units();
        let open = units.iter().filter(|unit| !unit.closed).count();
        let initial = users
            .iter()
            .filter(|user| user.must_change_password && !user.disabled)
            .count();
        let active = users.iter().filter(|user| user.is_active_person()).count();
        let leaderless = units
            .iter()
            .filter(|unit| !unit.closed && unit.responsible_user_id.is_none())
            .count();
        view! {
            <ul class="todos">
                {figure(open, "单位", &Place::Org)}
                {figure(leaderless, "还没有第一责任人的单位", &Place::Org)}
                {figure(active, "可以登录的用户", &Place::Users)}
                {figure(initial, "还没改初始密码的用户", &Place::Users)}
            </ul>
        }
        .into_any()
    });
    view! {
        <h2>"系统概况"</h2>
        {figures}
        <section class="card">
            <h2>"新用起来的顺序"</h2>
            <ol class="prose">
                <li><a href="/org">"核对单位"</a>"：村、社和站所的名称与第一责任人。"</li>
                <li><a href="/users">"建立用户"</a>"：每人一个账号，初始密码只显示一次。"</li>
                <li><a href="/settings">"核对设置"</a>"：乡镇名称和法定期限。"</li>
                <li><a href="/village-map">"上传村庄地图"</a>"：没有上传的，数据看板上没有地图。"</li>
            </ol>
            <p class="hint">"系统管理员看不到事项内容。"</p>
        </section>
    }
    .into_any()
}

/// Of the auditor: what was done last.
fn auditor() -> AnyView {
    let recent = load(|| Call::get("/audit?limit=20").fetch::<Page<AuditEntry>>());
    let list = recent.view(waiting, |page| {
        if page.items.is_empty() {
            return empty(
                "还没有审计记录",
                "登录、查看、变更、导出都会记在这里。",
                None,
            );
        }
        let rows = page.items.iter().map(entry).collect_view();
        view! { <ul class="entries">{rows}</ul> }.into_any()
    });
    let more = session::may(Action::ViewAudit).then(|| view! { <a href="/audit">"全部"</a> });
    view! {
        <section class="card">
            <div class="card-head">
                <h2>"最近的审计记录"</h2>
                {more}
            </div>
            {list}
        </section>
    }
    .into_any()
}

fn entry(entry: &AuditEntry) -> AnyView {
    let who = entry
        .user_name
        .clone()
        .unwrap_or_else(|| "（未登录）".to_owned());
    view! {
        <li>
            <span class="badge">{entry.action.label()}</span>
            <span class="entry-words">{who} "　" {entry.detail.clone()}</span>
            <span class="quiet">{format::moment(entry.at)}</span>
        </li>
    }
    .into_any()
}
