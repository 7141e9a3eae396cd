//! The first line: every device with its number, name, state and countdown; as much of it as the width allows, and what is
//! down before what is well; on the right the tapes that run.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, View, reel, tapes};
use crate::console::glance::Device;
use crate::console::paint;
use crate::console::row::Sign;
use crate::console::theme::Role;
use crate::console::words;
use crate::event::LineState;
use crate::text::Safe;

/// How much of a name is shown.
const LENGTHS: [usize; 4] = [24, 12, 6, 0];

/// How much of the chosen one's name is shown where there are too many for names.
const CHOSEN: usize = 12;

/// Paints the line.
pub fn render(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let bar = view.style(Role::Bar);
    paint::fill(buffer, area, bar);
    let mut room = area;
    let replay = reel::banner(buffer, area, view);
    (room.x, room.width) = (room.x + replay, room.width - replay);
    if let Some(banner) = view.state.sending.as_ref().or(view.state.banner.as_ref())
        && paint::cells_of(banner) + 24 < area.width
    {
        let width = paint::cells_of(banner) + 1;
        paint::put(buffer, area.right() - width, area.y, width, banner, bar.patch(view.style(Role::Waiting)));
        room.width -= width + 1;
    }
    let most = match view.state.tapes.sums() {
        (_, _, None) => room.width / 3,
        _ if area.width < 60 => room.width.div_ceil(2),
        _ => room.width * 2 / 3,
    };
    if let Some((tape, role)) = tapes::remark(view, most) {
        let cells = paint::cells_of(&tape);
        // A blank at the edge, where there is room for one.
        let start = (room.right() - cells).saturating_sub(1).max(room.x);
        paint::put(buffer, start, area.y, cells, &tape, bar.patch(view.style(role)));
        room.width = (start - room.x).saturating_sub(1);
    }
    let mut pen = Pen::new(buffer, room, view.signs);
    if area.width >= 60 && replay == 0 {
        pen.word(" standin ", bar.patch(view.style(Role::Accent)));
    }
    let devices: Vec<(usize, &Device)> = view.glance.devices.iter().enumerate().collect();
    let total = |length| devices.iter().map(|(place, device)| width(view, *place, device, length)).sum::<usize>();
    let fitting = LENGTHS.into_iter().find(|length| total(*length) <= usize::from(pen.room()));
    if let Some(length) = fitting {
        for (place, device) in devices {
            entry(&mut pen, view, place, device, length);
        }
        return;
    }
    few(&mut pen, view, &devices);
}

/// More devices than fit: those that are down, the chosen one, then the others, and how many are left out.
fn few(pen: &mut Pen<'_>, view: &View<'_>, devices: &[(usize, &Device)]) {
    let chosen = view.state.device().map(|session| usize::from(session.0));
    let mut order: Vec<(usize, &Device)> = devices.to_vec();
    order.sort_by_key(|(place, device)| (Some(*place) != chosen, !device.is_down(), *place));
    let more_width = 8;
    let mut shown = 0;
    for (place, device) in &order {
        let length = if Some(*place) == chosen { CHOSEN } else { 0 };
        if width(view, *place, device, length) + more_width > usize::from(pen.room()) {
            break;
        }
        entry(pen, view, *place, device, length);
        shown += 1;
    }
    let rest = Safe::new(&format!(" +{}", order.len() - shown));
    pen.put(&rest, view.style(Role::Bar));
}

/// The parts of a device's entry.
fn parts(place: usize, device: &Device, length: usize) -> (Safe, Safe, Safe) {
    let number = Safe::new(&(place + 1).to_string());
    let name = device.name.cut(length);
    let count = match device.retry {
        Some((left, _)) if !left.is_zero() => Safe::new(&words::left(left)),
        _ => Safe::default(),
    };
    (number, name, count)
}

fn width(view: &View<'_>, place: usize, device: &Device, length: usize) -> usize {
    let (number, name, count) = parts(place, device, length);
    let with_gap = |text: &Safe| if text.is_empty() { 0 } else { text.width() + 1 };
    let sign = Safe::from_static(sign(device).shown(view.signs).0).width();
    2 + number.width() + with_gap(&name) + 1 + sign + with_gap(&count)
}

fn entry(pen: &mut Pen<'_>, view: &View<'_>, place: usize, device: &Device, length: usize) {
    let bar = view.style(Role::Bar);
    let chosen = view.state.device().is_some_and(|session| usize::from(session.0) == place);
    let name_style = bar.patch(view.style(if chosen { Role::Accent } else { Role::Strong }));
    let (number, name, count) = parts(place, device, length);
    let (sign, role) = sign(device).shown(view.signs);
    pen.skip(2).put(&number, if chosen { name_style } else { bar });
    if !name.is_empty() {
        pen.skip(1).put(&name, if chosen { name_style } else { bar });
    }
    pen.skip(1).word(sign, bar.patch(view.style(role)));
    if !count.is_empty() {
        pen.skip(1).put(&count, bar.patch(view.style(Role::Waiting)));
    }
}

fn sign(device: &Device) -> Sign {
    if device.state == LineState::Offline && device.is_down() { Sign::Wrong } else { Sign::of(device.state) }
}
