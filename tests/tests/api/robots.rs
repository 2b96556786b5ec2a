//! Chat robots: what they say, to whom, signed; what becomes of it where the other side fails.

use serde_json::{Value, json};
use tests::app::soon;
use tests::staff::VILLAGE;
use tests::{Answer, Staff, TestApp, Webhook};

fn with_robot(webhook: &Webhook) -> TestApp {
    TestApp::with()
        .env("XINFANG_ROBOT_HOSTS", &webhook.host)
        .start()
}

fn robot(webhook: &Webhook, kind: &str) -> Value {
    let address = format!("http://{}/robot/send?access_token=geheim0123", webhook.host);
    json!({"name": "综治群", "kind": kind, "address": address, "kinds": ["case_given", "case_due"]})
}

fn add(app: &TestApp, robot: &Value) -> Answer {
    let call = app.by(Staff::Admin).post("/notification-robots");
    call.json(robot).send()
}

fn show(app: &TestApp, id: &str) -> Value {
    let path = format!("/notification-robots/{id}");
    app.by(Staff::Admin).get(path).expect(200).json()
}

#[test]
fn a_robot_tells_a_group_in_words_without_personal_data() {
    let webhook = Webhook::start();
    let app = with_robot(&webhook);
    let mut new = robot(&webhook, "dingtalk");
    new["secret"] = json!("SEC0000");
    let key = "k1";
    let call = || {
        app.by(Staff::Admin)
            .post("/notification-robots")
            .json(&new)
            .key(key)
    };
    let made = call().expect(201);
    assert_eq!(call().expect(201).json(), made.json(), "once");
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["signed"], true);
    let shown = made.to_string();
    assert!(
        !shown.contains("geheim") && !shown.contains("SEC0000"),
        "{shown}"
    );
    assert!(
        made["address"].as_str().unwrap().ends_with("…0123"),
        "{shown}"
    );

    let case = app
        .case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(VILLAGE);
    let said = webhook.said();
    let query: Vec<&str> = said.path.split(['?', '&']).collect();
    assert_eq!(query[..2], ["/robot/send", "access_token=geheim0123"]);
    assert!(
        query[2].starts_with("timestamp=17") && query[3].starts_with("sign="),
        "{query:?}"
    );
    assert_eq!(said.body["msgtype"], "text");
    let text = said.body["text"]["content"].as_str().unwrap();
    assert!(text.starts_with("【信访三无工作台】"), "{text}");
    assert!(
        text.contains("交办转送") && text.contains(&case.number),
        "{text}"
    );
    for personal in ["张三", "流转费", VILLAGE, "周永福"] {
        assert!(!text.contains(personal), "{text}");
    }
    assert!(
        soon(|| show(&app, id)["last_ok"] == true),
        "{}",
        show(&app, id)
    );
    assert_eq!(show(&app, id)["waiting"], 0);
    webhook.nothing();

    // Nothing of an accusation goes to a group.
    let sealed = app.case().village(VILLAGE).accuses(VILLAGE).register();
    sealed.accepted().dispatched("派出所");
    webhook.nothing();
    // Nor what it is not to tell of, nor anything once it is switched off.
    let path = format!("/notification-robots/{id}");
    let etag = || app.by(Staff::Admin).get(&path).expect(200).etag();
    let patch = |body: Value| {
        let call = app.by(Staff::Admin).patch(&path).if_match(etag());
        call.json(&body).expect(200).json()
    };
    assert_eq!(patch(json!({"enabled": false}))["enabled"], false);
    app.case().register().accepted().dispatched("派出所");
    webhook.nothing();
    let test = || app.by(Staff::Admin).post(format!("{path}/test"));
    test().send().problem("conflict");
    patch(json!({"enabled": true, "secret": ""}));
    assert_eq!(test().expect(202).json()["signed"], false);
    let said = webhook.said();
    assert!(!said.path.contains("sign="), "{}", said.path);
    assert!(
        said.body["text"]["content"]
            .as_str()
            .unwrap()
            .contains("测试")
    );
    app.by(Staff::Admin).delete(&path).expect(204);
    app.by(Staff::Admin).get(&path).send().problem("not_found");
    app.case().register().accepted().dispatched("派出所");
    webhook.nothing();
}

#[test]
fn what_failed_is_said_again_and_no_redirect_is_followed() {
    let webhook = Webhook::start();
    let elsewhere = Webhook::start();
    let app = with_robot(&webhook);
    let id = add(&app, &robot(&webhook, "wecom")).expect(201).json()["id"].clone();
    let id = id.as_str().unwrap();
    webhook.answer_next("500 Internal Server Error");
    let case = app.case().register().accepted().dispatched("派出所");
    let first = webhook.said();
    assert!(soon(|| show(&app, id)["last_ok"] == false));
    let failed = show(&app, id);
    assert_eq!(
        (&failed["waiting"], &failed["paused"]),
        (&json!(1), &json!(false))
    );
    assert!(
        failed["last_result"].as_str().unwrap().contains("500"),
        "{failed}"
    );
    let redirect = format!("302 Found\r\nlocation: http://{}/x", elsewhere.host);
    webhook.answer_next(&redirect);
    // Some seconds later, the same again.
    let second = webhook.said();
    assert_eq!(second.body, first.body);
    assert!(second.body.to_string().contains(&case.number));
    assert!(soon(|| show(&app, id)["last_result"]
        .to_string()
        .contains("302")));
    elsewhere.nothing();
    let failed = show(&app, id).to_string();
    assert!(!failed.contains("geheim"), "{failed}");
    assert!(!app.log().contains("geheim"), "the address is in the log");
    // Looked after by the administrator, it goes on at once.
    let test = app
        .by(Staff::Admin)
        .post(format!("/notification-robots/{id}/test"));
    test.expect(202);
    let third = webhook.said();
    let text = third.body["text"]["content"].as_str().unwrap();
    assert!(
        text.contains(&case.number) && text.contains("测试"),
        "{text}"
    );
    assert!(soon(|| show(&app, id)["waiting"] == 0));
}

#[test]
fn a_restart_loses_nothing_that_waits() {
    let webhook = Webhook::start();
    let mut app = with_robot(&webhook);
    add(&app, &robot(&webhook, "wecom")).expect(201);
    webhook.answer_next("503 Service Unavailable");
    let number = app.case().register().accepted().dispatched("派出所").number;
    webhook.said();
    app.kill();
    app.restart(Some("2026-03-10T03:00:00Z"));
    assert!(webhook.said().body.to_string().contains(&number));
}

#[test]
fn a_robot_sends_nowhere_else() {
    let webhook = Webhook::start();
    let app = with_robot(&webhook);
    for address in [
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/robot/send?access_token=x",
        "http://oapi.dingtalk.com/robot/send?access_token=x",
        "https://u:p@oapi.dingtalk.com/robot/send",
        "file:///etc/passwd",
        "geheim",
    ] {
        let mut new = robot(&webhook, "dingtalk");
        new["address"] = json!(address);
        assert_eq!(
            add(&app, &new).invalid_fields(),
            ["address:not_allowed"],
            "{address}"
        );
    }
    let mut new = robot(&webhook, "wecom");
    new["secret"] = json!("SEC");
    new["kinds"] = json!(["digest"]);
    new["name"] = json!(" ");
    assert_eq!(
        add(&app, &new).invalid_fields(),
        ["kinds:not_offered", "name:required", "secret:not_offered"]
    );
    for who in [Staff::Leader, Staff::Office, Staff::Auditor] {
        let call = app.by(who).post("/notification-robots");
        call.json(&robot(&webhook, "wecom"))
            .send()
            .problem("forbidden");
        app.by(who)
            .get("/notification-robots")
            .send()
            .problem("forbidden");
    }
    // The auditor finds what was done, without the address.
    let id = add(&app, &robot(&webhook, "wecom")).expect(201).json()["id"].clone();
    let path = format!("/notification-robots/{}", id.as_str().unwrap());
    let admin = app.by(Staff::Admin);
    admin
        .patch(&path)
        .json(&json!({}))
        .send()
        .problem("version_required");
    admin
        .patch(&path)
        .if_match("\"9\"")
        .json(&json!({}))
        .send()
        .problem("stale_version");
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=robot_write")
        .expect(200)
        .text();
    assert!(
        log.contains("新增通知机器人“综治群”") && !log.contains("geheim"),
        "{log}"
    );
}
