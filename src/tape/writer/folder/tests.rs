use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use super::super::Writer;
use super::*;
use crate::event::{Event, Kind, Moment};
use crate::profile::Cloud;

/// 2026-11-21T08:30:05.999999Z.
fn at() -> WallTime {
    WallTime::from_unix_micros(1_795_249_805_999_999)
}

fn folder(path: &Path, pattern: &str, budget: Option<u64>) -> Folder {
    let destination = Destination::Folder { path: path.to_owned(), pattern: pattern.to_owned() };
    Folder { destination, session: "smoke-01".to_owned(), budget, free: 0 }
}

fn recorded(name: &str) -> Recorded {
    Recorded {
        name: name.to_owned(),
        cloud: Cloud::Mqtt,
        endpoint: String::new(),
        identifiers: std::collections::BTreeMap::new(),
        clock_offset_us: None,
        state: crate::event::LineState::Offline,
    }
}

#[test]
fn names_are_made_of_the_pattern_and_are_safe_everywhere() {
    for (pattern, session, expected) in [
        (Settings::PATTERN, "smoke-01", "smoke-01-2026-11-21-083005Z"),
        ("{date}/{time}", "x", "2026-11-21_083005Z"),
        ("tape", "x", "tape"),
        ("a.b.mcap", "x", "a.b"),
        ("{session}.txt.mcap", "温度/ё\u{202E}\n", "温度_ё__.txt"),
        ("{session}.mcap", "../../etc/passwd", "_._.._etc_passwd"),
        ("{session}.mcap", "..", "_."),
        ("{session}.mcap", "-rf", "_rf"),
        ("{session}.mcap", "{date}", "_date_"),
        ("{session}.mcap", "a\0b", "a_b"),
        ("{session}.mcap", "", "tape"),
        ("", "x", "tape"),
    ] {
        assert_eq!(stem(pattern, session, at()), expected, "{pattern} {session:?}");
    }
    let long = stem("{session}.mcap", &"温".repeat(300), at());
    assert_eq!((long.len(), long.chars().count()), (198, 66));
}

#[test]
fn one_session_gives_its_name_and_several_are_all() {
    let settings = Settings::new(Destination::File("x".into()));
    let named = |sessions: &[Recorded]| Folder::new(settings.clone(), sessions).session;
    assert_eq!(named(&[recorded("one")]), "one");
    assert_eq!(named(&[recorded("one"), recorded("two")]), "all");
    assert_eq!(named(&[]), "all");
}

#[test]
fn the_folder_is_made_for_its_owner_alone_and_no_file_is_written_over() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("standin/tapes");
    let shelf = folder(&path, "{session}.mcap", None);
    symlink(place.path().join("elsewhere"), place.path().join("link")).unwrap();
    let made: Vec<_> = (0..3).map(|_| shelf.make(at()).unwrap()).collect();
    let names: Vec<_> = made.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["smoke-01.mcap", "smoke-01-2.mcap", "smoke-01-3.mcap"]);
    let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((rights(&path), rights(path.parent().unwrap()), rights(&made[0].0)), (0o700, 0o700, 0o600));
    symlink(place.path().join("elsewhere"), path.join("smoke-01-4.mcap")).unwrap();
    assert!(shelf.make(at()).unwrap().0.ends_with("smoke-01-5.mcap"));
    assert!(!place.path().join("elsewhere").exists());
}

#[test]
fn where_no_folder_can_be_the_error_names_it() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let error = folder(&place.path().join("file/tapes"), "x", None).make(at()).unwrap_err().to_string();
    assert!(error.contains("file/tapes"), "{error}");
    let missing = Settings::new(Destination::File(place.path().join("missing/x.mcap")));
    let error = Folder::new(missing, &[]).make(at()).unwrap_err().to_string();
    assert!(error.contains("missing/x.mcap"), "{error}");
}

/// A finished tape of so many events, `age` old; answers its size.
fn tape(folder: &Path, name: &str, age: u64) -> u64 {
    let path = folder.join(name);
    let now = Moment { at: at(), mono: Instant::now() };
    let settings = Settings::new(Destination::File(path.clone()));
    let mut writer = Writer::create(settings, vec![recorded("one")], now).unwrap();
    writer.push(
        &Event { seq: 1, at: at(), mono_us: 0, session: "one", kind: Kind::Note { text: "x", order: None } },
        now.mono,
    );
    let bytes = writer.finish(now.mono).bytes;
    age_file(&path, age);
    bytes
}

fn age_file(path: &Path, age: u64) {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 - age);
    File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
}

fn there(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_oldest_tapes_go_until_the_rest_is_within_the_budget_and_nothing_else_does() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path();
    let size = tape(path, "c-old.mcap", 40);
    for (name, age) in [("a-new.mcap", 10), ("b-middle.mcap", 20), ("d-oldest.mcap", 50)] {
        assert_eq!(tape(path, name, age), size);
    }
    // Older and larger, and none of our tapes: other names, other recorders, other kinds.
    tape(path, "kept.bak", 90);
    let bytes = fs::read(path.join("a-new.mcap")).unwrap();
    let foreign = [&bytes[..8 + 9 + 4], b"robotic", &bytes[8 + 9 + 4 + 7..]].concat();
    for (name, content) in [("robot.mcap", &foreign[..]), ("empty.mcap", b""), ("text.mcap", &[b'x'; 5000])] {
        fs::write(path.join(name), content).unwrap();
        age_file(&path.join(name), 90);
    }
    fs::create_dir(path.join("folder.mcap")).unwrap();
    symlink(path.join("kept.bak"), path.join("link.mcap")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, path.join("pipe.mcap"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let others = ["empty.mcap", "folder.mcap", "kept.bak", "link.mcap", "pipe.mcap", "robot.mcap", "text.mcap"]
        .map(str::to_owned);
    // One that is being written is neither counted nor removed.
    let running = TapeFile::create(&path.join("e-running.mcap"), 0).unwrap();
    fs::write(path.join("e-running.mcap"), &bytes).unwrap();
    age_file(&path.join("e-running.mcap"), 80);
    for (budget, left) in [
        (None, &["a-new.mcap", "b-middle.mcap", "c-old.mcap", "d-oldest.mcap", "e-running.mcap"][..]),
        (Some(4 * size), &["a-new.mcap", "b-middle.mcap", "c-old.mcap", "d-oldest.mcap", "e-running.mcap"]),
        (Some(4 * size - 1), &["a-new.mcap", "b-middle.mcap", "c-old.mcap", "e-running.mcap"]),
        (Some(size), &["a-new.mcap", "e-running.mcap"]),
        (Some(0), &["a-new.mcap", "e-running.mcap"]),
    ] {
        folder(path, "x", budget).sweep();
        let mut expected: Vec<String> = left.iter().map(ToString::to_string).chain(others.clone()).collect();
        expected.sort();
        assert_eq!(there(path), expected, "{budget:?}");
    }
    drop(running);
    folder(path, "x", Some(0)).sweep();
    assert!(!path.join("e-running.mcap").exists());
}

#[test]
fn parts_of_a_recording_stay_within_the_budget_while_it_runs() {
    let place = tempfile::tempdir().unwrap();
    let destination = Destination::Folder { path: place.path().to_owned(), pattern: "{session}.mcap".to_owned() };
    let mut settings = Settings::new(destination);
    settings.rotate_bytes = Some(20_000);
    settings.budget_bytes = Some(60_000);
    settings.free_bytes = 0;
    let start = Moment { at: at(), mono: Instant::now() };
    let mut writer = Writer::create(settings, vec![recorded("one")], start).unwrap();
    let mut random = 1_u64;
    for seq in 1..=400 {
        let now = start.after(Duration::from_millis(seq));
        let payload: String = (0..1000)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'!' + u8::try_from((random >> 40) % 90).unwrap())
            })
            .collect();
        writer.push(
            &Event {
                seq,
                at: now.at,
                mono_us: seq * 1000,
                session: "one",
                kind: Kind::Note { text: &payload, order: None },
            },
            now.mono,
        );
        writer.flush(now.mono);
    }
    let status = writer.finish(start.after(Duration::from_secs(1)).mono);
    assert!(status.part > 10, "{status:?}");
    assert!(status.bytes > 200_000, "{status:?}");
    let total: u64 = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(total <= 60_000 && total > 20_000, "{total}");
    assert!(status.path.exists());
}

#[test]
fn a_finished_tape_is_unlocked_and_one_that_is_written_is_locked() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("one.mcap");
    let start = Moment { at: at(), mono: Instant::now() };
    let writer = Writer::create(Settings::new(Destination::File(path.clone())), Vec::new(), start).unwrap();
    let is_free = || rustix::fs::flock(File::open(&path).unwrap(), FlockOperation::NonBlockingLockShared).is_ok();
    assert!(!is_free());
    drop(writer);
    assert!(is_free());
    assert!(mcap::Summary::read(&fs::read(&path).unwrap()).unwrap().is_some(), "dropped: ended in order all the same");
}
