//! Users.

pub(crate) mod store;
