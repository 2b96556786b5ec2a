//! `/settings/workdays`: days declared working or free, used by every clock. A date that changes with it
//! is explained by an event of its case.

use actix_web::http::StatusCode;
use actix_web::web;
use chrono::NaiveDate;
use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::calendar::{Calendar, published_until};
use shared::case::state::Refused;
use shared::problem::Problem;
use shared::settings::{NewWorkdays, Workday, Workdays, WorkdaysChanged};
use shared::validate::Errors;

use super::store::{self, General};
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::case::{self, Desk};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/settings/workdays")
                .route(web::get().to(list))
                .route(web::post().to(declare)),
        )
        .service(web::resource("/settings/workdays/{day}").route(web::delete().to(take_back)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, declare, take_back))]
pub(crate) struct Docs;

/// 工作日更正
///
/// 任何已登录用户。按日期排列；`known_until` 以后国务院的安排还没有，按周一至周五算，直到更正。
#[utoipa::path(
    get, path = "/api/v1/settings/workdays", operation_id = "list_workdays", tag = "settings",
    responses((status = 200, body = Workdays), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn list(actor: Actor, state: web::Data<State>) -> Result<web::Json<Workdays>, ApiError> {
    let directory = state.directory.current().await?;
    Ok(web::Json(workdays(directory.general(&actor.township_id))))
}

fn workdays(general: &General) -> Workdays {
    Workdays {
        corrections: general.workdays.clone(),
        known_until: published_until(),
    }
}

/// 更正工作日
///
/// 权限：系统管理员。把一天或连续几天（最多31天）定为工作日或休息日，写明依据；所有期限随即按新的算，
/// 期限有变的在办事项各记一笔，写明由哪天改为哪天。与国务院安排相同的天不用更正，全都相同的答 422。
#[utoipa::path(
    post, path = "/api/v1/settings/workdays", operation_id = "declare_workdays", tag = "settings",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewWorkdays,
    responses(
        (status = 200, body = WorkdaysChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn declare(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    input: web::Json<NewWorkdays>,
) -> Result<Answer, ApiError> {
    can(&actor, Action::ManageSettings, Facts::None)?;
    let input = input.into_inner();
    let route = "POST /settings/workdays";
    let claim = key.claim(&state, &actor, &context, route, &input);
    let desk = Desk::open(&state, actor, context).await?;
    let change = move |conn: &mut Conn| {
        claim.once(conn, |conn| {
            let changed = correct(conn, &desk, &input)?;
            Ok::<_, case::Error>(Made::plain(changed, StatusCode::OK))
        })
    };
    let answer = state.db.write(change).await?;
    state.directory.invalidate();
    Ok(answer)
}

/// Declares days as worked or free.
fn correct(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewWorkdays,
) -> Result<WorkdaysChanged, case::Error> {
    input.check(desk.context.today()).into_result()?;
    let source = input.source.trim();
    // What the calendar says by itself needs no correction, and takes one back.
    let given = given(conn, desk)?;
    let differs = |day: NaiveDate| given.is_workday(day) != input.worked;
    let named: Vec<NaiveDate> = input.days().filter(|day| differs(*day)).collect();
    let what = told(input.from, input.last(), input.worked);
    rewrite(conn, desk, &format!("{what}（{source}）"), |days| {
        let before = days.len();
        days.retain(|old| !(input.from..=input.last()).contains(&old.day));
        if named.is_empty() && days.len() == before {
            let mut errors = Errors::new();
            let message = format!("这些天本来就是{}，不用更正。", kind(input.worked));
            errors.add("worked", "unchanged", message);
            return Err(case::Error::Invalid(errors.into_vec()));
        }
        days.extend(named.iter().map(|day| Workday {
            day: *day,
            worked: input.worked,
            source: source.to_owned(),
            by: desk.actor.name().to_owned(),
            at: desk.context.now,
        }));
        Ok(())
    })
}

/// 撤销一天的更正
///
/// 权限：系统管理员。这一天恢复按国务院的安排算，期限有变的在办事项各记一笔。没有更正的答 404，由县级更正的答 409。
#[utoipa::path(
    delete, path = "/api/v1/settings/workdays/{day}", operation_id = "take_back_workday",
    tag = "settings",
    params(("day" = String, Path, description = "日期，如 2027-01-01")),
    responses(
        (status = 200, body = WorkdaysChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn take_back(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    path: web::Path<String>,
) -> Result<web::Json<WorkdaysChanged>, ApiError> {
    can(&actor, Action::ManageSettings, Facts::None)?;
    let Ok(day) = path.parse::<NaiveDate>() else {
        return Err(ApiError::not_found());
    };
    let desk = Desk::open(&state, actor, context).await?;
    let change = move |conn: &mut Conn| {
        let worked = given(conn, &desk)?.is_workday(day);
        let what = format!("{}（撤销更正）", told(day, day, worked));
        let general = desk.general();
        let above = general.workdays.iter().any(|other| other.day == day);
        rewrite(conn, &desk, &what, |days| {
            let before = days.len();
            days.retain(|old| old.day != day);
            if days.len() < before {
                return Ok(());
            }
            if above {
                return Err(Refused(
                    "这一天由县级更正，乡镇不能撤销；本乡镇另有安排的，可以自行更正这一天。"
                        .to_owned(),
                )
                .into());
            }
            Err(case::Error::hidden())
        })
    };
    let changed = state.db.write(change).await?;
    state.directory.invalidate();
    Ok(web::Json(changed))
}

/// The calendar as it is without the township's own corrections: the State Council's, with the county's.
fn given(conn: &mut Conn, desk: &Desk) -> Result<Calendar, case::Error> {
    let Some(above) = desk.actor.county() else {
        return Ok(Calendar::new());
    };
    Ok(store::written(conn)?.of(above.as_str(), None).calendar())
}

const fn kind(worked: bool) -> &'static str {
    if worked { "工作日" } else { "休息日" }
}

/// "2027-01-01至2027-01-03按休息日计".
fn told(from: NaiveDate, to: NaiveDate, worked: bool) -> String {
    let span = if from == to {
        from.to_string()
    } else {
        format!("{from}至{to}")
    };
    format!("{span}按{}计", kind(worked))
}

/// Changes the corrections, and every open case's date that hangs on them.
fn rewrite(
    conn: &mut Conn,
    desk: &Desk,
    what: &str,
    change: impl FnOnce(&mut Vec<Workday>) -> Result<(), case::Error>,
) -> Result<WorkdaysChanged, case::Error> {
    let township = &desk.actor.township_id;
    let mut general = store::to_change(conn, &desk.actor)?;
    change(&mut general.workdays)?;
    general.workdays.sort_by_key(|day| day.day);
    general.version = general.version.saturating_add(1);
    store::set_general(conn, township, &general, desk.context.now)?;
    let now = Desk {
        names: Snapshot::of(conn)?,
        ..desk.clone()
    };
    let cases = case::service::recount_clocks(conn, &now, what)?;
    let detail = format!("工作日更正：{what}，{cases}件在办事项的期限随之变化");
    audit::append(
        conn,
        &desk.context,
        &desk.actor,
        Entry::new(AuditAction::SettingWrite, detail),
    )?;
    Ok(WorkdaysChanged {
        workdays: workdays(now.names.general(township)),
        cases,
    })
}
