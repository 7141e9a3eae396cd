//! The composer: reports and replies, written as JSON or text, checked before they go.
//!
//! What lives here: the text, its topic and flags, the drafts that are kept, and the verdict on whether something may go.
//! What may not: sending (the caller hands the order on), and the frame around it. Typing is safe here: letters are text,
//! a paste never sends, and what is closed is kept.

mod areas;
mod body;
mod canvas;
mod clean;
mod fields;
mod form;
mod misfit;
mod sheet;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect, Size};

use super::chord::Chord;
use super::keymap::{self, Context};
use super::line::{Edit, Line};
use super::paint;
use super::theme::{Role, Signs, Theme};
use crate::model::Model;
use crate::session::{Handle, Order};
use crate::text::{Safe, width};
use crate::timeline::{Request, SessionId};
use areas::Areas;
use body::TextKind;
pub use form::{Entry, FormView};
pub use misfit::Row;
use sheet::Sheet;
pub use sheet::{Purpose, Scene};
pub use verdict::{Doubt, Verdict};

/// What stands before a topic that is typed.
const TOPIC: &str = "topic: ";

/// What a kept draft belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Device(SessionId),
    Request(SessionId, u64),
}

/// The composer, with the drafts that are kept.
#[derive(Debug, Default)]
pub struct Composer {
    open: Option<Sheet>,
    kept: HashMap<Key, Sheet>,
    /// The models of the devices' products.
    models: HashMap<SessionId, Arc<Model>>,
}

/// The words of the composer's frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What is composed and for which device: `Reply to property set · 1 smoke-01`.
    pub subject: Safe,
    /// Where it goes.
    pub topic: Safe,
    /// How: `qos 1 · retain · force`.
    pub flags: Safe,
}

impl Composer {
    /// Whether something is being composed.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The session that it is composed for.
    pub fn target(&self) -> Option<SessionId> {
        self.open.as_ref().map(|sheet| sheet.session)
    }

    /// What it is composed for.
    pub fn purpose(&self) -> Option<&Purpose> {
        self.open.as_ref().map(|sheet| &sheet.purpose)
    }

    /// How many drafts were edited and not sent, the open one included.
    pub fn unsent(&self) -> usize {
        self.kept.values().chain(&self.open).filter(|sheet| sheet.is_unsent).count()
    }

    /// Whether a draft is kept for that request.
    pub fn has_reply_to(&self, session: SessionId, seq: u64) -> bool {
        self.kept.contains_key(&Key::Request(session, seq))
    }

    /// The model of the device's product from now on, for drafts that are open or kept too.
    pub fn know(&mut self, session: SessionId, model: Arc<Model>) {
        for sheet in self.kept.values_mut().chain(&mut self.open).filter(|sheet| sheet.session == session) {
            sheet.know(&model);
        }
        self.models.insert(session, model);
    }

    /// Opens the device's draft, or the cloud's report to start from. `serial` makes the bodies' ids: milliseconds of the
    /// wall clock, for instance.
    pub fn open_report(&mut self, handle: &Handle, serial: u64) {
        self.keep();
        let kept = self.kept.remove(&Key::Device(handle.id));
        self.open = Some(kept.unwrap_or_else(|| Sheet::report(handle, self.models.get(&handle.id), serial)));
    }

    /// Opens the draft of the reply, or the cloud's answer for success. Answers whether the cloud knows an answer.
    pub fn open_reply(&mut self, handle: &Handle, request: &Request) -> bool {
        let kept = self.kept.remove(&Key::Request(handle.id, request.seq));
        let Some(sheet) = kept.or_else(|| Sheet::reply(handle, self.models.get(&handle.id), request)) else {
            return false;
        };
        self.keep();
        self.open = Some(sheet);
        true
    }

    /// Goes back one step: from typing a topic to the text, else closes and keeps the draft.
    pub fn back(&mut self) {
        match &mut self.open {
            Some(sheet) if sheet.typing.is_some() && !sheet.topic.is_empty() => sheet.typing = None,
            _ => self.keep(),
        }
    }

    /// Closes; what was edited is kept.
    pub fn keep(&mut self) {
        let Some(mut sheet) = self.open.take() else { return };
        sheet.accept_topic();
        if sheet.is_edited {
            self.kept.insert(Key::of(&sheet), sheet);
        }
    }

    /// Closes and throws the draft away.
    pub fn discard(&mut self) {
        self.open = None;
    }

    /// An editing key that no action of the keymap takes.
    pub fn key(&mut self, key: KeyEvent) {
        // What the keymap owns is never text, even where it could not act.
        if keymap::lookup(Context::Compose, Chord::of(key)).is_some() {
            return;
        }
        let Some(sheet) = &mut self.open else { return };
        if let Some(line) = &mut sheet.typing {
            match topic_edit(key) {
                Some(edit) => {
                    line.edit(edit);
                }
                None if key.code == KeyCode::Enter => sheet.accept_topic(),
                None => {}
            }
        } else if sheet.body.key(key, sheet.window.page()) {
            sheet.edited();
        }
    }

    /// A bracketed paste: text, whatever it holds.
    pub fn paste(&mut self, text: &str) {
        if let Some(sheet) = &mut self.open {
            sheet.paste(text);
        }
    }

    /// Goes to the cloud's next topic, or to typing one.
    pub fn next_topic(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.next_topic();
        }
    }

    /// What can be composed, as label and topic; and which of them it is.
    pub fn drafts(&self) -> Vec<(Safe, Safe)> {
        let drafts = self.open.iter().flat_map(|sheet| &sheet.drafts);
        drafts.map(|draft| (Safe::new(&draft.label), Safe::new(&draft.topic))).collect()
    }

    /// Takes the draft of that place in [`Composer::drafts`]; behind the last one a topic is typed.
    pub fn take_draft(&mut self, place: usize) {
        if let Some(sheet) = &mut self.open {
            sheet.take_draft(place);
        }
    }

    /// Takes the next quality of service.
    pub fn next_qos(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.next_qos();
        }
    }

    /// Has it retained, or not.
    pub fn toggle_retain(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.toggle_retain();
        }
    }

    /// Passes over the checks, or not.
    pub fn toggle_force(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.toggle_force();
        }
    }

    /// Whether force would let go what is held back, as far as was known at the last [`Composer::fit`].
    pub fn wants_force(&self) -> bool {
        self.open.as_ref().is_some_and(Sheet::wants_force)
    }

    /// Whether what is composed may go; `None`: nothing is composed.
    pub fn check(&mut self, scene: &Scene<'_>) -> Option<Verdict> {
        self.open.as_mut().map(|sheet| sheet.check(scene))
    }

    /// The order to send what is composed, numbered `number`; else the verdict, which is shown below the text as well. Call
    /// [`Composer::sent`] or [`Composer::refused`] when it is clear whether the session took the order. `None`: nothing is composed.
    pub fn to_order(&mut self, scene: &Scene<'_>, number: u64) -> Option<Result<Order, Verdict>> {
        let sheet = self.open.as_mut()?;
        Some(sheet.order(scene).map(|action| Order { number: Some(number), action }))
    }

    /// The session took the order: a reply closes, a report stays to be sent again.
    pub fn sent(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.sent();
            if sheet.purpose != Purpose::Report {
                self.open = None;
            }
        }
    }

    /// The session did not take the order; the text stays, and `words` say why.
    pub fn refused(&mut self, words: &str) {
        if let Some(sheet) = &mut self.open {
            sheet.say(words, Role::Wrong);
        }
    }

    /// The words of the frame's upper side.
    pub fn heading(&self, signs: &Signs) -> Option<Heading> {
        let sheet = self.open.as_ref()?;
        let number = u32::from(sheet.session.0) + 1;
        let mut subject = Safe::new(&format!("{} {} {number} ", sheet.title(), signs.dot));
        subject.push(&sheet.device);
        let flags = [(sheet.retain, "retain"), (sheet.force, "force")].into_iter().filter(|(set, _)| *set);
        let flags: Vec<String> =
            iter::once(format!("qos {}", sheet.qos.number())).chain(flags.map(|(_, flag)| flag.to_owned())).collect();
        let flags = flags.join(&format!(" {} ", signs.dot));
        let topic = sheet.typing.as_ref().map_or(sheet.topic.as_str(), Line::text);
        Some(Heading { subject, topic: Safe::new(topic), flags: Safe::new(&flags) })
    }

    /// The words of the frame's lower side: what the text was at the last [`Composer::fit`], and whether it fits the model.
    pub fn note(&self) -> Option<(Safe, Role)> {
        let sheet = self.open.as_ref()?;
        let (known, wants_json) = (sheet.body.known_already()?, sheet.wants_json?);
        Some(match known.kind {
            TextKind::Json => sheet.fit_words(),
            TextKind::Empty if !wants_json => (Safe::from_static("empty"), Role::Dim),
            TextKind::Other(_) if !wants_json => (Safe::from_static("text"), Role::Dim),
            TextKind::Empty => (Safe::from_static("empty, not JSON"), Role::Wrong),
            TextKind::Other(_) => (Safe::from_static("not JSON"), Role::Wrong),
        })
    }

    /// Finds what is visible in `size` cells; to be called before [`Composer::render`] and [`Composer::cursor`].
    pub fn fit(&mut self, size: Size) {
        if let Some(sheet) = &mut self.open {
            // What is known of the text decides whether there is something to say below it.
            sheet.body.known();
            sheet.wants_json();
            sheet.look_at_model();
            let areas = sheet.split(Rect::from((Position::ORIGIN, size)));
            sheet.window.follow(&sheet.body, areas.text.as_size());
            sheet.form.follow(areas.form.map_or(0, |form| form.height));
        }
    }

    /// Paints the text, the topic above it while that is typed, and below it what is to be said; the form is for its pane to
    /// paint.
    pub fn render(&self, buffer: &mut Buffer, area: Rect, theme: &Theme, signs: &Signs) {
        paint::fill(buffer, area, theme.style(Role::Text));
        let Some(sheet) = &self.open else { return };
        let Areas { topic, text, rule, words, .. } = sheet.split(area);
        if let Some(line) = sheet.typing.as_ref().filter(|_| topic.height > 0) {
            let dim = theme.style(Role::Dim);
            let label = paint::put(buffer, topic.x, topic.y, topic.width, &Safe::from_static(TOPIC), dim);
            let room = topic.width - label;
            let shown = Safe::new(line.text());
            let start = hidden_cells(line, room);
            let (skipped, _) = width::cut(shown.as_str(), start);
            let rest = shown.slice(skipped.len()..shown.as_str().len());
            paint::put(buffer, topic.x + label, topic.y, room, &rest, theme.style(Role::Strong));
        }
        sheet.window.render(&sheet.body, sheet.wants_json.unwrap_or(false), buffer, text, theme);
        let [_, upright, ..] = signs.lines;
        paint::rule(buffer, rule, upright, theme.style(Role::Frame));
        if let Some((says, role)) = sheet.words().filter(|_| words.height > 0) {
            let rows = areas::rows_of(&says, words.width);
            let last = rows.len().min(usize::from(words.height)).saturating_sub(1);
            for (y, (place, row)) in (words.top()..words.bottom()).zip(rows.iter().enumerate()) {
                let rest = says.slice(row.start..says.as_str().len());
                let shown = if place == last { rest } else { says.slice(row.clone()) };
                paint::put_cut(buffer, words.x, y, words.width, &shown, signs.cut, theme.style(role));
            }
        }
    }

    /// Where the terminal's cursor belongs in `area`; nowhere while the form has the keys.
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        let sheet = self.open.as_ref().filter(|sheet| !sheet.form.has_keys)?;
        let Areas { topic, text, .. } = sheet.split(area);
        let Some(line) = &sheet.typing else { return sheet.window.cursor(&sheet.body, text) };
        let label = u16::try_from(TOPIC.len()).ok()?;
        let room = topic.width.checked_sub(label).filter(|room| *room > 0 && topic.height > 0)?;
        let before = Safe::new(line.before()).width() - hidden_cells(line, room);
        Some(Position { x: topic.x + label + u16::try_from(before).ok()?.min(room - 1), y: topic.y })
    }
}

impl Key {
    fn of(sheet: &Sheet) -> Self {
        match sheet.purpose {
            Purpose::Report => Self::Device(sheet.session),
            Purpose::Reply { seq, .. } => Self::Request(sheet.session, seq),
        }
    }
}

/// How many cells of a typed topic are out of view on the left, so that its cursor is in `room` cells.
fn hidden_cells(line: &Line, room: u16) -> usize {
    (Safe::new(line.before()).width() + 1).saturating_sub(usize::from(room.max(1)))
}

/// What a key does to a typed topic.
fn topic_edit(key: KeyEvent) -> Option<Edit> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('u') if control => Edit::DeleteToStart,
        KeyCode::Char('w') if control => Edit::DeleteWord,
        KeyCode::Char('a') if control => Edit::Home,
        KeyCode::Char('e') if control => Edit::End,
        KeyCode::Char(letter) if !control && !key.modifiers.contains(KeyModifiers::ALT) => Edit::Insert(letter),
        KeyCode::Backspace => Edit::Backspace,
        KeyCode::Delete => Edit::Delete,
        KeyCode::Left => Edit::Left,
        KeyCode::Right => Edit::Right,
        KeyCode::Home => Edit::Home,
        KeyCode::End => Edit::End,
        _ => return None,
    })
}
