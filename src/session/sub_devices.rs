//! The secrets of a gateway's sub-devices, which its messages for them are signed with.
//!
//! What lives here: fetching them at each connect, and keeping them for whoever has a handle. What may not: signing; that is the
//! cloud's.

use std::sync::{Arc, Mutex, PoisonError};

use super::journal::Journal;
use super::{clock, secrets};
use crate::event::Kind;
use crate::profile::{Profile, SubDevice};
use crate::secret::Secret;
use crate::timeline::SessionId;

/// Sub-devices with their secrets.
type Shared = Arc<Vec<(SubDevice, Secret)>>;

/// The sub-devices whose secrets are known: written by the session, read by whoever has a handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyring {
    held: Arc<Mutex<Shared>>,
}

impl Keyring {
    /// Those that were fetched last.
    pub(super) fn look(&self) -> Shared {
        Arc::clone(&self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn hold(&self, pairs: Vec<(SubDevice, Secret)>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(pairs);
    }

    /// Fetches them anew, in the background: a command that waits for its user holds up nothing else. What cannot be fetched is
    /// noted on the timeline.
    pub(super) fn fetch(&self, id: SessionId, profile: &Arc<Profile>, journal: &Journal) {
        if profile.sub_devices.is_empty() {
            return;
        }
        let (keyring, profile, journal) = (self.clone(), Arc::clone(profile), journal.clone());
        tokio::spawn(async move {
            let mut pairs = Vec::with_capacity(profile.sub_devices.len());
            for device in &profile.sub_devices {
                match secrets::fetch(&device.secret).await {
                    Ok(secret) => pairs.push((device.clone(), secret)),
                    Err(error) => {
                        let text = format!("sub-device {}: {error}", device.device_name);
                        journal.append(id, clock::now(), &Kind::Note { text: &text, order: None });
                    }
                }
            }
            keyring.hold(pairs);
        });
    }
}
