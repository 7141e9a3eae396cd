//! What a device registers with: the product's or the group's secret, and the way there.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::table::Table;
use super::{authority, choice, endpoint, values};
use crate::cloud::defaults;
use crate::profile::{
    AliyunMethod, AliyunRegistration, Cloud, Endpoint, HuaweiBootstrap, Registration, SecretSource, Transport,
    UcloudRegistration,
};

/// The transports of Huawei's provisioning service: it documents one; the other is for services of one's own.
const BOOTSTRAP_TRANSPORTS: [(&str, Transport); 2] =
    [(Transport::Mqtts.scheme(), Transport::Mqtts), (Transport::Wss.scheme(), Transport::Wss)];
/// `securemode` of Aliyun's registration of devices that it makes, unless told otherwise: the documents' value.
const UNREGISTERED_MODE: i32 = -2;

/// The registration of a device; `None`: there is a fault, `Some(None)`: it has none.
#[expect(clippy::option_option, reason = "a fault and an absence are two things")]
pub(super) fn registration(device: &Table<'_>, cloud: Cloud, folder: &Path) -> Option<Option<Registration>> {
    match cloud {
        Cloud::Huawei if device.raw("bootstrap").is_some() => {
            huawei(device, folder).map(|bootstrap| Some(Registration::Huawei(bootstrap)))
        }
        Cloud::Aliyun if device.raw("product_secret").is_some() => {
            aliyun(device, folder).map(|registration| Some(Registration::Aliyun(registration)))
        }
        Cloud::Ucloud if device.raw("product_secret").is_some() => {
            let product_secret = values::secret(device, "product_secret", folder)?;
            Some(Some(Registration::Ucloud(UcloudRegistration { product_secret })))
        }
        Cloud::Aliyun => refuse_without_product_secret(device).then_some(None),
        Cloud::Huawei | Cloud::Ucloud | Cloud::Mqtt => Some(None),
    }
}

/// Whether a Huawei device obtains its secret from a registration group's.
pub(super) fn has_group_secret(device: &Table<'_>) -> bool {
    let bootstrap = device.raw("bootstrap").and_then(|value| value.get_ref().as_table());
    bootstrap.is_some_and(|table| table.contains_key("group_secret"))
}

/// Keys that only a registration uses; whether there is none of them.
fn refuse_without_product_secret(device: &Table<'_>) -> bool {
    let mut sound = true;
    for key in ["register", "register_host", "register_secure_mode", "instance_id"] {
        if device.raw(key).is_some() {
            let message = format!("`{key}` of {} has no use without `product_secret`, which registers it", device.what);
            device.report.fault(device.key_place(key), message);
            sound = false;
        }
    }
    sound
}

fn aliyun(device: &Table<'_>, folder: &Path) -> Option<AliyunRegistration> {
    let product_secret = values::secret(device, "product_secret", folder);
    let method = match device.raw("register") {
        Some(_) => device.choice("register", &choice::METHODS).map(|method| method.value),
        None => Some(AliyunMethod::default()),
    };
    let https = https(device);
    let instance = extension(device, "instance_id");
    let mode = match device.raw("register_secure_mode") {
        // Within its bounds, the number fits.
        Some(_) => device.integer("register_secure_mode", -2, 8).and_then(|mode| i32::try_from(mode.value).ok()),
        None => Some(UNREGISTERED_MODE),
    };
    let (https, method) = (https?, method?);
    if https.is_none() && method == AliyunMethod::Https {
        let why =
            "such as \"cn-shanghai\", for the host that registers by HTTPS; or `register_host`; or register = \"mqtt\"";
        device.missing("region", why);
        return None;
    }
    Some(AliyunRegistration {
        product_secret: product_secret?,
        method,
        https,
        instance_id: instance?,
        unregistered_mode: mode?,
    })
}

/// Where the registration by HTTPS listens; `Some(None)`: nothing tells.
#[expect(clippy::option_option, reason = "a fault and an absence are two things")]
fn https(device: &Table<'_>) -> Option<Option<(String, u16)>> {
    if device.raw("register_host").is_some() {
        let text = device.word("register_host")?;
        let place = endpoint::host_and_port(&text.value, defaults::HTTPS_PORT);
        let fault = |words: String| device.report.fault(text.at, format!("`register_host` of {} {words}", device.what));
        return place.map_err(fault).ok().map(Some);
    }
    match device.raw("region") {
        Some(_) => {
            let region = device.word("region")?;
            let host = authority::host(&defaults::aliyun_registration_host(&region.value));
            let fault = |words: String| device.report.fault(region.at, format!("`region` of {} {words}", device.what));
            host.map_err(fault).ok().map(|host| Some((host, defaults::HTTPS_PORT)))
        }
        None => Some(None),
    }
}

/// A text that goes into the client id's extension list; `Some(None)`: there is none.
#[expect(clippy::option_option, reason = "a fault and an absence are two things")]
fn extension(device: &Table<'_>, key: &str) -> Option<Option<String>> {
    if device.raw(key).is_none() {
        return Some(None);
    }
    let text = device.word(key)?;
    if text.value.contains(['|', ',', '=']) {
        device.fault_at(text.at, key, "a text without | , and =, which part the client id's extension list");
        return None;
    }
    Some(Some(text.value))
}

fn huawei(device: &Table<'_>, folder: &Path) -> Option<HuaweiBootstrap> {
    let what = format!("`bootstrap` of {}", device.what);
    let table = device.table("bootstrap", &what)?;
    table.refuse_unknown(&["host", "port", "transport", "path", "scope_id", "group_secret", "keyword"]);
    let endpoint = bootstrap_endpoint(&table);
    let group_secret = group_secret(&table, folder);
    let keyword = table.word("keyword");
    let scope = table.word("scope_id").map(|scope| scope.value);
    let has = |key: &str| table.raw(key).is_some();
    if has("group_secret") && !has("scope_id") {
        table.missing("scope_id", "the registration group that `group_secret` is of");
        return None;
    }
    if has("scope_id") && !has("group_secret") && device.raw("cert_file").is_none() {
        table.missing("group_secret", "the registration group's; or cert_file and key_file of the device");
        return None;
    }
    let sound = |key: &str, read: bool| !has(key) || read;
    let all = sound("scope_id", scope.is_some())
        && sound("group_secret", group_secret.is_some())
        && sound("keyword", keyword.is_some());
    let endpoint = endpoint.filter(|_| all)?;
    Some(HuaweiBootstrap { endpoint, scope_id: scope, group_secret, keyword: keyword.map(|word| word.value) })
}

/// A group's secret is base64: one that stands in the config is looked at here.
fn group_secret(table: &Table<'_>, folder: &Path) -> Option<SecretSource> {
    let source = values::secret(table, "group_secret", folder)?;
    if let SecretSource::Inline(secret) = &source
        && STANDARD.decode(secret.reveal().trim()).is_err()
    {
        table.fault_at(table.key_place("group_secret"), "group_secret", "base64, as the provisioning console shows it");
        return None;
    }
    Some(source)
}

fn bootstrap_endpoint(table: &Table<'_>) -> Option<Endpoint> {
    if table.raw("host").is_none() {
        table.missing("host", "the provisioning service, such as \"iot-bs.cn-north-4.myhuaweicloud.com\"");
    }
    let host = table.word("host").and_then(|host| {
        let fault = |words: String| table.report.fault(host.at, format!("`host` of {} {words}", table.what));
        authority::host(&host.value).map_err(fault).ok()
    });
    let transport = match table.raw("transport") {
        Some(_) => table.choice("transport", &BOOTSTRAP_TRANSPORTS).map(|transport| transport.value),
        None => Some(Transport::Mqtts),
    };
    let (port, path) = (table.integer("port", 1, 65_535), endpoint::path(table));
    let transport = transport?;
    let port = match port {
        // Within its bounds, the number fits.
        Some(port) => u16::try_from(port.value).ok()?,
        None if table.raw("port").is_some() => return None,
        None => defaults::port(Cloud::Huawei, transport)?,
    };
    if table.raw("path").is_some() && path.is_none() {
        return None;
    }
    let path = path.map_or_else(|| defaults::path(Cloud::Huawei).to_owned(), |path| path.value);
    let subprotocol = transport.is_websocket().then(|| "mqtt".to_owned());
    Some(Endpoint { transport, host: host?, port, path, subprotocol })
}

#[cfg(test)]
mod tests;
