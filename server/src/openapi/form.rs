//! What an operation has by its form, said once for all: the errors that a sign-in, a body or an
//! `If-Match` bring along, what common parameters mean and look like ([`parameters`]), which files come as
//! what, which scope a token needs. So a new route has it without a word, and no route can say it wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::problem::{Code, FieldError, Problem};
use shared::term::Term;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use super::parameters::{self, Schemas};
use super::roles::{self, Roles};
use crate::error::{ApiError, PROBLEM_JSON};
use crate::token::needs::{self, Need};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// What parameters of these names mean wherever they stand.
const PARAMETERS: &[(&str, &str)] = &[
    ("id", "编号（`id`），来自清单或新建时的答复"),
    ("aid", "附件编号"),
    ("did", "文书编号"),
    ("mid", "专项编号"),
    ("pid", "人员或承诺的编号"),
    ("finding", "报告中一条情况的编号"),
    ("action", "步骤的代码"),
    ("step", "步骤的代码，能办哪些步骤见答复"),
    ("year", "年度"),
    ("If-Match", "读取时得到的 `ETag`，如 `\"3\"`"),
    (
        "Idempotency-Key",
        "1 到 200 个可见的 ASCII 字符；同一键和内容再次提交，得到第一次的答复",
    ),
    ("Last-Event-ID", "上次收到的最后一个事件的编号"),
];

/// Operations that whoever has yet to change the initial password may call.
const INITIAL_PASSWORD_MAY: &[&str] = &[
    "me",
    "change_password",
    "sign_out_everywhere",
    "show_second_factor",
];

/// What somebody may do besides whose role must have a second factor, before there is one.
const TO_SET_IT_UP: &[&str] = &["start_second_factor", "confirm_second_factor"];

/// The operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Completes the document of all rooms.
pub(super) fn complete(document: &mut OpenApi) {
    let mut errors = BTreeMap::new();
    let roles = roles::read();
    let none = Schemas::new();
    let schemas = match &document.components {
        Some(components) => &components.schemas,
        None => &none,
    };
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    describe(parameter);
                    parameters::exemplify(path, parameter, schemas);
                }
            }
            say_files(path, operation);
            say_answers(operation, &mut errors);
            say_scope(path, method, operation);
            say_roles(&roles, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    for (name, codes) in errors {
        let response = problem(&codes);
        components.responses.insert(name, RefOr::T(response));
    }
}

fn describe(parameter: &mut Parameter) {
    let known = PARAMETERS
        .iter()
        .find(|(name, _)| *name == parameter.name)
        .map(|(_, words)| (*words).to_owned());
    let said = parameter
        .description
        .take()
        .filter(|words| !words.is_empty());
    parameter.description = said.or(known);
}

/// What an operation answers with that is no JSON.
fn say_files(path: &str, operation: &mut Operation) {
    let kinds: &[&str] = match operation.operation_id.as_deref() {
        Some("download_attachment") => &["*/*"],
        Some("stream_events") => &["text/event-stream"],
        Some("show_photo") => &["image/jpeg", "image/png", "image/webp"],
        Some("download_import") => &["application/octet-stream"],
        Some("mark_ledger") => &[XLSX],
        _ if path.ends_with(".{format}") => &[XLSX, "text/csv"],
        _ if path.ends_with("/docx") => &[DOCX],
        _ => return,
    };
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        response.content.clear();
        for kind in kinds {
            let content = Content::default();
            response
                .content
                .insert((*kind).to_owned(), RefOr::T(content));
        }
    }
}

/// The codes that an operation may answer with, by its form and by what its room says of it.
fn codes(operation: &Operation) -> BTreeSet<Code> {
    let mut codes = BTreeSet::from([Code::Internal]);
    let name = operation.operation_id.as_deref().unwrap_or_default();
    let secured = operation.security.is_some();
    if secured {
        codes.extend([
            Code::Unauthenticated,
            Code::InsufficientScope,
            Code::TooManyRequests,
        ]);
        if !INITIAL_PASSWORD_MAY.contains(&name) {
            codes.insert(Code::PasswordChangeRequired);
            if !TO_SET_IT_UP.contains(&name) {
                codes.insert(Code::SecondFactorSetup);
            }
        }
    }
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        match (&parameter.parameter_in, parameter.name.as_str()) {
            (ParameterIn::Path, _) => codes.extend([Code::BadRequest, Code::NotFound]),
            (ParameterIn::Query, _) => codes.extend([Code::BadRequest]),
            (_, "If-Match") => {
                codes.extend([Code::BadRequest, Code::StaleVersion, Code::VersionRequired])
            }
            (_, "Idempotency-Key") => {
                codes.extend([Code::BadRequest, Code::IdempotencyMismatch]);
            }
            _ => {}
        }
    }
    if operation.request_body.is_some() {
        codes.extend([Code::BadRequest, Code::TooLarge, Code::UnsupportedMediaType]);
    }
    for status in operation.responses.responses.keys() {
        codes.extend(match (status.as_str(), name) {
            ("401", "sign_in") => &[Code::WrongCredentials, Code::SecondFactorRequired][..],
            ("401", "refresh_session") => &[Code::Unauthenticated, Code::SessionReused],
            ("400", _) => &[Code::BadRequest],
            ("403", _) => &[Code::Forbidden],
            ("404", _) => &[Code::NotFound],
            ("409", _) if is_of_reports(operation) => &[Code::Conflict, Code::Changed],
            ("409", _) => &[Code::Conflict],
            ("412", _) => &[Code::StaleVersion],
            ("413", _) => &[Code::TooLarge],
            ("415", _) => &[Code::UnsupportedMediaType],
            ("422", _) => &[Code::InvalidFields],
            ("429", _) => &[Code::TooManyRequests],
            ("503", _) => &[Code::Unavailable],
            _ => &[],
        });
    }
    codes
}

fn is_of_reports(operation: &Operation) -> bool {
    operation.tags.iter().flatten().any(|tag| tag == "reports")
}

/// Says what answers mean, and which errors there are, each with its codes.
fn say_answers(operation: &mut Operation, errors: &mut BTreeMap<String, Vec<Code>>) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes(operation) {
        by_status.entry(code.status()).or_default().push(code);
    }
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let words = match status.as_str() {
                "200" => "成功",
                "201" => "已新建",
                "202" => "已接受，随后处理",
                "204" => "成功，没有内容",
                _ => continue,
            };
            words.clone_into(&mut response.description);
        }
    }
    for (status, codes) in by_status {
        let name: Vec<&str> = codes.iter().map(|code| code.code()).collect();
        let name = name.join("-");
        let reference = Ref::from_response_name(&name);
        responses.insert(status.to_string(), RefOr::Ref(reference));
        errors.insert(name, codes);
    }
}

/// The answer with one of these codes, which have one status.
fn problem(codes: &[Code]) -> Response {
    let words: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`：{}", code.code(), code.label()))
        .collect();
    let names: Vec<Value> = codes.iter().map(|code| json!(code.code())).collect();
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.example = codes
        .first()
        .and_then(|code| serde_json::to_value(example(*code)).ok());
    let mut response = ResponseBuilder::new()
        .description(words.join("；"))
        .content(PROBLEM_JSON, content)
        .extensions(Some(Extensions::from_iter([("x-codes", names)])));
    if codes.contains(&Code::TooManyRequests) {
        let mut header = Header::default();
        header.description = Some("多少秒后再试".to_owned());
        response = response.header("Retry-After", header);
    }
    response.build()
}

fn example(code: Code) -> Problem {
    let error = match code {
        Code::InvalidFields => ApiError::invalid(vec![FieldError {
            field: "cause".to_owned(),
            code: "required".to_owned(),
            message: "请填写起因。".to_owned(),
        }]),
        Code::StaleVersion => ApiError::stale(),
        Code::NotFound => ApiError::not_found(),
        code => ApiError::new(code, format!("{}。", code.label())),
    };
    error.problem()
}

/// Says which scope a token needs, in words and for programs: `x-scope` is the scope, `session` where
/// only a sign-in will do, `open` where nothing is asked for.
fn say_scope(path: &str, method: &str, operation: &mut Operation) {
    let (scope, words) = match needs::of(method, path) {
        Some(Need::Scope(scope)) => {
            let code = scope.code();
            if let Some(security) = &mut operation.security {
                security.push(SecurityRequirement::new("token", [code]));
            }
            (code, format!("令牌权限：`{code}`。"))
        }
        Some(Need::Open) => ("open", String::new()),
        Some(Need::Session) | None => ("session", "不能用令牌调用。".to_owned()),
    };
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-scope".to_owned(), json!(scope));
    if words.is_empty() {
        return;
    }
    let description = operation.description.get_or_insert_default();
    if !description.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str(&words);
}

/// Says for programs which roles may, and how they have to stand to the case.
fn say_roles(roles: &Roles, operation: &mut Operation) {
    let said = operation
        .operation_id
        .as_deref()
        .and_then(|name| roles.get(name))
        .and_then(roles::of);
    if let Some(said) = said.filter(|_| operation.security.is_some()) {
        let extensions = operation.extensions.get_or_insert_default();
        extensions.insert("x-roles".to_owned(), said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_says_what_it_means() {
        let mut document = super::super::document();
        let mut without = Vec::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                for parameter in operation.parameters.iter().flatten() {
                    let RefOr::T(parameter) = parameter else {
                        continue;
                    };
                    if parameter.description.is_none() {
                        without.push(format!("{method} {path} {}", parameter.name));
                    }
                }
            }
        }
        assert!(
            without.is_empty(),
            "say what these mean, where they are declared or in PARAMETERS: {without:#?}"
        );
    }
}
