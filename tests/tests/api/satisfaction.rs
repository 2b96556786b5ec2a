//! What petitioners say of answers: who may ask, what stands, whom it is told.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Answer, Case, Staff, TestApp};

fn rating(rating: &str) -> Value {
    json!({"rating": rating, "way": "call", "words": "等了很久"})
}

#[track_caller]
fn rate(case: &Case<'_>, who: Staff, input: &Value) -> Answer {
    let etag = case.app().etag(&case.id, who);
    case.app()
        .by(who)
        .post(case.path("/satisfaction"))
        .if_match(etag)
        .json(input)
        .send()
}

#[track_caller]
fn seen(case: &Case<'_>, who: Staff) -> Value {
    let call = case.app().by(who).get(case.path("/satisfaction"));
    call.expect(200).json()
}

fn answered(app: &TestApp) -> Case<'_> {
    app.case()
        .by(Staff::Centre)
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police)
}

#[test]
fn nobody_of_the_answering_unit_asks() {
    let app = TestApp::start();
    let case = answered(&app);
    let refused = rate(&case, Staff::Police, &rating("satisfied")).problem("forbidden");
    assert!(refused.detail.contains("满意度"), "{}", refused.detail);
    assert_eq!(seen(&case, Staff::Police)["allowed"], false);
    // Whoever leads it neither, though another leader may.
    let lead = json!({"user_id": app.user(Staff::Leader)});
    let case = case.then(Staff::Office, "set_lead", lead);
    let refused = rate(&case, Staff::Leader, &rating("satisfied")).problem("forbidden");
    assert!(
        refused.detail.contains("没有参与办理"),
        "{}",
        refused.detail
    );
    assert_eq!(seen(&case, Staff::OtherLeader)["allowed"], true);
    // The village sees it, and is not asked to ask.
    rate(&case, Staff::Secretary, &rating("satisfied")).problem("forbidden");
    rate(&case, Staff::Centre, &rating("satisfied")).expect(201);

    // The office handles one itself: then the window asks.
    let own = app
        .case()
        .by(Staff::Centre)
        .register()
        .accepted()
        .dispatched("镇综治办")
        .taken(Staff::Office)
        .answered(Staff::Office);
    for who in [Staff::Office, Staff::OtherOffice] {
        let refused = rate(&own, who, &rating("satisfied")).problem("forbidden");
        assert!(
            refused.detail.contains("没有参与办理"),
            "{}",
            refused.detail
        );
    }
    rate(&own, Staff::OtherCentre, &rating("satisfied")).expect(201);
    // Who does not see a case does not learn of it.
    let hidden = app.by(Staff::NextSecretary).get(case.path("/satisfaction"));
    hidden.send().problem("not_found");
}

#[test]
fn one_rating_stands_of_each_answer() {
    let app = TestApp::start();
    let case = app
        .case()
        .by(Staff::Centre)
        .register()
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police);
    assert_eq!(seen(&case, Staff::Office)["answer"], Value::Null);
    rate(&case, Staff::Office, &rating("satisfied")).problem("conflict");
    let case = case.answered(Staff::Police);
    let first = rate(&case, Staff::Office, &rating("mostly_satisfied")).expect(201);
    assert_eq!(first.json()["current"]["rating"], "mostly_satisfied");
    // A second one corrects it; both stay.
    let second = rate(&case, Staff::OtherOffice, &rating("satisfied"))
        .expect(201)
        .json();
    assert_eq!(second["current"]["rating"], "satisfied");
    assert_eq!(second["current"]["author"]["name"], "李秀英");
    assert_eq!(second["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["items"][1]["replaced_on"], tests::base::TODAY);
    // Neither the state nor the clocks have moved.
    let view = case.seen_by(Staff::Office).expect(200).json();
    assert_eq!(view["state"], "answered");
    let events = app.by(Staff::Office).get(case.path("/events"));
    let events = events.expect(200).json();
    let rated: Vec<&Value> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["kind"] == "rated")
        .collect();
    assert_eq!(rated.len(), 2);
    assert_eq!(rated[1]["text"], "电话回访：满意");
    assert_eq!(
        rated[1]["data"]["satisfaction"],
        json!({"rating": "satisfied", "way": "call"})
    );
    // Its words are for office and leaders, and for who wrote them.
    assert_eq!(second["current"]["words"], "等了很久");
    assert_eq!(seen(&case, Staff::Police)["current"]["words"], Value::Null);
    assert_eq!(seen(&case, Staff::Police)["current"]["rating"], "satisfied");

    // A revoked answer takes its question along; the next answer is asked about anew.
    let asked = json!({"text": "不服", "authority": "县信访局"});
    let case = case.then(Staff::Office, "request_review", asked);
    let revoked = json!({"text": "重新办理", "review": "revoked", "notice": "邮寄"});
    let case = case.then(Staff::Office, "answer_review", revoked);
    assert_eq!(seen(&case, Staff::Office)["current"], Value::Null);
    let case = case.answered(Staff::Police);
    assert_eq!(seen(&case, Staff::Office)["current"], Value::Null);
    let third = rate(&case, Staff::Office, &rating("declined")).expect(201);
    assert_eq!(third.json()["items"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_asked_is_checked() {
    let app = TestApp::start();
    let case = answered(&app);
    let wrong = json!({"rating": "dissatisfied", "way": "public", "on": "2026-03-11"});
    let fields = rate(&case, Staff::Office, &wrong).invalid_fields();
    assert_eq!(
        fields,
        ["on:in_future", "way:not_by_staff", "words:required"]
    );
    let unknown = json!({"rating": "satisfied", "way": "call", "score": 5});
    rate(&case, Staff::Office, &unknown).problem("bad_request");
    let path = case.path("/satisfaction");
    let office = app.by(Staff::Office);
    let call = office.post(&path).json(&rating("satisfied"));
    call.send().problem("version_required");
    let call = office.post(&path).json(&rating("satisfied"));
    call.if_match("\"1\"").send().problem("stale_version");
    // The same request twice is one rating.
    let etag = app.etag(&case.id, Staff::Office);
    for _ in 0..2 {
        let call = office.post(&path).if_match(&etag).key("r1");
        call.json(&rating("satisfied")).expect(201);
    }
    let items = seen(&case, Staff::Office)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
}

fn told(app: &TestApp, who: Staff) -> usize {
    let inbox = app.by(who).get("/notifications?kind=rated").expect(200);
    let inbox = inbox.json();
    inbox["items"].as_array().unwrap().len()
}

#[test]
fn the_office_hears_of_whoever_is_not_satisfied() {
    let app = TestApp::start();
    let case = answered(&app);
    rate(&case, Staff::Centre, &rating("satisfied")).expect(201);
    assert_eq!(told(&app, Staff::Office), 0);
    rate(&case, Staff::Centre, &rating("dissatisfied")).expect(201);
    assert_eq!(told(&app, Staff::Office), 1);
    assert_eq!(told(&app, Staff::Police), 0);
    // Whoever recorded it knows.
    rate(&case, Staff::Office, &rating("dissatisfied")).expect(201);
    assert_eq!(told(&app, Staff::Office), 1);
    assert_eq!(told(&app, Staff::OtherOffice), 2);
}

#[test]
fn what_is_settled_without_a_written_answer_is_asked_about_too() {
    let app = TestApp::start();
    let case = app
        .case()
        .by(Staff::Secretary)
        .village(VILLAGE)
        .kind("dispute")
        .register()
        .then(Staff::Secretary, "accept", json!({}))
        .then(Staff::Secretary, "take", json!({}))
        .closed();
    rate(&case, Staff::Secretary, &rating("satisfied")).problem("forbidden");
    rate(&case, Staff::Office, &rating("satisfied")).expect(201);
}
