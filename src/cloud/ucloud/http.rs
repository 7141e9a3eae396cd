//! UCloud's requests by HTTP, beside MQTT: the header that proves who sends a body.

use hmac::Hmac;
use sha2::Sha256;

use crate::cloud::signing::hmac_hex;
use crate::secret::Secret;

/// The value of the header `Authorization` of a request with `body`, such as the one to `/auth` for a token or the upload of a
/// file: HMAC-SHA256 of the body under the device's secret, as lower-case hexadecimal. Each byte of the body counts, a line
/// end at its end too.
pub(super) fn authorization(secret: &Secret, body: &[u8]) -> String {
    hmac_hex::<Hmac<Sha256>>(secret.reveal().as_bytes(), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_requests_by_http() {
        for (secret, body, expected) in [
            (
                "6g7tjlekwf3sqqqj",
                r#"{"ProductSN":"ledubff3z85spjmu","DeviceSN":"h9onxtzw0aep7fsr"}"#,
                "84e2fcbebc9600551a981e403c42e4d02c707b8d166ad3b0c2fa71772ac8f3ac",
            ),
            (
                "hly3dk1u5y8fq0b9",
                r#"{"ProductSN":"70ly1tvowt696r15","DeviceSN":"aruidyl0rt9tuvod","Timestamp":"1501668289957"}"#,
                "ab0c03773012bb76e1d9bd955617bb5850aff0872fee9e1df652e6830708a041",
            ),
            ("0123456789abcdef", "{}", "f91e3e9f05cc2df64ac1c26f8adccdffda8d1e4a7a8c50a1a08eeadac6ddfec5"),
        ] {
            let secret = Secret::new(secret);
            assert_eq!(authorization(&secret, body.as_bytes()), expected, "{body}");
            assert_ne!(
                authorization(&secret, format!("{body}\n").as_bytes()),
                expected,
                "a line end is a byte of the body"
            );
        }
    }
}
