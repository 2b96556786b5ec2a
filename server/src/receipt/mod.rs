//! Provisional receipts: which case became of the number that a phone gave out.

pub(crate) mod routes;
pub(crate) mod store;
