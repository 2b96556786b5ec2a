//! Matters of a case: one store, one service and one set of routes for every kind. What a kind may
//! do and what it asks for is in `shared::case::matter`; nothing here knows a single kind.

pub(crate) mod demo;
pub(crate) mod list;
pub(crate) mod measures;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;
