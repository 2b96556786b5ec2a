//! Assessment of villages (考核): self-assessment, review, objection, decision. The scoring is pure
//! (`shared::assessment`); [`data`] counts what it is scored with, without sealed cases, so that a
//! figure is the same for everybody; what breaks the three-withouts it asks of the figures' book. Each review freezes the data, and nothing changes after a decision.

mod criteria;
mod data;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod honour;
pub(crate) mod routes;
mod service;
mod store;

pub(crate) use service::todos;
