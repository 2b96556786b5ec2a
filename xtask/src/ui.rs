//! What a person sees: headings, how long a step took, that a long one is still alive.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How often a long step says that it is still at work.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Does `work` under a heading, then prints how long it took.
///
/// `hint` tells what to expect, such as "the first build takes about 5 minutes on 2 cores".
pub(crate) fn step<T>(
    title: &str,
    hint: Option<&str>,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let hint = hint.map(|text| format!(" — {text}")).unwrap_or_default();
    line(&format!("\n{}{hint}", bold(&format!("==> {title}"))));
    let start = Instant::now();
    let (done, watch) = mpsc::channel::<()>();
    let beat = {
        let title = title.to_owned();
        thread::spawn(move || {
            while watch.recv_timeout(HEARTBEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
                note(&format!(
                    "… {title}: {} s so far",
                    start.elapsed().as_secs()
                ));
            }
        })
    };
    let outcome = work();
    drop(done);
    // The thread only prints; if it panicked, the step's own outcome still counts.
    drop(beat.join());
    let seconds = start.elapsed().as_secs_f32();
    match &outcome {
        Ok(_) => line(&bold(&format!("    {title}: done in {seconds:.1} s"))),
        Err(_) => line(&bold(&format!("    {title}: FAILED after {seconds:.1} s"))),
    }
    outcome
}

/// A line of detail within a step.
pub(crate) fn note(text: &str) {
    line(&format!("    {text}"));
}

/// The message a failed command ends with.
pub(crate) fn error(text: &str) {
    line(&format!("\n{} {text}", bold("error:")));
}

/// Headings go where cargo's progress goes, so that they stay in order.
pub(crate) fn line(text: &str) {
    // Nobody is left to tell when standard error is closed.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

fn bold(text: &str) -> String {
    if std::io::stderr().is_terminal() {
        format!("\x1b[1m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
