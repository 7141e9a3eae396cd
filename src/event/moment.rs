//! Points in time, as arguments: nothing here reads a clock.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A point on the wall clock: microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(i64);

/// In microseconds.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The first and the last microsecond of the years that RFC 3339 can say.
const EARLIEST: i64 = -62_167_219_200 * SECOND;
const LATEST: i64 = 253_402_300_800 * SECOND - 1;

/// Year, month and day of a day counted from 1970-01-01, by the Gregorian calendar. Years are counted from March here, so that
/// the leap day is the last of its year, and in groups of 400, after which the calendar repeats.
fn date(day: i64) -> (i64, i64, i64) {
    // 719,468 days before 1970 is 0000-03-01.
    let day = day + 719_468;
    let (group, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (group * 400 + year + later, month, day)
}

/// The day of a date, counted from 1970-01-01: [`date`] turned round.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_group = year.rem_euclid(400);
    let days = 365 * of_group + of_group / 4 - of_group / 100 + (153 * month + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + days - 719_468
}

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
        if let Some(time) = Self::as_printed(text) {
            return Some(time);
        }
        text.parse::<Timestamp>().ok().map(|stamp| Self(stamp.as_microsecond()))
    }

    /// Reads what [`WallTime::rfc3339`] has made, and nothing else, at a tenth of the cost; also the days beyond jiff's range.
    fn as_printed(text: &str) -> Option<Self> {
        let bytes: &[u8; 27] = text.as_bytes().try_into().ok()?;
        let number = |place: usize, width: usize| {
            bytes[place..place + width].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit.wrapping_sub(b'0')))
        };
        let of_day = (number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2)) * SECOND + number(20, 6);
        let time = Self(day_of(number(0, 4), number(5, 2), number(8, 2)) * DAY + of_day);
        // What is no date, or no digit, is not printed so.
        (time.rfc3339() == *bytes).then_some(time)
    }

    /// The UTC hour as ten digits, `YYYYMMDDHH`: the key of Huawei's signature.
    pub fn utc_hour(self) -> String {
        self.timestamp().strftime("%Y%m%d%H").to_string()
    }

    /// RFC 3339, UTC, always six places of a second: as `Display`, without a formatter in the way, for the thousands of lines a
    /// second that bear it. A time beyond the years 0 to 9999 becomes the nearest end of them.
    pub fn rfc3339(self) -> [u8; 27] {
        let micros = self.0.clamp(EARLIEST, LATEST);
        let (year, month, day) = date(micros.div_euclid(DAY));
        let of_day = micros.rem_euclid(DAY);
        let (seconds, fraction) = (of_day / SECOND, of_day % SECOND);
        let mut out = *b"0000-00-00T00:00:00.000000Z";
        for (place, width, value) in [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, seconds / 3600),
            (14, 2, seconds / 60 % 60),
            (17, 2, seconds % 60),
            (20, 6, fraction),
        ] {
            let mut rest = value;
            for digit in out[place..place + width].iter_mut().rev() {
                *digit += u8::try_from(rest % 10).unwrap_or(0);
                rest /= 10;
            }
        }
        out
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
        f.write_str(std::str::from_utf8(&self.rfc3339()).map_err(|_| fmt::Error)?)
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
    fn times_print_as_the_calendar_has_them() {
        let slow = |time: WallTime| time.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        // Every day of two centuries and many others from 0000-01-01 on, each at another time of the day, and the ends (jiff's
        // are a day nearer).
        for day in (-27_000..50_000).chain((-719_528..2_932_000).step_by(37)) {
            let time = WallTime(day * DAY + (day * 7_919_999_983).rem_euclid(DAY));
            assert_eq!(time.to_string(), slow(time));
            assert_eq!(WallTime::as_printed(&time.to_string()), Some(time));
        }
        for micros in [LATEST - 2 * DAY, -1, 0, 1, EARLIEST, EARLIEST + 1] {
            assert_eq!(WallTime(micros).to_string(), slow(WallTime(micros)));
        }
        assert_eq!(WallTime(i64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(WallTime(i64::MIN).to_string(), "0000-01-01T00:00:00.000000Z");
    }

    #[test]
    fn what_is_no_time_is_not_read_as_one() {
        assert_eq!(WallTime::parse_rfc3339("9999-12-31T23:59:59.999999Z"), Some(WallTime(LATEST)));
        assert_eq!(WallTime::parse_rfc3339("0000-01-01T00:00:00.000000Z"), Some(WallTime(EARLIEST)));
        for text in [
            "",
            "2025-02-29T00:00:00.000000Z",
            "2025-13-01T00:00:00.000000Z",
            "2025-00-10T00:00:00.000000Z",
            "2025-01-01T24:00:00.000000Z",
            "2025-01-01T00:00:00.00000:Z",
            "\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}Z",
            "2025-01-01T00:00:00.000000+",
        ] {
            assert_eq!(WallTime::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn the_utc_hour_is_ten_digits() {
        let time = WallTime::parse_rfc3339("2025-04-14T09:59:59+08:00").unwrap();
        assert_eq!(time.utc_hour(), "2025041401");
    }
}
