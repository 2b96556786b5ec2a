//! The workspace and its cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process;

const QUICK: Duration = Duration::from_secs(20);

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where native builds go: `CARGO_TARGET_DIR`, or `target`.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cargo that started this program.
pub(crate) fn cargo() -> Command {
    process::command(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// The same with Clippy as the compiler of this workspace's packages, warnings denied: what it builds is
/// looked through at once, where `cargo clippy` would compile everything a second time, for the look alone.
pub(crate) fn linted() -> Result<Command> {
    let mut command = cargo();
    command
        .env("RUSTC_WORKSPACE_WRAPPER", clippy_driver()?)
        // As `cargo clippy -- --deny warnings` passes it on.
        .env(
            "CLIPPY_ARGS",
            ["--deny", "warnings"].join("__CLIPPY_HACKERY__"),
        );
    Ok(command)
}

/// The compiler that is Clippy: it lies with the toolchain's own, or in the path.
fn clippy_driver() -> Result<PathBuf> {
    const NAME: &str = "clippy-driver";
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let sysroot = process::quiet(process::command(rustc).args(["--print", "sysroot"]), QUICK)?;
    let beside = Path::new(sysroot.trim()).join("bin").join(NAME);
    process::is_executable(&beside)
        .then_some(beside)
        .or_else(|| process::in_path(&[NAME]))
        .context(
            "Clippy is missing: `rustup component add clippy`, or Debian's package rust-clippy",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The version of `package` in a `Cargo.lock`.
    fn locked_version(lock: &str, package: &str) -> anyhow::Result<String> {
        let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
        lock.get("package")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))
            .and_then(|entry| entry.get("version"))
            .and_then(toml::Value::as_str)
            .map(ToOwned::to_owned)
            .with_context(|| format!("Cargo.lock has no package {package}"))
    }

    const LOCK: &str = r#"
        version = 4
        [[package]]
        name = "wasm-bindgen-futures"
        version = "0.4.80"
        [[package]]
        name = "wasm-bindgen"
        version = "0.2.130"
    "#;

    #[test]
    fn finds_the_package_of_exactly_that_name() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").unwrap(), "0.2.130");
        assert!(locked_version(LOCK, "wasm").is_err());
        assert!(locked_version("not toml [", "wasm-bindgen").is_err());
    }

    /// The glue is read by the app's own wasm-bindgen: one release, or it does not start.
    #[test]
    fn glue_and_app_come_from_one_release() {
        let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
        assert_eq!(
            locked_version(&lock, "wasm-bindgen").unwrap(),
            locked_version(&lock, "wasm-bindgen-cli-support").unwrap(),
        );
    }
}
