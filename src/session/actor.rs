//! The actor: one loop that waits for whatever comes next on a device's line.
//!
//! What lives here: the line's states and how one follows another. What an order does is in `orders`; what MQTT's
//! happenings become is in `record`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::mpsc;

use super::cause::{Cause, no_secret, unregistered};
use super::connection::Connection;
use super::evidence::Evidence;
use super::journal::Journal;
use super::ledger::Ledger;
use super::line::{Dialled, Line, Online};
use super::order::Order;
use super::own::Board;
use super::record::Turning;
use super::recovery::{Ending, Next, Recovery};
use super::sub_devices::Keyring;
use super::{clock, secrets};
use crate::behaviour::Behaviour;
use crate::cloud::guard::Meter;
use crate::cloud::{Platform, Scene};
use crate::event::{Kind, LineState, Moment, StateChange, WallTime};
use crate::link::{self, LinkError};
use crate::mqtt::packet::{Connect, ConnectReturn};
use crate::mqtt::{Client, Fault, Happening, Input, Options, Output};
use crate::profile::{Identity, Profile, SignType, Subscription};
use crate::timeline::SessionId;

/// QoS 1 and 2 messages that may be unacknowledged at once: below the clouds' own throttles.
const WINDOW: u16 = 32;

/// Messages that may wait for the window.
const QUEUE: usize = 10_000;

/// One device's session.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) id: SessionId,
    pub(super) profile: Arc<Profile>,
    pub(super) platform: Arc<dyn Platform>,
    pub(super) journal: Journal,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) client: Client,
    pub(super) ledger: Ledger,
    pub(super) evidence: Evidence,
    pub(super) meter: Meter,
    /// What the device does by itself.
    pub(super) own: Behaviour,
    pub(super) board: Board,
    /// The secrets of those behind it.
    keyring: Keyring,
    /// What to subscribe to at each connect.
    pub(super) wanted: Vec<Subscription>,
    recovery: Recovery,
    /// Draws how long the waits between attempts are.
    jitter: Rng,
    /// The number of the order that asked for the line's next state.
    pub(super) state_order: Option<u64>,
    clock_offset_us: Option<i64>,
    /// For when the last attempt's credentials were made.
    signed_at: WallTime,
    /// Told to leave: until when the messages in flight may still be acknowledged.
    pub(super) leaving: Option<Instant>,
}

enum Wake {
    Order(Option<Order>),
    Dialled(Result<Dialled, LinkError>),
    Read(Result<(), LinkError>),
    Time,
    Room,
    Kept,
}

impl Actor {
    pub(super) fn new(
        id: SessionId,
        profile: Arc<Profile>,
        platform: Arc<dyn Platform>,
        journal: Journal,
        orders: mpsc::Receiver<Order>,
        own: Behaviour,
        board: Board,
    ) -> Self {
        let options = Options {
            max_packet: profile.max_packet,
            window: WINDOW,
            queue: QUEUE,
            strict: profile.strict,
            answer_within: profile.connect_timeout,
            hold: true,
        };
        let wanted = platform.subscriptions().into_iter().chain(profile.subscribe.iter().cloned()).collect();
        Self {
            id,
            client: Client::new(options),
            recovery: Recovery::new(profile.backoff, profile.on_takeover),
            jitter: Rng::new(),
            profile,
            platform,
            journal,
            orders,
            ledger: Ledger::default(),
            evidence: Evidence::default(),
            meter: Meter::default(),
            own,
            board,
            keyring: Keyring::default(),
            wanted,
            state_order: None,
            clock_offset_us: None,
            signed_at: WallTime::default(),
            leaving: None,
        }
    }

    /// Draws its waits from `seed`, so that the same seed gives the same waits.
    pub(super) fn with_seed(self, seed: u64) -> Self {
        // A stream of its own: what the device's doings draw follows from the seed itself.
        Self { jitter: Rng::with_seed(seed).fork(), ..self }
    }

    /// Keeps the secrets of sub-devices in `keyring`.
    pub(super) fn with_keyring(self, keyring: Keyring) -> Self {
        Self { keyring, ..self }
    }

    /// Runs until the session is told to leave or nobody can give it orders any more.
    pub(super) async fn run(mut self) {
        self.tell_standing();
        let mut line = if self.profile.autoconnect { self.dial() } else { Line::Offline };
        while !matches!(line, Line::Left) {
            let wake = self.wait(&mut line).await;
            line = self.turn(line, wake).await;
            if self.may_leave(&line) {
                line = self.leave(line).await;
            }
        }
    }

    /// Whether a session that was told to leave has nothing more to wait for.
    fn may_leave(&self, line: &Line) -> bool {
        self.leaving.is_some_and(|until| {
            let open = self.client.in_flight() + self.client.unanswered() + self.client.held();
            let waits = open > 0 || self.ledger.next_written().is_some();
            !matches!(line, Line::Connected(_)) || !waits || clock::now().mono >= until
        })
    }

    async fn wait(&mut self, line: &mut Line) -> Wake {
        match line {
            Line::Offline | Line::Left => Wake::Order(self.orders.recv().await),
            Line::Waiting(until) => tokio::select! {
                order = self.orders.recv() => Wake::Order(order),
                () = tokio::time::sleep_until((*until).into()) => Wake::Time,
            },
            Line::Dialling(attempt) => tokio::select! {
                order = self.orders.recv() => Wake::Order(order),
                dialled = attempt.as_mut() => Wake::Dialled(dialled),
            },
            Line::Connected(online) => {
                online.held = !self.journal.has_room(clock::now().mono);
                let timer = [self.client.deadline(), self.recovery.stable_at(), self.own.deadline(), self.leaving]
                    .into_iter()
                    .flatten()
                    .min();
                let (written, evidence) = (self.ledger.next_written(), self.evidence.next());
                tokio::select! {
                    order = self.orders.recv() => Wake::Order(order),
                    read = online.connection.turn(!online.held, written) => Wake::Read(read),
                    () = sleep_until(timer) => Wake::Time,
                    () = self.journal.room(), if online.held => Wake::Room,
                    () = kept(&self.journal, self.id, evidence) => Wake::Kept,
                }
            }
        }
    }

    async fn turn(&mut self, line: Line, wake: Wake) -> Line {
        match (line, wake) {
            (line, Wake::Order(Some(order))) => self.obey(line, order).await,
            (line, Wake::Order(None)) => self.leave(line).await,
            (Line::Waiting(_), Wake::Time) => self.dial(),
            (Line::Dialling(_), Wake::Dialled(Ok(dialled))) => self.connect(dialled),
            (Line::Dialling(_), Wake::Dialled(Err(error))) => {
                self.note_clock(error.server_date);
                self.lost(Cause::failed(error))
            }
            (Line::Connected(online), Wake::Read(Ok(()))) => self.received(online),
            (Line::Connected(online), Wake::Read(Err(error))) => self.broken(&online, error),
            (Line::Connected(online), Wake::Time) => self.ticked(online),
            (Line::Connected(online), Wake::Room) => {
                self.client.forgive_silence(clock::now().mono);
                Line::Connected(online)
            }
            (Line::Connected(online), Wake::Kept) => self.settle(online, None),
            (line, _) => line,
        }
    }

    /// Begins an attempt.
    pub(super) fn dial(&mut self) -> Line {
        self.state(&StateChange {
            state: LineState::Connecting,
            attempt: self.recovery.attempt(),
            ..StateChange::default()
        });
        let profile = Arc::clone(&self.profile);
        Line::Dialling(Box::pin(async move {
            if profile.is_unregistered() {
                return Err(unregistered(&profile));
            }
            let secret = match profile.identity.secret() {
                Some(source) => Some(secrets::fetch(source).await.map_err(|error| no_secret(&profile, &error))?),
                None => None,
            };
            let (link, opened) = link::open(&profile, clock::wall).await?;
            Ok(Dialled { link, opened, secret })
        }))
    }

    /// The person asked for a connection: earlier failures count no more.
    pub(super) fn dial_anew(&mut self) -> Line {
        self.recovery.start_over();
        self.dial()
    }

    fn connect(&mut self, dialled: Dialled) -> Line {
        let now = clock::now();
        self.note_clock(dialled.opened.server_date);
        let credentials = self.platform.credentials(dialled.secret.as_ref(), now.at);
        self.signed_at = now.at;
        let connect = Connect {
            client_id: credentials.client_id,
            username: credentials.username,
            password: credentials.password,
            will: credentials.will,
            clean_session: self.profile.clean_session,
            keep_alive: self.profile.keep_alive,
        };
        let mut connection = Connection::new(dialled.link);
        match self.client.step(now.mono, Input::Opened(Box::new(connect)), &mut connection.output) {
            Ok(()) => Line::Connected(Box::new(Online { connection, accepted: false, forced: false, held: false })),
            Err(fault) => self.lost(Cause::fault(&fault, false)),
        }
    }

    fn received(&mut self, mut online: Box<Online>) -> Line {
        let fault = online.connection.deliver(clock::now().mono, &mut self.client).err();
        self.settle(online, fault)
    }

    fn ticked(&mut self, mut online: Box<Online>) -> Line {
        let moment = clock::now();
        let now = moment.mono;
        self.recovery.settle(now);
        if online.held {
            self.client.forgive_silence(now);
        }
        if self.own.deadline().is_some_and(|due| due <= now) {
            self.own.tick(moment);
        }
        let fault = self.client.step(now, Input::Tick, &mut online.connection.output).err();
        self.settle(online, fault)
    }

    /// Records what happened on `online` and decides whether it goes on.
    pub(super) fn settle(&mut self, mut online: Box<Online>, fault: Option<Fault>) -> Line {
        self.note_written(&mut online.connection);
        match self.record(&mut online.connection.output.happenings) {
            Some(Turning::Accepted) => {
                online.accepted = true;
                let now = clock::now();
                self.recovery.online(now.mono);
                self.own.online(now);
                self.keyring.fetch(self.id, &self.profile, &self.journal);
                self.subscribe_to_wanted(&mut online, now);
            }
            Some(Turning::Refused(code)) => {
                let cause = self.refused(code);
                // In the background: a peer that broke the rules may be slow to go, and the next state is known now.
                tokio::spawn(online.connection.close());
                return self.lost(cause);
            }
            None => {}
        }
        let fault = fault.or_else(|| self.do_own_deeds(&mut online));
        let fault = fault.or_else(|| self.acknowledge(&mut online));
        let Some(fault) = fault else { return Line::Connected(online) };
        let cause = Cause::fault(&fault, online.accepted);
        tokio::spawn(online.connection.close());
        self.lost(cause)
    }

    /// Lets those acknowledgements go out whose messages the running tapes have kept: at once, where none runs.
    fn acknowledge(&mut self, online: &mut Online) -> Option<Fault> {
        self.evidence.took(self.client.taken());
        let wanted = self.evidence.last()?;
        let now = clock::now().mono;
        let up_to = self.evidence.kept(self.journal.kept(self.id, wanted, now))?;
        self.client.step(now, Input::Acknowledge { up_to }, &mut online.connection.output).err()
    }

    fn refused(&self, code: ConnectReturn) -> Cause {
        let scene =
            Scene { at: self.signed_at, clock_offset_us: self.clock_offset_us, keep_alive: self.profile.keep_alive };
        let advice = self.platform.explain_connack(code, &scene);
        let ending = match code {
            ConnectReturn::ServerUnavailable | ConnectReturn::Accepted => Ending::Failed,
            ConnectReturn::BadUserNameOrPassword => Ending::Refused { hour_changes_in: self.hour_changes_in() },
            _ => Ending::Refused { hour_changes_in: None },
        };
        Cause { code: format!("connack-{}", code.number()), reason: advice.reason, hint: advice.hint, ending }
    }

    /// For a signature that names an hour which the platform compares with its own: how long until ours changes.
    fn hour_changes_in(&self) -> Option<Duration> {
        let timed =
            matches!(&self.profile.identity, Identity::Huawei(device) if device.sign_type == SignType::Sha256Timed);
        timed.then(|| {
            let now = clock::wall();
            if now.utc_hour() == self.signed_at.utc_hour() { until_next_hour(now) } else { Duration::ZERO }
        })
    }

    fn broken(&mut self, online: &Online, error: LinkError) -> Line {
        self.note_clock(error.server_date);
        let by_platform = matches!(error.code, "closed" | "reset");
        let ending = match (online.accepted, by_platform && !online.forced) {
            (false, _) => Ending::Failed,
            (true, true) => Ending::ClosedByPlatform,
            (true, false) => Ending::Lost,
        };
        self.lost(Cause::link(error, ending))
    }

    /// The line is down: tells why, and what comes next.
    fn lost(&mut self, cause: Cause) -> Line {
        let now = clock::now();
        self.hang_up(now);
        let next = self.recovery.ended(now.mono, cause.ending, self.jitter.f64());
        let (Next::Wait { taken_over, .. } | Next::Stop { taken_over }) = next;
        let cause = if taken_over { cause.taken_over() } else { cause };
        let change = StateChange {
            attempt: self.recovery.attempt(),
            code: Some(&cause.code),
            reason: Some(&cause.reason),
            hint: Some(&cause.hint),
            ..StateChange::default()
        };
        match next {
            Next::Wait { wait, .. } => {
                self.state(&StateChange { state: LineState::Backoff, retry_in: Some(wait), ..change });
                Line::Waiting(now.mono + wait)
            }
            Next::Stop { .. } => {
                self.state(&StateChange { state: LineState::Offline, ..change });
                Line::Offline
            }
        }
    }

    /// Tells the machine that the link is down, and records what died with it.
    pub(super) fn hang_up(&mut self, now: Moment) {
        self.own.offline();
        self.do_what_needs_no_line();
        let mut output = Output::default();
        // Closing can find no fault: nothing is received any more.
        if let Err(fault) = self.client.step(now.mono, Input::Closed, &mut output) {
            self.journal.append(self.id, now, &Kind::Note { text: &fault.to_string(), order: None });
        }
        let reason = "the connection ended before the network had taken all of it";
        let cut_off = self.ledger.never_written().map(|token| Happening::Rejected { token, reason: reason.to_owned() });
        output.happenings.extend(cut_off);
        self.record(&mut output.happenings);
        self.evidence.forget(self.client.taken());
    }

    /// Appends a change of state, with the number of the order that asked for it.
    pub(super) fn state(&mut self, change: &StateChange<'_>) {
        let order = if change.state == LineState::Connecting { None } else { self.state_order.take() };
        self.journal.append(self.id, clock::now(), &Kind::State(StateChange { order, ..*change }));
    }

    /// The attempt's number, for the events of the orders.
    pub(super) fn attempt(&self) -> u32 {
        self.recovery.attempt()
    }

    fn note_clock(&mut self, server_date: Option<WallTime>) {
        if let Some(date) = server_date {
            let offset_us = date.unix_micros().saturating_sub(clock::wall().unix_micros());
            self.learnt_clock(offset_us);
        }
    }

    /// The platform's clock is now known to be so far ahead of ours, in microseconds.
    pub(super) fn learnt_clock(&mut self, offset_us: i64) {
        self.clock_offset_us = Some(offset_us);
        self.journal.learnt_clock(self.id, offset_us);
    }
}

fn until_next_hour(now: WallTime) -> Duration {
    const HOUR_US: i64 = 3_600_000_000;
    let left = HOUR_US - now.unix_micros().rem_euclid(HOUR_US);
    Duration::from_micros(u64::try_from(left).unwrap_or(0))
}

/// Waits until a tape has kept the event of that number; for ever where none is waited for.
async fn kept(journal: &Journal, session: SessionId, wanted: Option<u64>) {
    match wanted {
        Some(wanted) => journal.until_kept(session, wanted).await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
