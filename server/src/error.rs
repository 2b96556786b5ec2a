//! Errors on their way to the client, and the one place that writes them down.
//!
//! Each room has an error enum of its own (`thiserror`), which says what went wrong in the room's
//! words, and a `From<room::Error> for ApiError`, which picks the stable [`Code`] and says in
//! Chinese what the client can do about it. [`ApiError`] becomes an RFC 9457 document. What a
//! client must not learn (a query, a path, a cause) goes into [`ApiError::cause`], which is logged
//! with the request id and never sent.

use std::borrow::Cow;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use diesel::result::Error as DieselError;
use shared::problem::{Code, FieldError, Problem};
use shared::term::Term;

/// The media type of error documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error as a client hears of it.
#[derive(Debug)]
pub struct ApiError {
    /// The stable code.
    pub code: Code,
    /// What happened and what to do about it, in Chinese.
    pub detail: Cow<'static, str>,
    /// The fields at fault.
    pub errors: Vec<FieldError>,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
    /// What somebody else has written, in the way of this.
    pub current_id: Option<String>,
    /// What the log says beside the request id; never sent.
    pub cause: Option<String>,
}

impl ApiError {
    /// An error with this code and this Chinese sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            current_id: None,
            cause: None,
        }
    }

    /// Not there, or not for this caller to know of.
    pub fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "没有找到这项内容，或者您无权知道它是否存在。",
        )
    }

    /// Somebody else changed it in between.
    pub fn stale() -> Self {
        Self::new(
            Code::StaleVersion,
            "您打开之后，内容已被他人修改。请刷新后重新操作。",
        )
    }

    /// A state that does not allow it.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, detail)
    }

    /// The request is not of the route's form.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, detail)
    }

    /// Fields that are not valid.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail: Cow<'static, str> = match errors.as_slice() {
            [one] => one.message.clone().into(),
            many => format!("有{}处需要修改。", many.len()).into(),
        };
        Self {
            errors,
            ..Self::new(Code::InvalidFields, detail)
        }
    }

    /// Our fault. `cause` goes to the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(
                Code::Internal,
                "系统出现内部错误，请稍后重试；如果仍然出错，请把请求编号告诉管理员。",
            )
        }
    }

    /// Too many attempts; come back in so many seconds.
    pub fn too_many(seconds: u64, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(Code::TooManyRequests, detail)
        }
    }

    /// The document that a client gets.
    pub fn problem(&self) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: self.code.label().to_owned(),
            status: self.code.status(),
            detail: self.detail.to_string(),
            code: self.code,
            errors: self.errors.clone(),
            current_id: self.current_id.clone(),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(serde_json::to_string(&self.problem()).unwrap_or_default())
    }
}

impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::not_found(),
            // Fields are checked for it; this is what comes another way, such as a forged cursor.
            DieselError::DatabaseError(_, why) if why.message().contains("UTF8\": 0x00") => {
                Self::bad_request("内容中有无法保存的字符（NUL）。")
            }
            other => Self::internal(other),
        }
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::invalid(errors)
    }
}

/// What to say of an answer that has a status but no document (an unknown route, a method that a
/// path does not know, a body that the framework refused).
pub fn of_status(status: StatusCode) -> ApiError {
    match status {
        StatusCode::UNAUTHORIZED => ApiError::new(Code::Unauthenticated, "请先登录。"),
        StatusCode::FORBIDDEN => ApiError::new(Code::Forbidden, "没有权限。"),
        StatusCode::NOT_FOUND => ApiError::new(Code::NotFound, "没有这个接口或页面。"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(Code::MethodNotAllowed, "这个地址不支持这种请求方法。")
        }
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::new(Code::UnsupportedMediaType, "不支持这种内容类型。")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            ApiError::new(Code::Unavailable, "服务暂时不可用，请稍后重试。")
        }
        status if status.is_client_error() => ApiError::bad_request("请求格式不正确。"),
        status => ApiError::internal(format!("status {status} without an error")),
    }
}

fn too_large() -> ApiError {
    ApiError::new(Code::TooLarge, "文件或内容超过大小上限。")
}

/// What to say of a JSON body that cannot be read.
pub fn of_json(error: actix_web::error::JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    use actix_web::error::JsonPayloadError as Json;
    let error = match &error {
        Json::Overflow { .. } | Json::OverflowKnownLength { .. } => too_large(),
        Json::ContentType => ApiError::new(
            Code::UnsupportedMediaType,
            "请用 Content-Type: application/json 提交。",
        ),
        Json::Deserialize(e) => of_serde(e),
        _ => ApiError::bad_request("请求内容无法读取。"),
    };
    error.into()
}

/// What to say of JSON that does not fit. The field is named where serde tells it.
pub fn of_serde(error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    let place = format!("第{}行第{}列", error.line(), error.column());
    let quoted = text
        .split('`')
        .nth(1)
        .map(|field| field.chars().take(60).collect::<String>());
    let detail = match quoted {
        Some(field) if text.starts_with("missing field") => format!("缺少字段 {field}。"),
        Some(field) if text.starts_with("unknown field") => {
            format!("没有字段 {field}（{place}）。")
        }
        Some(value) if text.starts_with("unknown variant") => {
            format!("“{value}”不是允许的取值（{place}）。")
        }
        _ if error.is_data() => format!("某个字段的类型或取值不对（{place}）。"),
        _ => format!("请求内容不是有效的 JSON（{place}）。"),
    };
    ApiError::bad_request(detail)
}

/// What to say of a query string that cannot be read.
pub fn of_query(error: actix_web::error::QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    let mut answer = ApiError::bad_request("查询参数不正确。");
    let text = error.to_string();
    if let Some(name) = text.split('`').nth(1) {
        let name: String = name.chars().take(60).collect();
        answer.detail = format!("查询参数不正确：{name}。").into();
    }
    answer.into()
}

/// What to say of a path that cannot be read: nothing has such an address.
pub fn of_path(_: actix_web::error::PathError, _: &HttpRequest) -> actix_web::Error {
    ApiError::not_found().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_stay_inside() {
        let error = ApiError::internal("SELECT secret FROM people");
        let sent = serde_json::to_string(&error.problem()).unwrap();
        assert!(!sent.contains("SELECT"), "{sent}");
        assert_eq!(error.cause.as_deref(), Some("SELECT secret FROM people"));
    }

    #[test]
    fn json_errors_name_the_field_in_chinese() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        struct Input {
            #[expect(dead_code, reason = "only read by serde")]
            name: String,
        }
        let detail = |json: &str| {
            of_serde(&serde_json::from_str::<Input>(json).unwrap_err())
                .detail
                .into_owned()
        };
        assert_eq!(detail("{}"), "缺少字段 name。");
        assert!(detail(r#"{"name":"x","nmae":1}"#).contains("nmae"));
        assert!(detail("{").contains("JSON"));
        assert!(detail(r#"{"name":1}"#).contains("类型"));
    }
}
