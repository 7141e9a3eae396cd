use proptest::prelude::*;

use super::super::tests::{message, moment};
use super::*;

const ONE: SessionId = SessionId(0);
const TWO: SessionId = SessionId(1);

fn at(millis: u64) -> Instant {
    moment(millis * 1_000).mono
}

fn asked(id: &str, deadline_ms: u32) -> Message<'_> {
    Message { what: What::Command, request_id: Some(id), deadline_ms: Some(deadline_ms), ..message("commands", b"{}") }
}

fn answer(id: &str) -> Message<'_> {
    Message { what: What::CommandReply, request_id: Some(id), ..message("response", b"") }
}

fn states(requests: &Requests) -> Vec<(u64, RequestState)> {
    requests.iter().map(|request| (request.seq, request.state)).collect()
}

#[test]
fn a_request_opens_waits_and_is_answered() {
    let mut requests = Requests::new(10);
    requests.came(ONE, 1, at(0), &asked("a", 20_000));
    requests.came(ONE, 2, at(5), &asked("b", 5_000));
    requests.came(TWO, 3, at(6), &asked("a", 9_000));
    let (open, urgent) = requests.most_urgent();
    assert_eq!((open, urgent.map(|request| request.seq)), (3, Some(2)));
    assert_eq!(requests.took(ONE, "a", at(420)), Some(Duration::from_millis(420)));
    requests.went(ONE, 90, at(420), &answer("a"));
    assert_eq!(states(&requests)[0], (1, RequestState::Answered(Duration::from_millis(420))));
    // A second answer changes nothing; nor does what answers nothing.
    requests.went(ONE, 91, at(500), &answer("a"));
    requests.went(ONE, 90, at(500), &answer("unknown"));
    requests.went(ONE, 90, at(500), &Message { what: What::PropertyReport, ..answer("b") });
    assert_eq!(states(&requests)[0], (1, RequestState::Answered(Duration::from_millis(420))));
    let known = |seq| requests.get(seq).and_then(|request| request.answer);
    assert_eq!((known(1), known(2)), (Some(90), None));
    assert_eq!(requests.most_urgent().0, 2);
    assert_eq!(requests.find(TWO, "a").map(|request| request.seq), Some(3));
    assert_eq!(requests.took(TWO, "b", at(1)), None);
}

#[test]
fn only_what_has_a_deadline_and_an_id_is_a_request() {
    let mut requests = Requests::new(10);
    requests.came(ONE, 1, at(0), &Message { deadline_ms: None, ..asked("a", 0) });
    requests.came(ONE, 2, at(0), &Message { request_id: None, ..asked("a", 9) });
    assert_eq!(states(&requests), []);
}

#[test]
fn by_urgency_come_the_open_ones_by_the_time_they_have_left_then_the_others_the_newest_first() {
    let mut requests = Requests::new(10);
    for (seq, id, deadline) in [(1, "a", 20_000), (2, "b", 5_000), (3, "c", 9_000), (4, "d", 50), (5, "e", 7_000)] {
        requests.came(ONE, seq, at(0), &asked(id, deadline));
    }
    requests.expire(at(60));
    requests.went(ONE, 90, at(70), &answer("b"));
    assert!(requests.hold(3, true), "a held one keeps its place");
    let order = |requests: &Requests| requests.by_urgency().map(|request| request.seq).collect::<Vec<_>>();
    assert_eq!(order(&requests), [5, 3, 1, 4, 2]);
    assert!(requests.ignore(5));
    assert_eq!(order(&requests), [3, 1, 5, 4, 2]);
    let between = |first, last| requests.between(first, last).map(|request| request.seq).collect::<Vec<_>>();
    assert_eq!(between(2, 4), [2, 3, 4]);
    assert_eq!(between(4, 2), [0; 0], "an empty window has no request");
    assert_eq!((requests.len(), requests.is_empty()), (5, false));
}

#[test]
fn deadlines_pass() {
    let mut requests = Requests::new(10);
    requests.came(ONE, 1, at(0), &asked("a", 20));
    requests.came(ONE, 2, at(0), &asked("b", 50));
    assert_eq!(requests.expire(at(19)), Some(at(20)));
    assert_eq!(requests.expire(at(20)), Some(at(50)));
    assert_eq!(states(&requests), [(1, RequestState::Expired), (2, RequestState::Open)]);
    requests.went(ONE, 90, at(30), &answer("a"));
    // Late too where nobody looked at the clock between.
    requests.went(ONE, 90, at(50), &answer("b"));
    let late = |millis| RequestState::Late(Duration::from_millis(millis));
    assert_eq!(states(&requests), [(1, late(30)), (2, late(50))]);
    assert_eq!((requests.expire(at(99)), requests.most_urgent().0), (None, 0));
}

#[test]
fn a_delivery_again_is_no_second_request() {
    let mut requests = Requests::new(10);
    let again = Message { dup: true, ..asked("a", 20) };
    requests.came(ONE, 1, at(0), &again);
    requests.came(ONE, 2, at(5), &again);
    requests.went(ONE, 90, at(9), &answer("a"));
    requests.came(ONE, 4, at(10), &again);
    assert_eq!(states(&requests), [(1, RequestState::Answered(Duration::from_millis(9)))]);
}

#[test]
fn an_id_used_again_is_a_new_request() {
    let mut requests = Requests::new(10);
    requests.came(ONE, 1, at(0), &asked("a", 20));
    requests.went(ONE, 90, at(1), &answer("a"));
    requests.came(ONE, 3, at(2), &asked("a", 20));
    assert_eq!(requests.find(ONE, "a").map(|request| (request.seq, request.state)), Some((3, RequestState::Open)));
    requests.came(ONE, 4, at(3), &asked("a", 20));
    let answered = RequestState::Answered(Duration::from_millis(1));
    assert_eq!(states(&requests), [(1, answered), (4, RequestState::Open)]);
    assert_eq!(requests.most_urgent().0, 1);
}

#[test]
fn closed_requests_go_first_then_the_oldest() {
    let mut requests = Requests::new(3);
    for (seq, id) in (1..).zip(["a", "b", "c"]) {
        requests.came(ONE, seq, at(0), &asked(id, 20));
    }
    requests.went(ONE, 90, at(1), &answer("b"));
    requests.came(ONE, 5, at(2), &asked("d", 20));
    assert_eq!(requests.iter().map(|request| request.seq).collect::<Vec<_>>(), [1, 3, 5]);
    requests.came(ONE, 6, at(2), &asked("e", 20));
    assert_eq!(requests.iter().map(|request| request.seq).collect::<Vec<_>>(), [3, 5, 6]);
    assert!(requests.find(ONE, "a").is_none() && requests.find(ONE, "b").is_none());
}

#[test]
fn large_payloads_are_bounded_and_the_newest_stays() {
    let mut requests = Requests::new(4);
    let large = vec![b'x'; 7 << 10];
    for (seq, id) in (1..).zip(["a", "b", "c"]) {
        requests.came(ONE, seq, at(0), &Message { payload: &large, ..asked(id, 20) });
    }
    assert_eq!(requests.iter().map(|request| request.seq).collect::<Vec<_>>(), [2, 3]);
    let huge = vec![b'x'; 1 << 20];
    requests.came(ONE, 4, at(0), &Message { payload: &huge, ..asked("d", 20) });
    assert_eq!(requests.iter().map(|request| request.payload.len()).collect::<Vec<_>>(), [1 << 20]);
}

proptest! {
    #[test]
    fn the_books_agree(steps in prop::collection::vec((0_u8..4, 0_u8..5, 0_u64..8, any::<bool>()), 0..120), limit in 1_usize..6) {
        let mut requests = Requests::new(limit);
        let mut now = 0;
        for (seq, (step, id, later, dup)) in (1..).zip(steps) {
            now += later;
            let id = id.to_string();
            match step {
                0 | 1 => requests.came(ONE, seq, at(now), &Message { dup, ..asked(&id, 10) }),
                2 => requests.went(ONE, 90, at(now), &answer(&id)),
                _ => {
                    let next = requests.expire(at(now));
                    prop_assert!(next.is_none_or(|next| next > at(now)));
                }
            }
            prop_assert!(requests.known.len() <= limit);
            prop_assert_eq!(requests.open.len() + requests.closed.len(), requests.known.len());
            prop_assert_eq!(requests.bytes, requests.iter().map(Request::bytes).sum::<usize>());
            let open: Vec<_> = requests.iter().filter(|request| request.state == RequestState::Open).collect();
            prop_assert_eq!(open.len(), requests.most_urgent().0);
            for request in requests.iter() {
                let newest = requests.iter().rfind(|other| other.request_id == request.request_id);
                prop_assert_eq!(requests.find(ONE, &request.request_id).map(|found| found.seq), newest.map(|newest| newest.seq));
            }
            prop_assert_eq!(requests.by_id.len(), requests.iter().map(|r| &r.request_id).collect::<BTreeSet<_>>().len());
        }
    }
}
