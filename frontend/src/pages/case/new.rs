//! `/cases/new`: registration in four steps, with a draft against a lost connection, hints at what
//! may be the same matter, and one idempotency key a draft, so that a double click registers once.
//! Without a network it waits in the outbox.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::case::deadline::{ClockKind, LawProfile};
use shared::case::input::{NewCase, SimilarQuery};
use shared::case::number::Series;
use shared::case::view::{CaseView, Similar};
use shared::case::{
    COLLECTIVE_FROM, Category, Channel, Kind, PersonRole, Procedure, Purpose, Severity,
};
use shared::ids::{SubcategoryCode, UnitId};
use shared::json;
use shared::outbox::DraftKind;
use shared::problem::{Code, FieldError};
use shared::receipt::Provisional;
use shared::role::Role;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::bits::{self, state_badge};
use super::draft::{self, Draft, DraftPerson};
use super::facts::fact;
use super::person::{self, PersonValues};
use super::values::{
    CaseValues, category_fields, cause_fields, count_fields, course_fields, place_fields,
    purpose_fields, seal, severity_field, village_fields,
};
use crate::api::{Call, Failure};
use crate::app::{self, Go};
use crate::browser;
use crate::directory::{Directory, Options, directory};
use crate::format;
use crate::offline;
use crate::outbox::{self, Outgoing, Sent, Slip};
use crate::pages::heading;
use crate::session;
use crate::ui::field::{Form, field, filled, offer, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live, watch};
use crate::ui::photos::Photos;

const STEPS: [&str; 4] = ["来访信息", "人员", "事项内容", "核对"];

/// The fields of the first step; those of people are the second's, the rest the third's.
const FIRST: [&str; 12] = [
    "kind",
    "channel",
    "received_on",
    "purpose",
    "village_id",
    "group_id",
    "people_count",
    "people_count_text",
    "collective",
    "first_receiver_id",
    "accused_unit_id",
    "accused_user_id",
];

/// The step, from 0, on which a field stands.
fn step_of(field: &str) -> usize {
    if FIRST.contains(&field) {
        0
    } else if field == "people" || field.starts_with("people.") {
        1
    } else {
        2
    }
}

/// A registration under way.
#[derive(Clone, Copy)]
struct Registration {
    form: Form,
    values: CaseValues,
    people: RwSignal<Vec<PersonValues>>,
    earlier: RwSignal<Option<(String, String)>>,
    /// Whether the time is known as a day, or in words only.
    dated: RwSignal<String>,
    photos: Photos,
    slip: Slip,
    kept_at: RwSignal<Option<String>>,
    restored: RwSignal<Option<String>>,
    done: RwSignal<Option<CaseView>>,
    next_key: StoredValue<u32>,
    user: StoredValue<String>,
    directory: Directory,
}

impl Registration {
    fn new() -> Self {
        let me = app::me();
        let this = Self {
            form: Form::new(),
            values: CaseValues::new(),
            people: RwSignal::new(Vec::new()),
            earlier: RwSignal::new(None),
            dated: RwSignal::new("day".to_owned()),
            photos: Photos::new(),
            slip: Slip::new(),
            kept_at: RwSignal::new(None),
            restored: RwSignal::new(None),
            done: RwSignal::new(None),
            next_key: StoredValue::new(0),
            user: StoredValue::new(me.user.id.to_string()),
            directory: directory(),
        };
        this.begin();
        this
    }

    /// Fills in what was left half done, or a draft of the outbox that is to be changed.
    async fn recall(self, wanted: String) {
        let draft = if wanted.is_empty() {
            match draft::recall(&self.user.get_value()).await {
                // It went to the outbox as the window was closed.
                Some(draft) if outbox::find(&draft.key).await.is_some() => None,
                draft => draft,
            }
        } else {
            self.take_up(&wanted).await
        };
        // Whoever has begun to type goes on with that.
        if let Some(draft) = draft
            && self.form.errors.try_with_untracked(Vec::is_empty) == Some(true)
            && !untrack(|| self.draft()).is_worth_keeping()
        {
            self.restore(&draft);
        }
    }

    async fn take_up(self, key: &str) -> Option<Draft> {
        let waiting = outbox::find(key)
            .await
            .filter(|waiting| waiting.may_edit())?;
        let text = serde_json::to_string(&waiting.form).ok()?;
        let mut draft: Draft = json::read(&text).ok()?;
        self.photos.set(outbox::pictures(&waiting).await);
        draft.key = browser::random_key();
        draft.replaces = Some(waiting.key);
        draft.at = waiting.recorded_at;
        self.form.errors.try_set(waiting.errors);
        Some(draft)
    }

    /// Empty fields with what is most likely.
    fn begin(self) {
        let me = app::me();
        let kinds = kinds();
        let kind = kinds.first().map(|(code, _)| code.clone());
        let channel = match me.user.role {
            Role::ServiceCentre | Role::CoordinationOffice | Role::TownshipLeader => Channel::Visit,
            _ => Channel::Inspection,
        };
        let village = match me.user.role {
            Role::VillageSecretary | Role::GroupInformant => me.actor.village_id.clone(),
            _ => None,
        };
        for (_, signal) in self.values.named() {
            signal.set(String::new());
        }
        let set = |signal: RwSignal<String>, value: &str| signal.set(value.to_owned());
        set(self.values.kind, &kind.unwrap_or_default());
        set(self.values.channel, channel.code());
        set(self.values.purpose, Purpose::Claim.code());
        set(self.values.severity, Severity::Ordinary.code());
        set(self.values.procedure, Procedure::Ordinary.code());
        set(self.values.people_count, "1");
        set(
            self.values.received_on,
            &format::short_date(browser::today()),
        );
        set(self.values.first_receiver_id, me.user.id.as_str());
        set(
            self.values.village_id,
            village.as_ref().map_or("", UnitId::as_str),
        );
        self.people.set(vec![self.somebody()]);
        self.earlier.set(None);
        set(self.dated, "day");
        self.photos.set(Vec::new());
        self.slip.renew(None);
        self.form.errors.set(Vec::new());
        self.form.failure.set(None);
        self.restored.set(None);
        self.kept_at.set(None);
    }

    fn somebody(self) -> PersonValues {
        self.next_key.update_value(|key| *key += 1);
        PersonValues::new(self.next_key.get_value(), PersonRole::Petitioner)
    }

    fn restore(self, draft: &Draft) {
        self.values.fill(&draft.fields);
        if draft
            .fields
            .get("occurred_text")
            .is_some_and(|text| !text.is_empty())
        {
            self.dated.set("words".to_owned());
        }
        let people: Vec<PersonValues> = draft
            .people
            .iter()
            .map(|kept| {
                let person = self.somebody();
                person.role.set(kept.role.clone());
                person.name.set(kept.name.clone());
                person.address.set(kept.address.clone());
                person.reason.set(kept.reason.clone());
                person.review_on.set(kept.review_on.clone());
                person.follow_up.set(kept.follow_up.clone());
                person.restore_care(&kept.care);
                person.restore_numbers(kept.numbers.clone());
                person
            })
            .collect();
        if !people.is_empty() {
            self.people.set(people);
        }
        self.earlier.set(draft.earlier.clone());
        self.slip.fill(draft.key.clone(), draft.replaces.clone());
        self.restored.set(Some(format::moment(draft.at)));
    }

    /// The draft as it is typed; followed.
    fn draft(self) -> Draft {
        let (key, replaces) = self.slip.typed();
        Draft {
            key,
            replaces,
            at: browser::now(),
            fields: self.values.typed(),
            people: self
                .people
                .get()
                .into_iter()
                .map(|person| DraftPerson {
                    role: person.role.get(),
                    name: person.name.get(),
                    address: person.address.get(),
                    reason: person.reason.get(),
                    review_on: person.review_on.get(),
                    follow_up: person.follow_up.get(),
                    care: person.care(),
                    numbers: person.numbers(),
                })
                .collect(),
            earlier: self.earlier.get(),
        }
    }

    /// Keeps the draft a moment after the last key.
    fn keep_drafts(self) {
        let turn = StoredValue::new(0u32);
        Effect::new(move |first: Option<()>| {
            let draft = self.draft();
            if first.is_none() || self.done.with_untracked(Option::is_some) {
                return;
            }
            turn.update_value(|turn| *turn += 1);
            let mine = turn.get_value();
            browser::later(Duration::from_millis(400), move || {
                if turn.try_get_value() != Some(mine) {
                    return;
                }
                // It may have been registered meanwhile.
                if self.done.try_with_untracked(Option::is_some) == Some(false)
                    && self.form.busy.try_get_untracked() == Some(false)
                {
                    spawn_local(async move {
                        let kept = draft::keep(&draft).await;
                        self.kept_at.try_set(kept.then(|| format::moment(draft.at)));
                    });
                }
            });
        });
    }

    /// What is sent, and for each person sent its place in the form: nobody's empty rows are left
    /// out where a case needs nobody.
    fn input(self) -> (NewCase, Vec<usize>) {
        let typed = untrack(|| self.values.typed());
        let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
        let dated = self.dated.get_untracked() == "day";
        let kind = Kind::from_code(text("kind")).unwrap_or(Kind::Petition);
        let purpose = Purpose::from_code(text("purpose")).unwrap_or(Purpose::Claim);
        let accuses = purpose == Purpose::Accusation;
        let needs_somebody = kind == Kind::Petition && !accuses;
        let (at, people): (Vec<usize>, Vec<_>) = self
            .people
            .get_untracked()
            .into_iter()
            .enumerate()
            .map(|(at, person)| (at, person.input(false)))
            .filter(|(at, person)| {
                let empty = person.name.is_empty()
                    && person.id_number.is_none()
                    && person.phone.is_none()
                    && person.address.is_none();
                !empty || (needs_somebody && *at == 0)
            })
            .unzip();
        let case = NewCase {
            kind,
            channel: Channel::from_code(text("channel")).unwrap_or(Channel::Visit),
            purpose,
            category: Category::from_code(text("category")).unwrap_or(Category::Other),
            subcategory: filled(text("subcategory")).map(SubcategoryCode::from),
            severity: Severity::from_code(text("severity")),
            cause: text("cause").to_owned(),
            demand: filled(text("demand")),
            occurred_on: text("occurred_on").parse().ok().filter(|_| dated),
            occurred_text: filled(text("occurred_text")).filter(|_| !dated),
            place: filled(text("place")),
            unit_concerned: filled(text("unit_concerned")),
            village_id: filled(text("village_id")).map(Into::into),
            group_id: filled(text("group_id")).map(Into::into),
            people_count: text("people_count").parse().unwrap_or(0),
            people_count_text: filled(text("people_count_text")),
            collective: None,
            development: filled(text("development")),
            handling: filled(text("handling")),
            received_on: text("received_on").parse().unwrap_or_default(),
            procedure: Procedure::from_code(text("procedure")),
            earlier_case_id: self
                .earlier
                .get_untracked()
                .map(|(id, _)| id.as_str().into()),
            accused_unit_id: filled(text("accused_unit_id"))
                .filter(|_| accuses)
                .map(Into::into),
            accused_user_id: filled(text("accused_user_id"))
                .filter(|_| accuses)
                .map(Into::into),
            first_receiver_id: filled(text("first_receiver_id")).map(Into::into),
            people,
            photos: Vec::new(),
            recorded_at: None,
            provisional_number: None,
        };
        (case, at)
    }

    /// What goes into the outbox.
    fn outgoing(self, case: &NewCase) -> Outgoing {
        let mut body = match serde_json::to_value(case) {
            Ok(serde_json::Value::Object(body)) => body,
            _ => serde_json::Map::new(),
        };
        // Made before it is known whether there is a network: the petitioner gets it where there is none.
        let stays = case.purpose != Purpose::Accusation;
        let receipt = (stays && offline::phone().open.get_untracked()).then(|| {
            let today = shared::calendar::shanghai_day(browser::phone_now());
            let number = Provisional::make(&self.user.get_value().into(), today, browser::chance());
            number.as_str().to_owned()
        });
        if let Some(number) = &receipt {
            body.insert("provisional_number".to_owned(), number.clone().into());
        }
        let title = case.cause.chars().take(40).collect();
        let directory = self.directory;
        let unit = |id: &Option<UnitId>| {
            let id = id.as_ref().map(UnitId::as_str).unwrap_or_default();
            directory.unit_name(id).unwrap_or_default()
        };
        let people = case.people.iter().map(|person| person.name.as_str());
        let lines = [
            ("类别", case.kind.label().to_owned()),
            ("来源", case.channel.label().to_owned()),
            ("收到日期", format::short_date(case.received_on)),
            ("村", unit(&case.village_id)),
            ("社", unit(&case.group_id)),
            ("人员", people.collect::<Vec<_>>().join("、")),
            ("涉及人数", case.people_count.to_string()),
            ("起因", case.cause.clone()),
            ("诉求", case.demand.clone().unwrap_or_default()),
            (
                "类型",
                bits::category_of(case.category, case.subcategory.as_ref()),
            ),
            ("地点", case.place.clone().unwrap_or_default()),
            ("涉及单位", case.unit_concerned.clone().unwrap_or_default()),
            ("事态发展", case.development.clone().unwrap_or_default()),
            ("调处情况", case.handling.clone().unwrap_or_default()),
        ];
        let lines = lines
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(label, words)| (label.to_owned(), words))
            .collect();
        Outgoing {
            kind: DraftKind::Case,
            path: "/cases".to_owned(),
            if_match: None,
            about: None,
            body,
            photos: self.photos.pictures(),
            title,
            lines,
            form: untrack(|| serde_json::to_value(self.draft())).unwrap_or_default(),
            receipt,
            kept_as: draft::FORM,
            // Nothing of an accusation stays on a computer: it goes out now or not at all.
            stays,
        }
    }

    /// What is wrong, with the fields named as the form has them.
    fn errors(self) -> Vec<FieldError> {
        let (case, at) = self.input();
        let mut errors = case.check(browser::today());
        if self.values.category.with_untracked(String::is_empty) {
            errors.add("category", "required", "请选择类型。");
        }
        if self
            .values
            .received_on
            .with_untracked(|day| day.parse::<chrono::NaiveDate>().is_err())
        {
            errors.add("received_on", "required", "请填写收到日期。");
        }
        placed(errors.into_vec(), &at)
    }
}

/// Errors of people by their place in the form instead of their place in what is sent.
fn placed(mut errors: Vec<FieldError>, at: &[usize]) -> Vec<FieldError> {
    for error in &mut errors {
        let Some((sent, rest)) = error
            .field
            .strip_prefix("people.")
            .and_then(|path| path.split_once('.'))
        else {
            continue;
        };
        if let Some(place) = sent.parse::<usize>().ok().and_then(|sent| at.get(sent)) {
            error.field = format!("people.{place}.{rest}");
        }
    }
    errors
}

/// The kinds that the signed-in person may register.
fn kinds() -> Options {
    let actor = app::me().actor;
    Kind::ALL
        .iter()
        .filter(|kind| can(&actor, Action::RegisterCase(**kind), Facts::None).is_ok())
        .map(|kind| offer(*kind))
        .collect()
}

/// The page.
pub(crate) fn page() -> AnyView {
    if kinds().is_empty() {
        return view! {
            <div class="page">
                {heading("登记")}
                <p>"您的角色不登记事项。"</p>
            </div>
        }
        .into_any();
    }
    let registration = Registration::new();
    let wanted = app::query("draft").get_untracked();
    registration.keep_drafts();
    spawn_local(registration.recall(wanted));
    let asked = app::query("step");
    let go = app::going();
    let step = Memo::new(move |_| {
        let step: usize = asked.read().parse().unwrap_or(1);
        step.clamp(1, STEPS.len()) - 1
    });
    // Steps ahead that were never reached, as after a reload of an empty form, begin at the start.
    Effect::new(move |before: Option<usize>| {
        let now = step.get();
        match before {
            None if now > 0 && untrack(|| !registration.draft().is_worth_keeping()) => {
                go.run("/cases/new".to_owned());
            }
            Some(before) if before != now => browser::focus_later("step-title"),
            _ => {}
        }
        now
    });
    let similar = similar(registration);
    let draw = live(move || match registration.done.get() {
        Some(case) => registered(registration, &case, go),
        None => steps(registration, step, similar, go),
    });
    view! { <div class="page page-wide">{draw}</div> }.into_any()
}

fn steps(
    registration: Registration,
    step: Memo<usize>,
    similar: RwSignal<Vec<Similar>>,
    go: Go,
) -> AnyView {
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        advance(registration, step.get_untracked(), go);
    };
    let content = live(move || match step.get() {
        0 => first_step(registration),
        1 => second_step(registration),
        2 => third_step(registration),
        _ => last_step(registration),
    });
    let number = move || step.get() + 1;
    let title = move || STEPS.get(step.get()).copied().unwrap_or_default();
    view! {
        <div class="page-head">
            {heading("登记")}
            {kept(registration)}
        </div>
        {restored(registration, go)}
        {stepper(step)}
        <div class="form-columns">
            <form class="stack form-main" novalidate on:submit=submit>
                <h2 id="step-title" tabindex="-1" class="step-title">
                    {live(move || format!("第{}步 {}", number(), title()))}
                </h2>
                {registration.form.summary()}
                {mismatch(registration)}
                {content}
                {buttons(registration, step)}
            </form>
            <aside class="form-side stack" aria-label="提示" role="status">
                {similar_box(registration, similar)}
            </aside>
        </div>
    }
    .into_any()
}

/// Shows what is wrong up to a step; without errors goes on, or sends on the last.
fn advance(registration: Registration, step: usize, go: Go) {
    let form = registration.form;
    let last = step + 1 == STEPS.len();
    let errors: Vec<FieldError> = registration
        .errors()
        .into_iter()
        .filter(|error| last || step_of(&error.field) == step)
        .collect();
    if !errors.is_empty() {
        // On the last step the first error's step opens.
        let first = errors
            .iter()
            .map(|error| step_of(&error.field))
            .min()
            .unwrap_or(step);
        if first != step {
            go.run(format!("/cases/new?step={}", first + 1));
        }
        form.show(errors);
        return;
    }
    if last {
        send(registration, go);
        return;
    }
    form.show(Vec::new());
    go.run(format!("/cases/new?step={}", step + 2));
}

fn send(registration: Registration, go: Go) {
    let form = registration.form;
    let (case, at) = registration.input();
    let slip = registration.slip;
    let show = move |case: CaseView| {
        registration.done.set(Some(case));
        app::focus_heading();
    };
    let outgoing = registration.outgoing(&case);
    form.send_or(
        outbox::submit(slip, outgoing),
        move |sent| match sent {
            Sent::Done(text) => match json::read(&text) {
                Ok(case) => show(case),
                Err(_) => go.run("/cases?mine=true&sort=-updated_at".to_owned()),
            },
            // The receipt for whoever stands at the door.
            Sent::Waits(key) => go.run(format!("/drafts/{key}")),
        },
        move |failure| refused(form, failure, &at),
    );
}

fn refused(form: Form, failure: Failure, at: &[usize]) {
    let errors = placed(failure.fields(), at);
    form.fail(failure);
    form.errors.set(errors);
}

/// The key went out with another form: the first sending may have arrived after all.
fn mismatch(registration: Registration) -> AnyView {
    let form = registration.form;
    live(move || {
        let failed = form.failure.with(|failure| {
            failure
                .as_ref()
                .is_some_and(|failure| failure.code() == Some(Code::IdempotencyMismatch))
        });
        failed.then(|| {
            view! {
                <div class="note">
                    <p>
                        "上一次提交可能已经登记成功，之后内容又改过。请先到台账核对，避免登记两件。"
                    </p>
                    <p class="row">
                        <a class="btn" href="/cases?mine=true&sort=-updated_at" target="_blank">
                            "查看我登记的事项"
                        </a>
                        <button
                            type="button"
                            class="btn"
                            on:click=move |_| {
                                registration.slip.renew(None);
                                form.failure.set(None);
                            }
                        >
                            "台账里没有，重新提交"
                        </button>
                    </p>
                </div>
            }
        })
    })
}

fn kept(registration: Registration) -> AnyView {
    let words = live(move || {
        if registration
            .values
            .purpose
            .with(|purpose| purpose == Purpose::Accusation.code())
        {
            return "检举控告不存草稿，请一次登记完。".to_owned();
        }
        match registration.kept_at.get() {
            Some(at) => format!("草稿已存在本机（{at}）"),
            None => String::new(),
        }
    });
    view! { <p class="quiet kept" role="status">{words}</p> }.into_any()
}

fn restored(registration: Registration, go: Go) -> AnyView {
    live(move || {
        let at = registration.restored.get()?;
        let again = move |_| {
            spawn_local(draft::forget());
            registration.begin();
            go.run("/cases/new".to_owned());
        };
        Some(view! {
            <div class="note row">
                <span>
                    {format!("已恢复上次没有登记完的内容（{at}）。")}
                    {(!offline::phone().open.get()).then_some("身份证号和电话不存草稿，请重新填写。")}
                </span>
                <button type="button" class="btn btn-small" on:click=again>
                    "不要了，重新开始"
                </button>
            </div>
        })
    })
}

fn stepper(step: Memo<usize>) -> AnyView {
    let entries = STEPS
        .iter()
        .enumerate()
        .map(|(at, words)| {
            let state = move || {
                let now = step.get();
                match at.cmp(&now) {
                    std::cmp::Ordering::Less => "step step-done",
                    std::cmp::Ordering::Equal => "step step-now",
                    std::cmp::Ordering::Greater => "step",
                }
            };
            let label = move || {
                // What lies behind can be gone back to; what lies ahead is reached by 下一步.
                if at < step.get() {
                    view! { <a href=format!("/cases/new?step={}", at + 1)>{*words}</a> }.into_any()
                } else {
                    view! { <span>{*words}</span> }.into_any()
                }
            };
            view! {
                <li class=state aria-current=follow(move || (at == step.get()).then_some("step"))>
                    <span class="step-number" aria-hidden="true">{at + 1}</span>
                    {label}
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ol class="stepper" aria-label="登记步骤">{entries}</ol> }.into_any()
}

fn buttons(registration: Registration, step: Memo<usize>) -> AnyView {
    let back = live(move || {
        let now = step.get();
        (now > 0).then(|| {
            view! {
                <a class="btn" href=format!("/cases/new?step={now}") data-testid="step-back">
                    "上一步"
                </a>
            }
        })
    });
    let form = registration.form;
    let forward = live(move || {
        if step.get() + 1 == STEPS.len() {
            form.submit_as("登记", "btn btn-primary", "step-submit")
        } else {
            form.submit_as("下一步", "btn btn-primary", "step-next")
        }
    });
    view! { <div class="row row-end form-foot">{back} {forward}</div> }.into_any()
}

fn first_step(registration: Registration) -> AnyView {
    let form = registration.form;
    let values = registration.values;
    let directory = directory();
    let everybody = Signal::derive(move || directory.staff_of(""));
    let dated_back = Signal::derive(move || {
        let day = values.received_on.get().parse::<chrono::NaiveDate>();
        match day {
            Ok(day) if day < browser::today() => {
                "补登：期限从收到日期次日起算，录入时间另外如实记下。".to_owned()
            }
            _ => "信访人提出的那一天。以前收到的可以补登。".to_owned(),
        }
    });
    view! {
        <div class="card stack">
            {field(form, "kind", "类别").choices(values.kind, kinds())}
            {field(form, "channel", "来源").choices(values.channel, terms::<Channel>())}
            <div class="grid">
                {field(form, "received_on", "收到日期")
                    .required()
                    .hint(dated_back)
                    .between("2000-01-01", format::short_date(browser::today()))
                    .date(values.received_on)}
                {field(form, "first_receiver_id", "首问责任人")
                    .hint("第一个接待的人，登记后不再更改。".to_owned())
                    .select(values.first_receiver_id, None, everybody)}
            </div>
            <div class="grid">{village_fields(form, values)} {count_fields(form, values)}</div>
            {purpose_fields(form, values)}
        </div>
    }
    .into_any()
}

fn second_step(registration: Registration) -> AnyView {
    let form = registration.form;
    let people = registration.people;
    let needed = live(move || {
        let petition = registration
            .values
            .kind
            .with(|kind| kind == Kind::Petition.code());
        let accuses = registration
            .values
            .purpose
            .with(|purpose| purpose == Purpose::Accusation.code());
        match (petition, accuses) {
            (_, true) => "可以匿名：不愿留姓名的，不填即可。",
            (true, _) => "信访件要有信访人。集体访先填信访人，再添加代表。",
            _ => "知道的就填，不知道的可以不填。",
        }
    });
    let list = live(move || {
        people
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, person)| person_card(registration, at, person))
            .collect_view()
    });
    let wrong = live(move || {
        form.errors.with(|errors| {
            errors
                .iter()
                .find(|error| error.field == "people")
                .map(|error| view! { <p class="wrong">{error.message.clone()}</p> })
        })
    });
    let add = move |_| {
        let person = registration.somebody();
        people.update(|people| people.push(person));
        let at = people.with_untracked(Vec::len).saturating_sub(1);
        browser::focus_later(format!("people.{at}.name"));
    };
    view! {
        <div class="stack" id="people" tabindex="-1">
            <p class="hint">{needed}</p>
            {wrong}
            {list}
            <p>
                <button type="button" class="btn" data-testid="person-add" on:click=add>
                    {icon(Icon::Add)}
                    "再添加一人"
                </button>
            </p>
        </div>
    }
    .into_any()
}

fn person_card(registration: Registration, at: usize, person: PersonValues) -> AnyView {
    let people = registration.people;
    let remove = (at > 0).then(|| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                on:click=move |_| people.update(|people| people.retain(|other| other.key != person.key))
            >
                "移除"
            </button>
        }
    });
    view! {
        <fieldset class="card">
            <legend>{format!("人员 {}", at + 1)}</legend>
            {person::fields(registration.form, &format!("people.{at}."), person, None)}
            {remove}
        </fieldset>
    }
    .into_any()
}

fn third_step(registration: Registration) -> AnyView {
    let form = registration.form;
    let values = registration.values;
    let when = live(move || {
        if registration.dated.get() == "day" {
            field(form, "occurred_on", "发生日期").date(values.occurred_on)
        } else {
            field(form, "occurred_text", "发生时间")
                .placeholder("如：2022年春")
                .input(values.occurred_text)
        }
    });
    let ways: Options = [("day", "知道日期"), ("words", "只知道大概")]
        .into_iter()
        .map(|(code, words)| (code.to_owned(), words.to_owned()))
        .collect();
    let procedure = Signal::derive(move || {
        if values.procedure.get() == Procedure::Simple.code() {
            "事实清楚、责任明确、争议不大的初次信访：3个工作日内受理，10个工作日内答复（《信访事项简易办理办法》）。".to_owned()
        } else {
            "15日内决定是否受理，受理后60日内办结（《信访工作条例》）。".to_owned()
        }
    });
    view! {
        <div class="card stack">
            {cause_fields(form, values)}
            <div class="grid">{category_fields(form, values)}</div>
        </div>
        <div class="card stack">
            <div class="grid">
                {field(form, "dated", "什么时候发生").choices(registration.dated, ways)}
                {when}
                {place_fields(form, values)}
            </div>
        </div>
        <div class="card stack">
            {severity_field(form, values)}
            {field(form, "procedure", "办理程序")
                .hint(procedure)
                .choices(values.procedure, terms::<Procedure>())}
            {course_fields(form, values)}
        </div>
        <div class="card">{registration.photos.view(form)}</div>
    }
    .into_any()
}

fn last_step(registration: Registration) -> AnyView {
    let (case, _) = registration.input();
    let directory = directory();
    let words = |text: String| (!text.is_empty()).then(|| view! { {text} }.into_any());
    let unit = |id: &Option<UnitId>| {
        id.as_ref()
            .and_then(|id| directory.unit_name(id.as_str()))
            .unwrap_or_default()
    };
    let when = match (case.occurred_on, &case.occurred_text) {
        (Some(day), _) => format::date(day),
        (None, text) => text.clone().unwrap_or_default(),
    };
    let count = if case.people_count >= COLLECTIVE_FROM {
        format!("{}人，集体访", case.people_count)
    } else {
        format!("{}人", case.people_count)
    };
    let people: Vec<String> = case
        .people
        .iter()
        .filter(|person| !person.name.is_empty())
        .map(|person| format!("{}（{}）", person.name, person.role.label()))
        .collect();
    let profile = LawProfile::default_profile();
    let clock = if case.procedure == Some(Procedure::Simple) {
        ClockKind::SimpleAcceptance
    } else {
        ClockKind::Acceptance
    };
    let due = profile
        .due(clock, case.received_on, &session::calendar())
        .date;
    let next = format!(
        "登记后，最迟在{}（含当天）书面告知信访人是否受理（{}）。",
        format::date(due),
        profile.limit(clock).basis
    );
    let sealing = match seal(registration.values) {
        Series::Open => None,
        Series::Sealed => Some("登记后对被反映的单位和人员保密，由综治办办理。"),
        Series::RegistrarOnly => Some("登记后只有您能看到，请随即移送有权机关。"),
    };
    let earlier = registration
        .earlier
        .get()
        .map(|(_, number)| fact("重复于", view! { {number} }.into_any()));
    view! {
        <section class="card">
            <h3>"来访信息" {mend(1)}</h3>
            <dl class="facts">
                {fact("类别", words(case.kind.label().to_owned()))}
                {fact("来源", words(case.channel.label().to_owned()))}
                {fact("收到日期", words(format::date(case.received_on)))}
                {fact("诉求性质", words(case.purpose.label().to_owned()))}
                {fact("村社", words(format!("{}{}", unit(&case.village_id), unit(&case.group_id))))}
                {fact("涉及人数", words(count))}
                {earlier}
            </dl>
        </section>
        <section class="card">
            <h3>"人员" {mend(2)}</h3>
            <p>{if people.is_empty() { "没有登记人员".to_owned() } else { people.join("、") }}</p>
        </section>
        <section class="card">
            <h3>"事项内容" {mend(3)}</h3>
            <dl class="facts facts-long">
                {fact("起因", words(case.cause.clone()))}
                {fact("诉求", words(case.demand.clone().unwrap_or_default()))}
                {fact("事态发展", words(case.development.clone().unwrap_or_default()))}
                {fact("调处情况", words(case.handling.clone().unwrap_or_default()))}
            </dl>
            <dl class="facts">
                {fact("类型", words(bits::category_of(case.category, case.subcategory.as_ref())))}
                {fact("发生时间", words(when))}
                {fact("发生地点", words(case.place.clone().unwrap_or_default()))}
                {fact("涉及单位", words(case.unit_concerned.clone().unwrap_or_default()))}
                {fact("紧急程度", words(case.severity.map(Term::label).unwrap_or_default().to_owned()))}
                {fact("办理程序", words(case.procedure.map(Term::label).unwrap_or_default().to_owned()))}
            </dl>
        </section>
        <p class="note">{icon(Icon::Clock)} {next}</p>
        {sealing.map(|words| view! { <p class="note note-sealed">{icon(Icon::Lock)} {words}</p> })}
    }
    .into_any()
}

fn mend(step: usize) -> AnyView {
    view! {
        <a class="btn btn-quiet btn-small" href=format!("/cases/new?step={step}")>
            "修改"
        </a>
    }
    .into_any()
}

fn registered(registration: Registration, case: &CaseView, go: Go) -> AnyView {
    let id = case.row.id.to_string();
    let again = move |_| {
        registration.begin();
        registration.done.set(None);
        go.run("/cases/new".to_owned());
        app::focus_heading();
    };
    let due = shared::case::deadline::next_due(&case.clocks).map(|clock| {
        format!(
            "下一步：{}，截止{}（{}）。",
            clock.kind.label(),
            format::date(clock.due),
            clock.basis
        )
    });
    view! {
        <div class="card done">
            <p class="done-mark">{icon(Icon::Check)}</p>
            {heading("已登记")}
            <p class="done-number number" data-testid="case-number">{case.row.number.clone()}</p>
            <p class="quiet">{due}</p>
            <p class="row row-center">
                <a class="btn btn-primary" href=format!("/cases/{id}/receipt") data-testid="done-receipt">
                    {icon(Icon::Print)}
                    "打印回执"
                </a>
                <a class="btn" href=format!("/cases/{id}") data-testid="done-show">"查看"</a>
                <button type="button" class="btn" data-testid="done-again" on:click=again>
                    "再登记一件"
                </button>
            </p>
        </div>
    }
    .into_any()
}

/// Looks for earlier cases like the one being typed, a moment after the last key.
fn similar(registration: Registration) -> RwSignal<Vec<Similar>> {
    let found = RwSignal::new(Vec::new());
    let turn = StoredValue::new(0u32);
    let asked = Memo::new(move |_| {
        let mut query = BTreeMap::<&str, Vec<String>>::new();
        for person in registration.people.get() {
            for (name, signal) in [
                ("names", person.name),
                ("id_numbers", person.id_number),
                ("phones", person.phone),
            ] {
                if let Some(text) = filled(&signal.get()) {
                    query.entry(name).or_default().push(text);
                }
            }
        }
        let mut take = |name: &str| query.remove(name).unwrap_or_default();
        let (names, id_numbers, phones) = (take("names"), take("id_numbers"), take("phones"));
        (
            registration.values.cause.get(),
            registration.values.village_id.get(),
            names,
            id_numbers,
            phones,
        )
    });
    watch(move || {
        let (cause, village, names, id_numbers, phones) = asked.get();
        let enough =
            cause.trim().chars().count() >= 6 || !id_numbers.is_empty() || !phones.is_empty();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        if !enough {
            found.set(Vec::new());
            return;
        }
        let query = SimilarQuery {
            cause,
            village_id: filled(&village).map(Into::into),
            id_numbers,
            phones,
            names,
            except: None,
        };
        browser::later(Duration::from_millis(700), move || {
            if turn.try_get_value() != Some(mine) {
                return;
            }
            spawn_local(async move {
                // Only a hint: where it fails, registering goes on.
                let answer = Call::post("/cases/similar")
                    .json(&query)
                    .fetch::<Vec<Similar>>()
                    .await;
                if turn.try_get_value() == Some(mine) {
                    found.try_set(answer.unwrap_or_default());
                }
            });
        });
    });
    found
}

fn similar_box(registration: Registration, similar: RwSignal<Vec<Similar>>) -> AnyView {
    let earlier = registration.earlier;
    let linked = live(move || {
        earlier.get().map(|(_, number)| {
            view! {
                <div class="note">
                    <p>{icon(Icon::Link)} {format!("将关联为“{number}”的重复件。")}</p>
                    <button
                        type="button"
                        class="btn btn-small"
                        on:click=move |_| earlier.set(None)
                    >
                        "取消关联"
                    </button>
                </div>
            }
        })
    });
    let list = live(move || {
        let found = similar.get();
        if found.is_empty() {
            return None;
        }
        let entries = found
            .into_iter()
            .map(|similar| similar_entry(earlier, similar))
            .collect_view();
        Some(view! {
            <section class="card similar" data-testid="similar">
                <h3>"可能是同一件事"</h3>
                <p class="hint">
                    "同一人同一事再次反映的，关联为重复件，不另立新案由。"
                </p>
                <ul>{entries}</ul>
            </section>
        })
    });
    view! { {linked} {list} }.into_any()
}

fn similar_entry(earlier: RwSignal<Option<(String, String)>>, similar: Similar) -> AnyView {
    let row = similar.case;
    let id = row.id.to_string();
    let number = row.number.clone();
    let why = if similar.same_person {
        "证件或电话相同".to_owned()
    } else {
        format!("内容相近 {}%", similar.alike)
    };
    let mine = id.clone();
    let is_linked =
        move || earlier.with(|earlier| earlier.as_ref().is_some_and(|(id, _)| *id == mine));
    let link = {
        let (id, number) = (id.clone(), number.clone());
        move |_| earlier.set(Some((id.clone(), number.clone())))
    };
    view! {
        <li>
            <p>
                <a class="number" href=format!("/cases/{id}") target="_blank">
                    {number}
                </a>
                " "
                {state_badge(row.state)}
            </p>
            <p class="clamp">{row.cause.clone()}</p>
            <p class="quiet">
                {format!(
                    "{} · {} · {why}",
                    row.petitioner.clone().unwrap_or_else(|| "未留姓名".to_owned()),
                    format::short_date(row.received_on),
                )}
            </p>
            <button
                type="button"
                class="btn btn-small"
                data-testid="link-similar"
                disabled=is_linked
                on:click=link
            >
                "关联为重复件"
            </button>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_on_a_step() {
        for (field, step) in [
            ("received_on", 0),
            ("accused_unit_id", 0),
            ("people", 1),
            ("people.3.id_number", 1),
            ("people_count", 0),
            ("cause", 2),
            ("subcategory", 2),
        ] {
            assert_eq!(step_of(field), step, "{field}");
        }
    }

    #[test]
    fn errors_find_the_row_that_was_typed() {
        let error = |field: &str| FieldError {
            field: field.to_owned(),
            code: "required".to_owned(),
            message: String::new(),
        };
        let errors = placed(vec![error("people.1.name"), error("cause")], &[0, 2]);
        let fields: Vec<_> = errors.into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["people.2.name", "cause"]);
    }
}
