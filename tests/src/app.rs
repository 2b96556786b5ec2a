//! A township of its own for a test.

use std::path::Path;
use std::process::ExitStatus;

use serde_json::Value;
use tempfile::TempDir;

use crate::base::{self, Base};
use crate::case::CaseBuilder;
use crate::client::{Answer, Client};
use crate::database::Database;
use crate::folder::Folder;
use crate::next::Next;
use crate::server::Server;
use crate::staff::{PASSWORD, Staff};

/// What an app is started with beside the usual.
#[derive(Debug, Clone, Default)]
pub struct Options {
    environment: Vec<(String, String)>,
    empty: bool,
    alone: bool,
}

impl Options {
    /// A variable of the server.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The server's clock starts here (RFC 3339) and goes on from there.
    #[must_use]
    pub fn clock(self, at: &str) -> Self {
        self.env("XINFANG_TEST_CLOCK", at)
    }

    /// Nothing in it: the first run is still to come.
    #[must_use]
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// One township without a county above it and another next to it: as most installations are.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Starts the app.
    pub fn start(self) -> TestApp {
        let mut environment = base::environment();
        let base = (!self.empty).then(if self.alone { base::alone } else { base::base });
        for (name, value) in self.environment {
            environment.retain(|(known, _)| *known != name);
            environment.push((name, value));
        }
        let folder = tempfile::Builder::new()
            .prefix("xinfang-test-")
            .tempdir()
            .expect("a folder");
        let database = match base {
            Some(base) => base.copy_to(folder.path()),
            None => Database::create(),
        };
        let server = Server::start(folder.path(), &database, &environment);
        TestApp {
            client: Client::new(&server.url),
            server: Some(server),
            environment,
            base,
            database,
            folder,
        }
    }
}

/// A running server with a township in it. It ends, and its data goes, when this is dropped.
#[derive(Debug)]
pub struct TestApp {
    // In the order of the drops: the server first, then what it works on.
    server: Option<Server>,
    client: Client,
    environment: Vec<(String, String)>,
    base: Option<&'static Base>,
    database: Database,
    folder: TempDir,
}

impl TestApp {
    /// A township with the template's units, everybody of [`Staff`], and no cases.
    pub fn start() -> Self {
        Options::default().start()
    }

    /// The same, with something changed.
    pub fn with() -> Options {
        Options::default()
    }

    /// `http://127.0.0.1:1234`.
    pub fn url(&self) -> &str {
        &self.server().url
    }

    /// Where its data lies.
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Whether its database is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.database.url().is_some()
    }

    /// The address of its database; none for the SQLite file in the data directory.
    pub fn database_url(&self) -> Option<String> {
        self.database.url()
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// All that lies in its data directory and its database, as somebody sees it who has got hold of both.
    pub fn lies(&self) -> Vec<u8> {
        let files = Folder::read(self.data_dir()).into_contents().flatten();
        let log = self.server.as_ref().map(Server::log).unwrap_or_default();
        let rows = self.database.rows();
        files
            .chain(log.into_bytes())
            .chain(rows.into_bytes())
            .collect()
    }

    /// A command of the binary, on this app's data and with its settings.
    pub fn command(&self) -> std::process::Command {
        let mut command = crate::server::command();
        command
            .env("XINFANG_DATA_DIR", self.folder.path())
            .envs(self.database.url().map(|url| ("DATABASE_URL", url)))
            .envs(self.environment.iter().map(|(name, value)| {
                (name, value.replace(crate::server::LISTEN, "127.0.0.1:8080"))
            }))
            .current_dir(self.folder.path());
        command
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.server().log()
    }

    /// The running process.
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("a running server")
    }

    /// A client that has not signed in.
    pub fn nobody(&self) -> Client {
        self.client.clone()
    }

    /// Somebody's client, signed in.
    pub fn by(&self, who: impl Into<Staff>) -> Client {
        let (_, token) = &self.base().members[&who.into()];
        self.client.with_token(token)
    }

    /// Signs somebody in with the password: a sign-in of its own, which may be ended.
    pub fn sign_in(&self, who: impl Into<Staff>) -> Answer {
        self.client.sign_in(who.into().username(), PASSWORD)
    }

    /// Somebody's id.
    pub fn user(&self, who: impl Into<Staff>) -> &str {
        &self.base().members[&who.into()].0
    }

    /// A unit's id by name; a group as `五里墩村/1社`.
    pub fn unit(&self, name: &str) -> &str {
        match self.base().units.get(name) {
            Some(id) => id,
            None => panic!("no unit {name}"),
        }
    }

    /// All units by name.
    pub fn units(&self) -> impl Iterator<Item = (&str, &str)> {
        self.base()
            .units
            .iter()
            .map(|(name, id)| (name.as_str(), id.as_str()))
    }

    /// Somebody of the township next door, by role.
    pub fn next(&self, role: &str) -> Client {
        self.next_door().by(&self.client, role)
    }

    /// The county's administrator.
    pub fn keeper(&self) -> Client {
        self.next_door().keeper(&self.client)
    }

    /// Somebody of the county's office (县级信访联席办).
    pub fn county_office(&self) -> Client {
        self.next_door().county_office(&self.client)
    }

    /// The county's id.
    pub fn county(&self) -> &str {
        self.next_door().county()
    }

    /// The county's auditor, who reads what belongs to no township.
    pub fn watcher(&self) -> Client {
        self.next_door().watcher(&self.client)
    }

    /// A unit's id of the township next door.
    pub fn next_unit(&self, name: &str) -> &str {
        self.next_door().unit(name)
    }

    fn next_door(&self) -> &'static Next {
        let next = self.base().next.as_ref();
        next.expect("an app with a township next door")
    }

    fn base(&self) -> &'static Base {
        self.base.expect("an app that did not start empty")
    }

    /// A case in the making: a petition at the service centre's window, without a village.
    pub fn case(&self) -> CaseBuilder<'_> {
        CaseBuilder::new(self)
    }

    /// Takes a step with a case, with the `ETag` that the actor sees.
    #[track_caller]
    pub fn act(&self, case: &str, who: impl Into<Staff>, action: &str, input: Value) -> Answer {
        let who = who.into();
        self.by(who)
            .post(format!("/cases/{case}/actions/{action}"))
            .if_match(self.etag(case, who))
            .json(&input)
            .send()
    }

    /// A case's `ETag` as somebody sees it; some other one where they do not see the case.
    #[track_caller]
    pub fn etag(&self, case: &str, who: impl Into<Staff>) -> String {
        let answer = self.by(who).get(format!("/cases/{case}")).send();
        match answer.status {
            200 => answer.etag(),
            _ => "\"1\"".to_owned(),
        }
    }

    /// The numbers of the cases that a query finds for somebody, in order; the total agrees.
    #[track_caller]
    pub fn found(&self, who: impl Into<Staff>, query: &[(&str, &str)]) -> Vec<String> {
        let page = self.list(who, query);
        let numbers = numbers(&page);
        assert_eq!(page["total"], numbers.len(), "{query:?}: {page}");
        numbers
    }

    /// A page of the ledger, as somebody sees it.
    #[track_caller]
    pub fn list(&self, who: impl Into<Staff>, query: &[(&str, &str)]) -> Value {
        self.by(who)
            .get(with_query("/cases", query))
            .expect(200)
            .json()
    }

    /// Every row that a query finds for somebody, page by page; `limit` rows a page.
    #[track_caller]
    pub fn walk(&self, who: impl Into<Staff>, limit: u32, query: &[(&str, &str)]) -> Vec<Value> {
        let (who, limit) = (who.into(), limit.to_string());
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.push(("limit", &limit));
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.list(who, &query);
            rows.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }

    /// Starts a second server on the same data; at another time, if one is given.
    pub fn second_server(&self, clock: Option<&str>) -> Server {
        let mut environment = self.environment.clone();
        if let Some(at) = clock {
            environment.push(("XINFANG_TEST_CLOCK".to_owned(), at.to_owned()));
        }
        Server::start(self.folder.path(), &self.database, &environment)
    }

    /// Ends the server with SIGTERM; its data stays.
    pub fn stop(&mut self) -> ExitStatus {
        self.server.take().expect("a running server").stop()
    }

    /// Ends the server with SIGKILL; its data stays.
    pub fn kill(&mut self) {
        self.server.take().expect("a running server").kill();
    }

    /// Starts the server again on the same data, stopping it first where it runs; with another
    /// time, if one is given.
    pub fn restart(&mut self, clock: Option<&str>) {
        if self.server.is_some() {
            self.stop();
        }
        if let Some(at) = clock {
            self.environment
                .retain(|(name, _)| name != "XINFANG_TEST_CLOCK");
            self.environment
                .push(("XINFANG_TEST_CLOCK".to_owned(), at.to_owned()));
        }
        let server = Server::start(self.folder.path(), &self.database, &self.environment);
        self.client = Client::new(&server.url);
        self.server = Some(server);
    }
}

/// Before it goes, somebody of the township next door looks around.
impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(base) = self.base.filter(|_| self.server.is_some()) else {
            return;
        };
        if let Some(next) = &base.next
            && !std::thread::panicking()
        {
            let users = base.members.values().map(|(id, _)| id.as_str());
            next.look(&self.client, &base.units, &users.collect::<Vec<_>>());
        }
    }
}

/// Whether something comes true within a moment.
pub fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    (0..100).any(|_| {
        let so = is_so();
        if !so {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        so
    })
}

/// The numbers of a page's cases.
#[track_caller]
pub fn numbers(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    let number = |item: &Value| item["number"].as_str().expect("a number").to_owned();
    items.iter().map(number).collect()
}

/// A path with a query string, encoded.
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut address = reqwest::Url::parse("http://h/").expect("an address");
    address.query_pairs_mut().extend_pairs(query);
    format!("{path}?{}", address.query().unwrap_or_default())
}
