//! Satisfaction (满意度): what petitioners say of answers. One rating stands of each answer; whoever had
//! a part in the answer records none (`shared::satisfaction`), the petitioner's own stands for good.

pub(crate) mod demo;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;
mod waiting;
