//! Reminders: when, to whom, and never twice, whatever becomes of the server and its clock.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::app::soon;
use tests::client::Client;
use tests::staff::VILLAGE;
use tests::{Staff, TestApp};

/// Somebody's notices of a kind, those first that came first.
fn told(client: &Client, kind: &str) -> Vec<Value> {
    let path = format!("/notifications?limit=200&kind={kind}");
    let page = client.get(path).expect(200).json();
    let mut items = page["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

fn titles(app: &TestApp, who: Staff, kind: &str) -> Vec<String> {
    let items = told(&app.by(who), kind);
    let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
    items.iter().map(title).collect()
}

/// What a scheduler says then.
const BEGUN: &str = "the scheduler has begun";

/// How often a scheduler has done what was to be done when its server started.
fn begun(app: &TestApp) -> usize {
    let log = std::fs::read_to_string(app.data_dir().join("server.log"));
    log.unwrap_or_default().matches(BEGUN).count()
}

/// Waits until one more has.
#[track_caller]
fn has_begun(app: &TestApp, before: usize) {
    let began = (0..15).any(|_| soon(|| begun(app) > before));
    assert!(began, "the scheduler does not begin");
}

/// Starts the server at another time and lets it do what is to be done.
#[track_caller]
fn at(app: &mut TestApp, clock: &str) {
    app.stop();
    // What the server before has begun with is counted by now.
    let before = begun(app);
    app.restart(Some(clock));
    has_begun(app, before);
}

#[test]
fn a_deadline_is_announced_and_nothing_is_said_twice() {
    let mut app = TestApp::start();
    let (id, number) = {
        // Accepted on 10 March: due on 9 May.
        let case = app.case().village(VILLAGE).register();
        let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
        (case.id, case.number)
    };
    let mine = |app: &TestApp| titles(app, Staff::Secretary, "case_due");
    at(&mut app, "2026-05-01T02:00:00Z");
    assert!(mine(&app).is_empty(), "eight days before");
    at(&mut app, "2026-05-02T02:00:00Z");
    assert_eq!(
        mine(&app),
        [format!("{number} 办理期限还剩7天（5月9日到期）")]
    );
    // At night nobody is woken.
    at(&mut app, "2026-05-05T16:30:00Z");
    assert_eq!(mine(&app).len(), 1);
    at(&mut app, "2026-05-05T23:30:10Z");
    assert_eq!(mine(&app).len(), 2, "7:30 on the 6th, three days before");
    // Restarts, and a clock that is set back.
    for clock in [
        "2026-05-06T03:00:00Z",
        "2026-05-02T02:00:00Z",
        "2026-05-06T04:00:00Z",
    ] {
        at(&mut app, clock);
        assert_eq!(mine(&app).len(), 2, "{clock}");
    }
    // A week on: only what holds now.
    at(&mut app, "2026-05-13T02:00:00Z");
    assert_eq!(
        mine(&app)[2..],
        [format!("{number} 办理期限已逾期4天（5月9日到期）")]
    );
    for who in [Staff::Office, Staff::OtherOffice] {
        assert_eq!(
            titles(&app, who, "case_due").len(),
            1,
            "the office hears of it once"
        );
    }
    at(&mut app, "2026-05-14T02:00:00Z");
    assert_eq!(mine(&app).len(), 4, "and daily");
    assert_eq!(titles(&app, Staff::Office, "case_due").len(), 1);
    // Nobody else, and nothing about a person.
    for who in Staff::ALL {
        let theirs = told(&app.by(who), "case_due");
        let handles = matches!(who, Staff::Secretary | Staff::Office | Staff::OtherOffice);
        assert_eq!(!theirs.is_empty(), handles, "{who:?}");
        let text = json!(theirs).to_string();
        assert!(!text.contains("张三") && !text.contains("流转费"), "{text}");
        assert!(
            theirs
                .iter()
                .all(|item| item["link"] == format!("/cases/{id}"))
        );
    }
}

#[test]
fn what_is_sealed_is_announced_to_none_of_the_accused() {
    let mut app = TestApp::start();
    let case = app.case().village(VILLAGE).accuses(VILLAGE).register();
    drop(case);
    let only_registrar = app.case().accuses("镇综治办").register();
    let number = only_registrar.number.clone();
    drop(only_registrar);
    // Fifteen days to accept.
    at(&mut app, "2026-03-24T02:00:00Z");
    assert_eq!(
        titles(&app, Staff::Office, "case_due").len(),
        1,
        "not what accuses the office"
    );
    for who in [
        Staff::Secretary,
        Staff::Informant,
        Staff::NextSecretary,
        Staff::Police,
    ] {
        assert!(titles(&app, who, "case_due").is_empty(), "{who:?}");
    }
    let registrar = titles(&app, Staff::Centre, "case_due");
    assert_eq!(registrar.len(), 1, "{registrar:?}");
    assert!(registrar[0].starts_with(&number));
}

#[test]
fn matters_are_announced_to_the_unit_whose_turn_it_is() {
    let mut app = TestApp::start();
    {
        let case = app.case().village(VILLAGE).register();
        let order = json!({
            "form": "assign", "source": "office", "unit_id": app.unit("派出所"),
            "demand": "核实", "deadline": "2026-03-20",
        });
        case.open(Staff::Office, "orders", &order);
    }
    at(&mut app, "2026-03-17T02:00:00Z");
    let police = titles(&app, Staff::Police, "matter_due");
    assert!(
        police.len() == 1 && police[0].contains("还剩3天"),
        "{police:?}"
    );
    // Overdue on a Saturday: it can wait for Monday.
    at(&mut app, "2026-03-21T02:00:00Z");
    assert_eq!(titles(&app, Staff::Police, "matter_due").len(), 1);
    at(&mut app, "2026-03-23T02:00:00Z");
    let police = titles(&app, Staff::Police, "matter_due");
    assert!(
        police.len() == 2 && police[1].contains("已逾期3天"),
        "{police:?}"
    );
}

#[test]
fn many_overdue_cases_are_announced_in_one_line() {
    let mut app = TestApp::start();
    for _ in 0..6 {
        let case = app
            .case()
            .village(VILLAGE)
            .received("2026-01-05")
            .register();
        case.accepted().dispatched(VILLAGE);
    }
    at(&mut app, "2026-06-01T02:00:00Z");
    let mine = titles(&app, Staff::Secretary, "case_due");
    assert_eq!(mine, ["有6件事项已超过办理期限，请尽快办理"]);
    // Of this day: the one on which the cases came may have had something to say, too.
    let mut digest = told(&app.by(Staff::Secretary), "digest");
    digest.retain(|notice| notice["title"].as_str().unwrap().starts_with("6月1日"));
    assert_eq!(digest.len(), 1);
    let body = digest[0]["body"].as_str().unwrap();
    assert!(body.lines().any(|line| line == "已超期：6"), "{body}");
    assert!(
        told(&app.by(Staff::Admin), "digest").is_empty(),
        "nothing to say"
    );
}

#[test]
fn of_two_servers_one_reminds() {
    let mut app = TestApp::start();
    {
        let case = app.case().village(VILLAGE).register();
        case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    }
    let day = "2026-05-06T02:00:00Z";
    at(&mut app, day);
    let before = begun(&app);
    let second = app.second_server(Some(day));
    has_begun(&app, before);
    let mine = |client: &Client| told(client, "case_due");
    assert_eq!(mine(&app.by(Staff::Secretary)).len(), 1);
    // The first dies. Whoever comes more than two minutes later takes over, and repeats nothing.
    app.kill();
    drop(second);
    let later = app.second_server(Some("2026-05-08T02:03:00Z"));
    let client = Client::new(&later.url);
    let token = app.by(Staff::Secretary).token().unwrap().to_owned();
    let client = client.with_token(token);
    assert!(soon(|| mine(&client).len() == 2), "{:?}", mine(&client));
    // Together from now on, at the same time: each thing is told once.
    let before = begun(&app);
    app.restart(Some("2026-05-12T02:00:00Z"));
    let twin = app.second_server(Some("2026-05-12T02:00:00Z"));
    has_begun(&app, before + 1);
    for who in [Staff::Secretary, Staff::Office] {
        let told = mine(&app.by(who));
        let titles: BTreeSet<_> = told.iter().map(|item| item["title"].to_string()).collect();
        assert_eq!(titles.len(), told.len(), "{told:?}");
    }
    drop((twin, later));
}

#[test]
fn the_administrator_says_when_people_are_reminded() {
    let mut app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let settings = admin.get("/settings").expect(200);
    assert_eq!(settings.json()["notices"]["case_days"], json!([7, 3, 1]));
    let change = |days: Value, at: &str| json!({"notices": {"case_days": days, "matter_days": [], "digest_at": at}});
    let patch = |body: &Value| {
        let call = admin.patch("/settings").if_match(settings.etag());
        call.json(body).send()
    };
    assert_eq!(
        patch(&change(json!([0, 40]), "21:00")).invalid_fields(),
        [
            "notices.case_days:out_of_range",
            "notices.digest_at:out_of_range"
        ]
    );
    let changed = patch(&change(json!([10]), "09:00")).expect(200).json();
    assert_eq!(changed["notices"]["digest_at"], "09:00");
    {
        let case = app.case().village(VILLAGE).register();
        case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    }
    at(&mut app, "2026-04-29T02:00:00Z");
    assert_eq!(
        titles(&app, Staff::Secretary, "case_due").len(),
        1,
        "ten days before"
    );
    at(&mut app, "2026-05-06T02:00:00Z");
    assert_eq!(
        titles(&app, Staff::Secretary, "case_due").len(),
        1,
        "not three"
    );
}
