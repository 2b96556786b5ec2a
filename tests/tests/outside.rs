//! The API as a stranger's tool sees it: schemathesis reads the OpenAPI document, makes requests of
//! every kind, good and bad, for every operation, and looks whether the server breaks or answers what
//! the document does not say. As the administrator, and as a village's secretary with cases at hand.
//!
//! On SQLite only, with a fixed seed and few examples, so that it takes minutes at most; without a Python
//! that has schemathesis it is passed over with a note (`tests/src/python.rs`).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

use std::fmt::Write as _;
use std::process::Command;

use tests::staff::VILLAGE;
use tests::{Staff, TestApp, python};

/// What would end the sign-in that all other requests need.
const NOT_CALLED: [&str; 3] = ["sign_out", "sign_out_everywhere", "change_password"];

/// The tool's settings; `ids` are ids that are there, by the beginning of paths.
fn settings(token: &str, ids: &[(&str, String)]) -> String {
    let mut text = format!(
        r#"seed = 20260310
workers = 2
continue-on-failure = true
request-timeout = 60
max-stream-events = 1
suppress-health-check = ["all"]
cache.enabled = false
warnings = false

[headers]
Authorization = "Bearer {token}"

[generation]
max-examples = 3
no-shrink = true
database = "none"

[phases]
# Other methods are no operations: 405.
coverage.unexpected-methods = []
# It would go on until the time is spent.
stateful.enabled = false

[checks]
enabled = false
not_a_server_error.enabled = true
status_code_conformance.enabled = true
content_type_conformance.enabled = true
response_headers_conformance.enabled = true
response_schema_conformance.enabled = true

[[operations]]
include-operation-id = {NOT_CALLED:?}
enabled = false
"#
    );
    for (path, id) in ids {
        writeln!(
            text,
            "\n[[operations]]\ninclude-path-regex = '^{path}/\\{{id\\}}'\nparameters = {{ \"path.id\" = \"{id}\" }}"
        )
        .unwrap();
    }
    text
}

fn every_operation_agrees(app: &TestApp, who: Staff, ids: &[(&str, String)]) {
    let Some(python) = python::with_schemathesis() else {
        return;
    };
    if app.database_url().is_some() {
        eprintln!("note: schemathesis runs on SQLite");
        return;
    }
    let token = app.by(who).token().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    std::fs::write(&config, settings(&token, ids)).unwrap();
    let told = Command::new(python)
        .args([
            "-c",
            "from schemathesis.cli import schemathesis; schemathesis()",
        ])
        .arg("--config-file")
        .arg(&config)
        .args(["run", "--no-color"])
        .arg(format!("{}/api/openapi.json", app.url()))
        .current_dir(folder.path())
        .env("NO_PROXY", "*")
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    let errors = String::from_utf8_lossy(&told.stderr);
    let log = app.log();
    let broken: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("ERROR server"))
        .collect();
    assert!(
        told.status.success(),
        "{text}\n{errors}\n{}",
        broken.join("\n")
    );
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    println!("{text}");
}

#[test]
fn nothing_breaks_for_the_administrator() {
    let app = TestApp::start();
    let ids = [
        ("/api/v1/users", app.user(Staff::OtherCentre).to_owned()),
        ("/api/v1/org-units", app.unit(VILLAGE).to_owned()),
    ];
    every_operation_agrees(&app, Staff::Admin, &ids);
}

#[test]
fn nothing_breaks_for_a_village_secretary() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched(VILLAGE)
        .taken(Staff::Secretary);
    let ids = [("/api/v1/cases", case.id.clone())];
    every_operation_agrees(&app, Staff::Secretary, &ids);
}
