//! Compiles the app to WASM and packs it into `frontend/dist`.
//!
//! Compiler → `wasm-bindgen` glue (package `pack`) → `wasm-opt` → hashed names and
//! `index.html` ([`crate::bundle`]) → compressed copies. The server embeds the folder, so this
//! comes first; files that did not change are not touched, so that it need not be built again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::bundle::{self, Glue, Sources};
use crate::optimise::Optimiser;
use crate::stamp::{self, Fingerprint};
use crate::toolchain::{self, Toolchain};
use crate::{cargo, process, ui};

/// Design, section 3: wasm, js and css, compressed with brotli.
const BUDGET: u64 = 450_000;

/// What the app is made from. `frontend/dist` is what it is made into.
const INPUTS: [&str; 11] = [
    "frontend/src",
    "frontend/static",
    "frontend/style",
    "frontend/index.html",
    "frontend/boot.js",
    "frontend/Cargo.toml",
    "shared",
    "xtask",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
];

#[derive(Args, Default)]
pub(crate) struct AppArgs {
    /// Builds quickly instead of small: for working on the app, not for shipping.
    #[arg(long)]
    pub(crate) dev: bool,
}

/// How to build: for shipping, or quickly.
struct Mode {
    profile: &'static str,
    optimise: bool,
    brotli: &'static str,
}

impl Mode {
    fn of(args: &AppArgs) -> Self {
        if args.dev {
            Self {
                profile: "dev",
                optimise: false,
                brotli: "4",
            }
        } else {
            Self {
                profile: "wasm",
                optimise: true,
                brotli: "11",
            }
        }
    }
}

/// Builds the app, unless nothing it is made from has changed.
pub(crate) fn build(args: &AppArgs) -> Result<()> {
    let mode = Mode::of(args);
    let work = cargo::target().join("app");
    let first = !work.exists();
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
    // `?` below leaves the stamp of the last good build, whose outputs are checked by hash.
    let stamp = work.join("stamp");
    if let Some(present) = Toolchain::present()
        && stamp::is_current(&stamp, &fingerprint(&mode, &present)?)
    {
        ui::line("==> app: nothing changed");
        return Ok(());
    }

    let toolchain = Toolchain::find()?;
    let hint = first.then_some("the first build takes about 5 minutes on 2 cores");
    ui::step("compile the app to WASM", hint, || {
        process::run(toolchain.build(&work).args(["--profile", mode.profile]))
    })?;
    let compiled = toolchain::output(&work, mode.profile);
    ui::step("pack the app", None, || pack(&compiled, &mode, &work))?;
    stamp::write(&stamp, &fingerprint(&mode, &toolchain)?)?;
    report()
}

/// A hash of everything that decides what is in `frontend/dist`, and of the folder itself.
fn fingerprint(mode: &Mode, toolchain: &Toolchain) -> Result<String> {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add("profile", mode.profile.as_bytes());
    fingerprint.add("compiler", toolchain.version.as_bytes());
    for path in INPUTS {
        fingerprint.add_path(&cargo::root().join(path))?;
    }
    fingerprint.add_path(&dist())?;
    Ok(fingerprint.finish())
}

/// From the compiled module to `frontend/dist`.
fn pack(compiled: &Path, mode: &Mode, work: &Path) -> Result<()> {
    let pack = build_pack()?;
    let glue = fresh(work.join("glue"))?;
    process::run(process::command(&pack).arg("glue").arg(compiled).arg(&glue))?;
    if mode.optimise
        && let Some(optimiser) = Optimiser::find(&work.join("npm"))
    {
        let plain = glue.join("app_bg.wasm");
        let small = work.join("optimised.wasm");
        if optimiser.run(&plain, &small) {
            fs::rename(&small, &plain)?;
        }
    }

    let frontend = cargo::root().join("frontend");
    let files = bundle::files(Glue::read(&glue)?, Sources::read(&frontend)?)?;
    let stage = fresh(work.join("stage"))?;
    let mut compress = process::command(&pack);
    compress.args(["compress", mode.brotli]);
    let mut any = false;
    for (name, content) in &files {
        let file = stage.join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, content)?;
        if bundle::is_compressible(name) {
            compress.arg(&file);
            any = true;
        }
    }
    if any {
        process::run(&mut compress)?;
    }
    mirror(&stage, &dist())
}

/// Builds the package `pack`, which does the work that needs large libraries.
fn build_pack() -> Result<PathBuf> {
    process::run(cargo::cargo().args(["build", "--package", "pack"]))?;
    Ok(cargo::target().join("debug/pack"))
}

/// Makes `to` hold exactly the files of `from`, without touching those that are equal.
fn mirror(from: &Path, to: &Path) -> Result<()> {
    let mut wanted = BTreeMap::new();
    for file in stamp::files(from)? {
        wanted.insert(to.join(file.strip_prefix(from)?), fs::read(&file)?);
    }
    for file in stamp::files(to)? {
        if !wanted.contains_key(&file) {
            fs::remove_file(&file)?;
        }
    }
    for (file, content) in wanted {
        if fs::read(&file).is_ok_and(|present| present == content) {
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Prints how large the app is against its budget.
fn report() -> Result<()> {
    let mut total = 0;
    for file in stamp::files(&dist())? {
        let name = file.strip_prefix(dist())?.to_string_lossy().into_owned();
        let counts = [".wasm.br", ".js.br", ".css.br"]
            .iter()
            .any(|end| name.ends_with(end));
        if counts {
            let size = file.metadata()?.len();
            total += size;
            ui::note(&format!("{:>7} KB  {name}", kilobytes(size)));
        }
    }
    let verdict = if total <= BUDGET { "within" } else { "OVER" };
    ui::note(&format!(
        "{:>7} KB  wasm+js+css with brotli: {verdict} the budget of {} KB",
        kilobytes(total),
        kilobytes(BUDGET),
    ));
    Ok(())
}

/// Thousands of bytes, with one decimal.
fn kilobytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

fn dist() -> PathBuf {
    cargo::root().join("frontend/dist")
}

/// An empty folder.
fn fresh(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_leaves_equal_files_alone_and_removes_old_ones() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        fs::create_dir(from.path().join("assets")).unwrap();
        fs::write(from.path().join("assets/new"), "new").unwrap();
        fs::write(from.path().join("same"), "same").unwrap();
        fs::write(to.path().join("same"), "same").unwrap();
        fs::write(to.path().join("old"), "old").unwrap();
        let same = fs::File::options()
            .write(true)
            .open(to.path().join("same"))
            .unwrap();
        same.set_modified(std::time::UNIX_EPOCH).unwrap();

        mirror(from.path(), to.path()).unwrap();

        assert_eq!(
            fs::read_to_string(to.path().join("assets/new")).unwrap(),
            "new"
        );
        assert!(!to.path().join("old").exists());
        let modified = to
            .path()
            .join("same")
            .metadata()
            .unwrap()
            .modified()
            .unwrap();
        assert_eq!(modified, std::time::UNIX_EPOCH);
    }

    #[test]
    fn sizes_read_like_the_budget() {
        assert_eq!(kilobytes(BUDGET), "450.0");
        assert_eq!(kilobytes(1_234), "1.2");
    }
}
