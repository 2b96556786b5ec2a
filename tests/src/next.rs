//! The township next door, below the same county: what its people write has words that occur nowhere else.
//! No answer to anybody else may have one of them, or an id of its ([`check_marks`] sees every answer), and
//! at the end of each test its people look around and find nothing of the first township ([`Next::look`]).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::json;

use crate::base::{self, TODAY, begin, text};
use crate::client::Client;
use crate::database::Database;
use crate::staff::Staff;

/// What everything of its is called; and its user names.
const MARKS: [&str; 2] = ["河西", "hexi"];
/// The county's administrator.
const KEEPER: &str = "xianguanli";
/// Somebody of the county's office.
const COUNTY_OFFICE: &str = "xianlianxi";
/// What the county's office is refused, whatever was handed up.
const NOT_ITS: [&str; 4] = [
    "/cases?limit=200",
    "/matters?limit=200",
    "/exports/cases.ndjson",
    "/dashboard",
];
/// The county's auditor, by user name.
pub const WATCHER: &str = "xianjiandu";
/// Somebody of each kind, as `role`, user name, unit, name.
const STAFF: [(&str, &str, &str, &str); 7] = [
    ("township_leader", "hexi_zhen", "河西镇", "河西何镇长"),
    (
        "coordination_office",
        "hexi_zong",
        "河西综治办",
        "河西吕主任",
    ),
    ("village_secretary", "hexi_cun", "河西一村", "河西施书记"),
    ("group_informant", "hexi_she", "河西一社", "河西张信息"),
    ("police_station", "hexi_jing", "河西派出所", "河西孔所长"),
    (
        "service_centre",
        "hexi_chuang",
        "河西便民中心",
        "河西曹窗口",
    ),
    ("auditor", "hexi_du", "河西镇", "河西严监督"),
];
/// What its people look at: role, paths.
const LOOKS: [(&str, &[&str]); 3] = [
    (
        "coordination_office",
        &[
            "/cases?limit=200",
            "/cases?q=%E6%9D%91",
            "/matters?limit=200",
            "/org-units",
            "/users/colleagues",
            "/deputations",
            "/notifications?limit=200",
            "/villages/standing",
            "/reports?limit=200",
            "/visits?limit=200",
            "/alerts?limit=200",
            "/publicity?limit=200",
            "/reception-days",
            "/exports/cases.ndjson",
        ],
    ),
    (
        "administrator",
        &[
            "/users?limit=200",
            "/sessions?all=true&limit=200",
            "/tokens?all=true",
            "/webhooks?all=true",
            "/settings",
            "/settings/workdays",
            "/settings/law-profiles",
        ],
    ),
    ("auditor", &["/audit?limit=200"]),
];

/// The township.
#[derive(Debug)]
pub struct Next {
    /// By role: the access token.
    members: BTreeMap<String, String>,
    /// The county's administrator's access token.
    keeper: String,
    /// That of its auditor.
    watcher: String,
    /// That of somebody of its office.
    office: String,
    /// The county's id.
    county: String,
    /// Units by name.
    units: BTreeMap<String, String>,
}

/// Words and ids that only its own people may see; none before it is made.
static SEEN_BY_ITS_OWN: OnceLock<Vec<String>> = OnceLock::new();

/// Puts a county above the township in a folder; the initial password of its administrator.
pub(crate) fn put_county_above(folder: &Path, database: &Database) -> String {
    let mut command = crate::server::command();
    command
        .args(["admin", "create-county", "--county", "临江县"])
        .args(["--username", KEEPER, "--name", "县管理员"])
        .env("XINFANG_DATA_DIR", folder)
        .envs(database.url().map(|url| ("DATABASE_URL", url)))
        .envs(base::environment());
    let output = command.output().expect("the binary to start");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed.lines().last().expect("a password").to_owned()
}

impl Next {
    pub(crate) fn make(client: &Client, initial: &str) -> Self {
        let keeper = begin(client, KEEPER, initial);
        let by_keeper = client.with_token(&keeper);
        let county = by_keeper.get("/me").expect(200).json();
        let county = text(&county["user"]["unit_id"]);
        let add = |username: &str, name: &str, role: &str| {
            let user = json!({"username": username, "name": name, "role": role, "unit_id": county});
            let made = by_keeper.post("/users").json(&user).expect(201).json();
            begin(client, username, &text(&made["initial_password"]))
        };
        let watcher = add(WATCHER, "县监督", "auditor");
        let office = add(COUNTY_OFFICE, "马联席", "county_office");
        let township = json!({
            "name": "河西镇", "template": "empty", "username": "hexi_guan", "administrator": "河西戚管理",
        });
        let made = client
            .with_token(&keeper)
            .post("/townships")
            .key("hexi")
            .json(&township)
            .expect(201)
            .json();
        let mut ids = vec![text(&made["township"]["id"])];
        let user = &made["administrator"];
        ids.push(text(&user["user"]["id"]));
        let token = begin(client, "hexi_guan", &text(&user["initial_password"]));
        let admin = client.with_token(&token);
        let mut units = BTreeMap::from([("河西镇".to_owned(), text(&made["township"]["id"]))]);
        for (kind, name, above) in [
            ("coordination_office", "河西综治办", "河西镇"),
            ("service_centre", "河西便民中心", "河西镇"),
            ("police_station", "河西派出所", "河西镇"),
            ("village", "河西一村", "河西镇"),
            ("village", "河西二村", "河西镇"),
            ("group", "河西一社", "河西一村"),
        ] {
            let unit = json!({"parent_id": units[above], "kind": kind, "name": name});
            let made = admin.post("/org-units").json(&unit).expect(201).json();
            ids.push(text(&made["id"]));
            units.insert(name.to_owned(), text(&made["id"]));
        }
        let mut members = BTreeMap::from([("administrator".to_owned(), token)]);
        let made = std::thread::scope(|scope| {
            let making = STAFF.map(|(role, username, unit, name)| {
                let (admin, unit) = (&admin, &units[unit]);
                scope.spawn(move || {
                    let user =
                        json!({"username": username, "name": name, "role": role, "unit_id": unit});
                    let made = admin.post("/users").json(&user).expect(201).json();
                    let token = begin(admin, username, &text(&made["initial_password"]));
                    (role, text(&made["user"]["id"]), token)
                })
            });
            making.map(|making| making.join().expect("a user"))
        });
        for (role, id, token) in made {
            ids.push(id);
            members.insert(role.to_owned(), token);
        }
        let next = Self {
            members,
            keeper,
            office,
            county,
            watcher,
            units,
        };
        ids.extend(next.fill(client));
        let seen = next.by(client, "coordination_office");
        let seen = seen.get("/cases").expect(200).json();
        assert_eq!(seen["total"], 4, "three open ones and the sealed one");
        let marks = MARKS.map(str::to_owned).into_iter().chain(ids).collect();
        SEEN_BY_ITS_OWN.set(marks).expect("one township next door");
        next
    }

    /// Somebody of its.
    pub(crate) fn by(&self, client: &Client, role: &str) -> Client {
        client.of_next().with_token(&self.members[role])
    }

    /// The county's administrator.
    pub(crate) fn keeper(&self, client: &Client) -> Client {
        client.of_next().with_token(&self.keeper)
    }

    /// Somebody of the county's office.
    pub(crate) fn county_office(&self, client: &Client) -> Client {
        client.of_next().with_token(&self.office)
    }

    /// The county's id.
    pub(crate) fn county(&self) -> &str {
        &self.county
    }

    /// The county's auditor.
    pub(crate) fn watcher(&self, client: &Client) -> Client {
        client.of_next().with_token(&self.watcher)
    }

    /// A unit of its.
    pub(crate) fn unit(&self, name: &str) -> &str {
        &self.units[name]
    }

    /// Its people do a little of everything; the ids of what comes of it.
    fn fill(&self, client: &Client) -> Vec<String> {
        let mut ids = Vec::new();
        let village = &self.units["河西一村"];
        let case = |cause: &str| {
            json!({
                "kind": "petition", "channel": "visit", "purpose": "claim", "category": "water",
                "cause": cause, "people_count": 1, "received_on": TODAY, "village_id": village,
                "people": [{"role": "petitioner", "name": "河西甲"}],
            })
        };
        let mut accusation = case("河西一村账目不公开");
        accusation["purpose"] = json!("accusation");
        accusation["accused_unit_id"] = json!(village);
        // Its three working days are what a correction of the calendar moves.
        let mut simple = case("河西二号井水费");
        simple["procedure"] = json!("simple");
        let centre = self.by(client, "service_centre");
        for case in [
            case("河西支渠漏水，村里不管"),
            simple,
            case("河西桥栏杆破损"),
            accusation,
        ] {
            let made = centre.post("/cases").json(&case).expect(201).json();
            ids.push(text(&made["id"]));
        }
        let daily = json!({
            "kind": "daily", "period_start": TODAY, "zero": false,
            "findings": [{
                "cause": "河西支渠争水", "occurred_on": TODAY, "place": "河西渠口", "people_count": 2,
                "category": "water", "severity": "grave",
            }],
        });
        let informant = self.by(client, "group_informant");
        let report = informant.post("/reports/submit").json(&daily);
        ids.push(text(&report.expect(200).json()["report"]["id"]));
        let visit = json!({
            "kind": "household", "on": TODAY, "village_id": village, "place": "河西渠边",
            "heard": "河西盼望清淤",
        });
        let secretary = self.by(client, "village_secretary");
        ids.push(text(
            &secretary.post("/visits").json(&visit).expect(201).json()["id"],
        ));
        let alert = json!({"what": "河西渠口聚集", "kind": "crowd", "people_count": 12});
        ids.push(text(
            &informant.post("/alerts").json(&alert).expect(201).json()["id"],
        ));
        ids
    }

    /// Its people look around, and find nothing of the first township.
    pub(crate) fn look(&self, client: &Client, units: &BTreeMap<String, String>, users: &[&str]) {
        let names = Staff::ALL.map(|staff| staff.record().3);
        let words = ["平川", "五里墩", "一工城", "张三", "土地流转费两年未兑付"];
        let mut theirs: Vec<&str> = names.into_iter().chain(words).collect();
        theirs.extend(users);
        theirs.extend(units.values().map(String::as_str));
        let county = self.county_office(client);
        for path in NOT_ITS {
            let Some(answer) = county.get(path).try_send() else {
                return;
            };
            if matches!(answer.status, 401 | 503) {
                return;
            }
            assert_eq!(
                answer.status,
                403,
                "the county's office, {path}: {}",
                answer.text()
            );
        }
        for (role, paths) in LOOKS {
            let by = self.by(client, role);
            for path in paths {
                // A test may have taken the server, or all sign-ins, away.
                let Some(answer) = by.get(path).try_send() else {
                    return;
                };
                if matches!(answer.status, 401 | 503) {
                    return;
                }
                let seen = answer.text();
                assert_eq!(answer.status, 200, "next door, {path}: {seen}");
                for word in &theirs {
                    assert!(!seen.contains(word), "next door, {path}: {word} in {seen}");
                }
                if *path == "/cases?limit=200" {
                    let list = answer.json();
                    let listed = list["items"].as_array().map_or(0, Vec::len);
                    assert!(listed >= 4, "{seen}");
                    assert_eq!(list["total"], listed, "what is counted is listed: {seen}");
                }
            }
        }
    }
}

/// Nobody but its own people may see this of the township next door.
#[track_caller]
pub(crate) fn check_marks(what: &str, seen: &[u8]) {
    let Some(marks) = SEEN_BY_ITS_OWN.get() else {
        return;
    };
    let seen = String::from_utf8_lossy(seen);
    for mark in marks {
        assert!(
            !seen.contains(mark),
            "{what}: {mark}, of next door, in {seen}"
        );
    }
}
