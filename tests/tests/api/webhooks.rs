//! Webhooks: what they tell, to whom, signed; where they may lead; what becomes of it where the other side
//! fails, the owner becomes another, a case is sealed, the server dies.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use ring::hmac;
use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Case, Staff, TestApp, Webhook};

/// Whether something comes true while deliveries are looked after.
fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    (0..10).any(|_| tests::app::soon(&mut is_so))
}

/// Lets webhooks lead there.
fn allow(app: &TestApp, entries: &[&str]) -> Answer {
    let admin = app.by(Staff::Admin);
    let etag = admin.get("/webhook-addresses").expect(200).etag();
    let call = admin.put("/webhook-addresses").if_match(etag);
    call.json(&json!({"entries": entries})).send()
}

/// An app whose webhooks may lead to servers of this machine.
fn app() -> TestApp {
    let app = TestApp::start();
    assert_eq!(allow(&app, &["127.0.0.1"]).status, 200);
    app
}

fn new(receiver: &Webhook, events: &[&str]) -> Value {
    let url = format!("http://{}/hook", receiver.host);
    json!({"name": "县平台", "url": url, "events": events})
}

fn post(app: &TestApp, who: Staff, input: &Value) -> Answer {
    app.by(who).post("/webhooks").json(input).send()
}

/// Makes a webhook; its id and secret.
#[track_caller]
fn make(app: &TestApp, who: Staff, input: &Value) -> (String, String) {
    let answer = post(app, who, input);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

#[track_caller]
fn show(app: &TestApp, who: Staff, id: &str) -> Value {
    let path = format!("/webhooks/{id}");
    app.by(who).get(path).expect(200).json()
}

#[track_caller]
fn deliveries(app: &TestApp, who: Staff, id: &str) -> Vec<Value> {
    let path = format!("/webhooks/{id}/deliveries");
    let page = app.by(who).get(path).expect(200).json();
    let items = page["items"].as_array().unwrap().clone();
    assert_eq!(page["total"], items.len());
    items
}

/// The newest of them; nothing while there is none.
#[track_caller]
fn newest(app: &TestApp, who: Staff, id: &str) -> Value {
    let all = deliveries(app, who, id);
    all.first().cloned().unwrap_or_default()
}

#[track_caller]
fn patch(app: &TestApp, who: Staff, id: &str, body: &Value) -> Answer {
    let path = format!("/webhooks/{id}");
    let etag = app.by(who).get(&path).expect(200).etag();
    app.by(who).patch(&path).if_match(etag).json(body).send()
}

fn press_test(app: &TestApp, who: Staff, id: &str) -> Answer {
    app.by(who).post(format!("/webhooks/{id}/test")).send()
}

fn seal(app: &TestApp, case: &Case<'_>, unit: &str) {
    let sealing = json!({"purpose": "accusation", "accused_unit_id": app.unit(unit)});
    let etag = app.etag(&case.id, Staff::Office);
    let call = app.by(Staff::Office).patch(case.path("")).if_match(etag);
    call.json(&sealing).expect(200);
}

/// A port on which nobody listens, and that nobody is given who asks for any free one: it lies below those
/// that systems choose from.
fn dead_port() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test programs that run beside each other have ids beside each other.
    let offset = u16::try_from(u64::from(std::process::id()) * 97 % 10_000).unwrap();
    loop {
        let port = 20_000 + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap().to_string();
        }
    }
}

#[test]
fn a_program_is_told_by_ids_alone_and_signed() {
    let receiver = Webhook::start();
    let app = app();
    let input = new(&receiver, &["registered", "accepted"]);
    let call = || {
        app.by(Staff::Secretary)
            .post("/webhooks")
            .json(&input)
            .key("k")
    };
    let made = call().expect(201);
    assert_eq!(call().expect(201).json(), made.json(), "once");
    let made = made.json();
    let (id, secret) = (
        made["webhook"]["id"].as_str().unwrap(),
        made["secret"].as_str().unwrap(),
    );
    assert!(secret.starts_with("whsec_"));
    let case = app.case().village(VILLAGE).register();
    let said = receiver.said();
    assert_eq!(said.path, "/hook");
    assert_eq!(said.body["type"], "case.registered");
    assert_eq!(said.body["case_id"], case.id.as_str());
    assert_eq!(said.body["township_id"], app.unit("平川镇"));
    assert_eq!(said.header("x-xinfang-event"), "case.registered");
    assert_eq!(said.header("x-xinfang-delivery"), said.body["id"]);
    assert_eq!(said.header("content-type"), "application/json");
    let fields: Vec<&String> = said.body.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "case_id",
            "event_id",
            "id",
            "occurred_at",
            "township_id",
            "type"
        ]
    );
    let stamp = said.header("x-xinfang-timestamp");
    assert!(stamp.starts_with("17731"), "the server's clock: {stamp}");
    let expected = signature(secret, stamp, &said.raw);
    assert_eq!(said.header("x-xinfang-signature"), expected);
    let text = String::from_utf8_lossy(&said.raw).into_owned();
    for personal in ["张三", "流转费", VILLAGE, &case.number] {
        assert!(!text.contains(personal), "{text}");
    }
    // The event is one of the case's.
    let events = app.by(Staff::Secretary).get(case.path("/events"));
    let events = events.expect(200).json();
    assert_eq!(events["items"][0]["id"], said.body["event_id"]);
    // Not what it does not ask for, nor another village's.
    app.case().village(NEXT_VILLAGE).register().accepted();
    let case = case.accepted();
    let said = receiver.said();
    assert_eq!(said.body["type"], "case.accepted");
    assert_eq!(said.body["case_id"], case.id.as_str());
    case.dispatched(VILLAGE);
    receiver.nothing();
    assert!(soon(|| {
        let all = deliveries(&app, Staff::Secretary, id);
        all.len() == 2 && all.iter().all(|one| one["state"] == "delivered")
    }));
    let log = deliveries(&app, Staff::Secretary, id);
    assert_eq!(
        (&log[0]["status"], &log[0]["attempts"]),
        (&json!(200), &json!(1))
    );
    assert_eq!(log[0]["event"], "accepted");
    // Nowhere is the secret shown again.
    let shown = show(&app, Staff::Secretary, id);
    assert_eq!(shown["state"], "active");
    assert!(!shown.to_string().contains(secret) && !app.log().contains(secret));
    let audit = app
        .by(Staff::Auditor)
        .get("/audit?action=webhook")
        .expect(200)
        .text();
    assert!(
        audit.contains("新建订阅“县平台”：推送到127.0.0.1"),
        "{audit}"
    );
    assert!(
        !audit.contains(secret) && !audit.contains("/hook"),
        "{audit}"
    );
}

fn signature(secret: &str, stamp: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [stamp.as_bytes(), b".", body].concat();
    let tag = hmac::sign(&key, &signed);
    let hexadecimal = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("v1={}", hexadecimal.collect::<String>())
}

#[test]
fn a_scope_narrows_what_is_told() {
    let receiver = Webhook::start();
    let app = app();
    let mut input = new(&receiver, &[]);
    input["village_ids"] = json!([app.unit(VILLAGE)]);
    input["case_kinds"] = json!(["petition"]);
    make(&app, Staff::Office, &input);
    app.case().village(NEXT_VILLAGE).register();
    app.case().village(VILLAGE).kind("dispute").register();
    app.case().register();
    let wanted = app.case().village(VILLAGE).register();
    assert_eq!(receiver.said().body["case_id"], wanted.id.as_str());
    let wanted = wanted.then(Staff::Office, "note", json!({"text": "进展"}));
    let said = receiver.said();
    assert_eq!(said.body["case_id"], wanted.id.as_str());
    assert_eq!(said.body["type"], "case.noted", "all kinds of events");
    receiver.nothing();
    // What cannot be meant is refused.
    for (field, value) in [
        ("village_ids", json!([app.unit("派出所")])),
        ("village_ids", json!(["nowhere"])),
    ] {
        let mut wrong = new(&receiver, &[]);
        wrong[field] = value;
        let wrong = post(&app, Staff::Office, &wrong).invalid_fields();
        assert_eq!(wrong, [format!("{field}:unknown")]);
    }
    let mut wrong = new(&receiver, &["nothing"]);
    assert_eq!(post(&app, Staff::Office, &wrong).status, 400);
    wrong["events"] = json!([]);
    wrong["name"] = json!(" ");
    assert_eq!(
        post(&app, Staff::Office, &wrong).invalid_fields(),
        ["name:required"]
    );
}

#[test]
fn the_administrator_hears_that_something_happened_not_to_which_case() {
    let receiver = Webhook::start();
    let app = app();
    let (id, _) = make(&app, Staff::Admin, &new(&receiver, &[]));
    let sealed = app.case().village(VILLAGE).accuses(VILLAGE).register();
    sealed.accepted();
    let case = app.case().village(VILLAGE).register();
    let said = receiver.said();
    assert_eq!(said.body["type"], "case.registered");
    assert_eq!(
        (&said.body["case_id"], &said.body["event_id"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!String::from_utf8_lossy(&said.raw).contains(&case.id));
    receiver.nothing();
    let log = deliveries(&app, Staff::Admin, &id);
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["case_id"], Value::Null);
    let mut wrong = new(&receiver, &[]);
    wrong["village_ids"] = json!([app.unit(VILLAGE)]);
    wrong["case_kinds"] = json!(["petition"]);
    let wrong = post(&app, Staff::Admin, &wrong).invalid_fields();
    assert_eq!(wrong, ["case_kinds:not_offered", "village_ids:not_offered"]);
    // The auditor has none.
    post(&app, Staff::Auditor, &new(&receiver, &[])).problem("forbidden");
}

#[test]
fn it_leads_only_where_the_administrator_lets_it() {
    let receiver = Webhook::start();
    let app = TestApp::start();
    let with = |url: &str| json!({"name": "县平台", "url": url});
    // Nothing is allowed until somebody says so.
    for url in ["https://sync.example.gov.cn/hook", "http://127.0.0.1/"] {
        let refused = post(&app, Staff::Office, &with(url)).invalid_fields();
        assert_eq!(refused, ["url:not_allowed"], "{url}");
    }
    for entries in [
        &["0.0.0.0/0"][..],
        &["::/0"],
        &["http://a.cn"],
        &["a.cn", "2130706433"],
        &["*.cn"],
    ] {
        let answer = allow(&app, entries);
        let place = entries.len() - 1;
        assert_eq!(
            answer.invalid_fields(),
            [format!("entries.{place}:invalid")]
        );
    }
    for who in [Staff::Office, Staff::Leader] {
        let call = app.by(who).put("/webhook-addresses").if_match("\"1\"");
        call.json(&json!({"entries": []}))
            .send()
            .problem("forbidden");
    }
    let port = receiver.host.rsplit(':').next().unwrap().to_owned();
    let named = format!("localhost:{port}");
    let allowed = allow(&app, &["sync.example.gov.cn", &named, "10.20.0.0/16"]);
    assert_eq!(allowed.expect(200).json()["version"], 2);
    let stale = app
        .by(Staff::Admin)
        .put("/webhook-addresses")
        .if_match("\"1\"");
    stale
        .json(&json!({"entries": []}))
        .send()
        .problem("stale_version");
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3/",
        "http://192.168.1.1/",
        "http://localhost/",
        "https://example.com/",
        "https://sync.example.gov.cn:8443/",
        "https://sync.example.gov.cn@evil.example/",
        "https://u:p@sync.example.gov.cn/",
        "ftp://sync.example.gov.cn/",
        "file:///etc/passwd",
        "geheim",
    ] {
        let refused = post(&app, Staff::Office, &with(url)).invalid_fields();
        assert_eq!(refused, ["url:not_allowed"], "{url}");
    }
    make(&app, Staff::Office, &with("http://10.20.3.4:9000/hook"));
    make(
        &app,
        Staff::Office,
        &with("https://sync.example.gov.cn/hook"),
    );
    // A name that is allowed and leads to this machine, which is not.
    let (id, _) = make(&app, Staff::Office, &with(&format!("http://{named}/hook")));
    press_test(&app, Staff::Office, &id).expect(202);
    let failed = |words: &str| {
        soon(|| {
            let last = newest(&app, Staff::Office, &id);
            last["state"] == "failed" && last["result"].as_str().unwrap().contains(words)
        })
    };
    assert!(
        failed("不在系统管理员允许的范围内"),
        "{:?}",
        deliveries(&app, Staff::Office, &id)
    );
    receiver.nothing();
    // Once its address is on the list it goes through; no redirect is followed.
    allow(&app, &[&named, "127.0.0.1"]).expect(200);
    let elsewhere = Webhook::start();
    receiver.answer_next(&format!(
        "307 Temporary Redirect\r\nlocation: http://{}/x",
        elsewhere.host
    ));
    press_test(&app, Staff::Office, &id).expect(202);
    assert_eq!(receiver.said().body["type"], "test");
    assert!(failed("没有跟随"));
    elsewhere.nothing();
    // What is taken off the list is not connected to any more.
    allow(&app, &[]).expect(200);
    press_test(&app, Staff::Office, &id).expect(202);
    assert!(failed("不在允许的范围内"));
    receiver.nothing();
}

#[test]
fn what_failed_is_sent_again_under_its_id() {
    let address = dead_port();
    let mut app = app();
    let url = format!("http://{address}/hook");
    let (id, _) = make(&app, Staff::Office, &json!({"name": "县平台", "url": url}));
    let case = app.case().village(VILLAGE).register().id;
    let waits = |app: &TestApp| newest(app, Staff::Office, &id);
    assert!(soon(|| waits(&app)["attempts"] == 1), "{}", waits(&app));
    let waiting = waits(&app);
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(waiting["result"], "连接不上对方");
    let shown = show(&app, Staff::Office, &id);
    assert_eq!(
        (&shown["last_ok"], &shown["state"]),
        (&json!(false), &json!("active"))
    );
    // Not before its time.
    let again = waits(&app);
    assert_eq!(again["attempts"], 1);
    // An answer that says no, later.
    let receiver = Webhook::start_at(&address);
    receiver.answer_next("500 Internal Server Error");
    app.restart(Some("2026-03-10T04:00:00Z"));
    let first = receiver.said();
    assert_eq!(first.body["case_id"], case.as_str());
    assert!(soon(|| waits(&app)["status"] == 500), "{}", waits(&app));
    assert_eq!(waits(&app)["state"], "waiting");
    // What comes behind it does not wait for it.
    let second = app.case().village(VILLAGE).register().id;
    assert_eq!(receiver.said().body["case_id"], second.as_str());
    app.restart(Some("2026-03-10T06:00:00Z"));
    let third = receiver.said();
    assert_eq!(third.raw, first.raw, "the same, with the same id");
    assert_ne!(
        third.header("x-xinfang-timestamp"),
        first.header("x-xinfang-timestamp"),
        "signed anew"
    );
    let all_there = || {
        let log = deliveries(&app, Staff::Office, &id);
        log.len() == 2 && log.iter().all(|one| one["state"] == "delivered")
    };
    assert!(soon(all_there));
    assert_eq!(show(&app, Staff::Office, &id)["failing_since"], Value::Null);
    // Once more, because its owner asks for it.
    let delivery = waits(&app);
    let path = format!(
        "/webhooks/{id}/deliveries/{}/redeliver",
        delivery["id"].as_str().unwrap()
    );
    let again = app.by(Staff::Office).post(&path).expect(202).json();
    assert_eq!(again["state"], "waiting");
    assert_eq!(receiver.said().body["id"], delivery["id"]);
    app.by(Staff::Leader)
        .post(&path)
        .send()
        .problem("not_found");
    receiver.nothing();
}

#[test]
fn a_kill_between_commit_and_delivery_loses_nothing() {
    let receiver = Webhook::start();
    let mut app = app();
    make(&app, Staff::Office, &new(&receiver, &["registered"]));
    for round in 1..=3 {
        let id = app.case().village(VILLAGE).register().id;
        // At once: what happened is in the outbox, and hardly further.
        app.kill();
        app.restart(Some(&format!("2026-03-10T0{}:10:00Z", round + 2)));
        // What was sent right before the kill may come twice, under one id.
        let came = (0..3).any(|_| receiver.said().body["case_id"] == id.as_str());
        assert!(came, "round {round}");
    }
    // Nothing else came.
    while let Some(said) = receiver.said_soon() {
        assert_eq!(said.body["type"], "case.registered");
    }
}

#[test]
fn after_a_day_of_failure_it_pauses_and_its_owner_is_told() {
    let address = dead_port();
    let mut app = app();
    let url = format!("http://{address}/hook");
    let (id, _) = make(&app, Staff::Office, &json!({"name": "县平台", "url": url}));
    app.case().village(VILLAGE).register();
    let state = |app: &TestApp| show(app, Staff::Office, &id)["state"].clone();
    let told = |app: &TestApp| {
        let inbox = app.by(Staff::Office).get("/notifications?kind=system");
        inbox.expect(200).json()["total"].clone()
    };
    let attempts = |app: &TestApp| newest(app, Staff::Office, &id)["attempts"].clone();
    assert!(soon(|| attempts(&app) == 1));
    app.restart(Some("2026-03-10T20:00:00Z"));
    assert!(soon(|| attempts(&app) == 2));
    assert_eq!((state(&app), told(&app)), (json!("active"), json!(0)));
    // A day after it happened.
    app.restart(Some("2026-03-11T02:30:00Z"));
    assert!(
        soon(|| state(&app) == "paused"),
        "{}",
        show(&app, Staff::Office, &id)
    );
    assert_eq!(told(&app), 1);
    let given_up = deliveries(&app, Staff::Office, &id)[0].clone();
    assert_eq!(given_up["state"], "failed");
    assert_eq!(given_up["next_at"], Value::Null);
    // Paused, it tells nothing, not even later; and nobody is told twice.
    let receiver = Webhook::start_at(&address);
    let missed = app.case().village(VILLAGE).register();
    receiver.nothing();
    drop(missed);
    assert_eq!(told(&app), 1);
    let path = format!(
        "/webhooks/{id}/deliveries/{}/redeliver",
        given_up["id"].as_str().unwrap()
    );
    app.by(Staff::Office).post(&path).send().problem("conflict");
    // A test that arrives ends it.
    press_test(&app, Staff::Office, &id).expect(202);
    assert_eq!(receiver.said().body["type"], "test");
    assert!(soon(|| state(&app) == "active"));
    let heard = app.case().village(VILLAGE).register();
    assert_eq!(receiver.said().body["case_id"], heard.id.as_str());
    app.by(Staff::Office).post(&path).expect(202);
    assert_eq!(receiver.said().body["id"], given_up["id"]);
}

#[test]
fn what_is_sealed_meanwhile_is_not_told_and_leaves_no_gap() {
    let address = dead_port();
    let mut app = app();
    let url = format!("http://{address}/hook");
    let input = json!({"name": "村台账", "url": url, "events": ["registered", "edited", "noted"]});
    let (id, _) = make(&app, Staff::Secretary, &input);
    let (office, _) = make(&app, Staff::Office, &input);
    let (open, sealed) = {
        let sealed = app.case().village(VILLAGE).register();
        let open = app.case().village(VILLAGE).register();
        // One of each was tried, in vain, so the webhook rests: no try is under way when it is sealed.
        let tried = |who, webhook: &str| {
            soon(|| {
                let log = deliveries(&app, who, webhook);
                log.len() == 2 && log.iter().any(|one| one["attempts"] != 0)
            })
        };
        assert!(tried(Staff::Secretary, &id) && tried(Staff::Office, &office));
        // After it happened, before it is told.
        seal(&app, &sealed, VILLAGE);
        (open.id.clone(), sealed.id.clone())
    };
    // The log has forgotten it, as if it had never been there.
    let log = deliveries(&app, Staff::Secretary, &id);
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["case_id"], open.as_str());
    let receiver = Webhook::start_at(&address);
    app.restart(Some("2026-03-10T04:00:00Z"));
    // The office hears of both, and of the sealing; the secretary of the open one alone.
    // What was sent right before the stop may come twice, under one id.
    let mut came: Vec<(String, String)> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let next = |so_far: usize| match so_far {
        0..4 => Some(receiver.said()),
        _ => receiver.said_soon(),
    };
    while let Some(said) = next(ids.len()) {
        let text = |name: &str| said.body[name].as_str().unwrap().to_owned();
        if !ids.contains(&text("id")) {
            ids.push(text("id"));
            came.push((text("case_id"), text("type")));
        }
    }
    let count = |case: &str| came.iter().filter(|(id, _)| id == case).count();
    assert_eq!(count(&open), 2, "{came:?}");
    assert_eq!(
        count(&sealed),
        2,
        "registered and edited, to the office: {came:?}"
    );
    let of_sealed = |log: &[Value]| {
        log.iter()
            .filter(|one| one["case_id"] == sealed.as_str())
            .count()
    };
    assert_eq!(of_sealed(&deliveries(&app, Staff::Secretary, &id)), 0);
    assert_eq!(of_sealed(&deliveries(&app, Staff::Office, &office)), 2);
    // What was told before and is sealed later leaves the log, too, and is not sent again.
    let told = deliveries(&app, Staff::Secretary, &id)[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let sealing = json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)});
    let etag = app.etag(&open, Staff::Office);
    let call = app
        .by(Staff::Office)
        .patch(format!("/cases/{open}"))
        .if_match(etag);
    call.json(&sealing).expect(200);
    assert!(deliveries(&app, Staff::Secretary, &id).is_empty());
    let path = format!("/webhooks/{id}/deliveries/{told}/redeliver");
    app.by(Staff::Secretary)
        .post(path)
        .send()
        .problem("not_found");
}

#[test]
fn who_becomes_another_tells_nothing_until_they_say_so() {
    let receiver = Webhook::start();
    let app = app();
    let (id, _) = make(&app, Staff::Secretary, &new(&receiver, &["registered"]));
    let path = format!("/users/{}", app.user(Staff::Secretary));
    let become_another = |body: Value| {
        let etag = app.by(Staff::Admin).get(&path).expect(200).etag();
        let call = app.by(Staff::Admin).patch(&path).if_match(etag);
        call.json(&body).expect(200);
    };
    // To another village: what is told is what they may see now.
    become_another(json!({"unit_id": app.unit(NEXT_VILLAGE)}));
    app.case().village(VILLAGE).register();
    let next = app.case().village(NEXT_VILLAGE).register();
    assert_eq!(receiver.said().body["case_id"], next.id.as_str());
    // To another role, who may see all: not without their word.
    become_another(json!({"role": "coordination_office", "unit_id": app.unit("镇综治办")}));
    app.case().village(VILLAGE).register();
    receiver.nothing();
    assert_eq!(show(&app, Staff::Secretary, &id)["state"], "role_changed");
    let on = patch(&app, Staff::Secretary, &id, &json!({"enabled": true}));
    assert_eq!(on.expect(200).json()["state"], "active");
    let case = app.case().village(VILLAGE).register();
    assert_eq!(receiver.said().body["case_id"], case.id.as_str());
    // Gone: nothing, and the administrator sees why.
    become_another(json!({"disabled": true}));
    app.case().village(VILLAGE).register();
    receiver.nothing();
    assert_eq!(show(&app, Staff::Admin, &id)["state"], "owner_disabled");
}

#[test]
fn whose_it_is_and_what_others_may_do_with_it() {
    let receiver = Webhook::start();
    let app = app();
    let (id, secret) = make(&app, Staff::Office, &new(&receiver, &["registered"]));
    let path = format!("/webhooks/{id}");
    for who in [Staff::OtherOffice, Staff::Leader, Staff::Secretary] {
        app.by(who).get(&path).send().problem("not_found");
        app.by(who)
            .get(format!("{path}/deliveries"))
            .send()
            .problem("not_found");
        app.by(who)
            .delete(&path)
            .if_match("\"1\"")
            .send()
            .problem("not_found");
        press_test(&app, who, &id).problem("not_found");
        app.by(who)
            .get("/webhooks?all=true")
            .send()
            .problem("forbidden");
        assert_eq!(app.by(who).get("/webhooks").expect(200).json()["total"], 0);
    }
    let admin = app.by(Staff::Admin);
    assert_eq!(
        admin.get("/webhooks?all=true").expect(200).json()["total"],
        1
    );
    admin.get(&path).expect(200);
    admin
        .get(format!("{path}/deliveries"))
        .send()
        .problem("forbidden");
    press_test(&app, Staff::Admin, &id).problem("forbidden");
    patch(
        &app,
        Staff::Admin,
        &id,
        &json!({"url": "http://127.0.0.1/x"}),
    )
    .problem("forbidden");
    // Another secret: the old one is worth nothing.
    let office = app.by(Staff::Office);
    let rotate = || office.post(format!("{path}/secret"));
    rotate().send().problem("version_required");
    rotate().if_match("\"9\"").send().problem("stale_version");
    let rotated = rotate().if_match("\"1\"").expect(200);
    let fresh = rotated.json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(fresh, secret);
    press_test(&app, Staff::Office, &id).expect(202);
    let said = receiver.said();
    let stamp = said.header("x-xinfang-timestamp");
    assert_eq!(
        said.header("x-xinfang-signature"),
        signature(&fresh, stamp, &said.raw)
    );
    assert_eq!(said.body["type"], "test");
    assert_eq!(said.body["case_id"], Value::Null);
    // Off, it does not even test; what happens then is not told later.
    let off = patch(&app, Staff::Office, &id, &json!({"enabled": false}));
    assert_eq!(off.expect(200).json()["state"], "off");
    press_test(&app, Staff::Office, &id).problem("conflict");
    app.case().register();
    patch(&app, Staff::Office, &id, &json!({"enabled": true})).expect(200);
    receiver.nothing();
    office
        .patch(&path)
        .json(&json!({}))
        .send()
        .problem("version_required");
    office
        .patch(&path)
        .if_match("\"1\"")
        .json(&json!({}))
        .send()
        .problem("stale_version");
    // Ten are enough.
    for _ in 0..9 {
        make(&app, Staff::Office, &new(&receiver, &["closed"]));
    }
    post(&app, Staff::Office, &new(&receiver, &["closed"])).problem("conflict");
    // The administrator takes one away; its owner reads nothing of it any more.
    let etag = admin.get(&path).expect(200).etag();
    admin.delete(&path).send().problem("version_required");
    admin.delete(&path).if_match(etag).expect(204);
    office.get(&path).send().problem("not_found");
    app.case().register();
    receiver.nothing();
    let audit = app
        .by(Staff::Auditor)
        .get("/audit?action=webhook")
        .expect(200)
        .text();
    assert!(audit.contains("删除孙立新的订阅“县平台”"), "{audit}");
    // A token is not for this.
    let token = json!({"name": "t", "scopes": ["cases:read"], "expires_on": "2026-06-30"});
    let token = office.post("/tokens").json(&token).expect(201).json()["secret"].clone();
    let script = app.nobody().with_token(token.as_str().unwrap());
    script.get("/webhooks").send().problem("insufficient_scope");
}

/// Two servers on one database: each event comes once.
#[test]
fn of_two_servers_one_sends() {
    let receiver = Webhook::start();
    let app = app();
    make(&app, Staff::Office, &new(&receiver, &["registered"]));
    let second = app.second_server(None);
    let mut ids: Vec<String> = (0..5)
        .map(|_| app.case().village(VILLAGE).register().id.clone())
        .collect();
    let five = (0..5).map(|_| receiver.said()).collect::<Vec<_>>();
    let mut came: Vec<String> = five
        .into_iter()
        .chain(receiver.said_soon())
        .map(|said| said.body["case_id"].as_str().unwrap().to_owned())
        .collect();
    came.sort();
    ids.sort();
    assert_eq!(came, ids);
    drop(second);
}
