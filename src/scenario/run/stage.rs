//! What a run stands on: the embedded platform where there is one, real sessions over one journal, and a tape of it all.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::TryRecvError};

use crate::behaviour::Plan;
use crate::profile::{Profile, Transport};
use crate::replay::answers;
use crate::scenario::plan::{Cast, Scenario};
use crate::session::{self, Follower, Handle, Journal, Recorder, clock};
use crate::sim::{self, Happening, Notice, Options, Platform};
use crate::tape::{Destination, Settings};
use crate::timeline::{Budget, SessionId, Timeline};

/// How long sessions may take to leave, and a tape to end.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
const END_WITHIN: Duration = Duration::from_secs(5);
/// The same when a signal has come.
const LEAVE_HURRIED: Duration = Duration::from_millis(1_100);
const END_HURRIED: Duration = Duration::from_millis(500);
/// How often another name is tried when one is taken.
const TRIES: u32 = 1_000;
/// So much of what the platform found odd is told.
const ODDITIES: usize = 6;

/// What a run stands on.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) platform: Option<Platform>,
    /// In the order of the scenario's devices.
    pub(super) handles: Vec<Handle>,
    pub(super) journal: Journal,
    pub(super) follower: Follower,
    recorder: Recorder,
    folder: Scratch,
    /// What the embedded platform tells whoever watches it.
    notices: Option<broadcast::Receiver<Notice>>,
    /// What somebody who reads the report should know.
    pub(super) remarks: Vec<String>,
}

/// A folder of our own for the tape of a run that may pass; gone when dropped.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Stage {
    /// Builds it up; the error says what could not be had.
    pub(super) fn build(scenario: &Scenario, seed: u64) -> Result<Self, String> {
        let (platform, profiles) = match &scenario.cast {
            Cast::Real(profiles) => (None, profiles.clone()),
            Cast::Embedded { live, devices } => {
                let options = Options {
                    seed,
                    live: *live,
                    devices: devices.iter().map(|(device, _)| device.clone()).collect(),
                    ..Options::default()
                };
                let platform = Platform::start(options)
                    .map_err(|error| format!("the embedded platform could not start: {error}"))?;
                let profiles = devices.iter().filter_map(|(device, own)| profile(&platform, device, own.as_ref()));
                let profiles = profiles.collect();
                (Some(platform), profiles)
            }
        };
        let named = |name: &String| profiles.iter().find(|profile: &&Profile| profile.name == *name).cloned();
        // Devices are dialled by steps, and there is one tape of all of them.
        let profiles: Vec<Profile> = scenario
            .devices
            .iter()
            .filter_map(named)
            .map(|profile| Profile { autoconnect: false, record: false, ..profile })
            .collect();
        Self::with(platform, profiles, scenario, seed)
    }

    fn with(
        platform: Option<Platform>,
        profiles: Vec<Profile>,
        scenario: &Scenario,
        seed: u64,
    ) -> Result<Self, String> {
        let now = clock::now();
        let budget = Journal::roomy(Budget::default(), &profiles);
        let (journal, follower) = Journal::followed(Timeline::new(budget, now));
        let folder = Scratch::new().map_err(|error| format!("no folder for the run's tape: {error}"))?;
        let mut settings = Settings::new(Destination::File(folder.tape()));
        if let Some(tapes) = &scenario.tapes {
            settings.redact.clone_from(&tapes.redact);
        }
        let recorder = Recorder::new(journal.clone(), settings);
        let devices: Vec<(SessionId, &Profile)> = journal.with(|timeline| {
            let register = |profile: &Profile| timeline.register(&profile.name, profile.identity.cloud());
            profiles.iter().map(register).zip(&profiles).collect()
        });
        recorder.start(true, &devices, now).map_err(|error| format!("the run's tape could not be begun: {error}"))?;
        let mut remarks = Vec::new();
        let mut start = |profile: Profile| -> Result<Handle, String> {
            let Some(plan) = scenario.plans.get(&profile.name) else { return Ok(session::start(profile, &journal)) };
            let answers::Filled { plan, missing } = answers::fill(plan, &profile).map_err(|error| error.to_string())?;
            remarks.extend(missing);
            // What looks random follows from the scenario's seed, unless the device has one of its own.
            let plan = Plan { seed: plan.seed.or(Some(seed)), ..Plan::clone(&plan) };
            Ok(session::start_with(profile, &plan, &journal))
        };
        let handles = profiles.into_iter().map(&mut start).collect::<Result<_, _>>()?;
        let notices = platform.as_ref().map(Platform::watch);
        Ok(Self { platform, handles, journal, follower, recorder, folder, notices, remarks })
    }

    /// What the embedded platform refused, dropped or let pass since it was asked last: the latest few, in words.
    pub(super) fn oddities(&mut self) -> Vec<String> {
        let mut odd = VecDeque::new();
        let Some(notices) = &mut self.notices else { return Vec::new() };
        loop {
            match notices.try_recv() {
                Ok(notice) if matches!(notice.what, Happening::Odd(_) | Happening::Refused { .. }) => {
                    if odd.len() == ODDITIES {
                        odd.pop_front();
                    }
                    odd.push_back(format!("the platform on {notice}"));
                }
                // Of a flood the oldest are missing; the latest are what counts.
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return odd.into(),
            }
        }
    }

    /// Ends every session in order, the tape and the platform. Where the tape is to be `kept`, it goes to that folder under
    /// that name; answers where it lies, or why it does not.
    pub(super) async fn leave(self, kept: Option<(&Path, &str)>, hurried: bool) -> Option<Result<PathBuf, String>> {
        let Self { platform, handles, follower, recorder, folder, .. } = self;
        // Nobody reads any more, and nobody is to wait for it.
        drop(follower);
        let (leave, end) = if hurried { (LEAVE_HURRIED, END_HURRIED) } else { (LEAVE_WITHIN, END_WITHIN) };
        let leaving = futures_util::future::join_all(handles.into_iter().map(Handle::leave));
        // Whoever has not left by then is cut off with the platform or the program.
        let in_time = tokio::time::timeout(leave, leaving).await;
        drop(in_time);
        let ended = tokio::task::spawn_blocking(move || {
            recorder.finish(end);
            recorder.running().is_empty()
        });
        // A thread that died in a panic has ended nothing.
        let whole = ended.await.unwrap_or(false);
        if let Some(platform) = platform {
            platform.stop().await;
        }
        let (to, name) = kept?;
        if !whole {
            return Some(Err("the run's tape could not be ended in time".to_owned()));
        }
        let (to, name) = (to.to_owned(), name.to_owned());
        let moved = tokio::task::spawn_blocking(move || folder.keep(&to, &name)).await;
        Some(moved.unwrap_or_else(|error| Err(format!("a part of standin failed: {error}"))))
    }
}

/// The profile by which a device signs in to the embedded platform: its own, where it has one, but for where and how to dial.
fn profile(platform: &Platform, device: &sim::Device, own: Option<&Profile>) -> Option<Profile> {
    let usual = platform.profile(&device.name, Transport::Wss)?;
    Some(match own {
        None => usual,
        Some(own) => {
            Profile { identity: usual.identity, endpoint: usual.endpoint, tls: usual.tls, proxy: None, ..own.clone() }
        }
    })
}

impl Scratch {
    fn new() -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..TRIES {
            let path = std::env::temp_dir().join(format!("standin-test-{:016x}", fastrand::u64(..)));
            // Never `recursive`: an existing folder may be somebody else's trap.
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    fn tape(&self) -> PathBuf {
        self.0.join("run.mcap")
    }

    /// Puts the tape into `folder`, which is made if it is not there, under a name that no file has.
    fn keep(&self, folder: &Path, name: &str) -> Result<PathBuf, String> {
        let failed = |error: io::Error| format!("the tape could not be kept in {}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        for number in 1..=TRIES {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            let path = folder.join(format!("{name}{number}.mcap"));
            // A link, which is never put over a file that is there; a copy where that is on another disk.
            match fs::hard_link(self.tape(), &path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(_) => match copy(&self.tape(), &path) {
                    Ok(()) => return Ok(path),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(failed(error)),
                },
            }
        }
        Err(failed(io::ErrorKind::AlreadyExists.into()))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut target = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut fs::File::open(from)?, &mut target).map(|_| ())
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell, and the system clears its temporary folder.
        fs::remove_dir_all(&self.0).ok();
    }
}
