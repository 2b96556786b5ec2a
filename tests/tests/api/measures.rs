//! Measures by law (依法处理): only with basis, authority, approving leader and served notice; the
//! yearly list for the leader and the auditor.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

fn measure(app: &TestApp, case: &Case<'_>) -> Value {
    json!({
        "on": "2026-03-10", "law": "《中华人民共和国治安管理处罚法》", "article": "第二十三条第一款",
        "authority": "县公安局", "leader_id": app.user(Staff::Leader),
        "notice_number": "县公行罚决字〔2026〕7号", "notice_on": "2026-03-10",
        "person_id": case.view["people"][0]["id"], "text": "予以警告",
    })
}

fn yearly(app: &TestApp, who: Staff, year: &str) -> Value {
    app.by(who)
        .get(format!("/measures{year}"))
        .expect(200)
        .json()
}

#[test]
fn without_all_four_nothing_is_kept() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let bare = json!({"on": "2026-03-10", "text": "予以警告"});
    let answer = case.try_open(Staff::Office, "measures", &bare);
    assert_eq!(
        answer.invalid_fields(),
        [
            "article:required",
            "authority:required",
            "law:required",
            "leader_id:required",
            "notice_number:required",
            "notice_on:required",
            "person_id:required"
        ]
    );
    for (field, value, expected) in [
        (
            "leader_id",
            json!(app.user(Staff::Police)),
            "leader_id:wrong_role",
        ),
        ("notice_on", json!("2026-03-11"), "notice_on:in_future"),
        ("person_id", json!("somebody"), "person_id:unknown"),
        ("article", json!(" "), "article:required"),
        ("text", json!(""), "text:required"),
    ] {
        let mut input = measure(&app, &case);
        input[field] = value;
        let answer = case.try_open(Staff::Office, "measures", &input);
        assert_eq!(answer.invalid_fields(), [expected]);
    }
    case.try_open(Staff::Secretary, "measures", &measure(&app, &case))
        .problem("forbidden");
    assert_eq!(case.matters(Staff::Office)["items"], json!([]));
    assert_eq!(yearly(&app, Staff::Leader, "")["total"], 0);
}

#[test]
fn a_measure_stands_in_the_timeline_and_in_the_yearly_list() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register().transferred("派出所");
    let mut entry = case.open(Staff::Police, "measures", &measure(&app, &case));
    assert_eq!(
        entry.view["lines"][1]["text"],
        "《中华人民共和国治安管理处罚法》第二十三条第一款"
    );
    let events = app
        .by(Staff::Leader)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["data"]["matter"]["deed"], "measure.open");

    let row = yearly(&app, Staff::Leader, "?year=2026")["items"][0].clone();
    assert_eq!(
        (&row["case_number"], &row["case_id"]),
        (&json!(case.number), &json!(case.id))
    );
    let page = yearly(&app, Staff::Auditor, "?year=2026");
    let row = page["items"][0].clone();
    assert_eq!(
        (&row["case_number"], &row["leader"]),
        (&json!(case.number), &json!("赵建国"))
    );
    assert_eq!(row["notice_number"], "县公行罚决字〔2026〕7号");
    // Nothing of the matter, nobody, no way in.
    let text = page.to_string();
    for hidden in ["张三", "予以警告", "土地流转费", VILLAGE, case.id.as_str()] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert_eq!(yearly(&app, Staff::Auditor, "?year=2025")["total"], 0);
    for who in [Staff::Office, Staff::Secretary, Staff::Police, Staff::Admin] {
        app.by(who).get("/measures").send().problem("forbidden");
    }
    let wrong = app.by(Staff::Leader).get("/measures?year=26").send();
    assert_eq!(wrong.invalid_fields(), ["year:out_of_range"]);

    // A wrong entry is struck out by a leader, and stays.
    let reason = json!({"text": "对象登记错误"});
    entry
        .try_step(Staff::Police, "strike", &reason)
        .problem("forbidden");
    entry.step(Staff::Leader, "strike", &reason);
    assert_eq!(entry.state(), "struck");
    assert_eq!(yearly(&app, Staff::Auditor, "")["items"][0]["struck"], true);

    // The look is in the audit log, a moment later.
    let looked = tests::app::soon(|| {
        let log = app.by(Staff::Auditor).get("/audit?action=measure_view");
        log.expect(200).text().contains("2026年依法处理清单")
    });
    assert!(looked);
}

#[test]
fn a_sealed_case_is_hidden_from_the_list_of_the_accused() {
    let app = TestApp::start();
    // The auditor is of 党政办, and so is the other leader.
    let case = app.case().village(VILLAGE).accuses("党政办").register();
    case.open(Staff::Office, "measures", &measure(&app, &case));
    assert_eq!(yearly(&app, Staff::Leader, "")["total"], 1);
    for who in [Staff::OtherLeader, Staff::Auditor] {
        let page = yearly(&app, who, "");
        assert_eq!((&page["total"], &page["items"]), (&json!(0), &json!([])));
    }
}
