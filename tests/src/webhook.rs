//! A foreign server, as chat robots and webhooks see it: it keeps what it is told, and answers as it is
//! asked to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::Value;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Said {
    /// The path with its query.
    pub path: String,
    /// The body.
    pub body: Value,
    /// The body as it came.
    pub raw: Vec<u8>,
    /// The request line and the headers.
    head: String,
}

impl Said {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        found.unwrap_or_default()
    }
}

/// A running server.
#[derive(Debug)]
pub struct Webhook {
    /// `127.0.0.1:1234`.
    pub host: String,
    said: Receiver<Said>,
    answers: Sender<String>,
}

impl Webhook {
    /// Starts one, which takes everything.
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// Starts one at this address: one that is back.
    pub fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let host = listener.local_addr().expect("its address").to_string();
        let (send, said) = channel();
        let (answers, wanted) = channel::<String>();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().expect("its other half"));
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    if reader.read_line(&mut head).unwrap_or(0) == 0 {
                        break;
                    }
                }
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    let is = name.eq_ignore_ascii_case("content-length");
                    is.then(|| value.trim().parse().ok()).flatten()
                });
                let mut body = vec![0; length.unwrap_or(0)];
                let _ = reader.read_exact(&mut body);
                let answer = wanted.try_recv().unwrap_or_else(|_| {
                    let body = r#"{"errcode":0,"errmsg":"ok"}"#;
                    format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    )
                });
                let _ = (&stream).write_all(answer.as_bytes());
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let said = Said {
                    path,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                    raw: body,
                    head,
                };
                if send.send(said).is_err() {
                    return;
                }
            }
        });
        Self {
            host,
            said,
            answers,
        }
    }

    /// The next request is answered so: a status line and headers, without a body.
    pub fn answer_next(&self, head: &str) {
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
        self.answers.send(answer).expect("a running server");
    }

    /// The next request that comes, within so long.
    #[track_caller]
    pub fn said(&self) -> Said {
        match self.said.recv_timeout(Duration::from_secs(30)) {
            Ok(said) => said,
            Err(error) => panic!("nothing was said: {error}"),
        }
    }

    /// The next request that comes, if one does within a moment.
    pub fn said_soon(&self) -> Option<Said> {
        self.said.recv_timeout(Duration::from_secs(4)).ok()
    }

    /// Expects that nothing comes for a while.
    #[track_caller]
    pub fn nothing(&self) {
        let said = self.said.recv_timeout(Duration::from_secs(2));
        assert!(said.is_err(), "{said:?}");
    }
}
