//! The board: a matrix of unit × period on a desk; on a phone a line a unit, who is missing in front.

use chrono::{Datelike, Days, Months, NaiveDate};
use leptos::prelude::*;
use shared::access::Action;
use shared::export::ExportDeed;
use shared::report::state::Standing;
use shared::report::view::{BoardPeriod, BoardUnit, BoardView, Cell, Totals};
use shared::report::{ReportDeed, ReportKind};
use shared::role::Role;
use shared::term::Term;

use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::directory::{Options, directory};
use crate::format::{self, ordered};
use crate::load::load;
use crate::pages::matters::select;
use crate::session;
use crate::shell::narrow;
use crate::ui::export::exports;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::states::{empty, waiting};

/// What is asked for; the URL carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    kind: ReportKind,
    to: NaiveDate,
    village: String,
}

impl Asked {
    /// The first day shown: two weeks, eight weeks, half a year.
    fn from(&self) -> NaiveDate {
        let from = match self.kind {
            ReportKind::Daily => self.to.checked_sub_days(Days::new(13)),
            ReportKind::Weekly => self.to.checked_sub_days(Days::new(55)),
            ReportKind::Monthly => self.to.checked_sub_months(Months::new(6)),
        };
        from.unwrap_or(self.to)
    }

    fn turned(&self, back: bool) -> Self {
        let span = self.to.signed_duration_since(self.from()).num_days() + 1;
        let days = Days::new(span.unsigned_abs());
        let to = if back {
            self.to.checked_sub_days(days)
        } else {
            self.to.checked_add_days(days)
        };
        Self {
            to: to.unwrap_or(self.to).min(browser::today()),
            ..self.clone()
        }
    }

    fn query(&self, page: bool) -> String {
        let (from, to) = (format::short_date(self.from()), format::short_date(self.to));
        let (view, from, to) = match (page, self.to == browser::today()) {
            (true, true) => ("board", "", ""),
            (true, false) => ("board", "", to.as_str()),
            (false, _) => ("", from.as_str(), to.as_str()),
        };
        api::query([
            ("view", view),
            ("kind", self.kind.code()),
            ("from", from),
            ("to", to),
            ("village_id", self.village.as_str()),
        ])
    }
}

/// The kind that somebody looks at first.
fn usual() -> ReportKind {
    match app::me().user.role {
        Role::PoliceStation | Role::Court | Role::JusticeOffice | Role::ServiceCentre => {
            ReportKind::Monthly
        }
        _ => ReportKind::Daily,
    }
}

/// The tab.
pub(super) fn board() -> AnyView {
    let (kind, to, village) = (
        app::query("kind"),
        app::query("to"),
        app::query("village_id"),
    );
    let asked = Memo::new(move |_| Asked {
        kind: ReportKind::from_code(&kind.read()).unwrap_or_else(usual),
        to: to.read().parse().unwrap_or_else(|_| browser::today()),
        village: village.get(),
    });
    let found = load(move || {
        let path = format!("/reports/board{}", asked.read().query(false));
        Call::get(path).fetch::<BoardView>()
    });
    let body = found.view(waiting, |board| {
        if board.units.is_empty() {
            return empty(
                "这段时间没有要报的",
                "报告从系统启用之日起按规则生成；时限在“设置”里。",
                None,
            );
        }
        let board = StoredValue::new(board);
        live(move || {
            board.with_value(|board| {
                let units = if narrow() { cards(board) } else { table(board) };
                view! {
                    {figures(&board.totals)}
                    {units}
                }
                .into_any()
            })
        })
    });
    view! {
        {toolbar(asked)}
        {body}
    }
    .into_any()
}

fn toolbar(asked: Memo<Asked>) -> AnyView {
    let go = app::replacing();
    let change = move |change: &dyn Fn(&Asked) -> Asked| {
        let now = change(&asked.get_untracked());
        go.run(format!("/reports{}", now.query(true)));
    };
    let kinds: Options = ReportKind::ALL
        .iter()
        .map(|kind| (kind.code().to_owned(), kind.label().to_owned()))
        .collect();
    let kind = Signal::derive(move || asked.read().kind.code().to_owned());
    let village = Signal::derive(move || asked.read().village.clone());
    let directory = directory();
    let villages = Signal::derive(move || {
        let all = (String::new(), "全镇".to_owned());
        std::iter::once(all)
            .chain(directory.villages())
            .collect::<Options>()
    });
    let wide = matches!(
        app::me().user.role,
        Role::TownshipLeader | Role::CoordinationOffice | Role::Auditor
    );
    let choose = live(move || {
        (wide && asked.read().kind != ReportKind::Monthly).then(|| {
            select("board-village", "村", village, villages, move |id| {
                change(&|now| Asked {
                    village: id.clone(),
                    ..now.clone()
                });
            })
        })
    });
    let title = live(move || {
        let asked = asked.read();
        format!("{}至{}", short(asked.from()), short(asked.to))
    });
    let export = session::may(Action::Export(ExportDeed::Board)).then(|| {
        let buttons = exports("报送情况", move || {
            let query = asked.get_untracked().query(false);
            ("/exports/report-board".to_owned(), query)
        });
        view! { <p class="row no-print">{buttons}</p> }
    });
    let newest = move || asked.read().to >= browser::today();
    view! {
        <div class="calendar-bar">
            <div class="row calendar-turn">
                <button
                    type="button"
                    class="btn"
                    aria-label="更早"
                    on:click=move |_| change(&|now| now.turned(true))
                >
                    {icon(Icon::Back)}
                </button>
                <h2 aria-live="polite">{title}</h2>
                <button
                    type="button"
                    class="btn calendar-next"
                    aria-label="更晚"
                    disabled=newest
                    on:click=move |_| change(&|now| now.turned(false))
                >
                    {icon(Icon::Back)}
                </button>
            </div>
            <div class="matters-filters" role="group" aria-label="筛选">
                {select("board-kind", "种类", kind, kinds.into(), move |code| {
                    let kind = ReportKind::from_code(&code);
                    change(&|now| Asked {
                        kind: kind.unwrap_or(now.kind),
                        ..now.clone()
                    });
                })}
                {choose}
            </div>
        </div>
        {export}
    }
    .into_any()
}

fn short(day: NaiveDate) -> String {
    format!("{}月{}日", day.month(), day.day())
}

/// The figures of all cells.
fn figures(totals: &Totals) -> AnyView {
    let rate = totals
        .on_time_percent
        .map_or_else(|| "暂无数据".to_owned(), |rate| format!("{rate}%"));
    let number = |words: &'static str, number: u32, class: &'static str| {
        let class = if number == 0 { "" } else { class };
        view! { <div><dt>{words}</dt><dd class=class>{number}</dd></div> }.into_any()
    };
    view! {
        <dl class="report-figures" data-testid="report-figures">
            <div class="report-rate"><dt>"按时率"</dt><dd>{rate}</dd></div>
            {number("按时", totals.on_time, "")}
            {number("迟报", totals.late, "tone-warn")}
            {number("缺报", totals.missing, "tone-bad")}
            {number("零报告", totals.zero, "")}
            {number("有情况", totals.with_findings, "")}
            {number("退回待报", totals.returned, "tone-warn")}
            {number("免报", totals.excused, "")}
            {number("未到期", totals.not_due, "")}
        </dl>
    }
    .into_any()
}

/// How a column is headed, in little room.
fn head(kind: ReportKind, period: &BoardPeriod) -> AnyView {
    let start = period.period.start;
    let (first, second) = match kind {
        ReportKind::Daily => (
            format!("{}/{}", start.month(), start.day()),
            format::weekday(start).trim_start_matches("星期").to_owned(),
        ),
        ReportKind::Weekly => (
            format!("{}周", start.iso_week().week()),
            format!("{}/{}", start.month(), start.day()),
        ),
        ReportKind::Monthly => (format!("{}月", start.month()), start.year().to_string()),
    };
    view! {
        <th scope="col" title=period.label.clone()>
            {first}
            <span class="quiet">{second}</span>
        </th>
    }
    .into_any()
}

/// What a cell says: its class, a sign, and the words that are spoken.
fn sign(cell: &Cell) -> (&'static str, String, String) {
    let findings = cell.findings;
    let late = if cell.late { "，迟报" } else { "" };
    let content = if cell.zero {
        "零报告".to_owned()
    } else {
        format!("{findings}项情况")
    };
    let number = if cell.zero {
        "零".to_owned()
    } else {
        findings.to_string()
    };
    match cell.standing {
        Standing::NotDue => ("cell", "·".to_owned(), "未到期".to_owned()),
        Standing::Missing => ("cell cell-missing", "缺".to_owned(), "缺报".to_owned()),
        Standing::Late => (
            "cell cell-late",
            format!("{number}迟"),
            format!("迟报，{content}"),
        ),
        Standing::Zero => ("cell cell-zero", number, content),
        Standing::Findings => ("cell cell-found", number, content),
        Standing::Returned => (
            "cell cell-late",
            "退".to_owned(),
            format!("已退回，{content}"),
        ),
        Standing::Acknowledged => (
            if cell.late {
                "cell cell-late"
            } else {
                "cell cell-good"
            },
            format!("{number}✓"),
            format!("已签收，{content}{late}"),
        ),
        Standing::Excused => ("cell cell-off", "免".to_owned(), "免报".to_owned()),
    }
}

fn cell(cell: &Cell) -> AnyView {
    let (class, sign, words) = sign(cell);
    match &cell.report_id {
        Some(id) if session::may(Action::Report(ReportDeed::View)) => view! {
            <a class=class href=format!("/reports/{id}") title=words.clone() aria-label=words>
                {sign}
            </a>
        }
        .into_any(),
        _ => view! { <span class=class title=words.clone() aria-label=words role="img">{sign}</span> }
            .into_any(),
    }
}

fn table(board: &BoardView) -> AnyView {
    let heads = board
        .periods
        .iter()
        .map(|period| head(board.kind, period))
        .collect_view();
    let mut village = None;
    let rows = board
        .units
        .iter()
        .map(|unit| {
            // A line between villages.
            let first = village != Some(unit.village.as_ref());
            village = Some(unit.village.as_ref());
            let cells = unit
                .cells
                .iter()
                .map(|one| view! { <td>{one.as_ref().map(cell)}</td> }.into_any())
                .collect_view();
            let rate = unit
                .totals
                .on_time_percent
                .map_or_else(|| "—".to_owned(), |rate| format!("{rate}%"));
            let class = if first && board.kind == ReportKind::Daily {
                "board-village"
            } else {
                ""
            };
            view! {
                <tr class=class>
                    <th scope="row">{unit.unit.name.clone()}</th>
                    {cells}
                    <td class="board-rate">{rate}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        {legend()}
        <div class="table-scroll" tabindex="0" role="region" aria-label="报送情况">
            <table class="board" data-testid="board">
                <thead>
                    <tr>
                        <th scope="col">"单位"</th>
                        {heads}
                        <th scope="col">"按时率"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn legend() -> AnyView {
    let signs = [
        ("cell cell-missing", "缺", "缺报"),
        ("cell cell-late", "零迟", "迟报、退回"),
        ("cell cell-zero", "零", "零报告"),
        ("cell cell-found", "2", "有情况（项数）"),
        ("cell cell-good", "2✓", "已签收"),
        ("cell cell-off", "免", "免报"),
        ("cell", "·", "未到期"),
    ]
    .map(|(class, sign, words)| {
        view! { <li><span class=class aria-hidden="true">{sign}</span> {words}</li> }.into_any()
    })
    .collect_view();
    view! { <ul class="board-legend">{signs}</ul> }.into_any()
}

/// A line a unit, those with most missing in front.
fn cards(board: &BoardView) -> AnyView {
    let units: Vec<&BoardUnit> = board.units.iter().collect();
    let units = ordered(units, |unit| std::cmp::Reverse(unit.totals.missing));
    let rows = units
        .into_iter()
        .map(|unit| {
            // The newest ones, as many as fit.
            let from = unit.cells.len().saturating_sub(5);
            let cells = unit
                .cells
                .iter()
                .zip(&board.periods)
                .skip(from)
                .filter_map(|(one, period)| {
                    let one = one.as_ref()?;
                    let start = period.period.start;
                    let words = match board.kind {
                        ReportKind::Daily => format!("{}/{}", start.month(), start.day()),
                        ReportKind::Weekly => format!("{}周", start.iso_week().week()),
                        ReportKind::Monthly => format!("{}月", start.month()),
                    };
                    Some(
                        view! { <li><span class="quiet">{words}</span> {cell(one)}</li> }
                            .into_any(),
                    )
                })
                .collect_view();
            let missing = unit.totals.missing;
            let words = match missing {
                0 => ().into_any(),
                missing => {
                    view! { <span class="tone-bad">{format!("缺{missing}份")}</span> }.into_any()
                }
            };
            view! {
                <li class="board-unit" data-testid="board-unit">
                    <p class="report-card-head">
                        <span class="report-name">{unit.unit.name.clone()}</span>
                        {words}
                    </p>
                    <ul class="board-cells">{cells}</ul>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ul class="card report-lines">{rows}</ul> }.into_any()
}
