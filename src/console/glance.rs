//! A look at the timeline: what the panes show of it, copied out as owned, safe text while the lock is held for as short a
//! time as possible. What needs thought (a cloud's summary) is made after the lock is gone, once for each event.

mod asks;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::acks::Acks;
use super::history::{History, Seen};
use super::layout::Pane;
use super::row::{Draft, Row, clock};
use super::state::{Overlay, State};
use super::words;
use crate::behaviour::Standing as Doings;
use crate::cloud::Platform;
use crate::event::{Event, LineState, Moment};
use crate::session::Handle;
use crate::text::Safe;
use crate::timeline::{LetGo, SessionId, Standing};
pub use asks::Ask;
use asks::Asks;

/// Rates are means over a few whole seconds: so long after the last message they are at nothing.
const SETTLE: Duration = Duration::from_secs(5);

/// From here on a clock's offset by a `Date` tells something, in microseconds.
const DATED: u64 = 2_000_000;

/// In place of an event that is not here yet.
const COMING: &str = "being read from the tape";
/// In place of one that is nowhere.
const MISSING: &str = "cannot be read from the tape";

/// What the panes show of the timeline.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// The sessions, by [`SessionId`].
    pub devices: Vec<Device>,
    /// The stream's visible rows.
    pub rows: Vec<(Row, Right)>,
    /// The row under the cursor.
    pub cursor: Option<usize>,
    /// The visible requests: open ones first, the most urgent at the top, then the others, the newest first.
    pub asks: Vec<Ask>,
    /// How many requests there are in all.
    pub all_asks: usize,
    /// How many are open.
    pub open: usize,
    /// The open one with the least time left; while the stream is limited to a device, of that device.
    pub urgent: Option<Ask>,
    /// One of another device that has less time left than that, or that waits while the limited stream has none.
    pub sooner: Option<Ask>,
    /// How the own doings of the device stand whose list is open.
    pub doings: Option<Arc<Doings>>,
    /// The number of the newest event.
    pub newest: u64,
    /// What is no longer in memory.
    pub let_go: LetGo,
    /// Whether something on the screen changes with time alone.
    pub ticking: bool,
    /// When there is more to be laid out: how long to wait for it.
    pub more: Option<Duration>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name.
    pub name: Safe,
    /// Its line's state.
    pub state: LineState,
    /// The attempt that the line is at, or waits for.
    pub attempt: u32,
    /// How long until the next attempt, and how long the whole wait is.
    pub retry: Option<(Duration, Duration)>,
    /// Since when the state holds, as a time of day.
    pub since: Safe,
    /// The last state change's code.
    pub code: Safe,
    /// Its reason.
    pub reason: Safe,
    /// The last ping's round trip.
    pub ping: Option<Duration>,
    /// The platform's clock minus ours, in microseconds: by its own answer to the question for the time, else by the `Date` of its
    /// connection where that is off by two seconds.
    pub clock_offset_us: Option<i64>,
    /// Messages a second from the platform and to it.
    pub rates: (f64, f64),
    /// How many subscriptions the platform refused.
    pub refused: usize,
}

impl Device {
    /// Whether the line is down against somebody's will.
    pub fn is_down(&self) -> bool {
        match self.state {
            LineState::Online => false,
            LineState::Connecting => self.attempt > 1,
            LineState::Backoff => true,
            LineState::Offline => !self.code.is_empty(),
        }
    }
}

/// The right column of a row: how long it took, or how long is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Right {
    /// Not known.
    #[default]
    Nothing,
    /// How long it took, the QoS that was granted, when it is tried again.
    Aside(Safe),
    /// Sent; the platform has not acknowledged it.
    Unacked,
    /// Sent, and acknowledged by the platform after so long.
    Acked(Duration),
    /// A request that still waits.
    Left(Duration),
    /// A request that was answered in time, after so long.
    Answered(Duration),
    /// A request that was answered too late.
    Late(Duration),
    /// A request that was not answered.
    Expired,
    /// A request that the person left without an answer.
    Ignored,
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub struct Eye {
    zone: Option<TimeZone>,
    rows: HashMap<u64, Row>,
    /// Rows for events that are not here.
    absent: HashMap<u64, Row>,
    glance: Glance,
    /// Made under the lock, to be finished without it.
    drafts: Vec<Draft>,
    visible: Vec<u64>,
    acks: Acks,
    asks: Asks,
    /// How many messages there were at the last look, and until when their rates change by themselves.
    messages: u64,
    busy_until: Option<Instant>,
}

impl Eye {
    /// An eye that shows times of day in `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone: Some(zone), ..Self::default() }
    }

    /// The zone of the times of day.
    pub fn zone(&mut self) -> TimeZone {
        // The zone is a file on the disk: it is read when the first time of day is shown, not before the first frame.
        self.zone.get_or_insert_with(TimeZone::system).clone()
    }

    /// Forgets what it knows of events: another history is shown, or one that has been wound back.
    pub fn forget(&mut self) {
        self.rows.clear();
        self.drafts.clear();
        self.asks.forget();
        self.acks = Acks::default();
    }

    /// Copies out of the history what the panes are about to show. `platform` answers which cloud a session speaks to.
    pub fn look<'a>(
        &mut self,
        history: History<'_>,
        state: &mut State,
        now: Moment,
        platform: impl Fn(SessionId) -> Option<&'a dyn Platform>,
    ) {
        let timeline = history.timeline;
        let zone = self.zone();
        let mono = timeline.mono_us_at(now);
        self.glance.devices = timeline.sessions().iter().map(|standing| device(standing, now, mono, &zone)).collect();
        let (oldest, newest) = history.span().unwrap_or((1, 0));
        self.glance.newest = newest;
        self.glance.let_go = timeline.let_go();
        // What a tape still has is not gone.
        self.glance.let_go.events = self.glance.let_go.events.min(oldest.saturating_sub(1));
        self.glance.all_asks = timeline.requests().len();
        self.glance.open = timeline.requests().most_urgent().0;
        self.asks.look(timeline, state, now.mono);
        self.look_at_rows(history, state, &zone);
        let mut more = None;
        if let Some(seq) = state.window.selected() {
            let size = state.content(Pane::Message).as_size();
            let collect = |event: &Event<'_>, session| {
                let cloud = platform(session);
                state.message.collect(event, size, |topic, payload| cloud?.unpacked(topic, payload))
            };
            match history.look(seq, collect) {
                Seen::Here(unfinished) => more = unfinished.then_some(Duration::ZERO),
                Seen::Coming => state.message.be_without(COMING),
                Seen::Missing => state.message.be_without(MISSING),
            }
        }
        if let Some(at) = state.tree.collect(timeline, mono, state.content(Pane::Topics).as_size()) {
            more = more.or(Some(Duration::from_micros(at.saturating_sub(mono))));
        }
        self.glance.more = more;
        let size = state.content(Pane::Composer).as_size();
        state.composer.fit(size);
        let counts = |device: &Device| device.retry.is_some_and(|(left, _)| !left.is_zero());
        let messages = timeline.sessions().iter().map(|standing| standing.rx + standing.tx).sum();
        if self.messages != messages {
            self.messages = messages;
            self.busy_until = Some(now.mono + SETTLE);
        }
        let busy = self.busy_until.is_some_and(|until| now.mono < until);
        self.glance.ticking = busy || self.glance.open > 0 || self.glance.devices.iter().any(counts);
    }

    /// Takes in how the devices' own doings stand; the timeline is not needed. `dated` answers how far a platform's clock is off by
    /// the `Date` that came with the connection, in microseconds.
    pub fn look_at_devices(&mut self, handles: &[Handle], dated: impl Fn(SessionId) -> Option<i64>, state: &State) {
        for handle in handles {
            if let Some(device) = self.glance.devices.get_mut(usize::from(handle.id.0)) {
                // A `Date` has whole seconds: less than two of them are nothing to speak of.
                let dated = || dated(handle.id).filter(|off| off.unsigned_abs() >= DATED);
                device.clock_offset_us = handle.standing().clock_offset_us.or_else(dated);
            }
        }
        let session = match &state.overlay {
            Some(Overlay::Doings(doings)) => Some(doings.session),
            _ => None,
        };
        let shown = session.and_then(|session| handles.iter().find(|handle| handle.id == session));
        self.glance.doings = shown.map(Handle::standing);
    }

    /// Makes the words that take thought; the timeline is no longer needed.
    /// `platform` answers which cloud a session speaks to.
    pub fn finish<'a>(&mut self, platform: impl Fn(SessionId) -> Option<&'a dyn Platform>) -> &Glance {
        (self.glance.asks, self.glance.urgent, self.glance.sooner) = self.asks.finish(&platform);
        for draft in self.drafts.drain(..) {
            let cloud = platform(draft.session());
            let row = draft.finish(cloud);
            self.rows.insert(row.seq, row);
        }
        let (rows, absent, acks, requests) = (&self.rows, &self.absent, &self.acks, &mut self.asks);
        self.glance.rows = self
            .visible
            .iter()
            .filter_map(|seq| rows.get(seq).or_else(|| absent.get(seq)))
            .map(|row| {
                let right = requests.take_right(row.seq).unwrap_or_else(|| match acks.of(row.seq) {
                    _ if !row.aside.is_empty() => Right::Aside(row.aside.clone()),
                    right => right,
                });
                (row.clone(), right)
            })
            .collect();
        &self.glance
    }

    /// What the last look showed.
    pub fn glance(&self) -> &Glance {
        &self.glance
    }

    fn look_at_rows(&mut self, history: History<'_>, state: &State, zone: &TimeZone) {
        self.visible = state.window.visible().collect();
        let cursor = if state.window.is_chosen() { state.window.selected() } else { None };
        self.glance.cursor = self.visible.iter().position(|seq| Some(*seq) == cursor);
        let visible = &self.visible;
        self.absent.clear();
        self.rows.retain(|seq, _| visible.binary_search(seq).is_ok());
        for seq in visible {
            if self.rows.contains_key(seq) {
                continue;
            }
            match history.look(*seq, |event, session| Draft::read(event, session, zone)) {
                Seen::Here(draft) => {
                    if let Some(packet) = draft.packet() {
                        self.acks.expect(*seq, draft.session(), packet);
                    }
                    self.drafts.push(draft);
                }
                Seen::Coming => drop(self.absent.insert(*seq, Row::absent(*seq, COMING))),
                Seen::Missing => drop(self.absent.insert(*seq, Row::absent(*seq, MISSING))),
            }
        }
        self.acks.look(history, visible);
    }
}

fn device(standing: &Standing, now: Moment, mono_us: u64, zone: &TimeZone) -> Device {
    let text =
        |text: &Option<String>| text.as_deref().map(|text| Safe::new(words::clip(text, 1024))).unwrap_or_default();
    Device {
        name: Safe::new(&standing.name),
        state: standing.state,
        attempt: standing.attempt,
        retry: standing.retry.map(|(at, whole)| (at.saturating_duration_since(now.mono), whole)),
        since: clock(standing.since, zone).cut(5),
        code: text(&standing.code),
        reason: text(&standing.reason),
        ping: standing.ping,
        clock_offset_us: None,
        rates: (standing.rx_rate.per_second(mono_us), standing.tx_rate.per_second(mono_us)),
        refused: standing.subscriptions.iter().filter(|(_, granted)| granted.is_none()).count(),
    }
}
