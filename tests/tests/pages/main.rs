//! The pages in real Chromium: the main job from the window to the closing, who does not see it, and
//! how the app itself comes to the device.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod administration;
mod alerts;
mod browser;
mod county;
mod deputies;
mod dialogs;
mod field;
mod figures;
mod gallery;
mod handbook;
mod matters;
mod notices;
mod offline;
mod public;
mod reports;
mod settling;
mod sheets;
mod shell;
mod sso;
mod story;
mod tokens;
mod town;
mod visits;
mod webhooks;
mod wire;
