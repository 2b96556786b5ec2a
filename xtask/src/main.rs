//! The project's own commands: `cargo xtask <command>`.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`app`] | compiles the app to WASM and packs it into `frontend/dist` |
//! | [`toolchain`] | finds a compiler that has the WASM standard library |
//! | [`optimise`] | runs `wasm-opt`, where npm can be had |
//! | [`bundle`] | hashed file names, `index.html`, the boot module |
//! | [`stamp`] | tells whether inputs changed, so that a second run starts in seconds |
//! | [`server`] | builds the binary `xinfang`; `run`, `dist`, `bench` |
//! | [`test`] | all checks and tests, in order |
//! | [`postgres`], [`browser`], [`python`] | what the tests need beside the binary |
//! | [`scratch`] | where they put what is thrown away |
//! | [`apt`] | installs missing Debian packages, or says which |
//! | [`process`], [`ui`] | child processes; headings, durations |
//!
//! Compiling wasm-bindgen is left to the package `pack`, so that this one builds quickly.

mod app;
mod apt;
mod browser;
mod bundle;
mod cargo;
mod optimise;
mod postgres;
mod process;
mod python;
mod scratch;
mod server;
mod stamp;
mod test;
mod toolchain;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "xinfang's own commands"
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the app and the server, then serves.
    Run(server::RunArgs),
    /// Checks and tests everything: format, clippy, unit, API on two databases, pages.
    Test(test::TestArgs),
    /// Builds the app into `frontend/dist`.
    App(app::AppArgs),
    /// Makes the one stripped release binary, target/dist/xinfang.
    Dist,
    /// Measures speed with a release build.
    Bench(server::BenchArgs),
    /// Measures how long the app takes to appear on a slow phone.
    Paint,
}

fn main() -> ExitCode {
    let outcome = process::forward_signals().and_then(|()| match Args::parse().command {
        Command::Run(args) => server::run(&args),
        Command::Test(args) => test::run(&args),
        Command::App(args) => app::build(&args),
        Command::Dist => server::dist(),
        Command::Bench(args) => server::bench(&args),
        Command::Paint => test::paint(),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
