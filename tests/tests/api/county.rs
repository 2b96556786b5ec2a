//! The county's office: it sees its townships' figures side by side and the cases that they hand up, and
//! nothing else.

use serde_json::{Value, json};
use tests::case::{ID_NUMBER, PHONE};
use tests::events::Events;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Case, Client, Staff, TestApp};

const WORDS: &str = "跨县渠系水量分配争议";

fn asked() -> Value {
    json!({"reason": "涉及两县水量分配，超出本镇职权", "request": "请县水务局牵头协调"})
}

fn said(text: &str) -> Value {
    json!({"text": text})
}

/// Takes a step as the county's office, whatever comes of it.
fn answer(app: &TestApp, case: &Case<'_>, id: &str, step: &str, text: &str) -> tests::Answer {
    let path = case.path(&format!("/escalations/{id}"));
    let office = app.county_office();
    let etag = match office.get(&path).send() {
        seen if seen.status == 200 => seen.etag(),
        _ => "\"1\"".to_owned(),
    };
    let call = office.post(format!("{path}/steps/{step}")).if_match(etag);
    call.json(&said(text)).send()
}

fn handed_up(client: &Client) -> Vec<Value> {
    let list = client.get("/county/handed-up").expect(200).json();
    list["items"].as_array().unwrap().clone()
}

/// The ways by which the county's office can tell that a case exists, beside its own list.
fn traces(app: &TestApp, case: &Case<'_>) -> Vec<String> {
    let office = app.county_office();
    let mut found = Vec::new();
    for below in [
        "",
        "/events",
        "/people",
        "/attachments",
        "/actions",
        "/matters",
        "/documents",
        "/receipt",
        "/field-visits",
        "/satisfaction",
        "/escalations",
    ] {
        if office.get(case.path(below)).send().status != 404 {
            found.push(below.to_owned());
        }
    }
    let act = office
        .post(case.path("/actions/note"))
        .if_match("\"1\"")
        .json(&said("看看"))
        .send();
    if act.status != 404 {
        found.push("act".to_owned());
    }
    found
}

/// What the county's office is refused, whatever was handed up.
const REFUSED: [&str; 32] = [
    "/cases",
    "/cases?q=%E6%B0%B4",
    "/matters",
    "/orders",
    "/measures",
    "/backlog",
    "/backlog/proposals",
    "/calendar",
    "/dashboard",
    "/follow-ups",
    "/reports",
    "/reports/board",
    "/visits",
    "/visits/coverage",
    "/promises",
    "/alerts",
    "/alerts/rate",
    "/indicators",
    "/figures",
    "/villages/standing",
    "/targets",
    "/assessments",
    "/publicity",
    "/analyses/2026-03",
    "/audit",
    "/settings",
    "/users",
    "/imports",
    "/webhooks",
    "/exports/cases.ndjson",
    "/exports/ledger.xlsx",
    "/exports/indicators.csv",
];

#[test]
fn by_default_it_sees_nothing_of_a_case() {
    let app = TestApp::start();
    let office = app.county_office();
    let case = app.case().village(VILLAGE).cause(WORDS).register();
    let live = Events::open(&office, None);
    assert_eq!(live.next().name, "hello");
    // One that is given to a unit, so that people are told.
    let case = case.accepted().dispatched("派出所");
    assert_eq!(traces(&app, &case), Vec::<String>::new());
    for path in REFUSED {
        let refused = office.get(path).send();
        assert_eq!(refused.status, 403, "{path}: {}", refused.text());
    }
    let similar = json!({"cause": WORDS, "names": ["张三"]});
    let hints = office.post("/cases/similar").json(&similar).send();
    hints.problem("forbidden");
    let register = office.post("/cases").json(app.case().input()).send();
    register.problem("forbidden");
    let hook = json!({"name": "县", "url": "http://127.0.0.1:9/x", "events": ["closed"]});
    office
        .post("/webhooks")
        .json(&hook)
        .send()
        .problem("forbidden");
    // What a phone takes along, the inbox, the stream, what it is shown of itself: nothing of a case.
    let bundle = office.post("/sync").json(&json!({})).expect(200);
    let names = |text: &str| text.contains(&case.id) || text.contains(WORDS);
    assert!(!names(&bundle.text()), "{}", bundle.text());
    for path in ["/notifications", "/me", "/org-units", "/users/colleagues"] {
        let seen = office.get(path).expect(200).text();
        assert!(!names(&seen), "{path}: {seen}");
    }
    live.nothing();
    assert!(handed_up(&office).is_empty());
    let figures = office.get("/county/figures").expect(200).text();
    assert!(!names(&figures) && !figures.contains("/cases"), "{figures}");
    // Nor is there a way for anybody else to what is the office's.
    for who in Staff::ALL {
        let client = app.by(who);
        client.get("/county/figures").send().problem("forbidden");
        client.get("/county/handed-up").send().problem("forbidden");
    }
    for client in [app.keeper(), app.next("township_leader")] {
        client.get("/county/figures").send().problem("forbidden");
        client.get("/county/handed-up").send().problem("forbidden");
    }
}

#[test]
fn only_the_county_gives_the_role_and_only_in_its_own_unit() {
    let app = TestApp::start();
    let user = |unit: &str| json!({"username": "lianxiyuan", "name": "钱新", "role": "county_office", "unit_id": unit});
    let add = |client: &Client, unit: &str| client.post("/users").json(&user(unit)).send();
    let admin = app.by(Staff::Admin);
    for unit in ["平川镇", "镇综治办", VILLAGE, "党政办"] {
        let fields = add(&admin, app.unit(unit)).invalid_fields();
        assert_eq!(fields[0].split(':').next(), Some("unit_id"), "{unit}");
    }
    assert_eq!(
        add(&admin, app.county()).invalid_fields(),
        ["unit_id:unknown"]
    );
    let next = app.next("administrator");
    assert!(
        !add(&next, app.next_unit("河西镇"))
            .invalid_fields()
            .is_empty()
    );
    // Nor of somebody who is there.
    let path = format!("/users/{}", app.user(Staff::Office));
    let etag = admin.get(&path).expect(200).etag();
    let change = json!({"role": "county_office"});
    let call = admin.patch(&path).if_match(etag).json(&change);
    assert!(!call.send().invalid_fields().is_empty());
    let keeper = app.keeper();
    assert!(!add(&keeper, app.unit("平川镇")).invalid_fields().is_empty());
    add(&keeper, app.county()).expect(201);
    // In the county there is no work for a township's roles.
    let clerk = json!({
        "username": "xianzongzhi", "name": "钱新", "role": "coordination_office",
        "unit_id": app.county(),
    });
    let call = keeper.post("/users").json(&clerk).send();
    assert!(!call.invalid_fields().is_empty());
}

/// A township's row.
fn row<'a>(figures: &'a Value, name: &str) -> &'a Value {
    let mut rows = figures["townships"].as_array().unwrap().iter();
    rows.find(|row| row["township"]["name"] == name).unwrap()
}

#[test]
fn a_townships_row_is_what_its_own_leader_reads() {
    let app = TestApp::start();
    // Of all sorts, sealed ones among them: one that leaders see, one against a leader, which they do not.
    let settled = app
        .case()
        .village(VILLAGE)
        .received("2026-02-02")
        .register();
    settled
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police)
        .closed();
    app.case()
        .village(VILLAGE)
        .received("2025-03-04")
        .register();
    app.case()
        .village(NEXT_VILLAGE)
        .received("2026-01-05")
        .collective(7, 2)
        .register();
    app.case().accuses(VILLAGE).register();
    app.case()
        .accuses_user("党政办", Staff::OtherLeader)
        .register();
    let up = app.case().village(VILLAGE).register();
    let visit = json!({
        "on": "2026-03-09", "level": "city", "authority": "市信访局", "people_count": 1,
        "conduct": "abnormal", "rule": "条例第二十六条", "evidence": "notice", "evidence_text": "通报1号",
    });
    up.open(Staff::Office, "visits", &visit);

    let office = app.county_office();
    let compare = |query: &str, year: &str| {
        let figures = office
            .get(format!("/county/figures{query}"))
            .expect(200)
            .json();
        let names: Vec<&str> = figures["townships"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["township"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["平川镇", "河西镇"]);
        let leaders = [
            ("平川镇", app.by(Staff::Leader)),
            ("河西镇", app.next("township_leader")),
        ];
        for (name, leader) in leaders {
            let table = leader.get(format!("/indicators{query}")).expect(200).json();
            let row = row(&figures, name);
            let mut compared = 0;
            for (at, column) in figures["columns"].as_array().unwrap().iter().enumerate() {
                let own = table["columns"].as_array().unwrap();
                let own = own
                    .iter()
                    .position(|own| own["indicator"] == column["indicator"]);
                let mut cell = table["rows"][0]["cells"][own.unwrap()].clone();
                // The way to the cases is the township's alone.
                for link in ["numerator_cases", "denominator_cases"] {
                    cell.as_object_mut().unwrap().remove(link);
                }
                assert_eq!(row["cells"][at], cell, "{name}: {column}");
                compared += 1;
            }
            assert_eq!(compared, 10);
            let standing = leader
                .get(format!("/villages/standing{year}"))
                .expect(200)
                .json();
            assert_eq!(row["holding"], standing["holding"], "{name}");
            assert_eq!(row["villages"], standing["total"], "{name}");
            let count = |query: &str| {
                let list = leader.get(format!("/cases?limit=1&{query}")).expect(200);
                list.json()["total"].clone()
            };
            assert_eq!(row["open"], count("open=true"), "{name}");
            assert_eq!(row["overdue"], count("open=true&overdue=true"), "{name}");
        }
        figures
    };
    let now = compare("", "");
    assert_eq!(
        (&now["from"], &now["year"]),
        (&json!("2026-01-01"), &json!(2026))
    );
    let own = row(&now, "平川镇");
    let all = now["columns"].as_array().unwrap().iter();
    let all = all
        .clone()
        .position(|column| column["indicator"] == "all")
        .unwrap();
    assert_eq!(own["cells"][all]["numerator"], 4, "{own}");
    assert_ne!(
        own["holding"], own["villages"],
        "one has lost it by the visit"
    );
    compare("?from=2025-01-01&to=2025-12-31", "?year=2025");
    // As of a day before it was settled, it was open.
    compare("?from=2026-01-01&to=2026-02-28&as_of=2026-02-05", "");

    let wrong = office.get("/county/figures?from=2026-03-01&to=2026-02-01");
    assert_eq!(wrong.send().invalid_fields(), ["to:before_from"]);
    let wrong = office.get("/county/figures?from=1980-01-01&to=1980-12-31");
    assert_eq!(wrong.send().invalid_fields(), ["to:out_of_range"]);
}

#[test]
fn a_case_goes_up_is_read_is_answered_and_comes_back() {
    let app = TestApp::start();
    let office = app.county_office();
    let person = json!({
        "role": "petitioner", "name": "张三", "id_number": ID_NUMBER, "phone": PHONE,
    });
    let case = app.case().village(VILLAGE).cause(WORDS);
    let case = case.set("people", json!([person])).register();
    let file = app.by(Staff::Centre).post(case.path("/attachments"));
    file.file("图.png", tests::files::png()).expect(201);
    // Whose it is to hand up, and with what.
    for who in [
        Staff::Secretary,
        Staff::Centre,
        Staff::Police,
        Staff::Informant,
        Staff::Auditor,
    ] {
        let refused = case.try_open(who, "escalations", &asked());
        assert!(matches!(refused.status, 403 | 404), "{who:?}");
    }
    let empty = case.try_open(Staff::Office, "escalations", &json!({"reason": " "}));
    assert_eq!(
        empty.invalid_fields(),
        ["reason:required", "request:required"]
    );
    assert_eq!(traces(&app, &case), Vec::<String>::new());

    let matter = case.open(Staff::Office, "escalations", &asked());
    assert_eq!(matter.state(), "handed_up");
    assert_eq!(matter.view["unit"]["id"], app.county());
    let again = case.try_open(Staff::Leader, "escalations", &asked());
    let why = again.problem("conflict").detail;
    assert!(why.contains("已经上报县级"), "{why}");

    // It is told, and reads: content, timeline, names; numbers masked; no file, no document, no full number.
    let told = office.get("/notifications").expect(200).json();
    let title = told["items"][0]["title"].as_str().unwrap();
    assert!(
        title.contains(&case.number) && title.contains("上报县级"),
        "{told}"
    );
    let list = handed_up(&office);
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["township"]["name"], "平川镇");
    assert_eq!(
        (&list[0]["case_id"], &list[0]["waiting"]),
        (&json!(case.id), &json!(true))
    );
    let seen = office.get(case.path("")).expect(200).json();
    assert_eq!(seen["cause_full"], WORDS);
    let theirs = app.by(Staff::Leader).get(case.path("")).expect(200).json();
    assert_eq!(seen["people"], theirs["people"]);
    assert_eq!(seen["people"][0]["name"], "张三");
    let masked = seen["people"][0]["id_number_masked"].as_str().unwrap();
    assert!(masked.contains('*'), "{masked}");
    let events = office.get(case.path("/events")).expect(200).text();
    assert!(events.contains("请县水务局牵头协调"), "{events}");
    let files = case.path("/attachments");
    office.get(&files).send().problem("forbidden");
    let receipt = office.get(case.path("/receipt")).expect(200).json();
    assert_eq!(receipt["query_code"], Value::Null, "{receipt}");
    let papers = office.get(case.path("/documents")).expect(200).json();
    assert_eq!(papers["items"], json!([]));
    let reveal = case.path(&format!("/people/{}/reveal", case.person(0)));
    let reveal = office.post(reveal).json(&json!({"reason": "核实"})).send();
    reveal.problem("forbidden");
    let actions = office.get(case.path("/actions")).expect(200).json();
    for action in actions.as_array().unwrap() {
        assert_eq!(action["allowed"], false, "{action}");
    }
    let etag = office.get(case.path("")).expect(200).etag();
    let note = office.post(case.path("/actions/note")).if_match(&etag);
    note.json(&said("进展")).send().problem("forbidden");
    let edit = office.patch(case.path("")).if_match(&etag);
    edit.json(&json!({"place": "渠口"}))
        .send()
        .problem("forbidden");
    let visit = office.post(case.path("/visits")).json(&json!({})).send();
    visit.problem("forbidden");
    office.get("/cases").send().problem("forbidden");

    // The looks are in the township's log and in the county's.
    let log = app
        .by(Staff::Auditor)
        .get(format!("/audit?case_id={}&limit=200", case.id));
    let log = log.expect(200).json();
    let looks = |log: &Value| {
        let entries = log["items"].as_array().unwrap().iter();
        let by = entries.filter(|entry| entry["user_name"] == "马联席");
        by.filter(|entry| entry["action"] == "case_view").count()
    };
    assert!(looks(&log) >= 2, "{log}");

    // It answers; the township's office hears of it, sees it in the timeline, and nothing else changes.
    let before = case.seen_by(Staff::Office).json();
    answer(&app, &case, &matter.id, "instruct", " ").expect(422);
    let answered = answer(
        &app,
        &case,
        &matter.id,
        "instruct",
        "请先稳控，县里本周协调",
    );
    let answered = answered.expect(200).json();
    assert_eq!(answered["state"], "instructed");
    assert_eq!(answered["unit"]["name"], "镇综治办");
    let after = case.seen_by(Staff::Office).json();
    for field in ["state", "responsible_unit", "due_on", "clocks"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    for who in [Staff::Office, Staff::OtherOffice] {
        let inbox = app.by(who).get("/notifications").expect(200).json();
        let titles = inbox["items"].as_array().unwrap().iter();
        let of = titles.filter(|notice| {
            let title = notice["title"].as_str().unwrap();
            title.contains("批示") && title.contains(&case.number)
        });
        assert_eq!(of.count(), 1, "{who:?}: {inbox}");
    }
    let events = app
        .by(Staff::Secretary)
        .get(case.path("/events"))
        .expect(200);
    assert!(events.text().contains("县里本周协调"), "{}", events.text());
    assert_eq!(handed_up(&office)[0]["waiting"], false);
    // The township does not write the county's words.
    for who in [Staff::Office, Staff::Leader] {
        matter
            .try_step(who, "instruct", &said("好"))
            .problem("forbidden");
        matter
            .try_step(who, "return", &said("好"))
            .problem("forbidden");
    }
    answer(&app, &case, &matter.id, "withdraw", "收回").problem("forbidden");

    // Sent back, it is gone from the county's sight.
    answer(&app, &case, &matter.id, "return", "按协调意见办理").expect(200);
    assert_eq!(traces(&app, &case), Vec::<String>::new());
    assert!(handed_up(&office).is_empty());
    let told = office.get("/notifications").expect(200).json();
    assert_eq!(
        told["items"],
        json!([]),
        "what leads to a hidden case is hidden"
    );
    let inbox = app
        .by(Staff::Office)
        .get("/notifications")
        .expect(200)
        .text();
    assert!(inbox.contains("退回乡镇"), "{inbox}");

    // Handed up once more, by the leader, and taken back.
    let mut matter = case.open(Staff::Leader, "escalations", &asked());
    office.get(case.path("")).expect(200);
    matter.step(Staff::Office, "withdraw", &said("已经谈妥"));
    assert_eq!(matter.state(), "withdrawn");
    assert_eq!(traces(&app, &case), Vec::<String>::new());
    let late = answer(&app, &case, &matter.id, "instruct", "晚了");
    late.problem("not_found");
    let over = matter.try_step(Staff::Office, "withdraw", &said("再收"));
    over.problem("conflict");
}

#[test]
fn the_township_next_door_sees_nothing_of_what_is_handed_up() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).cause(WORDS).register();
    case.open(Staff::Office, "escalations", &asked());
    for role in ["coordination_office", "township_leader", "auditor"] {
        let client = app.next(role);
        client.get(case.path("")).send().problem("not_found");
        client
            .get(case.path("/escalations"))
            .send()
            .problem("not_found");
        for path in [
            "/cases?limit=200",
            "/matters?limit=200",
            "/audit?limit=200",
            "/notifications",
        ] {
            let seen = client.get(path).send();
            let hidden = seen.status == 403 || !seen.text().contains(&case.id);
            assert!(hidden, "{role} {path}");
        }
    }
    // Nor the county's administrator.
    app.keeper().get(case.path("")).send().problem("not_found");
    // And that one's is not handed up by the first: it is not there for them.
    let theirs = app
        .next("coordination_office")
        .get("/cases?limit=1")
        .expect(200)
        .json();
    let theirs = theirs["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/cases/{theirs}/escalations");
    let call = app.by(Staff::Office).post(&path).json(&asked()).send();
    call.problem("not_found");
    app.next("coordination_office")
        .post(&path)
        .json(&asked())
        .expect(201);
    let list = handed_up(&app.county_office());
    let mut names: Vec<&str> = list
        .iter()
        .map(|case| case["township"]["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["平川镇", "河西镇"]);
    let figures = app
        .county_office()
        .get("/county/figures")
        .expect(200)
        .json();
    for name in names {
        assert_eq!(row(&figures, name)["handed_up"], 1, "{name}");
    }
}

#[test]
fn a_sealed_accusation_goes_up_only_by_whoever_may_see_it() {
    let app = TestApp::start();
    let office = app.county_office();
    // Against a village: leaders and office handle it, and hand it up.
    let case = app.case().accuses(VILLAGE).cause(WORDS).register();
    let hidden = case.try_open(Staff::Secretary, "escalations", &asked());
    hidden.problem("not_found");
    assert_eq!(traces(&app, &case), Vec::<String>::new());
    let matter = case.open(Staff::Leader, "escalations", &asked());
    let list = handed_up(&office);
    assert_eq!(list[0]["sealed"], true);
    office.get(case.path("")).expect(200);
    assert_eq!(matter.seen_by(Staff::Secretary).status, 404);
    answer(&app, &case, &matter.id, "return", "由镇纪委办理").expect(200);
    assert_eq!(traces(&app, &case), Vec::<String>::new());

    // Against a leader: nobody but the registrar knows of it, and it does not go up.
    let case = app
        .case()
        .accuses_user("党政办", Staff::OtherLeader)
        .register();
    for who in [Staff::Leader, Staff::Office] {
        let hidden = case.try_open(who, "escalations", &asked());
        hidden.problem("not_found");
    }
    let refused = case.try_open(Staff::Centre, "escalations", &asked());
    refused.problem("forbidden");
    assert_eq!(traces(&app, &case), Vec::<String>::new());
    assert!(handed_up(&office).is_empty());
}

#[test]
fn what_is_handed_up_and_sealed_later_is_hidden_again() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    case.open(Staff::Office, "escalations", &asked());
    let office = app.county_office();
    office.get(case.path("")).expect(200);
    // It turns out to be against a leader: then it is its registrar's alone.
    let etag = app.etag(&case.id, Staff::Office);
    let change = json!({
        "purpose": "accusation", "accused_unit_id": app.unit("党政办"),
        "accused_user_id": app.user(Staff::OtherLeader),
    });
    let call = app.by(Staff::Office).patch(case.path("")).if_match(etag);
    call.json(&change).expect(200);
    assert_eq!(traces(&app, &case), Vec::<String>::new());
    assert!(handed_up(&office).is_empty());
    assert_eq!(
        office.get("/notifications").expect(200).json()["items"],
        json!([])
    );
}

#[test]
fn of_one_township_alone_nothing_is_said_of_a_county() {
    let app = TestApp::with().alone().start();
    let case = app.case().register();
    let matters = case.matters(Staff::Office);
    let mut openings = matters["openings"].as_array().unwrap().iter();
    assert!(
        openings.all(|step| step["kind"] != "escalation"),
        "{matters}"
    );
    let refused = case.try_open(Staff::Office, "escalations", &asked());
    let why = refused.problem("conflict").detail;
    assert!(why.contains("没有县级"), "{why}");
    let user = json!({
        "username": "lianxiyuan", "name": "钱新", "role": "county_office",
        "unit_id": app.unit("平川镇"),
    });
    let call = app.by(Staff::Admin).post("/users").json(&user).send();
    assert!(!call.invalid_fields().is_empty());
}
