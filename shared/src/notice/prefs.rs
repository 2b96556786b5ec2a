//! What somebody wishes to be told, how, and when it may sound.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::NoticeKind;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// How notices of a kind reach somebody.
    Delivery, "接收方式" {
        /// At once: on the open page, and in the inbox.
        AtOnce = "at_once", "即时提醒";
        /// Silently into the inbox; the daily digest says how many there are.
        Digest = "digest", "并入每日汇总";
        /// Not at all.
        Off = "off", "不接收";
    }
}

impl NoticeKind {
    /// The ways in which notices of this kind can come.
    pub const fn deliveries(self) -> &'static [Delivery] {
        match self {
            Self::Alert => &[Delivery::AtOnce],
            Self::Digest => &[Delivery::AtOnce, Delivery::Off],
            _ => Delivery::ALL,
        }
    }

    /// Why nobody can choose how notices of this kind come.
    pub const fn fixed(self) -> Option<&'static str> {
        match self {
            Self::Alert => Some(
                "重要信息、突发事件要求第一时间知晓并处置，报送、签收、交办的时限都要考核，所以不能关闭或推迟。",
            ),
            _ => None,
        }
    }
}

/// What somebody chose for a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The kind.
    pub kind: NoticeKind,
    /// How it comes.
    pub delivery: Delivery,
}

/// Somebody's wishes, as they are kept and sent. A kind that is not named comes at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Prefs {
    /// How each kind comes.
    pub kinds: Vec<Choice>,
    /// Whether ordinary notices sound. Urgent ones always do.
    pub sound: bool,
    /// Ordinary notices are silent from this time on (`HH:MM`, Asia/Shanghai) …
    pub quiet_from: String,
    /// … until this one. The same as `quiet_from`: there are no quiet hours.
    pub quiet_to: String,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            sound: false,
            quiet_from: "20:00".to_owned(),
            quiet_to: "07:30".to_owned(),
        }
    }
}

impl Prefs {
    /// How notices of a kind come.
    pub fn delivery(&self, kind: NoticeKind) -> Delivery {
        let chosen = self.kinds.iter().find(|choice| choice.kind == kind);
        chosen
            .map(|choice| choice.delivery)
            .filter(|delivery| kind.deliveries().contains(delivery))
            .unwrap_or(Delivery::AtOnce)
    }

    /// What is wrong with them.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        for (i, choice) in self.kinds.iter().enumerate() {
            let field = format!("kinds.{i}.delivery");
            if self.kinds.iter().take(i).any(|c| c.kind == choice.kind) {
                let message = format!("“{}”只能设置一次。", choice.kind.label());
                errors.add(format!("kinds.{i}.kind"), "duplicate", message);
            }
            if choice.kind.deliveries().contains(&choice.delivery) {
                continue;
            }
            match choice.kind.fixed() {
                Some(why) => errors.add(field, "fixed", why),
                None => {
                    let message = format!("“{}”不能并入每日汇总。", choice.kind.label());
                    errors.add(field, "not_offered", message);
                }
            }
        }
        for (field, text) in [
            ("quiet_from", &self.quiet_from),
            ("quiet_to", &self.quiet_to),
        ] {
            if time_of_day(text).is_none() {
                errors.add(field, "invalid", "请填写时间，如 20:00。");
            }
        }
        errors
    }

    /// Whether ordinary notices are silent at this time.
    pub fn is_quiet(&self, at: NaiveTime) -> bool {
        let (Some(from), Some(to)) = (time_of_day(&self.quiet_from), time_of_day(&self.quiet_to))
        else {
            return false;
        };
        if from <= to {
            (from..to).contains(&at)
        } else {
            at >= from || at < to
        }
    }
}

/// A time of day, `HH:MM`.
pub fn time_of_day(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| -> Option<u32> {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    NaiveTime::from_hms_opt(two(hour)?, two(minute)?, 0)
}

/// Somebody's wishes as the API gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrefsView {
    /// How each kind comes, every kind in order.
    pub kinds: Vec<KindView>,
    /// Whether ordinary notices sound.
    pub sound: bool,
    /// From when on ordinary notices are silent.
    pub quiet_from: String,
    /// Until when.
    pub quiet_to: String,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// How notices of a kind come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KindView {
    /// The kind.
    pub kind: NoticeKind,
    /// How it comes.
    pub delivery: Delivery,
    /// What can be chosen.
    pub offered: Vec<Delivery>,
    /// Why nothing else can be chosen.
    pub fixed: Option<String>,
}

impl PrefsView {
    /// As the API gives them.
    pub fn new(prefs: &Prefs, version: i64) -> Self {
        let kinds = NoticeKind::ALL.iter().map(|kind| KindView {
            kind: *kind,
            delivery: prefs.delivery(*kind),
            offered: kind.deliveries().to_vec(),
            fixed: kind.fixed().map(str::to_owned),
        });
        Self {
            kinds: kinds.collect(),
            sound: prefs.sound,
            quiet_from: prefs.quiet_from.clone(),
            quiet_to: prefs.quiet_to.clone(),
            version,
        }
    }

    /// What was chosen.
    pub fn prefs(&self) -> Prefs {
        let kinds = self.kinds.iter().map(|view| Choice {
            kind: view.kind,
            delivery: view.delivery,
        });
        Prefs {
            kinds: kinds.collect(),
            sound: self.sound,
            quiet_from: self.quiet_from.clone(),
            quiet_to: self.quiet_to.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(kind: NoticeKind, delivery: Delivery) -> Prefs {
        Prefs {
            kinds: vec![Choice { kind, delivery }],
            ..Prefs::default()
        }
    }

    #[test]
    fn urgent_information_cannot_be_switched_off() {
        for delivery in [Delivery::Off, Delivery::Digest] {
            let prefs = chosen(NoticeKind::Alert, delivery);
            let errors = prefs.check().into_vec();
            assert_eq!(errors.len(), 1);
            assert!(errors[0].message.contains("不能关闭"), "{errors:?}");
            // Nor by what an older release has kept.
            assert_eq!(prefs.delivery(NoticeKind::Alert), Delivery::AtOnce);
        }
        assert!(
            chosen(NoticeKind::Alert, Delivery::AtOnce)
                .check()
                .is_empty()
        );
    }

    #[test]
    fn a_kind_comes_as_it_was_chosen_and_at_once_otherwise() {
        let prefs = chosen(NoticeKind::CaseDue, Delivery::Digest);
        assert!(prefs.check().is_empty());
        assert_eq!(prefs.delivery(NoticeKind::CaseDue), Delivery::Digest);
        assert_eq!(prefs.delivery(NoticeKind::CaseGiven), Delivery::AtOnce);
        assert_eq!(PrefsView::new(&prefs, 3).prefs().kinds.len(), 13);
        let wrong = chosen(NoticeKind::Digest, Delivery::Digest);
        assert_eq!(wrong.check().into_vec()[0].code, "not_offered");
    }

    #[test]
    fn quiet_hours_go_over_midnight() {
        let at = |text| time_of_day(text).unwrap();
        let quiet = |from: &str, to: &str, now| {
            let prefs = Prefs {
                quiet_from: from.to_owned(),
                quiet_to: to.to_owned(),
                ..Prefs::default()
            };
            assert!(prefs.check().is_empty());
            prefs.is_quiet(at(now))
        };
        for (now, expected) in [
            ("19:59", false),
            ("20:00", true),
            ("23:59", true),
            ("00:00", true),
            ("07:29", true),
            ("07:30", false),
        ] {
            assert_eq!(quiet("20:00", "07:30", now), expected, "{now}");
        }
        assert!(quiet("12:00", "14:00", "13:00"));
        assert!(!quiet("12:00", "14:00", "14:00"));
        assert!(!quiet("12:00", "12:00", "12:00"), "no quiet hours");
    }

    #[test]
    fn a_time_has_two_digits_each() {
        for wrong in [
            "", "8:00", "08:0", "24:00", "08:60", "08-00", "０8:00", "+8:00",
        ] {
            assert_eq!(time_of_day(wrong), None, "{wrong}");
        }
        assert!(time_of_day("00:00").is_some() && time_of_day("23:59").is_some());
    }
}
