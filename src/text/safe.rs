//! `Safe`: the only way for untrusted text to reach the screen, a log or standard output.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use super::hidden::{is_hidden, is_printable_ascii};
use super::width;

/// How many zero-width marks may sit on one character. Scripts in use need four at the most; without a limit, one cell could
/// be made to hold a mebibyte.
const MAX_MARKS: usize = 6;

/// A text in which control, bidi and invisible characters stand as visible escapes, in ASCII: `\n`, `\r`, `\t`, `\e` (escape),
/// `\0`, `\x07` for the other C0 controls and DEL, `\u{202E}` for the rest, and `\xFF` for a byte that is no UTF-8.
///
/// A backslash that came stays a single one, so that JSON stays readable; [`Safe::pieces`] tells an escape from the same
/// letters in the text. Marks that would combine with nothing, or that are piled up without end, are escaped as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Safe {
    text: Cow<'static, str>,
    /// Where escapes stand in `text`: in order, not touching each other.
    escapes: Vec<Range<usize>>,
}

impl Safe {
    /// Makes `text` safe, as one line: line ends and tabs become escapes too.
    pub fn new(text: &str) -> Self {
        if is_printable_ascii(text.as_bytes()) {
            return Self { text: Cow::Owned(text.to_owned()), escapes: Vec::new() };
        }
        let mut builder = Builder::with_capacity(text.len());
        builder.text(text);
        builder.done()
    }

    /// Our own words, without a copy. They pass the same check as all text.
    pub fn from_static(text: &'static str) -> Self {
        let made = if is_printable_ascii(text.as_bytes()) { Self::default() } else { Self::new(text) };
        if made.escapes.is_empty() { Self { text: Cow::Borrowed(text), escapes: Vec::new() } } else { made }
    }

    /// Makes bytes safe that may or may not be UTF-8: a byte that is not stands as `\xFF`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut builder = Builder::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            builder.text(chunk.valid());
            for byte in chunk.invalid() {
                builder.escape_with(|out| write_byte_escape(out, *byte));
            }
        }
        builder.done()
    }

    /// The beginning of `text` that fits into `cells`; the work is bounded by `cells`, however long `text` is.
    pub fn head(text: &str, cells: usize) -> Self {
        // No cell holds more than one base with its marks, each of at most four bytes.
        let enough = cells.saturating_add(1).saturating_mul(4 * (1 + MAX_MARKS)).saturating_add(width::WINDOW);
        Self::new(&text[..text.floor_char_boundary(enough)]).cut(cells)
    }

    /// The lines of `text`, each made safe when it is asked for. A line ends at `\n` or `\r\n`; a `\r` elsewhere is shown.
    /// As with [`str::lines`], a line end at the very end opens no further line.
    pub fn lines(text: &str) -> impl Iterator<Item = Self> + '_ {
        text.lines().map(Self::new)
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many cells it takes.
    pub fn width(&self) -> usize {
        width::width(&self.text)
    }

    /// The longest beginning that fits into `cells`.
    #[must_use]
    pub fn cut(&self, cells: usize) -> Self {
        self.slice(0..width::cut(&self.text, cells).0.len())
    }

    /// The longest end that fits into `cells`.
    #[must_use]
    pub fn cut_front(&self, cells: usize) -> Self {
        self.slice(self.text.len() - width::cut_front(&self.text, cells).0.len()..self.text.len())
    }

    /// The part between two byte positions, as [`width::wrap`] gives them. Positions inside a character move back to its
    /// start, positions past the end to the end.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let start = self.text.floor_char_boundary(range.start);
        let end = self.text.floor_char_boundary(range.end).max(start);
        let text = match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
            Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
        };
        let escapes = self.escapes[self.escapes.partition_point(|escape| escape.end <= start)..]
            .iter()
            .take_while(|escape| escape.start < end)
            .map(|escape| escape.start.max(start) - start..escape.end.min(end) - start)
            .collect();
        Self { text, escapes }
    }

    /// Appends `more`.
    pub fn push(&mut self, more: &Self) {
        if self.text.is_empty() {
            self.clone_from(more);
            return;
        }
        let shift = self.text.len();
        self.text.to_mut().push_str(&more.text);
        self.escapes.extend(more.escapes.iter().map(|escape| escape.start + shift..escape.end + shift));
    }

    /// The pieces of the text in order, each with whether it is an escape that stands for something not shown.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, bool)> {
        let starts = std::iter::once(0).chain(self.escapes.iter().map(|escape| escape.end));
        let ends = self.escapes.iter().map(|escape| escape.start).chain([self.text.len()]);
        let escapes = self.escapes.iter().map(Some).chain([None]);
        starts
            .zip(ends)
            .zip(escapes)
            .flat_map(|((start, end), escape)| {
                [(&self.text[start..end], false), (escape.map_or("", |escape| &self.text[escape.clone()]), true)]
            })
            .filter(|(piece, _)| !piece.is_empty())
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// A `Safe` in the making.
struct Builder {
    out: String,
    escapes: Vec<Range<usize>>,
}

impl Builder {
    fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), escapes: Vec::new() }
    }

    fn done(self) -> Safe {
        Safe { text: Cow::Owned(self.out), escapes: self.escapes }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let window = &rest[..rest.floor_char_boundary(width::WINDOW)];
            // What is followed by ASCII stands alone, so the ASCII before the last byte of the window needs no closer look.
            let plain = window.bytes().take_while(|b| (b' '..=b'~').contains(b)).count();
            let plain = if plain < rest.len() { plain.saturating_sub(1) } else { plain };
            let taken = if plain > 0 {
                self.out.push_str(&rest[..plain]);
                plain
            } else {
                let grapheme = window.graphemes(true).next().unwrap_or(window);
                self.grapheme(grapheme);
                grapheme.len()
            };
            rest = &rest[taken..];
        }
    }

    /// Appends one grapheme cluster: what is hidden in it, what has no base and what is piled too high as escapes.
    fn grapheme(&mut self, grapheme: &str) {
        let mut marks_left = 0;
        for c in grapheme.chars() {
            let cells = c.width().unwrap_or(0);
            let shown = match cells {
                0 if marks_left > 0 => {
                    marks_left -= 1;
                    true
                }
                // Wider than two cells is one character of all, Khmer U+17D8.
                1 | 2 => {
                    marks_left = MAX_MARKS;
                    true
                }
                _ => false,
            };
            if shown && !is_hidden(c) {
                self.out.push(c);
            } else {
                marks_left = 0;
                self.escape_with(|out| write_escape(out, c));
            }
        }
    }

    /// Appends what `write` writes, noted as an escape.
    fn escape_with(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.out.len();
        write(&mut self.out);
        match self.escapes.last_mut() {
            Some(last) if last.end == start => last.end = self.out.len(),
            _ => self.escapes.push(start..self.out.len()),
        }
    }
}

/// Appends the escape for `c`.
fn write_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{1B}' => out.push_str("\\e"),
        '\0' => out.push_str("\\0"),
        ..=' ' | '\u{7F}' => write_byte_escape(out, u32::from(c).to_le_bytes()[0]),
        _ => out.extend(c.escape_unicode().map(|c| if c == 'u' { c } else { c.to_ascii_uppercase() })),
    }
}

/// Appends `byte` as `\xFF`.
fn write_byte_escape(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push_str("\\x");
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 0xF)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_become_visible_escapes() {
        for (raw, shown) in [
            ("", ""),
            ("plain text", "plain text"),
            ("a\nb\r\n\tc", r"a\nb\r\n\tc"),
            ("\u{1B}[31m\u{1B}]52;c;AAAA\u{7}", r"\e[31m\e]52;c;AAAA\x07"),
            ("\0\u{8}\u{7F}\u{9B}31m", r"\0\x08\x7F\u{9B}31m"),
            ("a\u{202E}b\u{2066}c", r"a\u{202E}b\u{2066}c"),
            ("\u{FEFF}a\u{200B}b\u{AD}", r"\u{FEFF}a\u{200B}b\u{AD}"),
            ("\u{E0041}\u{3164}\u{FE0F}", r"\u{E0041}\u{3164}\u{FE0F}"),
            ("👨\u{200D}👩", r"👨\u{200D}👩"),
            (r#"{"path":"C:\\x"}"#, r#"{"path":"C:\\x"}"#),
            ("温度 e\u{301} 🇨🇳", "温度 e\u{301} 🇨🇳"),
            ("\u{301}a", r"\u{301}a"),
            ("\n\u{301}a", r"\n\u{301}a"),
            ("a\u{200D}\u{301}", r"a\u{200D}\u{301}"),
            ("a\u{1161}", r"a\u{1161}"),
            ("\u{17D8}", r"\u{17D8}"),
        ] {
            assert_eq!(Safe::new(raw).as_str(), shown, "{raw:?}");
            assert_eq!(Safe::from_bytes(raw.as_bytes()), Safe::new(raw), "{raw:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_shown_as_bytes() {
        assert_eq!(Safe::from_bytes(b"a\xFF\xE6\xB8z").as_str(), r"a\xFF\xE6\xB8z");
    }

    #[test]
    fn marks_are_not_piled_without_end() {
        let tower = Safe::new(&("e".to_owned() + &"\u{301}".repeat(8)));
        assert_eq!(tower.as_str(), "e".to_owned() + &"\u{301}".repeat(6) + r"\u{301}\u{301}");
    }

    #[test]
    fn pieces_tell_escapes_from_text() {
        let text = Safe::new("\t\\n\nb\r\r");
        assert_eq!(
            text.pieces().collect::<Vec<_>>(),
            [(r"\t", true), (r"\n", false), (r"\n", true), ("b", false), (r"\r\r", true)]
        );
        assert_eq!(Safe::default().pieces().count(), 0);
        assert_eq!(text.slice(1..5).pieces().collect::<Vec<_>>(), [("t", true), (r"\n", false), ("\\", true)]);
    }

    #[test]
    fn our_own_words_are_not_copied_and_still_checked() {
        let own = Safe::from_static("→ answer in 18 s");
        assert!(matches!(own.text, Cow::Borrowed("→ answer in 18 s")));
        assert!(matches!(own.cut(8).text, Cow::Borrowed("→ answer")));
        assert_eq!(Safe::from_static("a\u{1B}").as_str(), r"a\e");
    }

    #[test]
    fn lines_end_where_a_reader_expects() {
        let lines = |text| Safe::lines(text).map(|line| line.to_string()).collect::<Vec<_>>();
        assert_eq!(lines("a\r\nb\rc\n\nd\n"), ["a", r"b\rc", "", "d"]);
        assert_eq!(lines(""), [""; 0]);
    }

    #[test]
    fn cutting_keeps_to_the_cells_at_both_ends() {
        let text = Safe::new("温度\u{202E}x");
        assert_eq!((text.cut(3).as_str(), text.cut(5).as_str()), ("温", "温度\\"));
        assert_eq!(text.cut_front(2).as_str(), "}x");
        assert_eq!(format!("{:>6}|", Safe::new("ab")), "    ab|");
    }

    #[test]
    fn joining_keeps_the_escapes() {
        let mut row = Safe::from_static("topic ");
        row.push(&Safe::new("a\u{7}"));
        row.push(&Safe::new("\u{7}b"));
        assert_eq!(row.as_str(), r"topic a\x07\x07b");
        assert_eq!(row.pieces().filter(|(_, escape)| *escape).map(|(piece, _)| piece).collect::<String>(), r"\x07\x07");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_and_nothing_is_lost(raw: String) {
            let text = Safe::new(&raw);
            prop_assert!(!text.as_str().chars().any(is_hidden));
            let kept: String = text.pieces().filter(|(_, escape)| !escape).map(|(piece, _)| piece).collect();
            let mut left = raw.chars();
            prop_assert!(kept.chars().all(|c| left.any(|from| from == c)));
            prop_assert_eq!(text.pieces().map(|(piece, _)| piece).collect::<String>(), text.as_str());
        }

        #[test]
        fn any_bytes_become_safe(raw: Vec<u8>) {
            let text = Safe::from_bytes(&raw);
            prop_assert!(!text.as_str().chars().any(is_hidden));
        }

        #[test]
        fn a_head_is_a_cut_of_the_whole(raw in "(a|温|e\u{301}{1,40}|\u{202E}|👍🏽|\n){0,60}", cells in 0_usize..40) {
            prop_assert_eq!(Safe::head(&raw, cells), Safe::new(&raw).cut(cells));
        }
    }
}
