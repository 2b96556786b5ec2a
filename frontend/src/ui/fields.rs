//! A form drawn from a list of declared fields ([`shared::case::matter::Field`]), and the JSON that
//! it sends: one dialog for every deed and every document.

use std::fmt::Write as _;

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::case::matter::form::{self, Choice, Field, FieldKind};
use shared::json;

use super::field::{Form, field, filled};
use super::icon::{Icon, icon};
use crate::browser;
use crate::directory::{Options, directory};

/// Declared fields with what is typed into them.
#[derive(Clone)]
pub(crate) struct Sheet {
    form: Form,
    /// The persons of the case, to choose from.
    people: StoredValue<Options>,
    cells: Vec<(Field, Cell)>,
}

/// What is typed into a field.
#[derive(Clone, Copy)]
enum Cell {
    Text(RwSignal<String>),
    Check(RwSignal<bool>),
    Many(RwSignal<Vec<String>>),
    Rows(RwSignal<Vec<Sheet>>),
}

/// The fields of a form. `people` are the persons of the case (id, name).
pub(crate) fn sheet(form: Form, fields: Vec<Field>, people: Options) -> Sheet {
    Sheet::new(form, fields, StoredValue::new(people))
}

impl Sheet {
    fn new(form: Form, fields: Vec<Field>, people: StoredValue<Options>) -> Self {
        let cells = fields
            .into_iter()
            .map(|field| {
                let start = field.value.clone().unwrap_or_default();
                let cell = match &field.kind {
                    FieldKind::Check => Cell::Check(RwSignal::new(start == "true")),
                    FieldKind::Choices { .. } | FieldKind::Persons => {
                        let codes = start.split(',').filter_map(filled).collect();
                        Cell::Many(RwSignal::new(codes))
                    }
                    FieldKind::Rows { fields, min, .. } => {
                        let known: Vec<Map<String, Value>> = json::read(&start).unwrap_or_default();
                        let line = |at: usize| {
                            let mut fields = fields.clone();
                            for field in &mut fields {
                                let known = known.get(at).and_then(|line| line.get(&field.name));
                                if let Some(text) = known.and_then(Value::as_str) {
                                    field.value = Some(text.to_owned());
                                }
                            }
                            Self::new(form, fields, people)
                        };
                        Cell::Rows(RwSignal::new(
                            (0..known.len().max(*min)).map(line).collect(),
                        ))
                    }
                    _ => Cell::Text(RwSignal::new(start)),
                };
                (field, cell)
            })
            .collect();
        Self {
            form,
            people,
            cells,
        }
    }

    /// What is filled in, as a JSON object; what is empty stays out.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        for (field, cell) in &self.cells {
            let value = match cell {
                Cell::Text(text) => filled(&text.get_untracked()).map(|text| match field.kind {
                    // What is no number stays text, which the check finds.
                    FieldKind::Number { .. } => {
                        text.parse::<u32>().map_or(Value::String(text), Value::from)
                    }
                    _ => Value::String(text),
                }),
                Cell::Check(on) => Some(Value::Bool(on.get_untracked())),
                Cell::Many(codes) => {
                    let codes = codes.get_untracked();
                    (!codes.is_empty()).then(|| Value::from(codes))
                }
                Cell::Rows(lines) => {
                    let lines = lines.get_untracked();
                    let lines = lines.iter().map(|line| Value::Object(line.json()));
                    Some(Value::Array(lines.collect()))
                }
            };
            if let Some(value) = value {
                object.insert(field.name.clone(), value);
            }
        }
        object
    }

    /// What is filled in, in words: what a field is called, what it says.
    pub(crate) fn said(&self) -> Vec<(String, String)> {
        let lines = self.cells.iter().map(|(field, cell)| {
            let words = match cell {
                Cell::Text(text) => text.with_untracked(|text| self.named(&field.kind, text)),
                Cell::Check(on) => match on.get_untracked() {
                    true => "是".to_owned(),
                    false => String::new(),
                },
                Cell::Many(codes) => codes.with_untracked(|codes| {
                    let names = codes.iter().map(|code| self.named(&field.kind, code));
                    names.collect::<Vec<_>>().join("、")
                }),
                Cell::Rows(lines) => lines.with_untracked(|lines| {
                    let lines = lines.iter().map(|line| {
                        let words = line.said().into_iter().map(|(_, words)| words);
                        words.collect::<Vec<_>>().join("，")
                    });
                    lines.collect::<Vec<_>>().join("；")
                }),
            };
            (field.label.clone(), words)
        });
        lines.filter(|(_, words)| !words.is_empty()).collect()
    }

    /// What a value stands for, as its field shows it.
    fn named(&self, kind: &FieldKind, value: &str) -> String {
        let directory = directory();
        let found = match kind {
            FieldKind::Choice { choices } | FieldKind::Choices { choices } => choices
                .iter()
                .find(|choice| choice.code == value)
                .map(|choice| choice.label.clone()),
            FieldKind::Unit { .. } => directory.unit_name(value),
            FieldKind::User { .. } => directory.user_name(value),
            FieldKind::Person | FieldKind::Persons => self.people.with_value(|people| {
                let found = people.iter().find(|(id, _)| id == value);
                found.map(|(_, name)| name.clone())
            }),
            _ => None,
        };
        found.unwrap_or_else(|| value.trim().to_owned())
    }

    /// What is filled in, if each field has what its declaration asks for; otherwise the form shows
    /// what is wrong.
    pub(crate) fn checked(&self) -> Option<Map<String, Value>> {
        let object = self.json();
        let errors = form::check(self.cells.iter().map(|(field, _)| field), &object);
        self.form.accept(errors).then_some(object)
    }

    /// Draws the fields.
    pub(crate) fn view(&self) -> AnyView {
        self.draw("")
    }

    /// `at` is the path before the fields' names (`items.0.`).
    fn draw(&self, at: &str) -> AnyView {
        self.cells
            .iter()
            .map(|(field, cell)| self.one(at, field, *cell))
            .collect_view()
            .into_any()
    }

    fn one(&self, at: &str, declared: &Field, cell: Cell) -> AnyView {
        let name = format!("{at}{}", declared.name);
        let mut drawn = field(self.form, name.clone(), declared.label.clone());
        if declared.required {
            drawn = drawn.required();
        }
        let bounds = match declared.kind {
            FieldKind::Rows { min, max, .. } if min > 0 => format!("{min}至{max}项。"),
            _ => String::new(),
        };
        let help = declared.help.clone().unwrap_or_default() + &bounds;
        if !help.is_empty() {
            drawn = drawn.hint(help);
        }
        let none = Some(if declared.required {
            "请选择"
        } else {
            "不指定"
        });
        match cell {
            Cell::Text(value) => match &declared.kind {
                FieldKind::Long { .. } => drawn.area(value, 4),
                FieldKind::Date => drawn.class("field field-short").date(value),
                FieldKind::Time => drawn.class("field field-short").kind("time").input(value),
                FieldKind::Number { min, max } => drawn
                    .class("field field-short")
                    .kind("number")
                    .mode("numeric")
                    .between(min, max)
                    .input(value),
                FieldKind::Choice { choices } => {
                    let options = offered(choices);
                    // Few are all in sight; one that may stay empty needs a way back.
                    if declared.required && options.len() <= 4 {
                        drawn.choices(value, options)
                    } else {
                        drawn.select(value, none, options)
                    }
                }
                FieldKind::Unit { kinds } => {
                    let (directory, kinds) = (directory(), kinds.clone());
                    let units = Signal::derive(move || directory.units_of(&kinds));
                    drawn.select(value, none, units)
                }
                FieldKind::User { roles } => {
                    let (directory, roles) = (directory(), roles.clone());
                    let users = Signal::derive(move || directory.users_of(&roles));
                    drawn.select(value, none, users)
                }
                FieldKind::Person => drawn.select(value, none, self.people.get_value()),
                _ => drawn.input(value),
            },
            Cell::Check(value) => drawn.check(value),
            Cell::Many(value) => drawn.several(
                value,
                match &declared.kind {
                    FieldKind::Choices { choices } => offered(choices),
                    _ => self.people.get_value(),
                },
            ),
            Cell::Rows(lines) => match &declared.kind {
                FieldKind::Rows { fields, min, max } => {
                    let body = self.rows(name, fields.clone(), lines, (*min, *max));
                    drawn.group(body)
                }
                _ => ().into_any(),
            },
        }
    }

    fn rows(
        &self,
        name: String,
        fields: Vec<Field>,
        lines: RwSignal<Vec<Self>>,
        (min, max): (usize, usize),
    ) -> AnyView {
        let (form, people) = (self.form, self.people);
        let first = fields
            .first()
            .map_or(String::new(), |first| first.name.clone());
        let adder = format!("{name}-add");
        let (path, to_adder) = (name.clone(), adder.clone());
        let drawn = move || {
            let all = lines.get();
            let removable = all.len() > min;
            all.into_iter()
                .enumerate()
                .map(|(at, line)| {
                    let adder = to_adder.clone();
                    let remove = removable.then(|| {
                        view! {
                            <button
                                type="button"
                                class="btn btn-small"
                                aria-label=format!("删除第{}项", at + 1)
                                on:click=move |_| {
                                    lines.update(|lines| drop(lines.remove(at)));
                                    form.errors.set(Vec::new());
                                    browser::focus_later(adder.clone());
                                }
                            >
                                "删除"
                            </button>
                        }
                    });
                    let mut prefix = path.clone();
                    let _ = write!(prefix, ".{at}.");
                    view! {
                        <fieldset class="group">
                            <legend>{format!("第{}项", at + 1)}</legend>
                            <div class="grid">{line.draw(&prefix)}</div>
                            {remove}
                        </fieldset>
                    }
                    .into_any()
                })
                .collect_view()
        };
        let full = move || lines.with(Vec::len) >= max;
        let add = move |_: leptos::ev::MouseEvent| {
            let at = lines.with_untracked(Vec::len);
            lines.update(|lines| lines.push(Self::new(form, fields.clone(), people)));
            form.mended(&name);
            browser::focus_later(format!("{name}.{at}.{first}"));
        };
        view! {
            {drawn}
            <button
                type="button"
                class="btn btn-small"
                id=adder
                disabled=full
                on:click=add
            >
                {icon(Icon::Add)}
                "增加一项"
            </button>
        }
        .into_any()
    }
}

fn offered(choices: &[Choice]) -> Options {
    choices
        .iter()
        .map(|choice| (choice.code.clone(), choice.label.clone()))
        .collect()
}
