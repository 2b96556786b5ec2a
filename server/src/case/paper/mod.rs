//! Official documents of a case. When each can be made and what it says is in
//! `shared::case::paper`; here it is numbered, kept as it was made, and drawn as a Word file.

pub(crate) mod docx;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;
