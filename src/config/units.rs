//! Sizes and times as people write them: `"8MiB"`, `"24h"`.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::table::{At, Table, integer};

/// The units, as factors of a byte. Nothing else is read, so that no one wonders what a "MB" is.
const UNITS: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A size in bytes, within bounds, both included: a text with a unit, or a whole number of bytes.
pub(super) fn size(table: &Table<'_>, key: &str, lowest: usize, highest: usize) -> Option<At<usize>> {
    let value = table.raw(key)?;
    let bytes = match value.get_ref() {
        DeValue::String(text) => parse(text),
        other => integer(other).and_then(|bytes| usize::try_from(bytes).ok()),
    };
    let Some(bytes) = bytes.filter(|bytes| (lowest..=highest).contains(bytes)) else {
        let wanted = format!("a size from \"{}\" to \"{}\", such as \"8MiB\"", show(lowest), show(highest));
        table.fault_at(value.span(), key, &wanted);
        return None;
    };
    Some(At { value: bytes, at: value.span() })
}

/// A limit that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// There is none.
    Off,
    /// It is this.
    At(u64),
}

impl Limit {
    /// The limit, if there is one.
    pub(super) fn set(self) -> Option<u64> {
        match self {
            Self::Off => None,
            Self::At(limit) => Some(limit),
        }
    }
}

/// A size in bytes, within bounds, both included; 0 or `false`: none.
pub(super) fn size_or_off(table: &Table<'_>, key: &str, lowest: u64, highest: u64) -> Option<Limit> {
    let wanted = || format!("a size from \"{}\" to \"{}\", or 0 for none", show_long(lowest), show_long(highest));
    let read = |text: &str| parse(text).and_then(|bytes| u64::try_from(bytes).ok());
    limit(table, key, lowest, highest, read, wanted)
}

/// A time in seconds, within bounds, both included; 0 or `false`: none.
pub(super) fn time_or_off(table: &Table<'_>, key: &str, lowest: u64, highest: u64) -> Option<Limit> {
    let wanted = || "a time such as \"24h\", \"90min\" or a number of seconds from 10 on, or 0 for none".to_owned();
    limit(table, key, lowest, highest, parse_time, wanted)
}

fn limit(
    table: &Table<'_>,
    key: &str,
    lowest: u64,
    highest: u64,
    read: impl Fn(&str) -> Option<u64>,
    wanted: impl Fn() -> String,
) -> Option<Limit> {
    let value = table.raw(key)?;
    let number = match value.get_ref() {
        DeValue::Boolean(false) => Some(0),
        DeValue::String(text) => read(text),
        other => integer(other).and_then(|number| u64::try_from(number).ok()),
    };
    match number {
        Some(0) => Some(Limit::Off),
        Some(number) if (lowest..=highest).contains(&number) => Some(Limit::At(number)),
        _ => {
            table.fault_at(value.span(), key, &wanted());
            None
        }
    }
}

/// The units of time, in seconds; a longer name goes before the one that it ends with.
const TIMES: [(&str, u64); 4] = [("min", 60), ("d", 86_400), ("h", 3_600), ("s", 1)];

/// The units of a duration, in milliseconds; a longer name goes before the one that it ends with.
const DURATIONS: [(&str, f64); 4] = [("ms", 1.0), ("min", 60_000.0), ("h", 3_600_000.0), ("s", 1_000.0)];

/// A duration within bounds, both included: `"500ms"`, `"1.5s"`, `"10min"`, `"1h"`.
pub(crate) fn duration(table: &Table<'_>, key: &str, bounds: RangeInclusive<Duration>) -> Option<At<Duration>> {
    let value = table.raw(key)?;
    let read = value.get_ref().as_str().and_then(parse_duration);
    let Some(time) = read.filter(|time| bounds.contains(time)) else {
        let (low, high) = (show_duration(*bounds.start()), show_duration(*bounds.end()));
        table.fault_at(value.span(), key, &format!("a time from {low} to {high}, such as \"500ms\" or \"5s\""));
        return None;
    };
    Some(At { value: time, at: value.span() })
}

/// Reads a number with its unit.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, factor) = DURATIONS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    let number = number.trim().parse::<f64>().ok()?;
    Duration::try_from_secs_f64(number * factor / 1_000.0).ok()
}

/// Writes a duration with the largest unit that keeps it whole.
fn show_duration(time: Duration) -> String {
    let millis = time.as_millis();
    [(3_600_000, "h"), (60_000, "min"), (1_000, "s")]
        .into_iter()
        .find(|(factor, _)| millis >= *factor && millis.is_multiple_of(*factor))
        .map_or_else(|| format!("{millis}ms"), |(factor, unit)| format!("{}{unit}", millis / factor))
}

/// Reads a whole number of seconds, minutes, hours or days.
fn parse_time(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, factor) = TIMES.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}

/// As [`show`], for what need not fit into memory.
pub(super) fn show_long(bytes: u64) -> String {
    usize::try_from(bytes).map_or_else(|_| format!("{bytes}B"), show)
}

/// Reads a whole number with its unit.
fn parse(text: &str) -> Option<usize> {
    let text = text.trim();
    let (number, factor) = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    number.trim().parse::<usize>().ok()?.checked_mul(factor)
}

/// Writes a size with the largest unit that keeps it whole.
pub(super) fn show(bytes: usize) -> String {
    let whole = UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    whole.map_or_else(|| format!("{bytes}B"), |(unit, factor)| format!("{}{unit}", bytes / factor))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [
            ("8MiB", Some(8 << 20)),
            ("8 MiB", Some(8 << 20)),
            ("1024B", Some(1024)),
            ("64KiB", Some(65_536)),
            ("1GiB", Some(1 << 30)),
            ("8", None),
            ("8MB", None),
            ("8mib", None),
            ("-1B", None),
            ("1.5MiB", None),
            ("99999999999999GiB", None),
            ("MiB", None),
        ] {
            assert_eq!(parse(text), bytes, "{text}");
        }
    }

    #[test]
    fn times_are_read_with_their_units() {
        for (text, seconds) in [
            ("24h", Some(86_400)),
            ("90 min", Some(5_400)),
            ("30s", Some(30)),
            ("7d", Some(604_800)),
            ("30", None),
            ("1.5h", None),
            ("5m", None),
            ("-1h", None),
            ("99999999999999999d", None),
            ("h", None),
        ] {
            assert_eq!(parse_time(text), seconds, "{text}");
        }
    }

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, millis) in [
            ("500ms", Some(500)),
            ("5s", Some(5_000)),
            ("1.5 s", Some(1_500)),
            ("2min", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("0s", Some(0)),
            ("5", None),
            ("-1s", None),
            ("NaNs", None),
            ("infs", None),
            ("s", None),
        ] {
            assert_eq!(parse_duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in 0_usize..=1 << 40) {
            prop_assert_eq!(parse(&show(bytes)), Some(bytes));
        }
    }
}
