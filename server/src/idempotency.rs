//! `Idempotency-Key`: the same request sent twice does its work once.
//!
//! A `POST` that carries the header keeps its answer in the transaction that does the work. The
//! same key with the same body gets that answer again (with `Idempotency-Replayed: true`), another
//! body 409. Keys belong to their user and route, and are forgotten after 45 days: a
//! phone may have been without a signal, or in a drawer, that long. Answers are
//! encrypted: they may carry what is shown only once.
//!
//! A service writes, inside its `db.write`:
//! ```ignore
//! claim.once(conn, |conn| {
//!     let case = register(conn, …)?;
//!     Ok(Made::created(case.view(), case.version, format!("/api/v1/cases/{}", case.id)))
//! })
//! ```

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Duration, Utc};
use diesel::result::Error as DieselError;
use serde::{Deserialize, Serialize};
use shared::problem::Code;

use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::keys::{Keys, Place};
use crate::state::State;

/// The longest key, in characters.
pub const MAX_KEY: usize = 200;
/// How long answers are kept: longer than a phone keeps what it has not sent.
const KEPT: Duration = Duration::days(45);

/// Why a request with a key cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key came before with another body.
    #[error("the idempotency key came before with another body")]
    Mismatch,
    /// The first answer cannot be read or written.
    #[error("the stored answer is unreadable: {0}")]
    Answer(String),
    /// The database's own.
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Mismatch => Self::new(
                Code::IdempotencyMismatch,
                "这个幂等键（Idempotency-Key）已用于内容不同的另一个请求，请换一个。",
            ),
            Error::Answer(cause) => Self::internal(cause),
            Error::Database(error) => error.into(),
        }
    }
}

/// The header, if the request has it.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// A key that came in the body, checked: an item's of a batch.
    pub(crate) const fn of(key: String) -> Self {
        Self(Some(key))
    }

    /// Binds the key to its user, route and body.
    pub fn claim(
        self,
        state: &State,
        actor: &Actor,
        context: &RequestContext,
        route: &'static str,
        body: &impl Serialize,
    ) -> Claim {
        let key = self.0.map(|key| {
            let body = serde_json::to_vec(body).unwrap_or_default();
            Key {
                user_id: actor.user_id.as_str().to_owned(),
                key,
                route,
                // Keyed, for a body may hold what is easily guessed from a plain hash.
                body_hash: state
                    .keys
                    .lookup_hash("idempotency", &String::from_utf8_lossy(&body)),
                keys: Arc::clone(&state.keys),
            }
        });
        Claim {
            key,
            now: context.now,
        }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let wrong = || {
            let detail = format!("Idempotency-Key 应为 1 到 {MAX_KEY} 个可见的 ASCII 字符。");
            ApiError::bad_request(detail)
        };
        ready(
            match request
                .headers()
                .get("idempotency-key")
                .map(header::HeaderValue::to_str)
            {
                None => Ok(Self(None)),
                Some(Ok(key)) if !key.is_empty() && key.len() <= MAX_KEY => {
                    Ok(Self(Some(key.to_owned())))
                }
                Some(_) => Err(wrong()),
            },
        )
    }
}

/// A key bound to its request; without a key it lets everything through.
#[derive(Debug, Clone)]
pub struct Claim {
    key: Option<Key>,
    now: DateTime<Utc>,
}

#[derive(Debug, Clone)]
struct Key {
    user_id: String,
    key: String,
    route: &'static str,
    body_hash: String,
    keys: Arc<Keys>,
}

impl Key {
    fn place(&self) -> Place<'_> {
        Place {
            table: "idempotency_keys",
            column: "answer",
            id: &self.key,
        }
    }
}

/// What a service made, for the answer.
#[derive(Debug)]
pub struct Made<T> {
    /// The answer's body.
    pub value: T,
    /// 201 or 200.
    pub status: StatusCode,
    /// The item's version, for the `ETag`.
    pub version: Option<i64>,
    /// Where the item is, for `Location`.
    pub location: Option<String>,
}

impl<T> Made<T> {
    /// 201 with `ETag` and `Location`.
    pub fn created(value: T, version: i64, location: impl Into<String>) -> Self {
        Self {
            value,
            status: StatusCode::CREATED,
            version: Some(version),
            location: Some(location.into()),
        }
    }

    /// 200 with `ETag`.
    pub fn changed(value: T, version: i64) -> Self {
        Self {
            value,
            status: StatusCode::OK,
            version: Some(version),
            location: None,
        }
    }

    /// 200, or another status, with nothing beside the body.
    pub fn plain(value: T, status: StatusCode) -> Self {
        Self {
            value,
            status,
            version: None,
            location: None,
        }
    }
}

/// An answer that may come from the store: JSON with status, `ETag` and `Location`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    #[serde(skip)]
    status: u16,
    #[serde(skip)]
    replayed: bool,
    body: String,
    version: Option<i64>,
    location: Option<String>,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The JSON text.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Whether it is the first answer again.
    pub fn is_replay(&self) -> bool {
        self.replayed
    }

    /// Turns what a service made into an answer.
    ///
    /// # Errors
    /// The value is not JSON.
    pub fn of<T: Serialize>(made: Made<T>) -> Result<Self, Error> {
        let body = serde_json::to_string(&made.value).map_err(|e| Error::Answer(e.to_string()))?;
        Ok(Self {
            status: made.status.as_u16(),
            replayed: false,
            body,
            version: made.version,
            location: made.location,
        })
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.content_type("application/json");
        if let Some(version) = self.version {
            response.insert_header((header::ETAG, crate::extract::etag(version)));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        response.body(self.body)
    }
}

impl Claim {
    /// Whether there is no key, so that the work is done whatever came before.
    pub fn is_free(&self) -> bool {
        self.key.is_none()
    }

    /// A claim without a key, for work that does not come through HTTP.
    pub fn none(now: DateTime<Utc>) -> Self {
        Self { key: None, now }
    }

    /// Does the work unless it has been done; call it inside the transaction of the work.
    ///
    /// # Errors
    /// The work's own, or [`Error`].
    pub fn once<T, E>(
        &self,
        conn: &mut Conn,
        work: impl FnOnce(&mut Conn) -> Result<Made<T>, E>,
    ) -> Result<Answer, E>
    where
        T: Serialize,
        E: From<Error> + From<DieselError>,
    {
        let Some(key) = &self.key else {
            return Ok(Answer::of(work(conn)?)?);
        };
        if let Some(first) = store::begin(conn, key, self.now).map_err(Error::from)? {
            return Ok(first.replay(key)?);
        }
        let answer = Answer::of(work(conn)?)?;
        let text = serde_json::to_vec(&answer).map_err(|e| Error::Answer(e.to_string()))?;
        let sealed = key.keys.seal(&text, key.place());
        store::finish(conn, key, i32::from(answer.status), &sealed)?;
        Ok(answer)
    }
}

/// What is kept of the first request.
struct First {
    body_hash: String,
    status: Option<i32>,
    answer: Option<Vec<u8>>,
}

impl First {
    fn replay(self, key: &Key) -> Result<Answer, Error> {
        if self.body_hash != key.body_hash {
            return Err(Error::Mismatch);
        }
        let (Some(status), Some(sealed)) = (self.status, self.answer) else {
            return Err(Error::Answer("a key without an answer".to_owned()));
        };
        let text = key
            .keys
            .open(&sealed, key.place())
            .map_err(|e| Error::Answer(e.to_string()))?;
        let answer: Answer =
            serde_json::from_slice(&text).map_err(|e| Error::Answer(e.to_string()))?;
        let status = u16::try_from(status).map_err(|e| Error::Answer(e.to_string()))?;
        Ok(Answer {
            status,
            replayed: true,
            ..answer
        })
    }
}

/// Forgets keys older than 45 days.
///
/// # Errors
/// The database's own.
pub fn clean_up(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, DieselError> {
    store::forget_before(conn, now - KEPT)
}

mod store {
    use chrono::{DateTime, Utc};
    use diesel::prelude::*;

    use super::{First, Key};
    use crate::db::{Conn, on_either};
    use crate::schema::idempotency_keys as keys;

    /// Takes the key, or answers what it was first used for. On PostgreSQL a second request waits
    /// here until the first has committed.
    pub(super) fn begin(
        conn: &mut Conn,
        key: &Key,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<First>> {
        let row = (
            keys::user_id.eq(&key.user_id),
            keys::key.eq(&key.key),
            keys::route.eq(key.route),
            keys::body_hash.eq(&key.body_hash),
            keys::created_at.eq(now.naive_utc()),
        );
        let taken = on_either!(conn, |conn| diesel::insert_into(keys::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))?;
        if taken == 1 {
            return Ok(None);
        }
        keys::table
            .find((&key.user_id, &key.key, key.route))
            .select((keys::body_hash, keys::status, keys::answer))
            .first::<(String, Option<i32>, Option<Vec<u8>>)>(conn)
            .map(|(body_hash, status, answer)| {
                Some(First {
                    body_hash,
                    status,
                    answer,
                })
            })
    }

    pub(super) fn finish(
        conn: &mut Conn,
        key: &Key,
        status: i32,
        answer: &[u8],
    ) -> QueryResult<()> {
        diesel::update(keys::table.find((&key.user_id, &key.key, key.route)))
            .set((keys::status.eq(status), keys::answer.eq(answer)))
            .execute(conn)
            .map(drop)
    }

    pub(super) fn forget_before(conn: &mut Conn, at: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(keys::table.filter(keys::created_at.lt(at.naive_utc()))).execute(conn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::temporary;

    fn claim(key: &str, body: &str) -> Claim {
        let keys = Arc::new(crate::keys::tests::some());
        let key = Key {
            user_id: "u".to_owned(),
            key: key.to_owned(),
            route: "POST /x",
            body_hash: body.to_owned(),
            keys,
        };
        Claim {
            key: Some(key),
            now: "2026-03-01T00:00:00Z".parse().unwrap(),
        }
    }

    async fn send(db: &crate::db::Db, claim: Claim, value: &'static str) -> Result<Answer, Error> {
        db.write(move |conn| claim.once(conn, |_| Ok::<_, Error>(Made::created(value, 1, "/x/1"))))
            .await
    }

    #[actix_web::test]
    async fn the_first_answer_comes_again() {
        let (db, _dir) = temporary();
        let first = send(&db, claim("k", "a"), "first").await.unwrap();
        let again = send(&db, claim("k", "a"), "second").await.unwrap();
        assert_eq!(
            again,
            Answer {
                replayed: true,
                ..first.clone()
            }
        );
        assert_eq!((first.body(), first.is_replay()), ("\"first\"", false));
        let other = send(&db, claim("other", "a"), "second").await.unwrap();
        assert_eq!(other.body(), "\"second\"");
    }

    #[actix_web::test]
    async fn another_body_is_refused() {
        let (db, _dir) = temporary();
        send(&db, claim("k", "a"), "first").await.unwrap();
        assert!(matches!(
            send(&db, claim("k", "b"), "second").await,
            Err(Error::Mismatch)
        ));
    }

    #[actix_web::test]
    async fn work_that_failed_can_be_tried_again() {
        let (db, _dir) = temporary();
        let failing = claim("k", "a");
        let failed: Result<Answer, Error> = db
            .write(move |conn| {
                failing.once(conn, |_| Err::<Made<()>, _>(DieselError::NotFound.into()))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(
            send(&db, claim("k", "a"), "done").await.unwrap().body(),
            "\"done\""
        );
    }

    #[actix_web::test]
    async fn keys_are_forgotten_after_45_days() {
        let (db, _dir) = temporary();
        send(&db, claim("k", "a"), "first").await.unwrap();
        let at = |days| claim("k", "a").now + Duration::days(days);
        let clean = |now| db.write(move |conn| clean_up(conn, now));
        assert_eq!(clean(at(44)).await, Ok(0));
        assert_eq!(clean(at(46)).await, Ok(1));
    }
}
