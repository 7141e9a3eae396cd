use super::super::parse_client_id;
use super::*;
use crate::event::WallTime;
use crate::profile::{AliyunTimestamp, SecretSource, Transport};

fn device(product_key: &str, device_name: &str, sign_method: SignMethod) -> AliyunIdentity {
    AliyunIdentity {
        product_key: product_key.to_owned(),
        device_name: device_name.to_owned(),
        secret: SecretSource::Unregistered,
        is_token: false,
        client_id: "c".to_owned(),
        sign_method,
        timestamp: AliyunTimestamp::Absent,
        ext: None,
    }
}

fn registration(instance_id: Option<&str>, unregistered_mode: i32) -> AliyunRegistration {
    AliyunRegistration {
        product_secret: SecretSource::Env("UNUSED".to_owned()),
        method: AliyunMethod::Https,
        https: None,
        instance_id: instance_id.map(str::to_owned),
        unregistered_mode,
    }
}

/// MD5, SHA-1 and SHA-256 of each.
#[test]
fn the_vectors_of_dynamic_registration() {
    for (secret, name, key, random, hashes) in [
        (
            "prodsecret",
            "device",
            "pk",
            "123",
            [
                "8cc3459a703b53a9f007e04549d279ed",
                "0b0aec323ff6e062916278b4dd25e57bbc31edde",
                "7e87df798aec8b0f529c21db445dd664298ffb98d094486abc6cdeaab09f7512",
            ],
        ),
        (
            "h1nQFYPZS0mWabcd",
            "device1",
            "al123456789",
            "123",
            [
                "03a1dba17c8e125a72c48be71837ac51",
                "b6943787115845a77c8fb8216ecdfeba47fbf91e",
                "6ae18354cf59fc70cce2fa30ebab5a11010b76d0105009303b28563555d5049d",
            ],
        ),
        (
            "ProdSecret0001",
            "lamp-01",
            "a1AbCdEfGh1",
            "8Ygb7ULYh53B6OA",
            [
                "9cdaa6d8a5d356bc3bf9c6a344bc8c49",
                "c62457928658ca6c4269157dce0d42ae92f6fd1e",
                "82145e0526532e17c414c2ae850b2a2ce9f67230ac1497e7c144f1d0a3e00eb0",
            ],
        ),
    ] {
        let methods = [SignMethod::HmacMd5, SignMethod::HmacSha1, SignMethod::HmacSha256];
        for (method, hash) in methods.into_iter().zip(hashes) {
            let (device, product) = (device(key, name, method), Secret::new(secret));
            assert_eq!(sign(&product, method, name, key, random), hash);
            let body = form(&device, &registration(None, -2), &product, random);
            let word = method.word();
            let expected = format!("productKey={key}&deviceName={name}&random={random}&sign={hash}&signMethod={word}");
            assert_eq!(*body, expected);
            let connect = credentials(&device, &registration(None, -2), AliyunMethod::Mqtt, &product, random).unwrap();
            assert_eq!(
                connect.client_id,
                format!("c|securemode=2,authType=register,random={random},signmethod={word}|")
            );
            assert_eq!(connect.username, Some(format!("{name}&{key}")));
            assert_eq!(connect.password.as_ref().map(Secret::reveal), Some(hash));
        }
    }
}

#[test]
fn the_ways_by_mqtt_differ_in_the_client_id_alone() {
    let (device, product) = (device("pk", "device", SignMethod::HmacSha256), Secret::new("prodsecret"));
    for (method, instance, mode, expected) in [
        (AliyunMethod::Mqtt, None, -2, "c|securemode=2,authType=register,random=123,signmethod=hmacsha256|"),
        (
            AliyunMethod::Mqtt,
            Some("iot-060a0001"),
            -2,
            "c|securemode=2,authType=register,random=123,signmethod=hmacsha256,instanceId=iot-060a0001|",
        ),
        (AliyunMethod::MqttUnregistered, None, -2, "c|securemode=-2,authType=regnwl,random=123,signmethod=hmacsha256|"),
        (
            AliyunMethod::MqttUnregistered,
            Some("i"),
            2,
            "c|securemode=2,authType=regnwl,random=123,signmethod=hmacsha256,instanceId=i|",
        ),
    ] {
        let connect = credentials(&device, &registration(instance, mode), method, &product, "123").unwrap();
        assert_eq!(connect.client_id, expected);
        assert_eq!(
            connect.password.as_ref().map(Secret::reveal),
            Some("7e87df798aec8b0f529c21db445dd664298ffb98d094486abc6cdeaab09f7512")
        );
        let login = parse_client_id(&connect.client_id).unwrap();
        assert_eq!((login.random, login.sign_method), (Some("123"), SignMethod::HmacSha256));
    }
    assert_eq!(credentials(&device, &registration(None, -2), AliyunMethod::Https, &product, "1"), None);
}

#[test]
fn a_form_is_encoded_and_holds_the_instance() {
    let device = device("a+b&c=d", "灯 1", SignMethod::HmacSha1);
    let body = form(&device, &registration(Some("iot-1"), -2), &Secret::new("s"), "r~.-_");
    assert!(body.starts_with("productKey=a%2Bb%26c%3Dd&deviceName=%E7%81%AF%201&random=r~.-_&sign="), "{}", *body);
    assert!(body.ends_with("&signMethod=hmacsha1&instanceId=iot-1"), "{}", *body);
}

#[test]
fn a_token_signs_in_as_it_stands() {
    let token = Token { client_id: "made-by-aliyun".to_owned(), device_token: Secret::new("t0k3n") };
    let written = token.to_json();
    assert_eq!(written.reveal(), r#"{"clientId":"made-by-aliyun","deviceToken":"t0k3n"}"#);
    assert_eq!(Token::parse(written.reveal()), Some(token));
    let device = AliyunIdentity { is_token: true, ..device("pk", "device", SignMethod::HmacSha256) };
    let connect = super::super::credentials::credentials(&device, Transport::Wss, Some(&written), WallTime::default());
    assert_eq!(connect.client_id, "made-by-aliyun|securemode=-1,authType=connwl|");
    assert_eq!(connect.username.as_deref(), Some("device&pk"));
    assert_eq!(connect.password.as_ref().map(Secret::reveal), Some("t0k3n"));
    let login = parse_client_id(&connect.client_id).unwrap();
    assert_eq!((login.secure_mode, login.auth_type), (Some(-1), Some("connwl")));
    for no_token in ["", "{}", "[]", r#"{"clientId":"a|b","deviceToken":"t"}"#, r#"{"clientId":"a","deviceToken":""}"#]
    {
        assert_eq!(token_login(&device, Some(&Secret::new(no_token))).password, None, "{no_token}");
    }
    // Alone it goes with the config's client id, as the two are shown on the screen.
    let alone = token_login(&device, Some(&Secret::new("t0k3n\n")));
    assert_eq!(alone.client_id, format!("{}|securemode=-1,authType=connwl|", device.client_id));
    assert_eq!(alone.password.as_ref().map(Secret::reveal), Some("t0k3n"));
}

#[test]
fn answers_are_read_in_every_form_that_is_told_of() {
    let device = device("pk", "device", SignMethod::HmacSha256);
    let answer =
        r#"{"code":200,"data":{"productKey":"pk","deviceName":"device","deviceSecret":"adsfw"},"message":"success"}"#;
    let obtained = read_https(answer.as_bytes(), &device).unwrap();
    assert_eq!(obtained.secret.as_ref().map(Secret::reveal), Some("adsfw"));
    assert_eq!(obtained.token, None);
    let push = r#"{"productKey":"pk","deviceName":"device","deviceSecret":"adsfw"}"#;
    assert_eq!(read_push(push.as_bytes(), "pk", "device").unwrap(), obtained);
    assert_eq!(read_push(answer.as_bytes(), "pk", "device").unwrap(), obtained);
    let push = r#"{"productKey":"pk","deviceName":"device","clientId":"id","deviceToken":"tk"}"#;
    let token = read_push(push.as_bytes(), "pk", "device").unwrap().token.unwrap();
    assert_eq!((token.client_id.as_str(), token.device_token.reveal()), ("id", "tk"));
}

#[test]
fn what_is_no_answer_is_told_without_its_content() {
    let device = device("pk", "device", SignMethod::HmacSha256);
    for (answer, code, words) in [
        (r#"{"code":6288,"message":"device dynamic register closed"}"#, Some(6288), "register closed"),
        (r#"{"code":"6289","message":""}"#, Some(6289), "no more"),
        (r#"{"code":"none of it"}"#, None, "no code"),
        (r#"{"code":200}"#, None, "no data"),
        (r#"{"code":200,"data":{"deviceSecret":""}}"#, None, "neither"),
        (r#"{"code":200,"data":{"deviceName":"other","deviceSecret":"hunter2"}}"#, None, "another device's"),
        (r#"{"code":200,"data":{"productKey":"other","deviceSecret":"hunter2"}}"#, None, "another device's"),
        ("<html>hunter2</html>", None, "no JSON"),
        ("7", None, "no object"),
    ] {
        let declined = read_https(answer.as_bytes(), &device).unwrap_err();
        assert_eq!(declined.code, code, "{answer}");
        let said = declined.to_string();
        assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
    }
    let declined = read_push(br#"{"code":6100,"message":"device not found"}"#, "pk", "device").unwrap_err();
    assert_eq!(declined, Declined { code: Some(6100), message: "device not found".to_owned() });
}

#[test]
fn each_refusal_names_what_to_check() {
    for (code, words) in [
        (ConnectReturn::IdentifierRejected, "TLS"),
        (ConnectReturn::BadUserNameOrPassword, "signature"),
        (ConnectReturn::ServerUnavailable, "unavailable"),
        (ConnectReturn::NotAuthorized, "register"),
    ] {
        let advice = connack(code);
        assert!(advice.reason.contains(words), "{advice:?}");
        assert!(!advice.hint.is_empty());
    }
}
