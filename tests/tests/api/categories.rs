//! Second levels of the category, as the township has them.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Answer, Case, Staff, TestApp};

fn add(app: &TestApp, category: &str, name: &str) -> Answer {
    let input = json!({"category": category, "name": name});
    let call = app.by(Staff::Admin).post("/categories");
    call.json(&input).send()
}

fn change(app: &TestApp, code: &str, patch: &Value) -> Answer {
    let admin = app.by(Staff::Admin);
    let etag = admin.get("/categories").expect(200).etag();
    let call = admin.patch(format!("/categories/{code}"));
    call.if_match(etag).json(patch).send()
}

fn edit(app: &TestApp, case: &Case, patch: &Value) -> Answer {
    let office = app.by(Staff::Office);
    let etag = office.get(case.path("")).expect(200).etag();
    let call = office.patch(case.path("")).if_match(etag);
    call.json(patch).send()
}

/// What there is below a first level: name, whether it is closed.
fn below(app: &TestApp, category: &str) -> Vec<(String, bool)> {
    let all = app.by(Staff::Centre).get("/categories").expect(200).json();
    let items = all["items"].as_array().unwrap().iter();
    items
        .filter(|item| item["category"] == category)
        .map(|item| {
            let name = item["name"].as_str().unwrap().to_owned();
            (name, item["closed"].as_bool().unwrap())
        })
        .collect()
}

#[test]
fn the_townships_own_second_level_is_used_like_any_other() {
    let app = TestApp::start();
    let made = add(&app, "water", " 机井电费 ").expect(201).json();
    assert_eq!(made["name"], "机井电费");
    let code = made["code"].as_str().unwrap();
    let names: Vec<String> = below(&app, "water")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["灌溉用水", "机井电费", "其他"]);

    let case = app
        .case()
        .village(VILLAGE)
        .set("category", "water")
        .set("subcategory", code)
        .register();
    let view = case.seen_by(Staff::Office).expect(200).json();
    assert_eq!(
        (&view["subcategory"], &view["subcategory_name"]),
        (&json!(code), &json!("机井电费"))
    );
    let page = app.list(Staff::Office, &[("q", case.number.as_str())]);
    assert_eq!(page["items"][0]["subcategory_name"], "机井电费");

    // Below another first level it is nothing; nor is what nobody has.
    for (category, code, expected) in [
        ("rural", code, "subcategory:not_of_category"),
        ("water", "nichts", "subcategory:unknown"),
        ("water", "boundary", "subcategory:not_of_category"),
    ] {
        let bad = app.case().village(VILLAGE);
        let bad = bad.set("category", category).set("subcategory", code);
        assert_eq!(bad.send().invalid_fields(), [expected]);
    }
    // Another first level takes it away from the case; named alone it is refused there.
    let moved = edit(&app, &case, &json!({"category": "rural"}));
    assert_eq!(moved.expect(200).json()["subcategory"], Value::Null);
    let refused = edit(&app, &case, &json!({"subcategory": code}));
    assert_eq!(refused.invalid_fields(), ["subcategory:not_of_category"]);
}

#[test]
fn what_is_out_of_use_is_not_offered_and_still_named() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .set("category", "water")
        .set("subcategory", "irrigation")
        .register();
    change(
        &app,
        "irrigation",
        &json!({"name": "渠水轮灌", "closed": true}),
    )
    .expect(200);
    assert_eq!(
        below(&app, "water"),
        [("渠水轮灌".to_owned(), true), ("其他".to_owned(), false)]
    );
    let view = case.seen_by(Staff::Office).expect(200).json();
    assert_eq!(view["subcategory_name"], "渠水轮灌");
    let again = app.case().village(VILLAGE).set("category", "water");
    let again = again.set("subcategory", "irrigation").send();
    assert_eq!(again.invalid_fields(), ["subcategory:closed"]);
    // The case may be changed in other things, and named by it again.
    let kept = json!({"subcategory": "irrigation", "place": "二号渠"});
    edit(&app, &case, &kept).expect(200);
    // In use again.
    change(&app, "irrigation", &json!({"closed": false})).expect(200);
    let again = app.case().village(VILLAGE).set("category", "water");
    again.set("subcategory", "irrigation").register();
    let log = app.by(Staff::Auditor).get("/audit?action=setting_write");
    let log = log.expect(200).text();
    assert!(
        log.contains("细类“水利用水 / 灌溉用水”改名为“渠水轮灌”，停用"),
        "{log}"
    );
}

#[test]
fn bad_input_is_named_and_nothing_changes() {
    let app = TestApp::start();
    let before = below(&app, "water");
    assert_eq!(
        add(&app, "water", "灌溉用水").invalid_fields(),
        ["name:duplicate"]
    );
    assert_eq!(add(&app, "water", "").invalid_fields(), ["name:required"]);
    let long = "长".repeat(21);
    assert_eq!(
        add(&app, "water", &long).invalid_fields(),
        ["name:too_long"]
    );
    assert_eq!(
        change(&app, "other", &json!({"closed": true})).invalid_fields(),
        ["code:fixed"]
    );
    change(&app, "nichts", &json!({"closed": true})).problem("not_found");
    let admin = app.by(Staff::Admin);
    let stale = admin.patch("/categories/irrigation").if_match("\"0\"");
    stale
        .json(&json!({"closed": true}))
        .send()
        .problem("stale_version");
    let naked = admin.patch("/categories/irrigation");
    assert_eq!(naked.json(&json!({"closed": true})).send().status, 428);
    for who in [Staff::Office, Staff::Leader, Staff::Secretary] {
        let call = app.by(who).post("/categories");
        let input = json!({"category": "water", "name": "机井电费"});
        call.json(&input).send().problem("forbidden");
    }
    assert_eq!(below(&app, "water"), before);
    // Twice with one key is once.
    let once = || {
        let call = admin.post("/categories").key("einmal");
        call.json(&json!({"category": "water", "name": "机井电费"}))
            .expect(201)
            .json()
    };
    assert_eq!(once(), once());
    assert_eq!(below(&app, "water").len(), before.len() + 1);
}

#[test]
fn next_door_has_its_own() {
    let app = TestApp::start();
    let made = add(&app, "water", "机井电费").expect(201).json();
    let next = app
        .next("administrator")
        .get("/categories")
        .expect(200)
        .text();
    assert!(!next.contains("机井电费"), "{next}");
    let path = format!("/categories/{}", made["code"].as_str().unwrap());
    let etag = app
        .next("administrator")
        .get("/categories")
        .expect(200)
        .etag();
    let call = app.next("administrator").patch(path).if_match(etag);
    call.json(&json!({"closed": true}))
        .send()
        .problem("not_found");
}
