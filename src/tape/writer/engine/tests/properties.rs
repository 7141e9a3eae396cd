//! Whatever events come, the tape has their lines.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::event::json;

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Back(i64),
    Message { tx: bool, topic: String, id: Option<String>, payload: Vec<u8> },
    Note(String),
    State(usize),
    Flush,
}

impl Step {
    /// What happens in it, if it is an event.
    fn kind(&self) -> Option<Kind<'_>> {
        match self {
            Self::Note(text) => Some(Kind::Note { text, order: None }),
            Self::State(place) => {
                Some(Kind::State(StateChange { state: LineState::ALL[*place], ..StateChange::default() }))
            }
            Self::Message { tx, topic, id, payload } => {
                let message = Message { request_id: id.as_deref(), ..message(topic, payload) };
                Some(if *tx { Kind::Tx(message) } else { Kind::Rx(message) })
            }
            Self::Pass(_) | Self::Back(_) | Self::Flush => None,
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let payload =
        prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes), Just(b"{\"a\": 1.0} ".to_vec())];
    prop_oneof![
        (0..2_000_000_u64).prop_map(Step::Pass),
        (-5_000_000..5_000_000_i64).prop_map(Step::Back),
        (any::<bool>(), "[a-c/=]{0,6}", proptest::option::of("[a-c]{1,2}"), payload)
            .prop_map(|(tx, topic, id, payload)| Step::Message { tx, topic, id, payload }),
        any::<String>().prop_map(Step::Note),
        (0..4_usize).prop_map(Step::State),
        Just(Step::Flush),
    ]
}

proptest! {
    #[test]
    fn the_lines_are_the_events_numbered_and_timed_anew(
        steps in vec((0..3_usize, step()), 0..60), split: Option<u16>, base in 0..u64::from(u32::MAX),
    ) {
        let disk = Disk::default();
        let mut bench = Bench::new(&disk, Limits { bytes: split.map(u64::from), age: None }, &[]);
        let (mut expected, mut wall, mut first) = (Vec::new(), START, None);
        let mut last_files = 1;
        for (session, step) in &steps {
            let session = ["one", "two/", "温\u{202E}"][*session];
            match step {
                Step::Pass(micros) => {
                    bench.pass(Duration::from_micros(*micros));
                    wall += i64::try_from(*micros).unwrap();
                }
                Step::Back(micros) => wall += micros,
                Step::Flush => bench.flush(),
                _ => {}
            }
            let Some(kind) = step.kind() else { continue };
            bench.pushed += 1;
            let passed = u64::try_from(bench.now.mono.duration_since(bench.start.mono).as_micros()).unwrap();
            let event = Event { seq: base + bench.pushed, at: WallTime::from_unix_micros(wall), mono_us: base + passed, session, kind };
            bench.engine.push(&event, bench.now.mono);
            let first = *first.get_or_insert_with(|| passed - u64::try_from((wall - START).clamp(0, i64::try_from(passed).unwrap())).unwrap());
            let files = disk.files().len();
            let is_new = std::mem::replace(&mut last_files, files) != files;
            expected.push((is_new, event.seq, passed - first, wall, session.to_owned(), step.clone()));
            prop_assert_eq!(bench.engine.number().is_some(), true);
        }
        bench.engine.end();
        prop_assert_eq!(bench.engine.kept(), expected.last().map_or(0, |event| event.1));
        let files = disk.files();
        let (mut place, mut number) = (0, 0);
        let mut lines = files.iter().map(|file| raw_lines(file)).collect::<Vec<_>>();
        let starts: Vec<_> = files.iter().map(|file| WallTime::parse_rfc3339(&metadata(file)[0].metadata["started"]).unwrap().unix_micros()).collect();
        let mut jump = 0;
        for (is_new, _, passed, wall, session, step) in expected {
            if is_new {
                (place, number) = (place + 1, 0);
                // The time line follows a wall clock that went ahead.
                jump = (wall - START - i64::try_from(passed).unwrap()).max(jump);
                prop_assert_eq!(starts[place], START + i64::try_from(passed).unwrap() + jump);
            }
            number += 1;
            let Some(kind) = step.kind() else { continue };
            let mono_us = u64::try_from(START + i64::try_from(passed).unwrap() + jump - starts[place]).unwrap();
            let at = WallTime::from_unix_micros(wall);
            let mut line = String::new();
            json::write(&mut line, &Event { seq: number, at, mono_us, session: &session, kind });
            prop_assert!(!lines[place].is_empty());
            prop_assert_eq!(lines[place].remove(0), line);
        }
        prop_assert!(lines.iter().all(Vec::is_empty));
    }
}

fn raw_lines(file: &[u8]) -> Vec<String> {
    let messages = MessageStream::new(file).unwrap().map(Result::unwrap);
    messages.map(|message| String::from_utf8(message.data.into_owned()).unwrap()).collect()
}
