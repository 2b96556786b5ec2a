//! The examples of `docs/api.md`, run as they stand against a started server; and a copy that follows
//! the changes with nothing but what that page says.
//! What needs Python is passed over with a note where there is none (`tests/src/python.rs`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tests::contract::Contract;
use tests::python::with_requests as python;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Staff, TestApp};

const DOCS: &str = include_str!("../../../docs/api.md");
const LEDGER: &[u8] = include_bytes!("../../fixtures/ledger-2023.xlsx");

/// The examples in their order: file name and text.
fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    let mut blocks = DOCS.split("```");
    // Text, block, text, block …
    blocks.next();
    while let Some(block) = blocks.next() {
        if let Some((language, text)) = block.split_once('\n')
            && matches!(language, "bash" | "python")
        {
            let name = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("# example: "));
            let name = name.unwrap_or_else(|| panic!("an example without a name: {text}"));
            examples.push((name.to_owned(), text.to_owned()));
        }
        blocks.next();
    }
    examples
}

/// What the page shows, and by which examples, in its order: with curl and in Python where a program may want both.
const SHOWN: [(&str, &[&str]); 7] = [
    ("who one is", &["who_am_i.sh"]),
    ("read a page at a time", &["first_page.sh", "read_pages.py"]),
    ("register", &["register.sh", "register_many.py"]),
    ("take a step", &["note_progress.py"]),
    ("upload a ledger", &["preview_ledger.sh", "load_ledger.py"]),
    ("follow the change feed", &["follow.py"]),
    (
        "verify a webhook's signature",
        &["receive.py", "try_receiver.sh"],
    ),
];

#[test]
fn the_page_shows_all_that_it_is_to_show() {
    let examples = examples();
    let names: Vec<&str> = examples.iter().map(|(name, _)| name.as_str()).collect();
    let shown: Vec<&str> = SHOWN
        .iter()
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    assert_eq!(names, shown, "{SHOWN:?}");
}

/// What is no list of pages, and what is refused without `If-Match`, is so on the page as in the OpenAPI document.
#[test]
fn the_page_names_what_is_a_bare_array_and_what_needs_its_version() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, item) in Contract::of_binary().document()["paths"]
        .as_object()
        .unwrap()
    {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        for (method, operation) in item.as_object().unwrap() {
            let answer = &operation["responses"]["200"]["content"]["application/json"];
            let is_array = method == "get" && answer["schema"]["type"] == "array";
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let needs_version = parameters
                .filter(|parameter| parameter["in"] == "header")
                .any(|parameter| parameter["name"] == "If-Match");
            let method = method.to_uppercase();
            let said = match method.as_str() {
                "GET" if is_array => format!("`{path}`"),
                "PUT" | "DELETE" if needs_version => format!("`{method} {path}`"),
                // The page says that every one does.
                "PATCH" if !needs_version => format!("PATCH {path} without If-Match"),
                _ => continue,
            };
            count += 1;
            if !DOCS.contains(&said) {
                wrong.push(said);
            }
        }
    }
    assert!(wrong.is_empty(), "docs/api.md does not say {wrong:?}");
    assert!(count >= 11, "{count}");
}

/// What `the_receiver_of_webhooks_takes_what_is_genuine` runs: a receiver looks at the clock.
const WEBHOOKS: [&str; 2] = ["receive.py", "try_receiver.sh"];

fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output();
    let found = asked.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("note: no {program}: its examples are passed over");
    }
    found
}

fn token(app: &TestApp, who: Staff, scopes: &[&str]) -> String {
    let input = json!({"name": "示例", "scopes": scopes, "expires_on": "2026-06-30"});
    let made = app.by(who).post("/tokens").json(&input).expect(201).json();
    made["secret"].as_str().unwrap().to_owned()
}

fn run(app: &TestApp, token: &str, folder: &Path, program: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("XINFANG_URL", app.url())
        .env("XINFANG_TOKEN", token)
        .env("NO_PROXY", "*")
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap()
}

fn said(output: &Output, name: &str) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {text}{errors}");
    text
}

#[test]
fn the_examples_run_as_they_stand() {
    let app = TestApp::start();
    for _ in 0..5 {
        app.case().village(VILLAGE).register();
    }
    let scopes = ["cases:read", "cases:write", "imports:write", "org:read"];
    let token = token(&app, Staff::Office, &scopes);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ledger.xlsx"), LEDGER).unwrap();
    let (python, curl) = (python(), has("curl"));
    for (name, text) in examples() {
        if WEBHOOKS.contains(&name.as_str()) {
            continue;
        }
        std::fs::write(folder.path().join(&name), &text).unwrap();
        let program = match (name.ends_with(".py"), &python) {
            (true, Some(python)) => python.clone(),
            (false, _) if curl => PathBuf::from("bash"),
            _ => continue,
        };
        let output = run(&app, &token, folder.path(), &program, &[&name]);
        let text = said(&output, &name);
        let json = || -> Value { serde_json::from_str(&text).unwrap() };
        match name.as_str() {
            "who_am_i.sh" => assert_eq!(json()["user"]["name"], "孙立新"),
            "first_page.sh" => {
                assert_eq!(json()["items"].as_array().unwrap().len(), 2);
                assert_eq!(json()["total"], 5);
            }
            "read_pages.py" => assert_eq!(text.lines().count(), 5, "{text}"),
            "note_progress.py" => assert!(text.contains('〔'), "{text}"),
            "register.sh" => assert_eq!(json()["people"][0]["name"], "李四"),
            "register_many.py" => {
                assert_eq!(text.lines().count(), 2, "{text}");
                assert!(String::from_utf8_lossy(&output.stderr).contains("hotline-2026-000126"));
            }
            "preview_ledger.sh" => assert!(json()["report"]["read"].as_u64() > Some(0)),
            "load_ledger.py" => assert!(text.contains("loaded"), "{text}"),
            "follow.py" => {
                let total = app.list(Staff::Office, &[])["total"].as_u64().unwrap();
                assert_eq!(text.trim(), format!("{total} cases"));
            }
            other => panic!("say here what {other} should print"),
        }
    }
}

/// The receiver of the page, as it stands, takes what the server sends, and not what is old.
#[test]
fn the_receiver_of_webhooks_takes_what_is_genuine() {
    let openssl = Command::new("openssl").arg("version").output();
    let openssl = openssl.is_ok_and(|output| output.status.success());
    if !(has("python3") && has("curl") && openssl) {
        eprintln!("note: without python3, curl and openssl, the receiver is passed over");
        return;
    }
    // A receiver has the time of this machine.
    let now: chrono::DateTime<chrono::Utc> = std::time::SystemTime::now().into();
    let app = TestApp::with().clock(&now.to_rfc3339()).start();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in examples() {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let admin = app.by(Staff::Admin);
    let allowed = admin.put("/webhook-addresses").if_match("\"1\"");
    allowed.json(&json!({"entries": ["127.0.0.1"]})).expect(200);
    let new = json!({
        "name": "示例", "url": format!("http://127.0.0.1:{port}/"), "events": ["registered"],
    });
    let office = app.by(Staff::Office);
    let made = office.post("/webhooks").json(&new).expect(201).json();
    let secret = made["secret"].as_str().unwrap();
    let with = |program: &str, example: &str| {
        let mut command = Command::new(program);
        command
            .arg(example)
            .current_dir(folder.path())
            .env("WEBHOOK_SECRET", secret)
            .env("WEBHOOK_PORT", port.to_string())
            .env("NO_PROXY", "*");
        command
    };
    let mut receiver = with("python3", "receive.py")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!((0..5).any(|_| tests::app::soon(listens)));
    let tried = with("bash", "try_receiver.sh").output().unwrap();
    assert_eq!(said(&tried, "try_receiver.sh"), "204\n401\n401\n");
    // What the server itself sends.
    let id = made["webhook"]["id"].as_str().unwrap();
    office.post(format!("/webhooks/{id}/test")).expect(202);
    let case = app.case().village(VILLAGE).register();
    let path = format!("/webhooks/{id}/deliveries?state=delivered");
    let delivered = || office.get(&path).expect(200).json()["total"] == 2;
    let all = (0..10).any(|_| tests::app::soon(delivered));
    receiver.kill().unwrap();
    let output = receiver.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(all, "{printed}");
    let lines: Vec<&str> = printed.lines().collect();
    let registered = format!("case.registered {}", case.id);
    assert_eq!(lines, ["test None", "test None", &registered], "{printed}");
}

/// A village secretary's script, made from the page alone, stays in step.
#[test]
fn a_script_that_follows_the_page_stays_in_step() {
    let Some(python) = python() else { return };
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = examples()
        .into_iter()
        .find(|(name, _)| name == "follow.py")
        .unwrap();
    std::fs::write(folder.path().join("follow.py"), text).unwrap();
    let in_step = |token: &str| {
        let output = run(&app, token, folder.path(), &python, &["follow.py"]);
        said(&output, "follow.py");
        let dump = "import sqlite3, json; print(json.dumps(dict(sqlite3.connect('copy.db').execute('SELECT id, version FROM cases'))))";
        let output = run(&app, token, folder.path(), &python, &["-c", dump]);
        let copy: BTreeMap<String, i64> = serde_json::from_str(&said(&output, "dump")).unwrap();
        let ledger: BTreeMap<String, i64> = app
            .walk(Staff::Secretary, 200, &[])
            .into_iter()
            .map(|case| {
                let id = case["id"].as_str().unwrap().to_owned();
                (id, case["version"].as_i64().unwrap())
            })
            .collect();
        assert_eq!(copy, ledger);
        copy.len()
    };
    let scopes = ["cases:read"];
    let first = token(&app, Staff::Secretary, &scopes);
    assert_eq!(in_step(&first), 0);
    let one = app.case().village(VILLAGE).register();
    let two = app.case().village(VILLAGE).register();
    app.case().village(NEXT_VILLAGE).register();
    assert_eq!(in_step(&first), 2);
    one.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    assert_eq!(in_step(&first), 2);
    let sealing = json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)});
    let etag = app.etag(&two.id, Staff::Office);
    let call = app.by(Staff::Office).patch(two.path("")).if_match(etag);
    call.json(&sealing).expect(200);
    assert_eq!(in_step(&first), 1);
    // To the office: the old token ends, the copy goes on with a new one.
    let admin = app.by(Staff::Admin);
    let path = format!("/users/{}", app.user(Staff::Secretary));
    let etag = admin.get(&path).expect(200).etag();
    let patch = json!({"role": "coordination_office", "unit_id": app.unit("镇综治办")});
    admin.patch(&path).if_match(etag).json(&patch).expect(200);
    let output = run(&app, &first, folder.path(), &python, &["follow.py"]);
    assert!(!output.status.success(), "the token ended with the role");
    let second = token(&app, Staff::Secretary, &scopes);
    assert_eq!(in_step(&second), 3);
}
