//! Figures: each opens just the cases that it counts, for each role; the past stays as it was; the
//! three-without standing; targets.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Staff, TestApp};

const READERS: [Staff; 7] = [
    Staff::Leader,
    Staff::Office,
    Staff::Secretary,
    Staff::NextSecretary,
    Staff::Police,
    Staff::Justice,
    Staff::Centre,
];

#[track_caller]
fn table(app: &TestApp, who: Staff, query: &[(&str, &str)]) -> Value {
    let path = with_query("/indicators", query);
    app.by(who).get(path).expect(200).json()
}

fn column(table: &Value, indicator: &str) -> usize {
    let columns = table["columns"].as_array().unwrap();
    let at = columns.iter().position(|c| c["indicator"] == indicator);
    at.unwrap_or_else(|| panic!("no column {indicator}"))
}

/// A figure of the whole.
#[track_caller]
fn whole(app: &TestApp, who: Staff, indicator: &str) -> Value {
    let table = table(app, who, &[]);
    table["rows"][0]["cells"][column(&table, indicator)].clone()
}

/// The cases behind a link, page by page; the total agrees.
#[track_caller]
fn behind(app: &TestApp, who: Staff, link: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .by(who)
            .get(format!("{link}&limit=2{cursor}"))
            .expect(200)
            .json();
        numbers.extend(tests::app::numbers(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                assert_eq!(page["total"], numbers.len());
                return numbers;
            }
        }
    }
}

/// The records behind a link, page by page; the total agrees, and each that has a page of its own opens.
#[track_caller]
fn records(app: &TestApp, who: Staff, link: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{link}&limit=100{cursor}");
        let page = app.by(who).get(path).expect(200).json();
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                assert_eq!(page["total"], found.len(), "{link}");
                break;
            }
        }
    }
    for record in found.iter().take(3) {
        if let Some(own) = record["link"].as_str() {
            app.by(who).get(own).expect(200);
        }
    }
    found
}

/// Every figure of a table is the length of the list that it opens.
#[track_caller]
fn check_links(app: &TestApp, who: Staff, query: &[(&str, &str)]) -> usize {
    let table = table(app, who, query);
    let mut followed = 0;
    for row in table["rows"].as_array().unwrap() {
        let cells = row["cells"].as_array().unwrap().iter();
        for (cell, column) in cells.zip(table["columns"].as_array().unwrap()) {
            for (count, link) in [
                ("numerator", "numerator_cases"),
                ("denominator", "denominator_cases"),
            ] {
                let Some(link) = cell[link].as_str() else {
                    let counted = column["source"] == "cases" && cell[count] != 0;
                    assert!(!counted || cell[count].is_null(), "{row}: {column}");
                    continue;
                };
                if column["source"] != "cases" {
                    let found = records(app, who, link);
                    assert_eq!(cell[count], found.len(), "{who:?} {query:?} {link}");
                    let good = found.iter().all(|record| record["good"] == true);
                    assert!(good || count == "denominator", "{link}");
                    followed += 1;
                    continue;
                }
                let found = behind(app, who, link);
                assert_eq!(cell[count], found.len(), "{who:?} {query:?} {link}");
                let seen = app.walk(who, 200, &[]);
                for number in &found {
                    assert!(seen.iter().any(|case| case["number"] == number.as_str()));
                }
                followed += 1;
            }
        }
    }
    followed
}

fn settled<'a>(app: &'a TestApp, village: &str) -> tests::Case<'a> {
    app.case()
        .village(village)
        .received("2026-02-10")
        .register()
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police)
        .closed()
}

#[test]
fn each_figure_opens_the_cases_that_it_counts_for_each_role() {
    let app = TestApp::start();
    settled(&app, VILLAGE);
    app.case()
        .village(VILLAGE)
        .collective(8, 2)
        .register()
        .accepted();
    app.case()
        .village(NEXT_VILLAGE)
        .received("2026-01-05")
        .register();
    app.case()
        .village(NEXT_VILLAGE)
        .kind("dispute")
        .by(Staff::NextSecretary)
        .register();
    app.case()
        .village(VILLAGE)
        .received("2025-02-01")
        .register();
    let sealed = app.case().village(VILLAGE).accuses(VILLAGE).register();
    let hidden = app.case().accuses("镇综治办").register();
    let case = app.case().village(VILLAGE).register().accepted();
    case.open(
        Staff::Office,
        "visits",
        &json!({
            "on": "2026-03-01", "level": "province", "authority": "省信访局", "people_count": 6,
            "conduct": "abnormal", "rule": "条例第二十六条", "evidence": "notice",
            "evidence_text": "省信通1号", "skip_level": true,
        }),
    );
    case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    let mut followed = 0;
    for who in READERS {
        for by in ["township", "village", "unit", "category", "month"] {
            followed += check_links(&app, who, &[("by", by)]);
            followed += check_links(
                &app,
                who,
                &[("by", by), ("from", "2026-02-01"), ("to", "2026-02-28")],
            );
        }
    }
    assert!(followed > 200, "{followed}");
    // The secretary's total is the ledger's without the accusation against the own village; what
    // only its registrar sees is in nobody else's figures.
    let all = |who| whole(&app, who, "all")["numerator"].clone();
    assert_eq!(all(Staff::Office), 5);
    assert_eq!(all(Staff::Leader), 5);
    assert_eq!(all(Staff::Secretary), 3);
    assert_eq!(all(Staff::Auditor), 5);
    assert_eq!(all(Staff::Centre), 6, "{} {}", sealed.number, hidden.number);
    // The auditor sees figures, and opens no case.
    let of_auditor = whole(&app, Staff::Auditor, "all");
    assert!(of_auditor.get("numerator_cases").is_none());
    let link = whole(&app, Staff::Office, "all")["numerator_cases"].clone();
    app.by(Staff::Auditor)
        .get(link.as_str().unwrap())
        .expect(403);
    // Last year's February has one; nothing to count is no data.
    assert_eq!(whole(&app, Staff::Office, "all")["denominator"], 1);
    let kept = whole(&app, Staff::Office, "kept");
    assert!(
        kept["numerator"].is_null() && kept["permille"].is_null(),
        "{kept}"
    );
    assert!(whole(&app, Staff::Office, "satisfied")["permille"].is_null());
    assert_eq!(whole(&app, Staff::Office, "abnormal")["numerator"], 1);
    assert_eq!(whole(&app, Staff::Office, "backlog")["numerator"], 1);
}

#[test]
fn last_months_figures_stay_when_a_case_closes_today() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .received("2026-02-10")
        .register()
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police);
    let february = [("from", "2026-02-01"), ("to", "2026-02-28")];
    let before = table(&app, Staff::Office, &february);
    case.closed();
    let after = table(&app, Staff::Office, &february);
    assert_eq!(before["rows"], after["rows"]);
    assert_eq!(after["as_of"], "2026-02-28");
    // As of today it is settled: 1 of 1 is 100 %.
    let today = [february[0], february[1], ("as_of", "2026-03-10")];
    let now = table(&app, Staff::Office, &today);
    let cell = &now["rows"][0]["cells"][column(&now, "handled")];
    assert_eq!(
        (&cell["numerator"], &cell["permille"]),
        (&json!(1), &json!(1000))
    );
    for (query, field) in [
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2016-03-02", "from"),
        ("as_of=2026-03-11", "as_of"),
    ] {
        let problem = app
            .by(Staff::Office)
            .get(format!("/indicators?{query}"))
            .expect(422)
            .json();
        assert_eq!(problem["errors"][0]["field"], field);
    }
    app.by(Staff::Office)
        .get("/indicators?by=person")
        .expect(400);
}

/// What one server writes, the other's figures show.
#[test]
fn another_servers_changes_are_seen() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let second = app.second_server(None);
    let office = app.by(Staff::Office);
    let token = office.token().unwrap().to_owned();
    let other = tests::Client::new(&second.url).with_token(token);
    let count = |path: &str| other.get(path).expect(200).json();
    let all = |table: &Value| table["rows"][0]["cells"][column(table, "all")]["numerator"].clone();
    let table = count("/indicators");
    assert_eq!(all(&table), 1);
    app.case().village(VILLAGE).register();
    assert_eq!(all(&count("/indicators")), 2);
    case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    let table = count("/indicators");
    assert_eq!(
        table["rows"][0]["cells"][column(&table, "backlog")]["numerator"],
        1
    );
}

#[test]
fn the_standing_of_villages_with_evidence_and_history() {
    let app = TestApp::start();
    let standing = |who: Staff, query: &str| {
        let path = format!("/villages/standing{query}");
        app.by(who).get(path).expect(200).json()
    };
    let of = |view: &Value, village: &str| {
        let villages = view["villages"].as_array().unwrap().iter();
        let mut found = villages.filter(|v| v["village"]["name"] == village);
        found.next().cloned().unwrap()
    };
    let view = standing(Staff::Leader, "");
    assert_eq!(
        (&view["holding"], &view["total"], &view["permille"]),
        (&json!(9), &json!(9), &json!(1000))
    );
    assert_eq!((&view["target"], &view["met"]), (&json!(900), &json!(true)));
    let case = app
        .case()
        .village(VILLAGE)
        .received("2025-06-01")
        .register();
    case.open(
        Staff::Office,
        "visits",
        &json!({
            "on": "2025-07-01", "level": "city", "authority": "市信访局", "people_count": 1,
            "conduct": "abnormal", "rule": "条例第二十六条", "evidence": "notice",
            "evidence_text": "市信通1号",
        }),
    );
    // A lawful visit breaks nothing, nor does one to the county.
    case.open(
        Staff::Office,
        "visits",
        &json!({
            "on": "2026-02-01", "level": "province", "authority": "省信访局", "people_count": 9,
            "conduct": "normal", "evidence": "notice", "evidence_text": "1号",
        }),
    );
    let view = standing(Staff::Leader, "");
    let village = of(&view, VILLAGE);
    assert_eq!(village["holds"], true, "{village}");
    assert_eq!(village["history"], json!([{"year": 2025, "holds": false}]));
    // Received in June 2025, not told by June 16th: since August it should have been decided on.
    assert_eq!(village["risks"][0]["case"]["number"], case.number.as_str());
    assert_eq!(village["risks"][0]["now"], true);
    let last = standing(Staff::Leader, "?year=2025");
    let village = of(&last, VILLAGE);
    assert_eq!(
        (&village["holds"], &village["broken"][0]["what"]),
        (&json!(false), &json!("abnormal"))
    );
    assert_eq!(last["as_of"], "2025-12-31");
    let link = village["broken"][0]["cases"].as_str().unwrap();
    assert_eq!(behind(&app, Staff::Leader, link), [case.number.as_str()]);
    // Backlog breaks it today, and its end mends it.
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    let view = standing(Staff::Leader, "");
    assert_eq!(of(&view, VILLAGE)["broken"][0]["what"], "backlog");
    assert_eq!(
        (&view["holding"], &view["permille"]),
        (&json!(8), &json!(889))
    );
    assert_eq!(view["met"], false);
    case.then(
        Staff::Leader,
        "clear_backlog",
        json!({"text": "误列", "notice": "承诺书1号"}),
    );
    assert_eq!(of(&standing(Staff::Leader, ""), VILLAGE)["holds"], true);
    // A secretary sees the own village; nobody asks for a year to come.
    let own = standing(Staff::Secretary, "");
    assert_eq!(
        (&own["total"], &own["villages"][0]["village"]["name"]),
        (&json!(1), &json!(VILLAGE))
    );
    app.by(Staff::Leader)
        .get("/villages/standing?year=2027")
        .expect(422);
    for who in [Staff::Police, Staff::Informant, Staff::Admin] {
        app.by(who).get("/villages/standing").expect(403);
    }
}

#[test]
fn a_target_is_set_once_a_version_and_leaves_a_trace() {
    let app = TestApp::start();
    settled(&app, VILLAGE);
    let target = |goal: &str| {
        let list = app.by(Staff::Leader).get("/targets").expect(200).json();
        let mut items = list["items"].as_array().unwrap().iter();
        items.rfind(|item| item["goal"] == goal).cloned().unwrap()
    };
    let three = target("three_without");
    assert_eq!(
        (&three["value"], &three["usual"], &three["version"]),
        (&json!(900), &json!(true), &json!(0))
    );
    let set = |who: Staff, etag: Option<&str>, input: Value| {
        let call = app
            .by(who)
            .patch("/targets/2026/first_settled")
            .json(&input);
        match etag {
            Some(etag) => call.if_match(etag).send(),
            None => call.send(),
        }
    };
    let input = json!({"value": 850, "note": "县考核要求"});
    set(Staff::Office, None, input.clone()).expect(428);
    set(Staff::Police, Some("\"0\""), input.clone()).expect(403);
    let made = set(Staff::Office, Some("\"0\""), input.clone())
        .expect(200)
        .json();
    assert_eq!(
        (&made["value"], &made["met"], &made["version"]),
        (&json!(850), &json!(true), &json!(1))
    );
    assert_eq!(made["now"]["permille"], 1000);
    assert!(
        made["forecast"]["how"]
            .as_str()
            .unwrap()
            .contains("简单外推"),
        "{made}"
    );
    set(Staff::Leader, Some("\"0\""), input).expect(412);
    let wrong = set(Staff::Leader, Some("\"1\""), json!({"value": 1001}))
        .expect(422)
        .json();
    assert_eq!(wrong["errors"][0]["field"], "value");
    set(Staff::Leader, Some("\"1\""), json!({"value": null})).expect(200);
    assert!(target("first_settled")["value"].is_null());
    app.by(Staff::Leader)
        .patch("/targets/2026/nothing")
        .if_match("\"0\"")
        .json(&json!({}))
        .expect(404);
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=target_write")
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 2, "{log}");
}

#[test]
fn the_dashboard_is_by_role() {
    let app = TestApp::start();
    settled(&app, VILLAGE);
    app.case()
        .village(VILLAGE)
        .received("2025-12-01")
        .register();
    let board = |who: Staff| app.by(who).get("/figures").expect(200).json();
    let office = board(Staff::Office);
    assert_eq!(office["inflow"].as_array().unwrap().len(), 12);
    assert_eq!(office["inflow"][11]["ended"], 1);
    assert_eq!(office["inflow"][10]["received"], json!([1, 0, 0]));
    assert_eq!(
        office["clock"][0]["count"], 1,
        "overdue since December 16th"
    );
    assert!(office["standing"].is_null());
    // Each bar opens the ledger at just so many cases.
    for part in ["ages", "clock", "categories"] {
        for bar in office[part].as_array().unwrap() {
            let query = bar["query"].as_str().unwrap();
            let list = app
                .by(Staff::Office)
                .get(format!("/cases?{query}"))
                .expect(200)
                .json();
            assert_eq!(list["total"], bar["count"], "{part} {bar}");
        }
    }
    let funnel: Vec<&Value> = office["funnel"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["count"])
        .collect();
    assert_eq!(funnel, [1, 1, 1, 1, 1]);
    let leader = board(Staff::Leader);
    assert_eq!(leader["standing"]["total"], 9);
    assert_eq!(leader["ages"], json!([]));
    let secretary = board(Staff::Secretary);
    assert_eq!(secretary["standing"]["total"], 1);
    assert!(!secretary["todos"].as_array().unwrap().is_empty());
    assert_eq!(secretary["heat"], json!([]));
    let auditor = board(Staff::Auditor);
    assert!(auditor["categories"][0].get("query").is_none());
    for who in [Staff::Police, Staff::Informant, Staff::Admin] {
        app.by(who).get("/figures").expect(403);
    }
    // Asked again, and after a change: never an old answer.
    app.case().village(VILLAGE).register();
    assert_eq!(board(Staff::Office)["funnel"][0]["count"], 2);
}

/// Reports, weeks of visits and urgent information: what a figure counts is what it opens, for each role.
#[test]
fn figures_of_the_field_open_what_they_count() {
    let app = TestApp::start();
    for (who, what) in [
        (Staff::Informant, "渠道决口"),
        (Staff::NextSecretary, "多人聚集"),
    ] {
        let call = app.by(who).post("/alerts").json(&json!({"what": what}));
        call.expect(201);
    }
    let drill = json!({"what": "演练", "drill": true});
    app.by(Staff::Secretary)
        .post("/alerts")
        .json(&drill)
        .expect(201);
    let missed = json!({
        "what": "包车到县里", "discovered_at": "2026-03-05T08:00:00+08:00",
        "unit_id": app.unit(NEXT_VILLAGE),
    });
    let call = app.by(Staff::Office).post("/alerts/missed").json(&missed);
    call.expect(201);
    // Last week; the secretary is responsible for the own village.
    let visit = json!({
        "kind": "household", "on": "2026-03-04", "heard": "渠水不够",
        "village_id": app.unit(VILLAGE),
    });
    app.by(Staff::Secretary)
        .post("/visits")
        .json(&visit)
        .expect(201);
    let mut followed = 0;
    let mut readers = READERS.to_vec();
    readers.push(Staff::Court);
    for who in readers {
        for by in ["township", "village", "unit", "month"] {
            for group in ["rates", "discipline"] {
                let month = [("by", by), ("group", group), ("from", "2026-02-01")];
                followed += check_links(&app, who, &month);
            }
        }
    }
    assert!(followed > 60, "{followed}");
    let whole = |who: Staff, indicator: &str| whole(&app, who, indicator);
    // Two reported at once, one missed; the drill does not count.
    let reported = whole(Staff::Office, "reported");
    assert_eq!(
        (&reported["numerator"], &reported["denominator"]),
        (&json!(2), &json!(3))
    );
    let link = reported["denominator_cases"].as_str().unwrap();
    let found = records(&app, Staff::Leader, link);
    let words: Vec<&str> = found.iter().map(|r| r["words"].as_str().unwrap()).collect();
    assert!(words.contains(&"漏报"), "{words:?}");
    let missed = found.iter().find(|r| r["words"] == "漏报").unwrap();
    assert!(missed.get("link").is_none(), "{missed}");
    // A secretary's weeks are the own village's, and the week with the visit opens it.
    let done = whole(Staff::Secretary, "visits_done");
    let link = done["numerator_cases"].as_str().unwrap();
    let weeks = records(&app, Staff::Secretary, link);
    let week = weeks.iter().find(|week| week["unit"] == VILLAGE).unwrap();
    let visits = app.by(Staff::Secretary).get(week["link"].as_str().unwrap());
    assert_eq!(visits.expect(200).json()["total"], 1);
    // The auditor sees the numbers, and opens none; nobody opens what is not theirs to count.
    let of_auditor = whole(Staff::Auditor, "visits_done");
    assert!(
        of_auditor.get("denominator_cases").is_none(),
        "{of_auditor}"
    );
    assert!(of_auditor["denominator"].as_u64() > Some(0), "{of_auditor}");
    for who in [Staff::Auditor, Staff::Informant, Staff::Admin] {
        app.by(who).get(link).send().problem("forbidden");
    }
    let wrong = "/indicators/records?indicator=all&from=2026-01-01&to=2026-03-10";
    let wrong = app.by(Staff::Office).get(wrong).send();
    assert_eq!(wrong.invalid_fields(), ["indicator:of_cases"]);
    app.by(Staff::Office)
        .get("/indicators/records?indicator=visits_done&from=x&to=2026-03-10")
        .send()
        .problem("bad_request");
}

#[test]
fn the_dashboard_tells_of_urgent_information() {
    let app = TestApp::start();
    let board = |who: Staff| app.by(who).get("/figures").expect(200).json()["urgent"].clone();
    assert_eq!(board(Staff::Leader)["reported"], 0);
    let report = |what: &str| {
        let call = app.by(Staff::Informant).post("/alerts");
        call.json(&json!({"what": what})).expect(201).json()["id"].clone()
    };
    let first = report("渠道决口");
    report("有人聚集");
    let call = app.by(Staff::Police);
    let call = call.post(format!(
        "/alerts/{}/steps/acknowledge",
        first.as_str().unwrap()
    ));
    call.if_match("\"1\"").json(&json!({})).expect(200);
    let leader = board(Staff::Leader);
    assert_eq!(
        (
            &leader["reported"],
            &leader["acknowledged"],
            &leader["dispatched"]
        ),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(leader["items"].as_array().unwrap().len(), 2);
    // Another village's are none of a secretary's; the auditor is not told what it is about.
    assert_eq!(board(Staff::Secretary)["reported"], 1);
    assert_eq!(board(Staff::NextSecretary)["items"], json!([]));
    assert!(board(Staff::Auditor).is_null());
}
