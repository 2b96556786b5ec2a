//! `/calendar`: every clock and every due of a month, a day each. A month's grid on a desk, an agenda
//! on a phone; and the personal feed for the calendar program of one's own phone.

use chrono::{Datelike, Days, Months, NaiveDate};
use leptos::prelude::*;
use shared::case::calendar::{CalendarFeed, CalendarItem, CalendarScope, CalendarView};
use shared::case::deadline::ClockOwner;
use shared::term::Term;

use super::case::matter::bits::href;
use super::heading;
use super::matters::select;
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::directory::{Options, directory};
use crate::format;
use crate::load::{Loader, load};
use crate::shell::narrow;
use crate::ui::dialog::dialog;
use crate::ui::field::Form;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::states::{empty, waiting};

/// How many entries a day's cell has room for.
const ROOM: usize = 3;

/// What is asked for; the URL carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    /// The month's first day.
    month: NaiveDate,
    /// A day of it, whose entries are wanted alone.
    day: Option<NaiveDate>,
    scope: String,
    village: String,
}

impl Asked {
    /// The URL's query. What is as usual stays out.
    fn path(&self) -> String {
        let month = self.month.format_month();
        let day = self.day.map(format::short_date).unwrap_or_default();
        let pairs = [
            ("month", month.as_str()),
            ("day", day.as_str()),
            ("scope", self.scope.as_str()),
            ("village_id", self.village.as_str()),
        ];
        format!("/calendar{}", api::query(pairs))
    }

    /// What the API is asked.
    fn request(&self) -> String {
        let from = format::short_date(self.month);
        let to = format::short_date(last_of(self.month));
        let pairs = [
            ("from", from.as_str()),
            ("to", to.as_str()),
            ("scope", self.scope.as_str()),
            ("village_id", self.village.as_str()),
        ];
        format!("/calendar{}", api::query(pairs))
    }
}

trait Month {
    /// `2026-03`.
    fn format_month(&self) -> String;
}

impl Month for NaiveDate {
    fn format_month(&self) -> String {
        format!("{:04}-{:02}", self.year(), self.month())
    }
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn last_of(month: NaiveDate) -> NaiveDate {
    month
        .checked_add_months(Months::new(1))
        .and_then(|next| next.pred_opt())
        .unwrap_or(month)
}

/// The page.
pub(crate) fn page() -> AnyView {
    let (month, day) = (app::query("month"), app::query("day"));
    let (scope, village) = (app::query("scope"), app::query("village_id"));
    let asked = Memo::new(move |_| Asked {
        month: format!("{}-01", month.read())
            .parse()
            .unwrap_or_else(|_| first_of(browser::today())),
        day: day.read().parse().ok(),
        scope: scope.get(),
        village: village.get(),
    });
    // A day that is looked at alone is in the month that was fetched.
    let request = Memo::new(move |_| asked.read().request());
    let view = load(move || Call::get(request.get()).fetch::<CalendarView>());
    let body = view.view(waiting, move |view| {
        let view = StoredValue::new(view);
        live(move || view.with_value(|view| body(view, asked)))
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("日程")}
                    <p class="quiet">"各种期限到期的日子：单位的、信访人自己的，和专项的。"</p>
                </div>
                <div class="row page-buttons">{feed()}</div>
            </div>
            {toolbar(asked)}
            {body}
        </div>
    }
    .into_any()
}

fn toolbar(asked: Memo<Asked>) -> AnyView {
    let go = app::replacing();
    let directory = directory();
    let change = move |change: &dyn Fn(&mut Asked)| {
        let mut now = asked.get_untracked();
        change(&mut now);
        go.run(now.path());
    };
    let turn = move |months: i32| {
        change(&|now| {
            let by = Months::new(months.unsigned_abs());
            let turned = if months < 0 {
                now.month.checked_sub_months(by)
            } else {
                now.month.checked_add_months(by)
            };
            now.month = turned.unwrap_or(now.month);
            now.day = None;
        });
    };
    let title = live(move || {
        let month = asked.read().month;
        format!("{}年{}月", month.year(), month.month())
    });
    let scopes: Options = CalendarScope::ALL
        .iter()
        .rev()
        .map(|scope| {
            let code = match scope {
                CalendarScope::All => "",
                scope => scope.code(),
            };
            (code.to_owned(), scope.label().to_owned())
        })
        .collect();
    let villages = Signal::derive(move || {
        let all = (String::new(), "不限".to_owned());
        std::iter::once(all)
            .chain(directory.villages())
            .collect::<Options>()
    });
    let scope = Signal::derive(move || asked.read().scope.clone());
    let village = Signal::derive(move || asked.read().village.clone());
    view! {
        <div class="calendar-bar">
            <div class="row calendar-turn">
                <button
                    type="button"
                    class="btn"
                    aria-label="上个月"
                    data-testid="month-before"
                    on:click=move |_| turn(-1)
                >
                    {icon(Icon::Back)}
                </button>
                <h2 aria-live="polite" data-testid="month">{title}</h2>
                <button
                    type="button"
                    class="btn calendar-next"
                    aria-label="下个月"
                    data-testid="month-after"
                    on:click=move |_| turn(1)
                >
                    {icon(Icon::Back)}
                </button>
                <button
                    type="button"
                    class="btn"
                    on:click=move |_| {
                        change(&|now| {
                            now.month = first_of(browser::today());
                            now.day = None;
                        });
                    }
                >
                    "本月"
                </button>
            </div>
            <div class="matters-filters" role="group" aria-label="筛选">
                {select("calendar-scope", "范围", scope, scopes.into(), move |code| {
                    change(&|now| now.scope.clone_from(&code));
                })}
                {select("calendar-village", "村", village, villages, move |code| {
                    change(&|now| now.village.clone_from(&code));
                })}
            </div>
        </div>
    }
    .into_any()
}

fn body(view: &CalendarView, asked: Memo<Asked>) -> AnyView {
    let now = asked.get();
    let cut = view.cut.then(|| {
        view! { <p class="note">"内容太多，没有全部列出。请缩小范围或选一个村。"</p> }
    });
    // The petitioners' own time is nobody's lateness.
    let late = view
        .items
        .iter()
        .filter(|item| item.overdue && item.owner != ClockOwner::Petitioner);
    let late = late.count();
    let late = (late > 0).then(|| {
        view! {
            <p class="due due-late" data-testid="calendar-late">
                {icon(Icon::Warning)}
                {format!("本月已逾期 {late} 项")}
            </p>
        }
    });
    let grid = (!narrow()).then(|| grid(view, &now));
    let shown: Vec<&CalendarItem> = view
        .items
        .iter()
        .filter(|item| now.day.is_none_or(|day| day == item.on))
        .collect();
    let whole = now.day.map(|day| {
        let month = Asked {
            day: None,
            ..now.clone()
        };
        view! {
            <p class="row">
                <strong>{format!("{} {}", format::date(day), format::weekday(day))}</strong>
                <a class="btn btn-quiet btn-small" href=month.path() data-noscroll="">"看整月"</a>
            </p>
        }
    });
    let agenda = if shown.is_empty() {
        empty(
            "没有到期的事",
            "换个月份或范围看看。已办结的、没有在计的期限不列在这里。",
            None,
        )
    } else {
        agenda(&shown, view.today)
    };
    view! { {cut} {late} {grid} {whole} {agenda} }.into_any()
}

fn tint(item: &CalendarItem) -> &'static str {
    match (item.owner, item.overdue) {
        (ClockOwner::Petitioner, _) => "entry entry-own",
        (_, true) => "entry entry-late",
        _ => "entry",
    }
}

fn grid(view: &CalendarView, now: &Asked) -> AnyView {
    let lead = u64::from(now.month.weekday().num_days_from_monday());
    let start = now
        .month
        .checked_sub_days(Days::new(lead))
        .unwrap_or(now.month);
    let last = last_of(now.month);
    let weeks = start
        .iter_weeks()
        .take_while(|week| *week <= last)
        .map(|week| {
            let days = week
                .iter_days()
                .take(7)
                .map(|day| cell(view, now, day))
                .collect_view();
            view! { <tr>{days}</tr> }.into_any()
        })
        .collect_view();
    let names = ["一", "二", "三", "四", "五", "六", "日"]
        .map(|name| view! { <th scope="col">{name}</th> }.into_any())
        .collect_view();
    view! {
        <table class="month" data-testid="month-grid">
            <caption class="sr-only">"每天到期的事。详细列在下面。"</caption>
            <thead>
                <tr>{names}</tr>
            </thead>
            <tbody>{weeks}</tbody>
        </table>
    }
    .into_any()
}

fn cell(view: &CalendarView, now: &Asked, day: NaiveDate) -> AnyView {
    if day.month() != now.month.month() {
        return view! { <td class="month-out"></td> }.into_any();
    }
    let items: Vec<&CalendarItem> = view.items.iter().filter(|item| item.on == day).collect();
    let entries = items
        .iter()
        .take(ROOM)
        .map(|item| view! { <li class=tint(item)>{item.what.clone()}</li> }.into_any())
        .collect_view();
    let count = items.len();
    let more = (count > ROOM).then(|| {
        view! { <li class="quiet">{format!("还有 {} 项", count - ROOM)}</li> }
    });
    let today = (day == view.today).then_some("date");
    let number = if count == 0 {
        view! { <span class="month-day">{day.day()}</span> }.into_any()
    } else {
        let alone = Asked {
            day: Some(day),
            ..now.clone()
        };
        view! {
            <a
                class="month-day"
                href=alone.path()
                data-noscroll=""
                aria-current=(now.day == Some(day)).then_some("true")
                aria-label=format!("{}日，{count}项", day.day())
            >
                {day.day()}
            </a>
        }
        .into_any()
    };
    view! {
        <td aria-current=today>
            {number}
            <ul aria-hidden="true">{entries} {more}</ul>
        </td>
    }
    .into_any()
}

/// What is due, a day each.
fn agenda(items: &[&CalendarItem], today: NaiveDate) -> AnyView {
    let mut days: Vec<(NaiveDate, Vec<&CalendarItem>)> = Vec::new();
    for item in items {
        match days.last_mut() {
            Some((day, of_day)) if *day == item.on => of_day.push(item),
            _ => days.push((item.on, vec![item])),
        }
    }
    let days = days
        .into_iter()
        .map(|(day, items)| {
            let mark =
                (day == today).then(|| view! { <span class="badge badge-work">"今天"</span> });
            let entries = items.into_iter().map(entry).collect_view();
            view! {
                <section class="agenda-day">
                    <h3>
                        {format!("{}月{}日 {}", day.month(), day.day(), format::weekday(day))}
                        " "
                        {mark}
                    </h3>
                    <ul>{entries}</ul>
                </section>
            }
            .into_any()
        })
        .collect_view();
    view! { <div class="card agenda">{days}</div> }.into_any()
}

fn entry(item: &CalendarItem) -> AnyView {
    let target = match &item.matter_id {
        Some(id) => href(item.case_id.as_str(), id),
        None => format!("/cases/{}", item.case_id),
    };
    let state = match (item.owner, item.overdue) {
        (ClockOwner::Petitioner, true) => "已过期限",
        (ClockOwner::Petitioner, false) => "信访人的权利",
        (_, true) => "已逾期",
        _ => "",
    };
    let state = (!state.is_empty()).then(|| {
        let class = if item.overdue && item.owner != ClockOwner::Petitioner {
            "badge badge-bad"
        } else {
            "badge"
        };
        view! { <span class=class>{state}</span> }
    });
    let warning = item
        .warning
        .as_ref()
        .map(|warning| view! { <p class="due-soon agenda-warning">{warning.clone()}</p> });
    let basis = item
        .basis
        .as_ref()
        .map(|basis| view! { <span>{basis.clone()}</span> });
    let name = |named: &Option<shared::case::view::Named>| {
        named
            .as_ref()
            .map(|named| view! { <span>{named.name.clone()}</span> })
    };
    // A village that answers for its own case is named once.
    let unit = if item.unit == item.village {
        &None
    } else {
        &item.unit
    };
    view! {
        <li class=tint(item) data-testid="calendar-item">
            <a href=target>{item.what.clone()}</a>
            " "
            {state}
            <span class="clamp">{item.cause.clone()}</span>
            <span class="case-card-facts">
                <span class="number">{item.number.clone()}</span>
                {name(&item.village)}
                {name(unit)}
                {basis}
            </span>
            {warning}
        </li>
    }
    .into_any()
}

/// The personal feed: a button, and its dialog.
fn feed() -> AnyView {
    let up = RwSignal::new(false);
    view! {
        <button type="button" class="btn" data-testid="feed" on:click=move |_| up.set(true)>
            {icon(Icon::Link)}
            "订阅到手机日历"
        </button>
        {dialog(up, "订阅到手机日历".to_owned(), || {
            let feed = load(|| Call::get("/calendar/feed").fetch::<CalendarFeed>());
            feed.view(waiting, move |state| feed_body(feed, &state))
        })}
    }
    .into_any()
}

fn feed_body(feed: Loader<CalendarFeed>, state: &CalendarFeed) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let key = browser::random_key();
    let make = move |_| {
        form.send(
            Call::post("/calendar/feed")
                .once(&key)
                .fetch::<CalendarFeed>(),
            move |made| feed.put(made),
        );
    };
    let end = move |_| {
        form.send(Call::delete("/calendar/feed").done(), move |()| {
            notices.say("订阅已停止，原来的地址不能再用。");
            feed.reload();
        });
    };
    let address = state.path.as_ref().map(|path| {
        let origin = window().location().origin().unwrap_or_default();
        view! {
            <div class="field">
                <p>"订阅地址（只显示这一次）："</p>
                <p id="feed-address" class="feed-address">{format!("{origin}{path}")}</p>
                <button
                    type="button"
                    class="btn btn-small"
                    on:click=move |_| {
                        if browser::copy_text("feed-address") {
                            notices.say("已复制。");
                        }
                    }
                >
                    {icon(Icon::Copy)}
                    "复制"
                </button>
            </div>
        }
    });
    let used = state.last_used_at.map(|at| {
        view! { <p class="hint">{format!("最近一次读取：{}", format::moment(at))}</p> }
    });
    let (label, end) = if state.active {
        let end = view! {
            <button type="button" class="btn btn-danger" on:click=end>
                "停止订阅"
            </button>
        };
        ("换一个地址", Some(end))
    } else {
        ("生成订阅地址", None)
    };
    view! {
        {form.summary()}
        <p>
            "在手机或电脑的日历里添加这个地址，到期的日子就会出现在您的日历上。日历里只有事项编号和期限名称，没有姓名和内容。"
        </p>
        <p class="help-box">
            "谁拿到地址谁就能读取，不要转给别人。换地址或停止订阅后，旧地址立即失效。"
        </p>
        {address}
        {used}
        <div class="row row-end">
            {end}
            <button type="button" class="btn btn-primary" data-testid="feed-make" on:click=make>
                {label}
            </button>
        </div>
    }
    .into_any()
}
