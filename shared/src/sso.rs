//! Signing in by a county's identity provider (统一身份认证): which account there is whose here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::validate::Errors;

/// The longest name of an account at the provider, in characters.
pub const MAX_ACCOUNT: usize = 100;

/// How a user and the provider hang together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityStatus {
    /// What the provider is called on buttons; none where there is none.
    pub provider: Option<String>,
    /// The claim of the provider's token with which `account` is compared at the first sign-in; none
    /// where accounts are not entered, and people link their own.
    pub claim: Option<String>,
    /// The account that the administrator entered.
    pub account: Option<String>,
    /// Whether somebody of the provider is linked: they sign in as this user.
    pub linked: bool,
    /// How the provider calls them, where it says.
    pub shown: Option<String>,
    /// Linked since.
    pub since: Option<DateTime<Utc>>,
    /// Their latest sign-in by the provider.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The account at the provider that the administrator enters for a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityEntry {
    /// As the provider's token has it: it is compared letter by letter.
    pub account: String,
}

impl IdentityEntry {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("account", "账号", &self.account, MAX_ACCOUNT);
        if self.account.trim().chars().any(char::is_control) {
            errors.add("account", "invalid", "账号中有无法识别的字符，请重新输入。");
        }
        errors
    }
}

/// Begins to link one's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityStart {
    /// The own password, so that nobody does it at a desk that was left.
    pub password: String,
}

/// Where the browser goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityStarted {
    /// The provider's page.
    pub location: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_short_text_on_one_line() {
        let codes = |account: &str| {
            let entry = IdentityEntry {
                account: account.to_owned(),
            };
            let errors = entry.check().into_vec().into_iter();
            errors.map(|error| error.code).collect::<Vec<_>>()
        };
        assert!(codes(" 620700-0123 ").is_empty());
        assert_eq!(codes("  "), ["required"]);
        assert_eq!(codes("a\nb"), ["invalid"]);
        assert_eq!(codes(&"长".repeat(MAX_ACCOUNT + 1)), ["too_long"]);
    }
}
