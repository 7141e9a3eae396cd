//! The help: every key, from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, View, popup};
use crate::console::action::Action;
use crate::console::chord::Chord;
use crate::console::keymap::{Context, KEYS};
use crate::console::theme::Role;
use crate::text::Safe;

/// The widest that the help gets.
const WIDEST: u16 = 86;
/// The sections, in the order of the help.
const SECTIONS: [Context; 21] = [
    Context::Browse,
    Context::Replay,
    Context::Seek,
    Context::Compose,
    Context::Form,
    Context::Drafts,
    Context::Load,
    Context::Filter,
    Context::Prompt,
    Context::Palette,
    Context::Note,
    Context::Tapes,
    Context::Question,
    Context::Again,
    Context::Codes,
    Context::Doings,
    Context::Value,
    Context::Offers,
    Context::Help,
    Context::Confirm,
    Context::Everywhere,
];

/// A line of the help.
enum Entry {
    Heading(&'static str),
    Key(String, &'static str),
    Gap,
}

/// How many lines the help has.
pub fn lines() -> usize {
    entries(Context::Browse).len()
}

/// How many of them a screen of that size shows.
pub fn visible(width: u16, height: u16) -> usize {
    usize::from(place(Rect::new(0, 0, width, height)).height.saturating_sub(2))
}

/// Paints the help over the screen, from line `top` on.
pub fn render(buffer: &mut Buffer, screen: Rect, view: &View<'_>, top: usize) {
    let area = place(screen);
    popup::frame(buffer, area, view);
    let inside = Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    popup::title(buffer, area, view, " Keys ");
    let entries = entries(view.state.ground());
    if top + usize::from(inside.height) < entries.len() {
        popup::label(buffer, area, view, " more below ");
    }
    let keys = entries.iter().map(|entry| if let Entry::Key(chords, _) = entry { chords.len() } else { 0 }).max();
    let keys = u16::try_from(keys.unwrap_or(0)).unwrap_or(u16::MAX).min(inside.width / 2);
    for (y, entry) in (inside.top()..inside.bottom()).zip(entries.iter().skip(top)) {
        let mut pen = Pen::new(buffer, Rect { y, height: 1, ..inside }, view.signs);
        match entry {
            Entry::Heading(words) => {
                pen.word(words, view.style(Role::Strong));
            }
            Entry::Key(chords, words) => {
                let end = pen.end;
                pen.end = inside.x + keys;
                pen.put(&Safe::new(chords), view.style(Role::Key));
                pen.end = end;
                pen.x = inside.x + keys + 2;
                pen.word(words, view.style(Role::Text));
            }
            Entry::Gap => {}
        }
    }
}

fn place(screen: Rect) -> Rect {
    popup::centred(screen, WIDEST, lines() + 2)
}

/// Where the keys go, `ground`, is told first.
fn entries(ground: Context) -> Vec<Entry> {
    let mut out = Vec::new();
    let others = SECTIONS.into_iter().filter(|context| *context != ground);
    for context in std::iter::once(ground).chain(others) {
        if !out.is_empty() {
            out.push(Entry::Gap);
        }
        out.push(Entry::Heading(context.heading()));
        for binding in KEYS.iter().filter(|binding| binding.context == context && !binding.words.is_empty()) {
            let chords: Vec<String> = binding.chords.iter().map(Chord::to_string).collect();
            let chords = if binding.action == Action::Device(0) { "1 to 9".to_owned() } else { chords.join("  ") };
            out.push(Entry::Key(chords, binding.words));
        }
    }
    out
}
