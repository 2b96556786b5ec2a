//! What the first run does.

use diesel::result::Error as DieselError;
use shared::account::User;
use shared::audit::AuditAction;
use shared::ids::UserId;
use shared::org::Unit;
use shared::problem::FieldError;
use shared::role::Role;
use shared::setup::{Setup, SetupStatus};

use super::template;
use crate::account;
use crate::audit::{self, Entry};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory;
use crate::error::ApiError;
use crate::org;
use crate::publicity;
use crate::session::password;
use crate::state::State;

/// Why the first run cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there are users already")]
    Done,
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Account(#[from] account::service::Error),
    #[error(transparent)]
    Password(#[from] password::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Done => Self::conflict("系统已完成初始设置，请直接登录。"),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Account(error) => error.into(),
            Error::Password(error) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}

/// Whether it is still to come.
pub(super) async fn status(state: &State) -> Result<SetupStatus, Error> {
    let needed = state.db.read(account::store::is_empty).await?;
    Ok(SetupStatus {
        needed,
        demo: state.demo,
        provider: state
            .sso
            .provider()
            .map(|provider| provider.name().to_owned()),
    })
}

/// Makes the organisation and its administrator.
pub(super) async fn run(
    state: &State,
    context: &RequestContext,
    input: Setup,
) -> Result<User, Error> {
    input.check().into_result().map_err(Error::Invalid)?;
    // Before the costly hash, for anybody can call this.
    if !status(state).await?.needed {
        return Err(Error::Done);
    }
    let hash = state
        .sessions
        .passwords
        .hash(input.password.clone())
        .await?;
    let context = context.clone();
    let user = state
        .db
        .write(move |conn| {
            // Raising the counter locks its row: of two first runs at once, one waits and sees.
            directory::touch(conn)?;
            if !account::store::is_empty(conn)? {
                return Err(Error::Done);
            }
            let short_name = input.short_name();
            let units = template::units(input.template, input.township_name.trim(), &short_name);
            let root = insert_units(conn, &context, &units)?;
            let user = administrator(&input, root);
            account::service::insert(conn, &context, &user, &hash)?;
            let entry = Entry::new(AuditAction::OrgWrite, "初始设置：建立组织和系统管理员");
            audit::append_of(conn, &context, Some(&root.id), Some(&user.name), entry)?;
            Ok(user)
        })
        .await?;
    state.directory.invalidate();
    Ok(user)
}

/// Adds the units of the first township, which takes what the database came with; answers the first,
/// the township.
pub(crate) fn insert_units<'a>(
    conn: &mut Conn,
    context: &RequestContext,
    units: &'a [Unit],
) -> Result<&'a Unit, DieselError> {
    for unit in units {
        org::store::insert(conn, unit, context.now)?;
    }
    let township = units.first().ok_or(DieselError::NotFound)?;
    publicity::store::begin_library(conn, &township.id, None)?;
    Ok(township)
}

fn administrator(input: &Setup, township: &Unit) -> User {
    User {
        id: UserId::new(crate::ids::new_id()),
        username: input.username.trim().to_owned(),
        name: input.name.trim().to_owned(),
        role: Role::Administrator,
        unit_id: township.id.clone(),
        duty: None,
        disabled: false,
        must_change_password: false,
        second_factor: false,
        service: false,
        version: 1,
        deputations_ended: None,
    }
}
