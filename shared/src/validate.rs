//! Collects what is wrong with the fields of an input, so that a person hears of all of it at once.

use crate::problem::FieldError;

/// The errors found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    /// Starts with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes an error: the field's path, a stable code, a Chinese sentence.
    pub fn add(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    /// Notes an error if the text, without surrounding white space, is empty or longer than `max`
    /// characters. `name` is what the form calls the field.
    pub fn text(&mut self, field: &str, name: &str, value: &str, max: usize) {
        if value.trim().is_empty() {
            self.add(field, "required", format!("请填写{name}。"));
        }
        self.length(field, name, value, max);
    }

    /// Notes an error if the text is longer than `max` characters, or has a NUL, which no database
    /// keeps alike.
    pub fn length(&mut self, field: &str, name: &str, value: &str, max: usize) {
        let length = value.trim().chars().count();
        if length > max {
            self.add(
                field,
                "too_long",
                format!("{name}最多{max}个字，现在有{length}个字。"),
            );
        }
        if value.contains('\0') {
            let message = format!("{name}中有无法保存的字符（NUL），请删除后重新输入。");
            self.add(field, "invalid_character", message);
        }
    }

    /// The errors, if there are any.
    ///
    /// # Errors
    /// All that were noted.
    pub fn into_result(self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }

    /// Whether none was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors noted.
    pub fn into_vec(self) -> Vec<FieldError> {
        self.0
    }
}
