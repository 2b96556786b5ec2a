//! A reader of live events (SSE), over a connection of its own that a test can break.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Client;

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// What it says.
    pub data: Value,
}

/// An open stream.
#[derive(Debug)]
pub struct Events {
    stream: TcpStream,
    events: Receiver<Event>,
    /// Whether it may tell of the township next door.
    of_next: bool,
    /// The answer's status line and headers.
    pub head: String,
}

impl Events {
    /// Opens a stream as the client; from after an event, if one is given.
    #[track_caller]
    pub fn open(client: &Client, last: Option<&str>) -> Self {
        let token = client.token().unwrap_or_default();
        let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
        let request = format!(
            "GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\
             accept-encoding: gzip, br\r\nauthorization: Bearer {token}\r\n{last}\r\n"
        );
        let address = client.address();
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut reader = BufReader::new(stream.try_clone().expect("its other half"));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = reader.read_line(&mut head).expect("a head");
            assert!(read > 0, "no answer: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let (send, events) = channel();
        std::thread::spawn(move || {
            let (mut name, mut id, mut data) = (String::new(), None, String::new());
            // Sizes of chunks stand between the lines; none begins as a line of an event does.
            for line in reader.lines().map_while(Result::ok) {
                if let Some(value) = line.strip_prefix("event: ") {
                    value.clone_into(&mut name);
                } else if let Some(value) = line.strip_prefix("id: ") {
                    id = Some(value.to_owned());
                } else if let Some(value) = line.strip_prefix("data: ") {
                    value.clone_into(&mut data);
                } else if line.is_empty() && !data.is_empty() {
                    let event = Event {
                        name: std::mem::take(&mut name),
                        id: id.take(),
                        data: serde_json::from_str(&std::mem::take(&mut data)).expect("JSON"),
                    };
                    if send.send(event).is_err() {
                        return;
                    }
                }
            }
        });
        Self {
            stream,
            events,
            of_next: client.is_of_next(),
            head,
        }
    }

    /// The next event.
    #[track_caller]
    pub fn next(&self) -> Event {
        match self.events.recv_timeout(PATIENCE) {
            Ok(event) => {
                if !self.of_next {
                    crate::next::check_marks("an event", event.data.to_string().as_bytes());
                }
                event
            }
            Err(error) => panic!("no event: {error}"),
        }
    }

    /// The next event, which is a notice; what it says.
    #[track_caller]
    pub fn notice(&self) -> Value {
        let event = self.next();
        assert_eq!(event.name, "notice", "{event:?}");
        assert_eq!(event.id, Some(event.data["seq"].to_string()));
        event.data
    }

    /// Expects that nothing comes for a while.
    #[track_caller]
    pub fn nothing(&self) {
        let event = self.events.recv_timeout(Duration::from_millis(1500));
        assert_eq!(event, Err(RecvTimeoutError::Timeout));
    }

    /// How long it takes until the stream has ended; events before that are passed over.
    #[track_caller]
    pub fn end(&self) -> Duration {
        let start = Instant::now();
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return start.elapsed(),
                Err(RecvTimeoutError::Timeout) => panic!("the stream does not end"),
            }
        }
    }

    /// Breaks the connection.
    pub fn cut(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
