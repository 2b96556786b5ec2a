//! Accounts of programs (程序账号): no password, no sign-in, no work; tokens that the administrator makes,
//! within the role of the account.

use serde_json::{Value, json};
use shared::term::Term;
use shared::token::TokenScope;
use tests::app::soon;
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, PASSWORD, VILLAGE};
use tests::{Answer, Client, Staff, TestApp};

const NAME: &str = "县平台同步";

fn new_user(role: &str, unit: &str) -> Value {
    json!({
        "username": format!("prog_{role}"), "name": NAME, "role": role, "unit_id": unit,
        "service": true,
    })
}

/// The administrator makes an account for a program; its id.
#[track_caller]
fn program(app: &TestApp, role: &str, unit: &str) -> String {
    let call = app.by(Staff::Admin).post("/users");
    let made = call.json(&new_user(role, app.unit(unit))).expect(201);
    made.json()["user"]["id"].as_str().unwrap().to_owned()
}

fn new_token(owner: &str, scopes: &[&str]) -> Value {
    json!({"owner_id": owner, "name": "同步", "scopes": scopes, "expires_on": "2026-06-30"})
}

fn make(client: &Client, owner: &str, scopes: &[&str]) -> Answer {
    client
        .post("/tokens")
        .json(&new_token(owner, scopes))
        .send()
}

/// The program with a token that the administrator made, and the token's id.
#[track_caller]
fn bearer(app: &TestApp, owner: &str, scopes: &[&str]) -> (Client, String) {
    let made = make(&app.by(Staff::Admin), owner, scopes)
        .expect(201)
        .json();
    let client = app.nobody().with_token(made["secret"].as_str().unwrap());
    (client, made["token"]["id"].as_str().unwrap().to_owned())
}

#[track_caller]
fn change(app: &TestApp, path: &str, patch: &Value) -> Answer {
    let admin = app.by(Staff::Admin);
    let etag = admin.get(path).expect(200).etag();
    admin.patch(path).if_match(etag).json(patch).send()
}

#[test]
fn it_is_made_without_a_password_and_never_becomes_a_person() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let input = new_user("police_station", app.unit("派出所"));
    let made = admin.post("/users").json(&input).expect(201).json();
    assert!(made.get("initial_password").is_none(), "{made}");
    assert_eq!(made["user"]["service"], true);
    assert_eq!(made["user"]["must_change_password"], false);
    let path = format!("/users/{}", made["user"]["id"].as_str().unwrap());
    let reset = admin.post(format!("{path}/reset-password")).send();
    let problem = reset.problem("conflict");
    assert!(problem.detail.contains("请新建令牌"), "{problem:?}");
    for path in [&path, &format!("/users/{}", app.user(Staff::Office))] {
        for service in [true, false] {
            change(&app, path, &json!({"service": service})).problem("bad_request");
        }
    }
    let answer = change(&app, &path, &json!({"name": "县平台"})).expect(200);
    assert_eq!(answer.json()["service"], true);
    // A person is made as ever.
    let person = json!({
        "username": "xinren", "name": "新人", "role": "auditor", "unit_id": app.unit("党政办"),
    });
    let made = admin.post("/users").json(&person).expect(201).json();
    assert_eq!(made["user"]["service"], false);
    assert!(made["initial_password"].is_string());
}

#[test]
fn nobody_signs_in_as_a_program() {
    let app = TestApp::start();
    let id = program(&app, "coordination_office", "镇综治办");
    let answers = ["meiyou", "prog_coordination_office"].map(|username| {
        [PASSWORD, "", "not the password"].map(|password| app.nobody().sign_in(username, password))
    });
    for answer in answers.iter().flatten() {
        answer.clone().problem("wrong_credentials");
        assert_eq!(answer.body, answers[0][0].body);
    }
    let identity = app.by(Staff::Admin).put(format!("/users/{id}/identity"));
    let answer = identity.json(&json!({"account": "prog"})).send();
    let problem = answer.problem("conflict");
    assert!(problem.detail.contains("程序账号"), "{problem:?}");
}

#[test]
fn its_token_is_good_within_its_role_and_scope() {
    let app = TestApp::start();
    let own = app.case().village(VILLAGE).register();
    let foreign = app.case().village(NEXT_VILLAGE).register();
    let id = program(&app, "village_secretary", VILLAGE);
    let all: Vec<&str> = TokenScope::ALL.iter().map(|scope| scope.code()).collect();
    let (wide, _) = bearer(&app, &id, &all);
    wide.get(own.path("")).expect(200);
    wide.get(foreign.path("")).expect(404);
    // The administrator's rights are not in it, nor the auditor's.
    wide.get("/users").send().problem("forbidden");
    wide.get("/audit").send().problem("forbidden");
    for path in ["/tokens", "/tokens?all=true"] {
        wide.get(path).send().problem("insufficient_scope");
    }
    make(&wide, &id, &["cases:read"]).problem("insufficient_scope");
    let (narrow, _) = bearer(&app, &id, &["cases:read"]);
    narrow.get(own.path("")).expect(200);
    narrow.get("/reports").send().problem("insufficient_scope");
    let mut input = app.case().village(VILLAGE).input().clone();
    input["first_receiver_id"] = json!(app.user(Staff::Secretary));
    let call = narrow.post("/cases").json(&input).send();
    call.problem("insufficient_scope");
    // What it does stands under its name.
    let case = wide.post("/cases").json(&input).expect(201).json();
    assert_eq!(case["registrar"]["name"], NAME);
    let noted = || {
        let path = format!("/audit?user_id={id}");
        let audit = app.by(Staff::Auditor).get(path).expect(200).json();
        let entries = audit["items"].as_array().unwrap();
        entries.iter().all(|entry| entry["user_name"] == NAME)
            && entries.iter().any(|entry| entry["case_id"] == case["id"])
    };
    assert!(soon(noted));
}

#[test]
fn a_program_names_who_received_it() {
    let app = TestApp::start();
    let id = program(&app, "coordination_office", "镇综治办");
    let (script, _) = bearer(&app, &id, &["cases:write", "imports:write"]);
    let mut input = app.case().input().clone();
    let answer = script.post("/cases").json(&input).send();
    assert_eq!(answer.invalid_fields(), ["first_receiver_id:required"]);
    input["first_receiver_id"] = json!(id);
    let answer = script.post("/cases").json(&input).send();
    assert_eq!(answer.invalid_fields(), ["first_receiver_id:unknown"]);
    input["first_receiver_id"] = json!(app.user(Staff::Office));
    script.post("/cases").json(&input).expect(201);
    // Whoever imports a ledger would be who received all of it.
    let call = script.post("/imports/ledger");
    let problem = call
        .file("台账.xlsx", vec![0; 8])
        .send()
        .problem("conflict");
    assert!(problem.detail.contains("程序账号"), "{problem:?}");
}

#[test]
fn a_program_registers_nothing_that_it_alone_would_see() {
    let app = TestApp::start();
    let id = program(&app, "coordination_office", "镇综治办");
    let (script, _) = bearer(&app, &id, &["cases:read", "cases:write"]);
    let of = |unit: &str| {
        let mut input = app.case().accuses(unit).input().clone();
        input["first_receiver_id"] = json!(app.user(Staff::Office));
        script.post("/cases").json(&input).send()
    };
    assert_eq!(of("镇综治办").invalid_fields(), ["purpose:program"]);
    // Of others the office takes it on.
    let made = of(VILLAGE).expect(201).json();
    let path = format!("/cases/{}", made["id"].as_str().unwrap());
    let office = app.by(Staff::Office);
    let etag = office.get(&path).expect(200).etag();
    let turned = json!({"accused_unit_id": app.unit("镇综治办")});
    let call = office.patch(&path).if_match(etag);
    call.json(&turned).send().problem("conflict");
    let still = office.get(&path).expect(200).json();
    assert_eq!(still["accused_unit"]["id"], app.unit(VILLAGE));
}

#[test]
fn a_role_that_must_have_a_second_factor_asks_a_program_for_none() {
    let app = TestApp::start();
    let id = program(&app, "coordination_office", "镇综治办");
    let (script, _) = bearer(&app, &id, &["cases:read", "org:read"]);
    let roles = json!({"second_factor_roles": ["coordination_office"]});
    change(&app, "/settings", &roles).expect(200);
    script.get("/cases").expect(200);
    let me = script.get("/me").expect(200).json();
    assert_eq!(me["must_set_up_second_factor"], false);
    app.by(Staff::Office)
        .get("/cases")
        .send()
        .problem("second_factor_setup");
}

#[test]
fn tokens_are_made_by_the_administrator_for_programs_of_the_own_township_alone() {
    let app = TestApp::start();
    let id = program(&app, "court", "蓼泉法庭");
    let scopes = ["cases:read"];
    for who in Staff::ALL {
        if who != Staff::Admin {
            make(&app.by(who), &id, &scopes).problem("forbidden");
        }
    }
    let next = app.next("administrator");
    let input = json!({
        "username": "hexi_prog", "name": "河西程序", "role": "coordination_office",
        "unit_id": app.next_unit("河西综治办"), "service": true,
    });
    let made = next.post("/users").json(&input).expect(201).json();
    let of_next = made["user"]["id"].as_str().unwrap();
    let disabled = program(&app, "police_station", "派出所");
    change(
        &app,
        &format!("/users/{disabled}"),
        &json!({"disabled": true}),
    )
    .expect(200);
    let admin = app.by(Staff::Admin);
    for owner in [
        app.user(Staff::Office),
        app.user(Staff::Admin),
        of_next,
        disabled.as_str(),
        "nobody",
        "",
    ] {
        let answer = make(&admin, owner, &scopes);
        assert_eq!(answer.invalid_fields(), ["owner_id:invalid"], "{owner}");
    }
    // The county's administrator looks after the township's administrators, not its programs.
    let answer = make(&app.keeper(), &id, &scopes);
    assert_eq!(answer.invalid_fields(), ["owner_id:invalid"]);
    make(&next, of_next, &scopes).expect(201);

    let (script, token) = bearer(&app, &id, &scopes);
    script.get("/cases").expect(200);
    assert_eq!(admin.get("/tokens").expect(200).json()["total"], 0);
    let all = admin.get("/tokens?all=true").expect(200).json();
    assert_eq!(all["total"], 1);
    assert_eq!(all["items"][0]["owner"]["name"], NAME);
    let audit = app.by(Staff::Auditor).get("/audit?action=token");
    let audit = audit.expect(200).text();
    assert!(
        audit.contains(&format!("给程序账号“{NAME}”新建令牌")),
        "{audit}"
    );
    admin.delete(format!("/tokens/{token}")).expect(204);
    script.get("/cases").send().problem("unauthenticated");
}

#[test]
fn disabling_the_account_ends_its_tokens() {
    let app = TestApp::start();
    let id = program(&app, "coordination_office", "镇综治办");
    let (script, _) = bearer(&app, &id, &["cases:read"]);
    script.get("/cases").expect(200);
    let path = format!("/users/{id}");
    change(&app, &path, &json!({"disabled": true})).expect(200);
    let problem = script.get("/cases").send().problem("unauthenticated");
    assert!(problem.detail.contains("停用"), "{problem:?}");
    change(&app, &path, &json!({"disabled": false})).expect(200);
    script.get("/cases").send().problem("unauthenticated");
    let (again, _) = bearer(&app, &id, &["cases:read"]);
    again.get("/cases").expect(200);
}

#[test]
fn a_program_is_given_no_work() {
    let app = TestApp::start();
    let secretary = program(&app, "village_secretary", VILLAGE);
    let police = program(&app, "police_station", "派出所");
    let leader = program(&app, "township_leader", "平川镇");
    let admin = app.by(Staff::Admin);
    let office = app.by(Staff::Office);

    let colleagues = office.get("/users/colleagues").expect(200).text();
    assert!(!colleagues.contains(NAME), "{colleagues}");

    let unit = format!("/org-units/{}", app.unit(VILLAGE));
    for field in ["lead_user_id", "responsible_user_id"] {
        let mut patch = json!({});
        patch[field] = json!(leader);
        let fields = change(&app, &unit, &patch).invalid_fields();
        assert_eq!(fields, [format!("{field}:unknown")]);
    }

    let case = app.case().register().accepted();
    let to = json!({"unit_id": app.unit("派出所"), "user_id": police});
    let answer = case.act(Staff::Office, "dispatch", to);
    assert_eq!(answer.invalid_fields(), ["user_id:unknown"]);
    let answer = case.act(Staff::Office, "set_lead", json!({"user_id": leader}));
    assert_eq!(answer.invalid_fields(), ["user_id:unknown"]);

    let day = json!({
        "on": "2026-03-19", "from": "09:00", "to": "11:30", "place": "镇信访接待室",
        "leader_id": leader, "staff": [police],
    });
    let answer = office.post("/reception-days").json(&day).send();
    assert_eq!(
        answer.invalid_fields(),
        ["leader_id:not_a_leader", "staff:unknown"]
    );

    let deputation = |absent: &str, deputy: &str| {
        let input = json!({
            "user_id": absent, "deputy_id": deputy, "first_day": TODAY, "last_day": TODAY,
        });
        admin.post("/deputations").json(&input).send()
    };
    let person = app.user(Staff::Secretary);
    assert_eq!(
        deputation(person, &secretary).invalid_fields(),
        ["deputy_id:service"]
    );
    assert_eq!(
        deputation(&secretary, person).invalid_fields(),
        ["user_id:service"]
    );

    let path = format!("/users/{person}/duties/hand-over");
    let answer = admin.post(path).json(&json!({"successor_id": secretary}));
    assert_eq!(answer.send().invalid_fields(), ["successor_id:unknown"]);
}

/// Where whoever records something does it by default, a program names who did.
#[test]
fn a_program_records_visits_of_others_alone() {
    let app = TestApp::start();
    let id = program(&app, "village_secretary", VILLAGE);
    let (script, _) = bearer(&app, &id, &["visits:read", "visits:write"]);
    let mut visit = json!({
        "kind": "household", "on": TODAY, "village_id": app.unit(VILLAGE), "place": "三号井旁",
        "heard": "渠水不够，盼望清淤", "promises": [{"what": "清淤", "due_on": "2026-03-20"}],
    });
    let send = |visit: &Value| script.post("/visits").json(visit).send();
    assert_eq!(
        send(&visit).invalid_fields(),
        ["promises.0.user_id:required", "visitors:required"]
    );
    visit["visitors"] = json!([id]);
    visit["promises"][0]["user_id"] = json!(id);
    assert_eq!(
        send(&visit).invalid_fields(),
        ["promises.0.user_id:unknown", "visitors:unknown"]
    );
    let person = app.user(Staff::Secretary);
    visit["visitors"] = json!([person]);
    visit["promises"][0]["user_id"] = json!(person);
    send(&visit).expect(201);
}

#[test]
fn a_program_is_told_nothing() {
    let app = TestApp::start();
    let id = program(&app, "police_station", "派出所");
    let (script, _) = bearer(&app, &id, &["notifications:read"]);
    app.case().register().accepted().dispatched("派出所");
    let total = |client: &Client| {
        let page = client.get("/notifications").expect(200).json();
        page["total"].as_u64().unwrap()
    };
    assert!(total(&app.by(Staff::Police)) > 0);
    assert_eq!(total(&script), 0);
}

/// A township whose only administrator left were a program could not be looked after any more.
#[test]
fn a_program_is_no_administrator_to_be_left_with() {
    let app = TestApp::start();
    program(&app, "administrator", "平川镇");
    let path = format!("/users/{}", app.user(Staff::Admin));
    change(&app, &path, &json!({"disabled": true})).problem("conflict");
}
