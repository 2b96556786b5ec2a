//! Who may use an operation, as the permission table has found it by asking (`tests/permissions.tsv`, which
//! `tests/tests/permissions.rs` carries out and compares with the running program). So the document says of
//! roles what `access::can` decides, and cannot say anything else.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::role::Role;
use shared::term::Term as _;

const TABLE: &str = include_str!("../../../tests/permissions.tsv");

/// What the county's administrator alone may, who is in no township's table (`Facts::Townships`).
const OF_THE_COUNTY: [&str; 1] = ["create_township"];

/// By operation, by step (nothing where there is but one), by role: the relations in which it may.
pub(super) type Roles = BTreeMap<&'static str, BTreeMap<&'static str, ByRole>>;
type ByRole = BTreeMap<&'static str, Vec<&'static str>>;

/// Reads the table.
pub(super) fn read() -> Roles {
    let mut lines = TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t'));
    let columns: Vec<&str> = lines
        .next()
        .map(|head| head.skip(2).collect())
        .unwrap_or_default();
    let mut roles = Roles::new();
    for mut line in lines {
        let (Some(place), Some(relation)) = (line.next(), line.next()) else {
            continue;
        };
        let (operation, step) = place.split_once(':').unwrap_or((place, ""));
        let by_role = roles.entry(operation).or_default().entry(step).or_default();
        for (role, cell) in columns.iter().copied().zip(line) {
            if may(relation, cell) && Role::from_code(role).is_some() {
                let relations = by_role.entry(role).or_default();
                // Of a list: it may be asked for, but such a case is not in it.
                if !cell.ends_with('-') {
                    relations.push(relation);
                }
            }
        }
    }
    for operation in OF_THE_COUNTY {
        let by_role = roles.entry(operation).or_default().entry("").or_default();
        by_role.insert(Role::Administrator.code(), vec!["county"]);
    }
    roles
}

/// Whether a cell says that the role may. The table asks with input that is right in all else; where no input
/// can be, who may is told what is missing.
fn may(relation: &str, cell: &str) -> bool {
    match cell {
        "401" | "403" | "404" => false,
        // The input is of the relation: a case for another's village.
        "422" => relation == "-",
        _ => true,
    }
}

/// What the document says of an operation: by role the relations, `any` where there are none; of an operation
/// with steps, that by step. Nothing where no role decides.
pub(super) fn of(steps: &BTreeMap<&'static str, ByRole>) -> Option<Value> {
    let say = |by_role: &ByRole| -> Value {
        let said = by_role.iter().map(|(role, relations)| {
            let relations = match relations.as_slice() {
                ["-"] => json!("any"),
                relations => json!(relations),
            };
            ((*role).to_owned(), relations)
        });
        Value::Object(said.collect())
    };
    match steps.get("") {
        Some(by_role) if by_role.is_empty() => None,
        Some(by_role) => Some(say(by_role)),
        None => Some(Value::Object(
            steps
                .iter()
                .map(|(step, by_role)| ((*step).to_owned(), say(by_role)))
                .collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_those_of_the_table() {
        let roles = read();
        let of = |operation: &str| of(&roles[operation]).unwrap();
        let users = of("create_user");
        assert_eq!(users, json!({"administrator": "any"}));
        assert_eq!(of("create_township"), json!({"administrator": ["county"]}));
        let accept = &of("act_on_case")["accept"];
        assert_eq!(
            accept["coordination_office"],
            json!(["foreign", "own", "sealed_own"])
        );
        assert!(accept.get("village_secretary").is_none(), "{accept}");
        let register = of("register_case");
        assert_eq!(
            register["village_secretary"],
            json!(["own", "sealed", "sealed_own"])
        );
        assert!(register.get("auditor").is_none(), "{register}");
        let list = of("list_cases");
        assert_eq!(list["village_secretary"], json!(["own", "sealed_own"]));
    }

    #[test]
    fn every_operation_that_needs_a_sign_in_says_for_whom_it_is() {
        let document = serde_json::to_value(super::super::document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let asked = operation["security"].is_array();
                let said = operation["x-roles"].as_object();
                assert!(
                    !asked || said.is_some_and(|roles| !roles.is_empty()),
                    "{method} {path}"
                );
            }
        }
    }
}
