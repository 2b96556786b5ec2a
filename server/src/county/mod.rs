//! What the county's office sees: the townships' figures side by side, and the cases that they hand up.
//!
//! The figures are those of each township's own leader, read as one ([`shared::access::Actor::leader_of`])
//! with the very code of the township's dashboard; so a row says what its leader reads. The list starts
//! from `case::scope`, as every list of cases.

mod cases;
mod figures;
pub(crate) mod routes;

use crate::case::Error;
