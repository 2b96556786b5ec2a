//! Criteria sheets: drafted by the office, put into force by a leader, kept by what began with them; naming
//! and rewards of what was decided.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn begin(app: &TestApp, year: i32) -> Answer {
    let new = json!({"kind": "three_without", "year": year, "note": "改分值"});
    app.by(Staff::Office)
        .post("/criteria-sheets")
        .json(&new)
        .send()
}

fn path(sheet: &Value) -> String {
    format!("/criteria-sheets/{}", sheet["id"].as_str().unwrap())
}

#[track_caller]
fn patch(app: &TestApp, who: Staff, sheet: &Value, input: &Value) -> Answer {
    let call = app.by(who).patch(path(sheet));
    call.if_match(format!("\"{}\"", sheet["version"]))
        .json(input)
        .send()
}

#[track_caller]
fn enforce(app: &TestApp, who: Staff, sheet: &Value, text: &str) -> Answer {
    let call = app.by(who).post(format!("{}/enforce", path(sheet)));
    call.if_match(format!("\"{}\"", sheet["version"]))
        .json(&json!({"text": text}))
        .send()
}

fn list(app: &TestApp, who: Staff, year: i32) -> Value {
    let path = format!("/criteria-sheets?kind=three_without&year={year}");
    app.by(who).get(path).expect(200).json()
}

fn start(app: &TestApp, year: i32) -> Value {
    let input = json!({"year": year, "kind": "three_without"});
    let call = app.by(Staff::Office).post("/assessments").json(&input);
    let all = call.expect(200).json();
    let mut rows = all["items"].as_array().unwrap().iter();
    let row = rows.find(|row| row["village"]["name"] == VILLAGE);
    row.unwrap().clone()
}

fn seen(app: &TestApp, row: &Value) -> Value {
    let path = format!("/assessments/{}", row["id"].as_str().unwrap());
    app.by(Staff::Office).get(path).expect(200).json()
}

/// One item by hand of 60 points, and backlog: 40 less 15 each, at most 20.
fn own_sheet() -> Value {
    json!({
        "named_from": 75,
        "items": [
            {"code": "work", "title": "组织领导", "points": 60},
            {"code": "backlog", "title": "没有积案", "points": 40, "source": "backlog",
             "each": 150, "cap": 200},
        ],
        "vetoes": [{"code": "many", "title": "积案五件以上", "source": "backlog", "at_least": 5}],
    })
}

#[test]
fn a_sheet_from_the_draft_to_an_assessment() {
    let app = TestApp::start();
    let before = list(&app, Staff::Office, 2026);
    assert_eq!(
        (
            &before["current"],
            &before["items"].as_array().unwrap().len()
        ),
        (&json!(0), &1)
    );
    let draft = begin(&app, 2026).expect(201).json();
    assert_eq!(draft["sheet"], before["items"][0]["sheet"]);
    // One draft at a time; whose task it is.
    begin(&app, 2026).problem("conflict");
    let input = json!({"sheet": own_sheet()});
    patch(&app, Staff::Leader, &draft, &input).problem("forbidden");
    patch(&app, Staff::Secretary, &draft, &input).problem("forbidden");
    let short = json!({"sheet": {"named_from": 90, "items": [
        {"code": "work", "title": "组织领导", "points": 60}
    ]}});
    let half = patch(&app, Staff::Office, &draft, &short)
        .expect(200)
        .json();
    assert_eq!(half["may_enforce"], false);
    let refused = enforce(&app, Staff::Leader, &half, "会议").problem("conflict");
    assert!(refused.detail.contains("60分"), "{}", refused.detail);
    let stale = patch(&app, Staff::Office, &draft, &input);
    stale.problem("stale_version");
    let whole = patch(&app, Staff::Office, &half, &input).expect(200).json();
    assert_eq!(
        whole["standards"][1],
        "积案件数：每有一个扣15分，最多扣20分"
    );
    enforce(&app, Staff::Office, &whole, "会议").problem("forbidden");
    assert_eq!(
        enforce(&app, Staff::Leader, &whole, " ").invalid_fields(),
        ["text:required"]
    );
    // A draft is nothing for villages yet.
    assert_eq!(
        list(&app, Staff::Secretary, 2026)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    app.by(Staff::Secretary)
        .get(path(&whole))
        .send()
        .problem("not_found");
    let in_force = enforce(&app, Staff::Leader, &whole, "镇党委会议")
        .expect(200)
        .json();
    assert_eq!(in_force["state"], "in_force");
    assert_eq!(list(&app, Staff::Secretary, 2026)["current"], 1);
    patch(&app, Staff::Office, &in_force, &input).problem("conflict");

    // The year begins with it: 60 by hand, 40 − 20 of three in backlog (capped).
    let row = start(&app, 2026);
    for _ in 0..3 {
        let case = app.case().village(VILLAGE).register();
        case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    }
    let view = seen(&app, &row);
    assert_eq!(
        (&view["criteria_number"], &view["named_from"]),
        (&json!(1), &json!(75))
    );
    assert_eq!(view["items"][1]["score"], 200);
    let step = |who: Staff, step: &str, input: &Value| {
        let id = row["id"].as_str().unwrap();
        let etag = app.by(Staff::Office).get(format!("/assessments/{id}"));
        let etag = etag.expect(200).etag();
        let call = app.by(who).post(format!("/assessments/{id}/steps/{step}"));
        call.if_match(etag).json(input).send()
    };
    let marks = json!({"marks": [{"code": "work", "score": 600, "evidence": "台账"}]});
    step(Staff::Secretary, "submit", &marks).expect(200);
    // An item of the bundled sheet is none of this one.
    let other = json!({"marks": [{"code": "organisation", "score": 1, "evidence": "台账"}]});
    assert_eq!(
        step(Staff::Office, "review", &other).invalid_fields(),
        ["marks.0.code:unknown", "marks:required"]
    );
    let view = step(Staff::Office, "review", &marks).expect(200).json();
    assert_eq!(view["row"]["total"], 800);
    // 80 points are enough for this sheet, as they would not be for the bundled one.
    let named = json!({"named": true, "text": "研究同意"});
    step(Staff::Leader, "decide", &named).expect(200);

    // A year that has begun keeps its sheet; another holds from the next.
    let next = begin(&app, 2026).expect(201).json();
    assert_eq!(next["number"], 2);
    let refused = enforce(&app, Staff::Leader, &next, "会议").problem("conflict");
    assert!(refused.detail.contains("已经"), "{}", refused.detail);
    let other = json!({"sheet": {"named_from": 90, "items": [
        {"code": "all", "title": "全部", "points": 100}
    ]}, "year": 2027});
    let next = patch(&app, Staff::Office, &next, &other).expect(200).json();
    enforce(&app, Staff::Leader, &next, "会议").expect(200);
    assert_eq!(list(&app, Staff::Leader, 2026)["current"], 1);
    assert_eq!(list(&app, Staff::Leader, 2027)["current"], 2);
    assert_eq!(seen(&app, &row)["items"].as_array().unwrap().len(), 2);
    let log = app.by(Staff::Auditor).get("/audit?action=assessment");
    let log = log.expect(200).text();
    assert!(log.contains("施行三无村考核表第1版"), "{log}");
}

#[test]
fn what_is_wrong_with_a_sheet_is_said() {
    let app = TestApp::start();
    let office = app.by(Staff::Office);
    let post = |input: Value| office.post("/criteria-sheets").json(&input).send();
    assert_eq!(
        post(json!({"kind": "peaceful", "year": 2028})).invalid_fields(),
        ["year:out_of_range"]
    );
    post(json!({"kind": "peaceful", "year": 2027, "more": 1})).problem("bad_request");
    post(json!({"kind": "other", "year": 2027})).problem("bad_request");
    let wrong = json!({"kind": "peaceful", "year": 2027, "sheet": {
        "named_from": 0,
        "items": [
            {"code": "A", "title": "", "points": 0},
            {"code": "b", "title": "积案", "points": 10, "source": "backlog"},
            {"code": "b", "title": "比例", "points": 10, "source": "in_time", "cap": 5},
        ],
        "vetoes": [{"code": "v", "title": "走访少", "source": "visits", "at_least": 1}],
    }});
    assert_eq!(
        post(wrong).invalid_fields(),
        [
            "items.0.code:invalid",
            "items.0.points:out_of_range",
            "items.0.title:required",
            "items.1.each:required",
            "items.2.cap:not_used",
            "items.2.code:duplicate",
            "named_from:out_of_range",
            "vetoes.0.source:not_bad",
        ]
    );
    let unknown = json!({"kind": "peaceful", "year": 2027, "sheet": {"named_from": 90, "items": [
        {"code": "x", "title": "打分", "points": 10, "source": "character"}
    ]}});
    post(unknown).problem("bad_request");
    let draft = post(json!({"kind": "peaceful", "year": 2027}))
        .expect(201)
        .json();
    office
        .patch(path(&draft))
        .json(&json!({"note": "x"}))
        .send()
        .problem("version_required");
    for who in [Staff::Police, Staff::Admin, Staff::Informant] {
        app.by(who)
            .get("/criteria-sheets")
            .send()
            .problem("forbidden");
        app.by(who).get(path(&draft)).send().problem("forbidden");
    }
    office
        .get("/criteria-sheets/none")
        .send()
        .problem("not_found");
}

/// An assessment of 五里墩村 that was decided so.
fn decided(app: &TestApp, named: bool) -> Value {
    let row = start(app, 2026);
    let id = row["id"].as_str().unwrap();
    let marks = json!({"marks": [{"code": "organisation", "score": 100, "evidence": "台账"}]});
    let decision = json!({"named": named, "text": "研究决定"});
    for (at, (who, step, input)) in [
        (Staff::Secretary, "submit", &marks),
        (Staff::Office, "review", &marks),
        (Staff::Leader, "decide", &decision),
    ]
    .into_iter()
    .enumerate()
    {
        let call = app.by(who).post(format!("/assessments/{id}/steps/{step}"));
        let call = call.if_match(format!("\"{}\"", at + 1));
        call.json(input).expect(200);
    }
    row
}

#[test]
fn naming_and_rewards_are_proposed_with_evidence_and_decided() {
    let app = TestApp::start();
    let row = decided(&app, true);
    let id = row["id"].as_str().unwrap();
    let path = format!("/assessments/{id}/honours");
    let photo = app.by(Staff::Office).post("/photos");
    let photo = photo
        .file("公示.png", tests::files::png())
        .expect(201)
        .json();
    let photo = photo["id"].as_str().unwrap().to_owned();
    let naming = json!({
        "kind": "naming", "title": "授予“三无村”称号", "evidence": "公示五日无异议",
        "photos": [photo],
    });
    app.by(Staff::Leader)
        .post(&path)
        .json(&naming)
        .send()
        .problem("forbidden");
    app.by(Staff::Secretary)
        .post(&path)
        .json(&naming)
        .send()
        .problem("forbidden");
    let empty = json!({"kind": "reward", "title": "", "evidence": " "});
    let call = app.by(Staff::Office).post(&path).json(&empty).send();
    assert_eq!(
        call.invalid_fields(),
        ["evidence:required", "title:required"]
    );
    let view = app
        .by(Staff::Office)
        .post(&path)
        .json(&naming)
        .expect(201)
        .json();
    let honour = view["honours"][0].clone();
    assert_eq!(
        (&honour["state"], honour["photos"].as_array().unwrap().len()),
        (&json!("proposed"), 1)
    );
    // Once.
    app.by(Staff::Office)
        .post(&path)
        .json(&naming)
        .send()
        .problem("conflict");
    // The village hears of it when it is granted, and sees its evidence then.
    let own = app.by(Staff::Secretary).get(format!("/assessments/{id}"));
    assert_eq!(own.expect(200).json()["honours"], json!([]));
    let look = |who: Staff| app.by(who).get(format!("/photos/{photo}")).send();
    look(Staff::Secretary).problem("not_found");
    let step = |who: Staff, step: &str, version: i64, input: Value| {
        let id = honour["id"].as_str().unwrap();
        let call = app.by(who).post(format!("/honours/{id}/steps/{step}"));
        call.if_match(format!("\"{version}\"")).json(&input).send()
    };
    let ground = json!({"text": "镇党委会议纪要", "number": "平政发〔2026〕3号"});
    step(Staff::Office, "grant", 1, ground.clone()).problem("forbidden");
    step(Staff::Leader, "revoke", 1, json!({"text": "理由"})).problem("conflict");
    step(Staff::Leader, "grant", 2, ground.clone()).problem("stale_version");
    let missing = step(Staff::Leader, "grant", 1, json!({}));
    assert_eq!(missing.invalid_fields(), ["text:required"]);
    step(Staff::Leader, "praise", 1, ground.clone()).problem("not_found");
    let view = step(Staff::Leader, "grant", 1, ground).expect(200).json();
    assert_eq!(view["honours"][0]["number"], "平政发〔2026〕3号");
    let list = app
        .by(Staff::Secretary)
        .get("/assessments?year=2026")
        .expect(200)
        .json();
    assert_eq!(list["items"][0]["honours"], json!(["授予“三无村”称号"]));
    look(Staff::Secretary).expect(200);
    look(Staff::NextSecretary).problem("not_found");
    let told = app
        .by(Staff::Secretary)
        .get("/notifications?kind=assessment");
    assert!(told.expect(200).text().contains("命名已批准"));
    let view = step(Staff::OtherLeader, "revoke", 2, json!({"text": "经查不实"}))
        .expect(200)
        .json();
    assert_eq!(view["row"]["honours"], json!([]));
    assert_eq!(view["honours"][0]["state"], "revoked");
}

#[test]
fn only_what_was_decided_is_honoured() {
    let app = TestApp::start();
    let row = decided(&app, false);
    let office = app.by(Staff::Office);
    let path = |id: &Value| format!("/assessments/{}/honours", id.as_str().unwrap());
    let naming = json!({"kind": "naming", "title": "称号", "evidence": "记录"});
    let refused = office
        .post(path(&row["id"]))
        .json(&naming)
        .send()
        .problem("conflict");
    assert!(refused.detail.contains("不命名"), "{}", refused.detail);
    let reward = json!({"kind": "reward", "title": "经费", "evidence": "记录"});
    office.post(path(&row["id"])).json(&reward).expect(201);
    let all = office.get("/assessments?year=2026").expect(200).json();
    let mut rows = all["items"].as_array().unwrap().iter();
    let open = rows
        .find(|row| row["village"]["name"] == NEXT_VILLAGE)
        .unwrap();
    office
        .post(path(&open["id"]))
        .json(&reward)
        .send()
        .problem("conflict");
    office
        .post("/assessments/none/honours")
        .json(&reward)
        .send()
        .problem("not_found");
}
