//! Times as they stand in bodies, moved.
//!
//! What lives here: the forms that the clouds' documents give. What may not: where they stand.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Huawei's `event_time`: to the second, and to the millisecond.
const FORMS: [&str; 2] = ["%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%S.%3fZ"];

/// The time that stands in `form` (JSON: a number, or a text with its quotes) moved by `shift_us` microseconds, in the same form.
/// `None` where it is none that the documents know; it is left as it stands then.
pub(super) fn moved(form: &str, shift_us: i64) -> Option<String> {
    match form.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) => moved_text(text, shift_us).map(|text| format!("\"{text}\"")),
        None => moved_millis(form, shift_us),
    }
}

fn moved_text(text: &str, shift_us: i64) -> Option<String> {
    if let Some(millis) = moved_millis(text, shift_us) {
        return Some(millis);
    }
    FORMS.iter().find_map(|form| {
        // Another form than this one: the next is tried.
        let read = DateTime::strptime(form, text).ok()?;
        let time = read.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond().checked_add(shift_us)?;
        Some(Timestamp::from_microsecond(time).ok()?.strftime(form).to_string())
    })
}

/// Digits alone; a time before 1970 is none.
fn moved_millis(text: &str, shift_us: i64) -> Option<String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than a number of 64 bits has are no time.
    let moved = text.parse::<i64>().ok()?.checked_add(shift_us.div_euclid(1_000))?;
    (moved >= 0).then(|| moved.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_moved_and_kept() {
        const HOUR: i64 = 3_600_000_000;
        for (form, shift, expected) in [
            ("1700000000000", HOUR, Some("1700003600000")),
            ("\"1700000000000\"", HOUR, Some("\"1700003600000\"")),
            ("\"20250101T233000Z\"", HOUR, Some("\"20250102T003000Z\"")),
            ("\"2025-01-01T23:30:00.250Z\"", HOUR, Some("\"2025-01-02T00:30:00.250Z\"")),
            ("\"2025-01-01T23:30:00.250Z\"", -250_000, Some("\"2025-01-01T23:30:00.000Z\"")),
            ("1000", -2_000_000, None),
            ("1.5", HOUR, None),
            ("\"\"", HOUR, None),
            ("\"yesterday\"", HOUR, None),
            ("\"20251301T000000Z\"", HOUR, None),
            ("99999999999999999999", HOUR, None),
            ("9223372036854775807", HOUR, None),
            ("null", HOUR, None),
            ("{}", HOUR, None),
        ] {
            assert_eq!(moved(form, shift).as_deref(), expected, "{form}");
        }
    }
}
