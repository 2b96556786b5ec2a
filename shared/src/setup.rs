//! The first run: who looks after the system, and which organisation it starts with.

use serde::{Deserialize, Serialize};

use crate::account::{InitialPassword, check_password, check_username};
use crate::org::{MAX_UNIT_NAME, Unit};
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What the organisation starts with.
    Template, "组织模板" {
        /// The bundled township: nine villages with their groups, and the offices.
        Pingchuan = "pingchuan", "平川镇模板（9个村及站所，可修改）";
        /// The township alone.
        Empty = "empty", "只建乡镇，其余自行添加";
    }
}

/// Whether the first run is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupStatus {
    /// True while there is no user.
    pub needed: bool,
    /// Whether this is the demo, whose data is made up.
    pub demo: bool,
    /// What the identity provider is called by which one can sign in; none where there is none.
    #[serde(default)]
    pub provider: Option<String>,
}

/// The first run's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The administrator's user name.
    pub username: String,
    /// The administrator's password.
    pub password: String,
    /// The administrator's name.
    pub name: String,
    /// What the organisation starts with.
    pub template: Template,
    /// The township's name (`平川镇`).
    pub township_name: String,
    /// First characters of case numbers (`平川`); without it, the name up to 镇, 乡 or 街道.
    #[serde(default)]
    pub short_name: Option<String>,
}

impl Setup {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        check_username(&mut errors, &self.username);
        check_password(&mut errors, "password", &self.password, &self.username);
        errors.text("name", "姓名", &self.name, crate::account::MAX_NAME);
        errors.text(
            "township_name",
            "乡镇名称",
            &self.township_name,
            MAX_UNIT_NAME,
        );
        errors.length("short_name", "乡镇简称", &self.short_name(), MAX_UNIT_NAME);
        errors
    }

    /// The short name that case numbers begin with.
    pub fn short_name(&self) -> String {
        short_name(self.short_name.as_deref(), &self.township_name)
    }
}

/// The short name that a township's case numbers begin with: as given, else its name without the ending.
pub fn short_name(given: Option<&str>, township_name: &str) -> String {
    let given = given.unwrap_or_default().trim();
    if !given.is_empty() {
        return given.to_owned();
    }
    let name = township_name.trim();
    let stem = ["街道", "镇", "乡"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    stem.filter(|stem| !stem.is_empty())
        .unwrap_or(name)
        .to_owned()
}

/// Another township of the county, with the administrator who looks after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTownship {
    /// Its name (`临河镇`).
    pub name: String,
    /// First characters of its case numbers (`临河`); without it, the name up to 镇, 乡 or 街道.
    #[serde(default)]
    pub short_name: Option<String>,
    /// What it starts with.
    pub template: Template,
    /// The administrator's user name.
    pub username: String,
    /// The administrator's name.
    pub administrator: String,
}

impl NewTownship {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("name", "乡镇名称", &self.name, MAX_UNIT_NAME);
        errors.length("short_name", "乡镇简称", &self.short_name(), MAX_UNIT_NAME);
        check_username(&mut errors, &self.username);
        errors.text(
            "administrator",
            "管理员姓名",
            &self.administrator,
            crate::account::MAX_NAME,
        );
        errors
    }

    /// The short name that case numbers begin with.
    pub fn short_name(&self) -> String {
        short_name(self.short_name.as_deref(), &self.name)
    }
}

/// A township that was made, and its administrator's initial password, told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TownshipMade {
    /// The township.
    pub township: Unit,
    /// Its administrator.
    pub administrator: InitialPassword,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(township_name: &str, short_name: Option<&str>) -> Setup {
        Setup {
            username: "guanli".to_owned(),
            password: "correct horse".to_owned(),
            name: "管理员".to_owned(),
            template: Template::Empty,
            township_name: township_name.to_owned(),
            short_name: short_name.map(str::to_owned),
        }
    }

    #[test]
    fn the_short_name_is_the_name_without_its_ending() {
        for (name, short, expected) in [
            ("平川镇", None, "平川"),
            ("明永乡", Some(" "), "明永"),
            ("东街街道", None, "东街"),
            ("镇", None, "镇"),
            ("平川镇", Some("平"), "平"),
        ] {
            assert_eq!(named(name, short).short_name(), expected);
        }
        assert!(named("平川镇", None).check().is_empty());
        assert!(!named(" ", None).check().is_empty());
    }
}
