//! `/cases:batch`, `/exports/cases.ndjson`: for scripts that keep a copy.

use std::future::ready;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::batch::{BatchAnswer, CaseBatch};
use shared::export::ExportDeed;
use shared::problem::{Code, Problem};
use shared::validate::Errors;

use super::feed::{self, Cursor, FeedCase, Line};
use super::{Desk, batch};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::state::State;

/// The most lines that somebody may ask for.
const MAX_LINES: usize = 10_000;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/cases:batch").route(web::post().to(register_batch)))
        .service(web::resource("/exports/cases.ndjson").route(web::get().to(follow)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(register_batch, follow), components(schemas(Line, FeedCase)))]
pub(crate) struct Docs;

/// 批量登记
///
/// 可以登记事项的角色（同 `POST /cases`）。一次1至100件，每件有自己的幂等键（与 `POST /cases` 的
/// Idempotency-Key 通用），逐件给出结果；一件有误不影响其他各件。`atomic=true` 时有一件不能登记则都不登记，
/// 答 422，`errors` 指明是哪一件的哪一项。
#[utoipa::path(
    post, path = "/api/v1/cases:batch", operation_id = "register_cases", tag = "cases",
    request_body = CaseBatch,
    responses(
        (status = 200, body = BatchAnswer),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn register_batch(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    input: web::Json<CaseBatch>,
) -> Result<web::Json<BatchAnswer>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let answer = batch::register(&state, desk, input.into_inner()).await?;
    Ok(web::Json(answer))
}

/// Where to go on, and how far.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FeedQuery {
    /// 上次收到的最后一个游标；没有则从头读全部
    since: Option<String>,
    /// 最多给多少行（1 到 10000）；不填则一直给到没有新的变化
    limit: Option<usize>,
}

/// 事项变更流
///
/// 镇领导、镇综治办、村支部书记（同台账导出），记入审计。NDJSON，一行一个对象，按 `type` 分：
/// `case` 是新登记、有变化或新看得到的事项，给全部内容；`gone` 是不能再看到（密封、角色变动）或已撤销导入的事项，只给 `id`；
/// `cursor` 表示之前的都已给完，下次用它作 `since`，`more` 为 false 时没有更新的了。
/// 同一件可能给出多次，以 `version` 大的为准；没有收到 `cursor` 就中断的，用原来的游标重读。
/// 游标只对本人有效；数据库恢复或迁移后答 422，应清空副本从头读取。
#[utoipa::path(
    get, path = "/api/v1/exports/cases.ndjson", operation_id = "follow_cases", tag = "cases",
    params(FeedQuery),
    responses(
        (status = 200, body = Line, content_type = "application/x-ndjson"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn follow(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<FeedQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    can(&desk.actor, Action::Export(ExportDeed::Ledger), Facts::None)?;
    let mut errors = Errors::new();
    if query
        .limit
        .is_some_and(|limit| !(1..=MAX_LINES).contains(&limit))
    {
        errors.add(
            "limit",
            "out_of_range",
            format!("行数应在1至{MAX_LINES}之间。"),
        );
    }
    errors.into_result()?;
    let since = query.since.filter(|since| !since.is_empty());
    let cursor = match since {
        None => None,
        Some(text) => {
            let cursor = Cursor::read(&text, &state.keys, &desk.actor);
            Some(cursor.ok_or_else(|| ApiError::invalid(feed::foreign().into_vec()))?)
        }
    };
    let follower = Follower {
        state: state.get_ref().clone(),
        desk,
        cursor,
        left: query.limit,
    };
    // What is refused is refused before the answer has begun.
    let (first, rest) = follower.go_on().await?;
    let rest = stream::try_unfold(rest, |rest| async move {
        match rest {
            Some(follower) => follower.go_on().await.map(Some),
            None => Ok(None),
        }
    });
    let body = stream::once(ready(Ok::<_, ApiError>(first))).chain(rest);
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // A proxy that gathers an answer before it passes it on would hold all of it.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(body)))
}

/// An answer under way: no connection is held while its reader takes what was given.
struct Follower {
    state: State,
    desk: Desk,
    cursor: Option<Cursor>,
    /// How many lines may still be given.
    left: Option<usize>,
}

impl Follower {
    /// The next lines, with their cursor, and who goes on after them.
    async fn go_on(mut self) -> Result<(web::Bytes, Option<Self>), ApiError> {
        // Whoever is disabled or becomes another while they read is so from the next look on.
        let names = self.state.directory.current().await?;
        self.desk.actor = self.desk.actor.as_of(&names).ok_or_else(|| {
            ApiError::new(
                Code::Unauthenticated,
                "登录已失效，请重新登录后用原来的游标重读。",
            )
        })?;
        self.desk.names = names;
        self.desk.context.now = self.state.clock.now();
        let most = self.left.unwrap_or(feed::TOGETHER).min(feed::TOGETHER);
        let (desk, from) = (self.desk.clone(), self.cursor.take());
        let batch = self
            .state
            .db
            .read_heavy(move |conn| feed::follow(conn, &desk, from, most))
            .await?;
        let told = batch
            .lines
            .iter()
            .filter(|line| matches!(line, Line::Case { .. }))
            .count();
        if told > 0 {
            let desk = self.desk.clone();
            self.state
                .db
                .write(move |conn| feed::note_export(conn, &desk, told))
                .await?;
        }
        self.left = self.left.map(|left| left.saturating_sub(batch.lines.len()));
        let mut text = Vec::new();
        let end = Line::Cursor {
            cursor: batch.cursor.write(&self.state.keys, &self.desk.actor),
            more: !batch.done,
        };
        for line in batch.lines.iter().chain(std::iter::once(&end)) {
            serde_json::to_writer(&mut text, line).map_err(ApiError::internal)?;
            text.push(b'\n');
        }
        let ends = batch.done || self.left == Some(0);
        self.cursor = Some(batch.cursor);
        Ok((text.into(), (!ends).then_some(self)))
    }
}
