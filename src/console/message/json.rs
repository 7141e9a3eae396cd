//! JSON as text: whether it is JSON, and if not where and why; and its tokens in place.
//!
//! What lives here: one pass over the bytes without recursion, so that depth and size cost no stack. What may not:
//! values. A number is never read as a number, so that it is shown with every digit that came.

use std::fmt;

/// Where a text stops being JSON, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte at which it goes wrong: the start of a character, or the end of the text.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong, in words for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing but white space.
    #[error("it is empty: a value belongs here")]
    Empty,
    /// A value is missing.
    #[error("a value belongs here")]
    Value,
    /// A comma is followed by the end of its container.
    #[error("the comma before this has no value after it")]
    TrailingComma,
    /// A key is missing.
    #[error("a key in double quotes belongs here")]
    Key,
    /// The colon after a key is missing.
    #[error("a colon belongs between key and value")]
    Colon,
    /// Within an object.
    #[error("a comma or a closing }} belongs here")]
    CommaOrBrace,
    /// Within an array.
    #[error("a comma or a closing ] belongs here")]
    CommaOrBracket,
    /// Text behind the value.
    #[error("the value ends before this: nothing may follow")]
    Trailing,
    /// No closing quote.
    #[error("the string has no closing quote")]
    OpenString,
    /// A line end or another control character in a string.
    #[error("a control character in a string must be written as an escape such as \\n")]
    Control,
    /// An unknown escape.
    #[error("this escape is unknown: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hex digits")]
    Escape,
    /// Not a number after all.
    #[error("this is no number as JSON writes it")]
    Number,
    /// A word other than the three.
    #[error("this word is none of true, false, null; a string needs double quotes")]
    Word,
}

/// A token's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) enum Kind {
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// `,`.
    Comma,
    /// `:`.
    Colon,
    /// A string, quotes included.
    String,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Literal,
}

/// A token in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) struct Token {
    /// Its kind.
    pub(in crate::console) kind: Kind,
    /// Its first byte.
    pub(in crate::console) start: usize,
    /// Behind its last byte.
    pub(in crate::console) end: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    ValueAfterComma,
    KeyOrEnd,
    KeyAfterComma,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// The open containers, one bit each: a megabyte of brackets costs 128 KiB.
#[derive(Default)]
struct Containers {
    bits: Vec<u64>,
    depth: usize,
}

impl Fault {
    /// The line, from 1, and the character in it, from 1, at which `text` goes wrong.
    pub fn place(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.bytes().filter(|&byte| byte == b'\n').count() + 1, before[start..].chars().count() + 1)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl Containers {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | (u64::from(object) << bit);
        self.depth += 1;
    }

    /// Whether the innermost container is an object; `None` outside of all.
    fn innermost(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        Some(self.bits[last / 64] >> (last % 64) & 1 == 1)
    }

    fn pop(&mut self) -> Expect {
        self.depth -= 1;
        self.after_value()
    }

    fn after_value(&self) -> Expect {
        if self.depth == 0 { Expect::Nothing } else { Expect::CommaOrEnd }
    }

    fn end_missing(&self) -> Problem {
        if self.innermost() == Some(true) { Problem::CommaOrBrace } else { Problem::CommaOrBracket }
    }
}

/// Checks that `text` is one JSON value (RFC 8259), white space around it allowed.
pub fn check(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let mut open = Containers::default();
    let mut expect = Expect::Value;
    let mut at = skip_space(bytes, 0);
    if at == bytes.len() {
        return Err(Fault { at, problem: Problem::Empty });
    }
    while let Some(&byte) = bytes.get(at) {
        (at, expect) = step(bytes, at, byte, expect, &mut open)?;
        at = skip_space(bytes, at);
    }
    match expect {
        Expect::Nothing => Ok(()),
        _ => Err(Fault { at, problem: missing(expect, &open) }),
    }
}

/// Takes the token at `at` and answers what lies behind it and what may come next.
fn step(bytes: &[u8], at: usize, byte: u8, expect: Expect, open: &mut Containers) -> Result<(usize, Expect), Fault> {
    let next = match (byte, expect) {
        (b'{', Expect::Value | Expect::ValueOrEnd | Expect::ValueAfterComma) => {
            open.push(true);
            Expect::KeyOrEnd
        }
        (b'[', Expect::Value | Expect::ValueOrEnd | Expect::ValueAfterComma) => {
            open.push(false);
            Expect::ValueOrEnd
        }
        (b'}', Expect::KeyOrEnd) | (b']', Expect::ValueOrEnd) => open.pop(),
        (b'}', Expect::CommaOrEnd) if open.innermost() == Some(true) => open.pop(),
        (b']', Expect::CommaOrEnd) if open.innermost() == Some(false) => open.pop(),
        (b',', Expect::CommaOrEnd) if open.innermost() == Some(true) => Expect::KeyAfterComma,
        (b',', Expect::CommaOrEnd) => Expect::ValueAfterComma,
        (b':', Expect::Colon) => Expect::Value,
        (b'"', Expect::KeyOrEnd | Expect::KeyAfterComma) => return Ok((string(bytes, at)?, Expect::Colon)),
        (_, Expect::Value | Expect::ValueOrEnd | Expect::ValueAfterComma) => {
            return Ok((scalar(bytes, at, missing(expect, open))?, open.after_value()));
        }
        _ => return Err(Fault { at, problem: missing(expect, open) }),
    };
    Ok((at + 1, next))
}

fn missing(expect: Expect, open: &Containers) -> Problem {
    match expect {
        Expect::Value | Expect::ValueOrEnd => Problem::Value,
        Expect::ValueAfterComma | Expect::KeyAfterComma => Problem::TrailingComma,
        Expect::KeyOrEnd => Problem::Key,
        Expect::Colon => Problem::Colon,
        Expect::CommaOrEnd => open.end_missing(),
        Expect::Nothing => Problem::Trailing,
    }
}

/// The end of the string, number or word at `at`.
fn scalar(bytes: &[u8], at: usize, otherwise: Problem) -> Result<usize, Fault> {
    match bytes[at] {
        b'"' => string(bytes, at),
        b'-' | b'0'..=b'9' => number(bytes, at),
        byte if byte.is_ascii_alphabetic() || byte == b'\'' => {
            let end = word_end(bytes, at);
            match &bytes[at..end] {
                b"true" | b"false" | b"null" => Ok(end),
                _ => Err(Fault { at, problem: Problem::Word }),
            }
        }
        _ => Err(Fault { at, problem: otherwise }),
    }
}

/// The end of the string that starts at `at`.
fn string(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let mut here = at + 1;
    loop {
        match bytes.get(here) {
            // A line that ends within a string is most often a forgotten quote.
            None | Some(b'\n' | b'\r') => return Err(Fault { at, problem: Problem::OpenString }),
            Some(b'"') => return Ok(here + 1),
            Some(b'\\') => here = escape(bytes, here)?,
            Some(0..0x20) => return Err(Fault { at: here, problem: Problem::Control }),
            Some(_) => here += 1,
        }
    }
}

fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let fault = Fault { at, problem: Problem::Escape };
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let digits = bytes.get(at + 2..at + 6).ok_or(fault)?;
            if digits.iter().all(u8::is_ascii_hexdigit) { Ok(at + 6) } else { Err(fault) }
        }
        _ => Err(fault),
    }
}

fn number(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let fault = Fault { at, problem: Problem::Number };
    let digits = |from: usize| -> Result<usize, Fault> {
        let count = bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { Err(fault) } else { Ok(from + count) }
    };
    let whole = if bytes[at] == b'-' { at + 1 } else { at };
    let mut here = digits(whole)?;
    if bytes[whole] == b'0' && here > whole + 1 {
        return Err(fault);
    }
    if bytes.get(here) == Some(&b'.') {
        here = digits(here + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(here) {
        let signed = matches!(bytes.get(here + 1), Some(b'+' | b'-'));
        here = digits(here + 1 + usize::from(signed))?;
    }
    match bytes.get(here) {
        Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'.' => Err(fault),
        _ => Ok(here),
    }
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| !byte.is_ascii_alphanumeric()).map_or(bytes.len(), |count| at + count)
}

/// The first byte from `at` on that is no white space of JSON's.
pub(in crate::console) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).map_or(bytes.len(), |count| at + count)
}

/// The token at or after `at`, in a text that [`check`] found good.
pub(in crate::console) fn token(bytes: &[u8], at: usize) -> Option<Token> {
    let start = skip_space(bytes, at);
    let kind = match bytes.get(start)? {
        b'{' | b'[' => Kind::Open,
        b'}' | b']' => Kind::Close,
        b',' => Kind::Comma,
        b':' => Kind::Colon,
        b'"' => Kind::String,
        b't' | b'f' | b'n' => Kind::Literal,
        _ => Kind::Number,
    };
    let end = match kind {
        Kind::String => string_end(bytes, start),
        Kind::Number | Kind::Literal => bytes[start..]
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
            .map_or(bytes.len(), |count| start + count),
        _ => start + 1,
    };
    Some(Token { kind, start, end })
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut here = start + 1;
    while let Some(step) = bytes.get(here..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        here += step;
        if bytes[here] == b'"' {
            return here + 1;
        }
        here += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn faults_are_named_where_they_are() {
        use Problem as P;
        for (text, at, problem) in [
            ("", 0, P::Empty),
            (" \n", 2, P::Empty),
            ("{", 1, P::Key),
            ("{\"a\"", 4, P::Colon),
            ("{\"a\" 1}", 5, P::Colon),
            ("{\"a\":}", 5, P::Value),
            ("{\"a\":1", 6, P::CommaOrBrace),
            ("{\"a\":1 \"b\":2}", 7, P::CommaOrBrace),
            ("{\"a\":1]", 6, P::CommaOrBrace),
            ("{\"a\":1,}", 7, P::TrailingComma),
            ("[1,]", 3, P::TrailingComma),
            ("[1 2]", 3, P::CommaOrBracket),
            ("[1}", 2, P::CommaOrBracket),
            ("[", 1, P::Value),
            ("{a:1}", 1, P::Key),
            ("{'a':1}", 1, P::Key),
            ("['a']", 1, P::Word),
            ("True", 0, P::Word),
            ("1 2", 2, P::Trailing),
            ("{}}", 2, P::Trailing),
            ("\"abc", 0, P::OpenString),
            ("{\"a\":\"b\n}", 5, P::OpenString),
            ("\"a\tb\"", 2, P::Control),
            ("\"a\\x\"", 2, P::Escape),
            ("\"\\u12g4\"", 1, P::Escape),
            ("\"\\u12", 1, P::Escape),
            ("01", 0, P::Number),
            ("-", 0, P::Number),
            ("1.", 0, P::Number),
            ("1e", 0, P::Number),
            ("1.2.3", 0, P::Number),
            (",", 0, P::Value),
        ] {
            assert_eq!(check(text), Err(Fault { at, problem }), "{text:?}");
        }
    }

    #[test]
    fn depth_and_size_cost_no_stack() {
        let deep = "[".repeat(1 << 20) + &"]".repeat(1 << 20);
        assert_eq!(check(&deep), Ok(()));
        assert_eq!(check(&deep[..deep.len() - 1]).map_err(|fault| fault.at), Err(deep.len() - 1));
    }

    #[test]
    fn a_place_is_a_line_and_a_character() {
        let text = "{\n  \"温度\": 21.4\n  \"b\": 1\n}";
        let fault = check(text).unwrap_err();
        assert_eq!((fault.place(text), fault.problem), ((3, 3), Problem::CommaOrBrace));
        let text = "{ \"温度\" 1}";
        assert_eq!(check(text).unwrap_err().place(text), (1, 8));
    }

    proptest! {
        /// serde_json is the second opinion on what is JSON; it knows lone surrogates and huge exponents as errors of
        /// value, which this check, that reads no values, does not.
        #[test]
        fn it_is_json_where_another_reader_says_so(text in "[\\[\\]{}:,\"\\\\ua0-9eE.+ \\-\\n]{0,24}|\\PC{0,12}") {
            let other = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(check(&text).is_ok(), other);
        }

        #[test]
        fn tokens_cover_all_but_white_space(text in "(\\{\"a\": ?\\[1, ?-2\\.5e3,true ?\\] ?,\"b\\\\\"c\":null\\}| \"x\\\\\\\\\" |\\[\\{\\},\\[\\]\\])") {
            prop_assert!(check(&text).is_ok());
            let (mut at, mut bare) = (0, String::new());
            while let Some(token) = token(text.as_bytes(), at) {
                bare += &text[token.start..token.end];
                at = token.end;
            }
            prop_assert_eq!(bare, text.replace(' ', ""));
        }
    }
}
