//! `/visits`: who went where, what was heard. By village, kind and who went; not by household.

use leptos::prelude::*;
use shared::term::Term;
use shared::visit::VisitKind;
use shared::visit::view::VisitRow;

use super::bits::{card, names, place};
use super::head;
use crate::api;
use crate::app;
use crate::directory::{Options, directory};
use crate::format;
use crate::pages::matters::select;
use crate::rows::rows;
use crate::shell::narrow;
use crate::ui::field::terms;
use crate::ui::live::live;
use crate::ui::states::empty;

const KEYS: [&str; 6] = ["village_id", "kind", "visitor_id", "group_id", "from", "to"];

/// The page.
pub(crate) fn page() -> AnyView {
    let values = KEYS.map(app::query);
    let path = move |changed: Option<(&'static str, String)>| {
        let mut pairs = Vec::new();
        for (key, value) in KEYS.iter().zip(values) {
            let value = match &changed {
                Some((other, new)) if other == key => new.clone(),
                _ => value.get_untracked(),
            };
            pairs.push((*key, value));
        }
        let pairs = pairs.iter().map(|(key, value)| (*key, value.as_str()));
        format!("/visits{}", api::query(pairs))
    };
    let asked = Memo::new(move |_| {
        for value in values {
            value.track();
        }
        path(None)
    });
    let list = rows::<VisitRow>(asked);
    let none = move || {
        if asked.get_untracked() == "/visits" {
            empty(
                "还没有走访记录",
                "入户、走村、回访时听到的情况和答应的事，记在这里。没有网络也能记。",
                super::may_record()
                    .then(|| view! { <a class="btn" href="/visits/new">"记录走访"</a> }.into_any()),
            )
        } else {
            empty(
                "没有符合条件的走访",
                "去掉一些条件试试。这里只列您有权查看的走访。",
                Some(view! { <a class="btn" href="/visits">"清除全部条件"</a> }.into_any()),
            )
        }
    };
    let drawn = list.view(none, |rows| {
        if narrow() {
            let cards = rows.iter().map(card).collect_view();
            view! { <ul class="cards">{cards}</ul> }.into_any()
        } else {
            table(&rows)
        }
    });
    let go = app::going();
    let directory = directory();
    let any = |options: Options| {
        let none = (String::new(), "不限".to_owned());
        std::iter::once(none).chain(options).collect::<Options>()
    };
    let [village, kind, visitor, group, from, to] = values;
    // What a figure's link asks for; there is no filter of its own for it.
    let narrowed = live(move || {
        let group = group.get();
        let words = [
            directory.unit_name(&group).unwrap_or(group),
            from.read().to_string(),
            to.read().to_string(),
        ];
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|w| !w.is_empty())
            .collect();
        (!words.is_empty()).then(|| {
            view! {
                <p class="note">
                    {format!("只列：{}　", words.join(" "))}
                    <a href="/visits">"全部走访"</a>
                </p>
            }
        })
    });
    let value = |memo: Memo<String>| Signal::derive(move || memo.get());
    let villages = Signal::derive(move || any(directory.villages()));
    let staff = Signal::derive(move || any(directory.users_of(&[])));
    view! {
        <div class="page page-wide">
            {head("/visits", "入户下访、干部走访、事项回访：最近的在前。")}
            <div class="matters-filters" role="group" aria-label="筛选">
                {select("visits-village", "村", value(village), villages, move |to| {
                    go.run(path(Some(("village_id", to))));
                })}
                {select("visits-kind", "类型", value(kind), any(terms::<VisitKind>()).into(), move |to| {
                    go.run(path(Some(("kind", to))));
                })}
                {select("visits-visitor", "谁去的", value(visitor), staff, move |to| {
                    go.run(path(Some(("visitor_id", to))));
                })}
            </div>
            {narrowed}
            {drawn}
        </div>
    }
    .into_any()
}

fn table(rows: &[VisitRow]) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let promises = match (row.promises, row.promises_open) {
                (0, _) => "—".to_owned(),
                (all, 0) => format!("{all}项，都有着落"),
                (all, open) => format!("{all}项，待兑现{open}项"),
            };
            let case = row.case.as_ref().map(|case| {
                view! {
                    <a class="number" href=format!("/cases/{}", case.id)>{case.name.clone()}</a>
                }
            });
            let struck = row
                .struck
                .then(|| view! { " " <span class="badge badge-done">"已划除"</span> });
            view! {
                <tr data-testid="visit-row">
                    <td class="number day">{format::short_date(row.on)}</td>
                    <td>{row.kind.label()}{struck}</td>
                    <td>{place(row.village.as_ref(), row.group.as_ref(), row.place.as_ref())}</td>
                    <td>{names(&row.visitors)}</td>
                    <td>
                        <a class="clamp" href=format!("/visits/{}", row.id)>
                            {row.heard.clone()}
                        </a>
                        {case}
                    </td>
                    <td>{promises}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table visits-table">
                <caption class="sr-only">"走访记录"</caption>
                <thead>
                    <tr>
                        <th scope="col">"日期"</th>
                        <th scope="col">"类型"</th>
                        <th scope="col">"村社、户或地点"</th>
                        <th scope="col">"谁去的"</th>
                        <th scope="col">"听到的情况"</th>
                        <th scope="col">"承诺"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
