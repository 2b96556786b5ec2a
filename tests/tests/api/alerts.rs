//! Urgent information: who sees it, what follows what, how long it took, and how honest the rate is.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::files::photo;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Client, Staff, TestApp};

/// Somebody's client with a sign-in of this moment; the clock may have moved.
fn now(app: &TestApp, who: Staff) -> Client {
    let session = app.sign_in(who).expect(200).json();
    app.nobody()
        .with_token(session["access_token"].as_str().unwrap())
}

fn report(client: &Client, input: &Value) -> Value {
    client.post("/alerts").json(input).expect(201).json()
}

fn path(alert: &Value, below: &str) -> String {
    format!("/alerts/{}{below}", alert["id"].as_str().unwrap())
}

fn step(client: &Client, alert: &Value, step: &str, input: &Value) -> Answer {
    let etag = client.get(path(alert, "")).send();
    let etag = if etag.status == 200 {
        etag.etag()
    } else {
        "\"1\"".to_owned()
    };
    let call = client.post(path(alert, &format!("/steps/{step}")));
    call.if_match(etag).json(input).send()
}

/// Stage, minutes and verdict of each stretch.
fn stretches(alert: &Value) -> Vec<(String, i64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stretches = alert["stretches"].as_array().unwrap().iter();
    stretches
        .map(|one| {
            (
                text(&one["stage"]),
                one["minutes"].as_i64().unwrap(),
                text(&one["verdict"]),
            )
        })
        .collect()
}

fn three(expected: &[(&str, i64, &str)]) -> Vec<(String, i64, String)> {
    let owned = |(stage, minutes, verdict): &(&str, i64, &str)| {
        ((*stage).to_owned(), *minutes, (*verdict).to_owned())
    };
    expected.iter().map(owned).collect()
}

#[test]
fn from_the_report_to_the_result_everything_is_timed() {
    let mut app = TestApp::with().clock("2026-03-02T00:00:00Z").start();
    let informant = now(&app, Staff::Informant);
    let photo = informant
        .post("/photos")
        .file("现场.jpg", photo())
        .expect(201)
        .json();
    let alert = report(
        &informant,
        &json!({
            "kind": "crowd", "what": "约三十人在村委会门口聚集", "place": "村委会", "people_count": 30,
            "photos": [photo["id"]], "discovered_at": "2026-03-01T23:00:00Z",
        }),
    );
    assert_eq!(alert["state"], "reported");
    assert_eq!(alert["village"]["name"], VILLAGE);
    assert_eq!(alert["photos"], json!([photo]));
    assert_eq!(
        stretches(&alert),
        three(&[("report", 60, "in_time"), ("acknowledge", 0, "running")])
    );
    let shown = format!("/photos/{}", photo["id"].as_str().unwrap());
    now(&app, Staff::Police).get(&shown).expect(200);
    now(&app, Staff::NextSecretary)
        .get(&shown)
        .send()
        .problem("not_found");

    // Nobody closes what nobody has seen; who may only look may not acknowledge.
    let leader = now(&app, Staff::Leader);
    step(&leader, &alert, "close", &json!({"text": "已劝返"})).problem("conflict");
    step(&informant, &alert, "acknowledge", &json!({})).problem("forbidden");
    step(&leader, &alert, "nothing", &json!({})).problem("not_found");

    app.restart(Some("2026-03-02T00:10:30Z"));
    let office = now(&app, Staff::Office);
    let seen = step(&office, &alert, "acknowledge", &json!({}))
        .expect(200)
        .json();
    assert_eq!(
        stretches(&seen)[1..],
        three(&[("acknowledge", 10, "in_time"), ("dispatch", 0, "running")])
    );
    // The second to acknowledge changes no clock.
    app.restart(Some("2026-03-02T00:21:00Z"));
    let police = now(&app, Staff::Police);
    let seen = step(&police, &alert, "acknowledge", &json!({}))
        .expect(200)
        .json();
    assert_eq!(
        stretches(&seen)[1..],
        three(&[("acknowledge", 10, "in_time"), ("dispatch", 10, "running")])
    );
    step(
        &police,
        &alert,
        "dispatch",
        &json!({"text": "到场", "unit_id": app.unit("派出所")}),
    )
    .problem("forbidden");

    app.restart(Some("2026-03-02T00:46:00Z"));
    let leader = now(&app, Staff::Leader);
    let none = json!({"text": "到场"});
    let problem = step(&leader, &alert, "dispatch", &none).problem("invalid_fields");
    assert_eq!(problem.errors[0].field, "unit_id");
    let justice = now(&app, Staff::Justice);
    justice.get(path(&alert, "")).send().problem("not_found");
    let send = json!({"text": "到场劝返，保护好现场", "unit_id": app.unit("司法所")});
    let sent = step(&leader, &alert, "dispatch", &send).expect(200).json();
    assert_eq!(sent["state"], "dispatched");
    assert_eq!(stretches(&sent)[2..], three(&[("dispatch", 35, "late")]));
    // Who was sent sees it from now on, and says how it goes.
    let noted = step(&justice, &alert, "note", &json!({"text": "已到场"}))
        .expect(200)
        .json();
    // What is overdue is told again as time goes by, whenever the scheduler looks.
    let told = noted["events"].as_array().unwrap();
    let by_people = told.iter().filter(|event| event["kind"] != "escalated");
    assert_eq!(by_people.count(), 5);
    now(&app, Staff::Court)
        .get(path(&alert, ""))
        .send()
        .problem("not_found");

    let closed = step(&leader, &alert, "close", &json!({"text": "人员已散去"}))
        .expect(200)
        .json();
    assert_eq!(
        (&closed["state"], &closed["result"]),
        (&json!("closed"), &json!("人员已散去"))
    );
    assert_eq!(
        stretches(&closed),
        three(&[
            ("report", 60, "in_time"),
            ("acknowledge", 10, "in_time"),
            ("dispatch", 35, "late"),
        ])
    );
    step(&leader, &alert, "note", &json!({"text": "再说"})).problem("conflict");
    let kinds: Vec<&Value> = closed["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["kind"])
        .filter(|kind| *kind != "escalated")
        .collect();
    assert_eq!(
        kinds,
        [
            "reported",
            "acknowledged",
            "acknowledged",
            "dispatched",
            "noted",
            "closed"
        ]
    );
    let log = now(&app, Staff::Auditor);
    let log = log
        .get(with_query("/audit", &[("action", "alert_write")]))
        .expect(200);
    assert_eq!(log.json()["total"], 6);
    assert!(!log.text().contains("三十人在村委会"));
}

#[test]
fn each_sees_what_is_theirs() {
    let app = TestApp::start();
    let here = report(&app.by(Staff::Informant), &json!({"what": "渠道决口"}));
    let there = report(&app.by(Staff::NextInformant), &json!({"what": "山体滑坡"}));
    for who in Staff::ALL {
        let status = |alert| app.by(who).get(path(alert, "")).send().status;
        let expected = match who {
            Staff::Leader
            | Staff::OtherLeader
            | Staff::Office
            | Staff::OtherOffice
            | Staff::Police => (200, 200),
            Staff::Secretary | Staff::Informant => (200, 404),
            Staff::NextSecretary | Staff::NextInformant => (404, 200),
            _ => (404, 404),
        };
        assert_eq!((status(&here), status(&there)), expected, "{who:?}");
        let list = app.by(who).get("/alerts").send();
        if matches!(who, Staff::Auditor | Staff::Admin) {
            list.problem("forbidden");
            continue;
        }
        let list = list.expect(200);
        let seen = |alert: &Value| list.text().contains(alert["id"].as_str().unwrap());
        let found = |status: u16| status == 200;
        assert_eq!(
            (seen(&here), seen(&there)),
            (found(expected.0), found(expected.1)),
            "{who:?}"
        );
        let steps = step(&app.by(who), &there, "acknowledge", &json!({}));
        match who {
            Staff::Leader
            | Staff::OtherLeader
            | Staff::Office
            | Staff::OtherOffice
            | Staff::Police => {
                drop(steps.expect(200));
            }
            _ if expected.1 == 200 => drop(steps.problem("forbidden")),
            _ => drop(steps.problem("not_found")),
        }
    }
    assert_ne!(VILLAGE, NEXT_VILLAGE);
}

#[test]
fn the_list_is_filtered_and_paged() {
    let app = TestApp::start();
    let by = app.by(Staff::Informant);
    let all: Vec<Value> = (0..5)
        .map(|n| report(&by, &json!({"what": format!("第{n}件"), "drill": n == 4})))
        .collect();
    let office = app.by(Staff::Office);
    step(&office, &all[0], "acknowledge", &json!({})).expect(200);
    step(&office, &all[0], "close", &json!({"text": "已处置"})).expect(200);
    let found = |query: &[(&str, &str)]| -> Vec<String> {
        let page = office.get(with_query("/alerts", query)).expect(200).json();
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["what"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found(&[]), ["第4件", "第3件", "第2件", "第1件", "第0件"]);
    assert_eq!(found(&[("open", "false")]), ["第0件"]);
    assert_eq!(found(&[("state", "closed,acknowledged")]), ["第0件"]);
    assert_eq!(found(&[("drill", "true")]), ["第4件"]);
    assert_eq!(
        found(&[("village_id", app.unit(NEXT_VILLAGE))]),
        Vec::<String>::new()
    );
    let first = office.get("/alerts?limit=2").expect(200).json();
    assert_eq!(first["total"], 5);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        found(&[("limit", "2"), ("cursor", cursor)]),
        ["第2件", "第1件"]
    );
    for query in ["state=x", "limit=0", "cursor=x"] {
        office
            .get(format!("/alerts?{query}"))
            .send()
            .problem("invalid_fields");
    }
    office
        .get("/alerts?nothing=1")
        .send()
        .problem("bad_request");
}

#[test]
fn an_accusation_and_other_wrong_input_is_refused() {
    let app = TestApp::start();
    let by = app.by(Staff::Informant);
    let send = |input: Value| by.post("/alerts").json(&input).send();
    let problem = send(json!({"what": "群众检举村干部贪污"})).problem("invalid_fields");
    assert_eq!(
        (
            problem.errors[0].field.as_str(),
            problem.errors[0].code.as_str()
        ),
        ("what", "accusation")
    );
    assert!(problem.errors[0].message.contains("登记"));
    for (field, input) in [
        ("what", json!({"what": "  "})),
        ("what", json!({"what": "长".repeat(201)})),
        (
            "people_count",
            json!({"what": "聚集", "people_count": 100_001}),
        ),
        (
            "village_id",
            json!({"what": "聚集", "village_id": app.unit("司法所")}),
        ),
        ("photos", json!({"what": "聚集", "photos": ["x"]})),
    ] {
        let problem = send(input).problem("invalid_fields");
        assert_eq!(problem.errors[0].field, field);
    }
    send(json!({"what": "聚集", "state": "closed"})).problem("bad_request");
    send(json!({"what": "聚集", "recorded_at": "昨天"})).problem("bad_request");
    app.by(Staff::Auditor)
        .post("/alerts")
        .json(&json!({"what": "聚集"}))
        .send()
        .problem("forbidden");
    assert_eq!(by.get("/alerts").expect(200).json()["total"], 0);
}

#[test]
fn it_is_reported_once_a_key_and_changed_by_its_version() {
    let app = TestApp::start();
    let send = |input: &Value| {
        let call = app.by(Staff::Informant).post("/alerts").json(input);
        call.key("phone-1").send()
    };
    let first = send(&json!({"what": "渠道决口"})).expect(201);
    let again = send(&json!({"what": "渠道决口"})).expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.json()["id"], again.json()["id"]);
    send(&json!({"what": "别的"})).problem("idempotency_mismatch");
    let alert = first.json();
    let call = || {
        app.by(Staff::Office)
            .post(path(&alert, "/steps/acknowledge"))
            .json(&json!({}))
    };
    call().send().problem("version_required");
    call().if_match("\"7\"").send().problem("stale_version");
    let done = call().if_match(first.etag()).key("k").send().expect(200);
    assert_eq!(done.etag(), "\"2\"");
    let done = call().if_match(first.etag()).key("k").send().expect(200);
    assert_eq!(done.header("idempotency-replayed"), "true");
}

#[test]
fn what_a_phone_claims_is_kept_and_the_server_measures() {
    let app = TestApp::with().clock("2026-03-02T08:00:00Z").start();
    let by = now(&app, Staff::Informant);
    let first = |input: Value| {
        let alert = report(&by, &input);
        let stretch = stretches(&alert).remove(0);
        (alert, stretch.1, stretch.2)
    };
    // Without a signal for six hours, taken down a quarter of an hour after it was seen.
    let (alert, minutes, verdict) = first(json!({
        "what": "扬言去省里", "kind": "threat",
        "discovered_at": "2026-03-02T02:00:00Z", "recorded_at": "2026-03-02T02:15:00Z",
    }));
    assert_eq!((minutes, verdict.as_str()), (360, "offline"));
    assert_eq!(alert["recorded_at"], "2026-03-02T02:15:00Z");
    assert!(
        alert["reported_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-02T08:00:")
    );
    // A clock that is a day ahead is no error, and no advantage either: it took no time.
    let (alert, minutes, verdict) = first(json!({
        "what": "扬言去省里", "recorded_at": "2026-03-03T08:00:00Z",
    }));
    assert_eq!((minutes, verdict.as_str()), (0, "in_time"));
    assert_eq!(alert["discovered_at"], "2026-03-03T08:00:00Z");
    assert!(
        alert["reported_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-02T08:00:")
    );
    // A clock that is a day behind.
    let (_, minutes, verdict) = first(json!({
        "what": "扬言去省里", "recorded_at": "2026-03-01T08:00:00Z",
    }));
    assert_eq!((minutes, verdict.as_str()), (1440, "offline"));
    let (_, minutes, verdict) = first(json!({
        "what": "扬言去省里", "discovered_at": "2026-03-01T08:00:00Z",
    }));
    assert_eq!((minutes, verdict.as_str()), (1440, "late"));
    let rate = now(&app, Staff::Office)
        .get("/alerts/rate")
        .expect(200)
        .json();
    assert_eq!(rate["in_time"], 1);
    assert_eq!(
        (&rate["offline"], &rate["late"], &rate["percent"]),
        (&json!(2), &json!(1), &json!(25.0))
    );
}

#[test]
fn the_rate_leaves_drills_out_and_counts_what_was_missed() {
    let app = TestApp::with().clock("2026-03-02T08:00:00Z").start();
    let office = now(&app, Staff::Office);
    let rate = |query: &str| {
        office
            .get(format!("/alerts/rate{query}"))
            .expect(200)
            .json()
    };
    let nothing = rate("");
    assert_eq!(
        (&nothing["from"], &nothing["to"]),
        (&json!("2026-03-01"), &json!("2026-03-02"))
    );
    assert_eq!(
        (&nothing["total"], &nothing["percent"]),
        (&json!(0), &Value::Null)
    );
    let by = now(&app, Staff::Informant);
    report(&by, &json!({"what": "演习", "drill": true}));
    assert_eq!(rate("")["percent"], Value::Null);
    report(&by, &json!({"what": "渠道决口"}));
    assert_eq!(rate("")["percent"], json!(100.0));
    let missed = json!({
        "what": "三十人到县里", "kind": "crowd", "discovered_at": "2026-03-01T16:00:00Z",
        "unit_id": app.unit(VILLAGE),
    });
    let enter =
        |who: Staff, input: &Value| now(&app, who).post("/alerts/missed").json(input).send();
    let made = enter(Staff::Office, &missed).expect(201).json();
    assert_eq!(made["unit"]["name"], VILLAGE);
    assert_eq!(
        (&rate("")["missed"], &rate("")["percent"]),
        (&json!(1), &json!(50.0))
    );
    // By the day in Shanghai on which it was found: midnight of the 2nd.
    assert_eq!(rate("?from=2026-03-01&to=2026-03-01")["missed"], 0);
    assert_eq!(rate("?from=2026-03-02&to=2026-03-02")["missed"], 1);
    enter(Staff::Leader, &missed).problem("forbidden");
    enter(Staff::Secretary, &missed).problem("forbidden");
    let with = |field: &str, value: Value| {
        let mut input = missed.clone();
        input[field] = value;
        input
    };
    for (field, value) in [
        ("discovered_at", json!("2026-03-03T00:00:00Z")),
        ("unit_id", json!("x")),
        ("case_id", json!("x")),
        ("what", json!("举报村主任")),
    ] {
        let problem = enter(Staff::Office, &with(field, value)).problem("invalid_fields");
        assert_eq!(problem.errors[0].field, field);
    }
    office
        .get("/alerts/rate?from=2026-03-02&to=2026-03-01")
        .send()
        .problem("invalid_fields");
    let list = |who: Staff| now(&app, who).get("/alerts/missed").send();
    assert_eq!(list(Staff::Leader).expect(200).json()["total"], 1);
    list(Staff::Auditor).expect(200);
    list(Staff::Secretary).problem("forbidden");
    now(&app, Staff::Auditor).get("/alerts/rate").expect(200);
    now(&app, Staff::Secretary)
        .get("/alerts/rate")
        .send()
        .problem("forbidden");
}

fn to_case(client: &Client, alert: &Value, input: &Value) -> Answer {
    let etag = client.get(path(alert, "")).expect(200).etag();
    client
        .post(path(alert, "/case"))
        .if_match(etag)
        .json(input)
        .send()
}

#[test]
fn it_becomes_a_case_once_with_a_link_both_ways() {
    let app = TestApp::start();
    let informant = app.by(Staff::Informant);
    let picture = informant
        .post("/photos")
        .file("现场.jpg", photo())
        .expect(201)
        .json();
    let alert = report(
        &informant,
        &json!({
            "what": "两家为渠水打架", "place": "三斗渠", "people_count": 6, "photos": [picture["id"]],
        }),
    );
    let office = app.by(Staff::Office);
    let problem = to_case(
        &office,
        &alert,
        &json!({"kind": "petition", "category": "water"}),
    )
    .problem("invalid_fields");
    assert_eq!(problem.errors[0].field, "kind");
    let done = to_case(
        &office,
        &alert,
        &json!({"kind": "dispute", "category": "water"}),
    );
    let done = done.expect(200).json();
    let id = done["case"]["id"].as_str().unwrap();
    let case = office.get(format!("/cases/{id}")).expect(200).json();
    assert_eq!(case["cause_full"], "两家为渠水打架");
    assert_eq!(
        (&case["kind"], &case["people_count"]),
        (&json!("dispute"), &json!(6))
    );
    assert_eq!(
        (&case["place"], &case["collective"]),
        (&json!("三斗渠"), &json!(true))
    );
    assert_eq!(case["village"]["name"], VILLAGE);
    let files = office
        .get(format!("/cases/{id}/attachments"))
        .expect(200)
        .json();
    assert_eq!(files["total"], 1);
    let events = office.get(format!("/cases/{id}/events")).expect(200).json();
    assert_eq!(
        events["items"][1]["data"]["field"],
        json!({"kind": "alert", "id": alert["id"]})
    );
    let linked = office
        .get(format!("/alerts?case_id={id}"))
        .expect(200)
        .json();
    assert_eq!(linked["items"][0]["id"], alert["id"]);
    to_case(&office, &alert, &json!({"category": "water"})).problem("conflict");
    // Whoever may not see the case sees that there is one, and no number.
    let seen = informant.get(path(&alert, "")).expect(200).json();
    assert_eq!(
        (&seen["case"], &seen["has_case"]),
        (&Value::Null, &json!(true))
    );
    informant
        .get(format!("/alerts?case_id={id}"))
        .send()
        .problem("not_found");
}

#[test]
fn it_is_linked_to_a_case_that_is_there_but_never_to_an_accusation() {
    let app = TestApp::start();
    let alert = report(&app.by(Staff::Informant), &json!({"what": "十人到镇里"}));
    let office = app.by(Staff::Office);
    let sealed = app.case().by(Staff::Office).accuses("芦湾村").register();
    let hidden = app.case().by(Staff::Centre).accuses("镇综治办").register();
    for (id, code) in [(&sealed.id, "sealed"), (&hidden.id, "unknown")] {
        let problem = to_case(&office, &alert, &json!({"case_id": id})).problem("invalid_fields");
        assert_eq!(
            (
                problem.errors[0].field.as_str(),
                problem.errors[0].code.as_str()
            ),
            ("case_id", code)
        );
    }
    let case = app.case().village(VILLAGE).register();
    to_case(
        &office,
        &alert,
        &json!({"case_id": case.id, "category": "water"}),
    )
    .problem("invalid_fields");
    let done = to_case(&office, &alert, &json!({"case_id": case.id}))
        .expect(200)
        .json();
    assert_eq!(done["case"]["name"], case.number);
    assert_eq!(done["events"][1]["kind"], "linked");
    let view = case.seen_by(Staff::Office).expect(200).json();
    assert_eq!(view["version"], 2);
    // The number is not in what everybody may read of the log.
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=alert_write")
        .expect(200);
    assert!(!log.text().contains(&case.number));
}

#[test]
fn the_limits_are_settings_and_hold_for_what_comes_after() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let before = report(&app.by(Staff::Informant), &json!({"what": "渠道决口"}));
    let settings = admin.get("/settings").expect(200);
    assert_eq!(
        settings.json()["alerts"],
        json!({"acknowledge_minutes": 15, "dispatch_minutes": 30})
    );
    let change = |minutes: u32| {
        let limits = json!({"alerts": {"acknowledge_minutes": minutes, "dispatch_minutes": 20}});
        admin
            .patch("/settings")
            .if_match(settings.etag())
            .json(&limits)
            .send()
    };
    assert_eq!(
        change(0).problem("invalid_fields").errors[0].field,
        "alerts.acknowledge_minutes"
    );
    change(5).expect(200);
    let after = report(&app.by(Staff::Informant), &json!({"what": "渠道决口"}));
    assert_eq!(after["stretches"][1]["limit_minutes"], 5);
    let before = app
        .by(Staff::Office)
        .get(path(&before, ""))
        .expect(200)
        .json();
    assert_eq!(before["stretches"][1]["limit_minutes"], 15);
}
