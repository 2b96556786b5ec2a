//! Reports: made by rule, sent or missing, judged by the office; what they found becomes cases.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

const TODAY: &str = "2026-03-10";
const GROUP: &str = "五里墩村/1社";

/// Reports that a query finds for somebody.
#[track_caller]
fn list(app: &TestApp, who: Staff, query: &str) -> Vec<Value> {
    let page = app
        .by(who)
        .get(format!("/reports?limit=200&{query}"))
        .expect(200)
        .json();
    let items = page["items"].as_array().unwrap().clone();
    assert_eq!(page["total"], items.len(), "{query}");
    items
}

/// The id of a unit's report, by its period's first day.
#[track_caller]
fn report(app: &TestApp, unit: &str, start: &str) -> String {
    let query = format!("unit_id={}&from={start}&to={start}", app.unit(unit));
    let found = list(app, Staff::Office, &query);
    assert_eq!(found.len(), 1, "{unit} {start}");
    found[0]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn show(app: &TestApp, who: Staff, id: &str) -> Value {
    app.by(who).get(format!("/reports/{id}")).expect(200).json()
}

/// Takes a step with the `ETag` that the office sees.
#[track_caller]
fn act(app: &TestApp, who: Staff, id: &str, step: &str, input: Value) -> Answer {
    let etag = app
        .by(Staff::Office)
        .get(format!("/reports/{id}"))
        .expect(200)
        .etag();
    let call = app.by(who).post(format!("/reports/{id}/actions/{step}"));
    call.if_match(etag).json(&input).send()
}

/// Deals with a finding.
#[track_caller]
fn settle(app: &TestApp, who: Staff, id: &str, n: usize, fate: &str, input: &Value) -> Answer {
    let answer = app
        .by(Staff::Office)
        .get(format!("/reports/{id}"))
        .expect(200);
    let finding = answer.json()["findings"][n]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let call = app
        .by(who)
        .post(format!("/reports/{id}/findings/{finding}/{fate}"));
    call.if_match(answer.etag()).json(input).send()
}

fn finding(cause: &str) -> Value {
    json!({
        "cause": cause, "occurred_on": "2026-03-09", "place": "三支渠口", "unit_concerned": "水管所",
        "people_count": 3, "key_persons": "有，情绪激动", "development": "已找村上两次",
        "handling": "劝说等候", "category": "water", "severity": "grave",
    })
}

fn daily(findings: &[Value]) -> Value {
    json!({
        "kind": "daily", "period_start": TODAY, "findings": findings, "zero": findings.is_empty(),
    })
}

#[track_caller]
fn sent(app: &TestApp, who: Staff, input: &Value) -> String {
    let view = app
        .by(who)
        .post("/reports/submit")
        .json(input)
        .expect(200)
        .json();
    view["report"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn reports_are_there_by_rule_also_after_a_downtime() {
    let mut app = TestApp::start();
    let starts = |app: &TestApp, who: Staff, unit: &str| {
        let query = format!("unit_id={}&sort=due_at", app.unit(unit));
        let found = list(app, who, &query);
        let start = |row: &Value| row["period_start"].as_str().unwrap().to_owned();
        found.iter().map(start).collect::<Vec<_>>()
    };
    // 72 groups, 9 villages, 5 township units.
    assert_eq!(list(&app, Staff::Office, "kind=daily").len(), 72);
    assert_eq!(list(&app, Staff::Office, "kind=weekly").len(), 9);
    assert_eq!(list(&app, Staff::Office, "kind=monthly").len(), 5);
    let mine = list(&app, Staff::Informant, "todo=true");
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0]["unit"]["name"], "五里墩村1社");
    assert_eq!(mine[0]["due_at"], "2026-03-10T10:00:00Z");
    assert_eq!(
        (&mine[0]["state"], &mine[0]["standing"]),
        (&json!("due"), &json!("not_due"))
    );

    // Nobody was here from Tuesday to Monday: four working days, another week, no month.
    app.restart(Some("2026-03-16T01:00:00Z"));
    let days = [
        "2026-03-10",
        "2026-03-11",
        "2026-03-12",
        "2026-03-13",
        "2026-03-16",
    ];
    assert_eq!(starts(&app, Staff::Informant, GROUP), days);
    assert_eq!(
        starts(&app, Staff::Secretary, VILLAGE),
        ["2026-03-09", "2026-03-16"]
    );
    assert_eq!(starts(&app, Staff::Police, "派出所"), ["2026-03-01"]);
    // Asked again and started again: none twice. A clock that went back neither makes nor loses any.
    app.restart(Some("2026-03-16T02:00:00Z"));
    assert_eq!(starts(&app, Staff::Informant, GROUP), days);
    app.restart(Some("2026-03-11T02:00:00Z"));
    assert_eq!(starts(&app, Staff::Informant, GROUP), days);
    assert_eq!(list(&app, Staff::Informant, "missing=true").len(), 1);
}

#[test]
fn a_zero_report_is_one_tap_and_can_be_taken_back_until_it_is_received() {
    let app = TestApp::start();
    let id = report(&app, GROUP, TODAY);
    let view = act(&app, Staff::Informant, &id, "zero", json!({}))
        .expect(200)
        .json();
    assert_eq!(view["report"]["standing"], "zero");
    assert_eq!(view["report"]["author"]["name"], "郑玉兰");
    assert!(list(&app, Staff::Informant, "todo=true").is_empty());
    let again = act(&app, Staff::Informant, &id, "zero", json!({})).problem("conflict");
    assert!(again.detail.contains("撤回"));
    act(&app, Staff::Office, &id, "withdraw", json!({})).problem("forbidden");
    act(&app, Staff::Informant, &id, "withdraw", json!({})).expect(200);
    // With something found it is no zero report, and without it none to be sent.
    let nothing = act(&app, Staff::Informant, &id, "submit", json!({}));
    assert_eq!(nothing.invalid_fields(), ["findings:required"]);
    let etag = app
        .by(Staff::Informant)
        .get(format!("/reports/{id}"))
        .expect(200)
        .etag();
    let call = app
        .by(Staff::Informant)
        .patch(format!("/reports/{id}"))
        .if_match(etag);
    let saved = call
        .json(&json!({"findings": [finding("水渠漏水")]}))
        .expect(200);
    assert_eq!(saved.json()["report"]["state"], "draft");
    let zero = act(&app, Staff::Informant, &id, "zero", json!({}));
    assert_eq!(zero.invalid_fields(), ["zero:has_findings"]);
    let view = act(&app, Staff::Informant, &id, "submit", json!({}))
        .expect(200)
        .json();
    assert_eq!(
        (&view["report"]["standing"], &view["report"]["late"]),
        (&json!("findings"), &json!(false))
    );
    act(&app, Staff::Informant, &id, "acknowledge", json!({})).problem("forbidden");
    let view = act(&app, Staff::Office, &id, "acknowledge", json!({}))
        .expect(200)
        .json();
    assert_eq!(
        (&view["report"]["state"], &view["verdict"]["by"]["name"]),
        (&json!("acknowledged"), &json!("孙立新"))
    );
    act(&app, Staff::Informant, &id, "withdraw", json!({})).problem("conflict");
}

#[test]
fn the_servers_time_decides_and_the_phones_is_kept() {
    let mut app = TestApp::start();
    // The phone is a day behind, and says that it was in time.
    app.restart(Some("2026-03-10T10:00:00Z"));
    let mut input = daily(&[]);
    input["recorded_at"] = json!("2026-03-09T16:30:00+08:00");
    let id = sent(&app, Staff::Informant, &input);
    let view = show(&app, Staff::Office, &id);
    assert_eq!(
        (&view["report"]["late"], &view["report"]["standing"]),
        (&json!(true), &json!("late"))
    );
    assert_eq!(view["recorded_at"], "2026-03-09T08:30:00Z");
    // A phone a day ahead reports a day that has not begun.
    let mut ahead = daily(&[]);
    ahead["period_start"] = json!("2026-03-11");
    let call = app.by(Staff::Informant).post("/reports/submit");
    let problem = call.json(&ahead).send().problem("invalid_fields");
    assert_eq!(problem.errors[0].field, "period_start");
    assert_eq!(problem.errors[0].code, "in_future");
    assert!(
        problem.errors[0].message.contains("今天是2026-03-10"),
        "{problem:?}"
    );
    for (start, kind, field) in [
        ("2026-03-10", "weekly", "kind:not_of_unit"),
        ("2026-02-10", "daily", "period_start:not_owed"),
    ] {
        let input = json!({"kind": kind, "period_start": start, "zero": true});
        let answer = app
            .by(Staff::Informant)
            .post("/reports/submit")
            .json(&input)
            .send();
        assert_eq!(answer.invalid_fields(), [field]);
    }
    let midweek = json!({"kind": "weekly", "period_start": TODAY, "zero": true});
    let answer = app
        .by(Staff::Secretary)
        .post("/reports/submit")
        .json(&midweek)
        .send();
    assert_eq!(answer.invalid_fields(), ["period_start:not_a_period"]);
    // A rest day's, which nobody owes, can be sent: in time until the next working day.
    app.restart(Some("2026-03-14T12:00:00Z"));
    let saturday =
        json!({"kind": "daily", "period_start": "2026-03-14", "findings": [finding("打架")]});
    let id = sent(&app, Staff::Informant, &saturday);
    let view = show(&app, Staff::Informant, &id);
    assert_eq!(
        (&view["report"]["late"], &view["report"]["due_at"]),
        (&json!(false), &json!("2026-03-16T10:00:00Z"))
    );
}

#[test]
fn a_finding_becomes_one_case_with_a_link_both_ways() {
    let app = TestApp::start();
    let id = sent(
        &app,
        Staff::Informant,
        &daily(&[finding("三支渠漏水淹了麦田"), finding("界址不清")]),
    );
    let sign = json!({"kind": "sign", "people": [{"role": "other_party", "name": "马占山"}]});
    let petition = settle(
        &app,
        Staff::Secretary,
        &id,
        0,
        "case",
        &json!({"kind": "petition"}),
    );
    assert_eq!(petition.invalid_fields(), ["kind:not_found_by_search"]);
    let view = settle(&app, Staff::Secretary, &id, 0, "case", &sign)
        .expect(200)
        .json();
    let first = &view["findings"][0];
    assert_eq!(
        (&first["state"], &view["report"]["open_findings"]),
        (&json!("case"), &json!(1))
    );
    let case = first["case"]["id"].as_str().unwrap().to_owned();
    let whole = app
        .by(Staff::Secretary)
        .get(format!("/cases/{case}"))
        .expect(200)
        .json();
    for (field, value) in [
        ("kind", json!("sign")),
        ("channel", json!("inspection")),
        ("cause_full", json!("三支渠漏水淹了麦田")),
        ("place", json!("三支渠口")),
        ("people_count", json!(3)),
        ("severity", json!("grave")),
        ("development", json!("已找村上两次")),
    ] {
        assert_eq!(whole[field], value, "{field}");
    }
    assert_eq!(whole["first_receiver"]["name"], "郑玉兰");
    assert_eq!(
        (&whole["village"]["name"], &whole["group"]["name"]),
        (&json!(VILLAGE), &json!("1社"))
    );
    let events = app
        .by(Staff::Secretary)
        .get(format!("/cases/{case}/events"))
        .expect(200)
        .json();
    let event = &events["items"][0];
    let name = "五里墩村1社 2026年3月10日日报";
    assert_eq!(
        event["data"]["field"],
        json!({"kind": "report", "id": id, "name": name})
    );
    assert!(event["text"].as_str().unwrap().contains("第1项"));
    assert!(event["text"].as_str().unwrap().contains("有，情绪激动"));

    // Not twice, by anybody.
    for fate in ["case", "dismiss", "join"] {
        let input = match fate {
            "case" => json!({"kind": "dispute"}),
            "join" => json!({"case_id": case}),
            _ => json!({"reason": "没有此事"}),
        };
        settle(&app, Staff::Office, &id, 0, fate, &input).problem("conflict");
    }
    assert_eq!(app.list(Staff::Office, &[])["total"], 1);
    // The informant sees that there is one, and not which; the secretary cannot take the report back.
    let seen = show(&app, Staff::Informant, &id);
    assert_eq!(
        (&seen["findings"][0]["state"], &seen["findings"][0]["case"]),
        (&json!("case"), &Value::Null)
    );
    act(&app, Staff::Informant, &id, "withdraw", json!({})).problem("conflict");

    // The other: the informant's own, whose number the informant sees.
    let view = settle(
        &app,
        Staff::Informant,
        &id,
        1,
        "case",
        &json!({"kind": "dispute", "category": "neighbours", "subcategory": "boundary"}),
    );
    let view = view.expect(200).json();
    assert!(
        view["findings"][1]["case"]["name"]
            .as_str()
            .unwrap()
            .starts_with("平川")
    );
    // Police who come to know of the case see whence, and no way to a report that they may not open.
    let case = view["findings"][1]["case"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.act(&case, Staff::Office, "accept", json!({}))
        .expect(200);
    let unit = json!({"unit_id": app.unit("派出所")});
    app.act(&case, Staff::Office, "dispatch", unit).expect(200);
    let events = app
        .by(Staff::Police)
        .get(format!("/cases/{case}/events"))
        .expect(200)
        .json();
    assert_eq!(
        events["items"][0]["data"]["field"],
        json!({"kind": "report", "id": "", "name": name})
    );
}

#[test]
fn a_finding_joins_a_case_that_one_may_see_and_no_accusation() {
    let app = TestApp::start();
    let id = sent(
        &app,
        Staff::Informant,
        &daily(&[finding("又来问流转费"), finding("传言")]),
    );
    let case = app.case().village(VILLAGE).register();
    let sealed = app.case().village(VILLAGE).accuses(NEXT_VILLAGE).register();
    let other = app.case().village(NEXT_VILLAGE).register();
    let join = |who, case: &str| settle(&app, who, &id, 0, "join", &json!({"case_id": case}));
    assert_eq!(
        join(Staff::Secretary, &other.id).invalid_fields(),
        ["case_id:unknown"]
    );
    assert_eq!(
        join(Staff::Informant, &case.id).invalid_fields(),
        ["case_id:unknown"]
    );
    assert_eq!(
        join(Staff::Office, &sealed.id).invalid_fields(),
        ["case_id:sealed"]
    );
    let view = join(Staff::Secretary, &case.id).expect(200).json();
    assert_eq!(view["findings"][0]["state"], "joined");
    assert_eq!(view["findings"][0]["case"]["name"], case.number);
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["kind"], &last["data"]["field"]["id"]),
        (&json!("noted"), &json!(id))
    );
    assert!(last["text"].as_str().unwrap().contains("又来问流转费"));

    let none = settle(
        &app,
        Staff::Office,
        &id,
        1,
        "dismiss",
        &json!({"reason": " "}),
    );
    assert_eq!(none.invalid_fields(), ["reason:required"]);
    let view = settle(
        &app,
        Staff::Office,
        &id,
        1,
        "dismiss",
        &json!({"reason": "走访五户，没有此事"}),
    );
    assert_eq!(view.expect(200).json()["report"]["open_findings"], 0);
}

#[test]
fn a_report_is_returned_with_a_day_and_sent_again() {
    let mut app = TestApp::start();
    let id = sent(&app, Staff::Informant, &daily(&[finding("水渠漏水")]));
    let back = |input: Value| act(&app, Staff::Office, &id, "return", input);
    assert_eq!(
        back(json!({})).invalid_fields(),
        ["by:required", "text:required"]
    );
    let early = json!({"text": "太简单", "by": "2026-03-09"});
    assert_eq!(back(early).invalid_fields(), ["by:in_past"]);
    let input = json!({"text": "没写清谁家的地", "by": "2026-03-11"});
    act(&app, Staff::Leader, &id, "return", input.clone()).problem("forbidden");
    let view = back(input).expect(200).json();
    assert_eq!(
        (&view["report"]["standing"], &view["report"]["due_at"]),
        (&json!("returned"), &json!("2026-03-11T10:00:00Z"))
    );
    assert_eq!(view["verdict"]["text"], "没写清谁家的地");
    assert_eq!(list(&app, Staff::Informant, "todo=true").len(), 1);
    // Not dealt with meanwhile.
    settle(
        &app,
        Staff::Secretary,
        &id,
        0,
        "case",
        &json!({"kind": "sign"}),
    )
    .problem("conflict");

    // Its day is over: missing again, and late when it comes.
    app.restart(Some("2026-03-11T10:00:00Z"));
    let of_day = format!("from={TODAY}&to={TODAY}&unit_id={}", app.unit(GROUP));
    assert_eq!(
        list(&app, Staff::Office, &format!("missing=true&{of_day}")).len(),
        1
    );
    let view = act(&app, Staff::Informant, &id, "submit", json!({}))
        .expect(200)
        .json();
    assert_eq!(
        (&view["report"]["state"], &view["report"]["late"]),
        (&json!("submitted"), &json!(true))
    );
    assert_eq!(
        list(&app, Staff::Office, &format!("late=true&{of_day}")).len(),
        1
    );
}

#[test]
fn the_office_lets_a_unit_off_with_a_reason() {
    let app = TestApp::start();
    let id = report(&app, GROUP, TODAY);
    let none = act(&app, Staff::Office, &id, "excuse", json!({}));
    assert_eq!(none.invalid_fields(), ["text:required"]);
    act(
        &app,
        Staff::Secretary,
        &id,
        "excuse",
        json!({"text": "没人"}),
    )
    .problem("forbidden");
    let reason = json!({"text": "整社搬迁，本月无人居住"});
    let view = act(&app, Staff::Office, &id, "excuse", reason.clone())
        .expect(200)
        .json();
    assert_eq!(view["report"]["standing"], "excused");
    act(&app, Staff::Office, &id, "excuse", reason).problem("conflict");
    assert!(list(&app, Staff::Informant, "todo=true").is_empty());
    // What happens all the same may be reported.
    let version = view["report"]["version"].clone();
    let mut input = daily(&[finding("有人回来闹")]);
    input["seen_version"] = version;
    assert_eq!(sent(&app, Staff::Informant, &input), id);
}

#[test]
fn each_sees_what_is_theirs_and_writes_the_own_units() {
    let app = TestApp::start();
    let (own, sister) = (
        report(&app, GROUP, TODAY),
        report(&app, "五里墩村/2社", TODAY),
    );
    let next = report(&app, "一工城村/1社", TODAY);
    let weekly = report(&app, VILLAGE, "2026-03-09");
    let get = |who, id: &str| app.by(who).get(format!("/reports/{id}")).send();
    for (who, seen, hidden) in [
        (Staff::Informant, vec![&own], vec![&sister, &next, &weekly]),
        (Staff::Secretary, vec![&own, &sister, &weekly], vec![&next]),
        (Staff::Leader, vec![&own, &next, &weekly], vec![]),
        (Staff::Police, vec![], vec![&own, &weekly]),
    ] {
        for id in seen {
            get(who, id).expect(200);
        }
        for id in hidden {
            get(who, id).problem("not_found");
            act(&app, who, id, "zero", json!({})).problem("not_found");
        }
    }
    // Seen, and not one's own to write.
    for who in [Staff::Secretary, Staff::Leader, Staff::Office] {
        act(&app, who, &own, "zero", json!({})).problem("forbidden");
    }
    let mut others = daily(&[]);
    others["unit_id"] = json!(app.unit(GROUP));
    app.by(Staff::Secretary)
        .post("/reports/submit")
        .json(&others)
        .send()
        .problem("forbidden");
    app.by(Staff::NextInformant)
        .post("/reports/submit")
        .json(&others)
        .send()
        .problem("not_found");
    get(Staff::Auditor, &own).problem("not_found");
    app.by(Staff::Auditor)
        .get("/reports")
        .send()
        .problem("forbidden");
    app.by(Staff::Admin)
        .get("/reports")
        .send()
        .problem("forbidden");
    app.by(Staff::Admin)
        .get("/reports/board")
        .send()
        .problem("forbidden");
    // Every row that is listed may be opened, and none else is counted.
    assert_eq!(list(&app, Staff::Secretary, "").len(), 8 + 1);
    assert_eq!(list(&app, Staff::Informant, "").len(), 1);
}

#[test]
fn two_who_write_the_same_report_do_not_lose_each_others_words() {
    let app = TestApp::start();
    let id = report(&app, GROUP, TODAY);
    let informant = app.by(Staff::Informant);
    let etag = informant.get(format!("/reports/{id}")).expect(200).etag();
    let path = format!("/reports/{id}");
    let write = |words: &str| {
        let call = informant.patch(&path).if_match(&etag);
        call.json(&json!({"summary": words})).send()
    };
    informant
        .patch(&path)
        .json(&json!({}))
        .send()
        .problem("version_required");
    write("甲写的").expect(200);
    write("乙写的").problem("stale_version");
    assert_eq!(show(&app, Staff::Informant, &id)["summary"], "甲写的");

    // The phone that has not seen it hears of it, with the way to what is there.
    let input = daily(&[finding("水渠漏水")]);
    let answer = informant.post("/reports/submit").json(&input).send();
    assert_eq!(answer.problem("changed").current_id, Some(id.clone()));
    let mut seen = input.clone();
    seen["seen_version"] = json!(1);
    let answer = informant.post("/reports/submit").json(&seen).send();
    assert_eq!(answer.problem("changed").current_id, Some(id.clone()));
    seen["seen_version"] = json!(2);
    let key = |body: &Value| {
        informant
            .post("/reports/submit")
            .key("phone-1")
            .json(body)
            .send()
    };
    let first = key(&seen).expect(200);
    assert_eq!(first.json()["report"]["findings"], 1);
    // Sent twice, done once; another body under the key is refused.
    let again = key(&seen).expect(200);
    assert_eq!(
        (again.header("idempotency-replayed"), again.body.clone()),
        ("true", first.body)
    );
    assert_eq!(show(&app, Staff::Informant, &id)["report"]["version"], 3);
    seen["summary"] = json!("别的话");
    key(&seen).problem("idempotency_mismatch");
    // Whoever has seen what was sent may send something else in its place.
    seen["seen_version"] = json!(3);
    assert_eq!(sent(&app, Staff::Informant, &seen), id);
    assert_eq!(show(&app, Staff::Informant, &id)["summary"], "别的话");
}

#[test]
fn a_weekly_takes_over_what_the_groups_have_found_each_once() {
    let app = TestApp::start();
    let daily = sent(
        &app,
        Staff::Informant,
        &daily(&[finding("水渠漏水"), finding("界址不清")]),
    );
    settle(
        &app,
        Staff::Secretary,
        &daily,
        0,
        "case",
        &json!({"kind": "sign"}),
    )
    .expect(200);
    let weekly = report(&app, VILLAGE, "2026-03-09");
    let view = act(&app, Staff::Secretary, &weekly, "gather", json!({}))
        .expect(200)
        .json();
    let states: Vec<&Value> = view["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["state"])
        .collect();
    assert_eq!(states, ["case", "open"]);
    assert_eq!(view["findings"][1]["from_unit"]["name"], "五里墩村1社");
    act(&app, Staff::Secretary, &weekly, "gather", json!({})).problem("conflict");
    act(&app, Staff::Secretary, &weekly, "submit", json!({})).expect(200);
    // What becomes of one becomes of the other: one case, not two.
    settle(
        &app,
        Staff::Secretary,
        &weekly,
        1,
        "case",
        &json!({"kind": "dispute"}),
    )
    .expect(200);
    settle(
        &app,
        Staff::Office,
        &daily,
        1,
        "case",
        &json!({"kind": "dispute"}),
    )
    .problem("conflict");
    let seen = show(&app, Staff::Office, &daily);
    assert_eq!(
        (
            &seen["findings"][1]["state"],
            &seen["report"]["open_findings"]
        ),
        (&json!("case"), &json!(0))
    );
    assert_eq!(app.list(Staff::Office, &[])["total"], 2);
}

#[test]
fn the_boards_figures_are_those_that_one_counts_by_hand() {
    let mut app = TestApp::start();
    // Of the nine villages, by Thursday: one zero, one with two findings, one late, one let off, one
    // returned with time left, four missing.
    let village = |name: &str| report(&app, name, "2026-03-09");
    let off = village("三二村");
    let admin = app.by(Staff::Admin);
    let secretary = |name: &str| {
        let user = json!({
            "username": format!("u{}", app.unit(name)), "name": "某人", "role": "village_secretary",
            "unit_id": app.unit(name),
        });
        let made = admin.post("/users").json(&user).expect(201).json();
        let initial = made["initial_password"].as_str().unwrap().to_owned();
        let name = user["username"].as_str().unwrap().to_owned();
        let session = app.nobody().sign_in(&name, &initial).expect(200).json();
        let change = json!({"current_password": initial, "new_password": tests::staff::PASSWORD});
        let token = session["access_token"].as_str().unwrap();
        let session = app
            .nobody()
            .with_token(token)
            .post("/me/password")
            .json(&change)
            .expect(200)
            .json();
        session["access_token"].as_str().unwrap().to_owned()
    };
    let weekly = |findings: &[Value]| {
        json!({
            "kind": "weekly", "period_start": "2026-03-09", "findings": findings, "zero": findings.is_empty(),
        })
    };
    sent(&app, Staff::Secretary, &weekly(&[]));
    sent(
        &app,
        Staff::NextSecretary,
        &weekly(&[finding("甲"), finding("乙")]),
    );
    let third = secretary("平川村");
    let call = app.nobody().with_token(&third).post("/reports/submit");
    let returned = call.json(&weekly(&[finding("丙")])).expect(200).json();
    let returned = returned["report"]["id"].as_str().unwrap().to_owned();
    act(
        &app,
        Staff::Office,
        &returned,
        "return",
        json!({"text": "太简单", "by": "2026-03-20"}),
    )
    .expect(200);
    act(&app, Staff::Office, &off, "excuse", json!({"text": "换届"})).expect(200);
    let late = secretary("三一村");

    let board = |app: &TestApp, who: Staff, query: &str| {
        app.by(who)
            .get(format!("/reports/board?kind=weekly{query}"))
            .expect(200)
            .json()
    };
    let before = board(&app, Staff::Office, "");
    assert_eq!(
        (&before["totals"]["not_due"], &before["totals"]["missing"]),
        (&json!(5), &json!(0))
    );
    app.restart(Some("2026-03-12T01:00:00Z"));
    let call = app.nobody().with_token(&late).post("/reports/submit");
    call.json(&weekly(&[])).expect(200);
    let after = board(&app, Staff::Office, "");
    assert_eq!(
        after["totals"],
        json!({
            "reports": 9, "not_due": 0, "excused": 1, "on_time": 3, "late": 1, "missing": 4,
            "zero": 2, "with_findings": 2, "findings": 3, "returned": 1, "acknowledged": 0,
            "on_time_percent": 38,
        })
    );
    assert_eq!(after["periods"][0]["label"], "2026年第11周");
    let standings: Vec<&str> = after["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| unit["cells"][0]["standing"].as_str().unwrap())
        .collect();
    let expected = [
        "zero", "findings", "returned", "late", "excused", "missing", "missing", "missing",
        "missing",
    ];
    assert_eq!(standings, expected);
    // The auditor has the same figures, and no way to a report.
    let audited = board(&app, Staff::Auditor, "");
    assert_eq!(audited["totals"], after["totals"]);
    assert!(!audited.to_string().contains(&returned));
    assert!(after.to_string().contains(&returned));
    // A village sees its own.
    let own = board(&app, Staff::Secretary, "");
    assert_eq!(
        (&own["totals"]["reports"], &own["totals"]["on_time_percent"]),
        (&json!(1), &json!(100))
    );
    // Nothing to count is no rate.
    let none = board(&app, Staff::Office, "&from=2026-03-16&to=2026-03-20");
    assert_eq!(
        (
            &none["totals"]["reports"],
            &none["totals"]["on_time_percent"]
        ),
        (&json!(0), &Value::Null)
    );
    let wrong = app
        .by(Staff::Office)
        .get("/reports/board?from=2026-03-20&to=2026-03-01")
        .send();
    assert_eq!(wrong.invalid_fields(), ["to:before_from"]);
}

#[test]
fn the_home_page_says_what_is_owed_and_who_is_missing() {
    let mut app = TestApp::start();
    let todo = |app: &TestApp, who: Staff, title: &str| {
        let home = app.by(who).get("/dashboard").expect(200).json();
        let todos = home["todos"].as_array().unwrap().clone();
        let found = todos.into_iter().find(|todo| todo["title"] == title)?;
        let opened = list(app, who, found["query"].as_str().unwrap());
        assert_eq!(found["count"], opened.len(), "{found}");
        Some((opened.len(), found["urgent"] == true))
    };
    assert_eq!(
        todo(&app, Staff::Informant, "要报的排查报告"),
        Some((1, false))
    );
    assert_eq!(todo(&app, Staff::Office, "排查报告缺报"), None);
    app.restart(Some("2026-03-11T01:00:00Z"));
    assert_eq!(
        todo(&app, Staff::Informant, "要报的排查报告"),
        Some((2, true))
    );
    assert_eq!(
        todo(&app, Staff::Secretary, "要报的排查报告"),
        Some((1, false))
    );
    assert_eq!(todo(&app, Staff::Secretary, "各社缺报"), Some((8, true)));
    assert_eq!(todo(&app, Staff::Office, "排查报告缺报"), Some((72, true)));
    let mut input = daily(&[finding("水渠漏水")]);
    input["period_start"] = json!("2026-03-11");
    sent(&app, Staff::Informant, &input);
    assert_eq!(
        todo(&app, Staff::Office, "待签收的排查报告"),
        Some((1, false))
    );
    assert_eq!(
        todo(&app, Staff::Leader, "报告中待处置的情况"),
        Some((1, false))
    );
    assert_eq!(
        todo(&app, Staff::Informant, "要报的排查报告"),
        Some((1, true))
    );
}

#[test]
fn the_settings_say_when_reports_are_due() {
    let mut app = TestApp::start();
    // Today's is made by the rule of today.
    list(&app, Staff::Informant, "sort=due_at");
    let admin = app.by(Staff::Admin);
    let settings = admin.get("/settings").expect(200);
    let mut reporting = settings.json()["reporting"].clone();
    assert_eq!(reporting["weekly_weekday"], 3);
    reporting["daily_hour"] = json!(17);
    reporting["daily_rest_days"] = json!(true);
    reporting["weekly_weekday"] = json!(9);
    let change = |reporting: &Value| {
        let call = admin.patch("/settings").if_match(settings.etag());
        call.json(&json!({"reporting": reporting})).send()
    };
    assert_eq!(
        change(&reporting).invalid_fields(),
        ["reporting.weekly_weekday:out_of_range"]
    );
    reporting["weekly_weekday"] = json!(5);
    change(&reporting).expect(200);
    // What is made stays as it was; from now on by the new rule, rest days included.
    app.restart(Some("2026-03-16T01:00:00Z"));
    let days = list(&app, Staff::Informant, "sort=due_at");
    let due: Vec<&str> = days
        .iter()
        .map(|row| row["due_at"].as_str().unwrap())
        .collect();
    assert_eq!(
        due,
        [
            "2026-03-10T10:00:00Z",
            "2026-03-11T09:00:00Z",
            "2026-03-12T09:00:00Z",
            "2026-03-13T09:00:00Z",
            "2026-03-14T09:00:00Z",
            "2026-03-15T09:00:00Z",
            "2026-03-16T09:00:00Z",
        ]
    );
    let weeks = list(&app, Staff::Secretary, "kind=weekly&sort=due_at");
    assert_eq!(weeks[1]["due_at"], "2026-03-20T10:00:00Z");
}

#[test]
fn a_list_comes_page_by_page_in_either_order() {
    let app = TestApp::start();
    for sort in ["due_at", "-due_at"] {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/reports?limit=7&sort={sort}&cursor={cursor}");
            let page = app.by(Staff::Office).get(path).expect(200).json();
            assert_eq!(page["total"], 86);
            let items = page["items"].as_array().unwrap();
            ids.extend(items.iter().map(|row| {
                (
                    row["due_at"].as_str().unwrap().to_owned(),
                    row["id"].as_str().unwrap().to_owned(),
                )
            }));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        let mut sorted = ids.clone();
        sorted.sort();
        if sort == "-due_at" {
            sorted.reverse();
        }
        assert_eq!(ids, sorted);
        sorted.dedup();
        assert_eq!(sorted.len(), 86);
    }
    let wrong = app
        .by(Staff::Office)
        .get("/reports?sort=name&limit=0")
        .send();
    assert_eq!(
        wrong.invalid_fields(),
        ["limit:out_of_range", "sort:unknown"]
    );
}

#[test]
fn a_reports_photos_are_for_those_who_see_the_report() {
    let app = TestApp::start();
    let upload = |who: Staff, content: Vec<u8>| {
        let answer = app
            .by(who)
            .post("/photos")
            .file("现场.png", content)
            .expect(201);
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let (own, others) = (
        upload(Staff::Informant, tests::files::png()),
        upload(Staff::NextInformant, tests::files::png()),
    );
    let mut input = daily(&[finding("水渠漏水")]);
    input["photos"] = json!([own, others]);
    let refused = app
        .by(Staff::Informant)
        .post("/reports/submit")
        .json(&input)
        .send();
    assert_eq!(refused.invalid_fields(), ["photos:unknown"]);
    input["photos"] = json!([own]);
    let id = sent(&app, Staff::Informant, &input);
    assert_eq!(
        show(&app, Staff::Office, &id)["photos"][0]["id"],
        own.as_str()
    );
    let get = |who: Staff| app.by(who).get(format!("/photos/{own}")).send();
    for who in [Staff::Informant, Staff::Secretary, Staff::Office] {
        get(who).expect(200);
    }
    for who in [Staff::NextSecretary, Staff::Police, Staff::Auditor] {
        get(who).problem("not_found");
    }
    // Sent again in place of itself, it keeps its photo.
    input["seen_version"] = json!(2);
    sent(&app, Staff::Informant, &input);
    assert_eq!(
        show(&app, Staff::Office, &id)["photos"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
