//! The inbox: what is whose, read and unread, what somebody wishes to be told, what may not be told
//! any more.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

fn given<'a>(app: &'a TestApp, unit: &str) -> Case<'a> {
    app.case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(unit)
}

/// An app at seven in the morning: the day's digest and reminders are still to come, so that only what
/// a test does is told.
fn early() -> TestApp {
    TestApp::with().clock("2026-03-09T23:00:00Z").start()
}

fn inbox(app: &TestApp, who: Staff, query: &str) -> Value {
    let path = format!("/notifications{query}");
    app.by(who).get(path).expect(200).json()
}

fn links(inbox: &Value) -> Vec<String> {
    let items = inbox["items"].as_array().unwrap();
    let link = |item: &Value| item["link"].as_str().unwrap().to_owned();
    items.iter().map(link).collect()
}

fn of(case: &Case<'_>) -> String {
    format!("/cases/{}", case.id)
}

#[test]
fn notices_are_read_one_by_one_or_up_to_one() {
    let app = early();
    let cases: Vec<Case<'_>> = (0..4).map(|_| given(&app, "派出所")).collect();
    let all = inbox(&app, Staff::Police, "");
    assert_eq!((&all["total"], &all["unread"]), (&json!(4), &json!(4)));
    let newest_first: Vec<String> = cases.iter().rev().map(of).collect();
    assert_eq!(links(&all), newest_first);
    // Page by page.
    let first = inbox(&app, Staff::Police, "?limit=3");
    assert_eq!(links(&first), newest_first[..3]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = inbox(&app, Staff::Police, &format!("?limit=3&cursor={cursor}"));
    assert_eq!(links(&rest), newest_first[3..]);
    assert_eq!(
        (&rest["next_cursor"], &rest["total"]),
        (&Value::Null, &json!(4))
    );

    let id = all["items"][1]["id"].as_str().unwrap();
    let read = |who| app.by(who).post(format!("/notifications/{id}/read"));
    let once = read(Staff::Police).expect(200).json();
    assert!(once["read_at"].is_string());
    assert_eq!(
        read(Staff::Police).expect(200).json(),
        once,
        "the first time stays"
    );
    // Nobody else has it, not even by its id.
    read(Staff::Office).send().problem("not_found");
    read(Staff::Admin).send().problem("not_found");
    let unread = inbox(&app, Staff::Police, "?unread=true");
    assert_eq!(
        (&unread["total"], &unread["unread"]),
        (&json!(3), &json!(3))
    );
    assert!(!links(&unread).contains(&newest_first[1]));

    // Up to the second oldest: what is newer stays.
    let up_to = json!({"up_to": all["items"][2]["seq"]});
    let call = |who| app.by(who).post("/notifications/read-all").json(&up_to);
    assert_eq!(call(Staff::Court).expect(200).json()["unread"], 0);
    assert_eq!(call(Staff::Police).expect(200).json()["unread"], 1);
    assert_eq!(
        links(&inbox(&app, Staff::Police, "?unread=true")),
        newest_first[..1]
    );
    assert_eq!(inbox(&app, Staff::Police, "?kind=digest")["total"], 0);
    assert_eq!(inbox(&app, Staff::Police, "?kind=case_given")["total"], 4);
    for (query, code) in [
        ("?kind=nothing", "bad_request"),
        ("?who=me", "bad_request"),
        ("?limit=201", "invalid_fields"),
        ("?cursor=x", "invalid_fields"),
    ] {
        let path = format!("/notifications{query}");
        app.by(Staff::Police).get(path).send().problem(code);
    }
    let wrong = json!({"up_to": 1, "user": "x"});
    let call = app.by(Staff::Police).post("/notifications/read-all");
    call.json(&wrong).send().problem("bad_request");
}

#[test]
fn whoever_gives_a_case_tells_the_unit_and_nobody_else() {
    let app = early();
    let case = app.case().village(VILLAGE).register();
    let nobody = |app: &TestApp| {
        for who in Staff::ALL {
            assert_eq!(inbox(app, who, "?kind=case_given")["total"], 0, "{who:?}");
        }
    };
    // Registering tells nobody: the ledger shows it.
    nobody(&app);
    let case = case.transferred("司法所");
    let told = inbox(&app, Staff::Justice, "?kind=case_given");
    let title = told["items"][0]["title"].as_str().unwrap();
    assert!(
        title.contains("转送") && title.contains(&case.number),
        "{title}"
    );
    assert!(
        !told.to_string().contains("张三") && !told.to_string().contains("流转费"),
        "{told}"
    );
    // The scheduler may have reminded somebody of something else by now.
    for who in Staff::ALL.into_iter().filter(|who| *who != Staff::Justice) {
        let told = inbox(&app, who, "?kind=case_given");
        assert_eq!(told["total"], 0, "{who:?}: {told}");
    }
    // A matter that becomes a unit's turn.
    let order = json!({
        "form": "supervise", "source": "office", "unit_id": app.unit("派出所"),
        "demand": "核实流转费", "deadline": "2026-03-20",
    });
    let mut order = case.open(Staff::Office, "orders", &order);
    let told = inbox(&app, Staff::Police, "");
    let title = told["items"][0]["title"].as_str().unwrap();
    assert!(
        title.contains("督办") && title.contains("轮到本单位办理"),
        "{title}"
    );
    assert!(
        told["items"][0]["link"]
            .as_str()
            .unwrap()
            .ends_with(&order.id)
    );
    order.step(Staff::Police, "receive", &json!({}));
    order.step(Staff::Police, "feedback", &json!({"text": "已核实"}));
    assert_eq!(
        inbox(&app, Staff::Office, "")["total"],
        1,
        "it is the office's turn"
    );
    assert_eq!(inbox(&app, Staff::OtherOffice, "")["total"], 1);
    assert_eq!(inbox(&app, Staff::Police, "")["total"], 1);
}

#[test]
fn a_case_that_is_sealed_since_is_told_of_no_more() {
    let app = early();
    let case = given(&app, VILLAGE);
    let other = given(&app, VILLAGE);
    let before = inbox(&app, Staff::Secretary, "");
    assert_eq!(
        (&before["total"], &before["unread"]),
        (&json!(2), &json!(2))
    );
    let id = before["items"][1]["id"].as_str().unwrap();
    let change = json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)});
    let call = app.by(Staff::Office).patch(case.path(""));
    let etag = app.etag(&case.id, Staff::Office);
    call.if_match(etag).json(&change).expect(200);
    case.seen_by(Staff::Secretary).problem("not_found");
    let after = inbox(&app, Staff::Secretary, "");
    assert_eq!(links(&after), [of(&other)]);
    assert_eq!((&after["total"], &after["unread"]), (&json!(1), &json!(1)));
    let secretary = app.by(Staff::Secretary);
    let read = secretary.post(format!("/notifications/{id}/read"));
    read.send().problem("not_found");
    // Nor by a stream that goes on from before.
    let events = tests::Events::open(&secretary, Some("0"));
    assert_eq!(events.next().name, "hello");
    assert_eq!(events.notice()["link"], of(&other));
    events.nothing();
}

#[test]
fn an_accusation_is_told_to_none_of_the_accused() {
    let app = early();
    let case = app.case().village(VILLAGE).accuses(VILLAGE).register();
    let case = case.accepted().dispatched("派出所");
    assert_eq!(links(&inbox(&app, Staff::Police, "")), [of(&case)]);
    assert_eq!(inbox(&app, Staff::Secretary, "")["total"], 0);
    assert_eq!(inbox(&app, Staff::Informant, "")["total"], 0);
}

#[test]
fn everybody_chooses_what_they_are_told() {
    let app = early();
    let police = app.by(Staff::Police);
    let path = "/me/notification-settings";
    let shown = police.get(path).expect(200);
    let (etag, view) = (shown.etag(), shown.json());
    assert_eq!(view["kinds"].as_array().unwrap().len(), 13);
    assert!(
        view["kinds"][0]["fixed"]
            .as_str()
            .unwrap()
            .contains("不能关闭"),
        "{view}"
    );
    let wish = |kind: &str, delivery: &str| {
        json!({
            "kinds": [{"kind": kind, "delivery": delivery}],
            "sound": true, "quiet_from": "12:00", "quiet_to": "14:30",
        })
    };
    let put = |etag: &str, body: &Value| police.put(path).if_match(etag).json(body).send();
    // Urgent information cannot be switched off, and it says why.
    let refused = put(&etag, &wish("alert", "off"));
    let problem = refused.clone().problem("invalid_fields");
    assert!(problem.detail.contains("不能关闭"), "{problem:?}");
    assert_eq!(refused.invalid_fields(), ["kinds.0.delivery:fixed"]);
    assert_eq!(
        put(
            &etag,
            &json!({"kinds": [], "sound": true, "quiet_from": "8", "quiet_to": ""})
        )
        .invalid_fields(),
        ["quiet_from:invalid", "quiet_to:invalid"]
    );
    let unknown =
        json!({"kinds": [], "sound": true, "quiet_from": "08:00", "quiet_to": "09:00", "x": 1});
    put(&etag, &unknown).problem("bad_request");
    police
        .put(path)
        .json(&wish("case_given", "off"))
        .send()
        .problem("version_required");

    let changed = put(&etag, &wish("case_given", "off")).expect(200);
    put(&etag, &wish("case_given", "off")).problem("stale_version");
    assert_eq!(changed.json()["quiet_to"], "14:30");
    given(&app, "派出所");
    assert_eq!(inbox(&app, Staff::Police, "")["total"], 0, "switched off");
    // Into the digest: in the inbox, but not on the stream.
    let events = tests::Events::open(&police, None);
    assert_eq!(events.next().name, "hello");
    let etag = changed.etag();
    put(&etag, &wish("case_given", "digest")).expect(200);
    given(&app, "派出所");
    events.nothing();
    assert_eq!(inbox(&app, Staff::Police, "")["unread"], 1);
    // Others' wishes are their own.
    let others = app.by(Staff::Court).get(path).expect(200);
    assert_eq!(
        (others.etag().as_str(), &others.json()["sound"]),
        ("\"1\"", &json!(false))
    );
}
