//! Points in time, as arguments: nothing here reads a clock.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A point on the wall clock: microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(i64);

/// Now, by both clocks: the wall clock for people and signatures, the monotonic one for waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, which may jump.
    pub at: WallTime,
    /// The monotonic clock.
    pub mono: Instant,
}

impl WallTime {
    /// `micros` microseconds after 1970-01-01T00:00:00Z.
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn unix_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, such as `2026-11-21T08:30:00Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|stamp| Self(stamp.as_microsecond()))
    }

    /// The UTC hour as ten digits, `YYYYMMDDHH`: the key of Huawei's signature.
    pub fn utc_hour(self) -> String {
        self.timestamp().strftime("%Y%m%d%H").to_string()
    }

    /// This time moved by `offset` microseconds, forward or back.
    #[must_use]
    pub fn shifted_micros(self, offset: i64) -> Self {
        Self(self.0.saturating_add(offset))
    }

    /// The same time as jiff's type; a time beyond jiff's range becomes the nearest end of it.
    pub fn timestamp(self) -> Timestamp {
        let end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_microsecond(self.0).unwrap_or(end)
    }
}

impl fmt::Display for WallTime {
    /// RFC 3339, UTC, always six places of a second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%6fZ"))
    }
}

impl Moment {
    /// The moment `wait` later, by both clocks.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self { at: self.at.shifted_micros(micros), mono: self.mono + wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_rfc_3339_with_microseconds() {
        for (micros, shown) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_763_713_800_000_001, "2025-11-21T08:30:00.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            let time = WallTime::from_unix_micros(micros);
            assert_eq!(time.to_string(), shown);
            assert_eq!(WallTime::parse_rfc3339(shown), Some(time));
        }
    }

    #[test]
    fn the_utc_hour_is_ten_digits() {
        let time = WallTime::parse_rfc3339("2025-04-14T09:59:59+08:00").unwrap();
        assert_eq!(time.utc_hour(), "2025041401");
    }
}
