//! The certificates of the embedded platform: an authority made at each start, and a server certificate for loopback.
//!
//! The authority's key never leaves this function; nobody can sign a second certificate with it.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::event::WallTime;

/// The names that the server certificate is good for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What the listeners need, and what a client needs to trust them.
#[derive(Debug)]
pub(crate) struct Certificates {
    /// The authority's certificate, PEM.
    pub(crate) ca_pem: String,
    /// TLS 1.2 and 1.3 with the server certificate.
    pub(crate) server: Arc<ServerConfig>,
}

/// Makes an authority and a server certificate, good from the day before `now` for about a year.
pub(crate) fn make(now: WallTime) -> io::Result<Certificates> {
    let (ca_pem, issuer) = authority(now).map_err(io::Error::other)?;
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate =
        server_params(now).and_then(|params| params.signed_by(&key, &issuer)).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key))
        .map_err(io::Error::other)?;
    Ok(Certificates { ca_pem, server: Arc::new(server) })
}

fn authority(now: WallTime) -> Result<(String, Issuer<'static, KeyPair>), rcgen::Error> {
    let mut params = dated(CertificateParams::new(Vec::new())?, now);
    params.distinguished_name.push(DnType::CommonName, "standin embedded platform CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}

fn server_params(now: WallTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(CertificateParams::new(NAMES.map(String::from))?, now);
    params.distinguished_name.push(DnType::CommonName, "standin embedded platform");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// From the start of yesterday (UTC), so that a client's clock may be a little behind, to the same month of next year.
fn dated(mut params: CertificateParams, now: WallTime) -> CertificateParams {
    const DAY_US: i64 = 86_400 * 1_000_000;
    let stamp = now.shifted_micros(-DAY_US).timestamp().to_zoned(jiff::tz::TimeZone::UTC);
    // Jiff's months and days are 1 to 12 and 1 to 31; day 28 exists in every month of next year.
    let (month, day) = (stamp.month().unsigned_abs(), stamp.day().unsigned_abs());
    params.not_before = date_time_ymd(i32::from(stamp.year()), month, day);
    params.not_after = date_time_ymd(i32::from(stamp.year()) + 1, month, day.min(28));
    params
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

    use super::*;

    fn now() -> WallTime {
        WallTime::from_unix_micros(jiff::Timestamp::now().as_microsecond())
    }

    /// Runs a whole TLS handshake in memory.
    fn handshake(made: &Certificates, trusted_pem: &str, name: &'static str) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted_pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap()).unwrap();
        let mut server = ServerConnection::new(made.server.clone()).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn the_authority_vouches_for_loopback_and_for_nothing_else() {
        let made = make(now()).unwrap();
        for name in NAMES {
            handshake(&made, &made.ca_pem, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert!(handshake(&made, &made.ca_pem, "example.com").is_err());
    }

    #[test]
    fn another_starts_authority_is_not_trusted() {
        let (one, other) = (make(now()).unwrap(), make(now()).unwrap());
        assert!(handshake(&one, &other.ca_pem, "localhost").is_err());
    }

    #[test]
    fn certificates_of_every_day_of_two_years_can_be_made() {
        let start = WallTime::parse_rfc3339("2027-12-30T12:00:00Z").unwrap();
        for day in 0..800 {
            let at = start.shifted_micros(day * 86_400 * 1_000_000);
            let params = dated(CertificateParams::default(), at);
            assert!(params.not_before < params.not_after, "{at}");
        }
    }
}
