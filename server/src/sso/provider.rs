//! The provider: what it says of itself, where people are sent, what comes of a code.
//!
//! What it says of itself (discovery, keys) is asked when it is first needed, kept for an hour, and asked
//! anew where a token names a key that is not known. A provider that does not answer is left alone for a
//! moment, so that people who wait do not wait one after the other; it is never why the server does not
//! start.

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreErrorResponseType, CoreGrantType, CoreIdToken, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, CsrfToken, DiscoveryError, EndSessionUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadata,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse, TokenResponse,
    http,
};
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::sso::MAX_ACCOUNT;
use tokio::sync::Mutex;

use super::attempt::Attempt;
use super::settings::Settings;
use crate::outgoing::{self, Way};

/// How long what the provider says of itself is believed.
const KEPT: Duration = Duration::from_secs(3600);
/// How long a provider that failed is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(3);
/// How often keys may be asked for out of turn.
const KEYS_ANEW: Duration = Duration::from_secs(60);
/// How long all questions of one step may take together.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most bytes of an answer.
const MOST_ANSWER: usize = 256 * 1024;
/// How far clocks may differ, in seconds.
const CLOCKS_DIFFER: i64 = 60;
/// The longest subject, as the specification has it.
const MAX_SUBJECT: usize = 255;

/// Signatures that are taken: those that nobody but the provider can make.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why the provider came to nothing. The words inside are for the log, the doctor and the audit log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// It does not answer, or says that it cannot.
    #[error("身份认证平台没有正常应答：{0}")]
    Unreached(String),
    /// It answers what no provider should, or is another one.
    #[error("身份认证平台的答复不对：{0}")]
    Nonsense(String),
    /// It does not take the code or this client.
    #[error("身份认证平台不认这次登录：{0}")]
    Refused(String),
    /// Its token does not hold.
    #[error("身份认证平台的令牌没有通过核对：{0}")]
    Untrusted(String),
}

/// What the specification of discovery leaves to others.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Besides {
    /// Where one signs out there.
    #[serde(default)]
    end_session_endpoint: Option<EndSessionUrl>,
    /// Whether it names itself when it sends a browser back (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Besides {}

type Metadata = ProviderMetadata<
    Besides,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Whom the provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Who {
    /// The provider's own name of them, which never changes.
    pub(crate) subject: String,
    /// The value of the claim that accounts are compared with.
    pub(crate) account: Option<String>,
    /// How to call them.
    pub(crate) shown: Option<String>,
    /// Whether they showed a second factor there that counts here.
    pub(crate) strong: bool,
}

/// What is known of the provider.
#[derive(Default)]
struct Known {
    metadata: Option<(Metadata, Instant)>,
    failed: Option<(Error, Instant)>,
    keys_anew: Option<Instant>,
}

/// The provider.
pub(crate) struct Provider {
    settings: Settings,
    client: OnceLock<reqwest::Client>,
    known: Mutex<Known>,
}

/// A request to the provider that failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreached(String);

impl Provider {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            client: OnceLock::new(),
            known: Mutex::default(),
        }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// What is configured.
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The client for its addresses: straight to it, for it may lie inside.
    async fn http(&self) -> Result<reqwest::Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let made = tokio::task::spawn_blocking(|| outgoing::client(Way::Inside)).await;
        let client = made
            .ok()
            .flatten()
            .ok_or_else(|| Error::Unreached("本机的 TLS 设置不可用".to_owned()))?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// What the provider says of itself.
    async fn metadata(&self) -> Result<Metadata, Error> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < KEPT
        {
            return Ok(metadata.clone());
        }
        if let Some((error, at)) = &known.failed
            && at.elapsed() < LEFT_ALONE
        {
            return Err(error.clone());
        }
        match self.discover().await {
            Ok(metadata) => {
                known.metadata = Some((metadata.clone(), Instant::now()));
                known.failed = None;
                Ok(metadata)
            }
            Err(error) => {
                tracing::warn!(%error, issuer = self.settings.issuer.as_str(), "the identity provider failed");
                known.failed = Some((error.clone(), Instant::now()));
                Err(error)
            }
        }
    }

    /// The same, asked out of turn, for a key that is not known; none where that was done a moment ago.
    async fn metadata_anew(&self) -> Option<Metadata> {
        let mut known = self.known.lock().await;
        if known.keys_anew.is_some_and(|at| at.elapsed() < KEYS_ANEW) {
            return None;
        }
        known.keys_anew = Some(Instant::now());
        let metadata = self.discover().await.ok()?;
        known.metadata = Some((metadata.clone(), Instant::now()));
        Some(metadata)
    }

    async fn discover(&self) -> Result<Metadata, Error> {
        let client = self.http().await?;
        let http = |request: HttpRequest| fetch(client.clone(), request);
        let issuer = self.settings.issuer.clone();
        let found = in_time(Metadata::discover_async(issuer, &http)).await?;
        let metadata = found.map_err(|error| match error {
            DiscoveryError::Request(error) => Error::Unreached(error.to_string()),
            DiscoveryError::Response(status, _, _) if status.is_server_error() => {
                Error::Unreached(format!("HTTP {}", status.as_u16()))
            }
            DiscoveryError::Response(_, _, why) => Error::Nonsense(why),
            DiscoveryError::Validation(why) => Error::Nonsense(why),
            other => Error::Nonsense(in_full(&other)),
        })?;
        let flows = metadata.response_types_supported();
        let code = |flow: &openidconnect::ResponseTypes<CoreResponseType>| {
            **flow == vec![CoreResponseType::Code]
        };
        if !flows.is_empty() && !flows.iter().any(code) {
            return Err(Error::Nonsense("不支持授权码登录（code）".to_owned()));
        }
        if metadata.token_endpoint().is_none() {
            return Err(Error::Nonsense("没有 token_endpoint".to_owned()));
        }
        Ok(metadata)
    }

    /// Whether it can be used now.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn look(&self) -> Result<(), Error> {
        self.metadata().await.map(drop)
    }

    fn client_of(&self, metadata: &Metadata) -> Client {
        let settings = &self.settings;
        let ways = metadata.token_endpoint_auth_methods_supported();
        let takes = |way| ways.is_none_or(|ways| ways.contains(&way));
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            settings.client_id.clone(),
            settings.secret.clone(),
        )
        .set_redirect_uri(settings.redirect.clone());
        if takes(CoreClientAuthMethod::ClientSecretBasic) {
            client
        } else {
            client.set_auth_type(AuthType::RequestBody)
        }
    }

    /// Begins a way to the provider: where the browser goes, and what it has to bring back.
    ///
    /// # Errors
    /// The provider does not answer.
    pub(super) async fn begin(
        &self,
        to: String,
        link: Option<super::attempt::Linking>,
        now: DateTime<Utc>,
    ) -> Result<(String, Attempt), Error> {
        let metadata = self.metadata().await?;
        let client = self.client_of(&metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if link.is_some() {
            // Whoever is signed in there at this desk need not be the one who links.
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, state, nonce) = request.url();
        let attempt = Attempt {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            issuer: self.settings.issuer.as_str().to_owned(),
            to,
            at: now,
            link,
        };
        Ok((url.to_string(), attempt))
    }

    /// Whether a browser was sent back by this provider: it names itself, where it says that it does.
    ///
    /// # Errors
    /// By another one, or by nobody who says so.
    pub(super) async fn sent_back(&self, named: Option<&str>) -> Result<(), Error> {
        let issuer = self.settings.issuer.as_str();
        match named {
            Some(named) if named == issuer => Ok(()),
            Some(named) => {
                let named: String = named.chars().take(200).collect();
                Err(Error::Untrusted(format!("答复来自另一个平台（{named}）")))
            }
            None => {
                let metadata = self.metadata().await?;
                let besides = metadata.additional_metadata();
                if besides.authorization_response_iss_parameter_supported {
                    Err(Error::Untrusted("答复没有说明来自哪个平台".to_owned()))
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Exchanges a code for a token, and judges it.
    ///
    /// # Errors
    /// See [`Error`].
    pub(super) async fn exchange(
        &self,
        code: String,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> Result<Who, Error> {
        let metadata = self.metadata().await?;
        let client = self.client_of(&metadata);
        let http_client = self.http().await?;
        let http = |request: HttpRequest| fetch(http_client.clone(), request);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Error::Nonsense(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let answer = in_time(request.request_async(&http)).await?;
        let answer = answer.map_err(of_exchange)?;
        let token = answer
            .id_token()
            .ok_or_else(|| Error::Nonsense("答复中没有 id_token".to_owned()))?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let subject = match subject_of(&client, token, &nonce, now) {
            // The provider signs with a new key.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => match self.metadata_anew().await {
                Some(metadata) => subject_of(&self.client_of(&metadata), token, &nonce, now),
                None => Err(ClaimsVerificationError::SignatureVerification(
                    SignatureVerificationError::NoMatchingKey,
                )),
            },
            judged => judged,
        };
        let subject = subject.map_err(|error| Error::Untrusted(in_full(&error)))?;
        if subject.is_empty() || subject.chars().count() > MAX_SUBJECT || subject.contains('\0') {
            return Err(Error::Nonsense("令牌中的 sub 不是一个标识".to_owned()));
        }
        let claims =
            claims_of(token).ok_or_else(|| Error::Nonsense("id_token 读不出来".to_owned()))?;
        Ok(self.who(subject, &claims))
    }

    /// What the claims of a token that holds say.
    fn who(&self, subject: String, claims: &Map<String, Value>) -> Who {
        let account = self.settings.claim.as_ref();
        let account = account.and_then(|claim| claim_text(claims, claim));
        let shown =
            || claim_text(claims, "preferred_username").or_else(|| claim_text(claims, "name"));
        let trusted = |value: &Value| {
            let value = value.as_str();
            value.is_some_and(|value| self.settings.mfa.iter().any(|known| known == value))
        };
        let ways = claims.get("amr").and_then(Value::as_array);
        let strong = ways.is_some_and(|ways| ways.iter().any(trusted))
            || claims.get("acr").is_some_and(trusted);
        Who {
            subject,
            shown: account.clone().or_else(shown),
            account,
            strong,
        }
    }

    /// Where one signs out at the provider and comes back, if it has such a place.
    pub(super) async fn leave(&self) -> Option<String> {
        let metadata = self.metadata().await.ok()?;
        let at = metadata
            .additional_metadata()
            .end_session_endpoint
            .clone()?;
        let back = format!("{}/login", self.settings.site);
        let request = LogoutRequest::from(at)
            .set_client_id(self.settings.client_id.clone())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(back).ok()?);
        Some(request.http_get_url().to_string())
    }
}

async fn in_time<T>(asking: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, asking)
        .await
        .map_err(|_| Error::Unreached("没有及时答复".to_owned()))
}

/// Sends a request as the crate wants it sent.
async fn fetch(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Unreached> {
    let odd = |error: &dyn std::fmt::Display| Unreached(error.to_string());
    let request = reqwest::Request::try_from(request).map_err(|error| odd(&error))?;
    let request = RequestBuilder::from_parts(client, request);
    let (status, headers, body) = outgoing::ask(request, MOST_ANSWER)
        .await
        .map_err(|failure| Unreached(failure.words()))?;
    let mut response = http::Response::builder().status(status);
    if let Some(kind) = headers.get(http::header::CONTENT_TYPE) {
        response = response.header(http::header::CONTENT_TYPE, kind);
    }
    response.body(body).map_err(|error| odd(&error))
}

fn of_exchange(
    error: RequestTokenError<Unreached, StandardErrorResponse<CoreErrorResponseType>>,
) -> Error {
    match error {
        RequestTokenError::ServerResponse(said) => {
            // What it says besides may be anything.
            let said = format!("{:?}", said.error());
            Error::Refused(said.chars().take(100).collect())
        }
        RequestTokenError::Request(error) => Error::Unreached(error.to_string()),
        RequestTokenError::Parse(error, _) => Error::Nonsense(format!("答复读不出来（{error}）")),
        RequestTokenError::Other(why) => Error::Nonsense(why.chars().take(200).collect()),
    }
}

/// An error with what is behind it.
fn in_full(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let words: Vec<String> = chain.map(ToString::to_string).collect();
    words.join(": ").chars().take(300).collect()
}

/// The subject of a token that holds: signature, issuer, audience, nonce, expiry.
fn subject_of(
    client: &Client,
    token: &CoreIdToken,
    nonce: &Nonce,
    now: DateTime<Utc>,
) -> Result<String, ClaimsVerificationError> {
    let at = now - chrono::Duration::seconds(CLOCKS_DIFFER);
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(SIGNATURES)
        .set_time_fn(move || at);
    let claims = token.claims(&verifier, nonce)?;
    Ok(claims.subject().as_str().to_owned())
}

/// All claims of a token; only of one that holds.
fn claims_of(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let payload = text.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A claim's text or number. An address of mail counts only where the provider has made sure of it.
fn claim_text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    if name == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return None;
    }
    let text = match claims.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let good = !text.is_empty()
        && text.chars().count() <= MAX_ACCOUNT
        && !text.chars().any(char::is_control);
    good.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};
    use serde_json::json;

    fn provider(claim: &str, mfa: &str) -> Provider {
        let some = |text: &str| Some(text.to_owned());
        let flags = Flags {
            oidc_issuer: some("https://sso.example.gov.cn"),
            oidc_client_id: some("xinfang"),
            oidc_site: some("https://xinfang.example.gov.cn"),
            oidc_claim: some(claim),
            oidc_mfa: some(mfa),
            ..Flags::default()
        };
        let config = Config::load(&flags).unwrap();
        Provider::new(Settings::of(&config).unwrap().unwrap())
    }

    fn who(claim: &str, mfa: &str, claims: Value) -> Who {
        let Value::Object(claims) = claims else {
            panic!("an object");
        };
        provider(claim, mfa).who("s".to_owned(), &claims)
    }

    #[test]
    fn accounts_are_texts_or_numbers_of_the_configured_claim() {
        let account = |claim: &str, claims: Value| who(claim, "", claims).account;
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(account("staff", json!({"staff": "A-1"})), some("A-1"));
        assert_eq!(account("staff", json!({"staff": 6207})), some("6207"));
        for none in [
            json!({}),
            json!({"staff": ""}),
            json!({"staff": ["A-1"]}),
            json!({"staff": "a\nb"}),
            json!({"preferred_username": "A-1"}),
        ] {
            assert_eq!(account("staff", none.clone()), None, "{none}");
        }
        assert_eq!(account("none", json!({"none": "x"})), None);
        // Anybody can write any address there until the provider has looked.
        assert_eq!(account("email", json!({"email": "a@b.cn"})), None);
        let sure = json!({"email": "a@b.cn", "email_verified": true});
        assert_eq!(account("email", sure), some("a@b.cn"));
    }

    #[test]
    fn a_second_factor_there_counts_only_where_that_is_configured() {
        let strong = |mfa: &str, claims: Value| who("none", mfa, claims).strong;
        assert!(!strong("", json!({"amr": ["mfa"], "acr": "2"})));
        assert!(strong("mfa,otp", json!({"amr": ["pwd", "otp"]})));
        assert!(strong("2", json!({"acr": "2"})));
        assert!(!strong("mfa", json!({"amr": ["pwd"], "acr": "1"})));
        assert!(!strong("mfa", json!({"amr": "mfa"})), "a list, or nothing");
    }
}
