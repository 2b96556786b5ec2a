//! Registers many cases in one transaction, each in a savepoint: one that cannot be registered leaves
//! the others alone, or, where all or nothing was asked for, takes them along.

use shared::access::{Action, Denied, Facts, can};
use shared::case::Kind;
use shared::case::batch::{BatchAnswer, BatchItem, BatchResult, CaseBatch};
use shared::case::input::NewCase;
use shared::problem::{Code, FieldError};
use shared::term::Term;

use super::desk::Desk;
use super::{Error, routes, service};
use crate::db::{Conn, Db};
use crate::error::{self, ApiError};
use crate::idempotency::{Answer, Claim, IdempotencyKey};
use crate::state::State;

/// A case of a batch, read as far as it can be without the database.
struct Ready {
    key: String,
    case: Result<(Claim, NewCase), ApiError>,
}

/// Whether the caller may register anything at all.
fn may_register(desk: &Desk) -> Result<(), Denied> {
    let mut answers = Kind::ALL
        .iter()
        .map(|kind| can(&desk.actor, Action::RegisterCase(*kind), Facts::None));
    if answers.any(|answer| answer.is_ok()) {
        return Ok(());
    }
    can(
        &desk.actor,
        Action::RegisterCase(Kind::Petition),
        Facts::None,
    )
}

fn read(state: &State, desk: &Desk, item: BatchItem) -> Ready {
    let case = serde_json::from_value::<NewCase>(item.case)
        .map(|input| {
            let key = IdempotencyKey::of(item.idempotency_key.clone());
            let claim = key.claim(state, &desk.actor, &desk.context, routes::REGISTER, &input);
            (claim, input)
        })
        .map_err(|wrong| {
            // The place would be one in what was read already.
            let mut error = error::of_serde(&wrong);
            error.detail = error.detail.replace("（第0行第0列）", "").into();
            error
        });
    Ready {
        key: item.idempotency_key,
        case,
    }
}

/// Registers them.
///
/// # Errors
/// As [`ApiError`]: the batch itself is wrong, the caller registers nothing, one of an atomic batch
/// cannot be registered (none is then), or the database does not answer.
pub(super) async fn register(
    state: &State,
    desk: Desk,
    batch: CaseBatch,
) -> Result<BatchAnswer, ApiError> {
    may_register(&desk)?;
    batch.check().into_result()?;
    let atomic = batch.atomic;
    let ready: Vec<Ready> = batch
        .items
        .into_iter()
        .map(|item| read(state, &desk, item))
        .collect();
    let items = state
        .db
        .write(move |conn| {
            let mut items = Vec::with_capacity(ready.len());
            for one in ready {
                items.push(register_one(conn, &desk, one)?);
            }
            match all_or_nothing(&items) {
                Some(error) if atomic => Err(error),
                _ => Ok(items),
            }
        })
        .await?;
    let registered = items.iter().filter(|item| item.case.is_some()).count();
    Ok(BatchAnswer {
        registered,
        failed: items.len() - registered,
        items,
    })
}

fn register_one(conn: &mut Conn, desk: &Desk, one: Ready) -> Result<BatchResult, ApiError> {
    let answer = one.case.and_then(|(claim, input)| {
        let once = |conn: &mut Conn| -> Result<Answer, Error> {
            claim.once(conn, |conn| {
                Ok(routes::registered(service::register(conn, desk, &input)?))
            })
        };
        Db::savepoint(conn, once).map_err(ApiError::from)
    });
    let (status, replayed, case, problem) = match answer {
        Ok(answer) => {
            let case = serde_json::from_str(answer.body()).map_err(ApiError::internal)?;
            (answer.status(), answer.is_replay(), Some(case), None)
        }
        // That is nobody's case at fault: all of it can be tried again.
        Err(error) if matches!(error.code, Code::Internal | Code::Unavailable) => {
            return Err(error);
        }
        Err(error) => (error.code.status(), false, None, Some(error.problem())),
    };
    Ok(BatchResult {
        idempotency_key: one.key,
        status,
        replayed,
        case,
        problem,
    })
}

/// What to say where one that cannot be registered keeps all from it.
fn all_or_nothing(items: &[BatchResult]) -> Option<ApiError> {
    let mut errors = Vec::new();
    let mut failed = 0usize;
    for (at, item) in items.iter().enumerate() {
        let Some(problem) = &item.problem else {
            continue;
        };
        failed += 1;
        if problem.errors.is_empty() {
            errors.push(FieldError {
                field: format!("items.{at}"),
                code: problem.code.code().to_owned(),
                message: problem.detail.clone(),
            });
        }
        errors.extend(problem.errors.iter().map(|error| FieldError {
            field: format!("items.{at}.case.{}", error.field),
            ..error.clone()
        }));
    }
    if failed == 0 {
        return None;
    }
    let mut error = ApiError::invalid(errors);
    error.detail = format!("整批都没有登记：有{failed}件不符合要求。").into();
    Some(error)
}
