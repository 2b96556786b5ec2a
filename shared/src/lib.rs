//! The domain of xinfang, shared by the server and the app.
//!
//! Everything here is pure: plain data and functions over it, with no I/O, no clock and no async,
//! so that a rule lives once and gives the same answer on both sides. Time and the calendar are
//! arguments. Terms in code are English; each enum carries its Chinese label.
//!
//! | room | what it settles |
//! | --- | --- |
//! | [`case`] | the ledger row: its terms, states, actions, clocks, numbers, input and views |
//! | [`access`] | who may do what: the only place that decides |
//! | [`county`] | what a county's office sees of its townships |
//! | [`org`] | units, their tree, the bundled template |
//! | [`account`] | users, sign-in, passwords |
//! | [`assessment`] | assessment of villages: sheets, scores, what follows what, veto, ranking |
//! | [`analysis`] | the monthly analysis (分析研判): what it compares, and in which words |
//! | [`calendar`] | working days after the State Council's calendar |
//! | [`deputy`] | standing in for a colleague who is absent |
//! | [`export`] | what can be taken out as a file, and by whom |
//! | [`identity`] | ID and phone numbers: checks and masks |
//! | [`indicator`] | figures: what counts where, the three-without standing, targets |
//! | [`ledger`] | what an import of a hand-kept ledger answers |
//! | [`alert`] | urgent information: what follows what, how long it took |
//! | [`notice`] | what somebody is told of |
//! | [`outbox`] | how what was written down without a network goes out once and only once |
//! | [`photo`] | photos of records |
//! | [`village_map`] | the schematic map of the villages |
//! | [`visit`], [`reception`] | visits with what was promised, and reception days: checks, weekly duty, rosters |
//! | [`problem`] | error codes and the error document |
//! | [`public`] | the page without a sign-in: query codes, numbers as people write them, plain words |
//! | [`publicity`] | campaigns of legal publicity (法制宣传) and the library of laws |
//! | [`report`] | reports: who owes which when, what is late, what is found |
//! | [`receipt`] | numbers of provisional receipts, made on a phone |
//! | [`satisfaction`] | what petitioners say of answers, and who may ask them |
//! | [`search`] | how Chinese text becomes index terms |
//! | [`sso`] | signing in by an identity provider: which account there is whose here |
//! | [`sync`] | what a phone takes along |
//! | [`system`] | how an installation stands |
//! | [`token`] | API tokens: scopes, expiry, addresses, whether one is still good |
//! | [`webhook`] | webhooks: what they tell of, where they may lead, when they are tried again |
// A whole case, written out for a test, is longer than `json!` goes by default.
#![cfg_attr(test, recursion_limit = "256")]

pub mod access;
pub mod account;
pub mod alert;
pub mod analysis;
pub mod assessment;
pub mod audit;
pub mod calendar;
pub mod case;
pub mod county;
pub mod deputy;
pub mod duty;
pub mod export;
pub mod identity;
pub mod ids;
pub mod indicator;
pub mod json;
pub mod ledger;
pub mod notice;
pub mod org;
pub mod outbox;
pub mod page;
pub mod photo;
pub mod problem;
pub mod public;
pub mod publicity;
pub mod receipt;
pub mod reception;
pub mod report;
pub mod role;
pub mod satisfaction;
pub mod search;
pub mod second_factor;
pub mod settings;
pub mod setup;
pub mod sso;
pub mod sync;
pub mod system;
pub mod term;
pub mod token;
pub mod user_import;
pub mod validate;
pub mod village_map;
pub mod visit;
pub mod webhook;
