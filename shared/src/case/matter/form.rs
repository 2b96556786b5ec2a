//! What a deed asks for, declared beside the rule that checks it: the app draws its dialog from
//! this, a script reads it in `steps[].fields`.

use serde::{Deserialize, Serialize};

use crate::org::UnitKind;
use crate::role::Role;
use crate::term::Term;

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
    /// What a form starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
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

/// A term to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
