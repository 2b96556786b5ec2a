//! `/users/import`: users from a workbook, all or none.

use std::collections::HashMap;

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use futures_util::TryStreamExt;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use shared::access::{Action, Facts, can};
use shared::account::{InitialPassword, NewUser};
use shared::audit::AuditAction;
use shared::ids::UnitId;
use shared::org::{Unit, UnitKind};
use shared::problem::{Code, Problem};
use shared::role::Role;
use shared::term::Term;
use shared::user_import::{FlaggedCell, MAX_USERS, PlannedUser, UserColumn, UserImport};
use shared::validate::Errors;

use super::service::{self, Error};
use super::store;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::case::routes::download;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::import::{self, ReadError, Row};
use crate::session::password;
use crate::state::State;

/// The largest workbook.
const MAX_FILE: usize = 5 * 1024 * 1024;
/// The most bytes of the field beside it.
const MAX_FIELD: usize = 16;
/// In how many rows the head is looked for.
const HEAD_WITHIN: usize = 10;
/// The workbook's media type.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The routes of this file; before those of single users.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/users/import").route(web::post().to(import_users)))
        .service(web::resource("/users/import/template").route(web::get().to(template)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(import_users, template))]
pub(crate) struct Docs;

/// 一份用户名单。
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only for the document")]
struct UsersForm {
    /// 工作簿（.xlsx），5MB 以内，最多500人。
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// 是否只检查不写入；默认 true。
    #[schema(default = true)]
    dry_run: Option<bool>,
}

/// 批量新增用户
///
/// 权限：系统管理员，在本乡镇内。默认只检查（`dry_run=true`），什么都不写；确认时（`dry_run=false`）全部新增或一个也不新增。
/// 要改的单元格列在 `flagged` 里：用户名和姓名在文件内、在系统里重复的，单位、角色认不出的。初始密码只在确认的答复中给出一次。
#[utoipa::path(
    post, path = "/api/v1/users/import", operation_id = "import_users", tag = "users",
    params(("Idempotency-Key" = Option<String>, Header, description = "同一键和内容只新增一次")),
    request_body(content = UsersForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = UserImport, description = "检查"),
        (status = 201, body = UserImport, description = "已新增"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn import_users(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    form: Multipart,
) -> Result<Answer, ApiError> {
    can(&actor, Action::ManageUsers, Facts::None)?;
    let (bytes, dry_run) = receive(form).await?;
    let content = blake3::hash(&bytes).to_hex().to_string();
    let body = (&content, dry_run);
    let claim = key.claim(&state, &actor, &context, "POST /users/import", &body);
    let rows = web::block(move || import::first_sheet(&bytes))
        .await
        .map_err(ApiError::internal)?
        .map_err(|error| unreadable(&error))?;
    let directory = state.directory.current().await?;
    let plan = plan(&rows, &directory, &actor)?;
    if dry_run {
        return Ok(Answer::of(Made::plain(plan.answer(), StatusCode::OK))?);
    }
    let mut made = Vec::new();
    // Whoever sends a file again that was taken gets the first answer, though everybody is there by now.
    let fits = plan.flagged.is_empty();
    for (_, user) in plan.users.iter().filter(|_| fits) {
        let initial = password::initial();
        let hash = state.sessions.passwords.hash(initial.clone()).await;
        let hash = hash.map_err(ApiError::internal)?;
        made.push((service::user_of(user.clone()), initial, hash));
    }
    let answer = state
        .db
        .write(move |conn| {
            claim.once(conn, |conn| {
                if !fits {
                    return Err(Error::Invalid(plan.errors()));
                }
                write(conn, &context, &actor, &plan, made)
            })
        })
        .await?;
    state.directory.invalidate();
    Ok(answer)
}

/// Adds all of them. A name that was taken since the look is an error of its row.
fn write(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    plan: &Plan,
    made: Vec<(shared::account::User, String, String)>,
) -> Result<Made<UserImport>, Error> {
    let mut answer = plan.answer();
    let mut errors = Errors::new();
    for ((row, _), (user, initial_password, hash)) in plan.users.iter().zip(made) {
        if store::by_username(conn, &user.username)?.is_some() {
            errors.add(
                format!("rows.{row}.username"),
                "taken",
                format!("第{row}行：用户名“{}”已被使用。", user.username),
            );
            continue;
        }
        service::insert(conn, context, &user, &hash)?;
        answer.made.push(InitialPassword {
            user,
            initial_password,
        });
    }
    errors.into_result().map_err(Error::Invalid)?;
    let detail = format!("批量新增用户{}人", answer.made.len());
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::UserWrite, detail),
    )?;
    for made in &answer.made {
        let detail = format!("新增用户“{}”（{}）", made.user.name, made.user.role.label());
        audit::append(
            conn,
            context,
            actor,
            Entry::new(AuditAction::UserWrite, detail),
        )?;
    }
    Ok(Made::plain(answer, StatusCode::CREATED))
}

/// Takes in the form.
async fn receive(mut form: Multipart) -> Result<(Vec<u8>, bool), ApiError> {
    let broken = |error: actix_multipart::MultipartError| {
        tracing::debug!(%error, "multipart");
        of_file("broken", "上传没有完成或格式不正确，请重新上传。")
    };
    let (mut file, mut dry_run) = (None, true);
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let limit = if name == "file" { MAX_FILE } else { MAX_FIELD };
        let mut content = Vec::new();
        while let Some(chunk) = field.try_next().await.map_err(broken)? {
            if content.len() + chunk.len() > limit {
                return Err(ApiError::new(Code::TooLarge, "文件超过5 MB。"));
            }
            content.extend_from_slice(&chunk);
        }
        match name.as_str() {
            "file" => file = Some(content),
            "dry_run" => match String::from_utf8_lossy(&content).trim() {
                "true" | "1" | "" => dry_run = true,
                "false" | "0" => dry_run = false,
                _ => {
                    let mut errors = Errors::new();
                    errors.add("dry_run", "invalid", "dry_run 应为 true 或 false。");
                    return Err(ApiError::invalid(errors.into_vec()));
                }
            },
            _ => {}
        }
    }
    let file = file.ok_or_else(|| of_file("required", "请选择用户名单（表单字段 file）。"))?;
    Ok((file, dry_run))
}

fn of_file(code: &str, message: &str) -> ApiError {
    let mut errors = Errors::new();
    errors.add("file", code, message);
    ApiError::invalid(errors.into_vec())
}

fn unreadable(error: &ReadError) -> ApiError {
    match error {
        ReadError::TooLarge | ReadError::TooMuch => {
            ApiError::new(Code::TooLarge, "工作簿太大：一份名单最多500人。")
        }
        ReadError::Encrypted => ApiError::new(
            Code::UnsupportedMediaType,
            "工作簿设了打开密码，无法读取。请去掉密码、另存后再上传。",
        ),
        _ => ApiError::new(
            Code::UnsupportedMediaType,
            "这不是能读取的工作簿。请下载模板，用 Excel 或 WPS 填写，存为 .xlsx 后上传。",
        ),
    }
}

/// What a workbook says, against what is there.
struct Plan {
    read: u32,
    flagged: Vec<FlaggedCell>,
    planned: Vec<PlannedUser>,
    /// The row, and the user.
    users: Vec<(u32, NewUser)>,
}

impl Plan {
    fn answer(&self) -> UserImport {
        UserImport {
            read: self.read,
            flagged: self.flagged.clone(),
            users: self.planned.clone(),
            made: Vec::new(),
        }
    }

    fn errors(&self) -> Vec<shared::problem::FieldError> {
        let mut errors = Errors::new();
        for cell in &self.flagged {
            let field = format!("rows.{}.{}", cell.row, cell.column.code());
            let message = format!("第{}行“{}”：{}", cell.row, cell.column.label(), cell.reason);
            errors.add(field, "flagged", message);
        }
        errors.into_vec()
    }
}

/// Where each column stands.
type Columns = HashMap<UserColumn, u32>;

/// The head: the first row that names all columns but the office held.
fn head(rows: &[Row]) -> Option<(usize, Columns)> {
    rows.iter()
        .take(HEAD_WITHIN)
        .enumerate()
        .find_map(|(at, row)| {
            let mut columns = Columns::new();
            for (place, text) in &row.cells {
                let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                let text = text.trim_end_matches(['*', '＊']);
                let column = UserColumn::ALL.iter().find(|column| column.label() == text);
                if let Some(column) = column {
                    columns.entry(*column).or_insert(*place);
                }
            }
            let whole = UserColumn::ALL
                .iter()
                .all(|column| *column == UserColumn::Duty || columns.contains_key(column));
            whole.then_some((at, columns))
        })
}

/// Sets the rows against the units and users that are there.
fn plan(rows: &[Row], directory: &Snapshot, actor: &Actor) -> Result<Plan, ApiError> {
    let Some((at, columns)) = head(rows) else {
        return Err(of_file(
            "no_header",
            "没有找到表头行：应有“姓名”“用户名”“角色”“单位”四栏，“职务”可以没有。请用模板填写。",
        ));
    };
    let rows: Vec<&Row> = rows.iter().skip(at + 1).collect();
    if rows.is_empty() {
        return Err(of_file("empty", "名单里没有人。请在表头下面每人填一行。"));
    }
    if rows.len() > MAX_USERS {
        let message = format!(
            "一份名单最多{MAX_USERS}人，这里有{}行，请拆成几份。",
            rows.len()
        );
        return Err(of_file("too_many", &message));
    }
    let mut plan = Plan {
        read: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        flagged: Vec::new(),
        planned: Vec::new(),
        users: Vec::new(),
    };
    let mut seen = Seen::of(directory, actor);
    for row in rows {
        plan.take(row, &columns, directory, actor, &mut seen);
    }
    Ok(plan)
}

/// User names, and who is in which unit: in the system, and in the rows so far.
struct Seen {
    /// With the row, of the workbook's own.
    usernames: HashMap<String, Option<u32>>,
    names: HashMap<(UnitId, String), Option<u32>>,
}

impl Seen {
    fn of(directory: &Snapshot, actor: &Actor) -> Self {
        let usernames = directory
            .members()
            .map(|member| (store::username_key(&member.user.username), None))
            .collect();
        let names = directory
            .members()
            .filter(|member| member.access.township_id == actor.township_id)
            .filter(|member| !member.user.disabled)
            .map(|member| {
                let user = &member.user;
                ((user.unit_id.clone(), user.name.clone()), None)
            })
            .collect();
        Self { usernames, names }
    }
}

/// Where something stands already.
fn known(row: Option<u32>, what: &str) -> String {
    match row {
        Some(row) => format!("和第{row}行{what}重复。"),
        None => format!("系统里已有这个{what}。"),
    }
}

impl Plan {
    fn take(
        &mut self,
        row: &Row,
        columns: &Columns,
        directory: &Snapshot,
        actor: &Actor,
        seen: &mut Seen,
    ) {
        let number = row.number;
        let text = |column: UserColumn| {
            let cell = columns.get(&column).and_then(|at| row.cells.get(at));
            cell.map(|text| text.trim().to_owned()).unwrap_or_default()
        };
        let before = self.flagged.len();
        let flagged = &mut self.flagged;
        let mut flag = |column: UserColumn, reason: String| {
            flagged.push(FlaggedCell {
                row: number,
                column,
                value: text(column),
                reason,
            });
        };
        let role = read_role(&text(UserColumn::Role));
        if role.is_none() {
            let labels: Vec<&str> = roles(directory, actor).map(Role::label).collect();
            flag(
                UserColumn::Role,
                format!("没有这个角色，应为：{}。", labels.join("、")),
            );
        }
        let unit = match read_unit(directory, actor, &text(UserColumn::Unit)) {
            Ok(unit) => Some(unit),
            Err(reason) => {
                flag(UserColumn::Unit, reason);
                None
            }
        };
        let user = NewUser {
            username: text(UserColumn::Username),
            name: text(UserColumn::Name),
            role: role.unwrap_or(Role::GroupInformant),
            unit_id: unit.map_or_else(|| UnitId::new(""), |unit| unit.id.clone()),
            duty: Some(text(UserColumn::Duty)).filter(|duty| !duty.is_empty()),
            service: false,
        };
        let mut errors = user.check();
        if let (Some(role), Some(unit)) = (role, unit)
            && !role.belongs_in(unit.kind)
        {
            let message = format!("{}不能设在{}。", role.label(), unit.kind.label());
            errors.add("unit_id", "misplaced", message);
        }
        for error in errors.into_vec() {
            if let Some(column) = UserColumn::from_code(&error.field) {
                flag(column, error.message);
            }
        }
        let key = store::username_key(&user.username);
        if !key.is_empty() {
            match seen.usernames.get(&key) {
                Some(other) => flag(UserColumn::Username, known(*other, "用户名")),
                None => drop(seen.usernames.insert(key, Some(number))),
            }
        }
        if let Some(unit) = unit.filter(|_| !user.name.is_empty()) {
            let key = (unit.id.clone(), user.name.clone());
            match seen.names.get(&key) {
                Some(other) => {
                    let known = known(*other, "单位同名的人");
                    flag(
                        UserColumn::Name,
                        format!(
                            "{known}同一个人不要建两个用户；确是两个人的，请在姓名后加字区分。"
                        ),
                    );
                }
                None => drop(seen.names.insert(key, Some(number))),
            }
        }
        if self.flagged.len() == before {
            self.planned.push(PlannedUser {
                row: number,
                name: user.name.clone(),
                username: user.username.clone(),
                role: user.role,
                unit: unit.map_or_else(String::new, |unit| full_name(directory, unit)),
                duty: user.duty.clone(),
            });
            self.users.push((number, user));
        }
    }
}

/// The roles that there are to give for an administrator, of the county or of a township.
fn roles(directory: &Snapshot, actor: &Actor) -> impl Iterator<Item = Role> {
    let unit = directory.unit(&actor.township_id);
    Role::used(unit.is_some_and(|unit| unit.kind == UnitKind::County))
}

/// A role by its label or its code.
fn read_role(text: &str) -> Option<Role> {
    Role::ALL
        .iter()
        .find(|role| role.label() == text)
        .copied()
        .or_else(|| Role::from_code(text))
}

/// A unit of the administrator's township by its name; a group's with its village.
fn read_unit<'a>(directory: &'a Snapshot, actor: &Actor, text: &str) -> Result<&'a Unit, String> {
    if text.is_empty() {
        return Err("请填写单位。".to_owned());
    }
    let plain = text.replace(['/', '／', ' '], "");
    let mut found = directory.units().iter().filter(|unit| {
        !unit.closed
            && directory.township_of(&unit.id) == actor.township_id
            && (unit.name == text || full_name(directory, unit) == plain)
    });
    match (found.next(), found.next()) {
        (Some(unit), None) => Ok(unit),
        (None, _) => {
            Err("没有这个单位。请照“单位”页上的名称填写，社要写村名，如“五里墩村1社”。".to_owned())
        }
        (Some(_), Some(_)) => Err("有几个同名的单位。社要写村名，如“五里墩村1社”。".to_owned()),
    }
}

/// A group's name with its village's.
fn full_name(directory: &Snapshot, unit: &Unit) -> String {
    let village = unit
        .parent_id
        .as_ref()
        .filter(|_| unit.kind == UnitKind::Group)
        .map_or("", |id| directory.unit_name(id));
    format!("{village}{}", unit.name)
}

/// 用户名单模板
///
/// 权限：系统管理员。空表，和本乡镇的角色、单位名称。
#[utoipa::path(
    get, path = "/api/v1/users/import/template", operation_id = "user_template", tag = "users",
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn template(actor: Actor, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    can(&actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    let book = web::block(move || book(&directory, &actor))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(download(XLSX, "用户名单模板.xlsx", book))
}

fn book(directory: &Snapshot, actor: &Actor) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let list = book.add_worksheet();
    list.set_name("用户")?;
    for (at, column) in (0_u16..).zip(UserColumn::ALL) {
        list.write_with_format(0, at, column.label(), &bold)?;
        list.set_column_width(at, 18)?;
    }
    list.set_freeze_panes(1, 0)?;
    let help = book.add_worksheet();
    help.set_name("角色和单位")?;
    help.write_with_format(0, 0, "角色", &bold)?;
    help.write_with_format(0, 1, "单位", &bold)?;
    help.write_with_format(0, 2, "怎么填", &bold)?;
    for (row, role) in (1_u32..).zip(roles(directory, actor)) {
        help.write(row, 0, role.label())?;
    }
    let units = directory
        .units()
        .iter()
        .filter(|unit| !unit.closed && directory.township_of(&unit.id) == actor.township_id);
    for (row, unit) in (1_u32..).zip(units) {
        help.write(row, 1, full_name(directory, unit))?;
    }
    let words = [
        "每人一行，填在“用户”表里；这一页只供对照。",
        "用户名用来登录，定了不再改：用姓名拼音或工号，不要用身份证号、手机号。",
        "角色、单位照这一页的名称填；社要写村名。职务可以空着。",
        "上传后先检查，没有错的才能确认；全部新增，或一个也不新增。",
    ];
    for (row, line) in (1_u32..).zip(words) {
        help.write(row, 2, line)?;
    }
    help.set_column_width(0, 14)?;
    help.set_column_width(1, 22)?;
    help.set_column_width(2, 70)?;
    book.save_to_buffer()
}
