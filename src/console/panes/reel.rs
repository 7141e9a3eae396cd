//! The tape that is replayed: the banner that says so, and the time line with the position, what happens when, and how it goes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Pen, View};
use crate::console::paint;
use crate::console::reel::{Reel, pace_words};
use crate::console::theme::Role;
use crate::console::words as numbers;
use crate::text::Safe;

/// From this width on, a line of its own says how the tape stands in full.
const ROOMY: u16 = 60;
/// A time line of fewer cells tells nothing.
const SHORTEST: u16 = 8;

/// Paints the banner at the head of the first line, as much of it as fits; answers how many cells it takes. Nothing where
/// nothing is replayed.
pub fn banner(buffer: &mut Buffer, line: Rect, view: &View<'_>) -> u16 {
    if view.state.reel.is_none() || line.is_empty() {
        return 0;
    }
    let style =
        view.style(Role::Bar).patch(view.style(Role::Waiting)).add_modifier(Modifier::REVERSED | Modifier::BOLD);
    let word = if line.width < 30 { "REPLAY" } else { " REPLAY " };
    paint::word(buffer, line.x, line.y, line.width, word, style)
}

/// Paints the time line: one row, or two where the screen is tall enough.
pub fn render(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let Some(reel) = &view.state.reel else { return };
    let bar = view.style(Role::Bar);
    paint::fill(buffer, area, bar);
    let first = Rect { height: 1, ..area };
    if area.height >= 2 {
        chart(buffer, Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..first }, view, reel);
        let second = Rect { y: area.y + 1, ..first };
        let mut pen = Pen::new(buffer, second, view.signs);
        pen.skip(1);
        words(&mut pen, view, reel, area.width >= ROOMY);
        return;
    }
    let text = short(view, reel);
    let width = paint::cells_of(&text);
    Pen::new(buffer, first, view.signs).skip(1).put(&text, bar.patch(view.style(Role::Strong)));
    let start = area.x + width + 2;
    if area.right() > start + SHORTEST {
        let room = Rect { x: start, width: area.right() - start - 1, ..first };
        chart(buffer, room, view, reel);
    }
}

/// How many cells the chart of a time line has on a screen of that width.
pub fn cells(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(2))
}

/// Sign, pace, time of day and share, for a narrow place.
fn short(view: &View<'_>, reel: &Reel) -> Safe {
    let clock = reel.clock().cut(8);
    let flags = flags(reel).iter().map(|flag| flag.0).collect::<String>();
    let gap = if flags.is_empty() { "" } else { " " };
    Safe::new(&format!("{} {}{gap}{flags} {clock} {}%", sign(view, reel), pace_words(reel.deck.pace), reel.percent()))
}

fn sign(view: &View<'_>, reel: &Reel) -> &'static str {
    let [_, playing, paused] = view.signs.reel;
    if reel.deck.playing { playing } else { paused }
}

/// What is switched on: a letter and a word for each.
fn flags(reel: &Reel) -> Vec<(char, &'static str)> {
    let deck = &reel.deck;
    let all = [(deck.shortened, ('i', "idle shortened")), (deck.looped, ('e', "loop"))];
    all.into_iter().filter_map(|(on, flag)| on.then_some(flag)).collect()
}

fn words(pen: &mut Pen<'_>, view: &View<'_>, reel: &Reel, roomy: bool) {
    let bar = view.style(Role::Bar);
    let strong = bar.patch(view.style(Role::Strong));
    if !roomy {
        pen.put(&short(view, reel), strong);
        return;
    }
    let dot = format!(" {} ", view.signs.dot);
    let state = match (reel.deck.seeking, reel.deck.playing, reel.deck.position >= reel.deck.events) {
        _ if view.state.window.is_hunting() => "searching (Esc breaks off)",
        (true, ..) => "seeking",
        (_, true, _) => "playing",
        (_, _, true) => "at the end",
        _ => "paused",
    };
    pen.put(&Safe::new(&format!("{} {state}", sign(view, reel))), strong);
    let mut part = |text: &Safe, style: Style| {
        pen.put(&Safe::new(&dot), bar.patch(view.style(Role::Dim))).put(text, style);
    };
    part(&Safe::new(&pace_words(reel.deck.pace)), bar);
    part(&reel.clock(), strong);
    let (passed, whole) = reel.passed();
    part(&Safe::new(&format!("{} of {}", numbers::took(passed), numbers::took(whole))), bar);
    let (position, events) = (numbers::count(reel.deck.position), numbers::count(reel.deck.events));
    part(&Safe::new(&format!("event {position} of {events}")), bar);
    for (_, word) in flags(reel) {
        part(&Safe::from_static(word), bar.patch(view.style(Role::Waiting)));
    }
    part(&reel.name, bar.patch(view.style(Role::Dim)));
}

/// How much happens when: a cell for each part of the tape's time; where it stands is a sign of its own.
fn chart(buffer: &mut Buffer, area: Rect, view: &View<'_>, reel: &Reel) {
    let bar = view.style(Role::Bar);
    let [here, ..] = view.signs.reel;
    let cells = usize::from(area.width);
    let place = reel.cell(cells);
    let heights = heights(&reel.density, cells);
    for (cell, x) in (area.left()..area.right()).enumerate() {
        let role = if cell < place { Role::Accent } else { Role::Dim };
        let word = match heights.get(cell).copied().flatten() {
            _ if cell == place => here,
            Some(height) => view.signs.bars.get(height).copied().unwrap_or(" "),
            None => " ",
        };
        let role = if cell == place { Role::Waiting } else { role };
        paint::word(buffer, x, area.y, 1, word, bar.patch(view.style(role)));
    }
}

/// The height of each of `cells` cells, 0 to 7; nothing where nothing happens. The heights go by the logarithm, so that a burst
/// does not flatten all else.
fn heights(density: &[u64], cells: usize) -> Vec<Option<usize>> {
    let count = density.len();
    // The density was measured for another width: each cell takes what falls into it.
    let of = |cell: usize| {
        let (from, to) = (cell * count / cells.max(1), ((cell + 1) * count).div_ceil(cells.max(1)));
        density.get(from..to.min(count)).unwrap_or_default().iter().copied().max().unwrap_or(0)
    };
    let sums: Vec<u64> = (0..cells).map(of).collect();
    let most = sums.iter().copied().max().unwrap_or(0);
    let scale = |sum: u64| (u64::BITS - sum.leading_zeros()) as usize;
    let top = scale(most).max(1);
    sums.into_iter().map(|sum| (sum > 0).then(|| (scale(sum) * 8).div_ceil(top).saturating_sub(1).min(7))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_go_by_the_logarithm_and_nothing_is_told_from_little() {
        assert_eq!(heights(&[], 3), [None, None, None]);
        assert_eq!(heights(&[0, 1, 128], 3), [None, Some(0), Some(7)]);
        assert_eq!(heights(&[5, 5, 5, 5], 4), [Some(7); 4]);
        assert_eq!(heights(&[0, 1, 3, 7, 15, 31, 63, 127, 255], 9)[1..], (0..8).map(Some).collect::<Vec<_>>());
        assert_eq!(heights(&[0, 9, 0, 0], 2), [Some(7), None]);
        assert_eq!(heights(&[9, 0], 4), [Some(7), Some(7), None, None]);
        assert_eq!(heights(&[u64::MAX; 2], 2), [Some(7); 2]);
        assert_eq!(heights(&[1], 0), []);
    }
}
