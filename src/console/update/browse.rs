//! Keys in the panes.

use super::{
    Effect, Origin, Sending, World, inbox, leave, likely_target, models, orders, show, show_filter, tapes, target,
};
use crate::console::action::{Action, Motion};
use crate::console::history::Seen;
use crate::console::layout::Pane;
use crate::console::line::Line;
use crate::console::message::Scroll;
use crate::console::state::{Overlay, State};
use crate::console::tapes::List;
use crate::console::words;
use crate::event::{Event, Kind, LineState};
use crate::mqtt::{Qos, TopicFilter};
use crate::session::Action as Deed;
use crate::timeline::{Filter, Query, SessionId};

/// A terminal takes no more than this through its clipboard sequence; xterm's limit is about 100,000 bytes of base64.
const LONGEST_COPY: usize = 72 * 1024;

pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    match action {
        Action::Move(motion) => go(state, motion, world),
        Action::NextPane => pass(state, 1),
        Action::PreviousPane => pass(state, -1),
        Action::Collapse => sideways(state, false),
        Action::Expand => sideways(state, true),
        Action::Device(place) => device(state, place, world),
        Action::AllDevices => {
            let topic = state.window.query().topic.clone();
            show(state, None, topic);
        }
        Action::Topics => focus(state, Pane::Topics),
        Action::Requests => focus(state, Pane::Requests),
        Action::Open => open(state, world),
        Action::Back => back(state),
        Action::Filter => {
            state.typing = true;
            state.zoom = false;
            state.focus = Pane::Stream;
        }
        Action::NextMatch => hunt(state, false),
        Action::PreviousMatch => hunt(state, true),
        Action::Follow if state.window.follows() => state.window.hold(),
        Action::Follow => state.window.follow(),
        Action::Routine => routine(state),
        Action::Compose => super::compose::report(state, world),
        Action::Reply => super::compose::reply(state, world),
        Action::Succeed | Action::Fail | Action::Hold | Action::Ignore => return inbox::act(state, action, world),
        Action::Doings => super::doings::open(state, world),
        Action::Offers => super::offers::open(state, world),
        Action::Subscribe => prompt(state, world),
        Action::Unsubscribe => return unsubscribe(state),
        Action::View => state.message.cycle_mode(),
        Action::CopyPayload | Action::CopyTopic => return copy(state, action == Action::CopyTopic, world),
        Action::Reconnect => return line(state, &Deed::Now, world),
        Action::Disconnect => return line(state, &Deed::Disconnect, world),
        Action::Connect => return line(state, &Deed::Connect, world),
        Action::Tape => return tapes::toggle(state, world),
        Action::Tapes => state.overlay = Some(Overlay::Tapes(List::default())),
        Action::StopSending => return tapes::stop_sending(state),
        Action::Note => tapes::prompt(state, world),
        Action::LoadModel => models::prompt(state, world),
        Action::Theme => return vec![Effect::NextTheme],
        Action::Help => state.overlay = Some(Overlay::Help { top: 0 }),
        Action::Palette => state.overlay = Some(Overlay::Palette { line: Line::default(), chosen: 0 }),
        Action::Quit => return leave(state, world),
        _ => elsewhere(state, action),
    }
    Vec::new()
}

/// What has no key in the panes. `act` in the parent carries some of these out in every context.
fn elsewhere(state: &mut State, action: Action) {
    if matches!(action, Action::Send | Action::Force | Action::Topic | Action::Qos | Action::Retain | Action::Discard) {
        state.refuse("That is for the composer. c opens it.");
    }
}

fn go(state: &mut State, motion: Motion, world: &World<'_>) {
    match state.focus {
        Pane::Stream | Pane::Composer => in_stream(state, motion),
        Pane::Message => state.message.scroll(match motion {
            Motion::Up => Scroll::Lines(-1),
            Motion::Down => Scroll::Lines(1),
            Motion::PageUp => Scroll::Pages(-1),
            Motion::PageDown => Scroll::Pages(1),
            Motion::First => Scroll::Top,
            Motion::Last => Scroll::Bottom,
        }),
        Pane::Topics => state.tree.step(motion),
        Pane::Requests => in_requests(state, motion, world),
    }
}

/// Moves the stream's cursor.
pub(super) fn in_stream(state: &mut State, motion: Motion) {
    let page = i64::from(state.content(Pane::Stream).height.saturating_sub(1).max(1));
    match motion {
        Motion::Up => state.window.step(-1),
        Motion::Down => state.window.step(1),
        Motion::PageUp => state.window.step(-page),
        Motion::PageDown => state.window.step(page),
        Motion::First => state.window.to_first(),
        Motion::Last => state.window.to_last(),
    }
}

fn in_requests(state: &mut State, motion: Motion, world: &World<'_>) {
    let requests = world.history.timeline.requests();
    let Some(last) = requests.len().checked_sub(1) else { return state.refuse("No request has come yet.") };
    let chosen = state.inbox.chosen;
    let place = requests.by_urgency().position(|request| Some(request.seq) == chosen).unwrap_or(0);
    let height = usize::from(state.content(Pane::Requests).height).max(1);
    let page = height.saturating_sub(1).max(1);
    let goal = motion.goal(place, last, page);
    state.inbox.chosen = requests.by_urgency().nth(goal).map(|request| request.seq);
    // The cursor moves over the lines that are there, and pushes the list at their ends.
    state.inbox.line = (state.inbox.line + goal).saturating_sub(place).min(height - 1);
}

fn focus(state: &mut State, pane: Pane) {
    state.zoom = false;
    state.focus = if state.focus == pane { Pane::Stream } else { pane };
}

fn pass(state: &mut State, step: isize) {
    let mut panes = vec![Pane::Stream, Pane::Message, Pane::Topics, Pane::Requests];
    if state.composer.is_open() {
        panes.push(Pane::Composer);
    }
    let place = panes.iter().position(|pane| *pane == state.focus).unwrap_or(0);
    let count = panes.len();
    let next = (place + count).saturating_add_signed(step) % count;
    state.zoom = false;
    state.focus = panes.get(next).copied().unwrap_or(Pane::Stream);
}

fn sideways(state: &mut State, right: bool) {
    match (state.focus, right) {
        (Pane::Topics, true) => {
            if !state.tree.expand() {
                state.focus = Pane::Stream;
            }
        }
        (Pane::Topics, false) => {
            if !state.tree.collapse() {
                state.refuse("There is nothing to close, and no pane on the left.");
            }
        }
        (Pane::Requests, true) => state.focus = Pane::Stream,
        (Pane::Stream | Pane::Message, false) => focus(state, Pane::Topics),
        (Pane::Stream, true) => state.focus = Pane::Message,
        (Pane::Message, true) => state.refuse("There is no pane on the right."),
        (Pane::Requests, false) => state.refuse("There is no pane on the left."),
        (Pane::Composer, _) => {}
    }
}

/// Shows one device, counted from 0.
pub(super) fn device(state: &mut State, place: usize, world: &World<'_>) {
    let count = world.history.timeline.sessions().len();
    match u16::try_from(place) {
        Ok(id) if place < count => {
            let topic = state.window.query().topic.clone();
            show(state, Some(SessionId(id)), topic);
        }
        _ => {
            let words = if count == 1 { "there is one" } else { "there are" };
            let number = if count == 1 { String::new() } else { format!(" {count}") };
            state.refuse(&format!("There is no device {}: {words}{number}.", place + 1));
        }
    }
}

fn open(state: &mut State, world: &World<'_>) {
    match state.focus {
        Pane::Stream if state.window.selected().is_none() => state.refuse("There is no message to open."),
        Pane::Stream => {
            state.window.hold();
            state.focus = Pane::Message;
            state.zoom = true;
        }
        Pane::Message => state.zoom = !state.zoom,
        Pane::Topics => {
            let Some(chosen) = state.tree.chosen() else { return state.refuse("There is no topic yet.") };
            // What a filter stands for begins with what is before its first wildcard.
            let fixed = |filter: &str| filter.split(['+', '#']).next().unwrap_or_default().to_owned();
            let topic = chosen.branch.map(str::to_owned).or_else(|| chosen.filter.map(fixed));
            show(state, Some(chosen.session), topic.filter(|topic| !topic.is_empty()));
            state.focus = Pane::Stream;
        }
        Pane::Requests => {
            let first = || world.history.timeline.requests().by_urgency().next().map(|request| request.seq);
            let Some(seq) = state.inbox.chosen.or_else(first) else { return state.refuse("No request has come yet.") };
            if !state.zoom {
                state.inbox.chosen = Some(seq);
                state.zoom = true;
                return;
            }
            if world.history.look(seq, |_, _| ()) == Seen::Missing {
                return state
                    .refuse("That request's message was let go to stay within the memory budget. r still replies.");
            }
            state.filter = Line::default();
            state.window.show(Query::default());
            state.window.go(seq);
            state.zoom = false;
            state.focus = Pane::Stream;
        }
        Pane::Composer => {}
    }
}

/// Whether there is something to go back from.
pub(super) fn has_back(state: &State) -> bool {
    let narrowed = !state.filter.is_empty() || state.window.query().topic.is_some();
    state.zoom || state.focus != Pane::Stream || narrowed || state.window.is_chosen()
}

fn back(state: &mut State) {
    if state.zoom {
        state.zoom = false;
        state.focus = Pane::Stream;
    } else if state.focus != Pane::Stream {
        state.focus = Pane::Stream;
    } else if !state.filter.is_empty() {
        state.filter = Line::default();
        show_filter(state);
        state.window.settle();
    } else if state.window.query().topic.is_some() {
        let session = state.device();
        show(state, session, None);
        state.window.settle();
    } else if state.window.is_chosen() {
        state.window.to_last();
    } else {
        state.refuse("There is nothing to go back from. q leaves.");
    }
}

fn routine(state: &mut State) {
    let routine = !state.window.shows_routine();
    state.window.show_routine(routine);
    state.window.settle();
    state.tell(if routine {
        "All events are shown."
    } else {
        "Granted subscriptions and acknowledgements are left out, but where a filter matches them."
    });
}

fn hunt(state: &mut State, back: bool) {
    if !state.filter.is_empty() && state.reel.is_none() {
        // All that is shown matches.
        state.window.step(if back { -1 } else { 1 });
    } else if !state.filter.is_empty() {
        // On a tape what matches may still have to happen.
        state.hunted = state.filter.text().to_owned();
        state.window.hunt(Filter::parse(&state.hunted), back);
    } else if state.hunted.is_empty() {
        state.refuse("No filter was typed yet. / types one.");
    } else {
        state.window.hunt(Filter::parse(&state.hunted), back);
    }
}

fn prompt(state: &mut State, world: &World<'_>) {
    let chosen = state.tree.chosen().filter(|_| state.focus == Pane::Topics);
    let (session, text) = match chosen {
        Some(chosen) => {
            let text = chosen.filter.or(chosen.branch).unwrap_or_default().to_owned();
            (Some(chosen.session), text)
        }
        None => (likely_target(state, world), String::new()),
    };
    match session {
        Some(session) => {
            let line = Line::new(&text);
            state.overlay = Some(Overlay::Prompt { session, line, qos: Qos::AtLeastOnce, force: false });
        }
        None => state.refuse("There is no device that could subscribe."),
    }
}

fn unsubscribe(state: &mut State) -> Vec<Effect> {
    let chosen = state.tree.chosen().filter(|_| state.focus == Pane::Topics);
    let Some((session, filter)) = chosen.and_then(|chosen| Some((chosen.session, chosen.filter?.to_owned()))) else {
        state.refuse("Put the cursor on a subscription in Topics (o), then press u.");
        return Vec::new();
    };
    match TopicFilter::new(filter) {
        Ok(filter) => {
            let order = orders::number(state, Deed::Unsubscribe { filter });
            vec![Effect::Send(Sending { session, order, what: "unsubscribe", origin: Origin::Key })]
        }
        Err(error) => {
            state.refuse(&error.to_string());
            Vec::new()
        }
    }
}

fn copy(state: &mut State, topic: bool, world: &World<'_>) -> Vec<Effect> {
    let what = if topic { "topic" } else { "payload" };
    let copied = |event: &Event<'_>, _| {
        let (Kind::Rx(message) | Kind::Tx(message)) = event.kind else { return None };
        let bytes = if topic { message.topic.as_bytes() } else { message.payload };
        Some(if bytes.len() > LONGEST_COPY { Err(bytes.len()) } else { Ok(bytes.to_vec()) })
    };
    let seen = state.window.selected().map_or(Seen::Missing, |seq| world.history.look(seq, copied));
    match seen {
        Seen::Here(Some(Ok(bytes))) => {
            let size = words::bytes(bytes.len());
            state.tell(&format!("Copied the {what}, {size}, if the terminal lets programs use its clipboard."));
            return vec![Effect::Copy(bytes)];
        }
        Seen::Here(Some(Err(size))) => {
            let (size, most) = (words::bytes(size), words::bytes(LONGEST_COPY));
            state.refuse(&format!("The {what} has {size}; terminals take {most} at most through their clipboard."));
        }
        Seen::Here(None) | Seen::Missing => state.refuse("There is no message under the cursor."),
        Seen::Coming => state.refuse("It is still being read from the tape. Try again in a moment."),
    }
    Vec::new()
}

/// Connect, disconnect, reconnect: the chosen device, else all that wait for just that, else the one that a key means.
fn line(state: &mut State, deed: &Deed, world: &World<'_>) -> Vec<Effect> {
    let waiting = match deed {
        Deed::Now => Some(LineState::Backoff),
        Deed::Connect => Some(LineState::Offline),
        _ => None,
    };
    let mut sessions: Vec<SessionId> = match state.device() {
        Some(session) => vec![session],
        None => world
            .handles
            .iter()
            .map(|handle| handle.id)
            .filter(|id| waiting.is_some() && world.standing(*id).map(|standing| standing.state) == waiting)
            .collect(),
    };
    if sessions.is_empty() {
        sessions.extend(target(state, world));
    }
    sessions.into_iter().filter_map(|session| line_of(state, session, deed, world)).collect()
}

fn line_of(state: &mut State, session: SessionId, deed: &Deed, world: &World<'_>) -> Option<Effect> {
    let standing = world.standing(session)?;
    let (what, problem) = match (deed, standing.state) {
        (Deed::Connect, LineState::Online) => ("connect", Some("is online already")),
        (Deed::Connect | Deed::Now, LineState::Connecting) => ("connect", Some("is connecting already")),
        (Deed::Connect, LineState::Backoff) => ("connect", Some("waits before the next attempt. R ends the wait")),
        (Deed::Disconnect, LineState::Offline) => ("disconnect", Some("is offline already")),
        (Deed::Disconnect, _) => ("disconnect", None),
        (Deed::Now, LineState::Offline) => ("reconnect", Some("is offline. C connects")),
        (Deed::Now, _) => ("reconnect", None),
        _ => ("connect", None),
    };
    if let Some(problem) = problem {
        state.refuse(&format!("{} {problem}.", standing.name));
        return None;
    }
    let order = orders::number(state, deed.clone());
    Some(Effect::Send(Sending { session, order, what, origin: Origin::Key }))
}
