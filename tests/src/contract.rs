//! The contract: every answer that a test sees is compared with the OpenAPI document that the binary
//! prints, and every request that was taken with what the document says of it.
//!
//! Here, too, no answer may have anything of the township next door ([`crate::next`]).
//!
//! With `XINFANG_CONTRACT_NOTES=<file>` what does not agree is written there, and fails nothing: to see
//! all at once. With `UPDATE_EXAMPLES=1` the document's examples are written anew from what is seen:
//! those that are missing, and those that no longer fit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// What takes a body in which single items are wrong, and says so item by item.
const ITEM_BY_ITEM: &[&str] = &["/api/v1/cases:batch"];

/// A component's schema.
const SCHEMA: &str = "#/components/schemas/";
/// The largest example that is kept, in bytes of JSON.
const LARGEST_EXAMPLE: usize = 4000;

/// What is compared: a request and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// `GET`, …
    pub method: &'a str,
    /// The path with its query.
    pub path: &'a str,
    /// The JSON that was sent, if it was JSON.
    pub sent: Option<&'a Value>,
    /// The status.
    pub status: u16,
    /// The answer's `Content-Type`; empty where there is none.
    pub content_type: &'a str,
    /// The answer's body; none of a stream without an end.
    pub body: Option<&'a [u8]>,
    /// Whether it went to somebody of the township next door, or of the county.
    pub of_next: bool,
}

/// A path of the document.
#[derive(Debug)]
struct Route {
    path: String,
    /// How many of its segments are not fixed.
    open: usize,
}

impl Route {
    fn matches(&self, path: &str) -> bool {
        let (mut pattern, mut segments) = (self.path.split('/'), path.split('/'));
        loop {
            match (pattern.next(), segments.next()) {
                (None, None) => return true,
                (Some(pattern), Some(segment)) if fits(pattern, segment) => {}
                _ => return false,
            }
        }
    }
}

/// Whether a segment such as `ledger.xlsx` is of a pattern such as `ledger.{format}`.
fn fits(pattern: &str, segment: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('{') else {
        return pattern == segment;
    };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    segment.len() > before.len() + after.len()
        && segment.starts_with(before)
        && segment.ends_with(after)
}

/// The document, and what has been compiled of it.
#[derive(Debug)]
pub struct Contract {
    document: Value,
    /// Fixed paths before open ones.
    routes: Vec<Route>,
    /// The components' schemas, as answers must be: with no fields but those they name.
    closed: Map<String, Value>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    /// Reads a document.
    pub fn new(document: Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let mut routes: Vec<Route> = paths
            .map(|(path, _)| Route {
                path: path.clone(),
                open: path.matches('{').count(),
            })
            .collect();
        routes.sort_by_key(|route| route.open);
        let mut schemas = document["components"]["schemas"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let mut parts = BTreeSet::new();
        for schema in schemas.values() {
            note_parts(schema, false, &schemas, &mut parts);
        }
        for (name, schema) in &mut schemas {
            close(schema, parts.contains(name));
        }
        Self {
            document,
            routes,
            closed: schemas,
            validators: Mutex::default(),
        }
    }

    /// What the binary under test prints.
    pub fn of_binary() -> &'static Self {
        static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
            let printed = crate::server::command().arg("openapi").output();
            let printed = printed.expect("the binary to start");
            let document = serde_json::from_slice(&printed.stdout);
            Contract::new(document.expect("the document"))
        });
        &CONTRACT
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// What is at a place of the document, or where that refers to.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str().and_then(|at| at.strip_prefix('#'));
        target
            .and_then(|at| self.document.pointer(at))
            .unwrap_or(value)
    }

    /// Compares.
    ///
    /// # Errors
    /// What does not agree.
    pub fn check(&self, seen: Exchange<'_>) -> Result<(), String> {
        let path = seen.path.split('?').next().unwrap_or_default();
        if !path.starts_with("/api/v1/") && !path.starts_with("/health/") {
            return Ok(());
        }
        let status = seen.status;
        let route = self.routes.iter().find(|route| route.matches(path));
        let item = route.map(|route| &self.document["paths"][&route.path]);
        let operation = item.map(|item| &item[seen.method.to_lowercase()]);
        let Some(operation) = operation.filter(|operation| operation.is_object()) else {
            return match status {
                404 | 405 => Ok(()),
                _ => Err(format!("the document has no such operation ({status})")),
            };
        };
        let answer = self.resolve(&operation["responses"][status.to_string()]);
        if !answer.is_object() {
            return Err(format!("the document does not know the status {status}"));
        }
        self.check_body(answer, seen)?;
        if (200..300).contains(&status)
            && !ITEM_BY_ITEM.contains(&path)
            && let Some(sent) = seen.sent
        {
            let body = self.resolve(&operation["requestBody"]);
            let Some(schema) = body["content"]["application/json"].get("schema") else {
                return Err("the document does not know that JSON is sent".to_owned());
            };
            self.fits(schema, sent, false)
                .map_err(|why| format!("what was sent, and taken: {why}"))?;
            self.learn(schema, sent);
        }
        Ok(())
    }

    fn check_body(&self, answer: &Value, seen: Exchange<'_>) -> Result<(), String> {
        let Some(body) = seen.body else { return Ok(()) };
        let Some(content) = answer["content"].as_object() else {
            return match body.is_empty() {
                true => Ok(()),
                false => Err(format!("the document knows no content of {}", seen.status)),
            };
        };
        let media = seen.content_type.split(';').next().unwrap_or_default();
        let kind = media.split('/').next().unwrap_or_default();
        let known = [media, &format!("{kind}/*"), "*/*"]
            .into_iter()
            .find_map(|media| content.get(media));
        let Some(known) = known else {
            let known: Vec<_> = content.keys().collect();
            return Err(format!("the document knows {known:?}, and not {media:?}"));
        };
        let Some(schema) = known.get("schema") else {
            return Ok(());
        };
        let texts: Vec<&[u8]> = match media {
            "application/json" | "application/problem+json" => vec![body],
            "application/x-ndjson" => body
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .collect(),
            _ => return Ok(()),
        };
        for text in texts {
            let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
            self.fits(schema, &value, true)?;
            if let Some(codes) = answer["x-codes"].as_array()
                && !codes.contains(&value["code"])
            {
                return Err(format!("the document does not know {}", value["code"]));
            }
            if seen.status < 300 {
                self.learn(schema, &value);
            }
        }
        Ok(())
    }

    /// Whether a value is of a schema; `closed`: with no fields but those it names.
    ///
    /// # Errors
    /// Where it is not.
    pub fn fits(&self, schema: &Value, value: &Value, closed: bool) -> Result<(), String> {
        let validator = self.validator(schema, closed)?;
        let wrong: Vec<String> = validator
            .iter_errors(value)
            .take(3)
            .map(|error| {
                let mut text = error.to_string();
                if let Some((at, _)) = text.char_indices().nth(300) {
                    text.truncate(at);
                }
                format!("at {:?}: {text}", error.instance_path().to_string())
            })
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(wrong.join("; "))
    }

    fn validator(&self, schema: &Value, closed: bool) -> Result<Arc<Validator>, String> {
        let key = format!("{closed} {schema}");
        let lock = || {
            self.validators
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let open = self.document["components"]["schemas"].as_object();
        let all = match open {
            Some(open) if !closed => open,
            _ => &self.closed,
        };
        let mut whole = schema.clone();
        if closed {
            close(&mut whole, false);
        }
        // Only what it needs, so that it is compiled quickly.
        let mut needed = BTreeMap::new();
        let mut looked: Vec<&Value> = vec![schema];
        while let Some(next) = looked.pop() {
            names(next, &mut |name| {
                if let Some(schema) = all.get(name)
                    && needed.insert(name.to_owned(), schema.clone()).is_none()
                {
                    looked.push(schema);
                }
            });
        }
        whole["components"] = json!({"schemas": needed});
        let built = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&whole)
            .map_err(|error| format!("a schema that is none: {error}"))?;
        let built = Arc::new(built);
        lock().insert(key, Arc::clone(&built));
        Ok(built)
    }

    /// Keeps what was seen as the schema's example, if that is asked for.
    fn learn(&self, schema: &Value, value: &Value) {
        let is_ours = self.document["paths"].get("/api/v1/cases").is_some();
        if !is_ours || std::env::var_os("UPDATE_EXAMPLES").is_none() {
            return;
        }
        if let (Some(items), Some(first)) = (schema.get("items"), value.get(0)) {
            return self.learn(items, first);
        }
        let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|at| at.strip_prefix(SCHEMA))
        else {
            return;
        };
        let mut example = value.clone();
        shorten(&mut example, "");
        if example.to_string().len() > LARGEST_EXAMPLE || self.fits(schema, &example, true).is_err()
        {
            return;
        }
        Examples::open(self).add(name, example);
    }
}

/// The examples as they will be in the document.
struct Examples {
    file: PathBuf,
    all: BTreeMap<String, Value>,
    /// Those that were made in this run: a richer one takes their place.
    fresh: BTreeSet<String>,
}

impl Examples {
    fn open(contract: &Contract) -> MutexGuard<'static, Self> {
        static EXAMPLES: OnceLock<Mutex<Examples>> = OnceLock::new();
        let examples = EXAMPLES.get_or_init(|| {
            let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("../server/src/openapi/examples.json");
            let text = std::fs::read_to_string(&file).expect("the examples");
            let mut all: BTreeMap<String, Value> =
                serde_json::from_str(&text).expect("the examples");
            all.retain(|name, example| {
                let schema = json!({"$ref": format!("{SCHEMA}{name}")});
                contract.closed.contains_key(name) && contract.fits(&schema, example, true).is_ok()
            });
            let fresh = BTreeSet::new();
            Mutex::new(Self { file, all, fresh })
        });
        examples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&mut self, name: &str, example: Value) {
        if let Some(known) = self.all.get(name) {
            let is_better = self.fresh.contains(name) && richness(&example) > richness(known);
            if !is_better {
                return;
            }
        }
        self.fresh.insert(name.to_owned());
        self.all.insert(name.to_owned(), example);
        let text = serde_json::to_string_pretty(&self.all).expect("JSON") + "\n";
        std::fs::write(&self.file, text).expect("the examples to be written");
    }
}

/// How much an example shows.
fn richness(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Array(items) => items.iter().map(richness).sum(),
        Value::Object(fields) => fields.values().map(richness).sum(),
        _ => 1,
    }
}

/// Two of many are enough; and secrets are no examples, not even those of a test.
fn shorten(value: &mut Value, field: &str) {
    match value {
        Value::String(text) if field == "access_token" => "eyJ…".clone_into(text),
        Value::String(text) if field == "secret" => "xf_…".clone_into(text),
        Value::String(text)
            if matches!(field, "initial_password" | "current_password" | "totp") =>
        {
            "…".clone_into(text);
        }
        Value::String(text) if text.starts_with("otpauth:") => {
            "otpauth://totp/name?secret=SECRET".clone_into(text);
        }
        // The provider of a test is at another port each time.
        Value::String(text) if text.contains("/authorize?") => {
            "https://id.example.gov.cn/authorize?…".clone_into(text);
        }
        Value::String(text) if text.starts_with("http://127.0.0.1:") => {
            let path = text.splitn(4, '/').nth(3).unwrap_or_default();
            *text = format!("https://xinfang.example.gov.cn/{path}");
        }
        Value::Array(items) if field == "recovery_codes" => {
            items.truncate(2);
            items.fill(json!("…"));
        }
        // A picture in words, such as a QR code.
        Value::String(text) if text.contains("<svg") => "<svg …></svg>".clone_into(text),
        Value::Array(items) => {
            items.truncate(2);
            items.iter_mut().for_each(|item| shorten(item, ""));
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                shorten(value, field);
            }
        }
        _ => {}
    }
}

/// Calls with the name of each component that a schema names.
fn names(schema: &Value, found: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            if let Some(name) = name.and_then(|at| at.strip_prefix(SCHEMA)) {
                found(name);
            }
            fields.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

/// The schemas within a schema: whether each describes the same value as it, as a part.
fn inside(schema: &Value) -> Vec<(&Value, bool)> {
    let list = |key: &str| schema[key].as_array().into_iter().flatten();
    let alternatives = list("oneOf").chain(list("anyOf")).map(|s| (s, false));
    let mut all: Vec<_> = list("allOf")
        .map(|s| (s, true))
        .chain(alternatives)
        .collect();
    all.extend(schema.get("items").map(|items| (items, false)));
    all.extend(schema.get("additionalProperties").map(|more| (more, false)));
    let fields = schema["properties"].as_object().into_iter().flatten();
    all.extend(fields.map(|(_, field)| (field, false)));
    all
}

/// Notes the components that describe only a part of a value (`allOf`): they cannot be closed.
fn note_parts(
    schema: &Value,
    part: bool,
    schemas: &Map<String, Value>,
    parts: &mut BTreeSet<String>,
) {
    let name = schema["$ref"]
        .as_str()
        .and_then(|at| at.strip_prefix(SCHEMA));
    if part
        && let Some(name) = name
        && parts.insert(name.to_owned())
        && let Some(schema) = schemas.get(name)
    {
        note_parts(schema, true, schemas, parts);
    }
    let is_choice = |key: &str, inner: &Value| {
        schema[key]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| std::ptr::eq(one, inner)))
    };
    for (inner, is_part) in inside(schema) {
        // What an alternative of a part describes is a part, too.
        let part = is_part || part && (is_choice("oneOf", inner) || is_choice("anyOf", inner));
        note_parts(inner, part, schemas, parts);
    }
}

/// Closes the objects of a schema: no fields but those they name.
fn close(schema: &mut Value, part: bool) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    for (key, inner) in fields.iter_mut() {
        match (key.as_str(), inner) {
            ("allOf", Value::Array(all)) => all.iter_mut().for_each(|one| close(one, true)),
            ("oneOf" | "anyOf", Value::Array(all)) => {
                all.iter_mut().for_each(|one| close(one, part));
            }
            ("properties", Value::Object(all)) => {
                all.values_mut().for_each(|one| close(one, false));
            }
            ("items" | "additionalProperties", one) => close(one, false),
            _ => {}
        }
    }
    if part || fields.contains_key("additionalProperties") {
        return;
    }
    if fields.contains_key("allOf") {
        fields.insert("unevaluatedProperties".to_owned(), json!(false));
    } else if fields.contains_key("properties") {
        fields.insert("additionalProperties".to_owned(), json!(false));
    }
}

/// Compares with what the binary prints; fails the test, or notes it where that is asked for.
#[track_caller]
pub(crate) fn check(seen: Exchange<'_>) {
    if !seen.of_next {
        let what = format!("{} {} {}", seen.method, seen.path, seen.status);
        crate::next::check_marks(&what, seen.body.unwrap_or_default());
    }
    let Err(why) = Contract::of_binary().check(seen) else {
        return;
    };
    let what = format!("{} {} {}", seen.method, seen.path, seen.status);
    if let Some(notes) = std::env::var_os("XINFANG_CONTRACT_NOTES") {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(notes);
        writeln!(file.expect("the notes"), "{what}: {why}").expect("a note");
        return;
    }
    let body = seen.body.map(String::from_utf8_lossy).unwrap_or_default();
    panic!("{what}: not as the OpenAPI document says: {why}\n{body}");
}
