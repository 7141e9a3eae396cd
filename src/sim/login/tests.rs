//! Who is let in: one table a cloud. Signatures come from the clouds' documents, as constants,
//! wherever the hour is not what is tested.

use super::*;
use crate::sim::roster::demo;

const AT: &str = "2025-04-14T01:30:00Z";
/// Huawei's own example: secret 12345678, hour 2025041401.
const HUAWEI_PASSWORD: &str = "c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a";
const HUAWEI_SM3: &str = "a110c9e1536980a2ca572e7d5b82542a20a04e144937385f224d587fa1d0e862";
/// The content of the third Aliyun vector, timestamp 1700000000000.
const ALIYUN_MD5: &str = "e57f00412591acf115727a93f881b072";
const ALIYUN_SHA1: &str = "10f05e5ce078612dd098fbc75948e908f5d8d93e";
const ALIYUN_SHA256: &str = "2fe17151fc2302214012667abe2dc391ea5bacda2dd6b579a9a5e9164e0ad0d7";
const ALIYUN_USER: &str = "lamp-01&a1AbCdEfGh1";

fn connect(client_id: &str, username: &str, password: &str, keep_alive: u16) -> Connect {
    Connect {
        client_id: client_id.to_owned(),
        username: Some(username.to_owned()),
        password: Some(Secret::new(password)),
        will: None,
        clean_session: true,
        keep_alive,
    }
}

fn code(cloud: Cloud, tls: bool, connect: &Connect) -> u8 {
    let roster = Roster::new(demo());
    match check(&roster, Door { cloud, tls }, connect, WallTime::parse_rfc3339(AT).unwrap()) {
        Ok(Guest::Device(index)) => {
            assert_eq!(roster.get(index).unwrap().identity.cloud(), cloud);
            0
        }
        Ok(Guest::Plain(_)) => 0,
        Err(denial) => {
            assert!(!denial.why.is_empty());
            denial.code.number()
        }
    }
}

#[test]
fn huawei_lets_in_who_signs_right_and_refuses_with_the_documented_code() {
    let id = "65f0c0de_dev01";
    for (client_id, user, password, keep_alive, expected) in [
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_PASSWORD, 120, 0),
        ("65f0c0de_dev01_0_1_2025041401", id, HUAWEI_PASSWORD, 120, 0),
        ("65f0c0de_dev01_0_2_2025041401", id, HUAWEI_SM3, 120, 0),
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_PASSWORD, 30, 0),
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_PASSWORD, 1200, 0),
        // Keep-alive out of range.
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_PASSWORD, 29, 2),
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_PASSWORD, 1201, 2),
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_PASSWORD, 0, 2),
        // Not the client id's form.
        ("65f0c0de_dev01", id, HUAWEI_PASSWORD, 120, 2),
        ("65f0c0de_dev01_0_3_2025041401", id, HUAWEI_PASSWORD, 120, 2),
        ("65f0c0de_dev01_1_0_2025041401", id, HUAWEI_PASSWORD, 120, 2),
        ("65f0c0de_dev01_0_0_202504140", id, HUAWEI_PASSWORD, 120, 2),
        ("65f0c0de_dev01_0_0_2025041424", id, HUAWEI_PASSWORD, 120, 2),
        ("65f0c0de_dev01_0_0_20250414+1", id, HUAWEI_PASSWORD, 120, 2),
        ("_0_0_2025041401", "", HUAWEI_PASSWORD, 120, 2),
        ("", id, HUAWEI_PASSWORD, 120, 2),
        // Signature, user, hour, device.
        ("65f0c0de_dev01_0_0_2025041401", id, HUAWEI_SM3, 120, 4),
        ("65f0c0de_dev01_0_2_2025041401", id, HUAWEI_PASSWORD, 120, 4),
        ("65f0c0de_dev01_0_0_2025041402", id, HUAWEI_PASSWORD, 120, 4),
        ("65f0c0de_dev01_0_0_2025041401", "65f0c0de_dev02", HUAWEI_PASSWORD, 120, 4),
        ("65f0c0de_dev02_0_0_2025041401", "65f0c0de_dev02", HUAWEI_PASSWORD, 120, 4),
        ("65f0c0de_dev01_0_0_2025041401", id, &HUAWEI_PASSWORD.to_uppercase(), 120, 4),
        ("65f0c0de_dev01_0_0_2025041401", id, "12345678", 120, 4),
    ] {
        let connect = connect(client_id, user, password, keep_alive);
        assert_eq!(code(Cloud::Huawei, true, &connect), expected, "{client_id} {user} {keep_alive}");
    }
}

#[test]
fn huawei_compares_the_hour_for_sign_type_1_only() {
    let roster = Roster::new(demo());
    let device = roster.get(0).unwrap();
    let Identity::Huawei(identity) = &device.identity else { panic!("the first device is Huawei's") };
    for (sign_type, hour_before, expected) in [
        (SignType::Sha256, true, 0),
        (SignType::Sm3, true, 0),
        (SignType::Sha256Timed, true, 4),
        (SignType::Sha256Timed, false, 0),
    ] {
        let at = WallTime::parse_rfc3339(if hour_before { "2025-04-14T00:59:59Z" } else { "2025-04-14T01:00:00Z" });
        let identity = HuaweiIdentity { sign_type, ..identity.clone() };
        let made = cloud::huawei::Device::new(&identity).credentials(device.secret(), at.unwrap());
        let connect = connect(&made.client_id, "65f0c0de_dev01", made.password.unwrap().reveal(), 120);
        assert_eq!(code(Cloud::Huawei, true, &connect), expected, "{sign_type:?} {hour_before}");
    }
}

#[test]
fn no_password_is_a_wrong_password() {
    let mut connect = connect("65f0c0de_dev01_0_0_2025041401", "65f0c0de_dev01", "", 120);
    connect.password = None;
    assert_eq!(code(Cloud::Huawei, true, &connect), 4);
}

#[test]
fn aliyun_lets_in_who_signs_right_and_refuses_with_the_documented_code() {
    let stamp = "timestamp=1700000000000";
    let with = |extension: String| format!("a1AbCdEfGh1.lamp-01|{extension}|");
    let long = "c".repeat(65);
    for (client_id, user, password, tls, keep_alive, expected) in [
        (with(format!("securemode=2,signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 300, 0),
        (with(format!("securemode=2,signmethod=hmacsha1,{stamp}")), ALIYUN_USER, ALIYUN_SHA1, true, 300, 0),
        (with(format!("signmethod=hmacmd5,{stamp},securemode=2")), ALIYUN_USER, ALIYUN_MD5, true, 300, 0),
        (with(format!("securemode=2,{stamp}")), ALIYUN_USER, ALIYUN_MD5, true, 300, 0),
        (
            with(format!("securemode=2,signmethod=hmacSha256,{stamp},lan=C,_v=1,ext=1")),
            ALIYUN_USER,
            ALIYUN_SHA256,
            true,
            300,
            0,
        ),
        (
            with(format!("securemode=2,signmethod=hmacsha1,{stamp}")),
            ALIYUN_USER,
            &ALIYUN_SHA1.to_uppercase(),
            true,
            300,
            0,
        ),
        // The secure mode must fit the transport.
        (with(format!("securemode=3,signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, false, 300, 0),
        (with(format!("securemode=3,signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 300, 5),
        (with(format!("securemode=2,signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, false, 300, 5),
        // The time stamp must be signed as it was sent, or neither.
        (with("securemode=2,signmethod=hmacsha256".to_owned()), ALIYUN_USER, ALIYUN_SHA256, true, 300, 4),
        (with("securemode=2,signmethod=hmacsha256,timestamp=1".to_owned()), ALIYUN_USER, ALIYUN_SHA256, true, 300, 4),
        // Signature, user, device.
        (with(format!("securemode=2,signmethod=hmacsha1,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 300, 4),
        (with(format!("securemode=2,signmethod=hmacsha256,{stamp}")), "lamp-01", ALIYUN_SHA256, true, 300, 4),
        (
            with(format!("securemode=2,signmethod=hmacsha256,{stamp}")),
            "lamp-02&a1AbCdEfGh1",
            ALIYUN_SHA256,
            true,
            300,
            5,
        ),
        // The client id's form.
        (format!("x|securemode=2,signmethod=hmacsha256,{stamp}"), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        ("a1AbCdEfGh1.lamp-01".to_owned(), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        (with(String::new()), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        (with(format!("signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        (with(format!("securemode=2,signmethod=hmacsha512,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        (with(format!("securemode=2|signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        (format!("{long}|securemode=2,signmethod=hmacsha256,{stamp}|"), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        (format!("|securemode=2,signmethod=hmacsha256,{stamp}|"), ALIYUN_USER, ALIYUN_SHA256, true, 300, 2),
        // Keep-alive.
        (with(format!("securemode=2,signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 29, 2),
        (with(format!("securemode=2,signmethod=hmacsha256,{stamp}")), ALIYUN_USER, ALIYUN_SHA256, true, 1201, 2),
    ] {
        let connect = connect(&client_id, user, password, keep_alive);
        assert_eq!(code(Cloud::Aliyun, tls, &connect), expected, "{client_id} {user} tls {tls} {keep_alive}");
    }
}

#[test]
fn ucloud_lets_in_who_knows_the_secret() {
    let (id, user) = ("ledubff3z85spjmu.h9onxtzw0aep7fsr", "ledubff3z85spjmu|h9onxtzw0aep7fsr|1");
    for (client_id, user, password, keep_alive, expected) in [
        (id, user, "6g7tjlekwf3sqqqj", 240, 0),
        (id, user, "6g7tjlekwf3sqqqk", 240, 4),
        (id, "ledubff3z85spjmu|h9onxtzw0aep7fsr", "6g7tjlekwf3sqqqj", 240, 4),
        (id, "ledubff3z85spjmu|h9onxtzw0aep7fsr|2", "6g7tjlekwf3sqqqj", 240, 4),
        ("ledubff3z85spjmu.nobody", user, "6g7tjlekwf3sqqqj", 240, 5),
        ("ledubff3z85spjmu", user, "6g7tjlekwf3sqqqj", 240, 2),
        (".", user, "6g7tjlekwf3sqqqj", 240, 2),
        (id, user, "6g7tjlekwf3sqqqj", 29, 2),
        (id, user, "6g7tjlekwf3sqqqj", 1201, 2),
        (id, user, "6g7tjlekwf3sqqqj", 0, 2),
    ] {
        for tls in [false, true] {
            let connect = connect(client_id, user, password, keep_alive);
            assert_eq!(code(Cloud::Ucloud, tls, &connect), expected, "{client_id} {user} {keep_alive}");
        }
    }
}

#[test]
fn the_plain_broker_takes_anybody_but_a_nameless_client_with_a_session() {
    for (client_id, clean_session, keep_alive, expected) in
        [("any|thing", true, 0, 0), ("", true, 60, 0), ("x", false, u16::MAX, 0), ("", false, 60, 2)]
    {
        let connect = Connect { clean_session, ..connect(client_id, "whoever", "whatever", keep_alive) };
        assert_eq!(code(Cloud::Mqtt, false, &connect), expected, "{client_id:?} {clean_session}");
    }
}
