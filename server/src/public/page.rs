//! How the public page looks: HTML that the oldest phone can read.

use maud::{DOCTYPE, Markup, html};
use shared::public::{Sentence, date};
use shared::satisfaction::{MAX_WORDS, Rating};
use shared::term::Term;

use super::service::{Rated, Reception, Shown, title, weekday};

/// The style sheet, at `/p/style.css`.
pub(super) const STYLE: &str = include_str!("style.css");

/// What stands above the form.
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// Something went wrong.
    Wrong(String),
    /// Something was done.
    Done(&'static str),
}

/// What the page says.
pub(super) struct Page<'a> {
    pub(super) township: Option<&'a str>,
    /// What was typed, or came with the address.
    pub(super) number: &'a str,
    pub(super) said: Said,
    pub(super) shown: Option<&'a Shown>,
    /// The code that led there, for the form with which the petitioner rates.
    pub(super) code: &'a str,
    pub(super) receptions: &'a [Reception],
    pub(super) demo: bool,
}

impl Page<'_> {
    /// The page.
    pub(super) fn html(&self) -> Markup {
        let town = self.township.unwrap_or_default();
        html! {
            (DOCTYPE)
            html lang="zh-CN" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (town) "事项查询" }
                    link rel="stylesheet" href="/p/style.css";
                }
                body {
                    header {
                        p { (town) }
                        h1 { "事项查询" }
                    }
                    main {
                        @if self.demo {
                            p.note { "这是演示系统，数据都是编造的。" }
                        }
                        @match &self.said {
                            Said::Nothing => {}
                            Said::Wrong(words) => p.wrong role="alert" { (words) },
                            Said::Done(words) => p.done role="status" { (words) },
                        }
                        @match self.shown {
                            Some(shown) => {
                                (case(shown, self.code))
                                p.again { a href="/p" { "查询别的事项" } }
                            }
                            None => (self.form()),
                        }
                        (receptions(self.receptions, self.township.is_none()))
                        (how())
                    }
                    footer {
                        p { "本页不显示姓名、电话和反映的内容。查完请关闭网页，不要把查询码告诉别人。" }
                    }
                }
            }
        }
    }

    fn form(&self) -> Markup {
        html! {
            form method="post" action="/p" autocomplete="off" {
                h2 { "查进展" }
                p {
                    label for="number" { "回执编号" }
                    input id="number" name="number" required maxlength="60" value=(self.number)
                        aria-describedby="number-help";
                    small id="number-help" { "如“2026-00012”，或整个编号；临时回执编号也可以" }
                }
                p {
                    label for="code" { "查询码" }
                    input id="code" name="code" required maxlength="20" autocapitalize="characters"
                        spellcheck="false" aria-describedby="code-help";
                    small id="code-help" { "印在登记回执上的8位字母和数字，如“7K3M-2Q8X”" }
                }
                p { button type="submit" { "查询" } }
                p.quiet {
                    "没有查询码，或者只有临时回执的：带上回执到登记的窗口或镇综治办，当场补打登记回执，上面有查询码。"
                }
            }
        }
    }
}

fn sentences(all: &[Sentence]) -> Markup {
    html! {
        ul {
            @for one in all {
                li {
                    (one.words)
                    @if !one.basis.is_empty() { " " span.quiet { "（" (one.basis) "）" } }
                }
            }
        }
    }
}

fn case(shown: &Shown, code: &str) -> Markup {
    html! {
        section aria-labelledby="now" {
            p.number { (shown.number) }
            h2 id="now" { (shown.words) }
            dl {
                div { dt { "收到日期" } dd { (date(shown.received_on)) } }
                div { dt { "负责单位" } dd { (shown.unit) } }
            }
        }
        @if !shown.clocks.is_empty() {
            section { h2 { "期限" } (sentences(&shown.clocks)) }
        }
        section { h2 { "您的权利和下一步" } (sentences(&shown.rights)) }
        @if !shown.served.is_empty() {
            section {
                h2 { "已经送达的文书" }
                ul {
                    @for one in &shown.served { li { (title(one)) "，" (date(one.on)) } }
                }
            }
        }
        (rating(shown, code))
        section {
            h2 { "谁看过这件事项" }
            @if shown.looks.is_empty() {
                p { "还没有工作人员打开过。" }
            } @else {
                p.quiet { "每次查看都有记录。这里按单位和日期列出最近的。" }
                ul {
                    @for (unit, on) in &shown.looks { li { (date(*on)) " " (unit) } }
                }
            }
        }
    }
}

fn rating(shown: &Shown, code: &str) -> Markup {
    let ask = match shown.rated {
        Rated::Nothing => return html! {},
        Rated::Own(rating, on) => {
            return html! {
                section {
                    h2 { "您的评价" }
                    p { (rating.label()) "，" (date(on)) "。谢谢您。" }
                }
            };
        }
        Rated::Asked(rating, on) => Some((rating, on)),
        Rated::Open => None,
    };
    html! {
        section {
            form method="post" action="/p/rating" autocomplete="off" {
                h2 { "对这次答复，您满意吗？" }
                @if let Some((rating, on)) = ask {
                    p { "工作人员回访时登记的是：" (rating.label()) "（" (date(on)) "）。您可以自己评价，以您的为准。" }
                }
                input type="hidden" name="number" value=(shown.number);
                input type="hidden" name="code" value=(code);
                fieldset {
                    legend { "请选一项" }
                    @for one in Rating::ALL {
                        label.choice {
                            input type="radio" name="rating" value=(one.code()) required;
                            (one.label())
                        }
                    }
                }
                p {
                    label for="words" { "想说的话（可以不填）" }
                    textarea id="words" name="words" rows="3" maxlength=(MAX_WORDS) {}
                    small { "只有没有参与办理的镇综治办和镇领导看得到，办理单位看不到。评价以后不能改。" }
                }
                p { button type="submit" { "提交评价" } }
            }
        }
    }
}

fn receptions(days: &[Reception], several: bool) -> Markup {
    html! {
        section aria-labelledby="reception" {
            h2 id="reception" { "领导接待日" }
            @if days.is_empty() {
                p { "近期的接待日还没有公布，请留意公告或到窗口询问。" }
            } @else {
                ul {
                    @for day in days {
                        li {
                            @if several { (day.township) " " }
                            b { (date(day.on)) "（" (weekday(day.on)) "）" }
                            @if day.cancelled {
                                " 取消"
                                @if let Some(on) = day.instead_on { "，改在" (date(on)) }
                            } @else {
                                " " (day.hours) "，" (day.place) "，" (day.leader) "接待"
                            }
                        }
                    }
                }
                p.quiet { "请带身份证件。多人反映同一件事的，推选代表，代表不超过5人。" }
            }
        }
    }
}

/// How to bring a grievance.
fn how() -> Markup {
    html! {
        section aria-labelledby="how" {
            h2 id="how" { "怎样反映问题" }
            ul {
                li { "到镇便民服务中心窗口、镇综治办，或者找村支部书记当面说。说清姓名、住址、要求和事实。" }
                li { "写信、打电话、发电子邮件，或者上国家信访局的网上信访，与当面说的一样办。" }
                li { "当场登记，给您登记回执；15日内书面告诉您是否受理，受理的60日内答复。" span.quiet { "（《信访工作条例》第二十二条、第二十三条、第三十四条）" } }
                li { "打官司、仲裁、行政复议能解决的，会告诉您到哪里去；没有钱打官司，可以申请法律援助，电话12348。" }
                li { "邻里、家庭、土地的纠纷，可以先找村里或司法所调解，不收钱。" span.quiet { "（《人民调解法》第四条）" } }
                li { "检举、控告干部的，只转给有权处理的机关，严格保密，不在本页查询；请向收件的机关询问。" span.quiet { "（《信访工作条例》第三十条）" } }
            }
        }
    }
}
