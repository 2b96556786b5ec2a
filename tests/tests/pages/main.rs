//! The pages in real Chromium: the main job from the window to the closing, and who does not see it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod browser;
mod dialogs;
mod gallery;
mod matters;
mod offline;
mod settling;
mod story;
mod town;
mod visits;
mod wire;
