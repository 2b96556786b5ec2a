//! The OpenAPI document against what is so. That every answer of every other test agrees with it is
//! looked at where answers come in (`tests/src/contract.rs`); here is what that comparison is worth, and
//! what the document has beside.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::contract::{Contract, Exchange};
use tests::{Staff, TestApp};

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

/// The JSON bodies of an operation, sent and answered: where, and the content.
fn bodies<'a>(document: &'a Value, operation: &'a Value) -> Vec<(String, &'a Value)> {
    let sent = (
        "what is sent".to_owned(),
        &operation["requestBody"]["content"],
    );
    let answers = operation["responses"].as_object().unwrap().iter();
    let answers =
        answers.map(|(status, answer)| (status.clone(), &resolve(document, answer)["content"]));
    answers
        .chain([sent])
        .flat_map(|(place, contents)| {
            let contents = contents.as_object().into_iter().flatten();
            contents
                .filter(|(media, _)| media.ends_with("json"))
                .map(move |(_, content)| (place.clone(), content))
        })
        .collect()
}

/// What is at a place of the document, or where that refers to.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(at) => document.pointer(at.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// `UPDATE_EXAMPLES=1` takes those that are missing from what the tests see.
#[test]
fn every_body_has_an_example_that_fits() {
    let contract = Contract::of_binary();
    let document = contract.document();
    let (mut wrong, mut without, mut seen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (place, content) in bodies(document, operation) {
                let schema = content["schema"].get("items").unwrap_or(&content["schema"]);
                let example = content
                    .get("example")
                    .or_else(|| resolve(document, schema)["examples"].get(0));
                let Some(example) = example else {
                    without.insert(format!("{method} {path} {place}: {schema}"));
                    continue;
                };
                if seen.insert(format!("{schema} {example}")) {
                    let fits = contract.fits(schema, example, true);
                    wrong.extend(fits.err().map(|why| format!("{schema}: {why}")));
                }
            }
        }
    }
    assert!(
        wrong.is_empty() && without.is_empty(),
        "run the tests that use these with UPDATE_EXAMPLES=1: {wrong:#?} {without:#?}"
    );
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn every_parameter_says_what_it_means_and_has_an_example_that_fits() {
    let contract = Contract::of_binary();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, item) in contract.document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                count += 1;
                let name = parameter["name"].as_str().unwrap();
                let place = format!("{method} {path} {name}");
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    wrong.push(format!("{place}: no description"));
                }
                let fits = match parameter.get("example") {
                    None => Err("no example".to_owned()),
                    Some(example) => contract.fits(&parameter["schema"], example, true),
                };
                wrong.extend(fits.err().map(|why| format!("{place}: {why}")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "say it where they are declared, in PARAMETERS (openapi/form.rs) or in openapi/parameters.rs: {wrong:#?}"
    );
    assert!(count > 500, "{count}");
}

/// What only the server can write.
const OPAQUE: [&str; 3] = ["cursor", "since", "last_event_id"];

/// All examples of a query are right together, by the clock of the tests.
#[test]
fn examples_of_queries_are_taken() {
    let app = TestApp::start();
    let readers = [Staff::Office, Staff::Auditor, Staff::Admin, Staff::Leader];
    for (path, item) in Contract::of_binary().document()["paths"]
        .as_object()
        .unwrap()
    {
        let operation = &item["get"];
        let Some(mut target) = path.strip_prefix("/api/v1").map(str::to_owned) else {
            continue;
        };
        if operation.is_null() || operation["operationId"] == "stream_events" {
            continue;
        }
        let mut query: Vec<(&str, String)> = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let example = match &parameter["example"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match parameter["in"].as_str() {
                Some("path") => target = target.replace(&format!("{{{name}}}"), &example),
                Some("query") if !OPAQUE.contains(&name) => query.push((name, example)),
                _ => {}
            }
        }
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let asked = tests::app::with_query(&target, &query);
        let staff = readers.iter().map(|who| app.by(*who));
        let others = [app.county_office(), app.keeper()];
        let taken = staff.chain(others).any(|client| {
            let answer = client.get(&asked).send();
            assert!(
                ![400, 422].contains(&answer.status),
                "{asked}: {}",
                answer.text()
            );
            answer.status != 403
        });
        assert!(taken, "{asked}: nobody could ask");
    }
}

#[test]
fn every_operation_says_its_scope_and_its_errors() {
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
                let answer = resolve(document, answer);
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
