//! Recordings: what happened on device sessions, byte for byte, in an MCAP file that survives a killed process.
//!
//! What lives here: the file's vocabulary (`about`, `layout`), writing (`writer`), reading (`reader`), checking, repair and
//! export. What may not: a session, the screen, or the pace at which a tape is played (that is `replay`).
//!
//! A tape is an MCAP file (<https://mcap.dev/spec>): a message is one event as in the outer contract, a channel is session +
//! direction + topic with request ids folded, and metadata records say what each session was. All multi-byte numbers of MCAP
//! are little-endian. `log_time` is the tape's start by the wall clock plus the event's `mono_us`, so that it never goes back;
//! `publish_time` is the wall clock of the event; both in nanoseconds.

pub mod about;
mod error;
pub mod export;
pub mod info;
pub mod layout;
pub mod line;
pub mod reader;
pub mod redact;
pub mod repair;
pub mod settings;
pub mod verify;
pub mod writer;

pub use about::{About, Recorded};
pub use error::TapeError;
pub use reader::{ChannelInfo, Chunk, ChunkInfo, Ending, Entry, Fault, Sought, Stream, Tape, Tapes};
pub use settings::{Destination, Settings};
pub use writer::{Status, Writer};
