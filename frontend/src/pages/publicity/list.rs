//! `/publicity`: which campaign was held where and when, about which laws.

use leptos::prelude::*;
use shared::publicity::{CampaignForm, CampaignRow, Laws};
use shared::term::Term;

use super::{head, short, titles, village};
use crate::api::{self, Call};
use crate::app;
use crate::directory::{Options, directory};
use crate::format;
use crate::load::load;
use crate::pages::matters::select;
use crate::rows::rows;
use crate::shell::narrow;
use crate::ui::field::terms;
use crate::ui::states::empty;

const KEYS: [&str; 3] = ["village_id", "law_id", "form"];

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
        format!("/publicity{}", api::query(pairs))
    };
    let asked = Memo::new(move |_| {
        for value in values {
            value.track();
        }
        path(None)
    });
    let list = rows::<CampaignRow>(asked);
    let none = move || {
        if asked.get_untracked() == "/publicity" {
            empty(
                "还没有宣传记录",
                "讲座、集中咨询、入户、广播、以案释法，办一场记一场：哪部法、哪个村、多少人。",
                super::may_record().then(|| {
                    view! { <a class="btn" href="/publicity/new">"登记宣传"</a> }.into_any()
                }),
            )
        } else {
            empty(
                "没有符合条件的宣传",
                "去掉一些条件试试。",
                Some(view! { <a class="btn" href="/publicity">"清除全部条件"</a> }.into_any()),
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
    let laws = load(move || Call::get("/laws").fetch::<Laws>());
    let [of_village, law, form] = values;
    let value = |memo: Memo<String>| Signal::derive(move || memo.get());
    let villages = Signal::derive(move || {
        let town = ("township".to_owned(), "全镇的".to_owned());
        any(directory.villages().into_iter().chain([town]).collect())
    });
    let laws = Signal::derive(move || {
        let laws = laws.value().map(|laws| laws.items).unwrap_or_default();
        let laws = laws.into_iter().map(|law| {
            let words = short(&law.title).to_owned();
            (law.id, words)
        });
        any(laws.collect())
    });
    view! {
        <div class="page page-wide">
            {head("/publicity", "按法律法规登记宣传活动：最近的在前。")}
            <div class="matters-filters" role="group" aria-label="筛选">
                {select("publicity-village", "村", value(of_village), villages, move |to| {
                    go.run(path(Some(("village_id", to))));
                })}
                {select("publicity-law", "法律法规", value(law), laws, move |to| {
                    go.run(path(Some(("law_id", to))));
                })}
                {select("publicity-form", "形式", value(form), any(terms::<CampaignForm>()).into(), move |to| {
                    go.run(path(Some(("form", to))));
                })}
            </div>
            {drawn}
        </div>
    }
    .into_any()
}

fn struck(row: &CampaignRow) -> Option<AnyView> {
    row.struck
        .then(|| view! { " " <span class="badge badge-done">"已划除"</span> }.into_any())
}

fn table(rows: &[CampaignRow]) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let handouts = match row.handouts {
                0 => "—".to_owned(),
                count => format!("{count}份"),
            };
            view! {
                <tr data-testid="campaign-row">
                    <td class="number day">{format::short_date(row.on)}</td>
                    <td>{village(row.village.as_ref())}</td>
                    <td>{row.form.label()}{struck(row)}</td>
                    <td>
                        <a class="clamp" href=format!("/publicity/{}", row.id)>
                            {titles(&row.laws)}
                        </a>
                        <span class="quiet">{row.place.clone()}</span>
                    </td>
                    <td class="number">{format!("{}人", row.audience)}</td>
                    <td class="number">{handouts}</td>
                    <td>{row.unit.name.clone()}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table publicity-table">
                <caption class="sr-only">"宣传记录"</caption>
                <thead>
                    <tr>
                        <th scope="col">"日期"</th>
                        <th scope="col">"村"</th>
                        <th scope="col">"形式"</th>
                        <th scope="col">"法律法规、地点"</th>
                        <th scope="col">"受众"</th>
                        <th scope="col">"资料"</th>
                        <th scope="col">"登记单位"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn card(row: &CampaignRow) -> AnyView {
    let handouts =
        (row.handouts > 0).then(|| view! { <span>{format!("资料{}份", row.handouts)}</span> });
    view! {
        <li data-testid="campaign-row">
            <a class="card case-card" href=format!("/publicity/{}", row.id)>
                <span class="case-card-head">
                    <span>{format!("{} {}", format::short_date(row.on), row.form.label())}</span>
                    {struck(row)}
                </span>
                <span class="case-card-cause">{titles(&row.laws)}</span>
                <span class="case-card-facts">
                    <span>{village(row.village.as_ref())}</span>
                    <span>{row.place.clone()}</span>
                    <span>{format!("{}人", row.audience)}</span>
                    {handouts}
                </span>
            </a>
        </li>
    }
    .into_any()
}
