//! `/cases`, `/dashboard`. Each handler gathers, makes one service call, and answers.

use actix_multipart::Multipart;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use shared::case::action::{ActionInput, Availability, CaseAction};
use shared::case::input::{CasePatch, NewCase, NewPerson, RevealRequest, SimilarQuery};
use shared::case::view::{
    AttachmentView, CaseRow, CaseView, EventView, Home, PersonView, Receipt, Revealed, Similar,
};
use shared::ids::{AttachmentId, CaseId, PersonId};
use shared::page::Page;
use shared::problem::Problem;
use shared::term::Term;

use super::list::{CaseQuery, Filter};
use super::service::{self, PeopleChange, Registration};
use super::{Desk, Error, attach, home, list, receipt, similar};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/cases")
                .route(web::get().to(list_cases))
                .route(web::post().to(register)),
        )
        .service(web::resource("/cases/similar").route(web::post().to(similar_cases)))
        .service(
            web::resource("/cases/{id}")
                .route(web::get().to(show_case))
                .route(web::patch().to(patch_case)),
        )
        .service(web::resource("/cases/{id}/actions").route(web::get().to(list_actions)))
        .service(web::resource("/cases/{id}/actions/{action}").route(web::post().to(act)))
        .service(web::resource("/cases/{id}/events").route(web::get().to(list_events)))
        .service(web::resource("/cases/{id}/receipt").route(web::get().to(show_receipt)))
        .service(
            web::resource("/cases/{id}/people")
                .route(web::get().to(list_people))
                .route(web::post().to(add_person)),
        )
        .service(
            web::resource("/cases/{id}/people/{pid}")
                .route(web::patch().to(change_person))
                .route(web::delete().to(remove_person)),
        )
        .service(
            web::resource("/cases/{id}/people/{pid}/reveal").route(web::post().to(reveal_person)),
        )
        .service(
            web::resource("/cases/{id}/attachments")
                .route(web::get().to(list_attachments))
                .route(web::post().to(add_attachment)),
        )
        .service(
            web::resource("/cases/{id}/attachments/{aid}")
                .route(web::get().to(download_attachment))
                .route(web::delete().to(remove_attachment)),
        )
        .service(web::resource("/dashboard").route(web::get().to(dashboard)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_cases,
    register,
    similar_cases,
    show_case,
    patch_case,
    list_actions,
    act,
    list_events,
    show_receipt,
    list_people,
    add_person,
    change_person,
    remove_person,
    reveal_person,
    list_attachments,
    add_attachment,
    download_attachment,
    remove_attachment,
    dashboard
))]
pub struct Docs;

fn case_id(path: web::Path<String>) -> CaseId {
    CaseId::new(path.into_inner())
}

/// 事项台账
///
/// 镇领导、镇综治办看全镇；村看本村；派出所、法庭、司法所看分给自己的；窗口看自己登记的；
/// 社信息员看自己报的。监督员、系统管理员不接触事项内容（403）。
#[utoipa::path(
    get, path = "/api/v1/cases", operation_id = "list_cases", tag = "cases",
    params(CaseQuery),
    responses(
        (status = 200, body = Page<CaseRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_cases(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<CaseQuery>,
) -> Result<web::Json<Page<CaseRow>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let filter = Filter::read(query.into_inner(), desk.context.today())?;
    let page = state
        .db
        .read_heavy(move |conn| list::page(conn, &desk, &filter))
        .await?;
    Ok(web::Json(page))
}

/// 登记事项
///
/// 监督员、系统管理员、法庭以外的角色；社信息员只报矛盾纠纷和苗头隐患。
/// 诉求性质为“检举控告”的自动对被反映的单位和人员保密（《信访工作条例》第三十条）。
#[utoipa::path(
    post, path = "/api/v1/cases", operation_id = "register_case", tag = "cases",
    params(("Idempotency-Key" = Option<String>, Header, description = "同一键和内容只登记一次")),
    request_body = NewCase,
    responses(
        (status = 201, body = CaseView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn register(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewCase>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, REGISTER, &input);
    let desk = Desk::open(&state, actor, context).await?;
    if !claim.is_free() {
        // The first answer comes again whatever has changed since, so the key is looked at first.
        let answer = state.db.write(move |conn| {
            claim.once(conn, |conn| {
                Ok::<_, Error>(registered(service::register(conn, &desk, &input)?))
            })
        });
        return Ok(answer.await?);
    }
    let ready = Registration::prepare(&desk, &input)?;
    let writing = desk.clone();
    let written = state
        .db
        .write_again(move |conn| ready.clone().write(conn, &writing))
        .await?;
    let made = registered(written.view(&desk)?);
    Ok(Answer::of(made).map_err(Error::from)?)
}

/// What the keys of registering belong to; a batch shares them.
pub(super) const REGISTER: &str = "POST /cases";

/// The answer to a registration.
pub(super) fn registered(case: CaseView) -> Made<CaseView> {
    let (version, place) = (case.row.version, format!("/api/v1/cases/{}", case.row.id));
    Made::created(case, version, place)
}

/// 查重
///
/// 登记时查找可能是同一件的事项：同一证件号或电话（按密钥散列比对），或内容相近。只查本人看得到的。
#[utoipa::path(
    post, path = "/api/v1/cases/similar", operation_id = "similar_cases", tag = "cases",
    request_body = SimilarQuery,
    responses(
        (status = 200, body = Vec<Similar>),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn similar_cases(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Json<SimilarQuery>,
) -> Result<web::Json<Vec<Similar>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let found = state
        .db
        .read_heavy(move |conn| similar::find(conn, &desk, &query))
        .await?;
    Ok(web::Json(found))
}

/// 查看事项
///
/// 看得到这件事项的人员。每次查看都留痕。看不到的一律答 404。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}", operation_id = "show_case", tag = "cases",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = CaseView, headers(("ETag" = String))),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_case(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    let (reading, recent) = (desk.clone(), state.recent.clone());
    let changes = state.db.changes();
    let (case, id) = state
        .db
        .read(move |conn| Ok::<_, Error>((recent.show(conn, changes, &reading, &id)?, id)))
        .await?;
    desk.note_look(&state, &id, &case.number, case.facts.seal)
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(case.version)))
        .content_type(header::ContentType::json())
        .body(case.body.clone()))
}

fn tagged(body: &impl serde::Serialize, version: i64) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag(version)))
        .json(body)
}

/// 修改事项
///
/// 登记人（受理前）、办理单位、本村村支部书记、镇综治办、镇领导。要带 If-Match。
#[utoipa::path(
    patch, path = "/api/v1/cases/{id}", operation_id = "patch_case", tag = "cases",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = CasePatch,
    responses(
        (status = 200, body = CaseView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_case(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    IfMatch(version): IfMatch,
    patch: web::Json<CasePatch>,
) -> Result<HttpResponse, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    let case = state
        .db
        .write(move |conn| service::patch(conn, &desk, &id, version, &patch))
        .await?;
    Ok(tagged(&case, case.row.version))
}

/// 可办的操作
///
/// 看得到这件事项的人员。列出每个操作现在能不能办，不能办的说明原因。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/actions", operation_id = "list_case_actions", tag = "cases",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Vec<Availability>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_actions(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Vec<Availability>>, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    Ok(web::Json(
        state
            .db
            .read(move |conn| service::actions(conn, &desk, &id))
            .await?,
    ))
}

/// 办理操作
///
/// 谁能办哪个操作见 `GET /cases/{id}/actions`。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/actions/{action}", operation_id = "act_on_case", tag = "cases",
    params(
        ("id" = String, Path), ("action" = CaseAction, Path),
        ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = ActionInput,
    responses(
        (status = 200, body = CaseView, headers(("ETag" = String))),
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
    input: web::Json<ActionInput>,
) -> Result<Answer, ApiError> {
    let (id, action) = path.into_inner();
    let action = CaseAction::from_code(&action).ok_or_else(ApiError::not_found)?;
    let id = CaseId::new(id);
    let input = input.into_inner();
    let body = (id.as_str(), action, &input);
    let claim = key.claim(&state, &actor, &context, "POST /cases/actions", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let case = service::act(conn, &desk, &id, version, action, &input)?;
            let version = case.row.version;
            Ok::<_, Error>(Made::changed(case, version))
        })
    });
    Ok(answer.await?)
}

/// 办理记录
///
/// 看得到这件事项的人员。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/events", operation_id = "list_case_events", tag = "cases",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Page<EventView>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_events(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Page<EventView>>, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    let items = state
        .db
        .read(move |conn| service::events(conn, &desk, &id))
        .await?;
    Ok(web::Json(whole(items)))
}

/// A list that is short enough to come at once.
fn whole<T>(items: Vec<T>) -> Page<T> {
    Page {
        total: items.len() as u64,
        next_cursor: None,
        items,
    }
}

/// 登记回执
///
/// 看得到这件事项的人员。二维码通到群众查询页（/p）。查询码（`query_code`）只给登记人和镇综治办，供打印给信访人，
/// 给出一次审计一次；检举控告件没有。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/receipt", operation_id = "show_receipt", tag = "cases",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Receipt),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_receipt(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<web::Json<Receipt>, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    let page = crate::public::address(&request, &state);
    let (at, wanted) = (desk.clone(), id.clone());
    let (receipt, seal) = state
        .db
        .read(move |conn| receipt::receipt(conn, &at, &wanted, page.as_deref()))
        .await?;
    if receipt.query_code.is_some() {
        let detail = format!("{}：登记回执（含查询码）", receipt.number);
        desk.note_look(&state, &id, &detail, seal).await?;
    }
    Ok(web::Json(receipt))
}

/// 事项人员
///
/// 看得到这件事项的人员。证件号和电话只给掩码。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/people", operation_id = "list_people", tag = "people",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Page<PersonView>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_people(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Page<PersonView>>, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    let items = state
        .db
        .read(move |conn| service::people(conn, &desk, &id))
        .await?;
    Ok(web::Json(whole(items)))
}

/// 增加人员
///
/// 能修改这件事项的人员。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/people", operation_id = "add_person", tag = "people",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewPerson,
    responses(
        (status = 201, body = CaseView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn add_person(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<String>,
    input: web::Json<NewPerson>,
) -> Result<Answer, ApiError> {
    let id = case_id(path);
    let input = input.into_inner();
    let claim = key.claim(
        &state,
        &actor,
        &context,
        "POST /cases/people",
        &(id.as_str(), &input),
    );
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let change = PeopleChange::Add(&input);
            let case = service::change_people(conn, &desk, &id, None, &change)?;
            let (version, place) = (
                case.row.version,
                format!("/api/v1/cases/{}/people", case.row.id),
            );
            Ok::<_, Error>(Made::created(case, version, place))
        })
    });
    Ok(answer.await?)
}

/// 修改人员
///
/// 能修改这件事项的人员。证件号、电话不填则不变，填空则清除。If-Match 带事项的 ETag。
#[utoipa::path(
    patch, path = "/api/v1/cases/{id}/people/{pid}", operation_id = "change_person", tag = "people",
    params(("id" = String, Path), ("pid" = String, Path), ("If-Match" = String, Header)),
    request_body = NewPerson,
    responses(
        (status = 200, body = CaseView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change_person(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<NewPerson>,
) -> Result<HttpResponse, ApiError> {
    let (id, person) = path.into_inner();
    let (id, person) = (CaseId::new(id), PersonId::new(person));
    let desk = Desk::open(&state, actor, context).await?;
    let changing = move |conn: &mut crate::db::Conn| {
        let change = PeopleChange::Change(&person, &input);
        service::change_people(conn, &desk, &id, Some(version), &change)
    };
    let case = state.db.write(changing).await?;
    Ok(tagged(&case, case.row.version))
}

/// 移除人员
///
/// 能修改这件事项的人员。If-Match 带事项的 ETag。
#[utoipa::path(
    delete, path = "/api/v1/cases/{id}/people/{pid}", operation_id = "remove_person", tag = "people",
    params(("id" = String, Path), ("pid" = String, Path), ("If-Match" = String, Header)),
    responses(
        (status = 200, body = CaseView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn remove_person(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse, ApiError> {
    let (id, person) = path.into_inner();
    let (id, person) = (CaseId::new(id), PersonId::new(person));
    let desk = Desk::open(&state, actor, context).await?;
    let removing = move |conn: &mut crate::db::Conn| {
        let change = PeopleChange::Remove(&person);
        service::change_people(conn, &desk, &id, Some(version), &change)
    };
    let case = state.db.write(removing).await?;
    Ok(tagged(&case, case.row.version))
}

/// 显示完整号码
///
/// 办理这件事项的人员。要写理由，记入审计。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/people/{pid}/reveal", operation_id = "reveal_person", tag = "people",
    params(("id" = String, Path), ("pid" = String, Path)),
    request_body = RevealRequest,
    responses(
        (status = 200, body = Revealed),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn reveal_person(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    request: web::Json<RevealRequest>,
) -> Result<web::Json<Revealed>, ApiError> {
    let (id, person) = path.into_inner();
    let (id, person) = (CaseId::new(id), PersonId::new(person));
    let desk = Desk::open(&state, actor, context).await?;
    let revealing =
        move |conn: &mut crate::db::Conn| service::reveal(conn, &desk, &id, &person, &request);
    Ok(web::Json(state.db.write(revealing).await?))
}

/// 附件
///
/// 看得到这件事项的人员。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/attachments", operation_id = "list_attachments", tag = "attachments",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Page<AttachmentView>),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_attachments(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Page<AttachmentView>>, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor, context).await?;
    let items = state
        .db
        .read(move |conn| attach::list(conn, &desk, &id))
        .await?;
    Ok(web::Json(whole(items)))
}

/// 一份上传的文件。
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only for the document")]
struct FileForm {
    /// 文件，20MB 以内。
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// 上传附件
///
/// 能修改这件事项的人员。类型按内容判断，20MB 以内。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/attachments", operation_id = "add_attachment", tag = "attachments",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = CaseView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn add_attachment(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<String>,
    form: Multipart,
) -> Result<Answer, ApiError> {
    let id = case_id(path);
    let desk = Desk::open(&state, actor.clone(), context.clone()).await?;
    let (asking, asked) = (desk.clone(), id.clone());
    state
        .db
        .read(move |conn| service::may_attach(conn, &asking, &asked))
        .await?;
    let file = attach::receive(&state, form).await?;
    let body = (id.as_str(), &file.name, &file.hash);
    let claim = key.claim(&state, &actor, &context, "POST /cases/attachments", &body);
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let case = attach::attach(conn, &desk, &id, &file)?;
            let place = format!("/api/v1/cases/{}/attachments", case.row.id);
            let version = case.row.version;
            Ok::<_, Error>(Made::created(case, version, place))
        })
    });
    Ok(answer.await?)
}

/// 下载附件
///
/// 看得到这件事项的人员。总是作为下载给出，记入审计。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/attachments/{aid}", operation_id = "download_attachment", tag = "attachments",
    params(("id" = String, Path), ("aid" = String, Path)),
    responses(
        (status = 200, content_type = "application/octet-stream", description = "文件内容"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn download_attachment(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, file) = path.into_inner();
    let (id, file) = (CaseId::new(id), AttachmentId::new(file));
    let desk = Desk::open(&state, actor, context).await?;
    let finding = move |conn: &mut crate::db::Conn| attach::download(conn, &desk, &id, &file);
    let record = state.db.write(finding).await?;
    let path = attach::open(&state, &record)?;
    let content = web::block(move || std::fs::read(path))
        .await
        .map_err(ApiError::internal)?;
    let content = content.map_err(ApiError::internal)?;
    Ok(download(&record.media_type, &record.name, content))
}

/// A file as a download, whatever its type.
pub(crate) fn download(media_type: &str, name: &str, content: Vec<u8>) -> HttpResponse {
    attachment(media_type, name).body(content)
}

/// The head of an answer that is a download.
pub(crate) fn attachment(media_type: &str, name: &str) -> HttpResponseBuilder {
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(header::ExtendedValue {
            charset: header::Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        })],
    };
    let mut response = HttpResponse::Ok();
    response
        .content_type(media_type)
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(disposition);
    response
}

/// 移除附件
///
/// 能修改这件事项的人员。
#[utoipa::path(
    delete, path = "/api/v1/cases/{id}/attachments/{aid}", operation_id = "remove_attachment", tag = "attachments",
    params(("id" = String, Path), ("aid" = String, Path)),
    responses(
        (status = 200, body = CaseView, headers(("ETag" = String))),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn remove_attachment(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, file) = path.into_inner();
    let (id, file) = (CaseId::new(id), AttachmentId::new(file));
    let desk = Desk::open(&state, actor, context).await?;
    let removing = move |conn: &mut crate::db::Conn| attach::remove(conn, &desk, &id, &file);
    let case = state.db.write(removing).await?;
    Ok(tagged(&case, case.row.version))
}

/// 今天要办的
///
/// 接触事项的角色。每个数都带打开同一批事项的查询串。
#[utoipa::path(
    get, path = "/api/v1/dashboard", operation_id = "show_dashboard", tag = "cases",
    responses(
        (status = 200, body = Home),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn dashboard(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<web::Json<Home>, ApiError> {
    crate::report::keep_made(&state, context.now).await?;
    let desk = Desk::open(&state, actor, context).await?;
    Ok(web::Json(
        state
            .db
            .read_heavy(move |conn| home::home(conn, &desk))
            .await?,
    ))
}
