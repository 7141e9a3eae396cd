//! One line that says what a payload holds, bounded whatever the payload is.
//!
//! What lives here: reading a payload for a row of the screen, and writing names and values. What may not: which names
//! matter; that is each cloud's. The line is untrusted text: the screen makes it safe.

use serde_json::{Map, Value};

/// The longest detail, in characters; a longer one ends in `…`.
pub(super) const LINE_CHARS: usize = 200;

/// Payloads beyond this are not parsed for a row of the screen, in bytes.
pub(super) const PARSE_LIMIT: usize = 64 * 1024;

/// A payload, read for a row.
#[derive(Debug)]
pub(super) enum Body<'a> {
    /// A JSON object.
    Object(Map<String, Value>),
    /// Any other text, JSON or not.
    Text(&'a str),
    /// So many bytes that are no text, or too many to be read.
    Opaque(usize),
}

impl<'a> Body<'a> {
    /// Reads `payload`.
    pub(super) fn read(payload: &'a [u8]) -> Self {
        if payload.len() > PARSE_LIMIT {
            return Self::Opaque(payload.len());
        }
        match std::str::from_utf8(payload) {
            Ok(text) => match serde_json::from_str(text) {
                Ok(Value::Object(object)) => Self::Object(object),
                _ => Self::Text(text),
            },
            Err(_) => Self::Opaque(payload.len()),
        }
    }

    /// The object, if it is one.
    pub(super) fn object(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Object(object) => Some(object),
            Self::Text(_) | Self::Opaque(_) => None,
        }
    }

    /// What it holds when nothing more is known about it.
    pub(super) fn words(&self) -> String {
        let mut line = Line::default();
        match self {
            Self::Object(object) => line.pairs(object),
            Self::Text(text) => line.word(text.trim()),
            Self::Opaque(bytes) => line.word(&size(*bytes as u64)),
        }
        line.finish()
    }
}

/// A line that takes words and `name=value` pairs until it is full.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    chars: usize,
    cut: bool,
}

impl Line {
    /// Adds a word, parted by a space from what stands before it.
    pub(super) fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        if self.chars > 0 {
            self.push(" ");
        }
        self.push(word);
    }

    /// Adds `name=value`.
    pub(super) fn pair(&mut self, name: &str, value: &Value) {
        self.word(name);
        self.push("=");
        self.push_value(value);
    }

    /// Adds each member as `name=value`.
    pub(super) fn pairs(&mut self, object: &Map<String, Value>) {
        self.pairs_by(object, |value| value);
    }

    /// Adds each of these members as `name=value`.
    pub(super) fn pairs_of<'a>(&mut self, members: impl Iterator<Item = (&'a String, &'a Value)>) {
        for (name, value) in members {
            if self.cut {
                return;
            }
            self.pair(name, value);
        }
    }

    /// Adds each member as `name=value`, where the value is what `inner` finds in the member.
    pub(super) fn pairs_by(&mut self, object: &Map<String, Value>, inner: impl Fn(&Value) -> &Value) {
        self.pairs_of(object.iter().map(|(name, value)| (name, inner(value))));
    }

    /// Adds a value alone.
    pub(super) fn value(&mut self, value: &Value) {
        if self.chars > 0 {
            self.push(" ");
        }
        self.push_value(value);
    }

    /// Adds a code with its meaning, then the sender's own message where it says more.
    pub(super) fn result(&mut self, code: Option<i64>, meaning: Option<&str>, message: Option<&Value>) {
        match code {
            Some(code) => self.word(&code.to_string()),
            None => self.word("no code"),
        }
        self.word(meaning.unwrap_or(""));
        if let Some(message) = message.and_then(Value::as_str)
            && Some(message) != meaning
        {
            self.word(message);
        }
    }

    /// The line, at most [`LINE_CHARS`] characters.
    pub(super) fn finish(mut self) -> String {
        if self.cut {
            self.text.pop();
            self.text.push('…');
        }
        self.text
    }

    fn push_value(&mut self, value: &Value) {
        match value {
            Value::String(text) if is_bare(text) => self.push(text),
            other => self.push(&other.to_string()),
        }
    }

    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if self.chars == LINE_CHARS {
                self.cut = true;
                return;
            }
            self.text.push(if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
            self.chars += 1;
        }
    }
}

/// `text` on one line of bounded length.
pub(super) fn bounded(text: &str) -> String {
    let mut line = Line::default();
    line.word(text);
    line.finish()
}

/// The number in a code, which the clouds send as a number or as text.
pub(super) fn code(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        // A text that is no number is no code.
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Text that reads well without quotes and cannot be taken for two values.
fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && text.chars().take(LINE_CHARS).all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '=' | '"'))
}

/// A size in words: `512 B`, `64.0 KiB`, `8.0 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    let (unit, name) = match bytes {
        ..KIB => return format!("{bytes} B"),
        KIB..MIB => (KIB, "KiB"),
        _ => (MIB, "MiB"),
    };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_said_in_one_line() {
        for (payload, expected) in [
            (&b""[..], ""),
            (b"{}", ""),
            (br#"{"temperature":21.4,"humidity":40}"#, "temperature=21.4 humidity=40"),
            (br#"{"f":3.0,"b":true,"n":null}"#, "f=3.0 b=true n=null"),
            (br#"{"s":"on","t":"two words","e":"","q":"a=b"}"#, r#"s=on t="two words" e="" q="a=b""#),
            (br#"{"o":{"a":1},"l":[1,2]}"#, r#"o={"a":1} l=[1,2]"#),
            (br#"{"s":"a\nb"}"#, r#"s="a\nb""#),
            (b"21.40", "21.40"),
            (b" hello\r\nworld\n", "hello  world"),
            (b"{broken", "{broken"),
            (b"\xff\x00\x01", "3 B"),
            ("温度 21".as_bytes(), "温度 21"),
        ] {
            assert_eq!(Body::read(payload).words(), expected, "{}", String::from_utf8_lossy(payload));
        }
    }

    #[test]
    fn a_line_is_bounded_whatever_comes() {
        let wide = "中".repeat(LINE_CHARS);
        assert_eq!(Body::read(wide.as_bytes()).words(), wide, "exactly full is whole");
        let longer = "中".repeat(LINE_CHARS + 1);
        let words = Body::read(longer.as_bytes()).words();
        assert_eq!(words.chars().count(), LINE_CHARS);
        assert!(words.ends_with("中…"));
        let many: Vec<String> = (0..5000).map(|n| format!(r#""k{n}":{n}"#)).collect();
        let words = Body::read(format!("{{{}}}", many.join(",")).as_bytes()).words();
        assert_eq!(words.chars().count(), LINE_CHARS);
        assert!(words.starts_with("k0=0 k1=1 ") && words.ends_with('…'));
        assert_eq!(Body::read(&vec![b'{'; PARSE_LIMIT + 1]).words(), "64.0 KiB");
        assert_eq!(Body::read("[".repeat(PARSE_LIMIT).as_bytes()).words().chars().count(), LINE_CHARS);
    }

    #[test]
    fn sizes_and_codes() {
        for (bytes, words) in [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (8 << 20, "8.0 MiB")]
        {
            assert_eq!(size(bytes), words);
        }
        for (value, number) in [
            (serde_json::json!(200), Some(200)),
            (serde_json::json!("200"), Some(200)),
            (serde_json::json!(-1), Some(-1)),
            (serde_json::json!("ok"), None),
            (serde_json::json!(1.5), None),
            (serde_json::json!(null), None),
        ] {
            assert_eq!(code(Some(&value)), number, "{value}");
        }
        assert_eq!(code(None), None);
    }
}
