//! What Huawei's refusals mean and what to check, in words.

use super::LIMITS;
use crate::cloud::refusal::{self, first_level_after};
use crate::cloud::{Advice, Scene};
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{HuaweiIdentity, SignType};

/// A refused CONNECT.
pub(super) fn connack(device: &HuaweiIdentity, code: ConnectReturn, scene: &Scene) -> Advice {
    match code {
        ConnectReturn::Accepted => refusal::accepted(),
        ConnectReturn::UnacceptableProtocolVersion => refusal::version(LIMITS.cloud),
        ConnectReturn::ServerUnavailable => refusal::unavailable(LIMITS.cloud),
        ConnectReturn::IdentifierRejected => refusal::keep_alive(&LIMITS, scene).unwrap_or_else(|| Advice {
            reason: "Huawei IoTDA refuses the client id".to_owned(),
            hint:
                "check device_id: the client id is made of it as {device_id}_0_{sign_type}_{UTC hour}, and a tenant's \
                   own authentication template may ask for another form"
                    .to_owned(),
        }),
        ConnectReturn::BadUserNameOrPassword => credentials(device, scene),
        ConnectReturn::NotAuthorized => Advice {
            reason: "Huawei IoTDA does not authorise this device".to_owned(),
            hint: refusal::with_clock(
                "check in the console that the device is registered on this instance (host) and not frozen".to_owned(),
                scene,
            ),
        },
    }
}

/// A refused subscription.
pub(super) fn subscription(device: &HuaweiIdentity, filter: &str) -> Advice {
    let other = first_level_after(filter, "$oc/devices/").filter(|id| *id != device.device_id);
    let hint = match other {
        Some(other) => format!(
            "the filter names device {other}, this one is {}: a device may only hear its own topics",
            device.device_id
        ),
        None if filter.starts_with("$oc/") => {
            "check the filter against the product's topics; a connection holds at most 100 subscriptions (50 outside \
             China)"
                .to_owned()
        }
        None => "topics outside $oc need an access policy that allows this device to subscribe to them".to_owned(),
    };
    Advice { reason: format!("Huawei IoTDA refuses the subscription to {filter}"), hint }
}

/// Why a granted subscription may stay silent.
pub(super) fn silence(filter: &str) -> Option<String> {
    if filter.contains("/sys/shadow/get/response/") {
        return Some("the shadow comes only when the device asks for it on shadow/get/request_id=…".to_owned());
    }
    let own = filter.starts_with("$oc/devices/") && !filter.contains("/user/");
    (!own).then(|| {
        "Huawei IoTDA hands on what an application or a data-forwarding rule sends here; what another device publishes \
         does not arrive by itself"
            .to_owned()
    })
}

fn credentials(device: &HuaweiIdentity, scene: &Scene) -> Advice {
    let reason = "Huawei IoTDA refuses the user name or password".to_owned();
    let registered = "check device_id, and that the device is registered on this instance (host) and not frozen";
    if device.secret.is_none() {
        let hint = format!("this device signs in with a client certificate: check cert_file and its CA; {registered}");
        return Advice { reason, hint: refusal::with_clock(hint, scene) };
    }
    let hint = match device.sign_type {
        SignType::Sha256Timed => return Advice { reason, hint: hour(scene, registered) },
        SignType::Sha256 => format!("check secret; {registered}"),
        SignType::Sm3 => format!(
            "check secret; sign_type = {} (SM3) needs an Enterprise instance that has it; {registered}",
            SignType::Sm3.number()
        ),
    };
    Advice { reason, hint: refusal::with_clock(hint, scene) }
}

/// Sign type 1: the platform compares the signature's hour with its own, so the clock comes first.
fn hour(scene: &Scene, registered: &str) -> String {
    let ours = scene.at.utc_hour();
    let theirs = scene.clock_offset_us.map(|offset| scene.at.shifted_micros(offset).utc_hour());
    match (scene.clock_offset_us.and_then(crate::cloud::clock::describe), theirs) {
        (Some(clock), Some(theirs)) => format!(
            "{clock}, and sign_type = 1 signs the UTC hour: {ours} here, {theirs} there. Set the clock, or use \
             sign_type = 0, which is not compared"
        ),
        (None, Some(theirs)) if theirs != ours => format!(
            "the hour has just changed: sign_type = 1 signs the UTC hour, {ours} here, {theirs} at the platform. \
             Connect again"
        ),
        (_, None) => format!(
            "check secret; {registered}. sign_type = 1 signs the UTC hour, {ours} by this machine's clock: check the \
             clock too, or use sign_type = 0, which is not compared"
        ),
        _ => format!("check secret; {registered}. The clock agrees with the platform's, so it is not the hour"),
    }
}
