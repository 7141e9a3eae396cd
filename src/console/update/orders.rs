//! Orders on their way: numbered, handed over, and watched until something comes of them.

use std::time::Duration;

use super::{Origin, Sending, World};
use crate::console::state::{Pending, State};
use crate::console::words;
use crate::event::{Failure, Kind};
use crate::session::{Action as Deed, Order, Refused};

/// An order that nothing was heard of for so long is no longer watched; its answer still stands in the stream.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many events are looked at in one go for the answers of orders.
const GLANCE: usize = 20_000;

/// Gives an order its number.
pub(super) fn number(state: &mut State, action: Deed) -> Order {
    let number = state.next_order;
    state.next_order += 1;
    Order { number: Some(number), action }
}

/// The session took the order.
pub fn taken(state: &mut State, sent: &Sending, world: &World<'_>) {
    let since = world.history.span().map_or(1, |(_, newest)| newest + 1);
    if let Some(number) = sent.order.number {
        let until = world.now.mono + PATIENCE;
        let answers = match &sent.order.action {
            Deed::Reply { request_id, .. } => Some(request_id.clone()),
            _ => None,
        };
        state.orders.push(Pending { number, session: sent.session, what: sent.what, since, until, answers });
    }
    match sent.origin {
        Origin::Composer => super::compose::sent(state),
        Origin::Prompt => state.overlay = None,
        Origin::Key => {}
        // The list shows at once what has changed.
        Origin::Doings => return,
    }
    let name = world.standing(sent.session).map_or("", |standing| standing.name.as_str());
    state.tell(&format!("{name}: {} is on its way.", sent.what));
}

/// The session did not take the order: nothing that was typed is lost.
pub fn refused(state: &mut State, sent: &Sending, refused: &Refused, world: &World<'_>) {
    let name = world.standing(sent.session).map_or("", |standing| standing.name.as_str());
    let why = match refused {
        Refused::Busy(_) => "has too many orders waiting. Try again in a moment",
        Refused::Gone(_) => "has ended. Leave and start standin again",
    };
    let words = format!("{name} {why}.");
    if sent.origin == Origin::Composer {
        state.composer.refused(&words);
    }
    state.refuse(&words);
}

/// Tells what came of things that take their time: orders, searches, the event under the cursor.
pub fn settle(state: &mut State, world: &World<'_>) {
    if state.window.take_lost() {
        state.refuse("The selected event was let go to stay within the memory budget.");
    }
    if state.window.take_in_vain() {
        let hunted = words::clip(&state.hunted, 100).to_owned();
        state.refuse(&format!("No further event fits {hunted:?}."));
    }
    let orders = std::mem::take(&mut state.orders);
    for order in orders {
        if let Some(order) = watch(state, order, world) {
            state.orders.push(order);
        }
    }
}

/// Looks for the answer of an order; answers the order while there is none.
fn watch(state: &mut State, mut order: Pending, world: &World<'_>) -> Option<Pending> {
    for event in world.history.timeline.events_from(order.since).take(GLANCE) {
        order.since = event.seq + 1;
        let (number, failure) = match event.kind {
            Kind::Error(Failure { reason, hint, order, .. }) => (order, Some((reason, hint))),
            Kind::Acked(acked) => (acked.order, None),
            Kind::Subscribed(answer) => {
                (answer.order, answer.granted.is_none().then_some((answer.reason.unwrap_or("it was refused"), None)))
            }
            Kind::Unsubscribed { order, .. } | Kind::Note { order, .. } => (order, None),
            Kind::State(change) => (change.order, None),
            Kind::Rx(_) | Kind::Tx(_) | Kind::Gap { .. } => (None, None),
        };
        if number != Some(order.number) {
            continue;
        }
        match failure {
            Some((reason, hint)) => {
                let hint = hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                let words = format!("{}: could not {}: {reason}{hint}", event.session, order.what);
                state.refuse(words::clip(&words, 1000));
            }
            None => match event.kind {
                // To connect is not done by beginning to: the state says how far it came.
                Kind::State(change) => state.tell(&format!("{}: {}.", event.session, words::line_state(change.state))),
                // The list shows what was switched, and the stream says so.
                Kind::Note { .. } => {}
                _ => state.tell(&format!("{}: {} done.", event.session, order.what)),
            },
        }
        return None;
    }
    (world.now.mono < order.until).then_some(order)
}
