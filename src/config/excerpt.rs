//! A fault as a person reads it: file, line, column, the line itself and a caret, with secrets masked.

use std::ops::Range;
use std::path::Path;

use super::report::Fault;
use super::suggest;
use crate::secret::MASK;
use crate::text::width::width;

/// How much of a long line is shown, in characters.
const SHOWN: usize = 100;

/// `path:line:column: message`, and below it the line and a caret.
pub(super) fn render(path: &Path, source: &str, fault: &Fault) -> String {
    let start = floor_boundary(source, fault.at.start);
    let line_start = source[..start].rfind('\n').map_or(0, |end| end + 1);
    let line = source[line_start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let number = source[..line_start].matches('\n').count() + 1;
    let column = source[line_start..start].chars().count() + 1;
    let shown = Line::new(source, line_start, line, start - line_start..fault.at.end.saturating_sub(line_start));
    let margin = " ".repeat(number.to_string().len());
    format!(
        "{}:{number}:{column}: {}\n  {number} | {}\n  {margin} | {}{}",
        path.display(),
        fault.message,
        shown.text,
        " ".repeat(shown.indent),
        "^".repeat(shown.carets),
    )
}

/// A line fit to be shown: secrets masked, cut to size, controls and tabs as single blanks.
struct Line {
    text: String,
    /// Cells before the carets.
    indent: usize,
    /// How many carets.
    carets: usize,
}

impl Line {
    fn new(source: &str, line_start: usize, line: &str, mark: Range<usize>) -> Self {
        let from = floor_boundary(line, mark.start);
        let to = floor_boundary(line, mark.end).max(from);
        let secret = secret_from(source, line_start, line).unwrap_or(line.len());
        let (visible, masked) = line.split_at(secret);
        let mut shown = hide_logins(visible);
        let meant = plain(&line[from.min(secret)..to.min(secret)]);
        let (indent, carets) = if from >= secret && !masked.is_empty() {
            (width(&plain(&shown)), MASK.chars().count())
        } else {
            (width(&plain(&hide_logins(&line[..from]))), width(&hide_logins(&meant)).max(1))
        };
        if !masked.is_empty() {
            shown.push_str(MASK);
        }
        cut(plain(&shown), indent, carets)
    }
}

/// Where a line begins to hold a secret, as a byte offset: after the `=` of a key that names one (or nearly does), or at
/// its start when such a key stands above it and its value runs over lines.
fn secret_from(source: &str, line_start: usize, line: &str) -> Option<usize> {
    if let Some(at) = secret_key(line) {
        return Some(at);
    }
    if holds_key(line) {
        return None;
    }
    let above = source[..line_start]
        .lines()
        .rev()
        .take_while(|above| !above.trim_start().starts_with('['))
        .find(|above| holds_key(above))?;
    secret_key(above).map(|_| 0)
}

/// Whether a line starts with `key =`.
fn holds_key(line: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| {
        let key = key.trim();
        !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-.\"' {[".contains(c))
    })
}

/// Where the value of the first key begins that is like `secret` or `password`.
fn secret_key(line: &str) -> Option<usize> {
    line.match_indices('=').find_map(|(equals, _)| {
        let key = line[..equals].trim_end().rsplit(['{', ',', '=', ' ', '\t']).next()?;
        let blanks = line[equals + 1..].len() - line[equals + 1..].trim_start().len();
        names_secret(key).then_some(equals + 1 + blanks)
    })
}

/// Whether a key is, or was probably meant to be, that of a secret.
fn names_secret(key: &str) -> bool {
    let word: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    ["secret", "passw", "token", "credential"].iter().any(|part| word.contains(part))
        || ["secret", "password", "passwd"].iter().any(|known| suggest::distance(&word, known) <= 2)
}

/// Masks the login of a URL: everything from `://` to the last `@` of the same text. A password may hold any character,
/// a slash too, which is what makes the URL faulty and brings its line here.
fn hide_logins(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let quote = before.rfind(['"', '\'']).and_then(|at| before[at..].chars().next());
        let end = quote.and_then(|quote| after.find(quote)).unwrap_or(after.len());
        rest = after;
        if let Some(login) = after[..end].rfind('@') {
            shown.push_str(MASK);
            rest = &after[login..];
        }
    }
    shown + rest
}

/// Controls and tabs as blanks, so that the caret stands below its place; what else is unfit for a terminal is made
/// visible where the error is printed.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Cuts a long line around its mark.
fn cut(text: String, indent: usize, carets: usize) -> Line {
    let length = text.chars().count();
    if length <= SHOWN {
        return Line { text, indent, carets };
    }
    // Cells and characters differ in wide text; the cut may then stand a little to the left, which the margin covers.
    let skipped = indent.saturating_sub(SHOWN / 2).min(length - SHOWN);
    let (head, tail) = (if skipped > 0 { "…" } else { "" }, if skipped + SHOWN < length { "…" } else { "" });
    let kept: String = text.chars().skip(skipped).take(SHOWN).collect();
    let gone: String = text.chars().take(skipped).collect();
    let indent = (indent + width(head)).saturating_sub(width(&gone));
    let room = SHOWN.saturating_sub(indent).max(1);
    Line { text: format!("{head}{kept}{tail}"), indent, carets: carets.min(room) }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, needle: &str) -> String {
        let start = source.find(needle).unwrap();
        let fault = Fault { at: start..start + needle.len(), message: "it is wrong".to_owned() };
        render(Path::new("c.toml"), source, &fault)
    }

    #[test]
    fn the_caret_stands_below_what_is_meant() {
        let text = shown("a = 1\n\tnaem = \"x\"\n", "naem");
        assert_eq!(text, "c.toml:2:2: it is wrong\n  2 |  naem = \"x\"\n    |  ^^^^");
    }

    #[test]
    fn wide_characters_move_the_caret_by_their_cells() {
        let text = shown("x = \"温度\" oops", "oops");
        assert_eq!(text, "c.toml:1:10: it is wrong\n  1 | x = \"温度\" oops\n    |            ^^^^");
    }

    #[test]
    fn a_fault_at_the_end_of_the_file_has_a_caret() {
        let source = "x = \"";
        let fault = Fault { at: 5..5, message: "it is wrong".to_owned() };
        assert!(render(Path::new("c"), source, &fault).ends_with("  1 | x = \"\n    |      ^"));
        let beyond = Fault { at: 900..901, message: "it is wrong".to_owned() };
        assert!(render(Path::new("c"), "", &beyond).ends_with("| ^"));
    }

    #[test]
    fn a_secret_is_never_shown() {
        for (source, needle) in [
            ("secret = \"hunter2\" oops", "oops"),
            ("secret = hunter2", "hunter2"),
            ("secert = \"hunter2\"", "secert"),
            ("Pasword = \"hunter2\"", "Pasword"),
            ("password=\"\"\"\nhunter2\n\"\"\" x", "hunter2"),
            ("device = [{ name = 1, secret = \"hunter2\", x = 1 }]", "name"),
            ("proxy = \"http://me:hunter2@host:x\"", "\"http://me:hunter2@host:x\""),
            ("url = \"wss://hunter2@h\" q", "q"),
            ("proxy = \"http://me:a/hunter2@host:1\"", "\"http://me:a/hunter2@host:1\""),
            ("proxy = \"http://me:a b,hunter2@host\"", "proxy"),
            ("proxy = \"http://me:it's hunter2@host\"", "proxy"),
            ("proxy = 'http://me:\"hunter2@host'", "proxy"),
            ("proxy = http://me:hunter2@host", "proxy"),
        ] {
            let text = shown(source, needle);
            assert!(text.contains(MASK), "{text}");
            let excerpt: String = text.lines().skip(1).collect();
            assert!(!excerpt.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn other_lines_below_a_secret_are_shown() {
        let text = shown("secret = \"hunter2\"\n[x]\nabc\n", "abc");
        assert!(text.contains("| abc"), "{text}");
        let text = shown("secret = \"hunter2\"\nport = 0\n", "0");
        assert!(text.contains("| port = 0"), "{text}");
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let source = format!("x = \"{}\" oops {}", "a".repeat(5_000), "b".repeat(5_000));
        let text = shown(&source, "oops");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].chars().count() < 120, "{text}");
        let column = lines[2].find('^').unwrap();
        let marked: String = lines[1].chars().skip(column).take(4).collect();
        assert_eq!(marked, "oops");
    }
}
