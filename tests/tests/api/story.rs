//! The whole life of a case, from the window to the answer and beyond.

use serde_json::{Value, json};
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

fn kinds(app: &TestApp, case: &Case) -> Vec<String> {
    let events = app
        .by(Staff::Leader)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let items = events["items"].as_array().unwrap();
    items
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect()
}

fn clock<'a>(view: &'a Value, kind: &str) -> &'a Value {
    let clocks = view["clocks"].as_array().unwrap();
    clocks
        .iter()
        .find(|clock| clock["kind"] == kind)
        .unwrap_or(&Value::Null)
}

#[test]
fn from_the_window_to_the_answer_and_beyond() {
    let app = TestApp::start();
    let case = app
        .case()
        .by(Staff::Centre)
        .village(VILLAGE)
        .person(json!({"role": "key_person", "name": "张三", "reason": "扬言进京", "review_on": "2026-04-10", "follow_up": ["explanation", "legal_aid"]}))
        .register();
    let receipt = app
        .by(Staff::Centre)
        .get(case.path("/receipt"))
        .expect(200)
        .json();
    assert_eq!(receipt["number"], case.number);
    assert_eq!(receipt["township"], "平川镇");
    assert_eq!(receipt["office"], "便民服务中心");
    assert_eq!(receipt["petitioner"], "张三");
    assert_eq!(receipt["acceptance_due"], "2026-03-25");
    assert!(receipt["qr_svg"].as_str().unwrap().contains("<svg"));

    // The window has done its part.
    case.act(Staff::Centre, "accept", json!({}))
        .problem("forbidden");
    let case = case.accepted();
    assert_eq!(case.view["state"], "accepted");
    assert_eq!(clock(&case.view, "acceptance")["met_on"], "2026-03-10");
    assert_eq!(clock(&case.view, "handling")["due"], "2026-05-09");
    assert_eq!(case.view["due_on"], "2026-05-09");

    // The secretary sees the own village's case, and handles it once it is given to the village.
    case.act(Staff::Secretary, "take", json!({}))
        .problem("forbidden");
    let case = case.dispatched(VILLAGE);
    assert_eq!(case.view["responsible_unit"]["name"], VILLAGE);
    assert_eq!(case.view["state"], "accepted");
    let case = case.taken(Staff::Secretary);
    assert_eq!(case.view["state"], "handling");
    assert_eq!(
        case.view["responsible_user"]["id"],
        app.user(Staff::Secretary)
    );
    let case = case.then(
        Staff::Secretary,
        "note",
        json!({"text": "入户走访，核对流转合同"}),
    );
    let case = case.then(
        Staff::Office,
        "set_lead",
        json!({"user_id": app.user(Staff::Leader)}),
    );
    assert_eq!(case.view["lead"]["name"], "赵建国");

    let problem = case.act(
        Staff::Leader,
        "close",
        json!({"text": "办结", "outcome": "settled"}),
    );
    assert!(problem.problem("conflict").detail.contains("先答复"));
    let case = case.answered(Staff::Secretary);
    assert_eq!(case.view["state"], "answered");
    assert_eq!(clock(&case.view, "handling")["met_on"], "2026-03-10");
    assert_eq!(clock(&case.view, "review_request")["due"], "2026-04-09");
    assert_eq!(clock(&case.view, "review_request")["owner"], "petitioner");
    assert_eq!(case.view["due_on"], Value::Null);

    let case = case.closed();
    assert_eq!(case.view["state"], "closed");
    assert_eq!(
        (&case.view["outcome"], &case.view["closed_on"]),
        (&json!("settled"), &json!("2026-03-10"))
    );
    // Attention to a person ends with the case.
    assert_eq!(case.view["people"].as_array().unwrap().len(), 1);
    assert_eq!(
        kinds(&app, &case),
        [
            "registered",
            "accepted",
            "dispatched",
            "taken",
            "noted",
            "lead_set",
            "answered",
            "closed",
            "person_changed"
        ]
    );

    let edit = app
        .by(Staff::Office)
        .patch(case.path(""))
        .if_match(app.etag(&case.id, Staff::Office));
    edit.json(&json!({"place": "村口"}))
        .send()
        .problem("conflict");
    case.act(Staff::Secretary, "reopen", json!({"text": "又来"}))
        .problem("forbidden");
    let case = case.then(Staff::Leader, "reopen", json!({"text": "出现新的事实"}));
    assert_eq!(case.view["state"], "handling");
    assert_eq!(
        (&case.view["outcome"], &case.view["closed_on"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!case.view["due_on"].is_null());
    let case = case.answered(Staff::Secretary).closed();
    assert_eq!(case.view["state"], "closed");
}

#[test]
fn a_transfer_that_is_objected_to_comes_back() {
    let app = TestApp::start();
    let case = app.case().register();
    case.seen_by(Staff::Police).problem("not_found");
    let case = case.transferred("派出所");
    assert_eq!(case.view["state"], "transferred");
    // Until it is taken, the sender answers for it.
    assert_eq!(
        (
            &case.view["responsible_unit"]["name"],
            &case.view["offered_unit"]["name"]
        ),
        (&json!("镇综治办"), &json!("派出所"))
    );
    // Five working days from the day after: Wednesday 11 to Tuesday 17.
    assert_eq!(clock(&case.view, "transfer_objection")["due"], "2026-03-17");
    // The time to accept runs on.
    assert_eq!(clock(&case.view, "acceptance")["due"], "2026-03-25");
    case.seen_by(Staff::Police).expect(200);
    case.act(Staff::Court, "object", json!({"text": "不属于"}))
        .problem("not_found");
    case.act(Staff::Centre, "object", json!({"text": "不属于"}))
        .problem("forbidden");
    let case = case.then(
        Staff::Police,
        "object",
        json!({"text": "属于民事纠纷，不属于治安案件"}),
    );
    assert_eq!(case.view["state"], "registered");
    assert_eq!(
        (&case.view["responsible_unit"], &case.view["offered_unit"]),
        (&Value::Null, &Value::Null)
    );
    let case = case.transferred("司法所");
    let case = case.then(Staff::Justice, "accept", json!({"text": "受理"}));
    assert_eq!(
        (
            &case.view["responsible_unit"]["name"],
            &case.view["offered_unit"]
        ),
        (&json!("司法所"), &Value::Null)
    );
    let case = case.taken(Staff::Justice).answered(Staff::Justice).closed();
    assert_eq!(
        kinds(&app, &case),
        [
            "registered",
            "transferred",
            "objected",
            "transferred",
            "accepted",
            "taken",
            "answered",
            "closed"
        ]
    );
}

#[test]
fn a_declined_case_names_the_way_to_take() {
    let app = TestApp::start();
    let case = app.case().register();
    let input = json!({"text": "已进入仲裁程序", "path": "labour_arbitration"});
    let case = case.then(Staff::Office, "decline", input);
    assert_eq!(
        (&case.view["state"], &case.view["lawful_path"]),
        (&json!("declined"), &json!("labour_arbitration"))
    );
    assert_eq!(case.view["due_on"], Value::Null);
    assert_eq!(clock(&case.view, "acceptance")["met_on"], "2026-03-10");
    let case = case.then(Staff::Office, "reopen", json!({"text": "仲裁委不予受理"}));
    assert_eq!(
        (&case.view["state"], &case.view["lawful_path"]),
        (&json!("registered"), &Value::Null)
    );
}

#[test]
fn a_village_settles_its_own_dispute() {
    let app = TestApp::start();
    let dispute = app
        .case()
        .kind("dispute")
        .village(VILLAGE)
        .by(Staff::Informant);
    let case = dispute.cause("两户因地埂争执").without("people").register();
    let case = case.then(Staff::Secretary, "accept", json!({}));
    let case = case.then(Staff::Secretary, "take", json!({}));
    assert_eq!(case.view["responsible_unit"]["name"], VILLAGE);
    let input = json!({"text": "双方握手言和", "outcome": "settled"});
    let case = case.then(Staff::Secretary, "close", input);
    assert_eq!(case.view["state"], "closed");
    // The informant hears how it ended.
    assert_eq!(
        case.seen_by(Staff::Informant).expect(200).json()["state"],
        "closed"
    );
    // A petition is not the village's to close.
    let petition = app
        .case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(VILLAGE);
    let petition = petition.taken(Staff::Secretary).answered(Staff::Secretary);
    let input = json!({"text": "接受", "outcome": "settled"});
    petition
        .act(Staff::Secretary, "close", input)
        .problem("forbidden");
}

#[test]
fn a_petitioner_may_withdraw_anywhere() {
    let app = TestApp::start();
    let withdraw = || json!({"text": "信访人书面撤回", "outcome": "withdrawn"});
    let registered = app.case().register();
    let accepted = app.case().register().accepted();
    let transferred = app.case().register().transferred("派出所");
    let handling = app
        .case()
        .register()
        .accepted()
        .dispatched("司法所")
        .taken(Staff::Justice);
    for case in [registered, accepted, transferred, handling] {
        let case = case.then(Staff::Office, "close", withdraw());
        assert_eq!(
            (&case.view["state"], &case.view["outcome"]),
            (&json!("closed"), &json!("withdrawn"))
        );
        assert_eq!(case.view["due_on"], Value::Null);
        case.act(Staff::Office, "close", withdraw())
            .problem("conflict");
    }
}

#[test]
fn handling_is_extended_once_by_at_most_thirty_days() {
    let app = TestApp::start();
    let case = app
        .case()
        .register()
        .accepted()
        .dispatched(VILLAGE)
        .taken(Staff::Secretary);
    let extend =
        |days: u32| json!({"days": days, "text": "涉及多户，情况复杂", "notice": "延期告知书2号"});
    for days in [0, 31, 3000] {
        let answer = case.act(Staff::Leader, "extend", extend(days));
        assert_eq!(answer.invalid_fields(), ["days:out_of_range"]);
    }
    let bare = case.act(Staff::Leader, "extend", json!({}));
    assert_eq!(
        bare.invalid_fields(),
        ["days:out_of_range", "notice:required", "text:required"]
    );
    for who in [Staff::Office, Staff::Secretary] {
        case.act(who, "extend", extend(30)).problem("forbidden");
    }
    let case = case.then(Staff::Leader, "extend", extend(30));
    let handling = clock(&case.view, "handling");
    assert_eq!(
        (&handling["due"], &handling["extended_days"]),
        (&json!("2026-06-08"), &json!(30))
    );
    assert_eq!(case.view["state"], "handling");
    let again = case
        .act(Staff::Leader, "extend", extend(1))
        .problem("conflict");
    assert!(again.detail.contains("只能延长一次"), "{}", again.detail);
    let events = app
        .by(Staff::Leader)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let data = &events["items"].as_array().unwrap().last().unwrap()["data"];
    assert_eq!(
        (&data["days"], &data["notice"]),
        (&json!(30), &json!("延期告知书2号"))
    );
    // A new round has its own.
    let case = case.answered(Staff::Secretary).closed();
    let case = case.then(Staff::Leader, "reopen", json!({"text": "新的事实"}));
    case.then(Staff::Leader, "extend", extend(10));
}

#[test]
fn the_simple_procedure_has_short_clocks() {
    let app = TestApp::start();
    let case = app.case().set("procedure", "simple").register();
    assert_eq!(case.view["procedure"], "simple");
    // Three working days from Tuesday.
    assert_eq!(clock(&case.view, "simple_acceptance")["due"], "2026-03-13");
    assert_eq!(clock(&case.view, "acceptance"), &Value::Null);
    let case = case.accepted();
    assert_eq!(case.view["procedure"], "simple");
    assert_eq!(clock(&case.view, "simple_answer")["due"], "2026-03-24");
    assert_eq!(clock(&case.view, "handling"), &Value::Null);

    // The office may choose it when it accepts, but not for a repeated matter.
    let chosen =
        app.case()
            .register()
            .then(Staff::Office, "accept", json!({"procedure": "simple"}));
    assert_eq!(clock(&chosen.view, "simple_answer")["due"], "2026-03-24");
    let repeat = app.case().set("earlier_case_id", case.id).register();
    let answer = repeat.act(Staff::Office, "accept", json!({"procedure": "simple"}));
    assert_eq!(answer.invalid_fields(), ["procedure:not_first"]);
}

/// Days count from the day after, to the end of the last one; working days follow the State
/// Council's calendar, make-up days among them (2025: National Day 1–8 October, 28 September and
/// 11 October are worked).
#[test]
fn clocks_follow_the_calendar() {
    let app = TestApp::with().clock("2025-09-26T09:00:00+08:00").start();
    let case = app
        .case()
        .received("2025-09-26")
        .set("procedure", "simple")
        .register();
    assert_eq!(clock(&case.view, "simple_acceptance")["due"], "2025-09-30");
    let case = case.accepted();
    assert_eq!(clock(&case.view, "simple_answer")["due"], "2025-10-16");
}

#[test]
fn a_deadline_is_met_until_the_end_of_the_day_in_shanghai() {
    let mut app = TestApp::start();
    let (id, due) = {
        let case = app.case().register();
        (case.id.clone(), case.view["due_on"].clone())
    };
    assert_eq!(due, "2026-03-25");
    let overdue = |app: &TestApp| {
        let view = app
            .by(Staff::Office)
            .get(format!("/cases/{id}"))
            .expect(200)
            .json();
        let listed = app.list(Staff::Office, &[("overdue", "true")])["total"].clone();
        assert_eq!(view["overdue"] == true, listed == 1);
        view["overdue"] == true
    };
    assert!(!overdue(&app));
    app.restart(Some("2026-03-25T15:59:00Z"));
    assert!(!overdue(&app));
    app.restart(Some("2026-03-25T16:00:00Z"));
    assert!(overdue(&app));
}

#[test]
fn backlog_is_marked_and_cleared_by_those_who_may() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).kind("dispute").register();
    case.act(
        Staff::Secretary,
        "mark_backlog",
        json!({"text": "三年未决"}),
    )
    .problem("forbidden");
    let case = case.then(Staff::Office, "mark_backlog", json!({"text": "三年未决"}));
    assert_eq!(case.view["backlog"], true);
    case.act(Staff::Office, "mark_backlog", json!({"text": "三年未决"}))
        .problem("conflict");
    case.act(Staff::Office, "clear_backlog", json!({"text": "已化解"}))
        .problem("forbidden");
    // Closing it is a leader's, too.
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let close = || json!({"text": "和解", "outcome": "settled", "notice": "和解协议，3月10日"});
    case.act(Staff::Secretary, "close", close())
        .problem("forbidden");
    case.act(Staff::Office, "close", close())
        .problem("forbidden");
    let case = case.then(Staff::Leader, "clear_backlog", json!({"text": "已化解"}));
    assert_eq!(case.view["backlog"], false);
    case.act(Staff::Leader, "clear_backlog", json!({"text": "已化解"}))
        .problem("conflict");
    let case = case.then(Staff::Leader, "mark_backlog", json!({"text": "又起"}));
    let case = case.then(Staff::Leader, "close", close());
    assert_eq!(
        (&case.view["backlog"], &case.view["state"]),
        (&json!(false), &json!("closed"))
    );
}

#[test]
fn a_repeat_is_linked_to_the_earlier_case() {
    let app = TestApp::start();
    let first = app.case().received("2026-01-05").register();
    let second = app.case().register();
    let later = app.case().register();
    let link = |earlier: &str| json!({"earlier_case_id": earlier});
    assert_eq!(
        second
            .act(Staff::Office, "link", link(&second.id))
            .invalid_fields(),
        ["earlier_case_id:itself"]
    );
    assert_eq!(
        second
            .act(Staff::Office, "link", link("x"))
            .invalid_fields(),
        ["earlier_case_id:unknown"]
    );
    assert_eq!(
        first
            .act(Staff::Office, "link", link(&second.id))
            .invalid_fields(),
        ["earlier_case_id:later"]
    );
    let second = second.then(Staff::Centre, "link", link(&first.id));
    assert_eq!(
        second.view["earlier_case"],
        json!({"id": first.id, "name": first.number})
    );
    assert_eq!(second.view["first"], false);
    let later = later.then(Staff::Office, "link", link(&second.id));
    assert_eq!(
        second
            .act(Staff::Office, "link", link(&later.id))
            .invalid_fields(),
        ["earlier_case_id:circular"]
    );
    let first = first.seen_by(Staff::Office).expect(200).json();
    assert_eq!(
        first["later_cases"],
        json!([{"id": second.id, "name": second.number}])
    );
    // A closed case may be linked, too: that it repeats comes out late.
    let third = app.case().register().then(
        Staff::Office,
        "close",
        json!({"text": "撤回", "outcome": "withdrawn"}),
    );
    third.then(Staff::Office, "link", link(&later.id));
}

/// What has ended is no backlog, however it ended.
#[test]
fn what_has_ended_is_no_backlog() {
    let app = TestApp::start();
    let backlog = |case: Case<'_>| {
        let id = case
            .then(Staff::Leader, "mark_backlog", json!({"text": "三年未决"}))
            .id;
        Case::of(
            &app,
            app.by(Staff::Leader)
                .get(format!("/cases/{id}"))
                .expect(200)
                .json(),
        )
    };
    let declined = backlog(app.case().register());
    declined.then(
        Staff::Office,
        "decline",
        json!({"text": "应走诉讼", "path": "litigation"}),
    );
    let handed_over = backlog(app.case().accuses(VILLAGE).register());
    handed_over.then(
        Staff::Office,
        "hand_over",
        json!({"authority": "县纪委监委"}),
    );
    let withdrawn = backlog(app.case().register());
    withdrawn.then(
        Staff::Leader,
        "close",
        json!({"text": "撤回", "outcome": "withdrawn"}),
    );
    assert_eq!(app.list(Staff::Leader, &[("backlog", "true")])["total"], 0);
}
