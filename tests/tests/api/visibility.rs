//! Who can tell that a case exists: by id, in lists, counts, searches, exports, hints, links.

use serde_json::{Value, json};
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::traces::{ALL, LISTS, Marks, traces};
use tests::{Case, Staff, TestApp};

const ID_NUMBER: &str = "99999919710804118X";

/// What the case is known by; it must have been registered by [`secret`].
fn marks(case: &Case) -> Marks {
    Marks {
        id: case.id.clone(),
        number: case.number.clone(),
        words: WORDS.to_owned(),
        id_number: ID_NUMBER.to_owned(),
    }
}

const WORDS: &str = "祁连渠首闸门锈蚀";

/// A case that can be told from any other.
fn secret(app: &TestApp) -> tests::CaseBuilder<'_> {
    app.case().cause(&format!("反映{WORDS}，浇水困难")).set(
        "people",
        json!([{"role": "petitioner", "name": "高大山", "id_number": ID_NUMBER}]),
    )
}

/// Exactly these can tell that it exists, and can in every way that their role has.
#[track_caller]
fn assert_seen_by(app: &TestApp, case: &Case, expected: &[Staff]) {
    let marks = marks(case);
    for who in Staff::ALL {
        let found = traces(app, who, &marks);
        if !expected.contains(&who) {
            // The log's reader sees that somebody did something with a case, not what it is about;
            // of an accusation that is its registrar's alone not even that.
            let of_log = |way: &&str| way.starts_with("audit");
            let open = !case.number.contains('密');
            let left: Vec<_> = found
                .into_iter()
                .filter(|way| !(open && who == Staff::Auditor && of_log(way)))
                .collect();
            assert_eq!(left, [""; 0], "{who:?} must not know of {}", case.number);
            continue;
        }
        let exports = matches!(
            who,
            Staff::Leader
                | Staff::OtherLeader
                | Staff::Office
                | Staff::OtherOffice
                | Staff::Secretary
                | Staff::NextSecretary
        );
        let registers = who != Staff::Court;
        let of_lists = |way: &&str| LISTS.iter().any(|(list, _)| list == way);
        let found: Vec<_> = found.into_iter().filter(|way| !of_lists(way)).collect();
        let expected: Vec<_> = ALL
            .iter()
            .copied()
            .filter(|way| (*way != "export" || exports) && (*way != "earlier case" || registers))
            .collect();
        assert_eq!(found, expected, "{who:?} sees {}", case.number);
    }
}

const OFFICE: [Staff; 4] = [
    Staff::Leader,
    Staff::OtherLeader,
    Staff::Office,
    Staff::OtherOffice,
];

fn with_office(others: &[Staff]) -> Vec<Staff> {
    [&OFFICE, others].concat()
}

/// The village next door, the police, the court, the auditor, the administrator.
#[test]
fn a_case_of_a_village_is_seen_by_those_who_have_to_do_with_it() {
    let app = TestApp::start();
    // Others of every kind stand around it.
    app.case().village(NEXT_VILLAGE).register();
    app.case().by(Staff::Police).register();
    app.case()
        .by(Staff::Informant)
        .village(VILLAGE)
        .kind("sign")
        .register();
    let case = secret(&app).village(VILLAGE).by(Staff::Centre).register();
    let seen = with_office(&[Staff::Secretary, Staff::Centre, Staff::OtherCentre]);
    assert_seen_by(&app, &case, &seen);
    let case = case.accepted().dispatched("派出所");
    assert_seen_by(&app, &case, &[&seen[..], &[Staff::Police]].concat());
}

#[test]
fn a_case_that_was_sent_on_stays_known_to_those_who_had_it() {
    let app = TestApp::start();
    let case = secret(&app).by(Staff::Office).register();
    assert_seen_by(&app, &case, &OFFICE);
    let case = case.transferred("司法所");
    let case = case.then(Staff::Justice, "object", json!({"text": "不属于本所职权"}));
    assert_seen_by(&app, &case, &with_office(&[Staff::Justice]));
    let case = case.accepted().dispatched(NEXT_VILLAGE);
    assert_seen_by(
        &app,
        &case,
        &with_office(&[Staff::Justice, Staff::NextSecretary]),
    );
    let case = case.dispatched("蓼泉法庭");
    assert_seen_by(
        &app,
        &case,
        &with_office(&[Staff::Justice, Staff::NextSecretary, Staff::Court]),
    );
}

#[test]
fn an_informant_sees_what_they_reported_themselves() {
    let app = TestApp::start();
    let case = secret(&app)
        .by(Staff::Informant)
        .kind("sign")
        .village(VILLAGE)
        .register();
    let marks = marks(&case);
    assert_eq!(traces(&app, Staff::NextInformant, &marks), [""; 0]);
    assert_eq!(traces(&app, Staff::NextSecretary, &marks), [""; 0]);
    assert!(traces(&app, Staff::Secretary, &marks).contains(&"by id"));
    assert!(traces(&app, Staff::Informant, &marks).contains(&"list"));
    // A colleague's report in the same village is not theirs.
    let other = app
        .case()
        .by(Staff::Secretary)
        .kind("sign")
        .village(VILLAGE)
        .register();
    other.seen_by(Staff::Informant).problem("not_found");
}

/// 《信访工作条例》第三十条: nobody of the accused unit, nor the accused, sees that it exists.
#[test]
fn an_accusation_is_hidden_from_the_accused_village() {
    let app = TestApp::start();
    let case = secret(&app)
        .village(VILLAGE)
        .accuses(VILLAGE)
        .by(Staff::Centre)
        .register();
    assert_eq!(case.number, "平川检〔2026〕00001号");
    assert_eq!(case.view["sealed"], true);
    let seen = with_office(&[Staff::Centre, Staff::OtherCentre]);
    assert_seen_by(&app, &case, &seen);
    // Worked on by others, with people, files and repeats, it stays so.
    let office = app.by(Staff::Office);
    office
        .post(case.path("/attachments"))
        .file("举报.pdf", tests::files::pdf())
        .expect(201);
    let case = case.accepted().dispatched("司法所").taken(Staff::Justice);
    let seen = [&seen[..], &[Staff::Justice]].concat();
    assert_seen_by(&app, &case, &seen);
    assert_seen_by(&app, &case.answered(Staff::Justice).closed(), &seen);
}

#[test]
fn an_accusation_is_hidden_from_its_own_registrars_unit_if_that_is_accused() {
    let app = TestApp::start();
    let case = secret(&app)
        .accuses("便民服务中心")
        .by(Staff::Centre)
        .register();
    assert_seen_by(&app, &case, &OFFICE);
}

#[test]
fn an_accusation_is_hidden_from_the_accused_in_person() {
    let app = TestApp::start();
    let case = secret(&app)
        .village(VILLAGE)
        .accuses_user(VILLAGE, Staff::Informant);
    let case = case.by(Staff::Office).register();
    assert_seen_by(&app, &case, &OFFICE);
    let against_police = secret(&app)
        .accuses_user("派出所", Staff::Police)
        .by(Staff::OtherCentre)
        .register();
    assert_eq!(against_police.number, "平川检〔2026〕00002号");
    against_police.seen_by(Staff::Police).problem("not_found");
    against_police.seen_by(Staff::Centre).expect(200);
}

/// Where the accused is a leader or the office itself, only the registrar sees it, and the one
/// thing to do is to hand it to an outside authority.
#[test]
fn an_accusation_against_leaders_or_office_is_its_registrars_alone() {
    let app = TestApp::start();
    let accusations: [fn(&TestApp) -> tests::CaseBuilder<'_>; 5] = [
        |app| secret(app).accuses("镇综治办"),
        |app| secret(app).accuses("平川镇"),
        |app| secret(app).accuses_user("平川镇", Staff::Leader),
        |app| secret(app).accuses_user("党政办", Staff::OtherLeader),
        |app| secret(app).accuses_user("镇综治办", Staff::OtherOffice),
    ];
    for (i, accusation) in accusations.into_iter().enumerate() {
        let case = accusation(&app)
            .village(VILLAGE)
            .by(Staff::Centre)
            .register();
        assert_eq!(case.number, format!("平川密〔2026〕{:05}号", i + 1));
        let marks = marks(&case);
        for who in Staff::ALL.into_iter().filter(|who| *who != Staff::Centre) {
            // A later one of the same words would be found by them, too.
            assert_eq!(
                traces(&app, who, &marks),
                [""; 0],
                "{who:?} {}",
                case.number
            );
        }
        assert!(traces(&app, Staff::Centre, &marks).contains(&"by id"));
    }
    let case = app.case().accuses("镇综治办").by(Staff::Centre).register();
    let actions = app
        .by(Staff::Centre)
        .get(case.path("/actions"))
        .expect(200)
        .json();
    let allowed: Vec<&Value> = actions
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["allowed"] == true)
        .map(|a| &a["action"])
        .collect();
    assert_eq!(allowed, ["hand_over"]);
    for action in ["accept", "dispatch", "note", "close", "link"] {
        case.act(Staff::Centre, action, json!({}))
            .problem("forbidden");
    }
    let edit = app.by(Staff::Centre).patch(case.path("")).if_match("\"1\"");
    edit.json(&json!({"place": "x"}))
        .send()
        .problem("forbidden");
    assert_eq!(
        case.act(Staff::Centre, "hand_over", json!({}))
            .invalid_fields(),
        ["authority:required"]
    );
    let case = case.then(
        Staff::Centre,
        "hand_over",
        json!({"authority": "临泽县纪委监委"}),
    );
    assert_eq!(
        (&case.view["state"], &case.view["outcome"]),
        (&json!("closed"), &json!("handed_over"))
    );
    let events = app
        .by(Staff::Centre)
        .get(case.path("/events"))
        .expect(200)
        .json();
    assert_eq!(events["items"][1]["data"]["authority"], "临泽县纪委监委");
    case.seen_by(Staff::Office).problem("not_found");
}

#[test]
fn a_sealed_accusation_never_goes_to_the_accused() {
    let app = TestApp::start();
    let case = app.case().accuses_user("派出所", Staff::Police).register();
    let to = |unit: &str| json!({"unit_id": app.unit(unit), "text": "请办理"});
    assert_eq!(
        case.act(Staff::Office, "transfer", to("派出所"))
            .invalid_fields(),
        ["unit_id:accused"]
    );
    let case = case.accepted();
    assert_eq!(
        case.act(Staff::Office, "dispatch", to("派出所"))
            .invalid_fields(),
        ["unit_id:accused"]
    );
    let person = json!({"unit_id": app.unit("司法所"), "user_id": app.user(Staff::Police)});
    let fields = case.act(Staff::Office, "dispatch", person).invalid_fields();
    assert!(fields.contains(&"user_id:accused".to_owned()), "{fields:?}");
    case.then(Staff::Office, "dispatch", to("司法所"));
    // The office may hand it over as long as it is not accepted.
    let other = app.case().accuses(VILLAGE).register();
    let other = other.then(
        Staff::Office,
        "hand_over",
        json!({"authority": "县纪委监委"}),
    );
    assert_eq!(other.view["outcome"], "handed_over");
    // What is no accusation is not handed over.
    let open = app.case().register();
    open.act(
        Staff::Office,
        "hand_over",
        json!({"authority": "县纪委监委"}),
    )
    .problem("forbidden");
}

/// A case that turns out to be an accusation is sealed from then on, and stays so.
#[test]
fn a_case_that_becomes_an_accusation_is_sealed() {
    let app = TestApp::start();
    let case = secret(&app).village(VILLAGE).by(Staff::Centre).register();
    case.seen_by(Staff::Secretary).expect(200);
    let patch = |input: Value| {
        let etag = app.etag(&case.id, Staff::Office);
        app.by(Staff::Office)
            .patch(case.path(""))
            .if_match(etag)
            .json(&input)
            .send()
    };
    let input = json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)});
    let view = patch(input).expect(200).json();
    assert_eq!(view["sealed"], true);
    let sealed = Case::of(&app, view);
    let found = traces(&app, Staff::Secretary, &marks(&sealed));
    assert_eq!(found, [""; 0]);
    assert_eq!(
        patch(json!({"purpose": "claim"})).invalid_fields(),
        ["accused_unit_id:not_an_accusation", "purpose:sealed"]
    );
    // Against a leader: from now on the registrar's alone.
    let input =
        json!({"accused_unit_id": app.unit("平川镇"), "accused_user_id": app.user(Staff::Leader)});
    patch(input).expect(200);
    sealed.seen_by(Staff::Office).problem("not_found");
    sealed.seen_by(Staff::Leader).problem("not_found");
    sealed.seen_by(Staff::Centre).expect(200);
    let found = traces(&app, Staff::Auditor, &marks(&sealed));
    assert_eq!(found, [""; 0], "what was logged before, too");
}

/// Whom a case turns out to accuse no longer handles it; others go on.
#[test]
fn a_case_is_taken_out_of_the_hands_of_the_accused() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.dispatched(VILLAGE).taken(Staff::Secretary);
    let etag = app.etag(&case.id, Staff::Office);
    let input = json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)});
    let call = app.by(Staff::Office).patch(case.path("")).if_match(etag);
    let view = call.json(&input).expect(200).json();
    assert_eq!(
        (&view["responsible_unit"], &view["responsible_user"]),
        (&Value::Null, &Value::Null)
    );
    case.act(Staff::Secretary, "note", json!({"text": "x"}))
        .problem("not_found");
    let case = case.dispatched("司法所").taken(Staff::Justice);
    assert_eq!(case.view["responsible_user"]["name"], "褚公正");
    assert_eq!(app.list(Staff::Secretary, &[("mine", "true")])["total"], 0);
}

/// What is done about an accusation stands in every list of such things, but in none of the accused.
#[test]
fn no_list_of_what_is_done_tells_of_an_accusation() {
    let app = TestApp::start();
    let case = secret(&app).accuses(VILLAGE).village(VILLAGE).register();
    let case = case.accepted().dispatched("派出所");
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "多次反映"}));
    let order = json!({
        "form": "supervise", "source": "office", "unit_id": app.unit("派出所"),
        "demand": "查清事实", "deadline": "2026-04-01",
    });
    case.open(Staff::Office, "orders", &order);
    let measure = json!({
        "on": TODAY, "law": "《中华人民共和国治安管理处罚法》", "article": "第二十三条第一款",
        "authority": "县公安局", "leader_id": app.user(Staff::Leader),
        "notice_number": "县公行罚决字〔2026〕7号", "notice_on": TODAY,
        "person_id": case.person(0), "text": "予以警告",
    });
    case.open(Staff::Office, "measures", &measure);
    let late = secret(&app).accuses(VILLAGE).received("2025-10-01");
    let on = json!({"on": "2025-10-08"});
    let late = late.register().then(Staff::Office, "accept", on);
    let ways = |case: &Case, who: Staff| -> Vec<&str> {
        let found = traces(&app, who, &marks(case)).into_iter();
        let of_lists = |way: &&str| LISTS.iter().any(|(list, _)| list == way);
        found.filter(of_lists).collect()
    };
    // The cases have the same words, so that each list tells of one or the other; that of measures
    // tells numbers only.
    let all = LISTS.map(|(way, _)| way);
    assert_eq!(ways(&case, Staff::Leader), all);
    assert!(ways(&late, Staff::Leader).contains(&"proposals for the backlog"));
    for who in [
        Staff::Secretary,
        Staff::NextSecretary,
        Staff::Informant,
        Staff::Justice,
        Staff::Court,
        Staff::Admin,
    ] {
        for case in [&case, &late] {
            assert_eq!(traces(&app, who, &marks(case)), [""; 0], "{who:?}");
        }
    }
}

/// The auditor and a leader who sit in the accused office know nothing of it either.
#[test]
fn an_accusation_is_hidden_from_the_auditor_of_the_accused_office() {
    let app = TestApp::start();
    let case = secret(&app).accuses("党政办").by(Staff::Centre).register();
    case.seen_by(Staff::Office).expect(200);
    for who in [Staff::Auditor, Staff::OtherLeader] {
        assert_eq!(traces(&app, who, &marks(&case)), [""; 0], "{who:?}");
    }
}

/// A link does not tell of a case that its reader may not know of.
#[test]
fn links_to_earlier_and_later_cases_follow_the_same_rules() {
    let app = TestApp::start();
    let first = app
        .case()
        .village(VILLAGE)
        .received("2026-01-05")
        .register();
    let repeats = |earlier: &Case| app.case().set("earlier_case_id", earlier.id.clone());
    let sealed = repeats(&first).village(VILLAGE).accuses(VILLAGE).register();
    let elsewhere = repeats(&first).village(NEXT_VILLAGE).register();
    let seen = |who: Staff, case: &Case| case.seen_by(who).expect(200).json();
    let later = |who: Staff| {
        let view = seen(who, &first);
        let numbers = view["later_cases"].as_array().unwrap().iter();
        numbers
            .map(|named| named["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        later(Staff::Office),
        [sealed.number.as_str(), &elsewhere.number]
    );
    assert_eq!(later(Staff::Secretary), [""; 0]);
    // Next door the case repeats something, but not a word of what.
    let view = seen(Staff::NextSecretary, &elsewhere);
    assert_eq!(
        (&view["earlier_case"], &view["first"]),
        (&Value::Null, &json!(false))
    );
    let events = app
        .by(Staff::NextSecretary)
        .get(elsewhere.path("/events"))
        .expect(200)
        .text();
    assert!(
        !(view.to_string() + &events).contains(&first.id),
        "{view} {events}"
    );
}

/// A case says to all who see it that it repeats something: so it must not repeat an accusation
/// that some of them may not know of.
#[test]
fn only_what_is_sealed_alike_repeats_an_accusation() {
    let app = TestApp::start();
    let earlier = app.case().accuses(VILLAGE).register();
    let repeats = || app.case().set("earlier_case_id", earlier.id.clone());
    for case in [
        repeats().village(VILLAGE),
        repeats().accuses("派出所"),
        repeats().accuses_user(VILLAGE, Staff::Secretary),
        repeats().accuses("镇综治办"),
    ] {
        assert_eq!(case.send().invalid_fields(), ["earlier_case_id:sealed"]);
    }
    let link = || json!({"earlier_case_id": earlier.id});
    let open = app.case().village(VILLAGE).register();
    let answer = open.act(Staff::Office, "link", link());
    assert_eq!(answer.invalid_fields(), ["earlier_case_id:sealed"]);
    let alike = app
        .case()
        .accuses(VILLAGE)
        .register()
        .then(Staff::Office, "link", link());
    assert_eq!(alike.view["earlier_case"]["id"], earlier.id);
    repeats().accuses(VILLAGE).register();
}

/// Every count is of what its reader may see: an accusation leaves no gap that tells of it.
#[test]
fn an_accusation_leaves_no_gap_and_no_count() {
    let app = TestApp::start();
    let before = app
        .by(Staff::Secretary)
        .get("/dashboard")
        .expect(200)
        .json();
    app.case().village(VILLAGE).register();
    app.case().village(VILLAGE).accuses(VILLAGE).register();
    app.case().village(VILLAGE).register();
    let numbers = app.found(Staff::Secretary, &[("sort", "number")]);
    assert_eq!(numbers, ["平川信〔2026〕00001号", "平川信〔2026〕00002号"]);
    for query in [
        &[("purpose", "accusation")][..],
        &[("village_id", app.unit(VILLAGE)), ("purpose", "accusation")],
        &[("q", "检")],
    ] {
        assert_eq!(app.list(Staff::Secretary, query)["total"], 0, "{query:?}");
    }
    let after = app
        .by(Staff::Secretary)
        .get("/dashboard")
        .expect(200)
        .json();
    assert_eq!(
        before["todos"].as_array().unwrap().len(),
        after["todos"].as_array().unwrap().len()
    );
    assert_eq!(after["recent"].as_array().unwrap().len(), 2);
    assert_eq!(
        app.by(Staff::Secretary)
            .get("/cases?limit=1")
            .expect(200)
            .json()["total"],
        2
    );
}
