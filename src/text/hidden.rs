//! Which characters are never handed on raw: the one list that `Safe` and the JSON writer share.

/// Whether `c` is a control, bidi or invisible character, and so stands as an escape wherever text leaves the program.
///
/// These are Unicode's categories Cc (C0, DEL, C1), Cf (all format characters: bidi marks, embeddings and isolates,
/// joiners, the byte order mark, soft hyphen, tags …), Zl and Zp, every code point with the property
/// `Default_Ignorable_Code_Point` (fillers, variation selectors, and the unassigned ones set aside for more of them), and the
/// noncharacters. Joiners and variation selectors are among them on purpose: what they do to the width of their
/// neighbours differs from terminal to terminal, and both are known carriers of hidden text.
///
/// Blanks that take up room (no-break space, ideographic space …) are not: they hide nothing and move nothing.
pub fn is_hidden(c: char) -> bool {
    if c < '\u{300}' {
        return c < ' ' || ('\u{7F}'..='\u{9F}').contains(&c) || c == '\u{AD}';
    }
    match c {
        // Combining grapheme joiner; Arabic and Syriac signs that enclose the digits after them; Arabic letter mark.
        '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
        // Hangul fillers, Khmer inherent vowels, Mongolian selectors.
        | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        // Zero-width spaces, joiners, marks; line and paragraph separator with the bidi embeddings; invisible operators
        // and bidi isolates.
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        // Fillers, variation selectors, byte order mark, interlinear annotation.
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        // Kaithi number signs, Egyptian hieroglyph, shorthand and musical format controls.
        | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        // Tags and variation selectors of plane 14.
        | '\u{E0000}'..='\u{E0FFF}'
        // Noncharacters of the first plane; those of the others are below.
        | '\u{FDD0}'..='\u{FDEF}' => true,
        _ => u32::from(c) & 0xFFFE == 0xFFFE,
    }
}

/// Whether `bytes` are printable ASCII throughout: the cheap path of everything here.
pub fn is_printable_ascii(bytes: &[u8]) -> bool {
    // In blocks without an early exit inside, so that the compiler can compare many bytes at once.
    bytes.chunks(64).all(|block| block.iter().fold(true, |so_far, b| so_far & (b' '..=b'~').contains(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_turns_round_or_hides_is_hidden() {
        for c in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1B}',
            '\u{7F}',
            '\u{80}',
            '\u{85}',
            '\u{9B}',
            '\u{9F}',
            '\u{AD}',
            '\u{34F}',
            '\u{61C}',
            '\u{115F}',
            '\u{1160}',
            '\u{180E}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{200F}',
            '\u{2028}',
            '\u{2029}',
            '\u{202A}',
            '\u{202E}',
            '\u{2060}',
            '\u{2065}',
            '\u{2066}',
            '\u{2069}',
            '\u{206F}',
            '\u{3164}',
            '\u{FE0E}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{FFF9}',
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{FDD0}',
            '\u{1D173}',
            '\u{1FFFE}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
            '\u{E01EF}',
            '\u{10FFFF}',
        ] {
            assert!(is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn what_can_be_seen_is_not() {
        for c in [
            ' ', '~', '\\', '\u{A0}', 'é', '\u{300}', 'Ж', 'ا', 'א', '中', '　', '…', '←', '●', '\u{2027}', '\u{202F}',
            '\u{205F}', '\u{2070}', '\u{FFFC}', '\u{FFFD}', '🌞', '🇨', '🏽', '\u{E000}', '가',
        ] {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn printable_ascii_is_told_from_the_rest_at_every_place() {
        assert!(is_printable_ascii(b""));
        assert!(is_printable_ascii(&(b' '..=b'~').collect::<Vec<u8>>()));
        for place in 0..130 {
            for odd in [0, 0x1F, 0x7F, 0x80, 0xFF] {
                let mut bytes = vec![b'a'; 130];
                bytes[place] = odd;
                assert!(!is_printable_ascii(&bytes), "{odd:#x} at {place}");
            }
        }
    }
}
