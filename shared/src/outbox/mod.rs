//! The outbox (待发): what was written down on a phone without a network, and how it goes out once and
//! only once.
//!
//! A [`Draft`] lies in the phone's store until the server has it. Each step is repeatable, so that it
//! does not matter where a tab was closed or the battery died:
//! 1. the draft is stored with its pictures, before anything is sent;
//! 2. each picture goes out under a key of its own, and its id is stored;
//! 3. that the record is about to go out is stored ([`Draft::begin`]), then it goes out under the
//!    draft's key, always with the same body;
//! 4. what the server said is stored ([`Draft::hear`]).
//!
//! Whatever is cut off is done again under the same key, and the server answers a repeated key with
//! its first answer. So another body needs another key: only a draft that cannot have reached the
//! server may be changed ([`Draft::may_edit`]).
//!
//! [`keep`] says how long a phone may show what it has synced.

pub mod keep;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::problem::{Code, FieldError};
use crate::term::Term;
use crate::terms;

/// The longest edge of a picture, in pixels: larger ones are scaled before they are stored.
pub const LONGEST_EDGE: u32 = 1600;
/// How many days the phone keeps what has arrived, or was put by.
pub const KEEP_DAYS: i64 = 30;
/// The longest pause between two tries, in seconds.
pub const LONGEST_PAUSE: u32 = 600;
/// The first pause, in seconds; each further one is twice as long.
const FIRST_PAUSE: u32 = 5;
/// The end of the key of a picture that goes out a second time.
const AGAIN: char = '+';

terms! {
    /// What a draft becomes.
    DraftKind, "记录" {
        /// Urgent information. First, as it goes out first.
        Alert = "alert", "重要信息";
        /// A case.
        Case = "case", "事项登记";
        /// A visit.
        Visit = "visit", "走访记录";
        /// A report.
        Report = "report", "排查报告";
        /// A campaign of legal publicity.
        Campaign = "campaign", "法制宣传";
        /// Somebody who came on a reception day.
        Reception = "reception", "接待登记";
    }
}

terms! {
    /// Where a draft stands.
    Stage, "进度" {
        /// On the phone; it goes out by itself.
        Waiting = "waiting", "等待发送";
        /// The server has it.
        Accepted = "accepted", "已收到";
        /// The server does not take it as it is, or a person took it up again.
        Refused = "refused", "要您处理";
        /// Somebody else has written the same in between; a person decides.
        Conflict = "conflict", "两边不一样";
        /// Put by: not sent, and gone after [`KEEP_DAYS`].
        Archived = "archived", "已收起";
    }
}

/// What was written down, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The idempotency key, and the draft's name in the store.
    pub key: String,
    /// What it becomes.
    pub kind: DraftKind,
    /// Where it is posted, below the API's base.
    pub path: String,
    /// The version that it builds on, where it changes what is there (`If-Match`).
    pub if_match: Option<String>,
    /// Where what it changes is read, below the API's base.
    pub about: Option<String>,
    /// What is posted, without pictures.
    pub body: Map<String, Value>,
    /// Its pictures, in order.
    pub photos: Vec<Photo>,
    /// In a line, for people.
    pub title: String,
    /// All of it in words, for people: what a field is called, what it says.
    pub lines: Vec<(String, String)>,
    /// What its form is filled with again; only the form reads it.
    pub form: Value,
    /// The number of the provisional receipt that was given out for it.
    pub receipt: Option<String>,
    /// When it was written down, by the phone's clock.
    pub recorded_at: DateTime<Utc>,
    /// By how many seconds the server's clock was ahead then, where that is known.
    pub ahead: Option<i64>,
    /// Where it stands.
    pub stage: Stage,
    /// Since when it stands there, by the phone's clock.
    pub since: DateTime<Utc>,
    /// How often the record went out without an answer: the server may have it.
    pub unanswered: u32,
    /// How often the server could not take it for reasons of its own.
    pub tries: u32,
    /// Not to be sent before this, by the phone's clock.
    pub not_before: Option<DateTime<Utc>>,
    /// What the server said last, in Chinese.
    pub detail: String,
    /// What is wrong with single fields.
    pub errors: Vec<FieldError>,
    /// The number that the record was given.
    pub number: Option<String>,
    /// Where the record is shown in the app.
    pub link: Option<String>,
}

/// A picture of a draft; the picture itself lies beside the draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Its idempotency key, and its name in the store.
    pub key: String,
    /// What its file was called.
    pub name: String,
    /// Its id, once the server has it.
    pub id: Option<String>,
}

/// What is to be done next with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send the picture at this place.
    Photo(usize),
    /// Send the record.
    Record,
    /// Nothing before this.
    Wait(DateTime<Utc>),
    /// Nothing by itself.
    Rest,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was taken.
    Done {
        /// The id of what was made.
        id: String,
        /// Its number, if it has one.
        number: Option<String>,
    },
    /// It was not, and the server says why.
    Problem {
        /// The stable code.
        code: Code,
        /// What happened, in Chinese.
        detail: String,
        /// The fields at fault.
        errors: Vec<FieldError>,
        /// Seconds to wait before trying again.
        wait: Option<u32>,
    },
    /// Something came back that is no answer of the server: a gateway's page, a hotel's sign-in.
    Unreadable,
    /// Nothing came back.
    Nothing,
}

/// Whether sending goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// With what is next.
    GoOn,
    /// When there is a network again.
    NoNetwork,
    /// When the person has signed in again.
    SignIn,
}

impl Draft {
    /// Says in the record when it was written down, by the phone's clock. Not for what is sent without
    /// being stored: there the same record may be put together twice, and must stay the same.
    pub fn claim(&mut self) {
        if let Ok(at) = serde_json::to_value(self.recorded_at) {
            self.body.insert("recorded_at".to_owned(), at);
        }
    }

    /// What is to be done next.
    pub fn next(&self, now: DateTime<Utc>) -> Next {
        if self.stage != Stage::Waiting {
            return Next::Rest;
        }
        if let Some(then) = self.not_before
            && then > now
            // A clock that was set back must not hold it up.
            && then - now <= Duration::seconds(i64::from(LONGEST_PAUSE))
        {
            return Next::Wait(then);
        }
        match self.photos.iter().position(|photo| photo.id.is_none()) {
            Some(at) => Next::Photo(at),
            None => Next::Record,
        }
    }

    /// What is posted.
    pub fn sent_body(&self) -> Map<String, Value> {
        let mut body = self.body.clone();
        let ids: Vec<Value> = self
            .photos
            .iter()
            .filter_map(|photo| photo.id.clone())
            .map(Value::String)
            .collect();
        if !ids.is_empty() {
            body.insert("photos".to_owned(), Value::Array(ids));
        }
        body
    }

    /// The record is about to go out: from now on the server may have it.
    pub fn begin(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// The server has looked at the record and done nothing. What went out before and was not answered
    /// may have been done all the same: the server may turn it away today (the role has changed)
    /// without looking whether it came before.
    fn was_answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// Takes over what came back for the picture at a place.
    pub fn hear_photo(&mut self, at: usize, answer: Answer, now: DateTime<Utc>) -> Then {
        let name = match self.photos.get(at) {
            Some(photo) => photo.name.clone(),
            None => return Then::GoOn,
        };
        match answer {
            Answer::Done { id, .. } => {
                if let Some(photo) = self.photos.get_mut(at) {
                    photo.id = Some(id);
                }
                self.went_well();
                Then::GoOn
            }
            Answer::Problem { code, detail, .. } if is_final(code) => {
                let errors = vec![FieldError {
                    field: "photos".to_owned(),
                    code: code.code().to_owned(),
                    message: format!("照片“{name}”：{detail}"),
                }];
                self.refuse(format!("照片“{name}”没有通过：{detail}"), errors, now);
                Then::GoOn
            }
            other => self.put_off(other, now),
        }
    }

    /// Takes over what came back for the record.
    pub fn hear(&mut self, answer: Answer, now: DateTime<Utc>) -> Then {
        match answer {
            Answer::Done { id, number } => {
                self.went_well();
                self.unanswered = 0;
                self.link = Some(self.link_to(&id));
                self.number = number;
                self.detail.clear();
                // What the server has need not lie on a phone, too.
                self.body = Map::new();
                self.form = Value::Null;
                self.lines.clear();
                self.turn(Stage::Accepted, now);
                Then::GoOn
            }
            // Pictures that nothing names are forgotten by the server after a while: once more.
            Answer::Problem {
                code: Code::InvalidFields,
                errors,
                ..
            } if !errors.is_empty()
                && self.photos.iter().any(|photo| !photo.key.ends_with(AGAIN))
                && errors.iter().all(|error| error.field == "photos") =>
            {
                self.was_answered();
                for photo in &mut self.photos {
                    photo.id = None;
                    // Another key, as the first one answers with the id that is forgotten.
                    photo.key.push(AGAIN);
                }
                Then::GoOn
            }
            Answer::Problem {
                code,
                detail,
                errors,
                ..
            } if is_final(code) => {
                // With a mismatch the server has something under this key: not what is here now.
                if code != Code::IdempotencyMismatch {
                    self.was_answered();
                }
                if self.is_contested(code) {
                    self.detail = detail;
                    self.turn(Stage::Conflict, now);
                } else {
                    self.refuse(explained(code, detail), errors, now);
                }
                Then::GoOn
            }
            other => self.put_off(other, now),
        }
    }

    fn is_contested(&self, code: Code) -> bool {
        match code {
            Code::StaleVersion | Code::Changed => true,
            // A record of its own is in nobody's way; a change of what is there may be.
            Code::Conflict => self.about.is_some(),
            _ => false,
        }
    }

    fn went_well(&mut self) {
        self.tries = 0;
        self.not_before = None;
        self.errors.clear();
    }

    fn refuse(&mut self, detail: String, errors: Vec<FieldError>, now: DateTime<Utc>) {
        self.detail = detail;
        self.errors = errors;
        self.not_before = None;
        self.turn(Stage::Refused, now);
    }

    fn turn(&mut self, stage: Stage, now: DateTime<Utc>) {
        self.stage = stage;
        self.since = now;
    }

    /// It did not work out, for no reason that lies in the draft.
    fn put_off(&mut self, answer: Answer, now: DateTime<Utc>) -> Then {
        let wait = match answer {
            Answer::Nothing | Answer::Done { .. } => return Then::NoNetwork,
            Answer::Problem {
                code:
                    Code::Unauthenticated
                    | Code::WrongCredentials
                    | Code::SessionReused
                    | Code::PasswordChangeRequired,
                ..
            } => {
                self.was_answered();
                return Then::SignIn;
            }
            Answer::Problem { detail, wait, .. } => {
                self.detail = detail;
                wait
            }
            Answer::Unreadable => {
                self.detail = "网络没有把记录送到服务器。".to_owned();
                None
            }
        };
        self.tries = self.tries.saturating_add(1);
        let seconds = wait
            .unwrap_or_else(|| pause(self.tries))
            .clamp(1, LONGEST_PAUSE);
        self.not_before = Some(now + Duration::seconds(i64::from(seconds)));
        Then::GoOn
    }

    /// A person asks for another try: at once.
    pub fn retry(&mut self, now: DateTime<Utc>) {
        self.not_before = None;
        if self.stage == Stage::Refused {
            self.turn(Stage::Waiting, now);
        }
    }

    /// Puts it by.
    pub fn put_by(&mut self, now: DateTime<Utc>) {
        self.not_before = None;
        self.turn(Stage::Archived, now);
    }

    /// Takes up again what was put by: it waits for a person's word, not for the network.
    pub fn take_back(&mut self, now: DateTime<Utc>) {
        self.detail = "从收起的内容里取回。".to_owned();
        self.turn(Stage::Refused, now);
    }

    /// Sends it anew under another key, on top of the version that is there now, where it has one: a
    /// person has seen what the server has.
    pub fn renew(&mut self, key: String, etag: Option<String>, now: DateTime<Utc>) {
        self.key = key;
        self.if_match = etag;
        self.unanswered = 0;
        self.tries = 0;
        self.not_before = None;
        self.turn(Stage::Waiting, now);
    }

    /// Whether it still waits for the server or for a person.
    pub const fn waits(&self) -> bool {
        matches!(
            self.stage,
            Stage::Waiting | Stage::Refused | Stage::Conflict
        )
    }

    /// Whether a person may change it, which gives it another key: only where the server cannot have
    /// it under the first.
    pub const fn may_edit(&self) -> bool {
        self.unanswered == 0 && self.waits()
    }

    /// Whether nobody needs it any more.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        matches!(self.stage, Stage::Accepted | Stage::Archived)
            && now - self.since > Duration::days(KEEP_DAYS)
    }

    /// Where it is, in plain words.
    pub fn where_it_is(&self) -> String {
        match self.stage {
            Stage::Waiting if self.unanswered > 0 => {
                "已经发过，还没有收到答复。有网络时自动核对，不会重复。".to_owned()
            }
            Stage::Waiting if self.tries > 0 => {
                format!("在这部手机上。{}稍后自动再发。", self.detail)
            }
            Stage::Waiting => "在这部手机上，还没有发出。有网络时自动发送。".to_owned(),
            Stage::Accepted => match &self.number {
                Some(number) => format!("镇里已收到，编号 {number}。"),
                None => "镇里已收到。".to_owned(),
            },
            Stage::Refused if self.unanswered > 0 => format!(
                "没有发出，内容还在这部手机上。{}以前发过一次没有收到答复，请先核对是否已经登记。",
                self.detail
            ),
            Stage::Refused => format!("没有发出，内容还在这部手机上。{}", self.detail),
            Stage::Conflict => {
                "别人先改过了，您写的还在这部手机上。请对照后决定留哪一份。".to_owned()
            }
            Stage::Archived => {
                format!("收在这部手机上，不会发送，{KEEP_DAYS}天后自动清除。")
            }
        }
    }

    /// Where the app shows what it became.
    fn link_to(&self, id: &str) -> String {
        // Who came stands at the day.
        if let Some(day) = self.reception_day() {
            return format!("/reception/{day}");
        }
        let room = match self.kind {
            DraftKind::Alert => "alerts",
            DraftKind::Case => "cases",
            DraftKind::Visit => "visits",
            DraftKind::Report => "reports",
            DraftKind::Campaign => "publicity",
            DraftKind::Reception => "reception",
        };
        format!("/{room}/{id}")
    }

    /// The reception day on which somebody came.
    pub fn reception_day(&self) -> Option<&str> {
        let below = self.path.strip_prefix("/reception-days/")?;
        below.strip_suffix("/visitors")
    }

    /// All of it as text, to be taken elsewhere.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n\n", self.kind.label(), self.title);
        for (label, value) in &self.lines {
            text.push_str(label);
            text.push('：');
            text.push_str(value);
            text.push('\n');
        }
        if !self.photos.is_empty() {
            text.push_str(&format!("照片：{}张\n", self.photos.len()));
        }
        text
    }
}

/// Whether trying again would bring the same answer.
const fn is_final(code: Code) -> bool {
    !matches!(
        code,
        Code::Unauthenticated
            | Code::WrongCredentials
            | Code::SessionReused
            | Code::PasswordChangeRequired
            | Code::TooManyRequests
            | Code::Internal
            | Code::Unavailable
    )
}

/// What a refusal means for whoever wrote it down.
fn explained(code: Code, detail: String) -> String {
    match code {
        Code::Forbidden | Code::NotFound => {
            format!("{detail}您的角色或权限可能在离线期间变了，请联系镇综治办。")
        }
        Code::IdempotencyMismatch => {
            "服务器已经有一份用同一编号发出、内容不同的记录。请先核对是否已经登记，再决定要不要重新发送。"
                .to_owned()
        }
        _ => detail,
    }
}

/// Seconds to wait after so many tries.
fn pause(tries: u32) -> u32 {
    FIRST_PAUSE
        .saturating_mul(1 << tries.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE)
}

/// The order in which drafts go out: urgent information first, then what was written down first.
pub fn turn_of(draft: &Draft) -> (DraftKind, DateTime<Utc>) {
    let first = match draft.kind {
        DraftKind::Alert => DraftKind::Alert,
        _ => DraftKind::Case,
    };
    (first, draft.recorded_at)
}
