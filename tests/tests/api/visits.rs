//! Visits: who sees them, which day counts, what was promised, the weekly duty, the case that one
//! becomes or follows up.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::files::{photo, png};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn input(app: &TestApp, village: &str) -> Value {
    json!({
        "kind": "household", "on": tests::base::TODAY, "village_id": app.unit(village),
        "place": "三号井旁", "heard": "渠水不够，盼望清淤",
    })
}

#[track_caller]
fn send(app: &TestApp, who: Staff, input: &Value) -> Answer {
    app.by(who).post("/visits").json(input).send()
}

#[track_caller]
fn record(app: &TestApp, who: Staff, input: &Value) -> Value {
    send(app, who, input).expect(201).json()
}

fn path(visit: &Value) -> String {
    format!("/visits/{}", visit["id"].as_str().unwrap())
}

#[track_caller]
fn seen(app: &TestApp, who: Staff, visit: &Value) -> Answer {
    app.by(who).get(path(visit)).send()
}

fn listed(app: &TestApp, who: Staff, list: &str) -> Vec<String> {
    let page = app.by(who).get(list).expect(200).json();
    let items = page["items"].as_array().unwrap();
    assert_eq!(page["total"], items.len());
    let id = |item: &Value| {
        let id = item.get("visit_id").unwrap_or(&item["id"]);
        id.as_str().unwrap().to_owned()
    };
    items.iter().map(id).collect()
}

fn step(app: &TestApp, who: Staff, visit: &Value, below: &str, input: Value) -> Answer {
    let version = visit["version"].as_i64().unwrap();
    app.by(who)
        .post(format!("{}{below}", path(visit)))
        .if_match(format!("\"{version}\""))
        .json(&input)
        .send()
}

fn change(app: &TestApp, who: Staff, visit: &Value, input: Value) -> Answer {
    let version = visit["version"].as_i64().unwrap();
    app.by(who)
        .patch(path(visit))
        .if_match(format!("\"{version}\""))
        .json(&input)
        .send()
}

fn promise(visit: &Value, n: usize) -> String {
    let id = visit["promises"][n]["id"].as_str().unwrap();
    format!("/promises/{id}")
}

#[test]
fn a_visit_is_seen_by_whom_it_concerns() {
    let app = TestApp::start();
    let visit = record(&app, Staff::Secretary, &input(&app, VILLAGE));
    assert_eq!(visit["visitors"][0]["name"], "周永福");
    assert_eq!(visit["village"]["name"], VILLAGE);
    let id = visit["id"].as_str().unwrap().to_owned();
    for who in [Staff::Leader, Staff::Office, Staff::Secretary] {
        seen(&app, who, &visit).expect(200);
        assert_eq!(listed(&app, who, "/visits"), [id.as_str()]);
    }
    for who in [
        Staff::NextSecretary,
        Staff::Informant,
        Staff::Police,
        Staff::Court,
        Staff::Justice,
        Staff::Centre,
    ] {
        seen(&app, who, &visit).problem("not_found");
        assert!(listed(&app, who, "/visits").is_empty(), "{who:?}");
        assert!(listed(&app, who, "/promises").is_empty(), "{who:?}");
    }
    // Figures are for the auditor, the organisation for the administrator.
    for who in [Staff::Auditor, Staff::Admin] {
        seen(&app, who, &visit).problem("forbidden");
        app.by(who).get("/visits").send().problem("forbidden");
        app.by(who).get("/promises").send().problem("forbidden");
    }

    // Whoever went along sees it, and whoever is to keep a promise, a whole unit, too. A colleague of
    // whoever wrote it does not.
    let mut other = input(&app, NEXT_VILLAGE);
    other["visitors"] = json!([app.user(Staff::Informant), app.user(Staff::Court)]);
    other["promises"] = json!([
        {"what": "补办医保", "due_on": "2026-03-20", "unit_id": app.unit("便民服务中心")},
    ]);
    let other = record(&app, Staff::Police, &other);
    for who in [
        Staff::Police,
        Staff::Informant,
        Staff::Court,
        Staff::Centre,
        Staff::OtherCentre,
        Staff::NextSecretary,
        Staff::OtherLeader,
    ] {
        seen(&app, who, &other).expect(200);
        assert_eq!(listed(&app, who, "/promises").len(), 1, "{who:?}");
    }
    for who in [Staff::Secretary, Staff::NextInformant, Staff::Justice] {
        seen(&app, who, &other).problem("not_found");
    }
    let mine = listed(&app, Staff::Centre, "/promises?mine=true");
    assert_eq!(mine.len(), 1);
    assert!(listed(&app, Staff::Police, "/promises?mine=true").is_empty());

    // Who records where.
    for who in [Staff::Court, Staff::Centre, Staff::Auditor, Staff::Admin] {
        send(&app, who, &input(&app, VILLAGE)).problem("forbidden");
    }
    let foreign = send(&app, Staff::Secretary, &input(&app, NEXT_VILLAGE));
    assert_eq!(foreign.invalid_fields(), ["village_id:not_yours"]);
    let mut group = input(&app, VILLAGE);
    group["group_id"] = json!(app.unit("五里墩村/2社"));
    let foreign = send(&app, Staff::Informant, &group);
    assert_eq!(foreign.invalid_fields(), ["group_id:not_yours"]);
    group["group_id"] = json!(app.unit("五里墩村/1社"));
    record(&app, Staff::Informant, &group);
}

#[test]
fn what_is_wrong_is_named_and_unknown_fields_are_refused() {
    let app = TestApp::start();
    let mut bad = input(&app, VILLAGE);
    bad["heard"] = json!("");
    bad["visitors"] = json!(["nobody"]);
    bad["on"] = json!("2026-03-11");
    bad["promises"] = json!([{"what": "", "due_on": "2026-03-01", "unit_id": "nowhere"}]);
    assert_eq!(
        send(&app, Staff::Office, &bad).invalid_fields(),
        [
            "heard:required",
            "on:in_future",
            "promises.0.due_on:before_visit",
            "promises.0.unit_id:unknown",
            "promises.0.what:required",
            "visitors:unknown",
        ]
    );
    let mut more = input(&app, VILLAGE);
    more["household"] = json!("户号");
    send(&app, Staff::Office, &more).problem("bad_request");
    let mut auditor = input(&app, VILLAGE);
    auditor["visitors"] = json!([app.user(Staff::Auditor)]);
    let refused = send(&app, Staff::Office, &auditor);
    assert_eq!(refused.invalid_fields(), ["visitors:unknown"]);
    // Nobody is looked up across visits.
    for query in ["q=张三", "place=三号井", "household=1"] {
        let answer = app.by(Staff::Office).get(format!("/visits?{query}")).send();
        answer.problem("bad_request");
    }
}

#[test]
fn a_phone_whose_clock_is_a_day_wrong_loses_nothing() {
    let app = TestApp::start();
    // It is 10 March; the phone believes the 11th.
    let mut ahead = input(&app, VILLAGE);
    ahead["on"] = json!("2026-03-11");
    ahead["recorded_at"] = json!("2026-03-11T02:00:00Z");
    let visit = record(&app, Staff::Secretary, &ahead);
    assert_eq!(visit["on"], "2026-03-10");
    assert_eq!(visit["claimed_on"], "2026-03-11");
    assert_eq!(visit["recorded_at"], "2026-03-11T02:00:00Z");
    assert!(visit["warning"].as_str().unwrap().contains("2026-03-10"));
    // The claim stays with it; the warning was for whoever sent it.
    let shown = seen(&app, Staff::Office, &visit).json();
    assert_eq!(shown["claimed_on"], "2026-03-11");
    assert_eq!(shown["warning"], Value::Null);

    // A day behind: as it was said, with what the phone said of the time.
    let mut behind = input(&app, VILLAGE);
    behind["on"] = json!("2026-03-09");
    behind["recorded_at"] = json!("2026-03-09T02:00:00Z");
    let visit = record(&app, Staff::Secretary, &behind);
    assert_eq!(
        (&visit["on"], &visit["claimed_on"]),
        (&json!("2026-03-09"), &Value::Null)
    );
    assert!(
        visit["entered_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-10")
    );
    // Absurd clocks, and what was promised by them.
    for (on, at) in [
        ("1970-01-01", "1970-01-01T01:00:00Z"),
        ("2099-12-31", "2099-12-31T01:00:00Z"),
    ] {
        let mut absurd = input(&app, VILLAGE);
        absurd["on"] = json!(on);
        absurd["recorded_at"] = json!(at);
        absurd["promises"] = json!([{"what": "清淤", "due_on": on}]);
        let visit = record(&app, Staff::Secretary, &absurd);
        assert_eq!(visit["on"], "2026-03-10", "{on}");
        assert_eq!(visit["claimed_on"], on);
    }
    // By no clock.
    ahead["recorded_at"] = json!("2026-03-10T02:00:00Z");
    assert_eq!(
        send(&app, Staff::Secretary, &ahead).invalid_fields(),
        ["on:in_future"]
    );
    behind["on"] = json!("2020-01-01");
    assert_eq!(
        send(&app, Staff::Secretary, &behind).invalid_fields(),
        ["on:too_early"]
    );
}

#[test]
fn promises_are_open_until_kept_or_released() {
    let mut app = TestApp::start();
    let mut with = input(&app, VILLAGE);
    with["promises"] = json!([
        {"what": "清淤三百米", "due_on": "2026-03-25"},
        {"what": "联系农技站", "due_on": "2026-03-12", "unit_id": app.unit(VILLAGE)},
        {"what": "免去水费", "due_on": "2026-03-13"},
    ]);
    let visit = record(&app, Staff::Leader, &with);
    assert_eq!(visit["promises"][0]["user"]["name"], "赵建国");
    assert_eq!(visit["promises"][1]["unit"]["name"], VILLAGE);

    // What is due first in front; the secretary sees the village's.
    let page = app.by(Staff::Secretary).get("/promises").expect(200).json();
    let due = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        let due = |item: &Value| item["promise"]["due_on"].as_str().unwrap().to_owned();
        items.iter().map(due).collect()
    };
    assert_eq!(due(&page), ["2026-03-12", "2026-03-13", "2026-03-25"]);
    let first = app
        .by(Staff::Secretary)
        .get("/promises?limit=1")
        .expect(200)
        .json();
    assert_eq!(due(&first), ["2026-03-12"]);
    let next = with_query(
        "/promises",
        &[
            ("limit", "1"),
            ("cursor", first["next_cursor"].as_str().unwrap()),
        ],
    );
    assert_eq!(
        due(&app.by(Staff::Secretary).get(next).expect(200).json()),
        ["2026-03-13"]
    );
    assert_eq!(
        listed(&app, Staff::Secretary, "/promises?mine=true").len(),
        1
    );

    // The home page of whoever is to keep them.
    let todo = |app: &TestApp, who: Staff| {
        let home = app.by(who).get("/dashboard").expect(200).json();
        let todos = home["todos"].as_array().unwrap().clone();
        todos
            .into_iter()
            .find(|todo| todo["title"].as_str().unwrap().contains("承诺待兑现"))
    };
    let of_leader = todo(&app, Staff::Leader).unwrap();
    assert_eq!(
        (&of_leader["count"], &of_leader["urgent"]),
        (&json!(1), &json!(false))
    );
    let query = of_leader["query"].as_str().unwrap();
    assert_eq!(
        listed(&app, Staff::Leader, &format!("/promises?{query}")).len(),
        1
    );

    // Steps need the version that was seen.
    let keep = format!("{}/keep", promise(&visit, 1));
    let call = app
        .by(Staff::Secretary)
        .post(format!("{}{keep}", path(&visit)));
    let how = json!({"how": "农技员已到田头", "on": "2026-03-10"});
    call.json(&how).send().problem("version_required");
    let early = json!({"how": "x", "on": "2026-03-09"});
    let refused = step(&app, Staff::Secretary, &visit, &keep, early);
    assert_eq!(refused.invalid_fields(), ["on:before_visit"]);
    let kept = step(&app, Staff::Secretary, &visit, &keep, how.clone())
        .expect(200)
        .json();
    assert_eq!(kept["promises"][1]["state"], "kept");
    assert_eq!(kept["promises"][1]["closed_by"]["name"], "周永福");
    step(&app, Staff::Secretary, &visit, &keep, how.clone()).problem("stale_version");
    step(&app, Staff::Secretary, &kept, &keep, how).problem("conflict");
    step(
        &app,
        Staff::Secretary,
        &kept,
        "/promises/none/keep",
        json!({"how": "x"}),
    )
    .problem("not_found");

    // Released: by who gave it, the office or a leader, with why and who was told.
    let release = format!("{}/release", promise(&visit, 2));
    let why = json!({"reason": "水费不能由村里免除，没有依据", "told": "当面向户主说明"});
    step(&app, Staff::Secretary, &kept, &release, why.clone()).problem("forbidden");
    let refused = step(
        &app,
        Staff::Office,
        &kept,
        &release,
        json!({"reason": "", "told": ""}),
    );
    assert_eq!(
        refused.invalid_fields(),
        ["reason:required", "told:required"]
    );
    let done = step(&app, Staff::Office, &kept, &release, why)
        .expect(200)
        .json();
    assert_eq!(done["promises"][2]["state"], "released");
    assert_eq!(done["promises"][2]["told"], "当面向户主说明");
    assert_eq!(listed(&app, Staff::Office, "/promises").len(), 1);
    assert_eq!(listed(&app, Staff::Office, "/promises?state=all").len(), 3);
    assert!(listed(&app, Staff::Office, "/promises?overdue=true").is_empty());
    assert!(todo(&app, Staff::Leader).is_none());

    // Days go by.
    app.restart(Some("2026-03-26T02:00:00Z"));
    assert_eq!(
        listed(&app, Staff::Office, "/promises?overdue=true").len(),
        1
    );
    assert_eq!(todo(&app, Staff::Leader).unwrap()["urgent"], true);
}

#[test]
fn a_correction_keeps_what_was_said_before_and_a_struck_visit_stays() {
    let mut app = TestApp::start();
    let visit = record(&app, Staff::Secretary, &input(&app, VILLAGE));
    // Its author's, for a week.
    let words = json!({"heard": "渠水不够，已约好清淤", "place": ""});
    change(&app, Staff::Office, &visit, words.clone()).problem("forbidden");
    change(&app, Staff::NextSecretary, &visit, words.clone()).problem("not_found");
    app.by(Staff::Secretary)
        .patch(path(&visit))
        .json(&words)
        .send()
        .problem("version_required");
    let after = change(&app, Staff::Secretary, &visit, words).expect(200);
    assert_eq!(after.etag(), "\"2\"");
    let after = after.json();
    let before = &after["history"][0]["before"];
    assert_eq!(before[0]["field"], "heard");
    assert_eq!(before[0]["text"], "渠水不够，盼望清淤");
    assert_eq!(before[1]["text"], "三号井旁");
    assert_eq!(after["place"], Value::Null);
    change(&app, Staff::Secretary, &visit, json!({"heard": "x"})).problem("stale_version");
    // Nothing changed: nothing is written.
    let same = change(
        &app,
        Staff::Secretary,
        &after,
        json!({"heard": "渠水不够，已约好清淤"}),
    );
    assert_eq!(same.expect(200).json()["version"], 2);
    let group = json!({
        "group_id": app.unit("五里墩村/1社"),
        "visitors": [app.user(Staff::Secretary), app.user(Staff::Leader)],
        "add_promises": [{"what": "清淤", "due_on": "2026-03-20"}],
    });
    let after = change(&app, Staff::Secretary, &after, group)
        .expect(200)
        .json();
    assert_eq!(after["history"].as_array().unwrap().len(), 2);
    assert_eq!(after["history"][0]["before"][1]["text"], "周永福");
    assert_eq!(after["promises"].as_array().unwrap().len(), 1);
    seen(&app, Staff::Leader, &after).expect(200);

    // The auditor finds each change, and nothing of what was heard.
    let query = with_query("/audit", &[("action", "visit")]);
    let log = app.by(Staff::Auditor).get(query).expect(200);
    assert_eq!(log.json()["total"], 3);
    assert!(!log.text().contains("渠水"));

    // Struck out by the office: read, but not counted, and its promise is no longer asked for.
    step(
        &app,
        Staff::Leader,
        &after,
        "/actions/strike",
        json!({"reason": "记错了村"}),
    )
    .problem("forbidden");
    let none = step(
        &app,
        Staff::Office,
        &after,
        "/actions/strike",
        json!({"reason": " "}),
    );
    assert_eq!(none.invalid_fields(), ["reason:required"]);
    let struck = step(
        &app,
        Staff::Office,
        &after,
        "/actions/strike",
        json!({"reason": "记错了村"}),
    )
    .expect(200)
    .json();
    assert_eq!(struck["struck"]["reason"], "记错了村");
    seen(&app, Staff::Secretary, &struck).expect(200);
    assert!(listed(&app, Staff::Office, "/promises").is_empty());
    step(
        &app,
        Staff::Office,
        &struck,
        "/actions/strike",
        json!({"reason": "再划"}),
    )
    .problem("conflict");
    change(&app, Staff::Secretary, &struck, json!({"heard": "x"})).problem("conflict");
    let keep = format!("{}/keep", promise(&struck, 0));
    step(&app, Staff::Secretary, &struck, &keep, json!({"how": "x"})).problem("conflict");

    // After a week it stands.
    let late = record(&app, Staff::Secretary, &input(&app, VILLAGE));
    app.restart(Some("2026-03-17T02:00:10Z"));
    let refused = change(&app, Staff::Secretary, &late, json!({"heard": "x"}));
    assert!(refused.problem("conflict").detail.contains("7日"));
}

#[test]
fn a_follow_up_and_its_case_lead_to_each_other() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let mut follow = input(&app, VILLAGE);
    follow["kind"] = json!("follow_up");
    assert_eq!(
        send(&app, Staff::Leader, &follow).invalid_fields(),
        ["case_id:required"]
    );
    follow["case_id"] = json!(case.id);
    follow["heard"] = json!("流转费已收到一半");
    // Who may not know of the case is not told that it is there.
    send(&app, Staff::Police, &follow).problem("not_found");
    let visit = record(&app, Staff::Leader, &follow);
    assert_eq!(visit["case"]["name"], *case.number);

    let events = app
        .by(Staff::Secretary)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["kind"], "noted");
    assert!(last["text"].as_str().unwrap().contains("流转费已收到一半"));
    assert_eq!(
        last["data"]["field"],
        json!({"kind": "visit", "id": visit["id"]})
    );
    let of_case = app
        .by(Staff::Secretary)
        .get(case.path("/field-visits"))
        .expect(200)
        .json();
    assert_eq!(of_case["visits"][0]["id"], visit["id"]);
    app.by(Staff::NextSecretary)
        .get(case.path("/field-visits"))
        .send()
        .problem("not_found");
    // The window sees its case, but not the visit: neither the row nor the way there.
    let events = app
        .by(Staff::Centre)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["data"].get("field"), None);
    let of_case = app
        .by(Staff::Centre)
        .get(case.path("/field-visits"))
        .expect(200)
        .json();
    assert_eq!(of_case["visits"], json!([]));

    // Who went along but may not know of the case sees the visit without it.
    let mut along = follow.clone();
    along["visitors"] = json!([app.user(Staff::Police)]);
    let along = record(&app, Staff::Leader, &along);
    let shown = seen(&app, Staff::Police, &along).expect(200);
    assert_eq!(
        (&shown.json()["case"], &shown.json()["has_case"]),
        (&Value::Null, &json!(true))
    );
    assert!(!shown.text().contains(&case.number) && !shown.text().contains(&case.id));

    // A correction and a promise are told in the case, too.
    let after = change(
        &app,
        Staff::Leader,
        &visit,
        json!({"heard": "流转费已全部收到"}),
    );
    let after = after.expect(200).json();
    assert_eq!(after["version"], 2);
    let events = app
        .by(Staff::Leader)
        .get(case.path("/events"))
        .expect(200)
        .text();
    assert!(events.contains("更正事项回访记录：流转费已全部收到"));
}

#[test]
fn accusations_are_not_followed_up_here_and_what_was_is_hidden_once_one_is_sealed() {
    let app = TestApp::start();
    let sealed = app.case().by(Staff::Office).accuses(VILLAGE).register();
    let mut follow = input(&app, NEXT_VILLAGE);
    follow["kind"] = json!("follow_up");
    follow["case_id"] = json!(sealed.id);
    assert_eq!(
        send(&app, Staff::Leader, &follow).invalid_fields(),
        ["case_id:sealed"]
    );
    follow["village_id"] = json!(app.unit(VILLAGE));
    send(&app, Staff::Secretary, &follow).problem("not_found");

    // A case that turns out to accuse the village, after somebody followed it up.
    let case = app.case().by(Staff::Office).village(VILLAGE).register();
    follow["case_id"] = json!(case.id);
    follow["promises"] = json!([{"what": "核查账目", "due_on": "2026-03-20"}]);
    follow["visitors"] = json!([app.user(Staff::Secretary)]);
    let visit = record(&app, Staff::Leader, &follow);
    seen(&app, Staff::Secretary, &visit).expect(200);
    let count = |who: Staff| {
        let table = app.by(who).get("/visits/coverage").expect(200).json();
        let rows = table["rows"].as_array().unwrap().clone();
        let row = rows
            .into_iter()
            .find(|row| row["unit"]["name"] == VILLAGE)
            .unwrap();
        row["cells"].as_array().unwrap().last().unwrap()["visits"].clone()
    };
    assert_eq!(
        (count(Staff::Secretary), count(Staff::Leader)),
        (json!(1), json!(1))
    );
    app.by(Staff::Office)
        .patch(case.path(""))
        .if_match(app.etag(&case.id, Staff::Office))
        .json(&json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)}))
        .expect(200);
    seen(&app, Staff::Secretary, &visit).problem("not_found");
    assert!(listed(&app, Staff::Secretary, "/visits").is_empty());
    assert!(listed(&app, Staff::Secretary, "/promises").is_empty());
    assert_eq!(
        (count(Staff::Secretary), count(Staff::Leader)),
        (json!(0), json!(1))
    );
    seen(&app, Staff::Leader, &visit).expect(200);
    assert_eq!(listed(&app, Staff::Leader, "/promises").len(), 1);
}

#[test]
fn what_was_heard_becomes_a_case_once() {
    let app = TestApp::start();
    let visit = record(&app, Staff::Secretary, &input(&app, VILLAGE));
    let to_case = |who: Staff, input: &Value| {
        let call = app.by(who).post(format!("{}/case", path(&visit)));
        call.json(input).send()
    };
    let case = app
        .case()
        .village(VILLAGE)
        .cause("渠水不够，盼望清淤")
        .kind("dispute");
    let wrong = to_case(Staff::Secretary, case.input());
    assert_eq!(wrong.invalid_fields(), ["channel:not_a_visit"]);
    let case = case.set("channel", "household_visit");
    let accusing = case.clone().accuses(NEXT_VILLAGE);
    let wrong = to_case(Staff::Secretary, accusing.input());
    assert_eq!(wrong.invalid_fields(), ["purpose:sealed"]);
    let another = case
        .clone()
        .set("first_receiver_id", app.user(Staff::Office));
    let wrong = to_case(Staff::Office, another.input());
    assert_eq!(wrong.invalid_fields(), ["first_receiver_id:not_the_author"]);
    to_case(Staff::NextSecretary, case.input()).problem("not_found");

    // The office enters it; the first receiver is who heard it.
    let made = to_case(Staff::Office, case.input()).expect(201).json();
    assert_eq!(made["first_receiver"]["name"], "周永福");
    assert_eq!(made["channel"], "household_visit");
    let shown = seen(&app, Staff::Secretary, &visit).json();
    assert_eq!(shown["case"]["id"], made["id"]);
    assert_eq!(shown["version"], 2);
    let case_path = format!("/cases/{}", made["id"].as_str().unwrap());
    let events = app
        .by(Staff::Secretary)
        .get(format!("{case_path}/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["data"]["field"]["id"], visit["id"]);
    let of_case = app
        .by(Staff::Secretary)
        .get(format!("{case_path}/field-visits"));
    assert_eq!(of_case.expect(200).json()["visits"][0]["id"], visit["id"]);
    // Once.
    to_case(Staff::Secretary, case.input()).problem("conflict");
    assert_eq!(app.found(Staff::Office, &[]).len(), 1);
}

#[test]
fn a_record_that_is_sent_twice_is_there_once() {
    let app = TestApp::start();
    let one = input(&app, VILLAGE);
    let post = |input: &Value| {
        let call = app.by(Staff::Secretary).post("/visits").key("phone-1");
        call.json(input).send()
    };
    let first = post(&one).expect(201).json();
    let again = post(&one).expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json(), first);
    let mut other = one.clone();
    other["heard"] = json!("别的话");
    post(&other).problem("idempotency_mismatch");
    assert_eq!(listed(&app, Staff::Office, "/visits").len(), 1);
    // So is a step: the second time the answer of the first.
    let strike = |key: &str| {
        app.by(Staff::Secretary)
            .post(format!("{}/actions/strike", path(&first)))
            .if_match("\"1\"")
            .key(key)
            .json(&json!({"reason": "记错了"}))
            .send()
    };
    let struck = strike("s").expect(200).json();
    assert_eq!(strike("s").expect(200).json(), struck);
    strike("t").problem("stale_version");
}

#[test]
fn photos_are_the_authors_own_and_are_seen_with_the_visit() {
    let app = TestApp::start();
    let upload = |who: Staff, content: Vec<u8>| {
        let call = app.by(who).post("/photos");
        call.file("现场.jpg", content).send()
    };
    upload(Staff::Secretary, b"no picture".to_vec()).problem("unsupported_media_type");
    let id = |answer: Answer| answer.expect(201).json()["id"].as_str().unwrap().to_owned();
    let mine = id(upload(Staff::Secretary, photo()));
    let foreign = id(upload(Staff::Police, png()));
    let mut with = input(&app, VILLAGE);
    with["photos"] = json!([mine, foreign]);
    let refused = send(&app, Staff::Secretary, &with);
    assert_eq!(refused.invalid_fields(), ["photos:unknown"]);
    with["photos"] = json!([mine]);
    let visit = record(&app, Staff::Secretary, &with);
    assert_eq!(visit["photos"][0]["id"], *mine);
    // Once.
    assert_eq!(
        send(&app, Staff::Secretary, &with).invalid_fields(),
        ["photos:unknown"]
    );
    let picture = format!("/photos/{mine}");
    for who in [Staff::Secretary, Staff::Leader, Staff::Office] {
        app.by(who).get(&picture).expect(200);
    }
    for who in [
        Staff::NextSecretary,
        Staff::Police,
        Staff::Centre,
        Staff::Auditor,
    ] {
        app.by(who).get(&picture).send().problem("not_found");
    }
    let more = id(upload(Staff::Secretary, png()));
    let after = change(
        &app,
        Staff::Secretary,
        &visit,
        json!({"add_photos": [more]}),
    );
    assert_eq!(
        after.expect(200).json()["photos"].as_array().unwrap().len(),
        2
    );
}

/// Makes somebody responsible for a unit.
fn lead(app: &TestApp, unit: &str, who: Staff) {
    let path = format!("/org-units/{}", app.unit(unit));
    let etag = app.by(Staff::Admin).get(&path).expect(200).etag();
    app.by(Staff::Admin)
        .patch(&path)
        .if_match(etag)
        .json(&json!({"lead_user_id": app.user(who)}))
        .expect(200);
}

fn row<'a>(table: &'a Value, unit: &str) -> &'a Value {
    let rows = table["rows"].as_array().unwrap();
    rows.iter().find(|row| row["unit"]["name"] == unit).unwrap()
}

/// `visits/own done` of each week of a row.
fn cells(row: &Value) -> Vec<String> {
    let cells = row["cells"].as_array().unwrap();
    let done = |cell: &Value| match cell["done"].as_bool() {
        Some(true) => "+",
        Some(false) => "-",
        None => "",
    };
    cells
        .iter()
        .map(|cell| format!("{}/{}{}", cell["visits"], cell["own"], done(cell)))
        .collect()
}

fn on(app: &TestApp, who: Staff, village: &str, group: Option<&str>, day: &str) {
    let mut visit = input(app, village);
    visit["on"] = json!(day);
    if let Some(group) = group {
        visit["group_id"] = json!(app.unit(group));
    }
    record(app, who, &visit);
}

#[test]
fn the_table_says_who_has_visited_where_and_when_last() {
    let app = TestApp::start();
    // 10 March 2026 is a Tuesday. Two weeks: 2 to 8 and 9 to 15 March.
    lead(&app, VILLAGE, Staff::Leader);
    lead(&app, NEXT_VILLAGE, Staff::Leader);
    lead(&app, "五里墩村/1社", Staff::Police);
    on(&app, Staff::Secretary, VILLAGE, None, "2026-03-02");
    on(&app, Staff::Justice, VILLAGE, None, "2026-03-08");
    on(
        &app,
        Staff::Police,
        VILLAGE,
        Some("五里墩村/1社"),
        "2026-03-09",
    );
    on(&app, Staff::Leader, NEXT_VILLAGE, None, "2026-02-20");
    let query = "/visits/coverage?from=2026-03-04&to=2026-03-10";
    let table = app.by(Staff::Office).get(query).expect(200).json();
    assert_eq!(
        table["weeks"][0],
        json!({"from": "2026-03-02", "to": "2026-03-08", "duty": true})
    );
    // The secretary's counts; the group's visit is one to the village, but not by who is responsible.
    let village = row(&table, VILLAGE);
    assert_eq!(cells(village), ["2/1+", "1/0-"]);
    assert_eq!(village["cells"][0]["by"], json!(["周永福", "褚公正"]));
    assert_eq!(
        (&village["last_on"], &village["days_since"]),
        (&json!("2026-03-09"), &json!(1))
    );
    let names: Vec<&str> = village["responsible"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["赵建国", "周永福"]);
    let group = row(&table, "1社");
    assert_eq!(
        (&group["village_id"], cells(group)),
        (
            &json!(app.unit(VILLAGE)),
            vec!["0/0-".to_owned(), "1/1+".to_owned()]
        )
    );
    // Nothing is nothing, and a last visit may lie before the table.
    let next = row(&table, NEXT_VILLAGE);
    assert_eq!(cells(next), ["0/0-", "0/0-"]);
    assert_eq!(next["days_since"], 18);
    let other = row(&table, "芦湾村");
    assert_eq!(cells(other), ["0/0", "0/0"]);
    assert_eq!(
        (&other["last_on"], &other["responsible"]),
        (&Value::Null, &json!([]))
    );
    // By who is responsible, most is owed in front.
    let leaders = table["leaders"].as_array().unwrap();
    assert_eq!(leaders[0]["user"]["name"], "赵建国");
    assert_eq!(leaders[0]["owed"], 2);
    assert_eq!(leaders.last().unwrap()["user"]["name"], "冯志强");
    assert_eq!(leaders.last().unwrap()["owed"], 0);
    assert_eq!(
        leaders.last().unwrap()["units"][0]["unit"]["name"],
        "五里墩村1社"
    );

    // Everybody their own; the auditor all of it, without what was heard.
    let seen = |who: Staff| {
        app.by(who).get(query).expect(200).json()["rows"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(seen(Staff::Secretary), 9);
    assert_eq!(seen(Staff::Police), 1);
    assert_eq!(seen(Staff::Informant), 1);
    assert_eq!(seen(Staff::Justice), 0);
    assert_eq!(seen(Staff::Leader), seen(Staff::Auditor));
    let audited = app.by(Staff::Auditor).get(query).expect(200);
    assert!(!audited.text().contains("渠水") && !audited.text().contains("三号井"));
    for who in [Staff::Court, Staff::Centre, Staff::Admin] {
        app.by(who).get(query).send().problem("forbidden");
    }
    // What the home page counts is what the table shows.
    let home = app.by(Staff::Leader).get("/dashboard").expect(200).json();
    let todo = home["todos"].as_array().unwrap();
    let todo = todo.iter().find(|todo| todo["list"] == "coverage").unwrap();
    assert_eq!(
        (&todo["count"], &todo["hint"]),
        (&json!(2), &json!("五里墩村、一工城村"))
    );
    let mine = app
        .by(Staff::Leader)
        .get("/visits/coverage?mine=true")
        .expect(200)
        .json();
    assert_eq!(
        (&mine["total"], mine["rows"].as_array().unwrap().len()),
        (&json!(2), 2)
    );

    // Two visits a week, if the settings say so.
    let settings = app.by(Staff::Admin).get("/settings").expect(200);
    assert_eq!(settings.json()["visits_per_week"], 1);
    let change = |n: u32| {
        let call = app
            .by(Staff::Admin)
            .patch("/settings")
            .if_match(settings.etag());
        call.json(&json!({"visits_per_week": n})).send()
    };
    assert_eq!(change(0).invalid_fields(), ["visits_per_week:out_of_range"]);
    change(2).expect(200);
    let table = app.by(Staff::Office).get(query).expect(200).json();
    assert_eq!(cells(row(&table, VILLAGE)), ["2/1-", "1/0-"]);

    let wrong = app
        .by(Staff::Office)
        .get("/visits/coverage?from=2026-03-10&to=2026-03-01");
    assert_eq!(wrong.send().invalid_fields(), ["to:before_start"]);
    let wrong = app
        .by(Staff::Office)
        .get("/visits/coverage?from=2020-03-10&to=2026-03-01");
    assert_eq!(wrong.send().invalid_fields(), ["from:too_early"]);
}

#[test]
fn weeks_of_duty_go_over_new_year_national_day_and_the_spring_festival() {
    let mut app = TestApp::with().clock("2026-01-04T02:00:00Z").start();
    on(&app, Staff::Secretary, VILLAGE, None, "2025-12-29");
    on(&app, Staff::Secretary, VILLAGE, None, "2026-01-02");
    let row_of = |app: &TestApp, query: &str| {
        let table = app
            .by(Staff::Secretary)
            .get(format!("/visits/coverage?{query}"))
            .expect(200)
            .json();
        (cells(row(&table, VILLAGE)), table["weeks"].clone())
    };
    let (found, weeks) = row_of(&app, "from=2025-12-31&to=2026-01-01");
    assert_eq!(found, ["2/2+"]);
    assert_eq!(
        weeks[0],
        json!({"from": "2025-12-29", "to": "2026-01-04", "duty": true})
    );
    // The week of 16 February 2026 is off from Monday to Sunday: it asks for nothing.
    app.restart(Some("2026-02-24T02:00:00Z"));
    let (found, weeks) = row_of(&app, "from=2026-02-09&to=2026-02-24");
    assert_eq!(found, ["0/0-", "0/0", "0/0-"]);
    assert_eq!(weeks[1]["duty"], false);
    // National Day: 1 to 7 October 2026 lie in two weeks, and both have working days.
    app.restart(Some("2026-10-11T02:00:00Z"));
    on(&app, Staff::Secretary, VILLAGE, None, "2026-10-04");
    let (found, weeks) = row_of(&app, "from=2026-10-01&to=2026-10-11");
    assert_eq!(found, ["1/1+", "0/0-"]);
    assert_eq!(
        (&weeks[0]["from"], &weeks[1]["to"]),
        (&json!("2026-09-28"), &json!("2026-10-11"))
    );
}

#[test]
fn lists_go_by_place_staff_and_day() {
    let app = TestApp::start();
    on(&app, Staff::Leader, VILLAGE, None, "2026-03-01");
    on(&app, Staff::Leader, NEXT_VILLAGE, None, "2026-03-05");
    on(
        &app,
        Staff::Office,
        VILLAGE,
        Some("五里墩村/2社"),
        "2026-03-09",
    );
    let count =
        |query: &[(&str, &str)]| listed(&app, Staff::Office, &with_query("/visits", query)).len();
    let (village, group) = (app.unit(VILLAGE), app.unit("五里墩村/2社"));
    assert_eq!(count(&[("village_id", village)]), 2);
    assert_eq!(count(&[("group_id", group)]), 1);
    assert_eq!(count(&[("visitor_id", app.user(Staff::Leader))]), 2);
    assert_eq!(count(&[("from", "2026-03-05"), ("to", "2026-03-08")]), 1);
    assert_eq!(count(&[("kind", "cadre")]), 0);
    let wrong = app.by(Staff::Office).get("/visits?kind=other").send();
    assert_eq!(wrong.invalid_fields(), ["kind:unknown"]);
    // Page by page, the last day in front.
    let mut days = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = [("limit", "1"), ("cursor", cursor.as_str())];
        let page = app
            .by(Staff::Office)
            .get(with_query("/visits", &query))
            .expect(200)
            .json();
        days.push(page["items"][0]["on"].as_str().unwrap().to_owned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(days, ["2026-03-09", "2026-03-05", "2026-03-01"]);
}
