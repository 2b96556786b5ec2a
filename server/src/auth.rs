//! Who calls: the extractors that a handler names so that it cannot be called without a sign-in.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use shared::access::{self, Action, Denied, Facts, StandsFor, can};
use shared::account::SignInMethod;
use shared::problem::Code;
use shared::token::PREFIX;

use crate::directory::{Member, Snapshot};
use crate::error::ApiError;
use crate::session::Proof;
use crate::session::token::Claims;
use crate::state::State;
use crate::token;

/// The signed-in caller. It reads as [`access::Actor`], so `can(&actor, …)` takes it as it is.
/// Callers whose initial password still stands are refused (403 `password_change_required`), and those
/// whose role must have a second factor that is not set up yet (403 `second_factor_setup`).
#[derive(Debug, Clone)]
pub struct Actor {
    member: Arc<Member>,
    access: Arc<access::Actor>,
    session_id: Arc<str>,
    proof: Proof,
    /// Whose name stands beside theirs: once something was done in this request that their own rights
    /// would not have allowed. Clones share it.
    behalf: Arc<OnceLock<Arc<str>>>,
}

impl Actor {
    /// An actor for work that does not come through HTTP (the demo, tests).
    pub fn of_member(member: Arc<Member>) -> Self {
        let access = Arc::clone(&member.access);
        Self::new(member, access, "local".into(), Proof::PASSWORD)
    }

    /// The same with nothing but their own rights: whoever has an address or a secret of theirs does
    /// nothing for those for whom they stand in.
    pub(crate) fn of_member_alone(member: Arc<Member>) -> Self {
        let own = Arc::clone(&member.own);
        Self::new(member, own, "local".into(), Proof::PASSWORD)
    }

    fn new(
        member: Arc<Member>,
        access: Arc<access::Actor>,
        session_id: Arc<str>,
        proof: Proof,
    ) -> Self {
        Self {
            member,
            access,
            session_id,
            proof,
            behalf: Arc::default(),
        }
    }

    /// The same, signed in another way.
    pub(crate) fn with_proof(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// How the session was opened.
    pub(crate) fn proof(&self) -> Proof {
        self.proof
    }

    /// Who bears an API token: its owner, with their own rights alone. What somebody does for a colleague
    /// they do themself, at a screen.
    pub(crate) fn by_token(owner: &Arc<Member>, token_id: &str) -> Self {
        let session = format!("token:{token_id}").into();
        Self::new(
            Arc::clone(owner),
            Arc::clone(&owner.own),
            session,
            Proof::PASSWORD,
        )
    }

    /// Decides, as [`can`] does, whether the caller may do something, which is then done. Where their own
    /// rights would not have allowed it, what is written of it from here on names whom they stand in for.
    ///
    /// # Errors
    /// [`Denied`], with the reason.
    pub(crate) fn decide(&self, action: Action, facts: Facts<'_>) -> Result<(), Denied> {
        can(self, action, facts)?;
        self.note_behalf(access::on_behalf(self, action, facts));
        Ok(())
    }

    /// The same caller, who notes nothing of what is decided from here on.
    pub(crate) fn quietly(&self) -> Self {
        Self {
            behalf: Arc::default(),
            ..self.clone()
        }
    }

    /// Notes for whom something is done that own rights would not allow.
    pub(crate) fn note_behalf(&self, absent: Option<&StandsFor>) {
        if let Some(absent) = absent {
            self.behalf.get_or_init(|| absent.name.as_str().into());
        }
    }

    /// For whom something was done in this request.
    pub(crate) fn behalf(&self) -> Option<&str> {
        self.behalf.get().map(|name| &**name)
    }

    /// The person's name as it stands beside what they do: with that of whom they did it for.
    pub(crate) fn signature(&self) -> Cow<'_, str> {
        match self.behalf() {
            Some(absent) => format!("{}（代{absent}）", self.name()).into(),
            None => self.name().into(),
        }
    }

    /// The same caller with what somebody else would read by: for figures that are shown as another's.
    /// Nothing is decided or written as this one.
    pub(crate) fn reading_as(&self, access: access::Actor) -> Self {
        Self {
            access: Arc::new(access),
            behalf: Arc::default(),
            ..self.clone()
        }
    }

    /// The same caller as they are now, for what outlasts a request; none where their sign-ins were
    /// ended meanwhile.
    pub(crate) fn as_of(&self, directory: &Snapshot) -> Option<Self> {
        let member = directory.member(&self.member.user.id)?;
        let good = !member.user.disabled && member.token_version == self.member.token_version;
        let access = if self.is_by_token() {
            &member.own
        } else {
            &member.access
        };
        good.then(|| {
            Self::new(
                Arc::clone(member),
                Arc::clone(access),
                Arc::clone(&self.session_id),
                self.proof,
            )
        })
    }

    /// The person's name.
    pub fn name(&self) -> &str {
        &self.member.name
    }

    /// The user.
    pub fn user(&self) -> &shared::account::User {
        &self.member.user
    }

    /// Whether the role must have a second factor, and this person has none yet, nor did the identity
    /// provider see one that counts here.
    pub fn must_set_up_second_factor(&self) -> bool {
        self.member.must_set_up_second_factor && !self.proof.strong
    }

    /// Whether the initial password has to be changed first. Whoever came by the identity provider does
    /// not need it, unless a second factor is to be set up here, which asks for the password.
    pub fn must_change_password(&self) -> bool {
        let by_password = self.proof.method == SignInMethod::Password;
        self.user().must_change_password && (by_password || self.must_set_up_second_factor())
    }

    /// Whether a program calls, with an API token.
    fn is_by_token(&self) -> bool {
        self.session_id.starts_with("token:")
    }

    /// The session that the access token belongs to.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }
}

impl Deref for Actor {
    type Target = access::Actor;
    fn deref(&self) -> &access::Actor {
        &self.access
    }
}

impl FromRequest for Actor {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        Box::pin(async move {
            let SignedIn(actor) = signed_in.await?;
            if actor.must_change_password() {
                return Err(ApiError::new(
                    Code::PasswordChangeRequired,
                    "首次登录须先修改初始密码，才能使用其他功能。",
                ));
            }
            // What a program does with a token has no phone at hand.
            if actor.must_set_up_second_factor() && !actor.is_by_token() {
                return Err(ApiError::new(
                    Code::SecondFactorSetup,
                    "您的角色须使用两步验证，请先设置，才能使用其他功能。",
                ));
            }
            Ok(actor)
        })
    }
}

/// The signed-in caller, initial password or not, second factor or not: for `/me`, the session, the
/// password and the second factor.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Actor);

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request
                .app_data::<web::Data<State>>()
                .ok_or_else(|| ApiError::internal("no state"))?;
            let secret = bearer(&request).filter(|token| token.starts_with(PREFIX));
            let claims = match secret {
                None => Some(claims(&request, state).ok_or_else(unauthenticated)?),
                Some(_) => None,
            };
            let directory = match state.directory.fresh() {
                Some(directory) => directory,
                None => state.directory.current().await?,
            };
            let actor = match (secret, claims) {
                (Some(secret), _) => token::admit(&request, state, &directory, secret).await?,
                (None, Some(claims)) => admit(&directory, &claims).ok_or_else(unauthenticated)?,
                (None, None) => return Err(unauthenticated()),
            };
            request
                .extensions_mut()
                .insert(CallerId(actor.member.user.id.clone()));
            Ok(Self(actor))
        })
    }
}

/// For the log line.
pub(crate) struct CallerId(pub(crate) shared::ids::UserId);

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the request's access token says, if it is good.
pub(crate) fn claims(request: &HttpRequest, state: &State) -> Option<Claims> {
    bearer(request).and_then(|token| state.sessions.verify(token, state.clock.now()))
}

/// Whom a token of these claims lets in, but for its time: for what outlasts a request, too.
pub(crate) fn admit(directory: &Snapshot, claims: &Claims) -> Option<Actor> {
    let member = directory.member(&claims.sub)?;
    let good = !member.user.disabled
        && member.token_version == claims.ver
        && !directory.has_ended(&claims.sid);
    good.then(|| {
        let access = Arc::clone(&member.access);
        let session = claims.sid.as_str().into();
        Actor::new(Arc::clone(member), access, session, claims.proof())
    })
}

fn unauthenticated() -> ApiError {
    ApiError::new(Code::Unauthenticated, "未登录，或登录已过期，请重新登录。")
}

impl From<access::Denied> for ApiError {
    fn from(denied: access::Denied) -> Self {
        match denied {
            access::Denied::Hidden => Self::not_found(),
            access::Denied::NotAllowed(whose) => Self::new(Code::Forbidden, whose),
        }
    }
}
