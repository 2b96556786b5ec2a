//! Units and their tree.

pub(crate) mod store;
