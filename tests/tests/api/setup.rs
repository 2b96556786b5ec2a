//! The first run: administrator and organisation.

use std::thread;

use serde_json::{Value, json};
use tests::TestApp;

fn input() -> Value {
    json!({
        "username": "guanli", "password": "correct horse battery", "name": "管理员",
        "template": "pingchuan", "township_name": "明永镇",
    })
}

#[test]
fn the_first_run_happens_once() {
    let app = TestApp::with().empty().start();
    let nobody = app.nobody();
    assert_eq!(
        nobody.get("/setup").expect(200).json(),
        json!({"needed": true, "demo": false, "provider": null})
    );
    nobody
        .sign_in("guanli", "correct horse battery")
        .problem("wrong_credentials");
    // Of several at once one wins.
    let statuses: Vec<u16> = thread::scope(|scope| {
        let one = || nobody.post("/setup").json(&input()).send().status;
        let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [201, 409].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(nobody.get("/setup").expect(200).json()["needed"], false);
    nobody
        .post("/setup")
        .json(&input())
        .send()
        .problem("conflict");
    // Whatever it says: who asks later learns nothing else.
    let other = json!({
        "username": "dierge", "password": "another password", "name": "第二个",
        "template": "empty", "township_name": "别的镇",
    });
    nobody
        .post("/setup")
        .json(&other)
        .send()
        .problem("conflict");

    let session = nobody
        .sign_in("guanli", "correct horse battery")
        .expect(200)
        .json();
    let admin = nobody.with_token(session["access_token"].as_str().unwrap());
    let units = admin.get("/org-units").expect(200).json();
    let kinds = |kind: &str| {
        let units = units.as_array().unwrap();
        units.iter().filter(|unit| unit["kind"] == kind).count()
    };
    assert_eq!(
        (kinds("township"), kinds("village"), kinds("group")),
        (1, 9, 72)
    );
    let township = units
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["kind"] == "township");
    assert_eq!(township.unwrap()["short_name"], "明永");
    assert_eq!(admin.get("/users").expect(200).json()["total"], 1);
}

#[test]
fn what_is_wrong_with_the_first_run_is_named() {
    let app = TestApp::with().empty().start();
    let with = |field: &str, value: Value| {
        let mut input = input();
        input[field] = value;
        app.nobody().post("/setup").json(&input).send()
    };
    assert_eq!(
        with("password", json!("short")).invalid_fields(),
        ["password:too_short"]
    );
    assert_eq!(
        with("username", json!("a b")).invalid_fields(),
        ["username:invalid"]
    );
    assert_eq!(
        with("township_name", json!(" ")).invalid_fields(),
        ["township_name:required"]
    );
    assert_eq!(with("name", json!("")).invalid_fields(), ["name:required"]);
    with("template", json!("x")).problem("bad_request");
    with("role", json!("x")).problem("bad_request");
    assert_eq!(
        app.nobody().get("/setup").expect(200).json()["needed"],
        true
    );
}

#[test]
fn an_empty_township_is_filled_by_hand() {
    let app = TestApp::with().empty().start();
    let mut input = input();
    input["template"] = json!("empty");
    app.nobody().post("/setup").json(&input).expect(201);
    let session = app
        .nobody()
        .sign_in("guanli", "correct horse battery")
        .expect(200)
        .json();
    let admin = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let units = admin.get("/org-units").expect(200).json();
    assert_eq!(units.as_array().unwrap().len(), 1);
    let village = json!({"parent_id": units[0]["id"], "kind": "village", "name": "沿河村"});
    admin.post("/org-units").json(&village).expect(201);
}

#[test]
fn before_the_first_run_nobody_gets_in() {
    let app = TestApp::with().empty().start();
    for path in [
        "/cases",
        "/users",
        "/org-units",
        "/audit",
        "/settings",
        "/me",
    ] {
        app.nobody().get(path).send().problem("unauthenticated");
    }
    app.nobody().get("/health/ready").expect(200);
}
