//! Keyed hashes as the clouds print them.

use hmac::{KeyInit, Mac};

/// HMAC of `message` under `key`, as lower-case hexadecimal.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
pub(super) fn hmac_hex<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> String {
    let mut mac = M::new_from_slice(key).expect("a key of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}
