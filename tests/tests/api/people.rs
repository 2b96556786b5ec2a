//! People of a case: masks, reveals and their trace, key persons.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::case::{ID_NUMBER, PHONE};
use tests::staff::VILLAGE;
use tests::{Answer, Case, CaseBuilder, Staff, TestApp};

fn with_numbers(app: &TestApp) -> CaseBuilder<'_> {
    let person = json!({
        "role": "petitioner", "name": "高大山", "id_number": ID_NUMBER, "phone": PHONE,
        "address": "五里墩村3社",
    });
    app.case().village(VILLAGE).set("people", json!([person]))
}

fn change(app: &TestApp, case: &Case, person: &str, input: &Value) -> Answer {
    let etag = app.etag(&case.id, Staff::Office);
    let call = app
        .by(Staff::Office)
        .patch(case.path(&format!("/people/{person}")));
    call.if_match(etag).json(input).send()
}

fn reveal(app: &TestApp, who: Staff, case: &Case, person: &str, reason: &str) -> Answer {
    let call = app
        .by(who)
        .post(case.path(&format!("/people/{person}/reveal")));
    call.json(&json!({"reason": reason})).send()
}

#[test]
fn numbers_are_masked_in_every_answer() {
    let app = TestApp::start();
    let case = with_numbers(&app).register();
    let masked = &case.view["people"][0];
    assert_eq!(masked["id_number_masked"], "999999**********12");
    assert_eq!(masked["phone_masked"], "130******55");
    let office = app.by(Staff::Office);
    let note = case.then(Staff::Office, "note", json!({"text": "走访"}));
    let similar = json!({"cause": "土地流转费", "id_numbers": [ID_NUMBER], "phones": [PHONE]});
    let answers = [
        note.seen_by(Staff::Leader).text(),
        office.get("/cases").expect(200).text(),
        office.get(note.path("/people")).expect(200).text(),
        office.get(note.path("/events")).expect(200).text(),
        office.get(note.path("/receipt")).expect(200).text(),
        office.get("/dashboard").expect(200).text(),
        office
            .post("/cases/similar")
            .json(&similar)
            .expect(200)
            .text(),
        app.by(Staff::Auditor)
            .get("/audit?limit=200")
            .expect(200)
            .text(),
    ];
    let export = office.get("/exports/ledger.xlsx").expect(200).body;
    let cells = format!("{:?}", tests::traces::rows_of(&export));
    for text in answers.iter().chain([&cells]) {
        assert!(!text.contains(ID_NUMBER) && !text.contains(PHONE), "{text}");
    }
}

#[test]
fn a_reveal_needs_a_reason_and_leaves_a_trace() {
    let app = TestApp::start();
    let case = with_numbers(&app).register();
    let person = case.person(0);
    for reason in ["", "  "] {
        let answer = reveal(&app, Staff::Office, &case, &person, reason);
        assert_eq!(answer.invalid_fields(), ["reason:required"]);
    }
    let long = reveal(&app, Staff::Office, &case, &person, &"因".repeat(201));
    assert_eq!(long.invalid_fields(), ["reason:too_long"]);
    let call = app
        .by(Staff::Office)
        .post(case.path(&format!("/people/{person}/reveal")));
    call.json(&json!({})).send().problem("bad_request");

    let revealed = reveal(&app, Staff::Office, &case, &person, "电话回访")
        .expect(200)
        .json();
    assert_eq!(
        revealed,
        json!({
            "id": person, "id_number": ID_NUMBER, "phone": PHONE, "trusted_phone": null,
        })
    );
    // Who handles it may, who does not may not.
    for who in [Staff::Secretary, Staff::Leader, Staff::Centre] {
        reveal(&app, who, &case, &person, "联系信访人").expect(200);
    }
    for who in [
        Staff::NextSecretary,
        Staff::Police,
        Staff::Auditor,
        Staff::Admin,
        Staff::Informant,
    ] {
        reveal(&app, who, &case, &person, "好奇").problem("not_found");
    }
    let referred =
        case.transferred("派出所")
            .then(Staff::Police, "object", json!({"text": "不属于"}));
    reveal(&app, Staff::Police, &referred, &person, "好奇").problem("forbidden");

    let query = with_query("/audit", &[("action", "reveal")]);
    let log = app.by(Staff::Auditor).get(query).expect(200).json();
    assert_eq!(log["total"], 4);
    let entry = log["items"].as_array().unwrap().last().unwrap();
    assert_eq!(entry["user_name"], "孙立新");
    assert_eq!(entry["case_id"], referred.id);
    assert_eq!(entry["address"], "127.0.0.1");
    let detail = entry["detail"].as_str().unwrap();
    assert!(
        detail.contains("电话回访") && detail.contains(&referred.number),
        "{detail}"
    );
    let log = log.to_string();
    assert!(!log.contains(ID_NUMBER) && !log.contains("高大山"), "{log}");
}

/// Who read which case is in the log.
#[test]
fn a_look_at_a_case_is_in_the_audit_log() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    case.seen_by(Staff::Secretary).expect(200);
    case.seen_by(Staff::NextSecretary).expect(404);
    let query = with_query("/audit", &[("action", "case_view"), ("case_id", &case.id)]);
    // The trace may be written a moment after the answer.
    let log = || app.by(Staff::Auditor).get(&query).expect(200).json();
    assert!(tests::app::soon(|| log()["total"] != 0));
    let log = log();
    assert_eq!(log["total"], 1);
    assert_eq!(log["items"][0]["user_id"], app.user(Staff::Secretary));
}

/// Who looks again within a minute is counted; the count is in the log before anybody reads it, and
/// a stop loses none.
#[test]
fn repeated_looks_are_counted() {
    let mut app = TestApp::start();
    let (id, number) = {
        let case = app.case().village(VILLAGE).register();
        for _ in 0..3 {
            case.seen_by(Staff::Secretary).expect(200);
        }
        case.seen_by(Staff::Office).expect(200);
        (case.id, case.number)
    };
    let query = with_query("/audit", &[("action", "case_view"), ("case_id", &id)]);
    // Who and what, oldest first.
    let log = |app: &TestApp| -> Vec<(String, String)> {
        let log = app.by(Staff::Auditor).get(&query).expect(200).json();
        let items = log["items"].as_array().unwrap().iter().rev();
        items
            .map(|entry| {
                let text = |name: &str| entry[name].as_str().unwrap().to_owned();
                assert_eq!(entry["address"], "127.0.0.1");
                (text("user_id"), text("detail"))
            })
            .collect()
    };
    let entry = |app: &TestApp, who: Staff, detail: &str| {
        (app.user(who).to_owned(), format!("{number}{detail}"))
    };
    let mut expected = vec![
        entry(&app, Staff::Secretary, ""),
        entry(&app, Staff::Office, ""),
        entry(&app, Staff::Secretary, "：重复查看2次"),
    ];
    assert_eq!(log(&app), expected);
    // After that a look is a first one again; the stop writes what was counted.
    let look = |app: &TestApp| {
        let path = format!("/cases/{id}");
        app.by(Staff::Secretary).get(path).expect(200);
    };
    look(&app);
    look(&app);
    app.stop();
    app.restart(None);
    expected.push(entry(&app, Staff::Secretary, ""));
    expected.push(entry(&app, Staff::Secretary, "：重复查看1次"));
    assert_eq!(log(&app), expected);
}

/// ID and phone numbers are nowhere on the disk in clear, nor in the log.
#[test]
fn numbers_are_encrypted_where_they_lie() {
    let mut app = TestApp::start();
    let name = "欧阳清明雨";
    let builder = with_numbers(&app).key("k");
    let builder =
        builder.person(json!({"role": "other_party", "name": name, "phone": "0936-1234567"}));
    let (id, person) = {
        let case = builder.register();
        let person = case.person(0);
        reveal(&app, Staff::Office, &case, &person, "核对").expect(200);
        (case.id, person)
    };
    app.stop();
    let mut files = vec![app.data_dir().to_path_buf()];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        let has = |text: &str| {
            content
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        for number in [ID_NUMBER, PHONE, "09361234567"] {
            assert!(!has(number), "{number} in {}", path.display());
        }
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        assert!(!is_log || !has(name), "a name in the log");
        read += 1;
    }
    assert!(read >= 2, "key and log at least");
    // The key is its owner's alone, and without it nothing opens.
    let key = app.data_dir().join("xinfang.key");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    app.restart(None);
    let call = app
        .by(Staff::Office)
        .post(format!("/cases/{id}/people/{person}/reveal"));
    let revealed = call.json(&json!({"reason": "核对"})).expect(200).json();
    assert_eq!(revealed["phone"], PHONE);
}

#[test]
fn people_are_added_changed_and_removed() {
    let app = TestApp::start();
    let case = with_numbers(&app).register();
    let office = app.by(Staff::Office);
    let add = |input: Value| office.post(case.path("/people")).json(&input).send();
    let answer = add(json!({"role": "other_party", "name": "李四", "phone": "１３０　0000-5726"}))
        .expect(201);
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/cases/{}/people", case.id)
    );
    assert_eq!(answer.etag(), "\"2\"");
    assert_eq!(answer.json()["people"][1]["phone_masked"], "130******26");
    assert_eq!(
        add(json!({"role": "other_party", "name": "李四", "phone": "1"})).invalid_fields(),
        ["phone:phone_shape"]
    );
    add(json!({"role": "witness", "name": "李四"})).problem("bad_request");
    // Some persons of one case, none of a person's other cases.
    assert_eq!(
        add(json!({"role": "representative", "name": "李四"})).invalid_fields(),
        ["people:not_collective"]
    );

    let first = case.person(0);
    let same = json!({"role": "petitioner", "name": "高小山"});
    let changed = change(&app, &case, &first, &same).expect(200).json();
    assert_eq!(changed["people"][0]["name"], "高小山");
    assert_eq!(changed["petitioner"], "高小山");
    assert_eq!(
        changed["people"][0]["id_number_masked"], "999999**********12",
        "absent keeps"
    );
    let cleared = json!({"role": "petitioner", "name": "高小山", "id_number": ""});
    let cleared = change(&app, &case, &first, &cleared).expect(200).json();
    assert_eq!(
        cleared["people"][0]["id_number_masked"],
        Value::Null,
        "empty clears"
    );
    assert_eq!(cleared["people"][0]["phone_masked"], "130******55");

    let second = case.person(1);
    let path = case.path(&format!("/people/{second}"));
    office.delete(&path).send().problem("version_required");
    office
        .delete(&path)
        .if_match("\"1\"")
        .send()
        .problem("stale_version");
    let etag = app.etag(&case.id, Staff::Office);
    assert_eq!(
        office.delete(&path).if_match(etag).expect(200).json()["people"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let etag = app.etag(&case.id, Staff::Office);
    office
        .delete(&path)
        .if_match(&etag)
        .send()
        .problem("not_found");
    // A petition keeps its petitioner.
    let last = office
        .delete(case.path(&format!("/people/{first}")))
        .if_match(etag)
        .send();
    assert_eq!(last.invalid_fields(), ["role:petitioner_required"]);
    let other = json!({"role": "other_party", "name": "高小山"});
    assert_eq!(
        change(&app, &case, &first, &other).invalid_fields(),
        ["role:petitioner_required"]
    );

    let events = office.get(case.path("/events")).expect(200).json();
    let texts: Vec<&str> = events["items"].as_array().unwrap()[1..]
        .iter()
        .map(|e| e["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "增加对方当事人",
            "修改信访人",
            "修改信访人",
            "移除对方当事人"
        ]
    );
}

/// A person's record belongs to one case.
#[test]
fn a_person_of_one_case_is_not_there_in_another() {
    let app = TestApp::start();
    let (one, other) = (with_numbers(&app).register(), with_numbers(&app).register());
    let person = one.person(0);
    reveal(&app, Staff::Office, &other, &person, "核对").problem("not_found");
    change(
        &app,
        &other,
        &person,
        &json!({"role": "petitioner", "name": "x"}),
    )
    .problem("not_found");
    let etag = app.etag(&other.id, Staff::Office);
    let call = app
        .by(Staff::Office)
        .delete(other.path(&format!("/people/{person}")));
    call.if_match(etag).send().problem("not_found");
    assert_ne!(person, other.person(0));
}

/// 集体访推选的代表不得超过五人（条例第二十条）。
#[test]
fn at_most_five_represent_a_collective() {
    let app = TestApp::start();
    let answer = app.case().collective(30, 6).send();
    let problem = answer.clone().problem("invalid_fields");
    assert!(problem.detail.contains("第二十条"), "{}", problem.detail);
    assert_eq!(answer.invalid_fields(), ["people:too_many_representatives"]);
    let case = app.case().collective(30, 5).register();
    assert_eq!(
        (&case.view["collective"], &case.view["petitioner"]),
        (&json!(true), &json!("代表0"))
    );
    let sixth = json!({"role": "representative", "name": "代表6"});
    let add = || {
        app.by(Staff::Office)
            .post(case.path("/people"))
            .json(&sixth)
            .send()
    };
    assert_eq!(add().invalid_fields(), ["people:too_many_representatives"]);
    // Fewer people than make a collective need none.
    let etag = app.etag(&case.id, Staff::Office);
    let call = app.by(Staff::Office).patch(case.path("")).if_match(etag);
    assert_eq!(
        call.json(&json!({"people_count": 4}))
            .send()
            .invalid_fields(),
        ["people:not_collective"]
    );
    assert!(
        app.case()
            .collective(4, 0)
            .send()
            .invalid_fields()
            .contains(&"people:petitioner_required".to_owned())
    );
}

/// 重点人员: a field of the case, with a reason, a review date and a follow-up; gone when it closes.
#[test]
fn a_key_person_has_reason_review_and_follow_up_and_lapses_with_the_case() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let office = app.by(Staff::Office);
    let add = |input: Value| office.post(case.path("/people")).json(&input).send();
    let bare = json!({"role": "key_person", "name": "张三"});
    assert_eq!(
        add(bare).invalid_fields(),
        [
            "follow_up:required",
            "reason:required",
            "review_on:required"
        ]
    );
    let full = json!({
        "role": "key_person", "name": "张三", "reason": "多次扬言赴省", "review_on": "2026-06-10",
        "follow_up": ["explanation", "help", "mediation", "legal_aid"],
    });
    let view = add(full).expect(201).json();
    assert_eq!(
        view["people"][1]["follow_up"],
        json!(["explanation", "help", "mediation", "legal_aid"])
    );
    assert_eq!(view["people"][1]["reason"], "多次扬言赴省");
    let case = Case::of(&app, view);
    // Somebody else's role keeps no reason.
    let key = case.person(1);
    let plain = json!({"role": "other_party", "name": "张三", "reason": "多次扬言赴省", "follow_up": ["help"]});
    let view = change(&app, &case, &key, &plain).expect(200).json();
    assert_eq!(
        (
            &view["people"][1]["reason"],
            &view["people"][1]["follow_up"]
        ),
        (&Value::Null, &json!([]))
    );
    let full = json!({
        "role": "key_person", "name": "张三丰", "reason": "多次扬言赴省", "review_on": "2026-06-10",
        "follow_up": ["help"],
    });
    change(&app, &case, &key, &full).expect(200);
    assert_eq!(app.list(Staff::Office, &[("q", "张三丰")])["total"], 1);

    let case = case
        .accepted()
        .dispatched(VILLAGE)
        .taken(Staff::Secretary)
        .answered(Staff::Secretary)
        .closed();
    let people = case.view["people"].as_array().unwrap();
    assert_eq!(
        people.iter().map(|p| &p["role"]).collect::<Vec<_>>(),
        ["petitioner"]
    );
    assert_eq!(app.list(Staff::Office, &[("q", "张三丰")])["total"], 0);
    let events = office.get(case.path("/events")).expect(200).json();
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert!(last["text"].as_str().unwrap().contains("重点人员"));
    let closed = office
        .post(case.path("/people"))
        .json(&json!({"role": "other_party", "name": "x"}));
    closed.send().problem("conflict");
}
