//! Users, sign-in, passwords.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{UnitId, UserId};
use crate::role::Role;
use crate::terms;
use crate::validate::Errors;

/// The shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// The longest password, in bytes (argon2 takes more; a bound keeps a sign-in cheap).
pub const MAX_PASSWORD_BYTES: usize = 256;
/// The longest user name, in characters.
pub const MAX_USERNAME: usize = 40;
/// The longest personal name, in characters.
pub const MAX_NAME: usize = 40;

terms! {
    /// By which way somebody signed in.
    SignInMethod, "登录方式" {
        /// With the password, and a code where one is asked for.
        Password = "password", "密码";
        /// By the identity provider.
        Provider = "provider", "统一身份认证";
    }
}

/// A user as the API gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The name to sign in with.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What they sign in as.
    pub role: Role,
    /// The unit they belong to.
    pub unit_id: UnitId,
    /// The office they hold, in words (`镇党委副书记`).
    pub duty: Option<String>,
    /// A disabled user cannot sign in; old cases keep the name.
    pub disabled: bool,
    /// Whether the initial password still stands.
    pub must_change_password: bool,
    /// Whether a sign-in asks for a code beside the password.
    #[serde(default)]
    pub second_factor: bool,
    /// Whether a program has the account (程序账号): it has no password and never signs in, comes with API
    /// tokens alone, and is given no work. Stays as it was made.
    #[serde(default)]
    pub service: bool,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
    /// In the answer to a change: how many deputations (临时代理) of theirs, or by them, ended with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputations_ended: Option<u32>,
}

impl User {
    /// Whether it is a person who may sign in: to whom work can be given, and who is told of it.
    pub const fn is_active_person(&self) -> bool {
        !self.disabled && !self.service
    }

    /// Whether it is a program that may come with its tokens.
    pub const fn is_active_program(&self) -> bool {
        !self.disabled && self.service
    }
}

/// A colleague, as a form offers them: no user name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Colleague {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they sign in as.
    pub role: Role,
    /// The unit they belong to.
    pub unit_id: UnitId,
    /// The office they hold, in words.
    pub duty: Option<String>,
}

/// A new user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What they sign in as.
    pub role: Role,
    /// The unit they belong to.
    pub unit_id: UnitId,
    /// The office they hold, in words.
    #[serde(default)]
    pub duty: Option<String>,
    /// Whether a program has the account (程序账号); it is not changed later.
    #[serde(default)]
    pub service: bool,
}

impl NewUser {
    /// What is wrong with the input by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        check_username(&mut errors, &self.username);
        errors.text("name", "姓名", &self.name, MAX_NAME);
        errors.length("duty", "职务", self.duty.as_deref().unwrap_or(""), MAX_NAME);
        errors
    }
}

/// Notes what is wrong with a user name.
pub fn check_username(errors: &mut Errors, username: &str) {
    errors.text("username", "用户名", username, MAX_USERNAME);
    if username
        .chars()
        .any(|c| c.is_whitespace() || c.is_control())
    {
        errors.add("username", "invalid", "用户名不能含空格。");
    }
}

/// Notes what is wrong with a password that is to be set. Length beats variety: at least
/// [`MIN_PASSWORD`] characters, not the user name, not one character repeated.
pub fn check_password(errors: &mut Errors, field: &str, password: &str, username: &str) {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        errors.add(
            field,
            "too_short",
            format!("密码至少{MIN_PASSWORD}个字符，现在有{length}个。"),
        );
    }
    if password.len() > MAX_PASSWORD_BYTES {
        errors.add(field, "too_long", "密码太长。");
    }
    if !username.is_empty() && password.to_lowercase().contains(&username.to_lowercase()) {
        errors.add(field, "contains_username", "密码不能包含用户名。");
    }
    let mut chars = password.chars();
    if let Some(first) = chars.next()
        && chars.all(|c| c == first)
    {
        errors.add(field, "too_simple", "密码不能只重复一个字符。");
    }
}

/// A change of a user; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// The person's name.
    pub name: Option<String>,
    /// What they sign in as.
    pub role: Option<Role>,
    /// The unit they belong to.
    pub unit_id: Option<UnitId>,
    /// The office they hold, in words; empty clears.
    pub duty: Option<String>,
    /// Whether they may sign in.
    pub disabled: Option<bool>,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The second factor's six digits, where it is on, or a recovery code.
    #[serde(default)]
    pub totp: Option<String>,
}

/// What a sign-in or a refresh answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Goes into `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds for which the token is good.
    pub expires_in: u32,
    /// Who signed in.
    pub user: Me,
}

/// The signed-in user, and what the app needs to ask [`crate::access::can`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The user.
    pub user: User,
    /// The unit's name.
    pub unit_name: String,
    /// The township's name.
    pub township_name: String,
    /// What permission decisions look at.
    pub actor: crate::access::Actor,
    /// Whether this is the demo, whose data is made up.
    pub demo: bool,
    /// Whether the role must have a second factor, and this person has none yet: until it is set up,
    /// nothing else is done. What an older release kept on a phone has none.
    #[serde(default)]
    pub must_set_up_second_factor: bool,
    /// What the identity provider is called by which one can sign in; none where there is none.
    #[serde(default)]
    pub provider: Option<String>,
    /// Whether this sign-in came by it; the sign-out goes on there then.
    #[serde(default)]
    pub by_provider: bool,
    /// Days that the administrator declared working or free, for dates that the app works out by itself.
    #[serde(default)]
    pub workdays: Vec<DayWorked>,
}

/// A day that is worked, or not, whatever the published calendar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayWorked {
    /// The day.
    pub day: NaiveDate,
    /// Whether it is worked.
    pub worked: bool,
}

/// A change of the own password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub current_password: String,
    /// The new one.
    pub new_password: String,
}

/// An initial password, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InitialPassword {
    /// The user.
    pub user: User,
    /// The password, to be changed at the first sign-in.
    pub initial_password: String,
}

/// A user who was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeUser {
    /// The user.
    pub user: User,
    /// The password, shown once and to be changed at the first sign-in; a program has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_password: Option<String>,
}

/// A sign-in that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenSignIn {
    /// Its id.
    pub id: String,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// As what.
    pub role: Role,
    /// Their unit's name.
    pub unit_name: String,
    /// By which way they signed in.
    pub method: SignInMethod,
    /// When they signed in.
    pub since: DateTime<Utc>,
    /// When it was last refreshed; within minutes of the last request.
    pub last_used_at: DateTime<Utc>,
    /// When it lapses without being used.
    pub expires_at: DateTime<Utc>,
    /// The address it came from.
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}
