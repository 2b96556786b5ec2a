//! Figures: indicators, the three-without standing, targets, dashboards.
//!
//! Each case is folded once into a tally ([`shared::indicator::tally`]); the [`book`] keeps those of
//! all cases in memory, loaded at first use and brought up to date by what has changed since. Every
//! figure of cases is one walk over them, a few comparisons a mark. So cost
//! grows with the number of cases, whatever happened in the year; what keeps it from growing further
//! is that dashboards and tables are kept until the ledger changes ([`book::Figures::kept`]).
//!
//! Who may see what is decided as everywhere, by [`shared::access::counts`], over the tallies.

pub(crate) mod book;
mod dashboard;
mod field;
mod grid;
mod list;
pub(crate) mod routes;
mod standing;
mod table;
mod targets;
#[cfg(test)]
mod tests;

pub(crate) use book::Figures;

use crate::case::Error;
