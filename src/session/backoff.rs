//! How long to wait before the next attempt: formulas, with the random number as an argument.

use std::time::Duration;

use crate::profile::{Backoff, BackoffPolicy};

/// The wait after `failures` attempts in a row have failed before this one (0 at the first); `unit` is uniform in
/// `0.0..1.0`. `None`: the policy says never again.
pub(super) fn wait(backoff: &Backoff, failures: u32, unit: f64) -> Option<Duration> {
    match backoff.policy {
        BackoffPolicy::Huawei => Some(huawei(backoff, failures, unit)),
        BackoffPolicy::Jitter => Some(full_jitter(backoff, failures, unit)),
        BackoffPolicy::Fixed => Some(backoff.default.min(backoff.max)),
        BackoffPolicy::None => None,
    }
}

/// The longest wait that the policy has; `None`: it has no wait at all.
pub(super) fn longest(backoff: &Backoff) -> Option<Duration> {
    match backoff.policy {
        BackoffPolicy::Huawei | BackoffPolicy::Jitter => Some(backoff.max),
        BackoffPolicy::Fixed => Some(backoff.default.min(backoff.max)),
        BackoffPolicy::None => None,
    }
}

/// Huawei's own: with D the default and R a whole number of milliseconds in 0 … 0.4·D, the wait is
/// `min(min + 2^n · (R + 0.8·D), max)`. The minimum is added, the cap comes last and has no jitter.
fn huawei(backoff: &Backoff, failures: u32, unit: f64) -> Duration {
    let default = millis(backoff.default);
    let low = 0.8 * default;
    let high = 1.2 * default;
    // 1.2·D − 0.8·D has a float error that would push R's upper end one too far or too near.
    let spread = (high - low).mul_add(1e6, 0.5).floor() / 1e6;
    let random = (unit * (spread + 1.0)).floor();
    let jittered = doubled(failures) * (random + low);
    from_millis((millis(backoff.min) + jittered).min(millis(backoff.max)))
}

/// Uniform below `min(max, default · 2^n)`: spreads a crowd of clients best.
fn full_jitter(backoff: &Backoff, failures: u32, unit: f64) -> Duration {
    from_millis(unit * (millis(backoff.default) * doubled(failures)).min(millis(backoff.max)))
}

/// 2^n; beyond 2^64 every cap is reached.
fn doubled(failures: u32) -> f64 {
    2f64.powi(i32::try_from(failures.min(64)).unwrap_or(64))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn from_millis(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1e3).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(policy: BackoffPolicy, min: u64, default: u64, max: u64) -> Backoff {
        Backoff {
            policy,
            min: Duration::from_millis(min),
            default: Duration::from_millis(default),
            max: Duration::from_millis(max),
        }
    }

    #[test]
    fn huaweis_waits_lie_within_the_documented_bounds() {
        let backoff = policy(BackoffPolicy::Huawei, 1000, 1000, 30_000);
        let almost_one = 1.0 - f64::EPSILON / 2.0;
        for (failures, shortest, longest) in [
            (0, 1_800, 2_200),
            (1, 2_600, 3_400),
            (2, 4_200, 5_800),
            (3, 7_400, 10_600),
            (4, 13_800, 20_200),
            (5, 26_600, 30_000),
            (6, 30_000, 30_000),
            (60, 30_000, 30_000),
            (u32::MAX, 30_000, 30_000),
        ] {
            let bounds = [0.0, almost_one].map(|unit| wait(&backoff, failures, unit).unwrap().as_millis());
            assert_eq!(bounds, [shortest, longest], "after {failures} failures");
        }
    }

    #[test]
    fn huaweis_jitter_is_in_whole_milliseconds_times_the_power() {
        let backoff = policy(BackoffPolicy::Huawei, 0, 10, 1_000_000);
        // R is one of 0 … 4 with D = 10.
        let waits: Vec<u128> =
            (0..50).map(|step| wait(&backoff, 1, f64::from(step) / 50.0).unwrap().as_micros()).collect();
        let mut distinct = waits.clone();
        distinct.dedup();
        assert_eq!(distinct, [16_000, 18_000, 20_000, 22_000, 24_000]);
    }

    #[test]
    fn fixed_waits_the_default_and_none_never_comes_back() {
        assert_eq!(wait(&policy(BackoffPolicy::Fixed, 1, 700, 9_000), 5, 0.9), Some(Duration::from_millis(700)));
        assert_eq!(wait(&policy(BackoffPolicy::None, 1, 700, 9_000), 0, 0.9), None);
        assert_eq!(longest(&policy(BackoffPolicy::None, 1, 700, 9_000)), None);
    }

    proptest! {
        #[test]
        fn full_jitter_stays_below_its_doubling_ceiling(failures in 0u32..200, unit in 0.0f64..1.0) {
            let backoff = policy(BackoffPolicy::Jitter, 1000, 1000, 60_000);
            let ceiling = 1000f64 * 2f64.powi(i32::try_from(failures.min(20)).unwrap());
            let waited = wait(&backoff, failures, unit).unwrap().as_secs_f64() * 1e3;
            prop_assert!(waited <= ceiling.min(60_000.0));
        }

        #[test]
        fn no_wait_is_longer_than_the_cap(
            min in 0u64..100_000, default in 0u64..100_000, max in 0u64..100_000, failures: u32, unit in 0.0f64..1.0,
        ) {
            for kind in [BackoffPolicy::Huawei, BackoffPolicy::Jitter, BackoffPolicy::Fixed] {
                let backoff = policy(kind, min, default, max);
                prop_assert!(wait(&backoff, failures, unit).unwrap() <= longest(&backoff).unwrap());
            }
        }
    }
}
