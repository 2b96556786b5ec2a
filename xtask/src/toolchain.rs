//! Finds a compiler that has the standard library for wasm32 (design, section 3).
//!
//! In this order, and what is there already goes before any download:
//! 1. the active toolchain has it;
//! 2. `rustup target add` brings it;
//! 3. Debian's `rustc-web`, which builds the library from `rust-web-src`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{apt, cargo, process, ui};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// A machine that may not download says so at once; a slow line gets its time.
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);
const QUICK: Duration = Duration::from_secs(20);

/// A compiler for the app.
#[derive(Debug)]
pub(crate) struct Toolchain {
    kind: Kind,
    /// What `rustc -vV` says, for the stamp.
    pub(crate) version: String,
}

#[derive(Debug, PartialEq)]
enum Kind {
    /// The toolchain that builds everything else.
    Active,
    /// Debian's compiler, linking with the LLD of its LLVM release.
    Debian { lld: String },
}

impl Toolchain {
    /// Finds a compiler, installing what is missing.
    pub(crate) fn find() -> Result<Self> {
        if let Some(found) = Self::present() {
            return Ok(found);
        }
        if let Err(why) = rustup_target_add() {
            ui::note(&format!(
                "`rustup target add {TARGET}` does not work here: {why}"
            ));
        }
        if let Some(found) = active() {
            return Ok(found);
        }
        apt::ensure(&DEBIAN_PACKAGES, "compiling the app to WASM")?;
        let version = rustc_version(DEBIAN_RUSTC)?;
        let lld = lld_package(&version)?;
        apt::ensure(&[&lld], "linking the app")?;
        debian().context("Debian's rustc-web is installed but cannot be used")
    }

    /// A compiler that can be used without installing anything.
    pub(crate) fn present() -> Option<Self> {
        active().or_else(debian)
    }

    /// The command that compiles the app; `in_parts` so that `pack split` can take it apart.
    pub(crate) fn build(&self, target_dir: &Path, profile: &str, in_parts: bool) -> Command {
        let mut command = match &self.kind {
            Kind::Active => cargo::cargo(),
            Kind::Debian { lld } => {
                let mut command = process::command(DEBIAN_CARGO);
                command
                    .env("RUSTC_BOOTSTRAP", "1") // -Zbuild-std is unstable
                    .env("RUSTC", DEBIAN_RUSTC)
                    .env(
                        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                        format!("wasm-ld-{lld}"),
                    )
                    // These belong to rustup's toolchain.
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("RUSTDOC")
                    .env_remove("LD_LIBRARY_PATH")
                    .env_remove("CARGO");
                command
            }
        };
        command
            .args([
                // `rustc` rather than `build`: its last arguments are for the app alone, so that
                // what it depends on is the same for both ways of linking it.
                "rustc",
                "--package",
                "frontend",
                "--profile",
                profile,
                "--target",
                TARGET,
                "--target-dir",
            ])
            .arg(target_dir)
            // Leptos then erases the types of views at each component: a third less to download.
            // In place of flags meant for this machine's processor and linker.
            .env("RUSTFLAGS", "--cfg erase_components")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER");
        if matches!(self.kind, Kind::Debian { .. }) {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        if in_parts {
            // What is moved to a part has to be told apart from what stays.
            command.args(["--features", "parts", "--", "-Clink-arg=--emit-relocs"]);
        }
        command
    }
}

/// Where cargo puts the compiled app.
pub(crate) fn output(target_dir: &Path, profile: &str) -> std::path::PathBuf {
    let folder = if profile == "dev" { "debug" } else { profile };
    target_dir.join(TARGET).join(folder).join("frontend.wasm")
}

fn active() -> Option<Toolchain> {
    let mut query = process::command("rustc");
    query.args(["--print", "target-libdir", "--target", TARGET]);
    let folder = process::quiet(&mut query, QUICK).ok()?;
    if !Path::new(folder.trim()).is_dir() {
        return None;
    }
    Some(Toolchain {
        kind: Kind::Active,
        version: rustc_version("rustc").ok()?,
    })
}

fn debian() -> Option<Toolchain> {
    if !DEBIAN_PACKAGES.iter().all(|name| apt::installed(name)) {
        return None;
    }
    let version = rustc_version(DEBIAN_RUSTC).ok()?;
    let lld = llvm_major(&version).ok()?;
    process::in_path(&[&format!("wasm-ld-{lld}")])?;
    Some(Toolchain {
        kind: Kind::Debian { lld },
        version,
    })
}

fn rustup_target_add() -> Result<()> {
    if process::in_path(&["rustup"]).is_none() {
        bail!("there is no rustup");
    }
    let mut add = process::command("rustup");
    add.args(["target", "add", TARGET]);
    ui::step(&format!("rustup target add {TARGET}"), None, || {
        process::quiet(&mut add, RUSTUP_LIMIT).map(drop)
    })
}

fn rustc_version(rustc: &str) -> Result<String> {
    process::quiet(process::command(rustc).arg("-vV"), QUICK)
}

/// The package with the linker that fits this compiler, such as `lld-22`.
fn lld_package(rustc_version: &str) -> Result<String> {
    Ok(format!("lld-{}", llvm_major(rustc_version)?))
}

/// `LLVM version: 22.1.8` → `22`.
fn llvm_major(rustc_version: &str) -> Result<String> {
    rustc_version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))
        .and_then(|version| version.split('.').next())
        .filter(|major| !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()))
        .map(ToOwned::to_owned)
        .context("`rustc -vV` names no LLVM version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_is_of_the_compilers_llvm() {
        let text = "rustc 1.96.0\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(lld_package(text).unwrap(), "lld-22");
        assert!(lld_package("rustc 1.96.0\n").is_err());
        assert!(lld_package("LLVM version: ; rm\n").is_err());
    }

    #[test]
    fn the_dev_profile_lives_in_debug() {
        let dev = output(Path::new("t"), "dev");
        assert_eq!(
            dev,
            Path::new("t/wasm32-unknown-unknown/debug/frontend.wasm")
        );
        let wasm = output(Path::new("t"), "wasm");
        assert_eq!(
            wasm,
            Path::new("t/wasm32-unknown-unknown/wasm/frontend.wasm")
        );
    }
}
