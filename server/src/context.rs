//! What a request brings along beside its content: its id, where it came from, when.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::{DateTime, NaiveDate, Utc};

use crate::clock::{Clock, day_of};
use crate::error::ApiError;
use crate::state::State;

/// Passed to services for the timeline and the audit log. One "now" serves the whole request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The request's id, as in the log and in the answer's `X-Request-Id`.
    pub request_id: Arc<str>,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// When the request came.
    pub now: DateTime<Utc>,
}

impl RequestContext {
    /// For what does not come through HTTP: the command line, the demo, jobs.
    pub fn local(clock: &Clock) -> Self {
        Self {
            request_id: "local".into(),
            address: None,
            now: clock.now(),
        }
    }

    /// The day in Shanghai.
    pub fn today(&self) -> NaiveDate {
        day_of(self.now)
    }
}

impl FromRequest for RequestContext {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(state) = request.app_data::<web::Data<State>>() else {
            return ready(Err(ApiError::internal("no state")));
        };
        let request_id = request
            .extensions()
            .get::<RequestId>()
            .map(|id| Arc::clone(&id.0));
        ready(Ok(Self {
            request_id: request_id.unwrap_or_else(|| "none".into()),
            address: client_address(request, state),
            now: state.clock.now(),
        }))
    }
}

/// The id that the outermost layer has found or made.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

/// Whether the client came through TLS: to this server, or as a trusted proxy says.
pub(crate) fn behind_tls(state: &State, request: &HttpRequest) -> bool {
    if state.config.tls.tls_certificate.is_some() {
        return true;
    }
    let proxies = &state.config.http.trusted_proxies;
    let trusted = request
        .peer_addr()
        .is_some_and(|peer| proxies.contains(peer.ip().to_canonical()));
    let scheme = request.headers().get("x-forwarded-proto");
    trusted && scheme.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// The client's address: the peer's, or, where the peer is a trusted proxy, the last address of
/// `X-Forwarded-For` that is not one.
fn client_address(request: &HttpRequest, state: &State) -> Option<IpAddr> {
    // One that listens for both kinds of addresses is told of old ones as new ones.
    let peer = request.peer_addr()?.ip().to_canonical();
    let proxies = &state.config.http.trusted_proxies;
    if !proxies.contains(peer) {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for");
    let lines: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut client = peer;
    for hop in hops {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        let address = address.to_canonical();
        client = address;
        if !proxies.contains(address) {
            break;
        }
    }
    Some(client)
}
