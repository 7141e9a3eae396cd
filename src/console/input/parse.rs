//! Bytes from the terminal as keys and pastes.
//!
//! A sequence may be cut anywhere, as it is on slow lines: what is not complete waits for the rest, and only when the
//! terminal has been silent for a while is a lone escape the Esc key ([`Parser::silence`]).

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A paste is kept up to this size, in bytes; whoever takes pastes refuses them long before.
pub const LONGEST_PASTE: usize = 2 << 20;
/// No key's sequence is longer.
const LONGEST_SEQUENCE: usize = 64;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What the terminal said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// A bracketed paste, all of it.
    Paste(String),
}

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    waiting: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What a beginning of bytes is.
enum Step {
    /// So many bytes, which mean this; `None`: nothing that we know.
    Took(usize, Option<KeyEvent>),
    /// The start of a paste, so many bytes.
    PasteStart(usize),
    /// More is needed.
    More,
}

impl Parser {
    /// Takes bytes in and appends what they mean.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Input>) {
        self.waiting.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            if let Some(paste) = &mut self.paste {
                let Some(taken) = take_paste(paste, self.waiting.get(at..).unwrap_or_default()) else { break };
                at += taken.bytes;
                if !taken.ended {
                    break;
                }
                out.push(Input::Paste(String::from_utf8_lossy(paste).into_owned()));
                self.paste = None;
                continue;
            }
            let rest = self.waiting.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match step(rest) {
                Step::Took(length, key) => {
                    at += length;
                    out.extend(key.map(Input::Key));
                }
                Step::PasteStart(length) => {
                    at += length;
                    self.paste = Some(Vec::new());
                }
                Step::More => break,
            }
        }
        self.waiting.drain(..at);
    }

    /// Whether a sequence has begun, so that silence means something.
    pub fn is_waiting(&self) -> bool {
        self.paste.is_none() && !self.waiting.is_empty()
    }

    /// The terminal has been silent for a while: what waits is all there is.
    pub fn silence(&mut self, out: &mut Vec<Input>) {
        if !self.is_waiting() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        if let Some((0x1b, rest)) = waiting.split_first() {
            // Esc, or Alt with a key that begins other sequences; a longer beginning was torn off, and is no text.
            match rest {
                [] => out.push(key(KeyCode::Esc, KeyModifiers::NONE)),
                [b'['] => out.push(key(KeyCode::Char('['), KeyModifiers::ALT)),
                [b'O'] => out.push(key(KeyCode::Char('O'), KeyModifiers::ALT)),
                _ => {}
            }
        }
    }
}

struct Taken {
    bytes: usize,
    ended: bool,
}

/// Moves bytes into a paste, up to its end; keeps back what may be the beginning of the end.
fn take_paste(paste: &mut Vec<u8>, bytes: &[u8]) -> Option<Taken> {
    if bytes.is_empty() {
        return None;
    }
    let end = memchr::memmem::find(bytes, PASTE_END);
    let length = end.unwrap_or_else(|| {
        let kept = (1..PASTE_END.len()).rev().find(|kept| bytes.ends_with(PASTE_END.get(..*kept).unwrap_or_default()));
        bytes.len() - kept.unwrap_or(0)
    });
    let room = LONGEST_PASTE.saturating_sub(paste.len());
    paste.extend_from_slice(bytes.get(..length.min(room)).unwrap_or_default());
    match end {
        Some(_) => Some(Taken { bytes: length + PASTE_END.len(), ended: true }),
        None if length == 0 => None,
        None => Some(Taken { bytes: length, ended: false }),
    }
}

fn key(code: KeyCode, mods: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, mods))
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, b'O', rest @ ..] => match rest {
            [] => Step::More,
            [last, ..] => Step::Took(3, ss3(*last).map(|code| KeyEvent::new(code, KeyModifiers::NONE))),
        },
        [0x1b] => Step::More,
        [0x1b, 0x1b, ..] => Step::Took(1, Some(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE))),
        [0x1b, rest @ ..] => match letter(rest) {
            Step::Took(length, key) => {
                Step::Took(length + 1, key.map(|key| KeyEvent::new(key.code, key.modifiers | KeyModifiers::ALT)))
            }
            other => other,
        },
        _ => letter(bytes),
    }
}

/// A control byte or one character of UTF-8.
fn letter(bytes: &[u8]) -> Step {
    let Some(first) = bytes.first().copied() else { return Step::More };
    let plain = |code| Step::Took(1, Some(KeyEvent::new(code, KeyModifiers::NONE)));
    let ctrl =
        |letter: u8| Step::Took(1, Some(KeyEvent::new(KeyCode::Char(char::from(letter)), KeyModifiers::CONTROL)));
    match first {
        b'\r' | b'\n' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x7f | 0x08 => plain(KeyCode::Backspace),
        0 => ctrl(b' '),
        1..=0x1a => ctrl(first - 1 + b'a'),
        0x1b => plain(KeyCode::Esc),
        0x1c..=0x1f => ctrl(first - 0x1c + b'4'),
        _ => {
            let length = match first {
                0..=0x7f => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Step::Took(1, None),
            };
            let (bytes, cut) = match bytes.get(..length) {
                Some(bytes) => (bytes, false),
                None => (bytes, true),
            };
            match std::str::from_utf8(bytes) {
                Ok(text) => Step::Took(
                    length,
                    text.chars().next().map(|letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)),
                ),
                Err(error) if cut && error.error_len().is_none() => Step::More,
                Err(_) => Step::Took(1, None),
            }
        }
    }
}

/// What follows `ESC [`.
fn csi(bytes: &[u8]) -> Step {
    // The Linux console's F1 to F5.
    if let [b'[', rest @ ..] = bytes {
        return match rest {
            [] => Step::More,
            [last @ b'A'..=b'E', ..] => {
                Step::Took(4, Some(KeyEvent::new(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE)))
            }
            _ => Step::Took(3, None),
        };
    }
    let Some(end) = bytes.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if bytes.len() > LONGEST_SEQUENCE { Step::Took(bytes.len() + 2, None) } else { Step::More };
    };
    let (parameters, last) = (bytes.get(..end).unwrap_or_default(), bytes.get(end).copied().unwrap_or_default());
    if !(0x40..=0x7e).contains(&last) {
        // Another sequence, or a control: this one was torn off.
        return Step::Took(2 + end, None);
    }
    let numbers: Vec<u32> = parameters
        .split(|byte| *byte == b';')
        .map(|part| {
            // A part after a colon tells of other layouts of the keyboard.
            let part = part.split(|byte| *byte == b':').next().unwrap_or_default();
            std::str::from_utf8(part).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
        })
        .collect();
    let number = |place: usize| numbers.get(place).copied().unwrap_or(0);
    let taken = 2 + end + 1;
    if last == b'~' && number(0) == 200 {
        return Step::PasteStart(taken);
    }
    let (code, mods) = match last {
        b'~' if number(0) == 27 => (code_point(number(2)), number(1)),
        b'~' => (tilde(number(0)), number(1)),
        b'u' => (code_point(number(0)), number(1)),
        b'Z' => (Some(KeyCode::BackTab), 0),
        _ => (ss3(last), number(1)),
    };
    Step::Took(taken, code.map(|code| KeyEvent::new(code, modifiers(mods))))
}

fn ss3(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

fn tilde(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number - 10).unwrap_or(1)),
        17..=21 => KeyCode::F(u8::try_from(number - 11).unwrap_or(6)),
        23 | 24 => KeyCode::F(u8::try_from(number - 12).unwrap_or(11)),
        _ => return None,
    })
}

/// A key told by its character.
fn code_point(number: u32) -> Option<KeyCode> {
    Some(match number {
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        _ => KeyCode::Char(char::from_u32(number).filter(|letter| !letter.is_control())?),
    })
}

/// xterm's modifiers: one more than a set of bits.
fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let mut mods = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        if bits & bit != 0 {
            mods |= modifier;
        }
    }
    mods
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Vec<Input> {
        let (mut parser, mut out) = (Parser::default(), Vec::new());
        parser.feed(bytes, &mut out);
        parser.silence(&mut out);
        out
    }

    #[test]
    fn keys_of_common_terminals() {
        const NONE: KeyModifiers = KeyModifiers::NONE;
        const CTRL: KeyModifiers = KeyModifiers::CONTROL;
        const ALT: KeyModifiers = KeyModifiers::ALT;
        for (bytes, code, mods) in [
            (&b"j"[..], KeyCode::Char('j'), NONE),
            ("温".as_bytes(), KeyCode::Char('温'), NONE),
            (b"\x13", KeyCode::Char('s'), CTRL),
            (b"\x00", KeyCode::Char(' '), CTRL),
            (b"\r", KeyCode::Enter, NONE),
            (b"\x1b\r", KeyCode::Enter, ALT),
            (b"\x1bx", KeyCode::Char('x'), ALT),
            (b"\x1b", KeyCode::Esc, NONE),
            (b"\x7f", KeyCode::Backspace, NONE),
            (b"\x1b[A", KeyCode::Up, NONE),
            (b"\x1bOB", KeyCode::Down, NONE),
            (b"\x1b[1;5C", KeyCode::Right, CTRL),
            (b"\x1b[Z", KeyCode::BackTab, NONE),
            (b"\x1b[5~", KeyCode::PageUp, NONE),
            (b"\x1b[4~", KeyCode::End, NONE),
            (b"\x1b[24~", KeyCode::F(12), NONE),
            (b"\x1b[[C", KeyCode::F(3), NONE),
            (b"\x1b[13;5u", KeyCode::Enter, CTRL),
            (b"\x1b[27;5;105~", KeyCode::Char('i'), CTRL),
        ] {
            assert_eq!(parse(bytes), [Input::Key(KeyEvent::new(code, mods))], "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        for bytes in [&b"\x1b[I"[..], b"\x1b[?1;2c", b"\x1b[<0;3;4M", b"\xff\xfe", b"\x1b[999~", b"\x1b[1;", b"\x9b"] {
            assert_eq!(parse(bytes), [], "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_paste_is_one_input_whatever_is_in_it() {
        let pasted = "{\"a\": 1}\r\n\u{1b}[31m\u{3}q温";
        let bytes = format!("x\x1b[200~{pasted}\x1b[201~y");
        let letter = |letter| key(KeyCode::Char(letter), KeyModifiers::NONE);
        assert_eq!(parse(bytes.as_bytes()), [letter('x'), Input::Paste(pasted.to_owned()), letter('y')]);
    }

    #[test]
    fn a_paste_without_end_does_not_grow_without_end() {
        let (mut parser, mut out) = (Parser::default(), Vec::new());
        parser.feed(b"\x1b[200~", &mut out);
        for _ in 0..40 {
            parser.feed(&vec![b'a'; 65_536], &mut out);
        }
        assert!(parser.waiting.len() < 16 && out.is_empty());
        parser.feed(PASTE_END, &mut out);
        assert!(matches!(&out[..], [Input::Paste(text)] if text.len() == LONGEST_PASTE));
    }

    proptest! {
        /// Slow lines cut sequences anywhere; the keys are the same.
        #[test]
        fn cuts_do_not_change_what_is_said(bytes in prop::collection::vec(
                prop_oneof![Just(b"\x1b".to_vec()), Just(b"[".to_vec()), Just(b"O".to_vec()), Just("温".into()),
                            Just(b"\x1b[200~".to_vec()), Just(b"\x1b[201~".to_vec()), Just(b"1;5".to_vec()),
                            Just(b"A~u".to_vec()), any::<u8>().prop_map(|byte| vec![byte])], 0..24),
                           cuts in prop::collection::vec(0_usize..40, 0..6)) {
            let bytes = bytes.concat();
            let (mut parser, mut out) = (Parser::default(), Vec::new());
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < bytes.len()).collect();
            cuts.sort_unstable();
            let mut start = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                parser.feed(&bytes[start..cut], &mut out);
                start = cut;
            }
            parser.silence(&mut out);
            prop_assert_eq!(out, parse(&bytes));
        }
    }
}
