//! Keys that act on a request: answer at once, answer with a failure code, hold, ignore; and the question before an answer that is
//! out of order.
//!
//! A key acts on the request under the cursor, else on the most urgent one that the screen showed; while the stream shows one
//! device, on no other's. From then on the answer is bound to that request's session and id.

use super::{Effect, Origin, Sending, World, orders};
use crate::console::action::{Action, Motion};
use crate::console::inbox::{Bound, Here, Inbox, most_urgent_of, objections};
use crate::console::layout::Pane;
use crate::console::line::Line;
use crate::console::state::{Codes, CodesFor, Overlay, Question, State};
use crate::console::words;
use crate::event::{Irregular, LineState};
use crate::session::Action as Deed;
use crate::timeline::{Request, RequestState, SessionId};

/// So much of a request's id tells it from others, in a note.
const ID: usize = 8;

/// The request that a key means: the one under the cursor, else the most urgent one that was shown, else the one that a key acted
/// on last: it was held until its time was up, or is to be answered once more. Outside the inbox a stream of one device keeps
/// the keys to that device: an answer for another would be one for what is not on the screen.
pub(super) fn chosen<'a>(state: &State, world: &World<'a>) -> Option<&'a Request> {
    let requests = world.history.timeline.requests();
    if state.focus == Pane::Requests {
        let known = |seq: Option<u64>| requests.get(seq?);
        let Inbox { chosen, urgent, last, .. } = state.inbox;
        return known(chosen).or_else(|| known(urgent)).or_else(|| known(last));
    }
    let device = state.device();
    let is_here = |request: &&Request| device.is_none_or(|device| device == request.session);
    let cursor = state.window.selected().filter(|_| state.window.is_chosen());
    let urgent = || match state.inbox.here {
        Here { device: shown, seq } if shown == device => requests.get(seq?),
        // The device was chosen a moment ago, and no frame has shown its requests yet.
        _ => most_urgent_of(requests, device),
    };
    let last = || requests.get(state.inbox.last?).filter(is_here);
    cursor.and_then(|seq| requests.get(seq)).or_else(urgent).or_else(last)
}

/// Says that there is no request that a key could mean.
pub(super) fn refuse(state: &mut State, world: &World<'_>) {
    let device = state.device().filter(|_| state.focus != Pane::Requests);
    match device.and_then(|session| Some((session, world.standing(session)?))) {
        Some((session, standing)) => {
            let number = u32::from(session.0) + 1;
            state.refuse(&format!("No request of {number} {} is open. 0 takes all devices.", standing.name));
        }
        None => state.refuse("No request is open."),
    }
}

/// A key in the panes.
pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(request) = chosen(state, world) else {
        refuse(state, world);
        return Vec::new();
    };
    let Some(bound) = bind(request, world) else {
        state.refuse("The device of that request is not connected from here.");
        return Vec::new();
    };
    state.inbox.last = Some(request.seq);
    match action {
        Action::Succeed => answer(state, &bound, None, action, Irregular::default(), world),
        Action::Fail => {
            choose_code(state, request, bound, world);
            Vec::new()
        }
        Action::Hold if request.state != RequestState::Open => {
            state.refuse(&format!("{} does not wait any more: there is nothing to hold.", bound.name));
            Vec::new()
        }
        Action::Hold => vec![Effect::Hold { held: !request.held, bound }],
        Action::Ignore if request.state != RequestState::Open => {
            state.refuse(&format!("{} does not wait any more: there is nothing to ignore.", bound.name));
            Vec::new()
        }
        Action::Ignore => {
            let note = note_of(request, world);
            move_on(state, request.seq, world);
            vec![Effect::Ignore { bound, note }]
        }
        // Nothing else is for a request.
        _ => Vec::new(),
    }
}

/// A key while a question about an answer waits: `y`, or the key that asked once more.
pub(super) fn answer_question(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(Overlay::Again(question)) = &state.overlay else { return Vec::new() };
    let question = question.clone();
    if action == Action::Accept || action == question.by {
        state.overlay = None;
        return answer(state, &question.bound, question.code, question.by, question.told, world);
    }
    state.overlay = None;
    state.tell("Nothing was sent.");
    Vec::new()
}

/// A key while a code is chosen.
pub(super) fn act_in_codes(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(Overlay::Codes(codes)) = &mut state.overlay else { return Vec::new() };
    match action {
        Action::Move(motion) => {
            codes.step(motion);
            Vec::new()
        }
        Action::Accept => {
            let Ok(code) = codes.line.text().trim().parse::<i64>() else {
                state.refuse("Only a whole number; arrows choose.");
                return Vec::new();
            };
            let purpose = codes.purpose.clone();
            state.overlay = None;
            match purpose {
                CodesFor::Answer(bound) => {
                    answer(state, &bound, Some(code), Action::Accept, Irregular::default(), world)
                }
                CodesFor::Upgrade(session) => super::doings::upgrade(state, session, Some(code), world),
            }
        }
        Action::Back => {
            state.overlay = match &codes.purpose {
                CodesFor::Answer(_) => None,
                CodesFor::Upgrade(session) => Some(super::doings::list(*session)),
            };
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// What came of holding a request, or of taking it back.
pub fn held(state: &mut State, bound: &Bound, held: bool, done: bool) {
    match (done, held) {
        (false, _) => state.refuse(&format!("{} does not wait any more.", bound.name)),
        (true, true) => state.tell(&format!("{} is held, and waits in the inbox (w).", bound.name)),
        (true, false) => state.tell(&format!("{} is no longer held.", bound.name)),
    }
}

/// What came of ignoring a request.
pub fn ignored(state: &mut State, bound: &Bound, done: bool) {
    if done {
        state.tell(&format!("{} is left without an answer. An answer takes that back.", bound.name));
    } else {
        state.refuse(&format!("{} does not wait any more.", bound.name));
    }
}

fn bind(request: &Request, world: &World<'_>) -> Option<Bound> {
    let handle = world.handle(request.session)?;
    Some(Bound::to(request, &handle.profile.name, handle.platform.as_ref()))
}

/// Opens the list of the codes with which that request can fail.
fn choose_code(state: &mut State, request: &Request, bound: Bound, world: &World<'_>) {
    let codes = world.handle(request.session).map_or(&[][..], |handle| handle.platform.answer_codes(request.what));
    // Success comes first, and has a key of its own.
    let failures = codes.get(1..).unwrap_or_default();
    state.overlay = Some(Overlay::Codes(Codes::new(CodesFor::Answer(bound), failures)));
}

/// Answers, unless something speaks against it that was not `told` before: then the question comes first.
fn answer(
    state: &mut State,
    bound: &Bound,
    code: Option<i64>,
    by: Action,
    told: Irregular,
    world: &World<'_>,
) -> Vec<Effect> {
    let requests = world.history.timeline.requests();
    let name = &bound.name;
    let request = requests.get(bound.seq);
    let newest = requests.find(bound.session, &bound.request_id).map(|request| request.seq);
    let Some(request) = request else {
        state.refuse(&format!("{name} is older than what is remembered."));
        return Vec::new();
    };
    if newest != Some(bound.seq) {
        state.refuse(&format!("A newer request has the id of {name}: an answer would be for that one."));
        return Vec::new();
    }
    if !is_online(state, bound.session, world) {
        return Vec::new();
    }
    let under_way = state.is_answering(bound.session, &bound.request_id);
    let irregular = irregular(state, request, world);
    if irregular.bits() & !told.bits() != 0 {
        let against = objections(request, irregular, under_way, world.now.mono);
        let end = if irregular.second { "answer again" } else { "answer all the same" };
        let question = format!("{name} {against}: {end}?");
        state.overlay = Some(Overlay::Again(Question { bound: bound.clone(), code, by, told: irregular, question }));
        return Vec::new();
    }
    if request.state == RequestState::Open {
        move_on(state, bound.seq, world);
    }
    let deed = Deed::Reply { request_id: bound.request_id.clone(), code, payload: None, force: false };
    let order = orders::number(state, deed);
    vec![Effect::Send(Sending { session: bound.session, order, what: "reply", origin: Origin::Key })]
}

/// Whether an answer can go over that session's line; says so if it cannot.
fn is_online(state: &mut State, session: SessionId, world: &World<'_>) -> bool {
    let Some(standing) = world.standing(session) else { return false };
    if standing.state != LineState::Online {
        state.refuse(&format!("{} is not online: no answer can go.", standing.name));
    }
    standing.state == LineState::Online
}

/// What would be out of order about an answer that goes now; one that has been handed over counts as gone.
pub(super) fn irregular(state: &State, request: &Request, world: &World<'_>) -> Irregular {
    let (session, request_id) = (request.session, &request.request_id);
    let irregular = world.history.timeline.requests().irregular(session, request_id, world.now.mono);
    Irregular { second: irregular.second || state.is_answering(session, request_id), ..irregular }
}

/// In the inbox the cursor leaves a request that is dealt with for the next one that waits. One that was dealt with from
/// elsewhere is not where the inbox opens.
pub(super) fn move_on(state: &mut State, seq: u64, world: &World<'_>) {
    if state.inbox.chosen != Some(seq) {
        return;
    }
    let from = if state.focus == Pane::Composer { state.before } else { state.focus };
    if from != Pane::Requests {
        state.inbox.chosen = None;
        return;
    }
    let requests = world.history.timeline.requests();
    let is_free = |request: &&Request| {
        request.seq != seq
            && request.state == RequestState::Open
            && !state.is_answering(request.session, &request.request_id)
    };
    let mut behind = requests.by_urgency().skip_while(|request| request.seq != seq).filter(is_free);
    let next = behind.next().or_else(|| {
        let before = requests.by_urgency().take_while(|request| request.seq != seq).filter(is_free);
        before.last()
    });
    state.inbox.chosen = next.map(|request| request.seq).or(state.inbox.chosen);
}

/// "left without an answer: command SILENCE (3a1f…)".
fn note_of(request: &Request, world: &World<'_>) -> String {
    let what = request.what.word().replace('-', " ");
    let platform = world.handle(request.session).map(|handle| handle.platform.as_ref());
    let name = platform.map(|platform| crate::console::inbox::name_of(request, platform)).unwrap_or_default();
    let subject = if name == what || name.is_empty() { what } else { format!("{what} {name}") };
    let id = words::clip(&request.request_id, ID);
    let cut = if id.len() < request.request_id.len() { "…" } else { "" };
    format!("left without an answer: {subject} ({id}{cut})")
}

impl Codes {
    /// The list of `known` codes; the first is chosen.
    pub fn new(purpose: CodesFor, known: &'static [(i64, &'static str)]) -> Self {
        let first = known.first().map(|(code, _)| code.to_string()).unwrap_or_default();
        Self { purpose, known, line: Line::new(&first), is_fresh: true }
    }

    /// Which of the known codes is the typed one.
    pub fn place(&self) -> Option<usize> {
        let code: i64 = self.line.text().trim().parse().ok()?;
        self.known.iter().position(|(known, _)| *known == code)
    }

    /// Takes the next or previous of the known codes.
    fn step(&mut self, motion: Motion) {
        let last = self.known.len().saturating_sub(1);
        let goal = match (motion, self.place()) {
            (Motion::Up | Motion::PageUp, place) => place.unwrap_or(0).saturating_sub(1),
            (Motion::Down | Motion::PageDown, place) => place.map_or(0, |place| (place + 1).min(last)),
            (Motion::First, _) => 0,
            (Motion::Last, _) => last,
        };
        if let Some((code, _)) = self.known.get(goal) {
            self.line = Line::new(&code.to_string());
            self.is_fresh = true;
        }
    }
}
