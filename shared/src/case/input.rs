//! What people enter about a case, and what is wrong with it: the same checks in the form and on
//! the server.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::case::category::Categories;
use crate::case::{
    COLLECTIVE_FROM, Category, Channel, FollowUp, Kind, MAX_REPRESENTATIVES, PersonRole, Procedure,
    Purpose, Severity, Subcategory,
};
use crate::identity::{IdNumber, Phone};
use crate::ids::{CaseId, PhotoId, SubcategoryCode, UnitId, UserId};
use crate::receipt::Provisional;
use crate::term::Term;
use crate::validate::Errors;

/// The longest cause, in characters.
pub const MAX_CAUSE: usize = 4000;
/// The longest long text beside it.
pub const MAX_LONG: usize = 4000;
/// The longest short text.
pub const MAX_SHORT: usize = 200;
/// The most people concerned that a case may state.
pub const MAX_PEOPLE_COUNT: u32 = 100_000;
/// The most people recorded by name in one case.
pub const MAX_PEOPLE: usize = 50;

/// A new case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// Petition, dispute or sign.
    pub kind: Kind,
    /// How it came in.
    pub channel: Channel,
    /// What is wanted. `accusation` seals the case.
    pub purpose: Purpose,
    /// First level of the category.
    pub category: Category,
    /// Second level, one of the first's.
    #[serde(default)]
    pub subcategory: Option<SubcategoryCode>,
    /// How grave it is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The cause (起因): what happened.
    pub cause: String,
    /// What the petitioner asks for.
    #[serde(default)]
    pub demand: Option<String>,
    /// When it happened, if the day is known.
    #[serde(default)]
    pub occurred_on: Option<NaiveDate>,
    /// When it happened, in words (`2022年春`).
    #[serde(default)]
    pub occurred_text: Option<String>,
    /// Where it happened.
    #[serde(default)]
    pub place: Option<String>,
    /// The unit concerned (涉及单位), in words.
    #[serde(default)]
    pub unit_concerned: Option<String>,
    /// The village that it belongs to.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// The group of that village.
    #[serde(default)]
    pub group_id: Option<UnitId>,
    /// How many people it concerns.
    pub people_count: u32,
    /// The head-count in words where it was not exact (`约30人`).
    #[serde(default)]
    pub people_count_text: Option<String>,
    /// Whether it is collective; follows from the count, checked when given.
    #[serde(default)]
    pub collective: Option<bool>,
    /// How things develop (事态发展).
    #[serde(default)]
    pub development: Option<String>,
    /// What has been done (调处情况).
    #[serde(default)]
    pub handling: Option<String>,
    /// The day on which it was received; may be earlier than today.
    pub received_on: NaiveDate,
    /// The procedure; ordinary when absent.
    #[serde(default)]
    pub procedure: Option<Procedure>,
    /// The earlier case that it repeats.
    #[serde(default)]
    pub earlier_case_id: Option<CaseId>,
    /// Of an accusation: the accused unit. Required there.
    #[serde(default)]
    pub accused_unit_id: Option<UnitId>,
    /// Of an accusation: the accused member of staff.
    #[serde(default)]
    pub accused_user_id: Option<UserId>,
    /// Who first received it (首问责任人), never changed; the caller when absent.
    #[serde(default)]
    pub first_receiver_id: Option<UserId>,
    /// The people.
    #[serde(default)]
    pub people: Vec<NewPerson>,
    /// Photos that the caller has uploaded; each becomes a file of the case.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
    /// When it was taken down, by the phone's clock. Kept as what the phone says; the server's clock
    /// decides.
    #[serde(default)]
    pub recorded_at: Option<DateTime<Utc>>,
    /// The number of the provisional receipt that the phone gave out for it.
    #[serde(default)]
    pub provisional_number: Option<String>,
}

/// A person of a case, as entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// What they are in the case.
    pub role: PersonRole,
    /// Their name.
    pub name: String,
    /// ID number; kept encrypted, masked in answers. On a change: absent keeps, empty clears.
    #[serde(default)]
    pub id_number: Option<String>,
    /// Phone number; kept encrypted, masked in answers. On a change: absent keeps, empty clears.
    #[serde(default)]
    pub phone: Option<String>,
    /// Address (village and group are enough).
    #[serde(default)]
    pub address: Option<String>,
    /// Of a key person: why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Of a key person: when it is to be looked at again.
    #[serde(default)]
    pub review_on: Option<NaiveDate>,
    /// Of a key person: what help is given.
    #[serde(default)]
    pub follow_up: Vec<FollowUp>,
    /// When they want to be reached, in words.
    #[serde(default)]
    pub contact_hours: Option<String>,
    /// Not by telephone or message.
    #[serde(default)]
    pub do_not_call: bool,
    /// Nothing on the outside of a letter says what it is about.
    #[serde(default)]
    pub neutral_wording: bool,
    /// Somebody they trust, who may pass a message on: name and what they are to the person.
    #[serde(default)]
    pub trusted_name: Option<String>,
    /// That one's phone number; kept encrypted. On a change: absent keeps, empty clears.
    #[serde(default)]
    pub trusted_phone: Option<String>,
}

impl NewPerson {
    /// A person with a name only.
    pub fn named(role: PersonRole, name: impl Into<String>) -> Self {
        Self {
            role,
            name: name.into(),
            id_number: None,
            phone: None,
            address: None,
            reason: None,
            review_on: None,
            follow_up: Vec::new(),
            contact_hours: None,
            do_not_call: false,
            neutral_wording: false,
            trusted_name: None,
            trusted_phone: None,
        }
    }

    /// Notes what is wrong, with field paths below `at` (`people.0.`, or empty).
    pub fn check(&self, errors: &mut Errors, at: &str, today: NaiveDate) {
        errors.text(&format!("{at}name"), "姓名", &self.name, 40);
        if let Some(number) = filled(self.id_number.as_deref())
            && let Err(error) = IdNumber::parse(number)
        {
            errors.add(format!("{at}id_number"), error.code(), error.to_string());
        }
        if let Some(number) = filled(self.phone.as_deref())
            && let Err(error) = Phone::parse(number)
        {
            errors.add(format!("{at}phone"), error.code(), error.to_string());
        }
        errors.length(
            &format!("{at}address"),
            "住址",
            self.address.as_deref().unwrap_or(""),
            MAX_SHORT,
        );
        self.check_care(errors, at);
        if self.role == PersonRole::KeyPerson {
            errors.text(
                &format!("{at}reason"),
                "列为重点人员的理由",
                self.reason.as_deref().unwrap_or(""),
                MAX_SHORT,
            );
            match self.review_on {
                None => errors.add(
                    format!("{at}review_on"),
                    "required",
                    "请填写复核日期：到期重新看是否还需要列为重点人员。",
                ),
                Some(day) if day < today => errors.add(
                    format!("{at}review_on"),
                    "in_past",
                    "复核日期不能早于今天。",
                ),
                Some(_) => {}
            }
            if self.follow_up.is_empty() {
                errors.add(
                    format!("{at}follow_up"),
                    "required",
                    "请选择至少一种跟进方式（解释疏导、帮扶救助、组织调解、法律援助）。",
                );
            }
        }
    }
}

impl NewPerson {
    /// Notes what is wrong with how they are to be reached.
    fn check_care(&self, errors: &mut Errors, at: &str) {
        for (field, name, text) in [
            ("contact_hours", "方便联系的时间", &self.contact_hours),
            ("trusted_name", "可转告的人", &self.trusted_name),
        ] {
            let text = text.as_deref().unwrap_or("");
            errors.length(&format!("{at}{field}"), name, text, MAX_SHORT);
        }
        if let Some(number) = filled(self.trusted_phone.as_deref()) {
            if let Err(error) = Phone::parse(number) {
                errors.add(
                    format!("{at}trusted_phone"),
                    error.code(),
                    error.to_string(),
                );
            }
            if filled(self.trusted_name.as_deref()).is_none() {
                errors.add(
                    format!("{at}trusted_name"),
                    "required",
                    "填了转告人的电话，也要写明是谁。",
                );
            }
        }
    }
}

/// The text without surrounding white space, if anything is left.
pub fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

impl NewCase {
    /// A case with only what every case has, received by inspection.
    pub fn plain(
        kind: Kind,
        purpose: Purpose,
        category: Category,
        cause: String,
        people_count: u32,
        received_on: NaiveDate,
    ) -> Self {
        Self {
            kind,
            channel: Channel::Inspection,
            purpose,
            category,
            subcategory: None,
            severity: None,
            cause,
            demand: None,
            occurred_on: None,
            occurred_text: None,
            place: None,
            unit_concerned: None,
            village_id: None,
            group_id: None,
            people_count,
            people_count_text: None,
            collective: None,
            development: None,
            handling: None,
            received_on,
            procedure: None,
            earlier_case_id: None,
            accused_unit_id: None,
            accused_user_id: None,
            first_receiver_id: None,
            people: Vec::new(),
            photos: Vec::new(),
            recorded_at: None,
            provisional_number: None,
        }
    }

    /// What is wrong with the input by itself; that ids exist is checked where they are known.
    /// `today` is the day in Asia/Shanghai.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        errors.text("cause", "起因", &self.cause, MAX_CAUSE);
        check_texts(
            &mut errors,
            &[
                ("demand", "诉求", self.demand.as_deref(), MAX_LONG),
                (
                    "development",
                    "事态发展",
                    self.development.as_deref(),
                    MAX_LONG,
                ),
                ("handling", "调处情况", self.handling.as_deref(), MAX_LONG),
                ("place", "地点", self.place.as_deref(), MAX_SHORT),
                (
                    "unit_concerned",
                    "涉及单位",
                    self.unit_concerned.as_deref(),
                    MAX_SHORT,
                ),
                (
                    "occurred_text",
                    "时间",
                    self.occurred_text.as_deref(),
                    MAX_SHORT,
                ),
                (
                    "people_count_text",
                    "涉及人数",
                    self.people_count_text.as_deref(),
                    MAX_SHORT,
                ),
            ],
        );
        check_received(&mut errors, self.received_on, today);
        check_occurred(&mut errors, self.occurred_on, self.received_on);
        check_category(&mut errors, self.category, self.subcategory.as_ref());
        check_count(&mut errors, self.people_count, self.collective);
        if self.group_id.is_some() && self.village_id.is_none() {
            errors.add("village_id", "required", "选了社，也要选它所在的村。");
        }
        check_people(
            &mut errors,
            self.kind,
            self.purpose,
            self.people_count,
            &self.people,
            today,
        );
        crate::photo::check(&mut errors, &self.photos);
        if let Some(number) = filled(self.provisional_number.as_deref())
            && let Err(wrong) = Provisional::read(number)
        {
            errors.add("provisional_number", wrong.code(), wrong.to_string());
        }
        check_accused(
            &mut errors,
            self.purpose,
            self.accused_unit_id.as_ref(),
            self.accused_user_id.as_ref(),
        );
        if self.procedure == Some(Procedure::Simple) && self.earlier_case_id.is_some() {
            errors.add(
                "procedure",
                "not_first",
                "简易程序只适用于初次信访（《信访事项简易办理办法》）。",
            );
        }
        errors
    }
}

fn check_texts(errors: &mut Errors, texts: &[(&str, &str, Option<&str>, usize)]) {
    for (field, name, text, max) in texts {
        errors.length(field, name, text.unwrap_or(""), *max);
    }
}

fn check_received(errors: &mut Errors, received: NaiveDate, today: NaiveDate) {
    if received > today {
        errors.add("received_on", "in_future", "登记日期不能晚于今天。");
    } else if received < NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN) {
        errors.add("received_on", "too_early", "登记日期不能早于2000年1月1日。");
    }
}

fn check_occurred(errors: &mut Errors, occurred: Option<NaiveDate>, received: NaiveDate) {
    if occurred.is_some_and(|day| day > received) {
        errors.add(
            "occurred_on",
            "after_received",
            "发生时间不能晚于登记日期。",
        );
    }
}

/// What the program comes with is below its first level everywhere; of a township's own codes
/// [`Categories::check`] knows.
fn check_category(errors: &mut Errors, category: Category, code: Option<&SubcategoryCode>) {
    let bundled = code.and_then(|code| Subcategory::from_code(code.as_str()));
    if bundled.is_some_and(|sub| !category.subcategories().contains(&sub)) {
        Categories::bundled().check(errors, category, code, None);
    }
}

fn check_count(errors: &mut Errors, count: u32, collective: Option<bool>) {
    if count == 0 || count > MAX_PEOPLE_COUNT {
        errors.add(
            "people_count",
            "out_of_range",
            format!("涉及人数应在1至{MAX_PEOPLE_COUNT}之间。"),
        );
    }
    if collective.is_some_and(|flag| flag != (count >= COLLECTIVE_FROM)) {
        errors.add(
            "collective",
            "count_mismatch",
            format!("{COLLECTIVE_FROM}人及以上为集体访，现在填的是{count}人。"),
        );
    }
}

fn check_people(
    errors: &mut Errors,
    kind: Kind,
    purpose: Purpose,
    count: u32,
    people: &[NewPerson],
    today: NaiveDate,
) {
    if people.len() > MAX_PEOPLE {
        errors.add(
            "people",
            "too_many",
            format!("一件事项最多登记{MAX_PEOPLE}名人员。"),
        );
    }
    for (i, person) in people.iter().enumerate() {
        person.check(errors, &format!("people.{i}."), today);
    }
    check_roles(errors, count, people.iter().map(|person| person.role));
    let petitioner = people
        .iter()
        .any(|p| matches!(p.role, PersonRole::Petitioner | PersonRole::Representative));
    // An accusation may be anonymous.
    if kind == Kind::Petition && purpose != Purpose::Accusation && !petitioner {
        errors.add(
            "people",
            "petitioner_required",
            "信访件要有信访人，请填写姓名。",
        );
    }
}

/// Notes what is wrong with the roles of a case's people taken together.
pub fn check_roles(errors: &mut Errors, count: u32, roles: impl Iterator<Item = PersonRole>) {
    let representatives = roles
        .filter(|role| *role == PersonRole::Representative)
        .count();
    if representatives > MAX_REPRESENTATIVES {
        errors.add(
            "people",
            "too_many_representatives",
            format!("集体访推选的代表不得超过{MAX_REPRESENTATIVES}人（《信访工作条例》第二十条），现在有{representatives}人。"),
        );
    }
    if representatives > 0 && count < COLLECTIVE_FROM {
        errors.add(
            "people",
            "not_collective",
            format!("只有{COLLECTIVE_FROM}人及以上的集体访才推选代表。"),
        );
    }
}

fn check_accused(
    errors: &mut Errors,
    purpose: Purpose,
    unit: Option<&UnitId>,
    user: Option<&UserId>,
) {
    if purpose == Purpose::Accusation {
        if unit.is_none() {
            errors.add(
                "accused_unit_id",
                "required",
                "检举控告要选被反映的单位，系统据此对该单位保密（《信访工作条例》第三十条）。",
            );
        }
    } else if unit.is_some() || user.is_some() {
        errors.add(
            "accused_unit_id",
            "not_an_accusation",
            "只有检举控告才填被反映的单位和人员。",
        );
    }
}

/// A change of a case's fields; what is absent stays. An empty text clears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CasePatch {
    /// Petition, dispute or sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// How it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What is wanted. Setting `accusation` seals the case; a sealed case stays sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// First level of the category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Second level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcategory: Option<SubcategoryCode>,
    /// How grave it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<String>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_on: Option<NaiveDate>,
    /// When it happened, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_text: Option<String>,
    /// Where it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The unit concerned, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_concerned: Option<String>,
    /// The village.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub village_id: Option<UnitId>,
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<UnitId>,
    /// How many people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_count: Option<u32>,
    /// The head-count in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_count_text: Option<String>,
    /// How things develop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<String>,
    /// What has been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<String>,
    /// Of an accusation: the accused unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accused_unit_id: Option<UnitId>,
    /// Of an accusation: the accused member of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accused_user_id: Option<UserId>,
}

/// What a patched case must still satisfy, whole.
#[derive(Debug, Clone)]
pub struct Patched<'a> {
    /// Its category after the change.
    pub category: Category,
    /// Its second level after the change.
    pub subcategory: Option<&'a SubcategoryCode>,
    /// Its head-count after the change.
    pub people_count: u32,
    /// When it happened, after the change.
    pub occurred_on: Option<NaiveDate>,
    /// When it was received.
    pub received_on: NaiveDate,
    /// What is wanted, before and after.
    pub purpose: (Purpose, Purpose),
    /// The accused unit after the change.
    pub accused_unit_id: Option<&'a UnitId>,
    /// The accused member of staff after the change.
    pub accused_user_id: Option<&'a UserId>,
    /// The roles of its people.
    pub roles: &'a [PersonRole],
}

impl CasePatch {
    /// What is wrong with the change, given the case as it would be after it.
    pub fn check(&self, case: &Patched<'_>) -> Errors {
        let mut errors = Errors::new();
        if let Some(cause) = &self.cause {
            errors.text("cause", "起因", cause, MAX_CAUSE);
        }
        check_texts(
            &mut errors,
            &[
                ("demand", "诉求", self.demand.as_deref(), MAX_LONG),
                (
                    "development",
                    "事态发展",
                    self.development.as_deref(),
                    MAX_LONG,
                ),
                ("handling", "调处情况", self.handling.as_deref(), MAX_LONG),
                ("place", "地点", self.place.as_deref(), MAX_SHORT),
                (
                    "unit_concerned",
                    "涉及单位",
                    self.unit_concerned.as_deref(),
                    MAX_SHORT,
                ),
                (
                    "occurred_text",
                    "时间",
                    self.occurred_text.as_deref(),
                    MAX_SHORT,
                ),
                (
                    "people_count_text",
                    "涉及人数",
                    self.people_count_text.as_deref(),
                    MAX_SHORT,
                ),
            ],
        );
        check_occurred(&mut errors, case.occurred_on, case.received_on);
        check_category(&mut errors, case.category, case.subcategory);
        check_count(&mut errors, case.people_count, None);
        check_roles(&mut errors, case.people_count, case.roles.iter().copied());
        let (before, after) = case.purpose;
        if before == Purpose::Accusation && after != Purpose::Accusation {
            errors.add("purpose", "sealed", "检举控告件不能改为其他性质。");
        }
        check_accused(
            &mut errors,
            after,
            case.accused_unit_id,
            case.accused_user_id,
        );
        errors
    }
}

/// Why somebody wants to see a number in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RevealRequest {
    /// The reason; it is kept in the audit log.
    pub reason: String,
}

impl RevealRequest {
    /// What is wrong with it.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "查看理由", &self.reason, MAX_SHORT);
        errors
    }
}

/// What is known while a case is being registered, to look for earlier ones like it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SimilarQuery {
    /// The cause as typed so far.
    #[serde(default)]
    pub cause: String,
    /// The village.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// ID numbers of the people entered; compared by keyed hash, never stored by this call.
    #[serde(default)]
    pub id_numbers: Vec<String>,
    /// Phone numbers of the people entered.
    #[serde(default)]
    pub phones: Vec<String>,
    /// Names of the people entered; a name alone counts only together with a similar text.
    #[serde(default)]
    pub names: Vec<String>,
    /// A case to leave out: the one being edited.
    #[serde(default)]
    pub except: Option<CaseId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    pub(crate) fn case() -> NewCase {
        NewCase {
            kind: Kind::Petition,
            channel: Channel::Visit,
            purpose: Purpose::Claim,
            category: Category::Rural,
            subcategory: Some(Subcategory::LandTransfer.into()),
            severity: None,
            cause: "土地流转费两年未兑付".into(),
            demand: None,
            occurred_on: None,
            occurred_text: Some("2022年春".into()),
            place: None,
            unit_concerned: None,
            village_id: None,
            group_id: None,
            people_count: 1,
            people_count_text: None,
            collective: None,
            development: None,
            handling: None,
            received_on: day("2026-03-02"),
            procedure: None,
            earlier_case_id: None,
            accused_unit_id: None,
            accused_user_id: None,
            first_receiver_id: None,
            people: vec![NewPerson::named(PersonRole::Petitioner, "张三")],
            photos: Vec::new(),
            recorded_at: None,
            provisional_number: None,
        }
    }

    fn codes(case: &NewCase) -> Vec<String> {
        let mut codes: Vec<_> = case
            .check(day("2026-03-10"))
            .into_vec()
            .into_iter()
            .map(|error| format!("{}:{}", error.field, error.code))
            .collect();
        codes.sort();
        codes
    }

    #[test]
    fn good_input_has_no_errors() {
        assert_eq!(codes(&case()), Vec::<String>::new());
    }

    #[test]
    fn each_rule_names_its_field() {
        let rep = || NewPerson::named(PersonRole::Representative, "李四");
        type Change = Box<dyn Fn(&mut NewCase)>;
        let table: Vec<(Change, &[&str])> = vec![
            (Box::new(|c| c.cause = "  ".into()), &["cause:required"]),
            (
                Box::new(|c| c.cause = "字".repeat(4001)),
                &["cause:too_long"],
            ),
            (
                Box::new(|c| c.received_on = day("2026-03-11")),
                &["received_on:in_future"],
            ),
            (
                Box::new(|c| c.occurred_on = Some(day("2026-03-03"))),
                &["occurred_on:after_received"],
            ),
            (
                Box::new(|c| c.people_count = 0),
                &["people_count:out_of_range"],
            ),
            (
                Box::new(|c| {
                    c.people_count = 5;
                    c.collective = Some(false)
                }),
                &["collective:count_mismatch"],
            ),
            (
                Box::new(|c| {
                    c.people_count = 4;
                    c.collective = Some(true)
                }),
                &["collective:count_mismatch"],
            ),
            (
                Box::new(|c| c.subcategory = Some(Subcategory::Boundary.into())),
                &["subcategory:not_of_category"],
            ),
            (
                Box::new(|c| c.people.clear()),
                &["people:petitioner_required"],
            ),
            (
                Box::new(move |c| {
                    c.people_count = 9;
                    c.people = vec![rep(), rep(), rep(), rep(), rep(), rep()]
                }),
                &["people:too_many_representatives"],
            ),
            (
                Box::new(move |c| {
                    c.people
                        .push(NewPerson::named(PersonRole::Representative, "李四"))
                }),
                &["people:not_collective"],
            ),
            (
                Box::new(|c| c.people[0].id_number = Some("999999195307140713".into())),
                &["people.0.id_number:id_number_check_digit"],
            ),
            (
                Box::new(|c| c.people[0].phone = Some("123".into())),
                &["people.0.phone:phone_shape"],
            ),
            (
                Box::new(|c| {
                    c.people
                        .push(NewPerson::named(PersonRole::KeyPerson, "王五"))
                }),
                &[
                    "people.1.follow_up:required",
                    "people.1.reason:required",
                    "people.1.review_on:required",
                ],
            ),
            (
                Box::new(|c| c.purpose = Purpose::Accusation),
                &["accused_unit_id:required"],
            ),
            (
                Box::new(|c| c.accused_unit_id = Some("u".into())),
                &["accused_unit_id:not_an_accusation"],
            ),
            (
                Box::new(|c| c.group_id = Some("g".into())),
                &["village_id:required"],
            ),
            (
                Box::new(|c| {
                    c.procedure = Some(Procedure::Simple);
                    c.earlier_case_id = Some("c".into())
                }),
                &["procedure:not_first"],
            ),
        ];
        for (change, expect) in table {
            let mut input = case();
            change(&mut input);
            assert_eq!(codes(&input), expect);
        }
    }

    #[test]
    fn an_anonymous_accusation_is_taken() {
        let mut input = case();
        input.purpose = Purpose::Accusation;
        input.accused_unit_id = Some("u".into());
        input.people.clear();
        assert_eq!(codes(&input), Vec::<String>::new());
    }
}
