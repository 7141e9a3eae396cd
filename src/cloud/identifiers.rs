//! Identifiers held against the clouds' documents: what would break the protocol, and what is only unusual.
//!
//! What lives here: lengths and alphabets, with the config key in every sentence. What may not: refusing anything; the
//! config decides that.

use crate::profile::{
    AliyunIdentity, AliyunTimestamp, HuaweiIdentity, Identity, MqttIdentity, SecretSource, UcloudIdentity,
};

/// The longest UTF-8 string of MQTT (section 1.5.3), in bytes.
const MQTT_STRING: usize = 65_535;

/// Where an identifier leaves what the cloud's documents say: tenants and templates differ, so these are warnings.
pub fn identifier_warnings(identity: &Identity) -> Vec<String> {
    match identity {
        Identity::Huawei(device) => huawei_warnings(device),
        Identity::Aliyun(device) => aliyun_warnings(device),
        Identity::Ucloud(device) => ucloud_warnings(device),
        Identity::Mqtt(_) => Vec::new(),
    }
}

/// Where an identifier would break MQTT, the cloud's topics or its client id: such a device cannot be connected.
pub fn identifier_faults(identity: &Identity) -> Vec<String> {
    let mut faults = Vec::new();
    match identity {
        Identity::Huawei(device) => topic_level(&mut faults, "device_id", &device.device_id),
        Identity::Aliyun(device) => aliyun_faults(&mut faults, device),
        Identity::Ucloud(device) => {
            topic_level(&mut faults, "product_sn", &device.product_sn);
            topic_level(&mut faults, "device_sn", &device.device_sn);
        }
        Identity::Mqtt(device) => mqtt_faults(&mut faults, device),
    }
    faults
}

fn huawei_warnings(device: &HuaweiIdentity) -> Vec<String> {
    let mut warnings = Vec::new();
    let id = &device.device_id;
    longer_than(&mut warnings, "device_id", id, 128, "Huawei");
    alphabet(&mut warnings, "device_id", id, "_-", "Huawei");
    warnings
}

fn aliyun_warnings(device: &AliyunIdentity) -> Vec<String> {
    let mut warnings = Vec::new();
    longer_than(&mut warnings, "client_id", &device.client_id, 64, "Aliyun");
    if let AliyunTimestamp::Fixed(stamp) = &device.timestamp
        && !stamp.bytes().all(|byte| byte.is_ascii_digit())
    {
        warnings.push(format!("timestamp is {stamp:?}; Aliyun's documents ask for milliseconds in decimal digits"));
    }
    warnings
}

fn ucloud_warnings(device: &UcloudIdentity) -> Vec<String> {
    let mut warnings = Vec::new();
    let product = device.product_sn.chars().count();
    if product != 16 {
        warnings.push(format!("product_sn has {product} characters; UCloud's documents say 16"));
    }
    let serial = device.device_sn.chars().count();
    if !(4..=64).contains(&serial) {
        warnings.push(format!("device_sn has {serial} characters; UCloud's documents say 4 to 64"));
    }
    alphabet(&mut warnings, "device_sn", &device.device_sn, "-_@:", "UCloud");
    if let SecretSource::Inline(secret) = &device.secret {
        let length = secret.reveal().chars().count();
        if length != 16 {
            warnings.push(format!("secret has {length} characters; UCloud's documents say 16"));
        }
    }
    warnings
}

fn aliyun_faults(faults: &mut Vec<String>, device: &AliyunIdentity) {
    topic_level(faults, "product_key", &device.product_key);
    topic_level(faults, "device_name", &device.device_name);
    filled(faults, "client_id", &device.client_id);
    mqtt_string(faults, "client_id", &device.client_id);
    extension_part(faults, "client_id", &device.client_id);
    if let AliyunTimestamp::Fixed(stamp) = &device.timestamp {
        filled(faults, "timestamp", stamp);
        mqtt_string(faults, "timestamp", stamp);
        extension_part(faults, "timestamp", stamp);
    }
}

fn mqtt_faults(faults: &mut Vec<String>, device: &MqttIdentity) {
    mqtt_string(faults, "client_id", &device.client_id);
    if let Some(username) = &device.username {
        mqtt_string(faults, "username", username);
    }
    if device.password.is_some() && device.username.is_none() {
        faults.push("password is given without username, which MQTT 3.1.1 forbids (MQTT-3.1.2-22)".to_owned());
    }
}

/// Aliyun's client id holds an extension list between bars, its pairs parted by commas.
fn extension_part(faults: &mut Vec<String>, key: &str, value: &str) {
    if let Some(mark) = value.chars().find(|c| matches!(c, '|' | ',')) {
        faults.push(format!("{key} holds \"{mark}\", which Aliyun reads as a part of the client id's extension list"));
    }
}

/// An identifier that fills one level of the cloud's topics.
fn topic_level(faults: &mut Vec<String>, key: &str, value: &str) {
    filled(faults, key, value);
    mqtt_string(faults, key, value);
    if let Some(mark) = value.chars().find(|c| matches!(c, '+' | '#' | '/')) {
        faults.push(format!("{key} holds \"{mark}\", which has a meaning of its own in the device's topics"));
    }
}

fn filled(faults: &mut Vec<String>, key: &str, value: &str) {
    if value.is_empty() {
        faults.push(format!("{key} is empty"));
    }
}

fn mqtt_string(faults: &mut Vec<String>, key: &str, value: &str) {
    if value.contains('\0') {
        faults.push(format!("{key} holds a NUL character, which MQTT forbids (MQTT-1.5.3-2)"));
    }
    // The cloud's own additions to an identifier are short; only a text near the end of the range could pass here and
    // still be too long for its packet, and the codec refuses that.
    if value.len() > MQTT_STRING {
        faults.push(format!("{key} has {} bytes; a string of MQTT holds at most 65,535", value.len()));
    }
}

fn longer_than(warnings: &mut Vec<String>, key: &str, value: &str, limit: usize, cloud: &str) {
    let length = value.chars().count();
    if length > limit {
        warnings.push(format!("{key} has {length} characters; {cloud}'s documents say at most {limit}"));
    }
}

fn alphabet(warnings: &mut Vec<String>, key: &str, value: &str, marks: &str, cloud: &str) {
    if let Some(odd) = value.chars().find(|c| !c.is_ascii_alphanumeric() && !marks.contains(*c)) {
        let shown = marks.chars().map(String::from).collect::<Vec<_>>().join(" ");
        warnings.push(format!("{key} holds {odd:?}; {cloud}'s documents allow letters, digits and {shown}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{SignMethod, SignType};
    use crate::secret::Secret;

    fn secret(text: &str) -> SecretSource {
        SecretSource::Inline(Secret::new(text))
    }

    fn huawei(device_id: &str) -> Identity {
        Identity::Huawei(HuaweiIdentity {
            device_id: device_id.to_owned(),
            secret: Some(secret("12345678")),
            sign_type: SignType::Sha256,
        })
    }

    fn aliyun(client_id: &str, timestamp: AliyunTimestamp) -> Identity {
        Identity::Aliyun(AliyunIdentity {
            product_key: "a1AbCdEfGh1".to_owned(),
            device_name: "lamp-01".to_owned(),
            secret: secret("s3cr3t"),
            client_id: client_id.to_owned(),
            sign_method: SignMethod::HmacSha256,
            timestamp,
            ext: None,
            is_token: false,
        })
    }

    fn ucloud(product_sn: &str, device_sn: &str, password: &str) -> Identity {
        Identity::Ucloud(UcloudIdentity {
            product_sn: product_sn.to_owned(),
            device_sn: device_sn.to_owned(),
            secret: secret(password),
        })
    }

    fn mqtt(client_id: &str, username: Option<&str>, password: bool) -> Identity {
        Identity::Mqtt(MqttIdentity {
            client_id: client_id.to_owned(),
            username: username.map(str::to_owned),
            password: password.then(|| secret("x")),
            will: None,
        })
    }

    #[test]
    fn identifiers_of_the_documents_pass() {
        for identity in [
            huawei("p_n_with_under_scores"),
            huawei("5f052ac562369102d42b0fb6_meter-7"),
            aliyun("AA:BB:CC:DD:EE:FF", AliyunTimestamp::Fixed("2524608000000".to_owned())),
            aliyun("a1AbCdEfGh1&gw", AliyunTimestamp::Absent),
            ucloud("ledubff3z85spjmu", "h9onxtzw0aep7fsr", "6g7tjlekwf3sqqqj"),
            ucloud("abcd1234efgh5678", "sensor_9@lab", "0123456789abcdef"),
            mqtt("any | client, id", Some("user"), true),
            mqtt("", None, false),
        ] {
            assert_eq!(identifier_warnings(&identity), Vec::<String>::new());
            assert_eq!(identifier_faults(&identity), Vec::<String>::new());
        }
    }

    #[test]
    fn odd_identifiers_earn_a_warning_that_names_the_key() {
        for (identity, key, words) in [
            (huawei(&"a".repeat(129)), "device_id", "129 characters"),
            (huawei("smoke 01"), "device_id", "' '"),
            (huawei("烟感"), "device_id", "'烟'"),
            (aliyun(&"c".repeat(65), AliyunTimestamp::Now), "client_id", "65 characters"),
            (aliyun("c", AliyunTimestamp::Fixed("now".to_owned())), "timestamp", "milliseconds"),
            (ucloud("short", "h9onxtzw0aep7fsr", "6g7tjlekwf3sqqqj"), "product_sn", "5 characters"),
            (ucloud("ledubff3z85spjmu", "abc", "6g7tjlekwf3sqqqj"), "device_sn", "4 to 64"),
            (ucloud("ledubff3z85spjmu", "a.bcd", "6g7tjlekwf3sqqqj"), "device_sn", "'.'"),
            (ucloud("ledubff3z85spjmu", "h9onxtzw0aep7fsr", "hunter2"), "secret", "7 characters"),
        ] {
            let warnings = identifier_warnings(&identity);
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].starts_with(key) && warnings[0].contains(words), "{warnings:?}");
            assert!(!warnings[0].contains("hunter2"), "a secret in {warnings:?}");
            assert_eq!(identifier_faults(&identity), Vec::<String>::new());
        }
    }

    #[test]
    fn what_breaks_the_protocol_is_a_fault_that_names_the_key() {
        let long = "x".repeat(MQTT_STRING + 1);
        for (identity, key, words) in [
            (huawei(""), "device_id", "empty"),
            (huawei("a\0b"), "device_id", "NUL"),
            (huawei("a/b"), "device_id", "\"/\""),
            (huawei(&long), "device_id", "65536 bytes"),
            (aliyun("12|345", AliyunTimestamp::Absent), "client_id", "\"|\""),
            (aliyun("12,345", AliyunTimestamp::Absent), "client_id", "\",\""),
            (aliyun("12345", AliyunTimestamp::Fixed("7|89".to_owned())), "timestamp", "\"|\""),
            (ucloud("ledubff3z85spjmu", "dev+1", "6g7tjlekwf3sqqqj"), "device_sn", "\"+\""),
            (mqtt("a\0", None, false), "client_id", "NUL"),
            (mqtt("a", Some(&long), false), "username", "65,535"),
            (mqtt("a", None, true), "password", "without username"),
        ] {
            let faults = identifier_faults(&identity);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with(key) && faults[0].contains(words), "{faults:?}");
        }
    }
}
