//! Errors as the API tells them: RFC 9457 documents with a stable code (design section 3).

use serde::{Deserialize, Serialize};

use crate::term::Term as _;
use crate::terms;

terms! {
    /// The stable code of an error. The label is the document's `title`.
    Code, "错误代码" {
        /// 400: the request is not of the route's form (JSON, query, header).
        BadRequest = "bad_request", "请求格式不正确";
        /// 401: no valid sign-in.
        Unauthenticated = "unauthenticated", "请先登录";
        /// 401: wrong user name or password; the same for both.
        WrongCredentials = "wrong_credentials", "用户名或密码不正确";
        /// 401: the password is right, and a code of the second factor is asked for.
        SecondFactorRequired = "second_factor_required", "请输入验证码";
        /// 401: the refresh cookie was used before; the sign-in that it belongs to has been ended.
        SessionReused = "session_reused", "登录已失效，请重新登录";
        /// 403: known, but not allowed on a thing that they may see.
        Forbidden = "forbidden", "没有权限";
        /// 403: the initial password must be changed first.
        PasswordChangeRequired = "password_change_required", "请先修改初始密码";
        /// 403: the role must have a second factor, which must be set up first.
        SecondFactorSetup = "second_factor_setup", "请先设置两步验证";
        /// 403: the token's scope does not have it; the detail names the one that is needed.
        InsufficientScope = "insufficient_scope", "令牌权限不足";
        /// 404: not there, or not for this caller to know of.
        NotFound = "not_found", "没有找到";
        /// 405: the path knows other methods.
        MethodNotAllowed = "method_not_allowed", "不支持这种请求方法";
        /// 409: the state does not allow it.
        Conflict = "conflict", "当前状态不允许这样操作";
        /// 409: somebody else has written it since; `current_id` names what is there now.
        Changed = "changed", "内容已被他人填写";
        /// 409: the idempotency key came before with another body.
        IdempotencyMismatch = "idempotency_mismatch", "幂等键已用于另一个请求";
        /// 412: somebody else changed it in between.
        StaleVersion = "stale_version", "内容已被他人修改";
        /// 413: the upload is larger than allowed.
        TooLarge = "too_large", "文件或内容太大";
        /// 415: a media type that the route does not take.
        UnsupportedMediaType = "unsupported_media_type", "不支持的文件或内容类型";
        /// 422: one or more fields are not valid.
        InvalidFields = "invalid_fields", "填写的内容有误";
        /// 428: `If-Match` is missing.
        VersionRequired = "version_required", "缺少版本信息";
        /// 429: too many attempts.
        TooManyRequests = "too_many_requests", "操作过于频繁";
        /// 500: our fault; the request id finds it in the log.
        Internal = "internal", "系统内部错误";
        /// 503: not ready, or stopping.
        Unavailable = "unavailable", "服务暂时不可用";
    }
}

impl Code {
    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated
            | Self::WrongCredentials
            | Self::SecondFactorRequired
            | Self::SessionReused => 401,
            Self::Forbidden
            | Self::PasswordChangeRequired
            | Self::SecondFactorSetup
            | Self::InsufficientScope => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict | Self::Changed | Self::IdempotencyMismatch => 409,
            Self::StaleVersion => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidFields => 422,
            Self::VersionRequired => 428,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's path in the request, as `people.0.id_number`.
    pub field: String,
    /// A stable English code, as `required`.
    pub code: String,
    /// What is wrong and what would be right, in Chinese.
    pub message: String,
}

/// An error document (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: the code says more than a URL would.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's title, in Chinese.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do about it, in Chinese.
    pub detail: String,
    /// The stable code.
    pub code: Code,
    /// The fields at fault; empty where none is.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// Of a conflict with what somebody else has written: its id, so that both can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_id: Option<String>,
}

impl Problem {
    /// The document of a request in which one field is at fault, as the server would write it:
    /// for what the app finds out before it asks.
    ///
    /// `message` says what is wrong and what would be right.
    pub fn of_field(field: &str, code: &str, message: String) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: Code::InvalidFields.label().to_owned(),
            status: Code::InvalidFields.status(),
            detail: message.clone(),
            code: Code::InvalidFields,
            errors: vec![FieldError {
                field: field.to_owned(),
                code: code.to_owned(),
                message,
            }],
            current_id: None,
        }
    }
}
