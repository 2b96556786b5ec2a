//! Settings of the installation, and the law profiles by which deadlines are counted.
//!
//! Both are in the [`crate::directory`], so that reading them costs nothing.

pub(crate) mod categories;
pub mod routes;
mod service;
pub(crate) mod store;
pub(crate) mod workdays;
