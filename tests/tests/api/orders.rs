//! Orders (交办、转办、督办): from the office to a unit and back, yellow and red by the clock,
//! proposals and their answers.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Case, Staff, TestApp};

fn order(app: &TestApp, unit: &str, deadline: &str) -> Value {
    json!({
        "form": "supervise", "source": "higher", "authority": "县信访局",
        "number": "县信督〔2026〕5号", "unit_id": app.unit(unit),
        "demand": "核实流转费，提出兑付办法", "deadline": deadline,
    })
}

fn handled(app: &TestApp) -> Case<'_> {
    let case = app.case().village(VILLAGE).register();
    case.accepted().dispatched(VILLAGE).taken(Staff::Secretary)
}

fn todo(app: &TestApp, who: Staff, title: &str) -> Option<Value> {
    let home = app.by(who).get("/dashboard").expect(200).json();
    let todos = home["todos"].as_array().unwrap();
    todos
        .iter()
        .find(|todo| todo["title"].as_str().unwrap().contains(title))
        .cloned()
}

/// What a line of the home page opens.
fn opened(app: &TestApp, who: Staff, todo: &Value) -> Value {
    let list = match todo["list"].as_str().unwrap() {
        "proposals" => "/backlog/proposals",
        "matters" => "/matters",
        other => panic!("{other}"),
    };
    let query = todo["query"].as_str().unwrap();
    let page = app
        .by(who)
        .get(format!("{list}?{query}"))
        .expect(200)
        .json();
    assert_eq!(page["total"], todo["count"], "{todo}");
    page
}

#[test]
fn an_order_goes_to_a_unit_comes_back_and_is_concluded() {
    let app = TestApp::start();
    let case = handled(&app);
    // Another unit comes to know of the case by the order.
    case.seen_by(Staff::Police).problem("not_found");
    let mut order = case.open(
        Staff::Office,
        "orders",
        &order(&app, "派出所", "2026-03-20"),
    );
    assert_eq!(order.state(), "issued");
    assert_eq!(order.view["title"], "县信访局督办派出所");
    assert_eq!(order.view["due"]["on"], "2026-03-20");
    assert_eq!(order.view["unit"]["name"], "派出所");
    case.seen_by(Staff::Police).expect(200);
    let mine = todo(&app, Staff::Police, "督办：等本单位办理").unwrap();
    assert_eq!(mine["urgent"], false);
    assert_eq!(
        opened(&app, Staff::Police, &mine)["items"][0]["id"],
        order.id
    );

    // Whose task it is.
    order
        .try_step(Staff::Secretary, "receive", &json!({}))
        .problem("forbidden");
    order
        .try_step(Staff::Police, "return", &json!({"text": "x"}))
        .problem("forbidden");
    let early = order.try_step(Staff::Police, "feedback", &json!({"text": "已办"}));
    assert!(early.problem("conflict").detail.contains("先签收"));
    order.step(Staff::Police, "receive", &json!({}));
    order.step(Staff::Police, "feedback", &json!({"text": "已核实"}));
    assert_eq!(order.state(), "reported");
    assert_eq!(order.view["unit"]["name"], "镇综治办");
    assert!(todo(&app, Staff::Police, "督办").is_none());
    assert!(todo(&app, Staff::Office, "督办：等本单位办理").is_some());

    let back = json!({"text": "没有提出兑付办法", "deadline": "2026-03-09"});
    let refused = order.try_step(Staff::Office, "return", &back);
    assert_eq!(refused.invalid_fields(), ["deadline:in_past"]);
    let back = json!({"text": "没有提出兑付办法", "deadline": "2026-03-25"});
    order.step(Staff::Office, "return", &back);
    assert_eq!(order.view["due"]["on"], "2026-03-25");

    // An open order keeps the case open.
    let answered = case.clone().answered(Staff::Secretary);
    let close = json!({"text": "接受", "opinion": "agrees", "outcome": "settled"});
    let refused = answered.act(Staff::Leader, "close", close);
    assert!(refused.problem("conflict").detail.contains("没办结的督办"));

    order.step(Staff::Police, "feedback", &json!({"text": "三日内兑付"}));
    order.step(Staff::Office, "conclude", &json!({"text": "办理到位"}));
    assert_eq!(
        (order.state(), &order.view["open"]),
        ("concluded", &json!(false))
    );
    answered.closed();
    let again = order.try_step(Staff::Office, "conclude", &json!({"text": "再办"}));
    assert!(again.problem("conflict").detail.contains("已经结束"));
}

#[test]
fn the_deadline_shows_yellow_then_red_and_the_settings_say_when() {
    let mut app = TestApp::start();
    let case = handled(&app);
    let id = {
        let order = case.open(Staff::Office, "orders", &order(&app, VILLAGE, "2026-03-20"));
        assert_eq!(order.view["tone"], "active");
        order.id
    };
    let tone = |app: &TestApp| {
        let rows = app.by(Staff::Secretary).get("/orders").expect(200).json();
        assert_eq!(rows["total"], 1);
        let row = rows["items"][0].clone();
        let path = format!("/cases/{}/orders/{id}", row["case_id"].as_str().unwrap());
        let whole = app.by(Staff::Secretary).get(path).expect(200).json();
        assert_eq!(row["tone"], whole["tone"]);
        assert_eq!(row["overdue"], whole["overdue"]);
        (
            row["tone"].as_str().unwrap().to_owned(),
            row["overdue"] == true,
        )
    };

    for (now, expected, overdue) in [
        // 23:59:59 and 00:00 in Shanghai.
        ("2026-03-16T15:59:50Z", "active", false),
        ("2026-03-16T16:00:00Z", "warn", false),
        ("2026-03-20T15:59:00Z", "warn", false),
        ("2026-03-20T16:00:00Z", "bad", true),
    ] {
        app.restart(Some(now));
        if expected == "active" {
            // Read at once, before midnight passes.
            let rows = app.by(Staff::Secretary).get("/orders").expect(200).json();
            assert_eq!(rows["items"][0]["tone"], expected, "{now}");
            continue;
        }
        assert_eq!(tone(&app), (expected.to_owned(), overdue), "{now}");
    }
    let late = todo(&app, Staff::Leader, "督办已逾期").unwrap();
    assert_eq!((&late["count"], &late["urgent"]), (&json!(1), &json!(true)));
    opened(&app, Staff::Leader, &late);
    let mine = todo(&app, Staff::Secretary, "督办：等本单位办理").unwrap();
    assert_eq!(mine["urgent"], true);
    assert!(mine["hint"].as_str().unwrap().contains("1件已逾期"));

    let settings = app.by(Staff::Admin).get("/settings").send();
    let change = json!({"reminders": {"yellow_days": 5, "red_days": 3}});
    let call = app
        .by(Staff::Admin)
        .patch("/settings")
        .if_match(settings.etag());
    let changed = call.json(&change).expect(200).json();
    assert_eq!(changed["reminders"]["red_days"], 3);
    assert_eq!(tone(&app), ("warn".to_owned(), true));
    let wrong = json!({"reminders": {"yellow_days": 31, "red_days": 0}});
    let etag = app.by(Staff::Admin).get("/settings").send().etag();
    let call = app.by(Staff::Admin).patch("/settings").if_match(etag);
    assert_eq!(
        call.json(&wrong).send().invalid_fields(),
        [
            "reminders.red_days:out_of_range",
            "reminders.yellow_days:out_of_range"
        ]
    );
}

#[test]
fn a_proposal_is_answered_in_writing_by_its_recipient() {
    let app = TestApp::start();
    let case = handled(&app);
    let mut order = case.open(Staff::Office, "orders", &order(&app, VILLAGE, "2026-03-20"));
    let reply = json!({"adoption": "adopted", "text": "已建立台账"});
    let none = order.try_step(Staff::Office, "reply", &reply);
    assert!(none.problem("conflict").detail.contains("没有等候答复"));
    let empty = order.try_step(Staff::Office, "propose", &json!({}));
    assert_eq!(
        empty.invalid_fields(),
        [
            "proposal:required",
            "recipient_id:required",
            "text:required"
        ]
    );
    let propose = json!({
        "proposal": "improve", "recipient_id": app.unit(NEXT_VILLAGE), "text": "健全流转台账",
        "reply_by": "2026-03-31",
    });
    order.step(Staff::Office, "propose", &propose);
    // The recipient sees the case now and is the one to answer.
    case.seen_by(Staff::NextSecretary).expect(200);
    order
        .try_step(Staff::Police, "reply", &reply)
        .problem("not_found");
    order
        .try_step(Staff::Secretary, "reply", &reply)
        .problem("forbidden");
    let office = order.try_step(Staff::Office, "reply", &reply);
    assert!(office.problem("conflict").detail.contains("自己答复"));
    order.step(Staff::NextSecretary, "reply", &reply);
    let items = order.view["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["group"] == "建议").unwrap();
    assert_eq!(item["state_label"], "采纳");
    // One to an authority outside, whose answer the office notes.
    let propose = json!({
        "proposal": "accountability", "recipient": "县纪委监委", "text": "追究拖延责任",
    });
    order.step(Staff::Leader, "propose", &propose);
    order.step(Staff::Office, "conclude", &json!({"text": "另案办理"}));
    assert_eq!(
        (order.state(), &order.view["open"]),
        ("proposed", &json!(true))
    );
    let reply = json!({"adoption": "partly", "text": "已谈话提醒"});
    order.step(Staff::Office, "reply", &reply);
    assert_eq!(order.view["open"], false);
}

#[test]
fn what_is_wrong_with_an_order_is_named_and_changes_nothing() {
    let app = TestApp::start();
    let case = handled(&app);
    let empty = case.try_open(Staff::Office, "orders", &json!({}));
    assert_eq!(
        empty.invalid_fields(),
        [
            "deadline:required",
            "demand:required",
            "form:required",
            "source:required",
            "unit_id:required"
        ]
    );
    for (field, value, expected) in [
        ("deadline", json!("2026-03-09"), "deadline:in_past"),
        ("unit_id", json!(app.unit("平川镇")), "unit_id:wrong_kind"),
        ("unit_id", json!("nowhere"), "unit_id:unknown"),
        ("authority", json!(" "), "authority:required"),
        ("source", json!("leader"), "leader_id:required"),
        ("on", json!("2026-03-11"), "on:in_future"),
        ("on", json!("2026-03-01"), "on:too_early"),
    ] {
        let mut input = order(&app, VILLAGE, "2026-03-20");
        input[field] = value;
        let answer = case.try_open(Staff::Office, "orders", &input);
        assert_eq!(answer.invalid_fields(), [expected]);
    }
    case.try_open(
        Staff::Secretary,
        "orders",
        &order(&app, VILLAGE, "2026-03-20"),
    )
    .problem("forbidden");
    assert_eq!(case.matters(Staff::Office)["items"], json!([]));
    assert_eq!(
        app.by(Staff::Office).get("/orders").expect(200).json()["total"],
        0
    );
    // A kind that is asked for beside changes nothing about the list.
    app.by(Staff::Office).get("/orders?kind=visit").expect(200);
    app.by(Staff::Auditor)
        .get("/orders")
        .send()
        .problem("forbidden");
}

#[test]
fn an_accusation_is_never_ordered_to_the_accused() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).accuses(VILLAGE).register();
    let to_accused = case.try_open(Staff::Office, "orders", &order(&app, VILLAGE, "2026-03-20"));
    assert_eq!(to_accused.invalid_fields(), ["unit_id:accused"]);
    let order = case.open(
        Staff::Office,
        "orders",
        &order(&app, "派出所", "2026-03-20"),
    );
    assert_eq!(order.seen_by(Staff::Police).status, 200);
    assert_eq!(order.seen_by(Staff::Secretary).status, 404);
    let rows = app.by(Staff::Secretary).get("/orders").expect(200).json();
    assert_eq!((&rows["total"], &rows["items"]), (&json!(0), &json!([])));
    assert!(todo(&app, Staff::Secretary, "督办").is_none());
}
