//! API tokens: what they are good for, and what ends them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::term::Term;
use shared::token::TokenScope;
use tests::app::soon;
use tests::files::holds;
use tests::staff::{NEXT_VILLAGE, PASSWORD, VILLAGE};
use tests::{Answer, Client, Staff, TestApp};

const TODAY: &str = "2026-03-10";
const LATER: &str = "2026-06-30";

fn new(scopes: &[&str]) -> Value {
    json!({"name": "县平台同步", "scopes": scopes, "expires_on": LATER})
}

fn make(app: &TestApp, who: Staff, input: &Value) -> Answer {
    app.by(who).post("/tokens").json(input).send()
}

/// A client that bears a new token, and the token's id.
fn bearer(app: &TestApp, who: Staff, input: &Value) -> (Client, String) {
    let made = make(app, who, input).expect(201).json();
    let client = app.nobody().with_token(made["secret"].as_str().unwrap());
    (client, made["token"]["id"].as_str().unwrap().to_owned())
}

fn all_scopes() -> Vec<&'static str> {
    TokenScope::ALL.iter().map(|scope| scope.code()).collect()
}

/// What a request by token is told, which must be 401.
fn refused(client: &Client) -> String {
    let answer = client.get("/cases").expect(401);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.problem("unauthenticated").detail
}

fn change_user(app: &TestApp, admin: &Client, who: Staff, patch: &Value) {
    let path = format!("/users/{}", app.user(who));
    let etag = admin.get(&path).expect(200).etag();
    admin.patch(&path).if_match(etag).json(patch).expect(200);
}

/// Whoever gets hold of the database, or of all files, finds no token there: not in its row, nor in the
/// answer that was kept for its idempotency key, nor in the log.
#[test]
fn a_token_is_kept_as_a_hash_alone() {
    let app = TestApp::start();
    let call = || {
        let call = app.by(Staff::Secretary).post("/tokens").key("once");
        call.json(&new(&["cases:read"])).expect(201).json()
    };
    let made = call();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(call()["secret"], secret, "the kept answer has it");
    let script = app.nobody().with_token(secret);
    script.get("/cases").expect(200);
    let hint = made["token"]["hint"].as_str().unwrap();
    let rest = secret.strip_prefix(hint).unwrap();
    let lies = app.lies();
    assert!(holds(&lies, hint.as_bytes()), "it lies there");
    assert!(!holds(&lies, rest.as_bytes()), "{rest}");
}

#[test]
fn a_token_acts_as_its_owner_within_its_scope() {
    let app = TestApp::start();
    let own = app.case().village(VILLAGE).register();
    let foreign = app.case().village(NEXT_VILLAGE).register();
    let made = make(&app, Staff::Secretary, &new(&["cases:read"]))
        .expect(201)
        .json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("xf_") && secret.len() > 40, "{secret}");
    let hint = made["token"]["hint"].as_str().unwrap();
    assert!(secret.starts_with(hint) && hint.len() == 8);
    let script = app.nobody().with_token(secret);
    // As its owner: the own village, and no other.
    script.get(own.path("")).expect(200);
    script.get(foreign.path("")).expect(404);
    let found = script.get("/cases").expect(200).json();
    assert_eq!(found["total"], 1);
    // Within its scope.
    let registering = script.post("/cases").json(app.case().input()).send();
    let problem = registering.problem("insufficient_scope");
    assert!(problem.detail.contains("cases:write"), "{problem:?}");
    // The secret is nowhere else.
    let list = app.by(Staff::Secretary).get("/tokens").expect(200).text();
    assert!(!list.contains(secret) && list.contains(hint), "{list}");
    // What it did is its owner's doing.
    let noted = || {
        let path = format!("/audit?user_id={}", app.user(Staff::Secretary));
        let audit = app.by(Staff::Auditor).get(path).expect(200).json();
        let entries = audit["items"].as_array().unwrap();
        let actions: BTreeSet<&str> = entries
            .iter()
            .map(|entry| entry["action"].as_str().unwrap())
            .collect();
        ["token", "token_use", "case_view"]
            .iter()
            .all(|action| actions.contains(action))
    };
    assert!(soon(noted));
}

/// A wider scope than the role gives nothing.
#[test]
fn no_scope_is_wider_than_the_role() {
    let app = TestApp::start();
    let (script, _) = bearer(&app, Staff::Auditor, &new(&all_scopes()));
    script.get("/cases").send().problem("forbidden");
    script.get("/audit").expect(200);
    let (script, _) = bearer(&app, Staff::Admin, &new(&all_scopes()));
    script.get("/users").expect(200);
    // Never by token, whoever's it is.
    let user = json!({"username": "x1", "name": "某人", "role": "auditor", "unit_id": "u"});
    for (method, path, body) in [
        ("POST", "/users", user),
        ("PATCH", "/settings", json!({})),
        ("POST", "/tokens", new(&["cases:read"])),
        ("GET", "/tokens", json!({})),
        ("POST", "/me/password", json!({})),
    ] {
        let answer = script.call(method, path).json(&body).send();
        let problem = answer.problem("insufficient_scope");
        assert!(problem.detail.contains("不能用令牌"), "{path}: {problem:?}");
    }
}

/// Every operation asks for the scope that its document names, and lets no other through.
#[test]
fn every_route_asks_for_the_scope_that_is_documented() {
    let app = TestApp::start();
    let fast = |scopes: &[&str]| {
        let mut input = new(scopes);
        input["per_minute"] = json!(6000);
        bearer(&app, Staff::Office, &input).0
    };
    let (photos, audit) = (fast(&["photos:write"]), fast(&["audit:read"]));
    let document = app.nobody().get("/api/openapi.json").expect(200).json();
    let (mut scoped, mut closed) = (0, 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let Some(security) = operation["security"].as_array() else {
                continue;
            };
            let scope = security.iter().find_map(|one| one["token"][0].as_str());
            let path: String = path
                .split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let script = if scope == Some("photos:write") {
                &audit
            } else {
                &photos
            };
            // Where the directory is fresh, the token is looked at before anything else of the request;
            // where it must be read anew first, the missing `If-Match` may be told.
            let mut answers = (0..5).map(|_| {
                script.get("/me").expect(403);
                script.call(&method.to_uppercase(), &path).send()
            });
            let answer = answers.find(|answer| answer.status != 428);
            let answer = answer.expect("a scope is asked for");
            assert_eq!(answer.status, 403, "{place}: {}", answer.text());
            let problem = answer.problem("insufficient_scope");
            let expected = scope.unwrap_or("不能用令牌");
            assert!(problem.detail.contains(expected), "{place}: {problem:?}");
            match scope {
                Some(_) => scoped += 1,
                None => closed += 1,
            }
        }
    }
    assert!(scoped > 100 && closed > 15, "{scoped} {closed}");
}

#[test]
fn a_token_ends_with_its_day() {
    let mut app = TestApp::start();
    let input = json!({"name": "试用", "scopes": ["cases:read"], "expires_on": TODAY});
    let made = make(&app, Staff::Office, &input).expect(201).json();
    assert_eq!(made["token"]["expires_at"], "2026-03-10T16:00:00Z");
    let secret = made["secret"].as_str().unwrap();
    app.restart(Some("2026-03-10T15:59:00Z"));
    app.nobody().with_token(secret).get("/cases").expect(200);
    app.restart(Some("2026-03-10T16:00:01Z"));
    let words = refused(&app.nobody().with_token(secret));
    assert!(words.contains("到期"), "{words}");
    // A stranger learns nothing but that it is none.
    let words = refused(&app.nobody().with_token("xf_0123456789"));
    assert!(words.contains("没有这个令牌"), "{words}");
    let session = app.sign_in(Staff::Office).expect(200).json();
    let owner = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let list = owner.get("/tokens").expect(200).json();
    assert_eq!(list["items"][0]["state"], "expired");
}

#[test]
fn a_token_that_was_taken_back_is_no_good_at_once() {
    let app = TestApp::start();
    let (script, id) = bearer(&app, Staff::Office, &new(&["cases:read"]));
    script.get("/cases").expect(200);
    let path = format!("/tokens/{id}");
    // It is not for others to know of.
    app.by(Staff::Leader)
        .delete(&path)
        .send()
        .problem("not_found");
    script.get("/cases").expect(200);
    app.by(Staff::Office).delete(&path).expect(204);
    let words = refused(&script);
    assert!(words.contains("撤销"), "{words}");
    app.by(Staff::Office).delete(&path).expect(204);
    app.by(Staff::Office)
        .delete("/tokens/none")
        .send()
        .problem("not_found");
}

#[test]
fn a_token_ends_with_what_its_owner_was() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let scopes = new(&["cases:read"]);
    let (disabled, _) = bearer(&app, Staff::Office, &scopes);
    change_user(&app, &admin, Staff::Office, &json!({"disabled": true}));
    let words = refused(&disabled);
    assert!(words.contains("停用"), "{words}");

    let (promoted, _) = bearer(&app, Staff::Secretary, &scopes);
    let patch = json!({"role": "coordination_office", "unit_id": app.unit("镇综治办")});
    change_user(&app, &admin, Staff::Secretary, &patch);
    let words = refused(&promoted);
    assert!(words.contains("角色"), "{words}");

    let (gone, id) = bearer(&app, Staff::Leader, &scopes);
    app.by(Staff::Leader).delete("/session/all").expect(204);
    let words = refused(&gone);
    assert!(words.contains("退出"), "{words}");
    let all = admin.get("/tokens?all=true").expect(200).json();
    let items = all["items"].as_array().unwrap();
    let state = |id: &str| items.iter().find(|token| token["id"] == id).unwrap()["state"].clone();
    assert_eq!(state(&id), "signed_out");

    let (changed, _) = bearer(&app, Staff::Police, &scopes);
    let change = json!({"current_password": PASSWORD, "new_password": "another battery staple"});
    let own = app.by(Staff::Police).post("/me/password");
    own.json(&change).expect(200);
    let words = refused(&changed);
    assert!(words.contains("密码"), "{words}");
}

#[test]
fn a_token_comes_only_from_where_it_may() {
    let app = TestApp::start();
    let at = |addresses: Value| {
        let mut input = new(&["cases:read"]);
        input["addresses"] = addresses;
        bearer(&app, Staff::Office, &input).0
    };
    at(json!(["127.0.0.1"])).get("/cases").expect(200);
    at(json!(["10.0.0.0/8", "127.0.0.0/8", "fd00::/8"]))
        .get("/cases")
        .expect(200);
    let elsewhere = at(json!(["10.0.0.0/8", "::1"]));
    let words = refused(&elsewhere);
    assert!(words.contains("地址"), "{words}");
    // Whoever looks after the system finds it.
    let tried = || {
        let path = "/audit?action=token_use";
        let audit = app.by(Staff::Auditor).get(path).expect(200).text();
        audit.contains("不允许的地址")
    };
    assert!(soon(tried));
}

#[test]
fn a_token_has_a_rate_of_its_own() {
    let app = TestApp::start();
    let mut input = new(&["cases:read"]);
    input["per_minute"] = json!(3);
    let (script, _) = bearer(&app, Staff::Office, &input);
    let (other, _) = bearer(&app, Staff::Office, &input);
    for _ in 0..3 {
        script.get("/cases").expect(200);
    }
    let answer = script.get("/cases").expect(429);
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    answer.problem("too_many_requests");
    other.get("/cases").expect(200);
    app.by(Staff::Office).get("/cases").expect(200);
}

#[test]
fn wrong_input_is_refused_field_by_field() {
    let app = TestApp::start();
    let bad = json!({
        "name": "", "scopes": [], "expires_on": "2027-03-11",
        "addresses": ["10.0.0.0/8", "县平台"], "per_minute": 0,
    });
    assert_eq!(
        make(&app, Staff::Office, &bad).invalid_fields(),
        [
            "addresses.1:invalid",
            "expires_on:out_of_range",
            "name:required",
            "per_minute:out_of_range",
            "scopes:required",
        ]
    );
    let unknown = new(&["cases:everything"]);
    make(&app, Staff::Office, &unknown).problem("bad_request");
    let mut extra = new(&["cases:read"]);
    extra["owner"] = json!(app.user(Staff::Leader));
    make(&app, Staff::Office, &extra).problem("bad_request");
    // The same key makes one token, whose secret comes again with the answer.
    let call = || {
        app.by(Staff::Office)
            .post("/tokens")
            .key("k1")
            .json(&new(&["cases:read"]))
    };
    assert_eq!(call().expect(201).json(), call().expect(201).json());
    for _ in 1..20 {
        make(&app, Staff::Office, &new(&["cases:read"])).expect(201);
    }
    make(&app, Staff::Office, &new(&["cases:read"])).problem("conflict");
}

#[test]
fn the_administrator_sees_and_ends_everybodys() {
    let app = TestApp::start();
    let (script, id) = bearer(&app, Staff::Secretary, &new(&["cases:read"]));
    bearer(&app, Staff::Office, &new(&["reports:read"]));
    script.get("/cases").expect(200);
    let admin = app.by(Staff::Admin);
    let used = || {
        let all = admin.get("/tokens?all=true").expect(200).json();
        assert_eq!(all["total"], 2);
        let items = all["items"].as_array().unwrap();
        let token = items.iter().find(|token| token["id"] == *id).unwrap();
        assert_eq!(token["owner"]["name"], "周永福");
        assert_eq!(token["unit"]["name"], VILLAGE);
        token["last_address"] == "127.0.0.1" && !token["last_used_at"].is_null()
    };
    assert!(soon(used));
    let page = admin.get("/tokens?all=true&limit=1").expect(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = admin
        .get(format!("/tokens?all=true&limit=1&cursor={cursor}"))
        .expect(200)
        .json();
    assert_eq!(rest["items"][0]["id"], *id);
    assert!(rest["next_cursor"].is_null());
    app.by(Staff::Leader)
        .get("/tokens?all=true")
        .send()
        .problem("forbidden");
    assert_eq!(admin.get("/tokens").expect(200).json()["total"], 0);
    admin.delete(format!("/tokens/{id}")).expect(204);
    refused(&script);
    let audit = app
        .by(Staff::Auditor)
        .get("/audit?action=token")
        .expect(200)
        .text();
    assert!(audit.contains("撤销周永福的令牌“县平台同步”"), "{audit}");
}
