//! What Aliyun's refusals and silences mean and what to check, in words.

use super::LIMITS;
use super::credentials::secure_mode;
use crate::cloud::refusal::{self, with_clock};
use crate::cloud::{Advice, Scene};
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{AliyunIdentity, Transport};

/// A refused CONNECT. The documents do not say which code an odd keep-alive gets, so it is looked at first for each.
pub(super) fn connack(device: &AliyunIdentity, transport: Transport, code: ConnectReturn, scene: &Scene) -> Advice {
    if code != ConnectReturn::Accepted
        && let Some(advice) = refusal::keep_alive(&LIMITS, scene)
    {
        return advice;
    }
    let (reason, hint) = match code {
        ConnectReturn::Accepted => return refusal::accepted(),
        ConnectReturn::UnacceptableProtocolVersion => return refusal::version(LIMITS.cloud),
        ConnectReturn::ServerUnavailable => return refusal::unavailable(LIMITS.cloud),
        ConnectReturn::IdentifierRejected => {
            ("Aliyun IoT refuses the client id", "check client_id: at most 64 characters, without | and ,".to_owned())
        }
        ConnectReturn::BadUserNameOrPassword if device.is_token => (
            "Aliyun IoT refuses the client id or the token",
            "check that token is the file that standin register --out wrote, or stands beside the client_id that came with it, \
             and that the device was not registered again since; product_key and device_name"
                .to_owned(),
        ),
        ConnectReturn::BadUserNameOrPassword => (
            "Aliyun IoT refuses the user name or the signature",
            format!(
                "check secret (the DeviceSecret, not the ProductSecret), product_key and device_name; it was signed with \
                 {} and securemode={} for {}",
                device.sign_method.word(),
                secure_mode(transport),
                transport.scheme()
            ),
        ),
        ConnectReturn::NotAuthorized => (
            "Aliyun IoT does not authorise this device",
            format!(
                "check that device {} of product {} exists and is not disabled, that host is its region and instance, \
                 and the secret",
                device.device_name, device.product_key
            ),
        ),
    };
    Advice { reason: reason.to_owned(), hint: with_clock(hint, scene) }
}

/// A refused subscription.
pub(super) fn subscription(device: &AliyunIdentity, filter: &str) -> Advice {
    let own = format!("/{}/{}", device.product_key, device.device_name);
    // Some of the system's topics end with the device's name.
    let is_own = filter.ends_with(&own) || filter.contains(&format!("{own}/"));
    let hint = if is_own || filter.starts_with("/broadcast/") {
        refusal::NOT_LISTED.to_owned()
    } else {
        format!("the filter is not below {own}: a device may only hear its own topics")
    };
    Advice { reason: format!("Aliyun IoT refuses the subscription to {filter}"), hint }
}

/// Why a granted subscription may stay silent: the platform forwards between devices only by a rule.
pub(super) fn silence(filter: &str) -> Option<String> {
    let words = if filter.starts_with("/sys/") {
        if !filter.ends_with("_reply") {
            return None;
        }
        "Aliyun IoT answers a report here, unless it was sent with \"sys\": {\"ack\": 0}"
    } else if filter.starts_with("/ext/rrpc/") {
        "RRPC on custom topics comes only to devices that sign in with ext=1 in the client id"
    } else if filter.starts_with("/shadow/get/") {
        "the shadow comes when the device asks for it, or when an application changes it"
    } else if filter.starts_with("/ext/") || filter.starts_with("/ota/") || filter.starts_with("/broadcast/") {
        return None;
    } else {
        "Aliyun IoT forwards between devices only by a rule (message forwarding or topic routing); without one, only an \
         application's Pub call arrives here, and what this device itself publishes on a topic with both rights"
    };
    Some(words.to_owned())
}
