//! What was acknowledged is there, however the server ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Client, Staff, TestApp};

/// Registers without pause until the server is gone. Answers number by idempotency key of what was
/// acknowledged, and the keys of what got no answer.
struct Load {
    acknowledged: BTreeMap<String, String>,
    unanswered: Vec<String>,
}

fn load(
    client: &Client,
    input: &Value,
    name: usize,
    stop: &AtomicBool,
    done: &AtomicUsize,
) -> Load {
    let mut load = Load {
        acknowledged: BTreeMap::new(),
        unanswered: Vec::new(),
    };
    for i in 0.. {
        let key = format!("{name}-{i}");
        match client.post("/cases").key(&key).json(input).try_send() {
            Some(answer) if answer.status == 201 => {
                let number = answer.json()["number"].as_str().unwrap().to_owned();
                load.acknowledged.insert(key, number);
                done.fetch_add(1, Ordering::Relaxed);
            }
            // While it ends it may say so.
            Some(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            None => load.unanswered.push(key),
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    load
}

/// Runs the load from several clients at once, and `end` in the middle of it.
fn run_load(app: &mut TestApp, clients: usize, end: impl FnOnce(&mut TestApp)) -> Vec<Load> {
    let input = app.case().input().clone();
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let all: Vec<Client> = (0..clients).map(|_| app.by(Staff::Centre)).collect();
    thread::scope(|scope| {
        let running: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(name, client)| {
                let (input, stop, done) = (&input, &stop, &done);
                scope.spawn(move || load(client, input, name, stop, done))
            })
            .collect();
        let start = Instant::now();
        while done.load(Ordering::Relaxed) < 150 && start.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(1));
        }
        end(app);
        stop.store(true, Ordering::Relaxed);
        running
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    })
}

/// Every acknowledged case is there, whole; numbers run from 1 without gap or duplicate.
fn check(app: &TestApp, loads: &[Load]) -> usize {
    let rows = app.walk(Staff::Leader, 200, &[("sort", "number")]);
    let numbers: Vec<&str> = rows
        .iter()
        .map(|row| row["number"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (1..=rows.len())
        .map(|n| format!("平川信〔2026〕{n:05}号"))
        .collect();
    assert_eq!(numbers, expected);
    let there: BTreeSet<&str> = numbers.into_iter().collect();
    let acknowledged: Vec<&String> = loads
        .iter()
        .flat_map(|load| load.acknowledged.values())
        .collect();
    for number in &acknowledged {
        assert!(
            there.contains(number.as_str()),
            "{number} was acknowledged and is lost"
        );
    }
    assert!(
        acknowledged.len() >= 150,
        "{} in the time",
        acknowledged.len()
    );
    // A case is there with its people, its event and its place in the search index, or not at all.
    for row in rows.iter().rev().take(20) {
        let path = format!("/cases/{}", row["id"].as_str().unwrap());
        let view = app.by(Staff::Leader).get(&path).expect(200).json();
        assert_eq!(view["people"].as_array().unwrap().len(), 1);
        let events = app
            .by(Staff::Leader)
            .get(format!("{path}/events"))
            .expect(200)
            .json();
        assert_eq!(events["total"], 1);
    }
    assert_eq!(
        app.list(Staff::Leader, &[("q", "流转")])["total"],
        rows.len()
    );
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=case_write&limit=1")
        .expect(200)
        .json();
    assert_eq!(log["total"], rows.len());
    rows.len()
}

#[test]
fn a_kill_in_the_middle_loses_nothing_that_was_acknowledged() {
    let mut app = TestApp::start();
    let loads = run_load(&mut app, 8, TestApp::kill);
    let unanswered: Vec<&String> = loads.iter().flat_map(|load| &load.unanswered).collect();
    assert!(!unanswered.is_empty(), "the kill came in the middle");
    app.restart(None);
    let there = check(&app, &loads);

    // Who got no answer asks again, and nothing is registered twice.
    let input = app.case().input().clone();
    let again = |key: &str| {
        let answer = app
            .by(Staff::Centre)
            .post("/cases")
            .key(key)
            .json(&input)
            .expect(201);
        let number = answer.json()["number"].as_str().unwrap().to_owned();
        (number, answer.header("idempotency-replayed") == "true")
    };
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    let mut new = 0;
    for key in unanswered {
        let (number, was_there) = again(key);
        assert!(numbers.insert(number));
        new += usize::from(!was_there);
    }
    for load in &loads {
        for (key, number) in load.acknowledged.iter().take(3) {
            assert_eq!(again(key), (number.clone(), true));
        }
    }
    assert_eq!(
        app.list(Staff::Leader, &[("limit", "1")])["total"],
        there + new
    );
}

#[test]
fn a_stop_finishes_the_requests_in_flight() {
    let mut app = TestApp::start();
    let mut status = None;
    let loads = run_load(&mut app, 8, |app| status = Some(app.stop()));
    assert!(status.unwrap().success(), "{status:?}");
    app.restart(None);
    let there = check(&app, &loads);
    // What was begun was answered: nothing is there that nobody was told of.
    let acknowledged: usize = loads.iter().map(|load| load.acknowledged.len()).sum();
    assert_eq!(there, acknowledged);
}

#[test]
fn files_survive_a_kill() {
    let mut app = TestApp::start();
    let id = app.case().register().id;
    let path = format!("/cases/{id}/attachments");
    app.by(Staff::Office)
        .post(&path)
        .file("图.png", tests::files::png())
        .expect(201);
    app.kill();
    app.restart(None);
    let list = app.by(Staff::Office).get(&path).expect(200).json();
    let file = format!("{path}/{}", list["items"][0]["id"].as_str().unwrap());
    assert_eq!(
        app.by(Staff::Office).get(file).expect(200).body,
        tests::files::png()
    );
}

/// A second server on the same file, or a start with another key, is refused before it does harm.
#[test]
fn another_key_does_not_open_the_data() {
    let mut app = TestApp::start();
    app.stop();
    std::fs::remove_file(app.data_dir().join("xinfang.key")).unwrap();
    let mut command = tests::server::command();
    command
        .arg("serve")
        .env("XINFANG_DATA_DIR", app.data_dir())
        .env("XINFANG_LISTEN", "127.0.0.1:0");
    if let Some(url) = app.database_url() {
        command.env("DATABASE_URL", url);
    }
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("密钥"), "{text}");
}

/// Whatever many do at once with the same few cases, each gets an answer, and the timeline has every
/// step that was acknowledged, once.
#[test]
fn many_at_once_on_the_same_cases_never_stumble() {
    const WORKERS: usize = 6;
    const STEPS: usize = 40;
    let app = TestApp::start();
    let cases: Vec<String> = (0..3).map(|_| app.case().register().id).collect();
    let acknowledged = AtomicUsize::new(0);
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (app, cases, acknowledged) = (&app, &cases, &acknowledged);
            scope.spawn(move || {
                let client = app.by([Staff::Office, Staff::Leader, Staff::OtherOffice][worker % 3]);
                for step in 0..STEPS {
                    let id = &cases[(worker + step) % cases.len()];
                    let other = &cases[(worker + step + 1) % cases.len()];
                    let path = format!("/cases/{id}");
                    let etag = client.get(&path).expect(200).etag();
                    let act = |action: &str, input: Value| {
                        let call = client.post(format!("{path}/actions/{action}"));
                        call.if_match(&etag).json(&input).send()
                    };
                    let answer = match (worker + step * 5) % 7 {
                        0 => act("note", json!({"text": "走访"})),
                        1 => act("link", json!({"earlier_case_id": other})),
                        2 => act("mark_backlog", json!({"text": "久拖不决"})),
                        3 => act("set_lead", json!({"user_id": app.user(Staff::Leader)})),
                        4 => {
                            let person = json!({"role": "other_party", "name": "李四"});
                            client.post(format!("{path}/people")).json(&person).send()
                        }
                        5 => {
                            let file = tests::files::png();
                            client
                                .post(format!("{path}/attachments"))
                                .file("图.png", file)
                                .send()
                        }
                        _ => {
                            let place = json!({"place": format!("{worker}-{step}")});
                            client.patch(&path).if_match(&etag).json(&place).send()
                        }
                    };
                    let status = answer.status;
                    assert!(
                        [200, 201, 409, 412, 422].contains(&status),
                        "{status}: {}",
                        answer.text()
                    );
                    acknowledged.fetch_add(usize::from(status < 300), Ordering::Relaxed);
                }
            });
        }
    });
    let events = |id: &String| {
        let path = format!("/cases/{id}");
        let view = app.by(Staff::Office).get(&path).expect(200).json();
        let events = app.by(Staff::Office).get(format!("{path}/events"));
        let total = events.expect(200).json()["total"].clone();
        assert_eq!(total, view["version"], "each step is one event");
        total.as_u64().unwrap() as usize
    };
    let all: usize = cases.iter().map(events).sum();
    assert_eq!(all, cases.len() + acknowledged.load(Ordering::Relaxed));
}
