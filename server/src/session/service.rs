//! Signing in, staying signed in, signing out.

use chrono::{DateTime, Duration, Utc};
use diesel::result::Error as DieselError;
use shared::account::{DayWorked, Me, PasswordChange, Session, SignIn, SignInMethod, User};
use shared::audit::AuditAction;
use shared::ids::UserId;
use shared::problem::{Code, FieldError};
use shared::validate::Errors;

use super::{Proof, password, store};
use crate::account::store::username_key;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::{self, Snapshot};
use crate::error::ApiError;
use crate::second_factor;
use crate::state::State;

/// For how long a used refresh token still works: two tabs may refresh at once.
const GRACE: Duration = Duration::seconds(10);

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("wrong user name or password")]
    WrongCredentials,
    /// The password was right, and a code is asked for.
    #[error("a code of the second factor is asked for")]
    SecondFactorRequired,
    /// With a code, nobody learns which of the three was wrong.
    #[error("wrong user name, password or code")]
    WrongCode,
    #[error("no session")]
    NoSession,
    #[error("a refresh token came a second time")]
    Reused,
    #[error("throttled for {0} s")]
    Throttled(u64),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("second factor: {0}")]
    SecondFactor(Box<second_factor::service::Error>),
    #[error(transparent)]
    Password(#[from] password::Error),
    #[error("token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongCredentials => Self::new(Code::WrongCredentials, "用户名或密码不正确。"),
            Error::SecondFactorRequired => Self::new(
                Code::SecondFactorRequired,
                "请输入验证器上的6位验证码，或一个恢复码。",
            ),
            Error::WrongCode => Self::new(
                Code::WrongCredentials,
                "用户名、密码或验证码不正确；每个验证码只能用一次。",
            ),
            Error::NoSession => Self::new(Code::Unauthenticated, "登录已过期，请重新登录。"),
            Error::Reused => Self::new(
                Code::SessionReused,
                "这次登录的凭证被重复使用，为安全起见已结束，请重新登录；如非本人操作，请修改密码。",
            ),
            Error::Throttled(seconds) => {
                let minutes = seconds.div_ceil(60);
                Self::too_many(seconds, format!("尝试次数过多，请约{minutes}分钟后再试。"))
            }
            Error::Invalid(errors) => Self::invalid(errors),
            Error::SecondFactor(error) => (*error).into(),
            Error::Password(error) => Self::internal(error),
            Error::Token(error) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}

/// A session with the refresh token that goes into the cookie.
pub(crate) struct Opened {
    pub(super) session: Session,
    pub(crate) refresh_token: Option<String>,
}

/// Only the hash of a refresh token is kept.
fn token_hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

/// Signs in. An unknown name, a disabled user, a program's account and a wrong password get the same
/// answer after the same time; where a code came with them, so does a wrong code. Only a right password
/// without a code is told that one is missing.
pub(super) async fn sign_in(
    state: &State,
    context: &RequestContext,
    input: SignIn,
) -> Result<Opened, Error> {
    let sessions = &state.sessions;
    let account = username_key(&input.username);
    let address = context.address;
    sessions
        .throttle
        .attempt(&account, address, context.now)
        .map_err(Error::Throttled)?;
    let key = account.clone();
    let known = state
        .db
        .read(move |conn| store::credentials(conn, &key))
        .await?;
    let hash = known.as_ref().map(|known| known.password_hash.clone());
    let tried = known
        .as_ref()
        .map(|known| UserId::from(known.user_id.as_str()));
    // Longer than any password that can be set: not worth a hash of megabytes.
    let good_length = input.password.len() <= shared::account::MAX_PASSWORD_BYTES;
    let password = if good_length {
        input.password
    } else {
        String::new()
    };
    let right = sessions.passwords.verify(password, hash).await? && good_length;
    let code = input.totp.filter(|code| !code.trim().is_empty());
    let Some(known) = known.filter(|known| right && !known.disabled && !known.service) else {
        note_failure(state, context, tried.as_ref()).await?;
        return Err(match code {
            Some(_) => Error::WrongCode,
            None => Error::WrongCredentials,
        });
    };
    let user_id = UserId::new(known.user_id);
    match code {
        None if known.second_factor => {
            // Half a sign-in clears nothing: else codes could be guessed without end.
            sessions.throttle.take_back(&account, address);
            return Err(Error::SecondFactorRequired);
        }
        Some(code) if known.second_factor => {
            let directory = state.directory.current().await?;
            let member = directory.member(&user_id).cloned();
            let actor = Actor::of_member(member.ok_or(Error::WrongCode)?);
            let wrong = "密码正确，验证码不正确";
            let taken =
                second_factor::service::take_at_sign_in(state, context, actor, code, wrong).await;
            if !taken.map_err(|error| Error::SecondFactor(Box::new(error)))? {
                return Err(Error::WrongCode);
            }
        }
        _ => {}
    }
    sessions.throttle.succeeded(&account, address);
    let proof = Proof::PASSWORD;
    let who = (&user_id, known.token_version);
    open(state, context, who, proof, "登录成功".to_owned()).await
}

/// Whether the account may try again now, from this address.
pub(crate) fn attempt_by(
    state: &State,
    context: &RequestContext,
    account: &str,
) -> Result<(), Error> {
    let throttle = &state.sessions.throttle;
    throttle
        .attempt(account, context.address, context.now)
        .map_err(Error::Throttled)
}

/// The attempt was right.
pub(crate) fn right_by(state: &State, context: &RequestContext, account: &str) {
    state.sessions.throttle.succeeded(account, context.address);
}

/// Counts an attempt of a signed-in user to prove who they are.
pub(crate) fn attempt(state: &State, context: &RequestContext, actor: &Actor) -> Result<(), Error> {
    attempt_by(state, context, &username_key(&actor.user().username))
}

/// The attempt was right.
pub(crate) fn right(state: &State, context: &RequestContext, actor: &Actor) {
    right_by(state, context, &username_key(&actor.user().username));
}

/// Asks a signed-in user for the own password; a wrong one is an error of the field. A right one takes
/// back its own attempt alone, for a code may be asked for next.
pub(crate) async fn ask_password(
    state: &State,
    context: &RequestContext,
    actor: &Actor,
    field: &str,
    password: String,
) -> Result<(), Error> {
    attempt(state, context, actor)?;
    let id = actor.user_id.clone();
    let hash = state
        .db
        .read(move |conn| store::password_hash(conn, id.as_str()))
        .await?;
    if !state
        .sessions
        .passwords
        .verify(password, Some(hash))
        .await?
    {
        let mut errors = Errors::new();
        errors.add(field, "wrong", "密码不正确。");
        return Err(Error::Invalid(errors.into_vec()));
    }
    let account = username_key(&actor.user().username);
    state.sessions.throttle.take_back(&account, context.address);
    Ok(())
}

/// This sign-in goes on after all others of the user were ended: with a new access token.
pub(crate) async fn go_on(
    state: &State,
    actor: &Actor,
    token_version: i64,
    now: DateTime<Utc>,
) -> Result<Session, Error> {
    let directory = state.directory.current().await?;
    let member = directory
        .member(&actor.user_id)
        .cloned()
        .ok_or(Error::NoSession)?;
    let by = Actor::of_member(member).with_proof(actor.proof());
    answer(
        state,
        &directory,
        &by,
        actor.session_id(),
        token_version,
        now,
    )
}

/// The name that was tried is not noted: people type passwords into the wrong field. That of a user
/// stands in the log of their township.
async fn note_failure(
    state: &State,
    context: &RequestContext,
    tried: Option<&UserId>,
) -> Result<(), DieselError> {
    let context = context.clone();
    let directory = state.directory.current().await?;
    let member = tried.and_then(|id| directory.member(id));
    let township = member.map(|member| member.access.township_id.clone());
    let note = move |conn: &mut Conn| {
        let entry = Entry::new(AuditAction::SignInFailed, "用户名或密码不正确");
        audit::append_of(conn, &context, township.as_ref(), None, entry)
    };
    state.db.write(note).await
}

/// Opens a session for somebody who has shown who they are; `words` go into the audit log.
pub(crate) async fn open(
    state: &State,
    context: &RequestContext,
    (user_id, token_version): (&UserId, i64),
    proof: Proof,
    words: String,
) -> Result<Opened, Error> {
    let directory = state.directory.current().await?;
    let member = directory
        .member(user_id)
        .cloned()
        .ok_or(Error::WrongCredentials)?;
    let actor = Actor::of_member(member).with_proof(proof);
    let session_id = crate::ids::new_id();
    let refresh_token = crate::ids::new_secret();
    let expires = context.now + state.sessions.idle;
    let (context, id, hash, by) = (
        context.clone(),
        session_id.clone(),
        token_hash(&refresh_token),
        actor.clone(),
    );
    let now = context.now;
    state
        .db
        .write(move |conn| {
            let address = context.address.map(|address| address.to_string());
            store::open(
                conn,
                &id,
                by.user_id.as_str(),
                proof,
                address,
                context.now,
                expires,
            )?;
            store::add_token(conn, &hash, &id, context.now)?;
            audit::append(conn, &context, &by, Entry::new(AuditAction::SignIn, words))
        })
        .await?;
    let session = answer(state, &directory, &actor, &session_id, token_version, now)?;
    Ok(Opened {
        session,
        refresh_token: Some(refresh_token),
    })
}

fn answer(
    state: &State,
    directory: &Snapshot,
    actor: &Actor,
    session_id: &str,
    token_version: i64,
    now: DateTime<Utc>,
) -> Result<Session, Error> {
    let tokens = &state.sessions.tokens;
    Ok(Session {
        access_token: tokens.issue(
            &actor.user_id,
            session_id,
            token_version,
            actor.proof(),
            now,
        )?,
        token_type: "Bearer".to_owned(),
        expires_in: u32::try_from(tokens.life().num_seconds()).unwrap_or_default(),
        user: me(state, directory, actor),
    })
}

/// The caller, as the app needs to know them.
pub(crate) fn me(state: &State, directory: &Snapshot, actor: &Actor) -> Me {
    Me {
        user: User {
            // Whoever signs in by the provider may never have had a password.
            must_change_password: actor.must_change_password(),
            ..actor.user().clone()
        },
        provider: state
            .sso
            .provider()
            .map(|provider| provider.name().to_owned()),
        by_provider: actor.proof().method == SignInMethod::Provider,
        unit_name: directory.unit_name(&actor.unit_id).to_owned(),
        township_name: directory.unit_name(&actor.township_id).to_owned(),
        actor: (**actor).clone(),
        demo: state.demo,
        must_set_up_second_factor: actor.must_set_up_second_factor(),
        workdays: directory
            .general(&actor.township_id)
            .worked()
            .map(|(day, worked)| DayWorked { day, worked })
            .collect(),
    }
}

/// What becomes of a presented refresh token.
enum Refreshed {
    Good {
        session_id: String,
        user_id: UserId,
        token_version: i64,
        proof: Proof,
    },
    Reused,
    Unknown,
}

/// Exchanges a refresh token for the next one and an access token.
pub(super) async fn refresh(
    state: &State,
    context: &RequestContext,
    presented: Option<String>,
) -> Result<Opened, Error> {
    let presented = presented.ok_or(Error::NoSession)?;
    let next = crate::ids::new_secret();
    let (now, expires) = (context.now, context.now + state.sessions.idle);
    let (hash, next_hash) = (token_hash(&presented), token_hash(&next));
    let context = context.clone();
    let refreshed = state
        .db
        .write(move |conn| exchange(conn, &context, &hash, &next_hash, expires))
        .await?;
    match refreshed {
        Refreshed::Unknown => Err(Error::NoSession),
        Refreshed::Reused => {
            state.directory.invalidate();
            Err(Error::Reused)
        }
        Refreshed::Good {
            session_id,
            user_id,
            token_version,
            proof,
        } => {
            let directory = state.directory.current().await?;
            let member = directory
                .member(&user_id)
                .cloned()
                .ok_or(Error::NoSession)?;
            let actor = Actor::of_member(member).with_proof(proof);
            let session = answer(state, &directory, &actor, &session_id, token_version, now)?;
            Ok(Opened {
                session,
                refresh_token: Some(next),
            })
        }
    }
}

fn exchange(
    conn: &mut Conn,
    context: &RequestContext,
    hash: &str,
    next_hash: &str,
    expires: DateTime<Utc>,
) -> Result<Refreshed, DieselError> {
    let now = context.now;
    let Some(token) = store::presented(conn, hash)? else {
        return Ok(Refreshed::Unknown);
    };
    if token.ended_at.is_some() || token.expires_at <= now.naive_utc() || token.disabled {
        return Ok(Refreshed::Unknown);
    }
    if !store::use_token(conn, hash, now)? {
        // Another tab may have used it a moment ago, even since it was read above.
        let used_at = token.used_at.unwrap_or(now.naive_utc());
        if now.naive_utc() - used_at > GRACE {
            store::end(conn, &token.session_id, "reuse", now)?;
            directory::touch(conn)?;
            let entry = Entry::new(AuditAction::SignOut, "刷新凭证被重复使用，登录已结束");
            let township = Snapshot::township_of_user(conn, &token.user_id)?;
            audit::append_of(conn, context, township.as_ref(), None, entry)?;
            return Ok(Refreshed::Reused);
        }
    }
    store::add_token(conn, next_hash, &token.session_id, now)?;
    store::prolong(conn, &token.session_id, now, expires)?;
    let proof = token.proof()?;
    Ok(Refreshed::Good {
        proof,
        session_id: token.session_id,
        user_id: UserId::new(token.user_id),
        token_version: token.token_version,
    })
}

/// Signs out: ends the session of the access token, or of the cookie.
pub(super) async fn sign_out(
    state: &State,
    context: &RequestContext,
    actor: Option<Actor>,
    presented: Option<String>,
) -> Result<(), Error> {
    let context = context.clone();
    state
        .db
        .write(move |conn| {
            let by_cookie = match presented {
                Some(token) => store::presented(conn, &token_hash(&token))?,
                None => None,
            };
            let township = match by_cookie.as_ref().filter(|_| actor.is_none()) {
                Some(token) => Snapshot::township_of_user(conn, &token.user_id)?,
                None => None,
            };
            let sessions = [
                actor.as_ref().map(|actor| actor.session_id().to_owned()),
                by_cookie.map(|token| token.session_id),
            ];
            for session_id in sessions.into_iter().flatten() {
                if store::end(conn, &session_id, "sign_out", context.now)? {
                    let entry = Entry::new(AuditAction::SignOut, "退出登录");
                    match &actor {
                        Some(actor) => audit::append(conn, &context, actor, entry)?,
                        None => {
                            audit::append_of(conn, &context, township.as_ref(), None, entry)?;
                        }
                    }
                }
            }
            directory::touch(conn)
        })
        .await?;
    state.directory.invalidate();
    Ok(())
}

/// Signs out everywhere: access tokens die, too.
pub(super) async fn sign_out_everywhere(
    state: &State,
    context: &RequestContext,
    actor: Actor,
) -> Result<(), Error> {
    let context = context.clone();
    state
        .db
        .write(move |conn| {
            store::end_all(
                conn,
                actor.user_id.as_str(),
                None,
                "sign_out_all",
                context.now,
            )?;
            let entry = Entry::new(AuditAction::SignOut, "退出所有登录");
            audit::append(conn, &context, &actor, entry)
        })
        .await?;
    state.directory.invalidate();
    Ok(())
}

/// Changes the own password. Every other session ends; this one goes on with a new access token.
pub(super) async fn change_password(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: PasswordChange,
) -> Result<Opened, Error> {
    check_change(&actor, &input)?;
    let account = username_key(&actor.user().username);
    let sessions = &state.sessions;
    sessions
        .throttle
        .attempt(&account, context.address, context.now)
        .map_err(Error::Throttled)?;
    let id = actor.user_id.clone();
    let hash = state
        .db
        .read(move |conn| store::password_hash(conn, id.as_str()))
        .await?;
    if !sessions
        .passwords
        .verify(input.current_password, Some(hash))
        .await?
    {
        let mut errors = Errors::new();
        errors.add("current_password", "wrong", "当前密码不正确。");
        return Err(Error::Invalid(errors.into_vec()));
    }
    sessions.throttle.succeeded(&account, context.address);
    let hash = sessions.passwords.hash(input.new_password).await?;
    let (ctx, by) = (context.clone(), actor.clone());
    let version = state
        .db
        .write(move |conn| {
            let user_id = by.user_id.as_str();
            crate::account::store::set_password(conn, user_id, &hash, false, ctx.now)?;
            store::end_all(conn, user_id, Some(by.session_id()), "password", ctx.now)?;
            audit::append(
                conn,
                &ctx,
                &by,
                Entry::new(AuditAction::Password, "修改本人密码"),
            )?;
            store::token_version(conn, user_id)
        })
        .await?;
    state.directory.invalidate();
    let session = go_on(state, &actor, version, context.now).await?;
    Ok(Opened {
        session,
        refresh_token: None,
    })
}

fn check_change(actor: &Actor, input: &PasswordChange) -> Result<(), Error> {
    let mut errors = Errors::new();
    let username = &actor.user().username;
    shared::account::check_password(&mut errors, "new_password", &input.new_password, username);
    if input.new_password == input.current_password {
        errors.add("new_password", "unchanged", "新密码不能与当前密码相同。");
    }
    errors.into_result().map_err(Error::Invalid)
}
