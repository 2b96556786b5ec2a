//! What a phone takes along: who gets what, what never goes, what is left out, what is forgotten.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::case::{ID_NUMBER, PHONE};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Client, Staff, TestApp};

fn bundle(client: &Client, known: &Value) -> Value {
    let request = json!({ "known": known });
    client.post("/sync").json(&request).expect(200).json()
}

fn entries(bundle: &Value) -> BTreeMap<String, Value> {
    let entries = bundle["entries"].as_array().unwrap().iter();
    let entries = entries.map(|entry| (entry["path"].as_str().unwrap().to_owned(), entry.clone()));
    entries.collect()
}

/// What the phone has after a bundle.
fn known(bundle: &Value) -> Value {
    let entries = entries(bundle).into_iter();
    entries
        .map(|(path, entry)| (path, entry["etag"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A reception day today.
fn reception_day(app: &TestApp) -> String {
    let day = json!({
        "on": tests::base::TODAY, "from": "09:00", "to": "11:30", "place": "镇信访接待室",
        "leader_id": app.user(Staff::Leader), "staff": [],
    });
    let view = app.by(Staff::Office).post("/reception-days").json(&day);
    let view = view.expect(201).json();
    format!("/reception-days/{}", view["day"]["id"].as_str().unwrap())
}

#[test]
fn every_body_is_what_the_route_gives() {
    let app = TestApp::start();
    let person =
        json!({"role": "petitioner", "name": "李四", "id_number": ID_NUMBER, "phone": PHONE});
    let case = app.case().village(VILLAGE).person(person).register();
    app.by(Staff::Informant)
        .post("/alerts")
        .json(&json!({"what": "渠道决口"}))
        .expect(201);
    let day = reception_day(&app);
    app.by(Staff::Centre)
        .post(format!("{day}/visitors"))
        .json(&json!({"topic": "怎样申请低保", "answer": "到窗口办理"}))
        .expect(201);
    for who in [
        Staff::Leader,
        Staff::Office,
        Staff::Secretary,
        Staff::Centre,
    ] {
        let client = app.by(who);
        let bundle = bundle(&client, &json!({}));
        assert_eq!(
            (&bundle["keep_days"], &bundle["complete"]),
            (&json!(14), &json!(true))
        );
        assert_eq!(bundle["user"], app.user(who));
        let entries = entries(&bundle);
        for (path, entry) in &entries {
            let mut live = client.get(path).expect(200).json();
            let mut kept = entry["body"].clone();
            if path.starts_with("/alerts") {
                // A clock runs on in them.
                for value in [&mut live, &mut kept] {
                    for row in value["items"].as_array_mut().into_iter().flatten() {
                        row["stretches"] = Value::Null;
                    }
                    value["stretches"] = Value::Null;
                }
            }
            assert_eq!(kept, live, "{who:?} {path}");
        }
        let paths: Vec<&str> = entries.keys().map(String::as_str).collect();
        for path in [
            "/me",
            "/org-units",
            "/users/colleagues",
            "/dashboard",
            "/cases?limit=50",
            "/reception-days?from=2026-03-01&to=2026-03-31&limit=200",
        ] {
            assert!(paths.contains(&path), "{who:?} {path}");
        }
        // The day itself for those who note who comes.
        let receives = who != Staff::Secretary;
        assert_eq!(paths.contains(&day.as_str()), receives, "{who:?}");
        for below in [
            "",
            "/actions",
            "/events?limit=200",
            "/attachments?limit=200",
            "/matters",
            "/documents",
        ] {
            assert!(
                paths.contains(&case.path(below).as_str()),
                "{who:?} {below}"
            );
        }
        // Numbers are masked, as they are on the screen.
        let text = bundle.to_string();
        assert!(!text.contains(ID_NUMBER) && !text.contains(PHONE));
        assert!(text.contains("李四"));
    }
}

#[test]
fn each_takes_along_what_they_see_and_nobody_what_is_sealed() {
    let app = TestApp::start();
    let here = app.case().village(VILLAGE).register();
    let there = app.case().village(NEXT_VILLAGE).register();
    let sealed = app
        .case()
        .by(Staff::Office)
        .village(VILLAGE)
        .accuses("芦湾村")
        .register();
    let hidden = app.case().by(Staff::Centre).accuses("镇综治办").register();
    let closed = app.case().village(VILLAGE).accused_free_closed();
    // Nor who came about it.
    let day = reception_day(&app);
    let came = app
        .case()
        .village(VILLAGE)
        .accuses("芦湾村")
        .input()
        .clone();
    let came = app
        .by(Staff::Office)
        .post(format!("{day}/visitors"))
        .json(&json!({ "case": came }))
        .expect(201)
        .json();
    let came = came["case"]["name"].as_str().unwrap();
    for who in Staff::ALL {
        let text = bundle(&app.by(who), &json!({})).to_string();
        let has = |case: &tests::Case<'_>| (text.contains(&case.id), text.contains(&case.number));
        let (first, second) = match who {
            Staff::Leader
            | Staff::OtherLeader
            | Staff::Office
            | Staff::OtherOffice
            | Staff::Centre
            | Staff::OtherCentre => (true, true),
            Staff::Secretary => (true, false),
            Staff::NextSecretary => (false, true),
            _ => (false, false),
        };
        assert_eq!(has(&here), (first, first), "{who:?}");
        assert_eq!(has(&there), (second, second), "{who:?}");
        assert_eq!(has(&sealed), (false, false), "{who:?}");
        assert_eq!(has(&hidden), (false, false), "{who:?}");
        assert!(!text.contains(came), "{who:?}");
        // What has ended is in the ledger's page, not with all that it is made of.
        assert!(
            !text.contains(&format!("{}/events", closed.path(""))),
            "{who:?}"
        );
    }
    app.nobody()
        .post("/sync")
        .json(&json!({}))
        .send()
        .problem("unauthenticated");
    let wrong = app
        .by(Staff::Office)
        .post("/sync")
        .json(&json!({"known": [], "x": 1}));
    wrong.send().problem("bad_request");
}

trait Closed<'a> {
    fn accused_free_closed(self) -> tests::Case<'a>;
}

impl<'a> Closed<'a> for tests::case::CaseBuilder<'a> {
    fn accused_free_closed(self) -> tests::Case<'a> {
        self.register()
            .accepted()
            .dispatched("司法所")
            .taken(Staff::Justice)
            .answered(Staff::Justice)
            .closed()
    }
}

#[test]
fn what_the_phone_has_is_not_sent_again() {
    let app = TestApp::start();
    let one = app.case().village(VILLAGE).register();
    let two = app.case().village(VILLAGE).register();
    let client = app.by(Staff::Secretary);
    let first = bundle(&client, &json!({}));
    assert!(
        entries(&first)
            .values()
            .all(|entry| !entry["body"].is_null())
    );
    let again = bundle(&client, &known(&first));
    assert!(
        entries(&again)
            .values()
            .all(|entry| entry.get("body").is_none())
    );
    assert_eq!(known(&again), known(&first));
    // What has changed comes whole; the rest does not.
    let one = one.then(Staff::Office, "note", json!({"text": "已到现场查看"}));
    let third = bundle(&client, &known(&first));
    let third = entries(&third);
    assert!(!third[&one.path("")]["body"].is_null());
    assert!(
        third[&one.path("/events?limit=200")]["body"]
            .to_string()
            .contains("已到现场查看")
    );
    for below in ["", "/actions", "/events?limit=200", "/matters"] {
        assert!(third[&two.path(below)].get("body").is_none(), "{below}");
    }
    assert!(third["/org-units"].get("body").is_none());
}

#[test]
fn each_case_that_goes_to_a_phone_leaves_a_trace() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let other = app.case().village(NEXT_VILLAGE).register();
    let traces = |case: &tests::Case<'_>| -> Vec<String> {
        let path = format!("/audit?action=case_view&case_id={}", case.id);
        let log = app.by(Staff::Auditor).get(path).expect(200).json();
        let items = log["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["detail"].as_str().unwrap().to_owned())
            .collect()
    };
    let client = app.by(Staff::Secretary);
    let first = bundle(&client, &json!({}));
    assert_eq!(traces(&case), [format!("{}：离线同步", case.number)]);
    assert_eq!(traces(&other), Vec::<String>::new());
    // Nothing goes, no trace.
    bundle(&client, &known(&first));
    assert_eq!(traces(&case).len(), 1);
}

#[test]
fn what_is_theirs_no_more_is_gone() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let client = app.by(Staff::Secretary);
    let first = bundle(&client, &json!({}));
    assert!(entries(&first).contains_key(&case.path("")));
    // Their village is another one now.
    let user = format!("/users/{}", app.user(Staff::Secretary));
    let admin = app.by(Staff::Admin);
    let etag = admin.get(&user).expect(200).etag();
    let change = json!({"unit_id": app.unit(NEXT_VILLAGE)});
    admin.patch(&user).if_match(etag).json(&change).expect(200);
    let session = app.sign_in(Staff::Secretary).expect(200).json();
    let client = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let after = bundle(&client, &known(&first));
    assert!(!after.to_string().contains(&case.id));
    assert_eq!(after["entries"][0]["path"], "/me");
    assert_eq!(
        after["entries"][0]["body"]["actor"]["village_id"],
        app.unit(NEXT_VILLAGE)
    );

    // An open case that turns out to be an accusation goes from the phones of those who still see it.
    let office = app.by(Staff::Office);
    let before = bundle(&office, &json!({}));
    assert!(entries(&before).contains_key(&case.path("")));
    let seal = json!({"purpose": "accusation", "accused_unit_id": app.unit("芦湾村")});
    office
        .patch(case.path(""))
        .if_match(app.etag(&case.id, Staff::Office))
        .json(&seal)
        .expect(200);
    office.get(case.path("")).expect(200);
    assert!(
        !bundle(&office, &known(&before))
            .to_string()
            .contains(&case.id)
    );
}

#[test]
fn a_bundle_has_a_hundred_cases_and_what_is_due_first() {
    let app = TestApp::start();
    let first = app.case().received("2026-01-05").register();
    for _ in 0..100 {
        app.case().cause(&"长".repeat(1500)).register();
    }
    let bundle1 = bundle(&app.by(Staff::Office), &json!({}));
    let whole = |bundle: &Value| {
        let entries = entries(bundle);
        let cases = entries.keys().filter(|path| path.ends_with("/actions"));
        cases.count()
    };
    assert!(entries(&bundle1).contains_key(&first.path("")));
    assert!(bundle1.to_string().len() < 2_300_000);
    // What did not fit comes with the next ones.
    let mut last = bundle1;
    let mut rounds = 1;
    while last["complete"] == false {
        last = bundle(&app.by(Staff::Office), &known(&last));
        rounds += 1;
        assert!(rounds < 10);
    }
    assert_eq!(whole(&last), 100);
    assert!(rounds > 1);
}
