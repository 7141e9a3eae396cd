//! The topics: each session with its subscriptions and topic levels, their counts and rates.
//!
//! What lives here: which rows are open, chosen and visible, and how they are painted. What may not: the counting itself
//! (that is `timeline`), and what follows from a choice (that is `update`). [`TopicTree::collect`] is called while the
//! timeline is locked, [`TopicTree::render`] paints what it found.

mod build;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use ratatui::layout::Size;

use super::action::Motion;
use crate::event::LineState;
use crate::mqtt::Qos;
use crate::profile::Cloud;
use crate::timeline::{SessionId, Standing, Timeline};
use build::Forest;

/// A branch with fewer rows below it is open until somebody closes it.
const OPEN_ROWS: usize = 12;

/// With more sessions than this each is closed until somebody opens it.
const OPEN_SESSIONS: usize = 8;

/// A tree of more topics than this is made anew only every [`REST_US`], however fast topics come and go.
const SMALL: usize = 1_000;

/// Microseconds between two makings of a large tree.
const REST_US: u64 = 500_000;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The session.
    pub session: SessionId,
    /// The branch or topic to filter the stream with, `{id}` standing for any request's id; `None` for the whole session
    /// and for a filter that is no branch.
    pub branch: Option<&'a str>,
    /// The subscription's topic filter.
    pub filter: Option<&'a str>,
    /// Whether that subscription was refused.
    pub is_refused: bool,
}

/// The tree.
#[derive(Debug, Default)]
pub struct TopicTree {
    forest: Forest,
    /// Which topics and subscriptions the forest was made of.
    made_of: Option<Source>,
    /// Branches that somebody opened or closed, by session and path.
    by_hand: HashMap<SessionId, HashMap<String, bool>>,
    /// The nodes of the rows that there are, from the first to the last.
    rows: Vec<usize>,
    /// The chosen row's session and path, and where it was last.
    chosen: Option<(SessionId, String)>,
    chosen_row: usize,
    top: usize,
    height: usize,
    visible: Vec<Row>,
}

/// What the forest was made of.
#[derive(Debug)]
struct Source {
    revision: u64,
    sessions: Vec<Subscriptions>,
    at_us: u64,
}

/// What is painted of a row.
#[derive(Clone, Debug)]
struct Row {
    node: usize,
    is_chosen: bool,
    /// For a session.
    root: Option<Root>,
}

/// What is painted of a session.
#[derive(Clone, Debug)]
struct Root {
    name: String,
    cloud: Cloud,
    state: LineState,
}

/// A session's subscriptions: those held, and how many of them got less than they asked for.
#[derive(Debug)]
struct Subscriptions {
    held: Vec<(String, Option<Qos>)>,
    lowered: usize,
}

impl Source {
    fn is_same(&self, sessions: &[Standing]) -> bool {
        self.sessions.len() == sessions.len()
            && self.sessions.iter().zip(sessions).all(|(known, standing)| {
                known.held == standing.subscriptions && known.lowered == standing.lowered.len()
            })
    }
}

impl TopicTree {
    /// Looks at the timeline and finds what is visible in `size` cells; `mono_us` is now, in microseconds since the
    /// stream's start. Answers when to call again, where the tree is older than the topics.
    pub fn collect(&mut self, timeline: &Timeline, mono_us: u64, size: Size) -> Option<u64> {
        let again = self.make(timeline, mono_us);
        self.forest.count(timeline.topics(), mono_us);
        self.height = usize::from(size.height);
        self.settle();
        let sessions = timeline.sessions();
        let visible = self.rows.iter().enumerate().skip(self.top).take(self.height);
        self.visible = visible.map(|(row, &node)| self.row(row, node, sessions)).collect();
        again
    }

    /// Makes the forest anew where topics or subscriptions came or went.
    fn make(&mut self, timeline: &Timeline, mono_us: u64) -> Option<u64> {
        let revision = timeline.topics().revision();
        let sessions = timeline.sessions();
        if let Some(source) = self.made_of.as_ref().filter(|source| source.is_same(sessions)) {
            if source.revision == revision {
                return None;
            }
            let rested = source.at_us.saturating_add(REST_US);
            if timeline.topics().len() > SMALL && mono_us < rested {
                return Some(rested);
            }
        }
        let held = |standing: &Standing| Subscriptions {
            held: standing.subscriptions.clone(),
            lowered: standing.lowered.len(),
        };
        self.made_of = Some(Source { revision, sessions: sessions.iter().map(held).collect(), at_us: mono_us });
        self.forest = Forest::new(sessions, timeline.topics());
        self.lay_out();
        None
    }

    /// Finds the rows anew after branches opened, closed, came or went.
    fn lay_out(&mut self) {
        self.rows.clear();
        let mut at = 0;
        while at < self.forest.nodes.len() {
            self.rows.push(at);
            at = if self.is_open(at) { at + 1 } else { self.forest.nodes[at].end };
        }
        self.find_chosen();
    }

    /// Finds the row of what is chosen; where it is gone, the branch above it or its place is chosen.
    fn find_chosen(&mut self) {
        let mut at = self.chosen.as_ref().and_then(|(session, path)| self.nearest(*session, path));
        while let Some(node) = at {
            if let Ok(row) = self.rows.binary_search(&node) {
                self.chosen_row = row;
                break;
            }
            at = self.forest.nodes[node].parent;
        }
        self.choose(self.chosen_row);
    }

    /// The node at `path`, else the nearest branch above it.
    fn nearest(&self, session: SessionId, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            let found = self.forest.find(session, path);
            if found.is_some() || path.is_empty() {
                return found;
            }
            path = path.rfind('/').map_or("", |slash| &path[..slash]);
        }
    }

    fn is_open(&self, at: usize) -> bool {
        let node = &self.forest.nodes[at];
        let by_hand = self.by_hand.get(&node.session).and_then(|paths| paths.get(&node.path));
        by_hand.copied().unwrap_or_else(|| {
            // A subscription with a single topic below it says it all by itself.
            let is_one_topic = node.held.is_some() && node.end - at <= 2;
            let sessions = self.made_of.as_ref().map_or(0, |source| source.sessions.len());
            let is_small = node.end - at <= OPEN_ROWS && !is_one_topic;
            if node.parent.is_none() { sessions <= OPEN_SESSIONS } else { is_small }
        })
    }

    fn choose(&mut self, row: usize) {
        self.chosen_row = row.min(self.rows.len().saturating_sub(1));
        let node = self.rows.get(self.chosen_row).map(|&at| &self.forest.nodes[at]);
        self.chosen = node.map(|node| (node.session, node.path.clone()));
    }

    /// Scrolls so far that the chosen row is visible.
    fn settle(&mut self) {
        let lowest = (self.chosen_row + 1).saturating_sub(self.height);
        let last = self.rows.len().saturating_sub(self.height);
        self.top = self.top.clamp(lowest, self.chosen_row.max(lowest)).min(last);
    }

    fn row(&self, row: usize, node: usize, sessions: &[Standing]) -> Row {
        let at = &self.forest.nodes[node];
        let standing = sessions.get(usize::from(at.session.0)).filter(|_| at.parent.is_none());
        let root =
            |standing: &Standing| Root { name: standing.name.clone(), cloud: standing.cloud, state: standing.state };
        Row { node, is_chosen: row == self.chosen_row, root: standing.map(root) }
    }

    /// Moves the choice.
    pub fn step(&mut self, motion: Motion) {
        let page = self.height.saturating_sub(1).max(1);
        self.choose(motion.goal(self.chosen_row, self.rows.len().saturating_sub(1), page));
    }

    /// Opens what is chosen, or goes to its first row where it is open; answers whether there was anything to open.
    pub fn expand(&mut self) -> bool {
        let Some(&at) = self.rows.get(self.chosen_row) else { return false };
        if !self.forest.has_children(at) {
            return false;
        }
        if self.is_open(at) {
            self.choose(self.chosen_row + 1);
        } else {
            self.set_open(at, true);
        }
        true
    }

    /// Closes what is chosen, or goes to the branch above it; answers whether there was anything to close.
    pub fn collapse(&mut self) -> bool {
        let Some(&at) = self.rows.get(self.chosen_row) else { return false };
        if self.forest.has_children(at) && self.is_open(at) {
            self.set_open(at, false);
            return true;
        }
        let Some(parent) = self.forest.nodes[at].parent else { return false };
        // Whatever is above a row is a row.
        self.choose(self.rows.binary_search(&parent).unwrap_or(self.chosen_row));
        true
    }

    fn set_open(&mut self, at: usize, open: bool) {
        let node = &self.forest.nodes[at];
        self.by_hand.entry(node.session).or_default().insert(node.path.clone(), open);
        self.lay_out();
    }

    /// Chooses a session.
    pub fn choose_session(&mut self, session: SessionId) {
        self.chosen = Some((session, String::new()));
        self.find_chosen();
    }

    /// What is chosen.
    pub fn chosen(&self) -> Option<Chosen<'_>> {
        let node = &self.forest.nodes[*self.rows.get(self.chosen_row)?];
        let is_branch = !node.path.is_empty() && !node.path.contains(['+', '#']);
        Some(Chosen {
            session: node.session,
            branch: is_branch.then_some(node.path.as_str()),
            filter: node.held.as_ref().map(|held| held.filter.as_str()),
            is_refused: node.held.as_ref().is_some_and(|held| held.granted.is_none()),
        })
    }

    /// How many rows there are, and which one is the first visible, from 0.
    pub fn extent(&self) -> (usize, usize) {
        (self.rows.len(), self.top)
    }
}
