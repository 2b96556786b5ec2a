//! The command line.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use shared::account::{NewUser, User};
use shared::audit::AuditAction;
use shared::ids::{UnitId, UserId};
use shared::org::Unit;
use shared::role::Role;
use shared::setup::{Template, short_name};
use shared::validate::Errors;

use crate::account;
use crate::audit::{self, Entry};
use crate::backup;
use crate::clock::Clock;
use crate::config::{Config, Flags, LogFormat};
use crate::context::RequestContext;
use crate::db::{Conn, Db};
use crate::directory::Snapshot;
use crate::error::ApiError;
use crate::lock::Lock;
use crate::org::townships::{self, NewCounty};
use crate::session::{password, store as sessions};
use crate::sso::settings::Settings;
use crate::state::State;
use crate::{app, config, db, demo, doctor, import, openapi, org, second_factor, setup};

/// 信访三无工作台：一个程序，浏览器使用，数据在本机。
#[derive(Debug, Parser)]
#[command(name = "xinfang", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务
    Serve {
        /// 演示：使用虚构数据和单独的数据库
        #[arg(long)]
        demo: bool,
    },
    /// 建立或更新数据库结构
    Migrate,
    /// 显示生效的配置（不含密钥和密码）
    Config,
    /// 管理用户
    #[command(subcommand)]
    Admin(Admin),
    /// 导入手工台账
    Import(import::cli::Import),
    /// 备份数据库、附件和密钥（加密，不需要停止服务）
    Backup(backup::cli::Backup),
    /// 把备份恢复到空的位置（须先停止服务）
    Restore(backup::cli::Restore),
    /// 核对数据库、附件和审计记录是否完好
    Verify(backup::cli::Verify),
    /// 检查这个安装有没有问题，并说明怎样解决
    Doctor,
    /// 把全部数据迁移到另一个空的数据库（须先停止服务）
    Transfer(backup::cli::Transfer),
    /// 生成备份口令
    RecoveryKey(backup::cli::RecoveryKey),
    /// 输出 OpenAPI 文档
    Openapi,
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// 新增用户，显示一次初始密码
    CreateUser(CreateUser),
    /// 在现有乡镇之上建立县级，以后可以新建其他乡镇；显示一次县级系统管理员的初始密码
    CreateCounty(CreateCounty),
    /// 重置密码，显示一次新的初始密码
    ResetPassword {
        /// 用户名
        #[arg(long)]
        username: String,
    },
    /// 重置两步验证：手机和恢复码都丢了时用，下次登录只凭密码
    ResetTotp {
        /// 用户名
        #[arg(long)]
        username: String,
    },
}

#[derive(Debug, Args)]
struct CreateUser {
    /// 用户名
    #[arg(long)]
    username: String,
    /// 姓名
    #[arg(long)]
    name: String,
    /// 角色代码，如 administrator、coordination_office
    #[arg(long, default_value = "administrator")]
    role: Role,
    /// 单位名称；重名时写“五里墩村/1社”，默认为乡镇
    #[arg(long)]
    unit: Option<String>,
    /// 还没有任何单位时，先建立这个乡镇
    #[arg(long, value_name = "NAME")]
    township: Option<String>,
}

#[derive(Debug, Args)]
struct CreateCounty {
    /// 县（区）的名称
    #[arg(long)]
    county: String,
    /// 县级系统管理员的用户名
    #[arg(long)]
    username: String,
    /// 县级系统管理员的姓名
    #[arg(long)]
    name: String,
    /// 在演示数据上试用
    #[arg(long)]
    demo: bool,
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    App(#[from] app::Error),
    #[error(transparent)]
    Database(#[from] db::Error),
    #[error("数据库出错：{0}")]
    Query(#[from] diesel::result::Error),
    #[error(transparent)]
    Demo(#[from] demo::Error),
    #[error(transparent)]
    Password(#[from] password::Error),
    #[error(transparent)]
    Import(#[from] import::cli::CliError),
    #[error(transparent)]
    Backup(#[from] backup::Error),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The log has said why.
    #[error("见日志")]
    Logged,
}

/// Of events that are logged whatever the level: where the log is no JSON, they are printed.
const SAID: &str = "xinfang::said";

/// Runs the command line.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Logged) => ExitCode::FAILURE,
        Err(error) => {
            // Where nobody reads it, nobody is left to tell.
            drop(writeln!(std::io::stderr(), "错误：{error}"));
            match error {
                Error::Import(error) => ExitCode::from(error.exit_code()),
                // It ran, and found something; 1 is that it did not run.
                Error::Backup(backup::Error::Found(_)) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn run(cli: Cli) -> Result<(), Error> {
    if matches!(cli.command, Command::Openapi) {
        return print(openapi::text());
    }
    let config = Config::load(&cli.flags)?;
    if matches!(cli.command, Command::Config) {
        return print(&config.show());
    }
    start_log(&config)?;
    let clock = clock()?;
    match cli.command {
        Command::Serve { demo } => {
            let format = config.log.log_format;
            serve(config, clock, demo).map_err(|error| match format {
                LogFormat::Text => error,
                LogFormat::Json => {
                    tracing::error!(target: SAID, %error, "服务结束");
                    Error::Logged
                }
            })
        }
        Command::Migrate => migrate(&config),
        Command::Admin(Admin::CreateUser(input)) => {
            create_user(&State::open(config, clock, false)?, input)
        }
        Command::Admin(Admin::CreateCounty(input)) => {
            create_county(&State::open(config, clock, input.demo)?, input)
        }
        Command::Admin(Admin::ResetPassword { username }) => {
            reset_password(&State::open(config, clock, false)?, &username)
        }
        Command::Admin(Admin::ResetTotp { username }) => {
            reset_totp(&State::open(config, clock, false)?, &username)
        }
        Command::Import(input) => print(&import::cli::run(&input, config, &clock)?),
        Command::Backup(input) => print(&backup::cli::backup(&input, &config, &clock)?),
        Command::Restore(input) => print(&backup::cli::restore(&input, &config, &clock)?),
        Command::Transfer(input) => print(&backup::cli::transfer(&input, &config, &clock)?),
        Command::Verify(input) => Ok(backup::cli::verify(&input, &config, |text| {
            drop(print(text));
        })?),
        Command::Doctor => {
            let report = doctor::examine(&config, &clock);
            print(&report.text())?;
            match report.wrong {
                0 => Ok(()),
                some => Err(backup::Error::Found(some).into()),
            }
        }
        Command::RecoveryKey(input) => print(&backup::cli::recovery_key(&input)?),
        Command::Config | Command::Openapi => Ok(()),
    }
}

/// Prints lines; a reader that has gone (`| head`) is no error.
fn print(text: &str) -> Result<(), Error> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Logs go to the standard error, so that what a command prints stays by itself. A reader that has gone is no
/// error: whoever logs goes on.
fn start_log(config: &Config) -> Result<(), Error> {
    let level = &config.log.log_level;
    let filter = tracing_subscriber::EnvFilter::try_new(level)
        .map_err(|error| Error::Refused(format!("日志级别“{level}”无效：{error}")))?;
    // In words it is said at any level, too.
    let filter = match format!("{SAID}=info").parse() {
        Ok(always) => filter.add_directive(always),
        Err(_) => filter,
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would be said on the standard error, with a panic where that is closed.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match config.log.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => {
            log.json().flatten_event(true).init();
            std::panic::set_hook(Box::new(|panic| {
                tracing::error!(target: SAID, %panic, "a thread panicked");
            }));
        }
    }
    Ok(())
}

/// The system's clock, or, for tests, one that starts where `XINFANG_TEST_CLOCK` says.
fn clock() -> Result<Clock, Error> {
    let Ok(text) = std::env::var("XINFANG_TEST_CLOCK") else {
        return Ok(Clock::system());
    };
    let start = chrono::DateTime::parse_from_rfc3339(&text)
        .map_err(|error| Error::Refused(format!("XINFANG_TEST_CLOCK 无效：{error}")))?;
    tracing::warn!(
        start = text,
        "时间从 XINFANG_TEST_CLOCK 指定的时刻开始，仅供测试"
    );
    Ok(Clock::starting_at(start.to_utc()))
}

fn serve(config: Config, clock: Clock, demo: bool) -> Result<(), Error> {
    // Told before anything is opened; a provider that does not answer keeps nothing from starting.
    let provider = Settings::of(&config).map_err(|wrong| Error::Refused(wrong.to_string()))?;
    if let Some(provider) = provider {
        tracing::info!(issuer = provider.issuer.as_str(), "统一身份认证已启用");
    }
    // The demo's data is not restored.
    let _lock = (!demo).then(|| lock(&config)).transpose()?;
    let state = State::open(config, clock, demo)?;
    if demo {
        demo::load(&state)?;
    }
    let new = state.clone();
    Ok(actix_web::rt::System::new().block_on(app::serve(state, move || announce(&new)))?)
}

/// Says where it listens: in words, or, where the log is read by a program, as events of the log.
fn announce(state: &State) {
    if state.config.log.log_format == LogFormat::Text {
        // Where nobody reads it, it serves all the same.
        return drop(print(&greeting(state)));
    }
    tracing::info!(target: SAID, url = url_of(state), "xinfang 已启动");
    if state.demo {
        for (role, username, password) in demo::sign_ins() {
            tracing::info!(target: SAID, role, username, password, "演示数据的登录");
        }
    }
}

/// Keeps a restore away while the server runs.
fn lock(config: &Config) -> Result<Lock, Error> {
    let data = &config.storage.data_dir;
    backup::create_private(data)?;
    Ok(Lock::shared(data)?)
}

/// The address, and in the demo one line a sign-in: role, user name, password.
fn greeting(state: &State) -> String {
    let mut lines = format!("xinfang 已启动，请用浏览器打开：\n{}\n", url_of(state));
    if state.demo {
        lines.push_str("演示数据，均为虚构。登录（角色 用户名 密码）：\n");
        for (role, username, password) in demo::sign_ins() {
            lines.push_str(&format!("{role} {username} {password}\n"));
        }
    }
    lines
}

/// An address that a browser on this machine can open.
fn url_of(state: &State) -> String {
    let mut listen = state.config.http.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let scheme = match state.config.tls.tls_certificate {
        Some(_) => "https",
        None => "http",
    };
    format!("{scheme}://{listen}/")
}

fn migrate(config: &Config) -> Result<(), Error> {
    let db = Db::open(&config.database_url(false), 1)?;
    match db.migrated() {
        [] => print("数据库结构已是最新。\n"),
        names => print(&format!("已更新数据库结构：{}\n", names.join("、"))),
    }
}

fn create_county(state: &State, input: CreateCounty) -> Result<(), Error> {
    let input = NewCounty {
        name: input.county,
        username: input.username,
        administrator: input.name,
    };
    refuse(input.check())?;
    let initial = password::initial();
    let hash = password::hash(&initial)?;
    let context = RequestContext::local(&state.clock);
    let user = state.db.write_blocking(move |conn| {
        townships::put_county_above(conn, &context, &input, &hash)
            .map_err(|error| refused(ApiError::from(error)))
    })?;
    print(&format!(
        "已建立县级。系统管理员 {}，初始密码（首次登录须修改）：\n{initial}\n",
        user.username
    ))
}

fn create_user(state: &State, input: CreateUser) -> Result<(), Error> {
    let initial = password::initial();
    let hash = password::hash(&initial)?;
    let context = RequestContext::local(&state.clock);
    let user = state
        .db
        .write_blocking(move |conn| insert_user(conn, &context, input, &hash))?;
    print(&format!(
        "已新增用户 {}，初始密码（首次登录须修改）：\n{initial}\n",
        user.username
    ))
}

fn insert_user(
    conn: &mut Conn,
    context: &RequestContext,
    input: CreateUser,
    hash: &str,
) -> Result<User, Error> {
    let units = match (org::store::all(conn)?, input.township) {
        (units, None) if units.is_empty() => {
            let message = "还没有任何单位。请先在浏览器中完成初始设置，或加 --township 乡镇名称。";
            return Err(Error::Refused(message.to_owned()));
        }
        (units, Some(name)) if units.is_empty() => {
            let units = setup::template::units(Template::Empty, &name, &short_name(None, &name));
            setup::service::insert_units(conn, context, &units)?;
            units
        }
        (units, _) => units,
    };
    let unit = find_unit(&units, input.unit.as_deref())?;
    let new = NewUser {
        username: input.username,
        name: input.name,
        role: input.role,
        unit_id: unit.id.clone(),
        duty: None,
        service: false,
    };
    let mut errors = new.check();
    if !input.role.belongs_in(unit.kind) {
        errors.add("unit_id", "misplaced", "这个角色不能设在这个单位。");
    }
    refuse(errors)?;
    let user = account::service::user_of(new);
    account::service::insert(conn, context, &user, hash).map_err(|error| refused(error.into()))?;
    let entry = Entry::new(
        AuditAction::UserWrite,
        format!("命令行新增用户“{}”", user.name),
    );
    let township = Snapshot::township_of_user(conn, user.id.as_str())?;
    audit::append_of(conn, context, township.as_ref(), Some("命令行"), entry)?;
    Ok(user)
}

/// What an API error says, with its fields.
fn refused(error: ApiError) -> Error {
    let fields = error.errors.iter().map(|field| field.message.as_str());
    let fields: Vec<&str> = fields.collect();
    if fields.is_empty() {
        return Error::Refused(error.detail.into_owned());
    }
    Error::Refused(fields.join(""))
}

fn refuse(errors: Errors) -> Result<(), Error> {
    let say = |errors: Vec<shared::problem::FieldError>| {
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Error::Refused(messages.join(""))
    };
    errors.into_result().map_err(say)
}

/// The unit of this name, or `村/社`; without a name the topmost.
fn find_unit<'a>(units: &'a [Unit], name: Option<&str>) -> Result<&'a Unit, Error> {
    let refused = |message: String| Err(Error::Refused(message));
    let Some(name) = name else {
        let top = units.iter().find(|unit| unit.parent_id.is_none());
        return top.map_or_else(|| refused("没有乡镇。".to_owned()), Ok);
    };
    let name_of = |id: &UnitId| {
        units
            .iter()
            .find(|unit| unit.id == *id)
            .map(|unit| &*unit.name)
    };
    let is_it = |unit: &&Unit| match name.split_once('/') {
        Some((above, own)) => {
            unit.name == own && unit.parent_id.as_ref().and_then(name_of) == Some(above)
        }
        None => unit.name == name,
    };
    let mut found = units.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(unit), None) => Ok(unit),
        (None, _) => refused(format!("没有名为“{name}”的单位。")),
        (Some(_), Some(_)) => refused(format!("有多个名为“{name}”的单位，请写成“上级/名称”。")),
    }
}

fn reset_password(state: &State, username: &str) -> Result<(), Error> {
    let initial = password::initial();
    let hash = password::hash(&initial)?;
    let context = RequestContext::local(&state.clock);
    let (name, now) = (username.to_owned(), context.now);
    state.db.write_blocking(move |conn| {
        let unknown = || Error::Refused(format!("没有用户名为“{name}”的用户。"));
        let user = account::store::by_username(conn, &name)?.ok_or_else(unknown)?;
        if user.service {
            return Err(Error::Refused(account::service::NO_PASSWORD.to_owned()));
        }
        let id = UserId::as_str(&user.id);
        account::store::set_password(conn, id, &hash, true, now)?;
        sessions::end_all(conn, id, None, "password", now)?;
        let entry = Entry::new(
            AuditAction::Password,
            format!("命令行重置“{}”的密码", user.name),
        );
        let township = Snapshot::township_of_user(conn, id)?;
        Ok::<_, Error>(audit::append_of(
            conn,
            &context,
            township.as_ref(),
            Some("命令行"),
            entry,
        )?)
    })?;
    print(&format!(
        "已重置 {username} 的密码，初始密码（首次登录须修改）：\n{initial}\n"
    ))
}

fn reset_totp(state: &State, username: &str) -> Result<(), Error> {
    let context = RequestContext::local(&state.clock);
    let name = username.to_owned();
    state.db.write_blocking(move |conn| {
        let unknown = || Error::Refused(format!("没有用户名为“{name}”的用户。"));
        let user = account::store::by_username(conn, &name)?.ok_or_else(unknown)?;
        let entry = second_factor::service::reset_in(conn, &user, context.now)
            .map_err(|error| refused(error.into()))?;
        let entry = Entry {
            detail: format!("命令行{}", entry.detail),
            ..entry
        };
        let township = Snapshot::township_of_user(conn, user.id.as_str())?;
        Ok::<_, Error>(audit::append_of(
            conn,
            &context,
            township.as_ref(),
            Some("命令行"),
            entry,
        )?)
    })?;
    print(&format!(
        "已重置 {username} 的两步验证，下次登录只凭密码。\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        let cli = Cli::parse_from(["xinfang", "serve", "--demo", "--listen", "127.0.0.1:0"]);
        assert_eq!(cli.flags.listen.as_deref(), Some("127.0.0.1:0"));
    }

    /// What `cargo xtask dist` makes: not there where nobody has run it.
    const SHIPPED: &str = "target/dist/xinfang";

    fn workspace() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn file(path: &str) -> String {
        std::fs::read_to_string(workspace().join(path)).unwrap()
    }

    /// What stands behind each line's beginning.
    fn lines_of<'a>(text: &'a str, beginning: &'a str) -> impl Iterator<Item = &'a str> {
        text.lines()
            .filter_map(move |line| line.strip_prefix(beginning))
    }

    fn is_command(words: &[&str]) -> bool {
        let line = std::iter::once("xinfang").chain(words.iter().copied());
        Cli::try_parse_from(line).is_ok()
    }

    /// Everything that the package is made of is there, and what it installs finds what it names.
    #[test]
    fn the_debian_package_is_of_one_piece() {
        assert!(file("xtask/src/server.rs").contains("cargo::target().join(\"dist\")"));
        let manifest: toml::Table = file("server/Cargo.toml").parse().unwrap();
        let deb = &manifest["package"]["metadata"]["deb"];
        let texts = |value: &toml::Value| -> Vec<String> {
            let values = value.as_array().unwrap().iter();
            values
                .map(|value| value.as_str().unwrap().to_owned())
                .collect()
        };
        let there = |path: &str| workspace().join("server").join(path).exists();
        let mut installed = Vec::new();
        for asset in deb["assets"].as_array().unwrap() {
            let asset = texts(asset);
            assert!(
                asset[0] == format!("../{SHIPPED}") || there(&asset[0]),
                "{}",
                asset[0]
            );
            installed.push(format!("/{}", asset[1]));
        }
        let is_installed = |path: &str| installed.iter().any(|known| known == path);
        assert!(there(&texts(&deb["license-file"])[0]));
        for path in texts(&deb["conf-files"]) {
            assert!(is_installed(&path), "{path}");
        }
        for script in ["postinst", "postrm"] {
            let folder = deb["maintainer-scripts"].as_str().unwrap();
            assert!(there(&format!("{folder}{script}")), "{script}");
        }
        let depends = deb["depends"].as_str().unwrap();
        assert!(depends.split(", ").any(|name| name == "ca-certificates"));

        let name = deb["systemd-units"]["unit-name"].as_str().unwrap();
        let unit = file(&format!("packaging/{name}.service"));
        let starts: Vec<&str> = lines_of(&unit, "ExecStart=").collect();
        assert_eq!(starts.len(), 1);
        let words: Vec<&str> = starts[0].split(' ').collect();
        assert!(
            is_installed(words[0]) && is_command(&words[1..]),
            "{starts:?}"
        );
        let named = lines_of(&unit, "Documentation=file://")
            .chain(lines_of(&unit, "Environment=XINFANG_CONFIG="));
        let named: Vec<&str> = named.collect();
        assert_eq!(named.len(), 2);
        let control = file("packaging/xinfangctl");
        let control = control
            .split(' ')
            .map(|word| word.strip_prefix("XINFANG_CONFIG=").unwrap_or(word))
            .filter(|word| word.starts_with("/usr/") || word.starts_with("/etc/"));
        let control: Vec<&str> = control.collect();
        assert_eq!(control.len(), 2, "settings and program");
        for path in named.into_iter().chain(control) {
            assert!(is_installed(path), "{path}");
        }
    }

    #[test]
    fn the_container_starts_what_is_copied_into_it() {
        let container = file("packaging/Containerfile");
        let mut copied = Vec::new();
        for line in lines_of(&container, "COPY ") {
            let (from, to) = line.split_once(' ').unwrap();
            assert!(from == SHIPPED || workspace().join(from).exists(), "{from}");
            copied.push(to);
        }
        let words = |instruction: &str| -> Vec<String> {
            let found: Vec<&str> = lines_of(&container, instruction).collect();
            assert_eq!(found.len(), 1, "{instruction}");
            serde_json::from_str(found[0]).unwrap()
        };
        assert_eq!(words("ENTRYPOINT "), copied);
        let command = words("CMD ");
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        assert!(is_command(&command), "{command:?}");
        assert!(container.contains("ca-certificates"));
    }

    /// The settings that the package brings are settings.
    #[test]
    fn the_packages_settings_are_read() {
        let flags = Flags {
            config: Some(workspace().join("packaging/xinfang.toml")),
            ..Flags::default()
        };
        assert!(Config::load(&flags).is_ok());
        // Those that wait for their `#` to be taken away, too.
        let text = file("packaging/xinfang.toml");
        let settings: Vec<&str> = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") => rest,
                _ => line,
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("xinfang.toml");
        std::fs::write(&whole, settings.join("\n")).unwrap();
        let flags = Flags {
            config: Some(whole),
            ..Flags::default()
        };
        let read = Config::load(&flags).unwrap();
        assert_eq!(read.backup_every(), Some(24));
    }

    #[test]
    fn units_are_found_by_name_or_path() {
        let units = setup::template::units(Template::Pingchuan, "平川镇", "平川");
        let name = |path| find_unit(&units, path).map(|unit| unit.name.clone());
        assert_eq!(name(None).unwrap(), "平川镇");
        assert_eq!(name(Some("五里墩村")).unwrap(), "五里墩村");
        assert_eq!(name(Some("五里墩村/1社")).unwrap(), "1社");
        assert!(name(Some("1社")).is_err(), "several");
        assert!(name(Some("没有")).is_err());
    }
}
