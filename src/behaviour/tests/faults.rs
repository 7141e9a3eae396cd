//! Faults on purpose: each breaks what it says, on every cloud, and nothing else.

use super::*;

/// The answer without a fault, and the answers with `faults`.
fn answers((cloud, topic, body): (Cloud, &str, &str), faults: Faults) -> (Sent, Vec<Sent>) {
    let with = |faults: Faults| {
        let (sent, notes) = Stage::rules(cloud, vec![rule(Reply { faults, ..Reply::default() })]).asks(topic, body);
        assert_eq!(notes, Vec::<String>::new(), "{topic}");
        sent
    };
    let mut plain = with(Faults::default());
    (plain.remove(0), with(faults))
}

/// The id that ties an answer to its request.
fn id_of(cloud: Cloud, sent: &Sent) -> Option<String> {
    let meaning = device(cloud).meaning(Direction::Up, &sent.topic, &sent.payload).request_id?.into_owned();
    Some(meaning)
}

/// As `plain` but for who sends it.
fn same_message(one: &Sent, plain: &Sent) -> bool {
    one.topic == plain.topic && one.payload == plain.payload
}

#[test]
fn late_is_after_the_clouds_deadline() {
    let late_by = Some(Duration::from_millis(1_500));
    for asked in ALL {
        let deadline = match asked.0 {
            Cloud::Huawei => 20,
            Cloud::Aliyun => 8,
            _ => 5,
        };
        let (plain, sent) = answers(asked, Faults { late_by, ..Faults::default() });
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].at, Duration::from_secs(deadline) + Duration::from_millis(1_500), "{}", asked.1);
        assert!(same_message(&sent[0], &plain));
        assert_eq!(sent[0].by, "rule r: late");
    }
}

#[test]
fn twice_is_the_same_once_more() {
    let twice = Some(Duration::from_millis(50));
    for asked in ALL {
        let (plain, sent) = answers(asked, Faults { twice, ..Faults::default() });
        let times: Vec<u128> = sent.iter().map(|sent| sent.at.as_millis()).collect();
        assert_eq!(times, [0, 50], "{}", asked.1);
        assert!(sent.iter().all(|sent| same_message(sent, &plain) && sent.by == "rule r: twice"));
    }
}

#[test]
fn a_wrong_request_id_is_another_id_and_all_else_stays() {
    for asked in ALL {
        let (plain, sent) = answers(asked, Faults { wrong_request_id: true, ..Faults::default() });
        let (old, new) = (id_of(asked.0, &plain).unwrap(), id_of(asked.0, &sent[0]).unwrap());
        assert_ne!(old, new, "{}", asked.1);
        let text = String::from_utf8(sent[0].payload.clone()).unwrap();
        // Back with the old id it is the answer without a fault.
        let back = Sent {
            topic: sent[0].topic.replace(&new, &old),
            payload: text.replace(&new, &old).into(),
            ..sent[0].clone()
        };
        assert!(same_message(&back, &plain), "{}", asked.1);
    }
}

#[test]
fn a_wrong_type_changes_one_member() {
    for asked in ALL {
        let (plain, sent) = answers(asked, Faults { wrong_type: true, ..Faults::default() });
        assert_eq!(sent[0].topic, plain.topic);
        let (right, wrong) = (plain.json(), sent[0].json());
        let members = right.as_object().unwrap();
        let differ: Vec<&String> = members.keys().filter(|name| right[*name] != wrong[*name]).collect();
        assert_eq!((differ.len(), wrong.as_object().unwrap().len()), (1, members.len()), "{}", asked.1);
        let (right, wrong) = (&right[differ[0]], &wrong[differ[0]]);
        assert_ne!(std::mem::discriminant(right), std::mem::discriminant(wrong));
        assert_eq!(id_of(asked.0, &sent[0]), id_of(asked.0, &plain));
    }
}

#[test]
fn oversized_is_one_byte_beyond_the_limit_or_as_large_as_told() {
    for asked in ALL {
        let limit = device(asked.0).limits().payload.unwrap();
        for (oversized, size) in [(Oversized::ByOne, limit + 1), (Oversized::Bytes(2 << 20), 2 << 20)] {
            let (plain, sent) = answers(asked, Faults { oversized: Some(oversized), ..Faults::default() });
            assert_eq!((sent[0].payload.len(), &sent[0].topic), (size, &plain.topic), "{}", asked.1);
            assert_eq!(sent[0].json(), plain.json());
        }
    }
}

#[test]
fn broken_json_is_the_answer_cut_short() {
    for asked in ALL {
        let (plain, sent) = answers(asked, Faults { broken_json: true, ..Faults::default() });
        assert!(serde_json::from_slice::<Value>(&sent[0].payload).is_err(), "{}", asked.1);
        assert!(plain.payload.starts_with(&sent[0].payload) && plain.payload.len() == sent[0].payload.len() + 1);
        assert_eq!(sent[0].topic, plain.topic);
    }
}

#[test]
fn a_wrong_topic_is_another_one_and_the_body_stays() {
    for asked in ALL {
        let (plain, sent) = answers(asked, Faults { wrong_topic: true, ..Faults::default() });
        assert_ne!(sent[0].topic, plain.topic, "{}", asked.1);
        assert_eq!(sent[0].payload, plain.payload);
        let meaning = |sent: &Sent| device(asked.0).meaning(Direction::Up, &sent.topic, &sent.payload).what;
        assert!(meaning(&sent[0]).is_answer() && meaning(&sent[0]) != meaning(&plain), "{}", sent[0].topic);
    }
}

#[test]
fn faults_are_combined() {
    let all = Faults {
        late_by: Some(Duration::ZERO),
        twice: Some(Duration::ZERO),
        wrong_request_id: true,
        wrong_type: true,
        oversized: Some(Oversized::Bytes(5_000)),
        broken_json: true,
        wrong_topic: true,
    };
    for asked in ALL {
        let (plain, sent) = answers(asked, all.clone());
        assert_eq!(sent.len(), 2, "{}", asked.1);
        assert_eq!(
            sent[0].by,
            "rule r: late, twice, wrong_request_id, wrong_type, oversized, broken_json, wrong_topic"
        );
        assert!(sent.iter().all(|sent| sent.topic != plain.topic && sent.payload.len() == 5_000));
        assert!(serde_json::from_slice::<Value>(&sent[0].payload).is_err());
        assert!(same_message(&sent[0], &sent[1]));
    }
}

#[test]
fn a_fault_that_cannot_be_made_is_told_and_nothing_goes() {
    let plain = Holds::Body(Template::parse("no JSON").unwrap());
    for (faults, why) in [
        (Faults { wrong_type: true, ..Faults::default() }, "wrong_type: the body is no JSON object"),
        (Faults { wrong_request_id: true, ..Faults::default() }, "wrong_request_id: the answer has no id"),
        (Faults { broken_json: true, ..Faults::default() }, "broken_json: the body is no JSON object"),
    ] {
        let reply = Reply { holds: plain.clone(), faults, ..Reply::default() };
        let (sent, notes) = Stage::rules(DIM.0, vec![rule(reply)]).asks(DIM.1, DIM.2);
        assert!(sent.is_empty() && notes[0].contains(why), "{notes:?}");
    }
}
