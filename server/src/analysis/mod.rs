//! The monthly analysis (分析研判): figures of a month beside others, where most came from, what is open
//! longest, and the office's words about it, as a page and as a Word file to be edited.
//!
//! What is counted is `indicator::month`'s, without sealed accusations whoever reads it; what it says in
//! words is pure (`shared::analysis`). Issuing freezes the figures in the row's body; a case that was
//! sealed since is named no more.

pub(crate) mod demo;
mod paper;
pub(crate) mod routes;
mod service;
mod store;
