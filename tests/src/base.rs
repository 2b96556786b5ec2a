//! The township that every app starts as: made once, through the API, and copied. Next to it, below the
//! same county, lies another ([`crate::next`]), of which nobody of the first may see anything.
//!
//! Making it costs some sixty password hashes. A copy has the same users, and their sign-ins are
//! good there, too, as it has the same key.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::thread;

use serde_json::{Value, json};

use crate::client::Client;
use crate::database::Database;
use crate::folder::Folder;
use crate::next::{self, Next};
use crate::server::Server;
use crate::staff::{PASSWORD, Staff};

/// When the tests' days begin: 10 o'clock in Shanghai on a Tuesday.
pub const NOW: &str = "2026-03-10T02:00:00Z";
/// The day of [`NOW`].
pub const TODAY: &str = "2026-03-10";

/// The township.
#[derive(Debug)]
pub struct Base {
    files: Folder,
    database: Database,
    /// Each user's id and access token.
    pub(crate) members: BTreeMap<Staff, (String, String)>,
    /// Units by name; groups as `五里墩村/1社`.
    pub(crate) units: BTreeMap<String, String>,
    /// The township next door, where there is one.
    pub(crate) next: Option<Next>,
}

/// The township with another next to it, made by whoever asks first.
pub fn base() -> &'static Base {
    static BASE: LazyLock<Base> = LazyLock::new(|| alone().with_next());
    &BASE
}

/// The township by itself, without a county, made by whoever asks first.
pub fn alone() -> &'static Base {
    static ALONE: LazyLock<Base> = LazyLock::new(Base::make);
    &ALONE
}

/// What all servers of the tests are started with.
pub(crate) fn environment() -> Vec<(String, String)> {
    [
        ("XINFANG_TEST_CLOCK", NOW),
        // Sign-ins of the base outlast the run, and the years that a test lets pass: ten of them.
        ("XINFANG_ACCESS_MINUTES", "5256000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

impl Base {
    fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::create();
        let server = Server::start(folder.path(), &database, &environment());
        let client = Client::new(&server.url);
        let (id, token) = set_up(&client);
        let admin = client.with_token(token.clone());
        let units = units(&admin);
        let mut members = BTreeMap::from([(Staff::Admin, (id, token))]);
        let others = Staff::ALL.iter().filter(|staff| **staff != Staff::Admin);
        members.extend(thread::scope(|scope| {
            let making: Vec<_> = others
                .map(|staff| {
                    let (admin, unit) = (&admin, &units[staff.record().2]);
                    scope.spawn(move || (*staff, add(admin, *staff, unit)))
                })
                .collect();
            let made = making
                .into_iter()
                .map(|making| making.join().expect("a user"));
            made.collect::<Vec<_>>()
        }));
        assert!(server.stop().success(), "the server ends well");
        Self {
            files: Folder::read(folder.path()),
            database,
            members,
            units,
            next: None,
        }
    }

    /// The same below a county, with another township next to it.
    fn with_next(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = self.copy_to(folder.path());
        let keeper = next::put_county_above(folder.path(), &database);
        let server = Server::start(folder.path(), &database, &environment());
        let next = Next::make(&Client::new(&server.url).of_next(), &keeper);
        assert!(server.stop().success(), "the server ends well");
        Self {
            files: Folder::read(folder.path()),
            database,
            members: self.members.clone(),
            units: self.units.clone(),
            next: Some(next),
        }
    }

    /// Puts a copy into an empty folder.
    pub(crate) fn copy_to(&self, folder: &Path) -> Database {
        self.files.copy_to(folder);
        self.database.copy()
    }
}

/// The first run: township and administrator. Answers the administrator's id and token.
fn set_up(client: &Client) -> (String, String) {
    let (username, _, _, name) = Staff::Admin.record();
    let setup = json!({
        "username": username, "password": PASSWORD, "name": name,
        "template": "pingchuan", "township_name": "平川镇",
    });
    let user = client.post("/setup").json(&setup).expect(201).json();
    let session = client.sign_in(username, PASSWORD).expect(200).json();
    (text(&user["id"]), text(&session["access_token"]))
}

fn units(admin: &Client) -> BTreeMap<String, String> {
    let units = admin.get("/org-units").expect(200).json();
    let units = units.as_array().expect("a list");
    let name_of = |id: &Value| {
        units
            .iter()
            .find(|unit| unit["id"] == *id)
            .map(|u| text(&u["name"]))
    };
    units
        .iter()
        .map(|unit| {
            let name = text(&unit["name"]);
            let path = match name_of(&unit["parent_id"]) {
                Some(parent) if unit["kind"] == "group" => format!("{parent}/{name}"),
                _ => name,
            };
            (path, text(&unit["id"]))
        })
        .collect()
}

/// Adds a user, who then signs in and changes the initial password, as people do.
fn add(admin: &Client, staff: Staff, unit: &str) -> (String, String) {
    let (username, role, _, name) = staff.record();
    let user = json!({"username": username, "name": name, "role": role, "unit_id": unit});
    let made = admin.post("/users").json(&user).expect(201).json();
    let token = begin(admin, username, &text(&made["initial_password"]));
    (text(&made["user"]["id"]), token)
}

/// The first sign-in of somebody, who changes the initial password; the access token.
pub(crate) fn begin(client: &Client, username: &str, initial: &str) -> String {
    let session = client.sign_in(username, initial).expect(200).json();
    let change = json!({"current_password": initial, "new_password": PASSWORD});
    let session = client
        .with_token(text(&session["access_token"]))
        .post("/me/password")
        .json(&change)
        .expect(200)
        .json();
    text(&session["access_token"])
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
