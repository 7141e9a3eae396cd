//! The cloud's side, topic by topic, with the documents' own bodies.

use super::*;
use crate::event::WallTime;
use crate::sim::roster::{Roster, demo};

const AT: i64 = 1_700_000_000_000;

struct Bench {
    cloud: Cloud,
    roster: Roster,
    identity: Identity,
}

impl Bench {
    fn new() -> Self {
        let identity =
            demo().into_iter().map(|device| device.identity).find(|identity| matches!(identity, Identity::Ucloud(_)));
        Self { cloud: Cloud::default(), roster: Roster::new(demo()), identity: identity.unwrap() }
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Cloud, &Scene<'_>) -> T) -> T {
        let Self { cloud, roster, identity } = self;
        work(cloud, &Scene { identity, roster, at: WallTime::from_unix_micros(AT * 1_000), number: 7 })
    }

    /// The topic below the device's root, and the body of what the cloud says to a message.
    fn say(&mut self, tail: &str, body: &str) -> Option<(String, Value)> {
        let Identity::Ucloud(device) = self.identity.clone() else { panic!("no UCloud device") };
        let topic = format!("{}{tail}", root(&device));
        let pushes = self.with(|cloud, scene| cloud.take(scene, &topic, body.as_bytes()));
        assert!(pushes.len() <= 1);
        let push = pushes.into_iter().next()?;
        let tail = push.topic.strip_prefix(&root(&device)).unwrap().to_owned();
        Some((tail, serde_json::from_slice(&push.payload).unwrap()))
    }

    fn answer(&mut self, tail: &str, body: &str) -> Value {
        self.say(tail, body).unwrap().1
    }

    fn order(&mut self, name: &str, input: &Value) -> Option<(String, Value)> {
        let request = self.with(|cloud, scene| cloud.order(scene, name, input))?;
        Some((request.topic, serde_json::from_slice(&request.payload).unwrap()))
    }
}

#[test]
fn what_was_reported_last_is_restored() {
    let mut bench = Bench::new();
    let (tail, reply) =
        bench.say("tmodel/property/post", r#"{"RequestID":"1","Property":{"a":{"Value":1},"b":{"Value":2}}}"#).unwrap();
    assert_eq!((tail.as_str(), &reply["RetCode"]), ("tmodel/property/post_reply", &json!(0)));
    bench.answer("tmodel/property/post", r#"{"RequestID":"2","Property":{"a":{"Value":3}}}"#);
    let (tail, reply) = bench.say("tmodel/property/restore", r#"{"RequestID":"3"}"#).unwrap();
    assert_eq!(tail, "tmodel/property/restore_reply");
    let expected = json!({ "RequestID": "3", "RetCode": 0, "Property": { "a": 3, "b": 2 }, "LatestUpdateTime": AT });
    assert_eq!(reply, expected);
}

#[test]
fn desired_values_have_versions_and_are_deleted_by_them() {
    let mut bench = Bench::new();
    bench.order("desired", &json!({ "k": 1 }));
    bench.order("desired", &json!({ "k": 2, "other": 5 }));
    let asked = r#"{"RequestID":"1","Require":["k","none"]}"#;
    let reply = bench.answer("tmodel/property/desired/get", asked);
    assert_eq!(reply["Desired"], json!({ "k": { "Value": 2, "Version": 2 } }));
    for (body, code) in [
        (r#"{"RequestID":"1","Delete":{"k":{"Version":1}}}"#, 230),
        (r#"{"RequestID":"1","Delete":{"none":{"Version":1}}}"#, 100_038),
        (r#"{"RequestID":"1"}"#, 230),
        (r#"{"Delete":{}}"#, 230),
        ("nonsense", 230),
        (r#"{"RequestID":"1","Delete":{"k":{"Version":2}}}"#, 0),
    ] {
        assert_eq!(bench.answer("tmodel/property/desired/delete", body)["RetCode"], code, "{body}");
    }
    assert_eq!(bench.answer("tmodel/property/desired/get", asked)["Desired"], json!({}));
}

#[test]
fn the_template_is_the_products() {
    let template = Bench::new().answer("tmodel/template/get", r#"{"RequestID":"1"}"#);
    assert_eq!(template["Template"]["Property"][0]["Identifier"], "temperature");
    assert_eq!(template["Template"]["Command"][0]["Identifier"], "setReportInterval");
}

#[test]
fn a_shadows_version_must_grow_and_minus_one_sets_it_back() {
    let mut bench = Bench::new();
    for (body, code, version) in [
        (r#"{"Method":"update","State":{"Reported":{"t":1}},"Version":1}"#, 0, 1),
        (r#"{"Method":"update","State":{"Reported":{"t":2}},"Version":1}"#, 100_026, 1),
        (r#"{"Method":"update","State":{"Reported":{"t":3,"u":1}},"Version":5}"#, 0, 5),
        (r#"{"Method":"delete","State":{"Reported":{"u":null}},"version":6}"#, 0, 6),
        (r#"{"Method":"update","State":{}}"#, 230, 6),
        (r#"{"Method":"turn","State":{},"Version":9}"#, 230, 6),
        ("[]", 230, 6),
        (r#"{"Method":"update","State":{"Reported":{"t":4},"Desired":null},"Version":-1}"#, 0, 0),
    ] {
        let (tail, reply) = bench.say("shadow/upstream", body).unwrap();
        assert_eq!(tail, "shadow/downstream");
        assert_eq!(reply["Method"], "reply");
        assert_eq!(reply["Payload"], json!({ "RetCode": code, "Version": version }), "{body}");
    }
    let document = bench.answer("shadow/get", r#"{"Method":"get"}"#);
    assert_eq!(document["State"], json!({ "Reported": { "t": 4 }, "Desired": {} }));
    let (topic, control) = bench.order("shadow-control", &json!({ "t": 9 })).unwrap();
    assert!(topic.ends_with("/shadow/downstream"));
    assert_eq!((&control["Method"], &control["Payload"]["State"]["Desired"]), (&json!("control"), &json!({ "t": 9 })));
}

#[test]
fn a_device_that_asks_for_firmware_gets_what_it_does_not_have() {
    let mut bench = Bench::new();
    let ask = |version: &str| {
        format!(r#"{{"Method":"request_firmware","Payload":{{"Module":"default","Version":"{version}"}}}}"#)
    };
    let (tail, order) = bench.say("ota/upstream", &ask("1.0.0")).unwrap();
    assert_eq!((tail.as_str(), &order["Method"]), ("ota/downstream", &json!("update_firmware")));
    assert_eq!(bench.say("ota/upstream", &ask(NEWEST)), None);
    assert_eq!(bench.say("ota/upstream", r#"{"Method":"report_progress","Payload":{"Percent":5}}"#), None);
}

#[test]
fn every_offer_is_ordered_with_its_own_parameters_and_with_others() {
    let mut bench = Bench::new();
    for offer in bench.cloud.offers() {
        let (topic, _) = bench.order(offer.name, &Value::Null).unwrap_or_else(|| panic!("{}", offer.name));
        assert!(topic.starts_with('/'), "{topic}");
    }
    let (_, body) = bench.order("command", &json!({ "Seconds": 5 })).unwrap();
    assert_eq!(body, json!({ "RequestID": "7", "Identifier": "setReportInterval", "Input": { "Seconds": 5 } }));
    assert_eq!(bench.order("none", &Value::Null), None);
}
