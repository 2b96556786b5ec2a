//! Units (县、乡镇、村、社、站所) and their tree.
//!
//! Everybody sees the units of their township and those above it; its administrator changes them.

pub(crate) mod merge;
pub mod routes;
pub(crate) mod service;
pub(crate) mod store;
pub(crate) mod townships;
