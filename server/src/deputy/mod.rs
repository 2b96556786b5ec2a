//! Standing in for an absent colleague (临时代理): who may name a deputy, when it ends, who is told.
//!
//! What a deputy may see and do is not decided here: the directory gives their [`shared::access::Actor`]
//! the absent colleague's (`stands_in_for`) for as long as the days last, and `shared::access` decides by
//! it. API tokens, webhooks and the calendar's address act for their owner alone. What is done by such
//! rights alone says so ([`crate::auth::Actor::decide`]). Who is told of the absent's work is added where
//! notices are written ([`store::beside`]).

pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;
