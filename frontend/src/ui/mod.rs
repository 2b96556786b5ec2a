//! What pages are made of. Functions rather than components, each giving an [`AnyView`]: the code
//! of a piece is in the download once, however many pages use it.
//!
//! [`AnyView`]: leptos::prelude::AnyView

pub(crate) mod chart;
pub(crate) mod dialog;
pub(crate) mod export;
pub(crate) mod field;
pub(crate) mod fields;
pub(crate) mod icon;
pub(crate) mod lists;
pub(crate) mod live;
pub(crate) mod notice;
pub(crate) mod photos;
pub(crate) mod request_key;
pub(crate) mod secret;
pub(crate) mod states;
