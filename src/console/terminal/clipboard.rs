//! The clipboard of the terminal that the person sits at, reached through its own sequence (OSC 52).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the terminal is inside of: a multiplexer passes sequences on only when they are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Nothing that is known.
    Nothing,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

/// GNU screen takes no longer string in one piece.
const SCREEN_PIECE: usize = 700;

impl Inside {
    /// What the environment's `TMUX` and `STY` say.
    pub fn new(tmux: bool, screen: bool) -> Self {
        match (tmux, screen) {
            (true, _) => Self::Tmux,
            (false, true) => Self::Screen,
            (false, false) => Self::Nothing,
        }
    }
}

/// The sequence that puts `bytes` on the clipboard.
pub fn sequence(bytes: &[u8], inside: Inside) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(bytes));
    match inside {
        Inside::Nothing => plain.into_bytes(),
        // tmux takes the plain one itself where `set-clipboard` is on, and passes the wrapped one through where
        // `allow-passthrough` is.
        Inside::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")).into_bytes(),
        Inside::Screen => {
            let pieces = plain.trim_end_matches("\x1b\\").as_bytes().chunks(SCREEN_PIECE);
            let mut out = Vec::new();
            for piece in pieces {
                out.extend_from_slice(b"\x1bP");
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\x1b\\");
            }
            // The string's own end cannot be wrapped in one that ends alike; a bell byte ends it too.
            out.truncate(out.len() - 2);
            out.extend_from_slice(b"\x07\x1b\\");
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_wrapped_for_multiplexers() {
        let shown = |inside| String::from_utf8(sequence(b"{\"a\":1}", inside)).unwrap();
        assert_eq!(shown(Inside::Nothing), "\x1b]52;c;eyJhIjoxfQ==\x1b\\");
        assert_eq!(
            shown(Inside::Tmux),
            "\x1b]52;c;eyJhIjoxfQ==\x1b\\\x1bPtmux;\x1b\x1b]52;c;eyJhIjoxfQ==\x1b\x1b\\\x1b\\"
        );
        assert_eq!(shown(Inside::Screen), "\x1bP\x1b]52;c;eyJhIjoxfQ==\x07\x1b\\");
    }

    #[test]
    fn what_is_copied_cannot_end_the_sequence() {
        for inside in [Inside::Nothing, Inside::Screen] {
            let out = sequence(b"\x1b\\\x07 rm -rf", inside);
            assert_eq!(out.windows(2).filter(|pair| *pair == b"\x1b\\").count(), 1);
        }
    }

    #[test]
    fn a_long_text_goes_through_screen_in_pieces() {
        let out = sequence(&[b'a'; 2000], Inside::Screen);
        assert_eq!(out.windows(2).filter(|pair| *pair == b"\x1bP").count(), 4);
    }
}
