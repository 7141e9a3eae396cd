//! The list of what the platform's application can send to a device.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{View, popup};
use crate::console::application::Offers;

/// The widest that the list gets.
const WIDEST: u16 = 60;

/// Paints the list over the screen.
pub fn render(buffer: &mut Buffer, screen: Rect, view: &View<'_>, list: &Offers) {
    let area = popup::centred(screen, WIDEST, list.offers.len() + 2);
    let inside = popup::frame(buffer, area, view);
    popup::title(buffer, area, view, &format!(" The platform sends to {} ", view.device(list.session)));
    popup::place_in(buffer, area, view, list.chosen + 1, list.offers.len());
    for (row, place, offer) in popup::visible(inside, &list.offers, list.chosen) {
        let (mut pen, ground) = popup::line(buffer, row, view, place == list.chosen);
        pen.skip(1).put(&offer.label, ground);
    }
}
