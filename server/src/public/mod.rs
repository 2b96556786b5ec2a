//! The page without a sign-in (`/p`): a petitioner looks up their case with the receipt's number and
//! query code, says what they think of the answer, and reads when leaders receive people.
//!
//! Plain HTML with forms, made here: it works without JavaScript, on old phones, within a few KB. A
//! wrong number, a wrong code and a sealed case get the same words after the same time; tries are
//! limited by number and by address. What the page shows names nobody but the leader on a reception
//! day's public notice, and says nothing of what a case is about.

mod page;
pub(crate) mod routes;
mod service;
mod store;

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::context::behind_tls;
use crate::state::State;

/// The page's address: as configured, or as the caller reaches this server; none where neither says.
pub(crate) fn address(request: &HttpRequest, state: &State) -> Option<String> {
    let configured = state.config.http.public_url.trim().trim_end_matches('/');
    if !configured.is_empty() {
        return Some(format!("{configured}/p"));
    }
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if host.is_empty() || host.len() > 255 || !host.chars().all(good) {
        return None;
    }
    let scheme = if behind_tls(state, request) {
        "https"
    } else {
        "http"
    };
    Some(format!("{scheme}://{host}/p"))
}
