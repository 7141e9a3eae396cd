//! Reading tapes: one file ([`Tape`]) or several as one stream ([`Tapes`]).
//!
//! A tape is opened through the index at its end; without one, by walking over its records (`walk`). Chunks are read when they are
//! asked for. Nothing that stands in the file is believed: whatever its bytes are, a reader answers with what holds and says what
//! does not.

pub(super) mod bytes;
mod chunk;
mod entry;
mod facts;
mod index;
mod search;
mod sought;
mod source;
mod stream;
mod tape;
mod tapes;
mod walk;

pub use chunk::{Chunk, ChunkInfo};
pub use entry::Entry;
pub use facts::ChannelInfo;
pub use sought::Sought;
pub use stream::Stream;
pub use tape::{Ending, Fault, Tape};
pub use tapes::Tapes;
