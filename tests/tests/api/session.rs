//! Signing in, staying signed in, signing out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::staff::PASSWORD;
use tests::{Answer, Client, Staff, TestApp};

fn token(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// The refresh cookie as `name=value`.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").split(';').next().unwrap();
    assert!(cookie.starts_with("xinfang_refresh="), "{cookie}");
    cookie.to_owned()
}

fn refresh(app: &TestApp, cookie: &str) -> Answer {
    let call = app.nobody().post("/session/refresh");
    call.header("cookie", cookie).send()
}

fn works(client: &Client) -> bool {
    let answer = client.get("/me").send();
    assert!([200, 401].contains(&answer.status), "{}", answer.text());
    answer.status == 200
}

/// A user of the service centre that the administrator has just added: id and initial password.
fn new_user(app: &TestApp, username: &str) -> (String, String) {
    let user = json!({
        "username": username, "name": "新同事", "role": "service_centre",
        "unit_id": app.unit("便民服务中心"),
    });
    let made = app
        .by(Staff::Admin)
        .post("/users")
        .json(&user)
        .expect(201)
        .json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["user"]["id"]), text(&made["initial_password"]))
}

#[test]
fn a_sign_in_answers_a_bearer_token_and_a_cookie_for_the_session_only() {
    let app = TestApp::with().env("XINFANG_ACCESS_MINUTES", "15").start();
    let answer = app.sign_in(Staff::Secretary).expect(200);
    let session = answer.json();
    assert_eq!(session["token_type"], "Bearer");
    assert_eq!(session["expires_in"], 900);
    assert_eq!(session["user"]["user"]["role"], "village_secretary");
    assert_eq!(session["user"]["unit_name"], "五里墩村");
    assert_eq!(session["user"]["township_name"], "平川镇");
    assert!(!answer.text().contains("hash"), "{}", answer.text());
    let cookie = answer.header("set-cookie").to_lowercase();
    for part in [
        "httponly",
        "samesite=strict",
        "path=/api/v1/session",
        "max-age=",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let me = app
        .nobody()
        .with_token(token(&answer))
        .get("/me")
        .expect(200)
        .json();
    assert_eq!(me, session["user"]);
}

#[test]
fn wrong_name_wrong_password_and_disabled_user_get_the_same_answer() {
    let app = TestApp::start();
    let (id, initial) = new_user(&app, "xinren");
    let admin = app.by(Staff::Admin);
    admin
        .patch(format!("/users/{id}"))
        .if_match("\"1\"")
        .json(&json!({"disabled": true}))
        .expect(200);
    let answers = [
        ("meiyou", PASSWORD),
        ("zongzhi", "not the password"),
        ("xinren", initial.as_str()),
        ("zongzhi", ""),
        ("", ""),
    ]
    .map(|(username, password)| app.nobody().sign_in(username, password));
    for answer in &answers {
        answer.clone().problem("wrong_credentials");
        assert_eq!(answer.body, answers[0].body);
        let mut names: Vec<&str> = answer.headers.keys().map(|name| name.as_str()).collect();
        let mut expected: Vec<&str> = answers[0]
            .headers
            .keys()
            .map(|name| name.as_str())
            .collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }
}

/// An unknown name costs a password hash, too, so that the time does not tell who works here. The
/// quickest of several tries, and a wide margin: one takes tens of milliseconds, none would be one.
#[test]
fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start();
    let quickest = |username: &str| {
        let one = || {
            let start = Instant::now();
            app.nobody()
                .sign_in(username, "not the password")
                .expect(401);
            start.elapsed()
        };
        (0..5).map(|_| one()).min().unwrap()
    };
    let (known, unknown) = (quickest("zongzhi"), quickest("meiyou"));
    assert!(unknown > known / 3, "{known:?} {unknown:?}");
}

#[test]
fn guessing_a_password_is_throttled_by_account() {
    let app = TestApp::with().env("XINFANG_ACCOUNT_FAILURES", "3").start();
    for username in ["zongzhi", "meiyou"] {
        for _ in 0..3 {
            app.nobody()
                .sign_in(username, "not the password")
                .problem("wrong_credentials");
        }
        let answer = app
            .nobody()
            .sign_in(username, "not the password")
            .expect(429);
        let seconds: u32 = answer.header("retry-after").parse().unwrap();
        assert!((1..=900).contains(&seconds), "{seconds}");
        answer.problem("too_many_requests");
    }
    // The right password does not help any more, in whatever way the name is written.
    app.sign_in(Staff::Office).expect(429);
    app.nobody().sign_in(" ZONGZHI ", PASSWORD).expect(429);
    // Others may, and who is signed in stays so.
    app.sign_in(Staff::Secretary).expect(200);
    assert!(works(&app.by(Staff::Office)));
}

#[test]
fn guessing_is_throttled_by_address_even_behind_a_proxy() {
    let app = TestApp::with()
        .env("XINFANG_ADDRESS_FAILURES", "3")
        .env("XINFANG_TRUSTED_PROXIES", "127.0.0.1")
        .start();
    let from = |address: &str, username: &str| {
        let body = json!({"username": username, "password": "not the password"});
        let call = app
            .nobody()
            .post("/session")
            .header("x-forwarded-for", address);
        call.json(&body).send().status
    };
    let tries: Vec<u16> = ["a", "b", "c", "d"]
        .map(|name| from("10.1.1.1", name))
        .to_vec();
    assert_eq!(tries, [401, 401, 401, 429]);
    // What the client itself claims to have come through is not believed.
    assert_eq!(from("10.9.9.9, 10.1.1.1", "e"), 429);
    assert_eq!(from("10.2.2.2", "f"), 401);
}

#[test]
fn the_initial_password_must_be_changed_first() {
    let app = TestApp::start();
    let (_, initial) = new_user(&app, "xinren");
    let answer = app.nobody().sign_in("xinren", &initial).expect(200);
    assert_eq!(answer.json()["user"]["user"]["must_change_password"], true);
    let first = app.nobody().with_token(token(&answer));
    assert!(works(&first));
    for path in ["/cases", "/org-units", "/users/colleagues", "/dashboard"] {
        first.get(path).send().problem("password_change_required");
    }
    first
        .post("/cases")
        .json(app.case().input())
        .send()
        .problem("password_change_required");

    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        first.post("/me/password").json(&body).send()
    };
    for (new, code) in [
        ("short", "new_password:too_short"),
        ("aaaaaaaaaaaa", "new_password:too_simple"),
        ("my-xinren-name", "new_password:contains_username"),
        (&"长安".repeat(50), "new_password:too_long"),
        (&initial, "new_password:unchanged"),
    ] {
        assert_eq!(change(&initial, new).invalid_fields(), [code]);
    }
    let wrong = change("not the password", "a better password");
    assert_eq!(wrong.invalid_fields(), ["current_password:wrong"]);

    let changed = change(&initial, "a better password").expect(200);
    let client = app.nobody().with_token(token(&changed));
    client.get("/cases").expect(200);
    assert_eq!(
        changed.json()["user"]["user"]["must_change_password"],
        false
    );
    app.nobody()
        .sign_in("xinren", &initial)
        .problem("wrong_credentials");
    app.nobody()
        .sign_in("xinren", "a better password")
        .expect(200);
}

#[test]
fn a_changed_password_ends_the_other_sign_ins() {
    let app = TestApp::start();
    let (here, there) = (app.sign_in(Staff::Court), app.sign_in(Staff::Court));
    let body = json!({"current_password": PASSWORD, "new_password": "a better password"});
    let client = app.nobody().with_token(token(&here));
    let changed = client.post("/me/password").json(&body).expect(200);
    assert!(works(&app.nobody().with_token(token(&changed))));
    assert!(!works(&app.nobody().with_token(token(&there))));
    refresh(&app, &cookie(&there)).problem("unauthenticated");
    refresh(&app, &cookie(&here)).expect(200);
}

#[test]
fn a_reset_password_is_an_initial_one_and_ends_the_sign_ins() {
    let app = TestApp::start();
    let path = format!("/users/{}/reset-password", app.user(Staff::Court));
    let reset = app.by(Staff::Admin).post(path).expect(200).json();
    assert!(!works(&app.by(Staff::Court)));
    app.sign_in(Staff::Court).problem("wrong_credentials");
    let initial = reset["initial_password"].as_str().unwrap();
    let session = app.nobody().sign_in("fating", initial).expect(200).json();
    assert_eq!(session["user"]["user"]["must_change_password"], true);
    // Shown once: nowhere else.
    let user = app
        .by(Staff::Admin)
        .get(format!("/users/{}", app.user(Staff::Court)));
    assert!(!user.expect(200).text().contains(initial));
    assert!(!app.log().contains(initial));
    let own = format!("/users/{}/reset-password", app.user(Staff::Admin));
    app.by(Staff::Admin).post(own).send().problem("conflict");
}

#[test]
fn a_refresh_token_is_good_once() {
    let mut app = TestApp::start();
    let first = app.sign_in(Staff::Justice).expect(200);
    let (one, access) = (cookie(&first), token(&first));
    let second = refresh(&app, &one).expect(200);
    let two = cookie(&second);
    assert_ne!(one, two);
    assert!(works(&app.nobody().with_token(token(&second))));
    // Two tabs at once: within seconds the old one still works, and neither tab is thrown out.
    let tab = cookie(&refresh(&app, &one).expect(200));
    let three = cookie(&refresh(&app, &two).expect(200));

    // Later it has been stolen: whoever holds any token of this sign-in is out.
    app.restart(Some("2026-03-10T02:05:00Z"));
    let other = app.sign_in(Staff::Justice).expect(200);
    refresh(&app, &one).problem("session_reused");
    for cookie in [&one, &two, &three, &tab] {
        let code = refresh(&app, cookie).expect(401).json()["code"].clone();
        assert!(
            code == "unauthenticated" || code == "session_reused",
            "{code}"
        );
    }
    for access in [access, token(&second)] {
        assert!(!works(&app.nobody().with_token(access)));
    }
    // Another sign-in of the same person is none of it.
    assert!(works(&app.nobody().with_token(token(&other))));
    refresh(&app, &cookie(&other)).expect(200);
}

#[test]
fn a_refresh_without_a_good_cookie_is_unknown() {
    let app = TestApp::start();
    app.nobody()
        .post("/session/refresh")
        .send()
        .problem("unauthenticated");
    for cookie in [
        "xinfang_refresh=",
        "xinfang_refresh=abc",
        "xinfang_refresh=%00%27",
        "x=y",
    ] {
        refresh(&app, cookie).problem("unauthenticated");
    }
    // An access token is no refresh token.
    let access = token(&app.sign_in(Staff::Court));
    refresh(&app, &format!("xinfang_refresh={access}")).problem("unauthenticated");
}

#[test]
fn a_sign_in_that_nobody_uses_lapses() {
    let mut app = TestApp::with().env("XINFANG_ACCESS_MINUTES", "15").start();
    let session = app.sign_in(Staff::Police).expect(200);
    app.restart(Some("2026-03-10T02:14:00Z"));
    assert!(works(&app.nobody().with_token(token(&session))));
    app.restart(Some("2026-03-10T02:16:00Z"));
    assert!(!works(&app.nobody().with_token(token(&session))));
    let again = refresh(&app, &cookie(&session)).expect(200);
    app.restart(Some("2026-03-18T02:16:00Z"));
    refresh(&app, &cookie(&again)).problem("unauthenticated");
}

#[test]
fn signing_out_ends_this_sign_in_at_once() {
    let app = TestApp::start();
    let (here, there) = (app.sign_in(Staff::Police), app.sign_in(Staff::Police));
    let client = app.nobody().with_token(token(&here));
    let answer = client.delete("/session").expect(204);
    assert!(answer.header("set-cookie").contains("xinfang_refresh=;"));
    assert!(!works(&client));
    refresh(&app, &cookie(&here)).problem("unauthenticated");
    assert!(works(&app.nobody().with_token(token(&there))));
    // By the cookie alone, as a page does whose access token has lapsed.
    let call = app.nobody().delete("/session");
    call.header("cookie", cookie(&there)).expect(204);
    assert!(!works(&app.nobody().with_token(token(&there))));
    app.nobody().delete("/session").expect(204);
}

#[test]
fn signing_out_everywhere_kills_access_tokens() {
    let app = TestApp::start();
    let (here, there) = (app.sign_in(Staff::Leader), app.sign_in(Staff::Leader));
    let other = app.sign_in(Staff::OtherLeader);
    app.nobody()
        .with_token(token(&here))
        .delete("/session/all")
        .expect(204);
    for session in [&here, &there] {
        assert!(!works(&app.nobody().with_token(token(session))));
        refresh(&app, &cookie(session)).problem("unauthenticated");
    }
    assert!(works(&app.nobody().with_token(token(&other))));
    let again = app.sign_in(Staff::Leader).expect(200);
    assert!(works(&app.nobody().with_token(token(&again))));
}

#[test]
fn a_disabled_user_is_out_at_once() {
    let app = TestApp::start();
    let session = app.sign_in(Staff::OtherOffice).expect(200);
    let path = format!("/users/{}", app.user(Staff::OtherOffice));
    let admin = app.by(Staff::Admin);
    let disable = |disabled: bool| {
        let etag = admin.get(&path).expect(200).etag();
        let change = admin.patch(&path).if_match(etag);
        change.json(&json!({"disabled": disabled})).expect(200);
    };
    disable(true);
    assert!(!works(&app.nobody().with_token(token(&session))));
    assert!(!works(&app.by(Staff::OtherOffice)));
    refresh(&app, &cookie(&session)).problem("unauthenticated");
    app.sign_in(Staff::OtherOffice).problem("wrong_credentials");
    disable(false);
    // What was ended stays ended.
    assert!(!works(&app.nobody().with_token(token(&session))));
    app.sign_in(Staff::OtherOffice).expect(200);
}

#[test]
fn a_changed_role_counts_from_the_next_request() {
    let app = TestApp::start();
    let case = app.case().register();
    let office = app.by(Staff::OtherOffice);
    office.get(case.path("")).expect(200);
    let path = format!("/users/{}", app.user(Staff::OtherOffice));
    let admin = app.by(Staff::Admin);
    let etag = admin.get(&path).expect(200).etag();
    let change = json!({"role": "police_station", "unit_id": app.unit("派出所")});
    admin.patch(&path).if_match(etag).json(&change).expect(200);
    office.get(case.path("")).send().problem("not_found");
    assert_eq!(office.get("/cases").expect(200).json()["total"], 0);
}

#[test]
fn tokens_that_are_none_are_refused() {
    let app = TestApp::start();
    let good = app.sign_in(Staff::Court);
    let good = token(&good);
    let claims = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let cut = &good[..good.len() - 4];
    for value in [
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        format!("Basic {good}"),
        good.clone(),
        format!("Bearer {unsigned}"),
        format!("Bearer {cut}"),
        format!("Bearer {good}{good}"),
        format!("Bearer {}", "a".repeat(5000)),
    ] {
        let answer = app
            .nobody()
            .get("/me")
            .header("authorization", &value)
            .send();
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{value}");
        answer.problem("unauthenticated");
    }
    let answer = app
        .nobody()
        .get("/me")
        .header("authorization", format!("bearer {good}"));
    answer.expect(200);
}

#[test]
fn two_apps_do_not_take_each_others_tokens() {
    // The base's key is shared by copies; an installation of its own has its own.
    let other = TestApp::with().empty().start();
    let app = TestApp::start();
    let stranger = other
        .nobody()
        .with_token(app.by(Staff::Admin).token().unwrap());
    stranger.get("/me").send().problem("unauthenticated");
}

#[test]
fn a_long_password_costs_no_more_than_another() {
    let app = TestApp::start();
    let start = Instant::now();
    app.nobody()
        .sign_in("zongzhi", &"x".repeat(500_000))
        .problem("wrong_credentials");
    app.nobody()
        .sign_in("zongzhi", &"x".repeat(2_000_000))
        .problem("too_large");
    assert!(start.elapsed() < Duration::from_secs(20));
}
