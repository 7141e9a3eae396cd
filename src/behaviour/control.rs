//! What of a device's own doings can be switched, and how that is said when it has been done.

use std::fmt;

use serde_json::Value;

use crate::cloud::Property;

/// Characters of a value that the words for a control show.
const SHOWN: usize = 200;

/// What a person, a scenario or an order switches.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// A rule on or off.
    Rule {
        /// Its name.
        name: String,
        /// Whether it is to answer.
        on: bool,
    },
    /// All rules and recorded answers on or off, each keeping its own switch.
    Rules {
        /// Whether they are to answer.
        on: bool,
    },
    /// A simulator on or off.
    Simulator {
        /// Its name.
        name: String,
        /// Whether it is to report.
        on: bool,
    },
    /// A property takes a value, as if the device had measured it. Nothing is sent.
    Property {
        /// Its name.
        property: Property,
        /// Its value.
        value: Value,
    },
    /// The upgrade that the platform has ordered is run: downloading, installing, then done or failed.
    Upgrade {
        /// The cloud's code to fail with; `None`: it succeeds.
        failure: Option<i64>,
    },
    /// The platform is asked for its time.
    AskTime,
}

/// That it has been done, for the note on the timeline: "rule twice is on".
impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is = |on: &bool| if *on { "on" } else { "off" };
        match self {
            Self::Rule { name, on } => write!(f, "rule {name} is {}", is(on)),
            Self::Rules { on } => write!(f, "rules are {}", is(on)),
            Self::Simulator { name, on } => write!(f, "simulator {name} is {}", is(on)),
            Self::Property { property, value } => {
                let value = value.to_string();
                let shown: String = value.chars().take(SHOWN).collect();
                let more = if shown.len() < value.len() { "…" } else { "" };
                write!(f, "property {property} is {shown}{more}")
            }
            Self::Upgrade { failure: None } => f.write_str("upgrade: begun"),
            Self::Upgrade { failure: Some(code) } => write!(f, "upgrade: begun, to fail with {code}"),
            Self::AskTime => f.write_str("time: asked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_switched_is_said_in_words() {
        let property = |value| Control::Property { property: Property::parse("smoke/level"), value };
        let long = format!("property smoke/level is \"{}…", "灯".repeat(SHOWN - 1));
        for (control, words) in [
            (Control::Rule { name: "twice".to_owned(), on: true }, "rule twice is on"),
            (Control::Rules { on: false }, "rules are off"),
            (Control::Simulator { name: "weather".to_owned(), on: false }, "simulator weather is off"),
            (property(json!({ "a": [1.5] })), r#"property smoke/level is {"a":[1.5]}"#),
            (property(json!("灯".repeat(1_000))), &long),
            (Control::Upgrade { failure: None }, "upgrade: begun"),
            (Control::Upgrade { failure: Some(-2) }, "upgrade: begun, to fail with -2"),
            (Control::AskTime, "time: asked for"),
        ] {
            assert_eq!(control.to_string(), words);
        }
    }
}
