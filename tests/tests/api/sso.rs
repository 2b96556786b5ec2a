//! Signing in by an identity provider: who comes in, who does not, and what the provider may get wrong.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::DateTime;
use reqwest::Url;
use serde_json::{Value, json};
use tests::staff::PASSWORD;
use tests::{Answer, Client, Provider, Staff, TestApp};

const TEN: &str = "2026-03-10T02:00:00Z";

/// A browser: its cookies, and where it is sent.
struct Browser<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            cookies: BTreeMap::new(),
        }
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Opens a page of the server.
    #[track_caller]
    fn open(&mut self, path: &str) -> Answer {
        let call = self.app.nobody().call_at("GET", path);
        let answer = call.header("cookie", self.cookie()).try_send().unwrap();
        self.keep(&answer);
        answer
    }

    /// Sends a code.
    #[track_caller]
    fn type_code(&mut self, code: &str) -> Answer {
        let call = self.app.nobody().call_at("POST", "/sso/code");
        let call = call.header("cookie", self.cookie());
        let kind = "application/x-www-form-urlencoded";
        let answer = call.body(kind, format!("code={code}")).try_send().unwrap();
        self.keep(&answer);
        answer
    }

    /// To the provider, without coming back: the path with which it would.
    #[track_caller]
    fn leave_for_provider(&mut self) -> String {
        let sent = self.open("/sso/start?to=/cases").expect(303);
        through(sent.header("location"))
    }

    /// To the provider and back.
    #[track_caller]
    fn sign_in(&mut self) -> Answer {
        let back = self.leave_for_provider();
        self.open(&back)
    }

    /// What the refresh cookie opens.
    #[track_caller]
    fn session(&mut self) -> Value {
        let call = self.app.nobody().post("/session/refresh");
        let answer = call.header("cookie", self.cookie()).expect(200);
        self.keep(&answer);
        answer.json()
    }

    #[track_caller]
    fn client(&mut self) -> Client {
        let session = self.session();
        let token = session["access_token"].as_str().unwrap();
        self.app.nobody().with_token(token)
    }

    fn is_in(&self) -> bool {
        self.cookies.contains_key("xinfang_refresh")
    }
}

/// Follows an address of the provider: the path of the server that it leads back to.
#[track_caller]
fn through(address: &str) -> String {
    let url = Url::parse(address).unwrap();
    let provider = Client::new(url.origin().ascii_serialization());
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let sent = provider.call_at("GET", &path).try_send().unwrap();
    let back = Url::parse(sent.expect(302).header("location")).unwrap();
    assert_eq!(back.path(), "/sso/callback");
    format!("{}?{}", back.path(), back.query().unwrap())
}

/// Enters the account of the provider's `zhangsan` for somebody.
#[track_caller]
fn enter(app: &TestApp, who: Staff) {
    enter_account(app, app.user(who), "zhangsan").expect(200);
}

#[track_caller]
fn enter_account(app: &TestApp, user: &str, account: &str) -> Answer {
    let call = app.by(Staff::Admin).put(format!("/users/{user}/identity"));
    call.json(&json!({"account": account})).send()
}

/// What the log says: to the township's auditor of its people, to the county of those whom nobody knows.
fn audit(app: &TestApp, action: &str) -> String {
    let read = |by: tests::Client| {
        let entries = by.get(format!("/audit?action={action}"));
        entries.expect(200).text()
    };
    read(app.by(Staff::Auditor)) + &read(app.watcher())
}

#[test]
fn an_entered_account_is_matched_once_and_pinned_to_the_person() {
    let provider = Provider::start();
    let app = provider.options().start();
    let setup = app.nobody().get("/setup").expect(200).json();
    assert_eq!(setup["provider"], "县统一认证");
    enter(&app, Staff::Court);
    let path = format!("/users/{}/identity", app.user(Staff::Court));
    let status = app.by(Staff::Admin).get(&path).expect(200).json();
    assert_eq!(
        (&status["account"], &status["linked"], &status["claim"]),
        (
            &json!("zhangsan"),
            &json!(false),
            &json!("preferred_username")
        )
    );

    let mut browser = Browser::new(&app);
    let start = browser.open("/sso/start?to=/cases").expect(303);
    let cookie = start.header("set-cookie");
    for part in [
        "xinfang_sso=",
        "HttpOnly",
        "SameSite=Lax",
        "Path=/sso",
        "Max-Age=600",
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let there = Url::parse(start.header("location")).unwrap();
    let asked: BTreeMap<String, String> = there.query_pairs().into_owned().collect();
    assert_eq!(asked["scope"], "openid profile");
    assert_eq!(asked["redirect_uri"], format!("{}/sso/callback", app.url()));
    assert!(!start.text().contains(&asked["nonce"]));
    let back = through(start.header("location"));
    let in_ = browser.open(&back).expect(303);
    assert_eq!(in_.header("location"), "/cases");
    assert!(!browser.cookies.contains_key("xinfang_sso"), "used up");
    let refresh: Vec<&str> = in_
        .headers
        .get_all("set-cookie")
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .filter(|line| line.starts_with("xinfang_refresh="))
        .collect();
    assert!(refresh[0].contains("SameSite=Strict") && refresh[0].contains("HttpOnly"));

    let session = browser.session();
    assert_eq!(session["user"]["user"]["username"], Staff::Court.username());
    assert_eq!(session["user"]["by_provider"], true);
    let client = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    client.get("/cases").expect(200);
    let sign_ins = client.get("/sessions").expect(200).json();
    assert_eq!(sign_ins["items"][0]["method"], "provider");
    assert_eq!(sign_ins["items"][1]["method"], "password");
    assert!(audit(&app, "sign_in").contains("登录成功（县统一认证）"));
    assert!(audit(&app, "identity").contains("按登记的账号绑定"));
    let status = app.by(Staff::Admin).get(&path).expect(200).json();
    assert_eq!(
        (&status["linked"], &status["shown"]),
        (&json!(true), &json!("zhangsan"))
    );

    // It is the person that counts from now on: under another name they come in, and nobody else does
    // under theirs.
    provider.set(|ways| ways.claims = json!({"preferred_username": "zhangsan2"}));
    assert_eq!(browser.sign_in().status, 303);
    provider.behave();
    provider.set(|ways| "somebody else".clone_into(&mut ways.subject));
    let mut other = Browser::new(&app);
    let refused = other.sign_in().expect(403).text();
    assert!(
        refused.contains("还没有绑定用户") && !other.is_in(),
        "{refused}"
    );
}

#[test]
fn a_stranger_gets_no_account_and_learns_of_none() {
    let provider = Provider::start();
    let app = provider.options().start();
    let count = || app.by(Staff::Admin).get("/users").expect(200).json()["total"].clone();
    let before = count();
    let mut browser = Browser::new(&app);
    let stranger = browser.sign_in().expect(403).text();
    assert!(stranger.contains("您在县统一认证的账号：zhangsan") && !browser.is_in());
    assert_eq!(count(), before);
    assert!(audit(&app, "sign_in_failed").contains("县统一认证：账号没有绑定用户，或用户已停用"));

    // Whoever is disabled reads just the same.
    enter(&app, Staff::Justice);
    assert_eq!(browser.sign_in().status, 303);
    let path = format!("/users/{}", app.user(Staff::Justice));
    let admin = app.by(Staff::Admin);
    let etag = admin.get(&path).expect(200).etag();
    let disable = admin.patch(&path).if_match(etag);
    disable.json(&json!({"disabled": true})).expect(200);
    let mut again = Browser::new(&app);
    assert_eq!(again.sign_in().expect(403).text(), stranger);
    assert!(!again.is_in());
    // What is shown is text.
    provider.set(|ways| {
        ways.claims = json!({"preferred_username": "<script>alert(1)</script>"});
        "a third".clone_into(&mut ways.subject);
    });
    let page = again.sign_in().expect(403);
    assert!(page.text().contains("&lt;script&gt;") && !page.text().contains("<script>"));
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
}

/// Links somebody's own account, as they are signed in with `client`.
#[track_caller]
fn link(browser: &mut Browser<'_>, client: &Client) -> Answer {
    let call = client
        .post("/me/identity")
        .json(&json!({"password": PASSWORD}));
    let started = call.expect(200);
    browser.keep(&started);
    let location = started.json()["location"].as_str().unwrap().to_owned();
    assert!(location.contains("prompt=login"), "{location}");
    let back = through(&location);
    browser.open(&back)
}

#[test]
fn one_links_ones_own_account_with_the_password_and_takes_it_away() {
    let provider = Provider::start();
    let app = provider.options().start();
    let police = app.by(Staff::Police);
    let call = police
        .post("/me/identity")
        .json(&json!({"password": "not mine"}));
    assert_eq!(call.send().invalid_fields(), ["password:wrong"]);
    let mut browser = Browser::new(&app);
    let linked = link(&mut browser, &police).expect(303);
    assert_eq!(linked.header("location"), "/identity");
    assert!(!browser.is_in(), "linking is no sign-in");
    let status = police.get("/me/identity").expect(200).json();
    assert_eq!(
        (&status["linked"], &status["shown"]),
        (&json!(true), &json!("zhangsan"))
    );
    assert_eq!(browser.sign_in().status, 303);
    let by_provider = browser.client();
    let me = by_provider.get("/me").expect(200).json();
    assert_eq!(me["user"]["username"], Staff::Police.username());

    // The account is theirs; nobody else links it.
    let mut other = Browser::new(&app);
    let refused = link(&mut other, &app.by(Staff::Court)).expect(409).text();
    assert!(refused.contains("已经绑定了另一个用户"), "{refused}");
    assert_eq!(
        app.by(Staff::Court).get("/me/identity").expect(200).json()["linked"],
        false
    );

    // Whoever has been signed out meanwhile links nothing.
    let session = app.sign_in(Staff::Justice).expect(200).json();
    let justice = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let call = justice
        .post("/me/identity")
        .json(&json!({"password": PASSWORD}));
    let started = call.expect(200);
    let mut left = Browser::new(&app);
    left.keep(&started);
    provider.set(|ways| "another".clone_into(&mut ways.subject));
    let back = through(started.json()["location"].as_str().unwrap());
    justice.delete("/session").expect(204);
    assert!(left.open(&back).expect(403).text().contains("登录已经结束"));
    assert_eq!(
        app.by(Staff::Justice)
            .get("/me/identity")
            .expect(200)
            .json()["linked"],
        false
    );

    // Taken away, it opens nothing, and what it had opened elsewhere ends.
    provider.behave();
    police.delete("/me/identity").expect(204);
    by_provider.get("/me").send().problem("unauthenticated");
    police.get("/me").expect(200);
    assert_eq!(browser.sign_in().status, 403);
    police.delete("/me/identity").send().problem("conflict");
    let log = audit(&app, "identity");
    assert!(log.contains("绑定县统一认证的账号") && log.contains("解除本人的统一身份认证绑定"));
}

#[test]
fn the_administrator_enters_and_takes_away_accounts() {
    let provider = Provider::start();
    let app = provider.options().start();
    let court = app.user(Staff::Court).to_owned();
    assert_eq!(
        enter_account(&app, &court, " ").invalid_fields(),
        ["account:required"]
    );
    enter(&app, Staff::Court);
    // Twice is once, and another's is another's.
    enter(&app, Staff::Court);
    let told = app
        .by(Staff::Court)
        .get("/notifications")
        .expect(200)
        .text();
    assert_eq!(
        told.matches("系统管理员登记了您的县统一认证账号").count(),
        1,
        "{told}"
    );
    let taken = enter_account(&app, app.user(Staff::Police), "zhangsan");
    assert_eq!(taken.invalid_fields(), ["account:taken"]);
    enter_account(&app, app.user(Staff::Admin), "own").problem("conflict");
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in().status, 303);
    let client = browser.client();
    let path = format!("/users/{court}/identity");
    app.by(Staff::Office).get(&path).send().problem("forbidden");
    app.by(Staff::Office)
        .delete(&path)
        .send()
        .problem("forbidden");
    app.by(Staff::Admin)
        .delete("/users/nobody/identity")
        .send()
        .problem("not_found");
    app.by(Staff::Admin).delete(&path).expect(204);
    client.get("/me").send().problem("unauthenticated");
    app.by(Staff::Court).get("/me").expect(200);
    assert_eq!(browser.sign_in().status, 403);
    app.by(Staff::Admin)
        .delete(&path)
        .send()
        .problem("conflict");
    let log = audit(&app, "identity");
    assert!(log.contains("为用户“陈明理”登记县统一认证的账号"), "{log}");
    assert!(log.contains("解除用户“陈明理”的统一身份认证绑定") && !log.contains("zhangsan"));
}

/// Sets a second factor up for somebody; the secret.
fn set_up(app: &TestApp, who: Staff) -> String {
    let session = app.sign_in(who).expect(200).json();
    let here = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    let call = here.post("/me/second-factor");
    let told = call.json(&json!({"password": PASSWORD})).expect(200).json();
    let secret = told["secret"].as_str().unwrap().to_owned();
    let code = code(&secret, 0);
    let call = here.post("/me/second-factor/confirm");
    call.json(&json!({"code": code})).expect(200);
    secret
}

/// The code so many seconds after ten.
fn code(secret: &str, off: i64) -> String {
    let ten = DateTime::parse_from_rfc3339(TEN).unwrap().timestamp();
    tests::totp::code(secret, ten + off)
}

#[test]
fn a_code_is_still_asked_for_unless_the_provider_saw_one_that_counts() {
    let provider = Provider::start();
    let app = provider.options().start();
    enter(&app, Staff::Court);
    let secret = set_up(&app, Staff::Court);
    // What the provider says of itself is not believed unless that is configured.
    provider.set(|ways| ways.claims = json!({"amr": ["pwd", "mfa"]}));
    let mut browser = Browser::new(&app);
    let asked = browser.sign_in().expect(303);
    assert_eq!(asked.header("location"), "/sso/code");
    assert!(!browser.is_in());
    assert!(
        browser
            .open("/sso/code")
            .expect(200)
            .text()
            .contains("验证码")
    );
    let wrong = browser.type_code("000000");
    assert!(wrong.expect(403).text().contains("验证码不正确"));
    assert!(!browser.is_in());
    // Nobody has come in, so nobody is pinned.
    let status = format!("/users/{}/identity", app.user(Staff::Court));
    let status = app.by(Staff::Admin).get(status).expect(200).json();
    assert_eq!(status["linked"], false);
    let halfway = browser.cookies.clone();
    let good = browser.type_code(&code(&secret, 30)).expect(303);
    assert_eq!(good.header("location"), "/cases");
    assert!(browser.is_in());
    browser.client().get("/cases").expect(200);
    assert!(audit(&app, "sign_in_failed").contains("统一身份认证通过，验证码不正确"));
    // The same way again, with the same code or without any.
    let mut again = Browser::new(&app);
    again.cookies = halfway;
    again.cookies.remove("xinfang_refresh");
    assert_eq!(again.type_code(&code(&secret, 30)).status, 403);
    assert!(!again.is_in());
    let mut none = Browser::new(&app);
    assert_eq!(none.type_code("123456").status, 400);
    assert_eq!(none.open("/sso/code").status, 400);
}

#[test]
fn a_second_factor_of_the_provider_counts_where_that_is_configured() {
    let provider = Provider::start();
    let app = provider
        .options()
        .env("XINFANG_OIDC_MFA", "mfa, otp")
        .start();
    enter(&app, Staff::Justice);
    let settings = app.by(Staff::Admin).get("/settings").expect(200);
    let roles = json!({"second_factor_roles": ["justice_office"]});
    let call = app
        .by(Staff::Admin)
        .patch("/settings")
        .if_match(settings.etag());
    call.json(&roles).expect(200);
    let mut browser = Browser::new(&app);
    // The role must have one, and the provider saw none.
    assert_eq!(browser.sign_in().status, 303);
    let session = browser.session();
    assert_eq!(session["user"]["must_set_up_second_factor"], true);
    let client = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    client.get("/cases").send().problem("second_factor_setup");
    // Now it has.
    provider.set(|ways| ways.claims = json!({"amr": ["pwd", "otp"]}));
    assert_eq!(browser.sign_in().status, 303);
    let session = browser.session();
    assert_eq!(session["user"]["must_set_up_second_factor"], false);
    browser.client().get("/cases").expect(200);
    // The refreshed session still knows, and one with the password does not profit.
    browser.client().get("/cases").expect(200);
    let own = app.sign_in(Staff::Justice).expect(200).json();
    let own = app
        .nobody()
        .with_token(own["access_token"].as_str().unwrap());
    own.get("/cases").send().problem("second_factor_setup");
    // One's own factor is not asked for either.
    let secret = set_up(&app, Staff::Court);
    assert!(!secret.is_empty());
    provider.set(|ways| {
        "the judge".clone_into(&mut ways.subject);
        ways.claims = json!({"preferred_username": "chen", "amr": ["mfa"]});
    });
    enter_account(&app, app.user(Staff::Court), "chen").expect(200);
    assert_eq!(browser.sign_in().expect(303).header("location"), "/cases");
}

#[test]
fn an_initial_password_need_not_be_changed_by_whoever_comes_by_the_provider() {
    let provider = Provider::start();
    let app = provider.options().start();
    let user = json!({
        "username": "xinren", "name": "新人", "role": "auditor", "unit_id": app.unit("党政办"),
    });
    let made = app
        .by(Staff::Admin)
        .post("/users")
        .json(&user)
        .expect(201)
        .json();
    enter_account(&app, made["user"]["id"].as_str().unwrap(), "zhangsan").expect(200);
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in().status, 303);
    let session = browser.session();
    assert_eq!(session["user"]["user"]["must_change_password"], false);
    browser.client().get("/audit").expect(200);
    let initial = made["initial_password"].as_str().unwrap();
    let session = app.nobody().sign_in("xinren", initial).expect(200).json();
    let by_password = app
        .nobody()
        .with_token(session["access_token"].as_str().unwrap());
    by_password
        .get("/audit")
        .send()
        .problem("password_change_required");
}

#[test]
fn what_does_not_hold_opens_nothing() {
    let provider = Provider::start();
    let app = provider.options().start();
    enter(&app, Staff::Court);
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in().status, 303, "what is right does");
    type Wrong = fn(&mut tests::provider::Ways);
    let claims: [(&str, u16, Wrong); 8] = [
        ("another nonce", 403, |ways| {
            ways.claims = json!({"nonce": "x"})
        }),
        ("no nonce", 403, |ways| ways.claims = json!({"nonce": null})),
        ("for another", 403, |ways| {
            ways.claims = json!({"aud": "other"})
        }),
        ("for another, too", 403, |ways| {
            ways.claims = json!({"aud": ["xinfang", "other"]})
        }),
        ("of another issuer", 403, |ways| {
            ways.claims = json!({"iss": "https://evil.example"})
        }),
        ("long expired", 403, |ways| {
            ways.claims = json!({"exp": 1_700_000_000})
        }),
        ("without a subject", 403, |ways| {
            ways.claims = json!({"sub": null})
        }),
        ("an empty subject", 403, |ways| {
            ways.claims = json!({"sub": ""})
        }),
    ];
    let signatures: [(&str, u16, Wrong); 3] = [
        ("unsigned", 403, |ways| ways.algorithm = "none"),
        ("signed with the client's secret", 403, |ways| {
            ways.algorithm = "HS256"
        }),
        ("signed by another", 403, |ways| ways.foreign_key = true),
    ];
    let answers: [(&str, u16, Wrong); 8] = [
        ("an expired code", 400, |ways| {
            let body = json!({"error": "invalid_grant", "error_description": "Code not valid"});
            ways.token = Some((400, "application/json", body.to_string()));
        }),
        ("no JSON", 403, |ways| {
            ways.token = Some((200, "application/json", "<html>".to_owned()))
        }),
        ("a page", 403, |ways| {
            ways.token = Some((200, "text/html", "<html>".to_owned()))
        }),
        ("no token", 403, |ways| {
            let body = json!({"access_token": "x", "token_type": "Bearer"});
            ways.token = Some((200, "application/json", body.to_string()));
        }),
        ("a token that is none", 403, |ways| {
            let body = json!({"access_token": "x", "token_type": "Bearer", "id_token": "a.b.c"});
            ways.token = Some((200, "application/json", body.to_string()));
        }),
        ("without an end", 503, |ways| {
            ways.token = Some((200, "application/json", " ".repeat(300_000)));
        }),
        ("elsewhere", 503, |ways| {
            ways.token = Some((302, "", String::new()))
        }),
        ("not wanted", 403, |ways| ways.denies = true),
    ];
    for (what, status, change) in claims.into_iter().chain(signatures).chain(answers) {
        provider.behave();
        provider.set(change);
        let mut browser = Browser::new(&app);
        let answer = browser.sign_in();
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(
            !browser.is_in() && !browser.cookies.contains_key("xinfang_sso"),
            "{what}"
        );
        assert!(tests::client::is_chinese(&answer.text()), "{what}");
    }
    assert!(
        !provider.asked().contains(&"/elsewhere".to_owned()),
        "no redirect is followed"
    );
    let log = audit(&app, "sign_in_failed");
    for words in [
        "nonce",
        "audience",
        "issuer",
        "Expired",
        "没有通过核对",
        "不认这次登录",
        "没有完成登录",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    provider.behave();
    assert_eq!(
        Browser::new(&app).sign_in().status,
        303,
        "what is right still does"
    );
}

#[test]
fn a_way_back_is_good_once_and_in_its_own_browser() {
    let provider = Provider::start();
    let app = provider.options().start();
    enter(&app, Staff::Court);
    let mut browser = Browser::new(&app);
    let back = browser.leave_for_provider();
    let before = browser.cookies.clone();

    // In another browser, without the cookie, and with one's own.
    let mut other = Browser::new(&app);
    assert_eq!(other.open(&back).status, 400);
    other.leave_for_provider();
    assert_eq!(other.open(&back).status, 400);
    assert!(!other.is_in());
    // Another state, and none.
    let mut forged = Browser::new(&app);
    forged.cookies = before.clone();
    assert_eq!(forged.open("/sso/callback?code=x&state=y").status, 400);
    forged.cookies = before.clone();
    assert_eq!(forged.open("/sso/callback").status, 400);
    // A cookie that was changed.
    let mut changed = before["xinfang_sso"].clone();
    let other_letter = if changed.as_bytes()[40] == b'A' {
        "B"
    } else {
        "A"
    };
    changed.replace_range(40..=40, other_letter);
    forged.cookies.insert("xinfang_sso".to_owned(), changed);
    assert_eq!(forged.open(&back).status, 400);

    // A code of somebody else's way, put into this one: PKCE does not fit.
    let code = |path: &str| {
        let url = Url::parse(&format!("http://h{path}")).unwrap();
        let found = url.query_pairs().find(|(name, _)| name == "code");
        found.unwrap().1.into_owned()
    };
    let mut victim = Browser::new(&app);
    let theirs = victim.leave_for_provider();
    let mut attacker = Browser::new(&app);
    let own = attacker.leave_for_provider();
    let mixed = own.replace(&code(&own), &code(&theirs));
    assert_eq!(attacker.open(&mixed).status, 400);
    assert!(!attacker.is_in());

    assert_eq!(browser.open(&back).status, 303);
    // Again, with what the browser had before.
    let mut again = Browser::new(&app);
    again.cookies = before;
    let replayed = again.open(&back).expect(400).text();
    assert!(
        replayed.contains("已经用过") && !again.is_in(),
        "{replayed}"
    );
}

#[test]
fn too_late_is_too_late() {
    let provider = Provider::start();
    let mut app = provider.options().start();
    let back = {
        let mut browser = Browser::new(&app);
        (browser.leave_for_provider(), browser.cookies)
    };
    app.restart(Some("2026-03-10T02:11:00Z"));
    let mut browser = Browser::new(&app);
    browser.cookies = back.1;
    assert!(
        browser
            .open(&back.0)
            .expect(400)
            .text()
            .contains("已经过期")
    );
}

#[test]
fn an_answer_in_the_name_of_another_issuer_is_refused() {
    let provider = Provider::start();
    let app = provider.options().start();
    enter(&app, Staff::Court);
    let own = provider.issuer().to_owned();
    provider.set(|ways| ways.names_itself = Some(own));
    assert_eq!(Browser::new(&app).sign_in().status, 303);
    provider.asked();
    provider.set(|ways| ways.names_itself = Some("https://evil.example".to_owned()));
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in().status, 403);
    let asked = provider.asked();
    assert!(
        !asked.contains(&"/token".to_owned()),
        "the code is given to nobody: {asked:?}"
    );
    assert!(audit(&app, "sign_in_failed").contains("答复来自另一个平台"));

    // One that says that it names itself, and does not.
    let provider = Provider::start();
    provider.set(|ways| {
        ways.about = json!({"authorization_response_iss_parameter_supported": true});
    });
    let app = provider.options().start();
    assert_eq!(Browser::new(&app).sign_in().status, 403);
    assert!(audit(&app, "sign_in_failed").contains("没有说明来自哪个平台"));
}

#[test]
fn a_provider_that_is_down_keeps_nobody_else_out_and_is_asked_again() {
    let provider = Provider::start();
    provider.set(|ways| ways.down = true);
    let app = provider.options().start();
    let mut browser = Browser::new(&app);
    let down = browser.open("/sso/start").expect(503);
    assert!(down.text().contains("现在没有正常应答"), "{}", down.text());
    app.sign_in(Staff::Court).expect(200);
    let call = app.by(Staff::Court).post("/me/identity");
    let call = call.json(&json!({"password": PASSWORD}));
    call.send().problem("unavailable");
    let doctor = app.command().arg("doctor").output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        said.contains("[注意] 县统一认证：身份认证平台没有正常应答"),
        "{said}"
    );

    provider.behave();
    let since = Instant::now();
    while browser.open("/sso/start").status != 303 {
        assert!(since.elapsed().as_secs() < 30, "it is not asked again");
    }
    let doctor = app.command().arg("doctor").output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("[正常] 县统一认证可以使用"), "{said}");
    // What it said of itself is kept.
    provider.asked();
    browser.open("/sso/start").expect(303);
    assert_eq!(provider.asked(), Vec::<String>::new());
    // Down when the browser comes back.
    let back = browser.leave_for_provider();
    provider.set(|ways| ways.down = true);
    assert_eq!(browser.open(&back).status, 503);
    assert!(!browser.is_in());
}

#[test]
fn a_provider_that_is_none_or_another_is_not_used() {
    type Wrong = fn(&mut tests::provider::Ways);
    let wrong: [Wrong; 5] = [
        |ways| ways.discovery = Some((200, "application/json", "{}".to_owned())),
        |ways| ways.discovery = Some((200, "text/html", "<html>".to_owned())),
        |ways| ways.about = json!({"issuer": "https://evil.example"}),
        |ways| ways.about = json!({"response_types_supported": ["id_token"]}),
        |ways| ways.about = json!({"jwks_uri": null}),
    ];
    for change in wrong {
        let provider = Provider::start();
        provider.set(change);
        let app = provider.options().start();
        let answer = Browser::new(&app).open("/sso/start");
        assert_eq!(answer.status, 403, "{}", answer.text());
        let doctor = app.command().arg("doctor").output().unwrap();
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(said.contains("[错误] 县统一认证："), "{said}");
    }
}

#[test]
fn new_keys_of_the_provider_are_fetched() {
    let provider = Provider::start();
    let app = provider.options().start();
    enter(&app, Staff::Court);
    assert_eq!(Browser::new(&app).sign_in().status, 303);
    provider.change_key();
    provider.asked();
    assert_eq!(Browser::new(&app).sign_in().status, 303);
    assert!(provider.asked().contains(&"/jwks".to_owned()));
}

#[test]
fn what_cannot_be_right_is_told_at_the_start_and_by_the_doctor() {
    let app = TestApp::start();
    for (name, value, setting) in [
        ("XINFANG_OIDC_ISSUER", "sso.example.gov.cn", "oidc_issuer"),
        (
            "XINFANG_OIDC_ISSUER",
            "http://sso.example.gov.cn",
            "oidc_issuer",
        ),
        ("XINFANG_OIDC_SITE", "https://h/app", "oidc_site"),
        (
            "XINFANG_OIDC_CLIENT_SECRET_FILE",
            "/nowhere/secret",
            "oidc_client_secret_file",
        ),
    ] {
        let run = |what: &str| {
            let mut command = app.command();
            command
                .arg(what)
                .env("XINFANG_OIDC_ISSUER", "https://sso.example.gov.cn")
                .env("XINFANG_OIDC_CLIENT_ID", "xinfang")
                .env("XINFANG_OIDC_SITE", "https://xinfang.example.gov.cn")
                .env(name, value);
            command.output().unwrap()
        };
        let serve = run("serve");
        let said = String::from_utf8_lossy(&serve.stderr).into_owned();
        let words = format!("统一身份认证的设置 {setting} 不对");
        assert!(!serve.status.success() && said.contains(&words), "{said}");
        let doctor = run("doctor");
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(said.contains(&format!("[错误] {words}")), "{said}");
        assert_eq!(doctor.status.code(), Some(2));
    }
    let shown = app
        .command()
        .arg("config")
        .env("XINFANG_OIDC_CLIENT_SECRET", "hunter2")
        .output();
    let shown = String::from_utf8_lossy(&shown.unwrap().stdout).into_owned();
    assert!(shown.contains("oidc_client_secret") && !shown.contains("hunter2"));
}

#[test]
fn failures_are_throttled_by_address_with_those_of_passwords() {
    let provider = Provider::start();
    let options = provider.options().env("XINFANG_ADDRESS_FAILURES", "3");
    let app = options.start();
    for _ in 0..3 {
        assert_eq!(Browser::new(&app).sign_in().status, 403);
    }
    let throttled = Browser::new(&app).sign_in().expect(429);
    let wait: u32 = throttled.header("retry-after").parse().unwrap();
    assert!(wait > 0 && throttled.text().contains("分钟后再试"));
    app.sign_in(Staff::Court).problem("too_many_requests");
}

#[test]
fn a_sign_out_goes_on_at_the_provider() {
    let provider = Provider::start();
    let app = provider.options().start();
    let leaving = Browser::new(&app).open("/sso/leave").expect(303);
    let there = Url::parse(leaving.header("location")).unwrap();
    assert_eq!(there.path(), "/logout");
    let asked: BTreeMap<String, String> = there.query_pairs().into_owned().collect();
    assert_eq!(asked["client_id"], "xinfang");
    assert_eq!(
        asked["post_logout_redirect_uri"],
        format!("{}/login", app.url())
    );
    // Where there is no such place, it ends here.
    let without = Provider::start();
    without.set(|ways| ways.about = json!({"end_session_endpoint": null}));
    let app = without.options().start();
    let leaving = Browser::new(&app).open("/sso/leave").expect(303);
    assert_eq!(leaving.header("location"), "/login");
}

#[test]
fn without_a_provider_there_is_no_way() {
    let app = TestApp::start();
    let setup = app.nobody().get("/setup").expect(200).json();
    assert_eq!(setup["provider"], Value::Null);
    let mut browser = Browser::new(&app);
    assert!(
        browser
            .open("/sso/start")
            .expect(404)
            .text()
            .contains("没有启用")
    );
    assert_eq!(browser.open("/sso/callback?code=x&state=y").status, 404);
    assert_eq!(
        browser.open("/sso/leave").expect(303).header("location"),
        "/login"
    );
    let court = app.by(Staff::Court);
    let status = court.get("/me/identity").expect(200).json();
    assert_eq!(
        (&status["provider"], &status["linked"]),
        (&Value::Null, &json!(false))
    );
    let call = court
        .post("/me/identity")
        .json(&json!({"password": PASSWORD}));
    call.send().problem("conflict");
    enter_account(&app, app.user(Staff::Court), "zhangsan").problem("conflict");
}
