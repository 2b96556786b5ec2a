//! The binary `xinfang`: HTTP, storage, command line.
//!
//! A request goes one way: extractor (who: [`auth`]) → route (parse, answer) → service (load, ask
//! `shared::access::can`, domain function, write with event and audit in one transaction) → store
//! (Diesel). Each room has these three as `routes`, `service`, `store`.
//!
//! | beside the rooms | what it settles |
//! | --- | --- |
//! | [`app`] | how the parts are put together and served |
//! | [`config`], [`clock`], [`keys`], [`memory`] | settings, time, encryption, the allocator |
//! | [`db`], `schema` | storage: reads, the one writer, migrations |
//! | [`directory`] | users and units in memory |
//! | [`files`] | uploads, under a hash of their content |
//! | [`auth`], [`context`], [`extract`], [`idempotency`] | what handlers take from a request |
//! | [`error`] | how errors become answers |
//! | `outgoing` | requests to foreign servers, and where they may go |
//! | `export` | what all files that are taken out share: sheets, the mark, the streamed answer |

pub mod account;
mod alert;
mod analysis;
pub mod app;
mod assessment;
pub mod audit;
pub mod auth;
mod backup;
pub mod case;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
mod county;
pub mod db;
pub mod demo;
mod deputy;
pub mod directory;
mod doctor;
mod duty;
pub mod error;
mod export;
pub mod extract;
mod field;
pub mod files;
pub mod health;
pub mod idempotency;
pub mod ids;
pub mod import;
mod indicator;
pub mod keys;
mod lock;
pub mod memory;
mod metrics;
mod notify;
mod observe;
pub mod openapi;
pub mod org;
mod outgoing;
pub mod page;
mod photo;
mod public;
mod publicity;
mod receipt;
mod reception;
mod report;
mod satisfaction;
mod schema;
mod second_factor;
pub mod session;
pub mod settings;
pub mod setup;
mod sso;
pub mod state;
mod sync;
mod system;
mod tls;
mod token;
mod village_map;
mod visit;
mod web;
mod webhook;

#[cfg(test)]
mod front;
