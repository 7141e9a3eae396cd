//! What the screen is about: pure data, changed by `update` alone and shown by the panes.

use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::action::Action;
use super::application::Offers;
use super::composer::Composer;
use super::doings::Doings;
use super::inbox::{Bound, Inbox};
use super::keymap::Context;
use super::layout::{Layout, Pane, Wish};
use super::line::Line;
use super::message::MessageView;
use super::reel::Reel;
use super::tapes::{List, Tapes};
use super::theme::Role;
use super::tree::TopicTree;
use super::window::Window;
use crate::cloud::Property;
use crate::event::Irregular;
use crate::mqtt::Qos;
use crate::text::Safe;
use crate::timeline::SessionId;

/// How long after the first a second Ctrl-C leaves.
pub const TWICE: Duration = Duration::from_secs(2);

/// Everything that the person at the keys has chosen, typed or been told.
#[derive(Debug)]
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The pane that gets the keys.
    pub focus: Pane,
    /// Where the focus was before the composer opened.
    pub before: Pane,
    /// Whether the focused pane takes the whole screen.
    pub zoom: bool,
    /// The stream.
    pub window: Window,
    /// The filter as typed.
    pub filter: Line,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// The filter that `n` and `N` look for.
    pub hunted: String,
    /// The inbox of requests.
    pub inbox: Inbox,
    /// The message under the cursor.
    pub message: MessageView,
    /// The topics.
    pub tree: TopicTree,
    /// The composer.
    pub composer: Composer,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// What the last key, or the last order, came to.
    pub notice: Option<Notice>,
    /// When Ctrl-C was pressed.
    pub interrupted: Option<Instant>,
    /// The number of the next order.
    pub next_order: u64,
    /// Orders that are on their way.
    pub orders: Vec<Pending>,
    /// Something to show all the time, such as that this is a demo.
    pub banner: Option<Safe>,
    /// What the platform's application was told last to send, by its name.
    pub offered: Option<String>,
    /// How far a tape is that is being sent again.
    pub sending: Option<Safe>,
    /// The tapes.
    pub tapes: Tapes,
    /// The tape that is replayed; `None`: what is shown happens now.
    pub reel: Option<Reel>,
}

/// What lies over the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys.
    Help {
        /// The first visible line.
        top: usize,
    },
    /// A command by name.
    Palette {
        /// What is typed.
        line: Line,
        /// The chosen one of the commands that fit.
        chosen: usize,
    },
    /// A topic filter to subscribe to.
    Prompt {
        /// The session that shall subscribe.
        session: SessionId,
        /// What is typed.
        line: Line,
        /// The quality of service to ask for.
        qos: Qos,
        /// Whether the cloud's limits are passed over.
        force: bool,
    },
    /// A note.
    Note {
        /// The session that it is about.
        session: SessionId,
        /// What is typed.
        line: Line,
    },
    /// A place on the tape.
    Seek {
        /// What is typed.
        line: Line,
    },
    /// The list of tapes.
    Tapes(List),
    /// Whether to answer a request although something speaks against it.
    Again(Question),
    /// A code to answer or to fail with.
    Codes(Codes),
    /// What a device does by itself.
    Doings(Doings),
    /// A property's value.
    Value {
        /// The session whose device has it.
        session: SessionId,
        /// The property; `None`: it is typed too, before an equals sign.
        property: Option<Property>,
        /// What is typed: JSON.
        line: Line,
    },
    /// What the platform's application can send.
    Offers(Offers),
    /// What can be composed.
    Drafts {
        /// What is typed: words that label and topic have to hold.
        line: Line,
        /// The chosen one of those that fit.
        chosen: usize,
    },
    /// The file of a product's model.
    Load {
        /// The session whose device is of that product.
        session: SessionId,
        /// What is typed.
        line: Line,
    },
    /// Whether to leave, in spite of these.
    Leave {
        /// What would be lost.
        reasons: Vec<Safe>,
    },
}

/// A question before an answer that is out of order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The request.
    pub bound: Bound,
    /// The code to answer with; success when absent.
    pub code: Option<i64>,
    /// The key that asked for the answer: pressed once more it is a yes.
    pub by: Action,
    /// What is out of order, as far as the question tells.
    pub told: Irregular,
    /// The question.
    pub question: String,
}

/// A code that is being chosen or typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// What it is for.
    pub purpose: CodesFor,
    /// The codes that the cloud knows, with its words.
    pub known: &'static [(i64, &'static str)],
    /// The code.
    pub line: Line,
    /// Whether the line holds a chosen code, which typing replaces.
    pub is_fresh: bool,
}

/// What a code is chosen for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodesFor {
    /// The answer to a request.
    Answer(Bound),
    /// An upgrade of that session's device, which is to fail.
    Upgrade(SessionId),
}

/// One line of news, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The words.
    pub text: Safe,
    /// How they look: good, wrong, or as text.
    pub role: Role,
}

/// An order on its way to the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub number: u64,
    /// The session.
    pub session: SessionId,
    /// What was asked for, as words: "publish", "subscribe".
    pub what: &'static str,
    /// Events before this one cannot be its answer.
    pub since: u64,
    /// When it is no longer waited for.
    pub until: Instant,
    /// The id of the request that it answers.
    pub answers: Option<String>,
}

impl State {
    /// The state at the start of the console.
    pub fn new(size: (u16, u16)) -> Self {
        Self {
            size,
            focus: Pane::Stream,
            before: Pane::Stream,
            zoom: false,
            window: Window::default(),
            filter: Line::default(),
            typing: false,
            hunted: String::new(),
            inbox: Inbox::default(),
            message: MessageView::default(),
            tree: TopicTree::default(),
            composer: Composer::default(),
            overlay: None,
            notice: None,
            interrupted: None,
            next_order: 1,
            orders: Vec::new(),
            banner: None,
            offered: None,
            sending: None,
            tapes: Tapes::default(),
            reel: None,
        }
    }

    /// Where the keys go.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Help { .. }) => Context::Help,
            Some(Overlay::Palette { .. }) => Context::Palette,
            Some(Overlay::Prompt { .. }) => Context::Prompt,
            Some(Overlay::Leave { .. }) => Context::Confirm,
            Some(Overlay::Note { .. }) => Context::Note,
            Some(Overlay::Seek { .. }) => Context::Seek,
            Some(Overlay::Tapes(List { asked: Some(_), .. })) => Context::Question,
            Some(Overlay::Tapes(_)) => Context::Tapes,
            Some(Overlay::Again(_)) => Context::Again,
            Some(Overlay::Codes(_)) => Context::Codes,
            Some(Overlay::Doings(_)) => Context::Doings,
            Some(Overlay::Value { .. }) => Context::Value,
            Some(Overlay::Offers(_)) => Context::Offers,
            Some(Overlay::Drafts { .. }) => Context::Drafts,
            Some(Overlay::Load { .. }) => Context::Load,
            None if self.typing => Context::Filter,
            None if self.focus == Pane::Composer && self.composer.is_form() => Context::Form,
            None if self.focus == Pane::Composer => Context::Compose,
            None => self.ground(),
        }
    }

    /// Where the keys go when nothing is typed or asked.
    pub fn ground(&self) -> Context {
        if self.reel.is_some() { Context::Replay } else { Context::Browse }
    }

    /// Where the panes are.
    pub fn layout(&self) -> Layout {
        let composing = self.composer.is_open();
        let form = self.composer.form_rows(self.size.0);
        let wish = Wish { focus: self.focus, composing, form, zoom: self.zoom, replay: self.reel.is_some() };
        Layout::new(self.size.0, self.size.1, wish)
    }

    /// The room for a pane's content; without any place on the screen it has no size.
    pub fn content(&self, pane: Pane) -> Rect {
        self.layout().content(pane)
    }

    /// Whether an answer to that request was handed over of which nothing was heard yet.
    pub fn is_answering(&self, session: SessionId, request_id: &str) -> bool {
        self.orders.iter().any(|order| order.session == session && order.answers.as_deref() == Some(request_id))
    }

    /// Tells that something was done.
    pub fn tell(&mut self, words: &str) {
        self.notice = Some(Notice { text: Safe::new(words), role: Role::Good });
    }

    /// Tells that something could not be done, and why.
    pub fn refuse(&mut self, words: &str) {
        self.notice = Some(Notice { text: Safe::new(words), role: Role::Wrong });
    }

    /// The session that the stream is limited to.
    pub fn device(&self) -> Option<SessionId> {
        self.window.query().session
    }
}
