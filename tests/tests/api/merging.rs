//! Merging and renaming units: what is still to be done goes over at once, what was done keeps the name and
//! the figures of its time, and no seal opens.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::base::TODAY;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::traces::{Marks, traces};
use tests::{Answer, Case, Staff, TestApp};

const BOTH: [Staff; 4] = [
    Staff::Secretary,
    Staff::NextSecretary,
    Staff::Informant,
    Staff::NextInformant,
];
const ID_NUMBER: &str = "99999919710804118X";
const WORDS: &str = "祁连渠首闸门锈蚀";

fn unit_path(app: &TestApp, name: &str) -> String {
    format!("/org-units/{}", app.unit(name))
}

fn unit(app: &TestApp, name: &str) -> Value {
    app.by(Staff::Admin)
        .get(unit_path(app, name))
        .expect(200)
        .json()
}

/// Merges one unit into another from a day on.
fn merge(app: &TestApp, from: &str, into: &str, on: &str) -> Answer {
    let admin = app.by(Staff::Admin);
    let path = unit_path(app, from);
    let etag = admin.get(&path).expect(200).etag();
    let input = json!({"into_id": app.unit(into), "on": on});
    let call = admin.post(format!("{path}/merge")).if_match(etag);
    call.json(&input).send()
}

fn preview(app: &TestApp, from: &str, into: &str) -> Answer {
    let path = format!("{}/merge?into_id={}", unit_path(app, from), app.unit(into));
    app.by(Staff::Admin).get(path).send()
}

/// `part count` of each.
fn counts(merging: &Value) -> Vec<String> {
    let line = |of: &Value| format!("{} {}", of["part"].as_str().unwrap(), of["count"]);
    merging["moves"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect()
}

fn rename(app: &TestApp, unit: &str, name: &str) {
    let admin = app.by(Staff::Admin);
    let path = unit_path(app, unit);
    let etag = admin.get(&path).expect(200).etag();
    let patch = admin.patch(&path).if_match(etag);
    patch.json(&json!({"name": name})).expect(200);
}

/// A case in the hands of a village.
fn in_hands<'a>(app: &'a TestApp, village: &str, who: Staff) -> Case<'a> {
    let case = app.case().village(village).received("2026-02-10");
    case.register().accepted().dispatched(village).taken(who)
}

#[test]
fn what_is_still_to_be_done_goes_over_at_once() {
    let app = TestApp::start();
    let (office, admin) = (app.by(Staff::Office), app.by(Staff::Admin));
    let open = in_hands(&app, VILLAGE, Staff::Secretary);
    let closed = in_hands(&app, VILLAGE, Staff::Secretary)
        .answered(Staff::Secretary)
        .closed();
    let offered = app.case().register().transferred(VILLAGE);
    let ordered = app.case().register().accepted().dispatched("司法所");
    let order = json!({
        "form": "supervise", "source": "office", "unit_id": app.unit(VILLAGE),
        "demand": "查清事实", "deadline": "2026-04-01",
    });
    ordered.open(Staff::Office, "orders", &order);
    // Of an accusation not even the number is told.
    app.case()
        .accuses("派出所")
        .register()
        .accepted()
        .dispatched(VILLAGE);
    let visit = json!({
        "kind": "household", "on": TODAY, "village_id": app.unit(VILLAGE), "place": "三号井旁",
        "heard": "渠水不够",
        "promises": [{"what": "修闸", "due_on": "2026-03-25", "unit_id": app.unit(VILLAGE)}],
    });
    let visit = app.by(Staff::Office).post("/visits").json(&visit);
    let visit = visit.expect(201).json()["id"].as_str().unwrap().to_owned();
    let etag = admin.get(unit_path(&app, VILLAGE)).expect(200).etag();
    let lead = json!({"lead_user_id": app.user(Staff::Leader)});
    let patch = admin.patch(unit_path(&app, VILLAGE)).if_match(etag);
    patch.json(&lead).expect(200);
    let list = app
        .by(Staff::Secretary)
        .get("/reports?todo=true")
        .expect(200);
    let owed = list.json()["total"].as_u64().unwrap();

    let told = preview(&app, VILLAGE, NEXT_VILLAGE).expect(200).json();
    let mut expected: Vec<String> = [
        "groups 8",
        "users 1",
        "cases 1",
        "offered 1",
        "matters 1",
        "promises 1",
    ]
    .map(str::to_owned)
    .to_vec();
    if owed > 0 {
        expected.push(format!("reports {owed}"));
    }
    expected.push("leaders 1".to_owned());
    assert_eq!(counts(&told), expected);
    assert_eq!(told["renamed"][0], "1社 → 五里墩1社");
    let text = told.to_string();
    assert!(!text.contains("平川信") && !text.contains("修闸"), "{text}");
    // A look changes nothing.
    assert_eq!(unit(&app, VILLAGE), told["unit"]);

    let done = merge(&app, VILLAGE, NEXT_VILLAGE, "2026-03-01")
        .expect(200)
        .json();
    assert_eq!(counts(&done), expected);
    let gone = unit(&app, VILLAGE);
    assert_eq!(
        (&gone["closed"], &gone["merged_into"], &gone["merged_on"]),
        (
            &json!(true),
            &json!(app.unit(NEXT_VILLAGE)),
            &json!("2026-03-01")
        )
    );
    let stays = unit(&app, NEXT_VILLAGE);
    assert_eq!(stays["lead_user_id"], app.user(Staff::Leader));
    let group = unit(&app, "五里墩村/1社");
    assert_eq!(
        (&group["parent_id"], &group["name"]),
        (&json!(app.unit(NEXT_VILLAGE)), &json!("五里墩1社"))
    );
    assert_eq!(group["former_names"][0]["name"], "1社");
    let me = app.by(Staff::Secretary).get("/me").expect(200).json();
    assert_eq!(me["actor"]["unit_id"], app.unit(NEXT_VILLAGE), "{me}");

    // Open cases are those of the village that stays, and say so.
    let view = open.seen_by(Staff::NextSecretary).expect(200).json();
    assert_eq!(view["responsible_unit"]["name"], NEXT_VILLAGE);
    assert_eq!(view["village"]["name"], "五里墩村（现并入一工城村）");
    let events = office.get(open.path("/events")).expect(200).text();
    assert!(
        events.contains("五里墩村自2026-03-01起并入一工城村，责任单位随之变更"),
        "{events}"
    );
    let open = open.answered(Staff::NextSecretary);
    assert_eq!(open.view["state"], "answered");
    let offered = offered.taken(Staff::NextSecretary);
    assert_eq!(offered.view["responsible_unit"]["name"], NEXT_VILLAGE);
    let list = |who: Staff, path: &str| app.by(who).get(path).expect(200).json();
    let own = format!("/matters?open=true&unit_id={}", app.unit(NEXT_VILLAGE));
    assert_eq!(list(Staff::NextSecretary, &own)["total"], 1);
    let kept = list(Staff::Office, &format!("/visits/{visit}"));
    assert_eq!(kept["promises"][0]["unit"]["name"], NEXT_VILLAGE);
    let both = list(Staff::NextSecretary, "/reports?todo=true")["total"].clone();
    assert!(both.as_u64().unwrap() >= owed, "{both}");

    // What is over stays in the ledger under the name of its time, and with both secretaries.
    for who in [Staff::Secretary, Staff::NextSecretary] {
        let view = closed.seen_by(who).expect(200).json();
        assert_eq!(
            view["responsible_unit"]["name"],
            "五里墩村（现并入一工城村）"
        );
        let found = app.found(who, &[("village_id", app.unit(NEXT_VILLAGE))]);
        assert!(found.contains(&closed.number) && found.contains(&open.number));
    }
    let old = app.found(Staff::Office, &[("village_id", app.unit(VILLAGE))]);
    assert_eq!(old.len(), 2, "{old:?}");
    let file = office.get("/exports/ledger.csv").expect(200).text();
    assert!(file.contains("五里墩村（现并入一工城村）"), "{file}");
    // Opened again, it is the business of the village that stays.
    let again = closed.then(Staff::Office, "reopen", json!({"text": "又有新情况"}));
    assert_eq!(again.view["responsible_unit"]["name"], NEXT_VILLAGE);

    // Nothing new comes to the one that went.
    let refused = app.case().village(VILLAGE).send();
    assert_eq!(refused.invalid_fields(), ["village_id:unknown"]);
    let log = app.by(Staff::Auditor).get("/audit?action=org_write");
    let log = log.expect(200).text();
    assert!(
        log.contains("“五里墩村”自2026-03-01起并入“一工城村”"),
        "{log}"
    );
    for who in [Staff::Secretary, Staff::NextSecretary] {
        let notices = app.by(who).get("/notifications").expect(200).text();
        assert!(notices.contains("五里墩村并入一工城村"), "{who:?}");
    }
}

/// Who stays in the village that went has the rest of its work, too: what its groups report.
#[test]
fn groups_report_to_the_village_that_stays() {
    let app = TestApp::start();
    let sign = app
        .case()
        .by(Staff::Informant)
        .kind("sign")
        .village(VILLAGE)
        .register();
    merge(&app, VILLAGE, NEXT_VILLAGE, TODAY).expect(200);
    sign.seen_by(Staff::Informant).expect(200);
    sign.seen_by(Staff::NextSecretary).expect(200);
    let next = app
        .case()
        .by(Staff::Informant)
        .kind("sign")
        .village(NEXT_VILLAGE)
        .register();
    next.seen_by(Staff::Secretary).expect(200);
    assert_eq!(next.view["village"]["name"], NEXT_VILLAGE);
}

#[test]
fn a_case_keeps_the_name_of_its_time() {
    let app = TestApp::start();
    let old = app
        .case()
        .village(VILLAGE)
        .received("2026-03-01")
        .register();
    rename(&app, VILLAGE, "五里墩新村");
    let name = |case: &Case| {
        let view = case.seen_by(Staff::Office).expect(200).json();
        view["village"]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&old), "五里墩村（现名五里墩新村）");
    let new = app.case().village(VILLAGE).register();
    assert_eq!(name(&new), "五里墩新村");
    let former = unit(&app, VILLAGE)["former_names"].clone();
    assert_eq!(
        former,
        json!([{"name": "五里墩村", "from": null, "until": TODAY}])
    );
    // Named twice on one day, it had the name between them for no whole day.
    rename(&app, VILLAGE, "五里新村");
    assert_eq!(unit(&app, VILLAGE)["former_names"], former);
    assert_eq!(name(&old), "五里墩村（现名五里新村）");
    let file = app.by(Staff::Office).get("/exports/ledger.csv").expect(200);
    assert!(file.text().contains("五里墩村（现名五里新村）"));
    // The township's name is kept in the same way.
    let settings = app.by(Staff::Admin).get("/settings").expect(200);
    let patch = app.by(Staff::Admin).patch("/settings");
    let patch = patch.if_match(settings.etag());
    patch
        .json(&json!({"township_name": "新平川镇"}))
        .expect(200);
    assert_eq!(unit(&app, "平川镇")["former_names"][0]["name"], "平川镇");
}

/// The count of what was received in a village, as of a day, with the name of its row.
fn received(app: &TestApp, village: &str, (to, as_of): (&str, &str)) -> Option<(String, Value)> {
    let query = [
        ("by", "village"),
        ("from", "2026-01-01"),
        ("to", to),
        ("as_of", as_of),
    ];
    let path = with_query("/indicators", &query);
    let table = app.by(Staff::Leader).get(path).expect(200).json();
    let columns = table["columns"].as_array().unwrap();
    let all = columns
        .iter()
        .position(|column| column["indicator"] == "all")
        .unwrap_or_else(|| panic!("{columns:?}"));
    let rows = table["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == app.unit(village))?;
    let cell = &row["cells"][all];
    // The list behind it is as long.
    if let Some(link) = cell["numerator_cases"].as_str() {
        let list = app.by(Staff::Leader).get(link).expect(200).json();
        assert_eq!(list["total"], cell["numerator"], "{row}");
    }
    let label = row["label"].as_str().unwrap().to_owned();
    Some((label, cell["numerator"].clone()))
}

#[test]
fn figures_of_before_stay_with_the_old_village() {
    let app = TestApp::start();
    app.case()
        .village(VILLAGE)
        .received("2026-02-10")
        .register();
    app.case()
        .village(VILLAGE)
        .received("2026-02-11")
        .register();
    app.case()
        .village(NEXT_VILLAGE)
        .received("2026-02-12")
        .register();
    merge(&app, VILLAGE, NEXT_VILLAGE, "2026-03-01").expect(200);
    let row = |village: &str, as_of: &str| received(&app, village, ("2026-02-28", as_of));
    let told = |name: &str, n: u32| Some((name.to_owned(), json!(n)));
    assert_eq!(row(VILLAGE, "2026-02-28"), told(VILLAGE, 2));
    assert_eq!(row(NEXT_VILLAGE, "2026-02-28"), told(NEXT_VILLAGE, 1));
    assert_eq!(row(VILLAGE, TODAY), None);
    assert_eq!(row(NEXT_VILLAGE, TODAY), told(NEXT_VILLAGE, 3));
    // The standing has one village less from now on.
    let standing = app.by(Staff::Leader).get("/villages/standing").expect(200);
    let standing = standing.json();
    let villages = standing["villages"].as_array().unwrap();
    assert_eq!(villages.len(), 8, "{standing}");
    // A file says the same as the page.
    let file = app.by(Staff::Leader).get(with_query(
        "/exports/indicators.csv",
        &[
            ("by", "village"),
            ("from", "2026-01-01"),
            ("to", "2026-02-28"),
            ("as_of", "2026-02-28"),
        ],
    ));
    assert!(file.expect(200).text().contains(VILLAGE));
}

/// A case that can be told from any other.
fn secret(app: &TestApp) -> tests::CaseBuilder<'_> {
    app.case().cause(&format!("反映{WORDS}，浇水困难")).set(
        "people",
        json!([{"role": "petitioner", "name": "高大山", "id_number": ID_NUMBER}]),
    )
}

#[track_caller]
fn assert_hidden(app: &TestApp, case: &Case, from: &[Staff]) {
    let marks = Marks {
        id: case.id.clone(),
        number: case.number.clone(),
        words: WORDS.to_owned(),
        id_number: ID_NUMBER.to_owned(),
    };
    for who in from {
        let found = traces(app, *who, &marks);
        assert_eq!(found, [""; 0], "{who:?} must not know of {}", case.number);
    }
}

/// 《信访工作条例》第三十条: the seal follows the accused unit into the one that it is merged into.
#[test]
fn a_seal_follows_the_accused_unit() {
    let app = TestApp::start();
    // The neighbour handles what is said of the village.
    let handled = secret(&app).accuses(VILLAGE).village(VILLAGE).register();
    let handled = handled.accepted().dispatched(NEXT_VILLAGE);
    let handled = handled.taken(Staff::NextSecretary);
    let sent = secret(&app).accuses(VILLAGE).register();
    let sent = sent.transferred(NEXT_VILLAGE);
    // The village handles what is said of the neighbour.
    let other = secret(&app).accuses(NEXT_VILLAGE).register();
    let other = other.accepted().dispatched(VILLAGE);
    other.seen_by(Staff::Secretary).expect(200);
    let order = json!({
        "form": "supervise", "source": "office", "unit_id": app.unit(VILLAGE),
        "demand": "查清事实", "deadline": "2026-04-01",
    });
    other.open(Staff::Office, "orders", &order);
    let over = secret(&app).accuses(VILLAGE).village(VILLAGE).register();
    let over = over
        .accepted()
        .dispatched("司法所")
        .taken(Staff::Justice)
        .answered(Staff::Justice)
        .closed();
    let told = preview(&app, VILLAGE, NEXT_VILLAGE).expect(200).json();
    let of_cases = |line: &String| line.starts_with("cases") || line.starts_with("matters");
    assert!(!counts(&told).iter().any(of_cases), "{told}");

    merge(&app, VILLAGE, NEXT_VILLAGE, TODAY).expect(200);
    for case in [&handled, &sent, &other, &over] {
        assert_hidden(&app, case, &BOTH);
        assert_hidden(&app, case, &[Staff::Admin, Staff::Police, Staff::Court]);
        case.seen_by(Staff::Office).expect(200);
        case.seen_by(Staff::Leader).expect(200);
    }
    over.seen_by(Staff::Justice).expect(200);
    // Nobody of the accused has it in hand; the office gives it to somebody else.
    for case in [&handled, &sent, &other] {
        let view = case.seen_by(Staff::Office).expect(200).json();
        for unit in ["responsible_unit", "offered_unit", "responsible_user"] {
            let in_hand = view[unit]["id"].as_str().unwrap_or_default();
            let of_both = [app.unit(VILLAGE), app.unit(NEXT_VILLAGE)];
            let kept = case.number == sent.number && unit == "responsible_unit";
            assert!(kept || !of_both.contains(&in_hand), "{unit}: {view}");
        }
        let to = json!({"unit_id": app.unit(NEXT_VILLAGE)});
        let refused = case.act(Staff::Office, "dispatch", to);
        let said = refused.text();
        assert!(
            refused.status == 409 || refused.invalid_fields() == ["unit_id:accused"],
            "{said}"
        );
    }
    let events = app.by(Staff::Office).get(handled.path("/events"));
    let events = events.expect(200).text();
    assert!(events.contains("不再办理，请重新交办"), "{events}");
    let again = handled.dispatched("司法所").taken(Staff::Justice);
    assert_hidden(&app, &again, &BOTH);

    // Whoever comes to the village later knows nothing of it either, and a second merger changes nothing.
    let user = json!({
        "username": "xinren", "name": "新支书", "role": "village_secretary",
        "unit_id": app.unit(NEXT_VILLAGE),
    });
    app.by(Staff::Admin).post("/users").json(&user).expect(201);
    merge(&app, NEXT_VILLAGE, "平川村", TODAY).expect(200);
    for case in [&again, &sent, &other, &over] {
        assert_hidden(&app, case, &BOTH);
    }
    // A new accusation is against the unit as it is now.
    let new = secret(&app).accuses("平川村").register();
    assert_hidden(&app, &new, &BOTH);
}

#[test]
fn only_like_is_merged_into_open_like_and_only_once() {
    let app = TestApp::start();
    let fields = |answer: Answer| answer.invalid_fields();
    assert_eq!(
        fields(merge(&app, VILLAGE, VILLAGE, TODAY)),
        ["into_id:same"]
    );
    assert_eq!(
        fields(merge(&app, VILLAGE, "司法所", TODAY)),
        ["into_id:other_kind"]
    );
    assert_eq!(
        fields(preview(&app, "司法所", "派出所")),
        ["into_id:other_kind"]
    );
    assert_eq!(
        fields(merge(&app, VILLAGE, NEXT_VILLAGE, "2026-03-11")),
        ["on:in_future"]
    );
    assert_eq!(
        fields(merge(&app, VILLAGE, NEXT_VILLAGE, "2024-03-11")),
        ["on:too_early"]
    );
    merge(&app, "平川镇", VILLAGE, TODAY).problem("conflict");
    let admin = app.by(Staff::Admin);
    let path = format!("{}/merge", unit_path(&app, VILLAGE));
    let input = json!({"into_id": app.unit(NEXT_VILLAGE), "on": TODAY});
    let unknown = json!({"into_id": "x", "on": TODAY});
    let etag = admin.get(unit_path(&app, VILLAGE)).expect(200).etag();
    let call = admin.post(&path).if_match(&etag).json(&unknown);
    assert_eq!(call.send().invalid_fields(), ["into_id:unknown"]);
    admin
        .post(&path)
        .json(&input)
        .send()
        .problem("version_required");
    let stale = admin.post(&path).if_match("\"99\"").json(&input);
    stale.send().problem("stale_version");
    for who in Staff::ALL.into_iter().filter(|who| *who != Staff::Admin) {
        let call = app.by(who).post(&path).if_match(&etag);
        call.json(&input).send().problem("forbidden");
        let look = format!("{path}?into_id={}", app.unit(NEXT_VILLAGE));
        app.by(who).get(look).send().problem("forbidden");
    }
    // Nothing came of any of it.
    assert_eq!(unit(&app, VILLAGE)["closed"], false);

    merge(&app, VILLAGE, NEXT_VILLAGE, TODAY).expect(200);
    merge(&app, VILLAGE, "平川村", TODAY).problem("conflict");
    preview(&app, VILLAGE, "平川村").problem("conflict");
    assert_eq!(
        fields(merge(&app, "平川村", VILLAGE, TODAY)),
        ["into_id:closed"]
    );
    // It stays as it is.
    let etag = admin.get(unit_path(&app, VILLAGE)).expect(200).etag();
    let patch = admin.patch(unit_path(&app, VILLAGE)).if_match(etag);
    let open = patch.json(&json!({"closed": false})).send();
    open.problem("conflict");
}

/// Of two who merge at once, each into the other's, one is told that it cannot be.
#[test]
fn two_mergers_at_once_leave_one_village() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let calls: Vec<_> = [(VILLAGE, NEXT_VILLAGE), (NEXT_VILLAGE, VILLAGE)]
        .into_iter()
        .map(|(from, into)| {
            let path = unit_path(&app, from);
            let etag = admin.get(&path).expect(200).etag();
            let input = json!({"into_id": app.unit(into), "on": TODAY});
            (format!("{path}/merge"), etag, input)
        })
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = calls
            .iter()
            .map(|(path, etag, input)| {
                let client = app.by(Staff::Admin);
                scope.spawn(move || {
                    let call = client.post(path).if_match(etag);
                    call.json(input).send().status
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let won = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(won, 1, "{statuses:?}");
    let lost = statuses.iter().find(|status| **status != 200).unwrap();
    assert!([409, 412, 422].contains(lost), "{statuses:?}");
    let open = [VILLAGE, NEXT_VILLAGE]
        .into_iter()
        .filter(|name| unit(&app, name)["closed"] == false);
    assert_eq!(open.count(), 1);
}
