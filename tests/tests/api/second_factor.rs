//! The second factor: codes beside the password, recovery codes, who must have it.

use chrono::DateTime;
use serde_json::{Value, json};
use tests::staff::PASSWORD;
use tests::{Answer, Client, Staff, TestApp};

/// Instants at which a step begins, an hour apart: a code of one is good for half a minute at least.
const TEN: &str = "2026-03-10T02:00:00Z";
const ELEVEN: &str = "2026-03-10T03:00:00Z";
const NOON: &str = "2026-03-10T04:00:00Z";

/// The code that a phone shows whose clock is so many seconds off.
fn code(secret: &str, at: &str, off: i64) -> String {
    let at = DateTime::parse_from_rfc3339(at).unwrap().timestamp();
    tests::totp::code(secret, at + off)
}

/// A code that none of the accepted steps has.
fn wrong(secret: &str, at: &str) -> String {
    let near: Vec<String> = (-3..=3).map(|step| code(secret, at, step * 30)).collect();
    (0..)
        .map(|number: u32| format!("{number:06}"))
        .find(|code| !near.contains(code))
        .unwrap()
}

fn client(app: &TestApp, session: &Value) -> Client {
    app.nobody()
        .with_token(session["access_token"].as_str().unwrap())
}

/// What somebody has who has just set it up.
struct Has {
    secret: String,
    recovery: Vec<String>,
    client: Client,
}

/// Sets it up, with the first code.
fn set_up(app: &TestApp, who: Staff) -> Has {
    let here = client(app, &app.sign_in(who).expect(200).json());
    set_up_by(app, here)
}

fn set_up_by(app: &TestApp, here: Client) -> Has {
    let call = here.post("/me/second-factor");
    let told = call.json(&json!({"password": PASSWORD})).expect(200).json();
    let secret = told["secret"].as_str().unwrap().to_owned();
    let call = here.post("/me/second-factor/confirm");
    // The server's clock as it was at the latest sign-in, a moment ago.
    let sign_ins = app.by(Staff::Admin).get("/sessions?all=true").expect(200);
    let sign_ins = sign_ins.json();
    let since = sign_ins["items"][0]["since"].as_str().unwrap();
    let first = json!({"code": code(&secret, since, 0)});
    let on = call.json(&first).expect(200).json();
    let recovery = on["recovery_codes"].as_array().unwrap();
    Has {
        secret,
        recovery: recovery
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect(),
        client: client(app, &on["session"]),
    }
}

fn sign_in_with(app: &TestApp, username: &str, password: &str, code: &str) -> Answer {
    let body = json!({"username": username, "password": password, "totp": code});
    app.nobody().post("/session").json(&body).send()
}

fn with_code(app: &TestApp, who: Staff, code: &str) -> Answer {
    sign_in_with(app, who.username(), PASSWORD, code)
}

fn status(client: &Client) -> Value {
    client.get("/me/second-factor").expect(200).json()
}

#[test]
fn a_second_factor_is_set_up_with_a_code_and_asked_for_from_then_on() {
    let mut app = TestApp::start();
    let there = client(&app, &app.sign_in(Staff::Court).expect(200).json());
    let here = client(&app, &app.sign_in(Staff::Court).expect(200).json());
    assert_eq!(status(&here)["on"], false);
    let start = |password: &str| {
        let call = here.post("/me/second-factor");
        call.json(&json!({"password": password})).send()
    };
    assert_eq!(start("not mine").invalid_fields(), ["password:wrong"]);
    let confirm = |code: &str| {
        let call = here.post("/me/second-factor/confirm");
        call.json(&json!({"code": code})).send()
    };
    confirm("123456").problem("conflict");

    let told = start(PASSWORD).expect(200).json();
    let secret = told["secret"].as_str().unwrap().to_owned();
    assert!(told["qr_svg"].as_str().unwrap().contains("<svg"));
    let uri = told["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/") && uri.contains(&secret) && uri.contains("fating"),
        "{uri}"
    );
    // Begun is not on.
    app.sign_in(Staff::Court).expect(200);
    assert_eq!(confirm("").invalid_fields(), ["code:required"]);
    assert_eq!(confirm("12345").invalid_fields(), ["code:invalid"]);
    let wrong = wrong(&secret, TEN);
    assert_eq!(confirm(&wrong).invalid_fields(), ["code:wrong"]);
    let first = code(&secret, TEN, 0);
    let on = confirm(&first).expect(200).json();
    assert_eq!(on["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(on["session"]["user"]["user"]["second_factor"], true);
    // Other sign-ins have ended, and so has this one's old access token; the new one is good.
    there.get("/me").send().problem("unauthenticated");
    here.get("/me").send().problem("unauthenticated");
    let here = client(&app, &on["session"]);
    let now = status(&here);
    assert_eq!(
        (&now["on"], &now["recovery_codes_left"]),
        (&json!(true), &json!(10))
    );
    assert_eq!(now["required"], false);
    let again = here.post("/me/second-factor");
    again
        .json(&json!({"password": PASSWORD}))
        .send()
        .problem("conflict");

    // Shown once: nothing of it is in the database's readable columns or in the log.
    let users = app.by(Staff::Admin).get("/users").expect(200).text();
    assert!(users.contains("\"second_factor\":true") && !users.contains(&secret));
    assert!(!app.log().contains(&secret));
    let hidden = std::fs::read(app.data_dir().join("xinfang.db")).unwrap_or_default();
    for text in [secret.as_str(), on["recovery_codes"][0].as_str().unwrap()] {
        let found = hidden
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        assert!(!found, "{text} in the database");
    }

    app.sign_in(Staff::Court).problem("second_factor_required");
    with_code(&app, Staff::Court, " ").problem("second_factor_required");
    // The code of the set-up has been used.
    with_code(&app, Staff::Court, &first).problem("wrong_credentials");
    app.restart(Some(ELEVEN));
    let good = code(&secret, ELEVEN, 0);
    let spaced = format!("{} {}", &good[..3], &good[3..]);
    let session = with_code(&app, Staff::Court, &spaced).expect(200).json();
    client(&app, &session).get("/cases").expect(200);
    // Somebody else's sign-in is as before, with or without a code.
    app.sign_in(Staff::Justice).expect(200);
    with_code(&app, Staff::Justice, "123456").expect(200);
}

#[test]
fn a_code_is_taken_once_and_a_clock_may_be_half_a_minute_off() {
    let mut app = TestApp::start();
    let has = set_up(&app, Staff::Police);
    let who = Staff::Police;
    app.restart(Some(ELEVEN));
    // Two steps off is too much, either way; the server's clock is within the first step or the next.
    for off in [-90, 120] {
        with_code(&app, who, &code(&has.secret, ELEVEN, off)).problem("wrong_credentials");
    }
    let good = code(&has.secret, ELEVEN, 0);
    with_code(&app, who, &good).expect(200);
    with_code(&app, who, &good).problem("wrong_credentials");
    // A phone that is ahead; afterwards what it showed before is worth nothing.
    with_code(&app, who, &code(&has.secret, ELEVEN, 30)).expect(200);
    with_code(&app, who, &good).problem("wrong_credentials");
    app.restart(Some(NOON));
    // A phone that is behind.
    with_code(&app, who, &code(&has.secret, NOON, 0)).expect(200);
    // At once from two places: one of them gets in.
    let next = code(&has.secret, NOON, 30);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| with_code(&app, who, &next).status))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let in_ = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(in_, 1, "{statuses:?}");
}

#[test]
fn a_recovery_code_is_good_once() {
    let app = TestApp::start();
    let has = set_up(&app, Staff::Justice);
    let who = Staff::Justice;
    let one = &has.recovery[0];
    let session = with_code(&app, who, one).expect(200).json();
    with_code(&app, who, one).problem("wrong_credentials");
    // As people type it.
    let typed = has.recovery[1].to_uppercase().replace('-', " ");
    with_code(&app, who, &typed).expect(200);
    assert_eq!(status(&client(&app, &session))["recovery_codes_left"], 8);
    // Somebody else's is none.
    let other = set_up(&app, Staff::Court);
    with_code(&app, Staff::Court, &has.recovery[2]).problem("wrong_credentials");
    with_code(&app, Staff::Court, &other.recovery[0]).expect(200);

    // New ones void the old ones; that needs password and code.
    let here = client(&app, &session);
    let renew = |password: &str, code: &str| {
        let call = here.post("/me/second-factor/recovery-codes");
        call.json(&json!({"password": password, "code": code}))
            .send()
    };
    assert_eq!(
        renew("not mine", &has.recovery[3]).invalid_fields(),
        ["password:wrong"]
    );
    assert_eq!(renew(PASSWORD, one).invalid_fields(), ["code:wrong"]);
    let new = renew(PASSWORD, &has.recovery[3]).expect(200).json();
    with_code(&app, who, &has.recovery[4]).problem("wrong_credentials");
    let fresh = new["recovery_codes"][0].as_str().unwrap();
    with_code(&app, who, fresh).expect(200);

    let audit = app.by(Staff::Auditor).get("/audit?action=second_factor");
    let text = audit.expect(200).text();
    for words in ["开启两步验证", "还剩9个恢复码", "换新恢复码"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains(one) && !text.contains(fresh));
}

/// Whoever tries a code learns nothing of name and password, and no more guesses than with passwords.
#[test]
fn with_a_code_nobody_learns_what_was_wrong() {
    let app = TestApp::with().env("XINFANG_ACCOUNT_FAILURES", "4").start();
    let has = set_up(&app, Staff::Court);
    let wrong = wrong(&has.secret, TEN);
    let told = |answer: Answer| {
        let problem = answer.problem("wrong_credentials");
        (problem.title, problem.detail, problem.errors)
    };
    let of_code = told(with_code(&app, Staff::Court, &wrong));
    assert_eq!(of_code, told(sign_in_with(&app, "fating", "wrong", &wrong)));
    assert_eq!(of_code, told(sign_in_with(&app, "nobody", "wrong", &wrong)));
    assert_eq!(
        of_code,
        told(sign_in_with(&app, "sifasuo", "wrong", &wrong)),
        "of somebody who has no second factor"
    );
    // Without a code a wrong password is told as ever: whether there is a factor, too, is not.
    let plain = told(app.nobody().sign_in("fating", "wrong"));
    assert_eq!(plain, told(app.nobody().sign_in("nobody", "wrong")));
    // A right password without its code does not clear what was counted: 3 failures so far.
    for _ in 0..6 {
        app.sign_in(Staff::Court).problem("second_factor_required");
    }
    with_code(&app, Staff::Court, &wrong).problem("wrong_credentials");
    let blocked = with_code(&app, Staff::Court, &has.recovery[0]);
    assert!(!blocked.header("retry-after").is_empty());
    blocked.problem("too_many_requests");
    // That the password was right is told to the auditor, with the name.
    let audit = app.by(Staff::Auditor).get("/audit?action=sign_in_failed");
    let entries = audit.expect(200).json()["items"].clone();
    let named = entries.as_array().unwrap().iter();
    let named: Vec<&Value> = named
        .filter(|entry| entry["user_name"] == "陈明理")
        .map(|entry| &entry["detail"])
        .collect();
    assert_eq!(named.len(), 2, "{entries}");
}

#[test]
fn a_wrong_code_takes_no_less_time_than_a_wrong_password() {
    let app = TestApp::with()
        .env("XINFANG_ACCOUNT_FAILURES", "200")
        .start();
    let has = set_up(&app, Staff::Court);
    let wrong = wrong(&has.secret, TEN);
    let median = |username: &str, password: &str| {
        let mut times: Vec<_> = (0..9)
            .map(|_| {
                let start = std::time::Instant::now();
                sign_in_with(&app, username, password, &wrong).problem("wrong_credentials");
                start.elapsed()
            })
            .collect();
        times.sort();
        times[4]
    };
    let [unknown, password, code] = [
        median("nobody", PASSWORD),
        median("fating", "wrong"),
        median("fating", PASSWORD),
    ];
    // The password's hash is what takes the time, and each of them pays for it.
    for (one, other) in [(unknown, password), (password, code), (code, unknown)] {
        assert!(
            one < other * 4 && other < one * 4,
            "{unknown:?} {password:?} {code:?}"
        );
    }
}

#[test]
fn it_is_turned_off_with_password_and_code() {
    let app = TestApp::start();
    let has = set_up(&app, Staff::Centre);
    let off = |password: &str, code: &str| {
        let call = has.client.post("/me/second-factor/off");
        call.json(&json!({"password": password, "code": code}))
            .send()
    };
    assert_eq!(
        off("not mine", &has.recovery[0]).invalid_fields(),
        ["password:wrong"]
    );
    assert_eq!(
        off(PASSWORD, &wrong(&has.secret, TEN)).invalid_fields(),
        ["code:wrong"]
    );
    off(PASSWORD, &has.recovery[0]).expect(204);
    assert_eq!(status(&has.client)["on"], false);
    app.sign_in(Staff::Centre).expect(200);
    off(PASSWORD, &has.recovery[1]).problem("conflict");
}

/// Says which roles must have one.
fn demand(app: &TestApp, roles: &Value) -> Answer {
    let admin = app.by(Staff::Admin);
    let etag = admin.get("/settings").expect(200).etag();
    let call = admin.patch("/settings").if_match(etag);
    call.json(&json!({"second_factor_roles": roles})).send()
}

#[test]
fn a_role_that_must_have_it_does_nothing_else_first() {
    let app = TestApp::start();
    let twice = json!(["court", "court"]);
    assert_eq!(
        demand(&app, &twice).invalid_fields(),
        ["second_factor_roles:duplicate"]
    );
    demand(&app, &json!(["nobody"])).expect(400);
    let now = demand(&app, &json!(["court", "justice_office"])).expect(200);
    assert_eq!(
        now.json()["second_factor_roles"],
        json!(["court", "justice_office"])
    );
    let session = app.sign_in(Staff::Court).expect(200).json();
    assert_eq!(session["user"]["must_set_up_second_factor"], true);
    let here = client(&app, &session);
    for path in ["/cases", "/notifications", "/org-units", "/tokens"] {
        here.get(path).send().problem("second_factor_setup");
    }
    here.get("/me").expect(200);
    assert_eq!(status(&here)["required"], true);
    // Others work on.
    app.by(Staff::Police).get("/cases").expect(200);

    let has = set_up_by(&app, here);
    has.client.get("/cases").expect(200);
    let off = has.client.post("/me/second-factor/off");
    off.json(&json!({"password": PASSWORD, "code": has.recovery[0]}))
        .send()
        .problem("conflict");

    // An initial password comes first.
    let user = json!({
        "username": "xinfating", "name": "新法官", "role": "court", "unit_id": app.unit("蓼泉法庭"),
    });
    let made = app.by(Staff::Admin).post("/users").json(&user).expect(201);
    let initial = made.json()["initial_password"].as_str().unwrap().to_owned();
    let first = client(&app, &app.nobody().sign_in("xinfating", &initial).json());
    let start = first.post("/me/second-factor");
    start
        .json(&json!({"password": initial}))
        .send()
        .problem("password_change_required");
    first
        .get("/cases")
        .send()
        .problem("password_change_required");
    let change = json!({"current_password": initial, "new_password": "a better password"});
    let changed = first.post("/me/password").json(&change).expect(200).json();
    let second = client(&app, &changed);
    second.get("/cases").send().problem("second_factor_setup");

    demand(&app, &json!([])).expect(200);
    second.get("/cases").expect(200);
}

/// What a program does with a token has no phone at hand.
#[test]
fn tokens_are_not_asked_for_a_code() {
    let app = TestApp::start();
    let token = json!({
        "name": "县平台", "scopes": ["cases:read"], "expires_on": "2026-06-01",
    });
    let made = app.by(Staff::Office).post("/tokens").json(&token);
    let secret = made.expect(201).json()["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let program = app.nobody().with_token(&secret);
    demand(&app, &json!(["coordination_office"])).expect(200);
    program.get("/cases").expect(200);
    app.by(Staff::Office)
        .get("/cases")
        .send()
        .problem("second_factor_setup");
    // The second factor itself is not for tokens.
    program
        .get("/me/second-factor")
        .send()
        .problem("insufficient_scope");
}

#[test]
fn the_administrator_resets_it_and_so_does_the_command_line() {
    let app = TestApp::start();
    let has = set_up(&app, Staff::Secretary);
    let path = format!("/users/{}/second-factor", app.user(Staff::Secretary));
    let admin = app.by(Staff::Admin);
    app.by(Staff::Office)
        .delete(&path)
        .send()
        .problem("forbidden");
    let own = format!("/users/{}/second-factor", app.user(Staff::Admin));
    admin.delete(own).send().problem("conflict");
    admin
        .delete("/users/none/second-factor")
        .send()
        .problem("not_found");
    let user = admin.delete(&path).expect(200);
    assert_eq!(user.json()["second_factor"], false);
    // The answer's ETag is the item's.
    let item = admin
        .get(path.trim_end_matches("/second-factor"))
        .expect(200);
    assert_eq!(user.etag(), item.etag());
    has.client.get("/me").send().problem("unauthenticated");
    app.sign_in(Staff::Secretary).expect(200);
    admin.delete(&path).send().problem("conflict");

    set_up(&app, Staff::Court);
    let reset = |username: &str| {
        let mut command = tests::server::command();
        command
            .args(["admin", "reset-totp", "--username", username])
            .env("XINFANG_DATA_DIR", app.data_dir())
            .envs(app.database_url().map(|url| ("DATABASE_URL", url)));
        command.output().unwrap()
    };
    assert!(!reset("nobody").status.success());
    let done = reset("fating");
    assert!(done.status.success(), "{done:?}");
    let again = reset("fating");
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        !again.status.success() && words.contains("没有设置两步验证"),
        "{words}"
    );
    let signed_in = || app.sign_in(Staff::Court).status == 200;
    assert!(tests::app::soon(signed_in));
    let audit = app.by(Staff::Auditor).get("/audit?action=second_factor");
    let text = audit.expect(200).text();
    assert!(
        text.contains("重置“周永福”的两步验证") && text.contains("命令行重置“陈明理”的两步验证"),
        "{text}"
    );
}
