//! A device session: one actor a device that drives link, mqtt and cloud, backs off and emits events.
//!
//! What lives here: the actor, its orders, the back-off's policy and the fetching of secrets. What may not: the screen.

pub mod order;
pub mod secrets;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::cloud::Platform;
use crate::profile::Profile;
use crate::timeline::{SessionId, Timeline};
pub use order::{Action, Order};

/// The timeline that sessions share, and the bell that wakes whoever looks at it.
#[derive(Clone, Debug)]
pub struct Journal {
    timeline: Arc<Mutex<Timeline>>,
    bell: Arc<Notify>,
}

/// How the rest of the program speaks to a session.
#[derive(Clone, Debug)]
pub struct Handle {
    /// Its place in the timeline.
    pub id: SessionId,
    /// The device.
    pub profile: Arc<Profile>,
    /// The device as its cloud sees it.
    pub platform: Arc<dyn Platform>,
    orders: mpsc::Sender<Order>,
}

/// Why an order was not taken; the order comes back unharmed.
#[derive(Debug)]
pub enum Refused {
    /// The session has too many orders waiting.
    Busy(Order),
    /// The session has ended.
    Gone(Order),
}

impl Journal {
    /// Shares `timeline`.
    pub fn new(timeline: Timeline) -> Self {
        Self { timeline: Arc::new(Mutex::new(timeline)), bell: Arc::new(Notify::new()) }
    }

    /// Looks at, or appends to, the timeline. Keep it short: sessions wait meanwhile.
    pub fn with<T>(&self, work: impl FnOnce(&mut Timeline) -> T) -> T {
        work(&mut self.timeline.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes whoever waits in [`Journal::changed`].
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until something was appended since the last call.
    pub async fn changed(&self) {
        self.bell.notified().await;
    }
}

impl Handle {
    /// A handle whose orders go to `orders`.
    pub fn new(id: SessionId, profile: Arc<Profile>, platform: Arc<dyn Platform>, orders: mpsc::Sender<Order>) -> Self {
        Self { id, profile, platform, orders }
    }

    /// Hands an order over without waiting.
    pub fn try_send(&self, order: Order) -> Result<(), Refused> {
        self.orders.try_send(order).map_err(|error| match error {
            mpsc::error::TrySendError::Full(order) => Refused::Busy(order),
            mpsc::error::TrySendError::Closed(order) => Refused::Gone(order),
        })
    }
}
