//! `/village-map`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::problem::Problem;
use shared::village_map::{NewVillageMap, VillageMapPatch, VillageMapView};

use super::service;
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/village-map")
            .route(web::get().to(show_village_map))
            .route(web::post().to(upload_village_map))
            .route(web::patch().to(patch_village_map))
            .route(web::delete().to(remove_village_map)),
    );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    show_village_map,
    upload_village_map,
    patch_village_map,
    remove_village_map
))]
pub(crate) struct Docs;

/// 村庄地图
///
/// 权限：看得到数据看板的角色，系统管理员。示意图：每个面的轮廓和它代表的村；没有上传的 `map` 为空。
#[utoipa::path(
    get, path = "/api/v1/village-map", operation_id = "show_village_map", tag = "settings",
    responses(
        (status = 200, body = VillageMapView), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_village_map(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let view = state
        .db
        .read(move |conn| service::show(conn, &desk))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.version)))
        .json(view))
}

/// 上传村庄地图
///
/// 权限：系统管理员。GeoJSON 的 FeatureCollection，只含 Polygon、MultiPolygon，坐标为经纬度，请求不超过1MB；
/// `property` 是写着村名的属性。名称对得上的自动对应，对不上的 `village` 为空，可以再指定。原来的地图被替换。
#[utoipa::path(
    post, path = "/api/v1/village-map", operation_id = "upload_village_map", tag = "settings",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewVillageMap,
    responses(
        (status = 200, body = VillageMapView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn upload_village_map(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewVillageMap>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /village-map", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::upload(conn, &desk, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made {
                version: Some(version),
                ..Made::plain(view, StatusCode::OK)
            })
        })
    });
    Ok(answer.await?)
}

/// 指定地图上的村
///
/// 权限：系统管理员。名称对不上的面，指定它代表哪个村；不是本镇的村不指定。
#[utoipa::path(
    patch, path = "/api/v1/village-map", operation_id = "patch_village_map", tag = "settings",
    params(("If-Match" = String, Header)),
    request_body = VillageMapPatch,
    responses(
        (status = 200, body = VillageMapView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_village_map(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    input: web::Json<VillageMapPatch>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    let made = state
        .db
        .write(move |conn| {
            let view = service::choose(conn, &desk, seen, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
        .await?;
    Ok(Answer::of(made)?)
}

/// 删除村庄地图
///
/// 权限：系统管理员。数据看板上不再有地图，数字仍在表中。
#[utoipa::path(
    delete, path = "/api/v1/village-map", operation_id = "remove_village_map", tag = "settings",
    params(("If-Match" = String, Header)),
    responses(
        (status = 200, body = VillageMapView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn remove_village_map(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let made = state
        .db
        .write(move |conn| {
            let view = service::remove(conn, &desk, seen)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
        .await?;
    Ok(Answer::of(made)?)
}
