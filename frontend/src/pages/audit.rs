//! `/audit`: who did or saw what, when, from where. For the auditor, who sees no case's content.

use leptos::prelude::*;
use shared::access::Action;
use shared::audit::{AuditAction, AuditEntry};
use shared::page::Page;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::admin::only_for;
use super::heading;
use crate::api::{Call, Failure, query};
use crate::app::{self, Go};
use crate::format::{self, ordered};
use crate::route;
use crate::shell::narrow;
use crate::ui::export::exports;
use crate::ui::field::terms;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{each, follow, live};
use crate::ui::states::{empty, failed, waiting_rows};

/// What the log can be filtered by: its name in the URL and the API, and in words.
const FILTERS: [(&str, &str); 6] = [
    ("action", "动作"),
    ("user_id", "操作人"),
    ("number", "事项编号"),
    ("case_id", "事项标识"),
    ("from", "从哪天"),
    ("to", "到哪天"),
];

/// What is asked for: a value for each filter, empty where it is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked(Vec<(&'static str, String)>);

impl Asked {
    fn read<'a>(get: impl Fn(&'static str) -> Option<&'a str>) -> Self {
        Self(
            FILTERS
                .iter()
                .filter_map(|(key, _)| {
                    let value = get(key)?.trim();
                    (!value.is_empty()).then(|| (*key, value.to_owned()))
                })
                .collect(),
        )
    }

    fn get(&self, key: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| *known == key)
            .map_or("", |(_, value)| value.as_str())
    }

    fn with(&self, key: &str, value: &str) -> Self {
        Self::read(|known| Some(if known == key { value } else { self.get(known) }))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The page's URL.
    fn path(&self) -> String {
        format!("/audit{}", query(self.pairs()))
    }
}

/// The entries shown, and how to get more.
#[derive(Clone, Copy)]
struct Log {
    asked: Memo<Asked>,
    entries: RwSignal<Vec<AuditEntry>>,
    /// Whoever was met in the log so far: the auditor has no list of users to choose from.
    people: RwSignal<Vec<(String, String)>>,
    next: RwSignal<Option<String>>,
    total: RwSignal<Option<u64>>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    /// Rises with each request, so that an answer that comes late is dropped.
    turn: StoredValue<u32>,
    go: Go,
}

impl Log {
    fn new() -> Self {
        let values = route::query();
        Self {
            asked: Memo::new(move |_| values.with(|values| Asked::read(|key| values.get(key)))),
            entries: RwSignal::new(Vec::new()),
            people: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            total: RwSignal::new(None),
            busy: RwSignal::new(true),
            failure: RwSignal::new(None),
            turn: StoredValue::new(0),
            go: app::going(),
        }
    }

    /// Fetches the newest entries, or those before what is shown.
    fn fetch(self, asked: &Asked, more: bool) {
        let cursor = if more {
            self.next.get_untracked().unwrap_or_default()
        } else {
            String::new()
        };
        let text = query(asked.pairs().chain([("cursor", cursor.as_str())]));
        self.turn.update_value(|turn| *turn += 1);
        let mine = self.turn.get_value();
        self.busy.set(true);
        spawn_local(async move {
            let answer = Call::get(format!("/audit{text}"))
                .fetch::<Page<AuditEntry>>()
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
                    self.meet(&page.items);
                    if more {
                        self.entries.update(|entries| entries.extend(page.items));
                    } else {
                        self.entries.set(page.items);
                    }
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }

    fn meet(self, entries: &[AuditEntry]) {
        self.people.update(|people| {
            for entry in entries {
                if let (Some(id), Some(name)) = (&entry.user_id, &entry.user_name)
                    && !people.iter().any(|(known, _)| known == id.as_str())
                {
                    people.push((id.as_str().to_owned(), name.clone()));
                }
            }
            *people = ordered(std::mem::take(people), |person| person.1.clone());
        });
    }

    /// Asks for one thing more.
    fn narrow_to(self, key: &str, value: &str) {
        let target = self.asked.get_untracked().with(key, value);
        self.go.run(target.path());
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ViewAudit, "审计", list)
}

fn list() -> AnyView {
    let log = Log::new();
    Effect::new(move |_| log.fetch(&log.asked.get(), false));
    let again = move |_| {
        if !log.busy.get_untracked() {
            log.fetch(&log.asked.get_untracked(), false);
        }
    };
    let export = exports("审计记录", move || {
        let asked = log.asked.get_untracked();
        ("/exports/audit".to_owned(), query(asked.pairs()))
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading("审计")}
                <div class="row page-buttons">
                    {export}
                    <button type="button" class="btn" data-testid="refresh" on:click=again>
                        {live(move || if log.busy.get() { "正在加载…" } else { "刷新" })}
                    </button>
                </div>
            </div>
            {explanation()}
            {filters(log)}
            {chips(log)}
            {body(log)}
        </div>
    }
    .into_any()
}

fn explanation() -> AnyView {
    view! {
        <details class="card audit-about">
            <summary>"记录什么，为什么"</summary>
            <div class="stack">
                <p>
                    "每一次登录（失败的也算）、查看事项、变更事项、显示证件和电话、下载附件、导入导出，以及单位、用户、设置的每次变更，都在发生的同时记下：谁、什么时候、做了什么、从哪个网络地址来。"
                </p>
                <p>
                    "记录只增不改，任何人都不能删除，系统管理员也不能。查看这一页也会记下一笔。"
                </p>
                <p>
                    "这样做是为了保护信访人：谁看过谁的事项、因为什么看了号码，都有据可查；也保护工作人员：没有做过的事，记录里不会有。"
                </p>
                <p>
                    "监督员看得到谁办了哪一件，看不到事项的内容和人员信息。反映监督员所在单位的、或只有登记人能看的检举控告件，不在这里出现。发现异常，可记下请求编号，请系统管理员对照服务器日志核查。"
                </p>
            </div>
        </details>
    }
    .into_any()
}

fn filters(log: Log) -> AnyView {
    let value = move |key: &'static str| log.asked.with(|asked| asked.get(key).to_owned());
    let actions = terms::<AuditAction>()
        .into_iter()
        .map(|(code, words)| option(log, "action", code, words))
        .collect_view();
    let people = move || {
        log.people
            .get()
            .into_iter()
            .map(|(id, name)| option(log, "user_id", id, name))
            .collect_view()
    };
    let day = move |key: &'static str, label: &'static str| {
        view! {
            <div class="filter">
                <label for=format!("filter-{key}")>{label}</label>
                <input
                    type="date"
                    id=format!("filter-{key}")
                    prop:value=follow(move || value(key))
                    on:change:target=move |event| log.narrow_to(key, &event.target().value())
                />
            </div>
        }
        .into_any()
    };
    view! {
        <div class="filter-grid filter-open" role="search" aria-label="筛选审计记录">
            <div class="filter">
                <label for="filter-action">"动作"</label>
                <select
                    id="filter-action"
                    on:change:target=move |event| log.narrow_to("action", &event.target().value())
                >
                    <option value="" prop:selected=follow(move || value("action").is_empty())>
                        "不限"
                    </option>
                    {actions}
                </select>
            </div>
            <div class="filter">
                <label for="filter-user_id">"操作人"</label>
                <select
                    id="filter-user_id"
                    aria-describedby="people-hint"
                    on:change:target=move |event| log.narrow_to("user_id", &event.target().value())
                >
                    <option value="" prop:selected=follow(move || value("user_id").is_empty())>
                        "不限"
                    </option>
                    {people}
                </select>
            </div>
            {day("from", "从哪天")}
            {day("to", "到哪天")}
            <div class="filter">
                <label for="filter-number">"事项编号"</label>
                <input
                    type="text"
                    id="filter-number"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="平川信〔2026〕00012号"
                    prop:value=follow(move || value("number"))
                    on:change:target=move |event| log.narrow_to("number", &event.target().value())
                />
            </div>
            <div class="filter">
                <label for="filter-case_id">"事项标识"</label>
                <input
                    type="text"
                    id="filter-case_id"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=follow(move || value("case_id"))
                    on:change:target=move |event| log.narrow_to("case_id", &event.target().value())
                />
            </div>
            <p class="hint field-full" id="people-hint">
                "操作人只列出已加载的记录中出现过的。也可以直接点记录里的姓名或事项标识。"
            </p>
        </div>
    }
    .into_any()
}

fn option(log: Log, key: &'static str, code: String, words: String) -> AnyView {
    let mine = code.clone();
    let selected = follow(move || log.asked.with(|asked| asked.get(key) == mine));
    view! { <option value=code prop:selected=selected>{words}</option> }.into_any()
}

fn chips(log: Log) -> AnyView {
    let words = move |key: &str, value: &str| match key {
        "action" => AuditAction::from_code(value)
            .map_or_else(|| value.to_owned(), |action| action.label().to_owned()),
        "user_id" => log
            .people
            .get()
            .into_iter()
            .find(|(id, _)| id == value)
            .map_or_else(|| short(value), |(_, name)| name),
        "case_id" => short(value),
        _ => value.to_owned(),
    };
    live(move || {
        let asked = log.asked.get();
        if asked == Asked::default() {
            return None;
        }
        let chips = FILTERS
            .iter()
            .filter(|(key, _)| !asked.get(key).is_empty())
            .map(|(key, label)| {
                let words = format!("{label}：{}", words(key, asked.get(key)));
                view! {
                    <button
                        type="button"
                        class="chip"
                        aria-label=format!("去掉筛选：{words}")
                        on:click=move |_| log.narrow_to(key, "")
                    >
                        {words.clone()}
                        {icon(Icon::Close)}
                    </button>
                }
                .into_any()
            })
            .collect_view();
        Some(view! {
            <div class="chips" role="group" aria-label="正在使用的筛选">
                {chips}
                <a class="btn btn-quiet btn-small" href="/audit" data-noscroll="">"全部清除"</a>
            </div>
        })
    })
}

fn body(log: Log) -> AnyView {
    #[derive(Clone, PartialEq, Eq)]
    enum Stage {
        Waiting,
        Failed(Failure),
        Empty,
        Rows,
    }
    let stage = Memo::new(move |_| {
        if let Some(failure) = log.failure.get() {
            return Stage::Failed(failure);
        }
        match log.total.get() {
            None => Stage::Waiting,
            Some(_) if log.entries.with(Vec::is_empty) => Stage::Empty,
            Some(_) => Stage::Rows,
        }
    });
    let draw = live(move || match stage.get() {
        Stage::Waiting => waiting_rows(),
        Stage::Failed(failure) => failed(&failure, move || {
            log.fetch(&log.asked.get_untracked(), false);
        }),
        Stage::Empty => empty(
            "没有符合条件的记录",
            "换个动作、人员或日期试试。事项标识要填完整。",
            Some(view! { <a class="btn" href="/audit">"清除全部条件"</a> }.into_any()),
        ),
        Stage::Rows => rows(log),
    });
    view! {
        <div class="ledger" aria-busy=follow(move || log.busy.get().then_some("true"))>
            {draw}
        </div>
    }
    .into_any()
}

fn rows(log: Log) -> AnyView {
    let list = live(move || if narrow() { cards(log) } else { table(log) });
    let foot = move || {
        let shown = log.entries.with(Vec::len);
        let total = log.total.get().unwrap_or_default();
        format!("共 {total} 条，已显示 {shown} 条")
    };
    let more = live(move || {
        log.next.get().is_some().then(|| {
            view! {
                <button
                    type="button"
                    class="btn"
                    data-testid="more"
                    on:click=move |_| {
                        if !log.busy.get_untracked() {
                            log.fetch(&log.asked.get_untracked(), true);
                        }
                    }
                >
                    {live(move || if log.busy.get() { "正在加载…" } else { "加载更多" })}
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

fn table(log: Log) -> AnyView {
    view! {
        <div class="table-box">
            <table class="table audit-table">
                <caption class="sr-only">"审计记录，新的在前"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="c-moment">"时间"</th>
                        <th scope="col" class="c-who">"操作人"</th>
                        <th scope="col" class="c-action">"动作"</th>
                        <th scope="col">"内容"</th>
                        <th scope="col" class="c-id">"事项标识"</th>
                        <th scope="col" class="c-address">"来源地址"</th>
                        <th scope="col" class="c-id wide-only">"请求编号"</th>
                    </tr>
                </thead>
                <tbody>
                    {each(move || log.entries.get(), move |entry| line(log, &entry))}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(log: Log, entry: &AuditEntry) -> AnyView {
    view! {
        <tr data-testid="audit-row" data-action=entry.action.code()>
            <td class="number">{format::moment(entry.at)}</td>
            <td>{who(log, entry)}</td>
            <td>{action(entry.action)}</td>
            <td>{entry.detail.clone()}</td>
            <td>{case(log, entry)}</td>
            <td class="number">{entry.address.clone()}</td>
            <td class="wide-only">
                {entry.request_id.as_deref().map(|id| mark(id, id))}
            </td>
        </tr>
    }
    .into_any()
}

fn cards(log: Log) -> AnyView {
    view! {
        <ul class="cards">
            {each(move || log.entries.get(), move |entry| card(log, &entry))}
        </ul>
    }
    .into_any()
}

fn card(log: Log, entry: &AuditEntry) -> AnyView {
    let case = entry.case_id.as_ref().map(|_| {
        view! { <div><dt>"事项标识"</dt><dd>{case(log, entry)}</dd></div> }
    });
    let address = entry
        .address
        .clone()
        .map(|address| view! { <div><dt>"来源地址"</dt><dd class="number">{address}</dd></div> });
    let request = entry
        .request_id
        .as_deref()
        .map(|id| view! { <div><dt>"请求编号"</dt><dd>{mark(id, id)}</dd></div> });
    view! {
        <li class="card admin-card" data-testid="audit-row" data-action=entry.action.code()>
            <p class="admin-card-head">
                {action(entry.action)}
                <span class="quiet number">{format::moment(entry.at)}</span>
            </p>
            <p>{who(log, entry)} " " {entry.detail.clone()}</p>
            <dl class="facts">{case} {address} {request}</dl>
        </li>
    }
    .into_any()
}

/// What was done; what is worth a second look stands out.
fn action(action: AuditAction) -> AnyView {
    let class = match action {
        AuditAction::SignInFailed => "badge badge-late",
        AuditAction::Reveal | AuditAction::Export | AuditAction::Download => "badge badge-wait",
        _ => "badge",
    };
    view! { <span class=class>{action.label()}</span> }.into_any()
}

fn who(log: Log, entry: &AuditEntry) -> AnyView {
    let name = entry
        .user_name
        .clone()
        .unwrap_or_else(|| "未登录".to_owned());
    let Some(id) = entry.user_id.clone() else {
        return view! { <span class="quiet">{name}</span> }.into_any();
    };
    view! {
        <button
            type="button"
            class="link-button"
            title="只看这个人"
            on:click=move |_| log.narrow_to("user_id", id.as_str())
        >
            {name}
        </button>
    }
    .into_any()
}

/// A case by its id: no link, for the auditor does not see it.
fn case(log: Log, entry: &AuditEntry) -> AnyView {
    let Some(id) = entry.case_id.clone() else {
        return ().into_any();
    };
    let words = short(id.as_str());
    view! {
        <button
            type="button"
            class="link-button mark"
            title=format!("只看这一件：{id}")
            on:click=move |_| log.narrow_to("case_id", id.as_str())
        >
            {words}
        </button>
    }
    .into_any()
}

fn mark(id: &str, title: &str) -> AnyView {
    view! {
        <span class="mark" title=title.to_owned()>
            {short(id)}
        </span>
    }
    .into_any()
}

/// The end of an id, which tells it from its neighbours: the beginning is the time.
fn short(id: &str) -> String {
    let count = id.chars().count();
    if count <= 12 {
        return id.to_owned();
    }
    let end: String = id.chars().skip(count.saturating_sub(8)).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_keeps_its_order_and_drops_the_empty() {
        let asked = Asked::read(|key| match key {
            "to" => Some("2026-03-02"),
            "action" => Some(" reveal "),
            "from" => Some(""),
            _ => None,
        });
        let pairs: Vec<_> = asked.pairs().collect();
        assert_eq!(pairs, [("action", "reveal"), ("to", "2026-03-02")]);
        assert_eq!(asked.with("to", "").with("action", ""), Asked::default());
    }

    #[test]
    fn ids_are_shortened_to_their_end() {
        assert_eq!(short("0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), "…2e3f4a5b");
        assert_eq!(short("命令行"), "命令行");
    }
}
