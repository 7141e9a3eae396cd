//! What the writer puts into a file, read by the reader of the mcap crate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mcap::records::Record;
use mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};
use mcap::{MessageStream, Summary};
use serde_json::Value;
use standin::cloud::{self, Direction};
use standin::profile::Cloud;
use standin::tape::{Destination, Settings, Writer, layout};
use support::tape::{START, Story, recorded};

/// Reads a file record by record with every checksum looked at; answers the metadata records and the lines.
fn read_whole(bytes: &[u8]) -> (Vec<(String, Value)>, Vec<String>) {
    let options = LinearReaderOptions::default()
        .with_validate_chunk_crcs(true)
        .with_validate_data_section_crc(true)
        .with_validate_summary_section_crc(true);
    let mut reader = LinearReader::new_with_options(options);
    let (mut at, mut metadata) = (0, Vec::new());
    while let Some(event) = reader.next_event() {
        match event.unwrap() {
            LinearReadEvent::ReadRequest(wanted) => {
                let count = wanted.min(bytes.len() - at);
                reader.insert(wanted)[..count].copy_from_slice(&bytes[at..at + count]);
                reader.notify_read(count);
                at += count;
            }
            LinearReadEvent::Record { data, opcode } => {
                if let Record::Metadata(record) = mcap::parse_record(opcode, data).unwrap() {
                    metadata.push((record.name, serde_json::to_value(record.metadata).unwrap()));
                }
            }
        }
    }
    let line = |message: mcap::Message<'_>| String::from_utf8(message.data.into_owned()).unwrap();
    (metadata, MessageStream::new(bytes).unwrap().map(|message| line(message.unwrap())).collect())
}

fn record(folder: &Path, story: &Story) -> Vec<u8> {
    let path = folder.join("one.mcap");
    let status = story.record(&path, 10);
    assert_eq!(status.fault, None);
    assert_eq!(status.events, story.lines().len() as u64);
    assert_eq!(status.bytes, fs::metadata(&path).unwrap().len());
    fs::read(path).unwrap()
}

#[test]
fn a_tape_is_an_mcap_file_with_every_event_as_its_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::of_three_clouds();
    let bytes = record(folder.path(), &story);
    let (metadata, lines) = read_whole(&bytes);
    assert_eq!(lines, story.lines());
    let names: Vec<_> = metadata.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["standin.tape", "standin.session", "standin.session", "standin.session"]);
    let program = concat!("standin ", env!("CARGO_PKG_VERSION"));
    let tape = serde_json::json!({"program": program, "started": "2026-11-21T08:30:00.000000Z", "part": "1"});
    assert_eq!(metadata[0].1, tape);
    let session = serde_json::json!({
        "name": "lamp-01", "cloud": "aliyun", "endpoint": "wss://aliyun.example:443/mqtt", "state": "offline",
        "id.product_key": "a1AbCdEfGh1", "id.device_name": "lamp-01", "id.client_id": "12345",
    });
    assert_eq!(metadata[2].1, session);
}

#[test]
fn times_numbers_and_channels_are_in_the_index_and_in_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::of_three_clouds();
    let bytes = record(folder.path(), &story);
    let summary = Summary::read(&bytes).unwrap().unwrap();
    let stats = summary.stats.as_ref().unwrap();
    assert_eq!(stats.message_count, story.lines().len() as u64);
    assert_eq!(summary.chunk_indexes.len(), stats.chunk_count as usize);
    assert!(summary.chunk_indexes.iter().all(|chunk| chunk.compression == "zstd" && chunk.message_index_length > 0));
    assert_eq!(summary.metadata_indexes.len(), 4);
    let schema = &summary.schemas[&1];
    assert_eq!((schema.name.as_str(), schema.encoding.as_str()), ("standin.Event", "jsonschema"));
    assert!(serde_json::from_slice::<Value>(&schema.data).is_ok());
    let mut last = 0;
    for (message, event) in MessageStream::new(&bytes).unwrap().zip(story.events()) {
        let message = message.unwrap();
        assert_eq!(u64::from(message.sequence), event.seq);
        assert_eq!(message.log_time, (u64::try_from(START).unwrap() + event.mono_us) * 1000);
        assert_eq!(message.publish_time, u64::try_from(event.at.unix_micros()).unwrap() * 1000);
        assert!(message.log_time >= last);
        last = message.log_time;
        assert_eq!(message.channel.message_encoding, "json");
        assert_eq!(message.channel.metadata["session"], event.session);
        assert_eq!(message.channel.metadata["kind"], event.kind.word());
    }
    let mut topics: Vec<_> = summary.channels.values().map(|channel| channel.topic.as_str()).collect();
    topics.sort_unstable();
    let of_huawei: Vec<_> = topics.iter().filter(|topic| topic.starts_with("smoke-01/")).collect();
    let expected = [
        "smoke-01/acked",
        "smoke-01/note",
        "smoke-01/rx/$oc/devices/65f0c0de_dev01/sys/commands/request_id={id}",
        "smoke-01/rx/$oc/devices/65f0c0de_dev01/sys/messages/down",
        "smoke-01/state",
        "smoke-01/subscribed",
        "smoke-01/tx/$oc/devices/65f0c0de_dev01/sys/commands/response/request_id={id}",
        "smoke-01/tx/$oc/devices/65f0c0de_dev01/sys/properties/report",
        "smoke-01/unsubscribed",
    ];
    assert_eq!(of_huawei, expected.iter().collect::<Vec<_>>());
    assert!(topics.contains(&"lamp-01/rx//sys/a1AbCdEfGh1/lamp-01/rrpc/request/{id}"), "{topics:#?}");
    assert!(topics.contains(&"meter-01/tx//$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command_reply/{id}"));
}

#[test]
fn the_file_is_its_owners_alone_and_never_one_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    let story = Story::of_three_clouds();
    story.record(&path, 1000);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&path).unwrap();
    let again = || {
        let settings = Settings::new(Destination::File(path.clone()));
        Writer::create(settings, Vec::new(), story.start)
    };
    let error = again().unwrap_err().to_string();
    assert!(error.contains("one.mcap") && error.contains("exists"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
    again().unwrap_err();
    assert!(!folder.path().join("elsewhere").exists());
}

#[test]
fn masked_fields_are_nowhere_in_the_file_and_the_size_is_the_messages_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    let story = Story::of_three_clouds();
    let settings =
        Settings { redact: vec!["params.password".to_owned()], ..Settings::new(Destination::File(path.clone())) };
    story.record_with(settings, 10);
    let (_, lines) = read_whole(&fs::read(&path).unwrap());
    assert!(story.lines().iter().any(|line| line.contains("hunter")));
    let masked: Vec<_> = lines.iter().filter(|line| line.contains("••••")).collect();
    assert_eq!(masked.len(), 3);
    assert!(!lines.iter().any(|line| line.contains("hunter")));
    for (line, plain) in lines.iter().zip(story.lines()) {
        let plain = plain.replace(r#"\"hunter0\""#, "…").replace(r#"\"hunter1\""#, "…").replace(r#"\"hunter2\""#, "…");
        assert_eq!(line.replace(r#"\"••••\""#, "…"), plain, "every other byte stays, the size too");
    }
}

#[test]
fn a_topic_is_folded_as_its_cloud_says() {
    for (cloud, topics) in [
        (
            Cloud::Huawei,
            &[
                "$oc/devices/65f0c0de_dev01/sys/commands/request_id=3a1f",
                "$oc/devices/65f0c0de_dev01/sys/commands/response/request_id=3a1f",
                "$oc/devices/65f0c0de_dev01/sys/properties/set/request_id=7",
                "$oc/devices/65f0c0de_dev01/sys/properties/get/response/request_id=7",
                "$oc/devices/65f0c0de_dev01/sys/messages/down",
            ][..],
        ),
        (
            Cloud::Aliyun,
            &[
                "/sys/a1AbCdEfGh1/lamp-01/rrpc/request/812",
                "/sys/a1AbCdEfGh1/lamp-01/rrpc/response/812",
                "/ext/rrpc/812//a1AbCdEfGh1/lamp-01/user/get",
                "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set",
                "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post_reply",
            ],
        ),
        (
            Cloud::Ucloud,
            &[
                "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command_reply/77",
                "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command",
                "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/property/post",
            ],
        ),
        (Cloud::Mqtt, &["a/b/1", "request_id=1"]),
    ] {
        let platform = cloud::observed(cloud, &recorded("x", cloud).identifiers);
        for (topic, direction) in topics.iter().flat_map(|topic| [(topic, Direction::Up), (topic, Direction::Down)]) {
            let meaning = platform.meaning(direction, topic, br#"{"id":"1","RequestID":"1"}"#);
            let span = meaning.request_id.as_deref().and_then(|id| layout::id_span(topic, id));
            assert_eq!(span, meaning.id_span, "{topic}");
        }
    }
}

#[test]
fn the_schema_knows_every_key_and_asks_for_what_is_always_there() {
    let schema: Value = serde_json::from_str(layout::SCHEMA).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for line in Story::of_three_clouds().lines() {
        let line: Value = serde_json::from_str(&line).unwrap();
        let unknown: Vec<_> = line.as_object().unwrap().keys().filter(|key| !properties.contains_key(*key)).collect();
        assert_eq!(unknown, Vec::<&String>::new(), "{line}");
        let of_kind = schema["allOf"].as_array().unwrap().iter().find(|rule| {
            let kind = &rule["if"]["properties"]["kind"];
            kind["const"] == line["kind"] || kind["enum"].as_array().is_some_and(|all| all.contains(&line["kind"]))
        });
        let then = &of_kind.unwrap()["then"];
        let required = |rule: &Value| {
            rule["required"]
                .as_array()
                .is_none_or(|keys| keys.iter().all(|key| line.get(key.as_str().unwrap()).is_some()))
        };
        assert!(required(&schema) && required(then), "{line}");
        let one_of = then["oneOf"].as_array().map(|rules| rules.iter().filter(|rule| required(rule)).count());
        assert!(one_of.is_none_or(|count| count == 1), "{line}");
    }
}
