//! Who works in the township of the tests.

use shared::role::Role;

/// A user of the township, one or two of each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Staff {
    /// A leader.
    Leader,
    /// Another leader.
    OtherLeader,
    /// Of the coordination office.
    Office,
    /// Another of the coordination office.
    OtherOffice,
    /// The secretary of 五里墩村.
    Secretary,
    /// The secretary of 一工城村, next door.
    NextSecretary,
    /// The informant of 五里墩村 1社.
    Informant,
    /// The informant of 一工城村 1社.
    NextInformant,
    /// Of the police station.
    Police,
    /// Of the court.
    Court,
    /// Of the justice office.
    Justice,
    /// A clerk of the service centre.
    Centre,
    /// The clerk at the next window.
    OtherCentre,
    /// The auditor.
    Auditor,
    /// The administrator, who made the others.
    Admin,
}

/// The village of [`Staff::Secretary`] and [`Staff::Informant`].
pub const VILLAGE: &str = "五里墩村";
/// The village of [`Staff::NextSecretary`] and [`Staff::NextInformant`].
pub const NEXT_VILLAGE: &str = "一工城村";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

impl Staff {
    /// Everybody.
    pub const ALL: [Self; 15] = [
        Self::Leader,
        Self::OtherLeader,
        Self::Office,
        Self::OtherOffice,
        Self::Secretary,
        Self::NextSecretary,
        Self::Informant,
        Self::NextInformant,
        Self::Police,
        Self::Court,
        Self::Justice,
        Self::Centre,
        Self::OtherCentre,
        Self::Auditor,
        Self::Admin,
    ];

    /// The name to sign in with, the role, the unit as [`crate::TestApp::unit`] takes it, the
    /// person's name.
    pub const fn record(self) -> (&'static str, Role, &'static str, &'static str) {
        match self {
            Self::Leader => ("lingdao", Role::TownshipLeader, "平川镇", "赵建国"),
            Self::OtherLeader => ("lingdao2", Role::TownshipLeader, "党政办", "钱卫东"),
            Self::Office => ("zongzhi", Role::CoordinationOffice, "镇综治办", "孙立新"),
            Self::OtherOffice => ("zongzhi2", Role::CoordinationOffice, "镇综治办", "李秀英"),
            Self::Secretary => ("wulidun", Role::VillageSecretary, VILLAGE, "周永福"),
            Self::NextSecretary => ("yigong", Role::VillageSecretary, NEXT_VILLAGE, "吴生财"),
            Self::Informant => ("wulidun1", Role::GroupInformant, "五里墩村/1社", "郑玉兰"),
            Self::NextInformant => ("yigong1", Role::GroupInformant, "一工城村/1社", "王学军"),
            Self::Police => ("paichusuo", Role::PoliceStation, "派出所", "冯志强"),
            Self::Court => ("fating", Role::Court, "蓼泉法庭", "陈明理"),
            Self::Justice => ("sifasuo", Role::JusticeOffice, "司法所", "褚公正"),
            Self::Centre => ("chuangkou", Role::ServiceCentre, "便民服务中心", "卫小燕"),
            Self::OtherCentre => ("chuangkou2", Role::ServiceCentre, "便民服务中心", "蒋小红"),
            Self::Auditor => ("jiandu", Role::Auditor, "党政办", "沈清廉"),
            Self::Admin => ("guanli", Role::Administrator, "平川镇", "韩管理"),
        }
    }

    /// The name to sign in with.
    pub const fn username(self) -> &'static str {
        self.record().0
    }

    /// The role.
    pub const fn role(self) -> Role {
        self.record().1
    }
}

/// The first user of a role.
impl From<Role> for Staff {
    fn from(role: Role) -> Self {
        match role {
            Role::TownshipLeader => Self::Leader,
            Role::CoordinationOffice => Self::Office,
            Role::VillageSecretary => Self::Secretary,
            Role::GroupInformant => Self::Informant,
            Role::PoliceStation => Self::Police,
            Role::Court => Self::Court,
            Role::JusticeOffice => Self::Justice,
            Role::ServiceCentre => Self::Centre,
            Role::Auditor => Self::Auditor,
            Role::Administrator => Self::Admin,
            Role::CountyOffice => panic!("nobody of the township: `TestApp::county_office`"),
        }
    }
}
