//! A client as a third party would write it, and what it sees.

use reqwest::blocking::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;
use shared::problem::{Code, Problem};
use shared::term::Term;

use crate::contract::{self, Exchange};

/// Speaks to one app, as somebody or as nobody.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::blocking::Client,
    base: String,
    token: Option<String>,
    /// Whether it may see the township next door.
    of_next: bool,
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:1234`).
    pub fn new(base: impl Into<String>) -> Self {
        // Built together with the server, reqwest can do TLS, and asks for a provider; it is there
        // from the second client on.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::blocking::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(60))
            // None: reading this machine's takes longer than most tests ask of a client.
            .tls_certs_only([])
            .build()
            .expect("a client");
        Self {
            http,
            base: base.into(),
            token: None,
            of_next: false,
        }
    }

    /// The same client for somebody of the township next door, or of the county.
    #[must_use]
    pub fn of_next(&self) -> Self {
        Self {
            of_next: true,
            ..self.clone()
        }
    }

    /// The same client with an access token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// Whether it may see the township next door.
    pub(crate) fn is_of_next(&self) -> bool {
        self.of_next
    }

    /// The access token, if it has one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The server's host and port.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// `GET`. A path is below `/api/v1` unless it begins with `/api/` or `/health/`.
    pub fn get(&self, path: impl AsRef<str>) -> Call {
        self.call("GET", path)
    }

    /// `POST`.
    pub fn post(&self, path: impl AsRef<str>) -> Call {
        self.call("POST", path)
    }

    /// `PATCH`.
    pub fn patch(&self, path: impl AsRef<str>) -> Call {
        self.call("PATCH", path)
    }

    /// `PUT`.
    pub fn put(&self, path: impl AsRef<str>) -> Call {
        self.call("PUT", path)
    }

    /// `DELETE`.
    pub fn delete(&self, path: impl AsRef<str>) -> Call {
        self.call("DELETE", path)
    }

    /// Any method.
    pub fn call(&self, method: &str, path: impl AsRef<str>) -> Call {
        let path = path.as_ref();
        let below = if path.starts_with("/api/") || path.starts_with("/health/") {
            ""
        } else {
            "/api/v1"
        };
        self.call_at(method, &format!("{below}{path}"))
    }

    /// Any method at an address of the server, such as a page of the app.
    pub fn call_at(&self, method: &str, path: &str) -> Call {
        let address = format!("{}{path}", self.base);
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let what = format!("{method} {path}");
        let mut request = self.http.request(method, address);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Call {
            request,
            what,
            sent: None,
            of_next: self.of_next,
        }
    }

    /// Uploads a file that may be refused before it has come whole. An HTTP library gives up
    /// where the server stops reading; a browser, and this, read the answer all the same.
    #[track_caller]
    pub fn upload(&self, path: &str, name: &str, content: &[u8]) -> Answer {
        use std::io::{Read as _, Write as _};
        let what = format!("POST /api/v1{path}");
        let (boundary, token) = ("X-X-X", self.token.as_deref().unwrap_or_default());
        let part = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; \
             filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\n\
             content-type: multipart/form-data; boundary={boundary}\r\n\
             content-length: {}\r\n\r\n{part}",
            part.len() + content.len() + end.len()
        );
        let stream = std::net::TcpStream::connect(self.address()).expect("a connection");
        let mut received = Vec::new();
        std::thread::scope(|scope| {
            let mut sending = &stream;
            scope.spawn(move || {
                // It is the answer that counts.
                let _ = sending.write_all(head.as_bytes());
                let _ = sending.write_all(content);
                let _ = sending.write_all(end.as_bytes());
            });
            let _ = (&stream).read_to_end(&mut received);
        });
        let text = String::from_utf8_lossy(&received);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let Some(status) = status else {
            panic!("{what}: no answer: {text}");
        };
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.parse().ok()?, value.parse().ok()?))
        });
        let answer = Answer {
            status,
            headers: headers.collect::<HeaderMap>(),
            body: body.as_bytes().to_vec(),
            what,
        };
        answer.check_error();
        answer.check_contract(None, false, self.of_next);
        answer
    }

    /// Signs in; the answer has the session.
    pub fn sign_in(&self, username: &str, password: &str) -> Answer {
        let body = serde_json::json!({"username": username, "password": password});
        self.post("/session").json(&body).send()
    }
}

/// A request in the making.
#[derive(Debug)]
pub struct Call {
    request: RequestBuilder,
    what: String,
    /// The JSON body.
    sent: Option<Value>,
    /// Whether what comes back may be of the township next door.
    of_next: bool,
}

impl Call {
    fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self {
            request: change(self.request),
            ..self
        }
    }

    /// A JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.sent = Some(body.clone());
        self.with(|request| request.json(body))
    }

    /// A body of any kind.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<reqwest::blocking::Body>) -> Self {
        self.with(|request| request.header("content-type", content_type).body(body))
    }

    /// A form with a file in the field `file`.
    #[must_use]
    pub fn file(self, name: &str, content: Vec<u8>) -> Self {
        self.form(name, content, &[])
    }

    /// A form with a file in the field `file`, and texts in other fields before it.
    #[must_use]
    pub fn form(self, name: &str, content: Vec<u8>, texts: &[(&str, &str)]) -> Self {
        let mut form = reqwest::blocking::multipart::Form::new();
        for (field, text) in texts {
            form = form.text((*field).to_owned(), (*text).to_owned());
        }
        let part = reqwest::blocking::multipart::Part::bytes(content).file_name(name.to_owned());
        self.with(|request| request.multipart(form.part("file", part)))
    }

    /// A header.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        self.with(|request| request.header(name, value.as_ref()))
    }

    /// `If-Match`.
    #[must_use]
    pub fn if_match(self, etag: impl AsRef<str>) -> Self {
        self.header("if-match", etag)
    }

    /// `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sends it. An error that is no problem document in Chinese, and an answer that is not as the
    /// OpenAPI document says, fail the test.
    #[track_caller]
    pub fn send(self) -> Answer {
        let response = self.request.send();
        let response = match response {
            Ok(response) => response,
            Err(error) => panic!("{}: {error:?}", self.what),
        };
        let headers = response.headers().clone();
        let kind = headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok());
        // A stream of events has no end.
        let endless = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        let status = response.status().as_u16();
        let body = if endless {
            Vec::new()
        } else {
            response.bytes().expect("the whole body").to_vec()
        };
        let answer = Answer {
            status,
            headers,
            body,
            what: self.what,
        };
        answer.check_error();
        answer.check_contract(self.sent.as_ref(), endless, self.of_next);
        answer
    }

    /// Sends it where the connection may break before there is an answer (the server is killed).
    pub fn try_send(self) -> Option<Answer> {
        let response = self.request.send().ok()?;
        Some(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().ok()?.to_vec(),
            what: self.what,
        })
    }

    /// Sends it and expects this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        self.send().expect(status)
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    what: String,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{}: {error}: {}", self.what, self.text()),
        }
    }

    /// A header's value; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.and_then(Result::ok).unwrap_or_default()
    }

    /// The `ETag`.
    #[track_caller]
    pub fn etag(&self) -> String {
        let etag = self.header("etag");
        assert!(!etag.is_empty(), "{}: no ETag", self.what);
        etag.to_owned()
    }

    /// Expects this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(
            self.status == status,
            "{}: expected {status}, got {}: {}",
            self.what,
            self.status,
            self.text()
        );
        self
    }

    /// Expects a problem document with this code, and the code's status.
    #[track_caller]
    pub fn problem(self, code: &str) -> Problem {
        let status = Code::from_code(code).expect("a known code").status();
        let answer = self.expect(status);
        let problem: Problem = serde_json::from_value(answer.json()).expect("a problem document");
        assert_eq!(problem.code.code(), code, "{}: {problem:?}", answer.what);
        problem
    }

    /// Expects 422; the fields at fault as `field:code`, in order.
    #[track_caller]
    pub fn invalid_fields(self) -> Vec<String> {
        let what = self.what.clone();
        let problem = self.problem("invalid_fields");
        for error in &problem.errors {
            assert!(is_chinese(&error.message), "{what}: {error:?}");
        }
        let mut fields: Vec<String> = problem
            .errors
            .iter()
            .map(|error| format!("{}:{}", error.field, error.code))
            .collect();
        fields.sort();
        fields
    }

    /// Every answer is as the OpenAPI document says.
    #[track_caller]
    fn check_contract(&self, sent: Option<&Value>, endless: bool, of_next: bool) {
        let (method, path) = self.what.split_once(' ').unwrap_or_default();
        contract::check(Exchange {
            method,
            path,
            sent,
            status: self.status,
            content_type: self.header("content-type"),
            body: (!endless).then_some(self.body.as_slice()),
            of_next,
        });
    }

    /// Every error is `application/problem+json` with a Chinese sentence, and none is our fault.
    #[track_caller]
    fn check_error(&self) {
        if self.status < 400 {
            return;
        }
        let (what, text) = (&self.what, self.text());
        assert_ne!(self.status, 500, "{what}: {text}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{what}: {} {text}",
            self.status
        );
        let problem: Problem = match serde_json::from_slice(&self.body) {
            Ok(problem) => problem,
            Err(error) => panic!("{what}: {error}: {text}"),
        };
        assert_eq!(problem.status, self.status, "{what}: {text}");
        assert_eq!(problem.code.status(), self.status, "{what}: {text}");
        assert!(
            is_chinese(&problem.detail) && is_chinese(&problem.title),
            "{what}: {text}"
        );
    }
}

/// Whether there is a Han character in it.
pub fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}
