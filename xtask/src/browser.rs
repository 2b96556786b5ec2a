//! The browser that the page tests drive.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{apt, process};

/// Chromium and its driver.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Finds them, installing what is missing.
    pub(crate) fn find() -> Result<Self> {
        let mut missing = Vec::new();
        if chromium().is_none() {
            missing.push("chromium");
        }
        if driver().is_none() {
            missing.push("chromium-driver");
        }
        if !has_chinese_font() {
            missing.push("fonts-noto-cjk");
        }
        apt::ensure(&missing, "testing the pages")?;
        Ok(Self {
            chromium: chromium().context("there is no chromium in PATH")?,
            driver: driver().context("there is no chromedriver in PATH")?,
        })
    }
}

impl Browser {
    /// Tells the page tests where they are.
    pub(crate) fn tell(&self, tests: &mut Command) {
        tests.env("XINFANG_CHROMEDRIVER", &self.driver);
        tests.env("XINFANG_CHROMIUM", &self.chromium);
    }
}

fn chromium() -> Option<PathBuf> {
    process::in_path(&["chromium", "chromium-browser", "google-chrome"])
}

fn driver() -> Option<PathBuf> {
    process::in_path(&["chromedriver"])
}

/// Without one, pages are tested with boxes in place of characters, whose widths differ.
fn has_chinese_font() -> bool {
    let mut list = process::command("fc-list");
    list.args([":lang=zh", "family"]);
    let found = process::quiet(&mut list, Duration::from_secs(30));
    found.map_or_else(
        |_| apt::installed("fonts-noto-cjk"),
        |text| !text.trim().is_empty(),
    )
}
