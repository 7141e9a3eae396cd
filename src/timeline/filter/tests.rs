use std::time::Duration;

use proptest::prelude::*;

use super::super::tests::{Made, made, message, moment};
use super::super::{Budget, SessionId, Timeline};
use super::*;
use crate::event::{Acked, Event, LineState, Message, StateChange, Subscribed, What};
use crate::mqtt::Qos;
use crate::profile::Cloud;

/// The filter as its documentation says it, by the plainest means.
fn naive(words: &[(bool, String)], event: &Event<'_>) -> bool {
    let mut fields: Vec<Vec<u8>> = vec![event.session.into(), event.kind.word().into()];
    let mut add = |text: Option<&str>| fields.extend(text.map(|text| text.as_bytes().to_vec()));
    match event.kind {
        Kind::State(change) => {
            for text in [Some(change.state.word()), change.code, change.reason, change.hint] {
                add(text);
            }
        }
        Kind::Rx(message) | Kind::Tx(message) => {
            add(Some(message.topic));
            add(Some(message.what.word()));
            fields.push(message.payload.to_vec());
        }
        Kind::Acked(_) => {}
        Kind::Subscribed(answer) => {
            add(Some(answer.filter));
            add(answer.reason);
        }
        Kind::Unsubscribed { filter, .. } => add(Some(filter)),
        Kind::Gap { reason, .. } => add(Some(reason)),
        Kind::Note { text, .. } => add(Some(text)),
        Kind::Error(failure) => {
            for text in [Some(failure.code), Some(failure.reason), failure.hint] {
                add(text);
            }
        }
    }
    words.iter().all(|(negated, word)| {
        let word = word.to_ascii_lowercase().into_bytes();
        let found = fields.iter().any(|field| field.to_ascii_lowercase().windows(word.len()).any(|part| part == word));
        found != *negated
    })
}

fn words(typed: &str) -> Vec<(bool, String)> {
    let filter = Filter::parse(typed);
    filter.words.iter().map(|word| (word.negated, String::from_utf8(word.lower.clone()).unwrap())).collect()
}

#[test]
fn filters_are_read_as_typed() {
    let plain = |word: &str| (false, word.to_owned());
    let not = |word: &str| (true, word.to_owned());
    for (typed, expected) in [
        ("", vec![]),
        ("  ", vec![]),
        ("Alarm", vec![plain("alarm")]),
        (" a  b\tc ", vec![plain("a"), plain("b"), plain("c")]),
        ("!a b", vec![not("a"), plain("b")]),
        (r#""two words" !"not this""#, vec![plain("two words"), not("not this")]),
        (r#"a"b"#, vec![plain(r#"a"b"#)]),
        (r#""open end"#, vec![plain("open end")]),
        (r#""a"b"#, vec![plain("a"), plain("b")]),
        (r#"! "" !"" x"#, vec![plain("x")]),
        ("!!a", vec![not("!a")]),
        ("温度", vec![plain("温度")]),
    ] {
        assert_eq!(words(typed), expected, "{typed:?}");
        assert_eq!(Filter::parse(typed).is_empty(), expected.is_empty());
    }
}

#[test]
fn words_are_found_whatever_their_case_and_place() {
    for (word, text, found) in [
        ("alarm", "the ALARM rang", true),
        ("alarm", "alar", false),
        ("alarm", "alaralarm", true),
        ("a", "A", true),
        ("aab", "aaab", true),
        ("[1]", "x[1]", true),
        ("@", "`", false),
        ("{", "[", false),
        ("é", "É", false),
        ("温", "气温高", true),
        ("温度", "温", false),
    ] {
        assert_eq!(Word::new(false, word).is_in(text.as_bytes()), found, "{word} in {text}");
    }
}

#[test]
fn a_branch_has_its_levels_and_what_lies_under_them() {
    for (branch, topic, under) in [
        ("a/b", "a/b", true),
        ("a/b", "a/b/c", true),
        ("a/b", "a/bc", false),
        ("a/b", "a", false),
        ("a/b/", "a/b/c", true),
        ("a/b/", "a/b", false),
        ("", "anything", true),
        ("/", "/sys", true),
        ("/", "sys", false),
        ("/sys", "/sys/x", true),
        ("c/request_id={id}", "c/request_id=3a1f", true),
        ("c/request_id={id}", "c/request_id=", false),
        ("c/request_id={id}", "c/request_id=3a1f/more", true),
        ("c/{id}/end", "c/x/end", true),
        ("c/{id}/end", "c/x/y/end", false),
        ("c/{id}.json", "c/x.json", true),
        ("c/{id}.json", "c/.json", false),
        ("c/{id}", "c/{id}", true),
    ] {
        assert_eq!(is_under(branch.as_bytes(), topic.as_bytes()), under, "{topic} under {branch}");
    }
    // Ids without end in a hostile topic cost no more than its length.
    let hostile = "{id}".repeat(10_000);
    assert!(!is_under(format!("{hostile}x").as_bytes(), format!("{hostile}y").as_bytes()));
}

fn filled() -> Timeline {
    let mut timeline = Timeline::new(Budget::default(), moment(0));
    let (one, two) = (timeline.register("smoke", Cloud::Huawei), timeline.register("lamp", Cloud::Aliyun));
    timeline.append(one, moment(1), &Kind::Rx(message("a/b", b"Alarm 1")), None);
    timeline.append(two, moment(2), &Kind::Rx(message("a/c", b"quiet")), None);
    let online = StateChange { state: LineState::Online, ..StateChange::default() };
    timeline.append(one, moment(3), &Kind::State(online), None);
    timeline.append(two, moment(4), &Kind::Tx(message("a/b", b"alarm 2")), None);
    timeline
}

fn query(typed: &str) -> Query {
    Query { filter: Filter::parse(typed), ..Query::default() }
}

#[test]
fn searches_go_both_ways_and_keep_to_their_budget() {
    let timeline = filled();
    assert_eq!(timeline.find_back(&query("alarm"), u64::MAX, 9), Scan::Found(4));
    assert_eq!(timeline.find_back(&query("alarm"), 3, 9), Scan::Found(1));
    assert_eq!(timeline.find_back(&query("alarm"), 3, 1), Scan::More(2));
    assert_eq!(timeline.find_back(&query("nothing"), 4, 4), Scan::End);
    assert_eq!(timeline.find_back(&query("alarm"), 0, 9), Scan::End);
    assert_eq!(timeline.find_on(&query("alarm"), 0, 9), Scan::Found(1));
    assert_eq!(timeline.find_on(&query("alarm"), 2, 2), Scan::More(4));
    assert_eq!(timeline.find_on(&query("alarm"), 4, 1), Scan::Found(4));
    assert_eq!(timeline.find_on(&query("!a"), 1, 9), Scan::End);
    assert_eq!(timeline.find_on(&query(""), 5, 9), Scan::End);
    assert_eq!(timeline.find_back(&query("online"), 9, 9), Scan::Found(3));
    assert_eq!(timeline.find_back(&query("LAMP tx"), 9, 9), Scan::Found(4));
}

#[test]
fn sessions_and_branches_are_looked_at_apart() {
    let timeline = filled();
    let lamp = Query { session: Some(SessionId(1)), ..Query::default() };
    assert_eq!(timeline.find_back(&lamp, 3, 9), Scan::Found(2));
    let branch = Query { topic: Some("a/b".to_owned()), ..Query::default() };
    assert_eq!(timeline.find_back(&branch, 3, 9), Scan::Found(1));
    let empty = Timeline::new(Budget::default(), moment(0));
    assert_eq!((empty.find_back(&lamp, 9, 9), empty.find_on(&lamp, 0, 9)), (Scan::End, Scan::End));
}

fn typed() -> impl Strategy<Value = Vec<(bool, String)>> {
    let word = prop_oneof![
        "[abAB温/{}:\"]{1,3}",
        prop::sample::select(vec!["rx", "state", "online", "set", "acked"]).prop_map(str::to_owned)
    ];
    prop::collection::vec((any::<bool>(), word), 0..3)
}

#[test]
fn only_takes_its_kinds() {
    let request = Message { what: What::Command, ..message("a", b"") };
    let first = StateChange { state: LineState::Connecting, attempt: 1, ..StateChange::default() };
    let asked = Qos::AtLeastOnce;
    let granted = Subscribed { filter: "a", asked, granted: Some(asked), reason: None, order: None };
    for (kind, takes) in [
        (Kind::Rx(request), "telling requests"),
        (Kind::Tx(request), "telling"),
        (Kind::Rx(message("a", b"")), "telling"),
        (Kind::State(first), "telling states"),
        (Kind::State(StateChange { attempt: 2, ..first }), "states"),
        (Kind::Acked(Acked { packet_id: None, took: Duration::ZERO, order: None }), ""),
        (Kind::Subscribed(granted), ""),
        (Kind::Subscribed(Subscribed { order: Some(1), ..granted }), "telling"),
        (Kind::Subscribed(Subscribed { granted: None, ..granted }), "telling"),
        (Kind::Note { text: "", order: None }, "telling notes"),
        (Kind::Gap { count: 1, reason: "" }, "telling notes"),
    ] {
        let event = Event { seq: 1, at: moment(0).at, mono_us: 0, session: "s", kind };
        let all = [
            (Only::Telling, "telling"),
            (Only::Requests, "requests"),
            (Only::States, "states"),
            (Only::Notes, "notes"),
        ];
        let found: Vec<_> = all.into_iter().filter(|(only, _)| only.takes(&event)).map(|(_, word)| word).collect();
        assert_eq!(found.join(" "), takes, "{kind:?}");
        assert!(Only::All.takes(&event));
    }
}

/// A branch as the tree or a user gives it, a topic, and where the topic has an id.
fn branches() -> impl Strategy<Value = (String, String, String)> {
    let level = prop::sample::select(vec!["a", "b", "", "{id}", "r={id}", "7", "r=7"]);
    let levels = prop::collection::vec(level, 1..4).prop_map(|levels| levels.join("/"));
    (levels.clone(), levels, prop::sample::select(vec!["7", "b", "{id}"]).prop_map(str::to_owned))
}

proptest! {
    #[test]
    fn no_message_on_a_branch_is_missed_by_its_folded_topic((branch, topic, id) in branches()) {
        let event = Event { seq: 1, at: moment(0).at, mono_us: 0, session: "s", kind: Kind::Rx(message(&topic, b"")) };
        let mut levels: Vec<_> = topic.split('/').map(str::to_owned).collect();
        // As the writer folds: the end of one level.
        for place in 0..levels.len() {
            let Some(before) = levels[place].strip_suffix(&id).map(str::to_owned) else { continue };
            let level = std::mem::replace(&mut levels[place], format!("{before}{FOLDED_ID}"));
            let folded = levels.join("/");
            prop_assert!(may_be_on_branch(&branch, &folded) || !is_on_branch(&branch, &event), "{} {}", branch, folded);
            levels[place] = level;
        }
        let holds_anything = topic.split('/').next().is_some_and(|level| level.contains(FOLDED_ID));
        prop_assert_eq!(may_be_on_branch("c", &topic), holds_anything);
    }

    #[test]
    fn the_filter_agrees_with_the_plainest_one(all in prop::collection::vec(made(), 0..40), wanted in typed(), from in 0_u64..45) {
        let mut timeline = Timeline::new(Budget { bytes: 20_000, ..Budget::default() }, moment(0));
        let session = timeline.register("ab", Cloud::Mqtt);
        for made in &all {
            timeline.append(session, moment(0), &Made::kind(made), None);
        }
        let filter = Filter { words: wanted.iter().map(|(negated, word)| Word::new(*negated, word)).collect() };
        for event in timeline.events_from(1) {
            prop_assert_eq!(filter.passes_event(&event), naive(&wanted, &event), "{:?}", event);
        }
        let query = Query { filter, ..Query::default() };
        let passing: Vec<u64> = timeline.events_from(1).filter(|event| naive(&wanted, event)).map(|event| event.seq).collect();
        let back = passing.iter().rfind(|seq| **seq <= from).map_or(Scan::End, |seq| Scan::Found(*seq));
        prop_assert_eq!(timeline.find_back(&query, from, usize::MAX), back);
        let on = passing.iter().find(|seq| **seq >= from).map_or(Scan::End, |seq| Scan::Found(*seq));
        prop_assert_eq!(timeline.find_on(&query, from, usize::MAX), on);
        // A search in steps finds the same.
        let mut at = from;
        let stepped = loop {
            match timeline.find_on(&query, at, 3) {
                Scan::More(next) => at = next,
                done => break done,
            }
        };
        prop_assert_eq!(stepped, on);
    }
}
