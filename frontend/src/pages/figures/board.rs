//! `/figures`: the dashboard of one's role, in one request. `?wall=1` is for a large screen in a meeting
//! room: bigger type, no navigation, fetched anew by itself.

use std::time::Duration;

use chrono::Datelike;
use leptos::prelude::*;
use shared::access::Action;
use shared::alert::AlertDeed;
use shared::alert::step::AlertState;
use shared::case::view::Todo;
use shared::indicator::view::{Dashboard, Figure, FigureBar, StandingView, UrgentBoard};
use shared::role::Role;
use shared::term::Term;
use shared::village_map::VillageMapView;

use super::map::By;
use super::{count, head, meaning, tone, words};
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::place::Place;
use crate::session;
use crate::ui::chart::{self, Cell, Sheet, chart};
use crate::ui::icon::{Icon, icon};
use crate::ui::states::waiting;

/// How often a large screen fetches anew.
const ANEW: Duration = Duration::from_secs(60);

/// The page.
pub(crate) fn page() -> AnyView {
    let on_wall = app::query("wall");
    let board = load(|| Call::get("/figures").fetch::<Dashboard>());
    let wall = on_wall.get_untracked() == "1";
    if wall {
        chart::wall(true);
        let here = StoredValue::new(());
        refresh(board, here);
        on_cleanup(|| chart::wall(false));
    }
    let map = load(|| Call::get("/village-map").fetch::<VillageMapView>());
    let by = RwSignal::new(By::Open);
    let body = board.view(waiting, move |board| drawn(board, map, by));
    let switch = if wall {
        view! { <a class="btn wall-leave" href="/figures" rel="external">"退出大屏"</a> }.into_any()
    } else {
        view! {
            <p class="figures-tools">
                <a class="btn" href="/figures?wall=1" rel="external">"大屏显示"</a>
                <button type="button" class="btn" on:click=|_| browser::print()>
                    {icon(Icon::Print)}
                    "打印"
                </button>
            </p>
        }
        .into_any()
    };
    view! {
        <div class="page page-wide fig-page">
            {head(&Place::Figures, "今年到今天的情况；每个数字都可以点开，看是哪些事项。")}
            {switch}
            {body}
        </div>
    }
    .into_any()
}

/// Fetches anew again and again, while the page is there.
fn refresh(board: Loader<Dashboard>, here: StoredValue<()>) {
    browser::later(ANEW, move || {
        if here.try_get_value().is_some() {
            board.reload();
            refresh(board, here);
        }
    });
}

fn drawn(board: Dashboard, map: Loader<VillageMapView>, by: RwSignal<By>) -> AnyView {
    let tiles = |drop: bool| {
        board
            .figures
            .iter()
            .filter(|figure| figure.column.drop == drop)
            .map(tile)
            .collect_view()
    };
    view! {
        {board.urgent.as_ref().and_then(urgent)}
        {board.standing.as_ref().map(standing)}
        <section aria-labelledby="rates">
            <h2 id="rates">"五率"</h2>
            <ul class="tiles">{tiles(false)}</ul>
        </section>
        <section aria-labelledby="drops">
            <h2 id="drops">"五下降（与上年同期比）"</h2>
            <ul class="tiles">{tiles(true)}</ul>
        </section>
        {todos(&board.todos)}
        <div class="charts">
            {super::map::section(&board, map, by)}
            {inflow(&board)}
            {clock(&board.clock)}
            {ages(&board.ages)}
            {units(&board)}
            {funnel(&board.funnel)}
            {categories(&board.categories)}
            {heat(&board)}
        </div>
    }
    .into_any()
}

/// Urgent information that has not ended: how many stand where, and each with the way to it.
fn urgent(board: &UrgentBoard) -> Option<AnyView> {
    if board.open() == 0 {
        return None;
    }
    let counts = [
        (AlertState::Reported, board.reported),
        (AlertState::Acknowledged, board.acknowledged),
        (AlertState::Dispatched, board.dispatched),
    ];
    let counts = counts
        .into_iter()
        .map(|(state, count)| {
            let class = match (state, count) {
                (_, 0) => "urgent-count urgent-none",
                (AlertState::Reported, _) => "urgent-count urgent-new",
                _ => "urgent-count",
            };
            let href = format!("/alerts?state={}", state.code());
            view! {
                <li>
                    <a class=class href=href data-testid="urgent-count" data-state=state.code()>
                        <strong>{count.to_string()}</strong>
                        {state.label()}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    let answers = session::may(Action::Alert(AlertDeed::Acknowledge));
    let rows = board
        .items
        .iter()
        .map(|alert| {
            let waits = answers && alert.state == AlertState::Reported;
            let words = if waits { "去签收" } else { "查看" };
            let class = if waits {
                "btn btn-small btn-alert"
            } else {
                "btn btn-small"
            };
            let village = alert.village.as_ref().map(|village| village.name.clone());
            let village = village.unwrap_or_else(|| alert.unit.name.clone());
            let drill = alert
                .drill
                .then(|| view! { " " <span class="badge badge-drill">"演练"</span> });
            view! {
                <li class="urgent-line" data-testid="urgent">
                    <span class="urgent-head">
                        <strong>{alert.kind.label()}</strong>
                        {drill}
                        <span>{village}</span>
                        <span class="quiet">{format::moment(alert.reported_at)}</span>
                        <span class="badge badge-work">{alert.state.label()}</span>
                    </span>
                    <span class="urgent-what">{alert.what.clone()}</span>
                    <a
                        class=class
                        href=format!("/alerts/{}", alert.id)
                        aria-label=format!("{words}：{}", alert.kind.label())
                    >
                        {words}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    Some(
        view! {
            <section class="card urgent-card" aria-labelledby="urgent" data-testid="urgent-card">
                <div class="card-head">
                    <h2 id="urgent">{icon(Icon::Alarm)} " 未办结的重要信息"</h2>
                    <a href="/alerts?open=true">"全部"</a>
                </div>
                <ul class="urgent-counts">{counts}</ul>
                <ul class="urgent-lines">{rows}</ul>
            </section>
        }
        .into_any(),
    )
}

fn tile(figure: &Figure) -> AnyView {
    let Figure { column, cell } = figure;
    let below = if column.drop {
        view! {
            <span class="tile-counts">
                "本期 " {count(cell.numerator, cell.numerator_cases.as_ref())}
                " 件，上年同期 " {count(cell.denominator, cell.denominator_cases.as_ref())} " 件"
            </span>
        }
        .into_any()
    } else {
        view! {
            <span class="tile-counts">
                {count(cell.numerator, cell.numerator_cases.as_ref())} " / "
                {count(cell.denominator, cell.denominator_cases.as_ref())}
            </span>
        }
        .into_any()
    };
    let class = format!("tile {}", tone(cell, column.drop));
    let code = shared::term::Term::code(column.indicator);
    view! {
        <li class=class title=meaning(column) data-testid="tile" data-indicator=code>
            <span class="tile-name">{column.label.clone()}</span>
            <strong class="tile-figure">{words(cell, column.drop)}</strong>
            {below}
        </li>
    }
    .into_any()
}

fn standing(view: &StandingView) -> AnyView {
    let share = view
        .permille
        .map_or_else(|| "无数据".to_owned(), shared::indicator::percent_text);
    let target = shared::indicator::percent_text(view.target);
    let own = (view.total == 1).then(|| view.villages.first()).flatten();
    let words = match own {
        Some(village) if village.holds => format!("{}目前是三无村", village.village.name),
        Some(village) => format!("{}目前不是三无村", village.village.name),
        None => format!(
            "{}个村中{}个是三无村，占{share}，目标{target}",
            view.total, view.holding
        ),
    };
    let class = match view.met {
        Some(true) => "card standing-card standing-holds",
        _ => "card standing-card standing-lost",
    };
    let lost = view
        .villages
        .iter()
        .filter(|village| !village.holds)
        .map(|village| {
            let why: Vec<&str> = village.broken.iter().map(|b| b.what.broken()).collect();
            let words = format!("{}：{}", village.village.name, why.join("，"));
            view! { <li>{words}</li> }.into_any()
        })
        .collect_view();
    view! {
        <section class=class aria-labelledby="three" data-testid="standing-card">
            <h2 id="three">"三无创建"</h2>
            <p class="standing-words"><a href="/standing">{words}</a></p>
            <ul class="standing-list">{lost}</ul>
        </section>
    }
    .into_any()
}

fn todos(todos: &[Todo]) -> AnyView {
    let items = todos
        .iter()
        .filter(|todo| todo.count > 0)
        .map(|todo| {
            let href = if todo.query.is_empty() {
                todo.list.path().to_owned()
            } else {
                format!("{}?{}", todo.list.path(), todo.query)
            };
            let class = if todo.urgent { "todo-urgent" } else { "" };
            view! {
                <li class=class>
                    <a href=href>{todo.title.clone()}</a>
                    " "
                    <strong>{todo.count.to_string()}</strong>
                </li>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    if items.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="card" aria-labelledby="todo">
            <h2 id="todo">"待办"</h2>
            <ul class="figures-todos">{items.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn month_name(month: chrono::NaiveDate) -> String {
    if month.month() == 1 {
        format!("{}年", month.year())
    } else {
        format!("{}月", month.month())
    }
}

fn inflow(board: &Dashboard) -> AnyView {
    if board.inflow.is_empty() {
        return ().into_any();
    }
    let labels: Vec<String> = board.inflow.iter().map(|of| month_name(of.month)).collect();
    let of_kind = |n: usize| {
        let counts = board.inflow.iter();
        counts
            .map(|of| of.received.get(n).copied().unwrap_or(0))
            .collect::<Vec<u64>>()
    };
    let ended: Vec<u64> = board.inflow.iter().map(|of| of.ended).collect();
    let series = [
        ("信访件", of_kind(0)),
        ("矛盾纠纷", of_kind(1)),
        ("苗头隐患", of_kind(2)),
        ("当月办结", ended),
    ];
    let rows = board
        .inflow
        .iter()
        .map(|of| {
            let last = shared::indicator::period::last_of_month(of.month);
            let month = format!("{}年{}月", of.month.year(), of.month.month());
            let query = format!("/cases?received_from={}&received_to={last}", of.month);
            let lists = board.role != Role::Auditor;
            let received = of.received.map(Cell::new);
            let mut row = vec![Cell::link(month, lists.then_some(query))];
            row.extend(received);
            row.push(Cell::new(of.ended));
            row
        })
        .collect();
    let head = ["月份", "信访件", "矛盾纠纷", "苗头隐患", "当月办结"];
    let sheet = Sheet {
        head: head.map(str::to_owned).to_vec(),
        rows,
    };
    let picture = chart::lines(&labels, &series);
    chart(
        "chart-inflow",
        "近十二个月收件与办结",
        "按收到日期和办结日期计，当月未满的只到今天。",
        picture,
        sheet,
    )
}

/// A sheet of labels and counts that open the ledger.
fn sheet_of(label: &str, bars: &[FigureBar]) -> Sheet {
    let rows = bars.iter().map(|bar| {
        let href = bar.query.as_ref().map(|query| format!("/cases?{query}"));
        vec![Cell::new(&bar.label), Cell::link(bar.count, href)]
    });
    Sheet {
        head: vec![label.to_owned(), "件数".to_owned()],
        rows: rows.collect(),
    }
}

fn pairs(bars: &[FigureBar]) -> Vec<(String, u64)> {
    bars.iter()
        .map(|bar| (bar.label.clone(), bar.count))
        .collect()
}

/// What falls due on the coming days: a strip of days, each of which opens its cases.
fn clock(bars: &[FigureBar]) -> AnyView {
    if bars.is_empty() {
        return ().into_any();
    }
    let most = bars
        .iter()
        .skip(1)
        .map(|bar| bar.count)
        .max()
        .unwrap_or(0)
        .max(1);
    let days = bars
        .iter()
        .enumerate()
        .map(|(n, bar)| {
            let class = match (n, bar.count) {
                (_, 0) => "dues-day dues-0".to_owned(),
                (0, _) => "dues-day dues-late".to_owned(),
                (_, count) => format!("dues-day dues-{}", (count * 4).div_ceil(most)),
            };
            let spoken = format!("{}到期{}件", bar.label, bar.count);
            let inner = view! {
                <span class="dues-label">{bar.label.clone()}</span>
                <strong>{bar.count.to_string()}</strong>
            };
            match bar.query.as_ref().filter(|_| bar.count > 0) {
                Some(query) => view! {
                    <li><a class=class href=format!("/cases?{query}") aria-label=spoken>{inner}</a></li>
                }
                .into_any(),
                None => view! { <li><span class=class>{inner}</span></li> }.into_any(),
            }
        })
        .collect_view();
    view! {
        <section class="card chart" id="chart-clock" data-testid="chart-clock" aria-labelledby="clock">
            <h2 id="clock">"期限热度（今后两周到期）"</h2>
            <ul class="dues">{days}</ul>
        </section>
    }
    .into_any()
}

fn ages(bars: &[FigureBar]) -> AnyView {
    if bars.is_empty() {
        return ().into_any();
    }
    let picture = chart::bars("未办结", &pairs(bars));
    chart(
        "chart-ages",
        "未办结事项的时长",
        "从收到之日起。",
        picture,
        sheet_of("时长", bars),
    )
}

fn units(board: &Dashboard) -> AnyView {
    if board.units.is_empty() {
        return ().into_any();
    }
    let name = |unit: Option<&shared::case::view::Named>| {
        unit.map_or_else(|| "尚无责任单位".to_owned(), |unit| unit.name.clone())
    };
    let rows: Vec<(String, Vec<u64>)> = board
        .units
        .iter()
        .map(|load| (name(load.unit.as_ref()), vec![load.overdue, load.open]))
        .collect();
    let cells = board.units.iter().map(|load| {
        let href = |late: bool| {
            let unit = load.unit.as_ref()?;
            Some(format!(
                "/cases?open=true&unit_id={}&overdue={late}",
                unit.id
            ))
        };
        vec![
            Cell::new(name(load.unit.as_ref())),
            Cell::link(load.overdue, href(true)),
            Cell::link(load.open, href(false)),
        ]
    });
    let sheet = Sheet {
        head: ["责任单位", "已超期", "未超期"].map(str::to_owned).to_vec(),
        rows: cells.collect(),
    };
    let picture = chart::stacks(&["已超期", "未超期"], &rows);
    chart("chart-units", "各单位未办结事项", "", picture, sheet)
}

fn funnel(bars: &[FigureBar]) -> AnyView {
    if bars.is_empty() {
        return ().into_any();
    }
    let picture = chart::funnel(&pairs(bars));
    chart(
        "chart-funnel",
        "今年事项从登记到息诉罢访",
        "今年收到的事项，到今天走到哪一步。",
        picture,
        sheet_of("步骤", bars),
    )
}

fn categories(bars: &[FigureBar]) -> AnyView {
    if bars.is_empty() {
        return ().into_any();
    }
    let picture = chart::bars("今年收到", &pairs(bars));
    chart(
        "chart-categories",
        "今年热点类型",
        "",
        picture,
        sheet_of("类型", bars),
    )
}

fn heat(board: &Dashboard) -> AnyView {
    if board.heat.is_empty() {
        return ().into_any();
    }
    let columns: Vec<String> = board.inflow.iter().map(|of| month_name(of.month)).collect();
    let name = |village: Option<&shared::case::view::Named>| {
        village.map_or_else(|| "未填写村".to_owned(), |village| village.name.clone())
    };
    let rows: Vec<(String, Vec<u64>)> = board
        .heat
        .iter()
        .map(|row| (name(row.village.as_ref()), row.counts.clone()))
        .collect();
    let cells = board.heat.iter().map(|row| {
        let mut cells = vec![Cell::new(name(row.village.as_ref()))];
        for (count, of) in row.counts.iter().zip(&board.inflow) {
            let last = shared::indicator::period::last_of_month(of.month);
            let lists = *count > 0 && board.role != Role::Auditor;
            let href = row.village.as_ref().filter(|_| lists).map(|village| {
                format!(
                    "/cases?village_id={}&received_from={}&received_to={last}",
                    village.id, of.month
                )
            });
            cells.push(Cell::link(*count, href));
        }
        cells
    });
    let mut head = vec!["村".to_owned()];
    head.extend(columns.iter().cloned());
    let sheet = Sheet {
        head,
        rows: cells.collect(),
    };
    let picture = chart::heat(&columns, &rows);
    chart(
        "chart-heat",
        "各村各月收件",
        "颜色越醒目，收到的越多。",
        picture,
        sheet,
    )
}
