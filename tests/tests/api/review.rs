//! A petition's rounds: review, final review, hearing; hand-overs that count when they are taken; the
//! petitioner heard before the closing.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Case, Staff, TestApp};

fn clock<'a>(view: &'a Value, kind: &str) -> &'a Value {
    let clocks = view["clocks"].as_array().unwrap();
    let found = clocks.iter().rfind(|clock| clock["kind"] == kind);
    found.unwrap_or(&Value::Null)
}

fn last_event(case: &Case) -> Value {
    let events = case.app().by(Staff::Office).get(case.path("/events"));
    let events = events.expect(200).json();
    events["items"].as_array().unwrap().last().unwrap().clone()
}

/// As the office sees it now.
fn now<'a>(case: &Case<'a>) -> Case<'a> {
    Case::of(case.app(), case.seen_by(Staff::Office).expect(200).json())
}

/// Answered by the village on a day.
fn answered_on<'a>(app: &'a TestApp, received: &str, day: &str) -> Case<'a> {
    let on = json!({"on": day});
    let case = app.case().village(VILLAGE).received(received).register();
    let given = json!({"on": day, "unit_id": app.unit(VILLAGE)});
    let answer = json!({"on": day, "text": "已核实，分两期兑付", "notice": "当面送达张三"});
    case.then(Staff::Office, "accept", on.clone())
        .then(Staff::Office, "dispatch", given)
        .then(Staff::Secretary, "take", on)
        .then(Staff::Secretary, "answer", answer)
}

fn request(day: &str, authority: &str) -> Value {
    json!({"on": day, "text": "不服处理意见", "authority": authority})
}

fn outcome(day: &str, review: &str) -> Value {
    json!({"on": day, "text": "经审查作出意见", "review": review, "notice": "邮寄送达，回执已收"})
}

/// Final review upheld the answer.
fn final_case(app: &TestApp) -> Case<'_> {
    answered_on(app, "2026-01-05", "2026-01-10")
        .then(
            Staff::Office,
            "request_review",
            request("2026-01-12", "县信访局"),
        )
        .then(
            Staff::Office,
            "answer_review",
            outcome("2026-01-20", "upheld"),
        )
        .then(
            Staff::Office,
            "request_final_review",
            request("2026-01-22", "市信访局"),
        )
        .then(
            Staff::Office,
            "answer_final_review",
            outcome("2026-02-10", "upheld"),
        )
}

fn hearing(purpose: &str, planned: &str, held: &str) -> Value {
    json!({
        "on": planned, "purpose": purpose, "held_on": held, "time": "09:30",
        "place": "镇综治中心会议室", "text": "流转费的数额和支付时间",
        "panel": [
            {"name": "曹文礼", "post": "县人大代表", "chair": true},
            {"name": "严正平", "post": "律师"},
            {"name": "戚秀兰", "post": "村民代表"},
        ],
    })
}

/// Story 2: answered, reviewed, revoked, answered again, upheld at review, heard and upheld at final
/// review, closed; the repeat is not accepted.
#[test]
fn a_petition_through_review_and_final_review() {
    let app = TestApp::start();
    let case = answered_on(&app, "2025-09-01", "2025-10-20");
    assert_eq!(clock(&case.view, "review_request")["due"], "2025-11-19");

    // The petitioner is heard, and disagrees.
    let heard = json!({"on": "2025-10-25", "opinion": "disagrees", "text": "认为数额算少了"});
    let case = case.then(Staff::Secretary, "hear", heard);
    assert_eq!(case.view["heard"], "disagrees");
    assert_eq!(case.view["state"], "answered");
    let event = last_event(&case);
    assert_eq!(
        (
            &event["kind"],
            &event["data"]["opinion"],
            &event["actor"]["name"]
        ),
        (&json!("heard"), &json!("disagrees"), &json!("周永福"))
    );

    // Final review comes after review, not before.
    let early = case.act(
        Staff::Office,
        "request_final_review",
        request("2025-11-01", "市信访局"),
    );
    assert!(early.problem("conflict").detail.contains("第三十五条"));

    let case = case.then(
        Staff::Centre,
        "request_review",
        request("2025-11-19", "县信访局"),
    );
    assert_eq!(case.view["state"], "under_review");
    assert_eq!(case.view["due_on"], "2025-12-19");
    let case = case.then(
        Staff::Office,
        "answer_review",
        outcome("2025-12-10", "revoked"),
    );
    assert_eq!(case.view["state"], "handling");
    assert_eq!(clock(&case.view, "review_answer")["met_on"], "2025-12-10");
    assert_eq!(clock(&case.view, "handling")["due"], "2026-02-08");
    assert_eq!(case.view["heard"], Value::Null);
    let event = last_event(&case);
    assert_eq!(event["kind"], "review_revoked");
    assert_eq!(
        (&event["data"]["review"], &event["data"]["authority"]),
        (&json!("revoked"), &json!("县信访局"))
    );

    // Answered anew: another right to review.
    let answer = json!({"on": "2026-01-10", "text": "重新核算，补付差额", "notice": "当面送达"});
    let case = case.then(Staff::Secretary, "answer", answer);
    let case = case.then(
        Staff::Office,
        "request_review",
        request("2026-01-15", "县信访局"),
    );
    let case = case.then(
        Staff::Office,
        "answer_review",
        outcome("2026-01-25", "upheld"),
    );
    assert_eq!(case.view["state"], "answered");
    assert_eq!(
        clock(&case.view, "final_review_request")["due"],
        "2026-02-24"
    );
    let again = case.act(
        Staff::Office,
        "request_review",
        request("2026-01-26", "县信访局"),
    );
    assert!(again.problem("conflict").detail.contains("申请复核"));
    let case = case.then(
        Staff::Office,
        "request_final_review",
        request("2026-01-30", "市信访局"),
    );
    assert_eq!(case.view["state"], "under_final_review");
    assert_eq!(case.view["due_on"], "2026-03-01");

    // A hearing: its time does not count.
    let plan = hearing("final_review", "2026-02-02", "2026-02-20");
    let mut matter = case.open(Staff::Office, "hearings", &plan);
    assert_eq!(matter.state(), "planned");
    let minutes = json!({
        "present": [case.person(0)], "minutes": "双方陈述、质证，听证员评议。", "conclusion": "建议维持",
    });
    let early = matter.try_step(Staff::Office, "hold", &minutes);
    assert!(early.problem("conflict").detail.contains("公告"));
    let notice = json!({"on": "2026-02-05", "ways": ["posted", "served"], "text": "村务公开栏"});
    matter.step(Staff::Office, "notify", &notice);
    matter.step(Staff::Secretary, "hold", &minutes);
    assert_eq!(matter.state(), "held");
    let event = last_event(&case);
    assert_eq!(
        (&event["on"], &event["data"]["excluded_days"]),
        (&json!("2026-02-20"), &json!(15))
    );
    let case = now(&case);
    let limit = clock(&case.view, "final_review_answer");
    assert_eq!(
        (&limit["due"], &limit["extended_days"]),
        (&json!("2026-03-16"), &json!(15))
    );
    assert_eq!(case.view["due_on"], "2026-03-16");

    let case = case.then(
        Staff::Office,
        "answer_final_review",
        outcome("2026-03-09", "upheld"),
    );
    assert_eq!(
        (
            &case.view["state"],
            &case.view["outcome"],
            &case.view["closed_on"],
            &case.view["due_on"]
        ),
        (
            &json!("closed"),
            &json!("final"),
            &json!("2026-03-09"),
            &Value::Null
        )
    );
    let reopen = case.act(Staff::Leader, "reopen", json!({"text": "又来反映"}));
    assert!(reopen.problem("conflict").detail.contains("第三十六条"));

    // The same facts once more: only to be declined, naming that.
    let repeat = app
        .case()
        .village(VILLAGE)
        .set("earlier_case_id", case.id.clone());
    let repeat = repeat.register();
    assert_eq!(repeat.view["repeats_final"], true);
    for (action, input) in [
        ("accept", json!({})),
        (
            "transfer",
            json!({"unit_id": app.unit("司法所"), "text": "转办"}),
        ),
    ] {
        let refused = repeat.act(Staff::Office, action, input).problem("conflict");
        assert!(refused.detail.contains("不再受理"), "{}", refused.detail);
    }
    let other = json!({"text": "应走诉讼", "path": "litigation"});
    let other = repeat.act(Staff::Office, "decline", other);
    assert_eq!(other.invalid_fields(), ["path:already_final"]);
    let decline = json!({"text": "已经复核终结", "path": "already_final"});
    let repeat = repeat.then(Staff::Office, "decline", decline);
    assert_eq!(
        (&repeat.view["state"], &repeat.view["lawful_path"]),
        (&json!("declined"), &json!("already_final"))
    );
    // And at a farther remove.
    let third = app.case().register();
    let third = third.then(Staff::Office, "link", json!({"earlier_case_id": repeat.id}));
    third
        .act(Staff::Office, "accept", json!({}))
        .problem("conflict");
}

/// A transferred repeat of what is final cannot be taken by its receiver either.
#[test]
fn a_repeat_that_turns_out_later_is_not_taken() {
    let app = TestApp::start();
    let first = final_case(&app);
    let repeat = app.case().register().transferred("司法所");
    let link = json!({"earlier_case_id": first.id});
    let repeat = repeat.then(Staff::Office, "link", link);
    for action in ["accept", "take"] {
        let refused = repeat.act(Staff::Justice, action, json!({}));
        assert!(refused.problem("conflict").detail.contains("不再受理"));
    }
    let decline = json!({"text": "已经复核终结", "path": "already_final"});
    let repeat = repeat.then(Staff::Justice, "decline", decline);
    assert_eq!(repeat.view["responsible_unit"]["name"], "司法所");
}

/// Each of the petitioner's and the receiver's clocks at its edge: 10 March is the last day.
#[test]
fn the_edges_of_the_clocks() {
    let mut app = TestApp::start();
    let review = || request_today("县信访局");
    let ids: Vec<(String, Option<String>)> = {
        let reviewed = |app| {
            answered_on(app, "2026-01-05", "2026-01-20")
                .then(
                    Staff::Office,
                    "request_review",
                    request("2026-01-22", "县信访局"),
                )
                .then(
                    Staff::Office,
                    "answer_review",
                    outcome("2026-02-08", "changed"),
                )
        };
        let transferred = |app: &TestApp| {
            let input = json!({"on": "2026-03-03", "unit_id": app.unit("派出所"), "text": "治安"});
            let case = app.case().received("2026-03-02").register();
            case.then(Staff::Office, "transfer", input).id
        };
        let referred = |app: &TestApp| {
            let case = app.case().received("2026-03-02").register();
            let case = case.then(Staff::Office, "accept", json!({"on": "2026-03-02"}));
            let input = json!({
                "on": "2026-03-03", "receiver": "unit", "unit_id": app.unit("派出所"), "text": "治安",
            });
            let matter = case.open(Staff::Office, "referrals", &input).id;
            (case.id, Some(matter))
        };
        let answered = |app| answered_on(app, "2026-01-05", "2026-02-08").id;
        vec![
            (answered(&app), None),
            (answered(&app), None),
            (reviewed(&app).id, None),
            (reviewed(&app).id, None),
            (transferred(&app), None),
            (transferred(&app), None),
            referred(&app),
            referred(&app),
            (answered(&app), None),
        ]
    };
    let object = || json!({"text": "不属于公安机关职权"});
    let referral_object = |app: &TestApp, (case, matter): &(String, Option<String>)| {
        let matter = matter.as_ref().unwrap();
        let path = format!("/cases/{case}/referrals/{matter}/steps/object");
        let call = app.by(Staff::Police).post(path).if_match("\"1\"");
        call.json(&object()).send()
    };
    let close = || json!({"text": "期限届满", "outcome": "final"});

    app.restart(Some("2026-03-10T23:59:00+08:00"));
    let office = Staff::Office;
    app.act(&ids[8].0, Staff::Leader, "close", close())
        .problem("conflict");
    app.act(&ids[0].0, office, "request_review", review())
        .expect(200);
    app.act(&ids[2].0, office, "request_final_review", review())
        .expect(200);
    app.act(&ids[4].0, Staff::Police, "object", object())
        .expect(200);
    referral_object(&app, &ids[6]).expect(200);

    app.restart(Some("2026-03-11T00:00:00+08:00"));
    for (id, action, article) in [
        (&ids[1].0, "request_review", "第三十五条"),
        (&ids[3].0, "request_final_review", "第三十六条"),
    ] {
        let before = app
            .by(office)
            .get(format!("/cases/{id}"))
            .expect(200)
            .json();
        let late = app.act(id, office, action, review());
        assert!(late.text().contains(article), "{}", late.text());
        assert_eq!(late.invalid_fields(), ["on:too_late"], "{action}");
        let after = app
            .by(office)
            .get(format!("/cases/{id}"))
            .expect(200)
            .json();
        assert_eq!(before, after, "{action}");
        // A letter of the last day is in time, whenever it is entered.
        let mut input = review();
        input["on"] = json!("2026-03-10");
        app.act(id, office, action, input).expect(200);
    }
    let late = app.act(&ids[5].0, Staff::Police, "object", object());
    let detail = late.problem("conflict").detail;
    assert!(
        detail.contains("5个工作日") && detail.contains("第二十三条"),
        "{detail}"
    );
    // Nor does an earlier day help.
    let mut earlier = object();
    earlier["on"] = json!("2026-03-10");
    app.act(&ids[5].0, Staff::Police, "object", earlier)
        .problem("conflict");
    let offered = app
        .by(Staff::Police)
        .get(format!("/cases/{}/actions", ids[5].0));
    let offered = offered.expect(200).json();
    let offered = offered.as_array().unwrap();
    let offer = offered.iter().find(|a| a["action"] == "object").unwrap();
    assert_eq!(
        (&offer["allowed"], &offer["reason"]),
        (&json!(false), &json!(detail))
    );
    referral_object(&app, &ids[7]).problem("conflict");
    // It is still to be taken.
    app.act(&ids[5].0, Staff::Police, "take", json!({}))
        .expect(200);
    let closed = app.act(&ids[8].0, Staff::Leader, "close", close());
    assert_eq!(closed.expect(200).json()["outcome"], "final");
}

fn request_today(authority: &str) -> Value {
    json!({"text": "不服", "authority": authority})
}

/// A petition is closed as settled only with the petitioner's agreement to the last answer.
#[test]
fn the_petitioner_is_heard_before_the_closing() {
    let app = TestApp::start();
    let case = answered_on(&app, "2026-03-01", "2026-03-05");
    let settled = || json!({"text": "已兑付", "outcome": "settled"});
    let with = |opinion: &str| {
        let mut input = settled();
        input["opinion"] = json!(opinion);
        input
    };
    let bare = case.act(Staff::Leader, "close", settled());
    assert_eq!(bare.invalid_fields(), ["opinion:required"]);
    for opinion in ["disagrees", "not_reached"] {
        let refused = case.act(Staff::Leader, "close", with(opinion));
        let detail = refused.problem("conflict").detail;
        for part in ["2026-04-04", "申请复查", "第三十五条", "30日"] {
            assert!(detail.contains(part), "{opinion}: {detail}");
        }
    }
    assert_eq!(now(&case).view, case.view, "nothing has changed");
    let final_too_early = json!({"text": "终结", "outcome": "final"});
    let refused = case.act(Staff::Leader, "close", final_too_early);
    assert!(refused.problem("conflict").detail.contains("还没有届满"));

    // Not reached, then reached; who is not of the case cannot say so.
    case.act(
        Staff::NextSecretary,
        "hear",
        json!({"opinion": "agrees", "text": "同意"}),
    )
    .problem("not_found");
    let hear = |opinion: &str| json!({"opinion": opinion, "text": "电话回访"});
    let case = case.then(Staff::Secretary, "hear", hear("not_reached"));
    case.act(Staff::Leader, "close", settled())
        .problem("conflict");
    let case = case.then(Staff::Office, "hear", hear("agrees"));
    let case = case.then(Staff::Leader, "close", settled());
    assert_eq!(case.view["outcome"], "settled");

    // A new round asks anew.
    let case = case.then(Staff::Leader, "reopen", json!({"text": "新的事实"}));
    assert_eq!(case.view["heard"], Value::Null);
    let case = case.answered(Staff::Secretary);
    let bare = case.act(Staff::Leader, "close", settled());
    assert_eq!(bare.invalid_fields(), ["opinion:required"]);
    let case = case.then(Staff::Leader, "close", with("agrees"));
    let event = last_event(&case);
    assert_eq!(event["data"]["opinion"], "agrees");
}

/// A case that is handled goes to another unit when that takes it; no clock restarts.
#[test]
fn a_referral_counts_when_it_is_taken() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .received("2026-03-02")
        .register();
    let case = case.then(Staff::Office, "accept", json!({"on": "2026-03-03"}));
    let case = case.dispatched(VILLAGE).taken(Staff::Secretary);
    let due = case.view["due_on"].clone();
    case.seen_by(Staff::Police).problem("not_found");
    let input = json!({
        "receiver": "unit", "unit_id": app.unit("派出所"), "text": "涉嫌违反治安管理",
    });
    let mut referral = case.open(Staff::Secretary, "referrals", &input);
    assert_eq!(referral.state(), "offered");
    assert_eq!(referral.view["due"]["on"], "2026-03-17");
    let case = now(&case);
    assert_eq!(
        (
            &case.view["responsible_unit"]["name"],
            &case.view["offered_unit"]["name"]
        ),
        (&json!(VILLAGE), &json!("派出所"))
    );
    let waiting = [("offered_unit_id", app.unit("派出所"))];
    assert_eq!(app.list(Staff::Police, &waiting)["total"], 1);
    // One at a time, and not given out beside it.
    let other = json!({"receiver": "unit", "unit_id": app.unit("司法所"), "text": "调解"});
    case.try_open(Staff::Office, "referrals", &other)
        .problem("conflict");
    let dispatch = json!({"unit_id": app.unit("司法所")});
    case.act(Staff::Office, "dispatch", dispatch)
        .problem("conflict");
    // The receiver answers for it only when it takes it, and nobody takes it in its place.
    let answer = json!({"text": "x", "notice": "y"});
    case.act(Staff::Police, "answer", answer.clone())
        .problem("forbidden");
    for who in [Staff::Secretary, Staff::Office] {
        referral
            .try_step(who, "take", &json!({}))
            .problem("forbidden");
    }
    referral
        .try_step(Staff::Police, "receipt", &json!({"receipt": "1号"}))
        .problem("forbidden");
    referral.step(Staff::Police, "take", &json!({}));
    assert_eq!(referral.state(), "taken");
    let taken = now(&case);
    assert_eq!(
        (
            &taken.view["responsible_unit"]["name"],
            &taken.view["offered_unit"],
            &taken.view["due_on"],
            &taken.view["state"]
        ),
        (&json!("派出所"), &Value::Null, &due, &json!("handling"))
    );
    taken
        .act(Staff::Secretary, "answer", answer.clone())
        .problem("forbidden");

    // Objected to, it stays; taken back, too.
    let back = json!({"receiver": "unit", "unit_id": app.unit(NEXT_VILLAGE), "text": "属该村"});
    let mut second = taken.open(Staff::Police, "referrals", &back);
    let why = json!({"text": "不是本村的事"});
    second.step(Staff::NextSecretary, "object", &why);
    assert_eq!(second.state(), "objected");
    assert_eq!(now(&case).view["offered_unit"], Value::Null);
    let mut third = taken.open(Staff::Police, "referrals", &other);
    let bare = third.try_step(Staff::Police, "withdraw", &json!({}));
    assert_eq!(bare.invalid_fields(), ["text:required"]);
    third.step(Staff::Police, "withdraw", &json!({"text": "自行办理"}));
    third
        .try_step(Staff::Justice, "take", &json!({}))
        .problem("conflict");
    let kept = now(&case);
    assert_eq!(kept.view["responsible_unit"]["name"], "派出所");
    assert_eq!(kept.view["due_on"], due);
    let kept = kept.then(Staff::Police, "answer", answer);
    assert_eq!(kept.view["state"], "answered");
}

/// A named outside authority gives a receipt; what it took over ends here.
#[test]
fn an_outside_authority_gives_a_receipt() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.dispatched(VILLAGE).taken(Staff::Secretary);
    let input = json!({"receiver": "outside", "authority": "某县人民检察院", "text": "法律监督"});
    let mut referral = case.open(Staff::Secretary, "referrals", &input);
    assert_eq!(now(&case).view["responsible_unit"]["name"], VILLAGE);
    let bare = referral.try_step(Staff::Office, "receipt", &json!({}));
    assert_eq!(bare.invalid_fields(), ["receipt:required"]);
    let whole = json!({"receipt": "检收〔2026〕8号", "whole": true});
    let not_his = referral.try_step(Staff::Secretary, "receipt", &whole);
    assert!(not_his.problem("conflict").detail.contains("镇领导"));
    referral.step(Staff::Office, "receipt", &whole);
    assert_eq!(referral.state(), "received");
    let case = now(&case);
    assert_eq!(
        (
            &case.view["state"],
            &case.view["outcome"],
            &case.view["due_on"],
            &case.view["closed_on"]
        ),
        (
            &json!("closed"),
            &json!("handed_over"),
            &Value::Null,
            &json!("2026-03-10")
        )
    );
}

/// What is wrong with a hearing is named, and changes nothing.
#[test]
fn a_hearing_has_its_rules() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let plan = || hearing("handling", "2026-03-10", "2026-03-20");
    case.try_open(Staff::Office, "hearings", &plan())
        .problem("conflict");
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let mut wrong = plan();
    wrong["panel"].as_array_mut().unwrap().pop();
    wrong["held_on"] = json!("2026-03-16");
    let answer = case.try_open(Staff::Office, "hearings", &wrong);
    assert_eq!(
        answer.invalid_fields(),
        ["held_on:too_soon", "panel:odd_from_three"]
    );
    assert_eq!(now(&case).view, case.view);
    let mut matter = case.open(Staff::Secretary, "hearings", &plan());
    let minutes = json!({"minutes": "笔录", "conclusion": "结论", "text": "信访人未到场"});
    let early = matter.try_step(Staff::Office, "hold", &minutes);
    assert!(
        early
            .problem("conflict")
            .detail
            .contains("第三十一条第六项")
    );
    let notice = json!({"ways": ["posted"], "text": "村务公开栏"});
    matter.step(Staff::Office, "notify", &notice);
    let early = matter.try_step(Staff::Office, "hold", &minutes);
    assert!(early.problem("conflict").detail.contains("2026-03-20"));
    assert_eq!(matter.state(), "notified");
    // It stands in the way of a closing until it is held or called off.
    let case = now(&case).answered(Staff::Secretary);
    let close = json!({"text": "接受", "outcome": "settled", "opinion": "agrees"});
    let blocked = case.act(Staff::Leader, "close", close.clone());
    assert!(blocked.problem("conflict").detail.contains("听证"));
    matter.step(Staff::Office, "cancel", &json!({"text": "双方和解"}));
    now(&case).then(Staff::Leader, "close", close);
}

/// An accusation is handed over to nobody whom it accuses, and shows them no hearing.
#[test]
fn an_accusation_goes_to_nobody_whom_it_accuses() {
    let app = TestApp::start();
    let case = app.case().accuses(VILLAGE).register().accepted();
    let case = case.dispatched("司法所").taken(Staff::Justice);
    let to = json!({"receiver": "unit", "unit_id": app.unit(VILLAGE), "text": "请核实"});
    let refused = case.try_open(Staff::Office, "referrals", &to);
    assert_eq!(refused.invalid_fields(), ["unit_id:accused"]);
    let plan = hearing("handling", "2026-03-10", "2026-03-20");
    let matter = case.open(Staff::Office, "hearings", &plan);
    matter.seen_by(Staff::Secretary).problem("not_found");
    let rows = app.by(Staff::Secretary).get("/matters").expect(200).json();
    assert_eq!(rows["total"], 0);
}
