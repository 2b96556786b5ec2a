//! Sign-in: passwords, access tokens, refresh tokens, throttles.
//!
//! An access token (JWT) lives 15 minutes and is looked at without the database. A refresh token
//! lives in an `HttpOnly` cookie, is good once, and is replaced by the next; one that comes a
//! second time has been stolen or copied, and ends the session that it belongs to.

pub mod password;
pub mod routes;
pub(crate) mod service;
pub(crate) mod signins;
pub(crate) mod store;
pub(crate) mod throttle;
pub(crate) mod token;

use chrono::{DateTime, Duration, Utc};
use shared::account::SignInMethod;

use crate::config::Config;
use crate::keys::Keys;
use password::Passwords;
use throttle::Throttle;
use token::{Claims, Tokens};

/// How a session was opened, for as long as it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    /// By which way.
    pub(crate) method: SignInMethod,
    /// Whether the identity provider saw a second factor that counts here.
    pub(crate) strong: bool,
}

impl Proof {
    /// The password, and a code of this system where one is asked for.
    pub(crate) const PASSWORD: Self = Self {
        method: SignInMethod::Password,
        strong: false,
    };
}

/// What sign-in keeps in memory.
pub struct Sessions {
    tokens: Tokens,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    throttle: Throttle,
    /// How long a session lasts without being used.
    idle: Duration,
}

impl Sessions {
    /// As configured.
    pub fn new(config: &Config, keys: &Keys) -> Self {
        let session = &config.session;
        Self {
            tokens: Tokens::new(keys.token_key(), token_life(config)),
            passwords: Passwords::new(),
            throttle: Throttle::new(session.account_failures, session.address_failures),
            idle: Duration::hours(session.refresh_hours.into()),
        }
    }

    /// What a good token says.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        self.tokens.verify(token, now)
    }
}

/// How long an access token is good.
pub(crate) fn token_life(config: &Config) -> Duration {
    Duration::minutes(config.session.access_minutes.into())
}
