//! Followers miss nothing, or know how much; sessions wait for them, and not for ever.

use std::collections::BTreeMap;
use std::sync::mpsc;

use proptest::prelude::*;

use super::*;
use crate::profile::Cloud;
use crate::timeline::Budget;

/// What sessions of [`journal`] append: a remark weighs as much as it has to here.
const NOTE: Kind<'static> = Kind::Note { text: "n", order: None };

const FIRST: SessionId = SessionId(0);
const SECOND: SessionId = SessionId(1);

fn journal(budget: usize) -> Journal {
    let mut timeline = Timeline::new(Budget { bytes: budget, ..Budget::default() }, clock::now());
    for name in ["first", "second", "third"] {
        timeline.register(name, Cloud::Mqtt);
    }
    Journal::new(timeline)
}

/// Appends something that makes whoever does not read it lag too far behind.
fn flood(journal: &Journal) {
    journal.append(FIRST, clock::now(), &NOTE);
    journal.with(|_| journal.owe(LAG));
}

fn has_room(journal: &Journal) -> bool {
    journal.has_room(clock::now().mono)
}

fn kept(journal: &Journal, session: SessionId, wanted: u64) -> u64 {
    journal.kept(session, wanted, clock::now().mono)
}

/// Everything that there is to read: number and text, or the session and the count of a gap.
fn rest(follower: &mut Follower) -> Vec<String> {
    let mut read = Vec::new();
    while follower.take(3, |event| read.push(words(event))) > 0 {}
    read
}

fn words(event: &crate::event::Event<'_>) -> String {
    match event.kind {
        Kind::Note { text, .. } => format!("{} {} {text}", event.seq, event.session),
        Kind::Gap { count, .. } => format!("{} {} -{count}", event.seq, event.session),
        _ => panic!("{event:?}"),
    }
}

#[test]
fn each_follower_reads_from_where_it_joined_and_numbers_anew() {
    let (journal, mut early) = {
        let journal = journal(1 << 20);
        let follower = journal.follow();
        (journal, follower)
    };
    let say = |text| journal.append(SECOND, clock::now(), &Kind::Note { text, order: None });
    say("a");
    let mut late = journal.follow();
    assert_eq!(rest(&mut late), [""; 0]);
    say("b");
    say("c");
    assert_eq!(rest(&mut early), ["1 second a", "2 second b", "3 second c"]);
    say("d");
    assert_eq!(rest(&mut late), ["1 second b", "2 second c", "3 second d"]);
    drop(late);
    say("e");
    assert_eq!(rest(&mut early), ["4 second d", "5 second e"]);
    assert_eq!(early.position(), 6);
}

#[tokio::test(start_paused = true)]
async fn sessions_wait_for_the_slowest_follower_and_for_none_that_has_left() {
    let journal = journal(32 << 20);
    assert!(has_room(&journal));
    let (mut quick, mut slow) = (journal.follow(), journal.follow());
    flood(&journal);
    assert!(!has_room(&journal));
    rest(&mut quick);
    assert!(!has_room(&journal));
    // One that owes nobody an acknowledgement is waited for as long as it takes.
    let waited = tokio::time::timeout(Duration::from_hours(1), journal.room()).await;
    assert!(waited.is_err() && !has_room(&journal));
    let ((), ()) = tokio::join!(journal.room(), async { drop(rest(&mut slow)) });
    assert!(has_room(&journal));
    flood(&journal);
    rest(&mut quick);
    let ((), ()) = tokio::join!(journal.room(), async { drop(slow) });
    assert!(has_room(&journal));
}

#[test]
fn a_small_timeline_stops_sessions_before_it_lets_go_what_was_not_read() {
    for budget in [1 << 20, 4 << 20, 32 << 20, 64 << 20] {
        let journal = journal(budget);
        let mut follower = journal.follow();
        let text = "x".repeat(40);
        // What a remark weighs is more than its text.
        while has_room(&journal) {
            journal.append(FIRST, clock::now(), &Kind::Note { text: &text, order: None });
        }
        let lag = journal.shared.lag;
        assert!(lag <= LAG as u64 && lag <= (budget / 4) as u64 && lag >= (1 << 20) / 4);
        let mut gaps = 0;
        while follower.take(1_000, |event| gaps += usize::from(matches!(event.kind, Kind::Gap { .. }))) > 0 {}
        assert!(has_room(&journal) && gaps == 0);
    }
}

#[test]
fn a_budget_has_room_for_the_largest_message() {
    let usual = Budget::default();
    assert_eq!(Journal::roomy(usual, &[]), usual);
    let identity = crate::profile::MqttIdentity { client_id: "c".into(), username: None, password: None, will: None };
    let endpoint = crate::profile::Endpoint {
        transport: crate::profile::Transport::Mqtt,
        host: "h".into(),
        port: 1,
        path: String::new(),
        subprotocol: None,
    };
    let device = crate::cloud::defaults::profile("d", crate::profile::Identity::Mqtt(identity), endpoint);
    assert_eq!(Journal::roomy(usual, std::slice::from_ref(&device)), usual, "as it is without a word in the config");
    let large = Profile { max_packet: 256 << 20, ..device };
    let small = Budget { bytes: 1 << 20, ..usual };
    for budget in [usual, small] {
        assert_eq!(Journal::roomy(budget, std::slice::from_ref(&large)).bytes, (16 << 20) + (256 << 20));
    }
}

#[tokio::test(start_paused = true)]
async fn a_tape_without_a_sign_of_life_is_given_up_until_it_gives_one() {
    let journal = journal(32 << 20);
    let (mut tape, ()) = journal.vouch(None, |_| ());
    // However long nothing happens: that is no silence.
    tokio::time::advance(Duration::from_hours(1)).await;
    flood(&journal);
    let begun = clock::now().mono;
    assert!(!has_room(&journal));
    journal.room().await;
    let waited = clock::now().mono - begun;
    assert!(waited >= PATIENCE && waited < PATIENCE + Duration::from_millis(10), "{waited:?}");
    assert!(has_room(&journal));
    // One message is not all that it owes: it is waited for again, and again not for ever.
    flood(&journal);
    flood(&journal);
    assert!(has_room(&journal), "given up, it stays so");
    assert_eq!(tape.take(1, |_| ()), 1);
    assert!(!has_room(&journal));
    tokio::time::advance(PATIENCE * 999 / 1000).await;
    assert!(!has_room(&journal));
    assert_eq!(tape.take(1, |_| ()), 1);
    tokio::time::advance(PATIENCE * 999 / 1000).await;
    assert!(!has_room(&journal), "every sign of life begins the wait anew");
    rest(&mut tape);
    assert!(has_room(&journal));
}

#[tokio::test(start_paused = true)]
async fn a_session_acknowledges_what_all_its_tapes_have_kept() {
    let journal = journal(1 << 20);
    assert_eq!(kept(&journal, FIRST, 7), 7, "without a tape");
    let reader = journal.follow();
    assert_eq!(kept(&journal, FIRST, 7), 7, "one that does not vouch");
    journal.append(FIRST, clock::now(), &NOTE);
    let (all, before) = journal.vouch(None, Timeline::next_number);
    let (one, ()) = journal.vouch(Some(vec![FIRST]), |_| ());
    assert_eq!(before, 2);
    assert_eq!(kept(&journal, FIRST, 1), 1, "what was there before is none of their business");
    journal.append(FIRST, clock::now(), &NOTE);
    journal.append(SECOND, clock::now(), &NOTE);
    assert_eq!((kept(&journal, FIRST, 2), kept(&journal, SECOND, 3)), (1, 1));
    one.keep(3);
    assert_eq!((kept(&journal, FIRST, 2), kept(&journal, SECOND, 3)), (1, 1));
    let ((), ()) = tokio::join!(journal.until_kept(FIRST, 2), async { all.keep(2) });
    assert_eq!((kept(&journal, FIRST, 2), kept(&journal, SECOND, 3)), (2, 2));
    all.keep(1);
    assert_eq!(kept(&journal, FIRST, 2), 2, "what is kept stays kept");
    let ((), ()) = tokio::join!(journal.until_kept(SECOND, 3), async { drop(all) });
    assert_eq!((kept(&journal, FIRST, 4), kept(&journal, SECOND, 4)), (3, 4));
    drop((one, reader));
    assert_eq!(kept(&journal, FIRST, 4), 4);
}

#[tokio::test(start_paused = true)]
async fn a_tape_that_hangs_holds_acknowledgements_for_five_seconds() {
    let journal = journal(1 << 20);
    let (hung, ()) = journal.vouch(None, |_| ());
    let (live, ()) = journal.vouch(Some(vec![FIRST]), |_| ());
    for _ in 0..9 {
        journal.append(FIRST, clock::now(), &NOTE);
    }
    let begun = clock::now().mono;
    live.keep(9);
    journal.until_kept(FIRST, 1).await;
    assert!(clock::now().mono - begun >= PATIENCE);
    assert_eq!(kept(&journal, FIRST, 9), 9, "for all that waits, not only for the first");
    // The other one lives: it alone decides now.
    journal.append(FIRST, clock::now(), &NOTE);
    assert_eq!(kept(&journal, FIRST, 10), 9);
    live.keep(10);
    assert_eq!(kept(&journal, FIRST, 10), 10);
    // A sign of life, and it is waited for again.
    hung.keep(4);
    assert_eq!(kept(&journal, FIRST, 10), 4);
    hung.keep(10);
    tokio::time::advance(Duration::from_hours(1)).await;
    journal.append(FIRST, clock::now(), &NOTE);
    live.keep(11);
    assert_eq!(kept(&journal, FIRST, 11), 10, "no old wait is left standing");
}

#[test]
fn a_plain_thread_waits_for_events_and_no_longer_than_it_wants() {
    let journal = journal(1 << 20);
    let mut follower = journal.follow();
    follower.wait(Some(Instant::now()));
    follower.wait(Some(Instant::now() + Duration::from_millis(1)));
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        loop {
            let mut last = false;
            follower.take(9, |event| last = event.session == "third");
            if last {
                return;
            }
            sender.send(()).unwrap();
            follower.wait(None);
        }
    });
    let patience = Duration::from_secs(20);
    for session in [FIRST, SECOND, SessionId(2)] {
        receiver.recv_timeout(patience).expect("it looks before it waits");
        journal.append(session, clock::now(), &NOTE);
    }
    thread.join().unwrap();
    assert!(journal.readers().is_empty());
}

#[test]
fn a_batch_is_what_another_follower_takes() {
    let journal = journal(1 << 20);
    let (mut one, mut other) = (journal.follow(), journal.follow());
    for count in 0..10 {
        journal.append(SessionId(count % 3), clock::now(), &NOTE);
    }
    let mut batch = Batch::default();
    assert_eq!(one.copy(&mut batch), []);
    let copied: Vec<_> = batch.events().map(|(_, event)| words(&event)).collect();
    assert_eq!(copied, rest(&mut other));
    assert_eq!(one.position(), 11);
    assert_eq!(one.copy(&mut batch), []);
    assert!(batch.is_empty());
}

/// What may happen to a journal.
#[derive(Clone, Debug)]
enum Turn {
    Append { session: u16, size: usize, count: usize },
    Take { follower: usize, most: usize },
    Copy { follower: usize },
    Join,
    Leave { follower: usize },
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        6 => (0..3_u16, 0..300_usize, 1..60_usize)
            .prop_map(|(session, size, count)| Turn::Append { session, size, count }),
        4 => (any::<usize>(), 1..50_usize).prop_map(|(follower, most)| Turn::Take { follower, most }),
        2 => any::<usize>().prop_map(|follower| Turn::Copy { follower }),
        1 => Just(Turn::Join),
        1 => any::<usize>().prop_map(|follower| Turn::Leave { follower }),
    ];
    prop::collection::vec(turn, 1..60)
}

/// A follower, and what it must come to: for each session, how many events there were since it joined, and how many it was
/// told of.
struct Model {
    follower: Follower,
    due: BTreeMap<String, u64>,
    told: BTreeMap<String, u64>,
    numbers: u64,
}

impl Model {
    fn read(&mut self, most: usize) -> usize {
        let Self { follower, told, numbers, .. } = self;
        follower.take(most, |event| {
            *numbers += 1;
            assert_eq!(event.seq, *numbers, "without a hole");
            let count = match event.kind {
                Kind::Gap { count, .. } => count,
                _ => 1,
            };
            *told.entry(event.session.to_owned()).or_default() += count;
        })
    }

    fn copy(&mut self) {
        let mut batch = Batch::default();
        let missed = self.follower.copy(&mut batch);
        let missed = missed.into_iter().map(|(session, count)| (batch.name(session).to_owned(), count));
        let read = batch.events().map(|(_, event)| (event.session.to_owned(), 1));
        for (session, count) in missed.chain(read) {
            *self.told.entry(session).or_default() += count;
        }
    }
}

proptest! {
    #[test]
    fn whoever_joins_whenever_hears_of_every_event_or_of_its_loss(
        turns in turns(),
        budget in 4_000_usize..40_000,
    ) {
        let journal = journal(budget);
        let mut models: Vec<Model> = Vec::new();
        for turn in turns {
            let place = |follower: usize| (!models.is_empty()).then(|| follower % models.len().max(1));
            match turn {
                Turn::Append { session, size, count } => {
                    let text = "x".repeat(size);
                    for _ in 0..count {
                        journal.append(SessionId(session), clock::now(), &Kind::Note { text: &text, order: None });
                    }
                    let name = ["first", "second", "third"][usize::from(session)];
                    for model in &mut models {
                        *model.due.entry(name.to_owned()).or_default() += count as u64;
                    }
                }
                Turn::Take { follower, most } => {
                    if let Some(place) = place(follower) {
                        let taken = models[place].read(most);
                        prop_assert!(taken <= most + 3, "at most a gap a session beyond");
                    }
                }
                Turn::Copy { follower } => {
                    if let Some(place) = place(follower) {
                        models[place].copy();
                    }
                }
                Turn::Join => models.push(Model {
                    follower: journal.follow(),
                    due: BTreeMap::new(),
                    told: BTreeMap::new(),
                    numbers: 0,
                }),
                Turn::Leave { follower } => {
                    if let Some(place) = place(follower) {
                        models.swap_remove(place);
                    }
                }
            }
        }
        let appended = journal.shared.appended.load(Ordering::SeqCst);
        for model in &mut models {
            while model.read(1_000) > 0 {}
            prop_assert_eq!(&model.told, &model.due);
            prop_assert!(model.follower.has_read_all(appended), "nothing is owed");
        }
        prop_assert_eq!(journal.readers().len(), models.len());
    }
}
