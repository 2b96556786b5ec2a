//! Signing in by an identity provider, through its page and back. The provider is another site to the
//! browser (`localhost`, not `127.0.0.1`), as it is in life: so cookies are sent by the same rules.

use tests::Provider;

use crate::administration::now;
use crate::browser::{Browser, Driver};
use crate::dialogs::look;
use crate::story::{at_desk, submit};
use crate::town::{PASSWORD, Town};

/// Agrees on the provider's page.
async fn agree(browser: &Browser) {
    browser.click("#agree").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_linked_and_signs_in_from_then_on() {
    let provider = Provider::start_as("localhost");
    provider.set(|ways| {
        ways.page = true;
        ways.now = now();
    });
    let town = Town::demo_with(provider.settings().into());
    let driver = Driver::start().await;

    let court = at_desk(&driver, &town, "court").await;
    court.goto("/account").await;
    court.click("a[href='/identity']").await;
    court.read("没有绑定").await;
    look(&court, "identity-none").await;
    court.press("identity-start").await;
    court.read("请填写密码").await;
    court.fill("password", PASSWORD).await;
    court.press("identity-start").await;
    agree(&court).await;
    court.see("[data-testid='identity-linked']").await;
    assert_eq!(court.path().await, "/identity");
    look(&court, "identity-linked").await;

    // Out, at the provider, too, and in again by it.
    court.goto("/account").await;
    court.press("sign-out").await;
    court.see("[data-testid='login-provider']").await;
    assert_eq!(court.path().await, "/", "whoever signs in begins there");
    assert!(provider.asked().contains(&"/logout".to_owned()));
    look(&court, "login-provider").await;
    court.press("login-provider").await;
    agree(&court).await;
    court.see(".frame #page-title").await;
    assert_eq!(court.path().await, "/");
    // The session outlasts a reload, and says how it came about.
    court.goto("/sign-ins").await;
    court.read("统一身份认证").await;
    look(&court, "sign-ins-provider").await;

    // A link that somebody follows before they sign in leads where it says.
    let other = driver.browser(&town.url, 360, 780).await;
    other.goto("/calendar").await;
    other.press("login-provider").await;
    agree(&other).await;
    other.see(".frame #page-title").await;
    assert_eq!(other.path().await, "/calendar");
    other.close().await;

    // Nobody here is linked with this one.
    provider.set(|ways| "a stranger".clone_into(&mut ways.subject));
    let stranger = driver.browser(&town.url, 360, 780).await;
    stranger.goto("/login").await;
    stranger.press("login-provider").await;
    agree(&stranger).await;
    stranger.read("还没有绑定用户").await;
    look(&stranger, "sso-stranger").await;

    // The administrator enters their account.
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/users").await;
    let row = "[data-testid='user'][data-username='justice_office']";
    admin.see(row).await;
    let button = format!("{row} [aria-label^='统一身份认证']");
    admin.click(&button).await;
    admin
        .see("dialog[open] [data-testid='identity-standing']")
        .await;
    admin.fill("account", "zhangsan").await;
    look(&admin, "identity-enter").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    stranger.goto("/login").await;
    stranger.press("login-provider").await;
    agree(&stranger).await;
    stranger.see(".frame #page-title").await;
    // And takes it away, which ends what it had opened.
    admin.click(&button).await;
    admin.read("已绑定县统一认证的账号“zhangsan”").await;
    look(&admin, "identity-remove").await;
    admin.press("identity-remove").await;
    admin.gone("dialog[open]").await;
    stranger.goto("/cases").await;
    stranger.see("[data-testid='login-provider']").await;

    // One's own link is taken away by oneself.
    court.goto("/identity").await;
    court.press("identity-unlink").await;
    court.see("dialog[open]").await;
    court.press("identity-unlink-sure").await;
    court.read("没有绑定").await;
    for browser in [court, admin, stranger] {
        browser.close().await;
    }
}
