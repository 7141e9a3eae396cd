//! A stage: a history on the screen, with the clock that it goes by, the devices of which it tells, and what the person at the
//! keys has chosen of it.
//!
//! What lives here: what has to be done with the journal locked, for a key and for a frame. What may not: the terminal, and
//! whatever outlives a stage (that is `shell`).

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::application::{Application, Wanted};
use super::glance::{Eye, Glance};
use super::history::History;
use super::inbox::Bound;
use super::input::Input;
use super::layout::Pane;
use super::models::Loaded;
use super::panes;
use super::reel::{Gauge, Reel};
use super::state::State;
use super::update::{self, Effect, Sending, World};
use super::window::Progress;
use crate::cloud::{self, Platform};
use crate::event::{Kind, Moment};
use crate::model::Model;
use crate::replay::{Deck, Order, Pace, Past};
use crate::session::recording::Place;
use crate::session::{Handle, Journal, clock};
use crate::tape::Tapes;
use crate::timeline::{Budget, SessionId};

/// How many events one look of a search takes in, with the timeline locked.
const LOOK: usize = 4_000;
/// How long a search goes on before keys and frames have their turn.
const SEARCH: Duration = Duration::from_millis(4);
/// A search rests so many times as long as it went on: the sessions want the machine too.
const SEARCH_REST: u32 = 2;

/// How often is looked what a recording wrote since.
const GROW: Duration = Duration::from_secs(1);

/// A stage.
#[derive(Debug)]
pub struct Stage {
    /// What happened, and happens.
    pub journal: Journal,
    /// The sessions; none where nothing can be sent.
    pub handles: Vec<Handle>,
    /// The platform's application, where this program has one.
    pub application: Option<Box<dyn Application>>,
    /// What the person at the keys has chosen, typed or been told.
    pub state: State,
    platforms: Platforms,
    past: Option<Past>,
    /// The recording that `past` is of.
    recording: Option<Recording>,
    playback: Option<Playback>,
    eye: Eye,
    /// When a search that is under way goes on.
    search: Option<Instant>,
    /// The newest request that was rung for.
    rung: u64,
    start: Instant,
}

/// A recording that is read behind the memory.
#[derive(Debug)]
struct Recording {
    id: u64,
    places: Vec<Place>,
    /// When it was looked at.
    looked: Instant,
    runs: bool,
}

/// A tape that is played.
#[derive(Debug)]
struct Playback {
    deck: Deck,
    gauge: Gauge,
    /// How many events the tapes had.
    events: u64,
    /// The seeks and misses that are known.
    known: (u64, u64),
    /// Where a search sent the deck.
    sent: Option<u64>,
}

/// The cloud of each session.
type Platforms = Vec<(SessionId, Arc<dyn Platform>)>;

/// What comes of a look at the history.
#[derive(Debug)]
pub struct Look {
    /// Whether there is a request that was not rung for.
    pub rings: bool,
    /// When something on the screen changes with time alone.
    pub again: Option<Instant>,
}

impl Stage {
    /// The stage of sessions that run.
    pub fn live(journal: Journal, handles: Vec<Handle>, size: (u16, u16)) -> Self {
        let platforms = handles.iter().map(|handle| (handle.id, Arc::clone(&handle.platform))).collect();
        Self {
            journal,
            handles,
            application: None,
            state: State::new(size),
            platforms,
            past: None,
            recording: None,
            playback: None,
            eye: Eye::default(),
            search: None,
            rung: 0,
            start: Instant::now(),
        }
    }

    /// The stage of tapes, which play from their beginning at `pace`.
    pub fn replay(tapes: Tapes, pace: Pace, size: (u16, u16)) -> io::Result<Self> {
        let (deck, journal) = Deck::open(tapes.clone(), Budget::default())?;
        let past = Past::of_tapes(tapes.clone(), journal.clone());
        let mut stage = Self::live(journal, Vec::new(), size);
        // The deck registers them in this order.
        stage.platforms = (0..)
            .zip(tapes.sessions())
            .map(|(place, known)| (SessionId(place), Arc::from(cloud::observed(known.cloud, &known.identifiers))))
            .collect();
        stage.past = Some(past);
        deck.order(Order::Pace(pace));
        deck.order(Order::Play(true));
        stage.state.reel = Some(Reel::new(&tapes, deck.state(), stage.eye.zone()));
        let gauge = Gauge::new(tapes, stage.journal.clone());
        stage.playback = Some(Playback { deck, gauge, events: 0, known: (0, 0), sent: None });
        Ok(stage)
    }

    /// Takes in the models of products, by the devices' names.
    pub fn know(&mut self, models: &BTreeMap<String, Arc<Model>>) {
        for handle in &self.handles {
            if let Some(model) = models.get(&handle.profile.name) {
                self.state.composer.know(handle.id, Arc::clone(model));
            }
        }
    }

    /// Takes in a model that was read while the console runs, or tells why it could not be.
    pub fn take_model(&mut self, loaded: Loaded) {
        let Loaded { session, model } = loaded;
        match model {
            Ok(model) => {
                let (properties, events, commands) = model.counts();
                self.state.composer.know(session, model);
                let counts = format!("properties: {properties}, events: {events}, commands: {commands}");
                self.state.tell(&format!("The model is read ({counts}); c composes with it."));
            }
            Err(why) => self.state.refuse(&format!("No product model: {why}")),
        }
    }

    /// Whether this is a replay.
    pub fn is_replay(&self) -> bool {
        self.playback.is_some()
    }

    /// Tells the deck something.
    pub fn order(&self, order: Order) {
        if let Some(playback) = &self.playback {
            playback.deck.order(order);
        }
    }

    /// Breaks off the search of the tape that is under way.
    pub fn call_off(&self) {
        if let Some(past) = &self.past {
            past.call_off();
        }
    }

    /// Takes in where the sessions' events lie on the tape of that id, if one of all of them runs. One that has ended is read for as
    /// long as nothing is missing between it and the memory.
    pub fn follow_tape(&mut self, runs: Option<(u64, Vec<Place>)>, now: Instant) {
        match (runs, &mut self.recording) {
            (None, None) => {}
            (None, Some(known)) if known.runs => {
                known.runs = false;
                if let Some(past) = &self.past {
                    past.grow(&known.places);
                }
            }
            (None, Some(_)) => {
                let oldest = self.journal.with(|timeline| timeline.span()).map_or(0, |(oldest, _)| oldest);
                let newest = self.past.as_ref().and_then(Past::span).map_or(0, |(_, newest)| newest);
                if oldest > newest + 1 {
                    self.past = None;
                    self.recording = None;
                }
            }
            (Some((id, places)), Some(known)) if known.id == id => {
                if let Some(past) = self.past.as_ref().filter(|_| now.saturating_duration_since(known.looked) >= GROW) {
                    past.grow(&places);
                    (known.looked, known.places) = (now, places);
                }
            }
            (Some((id, places)), recording) => {
                self.past = Some(Past::of_recording(&places, self.journal.clone()));
                *recording = Some(Recording { id, places, looked: now, runs: true });
            }
        }
    }

    /// How many requests wait for an answer.
    pub fn open(&self, now: Moment) -> usize {
        self.journal.with(|timeline| {
            timeline.expire(now);
            timeline.requests().most_urgent().0
        })
    }

    /// Takes one input.
    pub fn input(&mut self, input: Input) -> Vec<Effect> {
        self.search = Some(Instant::now());
        self.with(|state, world| match input {
            Input::Key(event) => update::key(state, event, world),
            Input::Paste(text) => {
                update::paste(state, &text, world);
                Vec::new()
            }
        })
    }

    /// Hands an order to its session.
    pub fn send(&mut self, sending: &Sending) {
        // The order is handed over while the timeline is locked, so that its answer cannot come before it is watched for.
        self.with(|state, world| {
            let Some(handle) = world.handle(sending.session) else { return };
            match handle.try_send(sending.order.clone()) {
                Ok(()) => update::taken(state, sending, world),
                Err(refusal) => update::refused(state, sending, &refusal, world),
            }
        });
    }

    /// Sets a request aside, or takes it back.
    pub fn hold(&mut self, bound: &Bound, held: bool) {
        let done = self.journal.with(|timeline| timeline.hold_request(bound.seq, held));
        update::held(&mut self.state, bound, held, done);
    }

    /// Leaves a request without an answer; `note` is put on the timeline, so that a tape has it.
    pub fn ignore(&mut self, bound: &Bound, note: &str) {
        let done = self.journal.with(|timeline| timeline.ignore_request(bound.seq));
        if done {
            self.journal.append(bound.session, self.now(), &Kind::Note { text: note, order: None });
        }
        update::ignored(&mut self.state, bound, done);
    }

    /// Has the platform's application send something.
    pub fn order_of_application(&self, wanted: &Wanted) {
        if let Some(application) = &self.application {
            application.send(wanted);
        }
    }

    /// Takes in what has come of what the platform's application sent.
    pub fn hear_of_application(&mut self) {
        while let Some(news) = self.application.as_mut().and_then(|application| application.news()) {
            if news.good {
                self.state.tell(&news.words);
            } else {
                self.state.refuse(&news.words);
            }
        }
    }

    /// When a search goes on.
    pub fn search_at(&self) -> Option<Instant> {
        self.search
    }

    /// Searches for the rows that the stream wants, for a few milliseconds. With `fresh`, events that came since are taken in.
    pub fn find(&mut self, fresh: bool) {
        let start = Instant::now();
        self.state.window.resize(usize::from(self.state.content(Pane::Stream).height));
        let (window, past) = (&mut self.state.window, self.past.as_ref());
        let mut fresh = fresh;
        self.search = loop {
            let progress = self.journal.with(|timeline| window.advance(History::new(timeline, past), LOOK, fresh));
            fresh = false;
            if progress != Progress::More {
                // What is read from a tape rings the bell.
                break None;
            }
            let spent = start.elapsed();
            if spent >= SEARCH {
                break Some(Instant::now() + spent * SEARCH_REST);
            }
        };
        self.send_ahead();
    }

    /// Sends the deck to an event that was found before it happened.
    fn send_ahead(&mut self) {
        let Some(playback) = &mut self.playback else { return };
        let ahead = self.state.window.ahead();
        if let Some(seq) = ahead.filter(|_| ahead != playback.sent) {
            playback.deck.order(Order::Play(false));
            playback.deck.order(Order::To(seq));
        }
        playback.sent = ahead;
    }

    /// Brings what the screen knows of the deck up to date.
    fn look_at_deck(&mut self) {
        let cells = self.state.layout().reel.map_or(0, panes::reel::cells);
        let (Some(playback), Some(reel)) = (&mut self.playback, &mut self.state.reel) else { return };
        let deck = playback.deck.state();
        reel.deck = deck;
        if let Some(density) = playback.gauge.look(cells, deck.events) {
            reel.density = density;
        }
        let known = std::mem::replace(&mut playback.events, deck.events);
        if let Some(past) = self.past.as_ref().filter(|_| known != deck.events) {
            past.grow(&[]);
        }
        let (seeks, misses) = std::mem::replace(&mut playback.known, (deck.seeks, deck.misses));
        let wanted = reel.wanted;
        if deck.seeks != seeks {
            self.eye.forget();
        }
        if deck.misses != misses {
            self.state.refuse(&format!("There is no further {wanted} that way."));
        }
    }

    /// Looks at the history for the panes. It is `keys` at the keys.
    pub fn look(&mut self, keys: Instant) -> Look {
        self.look_at_deck();
        let now = self.now();
        let Self { journal, handles, application, state, past, eye, platforms, .. } = self;
        let application = application.as_deref();
        let (next, newest) = journal.with(|timeline| {
            let next = timeline.expire(now);
            let history = History::new(timeline, past.as_ref());
            update::settle(state, &World { history, handles, application, now, real: keys });
            eye.look(history, state, now, |session| platform(platforms, session));
            (next, timeline.requests().iter().next_back().map_or(0, |request| request.seq))
        });
        eye.look_at_devices(handles, |session| journal.clock_offset_us(session), state);
        let glance = eye.finish(|session| platform(platforms, session));
        let (ticking, more) = (glance.ticking, glance.more.map(|wait| keys + wait));
        let rings = newest > self.rung && glance.open > 0;
        self.rung = self.rung.max(newest);
        let tick = match &self.state.reel {
            Some(reel) => reel.deck.playing.then(|| keys + tick_of(reel.deck.pace)),
            None => ticking.then(|| self.next_tick(keys, next)),
        };
        Look { rings, again: [tick, more].into_iter().flatten().min() }
    }

    /// What the last look showed.
    pub fn glance(&self) -> &Glance {
        self.eye.glance()
    }

    fn now(&self) -> Moment {
        self.playback.as_ref().map_or_else(clock::now, |playback| playback.deck.now())
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut State, &World<'_>) -> T) -> T {
        let now = self.now();
        let Self { journal, handles, application, state, past, .. } = self;
        let application = application.as_deref();
        journal.with(|timeline| {
            let history = History::new(timeline, past.as_ref());
            work(state, &World { history, handles, application, now, real: Instant::now() })
        })
    }

    /// When the next second of the countdowns begins, or a request's time is up.
    fn next_tick(&self, now: Instant, deadline: Option<Instant>) -> Instant {
        let passed = now.saturating_duration_since(self.start);
        let second = self.start + Duration::from_secs(passed.as_secs() + 1);
        deadline.filter(|deadline| *deadline > now).map_or(second, |deadline| deadline.min(second))
    }
}

/// How often the time of a tape that plays is shown anew: each of its seconds, within reason.
fn tick_of(pace: Pace) -> Duration {
    let seconds = match pace {
        Pace::Times(times) => (1.0 / times).clamp(0.1, 1.0),
        Pace::Full => 0.1,
    };
    Duration::from_secs_f64(seconds)
}

fn platform(platforms: &Platforms, session: SessionId) -> Option<&dyn Platform> {
    platforms.iter().find(|(id, _)| *id == session).map(|(_, platform)| platform.as_ref())
}
