//! An MQTT 3.1.1 client as a pure state machine: packets, in-flight messages, timers, topics.
//!
//! What lives here: the packet types, the codec (the only user of mqttbytes), the client's machine and topic matching.
//! What may not: a socket, a clock, a random number. Time is an argument; bytes come in and go out by [`client::Output`].

pub mod client;
pub mod codec;
pub mod packet;
pub mod topic;

pub use client::{Client, Fault, Happening, Input, Options, Output, Token};
pub use packet::{Packet, PacketId, Publish, Qos};
pub use topic::TopicFilter;
