//! A throw-away PostgreSQL cluster for the API tests.
//!
//! It lives in a folder of its own, listens on a free loopback port only, runs as an
//! unprivileged user, and does not sync to disk. It ends with its guard, and with this
//! process, however that ends: the kernel signals it (`setpriv --pdeathsig`).

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use crate::{apt, process, scratch, ui};

const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
const ADMIN: &str = "postgres";
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(15);
const INITDB_LIMIT: Duration = Duration::from_secs(120);

/// Speed over safety: the data is thrown away. Each test opens its own database and pool.
const SETTINGS: [&str; 8] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=400",
    "unix_socket_directories=",
    "listen_addresses=127.0.0.1",
    "log_min_messages=warning",
];

/// Where the server's programs are.
pub(crate) struct Programs(PathBuf);

impl Programs {
    /// Finds them, installing what is missing.
    pub(crate) fn find() -> Result<Self> {
        if let Some(found) = programs() {
            return Ok(Self(found));
        }
        apt::ensure(&["postgresql"], "testing on PostgreSQL")?;
        programs()
            .map(Self)
            .with_context(|| format!("no initdb below {DEBIAN_FOLDER} or in PATH"))
    }

    fn get(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// A running cluster; dropping it stops and removes it.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    password: String,
    // After `server`: the folder goes when nobody writes to it any more.
    folder: TempDir,
}

impl Cluster {
    /// Creates and starts a cluster.
    pub(crate) fn start(programs: &Programs) -> Result<Self> {
        let account = Account::pick()?;
        let folder = scratch::folder("xinfang-pg-")?;
        let password = random_password()?;
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password)?;
        account.own(folder.path())?;
        account.own(&password_file)?;

        let data = folder.path().join("data");
        let mut initdb = account.command(&programs.get("initdb"), folder.path());
        initdb
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&password_file)
            .args([
                "--username",
                ADMIN,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ]);
        process::quiet(&mut initdb, INITDB_LIMIT)?;

        let port = free_port()?;
        let log = folder.path().join("log");
        let output = fs::File::create(&log)?;
        let mut postgres = account.command(&programs.get("postgres"), folder.path());
        postgres
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            postgres.args(["-c", setting]);
        }
        let server = postgres
            // Ctrl-C is for this program, which stops the cluster when the tests have ended.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start postgres")?;
        let mut cluster = Self {
            server,
            port,
            password,
            folder,
        };
        cluster.wait_until_ready(&programs.get("pg_isready"), &log)?;
        ui::note(&format!("PostgreSQL listens on 127.0.0.1:{port}"));
        Ok(cluster)
    }

    /// The administrator's URL; tests create a database each.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://{ADMIN}:{}@127.0.0.1:{}/postgres",
            self.password, self.port
        )
    }

    fn wait_until_ready(&mut self, pg_isready: &Path, log: &Path) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.server.try_wait()? {
                let log = fs::read_to_string(log).unwrap_or_default();
                bail!("postgres did not start ({status}):\n{log}");
            }
            let mut ask = process::command(pg_isready);
            ask.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if process::quiet(&mut ask, START_LIMIT).is_ok() {
                return Ok(());
            }
            if start.elapsed() > START_LIMIT {
                bail!("postgres is not ready after {} s", START_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the server has ended; false if it has not within the limit.
    fn ended(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < limit {
            match self.server.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some(_)) | Err(_) => return true,
            }
        }
        false
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Fast shutdown first, at once if that is not heard.
        for (signal, limit) in [
            (Signal::SIGINT, STOP_LIMIT),
            (Signal::SIGQUIT, STOP_LIMIT),
            (Signal::SIGKILL, STOP_LIMIT),
        ] {
            process::signal(self.server.id(), signal);
            if self.ended(limit) {
                return;
            }
        }
        ui::note(&format!(
            "PostgreSQL does not end: {}",
            self.folder.path().display()
        ));
    }
}

/// The user that runs the cluster: PostgreSQL refuses to run as root.
struct Account {
    other: Option<User>,
}

impl Account {
    fn pick() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { other: None });
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self { other: Some(user) });
            }
        }
        bail!("PostgreSQL does not run as root, and there is no user postgres or nobody")
    }

    fn own(&self, path: &Path) -> Result<()> {
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        if let Some(user) = &self.other {
            chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        Ok(())
    }

    /// `program` as this user, ending with this process.
    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = process::command("setpriv");
        command.current_dir(folder).args(["--pdeathsig", "INT"]);
        if let Some(user) = &self.other {
            command.arg("--reuid").arg(user.uid.to_string());
            command.arg("--regid").arg(user.gid.to_string());
            command.arg("--clear-groups");
        }
        command.arg(program);
        // Settings of a cluster that the developer runs.
        for name in [
            "PGDATA",
            "PGHOST",
            "PGPORT",
            "PGUSER",
            "PGDATABASE",
            "PGPASSWORD",
        ] {
            command.env_remove(name);
        }
        command
    }
}

fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_FOLDER)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| process::is_executable(&folder.join("initdb")))
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, folder)| folder);
    newest.or_else(|| Some(process::in_path(&["initdb"])?.parent()?.to_path_buf()))
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free loopback port")?;
    Ok(listener.local_addr()?.port())
}

/// Other users of this machine reach the port, too.
fn random_password() -> Result<String> {
    use std::io::Read as _;
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_need_no_escaping_in_a_url() {
        let (one, other) = (random_password().unwrap(), random_password().unwrap());
        assert_ne!(one, other);
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    /// Needs PostgreSQL; `cargo xtask test --only api` starts one in any case.
    #[test]
    fn a_cluster_answers_and_is_gone_afterwards() {
        let Some(found) = programs() else { return };
        let programs = Programs(found);
        let cluster = Cluster::start(&programs).unwrap();
        let folder = cluster.folder.path().to_path_buf();
        let port = cluster.port;
        let mut ask = process::command(programs.get("psql"));
        ask.args([&cluster.url(), "-Atc", "show fsync"]);
        let answer = process::quiet(&mut ask, Duration::from_secs(20)).unwrap();
        assert_eq!(answer.trim(), "off");
        drop(cluster);
        assert!(!folder.exists());
        assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
