//! Provisional receipts: which case became of the number that a phone gave out.

use chrono::NaiveDate;
use serde_json::{Value, json};
use shared::ids::UserId;
use shared::receipt::Provisional;
use tests::app::with_query;
use tests::staff::VILLAGE;
use tests::{Staff, TestApp};

fn number(app: &TestApp, chance: u32) -> String {
    let user = UserId::from(app.user(Staff::Secretary));
    let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    Provisional::make(&user, day, chance).as_str().to_owned()
}

#[test]
fn a_provisional_number_leads_to_the_final_one() {
    let app = TestApp::start();
    let number = number(&app, 7);
    let case = app
        .case()
        .by(Staff::Secretary)
        .village(VILLAGE)
        .set("provisional_number", number.as_str())
        .set("recorded_at", "2026-03-01T23:00:00Z")
        .register();
    let plain: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
    for written in [number.clone(), plain.clone(), plain.to_lowercase()] {
        let found = app.by(Staff::Secretary).get(format!("/receipts/{written}"));
        let found = found.expect(200).json();
        assert_eq!(found["provisional_number"], number);
        assert_eq!(
            (&found["number"], &found["case_id"]),
            (&json!(case.number), &json!(case.id))
        );
        assert_eq!(found["recorded_at"], "2026-03-01T23:00:00Z");
    }
    // The case names it for whoever may see the case, and so does the receipt that follows; the
    // ledger finds the case by it.
    for who in [Staff::Office, Staff::Secretary, Staff::Office] {
        let view = app.by(who).get(case.path("")).expect(200).json();
        assert_eq!(view["provisional_number"], number);
    }
    let receipt = app
        .by(Staff::Office)
        .get(case.path("/receipt"))
        .expect(200)
        .json();
    assert_eq!(receipt["provisional_number"], number);
    assert_eq!(
        app.found(Staff::Office, &[("provisional", &plain)]),
        std::slice::from_ref(&case.number)
    );
    assert_eq!(
        app.found(Staff::Office, &[("q", &number)]),
        std::slice::from_ref(&case.number)
    );
    assert_eq!(
        app.found(Staff::NextSecretary, &[("q", &number)]),
        Vec::<String>::new()
    );
    let other = app.case().register();
    let view = app.by(Staff::Office).get(other.path("")).expect(200).json();
    assert_eq!(view["provisional_number"], Value::Null);
    let receipt = app
        .by(Staff::Office)
        .get(other.path("/receipt"))
        .expect(200)
        .json();
    assert_eq!(receipt["provisional_number"], Value::Null);
}

#[test]
fn a_typo_is_told_and_what_is_not_there_is_not() {
    let app = TestApp::start();
    // One whose last two characters differ: swapping them is to be a typo.
    let differ = |number: &String| {
        let mut last = number.chars().rev();
        last.next() != last.next()
    };
    let number = (7..).map(|chance| number(&app, chance)).find(differ);
    let number = number.unwrap();
    let office = app.by(Staff::Office);
    office
        .get(format!("/receipts/{number}"))
        .send()
        .problem("not_found");
    let mut wrong: Vec<char> = number.chars().collect();
    let last = wrong.len() - 1;
    wrong.swap(last, last - 1);
    let wrong: String = wrong.into_iter().collect();
    assert_ne!(wrong, number);
    for (written, code) in [(wrong.as_str(), "check_character"), ("123", "malformed")] {
        let problem = office
            .get(format!("/receipts/{written}"))
            .send()
            .problem("invalid_fields");
        assert_eq!(problem.errors[0].code, code);
        let list = office
            .get(with_query("/cases", &[("provisional", written)]))
            .send();
        assert_eq!(
            list.problem("invalid_fields").errors[0].field,
            "provisional"
        );
        let case = app.case().set("provisional_number", written).send();
        assert_eq!(
            case.problem("invalid_fields").errors[0].field,
            "provisional_number"
        );
    }
}

#[test]
fn a_number_is_one_cases_and_sent_twice_it_is_one_case() {
    let app = TestApp::start();
    let number = number(&app, 7);
    let case = app
        .case()
        .set("provisional_number", number.as_str())
        .key("phone-1");
    let first = case.send().expect(201);
    let again = case.send().expect(201);
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(first.json()["provisional_number"], number);
    let problem = case.key("phone-2").send().problem("invalid_fields");
    assert_eq!(problem.errors[0].field, "provisional_number");
    assert_eq!(problem.errors[0].code, "duplicate");
    // Nothing is left of the second, not even a number.
    assert_eq!(app.found(Staff::Office, &[]).len(), 1);
    let next = app.case().register();
    assert!(next.number.ends_with("00002号"), "{}", next.number);
}

#[test]
fn it_is_found_by_those_who_see_the_case() {
    let app = TestApp::start();
    let (open, sealed) = (number(&app, 1), number(&app, 2));
    app.case()
        .village(VILLAGE)
        .set("provisional_number", open.as_str())
        .register();
    app.case()
        .by(Staff::Office)
        .village(VILLAGE)
        .accuses(VILLAGE)
        .set("provisional_number", sealed.as_str())
        .register();
    let status =
        |who: Staff, number: &str| app.by(who).get(format!("/receipts/{number}")).send().status;
    for (who, expected) in [
        (Staff::Office, (200, 200)),
        (Staff::Leader, (200, 200)),
        (Staff::Secretary, (200, 404)),
        (Staff::NextSecretary, (404, 404)),
        (Staff::Police, (404, 404)),
        (Staff::Auditor, (403, 403)),
        (Staff::Admin, (403, 403)),
    ] {
        assert_eq!(
            (status(who, &open), status(who, &sealed)),
            expected,
            "{who:?}"
        );
    }
}
