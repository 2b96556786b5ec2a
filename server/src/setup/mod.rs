//! The first run: makes the organisation and its administrator, once.

pub mod routes;
pub(crate) mod service;
pub(crate) mod template;
