//! `/paper-texts`: what the township words for itself in its documents, with a sample of where it stands.

use leptos::prelude::*;
use shared::access::Action;
use shared::case::paper::texts::{MAX_CONTACT, MAX_NOTE};
use shared::case::paper::{KindText, PaperKind, PaperTexts, bracketed, chinese_day};
use shared::settings::{Settings, SettingsPatch};
use shared::term::Term;

use super::admin::{etag, foot, only_for, stale};
use super::heading;
use crate::api::{Call, Tagged};
use crate::browser;
use crate::load::{Loader, load};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::{Notices, notices};
use crate::ui::states::waiting;

/// What a dialog changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Names,
    Kind(PaperKind),
}

impl Doing {
    fn title(&self) -> String {
        let title = match self {
            Self::Names => "名称和联系方式",
            Self::Kind(kind) => kind.label(),
        };
        title.to_owned()
    }
}

/// What the page works with.
#[derive(Clone, Copy)]
struct Desk {
    settings: Loader<Tagged<Settings>>,
    notices: Notices,
    dialog: Dialog<Doing>,
    manages: bool,
}

impl Desk {
    /// The way to change something, for who may.
    fn change(self, doing: Doing, testid: &'static str, label: String) -> AnyView {
        if !self.manages {
            return ().into_any();
        }
        view! {
            <button
                type="button"
                class="btn btn-small"
                data-testid=testid
                aria-label=label
                on:click=move |_| self.dialog.start(doing)
            >
                {icon(Icon::Edit)}
                "修改"
            </button>
        }
        .into_any()
    }

    /// Sends the texts, as they are to be.
    fn send(self, form: Form, before: &Settings, papers: PaperTexts) {
        let patch = SettingsPatch {
            papers: Some(papers),
            ..SettingsPatch::default()
        };
        if !form.accept(patch.check()) {
            return;
        }
        let call = Call::patch("/settings")
            .if_match(&etag(before.version))
            .json(&patch);
        form.send(call.tagged::<Settings>(), move |now| {
            self.dialog.close();
            self.settings.put(now);
            self.notices
                .say("文书文字已保存，今后出具的文书用新的文字。");
        });
    }

    fn take_latest(self) {
        self.dialog.close();
        self.settings.reload();
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ViewSettings, "文书文字", texts)
}

fn texts() -> AnyView {
    let desk = Desk {
        settings: load(|| Call::get("/settings").tagged()),
        notices: notices(),
        dialog: Dialog::new(),
        manages: session::may(Action::ManageSettings),
    };
    let body = move |doing: Doing| match (doing, desk.settings.value()) {
        (Doing::Names, Some(now)) => names(desk, &now.value),
        (Doing::Kind(kind), Some(now)) => one(desk, kind, &now.value),
        (_, None) => ().into_any(),
    };
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/settings">{icon(Icon::Back)} "设置"</a>
            </nav>
            {heading("文书文字")}
            <p class="quiet">
                "这里写的印在今后出具的文书上，已出具的不变。法律规定要写的内容由系统按事项和条款写，不在这里改。"
            </p>
            {desk.settings.view(waiting, move |now| cards(desk, &now.value))}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

fn cards(desk: Desk, settings: &Settings) -> AnyView {
    let texts = &settings.papers;
    let line = |name: &'static str, words: &str, without: String| {
        let words = match words {
            "" => view! { <span class="quiet">{without}</span> }.into_any(),
            words => words.to_owned().into_any(),
        };
        view! { <div><dt>{name}</dt><dd>{words}</dd></div> }
    };
    let typed = || "没有填，出具时再填".to_owned();
    let kinds = PaperKind::ALL.iter().copied();
    let kinds = kinds
        .filter(|kind| kind.takes_note() || kind.preset().is_some())
        .map(|kind| kind_line(desk, kind, texts))
        .collect_view();
    let change = "修改名称和联系方式".to_owned();
    view! {
        <section class="card" aria-labelledby="names">
            <div class="card-head">
                <h2 id="names">"名称和联系方式"</h2>
                {desk.change(Doing::Names, "change-names", change)}
            </div>
            <dl class="facts facts-long settings-facts" data-testid="paper-names">
                {line("发文机关", &texts.issuer, usual_issuer(settings))}
                {line("上一级机关", &texts.superior, "按单位里的县级，没有的出具时再填".to_owned())}
                {line("人民法院", &texts.court, typed())}
                {line("联系方式", &texts.contact, "没有填，文书上不印".to_owned())}
            </dl>
        </section>
        <section class="card" aria-labelledby="kinds">
            <h2 id="kinds">"各种文书"</h2>
            <ul class="text-list">{kinds}</ul>
        </section>
    }
    .into_any()
}

/// Who issues documents where nothing else is said.
fn usual_issuer(settings: &Settings) -> String {
    PaperTexts::default().issuer_of(&settings.township_name)
}

fn kind_line(desk: Desk, kind: PaperKind, texts: &PaperTexts) -> AnyView {
    let text = texts.of(kind);
    let note = text.map(|text| text.note.clone()).unwrap_or_default();
    let preset = text.map(|text| text.preset.clone()).unwrap_or_default();
    let part = |name: String, words: String| {
        (!words.is_empty()).then(|| {
            view! {
                <p class="text-words">
                    <span class="quiet">{name}</span>
                    {words}
                </p>
            }
        })
    };
    let bare = (note.is_empty() && preset.is_empty()).then(|| {
        let can = match kind.preset() {
            Some((_, field)) => format!("没有附注，没有预填“{field}”"),
            None => "没有附注".to_owned(),
        };
        view! { <p class="quiet">{can}</p> }
    });
    let field = kind.preset().map_or("", |(_, label)| label);
    let label = format!("修改：{}", kind.label());
    view! {
        <li data-testid="paper-kind" data-kind=kind.code()>
            <div>
                <h3>{kind.label()}</h3>
                {bare}
                {part("附注：".to_owned(), note)}
                {part(format!("预填“{field}”："), preset)}
            </div>
            {desk.change(Doing::Kind(kind), "change-kind", label)}
        </li>
    }
    .into_any()
}

fn names(desk: Desk, settings: &Settings) -> AnyView {
    let form = Form::new();
    let before = settings.clone();
    let texts = &settings.papers;
    let issuer = RwSignal::new(texts.issuer.clone());
    let superior = RwSignal::new(texts.superior.clone());
    let court = RwSignal::new(texts.court.clone());
    let contact = RwSignal::new(texts.contact.clone());
    let without = usual_issuer(settings);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = |words: RwSignal<String>| words.get_untracked().trim().to_owned();
        let papers = PaperTexts {
            issuer: typed(issuer),
            superior: typed(superior),
            court: typed(court),
            contact: typed(contact),
            kinds: before.papers.kinds.clone(),
        };
        desk.send(form, &before, papers);
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            {field(form, "papers.issuer", "发文机关")
                .hint(format!("印在标题上面和落款处；不填为“{without}”。"))
                .input(issuer)}
            {field(form, "papers.superior", "上一级机关")
                .hint("处理意见书、复查意见书告知向它申请复查、复核，写全称。".to_owned())
                .input(superior)}
            {field(form, "papers.court", "人民法院")
                .hint("司法确认申请书写给它：基层人民法院或人民法庭，写全称。".to_owned())
                .input(court)}
            {field(form, "papers.contact", "联系方式")
                .hint(
                    format!(
                        "印在成文日期下面和回执上，如“平川镇综治中心，电话……，工作日9点至17点”；最多{MAX_CONTACT}字。写单位的，不写个人的。",
                    ),
                )
                .input(contact)}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn one(desk: Desk, kind: PaperKind, settings: &Settings) -> AnyView {
    let form = Form::new();
    let before = settings.clone();
    let mut others = settings.papers.kinds.clone();
    others.retain(|text| text.kind != kind);
    // Errors are told by the place in the list that is sent: this one is the last.
    let at = others.len();
    let text = settings.papers.of(kind);
    let note = RwSignal::new(text.map(|text| text.note.clone()).unwrap_or_default());
    let preset = RwSignal::new(text.map(|text| text.preset.clone()).unwrap_or_default());
    let with = {
        let (papers, others) = (settings.papers.clone(), StoredValue::new(others));
        StoredValue::new(move || {
            let mut kinds = others.get_value();
            kinds.push(KindText {
                kind,
                note: note.get(),
                preset: preset.get(),
            });
            PaperTexts {
                kinds,
                ..papers.clone()
            }
        })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let papers = untrack(|| with.with_value(|with| with()));
        desk.send(form, &before, papers);
    };
    let noted = kind.takes_note().then(|| {
        field(form, format!("papers.kinds.{at}.note"), "附注")
            .hint(format!(
                "印在成文日期下面，一行一条，括号由系统加；最多{MAX_NOTE}字。"
            ))
            .area(note, 3)
    });
    let begins = kind.preset().map(|(_, label)| {
        field(
            form,
            format!("papers.kinds.{at}.preset"),
            format!("预填“{label}”"),
        )
        .hint("出具时先填好这些，出具的人可以再改。".to_owned())
        .area(preset, 4)
    });
    let issuer = settings.papers.issuer_of(&settings.township_name);
    let notes = move || {
        let notes = with.with_value(|with| with()).notes(kind).into_iter();
        notes
            .map(|note| view! { <p>{bracketed(&note)}</p> })
            .collect_view()
    };
    let sample = kind.takes_note().then(|| {
        view! {
            <figure class="paper-sample">
                <figcaption class="quiet">"样张（末尾）"</figcaption>
                <div class="paper" data-testid="sample">
                    <p class="quiet">"……（正文）"</p>
                    <footer>
                        <p>{issuer}</p>
                        <p>{chinese_day(browser::today())}</p>
                    </footer>
                    {notes}
                </div>
            </figure>
        }
    });
    view! {
        <form class="stack" novalidate on:submit=submit>
            <p class="quiet">{kind.help()}</p>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            {noted}
            {begins}
            {sample}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}
