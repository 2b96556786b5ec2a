//! What a client of the API sees, over a real database.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod actions;
mod administration;
mod alerts;
mod analysis;
mod assessments;
mod attachments;
mod backlog;
mod batch;
mod calendar;
mod categories;
mod contact;
mod contract;
mod county;
mod criteria;
mod deputies;
mod documents;
mod durability;
mod examples;
mod export;
mod exports;
mod feed;
mod figures;
mod follow_ups;
mod handing_over;
mod imports;
mod lists;
mod matters;
mod measures;
mod mediation;
mod merging;
mod notices;
mod operations;
mod orders;
mod people;
mod photos;
mod protocol;
mod public_page;
mod publicity;
mod receipts;
mod reception;
mod register;
mod reports;
mod review;
mod robots;
mod satisfaction;
mod scheduler;
mod search;
mod second_factor;
mod service_accounts;
mod session;
mod setup;
mod sign_ins;
mod sso;
mod story;
mod stream;
mod sync;
mod sync_story;
mod tokens;
mod townships;
mod users_import;
mod village_map;
mod visibility;
mod visits;
mod webhooks;
mod workdays;
mod writings;
