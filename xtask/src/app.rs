//! Compiles the app to WASM and packs it into `frontend/dist`.
//!
//! Compiler → parts and `wasm-bindgen` glue (package `pack`) → `wasm-opt` → hashed names and
//! `index.html` ([`crate::bundle`]) → compressed copies. The server embeds the folder, so this
//! comes first; files that did not change are not touched, so that it need not be built again.
//!
//! What ships comes in parts (`frontend/src/part.rs`); where they cannot be made, and with `--dev`,
//! the app is in one piece.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::bundle::{self, Glue, Sources};
use crate::optimise::Optimiser;
use crate::process::Aside;
use crate::stamp::{self, Fingerprint};
use crate::toolchain::{self, Toolchain};
use crate::{cargo, process, ui};

/// Design, section 3: wasm, js and css, compressed with brotli, for the first page that is opened,
/// whichever it is.
const BUDGET: u64 = 450_000;
/// Modules smaller than this, in bytes, are left as they are.
const CRUMB: u64 = 4096;

/// What the app is made from. `frontend/dist` is what it is made into.
const INPUTS: [&str; 12] = [
    "frontend/src",
    "frontend/static",
    "frontend/style",
    "frontend/index.html",
    "frontend/boot.js",
    "frontend/sw.js",
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
    /// Makes it ready, and leaves `frontend/dist` as it is.
    #[arg(long, hide = true)]
    pub(crate) aside: bool,
}

/// How to build: for shipping, or quickly.
struct Mode {
    profile: &'static str,
    optimise: bool,
    in_parts: bool,
    /// Whether browsers keep the app for the next start.
    kept: bool,
    brotli: &'static str,
}

impl Mode {
    fn of(args: &AppArgs) -> Self {
        if args.dev {
            Self {
                profile: "dev",
                optimise: false,
                in_parts: false,
                kept: false,
                brotli: "4",
            }
        } else {
            Self {
                profile: "wasm",
                optimise: true,
                in_parts: true,
                kept: true,
                brotli: "11",
            }
        }
    }
}

/// Begins to make the app for shipping ready beside what else is done: much of it is done by one core
/// alone. [`build`] finds it ready then, and tells what went wrong if something did. Nothing where nothing
/// it is made from has changed.
pub(crate) fn ahead() -> Result<Option<Aside>> {
    let mode = Mode::of(&AppArgs::default());
    let work = work();
    let toolchain = Toolchain::find()?;
    if stamp::is_current(&work.join("stamp"), &fingerprint(&mode, &toolchain)?) {
        return Ok(None);
    }
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
    let mut make = process::command(std::env::current_exe()?);
    make.args(["app", "--aside"]);
    Aside::start(&mut make, &work.join("aside.log")).map(Some)
}

/// Builds the app, unless nothing it is made from has changed.
pub(crate) fn build(args: &AppArgs) -> Result<()> {
    let mode = Mode::of(args);
    let work = work();
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
    let stage = work.join("stage");
    let staged = work.join("staged");
    let made_from = inputs(&mode, &toolchain)?.finish();
    if !(stage.is_dir() && stamp::is_current(&staged, &made_from)) {
        // What is half made is not taken for whole.
        if staged.exists() {
            fs::remove_file(&staged)?;
        }
        make(&mode, &work, &toolchain, first)?;
        stamp::write(&staged, &made_from)?;
    }
    if args.aside {
        return Ok(());
    }
    mirror(&stage, &dist())?;
    stamp::write(&stamp, &fingerprint(&mode, &toolchain)?)?;
    report()
}

/// Makes the files of the app, into `work/stage`.
fn make(mode: &Mode, work: &Path, toolchain: &Toolchain, first: bool) -> Result<()> {
    let hint = first.then_some("the first build takes about 5 minutes on 2 cores");
    let compile = |in_parts: bool| {
        ui::step("compile the app to WASM", hint, || {
            process::run(&mut toolchain.build(work, mode.profile, in_parts))
        })
    };
    let compiled = toolchain::output(work, mode.profile);
    compile(mode.in_parts)?;
    let packer = ui::step("build what packs it", None, build_pack)?;
    let make = |verb: &str| -> Result<PathBuf> {
        let glue = fresh(work.join("glue"))?;
        process::run(
            process::command(&packer)
                .arg(verb)
                .arg(&compiled)
                .arg(&glue),
        )?;
        Ok(glue)
    };
    let made = if mode.in_parts {
        ui::step("split the app into parts", None, || make("split")).or_else(|why| {
            ui::note(&format!(
                "going on with the app in one piece, whose first page takes longer: {why:#}"
            ));
            compile(false)?;
            make("glue")
        })
    } else {
        make("glue")
    };
    let glue = made?;
    ui::step("pack the app", None, || pack(&packer, &glue, mode, work))
}

/// A hash of everything that decides what is in `frontend/dist`, and of the folder itself.
fn fingerprint(mode: &Mode, toolchain: &Toolchain) -> Result<String> {
    let mut fingerprint = inputs(mode, toolchain)?;
    fingerprint.add_path(&dist())?;
    Ok(fingerprint.finish())
}

/// All that the app is made from, and how.
fn inputs(mode: &Mode, toolchain: &Toolchain) -> Result<Fingerprint> {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add("profile", mode.profile.as_bytes());
    fingerprint.add("compiler", toolchain.version.as_bytes());
    for path in INPUTS {
        fingerprint.add_path(&cargo::root().join(path))?;
    }
    Ok(fingerprint)
}

/// From what `pack` made of the compiled module to the files of the app.
fn pack(packer: &Path, glue: &Path, mode: &Mode, work: &Path) -> Result<()> {
    if mode.optimise
        && let Some(optimiser) = Optimiser::find(&work.join("npm"))
    {
        optimise(&optimiser, modules(glue)?, work)?;
    }

    let frontend = cargo::root().join("frontend");
    let files = bundle::files(Glue::read(glue)?, Sources::read(&frontend)?, mode.kept)?;
    let stage = fresh(work.join("stage"))?;
    let mut compress = process::command(packer);
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
    Ok(())
}

/// The modules that are worth the optimiser, the largest first: each of its starts takes over a second,
/// which the crumbs that parts share are not worth.
fn modules(glue: &Path) -> Result<Vec<PathBuf>> {
    let mut modules = Vec::new();
    for file in stamp::files(glue)? {
        let size = file.metadata()?.len();
        let extension = file.extension();
        if size >= CRUMB && extension.is_some_and(|extension| extension == "wasm") {
            modules.push((Reverse(size), file));
        }
    }
    modules.sort();
    Ok(modules.into_iter().map(|(_, file)| file).collect())
}

/// Makes modules smaller, as many at once as there are cores: each is worked on by one alone.
fn optimise(optimiser: &Optimiser, modules: Vec<PathBuf>, work: &Path) -> Result<()> {
    let modules = Mutex::new(modules.into_iter());
    let worker = |number: usize| -> Result<()> {
        let small = work.join(format!("optimised-{number}.wasm"));
        let next = || {
            let mut modules = modules.lock().unwrap_or_else(PoisonError::into_inner);
            modules.next()
        };
        while let Some(plain) = next() {
            if optimiser.run(&plain, &small) {
                fs::rename(&small, &plain)?;
            }
        }
        Ok(())
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let worker = &worker;
        let workers: Vec<_> = (0..cores)
            .map(|number| scope.spawn(move || worker(number)))
            .collect();
        workers.into_iter().try_for_each(|worker| {
            let ended = worker.join();
            ended.unwrap_or_else(|_| bail!("a thread that runs the optimiser panicked"))
        })
    })
}

/// Builds the package `pack`, which does the work that needs large libraries.
fn build_pack() -> Result<PathBuf> {
    process::run(&mut of_pack(cargo::cargo(), "build"))?;
    Ok(work().join("debug/pack"))
}

/// `cargo <verb>` on the package `pack`: beside the app, so that it does not wait for what is built in
/// `target` meanwhile.
pub(crate) fn of_pack(mut cargo: Command, verb: &str) -> Command {
    cargo
        .args([verb, "--package", "pack", "--target-dir"])
        .arg(work());
    cargo
}

/// Where the app is compiled and packed.
fn work() -> PathBuf {
    cargo::target().join("app")
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

/// Prints how large the app is, and what the first page of each part takes against the budget.
fn report() -> Result<()> {
    let mut sizes = Vec::new();
    for file in stamp::files(&dist())? {
        let name = file.strip_prefix(dist())?.to_string_lossy().into_owned();
        let counts = [".wasm.br", ".bin.br", ".js.br", ".css.br"]
            .iter()
            .any(|end| name.ends_with(end));
        if counts {
            let size = file.metadata()?.len();
            ui::note(&format!("{:>7} KB  {name}", kilobytes(size)));
            sizes.push((name, size));
        }
    }
    for (part, size) in first_pages(&sizes) {
        let verdict = if size <= BUDGET { "within" } else { "OVER" };
        ui::note(&format!(
            "{:>7} KB  to open a page of {part}: {verdict} the budget of {} KB",
            kilobytes(size),
            kilobytes(BUDGET),
        ));
    }
    let total = sizes.iter().map(|(_, size)| size).sum();
    ui::note(&format!(
        "{:>7} KB  wasm+js+css with brotli, all in all",
        kilobytes(total)
    ));
    Ok(())
}

/// For each part, what a browser that has nothing yet loads to show a page of it.
fn first_pages(sizes: &[(String, u64)]) -> Vec<(String, u64)> {
    let parts: BTreeSet<&str> = sizes
        .iter()
        .filter_map(|(name, _)| bundle::part_of(name))
        .collect();
    let sum = |part: Option<&str>| {
        let needed = sizes.iter().filter(|(name, _)| {
            let of_part = bundle::part_of(name);
            of_part.is_none() || of_part == part
        });
        needed.map(|(_, size)| size).sum()
    };
    let first = std::iter::once(("the first part".to_owned(), sum(None)));
    let others = parts
        .into_iter()
        .map(|part| (format!("part `{part}`"), sum(Some(part))));
    first.chain(others).collect()
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
    fn a_page_takes_the_first_part_and_its_own() {
        let sizes = [
            ("assets/app-0123456789abcdef.wasm.br", 100),
            ("assets/part-a-0123456789abcdef.bin.br", 13),
            ("assets/part-b-0123456789abcdef.bin.br", 23),
        ]
        .map(|(name, size)| (name.to_owned(), size));
        let expected = [
            ("the first part", 100),
            ("part `a`", 113),
            ("part `b`", 123),
        ];
        let expected = expected.map(|(part, size)| (part.to_owned(), size));
        assert_eq!(first_pages(&sizes), expected);
    }

    #[test]
    fn sizes_read_like_the_budget() {
        assert_eq!(kilobytes(BUDGET), "450.0");
        assert_eq!(kilobytes(1_234), "1.2");
    }
}
