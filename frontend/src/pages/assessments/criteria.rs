//! `/criteria`: the criteria sheets of a kind, version by version; a draft is changed item by item, a
//! leader puts it into force.

use std::sync::Arc;

use chrono::Datelike;
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use shared::assessment::criteria::{
    CriteriaItem, CriteriaList, CriteriaSheet, CriteriaState, CriteriaVeto, CriteriaView,
    DataSource, MAX_STANDARD, MAX_TITLE, ScoredHow,
};
use shared::assessment::{AssessmentKind, FULL, MAX_WORDS, points};
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::term::Term;

use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::heading;
use crate::pages::visits::act::{MakeBody, Step, Steps, as_it_is};
use crate::shell::narrow;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page() -> AnyView {
    let wanted = app::query("kind");
    let kind = Memo::new(move |_| {
        AssessmentKind::from_code(&wanted.read()).unwrap_or(AssessmentKind::ThreeWithout)
    });
    let list = load(move || {
        Call::get(format!("/criteria-sheets?kind={}", kind.get())).fetch::<CriteriaList>()
    });
    let steps = Steps::new(move |_| list.reload());
    let kinds = AssessmentKind::ALL
        .iter()
        .map(|one| {
            let one = *one;
            let current = follow(move || (kind.get() == one).then_some("page"));
            let href = format!("/criteria?kind={one}");
            view! {
                <li><a href=href aria-current=current data-noscroll="">{one.label()}</a></li>
            }
            .into_any()
        })
        .collect_view();
    let begin = live(move || {
        let all = list.value().filter(|all| all.may_begin)?;
        Some(steps.button("btn btn-primary", "begin-criteria", begin(all.kind)))
    });
    let body = list.view(waiting, move |all| {
        let current = all.current;
        let versions = all
            .items
            .iter()
            .map(|version| section(version, version.number == current, steps))
            .collect_view();
        view! { {versions} }.into_any()
    });
    view! {
        <div class="page page-wide">
            <nav class="crumbs" aria-label="位置">
                <a href="/assessments">{icon(Icon::Back)} "村级考核"</a>
            </nav>
            <div class="page-head">
                <div>
                    {heading("考核表")}
                    <p class="quiet">
                        "镇综治办起草，镇领导决定施行。考核开始以后按开始时的考核表进行，改版不影响。"
                    </p>
                </div>
                <div class="row page-buttons">{begin}</div>
            </div>
            <nav class="views" aria-label="考核类别"><ul>{kinds}</ul></nav>
            {body}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

/// A step that needs nothing but what is here.
fn step(
    title: &'static str,
    fields: Vec<Field>,
    (method, path): (&'static str, String),
    version: Option<i64>,
    body: MakeBody,
) -> Step {
    Step {
        title,
        help: "",
        fields,
        case: None,
        method,
        path,
        etag: version.map(|version| format!("\"{version}\"")),
        body,
        done: "已保存。",
        later: None,
    }
}

fn years() -> FieldKind {
    let now = browser::today().year();
    let choices = [now, now + 1].into_iter().map(|year| Choice {
        code: year.to_string(),
        label: format!("{year}年"),
    });
    FieldKind::Choice {
        choices: choices.collect(),
    }
}

/// The year as the API takes it.
fn with_year(filled: &mut Map<String, Value>) {
    let year = filled
        .get("year")
        .and_then(Value::as_str)
        .and_then(|year| year.parse::<i32>().ok());
    if let Some(year) = year {
        filled.insert("year".to_owned(), year.into());
    }
}

fn begin(kind: AssessmentKind) -> Step {
    let next = (browser::today().year() + 1).to_string();
    let body: MakeBody = Arc::new(move |mut filled| {
        with_year(&mut filled);
        filled.insert("kind".to_owned(), kind.code().into());
        filled
    });
    Step {
        help: "从现在的考核表抄起，再逐项修改。",
        ..step(
            "起草新考核表",
            vec![
                Field::new("year", "从哪一年起", years())
                    .required()
                    .value(next),
                Field::long("note", "修改说明", MAX_WORDS),
            ],
            ("POST", "/criteria-sheets".to_owned()),
            None,
            body,
        )
    }
}

fn section(version: &CriteriaView, current: bool, steps: Steps) -> AnyView {
    let title = match version.year {
        Some(year) => format!("第{}版（{year}年起）", version.number),
        None => "内置的考核表".to_owned(),
    };
    let draft = version.state == CriteriaState::Draft;
    let badge = match (draft, current) {
        (true, _) => view! { <span class="badge badge-work">"起草中"</span> }.into_any(),
        (_, true) => view! { <span class="badge badge-answered">"今年使用"</span> }.into_any(),
        _ => ().into_any(),
    };
    let who = version.author.as_ref().map(|author| {
        let enforced = version.enforced_by.as_ref().zip(version.enforced_on);
        let enforced = enforced.map_or_else(String::new, |(who, on)| {
            let ground = version.ground.clone().unwrap_or_default();
            format!("；{}，{}决定施行：{ground}", format::date(on), who.name)
        });
        view! { <p class="hint">{format!("{}起草{enforced}", author.name)}</p> }
    });
    let note = version
        .note
        .clone()
        .map(|note| view! { <p class="prose">{note}</p> });
    let unfit = version.unfit.clone().map(|unfit| {
        view! { <p class="note" data-testid="unfit">{icon(Icon::Warning)} {unfit}</p> }
    });
    let edit = version.may_edit.then(|| {
        view! {
            {steps.button("btn", "criteria-add", item_step(version, None))}
            {steps.button("btn", "criteria-veto", veto_step(version, None))}
            {steps.button("btn", "criteria-head", head_step(version))}
        }
    });
    let enforce = version
        .may_enforce
        .then(|| steps.button("btn btn-primary", "criteria-enforce", enforce_step(version)));
    let foot = format!(
        "合计{}分；满{}分且没有一票否决的可以命名。",
        version.sheet.sum(),
        version.sheet.named_from
    );
    let inner = view! {
        {note}
        {unfit}
        {items(version, steps)}
        <p data-testid="criteria-sum">{foot}</p>
        {vetoes(version, steps)}
        {who}
        <div class="row">{edit} {enforce}</div>
    };
    if draft || current {
        view! {
            <section class="card" data-testid="criteria" data-number=version.number.to_string()>
                <div class="card-head"><h2>{title}</h2>{badge}</div>
                {inner}
            </section>
        }
        .into_any()
    } else {
        view! {
            <details class="card more" data-testid="criteria" data-number=version.number.to_string()>
                <summary>{title}</summary>
                {inner}
            </details>
        }
        .into_any()
    }
}

fn items(version: &CriteriaView, steps: Steps) -> AnyView {
    let sheet = &version.sheet;
    let buttons = |item: &CriteriaItem| {
        version.may_edit.then(|| {
            view! {
                <span class="row">
                    {steps.button("btn btn-small", "criteria-edit", item_step(version, Some(item)))}
                    {steps.button("btn btn-small", "criteria-drop", drop_step(version, &item.code))}
                </span>
            }
        })
    };
    let how = |item: &CriteriaItem| match item.source {
        None => ScoredHow::Hand.label(),
        Some(source) => source.label(),
    };
    let lines = sheet.items.iter().zip(&version.standards);
    if narrow() {
        let cards = lines
            .map(|(item, words)| {
                view! {
                    <li class="card" data-testid="criteria-item">
                        <p class="case-card-head">
                            <strong>{item.title.clone()}</strong>
                            <span class="number">{format!("{}分", item.points)}</span>
                        </p>
                        <p>{words.clone()}</p>
                        <p class="quiet">{how(item)}</p>
                        {buttons(item)}
                    </li>
                }
                .into_any()
            })
            .collect_view();
        return view! { <ul class="cards">{cards}</ul> }.into_any();
    }
    let rows = lines
        .map(|(item, words)| {
            let act = version.may_edit.then(|| view! { <td>{buttons(item)}</td> });
            view! {
                <tr data-testid="criteria-item">
                    <th scope="row">{item.title.clone()}</th>
                    <td class="number">{item.points}</td>
                    <td>{words.clone()}</td>
                    <td>{how(item)}</td>
                    {act}
                </tr>
            }
            .into_any()
        })
        .collect_view();
    let act = version
        .may_edit
        .then(|| view! { <th scope="col">"修改"</th> });
    view! {
        <div class="table-box">
            <table class="table criteria-table">
                <caption class="sr-only">"考核项目"</caption>
                <thead>
                    <tr>
                        <th scope="col">"项目"</th>
                        <th scope="col">"满分"</th>
                        <th scope="col">"评分标准"</th>
                        <th scope="col">"数据来源"</th>
                        {act}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn vetoes(version: &CriteriaView, steps: Steps) -> AnyView {
    let rows = version
        .sheet
        .vetoes
        .iter()
        .map(|veto| {
            let how = match (veto.source, veto.at_least) {
                (Some(source), Some(least)) => format!("{}达到{least}", source.label()),
                _ => "由镇综治办认定".to_owned(),
            };
            let buttons = version.may_edit.then(|| {
                view! {
                    {steps.button("btn btn-small", "veto-edit", veto_step(version, Some(veto)))}
                    {steps.button("btn btn-small", "veto-drop", veto_drop(version, &veto.code))}
                }
            });
            view! {
                <li class="law">
                    <span>{veto.title.clone()} " " <span class="quiet">{how}</span></span>
                    <span class="row">{buttons}</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <h3>"一票否决"</h3> <ul class="law-list">{rows}</ul> }.into_any()
}

/// Tenths of a point as they are typed: `2.5`.
fn tenths(text: &str) -> Option<u32> {
    let (whole, tenth) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() > 3 || tenth.len() != 1 || !digits(whole) || !digits(tenth) {
        return None;
    }
    Some(whole.parse::<u32>().ok()? * 10 + tenth.parse::<u32>().ok()?)
}

/// Takes a text out of what was filled in.
fn text(filled: &mut Map<String, Value>, name: &str) -> Option<String> {
    match filled.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn number(filled: &mut Map<String, Value>, name: &str) -> Option<u32> {
    let number = filled.remove(name)?.as_u64()?;
    u32::try_from(number).ok()
}

/// A code that no other has.
fn fresh(stem: &str, taken: impl Fn(&str) -> bool) -> String {
    let codes = (1..).map(|n| format!("{stem}_{n}"));
    codes
        .into_iter()
        .find(|code| !taken(code))
        .unwrap_or_default()
}

fn patch(version: &CriteriaView, title: &'static str, fields: Vec<Field>, body: MakeBody) -> Step {
    let id = version.id.clone().unwrap_or_default();
    let place = ("PATCH", format!("/criteria-sheets/{id}"));
    step(title, fields, place, Some(version.version), body)
}

/// The body that puts a whole sheet in place.
fn whole(sheet: &CriteriaSheet) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("sheet".to_owned(), json!(sheet));
    body
}

fn item_step(version: &CriteriaView, item: Option<&CriteriaItem>) -> Step {
    let sources = Choice::all::<DataSource>();
    let tenths_of = |of: Option<u32>| of.map_or_else(String::new, points);
    let fields = vec![
        Field::text("title", "考核项目", MAX_TITLE)
            .required()
            .value(item.map_or_else(String::new, |item| item.title.clone())),
        Field::new("points", "满分", FieldKind::Number { min: 1, max: FULL })
            .required()
            .value(item.map_or_else(String::new, |item| item.points.to_string())),
        Field::new("source", "数据来源", FieldKind::Choice { choices: sources })
            .help("不选的由镇综治办人工评分。")
            .value(item.and_then(|item| item.source).map_or("", Term::code)),
        Field::text("each", "每次多少分", 6)
            .help("按次数扣分、计分的项目填，最多一位小数，如2.5；按比例计分和人工评分的不填。")
            .value(tenths_of(item.and_then(|item| item.each))),
        Field::text("cap", "最多扣或计多少分", 6)
            .help("不填的以满分为限。")
            .value(tenths_of(item.and_then(|item| item.cap))),
        Field::long("standard", "评分标准", MAX_STANDARD)
            .help("不填的按上面的办法自动写出。")
            .value(item.map_or_else(String::new, |item| item.standard.clone())),
    ];
    let sheet = version.sheet.clone();
    let code = item.map_or_else(
        || fresh("item", |code| sheet.item(code).is_some()),
        |item| item.code.clone(),
    );
    let body: MakeBody = Arc::new(move |mut filled| {
        let source = text(&mut filled, "source").and_then(|code| DataSource::from_code(&code));
        let counts = source.is_some_and(|source| source.way() != ScoredHow::Share);
        // What cannot be read is nothing: the server says what is missing.
        let read = |text: Option<String>| text.map(|text| tenths(&text).unwrap_or(0));
        let (each, cap) = (text(&mut filled, "each"), text(&mut filled, "cap"));
        let new = CriteriaItem {
            code: code.clone(),
            title: text(&mut filled, "title").unwrap_or_default(),
            standard: text(&mut filled, "standard").unwrap_or_default(),
            points: number(&mut filled, "points").unwrap_or(0),
            source,
            each: read(each).filter(|_| counts),
            cap: read(cap).filter(|_| counts),
        };
        let mut sheet = sheet.clone();
        match sheet.items.iter_mut().find(|item| item.code == code) {
            Some(item) => *item = new,
            None => sheet.items.push(new),
        }
        whole(&sheet)
    });
    let title = if item.is_some() {
        "修改"
    } else {
        "加一项"
    };
    patch(version, title, fields, body)
}

fn drop_step(version: &CriteriaView, code: &str) -> Step {
    let mut sheet = version.sheet.clone();
    sheet.items.retain(|item| item.code != code);
    patch(
        version,
        "删除",
        Vec::new(),
        Arc::new(move |_| whole(&sheet)),
    )
}

fn veto_step(version: &CriteriaView, veto: Option<&CriteriaVeto>) -> Step {
    let counted = DataSource::ALL
        .iter()
        .filter(|source| source.way() == ScoredHow::Less)
        .copied()
        .collect::<Vec<_>>();
    let fields = vec![
        Field::text("title", "一票否决的情形", MAX_TITLE)
            .required()
            .value(veto.map_or_else(String::new, |veto| veto.title.clone())),
        Field::new(
            "source",
            "按什么数据认定",
            FieldKind::Choice {
                choices: Choice::of(&counted),
            },
        )
        .help("不选的由镇综治办认定。")
        .value(veto.and_then(|veto| veto.source).map_or("", Term::code)),
        Field::new(
            "at_least",
            "达到多少",
            FieldKind::Number { min: 1, max: 999 },
        )
        .value(
            veto.and_then(|veto| veto.at_least)
                .map_or_else(String::new, |least| least.to_string()),
        ),
    ];
    let sheet = version.sheet.clone();
    let code = veto.map_or_else(
        || {
            fresh("veto", |code| {
                sheet.vetoes.iter().any(|veto| veto.code == code)
            })
        },
        |veto| veto.code.clone(),
    );
    let body: MakeBody = Arc::new(move |mut filled| {
        let source = text(&mut filled, "source").and_then(|code| DataSource::from_code(&code));
        let new = CriteriaVeto {
            code: code.clone(),
            title: text(&mut filled, "title").unwrap_or_default(),
            source,
            at_least: number(&mut filled, "at_least").filter(|_| source.is_some()),
        };
        let mut sheet = sheet.clone();
        match sheet.vetoes.iter_mut().find(|veto| veto.code == code) {
            Some(veto) => *veto = new,
            None => sheet.vetoes.push(new),
        }
        whole(&sheet)
    });
    let title = if veto.is_some() {
        "修改"
    } else {
        "加一票否决"
    };
    patch(version, title, fields, body)
}

fn veto_drop(version: &CriteriaView, code: &str) -> Step {
    let mut sheet = version.sheet.clone();
    sheet.vetoes.retain(|veto| veto.code != code);
    patch(
        version,
        "删除",
        Vec::new(),
        Arc::new(move |_| whole(&sheet)),
    )
}

fn head_step(version: &CriteriaView) -> Step {
    let year = version
        .year
        .map_or_else(String::new, |year| year.to_string());
    let fields = vec![
        Field::new("year", "从哪一年起", years())
            .required()
            .value(year),
        Field::new(
            "named_from",
            "命名分数线",
            FieldKind::Number { min: 1, max: FULL },
        )
        .required()
        .value(version.sheet.named_from.to_string()),
        Field::long("note", "修改说明", MAX_WORDS).value(version.note.clone().unwrap_or_default()),
    ];
    let sheet = version.sheet.clone();
    let body: MakeBody = Arc::new(move |mut filled| {
        with_year(&mut filled);
        let named_from = number(&mut filled, "named_from").unwrap_or(0);
        let sheet = CriteriaSheet {
            named_from,
            ..sheet.clone()
        };
        filled.insert("sheet".to_owned(), json!(sheet));
        filled
    });
    patch(version, "年份和分数线", fields, body)
}

fn enforce_step(version: &CriteriaView) -> Step {
    let id = version.id.clone().unwrap_or_default();
    Step {
        help: "施行以后不再修改；已经开始的考核仍按原来的考核表。",
        ..step(
            "施行",
            vec![
                Field::long("text", "施行的依据", MAX_WORDS)
                    .required()
                    .help("会议、文件。"),
            ],
            ("POST", format!("/criteria-sheets/{id}/enforce")),
            Some(version.version),
            as_it_is(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::tenths;

    #[test]
    fn points_are_read_in_tenths() {
        for (text, expected) in [
            ("2", Some(20)),
            ("2.5", Some(25)),
            (" 0.3 ", Some(3)),
            ("2.55", None),
            ("", None),
            ("-1", None),
            ("一", None),
        ] {
            assert_eq!(tenths(text), expected, "{text}");
        }
    }
}
