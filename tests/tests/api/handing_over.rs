//! Handing over what somebody still has to do: listed first, then moved in one transaction.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Answer, Case, Staff, TestApp};

fn duties_of(app: &TestApp, who: Staff) -> Value {
    let path = format!("/users/{}/duties", app.user(who));
    app.by(Staff::Admin).get(path).expect(200).json()["duties"].clone()
}

/// `kind count` of each.
fn counts(duties: &Value) -> Vec<String> {
    let line = |duty: &Value| format!("{} {}", duty["kind"].as_str().unwrap(), duty["count"]);
    duties.as_array().unwrap().iter().map(line).collect()
}

fn hand_over(app: &TestApp, from: Staff, to: Staff, kinds: Option<&[&str]>) -> Answer {
    let path = format!("/users/{}/duties/hand-over", app.user(from));
    let mut input = json!({"successor_id": app.user(to)});
    if let Some(kinds) = kinds {
        input["kinds"] = json!(kinds);
    }
    app.by(Staff::Admin).post(path).json(&input).send()
}

/// Makes a leader answer for all that a leader can answer for.
fn busy_leader(app: &TestApp) -> (String, String) {
    let admin = app.by(Staff::Admin);
    let leader = app.user(Staff::Leader);
    for name in [VILLAGE, "五里墩村/1社"] {
        let path = format!("/org-units/{}", app.unit(name));
        let etag = admin.get(&path).expect(200).etag();
        let named = json!({"lead_user_id": leader});
        admin.patch(&path).if_match(etag).json(&named).expect(200);
    }
    let lead = json!({"user_id": leader});
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.then(Staff::Office, "set_lead", lead.clone());
    // A closed one is nobody's duty any more.
    let closed = app.case().village(VILLAGE).register().accepted();
    closed
        .dispatched(VILLAGE)
        .taken(Staff::Secretary)
        .then(Staff::Office, "set_lead", lead)
        .answered(Staff::Secretary)
        .closed();
    let mut visit = json!({
        "kind": "household", "on": tests::base::TODAY, "village_id": app.unit(VILLAGE),
        "place": "三号井旁", "heard": "渠水不够",
    });
    visit["promises"] = json!([
        {"what": "清淤", "due_on": "2026-03-20", "user_id": leader},
        {"what": "修闸", "due_on": "2026-03-25", "unit_id": app.unit(VILLAGE)},
    ]);
    let visit = app.by(Staff::Secretary).post("/visits").json(&visit);
    let visit = visit.expect(201).json()["id"].as_str().unwrap().to_owned();
    for (on, leader, staff) in [
        ("2026-03-19", Staff::Leader, Staff::OtherLeader),
        ("2026-03-26", Staff::OtherOffice, Staff::Leader),
    ] {
        let leads = if leader == Staff::Leader {
            Staff::Leader
        } else {
            Staff::OtherLeader
        };
        let day = json!({
            "on": on, "from": "09:00", "to": "11:30", "place": "镇信访接待室",
            "leader_id": app.user(leads), "staff": [app.user(staff)],
        });
        app.by(Staff::Office)
            .post("/reception-days")
            .json(&day)
            .expect(201);
    }
    (case.id, visit)
}

#[test]
fn what_a_leader_still_has_to_do_is_listed_and_moved_at_once() {
    let app = TestApp::start();
    assert_eq!(duties_of(&app, Staff::Leader), json!([]));
    let (case, visit) = busy_leader(&app);
    let before = duties_of(&app, Staff::Leader);
    assert_eq!(
        counts(&before),
        [
            "unit_lead 2",
            "case_lead 1",
            "promise 1",
            "reception_leader 1",
            "reception_staff 1"
        ]
    );
    assert_eq!(before[0]["items"], json!([VILLAGE, "五里墩村1社"]));
    assert_eq!(before[3]["items"], json!(["2026-03-19"]));
    // The administrator sees no case content, not even a number.
    let path = format!("/users/{}/duties", app.user(Staff::Leader));
    let text = app.by(Staff::Admin).get(&path).expect(200).text();
    assert!(!text.contains("平川信") && !text.contains("清淤"), "{text}");

    let done = hand_over(&app, Staff::Leader, Staff::OtherLeader, None)
        .expect(200)
        .json();
    assert_eq!(counts(&done["moved"]), counts(&before));
    assert_eq!(done["left"], json!([]));
    assert_eq!(duties_of(&app, Staff::Leader), json!([]));
    // Not beside himself on the day that he leads.
    assert_eq!(
        counts(&duties_of(&app, Staff::OtherLeader)),
        [
            "unit_lead 2",
            "case_lead 1",
            "promise 1",
            "reception_leader 2"
        ]
    );
    let office = app.by(Staff::Office);
    let view = office.get(format!("/cases/{case}")).expect(200).json();
    assert_eq!(view["lead"]["name"], "钱卫东");
    let events = office.get(format!("/cases/{case}/events")).expect(200);
    let text = events.text();
    assert!(
        text.contains("包案领导由赵建国改为钱卫东（工作交接）"),
        "{text}"
    );
    let visit = office.get(format!("/visits/{visit}")).expect(200).json();
    assert_eq!(visit["promises"][0]["user"]["name"], "钱卫东");
    let days = office.get("/reception-days?from=2026-03-19").expect(200);
    let days = days.json()["items"].clone();
    assert_eq!(
        (&days[0]["leader"]["name"], &days[0]["instead_of"]["name"]),
        (&json!("钱卫东"), &json!("赵建国"))
    );
    let notices = app.by(Staff::OtherLeader).get("/notifications").expect(200);
    assert!(notices.text().contains("赵建国的工作交给您了"));
    let audit = |action: &str| {
        let path = format!("/audit?action={action}");
        app.by(Staff::Auditor).get(path).expect(200).text()
    };
    assert!(audit("user_write").contains("“赵建国”的工作交接给“钱卫东”"));
    assert!(audit("org_write").contains("包村领导、包社干部由赵建国改为钱卫东"));
    assert!(audit("case_write").contains("工作交接"));
}

/// A package, a person in charge, contact: each to whom it fits, and nothing where one does not.
#[test]
fn nothing_moves_where_the_successor_does_not_fit() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.then(
        Staff::Office,
        "dispatch",
        json!({"unit_id": app.unit(VILLAGE), "user_id": app.user(Staff::Secretary)}),
    );
    let case = case.taken(Staff::Secretary);
    let contact = json!({
        "person": case.person(0), "text": "反映多年", "purposes": ["help"],
        "rhythm_days": 14, "user_id": app.user(Staff::Secretary), "review_on": "2026-06-01",
    });
    case.open(Staff::Office, "contacts", &contact);
    let before = duties_of(&app, Staff::Secretary);
    assert_eq!(counts(&before), ["case_responsible 1", "contact 1"]);

    let refuse = |to: Staff, kinds: Option<&[&str]>| {
        let answer = hand_over(&app, Staff::Secretary, to, kinds);
        assert_eq!(answer.invalid_fields(), ["successor_id:does_not_fit"]);
        assert_eq!(duties_of(&app, Staff::Secretary), before);
        let events = app.by(Staff::Office).get(case.path("/events")).expect(200);
        assert!(!events.text().contains("工作交接"));
    };
    refuse(Staff::Auditor, None);
    refuse(Staff::NextSecretary, None);
    // Of another unit than the one that answers for it; the contact would fit.
    refuse(Staff::Office, None);
    let done = hand_over(&app, Staff::Secretary, Staff::Office, Some(&["contact"]))
        .expect(200)
        .json();
    assert_eq!(counts(&done["moved"]), ["contact 1"]);
    assert_eq!(counts(&done["left"]), ["case_responsible 1"]);
    let matters = case.matters(Staff::Office);
    assert!(
        matters.to_string().contains("孙立新"),
        "the contact's new person: {matters}"
    );

    // A successor of the unit takes the case.
    let user = json!({
        "username": "xinshuji", "name": "新书记", "role": "village_secretary",
        "unit_id": app.unit(VILLAGE),
    });
    let made = app.by(Staff::Admin).post("/users").json(&user).expect(201);
    let new = made.json()["user"]["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{}/duties/hand-over", app.user(Staff::Secretary));
    let input = json!({"successor_id": new});
    app.by(Staff::Admin).post(path).json(&input).expect(200);
    let view = case.seen_by(Staff::Office).json();
    assert_eq!(view["responsible_user"]["name"], "新书记");
}

#[test]
fn the_package_goes_with_its_leader() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    let opening = json!({
        "leader_id": app.user(Staff::Leader),
        "team": [{"unit_id": app.unit(VILLAGE), "person": "周永福"}],
    });
    let package = case.open(Staff::Office, "packages", &opening);
    hand_over(&app, Staff::Leader, Staff::OtherLeader, None).expect(200);
    let view = package.seen_by(Staff::Office).json();
    assert_eq!(view["title"], "钱卫东包案化解");
    let case: Case = case;
    assert_eq!(case.seen_by(Staff::Office).json()["lead"]["name"], "钱卫东");
    assert_eq!(duties_of(&app, Staff::Leader), json!([]));
}

/// Of accusations not even the number of them is told; they move where the successor may know of them,
/// and else nobody is named.
#[test]
fn accusations_are_not_counted_and_never_reach_whom_they_accuse() {
    let app = TestApp::start();
    let accusation = |accused: &str| {
        let case = app.case().village(VILLAGE).accuses(accused).register();
        let case = case.accepted();
        let given = json!({"unit_id": app.unit("司法所"), "user_id": app.user(Staff::Justice)});
        case.then(Staff::Office, "dispatch", given).id
    };
    let (one, other) = (accusation("四坝村"), accusation("派出所"));
    assert_eq!(duties_of(&app, Staff::Justice), json!([]));
    let user = json!({
        "username": "sifasuo2", "name": "新司法", "role": "justice_office",
        "unit_id": app.unit("司法所"),
    });
    let made = app.by(Staff::Admin).post("/users").json(&user).expect(201);
    let new = made.json()["user"]["id"].clone();
    let give = |to: &Value| {
        let path = format!("/users/{}/duties/hand-over", app.user(Staff::Justice));
        let call = app.by(Staff::Admin).post(path);
        call.json(&json!({"successor_id": to})).expect(200)
    };
    let done = give(&new);
    assert_eq!(done.json()["moved"], json!([]));
    assert!(!done.text().contains('密'));
    let responsible = |id: &str| {
        let view = app.by(Staff::Office).get(format!("/cases/{id}"));
        view.expect(200).json()["responsible_user"].clone()
    };
    assert_eq!(responsible(&one)["name"], "新司法");
    assert_eq!(responsible(&other)["name"], "新司法");
    // Back to somebody of an accused unit: the one against it names nobody, and tells nobody.
    let back = json!(app.user(Staff::Police));
    let path = format!("/users/{}/duties/hand-over", new.as_str().unwrap());
    let call = app.by(Staff::Admin).post(path);
    let answer = call.json(&json!({"successor_id": back})).expect(200);
    assert!(!answer.text().contains('密'));
    assert_eq!(responsible(&other), Value::Null);
    let police = app.by(Staff::Police);
    police
        .get(format!("/cases/{other}"))
        .send()
        .problem("not_found");
    let told = police.get("/notifications").expect(200).text();
    assert!(!told.contains("交给您"), "{told}");
}

#[test]
fn only_the_administrator_hands_over_and_only_within_the_township() {
    let app = TestApp::start();
    let path = format!("/users/{}/duties", app.user(Staff::Leader));
    for who in [Staff::Leader, Staff::Office, Staff::Auditor] {
        app.by(who).get(&path).send().problem("forbidden");
    }
    let admin = app.by(Staff::Admin);
    admin.get("/users/none/duties").send().problem("not_found");
    for (input, wrong) in [
        (json!({"successor_id": ""}), "successor_id:required"),
        (json!({"successor_id": "none"}), "successor_id:unknown"),
        (
            json!({"successor_id": app.user(Staff::Leader)}),
            "successor_id:same",
        ),
        (
            json!({"successor_id": app.user(Staff::Office), "kinds": []}),
            "kinds:required",
        ),
    ] {
        let call = admin.post(format!("{path}/hand-over")).json(&input);
        assert_eq!(call.send().invalid_fields(), [wrong]);
    }
    // A disabled user takes nothing over.
    let office = format!("/users/{}", app.user(Staff::OtherOffice));
    let etag = admin.get(&office).expect(200).etag();
    let disable = admin.patch(&office).if_match(etag);
    disable.json(&json!({"disabled": true})).expect(200);
    let answer = hand_over(&app, Staff::Leader, Staff::OtherOffice, None);
    assert_eq!(answer.invalid_fields(), ["successor_id:unknown"]);
}
