//! What a phone takes along: a bundle of the answers that its app would ask for, each as its route
//! gives it to this caller at this moment.
//!
//! A room adds its own with one line in [`service::parts`]. Sealed cases are never in it: they are
//! not for a phone.

pub(crate) mod routes;
mod service;
