//! A certificate authority for tests, its certificates as files, and servers that use them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// An authority whose root lies in a file.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    root_key: Vec<u8>,
    dir: TempDir,
}

/// A certificate with its key.
pub(crate) struct Leaf {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    pem: String,
}

impl Authority {
    /// An authority with a name of its own.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self::named(&format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// An authority with this name, which another one may have too.
    pub(crate) fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let root_key = key.serialize_der();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        let cert = params.self_signed(&key).unwrap();
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("root.pem"), cert.pem()).unwrap();
        Self { root: cert.der().clone(), issuer: Issuer::new(params, key), root_key, dir }
    }

    /// The file with the root.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.dir.path().join("root.pem")
    }

    /// A certificate for the loopback, as `change` makes it.
    pub(crate) fn leaf(&self, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        change(&mut params);
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        Leaf { chain: vec![cert.der().clone()], pem: cert.pem(), key }
    }

    /// A certificate that passes.
    pub(crate) fn good(&self) -> Leaf {
        self.leaf(|_| {})
    }

    /// The root itself as a server's certificate.
    pub(crate) fn root_as_leaf(&self) -> Leaf {
        let key = KeyPair::try_from(self.root_key.as_slice()).unwrap();
        Leaf { chain: vec![self.root.clone()], pem: String::new(), key }
    }

    /// `leaf` as the files of a certificate and its key; the next one takes their place.
    pub(crate) fn files(&self, leaf: &Leaf) -> (PathBuf, PathBuf) {
        let (cert, key) = (self.dir.path().join("device.pem"), self.dir.path().join("device.key"));
        fs::write(&cert, &leaf.pem).unwrap();
        fs::write(&key, leaf.key.serialize_pem()).unwrap();
        (cert, key)
    }

    /// A server that wants client certificates of this authority.
    pub(crate) fn demanding(&self, leaf: &Leaf) -> TlsAcceptor {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(leaf.chain.clone(), leaf.private_key())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Leaf {
    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    /// A server with this certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor_for(rustls::DEFAULT_VERSIONS)
    }

    /// A server with this certificate that speaks only `versions`.
    pub(crate) fn acceptor_for(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> TlsAcceptor {
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.private_key())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Takes TLS on `tcp`; `None` where the client goes away, as it does when a certificate displeases it.
pub(crate) async fn accept_tls(acceptor: &TlsAcceptor, tcp: TcpStream) -> Option<TlsStream<TcpStream>> {
    Box::pin(acceptor.accept(tcp)).await.ok()
}

/// 1999: long over.
pub(crate) fn long_over(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(1999, 1, 1);
    params.not_after = date_time_ymd(1999, 12, 31);
}

/// 2999: not yet.
pub(crate) fn not_yet(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2999, 1, 1);
    params.not_after = date_time_ymd(2999, 12, 31);
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
