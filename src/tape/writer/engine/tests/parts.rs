//! Parts, sessions and channels.

use super::*;

#[test]
fn what_is_learnt_of_a_session_is_written_at_the_next_turn() {
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, Limits::default(), &[recorded("one")]);
    bench.say("one", Kind::State(StateChange { state: LineState::Online, ..StateChange::default() }));
    let learnt = Recorded { clock_offset_us: Some(-7), state: LineState::Online, ..recorded("one") };
    bench.engine.know(&Recorded { state: LineState::Online, ..recorded("one") });
    assert_eq!(bench.engine.deadline(), None, "there is nothing new in it");
    bench.engine.know(&learnt);
    bench.engine.know(&recorded("two"));
    assert_eq!(bench.engine.deadline(), Some(bench.now.mono));
    bench.turn();
    assert_eq!(bench.engine.deadline(), None);
    bench.engine.know(&Recorded { clock_offset_us: Some(9), ..learnt });
    bench.engine.end();
    let file = &disk.files()[0];
    check_whole(file);
    let told: Vec<_> = metadata(file).into_iter().filter(|record| record.name == layout::SESSION).collect();
    let told: Vec<_> = told
        .iter()
        .map(|record| (&*record.metadata["name"], &*record.metadata["state"], record.metadata.get("clock_offset_us")))
        .map(|(name, state, offset)| (name, state, offset.map(String::as_str)))
        .collect();
    let expected = [
        ("one", "offline", None),
        ("one", "offline", Some("-7")),
        ("two", "offline", None),
        ("one", "offline", Some("9")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn parts_end_by_size_and_by_age_and_go_on_without_a_hole() {
    let by_size = Limits { bytes: Some(3000), age: None };
    let by_age = Limits { bytes: None, age: Some(Duration::from_secs(2)) };
    for limits in [by_size, by_age] {
        let disk = Disk::default();
        let mut bench = Bench::new(&disk, limits, &[recorded("one"), recorded("two")]);
        bench.say("one", Kind::State(StateChange { state: LineState::Online, ..StateChange::default() }));
        sixty(&mut bench, |_| ());
        bench.engine.end();
        let files = disk.files();
        assert!(files.len() > 1 && files.len() < 30, "{limits:?}: {}", files.len());
        assert_eq!(bench.status().part as usize, files.len());
        assert_eq!(bench.status().path, PathBuf::from(format!("{}.mcap", files.len() - 1)));
        assert_eq!(bench.status().bytes, files.iter().map(|file| file.len() as u64).sum::<u64>());
        assert_eq!(bench.status().events, 61);
        let all: Vec<_> = files.iter().flat_map(|file| check_whole(file)).collect();
        assert_eq!(payloads(&all), (1..=60).collect::<Vec<_>>());
        let mut last = 0;
        for (place, file) in files.iter().enumerate() {
            let records = metadata(file);
            assert_eq!(records[0].metadata["part"], (place + 1).to_string());
            let states: Vec<_> = records[1..].iter().map(|record| record.metadata["state"].as_str()).collect();
            assert_eq!(states, [if place == 0 { "offline" } else { "online" }, "offline"]);
            let started = WallTime::parse_rfc3339(&records[0].metadata["started"]).unwrap().unix_micros();
            for message in MessageStream::new(file).unwrap().map(Result::unwrap) {
                let line: Value = serde_json::from_slice(&message.data).unwrap();
                let mono_us = line["mono_us"].as_u64().unwrap();
                assert_eq!(message.log_time, (u64::try_from(started).unwrap() + mono_us) * 1000);
                assert_eq!(message.publish_time, message.log_time, "the wall clock did not jump");
                assert!(message.log_time >= last);
                last = message.log_time;
            }
        }
    }
}

#[test]
fn beyond_sixty_thousand_topics_and_beyond_eight_mebibytes_of_them_one_channel_takes_the_rest() {
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, Limits::default(), &[]);
    for number in 0..60_010 {
        bench.say("s", Kind::Rx(message(&number.to_string(), b"")));
    }
    bench.say("s", Kind::Rx(message("0", b"")));
    bench.engine.end();
    let file = &disk.files()[0];
    let summary = mcap::Summary::read(file).unwrap().unwrap();
    assert_eq!(summary.channels.len(), 60_001);
    let (id, other) = summary.channels.iter().find(|(_, channel)| channel.topic == layout::OTHER).unwrap();
    assert!(other.metadata.is_empty());
    assert_eq!(summary.stats.unwrap().channel_message_counts[id], 10);
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, Limits::default(), &[]);
    let long = "x".repeat(60_000);
    for number in 0..150 {
        bench.say("s", Kind::Rx(message(&format!("{number}{long}"), b"")));
    }
    bench.engine.end();
    let summary = mcap::Summary::read(&disk.files()[0]).unwrap().unwrap();
    assert_eq!(summary.channels.len(), (8 << 20) / 60_000 + 2);
}
