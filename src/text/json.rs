//! JSON strings that reach no terminal raw, and the test for payloads that can be put into JSON as they are.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::hidden::{is_hidden, is_printable_ascii};

/// How deep arrays and objects of a payload may lie in each other for [`as_plain`]. Deeper ones are valid JSON too, but
/// common readers refuse them (`serde_json` at 128), and with them the whole line that they would stand in.
pub const MAX_DEPTH: usize = 100;

/// Appends `text` to `out` as a JSON string with its quotes: control (C0, DEL, C1), bidi and invisible characters, U+2028
/// and U+2029 stand as `\uXXXX` (as a pair of surrogates above U+FFFF).
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    // Nearly all: no character need be looked at alone.
    if is_printable_ascii(text.as_bytes()) && memchr::memchr2(b'"', b'\\', text.as_bytes()).is_none() {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut done = 0;
    for (at, c) in text.char_indices() {
        if c != '"' && c != '\\' && !is_hidden(c) {
            continue;
        }
        out.push_str(&text[done..at]);
        done = at + c.len_utf8();
        if is_hidden(c) {
            write_escape(out, c);
        } else {
            out.push('\\');
            out.push(c);
        }
    }
    out.push_str(&text[done..]);
    out.push('"');
}

/// JSON that somebody else has written, with what no one sees in its strings as `\uXXXX`. Hidden characters stand nowhere else: the
/// writer puts no blanks between its values.
pub fn escape_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) { write_escape(&mut out, c) } else { out.push(c) }
    }
    out
}

/// Appends `number` in decimal digits.
pub fn write_number(out: &mut String, number: u64) {
    if number >= 10 {
        write_number(out, number / 10);
    }
    out.push(char::from(b'0' + u8::try_from(number % 10).unwrap_or(0)));
}

/// Appends `c` as `\uXXXX`, once for each of its UTF-16 units.
fn write_escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            out.push(char::from(b"0123456789abcdef"[usize::from(*unit >> shift & 0xF)]));
        }
    }
}

/// The text of `payload` if it can stand in a line of JSON as it came: valid JSON on one line, no deeper than
/// [`MAX_DEPTH`], without control, bidi or invisible characters, and nothing in it that common readers choke on (half a
/// surrogate pair, a number beyond a double's range).
pub fn as_plain(payload: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(payload).ok()?; // No UTF-8 is no JSON: there is no more to say.
    if !is_printable_ascii(payload) && text.chars().any(is_hidden) {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let valid = Value { depth: MAX_DEPTH }.deserialize(&mut reader).is_ok() && reader.end().is_ok();
    valid.then_some(text)
}

/// Any JSON value, read through and forgotten; `depth` more levels may be opened.
#[derive(Clone, Copy)]
struct Value {
    depth: usize,
}

impl Value {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Not `deserialize_ignored_any`: that one lets half a surrogate pair pass.
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while entries.next_key_seed(inner)?.is_some() {
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write_string(&mut out, text);
        out
    }

    #[test]
    fn strings_escape_what_a_terminal_must_not_see() {
        for (text, json) in [
            ("", r#""""#),
            ("plain", r#""plain""#),
            ("\"\\/", r#""\"\\/""#),
            ("a\nb\tc\r", r#""a\u000ab\u0009c\u000d""#),
            ("\u{1B}[31m\u{7F}\u{9B}", r#""\u001b[31m\u007f\u009b""#),
            ("\u{202E}\u{2028}\u{200D}\u{FEFF}", r#""\u202e\u2028\u200d\ufeff""#),
            ("\u{E0041}", r#""\udb40\udc41""#),
            ("温度 21.4 ℃ 🌞", r#""温度 21.4 ℃ 🌞""#),
        ] {
            assert_eq!(written(text), json, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_plain_digits() {
        for number in [0, 7, 10, 99, 100, 65_535, 1_000_000_007, u64::MAX] {
            let mut out = String::from("x");
            write_number(&mut out, number);
            assert_eq!(out, format!("x{number}"));
        }
    }

    #[test]
    fn plain_json_is_told_from_what_must_be_quoted() {
        for plain in [
            "{}",
            "[]",
            "0",
            "-1.5e3",
            "true",
            "null",
            r#""x""#,
            r#" {"a": [1, 2, {"b": null}]} "#,
            r#"{"温度":"\n"}"#,
            r#""\ud83c\udf1e""#,
            "123456789012345678901234567890",
            r#"{"a":1,"a":2}"#,
        ] {
            assert_eq!(as_plain(plain.as_bytes()), Some(plain));
        }
        for other in [
            "",
            " ",
            "{",
            "{}}",
            "{} {}",
            "tru",
            "01",
            "nan",
            "{a:1}",
            "{'a':1}",
            "[1,]",
            "{\n}",
            "{\t}",
            "\u{FEFF}{}",
            "\"\u{202E}\"",
            "\"\u{7F}\"",
            "\"\u{9B}\"",
            "\"\u{200B}\"",
            r#""\ud83c""#,
            "1e999",
        ] {
            assert_eq!(as_plain(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(as_plain(b"\"\xFF\""), None);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(as_plain(nested(MAX_DEPTH).as_bytes()).is_some());
        assert!(as_plain(nested(MAX_DEPTH + 1).as_bytes()).is_none());
        assert!(as_plain(nested(1 << 19).as_bytes()).is_none());
        assert!(as_plain("{\"a\":".repeat(1 << 18).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn strings_read_back_and_hold_nothing_hidden(text in "\\PC*|[\\x00-\\u{A0}\\u{2000}-\\u{2070}\\u{E0000}-\\u{E0200}\"\\\\]*") {
            let json = written(&text);
            prop_assert!(!json.chars().any(is_hidden), "{}", json);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn what_is_plain_is_what_a_reader_takes(text in "[\\[\\]{}:,\"a0-9. \\-eE\\\\u]{0,12}") {
            let read = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(as_plain(text.as_bytes()).is_some(), read);
        }
    }
}
