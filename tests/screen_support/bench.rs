//! The console without a terminal: keys in, pictures out.

use std::time::Instant;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use standin::console::glance::Eye;
use standin::console::input::Input;
use standin::console::input::parse::Parser;
use standin::console::layout::Pane;
use standin::console::panes;
use standin::console::state::State;
use standin::console::theme::{Signs, Theme};
use standin::console::update::{self, Effect};
use standin::console::window::Progress;
use standin::event::{Kind, Moment, WallTime};

use super::Canned;

pub(crate) struct Bench {
    pub(crate) canned: Canned,
    pub(crate) state: State,
    pub(crate) eye: Eye,
    pub(crate) theme: Theme,
    pub(crate) signs: Signs,
    /// How far each platform's clock is off by the `Date` of its connection, in microseconds.
    pub(crate) dated_us: Option<i64>,
}

/// Always the same time of day.
pub(crate) fn moment() -> Moment {
    let at = WallTime::parse_rfc3339("2026-11-21T14:02:04Z").expect("a time");
    Moment { at, mono: Instant::now() }
}

impl Bench {
    pub(crate) fn new(canned: Canned, width: u16, height: u16) -> Self {
        let state = State::new((width, height));
        let eye = Eye::new(TimeZone::UTC);
        let mut bench = Self { canned, state, eye, theme: Theme::plain(), signs: Signs::UNICODE, dated_us: None };
        bench.look();
        bench
    }

    pub(crate) fn morning(width: u16, height: u16) -> Self {
        Self::new(Canned::morning(moment()), width, height)
    }

    /// Presses keys as they are written in the README: `kk`, `<Esc>`, `<C-s>`; orders that come of it are taken.
    pub(crate) fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut out = Vec::new();
        for event in events(keys) {
            let effects = update::key(&mut self.state, event, &self.canned.world());
            for effect in &effects {
                self.carry_out(effect);
            }
            out.extend(effects);
            self.look();
        }
        out
    }

    /// Does what the shell does for an effect, as far as panes show it.
    fn carry_out(&mut self, effect: &Effect) {
        match effect {
            Effect::Send(sending) => {
                let world = self.canned.world();
                let handle = &self.canned.handles[usize::from(sending.session.0)];
                match handle.try_send(sending.order.clone()) {
                    Ok(()) => update::taken(&mut self.state, sending, &world),
                    Err(refusal) => update::refused(&mut self.state, sending, &refusal, &world),
                }
            }
            Effect::Hold { bound, held } => {
                let done = self.canned.timeline.hold_request(bound.seq, *held);
                update::held(&mut self.state, bound, *held, done);
            }
            Effect::Ignore { bound, note } => {
                let done = self.canned.timeline.ignore_request(bound.seq);
                if done {
                    self.canned.timeline.append(
                        bound.session,
                        self.canned.now,
                        &Kind::Note { text: note, order: None },
                        None,
                    );
                }
                update::ignored(&mut self.state, bound, done);
            }
            _ => {}
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        let world = self.canned.world();
        update::paste(&mut self.state, text, &world);
        self.look();
    }

    /// Looks at the timeline as the shell does before a frame.
    pub(crate) fn look(&mut self) {
        let now = self.canned.now;
        let height = self.state.content(Pane::Stream).height;
        self.state.window.resize(usize::from(height));
        while self.state.window.advance((&self.canned.timeline).into(), 500, true) == Progress::More {}
        self.canned.timeline.expire(now);
        let world = self.canned.world();
        update::settle(&mut self.state, &world);
        let handles = &self.canned.handles;
        let platform = |session| handles.iter().find(|known| known.id == session).map(|known| known.platform.as_ref());
        self.eye.look((&self.canned.timeline).into(), &mut self.state, now, platform);
        self.eye.look_at_devices(handles, |_| self.dated_us, &self.state);
        self.eye.finish(platform);
    }

    pub(crate) fn draw(&mut self) -> (Buffer, Option<(u16, u16)>) {
        self.look();
        let (width, height) = self.state.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = panes::screen::render(&mut buffer, &self.state, self.eye.glance(), &self.theme, &self.signs);
        (buffer, cursor)
    }

    /// The screen as text, one line a row.
    pub(crate) fn picture(&mut self) -> String {
        let (buffer, _) = self.draw();
        picture(&buffer)
    }

    /// What the status line says of the last key.
    pub(crate) fn notice(&self) -> String {
        self.state.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default()
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.state.size = (width, height);
        self.look();
    }
}

pub(crate) fn picture(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let (mut row, mut skip) = (String::new(), 0);
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                row += symbol;
                skip = standin::text::width::width(symbol);
            }
            skip = skip.saturating_sub(1);
        }
        out += row.trim_end();
        out += "\n";
    }
    out
}

fn events(keys: &str) -> Vec<KeyEvent> {
    let mut out = Vec::new();
    let mut rest = keys;
    while let Some(letter) = rest.chars().next() {
        if let Some((name, behind)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            out.push(named(name));
            rest = behind;
            continue;
        }
        let (mut parser, mut inputs) = (Parser::default(), Vec::new());
        parser.feed(letter.to_string().as_bytes(), &mut inputs);
        out.extend(inputs.into_iter().filter_map(|input| if let Input::Key(key) = input { Some(key) } else { None }));
        rest = &rest[letter.len_utf8()..];
    }
    out
}

fn named(name: &str) -> KeyEvent {
    if let Some(letter) = name.strip_prefix("C-") {
        return KeyEvent::new(KeyCode::Char(letter.chars().next().expect("a letter")), KeyModifiers::CONTROL);
    }
    let code = match name {
        "Esc" => KeyCode::Esc,
        "lt" => KeyCode::Char('<'),
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "S-Tab" => KeyCode::BackTab,
        "BS" => KeyCode::Backspace,
        "Space" => KeyCode::Char(' '),
        "Delete" => KeyCode::Delete,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "A-Enter" => return KeyEvent::new(KeyCode::Enter, KeyModifiers::ALT),
        other => panic!("no key {other}"),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}
