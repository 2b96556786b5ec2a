//! Registering many cases in one request.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn item(app: &TestApp, key: &str) -> Value {
    let case = app.case().village(VILLAGE).cause(&format!("第{key}件"));
    json!({"idempotency_key": key, "case": case.input()})
}

fn send(app: &TestApp, who: Staff, atomic: bool, items: &[Value]) -> Answer {
    let body = json!({"atomic": atomic, "items": items});
    app.by(who).post("/cases:batch").json(&body).send()
}

fn count(app: &TestApp) -> u64 {
    app.list(Staff::Office, &[])["total"].as_u64().unwrap()
}

#[test]
fn one_bad_item_leaves_the_others_alone() {
    let app = TestApp::start();
    let mut wrong_field = item(&app, "b");
    wrong_field["case"]["cause"] = json!("");
    let mut no_such_field = item(&app, "c");
    no_such_field["case"]["cuase"] = json!("x");
    let items = [
        item(&app, "a"),
        wrong_field,
        no_such_field,
        json!({"idempotency_key": "d", "case": 7}),
        item(&app, "e"),
    ];
    let answer = send(&app, Staff::Office, false, &items).expect(200).json();
    assert_eq!(
        (&answer["registered"], &answer["failed"]),
        (&json!(2), &json!(3))
    );
    let results = answer["items"].as_array().unwrap();
    let statuses: Vec<_> = results
        .iter()
        .map(|one| one["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 422, 400, 400, 201]);
    assert_eq!(results[1]["problem"]["errors"][0]["field"], "cause");
    let words = results[2]["problem"]["detail"].as_str().unwrap();
    assert!(words.contains("cuase"), "{words}");
    // Numbers have no gap for what was not registered.
    let number = |at: usize| results[at]["case"]["number"].as_str().unwrap().to_owned();
    assert!(number(0).contains("00001") && number(4).contains("00002"));
    assert_eq!(count(&app), 2);
    // They are found by their words.
    assert_eq!(app.found(Staff::Office, &[("q", "第e件")]), [number(4)]);
    assert!(app.found(Staff::Office, &[("q", "第b件")]).is_empty());
}

#[test]
fn what_was_registered_comes_again_under_its_key() {
    let app = TestApp::start();
    let items = [item(&app, "a"), item(&app, "b")];
    let first = send(&app, Staff::Office, false, &items).expect(200).json();
    let again = send(&app, Staff::Office, false, &items).expect(200).json();
    for at in 0..2 {
        let (first, again) = (&first["items"][at], &again["items"][at]);
        assert_eq!(first["case"], again["case"]);
        assert_eq!(
            (&first["replayed"], &again["replayed"]),
            (&json!(false), &json!(true))
        );
    }
    // As by itself.
    let call = app.by(Staff::Office).post("/cases").key("a");
    let alone = call.json(&items[0]["case"]).expect(201);
    assert_eq!(alone.header("idempotency-replayed"), "true");
    assert_eq!(alone.json(), first["items"][0]["case"]);
    // Another case under a key that was used.
    let mut other = item(&app, "a");
    other["case"]["cause"] = json!("另一件事");
    let answer = send(&app, Staff::Office, false, &[other, item(&app, "c")])
        .expect(200)
        .json();
    assert_eq!(answer["items"][0]["status"], 409);
    assert_eq!(
        answer["items"][0]["problem"]["code"],
        "idempotency_mismatch"
    );
    assert_eq!(answer["items"][1]["status"], 201);
    assert_eq!(count(&app), 3);
}

#[test]
fn all_or_nothing_where_it_is_asked_for() {
    let app = TestApp::start();
    let mut wrong = item(&app, "b");
    wrong["case"]["cause"] = json!("");
    let items = [
        item(&app, "a"),
        wrong,
        json!({"idempotency_key": "c", "case": {}}),
    ];
    let problem = send(&app, Staff::Office, true, &items).problem("invalid_fields");
    let fields: Vec<_> = problem
        .errors
        .iter()
        .map(|error| (error.field.as_str(), error.code.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("items.1.case.cause", "required"),
            ("items.2", "bad_request")
        ]
    );
    assert!(problem.detail.contains("2件"), "{problem:?}");
    assert_eq!(count(&app), 0);
    // Nothing of it is left: the key is free, and the first number is given to the next.
    let answer = send(&app, Staff::Office, true, &[item(&app, "a")])
        .expect(200)
        .json();
    assert_eq!(answer["items"][0]["replayed"], false);
    let number = answer["items"][0]["case"]["number"].as_str().unwrap();
    assert!(number.contains("00001"), "{number}");
}

#[test]
fn a_batch_is_checked_as_one() {
    let app = TestApp::start();
    let send = |items: &[Value]| send(&app, Staff::Office, false, items);
    assert_eq!(send(&[]).invalid_fields(), ["items:out_of_range"]);
    let many: Vec<Value> = (0..101).map(|n| item(&app, &n.to_string())).collect();
    assert_eq!(send(&many).invalid_fields(), ["items:out_of_range"]);
    let answer = send(&many[..100]).expect(200).json();
    assert_eq!(answer["registered"], 100);
    assert_eq!(
        send(&[item(&app, "a"), item(&app, "a"), item(&app, "")]).invalid_fields(),
        [
            "items.1.idempotency_key:duplicate",
            "items.2.idempotency_key:invalid"
        ]
    );
    let no_key = json!({"case": item(&app, "a")["case"]});
    send(&[no_key]).problem("bad_request");
}

/// Each item is for its caller to register or not.
#[test]
fn who_may_register_is_decided_item_by_item() {
    let app = TestApp::start();
    for who in [Staff::Court, Staff::Auditor, Staff::Admin] {
        send(&app, who, false, &[item(&app, "a")]).problem("forbidden");
    }
    let elsewhere = app.case().village(NEXT_VILLAGE);
    let items = [
        item(&app, "a"),
        json!({"idempotency_key": "b", "case": elsewhere.input()}),
    ];
    let answer = send(&app, Staff::Secretary, false, &items)
        .expect(200)
        .json();
    assert_eq!(answer["items"][0]["status"], 201);
    assert_eq!(answer["items"][1]["status"], 422);
    // An informant reports no petitions.
    let mut sign = item(&app, "d");
    sign["case"]["kind"] = json!("sign");
    let answer = send(&app, Staff::Informant, false, &[item(&app, "c"), sign])
        .expect(200)
        .json();
    assert_eq!(answer["items"][0]["status"], 403);
    assert_eq!(answer["items"][1]["status"], 201);
}
