//! The second factor (两步验证): codes of an authenticator app (TOTP), and recovery codes.
//!
//! The secret is encrypted, recovery codes are kept as keyed hashes. A code is taken once: the step of the
//! last one is kept, and only later ones are taken. Guesses are throttled with those of passwords, by
//! account and address (`session::throttle`). API tokens ask for no code: they have been made by
//! somebody who signed in, and what they may do is narrower.

pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;
