//! Keys in the list of what can be composed.

use super::Effect;
use crate::console::action::Action;
use crate::console::line::Line;
use crate::console::panes::{drafts as pane, popup};
use crate::console::state::{Overlay, State};

/// Opens the list, unless a reply is composed: that goes where its request says.
pub(super) fn open(state: &mut State) {
    if state.composer.drafts().is_empty() {
        return state.composer.next_topic();
    }
    state.overlay = Some(Overlay::Drafts { line: Line::default(), chosen: 0 });
}

/// A key while the list is open.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let page = popup::page(state.size);
    let Some(Overlay::Drafts { line, chosen }) = &mut state.overlay else { return Vec::new() };
    let fitting = pane::fitting(&state.composer, line.text());
    match action {
        Action::Back => state.overlay = None,
        Action::Move(motion) => {
            let last = fitting.len().saturating_sub(1);
            *chosen = motion.goal(*chosen, last, page);
        }
        Action::Accept => {
            let Some(draft) = fitting.get(*chosen) else {
                state.refuse("Nothing of that name can be composed. Esc closes the list.");
                return Vec::new();
            };
            state.composer.take_draft(draft.place);
            state.composer.read_model();
            state.overlay = None;
        }
        // Nothing else is bound to a key of the list.
        _ => {}
    }
    Vec::new()
}
