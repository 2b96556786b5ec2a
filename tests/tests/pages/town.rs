//! The real binary with the demo township, on a free port, in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tests::folder::Folder;

use crate::browser::free_port;

/// A running server, ended with the test.
pub(crate) struct Town {
    child: Child,
    pub(crate) url: String,
    args: &'static [&'static str],
    port: u16,
    settings: Vec<(&'static str, String)>,
    data: tempfile::TempDir,
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stop();
    }
}

fn binary() -> PathBuf {
    std::env::var_os("XINFANG_BIN").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/debug/xinfang"),
        PathBuf::from,
    )
}

const DEMO: &[&str] = &["serve", "--demo"];

/// The demo's data, made by whoever asks first: each test has a copy.
fn made() -> &'static Folder {
    static MADE: LazyLock<Folder> = LazyLock::new(|| {
        let data = tempfile::tempdir().unwrap();
        let mut child = serve(DEMO, free_port(), &[], data.path());
        let id = child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success() && child.wait().unwrap().success());
        Folder::read(data.path())
    });
    &MADE
}

impl Town {
    /// The demo: one sign-in per role, the password the same for all.
    pub(crate) fn demo() -> Self {
        Self::demo_with(Vec::new())
    }

    /// The same with these settings; `{listen}` in them is its own address.
    pub(crate) fn demo_with(settings: Vec<(&'static str, String)>) -> Self {
        Self::start(DEMO, settings)
    }

    /// An empty one: the first-run page.
    pub(crate) fn empty() -> Self {
        Self::start(&["serve"], Vec::new())
    }

    fn start(args: &'static [&'static str], settings: Vec<(&'static str, String)>) -> Self {
        let data = tempfile::tempdir().unwrap();
        if args == DEMO {
            made().copy_to(data.path());
        }
        let port = free_port();
        let child = serve(args, port, &settings, data.path());
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            args,
            port,
            settings,
            data,
        }
    }

    /// Runs a command beside the server, over its data; what it prints.
    pub(crate) fn command(&self, args: &[&str]) -> String {
        let output = Command::new(binary())
            .args(args)
            .env("XINFANG_DATA_DIR", self.data.path())
            .env_remove("DATABASE_URL")
            .env_remove("XINFANG_DATABASE_URL")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends the server: from now on nobody answers.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again at the same address, with the same data.
    pub(crate) fn start_again(&mut self) {
        self.child = serve(self.args, self.port, &self.settings, self.data.path());
    }
}

fn serve(args: &[&str], port: u16, settings: &[(&str, String)], data: &Path) -> Child {
    let listen = format!("127.0.0.1:{port}");
    let child = Command::new(binary())
        .args(args)
        .env("XINFANG_DATA_DIR", data)
        .envs(
            settings
                .iter()
                .map(|(name, value)| (*name, value.replace(tests::server::LISTEN, &listen))),
        )
        .env("XINFANG_LISTEN", &listen)
        .env_remove("DATABASE_URL")
        .env_remove("XINFANG_DATABASE_URL")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", binary().display()));
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the server does not start"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

/// Everybody's password in the demo.
pub(crate) const PASSWORD: &str = "pingchuan-2026";
