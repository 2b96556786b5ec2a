//! API tokens: what a script may be given, for how long, and from where it may come.
//!
//! A token acts as its owner: [`crate::access::can`] decides as ever, and the scope narrows what is left.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::case::view::Named;
use crate::ids::UserId;
use crate::role::Role;
use crate::terms;
use crate::validate::Errors;

/// The longest name of a token, in characters.
pub const MAX_NAME: usize = 60;
/// How many days a token is good at most.
pub const MAX_DAYS: u64 = 365;
/// How many addresses a token may name.
pub const MAX_ADDRESSES: usize = 20;
/// How many tokens of one owner may be good at a time.
pub const MAX_TOKENS: i64 = 20;
/// How many requests a minute a token may make unless it says otherwise.
pub const USUAL_RATE: u32 = 300;
/// The most requests a minute that a token may ask for.
pub const MAX_RATE: u32 = 6000;
/// What every token begins with, so that a leaked one is recognised.
pub const PREFIX: &str = "xf_";

terms! {
    /// What a token is good for. Every route of the API asks for just one (the server's table of
    /// routes says which), or is not for tokens at all.
    TokenScope, "令牌权限" {
        /// Cases, their people, files, documents and matters; the change feed and exports.
        CasesRead = "cases:read", "事项：查看、导出";
        /// Registering cases and taking steps with them.
        CasesWrite = "cases:write", "事项：登记、办理";
        /// Reports.
        ReportsRead = "reports:read", "排查报告：查看";
        /// Writing, sending and judging reports.
        ReportsWrite = "reports:write", "排查报告：填报、处理";
        /// Visits, promises, reception days.
        VisitsRead = "visits:read", "走访与接待日：查看";
        /// Recording visits, keeping reception days.
        VisitsWrite = "visits:write", "走访与接待日：登记";
        /// Urgent information.
        AlertsRead = "alerts:read", "重要信息：查看";
        /// Reporting urgent information, and steps with it.
        AlertsWrite = "alerts:write", "重要信息：上报、处置";
        /// Figures, standing, targets.
        IndicatorsRead = "indicators:read", "统计指标：查看";
        /// Setting the year's targets.
        IndicatorsWrite = "indicators:write", "年度目标：设定";
        /// Campaigns of legal publicity, the library of laws.
        PublicityRead = "publicity:read", "法制宣传：查看";
        /// Writing campaigns and laws.
        PublicityWrite = "publicity:write", "法制宣传：登记";
        /// The assessment of villages.
        AssessmentsRead = "assessments:read", "村级考核：查看";
        /// Steps of the assessment.
        AssessmentsWrite = "assessments:write", "村级考核：办理";
        /// Runs of the import.
        ImportsRead = "imports:read", "台账导入：查看";
        /// Loading a ledger, undoing that.
        ImportsWrite = "imports:write", "台账导入：导入、撤销";
        /// Photos of records.
        PhotosRead = "photos:read", "照片：查看";
        /// Uploading photos.
        PhotosWrite = "photos:write", "照片：上传";
        /// The owner's notices.
        NotificationsRead = "notifications:read", "通知：查看";
        /// Marking notices as read.
        NotificationsWrite = "notifications:write", "通知：标为已读";
        /// Units, colleagues, the owner.
        OrgRead = "org:read", "单位、人员、本人：查看";
        /// Settings, law profiles.
        SettingsRead = "settings:read", "设置：查看";
        /// The audit log.
        AuditRead = "audit:read", "审计：查看";
    }
}

terms! {
    /// Whether a token is still good, and if not, why.
    TokenState, "令牌状态" {
        /// Good.
        Active = "active", "在用";
        /// Its day has passed.
        Expired = "expired", "已到期";
        /// Taken back.
        Revoked = "revoked", "已撤销";
        /// Its owner is disabled.
        OwnerDisabled = "owner_disabled", "持有人已停用";
        /// Its owner has signed out everywhere or has another password.
        SignedOut = "signed_out", "持有人已退出全部登录或改过密码";
        /// Its owner has another role than when it was made.
        RoleChanged = "role_changed", "持有人角色已变更";
    }
}

/// What somebody does about tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenDeed {
    /// Makes, lists and takes back their own.
    Own,
    /// Lists and takes back everybody's.
    Oversee,
    /// Makes one for a program's account (程序账号), which cannot make its own.
    MakeFor,
}

impl TokenDeed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Oversee, Self::MakeFor];
}

/// Whether a deed is the role's, and whose it is otherwise.
pub const fn may(role: Role, deed: TokenDeed) -> (bool, &'static str) {
    match deed {
        TokenDeed::Own => (true, ""),
        TokenDeed::Oversee => (
            matches!(role, Role::Administrator),
            "全部令牌由系统管理员查看和撤销。",
        ),
        TokenDeed::MakeFor => (
            matches!(role, Role::Administrator),
            "程序账号的令牌由系统管理员新建。",
        ),
    }
}

/// What decides whether a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it was taken back.
    pub revoked: bool,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// Whether its owner is disabled.
    pub owner_disabled: bool,
    /// Whether its owner's sign-ins, of the time when it was made, still stand.
    pub signed_in: bool,
    /// The owner's role when it was made, and now.
    pub role: (Role, Role),
}

impl Standing {
    /// Whether it is good at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> TokenState {
        if self.revoked {
            TokenState::Revoked
        } else if self.expires_at <= now {
            TokenState::Expired
        } else if self.owner_disabled {
            TokenState::OwnerDisabled
        } else if !self.signed_in {
            TokenState::SignedOut
        } else if self.role.0 != self.role.1 {
            TokenState::RoleChanged
        } else {
            TokenState::Active
        }
    }
}

/// The instant at which a token that is good until the end of `day` in Shanghai is no more.
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day
        .checked_add_days(Days::new(1))
        .unwrap_or(day)
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    midnight
        .checked_sub_signed(TimeDelta::hours(8))
        .unwrap_or(midnight)
}

/// Addresses that have their first bits in common: one, or a network (CIDR).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

/// A text that is no address and no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("应为 IP 地址或网段，如 10.1.2.3、10.1.0.0/16、fd00::/8。")]
pub struct NoNet;

impl Net {
    /// How many bits its addresses have in common.
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether they are of IPv4.
    pub const fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// Whether the address is one of them. An IPv4 address that comes by an IPv6 socket is the same.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                net.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                net.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl FromStr for Net {
    type Err = NoNet;

    /// The bits after the network's own count as zero: `10.1.2.3/8` is `10.0.0.0/8`.
    fn from_str(text: &str) -> Result<Self, NoNet> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNet)?;
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        let digits = |bits: &&str| bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit());
        let bits = match bits {
            None => most,
            Some(bits) => Some(bits)
                .filter(digits)
                .and_then(|bits| bits.parse().ok())
                .filter(|bits| *bits <= most)
                .ok_or(NoNet)?,
        };
        let address = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                IpAddr::V4((v4.to_bits() & mask).into())
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                IpAddr::V6((v6.to_bits() & mask).into())
            }
        };
        Ok(Self { address, bits })
    }
}

impl Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most: u8 = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == most {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.bits)
        }
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Whose it is to be: an account of a program (程序账号) of the own township, for the administrator; the
    /// caller's own where it is left out.
    #[serde(default)]
    pub owner_id: Option<UserId>,
    /// What it is for, as `县平台同步`.
    pub name: String,
    /// What it is good for; at least one.
    pub scopes: Vec<TokenScope>,
    /// The last day on which it is good, at most a year from today.
    pub expires_on: NaiveDate,
    /// The addresses (IPv4, IPv6, CIDR) that it may come from; any, where there are none.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// How many requests a minute it may make, 1 to 6000; 300 where nothing is said.
    #[serde(default)]
    pub per_minute: Option<u32>,
}

impl NewToken {
    /// What is wrong with it on `today`.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        errors.text("name", "名称", &self.name, MAX_NAME);
        if self.scopes.is_empty() {
            errors.add("scopes", "required", "请至少选择一项权限。");
        }
        let last = today.checked_add_days(Days::new(MAX_DAYS));
        if self.expires_on < today || last.is_some_and(|last| self.expires_on > last) {
            let until = last.map(|day| day.to_string()).unwrap_or_default();
            let message = format!("有效期最长一年，应在{today}至{until}之间。");
            errors.add("expires_on", "out_of_range", message);
        }
        if self.addresses.len() > MAX_ADDRESSES {
            let message = format!("允许的地址最多{MAX_ADDRESSES}个。");
            errors.add("addresses", "too_many", message);
        }
        for (at, address) in self.addresses.iter().take(MAX_ADDRESSES).enumerate() {
            if let Err(wrong) = address.parse::<Net>() {
                let short: String = address.chars().take(60).collect();
                let message = format!("“{short}”不是有效的地址：{wrong}");
                errors.add(format!("addresses.{at}"), "invalid", message);
            }
        }
        if self
            .per_minute
            .is_some_and(|rate| !(1..=MAX_RATE).contains(&rate))
        {
            let message = format!("每分钟请求数应在1至{MAX_RATE}之间。");
            errors.add("per_minute", "out_of_range", message);
        }
        errors
    }
}

/// A token as people see it; never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// Its id.
    pub id: String,
    /// Its first characters, by which one that was found somewhere is recognised.
    pub hint: String,
    /// Whose it is.
    pub owner: Named,
    /// Their unit.
    pub unit: Named,
    /// What it is for.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<TokenScope>,
    /// The addresses that it may come from; any, where there are none.
    pub addresses: Vec<String>,
    /// How many requests a minute it may make.
    pub per_minute: u32,
    /// Whether it is still good.
    pub state: TokenState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From where.
    pub last_address: Option<String>,
}

/// A token that was just made, with its secret: the only answer that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeToken {
    /// The token.
    pub token: Token,
    /// What goes into `Authorization: Bearer …`. Shown once.
    pub secret: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn net(text: &str) -> Net {
        text.parse().unwrap()
    }

    #[test]
    fn networks_have_their_addresses() {
        let inside = [
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.0.0/16", "10.1.255.255"),
            ("10.1.2.3/8", "10.200.0.1"),
            ("0.0.0.0/0", "8.8.8.8"),
            ("10.0.0.0/8", "::ffff:10.0.0.1"),
            ("fd00::/8", "fdff::1"),
            ("::1", "::1"),
            ("::/0", "2001:db8::1"),
        ];
        for (network, address) in inside {
            assert!(net(network).contains(address.parse().unwrap()), "{network}");
        }
        let outside = [
            ("10.1.2.3", "10.1.2.4"),
            ("10.1.0.0/16", "10.2.0.0"),
            ("0.0.0.0/0", "2001:db8::1"),
            ("::/0", "8.8.8.8"),
            ("fd00::/8", "fe80::1"),
        ];
        for (network, address) in outside {
            assert!(
                !net(network).contains(address.parse().unwrap()),
                "{network}"
            );
        }
        let wrong = [
            "",
            "10.1",
            "10.1.2.3/33",
            "10.1.2.3/",
            "10.1.2.3/-1",
            "10.1.2.3/+8",
            "::1/129",
            "县平台",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Net>(), Err(NoNet), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_network_survives_its_text(address: u128, v4: bool, bits in 0u8..=128) {
            let address: IpAddr = if v4 {
                IpAddr::V4(u32::try_from(address >> 96).unwrap().into())
            } else {
                IpAddr::V6(address.into())
            };
            let bits = if v4 { bits.min(32) } else { bits };
            let network = net(&format!("{address}/{bits}"));
            prop_assert_eq!(net(&network.to_string()), network);
            // An IPv4 address in an IPv6 coat is an IPv4 address.
            if address.to_canonical() == address {
                prop_assert!(network.contains(address));
            }
        }

        /// Whatever else is so, nothing but an untouched token of an untouched owner is good.
        #[test]
        fn a_token_is_good_only_while_nothing_speaks_against_it(
            revoked: bool, late: bool, owner_disabled: bool, signed_in: bool, promoted: bool,
        ) {
            let now: DateTime<Utc> = "2026-03-10T02:00:00Z".parse().unwrap();
            let role = if promoted { Role::TownshipLeader } else { Role::VillageSecretary };
            let standing = Standing {
                revoked,
                expires_at: if late { now } else { now + TimeDelta::seconds(1) },
                owner_disabled,
                signed_in,
                role: (Role::VillageSecretary, role),
            };
            let good = !revoked && !late && !owner_disabled && signed_in && !promoted;
            prop_assert_eq!(standing.state(now) == TokenState::Active, good);
        }
    }

    #[test]
    fn a_day_ends_at_midnight_in_shanghai() {
        let end = end_of("2026-03-10".parse().unwrap());
        assert_eq!(end.to_rfc3339(), "2026-03-10T16:00:00+00:00");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let today: NaiveDate = "2026-03-10".parse().unwrap();
        let good = NewToken {
            owner_id: None,
            name: "县平台同步".to_owned(),
            scopes: vec![TokenScope::CasesRead],
            expires_on: "2027-03-10".parse().unwrap(),
            addresses: vec!["10.0.0.0/8".to_owned()],
            per_minute: Some(60),
        };
        assert!(good.check(today).is_empty());
        let bad = NewToken {
            owner_id: None,
            name: " ".to_owned(),
            scopes: Vec::new(),
            expires_on: "2027-03-11".parse().unwrap(),
            addresses: vec!["10.0.0.0/8".to_owned(), "x".to_owned()],
            per_minute: Some(0),
        };
        let errors = bad.check(today).into_vec();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["name", "scopes", "expires_on", "addresses.1", "per_minute"]
        );
        let past = NewToken {
            expires_on: "2026-03-09".parse().unwrap(),
            ..good
        };
        assert!(!past.check(today).is_empty());
    }
}
