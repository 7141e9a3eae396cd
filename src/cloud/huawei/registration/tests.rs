use super::*;
use crate::profile::{Endpoint, SecretSource, Transport};

fn device(id: &str, sign_type: SignType) -> HuaweiIdentity {
    HuaweiIdentity { device_id: id.to_owned(), secret: None, sign_type }
}

fn bootstrap(scope_id: Option<&str>, keyword: Option<&str>) -> HuaweiBootstrap {
    let endpoint = Endpoint {
        transport: Transport::Mqtts,
        host: "iot-bs.example".to_owned(),
        port: 8883,
        path: "/mqtt".to_owned(),
        subprotocol: None,
    };
    HuaweiBootstrap {
        endpoint,
        scope_id: scope_id.map(str::to_owned),
        group_secret: scope_id.map(|_| SecretSource::Env("UNUSED".to_owned())),
        keyword: keyword.map(str::to_owned),
    }
}

fn revealed(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::reveal)
}

#[test]
fn the_vectors_of_registration_groups() {
    for (group, id, scope, at, by_secret, by_certificate, derived, password) in [
        (
            "Z3JvdXAtc2VjcmV0LTAwMDE=",
            "dev01",
            "ff5bbx7a488f",
            "2025-04-14T01:59:00Z",
            "dev01_0_ff5bbx7a488f_0_2025041401",
            "dev01_0_ff5bbx7a488f",
            "214c7daca36937b3cb09062faa9168f0c3b195a19e936eb5d73e58b1264877c1",
            "76203dd580a9ff47256d7d34d8ea74dffc330d44e35c2d8424373cf5089dc435",
        ),
        (
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "meter-7",
            "scope1",
            "2018-07-24T17:00:00Z",
            "meter-7_0_scope1_0_2018072417",
            "meter-7_0_scope1",
            "39649ecf68e8d5ab98a60ce318768c90cb817ae34207816a87776816e3e1cc47",
            "1fc27d846d6f5dec81591e526e27d1fbf13b255f28da6075427b249d23bf8e24",
        ),
        (
            "aw==",
            "a",
            "s",
            "2026-11-21T00:00:00Z",
            "a_0_s_0_2026112100",
            "a_0_s",
            "5c6ef15fb723c157311b6f4a8fe11c70a524a331e1182f28f3f88c3a915bd099",
            "8a0f3edd61ba8069e3e6b914e30e55c2c4c6919b1db910c8be2bc8cbc96ed474",
        ),
    ] {
        let (device, at) = (device(id, SignType::Sha256), WallTime::parse_rfc3339(at).unwrap());
        let (bootstrap, group) = (bootstrap(Some(scope), None), Secret::new(group));
        assert_eq!(revealed(group_device_secret(&group, id).as_ref()), Some(derived));
        let connect = credentials(&device, &bootstrap, Some(&group), at);
        assert_eq!(connect.client_id, by_secret);
        assert_eq!(connect.username.as_deref(), Some(id));
        assert_eq!(revealed(connect.password.as_ref()), Some(password));
        let read = parse_bootstrap_client_id(by_secret).unwrap();
        let hour = at.utc_hour();
        let signed = Some((SignType::Sha256, hour.as_str()));
        assert_eq!(read, Bootstrap { device_id: id, scope_id: Some(scope), signed });
        let connect = credentials(&device, &bootstrap, None, at);
        assert_eq!((connect.client_id.as_str(), connect.password.as_ref()), (by_certificate, None));
        let read = parse_bootstrap_client_id(by_certificate).unwrap();
        assert_eq!(read, Bootstrap { device_id: id, scope_id: Some(scope), signed: None });
    }
}

/// A device that has a secret signs in at the provisioning service as it does at its platform: Huawei's own vector.
#[test]
fn a_registered_device_signs_as_ever() {
    let at = WallTime::parse_rfc3339("2025-04-14T01:00:00Z").unwrap();
    let device = device("65f0c0de_dev01", SignType::Sha256Timed);
    let connect = credentials(&device, &bootstrap(None, None), Some(&Secret::new("12345678")), at);
    assert_eq!(connect.client_id, "65f0c0de_dev01_0_1_2025041401");
    assert_eq!(
        revealed(connect.password.as_ref()),
        Some("c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a")
    );
    let read = parse_bootstrap_client_id(&connect.client_id).unwrap();
    let signed = Some((SignType::Sha256Timed, "2025041401"));
    assert_eq!(read, Bootstrap { device_id: "65f0c0de_dev01", scope_id: None, signed });
}

#[test]
fn a_group_secret_that_is_no_base64_gives_no_password() {
    assert_eq!(group_device_secret(&Secret::new("not base64!"), "d"), None);
    let device = device("d", SignType::Sha256);
    let connect = credentials(&device, &bootstrap(Some("s"), None), Some(&Secret::new("?")), WallTime::default());
    assert_eq!(connect.password, None);
}

#[test]
fn client_ids_of_another_form_are_not_read() {
    for client_id in ["", "d", "d_0", "d_0_", "_0_scope", "d_1_scope"] {
        assert_eq!(parse_bootstrap_client_id(client_id).filter(|read| !read.device_id.is_empty()), None, "{client_id}");
    }
}

#[test]
fn the_question_and_its_answers_are_the_documents_own() {
    for (keyword, body) in [(None, ""), (Some("east"), r#"{"baseStrategyKeyword":"east"}"#)] {
        let question = question("d", &bootstrap(None, keyword)).unwrap();
        assert_eq!(question.topic, "$oc/devices/d/sys/bootstrap/up");
        assert_eq!(question.answer.filter.as_str(), "$oc/devices/d/sys/bootstrap/down");
        assert_eq!((question.answer.qos, question.body.as_str()), (Qos::AtMostOnce, body));
    }
    let obtained = read(br#"{"address":"iot.example:8883","deviceSecret":"s3","initConfig":{"a":1}}"#).unwrap();
    assert_eq!(obtained.address.as_deref(), Some("iot.example:8883"));
    assert_eq!(revealed(obtained.secret.as_ref()), Some("s3"));
    assert_eq!(revealed(obtained.init_config.as_ref()), Some(r#"{"a":1}"#));
    let obtained = read(br#"{"address":"iot.example:8883","initConfig":null}"#).unwrap();
    assert_eq!((obtained.secret, obtained.init_config), (None, None));
    for (answer, words) in
        [(r#"{"deviceSecret":"hunter2"}"#, "no address"), ("hunter2", "no JSON"), ("[]", "no object")]
    {
        let said = read(answer.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
    }
}
