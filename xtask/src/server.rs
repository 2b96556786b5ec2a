//! Builds the binary `xinfang`, and what is done with it: serve, ship, measure.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::app::{self, AppArgs};
use crate::{cargo, process, stamp, ui};

/// Which of the workspace's profiles the server is built with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Profile {
    /// Tests, and `run`: they share one build of 400 packages.
    Dev,
    /// What ships, and what is measured.
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Dev => "the first build takes about 4 minutes on 2 cores",
            Self::Release => "the first build takes about 10 minutes on 2 cores",
        }
    }
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// Serves the demo township, in a database of its own.
    #[arg(long)]
    demo: bool,
    /// Builds the app quickly instead of small: for working on it.
    #[arg(long)]
    dev: bool,
    /// Builds the server as it ships: slower to build, faster to use.
    #[arg(long)]
    release: bool,
    /// Passed on to `xinfang serve`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Passed on to the bench program.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Builds, then becomes `xinfang serve`; `XINFANG_*` variables reach it unchanged.
pub(crate) fn run(args: &RunArgs) -> Result<()> {
    app::build(&AppArgs {
        dev: args.dev,
        aside: false,
    })?;
    let profile = if args.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    let binary = build(profile)?;
    let mut serve = process::command(binary);
    // The user's folder, so that relative paths in arguments mean what they say.
    if let Ok(here) = std::env::current_dir() {
        serve.current_dir(here);
    }
    serve.arg("serve");
    if args.demo {
        serve.arg("--demo");
    }
    serve.args(&args.args);
    ui::line("");
    Err(process::become_program(&mut serve))
}

/// Builds the one binary to ship.
pub(crate) fn dist() -> Result<()> {
    app::build(&AppArgs::default())?;
    let built = build(Profile::Release)?;
    let folder = cargo::target().join("dist");
    fs::create_dir_all(&folder)?;
    let shipped = folder.join("xinfang");
    // Copied under another name first: the old one may be running.
    let partial = folder.join("xinfang.partial");
    fs::copy(&built, &partial).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&partial, &shipped)?;
    let content = fs::read(&shipped)?;
    println!("path    {}", shipped.display());
    println!(
        "size    {} bytes ({:.1} MiB)",
        content.len(),
        mebibytes(content.len())
    );
    println!("sha256  {}", stamp::sha256(&content));
    Ok(())
}

/// Measures a release build; the app plays no part in it.
pub(crate) fn bench(args: &BenchArgs) -> Result<()> {
    let mut bench = cargo::cargo();
    bench
        .args([
            "run",
            "--release",
            "--package",
            "server",
            "--features",
            "bench",
            "--bin",
            "xinfang-bench",
            "--",
        ])
        .args(&args.args);
    ui::step("bench", None, || process::run(&mut bench))
}

/// Builds the server and returns the binary. The app must be there already: it is embedded.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    let binary = cargo::target().join(profile.folder()).join("xinfang");
    let hint = (!binary.exists()).then_some(profile.hint());
    let mut build = cargo::cargo();
    build.args(["build", "--package", "server", "--bin", "xinfang"]);
    build.args(["--profile", profile.name()]);
    ui::step("build the server", hint, || process::run(&mut build))?;
    Ok(binary)
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
