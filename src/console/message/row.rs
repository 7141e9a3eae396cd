//! One row of the body: pieces of safe text with their roles, filled cluster by cluster up to a width.
//!
//! What lives here: fitting untrusted text into cells and showing its dangerous characters as escapes. What may not:
//! what the text is (`pretty`, `plain`), or cells of the screen (`console::paint`).

use crate::console::theme::Role;
use crate::text::hidden::is_hidden;
use crate::text::{Safe, width};

/// A piece of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// What it says, escapes already in place; it goes to the screen as [`Safe`] all the same.
    pub(super) text: String,
    /// How it looks.
    pub(super) role: Role,
}

/// A row.
pub(super) type Row = Vec<Piece>;

/// Fills one row. When it only measures, it keeps no text.
pub(super) struct Filler<'a> {
    width: usize,
    used: usize,
    /// Whether something other than blanks stands in the row; until then everything is taken, so that each row gets on.
    has_content: bool,
    row: Option<&'a mut Row>,
}

impl<'a> Filler<'a> {
    /// A row of `width` cells, at least one; what is pushed goes into `row`, if there is one.
    pub(super) fn new(width: u16, row: Option<&'a mut Row>) -> Self {
        Self { width: usize::from(width.max(1)), used: 0, has_content: false, row }
    }

    /// Cells that are left.
    pub(super) fn left(&self) -> usize {
        self.width.saturating_sub(self.used)
    }

    /// Moves in by `cells`, but never by more than half of the row, so that deep structures stay readable.
    pub(super) fn indent(&mut self, cells: usize) {
        self.spaces(cells.min(self.width / 2));
    }

    /// Pushes `cells` spaces, as many as fit.
    pub(super) fn spaces(&mut self, cells: usize) {
        let cells = cells.min(self.left());
        if cells > 0 {
            self.keep(&" ".repeat(cells), cells, Role::Text);
        }
    }

    /// Pushes our own `text` (ASCII punctuation) as a whole; answers whether it fitted.
    pub(super) fn word(&mut self, text: &'static str, role: Role) -> bool {
        if text.len() > self.left() && self.has_content {
            return false;
        }
        self.keep(text, text.len(), role);
        self.has_content = true;
        true
    }

    /// Pushes as much of `text` as fits, and answers how many bytes that were. An empty row takes at least one cluster,
    /// so that a row always gets on.
    pub(super) fn push(&mut self, text: &str, role: Role) -> usize {
        let mut taken = 0;
        while taken < text.len() {
            let plain = plain_run(&text[taken..], self.left());
            if plain > 0 {
                self.keep(&text[taken..taken + plain], plain, role);
                self.has_content = true;
                taken += plain;
                continue;
            }
            let count = self.cluster(&text[taken..], role);
            if count == 0 {
                break;
            }
            taken += count;
        }
        taken
    }

    /// Pushes the first cluster of `rest`, or its first character as an escape, if it fits or the row is empty.
    fn cluster(&mut self, rest: &str, role: Role) -> usize {
        let Some(first) = rest.chars().next() else { return 0 };
        let Some(cluster) = width::clusters(rest).next() else { return 0 };
        // What joins or hides is cut out of its cluster, so that its neighbours look as they would without it.
        let seen = cluster.text.find(is_hidden).unwrap_or(cluster.text.len());
        let (raw, role) =
            if seen == 0 { (&rest[..first.len_utf8()], Role::Escape) } else { (&cluster.text[..seen], role) };
        let shown = Safe::new(raw);
        // A mark without a base counts as well: a row of them must end.
        let cells = width::width(shown.as_str()).max(1);
        if cells > self.left() && self.has_content {
            return 0;
        }
        self.keep(shown.as_str(), cells, if shown.as_str() == raw { role } else { Role::Escape });
        self.has_content = true;
        raw.len()
    }

    fn keep(&mut self, text: &str, cells: usize, role: Role) {
        self.used += cells;
        let Some(row) = &mut self.row else { return };
        match row.last_mut() {
            Some(last) if last.role == role => last.text.push_str(text),
            _ => row.push(Piece { text: text.to_owned(), role }),
        }
    }
}

/// How many bytes from the start of `text` are printable ASCII, one cell each, at most `most`. The last one is left out
/// when what follows may combine with it.
fn plain_run(text: &str, most: usize) -> usize {
    let bytes = text.as_bytes();
    let run = bytes.iter().take(most).take_while(|byte| matches!(byte, b' '..=b'~')).count();
    match bytes.get(run) {
        Some(0x80..) => run.saturating_sub(1),
        _ => run,
    }
}
