//! Where the panes are, for every size of the terminal: from everything open side by side down to one cell.

use ratatui::layout::Rect;

/// The panes that can have the focus, in the order of `Tab`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The stream of events.
    Stream,
    /// The message under the cursor.
    Message,
    /// The topics of each session.
    Topics,
    /// The requests of the platforms.
    Requests,
    /// The composer.
    Composer,
}

/// What the layout is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The pane with the focus: it is on the screen whatever its size.
    pub focus: Pane,
    /// Whether the composer is open.
    pub composing: bool,
    /// How many rows the composer wants for its form; none where no form is seen.
    pub form: u16,
    /// Whether the focused pane takes the whole body.
    pub zoom: bool,
    /// Whether a tape is replayed: its time line has a place.
    pub replay: bool,
}

/// Rectangles, frames included. Panes that share a frame's line overlap by that line. A pane that is not on the screen has
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The devices.
    pub header: Option<Rect>,
    /// See [`Pane::Topics`].
    pub topics: Option<Rect>,
    /// See [`Pane::Requests`].
    pub requests: Option<Rect>,
    /// See [`Pane::Stream`].
    pub stream: Option<Rect>,
    /// See [`Pane::Message`].
    pub message: Option<Rect>,
    /// See [`Pane::Composer`].
    pub composer: Option<Rect>,
    /// The time line of a replay.
    pub reel: Option<Rect>,
    /// The state of the lines; also the footer where that has no line of its own.
    pub status: Option<Rect>,
    /// The keys.
    pub footer: Option<Rect>,
    /// Whether panes have frames; without, a title line only.
    pub framed: bool,
    /// Whether Topics or Requests lie over the other panes.
    pub side: bool,
}

/// From this width on, everything is open side by side.
const WIDE: u16 = 120;
/// From this height on, the wide layout is worth it.
const TALL: u16 = 18;

impl Wish {
    /// The rows of a composer with its form, its frame and two lines of words; at most `most`.
    fn with_form(self, most: u16) -> u16 {
        if self.form == 0 { 0 } else { self.form.saturating_add(4).min(most) }
    }
}

impl Layout {
    /// The layout of a screen of that size; 0 × 0, as serial consoles say it, counts as 80 × 24.
    pub fn new(width: u16, height: u16, wish: Wish) -> Self {
        let (width, height) = if width == 0 || height == 0 { (80, 24) } else { (width, height) };
        let mut layout = Self { framed: width >= 20 && height >= 8, ..Self::default() };
        let body = layout.bars(width, height, wish.replay);
        if body.height == 0 {
            return layout;
        }
        if wish.zoom {
            layout.only(wish.focus, body);
        } else if width >= WIDE && height >= TALL {
            layout.wide(body, wish);
        } else if body.height >= 12 {
            layout.medium(body, wish);
        } else {
            layout.only(main_of(wish), body);
            layout.lay_side(body, wish);
        }
        layout
    }

    /// The rectangle of a pane.
    pub fn pane(&self, pane: Pane) -> Option<Rect> {
        match pane {
            Pane::Stream => self.stream,
            Pane::Message => self.message,
            Pane::Topics => self.topics,
            Pane::Requests => self.requests,
            Pane::Composer => self.composer,
        }
    }

    /// What is inside a pane's frame, or below its title where there is no room for frames.
    pub fn inside(&self, rect: Rect) -> Rect {
        if self.framed {
            Rect {
                x: rect.x + 1,
                y: rect.y + 1,
                width: rect.width.saturating_sub(2),
                height: rect.height.saturating_sub(2),
            }
        } else if rect.height > 1 {
            Rect { y: rect.y + 1, height: rect.height - 1, ..rect }
        } else {
            rect
        }
    }

    /// What a pane's content takes of its inside: some keep a margin to their frame.
    pub fn content(&self, pane: Pane) -> Rect {
        let Some(inside) = self.pane(pane).map(|rect| self.inside(rect)) else { return Rect::ZERO };
        let (left, right) = match pane {
            Pane::Message | Pane::Composer if self.framed => (1, 1),
            Pane::Topics if self.framed => (0, 1),
            _ => (0, 0),
        };
        if inside.width <= left + right {
            return inside;
        }
        Rect { x: inside.x + left, width: inside.width - left - right, ..inside }
    }

    /// Takes the lines above and below off, and answers what is left.
    fn bars(&mut self, width: u16, height: u16, replay: bool) -> Rect {
        let line = |y| Some(Rect { x: 0, y, width, height: 1 });
        let above = u16::from(height >= 3);
        let below = match height {
            0..2 => 0,
            20.. if width < WIDE => 2,
            _ => 1,
        };
        if above == 1 {
            self.header = line(0);
        }
        if below > 0 {
            self.status = line(height - below);
        }
        if below == 2 {
            self.footer = line(height - 1);
        }
        let reel = match height {
            _ if !replay => 0,
            0..5 => 0,
            5..20 => 1,
            _ => 2,
        };
        if reel > 0 {
            self.reel = Some(Rect { x: 0, y: height - below - reel, width, height: reel });
        }
        Rect { x: 0, y: above, width, height: height - above - below - reel }
    }

    fn only(&mut self, pane: Pane, body: Rect) {
        let slot = match pane {
            Pane::Stream => &mut self.stream,
            Pane::Message => &mut self.message,
            Pane::Topics => &mut self.topics,
            Pane::Requests => &mut self.requests,
            Pane::Composer => &mut self.composer,
        };
        *slot = Some(body);
    }

    fn wide(&mut self, body: Rect, wish: Wish) {
        let upper = if wish.composing {
            let rows = (body.height / 3).clamp(7, 12).max(wish.with_form(body.height * 3 / 5));
            let (upper, composer) = stack(body, body.height - rows + 1);
            self.composer = Some(composer);
            upper
        } else {
            body
        };
        let left = (upper.width / 4).clamp(32, 48);
        let side = Rect { width: left, ..upper };
        let main = Rect { x: upper.x + left, width: upper.width - left, ..upper };
        let (topics, requests) = stack(side, side.height - (side.height / 3).clamp(5, 12) + 1);
        let (stream, message) = stack(main, main.height - (main.height * 2 / 5).max(5) + 1);
        self.topics = Some(topics);
        self.requests = Some(requests);
        self.stream = Some(stream);
        self.message = Some(message);
    }

    /// The stream, and under it the message or the composer.
    fn medium(&mut self, body: Rect, wish: Wish) {
        let rows = (body.height * 2 / 5).max(6).max(wish.with_form(body.height * 2 / 3));
        let (stream, lower) = stack(body, body.height - rows + 1);
        self.stream = Some(stream);
        if wish.composing {
            self.composer = Some(lower);
        } else {
            self.message = Some(lower);
        }
        self.lay_side(body, wish);
    }

    /// Topics or Requests over the left half.
    fn lay_side(&mut self, body: Rect, wish: Wish) {
        if !matches!(wish.focus, Pane::Topics | Pane::Requests) {
            return;
        }
        self.side = true;
        let width = if body.width < 60 { body.width } else { (body.width / 2).max(40) };
        self.only(wish.focus, Rect { width, ..body });
    }
}

/// The pane to show where there is room for one.
fn main_of(wish: Wish) -> Pane {
    match wish.focus {
        Pane::Message => Pane::Message,
        _ if wish.composing => Pane::Composer,
        _ => Pane::Stream,
    }
}

/// Two panes, one above the other, that share a line: the lower one begins with the last line of the upper one.
fn stack(area: Rect, upper: u16) -> (Rect, Rect) {
    let upper = upper.min(area.height);
    let start = upper.saturating_sub(1);
    (Rect { height: upper, ..area }, Rect { y: area.y + start, height: area.height - start, ..area })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANES: [Pane; 5] = [Pane::Stream, Pane::Message, Pane::Topics, Pane::Requests, Pane::Composer];

    fn wish(focus: Pane) -> Wish {
        Wish { focus, composing: focus == Pane::Composer, form: 0, zoom: false, replay: false }
    }

    #[test]
    fn wide_screens_show_everything() {
        let layout = Layout::new(140, 40, wish(Pane::Composer));
        assert!(PANES.iter().all(|pane| layout.pane(*pane).is_some()) && layout.footer.is_none());
        assert_eq!(layout.stream.unwrap().x, layout.topics.unwrap().right());
        assert_eq!(layout.message.unwrap().y, layout.stream.unwrap().bottom() - 1);
        assert_eq!(layout.composer.unwrap().width, 140);
    }

    #[test]
    fn eighty_columns_keep_the_stream_and_lay_the_others_over_its_left_half() {
        let layout = Layout::new(80, 24, wish(Pane::Stream));
        assert!(layout.stream.is_some() && layout.message.is_some() && layout.topics.is_none());
        let layout = Layout::new(80, 24, wish(Pane::Topics));
        assert!(layout.side && layout.stream.is_some());
        assert_eq!(layout.topics.unwrap().width, 40);
        let layout = Layout::new(80, 24, wish(Pane::Composer));
        assert!(layout.composer.is_some() && layout.message.is_none());
    }

    #[test]
    fn a_size_of_zero_is_a_serial_console() {
        assert_eq!(Layout::new(0, 0, wish(Pane::Stream)), Layout::new(80, 24, wish(Pane::Stream)));
    }

    #[test]
    fn whatever_the_size_panes_stay_on_the_screen_and_the_focused_one_has_a_place() {
        for width in (1..60).chain([79, 80, 119, 120, 140, 300, 1000]) {
            for height in (1..40).chain([60, 500]) {
                for focus in PANES {
                    for bits in 0..8 {
                        let (zoom, replay, form) = (bits & 1 > 0, bits & 2 > 0, if bits & 4 > 0 { 500 } else { 0 });
                        let layout = Layout::new(width, height, Wish { form, zoom, replay, ..wish(focus) });
                        let screen = Rect::new(0, 0, width, height);
                        for pane in PANES.iter().filter_map(|pane| layout.pane(*pane)) {
                            assert_eq!(pane.intersection(screen), pane, "{width}×{height}");
                            assert!(pane.height > 0);
                            let inside = layout.inside(pane);
                            assert!(inside.is_empty() || inside.intersection(pane) == inside);
                        }
                        for pane in PANES.into_iter().filter(|pane| layout.pane(*pane).is_some()) {
                            let inside = layout.pane(pane).map(|rect| layout.inside(rect)).unwrap();
                            let content = layout.content(pane);
                            assert!(content.is_empty() || content.intersection(inside) == content);
                        }
                        assert!(layout.pane(focus).is_some(), "{focus:?} at {width}×{height}");
                        for bar in [layout.header, layout.reel, layout.status, layout.footer].into_iter().flatten() {
                            assert_eq!(bar.intersection(screen), bar);
                            assert!(PANES.iter().filter_map(|p| layout.pane(*p)).all(|p| !p.intersects(bar)));
                        }
                    }
                }
            }
        }
    }
}
