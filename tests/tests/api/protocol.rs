//! The manners of the API: unknown addresses, broken requests, headers, health, its description.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::json;
use tests::contract::Contract;
use tests::staff::VILLAGE;
use tests::{Staff, TestApp};

#[test]
fn an_unknown_address_is_a_problem_and_not_a_page() {
    let app = TestApp::start();
    for path in [
        "/api/v1/nothing",
        "/api/v1",
        "/api/v1/",
        "/api/v2/cases",
        "/api/",
        "/api/v1/cases/",
        "/api/v1//cases",
        "/api/v1/case",
        "/health/x",
    ] {
        for client in [app.nobody(), app.by(Staff::Office)] {
            client.call_at("GET", path).send().problem("not_found");
        }
    }
    let problem = app.nobody().get("/nothing").expect(404).json();
    let fields: Vec<&String> = problem.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["code", "detail", "errors", "status", "title", "type"]
    );
    assert_eq!(problem["type"], "about:blank");
}

#[test]
fn a_method_that_an_address_does_not_know_is_refused() {
    let app = TestApp::start();
    let case = app.case().register();
    for (method, path) in [
        ("DELETE", "/cases".to_owned()),
        ("PUT", "/cases".to_owned()),
        ("PUT", case.path("")),
        ("DELETE", case.path("")),
        ("GET", "/cases/similar/x".to_owned()),
        ("POST", case.path("/events")),
        ("DELETE", case.path("/events")),
        ("GET", case.path("/actions/note")),
        ("GET", "/session".to_owned()),
        ("DELETE", "/audit".to_owned()),
        ("POST", "/audit".to_owned()),
        ("PATCH", "/audit".to_owned()),
        ("DELETE", "/users/x".to_owned()),
        ("DELETE", "/org-units/x".to_owned()),
        ("PROPFIND", "/cases".to_owned()),
    ] {
        let answer = app.by(Staff::Office).call(method, &path).send();
        assert!(
            [404, 405].contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
        let expected = if path == "/cases/similar/x" {
            "not_found"
        } else {
            "method_not_allowed"
        };
        answer.problem(expected);
    }
    let answer = app.by(Staff::Office).call("PUT", "/cases").expect(405);
    assert!(!answer.header("allow").is_empty());
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let app = TestApp::start();
    let post = |media_type: &str, body: &str| {
        app.by(Staff::Office)
            .post("/cases")
            .body(media_type, body.to_owned())
            .send()
    };
    for body in [
        "",
        "{",
        "[]",
        "null",
        "3",
        "\"x\"",
        "{\"kind\":}",
        "{\"kind\":\"petition\"}{",
        "\u{feff}{}",
        "{\"cause\":\"\\ud800\"}",
    ] {
        post("application/json", body).problem("bad_request");
    }
    let nested = "[".repeat(100_000);
    post("application/json", &nested).problem("bad_request");
    for media_type in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        post(media_type, "{}").problem("unsupported_media_type");
    }
    app.by(Staff::Office)
        .post("/cases")
        .send()
        .problem("unsupported_media_type");
    let large = format!("{{\"cause\":\"{}\"}}", "字".repeat(500_000));
    post("application/json", &large).problem("too_large");
    let call = app
        .by(Staff::Office)
        .post("/cases")
        .body("application/json", vec![b'"', 0xff, 0xfe, b'"']);
    call.send().problem("bad_request");
    let valid = app.case().input().to_string();
    post("application/json; charset=utf-8", &valid).expect(201);
}

/// Ids that no server gave, and ids of another installation: not there, and not a word more.
#[test]
fn an_id_that_nothing_has_is_not_found() {
    let app = TestApp::start();
    let mine = app.case().village(VILLAGE).register();
    let other = TestApp::start();
    let theirs = other.case().village(VILLAGE).register().id;
    let long = "a".repeat(6000);
    let ids = [
        &theirs,
        "x",
        "1",
        "0",
        "-1",
        "null",
        "undefined",
        "%00",
        "a%00b",
        "%27%20OR%201%3D1--",
        "%22",
        "%E4%BA%8B",
        "%F0%9F%99%82",
        "%ff%fe",
        "..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "a%2fb",
        "%5c",
        "*",
        "%25",
        "+",
        "00000000-0000-0000-0000-000000000000",
        &mine.id.to_uppercase(),
        &format!("{}%20", mine.id),
        &long,
    ];
    let office = app.by(Staff::Office);
    for id in ids {
        for below in [
            "",
            "/events",
            "/actions",
            "/receipt",
            "/people",
            "/attachments",
        ] {
            // A client may fold dots away before it asks.
            if ["..", "%2e%2e"].contains(&id) {
                continue;
            }
            let status = office.get(format!("/cases/{id}{below}")).send().status;
            assert_eq!(status, 404, "{id} {below}");
        }
        if ["..", "%2e%2e"].contains(&id) {
            continue;
        }
        let call = office.patch(format!("/cases/{id}")).if_match("\"1\"");
        call.json(&json!({})).send().problem("not_found");
        let call = office
            .post(format!("/cases/{id}/actions/note"))
            .if_match("\"1\"");
        call.json(&json!({"text": "x"})).send().problem("not_found");
        office
            .get(mine.path(&format!("/attachments/{id}")))
            .send()
            .problem("not_found");
        office
            .delete(mine.path(&format!("/attachments/{id}")))
            .send()
            .problem("not_found");
        let call = office.post(mine.path(&format!("/people/{id}/reveal")));
        call.json(&json!({"reason": "x"}))
            .send()
            .problem("not_found");
        let call = office
            .post(mine.path(&format!("/actions/{id}")))
            .if_match("\"1\"");
        call.json(&json!({})).send().problem("not_found");
        app.by(Staff::Admin)
            .get(format!("/users/{id}"))
            .send()
            .problem("not_found");
        app.by(Staff::Admin)
            .get(format!("/org-units/{id}"))
            .send()
            .problem("not_found");
        let decoded = id.replace("%00", "\u{0}").replace("%27", "'");
        app.case()
            .set("village_id", decoded.clone())
            .send()
            .expect(422);
        app.case()
            .set("earlier_case_id", decoded.clone())
            .send()
            .expect(422);
        app.by(Staff::Auditor)
            .get(tests::app::with_query("/audit", &[("case_id", &decoded)]))
            .expect(200);
        app.list(
            Staff::Office,
            &[("village_id", &decoded), ("lead_id", &decoded)],
        );
    }
    // Users and units of the other installation are unknown here, too.
    app.case()
        .set("first_receiver_id", other.case().register().id)
        .send()
        .expect(422);
}

/// No text makes the server stumble, or comes back other than it went in.
#[test]
fn any_text_is_kept_as_it_is_or_refused() {
    let app = TestApp::start();
    let texts = [
        "'; DROP TABLE cases; --",
        "\\",
        "\"quoted\"",
        "%s %d {0} ${x}",
        "<script>alert(1)</script>",
        "🙂👩‍👩‍👧 𠮷",
        "e\u{301}",
        "\u{202e}txt",
        "行一\n行二\t三",
        "\u{1}\u{7f}",
        "a\u{0}b",
        "\u{ffff}",
        "NULL",
        "true",
        "１２３",
        "\u{3000}全角空格",
    ];
    for text in texts {
        let people = json!([{"role": "petitioner", "name": text, "address": text}]);
        let case = app
            .case()
            .cause(text)
            .set("demand", text)
            .set("place", text)
            .set("people", people)
            .send();
        assert!(
            [201, 422].contains(&case.status),
            "{text:?}: {}",
            case.text()
        );
        if case.status == 422 {
            assert!(text.contains('\u{0}'), "{text:?}: {}", case.text());
            continue;
        }
        let view = case.json();
        let again = app
            .by(Staff::Office)
            .get(format!("/cases/{}", view["id"].as_str().unwrap()))
            .expect(200)
            .json();
        assert_eq!(again["cause_full"], text.trim(), "{text:?}");
        assert_eq!(again["people"][0]["name"], text.trim(), "{text:?}");
        let id = view["id"].as_str().unwrap();
        app.act(id, Staff::Office, "note", json!({"text": text}))
            .expect(200);
    }
    let case = app.case().register();
    let note = case.act(Staff::Office, "note", json!({"text": "a\u{0}b"}));
    assert!([200, 422].contains(&note.status), "{}", note.text());
    let reveal = app
        .by(Staff::Office)
        .post(case.path(&format!("/people/{}/reveal", case.person(0))));
    let reveal = reveal.json(&json!({"reason": "a\u{0}b"})).send();
    assert!([200, 422].contains(&reveal.status), "{}", reveal.text());
    let patch = app
        .by(Staff::Office)
        .patch(case.path(""))
        .if_match(app.etag(&case.id, Staff::Office));
    let patch = patch.json(&json!({"place": "a\u{0}b"})).send();
    assert!([200, 422].contains(&patch.status), "{}", patch.text());
    let similar = app.by(Staff::Office).post("/cases/similar");
    similar
        .json(&json!({"cause": "a\u{0}b", "village_id": "\u{0}", "except": "\u{0}"}))
        .expect(200);
    app.nobody()
        .sign_in("a\u{0}b", "a\u{0}b")
        .problem("wrong_credentials");
    let unit = json!({"parent_id": app.unit("平川镇"), "kind": "village", "name": "a\u{0}b"});
    let unit = app.by(Staff::Admin).post("/org-units").json(&unit).send();
    assert!([201, 422].contains(&unit.status), "{}", unit.text());
    let user = json!({"username": "a\u{0}b", "name": "a\u{0}b", "role": "auditor", "unit_id": app.unit("党政办")});
    app.by(Staff::Admin).post("/users").json(&user).expect(422);
    let user = json!({"username": "ab", "name": "a\u{0}b", "role": "auditor", "unit_id": app.unit("党政办")});
    let user = app.by(Staff::Admin).post("/users").json(&user).send();
    assert!([201, 422].contains(&user.status), "{}", user.text());
    let users = app
        .by(Staff::Admin)
        .get(tests::app::with_query("/users", &[("q", "a\u{0}b")]));
    users.expect(200);
    app.by(Staff::Auditor)
        .get(tests::app::with_query("/audit", &[("user_id", "a\u{0}b")]))
        .expect(200);
}

#[test]
fn every_answer_carries_the_headers_that_protect() {
    let app = TestApp::start();
    let case = app.case().register();
    let office = app.by(Staff::Office);
    let answers = [
        office.get(case.path("")).expect(200),
        office.get("/cases").expect(200),
        office.get("/nothing").expect(404),
        app.nobody().get("/cases").expect(401),
        app.nobody().call_at("GET", "/").expect(200),
        app.nobody().call_at("GET", "/cases/anything").expect(200),
        app.nobody().get("/health/live").expect(200),
        app.nobody().get("/api/openapi.json").expect(200),
        office.get("/exports/ledger.xlsx").expect(200),
    ];
    for answer in answers {
        for (name, part) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "payment=()"),
        ] {
            assert!(
                answer.header(name).contains(part),
                "{name}: {}",
                answer.header(name)
            );
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src"), "{policy}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{policy}"
        );
        assert!(!answer.header("x-request-id").is_empty());
        assert_eq!(answer.header("server"), "");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let page = app.nobody().call_at("GET", "/").expect(200);
    let policy = page.header("content-security-policy").to_owned();
    for part in [
        "'wasm-unsafe-eval'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(page.header("content-type").starts_with("text/html"));
    // What names the app's files is asked for anew each time; only those are kept.
    for (path, content_type) in [
        ("/sw.js", "text/javascript"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon-192.png", "image/png"),
    ] {
        let file = app.nobody().call_at("GET", path).expect(200);
        assert!(file.header("content-type").starts_with(content_type));
        assert_eq!(file.header("cache-control"), "no-cache", "{path}");
    }
    assert!(!page.text().contains("<script>"), "no inline scripts");
    // Answers of the API are nobody else's to keep.
    assert_eq!(
        office.get("/cases").expect(200).header("cache-control"),
        "no-store"
    );
    // The pages of the API's description set styles; scripts stay closed.
    let docs = app.nobody().get("/api/docs/").expect(200);
    let policy = docs.header("content-security-policy");
    assert!(policy.contains("script-src 'self';"), "{policy}");
}

#[test]
fn a_request_can_be_followed_by_its_id() {
    let app = TestApp::start();
    let given = "client-0123456789";
    let answer = app
        .by(Staff::Office)
        .get("/cases")
        .header("x-request-id", given)
        .expect(200);
    assert_eq!(answer.header("x-request-id"), given);
    for bad in ["short", &"x".repeat(65), "with space and 'quotes'"] {
        let answer = app
            .by(Staff::Office)
            .get("/cases")
            .header("x-request-id", bad)
            .expect(200);
        assert_ne!(answer.header("x-request-id"), bad);
    }
    app.by(Staff::Office)
        .get("/exports/ledger.xlsx")
        .header("x-request-id", "export-12345678")
        .expect(200);
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=export")
        .expect(200)
        .json();
    assert_eq!(log["items"][0]["request_id"], "export-12345678");
    assert!(app.log().contains(given));
    // What was searched for and who was asked about is not in the log.
    app.list(Staff::Office, &[("q", "张三丰的秘密")]);
    let case = app.case().register();
    case.seen_by(Staff::Office).expect(200);
    let log = app.log();
    assert!(
        !log.contains("张三丰") && !log.contains("%E5%BC%A0"),
        "{log}"
    );
}

#[test]
fn health_tells_whether_it_lives_and_serves() {
    let app = TestApp::start();
    for path in ["/health/live", "/health/ready"] {
        let answer = app.nobody().get(path).expect(200);
        assert_eq!(answer.json(), json!({"status": "ok"}));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn the_description_is_openapi_and_says_what_the_command_line_prints() {
    let app = TestApp::start();
    let served = app.nobody().get("/api/openapi.json").expect(200);
    let printed = tests::server::command().arg("openapi").output().unwrap();
    assert!(printed.status.success());
    assert!(printed.stdout == served.body, "not the same bytes");
    let document = served.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let name = name.trim_end_matches('}');
                assert!(
                    parameters
                        .iter()
                        .any(|p| p["name"] == name && p["in"] == "path"),
                    "{method} {path}: {name}"
                );
            }
        }
    }
}

/// The `POST`s without an `Idempotency-Key`, and why it would be of no use there.
const WITHOUT_KEY: &[(&str, &[&str])] = &[
    (
        "it writes nothing, or only the trace of each look",
        &[
            "/cases/similar",
            "/imports/ledger/marked",
            "/cases/{id}/people/{pid}/reveal",
            "/sync",
        ],
    ),
    (
        "done twice it is as done once",
        &["/notifications/{id}/read", "/notifications/read-all"],
    ),
    ("each item has a key of its own", &["/cases:batch"]),
    ("it succeeds once and is refused from then on", &["/setup"]),
    (
        "it is of the own sign-in, whose secrets no answer may keep",
        &[
            "/session",
            "/session/refresh",
            "/me/password",
            "/me/identity",
            "/me/second-factor",
            "/me/second-factor/confirm",
            "/me/second-factor/off",
            "/me/second-factor/recovery-codes",
        ],
    ),
];

/// The page for programs tells of the same.
#[test]
fn every_post_takes_a_key_or_needs_none() {
    let page = include_str!("../../../docs/api.md");
    let mut without: BTreeSet<&str> = BTreeSet::new();
    for (why, paths) in WITHOUT_KEY {
        for path in *paths {
            assert!(without.insert(path), "{path} is listed twice");
            assert!(page.contains(&format!("`{path}`")), "{path}: {why}");
        }
    }
    for (path, item) in Contract::of_binary().document()["paths"]
        .as_object()
        .unwrap()
    {
        let Some(operation) = item.get("post") else {
            continue;
        };
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let takes = parameters
            .filter(|parameter| parameter["in"] == "header")
            .any(|parameter| parameter["name"] == "Idempotency-Key");
        let listed = without.remove(path.strip_prefix("/api/v1").unwrap_or(path));
        assert_ne!(
            takes, listed,
            "POST {path}: give it a key, or list it here with a reason and in docs/api.md"
        );
    }
    assert!(without.is_empty(), "no such routes: {without:?}");
}

/// The command line does not print secrets, and says what is wrong in Chinese.
#[test]
fn the_command_line_shows_the_configuration_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &mut Command| command.current_dir(folder.path()).output().unwrap();
    let mut command = tests::server::command();
    let shown = run(command
        .arg("config")
        .env("XINFANG_KEY", "c2VjcmV0")
        .env("DATABASE_URL", "postgres://u:hunter2@h/db"));
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && text.contains("[http]"));
    assert!(
        !text.contains("c2VjcmV0") && !text.contains("hunter2"),
        "{text}"
    );
    let mut command = tests::server::command();
    let wrong = run(command.arg("serve").env("XINFANG_LISTEN", "8080"));
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        !wrong.status.success()
            && tests::client::is_chinese(&text)
            && text.contains("XINFANG_LISTEN"),
        "{text}"
    );
}

/// A cursor is opaque: one that the server never gave does no harm.
#[test]
fn a_forged_cursor_does_no_harm() {
    let app = TestApp::start();
    for _ in 0..3 {
        app.case().register();
    }
    // base64url of {"order":{"key":"n","descending":true},"value":"…","id":"…"}
    for cursor in [
        "eyJvcmRlciI6eyJrZXkiOiJuIiwiZGVzY2VuZGluZyI6dHJ1ZX0sInZhbHVlIjoiXHUwMDAwIiwiaWQiOiJcdTAwMDAifQ",
        "eyJvcmRlciI6eyJrZXkiOiJuIiwiZGVzY2VuZGluZyI6dHJ1ZX0sInZhbHVlIjoiJyBPUiAxPTEgLS0iLCJpZCI6Ing7In0",
        "eyJvcmRlciI6eyJrZXkiOiJuIiwiZGVzY2VuZGluZyI6dHJ1ZX0sInZhbHVlIjoiIiwiaWQiOiIifQ",
    ] {
        let query = [("sort", "-number"), ("cursor", cursor)];
        let answer = app
            .by(Staff::Office)
            .get(tests::app::with_query("/cases", &query))
            .send();
        assert!(
            [200, 400, 422].contains(&answer.status),
            "{}",
            answer.text()
        );
    }
    // base64url of "\u0000" and "'"
    for cursor in ["Ilx1MDAwMCI", "Iici"] {
        for (who, path) in [(Staff::Auditor, "/audit"), (Staff::Admin, "/users")] {
            let query = [("cursor", cursor)];
            let answer = app.by(who).get(tests::app::with_query(path, &query)).send();
            assert!([200, 400].contains(&answer.status), "{}", answer.text());
        }
    }
}
