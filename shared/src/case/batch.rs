//! Registering many cases in one request.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;
use crate::validate::Errors;

/// The most cases of one request.
pub const MAX_ITEMS: usize = 100;
/// The longest idempotency key, in characters.
pub const MAX_KEY: usize = 200;

/// Cases to be registered together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseBatch {
    /// Whether one that cannot be registered keeps all from being registered.
    #[serde(default)]
    pub atomic: bool,
    /// The cases, 1 to 100.
    pub items: Vec<BatchItem>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// As the `Idempotency-Key` of `POST /cases`, with which it shares its keys.
    pub idempotency_key: String,
    /// The case, as in `POST /cases`. Read by itself, so that one that is not of the form does not
    /// spoil the others.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::case::input::NewCase))]
    pub case: Value,
}

impl CaseBatch {
    /// What is wrong with the batch; each case is checked by itself.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if self.items.is_empty() || self.items.len() > MAX_ITEMS {
            let count = self.items.len();
            let message = format!("每批1至{MAX_ITEMS}件，现在有{count}件。");
            errors.add("items", "out_of_range", message);
            return errors;
        }
        for (at, item) in self.items.iter().enumerate() {
            let key = item.idempotency_key.as_str();
            let field = format!("items.{at}.idempotency_key");
            let legible = key.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
            if key.is_empty() || key.len() > MAX_KEY || !legible {
                let message = format!("幂等键应为1到{MAX_KEY}个可见的ASCII字符。");
                errors.add(field, "invalid", message);
            } else if self
                .items
                .iter()
                .take(at)
                .any(|before| before.idempotency_key == key)
            {
                errors.add(field, "duplicate", "同一批中幂等键不能重复。");
            }
        }
        errors
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchAnswer {
    /// How many were registered, by this request or by an earlier one with the same key.
    pub registered: usize,
    /// How many were not.
    pub failed: usize,
    /// Each, in the order of the request.
    pub items: Vec<BatchResult>,
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResult {
    /// Its key.
    pub idempotency_key: String,
    /// The status that `POST /cases` would have answered with.
    pub status: u16,
    /// Whether it was registered before, under the same key.
    pub replayed: bool,
    /// The case.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::case::view::CaseView>))]
    pub case: Option<Value>,
    /// Why there is none.
    pub problem: Option<Problem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(keys: &[&str]) -> CaseBatch {
        let item = |key: &&str| BatchItem {
            idempotency_key: (*key).to_owned(),
            case: Value::Null,
        };
        CaseBatch {
            atomic: false,
            items: keys.iter().map(item).collect(),
        }
    }

    #[test]
    fn a_batch_has_some_items_each_with_a_key_of_its_own() {
        let fields = |batch: CaseBatch| -> Vec<String> {
            let errors = batch.check().into_vec();
            errors.into_iter().map(|error| error.field).collect()
        };
        assert!(fields(batch(&["a", "b"])).is_empty());
        assert_eq!(fields(batch(&[])), ["items"]);
        assert_eq!(fields(batch(&["x"; MAX_ITEMS + 1])), ["items"]);
        assert_eq!(
            fields(batch(&["a", "b", "a", "", "甲", "a b"])),
            [2, 3, 4, 5].map(|at| format!("items.{at}.idempotency_key"))
        );
        let long = "k".repeat(MAX_KEY + 1);
        assert_eq!(fields(batch(&[&long])), ["items.0.idempotency_key"]);
    }
}
