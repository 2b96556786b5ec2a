//! Units, users, settings and the audit log.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::staff::VILLAGE;
use tests::{Answer, Staff, TestApp};

fn change(app: &TestApp, path: &str, input: &Value) -> Answer {
    let admin = app.by(Staff::Admin);
    let etag = admin.get(path).expect(200).etag();
    admin.patch(path).if_match(etag).json(input).send()
}

#[test]
fn units_are_added_changed_and_closed() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let township = app.unit("平川镇");
    let add = |parent: &str, kind: &str, name: &str| {
        let unit = json!({"parent_id": parent, "kind": kind, "name": name});
        admin.post("/org-units").json(&unit).send()
    };
    let made = add(township, "village", " 沿河村 ").expect(201);
    let village = made.json();
    assert_eq!(
        (&village["name"], made.etag().as_str()),
        (&json!("沿河村"), "\"1\"")
    );
    let id = village["id"].as_str().unwrap();
    assert_eq!(
        add(township, "village", "沿河村").invalid_fields(),
        ["name:duplicate"]
    );
    assert_eq!(
        add(township, "group", "1社").invalid_fields(),
        ["kind:misplaced"]
    );
    assert_eq!(
        add(township, "township", "又一镇").invalid_fields(),
        ["kind:misplaced", "short_name:required"]
    );
    assert_eq!(
        add("x", "village", "村").invalid_fields(),
        ["parent_id:unknown"]
    );
    assert_eq!(
        add(township, "village", "").invalid_fields(),
        ["name:required"]
    );
    let group = add(id, "group", "1社").expect(201).json();
    let path = format!("/org-units/{id}");
    let group_path = format!("/org-units/{}", group["id"].as_str().unwrap());

    change(&app, &path, &json!({"closed": true})).problem("conflict");
    change(
        &app,
        &format!("/org-units/{}", app.unit(VILLAGE)),
        &json!({"closed": true}),
    )
    .problem("conflict");
    change(
        &app,
        &format!("/org-units/{township}"),
        &json!({"closed": true}),
    )
    .problem("conflict");
    change(&app, &group_path, &json!({"closed": true})).expect(200);
    let lead = json!({"lead_user_id": app.user(Staff::Leader), "responsible_user_id": app.user(Staff::Secretary)});
    let unit = change(&app, &path, &lead).expect(200).json();
    assert_eq!(unit["lead_user_id"], app.user(Staff::Leader));
    assert_eq!(
        change(&app, &path, &json!({"lead_user_id": "x"})).invalid_fields(),
        ["lead_user_id:unknown"]
    );
    let unit = change(&app, &path, &json!({"lead_user_id": ""}))
        .expect(200)
        .json();
    assert_eq!(unit["lead_user_id"], Value::Null);
    admin
        .patch(&path)
        .json(&json!({}))
        .send()
        .problem("version_required");
    admin
        .patch(&path)
        .if_match("\"1\"")
        .json(&json!({"name": "x"}))
        .send()
        .problem("stale_version");
    // A case can go there as long as it is open.
    app.case().set("village_id", id).register();
    change(&app, &path, &json!({"closed": true})).expect(200);
    assert_eq!(
        app.case().set("village_id", id).send().invalid_fields(),
        ["village_id:unknown"]
    );
    assert_eq!(
        add(id, "group", "2社").invalid_fields(),
        ["parent_id:closed"]
    );
    for who in Staff::ALL.into_iter().filter(|who| *who != Staff::Admin) {
        let unit = json!({"parent_id": township, "kind": "village", "name": "村"});
        app.by(who)
            .post("/org-units")
            .json(&unit)
            .send()
            .problem("forbidden");
        app.by(who).get("/org-units").expect(200);
    }
}

#[test]
fn users_are_placed_where_their_role_has_work() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let add = |username: &str, role: &str, unit: &str| {
        let user = json!({"username": username, "name": "新人", "role": role, "unit_id": app.unit(unit), "duty": "干事"});
        admin.post("/users").json(&user).send()
    };
    assert_eq!(
        add("a1", "village_secretary", "派出所").invalid_fields(),
        ["unit_id:misplaced"]
    );
    assert_eq!(
        add("a1", "police_station", VILLAGE).invalid_fields(),
        ["unit_id:misplaced"]
    );
    assert_eq!(
        add("WULIDUN", "village_secretary", VILLAGE).invalid_fields(),
        ["username:taken"]
    );
    assert_eq!(
        add("a b", "village_secretary", VILLAGE).invalid_fields(),
        ["username:invalid"]
    );
    add("a1", "chief", VILLAGE).problem("bad_request");
    let made = add("a1", "village_secretary", VILLAGE).expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let user = made.json();
    assert_eq!(
        (&user["user"]["must_change_password"], &user["user"]["duty"]),
        (&json!(true), &json!("干事"))
    );
    assert!(user["initial_password"].as_str().unwrap().len() >= 10);
    let path = format!("/users/{}", user["user"]["id"].as_str().unwrap());
    assert_eq!(
        change(&app, &path, &json!({"role": "police_station"})).invalid_fields(),
        ["unit_id:misplaced"]
    );
    let moved = change(
        &app,
        &path,
        &json!({"role": "police_station", "unit_id": app.unit("派出所")}),
    );
    assert_eq!(moved.expect(200).json()["role"], "police_station");
    // Somebody must be left to look after it.
    let own = format!("/users/{}", app.user(Staff::Admin));
    change(&app, &own, &json!({"disabled": true})).problem("conflict");
    change(&app, &own, &json!({"role": "auditor"})).problem("conflict");
    app.by(Staff::Admin).get("/me").expect(200);

    let page = admin
        .get(with_query("/users", &[("limit", "2")]))
        .expect(200)
        .json();
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["total"]),
        (2, &json!(16))
    );
    let next = page["next_cursor"].as_str().unwrap();
    let page = admin
        .get(with_query("/users", &[("limit", "200"), ("cursor", next)]))
        .expect(200)
        .json();
    assert_eq!(page["items"].as_array().unwrap().len(), 14);
    let found = admin
        .get(with_query("/users", &[("q", "周永")]))
        .expect(200)
        .json();
    assert_eq!(found["total"], 1);
    assert!(!admin.get("/users").expect(200).text().contains("$argon2"));
    for who in Staff::ALL.into_iter().filter(|who| *who != Staff::Admin) {
        app.by(who).get("/users").send().problem("forbidden");
        app.by(who).get(&path).send().problem("forbidden");
        app.by(who)
            .post(format!("{path}/reset-password"))
            .send()
            .problem("forbidden");
    }
}

#[test]
fn colleagues_are_offered_without_user_names() {
    let app = TestApp::start();
    let list = app.by(Staff::Centre).get("/users/colleagues").expect(200);
    let colleagues = list.json();
    assert_eq!(colleagues.as_array().unwrap().len(), Staff::ALL.len());
    assert!(!list.text().contains("username") && !list.text().contains("zongzhi"));
    change(
        &app,
        &format!("/users/{}", app.user(Staff::Court)),
        &json!({"disabled": true}),
    )
    .expect(200);
    let colleagues = app
        .by(Staff::Centre)
        .get("/users/colleagues")
        .expect(200)
        .json();
    assert_eq!(colleagues.as_array().unwrap().len(), Staff::ALL.len() - 1);
    app.by(Staff::Auditor)
        .get("/users/colleagues")
        .send()
        .problem("forbidden");
    // A case is not given to somebody who has left.
    let case = app.case().register().accepted();
    let input = json!({"unit_id": app.unit("蓼泉法庭"), "user_id": app.user(Staff::Court)});
    assert_eq!(
        case.act(Staff::Office, "dispatch", input).invalid_fields(),
        ["user_id:unknown"]
    );
}

#[test]
fn settings_are_the_administrators_to_change() {
    let app = TestApp::start();
    for who in [Staff::Admin, Staff::Leader, Staff::Office, Staff::Auditor] {
        assert_eq!(
            app.by(who).get("/settings").expect(200).json()["township_name"],
            "平川镇"
        );
    }
    app.by(Staff::Secretary)
        .get("/settings")
        .send()
        .problem("forbidden");
    let changed = change(
        &app,
        "/settings",
        &json!({"township_name": "平川新镇", "urgent_hours": 2}),
    )
    .expect(200)
    .json();
    assert_eq!(
        (&changed["township_name"], &changed["urgent_hours"]),
        (&json!("平川新镇"), &json!(2))
    );
    assert_eq!(
        change(&app, "/settings", &json!({"urgent_hours": 0})).invalid_fields(),
        ["urgent_hours:out_of_range"]
    );
    assert_eq!(
        change(&app, "/settings", &json!({"township_name": ""})).invalid_fields(),
        ["township_name:required"]
    );
    let call = app.by(Staff::Admin).patch("/settings").if_match("\"1\"");
    call.json(&json!({"urgent_hours": 3}))
        .send()
        .problem("stale_version");
    let call = app.by(Staff::Leader).patch("/settings").if_match("\"2\"");
    call.json(&json!({"urgent_hours": 3}))
        .send()
        .problem("forbidden");
    assert_eq!(
        app.by(Staff::Secretary).get("/me").expect(200).json()["township_name"],
        "平川新镇"
    );
    // Numbers keep the short name.
    assert_eq!(app.case().register().number, "平川信〔2026〕00001号");
}

/// Limits are data with a date in force; a case keeps those it was received under.
#[test]
fn a_new_law_counts_for_cases_received_from_its_day_on() {
    let app = TestApp::start();
    let limit = |amount: u32, basis: &str| json!({"clock": "acceptance", "amount": amount, "unit": "days", "basis": basis});
    let add = |from: &str, limits: Value| {
        let profile = json!({"title": "新条例", "in_force_from": from, "limits": limits});
        app.by(Staff::Admin)
            .post("/settings/law-profiles")
            .json(&profile)
            .send()
    };
    let before = app.case().received("2026-03-10").register();
    assert_eq!(before.view["due_on"], "2026-03-25");
    assert_eq!(
        add("2026-03-08", json!([])).invalid_fields(),
        ["limits:required"]
    );
    assert_eq!(
        add("2026-03-08", json!([limit(0, "")])).invalid_fields(),
        ["limits.0.amount:out_of_range", "limits.0.basis:required"]
    );
    assert_eq!(
        add("2026-03-08", json!([limit(5, "x"), limit(6, "y")])).invalid_fields(),
        ["limits.1.clock:duplicate"]
    );
    add("2026-03-08", json!([limit(7, "新条例第九条")])).expect(201);
    assert_eq!(
        add("2026-03-08", json!([limit(8, "x")])).invalid_fields(),
        ["in_force_from:duplicate"]
    );
    let under_new = app.case().received("2026-03-09").register();
    assert_eq!(under_new.view["due_on"], "2026-03-16");
    assert_eq!(under_new.view["clocks"][0]["basis"], "新条例第九条");
    let under_old = app.case().received("2026-03-07").register();
    assert_eq!(under_old.view["due_on"], "2026-03-22");
    let kept = before.then(Staff::Office, "note", json!({"text": "x"}));
    assert_eq!(kept.view["due_on"], "2026-03-25");
    // What the new law does not say stays as it was.
    assert_eq!(under_new.accepted().view["due_on"], "2026-05-09");
    let profiles = app
        .by(Staff::Centre)
        .get("/settings/law-profiles")
        .expect(200)
        .json();
    assert_eq!(profiles.as_array().unwrap().len(), 2);
    let call = app.by(Staff::Leader).post("/settings/law-profiles");
    call.json(&json!({"title": "x", "in_force_from": "2026-04-01", "limits": [limit(1, "x")]}))
        .send()
        .problem("forbidden");
}

/// Every write, sign-in, reveal, export and view is in the log, and only the auditor reads it.
#[test]
fn the_audit_log_has_who_did_what_when_from_where() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register().accepted();
    app.sign_in(Staff::Secretary).expect(200);
    app.nobody()
        .sign_in("wulidun", "correct horse staple")
        .expect(401);
    let session = app.sign_in(Staff::Court).expect(200).json();
    let court = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    court.delete("/session").expect(204);
    change(&app, "/settings", &json!({"urgent_hours": 5})).expect(200);
    change(
        &app,
        &format!("/users/{}", app.user(Staff::Court)),
        &json!({"name": "陈明法"}),
    )
    .expect(200);
    change(
        &app,
        &format!("/org-units/{}", app.unit(VILLAGE)),
        &json!({"position": 1}),
    )
    .expect(200);

    let log = |query: &[(&str, &str)]| {
        app.by(Staff::Auditor)
            .get(with_query("/audit", query))
            .expect(200)
            .json()
    };
    let first = |query: &[(&str, &str)]| log(query)["items"][0].clone();
    let written = log(&[("action", "case_write"), ("case_id", &case.id)]);
    let details: Vec<&str> = written["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["detail"].as_str().unwrap())
        .collect();
    assert_eq!(
        details,
        [
            format!("{}：受理", case.number),
            format!("{}：登记", case.number)
        ]
    );
    assert_eq!(written["items"][0]["user_id"], app.user(Staff::Office));
    let entry = first(&[
        ("action", "sign_in"),
        ("user_id", app.user(Staff::Secretary)),
    ]);
    assert_eq!(
        (&entry["user_name"], &entry["address"]),
        (&json!("周永福"), &json!("127.0.0.1"))
    );
    assert!(
        entry["at"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-10T02:00")
    );
    // People type passwords into the wrong field: what was tried is not in it.
    let failed = first(&[("action", "sign_in_failed")]).to_string();
    assert!(
        !failed.contains("wulidun") && !failed.contains("staple"),
        "{failed}"
    );
    for (action, word) in [
        ("sign_out", "退出"),
        ("setting_write", "5小时"),
        ("user_write", "陈明理"),
        ("org_write", VILLAGE),
    ] {
        let detail = first(&[("action", action)])["detail"].clone();
        assert!(
            detail.as_str().unwrap().contains(word),
            "{action}: {detail}"
        );
    }
    assert_eq!(log(&[("from", "2026-03-11")])["total"], 0);
    assert_eq!(
        log(&[("to", "2026-03-09"), ("action", "case_write")])["total"],
        0
    );
    // Not of all: that the log was read comes into it meanwhile.
    let all = log(&[("limit", "200"), ("action", "user_write")]);
    assert_ne!(all["total"], 0);
    assert_eq!(all["total"], all["items"].as_array().unwrap().len());
    // That it was read is in it, too, a moment later.
    let was_read = || log(&[("action", "audit_view")])["total"].as_u64() > Some(0);
    assert!(tests::app::soon(was_read));

    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![
            ("limit", "3"),
            ("to", "2026-03-10"),
            ("action", "user_write"),
        ];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = log(&query);
        ids.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert!(
        ids.len() > 10 && ids.is_sorted_by(|a, b| a > b),
        "newest first, each once"
    );
    for who in Staff::ALL.into_iter().filter(|who| *who != Staff::Auditor) {
        app.by(who).get("/audit").send().problem("forbidden");
    }
    for query in [
        ("action", "x"),
        ("from", "x"),
        ("limit", "0"),
        ("cursor", "x"),
    ] {
        app.by(Staff::Auditor)
            .get(with_query("/audit", &[query]))
            .send()
            .problem("bad_request");
    }
}

/// The auditor checks who did what; what a case is about is not theirs.
#[test]
fn the_auditor_and_the_administrator_see_no_case_content() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .cause("祁连渠首闸门锈蚀")
        .register()
        .accepted();
    case.seen_by(Staff::Secretary).expect(200);
    for who in [Staff::Auditor, Staff::Admin] {
        for path in ["/cases", "/dashboard", "/exports/ledger.xlsx"] {
            app.by(who).get(path).send().problem("forbidden");
        }
        case.seen_by(who).problem("not_found");
    }
    let log = app
        .by(Staff::Auditor)
        .get("/audit?limit=200")
        .expect(200)
        .text();
    assert!(log.contains(&case.number));
    assert!(!log.contains("闸门") && !log.contains("张三"), "{log}");
}
