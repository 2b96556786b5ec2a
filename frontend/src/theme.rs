//! Light, dark, or as the system has it.

use leptos::prelude::*;
use shared::term::Term;

use crate::browser;

/// How bright the app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Term for Theme {
    const NAME: &'static str = "外观";
    const ALL: &'static [Self] = &[Self::System, Self::Light, Self::Dark];

    fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => "跟随系统",
            Self::Light => "浅色",
            Self::Dark => "深色",
        }
    }
}

const KEPT: &str = "theme";

/// Puts the kept theme on the page.
pub(crate) fn start() {
    show(kept());
}

/// The theme that was chosen on this computer.
pub(crate) fn kept() -> Theme {
    browser::recall::<String>(KEPT)
        .and_then(|code| Theme::from_code(&code))
        .unwrap_or(Theme::System)
}

/// Chooses a theme.
pub(crate) fn choose(theme: Theme) {
    browser::keep(KEPT, &theme.code());
    show(theme);
}

fn show(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme.code());
    }
}
