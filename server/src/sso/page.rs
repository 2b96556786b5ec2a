//! What `/sso` says to people, in plain HTML, with the style sheet of the public page.

use maud::{DOCTYPE, Markup, html};

/// What is under a message.
pub(super) enum Next {
    /// Trying again by the provider, or with the password.
    Again,
    /// The password alone.
    Password,
    /// Back to the own account.
    Account,
}

/// A page that says why somebody did not come in.
pub(super) struct Message<'a> {
    pub(super) name: &'a str,
    pub(super) wrong: String,
    pub(super) besides: Vec<String>,
    pub(super) next: Next,
}

fn frame(name: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (name) "登录 · 信访三无工作台" }
                link rel="stylesheet" href="/p/style.css";
            }
            body {
                header {
                    p { "信访三无工作台" }
                    h1 { (name) "登录" }
                }
                main { (body) }
            }
        }
    }
}

impl Message<'_> {
    /// The page.
    pub(super) fn html(&self) -> Markup {
        let body = html! {
            section {
                p.wrong role="alert" { (self.wrong) }
                @for words in &self.besides { p { (words) } }
                @match self.next {
                    Next::Again => {
                        a.go href="/sso/start" { "重新用" (self.name) "登录" }
                        p.again { a href="/login" { "用用户名和密码登录" } }
                    }
                    Next::Password => a.go href="/login" { "用用户名和密码登录" },
                    Next::Account => a.go href="/identity" { "回到绑定页" },
                }
            }
        };
        frame(self.name, &body)
    }
}

/// The page that asks for the code of the second factor.
pub(super) fn code(name: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        form method="post" action="/sso/code" autocomplete="off" {
            h2 { "再输入验证码" }
            @if let Some(words) = wrong { p.wrong role="alert" { (words) } }
            p { (name) "已经确认是您。您开启了两步验证，还要输入手机验证器上的6位数字，或者一个恢复码。" }
            p {
                label for="code" { "验证码" }
                input id="code" name="code" required maxlength="20" autocomplete="one-time-code"
                    autocapitalize="off" spellcheck="false" autofocus;
            }
            p { button type="submit" { "登录" } }
            p.again { a href="/login" { "用用户名和密码登录" } }
        }
    };
    frame(name, &body)
}
