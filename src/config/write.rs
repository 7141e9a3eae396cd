//! Profiles back to TOML, and files that nobody else can read.
//!
//! What is written reads back as the same profiles (with absolute paths). Secrets that stand in a profile are written
//! out: the text belongs in a file made by [`create_private`] and nowhere else.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use toml::{Table, Value};

use super::authority::percent_encoded;
use super::{choice, units};
use crate::mqtt::Qos;
use crate::mqtt::packet::Will;
use crate::profile::{
    AliyunTimestamp, Backoff, Identity, Profile, Proxy, ProxyKind, Registration, SecretSource, SubDevice, Subscription,
    host_port,
};

/// The keys of a device as they stand in a config; each is written, defaults too, so that nothing depends on them.
pub fn table(profile: &Profile) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| {
        table.insert(key.to_owned(), value);
    };
    put("name", profile.name.clone().into());
    put("cloud", profile.identity.cloud().word().into());
    if !profile.endpoint.host.is_empty() {
        put("host", profile.endpoint.host.clone().into());
    }
    put("transport", profile.endpoint.transport.scheme().into());
    put("port", i64::from(profile.endpoint.port).into());
    if profile.endpoint.transport.is_websocket() {
        put("path", profile.endpoint.path.clone().into());
        put("subprotocol", profile.endpoint.subprotocol.clone().unwrap_or_default().into());
    }
    identity(&mut put, &profile.identity);
    if let Some(registration) = &profile.registration {
        register(&mut put, registration);
    }
    if !profile.sub_devices.is_empty() {
        put("sub_device", Value::Array(profile.sub_devices.iter().map(sub_device).collect()));
    }
    put("autoconnect", profile.autoconnect.into());
    put("keep_alive", i64::from(profile.keep_alive).into());
    put("clean_session", profile.clean_session.into());
    put("connect_timeout", profile.connect_timeout.as_secs_f64().into());
    put("max_packet", units::show(profile.max_packet).into());
    put("strict", profile.strict.into());
    if let Some(file) = &profile.tls.ca_file {
        put("ca_file", path(file));
    }
    if let Some((certificate, key)) = &profile.tls.identity {
        put("cert_file", path(certificate));
        put("key_file", path(key));
    }
    if let Some(way) = &profile.proxy {
        put("proxy", proxy(way).into());
    }
    if !profile.subscribe.is_empty() {
        put("subscribe", Value::Array(profile.subscribe.iter().map(subscription).collect()));
    }
    put("backoff", backoff(&profile.backoff).into());
    put("on_takeover", choice::name_of(&choice::TAKEOVERS, &profile.on_takeover).unwrap_or_default().into());
    put("record", profile.record.into());
    if !profile.redact.is_empty() {
        put("redact", Value::Array(profile.redact.iter().cloned().map(Value::from).collect()));
    }
    table
}

/// The text of a config with these devices, secrets included.
pub fn to_toml(devices: &[Profile]) -> String {
    let mut text = String::new();
    for device in devices {
        text.push_str("[[device]]\n");
        for (key, value) in table(device) {
            // A value prints on one line, tables inline: what stands behind `key =` always belongs to this device.
            text.push_str(&key);
            text.push_str(" = ");
            text.push_str(&value.to_string());
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// Writes a new file with mode 0600; an error when there is one already, be it a dangling link. The folder is made where
/// it is missing, with mode 0700.
pub fn create_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn identity(put: &mut impl FnMut(&str, Value), identity: &Identity) {
    match identity {
        Identity::Huawei(device) => {
            put("device_id", device.device_id.clone().into());
            if let Some(source) = &device.secret {
                proof(put, "secret", source);
            }
            put("sign_type", i64::from(device.sign_type.number()).into());
        }
        Identity::Aliyun(device) => {
            put("product_key", device.product_key.clone().into());
            put("device_name", device.device_name.clone().into());
            proof(put, if device.is_token { "token" } else { "secret" }, &device.secret);
            put("client_id", device.client_id.clone().into());
            put("sign_method", device.sign_method.word().into());
            match &device.timestamp {
                AliyunTimestamp::Absent => {}
                AliyunTimestamp::Now => put("timestamp", true.into()),
                AliyunTimestamp::Fixed(text) => put("timestamp", text.clone().into()),
            }
            if let Some(flags) = device.ext {
                put("ext", i64::from(flags).into());
            }
        }
        Identity::Ucloud(device) => {
            put("product_sn", device.product_sn.clone().into());
            put("device_sn", device.device_sn.clone().into());
            proof(put, "secret", &device.secret);
        }
        Identity::Mqtt(device) => {
            put("client_id", device.client_id.clone().into());
            if let Some(name) = &device.username {
                put("username", name.clone().into());
            }
            if let Some(source) = &device.password {
                put("password", secret(source));
            }
            if let Some(message) = &device.will {
                put("will", will(message).into());
            }
        }
    }
}

/// A secret that a device may still lack.
fn proof(put: &mut impl FnMut(&str, Value), key: &str, source: &SecretSource) {
    if *source != SecretSource::Unregistered {
        put(key, secret(source));
    }
}

/// What a device registers with.
fn register(put: &mut impl FnMut(&str, Value), registration: &Registration) {
    match registration {
        Registration::Huawei(bootstrap) => {
            let mut table = Table::new();
            table.insert("host".to_owned(), bootstrap.endpoint.host.clone().into());
            table.insert("transport".to_owned(), bootstrap.endpoint.transport.scheme().into());
            table.insert("port".to_owned(), i64::from(bootstrap.endpoint.port).into());
            if bootstrap.endpoint.transport.is_websocket() {
                table.insert("path".to_owned(), bootstrap.endpoint.path.clone().into());
            }
            if let Some(scope) = &bootstrap.scope_id {
                table.insert("scope_id".to_owned(), scope.clone().into());
            }
            if let Some(source) = &bootstrap.group_secret {
                table.insert("group_secret".to_owned(), secret(source));
            }
            if let Some(word) = &bootstrap.keyword {
                table.insert("keyword".to_owned(), word.clone().into());
            }
            put("bootstrap", table.into());
        }
        Registration::Aliyun(registration) => {
            put("product_secret", secret(&registration.product_secret));
            put("register", registration.method.word().into());
            if let Some((host, port)) = &registration.https {
                put("register_host", host_port(host, *port).into());
            }
            put("register_secure_mode", i64::from(registration.unregistered_mode).into());
            if let Some(instance) = &registration.instance_id {
                put("instance_id", instance.clone().into());
            }
        }
        Registration::Ucloud(registration) => put("product_secret", secret(&registration.product_secret)),
    }
}

fn sub_device(device: &SubDevice) -> Value {
    let mut table = Table::new();
    table.insert("product_key".to_owned(), device.product_key.clone().into());
    table.insert("device_name".to_owned(), device.device_name.clone().into());
    table.insert("secret".to_owned(), secret(&device.secret));
    table.insert("client_id".to_owned(), device.client_id.clone().into());
    table.insert("sign_method".to_owned(), device.sign_method.word().into());
    table.into()
}

fn will(message: &Will) -> Table {
    let mut table = Table::new();
    table.insert("topic".to_owned(), message.topic.clone().into());
    // A will comes from a config, where it is a text; one made elsewhere of other bytes has no form in TOML.
    table.insert("payload".to_owned(), String::from_utf8_lossy(&message.payload).into_owned().into());
    table.insert("qos".to_owned(), level(message.qos));
    table.insert("retain".to_owned(), message.retain.into());
    table
}

fn subscription(wanted: &Subscription) -> Value {
    let mut table = Table::new();
    table.insert("filter".to_owned(), wanted.filter.as_str().into());
    table.insert("qos".to_owned(), level(wanted.qos));
    table.into()
}

fn backoff(backoff: &Backoff) -> Table {
    let mut table = Table::new();
    let policy = choice::name_of(&choice::POLICIES, &backoff.policy).unwrap_or_default();
    table.insert("policy".to_owned(), policy.into());
    for (key, wait) in [("min_ms", backoff.min), ("default_ms", backoff.default), ("max_ms", backoff.max)] {
        // Saturates at what no config could have said.
        table.insert(key.to_owned(), i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).into());
    }
    table
}

fn proxy(proxy: &Proxy) -> String {
    let scheme = match proxy.kind {
        ProxyKind::Http => "http",
        ProxyKind::Socks5 => "socks5",
    };
    let login = proxy.login.as_ref().map_or_else(String::new, |(user, password)| {
        format!("{}:{}@", percent_encoded(user), percent_encoded(password.reveal()))
    });
    format!("{scheme}://{login}{}", host_port(&proxy.host, proxy.port))
}

fn secret(source: &SecretSource) -> Value {
    let (key, value): (&str, Value) = match source {
        SecretSource::Inline(secret) => return secret.reveal().into(),
        SecretSource::Env(name) => ("env", name.clone().into()),
        SecretSource::File(file) => ("file", path(file)),
        SecretSource::Command(words) => ("command", Value::Array(words.iter().cloned().map(Value::from).collect())),
        // It stands in no config: the key is left out instead.
        SecretSource::Unregistered => return Table::new().into(),
    };
    Value::Table(Table::from_iter([(key.to_owned(), value)]))
}

fn level(qos: Qos) -> Value {
    i64::from(qos.number()).into()
}

/// TOML is UTF-8: a path that is not could not have come from a config.
fn path(path: &Path) -> Value {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.to_string_lossy().into_owned().into()
}
