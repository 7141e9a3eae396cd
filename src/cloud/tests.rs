//! What holds for every cloud, whatever comes.

use proptest::prelude::*;

use super::*;
use crate::profile::{
    AliyunIdentity, AliyunTimestamp, HuaweiIdentity, MqttIdentity, SecretSource, SignMethod, SignType, Transport,
    UcloudIdentity,
};

fn platforms() -> [Box<dyn Platform>; 4] {
    let secret = SecretSource::Env("UNUSED".to_owned());
    let huawei =
        HuaweiIdentity { device_id: "d".to_owned(), secret: Some(secret.clone()), sign_type: SignType::Sha256Timed };
    let aliyun = AliyunIdentity {
        product_key: "p".to_owned(),
        device_name: "d".to_owned(),
        secret: secret.clone(),
        client_id: "p.d".to_owned(),
        sign_method: SignMethod::HmacSha1,
        timestamp: AliyunTimestamp::Now,
        ext: None,
        is_token: false,
    };
    let ucloud = UcloudIdentity { product_sn: "p".to_owned(), device_sn: "d".to_owned(), secret };
    let plain = MqttIdentity { client_id: "c".to_owned(), username: None, password: None, will: None };
    [
        Box::new(huawei::Device::new(&huawei)),
        Box::new(aliyun::Device::new(&aliyun, Transport::Wss)),
        Box::new(ucloud::Device::new(&ucloud)),
        Box::new(plain::Device::new(&plain)),
    ]
}

/// Topics that are nearly, or really, those of a cloud.
fn any_topic() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("$oc/devices/d/sys"),
        Just("/sys/p/d"),
        Just("/$system/p/d"),
        Just("/ext/rrpc"),
        Just("/huawei/v1/devices/d"),
        Just("command/json"),
        Just("data/json"),
        Just("commands"),
        Just("properties/set"),
        Just("response"),
        Just("request_id="),
        Just("?request_id=é&"),
        Just("thing/service"),
        Just("_reply"),
        Just("rrpc/request"),
        Just("tmodel/command"),
        Just("tmodel/command_reply"),
        Just("/"),
        Just("é中"),
        Just(""),
    ];
    prop_oneof![proptest::collection::vec(part, 0..6).prop_map(|parts| parts.join("/")), any::<String>()]
}

/// Bodies that are nearly, or really, those of a cloud.
fn any_payload() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        Just(r#"{"id":"é","params":{"a":1},"code":200}"#),
        Just(r#"{"msgType":"cloudReq","cmd":"\u001b","paras":[],"mid":"7é"}"#),
        Just(r#"{"msgType":"cloudReq","mid":-0.5e3}"#),
        Just(r#"{"msgType":"deviceRsp","mid":7,"errcode":"x"}"#),
        Just(r#"{"RequestID":5,"Identifier":"c","Property":[],"RetCode":"x"}"#),
        Just(r#"{"services":[{"properties":{"p":"a\nb"}},3],"result_code":-1,"paras":[]}"#),
        Just(r#"{"devices":[{}],"command_name":"\u001b[31m","params":["x",2]}"#),
    ];
    prop_oneof![
        body.prop_map(|body| body.as_bytes().to_vec()),
        any::<String>().prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..64)
    ]
}

proptest! {
    #[test]
    fn nothing_that_comes_breaks_a_platform(topic in any_topic(), payload in any_payload(), code in any::<Option<i64>>()) {
        for platform in platforms() {
            for direction in [Direction::Down, Direction::Up] {
                let meaning = platform.meaning(direction, &topic, &payload);
                if let Some((start, end)) = meaning.id_span {
                    prop_assert_eq!(topic.get(start..end), meaning.request_id.as_deref());
                }
                prop_assert!(meaning.request_id.as_deref() != Some(""));
                prop_assert_eq!(meaning.deadline.is_some(), direction == Direction::Down && meaning.what.is_request());
                let said = platform.summary(direction, &topic, &payload);
                for text in [&said.name, &said.detail] {
                    prop_assert!(text.chars().count() <= line::LINE_CHARS && !text.contains('\n'), "{:?}", text);
                }
            }
            let asked = platform.meaning(Direction::Down, &topic, &payload);
            if let Some(draft) = platform.reply(&Asked { topic: &topic, payload: &payload }, code) {
                prop_assert!(asked.what.is_request(), "{:?} is no request", asked.what);
                prop_assert!(draft.what.is_answer());
                let answer = platform.meaning(Direction::Up, &draft.topic, draft.body.as_bytes());
                prop_assert_eq!(answer.what, draft.what);
                prop_assert_eq!(answer.request_id, asked.request_id);
            }
        }
    }
}

#[test]
fn a_payload_of_eight_mebibytes_is_told_by_its_size() {
    let payload = vec![b'{'; 8 << 20];
    for platform in platforms() {
        for topic in ["$oc/devices/d/sys/properties/report", "/sys/p/d/thing/event/property/post", "a"] {
            assert_eq!(platform.summary(Direction::Down, topic, &payload).detail, "8.0 MiB");
        }
    }
}

#[test]
fn a_clouds_own_subscriptions_and_drafts_pass_its_own_guard() {
    let now = std::time::Instant::now();
    for platform in platforms() {
        let limits = platform.limits();
        let own = platform.subscriptions();
        for (held, subscription) in own.iter().enumerate() {
            let checked = guard::check_subscribe(limits, subscription.filter.as_str(), subscription.qos, held);
            assert_eq!(checked, Ok(()), "{subscription:?}");
        }
        let drafts = platform.drafts(1);
        assert!(!drafts.is_empty());
        for Draft { topic, body, qos, what, .. } in &drafts {
            let message = guard::Outgoing { topic, size: body.len(), qos: *qos, retain: false, what: *what };
            assert_eq!(guard::check_publish(limits, &guard::Meter::default(), now, &message), Ok(()), "{topic}");
        }
    }
}

#[test]
fn the_platform_of_a_cloud_has_its_keep_alive_range() {
    use crate::profile::Cloud;
    for (platform, cloud) in platforms().iter().zip([Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt]) {
        assert_eq!(platform.limits().keep_alive, defaults::keep_alive_range(cloud));
    }
}
