use super::super::file::Source;
use super::super::{ConfigError, check, write};
use super::*;
use crate::profile::{AliyunIdentity, Identity, Profile};
use crate::secret::Secret;

const HUAWEI: &str = "[[device]]\nname='h'\ncloud='huawei'\ndevice_id='p_n'\n";
const ALIYUN: &str = "[[device]]\nname='a'\ncloud='aliyun'\nproduct_key='pk'\ndevice_name='dn'\nregion='cn-shanghai'\n";
const UCLOUD: &str = "[[device]]\nname='u'\ncloud='ucloud'\nhost='u.example'\nproduct_sn='ledubff3z85spjmu'\ndevice_sn='h9onxtzw0aep7fsr'\n";

fn read(device: &str, keys: &str) -> Result<Profile, String> {
    match check::check(&Source::of_text(&format!("{device}{keys}\n"))) {
        Ok(mut config) => {
            let profile = config.devices.remove(0);
            // Each is written so that it reads back the same.
            let again = check::check(&Source::of_text(&write::to_toml(std::slice::from_ref(&profile))));
            assert_eq!(again.map(|config| config.devices), Ok(vec![profile.clone()]), "{keys}");
            Ok(profile)
        }
        Err(ConfigError::Faulty { faults }) => Err(faults.join("\n")),
        Err(other) => panic!("{other}"),
    }
}

fn good(device: &str, keys: &str) -> Profile {
    read(device, keys).unwrap_or_else(|fault| panic!("{keys}: {fault}"))
}

fn aliyun(profile: &Profile) -> (&AliyunIdentity, Option<&AliyunRegistration>) {
    let Identity::Aliyun(identity) = &profile.identity else { panic!() };
    match &profile.registration {
        Some(Registration::Aliyun(registration)) => (identity, Some(registration)),
        None => (identity, None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_product_secret_stands_in_for_a_secret_that_is_still_to_come() {
    for (device, keys, unregistered) in [
        (ALIYUN, "product_secret='ps'", true),
        (ALIYUN, "product_secret='ps'\nsecret={file='s'}", false),
        (ALIYUN, "product_secret='ps'\ntoken={file='t'}", false),
        (ALIYUN, "token={file='t'}", false),
        (ALIYUN, "secret='s'", false),
        (UCLOUD, "product_secret={env='PS'}", true),
        (UCLOUD, "product_secret='ps'\nsecret='6g7tjlekwf3sqqqj'", false),
        (HUAWEI, "bootstrap={host='bs.example',scope_id='s',group_secret='aw=='}", true),
        (HUAWEI, "host='h.example'\nbootstrap={host='bs.example',scope_id='s',group_secret='aw=='}", true),
        (HUAWEI, "host='h.example'\nsecret='x'\nbootstrap={host='bs.example',scope_id='s',group_secret='aw=='}", false),
        (HUAWEI, "secret='x'\nbootstrap={host='bs.example'}", true),
        (HUAWEI, "host='h.example'\nsecret='x'\nbootstrap={host='bs.example'}", false),
        (HUAWEI, "cert_file='c'\nkey_file='k'\nbootstrap={host='bs.example',scope_id='s'}", true),
    ] {
        assert_eq!(good(device, keys).is_unregistered(), unregistered, "{keys}");
    }
}

#[test]
fn the_ways_of_aliyun_are_read_with_their_defaults() {
    let plain = good(ALIYUN, "product_secret='ps'");
    let (identity, registration) = aliyun(&plain);
    assert_eq!((&identity.secret, identity.is_token), (&SecretSource::Unregistered, false));
    let expected = AliyunRegistration {
        product_secret: SecretSource::Inline(Secret::new("ps")),
        method: AliyunMethod::Https,
        https: Some(("iot-auth.cn-shanghai.aliyuncs.com".to_owned(), 443)),
        instance_id: None,
        unregistered_mode: -2,
    };
    assert_eq!(registration, Some(&expected));
    let full = good(
        ALIYUN,
        "product_secret='ps'\nregister='mqtt-unregistered'\nregister_host='[::1]:8443'\nregister_secure_mode=2\ninstance_id='iot-060a'",
    );
    let expected = AliyunRegistration {
        method: AliyunMethod::MqttUnregistered,
        https: Some(("::1".to_owned(), 8443)),
        instance_id: Some("iot-060a".to_owned()),
        unregistered_mode: 2,
        ..expected
    };
    assert_eq!(aliyun(&full).1, Some(&expected));
    let by_host = ALIYUN.replace("region='cn-shanghai'", "host='i.mqtt.example'");
    let by_mqtt = good(&by_host, "product_secret='ps'\nregister='mqtt'");
    assert_eq!(aliyun(&by_mqtt).1.map(|registration| registration.https.clone()), Some(None));
    let token = good(ALIYUN, "token={file='/t'}");
    let (identity, registration) = aliyun(&token);
    assert_eq!((identity.is_token, registration), (true, None));
    assert_eq!(identity.secret, SecretSource::File("/t".into()));
}

#[test]
fn bootstrapping_is_read_with_its_defaults() {
    let Some(Registration::Huawei(bootstrap)) =
        good(HUAWEI, "bootstrap={host='bs.example',scope_id='s',group_secret={env='G'},keyword='east'}").registration
    else {
        panic!()
    };
    assert_eq!(bootstrap.endpoint.url(), "mqtts://bs.example:8883");
    assert_eq!((bootstrap.scope_id.as_deref(), bootstrap.keyword.as_deref()), (Some("s"), Some("east")));
    assert_eq!(bootstrap.group_secret, Some(SecretSource::Env("G".to_owned())));
    let own = good(HUAWEI, "secret='x'\nbootstrap={host='bs.example',transport='wss',port=9443,path='/b'}");
    let Some(Registration::Huawei(bootstrap)) = own.registration else { panic!() };
    assert_eq!(bootstrap.endpoint.url(), "wss://bs.example:9443/b");
    assert_eq!((bootstrap.scope_id, bootstrap.group_secret, bootstrap.keyword), (None, None, None));
}

#[test]
fn what_does_not_go_together_is_told_with_its_key() {
    let by_host = ALIYUN.replace("region='cn-shanghai'", "host='i.mqtt.example'");
    for (device, keys, words) in [
        (ALIYUN, "", "product_secret"),
        (UCLOUD, "", "product_secret"),
        (ALIYUN, "secret='s'\ntoken='t'", "both `secret` and `token`"),
        (ALIYUN, "secret='s'\nregister='mqtt'", "`register` of device `a` has no use without `product_secret`"),
        (ALIYUN, "secret='s'\ninstance_id='i'", "`instance_id`"),
        (ALIYUN, "product_secret='ps'\nregister='http'", "did you mean \"https\"?"),
        (ALIYUN, "product_secret='ps'\ninstance_id='a|b'", "extension list"),
        (ALIYUN, "product_secret='ps'\nregister_secure_mode=-3", "-2 to 8"),
        (ALIYUN, "product_secret='ps'\nregister_host='https://x'", "`register_host`"),
        (ALIYUN, "product_secret='ps'\nregister_host='x:0'", "1 to 65535"),
        (&by_host, "product_secret='ps'", "has no `region`"),
        (UCLOUD, "product_secret='ps'\nregister='https'", "aliyun devices"),
        (UCLOUD, "product_secret=7", "not a number"),
        (HUAWEI, "host='h'\nproduct_secret='ps'\nsecret='s'", "aliyun and ucloud devices"),
        (HUAWEI, "secret='s'", "has no `host`"),
        (HUAWEI, "bootstrap={host='bs'}", "has no `secret`"),
        (HUAWEI, "secret='s'\nbootstrap={}", "`bootstrap` of device `h` has no `host`"),
        (HUAWEI, "bootstrap={host='bs',group_secret='aw=='}", "has no `scope_id`"),
        (HUAWEI, "secret='s'\nbootstrap={host='bs',scope_id='x'}", "has no `group_secret`"),
        (HUAWEI, "bootstrap={host='bs',scope_id='x',group_secret='hunter2!'}", "base64"),
        (HUAWEI, "secret='s'\nbootstrap={host='bs',transport='mqtt'}", "\"mqtts\", \"wss\""),
        (HUAWEI, "secret='s'\nbootstrap={host='bs',scope_ids='x'}", "did you mean `scope_id`?"),
        (HUAWEI, "secret='s'\nbootstrap={host='bs',port=0}", "1 to 65535"),
        (HUAWEI, "secret='s'\nbootstrap='bs'", "a table"),
    ] {
        let fault = read(device, keys).expect_err(keys);
        assert!(fault.contains(words), "{keys}: {fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
}
