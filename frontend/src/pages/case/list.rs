//! `/cases`: the ledger. A table on a desk, cards on a phone.

use std::cell::RefCell;
use std::time::Duration;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::access::Action;
use shared::case::view::CaseRow;
use shared::export::ExportDeed;
use shared::page::Page;
use shared::term::Term;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::bits::{due, flags, state_badge};
use super::filter::{Choices, FILTERS, Filter, Query};
use crate::api::{Call, Failure};
use crate::app::{self, Go};
use crate::directory::directory;
use crate::pages::heading;
use crate::place;
use crate::session;
use crate::shell::narrow;
use crate::ui::dialog::dialog;
use crate::ui::export::exports;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{each, follow, live, watch};
use crate::ui::states::{empty, failed, waiting_rows};
use crate::{browser, format, route};

/// How many rows a page has.
const PAGE: usize = 50;
/// How long after the last key the search starts.
const SETTLED: Duration = Duration::from_millis(350);

/// The rows shown, and how to get more.
#[derive(Clone, Copy)]
struct Ledger {
    rows: RwSignal<Vec<CaseRow>>,
    next: RwSignal<Option<String>>,
    total: RwSignal<Option<u64>>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    /// Rises with each request, so that an answer that comes late is dropped.
    turn: StoredValue<u32>,
}

impl Ledger {
    fn new() -> Self {
        Self {
            rows: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            total: RwSignal::new(None),
            busy: RwSignal::new(true),
            failure: RwSignal::new(None),
            turn: StoredValue::new(0),
        }
    }

    /// Fetches the first `count` rows, or what comes after those shown.
    fn fetch(self, query: &Query, count: usize, more: bool, then: impl FnOnce() + 'static) {
        let limit = count.to_string();
        let cursor = if more {
            self.next.get_untracked().unwrap_or_default()
        } else {
            String::new()
        };
        let asked = crate::api::query(
            query
                .pairs()
                .chain([("limit", limit.as_str()), ("cursor", cursor.as_str())]),
        );
        self.turn.update_value(|turn| *turn += 1);
        let mine = self.turn.get_value();
        self.busy.set(true);
        spawn_local(async move {
            let answer = Call::get(format!("/cases{asked}"))
                .fetch::<Page<CaseRow>>()
                .await;
            if self.turn.try_get_value() != Some(mine) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(page) => {
                    self.failure.set(None);
                    self.next.set(page.next_cursor);
                    self.total.set(Some(page.total));
                    if more {
                        self.rows.update(|rows| rows.extend(page.items));
                    } else {
                        self.rows.set(page.items);
                    }
                    then();
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }
}

std::thread_local! {
    /// The list as it was left: Back shows as many rows again, at the same height.
    static LEFT: RefCell<Option<(Query, usize, f64)>> = const { RefCell::new(None) };
}

/// The page.
pub(crate) fn page() -> AnyView {
    let values = route::query();
    let query = Memo::new(move |_| values.with(|values| Query::read(|key| values.get(key))));
    let ledger = Ledger::new();
    let back = route::is_back();
    let left = LEFT
        .take()
        .filter(|(left, ..)| back && *left == query.get_untracked());
    Effect::new(move |first: Option<()>| {
        let query = query.get();
        let (count, height) = match &left {
            Some((_, count, height)) if first.is_none() => (*count, Some(*height)),
            _ => (PAGE, None),
        };
        ledger.fetch(&query, count, false, move || {
            if let Some(height) = height {
                browser::later(Duration::from_millis(50), move || {
                    window().scroll_to_with_x_and_y(0.0, height);
                });
            }
        });
    });
    on_cleanup(move || {
        let count = ledger.rows.try_with_untracked(Vec::len).unwrap_or(PAGE);
        let height = window().scroll_y().unwrap_or_default();
        if let Some(query) = query.try_get_untracked() {
            LEFT.set(Some((query, count.clamp(PAGE, 200), height)));
        }
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading("台账")}
                {page_buttons(query)}
            </div>
            {views(query)}
            {toolbar(query)}
            {chips(query)}
            {body(query, ledger)}
        </div>
    }
    .into_any()
}

fn page_buttons(query: Memo<Query>) -> AnyView {
    let new = live(move || {
        place::may_register().then(|| {
            view! {
                <a class="btn btn-primary" href="/cases/new">{icon(Icon::Add)} "登记"</a>
            }
        })
    });
    let import = live(move || {
        session::may(Action::ImportLedger).then(|| {
            view! { <a class="btn desk-only" href="/imports">{icon(Icon::Upload)} "导入台账"</a> }
        })
    });
    let export = live(move || {
        session::may(Action::Export(ExportDeed::Ledger)).then(|| {
            exports("台账", move || {
                let query = query.get_untracked().text();
                ("/exports/ledger".to_owned(), query)
            })
        })
    });
    view! { <div class="row page-buttons">{export} {import} {new}</div> }.into_any()
}

/// A list that somebody wants to see again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedView {
    name: String,
    query: String,
}

const VIEWS: [(&str, &str); 6] = [
    ("全部", ""),
    ("未办结", "open=true&sort=due_on"),
    ("我经办", "open=true&mine=true&sort=due_on"),
    ("已逾期", "overdue=true&sort=due_on"),
    ("积案", "backlog=true"),
    ("集体访", "collective=true"),
];

fn views_key() -> String {
    format!("views.{}", app::me().user.id)
}

fn views(query: Memo<Query>) -> AnyView {
    let key = views_key();
    let saved = RwSignal::new(browser::recall::<Vec<SavedView>>(&key).unwrap_or_default());
    let naming = RwSignal::new(false);
    let keep = StoredValue::new(key);
    let fixed = VIEWS
        .iter()
        .map(|(name, text)| view_link(query, (*name).to_owned(), Query::parse(text)))
        .collect_view();
    let own = live(move || {
        saved
            .get()
            .into_iter()
            .map(|view| view_link(query, view.name, Query::parse(&view.query)))
            .collect_view()
    });
    // What can be saved is what no view shows; what can be forgotten is a saved one.
    let button = live(move || {
        let now = query.get();
        let saved_now = saved.with(|saved| {
            saved
                .iter()
                .find(|view| Query::parse(&view.query).same_list(&now))
                .cloned()
        });
        let fixed_now = VIEWS
            .iter()
            .any(|(_, text)| Query::parse(text).same_list(&now));
        if let Some(view) = saved_now {
            let forget = move |_| {
                saved.update(|saved| saved.retain(|other| *other != view));
                browser::keep(&keep.get_value(), &saved.get_untracked());
            };
            Some(
                view! {
                    <button type="button" class="btn btn-quiet btn-small" on:click=forget>
                        "删除此视图"
                    </button>
                }
                .into_any(),
            )
        } else if fixed_now {
            None
        } else {
            Some(
                view! {
                    <button
                        type="button"
                        class="btn btn-quiet btn-small"
                        on:click=move |_| naming.set(true)
                    >
                        "存为视图"
                    </button>
                }
                .into_any(),
            )
        }
    });
    let body = move || name_view(query, saved, keep, naming);
    view! {
        <nav class="views" aria-label="常用视图">
            <ul>{fixed} {own}</ul>
            {button}
        </nav>
        {dialog(naming, "存为视图".to_owned(), body)}
    }
    .into_any()
}

fn view_link(query: Memo<Query>, name: String, target: Query) -> AnyView {
    let href = format!("/cases{}", target.text());
    let is_current = follow(move || query.with(|now| now.same_list(&target)).then_some("page"));
    view! {
        <li>
            <a href=href aria-current=is_current data-noscroll="">
                {name}
            </a>
        </li>
    }
    .into_any()
}

fn name_view(
    query: Memo<Query>,
    saved: RwSignal<Vec<SavedView>>,
    keep: StoredValue<String>,
    open: RwSignal<bool>,
) -> AnyView {
    let form = Form::new();
    let name = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let mut errors = shared::validate::Errors::new();
        errors.text("view_name", "名称", &name.get_untracked(), 12);
        if !form.accept(errors) {
            return;
        }
        saved.update(|saved| {
            saved.push(SavedView {
                name: name.get_untracked().trim().to_owned(),
                query: query.get_untracked().text(),
            });
        });
        browser::keep(&keep.get_value(), &saved.get_untracked());
        open.set(false);
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {field(form, "view_name", "名称")
                .hint("保存当前的筛选和排序。只保存在这台电脑上。".to_owned())
                .required()
                .input(name)}
            <div class="row row-end">{form.submit("保存", "btn btn-primary")}</div>
        </form>
    }
    .into_any()
}

fn toolbar(query: Memo<Query>) -> AnyView {
    let go = app::replacing();
    let typed = RwSignal::new(query.get_untracked().get("q").to_owned());
    // The URL may change another way: by a view, by Back.
    watch(move || {
        let q = query.with(|query| query.get("q").to_owned());
        if typed.with_untracked(|typed| typed.trim() != q) {
            typed.set(q);
        }
    });
    let turn = StoredValue::new(0u32);
    let search = move || {
        let q = typed.get_untracked();
        let target = query.get_untracked().with("q", q.trim());
        go.run(format!("/cases{}", target.text()));
    };
    let keyed = move |text: String| {
        typed.set(text);
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        browser::later(SETTLED, move || {
            if turn.try_get_value() == Some(mine) {
                search();
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        search();
    };
    let count = live(move || {
        let count = query.with(|query| query.filters().len());
        if count == 0 {
            "筛选".to_owned()
        } else {
            format!("筛选（{count}）")
        }
    });
    let directory = directory();
    let controls = FILTERS
        .iter()
        .map(|filter| control(*filter, query, directory))
        .collect_view();
    view! {
        <div class="toolbar">
            <form class="search" role="search" on:submit=submit>
                {icon(Icon::Search)}
                <input
                    type="search"
                    id="filter-q"
                    data-testid="filter-q"
                    aria-label="搜索台账"
                    placeholder="编号、姓名、起因、地点…"
                    autocomplete="off"
                    prop:value=follow(move || typed.get())
                    on:input:target=move |event| keyed(event.target().value())
                />
            </form>
            {live(move || narrow().then(|| sort_select(query)))}
            <details class="filters">
                <summary class="btn">{icon(Icon::Filter)} {count}</summary>
                <div class="filter-grid">{controls}</div>
            </details>
        </div>
    }
    .into_any()
}

fn control(filter: Filter, query: Memo<Query>, directory: crate::directory::Directory) -> AnyView {
    let go = app::going();
    let set = move |value: String| {
        let target = query.get_untracked().with(filter.key, &value);
        go.run(format!("/cases{}", target.text()));
    };
    let value = move || query.with(|query| query.get(filter.key).to_owned());
    let id = format!("filter-{}", filter.key);
    let input = if matches!(filter.choices, Choices::Day) {
        view! {
            <input
                type="date"
                id=id.clone()
                prop:value=value
                on:change:target=move |event| set(event.target().value())
            />
        }
        .into_any()
    } else {
        let options = live(move || {
            filter
                .options(directory)
                .into_iter()
                .map(|(code, words)| {
                    let mine = code.clone();
                    let selected =
                        follow(move || query.with(|query| query.get(filter.key) == mine));
                    view! { <option value=code prop:selected=selected>{words}</option> }.into_any()
                })
                .collect_view()
        });
        view! {
            <select id=id.clone() on:change:target=move |event| set(event.target().value())>
                <option value="" prop:selected=follow(move || value().is_empty())>
                    "不限"
                </option>
                {options}
            </select>
        }
        .into_any()
    };
    view! {
        <div class="filter">
            <label for=id>{filter.label}</label>
            {input}
        </div>
    }
    .into_any()
}

const SORTS: [(&str, &str); 8] = [
    ("-received_on", "收到日期，新的在前"),
    ("received_on", "收到日期，旧的在前"),
    ("due_on", "到期日，急的在前"),
    ("-due_on", "到期日，远的在前"),
    ("-updated_at", "最近变更在前"),
    ("updated_at", "最久未变更在前"),
    ("number", "编号，小的在前"),
    ("-number", "编号，大的在前"),
];

fn sort_of(query: &Query) -> String {
    match query.get("sort") {
        "" => "-received_on".to_owned(),
        sort => sort.to_owned(),
    }
}

fn sort_select(query: Memo<Query>) -> AnyView {
    let go = app::going();
    let options = SORTS
        .iter()
        .map(|(code, words)| {
            let selected = follow(move || query.with(|query| sort_of(query) == *code));
            view! { <option value=*code prop:selected=selected>{*words}</option> }.into_any()
        })
        .collect_view();
    view! {
        <select
            class="sort"
            aria-label="排序"
            on:change:target=move |event| {
                let target = query.get_untracked().with("sort", &event.target().value());
                go.run(format!("/cases{}", target.text()));
            }
        >
            {options}
        </select>
    }
    .into_any()
}

fn chips(query: Memo<Query>) -> AnyView {
    let directory = directory();
    let go = app::going();
    live(move || {
        let now = query.get();
        let filters = now.filters();
        if filters.is_empty() && now.get("q").is_empty() {
            return None;
        }
        let mut chips: Vec<(String, Query)> = filters
            .into_iter()
            .map(|(filter, value)| (filter.words(&value, directory), now.with(filter.key, "")))
            .collect();
        if !now.get("q").is_empty() {
            chips.insert(0, (format!("含“{}”", now.get("q")), now.with("q", "")));
        }
        let chips = chips
            .into_iter()
            .map(|(words, without)| chip(go, words, &without))
            .collect_view();
        Some(view! {
            <div class="chips" role="group" aria-label="正在使用的筛选">
                {chips}
                <a class="btn btn-quiet btn-small" href="/cases" data-noscroll="">"全部清除"</a>
            </div>
        })
    })
}

fn chip(go: Go, words: String, without: &Query) -> AnyView {
    let target = format!("/cases{}", without.text());
    view! {
        <button
            type="button"
            class="chip"
            aria-label=format!("去掉筛选：{words}")
            on:click=move |_| go.run(target.clone())
        >
            {words.clone()}
            {icon(Icon::Close)}
        </button>
    }
    .into_any()
}

fn body(query: Memo<Query>, ledger: Ledger) -> AnyView {
    #[derive(Clone, PartialEq, Eq)]
    enum Stage {
        Waiting,
        Failed(Failure),
        Empty(bool),
        Rows,
    }
    let stage = Memo::new(move |_| {
        if let Some(failure) = ledger.failure.get() {
            return Stage::Failed(failure);
        }
        match ledger.total.get() {
            None => Stage::Waiting,
            Some(_) if ledger.rows.with(Vec::is_empty) => {
                Stage::Empty(query.with(|query| query.same_list(&Query::default())))
            }
            Some(_) => Stage::Rows,
        }
    });
    let draw = live(move || match stage.get() {
        Stage::Waiting => waiting_rows(),
        Stage::Failed(failure) => failed(&failure, move || {
            ledger.fetch(&query.get_untracked(), PAGE, false, || ());
        }),
        Stage::Empty(true) => {
            let action = place::may_register().then(|| {
                view! { <a class="btn btn-primary" href="/cases/new">"登记第一件"</a> }.into_any()
            });
            empty(
                "台账里还没有事项",
                "登记来信来访、排查出的矛盾纠纷后，会按时限列在这里。原来手工登记的台账可以导入。",
                action,
            )
        }
        Stage::Empty(false) => empty(
            "没有符合条件的事项",
            "换个词，或去掉一些筛选条件试试。搜索只在您有权查看的事项里进行。",
            Some(view! { <a class="btn" href="/cases">"清除全部条件"</a> }.into_any()),
        ),
        Stage::Rows => rows(query, ledger),
    });
    view! {
        <div class="ledger" aria-busy=follow(move || ledger.busy.get().then_some("true"))>
            {draw}
        </div>
    }
    .into_any()
}

fn rows(query: Memo<Query>, ledger: Ledger) -> AnyView {
    let list = live(move || {
        if narrow() {
            cards(ledger)
        } else {
            table(query, ledger)
        }
    });
    let foot = move || {
        let shown = ledger.rows.with(Vec::len);
        let total = ledger.total.get().unwrap_or_default();
        format!("共 {total} 件，已显示 {shown} 件")
    };
    let more = live(move || {
        ledger.next.get().is_some().then(|| {
            view! {
                <button
                    type="button"
                    class="btn"
                    data-testid="more"
                    on:click=move |_| {
                        if !ledger.busy.get_untracked() {
                            ledger.fetch(&query.get_untracked(), PAGE, true, || ());
                        }
                    }
                >
                    {live(move || if ledger.busy.get() { "正在加载…" } else { "加载更多" })}
                </button>
            }
        })
    });
    view! {
        {list}
        <div class="ledger-foot">
            <p role="status" data-testid="total">{foot}</p>
            {more}
        </div>
    }
    .into_any()
}

fn table(query: Memo<Query>, ledger: Ledger) -> AnyView {
    let go = app::going();
    view! {
        <div class="table-box">
            <table class="table ledger-table">
                <caption class="sr-only">"台账"</caption>
                <thead>
                    <tr>
                        {sortable(query, "number", "编号", "c-number")}
                        <th scope="col" class="c-state">"类别 / 状态"</th>
                        <th scope="col">"起因"</th>
                        <th scope="col" class="c-name">"信访人"</th>
                        <th scope="col" class="c-village">"村"</th>
                        <th scope="col" class="c-category wide-only">"类型"</th>
                        <th scope="col" class="c-unit">"责任单位 / 包案"</th>
                        {sortable(query, "received_on", "收到", "c-day")}
                        {sortable(query, "due_on", "到期", "c-due")}
                    </tr>
                </thead>
                <tbody>
                    {each(move || ledger.rows.get(), move |row| table_row(&row, go))}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn sortable(
    query: Memo<Query>,
    key: &'static str,
    label: &'static str,
    class: &'static str,
) -> AnyView {
    let go = app::replacing();
    let order = move || {
        let sort = query.with(sort_of);
        match sort.strip_prefix('-') {
            Some(descending) if descending == key => Some("descending"),
            None if sort == key => Some("ascending"),
            _ => None,
        }
    };
    let turn = move |_| {
        // Deadlines: the nearest first. Days and numbers: the latest first.
        let (first, second) = if key == "due_on" {
            (key.to_owned(), format!("-{key}"))
        } else {
            (format!("-{key}"), key.to_owned())
        };
        let sort = if query.with_untracked(sort_of) == first {
            second
        } else {
            first
        };
        let target = query.get_untracked().with("sort", &sort);
        go.run(format!("/cases{}", target.text()));
    };
    let arrow = move || match order() {
        Some("ascending") => "▲",
        Some(_) => "▼",
        None => "",
    };
    view! {
        <th scope="col" class=class aria-sort=order>
            <button type="button" class="th-button" on:click=turn>
                {label}
                <span class="arrow" aria-hidden="true">{arrow}</span>
            </button>
        </th>
    }
    .into_any()
}

fn name_of(named: Option<&shared::case::view::Named>) -> String {
    named.map_or_else(|| "—".to_owned(), |named| named.name.clone())
}

fn people_of(row: &CaseRow) -> AnyView {
    let name = row
        .petitioner
        .clone()
        .unwrap_or_else(|| "未留姓名".to_owned());
    let others = (row.people_count > 1)
        .then(|| view! { <span class="quiet">{format!("等{}人", row.people_count)}</span> });
    view! { {name} {others} }.into_any()
}

fn category_of(row: &CaseRow) -> AnyView {
    let sub = row
        .subcategory_name
        .clone()
        .map(|sub| view! { <span class="quiet">{sub}</span> });
    view! { <span>{row.category.label()}</span> {sub} }.into_any()
}

fn table_row(row: &CaseRow, go: Go) -> AnyView {
    let href = format!("/cases/{}", row.id);
    let target = href.clone();
    // The whole row opens the case; links in it, and text being selected, are left alone.
    let click = move |event: leptos::ev::MouseEvent| {
        let on_link = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("a").ok().flatten())
            .is_some();
        let selecting = window()
            .get_selection()
            .ok()
            .flatten()
            .is_some_and(|selection| !selection.is_collapsed());
        if !on_link && !selecting {
            go.run(target.clone());
        }
    };
    let lead = row
        .lead
        .as_ref()
        .map(|lead| view! { <span class="quiet">{lead.name.clone()}</span> });
    view! {
        <tr data-testid="case-row" data-number=row.number.clone() on:click=click>
            <td class="c-number">
                <a class="number" href=href>
                    {row.number.clone()}
                </a>
                <span class="flags">{flags(row)}</span>
            </td>
            <td class="c-state">
                <span class="kind">{row.kind.label()}</span>
                {state_badge(row.state)}
            </td>
            <td class="c-cause">
                <span class="clamp">{row.cause.clone()}</span>
            </td>
            <td>{people_of(row)}</td>
            <td>{name_of(row.village.as_ref())}</td>
            <td class="wide-only">{category_of(row)}</td>
            <td class="c-unit">
                <span>{name_of(row.responsible_unit.as_ref())}</span>
                {lead}
            </td>
            <td class="c-day">{format::short_date(row.received_on)}</td>
            <td class="c-due">{due(row)}</td>
        </tr>
    }
    .into_any()
}

fn cards(ledger: Ledger) -> AnyView {
    view! {
        <ul class="cards">
            {each(move || ledger.rows.get(), |row| card(&row))}
        </ul>
    }
    .into_any()
}

fn card(row: &CaseRow) -> AnyView {
    let facts = [
        row.village.as_ref().map(|named| named.name.clone()),
        Some(row.category.label().to_owned()),
        row.responsible_unit
            .as_ref()
            .map(|named| format!("责任单位：{}", named.name)),
        Some(format!("收到 {}", format::short_date(row.received_on))),
    ];
    let facts = facts
        .into_iter()
        .flatten()
        .map(|fact| view! { <span>{fact}</span> }.into_any())
        .collect_view();
    view! {
        <li data-testid="case-row" data-number=row.number.clone()>
            <a class="card case-card" href=format!("/cases/{}", row.id)>
                <span class="case-card-head">
                    <span class="number">{row.number.clone()}</span>
                    {state_badge(row.state)}
                </span>
                <span class="case-card-cause">{row.cause.clone()}</span>
                <span class="case-card-who">{people_of(row)} <span class="flags">{flags(row)}</span></span>
                <span class="case-card-facts">{facts}</span>
                <span class="case-card-due">{due(row)}</span>
            </a>
        </li>
    }
    .into_any()
}
