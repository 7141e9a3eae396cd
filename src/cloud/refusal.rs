//! The words about refusals that all clouds share.
//!
//! What lives here: sentences and small looks at a filter. What may not: a cloud's own codes and rules.

use super::{Advice, Limits, Scene, clock, guard};

/// Code 0 is no refusal; the words are there so that every code has some.
pub(super) fn accepted() -> Advice {
    Advice { reason: "the platform accepted the connection".to_owned(), hint: "nothing to check".to_owned() }
}

/// Code 1.
pub(super) fn version(cloud: &str) -> Advice {
    Advice {
        reason: format!("{cloud} does not take MQTT 3.1.1 here"),
        hint: "check that host, port and path are the platform's address for devices".to_owned(),
    }
}

/// Code 3.
pub(super) fn unavailable(cloud: &str) -> Advice {
    Advice {
        reason: format!("{cloud} says that its MQTT service is unavailable"),
        hint: "try again later; if it stays so, check the platform's status page and that the instance is not expired"
            .to_owned(),
    }
}

/// A refused subscription to a topic of the device's own, at a cloud that lists the topics of a product.
pub(super) const NOT_LISTED: &str = "check in the product's topic list that the topic exists and lets devices subscribe; a \
                                     device holds at most 100 subscriptions";

/// A keep-alive outside the cloud's range, which the clouds refuse with a code that says something else.
pub(super) fn keep_alive(limits: &Limits, scene: &Scene) -> Option<Advice> {
    let breach = guard::check_keep_alive(limits, scene.keep_alive).err()?;
    let range = &limits.keep_alive;
    Some(Advice {
        reason: format!("{} refuses the keep-alive", limits.cloud),
        hint: format!("{breach}; set keep_alive to a value from {} to {}", range.start(), range.end()),
    })
}

/// Adds how far the clock is off, where that is worth saying.
pub(super) fn with_clock(hint: String, scene: &Scene) -> String {
    match scene.clock_offset_us.and_then(clock::describe) {
        Some(words) => format!("{hint}. Besides, {words}"),
        None => hint,
    }
}

/// The topic level that follows `prefix`; `None` where it is a wildcard or nothing follows.
pub(super) fn first_level_after<'a>(filter: &'a str, prefix: &str) -> Option<&'a str> {
    let level = filter.strip_prefix(prefix)?.split('/').next()?;
    (!level.is_empty() && level != "+" && level != "#").then_some(level)
}
