//! Whom we trust and how we prove ourselves: roots and client certificates, loaded when first dialled.
//!
//! What lives here: reading PEM files, the system's roots, and one store for the whole process, so that 256 sessions share
//! one copy of the roots and one session cache. What may not: the handshake. A file that changed on disk (time or length)
//! is read again at the next dial; the system's roots are read once. No key log, whatever the environment says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;

use super::error::{LinkError, quote};
use crate::profile::Tls;

/// When a file was written last and how long it is: what tells that it changed.
type Stamp = (Option<SystemTime>, u64);
/// The files of a profile: roots, client certificate, key.
type Files = (Option<PathBuf>, Option<(PathBuf, PathBuf)>);
/// The check of a platform's certificate against one set of roots.
type Verifier = Arc<dyn ServerCertVerifier>;

/// What was loaded so far. It holds an entry for each set of files that the config names, no more.
struct Store {
    roots: BTreeMap<Option<PathBuf>, (Option<Stamp>, Verifier)>,
    configs: BTreeMap<Files, (Vec<Stamp>, Arc<ClientConfig>)>,
}

static STORE: Mutex<Store> = Mutex::const_new(Store { roots: BTreeMap::new(), configs: BTreeMap::new() });
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

/// The configuration for a handshake with `at`: from the store, or loaded on a thread that may wait for the disk.
pub(super) async fn client_config(tls: &Tls, at: &str) -> Result<Arc<ClientConfig>, LinkError> {
    let files = (tls.ca_file.clone(), tls.identity.clone());
    let at = at.to_owned();
    // The lock is awaited here, so that many sessions that start at once occupy one thread, not one each.
    let mut store = STORE.lock().await;
    let loading = tokio::task::spawn_blocking(move || store.config(files, &at));
    loading.await.unwrap_or_else(|fault| {
        Err(LinkError::new(
            "tls",
            format!("loading certificates failed: {fault}"),
            "this is a fault of standin: please report it",
        ))
    })
}

impl Store {
    fn config(&mut self, files: Files, at: &str) -> Result<Arc<ClientConfig>, LinkError> {
        let (ca_file, identity) = &files;
        let mut stamps = Vec::new();
        if let Some(file) = ca_file {
            stamps.push(stamp("ca_file", file)?);
        }
        if let Some((cert, key)) = identity {
            stamps.push(stamp("cert_file", cert)?);
            stamps.push(stamp("key_file", key)?);
        }
        if let Some((known, config)) = self.configs.get(&files)
            && *known == stamps
        {
            return Ok(Arc::clone(config));
        }
        let verifier = self.verifier(ca_file.as_deref(), stamps.first().copied(), at)?;
        let config = Arc::new(build(verifier, identity.as_ref())?);
        self.configs.insert(files, (stamps, Arc::clone(&config)));
        Ok(config)
    }

    /// The check of the platform's certificate against `ca_file`, or against the system's roots.
    fn verifier(&mut self, ca_file: Option<&Path>, stamp: Option<Stamp>, at: &str) -> Result<Verifier, LinkError> {
        let key = ca_file.map(Path::to_path_buf);
        let stamp = ca_file.and(stamp);
        if let Some((known, verifier)) = self.roots.get(&key)
            && *known == stamp
        {
            return Ok(Arc::clone(verifier));
        }
        let verifier: Verifier = match ca_file {
            Some(file) => roots_of(file)?,
            None => Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&PROVIDER)).map_err(|fault| {
                LinkError::new(
                    "tls-untrusted",
                    format!("this machine has no CA certificates to check the one of {at} with: {}", quote(&fault.to_string())),
                    "install the ca-certificates package (or set SSL_CERT_FILE to a bundle), or name the platform's root in \
                     ca_file (PEM)",
                )
            })?),
        };
        self.roots.insert(key, (stamp, Arc::clone(&verifier)));
        Ok(verifier)
    }
}

/// A verifier that trusts the roots in `file` and nobody else.
fn roots_of(file: &Path) -> Result<Arc<WebPkiServerVerifier>, LinkError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca_file", file)? {
        roots.add(certificate).map_err(|fault| {
            unusable(
                "ca_file",
                file,
                &format!("holds a certificate that is no root: {fault}"),
                "check the file's content",
            )
        })?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&PROVIDER))
        .build()
        .map_err(|fault| unusable("ca_file", file, &fault.to_string(), "check the file's content"))
}

fn build(verifier: Verifier, identity: Option<&(PathBuf, PathBuf)>) -> Result<ClientConfig, LinkError> {
    let setup = |fault: rustls::Error| {
        LinkError::new("tls", format!("TLS cannot be set up: {fault}"), "this is a fault of standin: please report it")
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        // The word is rustls's, for verifiers that it did not make itself in this call: both of ours check chain, dates and name.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some((cert_file, key_file)) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates("cert_file", cert_file)?;
    let pem = read("key_file", key_file)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        let hint =
            "give an unencrypted PKCS#8, PKCS#1 or SEC1 key in PEM (openssl pkey -in KEY -out key.pem), mode 0600";
        unusable("key_file", key_file, "holds no private key in PEM", hint)
    })?;
    builder.with_client_auth_cert(chain, key).map_err(|fault| {
        LinkError::new(
            "tls-client-cert",
            format!("the key in {} does not go with the certificate in {}: {fault}", key_file.display(), cert_file.display()),
            "give the key that the certificate was made for (RSA, ECDSA P-256 or P-384, Ed25519), the device's own certificate first",
        )
    })
}

/// The certificates in a PEM file, at least one.
fn certificates(role: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, LinkError> {
    let pem = read(role, file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|fault| {
        unusable(role, file, &format!("is damaged: {}", quote(&fault.to_string())), "copy the file again")
    })?;
    if found.is_empty() {
        let hint = "give certificates in PEM, between BEGIN CERTIFICATE and END CERTIFICATE (from DER: openssl x509 -inform der)";
        return Err(unusable(role, file, "holds no certificate in PEM", hint));
    }
    Ok(found)
}

fn read(role: &str, file: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, LinkError> {
    fs::read(file).map(zeroize::Zeroizing::new).map_err(|fault| unreadable(role, file, &fault))
}

fn stamp(role: &str, file: &Path) -> Result<Stamp, LinkError> {
    let meta = fs::metadata(file).map_err(|fault| unreadable(role, file, &fault))?;
    // Some file systems keep no time; then the length alone tells.
    Ok((meta.modified().ok(), meta.len()))
}

fn unreadable(role: &str, file: &Path, fault: &std::io::Error) -> LinkError {
    unusable(role, file, &format!("cannot be read: {fault}"), "check the path and that this user may read it")
}

fn unusable(role: &str, file: &Path, why: &str, hint: &str) -> LinkError {
    LinkError::new("file", format!("{role} {} {why}", file.display()), hint)
}

#[cfg(test)]
mod tests;
