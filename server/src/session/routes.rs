//! `/session` and `/me`.

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use shared::account::{Me, PasswordChange, Session, SignIn};
use shared::problem::Problem;

use super::service::{self, Opened};
use crate::auth::SignedIn;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::state::State;

/// The refresh token's cookie.
const COOKIE: &str = "xinfang_refresh";
/// The only path that needs it.
const COOKIE_PATH: &str = "/api/v1/session";

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/session")
                .route(web::post().to(sign_in))
                .route(web::delete().to(sign_out)),
        )
        .service(web::resource("/session/refresh").route(web::post().to(refresh)))
        .service(web::resource("/session/all").route(web::delete().to(sign_out_everywhere)))
        .service(web::resource("/me").route(web::get().to(me)))
        .service(web::resource("/me/password").route(web::post().to(change_password)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(sign_in, refresh, sign_out, sign_out_everywhere, me, change_password))]
pub struct Docs;

/// 登录
///
/// 不需要登录。成功后得到访问令牌，并设置刷新 Cookie（HttpOnly，SameSite=Strict）。
/// 用户名不存在与密码不正确的答复相同；失败次数过多答 429。开启了两步验证的，密码正确而没有验证码时答
/// `second_factor_required`，再连同验证码（`totp`，验证器的6位数字或一个恢复码）提交一次；带验证码时，三者中哪个不对答复都相同。
#[utoipa::path(
    post, path = "/api/v1/session", operation_id = "sign_in", tag = "session",
    request_body = SignIn,
    responses(
        (status = 200, body = Session),
        (status = 401, body = Problem, description = "`wrong_credentials`、`second_factor_required`"),
        (status = 429, body = Problem, description = "`too_many_requests`"),
    ),
)]
async fn sign_in(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
    input: web::Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let opened = service::sign_in(&state, &context, input.into_inner()).await?;
    Ok(answer(&state, &request, opened))
}

/// 续期
///
/// 不需要访问令牌，凭刷新 Cookie。刷新凭证一次有效；重复使用会结束这次登录（`session_reused`）。
#[utoipa::path(
    post, path = "/api/v1/session/refresh", operation_id = "refresh_session", tag = "session",
    responses(
        (status = 200, body = Session),
        (status = 401, body = Problem, description = "`unauthenticated`、`session_reused`"),
    ),
)]
async fn refresh(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let opened = service::refresh(&state, &context, presented(&request)).await?;
    Ok(answer(&state, &request, opened))
}

/// 退出登录
///
/// 结束访问令牌或刷新 Cookie 所属的登录；没有登录时同样答 204。
#[utoipa::path(
    delete, path = "/api/v1/session", operation_id = "sign_out", tag = "session",
    responses((status = 204)),
)]
async fn sign_out(
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
    caller: Option<SignedIn>,
) -> Result<HttpResponse, ApiError> {
    let actor = caller.map(|SignedIn(actor)| actor);
    service::sign_out(&state, &context, actor, presented(&request)).await?;
    Ok(HttpResponse::NoContent()
        .cookie(no_cookie(&state, &request))
        .finish())
}

/// 退出所有登录
///
/// 任何已登录用户。本人所有的登录立即失效，包括已发出的访问令牌。
#[utoipa::path(
    delete, path = "/api/v1/session/all", operation_id = "sign_out_everywhere", tag = "session",
    responses((status = 204), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn sign_out_everywhere(
    SignedIn(actor): SignedIn,
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    service::sign_out_everywhere(&state, &context, actor).await?;
    Ok(HttpResponse::NoContent()
        .cookie(no_cookie(&state, &request))
        .finish())
}

/// 当前用户
///
/// 任何已登录用户，初始密码未改时也可以。
#[utoipa::path(
    get, path = "/api/v1/me", operation_id = "me", tag = "session",
    responses((status = 200, body = Me), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn me(SignedIn(actor): SignedIn, state: web::Data<State>) -> Result<web::Json<Me>, ApiError> {
    let directory = state.directory.current().await?;
    Ok(web::Json(service::me(&state, &directory, &actor)))
}

/// 修改本人密码
///
/// 任何已登录用户，初始密码未改时也可以。其他登录随之失效，答复中是新的访问令牌。
#[utoipa::path(
    post, path = "/api/v1/me/password", operation_id = "change_password", tag = "session",
    request_body = PasswordChange,
    responses(
        (status = 200, body = Session),
        (status = 401, body = Problem),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change_password(
    SignedIn(actor): SignedIn,
    state: web::Data<State>,
    context: RequestContext,
    request: HttpRequest,
    input: web::Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let opened = service::change_password(&state, &context, actor, input.into_inner()).await?;
    Ok(answer(&state, &request, opened))
}

fn presented(request: &HttpRequest) -> Option<String> {
    request
        .cookie(COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

fn answer(state: &State, request: &HttpRequest, opened: Opened) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(token) = opened.refresh_token {
        response.cookie(refresh_cookie(state, request, token));
    }
    response.json(opened.session)
}

/// The cookie that carries a refresh token.
pub(crate) fn refresh_cookie(
    state: &State,
    request: &HttpRequest,
    token: String,
) -> Cookie<'static> {
    let hours = i64::from(state.config.session.refresh_hours);
    let mut cookie = cookie(state, request, token);
    cookie.set_max_age(CookieDuration::hours(hours));
    cookie
}

fn no_cookie(state: &State, request: &HttpRequest) -> Cookie<'static> {
    let mut cookie = cookie(state, request, String::new());
    cookie.make_removal();
    cookie
}

fn cookie(state: &State, request: &HttpRequest, value: String) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_secure(state, request))
        .finish()
}

/// Whether cookies go through TLS alone.
pub(crate) fn is_secure(state: &State, request: &HttpRequest) -> bool {
    state.config.session.cookie_secure || crate::context::behind_tls(state, request)
}
