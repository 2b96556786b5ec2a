//! `/publicity`, `/laws`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::page::Page;
use shared::problem::Problem;
use shared::publicity::{
    CampaignPatch, CampaignRow, CampaignView, Law, LawPatch, Laws, NewCampaign, NewLaw,
    PublicityYear, StrikeCampaign,
};

use super::service::{self, CampaignQuery, YearQuery};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/publicity")
                .route(web::get().to(list_campaigns))
                .route(web::post().to(record_campaign)),
        )
        .service(web::resource("/publicity/coverage").route(web::get().to(show_publicity_year)))
        .service(
            web::resource("/publicity/{id}")
                .route(web::get().to(show_campaign))
                .route(web::patch().to(patch_campaign)),
        )
        .service(
            web::resource("/publicity/{id}/actions/strike").route(web::post().to(strike_campaign)),
        )
        .service(
            web::resource("/laws")
                .route(web::get().to(list_laws))
                .route(web::post().to(add_law)),
        )
        .service(web::resource("/laws/{id}").route(web::patch().to(patch_law)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_campaigns,
    record_campaign,
    show_publicity_year,
    show_campaign,
    patch_campaign,
    strike_campaign,
    list_laws,
    add_law,
    patch_law
))]
pub(crate) struct Docs;

/// An id as it may stand in a query: PostgreSQL takes no NUL.
fn id_of(id: String) -> Result<String, ApiError> {
    if id.len() > 64 || id.contains('\0') {
        return Err(ApiError::not_found());
    }
    Ok(id)
}

/// 法制宣传记录
///
/// 权限：本镇任何已登录用户。最近的在前，划除的也列（`struck`）。
#[utoipa::path(
    get, path = "/api/v1/publicity", operation_id = "list_campaigns", tag = "publicity",
    params(CampaignQuery),
    responses(
        (status = 200, body = Page<CampaignRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_campaigns(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<CampaignQuery>,
) -> Result<web::Json<Page<CampaignRow>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let page = state
        .db
        .read_heavy(move |conn| service::page(conn, &desk, query))
        .await?;
    Ok(web::Json(page))
}

/// 登记法制宣传
///
/// 权限：镇综治办、司法所、派出所，村支部书记（本村）。照片先上传，再在 `photos` 中写明。
#[utoipa::path(
    post, path = "/api/v1/publicity", operation_id = "record_campaign", tag = "publicity",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewCampaign,
    responses(
        (status = 201, body = CampaignView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn record_campaign(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewCampaign>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /publicity", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::record(conn, &desk, &input)?;
            let (version, path) = (view.version, format!("/api/v1/publicity/{}", view.id));
            Ok::<_, Error>(Made::created(view, version, path))
        })
    });
    Ok(answer.await?)
}

/// 法制宣传覆盖
///
/// 权限：本镇任何已登录用户。一年里各村各季度办了几场、多少人，哪个季度还没有办（`missing`，只算已经开始的季度），
/// 每部法律法规宣传了几场。划除的不计。
#[utoipa::path(
    get, path = "/api/v1/publicity/coverage", operation_id = "show_publicity_year",
    tag = "publicity",
    params(YearQuery),
    responses(
        (status = 200, body = PublicityYear),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_publicity_year(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<YearQuery>,
) -> Result<web::Json<PublicityYear>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let year = state
        .db
        .read_heavy(move |conn| service::year(conn, &desk, query))
        .await?;
    Ok(web::Json(year))
}

/// 一次法制宣传
///
/// 权限：本镇任何已登录用户。
#[utoipa::path(
    get, path = "/api/v1/publicity/{id}", operation_id = "show_campaign", tag = "publicity",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = CampaignView), (status = 401, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_campaign(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let view = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.version)))
        .json(view))
}

/// 更正法制宣传
///
/// 权限：登记单位。
#[utoipa::path(
    patch, path = "/api/v1/publicity/{id}", operation_id = "patch_campaign", tag = "publicity",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = CampaignPatch,
    responses(
        (status = 200, body = CampaignView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_campaign(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    patch: web::Json<CampaignPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let patch = patch.into_inner();
    let view = state
        .db
        .write(move |conn| service::patch(conn, &desk, &id, seen, &patch))
        .await?;
    let version = view.version;
    Ok(Answer::of(Made::changed(view, version))?)
}

/// 划除法制宣传
///
/// 权限：登记单位、镇综治办。写明理由；划除的仍可查看，不再计数。
#[utoipa::path(
    post, path = "/api/v1/publicity/{id}/actions/strike", operation_id = "strike_campaign",
    tag = "publicity",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = StrikeCampaign,
    responses(
        (status = 200, body = CampaignView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn strike_campaign(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<StrikeCampaign>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let body = (&id, &input);
    let claim = key.claim(&state, &actor, &context, "POST /publicity/strike", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::strike(conn, &desk, &id, seen, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
    });
    Ok(answer.await?)
}

/// 法律法规目录
///
/// 权限：任何已登录用户。
#[utoipa::path(
    get, path = "/api/v1/laws", operation_id = "list_laws", tag = "publicity",
    responses((status = 200, body = Laws), (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("bearer" = [])),
)]
async fn list_laws(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<web::Json<Laws>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let laws = state
        .db
        .read(move |conn| service::laws(conn, &desk))
        .await?;
    Ok(web::Json(laws))
}

/// 增加法律法规
///
/// 权限：系统管理员。
#[utoipa::path(
    post, path = "/api/v1/laws", operation_id = "add_law", tag = "publicity",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewLaw,
    responses(
        (status = 201, body = Law),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn add_law(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewLaw>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /laws", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let law = service::add_law(conn, &desk, &input)?;
            let (version, path) = (law.version, format!("/api/v1/laws/{}", law.id));
            Ok::<_, Error>(Made::created(law, version, path))
        })
    });
    Ok(answer.await?)
}

/// 修改法律法规
///
/// 权限：系统管理员。名称、全文链接，或停用（不再供新的宣传选择）。
#[utoipa::path(
    patch, path = "/api/v1/laws/{id}", operation_id = "patch_law", tag = "publicity",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = LawPatch,
    responses(
        (status = 200, body = Law), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_law(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    patch: web::Json<LawPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let patch = patch.into_inner();
    let law = state
        .db
        .write(move |conn| service::patch_law(conn, &desk, &id, seen, &patch))
        .await?;
    let version = law.version;
    Ok(Answer::of(Made::changed(law, version))?)
}
