//! What is out of order about an answer to a request.

/// What is out of order about an answer; nothing, mostly. Several can hold at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Irregular {
    /// It went after the platform's deadline.
    pub late: bool,
    /// The request had been answered before.
    pub second: bool,
    /// It went over another connection than the one that brought the request.
    pub moved: bool,
}

impl Irregular {
    /// What is so, in the contract's words: `late`, `second`, `new-connection`.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        [(self.late, "late"), (self.second, "second"), (self.moved, "new-connection")]
            .into_iter()
            .filter_map(|(holds, word)| holds.then_some(word))
    }

    /// Whether anything is.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Adds what `word` means; a word of a later version means nothing here.
    #[must_use]
    pub(super) fn with(self, word: &str) -> Self {
        match word {
            "late" => Self { late: true, ..self },
            "second" => Self { second: true, ..self },
            "new-connection" => Self { moved: true, ..self },
            _ => self,
        }
    }

    /// As three bits.
    pub fn bits(self) -> u8 {
        u8::from(self.late) | u8::from(self.second) << 1 | u8::from(self.moved) << 2
    }

    /// From what [`Irregular::bits`] gave; other bits mean nothing.
    pub fn from_bits(bits: u8) -> Self {
        Self { late: bits & 1 != 0, second: bits & 2 != 0, moved: bits & 4 != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_bits_come_back() {
        for bits in 0..8 {
            let irregular = Irregular::from_bits(bits);
            assert_eq!(irregular.bits(), bits);
            assert_eq!(irregular.words().fold(Irregular::default(), Irregular::with), irregular);
            assert_eq!(irregular.any(), bits != 0);
        }
        assert_eq!(Irregular::default().with("odd"), Irregular::default());
        assert_eq!(Irregular::from_bits(7).words().collect::<Vec<_>>(), ["late", "second", "new-connection"]);
    }
}
