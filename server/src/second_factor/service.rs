//! Setting a second factor up, asking for it, taking it away.

use chrono::{DateTime, Utc};
use diesel::result::Error as DieselError;
use qrcode::QrCode;
use qrcode::render::svg;
use shared::access::{Action, Denied, Facts, can};
use shared::account::User;
use shared::audit::AuditAction;
use shared::ids::UserId;
use shared::problem::{Code, FieldError};
use shared::second_factor::{
    DRIFT, FactorCode, FactorOn, FactorProof, FactorSecret, FactorStart, FactorStatus,
    RECOVERY_ALPHABET, RECOVERY_CODES, RECOVERY_LENGTH, RecoveryCodes, STEP, Typed, check_code,
};
use shared::validate::Errors;
use totp_rs::{Builder, Secret};

use super::store;
use crate::account;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::keys::{Keys, Place};
use crate::session::{service as session, store as sessions};
use crate::state::State;

/// The bytes of a secret, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// Why a second factor is not as wished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("no such user")]
    Unknown,
    #[error("the initial password still stands")]
    PasswordFirst,
    #[error("{0}")]
    Conflict(&'static str),
    #[error("damaged: {0}")]
    Damaged(String),
    #[error(transparent)]
    Session(#[from] session::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Unknown => Self::not_found(),
            Error::PasswordFirst => Self::new(
                Code::PasswordChangeRequired,
                "首次登录须先修改初始密码，再设置两步验证。",
            ),
            Error::Conflict(why) => Self::conflict(why),
            Error::Damaged(why) => Self::internal(why),
            Error::Session(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

const fn place(user_id: &str) -> Place<'_> {
    Place {
        table: "second_factors",
        column: "secret",
        id: user_id,
    }
}

/// The steps about now whose code this is: a phone's clock may be off by [`DRIFT`].
fn steps_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> Vec<i64> {
    let Ok(totp) = Builder::new().with_secret(secret.to_vec()).build() else {
        return Vec::new();
    };
    let step = now.timestamp().div_euclid(STEP);
    let wanted = blake3::hash(code.as_bytes());
    (-DRIFT..=DRIFT)
        .map(|off| step.saturating_add(off))
        .filter(|step| {
            let at = u64::try_from(step.saturating_mul(STEP)).unwrap_or_default();
            // Hashes compare in constant time.
            blake3::hash(totp.generate(at).to_string().as_bytes()) == wanted
        })
        .collect()
}

/// The keyed hash of a recovery code, which is good for its owner alone.
fn code_hash(keys: &Keys, user_id: &str, code: &str) -> String {
    keys.lookup_hash("recovery_code", &format!("{user_id} {code}"))
}

/// New recovery codes, as they are shown.
fn new_codes() -> Vec<String> {
    let half = RECOVERY_LENGTH / 2;
    let one = |_| {
        let at = rand::random_range(0..RECOVERY_ALPHABET.len());
        RECOVERY_ALPHABET.get(at).copied().map_or('x', char::from)
    };
    let code = |_| {
        let first: String = (0..half).map(one).collect();
        let second: String = (half..RECOVERY_LENGTH).map(one).collect();
        format!("{first}-{second}")
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// Keeps the hashes of recovery codes in place of those of before.
fn keep_codes(
    conn: &mut Conn,
    keys: &Keys,
    user_id: &str,
    codes: &[String],
) -> Result<(), DieselError> {
    let hashes: Vec<String> = codes
        .iter()
        .map(|code| code_hash(keys, user_id, &code.replace('-', "")))
        .collect();
    store::set_codes(conn, user_id, &hashes)
}

/// How a code was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A code of the app.
    Code,
    /// A recovery code; so many are left.
    Recovery(u32),
}

/// Takes a code, once: six digits of a step that is later than all before, or a recovery code.
fn take(
    conn: &mut Conn,
    keys: &Keys,
    user_id: &str,
    typed: &str,
    now: DateTime<Utc>,
) -> Result<Option<Taken>, Error> {
    let factor = store::of(conn, user_id)?.filter(|factor| factor.confirmed_at.is_some());
    let (Some(factor), Some(typed)) = (factor, Typed::read(typed)) else {
        return Ok(None);
    };
    match typed {
        Typed::Code(code) => {
            let secret = keys
                .open(&factor.secret, place(user_id))
                .map_err(|error| Error::Damaged(error.to_string()))?;
            for step in steps_of(&secret, &code, now) {
                if store::take_step(conn, user_id, step)? {
                    return Ok(Some(Taken::Code));
                }
            }
            Ok(None)
        }
        Typed::Recovery(code) => {
            let hash = code_hash(keys, user_id, &code);
            if !store::use_code(conn, user_id, &hash, now)? {
                return Ok(None);
            }
            Ok(Some(Taken::Recovery(store::codes_left(conn, user_id)?)))
        }
    }
}

/// Takes the code of a sign-in whose password was right, or that the identity provider vouched for. That
/// a recovery code was used, or a code was wrong, is in the audit log, with the name: whoever tries has
/// shown who they are.
pub(crate) async fn take_at_sign_in(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    typed: String,
    wrong: &'static str,
) -> Result<bool, Error> {
    let (keys, context) = (state.keys.clone(), context.clone());
    let work = move |conn: &mut Conn| {
        let user_id = actor.user_id.as_str();
        let taken = take(conn, &keys, user_id, &typed, context.now)?;
        let entry = match taken {
            Some(Taken::Code) => return Ok(true),
            Some(Taken::Recovery(left)) => Entry::new(
                AuditAction::SecondFactor,
                format!("用恢复码登录，还剩{left}个恢复码"),
            ),
            None => Entry::new(AuditAction::SignInFailed, wrong),
        };
        audit::append(conn, &context, &actor, entry)?;
        Ok::<_, Error>(taken.is_some())
    };
    state.db.write(work).await
}

/// Where the own second factor stands.
pub(super) async fn status(state: &State, actor: &Actor) -> Result<FactorStatus, Error> {
    let directory = state.directory.current().await?;
    let required = directory
        .general(&actor.township_id)
        .second_factor_roles
        .contains(&actor.role);
    let id = actor.user_id.clone();
    let read = move |conn: &mut Conn| {
        let factor = store::of(conn, id.as_str())?;
        let since = factor.and_then(|factor| factor.confirmed_at);
        Ok::<_, Error>(FactorStatus {
            on: since.is_some(),
            since: since.map(|at| at.and_utc()),
            recovery_codes_left: store::codes_left(conn, id.as_str())?,
            required,
        })
    };
    state.db.read(read).await
}

/// With an initial password, that comes first.
fn after_the_password(actor: &Actor) -> Result<(), Error> {
    if actor.user().must_change_password {
        Err(Error::PasswordFirst)
    } else {
        Ok(())
    }
}

/// Begins to set it up: a new secret, which counts once a code of it has been seen.
pub(super) async fn start(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: FactorStart,
) -> Result<FactorSecret, Error> {
    after_the_password(&actor)?;
    session::ask_password(state, context, &actor, "password", input.password).await?;
    let directory = state.directory.current().await?;
    let issuer = format!("{}信访工作台", directory.unit_name(&actor.township_id));
    let secret: [u8; SECRET_BYTES] = rand::random();
    let sealed = state.keys.seal(&secret, place(actor.user_id.as_str()));
    let (id, now) = (actor.user_id.clone(), context.now);
    let keep = move |conn: &mut Conn| {
        let user_id = id.as_str();
        if store::of(conn, user_id)?.is_some_and(|factor| factor.confirmed_at.is_some()) {
            return Err(Error::Conflict(
                "两步验证已经开启。换手机时，请先关闭，再重新设置。",
            ));
        }
        Ok(store::start(conn, user_id, &sealed, now)?)
    };
    state.db.write(keep).await?;
    told(&secret, &issuer, &actor.user().username)
}

/// What the authenticator app needs to know.
fn told(secret: &[u8], issuer: &str, account: &str) -> Result<FactorSecret, Error> {
    let secret = Secret::from(secret.to_vec()).to_base32();
    let (issuer, account) = (encoded(issuer), encoded(account));
    let uri = format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}"
    );
    let code = QrCode::new(uri.as_bytes()).map_err(|error| Error::Damaged(error.to_string()))?;
    let qr_svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .build();
    Ok(FactorSecret {
        secret,
        uri,
        qr_svg,
    })
}

/// Percent-encoded for a part of an address.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Turns it on, with the first code of the app. Every other sign-in ends: they knew no second factor.
pub(super) async fn confirm(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: FactorCode,
) -> Result<FactorOn, Error> {
    after_the_password(&actor)?;
    let typed = check("code", &input.code)?;
    session::attempt(state, context, &actor)?;
    let recovery_codes = new_codes();
    let (keys, ctx, by, codes) = (
        state.keys.clone(),
        context.clone(),
        actor.clone(),
        recovery_codes.clone(),
    );
    let version = state
        .db
        .write(move |conn| {
            let user_id = by.user_id.as_str();
            confirm_in(conn, &keys, user_id, &typed, ctx.now)?;
            keep_codes(conn, &keys, user_id, &codes)?;
            sessions::end_all(conn, user_id, Some(by.session_id()), "factor", ctx.now)?;
            let entry = Entry::new(AuditAction::SecondFactor, "开启两步验证");
            audit::append(conn, &ctx, &by, entry)?;
            Ok::<_, Error>(sessions::token_version(conn, user_id)?)
        })
        .await?;
    session::right(state, context, &actor);
    state.directory.invalidate();
    let session = session::go_on(state, &actor, version, context.now).await?;
    Ok(FactorOn {
        recovery_codes,
        session,
    })
}

fn confirm_in(
    conn: &mut Conn,
    keys: &Keys,
    user_id: &str,
    typed: &Typed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let factor = store::of(conn, user_id)?
        .ok_or(Error::Conflict("还没有开始设置两步验证，请先扫描二维码。"))?;
    if factor.confirmed_at.is_some() {
        return Err(Error::Conflict("两步验证已经开启。"));
    }
    let secret = keys
        .open(&factor.secret, place(user_id))
        .map_err(|error| Error::Damaged(error.to_string()))?;
    let Typed::Code(code) = typed else {
        return Err(wrong_code());
    };
    // The first one: a step is later than none.
    let step = steps_of(&secret, code, now).into_iter().max();
    let step = step.ok_or_else(wrong_code)?;
    store::take_step(conn, user_id, step)?;
    Ok(store::confirm(conn, user_id, now)?)
}

/// Turns it off, where the role does not have to have it.
pub(super) async fn turn_off(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: FactorProof,
) -> Result<(), Error> {
    let directory = state.directory.current().await?;
    let roles = &directory.general(&actor.township_id).second_factor_roles;
    if roles.contains(&actor.role) {
        return Err(Error::Conflict(
            "您的角色须使用两步验证，不能关闭。换手机请联系系统管理员重置。",
        ));
    }
    prove(state, context, &actor, input).await?;
    let context = context.clone();
    state
        .db
        .write(move |conn| {
            store::remove(conn, actor.user_id.as_str(), context.now)?;
            let entry = Entry::new(AuditAction::SecondFactor, "关闭两步验证");
            audit::append(conn, &context, &actor, entry)
        })
        .await?;
    state.directory.invalidate();
    Ok(())
}

/// New recovery codes in place of those of before.
pub(super) async fn renew_codes(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: FactorProof,
) -> Result<RecoveryCodes, Error> {
    prove(state, context, &actor, input).await?;
    let recovery_codes = new_codes();
    let (keys, context, codes) = (state.keys.clone(), context.clone(), recovery_codes.clone());
    state
        .db
        .write(move |conn| {
            keep_codes(conn, &keys, actor.user_id.as_str(), &codes)?;
            let entry = Entry::new(AuditAction::SecondFactor, "换新恢复码，旧的作废");
            audit::append(conn, &context, &actor, entry)
        })
        .await?;
    Ok(RecoveryCodes { recovery_codes })
}

/// Asks for the password and a code.
async fn prove(
    state: &State,
    context: &RequestContext,
    actor: &Actor,
    input: FactorProof,
) -> Result<(), Error> {
    if !actor.user().second_factor {
        return Err(Error::Conflict("还没有开启两步验证。"));
    }
    check("code", &input.code)?;
    session::ask_password(state, context, actor, "password", input.password).await?;
    session::attempt(state, context, actor)?;
    let (keys, id, now) = (state.keys.clone(), actor.user_id.clone(), context.now);
    let typed = input.code;
    let taken = state
        .db
        .write(move |conn| take(conn, &keys, id.as_str(), &typed, now))
        .await?;
    taken.ok_or_else(wrong_code)?;
    session::right(state, context, actor);
    Ok(())
}

fn check(field: &str, code: &str) -> Result<Typed, Error> {
    let mut errors = Errors::new();
    check_code(&mut errors, field, code);
    errors.into_result().map_err(Error::Invalid)?;
    Typed::read(code).ok_or_else(wrong_code)
}

fn wrong_code() -> Error {
    let mut errors = Errors::new();
    errors.add(
        "code",
        "wrong",
        "验证码不正确，或者已经用过。请等验证器换下一个；总不对时，检查手机时间。",
    );
    Error::Invalid(errors.into_vec())
}

/// Takes the factor of somebody away who has lost phone and codes; for the administrator.
pub(super) async fn reset(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    id: UserId,
) -> Result<User, Error> {
    can(&actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    let member = directory.member(&id).ok_or(Error::Unknown)?;
    can(&actor, Action::ManageUsers, Facts::User(&member.access))?;
    if id == actor.user_id {
        return Err(Error::Conflict(
            "不能重置自己的两步验证。请在“我的”里用恢复码关闭，或在服务器上执行 xinfang admin reset-totp。",
        ));
    }
    let context = context.clone();
    let user = state
        .db
        .write(move |conn| {
            let user = account::store::one(conn, &id)?.ok_or(Error::Unknown)?;
            let entry = reset_in(conn, &user, context.now)?;
            audit::append(conn, &context, &actor, entry)?;
            account::store::one(conn, &id)?.ok_or(Error::Unknown)
        })
        .await?;
    state.directory.invalidate();
    Ok(user)
}

/// Takes the factor away and ends the user's sign-ins; the entry is for the audit log.
pub(crate) fn reset_in(conn: &mut Conn, user: &User, now: DateTime<Utc>) -> Result<Entry, Error> {
    if !store::remove(conn, user.id.as_str(), now)? {
        return Err(Error::Conflict("这个用户没有设置两步验证。"));
    }
    sessions::end_all(conn, user.id.as_str(), None, "factor", now)?;
    let detail = format!("重置“{}”的两步验证", user.name);
    Ok(Entry::new(AuditAction::SecondFactor, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's appendix B, whose last six digits these are.
    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let now = DateTime::from_timestamp(at, 0).unwrap();
            assert_eq!(steps_of(RFC, code, now), [at / 30], "{at}");
            let off = |seconds| now + chrono::Duration::seconds(seconds);
            assert_eq!(steps_of(RFC, code, off(30)), [at / 30], "one step late");
            assert_eq!(steps_of(RFC, code, off(-30)), [at / 30], "one step early");
            assert!(steps_of(RFC, code, off(60)).is_empty(), "two steps late");
            assert!(steps_of(RFC, code, off(-60)).is_empty(), "two steps early");
        }
    }

    #[test]
    fn what_the_app_is_told_names_township_and_account() {
        let told = told(RFC, "平川镇信访工作台", "li:1").unwrap();
        assert_eq!(told.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(
            told.uri.starts_with("otpauth://totp/%E5%B9%B3%E5%B7%9D")
                && told.uri.contains(":li%3A1?secret=GEZDGNBV"),
            "{}",
            told.uri
        );
        assert!(told.qr_svg.contains("<svg"));
    }

    #[test]
    fn recovery_codes_are_read_back() {
        let codes = new_codes();
        assert_eq!(codes.len(), RECOVERY_CODES);
        for code in &codes {
            let plain = code.replace('-', "");
            assert_eq!(Typed::read(code), Some(Typed::Recovery(plain)), "{code}");
        }
        let different: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
    }
}
