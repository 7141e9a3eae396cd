//! An embedded platform to try against: the rules of Huawei IoTDA, Aliyun IoT, UCloud UIoT and a plain broker on loopback.
//!
//! [`Platform::start`] opens one door with TLS (wss) and one without (ws) on 127.0.0.1. The path of the WebSocket's upgrade
//! says whose rules hold: `/huawei/mqtt`, `/aliyun`, `/ucloud`, `/broker/mqtt`. Both doors lead to all four, so that firmware can be
//! tried without TLS first; the real Huawei has wss only.
//!
//! | file | what lives there | |
//! |---|---|---|
//! | `roster` | who may sign in: names, identities, secrets, profiles | pure |
//! | `login` | the clouds' rules for CONNECT | pure |
//! | `registration` | who may register, and what they are given | pure |
//! | `rights` | which topics belong to a device | pure |
//! | `request` | what a cloud asks of a device, and which answer ends it | pure |
//! | `service` | a cloud's own side of a device: what it answers, keeps and can be told to order | pure |
//! | `application` | the simulated cloud application of `--live` | pure |
//! | `tape` | a tape's platform, played for real devices | pure |
//! | `client` | a client's session: subscriptions, messages in flight | pure |
//! | `hub` | all of these together: packets in, deeds out | pure |
//! | `shell`, `mailbox`, `connection`, `listener` | the hub's deeds on real connections | |
//! | `https` | Aliyun's registration by HTTPS, at the door with TLS | |
//! | `certificate`, `folder` | the authority made at each start, and where its certificate lies | |
//!
//! What may not live here: the console, a device session, or what a client does.

mod application;
mod certificate;
mod client;
mod connection;
mod folder;
mod https;
mod hub;
mod listener;
mod login;
mod mailbox;
mod notice;
mod registration;
mod request;
mod rights;
mod roster;
mod service;
mod shell;
mod tape;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use tokio::sync::broadcast;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub use hub::Refusal;
pub use notice::{Happening, Notice};
pub use registration::{HUAWEI_GROUP_SECRET, HUAWEI_SCOPE_ID, UCLOUD_PRODUCT_SECRET};
pub use request::{Ask, Outcome};
pub use roster::{Device, demo};
pub use service::{ALIYUN_PRODUCT_SECRET, ALIYUN_SUB_DEVICES, Offer, product_model};
pub use tape::{Cue, Script};

use crate::mqtt::Qos;
use crate::profile::{Profile, Transport};
use folder::Folder;
use hub::{End, Hub};
use listener::{Connections, Doors, Ports};
use roster::Roster;
use shell::Shell;

/// How long the connections may take to end in order.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// What a platform is to be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// wss listens here and ws at the next port; `None`: the kernel chooses.
    pub port: Option<u16>,
    /// What the simulated application does follows from it.
    pub seed: u64,
    /// Whether there is a simulated application: it sends requests and cuts connections by itself.
    pub live: bool,
    /// The devices that may sign in.
    pub devices: Vec<Device>,
    /// So many more Huawei devices, `extra-001` and on, for load.
    pub extra: usize,
    /// How far the platform's clock is ahead of the machine's, in microseconds.
    pub clock_offset_us: i64,
    /// A tape whose platform is played, and when its requests come.
    pub tape: Option<(Script, Cue)>,
}

/// A running platform. Dropping it ends every connection at once.
#[derive(Debug)]
pub struct Platform {
    shell: Arc<Shell>,
    tls: Arc<ServerConfig>,
    ca_pem: String,
    ca_file: PathBuf,
    folder: Folder,
    ports: Ports,
    doors: Mutex<Option<Doors>>,
    connections: Connections,
    timer: JoinHandle<()>,
}

impl Default for Options {
    /// The devices of the clouds' documents, free ports, nothing by itself.
    fn default() -> Self {
        Self { port: None, seed: 0, live: false, devices: demo(), extra: 0, clock_offset_us: 0, tape: None }
    }
}

impl Platform {
    /// Starts a platform; needs a runtime around it. Errors name the port or folder that could not be had.
    pub fn start(options: Options) -> io::Result<Self> {
        let mut roster = Roster::new(options.devices);
        (1..=options.extra).map(roster::extra).for_each(|device| roster.add(device));
        if let Some((script, _)) = &options.tape {
            script.sessions().for_each(|recorded| roster.add_of_tape(recorded));
        }
        let mut hub = Hub::new(roster, options.live.then_some(options.seed));
        if let Some((script, cue)) = options.tape {
            hub.set_stage(script, cue);
        }
        let shell = Arc::new(Shell::new(hub, options.clock_offset_us));
        // The certificate's dates are the machine's: a clock that is off is to show at the signature, not at TLS.
        let made = certificate::make(shell::machine_time())?;
        let acceptor = TlsAcceptor::from(made.server.clone());
        let wanted = match options.port {
            None => Ports { wss: 0, ws: 0 },
            Some(wss) => {
                let ws = wss.checked_add(1).ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidInput, format!("no port after {wss} is left for ws"))
                })?;
                Ports { wss, ws }
            }
        };
        let connections = Connections::new(Mutex::new(JoinSet::new()));
        let doors = Doors::open(wanted, &acceptor, &shell, &connections)?;
        shell.with(|hub, _| hub.set_address(format!("127.0.0.1:{}", doors.ports.wss)));
        let folder = Folder::new()?;
        let ca_file = folder.write("ca.pem", &made.ca_pem)?;
        let timer = {
            let shell = shell.clone();
            tokio::spawn(async move { shell.keep_time().await })
        };
        let ports = doors.ports;
        let doors = Mutex::new(Some(doors));
        Ok(Self { shell, tls: made.server, ca_pem: made.ca_pem, ca_file, folder, ports, doors, connections, timer })
    }

    /// `wss://127.0.0.1:{port}`, without a path.
    pub fn wss_url(&self) -> String {
        format!("wss://127.0.0.1:{}", self.ports.wss)
    }

    /// `ws://127.0.0.1:{port}`, without a path.
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.ports.ws)
    }

    /// The authority's certificate.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file with the authority's certificate; it goes with the platform.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Writes a file of mode 0600 into the platform's private folder, which goes with it.
    pub fn write_private(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        self.folder.write(name, content)
    }

    /// A profile for each device, by wss, that signs in and is let in.
    pub fn profiles(&self) -> Vec<Profile> {
        self.shell.with(|hub, _| hub.roster().iter().map(|device| self.profile_of(device, Transport::Wss)).collect())
    }

    /// The profile of the device called `name`, by wss or ws (other transports are not served).
    pub fn profile(&self, name: &str, transport: Transport) -> Option<Profile> {
        self.shell.with(|hub, _| {
            let device = hub.roster().named(name).and_then(|index| hub.roster().get(index))?;
            Some(self.profile_of(device, transport))
        })
    }

    /// Lets one more device sign in.
    pub fn add_device(&self, device: Device) {
        self.shell.with(|hub, _| hub.add_device(device));
    }

    /// What happens from now on. A watcher that is slow misses the oldest of more than 4,096 notices.
    pub fn watch(&self) -> broadcast::Receiver<Notice> {
        self.shell.watch()
    }

    /// Whether the device, or the plain client of that id, is signed in.
    pub fn is_online(&self, device: &str) -> bool {
        self.shell.with(|hub, _| hub.is_online(device))
    }

    /// Asks a device for something and waits for its answer up to the cloud's deadline.
    pub async fn request(&self, device: &str, ask: &Ask) -> Outcome {
        self.ask(device, ask).await
    }

    /// As [`Platform::request`], but the request is on its way when this returns; how it ends can be waited for elsewhere.
    pub fn ask(&self, device: &str, ask: &Ask) -> impl Future<Output = Outcome> + Send + use<> {
        let outcome = self.shell.await_outcome(|hub, now, ticket| hub.ask(now, ticket, device, ask));
        async { outcome.await.unwrap_or_else(|_| Outcome::NotSent("the platform has stopped".to_owned())) }
    }

    /// What [`Ask::Offer`] can name for a device; empty where the platform does not know it, or its cloud orders nothing.
    pub fn offers(&self, device: &str) -> Vec<Offer> {
        self.shell.with(|hub, _| hub.offers(device))
    }

    /// Calls for the next message that a played tape has for the device, or for each device; answers how many had one.
    pub fn next_of_tape(&self, device: Option<&str>) -> usize {
        self.shell.with(|hub, now| hub.call_next(now, device))
    }

    /// What the devices did, held against the tape that is played: one line each.
    pub fn tape_report(&self) -> Vec<String> {
        self.shell.with(|hub, _| hub.tape_report())
    }

    /// Sends a message to a device or plain client, whether it has subscribed or not; `false`: it is not online, or too far
    /// behind, or `topic` is no topic name ([`Platform::send_raw`] sends anything).
    pub fn publish_to(&self, device: &str, topic: &str, payload: impl Into<Bytes>, qos: Qos, retain: bool) -> bool {
        self.shell.with(|hub, _| hub.publish_to(device, topic.to_owned(), payload.into(), qos, retain))
    }

    /// Sends these bytes, whatever they are, to a device or plain client; `false`: it is not online.
    pub fn send_raw(&self, device: &str, bytes: impl Into<Bytes>) -> bool {
        self.shell.with(|hub, _| hub.send_raw(device, bytes.into()))
    }

    /// Cuts a connection without a word, as when a cable is cut; `false`: it is not online.
    pub fn cut(&self, device: &str) -> bool {
        self.shell.with(|hub, now| hub.cut(now, device, End::Abrupt))
    }

    /// Ends a connection with a WebSocket close, as when the platform restarts; `false`: it is not online.
    pub fn close(&self, device: &str) -> bool {
        self.shell.with(|hub, now| hub.cut(now, device, End::InOrder))
    }

    /// Plays dead on a connection: it stays open, nothing is answered and nothing is sent; `false`: it is not online.
    pub fn go_silent(&self, device: &str) -> bool {
        self.shell.with(|hub, _| hub.silence(device))
    }

    /// Refuses the next `count` connections; 0 takes an earlier order back.
    pub fn refuse_next(&self, count: usize, how: Refusal) {
        self.shell.with(|hub, _| hub.refuse_next(count, how));
    }

    /// Closes the doors: new connections are refused by the system, open ones stay.
    pub async fn stop_listening(&self) {
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(doors) = doors {
            doors.close().await;
        }
    }

    /// Opens the doors again, at the same ports.
    pub fn listen_again(&self) -> io::Result<()> {
        let mut place = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            let acceptor = TlsAcceptor::from(self.tls.clone());
            *place = Some(Doors::open(self.ports, &acceptor, &self.shell, &self.connections)?);
        }
        Ok(())
    }

    /// Stops in order: the doors close, connections are ended with a WebSocket close.
    pub async fn stop(self) {
        self.stop_listening().await;
        self.shell.end_all();
        let mut tasks = std::mem::take(&mut *self.connections.lock().unwrap_or_else(PoisonError::into_inner));
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        // Whoever does not listen is cut off when the set is dropped.
        tokio::time::timeout(STOP_WITHIN, all_ended).await.ok();
    }

    fn profile_of(&self, device: &Device, transport: Transport) -> Profile {
        let port = if transport.is_tls() { self.ports.wss } else { self.ports.ws };
        device.profile(transport, port, &self.ca_file)
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.timer.abort();
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
