//! `wasm-opt` from npm's `binaryen`: a smaller app, where npm can be had.
//!
//! The version and its checksum are pinned by `xtask/npm/package-lock.json`; it is installed
//! under `target/`, without running scripts. Without npm the app is the same, only larger.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{cargo, process, ui};

const INSTALL_LIMIT: Duration = Duration::from_secs(180);
const OPTIMISE_LIMIT: Duration = Duration::from_secs(600);
const QUICK: Duration = Duration::from_secs(30);

/// Features that rustc's wasm32-unknown-unknown turns on, and that every browser since 2022 has.
/// Named here because the section that lists them does not survive every linker.
const FLAGS: [&str; 11] = [
    "-Oz",
    "--converge",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// An installed `wasm-opt`.
pub(crate) struct Optimiser {
    node: PathBuf,
    script: PathBuf,
}

impl Optimiser {
    /// Installs `wasm-opt` under `folder`; says why, and returns nothing, where it cannot be had.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        match install(folder) {
            Ok(found) => Some(found),
            Err(why) => {
                ui::note(&format!(
                    "going on without wasm-opt, the app will be larger: {why:#}"
                ));
                None
            }
        }
    }

    /// Writes the optimised module to `output` if it is valid and smaller.
    /// Returns whether it did.
    pub(crate) fn run(&self, input: &Path, output: &Path) -> bool {
        match self.try_run(input, output) {
            Ok(()) => true,
            Err(why) => {
                ui::note(&format!("wasm-opt failed, going on without it: {why:#}"));
                false
            }
        }
    }

    fn try_run(&self, input: &Path, output: &Path) -> Result<()> {
        let mut optimise = self.node();
        optimise
            .arg(&self.script)
            .args(FLAGS)
            .arg(input)
            .arg("-o")
            .arg(output);
        process::quiet(&mut optimise, OPTIMISE_LIMIT)?;
        let mut load = self.node();
        load.arg("--eval")
            .arg("new WebAssembly.Module(require('node:fs').readFileSync(process.argv[1]))")
            .arg(output);
        process::quiet(&mut load, QUICK).context("the result is not a valid module")?;
        Ok(())
    }

    fn node(&self) -> Command {
        process::command(&self.node)
    }
}

fn install(folder: &Path) -> Result<Optimiser> {
    let node = process::in_path(&["node", "nodejs"]).context("there is no node")?;
    let script = folder.join("node_modules/binaryen/bin/wasm-opt");
    let pinned = cargo::root().join("xtask/npm");
    let lock = fs::read(pinned.join("package-lock.json"))?;
    // npm leaves the lock file beside what it installed.
    let current = fs::read(folder.join("package-lock.json")).is_ok_and(|text| text == lock);
    if !(current && script.is_file()) {
        let npm = process::in_path(&["npm"]).context("there is no npm")?;
        fs::create_dir_all(folder)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(pinned.join(file), folder.join(file))?;
        }
        let mut ci = process::command(npm);
        ci.current_dir(folder)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        ui::note("fetching wasm-opt from npm (104 MB on disk)");
        process::quiet(&mut ci, INSTALL_LIMIT)?;
    }
    Ok(Optimiser { node, script })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pinned_version_has_a_checksum() {
        let lock = include_str!("../npm/package-lock.json");
        assert!(lock.contains("\"integrity\": \"sha512-"));
        let wanted = include_str!("../npm/package.json");
        let version = wanted
            .split("\"binaryen\": \"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert!(lock.contains(&format!("\"version\": \"{version}\"")));
    }
}
