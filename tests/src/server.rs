//! The real binary, as a process that ends with its guard.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::database::Database;

/// How often another port is tried: between finding a free one and listening, others may take it.
const TRIES: u32 = 5;
/// What stands for the server's address in the values of its environment.
pub const LISTEN: &str = "{listen}";
/// How long a server may take to end after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(40);

/// A running server; dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// `http://127.0.0.1:1234`.
    pub url: String,
    log: PathBuf,
}

/// The binary under test.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("XINFANG_BIN").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "XINFANG_BIN: no file {}", path.display());
        return path;
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from);
    let built = ["debug", "release"].map(|profile| target.join(profile).join("xinfang"));
    match built.iter().find(|path| path.is_file()) {
        Some(path) => path.clone(),
        None => panic!(
            "no binary to test: run `cargo build -p server --bin xinfang`, or set XINFANG_BIN \
             (looked for {} and {})",
            built[0].display(),
            built[1].display()
        ),
    }
}

/// The binary with nothing of this process's configuration.
pub fn command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("XINFANG_") || name_text == "DATABASE_URL" {
            command.env_remove(&name);
        }
    }
    command
}

impl Server {
    /// Starts it and waits until it listens. With `XINFANG_LOG_FORMAT=json` its log has all of its output.
    pub fn start(data_dir: &Path, database: &Database, environment: &[(String, String)]) -> Self {
        let log = data_dir.join("server.log");
        for _ in 0..TRIES {
            if let Some(server) = Self::try_start(data_dir, database, environment, &log) {
                return server;
            }
        }
        panic!(
            "the server does not start:\n{}",
            fs::read_to_string(&log).unwrap_or_default()
        )
    }

    fn try_start(
        data_dir: &Path,
        database: &Database,
        environment: &[(String, String)],
        log: &Path,
    ) -> Option<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let listen = listener.local_addr().expect("its address");
        drop(listener);
        let log_file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log file");
        let as_json = environment
            .iter()
            .any(|(name, value)| name == "XINFANG_LOG_FORMAT" && value == "json");
        let output = match as_json {
            // Then all that it says is its log.
            true => Stdio::from(log_file.try_clone().expect("the log file again")),
            false => Stdio::piped(),
        };
        let mut command = command();
        command
            .arg("serve")
            .env("XINFANG_DATA_DIR", data_dir)
            .env("XINFANG_LISTEN", listen.to_string())
            .env("XINFANG_WORKERS", "2")
            .envs(database.url().map(|url| ("DATABASE_URL", url)))
            .envs(environment.iter().map(|(name, value)| {
                // Some settings name the server's own address.
                (name, value.replace(LISTEN, &listen.to_string()))
            }))
            .current_dir(data_dir)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(log_file);
        let mut process = command.spawn().expect("the binary to start");
        let address = listen.to_string();
        let listens = match process.stdout.take() {
            // It prints its address once it listens, and nothing more after that.
            Some(output) => BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .any(|line| line.contains(&address)),
            None => logs(&mut process, log, &format!("://{address}/")),
        };
        if listens {
            return Some(Self {
                process,
                url: format!("http://{listen}"),
                log: log.to_path_buf(),
            });
        }
        let _ = process.kill();
        let _ = process.wait();
        None
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        self.terminate();
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT {
            if let Some(status) = self.process.try_wait().expect("its state") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server did not end within {} s", STOP_LIMIT.as_secs())
    }

    /// Has it take its certificate in anew.
    pub fn hang_up(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-HUP", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -HUP {id}");
    }

    /// Asks it to end, and does not wait.
    pub fn terminate(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -TERM {id}");
    }

    /// Ends it at once (SIGKILL): nothing that it would do at its end happens.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until the address stands in the log; not when the process has ended without it.
fn logs(process: &mut Child, log: &Path, address: &str) -> bool {
    let began = Instant::now();
    loop {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the server does not say where it listens"
        );
        let ended = process.try_wait().expect("its state").is_some();
        let logged = fs::read_to_string(log).unwrap_or_default();
        if logged.contains(address) || ended {
            return logged.contains(address) && !ended;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let log = self.log();
            let errors = log.lines().filter(|line| line.contains("ERROR"));
            let errors: Vec<&str> = errors.take(20).collect();
            if !errors.is_empty() {
                eprintln!("the server's errors:\n{}", errors.join("\n"));
            }
        }
    }
}
