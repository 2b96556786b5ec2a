//! `/audit`.

use actix_web::web;
use chrono::NaiveDate;
use serde::Deserialize;
use shared::audit::{AuditAction, AuditEntry};
use shared::ids::{CaseId, UserId};
use shared::page::Page;
use shared::problem::Problem;

use super::service::{self, Wanted};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::page::PageQuery;
use crate::state::State;

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/audit").route(web::get().to(list)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
pub struct Docs;

/// What the log's reader asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// 从这一天起
    from: Option<NaiveDate>,
    /// 到这一天止
    to: Option<NaiveDate>,
    /// 操作人
    user_id: Option<String>,
    /// 动作
    action: Option<AuditAction>,
    /// 事项
    case_id: Option<String>,
    /// 事项编号，如 平川信〔2026〕00012号
    number: Option<String>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

impl ListQuery {
    pub(super) fn wanted(self) -> Wanted {
        Wanted {
            from: self.from,
            to: self.to,
            user_id: self.user_id.map(|id| UserId::new(id).into_string()),
            action: self.action,
            case_id: self.case_id.map(|id| CaseId::new(id).into_string()),
            number: self
                .number
                .map(|number| number.trim().to_owned())
                .filter(|number| !number.is_empty()),
            page: PageQuery {
                limit: self.limit,
                cursor: self.cursor,
            },
        }
    }
}

/// 审计记录
///
/// 权限：监督员，本乡镇的记录，新的在前。只增不改，查看本身也会记录。
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "list_audit", tag = "audit",
    params(ListQuery),
    responses(
        (status = 200, body = Page<AuditEntry>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<AuditEntry>>, ApiError> {
    let wanted = query.into_inner().wanted();
    Ok(web::Json(
        service::list(&state, &context, actor, wanted).await?,
    ))
}
