//! What property sets write, until the device has answered them: a device takes a value over when it says so.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::queue::weight;
use crate::cloud::Property;

/// No more property sets are remembered,
const MOST: usize = 1_024;
/// nor more bytes of them; the oldest goes.
const BYTES: usize = 16 << 20;

/// Writes by the request's id.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// With their weight.
    writes: HashMap<String, (Vec<(Property, Value)>, usize)>,
    order: VecDeque<String>,
    bytes: usize,
}

impl Pending {
    /// Remembers what the request `id` writes.
    pub(super) fn put(&mut self, id: &str, writes: Vec<(Property, Value)>) {
        if writes.is_empty() {
            return;
        }
        self.forget(id);
        let bytes = weight(&writes) + 2 * id.len();
        self.bytes += bytes;
        self.writes.insert(id.to_owned(), (writes, bytes));
        self.order.push_back(id.to_owned());
        while self.order.len() > MOST || self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove(&oldest);
        }
    }

    /// What the request `id` writes; it is forgotten.
    pub(super) fn take(&mut self, id: &str) -> Option<Vec<(Property, Value)>> {
        let writes = self.remove(id)?;
        self.order.retain(|other| other != id);
        Some(writes)
    }

    /// What the request `id` writes is of no use any more.
    pub(super) fn forget(&mut self, id: &str) {
        drop(self.take(id));
    }

    fn remove(&mut self, id: &str) -> Option<Vec<(Property, Value)>> {
        let (writes, bytes) = self.writes.remove(id)?;
        self.bytes -= bytes;
        Some(writes)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
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

    #[test]
    fn large_ones_let_older_ones_go() {
        let mut pending = Pending::default();
        let write = || vec![(Property::of("", "level"), json!("x".repeat(BYTES / 4)))];
        for id in 0..100 {
            pending.put(&id.to_string(), write());
        }
        assert!(pending.writes.len() == 3 && pending.order.len() == 3 && pending.bytes <= BYTES);
        assert_eq!(pending.take("99"), Some(write()));
        pending.put("huge", vec![(Property::of("", "level"), json!("x".repeat(2 * BYTES)))]);
        assert!(pending.is_empty() && pending.bytes == 0, "nothing is too large for its place");
    }
}
