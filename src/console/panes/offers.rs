//! The list of what the platform's application can send to a device.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::palette::{place_in, shrink};
use super::{Pen, View};
use crate::console::application::Offers;
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// The widest that the list gets.
const WIDEST: u16 = 60;

/// How many lines a page has on a screen of that size.
pub fn page(size: (u16, u16)) -> usize {
    // Header, status, footer and the frame take five lines of most screens.
    usize::from(size.1.saturating_sub(5)).max(1)
}

/// Paints the list over the screen.
pub fn render(buffer: &mut Buffer, screen: Rect, view: &View<'_>, list: &Offers) {
    let width = screen.width.min(WIDEST);
    let height = screen.height.min(u16::try_from(list.offers.len()).unwrap_or(u16::MAX).saturating_add(2));
    let area =
        Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height };
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    let title =
        Rect { x: area.x + 1.min(area.width), height: area.height.min(1), width: area.width.saturating_sub(2), ..area };
    let words = format!(" The platform sends to {} ", view.device(list.session));
    Pen::new(buffer, title, view.signs).put(&Safe::new(&words), view.style(Role::Accent));
    place_in(buffer, area, view, list.chosen + 1, list.offers.len());
    let inside = shrink(area);
    let top = (list.chosen + 1).saturating_sub(usize::from(inside.height));
    for (y, (place, offer)) in (inside.top()..inside.bottom()).zip(list.offers.iter().enumerate().skip(top)) {
        let row = Rect { y, height: 1, ..inside };
        let chosen = place == list.chosen;
        let mut ground = view.style(Role::Text);
        if chosen {
            ground = view.style(Role::Selected);
            paint::tint(buffer, row, ground);
        }
        let mut pen = Pen::new(buffer, row, view.signs);
        pen.word(if chosen { view.signs.cursor } else { " " }, view.style(Role::Accent).patch(ground)).skip(1);
        pen.put(&offer.label, ground);
    }
}
