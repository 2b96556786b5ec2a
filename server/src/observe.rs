//! The outermost layer of a request: its id, its log line, the headers that every answer has, and
//! an error document where the framework gave none.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::FutureExt;

use crate::auth::CallerId;
use crate::context::{RequestId, behind_tls};
use crate::error::{self, ApiError, PROBLEM_JSON};
use crate::openapi::DOCS_SECURITY_POLICY;
use crate::state::State;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the app may load and do. WASM needs `wasm-unsafe-eval`; nothing else is loosened.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; \
     script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
     worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const FIXED: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        header::PERMISSIONS_POLICY,
        "camera=(self), geolocation=(self), microphone=(), payment=()",
    ),
];

/// Wraps every request.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    // Errors of handlers are responses by now; what is an error here is a middleware's own.
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let Ok(answered) = answered else {
        tracing::error!(request_id = &*id, "a handler panicked");
        return Err(ApiError::internal("panic").into());
    };
    let response = answered?.map_into_boxed_body();
    let mut response = with_document(response);
    let place = Place::of(response.request().path());
    add_headers(response.headers_mut(), &id, place);
    if let Some(state) = response.request().app_data::<web::Data<State>>().cloned() {
        stay_with_tls(&state, &mut response);
        if let Some(metrics) = &state.metrics {
            let request = response.request();
            let route = request.match_pattern();
            let status = response.status().as_u16();
            metrics.answered(request.method(), route, status, started.elapsed());
        }
    }
    log(&response, &id, started);
    Ok(response)
}

/// Asks a browser that came through TLS to come so from now on.
fn stay_with_tls(state: &State, response: &mut ServiceResponse<BoxBody>) {
    let days = state.config.tls.hsts_days;
    if days == 0 || !behind_tls(state, response.request()) {
        return;
    }
    let wish = format!("max-age={}", u64::from(days) * 86_400);
    if let Ok(wish) = HeaderValue::from_str(&wish) {
        let name = header::STRICT_TRANSPORT_SECURITY;
        response.headers_mut().insert(name, wish);
    }
}

/// The caller's, if it looks like one, so that a request can be followed across systems.
fn request_id(request: &ServiceRequest) -> Arc<str> {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    let good = |id: &&str| {
        let legible = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (8..=64).contains(&id.len()) && id.chars().all(legible)
    };
    match given.filter(good) {
        Some(id) => id.into(),
        None => crate::ids::new_id().into(),
    }
}

/// Gives an error answer without a document one. Pages for people are left alone.
fn with_document(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_ours =
        |value: &HeaderValue| value == PROBLEM_JSON || value.as_bytes().starts_with(b"text/html");
    if !is_error || content_type.is_some_and(is_ours) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let error = error::of_status(status);
    let (request, _) = response.into_parts();
    let mut document: HttpResponse = actix_web::ResponseError::error_response(&error);
    if let Some(allow) = allow {
        document.headers_mut().insert(header::ALLOW, allow);
    }
    ServiceResponse::new(request, document)
}

/// What the headers depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Api,
    Docs,
    App,
}

impl Place {
    fn of(path: &str) -> Self {
        match path.strip_prefix("/api/") {
            Some(rest) if rest.starts_with("docs") => Self::Docs,
            Some(_) => Self::Api,
            None => Self::App,
        }
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str, place: Place) {
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = match place {
        Place::Docs => DOCS_SECURITY_POLICY,
        Place::Api | Place::App => CONTENT_SECURITY_POLICY,
    };
    // A download may say something stricter.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
    }
    if place == Place::Api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// One line a request: the route's pattern rather than the path, no query, no personal data.
fn log(response: &ServiceResponse<BoxBody>, id: &str, started: Instant) {
    let status = response.status().as_u16();
    let error = response
        .response()
        .error()
        .and_then(|error| error.as_error::<ApiError>());
    let cause = error.and_then(|error| error.cause.as_deref());
    if cause.is_none() && !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let request = response.request();
    let extensions = request.extensions();
    let user = extensions
        .get::<CallerId>()
        .map(|id| id.0.as_str())
        .unwrap_or("-");
    let route = request.match_pattern().unwrap_or_else(|| "-".to_owned());
    let method = request.method().as_str();
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    match cause {
        Some(cause) => {
            tracing::error!(
                request_id = id,
                method,
                route,
                status,
                ms,
                user,
                cause,
                "failed"
            );
        }
        None => tracing::info!(request_id = id, method, route, status, ms, user, "request"),
    }
}
