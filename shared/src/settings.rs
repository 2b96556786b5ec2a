//! What the administrator sets for the whole installation.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::case::deadline::Limit;
use crate::validate::Errors;

/// The most hours that urgent information may take.
pub const MAX_URGENT_HOURS: u32 = 72;
/// The longest limit, in days.
const MAX_LIMIT_DAYS: u32 = 3650;

/// The settings as the API gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settings {
    /// The township's name, of the unit.
    pub township_name: String,
    /// Within how many hours urgent information must be reported (重要信息报送时限).
    pub urgent_hours: u32,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// A change of settings; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// The township's name.
    pub township_name: Option<String>,
    /// Within how many hours urgent information must be reported.
    pub urgent_hours: Option<u32>,
}

impl SettingsPatch {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if let Some(name) = &self.township_name {
            errors.text("township_name", "乡镇名称", name, crate::org::MAX_UNIT_NAME);
        }
        if self
            .urgent_hours
            .is_some_and(|hours| hours == 0 || hours > MAX_URGENT_HOURS)
        {
            let message = format!("重要信息报送时限应在1到{MAX_URGENT_HOURS}小时之间。");
            errors.add("urgent_hours", "out_of_range", message);
        }
        errors
    }
}

/// A new law profile: limits in force from a day on, each with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLawProfile {
    /// What it is called.
    pub title: String,
    /// The first day on which cases received come under it.
    pub in_force_from: NaiveDate,
    /// The limits that differ from the default profile.
    pub limits: Vec<Limit>,
}

impl NewLawProfile {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("title", "名称", &self.title, 100);
        if self.limits.is_empty() {
            errors.add("limits", "required", "请至少填写一项期限。");
        }
        for (i, limit) in self.limits.iter().enumerate() {
            if limit.amount == 0 || limit.amount > MAX_LIMIT_DAYS {
                let message = format!("期限应在1到{MAX_LIMIT_DAYS}之间。");
                errors.add(format!("limits.{i}.amount"), "out_of_range", message);
            }
            errors.text(&format!("limits.{i}.basis"), "依据", &limit.basis, 200);
            let earlier = self.limits.iter().take(i);
            if earlier.into_iter().any(|other| other.clock == limit.clock) {
                errors.add(
                    format!("limits.{i}.clock"),
                    "duplicate",
                    "同一期限只能填写一次。",
                );
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::deadline::{ClockKind, LimitUnit};

    #[test]
    fn a_limit_has_an_amount_a_source_and_stands_once() {
        let limit = |amount, basis: &str| Limit {
            clock: ClockKind::Handling,
            amount,
            unit: LimitUnit::Days,
            basis: basis.to_owned(),
        };
        let codes = |limits| {
            let in_force_from = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
            let new = NewLawProfile {
                title: "新条例".to_owned(),
                in_force_from,
                limits,
            };
            new.check()
                .into_vec()
                .into_iter()
                .map(|error| error.field)
                .collect::<Vec<_>>()
        };
        assert!(codes(vec![limit(45, "第三十四条")]).is_empty());
        assert_eq!(codes(vec![]), ["limits"]);
        assert_eq!(
            codes(vec![limit(0, "")]),
            ["limits.0.amount", "limits.0.basis"]
        );
        assert_eq!(
            codes(vec![limit(1, "a"), limit(2, "b")]),
            ["limits.1.clock"]
        );
    }
}
