//! What handlers take from a request's headers.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use shared::problem::Code;

use crate::error::ApiError;

/// The version that the caller has seen (`If-Match`). A handler that names it answers 428 to a
/// request without one; the service answers [`ApiError::stale`] (412) where it is not the current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(header::IF_MATCH) else {
            return ready(Err(ApiError::new(
                Code::VersionRequired,
                "修改前请先读取，并在 If-Match 中带上读到的 ETag。",
            )));
        };
        let version = value.to_str().ok().and_then(version_of);
        ready(
            version
                .map(Self)
                .ok_or_else(|| ApiError::bad_request("If-Match 应为读取时得到的 ETag，如 \"3\"。")),
        )
    }
}

/// The version in an `ETag`. A proxy that compresses may have made it weak; the version is the same.
fn version_of(etag: &str) -> Option<i64> {
    let etag = etag.trim();
    let etag = etag.strip_prefix("W/").unwrap_or(etag);
    etag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The `ETag` of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_survives_the_etag() {
        assert_eq!(version_of(&etag(17)), Some(17));
        assert_eq!(version_of("W/\"17\""), Some(17));
        for wrong in ["17", "*", "\"x\"", "\"1\", \"2\"", ""] {
            assert_eq!(version_of(wrong), None, "{wrong}");
        }
    }
}
