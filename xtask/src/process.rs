//! Child processes.
//!
//! Each child gets a process group of its own. When this program is told to stop (Ctrl-C,
//! SIGTERM), the groups are told, and the waiting call returns an error; so guards such as
//! [`crate::postgres::Cluster`] are dropped in order and nothing is left behind.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What `cargo run` sets for this program and its children must not inherit:
/// it would make cargo see a changed environment and build again.
const FROM_CARGO_RUN: [&str; 2] = ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"];

/// Asked to stop again after this time, this program goes at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Passes Ctrl-C and SIGTERM on to the children.
pub(crate) fn forward_signals() -> Result<()> {
    let mut asked = None::<Instant>;
    ctrlc::set_handler(move || {
        // One wish to stop can arrive twice, from the terminal and from the shell.
        if asked.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            // PostgreSQL goes with its parent (see `postgres`).
            std::process::exit(130);
        }
        INTERRUPTED.store(true, Ordering::SeqCst);
        for id in RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            signal_group(*id, Signal::SIGTERM);
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// A command in the workspace's root, without the variables of `cargo run`.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(crate::cargo::root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if FROM_CARGO_RUN.contains(&text.as_ref()) || text.starts_with("CARGO_PKG_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs to the end, output to the terminal; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = Running::start(command)?.wait(None)?;
    succeeded(command, status)
}

/// Runs to the end quietly; its output is part of the error if it fails.
pub(crate) fn quiet(command: &mut Command, limit: Duration) -> Result<String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = Running::start(command)?;
    let out = reader(running.child.stdout.take());
    let err = reader(running.child.stderr.take());
    let status = running.wait(Some(limit))?;
    let (out, err) = (
        out.join().unwrap_or_default(),
        err.join().unwrap_or_default(),
    );
    if !status.success() {
        bail!("`{}` {}\n{out}{err}", shown(command), ending(status));
    }
    Ok(out)
}

/// A child that works beside this program, its output in a file. Dropped before it has ended, it is
/// ended.
pub(crate) struct Aside {
    running: Running,
    ended: bool,
}

impl Aside {
    /// Starts it.
    pub(crate) fn start(command: &mut Command, output: &Path) -> Result<Self> {
        let file =
            File::create(output).with_context(|| format!("cannot create {}", output.display()))?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        Ok(Self {
            running: Running::start(command)?,
            ended: false,
        })
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        let status = self.running.wait(None);
        self.ended = true;
        status
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.ended {
            signal_group(self.running.child.id(), Signal::SIGTERM);
            // Gone or not, nobody waits for it any more.
            drop(self.running.child.wait());
        }
    }
}

/// Runs to the end; each line of standard output is shown and given to `each`.
pub(crate) fn tee(command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdout(Stdio::piped());
    let mut running = Running::start(command)?;
    if let Some(out) = running.child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = line.context("cannot read the output")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            each(&line);
        }
    }
    running.wait(None)
}

/// Becomes that program; returns only if it cannot be started.
pub(crate) fn become_program(command: &mut Command) -> anyhow::Error {
    let error = command.exec();
    anyhow::Error::new(error).context(format!("cannot start `{}`", shown(command)))
}

/// Fails, naming the command, if it did not exit with 0.
pub(crate) fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{}` {}", shown(command), ending(status))
}

/// The first of `names` that is an executable file in `PATH`.
pub(crate) fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| is_executable(file))
}

/// A file that someone may execute.
pub(crate) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Tells one process; that it is gone already is no error.
pub(crate) fn signal(id: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(id) {
        let _ = kill(Pid::from_raw(id), signal);
    }
}

/// Tells a process group; that it is gone already is no error.
fn signal_group(id: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(id) {
        let _ = killpg(Pid::from_raw(id), signal);
    }
}

/// A child that is told when this program is told to stop.
struct Running {
    child: Child,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        if INTERRUPTED.load(Ordering::SeqCst) {
            bail!("interrupted");
        }
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start `{}`", shown(command)))?;
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(child.id());
        Ok(Self { child })
    }

    fn wait(&mut self, limit: Option<Duration>) -> Result<ExitStatus> {
        let start = Instant::now();
        let status = loop {
            let Some(limit) = limit else {
                break self.child.wait()?;
            };
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if start.elapsed() > limit {
                signal_group(self.child.id(), Signal::SIGKILL);
                self.child.wait()?;
                bail!("gave up after {} s", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        if INTERRUPTED.load(Ordering::SeqCst) {
            bail!("interrupted");
        }
        Ok(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.child.id());
    }
}

fn reader<R: std::io::Read + Send + 'static>(stream: Option<R>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before an error is still worth showing.
            drop(stream.read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}", arg.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_with_its_output() {
        let error = quiet(
            command("sh").args(["-c", "echo said; exit 3"]),
            Duration::from_secs(5),
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("exit code 3") && error.contains("said"),
            "{error}"
        );
    }

    #[test]
    fn a_command_that_hangs_is_given_up() {
        let error = quiet(command("sleep").arg("60"), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("gave up"), "{error}");
    }

    #[test]
    fn what_works_aside_is_waited_for_or_ended() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("output");
        let said = Aside::start(command("sh").args(["-c", "echo said; exit 3"]), &output).unwrap();
        assert_eq!(said.wait().unwrap().code(), Some(3));
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "said\n");
        let sleeper = Aside::start(command("sleep").arg("60"), &output).unwrap();
        let start = Instant::now();
        drop(sleeper);
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn finds_programs_in_path() {
        assert!(in_path(&["no-such-program-here", "sh"]).is_some());
        assert_eq!(in_path(&["no-such-program-here"]), None);
    }
}
