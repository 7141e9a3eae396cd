//! Tapes as standin would never write them: any line, number, time and channel, with every checksum right.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use mcap::records::{MessageHeader, Metadata};
use mcap::{Compression, WriteOptions};
use standin::tape::layout;

use super::tape::START;

/// A message of a forged tape. What is `None` stands as the rest asks for.
#[derive(Clone, Debug, Default)]
pub struct Forged {
    pub line: Vec<u8>,
    pub topic: String,
    pub sequence: Option<u32>,
    pub log_us: Option<u64>,
    pub publish_us: Option<u64>,
    /// The chunk ends behind it.
    pub ends_chunk: bool,
}

/// A note of `session`, as standin would write it, `micros` after the start.
pub fn note(seq: u64, micros: u64, session: &str, text: &str) -> Forged {
    let at = standin::event::WallTime::from_unix_micros(START).shifted_micros(i64::try_from(micros).unwrap());
    let line = format!(
        r#"{{"seq":{seq},"at":"{at}","mono_us":{micros},"session":"{session}","kind":"note","text":"{text}"}}"#
    );
    let time = Some(u64::try_from(START).unwrap() + micros);
    Forged {
        line: line.into_bytes(),
        topic: format!("{session}/note"),
        sequence: Some(u32::try_from(seq).unwrap()),
        log_us: time,
        publish_us: time,
        ends_chunk: false,
    }
}

/// Writes a tape of `sessions` with these messages to `path`.
pub fn tape(path: &Path, sessions: &[&str], messages: &[Forged]) {
    let options = WriteOptions::new()
        .profile(layout::PROFILE)
        .library(layout::library())
        .compression(Some(Compression::Zstd))
        .chunk_size(None);
    let mut writer = options.create(BufWriter::new(File::create(path).unwrap())).unwrap();
    let started = standin::event::WallTime::from_unix_micros(START).to_string();
    let of_tape = [("program", layout::program()), ("started", started), ("part", "1".to_owned())];
    writer.write_metadata(&metadata(layout::TAPE, &of_tape)).unwrap();
    for session in sessions {
        let values = [("name", (*session).to_owned()), ("cloud", "mqtt".to_owned()), ("state", "offline".to_owned())];
        writer.write_metadata(&metadata(layout::SESSION, &values)).unwrap();
    }
    let schema = writer.add_schema(layout::SCHEMA_NAME, layout::SCHEMA_ENCODING, layout::SCHEMA.as_bytes()).unwrap();
    for (message, number) in messages.iter().zip(1_u32..) {
        let (session, kind) = message.topic.split_once('/').unwrap();
        let kind = kind.split('/').next().unwrap();
        let mut values = BTreeMap::from([("session", session), ("kind", kind)]);
        if let Some(topic) = message.topic.strip_prefix(&format!("{session}/{kind}/")) {
            values.insert("topic", topic);
        }
        let values = values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let id = writer.add_channel(schema, &message.topic, layout::MESSAGE_ENCODING, &values).unwrap();
        let usual = u64::try_from(START).unwrap() + u64::from(number);
        let header = MessageHeader {
            channel_id: id,
            sequence: message.sequence.unwrap_or(number),
            log_time: message.log_us.unwrap_or(usual) * 1_000,
            publish_time: message.publish_us.unwrap_or(usual) * 1_000,
        };
        writer.write_to_known_channel(&header, &message.line).unwrap();
        if message.ends_chunk {
            writer.flush().unwrap();
        }
    }
    writer.finish().unwrap();
}

fn metadata(name: &str, values: &[(&str, String)]) -> Metadata {
    let metadata = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Metadata { name: name.to_owned(), metadata }
}
