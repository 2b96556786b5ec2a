//! A program in Python that was written with `docs/api.md` alone (`tests/stories/sync.py`) keeps a copy
//! in SQLite, and stays in step through creates, steps, sealing and changes of role.

use std::collections::BTreeSet;
use std::process::Command;

use tests::staff::PASSWORD;
use tests::{Staff, TestApp, python};

const STORY: &str = include_str!("../../stories/sync.py");
const PAGE: &str = include_str!("../../../docs/api.md");

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

/// A text of the program, with what stands before and after it in its line.
struct Literal<'a> {
    before: &'a str,
    text: &'a str,
    after: &'a str,
}

/// The program's texts, but for its documentation.
fn literals() -> Vec<Literal<'static>> {
    let code = STORY.split("\"\"\"").step_by(2);
    let lines = code.flat_map(str::lines);
    lines
        .flat_map(|line| {
            let parts: Vec<&str> = line.split('"').collect();
            let texts = parts.windows(3).step_by(2).map(|part| Literal {
                before: part[0],
                text: part[1],
                after: part[2],
            });
            texts.collect::<Vec<_>>()
        })
        .collect()
}

/// A path with nothing between its braces.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut inside = false;
    for c in text.chars() {
        inside = (inside || c == '{') && c != '}';
        if !inside || c == '{' {
            bare.push(c);
        }
    }
    bare
}

fn paths() -> BTreeSet<String> {
    literals()
        .iter()
        .map(|literal| literal.text.strip_prefix("{BASE}").unwrap_or(literal.text))
        .filter(|text| text.starts_with('/') && *text != "/api/v1")
        .map(bare)
        .collect()
}

fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The fields and headers that the program sends or reads, the codes that it knows, and its steps with what
/// they ask for.
fn words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for Literal {
        before,
        text,
        after,
    } in literals()
    {
        let place = before.trim_end();
        let is_key = after.starts_with(':') && (place.is_empty() || place.ends_with(['{', ',']));
        let is_index = before.ends_with('[') && after.starts_with(']');
        if is_key || is_index && !before.ends_with("environ[") {
            words.insert(text.to_owned());
        }
        let is_value = before == ": " || before.ends_with("== ") || before.contains(".step(");
        if is_value && is_code(text) {
            words.insert(text.to_owned());
        }
        // Within a text that is put together.
        let inner = text.split("['").skip(1);
        words.extend(inner.filter_map(|rest| Some(rest.split_once("']")?.0.to_owned())));
    }
    // `step(case, "dispatch", unit_id=village)`: the body's fields.
    for line in STORY.lines().filter(|line| line.contains(".step(")) {
        let outside = line.split('"').step_by(2);
        let fields = outside
            .flat_map(|part| part.split(','))
            .filter_map(|part| Some(part.split_once('=')?.0.trim()));
        words.extend(fields.map(str::to_owned));
    }
    words
}

/// It calls nothing, and sends and reads nothing, that the page does not name.
#[test]
fn the_page_names_what_the_program_uses() {
    let page = bare(PAGE);
    let paths = paths();
    assert!(
        paths.len() > 6 && paths.contains("/cases/{}/actions/{}"),
        "{paths:?}"
    );
    for path in &paths {
        let path = format!("/api/v1{path}");
        let named = page.match_indices(&path).any(|(at, found)| {
            let after = page[at + found.len()..].chars().next();
            !after.is_some_and(|c| c.is_alphanumeric() || "/-_{:".contains(c))
        });
        assert!(named, "the page does not name {path}");
    }
    let words = words();
    for word in [
        "accused_unit_id",
        "ETag",
        "access_token",
        "notice",
        "dispatch",
        "gone",
    ] {
        assert!(words.contains(word), "{word} is in the program: {words:?}");
    }
    for word in &words {
        let said = [format!("`{word}`"), format!("\"{word}\"")];
        assert!(
            said.iter().any(|said| PAGE.contains(said)),
            "the page does not say {word}"
        );
    }
}
