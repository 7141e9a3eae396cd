//! Messages a second, counted over whole seconds.

/// How many whole seconds a rate looks back.
const SECONDS: u64 = 3;
/// Those, and the second that runs.
const SLOTS: usize = 4;

/// How many a second, lately: the mean of the last three whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    /// The second of the newest count, since the stream's start.
    newest: u64,
    /// Counts by second, `second % SLOTS`.
    counts: [u32; SLOTS],
}

impl Rate {
    /// Counts one at `mono_us` (microseconds since the stream's start, never before that of the last call).
    pub fn count(&mut self, mono_us: u64) {
        let second = mono_us / 1_000_000;
        if second != self.newest {
            let skipped = second.saturating_sub(self.newest).min(SLOTS as u64);
            for ago in 0..skipped {
                self.counts[slot(second - ago)] = 0;
            }
            self.newest = self.newest.max(second);
        }
        let count = &mut self.counts[slot(self.newest)];
        *count = count.saturating_add(1);
    }

    /// How many a second over the last whole seconds before `mono_us`: three, or as many as the stream is old.
    pub fn per_second(&self, mono_us: u64) -> f64 {
        let now = mono_us / 1_000_000;
        let seconds = now.min(SECONDS);
        if seconds == 0 {
            return 0.0;
        }
        let held = (now - seconds..now).filter(|second| *second <= self.newest && second + SLOTS as u64 > self.newest);
        // Not `sum`, whose answer for no second at all is minus zero.
        let sum = held.map(|second| f64::from(self.counts[slot(second)])).fold(0.0, |so_far, count| so_far + count);
        sum / f64::from(u32::try_from(seconds).unwrap_or(1))
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_the_mean_of_the_last_whole_seconds() {
        let mut rate = Rate::default();
        let tell = |rate: &Rate, at: u64| (rate.per_second(at) * 1_000.0).round() / 1_000.0;
        for _ in 0..6 {
            rate.count(500_000);
        }
        assert_eq!(tell(&rate, 900_000).to_string(), "0", "no whole second yet");
        assert_eq!(tell(&rate, 1_000_000).to_string(), "6");
        assert_eq!(tell(&rate, 2_500_000).to_string(), "3");
        assert_eq!(tell(&rate, 3_999_999).to_string(), "2");
        assert_eq!(tell(&rate, 4_000_000).to_string(), "0");
        assert_eq!(tell(&rate, u64::MAX).to_string(), "0");
    }

    proptest! {
        #[test]
        fn rates_agree_with_the_list_of_all_counts(steps in prop::collection::vec(0_u64..1_500_000, 0..60), after in 0_u64..6_000_000) {
            let mut rate = Rate::default();
            let mut now = 0;
            let mut all = Vec::new();
            for step in steps {
                now += step;
                rate.count(now);
                all.push(now / 1_000_000);
            }
            let second = (now + after) / 1_000_000;
            let seconds = second.min(3);
            let naive = all.iter().filter(|s| **s < second && **s + seconds >= second).count();
            let naive = if seconds == 0 { 0.0 } else { f64::from(u32::try_from(naive).unwrap()) / f64::from(u32::try_from(seconds).unwrap()) };
            prop_assert!((rate.per_second(now + after) - naive).abs() < 1e-9);
        }
    }
}
