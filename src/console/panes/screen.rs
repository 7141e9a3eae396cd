//! The whole screen, from the header to what lies over everything.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{
    View, codes, compose, doings, drafts, footer, frames, header, help, offers, palette, question, reel, requests,
    status, stream, tapes, words,
};
use crate::console::action::Action;
use crate::console::glance::Glance;
use crate::console::keymap::{Context, chord_words};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::state::{Overlay, State};
use crate::console::theme::{Role, Signs, Theme};
use crate::text::Safe;

/// Paints everything. Answers where the terminal's cursor belongs; `None`: nowhere.
pub fn render(buffer: &mut Buffer, state: &State, glance: &Glance, theme: &Theme, signs: &Signs) -> Option<(u16, u16)> {
    let layout = state.layout();
    let view = View { state, glance, theme, signs, layout: &layout };
    let screen = buffer.area;
    paint::fill(buffer, screen, theme.style(Role::Text));
    frames::render(buffer, &view);
    let mut cursor = None;
    let over = state.focus;
    for pane in PANES.into_iter().filter(|pane| !layout.side || *pane != over) {
        if let Some(rect) = layout.pane(pane) {
            cursor = one(buffer, rect, &view, pane).or(cursor);
        }
    }
    if let Some(rect) = layout.pane(over).filter(|_| layout.side) {
        frames::over(buffer, &view, rect);
        cursor = one(buffer, rect, &view, over);
    }
    if let Some(area) = layout.header {
        header::render(buffer, area, &view);
    }
    if let Some(area) = layout.footer {
        footer::render(buffer, area, &view);
    }
    if let Some(area) = layout.status {
        cursor = status::render(buffer, area, &view).or(cursor);
    }
    if let Some(area) = layout.reel {
        reel::render(buffer, area, &view);
    }
    let below = layout.reel.or(layout.status);
    let body = Rect { height: below.map_or(screen.height, |below| below.y - screen.y), ..screen };
    cursor = overlay(buffer, body, &view, cursor);
    if layout.header.is_none() || state.overlay.is_some() {
        let first = Rect { height: screen.height.min(1), ..screen };
        reel::banner(buffer, first, &view);
        tapes::urgent(buffer, first, &view);
    }
    cursor
}

/// Paints what lies over the panes; answers where the cursor belongs then.
fn overlay(buffer: &mut Buffer, body: Rect, view: &View<'_>, cursor: Option<(u16, u16)>) -> Option<(u16, u16)> {
    match &view.state.overlay {
        Some(Overlay::Help { top }) => {
            help::render(buffer, body, view, *top);
            return None;
        }
        Some(Overlay::Palette { line, chosen }) => palette::render(buffer, body, view, line, *chosen),
        Some(Overlay::Leave { reasons }) => {
            question::leave(buffer, body, view, reasons);
            return None;
        }
        Some(Overlay::Tapes(list)) => {
            let top = view.layout.header.map_or(0, |header| header.height);
            let below = Rect { y: body.y + top, height: body.height.saturating_sub(top), ..body };
            tapes::render(buffer, below, view, list);
            return None;
        }
        Some(Overlay::Offers(list)) => {
            offers::render(buffer, body, view, list);
            return None;
        }
        Some(Overlay::Codes(list)) => codes::render(buffer, body, view, list),
        Some(Overlay::Doings(list)) => {
            doings::render(buffer, body, view, list);
            return None;
        }
        Some(Overlay::Drafts { line, chosen }) => drafts::render(buffer, body, view, line.text(), *chosen),
        Some(
            Overlay::Prompt { .. }
            | Overlay::Note { .. }
            | Overlay::Seek { .. }
            | Overlay::Value { .. }
            | Overlay::Load { .. }
            | Overlay::Again(_),
        )
        | None => {}
    }
    cursor
}

const PANES: [Pane; 5] = [Pane::Topics, Pane::Requests, Pane::Stream, Pane::Message, Pane::Composer];

fn one(buffer: &mut Buffer, rect: Rect, view: &View<'_>, pane: Pane) -> Option<(u16, u16)> {
    match pane {
        Pane::Topics => topics(buffer, view.layout.content(pane), view),
        Pane::Requests => requests::render(buffer, rect, view),
        Pane::Stream => stream::render(buffer, rect, view),
        Pane::Message => message(buffer, view.layout.content(pane), view),
        Pane::Composer => return compose::render(buffer, rect, view),
    }
    None
}

fn topics(buffer: &mut Buffer, inside: Rect, view: &View<'_>) {
    let title = [(Safe::from_static("Topics"), Role::Text)];
    frames::title(buffer, view, Pane::Topics, &title, &Safe::default(), Role::Dim);
    if view.state.tree.extent().0 == 0 {
        let key = chord_words(Context::Browse, Action::Subscribe);
        let text = format!("No topic yet. {key} subscribes to one.");
        words(buffer, inside, &text, view.style(Role::Dim));
    } else {
        let focused = view.state.focus == Pane::Topics;
        view.state.tree.render(buffer, inside, focused, view.theme, view.signs);
    }
}

fn message(buffer: &mut Buffer, inside: Rect, view: &View<'_>) {
    let title = [(Safe::from_static("Message"), Role::Text)];
    let is_shown = view.state.window.selected().is_some();
    let packing = view.state.message.packing().filter(|_| is_shown).unwrap_or_default();
    frames::title(buffer, view, Pane::Message, &title, &packing, Role::Dim);
    if is_shown {
        view.state.message.render(buffer, inside, view.theme, view.signs);
    } else {
        let (down, open) = (
            chord_words(Context::Browse, Action::Move(crate::console::action::Motion::Down)),
            chord_words(Context::Browse, Action::Open),
        );
        let text =
            format!("The message under the cursor stands here: {down} moves the cursor, {open} opens it larger.");
        words(buffer, inside, &text, view.style(Role::Dim));
    }
}
