//! Steps: what is offered is what may be done, and what may not be done says why.

use serde_json::{Value, json};
use shared::case::action::CaseAction;
use shared::term::Term;
use tests::client::is_chinese;
use tests::staff::VILLAGE;
use tests::{Case, Staff, TestApp};

/// An answered case, so many steps into the rounds of review.
fn reviewed(case: Case<'_>, steps: usize) -> Case<'_> {
    let request = json!({"text": "不服", "authority": "上一级机关"});
    let answer = json!({"text": "维持", "review": "upheld", "notice": "邮寄送达"});
    [
        ("request_review", &request),
        ("answer_review", &answer),
        ("request_final_review", &request),
        ("answer_final_review", &answer),
    ]
    .into_iter()
    .take(steps)
    .fold(case.answered(Staff::Secretary), |case, (action, input)| {
        case.then(Staff::Office, action, input.clone())
    })
}

/// One case in every state and situation that steps look at.
fn cases(app: &TestApp) -> Vec<(&'static str, Case<'_>)> {
    let petition = || app.case().village(VILLAGE).register();
    let dispute = || app.case().kind("dispute").village(VILLAGE).register();
    let withdrawn = json!({"text": "撤回", "outcome": "withdrawn"});
    let declined = json!({"text": "应走仲裁", "path": "arbitration"});
    let extension = json!({"days": 30, "text": "情况复杂", "notice": "延期告知书1号"});
    let handling = || {
        petition()
            .accepted()
            .dispatched(VILLAGE)
            .taken(Staff::Secretary)
    };
    let mut repeated = String::new();
    vec![
        ("registered", petition()),
        ("registered dispute", dispute()),
        ("accepted", petition().accepted()),
        (
            "dispatched to the police",
            petition().accepted().dispatched("派出所"),
        ),
        ("transferred to justice", petition().transferred("司法所")),
        (
            "declined",
            petition().then(Staff::Office, "decline", declined),
        ),
        ("handling", handling()),
        (
            "handling, extended",
            handling().then(Staff::Leader, "extend", extension),
        ),
        (
            "handling dispute",
            dispute()
                .accepted()
                .dispatched(VILLAGE)
                .taken(Staff::Secretary),
        ),
        (
            "backlog",
            handling().then(Staff::Leader, "mark_backlog", json!({"text": "久拖不决"})),
        ),
        ("answered", handling().answered(Staff::Secretary)),
        ("under review", reviewed(handling(), 1)),
        ("reviewed", reviewed(handling(), 2)),
        ("under final review", reviewed(handling(), 3)),
        ("finally answered", {
            let case = reviewed(handling(), 4);
            repeated.clone_from(&case.id);
            case
        }),
        (
            "repeats what is final",
            petition().then(Staff::Office, "link", json!({"earlier_case_id": repeated})),
        ),
        ("referred to the police", {
            let case = handling();
            let input = json!({
                "receiver": "unit", "unit_id": app.unit("派出所"), "text": "涉嫌治安案件",
            });
            case.open(Staff::Secretary, "referrals", &input);
            Case::of(app, case.seen_by(Staff::Office).json())
        }),
        ("closed", handling().answered(Staff::Secretary).closed()),
        (
            "withdrawn",
            petition().then(Staff::Office, "close", withdrawn),
        ),
        ("sealed", app.case().accuses(VILLAGE).register()),
        ("registrar only", app.case().accuses("镇综治办").register()),
    ]
}

/// `GET …/actions` and `POST …/actions/{action}` say the same, to everybody, in every state: what
/// is offered is refused neither by role (403) nor by state (409); what is not offered is refused
/// with the same sentence.
#[test]
fn what_is_offered_is_what_may_be_done() {
    let app = TestApp::start();
    for (state, case) in cases(&app) {
        for who in Staff::ALL {
            let offered = app.by(who).get(case.path("/actions")).send();
            if offered.status == 404 {
                // With a body that is wrong in every way: not a word about it.
                case.act(who, "accept", json!({"on": "2026-03-11"}))
                    .problem("not_found");
                continue;
            }
            let offered = offered.expect(200).json();
            assert_eq!(offered.as_array().unwrap().len(), CaseAction::ALL.len());
            for action in offered.as_array().unwrap() {
                let code = action["action"].as_str().unwrap();
                let place = format!("{state}, {who:?}, {code}");
                // A day in the future is wrong for every step: nothing happens to the case.
                let call = app.by(who).post(case.path(&format!("/actions/{code}")));
                let call = call.if_match(format!("\"{}\"", case.view["version"]));
                let answer = call.json(&json!({"on": "2026-03-11"})).send();
                if action["allowed"] == true {
                    assert_eq!(action["reason"], Value::Null, "{place}");
                    let fields = answer.invalid_fields();
                    assert!(
                        fields.contains(&"on:in_future".to_owned()),
                        "{place}: {fields:?}"
                    );
                } else {
                    let reason = action["reason"].as_str().expect(&place);
                    assert!(is_chinese(reason), "{place}: {reason}");
                    assert!(
                        [403, 409].contains(&answer.status),
                        "{place}: {}",
                        answer.text()
                    );
                    assert_eq!(answer.json()["detail"], reason, "{place}");
                }
            }
        }
        // All of that has changed nothing.
        let view = case.seen_by(Staff::Centre).expect(200).json();
        assert_eq!(view["version"], case.view["version"], "{state}");
    }
}

/// Each step says what it needs.
#[test]
fn a_step_without_what_it_needs_names_it() {
    let app = TestApp::start();
    let registered = app.case().village(VILLAGE).register();
    let accepted = app.case().village(VILLAGE).register().accepted();
    let transferred = app.case().register().transferred("派出所");
    let handling = app
        .case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(VILLAGE)
        .taken(Staff::Secretary);
    let answered = || {
        let case = app.case().village(VILLAGE).register().accepted();
        case.dispatched(VILLAGE).taken(Staff::Secretary)
    };
    let (under_review, under_final_review) = (reviewed(answered(), 1), reviewed(answered(), 3));
    let answered = reviewed(answered(), 0);
    let closed = app.case().register().then(
        Staff::Office,
        "close",
        json!({"text": "撤回", "outcome": "withdrawn"}),
    );
    let backlog =
        app.case()
            .register()
            .then(Staff::Office, "mark_backlog", json!({"text": "三年"}));
    let sealed = app.case().accuses(VILLAGE).register();
    let table: Vec<(&Case, Staff, &str, Value, &[&str])> = vec![
        (
            &registered,
            Staff::Office,
            "decline",
            json!({}),
            &["path:required", "text:required"],
        ),
        (
            &registered,
            Staff::Office,
            "transfer",
            json!({}),
            &["text:required", "unit_id:required"],
        ),
        (
            &registered,
            Staff::Office,
            "transfer",
            json!({"text": "x", "unit_id": "x"}),
            &["unit_id:unknown"],
        ),
        (
            &registered,
            Staff::Office,
            "transfer",
            json!({"text": "x", "unit_id": app.unit("平川镇")}),
            &["unit_id:not_a_handler"],
        ),
        (
            &registered,
            Staff::Office,
            "transfer",
            json!({"text": "x", "unit_id": app.unit("五里墩村/1社")}),
            &["unit_id:not_a_handler"],
        ),
        (
            &transferred,
            Staff::Police,
            "object",
            json!({"text": " "}),
            &["text:required"],
        ),
        (
            &accepted,
            Staff::Office,
            "dispatch",
            json!({}),
            &["unit_id:required"],
        ),
        (
            &accepted,
            Staff::Office,
            "dispatch",
            json!({"unit_id": app.unit("派出所"), "user_id": "x"}),
            &["user_id:unknown"],
        ),
        (
            &accepted,
            Staff::Office,
            "dispatch",
            json!({"unit_id": app.unit("派出所"), "user_id": app.user(Staff::Justice)}),
            &["user_id:not_of_unit"],
        ),
        (
            &accepted,
            Staff::Office,
            "set_lead",
            json!({}),
            &["user_id:required"],
        ),
        (
            &accepted,
            Staff::Office,
            "set_lead",
            json!({"user_id": app.user(Staff::Office)}),
            &["user_id:not_a_leader"],
        ),
        (
            &handling,
            Staff::Secretary,
            "answer",
            json!({}),
            &["notice:required", "text:required"],
        ),
        (
            &handling,
            Staff::Secretary,
            "answer",
            json!({"text": "字".repeat(4001), "notice": "字".repeat(201)}),
            &["notice:too_long", "text:too_long"],
        ),
        (
            &handling,
            Staff::Secretary,
            "note",
            json!({}),
            &["text:required"],
        ),
        (
            &handling,
            Staff::Leader,
            "mark_backlog",
            json!({}),
            &["text:required"],
        ),
        (
            &handling,
            Staff::Leader,
            "close",
            json!({}),
            &["outcome:required", "text:required"],
        ),
        (
            &handling,
            Staff::Leader,
            "close",
            json!({"text": "x", "outcome": "handed_over"}),
            &["outcome:invalid"],
        ),
        (
            &handling,
            Staff::Secretary,
            "link",
            json!({}),
            &["earlier_case_id:required"],
        ),
        (
            &answered,
            Staff::Office,
            "hear",
            json!({}),
            &["opinion:required", "text:required"],
        ),
        (
            &answered,
            Staff::Leader,
            "close",
            json!({"text": "x", "outcome": "settled"}),
            &["opinion:required"],
        ),
        (
            &answered,
            Staff::Office,
            "request_review",
            json!({}),
            &["authority:required", "text:required"],
        ),
        (
            &under_review,
            Staff::Office,
            "answer_review",
            json!({}),
            &["notice:required", "review:required", "text:required"],
        ),
        (
            &under_final_review,
            Staff::Office,
            "answer_final_review",
            json!({"authority": "字".repeat(201)}),
            &[
                "authority:too_long",
                "notice:required",
                "review:required",
                "text:required",
            ],
        ),
        (
            &closed,
            Staff::Leader,
            "reopen",
            json!({}),
            &["text:required"],
        ),
        (
            &backlog,
            Staff::Leader,
            "clear_backlog",
            json!({}),
            &["text:required"],
        ),
        (
            &sealed,
            Staff::Office,
            "hand_over",
            json!({}),
            &["authority:required"],
        ),
    ];
    for (case, who, action, input, expected) in table {
        let fields = case.act(who, action, input.clone()).invalid_fields();
        assert_eq!(fields, expected, "{action} {input}");
    }
    handling
        .act(Staff::Secretary, "note", json!({"texts": "x"}))
        .problem("bad_request");
    handling
        .act(
            Staff::Leader,
            "close",
            json!({"text": "x", "outcome": "done"}),
        )
        .problem("bad_request");
    handling
        .act(Staff::Secretary, "resolve", json!({}))
        .problem("not_found");
    handling
        .act(Staff::Secretary, "Note", json!({"text": "x"}))
        .problem("not_found");
}

/// A step may be back-dated, but not before the one that came before it.
#[test]
fn the_days_of_steps_run_forward() {
    let app = TestApp::start();
    let case = app.case().received("2026-03-02").register();
    let on = |day: &str| json!({"on": day});
    assert_eq!(
        case.act(Staff::Office, "accept", on("2026-03-11"))
            .invalid_fields(),
        ["on:in_future"]
    );
    assert_eq!(
        case.act(Staff::Office, "accept", on("2026-03-01"))
            .invalid_fields(),
        ["on:too_early"]
    );
    let case = case.then(Staff::Office, "accept", on("2026-03-04"));
    let clocks = case.view["clocks"].as_array().unwrap();
    assert_eq!(
        (&clocks[0]["met_on"], &clocks[1]["from"]),
        (&json!("2026-03-04"), &json!("2026-03-04"))
    );
    assert_eq!(case.view["due_on"], "2026-05-03");
    let case = case.dispatched(VILLAGE);
    assert_eq!(
        case.act(Staff::Secretary, "take", on("2026-03-03"))
            .invalid_fields(),
        ["on:too_early"]
    );
    let case = case.then(Staff::Secretary, "take", on("2026-03-06"));
    // The entry's own time is kept beside the day that it is about.
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["on"], "2026-03-06");
    assert!(last["at"].as_str().unwrap().starts_with("2026-03-10T02:00"));
}

/// The person to whom a case is given belongs to the unit, and may be named at once.
#[test]
fn a_case_is_given_to_a_unit_and_a_person() {
    let app = TestApp::start();
    let input = json!({"unit_id": app.unit("派出所"), "user_id": app.user(Staff::Police), "text": "请先行处置"});
    let case = app
        .case()
        .register()
        .accepted()
        .then(Staff::Office, "dispatch", input);
    assert_eq!(case.view["responsible_user"]["name"], "冯志强");
    let events = app
        .by(Staff::Police)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let data = &events["items"][2]["data"];
    assert_eq!(
        (&data["unit"]["name"], &data["user"]["name"]),
        (&json!("派出所"), &json!("冯志强"))
    );
    // Given on: the person was of the other unit.
    let case = case.dispatched("司法所");
    assert_eq!(case.view["responsible_user"], Value::Null);
    case.act(Staff::Police, "take", json!({}))
        .problem("forbidden");
    let case = case.taken(Staff::Justice);
    assert_eq!(case.view["responsible_user"]["name"], "褚公正");
}

/// Whoever handled it may note, and everybody who sees it reads the same timeline.
#[test]
fn the_timeline_says_who_did_what_when() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    for who in [
        Staff::Centre,
        Staff::Secretary,
        Staff::Office,
        Staff::Leader,
    ] {
        let text = format!("{who:?}记录");
        let answer = case.act(who, "note", json!({"text": text}));
        assert_eq!(answer.expect(200).json()["state"], "registered");
    }
    let events = |who: Staff| app.by(who).get(case.path("/events")).expect(200).json();
    let all = events(Staff::Secretary);
    assert_eq!(all, events(Staff::Centre));
    let actors: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["actor"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(actors, ["卫小燕", "卫小燕", "周永福", "孙立新", "赵建国"]);
    // The name at that time: a user who changes it changes no history.
    let path = format!("/users/{}", app.user(Staff::Secretary));
    let admin = app.by(Staff::Admin);
    let etag = admin.get(&path).expect(200).etag();
    admin
        .patch(&path)
        .if_match(etag)
        .json(&json!({"name": "周新名"}))
        .expect(200);
    assert_eq!(events(Staff::Centre), all);
}
