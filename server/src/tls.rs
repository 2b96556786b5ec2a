//! TLS by the server itself: a certificate that is given, and taken in anew when its file changes or at
//! SIGHUP. One that cannot be used is said in the log, and the one before it stays.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::config::Config;

/// How often it is looked whether the files have changed.
const LOOKS: Duration = Duration::from_secs(30);

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// One of two settings.
    #[error("tls_certificate 和 tls_key 须同时填写。")]
    Half,
    /// A file that cannot be used.
    #[error("TLS 文件 {path} 不能使用：{why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The two do not belong together, or the library refuses them.
    #[error("TLS 证书与私钥不匹配或不能使用：{0}")]
    Pair(#[from] rustls::Error),
}

/// The files that are configured.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    /// Where TLS is configured.
    ///
    /// # Errors
    /// [`Error::Half`].
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, Error> {
        match (&config.tls.tls_certificate, &config.tls.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Self {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            _ => Err(Error::Half),
        }
    }

    /// When either was last written.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| {
            std::fs::metadata(path)
                .and_then(|about| about.modified())
                .ok()
        })
    }

    /// Reads both.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn load(&self) -> Result<CertifiedKey, Error> {
        let chain = chain(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| Error::File {
            path: self.key.clone(),
            why: error.to_string(),
        })?;
        Ok(CertifiedKey::from_der(
            chain,
            key,
            &ring::default_provider(),
        )?)
    }

    /// When the certificate ends, in seconds of 1970.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn expiry(&self) -> Result<i64, Error> {
        let refuse = |why: String| Error::File {
            path: self.certificate.clone(),
            why,
        };
        let chain = chain(&self.certificate)?;
        let first = chain.first().ok_or_else(|| refuse("没有证书".to_owned()))?;
        let certificate =
            Certificate::from_der(first).map_err(|error| refuse(error.to_string()))?;
        let end = certificate.tbs_certificate.validity.not_after;
        Ok(i64::try_from(end.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let refuse = |why: String| Error::File {
        path: path.to_owned(),
        why,
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| refuse(error.to_string()))?;
    if chain.is_empty() {
        return Err(refuse("其中没有 PEM 格式的证书".to_owned()));
    }
    Ok(chain)
}

/// When the certificate that is configured ends; none without one that can be read.
pub(crate) fn expiry(config: &Config) -> Option<i64> {
    Files::of(config).ok()??.expiry().ok()
}

/// Gives each connection the certificate that is in force.
#[derive(Debug)]
pub(crate) struct Current {
    files: Files,
    key: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&key))
    }
}

impl Current {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn open(files: Files) -> Result<Arc<Self>, Error> {
        let key = RwLock::new(Arc::new(files.load()?));
        Ok(Arc::new(Self { files, key }))
    }

    /// The library's configuration.
    ///
    /// # Errors
    /// [`Error::Pair`].
    pub(crate) fn config(self: &Arc<Self>) -> Result<ServerConfig, Error> {
        let provider = Arc::new(ring::default_provider());
        Ok(ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>))
    }

    fn reload(&self) {
        match self.files.load() {
            Ok(key) => {
                *self.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                tracing::info!("the TLS certificate was taken in anew");
            }
            Err(error) => tracing::error!(%error, "the TLS certificate stays as it was"),
        }
    }

    /// Looks after the files for as long as the server runs.
    pub(crate) async fn keep_current(self: Arc<Self>) {
        let mut seen = self.files.changed();
        let mut asked = hang_ups();
        loop {
            let told = tokio::select! {
                () = tokio::time::sleep(LOOKS) => false,
                () = asked.next() => true,
            };
            let now = self.files.changed();
            if told || now != seen {
                seen = now;
                self.reload();
            }
        }
    }
}

/// SIGHUP, where there is such a thing.
struct HangUps(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

fn hang_ups() -> HangUps {
    #[cfg(unix)]
    {
        let kind = tokio::signal::unix::SignalKind::hangup();
        HangUps(tokio::signal::unix::signal(kind).ok())
    }
    #[cfg(not(unix))]
    HangUps()
}

impl HangUps {
    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
