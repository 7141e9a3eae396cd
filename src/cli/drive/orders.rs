//! Orders as they stand on standard input: one JSON object a line, checked key by key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::behaviour::Control;
use crate::cloud::Property;
use crate::mqtt::{Qos, TopicFilter};
use crate::session::{Action, Order};

/// An order and the device it is for.
#[derive(Debug, PartialEq)]
pub(super) struct Addressed {
    /// The device's name; `None`: the only one.
    pub session: Option<String>,
    /// What it is to do.
    pub order: Order,
}

/// A line that is no order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoOrder {
    /// The device and the number, as far as they could be read.
    pub session: Option<String>,
    /// See `session`.
    pub number: Option<u64>,
    /// What is wrong with it.
    pub fault: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    r#do: String,
    session: Option<String>,
    order: Option<u64>,
    topic: Option<String>,
    qos: Option<u8>,
    retain: Option<bool>,
    force: Option<bool>,
    #[serde(borrow, default, deserialize_with = "present")]
    json: Option<&'a RawValue>,
    text: Option<String>,
    base64: Option<String>,
    filter: Option<String>,
    request_id: Option<String>,
    code: Option<i64>,
    name: Option<String>,
    on: Option<bool>,
}

/// A value that is there, `null` included, which serde would take for none.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// Reads one line. With `force`, every order passes over the guardrails.
pub(super) fn read(line: &[u8], force: bool) -> Result<Addressed, NoOrder> {
    let mut line: Line<'_> = serde_json::from_slice(line).map_err(|error| no_order(line, &error))?;
    let (session, number) = (line.session.take(), line.order);
    let verb = line.r#do.clone();
    let action = action(&mut line, force).and_then(|action| line.nothing_left(&verb).map(|()| action));
    match action {
        Ok(action) => Ok(Addressed { session, order: Order { number, action } }),
        Err(fault) => Err(NoOrder { session, number, fault }),
    }
}

/// What is left of a line that cannot be read as an order. Its number is kept where it has one: whoever gave it waits for it.
fn no_order(line: &[u8], error: &serde_json::Error) -> NoOrder {
    // What is no JSON has neither.
    let object = serde_json::from_slice::<serde_json::Value>(line).unwrap_or_default();
    let session = object.get("session").and_then(serde_json::Value::as_str).map(str::to_owned);
    let number = object.get("order").and_then(serde_json::Value::as_u64);
    // The line is counted by whoever reads the input; here it is always the first.
    let words = error.to_string().replace(" at line 1 column ", " at column ");
    NoOrder { session, number, fault: format!("no order: {words}") }
}

fn action(line: &mut Line<'_>, force: bool) -> Result<Action, String> {
    Ok(match line.r#do.as_str() {
        "publish" => Action::Publish {
            topic: line.topic.take().ok_or("\"publish\" needs \"topic\"")?,
            qos: line.qos(Qos::AtMostOnce)?,
            retain: line.retain.take().unwrap_or(false),
            force: line.force.take().unwrap_or(force),
            payload: line.payload()?.unwrap_or_default(),
        },
        "reply" => Action::Reply {
            request_id: line.request_id.take().ok_or("\"reply\" needs \"request_id\"")?,
            code: line.code.take(),
            payload: line.payload()?,
            force: line.force.take().unwrap_or(force),
        },
        "subscribe" => Action::Subscribe {
            filter: line.filter("subscribe")?,
            qos: line.qos(Qos::AtLeastOnce)?,
            force: line.force.take().unwrap_or(force),
        },
        "unsubscribe" => Action::Unsubscribe { filter: line.filter("unsubscribe")? },
        "rule" => own(Control::Rule { name: line.name("rule")?, on: line.on("rule")? }),
        "rules" => own(Control::Rules { on: line.on("rules")? }),
        "simulator" => own(Control::Simulator { name: line.name("simulator")?, on: line.on("simulator")? }),
        "property" => {
            let property = Property::parse(&line.name("property")?);
            let value = line.json.take().ok_or("\"property\" needs \"json\"")?;
            let value = serde_json::from_str(value.get()).map_err(|error| format!("\"json\": {error}"))?;
            own(Control::Property { property, value })
        }
        "upgrade" => own(Control::Upgrade { failure: line.code.take() }),
        "time" => own(Control::AskTime),
        "connect" => Action::Connect,
        "disconnect" => Action::Disconnect,
        "now" => Action::Now,
        other => {
            return Err(format!(
                "\"do\" is \"{other}\": it can be publish, reply, subscribe, unsubscribe, connect, disconnect, now, rule, \
                 rules, simulator, property, upgrade or time"
            ));
        }
    })
}

/// What the device does by itself is switched.
fn own(control: Control) -> Action {
    Action::Own(Box::new(control))
}

impl Line<'_> {
    fn qos(&mut self, otherwise: Qos) -> Result<Qos, String> {
        match self.qos.take() {
            None => Ok(otherwise),
            Some(number) => Qos::from_number(number).ok_or_else(|| format!("\"qos\" is {number}: it can be 0, 1 or 2")),
        }
    }

    fn name(&mut self, verb: &str) -> Result<String, String> {
        let name = self.name.take().filter(|name| !name.is_empty());
        name.ok_or_else(|| format!("\"{verb}\" needs \"name\""))
    }

    fn on(&mut self, verb: &str) -> Result<bool, String> {
        self.on.take().ok_or_else(|| format!("\"{verb}\" needs \"on\", true or false"))
    }

    fn filter(&mut self, verb: &str) -> Result<TopicFilter, String> {
        let filter = self.filter.take().ok_or_else(|| format!("\"{verb}\" needs \"filter\""))?;
        TopicFilter::new(filter.as_str()).map_err(|error| format!("\"{filter}\" is no topic filter: {error}"))
    }

    /// The payload, if there is one: JSON goes out byte for byte as it stands in the order.
    fn payload(&mut self) -> Result<Option<Bytes>, String> {
        match (self.json.take(), self.text.take(), self.base64.take()) {
            (None, None, None) => Ok(None),
            (Some(json), None, None) => Ok(Some(Bytes::copy_from_slice(json.get().as_bytes()))),
            (None, Some(text), None) => Ok(Some(text.into())),
            (None, None, Some(base64)) => {
                let bytes =
                    STANDARD.decode(base64).map_err(|error| format!("\"base64\" cannot be decoded: {error}"))?;
                Ok(Some(bytes.into()))
            }
            _ => Err("a payload is one of \"json\", \"text\" and \"base64\"".to_owned()),
        }
    }

    /// A key that the verb has no use for is a mistake of whoever wrote the order.
    fn nothing_left(&self, verb: &str) -> Result<(), String> {
        let left = [
            ("topic", self.topic.is_some()),
            ("qos", self.qos.is_some()),
            ("retain", self.retain.is_some()),
            ("force", self.force.is_some()),
            ("json", self.json.is_some()),
            ("text", self.text.is_some()),
            ("base64", self.base64.is_some()),
            ("filter", self.filter.is_some()),
            ("request_id", self.request_id.is_some()),
            ("code", self.code.is_some()),
            ("name", self.name.is_some()),
            ("on", self.on.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some((key, _)) => Err(format!("\"{verb}\" takes no \"{key}\"")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> Order {
        read(line.as_bytes(), false).unwrap().order
    }

    #[test]
    fn json_payloads_go_out_byte_for_byte() {
        let read = read(
            br#"{"do":"publish","session":"a","order":3,"topic":"t","qos":1,"json":{"v": 1.50, "k":"\u4e2d"}}"#,
            false,
        );
        let Addressed { session, order } = read.unwrap();
        assert_eq!((session.as_deref(), order.number), (Some("a"), Some(3)));
        let Action::Publish { topic, payload, qos, retain, force } = order.action else { panic!("a publish") };
        assert_eq!((topic.as_str(), qos, retain, force), ("t", Qos::AtLeastOnce, false, false));
        assert_eq!(&payload[..], br#"{"v": 1.50, "k":"\u4e2d"}"#);
    }

    #[test]
    fn null_is_json_like_any_other() {
        for (line, sent) in [
            (r#"{"do":"publish","topic":"t","json":null}"#, &b"null"[..]),
            (r#"{"do":"publish","topic":"t","json": 0 }"#, b"0"),
            (r#"{"do":"publish","topic":"t"}"#, b""),
        ] {
            let Action::Publish { payload, .. } = order(line).action else { panic!("a publish") };
            assert_eq!(&payload[..], sent, "{line}");
        }
    }

    #[test]
    fn every_verb_is_read() {
        assert_eq!(order(r#"{"do":"connect"}"#).action, Action::Connect);
        assert_eq!(order(r#"{"do":"disconnect"}"#).action, Action::Disconnect);
        assert_eq!(order(r#"{"do":"now"}"#).action, Action::Now);
        let filter = TopicFilter::new("a/#").unwrap();
        let subscribe = Action::Subscribe { filter: filter.clone(), qos: Qos::AtLeastOnce, force: false };
        assert_eq!(order(r#"{"do":"subscribe","filter":"a/#"}"#).action, subscribe);
        assert_eq!(order(r#"{"do":"unsubscribe","filter":"a/#"}"#).action, Action::Unsubscribe { filter });
        let reply = Action::Reply {
            request_id: "7".into(),
            code: Some(1),
            force: false,
            payload: Some(Bytes::from_static(b"\x00\xff")),
        };
        assert_eq!(order(r#"{"do":"reply","request_id":"7","code":1,"base64":"AP8="}"#).action, reply);
    }

    #[test]
    fn what_a_device_does_by_itself_is_switched() {
        let name = |name: &str| name.to_owned();
        for (line, control) in [
            (r#"{"do":"rule","name":"r","on":true}"#, Control::Rule { name: name("r"), on: true }),
            (r#"{"do":"rules","on":false}"#, Control::Rules { on: false }),
            (r#"{"do":"simulator","name":"温度","on":false}"#, Control::Simulator { name: name("温度"), on: false }),
            (
                r#"{"do":"property","name":"smokeDetector/alarm","json":{"a":[1.50]}}"#,
                Control::Property {
                    property: Property::of("smokeDetector", "alarm"),
                    value: serde_json::json!({"a": [1.5]}),
                },
            ),
            (
                r#"{"do":"property","name":"level","json":null}"#,
                Control::Property { property: Property::of("", "level"), value: serde_json::Value::Null },
            ),
            (r#"{"do":"upgrade"}"#, Control::Upgrade { failure: None }),
            (r#"{"do":"upgrade","code":-1}"#, Control::Upgrade { failure: Some(-1) }),
            (r#"{"do":"time"}"#, Control::AskTime),
        ] {
            assert_eq!(order(line).action, Action::Own(Box::new(control)), "{line}");
        }
    }

    #[test]
    fn a_wrong_order_says_what_is_wrong_and_keeps_its_number() {
        for (line, said) in [
            ("nonsense", "no order"),
            (r#"{"do":"fly","order":9}"#, "it can be publish"),
            (r#"{"do":"publish","order":9}"#, "needs \"topic\""),
            (r#"{"do":"publish","order":9,"topic":"t","qos":3}"#, "\"qos\" is 3"),
            (r#"{"do":"publish","order":9,"topic":"t","text":"a","base64":"AA=="}"#, "one of"),
            (r#"{"do":"publish","order":9,"topic":"t","base64":"?"}"#, "cannot be decoded"),
            (r#"{"do":"subscribe","order":9,"filter":"a#"}"#, "no topic filter"),
            (r#"{"do":"rule","order":9,"name":"r"}"#, "needs \"on\", true or false"),
            (r#"{"do":"rule","order":9,"on":true}"#, "\"rule\" needs \"name\""),
            (r#"{"do":"simulator","order":9,"name":"","on":true}"#, "\"simulator\" needs \"name\""),
            (r#"{"do":"property","order":9,"name":"a"}"#, "needs \"json\""),
            (r#"{"do":"time","order":9,"on":true}"#, "takes no \"on\""),
            (r#"{"do":"connect","order":9,"name":"r"}"#, "takes no \"name\""),
            (r#"{"do":"connect","order":9,"topic":"t"}"#, "takes no \"topic\""),
            (r#"{"do":"connect","order":9,"nosuch":1}"#, "unknown field"),
            (r#"{"do":"rule","order":9,"name":"r","on":"yes"}"#, "expected a boolean at column 44"),
            (r#"{"do":"upgrade","code":"x","order":9}"#, "no order"),
            (r#"{"order":9}"#, "missing field `do`"),
        ] {
            let fault = read(line.as_bytes(), false).unwrap_err();
            assert!(fault.fault.contains(said), "{line}: {}", fault.fault);
            assert_eq!(fault.number, line.contains("order").then_some(9), "{line}");
        }
        let fault = read(br#"{"do":7,"order":9,"session":"lamp-01"}"#, false).unwrap_err();
        assert_eq!((fault.session.as_deref(), fault.number), (Some("lamp-01"), Some(9)));
    }

    #[test]
    fn force_on_the_command_line_is_every_orders_default() {
        let forced = read(br#"{"do":"publish","topic":"t"}"#, true).unwrap().order;
        assert!(matches!(forced.action, Action::Publish { force: true, .. }));
        let held = read(br#"{"do":"publish","topic":"t","force":false}"#, true).unwrap().order;
        assert!(matches!(held.action, Action::Publish { force: false, .. }));
    }
}
