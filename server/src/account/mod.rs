//! Users: who signs in, as what, belonging where.
//!
//! The administrator of a township manages its users; everybody who assigns sees their colleagues.
//! A user is never deleted: old cases keep the name. An initial password is shown once.

pub(crate) mod bulk;
pub mod routes;
pub(crate) mod service;
pub(crate) mod store;
