//! UCloud's CONNECT: the names are joined, the secret goes as it is; and how a platform reads the user name back.

use crate::cloud::Credentials;
use crate::profile::UcloudIdentity;
use crate::secret::Secret;

/// How a device proves itself: the last field of the user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// 1: the password is the device's own secret.
    Static,
    /// 2: dynamic registration, the password is the product's secret.
    Dynamic,
}

/// What a user name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    /// `ProductSN`; not empty.
    pub product_sn: &'a str,
    /// `DeviceSN`; not empty.
    pub device_sn: &'a str,
    /// What the password is.
    pub auth_mode: AuthMode,
}

/// The client id: `{product}.{device}`.
pub(super) fn client_id(product_sn: &str, device_sn: &str) -> String {
    format!("{product_sn}.{device_sn}")
}

/// The user name: `{product}|{device}|{1 or 2}`.
pub(super) fn username(product_sn: &str, device_sn: &str, auth_mode: AuthMode) -> String {
    let mode = match auth_mode {
        AuthMode::Static => 1,
        AuthMode::Dynamic => 2,
    };
    format!("{product_sn}|{device_sn}|{mode}")
}

/// Reads a user name back; `None` when it has not that form.
pub fn parse_username(username: &str) -> Option<Login<'_>> {
    let (names, mode) = username.rsplit_once('|')?;
    let (product_sn, device_sn) = names.split_once('|')?;
    let auth_mode = match mode {
        "1" => AuthMode::Static,
        "2" => AuthMode::Dynamic,
        _ => return None,
    };
    if product_sn.is_empty() || device_sn.is_empty() || device_sn.contains('|') {
        return None;
    }
    Some(Login { product_sn, device_sn, auth_mode })
}

/// What CONNECT carries. The secret itself goes over the wire: without TLS it can be read on the way.
pub(super) fn credentials(identity: &UcloudIdentity, secret: Option<&Secret>) -> Credentials {
    Credentials {
        client_id: client_id(&identity.product_sn, &identity.device_sn),
        username: Some(username(&identity.product_sn, &identity.device_sn, AuthMode::Static)),
        password: secret.cloned(),
        will: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::SecretSource;

    #[test]
    fn the_vectors_of_static_logins() {
        for (product, device, secret, id, user) in [
            (
                "ledubff3z85spjmu",
                "h9onxtzw0aep7fsr",
                "6g7tjlekwf3sqqqj",
                "ledubff3z85spjmu.h9onxtzw0aep7fsr",
                "ledubff3z85spjmu|h9onxtzw0aep7fsr|1",
            ),
            (
                "70ly1tvowt696r15",
                "aruidyl0rt9tuvod",
                "hly3dk1u5y8fq0b9",
                "70ly1tvowt696r15.aruidyl0rt9tuvod",
                "70ly1tvowt696r15|aruidyl0rt9tuvod|1",
            ),
            (
                "abcd1234efgh5678",
                "AA:BB:CC:DD:EE:FF",
                "0123456789abcdef",
                "abcd1234efgh5678.AA:BB:CC:DD:EE:FF",
                "abcd1234efgh5678|AA:BB:CC:DD:EE:FF|1",
            ),
        ] {
            let identity = UcloudIdentity {
                product_sn: product.to_owned(),
                device_sn: device.to_owned(),
                secret: SecretSource::Env("UNUSED".to_owned()),
            };
            let connect = credentials(&identity, Some(&Secret::new(secret)));
            assert_eq!(connect.client_id, id);
            assert_eq!(connect.username.as_deref(), Some(user));
            assert_eq!(connect.password.as_ref().map(Secret::reveal), Some(secret));
            assert_eq!(connect.will, None);
        }
    }

    #[test]
    fn the_vectors_of_user_names_of_dynamic_registration() {
        for (product, device, id, user) in [
            ("70ly1tvowt696r15", "112233445566", "70ly1tvowt696r15.112233445566", "70ly1tvowt696r15|112233445566|2"),
            ("abcd1234efgh5678", "sensor_9@lab", "abcd1234efgh5678.sensor_9@lab", "abcd1234efgh5678|sensor_9@lab|2"),
            (
                "abcd1234efgh5678",
                "imei-860000000000001",
                "abcd1234efgh5678.imei-860000000000001",
                "abcd1234efgh5678|imei-860000000000001|2",
            ),
        ] {
            assert_eq!(client_id(product, device), id);
            assert_eq!(username(product, device, AuthMode::Dynamic), user);
            let login = parse_username(user).unwrap();
            assert_eq!(login, Login { product_sn: product, device_sn: device, auth_mode: AuthMode::Dynamic });
        }
    }

    #[test]
    fn user_names_of_another_form_are_not_read() {
        for username in ["", "p", "p|d", "p|d|3", "|d|1", "p||1", "p|d|e|1", "p|d|1|"] {
            assert_eq!(parse_username(username), None, "{username}");
        }
        let login = parse_username("p|d|1").unwrap();
        assert_eq!(login.auth_mode, AuthMode::Static);
    }
}
