//! Regular expressions of rules, within bounds: what one costs is known before the first request comes.
//!
//! The syntax is that of `regex-lite`: no look-around, no back-references, and so no pattern that goes on for ever.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

/// Bytes of a pattern.
const LONGEST: usize = 1_000;
/// Bytes of the machine that it becomes: some thousand states, so that the longest text costs a fraction of a second.
const MACHINE: usize = 64 << 10;
/// Groups within groups.
const NESTED: u32 = 50;
/// Bytes of a value that it looks at: nothing longer fits.
const TEXT: usize = 16 << 10;

/// A regular expression, which fits if it fits anywhere in the text.
#[derive(Clone)]
pub struct Pattern(Regex);

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternFault {
    /// The byte of the pattern at which it is seen; never behind its last character.
    pub at: usize,
    /// What it is, in words.
    pub what: String,
}

impl Pattern {
    /// Reads a pattern of at most 1,000 bytes.
    pub fn new(pattern: &str) -> Result<Self, PatternFault> {
        if pattern.len() > LONGEST {
            let what = format!("it has {} bytes, and may have {LONGEST}", pattern.len());
            return Err(PatternFault { at: 0, what });
        }
        match build(pattern) {
            Ok(regex) => Ok(Self(regex)),
            Err(error) => Err(PatternFault { at: place(pattern), what: error.to_string() }),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it fits `value`: a text, or what the value is as JSON. A value of more than 16 KiB it does not fit.
    pub fn fits(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.fits_text(text),
            Value::Number(_) | Value::Bool(_) | Value::Null => self.fits_text(&value.to_string()),
            Value::Array(_) | Value::Object(_) => bounded(value).is_some_and(|text| self.fits_text(&text)),
        }
    }

    fn fits_text(&self, text: &str) -> bool {
        text.len() <= TEXT && self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.as_str())
    }
}

fn build(pattern: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(pattern).size_limit(MACHINE).nest_limit(NESTED).build()
}

/// A list or an object as JSON, unless that is longer than what is looked at.
fn bounded(value: &Value) -> Option<String> {
    // Nothing that came in one message is so large that writing it would hurt; what hurts is to look for a pattern in it.
    Some(value.to_string()).filter(|text| text.len() <= TEXT)
}

/// Where the fault of `pattern` is seen; the library does not tell. All before that place could still become a pattern.
fn place(pattern: &str) -> usize {
    let ends = || pattern.char_indices().map(|(at, _)| at);
    if can_be_closed(pattern) {
        // A group is open at the end: the first bracket without which, and all behind it, nothing is missing.
        return ends().rev().find(|end| pattern.get(..*end).is_some_and(|head| build(head).is_ok())).unwrap_or(0);
    }
    ends().rev().find(|end| pattern.get(..*end).is_some_and(can_be_closed)).unwrap_or(0)
}

/// Whether `head` is a pattern, once the groups that are open in it are closed.
fn can_be_closed(head: &str) -> bool {
    let backslashes = head.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if !backslashes.is_multiple_of(2) {
        // The bracket behind it would not close, but be one to look for.
        return false;
    }
    let open = head.bytes().filter(|byte| *byte == b'(').count().min(NESTED as usize);
    (0..=open).any(|closing| build(&format!("{head}{}", ")".repeat(closing))).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_fits_anywhere_unless_it_says_where() {
        for (pattern, value, is) in [
            ("LEN", json!("SILENCE"), true),
            ("^LEN", json!("SILENCE"), false),
            ("^(?i)sil.*e$", json!("SILENCE"), true),
            ("^[0-9]{2}$", json!(42), true),
            ("^[0-9]{2}$", json!(4.25), false),
            ("灯$", json!("开灯"), true),
            ("^true$", json!(true), true),
            ("^null$", json!(null), true),
            (r#""x":1"#, json!([{ "x": 1 }]), true),
            ("", json!(""), true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().fits(&value), is, "{pattern} {value}");
        }
    }

    #[test]
    fn a_fault_has_its_place_in_the_pattern() {
        for (pattern, at, what) in [
            ("a(b", 1, "found open group without closing ')'"),
            ("(a)(b(c)", 3, "found open group"),
            ("a)b", 1, "found closing ')' without matching '('"),
            ("x[ab", 1, "no closing bracket"),
            ("[a-z]x[", 6, "unclosed character class"),
            (r"(a\q)", 2, "unrecognized escape"),
            (r"灯\q", 3, "unrecognized escape"),
            ("*a", 0, "repetition operator must be applied"),
            ("((a{5,2}))", 3, "a min bigger than its max"),
            ("a(?=b)", 2, "look-around is not supported"),
            (r"(a)\1", 3, "backreferences are not supported"),
        ] {
            let fault = Pattern::new(pattern).unwrap_err();
            assert_eq!(fault.at, at, "{pattern}: {}", fault.what);
            assert!(fault.what.contains(what), "{pattern}: {}", fault.what);
        }
    }

    #[test]
    fn what_it_costs_is_bounded() {
        assert!(Pattern::new(&"a".repeat(LONGEST)).is_ok());
        assert!(Pattern::new(&"a".repeat(LONGEST + 1)).unwrap_err().what.contains("1001 bytes"));
        let fault = Pattern::new("x(a{100}){100}").unwrap_err();
        assert_eq!((fault.at, fault.what.contains("size limit")), (9, true), "{fault:?}");
        assert!(Pattern::new(&"(".repeat(80)).unwrap_err().what.contains("nesting"));
        let any = Pattern::new("").unwrap();
        assert!(any.fits(&json!("a".repeat(TEXT))) && !any.fits(&json!("a".repeat(TEXT + 1))));
        assert!(!any.fits(&json!(["a".repeat(TEXT)])));
        // The classic that takes for ever where a pattern goes back and tries again.
        assert!(!Pattern::new("^(a+)+$").unwrap().fits(&json!(format!("{}b", "a".repeat(TEXT - 1)))));
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_has_its_fault_within(text in r"[\PC()\[\]{}*+?|\\^$a-c0-9]{0,40}") {
            if let Err(fault) = Pattern::new(&text) {
                prop_assert!(text.is_char_boundary(fault.at) && fault.at < text.len(), "{fault:?}");
            }
        }
    }
}
