//! Who comes in by the provider, and who is linked with whom.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use shared::access::{Action, Denied, Facts, can};
use shared::account::{SignInMethod, User};
use shared::audit::AuditAction;
use shared::ids::UserId;
use shared::notice::NoticeKind;
use shared::problem::{Code, FieldError};
use shared::sso::{IdentityEntry, IdentityStart, IdentityStatus};
use shared::validate::Errors;

use super::attempt::{Attempt, Halfway, Linking};
use super::provider::{Error as ProviderError, Provider, Who};
use super::store;
use crate::account::service::managed;
use crate::account::store::username_key;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::{self, Member};
use crate::error::ApiError;
use crate::notify::{self, Draft};
use crate::session::service::{self as session, Opened};
use crate::session::{Proof, store as sessions};
use crate::state::State;
use crate::{account, second_factor};

/// Why somebody did not come in. What people read of it is [`super::page`]'s.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// There is no provider here.
    #[error("no provider is configured")]
    Off,
    /// The browser brings nothing that fits, or too late.
    #[error("登录已过期，或不是在这个浏览器里开始的")]
    Expired,
    /// It has come back before.
    #[error("同一次登录重复提交")]
    Replayed,
    /// They did not want to, or the provider did not let them.
    #[error("在身份认证平台没有完成登录")]
    Cancelled,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Nobody here is linked with them, or whoever is was disabled; the same for both.
    #[error("账号没有绑定用户，或用户已停用")]
    Unlinked(Option<String>),
    /// Somebody else here is linked with them.
    #[error("账号已绑定另一个用户")]
    Taken,
    /// Whoever links has been signed out meanwhile.
    #[error("绑定时已经退出登录")]
    Left,
    #[error("验证码不正确")]
    WrongCode,
    #[error("throttled for {0} s")]
    Throttled(u64),
    #[error(transparent)]
    Internal(#[from] ApiError),
}

impl From<session::Error> for Failed {
    fn from(error: session::Error) -> Self {
        match error {
            session::Error::Throttled(seconds) => Self::Throttled(seconds),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<DieselError> for Failed {
    fn from(error: DieselError) -> Self {
        Self::Internal(error.into())
    }
}

/// What becomes of a way back.
pub(super) enum Done {
    /// Somebody is in.
    In(Box<Opened>),
    /// A code is asked for.
    Code(Box<Halfway>),
    /// An account is linked.
    Linked,
}

/// What the provider sends the browser back with.
#[derive(Debug, Default)]
pub(super) struct Back {
    pub(super) state: String,
    pub(super) code: Option<String>,
    pub(super) error: Option<String>,
    pub(super) issuer: Option<String>,
}

/// A browser comes back from the provider.
pub(super) async fn come_back(
    state: &State,
    context: &RequestContext,
    attempt: Option<Attempt>,
    back: Back,
) -> Result<Done, Failed> {
    let provider = state.sso.provider().ok_or(Failed::Off)?;
    let issuer = provider.settings().issuer.as_str();
    // Hashes compare in constant time.
    let same = |a: &str, b: &str| blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes());
    let attempt = attempt
        .filter(|attempt| same(&attempt.state, &back.state) && attempt.issuer == issuer)
        .ok_or(Failed::Expired)?;
    // No user name has a blank in it: this counts by address alone.
    let counted = format!("sso {}", attempt.state);
    session::attempt_by(state, context, &counted)?;
    let done = judge(state, context, provider, attempt, back).await;
    match &done {
        Ok(_) => session::right_by(state, context, &counted),
        Err(Failed::Throttled(_) | Failed::Internal(_)) => {}
        Err(failed) => note_failure(state, context, provider, failed).await?,
    }
    done
}

async fn judge(
    state: &State,
    context: &RequestContext,
    provider: &Provider,
    attempt: Attempt,
    back: Back,
) -> Result<Done, Failed> {
    let (id, now) = (attempt.state.clone(), context.now);
    let first = state
        .db
        .write(move |conn| store::use_attempt(conn, &id, now))
        .await?;
    if !first {
        return Err(Failed::Replayed);
    }
    provider.sent_back(back.issuer.as_deref()).await?;
    let code = match (back.error, back.code) {
        (None, Some(code)) => code,
        _ => return Err(Failed::Cancelled),
    };
    let who = provider.exchange(code, &attempt, now).await?;
    match attempt.link {
        Some(linking) => link(state, context, provider, linking, who).await,
        None => come_in(state, context, provider, who, attempt.to).await,
    }
}

async fn note_failure(
    state: &State,
    context: &RequestContext,
    provider: &Provider,
    failed: &Failed,
) -> Result<(), DieselError> {
    let context = context.clone();
    let words = format!("{}：{failed}", provider.name());
    let note = move |conn: &mut Conn| {
        let entry = Entry::new(AuditAction::SignInFailed, words);
        audit::append_anonymous(conn, &context, None, entry)
    };
    state.db.write(note).await
}

/// Somebody for whom the provider vouches comes in, unless a code is still asked for.
async fn come_in(
    state: &State,
    context: &RequestContext,
    provider: &Provider,
    who: Who,
    to: String,
) -> Result<Done, Failed> {
    let issuer = provider.settings().issuer.as_str().to_owned();
    let asked = who.clone();
    let found = state
        .db
        .read(move |conn| store::find(conn, &issuer, &asked))
        .await?;
    let directory = state.directory.current().await?;
    let user_id = found.map(|identity| UserId::new(identity.user_id));
    let member = user_id.and_then(|id| directory.member(&id).cloned());
    let Some(member) = member.filter(|member| member.user.is_active_person()) else {
        return Err(Failed::Unlinked(who.shown));
    };
    if member.user.second_factor && !who.strong {
        return Ok(Done::Code(Box::new(Halfway {
            id: crate::ids::new_secret(),
            user_id: member.user.id.clone(),
            who,
            to,
            at: context.now,
        })));
    }
    finish(state, context, provider, &member, who).await
}

/// Takes the code of somebody for whom the provider vouched.
pub(super) async fn take_code(
    state: &State,
    context: &RequestContext,
    halfway: &Halfway,
    typed: String,
) -> Result<Done, Failed> {
    let provider = state.sso.provider().ok_or(Failed::Off)?;
    let directory = state.directory.current().await?;
    let member = directory.member(&halfway.user_id).cloned();
    let member = member
        .filter(|member| member.user.is_active_person())
        .ok_or(Failed::Expired)?;
    let account = username_key(&member.user.username);
    session::attempt_by(state, context, &account)?;
    let actor = Actor::of_member(member.clone());
    let wrong = "统一身份认证通过，验证码不正确";
    let taken = second_factor::service::take_at_sign_in(state, context, actor, typed, wrong).await;
    if !taken.map_err(|error| Failed::Internal(error.into()))? {
        return Err(Failed::WrongCode);
    }
    let (id, now) = (halfway.id.clone(), context.now);
    let first = state
        .db
        .write(move |conn| store::use_attempt(conn, &id, now))
        .await?;
    if !first {
        return Err(Failed::Replayed);
    }
    session::right_by(state, context, &account);
    finish(state, context, provider, &member, halfway.who.clone()).await
}

/// Pins whoever comes for the first time, and opens the session.
async fn finish(
    state: &State,
    context: &RequestContext,
    provider: &Provider,
    member: &std::sync::Arc<Member>,
    who: Who,
) -> Result<Done, Failed> {
    let issuer = provider.settings().issuer.as_str().to_owned();
    let (name, strong, shown) = (provider.name().to_owned(), who.strong, who.shown.clone());
    let (ctx, actor) = (context.clone(), Actor::of_member(member.clone()));
    let still = state
        .db
        .write(move |conn| {
            let user_id = actor.user_id.as_str();
            let found = store::find(conn, &issuer, &who)?;
            let Some(found) = found.filter(|found| found.user_id == user_id) else {
                return Ok(false);
            };
            if found.subject.is_none() {
                if !store::pin(conn, user_id, &issuer, &who, ctx.now)? {
                    return Ok(false);
                }
                let words = format!("首次用{name}登录，按登记的账号绑定");
                let entry = Entry::new(AuditAction::Identity, words);
                audit::append(conn, &ctx, &actor, entry)?;
            }
            store::used(conn, user_id, &who, ctx.now)?;
            Ok::<_, DieselError>(true)
        })
        .await?;
    if !still {
        return Err(Failed::Unlinked(shown));
    }
    let proof = Proof {
        method: SignInMethod::Provider,
        strong,
    };
    let words = format!("登录成功（{}）", provider.name());
    let user = (&member.user.id, member.token_version);
    let opened = session::open(state, context, user, proof, words).await?;
    Ok(Done::In(Box::new(opened)))
}

/// Links the account of somebody signed in.
async fn link(
    state: &State,
    context: &RequestContext,
    provider: &Provider,
    linking: Linking,
    who: Who,
) -> Result<Done, Failed> {
    let directory = state.directory.current().await?;
    let member = directory.member(&linking.user_id).cloned();
    let member = member
        .filter(|member| {
            member.user.is_active_person() && member.token_version == linking.token_version
        })
        .ok_or(Failed::Left)?;
    let issuer = provider.settings().issuer.as_str().to_owned();
    let words = format!("绑定{}的账号", provider.name());
    let (context, actor) = (context.clone(), Actor::of_member(member));
    state
        .db
        .write(move |conn| {
            if !sessions::is_open(conn, &linking.session_id, context.now)? {
                return Err(Failed::Left);
            }
            let user_id = actor.user_id.as_str();
            let other = store::by_subject(conn, &issuer, &who.subject)?;
            if other.is_some_and(|other| other.user_id != user_id) {
                return Err(Failed::Taken);
            }
            store::link(conn, user_id, &issuer, &who, context.now).map_err(
                |error| match error {
                    DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                        Failed::Taken
                    }
                    other => other.into(),
                },
            )?;
            let here = Some(linking.session_id.as_str());
            sessions::end_by_provider(conn, user_id, here, context.now)?;
            directory::touch(conn)?;
            let entry = Entry::new(AuditAction::Identity, words);
            Ok(audit::append(conn, &context, &actor, entry)?)
        })
        .await?;
    state.directory.invalidate();
    Ok(Done::Linked)
}

/// Why a link is not as wished.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("no such user")]
    Unknown,
    #[error("{0}")]
    Conflict(String),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Session(#[from] session::Error),
    #[error("{0}")]
    Api(ApiError),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<account::service::Error> for Error {
    fn from(error: account::service::Error) -> Self {
        match error {
            account::service::Error::Unknown => Self::Unknown,
            other => Self::Api(other.into()),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Unknown => Self::not_found(),
            Error::Conflict(why) => Self::conflict(why),
            Error::Provider(_) => Self::new(
                Code::Unavailable,
                "身份认证平台现在没有正常应答，请稍后再试。",
            ),
            Error::Session(error) => error.into(),
            Error::Api(error) => error,
            Error::Database(error) => error.into(),
        }
    }
}

fn provider(state: &State) -> Result<&Provider, Error> {
    let off = || Error::Conflict("这个系统没有启用统一身份认证。".to_owned());
    state.sso.provider().ok_or_else(off)
}

/// How a user and the provider hang together.
async fn status_of(state: &State, user_id: &UserId) -> Result<IdentityStatus, Error> {
    let provider = state.sso.provider();
    let id = user_id.as_str().to_owned();
    let issuer = provider.map(|provider| provider.settings().issuer.as_str().to_owned());
    let identity = match issuer {
        Some(issuer) => {
            state
                .db
                .read(move |conn| store::of(conn, &id, &issuer))
                .await?
        }
        None => None,
    };
    let has = identity.as_ref();
    Ok(IdentityStatus {
        provider: provider.map(|provider| provider.name().to_owned()),
        claim: provider.and_then(|provider| provider.settings().claim.clone()),
        account: has.and_then(|identity| identity.account.clone()),
        linked: has.is_some_and(|identity| identity.subject.is_some()),
        shown: has.and_then(|identity| identity.shown.clone()),
        since: has.and_then(|identity| identity.linked_at.map(|at| at.and_utc())),
        last_used_at: has.and_then(|identity| identity.last_used_at.map(|at| at.and_utc())),
    })
}

/// Where the own link stands.
pub(super) async fn own(state: &State, actor: &Actor) -> Result<IdentityStatus, Error> {
    status_of(state, &actor.user_id).await
}

/// Begins to link one's own account: the provider's page, and what the browser has to bring back.
pub(super) async fn begin_link(
    state: &State,
    context: &RequestContext,
    actor: &Actor,
    input: IdentityStart,
) -> Result<(String, Attempt), Error> {
    let provider = provider(state)?;
    session::ask_password(state, context, actor, "password", input.password).await?;
    let directory = state.directory.current().await?;
    let member = directory.member(&actor.user_id).ok_or(Error::Unknown)?;
    let linking = Linking {
        user_id: actor.user_id.clone(),
        session_id: actor.session_id().to_owned(),
        token_version: member.token_version,
    };
    let to = "/identity".to_owned();
    Ok(provider.begin(to, Some(linking), context.now).await?)
}

/// Takes the own link away. Other sign-ins that came by it end.
pub(super) async fn unlink(
    state: &State,
    context: &RequestContext,
    actor: Actor,
) -> Result<(), Error> {
    let here = actor.session_id().to_owned();
    let id = actor.user_id.clone();
    let words = "解除本人的统一身份认证绑定".to_owned();
    take_away(state, context, actor, id, Some(here), words).await
}

async fn take_away(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    user_id: UserId,
    but: Option<String>,
    words: String,
) -> Result<(), Error> {
    let context = context.clone();
    state
        .db
        .write(move |conn| {
            if !store::remove(conn, user_id.as_str())? {
                return Err(Error::Conflict("没有绑定，也没有登记账号。".to_owned()));
            }
            sessions::end_by_provider(conn, user_id.as_str(), but.as_deref(), context.now)?;
            directory::touch(conn)?;
            let entry = Entry::new(AuditAction::Identity, words);
            Ok(audit::append(conn, &context, &actor, entry)?)
        })
        .await?;
    state.directory.invalidate();
    Ok(())
}

/// A user whom the administrator manages.
async fn user(state: &State, actor: &Actor, id: &UserId) -> Result<User, Error> {
    can(actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    Ok(managed(&directory, actor, id)?.user.clone())
}

/// Where a user's link stands; for the administrator.
pub(super) async fn show(
    state: &State,
    actor: &Actor,
    id: &UserId,
) -> Result<IdentityStatus, Error> {
    let user = user(state, actor, id).await?;
    status_of(state, &user.id).await
}

/// Enters the account with which a user will come, in place of what was before; for the administrator.
pub(super) async fn enter(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    id: &UserId,
    input: IdentityEntry,
) -> Result<IdentityStatus, Error> {
    let user = user(state, &actor, id).await?;
    if user.service {
        return Err(Error::Conflict(
            "程序账号不能登录，不能绑定统一身份认证的账号。".to_owned(),
        ));
    }
    let provider = provider(state)?;
    if provider.settings().claim.is_none() {
        return Err(Error::Conflict(
            "这个系统只能由本人绑定：请本人登录后在“我的”里绑定。".to_owned(),
        ));
    }
    if user.id == actor.user_id {
        return Err(Error::Conflict(
            "请在“我的”里用密码绑定自己的账号。".to_owned(),
        ));
    }
    input.check().into_result().map_err(Error::Invalid)?;
    let account = input.account.trim().to_owned();
    let issuer = provider.settings().issuer.as_str().to_owned();
    let words = format!("为用户“{}”登记{}的账号", user.name, provider.name());
    let told = Draft {
        kind: NoticeKind::System,
        title: format!("系统管理员登记了您的{}账号", provider.name()),
        body: "用它可以登录您的用户。没有请他登记的，请马上查问。".to_owned(),
        link: "/identity".to_owned(),
        urgent: false,
        once: format!("identity {}", crate::ids::new_id()),
    };
    let context = context.clone();
    let user_id = user.id.clone();
    state
        .db
        .write(move |conn| {
            let id = user_id.as_str();
            match store::by_account(conn, &issuer, &account)? {
                Some(same) if same.user_id == id => return Ok(()),
                Some(_) => return Err(taken()),
                None => {}
            }
            store::enter(conn, id, &issuer, &account, context.now).map_err(
                |error| match error {
                    DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => taken(),
                    other => other.into(),
                },
            )?;
            sessions::end_by_provider(conn, id, None, context.now)?;
            directory::touch(conn)?;
            // Somebody could come in as them now, and their password would still be good.
            notify::post(conn, std::slice::from_ref(&user_id), &told, context.now)?;
            let entry = Entry::new(AuditAction::Identity, words);
            Ok(audit::append(conn, &context, &actor, entry)?)
        })
        .await?;
    state.directory.invalidate();
    status_of(state, &user.id).await
}

fn taken() -> Error {
    let mut errors = Errors::new();
    errors.add("account", "taken", "这个账号已经登记给另一个用户。");
    Error::Invalid(errors.into_vec())
}

/// Takes a user's link and entered account away; for the administrator.
pub(super) async fn remove(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    id: &UserId,
) -> Result<(), Error> {
    let user = user(state, &actor, id).await?;
    let words = format!("解除用户“{}”的统一身份认证绑定", user.name);
    take_away(state, context, actor, user.id, None, words).await
}
