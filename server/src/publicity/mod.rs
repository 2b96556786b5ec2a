//! Legal publicity (法制宣传): campaigns, which villages have had none in a quarter, the library of laws.
//! What was held in public is no secret within the township.

pub(crate) mod demo;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;
