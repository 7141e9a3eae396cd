//! Keys about what the platform's application shall send next.

use super::{Effect, World, likely_target};
use crate::console::action::Action;
use crate::console::application::{Offers, Wanted};
use crate::console::panes::popup;
use crate::console::state::{Overlay, State};
use crate::timeline::SessionId;

/// Opens the list of what can be sent to the device that a key means.
pub(super) fn open(state: &mut State, world: &World<'_>) {
    match likely_target(state, world) {
        Some(session) => list(state, session, world),
        None => state.refuse("There is no device that could be asked for something."),
    }
}

/// A key while the list is open.
pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let page = popup::page(state.size);
    let Some(Overlay::Offers(offers)) = &mut state.overlay else { return Vec::new() };
    match action {
        Action::Back => state.overlay = None,
        Action::Move(motion) => offers.step(motion, page),
        Action::Device(place) => {
            match u16::try_from(place).map(SessionId).ok().filter(|id| world.handle(*id).is_some()) {
                Some(session) => list(state, session, world),
                None => state.refuse(&format!("There is no device {}.", place + 1)),
            }
        }
        Action::Accept => {
            let (session, offer) = (offers.session, offers.offers.get(offers.chosen).cloned());
            let (Some(offer), Some(handle)) = (offer, world.handle(session)) else { return Vec::new() };
            state.overlay = None;
            state.offered = Some(offer.name.clone());
            state.tell(&format!("The platform is told to send: {}.", offer.label));
            return vec![Effect::Order(Wanted { device: handle.profile.name.clone(), offer })];
        }
        // Nothing else is bound to a key of the list.
        _ => {}
    }
    Vec::new()
}

fn list(state: &mut State, session: SessionId, world: &World<'_>) {
    let Some(handle) = world.handle(session) else { return };
    let Some(application) = world.application else {
        return state.refuse("Only the platform of `standin demo` can be told what to send: here the cloud decides.");
    };
    let offers = application.offers(&handle.profile.name);
    if offers.is_empty() {
        return state.refuse(&format!("The platform has nothing to send to {}.", handle.profile.name));
    }
    state.overlay = Some(Overlay::Offers(Offers::new(session, offers, state.offered.as_deref())));
}
