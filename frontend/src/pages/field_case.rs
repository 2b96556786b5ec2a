//! A case that comes from the field: the few fields of a dialog, and the whole input that is sent.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use shared::case::input::{MAX_CAUSE, MAX_PEOPLE_COUNT, MAX_SHORT};
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::case::{Category, Channel, Kind, PersonRole, Purpose};
use shared::org::UnitKind;
use shared::outbox::{Draft, DraftKind};
use shared::reception::MAX_ANSWER;
use shared::role::Role;
use shared::term::Term;
use shared::visit::view::VisitView;

use super::visits::act::{Later, Step, as_it_is};
use crate::browser;
use crate::format;
use crate::session;

/// The kinds of case that the signed-in person may register.
fn kinds() -> Vec<Kind> {
    let may = |kind: &Kind| session::may(shared::access::Action::RegisterCase(*kind));
    Kind::ALL.iter().copied().filter(may).collect()
}

/// What every such dialog asks for.
fn fields(cause: &str, place: &str, village: &str, purposes: &[Purpose]) -> Vec<Field> {
    let kinds = kinds();
    let choice = |name: &str, label: &str, choices: Vec<Choice>| {
        Field::new(name, label, FieldKind::Choice { choices }).required()
    };
    let people = FieldKind::Number {
        min: 1,
        max: MAX_PEOPLE_COUNT,
    };
    vec![
        choice("kind", "类别", Choice::of(&kinds)),
        choice("purpose", "诉求性质", Choice::of(purposes)).value(Purpose::Claim.code()),
        choice("category", "类型", Choice::all::<Category>()),
        Field::long("cause", "起因", MAX_CAUSE)
            .required()
            .value(cause),
        Field::text("name", "信访人姓名", 40)
            .help("信访件必填；矛盾纠纷写一方当事人，苗头隐患可以不写。"),
        Field::text("phone", "联系电话", 20).help("加密保存，平时只显示后几位。"),
        Field::new("people_count", "涉及人数", people)
            .required()
            .value("1"),
        Field::unit("village_id", "村", &[UnitKind::Village]).value(village),
        Field::text("place", "地点", MAX_SHORT).value(place),
    ]
}

/// The input of a case from what was filled in.
fn case_of(mut filled: Map<String, Value>, channel: Channel) -> Map<String, Value> {
    let name = filled.remove("name");
    let phone = filled.remove("phone");
    let role = match filled.get("kind").and_then(Value::as_str) {
        Some(kind) if kind == Kind::Petition.code() => PersonRole::Petitioner,
        _ => PersonRole::OtherParty,
    };
    let people: Vec<Value> = name
        .map(|name| json!({"role": role.code(), "name": name, "phone": phone}))
        .into_iter()
        .collect();
    filled.insert("people".to_owned(), people.into());
    filled.insert("channel".to_owned(), channel.code().into());
    let today = format::short_date(browser::today());
    filled.insert("received_on".to_owned(), today.into());
    filled
}

/// Makes a case of what was heard on a visit.
pub(crate) fn from_visit(visit: &VisitView) -> Step {
    let village = visit.village.as_ref().map_or("", |named| named.id.as_str());
    let open: Vec<Purpose> = Purpose::ALL
        .iter()
        .copied()
        .filter(|purpose| *purpose != Purpose::Accusation)
        .collect();
    let place = visit.place.clone().unwrap_or_default();
    let group = visit.group.as_ref().map(|group| group.id.clone());
    let village_was = village.to_owned();
    Step {
        title: "转为事项",
        help: "来源是“下访”，首问责任人是记录走访的人。检举控告不从这里转，请直接登记，登记时自动保密。",
        fields: fields(&visit.heard, &place, village, &open),
        case: None,
        method: "POST",
        path: format!("/visits/{}/case", visit.id),
        etag: None,
        body: Arc::new(move |filled| {
            let mut case = case_of(filled, Channel::HouseholdVisit);
            // The group is of the village that was visited.
            if let Some(group) = &group
                && case.get("village_id").and_then(Value::as_str) == Some(&village_was)
            {
                case.insert("group_id".to_owned(), group.as_str().into());
            }
            case
        }),
        done: "已登记为事项，走访和事项互相链接。",
        later: None,
    }
}

/// Registers who came on a reception day; `from` is a draft of it that is to be changed.
pub(crate) fn from_reception(day: &str, receiver: &str, from: Option<Draft>) -> Step {
    let mut all = fields("", "", "", Purpose::ALL);
    all.push(
        Field::unit(
            "accused_unit_id",
            "被反映的单位",
            &[
                UnitKind::Township,
                UnitKind::Village,
                UnitKind::PoliceStation,
                UnitKind::Court,
                UnitKind::JusticeOffice,
                UnitKind::CoordinationOffice,
                UnitKind::ServiceCentre,
                UnitKind::PartyGovernmentOffice,
            ],
        )
        .help("检举控告必填：登记后对被反映的单位和人员保密（《信访工作条例》第三十条）。"),
    );
    all.push(received_by(receiver));
    refill(&mut all, from.as_ref());
    Step {
        title: "登记新事项",
        help: "接待人就是首问责任人。要填附件、更多人员的，登记后在事项里补充。",
        fields: all,
        case: None,
        method: "POST",
        path: format!("/reception-days/{day}/visitors"),
        etag: None,
        body: Arc::new(|mut filled| {
            let by = filled.remove("received_by");
            let case = case_of(filled, Channel::Visit);
            let mut body = Map::new();
            body.insert("case".to_owned(), Value::Object(case));
            if let Some(by) = by {
                body.insert("received_by".to_owned(), by);
            }
            body
        }),
        done: "已登记。",
        later: Some(Later {
            kind: DraftKind::Reception,
            photos: true,
            // Nothing of an accusation stays on a phone: it goes out now or not at all.
            title: |filled| {
                let accuses = Purpose::Accusation.code();
                (text_of(filled, "purpose") != accuses).then(|| first_words(filled, "cause"))
            },
            receipt: Some(|body, number| {
                if let Some(Value::Object(case)) = body.get_mut("case") {
                    case.insert("provisional_number".to_owned(), number.into());
                }
            }),
            from,
        }),
    }
}

/// Keeps a question that was answered on a reception day; `from` is a draft of it that is to be
/// changed.
pub(crate) fn inquiry(day: &str, receiver: &str, from: Option<Draft>) -> Step {
    let mut fields = vec![
        Field::text("topic", "咨询的问题", MAX_SHORT).required(),
        Field::long("answer", "答复", MAX_ANSWER).required(),
        received_by(receiver),
    ];
    refill(&mut fields, from.as_ref());
    Step {
        title: "记一次咨询",
        help: "不写姓名、证件号和电话。",
        fields,
        case: None,
        method: "POST",
        path: format!("/reception-days/{day}/visitors"),
        etag: None,
        body: as_it_is(),
        done: "已记录。",
        later: Some(Later {
            kind: DraftKind::Reception,
            photos: false,
            title: |filled| Some(first_words(filled, "topic")),
            receipt: None,
            from,
        }),
    }
}

/// The dialog in which a draft of a reception day was written.
pub(crate) fn of_draft(day: &str, receiver: &str, from: Draft) -> Step {
    if from.body.contains_key("case") {
        from_reception(day, receiver, Some(from))
    } else {
        inquiry(day, receiver, Some(from))
    }
}

/// Fills fields with what a draft says.
fn refill(fields: &mut [Field], from: Option<&Draft>) {
    let Some(draft) = from else { return };
    for field in fields {
        field.value = match draft.form.get(&field.name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
    }
}

fn text_of<'a>(filled: &'a Map<String, Value>, name: &str) -> &'a str {
    filled.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The beginning of a field, as a title.
fn first_words(filled: &Map<String, Value>, name: &str) -> String {
    text_of(filled, name).chars().take(40).collect()
}

/// Who received.
pub(crate) fn received_by(receiver: &str) -> Field {
    let roles: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|role| role.handles_cases())
        .collect();
    Field::user("received_by", "接待人", &roles)
        .required()
        .value(receiver)
}
