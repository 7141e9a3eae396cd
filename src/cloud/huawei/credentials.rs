//! Huawei's CONNECT: client id, password, and how a platform reads them back.

use hmac::Hmac;
use sha2::Sha256;
use sm3::Sm3;

use crate::cloud::Credentials;
use crate::cloud::signing::hmac_hex;
use crate::event::WallTime;
use crate::profile::{HuaweiIdentity, SignType};
use crate::secret::Secret;

/// What a client id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    /// The device; not empty.
    pub device_id: &'a str,
    /// How the password was made.
    pub sign_type: SignType,
    /// The UTC hour it was made for, ten digits `YYYYMMDDHH`; whether there is such an hour is not looked at.
    pub hour: &'a str,
}

/// The password: HMAC of the secret under the hour. The time stamp is the key and the secret the message, the reverse of
/// the usual order. Types 0 and 1 give the same; only the client id differs.
pub(super) fn password(secret: &str, hour: &str, sign_type: SignType) -> String {
    let (key, message) = (hour.as_bytes(), secret.as_bytes());
    match sign_type {
        SignType::Sha256 | SignType::Sha256Timed => hmac_hex::<Hmac<Sha256>>(key, message),
        SignType::Sm3 => hmac_hex::<Hmac<Sm3>>(key, message),
    }
}

/// The client id: `{device id}_0_{sign type}_{hour}`. The 0 says that the device signs in with its device id.
fn client_id(device_id: &str, sign_type: SignType, hour: &str) -> String {
    format!("{device_id}_0_{}_{hour}", sign_type.number())
}

/// Reads a client id back. From the right, because a device id may hold underscores; `None` when it has not that form.
pub fn parse_client_id(client_id: &str) -> Option<Login<'_>> {
    let mut fields = client_id.rsplitn(4, '_');
    let hour = fields.next().filter(|hour| hour.len() == 10 && hour.bytes().all(|byte| byte.is_ascii_digit()))?;
    let sign_type = match fields.next()?.as_bytes() {
        [digit @ b'0'..=b'9'] => SignType::from_number(digit - b'0')?,
        _ => return None,
    };
    fields.next().filter(|kind| *kind == "0")?;
    let device_id = fields.next().filter(|id| !id.is_empty())?;
    Some(Login { device_id, sign_type, hour })
}

/// What CONNECT carries at `at`. Without a secret there is no password: the client certificate says who the device is.
pub(super) fn credentials(identity: &HuaweiIdentity, secret: Option<&Secret>, at: WallTime) -> Credentials {
    let hour = at.utc_hour();
    Credentials {
        client_id: client_id(&identity.device_id, identity.sign_type, &hour),
        username: Some(identity.device_id.clone()),
        password: secret.map(|secret| Secret::new(password(secret.reveal(), &hour, identity.sign_type))),
        will: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(device_id: &str, sign_type: SignType, secret: Option<&str>, at: &str) -> Credentials {
        let identity = HuaweiIdentity { device_id: device_id.to_owned(), secret: None, sign_type };
        credentials(&identity, secret.map(Secret::new).as_ref(), WallTime::parse_rfc3339(at).unwrap())
    }

    /// Sign types 0, 1 and 2; the first password of each kind is the one printed in Huawei's documents.
    #[test]
    fn the_vectors_of_sha256_and_sm3() {
        use SignType::{Sha256, Sha256Timed, Sm3};
        let rows = [
            (
                ("12345678", "65f0c0de_dev01", "2025-04-14T01:00:00Z", "2025041401"),
                "c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a",
                Some("a110c9e1536980a2ca572e7d5b82542a20a04e144937385f224d587fa1d0e862"),
            ),
            (
                (
                    "0123456789abcdef0123456789abcdef",
                    "5f052ac562369102d42b0fb6_meter-7",
                    "2018-07-24T17:59:59Z",
                    "2018072417",
                ),
                "a929c35c83ce3a96a5a17d5c6ae389abd62be734b3922e71c67c1dc9f8e0e486",
                Some("bdf40cdaad811157cede7b774600782f3b4b8bb862b662f0307cd9b7d3a28b88"),
            ),
            (
                ("Pa55w0rd-of-device", "prod1_nodeA", "2026-11-21T08:30:00+08:00", "2026112100"),
                "1445a5f246d920c05bf80b733f77cccb5a56a963240ce0f357a617e90b5367f7",
                Some("cd9415ed64d796b17e8bade391b66f4519b6614ff371cbbded9dadd7dea92daa"),
            ),
            (
                ("中文密钥", "p_n_with_under_scores", "2024-02-29T23:00:00Z", "2024022923"),
                "33e219001c96286e0edadd6fece6d62bc59406e1a3a9574f0a3656362c2b2642",
                None,
            ),
            (
                ("s", "a_b", "2030-01-01T00:00:00Z", "2030010100"),
                "210297bdcc70fef45910c8cf75b398bea2c9ada11d28a04d04bc0c789acf9d79",
                None,
            ),
        ];
        for ((secret, device, at, hour), sha256, sm3) in rows {
            let expected = [(Sha256, 0, Some(sha256)), (Sha256Timed, 1, Some(sha256)), (Sm3, 2, sm3)];
            for (sign_type, digit, password) in expected {
                let Some(password) = password else { continue };
                let connect = signed(device, sign_type, Some(secret), at);
                assert_eq!(connect.client_id, format!("{device}_0_{digit}_{hour}"));
                assert_eq!(connect.username.as_deref(), Some(device));
                assert_eq!(connect.password.as_ref().map(Secret::reveal), Some(password));
                assert_eq!(connect.will, None);
                let login = parse_client_id(&connect.client_id).unwrap();
                assert_eq!(login, Login { device_id: device, sign_type, hour });
            }
        }
    }

    #[test]
    fn a_certificate_needs_no_password() {
        let connect = signed("prod1_nodeA", SignType::Sha256, None, "2026-11-21T00:00:00Z");
        assert_eq!(connect.client_id, "prod1_nodeA_0_0_2026112100");
        assert_eq!(connect.username.as_deref(), Some("prod1_nodeA"));
        assert_eq!(connect.password, None);
    }

    #[test]
    fn client_ids_of_another_form_are_not_read() {
        for client_id in [
            "",
            "smoke-01",
            "_0_0_2025041401",
            "d_0_0_202504140",
            "d_0_0_20250414011",
            "d_0_0_2025O41401",
            "d_0_3_2025041401",
            "d_0_00_2025041401",
            "d_2_0_2025041401",
            "0_0_2025041401",
        ] {
            assert_eq!(parse_client_id(client_id), None, "{client_id}");
        }
    }
}
