//! What a property's value does from one report to the next.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Number, Value};

/// A double keeps so many decimal places and no more.
const PLACES: u8 = 15;

/// How a value moves.
#[derive(Clone, Debug, PartialEq)]
pub enum Wave {
    /// Always the same.
    Constant(Value),
    /// From one number to another by equal steps.
    Ramp {
        /// The first value.
        from: f64,
        /// The last value; it is reached or fallen short of, never passed.
        to: f64,
        /// The size of a step; its sign follows from the direction.
        step: f64,
        /// What comes after the last.
        then: Then,
        /// Decimal places.
        places: u8,
    },
    /// A sine, by the time since the simulator began.
    Sine {
        /// The middle.
        mean: f64,
        /// The greatest distance from it.
        amplitude: f64,
        /// One whole turn.
        period: Duration,
        /// Decimal places.
        places: u8,
    },
    /// A random walk: each value lies at most a step from the last, and always within bounds.
    Walk {
        /// The first value.
        start: f64,
        /// The longest step.
        step: f64,
        /// The lowest value.
        min: f64,
        /// The highest value.
        max: f64,
        /// Decimal places.
        places: u8,
    },
    /// Values one by one, from a list or from a column of a CSV file.
    List {
        /// The values; at least one.
        values: Arc<[Value]>,
        /// In which order.
        order: Order,
        /// Where they came from, for words: `list` or `csv`.
        word: &'static str,
    },
}

/// What comes after a ramp's last value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Then {
    /// It begins anew.
    #[default]
    Wrap,
    /// It goes back.
    Bounce,
    /// It stays.
    Stop,
}

/// In which order a list's values come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// One after the other, over and over.
    #[default]
    Cycle,
    /// One after the other, and then the last for good.
    Once,
    /// At random.
    Random,
}

/// Where a wave stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// How many values it has given.
    given: u64,
    /// The last value of a walk.
    last: f64,
}

impl Wave {
    /// Its name in the config.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Ramp { .. } => "ramp",
            Self::Sine { .. } => "sine",
            Self::Walk { .. } => "walk",
            Self::List { word, .. } => word,
        }
    }

    /// The next value, `elapsed` after the simulator began.
    pub(super) fn next(&self, place: &mut Place, elapsed: Duration, random: &mut Rng) -> Value {
        let given = place.given;
        place.given = given.saturating_add(1);
        match self {
            Self::Constant(value) => value.clone(),
            Self::Ramp { from, to, step, then, places } => number(ramp(*from, *to, *step, *then, given), *places),
            Self::Sine { mean, amplitude, period, places } => {
                let turns = elapsed.as_secs_f64() / period.as_secs_f64().max(f64::MIN_POSITIVE);
                let value = mean + amplitude * (turns.fract() * TAU).sin();
                within(value, mean - amplitude.abs(), mean + amplitude.abs(), *places)
            }
            Self::Walk { start, step, min, max, places } => {
                let moved = if given == 0 { *start } else { place.last + step * (random.f64() * 2.0 - 1.0) };
                place.last = moved.clamp(*min, *max);
                within(place.last, *min, *max, *places)
            }
            Self::List { values, order, .. } => {
                let count = values.len().max(1);
                let at = match order {
                    Order::Cycle => usize::try_from(given % count as u64).unwrap_or(0),
                    Order::Once => usize::try_from(given).unwrap_or(usize::MAX).min(count - 1),
                    Order::Random => random.usize(..count),
                };
                values.get(at).cloned().unwrap_or_default()
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "steps are counted in whole numbers that a report a millisecond does not exceed in a lifetime"
)]
fn ramp(from: f64, to: f64, step: f64, then: Then, given: u64) -> f64 {
    /// No ramp has more steps, which leaves room for there and back.
    const MOST: f64 = (1_u64 << 62) as f64;
    let steps = ((to - from) / step).abs().floor();
    if !steps.is_finite() || steps < 1.0 {
        return from;
    }
    let steps = steps.min(MOST) as u64;
    let at = match then {
        Then::Wrap => given % (steps + 1),
        Then::Stop => given.min(steps),
        Then::Bounce => {
            let turn = given % (2 * steps);
            if turn <= steps { turn } else { 2 * steps - turn }
        }
    };
    from + step.abs().copysign(to - from) * at as f64
}

/// A value rounded to so many places that stays within bounds: rounding may not carry it over one.
fn within(value: f64, min: f64, max: f64, places: u8) -> Value {
    let unit = 10_f64.powi(i32::from(places.min(PLACES)));
    let rounded = rounded(value, places);
    let (lowest, highest) = ((min * unit).ceil() / unit, (max * unit).floor() / unit);
    // Bounds closer together than a place leave no number between them.
    let value = if lowest <= highest { rounded.clamp(lowest, highest) } else { value.clamp(min, max) };
    plain(value, places)
}

fn number(value: f64, places: u8) -> Value {
    plain(rounded(value, places), places)
}

fn rounded(value: f64, places: u8) -> f64 {
    let unit = 10_f64.powi(i32::from(places.min(PLACES)));
    let scaled = (value * unit).round() / unit;
    if scaled.is_finite() { scaled } else { value }
}

/// Without places a whole number, as JSON writes it; else a decimal, which keeps its point: some clouds want one.
#[expect(clippy::cast_possible_truncation, reason = "the whole numbers that a double tells apart fit")]
fn plain(value: f64, places: u8) -> Value {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if places == 0 && value.fract() == 0.0 && value.abs() <= WHOLE {
        return Value::from(value as i64);
    }
    // What is no number, JSON has no word for; the config lets none in.
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn series(wave: &Wave, count: usize, seed: u64) -> Vec<Value> {
        let (mut place, mut random) = (Place::default(), fastrand::Rng::with_seed(seed));
        (0..count as u64).map(|second| wave.next(&mut place, Duration::from_secs(second), &mut random)).collect()
    }

    fn ramp_of(then: Then) -> Wave {
        Wave::Ramp { from: 1.0, to: 3.0, step: 1.0, then, places: 0 }
    }

    #[test]
    fn each_wave_moves_as_its_name_says() {
        assert_eq!(series(&Wave::Constant(json!("on")), 2, 1), [json!("on"), json!("on")]);
        assert_eq!(series(&ramp_of(Then::Wrap), 5, 1), [1, 2, 3, 1, 2].map(Value::from));
        assert_eq!(series(&ramp_of(Then::Bounce), 6, 1), [1, 2, 3, 2, 1, 2].map(Value::from));
        assert_eq!(series(&ramp_of(Then::Stop), 5, 1), [1, 2, 3, 3, 3].map(Value::from));
        let down = Wave::Ramp { from: 1.0, to: 0.5, step: 0.25, then: Then::Wrap, places: 2 };
        assert_eq!(series(&down, 4, 1), [1.0, 0.75, 0.5, 1.0].map(Value::from));
        let sine = Wave::Sine { mean: 20.0, amplitude: 5.0, period: Duration::from_secs(4), places: 1 };
        assert_eq!(series(&sine, 5, 1), [20.0, 25.0, 20.0, 15.0, 20.0].map(Value::from));
        let list = |order| Wave::List { values: Arc::from([json!(1), json!("b")]), order, word: "list" };
        assert_eq!(series(&list(Order::Cycle), 3, 1), [json!(1), json!("b"), json!(1)]);
        assert_eq!(series(&list(Order::Once), 3, 1), [json!(1), json!("b"), json!("b")]);
        let random = series(&list(Order::Random), 64, 1);
        assert!(random.contains(&json!(1)) && random.contains(&json!("b")));
    }

    #[test]
    fn a_ramp_of_more_steps_than_can_be_counted_begins() {
        for then in [Then::Wrap, Then::Bounce, Then::Stop] {
            for (from, to) in [(0.0, 1e300), (1e300, -1e300)] {
                let ramp = Wave::Ramp { from, to, step: 0.5, then, places: 0 };
                let first = series(&ramp, 3, 1);
                assert_eq!(first[0].as_f64(), Some(from), "{then:?}");
            }
        }
    }

    #[test]
    fn a_decimal_keeps_its_point_and_a_whole_number_has_none() {
        let constant = |places| Wave::Ramp { from: 3.0, to: 3.0, step: 1.0, then: Then::Stop, places };
        assert_eq!(series(&constant(1), 1, 1)[0].to_string(), "3.0");
        assert_eq!(series(&constant(0), 1, 1)[0].to_string(), "3");
    }

    proptest! {
        #[test]
        fn a_walk_stays_within_its_bounds_and_steps(
            min in -1e6_f64..1e6, width in 0.0_f64..1e6, step in 0.0_f64..1e5, places in 0_u8..6, seed: u64,
        ) {
            let max = min + width;
            let wave = Wave::Walk { start: min, step, min, max, places };
            let values: Vec<f64> = series(&wave, 50, seed).iter().map(|value| value.as_f64().unwrap()).collect();
            prop_assert!(values.iter().all(|value| (min..=max).contains(value)), "{values:?}");
            let unit = 10_f64.powi(-i32::from(places));
            prop_assert!(values.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= step + unit + 1e-6));
            prop_assert_eq!(series(&wave, 50, seed), series(&wave, 50, seed), "the same seed gives the same");
        }

        #[test]
        fn a_sine_stays_within_its_amplitude(mean in -1e6_f64..1e6, amplitude in 0.0_f64..1e5, places in 0_u8..6, seconds in 1_u64..1000) {
            let wave = Wave::Sine { mean, amplitude, period: Duration::from_secs(seconds), places };
            for value in series(&wave, 60, 1) {
                let value = value.as_f64().unwrap();
                prop_assert!((mean - amplitude..=mean + amplitude).contains(&value), "{value}");
            }
        }

        #[test]
        fn a_ramp_stays_between_its_ends(from in -1e6_f64..1e6, to in -1e6_f64..1e6, step in 0.01_f64..1e5) {
            for then in [Then::Wrap, Then::Bounce, Then::Stop] {
                let wave = Wave::Ramp { from, to, step, then, places: 3 };
                let (low, high) = (from.min(to) - 1e-3, from.max(to) + 1e-3);
                for value in series(&wave, 100, 1) {
                    let value = value.as_f64().unwrap();
                    prop_assert!((low..=high).contains(&value), "{value} is not between {low} and {high}");
                }
            }
        }
    }
}
