//! `/reception`: the roster of reception days; a day with who came; the public notice.

pub(crate) mod day;
pub(crate) mod notice;
pub(crate) mod roster;
