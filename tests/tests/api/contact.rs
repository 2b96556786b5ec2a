//! Regular contact with long-standing petitioners: of open cases, with reason, rhythm and review.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

const CONTACTS: &str = "contacts";

fn plan(app: &TestApp, case: &Case) -> Value {
    json!({
        "person": case.person(0), "text": "反映多年，生活困难", "purposes": ["explanation", "help"],
        "rhythm_days": 14, "user_id": app.user(Staff::Secretary), "review_on": "2026-06-01",
    })
}

#[test]
fn contact_is_kept_in_rhythm_and_ends_with_the_case() {
    let mut app = TestApp::start();
    let (case_id, id) = {
        let case = app.case().village(VILLAGE).register();
        let case = case
            .accepted()
            .dispatched(VILLAGE)
            .taken(Staff::Secretary)
            .answered(Staff::Secretary);
        let matter = case.open(Staff::Office, CONTACTS, &plan(&app, &case));
        assert_eq!(matter.view["due"]["on"], "2026-03-24");
        assert_eq!(matter.view["unit"]["name"], VILLAGE);
        (case.id.clone(), matter.id)
    };
    app.restart(Some("2026-03-24T15:59:00Z"));
    let of = |app: &TestApp| {
        let path = format!("/cases/{case_id}/contacts/{id}");
        app.by(Staff::Office).get(path).expect(200).json()
    };
    assert_eq!(of(&app)["overdue"], false);
    app.restart(Some("2026-03-24T16:00:00Z"));
    assert_eq!(
        (&of(&app)["overdue"], &of(&app)["tone"]),
        (&json!(true), &json!("bad"))
    );
    let view = app.by(Staff::Office).get(format!("/cases/{case_id}"));
    let case = Case::of(&app, view.expect(200).json());
    let mut matter = case.matter(CONTACTS, &id);
    let note = json!({
        "way": "home", "text": "担心流转费", "promise": "送去政策材料", "promise_on": "2026-03-30",
    });
    matter.step(Staff::Secretary, "note", &note);
    assert_eq!(matter.view["due"]["on"], "2026-03-30");
    let kept = json!({"way": "call", "text": "材料收到", "kept": ["1"]});
    matter.step(Staff::Secretary, "note", &kept);
    assert_eq!(matter.view["due"]["on"], "2026-04-08");
    let review = json!({"text": "还有困难", "review_on": "2026-07-01", "rhythm_days": 30});
    matter.step(Staff::Secretary, "review", &review);
    assert_eq!(matter.view["due"]["on"], "2026-04-24");

    case.clone().closed();
    let lapsed = matter.seen_by(Staff::Office).json();
    assert_eq!(
        (&lapsed["state"], &lapsed["open"], &lapsed["due"]),
        (&json!("lapsed"), &json!(false), &Value::Null)
    );
    let note = json!({"way": "call", "text": "再问问"});
    matter
        .try_step(Staff::Secretary, "note", &note)
        .problem("conflict");
    let again = case.try_open(Staff::Office, CONTACTS, &plan(&app, &case));
    assert!(again.problem("conflict").detail.contains("办结"));
}

#[test]
fn a_plan_names_reason_rhythm_review_and_somebody_of_the_case() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let stranger = app.case().village(VILLAGE).register().person(0);
    for (field, value, wrong) in [
        ("person", json!(stranger), "person:unknown"),
        ("text", json!(" "), "text:required"),
        ("purposes", json!([]), "purposes:required"),
        ("rhythm_days", json!(1), "rhythm_days:out_of_range"),
        ("review_on", Value::Null, "review_on:required"),
        ("review_on", json!("2027-03-10"), "review_on:too_late"),
        (
            "user_id",
            json!(app.user(Staff::NextSecretary)),
            "user_id:not_involved",
        ),
        (
            "user_id",
            json!(app.user(Staff::Police)),
            "user_id:not_involved",
        ),
        (
            "user_id",
            json!(app.user(Staff::Court)),
            "user_id:wrong_role",
        ),
    ] {
        let mut input = plan(&app, &case);
        input[field] = value;
        let answer = case.try_open(Staff::Office, CONTACTS, &input);
        assert_eq!(answer.invalid_fields(), [wrong]);
    }
    assert_eq!(case.matters(Staff::Office)["items"], json!([]));
    // Neither a score nor a place can be entered.
    for field in ["score", "risk", "location"] {
        let mut input = plan(&app, &case);
        input[field] = json!("9");
        let status = case.try_open(Staff::Office, CONTACTS, &input).status;
        assert!((400..=422).contains(&status), "{field}: {status}");
    }
}

#[test]
fn nobody_else_sees_a_plan_and_no_accused_keeps_in_touch() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let matter = case.open(Staff::Office, CONTACTS, &plan(&app, &case));
    for who in [Staff::NextSecretary, Staff::Police, Staff::Justice] {
        assert_eq!(matter.seen_by(who).status, 404);
        assert_eq!(app.by(who).get("/matters").expect(200).json()["total"], 0);
    }
    let sealed = app.case().village(VILLAGE).accuses(VILLAGE).register();
    let input = plan(&app, &sealed);
    let answer = sealed.try_open(Staff::Office, CONTACTS, &input);
    assert_eq!(answer.invalid_fields(), ["user_id:accused"]);
    let mut input = input;
    input["user_id"] = json!(app.user(Staff::Office));
    let matter = sealed.open(Staff::Office, CONTACTS, &input);
    assert_eq!(matter.seen_by(Staff::Secretary).status, 404);
}
