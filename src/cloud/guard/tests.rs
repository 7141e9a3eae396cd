use proptest::prelude::*;

use super::*;
use crate::cloud::{aliyun, huawei, plain, ucloud};

fn message(topic: &str) -> Outgoing<'_> {
    Outgoing { topic, size: 10, qos: Qos::AtLeastOnce, retain: false, what: What::Custom }
}

fn refused(limits: &Limits, message: &Outgoing<'_>) -> Option<String> {
    check_publish(limits, &Meter::default(), Instant::now(), message).err().map(|breach| breach.to_string())
}

#[test]
fn a_breach_names_cloud_limit_and_value() {
    let long = format!("fan/{}", "x".repeat(125));
    let deep = "/p/d/user/a/b/c/d/e/f";
    for (limits, message, words) in [
        (
            &huawei::LIMITS,
            Outgoing { qos: Qos::ExactlyOnce, ..message("t") },
            "Huawei IoTDA takes QoS 0 to 1; this message has QoS 2",
        ),
        (
            &aliyun::LIMITS,
            Outgoing { retain: true, ..message("t") },
            "Aliyun IoT does not keep retained messages, and this one has RETAIN set",
        ),
        (
            &huawei::LIMITS,
            Outgoing { size: 1_048_577, ..message("t") },
            "Huawei IoTDA takes payloads of at most 1,048,576 bytes (1.0 MiB); this one has 1,048,577 bytes (1.0 MiB)",
        ),
        (
            &huawei::LIMITS,
            Outgoing { size: 65_537, what: What::PropertyReport, ..message("t") },
            "Huawei IoTDA takes property reports of at most 65,536 bytes (64.0 KiB); this one has 65,537 bytes (64.0 KiB)",
        ),
        (
            &ucloud::LIMITS,
            Outgoing { size: 262_145, ..message("t") },
            "UCloud UIoT takes payloads of at most 262,144 bytes (256.0 KiB); this one has 262,145 bytes (256.0 KiB)",
        ),
        (&huawei::LIMITS, message(&long), "Huawei IoTDA takes a topic of at most 128 bytes; this one has 129"),
        (&aliyun::LIMITS, message(deep), "Aliyun IoT takes a topic with at most 7 slashes; this one has 9"),
    ] {
        assert_eq!(refused(limits, &message).as_deref(), Some(words));
    }
}

#[test]
fn what_is_within_the_limits_passes() {
    let full = format!("fan/{}", "x".repeat(124));
    let own = format!("$oc/devices/{}/sys/properties/set/response/request_id=1", "d".repeat(128));
    let history = "/sys/p/d/thing/event/property/history/post_reply";
    for (limits, message) in [
        (&huawei::LIMITS, message(&full)),
        (&huawei::LIMITS, message(&own)),
        (&huawei::LIMITS, Outgoing { size: 65_536, what: What::PropertyReport, ..message("t") }),
        (&huawei::LIMITS, Outgoing { size: 1_048_576, ..message("t") }),
        (&aliyun::LIMITS, message(history)),
        (&aliyun::LIMITS, message("/ext/rrpc/812//a1AbCdEfGh1/lamp-01/user/get")),
        (&plain::LIMITS, Outgoing { size: 100 << 20, qos: Qos::ExactlyOnce, retain: true, ..message(&full) }),
    ] {
        assert_eq!(refused(limits, &message), None, "{message:?}");
    }
    let custom = format!("$oc/devices/{}/user/x", "d".repeat(128));
    assert!(refused(&huawei::LIMITS, &message(&custom)).is_some(), "the product's own topic in the cloud's tree");
}

#[test]
fn subscriptions_are_checked() {
    let long = "x/".repeat(70);
    for (limits, filter, qos, held, words) in [
        (&aliyun::LIMITS, "a", Qos::ExactlyOnce, 0, "QoS 2"),
        (&ucloud::LIMITS, "a", Qos::AtMostOnce, 100, "at most 100 subscriptions on one connection; this one has 100"),
        (&huawei::LIMITS, long.as_str(), Qos::AtMostOnce, 0, "topic filter of at most 128 bytes; this one has 140"),
    ] {
        let breach = check_subscribe(limits, filter, qos, held).unwrap_err();
        assert!(breach.to_string().contains(words), "{breach}");
    }
    assert_eq!(check_subscribe(&huawei::LIMITS, "a", Qos::AtLeastOnce, 99), Ok(()));
    assert_eq!(check_subscribe(&plain::LIMITS, &long, Qos::ExactlyOnce, 100_000), Ok(()));
}

#[test]
fn keep_alives_are_checked() {
    for (seconds, taken) in [(0, false), (29, false), (30, true), (1200, true), (1201, false)] {
        assert_eq!(check_keep_alive(&huawei::LIMITS, seconds).is_ok(), taken, "{seconds}");
        assert_eq!(check_keep_alive(&plain::LIMITS, seconds), Ok(()));
    }
    let breach = check_keep_alive(&aliyun::LIMITS, 20).unwrap_err();
    assert_eq!(breach.to_string(), "Aliyun IoT takes a keep-alive of 30 to 1200 s, not 20 s");
}

#[test]
fn rates_are_counted_over_the_last_second() {
    let start = Instant::now();
    let mut meter = Meter::default();
    for _ in 0..30 {
        assert_eq!(check_publish(&ucloud::LIMITS, &meter, start, &message("t")), Ok(()));
        meter.count(start, 10);
    }
    let breach = check_publish(&ucloud::LIMITS, &meter, start, &message("t")).unwrap_err();
    assert_eq!(
        breach.to_string(),
        "UCloud UIoT takes at most 30 messages a second on one connection; 30 went in the last second"
    );
    let just_before = start + Duration::from_micros(999_999);
    assert!(check_publish(&ucloud::LIMITS, &meter, just_before, &message("t")).is_err());
    assert_eq!(check_publish(&ucloud::LIMITS, &meter, start + WINDOW, &message("t")), Ok(()));
    assert_eq!(check_publish(&aliyun::LIMITS, &meter, start, &message("t")), Ok(()), "no documented rate");

    let mut meter = Meter::default();
    meter.count(start, 1_000_000);
    let large = Outgoing { size: 48_577, ..message("t") };
    let breach = check_publish(&huawei::LIMITS, &meter, start, &large).unwrap_err();
    assert!(breach.to_string().contains("1,000,000 bytes (976.5 KiB) went in the last second"), "{breach}");
    let fits = Outgoing { size: 48_576, ..message("t") };
    assert_eq!(check_publish(&huawei::LIMITS, &meter, start, &fits), Ok(()));
}

#[test]
fn a_flood_costs_the_meter_a_hundred_bunches() {
    let start = Instant::now();
    let mut meter = Meter::default();
    for step in 0..200_000_u64 {
        meter.count(start + Duration::from_micros(step * 20), 200);
    }
    assert!(meter.recent.len() <= 102, "{}", meter.recent.len());
}

proptest! {
    /// Never below the true count of the last second, and above it by no more than what went in the ten milliseconds
    /// before that second.
    #[test]
    fn the_meter_agrees_with_a_naive_count(gaps in proptest::collection::vec(0_u64..30_000, 1..300)) {
        let start = Instant::now();
        let mut meter = Meter::default();
        let mut sent: Vec<u64> = Vec::new();
        let mut now = 0;
        for gap in gaps {
            now += gap;
            let within = |window: u64| sent.iter().filter(|at| now - **at < window).count() as u64;
            let (least, most) = (within(1_000_000), within(1_010_000));
            let (messages, bytes) = meter.lately(start + Duration::from_micros(now));
            prop_assert!((least..=most).contains(&messages), "{} not in {}..={}", messages, least, most);
            prop_assert_eq!(bytes, messages * 7);
            meter.count(start + Duration::from_micros(now), 7);
            sent.push(now);
        }
    }
}
