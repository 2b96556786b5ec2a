//! Answers that wait for somebody to ask: which, for whom, with what to mind; and none once it is rated.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

fn list(app: &TestApp, who: Staff) -> Value {
    app.by(who).get("/follow-ups?limit=200").expect(200).json()
}

fn numbers(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    let numbers = items.map(|item| item["case"]["name"].as_str().unwrap().to_owned());
    let numbers: Vec<String> = numbers.collect();
    assert_eq!(list["total"], numbers.len());
    numbers
}

fn answered<'a>(app: &'a TestApp, day: &str, unit: &str, who: Staff) -> Case<'a> {
    app.case()
        .by(Staff::Centre)
        .village(VILLAGE)
        .received(day)
        .register()
        .accepted()
        .dispatched(unit)
        .taken(who)
        .answered(who)
}

#[test]
fn each_waits_until_it_is_rated_by_somebody_who_may() {
    let app = TestApp::start();
    let by_police = answered(&app, "2026-03-02", "派出所", Staff::Police);
    let by_office = answered(&app, "2026-03-03", "镇综治办", Staff::Office);
    app.case().village(VILLAGE).register().accepted();
    let closed = answered(&app, "2026-03-04", "派出所", Staff::Police).closed();
    // The window asks about all that it registered; the office not about its own answer.
    let all = numbers(&list(&app, Staff::Centre));
    for case in [&by_police, &by_office, &closed] {
        assert!(all.contains(&case.number), "{all:?}");
    }
    assert_eq!(all.len(), 3);
    let office = numbers(&list(&app, Staff::Office));
    assert!(!office.contains(&by_office.number), "{office:?}");
    assert_eq!(office.len(), 2);
    // Just as the case itself says.
    for who in [
        Staff::Centre,
        Staff::Office,
        Staff::Leader,
        Staff::OtherCentre,
    ] {
        let told = numbers(&list(&app, who));
        for case in [&by_police, &by_office, &closed] {
            let view = app.by(who).get(case.path("/satisfaction")).send();
            let allowed = view.status == 200 && view.json()["allowed"] == true;
            assert_eq!(
                told.contains(&case.number),
                allowed,
                "{who:?} {}",
                case.number
            );
        }
    }
    let item = list(&app, Staff::Centre)["items"][0].clone();
    assert_eq!((&item["call"], &item["care"]), (&json!(true), &json!([])));
    // Nobody is named, no number is shown.
    let text = app.by(Staff::Centre).get("/follow-ups").expect(200).text();
    assert!(!text.contains("张三"), "{text}");
    // Rated from the list, with the version that it gives.
    let row = list(&app, Staff::Centre)["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["case"]["id"] == by_police.id.as_str())
        .cloned()
        .unwrap();
    let rating = json!({"rating": "declined", "way": "call"});
    let call = app.by(Staff::Centre).post(by_police.path("/satisfaction"));
    let call = call.if_match(format!("\"{}\"", row["version"]));
    call.json(&rating).expect(201);
    assert_eq!(numbers(&list(&app, Staff::Centre)).len(), 2);
    assert_eq!(numbers(&list(&app, Staff::Office)).len(), 1);
    for who in [
        Staff::Police,
        Staff::Secretary,
        Staff::Justice,
        Staff::Auditor,
        Staff::Admin,
    ] {
        app.by(who).get("/follow-ups").send().problem("forbidden");
    }
    let call = app.by(Staff::Office).get("/follow-ups?limit=0");
    assert_eq!(call.send().invalid_fields(), ["limit:out_of_range"]);
    app.by(Staff::Office)
        .get("/follow-ups?who=x")
        .send()
        .problem("bad_request");
}

#[test]
fn how_they_are_to_be_reached_is_minded() {
    let app = TestApp::start();
    let case = app
        .case()
        .by(Staff::Centre)
        .set(
            "people",
            json!([{
                "role": "petitioner", "name": "钱五", "phone": tests::case::PHONE,
                "contact_hours": "晚上七点后", "do_not_call": true, "neutral_wording": true,
            }]),
        )
        .register()
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police);
    let list = list(&app, Staff::Centre);
    let item = &list["items"][0];
    assert_eq!(item["case"]["name"], case.number.as_str());
    assert_eq!(item["call"], false);
    let care = item["care"][0].as_str().unwrap();
    for words in ["不打电话", "晚上七点后", "中性措辞"] {
        assert!(care.contains(words), "{care}");
    }
    // Nobody can say that they were called all the same.
    let rate = |way: &str| {
        let call = app.by(Staff::Centre).post(case.path("/satisfaction"));
        let call = call.if_match(format!("\"{}\"", item["version"]));
        call.json(&json!({"rating": "satisfied", "way": way}))
    };
    assert_eq!(
        rate("call").send().invalid_fields(),
        ["way:not_to_be_called"]
    );
    rate("in_person").expect(201);
}

#[test]
fn pages_and_what_is_sealed() {
    let app = TestApp::start();
    for day in ["2026-03-02", "2026-03-03", "2026-03-04"] {
        answered(&app, day, "派出所", Staff::Police);
    }
    // An accusation against the office: only its registrar may know of it.
    app.case().accuses("镇综治办").register();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/follow-ups?limit=1{cursor}");
        let page = app.by(Staff::Centre).get(path).expect(200).json();
        assert_eq!(page["total"], 3);
        seen.push(page["items"][0]["case"]["id"].clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3);
    seen.sort_by_key(|id| id.to_string());
    seen.dedup();
    assert_eq!(seen.len(), 3);
}
