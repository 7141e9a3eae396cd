//! A device session: one actor a device that drives link, mqtt and cloud, backs off and emits events.
//!
//! What lives here: the actor and its orders, the policy of coming back, the journal that sessions share, and the
//! fetching of secrets. What may not: the screen, or what a topic means.

mod actor;
mod backoff;
mod cause;
pub mod clock;
mod connection;
mod evidence;
mod journal;
mod ledger;
mod line;
mod order;
mod orders;
mod own;
mod record;
pub mod recorder;
pub mod recording;
mod recovery;
pub mod registration;
pub mod secrets;
mod sub_devices;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::behaviour::{Behaviour, Plan, Standing};
use crate::cloud::{Platform, platform};
use crate::profile::{Profile, SubDevice};
use crate::secret::Secret;
use crate::tape::Recorded;
use crate::timeline::SessionId;
pub use journal::{Follower, Journal};
pub use order::{Action, Order};
pub use recorder::Recorder;
pub use recording::Recording;
use sub_devices::Keyring;

/// Orders that may wait at one session.
const ORDERS: usize = 1024;

/// How the rest of the program speaks to a session. The session leaves in order when its last handle is dropped.
#[derive(Clone, Debug)]
pub struct Handle {
    /// Its place in the timeline.
    pub id: SessionId,
    /// The device.
    pub profile: Arc<Profile>,
    /// The device as its cloud sees it.
    pub platform: Arc<dyn Platform>,
    orders: mpsc::Sender<Order>,
    board: own::Board,
    keyring: Keyring,
}

/// Why an order was not taken; the order comes back unharmed.
#[derive(Debug)]
pub enum Refused {
    /// The session has too many orders waiting.
    Busy(Order),
    /// The session has ended.
    Gone(Order),
}

/// Makes the device of `profile` known in `journal` and starts its session, which dials at once if the profile says so. The device
/// does nothing by itself. Must be called within a tokio runtime.
pub fn start(profile: Profile, journal: &Journal) -> Handle {
    start_with(profile, &Plan::default(), journal)
}

/// As [`start`], for a device that does what `plan` says by itself. Its waits between attempts follow from the plan's seed too.
pub fn start_with(profile: Profile, plan: &Plan, journal: &Journal) -> Handle {
    let profile = Arc::new(profile);
    let platform: Arc<dyn Platform> = platform(&profile).into();
    let id = journal.with(|timeline| timeline.register(&profile.name, profile.identity.cloud()));
    journal.introduce(id, Recorded::of(&profile));
    let (sender, orders) = mpsc::channel(ORDERS);
    let seed = plan.seed.unwrap_or_else(|| fastrand::u64(..));
    let own = Behaviour::new(plan, Arc::clone(&platform), seed, clock::now());
    let (board, keyring) = (own::Board::default(), Keyring::default());
    let actor =
        actor::Actor::new(id, Arc::clone(&profile), Arc::clone(&platform), journal.clone(), orders, own, board.clone());
    tokio::spawn(actor.with_seed(seed).with_keyring(keyring.clone()).run());
    Handle { id, profile, platform, orders: sender, board, keyring }
}

impl Handle {
    /// A handle whose orders go to whoever holds the other end of `orders`.
    pub fn new(id: SessionId, profile: Arc<Profile>, platform: Arc<dyn Platform>, orders: mpsc::Sender<Order>) -> Self {
        Self { id, profile, platform, orders, board: own::Board::default(), keyring: Keyring::default() }
    }

    /// This handle, showing `standing` from now on: for whoever stands in for a session.
    #[must_use]
    pub fn standing_as(self, standing: Standing) -> Self {
        self.board.put_up(standing);
        self
    }

    /// How the device's own doings stand: its rules, simulators, properties. Cheap: a shared copy, made when something changes.
    pub fn standing(&self) -> Arc<Standing> {
        self.board.look()
    }

    /// This handle, holding these secrets from now on: for whoever stands in for a session.
    #[must_use]
    pub fn holding(self, sub_devices: Vec<(SubDevice, Secret)>) -> Self {
        self.keyring.hold(sub_devices);
        self
    }

    /// The sub-devices whose secrets were there at the last connect, for what a gateway signs for them.
    pub fn sub_devices(&self) -> Arc<Vec<(SubDevice, Secret)>> {
        self.keyring.look()
    }

    /// Hands an order over without waiting.
    pub fn try_send(&self, order: Order) -> Result<(), Refused> {
        self.orders.try_send(order).map_err(|error| match error {
            mpsc::error::TrySendError::Full(order) => Refused::Busy(order),
            mpsc::error::TrySendError::Closed(order) => Refused::Gone(order),
        })
    }

    /// Hands an order over, waiting for a place; `false`: the session has ended.
    pub async fn send(&self, order: Order) -> bool {
        self.orders.send(order).await.is_ok()
    }

    /// Tells the session to leave in order and waits until it has: what is in flight may be acknowledged for two more
    /// seconds, and the last packets have a second to go out.
    pub async fn leave(self) {
        if self.send(Order { number: None, action: Action::Leave }).await {
            self.orders.closed().await;
        }
    }
}
