//! Answers by hand beside answers that wait for their time.

use super::super::recorded::{Pair, Recorded};
use super::*;
use crate::mqtt::Qos;

const DELAY: Duration = Duration::from_secs(2);

/// A rule that answers after two seconds, with these faults.
fn slow(faults: Faults) -> Rule {
    rule(Reply { delay: Delay::fixed(DELAY), faults, ..Reply::default() })
}

fn is_called_off(notes: &[String], by: &str) -> bool {
    matches!(notes, [note] if note.starts_with(by) && note.ends_with("is called off, for it has been answered"))
}

#[test]
fn an_answer_by_hand_calls_the_rules_delayed_one_off() {
    for asked in ALL {
        let mut stage = Stage::rules(asked.0, vec![slow(Faults::default())]);
        stage.comes(asked.1, asked.2);
        assert_eq!(stage.pass(Duration::from_secs(1)), (Vec::new(), Vec::new()));
        stage.answers(asked, None);
        let (sent, notes) = stage.pass(Duration::from_mins(1));
        assert_eq!(sent, Vec::new(), "{}", asked.1);
        assert!(is_called_off(&notes, "rule r: the delayed answer to "), "{notes:?}");
        assert_eq!(stage.behaviour.queue.due(), None);
    }
    let mut stage = Stage::rules(SILENCE.0, vec![slow(Faults::default())]);
    stage.comes(SILENCE.1, SILENCE.2);
    stage.answers(SILENCE, Some(1));
    let (_, notes) = stage.did();
    assert_eq!(notes, ["rule r: the delayed answer to command SILENCE is called off, for it has been answered"]);
}

#[test]
fn only_the_answers_to_that_request_are_called_off() {
    let other = (SILENCE.0, "$oc/devices/d1/sys/commands/request_id=3a1f-770", SILENCE.2);
    let mut stage = Stage::rules(SILENCE.0, vec![slow(Faults::default())]);
    stage.comes(SILENCE.1, SILENCE.2);
    stage.comes(other.1, other.2);
    stage.answers(SILENCE, None);
    // What is no answer calls nothing off, though it bears the id.
    stage.sends("$oc/devices/d1/sys/messages/up", br#"{"id":"3a1f-770"}"#);
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert_eq!((sent.len(), notes.len()), (1, 1));
    assert!(sent[0].topic.ends_with("response/request_id=3a1f-770"));
    assert_eq!(sent[0].at, DELAY);
}

#[test]
fn an_answer_that_is_late_or_a_second_one_on_purpose_goes_all_the_same() {
    let late = Faults { late_by: Some(Duration::from_secs(1)), ..Faults::default() };
    let twice = Faults { twice: Some(Duration::from_secs(3)), ..Faults::default() };
    let both = Faults { twice: twice.twice, ..late.clone() };
    // Of one that goes twice, the person's takes the place of the first.
    for (faults, times, called_off) in
        [(late, vec![21], false), (twice.clone(), vec![5], true), (both, vec![21, 24], false)]
    {
        let mut stage = Stage::rules(SILENCE.0, vec![slow(faults)]);
        stage.comes(SILENCE.1, SILENCE.2);
        stage.answers(SILENCE, None);
        let (sent, notes) = stage.pass(Duration::from_mins(1));
        assert_eq!(sent.iter().map(|sent| sent.at.as_secs()).collect::<Vec<_>>(), times);
        assert_eq!(is_called_off(&notes, "rule r: twice: "), called_off, "{notes:?}");
    }
    // After the first one, the second is as much on purpose as before.
    let mut stage = Stage::rules(SILENCE.0, vec![rule(Reply { faults: twice, ..Reply::default() })]);
    stage.comes(SILENCE.1, SILENCE.2);
    assert_eq!(stage.did().0.len(), 1);
    stage.answers(SILENCE, None);
    assert_eq!(stage.pass(Duration::from_mins(1)).0.len(), 1);
}

#[test]
fn a_rules_own_answer_calls_nothing_off() {
    let twice = Faults { twice: Some(Duration::from_secs(3)), ..Faults::default() };
    let mut stage = Stage::rules(SILENCE.0, vec![slow(twice)]);
    // The platform asks twice with the same id.
    stage.comes(SILENCE.1, SILENCE.2);
    stage.comes(SILENCE.1, SILENCE.2);
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert_eq!((sent.len(), notes), (4, Vec::new()));
}

#[test]
fn what_the_request_writes_follows_the_answer_by_hand() {
    let late = Faults { late_by: Some(Duration::from_secs(1)), ..Faults::default() };
    let failing = Rule {
        then: Action::Answer(Box::new(Reply { code: Some(1), delay: Delay::fixed(DELAY), ..Reply::default() })),
        ..slow(Faults::default())
    };
    for (rule, code, at_once, at_last) in [
        (slow(Faults::default()), None, true, true),
        (slow(Faults::default()), Some(1), false, false),
        // The rule would have refused it; the person did not.
        (failing.clone(), None, true, true),
        (failing, Some(1), false, false),
        (slow(late.clone()), None, true, true),
        // The late one says success after the failure.
        (slow(late), Some(1), false, true),
    ] {
        let mut stage = Stage::rules(HUAWEI_SET.0, vec![rule]);
        stage.comes(HUAWEI_SET.1, HUAWEI_SET.2);
        assert_eq!(stage.value("smoke/level"), None);
        stage.answers(HUAWEI_SET, code);
        assert_eq!(stage.value("smoke/level").is_some(), at_once, "{code:?}");
        stage.pass(Duration::from_mins(1));
        assert_eq!(stage.value("smoke/level").is_some(), at_last, "{code:?}");
    }
}

#[test]
fn a_recorded_answer_at_its_pace_is_called_off_too() {
    let names = [("device_id", "d1")];
    let identifiers = names.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let pair = Pair {
        asked_topic: SILENCE.1.to_owned(),
        asked_payload: Bytes::from_static(SILENCE.2.as_bytes()),
        topic: "$oc/devices/d1/sys/commands/response/request_id=3a1f-77".to_owned(),
        payload: Bytes::from_static(br#"{"result_code":0}"#),
        qos: Qos::AtLeastOnce,
        at: WallTime::from_unix_micros(START - 1_000_000_000),
        took: DELAY,
    };
    let cloud = Cloud::Huawei;
    let mut recorded = Recorded::new([pair], (cloud, &identifiers), (cloud, &identifiers)).unwrap();
    recorded.paced = true;
    let mut stage = Stage::new(cloud, &Plan { recorded: Some(recorded), ..Plan::default() });
    stage.comes(SILENCE.1, SILENCE.2);
    stage.answers(SILENCE, None);
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert_eq!(sent, Vec::new());
    assert!(is_called_off(&notes, "recorded answers: the delayed answer to command SILENCE"), "{notes:?}");
}
