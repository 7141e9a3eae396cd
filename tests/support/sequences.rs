//! What a program may write to a terminal, by the outer contract: everything else in a stream of bytes is foreign.

/// The private modes that may be set and reset.
const MODES: &[&str] =
    &["7", "12", "25", "1000", "1002", "1003", "1004", "1005", "1006", "1007", "1015", "1016", "1049", "2004", "2026"];

/// Everything in `bytes` that standin may not write, as text for the failure.
pub fn foreign(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut rest = text.as_ref();
    while let Some(first) = rest.chars().next() {
        let (length, fault) = match first {
            '\u{1b}' => sequence(rest),
            '\r' | '\n' | '\u{8}' => (1, None),
            hidden if is_hidden(hidden) => (hidden.len_utf8(), Some(format!("U+{:04X}", u32::from(hidden)))),
            plain => (plain.len_utf8(), None),
        };
        found.extend(fault);
        rest = &rest[length..];
    }
    found
}

fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}

/// The length of the escape sequence at the start of `text`, and what is wrong with it.
fn sequence(text: &str) -> (usize, Option<String>) {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => {
            let end = bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte)).map_or(bytes.len(), |at| at + 3);
            let body = &text[2..end];
            (end, (!may_control(body)).then(|| format!("CSI {body:?}")))
        }
        Some(b']') => {
            let end =
                text.find(['\u{7}', '\u{9c}']).map(|at| at + 1).or_else(|| text.find("\u{1b}\\").map(|at| at + 2));
            let end = end.unwrap_or(bytes.len());
            let fine = text[2..].starts_with("52;");
            (end, (!fine).then(|| format!("OSC {:?}", &text[2..end])))
        }
        other => {
            let length = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
            (length, Some(format!("ESC {other:?}")))
        }
    }
}

fn may_control(body: &str) -> bool {
    let (parameters, last) = body.split_at(body.len().saturating_sub(1));
    let numbers = |text: &str| text.chars().all(|char| char.is_ascii_digit() || matches!(char, ';' | ':'));
    match last {
        "h" | "l" => {
            parameters.strip_prefix('?').is_some_and(|modes| modes.split(';').all(|mode| MODES.contains(&mode)))
        }
        "u" => {
            parameters.trim_start_matches(['>', '<', '?', '=']).chars().all(|char| char.is_ascii_digit() || char == ';')
        }
        "q" => parameters.ends_with(' ') && numbers(parameters.trim_end()),
        "c" => numbers(parameters.trim_start_matches(['>', '?'])),
        "n" => numbers(parameters.trim_start_matches('?')),
        "m" | "H" | "f" | "A" | "B" | "C" | "D" | "E" | "F" | "G" | "d" | "J" | "K" | "X" | "S" | "T" | "r" => {
            numbers(parameters)
        }
        _ => false,
    }
}
