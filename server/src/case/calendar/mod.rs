//! The calendar: what is due when, on a page and as a personal iCalendar feed.

mod feed;
pub(crate) mod routes;
mod service;
