//! `/matters`: mediations, hearings, orders and the other matters of all cases that one may see.

use leptos::prelude::*;
use shared::case::matter::MatterKind;
use shared::case::matter::view::MatterRow;
use shared::role::Role;
use shared::term::Term;

use super::case::matter::bits::{GROUPS, badge, due, href};
use super::heading;
use crate::api;
use crate::app;
use crate::directory::{Options, directory};
use crate::format;
use crate::rows::rows;
use crate::shell::narrow;
use crate::ui::live::{follow, live};
use crate::ui::states::empty;

/// What the list can be narrowed to; the URL carries it, and the API takes it as it is.
const KEYS: [&str; 6] = ["kind", "state", "open", "overdue", "unit_id", "village_id"];

/// What is asked for: a value each, empty where it does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked([String; KEYS.len()]);

impl Asked {
    fn read(get: impl Fn(&'static str) -> String) -> Self {
        Self(KEYS.map(get))
    }

    fn of(pairs: &[(&str, &str)]) -> Self {
        Self::read(|key| {
            let found = pairs.iter().find(|(known, _)| *known == key);
            found.map_or("", |(_, value)| value).to_owned()
        })
    }

    fn get(&self, key: &str) -> &str {
        let found = KEYS.iter().zip(&self.0).find(|(known, _)| **known == key);
        found.map_or("", |(_, value)| value)
    }

    fn with(&self, changes: &[(&str, &str)]) -> Self {
        Self::read(|key| {
            let found = changes.iter().find(|(known, _)| *known == key);
            found
                .map_or_else(|| self.get(key), |(_, value)| value)
                .to_owned()
        })
    }

    /// The path with its query.
    fn path(&self) -> String {
        let pairs = KEYS
            .iter()
            .zip(&self.0)
            .map(|(key, value)| (*key, value.as_str()));
        format!("/matters{}", api::query(pairs))
    }
}

/// How things stand, as a filter: its code, words, and what it asks for.
const STANDINGS: [(&str, &str, &str, &str); 4] = [
    ("", "全部", "", ""),
    ("open", "进行中", "true", ""),
    ("overdue", "已逾期", "", "true"),
    ("over", "已结束", "false", ""),
];

/// The page.
pub(crate) fn page() -> AnyView {
    let values = KEYS.map(app::query);
    let asked = Memo::new(move |_| Asked(values.each_ref().map(|value| value.get())));
    let list = rows::<MatterRow>(Memo::new(move |_| asked.read().path()));
    let none = move || {
        if asked.get_untracked() == Asked::default() {
            empty(
                "还没有专项",
                "在事项的“专项”一栏新办调解、听证、督办等，会按到期日列在这里。",
                Some(
                    view! { <a class="btn" href="/cases?open=true">"到台账选择事项"</a> }
                        .into_any(),
                ),
            )
        } else {
            empty(
                "没有符合条件的专项",
                "去掉一些条件试试。这里只列您有权查看的事项的专项。",
                Some(view! { <a class="btn" href="/matters">"清除全部条件"</a> }.into_any()),
            )
        }
    };
    let drawn = list.view(
        none,
        |rows| {
            if narrow() { cards(&rows) } else { table(&rows) }
        },
    );
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("办理专项")}
                    <p class="quiet">"调解、听证、督办等，急的在前。点开到事项里办理。"</p>
                </div>
            </div>
            {kinds(asked)}
            {filters(asked)}
            {drawn}
        </div>
    }
    .into_any()
}

/// The lists that people keep coming back to: one a kind, and the court's queue.
fn views() -> Vec<(&'static str, Asked)> {
    let me = app::me();
    let mut views = vec![("全部", Asked::default())];
    let unit = me.user.unit_id.as_str();
    if me.user.role == Role::Court {
        let queue = Asked::of(&[("kind", "mediation"), ("open", "true"), ("unit_id", unit)]);
        views.push(("待司法确认", queue));
    } else {
        views.push((
            "轮到本单位",
            Asked::of(&[("open", "true"), ("unit_id", unit)]),
        ));
    }
    let used: Vec<MatterKind> = MatterKind::used(me.actor.county().is_some()).collect();
    for (_, kinds) in GROUPS {
        for kind in kinds.iter().filter(|kind| used.contains(kind)) {
            views.push((kind.label(), Asked::of(&[("kind", kind.code())])));
        }
    }
    views
}

/// Whether a view is the one shown: its own narrowing is, whatever is narrowed beside.
fn shows(now: &Asked, view: &Asked, views: &[(&'static str, Asked)]) -> bool {
    let within = |view: &Asked| {
        KEYS.iter()
            .all(|key| view.get(key).is_empty() || view.get(key) == now.get(key))
    };
    let weight = |view: &Asked| view.0.iter().filter(|value| !value.is_empty()).count();
    within(view)
        && !views
            .iter()
            .any(|(_, other)| weight(other) > weight(view) && within(other))
}

/// On a desk, a link each; a phone has them in a list beside the filters.
fn kinds(asked: Memo<Asked>) -> AnyView {
    live(move || {
        let views = views();
        if narrow() {
            return ().into_any();
        }
        let links = views
            .iter()
            .map(|(words, view)| {
                let (mine, all) = (view.clone(), views.clone());
                let current = follow(move || shows(&asked.read(), &mine, &all).then_some("page"));
                view! {
                    <li>
                        <a href=view.path() aria-current=current data-noscroll="">
                            {*words}
                        </a>
                    </li>
                }
                .into_any()
            })
            .collect_view();
        view! { <nav class="views" aria-label="专项种类"><ul>{links}</ul></nav> }.into_any()
    })
}

fn kind_select(asked: Memo<Asked>) -> AnyView {
    let go = app::going();
    let views = views();
    let options: Options = views
        .iter()
        .map(|(words, view)| (view.path(), (*words).to_owned()))
        .collect();
    let shown = Signal::derive(move || {
        let now = asked.get();
        let shown = views.iter().find(|(_, view)| shows(&now, view, &views));
        shown.map_or_else(String::new, |(_, view)| view.path())
    });
    select(
        "matters-view",
        "看什么",
        shown,
        options.into(),
        move |path| go.run(path),
    )
}

fn filters(asked: Memo<Asked>) -> AnyView {
    let go = app::going();
    let directory = directory();
    let change = move |changes: &[(&str, &str)]| {
        go.run(asked.get_untracked().with(changes).path());
    };
    let standing = Signal::derive(move || {
        let now = asked.read();
        let found = STANDINGS.iter().find(|(_, _, open, overdue)| {
            now.get("open") == *open && now.get("overdue") == *overdue
        });
        found.map_or("", |(code, ..)| code).to_owned()
    });
    let standings: Options = STANDINGS
        .iter()
        .map(|(code, words, ..)| ((*code).to_owned(), (*words).to_owned()))
        .collect();
    let stand = move |code: String| {
        if let Some((_, _, open, overdue)) = STANDINGS.iter().find(|(known, ..)| *known == code) {
            change(&[("open", open), ("overdue", overdue)]);
        }
    };
    let any = |options: Options| {
        let none = (String::new(), "不限".to_owned());
        std::iter::once(none).chain(options).collect::<Options>()
    };
    let units = Signal::derive(move || any(directory.handlers()));
    let villages = Signal::derive(move || any(directory.villages()));
    let value = move |key: &'static str| Signal::derive(move || asked.read().get(key).to_owned());
    view! {
        <div class="matters-filters" role="group" aria-label="筛选">
            {live(move || narrow().then(|| kind_select(asked)))}
            {select("matters-standing", "情况", standing, standings.into(), stand)}
            {select("matters-unit", "轮到的单位", value("unit_id"), units, move |unit| {
                change(&[("unit_id", &unit)]);
            })}
            {select("matters-village", "村", value("village_id"), villages, move |village| {
                change(&[("village_id", &village)]);
            })}
        </div>
    }
    .into_any()
}

/// A list to choose from that acts at once.
pub(crate) fn select(
    id: &'static str,
    label: &'static str,
    value: Signal<String>,
    options: Signal<Options>,
    act: impl Fn(String) + 'static,
) -> AnyView {
    let offered = live(move || {
        options
            .get()
            .into_iter()
            .map(|(code, words)| {
                let mine = code.clone();
                let chosen = follow(move || value.read() == mine);
                view! { <option value=code prop:selected=chosen>{words}</option> }.into_any()
            })
            .collect_view()
    });
    view! {
        <div class="filter">
            <label for=id>{label}</label>
            <select id=id on:change:target=move |event| act(event.target().value())>
                {offered}
            </select>
        </div>
    }
    .into_any()
}

fn next(row: &MatterRow) -> AnyView {
    match (&row.due_what, row.due_on, row.open) {
        (Some(what), Some(on), true) => due(what, on, row.overdue, row.due_petitioners),
        _ => view! { <span class="quiet">"—"</span> }.into_any(),
    }
}

fn name_of(named: Option<&shared::case::view::Named>) -> String {
    named.map_or_else(|| "—".to_owned(), |named| named.name.clone())
}

fn table(rows: &[MatterRow]) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let turn = if row.open {
                name_of(row.unit.as_ref())
            } else {
                "—".to_owned()
            };
            view! {
                <tr data-testid="matter-row" data-kind=row.kind.code()>
                    <td>
                        <span class="kind">{row.kind.label()}</span>
                        " "
                        <a href=href(row.case_id.as_str(), &row.id)>{row.title.clone()}</a>
                    </td>
                    <td>{badge(&row.state_label, row.tone)}</td>
                    <td>
                        <span class="number">{row.case_number.clone()}</span>
                        <span class="clamp quiet">{row.cause.clone()}</span>
                    </td>
                    <td>{name_of(row.village.as_ref())}</td>
                    <td>{turn}</td>
                    <td class="number day">{format::short_date(row.opened_on)}</td>
                    <td class="matter-next">{next(row)}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table matters-table">
                <caption class="sr-only">"专项"</caption>
                <thead>
                    <tr>
                        <th scope="col">"专项"</th>
                        <th scope="col">"情况"</th>
                        <th scope="col">"事项"</th>
                        <th scope="col">"村"</th>
                        <th scope="col">"轮到"</th>
                        <th scope="col">"开始"</th>
                        <th scope="col">"下一步到期"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn cards(rows: &[MatterRow]) -> AnyView {
    let cards = rows
        .iter()
        .map(|row| {
            let turn = row
                .unit
                .as_ref()
                .filter(|_| row.open)
                .map(|unit| view! { <span>{format!("轮到 {}", unit.name)}</span> });
            let village = row
                .village
                .as_ref()
                .map(|village| view! { <span>{village.name.clone()}</span> });
            let next = row
                .due_on
                .filter(|_| row.open)
                .map(|_| view! { <span class="case-card-due">{next(row)}</span> });
            view! {
                <li data-testid="matter-row" data-kind=row.kind.code()>
                    <a class="card case-card" href=href(row.case_id.as_str(), &row.id)>
                        <span class="case-card-head">
                            <span>{row.kind.label()}</span>
                            {badge(&row.state_label, row.tone)}
                        </span>
                        <span class="case-card-cause">{row.title.clone()}</span>
                        {next}
                        <span class="case-card-facts">
                            <span class="number">{row.case_number.clone()}</span>
                            {village}
                            {turn}
                        </span>
                        <span class="clamp quiet">{row.cause.clone()}</span>
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ul class="cards">{cards}</ul> }.into_any()
}
