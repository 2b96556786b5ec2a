//! `/p`.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::public::{QueryCode, Wanted};
use shared::satisfaction::{MAX_WORDS, Rating};
use shared::term::Term;

use super::page::{Page, STYLE, Said};
use super::service::{self, Shown};
use crate::case::Error;
use crate::context::RequestContext;
use crate::directory::Snapshot;
use crate::error::ApiError;
use crate::state::State;

/// Nothing but its own style sheet is loaded, and nothing runs.
const SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";
/// After so long somebody hears that nothing was found, whatever was wrong: longer than any of it
/// takes.
const PATIENCE: Duration = Duration::from_millis(300);

/// The same words for a number that does not exist, a wrong code and a sealed case.
const NOT_FOUND: &str =
    "没有查到。请核对回执编号和查询码；还是查不到的，请带上回执到登记的窗口询问。";

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/p")
                .route(web::get().to(arrive))
                .route(web::head().to(arrive))
                .route(web::post().to(look)),
        )
        .service(
            web::resource("/p/rating")
                .route(web::get().to(back))
                .route(web::post().to(rate)),
        )
        .service(web::resource("/p/style.css").route(web::get().to(style)));
}

/// What the address brings along: a receipt's QR code has the number.
#[derive(Debug, Default, Deserialize)]
struct Arrival {
    #[serde(default)]
    n: String,
}

/// What a form sends.
#[derive(Debug, Default, Deserialize)]
struct Ask {
    #[serde(default)]
    number: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    rating: String,
    #[serde(default)]
    words: String,
}

impl Ask {
    fn wanted(&self) -> Option<Wanted> {
        Wanted::read(&self.number)
    }

    fn code(&self) -> Option<QueryCode> {
        QueryCode::read(&self.code)
    }

    /// What tries are counted by.
    fn counted(&self) -> String {
        match self.wanted() {
            Some(wanted) => wanted.plain(),
            None => format!("?{}", self.number.chars().take(60).collect::<String>()),
        }
    }
}

/// A form that cannot be read is one that says nothing.
type Form = Result<web::Form<Ask>, actix_web::Error>;

fn read(form: Form) -> Ask {
    form.map(web::Form::into_inner).unwrap_or_default()
}

async fn names(state: &State) -> Result<Arc<Snapshot>, ApiError> {
    match state.directory.fresh() {
        Some(names) => Ok(names),
        None => Ok(state.directory.current().await?),
    }
}

/// Draws the page.
async fn draw(
    state: &State,
    context: &RequestContext,
    status: StatusCode,
    (number, code): (&str, &str),
    said: Said,
    shown: Option<&Shown>,
) -> Result<HttpResponse, ApiError> {
    let names = names(state).await?;
    let (known, now) = (Arc::clone(&names), context.now);
    let receptions = state
        .db
        .read_heavy(move |conn| service::receptions(conn, &known, now))
        .await?;
    let number: String = number.chars().take(60).collect();
    let page = Page {
        township: service::township(&names),
        number: &number,
        said,
        shown,
        code,
        receptions: &receptions,
        demo: state.demo,
    };
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, SECURITY_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page.html().into_string()))
}

async fn arrive(
    request: HttpRequest,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let arrival = web::Query::<Arrival>::from_query(request.query_string());
    let number = arrival.map(|arrival| arrival.into_inner().n);
    let number = number.unwrap_or_default();
    let shown = None;
    let typed = (number.trim(), "");
    draw(
        &state,
        &context,
        StatusCode::OK,
        typed,
        Said::Nothing,
        shown,
    )
    .await
}

async fn back() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/p"))
        .finish()
}

/// Says when somebody has tried too often.
async fn too_many(
    state: &State,
    context: &RequestContext,
    number: &str,
    seconds: u64,
) -> Result<HttpResponse, ApiError> {
    let words = format!("查询次数太多，请约{}分钟后再试。", seconds.div_ceil(60));
    let status = StatusCode::TOO_MANY_REQUESTS;
    let said = Said::Wrong(words);
    let mut response = draw(state, context, status, (number, ""), said, None).await?;
    if let Ok(value) = header::HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    Ok(response)
}

/// Looks a case up; none where number and code do not fit, or the case is sealed.
async fn found(
    state: &State,
    context: &RequestContext,
    ask: &Ask,
) -> Result<Option<Shown>, ApiError> {
    let names = names(state).await?;
    let (keys, today) = (Arc::clone(&state.keys), context.today());
    let (wanted, code) = (ask.wanted(), ask.code());
    let reading = move |conn: &mut crate::db::Conn| {
        let given = (wanted.as_ref(), code.as_ref());
        service::look(conn, &names, &keys, today, given)
    };
    let shown = state.db.read_heavy(reading).await?;
    if shown.is_some() {
        state.lookups.succeeded(&ask.counted(), context.address);
    }
    Ok(shown)
}

async fn not_found(
    state: &State,
    context: &RequestContext,
    ask: &Ask,
    since: tokio::time::Instant,
) -> Result<HttpResponse, ApiError> {
    let said = Said::Wrong(NOT_FOUND.to_owned());
    let typed = (ask.number.trim(), "");
    let page = draw(state, context, StatusCode::OK, typed, said, None).await;
    tokio::time::sleep_until(since + PATIENCE).await;
    page
}

async fn look(
    context: RequestContext,
    state: web::Data<State>,
    form: Form,
) -> Result<HttpResponse, ApiError> {
    let since = tokio::time::Instant::now();
    let ask = read(form);
    let tried = state
        .lookups
        .attempt(&ask.counted(), context.address, context.now);
    if let Err(seconds) = tried {
        return too_many(&state, &context, ask.number.trim(), seconds).await;
    }
    let Some(shown) = found(&state, &context, &ask).await? else {
        return not_found(&state, &context, &ask, since).await;
    };
    let (noted, at) = (shown.clone(), context.clone());
    let noting = move |conn: &mut crate::db::Conn| service::note(conn, &at, &noted);
    state.db.write(noting).await?;
    let typed = (ask.number.trim(), ask.code.trim());
    let (status, said) = (StatusCode::OK, Said::Nothing);
    draw(&state, &context, status, typed, said, Some(&shown)).await
}

async fn rate(
    context: RequestContext,
    state: web::Data<State>,
    form: Form,
) -> Result<HttpResponse, ApiError> {
    let since = tokio::time::Instant::now();
    let ask = read(form);
    let tried = state
        .lookups
        .attempt(&ask.counted(), context.address, context.now);
    if let Err(seconds) = tried {
        return too_many(&state, &context, ask.number.trim(), seconds).await;
    }
    let rating = Rating::from_code(&ask.rating);
    let words: String = ask.words.trim().replace('\0', "");
    let said = if words.chars().count() > MAX_WORDS {
        Said::Wrong(format!("想说的话最多{MAX_WORDS}个字，请写短一些。"))
    } else if let Some(rating) = rating {
        let names = names(&state).await?;
        let (keys, at) = (Arc::clone(&state.keys), context.clone());
        let (wanted, code) = (ask.wanted(), ask.code());
        let rating = move |conn: &mut crate::db::Conn| {
            let given = (wanted.as_ref(), code.as_ref());
            let said = (rating, Some(words.as_str()));
            service::rate(conn, (&names, &keys), &at, given, said)
        };
        match state.db.write(rating).await {
            Ok(true) => Said::Done("谢谢，您的评价已经记下。"),
            Ok(false) => {
                Said::Wrong("这次答复已经评价过，或者现在还没有可以评价的答复。".to_owned())
            }
            Err(Error::Denied(_)) => return not_found(&state, &context, &ask, since).await,
            Err(error) => return Err(error.into()),
        }
    } else {
        Said::Wrong("请先选“满意”“基本满意”“不满意”或“不评价”，再提交。".to_owned())
    };
    let Some(shown) = found(&state, &context, &ask).await? else {
        return not_found(&state, &context, &ask, since).await;
    };
    let typed = (ask.number.trim(), ask.code.trim());
    draw(&state, &context, StatusCode::OK, typed, said, Some(&shown)).await
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(STYLE)
}
