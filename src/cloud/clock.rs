//! The difference between the platform's clock and ours, in words.
//!
//! What lives here: the sentence, and from when on it is worth saying. What may not: reading a clock.

/// From how many microseconds on a difference is worth a word: the `Date` of an HTTP answer has whole seconds, may be
/// made by a proxy, and no cloud of ours looks closer than this.
const WORTH_SAYING_US: u64 = 120_000_000;

/// Says how far this machine's clock is off, and in which direction, when that is 120 s or more. `offset_us` is the
/// platform's clock minus ours, in microseconds.
pub fn describe(offset_us: i64) -> Option<String> {
    if offset_us.unsigned_abs() < WORTH_SAYING_US {
        return None;
    }
    let direction = if offset_us > 0 { "behind" } else { "ahead of" };
    let span = span(offset_us.unsigned_abs() / 1_000_000);
    Some(format!("this machine's clock is {span} {direction} the platform's"))
}

/// Two units are enough for a person to recognise a wrong zone, a wrong year or a dead battery.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        (1, _) => format!("1 day {hours} h"),
        _ => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_is_this_machines() {
        const SECOND: i64 = 1_000_000;
        for (offset, expected) in [
            (0, None),
            (119 * SECOND, None),
            (-119 * SECOND, None),
            (120 * SECOND, Some("this machine's clock is 2 min behind the platform's")),
            (-120 * SECOND, Some("this machine's clock is 2 min ahead of the platform's")),
            (8 * 3600 * SECOND, Some("this machine's clock is 8 h 0 min behind the platform's")),
            (-(86_400 + 3600) * SECOND, Some("this machine's clock is 1 day 1 h ahead of the platform's")),
            (20_000 * 86_400 * SECOND, Some("this machine's clock is 20000 days 0 h behind the platform's")),
        ] {
            assert_eq!(describe(offset).as_deref(), expected, "{offset}");
        }
        assert!(describe(i64::MIN).is_some_and(|words| words.contains("ahead of")));
    }
}
