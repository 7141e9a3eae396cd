//! What a checked config holds: defaults, warnings, names; and that no text breaks the check.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::profile::*;
use crate::secret::Secret;

fn check_text(text: &str) -> Result<Config, ConfigError> {
    check::check(&Source::of_text(text))
}

fn only(text: &str) -> Profile {
    let mut config = check_text(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.devices.len(), 1);
    config.devices.remove(0)
}

fn warnings(text: &str) -> Vec<String> {
    check_text(text).unwrap_or_else(|error| panic!("{error}")).warnings
}

const HUAWEI: &str = "[[device]]\nname='h'\ncloud='huawei'\nhost='h.example'\ndevice_id='p_n'\nsecret='12345678'\n";
const ALIYUN: &str =
    "[[device]]\nname='a'\ncloud='aliyun'\nproduct_key='pk'\ndevice_name='dn'\nregion='cn-shanghai'\nsecret='s'\n";
const UCLOUD: &str = "[[device]]\nname='u'\ncloud='ucloud'\nhost='u.example'\nproduct_sn='ledubff3z85spjmu'\n\
                      device_sn='h9onxtzw0aep7fsr'\nsecret='6g7tjlekwf3sqqqj'\n";
const MQTT: &str = "[[device]]\nname='m'\ncloud='mqtt'\nhost='m.example'\n";

#[test]
fn what_the_config_leaves_out_is_the_clouds_default() {
    for (text, url, keep_alive, policy, min, max) in [
        (HUAWEI, "wss://h.example:443/mqtt", 120, BackoffPolicy::Huawei, 1_000, 30_000),
        (ALIYUN, "wss://pk.iot-as-mqtt.cn-shanghai.aliyuncs.com:443/", 300, BackoffPolicy::Jitter, 0, 60_000),
        (UCLOUD, "wss://u.example:443/", 240, BackoffPolicy::Jitter, 0, 60_000),
        (MQTT, "wss://m.example:443/mqtt", 60, BackoffPolicy::Jitter, 0, 60_000),
    ] {
        let profile = only(text);
        assert_eq!(profile.endpoint.url(), url);
        assert_eq!(profile.endpoint.subprotocol.as_deref(), Some("mqtt"));
        assert_eq!(profile.keep_alive, keep_alive, "{url}");
        let backoff = Backoff {
            policy,
            min: Duration::from_millis(min),
            default: Duration::from_secs(1),
            max: Duration::from_millis(max),
        };
        assert_eq!(profile.backoff, backoff, "{url}");
        assert!(profile.autoconnect && profile.clean_session && profile.strict);
        assert_eq!(profile.connect_timeout, Duration::from_secs(10));
        assert_eq!(profile.max_packet, 8 * 1024 * 1024);
        assert_eq!(profile.on_takeover, OnTakeover::Slow);
        assert!(!profile.record && profile.redact.is_empty());
        assert_eq!((&profile.tls, &profile.proxy, profile.subscribe.len()), (&Tls::default(), &None, 0));
    }
    let config = check_text(MQTT).unwrap();
    assert_eq!((config.theme, config.bell, config.timeline_bytes), (None, false, 32 * 1024 * 1024));
}

#[test]
fn tapes_are_kept_as_the_config_says() {
    let tapes = |keys: &str| {
        let config = check_text(&format!("redact = ['token']\n[tapes]\n{keys}\n{MQTT}"));
        config.unwrap_or_else(|error| panic!("{error}")).tapes
    };
    let mib = |count: u64| Some(count << 20);
    for (keys, rotate, after, budget, free) in [
        ("", mib(64), Some(86_400), mib(1024), 64 << 20),
        ("rotate_size = 0\nrotate_after = false\nbudget = 0\nkeep_free = false", None, None, None, 0),
        ("rotate_size = '2MiB'\nrotate_after = '90min'\nbudget = '3GiB'", mib(2), Some(5_400), mib(3072), 64 << 20),
        ("rotate_after = 60\nkeep_free = 4096", mib(64), Some(60), mib(1024), 4096),
    ] {
        let found = tapes(keys);
        let after = after.map(Duration::from_secs);
        assert_eq!(
            (found.rotate_bytes, found.rotate_after, found.budget_bytes, found.free_bytes),
            (rotate, after, budget, free)
        );
        assert_eq!(found.redact, ["token"]);
    }
    let place = |keys: &str| match tapes(keys).destination {
        crate::tape::Destination::Folder { path, pattern } => (path, pattern),
        crate::tape::Destination::File(path) => panic!("{path:?}"),
    };
    assert_eq!(
        place("folder = 'kept'\nname = '{date} {session}.mcap'"),
        ("/etc/standin/kept".into(), "{date} {session}.mcap".to_owned())
    );
    assert_eq!(place("folder = '/var/tapes'").0, Path::new("/var/tapes"));
    let (usual, pattern) = place("");
    assert!(usual.ends_with("standin/tapes") && usual.is_absolute(), "{usual:?}");
    assert_eq!(pattern, "{session}-{date}-{time}.mcap");
    let profile = only(&format!("{MQTT}record = true\nredact = ['params.password', '*.pin']\n"));
    assert_eq!((profile.record, profile.redact), (true, vec!["params.password".to_owned(), "*.pin".to_owned()]));
}

#[test]
fn a_transport_brings_its_port() {
    for (text, transport, url) in [
        (HUAWEI, "mqtts", "mqtts://h.example:8883"),
        (HUAWEI, "mqtt", "mqtt://h.example:1883"),
        (HUAWEI, "wxs", "wss://h.example:443/mqtt"),
        (ALIYUN, "ws", "ws://pk.iot-as-mqtt.cn-shanghai.aliyuncs.com:443/"),
        (ALIYUN, "mqtts", "mqtts://pk.iot-as-mqtt.cn-shanghai.aliyuncs.com:1883"),
        (UCLOUD, "wx", "ws://u.example:80/"),
        (MQTT, "mqtt", "mqtt://m.example:1883"),
    ] {
        assert_eq!(only(&format!("{text}transport='{transport}'\n")).endpoint.url(), url);
    }
}

#[test]
fn a_url_says_transport_host_port_and_path() {
    for (given, url) in [
        ("wss://b.example/mqtt", "wss://b.example:443/mqtt"),
        ("ws://b.example:8083", "ws://b.example:8083/"),
        ("wxs://b.example:1/a/b?c=d", "wss://b.example:1/a/b?c=d"),
        ("ws://b.example?c", "ws://b.example:80/?c"),
        ("mqtt://[::1]", "mqtt://[::1]:1883"),
        ("mqtts://b.example/", "mqtts://b.example:8883"),
    ] {
        let text = format!("[[device]]\nname='m'\ncloud='mqtt'\nurl='{given}'\n");
        assert_eq!(only(&text).endpoint.url(), url);
    }
}

#[test]
fn identities_are_read_key_by_key() {
    let sign = |keys: &str| match only(&format!("{HUAWEI}{keys}\n")).identity {
        Identity::Huawei(device) => device.sign_type,
        other => panic!("{other:?}"),
    };
    for (keys, sign_type) in [
        ("", SignType::Sha256),
        ("sign_type = 0", SignType::Sha256),
        ("sign_type = 1", SignType::Sha256Timed),
        ("sign_type = 2", SignType::Sm3),
        ("check_timestamp = true", SignType::Sha256Timed),
        ("check_timestamp = false", SignType::Sha256),
        ("check_timestamp = false\nsign_type = 2", SignType::Sm3),
        ("check_timestamp = true\nsign_type = 1", SignType::Sha256Timed),
    ] {
        assert_eq!(sign(keys), sign_type, "{keys}");
    }
    let stamp = |keys: &str| match only(&format!("{ALIYUN}{keys}\n")).identity {
        Identity::Aliyun(device) => (device.client_id, device.timestamp),
        other => panic!("{other:?}"),
    };
    assert_eq!(stamp(""), ("pk.dn".to_owned(), AliyunTimestamp::Absent));
    assert_eq!(stamp("timestamp = true").1, AliyunTimestamp::Now);
    assert_eq!(stamp("timestamp = false").1, AliyunTimestamp::Absent);
    let fixed = stamp("timestamp = '789'\nclient_id = '12345'");
    assert_eq!(fixed, ("12345".to_owned(), AliyunTimestamp::Fixed("789".to_owned())));
    match only(MQTT).identity {
        Identity::Mqtt(device) => assert_eq!(device.client_id, "standin-m"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_found_from_the_config() {
    let text = format!(
        "{MQTT}ca_file='r.pem'\ncert_file='/abs/c.pem'\nkey_file='k/k.pem'\npassword={{file='p'}}\nusername='u'\n"
    );
    let profile = only(&text);
    assert_eq!(profile.tls.ca_file.as_deref(), Some(Path::new("/etc/standin/r.pem")));
    assert_eq!(profile.tls.identity, Some(("/abs/c.pem".into(), "/etc/standin/k/k.pem".into())));
    assert_eq!(profile.identity.secret(), Some(&SecretSource::File("/etc/standin/p".into())));
}

#[test]
fn a_backoff_policy_brings_its_numbers() {
    let backoff = |text: &str, value: &str| {
        let backoff = only(&format!("{text}backoff = {value}\n")).backoff;
        (backoff.policy, backoff.min.as_millis(), backoff.default.as_millis(), backoff.max.as_millis())
    };
    assert_eq!(backoff(MQTT, "{ policy = 'huawei' }"), (BackoffPolicy::Huawei, 1_000, 1_000, 30_000));
    assert_eq!(backoff(HUAWEI, "{ policy = 'jitter' }"), (BackoffPolicy::Jitter, 0, 1_000, 60_000));
    assert_eq!(backoff(HUAWEI, "{ max_ms = 5000 }"), (BackoffPolicy::Huawei, 1_000, 1_000, 5_000));
    // A longest wait that nobody wrote gives way to one that somebody did.
    assert_eq!(backoff(MQTT, "{ policy = 'fixed', default_ms = 90000 }"), (BackoffPolicy::Fixed, 0, 90_000, 90_000));
    let error = check_text(&format!("{MQTT}backoff = {{ default_ms = 5000, max_ms = 10 }}\n")).unwrap_err();
    assert!(error.to_string().contains("must not be less than `default_ms`"), "{error}");
}

#[test]
fn what_will_hardly_work_is_a_warning() {
    for (text, keys, words) in [
        (HUAWEI, "keep_alive = 20", "takes 30 to 1200 s"),
        (UCLOUD, "transport = 'ws'", "ws lets anybody on the way read it"),
        (MQTT, "transport = 'mqtt'\nusername = 'u'\npassword = 'p'", "the password itself goes over the wire"),
        (MQTT, "transport = 'mqtt'\npath = '/x'", "`path` has no use"),
        (MQTT, "transport = 'ws'\nca_file = 'x'", "`ca_file` has no use"),
        (HUAWEI, "device_id = 'x y'", "device_id"),
    ] {
        let text = if keys.starts_with("device_id") { text.replace("device_id='p_n'\n", "") } else { text.to_owned() };
        let found = warnings(&format!("{text}{keys}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(words) && found[0].starts_with("device `"), "{found:?}");
    }
    let found = warnings(&format!("[tapes]\nrotate_size = '4MiB'\nbudget = '2MiB'\n{MQTT}"));
    assert!(found.len() == 1 && found[0].contains("a part goes as soon as it is full"), "{found:?}");
    for text in [HUAWEI, ALIYUN, UCLOUD, MQTT] {
        assert_eq!(warnings(text), Vec::<String>::new());
    }
    let local = MQTT.replace("m.example", "127.0.0.1");
    assert_eq!(warnings(&format!("{local}transport='mqtt'\nusername='u'\npassword='p'\n")), Vec::<String>::new());
}

#[test]
fn a_device_is_found_by_name_and_a_slip_is_recognised() {
    let config = check_text(&format!("{HUAWEI}{MQTT}").replace("'h'\n", "'smoke-01'\n")).unwrap();
    assert_eq!(config.device("smoke-01").unwrap().name, "smoke-01");
    let error = config.device("smoek-01").unwrap_err();
    assert!(error.to_string().contains("did you mean `smoke-01`?"), "{error}");
    assert_eq!(error.hints(), ["one of the config's: smoke-01, m"]);
    assert!(!config.device("zzzzzzzzz").unwrap_err().to_string().contains("did you mean"));
}

#[test]
fn faults_beyond_the_first_twenty_are_counted() {
    let text = (0..30).map(|number| format!("key{number} = 1\n")).collect::<Vec<_>>().concat();
    let ConfigError::Faulty { faults } = check_text(&format!("{text}{MQTT}")).unwrap_err() else { panic!() };
    assert_eq!(faults.len(), 21);
    assert_eq!(faults[20], "and 10 more");
}

/// A text that a config can hold anywhere.
fn text() -> impl Strategy<Value = String> {
    "[^\\x00]{1,20}"
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_密🔥\"'\\\\]{1,12}"
}

prop_compose! {
    fn source()(kind in 0..4, text in text(), word in word(), words in prop::collection::vec(text(), 1..4)) -> SecretSource {
        match kind {
            0 => SecretSource::Inline(Secret::new(text)),
            1 => SecretSource::Env(word),
            2 => SecretSource::File(format!("/s/{word}").into()),
            _ => SecretSource::Command(words),
        }
    }
}

prop_compose! {
    fn profile()(
        name in word(),
        username in text(),
        password in source(),
        client_id in "[^\\x00]{1,20}",
        login in prop::option::of((text(), text())),
        port in 1..=u16::MAX,
        millis in 1..3_600_000_u64,
        max_packet in 1024_usize..1 << 28,
        flags in any::<[bool; 5]>(),
        redact in prop::collection::vec("[a-z密]{1,5}([.][a-z]{1,5}){0,2}", 0..3),
    ) -> Profile {
        Profile {
            name,
            identity: Identity::Mqtt(MqttIdentity { client_id, username: Some(username), password: Some(password), will: None }),
            endpoint: Endpoint {
                transport: if flags[0] { Transport::Wss } else { Transport::Ws },
                host: "::1".to_owned(),
                port,
                path: "/x?y=z".to_owned(),
                subprotocol: flags[1].then(|| "mqtt".to_owned()),
            },
            registration: None,
            tls: Tls::default(),
            proxy: login.map(|(user, password)| Proxy {
                kind: ProxyKind::Http,
                host: "p".to_owned(),
                port,
                login: Some((user, Secret::new(password))),
            }),
            autoconnect: flags[2],
            keep_alive: port,
            clean_session: true,
            connect_timeout: Duration::from_millis(millis),
            max_packet,
            strict: flags[3],
            subscribe: Vec::new(),
            backoff: Backoff {
                policy: BackoffPolicy::Fixed,
                min: Duration::ZERO,
                default: Duration::from_millis(millis),
                max: Duration::from_millis(millis),
            },
            on_takeover: OnTakeover::Stop,
            record: flags[4],
            redact,
            sub_devices: Vec::new(),
        }
    }
}

proptest! {
    #[test]
    fn a_written_profile_reads_back_the_same(profile in profile()) {
        let text = write::to_toml(std::slice::from_ref(&profile));
        let config = check_text(&text);
        prop_assert_eq!(config.map(|config| config.devices), Ok(vec![profile]), "{}", text);
    }

    #[test]
    fn no_text_breaks_the_check(text in ".{0,200}") {
        // Whether it is taken does not matter here: nothing may panic.
        drop(check_text(&text));
    }

    #[test]
    fn a_damaged_config_is_told_without_its_secret(cut in 0..1_000_usize, junk in "[.a_\"'-]{0,2}") {
        let whole = format!("{HUAWEI}{UCLOUD}{ALIYUN}").replace("12345678", "hunter2");
        let cut = cut % whole.len();
        let text = format!("{}{junk}{}", &whole[..cut], &whole[cut..]);
        if let Err(error) = check_text(&text) {
            prop_assert!(!error.to_string().contains("hunter2"), "{}\n{}", text, error);
        }
    }
}

#[test]
fn what_a_plain_broker_has_no_use_for_is_told() {
    let keys = "[device.auto]\ntime = true\n[device.upgrade]\ntakes = '1s'\n[[device.simulator]]\nname = 's'\n\
        properties = { a = { wave = 'constant', value = 1 } }\n";
    let found = warnings(&format!("{MQTT}{keys}"));
    for (key, lacks) in [("auto", "asks for nothing"), ("upgrade", "orders none"), ("simulator", "no form of a report")]
    {
        let told = |warning: &&String| warning.contains(&format!("`{key}` has no use")) && warning.contains(lacks);
        assert_eq!(found.iter().filter(told).count(), 1, "{key}: {found:?}");
    }
    let cloud = "[[device]]\nname = 'd'\ncloud = 'aliyun'\nregion = 'cn-shanghai'\nproduct_key = 'a1AbCdEfGh1'\n\
        device_name = 'd'\nsecret = { env = 'S' }\n";
    assert_eq!(warnings(&format!("{cloud}{keys}")), Vec::<String>::new());
}
