//! Pictures beside words. None stands alone: whoever uses one gives the words, too.

use leptos::prelude::*;

/// A picture of 24 by 24, drawn in strokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Home,
    Ledger,
    Matter,
    Calendar,
    Report,
    Add,
    Upload,
    Chart,
    Download,
    Tree,
    People,
    Person,
    Key,
    Eye,
    Settings,
    Help,
    Search,
    Filter,
    Print,
    Close,
    Warning,
    Lock,
    Check,
    Clock,
    Edit,
    Copy,
    Link,
    File,
    Back,
    Alarm,
    Bell,
    Send,
    Horn,
    Camera,
}

impl Icon {
    const fn strokes(self) -> &'static str {
        match self {
            Self::Horn => "M4 10v4h3l9 4V6L7 10zM19 9.5a4 4 0 010 5M8 14v5h3v-3.7",
            Self::Home => "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6",
            Self::Ledger => "M5 4h14v16H5zM9 4v16M12 9h4M12 13h4",
            Self::Matter => "M4 6h9M4 12h9M4 18h5M15 16l2.5 2.5L21 14M17 4v6M14 7h6",
            Self::Report => "M6 4h12v16H6zM9 4V3h6v1M9 10l2 2 4-4M9 16h6",
            Self::Calendar => "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5M8 14h2M14 14h2",
            Self::Add => "M5 4h9l5 5v11H5zM14 4v5h5M12 12v6M9 15h6",
            Self::Upload => "M12 16V5M7.5 9.5L12 5l4.5 4.5M5 19h14",
            Self::Chart => "M4 20h16M7 20v-7M12 20V5M17 20v-10",
            Self::Download => "M12 5v11M7.5 11.5L12 16l4.5-4.5M5 19h14",
            Self::Tree => "M9 4h6v4H9zM4 16h6v4H4zM14 16h6v4h-6zM12 8v4M7 16v-4h10v4",
            Self::People => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-4 2.5-6 6-6s6 2 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5M17.5 14.5c2.3.8 3.5 2.6 3.5 5.5"
            }
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20.5c0-4.2 2.8-6 7-6s7 1.8 7 6",
            Self::Key => "M8.5 19a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 11l8-8M16 7l3 3",
            Self::Eye => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"
            }
            Self::Settings => {
                "M4 7h9M17 7h3M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM4 17h3M11 17h9M9 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
            }
            Self::Help => {
                "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5c0-1.5 1-2.5 2.5-2.5s2.5 1 2.5 2.3c0 1.8-2.5 2-2.5 4.2M12 17v.2"
            }
            Self::Search => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5",
            Self::Filter => "M4 6h16M7 12h10M10 18h4",
            Self::Print => "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Warning => "M12 4l9 16H3zM12 10v4M12 17v.2",
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Clock => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
            Self::Edit => "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
            Self::Copy => "M9 9h11v11H9zM5 15H4V4h11v1",
            Self::Link => {
                "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"
            }
            Self::File => "M6 3h8l4 4v14H6zM14 3v4h4",
            Self::Back => "M15 5l-7 7 7 7",
            Self::Alarm => {
                "M7 18v-5a5 5 0 0 1 10 0v5M5 18h14v3H5zM12 3v2M4.5 6.5L6 8M19.5 6.5L18 8"
            }
            Self::Camera => {
                "M4 8h3.5L9 5.5h6L16.5 8H20v11.5H4zM12 16.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6z"
            }
            Self::Send => "M21 4L3 11l7 3 3 7zM10 14l5-5",
            Self::Bell => "M5.5 17h13l-1.8-2.8V10a4.7 4.7 0 0 0-9.4 0v4.2zM10 20h4",
        }
    }
}

/// Draws a picture; screen readers pass it over.
pub(crate) fn icon(icon: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=icon.strokes()></path>
        </svg>
    }
    .into_any()
}
