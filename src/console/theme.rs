//! Colours and signs: what a role looks like, and the characters for terminals with and without UTF-8.
//!
//! A theme is a TOML file with one table a role; three are compiled in, the user's own lie in a folder beside the config.
//! Reading them is in `load`.

mod load;

use ratatui::style::{Modifier, Style};

pub use load::ThemeError;

/// The theme without colours.
const PLAIN: &str = "plain";

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

impl Role {
    /// Every role, with its key in a theme's file.
    pub const ALL: [(Self, &'static str); 20] = [
        (Self::Text, "text"),
        (Self::Dim, "dim"),
        (Self::Strong, "strong"),
        (Self::Frame, "frame"),
        (Self::Accent, "accent"),
        (Self::Incoming, "incoming"),
        (Self::Outgoing, "outgoing"),
        (Self::Waiting, "waiting"),
        (Self::Good, "good"),
        (Self::Wrong, "wrong"),
        (Self::Selected, "selected"),
        (Self::Match, "match"),
        (Self::Bar, "bar"),
        (Self::Key, "key"),
        (Self::JsonKey, "json-key"),
        (Self::JsonString, "json-string"),
        (Self::JsonNumber, "json-number"),
        (Self::JsonLiteral, "json-literal"),
        (Self::JsonPunctuation, "json-punctuation"),
        (Self::Escape, "escape"),
    ];
}

/// How each role looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// How `role` looks; a role that the theme does not name looks plain.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// A theme without colours: bold, dim, reverse and underline only (`NO_COLOR`).
    pub fn plain() -> Self {
        let mut theme = Self { name: PLAIN.to_owned(), styles: [Style::new(); Role::ALL.len()] };
        for (role, modifier) in [
            (Role::Dim, Modifier::DIM),
            (Role::Strong, Modifier::BOLD),
            (Role::Frame, Modifier::DIM),
            (Role::Accent, Modifier::BOLD),
            (Role::Wrong, Modifier::BOLD),
            (Role::Selected, Modifier::REVERSED),
            (Role::Match, Modifier::UNDERLINED),
            (Role::Key, Modifier::BOLD),
            (Role::Escape, Modifier::UNDERLINED),
        ] {
            theme.set(role, Style::new().add_modifier(modifier));
        }
        theme
    }

    fn set(&mut self, role: Role, style: Style) {
        if let Some(slot) = self.styles.get_mut(role as usize) {
            *slot = style;
        }
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
    /// Before how often something was done.
    pub times: &'static str,
    /// Beside a rate: from the platform, to the platform.
    pub rates: [&'static str; 2],
    /// Of rising height: how much happens in a cell of a time line.
    pub bars: [&'static str; 8],
    /// Where a tape stands; playing; paused.
    pub reel: [&'static str; 3],
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
        times: "×",
        rates: ["↓", "↑"],
        bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        reel: ["┃", "▸", "‖"],
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
        times: "x",
        rates: ["in", "out"],
        bars: [".", ":", "-", "=", "+", "*", "%", "#"],
        reel: ["|", ">", "="],
        lines: ["-", "|", "+", "+", "+", "+", "+", "+"],
    };

    /// The signs for the character set that the environment names: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is
    /// set and not empty decides (POSIX); without any the terminal is taken to speak UTF-8, as nearly all do today.
    pub fn for_locale(lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> Self {
        let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|value| !value.is_empty());
        let utf8 = locale.is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        });
        if utf8 { Self::UNICODE } else { Self::ASCII }
    }
}

#[cfg(test)]
mod tests;
