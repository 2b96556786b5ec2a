//! Several townships below a county: who makes them, that each keeps its own rules and numbers, and that none
//! sees the other. That no other test shows anything of next door: `tests::next`.

use serde_json::{Value, json};
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, PASSWORD, VILLAGE};
use tests::{Client, Staff, TestApp};

/// What somebody sees of an installation, to be compared.
fn picture(app: &TestApp, case: &str) -> Vec<Value> {
    let looks = [
        (Staff::Office, format!("/cases/{case}")),
        (Staff::Office, "/cases".to_owned()),
        (Staff::Office, format!("/cases/{case}/events")),
        (Staff::Admin, "/settings".to_owned()),
        (Staff::Admin, "/settings/workdays".to_owned()),
        (Staff::Admin, "/settings/law-profiles".to_owned()),
        (Staff::Office, "/laws".to_owned()),
        (Staff::Admin, "/users?limit=200".to_owned()),
        (Staff::Office, "/villages/standing".to_owned()),
    ];
    let look = |(who, path)| app.by(who).get(path).expect(200).json();
    looks.map(look).to_vec()
}

fn holiday(client: &Client, from: &str, worked: bool) -> Value {
    let correction = json!({"from": from, "worked": worked, "source": "县政府办通知"});
    client
        .post("/settings/workdays")
        .json(&correction)
        .expect(200)
        .json()
}

fn law(client: &Client, from: &str, days: u32) -> tests::Answer {
    let profile = json!({
        "title": format!("自{from}起"), "in_force_from": from,
        "limits": [{"clock": "handling", "amount": days, "unit": "days", "basis": "县里的规定"}],
    });
    client.post("/settings/law-profiles").json(&profile).send()
}

fn urgent_hours(client: &Client, hours: u32) {
    let etag = client.get("/settings").expect(200).etag();
    let change = json!({"urgent_hours": hours});
    let call = client.patch("/settings").if_match(etag).json(&change);
    call.expect(200);
}

/// The days that somebody's calendar has corrected.
fn corrected(client: &Client) -> Vec<String> {
    let workdays = client.get("/settings/workdays").expect(200).json();
    let days = workdays["corrections"].as_array().unwrap();
    days.iter()
        .map(|day| day["day"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_county_above_changes_nothing_of_the_township() {
    let mut app = TestApp::with().alone().start();
    let case = app.case().village(VILLAGE).register().id;
    let admin = app.by(Staff::Admin);
    urgent_hours(&admin, 5);
    holiday(&admin, "2026-03-11", false);
    law(&admin, "2026-03-01", 45).expect(201);
    admin.get("/system").expect(200);
    let township = json!({
        "name": "河东镇", "template": "empty", "username": "hedong", "administrator": "钱管理",
    });
    let problem = admin.post("/townships").json(&township).send();
    let detail = problem.problem("forbidden").detail;
    assert!(detail.contains("create-county"), "{detail}");
    let before = picture(&app, &case);

    let county = |app: &TestApp| {
        let output = app
            .command()
            .args(["admin", "create-county", "--county", "临江县"])
            .args(["--username", "xian", "--name", "县管理员"])
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (done, printed, said) = county(&app);
    assert!(done, "{said}");
    let initial = printed.lines().last().unwrap().to_owned();
    let (again, _, said) = county(&app);
    assert!(!again && said.contains("已经有县级"), "{said}");
    app.restart(None);

    assert_eq!(picture(&app, &case), before);
    // What belongs to the installation is the county's now.
    let admin = app.by(Staff::Admin);
    admin.get("/system").send().problem("forbidden");
    let session = app.nobody().sign_in("xian", &initial).expect(200).json();
    let first = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let change = json!({"current_password": initial, "new_password": PASSWORD});
    let session = first.post("/me/password").json(&change).expect(200).json();
    let keeper = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    keeper.get("/system").expect(200);
    // The county begins with the township's rules, and so does another township.
    assert_eq!(
        keeper.get("/settings").expect(200).json()["urgent_hours"],
        5
    );
    assert_eq!(corrected(&keeper), ["2026-03-11"]);
    let made = keeper.post("/townships").json(&township).expect(201).json();
    assert_eq!(made["township"]["short_name"], "河东");
    let initial = made["administrator"]["initial_password"].as_str().unwrap();
    let session = app.nobody().sign_in("hedong", initial).expect(200).json();
    assert_eq!(session["user"]["township_name"], "河东镇");
    assert_eq!(picture(&app, &case), before);
}

#[test]
fn a_township_is_made_by_the_countys_administrator_alone() {
    let app = TestApp::start();
    let with = |field: &str, value: Value| {
        let mut township = json!({
            "name": "河东镇", "template": "empty", "username": "hedong", "administrator": "钱管理",
        });
        township[field] = value;
        township
    };
    let make = |client: &Client, input: &Value| client.post("/townships").json(input).send();
    for who in Staff::ALL {
        make(&app.by(who), &with("name", json!("河东镇"))).problem("forbidden");
    }
    make(&app.nobody(), &with("name", json!("河东镇"))).problem("unauthenticated");
    let keeper = app.keeper();
    for (field, value, wrong) in [
        ("name", json!("平川镇"), "name:duplicate"),
        ("name", json!(" "), "name:required"),
        ("short_name", json!("平川"), "short_name:taken"),
        ("username", json!("a b"), "username:invalid"),
        ("username", json!("zongzhi"), "username:taken"),
        ("administrator", json!(""), "administrator:required"),
    ] {
        let answer = make(&keeper, &with(field, value));
        assert_eq!(answer.invalid_fields()[0], wrong);
    }
    // Whole or not at all: of those that were refused there is no unit.
    let townships = |client: &Client| {
        let units = client.get("/org-units").expect(200).json();
        let units = units.as_array().unwrap().clone();
        units
            .into_iter()
            .filter(|unit| unit["kind"] == "township")
            .count()
    };
    assert_eq!(townships(&keeper), 2);
    make(&keeper, &with("template", json!("pingchuan"))).expect(201);
    assert_eq!(townships(&keeper), 3);
    assert_eq!(townships(&app.by(Staff::Admin)), 1);
    // Nor by another way.
    let county = app.by(Staff::Admin).get("/org-units").expect(200).json();
    let mut units = county.as_array().unwrap().iter();
    let county = units.find(|unit| unit["kind"] == "county").unwrap();
    let unit = json!({
        "parent_id": county["id"], "kind": "township", "name": "河南镇", "short_name": "河南",
    });
    let answer = keeper.post("/org-units").json(&unit).send();
    assert_eq!(answer.invalid_fields(), ["kind:misplaced"]);
    app.by(Staff::Admin)
        .patch(format!("/org-units/{}", county["id"].as_str().unwrap()))
        .if_match("\"1\"")
        .json(&json!({"name": "别的县"}))
        .send()
        .problem("not_found");
    // A short name that another's numbers begin with is not to be had later either.
    let own = app.unit("平川镇");
    let admin = app.by(Staff::Admin);
    let etag = admin.get(format!("/org-units/{own}")).expect(200).etag();
    let rename = json!({"short_name": "河东"});
    let call = admin.patch(format!("/org-units/{own}")).if_match(etag);
    assert_eq!(
        call.json(&rename).send().invalid_fields(),
        ["short_name:taken"]
    );
}

#[test]
fn the_county_looks_after_the_townships_administrators_alone() {
    let app = TestApp::start();
    let keeper = app.keeper();
    let users = keeper.get("/users?limit=200").expect(200).json();
    let mut roles: Vec<&str> = users["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["role"].as_str().unwrap())
        .collect();
    roles.sort_unstable();
    // The county's own two, and one of each township.
    assert_eq!(
        roles,
        ["administrator", "administrator", "administrator", "auditor"]
    );
    assert_eq!(users["total"], 4);
    let reset = |who| {
        let path = format!("/users/{}/reset-password", app.user(who));
        keeper.post(path).send()
    };
    reset(Staff::Office).problem("not_found");
    let path = format!("/users/{}", app.user(Staff::Office));
    keeper.get(path).send().problem("not_found");
    // Another administrator of a township, but nobody else there.
    let user = |role: &str, unit: &str| json!({"username": format!("xin_{role}"), "name": "钱新", "role": role, "unit_id": unit});
    let add = |role: &str, unit: &str| keeper.post("/users").json(&user(role, unit)).send();
    add("administrator", app.unit("平川镇")).expect(201);
    assert_eq!(
        add("coordination_office", app.unit("镇综治办")).invalid_fields(),
        ["unit_id:unknown"]
    );
    reset(Staff::Admin).expect(200);
    // Of cases the county's administrator sees nothing.
    let case = app.case().register();
    keeper.get("/cases").send().problem("forbidden");
    keeper.get(case.path("")).send().problem("not_found");
}

#[test]
fn each_township_has_rules_of_its_own_and_the_countys_where_it_has_none() {
    let app = TestApp::start();
    let (first, next, keeper) = (
        app.by(Staff::Admin),
        app.next("administrator"),
        app.keeper(),
    );
    urgent_hours(&next, 7);
    urgent_hours(&keeper, 9);
    let hours =
        |client: &Client| client.get("/settings").expect(200).json()["urgent_hours"].clone();
    assert_eq!(
        [&first, &next, &keeper].map(hours),
        [json!(2), json!(7), json!(9)]
    );

    // A day off next door moves no date here; the county's moves everybody's.
    let case = app.case().set("procedure", "simple").register();
    let due = || case.seen_by(Staff::Office).json()["clocks"].clone();
    let before = due();
    assert_eq!(holiday(&next, "2026-03-12", false)["cases"], 1);
    assert_eq!((due(), corrected(&first)), (before.clone(), Vec::new()));
    assert_eq!(holiday(&first, "2026-03-13", false)["cases"], 1);
    assert_ne!(due(), before);
    assert_eq!(corrected(&next), ["2026-03-12"]);
    let all = holiday(&keeper, "2026-03-16", false);
    assert_eq!(all["cases"], 2, "one of each township");
    assert_eq!(corrected(&first), ["2026-03-13", "2026-03-16"]);
    assert_eq!(corrected(&next), ["2026-03-12", "2026-03-16"]);
    assert_eq!(corrected(&keeper), ["2026-03-16"]);
    let back = |client: &Client, day: &str| {
        let path = format!("/settings/workdays/{day}");
        client.delete(path).send()
    };
    let problem = back(&first, "2026-03-16").problem("conflict");
    assert!(problem.detail.contains("县级"), "{problem:?}");
    back(&first, "2026-03-12").problem("not_found");
    // It is worked here all the same, because the township says so.
    holiday(&first, "2026-03-16", true);
    back(&first, "2026-03-16").expect(200);
    back(&keeper, "2026-03-16").expect(200);
    assert_eq!(corrected(&first), ["2026-03-13"]);

    // Limits: the county's for both, and the township's own before it.
    law(&keeper, "2026-03-05", 50).expect(201);
    law(&next, "2026-03-05", 40).expect(201);
    law(&next, "2026-03-06", 30).expect(201);
    let amounts = |client: &Client| {
        let profiles = client.get("/settings/law-profiles").expect(200).json();
        let profiles = profiles.as_array().unwrap().iter();
        profiles
            .filter(|profile| profile["title"].as_str().unwrap().starts_with('自'))
            .map(|profile| profile["limits"][0]["amount"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(amounts(&first), [50]);
    assert_eq!(amounts(&next), [40, 30]);
    assert_eq!(amounts(&keeper), [50]);
    assert_eq!(
        law(&next, "2026-03-06", 20).invalid_fields(),
        ["in_force_from:duplicate"]
    );

    // The library of laws, too.
    let title = json!({"title": "临江县农村供水办法"});
    next.post("/laws").json(&title).expect(201);
    first.post("/laws").json(&title).expect(201);
    let count = |client: &Client| {
        let laws = client.get("/laws").expect(200).json();
        laws["items"].as_array().unwrap().len()
    };
    assert_eq!([&first, &next, &keeper].map(count), [17, 17, 16]);
}

#[test]
fn numbers_are_counted_by_township() {
    let app = TestApp::start();
    let numbers: Vec<String> = (0..2)
        .map(|_| app.case().register().number.clone())
        .collect();
    assert_eq!(numbers, ["平川信〔2026〕00001号", "平川信〔2026〕00002号"]);
    let sealed = app.case().accuses(VILLAGE).register();
    assert_eq!(sealed.number, "平川检〔2026〕00001号");
    let input = json!({
        "kind": "petition", "channel": "visit", "purpose": "claim", "category": "water",
        "cause": "河西三号井", "people_count": 1, "received_on": TODAY,
        "people": [{"role": "petitioner", "name": "河西乙"}],
    });
    let made = app.next("service_centre").post("/cases").json(&input);
    assert_eq!(made.expect(201).json()["number"], "河西信〔2026〕00004号");
}

#[test]
fn nothing_of_another_township_is_to_be_had_by_its_id() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let visit =
        json!({"kind": "household", "on": TODAY, "village_id": app.unit(VILLAGE), "heard": "好"});
    let secretary = app.by(Staff::Secretary);
    let visit = secretary.post("/visits").json(&visit).expect(201).json();
    let alert = json!({"what": "渠口聚集"});
    let alert = secretary.post("/alerts").json(&alert).expect(201).json();
    let reports = secretary.get("/reports").expect(200).json();
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    let (office, admin) = (app.next("coordination_office"), app.next("administrator"));
    for path in [
        case.path(""),
        case.path("/events"),
        case.path("/people"),
        case.path("/documents"),
        format!("/visits/{}", id(&visit)),
        format!("/alerts/{}", id(&alert)),
        format!("/reports/{}", id(&reports["items"][0])),
        format!("/org-units/{}", app.unit(VILLAGE)),
    ] {
        office.get(&path).send().problem("not_found");
    }
    for path in [
        format!("/users/{}", app.user(Staff::Office)),
        format!("/users/{}/duties", app.user(Staff::Office)),
        format!("/users/{}/identity", app.user(Staff::Office)),
        format!("/org-units/{}", app.unit("镇综治办")),
    ] {
        admin.get(&path).send().problem("not_found");
    }
    // Neither neighbours nor the county merge its villages.
    let (one, other) = (app.unit(VILLAGE), app.unit(NEXT_VILLAGE));
    let merge = format!("/org-units/{one}/merge");
    for by in [&admin, &app.keeper()] {
        let asked = format!("{merge}?into_id={other}");
        by.get(asked).send().problem("not_found");
        let input = json!({"into_id": other, "on": TODAY});
        let call = by.post(&merge).if_match("\"1\"").json(&input);
        call.send().problem("not_found");
    }
    let path = format!("/users/{}/reset-password", app.user(Staff::Office));
    admin.post(path).send().problem("not_found");
    // Its units and people are none to name.
    let named = |field: &str, value: &str| {
        let mut input = app.case().input().clone();
        input["people"][0]["name"] = json!("河西丙");
        input["cause"] = json!("河西");
        input[field] = json!(value);
        office.post("/cases").json(&input).send()
    };
    assert_eq!(
        named("village_id", app.unit(VILLAGE)).invalid_fields()[0]
            .split(':')
            .next(),
        Some("village_id")
    );
    let input = json!({
        "kind": "petition", "channel": "visit", "purpose": "claim", "category": "water",
        "cause": "河西五号井", "people_count": 1, "received_on": TODAY,
        "people": [{"role": "petitioner", "name": "河西丁"}],
    });
    let made = office.post("/cases").json(&input).expect(201);
    let path = format!("/cases/{}", id(&made.json()));
    let accepted = office
        .post(format!("{path}/actions/accept"))
        .if_match(made.etag())
        .json(&json!({}))
        .expect(200);
    let answer = office
        .post(format!("{path}/actions/dispatch"))
        .if_match(accepted.etag())
        .json(&json!({"unit_id": app.unit("派出所")}))
        .send();
    assert_eq!(answer.invalid_fields(), ["unit_id:unknown"]);
    let unit = json!({"parent_id": app.unit(VILLAGE), "kind": "group", "name": "河西九社"});
    let answer = admin.post("/org-units").json(&unit).send();
    assert_eq!(answer.invalid_fields(), ["parent_id:unknown"]);
    let user = json!({
        "username": "hexi_x", "name": "河西戊", "role": "village_secretary",
        "unit_id": app.unit(VILLAGE),
    });
    let answer = admin.post("/users").json(&user).send();
    assert_eq!(answer.invalid_fields(), ["unit_id:unknown"]);
    // And the other way about.
    let village = app.next_unit("河西一村");
    let answer = app.case().set("village_id", village).send();
    assert_eq!(
        answer.invalid_fields()[0].split(':').next(),
        Some("village_id")
    );
}

#[test]
fn what_is_of_no_township_stands_in_the_countys_log() {
    let app = TestApp::start();
    let keeper = app.keeper();
    let county = keeper.get("/me").expect(200).json()["actor"]["unit_id"].clone();
    let user = json!({
        "username": "xian_du", "name": "县监督", "role": "auditor", "unit_id": county,
    });
    let made = keeper.post("/users").json(&user).expect(201).json();
    let initial = made["initial_password"].as_str().unwrap();
    let session = app.nobody().sign_in("xian_du", initial).expect(200).json();
    let client = keeper.with_token(session["access_token"].as_str().unwrap());
    let change = json!({"current_password": initial, "new_password": PASSWORD});
    let session = client.post("/me/password").json(&change).expect(200).json();
    let auditor = client.with_token(session["access_token"].as_str().unwrap());
    let failures = |client: &Client| {
        let page = client
            .get("/audit?action=sign_in_failed")
            .expect(200)
            .json();
        page["total"].as_u64().unwrap()
    };
    let before = [
        failures(&app.by(Staff::Auditor)),
        failures(&app.next("auditor")),
        failures(&auditor),
    ];
    // Of somebody of the first township, and of nobody.
    app.nobody()
        .sign_in("zongzhi", "wrong password")
        .problem("wrong_credentials");
    app.nobody()
        .sign_in("meiyouren", "wrong password")
        .problem("wrong_credentials");
    let after = [
        failures(&app.by(Staff::Auditor)),
        failures(&app.next("auditor")),
        failures(&auditor),
    ];
    assert_eq!(after, [before[0] + 1, before[1], before[2] + 1]);
    // The county's auditor reads nothing of the townships.
    let seen = auditor.get("/audit?limit=200").expect(200).text();
    for word in ["赵建国", "孙立新", "河西吕主任"] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
}
