//! What the platform tells a device beside its requests: the time, an upgrade, desired values, a config, and what the device
//! says about them.
//!
//! What lives here: the shapes that all clouds share. What may not: a cloud's topics and bodies; each cloud's folder fills
//! these in.

use serde_json::Value;

use super::properties::Property;

/// What a message of the platform tells a device, where that calls for more than showing it.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The answer to a question for the time, milliseconds since the Unix epoch.
    Time {
        /// What the device's clock said when it asked.
        device_sent: i64,
        /// What the platform's clock said when the question came.
        received: i64,
        /// What the platform's clock said when the answer went.
        sent: i64,
    },
    /// The platform wants to know the device's version.
    VersionWanted,
    /// The platform orders an upgrade.
    Upgrade(Upgrade),
    /// The platform takes an upgrade back (UCloud's `cancel_update`).
    UpgradeCancelled,
    /// Desired values, or what a shadow wants to be changed.
    Desired {
        /// The properties and the values they are to take.
        writes: Vec<(Property, Value)>,
        /// The shadow's version, where it has one.
        version: Option<i64>,
    },
    /// An order that wants an acknowledgement and no decision: a pushed config, a change of the topology.
    Order {
        /// What it is, in a few words: "config push".
        name: String,
    },
    /// The platform tells something in words: that another client takes the device's place, for instance.
    Notice {
        /// A word for it; empty where the platform has none.
        title: String,
        /// The platform's words.
        words: String,
    },
    /// A secret was handed out; the payload is not to be shown or kept.
    Secret,
}

/// An order to upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// What is upgraded: `firmware` or `software` on Huawei, the module's name on the other clouds.
    pub module: String,
    /// The version to upgrade to.
    pub version: String,
    /// Bytes to download, where the order says so.
    pub size: Option<u64>,
}

/// How far an upgrade has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeStep {
    /// Downloading, so many per cent.
    Downloading(u8),
    /// Installing, so many per cent.
    Installing(u8),
    /// Done.
    Done,
    /// Failed, with the cloud's code.
    Failed(i64),
}

/// How far the platform's clock is ahead of the device's, in microseconds, by a question for the time whose answer came
/// when the device's clock said `came` (milliseconds since the Unix epoch).
///
/// The way there and the way back are taken to have been equally long, as both clouds' documents do.
pub fn clock_offset_us(device_sent: i64, received: i64, sent: i64, came: i64) -> i64 {
    let there = i128::from(received) - i128::from(device_sent);
    let back = i128::from(sent) - i128::from(came);
    let offset = (there + back) * 1_000 / 2;
    // A platform can say anything; what does not fit is as far off as can be said.
    i64::try_from(offset).unwrap_or(if offset < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_the_middle_of_both_ways() {
        // 100 ms there, 40 ms at the platform, 100 ms back; the platform is 5 s ahead.
        assert_eq!(clock_offset_us(1_000, 6_100, 6_140, 1_240), 5_000_000);
        assert_eq!(clock_offset_us(1_000, 1_000, 1_000, 1_001), -500);
        assert_eq!(clock_offset_us(i64::MIN, i64::MAX, i64::MAX, i64::MIN), i64::MAX);
        assert_eq!(clock_offset_us(i64::MAX, i64::MIN, i64::MIN, i64::MAX), i64::MIN);
    }
}
