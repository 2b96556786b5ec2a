//! The change feed: a copy that follows it has what its reader may see, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tests::app::with_query;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Client, Staff, TestApp};

const LEDGER: &[u8] = include_bytes!("../../fixtures/ledger-2023.xlsx");

/// A copy as a script keeps it.
struct Copy {
    client: Client,
    cursor: Option<String>,
    cases: BTreeMap<String, Value>,
}

impl Copy {
    fn of(client: Client) -> Self {
        Self {
            client,
            cursor: None,
            cases: BTreeMap::new(),
        }
    }

    /// Follows to the end; the lines that came, but for cursors.
    fn follow(&mut self) -> Vec<Value> {
        self.follow_by(None)
    }

    fn follow_by(&mut self, limit: Option<usize>) -> Vec<Value> {
        let mut lines = Vec::new();
        loop {
            let limit = limit.map(|limit| limit.to_string());
            let mut query = Vec::new();
            if let Some(cursor) = &self.cursor {
                query.push(("since", cursor.as_str()));
            }
            if let Some(limit) = &limit {
                query.push(("limit", limit.as_str()));
            }
            let path = with_query("/exports/cases.ndjson", &query);
            let answer = self.client.get(path).expect(200);
            assert_eq!(answer.header("content-type"), "application/x-ndjson");
            let text = answer.text();
            assert!(text.ends_with('\n'), "{text}");
            let mut more = true;
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                match line["type"].as_str().unwrap() {
                    "case" => {
                        let case = line["case"].clone();
                        let id = case["id"].as_str().unwrap().to_owned();
                        let known = self.cases.get(&id).map(|case| case["version"].as_i64());
                        // What comes twice is never older.
                        assert!(known.is_none_or(|known| known <= case["version"].as_i64()));
                        self.cases.insert(id, case);
                    }
                    "gone" => {
                        self.cases.remove(line["id"].as_str().unwrap());
                    }
                    "cursor" => {
                        self.cursor = Some(line["cursor"].as_str().unwrap().to_owned());
                        more = line["more"].as_bool().unwrap();
                        continue;
                    }
                    other => panic!("{other}"),
                }
                lines.push(line);
            }
            if !more {
                return lines;
            }
        }
    }

    /// Ids and versions.
    fn versions(&self) -> BTreeMap<String, i64> {
        let version = |case: &Value| case["version"].as_i64().unwrap();
        self.cases
            .iter()
            .map(|(id, case)| (id.clone(), version(case)))
            .collect()
    }
}

/// What somebody's ledger has: ids and versions.
fn ledger(app: &TestApp, who: Staff) -> BTreeMap<String, i64> {
    app.walk(who, 200, &[])
        .into_iter()
        .map(|case| {
            let id = case["id"].as_str().unwrap().to_owned();
            (id, case["version"].as_i64().unwrap())
        })
        .collect()
}

fn ids(lines: &[Value], kind: &str) -> BTreeSet<String> {
    lines
        .iter()
        .filter(|line| line["type"] == kind)
        .map(|line| {
            let id = if kind == "gone" {
                &line["id"]
            } else {
                &line["case"]["id"]
            };
            id.as_str().unwrap().to_owned()
        })
        .collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn patch_case(app: &TestApp, id: &str, patch: &Value) {
    let etag = app.etag(id, Staff::Office);
    let call = app.by(Staff::Office).patch(format!("/cases/{id}"));
    call.if_match(etag).json(patch).expect(200);
}

fn change_user(app: &TestApp, who: Staff, patch: &Value) {
    let admin = app.by(Staff::Admin);
    let path = format!("/users/{}", app.user(who));
    let etag = admin.get(&path).expect(200).etag();
    admin.patch(&path).if_match(etag).json(patch).expect(200);
}

#[test]
fn a_copy_stays_in_step_through_steps_sealing_and_referral() {
    let app = TestApp::start();
    let mut office = Copy::of(app.by(Staff::Office));
    let mut village = Copy::of(app.by(Staff::Secretary));
    assert!(office.follow().is_empty() && village.follow().is_empty());
    let one = app.case().village(VILLAGE).register();
    let two = app.case().village(VILLAGE).register();
    let next = app.case().village(NEXT_VILLAGE).register();
    assert_eq!(
        ids(&village.follow(), "case"),
        set(&[&one.id, &two.id]),
        "registered"
    );
    assert_eq!(
        ids(&office.follow(), "case"),
        set(&[&one.id, &two.id, &next.id])
    );
    assert_eq!(office.cases[&one.id]["cause_full"], "土地流转费两年未兑付");
    assert!(office.follow().is_empty(), "nothing comes without a change");

    // Steps.
    let one = one.accepted().dispatched(VILLAGE);
    let lines = village.follow();
    assert_eq!(ids(&lines, "case"), set(&[&one.id]));
    assert_eq!(village.cases[&one.id]["state"], one.view["state"]);
    office.follow();
    assert_eq!(office.versions(), ledger(&app, Staff::Office));

    // Another village's case is given to this one.
    let next = next.accepted().dispatched(VILLAGE);
    assert_eq!(ids(&village.follow(), "case"), set(&[&next.id]));
    assert_eq!(village.versions(), ledger(&app, Staff::Secretary));

    // One turns out to be an accusation against the village: it goes, and the office keeps it.
    let accused = app.unit(VILLAGE);
    let sealing = json!({"purpose": "accusation", "accused_unit_id": accused});
    patch_case(&app, &two.id, &sealing);
    let lines = village.follow();
    assert_eq!(ids(&lines, "gone"), set(&[&two.id]));
    assert!(ids(&lines, "case").is_empty());
    assert!(ids(&office.follow(), "case").contains(&two.id));
    assert_eq!(office.cases[&two.id]["sealed"], true);

    // An accusation that was one from the first is never mentioned, whatever happens with it.
    let hidden = app.case().village(VILLAGE).accuses(VILLAGE).register();
    assert!(village.follow().is_empty());
    let etag = app.etag(&hidden.id, Staff::Office);
    let path = format!("/cases/{}", hidden.id);
    let call = app.by(Staff::Office).patch(path).if_match(etag);
    call.json(&json!({"place": "村口"})).expect(200);
    let lines = village.follow();
    assert!(lines.is_empty(), "{lines:?}");
    office.follow();
    assert_eq!(office.versions(), ledger(&app, Staff::Office));

    // It was another unit that was meant: the village has it back, whole.
    let other = json!({"accused_unit_id": app.unit("派出所")});
    patch_case(&app, &two.id, &other);
    let lines = village.follow();
    assert_eq!(ids(&lines, "case"), set(&[&two.id]));
    // And what moves to another village goes.
    let moving = json!({"village_id": app.unit(NEXT_VILLAGE)});
    patch_case(&app, &two.id, &moving);
    assert_eq!(ids(&village.follow(), "gone"), set(&[&two.id]));
    assert_eq!(village.versions(), ledger(&app, Staff::Secretary));
}

#[test]
fn a_copy_stays_in_step_through_changes_of_role() {
    let app = TestApp::start();
    let here = app.case().village(VILLAGE).register();
    let there = app.case().village(NEXT_VILLAGE).register();
    let hidden = app.case().village(VILLAGE).accuses(VILLAGE).register();
    let mut copy = Copy::of(app.by(Staff::Secretary));
    copy.follow();
    assert_eq!(copy.versions(), ledger(&app, Staff::Secretary));

    // To the next village: what was theirs goes, what is theirs now comes whole. The accusation against
    // the old village was not theirs to know, and is not theirs now.
    change_user(
        &app,
        Staff::Secretary,
        &json!({"unit_id": app.unit(NEXT_VILLAGE)}),
    );
    let lines = copy.follow();
    assert_eq!(ids(&lines, "gone"), set(&[&here.id]));
    assert_eq!(ids(&lines, "case"), set(&[&there.id]));

    // To the office, a line at a time.
    let office = json!({"role": "coordination_office", "unit_id": app.unit("镇综治办")});
    change_user(&app, Staff::Secretary, &office);
    let lines = copy.follow_by(Some(1));
    assert!(ids(&lines, "gone").is_empty());
    assert_eq!(ids(&lines, "case"), set(&[&here.id, &hidden.id]));
    assert_eq!(copy.versions(), ledger(&app, Staff::Secretary));

    // And back, while cases change, too.
    let here = here.accepted();
    let back = json!({"role": "village_secretary", "unit_id": app.unit(VILLAGE)});
    change_user(&app, Staff::Secretary, &back);
    let lines = copy.follow();
    assert_eq!(ids(&lines, "gone"), set(&[&there.id, &hidden.id]));
    assert_eq!(ids(&lines, "case"), set(&[&here.id]));
    assert_eq!(copy.versions(), ledger(&app, Staff::Secretary));

    // A role that exports nothing gets nothing more.
    let police = json!({"role": "police_station", "unit_id": app.unit("派出所")});
    change_user(&app, Staff::Secretary, &police);
    let cursor = copy.cursor.clone().unwrap();
    let path = with_query("/exports/cases.ndjson", &[("since", &cursor)]);
    copy.client.get(path).send().problem("forbidden");
}

#[test]
fn an_import_that_was_undone_is_gone() {
    let app = TestApp::start();
    let mut copy = Copy::of(app.by(Staff::Office));
    copy.follow();
    let kept = app.case().village(VILLAGE).register();
    let office = app.by(Staff::Office);
    let run = office
        .post("/imports/ledger")
        .form("台账.xlsx", LEDGER.to_vec(), &[("dry_run", "false")])
        .expect(201)
        .json();
    copy.follow();
    assert_eq!(copy.versions(), ledger(&app, Staff::Office));
    let imported = copy.cases.len() - 1;
    assert!(imported > 0, "{run}");
    let path = format!("/imports/{}/undo", run["import_id"].as_str().unwrap());
    office.post(path).expect(200);
    let lines = copy.follow();
    assert_eq!(ids(&lines, "gone").len(), imported);
    assert_eq!(
        copy.cases.keys().cloned().collect::<BTreeSet<_>>(),
        set(&[&kept.id])
    );
    // Who has been told of nothing is not told of what is gone.
    let mut fresh = Copy::of(app.by(Staff::Office));
    assert_eq!(ids(&fresh.follow(), "case"), set(&[&kept.id]));
}

/// Many write at once, in transactions that commit in any order, while a copy follows: nothing is lost.
#[test]
fn nothing_is_lost_while_many_write() {
    let app = TestApp::start();
    let writing = AtomicBool::new(true);
    let mut copy = Copy::of(app.by(Staff::Leader));
    let mut village = Copy::of(app.by(Staff::Secretary));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|n| {
                let app = &app;
                scope.spawn(move || {
                    for i in 0..8 {
                        let case = app.case().village(VILLAGE).register();
                        match (n + i) % 4 {
                            0 => drop(case.accepted().dispatched(VILLAGE)),
                            1 => drop(case.accepted()),
                            2 => {
                                let accused = app.unit(VILLAGE);
                                let sealing =
                                    json!({"purpose": "accusation", "accused_unit_id": accused});
                                patch_case(app, &case.id, &sealing);
                            }
                            _ => {}
                        }
                    }
                })
            })
            .collect();
        let follower = scope.spawn(|| {
            while writing.load(Ordering::Relaxed) {
                copy.follow_by(Some(3));
                village.follow();
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        writing.store(false, Ordering::Relaxed);
        follower.join().unwrap();
    });
    copy.follow();
    village.follow();
    assert_eq!(copy.versions(), ledger(&app, Staff::Leader));
    assert_eq!(village.versions(), ledger(&app, Staff::Secretary));
    assert_eq!(copy.cases.len(), 32);
    assert_eq!(village.cases.len(), 24);
}

#[test]
fn cursors_and_limits_are_checked() {
    let app = TestApp::start();
    for _ in 0..3 {
        app.case().village(VILLAGE).register();
    }
    let office = app.by(Staff::Office);
    let page = office.get("/exports/cases.ndjson?limit=2").expect(200);
    let text = page.text();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[2]["more"], true);
    let cursor = lines[2]["cursor"].as_str().unwrap();
    let since = |since: &str| with_query("/exports/cases.ndjson", &[("since", since)]);
    let rest = office.get(since(cursor)).expect(200).text();
    assert_eq!(rest.lines().count(), 2, "{rest}");
    // Not another's, not one that was made up.
    for (who, cursor) in [
        (Staff::Leader, cursor),
        (Staff::Office, "x"),
        (Staff::Office, &cursor[1..]),
    ] {
        let answer = app.by(who).get(since(cursor)).send();
        assert_eq!(answer.invalid_fields(), ["since:invalid"]);
    }
    for limit in ["0", "10001"] {
        let path = format!("/exports/cases.ndjson?limit={limit}");
        let answer = office.get(path).send();
        assert_eq!(answer.invalid_fields(), ["limit:out_of_range"]);
    }
    for who in [
        Staff::Police,
        Staff::Informant,
        Staff::Auditor,
        Staff::Admin,
    ] {
        let answer = app.by(who).get("/exports/cases.ndjson").send();
        answer.problem("forbidden");
    }
    // By token, and in the audit log.
    let input = json!({"name": "同步", "scopes": ["cases:read"], "expires_on": "2026-06-30"});
    let made = office.post("/tokens").json(&input).expect(201).json();
    let mut copy = Copy::of(app.nobody().with_token(made["secret"].as_str().unwrap()));
    copy.follow();
    assert_eq!(copy.versions(), ledger(&app, Staff::Office));
    let path = "/audit?action=export";
    let audit = app.by(Staff::Auditor).get(path).expect(200).text();
    assert!(audit.contains("通过变更流导出事项3件"), "{audit}");
}
