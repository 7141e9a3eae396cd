use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

const AT: &str = "broker:8883";

/// A self-signed certificate and its key, in files.
fn identity(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let (cert_file, key_file) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, key.serialize_pem()).unwrap();
    (cert_file, key_file)
}

fn tls(ca_file: &Path, identity: Option<(PathBuf, PathBuf)>) -> Tls {
    Tls { ca_file: Some(ca_file.to_path_buf()), identity }
}

#[tokio::test]
async fn sessions_with_the_same_files_share_one_configuration() {
    let dir = TempDir::new().unwrap();
    let (ca, _) = identity(dir.path(), "ca");
    let (one, two) = (identity(dir.path(), "one"), identity(dir.path(), "two"));
    let first = client_config(&tls(&ca, None), AT).await.unwrap();
    let again = client_config(&tls(&ca, None), "other:1").await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    let with_one = client_config(&tls(&ca, Some(one)), AT).await.unwrap();
    let with_two = client_config(&tls(&ca, Some(two)), AT).await.unwrap();
    assert!(!Arc::ptr_eq(&with_one, &with_two), "each identity proves itself");
    let store = STORE.lock().await;
    // Two configurations beside the first and its store: all of them hold the one copy of the roots.
    let (_, verifier) = &store.roots[&Some(ca)];
    assert_eq!(Arc::strong_count(verifier), 4);
}

#[tokio::test]
async fn a_file_that_changed_is_read_again() {
    let dir = TempDir::new().unwrap();
    let (ca, _) = identity(dir.path(), "ca");
    let (other, _) = identity(dir.path(), "another-name");
    let before = client_config(&tls(&ca, None), AT).await.unwrap();
    fs::copy(other, &ca).unwrap();
    let after = client_config(&tls(&ca, None), AT).await.unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    fs::remove_file(&ca).unwrap();
    assert_eq!(client_config(&tls(&ca, None), AT).await.unwrap_err().code, "file");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let dir = TempDir::new().unwrap();
    let (ca, ca_key) = identity(dir.path(), "ca");
    let (cert, key) = identity(dir.path(), "device");
    let missing = dir.path().join("missing.pem");
    let noise = dir.path().join("noise.pem");
    fs::write(&noise, [0x30, 0x82, 0x01, 0x00, 0xff]).unwrap();
    let damaged = dir.path().join("damaged.pem");
    fs::write(&damaged, "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
    let hollow = dir.path().join("hollow.pem");
    fs::write(&hollow, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (what, code, culprit, role) in [
        (tls(&missing, None), "file", &missing, "ca_file"),
        (tls(dir.path(), None), "file", &dir.path().to_path_buf(), "ca_file"),
        (tls(&noise, None), "file", &noise, "ca_file"),
        (tls(&damaged, None), "file", &damaged, "ca_file"),
        (tls(&hollow, None), "file", &hollow, "ca_file"),
        (tls(&ca_key, None), "file", &ca_key, "ca_file"),
        (tls(&ca, Some((missing.clone(), key.clone()))), "file", &missing, "cert_file"),
        (tls(&ca, Some((noise.clone(), key.clone()))), "file", &noise, "cert_file"),
        (tls(&ca, Some((cert.clone(), missing.clone()))), "file", &missing, "key_file"),
        (tls(&ca, Some((cert.clone(), ca.clone()))), "file", &ca, "key_file"),
        (tls(&ca, Some((cert.clone(), ca_key.clone()))), "tls-client-cert", &ca_key, "the key in"),
    ] {
        let error = client_config(&what, AT).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.reason.contains(&*culprit.to_string_lossy()), "{error}");
        assert!(error.reason.contains(role), "{error}");
        assert!(!error.hint.is_empty());
    }
}

#[tokio::test]
async fn the_environment_cannot_switch_a_key_log_on() {
    let dir = TempDir::new().unwrap();
    let (ca, _) = identity(dir.path(), "ca");
    let config = client_config(&tls(&ca, None), AT).await.unwrap();
    assert!(format!("{:?}", config.key_log).contains("NoKeyLog"));
    assert!(config.enable_sni);
    assert!(!config.enable_early_data, "0-RTT could be replayed");
}
