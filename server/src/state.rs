//! What every request can reach.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::directory::Directory;
use crate::keys::Keys;
use crate::session::Sessions;
use crate::session::throttle::Throttle;

/// The parts of a running server. Each is cheap to clone.
#[derive(Clone)]
pub struct State {
    /// What is in force.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Storage.
    pub db: Db,
    /// The keys.
    pub keys: Arc<Keys>,
    /// Users and units, in memory.
    pub directory: Directory,
    /// Tokens, password checks, throttles.
    pub sessions: Arc<Sessions>,
    /// The identity provider, if there is one.
    pub(crate) sso: Arc<crate::sso::Sso>,
    /// How often API tokens are used, and which uses were noted.
    pub(crate) tokens: Arc<crate::token::Gate>,
    /// Attempts to look up a case on the public page.
    pub(crate) lookups: Arc<Throttle>,
    /// Looks at cases that wait to be noted.
    pub looks: crate::audit::Looks,
    /// Answers about cases that were looked at lately.
    pub recent: crate::case::recent::Recent,
    /// The tallies of all cases, for figures.
    pub(crate) figures: crate::indicator::Figures,
    /// Who listens to live events.
    pub(crate) streams: crate::notify::stream::Hub,
    /// What is counted for monitoring, where that is wanted.
    pub(crate) metrics: Option<crate::metrics::Metrics>,
    /// When this process began.
    pub(crate) started_at: DateTime<Utc>,
    /// Whether this is the demo, whose data is made up.
    pub demo: bool,
}
