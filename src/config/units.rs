//! Sizes as people write them: `"8MiB"`.

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

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in 0_usize..=1 << 40) {
            prop_assert_eq!(parse(&show(bytes)), Some(bytes));
        }
    }
}
