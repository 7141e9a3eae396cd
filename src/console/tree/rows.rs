//! The tree's rows in cells: labels on the left, subscription, rate and count in columns on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::build::{Held, Node};
use super::{Root, Row, TopicTree};
use crate::console::action::Action;
use crate::console::keymap::{self, Context};
use crate::console::theme::{Role, Signs, Theme};
use crate::console::{paint, words};
use crate::event::LineState;
use crate::text::{Safe, width};

/// The columns on the right, in cells, each with a blank before it.
const COUNT: u16 = 7;
const QOS: u16 = 5;
const RATE: u16 = 9;
/// A label keeps so many cells before a column is shown.
const LABEL: u16 = 12;
/// A row this wide or wider shows rates.
const RATES_FROM: u16 = 44;

/// What all rows are painted with.
struct Look<'a> {
    theme: &'a Theme,
    signs: &'a Signs,
    is_focused: bool,
}

impl TopicTree {
    /// Paints the rows that were found into `area`.
    pub fn render(&self, buffer: &mut Buffer, area: Rect, is_focused: bool, theme: &Theme, signs: &Signs) {
        paint::fill(buffer, area, theme.style(Role::Text));
        let look = Look { theme, signs, is_focused };
        for (y, row) in (area.y..area.bottom()).zip(&self.visible) {
            if let Some(node) = self.forest.nodes.get(row.node) {
                let open = self.forest.has_children(row.node).then(|| self.is_open(row.node));
                look.row(buffer, Rect { y, height: 1, ..area }, row, node, open);
            }
        }
        let used = u16::try_from(self.visible.len()).unwrap_or(u16::MAX);
        let is_bare = self.forest.nodes.iter().all(|node| node.parent.is_none());
        if is_bare && used < area.height {
            let key = keymap::chord_words(Context::Browse, Action::Subscribe);
            let hint = Safe::new(&format!("No topic yet; {key} subscribes"));
            look.put(buffer, Rect { y: area.y + used, height: 1, ..area }, 1, &hint, Role::Dim);
        }
    }
}

impl Look<'_> {
    /// One row; `open`: whether it is, if it has anything below it.
    fn row(&self, buffer: &mut Buffer, line: Rect, row: &Row, node: &Node, open: Option<bool>) {
        let columns = self.columns(buffer, line, row, node);
        let space = Rect { width: line.width.saturating_sub(columns), ..line };
        if row.is_chosen {
            self.put(buffer, space, 0, &Safe::from_static(self.signs.cursor), Role::Accent);
        }
        // Deep levels move in no further than a third, so that their names can be read.
        let depth = u16::try_from(node.depth.saturating_mul(2)).unwrap_or(u16::MAX);
        let twig = 1 + depth.min(line.width / 3);
        if let Some(open) = open {
            let sign = if open { self.signs.open } else { self.signs.closed };
            self.put(buffer, space, twig, &Safe::from_static(sign), Role::Dim);
        }
        let label = twig + 2;
        match &row.root {
            Some(root) => self.root(buffer, space, label, node, root),
            None => self.label(buffer, space, label, node),
        }
        if row.is_chosen && self.is_focused {
            paint::tint(buffer, line, self.theme.style(Role::Selected));
        }
    }

    fn root(&self, buffer: &mut Buffer, space: Rect, x: u16, node: &Node, root: &Root) {
        let (sign, role) = match root.state {
            LineState::Online => (self.signs.online, Role::Good),
            LineState::Connecting | LineState::Backoff => (self.signs.waiting, Role::Waiting),
            LineState::Offline => (self.signs.offline, Role::Dim),
        };
        let number = Safe::new(&(u32::from(node.session.0) + 1).to_string());
        let x = x + self.put(buffer, space, x, &number, Role::Dim) + 1;
        // The state's sign is kept in sight: the name is cut before it.
        let name_space = Rect { width: space.width.saturating_sub(2), ..space };
        let name = self.put(buffer, name_space, x, &Safe::new(&root.name), Role::Strong);
        self.put(buffer, space, x + name + 1, &Safe::from_static(sign), role);
    }

    fn label(&self, buffer: &mut Buffer, space: Rect, x: u16, node: &Node) {
        let own = node.path.get(node.label..).unwrap_or_default();
        let is_wider = node.held.as_ref().is_some_and(|held| held.filter != node.path);
        let label = if is_wider { Safe::new(&format!("{own}/#")) } else { Safe::new(own) };
        let room = usize::from(space.width.saturating_sub(x));
        let label = if label.width() > room { middle(&label, room, self.signs.cut) } else { label };
        self.put(buffer, space, x, &label, Role::Text);
    }

    /// The columns on the right; answers how many cells a label must leave to them.
    fn columns(&self, buffer: &mut Buffer, line: Rect, row: &Row, node: &Node) -> u16 {
        if line.width < LABEL + COUNT {
            return 0;
        }
        if let Some(root) = &row.root {
            return self.right(buffer, line, 0, COUNT + 1, &Safe::from_static(root.cloud.word()), Role::Dim);
        }
        let is_wide = line.width >= LABEL + COUNT + QOS;
        if let Some(refused) = node.held.as_ref().filter(|held| held.granted.is_none() && !is_wide) {
            let (text, role) = self.grant(refused);
            return self.right(buffer, line, 0, COUNT, &text, role);
        }
        let count = node.count.map_or_else(String::new, words::count);
        let mut used = self.right(buffer, line, 0, COUNT, &Safe::new(&count), Role::Text);
        if let Some(held) = node.held.as_ref().filter(|_| is_wide) {
            let (text, role) = self.grant(held);
            used = self.right(buffer, line, COUNT, QOS, &text, role);
        }
        if line.width >= RATES_FROM && node.rate >= 0.05 {
            used = self.right(buffer, line, COUNT + QOS, RATE, &Safe::new(&words::rate(node.rate)), Role::Dim);
        }
        used
    }

    /// `q1`; `q1<2` where 2 was asked for; the sign of what is wrong where it was refused.
    fn grant(&self, held: &Held) -> (Safe, Role) {
        match (held.granted.map(crate::mqtt::Qos::number), held.asked) {
            (Some(granted), None) => (Safe::new(&format!("q{granted}")), Role::Dim),
            (Some(granted), Some(asked)) => (Safe::new(&format!("q{granted}<{}", asked.number())), Role::Waiting),
            (None, _) => (Safe::from_static(self.signs.wrong), Role::Wrong),
        }
    }

    /// Puts `text` at column `x` of `space`, cut where the space ends.
    fn put(&self, buffer: &mut Buffer, space: Rect, x: u16, text: &Safe, role: Role) -> u16 {
        let room = space.width.saturating_sub(x);
        paint::put_cut(buffer, space.x.saturating_add(x), space.y, room, text, self.signs.cut, self.theme.style(role))
    }

    /// Puts `text` so that it ends `from_right` cells before the line's end, in a column of `cells` with a blank before it;
    /// answers how many cells from the line's end on are taken then, the blank included.
    fn right(&self, buffer: &mut Buffer, line: Rect, from_right: u16, cells: u16, text: &Safe, role: Role) -> u16 {
        let x = line.right() - from_right - cells + 1;
        let taken = paint::put_right(buffer, x, line.y, cells - 1, text, self.signs.cut, self.theme.style(role));
        from_right + taken + 1
    }
}

/// `label` with its middle left out, so that it takes at most `cells`; the rest begins with a whole level where it can.
fn middle(label: &Safe, cells: usize, cut: &'static str) -> Safe {
    let Some(room) = cells.checked_sub(width::width(cut)) else { return Safe::default() };
    let tail = label.cut_front(room * 2 / 3);
    let whole = tail.as_str().find('/').filter(|&slash| slash <= tail.as_str().len() / 2);
    let tail = whole.map_or_else(|| tail.clone(), |slash| tail.slice(slash..tail.as_str().len()));
    let mut short = label.cut(room - tail.width());
    short.push(&Safe::from_static(cut));
    short.push(&tail);
    short
}
