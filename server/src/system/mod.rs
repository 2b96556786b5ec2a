//! How this installation stands: for the administrator's page and for monitoring.

pub(crate) mod routes;
mod service;
pub(crate) mod store;

pub(crate) use service::{free, standing};
