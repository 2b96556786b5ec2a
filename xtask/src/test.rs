//! All checks and tests, in order; the first step that fails ends the run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::app::{self, AppArgs};
use crate::browser::Browser;
use crate::postgres::{Cluster, Programs};
use crate::{cargo, process, python, scratch, ui};

/// The packages that may have test programs beside their unit tests.
const PACKAGES: [&str; 4] = ["shared", "server", "frontend", "xtask"];

/// How many tests a program runs at once.
const THREADS: &str = "RUST_TEST_THREADS";

#[derive(Args)]
pub(crate) struct TestArgs {
    /// Only these steps, such as `--only unit,api`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Step>,
    /// The API tests' database; both without this flag.
    #[arg(long)]
    database: Option<Database>,
    /// Passed on to the test programs, such as a test's name.
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Step {
    /// rustfmt finds nothing to change.
    Fmt,
    /// Everything compiles, and Clippy finds nothing to say, about the app neither.
    Clippy,
    /// Unit and property tests, examples in documentation.
    Unit,
    /// The API over real databases.
    Api,
    /// The pages in real Chromium.
    Pages,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// What the test programs counted.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    /// Adds a line such as `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        let mut before = "";
        for word in counts.split_whitespace() {
            let count = before.parse().unwrap_or(0);
            match word {
                "passed;" => self.passed += count,
                "failed;" => self.failed += count,
                _ => {}
            }
            before = word;
        }
    }
}

/// Runs the steps and prints `N passed, N failed` as the last line.
pub(crate) fn run(args: &TestArgs) -> Result<()> {
    let mut tally = Tally::default();
    let outcome = steps(args, &mut tally);
    if outcome.is_err() && tally.failed == 0 {
        // A check, or a build, failed before any test did.
        tally.failed = 1;
    }
    if let Err(error) = &outcome {
        ui::error(&format!("{error:#}"));
    }
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    if outcome.is_err() {
        std::process::exit(1);
    }
    Ok(())
}

fn steps(args: &TestArgs, tally: &mut Tally) -> Result<()> {
    let wants = |step| args.only.is_empty() || args.only.contains(&step);
    let on = |database| args.database.is_none_or(|only| only == database);
    let (api, pages) = (wants(Step::Api), wants(Step::Pages));

    // What can be missing is asked for first, not after twenty minutes.
    let postgres = (api && on(Database::Postgres))
        .then(Programs::find)
        .transpose()?;
    let browser = pages.then(Browser::find).transpose()?;
    let ahead = if api || pages { app::ahead()? } else { None };
    let scratch = scratch::folder("xinfang-tests-")?;

    if wants(Step::Fmt) {
        let mut fmt = cargo::cargo();
        fmt.args(["fmt", "--all", "--check"]);
        ui::step("format", None, || {
            process::run(&mut fmt).context("run `cargo fmt` and look at what it changes")
        })?;
    }
    let python = thread::spawn(move || if api { python::ensure() } else { Ok(()) });
    let everything = wants(Step::Clippy);
    if everything {
        // Not `cargo clippy`, which would compile everything once more, for the look alone.
        let mut build = cargo_on("build", &["--all-targets"])?;
        let hint = (!cargo::target().join("debug/xinfang").exists())
            .then_some("the first time takes about 20 minutes on 2 cores");
        ui::step("build everything, Clippy looking on", hint, || {
            process::run(&mut build)?;
            let mut pack = app::of_pack(cargo::linted()?, "build");
            process::run(pack.arg("--all-targets"))
        })?;
    }
    if wants(Step::Unit) {
        let mut unit = cargo_on("test", &["--no-fail-fast", "--lib", "--bins"])?;
        for package in PACKAGES {
            for name in programs(&cargo::root().join(package).join("tests"))? {
                unit.args(["--test", &name]);
            }
        }
        ui::step("unit tests", None, || {
            count(unit.env("TMPDIR", scratch.path()), args, tally)?;
            count(&mut app::of_pack(cargo::linted()?, "test"), args, tally)
        })?;
        let mut doc = cargo_on("test", &["--no-fail-fast", "--doc"])?;
        ui::step("examples in documentation", None, || {
            count(&mut doc, args, tally)
        })?;
    }
    if !(api || pages) {
        return Ok(());
    }

    let (page_tests, api_tests): (Vec<String>, Vec<String>) =
        programs(&cargo::root().join("tests/tests"))?
            .into_iter()
            .partition(|name| name.starts_with("pages"));
    if (api && api_tests.is_empty()) || (pages && page_tests.is_empty()) {
        bail!("tests/tests needs a program for the API, such as api.rs, and pages.rs");
    }
    if !everything {
        let mut built = Vec::new();
        built.extend(api.then_some(&api_tests).into_iter().flatten());
        built.extend(pages.then_some(&page_tests).into_iter().flatten());
        build_black_box(built)?;
    }
    if let Some(ahead) = ahead {
        // What went wrong is told by the next step, which does it again.
        ui::step("wait for the app, made beside", None, || ahead.wait())?;
    }
    app::build(&AppArgs::default())?;
    let made = python.join();
    made.unwrap_or_else(|_| bail!("the thread that sees to Python panicked"))?;
    let (api_on, pages_on) = (
        |database: Option<&Cluster>| of_api(&api_tests, scratch.path(), database),
        || black_box(&page_tests, scratch.path()),
    );
    if api && on(Database::Sqlite) {
        let mut test = api_on(None)?;
        ui::step("API tests on SQLite", None, || {
            count(&mut test, args, tally)
        })?;
    }
    if let Some(programs) = postgres {
        ui::step("API tests on PostgreSQL", None, || {
            let cluster = Cluster::start(&programs)?;
            count(&mut api_on(Some(&cluster))?, args, tally)
        })?;
    }
    if let Some(browser) = browser {
        let mut test = pages_on()?;
        browser.tell(&mut test);
        ui::step("page tests", None, || count(&mut test, args, tally))?;
    }
    Ok(())
}

/// Prints how long the app takes to appear on a slow phone, the first time and the next.
pub(crate) fn paint() -> Result<()> {
    let browser = Browser::find()?;
    app::build(&AppArgs::default())?;
    let pages = "pages".to_owned();
    build_black_box([&pages])?;
    let scratch = scratch::folder("xinfang-tests-")?;
    let mut test = black_box([&pages], scratch.path())?;
    browser.tell(&mut test);
    test.args(["--", "--ignored", "--nocapture", "paints_on_a_slow_phone"]);
    ui::step("measure", None, || process::run(&mut test))
}

/// Builds the server, and the programs that test it from outside.
fn build_black_box<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let mut build = cargo_on("build", &["--bin", "xinfang"])?;
    choose(&mut build, Some(names));
    ui::step(
        "build the server and the programs that test it",
        None,
        || process::run(&mut build),
    )
}

/// The command that runs such programs, with a folder for what they throw away.
fn black_box<'a>(names: impl IntoIterator<Item = &'a String>, scratch: &Path) -> Result<Command> {
    let mut test = cargo_on("test", &["--no-fail-fast"])?;
    choose(&mut test, Some(names));
    test.env("XINFANG_BIN", cargo::target().join("debug/xinfang"))
        .env("TMPDIR", scratch)
        .env_remove("XINFANG_TEST_PG");
    python::tell(&mut test);
    Ok(test)
}

/// The command that runs such programs of the API, on SQLite or on a cluster. Each test has a server of
/// its own, and waits for it half of the time: twice as many at once as there are cores take a sixth
/// less time.
fn of_api(names: &[String], scratch: &Path, cluster: Option<&Cluster>) -> Result<Command> {
    let mut test = black_box(names, scratch)?;
    test.envs(cluster.map(|cluster| ("XINFANG_TEST_PG", cluster.url())));
    if std::env::var_os(THREADS).is_none() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        test.env(THREADS, (2 * cores).to_string());
    }
    Ok(test)
}

/// `cargo <verb> <args>` on all packages, with Clippy at work. Cargo unites the features of the packages
/// it is asked for, so asking for other sets in other steps would build half of the dependencies again.
fn cargo_on(verb: &str, args: &[&str]) -> Result<Command> {
    let mut command = cargo::linted()?;
    command
        .arg(verb)
        // What packs the app is built beside the app.
        .args(["--workspace", "--exclude", "pack"])
        .args(["--features", "server/bench,frontend/parts"])
        .args(args);
    Ok(command)
}

/// Adds `--test` for each name.
fn choose<'a>(command: &mut Command, names: Option<impl IntoIterator<Item = &'a String>>) {
    for name in names.into_iter().flatten() {
        command.args(["--test", name]);
    }
}

fn count(test: &mut Command, args: &TestArgs, tally: &mut Tally) -> Result<()> {
    if !args.args.is_empty() {
        test.arg("--").args(&args.args);
    }
    let before = tally.failed;
    let status = process::tee(test, |line| tally.read(line))?;
    if tally.failed > before {
        bail!(
            "{} tests failed; they are listed above",
            tally.failed - before
        );
    }
    process::succeeded(test, status)
}

/// The test programs in a package's folder `tests`; none if there is no such folder.
fn programs(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if !folder.is_dir() {
        return Ok(names);
    }
    let entries = fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let is_program = path.extension().is_some_and(|extension| extension == "rs")
            || path.join("main.rs").is_file();
        if is_program && let Some(name) = path.file_stem() {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_what_every_test_program_reports() {
        let mut tally = Tally::default();
        for line in [
            "running 6 tests",
            "test case::state::reopens ... ok",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            tally.read(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 17,
                failed: 2
            }
        );
    }

    #[test]
    fn finds_test_programs() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("api.rs"), "").unwrap();
        fs::write(folder.path().join("notes.md"), "").unwrap();
        fs::create_dir(folder.path().join("common")).unwrap();
        fs::create_dir(folder.path().join("pages")).unwrap();
        fs::write(folder.path().join("pages/main.rs"), "").unwrap();
        assert_eq!(programs(folder.path()).unwrap(), ["api", "pages"]);
        assert!(programs(&folder.path().join("none")).unwrap().is_empty());
    }
}
