//! The composer's frame: what is composed and for whom on its upper side, what the text is on its lower side.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{View, form, frames};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// Paints the pane; answers where the terminal's cursor belongs.
pub fn render(buffer: &mut Buffer, rect: Rect, view: &View<'_>) -> Option<(u16, u16)> {
    let composer = &view.state.composer;
    if let Some(heading) = composer.heading(view.signs) {
        // The end of a topic tells more than its beginning.
        let room = usize::from(rect.width).saturating_sub(heading.subject.width() + 8).max(usize::from(rect.width / 3));
        let mut remark = Safe::default();
        let flags = heading.flags.width() + 3;
        if heading.topic.width() + flags > room {
            remark.push(&Safe::from_static(view.signs.cut));
        }
        remark.push(&heading.topic.cut_front(room.saturating_sub(flags)));
        remark.push(&Safe::new(&format!(" {} ", view.signs.dot)));
        remark.push(&heading.flags);
        let subject = [(heading.subject, Role::Text)];
        frames::title(buffer, view, Pane::Composer, &subject, &remark, Role::Dim);
    }
    if let Some((note, role)) = composer.note().filter(|_| view.layout.framed && rect.height > 1) {
        let width = paint::cells_of(&note) + 2;
        if width + 4 < rect.width {
            let x = rect.right() - width - 2;
            let style = view.style(role);
            let y = rect.bottom() - 1;
            paint::word(buffer, x, y, 1, " ", style);
            paint::put(buffer, x + 1, y, width, &note, style);
            paint::word(buffer, x + width - 1, y, 1, " ", style);
        }
    }
    let inside = view.layout.content(Pane::Composer);
    composer.render(buffer, inside, view.theme, view.signs);
    let typed = composer.form(inside).and_then(|(area, shown)| form::render(buffer, area, view, shown));
    let typed = typed.or_else(|| composer.cursor(inside).map(|place| (place.x, place.y)));
    let typed_elsewhere = view.state.focus != Pane::Composer;
    typed.filter(|_| !typed_elsewhere)
}
