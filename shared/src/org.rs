//! Units, their tree, and the bundled template (平川镇).

use serde::{Deserialize, Serialize};

use crate::ids::{UnitId, UserId};
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What a unit is.
    UnitKind, "单位类型" {
        /// A county, above townships.
        County = "county", "县";
        /// A township.
        Township = "township", "乡镇";
        /// A village (administrative village).
        Village = "village", "村";
        /// A group of a village.
        Group = "group", "社";
        /// The police station.
        PoliceStation = "police_station", "派出所";
        /// The people's court's tribunal.
        Court = "court", "法庭";
        /// The justice office.
        JusticeOffice = "justice_office", "司法所";
        /// The coordination office (综治办), which keeps the ledger.
        CoordinationOffice = "coordination_office", "综治办";
        /// The service centre with the window.
        ServiceCentre = "service_centre", "便民服务中心";
        /// The party-government office.
        PartyGovernmentOffice = "party_government_office", "党政办";
    }
}

impl UnitKind {
    /// Whether a unit of this kind may stand below one of `parent`'s kind (`None`: at the top).
    pub const fn fits_below(self, parent: Option<Self>) -> bool {
        match (self, parent) {
            (Self::County, None) | (Self::Township, None | Some(Self::County)) => true,
            (Self::Group, Some(Self::Village)) => true,
            (Self::County | Self::Township | Self::Group, _) => false,
            (_, Some(Self::Township)) => true,
            _ => false,
        }
    }
}

/// A unit as the API gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// The unit above, none at the top.
    pub parent_id: Option<UnitId>,
    /// What it is.
    pub kind: UnitKind,
    /// Its name (`五里墩村`).
    pub name: String,
    /// First characters of case numbers (`平川`), on a township.
    pub short_name: Option<String>,
    /// The first responsible person (第一责任人).
    pub responsible_user_id: Option<UserId>,
    /// The responsible leader of a village (包村领导) or cadre of a group (包社干部).
    pub lead_user_id: Option<UserId>,
    /// Order among its sisters.
    pub position: i32,
    /// Closed units stay on old cases and take no new ones.
    pub closed: bool,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// A new unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// The unit above.
    pub parent_id: Option<UnitId>,
    /// What it is.
    pub kind: UnitKind,
    /// Its name.
    pub name: String,
    /// First characters of case numbers, on a township.
    #[serde(default)]
    pub short_name: Option<String>,
    /// The first responsible person.
    #[serde(default)]
    pub responsible_user_id: Option<UserId>,
    /// The responsible leader or cadre.
    #[serde(default)]
    pub lead_user_id: Option<UserId>,
}

/// A change of a unit; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnitPatch {
    /// Its name.
    pub name: Option<String>,
    /// First characters of case numbers, on a township.
    pub short_name: Option<String>,
    /// The first responsible person; `null` is not told from absent, an empty id clears.
    pub responsible_user_id: Option<UserId>,
    /// The responsible leader or cadre; an empty id clears.
    pub lead_user_id: Option<UserId>,
    /// Order among its sisters.
    pub position: Option<i32>,
    /// Whether it is closed.
    pub closed: Option<bool>,
}

/// The longest name of a unit, in characters.
pub const MAX_UNIT_NAME: usize = 40;

impl NewUnit {
    /// What is wrong with the input by itself (the tree is checked where it is known).
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("name", "单位名称", &self.name, MAX_UNIT_NAME);
        if self.kind == UnitKind::Township
            && self.short_name.as_deref().unwrap_or("").trim().is_empty()
        {
            errors.add(
                "short_name",
                "required",
                "请填写乡镇简称，事项编号以它开头（如“平川”）。",
            );
        }
        errors
    }
}

/// A unit of a template, by the index of its parent in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateUnit {
    /// What it is.
    pub kind: UnitKind,
    /// Its name.
    pub name: &'static str,
    /// The name of the unit above; none for the township.
    pub parent: Option<&'static str>,
}

/// The township's name in the bundled template.
pub const TEMPLATE_TOWNSHIP: &str = "平川镇";
/// Its short name, with which case numbers begin.
pub const TEMPLATE_SHORT_NAME: &str = "平川";
/// The villages of the bundled template, each with the number of its groups.
pub const TEMPLATE_VILLAGES: &[(&str, u32)] = &[
    ("五里墩村", 8),
    ("一工城村", 8),
    ("平川村", 8),
    ("三一村", 8),
    ("三二村", 8),
    ("三三村", 8),
    ("四坝村", 8),
    ("芦湾村", 8),
    ("贾家墩村", 8),
];
/// The other units of the bundled template.
pub const TEMPLATE_OFFICES: &[(UnitKind, &str)] = &[
    (UnitKind::CoordinationOffice, "镇综治办"),
    (UnitKind::PartyGovernmentOffice, "党政办"),
    (UnitKind::ServiceCentre, "便民服务中心"),
    (UnitKind::JusticeOffice, "司法所"),
    (UnitKind::PoliceStation, "派出所"),
    (UnitKind::Court, "蓼泉法庭"),
];
