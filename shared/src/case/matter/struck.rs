//! Striking out (划除): an entry that turned out to be wrong stays, with the reason, and counts no more.
//! Measures, visits to higher levels and services of documents share it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::Field;
use super::scene::{MAX_TEXT, Scene};
use super::view::{Line, Tone};
use super::{Done, Wrong};
use crate::validate::Errors;

/// That an entry was struck out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struck {
    on: NaiveDate,
    reason: String,
}

impl Struck {
    /// Strikes an entry of `since` out, on a day (today when absent) and with a reason.
    ///
    /// # Errors
    /// The day lies before the entry or in the future, or there is no reason.
    pub(super) fn out(
        on: Option<NaiveDate>,
        text: Option<&str>,
        since: NaiveDate,
        scene: &Scene<'_>,
    ) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, on, since);
        let reason = text.unwrap_or("");
        errors.text("text", "划除理由", reason, MAX_TEXT);
        errors.or_wrong()?;
        let reason = reason.trim().to_owned();
        let done = Done::new(on, format!("划除，理由：{reason}"));
        Ok((Self { on, reason }, done))
    }

    /// Why an entry that was struck out takes no further step; none where it was not.
    pub(super) fn refuses(struck: Option<&Self>) -> Option<String> {
        struck.map(|_| "这条登记已经划除。".to_owned())
    }

    /// What striking out asks for.
    pub(super) fn fields() -> Vec<Field> {
        vec![Field::long("text", "划除理由", MAX_TEXT).required()]
    }

    /// What a card says of it.
    pub(super) fn line(&self) -> Line {
        Line::toned("划除", format!("{} {}", self.on, self.reason), Tone::Void)
    }
}
