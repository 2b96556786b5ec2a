//! Examples of what is sent and answered, as the demo and the API tests have seen it (made-up people).
//! They are written anew by `UPDATE_EXAMPLES=1 cargo test -p tests --test api`, which adds what is missing and
//! mends what no longer fits its schema; a test looks that each does (`tests/tests/api/contract.rs`).

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{OpenApi, RefOr, Schema};

const EXAMPLES: &str = include_str!("examples.json");

/// Gives the schemas of bodies their examples.
pub(super) fn add(document: &mut OpenApi) {
    let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let schemas = &mut document.components.get_or_insert_default().schemas;
    for (name, example) in examples {
        let Some(RefOr::T(schema)) = schemas.get_mut(&name) else {
            continue;
        };
        let place = match schema {
            Schema::Array(schema) => &mut schema.examples,
            Schema::Object(schema) => &mut schema.examples,
            Schema::OneOf(schema) => &mut schema.examples,
            Schema::AllOf(schema) => &mut schema.examples,
            Schema::AnyOf(schema) => &mut schema.examples,
            _ => continue,
        };
        *place = vec![example];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_can_be_read_and_name_schemas() {
        let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
        let document = super::super::document();
        let schemas = document.components.unwrap().schemas;
        let strange: Vec<_> = examples
            .keys()
            .filter(|name| !schemas.contains_key(*name))
            .collect();
        assert!(
            strange.is_empty(),
            "no such schemas, take them out of examples.json: {strange:?}"
        );
    }
}
