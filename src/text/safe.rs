//! `Safe`: the only way for untrusted text to reach the screen, a log or standard output.

use std::fmt;

/// A text in which control, bidi and invisible characters stand as visible escapes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Safe(String);

impl Safe {
    /// Makes `text` safe, as one line: line ends and tabs become escapes too.
    pub fn new(text: &str) -> Self {
        let _ = text;
        todo!()
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
