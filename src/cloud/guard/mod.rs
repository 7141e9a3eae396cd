//! Guardrails: what a cloud would not take is refused before it is sent, with the reason. The person decides: every check
//! here can be passed over by force.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Limits;
use super::line::size;
use crate::event::What;
use crate::mqtt::Qos;

/// What is about to be published.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Topic name.
    pub topic: &'a str,
    /// Payload size in bytes.
    pub size: usize,
    /// Quality of service.
    pub qos: Qos,
    /// RETAIN.
    pub retain: bool,
    /// What it is.
    pub what: What,
}

/// A limit that would be broken, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Breach(pub String);

/// What was sent lately on one connection, for the limits per second.
///
/// Publishes within ten milliseconds are counted together, so that a flood that is forced through, or a broker without
/// limits, costs a hundred entries and no more. A bunch leaves the count when its last publish is a second old: the
/// count is never too low, and too high for at most these ten milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    recent: VecDeque<Bunch>,
}

#[derive(Clone, Copy, Debug)]
struct Bunch {
    first: Instant,
    last: Instant,
    messages: u64,
    bytes: u64,
}

const WINDOW: Duration = Duration::from_secs(1);
const BUNCH: Duration = Duration::from_millis(10);

/// Checks a publish against `limits`, the meter included; it does not count it.
pub fn check_publish(limits: &Limits, meter: &Meter, now: Instant, message: &Outgoing<'_>) -> Result<(), Breach> {
    let cloud = limits.cloud;
    check_qos(limits, message.qos, "this message has")?;
    if message.retain && !limits.retain {
        return breach(format!("{cloud} does not keep retained messages, and this one has RETAIN set"));
    }
    if let Some(most) = limits.payload.filter(|most| message.size > *most) {
        return breach(format!(
            "{cloud} takes payloads of at most {}; this one has {}",
            exact(most as u64),
            exact(message.size as u64)
        ));
    }
    if let Some(most) = limits.report.filter(|most| message.what == What::PropertyReport && message.size > *most) {
        return breach(format!(
            "{cloud} takes property reports of at most {}; this one has {}",
            exact(most as u64),
            exact(message.size as u64)
        ));
    }
    check_topic(limits, message.topic, "topic")?;
    check_rate(limits, meter, now, message.size as u64)
}

/// Checks a subscription; `held` is how many the connection has already.
pub fn check_subscribe(limits: &Limits, filter: &str, qos: Qos, held: usize) -> Result<(), Breach> {
    check_qos(limits, qos, "this subscription asks for")?;
    check_topic(limits, filter, "topic filter")?;
    if let Some(most) = limits.subscriptions.filter(|most| held >= *most) {
        return breach(format!(
            "{} takes at most {most} subscriptions on one connection; this one has {held} already",
            limits.cloud
        ));
    }
    Ok(())
}

/// Checks a keep-alive, in seconds.
pub fn check_keep_alive(limits: &Limits, seconds: u16) -> Result<(), Breach> {
    let range = &limits.keep_alive;
    if range.contains(&seconds) {
        return Ok(());
    }
    breach(format!("{} takes a keep-alive of {} to {} s, not {seconds} s", limits.cloud, range.start(), range.end()))
}

impl Meter {
    /// Counts a publish of `size` bytes.
    pub fn count(&mut self, now: Instant, size: usize) {
        let size = size as u64;
        while self.recent.front().is_some_and(|bunch| !bunch.counts_at(now)) {
            self.recent.pop_front();
        }
        match self.recent.back_mut() {
            Some(bunch) if now.saturating_duration_since(bunch.first) < BUNCH => {
                bunch.last = bunch.last.max(now);
                bunch.messages += 1;
                bunch.bytes = bunch.bytes.saturating_add(size);
            }
            _ => self.recent.push_back(Bunch { first: now, last: now, messages: 1, bytes: size }),
        }
    }

    /// Messages and bytes within the second before `now`.
    fn lately(&self, now: Instant) -> (u64, u64) {
        let counted = self.recent.iter().rev().take_while(|bunch| bunch.counts_at(now));
        counted.fold((0, 0), |(messages, bytes), bunch| (messages + bunch.messages, bytes.saturating_add(bunch.bytes)))
    }
}

impl Bunch {
    fn counts_at(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) < WINDOW
    }
}

fn check_qos(limits: &Limits, qos: Qos, what: &str) -> Result<(), Breach> {
    if qos <= limits.qos {
        return Ok(());
    }
    breach(format!("{} takes QoS 0 to {}; {what} QoS {}", limits.cloud, limits.qos.number(), qos.number()))
}

/// The limits on topics are for the product's own: the clouds' system topics may be longer than they allow.
fn check_topic(limits: &Limits, topic: &str, what: &str) -> Result<(), Breach> {
    if limits.is_own(topic) {
        return Ok(());
    }
    let cloud = limits.cloud;
    if let Some(most) = limits.topic_bytes.filter(|most| topic.len() > *most) {
        return breach(format!("{cloud} takes a {what} of at most {most} bytes; this one has {}", topic.len()));
    }
    let slashes = topic.bytes().filter(|byte| *byte == b'/').count();
    if let Some(most) = limits.topic_slashes.filter(|most| slashes > *most) {
        return breach(format!("{cloud} takes a {what} with at most {most} slashes; this one has {slashes}"));
    }
    Ok(())
}

fn check_rate(limits: &Limits, meter: &Meter, now: Instant, size: u64) -> Result<(), Breach> {
    if limits.publishes_per_second.is_none() && limits.bytes_per_second.is_none() {
        return Ok(());
    }
    let cloud = limits.cloud;
    let (messages, bytes) = meter.lately(now);
    if let Some(most) = limits.publishes_per_second.filter(|most| messages >= u64::from(*most)) {
        return breach(format!(
            "{cloud} takes at most {most} messages a second on one connection; {messages} went in the last second"
        ));
    }
    if let Some(most) = limits.bytes_per_second.filter(|most| bytes.saturating_add(size) > *most) {
        return breach(format!(
            "{cloud} takes at most {} a second on one connection; {} went in the last second, and this message has {}",
            exact(most),
            exact(bytes),
            exact(size)
        ));
    }
    Ok(())
}

/// A size that can be told from the limit it passes by one byte: `65,537 bytes (64.0 KiB)`.
fn exact(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let digits = bytes.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} bytes ({})", size(bytes))
}

fn breach(words: String) -> Result<(), Breach> {
    Err(Breach(words))
}

#[cfg(test)]
mod tests;
