//! Corrections of the working-day calendar: used by every clock, explained in the cases.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Answer, Case, Staff, TestApp};

fn declare(app: &TestApp, from: &str, to: Option<&str>, worked: bool) -> Answer {
    let input = json!({
        "from": from, "to": to, "worked": worked, "source": "县政府办通知（2026）3号",
    });
    let call = app.by(Staff::Admin).post("/settings/workdays");
    call.json(&input).send()
}

/// The date of a case's next clock.
fn due(case: &Case) -> String {
    let view = case.seen_by(Staff::Office).json();
    let clocks = view["clocks"].as_array().unwrap();
    let running = clocks.iter().filter(|clock| clock["met_on"].is_null());
    let dates = running.map(|clock| clock["due"].as_str().unwrap().to_owned());
    dates.min().unwrap()
}

fn listed_due(app: &TestApp, case: &Case) -> Value {
    let page = app.list(Staff::Office, &[("q", case.number.as_str())]);
    page["items"][0]["due_on"].clone()
}

#[test]
fn a_declared_day_counts_in_every_clock_and_the_case_says_why() {
    let app = TestApp::start();
    // Three working days from Tuesday 10 March.
    let simple = app
        .case()
        .village(VILLAGE)
        .set("procedure", "simple")
        .register();
    assert_eq!(due(&simple), "2026-03-13");
    // Five working days to object to a transfer; acceptance counts calendar days.
    let plain = app.case().village(VILLAGE).register();
    let before = due(&plain);
    let listed = listed_due(&app, &simple);

    let changed = declare(&app, "2026-03-12", None, false).expect(200).json();
    assert_eq!(changed["cases"], 1);
    let day = &changed["workdays"]["corrections"][0];
    assert_eq!(
        (&day["day"], &day["worked"], &day["by"]),
        (&json!("2026-03-12"), &json!(false), &json!("韩管理"))
    );
    assert_eq!(due(&simple), "2026-03-16", "over the weekend");
    assert_ne!(listed_due(&app, &simple), listed);
    assert_eq!(due(&plain), before);
    let events = |case: &Case| {
        let answer = app.by(Staff::Office).get(case.path("/events"));
        answer.expect(200).text()
    };
    let words = "工作日更正：2026-03-12按休息日计（县政府办通知（2026）3号），下一期限由2026-03-13改为2026-03-16";
    assert!(events(&simple).contains(words), "{}", events(&simple));
    assert!(!events(&plain).contains("工作日更正"));

    // A Saturday that is worked.
    let changed = declare(&app, "2026-03-14", None, true).expect(200).json();
    assert_eq!(changed["cases"], 1);
    assert_eq!(due(&simple), "2026-03-14");
    // Cases that come now are counted by it, too.
    let later = app
        .case()
        .village(VILLAGE)
        .set("procedure", "simple")
        .register();
    assert_eq!(due(&later), "2026-03-14");

    // Taken back: as the State Council has it.
    let admin = app.by(Staff::Admin);
    for day in ["2026-03-12", "2026-03-14"] {
        admin
            .delete(format!("/settings/workdays/{day}"))
            .expect(200);
    }
    assert_eq!(
        (due(&simple), due(&later)),
        ("2026-03-13".into(), "2026-03-13".into())
    );
    assert!(events(&simple).contains("撤销更正"));
    let list = app.by(Staff::Centre).get("/settings/workdays").expect(200);
    assert_eq!(list.json()["corrections"], json!([]));
    let audit = app.by(Staff::Auditor).get("/audit?action=setting_write");
    let text = audit.expect(200).text();
    assert!(text.contains("工作日更正：2026-03-12按休息日计"), "{text}");
}

#[test]
fn an_orders_objection_and_reminders_follow_the_calendar() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let case = case.transferred("司法所");
    let objection = |case: &Case| {
        let view = case.seen_by(Staff::Justice).json();
        let clocks = view["clocks"].as_array().unwrap();
        let clock = clocks
            .iter()
            .find(|clock| clock["kind"] == "transfer_objection");
        clock.unwrap()["due"].clone()
    };
    assert_eq!(objection(&case), "2026-03-17");
    declare(&app, "2026-03-11", Some("2026-03-13"), false).expect(200);
    assert_eq!(objection(&case), "2026-03-20");
    // The app works dates out by the same days.
    let me = app.by(Staff::Office).get("/me").expect(200).json();
    assert_eq!(
        me["workdays"],
        json!([
            {"day": "2026-03-11", "worked": false},
            {"day": "2026-03-12", "worked": false},
            {"day": "2026-03-13", "worked": false}
        ])
    );
    // A roster of reception days keeps clear of them.
    let rule = json!({
        "from_on": "2026-03-11", "to_on": "2026-03-20", "weekday": 4, "from": "09:00",
        "to": "11:30", "place": "镇信访接待室", "leaders": [app.user(Staff::Leader)],
    });
    let made = app.by(Staff::Office).post("/reception-days/roster");
    let made = made.json(&rule).expect(200).json();
    assert_eq!(
        made["moved"],
        json!([{"from": "2026-03-12", "to": "2026-03-16"}])
    );
}

/// Of a sealed accusation the administrator hears nothing, not even that there is one.
#[test]
fn sealed_cases_are_counted_anew_but_not_told_of() {
    let app = TestApp::start();
    let sealed = app
        .case()
        .village(VILLAGE)
        .set("procedure", "simple")
        .accuses("四坝村")
        .register();
    let changed = declare(&app, "2026-03-12", None, false).expect(200);
    assert_eq!(changed.json()["cases"], 0);
    assert!(!changed.text().contains('密'));
    assert_eq!(due(&sealed), "2026-03-16");
}

#[test]
fn what_is_no_correction_is_told() {
    let app = TestApp::start();
    for (from, to, worked, wrong) in [
        ("2026-03-12", None, true, "worked:unchanged"),
        ("2026-03-14", Some("2026-03-15"), false, "worked:unchanged"),
        ("2026-03-12", Some("2026-03-11"), false, "to:before_start"),
        ("2026-03-12", Some("2026-04-12"), false, "to:too_long"),
        ("2020-01-01", None, true, "from:out_of_range"),
        ("2036-01-01", None, false, "from:out_of_range"),
    ] {
        let answer = declare(&app, from, to, worked);
        assert_eq!(answer.invalid_fields(), [wrong], "{from} {to:?}");
    }
    let input = json!({"from": "2026-03-12", "worked": false, "source": " "});
    let call = app.by(Staff::Admin).post("/settings/workdays");
    assert_eq!(
        call.json(&input).send().invalid_fields(),
        ["source:required"]
    );
    let admin = app.by(Staff::Admin);
    for day in ["2026-03-12", "heute"] {
        admin
            .delete(format!("/settings/workdays/{day}"))
            .send()
            .problem("not_found");
    }
    for who in [Staff::Leader, Staff::Office, Staff::Auditor] {
        let input = json!({"from": "2026-03-12", "worked": false, "source": "通知"});
        let call = app.by(who).post("/settings/workdays");
        call.json(&input).send().problem("forbidden");
    }
    // A span of which some days are free anyhow: only the others are kept.
    let changed = declare(&app, "2026-03-13", Some("2026-03-16"), false).expect(200);
    let days = changed.json()["workdays"]["corrections"].clone();
    let days: Vec<&str> = days
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["day"].as_str().unwrap())
        .collect();
    assert_eq!(days, ["2026-03-13", "2026-03-16"]);
    // Declared otherwise, a correction goes.
    let back = declare(&app, "2026-03-13", None, true).expect(200).json();
    assert_eq!(back["workdays"]["corrections"].as_array().unwrap().len(), 1);
}
