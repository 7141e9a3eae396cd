//! The clocks of the shell: the one place of a session that reads them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::event::{Moment, WallTime};

/// Now, by both clocks. The monotonic one is tokio's, so that tests can run hours in milliseconds.
pub fn now() -> Moment {
    Moment { at: wall(), mono: tokio::time::Instant::now().into_std() }
}

/// The wall clock. Gateways start with any date: one before 1970 is read as it is.
pub fn wall() -> WallTime {
    let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    };
    WallTime::from_unix_micros(micros)
}
