//! `/categories`: the two levels of the category. The administrator renames second levels, takes them out
//! of use, and adds the township's own.

use leptos::prelude::*;
use shared::access::Action;
use shared::case::category::{Categories, NewSubcategory, SubcategoryEntry, SubcategoryPatch};
use shared::case::{Category, Subcategory};
use shared::term::Term;

use super::admin::{etag, foot, only_for, stale};
use super::heading;
use crate::api::Call;
use crate::directory::{Directory, directory};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::{Notices, notices};
use crate::ui::states::waiting_rows;

/// What a dialog does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Doing {
    Adding(Category),
    Renaming(SubcategoryEntry, i64),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Adding(category) => format!("增加细类：{}", category.label()),
            Self::Renaming(entry, _) => format!("改名：{}", entry.name),
        }
    }
}

/// What the page works with.
#[derive(Clone, Copy)]
struct Desk {
    directory: Directory,
    notices: Notices,
    dialog: Dialog<Doing>,
    /// Of the buttons beside a second level.
    form: Form,
    manages: bool,
}

impl Desk {
    fn done(self, words: String) {
        self.dialog.close();
        self.notices.say(words);
        self.directory.reload();
    }

    fn take_latest(self) {
        self.dialog.close();
        self.directory.reload();
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ViewSettings, "类型和细类", categories)
}

fn categories() -> AnyView {
    let desk = Desk {
        directory: directory(),
        notices: notices(),
        dialog: Dialog::new(),
        form: Form::new(),
        manages: session::may(Action::ManageSettings),
    };
    let body = move |doing: Doing| match doing {
        Doing::Adding(category) => add(desk, category),
        Doing::Renaming(entry, version) => rename(desk, entry, version),
    };
    let list = desk.directory.category_loader();
    view! {
        <div class="page page-wide">
            <nav class="crumbs" aria-label="位置">
                <a href="/settings">{icon(Icon::Back)} "设置"</a>
            </nav>
            {heading("类型和细类")}
            <p class="quiet">
                "一级类型各处相同，统计才好比较；细类按本地的情况增减。停用的登记时不再出现，已登记的事项上不变。"
            </p>
            {desk.form.summary()}
            {stale(desk.form, move || desk.take_latest())}
            {list.view(waiting_rows, move |all| cards(desk, &all))}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

fn cards(desk: Desk, all: &Categories) -> AnyView {
    let card = |category: &Category| {
        let category = *category;
        let below = all.items.iter().filter(|entry| entry.category == category);
        let lines = below
            .map(|entry| line(desk, entry.clone(), all.version))
            .collect_view();
        let add = desk.manages.then(|| {
            let label = format!("在“{}”下增加细类", category.label());
            view! {
                <button
                    type="button"
                    class="btn btn-small"
                    data-testid="add-category"
                    aria-label=label
                    on:click=move |_| desk.dialog.start(Doing::Adding(category))
                >
                    {icon(Icon::Add)}
                    "增加"
                </button>
            }
        });
        view! {
            <section class="card category-card" data-testid="category" data-code=category.code()>
                <div class="card-head">
                    <h2>{category.label()}</h2>
                    {add}
                </div>
                <ul class="category-list">{lines}</ul>
            </section>
        }
    };
    let cards = Category::ALL.iter().map(card).collect_view();
    view! { <div class="category-cards">{cards}</div> }.into_any()
}

fn line(desk: Desk, entry: SubcategoryEntry, version: i64) -> AnyView {
    let fixed = entry.code == Subcategory::Other.into();
    let own = entry
        .own
        .then(|| view! { <span class="badge">"自增"</span> });
    let closed = entry
        .closed
        .then(|| view! { <span class="badge">"停用"</span> });
    let buttons = (desk.manages && !fixed).then(|| {
        let (renamed, turned) = (entry.clone(), entry.clone());
        let turn = move |_| {
            let closed = !turned.closed;
            let patch = SubcategoryPatch {
                closed: Some(closed),
                ..SubcategoryPatch::default()
            };
            let call = Call::patch(format!("/categories/{}", turned.code))
                .if_match(&etag(version))
                .json(&patch);
            let words = if closed {
                format!("“{}”已停用。", turned.name)
            } else {
                format!("“{}”已恢复使用。", turned.name)
            };
            desk.form.send(call.done(), move |()| desk.done(words));
        };
        let turn_words = if entry.closed { "恢复" } else { "停用" };
        view! {
            <span class="row category-buttons">
                <button
                    type="button"
                    class="btn btn-small"
                    data-testid="rename-category"
                    aria-label=format!("改名：{}", entry.name)
                    on:click=move |_| desk.dialog.start(Doing::Renaming(renamed.clone(), version))
                >
                    "改名"
                </button>
                <button
                    type="button"
                    class="btn btn-small"
                    data-testid="turn-category"
                    aria-label=format!("{turn_words}：{}", entry.name)
                    on:click=turn
                >
                    {turn_words}
                </button>
            </span>
        }
    });
    let class = if entry.closed { "quiet" } else { "" };
    view! {
        <li class="category-line" data-testid="subcategory" data-name=entry.name.clone()>
            <span class="category-name">
                <span class=class>{entry.name.clone()}</span>
                {own}
                {closed}
            </span>
            {buttons}
        </li>
    }
    .into_any()
}

fn add(desk: Desk, category: Category) -> AnyView {
    let form = Form::new();
    let name = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = NewSubcategory {
            category,
            name: name.get_untracked().trim().to_owned(),
        };
        if !form.accept(input.check(&desk.directory.categories())) {
            return;
        }
        let words = format!("“{}”下已增加“{}”。", category.label(), input.name);
        let call = Call::post("/categories").json(&input);
        form.send(call.done(), move |()| desk.done(words));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {field(form, "name", "名称")
                .hint("登记和筛选时显示，尽量用大家都懂的短语，如“机井电费”。".to_owned())
                .required()
                .input(name)}
            {foot(form, desk.dialog.up(), "增加", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn rename(desk: Desk, entry: SubcategoryEntry, version: i64) -> AnyView {
    let form = Form::new();
    let name = RwSignal::new(entry.name.clone());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let patch = SubcategoryPatch {
            name: Some(name.get_untracked().trim().to_owned()),
            closed: None,
        };
        if !form.accept(patch.check(&desk.directory.categories(), &entry)) {
            return;
        }
        let words = format!(
            "“{}”已改名为“{}”。",
            entry.name,
            patch.name.as_deref().unwrap_or_default()
        );
        let call = Call::patch(format!("/categories/{}", entry.code))
            .if_match(&etag(version))
            .json(&patch);
        form.send(call.done(), move |()| desk.done(words));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            {field(form, "name", "名称")
                .hint("改后已登记的事项也显示新名称；意思变了的，请停用后另增一个。".to_owned())
                .required()
                .input(name)}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}
