//! `/cases/{id}/matters`, `/matters`, and for each kind a collection of its own, such as
//! `/cases/{id}/mediations`. One macro writes the handlers of all kinds, so that they cannot differ.

use actix_web::web;
use shared::audit::AuditAction;
use shared::case::matter::view::{MatterRow, MatterView, Matters};
use shared::case::matter::{Deed, Matter, MatterKind};
use shared::case::view::MeasureRow;
use shared::ids::CaseId;
use shared::page::Page;
use shared::problem::Problem;
use shared::term::Term;

use super::list::{self, Filter, MatterQuery};
use super::measures::{self, MeasureQuery};
use super::service as deeds;
use crate::audit;
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
        .service(web::resource("/matters").route(web::get().to(list_matters)))
        .service(web::resource("/orders").route(web::get().to(list_all_orders)))
        .service(web::resource("/measures").route(web::get().to(list_all_measures)))
        .service(web::resource("/cases/{id}/matters").route(web::get().to(list_case_matters)));
    configure_kinds(config);
}

/// 专项清单
///
/// 看得到事项的人员看得到它的调解、听证、督办、积案化解等专项；看不到的事项，它的专项也不计数。
/// 快到期的在前。监督员、系统管理员不接触事项内容（403）。
#[utoipa::path(
    get, path = "/api/v1/matters", operation_id = "list_matters", tag = "matters",
    params(MatterQuery),
    responses(
        (status = 200, body = Page<MatterRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_matters(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<MatterQuery>,
) -> Result<web::Json<Page<MatterRow>>, ApiError> {
    let filter = Filter::read(query.into_inner())?;
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| list::page(conn, &desk, &filter))
        .await?;
    Ok(web::Json(page))
}

/// 督办清单
///
/// 交办、转办、督办，与 `/matters?kind=order` 相同：看得到事项的人员看得到它的督办，快到期的在前；
/// `kind` 参数不起作用。
#[utoipa::path(
    get, path = "/api/v1/orders", operation_id = "list_all_orders", tag = "matters",
    params(MatterQuery),
    responses(
        (status = 200, body = Page<MatterRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_all_orders(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    mut query: web::Query<MatterQuery>,
) -> Result<web::Json<Page<MatterRow>>, ApiError> {
    query.kind = Some(MatterKind::Order.code().to_owned());
    list_matters(actor, context, state, query).await
}

/// 依法处理年度清单
///
/// 权限：镇领导、监督员。只列事项编号、日期、依据、机关、批准领导和文书文号；不含事由、人员、地点。
/// 镇领导可以打开事项；密件对被反映人所在单位不列出。每次查看都留痕。
#[utoipa::path(
    get, path = "/api/v1/measures", operation_id = "list_all_measures", tag = "matters",
    params(MeasureQuery),
    responses(
        (status = 200, body = Page<MeasureRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_all_measures(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<MeasureQuery>,
) -> Result<web::Json<Page<MeasureRow>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let filter = measures::Filter::read(query.into_inner(), desk.context.today())?;
    let looking = desk.clone();
    let (page, year) = state
        .db
        .read_heavy(move |conn| {
            let page = measures::page(conn, &looking, &filter)?;
            Ok::<_, Error>((page, filter.year()))
        })
        .await?;
    let entry = audit::Entry::new(
        AuditAction::MeasureView,
        format!("{year}年依法处理清单，共{}条", page.total),
    );
    let Desk { actor, context, .. } = desk;
    state
        .db
        .write(move |conn| audit::append(conn, &context, &actor, entry))
        .await?;
    Ok(web::Json(page))
}

/// 事项的全部专项
///
/// 看得到这件事项的人员。列出各专项的情况、现在能办的步骤和要填的内容，以及可以新办的专项。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/matters", operation_id = "list_case_matters", tag = "matters",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Matters),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_case_matters(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Matters>, ApiError> {
    Ok(web::Json(
        of_case(&state, actor, context, CaseId::new(path.into_inner()), None).await?,
    ))
}

/// The matters of a case; leaves the trace of the look.
async fn of_case(
    state: &State,
    actor: Actor,
    context: RequestContext,
    id: CaseId,
    kind: Option<MatterKind>,
) -> Result<Matters, ApiError> {
    let desk = Desk::open(state, actor, context).await?;
    let (looking, case_id) = (desk.clone(), id.clone());
    let (matters, number, seal) = state
        .db
        .read(move |conn| deeds::of_case(conn, &looking, &case_id, kind))
        .await?;
    desk.note_look(state, &id, &format!("{number}：专项"), seal)
        .await?;
    Ok(matters)
}

async fn open<T>(
    state: &State,
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    id: String,
    input: T::Input,
) -> Result<Answer, ApiError>
where
    T: Matter,
    T::Input: Send + 'static,
{
    let id = CaseId::new(id);
    let body = (id.as_str(), T::KIND, &input);
    let claim = key.claim(state, &actor, &context, "POST /cases/matters", &body);
    let desk = Desk::open(state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let matter = deeds::open::<T>(conn, &desk, &id, input)?;
            let place = format!(
                "/api/v1/cases/{}/{}/{}",
                matter.case_id,
                T::KIND.collection(),
                matter.id
            );
            let version = matter.version;
            Ok::<_, Error>(Made::created(matter, version, place))
        })
    });
    Ok(answer.await?)
}

async fn step<T>(
    state: &State,
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    (id, matter, step): (String, String, String),
    version: i64,
    input: T::Input,
) -> Result<Answer, ApiError>
where
    T: Matter,
    T::Input: Send + 'static,
{
    let deed = Deed::from_step(T::KIND, &step)
        .filter(|deed| !deed.opens())
        .ok_or_else(ApiError::not_found)?;
    let id = CaseId::new(id);
    let body = (id.as_str(), &matter, deed, &input);
    let claim = key.claim(state, &actor, &context, "POST /cases/matters/steps", &body);
    let desk = Desk::open(state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let matter = deeds::step::<T>(conn, &desk, &id, &matter, version, deed, input)?;
            let version = matter.version;
            Ok::<_, Error>(Made::changed(matter, version))
        })
    });
    Ok(answer.await?)
}

async fn show(
    state: &State,
    actor: Actor,
    context: RequestContext,
    (id, matter): (String, String),
    kind: MatterKind,
) -> Result<actix_web::HttpResponse, ApiError> {
    let id = CaseId::new(id);
    let desk = Desk::open(state, actor, context).await?;
    let (looking, case_id) = (desk.clone(), id.clone());
    let (matter, number, seal) = state
        .db
        .read(move |conn| deeds::show(conn, &looking, &case_id, kind, &matter))
        .await?;
    desk.note_look(state, &id, &format!("{number}：专项"), seal)
        .await?;
    Ok(actix_web::HttpResponse::Ok()
        .insert_header((actix_web::http::header::ETAG, etag(matter.version)))
        .json(matter))
}

/// Writes the four handlers of each kind, with their documents.
macro_rules! kinds {
    ($(
        $room:ident: $kind:ident, $input:ident, $words:literal, $who:literal,
        $path:literal $list:literal $open:literal,
        $item:literal $show:literal,
        $steps:literal $step:literal;
    )+) => {
        $(
            mod $room {
                use super::*;
                use shared::case::matter::$room::{$input, $kind};

                #[utoipa::path(
                    get, path = $path, operation_id = $list, tag = "matters",
                    summary = concat!($words, "：清单"),
                    description = "看得到这件事项的人员。每次查看都留痕。",
                    params(("id" = String, Path)),
                    responses(
                        (status = 200, body = Matters),
                        (status = 401, body = Problem), (status = 404, body = Problem),
                    ),
                    security(("bearer" = [])),
                )]
                pub(super) async fn list(
                    actor: Actor,
                    context: RequestContext,
                    state: web::Data<State>,
                    path: web::Path<String>,
                ) -> Result<web::Json<Matters>, ApiError> {
                    let id = CaseId::new(path.into_inner());
                    let kind = Some(MatterKind::$kind);
                    Ok(web::Json(of_case(&state, actor, context, id, kind).await?))
                }

                #[utoipa::path(
                    post, path = $path, operation_id = $open, tag = "matters",
                    summary = concat!($words, "：新办"),
                    description = concat!($who, "要填的内容见清单答复中的 openings。"),
                    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
                    request_body = $input,
                    responses(
                        (status = 201, body = MatterView, headers(("ETag" = String))),
                        (status = 400, body = Problem), (status = 401, body = Problem),
                        (status = 403, body = Problem), (status = 404, body = Problem),
                        (status = 409, body = Problem), (status = 415, body = Problem),
                        (status = 422, body = Problem),
                    ),
                    security(("bearer" = [])),
                )]
                pub(super) async fn open(
                    actor: Actor,
                    context: RequestContext,
                    key: IdempotencyKey,
                    state: web::Data<State>,
                    path: web::Path<String>,
                    input: web::Json<$input>,
                ) -> Result<Answer, ApiError> {
                    let (id, input) = (path.into_inner(), input.into_inner());
                    super::open::<$kind>(&state, actor, context, key, id, input).await
                }

                #[utoipa::path(
                    get, path = $item, operation_id = $show, tag = "matters",
                    summary = concat!($words, "：查看"),
                    description = "看得到这件事项的人员。每次查看都留痕。",
                    params(("id" = String, Path), ("mid" = String, Path)),
                    responses(
                        (status = 200, body = MatterView, headers(("ETag" = String))),
                        (status = 401, body = Problem), (status = 404, body = Problem),
                    ),
                    security(("bearer" = [])),
                )]
                pub(super) async fn show(
                    actor: Actor,
                    context: RequestContext,
                    state: web::Data<State>,
                    path: web::Path<(String, String)>,
                ) -> Result<actix_web::HttpResponse, ApiError> {
                    let kind = MatterKind::$kind;
                    super::show(&state, actor, context, path.into_inner(), kind).await
                }

                #[utoipa::path(
                    post, path = $steps, operation_id = $step, tag = "matters",
                    summary = concat!($words, "：办理步骤"),
                    description = "谁能办哪一步、要填什么，见答复中的 steps。要带这个专项的 If-Match。",
                    params(
                        ("id" = String, Path), ("mid" = String, Path), ("step" = String, Path),
                        ("If-Match" = String, Header),
                        ("Idempotency-Key" = Option<String>, Header),
                    ),
                    request_body = $input,
                    responses(
                        (status = 200, body = MatterView, headers(("ETag" = String))),
                        (status = 400, body = Problem), (status = 401, body = Problem),
                        (status = 403, body = Problem), (status = 404, body = Problem),
                        (status = 409, body = Problem), (status = 412, body = Problem),
                        (status = 415, body = Problem), (status = 422, body = Problem),
                        (status = 428, body = Problem),
                    ),
                    security(("bearer" = [])),
                )]
                pub(super) async fn step(
                    actor: Actor,
                    context: RequestContext,
                    key: IdempotencyKey,
                    state: web::Data<State>,
                    path: web::Path<(String, String, String)>,
                    IfMatch(version): IfMatch,
                    input: web::Json<$input>,
                ) -> Result<Answer, ApiError> {
                    let (path, input) = (path.into_inner(), input.into_inner());
                    super::step::<$kind>(&state, actor, context, key, path, version, input).await
                }
            }
        )+

        fn configure_kinds(config: &mut web::ServiceConfig) {
            $(
                config
                    .service(
                        web::resource(below_base($path))
                            .route(web::get().to($room::list))
                            .route(web::post().to($room::open)),
                    )
                    .service(web::resource(below_base($item)).route(web::get().to($room::show)))
                    .service(web::resource(below_base($steps)).route(web::post().to($room::step)));
            )+
        }

        /// The documents of this room's routes.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths(
            list_matters,
            list_case_matters,
            list_all_orders,
            list_all_measures,
            $( $room::list, $room::open, $room::show, $room::step, )+
        ))]
        pub(crate) struct Docs;
    };
}

/// A path as the scope `/api/v1` has it.
fn below_base(path: &'static str) -> &'static str {
    path.strip_prefix("/api/v1").unwrap_or(path)
}

kinds! {
    service: Service, ServiceInput, "文书送达", "办理单位、登记人、司法所、镇综治办和镇领导。",
        "/api/v1/cases/{id}/services" "list_services" "open_service",
        "/api/v1/cases/{id}/services/{mid}" "show_service",
        "/api/v1/cases/{id}/services/{mid}/steps/{step}" "step_service";
    hearing: Hearing, HearingInput, "听证", "镇综治办、镇领导、责任单位、司法所。",
        "/api/v1/cases/{id}/hearings" "list_hearings" "open_hearing",
        "/api/v1/cases/{id}/hearings/{mid}" "show_hearing",
        "/api/v1/cases/{id}/hearings/{mid}/steps/{step}" "step_hearing";
    referral: Referral, ReferralInput, "移交", "责任单位、镇综治办、镇领导；村内矛盾纠纷也由本村。",
        "/api/v1/cases/{id}/referrals" "list_referrals" "open_referral",
        "/api/v1/cases/{id}/referrals/{mid}" "show_referral",
        "/api/v1/cases/{id}/referrals/{mid}/steps/{step}" "step_referral";
    order: Order, OrderInput, "督办（交办、转办、督办）", "镇综治办、镇领导。",
        "/api/v1/cases/{id}/orders" "list_orders" "open_order",
        "/api/v1/cases/{id}/orders/{mid}" "show_order",
        "/api/v1/cases/{id}/orders/{mid}/steps/{step}" "step_order";
    package: Package, PackageInput, "积案化解专班", "镇综治办、镇领导；只用于积案。",
        "/api/v1/cases/{id}/packages" "list_packages" "open_package",
        "/api/v1/cases/{id}/packages/{mid}" "show_package",
        "/api/v1/cases/{id}/packages/{mid}/steps/{step}" "step_package";
    measure: Measure, MeasureInput, "依法处理", "派出所、镇综治办、镇领导；四项要件齐全才能登记。",
        "/api/v1/cases/{id}/measures" "list_measures" "open_measure",
        "/api/v1/cases/{id}/measures/{mid}" "show_measure",
        "/api/v1/cases/{id}/measures/{mid}/steps/{step}" "step_measure";
    visit: Visit, VisitInput, "到上级走访登记", "镇综治办、镇领导。",
        "/api/v1/cases/{id}/visits" "list_visits" "open_visit",
        "/api/v1/cases/{id}/visits/{mid}" "show_visit",
        "/api/v1/cases/{id}/visits/{mid}/steps/{step}" "step_visit";

    mediation: Mediation, MediationInput, "人民调解", "办理单位、登记人、司法所、镇综治办。",
        "/api/v1/cases/{id}/mediations" "list_mediations" "open_mediation",
        "/api/v1/cases/{id}/mediations/{mid}" "show_mediation",
        "/api/v1/cases/{id}/mediations/{mid}/steps/{step}" "step_mediation";

    escalation: Escalation, EscalationInput, "上报县级",
        "上报和收回：镇综治办、镇领导，上面有县级的才有；批示和退回：县级信访联席办。",
        "/api/v1/cases/{id}/escalations" "list_escalations" "open_escalation",
        "/api/v1/cases/{id}/escalations/{mid}" "show_escalation",
        "/api/v1/cases/{id}/escalations/{mid}/steps/{step}" "step_escalation";

    contact: Contact, ContactInput, "跟进联系", "办理这件事项的人员。",
        "/api/v1/cases/{id}/contacts" "list_contacts" "open_contact",
        "/api/v1/cases/{id}/contacts/{mid}" "show_contact",
        "/api/v1/cases/{id}/contacts/{mid}/steps/{step}" "step_contact";
}
