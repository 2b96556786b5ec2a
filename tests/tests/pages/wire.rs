//! The wire between the browser and the server: a proxy that can be down, and that can be cut before a
//! request arrives or before its answer does. The browser takes it for the server.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// How the wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything goes through.
    Up,
    /// Nothing does.
    Down,
    /// The app's files come, as from the service worker's cache; the API is out of reach.
    Files,
    /// Cut before a request arrives whose first line begins so.
    Before(&'static str),
    /// The request arrives and is answered; cut before the answer is back.
    After(&'static str),
}

#[derive(Default)]
struct Lines {
    way: Mutex<Option<Way>>,
    open: Mutex<Vec<TcpStream>>,
    /// First lines of the requests that arrived.
    seen: Mutex<Vec<String>>,
}

impl Lines {
    fn way(&self) -> Way {
        self.way.lock().unwrap().unwrap_or(Way::Up)
    }

    fn hang_up(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A wire; it is down when this is dropped.
pub(crate) struct Wire {
    pub(crate) url: String,
    lines: Arc<Lines>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.set(Way::Down);
    }
}

impl Wire {
    /// A wire to the server at `url` (`http://127.0.0.1:1234`).
    pub(crate) fn to(url: &str) -> Self {
        let server = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lines = Arc::new(Lines::default());
        let mine = Arc::clone(&lines);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if mine.way() == Way::Down {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(&server) {
                    connect(&mine, client, server);
                }
            }
        });
        Self { url, lines }
    }

    /// Changes how it is; connections that are open do not outlive it.
    pub(crate) fn set(&self, way: Way) {
        *self.lines.way.lock().unwrap() = Some(way);
        self.lines.hang_up();
    }

    /// How many requests have arrived whose first line begins so.
    pub(crate) fn arrived(&self, start: &str) -> usize {
        let seen = self.lines.seen.lock().unwrap();
        seen.iter().filter(|line| line.starts_with(start)).count()
    }
}

fn connect(lines: &Arc<Lines>, client: TcpStream, server: TcpStream) {
    for stream in [&client, &server] {
        lines.open.lock().unwrap().push(stream.try_clone().unwrap());
    }
    let swallow = Arc::new(AtomicBool::new(false));
    let (lines, swallows) = (Arc::clone(lines), Arc::clone(&swallow));
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(size @ 1..) = from.read(&mut buffer) {
            let chunk = &buffer[..size];
            // A browser sends a request's head at once, and no second one before the answer.
            let line = String::from_utf8_lossy(chunk.split(|byte| *byte == b'\r').next().unwrap())
                .into_owned();
            let is_head = line.ends_with("HTTP/1.1");
            match lines.way() {
                Way::Down => break,
                Way::Files if is_head && line.contains(" /api/") => break,
                Way::Before(start) if is_head && line.starts_with(start) => break,
                Way::After(start) if is_head && line.starts_with(start) => {
                    swallows.store(true, Ordering::SeqCst);
                }
                _ => {}
            }
            if is_head {
                lines.seen.lock().unwrap().push(line);
            }
            if to.write_all(chunk).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server, client);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(size @ 1..) = from.read(&mut buffer) {
            if swallow.load(Ordering::SeqCst) || to.write_all(&buffer[..size]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
