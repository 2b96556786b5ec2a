//! Import of a hand-kept ledger workbook.
//!
//! A file goes through four steps: [`reader`] turns bytes into cells (measured first by [`guard`]),
//! [`rows`] turns cells into ledger rows ([`header`], [`columns`], [`dates`], [`counts`],
//! [`words`] know how people write), [`plan`] sets them against what the database knows, and the
//! service writes what was planned, all or nothing. The first three are pure: a dry run stops there.

mod columns;
mod counts;
mod dates;
mod guard;
mod header;
mod mark;
mod plan;
mod reader;
mod rows;
mod text;
mod words;

#[cfg(test)]
mod tests;
