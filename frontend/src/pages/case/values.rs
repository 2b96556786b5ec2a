//! The fields of a case: at registration, and when it is changed.

use std::collections::BTreeMap;

use leptos::prelude::*;
use shared::access::seal_of;
use shared::case::hint::category_hint;
use shared::case::number::Series;
use shared::case::view::CaseView;
use shared::case::{COLLECTIVE_FROM, Category, Purpose, Severity};
use shared::ids::SubcategoryCode;
use shared::term::Term;

use crate::directory::{Options, directory};
use crate::format;
use crate::ui::field::{Form, field, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{live, watch};

/// The values of a case's fields, by their names in the API.
#[derive(Clone, Copy)]
pub(crate) struct CaseValues {
    pub(crate) kind: RwSignal<String>,
    pub(crate) channel: RwSignal<String>,
    pub(crate) purpose: RwSignal<String>,
    pub(crate) category: RwSignal<String>,
    pub(crate) subcategory: RwSignal<String>,
    pub(crate) severity: RwSignal<String>,
    pub(crate) cause: RwSignal<String>,
    pub(crate) demand: RwSignal<String>,
    pub(crate) occurred_on: RwSignal<String>,
    pub(crate) occurred_text: RwSignal<String>,
    pub(crate) place: RwSignal<String>,
    pub(crate) unit_concerned: RwSignal<String>,
    pub(crate) village_id: RwSignal<String>,
    pub(crate) group_id: RwSignal<String>,
    pub(crate) people_count: RwSignal<String>,
    pub(crate) people_count_text: RwSignal<String>,
    pub(crate) development: RwSignal<String>,
    pub(crate) handling: RwSignal<String>,
    pub(crate) received_on: RwSignal<String>,
    pub(crate) procedure: RwSignal<String>,
    pub(crate) accused_unit_id: RwSignal<String>,
    pub(crate) accused_user_id: RwSignal<String>,
    pub(crate) first_receiver_id: RwSignal<String>,
}

impl CaseValues {
    /// Empty fields.
    pub(crate) fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            kind: empty(),
            channel: empty(),
            purpose: empty(),
            category: empty(),
            subcategory: empty(),
            severity: empty(),
            cause: empty(),
            demand: empty(),
            occurred_on: empty(),
            occurred_text: empty(),
            place: empty(),
            unit_concerned: empty(),
            village_id: empty(),
            group_id: empty(),
            people_count: empty(),
            people_count_text: empty(),
            development: empty(),
            handling: empty(),
            received_on: empty(),
            procedure: empty(),
            accused_unit_id: empty(),
            accused_user_id: empty(),
            first_receiver_id: empty(),
        }
    }

    /// Every field by name.
    pub(crate) fn named(self) -> [(&'static str, RwSignal<String>); 23] {
        [
            ("kind", self.kind),
            ("channel", self.channel),
            ("purpose", self.purpose),
            ("category", self.category),
            ("subcategory", self.subcategory),
            ("severity", self.severity),
            ("cause", self.cause),
            ("demand", self.demand),
            ("occurred_on", self.occurred_on),
            ("occurred_text", self.occurred_text),
            ("place", self.place),
            ("unit_concerned", self.unit_concerned),
            ("village_id", self.village_id),
            ("group_id", self.group_id),
            ("people_count", self.people_count),
            ("people_count_text", self.people_count_text),
            ("development", self.development),
            ("handling", self.handling),
            ("received_on", self.received_on),
            ("procedure", self.procedure),
            ("accused_unit_id", self.accused_unit_id),
            ("accused_user_id", self.accused_user_id),
            ("first_receiver_id", self.first_receiver_id),
        ]
    }

    /// What is typed, by name; followed.
    pub(crate) fn typed(self) -> BTreeMap<String, String> {
        self.named()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.get()))
            .collect()
    }

    /// Fills the fields.
    pub(crate) fn fill(self, values: &BTreeMap<String, String>) {
        for (name, signal) in self.named() {
            if let Some(value) = values.get(name) {
                signal.set(value.clone());
            }
        }
    }

    fn accuses(self) -> bool {
        self.purpose
            .with(|purpose| purpose == Purpose::Accusation.code())
    }
}

/// The fields of a case as it is recorded.
pub(crate) fn recorded(case: &CaseView) -> BTreeMap<String, String> {
    let row = &case.row;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let id = |named: &Option<shared::case::view::Named>| {
        named
            .as_ref()
            .map(|named| named.id.clone())
            .unwrap_or_default()
    };
    [
        ("kind", row.kind.code().to_owned()),
        ("channel", row.channel.code().to_owned()),
        ("purpose", case.purpose.code().to_owned()),
        ("category", row.category.code().to_owned()),
        (
            "subcategory",
            row.subcategory
                .as_ref()
                .map(|code| code.as_str().to_owned())
                .unwrap_or_default(),
        ),
        ("severity", row.severity.code().to_owned()),
        ("cause", case.cause_full.clone()),
        ("demand", text(&case.demand)),
        (
            "occurred_on",
            case.occurred_on.map(format::short_date).unwrap_or_default(),
        ),
        ("occurred_text", text(&case.occurred_text)),
        ("place", text(&case.place)),
        ("unit_concerned", text(&case.unit_concerned)),
        ("village_id", id(&row.village)),
        ("group_id", id(&case.group)),
        ("people_count", row.people_count.to_string()),
        ("people_count_text", text(&case.people_count_text)),
        ("development", text(&case.development)),
        ("handling", text(&case.handling)),
        ("received_on", format::short_date(row.received_on)),
        ("procedure", case.procedure.code().to_owned()),
        ("accused_unit_id", id(&case.accused_unit)),
        ("accused_user_id", id(&case.accused_user)),
        ("first_receiver_id", case.first_receiver.id.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// First and second level of the category.
pub(crate) fn category_fields(form: Form, values: CaseValues) -> AnyView {
    let all = directory();
    // What is out of use stays on a case that has it.
    let had = values.subcategory.get_untracked();
    let had = (!had.is_empty()).then(|| SubcategoryCode::from(had));
    let kept = had.clone();
    let subcategories = Signal::derive(move || -> Options {
        let Some(category) = Category::from_code(&values.category.get()) else {
            return Vec::new();
        };
        let all = all.categories();
        all.offered(category, kept.as_ref())
            .map(|entry| (entry.code.as_str().to_owned(), entry.name.clone()))
            .collect()
    });
    // A second level belongs to its first.
    watch(move || {
        let code = values.subcategory.get_untracked();
        let fits = match Category::from_code(&values.category.get()) {
            Some(category) => all
                .categories()
                .find(category, &code.as_str().into())
                .is_some(),
            None => false,
        };
        if !fits && !code.is_empty() && all.has_categories() {
            values.subcategory.set(String::new());
        }
    });
    // What the words sound like; the person decides.
    let suggestion = Memo::new(move |_| {
        let hint = values.cause.with(|cause| category_hint(cause))?;
        let chosen = Category::from_code(&values.category.get());
        let code = SubcategoryCode::from(hint.subcategory);
        // Not one that the township has taken out of use.
        let all = all.categories();
        let code = all
            .offered(hint.category, None)
            .find(|entry| entry.code == code)
            .map(|entry| entry.code.clone());
        (chosen != Some(hint.category)).then_some((hint.category, code))
    });
    let suggest = live(move || {
        suggestion.get().map(|(category, sub)| {
            let words = super::bits::category_of(category, sub.as_ref());
            let code = sub;
            let take = move |_| {
                values.category.set(category.code().to_owned());
                values.subcategory.set(
                    code.as_ref()
                        .map(|code| code.as_str().to_owned())
                        .unwrap_or_default(),
                );
                form.mended("category");
            };
            view! {
                <p class="hint field-full">
                    "听起来像“"
                    {words}
                    "” "
                    <button type="button" class="btn btn-small" data-testid="take-category" on:click=take>
                        "采用"
                    </button>
                </p>
            }
        })
    });
    view! {
        {suggest}
        {field(form, "category", "类型")
            .required()
            .select(values.category, Some("请选择"), terms::<Category>())}
        {field(form, "subcategory", "细类")
            .select(values.subcategory, Some("不细分"), subcategories)}
    }
    .into_any()
}

/// What happened.
pub(crate) fn cause_fields(form: Form, values: CaseValues) -> AnyView {
    view! {
        {field(form, "cause", "起因")
            .required()
            .hint("什么事、和谁有关、已经找过谁。用信访人自己的话，少用形容词。".to_owned())
            .area(values.cause, 5)}
        {field(form, "demand", "诉求")
            .hint("信访人要求怎样解决。".to_owned())
            .area(values.demand, 2)}
    }
    .into_any()
}

/// What came of it so far.
pub(crate) fn course_fields(form: Form, values: CaseValues) -> AnyView {
    view! {
        {field(form, "development", "事态发展")
            .hint("是否激化、是否串联、有没有越级的可能。".to_owned())
            .area(values.development, 2)}
        {field(form, "handling", "调处情况")
            .hint("已经做过什么工作。".to_owned())
            .area(values.handling, 2)}
    }
    .into_any()
}

/// Where it belongs.
pub(crate) fn village_fields(form: Form, values: CaseValues) -> AnyView {
    let directory = directory();
    // A case of a village that was closed or merged since keeps it.
    let kept = values.village_id.get_untracked();
    let villages = Signal::derive(move || {
        let mut villages = directory.villages();
        if villages.iter().all(|(id, _)| *id != kept)
            && let Some(name) = directory.unit_name(&kept)
        {
            villages.push((kept.clone(), format!("{name}（已停用）")));
        }
        villages
    });
    let groups = Signal::derive(move || {
        let village = values.village_id.get();
        if village.is_empty() {
            Vec::new()
        } else {
            directory.groups(&village)
        }
    });
    Effect::new(move |before: Option<String>| {
        let village = values.village_id.get();
        if before.is_some_and(|before| before != village && !before.is_empty()) {
            values.group_id.set(String::new());
        }
        village
    });
    view! {
        {field(form, "village_id", "村").select(values.village_id, Some("不属于某个村"), villages)}
        {field(form, "group_id", "社").select(values.group_id, Some("不确定"), groups)}
    }
    .into_any()
}

/// How many people it concerns, and what follows from that.
pub(crate) fn count_fields(form: Form, values: CaseValues) -> AnyView {
    let hint = Signal::derive(move || {
        let count: u32 = values.people_count.get().trim().parse().unwrap_or(0);
        if count >= COLLECTIVE_FROM {
            format!(
                "{COLLECTIVE_FROM}人及以上，记为集体访。请推选代表，不超过5人（《信访工作条例》第二十条）。"
            )
        } else {
            format!("{COLLECTIVE_FROM}人及以上为集体访，系统自动判断。")
        }
    });
    view! {
        {field(form, "people_count", "涉及人数")
            .kind("number")
            .mode("numeric")
            .between(1, shared::case::input::MAX_PEOPLE_COUNT)
            .required()
            .hint(hint)
            .input(values.people_count)}
        {field(form, "people_count_text", "人数说明")
            .placeholder("如：约30人")
            .hint("人数不确切时填。".to_owned())
            .input(values.people_count_text)}
    }
    .into_any()
}

/// When and where it happened, and whom it concerns.
pub(crate) fn place_fields(form: Form, values: CaseValues) -> AnyView {
    view! {
        {field(form, "place", "发生地点")
            .placeholder("如：三一村3社机井旁")
            .input(values.place)}
        {field(form, "unit_concerned", "涉及单位")
            .placeholder("如：三一村委会")
            .input(values.unit_concerned)}
    }
    .into_any()
}

/// How grave it is.
pub(crate) fn severity_field(form: Form, values: CaseValues) -> AnyView {
    field(form, "severity", "紧急程度").choices(values.severity, terms::<Severity>())
}

/// What is wanted; an accusation asks whom it accuses, and says what sealing means.
pub(crate) fn purpose_fields(form: Form, values: CaseValues) -> AnyView {
    let accused = live(move || values.accuses().then(|| accused_fields(form, values)));
    view! {
        {field(form, "purpose", "诉求性质").choices(values.purpose, terms::<Purpose>())}
        {accused}
    }
    .into_any()
}

fn accused_fields(form: Form, values: CaseValues) -> AnyView {
    let directory = directory();
    let units = Signal::derive(move || directory.accusable());
    let staff = Signal::derive(move || {
        let unit = values.accused_unit_id.get();
        if unit.is_empty() {
            Vec::new()
        } else {
            directory.staff_of(&unit)
        }
    });
    Effect::new(move |before: Option<String>| {
        let unit = values.accused_unit_id.get();
        if before.is_some_and(|before| before != unit) {
            values.accused_user_id.set(String::new());
        }
        unit
    });
    let meaning = live(move || {
        let series = seal(values);
        match series {
            Series::RegistrarOnly => {
                "反映的是镇领导、镇政府或综治办：登记后只有您能看到，下一步只能移送有权机关（如纪检监察机关）。"
            }
            _ => {
                "登记后，被反映的单位和人员看不到这件事项：列表、数量、搜索、导出里都没有。由综治办办理。"
            }
        }
    });
    view! {
        <fieldset class="group group-sealed">
            <legend>{icon(Icon::Lock)} "检举控告：保密登记"</legend>
            <p class="hint">
                "不得将检举控告材料和有关情况透露给被检举控告的人员和单位（《信访工作条例》第三十条）。可以匿名。"
            </p>
            <div class="grid">
                {field(form, "accused_unit_id", "被反映的单位")
                    .required()
                    .select(values.accused_unit_id, Some("请选择"), units)}
                {field(form, "accused_user_id", "被反映的工作人员")
                    .hint("是本单位工作人员的，请选上；不在名单里的写在起因里。".to_owned())
                    .select(values.accused_user_id, Some("不指明"), staff)}
            </div>
            <p class="note note-sealed">{meaning}</p>
        </fieldset>
    }
    .into_any()
}

/// How far an accusation with these values would be sealed; followed.
pub(crate) fn seal(values: CaseValues) -> Series {
    if !values.accuses() {
        return Series::Open;
    }
    let directory = directory();
    let unit = values.accused_unit_id.get();
    let user = values.accused_user_id.get();
    let kind = directory
        .units()
        .into_iter()
        .find(|known| known.id.as_str() == unit)
        .map(|unit| unit.kind);
    let role = directory
        .colleagues()
        .into_iter()
        .find(|known| known.id.as_str() == user)
        .map(|colleague| colleague.role);
    seal_of(kind, role)
}
