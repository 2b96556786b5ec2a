//! Standing in for an absent colleague (临时代理): what it gives and for how long, what it never gives, who
//! names it, who is told.

use serde_json::{Value, json};
use tests::app::soon;
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, PASSWORD, VILLAGE};
use tests::traces::{Marks, traces};
use tests::{Answer, Case, Client, Staff, TestApp};

const ID_NUMBER: &str = "99999919710804118X";
const WORDS: &str = "祁连渠首闸门锈蚀";

/// Ten days from today on.
const UNTIL: &str = "2026-03-19";

fn wish(app: &TestApp, who: Staff, by: Staff, first: &str, last: &str) -> Value {
    json!({
        "user_id": app.user(who), "deputy_id": app.user(by), "first_day": first, "last_day": last,
    })
}

fn send(app: &TestApp, by: Staff, input: &Value) -> Answer {
    app.by(by).post("/deputations").json(input).send()
}

/// The administrator names a deputy.
#[track_caller]
fn named(app: &TestApp, who: Staff, by: Staff, first: &str, last: &str) -> Value {
    let input = wish(app, who, by, first, last);
    send(app, Staff::Admin, &input).expect(201).json()
}

/// The secretary of the village is absent; the one next door stands in.
#[track_caller]
fn secretaries(app: &TestApp) -> Value {
    named(app, Staff::Secretary, Staff::NextSecretary, TODAY, UNTIL)
}

fn end(app: &TestApp, by: Staff, one: &Value) -> Answer {
    app.by(by)
        .delete(format!("/deputations/{}", one["id"].as_str().unwrap()))
        .if_match(format!("\"{}\"", one["version"]))
        .send()
}

fn secret(app: &TestApp) -> tests::CaseBuilder<'_> {
    app.case().cause(&format!("反映{WORDS}，浇水困难")).set(
        "people",
        json!([{"role": "petitioner", "name": "高大山", "id_number": ID_NUMBER}]),
    )
}

fn marks(case: &Case) -> Marks {
    Marks {
        id: case.id.clone(),
        number: case.number.clone(),
        words: WORDS.to_owned(),
        id_number: ID_NUMBER.to_owned(),
    }
}

fn titles(app: &TestApp, who: Staff) -> Vec<String> {
    let page = app.by(who).get("/notifications?limit=200").expect(200);
    let page = page.json();
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| format!("{}|{}", item["title"], item["body"]).replace('"', ""))
        .collect()
}

fn has(titles: &[String], words: &str) -> usize {
    titles.iter().filter(|title| title.contains(words)).count()
}

/// In every way in which the absent secretary can tell of a case, whoever stands in can; before and
/// after in none.
#[test]
fn the_sight_of_the_absent_comes_and_goes_with_the_deputation() {
    let app = TestApp::start();
    let own = app.case().village(NEXT_VILLAGE).register();
    let case = secret(&app).village(VILLAGE).by(Staff::Centre).register();
    let marks = marks(&case);
    let deputy = Staff::NextSecretary;
    assert_eq!(traces(&app, deputy, &marks), [""; 0]);
    let one = secretaries(&app);
    assert_eq!(one["state"], "in_force");
    let theirs = traces(&app, Staff::Secretary, &marks);
    assert!(theirs.contains(&"by id") && theirs.contains(&"list"));
    assert_eq!(traces(&app, deputy, &marks), theirs);
    // Beside what is theirs.
    own.seen_by(deputy).expect(200);
    let found = app.found(deputy, &[]);
    assert!(found.contains(&own.number) && found.contains(&case.number));
    // Nobody else's sight has changed.
    for who in [Staff::NextInformant, Staff::Police, Staff::Court] {
        assert_eq!(traces(&app, who, &marks), [""; 0], "{who:?}");
    }
    let home = |who| app.by(who).get("/dashboard").expect(200).json();
    assert_eq!(
        home(deputy)["standing_in"],
        "您正在代理周永福的工作，至3月19日。"
    );
    assert_eq!(home(Staff::Secretary)["standing_in"], Value::Null);
    let me = app.by(deputy).get("/me").expect(200).json();
    assert_eq!(me["actor"]["stands_in_for"][0]["name"], "周永福");
    // Ended early, all of it is gone at once.
    let over = end(&app, Staff::Admin, &one).expect(200).json();
    assert_eq!(
        (&over["state"], &over["last_day"]),
        (&json!("over"), &json!(TODAY))
    );
    assert_eq!(traces(&app, deputy, &marks), [""; 0]);
    assert_eq!(home(deputy)["standing_in"], Value::Null);
    own.seen_by(deputy).expect(200);
}

/// What is sent to the unit of the absent is taken, worked on and answered by whoever stands in; what they
/// do says for whom.
#[test]
fn a_deputy_works_on_the_cases_of_the_absent_and_says_so() {
    let app = TestApp::start();
    let deputy = Staff::NextSecretary;
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.dispatched(VILLAGE);
    case.act(deputy, "take", json!({})).problem("not_found");
    secretaries(&app);
    let case = case.taken(deputy);
    // It stays with the unit, and the person, whose it is.
    assert_eq!(
        case.view["responsible_user"]["name"], "周永福",
        "{}",
        case.view
    );
    assert_eq!(case.view["responsible_unit"]["name"], VILLAGE);
    let note = json!({"text": "已到田间查看"});
    let case = case.then(deputy, "note", note).answered(deputy);
    let events = app.by(Staff::Office).get(case.path("/events")).expect(200);
    let text = events.text();
    assert_eq!(text.matches("吴生财（代周永福）").count(), 3, "{text}");
    let audit = |action: &str| {
        let path = format!("/audit?action={action}&user_id={}", app.user(deputy));
        app.by(Staff::Auditor).get(path).expect(200).text()
    };
    assert!(audit("case_write").contains("（代周永福）"));
    case.seen_by(deputy).expect(200);
    assert!(
        audit("case_view").contains("（代周永福）"),
        "{}",
        audit("case_view")
    );
    // What is theirs anyway says nothing of it; the absent does their own work as before.
    let own = app.case().village(NEXT_VILLAGE).by(deputy).kind("dispute");
    let own = own.register().then(deputy, "accept", json!({}));
    let events = app.by(Staff::Office).get(own.path("/events")).expect(200);
    assert!(!events.text().contains("代周永福"), "{}", events.text());
    let mine = app
        .case()
        .village(VILLAGE)
        .by(Staff::Secretary)
        .kind("dispute");
    let mine = mine.register().then(Staff::Secretary, "accept", json!({}));
    let events = app.by(Staff::Office).get(mine.path("/events")).expect(200);
    assert!(!events.text().contains('代'), "{}", events.text());
    // A new case of the absent's village says it from the first event on.
    let new = app
        .case()
        .village(VILLAGE)
        .by(deputy)
        .kind("dispute")
        .register();
    let events = app.by(Staff::Office).get(new.path("/events")).expect(200);
    assert!(
        events.text().contains("吴生财（代周永福）"),
        "{}",
        events.text()
    );
}

/// A leader's cases are led by name.
#[test]
fn what_is_led_by_the_absent_is_on_the_list_of_whoever_stands_in() {
    let app = TestApp::start();
    let lead = json!({"user_id": app.user(Staff::Leader)});
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.then(Staff::Office, "set_lead", lead);
    let mine = |who| app.found(who, &[("mine", "true")]);
    assert_eq!(mine(Staff::OtherLeader), [""; 0]);
    named(&app, Staff::Leader, Staff::OtherLeader, TODAY, UNTIL);
    assert_eq!(mine(Staff::OtherLeader), std::slice::from_ref(&case.number));
    let home = app.by(Staff::OtherLeader).get("/dashboard").expect(200);
    let home = home.json();
    let todos = home["todos"].as_array().unwrap();
    let line = todos
        .iter()
        .find(|todo| todo["title"] == "包案的（代赵建国）");
    assert_eq!(line.unwrap()["count"], 1, "{home}");
    let days = "/calendar?scope=mine&from=2026-03-01&to=2026-12-31";
    let calendar = app.by(Staff::OtherLeader).get(days).expect(200).text();
    assert!(calendar.contains(&case.number), "{calendar}");
}

/// The day turns while the server runs.
#[test]
fn it_begins_and_ends_at_midnight() {
    // Half a minute before midnight in Shanghai.
    let app = TestApp::with().clock("2026-03-10T15:59:30Z").start();
    let begins = app.case().village(VILLAGE).register();
    let ends = app.case().village(NEXT_VILLAGE).register();
    let morrow = "2026-03-11";
    let one = named(&app, Staff::Secretary, Staff::NextSecretary, morrow, morrow);
    assert_eq!(one["state"], "ahead");
    // The other way round, for the rest of today.
    named(&app, Staff::NextSecretary, Staff::Secretary, TODAY, TODAY);
    let status = |case: &Case, who| case.seen_by(who).status;
    assert_eq!(status(&begins, Staff::NextSecretary), 404);
    assert_eq!(status(&ends, Staff::Secretary), 200);
    let turned = (0..25).any(|_| soon(|| status(&begins, Staff::NextSecretary) == 200));
    assert!(turned, "it does not begin");
    assert_eq!(status(&ends, Staff::Secretary), 404, "it does not end");
    assert_eq!(
        app.found(Staff::Secretary, &[]),
        std::slice::from_ref(&begins.number)
    );
    let list = app.by(Staff::Admin).get("/deputations").expect(200).json();
    let states: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(states, ["in_force", "over"]);
    let current = app.by(Staff::Admin).get("/deputations?current=true");
    assert_eq!(current.expect(200).json()["total"], 1);
}

/// Both are told when it is named, changed, begins, ends.
#[test]
fn both_are_told_of_it() {
    let mut app = TestApp::start();
    let one = named(
        &app,
        Staff::Secretary,
        Staff::NextSecretary,
        "2026-03-12",
        UNTIL,
    );
    let both = [Staff::Secretary, Staff::NextSecretary];
    let told = "临时代理：周永福的工作由吴生财代理，3月12日至3月19日";
    for who in both {
        assert_eq!(has(&titles(&app, who), told), 1, "{who:?}");
    }
    let path = format!("/deputations/{}", one["id"].as_str().unwrap());
    let etag = app.by(Staff::Admin).get(&path).expect(200).etag();
    app.by(Staff::Admin)
        .patch(&path)
        .if_match(etag)
        .json(&json!({"last_day": "2026-03-13"}))
        .expect(200);
    for who in both {
        let told = "临时代理已更改：周永福的工作由吴生财代理，3月12日至3月13日";
        assert_eq!(has(&titles(&app, who), told), 1, "{who:?}");
        assert_eq!(has(&titles(&app, who), "临时代理已开始"), 0);
    }
    for (clock, begun, ended) in [
        ("2026-03-12T01:00:00Z", 1, 0),
        ("2026-03-13T01:00:00Z", 1, 0),
        ("2026-03-14T01:00:00Z", 1, 1),
        ("2026-03-15T01:00:00Z", 1, 1),
    ] {
        app.restart(Some(clock));
        let right = || {
            both.iter().all(|who| {
                let titles = titles(&app, *who);
                has(&titles, "临时代理已开始") == begun && has(&titles, "临时代理已结束") == ended
            })
        };
        assert!((0..5).any(|_| soon(right)), "{clock}");
    }
    for who in Staff::ALL.iter().filter(|who| !both.contains(who)) {
        let page = app.by(*who).get("/notifications?limit=200").expect(200);
        assert!(!page.text().contains("临时代理"), "{who:?}");
    }
}

#[test]
fn what_the_absent_is_told_the_deputy_is_told_too() {
    let app = TestApp::start();
    app.case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(VILLAGE);
    let given = "交办到本单位";
    assert_eq!(has(&titles(&app, Staff::NextSecretary), given), 0);
    let one = secretaries(&app);
    let case = app.case().village(VILLAGE).register().accepted();
    let case = case.dispatched(VILLAGE);
    assert_eq!(has(&titles(&app, Staff::Secretary), given), 2);
    let theirs = titles(&app, Staff::NextSecretary);
    assert_eq!(has(&theirs, given), 1, "{theirs:?}");
    assert_eq!(has(&theirs, "（代理周永福）"), 1, "{theirs:?}");
    assert!(theirs.iter().any(|title| title.contains(&case.number)));
    // The inboxes stay each one's own: what the one has read is unread to the other.
    let unread = |who| app.by(who).get("/notifications").expect(200).json()["unread"].clone();
    let before = unread(Staff::Secretary);
    let up_to = json!({"up_to": 1_000_000});
    app.by(Staff::NextSecretary)
        .post("/notifications/read-all")
        .json(&up_to)
        .expect(200);
    assert_eq!(unread(Staff::Secretary), before);
    // Afterwards nothing more comes, and what leads to the absent's cases is no longer shown.
    end(&app, Staff::Secretary, &one).expect(200);
    app.case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(VILLAGE);
    assert_eq!(has(&titles(&app, Staff::Secretary), given), 3);
    assert_eq!(has(&titles(&app, Staff::NextSecretary), given), 0);
}

/// A seal against either holds against whoever stands in; what its registrar alone may see is not passed
/// on (条例第三十条).
#[test]
fn what_accuses_one_of_them_stays_hidden_from_the_deputy() {
    let app = TestApp::start();
    let deputy = Staff::NextSecretary;
    let against_absent = secret(&app)
        .village(NEXT_VILLAGE)
        .accuses(VILLAGE)
        .register();
    // Theirs to see, while they are nothing but themselves.
    against_absent.seen_by(deputy).expect(200);
    let one = secretaries(&app);
    assert_eq!(traces(&app, deputy, &marks(&against_absent)), [""; 0]);
    let by_name = app.case().village(NEXT_VILLAGE);
    let by_name = by_name.accuses_user(VILLAGE, Staff::Secretary).register();
    by_name.seen_by(deputy).expect(404);
    // Of the absent's village, against the deputy's.
    let against_deputy = app.case().village(VILLAGE).accuses(NEXT_VILLAGE).register();
    against_deputy.seen_by(Staff::Secretary).expect(200);
    against_deputy.seen_by(deputy).expect(404);
    assert_eq!(app.found(deputy, &[]), [""; 0]);
    end(&app, Staff::Admin, &one).expect(200);
    against_absent.seen_by(deputy).expect(200);
    against_deputy.seen_by(deputy).expect(404);

    // At the window: against the office, for its registrar's eyes alone.
    let registrars = app.case().by(Staff::Centre).accuses("镇综治办").register();
    named(&app, Staff::Centre, Staff::OtherCentre, TODAY, UNTIL);
    registrars.seen_by(Staff::Centre).expect(200);
    registrars.seen_by(Staff::OtherCentre).expect(404);
    // Nobody enters an accusation against whom they stand in for: it would be gone from them.
    let own = app.case().by(Staff::OtherCentre);
    let own = own.accuses_user("便民服务中心", Staff::Centre).send();
    assert_eq!(own.invalid_fields(), ["accused_user_id:is_registrar"]);
}

#[test]
fn a_token_acts_for_its_owner_alone() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    secretaries(&app);
    let token = json!({
        "name": "同步", "scopes": ["cases:read", "cases:write"], "expires_on": "2026-06-30",
    });
    let made = app.by(Staff::NextSecretary).post("/tokens").json(&token);
    let made = made.expect(201).json();
    let script = app.nobody().with_token(made["secret"].as_str().unwrap());
    app.by(Staff::NextSecretary).get(case.path("")).expect(200);
    script.get(case.path("")).expect(404);
    assert_eq!(script.get("/cases").expect(200).json()["total"], 0);
    assert_eq!(
        app.found(Staff::NextSecretary, &[]),
        std::slice::from_ref(&case.number)
    );
    script
        .get("/deputations")
        .send()
        .problem("insufficient_scope");
    // Nor does the calendar's address.
    let feed = app.by(Staff::NextSecretary).post("/calendar/feed").send();
    let feed = feed.json();
    let path = feed["path"].as_str().unwrap();
    let path = path.strip_prefix("/api/v1").unwrap();
    let calendar = app.nobody().get(path).expect(200).text();
    assert!(!calendar.contains(&case.number), "{calendar}");
}

/// Somebody new, signed in with a password of their own: a client and the id.
fn newcomer(app: &TestApp, username: &str, unit: &str) -> (Client, String) {
    let user = json!({
        "username": username, "name": "何书记", "role": "village_secretary",
        "unit_id": app.unit(unit),
    });
    let made = app.by(Staff::Admin).post("/users").json(&user).expect(201);
    let made = made.json();
    let initial = made["initial_password"].as_str().unwrap();
    let session = app.nobody().sign_in(username, initial).expect(200).json();
    let change = json!({"current_password": initial, "new_password": PASSWORD});
    let client = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let session = client.post("/me/password").json(&change).expect(200).json();
    let client = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    (client, made["user"]["id"].as_str().unwrap().to_owned())
}

/// What somebody stands in for is not passed on when they are absent themself.
#[test]
fn there_are_no_chains() {
    let app = TestApp::start();
    let (third, id) = newcomer(&app, "pingchuan", "平川村");
    let first = app.case().village(VILLAGE).register();
    let second = app.case().village(NEXT_VILLAGE).register();
    secretaries(&app);
    let own = json!({"deputy_id": id, "first_day": TODAY, "last_day": UNTIL});
    send(&app, Staff::NextSecretary, &own).expect(201);
    third.get(second.path("")).expect(200);
    third.get(first.path("")).expect(404);
    // One may stand in for two.
    let input = json!({
        "user_id": app.user(Staff::Secretary), "deputy_id": id,
        "first_day": "2026-03-20", "last_day": "2026-03-21",
    });
    send(&app, Staff::Admin, &input).expect(201);
}

#[test]
fn only_the_administrator_and_the_absent_name_and_change_it() {
    let app = TestApp::start();
    let own = json!({
        "deputy_id": app.user(Staff::NextSecretary), "first_day": TODAY, "last_day": UNTIL,
        "reason": "培训",
    });
    // For somebody else: not even the office.
    let theirs = wish(&app, Staff::Secretary, Staff::NextSecretary, TODAY, UNTIL);
    for who in [Staff::Office, Staff::NextSecretary, Staff::Leader] {
        send(&app, who, &theirs).problem("forbidden");
    }
    send(&app, Staff::Auditor, &own).problem("forbidden");
    let one = send(&app, Staff::Secretary, &own).expect(201);
    assert_eq!(one.header("etag"), "\"1\"");
    let one = one.json();
    let expected = json!({
        "id": one["id"], "version": 1, "state": "in_force", "reason": "培训", "may_change": true,
        "user": {"id": app.user(Staff::Secretary), "name": "周永福"},
        "deputy": {"id": app.user(Staff::NextSecretary), "name": "吴生财"},
        "named_by": {"id": app.user(Staff::Secretary), "name": "周永福"},
        "first_day": TODAY, "last_day": UNTIL,
    });
    assert_eq!(one, expected);
    let path = format!("/deputations/{}", one["id"].as_str().unwrap());
    let total = |who| app.by(who).get("/deputations").expect(200).json()["total"].clone();
    for (who, seen) in [
        (Staff::Secretary, 1),
        (Staff::NextSecretary, 1),
        (Staff::Admin, 1),
        (Staff::Office, 0),
        (Staff::Police, 0),
    ] {
        assert_eq!(total(who), seen, "{who:?}");
        let status = app.by(who).get(&path).send().status;
        assert_eq!(status, if seen == 1 { 200 } else { 404 }, "{who:?}");
    }
    app.by(Staff::Auditor).get("/deputations").expect(403);
    app.by(Staff::Auditor).get(&path).expect(403);
    let longer = json!({"last_day": "2026-03-25"});
    let change = |who: Staff, etag: &str| {
        let call = app.by(who).patch(&path).if_match(etag);
        call.json(&longer).send()
    };
    // Whoever stands in sees that they do, and leaves it as it is.
    let seen = app.by(Staff::NextSecretary).get(&path).expect(200).json();
    assert_eq!(seen["may_change"], false);
    change(Staff::NextSecretary, "\"1\"").problem("forbidden");
    end(&app, Staff::NextSecretary, &one).problem("forbidden");
    change(Staff::Office, "\"1\"").problem("not_found");
    change(Staff::Secretary, "\"7\"").problem("stale_version");
    app.by(Staff::Secretary)
        .patch(&path)
        .json(&longer)
        .send()
        .problem("version_required");
    app.by(Staff::Secretary)
        .delete(&path)
        .send()
        .problem("version_required");
    let changed = change(Staff::Secretary, "\"1\"").expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.json();
    assert_eq!(changed["last_day"], "2026-03-25");
    // Once it has begun, the rest of it stays.
    let call = app.by(Staff::Admin).patch(&path).if_match("\"2\"");
    let other = json!({"first_day": "2026-03-12", "deputy_id": app.user(Staff::Office)});
    let fields = call.json(&other).send().invalid_fields();
    assert_eq!(fields, ["deputy_id:begun", "first_day:begun"]);
    end(&app, Staff::Secretary, &one).problem("stale_version");
    end(&app, Staff::Secretary, &changed).expect(200);
    let over = app.by(Staff::Admin).get(&path).expect(200).json();
    assert_eq!(
        (&over["state"], &over["may_change"]),
        (&json!("over"), &json!(false))
    );
    end(&app, Staff::Secretary, &over).problem("conflict");
    let call = app.by(Staff::Admin).patch(&path).if_match("\"3\"");
    call.json(&longer).send().problem("conflict");
    // What was done stands in the log.
    let audit = app.by(Staff::Auditor).get("/audit?action=user_write");
    let audit = audit.expect(200).text();
    for words in [
        "安排临时代理：周永福的工作由吴生财代理，3月10日至3月19日",
        "更改临时代理：周永福的工作由吴生财代理，3月10日至3月25日",
        "提前结束临时代理：周永福的工作由吴生财代理",
    ] {
        assert!(audit.contains(words), "{words}: {audit}");
    }
}

#[test]
fn what_has_not_begun_can_be_changed_as_a_whole_and_withdrawn() {
    let app = TestApp::start();
    let (centre, other) = (Staff::Centre, Staff::OtherCentre);
    let one = named(&app, centre, other, "2026-04-01", "2026-04-05");
    assert_eq!(one["state"], "ahead");
    let path = format!("/deputations/{}", one["id"].as_str().unwrap());
    let patch = |etag: &str, patch: Value| {
        let call = app.by(Staff::Admin).patch(&path).if_match(etag);
        call.json(&patch).send()
    };
    let moved = json!({"first_day": "2026-04-03", "last_day": "2026-04-08", "reason": "休假"});
    let one = patch("\"1\"", moved).expect(200).json();
    assert_eq!(one["first_day"], "2026-04-03");
    assert_eq!(
        (&one["reason"], &one["version"]),
        (&json!("休假"), &json!(2))
    );
    let fields = patch("\"2\"", json!({"deputy_id": app.user(Staff::Police)}));
    assert_eq!(fields.invalid_fields(), ["deputy_id:other_role"]);
    let fields = patch("\"2\"", json!({"last_day": "2026-04-02"}));
    assert_eq!(fields.invalid_fields(), ["last_day:before_first"]);
    // It does not stand in its own way, but another does.
    let later = named(&app, centre, other, "2026-04-09", "2026-04-10");
    let fields = patch("\"2\"", json!({"last_day": "2026-04-09"}));
    assert_eq!(fields.invalid_fields(), ["first_day:overlaps"]);
    let without = patch("\"2\"", json!({"reason": ""})).expect(200).json();
    assert_eq!(without["reason"], Value::Null);
    let gone = end(&app, Staff::Centre, &later).expect(200).json();
    assert_eq!(
        (&gone["state"], &gone["last_day"]),
        (&json!("withdrawn"), &json!("2026-04-10"))
    );
    let told = "临时代理已撤回：";
    for who in [centre, other] {
        assert_eq!(has(&titles(&app, who), told), 1, "{who:?}");
    }
    named(&app, centre, other, "2026-04-09", "2026-04-10");
}

#[test]
fn a_wrong_wish_is_told_field_by_field() {
    let app = TestApp::start();
    let (secretary, next) = (Staff::Secretary, Staff::NextSecretary);
    let wrong = |who, by, first: &str, last: &str| {
        let input = wish(&app, who, by, first, last);
        send(&app, Staff::Admin, &input).invalid_fields()
    };
    for (who, by, first, last, expected) in [
        (secretary, secretary, TODAY, UNTIL, "deputy_id:same"),
        (
            secretary,
            Staff::Police,
            TODAY,
            UNTIL,
            "deputy_id:other_role",
        ),
        (
            secretary,
            next,
            "2026-03-09",
            UNTIL,
            "first_day:in_the_past",
        ),
        (secretary, next, UNTIL, TODAY, "last_day:before_first"),
        (secretary, next, TODAY, "2026-06-10", "last_day:too_long"),
        (
            secretary,
            next,
            "2027-12-01",
            "2027-12-02",
            "first_day:too_far",
        ),
        (
            Staff::Admin,
            Staff::Admin,
            TODAY,
            UNTIL,
            "user_id:not_deputised",
        ),
        (
            Staff::Auditor,
            Staff::Auditor,
            TODAY,
            UNTIL,
            "user_id:not_deputised",
        ),
    ] {
        let fields = wrong(who, by, first, last);
        assert!(
            fields.contains(&expected.to_owned()),
            "{expected}: {fields:?}"
        );
        // One thing is wrong, or who cannot be stood in for is their own deputy besides.
        assert!(fields.len() <= 2, "{fields:?}");
    }
    // Ninety-two days are not too many.
    let longest = named(&app, secretary, next, TODAY, "2026-06-09");
    let fields = wrong(secretary, next, UNTIL, "2026-06-15");
    assert_eq!(fields, ["first_day:overlaps"]);
    end(&app, Staff::Admin, &longest).expect(200);
    named(&app, secretary, next, TODAY, UNTIL);
    named(&app, secretary, next, "2026-03-20", "2026-03-21");
    let mut input = wish(&app, secretary, next, "2026-04-01", "2026-04-02");
    for (field, value, expected) in [
        ("deputy_id", json!("nobody"), "deputy_id:unknown"),
        ("user_id", json!("nobody"), "user_id:unknown"),
        ("reason", json!("x".repeat(61)), "reason:too_long"),
    ] {
        let before = input[field].take();
        input[field] = value;
        let fields = send(&app, Staff::Admin, &input).invalid_fields();
        assert_eq!(fields, [expected]);
        input[field] = before;
    }
    // A disabled colleague.
    let (_, gone) = newcomer(&app, "pingchuan", "平川村");
    change_user(&app, &gone, &json!({"disabled": true}));
    input["deputy_id"] = json!(gone);
    let fields = send(&app, Staff::Admin, &input).invalid_fields();
    assert_eq!(fields, ["deputy_id:disabled"]);
    for query in ["?limit=0", "?cursor=x"] {
        let path = format!("/deputations{query}");
        app.by(Staff::Admin)
            .get(path)
            .send()
            .problem("invalid_fields");
    }
}

fn change_user(app: &TestApp, id: &str, patch: &Value) -> Value {
    let admin = app.by(Staff::Admin);
    let path = format!("/users/{id}");
    let etag = admin.get(&path).expect(200).etag();
    let changed = admin.patch(&path).if_match(etag).json(patch).expect(200);
    changed.json()
}

#[test]
fn the_same_request_twice_names_one_deputy() {
    let app = TestApp::start();
    let input = wish(&app, Staff::Centre, Staff::OtherCentre, TODAY, UNTIL);
    let call = || {
        let call = app.by(Staff::Admin).post("/deputations").key("k1");
        call.json(&input).expect(201).json()
    };
    assert_eq!(call(), call());
    let mut other = input.clone();
    other["last_day"] = json!("2026-03-12");
    let again = app.by(Staff::Admin).post("/deputations").key("k1");
    again.json(&other).send().problem("idempotency_mismatch");
    let list = app.by(Staff::Admin).get("/deputations").expect(200).json();
    assert_eq!(list["total"], 1);
}

/// With the role, the unit or the account the ground for it goes.
#[test]
fn it_ends_with_the_account_the_role_or_the_unit() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let (third, id) = newcomer(&app, "pingchuan", "平川村");
    let input = json!({
        "user_id": app.user(Staff::Secretary), "deputy_id": id, "first_day": TODAY, "last_day": UNTIL,
    });
    let name = || send(&app, Staff::Admin, &input).expect(201).json();
    name();
    third.get(case.path("")).expect(200);
    // A new name changes nothing.
    let changed = change_user(&app, &id, &json!({"name": "贺书记"}));
    assert_eq!(changed["deputations_ended"], Value::Null);
    third.get(case.path("")).expect(200);
    // The deputy moves to another village.
    let unit = json!({"unit_id": app.unit("三一村")});
    assert_eq!(change_user(&app, &id, &unit)["deputations_ended"], 1);
    third.get(case.path("")).expect(404);
    name();
    let role = json!({"role": "police_station", "unit_id": app.unit("派出所")});
    assert_eq!(change_user(&app, &id, &role)["deputations_ended"], 1);
    third.get(case.path("")).expect(404);
    // Of the absent, too, and also what has not begun.
    named(
        &app,
        Staff::Leader,
        Staff::OtherLeader,
        "2026-04-01",
        "2026-04-02",
    );
    let gone = json!({"disabled": true});
    let changed = change_user(&app, app.user(Staff::Leader), &gone);
    assert_eq!(changed["deputations_ended"], 1);
    let list = app.by(Staff::Admin).get("/deputations").expect(200).json();
    let states: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(states, ["withdrawn", "over", "over"]);
    let titles = titles(&app, Staff::OtherLeader);
    assert_eq!(has(&titles, "临时代理已结束：赵建国的工作由钱卫东代理"), 1);
    let audit = app.by(Staff::Auditor).get("/audit?action=user_write");
    assert!(audit.expect(200).text().contains("同时结束临时代理1项"));
}

/// Visits, reports and reception days of the absent are the deputy's to see and to do.
#[test]
fn the_work_in_the_field_goes_on() {
    let app = TestApp::start();
    let deputy = Staff::NextSecretary;
    let visit = json!({
        "kind": "household", "on": TODAY, "village_id": app.unit(VILLAGE),
        "place": "三号井旁", "heard": "渠水不够",
        "promises": [{"what": "清淤", "due_on": "2026-03-20", "user_id": app.user(Staff::Secretary)}],
    });
    let visit = app.by(Staff::Secretary).post("/visits").json(&visit);
    let visit = visit.expect(201).json();
    let path = format!("/visits/{}", visit["id"].as_str().unwrap());
    let promises = "/promises?mine=true";
    app.by(deputy).get(&path).expect(404);
    let due = |who| {
        let page = app.by(who).get("/reports?todo=true").expect(200).json();
        page["total"].as_u64().unwrap()
    };
    let (own, theirs) = (due(deputy), due(Staff::Secretary));
    secretaries(&app);
    app.by(deputy).get(&path).expect(200);
    assert_eq!(due(deputy), own + theirs);
    let page = app.by(deputy).get(promises).expect(200).json();
    assert_eq!(page["total"], 1);
    // The absent's weekly report, written by whoever stands in.
    let report = json!({
        "kind": "weekly", "period_start": "2026-03-09", "zero": true, "findings": [],
        "unit_id": app.unit(VILLAGE),
    });
    let sent = app.by(deputy).post("/reports/submit").json(&report);
    sent.expect(200);
    assert_eq!(due(deputy), own + theirs - 1);
    let audit = app.by(Staff::Auditor).get("/audit?action=report_write");
    assert!(audit.expect(200).text().contains("（代周永福）"));
}

/// The township next door names none of ours, and knows of none.
#[test]
fn nobody_next_door_has_a_part_in_it() {
    let app = TestApp::start();
    let one = secretaries(&app);
    let path = format!("/deputations/{}", one["id"].as_str().unwrap());
    for role in ["administrator", "village_secretary"] {
        let next = app.next(role);
        next.get(&path).expect(404);
        next.delete(&path).if_match("\"1\"").expect(404);
        assert_eq!(next.get("/deputations").expect(200).json()["total"], 0);
        let input = wish(
            &app,
            Staff::Secretary,
            Staff::NextSecretary,
            "2026-05-01",
            "2026-05-02",
        );
        let fields = next.post("/deputations").json(&input).send();
        assert!(
            fields
                .invalid_fields()
                .contains(&"user_id:unknown".to_owned())
        );
        let own = json!({
            "deputy_id": app.user(Staff::Secretary), "first_day": "2026-05-01",
            "last_day": "2026-05-02",
        });
        if role == "village_secretary" {
            let fields = next.post("/deputations").json(&own).send();
            assert_eq!(fields.invalid_fields(), ["deputy_id:unknown"]);
        }
    }
}
