//! `cargo xtask bench`: what the server can do, as ratios in one run (design section 4).
//!
//! The program starts itself a second time as the server: the real app on one port, a bare
//! actix-web JSON route on another, in the same process. Then it registers the cases through the
//! API, gives some of them other states, and measures the rest: reading first, then registering into
//! that ledger what comes in today, as a window does.
//! Everything stays on the loopback interface.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const VILLAGES: usize = 9;
/// How many cases are registered at most; of a larger ledger the rest are copies of those.
const REGISTERED: usize = 100_000;
/// How many cases a county works on at a time: what is looked at again and again.
const IN_USE: usize = 2000;
const CAUSES: &[&str] = &[
    "反映村里土地流转费两年未按合同兑付，涉及耕地十二亩，要求尽快支付并补签合同。",
    "反映春灌水次安排不公，斗渠尾部玉米受旱，要求调整轮灌。",
    "反映养殖场粪污排入农渠，气味扰民，要求整治。",
    "与邻居因宅基地界址及滴水问题发生争执，要求村委会实地丈量确认。",
    "反映在蔬菜合作社务工工资至今未付，要求协调支付。",
    "反映修建通村道路占用承包地，补偿标准与公示不一致，要求重新核算。",
    "反映家庭困难但未纳入农村低保，要求核查评议结果并说明理由。",
    "反映村集体机动地发包收入未公示，要求公开近三年村级账目。",
];

fn main() -> Outcome<()> {
    server::memory::set_up();
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("serve") => serve(),
        Some(text) => run(text.parse().map_err(|_| "usage: bench [CASES]")?),
        None => run(100_000),
    }
}

/// The server's side: the app and the bare route in one process.
fn serve() -> Outcome<()> {
    use actix_web::{App, HttpResponse, HttpServer, web};
    let bare: SocketAddr = std::env::var("BENCH_BARE")?.parse()?;
    let config = server::config::Config::load(&server::config::Flags::default())?;
    let state = server::state::State::open(config, server::clock::Clock::system(), false)?;
    actix_web::rt::System::new().block_on(async move {
        let db = state.db.clone();
        let counted = db.clone();
        let side = HttpServer::new(move || {
            let counted = counted.clone();
            App::new()
                .route("/bare", web::get().to(|| async {
                    HttpResponse::Ok().json(json!({"id": "x", "number": "平川信〔2026〕00012号", "state": "registered"}))
                }))
                .route("/commits", web::get().to(move || {
                    let commits = counted.commits();
                    async move { HttpResponse::Ok().json(commits) }
                }))
        })
        .bind(bare)?
        .run();
        actix_web::rt::spawn(side);
        server::app::serve(state, || {}).await?;
        Ok(())
    })
}

struct Server {
    child: Child,
    app: SocketAddr,
    bare: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Server {
    /// Starts it and waits for its first answer; how long that took.
    fn start(dir: &Path) -> Outcome<(Self, Duration)> {
        let (app, bare) = (free()?, free()?);
        let began = Instant::now();
        let child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .env("XINFANG_DATA_DIR", dir)
            .env("XINFANG_LISTEN", app.to_string())
            .env("BENCH_BARE", bare.to_string())
            .env("RUST_LOG", "warn")
            .env("XINFANG_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { child, app, bare };
        for _ in 0..2000 {
            if let Ok(mut client) = Client::connect(app)
                && client
                    .send("GET", "/health/live", None, &[], "")
                    .is_ok_and(|answer| answer.status == 200)
            {
                return Ok((server, began.elapsed()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err("the server does not answer".into())
    }

    /// Resident memory, in MB.
    fn resident(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or("0 kB");
        let kb: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kb / 1024.0)
    }

    fn commits(&self) -> Outcome<u64> {
        let mut client = Client::connect(self.bare)?;
        let answer = client.send("GET", "/commits", None, &[], "")?;
        Ok(answer.body.trim().parse()?)
    }
}

struct Answer<'a> {
    status: u16,
    body: &'a str,
}

impl Answer<'_> {
    fn expect(&self, status: u16) -> Outcome<()> {
        if self.status == status {
            Ok(())
        } else {
            Err(format!("{} {}", self.status, self.body).into())
        }
    }
}

/// A connection that stays open. It shares the processors with what it measures, so it keeps its
/// buffers and reads no more of an answer than it needs.
struct Client {
    stream: TcpStream,
    text: String,
    answer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            stream,
            text: String::new(),
            answer: vec![0; 64 * 1024],
        })
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Outcome<Answer<'_>> {
        let text = &mut self.text;
        text.clear();
        write!(text, "{method} {path} HTTP/1.1\r\nHost: localhost\r\n")?;
        if let Some(token) = token {
            write!(text, "Authorization: Bearer {token}\r\n")?;
        }
        for (name, value) in headers {
            write!(text, "{name}: {value}\r\n")?;
        }
        if !body.is_empty() {
            let length = body.len();
            write!(
                text,
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            )?;
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.stream.write_all(text.as_bytes())?;
        let (mut have, mut head) = (0, None);
        let (status, start, end) = loop {
            if have == self.answer.len() {
                self.answer.resize(2 * have, 0);
            }
            let more = self
                .stream
                .read(self.answer.get_mut(have..).unwrap_or_default())?;
            if more == 0 {
                return Err("the connection ended".into());
            }
            have += more;
            if head.is_none() {
                head = read_head(self.answer.get(..have).unwrap_or_default())?;
            }
            if let Some((status, start, length)) = head
                && have >= start + length
            {
                break (status, start, start + length);
            }
        };
        let body = self.answer.get(start..end).unwrap_or_default();
        Ok(Answer {
            status,
            body: std::str::from_utf8(body)?,
        })
    }

    fn json(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Outcome<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self.send(method, path, token, &[], &body)?;
        if answer.status >= 300 {
            return Err(format!("{method} {path}: {} {}", answer.status, answer.body).into());
        }
        Ok(serde_json::from_str(answer.body)?)
    }
}

/// Status, where the body begins, and its length; none while the head is not all there.
fn read_head(answer: &[u8]) -> Outcome<Option<(u16, usize, usize)>> {
    const LENGTH: &[u8] = b"content-length:";
    let (mut at, mut length) = (0, 0);
    for line in answer.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line == b"\r\n" {
            let status = std::str::from_utf8(answer.get(9..12).ok_or("no status")?)?;
            return Ok(Some((status.parse()?, at, length)));
        }
        if let Some((name, value)) = line.split_at_checked(LENGTH.len())
            && name.eq_ignore_ascii_case(LENGTH)
        {
            length = std::str::from_utf8(value)?.trim().parse()?;
        }
    }
    Ok(None)
}

/// What a measurement found.
struct Figures {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

impl Figures {
    fn print(&self, name: &str, bare: Option<&Self>) {
        let ratio = bare.map_or(String::new(), |bare| {
            format!("{:>6.1} %", 100.0 * self.per_second / bare.per_second)
        });
        println!(
            "{name:<44} {:>9.0}/s  p50 {:>8.2} ms  p99 {:>8.2} ms  {ratio}",
            self.per_second,
            self.p50.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3,
        );
    }
}

/// Lets `clients` connections each send what `next` gives for a running number, until `most`
/// requests were sent or `time` has passed.
fn measure(
    address: SocketAddr,
    clients: usize,
    most: usize,
    time: Duration,
    next: impl Fn(usize, &mut Client) -> Outcome<()> + Send + Sync,
) -> Outcome<Figures> {
    let taken = AtomicUsize::new(0);
    let began = Instant::now();
    let mut latencies = std::thread::scope(|scope| -> Outcome<Vec<Duration>> {
        let (taken, next) = (&taken, &next);
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(move || -> Outcome<Vec<Duration>> {
                    let mut client = Client::connect(address)?;
                    let mut latencies = Vec::new();
                    loop {
                        let n = taken.fetch_add(1, Ordering::Relaxed);
                        if n >= most || began.elapsed() >= time {
                            return Ok(latencies);
                        }
                        let sent = Instant::now();
                        next(n, &mut client)?;
                        latencies.push(sent.elapsed());
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a client panicked")??);
        }
        Ok(all)
    })?;
    let elapsed = began.elapsed().as_secs_f64();
    latencies.sort();
    let at = |percent: usize| {
        latencies
            .get(latencies.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    Ok(Figures {
        per_second: latencies.len() as f64 / elapsed,
        p50: at(50),
        p99: at(99),
    })
}

/// Spreads running numbers without a pattern that an index would like.
const fn scatter(n: usize) -> usize {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17
}

struct Town {
    token: String,
    villages: Vec<String>,
}

const PASSWORD: &str = "xinfang-bench-2026";

/// A token of somebody's. It lives for 15 minutes.
fn sign_in(client: &mut Client, user: &str, password: &str) -> Outcome<String> {
    let input = json!({"username": user, "password": password});
    let session = client.json("POST", "/api/v1/session", None, &input)?;
    Ok(session
        .get("access_token")
        .and_then(Value::as_str)
        .ok_or("no token")?
        .to_owned())
}

/// An empty ledger with its organisation and an office to work in.
fn found(address: SocketAddr) -> Outcome<Town> {
    let mut client = Client::connect(address)?;
    client.json(
        "POST",
        "/api/v1/setup",
        None,
        &json!({
            "username": "root", "password": PASSWORD, "name": "管理员",
            "township_name": "平川镇", "short_name": "平川", "template": "pingchuan",
        }),
    )?;
    let root = sign_in(&mut client, "root", PASSWORD)?;
    let units = client.json("GET", "/api/v1/org-units", Some(&root), &Value::Null)?;
    let units = units
        .get("items")
        .unwrap_or(&units)
        .as_array()
        .ok_or("no units")?
        .clone();
    let of = |kind: &str| -> Vec<String> {
        units
            .iter()
            .filter(|unit| unit.get("kind").and_then(Value::as_str) == Some(kind))
            .filter_map(|unit| unit.get("id").and_then(Value::as_str).map(str::to_owned))
            .collect()
    };
    let office = of("coordination_office")
        .first()
        .cloned()
        .ok_or("no office")?;
    let made = client.json(
        "POST",
        "/api/v1/users",
        Some(&root),
        &json!({
            "username": "office", "name": "王办", "role": "coordination_office", "unit_id": office,
        }),
    )?;
    let initial = made
        .get("initial_password")
        .and_then(Value::as_str)
        .ok_or("no password")?
        .to_owned();
    let token = sign_in(&mut client, "office", &initial)?;
    client.send(
        "POST",
        "/api/v1/me/password",
        Some(&token),
        &[],
        &json!({
            "current_password": initial, "new_password": PASSWORD,
        })
        .to_string(),
    )?;
    let token = sign_in(&mut client, "office", PASSWORD)?;
    Ok(Town {
        token,
        villages: of("village"),
    })
}

/// The n-th made-up case of a ledger that came in over ten months.
fn old_case(town: &Town, n: usize) -> Value {
    let day = 1 + scatter(n) % 28;
    let month = 1 + scatter(n + 7) % 10;
    case(town, n, &format!("2026-{month:02}-{day:02}"))
}

/// A made-up case received on a day.
fn case(town: &Town, n: usize, received_on: &str) -> Value {
    let cause = CAUSES.get(n % CAUSES.len()).copied().unwrap_or_default();
    json!({
        "kind": "petition", "channel": "visit", "purpose": "claim", "category": "rural",
        "cause": format!("{cause}（第{n}件，{}社）", n % 8 + 1),
        "received_on": received_on,
        "people_count": 1 + n % 7,
        "village_id": town.villages.get(n % VILLAGES),
        "people": [{"role": "petitioner", "name": format!("张{}", n % 1000), "phone": format!("130{:08}", n % 100_000_000)}],
    })
}

/// What a query of names finds.
#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Makes a larger ledger of one, while no server runs: each case with its people and its timeline so many
/// times more. Copies are not in the search index, which has no texts to copy.
fn copy_cases(dir: &Path, cases: usize, times: usize) -> Outcome<()> {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, RunQueryDsl as _};
    let file = dir.join("xinfang.db");
    let path = file.to_str().ok_or("a folder without a name")?;
    let mut conn = diesel::SqliteConnection::establish(path)?;
    let mut columns = |table: &str| -> Outcome<Vec<String>> {
        let query = format!("SELECT name FROM pragma_table_info('{table}')");
        let found: Vec<Named> = diesel::sql_query(query).load(&mut conn)?;
        Ok(found.into_iter().map(|column| column.name).collect())
    };
    let mut statements = Vec::new();
    for table in ["cases", "case_people", "case_events"] {
        let columns = columns(table)?;
        let values: Vec<String> = columns
            .iter()
            .map(|column| match column.as_str() {
                "id" | "case_id" | "number" | "number_key" => {
                    format!("{column} || '.' || copies.n")
                }
                "docid" => format!("docid + copies.n * {cases}"),
                // Bound to their row: a copy's could not be read.
                "phone" | "phone_hash" | "id_number" | "id_hash" => "NULL".to_owned(),
                column => column.to_owned(),
            })
            .collect();
        // Only what was registered: a copy's id has a dot.
        statements.push(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} JOIN copies WHERE instr(id, '.') = 0;",
            columns.join(", "),
            values.join(", "),
        ));
    }
    conn.batch_execute(&format!(
        "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000; BEGIN;
         CREATE TEMP TABLE copies (n INTEGER);
         WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < {times})
         INSERT INTO copies SELECT n FROM some;
         {}
         UPDATE case_numbers SET last = (SELECT max(docid) FROM cases) WHERE series = 'docid';
         COMMIT; ANALYZE;",
        statements.join("\n")
    ))?;
    Ok(())
}

fn run(cases: usize) -> Outcome<()> {
    let dir = std::env::temp_dir().join(format!("xinfang-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let measured = measure_all(&dir, cases);
    std::fs::remove_dir_all(&dir)?;
    measured
}

/// A token lives for 15 minutes: there is a new one once the ledger is filled.
fn measure_all(dir: &Path, cases: usize) -> Outcome<()> {
    let (mut server, _) = Server::start(dir)?;
    let mut town = found(server.app)?;
    println!(
        "{cases} cases, {} processors, SQLite",
        std::thread::available_parallelism()?
    );
    let register = |client: &mut Client, town: &Town, case: &Value| {
        let token = Some(town.token.as_str());
        client
            .send("POST", "/api/v1/cases", token, &[], &case.to_string())?
            .expect(201)
    };
    let first = cases.min(REGISTERED);
    let fill = measure(
        server.app,
        32,
        first,
        Duration::from_secs(800),
        |n, client| register(client, &town, &old_case(&town, n)),
    )?;
    if cases > first {
        drop(server);
        let began = Instant::now();
        copy_cases(dir, first, cases / first - 1)?;
        println!("copies made in {:.0} s", began.elapsed().as_secs_f64());
        (server, _) = Server::start(dir)?;
    }
    town.token = sign_in(&mut Client::connect(server.app)?, "office", PASSWORD)?;
    let token = town.token.as_str();
    // Of more, each page counts all the others.
    let all = all_ids(server.app, token, cases.min(REGISTERED))?;
    let ids: Vec<(String, i64)> = all
        .iter()
        .step_by((all.len() / IN_USE).max(1))
        .cloned()
        .collect();
    spread(server.app, token, &ids)?;
    let ten = Duration::from_secs(10);
    let bare = measure(
        server.bare,
        32,
        usize::MAX,
        Duration::from_secs(5),
        |_, client| client.send("GET", "/bare", None, &[], "")?.expect(200),
    )?;
    bare.print("bare JSON route, 32 clients", None);
    let one_of = |ids: &[(String, i64)]| {
        measure(server.app, 32, usize::MAX, ten, |n, client| {
            let id = ids.get(scatter(n) % ids.len()).map_or("", |(id, _)| id);
            let path = format!("/api/v1/cases/{id}");
            client.send("GET", &path, Some(token), &[], "")?.expect(200)
        })
    };
    one_of(&ids)?.print(
        &format!("one case of {} in use (audited), 32 clients", ids.len()),
        Some(&bare),
    );
    one_of(&all)?.print(
        &format!("one case of all {} (audited), 32 clients", all.len()),
        Some(&bare),
    );
    let lists: Vec<String> = town
        .villages
        .iter()
        .map(|village| {
            format!("/api/v1/cases?village_id={village}&state=registered&sort=due_on&limit=20")
        })
        .collect();
    let list_of = |clients| {
        measure(server.app, clients, usize::MAX, ten, |n, client| {
            let path = lists
                .get(scatter(n) % lists.len())
                .map_or("", String::as_str);
            client.send("GET", path, Some(token), &[], "")?.expect(200)
        })
    };
    let list = list_of(1)?;
    list.print("list by village and state, 1 client", Some(&bare));
    let list_busy = list_of(8)?;
    list_busy.print("list by village and state, 8 clients", Some(&bare));
    // 轮灌, 粪污, 工资, 第99件
    let words = [
        "%E8%BD%AE%E7%81%8C",
        "%E7%B2%AA%E6%B1%A1",
        "%E5%B7%A5%E8%B5%84",
        "%E7%AC%AC99%E4%BB%B6",
    ];
    let search = measure(server.app, 1, usize::MAX, ten, |n, client| {
        let word = words.get(n % words.len()).copied().unwrap_or_default();
        let path = format!("/api/v1/cases?q={word}&limit=20");
        client.send("GET", &path, Some(token), &[], "")?.expect(200)
    })?;
    search.print("search, 1 client", Some(&bare));
    let home = measure(
        server.app,
        1,
        usize::MAX,
        Duration::from_secs(5),
        |_, client| {
            client
                .send("GET", "/api/v1/dashboard", Some(token), &[], "")?
                .expect(200)
        },
    )?;
    home.print("home page of the office, 1 client", Some(&bare));
    fill.print(
        "filling the ledger, days strewn over ten months, 32 clients",
        Some(&bare),
    );
    let today = server::clock::Clock::system().today().to_string();
    let before = server.commits()?;
    let began = Instant::now();
    let registered = measure(server.app, 32, usize::MAX, ten, |n, client| {
        register(client, &town, &case(&town, cases + n, &today))
    })?;
    let commits = (server.commits()? - before) as f64 / began.elapsed().as_secs_f64();
    registered.print("register today's (durable), 32 clients", Some(&bare));
    let resident = server.resident()?;
    for format in ["xlsx", "csv"] {
        measure_export(&server, token, format)?;
    }
    measure_figures(&server, token, &bare, |n, client| {
        register(client, &town, &case(&town, cases * 2 + n, &today))
    })?;
    drop(server);
    let mut starts = Vec::new();
    for _ in 0..5 {
        let (server, took) = Server::start(dir)?;
        starts.push((took, server.resident()?));
    }
    starts.sort_by_key(|(took, _)| *took);
    println!(
        "commits (fsyncs of the log) while registering: {commits:.0}/s, {:.1} cases each",
        registered.per_second / commits
    );
    println!("resident memory after all this: {resident:.0} MB");
    if let Some((took, resident)) = starts.get(starts.len() / 2) {
        println!(
            "start to first answer on this database: {:.0} ms (median of {}), {resident:.0} MB",
            took.as_secs_f64() * 1e3,
            starts.len()
        );
    }
    Ok(())
}

/// The whole ledger as a file: how long until its last byte, how large it is, and by how much the
/// server's resident memory grew at most while it was made and sent.
fn measure_export(server: &Server, token: &str, format: &str) -> Outcome<()> {
    let done = AtomicUsize::new(0);
    let before = server.resident()?;
    let (took, size, most) = std::thread::scope(|scope| -> Outcome<(Duration, usize, f64)> {
        let watching = scope.spawn(|| -> Outcome<f64> {
            let mut most = before;
            while done.load(Ordering::Relaxed) == 0 {
                most = most.max(server.resident()?);
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(most)
        });
        let exported = download(
            server.app,
            token,
            &format!("/api/v1/exports/ledger.{format}"),
        );
        done.store(1, Ordering::Relaxed);
        let most = watching.join().map_err(|_| "the watch panicked")??;
        let (took, size) = exported?;
        Ok((took, size, most))
    })?;
    println!(
        "export of the ledger as {format}: {:.2} s, {:.1} MB, {:.0} MB of extra memory at most",
        took.as_secs_f64(),
        size as f64 / 1024.0 / 1024.0,
        most - before
    );
    Ok(())
}

/// Downloads a file, a piece at a time; how long that took, and how large it is.
fn download(address: SocketAddr, token: &str, path: &str) -> Outcome<(Duration, usize)> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(300)))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut piece = vec![0; 64 * 1024];
    let (mut head, mut whole) = (Vec::new(), None);
    let mut have = 0;
    loop {
        let more = stream.read(&mut piece)?;
        if more == 0 {
            return Err("the connection ended".into());
        }
        have += more;
        if whole.is_none() {
            head.extend_from_slice(piece.get(..more).unwrap_or_default());
            if let Some((status, start, length)) = read_head(&head)? {
                if status != 200 {
                    return Err(format!("{path}: {status}").into());
                }
                whole = Some((start + length, length));
            }
        }
        if let Some((whole, length)) = whole
            && have >= whole
        {
            return Ok((began.elapsed(), length));
        }
    }
}

/// Dashboards and indicator tables: at first use, when nothing has changed, and after each write.
fn measure_figures(
    server: &Server,
    token: &str,
    bare: &Figures,
    write: impl Fn(usize, &mut Client) -> Outcome<()>,
) -> Outcome<()> {
    let read = |path: &str, client: &mut Client| -> Outcome<()> {
        client.send("GET", path, Some(token), &[], "")?.expect(200)
    };
    let began = Instant::now();
    read("/api/v1/figures", &mut Client::connect(server.app)?)?;
    println!(
        "first figures (folds every case): {:.2} s, resident {:.0} MB",
        began.elapsed().as_secs_f64(),
        server.resident()?
    );
    let some = Duration::from_secs(5);
    measure(server.app, 1, usize::MAX, some, |_, client| {
        read("/api/v1/figures", client)
    })?
    .print(
        "dashboard of the office, nothing changed, 1 client",
        Some(bare),
    );
    // One at a time, so that what is measured is the dashboard and not the registration before it.
    let (mut writer, mut reader) = (Client::connect(server.app)?, Client::connect(server.app)?);
    for (path, name) in [
        ("/api/v1/figures", "dashboard after a write"),
        ("/api/v1/indicators", "indicators after a write"),
        (
            "/api/v1/indicators?by=village",
            "indicators by village after a write",
        ),
        (
            "/api/v1/indicators?by=month",
            "indicators by month after a write",
        ),
    ] {
        let mut took = Vec::new();
        for n in 0..40 {
            write(name.len() * 1000 + n, &mut writer)?;
            let began = Instant::now();
            read(path, &mut reader)?;
            took.push(began.elapsed());
        }
        took.sort();
        let at = |part: usize| {
            took.get(took.len() * part / 100)
                .copied()
                .unwrap_or_default()
        };
        println!(
            "{name}: median {:.1} ms, p99 {:.1} ms",
            at(50).as_secs_f64() * 1e3,
            at(99).as_secs_f64() * 1e3
        );
    }
    Ok(())
}

/// Ids and versions of some cases, spread over the ledger.
fn all_ids(address: SocketAddr, token: &str, most: usize) -> Outcome<Vec<(String, i64)>> {
    let mut client = Client::connect(address)?;
    let mut ids = Vec::new();
    let mut cursor = String::new();
    while ids.len() < most {
        let page = client.json(
            "GET",
            &format!("/api/v1/cases?limit=200&sort=received_on{cursor}"),
            Some(token),
            &Value::Null,
        )?;
        for item in page
            .get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
            ids.push((
                id.to_owned(),
                item.get("version").and_then(Value::as_i64).unwrap_or(1),
            ));
        }
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(ids)
}

/// Accepts every other of these cases, so that states differ.
fn spread(address: SocketAddr, token: &str, ids: &[(String, i64)]) -> Outcome<()> {
    let some: Vec<&(String, i64)> = ids.iter().step_by(2).collect();
    measure(
        address,
        16,
        some.len(),
        Duration::from_secs(120),
        |n, client| {
            let Some((id, version)) = some.get(n) else {
                return Ok(());
            };
            let tag = format!("\"{version}\"");
            let path = format!("/api/v1/cases/{id}/actions/accept");
            client
                .send("POST", &path, Some(token), &[("If-Match", &tag)], "{}")?
                .expect(200)
        },
    )
    .map(drop)
}
