//! A look at the timeline: what the panes show of it, copied out as owned, safe text while the lock is held for as short a
//! time as possible. What needs thought (a cloud's summary) is made after the lock is gone, once for each event.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::acks::Acks;
use super::history::{History, Seen};
use super::layout::Pane;
use super::row::{Draft, Row, clock};
use super::state::State;
use super::words;
use crate::cloud::{Direction, Platform};
use crate::event::{LineState, Moment};
use crate::text::Safe;
use crate::timeline::{LetGo, Request, RequestState, SessionId, Standing, Timeline};

/// Rates are means over a few whole seconds: so long after the last message they are at nothing.
const SETTLE: Duration = Duration::from_secs(5);

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
    /// The open one with the least time left.
    pub urgent: Option<Ask>,
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

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its event's number.
    pub seq: u64,
    /// Its session.
    pub session: SessionId,
    /// What it asks for.
    pub label: Safe,
    /// What became of it.
    pub right: Right,
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub struct Eye {
    zone: Option<TimeZone>,
    rows: HashMap<u64, Row>,
    /// Rows for events that are not here.
    absent: HashMap<u64, Row>,
    labels: HashMap<u64, Safe>,
    glance: Glance,
    /// Made under the lock, to be finished without it.
    drafts: Vec<Draft>,
    unlabelled: Vec<(u64, SessionId, String, Vec<u8>, &'static str)>,
    visible: Vec<u64>,
    acks: Acks,
    asks: Vec<(u64, SessionId, Right)>,
    urgent: Option<(u64, SessionId, Right)>,
    requests: HashMap<u64, Right>,
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
        self.labels.clear();
        self.acks = Acks::default();
    }

    /// Copies out of the history what the panes are about to show.
    pub fn look(&mut self, history: History<'_>, state: &mut State, now: Moment) {
        let timeline = history.timeline;
        let zone = self.zone();
        let mono = timeline.mono_us_at(now);
        self.glance.devices = timeline.sessions().iter().map(|standing| device(standing, now, mono, &zone)).collect();
        let (oldest, newest) = history.span().unwrap_or((1, 0));
        self.glance.newest = newest;
        self.glance.let_go = timeline.let_go();
        // What a tape still has is not gone.
        self.glance.let_go.events = self.glance.let_go.events.min(oldest.saturating_sub(1));
        self.look_at_requests(timeline, state, now.mono);
        self.look_at_rows(history, state, &zone);
        let mut more = None;
        if let Some(seq) = state.window.selected() {
            let size = state.content(Pane::Message).as_size();
            match history.look(seq, |event, _| state.message.collect(event, size)) {
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

    /// Makes the words that take thought; the timeline is no longer needed.
    /// `platform` answers which cloud a session speaks to.
    pub fn finish<'a>(&mut self, platform: impl Fn(SessionId) -> Option<&'a dyn Platform>) -> &Glance {
        for (seq, session, topic, payload, what) in self.unlabelled.drain(..) {
            let summary = platform(session).map(|cloud| cloud.summary(Direction::Down, &topic, &payload));
            let name = summary.map(|summary| summary.name).filter(|name| !name.is_empty());
            let label =
                name.map_or_else(|| Safe::new(&what.replace('-', " ")), |name| Safe::new(words::clip(&name, 200)));
            self.labels.insert(seq, label);
        }
        for draft in self.drafts.drain(..) {
            let cloud = platform(draft.session());
            let row = draft.finish(cloud);
            self.rows.insert(row.seq, row);
        }
        let (rows, absent, requests, acks) = (&self.rows, &self.absent, &mut self.requests, &self.acks);
        self.glance.rows = self
            .visible
            .iter()
            .filter_map(|seq| rows.get(seq).or_else(|| absent.get(seq)))
            .map(|row| {
                let right = requests.remove(&row.seq).unwrap_or_else(|| match acks.of(row.seq) {
                    _ if !row.aside.is_empty() => Right::Aside(row.aside.clone()),
                    right => right,
                });
                (row.clone(), right)
            })
            .collect();
        let labels = &self.labels;
        let ask = |(seq, session, right): &(u64, SessionId, Right)| Ask {
            seq: *seq,
            session: *session,
            label: labels.get(seq).cloned().unwrap_or_default(),
            right: right.clone(),
        };
        self.glance.asks = self.asks.iter().map(ask).collect();
        self.glance.urgent = self.urgent.as_ref().map(ask);
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

    fn look_at_requests(&mut self, timeline: &Timeline, state: &State, now: Instant) {
        let mut sorted: Vec<&Request> = timeline.requests().iter().collect();
        let is_open = |request: &Request| request.state == RequestState::Open;
        sort(&mut sorted);
        self.glance.all_asks = sorted.len();
        self.glance.open = sorted.iter().filter(|request| is_open(request)).count();
        let (first, last) =
            state.window.visible().fold((u64::MAX, 0), |(first, last), seq| (first.min(seq), last.max(seq)));
        self.requests = sorted
            .iter()
            .filter(|request| (first..=last).contains(&request.seq))
            .map(|request| (request.seq, right(request, now)))
            .collect();
        let height = usize::from(state.content(Pane::Requests).height);
        let chosen = sorted.iter().position(|request| Some(request.seq) == state.request).unwrap_or(0);
        let top = (chosen + 1).saturating_sub(height);
        let shown = sorted.get(top..sorted.len().min(top + height)).unwrap_or_default();
        let urgent = sorted.first().filter(|request| is_open(request));
        self.asks = shown.iter().map(|request| (request.seq, request.session, right(request, now))).collect();
        self.urgent = urgent.map(|request| (request.seq, request.session, right(request, now)));
        let wanted = || shown.iter().chain(urgent);
        self.labels.retain(|seq, _| wanted().any(|request| request.seq == *seq));
        for request in wanted() {
            let known =
                self.labels.contains_key(&request.seq) || self.unlabelled.iter().any(|(seq, ..)| *seq == request.seq);
            if !known {
                let payload = if request.payload.len() > 64 * 1024 { Vec::new() } else { request.payload.clone() };
                let what = request.what.word();
                self.unlabelled.push((request.seq, request.session, request.topic.clone(), payload, what));
            }
        }
    }
}

/// The requests in the order of their pane; the choice moves in this order too.
pub fn order_of_requests(timeline: &Timeline) -> Vec<u64> {
    let mut sorted: Vec<&Request> = timeline.requests().iter().collect();
    sort(&mut sorted);
    sorted.iter().map(|request| request.seq).collect()
}

fn right(request: &Request, now: Instant) -> Right {
    match request.state {
        RequestState::Open => Right::Left(request.deadline.saturating_duration_since(now)),
        RequestState::Answered(took) => Right::Answered(took),
        RequestState::Late(took) => Right::Late(took),
        RequestState::Expired => Right::Expired,
        RequestState::Ignored => Right::Ignored,
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
        rates: (standing.rx_rate.per_second(mono_us), standing.tx_rate.per_second(mono_us)),
        refused: standing.subscriptions.iter().filter(|(_, granted)| granted.is_none()).count(),
    }
}

/// Open ones by their deadline, then the others, the newest first.
fn sort(requests: &mut [&Request]) {
    requests.sort_by_key(|request| {
        let open = request.state == RequestState::Open;
        (!open, open.then_some(request.deadline), std::cmp::Reverse(request.seq))
    });
}
