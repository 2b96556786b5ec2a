//! `/alerts`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use shared::alert::input::{AlertCase, AlertStepInput, NewAlert, NewMissed};
use shared::alert::step::{AlertState, AlertStep};
use shared::alert::view::{AlertRate, AlertRow, AlertView, MissedView};
use shared::ids::AlertId;
use shared::page::Page;
use shared::problem::Problem;
use shared::term::Term;
use shared::validate::Errors;

use super::Error;
use super::service::{self, Wanted};
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::page::PageQuery;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/alerts")
                .route(web::get().to(list))
                .route(web::post().to(report)),
        )
        .service(web::resource("/alerts/rate").route(web::get().to(rate)))
        .service(
            web::resource("/alerts/missed")
                .route(web::get().to(list_missed))
                .route(web::post().to(enter_missed)),
        )
        .service(web::resource("/alerts/{id}").route(web::get().to(show)))
        .service(web::resource("/alerts/{id}/steps/{step}").route(web::post().to(act)))
        .service(web::resource("/alerts/{id}/case").route(web::post().to(to_case)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(list, report, rate, list_missed, enter_missed, show, act, to_case),
    components(schemas(AlertStep))
)]
pub(crate) struct Docs;

/// The query string of `GET /alerts`.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// 状态，可用逗号分开写多个
    state: Option<String>,
    /// 是否还没有办结
    open: Option<bool>,
    /// 是否演练
    drill: Option<bool>,
    /// 村
    village_id: Option<String>,
    /// 由它转成的，或者关联到它的事项
    case_id: Option<String>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

impl ListQuery {
    fn read(self) -> Result<Wanted, Error> {
        let mut errors = Errors::new();
        let (limit, after) = crate::page::place(self.limit, self.cursor, &mut errors);
        let mut states = Vec::new();
        let codes = self
            .state
            .as_deref()
            .unwrap_or("")
            .split(',')
            .map(str::trim);
        for code in codes.filter(|code| !code.is_empty()) {
            match AlertState::from_code(code) {
                Some(state) => states.push(state),
                None => {
                    let known: Vec<&str> = AlertState::ALL.iter().map(|s| s.code()).collect();
                    let message = format!("没有“{code}”这种状态，可用：{}。", known.join("、"));
                    errors.add("state", "unknown", message);
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        // No row has a NUL, and PostgreSQL takes none.
        let set = |text: Option<String>| {
            text.map(|text| text.trim().replace('\0', "\u{fffd}"))
                .filter(|text| !text.is_empty())
        };
        Ok(Wanted {
            states,
            open: self.open,
            drill: self.drill,
            village_id: set(self.village_id),
            case_id: set(self.case_id),
            limit,
            after,
        })
    }
}

/// 重要信息
///
/// 镇领导、镇综治办、派出所看全镇；村支部书记看本村；其他人看自己上报的、本单位的和派给自己处置的。
/// 监督员、系统管理员不接触（403）。后上报的在前，每条都带各段用时和时限。
#[utoipa::path(
    get, path = "/api/v1/alerts", operation_id = "list_alerts", tag = "alerts",
    params(ListQuery),
    responses(
        (status = 200, body = Page<AlertRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<AlertRow>>, ApiError> {
    let wanted = query.into_inner().read()?;
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| service::list(conn, &desk, &wanted))
        .await?;
    Ok(web::Json(page))
}

/// 上报重要信息
///
/// 监督员、系统管理员以外的角色。镇领导、镇综治办、派出所当场收到紧急通知。
/// 只有 `what` 必填；`recorded_at` 是手机离线时记下的时间，只作说明，时限按服务器时间计算。
/// 检举控告不能走这里（422，`accusation`），请登记。`drill` 标明演练，不计入报送率。
#[utoipa::path(
    post, path = "/api/v1/alerts", operation_id = "report_alert", tag = "alerts",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewAlert,
    responses(
        (status = 201, body = AlertView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn report(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewAlert>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /alerts", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let alert = service::report(conn, &desk, &input)?;
            let (version, place) = (
                alert.row.version,
                format!("/api/v1/alerts/{}", alert.row.id),
            );
            Ok::<_, Error>(Made::created(alert, version, place))
        })
    });
    Ok(answer.await?)
}

/// Between which days.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RateQuery {
    /// 从哪一天起，默认本月（截止日期所在月）1日
    from: Option<NaiveDate>,
    /// 到哪一天止，默认今天
    to: Option<NaiveDate>,
}

/// 重要信息报送率
///
/// 镇领导、镇综治办、监督员。按时上报 ÷（全部上报＋漏报），演练不计；没有可计的就是“无数据”（`percent` 为空）。
/// 离线记下、过后补传的单列，不算按时。
#[utoipa::path(
    get, path = "/api/v1/alerts/rate", operation_id = "show_alert_rate", tag = "alerts",
    params(RateQuery),
    responses(
        (status = 200, body = AlertRate),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn rate(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<RateQuery>,
) -> Result<web::Json<AlertRate>, ApiError> {
    let RateQuery { from, to } = query.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    let rate = state
        .db
        .read_heavy(move |conn| service::rate(conn, &desk, from, to))
        .await?;
    Ok(web::Json(rate))
}

/// 漏报
///
/// 镇领导、镇综治办、监督员。事后发现、当时没有上报的，发现晚的在前。
#[utoipa::path(
    get, path = "/api/v1/alerts/missed", operation_id = "list_missed_alerts", tag = "alerts",
    params(PageQuery),
    responses(
        (status = 200, body = Page<MissedView>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_missed(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<MissedView>>, ApiError> {
    let place = (i64::from(query.limit()?), query.after()?);
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| service::list_missed(conn, &desk, place))
        .await?;
    Ok(web::Json(page))
}

/// 补登漏报
///
/// 镇综治办。写明事情、发现时间、本应上报的单位，可以注明由哪件事项得知；计入报送率的分母。
#[utoipa::path(
    post, path = "/api/v1/alerts/missed", operation_id = "enter_missed_alert", tag = "alerts",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewMissed,
    responses(
        (status = 201, body = MissedView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn enter_missed(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewMissed>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /alerts/missed", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let missed = service::enter_missed(conn, &desk, &input)?;
            Ok::<_, Error>(Made::plain(missed, actix_web::http::StatusCode::CREATED))
        })
    });
    Ok(answer.await?)
}

/// 查看重要信息
///
/// 看得到这条重要信息的人员；看不到的一律答 404。`can` 说明现在能做什么、不能做的原因。
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", operation_id = "show_alert", tag = "alerts",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = AlertView, headers(("ETag" = String))),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = AlertId::new(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let alert = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(alert.row.version)))
        .json(alert))
}

/// 办理重要信息
///
/// 签收（acknowledge）：镇领导、镇综治办、派出所，可以多人签收，第一次签收停止计时。
/// 派处置（dispatch）：镇领导、镇综治办。反馈（note）：看得到的人员。办结（close）：镇领导、镇综治办。
/// 要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/steps/{step}", operation_id = "act_on_alert", tag = "alerts",
    params(
        ("id" = String, Path), ("step" = AlertStep, Path),
        ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = AlertStepInput,
    responses(
        (status = 200, body = AlertView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn act(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<AlertStepInput>,
) -> Result<Answer, ApiError> {
    let (id, step) = path.into_inner();
    let step = AlertStep::from_code(&step).ok_or_else(ApiError::not_found)?;
    let (id, input) = (AlertId::new(id), input.into_inner());
    let body = (id.as_str(), step, &input);
    let claim = key.claim(&state, &actor, &context, "POST /alerts/steps", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn: &mut Conn| {
        claim.once(conn, |conn| {
            let alert = service::act(conn, &desk, &id, version, step, &input)?;
            let version = alert.row.version;
            Ok::<_, Error>(Made::changed(alert, version))
        })
    });
    Ok(answer.await?)
}

/// 重要信息转为事项
///
/// 看得到这条重要信息、并且能登记这类事项（或者能记录那件事项）的人员；只能转一次，两边互相能看到。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/case", operation_id = "make_case_of_alert", tag = "alerts",
    params(
        ("id" = String, Path),
        ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = AlertCase,
    responses(
        (status = 200, body = AlertView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn to_case(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<String>,
    IfMatch(version): IfMatch,
    input: web::Json<AlertCase>,
) -> Result<Answer, ApiError> {
    let (id, input) = (AlertId::new(path.into_inner()), input.into_inner());
    let body = (id.as_str(), &input);
    let claim = key.claim(&state, &actor, &context, "POST /alerts/case", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn: &mut Conn| {
        claim.once(conn, |conn| {
            let alert = service::to_case(conn, &desk, &id, version, &input)?;
            let version = alert.row.version;
            Ok::<_, Error>(Made::changed(alert, version))
        })
    });
    Ok(answer.await?)
}
