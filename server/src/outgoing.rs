//! Requests to foreign servers: what chat robots say, what webhooks tell, what the identity provider is
//! asked. No redirect is followed, no
//! answer is waited for long, and of its body little is read. Where a request may go is checked twice: the
//! address as it was written ([`parse`], and each room's own rule), and, for webhooks, the network address
//! that its name leads to, at the moment of the connection ([`Guard`]), so that a name that leads elsewhere
//! meanwhile gains nothing.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, Url};
use shared::webhook::Allowed;

/// How long a foreign server may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const MOST_ANSWER: usize = 64 * 1024;

/// Reads an address: whole, of HTTP, and without a name or password in it.
pub(crate) fn parse(address: &str) -> Result<Url, &'static str> {
    let url = Url::parse(address.trim()).map_err(|_| "不是完整的网址，应以 https:// 开头。")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("网址中不能有用户名或密码。");
    }
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err("网址应以 https:// 或 http:// 开头。");
    }
    Ok(url)
}

/// The host, with its port where it is not the usual one.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The address that the host is, where it is no name. However it was written (`0x7f.1`, `2130706433`,
/// `[::ffff:127.0.0.1]`), it has been read by now as what it stands for.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.parse().ok()
}

/// Where requests may go, and where not, whatever a name leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guard(Arc<Allowed>);

/// What a refused connection says.
const REFUSED: &str = "这个地址不在系统管理员允许的范围内";

impl Guard {
    pub(crate) fn new(allowed: Allowed) -> Self {
        Self(Arc::new(allowed))
    }

    /// Reads an address, if requests may go there as far as can be told without asking where its name
    /// leads.
    pub(crate) fn check(&self, address: &str) -> Result<Url, &'static str> {
        let url = parse(address)?;
        let port = url.port_or_known_default().unwrap_or_default();
        let named = |host: &str| self.0.names(host, port);
        let allowed = match literal(&url) {
            Some(address) => self.0.lists(address),
            None => url.host_str().is_some_and(named),
        };
        if allowed {
            Ok(url)
        } else {
            Err(
                "这个地址不在允许的范围内，请系统管理员在“事件推送”页把主机名（或内网地址、网段）加到允许的地址里。",
            )
        }
    }
}

/// A name led to addresses of which none is allowed.
#[derive(Debug, thiserror::Error)]
#[error("not one of the addresses is allowed")]
struct Refused;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            // The port is the request's.
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let some = !found.is_empty();
            let good: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| allowed.reaches(address.ip()))
                .collect();
            if some && good.is_empty() {
                return Err(Refused.into());
            }
            let good: Addrs = Box::new(good.into_iter());
            Ok(good)
        })
    }
}

/// Whose rule a client's connections follow.
pub(crate) enum Way {
    /// The usual proxy, if the environment names one.
    Outside,
    /// Straight to the host.
    Inside,
    /// Straight to the host, if it lies where the guard lets requests go.
    Guarded(Guard),
}

/// Makes a client, or says in the log why there is none. It reads the system's certificates, which takes
/// its time: not on a thread that others wait for.
pub(crate) fn client(way: Way) -> Option<Client> {
    make(way)
        .inspect_err(|error| {
            tracing::error!(
                ?error,
                "no encrypted requests can be sent: see xinfang doctor"
            );
        })
        .ok()
}

/// Whether clients can be made.
///
/// # Errors
/// The system has no certificates that can be read, by which foreign servers would be known.
pub(crate) fn check() -> Result<(), reqwest::Error> {
    make(Way::Inside).map(drop)
}

fn make(way: Way) -> Result<Client, reqwest::Error> {
    // Whoever has set one before has set the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .pool_max_idle_per_host(0);
    let builder = match way {
        Way::Outside => builder,
        Way::Inside => builder.no_proxy(),
        // Through a proxy, nobody would know where the name leads.
        Way::Guarded(guard) => builder.no_proxy().dns_resolver(guard),
    };
    builder.build()
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There was no answer.
    Unreached(String),
    /// There was one, with this status, that says no.
    Answered(u16, String),
}

impl Failure {
    /// In words, without the address, which may be a secret.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Unreached(words) | Self::Answered(_, words) => words,
        }
    }
}

/// Sends a request, and answers what comes back as it is, whatever it says; no redirect is taken for an
/// answer, nor what is longer than `most` bytes.
pub(crate) async fn ask(
    request: RequestBuilder,
    most: usize,
) -> Result<(u16, HeaderMap, Vec<u8>), Failure> {
    let mut response = begin(request).await?;
    let code = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreached)? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            let words = format!("对方的答复太长（HTTP {code}）");
            return Err(Failure::Answered(code, words));
        }
    }
    Ok((code, headers, body))
}

/// Sends a request and waits for the head of the answer.
async fn begin(request: RequestBuilder) -> Result<Response, Failure> {
    let response = request.send().await.map_err(unreached)?;
    let status = response.status();
    if status.is_redirection() {
        let code = status.as_u16();
        let words = format!("对方要求跳转到别处（HTTP {code}），没有跟随");
        return Err(Failure::Answered(code, words));
    }
    Ok(response)
}

/// Sends a request: status and body of an answer that says yes.
pub(crate) async fn send(request: RequestBuilder) -> Result<(u16, Vec<u8>), Failure> {
    let mut response = begin(request).await?;
    let status = response.status();
    let code = status.as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreached)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_ANSWER {
            break;
        }
    }
    if status.is_success() {
        Ok((code, body))
    } else {
        Err(Failure::Answered(code, format!("对方答复 HTTP {code}")))
    }
}

fn unreached(error: reqwest::Error) -> Failure {
    let refused = std::iter::successors(error.source(), |error| (*error).source())
        .any(|error| error.is::<Refused>());
    let why = if refused {
        REFUSED
    } else if error.is_timeout() {
        "对方没有及时答复"
    } else {
        "连接不上对方"
    };
    tracing::debug!(error = %error.without_url(), "a request to a foreign server failed");
    Failure::Unreached(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(list: &[&str]) -> Guard {
        Guard::new(Allowed::of(list.iter().copied()))
    }

    #[test]
    fn an_address_that_is_not_on_the_list_is_refused_however_it_is_written() {
        let guard = guard(&["sync.example.gov.cn", "10.20.0.0/16"]);
        for fine in [
            "https://sync.example.gov.cn/hook?x=1",
            "http://SYNC.example.gov.cn./hook",
            "http://10.20.3.4:9000/hook",
            "http://[::ffff:10.20.3.4]/hook",
        ] {
            assert!(guard.check(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0x7f.1/",
            "http://①②⑦.⓪.⓪.①/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:ffff:7f00:1]/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://169.254.169.254/latest/meta-data",
            "http://10.21.0.1/",
            "http://localhost/",
            "https://sync.example.gov.cn:8443/",
            "https://sync.example.gov.cn@evil.example/",
            "https://u:p@sync.example.gov.cn/",
            "https://sync.example.gov.cn.evil.example/",
            "https://1.1.1.1/",
            "ftp://sync.example.gov.cn/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/hook",
            "",
        ] {
            assert!(guard.check(wrong).is_err(), "{wrong}");
        }
    }

    /// A name of the list that leads where nothing may go is refused when the connection is made.
    #[actix_web::test]
    async fn where_a_name_leads_is_looked_at_when_it_is_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let name = format!("localhost:{port}");
        let ask = async |list: &[&str]| {
            let guard = guard(list);
            let url = guard.check(&format!("http://{name}/")).unwrap();
            let client = client(Way::Guarded(guard)).unwrap();
            send(client.post(url).timeout(Duration::from_millis(500))).await
        };
        let refused = ask(&[&name]).await;
        assert_eq!(refused, Err(Failure::Unreached(REFUSED.to_owned())));
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody came");
        // With its address on the list it is connected to; nobody answers.
        let silent = ask(&[&name, "127.0.0.1"]).await;
        assert_eq!(
            silent,
            Err(Failure::Unreached("对方没有及时答复".to_owned()))
        );
        assert!(listener.accept().is_ok(), "somebody came");
    }
}
