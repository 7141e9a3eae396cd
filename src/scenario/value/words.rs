//! What tests are called in a file, and what is near enough to a test's name to be meant for one.

use crate::config::suggest;

/// The keys of a table that is a set of tests rather than a value. `eq` is what the rules of a config call `equals`; both take both.
pub(in crate::scenario) const TESTS: [&str; 11] =
    ["equals", "eq", "ne", "gt", "ge", "lt", "le", "regex", "exists", "type", "contains"];

/// Tests as a config's rules and other tools call them.
const FOREIGN: [(&str, &str); 7] = [
    ("like", "regex"),
    ("matches", "regex"),
    ("gte", "ge"),
    ("lte", "le"),
    ("neq", "ne"),
    ("not", "ne"),
    ("has", "contains"),
];

/// Whether a table with these keys is a set of tests.
pub(in crate::scenario) fn are_tests<'a>(mut keys: impl Iterator<Item = &'a str>) -> bool {
    keys.any(|key| TESTS.contains(&key))
}

/// The test that the one key of a table was meant for, where it is none: taken as a value the table would be equal to nothing, and
/// the step would only fail when its time is up.
pub(in crate::scenario) fn slip<'a>(mut keys: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let (only, None) = (keys.next()?, keys.next()) else { return None };
    if are_tests(std::iter::once(only)) {
        return None;
    }
    let foreign = FOREIGN.iter().find(|(known, _)| *known == only).map(|(_, meant)| *meant);
    // Names of one or two letters are near to half of the tests, and are names of values as well.
    foreign.or_else(|| suggest::nearest(only, TESTS).filter(|_| only.len() > 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_value() {
        for (keys, meant) in [
            (&["gee"][..], Some("ge")),
            (&["like"], Some("regex")),
            (&["equal"], Some("equals")),
            (&["exist"], Some("exists")),
            (&["value"], None),
            (&["level"], None),
            (&["x"], None),
            (&["ge"], None),
            (&["gee", "value"], None),
            (&[], None),
        ] {
            assert_eq!(slip(keys.iter().copied()), meant, "{keys:?}");
        }
    }
}
