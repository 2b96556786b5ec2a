//! The calendar: clocks and dues by day within the scope, the petitioner's own with a warning, and the
//! personal feed.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::{Staff, TestApp};

fn calendar(app: &TestApp, who: Staff, query: &[(&str, &str)]) -> Value {
    app.by(who)
        .get(with_query("/calendar", query))
        .expect(200)
        .json()
}

fn dues(calendar: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = calendar["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| (text(&item["on"]), text(&item["what"])))
        .collect()
}

#[test]
fn every_clock_stands_on_its_day_for_those_who_may_know_of_the_case() {
    let app = TestApp::start();
    let case = app.case().village("五里墩村").register();
    // Received on 10 March 2026: acceptance is due on the 25th.
    let month = [("from", "2026-03-01"), ("to", "2026-03-31")];
    let seen = calendar(&app, Staff::Office, &month);
    assert_eq!(
        dues(&seen),
        [("2026-03-25".to_owned(), "受理告知期限".to_owned())]
    );
    assert_eq!(seen["items"][0]["number"], case.number);
    assert_eq!(seen["items"][0]["owner"], "authority");
    assert!(dues(&calendar(&app, Staff::NextSecretary, &month)).is_empty());
    assert!(dues(&calendar(&app, Staff::Secretary, &month)).len() == 1);
    let elsewhere = [month[0], month[1], ("village_id", app.unit("四坝村"))];
    assert!(dues(&calendar(&app, Staff::Office, &elsewhere)).is_empty());
    // Nobody of the office has it in hand; the clerk at the window has registered it.
    let mine = [month[0], month[1], ("scope", "mine")];
    assert!(dues(&calendar(&app, Staff::Office, &mine)).is_empty());
    assert_eq!(dues(&calendar(&app, Staff::Centre, &mine)).len(), 1);
    let auditor = app.by(Staff::Auditor).get("/calendar").send();
    assert_eq!(auditor.status, 403);
}

#[test]
fn the_petitioners_own_limit_is_shown_and_warned_of() {
    let mut app = TestApp::start();
    let case = app.case().village("五里墩村").register();
    case.accepted()
        .dispatched("五里墩村")
        .taken(Staff::Secretary)
        .answered(Staff::Secretary);
    let days = [("from", "2026-03-10"), ("to", "2026-04-30")];
    let find = |app: &TestApp| {
        let seen = calendar(app, Staff::Secretary, &days);
        let items = seen["items"].as_array().unwrap();
        let own = items.iter().find(|item| item["owner"] == "petitioner");
        own.unwrap().clone()
    };
    let review = find(&app);
    assert_eq!(
        (&review["on"], &review["warning"]),
        (&json!("2026-04-09"), &Value::Null)
    );
    app.restart(Some("2026-04-05T02:00:00Z"));
    let warning = find(&app)["warning"].as_str().unwrap().to_owned();
    assert!(warning.contains("还剩4天"), "{warning}");
}

#[test]
fn what_is_asked_wrongly_is_named() {
    let app = TestApp::start();
    for (query, field) in [
        (
            [("from", "2026-03-10"), ("to", "2026-03-09")],
            "to:before_from",
        ),
        ([("from", "2026-03-10"), ("to", "2028-03-09")], "to:too_far"),
    ] {
        let answer = app
            .by(Staff::Office)
            .get(with_query("/calendar", &query))
            .send();
        assert_eq!(answer.invalid_fields(), [field]);
    }
}

#[test]
fn a_feed_is_read_with_its_address_alone_says_nothing_of_people_and_can_be_taken_back() {
    let app = TestApp::start();
    let case = app
        .case()
        .by(Staff::Secretary)
        .kind("dispute")
        .village("五里墩村")
        .register();
    let secretary = app.by(Staff::Secretary);
    let before = secretary.get("/calendar/feed").expect(200).json();
    assert_eq!(before["active"], false);
    let made = secretary.post("/calendar/feed").expect(201).json();
    let path = made["path"].as_str().unwrap().to_owned();
    let again = secretary.get("/calendar/feed").expect(200).json();
    assert_eq!(
        (&again["active"], &again["path"]),
        (&json!(true), &Value::Null)
    );

    let answer = app.nobody().call_at("GET", &path).send();
    assert_eq!(answer.status, 200);
    let text = answer.text().replace("\r\n ", "");
    assert!(text.starts_with("BEGIN:VCALENDAR"), "{text}");
    assert!(
        text.contains(&case.number) && text.contains("DTSTART;VALUE=DATE:20260325"),
        "{text}"
    );
    assert!(
        !text.contains("张三") && !text.contains("土地流转费"),
        "{text}"
    );

    // Another address takes the first one's place; none is left after the end.
    let other = secretary.post("/calendar/feed").expect(201).json();
    let other = other["path"].as_str().unwrap().to_owned();
    assert_eq!(app.nobody().call_at("GET", &path).send().status, 404);
    assert_eq!(app.nobody().call_at("GET", &other).send().status, 200);
    secretary.delete("/calendar/feed").expect(200);
    assert_eq!(app.nobody().call_at("GET", &other).send().status, 404);
    assert_eq!(
        app.by(Staff::Auditor).post("/calendar/feed").send().status,
        403
    );
}

#[test]
fn a_feed_ends_with_the_account() {
    let app = TestApp::start();
    let feed = app
        .by(Staff::Police)
        .post("/calendar/feed")
        .expect(201)
        .json();
    let path = feed["path"].as_str().unwrap().to_owned();
    assert_eq!(app.nobody().call_at("GET", &path).send().status, 200);
    let admin = app.by(Staff::Admin);
    let user = format!("/users/{}", app.user(Staff::Police));
    let etag = admin.get(&user).expect(200).etag();
    admin
        .patch(&user)
        .if_match(etag)
        .json(&json!({"disabled": true}))
        .expect(200);
    assert_eq!(app.nobody().call_at("GET", &path).send().status, 404);
}
