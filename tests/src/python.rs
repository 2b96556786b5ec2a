//! A Python for what is tested from there: `XINFANG_PYTHON`, or `target/python/bin/python` (the virtual
//! environment that `cargo xtask test` makes), or `python3`, whichever has the module first. Where none
//! has, the test passes what needs it over, with a note.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has `requests`.
pub fn with_requests() -> Option<PathBuf> {
    with("requests")
}

/// A Python that has `schemathesis`.
pub fn with_schemathesis() -> Option<PathBuf> {
    with("schemathesis")
}

fn with(module: &str) -> Option<PathBuf> {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/python");
    let named = std::env::var_os("XINFANG_PYTHON").filter(|path| !path.is_empty());
    let found = named
        .map(PathBuf::from)
        .into_iter()
        .chain([environment, PathBuf::from("python3")])
        .find(|python| {
            let asked = Command::new(python)
                .args(["-c", &format!("import {module}")])
                .output();
            asked.is_ok_and(|output| output.status.success())
        });
    if found.is_none() {
        eprintln!("note: no Python with `{module}`: what needs it is passed over");
    }
    found
}
