//! Lists, a page at a time.

use serde::{Deserialize, Serialize};

/// The most items a page may have.
pub const MAX_LIMIT: u32 = 200;
/// How many items a page has when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;

/// One page of a list (keyset: `next_cursor` is opaque and stays valid while rows come and go).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub items: Vec<T>,
    /// Pass as `cursor` for the next page; absent on the last one.
    pub next_cursor: Option<String>,
    /// How many items the filter finds in all, within what the caller may see.
    pub total: u64,
}
