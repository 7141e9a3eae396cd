//! Reading themes: those compiled in, and the user's own from a folder that is handed in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::{PLAIN, Role, Theme};

const BUILT_IN: [(&str, &str); 3] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("sixteen", include_str!("../../../themes/sixteen.toml")),
];

/// A theme's file is a page of text; what is larger is something else.
const LARGEST_FILE: u64 = 64 * 1024;

/// Why a theme cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme of that name.
    #[error("there is no theme {name:?}: {}", known(names))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// The file cannot be read.
    #[error("theme file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no theme.
    #[error("theme {name:?}, line {line}: {reason}")]
    Wrong {
        /// The theme.
        name: String,
        /// The line of the fault.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
}

/// One role's table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the attributes that a terminal knows, each of which is on or off")]
struct Look {
    fg: Option<Paint>,
    bg: Option<Paint>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

/// A colour: a place in the terminal's palette, `#rrggbb`, or a name.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a colour: 0 to 255, \"#rrggbb\" or a name such as \"light-blue\"")]
enum Paint {
    Palette(u8),
    Named(ColorName),
}

/// A colour as a word.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct ColorName(Color);

impl TryFrom<String> for ColorName {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        Color::from_str(&word).map(Self).map_err(|_| format!("{word:?} is no colour"))
    }
}

impl Paint {
    fn color(&self) -> Color {
        match self {
            Self::Palette(index) => Color::Indexed(*index),
            Self::Named(ColorName(color)) => *color,
        }
    }
}

impl Look {
    fn style(&self) -> Style {
        let mut style = Style::new();
        style.fg = self.fg.as_ref().map(Paint::color);
        style.bg = self.bg.as_ref().map(Paint::color);
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        style
    }
}

impl Theme {
    /// Reads a theme's file.
    pub fn parse(name: &str, file: &str) -> Result<Self, ThemeError> {
        let looks: BTreeMap<toml::Spanned<String>, Look> = toml::from_str(file).map_err(|error| ThemeError::Wrong {
            name: name.to_owned(),
            line: line_of(file, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
        let mut theme = Self { name: name.to_owned(), styles: [Style::new(); Role::ALL.len()] };
        for (key, look) in looks {
            let Some((role, _)) = Role::ALL.iter().find(|(_, word)| word == key.get_ref()) else {
                let roles: Vec<String> = Role::ALL.iter().map(|(_, word)| (*word).to_owned()).collect();
                let reason = format!("there is no role {:?}: {}", key.get_ref(), known(&roles));
                return Err(ThemeError::Wrong { name: name.to_owned(), line: line_of(file, key.span().start), reason });
            };
            theme.set(*role, look.style());
        }
        Ok(theme)
    }

    /// The theme of that name: of the user's own folder where it has one, else one that is compiled in.
    pub fn load(name: &str, folder: Option<&Path>) -> Result<Self, ThemeError> {
        if name == PLAIN {
            return Ok(Self::plain());
        }
        if let Some(path) = folder.map(|folder| folder.join(format!("{name}.toml")))
            && is_file_name(name)
            && path.exists()
        {
            return Self::parse(name, &read(&path)?);
        }
        match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            Some((name, file)) => Self::parse(name, file),
            None => Err(ThemeError::Unknown { name: name.to_owned(), names: Self::names(folder) }),
        }
    }

    /// The names of all themes: those compiled in, then the user's own, in the order of the alphabet.
    pub fn names(folder: Option<&Path>) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.push(PLAIN.to_owned());
        // A folder that is not there, or cannot be read, holds no themes: naming one of them will say so.
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
        let mut own: Vec<String> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .filter_map(|path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned))
            .filter(|name| !names.contains(name))
            .collect();
        own.sort();
        names.append(&mut own);
        names
    }

    /// The name of the theme to take where the user names none. `no_color`, `term` and `colorterm` are the environment's
    /// variables of these names; a variable `NO_COLOR` that is empty does not count (no-color.org).
    pub fn fitting(no_color: Option<&str>, term: Option<&str>, colorterm: Option<&str>) -> &'static str {
        if no_color.is_some_and(|value| !value.is_empty()) {
            return PLAIN;
        }
        let term = term.unwrap_or_default();
        // Terminals without 256 colours that are still met: the Linux console, serial consoles, old multiplexers.
        let small = ["linux", "vt100", "vt102", "vt220", "ansi", "screen", "xterm", "cons25", "sun"].contains(&term)
            || term.ends_with("-16color");
        if small && colorterm.is_none_or(str::is_empty) { "sixteen" } else { "dark" }
    }
}

/// A name that leads out of the folder is none.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

fn read(path: &Path) -> Result<String, ThemeError> {
    let unreadable = |source| ThemeError::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE {
        let reason = format!("larger than {} KiB: not a theme", LARGEST_FILE / 1024);
        return Err(unreadable(std::io::Error::other(reason)));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn line_of(file: &str, offset: usize) -> usize {
    1 + file.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn known(names: &[String]) -> String {
    format!("known are {}", names.join(", "))
}
