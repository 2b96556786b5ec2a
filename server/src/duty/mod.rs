//! Handing over (工作交接): what somebody still has to do by name, and moving it to a successor in one
//! transaction. Each room says what names somebody, and puts another in their place: cases and their
//! matters ([`crate::case::duty`]), units, promises, reception days.

pub(crate) mod routes;
mod service;
