//! Device sessions against the embedded platform, their events as JSON.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses its own part of this")]

use std::time::Duration;

use serde_json::Value;
use standin::behaviour::Plan;
use standin::event::{Event, LineState, json as event_json};
use standin::profile::{Backoff, BackoffPolicy, Profile};
use standin::session::{self, Action, Follower, Handle, Journal, Order, clock};
use standin::sim::{Ask, Options, Outcome, Platform};
use standin::timeline::{Budget, Timeline};
use tokio::time::timeout;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// Sessions and the platform that they sign in to.
pub struct Bench {
    pub platform: Platform,
    pub journal: Journal,
    pub handles: Vec<Handle>,
    pub follower: Follower,
    pub seen: Vec<Value>,
}

impl Bench {
    /// A platform, and no device yet.
    pub fn new(options: Options) -> Self {
        let platform = Platform::start(options).unwrap();
        let (journal, follower) = Journal::followed(Timeline::new(Budget::default(), clock::now()));
        Self { platform, journal, handles: Vec::new(), follower, seen: Vec::new() }
    }

    /// A platform with the documents' devices, all of them signed in.
    pub async fn online() -> Self {
        let mut bench = Self::new(Options::default());
        for profile in bench.platform.profiles() {
            bench.start(profile);
        }
        for name in bench.names() {
            bench.ready(&name).await;
        }
        bench
    }

    /// Waits until a device is online and has all its subscriptions: the platform asks only who has subscribed.
    pub async fn ready(&mut self, device: &str) {
        self.state(device, LineState::Online).await;
        let handle = self.handles.iter().find(|handle| handle.profile.name == device).unwrap();
        for wanted in handle.platform.subscriptions() {
            let filter = wanted.filter.as_str();
            self.event(filter, |event| {
                event["session"] == device && event["kind"] == "subscribed" && event["filter"] == filter
            })
            .await;
        }
    }

    /// The platform asks `device` for something; `act` is done with the request's event when it has come. Answers what the platform
    /// says of it in the end.
    pub async fn ask(&mut self, device: &str, ask: &Ask, act: impl AsyncFnOnce(&mut Handle, &Value)) -> Outcome {
        let Self { platform, handles, follower, seen, .. } = self;
        let handle = handles.iter_mut().find(|handle| handle.profile.name == device).unwrap();
        let request = platform.request(device, ask);
        let dialogue = async {
            loop {
                let is_it = |event: &Value| {
                    event["kind"] == "rx" && event["session"] == device && event["deadline_ms"].is_u64()
                };
                if let Some(place) = seen.iter().position(is_it) {
                    let came = seen.remove(place);
                    act(handle, &came).await;
                    break;
                }
                follower.next(64, |event| seen.push(as_json(event))).await;
            }
        };
        let (outcome, ()) = timeout(PATIENCE, async { tokio::join!(request, dialogue) }).await.expect("an outcome");
        outcome
    }

    /// Starts a session.
    pub fn start(&mut self, profile: Profile) -> &Handle {
        self.start_with(profile, &Plan::default())
    }

    /// Starts a session of a device that does something by itself.
    pub fn start_with(&mut self, profile: Profile, plan: &Plan) -> &Handle {
        self.handles.push(session::start_with(quick(profile), plan, &self.journal));
        self.handles.last().unwrap()
    }

    /// The devices' names.
    pub fn names(&self) -> Vec<String> {
        self.handles.iter().map(|handle| handle.profile.name.clone()).collect()
    }

    /// The device of one cloud: its name and its profile.
    pub fn device(&self, cloud: &str) -> Profile {
        self.platform.profiles().into_iter().find(|profile| profile.identity.cloud().word() == cloud).unwrap()
    }

    /// Gives an order.
    pub fn order(&self, device: &str, number: u64, action: Action) {
        let handle = self.handles.iter().find(|handle| handle.profile.name == device).unwrap();
        handle.try_send(Order { number: Some(number), action }).unwrap();
    }

    /// The first event that matches, of those not answered yet.
    pub async fn event(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                if let Some(place) = self.seen.iter().position(&matches) {
                    return self.seen.remove(place);
                }
                let seen = &mut self.seen;
                self.follower.next(64, |event| seen.push(as_json(event))).await;
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}; seen: {:#?}", self.seen))
    }

    /// The device's next change to `state`.
    pub async fn state(&mut self, device: &str, state: LineState) -> Value {
        self.event(&format!("{device} {}", state.word()), |event| {
            event["session"] == device && event["state"] == state.word()
        })
        .await
    }
}

pub fn as_json(event: &Event<'_>) -> Value {
    let mut line = String::new();
    event_json::write(&mut line, event);
    serde_json::from_str(&line).unwrap()
}

/// Comes back at once, so that no test waits for a cloud's policy.
pub fn quick(profile: Profile) -> Profile {
    let backoff = Backoff {
        policy: BackoffPolicy::Fixed,
        min: Duration::ZERO,
        default: Duration::from_millis(20),
        max: Duration::from_millis(200),
    };
    Profile { backoff, ..profile }
}
