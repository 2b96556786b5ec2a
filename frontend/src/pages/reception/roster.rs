//! `/reception`: a month's roster, and how the office makes it.

use chrono::{Datelike, Months, NaiveDate};
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::access::Action;
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::json;
use shared::page::Page;
use shared::reception::{ReceptionDeed, ReceptionRow, Roster};
use shared::role::Role;

use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::heading;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::pages::visits::bits::names;
use crate::session;
use crate::ui::live::{follow, live};
use crate::ui::states::{empty, waiting};

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn month_after(month: NaiveDate, back: bool) -> NaiveDate {
    let by = Months::new(1);
    let turned = if back {
        month.checked_sub_months(by)
    } else {
        month.checked_add_months(by)
    };
    turned.unwrap_or(month)
}

fn path_of(month: NaiveDate) -> String {
    format!("/reception?month={:04}-{:02}", month.year(), month.month())
}

/// The page.
pub(crate) fn page() -> AnyView {
    let asked = app::query("month");
    let mine = app::query("mine");
    let month = Memo::new(move |_| -> NaiveDate {
        format!("{}-01", asked.read())
            .parse()
            .unwrap_or_else(|_| first_of(browser::today()))
    });
    let days = load(move || {
        let from = format::short_date(month.get());
        let to = month_after(month.get(), false).pred_opt();
        let to = to.map(format::short_date).unwrap_or_default();
        let pairs = [
            ("from", from.as_str()),
            ("to", to.as_str()),
            ("limit", "200"),
        ];
        // The home page's line: one's own of the coming week, whatever the month.
        let path = if mine.read().as_str() == "true" {
            let today = format::short_date(browser::today());
            format!("/reception-days?mine=true&cancelled=false&from={today}&limit=200")
        } else {
            format!("/reception-days{}", api::query(pairs))
        };
        Call::get(path).fetch::<Page<ReceptionRow>>()
    });
    let said = RwSignal::new(None::<Roster>);
    let steps = Steps::new(move |text| {
        said.set(json::read::<Roster>(&text).ok());
        days.reload();
    });
    let keep = session::may(Action::Reception(ReceptionDeed::Keep));
    let buttons = keep.then(|| {
        view! {
            {steps.button("btn btn-primary", "plan-roster", rule())}
            {steps.button("btn", "plan-day", one_day())}
        }
    });
    let list = days.view(waiting, move |page| {
        if page.items.is_empty() {
            return empty(
                "这个月还没有安排接待日",
                "镇综治办可以按每周固定的一天排班，遇到休息日自动顺延到下一个工作日。",
                None,
            );
        }
        let rows = page.items.iter().map(row).collect_view();
        view! { <ul class="cards reception">{rows}</ul> }.into_any()
    });
    let title = live(move || {
        if mine.read().as_str() == "true" {
            return "我值班的".to_owned();
        }
        let month = month.get();
        format!("{}年{}月", month.year(), month.month())
    });
    let turn = move |back: bool| follow(move || path_of(month_after(month.get(), back)));
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("接待日")}
                    <p class="quiet">"镇领导公开接待群众：谁值班、谁来过、办成了哪件事项。"</p>
                </div>
                <div class="row page-buttons">{buttons}</div>
            </div>
            <nav class="month-turn" aria-label="月份">
                <a class="btn" href=turn(true) data-noscroll="">"上月"</a>
                <h2>{title}</h2>
                <a class="btn" href=turn(false) data-noscroll="">"下月"</a>
            </nav>
            {live(move || said.get().map(|roster| made(&roster)))}
            {list}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

/// What came of a roster.
fn made(roster: &Roster) -> AnyView {
    let mut lines = vec![format!("排定{}天。", roster.made.len())];
    for moved in &roster.moved {
        lines.push(format!(
            "{}是休息日，顺延到{}。",
            format::date(moved.from),
            format::date(moved.to)
        ));
    }
    if !roster.kept.is_empty() {
        lines.push(format!("{}天原来已经安排，没有改动。", roster.kept.len()));
    }
    lines.extend(roster.warning.clone());
    let lines = lines
        .into_iter()
        .map(|line| view! { <li>{line}</li> }.into_any())
        .collect_view();
    view! { <ul class="note" role="status" data-testid="roster-made">{lines}</ul> }.into_any()
}

fn row(day: &ReceptionRow) -> AnyView {
    let today = browser::today();
    let class = match (day.cancelled, day.on == today) {
        (true, _) => "card reception-day reception-off",
        (_, true) => "card reception-day reception-today",
        _ => "card reception-day",
    };
    let state = if day.cancelled {
        Some(view! { <span class="badge badge-done">"已取消"</span> }.into_any())
    } else if day.comers > 0 {
        let words = format!("来访{}批", day.comers);
        Some(view! { <span class="badge badge-work">{words}</span> }.into_any())
    } else {
        None
    };
    let instead = day
        .instead_of
        .as_ref()
        .map(|leader| view! { <span>{format!("原为{}", leader.name)}</span> });
    let staff = (!day.staff.is_empty())
        .then(|| view! { <span>{format!("陪同 {}", names(&day.staff))}</span> });
    let moved = day
        .instead_on
        .map(|on| view! { <span>{format!("改到{}", format::date(on))}</span> });
    view! {
        <li>
            <a class=class href=format!("/reception/{}", day.id) data-testid="reception-row">
                <span class="reception-date">
                    <strong>{format!("{}日", day.on.day())}</strong>
                    <span class="quiet">{format::weekday(day.on)}</span>
                </span>
                <span class="reception-words">
                    <span class="case-card-head">
                        <strong>{day.leader.name.clone()}</strong>
                        {state}
                    </span>
                    <span class="case-card-facts">
                        <span>{format!("{}至{}", day.from, day.to)}</span>
                        <span>{day.place.clone()}</span>
                        {instead}
                        {staff}
                        {moved}
                    </span>
                </span>
            </a>
        </li>
    }
    .into_any()
}

/// The hours, the place and the staff of any day.
fn usual(mut fields: Vec<Field>) -> Vec<Field> {
    fields.extend([
        Field::new("from", "开始", FieldKind::Time)
            .required()
            .value("09:00"),
        Field::new("to", "结束", FieldKind::Time)
            .required()
            .value("11:30"),
        Field::text("place", "接待地点", 200)
            .required()
            .value("镇信访接待室"),
        staff_rows(),
    ]);
    fields
}

/// Lines of staff.
pub(super) fn staff_rows() -> Field {
    let staff = vec![Field::user("user_id", "姓名", &[]).required()];
    Field::rows("staff", "陪同接待的人员", staff, 0, 20)
}

/// Lines of people as a list of their ids.
pub(super) fn flat(mut filled: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    for name in names {
        if let Some(Value::Array(lines)) = filled.remove(*name) {
            let ids = lines
                .into_iter()
                .filter_map(|line| line.get("user_id").cloned())
                .collect();
            filled.insert((*name).to_owned(), Value::Array(ids));
        }
    }
    filled
}

fn rule() -> Step {
    let today = browser::today();
    let last = month_after(month_after(first_of(today), false), false)
        .pred_opt()
        .unwrap_or(today);
    let days = ["星期一", "星期二", "星期三", "星期四", "星期五"];
    let choices = (1..)
        .zip(days)
        .map(|(number, words): (u32, _)| Choice {
            code: number.to_string(),
            label: words.to_owned(),
        })
        .collect();
    let leaders = vec![Field::user("user_id", "镇领导", &[Role::TownshipLeader]).required()];
    let fields = usual(vec![
        Field::date("from_on", "从哪天")
            .required()
            .value(format::short_date(today)),
        Field::date("to_on", "到哪天")
            .required()
            .value(format::short_date(last)),
        Field::new("weekday", "每周哪天", FieldKind::Choice { choices })
            .required()
            .value("1"),
        Field::rows("leaders", "轮流值班的领导", leaders, 1, 20).help("按这里的顺序轮流。"),
    ]);
    Step {
        title: "排班",
        help: "遇到休息日顺延到下一个工作日；已经安排的日子不动。",
        fields,
        case: None,
        method: "POST",
        path: "/reception-days/roster".to_owned(),
        etag: None,
        body: std::sync::Arc::new(|filled| {
            let mut filled = flat(filled, &["leaders", "staff"]);
            let weekday = filled.get("weekday").and_then(Value::as_str);
            let weekday: Option<u32> = weekday.and_then(|weekday| weekday.parse().ok());
            if let Some(weekday) = weekday {
                filled.insert("weekday".to_owned(), weekday.into());
            }
            filled
        }),
        done: "已排班。",
        later: None,
    }
}

fn one_day() -> Step {
    let fields = usual(vec![
        Field::date("on", "日期").required(),
        Field::user("leader_id", "值班领导", &[Role::TownshipLeader]).required(),
    ]);
    let whole = as_it_is();
    Step {
        title: "加一天",
        help: "",
        fields,
        case: None,
        method: "POST",
        path: "/reception-days".to_owned(),
        etag: None,
        body: std::sync::Arc::new(move |filled| whole(flat(filled, &["staff"]))),
        done: "已安排。",
        later: None,
    }
}
