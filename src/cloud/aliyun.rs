//! Aliyun.

use super::{Advice, Asked, Credentials, Direction, Draft, Limits, Meaning, Platform, Scene, Summary};
use crate::event::WallTime;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{AliyunIdentity, Subscription, Transport};
use crate::secret::Secret;

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    identity: AliyunIdentity,
}

impl Device {
    /// A device of this cloud.
    pub fn new(identity: &AliyunIdentity, transport: Transport) -> Self {
        todo!()
    }
}

impl Platform for Device {
    fn credentials(&self, secret: Option<&Secret>, at: WallTime) -> Credentials {
        todo!()
    }
    fn subscriptions(&self) -> Vec<Subscription> {
        todo!()
    }
    fn meaning<'a>(&self, direction: Direction, topic: &'a str, payload: &'a [u8]) -> Meaning<'a> {
        todo!()
    }
    fn summary(&self, direction: Direction, topic: &str, payload: &[u8]) -> Summary {
        todo!()
    }
    fn reply(&self, asked: &Asked<'_>, code: Option<i64>) -> Option<Draft> {
        todo!()
    }
    fn drafts(&self) -> Vec<Draft> {
        todo!()
    }
    fn limits(&self) -> &'static Limits {
        todo!()
    }
    fn explain_connack(&self, code: ConnectReturn, scene: &Scene) -> Advice {
        todo!()
    }
    fn explain_refused_subscription(&self, filter: &str) -> Advice {
        todo!()
    }
    fn explain_silence(&self, filter: &str) -> Option<String> {
        todo!()
    }
}
