//! Text on its way into the composer: line ends made one kind, hidden characters made JSON escapes.

use crate::text::hidden::is_hidden;

/// Text that may go into the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clean {
    /// The text: of control, bidi and invisible characters it has line feeds and tabs only.
    pub(super) text: String,
    /// How many characters became escapes.
    pub(super) escaped: usize,
}

/// Cleans `raw`. A carriage return is a line end, since that is what terminals make of the line ends of a paste.
pub(super) fn clean(raw: &str) -> Clean {
    let mut clean = Clean { text: String::with_capacity(raw.len()), escaped: 0 };
    let mut letters = raw.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                clean.text.push('\n');
            }
            '\n' | '\t' => clean.text.push(letter),
            _ if is_hidden(letter) => {
                escape(&mut clean.text, letter);
                clean.escaped += 1;
            }
            _ => clean.text.push(letter),
        }
    }
    clean
}

/// Writes `letter` as JSON does: one `\uXXXX` for each UTF-16 unit.
fn escape(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        out.extend(["\\u", &format!("{unit:04x}")]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_become_escapes_and_line_ends_one_kind() {
        for (raw, text, escaped) in [
            ("{\"a\":\t1}\r\n", "{\"a\":\t1}\n", 0),
            ("a\rb\n\rc", "a\nb\n\nc", 0),
            ("\u{1b}[201~\u{7f}\u{9b}", "\\u001b[201~\\u007f\\u009b", 3),
            ("\u{202e}x\u{feff}", "\\u202ex\\ufeff", 2),
            ("\u{e0041}", "\\udb40\\udc41", 1),
            ("温度 🌞 é", "温度 🌞 é", 0),
        ] {
            assert_eq!(clean(raw), Clean { text: text.to_owned(), escaped }, "{raw:?}");
        }
    }

    proptest! {
        /// What stood in a JSON string still stands there.
        #[test]
        fn json_keeps_its_meaning(value in proptest::collection::vec(any::<char>(), 0..20)) {
            let value: String = value.into_iter().filter(|letter| !letter.is_ascii_control()).collect();
            let cleaned = clean(&serde_json::json!([value]).to_string()).text;
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&cleaned).unwrap(), [value]);
        }

        #[test]
        fn nothing_hidden_is_left(raw in proptest::collection::vec(any::<char>(), 0..40)) {
            let raw: String = raw.into_iter().collect();
            prop_assert!(!clean(&raw).text.contains(|c| is_hidden(c) && c != '\n' && c != '\t'));
        }
    }
}
