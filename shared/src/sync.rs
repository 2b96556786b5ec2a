//! What a phone takes along (离线同步): the answers of the API that its app would ask for, so that it
//! shows them where there is no network.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// After so many days without a sign-in the phone forgets everything.
pub const KEEP_DAYS: u32 = 14;
/// The most answers that a phone may say it has.
pub const MAX_KNOWN: usize = 5000;

/// What the phone has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SyncRequest {
    /// Each answer's path below `/api/v1`, with its query, and the `etag` that it came with.
    #[serde(default)]
    pub known: BTreeMap<String, String>,
}

/// An answer of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncEntry {
    /// Its path below `/api/v1`, with its query.
    pub path: String,
    /// Changes with the body.
    pub etag: String,
    /// As `GET` gives it; absent where the phone has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
}

/// All that the phone may keep. What it has and does not find here it must forget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncAnswer {
    /// When, by the server's clock.
    pub at: DateTime<Utc>,
    /// Whose it is.
    pub user: UserId,
    /// After so many days without a sign-in it is to be forgotten.
    pub keep_days: u32,
    /// Whether that is all; where it was too much at once, the next sync brings more.
    pub complete: bool,
    /// The answers.
    pub entries: Vec<SyncEntry>,
}
