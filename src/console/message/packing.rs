//! A body that came packed: what is in it, and what the pane's title says of it.

use crate::cloud::LONGEST_UNPACKED;
use crate::console::words;
use crate::text::Safe;

/// A packed body, unpacked.
#[derive(Debug)]
pub(super) struct Packing {
    /// How long it came, in bytes.
    packed: usize,
    body: Vec<u8>,
}

impl Packing {
    /// `body` was in `packed` bytes.
    pub(super) fn new(packed: usize, body: Vec<u8>) -> Self {
        Self { packed, body }
    }

    /// What was in it, up to [`LONGEST_UNPACKED`].
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// "gzip: 84 B, unpacked 3.4 KiB".
    pub(super) fn words(&self) -> Safe {
        // What is as long as the bound was most likely cut there: nobody shall take it for the whole.
        let first = if self.body.len() >= LONGEST_UNPACKED { "the first " } else { "" };
        let (packed, unpacked) = (words::bytes(self.packed), words::bytes(self.body.len()));
        Safe::new(&format!("gzip: {packed}, unpacked {first}{unpacked}"))
    }
}
