//! Signing in by a county's identity provider (OpenID Connect, authorization code with PKCE).
//!
//! A browser goes from `/sso/start` to the provider and comes back to `/sso/callback`, which opens the
//! same session as a password does. In between, what the two have to agree on (state, nonce, PKCE's
//! verifier) lies sealed in a cookie of that browser ([`attempt`]), and nowhere else; the attempt is noted
//! as used when it comes back, so that none is good twice, whichever node it comes to. The provider's
//! answers are judged by the crate `openidconnect` ([`provider`]).
//!
//! Nobody gets an account by signing in: a user is linked with one subject of one issuer ([`store`]), by
//! themselves, or by the administrator, who enters an account that the first sign-in is compared with.
//! What `/sso` says to people is plain HTML ([`page`]), so that it costs the app's download nothing.

mod attempt;
mod page;
pub(crate) mod provider;
pub(crate) mod routes;
mod service;
pub(crate) mod settings;
pub(crate) mod store;

use provider::Provider;
use settings::Settings;

use crate::config::Config;

/// The provider of this installation, if it has one.
pub(crate) struct Sso(Option<Provider>);

impl Sso {
    /// As configured. What is wrong with that is said by `serve` and `doctor`; here it is off then, for
    /// other commands have nothing to do with it.
    pub(crate) fn new(config: &Config) -> Self {
        Self(Settings::of(config).ok().flatten().map(Provider::new))
    }

    /// The provider.
    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.0.as_ref()
    }
}
