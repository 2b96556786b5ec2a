//! Adding users from a workbook: what its columns are, what an upload answers.

use serde::{Deserialize, Serialize};

use crate::account::InitialPassword;
use crate::role::Role;
use crate::terms;

/// The most users of a workbook.
pub const MAX_USERS: usize = 500;

terms! {
    /// A column of the workbook.
    UserColumn, "栏目" {
        /// The person's name.
        Name = "name", "姓名";
        /// The name to sign in with.
        Username = "username", "用户名";
        /// As what they sign in.
        Role = "role", "角色";
        /// The unit they belong to.
        Unit = "unit_id", "单位";
        /// The office they hold.
        Duty = "duty", "职务";
    }
}

/// A cell that is to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlaggedCell {
    /// The row, as the workbook counts.
    pub row: u32,
    /// The column.
    pub column: UserColumn,
    /// What it says.
    pub value: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// A user as the workbook has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedUser {
    /// The row, as the workbook counts.
    pub row: u32,
    /// The person's name.
    pub name: String,
    /// The name to sign in with.
    pub username: String,
    /// As what they sign in.
    pub role: Role,
    /// The unit's name.
    pub unit: String,
    /// The office they hold.
    pub duty: Option<String>,
}

/// What an upload comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserImport {
    /// How many rows were read.
    pub read: u32,
    /// Cells to be mended; while there is one, nobody is added.
    pub flagged: Vec<FlaggedCell>,
    /// Those who can be added.
    pub users: Vec<PlannedUser>,
    /// Those who were added, with their initial passwords, shown this once; empty in a dry run.
    pub made: Vec<InitialPassword>,
}
