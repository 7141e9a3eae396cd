//! Who may register: one table a cloud. Signatures come from `docs/platforms.md` §6.3, 6.5 and 6.6, as constants.

use super::super::roster::demo;
use super::*;

const AT: &str = "2025-04-14T01:30:00Z";
const ALIYUN_SIGN: &str = "82145e0526532e17c414c2ae850b2a2ce9f67230ac1497e7c144f1d0a3e00eb0";
const ALIYUN_MD5: &str = "9cdaa6d8a5d356bc3bf9c6a344bc8c49";
const ALIYUN_USER: &str = "lamp-01&a1AbCdEfGh1";
const HUAWEI_PASSWORD: &str = "76203dd580a9ff47256d7d34d8ea74dffc330d44e35c2d8424373cf5089dc435";

fn connect(client_id: &str, username: &str, password: &str) -> Connect {
    Connect {
        client_id: client_id.to_owned(),
        username: Some(username.to_owned()),
        password: (!password.is_empty()).then(|| Secret::new(password)),
        will: None,
        clean_session: true,
        keep_alive: 120,
    }
}

/// CONNACK's code; `None`: it is no registration.
fn code(desk: &Desk, cloud: Cloud, tls: bool, connect: &Connect) -> Option<u8> {
    let roster = Roster::new(demo());
    let claimed = claim(desk, &roster, Door { cloud, tls }, connect, WallTime::parse_rfc3339(AT).unwrap())?;
    Some(claimed.map_or_else(|denial| denial.code.number(), |_| 0))
}

#[test]
fn aliyun_registers_who_signs_with_the_product_and_refuses_with_the_documented_code() {
    let ids = |mode: &str, kind: &str| {
        format!("c|securemode={mode},authType={kind},random=8Ygb7ULYh53B6OA,signmethod=hmacsha256|")
    };
    let unsigned = "c|securemode=2,authType=register,signmethod=hmacsha256|";
    let md5 = "c|random=8Ygb7ULYh53B6OA,authType=register,securemode=2|";
    for (id, user, password, tls, expected) in [
        (ids("2", "register").as_str(), ALIYUN_USER, ALIYUN_SIGN, true, Some(0)),
        (&ids("2", "register"), ALIYUN_USER, &ALIYUN_SIGN.to_uppercase(), true, Some(0)),
        (md5, ALIYUN_USER, ALIYUN_MD5, true, Some(0)),
        (&ids("-2", "regnwl"), ALIYUN_USER, ALIYUN_SIGN, true, Some(0)),
        (&ids("2", "regnwl"), ALIYUN_USER, ALIYUN_SIGN, true, Some(0)),
        // Without TLS, with another mode, without the nonce, without a name.
        (&ids("2", "register"), ALIYUN_USER, ALIYUN_SIGN, false, Some(2)),
        (&ids("-2", "register"), ALIYUN_USER, ALIYUN_SIGN, true, Some(2)),
        (&ids("3", "regnwl"), ALIYUN_USER, ALIYUN_SIGN, true, Some(2)),
        (unsigned, ALIYUN_USER, ALIYUN_SIGN, true, Some(2)),
        (&ids("2", "register"), "lamp-01", ALIYUN_SIGN, true, Some(2)),
        // Not what was signed.
        (&ids("2", "register"), "lamp-02&a1AbCdEfGh1", ALIYUN_SIGN, true, Some(4)),
        (&ids("2", "register"), ALIYUN_USER, ALIYUN_MD5, true, Some(4)),
        (&ids("2", "register"), ALIYUN_USER, "", true, Some(4)),
        // Logins are no registrations.
        (&ids("-1", "connwl"), ALIYUN_USER, "token", true, None),
        ("c|securemode=2,signmethod=hmacsha256|", ALIYUN_USER, ALIYUN_SIGN, true, None),
        ("c", ALIYUN_USER, ALIYUN_SIGN, true, None),
    ] {
        let connect = connect(id, user, password);
        assert_eq!(code(&Desk::default(), Cloud::Aliyun, tls, &connect), expected, "{id} {user}");
        let mut desk = Desk::default();
        desk.activate(1);
        let later = if expected == Some(0) { Some(5) } else { expected };
        assert_eq!(code(&desk, Cloud::Aliyun, tls, &connect), later, "activated: {id} {user}");
    }
}

/// The second vector of the product's secret is for a product that is not here, and one with another secret.
#[test]
fn aliyun_knows_products_and_names() {
    let id = "c|securemode=2,authType=register,random=r,signmethod=hmacsha1|";
    let made = "c|securemode=-2,authType=regnwl,random=r,signmethod=hmacsha1|";
    let secret = Secret::new(ALIYUN_PRODUCT_SECRET);
    for (id, name, product, expected) in [
        (id, "lamp-01", "a1AbCdEfGh1", 0),
        (id, "new", "a1AbCdEfGh1", 5),
        (made, "new", "a1AbCdEfGh1", 0),
        (made, "new", "other", 5),
    ] {
        let sign = cloud::aliyun::registration::sign(&secret, SignMethod::HmacSha1, name, product, "r");
        let connect = connect(id, &format!("{name}&{product}"), &sign);
        assert_eq!(code(&Desk::default(), Cloud::Aliyun, true, &connect), Some(expected), "{id} {name} {product}");
    }
}

#[test]
fn ucloud_registers_who_knows_the_products_secret() {
    let (product, device) = ("ledubff3z85spjmu", "112233445566");
    for (id, user, password, expected) in [
        (format!("{product}.{device}"), format!("{product}|{device}|2"), "prodprodprodprod", Some(0)),
        (format!("{product}.{device}"), format!("{product}|{device}|2"), "6g7tjlekwf3sqqqj", Some(4)),
        (format!("{product}.{device}"), format!("{product}|{device}|2"), "", Some(4)),
        (format!("{product}.other"), format!("{product}|{device}|2"), "prodprodprodprod", Some(2)),
        (format!("other.{device}"), format!("other|{device}|2"), "prodprodprodprod", Some(5)),
        (format!("{product}.{device}"), format!("{product}|{device}|1"), "prodprodprodprod", None),
    ] {
        assert_eq!(
            code(&Desk::default(), Cloud::Ucloud, false, &connect(&id, &user, password)),
            expected,
            "{id} {user}"
        );
    }
}

#[test]
fn huawei_registers_the_devices_of_its_group() {
    let id = "dev01_0_ff5bbx7a488f_0_2025041401";
    for (id, user, password, expected) in [
        (id, "dev01", HUAWEI_PASSWORD, Some(0)),
        ("dev01_0_ff5bbx7a488f_1_2025041401", "dev01", HUAWEI_PASSWORD, Some(0)),
        ("dev01_0_ff5bbx7a488f_1_2025041402", "dev01", HUAWEI_PASSWORD, Some(4)),
        ("dev01_0_ff5bbx7a488f_0_2025041499", "dev01", HUAWEI_PASSWORD, Some(2)),
        ("dev01_0_another_0_2025041401", "dev01", HUAWEI_PASSWORD, Some(4)),
        ("dev02_0_ff5bbx7a488f_0_2025041401", "dev02", HUAWEI_PASSWORD, Some(4)),
        (id, "dev02", HUAWEI_PASSWORD, Some(4)),
        (id, "dev01", "", Some(4)),
        ("dev01_0_ff5bbx7a488f", "dev01", "", Some(4)),
        ("65f0c0de_dev01_0_0_2025041401", "65f0c0de_dev01", HUAWEI_PASSWORD, None),
        ("dev01", "dev01", HUAWEI_PASSWORD, None),
    ] {
        assert_eq!(code(&Desk::default(), Cloud::Huawei, true, &connect(id, user, password)), expected, "{id} {user}");
    }
}

#[test]
fn a_form_is_answered_with_a_secret_or_a_code() {
    let roster = Roster::new(demo());
    let whole = [
        ("productKey", "a1AbCdEfGh1"),
        ("deviceName", "lamp-01"),
        ("random", "8Ygb7ULYh53B6OA"),
        ("sign", ALIYUN_SIGN),
        ("signMethod", "hmacSha256"),
    ];
    let own = |fields: &[(&str, &str)]| {
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let mut desk = Desk::default();
    let (first, device) = desk.form(&roster, &own(&whole));
    assert_eq!(first["code"], 200, "{first}");
    assert_eq!(first["data"]["deviceName"], "lamp-01");
    let given = first["data"]["deviceSecret"].as_str().unwrap();
    assert_eq!(given.len(), SECRET);
    assert_eq!(device.unwrap().secret().map(Secret::reveal), Some(given));
    // Not activated yet: it may register again, and the last secret is another.
    let (second, _) = desk.form(&roster, &own(&whole));
    assert_ne!(second["data"]["deviceSecret"], first["data"]["deviceSecret"]);
    for (key, value, code) in [
        ("productKey", "other", 5005),
        ("deviceName", "lamp-02", 6287),
        ("random", "", 460),
        ("sign", "00", 6287),
        ("signMethod", "sha3", 460),
    ] {
        let fields = whole.map(|(name, usual)| (name, if name == key { value } else { usual }));
        let (answer, device) = desk.form(&roster, &own(&fields));
        assert_eq!((&answer["code"], device), (&json!(code), None), "{key}={value}");
    }
    desk.activate(1);
    assert_eq!(desk.form(&roster, &own(&whole)).0["code"], 6289);
}

#[test]
fn a_keep_alive_out_of_the_clouds_range_is_refused() {
    for (keep_alive, expected) in [(29, 2), (30, 0), (1200, 0), (1201, 2)] {
        let good = connect("ledubff3z85spjmu.d", "ledubff3z85spjmu|d|2", "prodprodprodprod");
        let connect = Connect { keep_alive, ..good };
        assert_eq!(code(&Desk::default(), Cloud::Ucloud, true, &connect), Some(expected), "{keep_alive}");
    }
}
