//! The timeline as a whole: what was appended comes back, and the counts agree with it.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::event::{Acked, Failure, Irregular, LineState, StateChange, Subscribed, What};
use crate::mqtt::{PacketId, Qos};

pub(super) fn moment(micros: u64) -> Moment {
    use std::sync::OnceLock;
    static START: OnceLock<Instant> = OnceLock::new();
    let start =
        Moment { at: WallTime::from_unix_micros(1_763_713_800_000_000), mono: *START.get_or_init(Instant::now) };
    start.after(Duration::from_micros(micros))
}

pub(super) fn message<'a>(topic: &'a str, payload: &'a [u8]) -> Message<'a> {
    Message {
        topic,
        qos: Qos::AtLeastOnce,
        packet_id: PacketId::new(7),
        payload,
        what: What::Message,
        ..Message::default()
    }
}

fn timeline(bytes: usize) -> (Timeline, SessionId) {
    let mut timeline = Timeline::new(Budget { bytes, ..Budget::default() }, moment(0));
    let session = timeline.register("smoke-01", Cloud::Huawei);
    (timeline, session)
}

/// Any event, owned.
#[derive(Clone, Debug)]
pub(super) struct Made {
    tag: u8,
    topic: String,
    payload: Vec<u8>,
    texts: [Option<String>; 3],
    numbers: (Option<u64>, Option<u32>, Option<u32>, u16),
    duration: Duration,
    bits: u8,
    what: usize,
}

impl Made {
    pub(super) fn kind(&self) -> Kind<'_> {
        let text = |n: usize| self.texts[n].as_deref();
        let qos = Qos::from_number(self.bits % 3).unwrap();
        let (order, first, second, id) = self.numbers;
        match self.tag {
            0 => Kind::State(StateChange {
                state: LineState::ALL[self.what % 4],
                attempt: first.unwrap_or(3),
                retry_in: second.map(|_| self.duration),
                code: text(0),
                reason: text(1),
                hint: text(2),
                order,
            }),
            1 | 2 => {
                let message = Message {
                    topic: &self.topic,
                    qos,
                    retain: self.bits & 4 != 0,
                    dup: self.bits & 8 != 0,
                    packet_id: PacketId::new(id),
                    payload: &self.payload,
                    what: What::ALL[self.what % What::ALL.len()],
                    request_id: text(0),
                    deadline_ms: first,
                    took_ms: second,
                    by: text(1),
                    irregular: Irregular::from_bits(self.bits >> 4),
                    order,
                };
                if self.tag == 1 { Kind::Rx(message) } else { Kind::Tx(message) }
            }
            3 => Kind::Acked(Acked { packet_id: PacketId::new(id), took: self.duration, order }),
            4 => {
                let granted = Qos::from_number(self.bits >> 4 & 3);
                Kind::Subscribed(Subscribed { filter: &self.topic, asked: qos, granted, reason: text(0), order })
            }
            5 => Kind::Unsubscribed { filter: &self.topic, order },
            6 => Kind::Gap { count: order.unwrap_or(1), reason: &self.topic },
            7 => Kind::Note { text: &self.topic, order },
            _ => Kind::Error(Failure { code: &self.topic, reason: text(0).unwrap_or(""), hint: text(1), order }),
        }
    }
}

pub(super) fn made() -> impl Strategy<Value = Made> {
    let text = || prop::option::of("[a-cA-C温/ ]{0,6}");
    let numbers = (any::<Option<u64>>(), any::<Option<u32>>(), any::<Option<u32>>(), any::<u16>());
    let duration = (any::<u64>(), 0_u32..1_000_000_000).prop_map(|(secs, nanos)| Duration::new(secs, nanos));
    let topic = prop_oneof!["[abAB/{}id温]{0,8}", any::<String>()];
    let payload = prop_oneof!["[abAB温{}:\"]{0,12}".prop_map(String::into_bytes), any::<Vec<u8>>()];
    (0_u8..9, topic, payload, [text(), text(), text()], numbers, duration, any::<u8>(), 0_usize..60).prop_map(
        |(tag, topic, payload, texts, numbers, duration, bits, what)| Made {
            tag,
            topic,
            payload,
            texts,
            numbers,
            duration,
            bits,
            what,
        },
    )
}

#[test]
fn names_and_places_of_what_is_packed_agree() {
    for (place, what) in What::ALL.into_iter().enumerate() {
        assert_eq!(what as usize, place);
    }
    for (place, state) in LineState::ALL.into_iter().enumerate() {
        assert_eq!(state as usize, place);
    }
}

#[test]
fn sessions_are_numbered_in_order_and_keep_their_place() {
    let (mut timeline, first) = timeline(1 << 20);
    let second = timeline.register("lamp", Cloud::Aliyun);
    assert_eq!(
        (first, second, timeline.register("smoke-01", Cloud::Huawei)),
        (SessionId(0), SessionId(1), SessionId(0))
    );
    let seq = timeline.append(second, moment(5), &Kind::Note { text: "hello", order: None }, None);
    assert_eq!(timeline.session_of(seq), Some(second));
    assert_eq!(timeline.get(seq).map(|event| event.session.to_owned()), Some("lamp".to_owned()));
    assert_eq!((timeline.session_of(seq + 1), timeline.span()), (None, Some((1, 1))));
}

#[test]
fn time_never_goes_back_even_where_the_clock_does() {
    let (mut timeline, session) = timeline(1 << 20);
    for micros in [5, 100, 40, 100, 101] {
        timeline.append(session, moment(micros), &Kind::Note { text: "", order: None }, None);
    }
    let times: Vec<u64> = timeline.events_from(1).map(|event| event.mono_us).collect();
    assert_eq!(times, [5, 100, 100, 100, 101]);
    assert_eq!((timeline.mono_us_at(moment(3)), timeline.mono_us_at(moment(300))), (101, 300));
    assert_eq!(timeline.get(3).map(|event| event.at), Some(moment(40).at), "the wall clock stands as it was");
}

#[test]
fn a_standing_follows_the_line() {
    let (mut timeline, session) = timeline(1 << 20);
    let online = StateChange { state: LineState::Online, attempt: 2, ..StateChange::default() };
    timeline.append(session, moment(10), &Kind::State(online), None);
    timeline.pinged(session, Duration::from_millis(23));
    timeline.append(session, moment(20), &Kind::State(online), None);
    let standing = &timeline.sessions()[0];
    assert_eq!((standing.state, standing.attempt, standing.since), (LineState::Online, 2, moment(10).at));
    assert_eq!((standing.ping, standing.retry), (Some(Duration::from_millis(23)), None));

    let wait = Duration::from_millis(4_200);
    let long = "z".repeat(5_000) + "温";
    let down = StateChange {
        state: LineState::Backoff,
        attempt: 3,
        retry_in: Some(wait),
        code: Some("closed"),
        reason: Some(&long),
        ..StateChange::default()
    };
    timeline.append(session, moment(30), &Kind::State(down), None);
    let standing = &timeline.sessions()[0];
    assert_eq!((standing.retry, standing.ping), (Some((moment(30).mono + wait, wait)), None));
    assert_eq!((standing.code.as_deref(), standing.hint.as_deref()), (Some("closed"), None));
    assert_eq!(standing.reason.as_deref(), Some(&long[..1_024]));
}

#[test]
fn subscriptions_follow_the_answers() {
    let (mut timeline, session) = timeline(1 << 20);
    let mut answer = |filter, granted| {
        let answer = Subscribed { filter, asked: Qos::AtLeastOnce, granted, reason: None, order: None };
        timeline.append(session, moment(1), &Kind::Subscribed(answer), None);
    };
    answer("a/#", Some(Qos::AtLeastOnce));
    answer("b/#", None);
    answer("c/#", Some(Qos::AtMostOnce));
    answer("a/#", Some(Qos::AtMostOnce));
    timeline.append(session, moment(2), &Kind::Unsubscribed { filter: "c/#", order: None }, None);
    let held = &timeline.sessions()[0].subscriptions;
    assert_eq!(held, &[("a/#".to_owned(), Some(Qos::AtMostOnce)), ("b/#".to_owned(), None)]);
    assert_eq!(timeline.sessions()[0].lowered, [("a/#".to_owned(), Qos::AtLeastOnce)]);
}

#[test]
fn messages_are_counted_both_ways_with_request_ids_folded() {
    let (mut timeline, session) = timeline(1 << 20);
    for id in ["x1", "y22"] {
        let topic = format!("sys/commands/request_id={id}/end");
        let span = Some((24, 24 + id.len()));
        timeline.append(session, moment(100), &Kind::Rx(message(&topic, b"{}")), span);
    }
    timeline.append(session, moment(200), &Kind::Tx(message("up", b"")), Some((9, 12)));
    timeline.append(session, moment(1_000_000), &Kind::Note { text: "a second later", order: None }, None);
    let held: Vec<_> = timeline.topics().iter().map(|t| (t.topic.as_str(), t.count, t.last_seq)).collect();
    assert_eq!(held, [("up", 1, 3), ("sys/commands/request_id={id}/end", 2, 2)]);
    let standing = &timeline.sessions()[0];
    let now = timeline.mono_us_at(moment(1_500_000));
    let rates = [standing.rx_rate.per_second(now), standing.tx_rate.per_second(now)].map(|rate| rate.to_string());
    assert_eq!((standing.rx, standing.tx, rates), (2, 1, ["2".to_owned(), "1".to_owned()]));
    let topic = timeline.get(2).and_then(|event| match event.kind {
        Kind::Rx(message) => Some(message.topic.to_owned()),
        _ => None,
    });
    assert_eq!(topic.as_deref(), Some("sys/commands/request_id=y22/end"), "the event keeps its own topic");
}

#[test]
fn a_span_that_is_no_part_of_the_topic_folds_nothing() {
    let mut out = String::new();
    for span in [(0, 9), (2, 1), (3, 3), (1, 2), (usize::MAX, 2)] {
        assert_eq!(fold("a温b", span, &mut out), None, "{span:?}");
    }
    assert_eq!(fold("a温b", (1, 4), &mut out), Some("a{id}b"));
}

#[test]
fn what_is_let_go_is_counted() {
    let budget = Budget { bytes: 16 << 10, topics: 2, requests: 2 };
    let mut timeline = Timeline::new(budget, moment(0));
    let session = timeline.register("d", Cloud::Mqtt);
    for n in 0..1_000 {
        timeline.append(session, moment(n), &Kind::Rx(message(&n.to_string(), b"payload")), None);
    }
    let (oldest, newest) = timeline.span().unwrap();
    assert_eq!(timeline.let_go(), LetGo { events: oldest - 1, topics: 998 });
    assert!(newest == 1_000 && oldest > 1 && timeline.store.held() <= 16 << 10);
}

#[test]
fn a_timeline_can_begin_with_any_number_and_jump_over_a_stretch() {
    let (mut timeline, session) = timeline(1 << 20);
    let note =
        |timeline: &mut Timeline| timeline.append(session, moment(1), &Kind::Note { text: "n", order: None }, None);
    timeline.jump(1_000);
    assert_eq!((timeline.span(), timeline.next_number()), (None, 1_000));
    assert_eq!((note(&mut timeline), note(&mut timeline)), (1_000, 1_001));
    timeline.jump(7);
    assert_eq!(note(&mut timeline), 1_002, "numbers never go back");
    timeline.jump(2_000);
    assert_eq!((timeline.span(), timeline.get(1_500)), (Some((1_000, 1_002)), None));
    assert_eq!(note(&mut timeline), 2_000);
    assert_eq!((timeline.span(), timeline.let_go()), (Some((1_000, 2_000)), LetGo::default()));
    let all = Query::default();
    assert_eq!(timeline.find_on(&all, 1_003, 10), Scan::Found(2_000));
    assert_eq!(timeline.find_back(&all, 1_999, 10), Scan::Found(1_002));
    assert_eq!((timeline.find_back(&all, 999, 10), timeline.find_on(&all, 2_001, 10)), (Scan::End, Scan::End));
    assert_eq!((timeline.session_of(1_003), timeline.session_of(2_000)), (None, Some(session)));
}

#[test]
fn a_standing_can_be_told_without_an_event() {
    let (mut timeline, session) = timeline(1 << 20);
    let online = StateChange { state: LineState::Online, attempt: 2, code: Some("x"), ..StateChange::default() };
    timeline.stand(session, moment(3), &online);
    timeline.stand(session, moment(9), &online);
    timeline.stand(SessionId(99), moment(9), &online);
    let standing = &timeline.sessions()[0];
    assert_eq!((standing.state, standing.attempt, standing.since), (LineState::Online, 2, moment(3).at));
    assert_eq!((standing.code.as_deref(), timeline.span(), timeline.next_number()), (Some("x"), None, 1));
}

#[test]
fn a_timeline_put_in_anothers_place_makes_its_tree_stale() {
    let (mut timeline, session) = timeline(1 << 20);
    let (mut fresh, _) = self::timeline(1 << 20);
    for held in [&mut timeline, &mut fresh] {
        held.append(session, moment(1), &Kind::Rx(message("t", b"")), None);
    }
    let before = timeline.topics().revision();
    fresh.append(session, moment(2), &Kind::Note { text: "fresh", order: None }, None);
    let old = timeline.replace(fresh);
    assert_eq!((old.span(), timeline.span()), (Some((1, 1)), Some((1, 2))));
    assert!(timeline.topics().revision() > before);
}

#[test]
fn a_session_that_was_never_registered_does_no_harm() {
    let (mut timeline, _) = timeline(1 << 20);
    let seq = timeline.append(SessionId(99), moment(1), &Kind::Rx(message("t", b"p")), None);
    timeline.pinged(SessionId(99), Duration::ZERO);
    assert_eq!(timeline.get(seq).map(|event| event.session.to_owned()), Some(String::new()));
}

proptest! {
    #[test]
    fn what_was_appended_comes_back_exactly(all in prop::collection::vec((made(), 0_u16..3, 0_u64..5_000), 0..80), bytes in 2_000_usize..40_000) {
        let mut timeline = Timeline::new(Budget { bytes, topics: 3, requests: 3 }, moment(0));
        for name in ["a", "b", "c"] {
            timeline.register(name, Cloud::Mqtt);
        }
        for (seq, (made, session, micros)) in (1..).zip(&all) {
            prop_assert_eq!(timeline.append(SessionId(*session), moment(*micros), &made.kind(), Some((1, 3))), seq);
        }
        let oldest = timeline.span().map_or(1, |(oldest, _)| oldest);
        let mut mono_us = 0;
        for (seq, (made, session, micros)) in (1..).zip(&all) {
            mono_us = mono_us.max(*micros);
            let session = ["a", "b", "c"][usize::from(*session)];
            let expected = Event { seq, at: moment(*micros).at, mono_us, session, kind: made.kind() };
            prop_assert_eq!(timeline.get(seq), (seq >= oldest).then_some(expected));
        }
        prop_assert!(timeline.topics().len() <= 3 && timeline.requests().iter().count() <= 3);
    }
}
