//! The tree as data: made of topics and subscriptions, sorted level by level.
//!
//! What lives here: which rows there can be, and their counts. What may not: which of them are open, chosen or visible.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::mqtt::{Qos, topic};
use crate::timeline::{SessionId, Standing, Topics};

/// For so many filters with a wildcard inside, messages are counted; each costs a look at every topic.
const COUNTED_FILTERS: usize = 32;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The topic filter.
    pub(super) filter: String,
    /// What the platform granted; `None`: refused.
    pub(super) granted: Option<Qos>,
    /// What was asked for, where less was granted.
    pub(super) asked: Option<Qos>,
}

/// A row that there can be: a session, a branch, a topic or a subscription. Chains of levels without a fork are one.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Whose it is.
    pub(super) session: SessionId,
    /// All levels from the first on; empty for the session itself.
    pub(super) path: String,
    /// Where in `path` its own levels begin.
    pub(super) label: usize,
    /// The node above.
    pub(super) parent: Option<usize>,
    /// Nodes above it.
    pub(super) depth: usize,
    /// Behind its last descendant.
    pub(super) end: usize,
    /// The subscription that begins here.
    pub(super) held: Option<Held>,
    /// Messages here and below; `None` where they are not counted.
    pub(super) count: Option<u64>,
    /// Messages a second, here and below.
    pub(super) rate: f64,
    /// For a filter with a wildcard inside: the topics that belong to it.
    matching: Option<Vec<usize>>,
}

/// All nodes, each before its descendants.
#[derive(Debug, Default)]
pub(super) struct Forest {
    pub(super) nodes: Vec<Node>,
    by_path: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl Node {
    /// Whether it stands for a filter that has no branch of its own.
    fn is_pattern(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.filter == self.path) && self.path.contains(['+', '#'])
    }
}

impl Forest {
    /// The forest of these sessions and topics, without counts.
    pub(super) fn new(sessions: &[Standing], topics: &Topics) -> Self {
        let mut by_session: HashMap<SessionId, Vec<&str>> = HashMap::new();
        for topic in topics.iter() {
            by_session.entry(topic.session).or_default().push(&topic.topic);
        }
        let mut forest = Self::default();
        for (number, standing) in (0_u16..).zip(sessions) {
            let session = SessionId(number);
            // A session that heard nothing has no topics.
            let heard = by_session.remove(&session).unwrap_or_default();
            forest.plant(session, standing, heard);
        }
        let Self { nodes, by_path, hasher } = &mut forest;
        let hash = |at: &usize| hasher.hash_one((nodes[*at].session, nodes[*at].path.as_str()));
        for at in 0..nodes.len() {
            by_path.insert_unique(hash(&at), at, hash);
        }
        forest.match_filters();
        forest
    }

    /// The node of that session and path.
    pub(super) fn find(&self, session: SessionId, path: &str) -> Option<usize> {
        let is_it = |&at: &usize| self.nodes[at].session == session && self.nodes[at].path == path;
        self.by_path.find(self.hasher.hash_one((session, path)), is_it).copied()
    }

    /// Whether there is something below the node at `at`.
    pub(super) fn has_children(&self, at: usize) -> bool {
        self.nodes[at].end > at + 1
    }

    /// Adds a session with all below it.
    fn plant<'a>(&mut self, session: SessionId, standing: &'a Standing, mut paths: Vec<&'a str>) {
        let lowered = |filter: &str| standing.lowered.iter().find(|(low, _)| low == filter).map(|(_, asked)| *asked);
        let mut held: HashMap<&str, Held> = HashMap::new();
        for (filter, granted) in &standing.subscriptions {
            let path = path_of(filter);
            paths.push(path);
            // `a` and `a/#` share a row; the wider one is named.
            if !held.contains_key(path) || path != filter {
                held.insert(path, Held { filter: filter.clone(), granted: *granted, asked: lowered(filter) });
            }
        }
        sort(&mut paths);
        let forks: Vec<&str> = paths.windows(2).map(|pair| common(pair[0], pair[1])).collect();
        paths.extend(forks);
        sort(&mut paths);

        let root = self.nodes.len();
        self.push(session, "", None, None);
        let mut above = vec![root];
        for path in paths.into_iter().filter(|path| !path.is_empty()) {
            while let Some(&last) = above.last()
                && last != root
                && !is_below(path, &self.nodes[last].path)
            {
                above.pop();
            }
            let parent = above.last().copied();
            above.push(self.nodes.len());
            self.push(session, path, parent, held.remove(path));
        }
        for at in (root..self.nodes.len()).rev() {
            let end = self.nodes[at].end.max(at + 1);
            self.nodes[at].end = end;
            if let Some(parent) = self.nodes[at].parent {
                self.nodes[parent].end = self.nodes[parent].end.max(end);
            }
        }
    }

    fn push(&mut self, session: SessionId, path: &str, parent: Option<usize>, held: Option<Held>) {
        let (label, depth) = parent
            .and_then(|parent| self.nodes.get(parent))
            .map_or((0, 0), |above| (if above.path.is_empty() { 0 } else { above.path.len() + 1 }, above.depth + 1));
        let path = path.to_owned();
        let (count, rate, matching) = (None, 0.0, None);
        self.nodes.push(Node { session, path, label, parent, depth, end: 0, held, count, rate, matching });
    }

    /// Finds the topics of filters that have a wildcard inside, and so no branch of their own.
    fn match_filters(&mut self) {
        let patterns = (0..self.nodes.len()).filter(|&at| self.nodes[at].is_pattern()).take(COUNTED_FILTERS);
        for pattern in patterns.collect::<Vec<_>>() {
            let (session, filter) = (self.nodes[pattern].session, &self.nodes[pattern].path);
            let is_of =
                |node: &Node| node.session == session && !node.is_pattern() && topic::matches(filter, &node.path);
            let matching = (0..self.nodes.len()).filter(|&at| is_of(&self.nodes[at])).collect();
            self.nodes[pattern].matching = Some(matching);
        }
    }

    /// Takes the counts anew, and the rates as of `mono_us` (microseconds since the stream's start).
    pub(super) fn count(&mut self, topics: &Topics, mono_us: u64) {
        for node in &mut self.nodes {
            (node.count, node.rate) = (Some(0), 0.0);
        }
        for topic in topics.iter() {
            let Some(at) = self.find(topic.session, &topic.topic) else { continue };
            let node = &mut self.nodes[at];
            node.count = node.count.map(|count| count + topic.count);
            node.rate += topic.rate.per_second(mono_us);
        }
        // What a pattern hears is counted where it was said, and not once more in the branches above the pattern.
        let heard: Vec<(usize, Option<u64>, f64)> = (0..self.nodes.len())
            .filter(|&at| self.nodes[at].is_pattern())
            .map(|at| match &self.nodes[at].matching {
                Some(matching) => {
                    let of = || matching.iter().map(|&at| &self.nodes[at]);
                    // Not `sum`, whose answer for no topic at all is minus zero.
                    let rate = of().map(|node| node.rate).fold(0.0, |so_far, rate| so_far + rate);
                    (at, Some(of().filter_map(|node| node.count).sum()), rate)
                }
                None => (at, None, 0.0),
            })
            .collect();
        for at in (0..self.nodes.len()).rev() {
            let (count, rate) = (self.nodes[at].count, self.nodes[at].rate);
            if let Some(parent) = self.nodes[at].parent {
                let above = &mut self.nodes[parent];
                above.count = above.count.zip(count).map(|(sum, count)| sum + count);
                above.rate += rate;
            }
        }
        for (at, count, rate) in heard {
            (self.nodes[at].count, self.nodes[at].rate) = (count, rate);
        }
    }
}

/// Where the row of `filter` stands: `a/b/#` at the branch `a/b`, unless a wildcard comes before.
fn path_of(filter: &str) -> &str {
    match filter.strip_suffix("/#") {
        Some(branch) if !branch.is_empty() && !branch.contains('+') => branch,
        _ => filter,
    }
}

/// Level by level, so that a branch stands right before what is below it: `a`, `a/b`, `a-b`. A slash sorts as NUL, which
/// no topic may hold (MQTT-4.7.3-2).
fn sort(paths: &mut Vec<&str>) {
    paths.sort_by_cached_key(|path| path.replace('/', "\0"));
    paths.dedup();
}

/// The levels that both begin with.
fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let ends = |path: &str| path.len() == same || path.as_bytes()[same] == b'/';
    if ends(a) && ends(b) {
        return &a[..same];
    }
    // Cut before a slash, which is never part of a longer character.
    a.as_bytes()[..same].iter().rposition(|&byte| byte == b'/').map_or("", |slash| &a[..slash])
}

fn is_below(path: &str, branch: &str) -> bool {
    path.strip_prefix(branch).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_two_topics_share_are_whole_levels() {
        for (a, b, shared) in [
            ("a/b", "a/c", "a"),
            ("a/b", "a/b/c", "a/b"),
            ("ab", "ac", ""),
            ("a/bc", "a/bd", "a"),
            ("/a/b", "/a/c", "/a"),
            ("/a", "/b", ""),
            ("温/度", "温/渡", "温"),
            ("温", "渡", ""),
        ] {
            assert_eq!(common(a, b), shared, "{a} {b}");
        }
    }

    #[test]
    fn a_filter_stands_at_its_branch() {
        for (filter, path) in
            [("a/b/#", "a/b"), ("a/+/#", "a/+/#"), ("#", "#"), ("/#", "/#"), ("a/b", "a/b"), ("+/a", "+/a")]
        {
            assert_eq!(path_of(filter), path);
        }
    }

    proptest! {
        #[test]
        fn a_branch_stands_right_before_what_is_below_it(topics in proptest::collection::vec("[ab\\-./]{1,6}", 1..12)) {
            let mut paths: Vec<&str> = topics.iter().map(String::as_str).collect();
            sort(&mut paths);
            for (at, branch) in paths.iter().enumerate() {
                let below = |path: &&str| is_below(path, branch) || path == branch;
                let run = paths[at..].iter().take_while(|path| below(path)).count();
                prop_assert!(!paths[at + run..].iter().any(below), "{paths:?}");
            }
        }
    }
}
