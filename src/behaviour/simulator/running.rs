//! A simulator at work: when it reports, and what.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use super::Simulator;
use super::wave::Place;
use crate::cloud::Property;

/// A simulator and where it stands. It runs while it is on and the device is online.
#[derive(Debug)]
pub struct Running {
    simulator: Simulator,
    on: bool,
    places: Vec<Place>,
    /// The values of the last report, for those that go on change alone.
    last: Vec<Option<Value>>,
    /// Since when it runs; a sine counts from there.
    begun: Option<Instant>,
    due: Option<Instant>,
    reports: u64,
}

impl Running {
    /// A simulator that has not begun.
    pub fn new(simulator: Simulator) -> Self {
        let count = simulator.properties.len();
        Self {
            on: simulator.enabled,
            places: vec![Place::default(); count],
            last: vec![None; count],
            begun: None,
            due: None,
            reports: 0,
            simulator,
        }
    }

    /// The simulator.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// Whether it is switched on.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// How many reports it has made.
    pub fn reports(&self) -> u64 {
        self.reports
    }

    /// Switches it; one that is switched on while the device is online reports at once.
    pub fn switch(&mut self, on: bool, online: bool, now: Instant) {
        self.on = on;
        self.due = (on && online).then_some(now);
    }

    /// The device is online: it reports at once.
    pub fn online(&mut self, now: Instant) {
        self.due = self.on.then_some(now);
    }

    /// The device is offline: nothing is due until it comes back.
    pub fn offline(&mut self) {
        self.due = None;
    }

    /// When the next report is due.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The values to report at `now`; empty: none, for nothing is due or nothing has changed.
    pub fn tick(&mut self, now: Instant, random: &mut Rng) -> Vec<(Property, Value)> {
        let Some(due) = self.due.filter(|due| *due <= now) else { return Vec::new() };
        let next = due + self.pause(random);
        // After a stretch without a processor it goes on from now, and makes up for nothing.
        self.due = Some(if next > now { next } else { now + self.pause(random) });
        let elapsed = now.saturating_duration_since(*self.begun.get_or_insert(now));
        let on_change = self.simulator.on_change;
        let mut values = Vec::new();
        let waves = self.simulator.properties.iter().zip(&mut self.places).zip(&mut self.last);
        for (((property, wave), place), last) in waves {
            let value = wave.next(place, elapsed, random);
            if on_change && last.as_ref() == Some(&value) {
                continue;
            }
            *last = on_change.then(|| value.clone());
            values.push((property.clone(), value));
        }
        self.reports += u64::from(!values.is_empty());
        values
    }

    fn pause(&self, random: &mut Rng) -> Duration {
        let share = 1.0 + self.simulator.jitter.clamp(0.0, 1.0) * (random.f64() * 2.0 - 1.0);
        self.simulator.period.mul_f64(share).max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Order, Wave};
    use super::*;

    fn simulator(on_change: bool, jitter: f64) -> Simulator {
        let values = [1, 1, 2].map(Value::from).to_vec();
        let list = Wave::List { values: values.into(), order: Order::Cycle, word: "list" };
        Simulator {
            name: "s".to_owned(),
            enabled: true,
            period: Duration::from_secs(5),
            jitter,
            on_change,
            properties: vec![(Property::of("", "a"), list), (Property::of("", "b"), Wave::Constant(json!("x")))],
        }
    }

    #[test]
    fn it_reports_at_once_and_then_each_period_while_online() {
        let (mut running, mut random, start) = (Running::new(simulator(false, 0.0)), Rng::with_seed(1), Instant::now());
        assert_eq!(running.due(), None);
        running.online(start);
        let names = |values: Vec<(Property, Value)>| values.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(names(running.tick(start, &mut random)), [json!(1), json!("x")]);
        assert_eq!(running.due(), Some(start + Duration::from_secs(5)));
        assert!(running.tick(start + Duration::from_secs(4), &mut random).is_empty());
        running.offline();
        assert_eq!(running.due(), None);
        running.online(start + Duration::from_mins(1));
        assert!(!running.tick(start + Duration::from_mins(1), &mut random).is_empty());
        running.switch(false, true, start);
        assert_eq!((running.due(), running.reports(), running.is_on()), (None, 2, false));
    }

    #[test]
    fn on_change_only_what_differs_goes() {
        let (mut running, mut random, start) = (Running::new(simulator(true, 0.0)), Rng::with_seed(1), Instant::now());
        running.online(start);
        let mut sent = Vec::new();
        for step in 0..4 {
            sent.push(running.tick(start + Duration::from_secs(5 * step), &mut random));
        }
        let a = || Property::of("", "a");
        assert_eq!(sent[0].len(), 2);
        assert!(sent[1].is_empty(), "1 again");
        assert_eq!(sent[2], [(a(), json!(2))]);
        assert_eq!(sent[3], [(a(), json!(1))]);
        assert_eq!(running.reports(), 3);
    }

    #[test]
    fn jitter_stays_within_its_share_and_a_long_stop_is_not_made_up_for() {
        let (mut running, mut random, start) = (Running::new(simulator(false, 0.2)), Rng::with_seed(7), Instant::now());
        running.online(start);
        let mut now = start;
        let mut pauses = Vec::new();
        for _ in 0..100 {
            running.tick(now, &mut random);
            let due = running.due().unwrap();
            pauses.push(due - now);
            now = due;
        }
        assert!(pauses.iter().all(|pause| (4_000..=6_000).contains(&pause.as_millis())));
        assert!(pauses.iter().max() > pauses.iter().min());
        let late = now + Duration::from_secs(1_000);
        assert!(!running.tick(late, &mut random).is_empty());
        assert!(running.due().unwrap() > late);
    }
}
