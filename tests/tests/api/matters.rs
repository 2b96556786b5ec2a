//! What all kinds of matters have in common, shown with visits to higher levels: the case's timeline,
//! versions, lists within the scope, traces.

use serde_json::{Value, json};
use tests::base::TODAY;
use tests::{Staff, TestApp};

fn visit() -> Value {
    json!({
        "on": TODAY, "level": "city", "authority": "市信访局", "people_count": 6,
        "conduct": "normal", "evidence": "notice", "evidence_text": "市信通〔2026〕3号",
    })
}

#[test]
fn a_matter_stands_in_the_timeline_and_in_lists_and_is_struck_out_with_a_reason() {
    let app = TestApp::start();
    let case = app.case().village("五里墩村").register();
    let mut matter = case.open(Staff::Office, "visits", &visit());
    assert_eq!(matter.state(), "normal");
    assert_eq!(matter.view["title"], "市级 市信访局");

    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["kind"], "matter");
    assert_eq!(last["data"]["matter"]["deed"], "visit.open");
    assert_eq!(last["data"]["matter"]["id"], matter.id);

    let rows = app
        .by(Staff::Secretary)
        .get("/matters?kind=visit")
        .expect(200)
        .json();
    assert_eq!(rows["total"], 1);
    assert_eq!(rows["items"][0]["case_number"], case.number);
    let foreign = app
        .by(Staff::NextSecretary)
        .get("/matters")
        .expect(200)
        .json();
    assert_eq!(
        (
            &foreign["total"],
            foreign["items"].as_array().unwrap().len()
        ),
        (&json!(0), 0)
    );

    let stale = app
        .by(Staff::Office)
        .post(matter.path("/steps/strike"))
        .if_match("\"7\"")
        .json(&json!({"text": "重复登记"}))
        .send();
    stale.problem("stale_version");
    matter.step(Staff::Office, "strike", &json!({"text": "重复登记"}));
    assert_eq!(matter.state(), "struck");
    let again = matter.try_step(Staff::Office, "strike", &json!({"text": "再划一次"}));
    assert!(again.problem("conflict").detail.contains("已经划除"));
}

#[test]
fn what_is_wrong_is_named_and_changes_nothing() {
    let app = TestApp::start();
    let case = app.case().village("五里墩村").register();
    let mut input = visit();
    input["conduct"] = json!("abnormal");
    input["people_count"] = json!(0);
    let answer = case.try_open(Staff::Office, "visits", &input);
    assert_eq!(
        answer.invalid_fields(),
        ["people_count:out_of_range", "rule:required"]
    );
    assert_eq!(case.matters(Staff::Office)["items"], json!([]));
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    assert_eq!(events["total"], 1);
}

#[test]
fn what_can_be_started_says_what_it_asks_for_and_why_not() {
    let app = TestApp::start();
    let case = app.case().village("五里墩村").register();
    let opening = |who: Staff| {
        let matters = case.matters(who);
        let openings = matters["openings"].as_array().unwrap();
        let found = openings.iter().find(|step| step["deed"] == "visit.open");
        found.unwrap().clone()
    };
    let offices = opening(Staff::Office);
    assert_eq!(offices["allowed"], true);
    let names: Vec<&str> = offices["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"evidence_text"));
    let villages = opening(Staff::Secretary);
    assert_eq!(
        (&villages["allowed"], &villages["fields"]),
        (&json!(false), &json!([]))
    );
    assert!(villages["reason"].as_str().unwrap().contains("综治办"));
}

#[test]
fn a_sealed_case_shows_no_matter_to_the_accused() {
    let app = TestApp::start();
    let case = app
        .case()
        .village("五里墩村")
        .accuses("五里墩村")
        .register();
    let matter = case.open(Staff::Office, "visits", &visit());
    assert_eq!(matter.seen_by(Staff::Office).status, 200);
    assert_eq!(matter.seen_by(Staff::Secretary).status, 404);
    let rows = app.by(Staff::Secretary).get("/matters").expect(200).json();
    assert_eq!((&rows["total"], &rows["items"]), (&json!(0), &json!([])));
}
