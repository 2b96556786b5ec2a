//! A virtual environment for what is tested from Python: the examples of `docs/api.md`, the story of a
//! copy that stays in step, schemathesis. Without Python, or where its registry cannot be reached, a
//! line says so, and the tests pass over what needs it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{cargo, process, ui};

const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// Where it is.
fn folder() -> PathBuf {
    cargo::target().join("python")
}

/// Its interpreter.
fn interpreter() -> PathBuf {
    folder().join("bin/python")
}

/// What is to be in it, with versions.
fn wanted() -> Result<String> {
    let path = cargo::root().join("tests/python.txt");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Makes it, if it is not there as it should be; without it the tests go on.
pub(crate) fn ensure() -> Result<()> {
    let stamp = folder().join("xinfang-has.txt");
    let wanted = wanted()?;
    if interpreter().exists() && fs::read_to_string(&stamp).is_ok_and(|has| has == wanted) {
        return Ok(());
    }
    let Some(python) = process::in_path(&["python3"]) else {
        ui::note("no python3: what is tested from Python is passed over");
        return Ok(());
    };
    let made = ui::step("Python's packages for the tests", None, || {
        let mut venv = process::command(&python);
        venv.args(["-m", "venv", "--clear"]).arg(folder());
        process::quiet(&mut venv, INSTALL_LIMIT)?;
        let mut install = process::command(interpreter());
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--requirement", "tests/python.txt"]);
        process::quiet(&mut install, INSTALL_LIMIT)?;
        fs::write(&stamp, &wanted)?;
        Ok(())
    });
    if let Err(error) = made {
        ui::note(&format!(
            "no Python packages, so what is tested from Python is passed over: {error:#}"
        ));
    }
    Ok(())
}

/// Tells the tests where it is, if it is there.
pub(crate) fn tell(tests: &mut Command) {
    if std::env::var_os("XINFANG_PYTHON").is_none() && interpreter().exists() {
        tests.env("XINFANG_PYTHON", interpreter());
    }
}
