//! A simulated cloud application: it asks the devices for things, one at a time, waits for each to end, and cuts a
//! connection once in a while.
//!
//! A pure state machine: the time and what happened go in, what to do comes out. All that looks random comes from a seed,
//! so that the same seed and the same happenings give the same deeds.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::request::Ask;
use crate::profile::Cloud;

/// The first request comes this long after the first device is online, in milliseconds: time to subscribe, and within 5 s.
const FIRST_MS: std::ops::Range<u64> = 2_000..4_000;
/// From the end of one request to the next, in milliseconds.
const GAP_MS: std::ops::Range<u64> = 3_000..8_000;
/// So many requests from one cut to the next.
const CUT_AFTER: std::ops::Range<u32> = 5..9;
/// The service of Huawei's example product.
const SMOKE: &str = "smokeDetector";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A device signed in.
    Online(usize),
    /// A device is gone.
    Offline(usize),
    /// The request that was asked for last has ended, one way or another.
    Ended,
    /// The deadline has come.
    Tick,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Send this request; [`Input::Ended`] is due when it has ended.
    Ask(usize, Ask),
    /// Cut this device's connection.
    Cut(usize),
}

/// The application.
#[derive(Debug)]
pub(crate) struct Application {
    random: fastrand::Rng,
    /// Each device's cloud and whether it is online, by the roster's numbers.
    devices: Vec<(Cloud, bool)>,
    stage: Stage,
    /// The next scene.
    scene: usize,
    /// Where the search for the next device begins, so that many of one cloud take turns.
    turn: usize,
    until_cut: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody is online.
    Idle,
    /// The next deed comes then.
    Waiting(Instant),
    /// A request is open.
    Asked,
}

impl Application {
    /// An application for devices of these clouds, none of them online.
    pub(crate) fn new(seed: u64, devices: impl IntoIterator<Item = Cloud>) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let until_cut = random.u32(CUT_AFTER);
        let devices = devices.into_iter().map(|cloud| (cloud, false)).collect();
        Self { random, devices, stage: Stage::Idle, scene: 0, turn: 0, until_cut }
    }

    /// Takes one more device.
    pub(crate) fn add(&mut self, cloud: Cloud) {
        self.devices.push((cloud, false));
    }

    /// When it wants an [`Input::Tick`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Waiting(at) => Some(at),
            Stage::Idle | Stage::Asked => None,
        }
    }

    /// Hands it one input; at most one deed comes of it.
    pub(crate) fn step(&mut self, now: Instant, input: Input) -> Option<Action> {
        match input {
            Input::Online(device) => {
                self.set_online(device, true);
                if self.stage == Stage::Idle {
                    let first = if self.scene == 0 { FIRST_MS } else { GAP_MS };
                    self.wait(now, first);
                }
                None
            }
            Input::Offline(device) => {
                self.set_online(device, false);
                None
            }
            Input::Ended if self.stage == Stage::Asked => {
                self.wait(now, GAP_MS);
                None
            }
            Input::Tick if self.deadline().is_some_and(|at| at <= now) => self.act(now),
            Input::Ended | Input::Tick => None,
        }
    }

    fn act(&mut self, now: Instant) -> Option<Action> {
        if self.until_cut == 0 {
            self.until_cut = self.random.u32(CUT_AFTER);
            self.wait(now, GAP_MS);
            let online: Vec<usize> = self.online().collect();
            return self.random.choice(online).map(Action::Cut);
        }
        for step in 0..SCENES.len() {
            let scene = (self.scene + step) % SCENES.len();
            let (cloud, ask) = SCENES[scene];
            if let Some(device) = self.next_of(cloud) {
                self.scene = scene + 1;
                self.turn = device + 1;
                self.until_cut -= 1;
                self.stage = Stage::Asked;
                return Some(Action::Ask(device, ask(&mut self.random)));
            }
        }
        self.stage = Stage::Idle;
        None
    }

    fn wait(&mut self, now: Instant, millis: std::ops::Range<u64>) {
        self.stage = Stage::Waiting(now + Duration::from_millis(self.random.u64(millis)));
    }

    fn set_online(&mut self, device: usize, online: bool) {
        if let Some(entry) = self.devices.get_mut(device) {
            entry.1 = online;
        }
    }

    fn online(&self) -> impl Iterator<Item = usize> {
        self.devices.iter().enumerate().filter(|(_, (cloud, online))| *online && *cloud != Cloud::Mqtt).map(|(n, _)| n)
    }

    /// The next device of `cloud` that is online, in turn.
    fn next_of(&self, cloud: Cloud) -> Option<usize> {
        let of_cloud = |device: &usize| self.devices[*device].0 == cloud;
        self.online().filter(of_cloud).find(|device| *device >= self.turn).or_else(|| self.online().find(of_cloud))
    }
}

/// One scene: whose device, and what it is asked for.
type Scene = (Cloud, fn(&mut fastrand::Rng) -> Ask);

/// The play, over and over. It begins with the longest deadline, so that a person has time to find the key.
const SCENES: &[Scene] = &[
    (Cloud::Huawei, |_| command("SILENCE", json!({"value": 1}))),
    (Cloud::Aliyun, |random| set(json!({"LightSwitch": random.u8(0..2)}))),
    (Cloud::Ucloud, |_| command("setReportInterval", json!({"Seconds": 60}))),
    (Cloud::Aliyun, |random| message(&json!({"text": "hello from the cloud", "number": random.u32(0..1000)}))),
    (Cloud::Huawei, |random| set(json!({"alarm": random.u8(0..2)}))),
    (Cloud::Ucloud, |random| set(json!({"switch": random.u8(0..2)}))),
    (Cloud::Aliyun, |random| command("SetBrightness", json!({"level": random.u8(1..=100)}))),
    (Cloud::Huawei, |_| Ask::PropertyGet { service: SMOKE.to_owned() }),
    (Cloud::Aliyun, |_| Ask::Call { service: String::new(), name: "SelfTest".to_owned(), input: json!({}) }),
    (Cloud::Huawei, |random| message(&json!({"name": "notice", "id": random.u32(..).to_string(), "content": "hello"}))),
];

fn command(name: &str, input: Value) -> Ask {
    Ask::Command { service: SMOKE.to_owned(), name: name.to_owned(), input }
}

fn set(properties: Value) -> Ask {
    Ask::PropertySet { service: SMOKE.to_owned(), properties }
}

fn message(body: &Value) -> Ask {
    Ask::Message { payload: Bytes::from(body.to_string()) }
}

#[cfg(test)]
mod tests;
