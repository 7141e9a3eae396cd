//! What the panes show of the platforms' requests: the visible ones of the inbox, the most urgent one, and how long is left.
//!
//! The order is the timeline's own, which keeps it: a look costs a walk along it, and no payload is taken apart twice while its
//! request stays on the screen.

use std::collections::HashMap;
use std::time::Instant;

use super::Right;
use crate::cloud::{Direction, Platform};
use crate::console::inbox::{Here, NAMED_UP_TO, most_urgent_of};
use crate::console::layout::Pane;
use crate::console::state::State;
use crate::console::words;
use crate::event::{Kind, What};
use crate::text::Safe;
use crate::timeline::{Request, RequestState, SessionId, Timeline};

/// Longer than any pane is wide, in bytes.
const LINE: usize = 400;

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its event's number.
    pub seq: u64,
    /// Its session.
    pub session: SessionId,
    /// What it asks for.
    pub label: Safe,
    /// Its parameters, as the cloud's summary has them.
    pub detail: Safe,
    /// Its kind.
    pub what: What,
    /// Its id.
    pub request_id: Safe,
    /// What became of it.
    pub right: Right,
    /// It was set aside.
    pub held: bool,
    /// What of the device's own doings answered it.
    pub by: Option<Safe>,
    /// How many answers have gone.
    pub answers: u32,
    /// Its answer told of a failure.
    pub failed: bool,
    /// An answer was handed over and has not gone yet.
    pub under_way: bool,
}

/// What is remembered of requests between two looks.
#[derive(Debug, Default)]
pub(super) struct Asks {
    said: HashMap<u64, Said>,
    /// Copied under the lock, to be taken apart without it.
    unsaid: Vec<Unsaid>,
    shown: Vec<Ask>,
    urgent: Option<Ask>,
    sooner: Option<Ask>,
    /// What became of the requests in the stream's window.
    rights: HashMap<u64, Right>,
}

/// What a request says.
#[derive(Clone, Debug, Default)]
struct Said {
    label: Safe,
    detail: Safe,
    /// The answer that was looked at, by its event's number.
    answer: Option<u64>,
    failed: bool,
}

/// A request that has still to be taken apart, with its answer.
#[derive(Debug)]
struct Unsaid {
    seq: u64,
    session: SessionId,
    what: What,
    topic: String,
    payload: Vec<u8>,
    answer: Option<u64>,
    /// The answer's topic and payload, while the timeline has it.
    answered: Option<(String, Vec<u8>)>,
}

impl Asks {
    pub(super) fn forget(&mut self) {
        self.said.clear();
    }

    /// What became of a request in the stream's window.
    pub(super) fn take_right(&mut self, seq: u64) -> Option<Right> {
        self.rights.remove(&seq)
    }

    /// Copies out what is about to be shown.
    pub(super) fn look(&mut self, timeline: &Timeline, state: &mut State, now: Instant) {
        let requests = timeline.requests();
        let (first, last) =
            state.window.visible().fold((u64::MAX, 0), |(first, last), seq| (first.min(seq), last.max(seq)));
        self.rights = requests.between(first, last).map(|request| (request.seq, right(request, now))).collect();
        let ask = |request: &Request| Ask {
            seq: request.seq,
            session: request.session,
            label: Safe::default(),
            detail: Safe::default(),
            what: request.what,
            request_id: Safe::new(words::clip(&request.request_id, LINE)),
            right: right(request, now),
            held: request.held,
            by: request.by.as_deref().map(|by| Safe::new(words::clip(by, LINE))),
            answers: request.answers,
            failed: false,
            under_way: state.is_answering(request.session, &request.request_id),
        };
        let urgent = requests.most_urgent().1;
        let here = most_urgent_of(requests, state.device());
        let sooner = urgent.filter(|urgent| here.is_none_or(|here| here.seq != urgent.seq));
        let height = usize::from(state.content(Pane::Requests).height);
        let chosen = state.inbox.chosen.and_then(|seq| requests.by_urgency().position(|request| request.seq == seq));
        let (top, line) = window(requests.len(), height, chosen, state.inbox.line);
        let shown: Vec<&Request> = requests.by_urgency().skip(top).take(height).collect();
        self.shown = shown.iter().map(|request| ask(request)).collect();
        (self.urgent, self.sooner) = (here.map(ask), sooner.map(ask));
        let wanted = || shown.iter().copied().chain(here).chain(sooner);
        self.said.retain(|seq, _| wanted().any(|request| request.seq == *seq));
        for request in wanted() {
            let known = self.said.get(&request.seq).is_some_and(|said| said.answer == request.answer);
            if !known && !self.unsaid.iter().any(|one| one.seq == request.seq && one.answer == request.answer) {
                self.unsaid.push(Unsaid::of(request, timeline));
            }
        }
        state.inbox.line = line;
        state.inbox.urgent = urgent.map(|request| request.seq);
        state.inbox.here = Here { device: state.device(), seq: here.map(|request| request.seq) };
    }

    /// Makes the words; answers the visible requests, the most urgent one of the chosen device, and the one of another device that
    /// is more urgent still.
    pub(super) fn finish<'a>(
        &mut self,
        platform: impl Fn(SessionId) -> Option<&'a dyn Platform>,
    ) -> (Vec<Ask>, Option<Ask>, Option<Ask>) {
        for unsaid in self.unsaid.drain(..) {
            let said = unsaid.say(platform(unsaid.session));
            self.said.insert(unsaid.seq, said);
        }
        let said = &self.said;
        let with_words = |ask: Ask| {
            let Said { label, detail, failed, .. } = said.get(&ask.seq).cloned().unwrap_or_default();
            Ask { label, detail, failed, ..ask }
        };
        let shown = self.shown.drain(..).map(with_words).collect();
        (shown, self.urgent.take().map(with_words), self.sooner.take().map(with_words))
    }
}

impl Unsaid {
    fn of(request: &Request, timeline: &Timeline) -> Self {
        let payload = if request.payload.len() > NAMED_UP_TO { Vec::new() } else { request.payload.clone() };
        let topic = request.topic.clone();
        let answered = request.answer.and_then(|answer| match timeline.get(answer)?.kind {
            Kind::Tx(went) if went.payload.len() <= NAMED_UP_TO => Some((went.topic.to_owned(), went.payload.to_vec())),
            _ => None,
        });
        let (seq, session, what, answer) = (request.seq, request.session, request.what, request.answer);
        Self { seq, session, what, topic, payload, answer, answered }
    }

    fn say(&self, platform: Option<&dyn Platform>) -> Said {
        let summary =
            platform.map(|cloud| cloud.summary(Direction::Down, &self.topic, &self.payload)).unwrap_or_default();
        let label = if summary.name.is_empty() {
            Safe::new(&self.what.word().replace('-', " "))
        } else {
            Safe::new(words::clip(&summary.name, LINE))
        };
        let failed = self.answered.as_ref().zip(platform).is_some_and(|((topic, payload), cloud)| {
            // What is no longer remembered is not told to have failed.
            cloud.summary(Direction::Up, topic, payload).failed
        });
        Said { label, detail: Safe::new(words::clip(&summary.detail, LINE)), answer: self.answer, failed }
    }
}

/// The first visible request and the line of the chosen one, of `count` requests on `height` lines; the chosen one stays on `line`
/// as long as there is something to show above and below it.
fn window(count: usize, height: usize, chosen: Option<usize>, line: usize) -> (usize, usize) {
    let Some(chosen) = chosen else { return (0, 0) };
    let line = line.min(height.saturating_sub(1));
    let top = chosen.saturating_sub(line).min(count.saturating_sub(height));
    // A list that ends above the pane's last line has the chosen one where it has to be.
    let top = top.max((chosen + 1).saturating_sub(height)).min(chosen);
    (top, chosen - top)
}

pub(super) fn right(request: &Request, now: Instant) -> Right {
    match request.state {
        RequestState::Open => Right::Left(request.deadline.saturating_duration_since(now)),
        RequestState::Answered(took) => Right::Answered(took),
        RequestState::Late(took) => Right::Late(took),
        RequestState::Expired => Right::Expired,
        RequestState::Ignored => Right::Ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn the_chosen_one_stays_on_its_line_and_on_the_screen() {
        for (count, height, chosen, line, wanted) in [
            (0, 5, None, 3, (0, 0)),
            (3, 5, Some(2), 2, (0, 2)),
            (100, 5, None, 3, (0, 0)),
            (100, 5, Some(10), 2, (8, 2)),
            // One above it has gone: it keeps its line, and what is above moves.
            (99, 5, Some(9), 2, (7, 2)),
            (100, 5, Some(1), 4, (0, 1)),
            (100, 5, Some(99), 0, (95, 4)),
            (100, 5, Some(50), 9, (46, 4)),
            (100, 0, Some(50), 9, (50, 0)),
            (100, 1, Some(50), 9, (50, 0)),
        ] {
            assert_eq!(window(count, height, chosen, line), wanted, "{count} {height} {chosen:?} {line}");
        }
    }
}
