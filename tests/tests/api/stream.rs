//! Live events (SSE): at once, from where they broke off, and only to whom they are for.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::client::Client;
use tests::{Case, Events, Staff, TestApp};

/// A case that is given to the police station, which hears of it.
fn given(app: &TestApp) -> Case<'_> {
    app.case().register().accepted().dispatched("派出所")
}

fn hello(events: &Events) -> String {
    let event = events.next();
    assert_eq!(event.name, "hello");
    assert!(event.data["now"].is_string());
    event.data["seq"].to_string()
}

#[test]
fn what_happens_arrives_at_once_and_a_break_loses_nothing() {
    let app = TestApp::start();
    let police = app.by(Staff::Police);
    let events = Events::open(&police, None);
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "content-encoding: identity",
    ] {
        assert!(
            events.head.to_lowercase().contains(header),
            "{}",
            events.head
        );
    }
    hello(&events);
    let other = Events::open(&app.by(Staff::Court), None);
    hello(&other);
    let case = given(&app);
    let start = Instant::now();
    let first = events.notice();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(first["kind"], "case_given");
    let title = first["title"].as_str().unwrap();
    assert!(
        title.starts_with(&case.number) && title.contains("交办"),
        "{title}"
    );
    assert_eq!(first["link"], format!("/cases/{}", case.id));
    events.cut();

    // Nobody listens meanwhile.
    let missed = [given(&app), given(&app)];
    let events = Events::open(&police, Some(&first["seq"].to_string()));
    let event = events.next();
    assert_eq!(
        (event.name.as_str(), event.id),
        ("hello", None),
        "not before it is there"
    );
    let again = [events.notice(), events.notice()];
    for (notice, case) in again.iter().zip(&missed) {
        assert_eq!(notice["link"], format!("/cases/{}", case.id));
    }
    let live = given(&app);
    assert_eq!(events.notice()["link"], format!("/cases/{}", live.id));
    events.nothing();
    other.nothing();

    // The same as a parameter, for whoever cannot send the header; from the beginning: all four.
    let page = police.get("/notifications").expect(200).json();
    assert_eq!((&page["total"], &page["unread"]), (&json!(4), &json!(4)));
    let all = Events::open(&police, Some("0"));
    hello(&all);
    let seqs: Vec<_> = (0..4)
        .map(|_| all.notice()["seq"].as_i64().unwrap())
        .collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    all.nothing();
    for wrong in ["abc", "-1"] {
        police
            .get("/events")
            .header("last-event-id", wrong)
            .send()
            .problem("bad_request");
        police
            .get(format!("/events?last_event_id={wrong}"))
            .send()
            .problem("bad_request");
    }
    app.nobody()
        .get("/events")
        .send()
        .problem("unauthenticated");
}

#[test]
fn whoever_comes_from_another_database_reads_the_inbox_anew() {
    let app = TestApp::start();
    let events = Events::open(&app.by(Staff::Police), Some("123456"));
    let seq = hello(&events);
    let event = events.next();
    assert_eq!(
        (event.name.as_str(), event.id.as_deref()),
        ("reset", Some(seq.as_str()))
    );
}

#[test]
fn whoever_missed_more_than_a_stream_makes_up_for_reads_the_inbox_anew() {
    let app = TestApp::start();
    let police = app.by(Staff::Police);
    let informant = app.by(Staff::Informant);
    // However slow the machine is, nobody is reminded of one meanwhile.
    let admin = app.by(Staff::Admin);
    let etag = admin.get("/settings").expect(200).etag();
    let limits = json!({"alerts": {"acknowledge_minutes": 1440, "dispatch_minutes": 1440}});
    let change = admin.patch("/settings").if_match(etag).json(&limits);
    change.expect(200);
    let alert = &|n: usize| {
        let input = json!({"kind": "crowd", "what": format!("第{n}处有人聚集"), "people_count": 5});
        informant.post("/alerts").json(&input).expect(201);
    };
    alert(0);
    let all = police.get("/notifications").expect(200).json();
    let seen = all["items"][0]["seq"].to_string();
    std::thread::scope(|scope| {
        for first in 1..=4 {
            scope.spawn(move || (first..=500).step_by(4).for_each(alert));
        }
    });
    // Five hundred come one by one, in order.
    let events = Events::open(&police, Some(&seen));
    hello(&events);
    let made_up: Vec<_> = (0..500).map(|_| events.notice()).collect();
    let seqs = made_up.iter().map(|notice| notice["seq"].as_i64());
    assert!(seqs.is_sorted_by(|a, b| a < b));
    let links = made_up.iter().map(|notice| notice["link"].to_string());
    assert_eq!(links.collect::<std::collections::BTreeSet<_>>().len(), 500);
    events.nothing();
    events.cut();
    // With one more, nothing is sent in part: the inbox has them all.
    alert(501);
    let events = Events::open(&police, Some(&seen));
    let seq = hello(&events);
    let event = events.next();
    assert_eq!(
        (event.name.as_str(), event.id.as_deref()),
        ("reset", Some(seq.as_str()))
    );
    events.nothing();
    let all = police.get("/notifications").expect(200).json();
    assert_eq!(all["total"], json!(502));
}

fn signed_in(app: &TestApp, who: Staff) -> Client {
    let session = app.sign_in(who).expect(200).json();
    app.nobody()
        .with_token(session["access_token"].as_str().unwrap())
}

#[test]
fn a_stream_ends_when_its_reader_may_not_come_in_any_more() {
    let app = TestApp::start();
    let soon = Duration::from_secs(6);
    let (one, two) = (
        signed_in(&app, Staff::Police),
        signed_in(&app, Staff::Police),
    );
    let (first, second) = (Events::open(&one, None), Events::open(&two, None));
    one.delete("/session").expect(204);
    assert!(first.end() < soon, "signed out");
    hello(&second);
    second.nothing();
    let path = format!("/users/{}", app.user(Staff::Police));
    let admin = app.by(Staff::Admin);
    let etag = || admin.get(&path).expect(200).etag();
    // Another role, which another person may have: the streams begin anew.
    let change = json!({"role": "court", "unit_id": app.unit("蓼泉法庭")});
    admin
        .patch(&path)
        .if_match(etag())
        .json(&change)
        .expect(200);
    assert!(second.end() < soon, "another role");
    let third = Events::open(&two, None);
    admin
        .patch(&path)
        .if_match(etag())
        .json(&json!({"disabled": true}))
        .expect(200);
    assert!(third.end() < soon, "disabled");
    // Whoever asks at once may do so over the connection that has just ended.
    std::thread::sleep(Duration::from_millis(200));
    two.get("/events").send().problem("unauthenticated");
}

#[test]
fn one_stream_too_many_ends_the_oldest() {
    let app = TestApp::start();
    let police = app.by(Staff::Police);
    let first = Events::open(&police, None);
    let others: Vec<Events> = (0..3).map(|_| Events::open(&police, None)).collect();
    hello(&first);
    assert_eq!(first.next().name, "replaced");
    first.end();
    let case = given(&app);
    for events in &others {
        hello(events);
        assert_eq!(events.notice()["link"], format!("/cases/{}", case.id));
    }
}

#[test]
fn a_server_that_stops_waits_for_no_stream() {
    let mut app = TestApp::start();
    let events = Events::open(&app.by(Staff::Police), None);
    hello(&events);
    let start = Instant::now();
    assert!(app.stop().success());
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    events.end();
}

#[test]
fn another_servers_notices_arrive_within_a_moment() {
    let app = TestApp::start();
    let second = app.second_server(None);
    let there = Client::new(&second.url).with_token(app.by(Staff::Police).token().unwrap());
    let events = Events::open(&there, None);
    hello(&events);
    let case = given(&app);
    let start = Instant::now();
    assert_eq!(events.notice()["link"], format!("/cases/{}", case.id));
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
}
