//! What the person who runs the server does: back up, restore, verify, move, watch.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::database::Database;
use tests::files::holds;
use tests::next::WATCHER;
use tests::server::Server;
use tests::staff::{PASSWORD, VILLAGE};
use tests::{Client, Staff, TestApp};

const PHRASE: &str = "恢复口令-correct-horse";

/// Runs a command; what it printed, whether it succeeded, and the code it ended with.
fn run(command: &mut Command) -> (String, Option<i32>) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    (text.concat(), status.code())
}

fn with_phrase(mut command: Command) -> Command {
    command.env("XINFANG_BACKUP_PASSPHRASE", PHRASE);
    command
}

/// Makes a backup beside the running server; answers the file.
#[track_caller]
fn back_up(app: &TestApp, to: &Path) -> PathBuf {
    let before = files_in(to);
    let (text, code) = run(with_phrase(app.command()).arg("backup").arg("--to").arg(to));
    assert_eq!(code, Some(0), "{text}");
    let after = files_in(to);
    let made: Vec<_> = after.difference(&before).collect();
    assert_eq!(made.len(), 1, "{text}");
    made[0].clone()
}

/// All files below a folder.
fn files_in(folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.insert(path);
        }
    }
    files
}

/// An empty place to restore into.
struct Place {
    folder: TempDir,
    database: Database,
    server: Option<Server>,
}

impl Place {
    fn new() -> Self {
        Self::on(Database::create())
    }

    fn on(database: Database) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database,
            server: None,
        }
    }

    fn command(&self) -> Command {
        let mut command = tests::server::command();
        command
            .env("XINFANG_DATA_DIR", self.folder.path())
            .env("XINFANG_TEST_CLOCK", tests::base::NOW)
            .envs(self.database.url().map(|url| ("DATABASE_URL", url)));
        with_phrase(command)
    }

    fn restore(&self, backup: &Path) -> (String, Option<i32>) {
        run(self.command().arg("restore").arg(backup))
    }

    #[track_caller]
    fn verify(&self) -> String {
        let (text, code) = run(self.command().arg("verify"));
        assert_eq!(code, Some(0), "{text}");
        text
    }

    /// Whether nobody could take it for an installation.
    #[track_caller]
    fn is_empty(&self) {
        let files = files_in(self.folder.path());
        let names: Vec<_> = files
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap())
            .filter(|name| *name != "xinfang.lock")
            .collect();
        assert!(names.is_empty(), "{names:?}");
        self.counts_for_nothing();
    }

    /// Whether there is no township in it, whatever was left there.
    #[track_caller]
    fn counts_for_nothing(&self) {
        for name in ["xinfang.db", "xinfang.key"] {
            assert!(!self.folder.path().join(name).exists(), "{name}");
        }
        if self.database.url().is_some() {
            self.database.run(
                self.folder.path(),
                "DO $$ BEGIN IF to_regclass('users') IS NOT NULL AND EXISTS (SELECT FROM pg_tables \
                 WHERE tablename = 'cases') THEN IF (SELECT COUNT(*) FROM cases) > 0 \
                 THEN RAISE 'not empty'; END IF; END IF; END $$",
            );
        }
    }

    fn start(&mut self) -> Client {
        let environment = [("XINFANG_TEST_CLOCK".to_owned(), tests::base::NOW.to_owned())];
        let server = Server::start(self.folder.path(), &self.database, &environment);
        let client = Client::new(&server.url);
        self.server = Some(server);
        client
    }
}

fn sign_in(client: &Client, who: Staff) -> Client {
    let session = client.sign_in(who.username(), PASSWORD).expect(200).json();
    client.with_token(session["access_token"].as_str().unwrap())
}

/// All numbers of open cases, as the leader sees them.
fn numbers(client: &Client) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client
            .get(format!("/cases?limit=200&sort=number{cursor}"))
            .expect(200)
            .json();
        numbers.extend(tests::app::numbers(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return numbers,
        }
    }
}

/// Registers without pause until it is told to stop or the server is gone; the numbers that were
/// acknowledged.
fn register(
    client: &Client,
    input: &Value,
    name: usize,
    stop: &AtomicBool,
    done: &AtomicUsize,
) -> Vec<String> {
    let mut numbers = Vec::new();
    for i in 0.. {
        let call = client.post("/cases").key(&format!("{name}-{i}"));
        match call.json(input).try_send() {
            Some(answer) if answer.status == 201 => {
                numbers.push(answer.json()["number"].as_str().unwrap().to_owned());
                done.fetch_add(1, Ordering::SeqCst);
            }
            _ => break,
        }
        if stop.load(Ordering::SeqCst) {
            break;
        }
    }
    numbers
}

/// Everything that was acknowledged before a kill is in a backup of what the kill left, and a backup that
/// was made under load is of one moment.
#[test]
fn a_backup_holds_every_acknowledged_write_after_a_kill_under_load() {
    let mut app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .person(json!({"role": "other_party", "name": "张三丰", "phone": "13812345678"}))
        .register();
    let id = case.id.clone();
    let attachments = case.path("/attachments");
    let people = case.path("/people");
    app.by(Staff::Office)
        .post(&attachments)
        .file("图.png", tests::files::png())
        .expect(201);
    let feed = app
        .by(Staff::Leader)
        .get("/exports/cases.ndjson")
        .expect(200)
        .text();
    let cursor: Value = serde_json::from_str(feed.lines().last().unwrap()).unwrap();
    let cursor = cursor["cursor"].as_str().unwrap().to_owned();

    let shelf = tempfile::tempdir().unwrap();
    let input = app.case().input().clone();
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let clients: Vec<Client> = (0..6).map(|_| app.by(Staff::Centre)).collect();
    let (acknowledged, early, before_early) = thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter()
            .enumerate()
            .map(|(name, client)| {
                let (input, stop, done) = (&input, &stop, &done);
                scope.spawn(move || register(client, input, name, stop, done))
            })
            .collect();
        let wait_for = |count: usize| {
            let start = Instant::now();
            while done.load(Ordering::SeqCst) < count && start.elapsed() < Duration::from_secs(60) {
                thread::sleep(Duration::from_millis(1));
            }
        };
        wait_for(60);
        let before = done.load(Ordering::SeqCst);
        let early = back_up(&app, shelf.path());
        wait_for(before + 60);
        app.kill();
        stop.store(true, Ordering::SeqCst);
        let acknowledged: Vec<String> = running
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect();
        (acknowledged, early, before)
    });
    assert!(acknowledged.len() >= 120, "{}", acknowledged.len());

    // The server does not run: what the kill left is backed up as it is.
    let late = back_up(&app, shelf.path());
    let mut place = Place::new();
    let (text, code) = place.restore(&late);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("重新登录"), "{text}");
    place.verify();
    let nobody = place.start();
    // Sign-ins have ended with the old place.
    let leader = sign_in(&nobody, Staff::Leader);
    let there = numbers(&leader);
    let expected: Vec<String> = (1..=there.len())
        .map(|n| format!("平川信〔2026〕{n:05}号"))
        .collect();
    assert_eq!(there, expected, "without gap or duplicate");
    let all: BTreeSet<&String> = there.iter().collect();
    for number in &acknowledged {
        assert!(
            all.contains(number),
            "{number} was acknowledged and is lost"
        );
    }

    // Files, search, encrypted numbers and the next number are as they were.
    let office = sign_in(&nobody, Staff::Office);
    let list = office.get(&attachments).expect(200).json();
    let file = format!("{attachments}/{}", list["items"][0]["id"].as_str().unwrap());
    assert_eq!(office.get(file).expect(200).body, tests::files::png());
    let found = office.get("/cases?q=张三丰").expect(200).json();
    assert_eq!(tests::app::numbers(&found), [case_number(&office, &id)]);
    let list = office.get(&people).expect(200).json();
    let person = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|person| person["name"] == "张三丰")
        .unwrap();
    let person = person["id"].as_str().unwrap();
    let shown = office
        .post(format!("{people}/{person}/reveal"))
        .json(&json!({"reason": "核对备份恢复"}))
        .expect(200)
        .json();
    assert_eq!(shown["phone"], "13812345678");
    let new = sign_in(&nobody, Staff::Centre)
        .post("/cases")
        .key("after")
        .json(&input)
        .expect(201)
        .json();
    assert_eq!(
        new["number"],
        format!("平川信〔2026〕{:05}号", there.len() + 1)
    );
    let found = leader.get("/cases?q=流转&limit=1").expect(200).json();
    assert_eq!(found["total"].as_u64().unwrap() as usize, there.len() + 1);

    // A cursor of the old place is refused, not followed wrongly.
    leader
        .get(format!("/exports/cases.ndjson?since={cursor}"))
        .expect(422);
    // Of the installation: the county's auditor reads it.
    let session = nobody.sign_in(WATCHER, PASSWORD).expect(200).json();
    let watcher = nobody.with_token(session["access_token"].as_str().unwrap());
    let log = watcher.get("/audit?action=backup").expect(200).json();
    assert!(
        log["items"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("从备份恢复")
    );

    // The one of the middle: of one moment, with all that was there when it began.
    let mut place = Place::new();
    let (text, code) = place.restore(&early);
    assert_eq!(code, Some(0), "{text}");
    place.verify();
    let then = numbers(&sign_in(&place.start(), Staff::Leader));
    assert!(then.len() > before_early && then.len() <= there.len());
    assert_eq!(then, there[..then.len()]);
}

fn case_number(client: &Client, id: &str) -> String {
    let view = client.get(format!("/cases/{id}")).expect(200).json();
    view["number"].as_str().unwrap().to_owned()
}

/// Whether something comes true, on a machine that has much to do.
fn soon(is_so: impl FnMut() -> bool) -> bool {
    let mut is_so = is_so;
    (0..10).any(|_| tests::app::soon(&mut is_so))
}

/// What is not whole, or not to be opened, is refused with a clear answer, and the place stays empty.
#[test]
fn a_backup_that_is_not_as_it_was_made_restores_nothing() {
    let app = TestApp::start();
    app.case().register();
    let shelf = tempfile::tempdir().unwrap();
    let good = fs::read(back_up(&app, shelf.path())).unwrap();
    let place = Place::new();
    let bad = shelf.path().join("bad.xfb");
    let refused = |content: &[u8], word: &str| {
        fs::write(&bad, content).unwrap();
        let (text, code) = place.restore(&bad);
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains("错误：") && text.contains(word),
            "{word}: {text}"
        );
        place.is_empty();
    };
    for (at, word) in [
        (0, "不是"),
        (30, "口令"),
        (100, "损坏"),
        (good.len() / 2, "损坏"),
        (good.len() - 1, "损坏"),
    ] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        refused(&changed, word);
    }
    for length in [good.len() / 3, good.len() / 2, good.len() - 1] {
        refused(&good[..length], "不完整");
    }
    refused(b"", "不是");
    refused(&[&*good, b"x"].concat(), "多余");

    fs::write(&bad, &good).unwrap();
    let with = |phrase: Option<&str>| {
        let mut command = place.command();
        command.env_remove("XINFANG_BACKUP_PASSPHRASE");
        command.envs(phrase.map(|phrase| ("XINFANG_BACKUP_PASSPHRASE", phrase)));
        run(command.arg("restore").arg(&bad))
    };
    for (phrase, word) in [
        (Some("another passphrase"), "口令不对"),
        (Some("short"), "至少 12"),
        (None, "recovery-key"),
    ] {
        let (text, code) = with(phrase);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(word), "{text}");
        place.is_empty();
    }
    let (text, code) = run(place.command().arg("restore").arg("no-such-file.xfb"));
    assert!(code == Some(1) && text.contains("无法读取"), "{text}");

    // The same file, as it was made, restores after all that.
    let (text, code) = place.restore(&bad);
    assert_eq!(code, Some(0), "{text}");
    place.verify();
}

#[test]
fn a_restore_touches_nothing_where_something_is() {
    let mut app = TestApp::start();
    app.case().register();
    let shelf = tempfile::tempdir().unwrap();
    let backup = back_up(&app, shelf.path());
    app.case().register();
    let restore = |app: &TestApp| run(with_phrase(app.command()).arg("restore").arg(&backup));
    // While the server runs, and when it does not.
    let (text, code) = restore(&app);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("停止服务"), "{text}");
    app.stop();
    let (text, code) = restore(&app);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("已有数据") && text.contains("没有做任何改动"),
        "{text}"
    );
    app.restart(None);
    assert_eq!(app.list(Staff::Leader, &[])["total"], 2);

    // A server that was started on nothing has made a database without anybody in it: that is empty.
    let mut place = Place::new();
    place.start();
    let (text, code) = place.restore(&backup);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("停止服务"), "{text}");
    place.server.take().unwrap().stop();
    let (text, code) = place.restore(&backup);
    assert_eq!(code, Some(0), "{text}");
    place.verify();
    let there = numbers(&sign_in(&place.start(), Staff::Leader));
    assert_eq!(there.len(), 1);
}

/// The bytes of attachments that a restore has put aside in a folder; none where no restore is at work, or
/// was cut off.
fn put_aside(folder: &Path) -> Option<u64> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let stages: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("/.xinfang-restore-"))
        .collect();
    let size = |file: PathBuf| fs::metadata(file).map_or(0, |about| about.len());
    let files = stages
        .iter()
        .flat_map(|stage| files_in(&stage.join("attachments")));
    (!stages.is_empty()).then(|| files.map(size).sum())
}

/// A restore that is cut off, before anything has come or in the middle, leaves a place that counts for
/// nothing and can be restored into.
#[test]
fn a_restore_that_is_cut_off_is_as_if_it_had_not_begun() {
    let app = TestApp::start();
    let case = app.case().register();
    // So large that there is a middle: rows come first, then this.
    let mut picture = tests::files::png();
    picture.resize(8 * 1024 * 1024, 7);
    let whole = picture.len() as u64;
    app.by(Staff::Office)
        .post(case.path("/attachments"))
        .file("图.png", picture)
        .expect(201);
    let shelf = tempfile::tempdir().unwrap();
    let backup = back_up(&app, shelf.path());
    // Kills it at that moment; nothing where that was missed.
    let cut = |is_now: &dyn Fn(u64) -> bool| -> Option<Place> {
        let place = Place::new();
        let folder = place.folder.path();
        let mut command = place.command();
        command.arg("restore").arg(&backup);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        while process.try_wait().unwrap().is_none() && !put_aside(folder).is_some_and(is_now) {
            thread::sleep(Duration::from_millis(1));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        put_aside(folder).is_some_and(is_now).then_some(place)
    };
    let moments: [(&str, &dyn Fn(u64) -> bool); 2] = [
        ("begun", &|bytes| bytes == 0),
        ("in the middle", &|bytes| bytes > 0 && bytes < whole),
    ];
    for (name, is_now) in moments {
        let place = (0..5).find_map(|_| cut(is_now));
        let place = place.unwrap_or_else(|| panic!("never cut off when {name}"));
        place.counts_for_nothing();
        let (text, code) = place.restore(&backup);
        assert_eq!(code, Some(0), "{name}: {text}");
        place.verify();
        assert_eq!(put_aside(place.folder.path()), None, "{name}");
    }
}

/// Whoever gets hold of a backup, and not of its passphrase, reads nothing in it.
#[test]
fn a_backup_says_nothing_without_its_passphrase() {
    let (name, phone) = ("张三丰", "13812345678");
    let app = TestApp::start();
    let case = app
        .case()
        .person(json!({"role": "other_party", "name": name, "phone": phone}))
        .register();
    // Rows are compressed in a backup; files and the key are not, and would stand there word by word.
    app.by(Staff::Office)
        .post(case.path("/attachments"))
        .file("说明.txt", format!("{name}，{phone}").into_bytes())
        .expect(201);
    let key = fs::read_to_string(app.data_dir().join("xinfang.key")).unwrap();
    let key = key.trim();
    let key_bytes = STANDARD.decode(key).unwrap();
    let shelf = tempfile::tempdir().unwrap();
    let backup = fs::read(back_up(&app, shelf.path())).unwrap();
    let lies = app.lies();
    for open in [name, phone, key] {
        assert!(
            holds(&lies, open.as_bytes()),
            "{open} lies in the open there"
        );
    }
    for secret in [name, phone, key, PHRASE, "xinfang.key"] {
        assert!(!holds(&backup, secret.as_bytes()), "{secret}");
    }
    assert!(!holds(&backup, &key_bytes), "the key");
    let (text, code) = run(with_phrase(app.command())
        .arg("backup")
        .arg("--check")
        .args(files_in(shelf.path())));
    assert!(code == Some(0) && text.contains("备份完好"), "{text}");
}

#[test]
fn verify_says_what_is_damaged_and_where() {
    let mut app = TestApp::start();
    let case = app.case().register();
    app.by(Staff::Office)
        .post(case.path("/attachments"))
        .file("图.png", tests::files::png())
        .expect(201);
    let verify = |app: &TestApp| run(app.command().arg("verify"));
    let (text, code) = verify(&app);
    assert_eq!(code, Some(0), "{text}");

    let attachments = files_in(&app.data_dir().join("attachments"));
    let file = attachments.first().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let good = fs::read(file).unwrap();
    let mut changed = good.clone();
    changed[10] ^= 1;
    fs::write(file, &changed).unwrap();
    let (text, code) = verify(&app);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("内容与记录不符") && text.contains(&name),
        "{text}"
    );
    fs::remove_file(file).unwrap();
    let (text, code) = verify(&app);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("不见了") && text.contains(&name), "{text}");
    // A backup says it, too, and is made of the rest.
    let shelf = tempfile::tempdir().unwrap();
    let (text, code) = run(with_phrase(app.command())
        .arg("backup")
        .arg("--to")
        .arg(shelf.path()));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&name), "{text}");
    fs::write(file, good).unwrap();
    assert_eq!(verify(&app).1, Some(0));

    if app.is_postgres() {
        // Its rows are sealed only when they are old enough; the ranges are tested beside the code.
        return;
    }
    // The end of the server seals what there is: after the base's segment, a second.
    app.stop();
    let (text, code) = verify(&app);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("另有 0 条尚未封存"), "{text}");
    let seal = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("最后一次封存："))
        .unwrap()
        .to_owned();
    let noted = |app: &TestApp| run(app.command().args(["verify", "--seal", &seal]));
    assert_eq!(noted(&app).1, Some(0));
    let past = |sql: &str| app.database().run(app.data_dir(), sql);
    past("DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete");
    past("UPDATE audit_log SET detail = detail || '。' WHERE action = 'case_write'");
    let (text, code) = verify(&app);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("审计记录第 2 段") && text.contains("内容被改动"),
        "{text}"
    );
    past(
        "UPDATE audit_log SET detail = substr(detail, 1, length(detail) - 1) WHERE action = 'case_write'",
    );
    assert_eq!(verify(&app).1, Some(0));
    // The registration and the file.
    past("DELETE FROM audit_log WHERE action = 'case_write'");
    let (text, code) = verify(&app);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("审计记录第 2 段") && text.contains("少了 2 条"),
        "{text}"
    );
    // Who removes the seals as well is found out by who noted one.
    past("DROP TRIGGER audit_seals_no_delete; DELETE FROM audit_seals");
    assert_eq!(verify(&app).1, Some(0));
    let (text, code) = noted(&app);
    assert!(code == Some(2) && text.contains(&seal), "{text}");
}

/// Waits until somebody is about to fill this table of a place on PostgreSQL, in a transaction that goes on.
fn wait_until_filled(place: &Place, table: &str) {
    let sql = format!(
        "DO $$ BEGIN FOR i IN 1..10000 LOOP PERFORM pg_stat_clear_snapshot(); \
         IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
         AND xact_start IS NOT NULL AND query LIKE 'INSERT INTO \"{table}\"%') THEN RETURN; END IF; \
         PERFORM pg_sleep(0.002); END LOOP; RAISE 'nobody fills it'; END $$"
    );
    place.database.run(place.folder.path(), &sql);
}

/// From PostgreSQL by a backup into SQLite, and from there by `transfer` into PostgreSQL again.
#[test]
fn a_township_moves_to_the_county_and_back() {
    let app = TestApp::start();
    let to_server = |place: &Place, from: &str, to: &str| {
        let mut command = place.command();
        command.env_remove("DATABASE_URL");
        command.args(["transfer", "--from", from, "--to", to]);
        command
    };
    let case = app.case().village(VILLAGE).register();
    app.by(Staff::Office)
        .post(case.path("/attachments"))
        .file("图.png", tests::files::png())
        .expect(201);
    for _ in 0..40 {
        app.case().register();
    }
    let shelf = tempfile::tempdir().unwrap();
    let backup = back_up(&app, shelf.path());
    let mut township = Place::on(Database::Sqlite);
    let (text, code) = township.restore(&backup);
    assert_eq!(code, Some(0), "{text}");
    let there = numbers(&sign_in(&township.start(), Staff::Leader));
    assert_eq!(there.len(), 41);
    let file = township.folder.path().join("xinfang.db");
    let from = format!("sqlite://{}", file.display());
    // While the server runs, to a file, from nothing.
    let (text, code) = run(&mut to_server(
        &township,
        &from,
        "postgres://nobody@127.0.0.1:1/x",
    ));
    assert!(code == Some(1) && text.contains("停止服务"), "{text}");
    township.server.take().unwrap().stop();
    let (text, code) = run(&mut to_server(&township, &from, &from));
    assert!(code == Some(1) && text.contains("已经存在"), "{text}");
    let (text, code) = run(&mut to_server(
        &township,
        "sqlite:///nothing.db",
        "postgres://x@127.0.0.1:1/x",
    ));
    assert!(code == Some(1) && text.contains("没有这个数据库"), "{text}");
    let county = Place::new();
    let Some(to) = county.database.url() else {
        // No PostgreSQL to move to: that nothing was done is what can be looked at.
        township.verify();
        return;
    };

    // So many rows that there is a middle: the cases' tables come before this one, users and units after it.
    township.database.run(
        township.folder.path(),
        "INSERT INTO idempotency_keys (user_id, key, route, body_hash, status, answer, created_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
         SELECT 'nobody', 'k' || i, '/cases', hex(randomblob(32)), 201, randomblob(200), \
         '2026-03-10 02:00:00' FROM n",
    );
    // Cut off as it begins and in the middle, it has not happened.
    for in_the_middle in [false, true] {
        let mut command = to_server(&township, &from, &to);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        if in_the_middle {
            wait_until_filled(&county, "idempotency_keys");
        } else {
            thread::sleep(Duration::from_millis(50));
        }
        process.kill().unwrap();
        let status = process.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it had ended by itself");
        county.is_empty();
    }
    let (text, code) = run(&mut to_server(&township, &from, &to));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("核对了行数和校验值"), "{text}");
    // Not a second time.
    let (text, code) = run(&mut to_server(&township, &from, &to));
    assert!(code == Some(1) && text.contains("已有数据"), "{text}");

    // The data directory stays; the database is the county's now.
    let mut moved = Place {
        folder: township.folder,
        database: county.database,
        server: None,
    };
    fs::rename(&file, moved.folder.path().join("old.db")).unwrap();
    let text = moved.verify();
    assert!(text.contains("附件"), "{text}");
    let nobody = moved.start();
    let leader = sign_in(&nobody, Staff::Leader);
    assert_eq!(numbers(&leader), there);
    let found = leader.get("/cases?q=流转&limit=1").expect(200).json();
    assert_eq!(found["total"].as_u64().unwrap() as usize, there.len());
    let list = leader.get(case.path("/attachments")).expect(200).json();
    let path = case.path(&format!(
        "/attachments/{}",
        list["items"][0]["id"].as_str().unwrap()
    ));
    assert_eq!(leader.get(path).expect(200).body, tests::files::png());
    let act = leader.get(format!("/cases/{}", case.id)).expect(200);
    leader
        .post(case.path("/actions/note"))
        .if_match(act.etag())
        .json(&json!({"text": "迁移之后"}))
        .expect(200);
}

#[test]
fn backups_are_made_by_schedule_and_old_ones_go() {
    let phrase = tempfile::NamedTempFile::new().unwrap();
    fs::write(phrase.path(), PHRASE).unwrap();
    // An hour after the base's server, whose lease has run out by then.
    let mut app = TestApp::with()
        .clock("2026-03-10T03:00:00Z")
        .env("XINFANG_BACKUP_EVERY_HOURS", "1")
        .env("XINFANG_BACKUP_KEEP", "1")
        .env(
            "XINFANG_BACKUP_PASSPHRASE_FILE",
            phrase.path().to_str().unwrap(),
        )
        .start();
    let folder = app.data_dir().join("backups");
    let made = || {
        let files = files_in(&folder);
        let mut names: Vec<String> = files
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name.ends_with(".xfb"))
            .collect();
        names.sort();
        names
    };
    let standing = |app: &TestApp| app.keeper().get("/system").expect(200).json();
    let noted = |app: &TestApp| soon(|| !standing(app)["backup"]["last"].is_null());
    assert!(soon(|| !made().is_empty()) && noted(&app), "{}", app.log());
    assert!(
        made()[0].starts_with("xinfang-auto-20260310-1100"),
        "{:?}",
        made()
    );
    let backup = &standing(&app)["backup"];
    assert_eq!(backup["every_hours"], 1);
    assert_eq!(backup["last"]["scheduled"], true);
    assert_eq!(backup["last"]["file"], made()[0]);
    assert_eq!(backup["overdue"], false);
    assert!(backup["age_seconds"].as_u64().unwrap() < 60);
    let by_hand = back_up(&app, &folder);
    // Two hours later another, in its place; what was made by hand stays.
    app.restart(Some("2026-03-10T05:00:00Z"));
    assert!(
        soon(|| made().last().is_some_and(|name| name.contains("-1300"))),
        "{:?} {}",
        made(),
        app.log()
    );
    assert!(soon(|| made().len() == 2), "{:?}", made());
    assert!(by_hand.exists());

    // A passphrase that has gone is said, not passed over.
    fs::remove_file(phrase.path()).unwrap();
    app.restart(Some("2026-03-10T08:00:00Z"));
    assert!(soon(|| !standing(&app)["backup"]["failure"].is_null()));
    let backup = &standing(&app)["backup"];
    assert!(
        backup["failure"]["reason"]
            .as_str()
            .unwrap()
            .contains("口令")
    );
    assert_eq!(backup["overdue"], true);
}

#[test]
fn the_administrator_sees_how_the_installation_stands() {
    let app = TestApp::with().alone().start();
    let case = app.case().register();
    app.by(Staff::Office)
        .post(case.path("/attachments"))
        .file("图.png", tests::files::png())
        .expect(201);
    let standing = app.by(Staff::Admin).get("/system").expect(200).json();
    let kind = if app.is_postgres() {
        "postgres"
    } else {
        "sqlite"
    };
    assert_eq!(standing["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(standing["database"]["kind"], kind);
    assert!(standing["database"]["size_bytes"].as_u64().unwrap() > 100_000);
    assert_eq!(standing["files"]["count"], 1);
    assert_eq!(standing["files"]["size_bytes"], tests::files::png().len());
    assert!(standing["disk_free_bytes"].as_u64().unwrap() > 0);
    assert!(standing["backup"]["last"].is_null());
    assert_eq!(standing["backup"]["overdue"], true);
    let queues: Vec<&str> = standing["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| queue["kind"].as_str().unwrap())
        .collect();
    assert_eq!(queues, ["writes", "robot_messages", "webhook_deliveries"]);
    let shelf = tempfile::tempdir().unwrap();
    let made = back_up(&app, shelf.path());
    let standing = app.by(Staff::Admin).get("/system").expect(200).json();
    let last = &standing["backup"]["last"];
    assert_eq!(last["file"], made.file_name().unwrap().to_str().unwrap());
    assert_eq!(last["scheduled"], false);
    assert_eq!(last["size_bytes"], fs::metadata(&made).unwrap().len());
    assert_eq!(standing["backup"]["overdue"], false);
    let (text, code) = run(with_phrase(app.command())
        .arg("backup")
        .arg("--check")
        .arg(&made));
    assert!(code == Some(0) && text.contains("备份完好"), "{text}");
}

#[test]
fn a_recovery_key_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.txt");
    let make = || run(tests::server::command().arg("recovery-key").arg(&file));
    let (text, code) = make();
    assert_eq!(code, Some(0), "{text}");
    let key = fs::read_to_string(&file).unwrap();
    assert!(text.contains(key.trim()) && key.trim().len() == 39, "{key}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let (text, code) = make();
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(fs::read_to_string(&file).unwrap(), key, "not overwritten");
}

#[test]
fn the_doctor_says_what_is_wrong_and_how_to_mend_it() {
    use std::os::unix::fs::PermissionsExt;
    let mut app = TestApp::start();
    let listen = app.nobody().address().to_owned();
    let examine = |app: &TestApp, more: &[(&str, &str)]| {
        let mut command = with_phrase(app.command());
        command
            .env("XINFANG_LISTEN", &listen)
            .env("XINFANG_BACKUP_EVERY_HOURS", "24")
            .env("XINFANG_PUBLIC_URL", "https://xinfang.example.gov.cn")
            .envs(more.iter().copied());
        run(command.arg("doctor"))
    };
    let folder = app.data_dir().to_owned();
    let shelf = tempfile::tempdir().unwrap();
    let (text, code) = examine(&app, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("还没有做过备份") && text.contains("办法："),
        "{text}"
    );
    back_up(&app, shelf.path());
    let (text, code) = examine(&app, &[]);
    assert!(text.contains("服务正在"), "{text}");
    assert!(text.contains("[正常] 系统的 CA 证书"), "{text}");
    if app.is_postgres() {
        // The test's clock is not that of the database's server, and nothing else is wrong.
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("数据库服务器的时间相差"), "{text}");
        assert!(text.contains("1 处错误"), "{text}");
    } else {
        assert_eq!(code, Some(0), "{text}");
    }

    if !app.is_postgres() {
        app.stop();
        let listener = std::net::TcpListener::bind(&listen);
        if let Ok(listener) = listener {
            let (text, code) = examine(&app, &[]);
            assert_eq!(code, Some(2), "{text}");
            assert!(text.contains("被别的程序占用"), "{text}");
            drop(listener);
        }
        app.restart(None);
    }

    let key = folder.join("xinfang.key");
    let set = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    set(0o644);
    let (text, code) = examine(&app, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("chmod 600"), "{text}");
    set(0o600);
    for (name, value, word) in [
        ("XINFANG_TRUSTED_PROXIES", "0.0.0.0/0", "信任所有地址"),
        ("XINFANG_PUBLIC_URL", "xinfang", "不是网址"),
        ("XINFANG_TLS_CERTIFICATE", "/nothing.pem", "tls_key"),
        ("XINFANG_BACKUP_PASSPHRASE", "short", "至少 12"),
        ("XINFANG_KEY", "nonsense", "主密钥"),
        ("XINFANG_TEST_CLOCK", "2025-01-01T00:00:00Z", "系统时间"),
        ("XINFANG_TEST_CLOCK", "2026-05-10T02:00:00Z", "小时前"),
    ] {
        let (text, code) = examine(&app, &[(name, value)]);
        assert_eq!(code, Some(2), "{name}: {text}");
        assert!(text.contains(word), "{name}: {text}");
    }
    // A machine without the package ca-certificates.
    let nothing = shelf.path().join("nothing.pem");
    fs::write(&nothing, "").unwrap();
    let nothing = nothing.to_str().unwrap();
    let (text, code) = examine(&app, &[("SSL_CERT_FILE", nothing), ("SSL_CERT_DIR", "")]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("[错误] 读不到系统的 CA 证书") && text.contains("ca-certificates"),
        "{text}"
    );
    let away = folder.join("away.key");
    fs::rename(&key, &away).unwrap();
    let (text, code) = examine(&app, &[]);
    assert!(code == Some(2) && text.contains("没有密钥文件"), "{text}");
    fs::rename(&away, &key).unwrap();
}

/// With `log_format = "json"` there is nothing but JSON, from the first line to the last.
#[test]
fn every_line_of_a_json_log_is_an_object() {
    let environment = [
        ("XINFANG_TEST_CLOCK".to_owned(), tests::base::NOW.to_owned()),
        ("XINFANG_LOG_FORMAT".to_owned(), "json".to_owned()),
    ];
    let place = Place::new();
    let server = Server::start(place.folder.path(), &place.database, &environment);
    let client = Client::new(&server.url);
    client.get("/health/live").expect(200);
    let url = format!("{}/", server.url);
    let log = place.folder.path().join("server.log");
    assert!(server.stop().success());
    let events: Vec<Value> = fs::read_to_string(log)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    for event in &events {
        for field in ["timestamp", "level", "message"] {
            assert!(event[field].is_string(), "{field}: {event}");
        }
    }
    let with = |message: &str| {
        let found = events.iter().find(|event| event["message"] == message);
        found.unwrap_or_else(|| panic!("{message}: {events:?}"))
    };
    assert_eq!(with("xinfang 已启动")["url"], url.as_str());
    with("stopping: finishing the requests in flight");

    // Nor is it otherwise where the server does not start.
    let mut command = place.command();
    command
        .arg("serve")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("XINFANG_LISTEN", "127.0.0.1:0")
        .env("XINFANG_TLS_CERTIFICATE", "/nothing.pem");
    let (text, code) = run(&mut command);
    assert_eq!(code, Some(1), "{text}");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let last = events.last().unwrap();
    assert_eq!(last["level"], "ERROR");
    assert!(
        last["error"].as_str().unwrap().contains("tls_key"),
        "{text}"
    );
}

/// As `xinfang serve 2>&1 | head -1` has it: that nobody reads what it says keeps a server neither from
/// serving nor from ending.
#[test]
fn a_server_whose_output_nobody_reads_serves_and_ends() {
    for format in ["text", "json"] {
        let place = Place::new();
        let listen = format!("127.0.0.1:{}", free_port());
        let mut process = place
            .command()
            .arg("serve")
            .env("XINFANG_LISTEN", &listen)
            .env("XINFANG_LOG_FORMAT", format)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((process.stdout.take(), process.stderr.take()));
        let live = format!("http://{listen}/health/live");
        let served = soon(|| {
            let answer = http().get(&live).send();
            answer.is_ok_and(|answer| answer.status() == 200)
        });
        let id = process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        let ended = soon(|| process.try_wait().unwrap().is_some());
        process.kill().unwrap();
        let status = process.wait().unwrap();
        assert!(served, "{format}: it does not serve");
        assert!(
            told.unwrap().success() && ended,
            "{format}: it does not end"
        );
        assert!(status.success(), "{format}: {status}");
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn monitoring_reads_figures_without_anybodys_data() {
    let address = format!("127.0.0.1:{}", free_port());
    let app = TestApp::with()
        .clock("2026-03-10T03:00:00Z")
        .env("XINFANG_METRICS_LISTEN", &address)
        .start();
    let case = app.case().cause("土地流转费拖欠").register();
    case.seen_by(Staff::Office);
    app.by(Staff::Office)
        .get("/cases/nothing-of-this-name")
        .send();
    let scrape = || {
        let url = format!("http://{address}/metrics");
        let answer = http().get(url).send().unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().unwrap()
    };
    let text = scrape();
    for line in [
        "xinfang_http_requests_total{method=\"GET\",route=\"/api/v1/cases/{id}\",status=\"200\"}",
        "xinfang_http_requests_total{method=\"GET\",route=\"/api/v1/cases/{id}\",status=\"404\"} 1",
        "xinfang_http_requests_total{method=\"POST\",route=\"/api/v1/cases\",status=\"201\"} 1",
        "xinfang_http_request_seconds_bucket{",
        "xinfang_queue_length{queue=\"writes\"}",
        "xinfang_database_bytes ",
        "xinfang_disk_free_bytes ",
        "xinfang_backup_age_seconds -1.0",
        "xinfang_backup_overdue 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(
        soon(|| scrape().contains("xinfang_job_runs_total{job=\"reports\",result=\"ok\"}")),
        "{}",
        scrape()
    );
    for secret in [
        &*case.id,
        "土地",
        "nothing-of-this-name",
        app.user(Staff::Office),
        "127.0.0.1",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    // Only there, and nothing else.
    let page = http().get(format!("{}/metrics", app.url())).send().unwrap();
    assert!(!page.text().unwrap().contains("xinfang_http_requests"));
    let other = http()
        .get(format!("http://{address}/api/v1/cases"))
        .send()
        .unwrap();
    assert_eq!(other.status(), 404);
}

fn http() -> reqwest::blocking::Client {
    builder().build().unwrap()
}

fn builder() -> reqwest::blocking::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::blocking::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
}

/// A certificate for this machine and its key, written where the server reads them.
fn certify(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])
        .unwrap();
    fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("tls.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

/// Whether the server shows this certificate.
fn shows(url: &str, certificate: &str) -> bool {
    let certificate = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let client = builder().tls_certs_only([certificate]).build().unwrap();
    client
        .get(format!("{url}/health/live"))
        .send()
        .is_ok_and(|answer| answer.status() == 200)
}

#[test]
fn the_server_speaks_tls_and_takes_a_new_certificate_in_while_it_runs() {
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let environment = [
        ("XINFANG_TLS_CERTIFICATE".to_owned(), path("tls.pem")),
        ("XINFANG_TLS_KEY".to_owned(), path("tls.key")),
    ];
    let place = Place::on(Database::create());
    let server = Server::start(place.folder.path(), &place.database, &environment);
    let url = server.url.replace("http://", "https://");
    assert!(shows(&url, &first), "{}", server.log());
    let trust = reqwest::Certificate::from_pem(first.as_bytes()).unwrap();
    let client = builder().tls_certs_only([trust]).build().unwrap();
    let answer = client.get(format!("{url}/api/v1/setup")).send().unwrap();
    assert_eq!(
        answer.headers()["strict-transport-security"],
        "max-age=15552000"
    );
    let plain = app.nobody().get("/health/live").expect(200);
    assert_eq!(
        plain.header("strict-transport-security"),
        "",
        "not without TLS"
    );

    // One that cannot be used changes nothing.
    fs::write(folder.path().join("tls.pem"), "nonsense").unwrap();
    server.hang_up();
    assert!(
        soon(|| server.log().contains("stays as it was")),
        "{}",
        server.log()
    );
    assert!(shows(&url, &first));
    let second = certify(folder.path());
    server.hang_up();
    assert!(soon(|| shows(&url, &second)), "{}", server.log());
    assert!(!shows(&url, &first));
    drop(server);

    // Half of the settings, or a key of another certificate, and it does not start.
    let start = |key: Option<String>| {
        let mut command = place.command();
        command
            .arg("serve")
            .env("XINFANG_LISTEN", "127.0.0.1:0")
            .env("XINFANG_TLS_CERTIFICATE", path("tls.pem"))
            .envs(key.map(|key| ("XINFANG_TLS_KEY", key)));
        run(&mut command)
    };
    let (text, code) = start(None);
    assert!(code == Some(1) && text.contains("tls_key"), "{text}");
    let other = tempfile::tempdir().unwrap();
    certify(other.path());
    let key = other.path().join("tls.key").to_str().unwrap().to_owned();
    let (text, code) = start(Some(key));
    assert!(code == Some(1) && text.contains("不匹配"), "{text}");
}

/// Without a proxy that is trusted, what a client says of its address changes nothing.
#[test]
fn a_forged_address_is_not_believed() {
    let app = TestApp::with().env("XINFANG_ADDRESS_FAILURES", "3").start();
    let tries: Vec<u16> = (0..4)
        .map(|n| {
            let body = json!({"username": format!("u{n}"), "password": "not the password"});
            app.nobody()
                .post("/session")
                .header("x-forwarded-for", format!("10.1.1.{n}"))
                .header("x-forwarded-proto", "https")
                .json(&body)
                .send()
                .status
        })
        .collect();
    assert_eq!(tries, [401, 401, 401, 429], "one address to the throttle");
    // Of people whom nobody knows, and so of no township.
    let log = app.watcher().get("/audit?action=sign_in_failed");
    let log = log.expect(200).json();
    let log = log["items"].as_array().unwrap();
    assert!(!log.is_empty());
    for entry in log {
        assert_eq!(entry["address"], "127.0.0.1");
    }
    let answer = app
        .nobody()
        .get("/health/live")
        .header("x-forwarded-proto", "https")
        .expect(200);
    assert_eq!(answer.header("strict-transport-security"), "");
}
