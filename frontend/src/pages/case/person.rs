//! The fields of a person: at registration, and in a case.

use leptos::prelude::*;
use shared::case::care::Care;
use shared::case::input::NewPerson;
use shared::case::view::PersonView;
use shared::case::{FollowUp, PersonRole};
use shared::term::Term;

use crate::format;
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::live::{follow, live};

/// The values of a person's fields.
#[derive(Clone, Copy)]
pub(crate) struct PersonValues {
    /// Tells the people of a form apart, however their order changes.
    pub(crate) key: u32,
    pub(crate) role: RwSignal<String>,
    pub(crate) name: RwSignal<String>,
    pub(crate) id_number: RwSignal<String>,
    pub(crate) phone: RwSignal<String>,
    pub(crate) address: RwSignal<String>,
    pub(crate) reason: RwSignal<String>,
    pub(crate) review_on: RwSignal<String>,
    pub(crate) follow_up: RwSignal<Vec<FollowUp>>,
    hours: RwSignal<String>,
    do_not_call: RwSignal<bool>,
    neutral: RwSignal<bool>,
    trusted: RwSignal<String>,
    trusted_phone: RwSignal<String>,
    /// Whether a number that is recorded is to be taken out.
    clear_id: RwSignal<bool>,
    clear_phone: RwSignal<bool>,
}

impl PersonValues {
    /// Nobody yet.
    pub(crate) fn new(key: u32, role: PersonRole) -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            key,
            role: RwSignal::new(role.code().to_owned()),
            name: empty(),
            id_number: empty(),
            phone: empty(),
            address: empty(),
            reason: empty(),
            review_on: empty(),
            follow_up: RwSignal::new(Vec::new()),
            hours: empty(),
            do_not_call: RwSignal::new(false),
            neutral: RwSignal::new(false),
            trusted: empty(),
            trusted_phone: empty(),
            clear_id: RwSignal::new(false),
            clear_phone: RwSignal::new(false),
        }
    }

    /// Somebody who is recorded; their numbers stay where they are.
    pub(crate) fn of(person: &PersonView) -> Self {
        let values = Self::new(0, person.role);
        values.name.set(person.name.clone());
        values
            .address
            .set(person.address.clone().unwrap_or_default());
        values.reason.set(person.reason.clone().unwrap_or_default());
        values
            .review_on
            .set(person.review_on.map(format::short_date).unwrap_or_default());
        values.follow_up.set(person.follow_up.clone());
        values.restore_care(&person.care);
        values
    }

    /// How they are to be reached, as it is typed; followed.
    pub(crate) fn care(self) -> Care {
        Care {
            hours: filled(&self.hours.get()),
            do_not_call: self.do_not_call.get(),
            neutral: self.neutral.get(),
            trusted: filled(&self.trusted.get()),
        }
    }

    /// The numbers, as they are typed; followed.
    pub(crate) fn numbers(self) -> [String; 3] {
        [
            self.id_number.get(),
            self.phone.get(),
            self.trusted_phone.get(),
        ]
    }

    /// Types them in again.
    pub(crate) fn restore_numbers(self, [id_number, phone, trusted_phone]: [String; 3]) {
        self.id_number.set(id_number);
        self.phone.set(phone);
        self.trusted_phone.set(trusted_phone);
    }

    /// Types it in again.
    pub(crate) fn restore_care(self, care: &Care) {
        self.hours.set(care.hours.clone().unwrap_or_default());
        self.do_not_call.set(care.do_not_call);
        self.neutral.set(care.neutral);
        self.trusted.set(care.trusted.clone().unwrap_or_default());
    }

    /// What is sent. `keeps` tells whether a number that is not typed stays as it is recorded.
    pub(crate) fn input(self, keeps: bool) -> NewPerson {
        let role =
            PersonRole::from_code(&self.role.get_untracked()).unwrap_or(PersonRole::Petitioner);
        let number = |typed: RwSignal<String>, clear: RwSignal<bool>| {
            if keeps && clear.get_untracked() {
                Some(String::new())
            } else {
                filled(&typed.get_untracked())
            }
        };
        let key = role == PersonRole::KeyPerson;
        NewPerson {
            role,
            name: self.name.get_untracked().trim().to_owned(),
            id_number: number(self.id_number, self.clear_id),
            phone: number(self.phone, self.clear_phone),
            address: filled(&self.address.get_untracked()),
            reason: filled(&self.reason.get_untracked()).filter(|_| key),
            review_on: self.review_on.get_untracked().parse().ok().filter(|_| key),
            follow_up: if key {
                self.follow_up.get_untracked()
            } else {
                Vec::new()
            },
            contact_hours: filled(&self.hours.get_untracked()),
            do_not_call: self.do_not_call.get_untracked(),
            neutral_wording: self.neutral.get_untracked(),
            trusted_name: filled(&self.trusted.get_untracked()),
            trusted_phone: filled(&self.trusted_phone.get_untracked()),
        }
    }
}

/// The fields. `at` is the path before their names (`people.0.`); `known` is the person as recorded.
pub(crate) fn fields(
    form: Form,
    at: &str,
    values: PersonValues,
    known: Option<&PersonView>,
) -> AnyView {
    let name = |name: &str| format!("{at}{name}");
    let prefix = at.to_owned();
    let key_fields = live(move || {
        (values.role.get() == PersonRole::KeyPerson.code())
            .then(|| key_person(form, &prefix, values))
    });
    let recorded = |masked: Option<&String>| match masked {
        Some(masked) => format!("已登记 {masked}。不改请留空。"),
        None => String::new(),
    };
    let id_known = known.and_then(|person| person.id_number_masked.as_ref());
    let phone_known = known.and_then(|person| person.phone_masked.as_ref());
    let id_hint = match id_known {
        Some(_) => recorded(id_known),
        None => "加密保存，平时只显示首尾几位；用来发现重复信访。".to_owned(),
    };
    let mut phone = field(form, name("phone"), "联系电话")
        .kind("tel")
        .mode("tel");
    phone = phone.hint(match phone_known {
        Some(_) => recorded(phone_known),
        None => "手机，或带区号的固定电话。同样加密保存。".to_owned(),
    });
    let clear_id = id_known
        .map(|_| field(form, name("clear_id"), "删除已登记的身份证号").check(values.clear_id));
    let clear_phone = phone_known
        .map(|_| field(form, name("clear_phone"), "删除已登记的电话").check(values.clear_phone));
    view! {
        <div class="grid">
            {field(form, name("name"), "姓名").required().input(values.name)}
            {field(form, name("role"), "身份").select(values.role, None, terms::<PersonRole>())}
            {field(form, name("id_number"), "身份证号").hint(id_hint).input(values.id_number)}
            {phone.input(values.phone)}
            {clear_id}
            {clear_phone}
            {field(form, name("address"), "住址")
                .class("field field-full")
                .placeholder("到村、社即可")
                .input(values.address)}
        </div>
        {care(form, at, values, known)}
        {key_fields}
    }
    .into_any()
}

/// How the person is to be reached.
fn care(form: Form, at: &str, values: PersonValues, known: Option<&PersonView>) -> AnyView {
    let name = |name: &str| format!("{at}{name}");
    let recorded = known.and_then(|person| person.trusted_phone_masked.as_ref());
    let hint = recorded.map_or_else(
        || "加密保存。".to_owned(),
        |masked| format!("已登记 {masked}。不改请留空；清空转告人即删除。"),
    );
    view! {
        <details class="more" open=known.is_some_and(|person| !person.care.is_empty())>
            <summary>"联系须知"</summary>
            <div class="grid">
                {field(form, name("contact_hours"), "方便联系的时间")
                    .placeholder("如：晚上7点后")
                    .input(values.hours)}
                {field(form, name("do_not_call"), "不打电话、不发短信").check(values.do_not_call)}
                {field(form, name("neutral_wording"), "对外用中性措辞")
                    .hint("信封、回执上不提信访、检举。".to_owned())
                    .check(values.neutral)}
                {field(form, name("trusted_name"), "可转告的人")
                    .placeholder("姓名和关系")
                    .input(values.trusted)}
                {field(form, name("trusted_phone"), "转告人电话")
                    .kind("tel")
                    .mode("tel")
                    .hint(hint)
                    .input(values.trusted_phone)}
            </div>
        </details>
    }
    .into_any()
}

fn key_person(form: Form, at: &str, values: PersonValues) -> AnyView {
    let name = |name: &str| format!("{at}{name}");
    let checks = FollowUp::ALL
        .iter()
        .enumerate()
        .map(|(order, way)| {
            let way = *way;
            let id = if order == 0 {
                name("follow_up")
            } else {
                name(&format!("follow_up.{}", way.code()))
            };
            view! {
                <label class="choice">
                    <input
                        type="checkbox"
                        id=id
                        prop:checked=follow(move || values.follow_up.with(|ways| ways.contains(&way)))
                        on:change:target=move |event| {
                            let on = event.target().checked();
                            values.follow_up.update(|ways| {
                                ways.retain(|other| *other != way);
                                if on {
                                    ways.push(way);
                                }
                            });
                        }
                    />
                    <span>{way.label()}</span>
                </label>
            }
            .into_any()
        })
        .collect_view();
    let follow_up = name("follow_up");
    let wrong = live(move || {
        form.errors.with(|errors| {
            errors
                .iter()
                .find(|error| error.field == follow_up)
                .map(|error| view! { <p class="wrong">{error.message.clone()}</p> })
        })
    });
    view! {
        <fieldset class="group">
            <legend>"重点人员"</legend>
            <p class="hint">
                "只在这件事项里有效，事项办结即解除。要写明理由、复核日期和帮扶措施。"
            </p>
            <div class="grid">
                {field(form, name("reason"), "理由")
                    .class("field field-full")
                    .required()
                    .input(values.reason)}
                {field(form, name("review_on"), "复核日期")
                    .required()
                    .hint("到期重新看是否还需要。".to_owned())
                    .date(values.review_on)}
            </div>
            <fieldset class="field choices">
                <legend>"跟进方式" <span class="must" aria-hidden="true">"*"</span></legend>
                <div class="choice-row">{checks}</div>
                {wrong}
            </fieldset>
        </fieldset>
    }
    .into_any()
}
