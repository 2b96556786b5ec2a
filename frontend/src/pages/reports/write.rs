//! The form of a report: a summary, and a card for each finding. What is typed stays when sending
//! fails; where somebody else was faster, both are shown and the person decides.

use leptos::prelude::*;
use shared::case::{Category, Severity};
use shared::json;
use shared::org::UnitKind;
use shared::problem::Code;
use shared::report::input::{FindingInput, MAX_FINDINGS, NewReport, ReportPatch, check_sent};
use shared::report::view::{FindingView, ReportRow, ReportView};
use shared::report::{ReportKind, ReportState};
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::later::{self, Typed};
use super::show::{Open, findings, said};
use super::{to_send, until};
use crate::api::{Call, Failure, Tagged};
use crate::app::{self, Go};
use crate::browser;
use crate::directory::{Options, directory};
use crate::format;
use crate::load::Loader;
use crate::outbox::{self, Sent, Slip};
use crate::pages::admin::{etag, number};
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::notice::{Notices, notices};
use crate::ui::photos::{Photos, gallery};

/// How long after the last key what is typed is kept.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(600);

/// A finding's fields, by their names in the API.
const NAMES: [&str; 12] = [
    "cause",
    "occurred_on",
    "occurred_text",
    "place",
    "unit_concerned",
    "people_count",
    "key_persons",
    "development",
    "handling",
    "village_id",
    "group_id",
    "category",
];

/// A finding as it is typed.
#[derive(Clone)]
struct Card {
    /// Its id, once it is one of the report's.
    id: Option<String>,
    /// Tells cards apart while they come and go.
    key: u32,
    values: [RwSignal<String>; NAMES.len()],
    severity: RwSignal<String>,
    /// Whether it has become a case: it stays.
    linked: bool,
}

impl Card {
    fn new(key: u32) -> Self {
        Self {
            id: None,
            key,
            values: NAMES.map(|_| RwSignal::new(String::new())),
            severity: RwSignal::new(Severity::Ordinary.code().to_owned()),
            linked: false,
        }
    }

    fn of(key: u32, finding: &FindingView) -> Self {
        let card = Self {
            id: Some(finding.id.clone()),
            linked: matches!(
                finding.state,
                shared::report::FindingState::Case | shared::report::FindingState::Joined
            ),
            ..Self::new(key)
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let id = |named: &Option<shared::case::view::Named>| {
            named.as_ref().map(|of| of.id.clone()).unwrap_or_default()
        };
        let values = [
            finding.cause.clone(),
            finding
                .occurred_on
                .map(format::short_date)
                .unwrap_or_default(),
            text(&finding.occurred_text),
            text(&finding.place),
            text(&finding.unit_concerned),
            finding
                .people_count
                .map(|count| count.to_string())
                .unwrap_or_default(),
            text(&finding.key_persons),
            text(&finding.development),
            text(&finding.handling),
            id(&finding.village),
            id(&finding.group),
            finding.category.map_or("", Category::code).to_owned(),
        ];
        for (signal, value) in card.values.iter().zip(values) {
            signal.set(value);
        }
        card.severity.set(finding.severity.code().to_owned());
        card
    }

    fn typed(key: u32, finding: &FindingInput) -> Self {
        let card = Self {
            id: finding.id.clone(),
            ..Self::new(key)
        };
        let known = serde_json::to_value(finding).unwrap_or_default();
        for (name, signal) in NAMES.iter().zip(&card.values) {
            match known.get(*name) {
                Some(serde_json::Value::String(text)) => signal.set(text.clone()),
                Some(serde_json::Value::Number(number)) => signal.set(number.to_string()),
                _ => {}
            }
        }
        if let Some(severity) = finding.severity {
            card.severity.set(severity.code().to_owned());
        }
        card
    }

    fn signal(&self, name: &str) -> RwSignal<String> {
        let found = NAMES
            .iter()
            .zip(&self.values)
            .find(|(known, _)| **known == name);
        found.map_or(self.severity, |(_, signal)| *signal)
    }

    fn input(&self) -> FindingInput {
        let text = |name: &str| filled(&self.signal(name).get_untracked());
        FindingInput {
            id: self.id.clone(),
            cause: text("cause").unwrap_or_default(),
            occurred_on: text("occurred_on").and_then(|day| day.parse().ok()),
            occurred_text: text("occurred_text"),
            place: text("place"),
            unit_concerned: text("unit_concerned"),
            // What is no number is out of range, too.
            people_count: text("people_count").map(|count| number(&count).unwrap_or(0)),
            key_persons: text("key_persons"),
            development: text("development"),
            handling: text("handling"),
            village_id: text("village_id").map(|id| id.as_str().into()),
            group_id: text("group_id").map(|id| id.as_str().into()),
            category: text("category").and_then(|code| Category::from_code(&code)),
            severity: Severity::from_code(&self.severity.get_untracked()),
        }
    }
}

/// The report as it is typed.
#[derive(Clone, Copy)]
struct Draft {
    open: Open,
    form: Form,
    report: StoredValue<ReportRow>,
    /// The version that was last seen.
    version: RwSignal<i64>,
    summary: RwSignal<String>,
    cards: RwSignal<Vec<Card>>,
    next: StoredValue<u32>,
    slip: Slip,
    /// Photos to add.
    photos: Photos,
    go: Go,
    /// What somebody else has written meanwhile.
    other: RwSignal<Option<Tagged<ReportView>>>,
    notices: Notices,
}

impl Draft {
    fn add(self) {
        let key = self.next.get_value();
        self.next.set_value(key + 1);
        self.form.mended("findings");
        let at = self.cards.with_untracked(Vec::len);
        self.cards.update(|cards| cards.push(Card::new(key)));
        browser::focus_later(format!("findings.{at}.cause"));
    }

    fn typed(self) -> Typed {
        let (key, replaces) = untrack(|| self.slip.typed());
        Typed {
            key,
            replaces,
            version: self.version.get_untracked(),
            summary: self.summary.get_untracked(),
            findings: self.inputs(),
        }
    }

    /// Fills in what was left half typed, unless somebody has written the report since.
    async fn recall(self, id: String, wanted: String) {
        let Some(typed) = later::recall(&id, &wanted).await else {
            return;
        };
        if wanted.is_empty() && self.version.try_get_untracked() != Some(typed.version) {
            return;
        }
        if let Some(waiting) = outbox::find(&wanted).await {
            self.photos.set(outbox::pictures(&waiting).await);
        }
        self.slip.fill(typed.key, typed.replaces);
        self.summary.try_set(typed.summary);
        let cards: Vec<Card> = (0..)
            .zip(&typed.findings)
            .map(|(key, finding)| Card::typed(key, finding))
            .collect();
        self.next
            .try_set_value(u32::try_from(cards.len()).unwrap_or_default());
        self.cards.try_set(cards);
    }

    fn inputs(self) -> Vec<FindingInput> {
        self.cards
            .with_untracked(|cards| cards.iter().map(Card::input).collect())
    }

    fn patch(self) -> ReportPatch {
        ReportPatch {
            summary: Some(self.summary.get_untracked()),
            findings: Some(self.inputs()),
            photos: None,
        }
    }

    /// Shows what is wrong. Says whether nothing is.
    fn good(self, sending: bool) -> bool {
        let patch = self.patch();
        let mut errors = patch.check(browser::today());
        if sending {
            let count = self.cards.with_untracked(Vec::len);
            check_sent(&mut errors, count, false);
        }
        self.form.accept(errors)
    }

    /// What is to be done where sending fails: what is typed stays; what somebody else has written is
    /// fetched to be shown beside it.
    fn failed(self, failure: Failure) {
        let theirs = matches!(failure.code(), Some(Code::Changed | Code::StaleVersion));
        self.form.fail(failure);
        if theirs {
            let call = Call::get(self.open.path(""));
            let other = self.other;
            wasm_bindgen_futures::spawn_local(async move {
                if let Ok(now) = call.tagged::<ReportView>().await {
                    other.try_set(Some(now));
                }
            });
        }
    }

    fn save(self) {
        if !self.good(false) {
            return;
        }
        let notices = self.notices;
        let path = self.open.path("");
        let etag = etag(self.version.get_untracked());
        let (mut patch, pictures) = (self.patch(), self.photos.pictures());
        let request = async move {
            let photos = outbox::upload(&pictures).await?;
            patch.photos = Some(photos.into_iter().map(Into::into).collect());
            Call::patch(path)
                .if_match(&etag)
                .json(&patch)
                .tagged::<ReportView>()
                .await
        };
        self.form.send_or(
            request,
            move |now| {
                notices.say("草稿已保存，还没有提交。");
                self.open.loader.put(now);
            },
            move |failure| self.failed(failure),
        );
    }

    fn submit(self, zero: bool) {
        if !zero && !self.good(true) {
            return;
        }
        let notices = self.notices;
        let input = NewReport {
            summary: self.summary.get_untracked(),
            findings: if zero { Vec::new() } else { self.inputs() },
            zero,
            photos: Vec::new(),
            seen_version: Some(self.version.get_untracked()),
            ..self.report.with_value(to_send)
        };
        let report = self.report.get_value();
        let request = later::send(self.slip, report, input, self.photos.pictures());
        let go = self.go;
        let loader: Loader<Tagged<ReportView>> = self.open.loader;
        self.form.send_or(
            request,
            move |sent| {
                let view = match sent {
                    Sent::Waits(key) => return go.run(format!("/drafts?at={key}")),
                    Sent::Done(text) => match json::read::<ReportView>(&text) {
                        Ok(view) => view,
                        Err(_) => return loader.reload(),
                    },
                };
                notices.say(if view.report.late {
                    "已提交（迟报）。"
                } else {
                    "已提交。"
                });
                let etag = etag(view.report.version);
                loader.put(Tagged { value: view, etag });
                app::focus_heading();
            },
            move |failure| self.failed(failure),
        );
    }

    /// Takes over what the groups have found.
    fn gather(self) {
        let notices = self.notices;
        let call = Call::post(self.open.path("/actions/gather"))
            .if_match(&etag(self.version.get_untracked()))
            .json(&shared::report::input::StepInput::default());
        self.form.send_or(
            call.tagged::<ReportView>(),
            move |now| {
                notices.say("已汇总各社日报告中的情况。");
                self.open.loader.put(now);
            },
            move |failure| self.failed(failure),
        );
    }
}

/// The form.
pub(super) fn form(open: Open, now: &Tagged<ReportView>) -> AnyView {
    let view = &now.value;
    let cards: Vec<Card> = (0..)
        .zip(&view.findings)
        .map(|(key, finding)| Card::of(key, finding))
        .collect();
    let draft = Draft {
        open,
        form: Form::new(),
        report: StoredValue::new(view.report.clone()),
        version: RwSignal::new(view.report.version),
        summary: RwSignal::new(view.summary.clone()),
        next: StoredValue::new(u32::try_from(cards.len()).unwrap_or_default()),
        cards: RwSignal::new(cards),
        slip: Slip::new(),
        photos: Photos::new(),
        go: app::going(),
        other: RwSignal::new(None),
        notices: notices(),
    };
    let report = &view.report;
    let wanted = app::query("draft").get_untracked();
    spawn_local(draft.recall(report.id.clone(), wanted));
    let turn = StoredValue::new(0u32);
    // Anything that is typed bubbles up to here.
    let typing = move |_| {
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        browser::later(PAUSE, move || {
            if turn.try_get_value() == Some(mine)
                && draft.form.busy.try_get_untracked() == Some(false)
            {
                let id = draft.report.with_value(|report| report.id.clone());
                later::keep(id, draft.typed());
            }
        });
    };
    let due = (!matches!(report.state, ReportState::Excused | ReportState::Returned))
        .then(|| view! { <p class="report-until">{until(report)}</p> });
    let drafts = report.state != ReportState::Excused;
    let kind = report.kind;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        draft.submit(false);
    };
    let gather = (kind == ReportKind::Weekly && drafts).then(|| {
        view! {
            <button
                type="button"
                class="btn"
                data-testid="gather"
                on:click=move |_| draft.gather()
            >
                {icon(Icon::Download)}
                "汇总各社日报告的情况"
            </button>
        }
    });
    let full = move || draft.cards.with(Vec::len) >= MAX_FINDINGS;
    view! {
        {due}
        <form class="stack report-form" novalidate on:submit=submit on:input=typing>
            {draft.form.summary()}
            {live(move || draft.other.get().map(|now| others(draft, &now)))}
            {live(move || findings_form(draft, kind))}
            <div class="row">
                <button
                    type="button"
                    class="btn btn-add"
                    id="findings"
                    data-testid="add-finding"
                    disabled=full
                    on:click=move |_| draft.add()
                >
                    {icon(Icon::Add)}
                    {live(move || match draft.cards.with(Vec::len) {
                        0 => "填写发现的情况",
                        _ => "再加一项情况",
                    })}
                </button>
                {gather}
            </div>
            {gallery(&view.photos)}
            {draft.photos.view(draft.form)}
            {field(draft.form, "summary", "综述（可不填）")
                .hint("这一期排查了哪些户、哪些事。".to_owned())
                .area(draft.summary, 2)}
            <p class="hint">
                "检举控告不写在报告里，请到"
                <a href="/cases/new">"登记"</a>
                "，由系统对被反映的单位和人员保密。姓名、电话等在立为事项后登记。"
            </p>
            {buttons(draft, drafts)}
        </form>
    }
    .into_any()
}

fn buttons(draft: Draft, drafts: bool) -> AnyView {
    let busy = follow(move || draft.form.busy.get().then_some("true"));
    let zero = live(move || {
        draft.cards.with(Vec::is_empty).then(|| {
            view! {
                <button
                    type="button"
                    class="btn btn-big"
                    data-testid="zero"
                    on:click=move |_| draft.submit(true)
                >
                    {icon(Icon::Check)}
                    "零报告"
                </button>
            }
        })
    });
    let save = drafts.then(|| {
        view! {
            <button
                type="button"
                class="btn btn-big"
                data-testid="save-draft"
                aria-disabled=busy
                on:click=move |_| draft.save()
            >
                "存草稿"
            </button>
        }
    });
    view! {
        <div class="report-buttons form-foot">
            {draft.form.submit_as("提交", "btn btn-primary btn-big", "submit-report")}
            {zero}
            {save}
        </div>
    }
    .into_any()
}

/// What somebody else has written meanwhile, and the choice.
fn others(draft: Draft, now: &Tagged<ReportView>) -> AnyView {
    let view = &now.value;
    let taken = now.clone();
    let version = view.report.version;
    let who = view
        .report
        .author
        .as_ref()
        .map_or_else(String::new, |author| author.name.clone());
    // Received or let off meanwhile: nothing to put in its place.
    let mine =
        shared::report::state::after(view.report.state, shared::report::state::Change::Replace)
            .is_ok()
            .then(|| {
                view! {
                    <button
                        type="button"
                        class="btn"
                        data-testid="keep-mine"
                        on:click=move |_| {
                            draft.version.set(version);
                            // Of another version, none of these is known.
                            draft.cards.update(|cards| {
                                for card in cards.iter_mut().filter(|card| !card.linked) {
                                    card.id = None;
                                }
                            });
                            draft.form.failure.set(None);
                            draft.other.set(None);
                        }
                    >
                        "用我填写的（再点提交）"
                    </button>
                }
            });
    view! {
        <section class="card report-other" data-testid="other-version">
            <h2>{format!("{who} 在您填写期间已填写，现在的内容是：")}</h2>
            {said(view)}
            {findings(None, view)}
            <div class="row">
                <button
                    type="button"
                    class="btn"
                    data-testid="take-theirs"
                    on:click=move |_| draft.open.loader.put(taken.clone())
                >
                    "用现在这份"
                </button>
                {mine}
            </div>
        </section>
    }
    .into_any()
}

fn findings_form(draft: Draft, kind: ReportKind) -> AnyView {
    let cards = draft
        .cards
        .get()
        .into_iter()
        .enumerate()
        .map(|(n, card)| card_form(draft, kind, n, &card))
        .collect_view();
    view! { <div class="stack">{cards}</div> }.into_any()
}

fn card_form(draft: Draft, kind: ReportKind, n: usize, card: &Card) -> AnyView {
    let form = draft.form;
    let at = |name: &str| format!("findings.{n}.{name}");
    let key = card.key;
    let remove = (!card.linked).then(|| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                aria-label=format!("删除情况{}", n + 1)
                on:click=move |_| {
                    draft.cards.update(|cards| cards.retain(|card| card.key != key));
                    form.errors.set(Vec::new());
                    browser::focus_later("findings");
                }
            >
                "删除"
            </button>
        }
    });
    let more = [
        "occurred_on",
        "occurred_text",
        "unit_concerned",
        "key_persons",
        "development",
        "handling",
    ]
    .iter()
    .any(|name| card.signal(name).with_untracked(|value| !value.is_empty()));
    view! {
        <fieldset class="card report-finding" data-testid="finding-form">
            <legend>{format!("情况{}", n + 1)}</legend>
            <div class="stack">
                {field(form, at("cause"), "起因：谁和谁、为什么事")
                    .hint("可以用语音输入；写称谓或户别，不必写姓名。".to_owned())
                    .required()
                    .area(card.signal("cause"), 3)}
                <div class="grid">
                    {where_fields(draft, kind, n, card)}
                    {field(form, at("place"), "地点").input(card.signal("place"))}
                    {field(form, at("people_count"), "涉及人数")
                        .mode("numeric")
                        .input(card.signal("people_count"))}
                    {field(form, at("category"), "类型").select(
                        card.signal("category"),
                        Some("不清楚，先不选"),
                        terms::<Category>(),
                    )}
                </div>
                {field(form, at("severity"), "紧急程度")
                    .choices(card.severity, terms::<Severity>())}
                <details class="more" open=more>
                    <summary>"时间、涉及单位、重点人员、事态发展、调处情况"</summary>
                    <div class="stack">
                        <div class="grid">
                            {field(form, at("occurred_on"), "发生日期")
                                .date(card.signal("occurred_on"))}
                            {field(form, at("occurred_text"), "时间（说不准的，用文字）")
                                .placeholder("如：近半个月")
                                .input(card.signal("occurred_text"))}
                            {field(form, at("unit_concerned"), "涉及单位")
                                .input(card.signal("unit_concerned"))}
                            {field(form, at("key_persons"), "重点人员")
                                .placeholder("有无、哪方面要关注")
                                .hint("不写姓名，立为事项后在人员里登记。".to_owned())
                                .input(card.signal("key_persons"))}
                        </div>
                        {field(form, at("development"), "事态发展")
                            .area(card.signal("development"), 2)}
                        {field(form, at("handling"), "调处情况")
                            .area(card.signal("handling"), 2)}
                    </div>
                </details>
                {remove}
            </div>
        </fieldset>
    }
    .into_any()
}

/// Village and group, where they do not follow from the report.
fn where_fields(draft: Draft, kind: ReportKind, n: usize, card: &Card) -> AnyView {
    let form = draft.form;
    let directory = directory();
    let (village, group) = (card.signal("village_id"), card.signal("group_id"));
    // A weekly is its village's, which may be that of somebody absent.
    let own = draft.report.with_value(|report| report.unit.id.clone());
    let groups = Signal::derive(move || {
        let village = match kind {
            ReportKind::Weekly => own.clone(),
            _ => village.get(),
        };
        if village.is_empty() {
            Options::new()
        } else {
            directory.groups(&village)
        }
    });
    let villages = (kind == ReportKind::Monthly).then(|| {
        let offered = Signal::derive(move || directory.units_of(&[UnitKind::Village]));
        field(form, format!("findings.{n}.village_id"), "村").select(
            village,
            Some("不指定"),
            offered,
        )
    });
    let groups = (kind != ReportKind::Daily).then(|| {
        field(form, format!("findings.{n}.group_id"), "社").select(group, Some("不指定"), groups)
    });
    view! {
        {villages}
        {groups}
    }
    .into_any()
}
