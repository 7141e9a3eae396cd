//! A line of a tape on its way to another place: its number and time changed, and all else byte for byte.

use std::borrow::Cow;

use crate::event::json::Read;
use crate::text::hidden::{is_hidden, is_printable_ascii};
use crate::text::json::{escape_hidden, write_number};

/// What stands at the beginning of each line that standin writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start<'a> {
    /// The event's number.
    pub seq: u64,
    /// When, as it stands there.
    pub at: &'a str,
    /// Microseconds since the tape's start.
    pub mono_us: u64,
    /// The rest of the line, from the comma before `session` on.
    pub rest: &'a str,
}

impl<'a> Start<'a> {
    /// Takes the beginning of a line apart; `None` where it begins otherwise.
    pub fn of(line: &'a str) -> Option<Self> {
        let (seq, rest) = number(line.strip_prefix("{\"seq\":")?)?;
        let (at, rest) = rest.strip_prefix(",\"at\":\"")?.split_once('"')?;
        let (mono_us, rest) = number(rest.strip_prefix(",\"mono_us\":")?)?;
        (!at.contains('\\') && rest.starts_with(",\"session\":")).then_some(Self { seq, at, mono_us, rest })
    }

    /// Appends the line.
    pub fn write(&self, out: &mut String) {
        out.push_str("{\"seq\":");
        write_number(out, self.seq);
        out.push_str(",\"at\":\"");
        out.push_str(self.at);
        out.push_str("\",\"mono_us\":");
        write_number(out, self.mono_us);
        out.push_str(self.rest);
    }
}

/// A number as standin writes it, without zeros in front, and what follows it.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at(end);
    let is_plain = digits == "0" || !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_plain).map(|number| (number, rest))
}

/// A line as it may leave the program; `None` where it is no event. Those that standin wrote are as they stand; in those of
/// another hand, what could reach a terminal raw stands as `\uXXXX`, and line ends between members as blanks.
pub fn outgoing(line: &[u8]) -> Option<Cow<'_, str>> {
    Read::line(line)?;
    let text = std::str::from_utf8(line).ok()?;
    if is_printable_ascii(line) || !text.chars().any(is_hidden) {
        return Some(Cow::Borrowed(text));
    }
    // Valid JSON has these between its tokens only, and nothing else that is hidden outside of its strings.
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    Some(Cow::Owned(escape_hidden(&one_line)))
}

/// Appends a line and a line end, with `seq` as its number where one is given. Answers whether the line was an event: one that is
/// none is left out.
pub fn put(out: &mut String, line: &[u8], seq: Option<u64>) -> bool {
    let Some(line) = outgoing(line) else { return false };
    match seq.and_then(|seq| Some(Start { seq, ..Start::of(&line)? })) {
        Some(renumbered) => renumbered.write(out),
        None => out.push_str(&line),
    }
    out.push('\n');
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{"seq":7,"at":"2026-11-21T08:30:00.000000Z","mono_us":12,"session":"a","kind":"note","text":"\u001b"}"#;

    #[test]
    fn a_line_is_renumbered_and_otherwise_left_as_it_is() {
        let start = Start::of(LINE).unwrap();
        assert_eq!((start.seq, start.at, start.mono_us), (7, "2026-11-21T08:30:00.000000Z", 12));
        let mut same = String::new();
        start.write(&mut same);
        assert_eq!(same, LINE);
        let mut out = String::new();
        assert!(put(&mut out, LINE.as_bytes(), Some(10_000_000_000)));
        assert_eq!(out, LINE.replacen("\"seq\":7", "\"seq\":10000000000", 1) + "\n");
        out.clear();
        assert!(put(&mut out, LINE.as_bytes(), None));
        assert_eq!(out, format!("{LINE}\n"));
    }

    #[test]
    fn a_line_that_begins_otherwise_is_not_taken_apart() {
        for line in [
            "",
            "{\"seq\":}",
            &LINE.replacen("\"seq\":7", "\"seq\":07", 1),
            &LINE.replacen("\"seq\":7", "\"seq\":99999999999999999999", 1),
            &LINE.replacen("\"seq\":7", "\"seq\": 7", 1),
            &LINE.replacen(",\"session\"", ", \"session\"", 1),
        ] {
            assert_eq!(Start::of(line), None, "{line}");
        }
    }

    #[test]
    fn what_another_hand_wrote_reaches_no_terminal_raw() {
        let raw = LINE.replacen("\\u001b", "\u{202E}\u{9B}é\u{E0041}", 1).replacen(',', ",\n\t", 1);
        let told = outgoing(raw.as_bytes()).unwrap();
        assert!(!told.chars().any(is_hidden), "{told}");
        let (read, again) = (Read::line(raw.as_bytes()).unwrap(), Read::line(told.as_bytes()).unwrap());
        assert_eq!(read.event(), again.event());
        for no_event in [&b"{}"[..], b"\x1B[2J", b"{\"seq\":1", b"\xFF"] {
            assert_eq!(outgoing(no_event), None);
            assert!(!put(&mut String::new(), no_event, None));
        }
    }
}
