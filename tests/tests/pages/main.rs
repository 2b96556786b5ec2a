//! The pages in real Chromium: the main job from the window to the closing, and who does not see it.

mod browser;
mod story;
mod town;
