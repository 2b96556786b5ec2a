//! Units, their tree, and the bundled template (平川镇).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{UnitId, UserId};
use crate::term::Term;
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
    /// Into which unit it was merged (行政村合并): closed for good, and what is about it is that one's.
    #[serde(default)]
    pub merged_into: Option<UnitId>,
    /// From which day on it counts as merged.
    #[serde(default)]
    pub merged_on: Option<NaiveDate>,
    /// Names that it had before, the oldest in front.
    #[serde(default)]
    pub former_names: Vec<FormerName>,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// A name that a unit had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// The first day on which it was in force; none where nothing is known of a name before it.
    pub from: Option<NaiveDate>,
    /// The day from which on another name was in force.
    pub until: NaiveDate,
}

impl Unit {
    /// The name that was in force on a day.
    pub fn name_on(&self, day: NaiveDate) -> &str {
        let former = self.former_names.iter().find(|former| day < former.until);
        former.map_or(self.name.as_str(), |former| former.name.as_str())
    }

    /// What a record of a day calls the unit: the name of that time, and what has become of it since.
    /// `now` is the unit that it is part of today, through however many mergers; none where it was
    /// not merged.
    pub fn told_of(&self, day: NaiveDate, now: Option<&Self>) -> String {
        let then = self.name_on(day);
        match now {
            Some(now) => format!("{then}（现并入{}）", now.name),
            None if then != self.name => format!("{then}（现名{}）", self.name),
            None => then.to_owned(),
        }
    }
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

terms! {
    /// What goes to another unit when one is merged into it.
    MergePart, "合并内容" {
        /// Groups of a village.
        Groups = "groups", "社";
        /// Users, the disabled ones among them.
        Users = "users", "用户";
        /// Open cases that the unit answers for.
        Cases = "cases", "责任单位为本单位的未办结事项";
        /// Open cases that were sent to it and not taken yet.
        Offered = "offered", "转送到本单位待接收的事项";
        /// Matters of cases that wait for it, or that it has a part in.
        Matters = "matters", "未办结的专项（督办、专班、移交、调解）";
        /// Promises given on visits that it is to keep.
        Promises = "promises", "未兑现的走访承诺";
        /// Reports that it still owes.
        Reports = "reports", "待报送的排查报告";
        /// The first responsible person and the leader or cadre, where the other has none.
        Leaders = "leaders", "第一责任人和包村（社）干部";
        /// Webhooks that tell of the village.
        Webhooks = "webhooks", "限定本村的 Webhook";
    }
}

/// How much of a part goes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeCount {
    /// Of what.
    pub part: MergePart,
    /// How many; sealed accusations are not among them, and go over silently.
    pub count: u32,
}

/// What a merger moves: as a preview, and as the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Merging {
    /// The unit that goes, before in a preview, after in an answer.
    pub unit: Unit,
    /// The unit that stays.
    pub into: Unit,
    /// Parts of which there is any, in their order.
    pub moves: Vec<MergeCount>,
    /// Groups that get another name, for the other village has one of theirs: `1社 → 五里墩1社`.
    pub renamed: Vec<String>,
}

/// Merges a unit into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Into which.
    pub into_id: UnitId,
    /// From which day on they count as one: today or earlier.
    pub on: NaiveDate,
}

/// How far back the day of a merger may lie.
pub const MERGE_DAYS_BACK: i64 = 366;

impl Merge {
    /// What is wrong with the day.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        if self.on > today {
            errors.add(
                "on",
                "in_future",
                "合并日期不能晚于今天；将来的合并，到那一天再办。",
            );
        } else if (today - self.on).num_days() > MERGE_DAYS_BACK {
            errors.add("on", "too_early", "合并日期最早为一年以前。");
        }
        errors
    }
}

/// Why a unit cannot be merged into another (by the field of [`Merge`] that is wrong); none where it can.
pub fn refuses_merge(
    unit: &Unit,
    into: &Unit,
    kinds_above: [Option<UnitKind>; 2],
) -> Option<(&'static str, String)> {
    let [above, other_above] = kinds_above;
    if unit.id == into.id {
        return Some(("same", "不能并入自己。".to_owned()));
    }
    if into.closed {
        return Some(("closed", format!("“{}”已停用，不能并入。", into.name)));
    }
    if unit.kind != into.kind || above != other_above {
        let words = format!(
            "只能并入同类单位：“{}”是{}，“{}”是{}。",
            unit.name,
            unit.kind.label(),
            into.name,
            into.kind.label()
        );
        return Some(("other_kind", words));
    }
    None
}

/// What a group is called in the village that it comes to, where that has one of the name: with the old
/// village's in front (`五里墩1社`).
pub fn group_name(village: &str, group: &str) -> String {
    let village = village.strip_suffix('村').unwrap_or(village);
    format!("{village}{group}")
        .chars()
        .take(MAX_UNIT_NAME)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn unit(id: &str, kind: UnitKind, name: &str) -> Unit {
        Unit {
            id: id.into(),
            parent_id: Some("t".into()),
            kind,
            name: name.to_owned(),
            short_name: None,
            responsible_user_id: None,
            lead_user_id: None,
            position: 1,
            closed: false,
            merged_into: None,
            merged_on: None,
            former_names: Vec::new(),
            version: 1,
        }
    }

    #[test]
    fn a_record_tells_the_name_of_its_day_and_what_became_of_it() {
        let into = unit("b", UnitKind::Village, "平川村");
        let mut village = unit("a", UnitKind::Village, "五里墩新村");
        village.former_names = vec![
            FormerName {
                name: "五里铺村".to_owned(),
                from: None,
                until: day("2024-05-01"),
            },
            FormerName {
                name: "五里墩村".to_owned(),
                from: Some(day("2024-05-01")),
                until: day("2026-01-01"),
            },
        ];
        for (on, name) in [
            ("2020-01-01", "五里铺村"),
            ("2024-04-30", "五里铺村"),
            ("2024-05-01", "五里墩村"),
            ("2025-12-31", "五里墩村"),
            ("2026-01-01", "五里墩新村"),
        ] {
            assert_eq!(village.name_on(day(on)), name, "{on}");
        }
        let told = |on: &str| village.told_of(day(on), None);
        assert_eq!(told("2025-01-01"), "五里墩村（现名五里墩新村）");
        assert_eq!(told("2026-01-01"), "五里墩新村");
        assert_eq!(
            village.told_of(day("2025-01-01"), Some(&into)),
            "五里墩村（现并入平川村）"
        );
    }

    #[test]
    fn like_is_merged_into_open_like() {
        let village = unit("a", UnitKind::Village, "五里墩村");
        let above = [Some(UnitKind::Township); 2];
        let code = |into: &Unit| refuses_merge(&village, into, above).map(|(code, _)| code);
        assert_eq!(code(&village), Some("same"));
        assert_eq!(code(&unit("b", UnitKind::Village, "平川村")), None);
        let office = unit("c", UnitKind::JusticeOffice, "司法所");
        assert_eq!(code(&office), Some("other_kind"));
        let mut closed = unit("b", UnitKind::Village, "平川村");
        closed.closed = true;
        assert_eq!(code(&closed), Some("closed"));
        let apart = [Some(UnitKind::Township), Some(UnitKind::County)];
        assert!(refuses_merge(&village, &unit("b", UnitKind::Village, "平川村"), apart).is_some());
    }

    #[test]
    fn a_day_of_merging_is_not_to_come() {
        let today = day("2026-03-10");
        let code = |on: &str| {
            let merge = Merge {
                into_id: "b".into(),
                on: day(on),
            };
            let errors = merge.check(today).into_vec();
            errors.first().map(|error| error.code.clone())
        };
        assert_eq!(code("2026-03-10"), None);
        assert_eq!(code("2026-01-01"), None);
        assert_eq!(code("2026-03-11").as_deref(), Some("in_future"));
        assert_eq!(code("2025-03-01").as_deref(), Some("too_early"));
    }

    #[test]
    fn groups_are_told_apart_by_the_old_village() {
        assert_eq!(group_name("五里墩村", "1社"), "五里墩1社");
        assert_eq!(group_name("平川", "1社"), "平川1社");
    }
}
