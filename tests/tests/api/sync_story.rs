//! A program in Python that was written with `docs/api.md` alone (`tests/stories/sync.py`) keeps a copy
//! in SQLite, and stays in step through creates, steps, sealing and changes of role.

use std::process::Command;

use tests::staff::PASSWORD;
use tests::{Staff, TestApp, python};

const STORY: &str = include_str!("../../stories/sync.py");

#[test]
fn a_program_that_has_read_the_page_keeps_its_copy_in_step() {
    let Some(python) = python::with_requests() else {
        return;
    };
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    let told = Command::new(python)
        .args(["-c", STORY])
        .current_dir(folder.path())
        .env("XINFANG_URL", app.url())
        .env("XINFANG_PASSWORD", PASSWORD)
        .env("OFFICE", Staff::Office.username())
        .env("SECRETARY", Staff::Secretary.username())
        .env("ADMINISTRATOR", Staff::Admin.username())
        .env("NO_PROXY", "*")
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{text}{errors}");
    assert!(text.ends_with("the end\n"), "{text}{errors}");
}

/// It calls nothing that the page does not name.
#[test]
fn the_page_names_what_the_program_calls() {
    let page = include_str!("../../../docs/api.md");
    for path in [
        "/session",
        "/me",
        "/cases",
        "/tokens",
        "/exports/cases.ndjson",
        "/users/{id}",
    ] {
        assert!(page.contains(&format!("/api/v1{path}")), "{path}");
    }
    assert!(page.contains("/api/v1/org-units"), "units");
}
