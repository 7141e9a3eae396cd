//! Which events a view shows, and finding the next one without holding up the sessions.

use memchr::{memchr, memchr2, memmem};

use super::sessions::SessionId;
use super::store::Stored;
use super::{FOLDED_ID, Timeline};
use crate::event::{Event, Kind};

/// A typed filter: words that must all occur in an event, each turned round by a leading `!`; `"two words"` is one word
/// (and `!"two words"` one that must not occur). ASCII case does not count.
///
/// A word occurs if it is part of the session's name, of the kind's word (`rx`, `state`, …), of a message's topic, payload
/// or meaning (`command`, …), of a state's word, code, reason or hint, of a topic filter, or of the words of a
/// note, gap or error. Each of these is looked at alone: no word matches across two of them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    words: Vec<Word>,
}

/// One word of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    /// It must not occur.
    negated: bool,
    /// In lower case; not empty.
    lower: Vec<u8>,
    /// The place of the byte in it that is expected least often in traffic, where the search begins.
    anchor: usize,
}

/// Which kinds of events a search is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Only {
    /// All.
    #[default]
    All,
    /// All but routine: own subscriptions granted as asked, acknowledgements, further attempts.
    Telling,
    /// The platform's requests.
    Requests,
    /// Changes of a line's state.
    States,
    /// Notes and gaps.
    Notes,
}

/// What a view shows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    /// One session, or all.
    pub session: Option<SessionId>,
    /// The topic must start with this (a branch of the tree), or be it. `{id}` in it stands for any id, as in the tree.
    /// Events without a message's topic do not pass.
    pub topic: Option<String>,
    /// The typed filter.
    pub filter: Filter,
}

/// How far a bounded search came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The event of this number matches.
    Found(u64),
    /// Nothing up to here: go on from this number.
    More(u64),
    /// Nothing, and no more events that way.
    End,
}

impl Filter {
    /// Reads what was typed; every text is a filter. A quote that is not closed ends with the text.
    pub fn parse(typed: &str) -> Self {
        let mut words = Vec::new();
        let mut rest = typed.trim_start();
        while !rest.is_empty() {
            let (negated, after) = rest.strip_prefix('!').map_or((false, rest), |after| (true, after));
            let (word, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            // A lone `!`, or `""`, is a word in the making: it says nothing yet.
            if !word.is_empty() {
                words.push(Word::new(negated, word));
            }
            rest = after.trim_start();
        }
        Self { words }
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words that must occur, in lower case, the longest first.
    pub fn wanted(&self) -> Vec<&str> {
        let words = self.words.iter().filter(|word| !word.negated);
        // A word was a text before its ASCII letters were made small.
        let mut words: Vec<_> = words.filter_map(|word| std::str::from_utf8(&word.lower).ok()).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words
    }

    /// Whether an event passes: exactly as one at rest does.
    pub fn passes_event(&self, event: &Event<'_>) -> bool {
        self.words.iter().all(|word| word.occurs_in_event(event) != word.negated)
    }

    fn passes(&self, session: &str, stored: &Stored<'_>) -> bool {
        self.words.iter().all(|word| word.occurs_in(session, stored) != word.negated)
    }
}

impl Word {
    fn new(negated: bool, word: &str) -> Self {
        let lower = word.to_ascii_lowercase().into_bytes();
        // Of two as rare as each other the later, which is further from the beginning that words have in common.
        let anchor = (0..lower.len()).rev().min_by_key(|at| frequency(lower[*at])).unwrap_or(0);
        Self { negated, lower, anchor }
    }

    fn occurs_in(&self, session: &str, stored: &Stored<'_>) -> bool {
        if self.is_in(session.as_bytes()) {
            return true;
        }
        if stored.head.is_message() {
            let direction = if stored.head.tag == super::record::tag::RX { "rx" } else { "tx" };
            return self.is_in(stored.topic())
                || self.is_in(stored.payload())
                || self.is_in(stored.head.what().word().as_bytes())
                || self.is_in(direction.as_bytes());
        }
        self.occurs_in_words_of(&stored.kind())
    }

    fn occurs_in_event(&self, event: &Event<'_>) -> bool {
        if self.is_in(event.session.as_bytes()) {
            return true;
        }
        match &event.kind {
            Kind::Rx(message) | Kind::Tx(message) => {
                let texts = [message.topic, message.what.word(), event.kind.word()];
                texts.iter().any(|text| self.is_in(text.as_bytes())) || self.is_in(message.payload)
            }
            kind => self.occurs_in_words_of(kind),
        }
    }

    fn occurs_in_words_of(&self, kind: &Kind<'_>) -> bool {
        let texts: [Option<&str>; 4] = match *kind {
            Kind::State(change) => [Some(change.state.word()), change.code, change.reason, change.hint],
            Kind::Rx(_) | Kind::Tx(_) | Kind::Acked(_) => [None; 4],
            Kind::Subscribed(answer) => [Some(answer.filter), answer.reason, None, None],
            Kind::Unsubscribed { filter, .. } => [Some(filter), None, None, None],
            Kind::Gap { reason, .. } => [Some(reason), None, None, None],
            Kind::Note { text, .. } => [Some(text), None, None, None],
            Kind::Error(failure) => [Some(failure.code), Some(failure.reason), failure.hint, None],
        };
        self.is_in(kind.word().as_bytes()) || texts.iter().flatten().any(|text| self.is_in(text.as_bytes()))
    }

    /// Whether the word is part of `text`, whatever the case of ASCII letters.
    fn is_in(&self, text: &[u8]) -> bool {
        let Some(last_start) = text.len().checked_sub(self.lower.len()) else { return false };
        let anchor = self.lower[self.anchor];
        let upper = anchor.to_ascii_uppercase();
        let mut start = 0;
        while start <= last_start {
            // Where the anchor may still stand.
            let window = &text[start + self.anchor..=last_start + self.anchor];
            let found = if anchor == upper { memchr(anchor, window) } else { memchr2(anchor, upper, window) };
            let Some(skip) = found else { return false };
            start += skip;
            if text[start..start + self.lower.len()].eq_ignore_ascii_case(&self.lower) {
                return true;
            }
            start += 1;
        }
        false
    }
}

/// How often a byte is expected in JSON and topics: 0 is rare. A guess is enough, it only tells where to begin.
fn frequency(lower: u8) -> u8 {
    match lower {
        b'e' | b't' | b'a' | b'i' | b's' | b'r' | b'o' | b'n' | b'"' => 4,
        b'0'..=b'9' | b'c' | b'd' | b'l' | b'm' | b'p' | b'u' | b'/' | b':' | b',' | b'_' | b' ' => 3,
        // The first bytes of Chinese characters, and what stands between the rest.
        0xE0..=0xEF | b'v' | b'g' | b'h' | b'y' | b'f' | b'b' | b'-' | b'.' | b'{' | b'}' => 2,
        b'!'..=b'~' => 1,
        _ => 0,
    }
}

impl Only {
    /// Whether an event is of this kind.
    pub fn takes(self, event: &Event<'_>) -> bool {
        match (self, &event.kind) {
            (Self::Telling, _) => !event.is_routine(),
            (Self::Requests, Kind::Rx(message)) => message.what.is_request(),
            (Self::All, _) | (Self::States, Kind::State(_)) | (Self::Notes, Kind::Note { .. } | Kind::Gap { .. }) => {
                true
            }
            (Self::Requests | Self::States | Self::Notes, _) => false,
        }
    }
}

/// Whether an event is a message on `branch` of the topics, or under it; `{id}` stands for any id.
pub fn is_on_branch(branch: &str, event: &Event<'_>) -> bool {
    let (Kind::Rx(message) | Kind::Tx(message)) = &event.kind else { return false };
    is_under(branch.as_bytes(), message.topic.as_bytes())
}

/// Whether a message may be on `branch` or under it whose topic has its request's id folded, as on a tape's channels.
pub fn may_be_on_branch(branch: &str, folded: &str) -> bool {
    if !folded.contains(FOLDED_ID) {
        return is_under(branch.as_bytes(), folded.as_bytes());
    }
    let branch = branch.strip_suffix('/').unwrap_or(branch);
    let mut levels = folded.split('/');
    let fits = |level: &str, wanted: &str| level.contains(FOLDED_ID) || is_level(wanted.as_bytes(), level.as_bytes());
    branch.is_empty() || branch.split('/').all(|wanted| levels.next().is_some_and(|level| fits(level, wanted)))
}

impl Query {
    fn shows(&self, session: &str, stored: &Stored<'_>) -> bool {
        if self.session.is_some_and(|only| only.0 != stored.head.session) {
            return false;
        }
        if let Some(branch) = &self.topic
            && !(stored.head.is_message() && is_under(branch.as_bytes(), stored.topic()))
        {
            return false;
        }
        self.filter.passes(session, stored)
    }
}

/// Whether `topic` is `branch` or lies under it, level by level. A branch that ends with `/` has only what lies under it.
fn is_under(branch: &[u8], topic: &[u8]) -> bool {
    if branch.is_empty() {
        return true;
    }
    let (branch, inside_only) = branch.strip_suffix(b"/").map_or((branch, false), |branch| (branch, true));
    let mut levels = topic.split(|b| *b == b'/');
    let starts = branch.split(|b| *b == b'/').all(|wanted| levels.next().is_some_and(|level| is_level(wanted, level)));
    starts && (!inside_only || levels.next().is_some())
}

/// Whether a level of a topic is `wanted`, where `{id}` stands for at least one byte.
fn is_level(wanted: &[u8], level: &[u8]) -> bool {
    let id = FOLDED_ID.as_bytes();
    if wanted == level {
        return true;
    }
    let (Some(first), Some(last)) = (memmem::find(wanted, id), memmem::rfind(wanted, id)) else { return false };
    let (before, after) = (&wanted[..first], &wanted[last + id.len()..]);
    level.len() > before.len() + after.len() && level.starts_with(before) && level.ends_with(after)
}

impl Timeline {
    /// The newest event at or before `seq` that `query` shows, looking at no more than `budget` events.
    pub fn find_back(&self, query: &Query, seq: u64, budget: usize) -> Scan {
        let mut next = seq;
        for stored in self.store.back_from(seq).take(budget) {
            if query.shows(self.name_of(stored.head.session), &stored) {
                return Scan::Found(stored.seq);
            }
            next = stored.seq - 1;
        }
        match self.span() {
            Some((oldest, _)) if next >= oldest => Scan::More(next),
            _ => Scan::End,
        }
    }

    /// The oldest event at or after `seq` that `query` shows, looking at no more than `budget` events.
    pub fn find_on(&self, query: &Query, seq: u64, budget: usize) -> Scan {
        let mut next = seq;
        for stored in self.store.on_from(seq).take(budget) {
            if query.shows(self.name_of(stored.head.session), &stored) {
                return Scan::Found(stored.seq);
            }
            next = stored.seq + 1;
        }
        match self.span() {
            Some((_, newest)) if next <= newest => Scan::More(next),
            _ => Scan::End,
        }
    }
}

#[cfg(test)]
mod tests;
