//! What the black-box tests stand on: the real binary over a real database, spoken to through HTTP.
//!
//! [`TestApp::start`] gives a township of its own to a test: the template's units, a user of every
//! role ([`Staff`]), no cases. It costs a process start, because the township is made once a test
//! program, through the API ([`mod@base`]), and copied. Builders arrange ([`TestApp::case`]), a
//! [`Client`] acts, and an [`Answer`] is what a client sees: it has checked by itself that every
//! error is a problem document in Chinese.
//!
//! The environment says what is tested:
//! - `XINFANG_BIN`: the binary; else `target/debug/xinfang`, else `target/release/xinfang`.
//! - `XINFANG_TEST_PG`: an administrator's `postgres://` address. With it each app has a database of
//!   its own there; without it, or with `XINFANG_TEST_DB=sqlite`, a SQLite file.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

pub mod app;
pub mod base;
pub mod case;
pub mod client;
pub mod contract;
pub mod database;
pub mod events;
pub mod files;
pub mod folder;
pub mod matter;
pub mod next;
pub mod provider;
pub mod python;
pub mod server;
pub mod staff;
pub mod totp;
pub mod traces;
pub mod webhook;

pub use app::{Options, TestApp};
pub use case::{Case, CaseBuilder};
pub use client::{Answer, Call, Client};
pub use events::Events;
pub use matter::Matter;
pub use provider::Provider;
pub use staff::Staff;
pub use webhook::Webhook;
