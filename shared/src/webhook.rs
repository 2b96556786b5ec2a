//! Webhooks: what happens to cases is told to programs, by their ids alone.
//!
//! A webhook belongs to whoever made it and tells of what its owner may see when it is told. The
//! administrator, who sees no case, may have one that says that something happened, not to which case.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::case::Kind;
use crate::case::state::EventKind;
use crate::case::view::Named;
use crate::ids::{CaseId, UnitId};
use crate::role::Role;
use crate::term::Term;
use crate::terms;
use crate::token::Net;
use crate::validate::Errors;

/// The longest name of a webhook, in characters.
pub const MAX_NAME: usize = 60;
/// The longest address, in characters.
pub const MAX_URL: usize = 500;
/// The most webhooks of one owner.
pub const MAX_WEBHOOKS: i64 = 10;
/// The most villages that a webhook may name.
pub const MAX_VILLAGES: usize = 100;
/// The most hosts and networks that are allowed.
pub const MAX_ENTRIES: usize = 50;
/// The longest of them, in characters.
pub const MAX_ENTRY: usize = 120;
/// With what every secret begins, so that a leaked one is recognised.
pub const SECRET_PREFIX: &str = "whsec_";
/// For how many hours a delivery is tried.
pub const TRIED_HOURS: i64 = 24;
/// A webhook that has taken nothing for so many hours is paused.
pub const FAILING_HOURS: i64 = 23;
/// For how many days deliveries are kept.
pub const KEPT_DAYS: i64 = 30;
/// How many seconds old a request may be before its receiver refuses it; documented for receivers.
pub const REPLAY_SECONDS: i64 = 300;
/// The type of a test.
pub const TEST: &str = "test";

terms! {
    /// Whether a webhook tells of what happens, and if not, why.
    WebhookState, "订阅状态" {
        /// It does.
        Active = "active", "在用";
        /// Its owner has switched it off.
        Off = "off", "已停用";
        /// It has failed for too long.
        Paused = "paused", "连续失败，已暂停";
        /// Its owner is disabled.
        OwnerDisabled = "owner_disabled", "持有人已停用";
        /// Its owner has another role than when it was switched on.
        RoleChanged = "role_changed", "持有人角色已变更";
    }
}

terms! {
    /// What has become of a delivery.
    DeliveryState, "投递状态" {
        /// It is to be sent, or sent again.
        Waiting = "waiting", "等候投递";
        /// It has arrived.
        Delivered = "delivered", "已送达";
        /// It was given up.
        Failed = "failed", "未送达";
    }
}

/// What somebody does about webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookDeed {
    /// Makes, lists, changes and removes their own.
    Own,
    /// Lists and removes everybody's.
    Oversee,
    /// Says where webhooks may lead.
    Allow,
}

impl WebhookDeed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Oversee, Self::Allow];
}

/// Whether a deed is the role's, and whose it is otherwise.
pub const fn may(role: Role, deed: WebhookDeed) -> (bool, &'static str) {
    match deed {
        WebhookDeed::Own => (
            !matches!(role, Role::Auditor | Role::CountyOffice),
            "您的角色不接触事项内容，没有可以订阅的事件。",
        ),
        WebhookDeed::Oversee => (
            matches!(role, Role::Administrator),
            "全部订阅由系统管理员查看和删除。",
        ),
        WebhookDeed::Allow => (
            matches!(role, Role::Administrator),
            "可以推送到哪些地址由系统管理员规定。",
        ),
    }
}

/// Whether a webhook of somebody of this role says to which case something happened.
pub const fn names_cases(role: Role) -> bool {
    role.handles_cases()
}

/// What decides whether a webhook tells of what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether its owner wants it to.
    pub enabled: bool,
    /// Whether it has failed for too long.
    pub paused: bool,
    /// Whether its owner is disabled.
    pub owner_disabled: bool,
    /// The owner's role when it was switched on, and now.
    pub role: (Role, Role),
}

impl Standing {
    /// Whether it does.
    pub fn state(&self) -> WebhookState {
        if self.owner_disabled {
            WebhookState::OwnerDisabled
        } else if self.role.0 != self.role.1 {
            WebhookState::RoleChanged
        } else if !self.enabled {
            WebhookState::Off
        } else if self.paused {
            WebhookState::Paused
        } else {
            WebhookState::Active
        }
    }
}

/// How long is waited before a delivery is sent again that was sent so often in vain: soon at first, once
/// an hour at last.
pub fn wait_after(attempts: u32) -> TimeDelta {
    TimeDelta::seconds(match attempts {
        ..=1 => 10,
        2 => 60,
        3 => 300,
        4 => 900,
        5 => 1800,
        _ => 3600,
    })
}

/// The type of an event, as receivers see it (`case.accepted`).
pub fn event_type(event: Option<EventKind>) -> String {
    event.map_or_else(|| TEST.to_owned(), |event| format!("case.{}", event.code()))
}

/// What an address may be: a name of the list, which leads to a public address or to one of the list; or
/// an address of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    hosts: Vec<(String, Option<u16>)>,
    nets: Vec<Net>,
}

/// One line of the list.
enum Entry {
    Host(String, Option<u16>),
    Net(Net),
}

/// What is wrong with a line of the list.
const NO_ENTRY: &str = "应为主机名（可带端口，如 sync.example.gov.cn、sync.example.gov.cn:8443）、IP 地址或网段（如 10.20.0.0/16）。";

fn entry(text: &str) -> Result<Entry, &'static str> {
    let text = text.trim();
    if let Ok(net) = text.parse::<Net>() {
        let least = if net.is_ipv4() { 8 } else { 7 };
        if net.bits() < least {
            return Err("网段太大：IPv4 至少 /8，IPv6 至少 /7。");
        }
        return Ok(Entry::Net(net));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => {
            let port = port.parse().ok().filter(|port| *port != 0);
            (host, Some(port.ok_or(NO_ENTRY)?))
        }
        None => (text, None),
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What looks like a number is an address in disguise.
    let named = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    if host.len() <= 253 && named && host.split('.').all(label) {
        Ok(Entry::Host(host, port))
    } else {
        Err(NO_ENTRY)
    }
}

impl Allowed {
    /// The list; lines that are none are passed over.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let mut allowed = Self::default();
        for text in entries {
            match entry(text) {
                Ok(Entry::Host(host, port)) => allowed.hosts.push((host, port)),
                Ok(Entry::Net(net)) => allowed.nets.push(net),
                Err(_) => {}
            }
        }
        allowed
    }

    /// Whether a host's name and port are on the list; one without a port stands for the usual two.
    pub fn names(&self, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.hosts.iter().any(|(name, listed)| {
            name.eq_ignore_ascii_case(host)
                && match listed {
                    Some(listed) => *listed == port,
                    None => matches!(port, 80 | 443),
                }
        })
    }

    /// Whether an address is on the list.
    pub fn lists(&self, address: IpAddr) -> bool {
        !is_nowhere(address) && self.nets.iter().any(|net| net.contains(address))
    }

    /// Whether the address that a name of the list has led to may be connected to.
    pub fn reaches(&self, address: IpAddr) -> bool {
        self.lists(address) || is_public(address)
    }
}

/// Addresses that are no single host's: unspecified (which leads to this machine), multicast, reserved.
fn is_nowhere(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => matches!(v4.octets()[0], 0 | 224..),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast(),
    }
}

/// Whether an address is one of the public internet: not loopback, link-local, private, shared,
/// documentation, nor one that wraps an IPv4 address.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !matches!(
            v4.octets(),
            [0 | 10 | 127 | 224.., ..]
                | [100, 64..=127, ..]
                | [169, 254, ..]
                | [172, 16..=31, ..]
                | [192, 0, 0 | 2, _]
                | [192, 88, 99, _]
                | [192, 168, ..]
                | [198, 18..=19, ..]
                | [198, 51, 100, _]
                | [203, 0, 113, _]
        ),
        IpAddr::V6(v6) => match v6.segments() {
            // Special assignments with Teredo, documentation, 6to4, documentation again.
            [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
            [first, ..] => (0x2000..0x4000).contains(&first),
        },
    }
}

/// Where webhooks may lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookAddresses {
    /// Names of hosts (with a port, where it is not 80 or 443), addresses, networks (CIDR). A name may lead
    /// to public addresses, and to those on the list.
    pub entries: Vec<String>,
    /// For `If-Match`.
    pub version: i64,
}

/// Where webhooks may lead, from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AllowAddresses {
    /// All of them; what is not named is no longer allowed.
    pub entries: Vec<String>,
}

impl AllowAddresses {
    /// What is wrong with it.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if self.entries.len() > MAX_ENTRIES {
            let message = format!("允许的地址最多{MAX_ENTRIES}个。");
            errors.add("entries", "too_many", message);
        }
        for (at, text) in self.entries.iter().take(MAX_ENTRIES).enumerate() {
            let wrong = if text.chars().count() > MAX_ENTRY {
                Some("太长。")
            } else {
                entry(text).err()
            };
            if let Some(wrong) = wrong {
                let short: String = text.chars().take(60).collect();
                let message = format!("“{short}”不能用：{wrong}");
                errors.add(format!("entries.{at}"), "invalid", message);
            }
        }
        errors
    }
}

/// A webhook to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// What it is for, as `县平台`.
    pub name: String,
    /// Where requests go (`https://…`); its host must be allowed by the administrator.
    pub url: String,
    /// What it tells of; of everything that happens to cases, where there is none.
    #[serde(default)]
    pub events: Vec<EventKind>,
    /// Of which kinds of cases; of all, where there is none. Not for the administrator.
    #[serde(default)]
    pub case_kinds: Vec<Kind>,
    /// Of which villages' cases; of all that the owner may see, where there is none. Not for the
    /// administrator.
    #[serde(default)]
    pub village_ids: Vec<UnitId>,
}

impl NewWebhook {
    /// What is wrong with it, beside where it leads.
    pub fn check(&self, role: Role) -> Errors {
        let mut errors = Errors::new();
        errors.text("name", "名称", &self.name, MAX_NAME);
        errors.text("url", "推送地址", &self.url, MAX_URL);
        check_scope(&mut errors, role, &self.case_kinds, &self.village_ids);
        errors
    }
}

fn check_scope(errors: &mut Errors, role: Role, kinds: &[Kind], villages: &[UnitId]) {
    let why = "系统管理员的订阅不涉及事项内容，不能按事项类型或村筛选。";
    if !names_cases(role) {
        if !kinds.is_empty() {
            errors.add("case_kinds", "not_offered", why);
        }
        if !villages.is_empty() {
            errors.add("village_ids", "not_offered", why);
        }
    }
    if villages.len() > MAX_VILLAGES {
        let message = format!("最多选{MAX_VILLAGES}个村。");
        errors.add("village_ids", "too_many", message);
    }
}

/// What changes of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where requests go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventKind>>,
    /// Of which kinds of cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_kinds: Option<Vec<Kind>>,
    /// Of which villages' cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub village_ids: Option<Vec<UnitId>>,
    /// Switches it on (which also ends a pause) or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

impl WebhookPatch {
    /// What is wrong with it, beside where it leads.
    pub fn check(&self, role: Role) -> Errors {
        let mut errors = Errors::new();
        if let Some(name) = &self.name {
            errors.text("name", "名称", name, MAX_NAME);
        }
        if let Some(url) = &self.url {
            errors.text("url", "推送地址", url, MAX_URL);
        }
        check_scope(
            &mut errors,
            role,
            self.case_kinds.as_deref().unwrap_or_default(),
            self.village_ids.as_deref().unwrap_or_default(),
        );
        errors
    }
}

/// A webhook as its owner and the administrator see it; never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub owner: Named,
    /// Their unit.
    pub unit: Named,
    /// What it is for.
    pub name: String,
    /// Where requests go.
    pub url: String,
    /// What it tells of; of everything, where there is none.
    pub events: Vec<EventKind>,
    /// Of which kinds of cases; of all, where there is none.
    pub case_kinds: Vec<Kind>,
    /// Of which villages' cases; of all that the owner may see, where there is none.
    pub village_ids: Vec<UnitId>,
    /// Whether it tells of what happens.
    pub state: WebhookState,
    /// Since when nothing has arrived, though something was sent.
    pub failing_since: Option<DateTime<Utc>>,
    /// When something was last sent.
    pub last_at: Option<DateTime<Utc>>,
    /// Whether it arrived.
    pub last_ok: Option<bool>,
    /// What came of it, in words.
    pub last_result: Option<String>,
    /// For `If-Match`.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A webhook with its secret: shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// With what requests are signed.
    pub secret: String,
}

/// A delivery as the webhook's owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = WebhookDelivery))]
pub struct Delivery {
    /// Its id, the same however often it is sent.
    pub id: String,
    /// The event's kind; none of a test.
    pub event: Option<EventKind>,
    /// The case, where the webhook names cases.
    pub case_id: Option<CaseId>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// What has become of it.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was last sent.
    pub last_at: Option<DateTime<Utc>>,
    /// When it is sent next.
    pub next_at: Option<DateTime<Utc>>,
    /// The status of the last answer, if there was one.
    pub status: Option<u32>,
    /// What came of it, in words.
    pub result: Option<String>,
}

/// What is sent: ids alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = WebhookPayload))]
pub struct Payload {
    /// The delivery's id: what comes with one that was seen before came before.
    pub id: String,
    /// `case.` and the event's code, or `test`.
    pub r#type: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// In which township.
    pub township_id: UnitId,
    /// To which case; none of a test, and none for the administrator.
    pub case_id: Option<CaseId>,
    /// Which event of the case's; none of a test, and none for the administrator.
    pub event_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public() {
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "223.255.255.255",
            "240e::1",
            "2408:8000::1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_list_says_where_requests_may_go() {
        let list = ["Sync.Example.gov.cn", "bot.lan:8443", "10.20.0.0/16", "::1"];
        let allowed = Allowed::of(list);
        assert!(allowed.names("sync.example.gov.cn", 443));
        assert!(allowed.names("sync.example.gov.cn.", 80));
        assert!(!allowed.names("sync.example.gov.cn", 8443));
        assert!(allowed.names("bot.lan", 8443) && !allowed.names("bot.lan", 443));
        assert!(!allowed.names("x.sync.example.gov.cn", 443));
        let lists = |address: &str| allowed.lists(address.parse().unwrap());
        let reaches = |address: &str| allowed.reaches(address.parse().unwrap());
        for address in ["10.20.3.4", "::ffff:10.20.3.4", "::1"] {
            assert!(lists(address) && reaches(address), "{address}");
        }
        for address in ["10.21.3.4", "127.0.0.1", "169.254.169.254", "0.0.0.0"] {
            assert!(!lists(address) && !reaches(address), "{address}");
        }
        // A name may lead there; as an address it must be on the list.
        assert!(!lists("1.1.1.1") && reaches("1.1.1.1"));
        assert_eq!(Allowed::default(), Allowed::of(["?", "0.0.0.0/0"]));
    }

    #[test]
    fn lines_of_the_list_are_checked() {
        let wrong = |entry: &str| {
            let input = AllowAddresses {
                entries: vec![entry.to_owned()],
            };
            !input.check().is_empty()
        };
        for entry in [
            "localhost",
            "a.b-c.cn",
            "a.cn:1",
            "10.0.0.1",
            "10.0.0.0/8",
            "fd00::/8",
            " a.cn ",
        ] {
            assert!(!wrong(entry), "{entry}");
        }
        for entry in [
            "",
            "*",
            "*.cn",
            "http://a.cn",
            "a.cn/x",
            "a.cn:0",
            "a.cn:x",
            "a b.cn",
            "-a.cn",
            "0.0.0.0/0",
            "::/0",
            "2130706433",
            "0x7f.1",
            "127.1",
            "10.0.0.1:80",
        ] {
            assert!(wrong(entry), "{entry}");
        }
    }

    #[test]
    fn the_administrator_has_no_scope_to_choose() {
        let new = NewWebhook {
            name: "a".to_owned(),
            url: "https://a.cn".to_owned(),
            case_kinds: vec![Kind::Petition],
            ..NewWebhook::default()
        };
        assert!(new.check(Role::CoordinationOffice).is_empty());
        assert!(!new.check(Role::Administrator).is_empty());
    }

    #[test]
    fn it_is_tried_for_a_day() {
        let waits: Vec<i64> = (0..10).map(|n| wait_after(n).num_seconds()).collect();
        assert!(waits.is_sorted());
        assert_eq!((waits[1], waits[9]), (10, 3600));
    }

    #[test]
    fn why_it_is_silent() {
        let fine = Standing {
            enabled: true,
            paused: false,
            owner_disabled: false,
            role: (Role::Court, Role::Court),
        };
        assert_eq!(fine.state(), WebhookState::Active);
        let moved = Standing {
            role: (Role::Court, Role::Auditor),
            enabled: false,
            ..fine
        };
        assert_eq!(moved.state(), WebhookState::RoleChanged);
        let gone = Standing {
            owner_disabled: true,
            ..moved
        };
        assert_eq!(gone.state(), WebhookState::OwnerDisabled);
        let paused = Standing {
            paused: true,
            ..fine
        };
        assert_eq!(paused.state(), WebhookState::Paused);
    }
}
