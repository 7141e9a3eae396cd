//! Aliyun's dynamic registration: one secret a product, by HTTPS or MQTT; and the login with the token that one way gives.
//!
//! What lives here: what is signed and sent, and how answers are read. Dynamic registration (一型一密) in AD of
//! `docs/platforms.md` §3.7; what is marked unsure there is taken in both forms.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::LIMITS;
use super::credentials::{hash, username};
use crate::cloud::registration::{Declined, Obtained, Token, object, secret};
use crate::cloud::{Advice, Credentials, line, refusal};
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{AliyunIdentity, AliyunMethod, AliyunRegistration, SignMethod};
use crate::secret::Secret;

/// The path of the registration by HTTPS.
pub const HTTPS_PATH: &str = "/auth/register/device";

/// Where the platform pushes what it gives: the documents name the first for every way, the vendor's Python SDK the second for
/// devices that the platform makes.
pub const PUSHES: [&str; 2] = ["/ext/register", "/ext/regnwl"];

/// `securemode` of a login with a token.
const TOKEN_MODE: i32 = -1;

/// The signature of every way: HMAC of device name, product key and nonce under the product's secret.
pub fn sign(product_secret: &Secret, method: SignMethod, device_name: &str, product_key: &str, random: &str) -> String {
    let content = format!("deviceName{device_name}productKey{product_key}random{random}");
    hash(product_secret.reveal(), method, &content)
}

/// What CONNECT carries; `None` for the way that does not go by MQTT.
pub(in crate::cloud) fn credentials(
    device: &AliyunIdentity,
    registration: &AliyunRegistration,
    method: AliyunMethod,
    product_secret: &Secret,
    random: &str,
) -> Option<Credentials> {
    let (mode, auth_type) = match method {
        AliyunMethod::Https => return None,
        AliyunMethod::Mqtt => (2, "register"),
        AliyunMethod::MqttUnregistered => (registration.unregistered_mode, "regnwl"),
    };
    let AliyunIdentity { product_key, device_name, sign_method, client_id, .. } = device;
    let word = sign_method.word();
    let mut client_id = format!("{client_id}|securemode={mode},authType={auth_type},random={random},signmethod={word}");
    if let Some(instance) = &registration.instance_id {
        client_id.push_str(",instanceId=");
        client_id.push_str(instance);
    }
    client_id.push('|');
    let password = Secret::new(sign(product_secret, *sign_method, device_name, product_key, random));
    Some(Credentials {
        client_id,
        username: Some(username(device_name, product_key)),
        password: Some(password),
        will: None,
    })
}

/// What CONNECT carries with a token. `secret` holds it as [`Token::to_json`] writes it, or alone: then the device's own client id
/// is that which came with it. JSON that is no token gives no password, which the platform refuses.
pub(super) fn token_login(device: &AliyunIdentity, secret: Option<&Secret>) -> Credentials {
    let token = secret.and_then(|secret| {
        let text = secret.reveal().trim();
        let alone = || Token { client_id: device.client_id.clone(), device_token: Secret::new(text) };
        Token::parse(text).or_else(|| (!text.is_empty() && !text.starts_with(['{', '['])).then(alone))
    });
    let client_id = token.as_ref().map_or(&device.client_id, |token| &token.client_id);
    Credentials {
        client_id: format!("{client_id}|securemode={TOKEN_MODE},authType=connwl|"),
        username: Some(username(&device.device_name, &device.product_key)),
        password: token.map(|token| token.device_token),
        will: None,
    }
}

/// The body of the registration by HTTPS, `application/x-www-form-urlencoded`.
pub fn form(
    device: &AliyunIdentity,
    registration: &AliyunRegistration,
    product_secret: &Secret,
    random: &str,
) -> Zeroizing<String> {
    let AliyunIdentity { product_key, device_name, sign_method, .. } = device;
    let sign = Zeroizing::new(sign(product_secret, *sign_method, device_name, product_key, random));
    let mut fields = vec![
        ("productKey", product_key.as_str()),
        ("deviceName", device_name),
        ("random", random),
        ("sign", &sign),
        ("signMethod", sign_method.word()),
    ];
    fields.extend(registration.instance_id.as_deref().map(|instance| ("instanceId", instance)));
    let mut body = Zeroizing::new(String::new());
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        encode(&mut body, value);
    }
    body
}

/// Appends `text` percent-encoded: what a form leaves alone is a part of what URLs call unreserved.
fn encode(body: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            body.push(char::from(byte));
        } else {
            body.push('%');
            body.push_str(&hex::encode_upper([byte]));
        }
    }
}

/// Reads the answer by HTTPS: `{"code":200,"data":{…},"message"}`.
pub fn read_https(body: &[u8], device: &AliyunIdentity) -> Result<Obtained, Declined> {
    let object = object(body)?;
    success(&object)?;
    match object.get("data") {
        Some(Value::Object(data)) => read(data, &device.product_key, &device.device_name),
        _ => Err(Declined::unreadable("it says success, but holds no data")),
    }
}

/// Reads a push by MQTT, which is the data alone. A code beside it, which the documents do not have, is taken as what it says.
pub(in crate::cloud) fn read_push(payload: &[u8], product_key: &str, device_name: &str) -> Result<Obtained, Declined> {
    let object = object(payload)?;
    if object.contains_key("code") {
        success(&object)?;
    }
    let data = object.get("data").and_then(Value::as_object).unwrap_or(&object);
    read(data, product_key, device_name)
}

fn success(object: &Map<String, Value>) -> Result<(), Declined> {
    match line::code(object.get("code")) {
        Some(200) => Ok(()),
        Some(code) => Err(Declined::told(code, object.get("message"))),
        None => Err(Declined::unreadable("it holds no code")),
    }
}

/// Reads what the platform gives: a secret, or a token. It has to be for this device.
fn read(data: &Map<String, Value>, product_key: &str, device_name: &str) -> Result<Obtained, Declined> {
    for (key, own) in [("productKey", product_key), ("deviceName", device_name)] {
        if data.get(key).and_then(Value::as_str).is_some_and(|other| other != own) {
            return Err(Declined::unreadable(&format!("its {key} is another device's")));
        }
    }
    let obtained = Obtained { secret: secret(data, "deviceSecret"), token: Token::of(data), ..Obtained::default() };
    if obtained.secret.is_none() && obtained.token.is_none() {
        return Err(Declined::unreadable("it holds neither a deviceSecret nor a clientId with a deviceToken"));
    }
    Ok(obtained)
}

/// A refused CONNECT.
pub(in crate::cloud) fn connack(code: ConnectReturn) -> Advice {
    let (reason, hint) = match code {
        ConnectReturn::Accepted => return refusal::accepted(),
        ConnectReturn::UnacceptableProtocolVersion => return refusal::version(LIMITS.cloud),
        ConnectReturn::ServerUnavailable => return refusal::unavailable(LIMITS.cloud),
        ConnectReturn::IdentifierRejected => (
            "Aliyun IoT misses something in the registration, or it did not come by TLS",
            "transport must be wss or mqtts; enterprise and new public instances want instance_id; \
             register_secure_mode is -2 in the documents, 2 in some SDKs",
        ),
        ConnectReturn::BadUserNameOrPassword => (
            "Aliyun IoT refuses the registration's signature",
            "check product_secret (the ProductSecret, not a DeviceSecret), product_key and device_name",
        ),
        ConnectReturn::NotAuthorized => (
            "Aliyun IoT does not let this device register",
            "dynamic registration must be switched on for the product; --method mqtt wants the device's name to be \
             registered; an activated device has to be reset in the console first; check that host is its region and instance",
        ),
    };
    Advice { reason: reason.to_owned(), hint: hint.to_owned() }
}

/// What to check when the application behind [`HTTPS_PATH`] declines.
pub const DECLINED_HINT: &str = "dynamic registration must be switched on for the product, the device's name known and not \
                                 activated yet; check product_secret, region and instance_id";

#[cfg(test)]
mod tests;
