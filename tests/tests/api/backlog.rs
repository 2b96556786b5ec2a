//! The backlog (积案): from a proposal to the leader's approval.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

fn opening(app: &TestApp) -> Value {
    json!({
        "leader_id": app.user(Staff::Leader),
        "team": [
            {"unit_id": app.unit(VILLAGE), "person": "周永福"},
            {"unit_id": app.unit("司法所"), "person": "褚公正"},
        ],
    })
}

fn list(app: &TestApp, who: Staff, path: &str) -> Value {
    app.by(who).get(path).expect(200).json()
}

fn again<'a>(app: &'a TestApp, id: &str) -> Case<'a> {
    let view = list(app, Staff::Office, &format!("/cases/{id}"));
    Case::of(app, view)
}

fn line<'a>(view: &'a Value, label: &str) -> &'a str {
    let lines = view["lines"].as_array().unwrap();
    let found = lines.iter().find(|line| line["label"] == label);
    found.unwrap()["text"].as_str().unwrap()
}

/// Story 3: a backlog case from the proposal to the approval.
#[test]
fn from_the_proposal_to_the_approval() {
    let mut app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let id = case.id.clone();
    assert_eq!(case.view["due_on"], "2026-05-09");

    // Overdue by 59 days it is not proposed, by 60 it is.
    app.restart(Some("2026-07-07T02:00:00Z"));
    assert_eq!(list(&app, Staff::Office, "/backlog/proposals")["total"], 0);
    app.restart(Some("2026-07-08T02:00:00Z"));
    let proposals = list(&app, Staff::Office, "/backlog/proposals");
    assert_eq!(proposals["total"], 1);
    let proposal = &proposals["items"][0];
    assert_eq!(
        (&proposal["case"]["id"], &proposal["overdue_days"]),
        (&json!(id), &json!(60))
    );
    assert!(proposal["reason"].as_str().unwrap().contains("60日"));
    let home = list(&app, Staff::Office, "/dashboard");
    let todo = home["todos"].as_array().unwrap().iter();
    let todo = todo
        .clone()
        .find(|todo| todo["list"] == "proposals")
        .unwrap();
    assert_eq!(todo["count"], 1);

    // A person decides; then it is no proposal any more, but in the backlog.
    let case = again(&app, &id);
    let early = case.try_open(Staff::Office, "packages", &opening(&app));
    assert!(early.problem("conflict").detail.contains("先列为积案"));
    let reason = json!({"text": proposal["reason"]});
    case.act(Staff::Secretary, "mark_backlog", reason.clone())
        .problem("forbidden");
    let case = case.then(Staff::Office, "mark_backlog", reason);
    assert_eq!(list(&app, Staff::Office, "/backlog/proposals")["total"], 0);
    let row = list(&app, Staff::Leader, "/backlog")["items"][0].clone();
    assert_eq!((&row["days"], &row["package"]), (&json!(120), &Value::Null));
    assert_eq!(
        (&row["in_place"], &row["missing"].as_array().unwrap().len()),
        (&json!(0), &4)
    );

    // Leader and team: the leader leads the case, the team sees it.
    case.seen_by(Staff::Justice).problem("not_found");
    let mut package = case.open(Staff::Office, "packages", &opening(&app));
    assert_eq!(again(&app, &id).view["lead"]["name"], "赵建国");
    case.seen_by(Staff::Justice).expect(200);
    let second = case.try_open(Staff::Office, "packages", &opening(&app));
    assert!(second.problem("conflict").detail.contains("已有化解专班"));
    assert_eq!(
        line(&package.view, "四个落实"),
        "1/4，还缺：化解方案、稳控措施、化解办法"
    );

    // The plan.
    let plan = json!({
        "goal": "两月内兑付流转费", "care": ["explanation", "help"],
        "steps": [
            {"what": "核对账目", "owner": "周永福", "due": "2026-07-15"},
            {"what": "分期兑付", "owner": "褚公正", "due": "2026-09-30"},
        ],
    });
    package.step(Staff::Secretary, "plan", &plan);
    assert_eq!(line(&package.view, "四个落实"), "3/4，还缺：化解办法");
    let early = package.try_step(Staff::Secretary, "submit", &json!({}));
    assert!(early.problem("conflict").detail.contains("化解办法"));
    package.step(
        Staff::Secretary,
        "plan",
        &json!({"means": ["policy", "consultation"]}),
    );
    assert_eq!(line(&package.view, "四个落实"), "4/4，已全部落实");
    assert_eq!(package.view["due"]["on"], "2026-07-15");
    package.step(
        Staff::Secretary,
        "done",
        &json!({"which": "1", "text": "欠款3200元"}),
    );
    assert_eq!(package.view["due"]["on"], "2026-07-22");
    // Anybody of the team notes progress; the plan is the unit's in charge.
    package
        .try_step(Staff::Justice, "plan", &plan)
        .problem("forbidden");
    package.step(Staff::Justice, "progress", &json!({"text": "与信访人面谈"}));
    let (row, matter) = (list(&app, Staff::Leader, "/backlog"), package.id.clone());
    assert_eq!(row["items"][0]["in_place"], 4);
    assert_eq!(row["items"][0]["package"]["last_progress_on"], "2026-07-08");

    // Fourteen days without a note, and it is red.
    let tone = |app: &TestApp| {
        let row = list(app, Staff::Leader, "/backlog")["items"][0]["package"].clone();
        let matters = list(app, Staff::Leader, "/matters?kind=package");
        let whole = list(
            app,
            Staff::Leader,
            &format!("/cases/{id}/packages/{matter}"),
        );
        assert_eq!(
            (&row["tone"], &row["tone"]),
            (&whole["tone"], &matters["items"][0]["tone"])
        );
        row["tone"].as_str().unwrap().to_owned()
    };
    app.restart(Some("2026-07-22T15:59:00Z"));
    assert_eq!(tone(&app), "active");
    app.restart(Some("2026-07-22T16:00:00Z"));
    assert_eq!(tone(&app), "bad");
    let home = list(&app, Staff::Leader, "/dashboard");
    let todos = home["todos"].as_array().unwrap();
    let todo = todos
        .iter()
        .find(|todo| todo["title"] == "积案化解没有进展")
        .unwrap();
    assert_eq!((&todo["count"], &todo["urgent"]), (&json!(1), &json!(true)));

    // Asked for the end, sent back, asked again, approved.
    let case = again(&app, &id);
    let path = case.path(&format!("/packages/{matter}"));
    let step = |who: Staff, step: &str, input: Value| {
        let etag = app.by(Staff::Office).get(&path).expect(200).etag();
        let call = app
            .by(who)
            .post(format!("{path}/steps/{step}"))
            .if_match(etag);
        call.json(&input).send()
    };
    step(Staff::Secretary, "progress", json!({"text": "首期已兑付"})).expect(200);
    assert_eq!(tone(&app), "active");
    let bare = step(Staff::Secretary, "submit", json!({"text": "已兑付"}));
    assert_eq!(
        bare.invalid_fields(),
        ["evidence:required", "evidence_text:required"]
    );
    let submission = json!({
        "text": "已全部兑付", "evidence": ["commitment", "agreement"],
        "evidence_text": "7月22日双方签字",
    });
    step(Staff::Secretary, "submit", submission.clone()).expect(200);
    step(Staff::Secretary, "approve", json!({})).problem("forbidden");
    step(Staff::Office, "approve", json!({})).problem("forbidden");
    let unsaid = step(Staff::Leader, "reject", json!({}));
    assert_eq!(unsaid.invalid_fields(), ["text:required"]);
    let back = step(
        Staff::Leader,
        "reject",
        json!({"text": "承诺书没有本人签字"}),
    )
    .expect(200);
    assert_eq!(back.json()["state"], "planned");
    step(Staff::Secretary, "submit", submission).expect(200);

    // The backlog is not left by another door.
    let cleared = case.act(Staff::Leader, "clear_backlog", json!({"text": "已化解"}));
    assert!(cleared.problem("conflict").detail.contains("专班"));
    let actions = list(&app, Staff::Leader, &case.path("/actions"));
    let actions = actions.as_array().unwrap().iter();
    let clear = actions
        .clone()
        .find(|step| step["action"] == "clear_backlog")
        .unwrap();
    assert_eq!(clear["allowed"], false);
    let answered = again(&app, &id).answered(Staff::Secretary);
    let close =
        json!({"text": "接受", "opinion": "agrees", "outcome": "settled", "notice": "承诺书"});
    let refused = answered.act(Staff::Leader, "close", close);
    assert!(refused.problem("conflict").detail.contains("销号"));

    let done = step(Staff::OtherLeader, "approve", json!({"text": "同意"}))
        .expect(200)
        .json();
    assert_eq!(
        (&done["state"], &done["open"]),
        (&json!("approved"), &json!(false))
    );
    let case = again(&app, &id);
    assert_eq!(case.view["backlog"], false);
    assert_eq!(list(&app, Staff::Leader, "/backlog")["total"], 0);
    let events = list(&app, Staff::Office, &case.path("/events?limit=200"));
    let events = events["items"].as_array().unwrap();
    let event = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap();
    assert_eq!(event("lead_set")["data"]["user"]["name"], "赵建国");
    let cleared = event("backlog_cleared");
    assert_eq!(cleared["data"]["matter"]["deed"], "package.approve");
    assert!(cleared["text"].as_str().unwrap().contains("承诺书"));
    assert_eq!(case.closed().view["state"], "closed");
}

#[test]
fn a_repetition_after_an_answer_is_proposed_and_one_before_is_not() {
    let app = TestApp::start();
    let first = app.case().village(VILLAGE).register();
    let repeat = |earlier: &str| {
        let builder = app.case().village(VILLAGE).set("earlier_case_id", earlier);
        builder.register()
    };
    let second = repeat(&first.id);
    assert_eq!(list(&app, Staff::Office, "/backlog/proposals")["total"], 0);
    first
        .accepted()
        .dispatched(VILLAGE)
        .taken(Staff::Secretary)
        .answered(Staff::Secretary);
    let found = list(&app, Staff::Secretary, "/backlog/proposals");
    assert_eq!(found["total"], 1);
    let proposal = &found["items"][0];
    assert_eq!(proposal["case"]["id"], second.id);
    assert_eq!(
        (&proposal["repeated"], &proposal["overdue_days"]),
        (&json!(true), &Value::Null)
    );
    assert!(proposal["reason"].as_str().unwrap().contains("再次反映"));
    // Another village learns nothing of it, the auditor and the administrator nothing at all.
    assert_eq!(
        list(&app, Staff::NextSecretary, "/backlog/proposals")["total"],
        0
    );
    for who in [Staff::Auditor, Staff::Admin] {
        app.by(who)
            .get("/backlog/proposals")
            .send()
            .problem("forbidden");
        app.by(who).get("/backlog").send().problem("forbidden");
    }
    let bad = app
        .by(Staff::Office)
        .get("/backlog?limit=0&cursor=x")
        .send();
    assert_eq!(
        bad.invalid_fields(),
        ["cursor:invalid", "limit:out_of_range"]
    );
}

#[test]
fn the_backlog_comes_in_pages_the_oldest_first_and_hides_what_is_sealed() {
    let app = TestApp::start();
    let mark = |case: Case<'_>| {
        case.then(Staff::Office, "mark_backlog", json!({"text": "三年未决"}))
            .id
    };
    let days = ["2024-05-01", "2025-01-01", "2025-01-01", "2026-02-01"];
    let ids: Vec<String> = days
        .iter()
        .map(|day| mark(app.case().village(VILLAGE).received(day).register()))
        .collect();
    let sealed = mark(app.case().village(VILLAGE).accuses(VILLAGE).register());
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&app, Staff::Secretary, &format!("/backlog?limit=1{cursor}"));
        assert_eq!(page["total"], 4);
        for row in page["items"].as_array().unwrap() {
            found.push(row["case"]["id"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, ids);
    assert!(
        !list(&app, Staff::Secretary, "/backlog")
            .to_string()
            .contains(&sealed)
    );
    assert_eq!(list(&app, Staff::Office, "/backlog")["total"], 5);
    let other = app.unit("芦湾村");
    let none = list(&app, Staff::Office, &format!("/backlog?village_id={other}"));
    assert_eq!(none["total"], 0);
}

#[test]
fn what_is_wrong_with_a_package_is_named_and_changes_nothing() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "三年未决"}));
    let empty = case.try_open(Staff::Office, "packages", &json!({}));
    assert_eq!(
        empty.invalid_fields(),
        ["leader_id:required", "team:required"]
    );
    let mut wrong = opening(&app);
    wrong["leader_id"] = json!(app.user(Staff::Office));
    wrong["team"][1] = json!({"unit_id": "nowhere", "person": ""});
    assert_eq!(
        case.try_open(Staff::Leader, "packages", &wrong)
            .invalid_fields(),
        [
            "leader_id:wrong_role",
            "team.1.person:required",
            "team.1.unit_id:unknown"
        ]
    );
    case.try_open(Staff::Secretary, "packages", &opening(&app))
        .problem("forbidden");
    assert_eq!(case.matters(Staff::Office)["items"], json!([]));
    assert_eq!(again(&app, &case.id).view["lead"], Value::Null);
    let package = case.open(Staff::Leader, "packages", &opening(&app));
    let steps = json!({"goal": "兑付", "steps": [{"what": "核对", "due": "2026-03-09"}]});
    assert_eq!(
        package
            .try_step(Staff::Office, "plan", &steps)
            .invalid_fields(),
        ["steps.0.due:too_early", "steps.0.owner:required"]
    );
    let none = package.try_step(Staff::Office, "done", &json!({"which": "1", "text": "x"}));
    assert!(none.problem("conflict").detail.contains("先制定化解方案"));
    let early = package.try_step(Staff::Leader, "approve", &json!({}));
    assert!(early.problem("conflict").detail.contains("还没有申请"));
    assert_eq!(package.seen_by(Staff::Office).json()["version"], 1);
}

#[test]
fn backlog_that_was_marked_by_mistake_is_cleared_and_one_closes_on_evidence() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "列错"}));
    let case = case.then(
        Staff::Leader,
        "clear_backlog",
        json!({"text": "列错，不是积案"}),
    );
    assert_eq!(case.view["backlog"], false);
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let case = case.answered(Staff::Secretary);
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "三年未决"}));
    let close = json!({"text": "接受", "opinion": "agrees", "outcome": "settled"});
    let bare = case.act(Staff::Leader, "close", close);
    assert_eq!(bare.invalid_fields(), ["notice:required"]);
    case.act(
        Staff::Office,
        "close",
        json!({"text": "接受", "opinion": "agrees", "outcome": "settled"}),
    )
    .problem("forbidden");
    let close = json!({"text": "接受", "opinion": "agrees", "outcome": "settled", "notice": "3月10日承诺书"});
    assert_eq!(
        case.then(Staff::Leader, "close", close).view["state"],
        "closed"
    );
}

#[test]
fn a_package_ends_with_its_case_when_the_petitioner_withdraws() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "三年未决"}));
    let package = case.open(Staff::Office, "packages", &opening(&app));
    let close = json!({"text": "书面撤回", "outcome": "withdrawn"});
    case.act(Staff::Leader, "close", close).expect(200);
    let seen = package.seen_by(Staff::Office).json();
    assert_eq!(
        (&seen["state"], &seen["open"]),
        (&json!("ended"), &json!(false))
    );
}
