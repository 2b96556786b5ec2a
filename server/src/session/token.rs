//! Access tokens: JWT, HS256, a few minutes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use shared::account::SignInMethod;
use shared::ids::UserId;

use super::Proof;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user.
    pub(crate) sub: UserId,
    /// The session.
    pub(crate) sid: String,
    /// The user's token version when it was issued.
    pub(crate) ver: i64,
    /// Issued at, seconds.
    pub(crate) iat: i64,
    /// Good until, seconds.
    pub(crate) exp: i64,
    /// Whether the session was opened by the identity provider.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) idp: bool,
    /// Whether the identity provider saw a second factor that counts here.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) mfa: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it asks about by reference"
)]
fn is_not(flag: &bool) -> bool {
    !flag
}

impl Claims {
    /// How the session was opened.
    pub(crate) fn proof(&self) -> Proof {
        Proof {
            method: if self.idp {
                SignInMethod::Provider
            } else {
                SignInMethod::Password
            },
            strong: self.mfa,
        }
    }
}

/// Issues and verifies access tokens.
pub(super) struct Tokens {
    /// Tells these keys' tokens from others', where one process has several (tests).
    id: u64,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    life: Duration,
}

/// How many verified tokens a thread remembers.
const REMEMBERED: usize = 1024;

thread_local! {
    /// Tokens whose signature this thread has verified. Time and user are looked at each time.
    static VERIFIED: RefCell<HashMap<String, (u64, Claims)>> = RefCell::default();
}

impl Tokens {
    pub(super) fn new(key: &[u8; 32], life: Duration) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut validation = Validation::new(Algorithm::HS256);
        // The server's clock decides, not the system's.
        validation.validate_exp = false;
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            life,
        }
    }

    pub(super) fn life(&self) -> Duration {
        self.life
    }

    pub(super) fn issue(
        &self,
        user: &UserId,
        session_id: &str,
        version: i64,
        proof: Proof,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: user.clone(),
            sid: session_id.to_owned(),
            ver: version,
            iat: now.timestamp(),
            exp: (now + self.life).timestamp(),
            idp: proof.method == SignInMethod::Provider,
            mfa: proof.strong,
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.encoding)
    }

    pub(super) fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let known = VERIFIED.with_borrow(|verified| verified.get(token).cloned());
        let claims = match known {
            Some((id, claims)) if id == self.id => claims,
            _ => self.check_signature(token)?,
        };
        (claims.exp > now.timestamp()).then_some(claims)
    }

    fn check_signature(&self, token: &str) -> Option<Claims> {
        let claims: Claims = jsonwebtoken::decode(token, &self.decoding, &self.validation)
            .ok()?
            .claims;
        VERIFIED.with_borrow_mut(|verified| {
            if verified.len() >= REMEMBERED {
                verified.clear();
            }
            verified.insert(token.to_owned(), (self.id, claims.clone()));
        });
        Some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_life_and_key() {
        let now: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let tokens = Tokens::new(&[1; 32], Duration::minutes(15));
        let token = tokens
            .issue(&"u".into(), "s", 3, Proof::PASSWORD, now)
            .unwrap();
        let claims = tokens.verify(&token, now).unwrap();
        assert_eq!(
            (claims.sub.as_str(), claims.sid.as_str(), claims.ver),
            ("u", "s", 3)
        );
        assert!(
            tokens
                .verify(&token, now + Duration::seconds(899))
                .is_some()
        );
        assert!(
            tokens
                .verify(&token, now + Duration::seconds(900))
                .is_none()
        );
    }

    #[test]
    fn forged_tokens_are_refused() {
        let now: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let tokens = Tokens::new(&[1; 32], Duration::minutes(15));
        let other = Tokens::new(&[2; 32], Duration::minutes(15));
        let forged = other
            .issue(&"u".into(), "s", 3, Proof::PASSWORD, now)
            .unwrap();
        assert!(other.verify(&forged, now).is_some(), "by its own key");
        assert!(tokens.verify(&forged, now).is_none());
        // {"alg":"none"} with the same claims.
        let claims = forged.split('.').nth(1).unwrap();
        assert!(
            tokens
                .verify(&format!("eyJhbGciOiJub25lIn0.{claims}."), now)
                .is_none()
        );
    }
}
