//! The assessment of villages: self-assessment, review, objection, decision; what it is scored with.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn start(app: &TestApp, year: i32, kind: &str) -> Value {
    let input = json!({"year": year, "kind": kind});
    let call = app.by(Staff::Office).post("/assessments").json(&input);
    call.expect(200).json()
}

fn of(all: &Value, village: &str) -> Value {
    let mut rows = all["items"].as_array().unwrap().iter();
    let row = rows.find(|row| row["village"]["name"] == village);
    row.unwrap().clone()
}

fn seen(app: &TestApp, who: Staff, row: &Value) -> Answer {
    let id = row["id"].as_str().unwrap();
    app.by(who).get(format!("/assessments/{id}")).send()
}

#[track_caller]
fn step(app: &TestApp, who: Staff, row: &Value, step: &str, input: &Value) -> Answer {
    let id = row["id"].as_str().unwrap();
    let etag = seen(app, Staff::Office, row).expect(200).etag();
    let call = app.by(who).post(format!("/assessments/{id}/steps/{step}"));
    call.if_match(etag).json(input).send()
}

fn marks(score: u32) -> Value {
    json!({"marks": [{"code": "organisation", "score": score, "evidence": "查看台账和会议记录"}]})
}

#[test]
fn a_year_from_the_self_assessment_to_the_decision() {
    let app = TestApp::start();
    let all = start(&app, 2026, "three_without");
    assert_eq!(all["items"].as_array().unwrap().len(), 9);
    // Once: what is there stays.
    let again = start(&app, 2026, "three_without");
    assert_eq!(again["items"].as_array().unwrap().len(), 9);
    let row = of(&all, VILLAGE);
    assert_eq!(
        (&row["stage"], &row["total"]),
        (&json!("open"), &Value::Null)
    );

    // Whose turn it is, and nobody else's.
    step(&app, Staff::Office, &row, "submit", &marks(100)).problem("forbidden");
    step(&app, Staff::Secretary, &row, "review", &marks(100)).problem("forbidden");
    step(&app, Staff::NextSecretary, &row, "submit", &marks(100)).problem("not_found");
    step(&app, Staff::Office, &row, "review", &marks(100)).problem("conflict");
    let view = step(&app, Staff::Secretary, &row, "submit", &marks(100));
    let view = view.expect(200).json();
    assert_eq!(view["row"]["stage"], "submitted");
    let back = json!({"text": "请附会议记录"});
    step(&app, Staff::Office, &row, "return", &back).expect(200);
    step(&app, Staff::Secretary, &row, "submit", &marks(95)).expect(200);

    // One case of backlog: 20 − 5. All else full, but 9.0 by hand: 94.0.
    let case = app.case().village(VILLAGE).register();
    let backlog = case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    let view = step(&app, Staff::Office, &row, "review", &marks(90));
    let view = view.expect(200).json();
    assert_eq!(view["data"]["backlog"], 1);
    assert_eq!(view["row"]["total"], 940);
    let item = |view: &Value, code: &str| {
        let mut items = view["items"].as_array().unwrap().iter();
        items.find(|item| item["code"] == code).unwrap().clone()
    };
    assert_eq!(item(&view, "no_backlog")["score"], 150);
    assert_eq!(item(&view, "organisation")["own"], 95);
    assert_eq!(
        (&view["frozen"], &view["steps"]),
        (&json!(true), &json!(["review"]))
    );

    // The village objects; nothing is decided before it is answered.
    let why = json!({"text": "这件积案已经签了协议"});
    step(&app, Staff::Secretary, &row, "object", &why).expect(200);
    let named = json!({"named": true, "text": "镇党委会议研究"});
    step(&app, Staff::Leader, &row, "decide", &named).problem("conflict");
    assert_eq!(
        step(&app, Staff::Office, &row, "review", &marks(90)).invalid_fields(),
        ["text:required"]
    );
    // Since then it has been cleared; the new review counts anew.
    backlog.then(
        Staff::Leader,
        "clear_backlog",
        json!({"text": "已化解", "notice": "协议书"}),
    );
    let mut answer = marks(90);
    answer["text"] = json!("已核实，积案已销号");
    let view = step(&app, Staff::Office, &row, "review", &answer)
        .expect(200)
        .json();
    assert_eq!(view["row"]["total"], 990);
    step(&app, Staff::Office, &row, "decide", &named).problem("forbidden");
    let decided = step(&app, Staff::Leader, &row, "decide", &named)
        .expect(200)
        .json();
    assert_eq!(
        (&decided["row"]["stage"], &decided["row"]["named"]),
        (&json!("decided"), &json!(true))
    );

    // Frozen: neither a step nor what happens to a case changes it.
    let case = app.case().village(VILLAGE).register();
    case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    step(&app, Staff::Office, &row, "review", &answer).problem("conflict");
    let after = seen(&app, Staff::Auditor, &row).expect(200).json();
    assert_eq!(after["row"]["total"], 990);
    assert_eq!(after["items"], decided["items"]);
    assert_eq!(after["said"].as_array().unwrap().len(), 7);
    let log = app.by(Staff::Auditor).get("/audit?action=assessment");
    assert_eq!(log.expect(200).json()["items"].as_array().unwrap().len(), 9);
}

#[test]
fn a_veto_outweighs_the_points() {
    let app = TestApp::start();
    let row = of(&start(&app, 2026, "three_without"), VILLAGE);
    step(&app, Staff::Secretary, &row, "submit", &marks(100)).expect(200);
    let mut review = marks(100);
    review["vetoes"] = json!(["concealed"]);
    let view = step(&app, Staff::Office, &row, "review", &review)
        .expect(200)
        .json();
    assert_eq!(
        (&view["row"]["total"], &view["row"]["vetoed"]),
        (&json!(1000), &json!(true))
    );
    let named = json!({"named": true, "text": "研究决定"});
    let refused = step(&app, Staff::Leader, &row, "decide", &named).problem("conflict");
    assert!(refused.detail.contains("一票否决"), "{}", refused.detail);
    let not = json!({"named": false, "text": "瞒报重要信息"});
    step(&app, Staff::Leader, &row, "decide", &not).expect(200);
}

#[test]
fn what_counts_is_the_villages_and_nothing_sealed() {
    let app = TestApp::start();
    let visit = |case: &tests::Case<'_>, level: &str, conduct: &str| {
        let input = json!({
            "on": tests::base::TODAY, "level": level, "authority": "信访局", "people_count": 6,
            "conduct": conduct, "rule": "条例第二十六条", "evidence": "notice",
            "evidence_text": "通报1号", "skip_level": true,
        });
        let call = app.by(Staff::Office).post(case.path("/visits"));
        call.json(&input).expect(201);
    };
    let own = app.case().village(VILLAGE).register();
    visit(&own, "province", "abnormal");
    visit(&own, "county", "normal");
    let next = app.case().village(NEXT_VILLAGE).register();
    visit(&next, "city", "abnormal");
    let sealed = app.case().village(VILLAGE).accuses("派出所").register();
    visit(&sealed, "capital", "abnormal");
    let all = start(&app, 2026, "three_without");
    let data = |village: &str| {
        seen(&app, Staff::Office, &of(&all, village))
            .expect(200)
            .json()["data"]
            .clone()
    };
    let mine = data(VILLAGE);
    assert_eq!(
        (
            &mine["abnormal_visits"],
            &mine["skip_collectives"],
            &mine["cases"]
        ),
        (&json!(1), &json!(2), &json!(1))
    );
    assert_eq!(data(NEXT_VILLAGE)["abnormal_visits"], 1);
}

#[test]
fn who_sees_which_village() {
    let app = TestApp::start();
    let all = start(&app, 2025, "peaceful");
    let count = |who: Staff| {
        let list = app.by(who).get("/assessments?year=2025&kind=peaceful");
        list.expect(200).json()["items"].as_array().unwrap().len()
    };
    for who in [Staff::Leader, Staff::Office, Staff::Auditor] {
        assert_eq!(count(who), 9, "{who:?}");
    }
    assert_eq!(count(Staff::Secretary), 1);
    seen(&app, Staff::Secretary, &of(&all, VILLAGE)).expect(200);
    seen(&app, Staff::Secretary, &of(&all, NEXT_VILLAGE)).problem("not_found");
    for who in [
        Staff::Police,
        Staff::Informant,
        Staff::Justice,
        Staff::Admin,
    ] {
        app.by(who).get("/assessments").send().problem("forbidden");
        seen(&app, who, &of(&all, VILLAGE)).problem("forbidden");
    }
    let wrong = json!({"year": 2027, "kind": "peaceful"});
    let call = app.by(Staff::Office).post("/assessments").json(&wrong);
    assert_eq!(call.send().invalid_fields(), ["year:out_of_range"]);
    let inbox = app
        .by(Staff::Secretary)
        .get("/notifications?kind=assessment");
    assert_eq!(
        inbox.expect(200).json()["items"].as_array().unwrap().len(),
        1
    );
}

/// What breaks the three-withouts is what the standing says of the same year, as of the same day: what was
/// marked as backlog in March is none of last year's.
#[test]
fn the_sheet_and_the_standing_say_the_same() {
    let app = TestApp::start();
    let old = app
        .case()
        .village(VILLAGE)
        .received("2025-06-01")
        .register()
        .then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    let visit = |on: &str, conduct: &str| {
        let input = json!({
            "on": on, "level": "city", "authority": "信访局", "people_count": 1,
            "conduct": conduct, "rule": "条例第二十六条", "evidence": "notice",
            "evidence_text": "通报1号", "skip_level": false,
        });
        let call = app.by(Staff::Office).post(old.path("/visits"));
        call.json(&input).expect(201);
    };
    for (on, conduct) in [
        ("2025-07-01", "abnormal"),
        ("2025-08-01", "abnormal"),
        ("2026-03-02", "normal"),
    ] {
        visit(on, conduct);
    }
    for (year, abnormal, backlog) in [(2025, 2, 0), (2026, 0, 1)] {
        let row = of(&start(&app, year, "three_without"), VILLAGE);
        let data = seen(&app, Staff::Office, &row).expect(200).json()["data"].clone();
        assert_eq!(
            (&data["abnormal_visits"], &data["backlog"]),
            (&json!(abnormal), &json!(backlog)),
            "{year}"
        );
        let path = format!("/villages/standing?year={year}");
        let standing = app.by(Staff::Office).get(path).expect(200).json();
        let villages = standing["villages"].as_array().unwrap();
        let village = villages
            .iter()
            .find(|one| one["village"]["name"] == VILLAGE);
        let broken: Vec<&str> = village.unwrap()["broken"]
            .as_array()
            .unwrap()
            .iter()
            .map(|broken| broken["what"].as_str().unwrap())
            .collect();
        let wanted: &[&str] = if year == 2025 {
            &["abnormal"]
        } else {
            &["backlog"]
        };
        assert_eq!(broken, wanted, "{year}");
    }
}
