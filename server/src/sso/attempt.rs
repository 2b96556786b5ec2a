//! What a browser brings back from the provider, sealed in a cookie of its own.
//!
//! `SameSite=Lax`, for it must come along when the provider sends the browser back; `HttpOnly`, for no
//! script needs it; sealed, for the nonce and PKCE's verifier are nobody's but this server's.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::ids::UserId;

use super::provider::Who;
use crate::keys::{Keys, Place};
use crate::session::routes::is_secure;
use crate::state::State;

/// The only paths that need them.
const PATH: &str = "/sso";
/// How long somebody may take at the provider.
pub(super) const PATIENCE: Duration = Duration::minutes(10);
/// How long somebody may take to type a code.
pub(super) const CODE_PATIENCE: Duration = Duration::minutes(5);

/// A way to the provider that was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) state: String,
    pub(super) nonce: String,
    /// PKCE's.
    pub(super) verifier: String,
    /// Of whom it was asked.
    pub(super) issuer: String,
    /// Where in the app it goes on.
    pub(super) to: String,
    pub(super) at: DateTime<Utc>,
    /// Whose account is to be linked, where somebody signed in does that.
    pub(super) link: Option<Linking>,
}

/// Somebody signed in who links their account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Linking {
    pub(super) user_id: UserId,
    pub(super) session_id: String,
    pub(super) token_version: i64,
}

/// Somebody whom the provider vouched for, and who still has to type a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Halfway {
    /// Tells it from others.
    pub(super) id: String,
    pub(super) user_id: UserId,
    pub(super) who: Who,
    pub(super) to: String,
    pub(super) at: DateTime<Utc>,
}

/// What lies in a cookie.
pub(super) trait Kept: Serialize + DeserializeOwned {
    /// The cookie's name.
    const NAME: &'static str;
    /// When it was made.
    fn at(&self) -> DateTime<Utc>;
    /// For how long it is good.
    fn life() -> Duration;
}

impl Kept for Attempt {
    const NAME: &'static str = "xinfang_sso";
    fn at(&self) -> DateTime<Utc> {
        self.at
    }
    fn life() -> Duration {
        PATIENCE
    }
}

impl Kept for Halfway {
    const NAME: &'static str = "xinfang_sso_code";
    fn at(&self) -> DateTime<Utc> {
        self.at
    }
    fn life() -> Duration {
        CODE_PATIENCE
    }
}

const fn place<T: Kept>() -> Place<'static> {
    Place {
        table: "sso",
        column: T::NAME,
        id: "",
    }
}

fn sealed<T: Kept>(keys: &Keys, kept: &T) -> Option<String> {
    let text = serde_json::to_vec(kept).ok()?;
    Some(URL_SAFE_NO_PAD.encode(keys.seal(&text, place::<T>())))
}

fn opened<T: Kept>(keys: &Keys, text: &str, now: DateTime<Utc>) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = keys.open(&sealed, place::<T>()).ok()?;
    let kept: T = serde_json::from_slice(&plain).ok()?;
    let age = now - kept.at();
    (age >= Duration::zero() && age <= T::life()).then_some(kept)
}

/// Keeps it with the browser.
pub(super) fn keep<T: Kept>(
    state: &State,
    request: &HttpRequest,
    kept: &T,
) -> Option<Cookie<'static>> {
    let mut cookie = cookie::<T>(state, request, sealed(&state.keys, kept)?);
    cookie.set_max_age(CookieDuration::seconds(T::life().num_seconds()));
    Some(cookie)
}

/// What the browser brings, if it is of this server and young enough.
pub(super) fn brought<T: Kept>(
    state: &State,
    request: &HttpRequest,
    now: DateTime<Utc>,
) -> Option<T> {
    let cookie = request.cookie(T::NAME)?;
    opened(&state.keys, cookie.value(), now)
}

/// Takes it from the browser.
pub(super) fn gone<T: Kept>(state: &State, request: &HttpRequest) -> Cookie<'static> {
    let mut cookie = cookie::<T>(state, request, String::new());
    cookie.make_removal();
    cookie
}

fn cookie<T: Kept>(state: &State, request: &HttpRequest, value: String) -> Cookie<'static> {
    Cookie::build(T::NAME, value)
        .path(PATH)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(state, request))
        .finish()
}

/// Where in the app somebody wants to go on: a path of its own, never another site's nor the server's.
pub(super) fn path_of_app(wanted: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    let own = ["/api", "/sso", "/p/", "/health", "/metrics", "//"];
    let good = wanted.starts_with('/')
        && wanted.len() <= 200
        && wanted.chars().all(plain)
        && wanted != "/p"
        && !own.iter().any(|own| wanted.starts_with(own));
    if good && wanted != "/login" {
        wanted.to_owned()
    } else {
        "/".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(at: DateTime<Utc>) -> Attempt {
        Attempt {
            state: "s".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
            issuer: "https://sso.example.gov.cn".to_owned(),
            to: "/".to_owned(),
            at,
            link: None,
        }
    }

    #[test]
    fn an_attempt_opens_under_its_key_for_ten_minutes_and_as_nothing_else() {
        let keys = crate::keys::tests::some();
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let text = sealed(&keys, &attempt(at)).unwrap();
        assert!(text.len() < 2000 && !text.contains("sso.example"));
        let opens = |keys: &Keys, seconds: i64| {
            opened::<Attempt>(keys, &text, at + Duration::seconds(seconds)).is_some()
        };
        assert!(opens(&keys, 0) && opens(&keys, 600));
        assert!(!opens(&keys, 601) && !opens(&keys, -1));
        assert!(!opens(&Keys::from_master(&[8; 32]), 0));
        assert!(opened::<Halfway>(&keys, &text, at).is_none());
        assert!(opened::<Attempt>(&keys, "nonsense", at).is_none());
    }

    #[test]
    fn it_goes_on_within_the_app_alone() {
        for fine in ["/", "/cases", "/cases/0198-ab", "/identity"] {
            assert_eq!(path_of_app(fine), fine);
        }
        for other in [
            "",
            "cases",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/api/v1/me",
            "/sso/start",
            "/p",
            "/p/x",
            "/login",
            "/a b",
            "/\r\nset-cookie: x=1",
            &format!("/{}", "x".repeat(300)),
        ] {
            assert_eq!(path_of_app(other), "/", "{other}");
        }
    }
}
