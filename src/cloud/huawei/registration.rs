//! Huawei's bootstrapping (IoT Device Provisioning): one question for the platform's address, and for a secret where a
//! registration group gives one.
//!
//! The vendor's SDKs differ in what a group's secret becomes. This is what its Java and Python SDKs do; the C SDK takes the
//! group's secret as it stands and the user name as key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use serde_json::{Value, json};
use sha2::Sha256;

use super::LIMITS;
use super::credentials::{self as login, password};
use crate::cloud::registration::{Declined, Obtained, Question, object, secret};
use crate::cloud::signing::hmac_hex;
use crate::cloud::{Advice, Credentials, refusal, subscription};
use crate::event::WallTime;
use crate::mqtt::Qos;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{HuaweiBootstrap, HuaweiIdentity, SignType};
use crate::secret::Secret;

/// What a bootstrapping client id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap<'a> {
    /// The device; not empty.
    pub device_id: &'a str,
    /// The registration group; absent for a device that is registered already.
    pub scope_id: Option<&'a str>,
    /// How and for which UTC hour the password was made; absent: a client certificate stands in for it.
    pub signed: Option<(SignType, &'a str)>,
}

/// The device's secret as its registration group's secret makes it: HMAC-SHA256 of the decoded group secret under the device's id,
/// as hexadecimal text; `None` when the group's secret is no base64.
pub fn group_device_secret(group_secret: &Secret, device_id: &str) -> Option<Secret> {
    let decoded = zeroize::Zeroizing::new(STANDARD.decode(group_secret.reveal().trim()).ok()?);
    Some(Secret::new(hmac_hex::<Hmac<Sha256>>(device_id.as_bytes(), &decoded)))
}

/// What CONNECT carries at `at`. `material` is the group's secret, or the device's own where there is no scope id; without it
/// a client certificate says who the device is. A group's secret that is no base64 (which the config refuses where it can see
/// it) gives no password, and the platform refuses that.
pub(in crate::cloud) fn credentials(
    device: &HuaweiIdentity,
    bootstrap: &HuaweiBootstrap,
    material: Option<&Secret>,
    at: WallTime,
) -> Credentials {
    let Some(scope) = &bootstrap.scope_id else {
        return login::credentials(device, material, at);
    };
    let HuaweiIdentity { device_id, sign_type, .. } = device;
    let hour = at.utc_hour();
    let client_id = match material {
        None => format!("{device_id}_0_{scope}"),
        Some(_) => format!("{device_id}_0_{scope}_{}_{hour}", sign_type.number()),
    };
    let derived = material.and_then(|group| group_device_secret(group, device_id));
    Credentials {
        client_id,
        username: Some(device_id.clone()),
        password: derived.map(|derived| Secret::new(password(derived.reveal(), &hour, *sign_type))),
        will: None,
    }
}

/// Reads a bootstrapping client id back; `None` when it has none of the three forms. From the right, because a device id may hold
/// underscores.
pub fn parse_bootstrap_client_id(client_id: &str) -> Option<Bootstrap<'_>> {
    let mut fields = client_id.rsplitn(5, '_');
    let (hour, kind, scope, zero, device) =
        (fields.next()?, fields.next()?, fields.next(), fields.next(), fields.next());
    if let (Some(scope), Some("0"), Some(device_id)) = (scope, zero, device)
        && let Some(signed) = signature(kind, hour)
        && !scope.is_empty()
        && !device_id.is_empty()
    {
        return Some(Bootstrap { device_id, scope_id: Some(scope), signed: Some(signed) });
    }
    if let Some(login) = login::parse_client_id(client_id) {
        let signed = Some((login.sign_type, login.hour));
        return Some(Bootstrap { device_id: login.device_id, scope_id: None, signed });
    }
    let (rest, scope) = client_id.rsplit_once('_').filter(|(_, scope)| !scope.is_empty())?;
    let device_id = rest.strip_suffix("_0").filter(|id| !id.is_empty())?;
    Some(Bootstrap { device_id, scope_id: Some(scope), signed: None })
}

fn signature<'a>(kind: &str, hour: &'a str) -> Option<(SignType, &'a str)> {
    let is_hour = hour.len() == 10 && hour.bytes().all(|byte| byte.is_ascii_digit());
    let sign_type = match kind.as_bytes() {
        [digit @ b'0'..=b'9'] => SignType::from_number(digit - b'0')?,
        _ => return None,
    };
    is_hour.then_some((sign_type, hour))
}

/// The question for the platform's address: empty, or with the keyword that helps choosing a policy.
pub(in crate::cloud) fn question(device_id: &str, bootstrap: &HuaweiBootstrap) -> Option<Question> {
    let keyword = bootstrap.keyword.as_ref();
    Some(Question {
        answer: subscription(answers(device_id), Qos::AtMostOnce)?,
        topic: format!("$oc/devices/{device_id}/sys/bootstrap/up"),
        body: keyword.map_or_else(String::new, |word| json!({ "baseStrategyKeyword": word }).to_string()),
    })
}

/// Where the answer comes.
pub(in crate::cloud) fn answers(device_id: &str) -> String {
    format!("$oc/devices/{device_id}/sys/bootstrap/down")
}

/// Reads `{"address":"host:port","deviceSecret":"…"?,"initConfig":{…}?}`.
pub(in crate::cloud) fn read(payload: &[u8]) -> Result<Obtained, Declined> {
    let object = object(payload)?;
    let address = object.get("address").and_then(Value::as_str).filter(|address| !address.is_empty());
    let address = address.ok_or_else(|| Declined::unreadable("it holds no address"))?;
    // A template's values may well be passwords.
    let init_config = object.get("initConfig").filter(|config| !config.is_null());
    Ok(Obtained {
        secret: secret(&object, "deviceSecret"),
        address: Some(address.to_owned()),
        init_config: init_config.map(|config| Secret::new(config.to_string())),
        ..Obtained::default()
    })
}

/// A refused CONNECT.
pub(in crate::cloud) fn connack(code: ConnectReturn) -> Advice {
    let (reason, hint) = match code {
        ConnectReturn::Accepted => return refusal::accepted(),
        ConnectReturn::UnacceptableProtocolVersion => return refusal::version(LIMITS.cloud),
        ConnectReturn::ServerUnavailable => return refusal::unavailable(LIMITS.cloud),
        ConnectReturn::IdentifierRejected => (
            "Huawei's provisioning refuses the client id",
            "check device_id and bootstrap.scope_id, and that keep_alive is from 30 to 1200",
        ),
        ConnectReturn::BadUserNameOrPassword | ConnectReturn::NotAuthorized => (
            "Huawei's provisioning does not know this device by that secret or certificate",
            "check bootstrap.scope_id and group_secret (base64, as its console shows it), or the device's own secret; that the \
             device stands in the provisioning service of this region; and this machine's clock where sign_type is 1",
        ),
    };
    Advice { reason: reason.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests;
