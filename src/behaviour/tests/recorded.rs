//! Recorded answers among the rules.

use super::super::recorded::{Identifiers, Pair, Recorded, Unmatched};
use super::*;
use crate::mqtt::Qos;

/// A lamp that once answered `dim`.
fn recorded(unmatched: Unmatched, paced: bool) -> Recorded {
    let names = [("product_key", "pk"), ("device_name", "dn")];
    let identifiers: Identifiers = names.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let pair = Pair {
        asked_topic: DIM.1.to_owned(),
        asked_payload: Bytes::from_static(
            br#"{"id":"5","version":"1.0","params":{"level":3},"method":"thing.service.dim"}"#,
        ),
        topic: "/sys/pk/dn/thing/service/dim_reply".to_owned(),
        payload: Bytes::from_static(br#"{"id":"5","code":200,"data":{"was":1}}"#),
        qos: Qos::AtLeastOnce,
        at: WallTime::from_unix_micros(START - 1_000_000_000),
        took: Duration::from_millis(420),
    };
    let cloud = Cloud::Aliyun;
    let mut recorded = Recorded::new([pair], (cloud, &identifiers), (cloud, &identifiers)).unwrap();
    (recorded.unmatched, recorded.paced) = (unmatched, paced);
    recorded
}

fn stage(unmatched: Unmatched, paced: bool, rules: Vec<Rule>) -> Stage {
    Stage::new(Cloud::Aliyun, &Plan { recorded: Some(recorded(unmatched, paced)), rules, ..Plan::default() })
}

const OTHER: (&str, &str) =
    ("/sys/pk/dn/thing/service/blink", r#"{"id":"9","version":"1.0","params":{},"method":"thing.service.blink"}"#);

#[test]
fn a_recorded_answer_goes_with_the_new_id_and_at_its_pace() {
    for (paced, after) in [(false, 0), (true, 420)] {
        let mut stage = stage(Unmatched::Leave, paced, Vec::new());
        let (sent, notes) = stage.asks(DIM.1, DIM.2);
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(sent[0].json(), json!({ "id": "123", "code": 200, "data": { "was": 1 } }));
        assert_eq!((sent[0].by.as_str(), sent[0].at), (RECORDED, Duration::from_millis(after)));
        let standing = stage.standing().rules.pop().unwrap();
        assert_eq!((standing.name.as_str(), standing.hits), (RECORDED, 1));
        assert_eq!(standing.last.as_deref(), Some("command dim as recorded"));
    }
}

#[test]
fn what_none_is_like_is_left_failed_or_dropped() {
    let ask = |unmatched| stage(unmatched, false, Vec::new()).asks(OTHER.0, OTHER.1);
    assert_eq!(ask(Unmatched::Leave), (Vec::new(), Vec::new()));
    let (sent, _) = ask(Unmatched::Fail);
    assert_eq!((sent[0].json()["code"].as_i64(), sent[0].json()["id"].as_str()), (Some(400), Some("9")));
    let (sent, notes) = ask(Unmatched::Drop);
    assert_eq!((sent, notes), (Vec::new(), vec!["recorded answers: command blink is not answered".to_owned()]));
}

#[test]
fn a_rule_goes_before_what_is_recorded_and_the_switch_is_theirs_too() {
    let mut stage = stage(Unmatched::Drop, false, vec![Rule { times: Some(1), ..rule(Reply::default()) }]);
    assert_eq!(stage.asks(DIM.1, DIM.2).0[0].by, "rule r");
    assert_eq!(stage.asks(DIM.1, DIM.2).0[0].by, RECORDED);
    let off = Control::Rule { name: RECORDED.to_owned(), on: false };
    stage.behaviour.control(stage.now, &off).unwrap();
    assert_eq!(stage.asks(DIM.1, DIM.2), (Vec::new(), Vec::new()));
    assert!(!stage.standing().rules.last().unwrap().on);
}
