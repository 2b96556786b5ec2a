//! Examples of parameters: by what their schema lists, by their name, or by their type.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::alert::AlertState;
use shared::assessment::AssessmentKind;
use shared::case::matter::{Deed, MatterKind};
use shared::case::state::State;
use shared::case::{Category, Channel, Kind, Procedure, Purpose, Severity, Subcategory};
use shared::indicator::Indicator;
use shared::publicity::CampaignForm;
use shared::term::Term;
use shared::visit::{PromiseState, VisitKind};
use utoipa::openapi::path::{Parameter, ParameterBuilder};
use utoipa::openapi::{RefOr, Schema};

/// The components' schemas.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// An id, as the server gives them.
const ID: &str = "01a223c2-cba8-73db-9cea-5b6d17ce4964";
/// A cursor, which nobody but the server can read.
const CURSOR: &str = "eyJpZCI6IjAxYTIyM2MyIn0";
/// The number of a provisional receipt.
const PROVISIONAL: &str = "临-4ZZ2-260302-70007";

/// Gives a parameter of a path its example. A text of a name that is not known here has none.
pub(super) fn exemplify(path: &str, parameter: &mut Parameter, schemas: &Schemas) {
    let schema = schema_of(parameter, schemas);
    let name = parameter.name.as_str();
    let example = match (path, name) {
        // The first figures are of cases.
        ("/api/v1/indicators/records", "indicator") => Some(json!(Indicator::ReportsInTime.code())),
        _ => listed(&schema)
            .or_else(|| named(path, name))
            .or_else(|| typed(name, &schema)),
    };
    let said = std::mem::take(parameter);
    *parameter = ParameterBuilder::from(said).example(example).build();
}

fn schema_of(parameter: &Parameter, schemas: &Schemas) -> Value {
    let schema = serde_json::to_value(&parameter.schema).unwrap_or_default();
    let name = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|at| at.rsplit('/').next());
    match name.and_then(|name| schemas.get(name)) {
        Some(named) => serde_json::to_value(named).unwrap_or_default(),
        None => schema,
    }
}

/// The first of the values that the schema lists.
fn listed(schema: &Value) -> Option<Value> {
    schema.get("enum")?.get(0).cloned()
}

/// The first of a set of terms, which forms offer first.
fn first<T: Term>() -> &'static str {
    T::ALL.first().map_or("", |term| term.code())
}

/// By the name, and where one name stands for several things, by the path.
fn named(path: &str, name: &str) -> Option<Value> {
    let of = |part: &str| path.contains(part);
    let text = match name {
        "limit" => return Some(json!(50)),
        "year" => return Some(json!(2026)),
        "If-Match" => "\"1\"",
        "Idempotency-Key" => "0f8fad5b-d9cb-469f-a165-70867728950e",
        "Last-Event-ID" | "last_event_id" => "42",
        "cursor" | "since" => CURSOR,
        "q" => "水渠",
        "number" if of("/receipts/") => PROVISIONAL,
        "number" => "平川信〔2026〕00012号",
        "provisional" => PROVISIONAL,
        "month" => "2026-02",
        "day" => "2027-01-01",
        "token" => "kQ7mX2wPz0aB4dE6fG8hJ1L3nR5tV9yS.ics",
        "sort" if of("/reports") => "-due_at",
        "sort" => "-received_on",
        "category" | "key" => Category::Water.code(),
        "code" => Subcategory::Boundary.code(),
        "channel" => first::<Channel>(),
        "purpose" => first::<Purpose>(),
        "severity" => first::<Severity>(),
        "procedure" => first::<Procedure>(),
        "form" => first::<CampaignForm>(),
        "kind" if of("/visits") => first::<VisitKind>(),
        "kind" if of("/assessments") || of("/criteria-sheets") => first::<AssessmentKind>(),
        "kind" if of("/matters") || of("/orders") => MatterKind::Order.code(),
        "kind" => first::<Kind>(),
        "state" if of("/alerts") => first::<AlertState>(),
        "state" if of("/promises") => first::<PromiseState>(),
        "state" if of("/matters") || of("/orders") => "issued",
        "state" => first::<State>(),
        "step" => step(path)?,
        _ => return None,
    };
    Some(json!(text))
}

/// A step of the kind of matter whose collection the path names.
fn step(path: &str) -> Option<&'static str> {
    let deed = Deed::ALL.iter().copied().find(|deed| {
        let collection = format!("/{}/", deed.kind().collection());
        !deed.opens() && path.contains(&collection)
    })?;
    Some(deed.step())
}

/// By what the schema asks for: days, numbers, yes or no, ids.
fn typed(name: &str, schema: &Value) -> Option<Value> {
    let is = |key: &str, wanted: &str| schema.get(key).is_some_and(|said| said == wanted);
    if is("format", "date") {
        let last =
            ["to", "as_of"].contains(&name) || name.ends_with("_to") || name.ends_with("_before");
        let day = if last { "2026-02-28" } else { "2026-02-01" };
        return Some(json!(day));
    }
    if is("type", "boolean") {
        return Some(json!(true));
    }
    if is("type", "integer") {
        return Some(json!(1));
    }
    (name.ends_with("id") || name == "finding").then(|| json!(ID))
}
