//! What people see of urgent information.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::step::{AlertEventKind, AlertState};
use super::times::Stretch;
use super::{AlertDeed, AlertKind};
use crate::case::view::Named;
use crate::ids::AlertId;
use crate::photo::PhotoView;

/// Urgent information as a line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertRow {
    /// Its id.
    pub id: AlertId,
    /// What kind.
    pub kind: AlertKind,
    /// What happened.
    pub what: String,
    /// The village.
    pub village: Option<Named>,
    /// Where, in words.
    pub place: Option<String>,
    /// How many people, roughly.
    pub people_count: Option<u32>,
    /// Whether it is a drill.
    pub drill: bool,
    /// Where it stands.
    pub state: AlertState,
    /// Who reported it.
    pub author: Named,
    /// Their unit.
    pub unit: Named,
    /// When it was discovered, as the reporter says.
    pub discovered_at: DateTime<Utc>,
    /// When it was taken down, as the phone says that sent it later.
    pub recorded_at: Option<DateTime<Utc>>,
    /// When it was reported, by the server's clock.
    pub reported_at: DateTime<Utc>,
    /// How long it took to report, to acknowledge and to dispatch; what has not begun is absent.
    pub stretches: Vec<Stretch>,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// Something that happened with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertEvent {
    /// What.
    pub kind: AlertEventKind,
    /// When, by the server's clock.
    pub at: DateTime<Utc>,
    /// Who; nobody, where the system did it.
    pub actor: Option<Named>,
    /// Their unit's name.
    pub actor_unit: String,
    /// The words.
    pub text: Option<String>,
    /// The unit that was sent.
    pub unit: Option<Named>,
    /// Who was sent.
    pub user: Option<Named>,
}

/// What the caller may do now with it, and why not the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertCan {
    /// What.
    pub deed: AlertDeed,
    /// Why not; none where they may.
    pub why_not: Option<String>,
}

/// Urgent information, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    /// What a list says.
    #[serde(flatten)]
    pub row: AlertRow,
    /// The photos.
    pub photos: Vec<PhotoView>,
    /// What happened, the first in front.
    pub events: Vec<AlertEvent>,
    /// How it ended.
    pub result: Option<String>,
    /// The case that was made of it or that it was linked to, where the reader may see that.
    pub case: Option<Named>,
    /// Whether it has a case, seen or not.
    pub has_case: bool,
    /// What the caller may do.
    pub can: Vec<AlertCan>,
}

impl<'de> Deserialize<'de> for AlertView {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(crate::json::Object::read(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl AlertView {
    fn read(mut object: crate::json::Object) -> Result<Self, crate::json::Unfit> {
        Ok(Self {
            row: object.whole()?,
            photos: object.take("photos")?,
            events: object.take("events")?,
            result: object.take("result")?,
            case: object.take("case")?,
            has_case: object.take("has_case")?,
            can: object.take("can")?,
        })
    }
}

/// What was found later and had not been reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissedView {
    /// Its id.
    pub id: String,
    /// What kind.
    pub kind: AlertKind,
    /// What happened.
    pub what: String,
    /// Where, in words.
    pub place: Option<String>,
    /// When it happened or was found.
    pub discovered_at: DateTime<Utc>,
    /// The unit that should have reported it.
    pub unit: Named,
    /// The case that it became known by, where the reader may see that.
    pub case: Option<Named>,
    /// Who entered it.
    pub author: Named,
    /// When, by the server's clock.
    pub at: DateTime<Utc>,
}

/// How much was reported in time, of all that there was to report, drills left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertRate {
    /// From this day on, by the report; what was missed by its discovery.
    pub from: NaiveDate,
    /// To this day.
    pub to: NaiveDate,
    /// Reported in time, by the server's clock.
    pub in_time: u64,
    /// Taken down in time without a signal, and sent after the limit; not in time.
    pub offline: u64,
    /// Reported late.
    pub late: u64,
    /// Found later, and not reported.
    pub missed: u64,
    /// All four together.
    pub total: u64,
    /// Reported in time, of all, in percent with one place; none ("no data") where there was nothing.
    pub percent: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_read_as_it_is_written() {
        let written = serde_json::json!({
            "id": "a", "kind": "crowd", "what": "聚集", "village": null, "place": "村口",
            "people_count": 30, "drill": false, "state": "reported",
            "author": {"id": "u", "name": "郑玉兰"}, "unit": {"id": "g", "name": "1社"},
            "discovered_at": "2026-03-02T00:00:00Z", "recorded_at": null,
            "reported_at": "2026-03-02T00:10:00Z", "stretches": [], "version": 1,
            "photos": [], "events": [], "result": null, "case": null, "has_case": false,
            "can": [{"deed": "note", "why_not": null}],
        });
        let view: AlertView = crate::json::read(&written.to_string()).unwrap();
        assert_eq!(view.row.people_count, Some(30));
        assert_eq!(serde_json::to_value(&view).unwrap(), written);
        assert!(crate::json::read::<AlertView>(r#"{"id":"a"}"#).is_err());
    }
}
