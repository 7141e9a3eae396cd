use proptest::prelude::*;
use serde_json::Value;

use super::super::{Acked, Irregular, LineState, WallTime, What};
use super::*;
use crate::mqtt::Qos;
use crate::text::hidden::is_hidden;

fn written(kind: Kind<'_>) -> String {
    let at = WallTime::from_unix_micros(1_763_713_800_000_001);
    let mut out = String::new();
    write(&mut out, &Event { seq: 7, at, mono_us: 1_500_000, session: "smoke-01", kind });
    out
}

/// What follows the keys that every event has.
fn rest_of(kind: Kind<'_>) -> String {
    let head = r#"{"seq":7,"at":"2025-11-21T08:30:00.000001Z","mono_us":1500000,"session":"smoke-01","kind":""#;
    written(kind).strip_prefix(head).map(str::to_owned).unwrap()
}

const MESSAGE: Message<'static> = Message {
    topic: "a/b",
    qos: Qos::AtMostOnce,
    retain: false,
    dup: false,
    packet_id: None,
    payload: b"",
    what: What::Custom,
    request_id: None,
    deadline_ms: None,
    took_ms: None,
    by: None,
    irregular: Irregular { late: false, second: false, moved: false },
    order: None,
};

#[test]
fn states() {
    let bare = StateChange { state: LineState::Online, attempt: 1, ..StateChange::default() };
    assert_eq!(rest_of(Kind::State(bare)), r#"state","state":"online","attempt":1}"#);
    let full = StateChange {
        state: LineState::Backoff,
        attempt: 4,
        retry_in: Some(Duration::from_micros(4_200_999)),
        code: Some("tls-untrusted"),
        reason: Some("the certificate\nis not trusted"),
        hint: Some("ca_file"),
        order: Some(9),
    };
    let expected = r#"state","state":"backoff","attempt":4,"retry_in_ms":4200,"code":"tls-untrusted","reason":"the certificate\u000ais not trusted","hint":"ca_file","order":9}"#;
    assert_eq!(rest_of(Kind::State(full)), expected);
}

#[test]
fn messages() {
    let expected = r#"rx","topic":"a/b","qos":0,"retain":false,"dup":false,"size":0,"what":"custom","text":""}"#;
    assert_eq!(rest_of(Kind::Rx(MESSAGE)), expected);
    let full = Message {
        topic: "温/\u{202E}",
        qos: Qos::ExactlyOnce,
        retain: true,
        dup: true,
        packet_id: PacketId::new(65_535),
        payload: br#" {"a": 1.0} "#,
        what: What::CommandReply,
        request_id: Some("r\"1"),
        deadline_ms: Some(20_000),
        took_ms: Some(420),
        by: Some("rule \"a\""),
        irregular: Irregular { late: true, second: false, moved: true },
        order: Some(3),
    };
    let expected = concat!(
        r#"tx","topic":"温/\u202e","qos":2,"retain":true,"dup":true,"packet_id":65535,"size":12,"what":"command-reply","#,
        r#""request_id":"r\"1","deadline_ms":20000,"took_ms":420,"order":3,"by":"rule \"a\"","irregular":["late","new-connection"],"json": {"a": 1.0} }"#
    );
    assert_eq!(rest_of(Kind::Tx(full)), expected);
}

#[test]
fn payloads_stand_byte_for_byte_in_the_form_that_fits() {
    for (payload, expected) in [
        (&b""[..], r#""text":"""#),
        (b"21.50", r#""json":21.50"#),
        (b"{\"a\":\n1}", r#""text":"{\"a\":\u000a1}""#),
        (b"{\"a\":\"\x7F\"}", r#""text":"{\"a\":\"\u007f\"}""#),
        ("\"\u{200B}\"".as_bytes(), r#""text":"\"\u200b\"""#),
        ("{\"温\":1}".as_bytes(), r#""json":{"温":1}"#),
        (b"hello", r#""text":"hello""#),
        (b"\xFF\x00\x1B", r#""base64":"/wAb""#),
        (b"\xFF", r#""base64":"/w==""#),
    ] {
        let json = rest_of(Kind::Rx(Message { payload, ..MESSAGE }));
        assert!(json.ends_with(&format!(",{expected}}}")), "{json}");
    }
}

#[test]
fn deep_payloads_are_text_and_their_line_can_be_read() {
    for depth in [100, 101, 1 << 19] {
        let payload = "[".repeat(depth) + &"]".repeat(depth);
        let line = written(Kind::Rx(Message { payload: payload.as_bytes(), ..MESSAGE }));
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((read.get("json").is_some(), read.get("text").is_some()), (depth <= 100, depth > 100));
    }
}

#[test]
fn the_other_kinds() {
    let acked = Acked { packet_id: PacketId::new(5), took: Duration::from_micros(23_999), order: Some(1) };
    assert_eq!(rest_of(Kind::Acked(acked)), r#"acked","packet_id":5,"took_ms":23,"order":1}"#);
    let acked = Acked { packet_id: None, took: Duration::ZERO, order: None };
    assert_eq!(rest_of(Kind::Acked(acked)), r#"acked","took_ms":0}"#);
    let granted = Subscribed {
        filter: "a/#",
        asked: Qos::ExactlyOnce,
        granted: Some(Qos::AtLeastOnce),
        reason: Some("lower"),
        order: None,
    };
    assert_eq!(rest_of(Kind::Subscribed(granted)), r#"subscribed","filter":"a/#","qos":1,"asked":2,"reason":"lower"}"#);
    let refused = Subscribed { granted: None, reason: None, order: Some(2), ..granted };
    assert_eq!(rest_of(Kind::Subscribed(refused)), r#"subscribed","filter":"a/#","refused":true,"asked":2,"order":2}"#);
    assert_eq!(
        rest_of(Kind::Unsubscribed { filter: "a/#", order: Some(4) }),
        r#"unsubscribed","filter":"a/#","order":4}"#
    );
    assert_eq!(rest_of(Kind::Unsubscribed { filter: "+", order: None }), r#"unsubscribed","filter":"+"}"#);
    assert_eq!(rest_of(Kind::Gap { count: 12, reason: "slow disk" }), r#"gap","count":12,"reason":"slow disk"}"#);
    assert_eq!(rest_of(Kind::Note { text: "on", order: Some(4) }), r#"note","text":"on","order":4}"#);
    assert_eq!(rest_of(Kind::Note { text: "look\t", order: None }), r#"note","text":"look\u0009"}"#);
    let failure = Failure { code: "offline", reason: "r", hint: Some("h"), order: Some(8) };
    assert_eq!(rest_of(Kind::Error(failure)), r#"error","code":"offline","reason":"r","hint":"h","order":8}"#);
}

/// The line as reading and writing it again makes it.
fn again(line: &str) -> Option<String> {
    let read = Read::line(line.as_bytes())?;
    let mut out = String::new();
    write(&mut out, &read.event()?);
    Some(out)
}

#[test]
fn every_payload_is_read_back_byte_for_byte() {
    for payload in [
        &b""[..],
        b"null",
        b" null ",
        b"21.50",
        b"  [ 1 ]",
        b"{\"a\":1.0}  ",
        b"\"x\"",
        b"true",
        b"{\"}\":\"\\\"\"}",
        b" ",
        b"\xFF",
        b"a\"b\\c\n\x1B",
    ] {
        let line = written(Kind::Tx(Message { payload, ..MESSAGE }));
        let read = Read::line(line.as_bytes()).unwrap();
        let Some(Kind::Tx(message)) = read.event().map(|event| event.kind) else { panic!("{line}") };
        assert_eq!(message.payload, payload, "{line}");
    }
}

#[test]
fn a_line_of_another_hand_is_an_event_if_it_says_all_that_one_needs() {
    let head = r#"{"kind":"rx","session":"s","mono_us":1,"at":"2026-11-21T10:00:00+02:00","seq":1"#;
    for (rest, payload) in [
        (r#","topic":"a","qos":1}"#, Some(&b""[..])),
        (
            r#", "json": {"a": 1} , "topic":"a","qos":1, "later": [{}, null], "what": "of-a-later-version"} "#,
            Some(b"{\"a\": 1}"),
        ),
        (r#","topic":"a","qos":1,"text":"\u0041\ud83d\ude00"}"#, Some("A😀".as_bytes())),
        (r#","topic":"a","qos":1,"base64":"QQ=="}"#, Some(b"A")),
        (r#","topic":"a","qos":1,"packet_id":0}"#, Some(b"")),
        (r#","topic":"a","qos":1,"base64":"QQ"}"#, None),
        (r#","topic":"a","qos":3}"#, None),
        (r#","topic":"a","qos":-1}"#, None),
        (r#","topic":"a"}"#, None),
        (r#","qos":1}"#, None),
        (r#","topic":7,"qos":1}"#, None),
        (r#","topic":"\ud800","qos":1}"#, None),
        (r#","topic":"a","topic":"b","qos":1}"#, None),
        (r#","topic":"a","qos":1} x"#, None),
        (r#","topic":"a","qos":1"#, None),
    ] {
        let line = format!("{head}{rest}");
        let read = Read::line(line.as_bytes());
        let message = read.as_ref().and_then(Read::event).map(|event| match event.kind {
            Kind::Rx(message) => message.payload.to_vec(),
            other => panic!("{other:?}"),
        });
        assert_eq!(message.as_deref(), payload, "{line}");
    }
    for line in [
        "",
        "{}",
        "[]",
        "null",
        "\u{FEFF}{}",
        r#"{"seq":1,"at":"x","mono_us":1,"session":"s","kind":"note","text":""}"#,
    ] {
        assert!(Read::line(line.as_bytes()).is_none(), "{line}");
    }
    assert!(Read::line(b"{\"seq\":1,\"at\":\"2026-11-21T08:00:00Z\",\"mono_us\":1,\"session\":\"\xFF\",\"kind\":\"note\",\"text\":\"\"}").is_none());
    let deep = format!("{head},\"topic\":\"a\",\"qos\":1,\"later\":{}{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    assert!(Read::line(deep.as_bytes()).is_some(), "however deep, it is passed over");
}

fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let json = "\\{\"[a-z温\\\\]{0,3}\":(-?[0-9]{1,3}|\"[ -~\u{200B}\u{80}]{0,4}\"|null)\\}";
    prop_oneof![json.prop_map(String::into_bytes), any::<String>().prop_map(String::into_bytes), any::<Vec<u8>>()]
}

/// Texts of an event, of which each kind takes what it needs.
type Texts = (String, Option<String>, Option<String>);

fn kind_of<'a>(which: u8, number: u64, flag: bool, (text, some, other): &'a Texts, payload: &'a [u8]) -> Kind<'a> {
    let order = flag.then_some(number);
    let qos = |number: u64| Qos::from_number(u8::try_from(number % 3).unwrap()).unwrap();
    let packet_id = PacketId::new(u16::try_from(number >> 48).unwrap());
    let (some, other) = (some.as_deref(), other.as_deref());
    let duration = Duration::from_micros(number >> 1);
    let small = u32::try_from(number >> 32).unwrap();
    let message = Message {
        topic: text,
        qos: qos(number),
        retain: flag,
        dup: number.is_multiple_of(2),
        packet_id,
        payload,
        request_id: some,
        what: What::ALL[usize::from(which) % What::ALL.len()],
        deadline_ms: flag.then_some(small),
        took_ms: order.map(|_| small),
        by: other,
        irregular: Irregular::from_bits(which),
        order,
    };
    match which % 9 {
        0 => Kind::State(StateChange {
            state: LineState::ALL[usize::from(which / 9) % 4],
            attempt: small,
            retry_in: order.map(|_| duration),
            code: some,
            reason: other,
            hint: some,
            order,
        }),
        1 => Kind::Rx(message),
        2 => Kind::Tx(message),
        3 => Kind::Acked(Acked { packet_id, took: duration, order }),
        4 => Kind::Subscribed(Subscribed {
            filter: text,
            asked: qos(number),
            granted: flag.then(|| qos(number >> 2)),
            reason: some,
            order,
        }),
        5 => Kind::Unsubscribed { filter: text, order },
        6 => Kind::Gap { count: number, reason: text },
        7 => Kind::Note { text, order },
        _ => Kind::Error(Failure { code: text, reason: text, hint: some, order }),
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_as_it_was(
        which: u8, number: u64, flag: bool, micros in any::<i64>(), seq: u64, texts: Texts, payload in payloads(),
    ) {
        let at = WallTime::from_unix_micros(micros);
        let kind = kind_of(which, number, flag, &texts, &payload);
        let mut line = String::new();
        write(&mut line, &Event { seq, at, mono_us: number, session: &texts.0, kind });
        let read = Read::line(line.as_bytes());
        let event = read.as_ref().and_then(Read::event);
        prop_assert_eq!(event.map(|event| (event.seq, event.mono_us, event.session)), Some((seq, number, texts.0.as_str())), "{}", line);
        if let (Kind::Rx(found) | Kind::Tx(found), Kind::Rx(wanted) | Kind::Tx(wanted)) = (event.unwrap().kind, kind) {
            prop_assert_eq!(found, wanted);
        }
        prop_assert_eq!(again(&line), Some(line));
    }

    #[test]
    fn a_line_that_was_tampered_with_is_an_event_or_none(
        which: u8, number: u64, texts: Texts, payload in payloads(), place: prop::sample::Index, byte: u8, end: prop::sample::Index,
    ) {
        let mut line = String::new();
        let kind = kind_of(which, number, true, &texts, &payload);
        write(&mut line, &Event { seq: 1, at: WallTime::from_unix_micros(1), mono_us: 2, session: "s", kind });
        prop_assert!(Read::line(&line.as_bytes()[..end.index(line.len())]).is_none(), "a part of a line is none");
        let mut bytes = line.into_bytes();
        *place.get_mut(&mut bytes) = byte;
        if let Some(read) = Read::line(&bytes) {
            let mut once = String::new();
            write(&mut once, &read.event().unwrap());
            prop_assert_eq!(again(&once), Some(once));
        }
    }

    #[test]
    fn a_line_reads_back_and_holds_nothing_hidden(
        topic: String, payload in payloads(), session: String, request_id: Option<String>, order: Option<u64>, micros in any::<i64>(),
    ) {
        let message = Message { topic: &topic, payload: &payload, request_id: request_id.as_deref(), order, ..MESSAGE };
        let at = WallTime::from_unix_micros(micros);
        let mut line = String::new();
        write(&mut line, &Event { seq: 1, at, mono_us: 2, session: &session, kind: Kind::Rx(message) });
        prop_assert!(!line.chars().any(is_hidden), "{}", line);
        let read: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(read["topic"].as_str(), Some(topic.as_str()));
        prop_assert_eq!(read["session"].as_str(), Some(session.as_str()));
        prop_assert_eq!(read.get("request_id").and_then(Value::as_str), request_id.as_deref());
        prop_assert_eq!(read.get("order").and_then(Value::as_u64), order);
        let forms = ["json", "text", "base64"].map(|form| read.get(form));
        let back = match forms {
            [Some(_), None, None] => {
                let at = line.find("\"json\":").map_or(0, |at| at + 7);
                line.as_bytes()[at..line.len() - 1].to_vec()
            }
            [None, Some(Value::String(text)), None] => text.clone().into_bytes(),
            [None, None, Some(Value::String(base64))] => STANDARD.decode(base64).unwrap(),
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(back, payload);
    }
}
