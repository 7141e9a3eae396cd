//! A long tape with everything that a seek has to get right, and a deck that is waited for.

use std::path::{Path, PathBuf};

use standin::event::{Event, Kind, LineState, StateChange, json};
use standin::profile::Cloud;
use standin::replay::{Deck, DeckState, Order};
use standin::session::Journal;
use standin::tape::Tapes;
use standin::timeline::{Budget, RequestState, SessionId, Timeline};

use super::tape::{Story, recorded};
use super::until;

/// A list of numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// At least `events` events on three devices: requests with and without an answer, states, notes, busy and idle stretches.
pub fn long_story(events: u64, seed: u64) -> Story {
    let mut story = Story::new();
    let devices =
        [("smoke-01", Cloud::Huawei), ("lamp-01", Cloud::Aliyun), ("plain-01", Cloud::Mqtt)].map(|(name, cloud)| {
            let mut session = recorded(name, cloud);
            session.state = if cloud == Cloud::Aliyun { LineState::Online } else { LineState::Offline };
            story.device(session)
        });
    let mut dice = Dice(seed);
    let mut seq = 0;
    while seq < events {
        let device = devices[usize::try_from(dice.below(2)).unwrap()];
        match dice.below(400) {
            0 => story.wait_ms(dice.below(120_000)),
            1..=20 => story.wait_ms(dice.below(9_000)),
            _ => story.wait_ms(dice.below(300)),
        }
        seq = match dice.below(60) {
            0 => line_changes(&mut story, device, &mut dice),
            1 => story.note(device, "a note"),
            2 => story.note(devices[2], "on a quiet device"),
            3..=8 => request(&mut story, devices[0], seq, dice.below(3) > 0),
            _ => story.rx(device, "some/topic/of/ours", format!(r#"{{"value":{}}}"#, dice.below(1_000_000))),
        };
    }
    story
}

fn line_changes(story: &mut Story, device: SessionId, dice: &mut Dice) -> u64 {
    let state = LineState::ALL[usize::try_from(dice.below(4)).unwrap()];
    let change = StateChange {
        state,
        attempt: u32::try_from(dice.below(9)).unwrap(),
        retry_in: (state == LineState::Backoff).then(|| std::time::Duration::from_millis(dice.below(60_000))),
        code: (dice.below(2) == 0).then_some("closed"),
        reason: (dice.below(2) == 0).then_some("the platform closed the connection"),
        ..StateChange::default()
    };
    story.say(device, &Kind::State(change))
}

fn request(story: &mut Story, device: SessionId, id: u64, answered: bool) -> u64 {
    let base = "$oc/devices/65f0c0de_dev01/sys/commands";
    let seq = story.rx(device, &format!("{base}/request_id=r{id}"), r#"{"command_name":"SILENCE","paras":{}}"#);
    story.wait_ms(700);
    if answered { story.tx(device, &format!("{base}/response/request_id=r{id}"), "{}") + 1 } else { seq }
}

/// A deck over the tapes at `paths`.
pub fn deck(paths: &[&Path]) -> (Deck, Journal, Tapes) {
    deck_of(paths, Budget::default())
}

pub fn deck_of(paths: &[&Path], budget: Budget) -> (Deck, Journal, Tapes) {
    let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).to_owned()).collect();
    let tapes = Tapes::open(&paths).unwrap();
    let (deck, journal) = Deck::open(tapes.clone(), budget).unwrap();
    (deck, journal, tapes)
}

/// Gives an order and waits until it is done.
pub fn go(deck: &Deck, order: Order) -> DeckState {
    deck.order(order);
    settled(deck, &format!("{order:?}"))
}

/// Waits until no seek is under way.
pub fn settled(deck: &Deck, what: &str) -> DeckState {
    until(what, || !deck.state().seeking);
    deck.state()
}

/// An event as the tape has it.
pub fn line(event: &Event<'_>) -> String {
    let mut line = String::new();
    json::write(&mut line, event);
    line
}

/// The lines of what the timeline holds.
pub fn lines(journal: &Journal) -> Vec<String> {
    journal.with(|timeline| timeline.events_from(0).map(|event| line(&event)).collect())
}

/// The number of the newest event on the timeline.
pub fn newest(journal: &Journal) -> u64 {
    journal.with(|timeline| timeline.span().map_or(0, |(_, newest)| newest))
}

/// How the sessions stand, in words; times as seen from the deck's now.
pub fn standings(deck: &Deck, journal: &Journal) -> Vec<String> {
    let now = deck.now().mono;
    let tell = |timeline: &mut Timeline| {
        let lines = timeline.sessions().iter().map(|standing| {
            let retry = standing.retry.map(|(at, whole)| {
                (at.saturating_duration_since(now).as_micros(), now.saturating_duration_since(at).as_micros(), whole)
            });
            let (code, reason) = (&standing.code, &standing.reason);
            let state = (standing.state, standing.attempt, standing.since);
            format!("{} {:?} {state:?} {retry:?} {code:?} {reason:?}", standing.name, standing.cloud)
        });
        lines.collect()
    };
    journal.with(tell)
}

/// The requests that are open now: their number, session, id and what is left of their time.
pub fn open_requests(deck: &Deck, journal: &Journal) -> Vec<(u64, SessionId, String, u128)> {
    let now = deck.now();
    journal.with(|timeline| {
        timeline.expire(now);
        let open = timeline.requests().iter().filter(|request| request.state == RequestState::Open);
        let left = |request: &standin::timeline::Request| {
            let left = request.deadline.saturating_duration_since(now.mono).as_micros();
            (request.seq, request.session, request.request_id.clone(), left)
        };
        open.map(left).collect()
    })
}

/// Damages the chunk of the tape at `path` that holds event `number`; answers the numbers of its first and last event.
pub fn damage(path: &Path, number: u64) -> (u64, u64) {
    let mut bytes = std::fs::read(path).unwrap();
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    let mut first = 1;
    for chunk in &summary.chunk_indexes {
        let count =
            summary.read_message_indexes(&bytes, chunk).unwrap().values().map(|of| of.len() as u64).sum::<u64>();
        if first + count > number {
            let start = usize::try_from(chunk.chunk_start_offset).unwrap();
            let length = usize::try_from(chunk.chunk_length).unwrap();
            bytes[start + length - length / 3] ^= 0x55;
            std::fs::write(path, bytes).unwrap();
            return (first, first + count - 1);
        }
        first += count;
    }
    panic!("there is no event {number}");
}
