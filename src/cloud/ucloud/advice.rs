//! What UCloud's refusals and silences mean and what to check, in words.

use super::LIMITS;
use crate::cloud::refusal::{self, with_clock};
use crate::cloud::{Advice, Scene};
use crate::mqtt::packet::ConnectReturn;
use crate::profile::UcloudIdentity;

/// A refused CONNECT. The documents do not say which code an odd keep-alive gets, so it is looked at first for each.
pub(super) fn connack(device: &UcloudIdentity, code: ConnectReturn, scene: &Scene) -> Advice {
    if code != ConnectReturn::Accepted
        && let Some(advice) = refusal::keep_alive(&LIMITS, scene)
    {
        return advice;
    }
    let (reason, hint) = match code {
        ConnectReturn::Accepted => return refusal::accepted(),
        ConnectReturn::UnacceptableProtocolVersion => return refusal::version(LIMITS.cloud),
        ConnectReturn::ServerUnavailable => return refusal::unavailable(LIMITS.cloud),
        ConnectReturn::IdentifierRejected => (
            "UCloud UIoT refuses the client id",
            "check product_sn and device_sn: the client id is {product_sn}.{device_sn}".to_owned(),
        ),
        ConnectReturn::BadUserNameOrPassword => (
            "UCloud UIoT refuses the user name or password",
            "check product_sn, device_sn and secret: the device's own (DeviceSecret), not the product's; a device of \
             dynamic registration gets its secret when it is registered"
                .to_owned(),
        ),
        ConnectReturn::NotAuthorized => (
            "UCloud UIoT does not authorise this device",
            format!(
                "check that device {} of product {} exists and is not disabled, and that host is its region",
                device.device_sn, device.product_sn
            ),
        ),
    };
    Advice { reason: reason.to_owned(), hint: with_clock(hint, scene) }
}

/// A refused subscription.
pub(super) fn subscription(device: &UcloudIdentity, filter: &str) -> Advice {
    let own = format!("/{}/{}/", device.product_sn, device.device_sn);
    let product = format!("/{}/$broadcast/", device.product_sn);
    let hint = if filter.contains(&own) || filter.starts_with(&product) {
        refusal::NOT_LISTED.to_owned()
    } else {
        format!("the filter is not below {own} or /$system{own}: a device may only hear its own topics")
    };
    Advice { reason: format!("UCloud UIoT refuses the subscription to {filter}"), hint }
}

/// Why a granted subscription may stay silent.
pub(super) fn silence(filter: &str) -> Option<String> {
    let own = filter.starts_with("/$system/") || filter.contains("/$broadcast/");
    (!own).then(|| {
        "UCloud UIoT hands on what an application or a rule sends here; what another device publishes arrives only by a \
         rule"
            .to_owned()
    })
}
