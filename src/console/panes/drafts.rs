//! The list of what can be composed: what the product's model knows and the cloud's own, above the line that is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::palette::shrink;
use super::{Pen, View, words};
use crate::console::composer::Composer;
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// The widest that the list gets.
const WIDEST: u16 = 110;

/// Something that can be composed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its place among all.
    pub place: usize,
    /// What it is.
    pub label: Safe,
    /// Where it goes.
    pub topic: Safe,
}

/// Those that hold every word of `typed` in label or topic, whatever their case; a topic of one's own comes last.
pub fn fitting(composer: &Composer, typed: &str) -> Vec<Draft> {
    let drafts = composer.drafts();
    let own = (Safe::from_static("message"), Safe::from_static("on a topic that you type"));
    let all = drafts.into_iter().chain([own]).enumerate();
    let all = all.map(|(place, (label, topic))| Draft { place, label, topic });
    let typed = typed.to_lowercase();
    all.filter(|draft| {
        let held = format!("{} {}", draft.label, draft.topic).to_lowercase();
        typed.split_whitespace().all(|word| held.contains(word))
    })
    .collect()
}

/// How many lines a page has on a screen of that size.
pub fn page(size: (u16, u16)) -> usize {
    // Header, status, footer and the frame take five lines of most screens.
    usize::from(size.1.saturating_sub(5)).max(1)
}

/// Paints the list in what is above the typed line.
pub fn render(buffer: &mut Buffer, above: Rect, view: &View<'_>, typed: &str, chosen: usize) {
    let found = fitting(&view.state.composer, typed);
    let count = u16::try_from(found.len()).unwrap_or(u16::MAX).max(1);
    let height = count.saturating_add(2).min(above.height);
    let area = Rect { y: above.bottom() - height, height, width: above.width.min(WIDEST), ..above };
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    let inside = shrink(area);
    if found.is_empty() {
        words(buffer, inside, "Nothing of that name can be composed.", view.style(Role::Dim));
        return;
    }
    let labels = found.iter().map(|draft| paint::cells_of(&draft.label)).max().unwrap_or(0).min(inside.width / 2);
    let top = (chosen + 1).saturating_sub(usize::from(inside.height));
    for (y, (place, draft)) in (inside.top()..inside.bottom()).zip(found.iter().enumerate().skip(top)) {
        let row = Rect { y, height: 1, ..inside };
        let mut ground = view.style(Role::Text);
        if place == chosen {
            ground = view.style(Role::Selected);
            paint::tint(buffer, row, ground);
        }
        let style = |role| view.style(role).patch(ground);
        let mut pen = Pen::new(buffer, row, view.signs);
        pen.word(if place == chosen { view.signs.cursor } else { " " }, style(Role::Accent)).skip(1);
        let column = pen.x + labels;
        pen.end = column.min(inside.right());
        pen.put(&draft.label, style(Role::Strong));
        (pen.x, pen.end) = (column.saturating_add(2), inside.right());
        // The end of a topic tells more than its beginning.
        let topic = tail(&draft.topic, pen.room(), view);
        pen.put(&topic, style(Role::Dim));
    }
}

fn tail(topic: &Safe, room: u16, view: &View<'_>) -> Safe {
    if topic.width() <= usize::from(room) {
        return topic.clone();
    }
    let mut shown = Safe::from_static(view.signs.cut);
    shown.push(&topic.cut_front(usize::from(room).saturating_sub(1)));
    shown
}
