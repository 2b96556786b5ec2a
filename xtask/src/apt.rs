//! Debian packages: installed when this is root on Debian, otherwise named.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use nix::unistd::geteuid;

use crate::{process, ui};

/// Makes sure that the packages are installed; `purpose` completes "… is needed for".
pub(crate) fn ensure(packages: &[&str], purpose: &str) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    if !is_debian() {
        bail!(
            "{purpose} needs what Debian calls {}: please install it",
            packages.join(" ")
        );
    }
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|name| !installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !geteuid().is_root() {
        bail!("{}", instruction(&missing, purpose));
    }
    ui::step(
        &format!("install {}", missing.join(" ")),
        Some(purpose),
        || {
            // Fresh lists first: a new machine has none, and old ones name files that are gone.
            process::run(apt_get().args(["update", "-q"]))?;
            process::run(
                apt_get()
                    // Nothing a person chose is taken away to make room (rustc-web replaces rustc).
                    .args([
                        "install",
                        "-q",
                        "-y",
                        "--no-remove",
                        "--no-install-recommends",
                    ])
                    .args(&missing),
            )
        },
    )
}

/// Is this package installed? False where there is no dpkg.
pub(crate) fn installed(package: &str) -> bool {
    let mut query = process::command("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    process::quiet(&mut query, Duration::from_secs(20)).is_ok_and(|text| text == "installed")
}

pub(crate) fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && process::in_path(&["apt-get"]).is_some()
}

fn apt_get() -> Command {
    let mut command = process::command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args([
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Dpkg::Use-Pty=0",
    ]);
    command
}

fn instruction(missing: &[&str], purpose: &str) -> String {
    format!(
        "{purpose} needs packages that are not installed. Please run:\n  \
         sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instruction_can_be_pasted() {
        let text = instruction(&["chromium", "chromium-driver"], "page tests");
        assert!(
            text.ends_with("apt-get install -y --no-install-recommends chromium chromium-driver")
        );
    }

    #[test]
    fn an_unknown_package_is_not_installed() {
        assert!(!installed("no-such-package-here"));
    }
}
