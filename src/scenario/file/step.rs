//! One `[[step]]`: exactly one key that says what is done, and those that say how.

use crate::config::table::Table;
use crate::event::LineState;
use crate::mqtt::Qos;
use crate::mqtt::packet::ConnectReturn;
use crate::mqtt::topic::check_name;
use crate::scenario::plan::{Body, Deed, Order, Reply, Sending, Switched};
use crate::scenario::value::{Form, Text, words};
use crate::sim::Refusal;

use super::reading::Reading;

/// The keys that say what is done.
pub(super) const ACTIONS: [&str; 19] = [
    "connect",
    "disconnect",
    "expect_state",
    "publish",
    "report",
    "wait_request",
    "answer",
    "expect_message",
    "expect_no_message",
    "cut",
    "pause",
    "assert",
    "order",
    "expect_outcome",
    "note",
    "switch",
    "set_properties",
    "go_silent",
    "refuse_next",
];

impl Reading {
    /// What the step does by its key `action`.
    pub(super) fn deed(&self, step: &Table<'_>, action: &str) -> Option<Deed> {
        let what = format!("`{action}` of {}", step.what);
        let table = || step.table(action, &what);
        match action {
            "connect" => connect(step, &what),
            "disconnect" => flag(step, action).map(|()| Deed::Disconnect),
            "cut" => flag(step, action).map(|()| Deed::Cut),
            "go_silent" => flag(step, action).map(|()| Deed::GoSilent),
            "expect_state" => self.state(step, &what),
            "publish" => self.sending(&table()?).map(Deed::Publish),
            "report" => self.report(&table()?),
            "wait_request" => Some(Deed::WaitRequest(self.request(&table()?))),
            "answer" => self.reply(&table()?).map(Deed::Answer),
            "expect_message" => Some(Deed::ExpectMessage(self.message(&table()?, &[]))),
            "expect_no_message" => {
                let table = table()?;
                let wanted = self.message(&table, &["for"]);
                needed(&table, "for", "for how long no such message may come")?;
                Some(Deed::ExpectNoMessage { during: self.span(&table, "for")?, wanted })
            }
            "pause" => self.span(step, action).map(Deed::Pause),
            "assert" => self.assert(&table()?),
            "order" => self.order(&table()?).map(Deed::Order),
            "expect_outcome" => self.ending(step, action).map(Deed::ExpectOutcome),
            "switch" => self.switch(&table()?),
            "set_properties" => self.properties(step, action).map(Deed::SetProperties),
            "note" => self.text(step, action).map(|text| Deed::Note(text.value)),
            _ => refuse_next(&table()?),
        }
    }

    fn state(&self, step: &Table<'_>, what: &str) -> Option<Deed> {
        let words: Vec<(&'static str, LineState)> = LineState::ALL.iter().map(|state| (state.word(), *state)).collect();
        if step.raw("expect_state").is_some_and(|value| value.get_ref().is_str()) {
            let state = step.choice("expect_state", &words)?.value;
            return Some(Deed::ExpectState { state, code: None });
        }
        let table = step.table("expect_state", what)?;
        table.refuse_unknown(&["state", "code"]);
        needed(&table, "state", "connecting, online, backoff or offline")?;
        let code = self.text(&table, "code").map(|code| code.value);
        Some(Deed::ExpectState { state: table.choice("state", &words)?.value, code })
    }

    fn sending(&self, table: &Table<'_>) -> Option<Sending> {
        table.refuse_unknown(&["topic", "json", "text", "base64", "qos", "retain", "force", "capture"]);
        let topic = needed(table, "topic", "where the message goes").and_then(|()| self.topic(table));
        let body = match self.body(table) {
            Some(body) => Some(body),
            None if ["json", "text", "base64"].iter().any(|key| table.raw(key).is_some()) => None,
            None => Some(Body::Text(Text::default())),
        };
        let sending = Sending {
            qos: qos(table).unwrap_or(Qos::AtMostOnce),
            retain: flag_of(table, "retain"),
            force: flag_of(table, "force"),
            capture: self.capture(table),
            topic: topic?,
            body: body?,
        };
        Some(sending)
    }

    /// A topic name to send to.
    fn topic(&self, table: &Table<'_>) -> Option<Text> {
        let topic = self.word(table, "topic")?;
        if let Some(fault) = topic.value.as_plain().and_then(|plain| check_name(plain).err()) {
            table.report.fault(topic.at, format!("`topic` of {} is no topic: {fault}", table.what));
            return None;
        }
        Some(topic.value)
    }

    fn report(&self, table: &Table<'_>) -> Option<Deed> {
        table.refuse_unknown(&["properties", "capture"]);
        needed(table, "properties", "names and values: { \"smokeDetector/alarm\" = 1 }")?;
        let properties = self.properties(table, "properties");
        let capture = self.capture(table);
        Some(Deed::Report { properties: properties?, capture })
    }

    /// Properties by name, at least one.
    fn properties(&self, table: &Table<'_>, key: &str) -> Option<Vec<(Text, Form)>> {
        let Form::Object(properties) = self.object(table, key)? else { return None };
        if properties.is_empty() {
            table.fault_at(table.key_place(key), key, "a table with at least one property");
            return None;
        }
        Some(properties)
    }

    fn switch(&self, table: &Table<'_>) -> Option<Deed> {
        const KINDS: [&str; 3] = ["rule", "rules", "simulator"];
        table.refuse_unknown(&["rule", "rules", "simulator", "on"]);
        let kind = only_one(table, &KINDS, &["on"], "what is switched");
        if table.raw("on").is_none() {
            table.missing("on", "true or false");
        }
        let on = table.boolean("on");
        let what = match kind? {
            "rule" => Switched::Rule(self.word(table, "rule")?.value),
            "simulator" => Switched::Simulator(self.word(table, "simulator")?.value),
            _ => flag(table, "rules").map(|()| Switched::Rules)?,
        };
        Some(Deed::Switch { what, on: on?.value })
    }

    fn reply(&self, table: &Table<'_>) -> Option<Reply> {
        let known = ["code", "message", "output", "json", "text", "base64", "delay", "to", "force", "capture"];
        table.refuse_unknown(&known);
        let reply = Reply {
            code: self.number(table, "code"),
            message: self.text(table, "message").map(|text| text.value),
            output: self.object(table, "output"),
            body: self.body(table),
            delay: self.span(table, "delay"),
            to: self.word(table, "to").map(|text| text.value),
            force: flag_of(table, "force"),
            capture: self.capture(table),
        };
        if reply.body.is_some()
            && let Some(key) = ["message", "output"].into_iter().find(|key| table.raw(key).is_some())
        {
            let words = format!("`{key}` of {} cannot stand beside the whole body", table.what);
            table.report.fault(table.key_place(key), words);
            return None;
        }
        Some(reply)
    }

    fn assert(&self, table: &Table<'_>) -> Option<Deed> {
        table.refuse_unknown(&[&["that"][..], &words::TESTS].concat());
        needed(table, "that", "the value that is tested, such as \"${level}\"")?;
        let that = self.form(table, "that");
        let tests = table.keys().filter(|key| key.value != "that").count();
        if tests == 0 {
            let words = format!("{} tests nothing: give it `equals`, `ne`, `gt`, `regex` or another test", table.what);
            table.report.fault(table.place(), words);
            return None;
        }
        Some(Deed::Assert { matcher: self.matcher(table)?, that: that? })
    }

    fn order(&self, table: &Table<'_>) -> Option<Order> {
        const KINDS: [&str; 6] = ["offer", "command", "call", "property_set", "property_get", "message"];
        let known: &[&str] = &["service", "input", "topic", "json", "text", "base64", "qos", "retain"];
        table.refuse_unknown(&[&KINDS, known].concat());
        let kind = only_one(table, &KINDS, known, "what the platform is to send")?;
        let also: &[&str] = match kind {
            "offer" => &["input"],
            "command" | "call" => &["service", "input"],
            "property_set" | "property_get" => &["service"],
            _ => &["topic", "json", "text", "base64", "qos", "retain"],
        };
        for key in known.iter().filter(|key| table.raw(key).is_some() && !also.contains(key)) {
            table.report.fault(table.key_place(key), format!("`{key}` of {} has no use beside `{kind}`", table.what));
        }
        let service = self.text(table, "service").map(|service| service.value).unwrap_or_default();
        let input = self.form(table, "input");
        Some(match kind {
            "offer" => Order::Offer { name: self.word(table, kind)?.value, input },
            "command" | "call" => {
                Order::Command { name: self.word(table, kind)?.value, service, input, call: kind == "call" }
            }
            "property_set" => Order::PropertySet { service, properties: self.object(table, kind)? },
            "property_get" => {
                flag(table, kind)?;
                Order::PropertyGet { service }
            }
            _ => {
                flag(table, kind)?;
                let topic = if table.raw("topic").is_some() { Some(self.topic(table)?) } else { None };
                let body = self.body(table).unwrap_or(Body::Text(Text::default()));
                Order::Message {
                    topic,
                    body,
                    qos: qos(table).unwrap_or(Qos::AtLeastOnce),
                    retain: flag_of(table, "retain"),
                }
            }
        })
    }
}

/// `connect = true`, or `{ wait, retry }`.
fn connect(step: &Table<'_>, what: &str) -> Option<Deed> {
    if !step.raw("connect").is_some_and(|value| value.get_ref().is_table()) {
        return flag(step, "connect").map(|()| Deed::Connect { wait: true, retry: false });
    }
    let table = step.table("connect", what)?;
    table.refuse_unknown(&["wait", "retry"]);
    let wait = table.boolean("wait").is_none_or(|wait| wait.value);
    Some(Deed::Connect { wait, retry: flag_of(&table, "retry") })
}

fn refuse_next(table: &Table<'_>) -> Option<Deed> {
    const WAYS: [&str; 4] = ["connack", "upgrade", "close", "silence"];
    table.refuse_unknown(&["count", "connack", "upgrade", "close", "silence"]);
    let count = table.integer("count", 1, 1_000).map_or(1, |count| count.value);
    let how = match only_one(table, &WAYS, &["count"], "how the connection is refused")? {
        // Within their bounds, or there is no number.
        "connack" => {
            let code = u8::try_from(table.integer("connack", 1, 5)?.value).ok()?;
            Refusal::Connack(ConnectReturn::from_number(code)?)
        }
        "upgrade" => Refusal::Upgrade(u16::try_from(table.integer("upgrade", 400, 599)?.value).ok()?),
        key => {
            flag(table, key)?;
            if key == "close" { Refusal::Close } else { Refusal::Silence }
        }
    };
    Some(Deed::RefuseNext { count: usize::try_from(count).ok()?, how })
}

/// The one key of `keys` that is there beside `others`; a fault where there is none, or more.
pub(super) fn only_one<'k>(table: &Table<'_>, keys: &[&'k str], others: &[&str], why: &str) -> Option<&'k str> {
    let given: Vec<&'k str> = keys.iter().copied().filter(|key| table.raw(key).is_some()).collect();
    match given.as_slice() {
        [one] => return Some(one),
        // A misspelt key has been told of.
        [] if table.keys().any(|key| !others.contains(&key.value)) => {}
        [] => {
            let words = format!("{} does not say {why}: one of {}", table.what, keys.join(", "));
            table.report.fault(table.place(), words);
        }
        [first, second, ..] => {
            let words = format!("{} has `{first}` already: `{second}` belongs into a step of its own", table.what);
            table.report.fault(table.key_place(second), words);
        }
    }
    None
}

/// A key that can only be true.
fn flag(table: &Table<'_>, key: &str) -> Option<()> {
    let flag = table.boolean(key)?;
    if !flag.value {
        table.fault_at(flag.at, key, "true; leave it out otherwise");
        return None;
    }
    Some(())
}

fn flag_of(table: &Table<'_>, key: &str) -> bool {
    table.boolean(key).is_some_and(|flag| flag.value)
}

fn qos(table: &Table<'_>) -> Option<Qos> {
    // Within its bounds, or there is no level.
    table.integer("qos", 0, 2).and_then(|level| u8::try_from(level.value).ok()).and_then(Qos::from_number)
}

/// `None`, with a fault, where a key is missing.
fn needed(table: &Table<'_>, key: &str, why: &str) -> Option<()> {
    if table.raw(key).is_none() {
        table.missing(key, why);
        return None;
    }
    Some(())
}
