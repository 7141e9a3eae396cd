//! Simulators: a device that reports by itself, as a sensor would.
//!
//! | file | what lives there |
//! |---|---|
//! | `wave` | what a property's value does from one report to the next |
//! | `running` | when a simulator reports, and what |
//!
//! Pure: the time and the generator of what looks random are arguments. Reading a simulator from the config, and a column from a
//! CSV file, is `config`'s.

mod running;
mod wave;

use std::time::Duration;

pub use running::Running;
pub use wave::{Order, Then, Wave};

use crate::cloud::Property;

/// A simulator, as checked values.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulator {
    /// Its name, unique for the device.
    pub name: String,
    /// Whether it reports from the start.
    pub enabled: bool,
    /// From one report to the next; at least 1 ms.
    pub period: Duration,
    /// By which share of itself each period may be longer or shorter, 0 to 1.
    pub jitter: f64,
    /// Whether a report goes only when a value differs from the last report's, and then with those values alone.
    pub on_change: bool,
    /// What is reported.
    pub properties: Vec<(Property, Wave)>,
}

impl Simulator {
    /// What it does, in a few words: "temperature by sine, every 5 s".
    pub fn words(&self) -> String {
        const NAMED: usize = 3;
        let mut named: Vec<String> = self
            .properties
            .iter()
            .take(NAMED)
            .map(|(property, wave)| format!("{property} by {}", wave.word()))
            .collect();
        if self.properties.len() > NAMED {
            named.push(format!("{} more", self.properties.len() - NAMED));
        }
        let change = if self.on_change { ", on change" } else { "" };
        format!("{}, every {}{change}", named.join(", "), every(self.period))
    }
}

/// A period as a person says it.
fn every(period: Duration) -> String {
    let millis = period.as_millis();
    match millis {
        0..1_000 => format!("{millis} ms"),
        _ if millis.is_multiple_of(60_000) => format!("{} min", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{} s", millis / 1_000),
        _ => format!("{:.1} s", period.as_secs_f64()),
    }
}
