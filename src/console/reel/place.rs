//! A place on the tape as it is typed: a time of day, a full time, so much on or back, a share, the number of an event.

use jiff::civil::Time;

use super::Reel;
use crate::event::WallTime;
use crate::replay::Order;

/// What can be typed.
const FORMS: &str = "14:02:11, +30, -5m, 50%, #1200 and 2026-11-21T14:02:11Z are places on a tape";

/// See [`Reel::place`].
pub(super) fn parse(typed: &str, reel: &Reel) -> Result<Order, String> {
    let typed = typed.trim();
    let wrong = || format!("{:?} is no place: {FORMS}.", super::super::words::clip(typed, 60));
    if let Some(share) = typed.strip_suffix('%') {
        let share: f64 = share.trim().parse().map_err(|_| wrong())?;
        return if (0.0..=100.0).contains(&share) { Ok(Order::ToShare(share / 100.0)) } else { Err(wrong()) };
    }
    if let Some(number) = typed.strip_prefix('#') {
        let number: u64 = number.trim().parse().map_err(|_| wrong())?;
        return match number {
            1.. if number <= reel.deck.events => Ok(Order::To(number)),
            _ => Err(format!("There is no event {number}: the tape has {}.", reel.deck.events)),
        };
    }
    if let Some(on) = typed.strip_prefix('+') {
        return micros(on).map(Order::By).ok_or_else(wrong);
    }
    if let Some(back) = typed.strip_prefix('-') {
        return micros(back).map(|micros| Order::By(-micros)).ok_or_else(wrong);
    }
    if let Some(time) = WallTime::parse_rfc3339(typed) {
        let micros = u64::try_from(time.unix_micros()).map_err(|_| wrong())?;
        return inside(micros, reel);
    }
    let time: Time = typed.parse().ok().filter(|_| typed.contains(':')).ok_or_else(wrong)?;
    inside(time_of_day(time, reel).ok_or_else(wrong)?, reel)
}

/// A span: `30`, `1.5`, `5m`, `1h30m`, `500ms`; seconds where no unit stands. In microseconds.
fn micros(typed: &str) -> Option<i64> {
    let mut sum = 0.0_f64;
    let mut rest = typed.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        let behind = &rest[end..];
        let unit = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let factor = match &behind[..unit] {
            "ms" => 1e3,
            "" | "s" => 1e6,
            "m" | "min" => 60e6,
            "h" => 3_600e6,
            "d" => 86_400e6,
            _ => return None,
        };
        sum += number * factor;
        rest = behind[unit..].trim_start();
    }
    // Beyond three hundred years no tape goes.
    #[expect(clippy::cast_possible_truncation, reason = "within the bound that is checked")]
    (sum <= 1e16).then_some(sum as i64)
}

/// The time of day on the day where the tape stands; else the first such time on the tape; else on the day where it stands.
fn time_of_day(time: Time, reel: &Reel) -> Option<u64> {
    let (start, end) = reel.deck.span_us;
    let zoned = |micros: u64| {
        let at = WallTime::from_unix_micros(i64::try_from(micros).ok()?);
        Some(at.timestamp().to_zoned(reel.zone.clone()))
    };
    let on = |micros: u64, days: i64| {
        let day = zoned(micros)?.date().checked_add(jiff::Span::new().days(days)).ok()?;
        let at = day.to_datetime(time).to_zoned(reel.zone.clone()).ok()?;
        u64::try_from(at.timestamp().as_microsecond()).ok()
    };
    let here = on(reel.deck.time_us, 0);
    // What is typed to the second means all of it.
    let is_on_tape = |micros: &u64| (start.saturating_sub(999_999)..=end).contains(micros);
    here.filter(is_on_tape).or_else(|| (0..=1).filter_map(|days| on(start, days)).find(is_on_tape)).or(here)
}

fn inside(micros: u64, reel: &Reel) -> Result<Order, String> {
    let (start, end) = reel.deck.span_us;
    let of =
        |micros: u64| super::clock(WallTime::from_unix_micros(i64::try_from(micros).unwrap_or(i64::MAX)), &reel.zone);
    if micros.saturating_add(999_999) < start || micros > end {
        return Err(format!("The tape goes from {} to {}.", of(start), of(end)));
    }
    Ok(Order::ToTime(micros.max(start)))
}
