//! The device's properties as it would report them: names and current values.
//!
//! What lives here: the store and its names. What may not: a cloud's bodies.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::event::WallTime;
use crate::profile::Cloud;

/// No device keeps more properties, so that a platform cannot fill the memory by writing ever new names.
const MOST: usize = 4_096;

/// Nor do its properties take more memory, in bytes as [`weight`] counts them.
const BYTES: usize = 8 << 20;

/// What a value takes in memory beside its texts, about, in bytes: `0` is one byte in a body, and a whole node here.
const NODE: usize = 64;

/// The name of a property: Huawei's have a service, the other clouds' have none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Property {
    /// Huawei's service id; empty on the other clouds.
    pub service: String,
    /// The property's identifier.
    pub name: String,
}

/// A property's current value.
#[derive(Clone, Debug, PartialEq)]
pub struct Current {
    /// The value.
    pub value: Value,
    /// Since when it has it.
    pub since: WallTime,
}

/// The current values, by name; at most 4,096 of them, and 8 MiB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    current: BTreeMap<Property, Current>,
    bytes: usize,
}

/// About the bytes that a property and its value take in memory. A value read from a body is at most 128 levels deep.
pub fn weight(property: &Property, value: &Value) -> usize {
    property.service.len() + property.name.len() + NODE + weight_of(value)
}

/// About the bytes that a value takes in memory.
pub fn weight_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => NODE,
        Value::String(text) => NODE + text.len(),
        Value::Array(items) => NODE + items.iter().map(weight_of).sum::<usize>(),
        Value::Object(members) => {
            NODE + members.iter().map(|(name, value)| NODE + name.len() + weight_of(value)).sum::<usize>()
        }
    }
}

impl Property {
    /// The property `name` of `service` (empty where the cloud has none).
    pub fn of(service: &str, name: &str) -> Self {
        Self { service: service.to_owned(), name: name.to_owned() }
    }

    /// Reads `service/name` or `name`.
    pub fn parse(path: &str) -> Self {
        path.split_once('/').map_or_else(|| Self::of("", path), |(service, name)| Self::of(service, name))
    }

    /// Whether `cloud` has properties of such a name; the error says what is missing. Huawei takes a property only in a service of
    /// the product (`service_id` is mandatory in its reports).
    pub fn check(&self, cloud: Cloud) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("a property has a name".to_owned());
        }
        if cloud == Cloud::Huawei && self.service.is_empty() {
            return Err(format!("`{}` is in no service: write \"service/{0}\"", self.name));
        }
        Ok(())
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.service.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.service, self.name) }
    }
}

impl Properties {
    /// Sets a property; `false`: there are too many already, or they are too large. Then it stays as it was.
    pub fn set(&mut self, property: Property, value: Value, since: WallTime) -> bool {
        let known = self.current.get(&property).map(|current| weight(&property, &current.value));
        let bytes = self.bytes - known.unwrap_or(0) + weight(&property, &value);
        if (self.current.len() >= MOST && known.is_none()) || bytes > BYTES {
            return false;
        }
        self.bytes = bytes;
        self.current.insert(property, Current { value, since });
        true
    }

    /// The current value of a property.
    pub fn get(&self, property: &Property) -> Option<&Current> {
        self.current.get(property)
    }

    /// The property `name` of `service`; of whichever service has it where `service` is empty.
    pub fn find(&self, service: &str, name: &str) -> Option<(&Property, &Current)> {
        let exact = self.current.get_key_value(&Property::of(service, name));
        exact.or_else(|| self.current.iter().find(|(property, _)| service.is_empty() && property.name == name))
    }

    /// All of them, by service and name.
    pub fn iter(&self) -> impl Iterator<Item = (&Property, &Current)> {
        self.current.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.current.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_property_is_found_with_and_without_its_service() {
        let mut properties = Properties::default();
        assert!(properties.set(Property::parse("smoke/alarm"), json!(1), WallTime::default()));
        assert!(properties.set(Property::parse("level"), json!(2), WallTime::default()));
        let value = |service, name| properties.find(service, name).map(|(_, current)| current.value.clone());
        assert_eq!(value("smoke", "alarm"), Some(json!(1)));
        assert_eq!(value("", "alarm"), Some(json!(1)));
        assert_eq!(value("other", "alarm"), None);
        assert_eq!(value("", "level"), Some(json!(2)));
        assert_eq!(Property::of("smoke", "alarm").to_string(), "smoke/alarm");
    }

    #[test]
    fn a_platform_cannot_fill_the_memory() {
        let mut properties = Properties::default();
        for number in 0..MOST {
            assert!(properties.set(Property::of("", &number.to_string()), json!(0), WallTime::default()));
        }
        assert!(!properties.set(Property::of("", "more"), json!(0), WallTime::default()));
        assert!(properties.set(Property::of("", "0"), json!(1), WallTime::default()), "a known one changes");
        assert_eq!(properties.len(), MOST);
    }

    #[test]
    fn nor_with_few_large_values() {
        let (mut properties, mut taken) = (Properties::default(), 0);
        let level = || Property::of("", "level");
        assert!(properties.set(level(), json!(1), WallTime::default()));
        // Short in a body, and long in memory.
        let many = json!(vec![0; 10_000]);
        for number in 0..100 {
            let text = json!("x".repeat(100_000));
            taken += usize::from(properties.set(Property::of("", &format!("t{number}")), text, WallTime::default()));
            taken +=
                usize::from(properties.set(Property::of("", &format!("l{number}")), many.clone(), WallTime::default()));
        }
        assert!((15..100).contains(&taken), "{taken}");
        assert!(!properties.set(level(), json!("x".repeat(1 << 20)), WallTime::default()));
        assert_eq!(properties.get(&level()).map(|level| &level.value), Some(&json!(1)), "it stays as it was");
        assert!(properties.set(Property::of("", "t0"), json!(0), WallTime::default()));
        assert!(properties.set(Property::of("", "next"), json!("x".repeat(90_000)), WallTime::default()), "room again");
    }
}
