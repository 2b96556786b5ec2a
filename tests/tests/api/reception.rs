//! Reception days: the roster, substitutes, who came and which case it became.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn day(app: &TestApp, on: &str) -> Value {
    json!({
        "on": on, "from": "09:00", "to": "11:30", "place": "镇信访接待室",
        "leader_id": app.user(Staff::Leader), "staff": [app.user(Staff::Justice)],
    })
}

#[track_caller]
fn planned(app: &TestApp, on: &str) -> Value {
    let call = app.by(Staff::Office).post("/reception-days");
    call.json(&day(app, on)).expect(201).json()
}

fn path(view: &Value) -> String {
    format!("/reception-days/{}", view["day"]["id"].as_str().unwrap())
}

fn act(app: &TestApp, who: Staff, view: &Value, action: &str, input: Value) -> Answer {
    app.by(who)
        .post(format!("{}/actions/{action}", path(view)))
        .if_match(format!("\"{}\"", view["day"]["version"]))
        .json(&input)
        .send()
}

#[track_caller]
fn came(app: &TestApp, who: Staff, view: &Value, input: Value) -> Answer {
    let call = app.by(who).post(format!("{}/visitors", path(view)));
    call.json(&input).send()
}

#[track_caller]
fn seen(app: &TestApp, who: Staff, view: &Value) -> Value {
    app.by(who).get(path(view)).expect(200).json()
}

fn counts(view: &Value) -> Vec<u64> {
    let counts = view["counts"].as_array().unwrap();
    counts
        .iter()
        .map(|count| count["count"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_roster_skips_holidays_and_the_leaders_take_turns() {
    let app = TestApp::with().clock("2026-09-20T02:00:00Z").start();
    let rule = json!({
        "from_on": "2026-09-21", "to_on": "2026-10-22", "weekday": 4, "from": "09:00", "to": "11:30",
        "place": "镇信访接待室",
        "leaders": [app.user(Staff::Leader), app.user(Staff::OtherLeader)],
    });
    let post = |who: Staff, input: &Value| {
        app.by(who)
            .post("/reception-days/roster")
            .json(input)
            .send()
    };
    for who in [
        Staff::Secretary,
        Staff::Police,
        Staff::Centre,
        Staff::Auditor,
        Staff::Admin,
    ] {
        post(who, &rule).problem("forbidden");
    }
    let mut wrong = rule.clone();
    wrong["leaders"] = json!([app.user(Staff::Office)]);
    wrong["weekday"] = json!(9);
    wrong["to"] = json!("8:00");
    assert_eq!(
        post(Staff::Office, &wrong).invalid_fields(),
        ["leaders:not_a_leader", "to:invalid", "weekday:out_of_range"]
    );
    let made = post(Staff::Office, &rule).expect(200).json();
    let days = |roster: &Value| -> Vec<String> {
        let made = roster["made"].as_array().unwrap();
        let one = |day: &Value| {
            format!(
                "{} {}",
                day["on"].as_str().unwrap(),
                day["leader"]["name"].as_str().unwrap()
            )
        };
        made.iter().map(one).collect()
    };
    // 1 October is a Thursday, off until the 7th.
    assert_eq!(
        days(&made),
        [
            "2026-09-24 赵建国",
            "2026-10-08 钱卫东",
            "2026-10-15 赵建国",
            "2026-10-22 钱卫东",
        ]
    );
    assert_eq!(
        made["moved"],
        json!([{"from": "2026-10-01", "to": "2026-10-08"}])
    );
    assert_eq!(made["warning"], Value::Null);
    // Again: what is there stays.
    let again = post(Staff::Office, &rule).expect(200).json();
    assert_eq!(
        (
            again["made"].as_array().unwrap().len(),
            again["kept"].as_array().unwrap().len()
        ),
        (0, 4)
    );
    // The next year's holidays are not published.
    let mut far = rule;
    far["from_on"] = json!("2027-03-01");
    far["to_on"] = json!("2027-03-07");
    let far = post(Staff::Leader, &far).expect(200).json();
    assert!(far["warning"].as_str().unwrap().contains("没有公布"));

    // A month's roster, and one's own days.
    let list = |who: Staff, query: &str| {
        let page = app
            .by(who)
            .get(format!("/reception-days?{query}"))
            .expect(200)
            .json();
        page["total"].as_u64().unwrap()
    };
    assert_eq!(list(Staff::Police, "from=2026-10-01&to=2026-10-31"), 3);
    assert_eq!(
        list(
            Staff::OtherLeader,
            "mine=true&from=2026-10-01&to=2026-10-31"
        ),
        2
    );
    let home = app.by(Staff::Leader).get("/dashboard").expect(200).json();
    let todo = home["todos"]
        .as_array()
        .unwrap()
        .iter()
        .find(|todo| todo["list"] == "reception");
    let todo = todo.unwrap();
    assert_eq!(todo["count"], 1);
    assert_eq!(list(Staff::Leader, todo["query"].as_str().unwrap()), 1);
}

#[test]
fn a_day_is_changed_taken_over_and_called_off() {
    let app = TestApp::start();
    let view = planned(&app, "2026-03-12");
    let usual = view["notice"].as_str().unwrap();
    for part in [
        "2026年3月12日（星期四）",
        "09:00至11:30",
        "赵建国",
        "镇信访接待室",
        "不超过5人",
    ] {
        assert!(usual.contains(part), "{usual}");
    }
    let twice = app
        .by(Staff::Office)
        .post("/reception-days")
        .json(&day(&app, "2026-03-12"));
    assert_eq!(twice.send().invalid_fields(), ["on:duplicate"]);
    let call = app.by(Staff::Office).patch(path(&view));
    call.json(&json!({"place": "二楼"}))
        .send()
        .problem("version_required");
    let patch = |who: Staff, version: i64, input: Value| {
        let call = app
            .by(who)
            .patch(path(&view))
            .if_match(format!("\"{version}\""));
        call.json(&input).send()
    };
    patch(Staff::Secretary, 1, json!({"place": "二楼"})).problem("forbidden");
    let after = patch(
        Staff::Office,
        1,
        json!({"place": "二楼会议室", "notice": "自拟的公告"}),
    );
    let after = after.expect(200).json();
    assert_eq!(
        (&after["notice"], &after["usual_notice"]),
        (&json!("自拟的公告"), &json!(false))
    );
    patch(Staff::Office, 1, json!({"place": "三楼"})).problem("stale_version");
    let wrong = patch(Staff::Office, 2, json!({"to": "08:00"}));
    assert_eq!(wrong.invalid_fields(), ["to:before_start"]);

    let other = app.user(Staff::OtherLeader);
    let swap = json!({"reason": "到县里开会", "leader_id": other});
    let swapped = act(&app, Staff::Leader, &after, "substitute", swap.clone())
        .expect(200)
        .json();
    assert_eq!(swapped["day"]["leader"]["name"], "钱卫东");
    assert_eq!(swapped["day"]["instead_of"]["name"], "赵建国");
    let same = act(&app, Staff::Leader, &swapped, "substitute", swap);
    assert_eq!(same.invalid_fields(), ["leader_id:same"]);

    let off = json!({"reason": "防汛值守", "instead_on": "2026-03-13"});
    act(&app, Staff::Police, &swapped, "cancel", off.clone()).problem("forbidden");
    act(&app, Staff::Office, &after, "cancel", off.clone()).problem("stale_version");
    let cancelled = act(&app, Staff::Office, &swapped, "cancel", off)
        .expect(200)
        .json();
    assert_eq!(cancelled["day"]["cancelled"], true);
    assert_eq!(cancelled["day"]["instead_on"], "2026-03-13");
    let again = act(
        &app,
        Staff::Office,
        &cancelled,
        "cancel",
        json!({"reason": "x"}),
    );
    again.problem("conflict");
    let list = app
        .by(Staff::Office)
        .get("/reception-days?from=2026-03-13")
        .expect(200)
        .json();
    assert_eq!(list["items"][0]["leader"]["name"], "钱卫东");
    came(
        &app,
        Staff::Office,
        &cancelled,
        json!({"topic": "低保", "answer": "到窗口办理"}),
    )
    .problem("conflict");
}

#[test]
fn who_comes_becomes_a_case_joins_one_or_gets_an_answer() {
    let app = TestApp::start();
    let view = planned(&app, tests::base::TODAY);
    let new = app.case().village(VILLAGE);
    // The case's first receiver is whoever received them, whoever types.
    let input = json!({"received_by": app.user(Staff::Leader), "case": new.input()});
    let key = |input: &Value| {
        let call = app
            .by(Staff::Centre)
            .post(format!("{}/visitors", path(&view)));
        call.key("tablet-1").json(input).send()
    };
    let comer = key(&input).expect(201).json();
    assert_eq!(key(&input).expect(201).json(), comer);
    key(&json!({"topic": "低保", "answer": "x"})).problem("idempotency_mismatch");
    assert_eq!(
        (&comer["kind"], &comer["received_by"]["name"]),
        (&json!("registered"), &json!("赵建国"))
    );
    let case_path = format!("/cases/{}", comer["case"]["id"].as_str().unwrap());
    let case = app.by(Staff::Office).get(&case_path).expect(200).json();
    assert_eq!(case["first_receiver"]["name"], "赵建国");
    assert_eq!(case["registrar"]["name"], "卫小燕");
    let events = app
        .by(Staff::Office)
        .get(format!("{case_path}/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        last["data"]["field"],
        json!({"kind": "reception", "id": view["day"]["id"]})
    );

    // Photos of what they brought become files of the case; when the phone took it down is kept.
    let photo = app.by(Staff::Centre).post("/photos");
    let photo = photo.file("合同.jpg", tests::files::photo());
    let photo = photo.expect(201).json()["id"].clone();
    let seen_at = "2026-03-10T01:30:00Z";
    let input = json!({
        "case": app.case().village(VILLAGE).cause("口粮田被占").input(),
        "photos": [photo], "recorded_at": seen_at,
    });
    let with_photo = came(&app, Staff::Centre, &view, input.clone())
        .expect(201)
        .json();
    let photographed = format!("/cases/{}", with_photo["case"]["id"].as_str().unwrap());
    let part = |below: &str| {
        let office = app.by(Staff::Office);
        office
            .get(format!("{photographed}{below}"))
            .expect(200)
            .json()
    };
    assert_eq!(part("/attachments")["items"][0]["name"], "照片1.jpeg");
    let first = &part("/events")["items"][0];
    assert_eq!(first["data"]["recorded_at"], seen_at);
    let again = came(&app, Staff::Centre, &view, input);
    assert_eq!(again.invalid_fields(), ["photos:unknown"]);
    let input = json!({"topic": "低保", "answer": "到窗口办理", "photos": [photo]});
    assert_eq!(
        came(&app, Staff::Centre, &view, input).invalid_fields(),
        ["photos:not_used"]
    );

    // A case that is there.
    let join = json!({"case_id": comer["case"]["id"], "text": "再来催问流转费"});
    came(&app, Staff::Justice, &view, join.clone()).problem("not_found");
    let joined = came(&app, Staff::Leader, &view, join).expect(201).json();
    assert_eq!(joined["case"]["name"], comer["case"]["name"]);
    let events = app
        .by(Staff::Office)
        .get(format!("{case_path}/events"))
        .expect(200)
        .text();
    assert!(events.contains("再来催问流转费"));
    // A mere question.
    came(
        &app,
        Staff::Justice,
        &view,
        json!({"topic": "怎样申请法律援助", "answer": "带身份证到司法所"}),
    )
    .expect(201);

    let of_leader = seen(&app, Staff::Leader, &view);
    assert_eq!(counts(&of_leader), [2, 1, 1]);
    assert_eq!(of_leader["comers"].as_array().unwrap().len(), 4);
    // The justice office is on duty: what it may not know of is only counted.
    let of_justice = seen(&app, Staff::Justice, &view);
    assert_eq!(counts(&of_justice), [2, 1, 1]);
    let listed = of_justice["comers"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["kind"]), (1, &json!("inquiry")));
    // Who is not on duty sees how many, the administrator not even that.
    for who in [Staff::Police, Staff::NextSecretary, Staff::Auditor] {
        let found = seen(&app, who, &view);
        assert_eq!(counts(&found), [2, 1, 1], "{who:?}");
        assert_eq!(found["comers"], json!([]), "{who:?}");
    }
    assert_eq!(counts(&seen(&app, Staff::Admin, &view)), [0, 0, 0]);
    let of_case = app
        .by(Staff::Office)
        .get(format!("{case_path}/field-visits"))
        .expect(200)
        .json();
    assert_eq!(of_case["receptions"].as_array().unwrap().len(), 2);

    // What is wrong.
    for who in [Staff::Police, Staff::Secretary] {
        came(&app, who, &view, json!({"topic": "低保", "answer": "x"})).problem("forbidden");
    }
    for who in [Staff::Court, Staff::Auditor, Staff::Admin] {
        came(&app, who, &view, json!({"topic": "低保", "answer": "x"})).problem("forbidden");
    }
    assert_eq!(
        came(&app, Staff::Leader, &view, json!({})).invalid_fields(),
        ["case:one_of"]
    );
    let wrong = json!({"case": app.case().set("channel", "call").input()});
    assert_eq!(
        came(&app, Staff::Leader, &view, wrong).invalid_fields(),
        ["case.channel:not_a_visit"]
    );
    let wrong = json!({"topic": "低保", "answer": "x", "name": "张三"});
    came(&app, Staff::Leader, &view, wrong).problem("bad_request");
    let off = json!({"reason": "x"});
    act(&app, Staff::Office, &view, "cancel", off).problem("conflict");
    let later = planned(&app, "2026-03-12");
    came(
        &app,
        Staff::Leader,
        &later,
        json!({"topic": "低保", "answer": "x"}),
    )
    .problem("conflict");
}

#[test]
fn a_sealed_accusation_is_not_even_counted_for_whom_it_accuses() {
    let app = TestApp::start();
    let view = planned(&app, tests::base::TODAY);
    let accuse = |unit: &str| json!({"case": app.case().village(VILLAGE).accuses(unit).input()});
    // Against a village.
    let comer = came(&app, Staff::Centre, &view, accuse(VILLAGE))
        .expect(201)
        .json();
    assert!(comer["case"]["name"].as_str().unwrap().contains('检'));
    let total = |who: Staff| {
        let one: u64 = counts(&seen(&app, who, &view)).iter().sum();
        let list = app.by(who).get("/reception-days").expect(200).json();
        assert_eq!(list["items"][0]["comers"], one, "{who:?}");
        one
    };
    for who in [Staff::Secretary, Staff::Informant] {
        assert_eq!(total(who), 0, "{who:?}");
    }
    for who in [
        Staff::NextSecretary,
        Staff::Leader,
        Staff::Office,
        Staff::Auditor,
    ] {
        assert_eq!(total(who), 1, "{who:?}");
    }
    // Against the office: only the registrar knows.
    let comer = came(&app, Staff::Centre, &view, accuse("镇综治办"))
        .expect(201)
        .json();
    assert!(comer["case"]["name"].as_str().unwrap().contains('密'));
    assert_eq!(total(Staff::Centre), 2);
    for who in [
        Staff::Office,
        Staff::Leader,
        Staff::NextSecretary,
        Staff::Auditor,
    ] {
        assert_eq!(total(who), 1, "{who:?}");
    }
    assert_eq!(total(Staff::Secretary), 0);
    // Somebody registers what accuses their own unit: written, and no trace of it for them after.
    let own = came(&app, Staff::Justice, &view, accuse("司法所")).expect(201);
    assert_eq!(own.json()["kind"], "registered");
    assert_eq!(total(Staff::Justice), 1);
    assert_eq!(total(Staff::Leader), 2);
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=reception")
        .expect(200)
        .text();
    assert!(!log.contains(NEXT_VILLAGE) && !log.contains("密"));
}
