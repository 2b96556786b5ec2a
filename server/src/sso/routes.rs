//! `/sso`, `/me/identity` and `/users/{id}/identity`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use maud::Markup;
use serde::Deserialize;
use shared::ids::UserId;
use shared::problem::Problem;
use shared::sso::{IdentityEntry, IdentityStart, IdentityStarted, IdentityStatus};

use super::attempt::{self, Attempt, Halfway};
use super::page::{self, Message, Next};
use super::provider::Error as ProviderError;
use super::service::{self, Back, Done, Failed};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::session::routes::refresh_cookie;
use crate::session::service::Opened;
use crate::state::State;

/// Nothing but the style sheet is loaded, and nothing runs.
const SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// What people see on their way to the provider and back.
pub(crate) fn pages(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/sso/start").route(web::get().to(start)))
        .service(web::resource("/sso/callback").route(web::get().to(callback)))
        .service(
            web::resource("/sso/code")
                .route(web::get().to(ask_code))
                .route(web::post().to(take_code)),
        )
        .service(web::resource("/sso/leave").route(web::get().to(leave)));
}

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/me/identity")
                .route(web::get().to(own))
                .route(web::post().to(begin_link))
                .route(web::delete().to(unlink)),
        )
        .service(
            web::resource("/users/{id}/identity")
                .route(web::get().to(show))
                .route(web::put().to(enter))
                .route(web::delete().to(remove)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(own, begin_link, unlink, show, enter, remove))]
pub(crate) struct Docs;

#[derive(Debug, Default, Deserialize)]
struct Start {
    #[serde(default)]
    to: String,
}

#[derive(Debug, Default, Deserialize)]
struct Callback {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, SECURITY_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

fn html(mut response: HttpResponseBuilder, page: Markup) -> HttpResponse {
    response
        .content_type("text/html; charset=utf-8")
        .body(page.into_string())
}

fn redirect(to: &str) -> HttpResponseBuilder {
    let mut response = answer(StatusCode::SEE_OTHER);
    response.insert_header((header::LOCATION, to));
    response
}

fn name(state: &State) -> &str {
    state
        .sso
        .provider()
        .map_or("统一身份认证", |provider| provider.name())
}

/// What somebody reads who did not come in.
fn say(state: &State, request: &HttpRequest, failed: Failed) -> Result<HttpResponse, ApiError> {
    let name = name(state);
    let mut besides = Vec::new();
    let mut next = Next::Again;
    let retry_after = match failed {
        Failed::Throttled(seconds) => Some(seconds),
        _ => None,
    };
    let (status, wrong) = match failed {
        Failed::Internal(error) => return Err(error),
        Failed::Off => {
            next = Next::Password;
            (404, "这个系统没有启用统一身份认证。".to_owned())
        }
        Failed::Expired => (
            400,
            "这次登录已经过期，或者不是在这个浏览器里开始的，没有登录。".to_owned(),
        ),
        Failed::Replayed => (400, "这次登录已经用过了，没有再登录。".to_owned()),
        Failed::Cancelled => (403, format!("在{name}没有完成登录。")),
        Failed::Provider(ProviderError::Unreached(_)) => {
            besides.push("请稍后再试；着急的，用用户名和密码登录。".to_owned());
            (503, format!("{name}现在没有正常应答。"))
        }
        Failed::Provider(ProviderError::Refused(_)) => (
            400,
            format!("{name}不认这次登录，可能停留得太久了。请重新登录。"),
        ),
        Failed::Provider(ProviderError::Nonsense(_) | ProviderError::Untrusted(_)) => {
            besides.push("再试仍然这样的，请告诉本镇系统管理员：原因在审计记录里。".to_owned());
            (403, format!("{name}的答复没有通过核对，没有登录。"))
        }
        Failed::Unlinked(shown) => {
            besides.push(
                "有用户名和密码的，用它登录后，在“我的”里绑定；没有的，请本镇系统管理员登记您的账号。"
                    .to_owned(),
            );
            if let Some(shown) = shown {
                besides.push(format!("您在{name}的账号：{shown}"));
            }
            (
                403,
                format!("您在{name}的账号不能登录这个系统：还没有绑定用户。"),
            )
        }
        Failed::Taken => {
            next = Next::Account;
            (
                409,
                format!("没有绑定：这个{name}账号已经绑定了另一个用户。请系统管理员先解除。"),
            )
        }
        Failed::Left => (
            403,
            "没有绑定：您在本系统的登录已经结束。请重新登录后再绑定。".to_owned(),
        ),
        Failed::WrongCode => (403, WRONG_CODE.to_owned()),
        Failed::Throttled(seconds) => {
            let minutes = seconds.div_ceil(60);
            (429, format!("尝试次数过多，请约{minutes}分钟后再试。"))
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = answer(status);
    if let Some(seconds) = retry_after {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    let message = Message {
        name,
        wrong,
        besides,
        next,
    };
    response.cookie(attempt::gone::<Attempt>(state, request));
    Ok(html(response, message.html()))
}

const WRONG_CODE: &str = "验证码不正确；每个验证码只能用一次。";

/// To the provider.
async fn start(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let asked = web::Query::<Start>::from_query(request.query_string());
    let to = asked.map(|asked| asked.into_inner().to).unwrap_or_default();
    let Some(provider) = state.sso.provider() else {
        return say(&state, &request, Failed::Off);
    };
    let to = attempt::path_of_app(&to);
    match provider.begin(to, None, context.now).await {
        Ok((location, attempt)) => {
            let mut response = redirect(&location);
            response.cookie(kept(&state, &request, &attempt)?);
            Ok(response.finish())
        }
        Err(error) => say(&state, &request, error.into()),
    }
}

fn kept<T: attempt::Kept>(
    state: &State,
    request: &HttpRequest,
    kept: &T,
) -> Result<actix_web::cookie::Cookie<'static>, ApiError> {
    attempt::keep(state, request, kept).ok_or_else(|| ApiError::internal("an attempt is no JSON"))
}

/// Back from the provider.
async fn callback(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let said = web::Query::<Callback>::from_query(request.query_string());
    let said = said.map(web::Query::into_inner).unwrap_or_default();
    let back = Back {
        state: said.state,
        code: said.code,
        error: said.error,
        issuer: said.iss,
    };
    let brought = attempt::brought::<Attempt>(&state, &request, context.now);
    let to = brought.as_ref().map(|brought| brought.to.clone());
    let to = to.unwrap_or_else(|| "/".to_owned());
    match service::come_back(&state, &context, brought, back).await {
        Ok(Done::In(opened)) => Ok(let_in(&state, &request, *opened, &to)),
        Ok(Done::Linked) => {
            let mut response = redirect(&to);
            response.cookie(attempt::gone::<Attempt>(&state, &request));
            Ok(response.finish())
        }
        Ok(Done::Code(halfway)) => {
            let mut response = redirect("/sso/code");
            response
                .cookie(attempt::gone::<Attempt>(&state, &request))
                .cookie(kept(&state, &request, &*halfway)?);
            Ok(response.finish())
        }
        Err(failed) => say(&state, &request, failed),
    }
}

fn let_in(state: &State, request: &HttpRequest, opened: Opened, to: &str) -> HttpResponse {
    let mut response = redirect(to);
    if let Some(token) = opened.refresh_token {
        response.cookie(refresh_cookie(state, request, token));
    }
    response
        .cookie(attempt::gone::<Attempt>(state, request))
        .cookie(attempt::gone::<Halfway>(state, request))
        .finish()
}

/// Asks for a code.
async fn ask_code(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    match attempt::brought::<Halfway>(&state, &request, context.now) {
        Some(_) => Ok(html(answer(StatusCode::OK), page::code(name(&state), None))),
        None => say(&state, &request, Failed::Expired),
    }
}

/// Takes a code.
async fn take_code(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
    form: Result<web::Form<CodeForm>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let typed = form.map(|form| form.into_inner().code).unwrap_or_default();
    let Some(halfway) = attempt::brought::<Halfway>(&state, &request, context.now) else {
        return say(&state, &request, Failed::Expired);
    };
    match service::take_code(&state, &context, &halfway, typed).await {
        Ok(Done::In(opened)) => Ok(let_in(&state, &request, *opened, &halfway.to)),
        Ok(_) => Err(ApiError::internal("a code came to something else")),
        Err(Failed::WrongCode) => Ok(html(
            answer(StatusCode::FORBIDDEN),
            page::code(name(&state), Some(WRONG_CODE)),
        )),
        Err(failed) => say(&state, &request, failed),
    }
}

/// After a sign-out here: signs out at the provider, where it has a place for that.
async fn leave(state: web::Data<State>) -> HttpResponse {
    let there = match state.sso.provider() {
        Some(provider) => provider.leave().await,
        None => None,
    };
    redirect(there.as_deref().unwrap_or("/login")).finish()
}

/// 本人的统一身份认证绑定
///
/// 任何已登录用户。没有启用统一身份认证时，`provider` 为空。
#[utoipa::path(
    get, path = "/api/v1/me/identity", operation_id = "show_own_identity", tag = "session",
    responses((status = 200, body = IdentityStatus), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn own(actor: Actor, state: web::Data<State>) -> Result<web::Json<IdentityStatus>, ApiError> {
    Ok(web::Json(service::own(&state, &actor).await?))
}

/// 开始绑定本人的账号
///
/// 任何已登录用户，凭本人密码。浏览器随后打开答复中的 `location`，在身份认证平台登录后回到本系统，即已绑定；
/// 以前的绑定随之解除。没有启用统一身份认证的答 409，平台没有应答的答 503。
#[utoipa::path(
    post, path = "/api/v1/me/identity", operation_id = "link_own_identity", tag = "session",
    request_body = IdentityStart,
    responses(
        (status = 200, body = IdentityStarted), (status = 401, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn begin_link(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
    input: web::Json<IdentityStart>,
) -> Result<HttpResponse, ApiError> {
    let (location, attempt) =
        service::begin_link(&state, &context, &actor, input.into_inner()).await?;
    Ok(HttpResponse::Ok()
        .cookie(kept(&state, &request, &attempt)?)
        .json(IdentityStarted { location }))
}

/// 解除本人的绑定
///
/// 任何已登录用户。经统一身份认证的其他登录随之结束；没有绑定的答 409。
#[utoipa::path(
    delete, path = "/api/v1/me/identity", operation_id = "unlink_own_identity", tag = "session",
    responses((status = 204), (status = 401, body = Problem), (status = 409, body = Problem)),
    security(("bearer" = [])),
)]
async fn unlink(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
) -> Result<HttpResponse, ApiError> {
    service::unlink(&state, &context, actor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 用户的统一身份认证绑定
///
/// 权限：系统管理员，在本乡镇内。
#[utoipa::path(
    get, path = "/api/v1/users/{id}/identity", operation_id = "show_identity", tag = "users",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = IdentityStatus), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(
    actor: Actor,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<web::Json<IdentityStatus>, ApiError> {
    let id = UserId::new(id.into_inner());
    Ok(web::Json(service::show(&state, &actor, &id).await?))
}

/// 登记用户的账号
///
/// 权限：系统管理员，在本乡镇内，不对自己。`account` 与身份认证平台令牌中的一项（见 `claim`）逐字核对，
/// 首次登录相符的即绑定到那个人，以后改名也不变。以前的绑定随之解除，其登录结束。
#[utoipa::path(
    put, path = "/api/v1/users/{id}/identity", operation_id = "enter_identity", tag = "users",
    params(("id" = String, Path)),
    request_body = IdentityEntry,
    responses(
        (status = 200, body = IdentityStatus), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn enter(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
    input: web::Json<IdentityEntry>,
) -> Result<web::Json<IdentityStatus>, ApiError> {
    let id = UserId::new(id.into_inner());
    let status = service::enter(&state, &context, actor, &id, input.into_inner()).await?;
    Ok(web::Json(status))
}

/// 解除用户的绑定
///
/// 权限：系统管理员，在本乡镇内。登记的账号一并去掉，经统一身份认证的登录立即结束；没有的答 409。
#[utoipa::path(
    delete, path = "/api/v1/users/{id}/identity", operation_id = "remove_identity", tag = "users",
    params(("id" = String, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn remove(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = UserId::new(id.into_inner());
    service::remove(&state, &context, actor, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
