//! Making tokens, listing them, taking them back.

use std::sync::Arc;

use diesel::result::Error as DieselError;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::view::Named;
use shared::ids::UserId;
use shared::page::Page;
use shared::problem::FieldError;
use shared::term::Term;
use shared::token::{
    MAX_TOKENS, MadeToken, NewToken, PREFIX, Token, TokenDeed, TokenScope, USUAL_RATE, end_of,
};

use super::hash;
use super::store::{self, TokenRecord};
use crate::audit::{self, Entry};
use crate::case::Desk;
use crate::db::Conn;
use crate::directory::{self, Member};
use crate::error::ApiError;
use crate::idempotency::{self, Made};
use crate::page::cursor;

/// How many of its characters tell a token from others.
const HINT: usize = 8;

/// What can go wrong with tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    #[error("{0}")]
    Conflict(String),
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Conflict(why) => Self::conflict(why),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// A page of the caller's tokens; of all of the township's, where `all`.
pub(super) fn list(
    conn: &mut Conn,
    desk: &Desk,
    all: bool,
    before: Option<&str>,
    limit: u32,
) -> Result<Page<Token>, Error> {
    let deed = if all {
        TokenDeed::Oversee
    } else {
        TokenDeed::Own
    };
    can(&desk.actor, Action::Token(deed), Facts::None)?;
    let owners: Vec<String> = if all {
        let theirs = desk
            .names
            .members()
            .filter(|member| member.access.township_id == desk.actor.township_id);
        theirs.map(|member| member.user.id.to_string()).collect()
    } else {
        vec![desk.actor.user_id.to_string()]
    };
    let (mut records, total) = store::of(conn, &owners, before, limit.saturating_add(1))?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    Ok(Page {
        next_cursor: records.last().filter(|_| more).map(|last| cursor(&last.id)),
        total: total.unsigned_abs(),
        items: records
            .into_iter()
            .map(|record| shown(desk, record))
            .collect::<Result<_, _>>()?,
    })
}

fn shown(desk: &Desk, record: TokenRecord) -> Result<Token, Error> {
    let known = record.clone().known()?;
    let owner = desk
        .names
        .member(&known.owner_id)
        .ok_or(Error::Denied(Denied::Hidden))?;
    let unit = &owner.user.unit_id;
    Ok(Token {
        state: known.standing(owner).state(desk.context.now),
        owner: Named {
            id: record.user_id,
            name: owner.user.name.clone(),
        },
        unit: Named {
            id: unit.to_string(),
            name: desk.names.unit_name(unit).to_owned(),
        },
        id: record.id,
        hint: record.hint,
        name: record.name,
        scopes: known.scopes,
        addresses: known.nets.iter().map(ToString::to_string).collect(),
        per_minute: known.per_minute,
        created_at: record.created_at.and_utc(),
        expires_at: known.expires_at,
        revoked_at: record.revoked_at.map(|at| at.and_utc()),
        last_used_at: record.last_used_at.map(|at| at.and_utc()),
        last_address: record.last_address,
    })
}

/// Whose a token is to be: the caller's, or that of a program that they may make one for.
fn owner_of<'a>(desk: &'a Desk, input: &NewToken) -> Option<&'a Arc<Member>> {
    let Some(id) = &input.owner_id else {
        return desk.names.member(&desk.actor.user_id);
    };
    let make_for = Action::Token(TokenDeed::MakeFor);
    desk.names.member(id).filter(|member| {
        member.user.is_active_program()
            && can(&desk.actor, make_for, Facts::User(&member.own)).is_ok()
    })
}

/// Makes a token of the caller's, or of a program's. Its secret is in the answer and nowhere else.
pub(super) fn make(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewToken,
) -> Result<Made<MadeToken>, Error> {
    let deed = match &input.owner_id {
        Some(_) => TokenDeed::MakeFor,
        None => TokenDeed::Own,
    };
    can(&desk.actor, Action::Token(deed), Facts::None)?;
    let mut errors = input.check(desk.context.today());
    let owner = owner_of(desk, input);
    if owner.is_none() {
        errors.add(
            "owner_id",
            "invalid",
            "只能给本乡镇启用中的程序账号建令牌。",
        );
    }
    errors.into_result().map_err(Error::Invalid)?;
    let owner = owner.ok_or(Error::Denied(Denied::Hidden))?;
    if store::count_good(conn, owner.user.id.as_str(), desk.context.now)? >= MAX_TOKENS {
        return Err(Error::Conflict(format!(
            "每个账号最多{MAX_TOKENS}个在用的令牌，请先撤销不再使用的。"
        )));
    }
    let secret = format!("{PREFIX}{}", crate::ids::new_secret());
    let nets: Vec<String> = input
        .addresses
        .iter()
        .filter_map(|text| text.parse::<shared::token::Net>().ok())
        .map(|net| net.to_string())
        .collect();
    // In the order in which forms offer them, each once.
    let scopes: Vec<&str> = TokenScope::ALL
        .iter()
        .filter(|scope| input.scopes.contains(scope))
        .map(|scope| scope.code())
        .collect();
    let rate = input.per_minute.unwrap_or(USUAL_RATE);
    let record = TokenRecord {
        id: crate::ids::new_id(),
        user_id: owner.user.id.to_string(),
        hash: hash(&desk.keys, &secret),
        hint: secret.chars().take(HINT).collect(),
        name: input.name.trim().to_owned(),
        scopes: scopes.join(" "),
        addresses: nets.join(" "),
        per_minute: i32::try_from(rate).unwrap_or(i32::MAX),
        role: owner.user.role.code().to_owned(),
        token_version: owner.token_version,
        created_at: desk.context.now.naive_utc(),
        expires_at: end_of(input.expires_on).naive_utc(),
        revoked_at: None,
        last_used_at: None,
        last_address: None,
    };
    store::insert(conn, &record)?;
    directory::touch(conn)?;
    let whose = match deed {
        TokenDeed::MakeFor => format!("给程序账号“{}”", owner.user.name),
        TokenDeed::Own | TokenDeed::Oversee => String::new(),
    };
    let detail = format!(
        "{whose}新建令牌“{}”（{}…）：{}，有效期至{}",
        record.name, record.hint, record.scopes, input.expires_on
    );
    note(conn, desk, detail)?;
    let token = shown(desk, record)?;
    Ok(Made {
        value: MadeToken { token, secret },
        status: actix_web::http::StatusCode::CREATED,
        version: None,
        location: None,
    })
}

/// Takes a token back: the owner's own, or, for the administrator, anybody's of the township. One that
/// was taken back before stays so.
pub(super) fn revoke(conn: &mut Conn, desk: &Desk, id: &str) -> Result<(), Error> {
    let hidden = || Error::Denied(Denied::Hidden);
    let record = store::find(conn, id)?.ok_or_else(hidden)?;
    let owner = UserId::new(record.user_id.clone());
    let deed = if owner == desk.actor.user_id {
        TokenDeed::Own
    } else {
        TokenDeed::Oversee
    };
    let near = desk
        .names
        .member(&owner)
        .is_some_and(|member| member.access.township_id == desk.actor.township_id);
    // That somebody else has a token is not for everybody to know.
    can(&desk.actor, Action::Token(deed), Facts::None)
        .ok()
        .filter(|()| near)
        .ok_or_else(hidden)?;
    if record.revoked_at.is_some() {
        return Ok(());
    }
    store::revoke(conn, id, desk.context.now)?;
    directory::touch(conn)?;
    let whose = match deed {
        TokenDeed::Own | TokenDeed::MakeFor => String::new(),
        TokenDeed::Oversee => format!("{}的", desk.names.user_name(&owner)),
    };
    let detail = format!("撤销{whose}令牌“{}”（{}…）", record.name, record.hint);
    note(conn, desk, detail)
}

fn note(conn: &mut Conn, desk: &Desk, detail: String) -> Result<(), Error> {
    let entry = Entry::new(AuditAction::Token, detail);
    Ok(audit::append(conn, &desk.context, &desk.actor, entry)?)
}
