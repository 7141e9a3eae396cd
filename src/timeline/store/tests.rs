use proptest::prelude::*;

use super::*;
use crate::event::{Message, What};

fn push(store: &mut Store, topic: &str, payload: &[u8], hint: Place) -> (u64, Place) {
    let message =
        Message { topic, qos: crate::mqtt::Qos::AtMostOnce, payload, what: What::Custom, ..Message::default() };
    store.push(Head::default(), &Kind::Rx(message), hint)
}

#[test]
fn a_topic_is_stored_once_in_a_chunk() {
    let mut store = Store::new(1 << 20);
    let mut hint = Place::default();
    for _ in 0..10 {
        hint = push(&mut store, "a/long/topic/name", b"12", hint).1;
    }
    assert_eq!(store.chunks.back().map(|chunk| chunk.front), Some(17 + 10 * 2));
    // A hint that points at something else does no harm.
    push(&mut store, "another/topic/nam", b"", hint);
    assert_eq!(store.get(11).map(|stored| stored.topic().to_vec()), Some(b"another/topic/nam".to_vec()));
}

#[test]
fn hints_of_a_chunk_whose_memory_was_recycled_are_not_believed() {
    let mut store = Store::new(4 << 10);
    let (_, old) = push(&mut store, "a", b"", Place::default());
    for _ in 0..1_000 {
        push(&mut store, "b", b"0123456789", Place::default());
    }
    let (seq, new) = push(&mut store, "a", b"x", old);
    assert_ne!(new.chunk, old.chunk);
    assert_eq!(store.get(seq).map(|stored| stored.topic().to_vec()), Some(b"a".to_vec()));
}

#[test]
fn the_steady_state_recycles_its_memory() {
    let mut store = Store::new(64 << 10);
    for _ in 0..10_000 {
        push(&mut store, "t", &[7; 100], Place::default());
    }
    let mut before: Vec<_> = store.chunks.iter().map(|chunk| chunk.memory.as_ptr()).collect();
    for _ in 0..10_000 {
        push(&mut store, "t", &[7; 100], Place::default());
    }
    let mut after: Vec<_> = store.chunks.iter().map(|chunk| chunk.memory.as_ptr()).collect();
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!(before, after);
}

#[test]
fn small_events_fill_the_memory_they_count_for() {
    let budget = 1 << 20;
    let mut store = Store::new(budget);
    for _ in 0..100_000 {
        push(&mut store, "", b"", Place::default());
    }
    let held = store.span().map_or(0, |(oldest, newest)| newest - oldest + 1);
    let used = usize::try_from(held).unwrap() * HEAD_BYTES;
    assert!(used > budget * 8 / 10, "{used} of {budget}");
}

#[test]
fn the_newest_event_stays_whatever_its_size() {
    let mut store = Store::new(16 << 10);
    for _ in 0..100 {
        push(&mut store, "small", b"x", Place::default());
    }
    let large = vec![b'L'; 1 << 20];
    let (seq, _) = push(&mut store, "large", &large, Place::default());
    assert_eq!(store.span(), Some((seq, seq)));
    assert!(store.get(seq).is_some_and(|stored| stored.payload() == large));
    assert_eq!(store.let_go(), seq - 1);
    push(&mut store, "small", b"y", Place::default());
    assert_eq!(store.span(), Some((seq + 1, seq + 1)));
    assert!(store.held() <= 16 << 10);
}

#[test]
fn a_store_without_a_budget_still_shows_the_newest() {
    let mut store = Store::new(0);
    assert!(store.span().is_none() && store.get(0).is_none() && store.get(1).is_none());
    for seq in 1..50 {
        assert_eq!(push(&mut store, "t", b"payload", Place::default()).0, seq);
        assert!(store.get(seq).is_some() && store.get(seq + 1).is_none() && store.get(0).is_none());
    }
}

proptest! {
    #[test]
    fn budget_order_and_numbers_hold(
        events in prop::collection::vec((0_usize..4, prop_oneof![8 => 0_usize..300, 1 => 0_usize..9_000]), 0..300),
        budget in 2_000_usize..60_000,
    ) {
        let mut store = Store::new(budget);
        let mut hints = [Place::default(); 4];
        let mut sent: Vec<(String, Vec<u8>)> = Vec::new();
        for (topic, size) in events {
            let name = "topic/".repeat(topic) + "end";
            let payload = vec![u8::try_from(sent.len() % 251).unwrap(); size];
            let (seq, place) = push(&mut store, &name, &payload, hints[topic]);
            hints[topic] = place;
            sent.push((name, payload));
            prop_assert_eq!(seq, sent.len() as u64);
            let only_newest = store.chunks.len() == 1;
            prop_assert!(store.held() <= budget || only_newest, "{} of {}", store.held(), budget);
            prop_assert_eq!(store.held(), store.chunks.iter().map(|c| Chunk::cost(c.memory.len())).sum::<usize>());
        }
        let Some((oldest, newest)) = store.span() else { return Ok(()) };
        prop_assert_eq!(newest, sent.len() as u64);
        prop_assert_eq!(store.let_go(), oldest - 1);
        let on: Vec<u64> = store.on_from(0).map(|stored| stored.seq).collect();
        prop_assert_eq!(&on, &(oldest..=newest).collect::<Vec<_>>());
        let mut back: Vec<u64> = store.back_from(u64::MAX).map(|stored| stored.seq).collect();
        back.reverse();
        prop_assert_eq!(on, back);
        for (seq, (topic, payload)) in (1..).zip(&sent) {
            let held = store.get(seq).map(|stored| (stored.topic().to_vec(), stored.payload().to_vec()));
            let expected = (seq >= oldest).then(|| (topic.clone().into_bytes(), payload.clone()));
            prop_assert_eq!(held, expected);
        }
    }

    #[test]
    fn numbers_that_were_jumped_over_are_holes_and_nothing_else(
        events in prop::collection::vec((prop_oneof![5 => Just(0_u64), 1 => 0_u64..50], 0_usize..200), 1..200),
        budget in 2_000_usize..60_000,
    ) {
        let mut store = Store::new(budget);
        let mut numbers = Vec::new();
        for (ahead, size) in events {
            store.jump(store.next_number() + ahead);
            numbers.push(push(&mut store, "t", &vec![b'x'; size], Place::default()).0);
        }
        store.jump(store.next_number() + 7);
        let (oldest, newest) = store.span().unwrap();
        prop_assert_eq!(Some(&newest), numbers.last());
        prop_assert_eq!(store.let_go(), numbers.iter().filter(|number| **number < oldest).count() as u64);
        let held: Vec<u64> = numbers.into_iter().filter(|number| *number >= oldest).collect();
        for from in oldest.saturating_sub(1)..newest + 2 {
            prop_assert_eq!(store.get(from).map(|stored| stored.seq), held.binary_search(&from).ok().map(|_| from));
            let on: Vec<u64> = store.on_from(from).map(|stored| stored.seq).take(3).collect();
            prop_assert_eq!(on, held.iter().copied().filter(|number| *number >= from).take(3).collect::<Vec<_>>());
            let back: Vec<u64> = store.back_from(from).map(|stored| stored.seq).take(3).collect();
            prop_assert_eq!(back, held.iter().rev().copied().filter(|number| *number <= from).take(3).collect::<Vec<_>>());
        }
    }
}
