//! Colours and signs: what a role looks like, and the characters for terminals with and without UTF-8.

use ratatui::style::Style;

/// What a piece of the screen is, so that a theme can say how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Plain text.
    Text,
    /// Text that matters less: times, units, topics beside their meaning.
    Dim,
    /// Text that matters more: a device's name, a command's name.
    Strong,
    /// A pane's frame.
    Frame,
    /// The frame and title of the focused pane.
    Accent,
    /// From the platform.
    Incoming,
    /// To the platform.
    Outgoing,
    /// Waiting: back-off, an open request.
    Waiting,
    /// Done, online.
    Good,
    /// Wrong, late, refused.
    Wrong,
    /// The selected row.
    Selected,
    /// A match of the search.
    Match,
    /// The header and status lines.
    Bar,
    /// A key's name in the footer and the help.
    Key,
    /// A JSON key.
    JsonKey,
    /// A JSON string.
    JsonString,
    /// A JSON number.
    JsonNumber,
    /// `true`, `false`, `null`.
    JsonLiteral,
    /// JSON punctuation.
    JsonPunctuation,
    /// An escape that stands for a character which must not reach the terminal.
    Escape,
}

/// How each role looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: std::collections::BTreeMap<Role, Style>,
}

impl Theme {
    /// How `role` looks; a role that the theme does not name looks plain.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// A theme without colours: bold, dim, reverse and underline only (`NO_COLOR`).
    pub fn plain() -> Self {
        Self { name: "plain".to_owned(), styles: std::collections::BTreeMap::new() }
    }
}

/// The characters that carry meaning beside the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// From the platform.
    pub down: &'static str,
    /// To the platform.
    pub up: &'static str,
    /// Waiting.
    pub waiting: &'static str,
    /// Online.
    pub online: &'static str,
    /// Offline.
    pub offline: &'static str,
    /// Done.
    pub good: &'static str,
    /// Wrong.
    pub wrong: &'static str,
    /// Left of the selected row.
    pub cursor: &'static str,
    /// An open branch.
    pub open: &'static str,
    /// A closed branch.
    pub closed: &'static str,
    /// Where text was cut.
    pub cut: &'static str,
    /// Between two things on a line.
    pub dot: &'static str,
    /// Lines: horizontal, vertical, then the corners top left, top right, bottom left, bottom right, then tee right, tee left.
    pub lines: [&'static str; 8],
}

impl Signs {
    /// For UTF-8 terminals.
    pub const UNICODE: Self = Self {
        down: "←",
        up: "→",
        waiting: "◌",
        online: "●",
        offline: "○",
        good: "✓",
        wrong: "✗",
        cursor: "▌",
        open: "▾",
        closed: "▸",
        cut: "…",
        dot: "·",
        lines: ["─", "│", "╭", "╮", "╰", "╯", "├", "┤"],
    };
    /// For the others.
    pub const ASCII: Self = Self {
        down: "<",
        up: ">",
        waiting: "o",
        online: "*",
        offline: "-",
        good: "+",
        wrong: "x",
        cursor: ">",
        open: "v",
        closed: ">",
        cut: "~",
        dot: "-",
        lines: ["-", "|", "+", "+", "+", "+", "+", "+"],
    };
}
