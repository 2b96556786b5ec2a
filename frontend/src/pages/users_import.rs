//! `/users/import`: users from a workbook: looked through first, then added all at once.

use leptos::prelude::*;
use shared::access::Action;
use shared::term::Term;
use shared::user_import::{MAX_USERS, UserImport};
use wasm_bindgen_futures::spawn_local;

use super::admin::only_for;
use super::heading;
use crate::api::{Answer, Call};
use crate::browser;
use crate::ui::field::Form;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::secret::copying;

/// Where the initial passwords stand, to be copied.
const PASSWORDS: &str = "initial-passwords";

#[derive(Clone, Copy)]
struct Desk {
    form: Form,
    file: RwSignal<Option<web_sys::File>, LocalStorage>,
    found: RwSignal<Option<UserImport>>,
    /// The key of a confirmation, another one for each file.
    key: StoredValue<String>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ManageUsers, "批量新增用户", import)
}

fn import() -> AnyView {
    let desk = Desk {
        form: Form::new(),
        file: RwSignal::new_local(None),
        found: RwSignal::new(None),
        key: StoredValue::new(browser::random_key()),
    };
    let body = live(move || match desk.found.get() {
        None => ().into_any(),
        Some(found) if !found.made.is_empty() => made(&found),
        Some(found) if !found.flagged.is_empty() => flagged(&found),
        Some(found) => planned(desk, &found),
    });
    view! {
        <div class="page page-wide">
            <nav class="crumbs" aria-label="位置">
                <a href="/users">{icon(Icon::Back)} "用户"</a>
            </nav>
            {heading("批量新增用户")}
            {desk.form.summary()}
            {choose(desk)}
            {body}
        </div>
    }
    .into_any()
}

fn choose(desk: Desk) -> AnyView {
    let template = move |_| {
        spawn_local(async move {
            match Call::get("/users/import/template").file().await {
                Ok(file) => browser::save_file("用户名单模板.xlsx", &file),
                Err(failure) => desk.form.fail(failure),
            }
        });
    };
    let picked = move |event: leptos::ev::Event| {
        if let Some(file) = browser::picked_file(&event) {
            desk.file.set(Some(file));
            desk.found.set(None);
            desk.key.set_value(browser::random_key());
            send(desk, true);
        }
    };
    let busy = desk.form.busy;
    view! {
        <section class="card stack no-print">
            <ol class="steps">
                <li>
                    <p>"下载模板，每人填一行：姓名、用户名、角色、单位、职务。"</p>
                    <button type="button" class="btn" data-testid="user-template" on:click=template>
                        {icon(Icon::Download)}
                        "下载模板"
                    </button>
                </li>
                <li>
                    <p>{format!("选择填好的文件，先检查，不写入。一份最多{MAX_USERS}人。")}</p>
                    <label class="upload-label" for="users-file">
                        {icon(Icon::Upload)}
                        <span>
                            {live(move || if busy.get() { "正在处理…" } else { "选择名单（.xlsx）" })}
                        </span>
                    </label>
                    <input
                        id="users-file"
                        data-testid="users-file"
                        type="file"
                        accept=".xlsx,.xls,.ods"
                        on:change=picked
                    />
                </li>
            </ol>
        </section>
    }
    .into_any()
}

fn data(desk: Desk, dry_run: bool) -> Option<web_sys::FormData> {
    let file = desk.file.get_untracked()?;
    let data = web_sys::FormData::new().ok()?;
    let dry_run = if dry_run { "true" } else { "false" };
    data.append_with_str("dry_run", dry_run).ok()?;
    data.append_with_blob_and_filename("file", &file, &file.name())
        .ok()?;
    Some(data)
}

fn send(desk: Desk, dry_run: bool) {
    let Some(data) = data(desk, dry_run) else {
        return;
    };
    let key = desk.key.get_value();
    let request = async move { run(&data, dry_run, &key).await };
    desk.form.send(request, move |found| {
        desk.found.set(Some(found));
        browser::focus_later("users-found");
    });
}

async fn run(data: &web_sys::FormData, dry_run: bool, key: &str) -> Answer<UserImport> {
    let call = Call::post("/users/import").form(data);
    let call = if dry_run { call } else { call.once(key) };
    call.fetch().await
}

fn flagged(found: &UserImport) -> AnyView {
    let rows = found
        .flagged
        .iter()
        .map(|cell| {
            view! {
                <tr data-testid="flagged">
                    <th scope="row" class="number">{cell.row}</th>
                    <td>{cell.column.label()}</td>
                    <td>{cell.value.clone()}</td>
                    <td>{cell.reason.clone()}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="card stack">
            <h2 id="users-found" tabindex="-1">
                {format!("{}行里有{}处要改", found.read, found.flagged.len())}
            </h2>
            <p>"在名单里改好、保存，再选一次。没有写入任何内容。"</p>
            <div class="table-box" tabindex="0" role="region" aria-label="要改的地方，可左右滚动">
                <table class="table">
                    <caption class="sr-only">"要改的单元格"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"行"</th>
                            <th scope="col">"栏目"</th>
                            <th scope="col">"现在写的"</th>
                            <th scope="col">"要改什么"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn planned(desk: Desk, found: &UserImport) -> AnyView {
    let rows = found
        .users
        .iter()
        .map(|user| {
            view! {
                <tr data-testid="planned">
                    <th scope="row">{user.name.clone()}</th>
                    <td class="number">{user.username.clone()}</td>
                    <td>{user.role.label()}</td>
                    <td>{user.unit.clone()}</td>
                    <td>{user.duty.clone()}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    let busy = desk.form.busy;
    let label = format!("新增{}人", found.users.len());
    view! {
        <section class="card stack">
            <h2 id="users-found" tabindex="-1">{format!("{}人都可以新增", found.users.len())}</h2>
            <div class="table-box" tabindex="0" role="region" aria-label="要新增的人，可左右滚动">
                <table class="table">
                    <caption class="sr-only">"要新增的人"</caption>
                    {head(false)}
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="hint">"全部新增，每人一个初始密码，只显示一次。"</p>
            <p>
                <button
                    type="button"
                    class="btn btn-primary"
                    data-testid="users-confirm"
                    disabled=follow(move || busy.get())
                    on:click=move |_| send(desk, false)
                >
                    {label}
                </button>
            </p>
        </section>
    }
    .into_any()
}

fn head(password: bool) -> AnyView {
    let last = if password { "初始密码" } else { "职务" };
    view! {
        <thead>
            <tr>
                <th scope="col">"姓名"</th>
                <th scope="col">"用户名"</th>
                <th scope="col">"角色"</th>
                <th scope="col">"单位"</th>
                <th scope="col">{last}</th>
            </tr>
        </thead>
    }
    .into_any()
}

/// The initial passwords: shown this once.
fn made(found: &UserImport) -> AnyView {
    let units: Vec<String> = found.users.iter().map(|user| user.unit.clone()).collect();
    let rows = found
        .made
        .iter()
        .zip(units)
        .map(|(made, unit)| {
            view! {
                <tr data-testid="made">
                    <th scope="row">{made.user.name.clone()}</th>
                    <td class="number">{made.user.username.clone()}</td>
                    <td>{made.user.role.label()}</td>
                    <td>{unit}</td>
                    <td><code>{made.initial_password.clone()}</code></td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    let said = ["已复制，可以粘贴到 Excel。", "浏览器不让复制，请打印。"];
    let (copy, said) = copying(PASSWORDS, "copy-passwords".to_owned(), "复制", said);
    view! {
        <section class="card stack">
            <h2 id="users-found" tabindex="-1">{format!("已新增{}人", found.made.len())}</h2>
            <p class="note note-sealed">
                {icon(Icon::Warning)}
                " 初始密码只显示这一次，离开这一页后谁也查不到。请打印裁开，当面交给本人；首次登录必须改成自己的密码。"
            </p>
            <div class="table-box" tabindex="0" role="region" aria-label="初始密码，可左右滚动">
                <table class="table" id=PASSWORDS>
                    <caption class="sr-only">"初始密码"</caption>
                    {head(true)}
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="row no-print">
                {copy}
                <button type="button" class="btn" on:click=move |_| browser::print()>
                    {icon(Icon::Print)}
                    "打印"
                </button>
                <a class="btn" href="/users">"回到用户"</a>
                {said}
            </p>
        </section>
    }
    .into_any()
}
