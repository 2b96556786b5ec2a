//! Configuration: flags, then `XINFANG_*` variables, then a TOML file, then the default.
//!
//! One struct a concern. Each setting is declared once, below, with its documentation, its flag,
//! its variable and its default; the command line, the file's reader and `xinfang config` follow
//! from the declaration.

use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that its setting does not take.
    #[error("{source_name} 的值“{value}”无效：{why}")]
    Value {
        /// Where it came from: a flag, a variable, or a key of the file.
        source_name: String,
        /// What it was; hidden for secrets.
        value: String,
        /// What would be right.
        why: String,
    },
    /// A file that cannot be read.
    #[error("无法读取配置文件 {path}：{source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that is not TOML.
    #[error("配置文件 {path} 不是有效的 TOML：{source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: toml::de::Error,
    },
    /// A key that no setting has.
    #[error("配置文件 {path} 中有不认识的项：{key}")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
}

/// Where values come from, in order: flags, variables, file.
struct Sources<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    file: toml::Table,
    path: PathBuf,
}

impl Sources<'_> {
    /// The first source that has the setting, with its name.
    fn find(
        &self,
        flag: (&str, Option<&String>),
        variables: &[&str],
        key: (&str, &str),
    ) -> Option<(String, String)> {
        if let Some(value) = flag.1 {
            return Some((format!("--{}", flag.0.replace('_', "-")), value.clone()));
        }
        for name in variables {
            if let Some(value) = (self.variable)(name).filter(|value| !value.is_empty()) {
                return Some(((*name).to_owned(), value));
            }
        }
        let value = self.file.get(key.0)?.as_table()?.get(key.1)?;
        let text = match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((
            format!("{} 的 {}.{}", self.path.display(), key.0, key.1),
            text,
        ))
    }

    fn reject_unknown(&self, known: &[(&str, &[&str])]) -> Result<(), Error> {
        let unknown = |key: String| Error::UnknownKey {
            path: self.path.clone(),
            key,
        };
        for (section, value) in &self.file {
            let Some((_, keys)) = known.iter().find(|(name, _)| name == section) else {
                return Err(unknown(section.clone()));
            };
            for key in value.as_table().into_iter().flat_map(toml::Table::keys) {
                if !keys.contains(&key.as_str()) {
                    return Err(unknown(format!("{section}.{key}")));
                }
            }
        }
        Ok(())
    }
}

fn parse<T: Setting>(found: Option<(String, String)>, default: &str) -> Result<T, Error> {
    let (source_name, text) = found.unwrap_or_else(|| ("默认值".to_owned(), default.to_owned()));
    T::read(&text).map_err(|why| Error::Value {
        source_name,
        value: if T::SECRET { "…".to_owned() } else { text },
        why,
    })
}

/// A value that can be set.
trait Setting: Sized {
    const SECRET: bool = false;
    fn read(text: &str) -> Result<Self, String>;
    fn show(&self) -> String;
}

macro_rules! settings_from_text {
    ($($name:ty => $why:literal),+ $(,)?) => {$(
        impl Setting for $name {
            fn read(text: &str) -> Result<Self, String> {
                text.trim().parse().map_err(|_| $why.to_owned())
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

settings_from_text! {
    SocketAddr => "应为 地址:端口，如 127.0.0.1:8080",
    u32 => "应为非负整数",
    bool => "应为 true 或 false",
    Proxies => "应为逗号分隔的地址或网段，如 127.0.0.1,10.0.0.0/8",
    LogFormat => "应为 text 或 json",
}

impl Setting for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.trim().to_owned())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            Err("路径为空".to_owned())
        } else {
            Ok(Self::from(text.trim()))
        }
    }
    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl<T: Setting> Setting for Option<T> {
    const SECRET: bool = T::SECRET;
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Ok(None)
        } else {
            T::read(text).map(Some)
        }
    }
    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Setting for Secret {
    const SECRET: bool = true;
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.trim().to_owned()))
    }
    fn show(&self) -> String {
        "（已隐藏）".to_owned()
    }
}

/// A database's address; printed without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address with everything in it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show())
    }
}

impl Setting for DatabaseUrl {
    const SECRET: bool = true;
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            None | Some("postgres" | "postgresql" | "sqlite" | "file") => Ok(Self(text.to_owned())),
            Some(_) => Err("应为 postgres://… 或 SQLite 文件路径".to_owned()),
        }
    }
    fn show(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return self.0.clone();
        };
        // The parameters may carry a password, too.
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        match rest.rsplit_once('@') {
            Some((user, host)) => {
                let user = user.split_once(':').map_or(user, |(user, _)| user);
                format!("{scheme}://{user}:…@{host}")
            }
            None => format!("{scheme}://{rest}"),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

impl Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

impl Proxies {
    /// Whether the address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|(network, bits)| match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    let shift = 32 - u32::from(*bits);
                    network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    let shift = 128 - u32::from(*bits);
                    network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
                }
                _ => false,
            })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Proxies {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let network = |text: &str| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().map_err(|_| ())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).map_err(|_| ())?;
            if bits <= most {
                Ok((address, bits))
            } else {
                Err(())
            }
        };
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (address, bits)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{address}/{bits}")?;
        }
        Ok(())
    }
}

macro_rules! concerns {
    ($(
        $(#[$meta:meta])*
        $concern:ident in $section:ident {
            $( $(#[doc = $doc:literal])+ $key:ident : $type:ty = $default:literal, [$($variable:literal),+]; )+
        }
    )+) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $concern {
                $( $(#[doc = $doc])+ pub $key: $type, )+
            }
        )+

        /// The settings as flags; each may stand before or after the subcommand.
        #[derive(Debug, Clone, Default, clap::Args)]
        pub struct Flags {
            /// 配置文件（TOML）；默认读取数据目录中的 xinfang.toml（如果有）
            #[arg(long, global = true, value_name = "FILE")]
            pub config: Option<PathBuf>,
            $($(
                $(#[doc = $doc])+
                #[arg(long, global = true, value_name = "VALUE")]
                pub $key: Option<String>,
            )+)+
        }

        /// Everything that is in force.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Config {
            $( $(#[$meta])* pub $section: $concern, )+
        }

        impl Config {
            fn resolve(flags: &Flags, sources: &Sources<'_>) -> Result<Self, Error> {
                sources.reject_unknown(&[
                    $( (stringify!($section), &[$( stringify!($key), )+]), )+
                ])?;
                Ok(Self {$(
                    $section: $concern {$(
                        $key: parse(
                            sources.find(
                                (stringify!($key), flags.$key.as_ref()),
                                &[$($variable),+],
                                (stringify!($section), stringify!($key)),
                            ),
                            $default,
                        )?,
                    )+},
                )+})
            }

            /// What is in force, as a file that `--config` takes; secrets are hidden.
            pub fn show(&self) -> String {
                let mut text = String::new();
                $(
                    text.push_str(&format!("[{}]\n", stringify!($section)));
                    $(
                        $( text.push_str(&format!("# {}\n", $doc.trim())); )+
                        text.push_str(&format!(
                            "{} = {}  # {}\n",
                            stringify!($key),
                            toml::Value::String(self.$section.$key.show()),
                            [$($variable),+].join(", "),
                        ));
                    )+
                    text.push('\n');
                )+
                text
            }
        }
    };
}

concerns! {
    /// Where and how the server listens.
    Http in http {
        /// 监听地址
        listen: SocketAddr = "127.0.0.1:8080", ["XINFANG_LISTEN"];
        /// 工作线程数，0 表示与处理器核数相同
        workers: u32 = "0", ["XINFANG_WORKERS"];
        /// 受信任的反向代理（逗号分隔的地址或网段），只有它们的 X-Forwarded-For 可信
        trusted_proxies: Proxies = "", ["XINFANG_TRUSTED_PROXIES"];
        /// 单个上传文件的上限（MB）
        upload_limit_mb: u32 = "20", ["XINFANG_UPLOAD_LIMIT_MB"];
        /// 群众能打开的网址（如 https://xinfang.example.gov.cn），印在登记回执上；不填就用工作人员打开系统的网址
        public_url: String = "", ["XINFANG_PUBLIC_URL"];
        /// 群机器人另外可以发往的主机（逗号分隔的 主机 或 主机:端口），可以不经 TLS；默认只有企业微信、钉钉、飞书
        robot_hosts: String = "", ["XINFANG_ROBOT_HOSTS"];
        /// 停止服务时等待进行中请求的秒数
        shutdown_seconds: u32 = "30", ["XINFANG_SHUTDOWN_SECONDS"];
    }
    /// Where data lies.
    Storage in storage {
        /// 数据目录
        data_dir: PathBuf = "./data", ["XINFANG_DATA_DIR"];
        /// 数据库：SQLite 文件路径或 postgres:// 地址；默认是数据目录中的 xinfang.db
        database_url: Option<DatabaseUrl> = "", ["XINFANG_DATABASE_URL", "DATABASE_URL"];
        /// 数据库连接池大小
        pool_size: u32 = "6", ["XINFANG_POOL_SIZE"];
    }
    /// The key under which numbers of people are encrypted and tokens are signed.
    Keys in keys {
        /// 主密钥（32 字节的 base64）；设置后不读密钥文件
        key: Option<Secret> = "", ["XINFANG_KEY"];
        /// 密钥文件；默认是数据目录中的 xinfang.key
        key_file: Option<PathBuf> = "", ["XINFANG_KEY_FILE"];
    }
    /// How long a sign-in lasts, and how attempts are limited.
    Session in session {
        /// 访问令牌的有效分钟数
        access_minutes: u32 = "15", ["XINFANG_ACCESS_MINUTES"];
        /// 登录多少小时不用就失效
        refresh_hours: u32 = "168", ["XINFANG_REFRESH_HOURS"];
        /// 刷新 Cookie 总是只经 HTTPS 发送；由本程序提供 HTTPS，或 trusted_proxies 中的代理传来 X-Forwarded-Proto: https 时，不填也如此
        cookie_secure: bool = "false", ["XINFANG_COOKIE_SECURE"];
        /// 15 分钟内同一账号允许的失败次数
        account_failures: u32 = "10", ["XINFANG_ACCOUNT_FAILURES"];
        /// 15 分钟内同一地址允许的失败次数
        address_failures: u32 = "50", ["XINFANG_ADDRESS_FAILURES"];
    }
    /// Signing in by an identity provider (OpenID Connect); off without an issuer.
    Sso in sso {
        /// 统一身份认证的签发者地址（issuer，如 https://sso.example.gov.cn/realms/zhangye）；不填则不用统一身份认证
        oidc_issuer: String = "", ["XINFANG_OIDC_ISSUER"];
        /// 在身份认证平台登记的客户端标识（client_id）
        oidc_client_id: String = "", ["XINFANG_OIDC_CLIENT_ID"];
        /// 客户端密钥（client_secret）
        oidc_client_secret: Option<Secret> = "", ["XINFANG_OIDC_CLIENT_SECRET"];
        /// 存放客户端密钥的文件
        oidc_client_secret_file: Option<PathBuf> = "", ["XINFANG_OIDC_CLIENT_SECRET_FILE"];
        /// 登录按钮上的名称，如“县统一身份认证”
        oidc_name: String = "统一身份认证", ["XINFANG_OIDC_NAME"];
        /// 工作人员打开系统的网址，回调地址是它加 /sso/callback；不填就用 public_url
        oidc_site: String = "", ["XINFANG_OIDC_SITE"];
        /// 申请的范围（空格分隔），总含 openid
        oidc_scopes: String = "openid profile", ["XINFANG_OIDC_SCOPES"];
        /// 首次登录时用令牌中的哪一项核对管理员登记的账号；须是本人改不了的。填 none 则只能由本人绑定
        oidc_claim: String = "preferred_username", ["XINFANG_OIDC_CLAIM"];
        /// 令牌的 amr 或 acr 是其中之一（逗号分隔，如 mfa,otp）时，算已做两步验证；不填则一律不算
        oidc_mfa: String = "", ["XINFANG_OIDC_MFA"];
    }
    /// TLS by the server itself; a proxy may do it instead.
    Tls in tls {
        /// TLS 证书文件（PEM，含中间证书）；与 tls_key 一起填写后只用 HTTPS，文件更新后一分钟内自动生效
        tls_certificate: Option<PathBuf> = "", ["XINFANG_TLS_CERTIFICATE"];
        /// TLS 私钥文件（PEM）
        tls_key: Option<PathBuf> = "", ["XINFANG_TLS_KEY"];
        /// 经 HTTPS 访问时，要求浏览器今后多少天只用 HTTPS（HSTS），0 表示不要求
        hsts_days: u32 = "180", ["XINFANG_HSTS_DAYS"];
    }
    /// Backups, and those that are made by themselves.
    Backup in backup {
        /// 备份存放的目录；默认是数据目录中的 backups，最好另有一份在别的机器或移动硬盘上
        backup_dir: Option<PathBuf> = "", ["XINFANG_BACKUP_DIR"];
        /// 每隔多少小时自动备份，0 表示不自动备份；须同时有备份口令
        backup_every_hours: u32 = "0", ["XINFANG_BACKUP_EVERY_HOURS"];
        /// 自动备份保留多少份，更早的自动删除（手工备份不删）
        backup_keep: u32 = "14", ["XINFANG_BACKUP_KEEP"];
        /// 备份口令（至少 12 个字符）；恢复时必须有它
        backup_passphrase: Option<Secret> = "", ["XINFANG_BACKUP_PASSPHRASE"];
        /// 存放备份口令的文件，可用 xinfang recovery-key 生成
        backup_passphrase_file: Option<PathBuf> = "", ["XINFANG_BACKUP_PASSPHRASE_FILE"];
    }
    /// What is told to monitoring.
    Metrics in metrics {
        /// Prometheus 指标（/metrics）的监听地址，如 127.0.0.1:9108；不填则不提供
        metrics_listen: Option<SocketAddr> = "", ["XINFANG_METRICS_LISTEN"];
    }
    /// What is logged, and how.
    Log in log {
        /// 日志级别（tracing 过滤语法，如 info 或 server=debug）
        log_level: String = "info", ["XINFANG_LOG"];
        /// 日志格式：text 或 json
        log_format: LogFormat = "text", ["XINFANG_LOG_FORMAT"];
    }
}

impl Config {
    /// What is in force for these flags, this process's variables, and the file.
    ///
    /// # Errors
    /// A value that its setting does not take, a file that cannot be read.
    pub fn load(flags: &Flags) -> Result<Self, Error> {
        Self::from_sources(flags, &|name| std::env::var(name).ok())
    }

    fn from_sources(
        flags: &Flags,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let named = flags
            .config
            .clone()
            .or_else(|| variable("XINFANG_CONFIG").map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| {
            let data_dir = flags
                .data_dir
                .clone()
                .or_else(|| variable("XINFANG_DATA_DIR"));
            Path::new(data_dir.as_deref().unwrap_or("./data")).join("xinfang.toml")
        });
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|source| Error::Malformed {
                path: path.clone(),
                source,
            })?,
            Err(source) if named.is_none() && source.kind() == std::io::ErrorKind::NotFound => {
                toml::Table::new()
            }
            Err(source) => return Err(Error::Unreadable { path, source }),
        };
        Self::resolve(
            flags,
            &Sources {
                variable,
                file,
                path,
            },
        )
    }

    /// The database's address: what is configured, or the file in the data directory. The demo has
    /// a file of its own, whatever is configured, so that it never meets real data.
    pub fn database_url(&self, demo: bool) -> String {
        let file = |name| self.storage.data_dir.join(name).display().to_string();
        match &self.storage.database_url {
            _ if demo => file("demo.db"),
            Some(url) => url.expose().to_owned(),
            None => file("xinfang.db"),
        }
    }

    /// The key's file. The demo has its own.
    pub fn key_file(&self, demo: bool) -> PathBuf {
        match &self.keys.key_file {
            _ if demo => self.storage.data_dir.join("demo.key"),
            Some(path) => path.clone(),
            None => self.storage.data_dir.join("xinfang.key"),
        }
    }

    /// Where backups lie. The demo's lie by themselves.
    pub fn backup_dir(&self, demo: bool) -> PathBuf {
        match &self.backup.backup_dir {
            _ if demo => self.storage.data_dir.join("demo-backups"),
            Some(path) => path.clone(),
            None => self.storage.data_dir.join("backups"),
        }
    }

    /// Every how many hours a backup is made by itself, if at all.
    pub fn backup_every(&self) -> Option<u32> {
        Some(self.backup.backup_every_hours).filter(|hours| *hours > 0)
    }

    /// The most bytes an uploaded file may have.
    pub fn upload_limit(&self) -> usize {
        usize::try_from(self.http.upload_limit_mb)
            .unwrap_or(usize::MAX)
            .saturating_mul(1024 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(flags: &Flags, variables: &[(&str, &str)]) -> Result<Config, Error> {
        Config::from_sources(flags, &|name| {
            variables
                .iter()
                .find(|(have, _)| *have == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flags_come_before_variables_before_the_file_before_the_default() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("xinfang.toml"),
            "[http]\nlisten = \"127.0.0.1:1\"\nupload_limit_mb = 5\nworkers = 3\n",
        )
        .unwrap();
        let data_dir = dir.path().display().to_string();
        let variables = [
            ("XINFANG_DATA_DIR", data_dir.as_str()),
            ("XINFANG_LISTEN", "127.0.0.1:2"),
            ("XINFANG_UPLOAD_LIMIT_MB", "6"),
        ];
        let flags = Flags {
            listen: Some("127.0.0.1:3".to_owned()),
            ..Flags::default()
        };
        let config = load(&flags, &variables).unwrap();
        assert_eq!(config.http.listen.port(), 3, "flag");
        assert_eq!(config.http.upload_limit_mb, 6, "variable");
        assert_eq!(config.http.workers, 3, "file");
        assert_eq!(config.session.access_minutes, 15, "default");
        assert_eq!(config.database_url(false), format!("{data_dir}/xinfang.db"));
    }

    #[test]
    fn the_demo_never_uses_the_configured_database() {
        let config = load(
            &Flags::default(),
            &[("DATABASE_URL", "postgres://u:p@h/real")],
        )
        .unwrap();
        assert_eq!(config.database_url(false), "postgres://u:p@h/real");
        assert_eq!(config.database_url(true), "./data/demo.db");
        assert_eq!(config.key_file(true), Path::new("./data/demo.key"));
    }

    #[test]
    fn secrets_are_hidden() {
        let variables = [
            ("XINFANG_KEY", "c2VjcmV0LWtleQ=="),
            (
                "DATABASE_URL",
                "postgres://user:hunter2@host/db?password=hunter3",
            ),
        ];
        let config = load(&Flags::default(), &variables).unwrap();
        let shown = format!("{}{config:?}", config.show());
        assert!(
            !shown.contains("c2VjcmV0") && !shown.contains("hunter"),
            "{shown}"
        );
        assert!(shown.contains("postgres://user:…@host/db"));
        let table: toml::Table = toml::from_str(&config.show()).unwrap();
        assert_eq!(table.len(), 9);
    }

    #[test]
    fn mistakes_are_named_with_their_source() {
        let wrong = |variables: &[(&str, &str)]| {
            load(&Flags::default(), variables).unwrap_err().to_string()
        };
        assert!(wrong(&[("XINFANG_LISTEN", "8080")]).contains("XINFANG_LISTEN"));
        assert!(wrong(&[("DATABASE_URL", "mysql://root:pw@h")]).contains("…"));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.toml"), "[http]\nlisen = \"1\"\n").unwrap();
        let flags = Flags {
            config: Some(dir.path().join("x.toml")),
            ..Flags::default()
        };
        assert!(
            load(&flags, &[])
                .unwrap_err()
                .to_string()
                .contains("http.lisen")
        );
    }

    #[test]
    fn networks_are_matched_by_their_bits() {
        let proxies: Proxies = "10.0.0.0/8, ::1,192.168.1.7".parse().unwrap();
        for (address, expected) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("::1", true),
            ("::2", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
        ] {
            assert_eq!(
                proxies.contains(address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
        assert!("10.0.0.0/33".parse::<Proxies>().is_err());
        assert!(
            "0.0.0.0/0"
                .parse::<Proxies>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
    }
}
