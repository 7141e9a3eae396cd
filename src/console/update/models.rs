//! Keys about the model of a device's product.

use super::{Effect, World, likely_target};
use crate::console::action::Action;
use crate::console::line::Line;
use crate::console::state::{Overlay, State};
use crate::profile::Cloud;

/// Opens the prompt for a model's file.
pub(super) fn prompt(state: &mut State, world: &World<'_>) {
    let Some(handle) = likely_target(state, world).and_then(|session| world.handle(session)) else {
        return state.refuse("There is no device that could have a product model.");
    };
    if handle.platform.cloud() == Cloud::Mqtt {
        return state
            .refuse(&format!("{} speaks to a plain broker, which knows no product model.", handle.profile.name));
    }
    state.overlay = Some(Overlay::Load { session: handle.id, line: Line::default() });
}

/// A key while the file is typed.
pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(Overlay::Load { session, line }) = &state.overlay else { return Vec::new() };
    let (session, file) = (*session, line.text().trim().to_owned());
    match action {
        Action::Accept if file.is_empty() => state.refuse("Nothing is typed: Esc goes back."),
        Action::Accept => {
            state.overlay = None;
            let name = world.handle(session).map_or("", |handle| handle.profile.name.as_str());
            state.tell(&format!("The model of {name} is being read."));
            return vec![Effect::LoadModel { session, file }];
        }
        Action::Back => state.overlay = None,
        // Nothing else is bound to a key of the prompt.
        _ => {}
    }
    Vec::new()
}
