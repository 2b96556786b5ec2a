//! What a deed asks for, declared beside the rule that checks it: the app draws its dialog from
//! this, a script reads it in `steps[].fields`.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::org::UnitKind;
use crate::role::Role;
use crate::term::Term;
use crate::validate::Errors;

/// A field of a deed's input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Field {
    /// Its name in the input's JSON.
    pub name: String,
    /// What a form calls it.
    pub label: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Whether it must be given.
    pub required: bool,
    /// A hint where a clerk would hesitate; the article behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What a form starts with: text or a code; of several, codes joined by commas; of lines, a JSON
    /// array of objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", try_from = "Flat")]
#[cfg_attr(feature = "openapi", schema(as = FormFieldKind))]
pub enum FieldKind {
    /// A line of text.
    Text {
        /// The most characters.
        max: usize,
    },
    /// Several lines of text.
    Long {
        /// The most characters.
        max: usize,
    },
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A time of day, `HH:MM`.
    Time,
    /// A whole number (a JSON number).
    Number {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// Yes or no (a JSON boolean).
    Check,
    /// One of some terms: its code.
    Choice {
        /// What there is to choose from.
        choices: Vec<Choice>,
    },
    /// Any of some terms: an array of codes.
    Choices {
        /// What there is to choose from.
        choices: Vec<Choice>,
    },
    /// A unit of the township: its id.
    Unit {
        /// Only units of these kinds; of any when empty.
        kinds: Vec<UnitKind>,
    },
    /// A member of staff: their id.
    User {
        /// Only users with these roles; with any when empty.
        roles: Vec<Role>,
    },
    /// A person of the case: their id.
    Person,
    /// Persons of the case: an array of ids.
    Persons,
    /// Several lines of the same fields: an array of objects.
    Rows {
        /// The fields of a line.
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        fields: Vec<Field>,
        /// The least lines.
        min: usize,
        /// The most lines.
        max: usize,
    },
}

/// A [`FieldKind`] as JSON has it, all in one: read so, it costs the app's download less than serde's
/// way with tags.
#[derive(Deserialize)]
struct Flat {
    r#type: String,
    #[serde(default)]
    min: usize,
    #[serde(default)]
    max: usize,
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    kinds: Vec<UnitKind>,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    fields: Vec<Field>,
}

impl TryFrom<Flat> for FieldKind {
    type Error = String;

    fn try_from(flat: Flat) -> Result<Self, String> {
        let Flat {
            min,
            max,
            choices,
            kinds,
            roles,
            fields,
            ..
        } = flat;
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(match flat.r#type.as_str() {
            "text" => Self::Text { max },
            "long" => Self::Long { max },
            "date" => Self::Date,
            "time" => Self::Time,
            "number" => Self::Number {
                min: number(min),
                max: number(max),
            },
            "check" => Self::Check,
            "choice" => Self::Choice { choices },
            "choices" => Self::Choices { choices },
            "unit" => Self::Unit { kinds },
            "user" => Self::User { roles },
            "person" => Self::Person,
            "persons" => Self::Persons,
            "rows" => Self::Rows { fields, min, max },
            other => return Err(format!("no field is of the type {other}")),
        })
    }
}

/// A term to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FormChoice))]
pub struct Choice {
    /// What is sent.
    pub code: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// All terms of a set.
    pub fn all<T: Term>() -> Vec<Self> {
        Self::of(T::ALL)
    }

    /// Some terms of a set.
    pub fn of<T: Term>(terms: &[T]) -> Vec<Self> {
        terms
            .iter()
            .map(|term| Self {
                code: term.code().to_owned(),
                label: term.label().to_owned(),
            })
            .collect()
    }
}

impl Field {
    /// A field that may stay empty.
    pub fn new(name: &str, label: &str, kind: FieldKind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            required: false,
            help: None,
            value: None,
        }
    }

    /// A line of text.
    pub fn text(name: &str, label: &str, max: usize) -> Self {
        Self::new(name, label, FieldKind::Text { max })
    }

    /// Several lines of text.
    pub fn long(name: &str, label: &str, max: usize) -> Self {
        Self::new(name, label, FieldKind::Long { max })
    }

    /// A day.
    pub fn date(name: &str, label: &str) -> Self {
        Self::new(name, label, FieldKind::Date)
    }

    /// The day on which a deed took effect: `on`, today when absent.
    pub fn on(label: &str) -> Self {
        Self::date("on", label).help("不填为今天；补录填实际日期。")
    }

    /// One of the terms of a set.
    pub fn choice<T: Term>(name: &str, label: &str) -> Self {
        let choices = Choice::all::<T>();
        Self::new(name, label, FieldKind::Choice { choices })
    }

    /// Any of the terms of a set.
    pub fn choices<T: Term>(name: &str, label: &str) -> Self {
        let choices = Choice::all::<T>();
        Self::new(name, label, FieldKind::Choices { choices })
    }

    /// A unit of one of the kinds.
    pub fn unit(name: &str, label: &str, kinds: &[UnitKind]) -> Self {
        let kinds = kinds.to_vec();
        Self::new(name, label, FieldKind::Unit { kinds })
    }

    /// A member of staff with one of the roles.
    pub fn user(name: &str, label: &str, roles: &[Role]) -> Self {
        let roles = roles.to_vec();
        Self::new(name, label, FieldKind::User { roles })
    }

    /// Several lines of the same fields.
    pub fn rows(name: &str, label: &str, fields: Vec<Self>, min: usize, max: usize) -> Self {
        Self::new(name, label, FieldKind::Rows { fields, min, max })
    }

    /// The same, that must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, with a hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, that starts with a value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }
}

/// What is wrong with an input as far as its fields' declarations tell: what must be there, how long
/// and how great it may be. What depends on several fields or on the case is the kind's own check.
pub fn check<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    input: &Map<String, Value>,
) -> Errors {
    let mut errors = Errors::new();
    check_at("", fields, input, &mut errors);
    errors
}

fn check_at<'a>(
    at: &str,
    fields: impl IntoIterator<Item = &'a Field>,
    input: &Map<String, Value>,
    errors: &mut Errors,
) {
    for field in fields {
        let value = input.get(&field.name).unwrap_or(&Value::Null);
        field.check(format!("{at}{}", field.name), value, errors);
    }
}

impl Field {
    /// Notes what is wrong with one value.
    fn check(&self, name: String, value: &Value, errors: &mut Errors) {
        use FieldKind as K;
        let label = &self.label;
        let picks = matches!(
            self.kind,
            K::Choice { .. }
                | K::Choices { .. }
                | K::Unit { .. }
                | K::User { .. }
                | K::Person
                | K::Persons
        );
        let verb = if picks { "选择" } else { "填写" };
        let empty = match value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(all) => all.is_empty() && !matches!(self.kind, K::Rows { .. }),
            _ => false,
        };
        if empty {
            let lines = matches!(self.kind, K::Rows { min, .. } if min > 0);
            if self.required || lines {
                errors.add(name, "required", format!("请{verb}{label}。"));
            }
            return;
        }
        let text = value.as_str();
        let known = |choices: &[Choice], code: Option<&str>| {
            choices
                .iter()
                .any(|choice| Some(choice.code.as_str()) == code)
        };
        let fits = match &self.kind {
            K::Text { max } | K::Long { max } => {
                if let Some(text) = text {
                    errors.length(&name, label, text, *max);
                }
                text.is_some()
            }
            K::Date => text.is_some_and(|text| text.parse::<NaiveDate>().is_ok()),
            K::Time => text.is_some_and(|text| NaiveTime::parse_from_str(text, "%H:%M").is_ok()),
            K::Number { min, max } => {
                let number = value.as_u64();
                let fits = number
                    .is_some_and(|number| (u64::from(*min)..=u64::from(*max)).contains(&number));
                if !fits {
                    let message = format!("{label}应是{min}至{max}之间的整数。");
                    errors.add(name, "out_of_range", message);
                }
                return;
            }
            K::Check => value.is_boolean(),
            K::Choice { choices } => known(choices, text),
            K::Choices { choices } => value
                .as_array()
                .is_some_and(|all| all.iter().all(|code| known(choices, code.as_str()))),
            K::Unit { .. } | K::User { .. } | K::Person => text.is_some(),
            K::Persons => value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_string)),
            K::Rows { fields, min, max } => {
                let Some(lines) = value.as_array() else {
                    errors.add(name, "invalid", format!("{label}的格式不对。"));
                    return;
                };
                if lines.len() < *min || lines.len() > *max {
                    let message = format!("{label}应有{min}至{max}项。");
                    errors.add(name.as_str(), "out_of_range", message);
                }
                let none = Map::new();
                for (order, line) in lines.iter().take(*max).enumerate() {
                    let line = line.as_object().unwrap_or(&none);
                    check_at(&format!("{name}.{order}."), fields, line, errors);
                }
                return;
            }
        };
        if !fits {
            errors.add(
                name,
                "invalid",
                format!("{label}的内容不对，请重新{verb}。"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(input: &Value) -> Vec<(String, String)> {
        let line = vec![
            Field::text("what", "事项", 4).required(),
            Field::date("due_on", "期限").required(),
        ];
        let fields = [
            Field::text("title", "标题", 4).required(),
            Field::new("days", "天数", FieldKind::Number { min: 1, max: 30 }),
            Field::choice::<crate::case::Purpose>("purpose", "性质"),
            Field::rows("items", "履行事项", line, 1, 2),
        ];
        let errors = check(&fields, input.as_object().unwrap());
        let errors = errors.into_vec().into_iter();
        errors.map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn what_declarations_tell_is_checked_with_the_path_of_each_field() {
        let line = json!({"what": "付款", "due_on": "2026-03-10"});
        let good = json!({"title": "协议", "days": 30, "purpose": "claim", "items": [line]});
        assert_eq!(wrong(&good), []);
        let named = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        assert_eq!(
            wrong(&json!({"title": " ", "days": "x", "purpose": "y"})),
            [
                named("title", "required"),
                named("days", "out_of_range"),
                named("purpose", "invalid"),
                named("items", "required"),
            ]
        );
        assert_eq!(
            wrong(&json!({"title": "太长的标题", "days": 31, "items": [line, {"what": "还款"}]})),
            [
                named("title", "too_long"),
                named("days", "out_of_range"),
                named("items.1.due_on", "required"),
            ]
        );
        assert_eq!(
            wrong(&json!({"title": "协议", "items": []})),
            [named("items", "out_of_range")]
        );
    }
}
