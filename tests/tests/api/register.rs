//! Registering: numbers, checks, idempotency, versions.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Case, CaseBuilder, Staff, TestApp};

#[test]
fn a_case_is_registered_and_can_be_read_again() {
    let app = TestApp::start();
    let answer = app
        .case()
        .village(VILLAGE)
        .set("group_id", app.unit("五里墩村/3社"))
        .set("cause", "  土地流转费两年未兑付 ")
        .set("demand", "本月内兑付")
        .set("occurred_text", "2024年春")
        .set("place", "3社东头")
        .set("severity", "grave")
        .received("2026-03-05")
        .send()
        .expect(201);
    let view = answer.json();
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/cases/{}", view["id"].as_str().unwrap())
    );
    assert_eq!(answer.etag(), "\"1\"");
    assert_eq!(view["number"], "平川信〔2026〕00001号");
    assert_eq!(view["state"], "registered");
    assert_eq!(view["cause_full"], "土地流转费两年未兑付");
    assert_eq!(view["village"]["name"], VILLAGE);
    assert_eq!(view["group"]["name"], "3社");
    assert_eq!(view["petitioner"], "张三");
    assert_eq!(view["registrar"]["id"], app.user(Staff::Centre));
    assert_eq!(view["first_receiver"]["id"], app.user(Staff::Centre));
    assert_eq!(
        (&view["collective"], &view["first"], &view["sealed"]),
        (&json!(false), &json!(true), &json!(false))
    );
    // Back-dated: the clock counts from the day of receipt, the day of entry is kept.
    assert_eq!(view["received_on"], "2026-03-05");
    assert!(
        view["entered_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-10T02:00")
    );
    assert_eq!(view["due_on"], "2026-03-20");
    let clock = &view["clocks"][0];
    assert_eq!(
        (&clock["kind"], &clock["due"]),
        (&json!("acceptance"), &json!("2026-03-20"))
    );
    assert!(clock["basis"].as_str().unwrap().contains("信访工作条例"));

    let again = app
        .nobody()
        .with_token(app.by(Staff::Centre).token().unwrap());
    let again = again.call("GET", answer.header("location")).expect(200);
    assert_eq!(again.etag(), "\"1\"");
    assert_eq!(again.json(), view);

    let events = app
        .by(Staff::Centre)
        .get(format!("/cases/{}/events", view["id"].as_str().unwrap()));
    let events = events.expect(200).json();
    assert_eq!(events["total"], 1);
    assert_eq!(events["items"][0]["kind"], "registered");
    assert_eq!(events["items"][0]["on"], "2026-03-05");
    assert_eq!(events["items"][0]["actor"]["name"], "卫小燕");
    assert_eq!(events["items"][0]["actor_unit"], "便民服务中心");
}

/// The counts of a series of numbers, in order, as a leader sees them.
fn counts(app: &TestApp, series: &str) -> Vec<u32> {
    let rows = app.walk(Staff::Leader, 200, &[("sort", "number")]);
    let count = |row: &Value| {
        let rest = row["number"].as_str().unwrap().strip_prefix(series)?;
        Some(rest.strip_suffix("号").unwrap().parse().unwrap())
    };
    rows.iter().filter_map(count).collect()
}

/// 编号连续：没有空号，没有重号, whoever registers at once and whatever fails in between.
#[test]
fn numbers_have_no_gaps_and_no_duplicates() {
    const CLIENTS: usize = 16;
    const EACH: usize = 6;
    let app = TestApp::start();
    let registrars = [
        Staff::Centre,
        Staff::OtherCentre,
        Staff::Office,
        Staff::Leader,
    ];
    let numbers: Vec<String> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (app, who) = (&app, registrars[client % registrars.len()]);
                scope.spawn(move || {
                    let mut numbers = Vec::new();
                    for _ in 0..EACH {
                        numbers.push(app.case().by(who).register().number);
                        app.case().by(who).set("people_count", 0).send().expect(422);
                        app.case().by(who).set("village_id", "x").send().expect(422);
                    }
                    numbers
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(distinct.len(), CLIENTS * EACH);
    let expected: Vec<u32> = (1..=(CLIENTS * EACH) as u32).collect();
    assert_eq!(counts(&app, "平川信〔2026〕"), expected);
}

#[test]
fn each_year_and_each_seal_has_its_own_series() {
    let app = TestApp::start();
    let number = |builder: CaseBuilder| builder.register().number;
    assert_eq!(number(app.case()), "平川信〔2026〕00001号");
    assert_eq!(
        number(app.case().received("2025-12-31")),
        "平川信〔2025〕00001号"
    );
    assert_eq!(number(app.case().accuses(VILLAGE)), "平川检〔2026〕00001号");
    assert_eq!(
        number(app.case().accuses("镇综治办")),
        "平川密〔2026〕00001号"
    );
    assert_eq!(
        number(app.case().received("2025-01-01")),
        "平川信〔2025〕00002号"
    );
    assert_eq!(number(app.case()), "平川信〔2026〕00002号");
    assert_eq!(
        number(app.case().accuses("派出所")),
        "平川检〔2026〕00002号"
    );
}

#[test]
fn what_is_wrong_is_named_field_by_field() {
    let app = TestApp::start();
    let case = || app.case();
    let table: Vec<(CaseBuilder, &[&str])> = vec![
        (case().cause(" "), &["cause:required"]),
        (case().cause(&"字".repeat(4001)), &["cause:too_long"]),
        (case().set("demand", "字".repeat(4001)), &["demand:too_long"]),
        (case().set("place", "字".repeat(201)), &["place:too_long"]),
        (case().received("2026-03-11"), &["received_on:in_future"]),
        (case().received("1999-12-31"), &["received_on:too_early"]),
        (case().set("occurred_on", "2026-03-11"), &["occurred_on:after_received"]),
        (case().set("subcategory", "boundary"), &["subcategory:not_of_category"]),
        (case().set("people_count", 0), &["people_count:out_of_range"]),
        (case().set("people_count", 100_001), &["people_count:out_of_range"]),
        (case().set("people_count", 5).set("collective", false), &["collective:count_mismatch"]),
        (case().set("collective", true), &["collective:count_mismatch"]),
        (case().without("people"), &["people:petitioner_required"]),
        (case().collective(9, 6), &["people:too_many_representatives"]),
        (case().collective(4, 2), &["people:not_collective"]),
        (
            case().person(json!({"role": "other_party", "name": "", "id_number": "999999195307140713", "phone": "12"})),
            &["people.1.id_number:id_number_check_digit", "people.1.name:required", "people.1.phone:phone_shape"],
        ),
        (
            case().person(json!({"role": "other_party", "name": "李四", "id_number": "999999199902300712"})),
            &["people.1.id_number:id_number_birth_date"],
        ),
        (
            case().person(json!({"role": "key_person", "name": "王五"})),
            &["people.1.follow_up:required", "people.1.reason:required", "people.1.review_on:required"],
        ),
        (
            case().person(json!({"role": "key_person", "name": "王五", "reason": "扬言", "review_on": "2026-03-09", "follow_up": ["help"]})),
            &["people.1.review_on:in_past"],
        ),
        (case().set("village_id", "x"), &["village_id:unknown"]),
        (case().set("village_id", app.unit("派出所")), &["village_id:unknown"]),
        (case().set("group_id", app.unit("五里墩村/1社")), &["group_id:unknown", "village_id:required"]),
        (case().village(NEXT_VILLAGE).set("group_id", app.unit("五里墩村/1社")), &["group_id:unknown"]),
        (case().set("earlier_case_id", "x"), &["earlier_case_id:unknown"]),
        (case().set("first_receiver_id", "x"), &["first_receiver_id:unknown"]),
        (case().set("purpose", "accusation"), &["accused_unit_id:required"]),
        (case().set("accused_unit_id", app.unit("派出所")), &["accused_unit_id:not_an_accusation"]),
        (case().accuses(VILLAGE).set("accused_unit_id", "x"), &["accused_unit_id:unknown"]),
        (case().accuses(VILLAGE).set("accused_user_id", "x"), &["accused_user_id:unknown"]),
        (case().accuses_user(VILLAGE, Staff::Police), &["accused_user_id:not_of_unit"]),
        (case().accuses_user("便民服务中心", Staff::Centre), &["accused_user_id:is_registrar"]),
        (case().by(Staff::Secretary), &["village_id:required"]),
        (case().by(Staff::Secretary).village(NEXT_VILLAGE), &["village_id:not_yours"]),
        (case().by(Staff::Informant).kind("sign").village(NEXT_VILLAGE), &["village_id:not_yours"]),
        (case().cause("").received("2026-04-01").set("people_count", 0), &["cause:required", "people_count:out_of_range", "received_on:in_future"]),
    ];
    for (case, expected) in table {
        assert_eq!(case.send().invalid_fields(), expected, "{}", case.input());
    }
    let earlier = app.case().register();
    let repeat = app
        .case()
        .set("earlier_case_id", earlier.id)
        .set("procedure", "simple");
    assert_eq!(repeat.send().invalid_fields(), ["procedure:not_first"]);
    assert_eq!(counts(&app, "平川信〔2026〕"), [1]);
}

#[test]
fn a_body_of_another_form_is_refused_and_the_field_named() {
    let app = TestApp::start();
    for (case, named) in [
        (app.case().set("kind", "complaint"), "complaint"),
        (app.case().without("channel"), "channel"),
        (app.case().set("priority", 1), "priority"),
        (
            app.case().set(
                "people",
                json!([{"role": "petitioner", "name": "张三", "score": 3}]),
            ),
            "score",
        ),
        (app.case().set("people_count", -1), "类型或取值"),
        (app.case().received("2026-02-30"), "类型或取值"),
        (app.case().set("cause", 3), "类型或取值"),
    ] {
        let problem = case.send().problem("bad_request");
        assert!(problem.detail.contains(named), "{}", problem.detail);
    }
    assert_eq!(app.list(Staff::Leader, &[])["total"], 0);
}

#[test]
fn who_may_register_what() {
    let app = TestApp::start();
    let status = |who: Staff, kind: &str| {
        let case = app.case().by(who).kind(kind).village(match who {
            Staff::NextSecretary | Staff::NextInformant => NEXT_VILLAGE,
            _ => VILLAGE,
        });
        case.send().status
    };
    for who in Staff::ALL {
        let expected = match who {
            Staff::Court | Staff::Auditor | Staff::Admin => [403, 403, 403],
            Staff::Informant | Staff::NextInformant => [403, 201, 201],
            _ => [201, 201, 201],
        };
        let statuses = ["petition", "dispute", "sign"].map(|kind| status(who, kind));
        assert_eq!(statuses, expected, "{who:?}");
    }
    app.nobody()
        .post("/cases")
        .json(app.case().input())
        .send()
        .problem("unauthenticated");
}

#[test]
fn the_same_key_registers_once() {
    let app = TestApp::start();
    let case = app.case().key("k-1");
    let first = case.send().expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = case.send().expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((again.text(), again.etag()), (first.text(), first.etag()));
    assert_eq!(again.header("location"), first.header("location"));
    case.clone()
        .cause("另一件事")
        .send()
        .problem("idempotency_mismatch");
    // A key is its user's, and only this route's.
    case.clone().by(Staff::OtherCentre).send().expect(201);
    assert_eq!(app.list(Staff::Leader, &[])["total"], 2);
    app.case().send().expect(201);
    app.case().send().expect(201);
    assert_eq!(app.list(Staff::Leader, &[])["total"], 4);
}

#[test]
fn the_same_key_at_once_registers_once() {
    let app = TestApp::start();
    let case = app.case().key("k-2");
    let ids: BTreeSet<String> = thread::scope(|scope| {
        let one = || Case::of(&app, case.send().expect(201).json()).id;
        let all: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(app.list(Staff::Leader, &[])["total"], 1);
    assert_eq!(app.case().register().number, "平川信〔2026〕00002号");
}

#[test]
fn a_key_that_failed_may_be_used_again() {
    let app = TestApp::start();
    app.case()
        .key("k-3")
        .set("people_count", 0)
        .send()
        .expect(422);
    app.case().key("k-3").send().expect(201);
    for bad in ["", &"k".repeat(201)] {
        app.case().key(bad).send().problem("bad_request");
    }
    let call = app
        .by(Staff::Centre)
        .post("/cases")
        .header("idempotency-key", "钥匙");
    call.json(app.case().input()).send().problem("bad_request");
    app.case().key(&"k".repeat(200)).send().expect(201);
}

#[test]
fn a_key_is_good_for_every_post_that_makes_something() {
    let app = TestApp::start();
    let case = app.case().register();
    let office = app.by(Staff::Office);
    let person = json!({"role": "other_party", "name": "李四"});
    let add = || {
        office
            .post(case.path("/people"))
            .key("p-1")
            .json(&person)
            .expect(201)
    };
    assert_eq!(add().text(), add().text());
    let attach = || {
        let call = office.post(case.path("/attachments")).key("a-1");
        call.file("图.png", tests::files::png()).expect(201)
    };
    assert_eq!(attach().text(), attach().text());
    let etag = app.etag(&case.id, Staff::Office);
    let note = |text: &str| {
        let call = office
            .post(case.path("/actions/note"))
            .key("n-1")
            .if_match(&etag);
        call.json(&json!({"text": text})).send()
    };
    let first = note("走访").expect(200);
    // The answer got lost, and the version has moved on: the step was taken all the same.
    let again = note("走访").expect(200);
    assert_eq!((again.text(), again.etag()), (first.text(), first.etag()));
    note("又走访").problem("idempotency_mismatch");
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let kinds: Vec<&Value> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["kind"])
        .collect();
    assert_eq!(
        kinds,
        [
            "registered",
            "person_changed",
            "attachment_changed",
            "noted"
        ]
    );

    let admin = app.by(Staff::Admin);
    let unit = json!({"parent_id": app.unit("平川镇"), "kind": "village", "name": "新村"});
    let add = || admin.post("/org-units").key("u-1").json(&unit).expect(201);
    assert_eq!(add().text(), add().text());
    let user = json!({"username": "xinren", "name": "新人", "role": "auditor", "unit_id": app.unit("党政办")});
    let add = || admin.post("/users").key("u-2").json(&user).expect(201);
    assert_eq!(
        add().json()["initial_password"],
        add().json()["initial_password"]
    );
}

/// What changes much at once, or shows what is shown once: whose answer was lost sends it again, nothing is done
/// twice, and the answer is the first one, whatever has changed since.
#[test]
fn a_key_is_good_for_what_changes_much_at_once() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let noted = |action: &str| {
        let path = format!("/audit?action={action}");
        let log = app.by(Staff::Auditor).get(path).expect(200).json();
        log["total"].as_u64().unwrap()
    };
    let twice = |action: &str, status: u16, call: &dyn Fn() -> Answer| {
        let before = noted(action);
        let first = call().expect(status);
        let after = noted(action);
        assert!(after > before, "{action} is noted");
        let again = call().expect(status);
        assert_eq!(again.header("idempotency-replayed"), "true", "{action}");
        assert_eq!(again.text(), first.text(), "{action}");
        assert_eq!(noted(action), after, "{action} is done once");
        first.json()
    };

    let reset = |who: Staff| {
        let path = format!("/users/{}/reset-password", app.user(who));
        admin.post(path).key("r-1").send()
    };
    let made = twice("password", 200, &|| reset(Staff::Court));
    reset(Staff::Police).problem("idempotency_mismatch");
    let initial = made["initial_password"].as_str().unwrap();
    app.nobody().sign_in("fating", initial).expect(200);

    let village = format!("/org-units/{}", app.unit(NEXT_VILLAGE));
    let etag = admin.get(&village).expect(200).etag();
    let lead = json!({"lead_user_id": app.user(Staff::Leader)});
    admin.patch(&village).if_match(etag).json(&lead).expect(200);
    let hand_over = |to: Staff| {
        let path = format!("/users/{}/duties/hand-over", app.user(Staff::Leader));
        let input = json!({"successor_id": app.user(to)});
        admin.post(path).key("h-1").json(&input).send()
    };
    let made = twice("user_write", 200, &|| hand_over(Staff::OtherLeader));
    assert_eq!(made["moved"][0]["count"], 1);
    hand_over(Staff::Office).problem("idempotency_mismatch");

    let declare = |worked: bool| {
        let input = json!({"from": "2026-03-12", "worked": worked, "source": "县政府办通知"});
        let call = admin.post("/settings/workdays").key("w-1");
        call.json(&input).send()
    };
    twice("setting_write", 200, &|| declare(false));
    declare(true).problem("idempotency_mismatch");

    let feed = || app.by(Staff::Secretary).post("/calendar/feed").key("f-1");
    let made = twice("token", 201, &|| feed().send());
    let address = made["path"].as_str().unwrap();
    app.nobody().call_at("GET", address).expect(200);

    let etag = admin.get(&village).expect(200).etag();
    let merge = |on: &str| {
        let input = json!({"into_id": app.unit(VILLAGE), "on": on});
        let call = admin.post(format!("{village}/merge")).key("m-1");
        call.if_match(&etag).json(&input).send()
    };
    twice("org_write", 200, &|| merge(TODAY));
    merge("2026-03-01").problem("idempotency_mismatch");
}

#[test]
fn a_change_needs_the_version_that_it_changes() {
    let app = TestApp::start();
    let case = app.case().register();
    let patch = |etag: Option<&str>| {
        let call = app.by(Staff::Office).patch(case.path(""));
        let call = match etag {
            Some(etag) => call.if_match(etag),
            None => call,
        };
        call.json(&json!({"place": "村口"})).send()
    };
    patch(None).problem("version_required");
    for bad in [
        "1",
        "*",
        "\"x\"",
        "\"1\", \"2\"",
        "\"99999999999999999999\"",
    ] {
        patch(Some(bad)).problem("bad_request");
    }
    patch(Some("\"2\"")).problem("stale_version");
    let changed = patch(Some("\"1\"")).expect(200);
    assert_eq!(
        (changed.etag().as_str(), &changed.json()["place"]),
        ("\"2\"", &json!("村口"))
    );
    patch(Some("\"1\"")).problem("stale_version");
    // A proxy that compresses makes it weak.
    patch(Some("W/\"2\"")).expect(200);

    let post = |etag: Option<&str>| {
        let call = app.by(Staff::Office).post(case.path("/actions/accept"));
        let call = match etag {
            Some(etag) => call.if_match(etag),
            None => call,
        };
        call.json(&json!({})).send()
    };
    post(None).problem("version_required");
    post(Some("\"1\"")).problem("stale_version");
    let accepted = post(Some("\"2\"")).expect(200);
    assert_eq!(accepted.etag(), "\"3\"");
    assert_eq!(accepted.json()["version"], 3);
}

/// Of several who change the same version, one wins.
#[test]
fn of_two_changes_at_once_one_is_stale() {
    let app = TestApp::start();
    for _ in 0..5 {
        let case = app.case().register();
        let statuses: Vec<u16> = thread::scope(|scope| {
            let change = |i: usize| {
                let (app, path) = (&app, case.path("/actions/note"));
                scope.spawn(move || {
                    let call = app.by(Staff::Office).post(path).if_match("\"1\"");
                    call.json(&json!({"text": format!("第{i}个")}))
                        .send()
                        .status
                })
            };
            let all: Vec<_> = (0..4).map(change).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(
            statuses.iter().filter(|s| **s == 200).count(),
            1,
            "{statuses:?}"
        );
        assert_eq!(
            statuses.iter().filter(|s| **s == 412).count(),
            3,
            "{statuses:?}"
        );
    }
}

#[test]
fn fields_are_changed_one_by_one() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).set("demand", "兑付").register();
    let patch = |input: Value| {
        let etag = app.etag(&case.id, Staff::Office);
        app.by(Staff::Office)
            .patch(case.path(""))
            .if_match(etag)
            .json(&input)
            .send()
    };
    let view =
        patch(json!({"people_count": 6, "category": "water", "demand": "", "severity": "urgent"}));
    let view = view.expect(200).json();
    assert_eq!(
        (&view["collective"], &view["demand"]),
        (&json!(true), &Value::Null)
    );
    // The second level belonged to the old first one.
    assert_eq!(
        (&view["category"], &view["subcategory"]),
        (&json!("water"), &Value::Null)
    );
    assert_eq!(view["village"]["name"], VILLAGE);
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["kind"], "edited");
    assert_eq!(
        last["data"]["fields"],
        json!(["类型", "细类", "紧急程度", "诉求", "涉及人数"])
    );

    // Nothing changed: no event, no new version.
    let before = app.etag(&case.id, Staff::Office);
    assert_eq!(
        patch(json!({"severity": "urgent"})).expect(200).etag(),
        before
    );
    for (input, expected) in [
        (json!({"cause": ""}), "cause:required"),
        (json!({"people_count": 0}), "people_count:out_of_range"),
        (json!({"village_id": "x"}), "village_id:unknown"),
        (
            json!({"subcategory": "boundary"}),
            "subcategory:not_of_category",
        ),
        (
            json!({"occurred_on": TODAY.replace("10", "11")}),
            "occurred_on:after_received",
        ),
        (
            json!({"accused_unit_id": app.unit("派出所")}),
            "accused_unit_id:not_an_accusation",
        ),
        (json!({"purpose": "accusation"}), "accused_unit_id:required"),
    ] {
        assert_eq!(patch(input.clone()).invalid_fields(), [expected], "{input}");
    }
    for fixed in [
        "number",
        "state",
        "received_on",
        "first_receiver_id",
        "registrar_id",
    ] {
        let problem = patch(json!({fixed: "x"})).problem("bad_request");
        assert!(problem.detail.contains(fixed), "{}", problem.detail);
    }
}
