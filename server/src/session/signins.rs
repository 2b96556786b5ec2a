//! `/sessions`: who is signed in, and ending single sign-ins.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::account::OpenSignIn;
use shared::audit::AuditAction;
use shared::ids::UserId;
use shared::page::Page;
use shared::problem::Problem;

use super::store;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::case::Error;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::{self, Member, Snapshot};
use crate::error::ApiError;
use crate::page::{PageQuery, cursor};
use crate::schema::sessions;
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/sessions").route(web::get().to(list)))
        .service(web::resource("/sessions/{id}").route(web::delete().to(end)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, end))]
pub(crate) struct Docs;

/// Whose sign-ins, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// true：本镇所有人的登录（系统管理员）；否则只是本人的
    all: Option<bool>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Row {
    id: String,
    user_id: String,
    created_at: NaiveDateTime,
    last_used_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    address: Option<String>,
    method: String,
}

/// 在用的登录
///
/// 本人的登录，新的在前；系统管理员可以看本镇所有人的（`all=true`，其他角色答 403）。不含已退出和过期的。
#[utoipa::path(
    get, path = "/api/v1/sessions", operation_id = "list_sessions", tag = "session",
    params(ListQuery),
    responses(
        (status = 200, body = Page<OpenSignIn>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<OpenSignIn>>, ApiError> {
    let ListQuery { all, limit, cursor } = query.into_inner();
    let query = PageQuery { limit, cursor };
    let (limit, after) = (query.limit()?, query.after::<String>()?);
    let all = all.unwrap_or_default();
    if all {
        can(&actor, Action::ManageUsers, Facts::None)?;
    }
    let directory = state.directory.current().await?;
    let whose = if all {
        directory
            .members()
            .filter(|member| member.access.township_id == actor.township_id)
            .map(|member| member.user.id.as_str().to_owned())
            .collect()
    } else {
        vec![actor.user_id.as_str().to_owned()]
    };
    let now = context.now;
    let (rows, total) = state
        .db
        .read(move |conn| read(conn, &whose, after.as_deref(), limit, now))
        .await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    let items: Vec<OpenSignIn> = rows
        .into_iter()
        .take(most)
        .filter_map(|row| shown(&directory, &actor, row))
        .collect();
    let last = items.last().filter(|_| more);
    Ok(web::Json(Page {
        next_cursor: last.map(|sign_in| cursor_of(&sign_in.id)),
        total,
        items,
    }))
}

fn cursor_of(id: &str) -> String {
    cursor(&id)
}

fn shown(directory: &Snapshot, actor: &Actor, row: Row) -> Option<OpenSignIn> {
    let member = directory.member(&UserId::from(row.user_id.as_str()))?;
    Some(OpenSignIn {
        current: row.id == actor.session_id(),
        id: row.id,
        user_id: member.user.id.clone(),
        user_name: member.user.name.clone(),
        role: member.user.role,
        unit_name: directory.unit_name(&member.user.unit_id).to_owned(),
        method: crate::db::term(&row.method).ok()?,
        since: row.created_at.and_utc(),
        last_used_at: row.last_used_at.and_utc(),
        expires_at: row.expires_at.and_utc(),
        address: row.address,
    })
}

/// Open sign-ins of some users, the newest first, one more than asked for; and how many there are.
fn read(
    conn: &mut Conn,
    whose: &[String],
    before: Option<&str>,
    limit: u32,
    now: DateTime<Utc>,
) -> QueryResult<(Vec<Row>, u64)> {
    let open = || {
        sessions::ended_at
            .is_null()
            .and(sessions::expires_at.gt(now.naive_utc()))
            .and(sessions::user_id.eq_any(whose))
    };
    let total: i64 = sessions::table.filter(open()).count().get_result(conn)?;
    let mut query = sessions::table
        .filter(open())
        .order(sessions::id.desc())
        .limit(i64::from(limit) + 1)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(sessions::id.lt(before.to_owned()));
    }
    Ok((query.load(conn)?, total.unsigned_abs()))
}

/// 结束一次登录
///
/// 本人的登录；系统管理员可以结束本镇任何人的。立即生效，包括已发出的访问令牌；已经结束的答 404。
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", operation_id = "end_session", tag = "session",
    params(("id" = String, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn end(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let directory = state.directory.current().await?;
    let id = id.into_inner();
    state
        .db
        .write(move |conn| end_one(conn, &directory, &context, &actor, &id))
        .await?;
    state.directory.invalidate();
    Ok(HttpResponse::NoContent().finish())
}

fn end_one(
    conn: &mut Conn,
    directory: &Snapshot,
    context: &RequestContext,
    actor: &Actor,
    id: &str,
) -> Result<(), Error> {
    let owner: Option<String> = sessions::table
        .find(id)
        .select(sessions::user_id)
        .first(conn)
        .optional()?;
    let owner = owner.and_then(|owner| directory.member(&UserId::from(owner.as_str())));
    let owner: &Member = owner
        .filter(|owner| owner.access.township_id == actor.township_id)
        .ok_or_else(Error::hidden)?;
    let own = owner.user.id == actor.user_id;
    // Whoever may not see others' does not learn that this one is there.
    if !own && can(actor, Action::ManageUsers, Facts::None).is_err() {
        return Err(Error::hidden());
    }
    let by = if own { "sign_out" } else { "administrator" };
    if !store::end(conn, id, by, context.now)? {
        return Err(Error::hidden());
    }
    directory::touch(conn)?;
    let detail = if own {
        "结束本人的一次登录".to_owned()
    } else {
        format!("结束“{}”的一次登录", owner.user.name)
    };
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::SignOut, detail),
    )?;
    Ok(())
}
