//! People's mediation: from a village's report to the last payment, and all that is refused on the way.

use serde_json::{Value, json};
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Case, Matter, Staff, TestApp};

const MEDIATIONS: &str = "mediations";

/// A dispute about land transfer that the village found, in handling, with both parties.
fn dispute(app: &TestApp) -> Case<'_> {
    let case = app
        .case()
        .by(Staff::Secretary)
        .kind("dispute")
        .set("channel", "inspection")
        .village(VILLAGE)
        .cause("土地流转费三年未付，双方争执")
        .person(json!({"role": "other_party", "name": "李四"}))
        .register();
    case.then(Staff::Secretary, "accept", json!({}))
        .taken(Staff::Secretary)
}

fn request(app: &TestApp, case: &Case) -> Value {
    json!({
        "asked_by": "both", "unit_id": app.unit(VILLAGE), "dispute": "三年流转费9000元未付",
        "first_party": [case.person(0)], "other_party": [case.person(1)], "consent": true,
    })
}

fn appointment(on: &str) -> Value {
    json!({
        "mediators": [{"name": "王调解", "post": "村调委会主任"}, {"name": "孙调解"}],
        "meet_on": on, "meet_time": "15:30", "place": "五里墩村调解室",
    })
}

fn session(case: &Case) -> Value {
    json!({
        "present": [case.person(0), case.person(1)], "others_present": "司法所褚公正",
        "methods": ["policy", "law", "guidance"], "place": "五里墩村调解室", "outcome": "agreed",
        "text": "核对合同和账目，双方同意分三期付清",
    })
}

fn payment(case: &Case, amount: Value, due_on: &str) -> Value {
    json!({
        "what": "支付土地流转费", "by": case.person(1), "amount": amount, "manner": "银行转账",
        "due_on": due_on,
    })
}

fn agreement(case: &Case) -> Value {
    json!({
        "on": TODAY, "form": "written", "facts": "2023年签订流转合同，三年未付流转费",
        "duties": "李四欠付9000.50元，应当支付", "content": "李四分三期付清，逾期按约定付违约金",
        "promises": [
            payment(case, json!(3000), "2026-03-31"),
            payment(case, json!("3000"), "2026-04-30"),
            payment(case, json!("3000.50"), "2026-05-31"),
        ],
        "parties_signed": true, "mediators_signed": true, "sealed": true,
    })
}

fn application(app: &TestApp, case: &Case) -> Value {
    json!({"applicants": [case.person(0), case.person(1)], "court_id": app.unit("蓼泉法庭")})
}

fn confirmation() -> Value {
    json!({"ruling": "confirmed", "document": "（2026）民特12号"})
}

/// A mediation that has come to a written agreement today.
fn agreed<'c, 'a>(app: &'a TestApp, case: &'c Case<'a>) -> Matter<'c, 'a> {
    let mut matter = met(app, case);
    matter.step(Staff::Secretary, "agree", &agreement(case));
    matter
}

/// A mediation with one session held today.
fn met<'c, 'a>(app: &'a TestApp, case: &'c Case<'a>) -> Matter<'c, 'a> {
    let mut matter = case.open(Staff::Secretary, MEDIATIONS, &request(app, case));
    matter.step(Staff::Secretary, "appoint", &appointment(TODAY));
    matter.step(Staff::Secretary, "session", &session(case));
    matter
}

fn close(case: &Case, who: Staff) -> Answer {
    let input = json!({"text": "协议全部履行，双方和好", "outcome": "settled"});
    case.act(who, "close", input)
}

fn queue(app: &TestApp, who: Staff) -> Value {
    let court = app.unit("蓼泉法庭");
    let path = format!("/matters?kind=mediation&open=true&unit_id={court}");
    app.by(who).get(path).expect(200).json()
}

/// The same case and mediation after the server was started again.
fn case_of<'a>(app: &'a TestApp, id: &str) -> Case<'a> {
    let case = app.by(Staff::Office).get(format!("/cases/{id}"));
    Case::of(app, case.expect(200).json())
}

fn item<'v>(view: &'v Value, group: &str, n: usize) -> &'v Value {
    let items = view["items"].as_array().unwrap();
    let mut of_group = items.iter().filter(|item| item["group"] == group);
    of_group.nth(n).unwrap()
}

fn clock<'v>(case: &'v Value, kind: &str) -> Vec<&'v Value> {
    let clocks = case["clocks"].as_array().unwrap();
    clocks
        .iter()
        .filter(|clock| clock["kind"] == kind)
        .collect()
}

/// The first story: from a village's report to a confirmed agreement with its last payment.
#[test]
fn a_land_transfer_dispute_from_the_villages_report_to_the_last_payment() {
    let mut app = TestApp::start();
    let case = dispute(&app);
    let id = case.id.clone();
    assert_eq!(case.seen_by(Staff::Justice).status, 404);
    let mut matter = case.open(Staff::Secretary, MEDIATIONS, &request(&app, &case));
    let mediation = matter.id.clone();
    assert_eq!(matter.state(), "requested");
    assert_eq!(matter.view["unit"]["name"], VILLAGE);

    // The justice office sees every mediation; the village next door, the police, the court do not.
    assert_eq!(matter.seen_by(Staff::Justice).status, 200);
    for who in [Staff::NextSecretary, Staff::Police, Staff::Court] {
        assert_eq!(matter.seen_by(who).status, 404);
        let list = app.by(who).get("/matters").expect(200).json();
        assert_eq!((&list["total"], &list["items"]), (&json!(0), &json!([])));
        let tried = matter.try_step(who, "appoint", &appointment(TODAY));
        tried.problem("not_found");
    }

    let view = matter.step(Staff::Secretary, "appoint", &appointment("2026-03-10"));
    assert_eq!(view["due"]["on"], "2026-03-10");
    matter.step(Staff::Justice, "session", &session(&case));
    let held = item(&matter.view, "调解会", 0);
    assert!(held["text"].as_str().unwrap().contains("司法所褚公正"));
    let going_on = close(&case, Staff::Secretary);
    assert!(going_on.problem("conflict").detail.contains("还在进行"));

    matter.step(Staff::Secretary, "agree", &agreement(&case));
    assert_eq!(matter.state(), "performing");
    let labels: Vec<(&str, bool)> = matter.view["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| (stage["label"].as_str().unwrap(), stage["on"].is_string()))
        .collect();
    assert_eq!(
        labels,
        [
            ("申请", true),
            ("调解", true),
            ("协议", true),
            ("履行", false)
        ]
    );
    let view = case.seen_by(Staff::Office).json();
    let clocks = clock(&view, "confirmation");
    assert_eq!(clocks[0]["due"], "2026-04-09");
    assert_eq!(clocks[0]["owner"], "petitioner");

    // Closing with fulfilments open names what is open, and changes nothing.
    let refused = close(&case, Staff::Secretary).problem("conflict");
    for part in ["3项没有履行", "第1项", "2026-05-31", "第三十一条"] {
        assert!(refused.detail.contains(part), "{}", refused.detail);
    }
    assert_eq!(case.seen_by(Staff::Office).json()["state"], "handling");

    // The parties' own time stands in the calendar until it is used.
    let april = || {
        let path = "/calendar?from=2026-04-01&to=2026-04-30&scope=all";
        let calendar = app.by(Staff::Office).get(path).expect(200).json();
        let items = calendar["items"].as_array().unwrap().clone();
        let days = items.iter().filter(|item| item["owner"] == "petitioner");
        days.map(|item| item["on"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(april(), [json!("2026-04-09")]);

    // Both apply; it is the court's turn, and nobody else's to decide.
    assert_eq!(queue(&app, Staff::Court)["total"], 0);
    let applied = application(&app, &case);
    matter.step(Staff::Secretary, "apply", &applied);
    assert_eq!(matter.state(), "confirming");
    assert_eq!(april(), [Value::Null; 0]);
    let row = queue(&app, Staff::Court)["items"][0].clone();
    assert_eq!(row["id"], mediation.as_str());
    assert_eq!(row["case_number"], case.number);
    for who in [
        Staff::Secretary,
        Staff::Justice,
        Staff::Office,
        Staff::Leader,
    ] {
        let decided = matter.try_step(who, "decide", &confirmation());
        assert!(decided.problem("forbidden").detail.contains("法庭"));
    }
    let paid = json!({"promise": "1", "proof": "回单"});
    let paid = matter.try_step(Staff::Court, "fulfil", &paid);
    paid.problem("forbidden");
    matter.step(Staff::Court, "decide", &confirmation());
    assert_eq!(matter.state(), "performing");
    assert_eq!(queue(&app, Staff::Court)["total"], 0);
    let view = case.seen_by(Staff::Office).json();
    assert_eq!(clock(&view, "confirmation")[0]["met_on"], TODAY);

    // The payments, one by one.
    for (n, today) in ["2026-03-31", "2026-04-30", "2026-05-31"]
        .iter()
        .enumerate()
    {
        app.restart(Some(&format!("{today}T03:00:00Z")));
        let case = case_of(&app, &id);
        let mut matter = case.matter(MEDIATIONS, &mediation);
        assert_eq!(matter.view["due"]["on"], *today);
        let refused = close(&case, Staff::Secretary).problem("conflict");
        let open = format!("{}项没有履行", 3 - n);
        assert!(refused.detail.contains(&open), "{}", refused.detail);
        let paid = json!({"promise": (n + 1).to_string(), "proof": "转账回单"});
        matter.step(Staff::Secretary, "fulfil", &paid);
        assert_eq!(item(&matter.view, "履行事项", n)["state_label"], "已履行");
        let again = matter.try_step(Staff::Secretary, "fulfil", &paid);
        if n < 2 {
            assert_eq!(again.invalid_fields(), ["promise:kept"]);
        } else {
            assert!(again.problem("conflict").detail.contains("全部履行"));
        }
    }
    let case = case_of(&app, &id);
    let matter = case.matter(MEDIATIONS, &mediation);
    assert_eq!(
        (matter.state(), &matter.view["open"], &matter.view["due"]),
        ("done", &json!(false), &Value::Null)
    );
    let closed = close(&case, Staff::Secretary).expect(200).json();
    assert_eq!(
        (&closed["state"], &closed["outcome"]),
        (&json!("closed"), &json!("settled"))
    );
    let events = app.by(Staff::Office).get(case.path("/events"));
    let events = events.expect(200).json();
    let deeds: Vec<&str> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["data"]["matter"]["deed"].as_str())
        .collect();
    assert_eq!(
        deeds,
        [
            "mediation.open",
            "mediation.appoint",
            "mediation.session",
            "mediation.agree",
            "mediation.apply",
            "mediation.decide",
            "mediation.fulfil",
            "mediation.fulfil",
            "mediation.fulfil"
        ]
    );
}

/// Day 30 is in time until its last minute; day 31 is not.
#[test]
fn confirmation_is_refused_on_day_31() {
    let mut app = TestApp::start();
    let (in_time, late) = {
        let start = |case: Case<'_>| {
            let matter = agreed(&app, &case).id;
            (case.id, matter)
        };
        (start(dispute(&app)), start(dispute(&app)))
    };
    app.restart(Some("2026-04-09T15:59:00Z"));
    let case = case_of(&app, &in_time.0);
    let mut matter = case.matter(MEDIATIONS, &in_time.1);
    assert_eq!(matter.view["due"]["on"], "2026-03-31");
    matter.step(Staff::Justice, "apply", &application(&app, &case));
    assert_eq!(matter.state(), "confirming");

    app.restart(Some("2026-04-09T16:00:00Z"));
    let case = case_of(&app, &late.0);
    let matter = case.matter(MEDIATIONS, &late.1);
    let answer = matter.try_step(Staff::Justice, "apply", &application(&app, &case));
    assert_eq!(answer.clone().invalid_fields(), ["on:too_late"]);
    let text = answer.text();
    assert!(
        text.contains("第三十三条") && text.contains("2026-04-09"),
        "{text}"
    );
    let unchanged = case.matter(MEDIATIONS, &late.1);
    assert_eq!(unchanged.view["version"], matter.view["version"]);
    assert_eq!(case.seen_by(Staff::Court).status, 404);
}

#[test]
fn the_courts_refusal_leads_back_to_the_table() {
    let app = TestApp::start();
    let case = dispute(&app);
    let mut matter = agreed(&app, &case);
    matter.step(Staff::Secretary, "apply", &application(&app, &case));
    let refusal = json!({"ruling": "refused", "document": "（2026）民特13号"});
    let answer = matter.try_step(Staff::Court, "decide", &refusal);
    assert_eq!(answer.invalid_fields(), ["text:required"]);
    let mut refusal = refusal;
    refusal["text"] = json!("违约金条款不明确");
    matter.step(Staff::Court, "decide", &refusal);
    assert_eq!(matter.state(), "unconfirmed");
    let again = matter.try_step(Staff::Secretary, "apply", &application(&app, &case));
    assert!(again.problem("conflict").detail.contains("起诉"));
    matter.step(Staff::Secretary, "session", &session(&case));
    matter.step(Staff::Secretary, "agree", &agreement(&case));
    matter.step(Staff::Secretary, "apply", &application(&app, &case));
    matter.step(Staff::Court, "decide", &confirmation());
    assert_eq!(matter.state(), "performing");
    let old = item(&matter.view, "原协议（2026-03-10）履行事项", 0);
    assert_eq!(old["tone"], "void");
}

/// What is wrong is named, with the rule, and nothing changes.
#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let app = TestApp::start();
    let case = dispute(&app);
    let stranger = dispute(&app).person(0);
    let without = |field: &str, value: Value| {
        let mut input = request(&app, &case);
        input[field] = value;
        case.try_open(Staff::Secretary, MEDIATIONS, &input)
    };
    for (field, value, wrong) in [
        ("consent", json!(false), "consent:required"),
        ("other_party", json!([]), "other_party:required"),
        ("other_party", json!([stranger]), "other_party:unknown"),
        ("unit_id", json!(app.unit("派出所")), "unit_id:wrong_kind"),
        ("unit_id", json!(null), "unit_id:required"),
    ] {
        assert_eq!(without(field, value).invalid_fields(), [wrong]);
    }
    assert_eq!(case.matters(Staff::Secretary)["items"], json!([]));
    assert_eq!(case.seen_by(Staff::Justice).status, 404);

    let mut matter = case.open(Staff::Secretary, MEDIATIONS, &request(&app, &case));
    let secretary = Staff::Secretary;
    // In the wrong order, or without a mediator.
    for (step, input, part) in [
        ("session", session(&case), "调解员"),
        ("agree", agreement(&case), "调解会"),
        ("fulfil", json!({"promise": "1", "proof": "收条"}), "协议"),
        ("apply", application(&app, &case), "协议"),
        (
            "breach",
            json!({"promise": "1", "breach": "unkept", "text": "未付"}),
            "协议",
        ),
    ] {
        let refused = matter.try_step(secretary, step, &input).problem("conflict");
        assert!(refused.detail.contains(part), "{step}: {}", refused.detail);
    }
    let nobody = json!({"mediators": [], "meet_on": TODAY, "place": "村委会"});
    let answer = matter.try_step(secretary, "appoint", &nobody);
    assert_eq!(answer.invalid_fields(), ["mediators:required"]);
    matter.step(secretary, "appoint", &appointment(TODAY));
    let mut absent = session(&case);
    absent["present"] = json!([stranger]);
    let answer = matter.try_step(secretary, "session", &absent);
    assert_eq!(answer.invalid_fields(), ["present:unknown"]);
    matter.step(secretary, "session", &session(&case));

    let version = matter.view["version"].clone();
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 5] = [
        (
            |i| i["promises"][1]["due_on"] = Value::Null,
            "promises.1.due_on:required",
        ),
        (
            |i| i["promises"][0]["due_on"] = json!("2026-03-09"),
            "promises.0.due_on:too_early",
        ),
        (
            |i| i["promises"][0]["amount"] = json!("三千"),
            "promises.0.amount:invalid",
        ),
        (|i| i["promises"] = json!([]), "promises:required"),
        (|i| i["sealed"] = json!(false), "sealed:required"),
    ];
    for (change, wrong) in changes {
        let mut input = agreement(&case);
        change(&mut input);
        let answer = matter.try_step(secretary, "agree", &input);
        assert_eq!(answer.clone().invalid_fields(), [wrong]);
        assert!(answer.text().contains("第二十九条") || !wrong.ends_with("due_on:required"));
    }
    let mut input = agreement(&case);
    input["promises"][0]["by"] = json!(stranger);
    let answer = matter.try_step(secretary, "agree", &input);
    assert_eq!(answer.invalid_fields(), ["promises.0.by:unknown"]);
    assert_eq!(matter.seen_by(secretary).json()["version"], version);

    matter.step(secretary, "agree", &agreement(&case));
    let one = json!({"applicants": [case.person(0)], "court_id": app.unit("蓼泉法庭")});
    let answer = matter.try_step(secretary, "apply", &one);
    assert_eq!(answer.clone().invalid_fields(), ["applicants:both_parties"]);
    assert!(answer.text().contains("李四") && answer.text().contains("第三十三条"));
    let early = matter.try_step(
        secretary,
        "breach",
        &json!({"promise": "1", "breach": "unkept", "text": "未付"}),
    );
    assert!(early.problem("conflict").detail.contains("没有到期"));
    let undecided = matter.try_step(Staff::Office, "decide", &confirmation());
    undecided.problem("forbidden");
}

#[test]
fn an_oral_agreement_is_put_in_writing_before_it_is_confirmed() {
    let app = TestApp::start();
    let case = dispute(&app);
    let mut matter = met(&app, &case);
    let oral = json!({
        "on": TODAY, "form": "oral", "content": "李四三期付清",
        "promises": [{"what": "支付流转费", "by": case.person(1), "amount": "9000", "due_on": "2026-05-31"}],
    });
    matter.step(Staff::Secretary, "agree", &oral);
    let lines = matter.view["lines"].to_string();
    assert!(lines.contains("口头协议"), "{lines}");
    let refused = matter.try_step(Staff::Secretary, "apply", &application(&app, &case));
    let refused = refused.problem("conflict");
    assert!(refused.detail.contains("调解协议书"), "{}", refused.detail);
    let paper = json!({
        "on": TODAY, "facts": "三年未付流转费", "duties": "李四应付9000元",
        "parties_signed": true, "mediators_signed": true, "sealed": true,
    });
    matter.step(Staff::Secretary, "write", &paper);
    matter.step(Staff::Secretary, "apply", &application(&app, &case));
    assert_eq!(matter.state(), "confirming");
}

#[test]
fn a_mediation_ends_with_the_lawful_ways_told() {
    let app = TestApp::start();
    let case = dispute(&app);
    let mut matter = met(&app, &case);
    let end = json!({"text": "双方差距太大", "notice": "当场告知"});
    let answer = matter.try_step(Staff::Secretary, "fail", &end);
    assert_eq!(answer.clone().invalid_fields(), ["ways:required"]);
    assert!(answer.text().contains("第二十六条"));
    let mut end = end;
    end["ways"] = json!(["litigation", "arbitration"]);
    matter.step(Staff::Secretary, "fail", &end);
    assert_eq!(
        (matter.state(), &matter.view["open"]),
        ("failed", &json!(false))
    );
    close(&case, Staff::Secretary).expect(200);
}

/// A promise broken while the case is open is talked about again; of a closed case it reopens it.
#[test]
fn a_broken_promise_starts_a_new_session_or_reopens_the_case() {
    let mut app = TestApp::start();
    let (case_id, id) = {
        let case = dispute(&app);
        let id = agreed(&app, &case).id;
        (case.id, id)
    };
    let broken = json!({
        "promise": "1", "breach": "unkept", "text": "催过两次未付",
        "meet_on": "2026-04-05", "place": "村委会",
    });
    app.restart(Some("2026-03-31T15:59:00Z"));
    {
        let case = case_of(&app, &case_id);
        let matter = case.matter(MEDIATIONS, &id);
        assert_eq!(matter.view["overdue"], false);
        matter
            .try_step(Staff::Secretary, "breach", &broken)
            .problem("conflict");
    }
    app.restart(Some("2026-03-31T16:00:00Z"));
    {
        let case = case_of(&app, &case_id);
        let mut matter = case.matter(MEDIATIONS, &id);
        assert_eq!(
            (&matter.view["overdue"], &matter.view["tone"]),
            (&json!(true), &json!("bad"))
        );
        let late = app.by(Staff::Office).get("/matters?overdue=true");
        assert_eq!(late.expect(200).json()["items"][0]["id"], id.as_str());
        matter.step(Staff::Secretary, "breach", &broken);
        assert_eq!(matter.state(), "mediating");
        assert_eq!(matter.view["due"]["on"], "2026-04-05");
        assert_eq!(case.seen_by(Staff::Office).json()["state"], "handling");
    }
    // Paid after all; then the petitioner withdraws, and the third payment does not come.
    app.restart(Some("2026-04-05T02:00:00Z"));
    {
        let case = case_of(&app, &case_id);
        let mut matter = case.matter(MEDIATIONS, &id);
        matter.step(Staff::Secretary, "session", &session(&case));
        let mut new = agreement(&case);
        new["on"] = json!("2026-04-05");
        new["promises"] = json!([payment(&case, json!(9000), "2026-04-30")]);
        matter.step(Staff::Secretary, "agree", &new);
        let withdrawn = json!({"text": "双方已谈好，不再反映", "outcome": "withdrawn"});
        case.act(Staff::Office, "close", withdrawn).expect(200);
    }
    app.restart(Some("2026-05-01T02:00:00Z"));
    let case = case_of(&app, &case_id);
    let mut matter = case.matter(MEDIATIONS, &id);
    let over = matter.try_step(Staff::Secretary, "apply", &application(&app, &case));
    assert!(over.problem("conflict").detail.contains("办结"));
    let before = json!({
        "on": "2026-04-04", "promise": "1", "breach": "unkept", "text": "一分未付",
    });
    let answer = matter.try_step(Staff::Secretary, "breach", &before);
    assert!(answer.invalid_fields().contains(&"on:too_early".to_owned()));
    let broken = json!({"promise": "1", "breach": "unkept", "text": "一分未付"});
    matter.step(Staff::Secretary, "breach", &broken);
    assert_eq!(matter.state(), "broken");
    let view = case.seen_by(Staff::Office).json();
    assert_eq!(view["state"], "handling");
    let events = app.by(Staff::Office).get(case.path("/events"));
    let events = events.expect(200).json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["kind"], "reopened");
    assert_eq!(last["data"]["matter"]["deed"], "mediation.breach");
}

/// An accusation is not mediated; nothing of it reaches the accused, nor the justice office.
#[test]
fn an_accusation_is_not_mediated() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .accuses(VILLAGE)
        .person(json!({"role": "other_party", "name": "李四"}))
        .register();
    let mut input = request(&app, &case);
    input["unit_id"] = json!(app.unit("平川镇"));
    let refused = case.try_open(Staff::Office, MEDIATIONS, &input);
    assert!(refused.problem("conflict").detail.contains("第三十条"));
    let hidden = case.try_open(Staff::Secretary, MEDIATIONS, &input);
    hidden.problem("not_found");
    for who in [Staff::Secretary, Staff::Justice, Staff::NextSecretary] {
        assert_eq!(case.seen_by(who).status, 404);
        assert_eq!(app.by(who).get("/matters").expect(200).json()["total"], 0);
    }
}

/// A committee of another village sees the case that it is to mediate, and can do so.
#[test]
fn the_committee_that_is_asked_sees_the_case() {
    let app = TestApp::start();
    let case = dispute(&app);
    assert_eq!(case.seen_by(Staff::NextSecretary).status, 404);
    let mut input = request(&app, &case);
    input["unit_id"] = json!(app.unit(NEXT_VILLAGE));
    let mut matter = case.open(Staff::Office, MEDIATIONS, &input);
    assert_eq!(case.seen_by(Staff::NextSecretary).status, 200);
    matter.step(Staff::NextSecretary, "appoint", &appointment(TODAY));
    let rows = app.by(Staff::NextSecretary).get("/matters?kind=mediation");
    assert_eq!(rows.expect(200).json()["total"], 1);
}

/// In lists the parties' own time comes before a later payment, and is never late.
#[test]
fn the_parties_time_is_listed_and_lapses_by_itself() {
    let mut app = TestApp::start();
    let case = dispute(&app);
    let mut matter = met(&app, &case);
    let mut input = agreement(&case);
    input["promises"] = json!([payment(&case, json!(9000), "2026-05-31")]);
    matter.step(Staff::Secretary, "agree", &input);
    assert_eq!(matter.view["due"]["on"], "2026-04-09");
    assert_eq!(matter.view["due"]["petitioners"], true);
    let row = |app: &TestApp, query: &str| {
        let list = app.by(Staff::Office).get(format!("/matters?{query}"));
        list.expect(200).json()["items"][0].clone()
    };
    let listed = row(&app, "due_before=2026-04-09");
    assert_eq!(
        (&listed["due_on"], &listed["due_petitioners"]),
        (&json!("2026-04-09"), &json!(true))
    );
    app.restart(Some("2026-04-09T16:00:00Z"));
    assert_eq!(row(&app, "due_before=2026-04-30"), Value::Null);
    assert_eq!(row(&app, "overdue=true"), Value::Null);
    assert_eq!(row(&app, "kind=mediation")["due_on"], "2026-05-31");
}

/// What the dialog shows comes from the rules: fields, choices, hints with the article.
#[test]
fn each_step_says_what_it_asks_for() {
    let app = TestApp::start();
    let case = dispute(&app);
    let matter = agreed(&app, &case);
    let steps = matter.seen_by(Staff::Secretary).json()["steps"].clone();
    let step = |deed: &str| {
        let steps = steps.as_array().unwrap();
        steps
            .iter()
            .find(|step| step["deed"] == deed)
            .unwrap()
            .clone()
    };
    let fulfil = step("mediation.fulfil");
    assert_eq!(fulfil["allowed"], true);
    let choices = fulfil["fields"][0]["kind"]["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 3);
    assert!(choices[0]["label"].as_str().unwrap().contains("2026-03-31"));
    let apply = step("mediation.apply");
    assert!(apply["fields"].to_string().contains("最迟2026-04-09"));
    let decide = step("mediation.decide");
    assert!(decide["reason"].as_str().unwrap().contains("法庭"));
    for step in steps.as_array().unwrap() {
        assert!(!step["help"].as_str().unwrap().is_empty());
        assert_eq!(step["allowed"] == true, step["reason"].is_null());
    }
}
