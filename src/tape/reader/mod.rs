//! Reading tapes: one file ([`Tape`]) or several as one stream ([`Tapes`]).

mod chunk;
mod entry;
mod sought;
mod tape;
mod tapes;

pub use chunk::{Chunk, ChunkInfo};
pub use entry::Entry;
pub use sought::Sought;
pub use tape::{Ending, Fault, Tape};
pub use tapes::Tapes;
