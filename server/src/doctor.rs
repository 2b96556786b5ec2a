//! `xinfang doctor`: what is wrong with this installation, and how to mend it. Changes nothing.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};

use crate::backup;
use crate::clock::{Clock, shanghai};
use crate::config::Config;
use crate::db::{self, Conn};
use crate::lock::Lock;
use crate::schema::{audit_log, backups};
use crate::sso::Sso;
use crate::sso::provider::Error as ProviderError;
use crate::sso::settings::Settings;
use crate::{keys, outgoing, system, tls};

/// Less free space than this stops work soon.
const SPACE_NEEDED: u64 = 200 * 1024 * 1024;
/// Less than this is soon too little.
const SPACE_WANTED: u64 = 2 * 1024 * 1024 * 1024;
/// How long before its end a certificate is to be renewed.
const RENEW_DAYS: i64 = 30;
/// How far clocks may differ, in seconds.
const CLOCKS_AGREE: i64 = 60;
/// The oldest PostgreSQL that its makers still mend.
const OLDEST_POSTGRES: u32 = 14;
/// This program did not exist before.
const BORN: &str = "2026-01-01T00:00:00Z";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Well,
    Warning,
    Wrong,
}

/// What was looked at.
#[derive(Default)]
pub(crate) struct Report {
    text: String,
    warnings: usize,
    /// How much is wrong.
    pub(crate) wrong: usize,
}

impl Report {
    fn say(&mut self, level: Level, what: &str, mend: &str) {
        let mark = match level {
            Level::Well => "[正常]",
            Level::Warning => {
                self.warnings += 1;
                "[注意]"
            }
            Level::Wrong => {
                self.wrong += 1;
                "[错误]"
            }
        };
        self.text.push_str(&format!("{mark} {what}\n"));
        if level != Level::Well && !mend.is_empty() {
            self.text.push_str(&format!("       办法：{mend}\n"));
        }
    }

    fn well(&mut self, what: &str) {
        self.say(Level::Well, what, "");
    }

    fn warn(&mut self, what: &str, mend: &str) {
        self.say(Level::Warning, what, mend);
    }

    fn wrong(&mut self, what: &str, mend: &str) {
        self.say(Level::Wrong, what, mend);
    }

    /// As it is printed.
    pub(crate) fn text(&self) -> String {
        let end = match (self.wrong, self.warnings) {
            (0, 0) => "没有发现问题。".to_owned(),
            (0, warnings) => format!("没有错误，{warnings} 处请注意。"),
            (wrong, warnings) => format!("{wrong} 处错误，{warnings} 处请注意。"),
        };
        format!("{}{end}\n", self.text)
    }
}

/// Looks at all of it.
pub(crate) fn examine(config: &Config, clock: &Clock) -> Report {
    let mut report = Report::default();
    let now = clock.now();
    let running = data_directory(config, &mut report);
    key_file(config, &mut report);
    database(config, now, &mut report);
    disk(config, &mut report);
    port(config, running, &mut report);
    addresses(config, &mut report);
    certificate(config, now, &mut report);
    authorities(&mut report);
    identity_provider(config, &mut report);
    backups(config, now, &mut report);
    report
}

/// Whether others than its owner may do anything with a file.
fn is_open(path: &Path) -> bool {
    #[cfg(unix)]
    {
        std::fs::metadata(path).is_ok_and(|about| {
            std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Whether a server runs on it.
fn data_directory(config: &Config, report: &mut Report) -> bool {
    let data = &config.storage.data_dir;
    let shown = data.display();
    if !data.is_dir() {
        report.wrong(
            &format!("没有数据目录 {shown}"),
            "确认 --data-dir 或 XINFANG_DATA_DIR；第一次启动服务会建立它。",
        );
        return false;
    }
    match tempfile::Builder::new()
        .prefix(".xinfang-doctor-")
        .tempfile_in(data)
    {
        Ok(_) => report.well(&format!("数据目录 {shown} 可以写入")),
        Err(error) => report.wrong(
            &format!("数据目录 {shown} 不能写入：{error}"),
            "用运行服务的用户执行本命令，或把目录的所有者改为该用户（chown -R）。",
        ),
    }
    if is_open(data) {
        report.warn(
            &format!("数据目录 {shown} 对其他用户开放"),
            &format!("chmod 700 {shown}"),
        );
    }
    let settings = data.join("xinfang.toml");
    let secret = config.keys.key.is_some()
        || config.backup.backup_passphrase.is_some()
        || config.sso.oidc_client_secret.is_some();
    if secret && is_open(&settings) {
        report.warn(
            &format!("{} 中有密钥或口令，却对其他用户开放", settings.display()),
            &format!("chmod 600 {}", settings.display()),
        );
    }
    Lock::alone(data).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

fn key_file(config: &Config, report: &mut Report) {
    if config.keys.key.is_some() {
        match keys::configured(config) {
            Ok(_) => report.well("主密钥由 XINFANG_KEY 提供"),
            Err(error) => report.wrong(&error.to_string(), "改正 XINFANG_KEY。"),
        }
        return;
    }
    let path = config.key_file(false);
    let shown = path.display();
    if !path.exists() {
        let text = format!("没有密钥文件 {shown}");
        return match db::sqlite_file(&config.database_url(false)) {
            Some(file) if !file.exists() => {
                report.warn(&text, "第一次启动服务会建立它。");
            }
            _ => report.wrong(
                &text,
                "把原来的密钥文件放回原处，或从备份恢复；没有它，证件号码和电话读不出来。",
            ),
        };
    }
    match keys::read_file(&path) {
        Err(error) => report.wrong(&error.to_string(), "换回完好的密钥文件，或从备份恢复。"),
        Ok(_) if is_open(&path) => report.wrong(
            &format!("密钥文件 {shown} 可被其他用户读取"),
            &format!("chmod 600 {shown}"),
        ),
        Ok(_) => report.well(&format!("密钥文件 {shown} 只有所有者能读")),
    }
}

#[derive(QueryableByName)]
struct About {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamp)]
    now: NaiveDateTime,
}

fn database(config: &Config, now: DateTime<Utc>, report: &mut Report) {
    let url = config.database_url(false);
    if let Some(file) = db::sqlite_file(&url) {
        let shown = file.display();
        if !file.exists() {
            return report.warn(
                &format!("还没有数据库 {shown}"),
                "第一次启动服务会建立它；若应当有，请确认数据目录。",
            );
        }
        if is_open(&file) {
            report.warn(
                &format!("数据库文件 {shown} 对其他用户开放"),
                &format!("chmod 600 {shown}*"),
            );
        }
    }
    let mut conn = match db::reader(&url) {
        Ok(conn) => conn,
        Err(error) => {
            return report.wrong(
                &error.to_string(),
                "确认 database_url 中的地址、用户、密码，以及数据库正在运行。",
            );
        }
    };
    if let Err(error) = schema(config, &mut conn, now, report) {
        report.wrong(
            &format!("数据库出错：{error}"),
            "运行 xinfang verify 查看详情。",
        );
    }
}

fn schema(
    config: &Config,
    conn: &mut Conn,
    now: DateTime<Utc>,
    report: &mut Report,
) -> QueryResult<()> {
    let (there, known) = (db::applied(conn)?, db::known());
    if there.iter().any(|version| !known.contains(version)) {
        report.wrong("数据库由更新的版本建立", "升级程序；不要用旧程序打开它。");
        return Ok(());
    }
    if there != known {
        report.warn(
            &format!("数据库结构落后 {} 步", known.len() - there.len()),
            "先备份，再运行 xinfang migrate（启动服务时也会自动更新）。",
        );
        return Ok(());
    }
    let version = if conn.is_sqlite() {
        "SELECT 'SQLite ' || sqlite_version() AS version"
    } else {
        "SELECT current_setting('server_version_num') AS version"
    };
    let version = diesel::sql_query(version)
        .get_result::<About>(conn)?
        .version;
    match version.parse::<u32>().map(|number| number / 10_000) {
        Ok(major) if major < OLDEST_POSTGRES => report.warn(
            &format!("PostgreSQL {major} 已不再维护"),
            &format!("升级到 PostgreSQL {OLDEST_POSTGRES} 或更新的版本。"),
        ),
        Ok(major) => report.well(&format!("PostgreSQL {major}，结构是最新的")),
        Err(_) => report.well(&format!("{version}，结构是最新的")),
    }
    if let Ok(master) = keys::master(config)
        && let Err(error) = keys::matches_database(conn, &master)
    {
        report.wrong(&error.to_string(), "换回这个数据库原来的密钥。");
    }
    clock(conn, now, report)
}

fn clock(conn: &mut Conn, now: DateTime<Utc>, report: &mut Report) -> QueryResult<()> {
    let shown = |at: DateTime<Utc>| shanghai(at).format("%Y-%m-%d %H:%M:%S").to_string();
    let mend = "校准系统时间并启用自动对时（timedatectl set-ntp true）。期限都按服务器时间计算。";
    if BORN.parse::<DateTime<Utc>>().is_ok_and(|born| now < born) {
        report.wrong(&format!("系统时间是 {}，明显不对", shown(now)), mend);
        return Ok(());
    }
    if !conn.is_sqlite() {
        let there: Now = diesel::sql_query("SELECT (now() AT TIME ZONE 'UTC')::timestamp AS now")
            .get_result(conn)?;
        let apart = (there.now.and_utc() - now).num_seconds().abs();
        if apart > CLOCKS_AGREE {
            report.wrong(&format!("本机与数据库服务器的时间相差 {apart} 秒"), mend);
            return Ok(());
        }
    }
    let last: Option<NaiveDateTime> = audit_log::table
        .order(audit_log::id.desc())
        .select(audit_log::at)
        .first(conn)
        .optional()?;
    match last.map(|at| at.and_utc()) {
        Some(at) if (at - now).num_seconds() > CLOCKS_AGREE => report.wrong(
            &format!(
                "系统时间是 {}，早于最近一条审计记录（{}）：时间被调回过",
                shown(now),
                shown(at)
            ),
            mend,
        ),
        _ => report.well(&format!("系统时间 {}（北京时间）", shown(now))),
    }
    Ok(())
}

fn disk(config: &Config, report: &mut Report) {
    let Some(free) = system::free(&config.storage.data_dir) else {
        return;
    };
    let shown = format!(
        "数据目录所在磁盘剩余 {:.1} GB",
        free as f64 / 1024.0 / 1024.0 / 1024.0
    );
    let mend = "清理磁盘，或减少 backup_keep，把备份放到别的磁盘（backup_dir）。";
    if free < SPACE_NEEDED {
        report.wrong(&shown, mend);
    } else if free < SPACE_WANTED {
        report.warn(&shown, mend);
    } else {
        report.well(&shown);
    }
}

fn port(config: &Config, running: bool, report: &mut Report) {
    let listen = config.http.listen;
    match TcpListener::bind(listen) {
        Ok(_) if running => report.warn(
            &format!("有服务在使用这个数据目录，但不在 {listen} 上"),
            "确认本命令与服务使用同样的配置。",
        ),
        Ok(_) => report.well(&format!("服务没有在运行，{listen} 空闲")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            if answers(listen, config.tls.tls_certificate.is_some()) && running {
                report.well(&format!("服务正在 {listen} 上运行"));
            } else if running {
                report.wrong(
                    &format!("服务在运行，但 {listen} 没有正常应答"),
                    "查看日志（journalctl -u xinfang）。",
                );
            } else {
                report.wrong(
                    &format!("{listen} 被别的程序占用"),
                    "停止那个程序（ss -ltnp 可以查到），或改 listen 为别的端口。",
                );
            }
        }
        Err(error) => report.wrong(
            &format!("不能监听 {listen}：{error}"),
            "改 listen：小于 1024 的端口需要权限，地址须是本机的。",
        ),
    }
}

/// Whether something answers there as this program does. Through TLS nothing is asked.
fn answers(listen: SocketAddr, tls: bool) -> bool {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let patience = Duration::from_secs(3);
    let Ok(mut stream) = TcpStream::connect_timeout(&address, patience) else {
        return false;
    };
    if tls {
        return true;
    }
    let asked = stream.set_read_timeout(Some(patience)).and_then(|()| {
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    });
    let mut answer = String::new();
    asked.is_ok()
        && stream.take(4096).read_to_string(&mut answer).is_ok()
        && answer.contains("{\"status\":\"ok\"}")
}

fn addresses(config: &Config, report: &mut Report) {
    let http = &config.http;
    let has_tls = config.tls.tls_certificate.is_some();
    let local = http.listen.ip().is_loopback();
    if !has_tls && !local && http.trusted_proxies.is_empty() {
        report.warn(
            &format!("{} 对网络开放，没有加密", http.listen),
            "填写 tls_certificate 和 tls_key，或放在 HTTPS 反向代理之后并填写 trusted_proxies；手机离线功能也需要 HTTPS。",
        );
    }
    let everybody: [IpAddr; 2] = [
        Ipv4Addr::new(192, 0, 2, 1).into(),
        Ipv4Addr::new(203, 0, 113, 1).into(),
    ];
    if everybody
        .iter()
        .all(|address| http.trusted_proxies.contains(*address))
    {
        report.wrong(
            "trusted_proxies 信任所有地址：任何人都能伪造来源地址",
            "只填写反向代理自己的地址，如 127.0.0.1。",
        );
    }
    let public = http.public_url.trim();
    if public.is_empty() {
        report.warn(
            "没有填写 public_url",
            "填写群众能打开的网址，如 https://xinfang.example.gov.cn；它印在登记回执的二维码里。",
        );
    } else if !public.starts_with("https://") && !public.starts_with("http://") {
        report.wrong(
            &format!("public_url（{public}）不是网址"),
            "写成 https://… 的形式。",
        );
    } else if public.starts_with("http://") {
        report.warn(
            &format!("public_url（{public}）没有加密"),
            "群众查询时编号和查询码会明文传输，请启用 HTTPS。",
        );
    } else {
        report.well(&format!("群众查询网址 {public}"));
    }
}

fn certificate(config: &Config, now: DateTime<Utc>, report: &mut Report) {
    let files = match tls::Files::of(config) {
        Ok(None) => return,
        Ok(Some(files)) => files,
        Err(error) => return report.wrong(&error.to_string(), "补上另一项。"),
    };
    if let Err(error) = files.load() {
        return report.wrong(&error.to_string(), "换成有效的证书和私钥（PEM）。");
    }
    match files.expiry() {
        Err(error) => report.wrong(&error.to_string(), "换成有效的证书（PEM）。"),
        Ok(end) => {
            let days = (end - now.timestamp()).div_euclid(86_400);
            let mend = "续签证书，覆盖原文件即可，一分钟内自动生效。";
            if days < 0 {
                report.wrong("TLS 证书已经过期", mend);
            } else if days < RENEW_DAYS {
                report.warn(&format!("TLS 证书还有 {days} 天过期"), mend);
            } else {
                report.well(&format!("TLS 证书还有 {days} 天"));
            }
        }
    }
}

/// Whether this machine has the certificates by which foreign servers are known. Without them no robot, no
/// webhook and no identity provider is reached.
fn authorities(report: &mut Report) {
    match outgoing::check() {
        Ok(()) => report.well("系统的 CA 证书可以读取"),
        Err(_) => report.wrong(
            "读不到系统的 CA 证书：群机器人、事件推送、统一身份认证都不能用",
            "安装系统的 CA 证书（apt install ca-certificates），再重启服务；设置了 SSL_CERT_FILE 或 SSL_CERT_DIR 的，确认那里是 PEM 证书。",
        ),
    }
}

/// Whether people can sign in by the identity provider now.
fn identity_provider(config: &Config, report: &mut Report) {
    let settings = match Settings::of(config) {
        Ok(None) => return,
        Ok(Some(settings)) => settings,
        Err(wrong) => {
            let mend = format!("改正 xinfang.toml 中 [sso] 的 {}。", wrong.setting);
            return report.wrong(&wrong.to_string(), &mend);
        }
    };
    let sso = &config.sso;
    if settings.secret.is_none() {
        report.warn(
            "统一身份认证没有客户端密钥",
            "在平台上把客户端设为机密（confidential），填写 oidc_client_secret_file。",
        );
    }
    if sso.oidc_client_secret.is_none()
        && sso.oidc_client_secret_file.as_deref().is_some_and(is_open)
    {
        report.wrong("客户端密钥文件可被其他用户读取", "chmod 600 该文件。");
    }
    if settings.is_plain() {
        report.warn(
            "身份认证平台的地址没有加密：内网里有人能冒充它，以任何人的身份登录",
            "请平台启用 HTTPS，把 oidc_issuer 改为 https:// 开头。",
        );
    }
    if settings.comes_back_plain() {
        report.warn(
            "从身份认证平台回来的网址没有加密",
            "启用 HTTPS，把 oidc_site 改为 https:// 开头。",
        );
    }
    let (name, redirect) = (settings.name, settings.redirect);
    let provider = Sso::new(config);
    let Some(provider) = provider.provider() else {
        return;
    };
    match actix_web::rt::System::new().block_on(provider.look()) {
        Ok(()) => report.well(&format!("{name}可以使用，回调地址是 {}", redirect.as_str())),
        // The server runs all the same, and people sign in with passwords.
        Err(error @ ProviderError::Unreached(_)) => report.warn(
            &format!("{name}：{error}"),
            "确认 oidc_issuer 在这台机器上打得开（网络、DNS、防火墙、证书）；期间用密码登录。",
        ),
        Err(error) => report.wrong(
            &format!("{name}：{error}"),
            "oidc_issuer 应与平台的 .well-known/openid-configuration 中的 issuer 一字不差。",
        ),
    }
}

fn backups(config: &Config, now: DateTime<Utc>, report: &mut Report) {
    match backup::passphrase(config) {
        Ok(_) => report.well("备份口令已设置"),
        Err(error) => report.wrong(
            &format!("不能备份：{error}"),
            "xinfang recovery-key 文件，并把口令抄一份锁进保险柜。",
        ),
    }
    if config
        .backup
        .backup_passphrase_file
        .as_deref()
        .is_some_and(is_open)
    {
        report.wrong("备份口令文件可被其他用户读取", "chmod 600 该文件。");
    }
    if config.backup_every().is_none() {
        report.warn(
            "没有设置自动备份",
            "在 xinfang.toml 的 [backup] 中写 backup_every_hours = 24。",
        );
    }
    let url = config.database_url(false);
    let Ok(mut conn) = db::reader(&url) else {
        return;
    };
    if !db::applied(&mut conn).is_ok_and(|there| there == db::known()) {
        return;
    }
    let last = backups::table
        .filter(backups::error.is_null())
        .order(backups::at.desc())
        .select((backups::at, backups::file))
        .first::<(NaiveDateTime, String)>(&mut conn)
        .optional();
    if let Ok(last) = last {
        backup_age(config, now, last, report);
    }
}

fn backup_age(
    config: &Config,
    now: DateTime<Utc>,
    last: Option<(NaiveDateTime, String)>,
    report: &mut Report,
) {
    let mend = "运行 xinfang backup，并把备份文件复制到另一台机器或移动硬盘。";
    let Some((at, file)) = last else {
        return report.wrong("还没有做过备份", mend);
    };
    let age = (now - at.and_utc()).num_seconds().max(0).unsigned_abs();
    let shown = format!("最近一次备份在 {} 小时前（{file}）", age / 3600);
    if shared::system::overdue(config.backup_every(), Some(age), false) {
        report.wrong(&shown, mend);
    } else {
        report.well(&shown);
    }
}
