//! A hand-kept ledger, taken in through the API: previewed, confirmed, sent again, undone. What is
//! read from which cell is told by the unit tests of the import itself.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

const LEDGER: &[u8] = include_bytes!("../../fixtures/ledger-2023.xlsx");

fn import(app: &TestApp, who: Staff, dry_run: &str) -> Answer {
    let call = app.by(who).post("/imports/ledger");
    call.form("ledger-2023.xlsx", LEDGER.to_vec(), &[("dry_run", dry_run)])
        .send()
}

fn confirm(app: &TestApp) -> Value {
    import(app, Staff::Office, "false").expect(201).json()
}

fn total(app: &TestApp, who: Staff, query: &[(&str, &str)]) -> u64 {
    app.list(who, query)["total"].as_u64().unwrap()
}

#[test]
fn a_preview_writes_nothing_and_a_confirmed_run_just_that() {
    let app = TestApp::start();
    let preview = import(&app, Staff::Office, "true").expect(200).json();
    assert_eq!(
        (&preview["dry_run"], &preview["import_id"]),
        (&json!(true), &Value::Null)
    );
    let count = |list: &str| preview["report"][list].as_array().unwrap().len();
    assert_eq!(
        (&preview["report"]["read"], &preview["report"]["loaded"]),
        (&json!(90), &json!(54))
    );
    assert_eq!(
        (count("flagged"), count("duplicates"), count("skipped")),
        (27, 9, 45)
    );
    for note in preview["report"]["flagged"].as_array().unwrap() {
        for field in ["sheet", "column", "reason"] {
            assert!(
                tests::client::is_chinese(note[field].as_str().unwrap()),
                "{note}"
            );
        }
        assert!(note["row"].as_u64() > Some(3));
    }
    assert_eq!(total(&app, Staff::Office, &[]), 0);
    // Without a word about it, it is a preview.
    let call = app.by(Staff::Office).post("/imports/ledger");
    assert_eq!(
        call.file("台账.xlsx", LEDGER.to_vec()).expect(200).json()["dry_run"],
        true
    );
    assert_eq!(total(&app, Staff::Office, &[]), 0);

    let run = confirm(&app);
    assert_eq!(run["report"], preview["report"]);
    let rows = app.walk(Staff::Office, 200, &[("sort", "number")]);
    assert_eq!(rows.len(), 54);
    let numbers: Vec<&str> = rows
        .iter()
        .map(|row| row["number"].as_str().unwrap())
        .collect();
    let expected: BTreeSet<String> = (1..=54)
        .map(|n| format!("平川信〔2023〕{n:05}号"))
        .collect();
    assert_eq!(
        numbers
            .iter()
            .map(|n| (*n).to_owned())
            .collect::<BTreeSet<_>>(),
        expected
    );
    assert_eq!(total(&app, Staff::Office, &[("state", "closed")]), 26);
    // Each knows its row, and every village sees its own.
    for row in &rows {
        let view = app
            .by(Staff::Office)
            .get(format!("/cases/{}", row["id"].as_str().unwrap()))
            .expect(200)
            .json();
        let source = &view["source"];
        assert_eq!(
            (&source["file"], &source["import_id"]),
            (&json!("ledger-2023.xlsx"), &run["import_id"])
        );
        assert_eq!(source["sheet"], row["village"]["name"]);
    }
    let own = app.walk(Staff::Secretary, 200, &[]);
    assert_eq!(
        own.len() as u64,
        total(&app, Staff::Office, &[("village_id", app.unit(VILLAGE))])
    );
    assert!(own.iter().all(|row| row["village"]["name"] == VILLAGE) && !own.is_empty());
    let given = total(&app, Staff::Office, &[("unit_id", app.unit("派出所"))]);
    assert_eq!(total(&app, Staff::Police, &[]), given);
    // They live on like any other.
    let open = own.iter().find(|row| row["state"] == "registered").unwrap();
    let id = open["id"].as_str().unwrap();
    app.act(id, Staff::Office, "accept", json!({})).expect(200);
}

#[test]
fn the_same_ledger_again_creates_nothing_twice() {
    let app = TestApp::start();
    confirm(&app);
    let again = confirm(&app);
    assert_eq!(again["report"]["loaded"], 0);
    let duplicates = again["report"]["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 63);
    assert!(
        duplicates
            .iter()
            .all(|twice| !twice["of_row"].is_null() || !twice["of_case"].is_null())
    );
    assert_eq!(total(&app, Staff::Office, &[]), 54);
    let runs = app.by(Staff::Office).get("/imports").expect(200).json();
    assert_eq!(runs["total"], 2);
}

/// Two who confirm at once, or one who clicks twice: each row is there once.
#[test]
fn two_runs_at_once_create_nothing_twice() {
    let app = TestApp::start();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| confirm(&app));
        }
    });
    assert_eq!(total(&app, Staff::Office, &[]), 54);
}

#[test]
fn a_run_is_undone_as_a_whole_as_long_as_nothing_was_done() {
    let app = TestApp::start();
    app.case().received("2023-01-05").register();
    let run = confirm(&app);
    let path = format!("/imports/{}", run["import_id"].as_str().unwrap());
    let office = app.by(Staff::Office);
    let shown = office.get(&path).expect(200).json();
    assert_eq!(
        (&shown["loaded"], &shown["undo_refused"]),
        (&json!(54), &Value::Null)
    );
    assert_eq!(office.get(format!("{path}/file")).expect(200).body, LEDGER);

    let of_village = app.list(Staff::Secretary, &[("state", "registered"), ("limit", "1")]);
    let id = of_village["items"][0]["id"].as_str().unwrap();
    app.act(id, Staff::Secretary, "note", json!({"text": "已走访"}))
        .expect(200);
    let refused = office
        .post(format!("{path}/undo"))
        .send()
        .problem("conflict");
    let number = of_village["items"][0]["number"].as_str().unwrap();
    assert!(refused.detail.contains(number), "{}", refused.detail);
    assert_eq!(total(&app, Staff::Office, &[]), 55);

    let other = TestApp::start();
    other.case().received("2023-01-05").register();
    let run = confirm(&other);
    let path = format!("/imports/{}", run["import_id"].as_str().unwrap());
    let undo = || other.by(Staff::Office).post(format!("{path}/undo")).send();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (0..3).map(|_| scope.spawn(|| undo().status)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        2,
        "{statuses:?}"
    );
    assert_eq!(total(&other, Staff::Office, &[]), 1);
    assert_eq!(total(&other, Staff::Office, &[("q", "流转")]), 1);
    // The series goes on where it stood, and the file may come again.
    assert_eq!(
        other.case().received("2023-05-01").register().number,
        "平川信〔2023〕00002号"
    );
    assert_eq!(confirm(&other)["report"]["loaded"], 54);
}

/// Somebody works on a case while another undoes the run: one of the two wins, whole.
#[test]
fn undoing_and_working_at_once_lose_nothing() {
    for _ in 0..3 {
        let app = TestApp::start();
        let run = confirm(&app);
        let path = format!("/imports/{}/undo", run["import_id"].as_str().unwrap());
        let rows = app.walk(Staff::Office, 200, &[("state", "registered")]);
        let (undone, noted) = thread::scope(|scope| {
            let undoing = scope.spawn(|| app.by(Staff::Office).post(&path).send().status);
            let noting = rows.iter().rev().take(8).map(|row| {
                let (app, id) = (&app, row["id"].as_str().unwrap());
                scope.spawn(move || {
                    let call = app
                        .by(Staff::Leader)
                        .post(format!("/cases/{id}/actions/note"));
                    let call = call.if_match("\"1\"").json(&json!({"text": "已走访"}));
                    call.send().status
                })
            });
            let noting: Vec<_> = noting.collect();
            let noted: Vec<u16> = noting.into_iter().map(|one| one.join().unwrap()).collect();
            (undoing.join().unwrap(), noted)
        });
        let left = total(&app, Staff::Office, &[]);
        match undone {
            200 => assert!(
                left == 0 && noted.iter().all(|status| *status == 404),
                "{noted:?} {left}"
            ),
            409 => assert!(left == 54 && noted.contains(&200), "{noted:?} {left}"),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn only_the_office_imports_and_other_files_get_a_clear_answer() {
    let app = TestApp::start();
    for who in Staff::ALL {
        if matches!(who, Staff::Office | Staff::OtherOffice) {
            continue;
        }
        import(&app, who, "false").problem("forbidden");
        app.by(who).get("/imports").send().problem("forbidden");
    }
    let post = || app.by(Staff::Office).post("/imports/ledger");
    for (name, content) in [
        ("台账.xlsx", b"not a workbook".to_vec()),
        ("照片.png", tests::files::png()),
        ("空.xlsx", Vec::new()),
        ("台账.csv", "编号,姓名\n1,张三\n".into()),
        ("坏.xlsx", LEDGER[..LEDGER.len() / 2].to_vec()),
    ] {
        let status = post()
            .form(name, content, &[("dry_run", "false")])
            .send()
            .status;
        assert!([415, 422].contains(&status), "{name}: {status}");
    }
    post()
        .form("x", Vec::new(), &[("dry_run", "maybe")])
        .send()
        .expect(422);
    let status = post()
        .form("x", LEDGER.to_vec(), &[("mapping", "{")])
        .send()
        .status;
    assert!([400, 422].contains(&status), "{status}");
    app.by(Staff::Office)
        .upload(
            "/imports/ledger",
            "ledger.xlsx",
            &vec![b'P'; 30 * 1024 * 1024],
        )
        .problem("too_large");
    assert_eq!(total(&app, Staff::Office, &[]), 0);
    let office = app.by(Staff::Office);
    for path in ["/imports/x", "/imports/x/file", "/imports/%00"] {
        office.get(path).send().problem("not_found");
    }
    office.post("/imports/x/undo").send().problem("not_found");
    assert_eq!(office.get("/imports").expect(200).json()["total"], 0);
}

/// A duplicate hint does not tell of an accusation that only its registrar may know of.
#[test]
fn duplicates_are_of_what_the_importer_may_see() {
    let app = TestApp::start();
    confirm(&app);
    let row = app.list(
        Staff::Office,
        &[
            ("state", "registered"),
            ("village_id", app.unit(NEXT_VILLAGE)),
            ("limit", "1"),
        ],
    );
    let row = &row["items"][0];
    let path = format!("/cases/{}", row["id"].as_str().unwrap());
    // It turns out to be against a leader: from now on its registrar's alone. The registrar is who
    // imported it; a colleague must not learn of it.
    let input = json!({"purpose": "accusation", "accused_unit_id": app.unit("平川镇")});
    app.by(Staff::Office)
        .patch(&path)
        .if_match("\"1\"")
        .json(&input)
        .expect(200);
    app.by(Staff::OtherOffice)
        .get(&path)
        .send()
        .problem("not_found");
    let preview = import(&app, Staff::OtherOffice, "true").expect(200).text();
    assert!(!preview.contains(row["number"].as_str().unwrap()));
    let runs = app
        .by(Staff::OtherOffice)
        .get("/imports")
        .expect(200)
        .text();
    assert!(
        !runs.contains(row["number"].as_str().unwrap())
            && !runs.contains(row["id"].as_str().unwrap()),
        "{runs}"
    );
}

/// `xinfang import`, beside the running server.
#[test]
fn the_command_line_imports_into_the_same_ledger() {
    let app = TestApp::start();
    let file = app.data_dir().join("ledger-2023.xlsx");
    std::fs::write(&file, LEDGER).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = tests::server::command();
        command
            .arg("import")
            .arg(&file)
            .args(["--format", "json"])
            .args(arguments);
        command.env("XINFANG_DATA_DIR", app.data_dir());
        if let Some(url) = app.database_url() {
            command.env("DATABASE_URL", url);
        }
        command.output().unwrap()
    };
    // Two townships are here: into which one is not guessed.
    let unsaid = run(&["--dry-run"]);
    let said = String::from_utf8_lossy(&unsaid.stderr).into_owned();
    assert!(!unsaid.status.success() && said.contains("--as"), "{said}");
    let run = |arguments: &[&str]| {
        let office = ["--as", Staff::Office.username()];
        let output = run(&[arguments, &office].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let preview = run(&["--dry-run"]);
    let keys: Vec<&String> = preview.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "duplicates",
            "flagged",
            "loaded",
            "read",
            "skipped",
            "warnings"
        ]
    );
    assert_eq!(
        (&preview["read"], &preview["loaded"]),
        (&json!(90), &json!(54))
    );
    assert_eq!(total(&app, Staff::Office, &[]), 0);
    assert_eq!(run(&[])["loaded"], 54);
    assert_eq!(total(&app, Staff::Office, &[]), 54);
    assert_eq!(run(&[])["loaded"], 0);
}
