//! Lists, a page at a time: what the query string says, and opaque cursors.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::page::{DEFAULT_LIMIT, MAX_LIMIT};
use shared::validate::Errors;

use crate::error::ApiError;

/// `limit` and `cursor` of a list's query.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 每页条数，1 到 200，默认 50
    pub limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    pub cursor: Option<String>,
}

impl PageQuery {
    /// How many items to give.
    ///
    /// # Errors
    /// Not between 1 and [`MAX_LIMIT`].
    pub fn limit(&self) -> Result<u32, ApiError> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(ApiError::bad_request(format!(
                "limit 应在 1 到 {MAX_LIMIT} 之间。"
            ))),
        }
    }

    /// Where the page begins: what [`cursor`] was made from.
    ///
    /// # Errors
    /// Not a cursor that this list has given.
    pub fn after<T: DeserializeOwned>(&self) -> Result<Option<T>, ApiError> {
        let Some(cursor) = self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let after = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        after
            .map(Some)
            .ok_or_else(|| ApiError::bad_request("cursor 无效，请从第一页重新读取。"))
    }
}

/// How many items a page has and where it begins; notes what is wrong with the parameters.
pub fn place<T: DeserializeOwned>(
    limit: Option<u32>,
    cursor: Option<String>,
    errors: &mut Errors,
) -> (i64, Option<T>) {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        let message = format!("每页条数应在1至{MAX_LIMIT}之间。");
        errors.add("limit", "out_of_range", message);
    }
    let query = PageQuery {
        limit: None,
        cursor,
    };
    let after = query.after();
    if after.is_err() {
        errors.add("cursor", "invalid", "翻页标记无效，请从第一页重新开始。");
    }
    (i64::from(limit), after.unwrap_or_default())
}

/// Makes a cursor from the last item's place in the order.
pub fn cursor(after: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(after).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let query = PageQuery {
            limit: None,
            cursor: Some(cursor(&("2026-03-01", "id"))),
        };
        let after: Option<(String, String)> = query.after().unwrap();
        assert_eq!(after, Some(("2026-03-01".to_owned(), "id".to_owned())));
        let wrong = PageQuery {
            cursor: Some("?".to_owned()),
            ..query
        };
        assert!(wrong.after::<String>().is_err());
    }

    #[test]
    fn the_limit_has_bounds() {
        let limit = |limit| {
            PageQuery {
                limit,
                cursor: None,
            }
            .limit()
            .ok()
        };
        assert_eq!(limit(None), Some(50));
        assert_eq!(
            (limit(Some(0)), limit(Some(200)), limit(Some(201))),
            (None, Some(200), None)
        );
    }
}
