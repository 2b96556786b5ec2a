//! The village map: uploaded by the administrator, drawn on the dashboards.

pub(crate) mod demo;
pub(crate) mod routes;
mod service;
