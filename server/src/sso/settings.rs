//! What is configured of the identity provider, checked.

use std::net::IpAddr;

use openidconnect::url::Url;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};

use crate::config::Config;

/// The longest name on a button, in characters.
const MAX_NAME: usize = 20;
/// Where the provider sends browsers back to, below the site's address.
const CALLBACK: &str = "/sso/callback";

/// What cannot be right in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("统一身份认证的设置 {setting} 不对：{why}")]
pub(crate) struct Wrong {
    /// The setting.
    pub(crate) setting: &'static str,
    why: String,
}

fn wrong(setting: &'static str, why: impl Into<String>) -> Wrong {
    Wrong {
        setting,
        why: why.into(),
    }
}

/// The settings, as they are used.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) issuer: IssuerUrl,
    pub(crate) client_id: ClientId,
    /// None for a public client, which PKCE alone protects.
    pub(crate) secret: Option<ClientSecret>,
    /// What the provider is called.
    pub(crate) name: String,
    /// Where the app is, without a slash at its end.
    pub(crate) site: String,
    pub(crate) redirect: RedirectUrl,
    /// Beside `openid`.
    pub(crate) scopes: Vec<String>,
    /// The claim that entered accounts are compared with.
    pub(crate) claim: Option<String>,
    /// Values of `amr` or `acr` that stand for a second factor.
    pub(crate) mfa: Vec<String>,
}

impl Settings {
    /// What is configured; none where there is no provider.
    ///
    /// # Errors
    /// What cannot be right, with the setting's name, in Chinese.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, Wrong> {
        let sso = &config.sso;
        if sso.oidc_issuer.is_empty() {
            let others = !sso.oidc_client_id.is_empty()
                || sso.oidc_client_secret.is_some()
                || sso.oidc_client_secret_file.is_some();
            return if others {
                Err(wrong(
                    "oidc_issuer",
                    "填写了客户端标识或密钥，却没有签发者地址；不用统一身份认证的，把它们都去掉。",
                ))
            } else {
                Ok(None)
            };
        }
        let issuer = address("oidc_issuer", &sso.oidc_issuer)?;
        if issuer.scheme() == "http" && !is_inside(&issuer) {
            return Err(wrong(
                "oidc_issuer",
                "应以 https:// 开头；只有内网的 IP 地址可以用 http://。",
            ));
        }
        if sso.oidc_client_id.is_empty() {
            return Err(wrong(
                "oidc_client_id",
                "没有填写，应是在身份认证平台登记的客户端标识。",
            ));
        }
        let name = sso.oidc_name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(wrong("oidc_name", format!("应为1到{MAX_NAME}个字。")));
        }
        let site = site(config)?;
        let redirect = format!("{site}{CALLBACK}");
        let redirect =
            RedirectUrl::new(redirect).map_err(|error| wrong("oidc_site", error.to_string()))?;
        let claim = sso.oidc_claim.trim();
        if claim.is_empty() || claim.chars().count() > 60 || claim.contains(char::is_whitespace) {
            return Err(wrong(
                "oidc_claim",
                "应是令牌中一项的名称，如 preferred_username；不用它的填 none。",
            ));
        }
        Ok(Some(Self {
            // As it was written: the provider's documents are compared with it letter by letter.
            issuer: IssuerUrl::new(sso.oidc_issuer.clone())
                .map_err(|error| wrong("oidc_issuer", error.to_string()))?,
            client_id: ClientId::new(sso.oidc_client_id.clone()),
            secret: secret(config)?,
            name: name.to_owned(),
            site,
            redirect,
            scopes: scopes(&sso.oidc_scopes)?,
            claim: (claim != "none").then(|| claim.to_owned()),
            mfa: words(&sso.oidc_mfa, |c| c == ','),
        }))
    }

    /// Whether what the provider says crosses the network as it is.
    pub(crate) fn is_plain(&self) -> bool {
        let url = self.issuer.url();
        url.scheme() == "http" && !is_loopback(url)
    }

    /// Whether browsers come back without TLS, other than on this machine.
    pub(crate) fn comes_back_plain(&self) -> bool {
        let url = self.redirect.url();
        url.scheme() == "http" && !is_loopback(url)
    }
}

fn words(text: &str, between: impl Fn(char) -> bool) -> Vec<String> {
    let words = text.split(between).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn scopes(text: &str) -> Result<Vec<String>, Wrong> {
    let scopes = words(text, |c| c.is_whitespace() || c == ',');
    let is_plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if let Some(odd) = scopes.iter().find(|scope| !scope.chars().all(is_plain)) {
        return Err(wrong("oidc_scopes", format!("“{odd}”不是范围的名称。")));
    }
    Ok(scopes
        .into_iter()
        .filter(|scope| scope != "openid")
        .collect())
}

/// Reads an address: whole, of HTTP, with nothing behind its path and nobody's name in it.
fn address(setting: &'static str, text: &str) -> Result<Url, Wrong> {
    let url = crate::outgoing::parse(text).map_err(|why| wrong(setting, why))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(setting, "网址中不能有 ? 或 #。"));
    }
    Ok(url)
}

fn site(config: &Config) -> Result<String, Wrong> {
    let own = config.sso.oidc_site.trim();
    let text = if own.is_empty() {
        config.http.public_url.trim()
    } else {
        own
    };
    if text.is_empty() {
        return Err(wrong(
            "oidc_site",
            "没有填写，应是工作人员打开系统的网址，如 https://xinfang.example.gov.cn。",
        ));
    }
    let url = address("oidc_site", text)?;
    if url.path() != "/" {
        return Err(wrong(
            "oidc_site",
            "网址只写到主机（和端口），后面没有路径。",
        ));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn secret(config: &Config) -> Result<Option<ClientSecret>, Wrong> {
    let sso = &config.sso;
    if let Some(secret) = &sso.oidc_client_secret {
        return Ok(Some(ClientSecret::new(secret.expose().to_owned())));
    }
    let Some(path) = &sso.oidc_client_secret_file else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        let why = format!("读不了 {}：{error}", path.display());
        wrong("oidc_client_secret_file", why)
    })?;
    match text.trim() {
        "" => Err(wrong(
            "oidc_client_secret_file",
            format!("{} 是空的。", path.display()),
        )),
        secret => Ok(Some(ClientSecret::new(secret.to_owned()))),
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().ok()
}

fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || literal(url).is_some_and(|address| address.is_loopback())
}

/// Whether the host is an address of a network of one's own.
fn is_inside(url: &Url) -> bool {
    is_loopback(url)
        || literal(url).is_some_and(|address| match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.is_unique_local(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;

    fn with(change: impl FnOnce(&mut Flags)) -> Result<Option<Settings>, Wrong> {
        let some = |text: &str| Some(text.to_owned());
        let mut flags = Flags {
            oidc_issuer: some("https://sso.example.gov.cn/realms/zhangye"),
            oidc_client_id: some("xinfang"),
            oidc_client_secret: some("s3cret"),
            oidc_site: some("https://xinfang.example.gov.cn/"),
            ..Flags::default()
        };
        change(&mut flags);
        Settings::of(&Config::load(&flags).unwrap())
    }

    #[test]
    fn what_is_right_is_taken() {
        let settings = with(|_| {}).unwrap().unwrap();
        assert_eq!(
            settings.redirect.as_str(),
            "https://xinfang.example.gov.cn/sso/callback"
        );
        assert_eq!(settings.scopes, ["profile"]);
        assert_eq!(settings.claim.as_deref(), Some("preferred_username"));
        assert!(settings.mfa.is_empty() && !settings.is_plain());
        let settings = with(|flags| {
            flags.oidc_claim = Some("none".to_owned());
            flags.oidc_mfa = Some("mfa, otp".to_owned());
            flags.oidc_issuer = Some("http://10.1.2.3:8080/realms/x".to_owned());
            flags.oidc_site = None;
            flags.public_url = Some("http://10.1.2.4:8080".to_owned());
        });
        let settings = settings.unwrap().unwrap();
        assert_eq!(settings.claim, None);
        assert_eq!(settings.mfa, ["mfa", "otp"]);
        assert!(settings.is_plain() && settings.comes_back_plain());
        assert!(with(|flags| *flags = Flags::default()).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let named = |change: fn(&mut Flags, Option<String>), text: &str| {
            let text = text.to_owned();
            with(|flags| change(flags, Some(text))).unwrap_err()
        };
        type Change = fn(&mut Flags, Option<String>);
        let cases: [(Change, &str, &str); 11] = [
            (|flags, text| flags.oidc_issuer = text, "", "oidc_issuer"),
            (|flags, text| flags.oidc_issuer = text, "sso", "oidc_issuer"),
            (
                |flags, text| flags.oidc_issuer = text,
                "http://sso.example.gov.cn/",
                "oidc_issuer",
            ),
            (
                |flags, text| flags.oidc_issuer = text,
                "https://sso.example.gov.cn/?x=1",
                "oidc_issuer",
            ),
            (
                |flags, text| flags.oidc_client_id = text,
                "",
                "oidc_client_id",
            ),
            (|flags, text| flags.oidc_site = text, "", "oidc_site"),
            (
                |flags, text| flags.oidc_site = text,
                "https://h/app",
                "oidc_site",
            ),
            (|flags, text| flags.oidc_name = text, "  ", "oidc_name"),
            (|flags, text| flags.oidc_claim = text, "a b", "oidc_claim"),
            (
                |flags, text| flags.oidc_scopes = text,
                "范围",
                "oidc_scopes",
            ),
            (
                |flags, text| {
                    flags.oidc_client_secret = None;
                    flags.oidc_client_secret_file = text;
                },
                "/nowhere/secret",
                "oidc_client_secret_file",
            ),
        ];
        for (change, text, setting) in cases {
            let wrong = named(change, text);
            assert_eq!(wrong.setting, setting, "{text}: {wrong}");
            assert!(wrong.to_string().contains("不对"), "{wrong}");
        }
    }
}
