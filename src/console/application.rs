//! The platform's application, where this program has one, as the demo does: what it can be told to send to a device.
//!
//! What lives here: what the console needs to know of it. What may not: a platform; whoever starts the console brings it.

use std::fmt::Debug;

use super::action::Motion;
use crate::text::Safe;
use crate::timeline::SessionId;

/// An application that can be told what to send next.
pub trait Application: Debug + Send {
    /// What it can send to the device of that name; empty: nothing.
    fn offers(&self, device: &str) -> Vec<Offer>;

    /// Has it send something, without waiting for what comes of it.
    fn send(&self, wanted: &Wanted);

    /// What has come of something that was sent; each is told once.
    fn news(&mut self) -> Option<Outcome>;
}

/// Something that the application can send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// How it is called in orders.
    pub name: String,
    /// What it is: "command SILENCE".
    pub label: Safe,
}

/// Something that the application shall send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The device's name.
    pub device: String,
    /// The offer.
    pub offer: Offer,
}

/// What has come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// In words: "smoke-01: answered in 320 ms (command SILENCE)".
    pub words: String,
    /// Whether it went as it should.
    pub good: bool,
}

/// The list of what the application can send to a device, as the keys left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    /// The session whose device it is for.
    pub session: SessionId,
    /// What it can send.
    pub offers: Vec<Offer>,
    /// Which one is under the cursor.
    pub chosen: usize,
}

impl Offers {
    /// The list of `offers`, with the cursor on the one called `last`, if it is among them.
    pub fn new(session: SessionId, offers: Vec<Offer>, last: Option<&str>) -> Self {
        let chosen = last.and_then(|last| offers.iter().position(|offer| offer.name == last)).unwrap_or(0);
        Self { session, offers, chosen }
    }

    /// Moves the cursor; a page has so many lines.
    pub fn step(&mut self, motion: Motion, page: usize) {
        let last = self.offers.len().saturating_sub(1);
        self.chosen = motion.goal(self.chosen, last, page);
    }
}
