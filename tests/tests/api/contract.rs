//! The OpenAPI document against what is so. That every answer of every other test agrees with it is
//! looked at where answers come in (`tests/src/contract.rs`); here is what that comparison is worth, and
//! what the document has beside.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::contract::{Contract, Exchange};

fn small() -> Contract {
    Contract::new(json!({
        "paths": {
            "/api/v1/things": {"post": {
                "requestBody": {"content": {"application/json":
                    {"schema": {"$ref": "#/components/schemas/NewThing"}}}},
                "responses": {
                    "201": {"content": {"application/json":
                        {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "422": {"$ref": "#/components/responses/invalid_fields"},
                },
            }},
            "/api/v1/things/{id}": {"delete": {"responses": {"204": {}}}},
            "/api/v1/things/best": {"get": {"responses": {"200": {"content": {
                "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Thing"}},
            }}}}},
            "/api/v1/files/things.{format}": {"get": {"responses": {"200": {"content": {
                "image/*": {},
            }}}}},
        },
        "components": {
            "responses": {"invalid_fields": {
                "x-codes": ["invalid_fields"],
                "content": {"application/problem+json": {"schema": {
                    "type": "object",
                    "required": ["code"],
                    "properties": {"code": {"type": "string"}},
                }}},
            }},
            "schemas": {
                "NewThing": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}},
                },
                "Named": {"type": "object", "properties": {"name": {"type": "string"}}},
                "Thing": {"allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {
                        "type": "object",
                        "required": ["made_on"],
                        "properties": {"made_on": {"type": "string", "format": "date"}},
                    },
                ]},
            },
        },
    }))
}

fn check(request: &str, sent: Option<Value>, status: u16, media: &str, body: &str) -> bool {
    let (method, path) = request.split_once(' ').unwrap();
    let seen = Exchange {
        of_next: false,
        method,
        path,
        sent: sent.as_ref(),
        status,
        content_type: media,
        body: Some(body.as_bytes()),
    };
    let checked = small().check(seen);
    if let Err(why) = &checked {
        println!("{request}: {why}");
    }
    checked.is_ok()
}

#[test]
fn what_the_document_does_not_say_is_found() {
    let thing = r#"{"name": "x", "made_on": "2026-03-10"}"#;
    let name = || Some(json!({"name": "x"}));
    let made = |media, body| check("POST /api/v1/things", name(), 201, media, body);
    assert!(made("application/json", thing));
    assert!(made("application/json; charset=utf-8", thing));
    // Media type, a missing field, a type, a format, a field that is not named.
    assert!(!made("text/plain", thing));
    assert!(!made("application/json", r#"{"name": "x"}"#));
    assert!(!made(
        "application/json",
        r#"{"name": 1, "made_on": "2026-03-10"}"#
    ));
    assert!(!made(
        "application/json",
        r#"{"name": "x", "made_on": "10.3.2026"}"#
    ));
    assert!(!made(
        "application/json",
        r#"{"name": "x", "made_on": "2026-03-10", "secret": 1}"#
    ));
    // What was sent.
    let sent = |sent| {
        check(
            "POST /api/v1/things",
            Some(sent),
            201,
            "application/json",
            thing,
        )
    };
    assert!(!sent(json!({})));
    assert!(!sent(json!({"name": null})));
    // Status, code, operation, path.
    let refused = |status, code: &str| {
        let body = json!({"code": code}).to_string();
        let media = "application/problem+json";
        check("POST /api/v1/things", Some(json!(1)), status, media, &body)
    };
    assert!(refused(422, "invalid_fields"));
    assert!(!refused(422, "conflict"));
    assert!(!refused(409, "conflict"));
    assert!(check("DELETE /api/v1/things/1?x=y", None, 204, "", ""));
    assert!(!check("DELETE /api/v1/things/1", None, 204, "", "x"));
    assert!(!check("PUT /api/v1/things/1", None, 204, "", ""));
    assert!(check("DELETE /api/v1/things/best", None, 405, "", ""));
    assert!(!check("GET /api/v1/other", None, 200, "", ""));
    assert!(check("GET /cases", None, 200, "text/html", "<p>"));
    // Lines, and files.
    let lines = |body: &str| {
        check(
            "GET /api/v1/things/best",
            None,
            200,
            "application/x-ndjson",
            body,
        )
    };
    assert!(lines(&format!("{thing}\n{thing}\n")));
    assert!(!lines(&format!("{thing}\n{{}}\n")));
    assert!(check(
        "GET /api/v1/files/things.png",
        None,
        200,
        "image/png",
        "x"
    ));
    assert!(!check(
        "GET /api/v1/files/things.pdf",
        None,
        200,
        "application/pdf",
        "x"
    ));
}

/// The schemas of bodies, as `$ref`s.
fn bodies(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let answers = operation["responses"].as_object().unwrap();
            let good = answers
                .iter()
                .filter(|(status, _)| status.starts_with('2'))
                .map(|(_, answer)| &answer["content"]["application/json"]["schema"]);
            let sent = &operation["requestBody"]["content"]["application/json"]["schema"];
            for schema in good.chain([sent]) {
                let schema = schema.get("items").unwrap_or(schema);
                names.extend(schema["$ref"].as_str().map(str::to_owned));
            }
        }
    }
    names
}

/// How many bodies have an example at least; `UPDATE_EXAMPLES=1` takes those that are missing from
/// what the tests see.
const WITH_EXAMPLE: usize = 180;

#[test]
fn examples_of_bodies_fit() {
    let contract = Contract::of_binary();
    let document = contract.document();
    let (mut wrong, mut with, mut without) = (Vec::new(), 0, Vec::new());
    for reference in bodies(document) {
        let name = reference.rsplit('/').next().unwrap();
        match document["components"]["schemas"][name]["examples"].get(0) {
            None => without.push(name.to_owned()),
            Some(example) => {
                let fits = contract.fits(&json!({"$ref": reference}), example, true);
                wrong.extend(fits.err().map(|why| format!("{name}: {why}")));
                with += 1;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "run the tests that use these with UPDATE_EXAMPLES=1: {wrong:#?}"
    );
    assert!(with >= WITH_EXAMPLE, "{with}; these have none: {without:?}");
}

#[test]
fn every_operation_says_its_scope_its_errors_and_its_parameters() {
    let document = Contract::of_binary().document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let scope = operation["x-scope"].as_str().expect(&place);
            let security = operation["security"].as_array();
            let by_token = security
                .into_iter()
                .flatten()
                .find_map(|one| one["token"].as_array());
            match scope {
                "open" => assert!(security.is_none(), "{place}"),
                "session" => assert!(by_token.is_none(), "{place}"),
                scope => assert_eq!(by_token, Some(&vec![json!(scope)]), "{place}"),
            }
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let answer = match answer["$ref"].as_str() {
                    Some(at) => document.pointer(at.strip_prefix('#').unwrap()).unwrap(),
                    None => answer,
                };
                let words = answer["description"].as_str().unwrap_or_default();
                assert!(!words.is_empty(), "{place} {status}");
                if status.as_str() >= "400" {
                    assert!(!answer["x-codes"].as_array().unwrap().is_empty(), "{place}");
                    let content = &answer["content"]["application/problem+json"];
                    let problem = json!("#/components/schemas/Problem");
                    assert_eq!(content["schema"]["$ref"], problem, "{place} {status}");
                }
            }
        }
    }
}
