//! Who the device is to its cloud: the keys of each cloud.

use std::path::Path;

use toml::de::DeValue;

use super::table::Table;
use super::values;
use super::{choice, registration};
use crate::cloud::defaults;
use crate::profile::{
    AliyunIdentity, AliyunTimestamp, Cloud, HuaweiIdentity, Identity, MqttIdentity, SecretSource, SignMethod, SignType,
    UcloudIdentity,
};

/// The device's identity; `name` is what the user calls it.
pub(super) fn identity(device: &Table<'_>, cloud: Cloud, name: &str, folder: &Path) -> Option<Identity> {
    let identity = match cloud {
        Cloud::Huawei => Identity::Huawei(huawei(device, folder)?),
        Cloud::Aliyun => Identity::Aliyun(aliyun(device, folder)?),
        Cloud::Ucloud => Identity::Ucloud(ucloud(device, folder)?),
        Cloud::Mqtt => Identity::Mqtt(mqtt(device, name, folder)?),
    };
    for fault in defaults::identifier_faults(&identity) {
        // Each sentence starts with the key that it is about.
        let key = fault.split(' ').next().unwrap_or_default().to_owned();
        device.report.fault(device.key_place(&key), format!("{}: {fault}", device.what));
    }
    for warning in defaults::identifier_warnings(&identity) {
        device.report.warn(format!("{}: {warning}", device.what));
    }
    Some(identity)
}

fn huawei(device: &Table<'_>, folder: &Path) -> Option<HuaweiIdentity> {
    let id = needed(device, "device_id", "usually the product's id, _ and the node's id");
    let has_certificate = device.raw("cert_file").is_some();
    let secret = if device.raw("secret").is_some() {
        values::secret(device, "secret", folder).map(Some)
    } else if registration::has_group_secret(device) {
        Some(Some(SecretSource::Unregistered))
    } else if has_certificate {
        Some(None)
    } else {
        needed_secret(device, folder, ", or cert_file and key_file for a device with a certificate").map(Some)
    };
    let sign_type = sign_type(device)?;
    Some(HuaweiIdentity { device_id: id?, secret: secret?, sign_type })
}

fn sign_type(device: &Table<'_>) -> Option<SignType> {
    let (given, checked) = (device.integer("sign_type", 0, 2), device.boolean("check_timestamp"));
    if (device.raw("sign_type").is_some() && given.is_none())
        || (device.raw("check_timestamp").is_some() && checked.is_none())
    {
        return None;
    }
    match (given.map(|given| given.value), checked) {
        (Some(number), Some(checked)) if (number == 1) != checked.value => {
            let message =
                format!("`check_timestamp` and `sign_type` of {} contradict each other: leave one out", device.what);
            device.report.fault(device.key_place("check_timestamp"), message);
            None
        }
        // Within its bounds, or there is no number.
        (Some(number), _) => u8::try_from(number).ok().and_then(SignType::from_number),
        (None, Some(checked)) if checked.value => Some(SignType::Sha256Timed),
        (None, _) => Some(SignType::default()),
    }
}

fn aliyun(device: &Table<'_>, folder: &Path) -> Option<AliyunIdentity> {
    let key = needed(device, "product_key", "the product's key, ProductKey in the console");
    let name = needed(device, "device_name", "the device's name, DeviceName in the console");
    let (secret, is_token) = (aliyun_secret(device, folder), device.raw("token").is_some());
    let client_id = match device.raw("client_id") {
        Some(_) => device.text("client_id").map(|id| id.value),
        None => key.as_ref().zip(name.as_ref()).map(|(key, name)| defaults::aliyun_client_id(key, name)),
    };
    let method = match device.raw("sign_method") {
        Some(_) => device.choice("sign_method", &choice::SIGN_METHODS).map(|method| method.value),
        None => Some(SignMethod::default()),
    };
    let timestamp = timestamp(device);
    let ext = match device.raw("ext") {
        // Within its bounds, the number fits.
        Some(_) => device.integer("ext", 0, i64::from(u32::MAX)).map(|flags| u32::try_from(flags.value).ok()),
        None => Some(None),
    };
    Some(AliyunIdentity {
        product_key: key?,
        device_name: name?,
        secret: secret?,
        is_token,
        client_id: client_id?,
        sign_method: method?,
        timestamp: timestamp?,
        ext: ext?,
    })
}

/// The secret, or the token that stands in for it.
fn aliyun_secret(device: &Table<'_>, folder: &Path) -> Option<SecretSource> {
    let (secret, token) = (device.raw("secret").is_some(), device.raw("token").is_some());
    if secret && token {
        let message = format!("{} has both `secret` and `token`, and signs in with one: leave one out", device.what);
        device.report.fault(device.key_place("token"), message);
        return None;
    }
    if token { values::secret(device, "token", folder) } else { registrable_secret(device, folder) }
}

fn timestamp(device: &Table<'_>) -> Option<AliyunTimestamp> {
    let Some(value) = device.raw("timestamp") else { return Some(AliyunTimestamp::Absent) };
    match value.get_ref() {
        DeValue::Boolean(true) => Some(AliyunTimestamp::Now),
        DeValue::Boolean(false) => Some(AliyunTimestamp::Absent),
        DeValue::String(text) if text == "absent" => {
            let wanted = "left out where none is to be sent; a text is sent and signed as it stands";
            device.fault_at(value.span(), "timestamp", wanted);
            None
        }
        DeValue::String(text) => Some(AliyunTimestamp::Fixed(text.to_string())),
        _ => {
            device.wrong_type(value, "timestamp", "true (now) or a text such as \"1700000000000\"");
            None
        }
    }
}

fn ucloud(device: &Table<'_>, folder: &Path) -> Option<UcloudIdentity> {
    let product = needed(device, "product_sn", "the product's number, ProductSN in the console");
    let serial = needed(device, "device_sn", "the device's number, DeviceSN in the console");
    let secret = registrable_secret(device, folder);
    Some(UcloudIdentity { product_sn: product?, device_sn: serial?, secret: secret? })
}

fn mqtt(device: &Table<'_>, name: &str, folder: &Path) -> Option<MqttIdentity> {
    let client_id = match device.raw("client_id") {
        Some(_) => device.text("client_id").map(|id| id.value),
        // A name of its own: one that a real device may have would throw that device off the broker.
        None => Some(format!("standin-{name}")),
    };
    let username = device.text("username").map(|name| name.value);
    let password = values::secret(device, "password", folder);
    let will = values::will(device);
    let client_id = client_id?;
    if client_id.is_empty() && device.boolean("clean_session").is_some_and(|clean| !clean.value) {
        let message = format!("{}: an empty `client_id` needs clean_session = true (MQTT-3.1.3-7)", device.what);
        device.report.fault(device.key_place("client_id"), message);
    }
    Some(MqttIdentity { client_id, username, password, will })
}

fn needed(device: &Table<'_>, key: &str, why: &str) -> Option<String> {
    if device.raw(key).is_none() {
        device.missing(key, why);
    }
    device.word(key).map(|word| word.value)
}

/// The secret of a device that can obtain it by registering with the product's.
fn registrable_secret(device: &Table<'_>, folder: &Path) -> Option<SecretSource> {
    if device.raw("secret").is_none() && device.raw("product_secret").is_some() {
        return Some(SecretSource::Unregistered);
    }
    needed_secret(device, folder, "; or `product_secret`, for a device that has still to register")
}

fn needed_secret(device: &Table<'_>, folder: &Path, else_what: &str) -> Option<SecretSource> {
    if device.raw("secret").is_none() {
        let why = format!("the text, or its source: {{ env = … }}, {{ file = … }} or {{ command = [ … ] }}{else_what}");
        device.missing("secret", &why);
    }
    values::secret(device, "secret", folder)
}
