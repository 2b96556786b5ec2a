//! API tokens for scripts: made by their owner, shown once, kept as a keyed hash.
//!
//! A token is looked at where a session's is ([`crate::auth`]): who bears it acts as its owner, so
//! `shared::access::can` decides as ever, and [`needs`] says which scope a route asks for. All that
//! decides is in memory ([`crate::directory`]); a request by token reads nothing for it.

mod gate;
pub(crate) mod needs;
pub(crate) mod routes;
mod service;
pub(crate) mod store;

use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use shared::ids::UserId;
use shared::problem::Code;
use shared::role::Role;
use shared::term::Term;
use shared::token::{Net, Standing, TokenScope, TokenState};

use crate::auth::Actor;
use crate::context::RequestContext;
use crate::directory::{Member, Snapshot};
use crate::error::ApiError;
use crate::keys::Keys;
use crate::state::State;

pub(crate) use gate::Gate;
use needs::Need;

/// A token as requests are compared with it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) hash: String,
    pub(crate) owner_id: UserId,
    pub(crate) name: String,
    pub(crate) scopes: Vec<TokenScope>,
    pub(crate) nets: Vec<Net>,
    pub(crate) per_minute: u32,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked: bool,
    /// The owner's, when it was made.
    pub(crate) token_version: i64,
    pub(crate) role: Role,
}

impl Known {
    fn standing(&self, owner: &Member) -> Standing {
        Standing {
            revoked: self.revoked,
            expires_at: self.expires_at,
            owner_disabled: owner.user.disabled,
            signed_in: owner.token_version == self.token_version,
            role: (self.role, owner.user.role),
        }
    }

    fn allows(&self, address: Option<IpAddr>) -> bool {
        self.nets.is_empty()
            || address.is_some_and(|address| self.nets.iter().any(|net| net.contains(address)))
    }
}

/// By what a token is found.
fn hash(keys: &Keys, secret: &str) -> String {
    keys.lookup_hash("api_token", secret)
}

/// Who bears the token, if it is good for this request.
///
/// # Errors
/// 401 where it is not good, with the reason (whoever has the secret is no stranger), 403 where its
/// scope has not this route, 429 where it comes too often.
pub(crate) async fn admit(
    request: &HttpRequest,
    state: &State,
    directory: &Snapshot,
    secret: &str,
) -> Result<Actor, ApiError> {
    let token = directory
        .token(&hash(&state.keys, secret))
        .ok_or_else(|| refused("令牌无效：没有这个令牌。请核对是否复制完整。"))?;
    let owner = directory
        .member(&token.owner_id)
        .ok_or_else(|| refused("令牌无效：没有这个令牌。请核对是否复制完整。"))?;
    let context = RequestContext::from_request(request, &mut Payload::None).await?;
    let actor = Actor::by_token(owner, &token.id);
    if !token.allows(context.address) {
        state
            .tokens
            .note(state, &context, &actor, token, false)
            .await;
        return Err(refused(
            "这个令牌不能从当前地址使用，请在允许的地址上使用，或新建令牌。",
        ));
    }
    let standing = token.standing(owner).state(context.now);
    if standing != TokenState::Active {
        return Err(refused(why_not(standing)));
    }
    if let Err(seconds) = state.tokens.take(&token.id, token.per_minute, context.now) {
        let most = token.per_minute;
        let detail = format!("这个令牌每分钟最多{most}次请求，请在{seconds}秒后再试。");
        return Err(ApiError::too_many(seconds, detail));
    }
    check_scope(request, token)?;
    state
        .tokens
        .note(state, &context, &actor, token, true)
        .await;
    Ok(actor)
}

fn refused(why: &'static str) -> ApiError {
    ApiError::new(Code::Unauthenticated, why)
}

const fn why_not(state: TokenState) -> &'static str {
    match state {
        TokenState::Active => "",
        TokenState::Expired => "令牌已到期，请新建令牌。",
        TokenState::Revoked => "令牌已撤销，请新建令牌。",
        TokenState::OwnerDisabled => "令牌持有人的账号已停用，令牌随之失效。",
        TokenState::SignedOut => "令牌持有人退出了全部登录或改过密码，令牌随之失效，请新建令牌。",
        TokenState::RoleChanged => "令牌持有人的角色已变更，令牌随之失效，请新建令牌。",
    }
}

fn check_scope(request: &HttpRequest, token: &Known) -> Result<(), ApiError> {
    let pattern = request.match_pattern().unwrap_or_default();
    let need = needs::of(request.method().as_str(), &pattern).unwrap_or(Need::Session);
    let missing = |detail: String| Err(ApiError::new(Code::InsufficientScope, detail));
    match need {
        Need::Open => Ok(()),
        Need::Scope(scope) if token.scopes.contains(&scope) => Ok(()),
        Need::Scope(scope) => missing(format!(
            "这个接口需要令牌权限 {}（{}），这个令牌没有。",
            scope.code(),
            scope.label()
        )),
        Need::Session => missing("这个接口不能用令牌调用，请由本人登录后办理。".to_owned()),
    }
}
