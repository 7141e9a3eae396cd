//! What property sets write, until the device has answered them: a device takes a value over when it says so.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::cloud::Property;

/// No more property sets are remembered; the oldest goes.
const MOST: usize = 1_024;

/// Writes by the request's id.
#[derive(Debug, Default)]
pub(super) struct Pending {
    writes: HashMap<String, Vec<(Property, Value)>>,
    order: VecDeque<String>,
}

impl Pending {
    /// Remembers what the request `id` writes.
    pub(super) fn put(&mut self, id: &str, writes: Vec<(Property, Value)>) {
        if writes.is_empty() {
            return;
        }
        if self.writes.insert(id.to_owned(), writes).is_none() {
            self.order.push_back(id.to_owned());
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.writes.remove(&oldest);
            }
        }
    }

    /// What the request `id` writes; it is forgotten.
    pub(super) fn take(&mut self, id: &str) -> Option<Vec<(Property, Value)>> {
        let writes = self.writes.remove(id)?;
        self.order.retain(|other| other != id);
        Some(writes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_are_taken_once_and_the_oldest_go() {
        let mut pending = Pending::default();
        let write = |value: usize| vec![(Property::of("", "level"), json!(value))];
        for id in 0..=MOST {
            pending.put(&id.to_string(), write(id));
        }
        assert_eq!(pending.take("0"), None);
        assert_eq!(pending.take("7"), Some(write(7)));
        assert_eq!(pending.take("7"), None);
        pending.put("8", write(80));
        assert_eq!(pending.take("8"), Some(write(80)), "asked again, the last one counts");
        pending.put("none", Vec::new());
        assert_eq!((pending.writes.len(), pending.order.len()), (MOST - 2, MOST - 2));
    }
}
