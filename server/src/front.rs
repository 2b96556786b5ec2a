//! Tests that come in through the front door: the whole app, a manual clock, a database of its own.

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use chrono::Duration;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::state::State;

/// What a request is made of.
struct Call {
    request: TestRequest,
}

fn call(method: Method, path: &str) -> Call {
    Call {
        request: TestRequest::with_uri(path).method(method),
    }
}

impl Call {
    fn bearer(self, token: &str) -> Self {
        Self {
            request: self
                .request
                .insert_header((header::AUTHORIZATION, format!("Bearer {token}"))),
        }
    }
    fn header(self, name: &'static str, value: &str) -> Self {
        Self {
            request: self.request.insert_header((name, value)),
        }
    }
    fn json(self, body: Value) -> Self {
        Self {
            request: self.request.set_json(body),
        }
    }
    fn refresh_cookie(self, token: &str) -> Self {
        self.header("cookie", &format!("xinfang_refresh={token}"))
    }
}

/// The status, the refresh cookie if one was set, the body.
struct Seen {
    status: StatusCode,
    headers: header::HeaderMap,
    body: Value,
}

impl Seen {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
    fn token(&self) -> &str {
        self.body["access_token"].as_str().unwrap()
    }
    fn cookie(&self) -> String {
        let cookie = self
            .headers
            .get(header::SET_COOKIE)
            .unwrap()
            .to_str()
            .unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
            "{cookie}"
        );
        cookie.split(['=', ';']).nth(1).unwrap().to_owned()
    }
}

async fn send<S, B>(app: &S, call: Call) -> Seen
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let response = call_service(app, call.request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let empty = status == StatusCode::NO_CONTENT;
    let body = if empty {
        Value::Null
    } else {
        read_body_json(response).await
    };
    Seen {
        status,
        headers,
        body,
    }
}

/// The app over the demo's units and users, without its cases.
macro_rules! app {
    ($state:expr) => {
        init_service(
            actix_web::App::new()
                .wrap(from_fn(crate::observe::observe))
                .configure(crate::app::configure($state.clone())),
        )
        .await
    };
}

fn township() -> (State, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let flags = Flags {
        data_dir: Some(dir.path().display().to_string()),
        ..Flags::default()
    };
    let config = Config::load(&flags).unwrap();
    let clock = Clock::manual("2026-03-02T01:00:00Z".parse().unwrap());
    let state = State::open(config, clock, true).unwrap();
    crate::demo::load_staff(&state).unwrap();
    (state, dir)
}

fn sign_in(username: &str, password: &str) -> Call {
    call(Method::POST, "/api/v1/session").json(json!({"username": username, "password": password}))
}

fn demo(username: &str) -> Call {
    sign_in(username, crate::demo::PASSWORD)
}

fn me(token: &str) -> Call {
    call(Method::GET, "/api/v1/me").bearer(token)
}

fn refresh(cookie: &str) -> Call {
    call(Method::POST, "/api/v1/session/refresh").refresh_cookie(cookie)
}

#[actix_web::test]
async fn an_access_token_is_good_for_a_quarter_of_an_hour() {
    let (state, _dir) = township();
    let app = app!(state);
    let session = send(&app, demo("Court")).await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.body["expires_in"], 900);
    let token = session.token();
    assert_eq!(send(&app, me(token)).await.body["user"]["role"], "court");
    state.clock.advance(Duration::seconds(899));
    assert_eq!(send(&app, me(token)).await.status, StatusCode::OK);
    state.clock.advance(Duration::seconds(1));
    assert_eq!(send(&app, me(token)).await.code(), "unauthenticated");
}

#[actix_web::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_session() {
    let (state, _dir) = township();
    let app = app!(state);
    let first = send(&app, demo("court")).await.cookie();
    let other_session = send(&app, demo("court")).await.cookie();
    let second = send(&app, refresh(&first)).await;
    assert_eq!(second.status, StatusCode::OK);
    state.clock.advance(Duration::seconds(11));
    let reused = send(&app, refresh(&first)).await;
    assert_eq!(
        (reused.status, reused.code()),
        (StatusCode::UNAUTHORIZED, "session_reused")
    );
    // Thief and owner are both out, with the access token, too; other sign-ins go on.
    assert_eq!(
        send(&app, refresh(&second.cookie())).await.code(),
        "unauthenticated"
    );
    assert_eq!(
        send(&app, me(second.token())).await.code(),
        "unauthenticated"
    );
    assert_eq!(
        send(&app, refresh(&other_session)).await.status,
        StatusCode::OK
    );
}

#[actix_web::test]
async fn two_tabs_may_refresh_at_once() {
    let (state, _dir) = township();
    let app = app!(state);
    let cookie = send(&app, demo("court")).await.cookie();
    let one = send(&app, refresh(&cookie)).await;
    state.clock.advance(Duration::seconds(9));
    let two = send(&app, refresh(&cookie)).await;
    for tab in [&one, &two] {
        assert_eq!(tab.status, StatusCode::OK);
        assert_eq!(
            send(&app, refresh(&tab.cookie())).await.status,
            StatusCode::OK
        );
    }
}

#[actix_web::test]
async fn a_session_that_is_not_used_for_a_week_ends() {
    let (state, _dir) = township();
    let app = app!(state);
    let cookie = send(&app, demo("court")).await.cookie();
    state.clock.advance(Duration::days(6));
    let cookie = send(&app, refresh(&cookie)).await.cookie();
    state.clock.advance(Duration::days(6));
    let cookie = send(&app, refresh(&cookie)).await.cookie();
    state.clock.advance(Duration::days(7));
    assert_eq!(send(&app, refresh(&cookie)).await.code(), "unauthenticated");
}

#[actix_web::test]
async fn signing_out_ends_this_session_and_signing_out_everywhere_all() {
    let (state, _dir) = township();
    let app = app!(state);
    let (one, two) = (
        send(&app, demo("court")).await,
        send(&app, demo("court")).await,
    );
    let out = call(Method::DELETE, "/api/v1/session").refresh_cookie(&one.cookie());
    assert_eq!(send(&app, out).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(&app, me(one.token())).await.code(), "unauthenticated");
    assert_eq!(
        send(&app, refresh(&one.cookie())).await.code(),
        "unauthenticated"
    );
    assert_eq!(send(&app, me(two.token())).await.status, StatusCode::OK);
    let three = send(&app, demo("court")).await;
    let out = call(Method::DELETE, "/api/v1/session/all").bearer(three.token());
    assert_eq!(send(&app, out).await.status, StatusCode::NO_CONTENT);
    for session in [&two, &three] {
        assert_eq!(
            send(&app, me(session.token())).await.code(),
            "unauthenticated"
        );
        assert_eq!(
            send(&app, refresh(&session.cookie())).await.code(),
            "unauthenticated"
        );
    }
    assert_eq!(send(&app, demo("court")).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn guesses_are_throttled_and_unknown_names_look_like_wrong_passwords() {
    let (state, _dir) = township();
    let app = app!(state);
    for name in ["court", "nobody"] {
        for _ in 0..10 {
            let wrong = send(&app, sign_in(name, "not the password")).await;
            assert_eq!(wrong.code(), "wrong_credentials");
        }
        let blocked = send(&app, demo(name)).await;
        assert_eq!(blocked.code(), "too_many_requests");
        assert_eq!(blocked.headers.get(header::RETRY_AFTER).unwrap(), "900");
    }
    assert_eq!(send(&app, demo("auditor")).await.status, StatusCode::OK);
    state.clock.advance(Duration::minutes(15));
    assert_eq!(send(&app, demo("court")).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn an_initial_password_opens_nothing_but_its_own_change() {
    let (state, _dir) = township();
    let app = app!(state);
    let admin = send(&app, demo("administrator")).await;
    let unit = admin.body["user"]["user"]["unit_id"].clone();
    let new = json!({"username": "li", "name": "李", "role": "auditor", "unit_id": unit});
    let create = || {
        call(Method::POST, "/api/v1/users")
            .bearer(admin.token())
            .json(new.clone())
    };
    let made = send(&app, create().header("idempotency-key", "k")).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let again = send(&app, create().header("idempotency-key", "k")).await;
    assert_eq!(again.body, made.body, "the first answer again");
    assert!(again.headers.contains_key("idempotency-replayed"));
    assert_eq!(
        send(&app, create()).await.body["errors"][0]["code"],
        "taken"
    );

    let initial = made.body["initial_password"].as_str().unwrap();
    let session = send(&app, sign_in("li", initial)).await;
    let audit = |token: &str| call(Method::GET, "/api/v1/audit").bearer(token);
    assert_eq!(
        send(&app, audit(session.token())).await.code(),
        "password_change_required"
    );
    let change = json!({"current_password": initial, "new_password": "correct horse"});
    let change = call(Method::POST, "/api/v1/me/password")
        .bearer(session.token())
        .json(change);
    let changed = send(&app, change).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(
        send(&app, audit(session.token())).await.code(),
        "unauthenticated",
        "old token"
    );
    let log = send(&app, audit(changed.token())).await;
    assert_eq!(log.status, StatusCode::OK);
    let text = log.body.to_string();
    assert!(
        text.contains("修改本人密码") && !text.contains(initial),
        "{text}"
    );
}

#[actix_web::test]
async fn a_disabled_user_is_out_at_once_and_an_administrator_stays() {
    let (state, _dir) = township();
    let app = app!(state);
    let admin = send(&app, demo("administrator")).await;
    let court = send(&app, demo("court")).await;
    let disable = |session: &Seen| {
        let id = session.body["user"]["user"]["id"].as_str().unwrap();
        call(Method::PATCH, &format!("/api/v1/users/{id}"))
            .bearer(admin.token())
            .header("if-match", "\"1\"")
            .json(json!({"disabled": true}))
    };
    assert_eq!(send(&app, disable(&court)).await.status, StatusCode::OK);
    assert_eq!(
        send(&app, me(court.token())).await.code(),
        "unauthenticated"
    );
    assert_eq!(
        send(&app, refresh(&court.cookie())).await.code(),
        "unauthenticated"
    );
    assert_eq!(send(&app, demo("court")).await.code(), "wrong_credentials");
    assert_eq!(send(&app, disable(&court)).await.code(), "stale_version");
    assert_eq!(send(&app, disable(&admin)).await.code(), "conflict");
}

#[actix_web::test]
async fn every_error_is_a_document() {
    let (state, _dir) = township();
    let app = app!(state);
    let token = send(&app, demo("administrator")).await.token().to_owned();
    let units = |method| call(method, "/api/v1/org-units").bearer(&token);
    let long = "x".repeat(1024 * 1024 + 1);
    let cases = [
        (call(Method::GET, "/api/v1/nothing"), 404, "not_found"),
        (call(Method::GET, "/assets/nothing.js"), 404, "not_found"),
        (call(Method::POST, "/ledger"), 405, "method_not_allowed"),
        (units(Method::PUT), 405, "method_not_allowed"),
        (units(Method::POST), 415, "unsupported_media_type"),
        (
            units(Method::POST).json(json!({"name": long})),
            413,
            "too_large",
        ),
        (
            units(Method::POST).json(json!({"nmae": 1})),
            400,
            "bad_request",
        ),
        (
            units(Method::POST).json(json!({"kind": "village", "name": "", "parent_id": "x"})),
            422,
            "invalid_fields",
        ),
        (
            call(Method::POST, "/api/v1/org-units").json(json!({})),
            401,
            "unauthenticated",
        ),
        (me("forged.token.x"), 401, "unauthenticated"),
        (
            call(Method::GET, "/api/v1/users?limit=0").bearer(&token),
            400,
            "bad_request",
        ),
        (
            call(Method::GET, "/api/v1/org-units/none").bearer(&token),
            404,
            "not_found",
        ),
        (
            call(Method::PATCH, "/api/v1/settings")
                .bearer(&token)
                .json(json!({})),
            428,
            "version_required",
        ),
        (
            call(Method::GET, "/api/v1/audit").bearer(&token),
            403,
            "forbidden",
        ),
    ];
    for (number, (call, status, code)) in cases.into_iter().enumerate() {
        let seen = send(&app, call).await;
        assert_eq!(
            (seen.status.as_u16(), seen.code()),
            (status, code),
            "case {number}"
        );
        assert_eq!(
            seen.headers.get(header::CONTENT_TYPE).unwrap(),
            "application/problem+json"
        );
        assert!(
            seen.body["detail"].as_str().unwrap().ends_with('。'),
            "{}",
            seen.body
        );
        for name in [
            "x-request-id",
            "content-security-policy",
            "x-content-type-options",
        ] {
            assert!(seen.headers.contains_key(name), "{name}");
        }
    }
}

#[actix_web::test]
async fn the_first_run_is_once() {
    let dir = tempfile::tempdir().unwrap();
    let flags = Flags {
        data_dir: Some(dir.path().display().to_string()),
        ..Flags::default()
    };
    let state = State::open(Config::load(&flags).unwrap(), Clock::system(), false).unwrap();
    let app = app!(state);
    let status = || call(Method::GET, "/api/v1/setup");
    assert_eq!(
        send(&app, status()).await.body,
        json!({"needed": true, "demo": false, "provider": null})
    );
    let run = || {
        call(Method::POST, "/api/v1/setup").json(json!({
            "username": "guanli", "password": "correct horse", "name": "管理员",
            "template": "pingchuan", "township_name": "明永乡",
        }))
    };
    assert_eq!(send(&app, run()).await.status, StatusCode::CREATED);
    assert_eq!(send(&app, run()).await.code(), "conflict");
    assert_eq!(send(&app, status()).await.body["needed"], false);
    let session = send(&app, sign_in("guanli", "correct horse")).await;
    assert_eq!(session.body["user"]["township_name"], "明永乡");
}

#[test]
fn demo_and_real_data_do_not_meet() {
    let (state, dir) = township();
    state.db.close();
    let url = Some(state.config.database_url(true));
    let flags = Flags {
        data_dir: Some(dir.path().display().to_string()),
        database_url: url,
        ..Flags::default()
    };
    let opened = State::open(Config::load(&flags).unwrap(), Clock::system(), false);
    assert!(matches!(opened, Err(crate::app::Error::DemoMix(_))));
}
