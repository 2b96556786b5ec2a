//! An identity provider (OpenID Connect) on loopback, which does as it is told: also what none should.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::DateTime;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use ring::{digest, hmac};
use serde_json::{Map, Value, json};

use crate::app::Options;
use crate::base::NOW;
use crate::server::LISTEN;

/// The client that the provider knows.
pub const CLIENT: &str = "xinfang";
/// Its secret.
pub const SECRET: &str = "s3cret/+ of the client";

/// An answer in place of the right one: status, type, body.
pub type Instead = Option<(u16, &'static str, String)>;

/// What the provider does.
#[derive(Debug, Clone)]
pub struct Ways {
    /// Who signs in there.
    pub subject: String,
    /// Claims of the token beside the usual, or in their place; `null` leaves one out.
    pub claims: Value,
    /// `none` and `HS256` (with the client's secret) are what no client should take.
    pub algorithm: &'static str,
    /// Signs with a key that it does not publish.
    pub foreign_key: bool,
    /// What discovery says beside the usual, or in its place.
    pub about: Value,
    /// In place of discovery.
    pub discovery: Instead,
    /// In place of an answer to a code.
    pub token: Instead,
    /// What it calls itself when it sends a browser back.
    pub names_itself: Option<String>,
    /// Whoever comes does not want to.
    pub denies: bool,
    /// Closes every connection without a word.
    pub down: bool,
    /// Shows a page with a button before it sends a browser back.
    pub page: bool,
    /// The instant of its tokens, seconds; when the tests' days begin, unless it is told otherwise.
    pub now: i64,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            subject: "f2c1-subject".to_owned(),
            claims: json!({}),
            algorithm: "ES256",
            foreign_key: false,
            about: json!({}),
            discovery: None,
            token: None,
            names_itself: None,
            denies: false,
            down: false,
            page: false,
            now: DateTime::parse_from_rfc3339(NOW)
                .expect("an instant")
                .timestamp(),
        }
    }
}

/// What a code stands for.
#[derive(Debug, Clone)]
struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Inner {
    issuer: String,
    ways: Mutex<Ways>,
    key: Mutex<Key>,
    grants: Mutex<HashMap<String, Grant>>,
    /// The paths that were asked for.
    asked: Mutex<Vec<String>>,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a pair");
        Self {
            id: id.to_owned(),
            pair,
        }
    }

    fn public(&self) -> Value {
        // 4, x, y.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running provider.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

impl Provider {
    /// Starts one that does everything right.
    pub fn start() -> Self {
        Self::start_as("127.0.0.1")
    }

    /// The same under this name of loopback: to a browser, `localhost` is another site than `127.0.0.1`.
    pub fn start_as(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let provider = Self(Arc::new(Inner {
            issuer: format!("http://{name}:{port}"),
            ways: Mutex::default(),
            key: Mutex::new(Key::new("first")),
            grants: Mutex::default(),
            asked: Mutex::default(),
        }));
        let serving = provider.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let one = serving.clone();
                std::thread::spawn(move || one.serve(&stream));
            }
        });
        provider
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The settings of a server that signs people in by it.
    pub fn settings(&self) -> [(&'static str, String); 5] {
        [
            ("XINFANG_OIDC_ISSUER", self.issuer().to_owned()),
            ("XINFANG_OIDC_CLIENT_ID", CLIENT.to_owned()),
            ("XINFANG_OIDC_CLIENT_SECRET", SECRET.to_owned()),
            ("XINFANG_OIDC_NAME", "县统一认证".to_owned()),
            ("XINFANG_OIDC_SITE", format!("http://{LISTEN}")),
        ]
    }

    /// A server that signs people in by it.
    pub fn options(&self) -> Options {
        let settings = self.settings().into_iter();
        settings.fold(Options::default(), |options, (name, value)| {
            options.env(name, &value)
        })
    }

    /// Changes what it does.
    pub fn set(&self, change: impl FnOnce(&mut Ways)) {
        change(&mut lock(&self.0.ways));
    }

    /// Does everything right again.
    pub fn behave(&self) {
        self.set(|ways| *ways = Ways::default());
    }

    /// Signs with a new key from now on, and publishes that alone.
    pub fn change_key(&self) {
        *lock(&self.0.key) = Key::new("second");
    }

    /// The paths that were asked for since the last time, in order.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0.asked))
    }

    fn serve(&self, stream: &TcpStream) {
        let ways = lock(&self.0.ways).clone();
        if ways.down {
            return;
        }
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (known, value) = line.split_once(':')?;
                known
                    .eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let length = header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let target = head.split(' ').nth(1).unwrap_or_default();
        let url = format!("http://provider{target}");
        let Ok(url) = Url::parse(&url) else { return };
        lock(&self.0.asked).push(url.path().to_owned());
        let answer = match url.path() {
            "/.well-known/openid-configuration" => self.about(&ways),
            "/jwks" => plain(
                200,
                "application/json",
                &json!({"keys": [lock(&self.0.key).public()]}),
            ),
            "/authorize" => self.authorize(&ways, &url),
            "/token" => {
                let body = String::from_utf8_lossy(&body).into_owned();
                self.token(&ways, &body, &header("authorization").unwrap_or_default())
            }
            "/logout" => {
                let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
                let back = asked.get("post_logout_redirect_uri").cloned();
                found(&back.unwrap_or_default())
            }
            "/elsewhere" => text(200, "text/plain", "nothing"),
            _ => text(404, "text/plain", "nothing here"),
        };
        let mut stream = stream;
        let _ = stream.write_all(answer.as_bytes());
    }

    fn about(&self, ways: &Ways) -> String {
        if let Some((status, kind, body)) = &ways.discovery {
            return text(*status, kind, body);
        }
        let at = |path: &str| format!("{}{path}", self.0.issuer);
        let about = json!({
            "issuer": self.0.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "end_session_endpoint": at("/logout"),
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        });
        plain(200, "application/json", &over(about, &ways.about))
    }

    fn authorize(&self, ways: &Ways, url: &Url) -> String {
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let right = get("client_id") == CLIENT
            && get("response_type") == "code"
            && get("code_challenge_method") == "S256"
            && get("scope").split(' ').any(|scope| scope == "openid");
        if !right {
            return text(400, "text/plain", "not a request for a code with PKCE");
        }
        let Ok(mut back) = Url::parse(&get("redirect_uri")) else {
            return text(400, "text/plain", "no redirect_uri");
        };
        let code = format!("code-{}", uuid::Uuid::now_v7());
        {
            let mut query = back.query_pairs_mut();
            query.append_pair("state", &get("state"));
            if ways.denies {
                query.append_pair("error", "access_denied");
            } else {
                query.append_pair("code", &code);
            }
            if let Some(name) = &ways.names_itself {
                query.append_pair("iss", name);
            }
        }
        let grant = Grant {
            nonce: get("nonce"),
            challenge: get("code_challenge"),
            redirect: get("redirect_uri"),
        };
        lock(&self.0.grants).insert(code, grant);
        if ways.page {
            let target = back.as_str().replace('&', "&amp;");
            let page = format!(
                "<!doctype html><meta charset=utf-8><title>县统一认证</title>\
                 <h1>县统一认证</h1><a id=agree href=\"{target}\">登录</a>"
            );
            return text(200, "text/html", &page);
        }
        found(back.as_str())
    }

    fn token(&self, ways: &Ways, body: &str, authorization: &str) -> String {
        if let Some((status, kind, body)) = &ways.token {
            if *status == 302 {
                return found(&format!("{}/elsewhere", self.0.issuer));
            }
            return text(*status, kind, body);
        }
        let form = Url::parse(&format!("http://form/?{body}")).expect("a form");
        let form: HashMap<String, String> = form.query_pairs().into_owned().collect();
        let get = |name: &str| form.get(name).cloned().unwrap_or_default();
        let refuse = |error: &str| plain(400, "application/json", &json!({"error": error}));
        if authorization != basic() {
            return refuse("invalid_client");
        }
        // A code is good once.
        let Some(grant) = lock(&self.0.grants).remove(&get("code")) else {
            return refuse("invalid_grant");
        };
        let verifier = get("code_verifier");
        let hashed = digest::digest(&digest::SHA256, verifier.as_bytes());
        let same = URL_SAFE_NO_PAD.encode(hashed) == grant.challenge
            && get("redirect_uri") == grant.redirect
            && get("grant_type") == "authorization_code";
        if !same {
            return refuse("invalid_grant");
        }
        let answer = json!({
            "access_token": "opaque", "token_type": "Bearer", "expires_in": 60,
            "id_token": self.id_token(ways, &grant.nonce),
        });
        plain(200, "application/json", &answer)
    }

    fn id_token(&self, ways: &Ways, nonce: &str) -> String {
        let now = ways.now;
        let claims = json!({
            "iss": self.0.issuer, "sub": ways.subject, "aud": CLIENT, "nonce": nonce,
            "iat": now, "exp": now + 600, "preferred_username": "zhangsan",
        });
        let claims = over(claims, &ways.claims);
        let key = lock(&self.0.key);
        let header = match ways.algorithm {
            "ES256" => json!({"alg": "ES256", "typ": "JWT", "kid": key.id}),
            other => json!({"alg": other, "typ": "JWT"}),
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let bytes = signed.as_bytes();
        let signature = match ways.algorithm {
            "none" => Vec::new(),
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
                hmac::sign(&key, bytes).as_ref().to_vec()
            }
            _ => {
                let foreign = ways.foreign_key.then(|| Key::new("foreign"));
                let pair = foreign.as_ref().map_or(&key.pair, |key| &key.pair);
                let signature = pair.sign(&SystemRandom::new(), bytes);
                signature.expect("a signature").as_ref().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// How the client says who it is (RFC 6749, section 2.3.1: encoded as a form first).
fn basic() -> String {
    let mut encoded = String::new();
    for byte in SECRET.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*') {
            encoded.push(byte.into());
        } else if byte == b' ' {
            encoded.push('+');
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{encoded}")))
}

/// One object over another; `null` takes away.
fn over(under: Value, changes: &Value) -> Value {
    let mut whole: Map<String, Value> = under.as_object().cloned().unwrap_or_default();
    for (name, value) in changes.as_object().into_iter().flatten() {
        if value.is_null() {
            whole.remove(name);
        } else {
            whole.insert(name.clone(), value.clone());
        }
    }
    Value::Object(whole)
}

fn plain(status: u16, kind: &str, body: &Value) -> String {
    text(status, kind, &body.to_string())
}

fn text(status: u16, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} .\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn found(location: &str) -> String {
    format!(
        "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
}
