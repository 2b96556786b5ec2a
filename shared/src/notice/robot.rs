//! Chat robots (群机器人): outgoing webhooks through which notices reach a group of colleagues, in
//! words without personal data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::NoticeKind;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

/// The most characters of a robot's name.
pub const MAX_NAME: usize = 40;
/// The most characters of its address.
pub const MAX_ADDRESS: usize = 500;
/// The most characters of its secret.
pub const MAX_SECRET: usize = 200;
/// The most robots of a township.
pub const MAX_ROBOTS: usize = 20;
/// After so many failures in a row a robot pauses until somebody has looked after it.
pub const MAX_FAILURES: i32 = 10;

terms! {
    /// Whose robot it is.
    RobotKind, "机器人类型" {
        /// WeCom.
        WeCom = "wecom", "企业微信";
        /// DingTalk; with a secret, its requests are signed.
        DingTalk = "dingtalk", "钉钉";
        /// Feishu; with a secret, its requests are signed.
        Feishu = "feishu", "飞书";
    }
}

impl RobotKind {
    /// The host of its webhooks.
    pub const fn host(self) -> &'static str {
        match self {
            Self::WeCom => "qyapi.weixin.qq.com",
            Self::DingTalk => "oapi.dingtalk.com",
            Self::Feishu => "open.feishu.cn",
        }
    }
}

/// What a group can be told of: not what sums up a single person's work.
pub fn offered() -> impl Iterator<Item = NoticeKind> {
    NoticeKind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != NoticeKind::Digest)
}

/// A robot as the administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Robot {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub kind: RobotKind,
    /// Its address, the secret part masked: it is never shown again in full.
    pub address: String,
    /// Whether its requests are signed with a secret.
    pub signed: bool,
    /// What it tells of.
    pub kinds: Vec<NoticeKind>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it pauses, after failing again and again. Switching it on ends the pause.
    pub paused: bool,
    /// When it last sent something, or tried to.
    pub last_at: Option<DateTime<Utc>>,
    /// Whether that went well.
    pub last_ok: Option<bool>,
    /// What came of it.
    pub last_result: Option<String>,
    /// How many messages wait.
    pub waiting: u64,
    /// Rises with each change by an administrator; the item's `ETag`.
    pub version: i64,
}

/// A new robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRobot {
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub kind: RobotKind,
    /// The webhook's address, whole.
    pub address: String,
    /// The secret that its requests are signed with (加签), if they are.
    pub secret: Option<String>,
    /// What it tells of.
    pub kinds: Vec<NoticeKind>,
}

impl NewRobot {
    /// What is wrong with it, but for the address's host.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("name", "名称", &self.name, MAX_NAME);
        errors.text("address", "Webhook 地址", &self.address, MAX_ADDRESS);
        check_secret(&mut errors, self.kind, self.secret.as_deref());
        check_kinds(&mut errors, &self.kinds);
        errors
    }
}

/// A change of a robot; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RobotPatch {
    /// What it is called.
    pub name: Option<String>,
    /// The webhook's address, whole.
    pub address: Option<String>,
    /// The secret; empty: its requests are not signed any more.
    pub secret: Option<String>,
    /// What it tells of.
    pub kinds: Option<Vec<NoticeKind>>,
    /// Whether it is switched on; `true` also ends a pause.
    pub enabled: Option<bool>,
}

impl RobotPatch {
    /// What is wrong with it, for a robot of this kind, but for the address's host.
    pub fn check(&self, kind: RobotKind) -> Errors {
        let mut errors = Errors::new();
        if let Some(name) = &self.name {
            errors.text("name", "名称", name, MAX_NAME);
        }
        if let Some(address) = &self.address {
            errors.text("address", "Webhook 地址", address, MAX_ADDRESS);
        }
        check_secret(&mut errors, kind, self.secret.as_deref());
        if let Some(kinds) = &self.kinds {
            check_kinds(&mut errors, kinds);
        }
        errors
    }
}

fn check_secret(errors: &mut Errors, kind: RobotKind, secret: Option<&str>) {
    let Some(secret) = secret.map(str::trim).filter(|secret| !secret.is_empty()) else {
        return;
    };
    if kind == RobotKind::WeCom {
        errors.add(
            "secret",
            "not_offered",
            "企业微信机器人没有加签密钥，请留空。",
        );
    }
    errors.length("secret", "加签密钥", secret, MAX_SECRET);
}

fn check_kinds(errors: &mut Errors, kinds: &[NoticeKind]) {
    if kinds.is_empty() {
        errors.add("kinds", "required", "请至少选择一类通知。");
    }
    if kinds.contains(&NoticeKind::Digest) {
        let message = "每日汇总是个人的待办，不发到群里。";
        errors.add("kinds", "not_offered", message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(kind: RobotKind, secret: Option<&str>, kinds: &[NoticeKind]) -> Vec<String> {
        let robot = NewRobot {
            name: "综治群".to_owned(),
            kind,
            address: format!("https://{}/x", kind.host()),
            secret: secret.map(str::to_owned),
            kinds: kinds.to_vec(),
        };
        let errors = robot.check().into_vec().into_iter();
        errors.map(|e| format!("{}:{}", e.field, e.code)).collect()
    }

    #[test]
    fn what_is_wrong_with_a_robot_is_named() {
        let alert = &[NoticeKind::Alert][..];
        assert!(new(RobotKind::DingTalk, Some("SEC1"), alert).is_empty());
        assert!(new(RobotKind::WeCom, Some(" "), alert).is_empty());
        assert_eq!(
            new(RobotKind::WeCom, Some("SEC1"), &[]),
            ["secret:not_offered", "kinds:required"]
        );
        assert_eq!(
            new(RobotKind::Feishu, None, &[NoticeKind::Digest]),
            ["kinds:not_offered"]
        );
        let long = "字".repeat(MAX_NAME + 1);
        let patch = RobotPatch {
            name: Some(long),
            ..RobotPatch::default()
        };
        assert_eq!(patch.check(RobotKind::WeCom).into_vec()[0].code, "too_long");
    }
}
