//! What a device does about what the platform tells it beside requests: the time, orders, desired values, upgrades.

use std::sync::Arc;
use std::time::Duration;

use super::Deed;
use super::machine::Behaviour;
use super::rule;
use crate::cloud::{Asked, Told, clock_offset_us};
use crate::event::Moment;

impl Behaviour {
    /// CONNACK 0 has come: what is said at each connect.
    pub(super) fn came_online(&mut self, now: Moment) {
        if self.upgrades.is_reported() {
            self.report_versions(now);
        }
        if self.ask_time
            && let Err(why) = self.ask_for_time(now)
        {
            self.note(why);
        }
        self.upgrades.online(now.mono);
    }

    /// The platform told something.
    pub(super) fn was_told(&mut self, now: Moment, asked: &Asked<'_>, told: Told) {
        match told {
            Told::Time { device_sent, received, sent } => self.learnt_time(now, (device_sent, received, sent)),
            Told::VersionWanted => self.report_versions(now),
            Told::Upgrade(upgrade) => self.upgrade_ordered(now, upgrade),
            Told::UpgradeCancelled => self.upgrade_cancelled(now),
            Told::Desired { writes, .. } if self.auto.desired && !writes.is_empty() => {
                let serial = self.serial(now);
                // What was taken over is reported: else the platform goes on desiring it.
                if let Some(draft) = self.platform.report(serial, &writes, None) {
                    self.send(draft, &Arc::from("desired values"));
                }
                self.take_over(now, writes);
            }
            Told::Order { .. } => {
                if let Some(draft) = self.platform.acknowledge(asked) {
                    self.send(draft, &Arc::from("acknowledgement"));
                }
            }
            Told::Notice { title, words } => {
                let title = if title.is_empty() || words.is_empty() { title } else { format!("{title}: ") };
                self.note(format!("the platform says {title}{words}"));
            }
            Told::Desired { .. } | Told::Secret => {}
        }
    }

    /// Asks for the platform's time.
    pub(super) fn ask_for_time(&mut self, now: Moment) -> Result<(), String> {
        let serial = self.serial(now);
        let draft = self.platform.ask_time(serial, now.at);
        let draft = draft.ok_or_else(|| format!("{} has no question for its time", self.platform.limits().cloud))?;
        self.send(draft, &Arc::from("time"));
        Ok(())
    }

    fn learnt_time(&mut self, now: Moment, (device_sent, received, sent): (i64, i64, i64)) {
        let offset = clock_offset_us(device_sent, received, sent, now.at.unix_micros().div_euclid(1_000));
        self.clock_offset_us = Some(offset);
        self.deeds.push(Deed::Clock(offset));
        self.note(clock_words(offset));
        self.changed(now);
    }
}

/// How far the platform's clock is off, in words.
fn clock_words(offset_us: i64) -> String {
    let off = rule::time(Duration::from_micros(offset_us.unsigned_abs()));
    match offset_us {
        -999..=999 => "the platform's clock and this one are the same".to_owned(),
        1_000.. => format!("the platform's clock is {off} ahead"),
        _ => format!("the platform's clock is {off} behind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_difference_is_said_in_words() {
        for (offset, words) in [
            (3_200_000, "the platform's clock is 3.2 s ahead"),
            (-45_000, "the platform's clock is 45 ms behind"),
            (500, "the platform's clock and this one are the same"),
        ] {
            assert_eq!(clock_words(offset), words);
        }
        assert!(clock_words(i64::MIN).ends_with("behind"));
    }
}
