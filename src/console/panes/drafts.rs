//! The list of what can be composed: what the product's model knows and the cloud's own, above the line that is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{View, popup, words};
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

/// Those that hold every word of `typed` in label or topic, whatever their case: first those whose label alone does, for most of
/// a cloud's topics share their words. Without words a topic of one's own comes last.
pub fn fitting(composer: &Composer, typed: &str) -> Vec<Draft> {
    let drafts = composer.drafts();
    let own = (Safe::from_static("message"), Safe::from_static("on a topic that you type"));
    let all = drafts.into_iter().chain([own]).enumerate();
    let all = all.map(|(place, (label, topic))| Draft { place, label, topic });
    let typed = typed.to_lowercase();
    let holds = |held: &str| {
        let held = held.to_lowercase();
        typed.split_whitespace().all(|word| held.contains(word))
    };
    let mut found: Vec<Draft> = all.filter(|draft| holds(&format!("{} {}", draft.label, draft.topic))).collect();
    found.sort_by_key(|draft| !holds(draft.label.as_str()));
    found
}

/// Paints the list in what is above the typed line.
pub fn render(buffer: &mut Buffer, above: Rect, view: &View<'_>, typed: &str, chosen: usize) {
    let found = fitting(&view.state.composer, typed);
    let inside = popup::frame(buffer, popup::at_bottom(above, WIDEST, found.len().max(1)), view);
    if found.is_empty() {
        words(buffer, inside, "Nothing of that name can be composed.", view.style(Role::Dim));
        return;
    }
    let labels = found.iter().map(|draft| paint::cells_of(&draft.label)).max().unwrap_or(0).min(inside.width / 2);
    for (row, place, draft) in popup::visible(inside, &found, chosen) {
        let (mut pen, ground) = popup::line(buffer, row, view, place == chosen);
        let style = |role| view.style(role).patch(ground);
        pen.skip(1);
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
