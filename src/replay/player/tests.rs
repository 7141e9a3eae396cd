use proptest::prelude::*;

use super::*;

/// Times of the tape begin here.
const START: u64 = 1_763_713_800_000_000;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A tape of events at these milliseconds, and a clock that a test moves.
struct Bench {
    times: Vec<u64>,
    written: bool,
    player: Player,
    begun: Instant,
    now: Instant,
    /// What happened: the number, and when by the clock, in milliseconds.
    happened: Vec<(u64, u128)>,
}

impl Bench {
    fn new(times: &[u64]) -> Self {
        let now = Instant::now();
        let times: Vec<u64> = times.iter().map(|time| START + time * 1_000).collect();
        let mut player = Player::new(times[0], now);
        player.go(0, times[0], Ahead::Event(times[0]), now);
        Self { times, written: true, player, begun: now, now, happened: Vec::new() }
    }

    fn manner(mut self, manner: Manner) -> Self {
        self.player.take(manner, self.now);
        self
    }

    fn play(mut self) -> Self {
        self.player.play(true, self.now);
        self
    }

    fn ahead(&self, position: u64) -> Ahead {
        let next = self.times.get(usize::try_from(position).unwrap());
        let nothing = if self.written { Ahead::End } else { Ahead::Later };
        next.map_or(nothing, |time| Ahead::Event(*time))
    }

    /// Lets `wait` pass, waking exactly when something is due.
    fn pass(&mut self, wait: Duration) {
        let end = self.now + wait;
        for _ in 0..10_000 {
            match self.player.due() {
                Due::Event(due) if due <= end => {
                    self.now = self.now.max(due);
                    let number = self.player.position() + 1;
                    self.player.happened(number, self.times[usize::try_from(number - 1).unwrap()], self.now);
                    self.player.see(self.ahead(number), self.now);
                    self.happened.push((number, (self.now - self.begun).as_millis()));
                }
                Due::Look(due) if due <= end => {
                    self.now = self.now.max(due);
                    self.player.see(self.ahead(self.player.position()), self.now);
                }
                Due::Anew(due) if due <= end => {
                    self.now = self.now.max(due);
                    self.player.go(0, self.times[0], self.ahead(0), self.now);
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("it goes round and round");
    }

    fn clock(&self) -> u64 {
        (self.player.time_us(self.now) - START) / 1_000
    }
}

#[test]
fn events_happen_when_they_are_due() {
    let plain = Manner::PLAIN;
    let times = |times| Manner { pace: Pace::Times(times), ..plain };
    let short = |pace| Manner { pace, shortened: true, ..plain };
    for (manner, expected) in [
        (plain, [0, 10, 1_500, 61_500, 61_500]),
        (times(10.0), [0, 1, 150, 6_150, 6_150]),
        (times(0.1), [0, 100, 15_000, 615_000, 615_000]),
        (times(1_000.0), [0, 0, 1, 61, 61]),
        (Manner { pace: Pace::Full, ..plain }, [0; 5]),
        // Each stretch takes a second at most, whatever the pace.
        (short(Pace::Times(1.0)), [0, 10, 1_010, 2_010, 2_010]),
        (short(Pace::Times(100.0)), [0, 0, 15, 615, 615]),
        (short(Pace::Times(0.1)), [0, 100, 1_100, 2_100, 2_100]),
        (short(Pace::Full), [0; 5]),
    ] {
        let mut bench = Bench::new(&[0, 10, 1_500, 61_500, 61_500]).manner(manner).play();
        bench.pass(Duration::from_hours(1));
        let happened: Vec<_> = bench.happened.iter().map(|(_, at)| *at).collect();
        assert_eq!(happened, expected, "{manner:?}");
        assert!(!bench.player.is_playing(), "the end pauses");
        assert_eq!((bench.player.position(), bench.clock(), bench.player.due()), (5, 61_500, Due::Never));
    }
}

#[test]
fn a_pause_stands_still_and_play_goes_on_from_there() {
    let mut bench = Bench::new(&[0, 1_000, 2_000]).play();
    bench.pass(ms(400));
    assert_eq!((bench.player.position(), bench.clock()), (1, 400));
    bench.player.play(false, bench.now);
    bench.pass(Duration::from_mins(15));
    assert_eq!((bench.clock(), bench.player.due()), (400, Due::Never));
    bench.player.play(true, bench.now);
    bench.pass(ms(599));
    assert_eq!(bench.player.position(), 1);
    bench.pass(ms(1));
    assert_eq!((bench.player.position(), bench.clock()), (2, 1_000));
}

#[test]
fn a_new_pace_counts_from_where_the_tape_stands() {
    let mut bench = Bench::new(&[0, 10_000]).play();
    bench.pass(ms(4_000));
    bench.player.take(Manner { pace: Pace::Times(2.0), ..Manner::PLAIN }, bench.now);
    bench.pass(ms(2_999));
    assert_eq!((bench.player.position(), bench.clock()), (1, 9_998));
    bench.pass(ms(1));
    assert_eq!((bench.player.position(), bench.clock()), (2, 10_000));
}

#[test]
fn the_clock_never_passes_an_event_that_has_not_happened() {
    let bench = Bench::new(&[0, 100]).play();
    let mut player = bench.player;
    player.happened(1, START, bench.now);
    player.see(Ahead::Event(START + 100_000), bench.now);
    assert_eq!(player.time_us(bench.now + ms(5_000)), START + 100_000, "the thread is late");
    assert_eq!(player.time_us(bench.begun), START);
}

#[test]
fn a_thread_that_is_late_makes_up_for_a_second_and_no_more() {
    for (late, next) in [(300, 700), (900, 100), (60_000, 0)] {
        let bench = Bench::new(&[0, 1_000, 2_000]).play();
        let (mut player, now) = (bench.player, bench.now);
        player.happened(1, START, now);
        player.see(Ahead::Event(START + 1_000_000), now);
        let woke = now + ms(1_000 + late);
        player.happened(2, START + 1_000_000, woke);
        player.see(Ahead::Event(START + 2_000_000), woke);
        let Due::Event(due) = player.due() else { panic!("{:?}", player.due()) };
        assert_eq!(due.saturating_duration_since(woke), ms(next), "{late} ms late");
        assert!(woke.saturating_duration_since(due) <= DEBT);
    }
}

#[test]
fn a_loop_shows_the_end_for_a_second_and_begins_anew() {
    let mut bench = Bench::new(&[0, 100]).manner(Manner { looped: true, ..Manner::PLAIN }).play();
    bench.pass(ms(2_300));
    assert_eq!(bench.happened, [(1, 0), (2, 100), (1, 1_100), (2, 1_200), (1, 2_200), (2, 2_300)]);
    bench.player.take(Manner::PLAIN, bench.now);
    assert!(!bench.player.is_playing(), "at the end without a loop it is paused");
    bench.player.take(Manner { looped: true, ..Manner::PLAIN }, bench.now);
    assert_eq!((bench.player.is_playing(), bench.player.due()), (false, Due::Never), "and stays so");
}

#[test]
fn a_tape_without_events_has_nothing_to_play() {
    let now = Instant::now();
    let mut player = Player::new(0, now);
    player.take(Manner { looped: true, ..Manner::PLAIN }, now);
    player.play(true, now);
    player.see(Ahead::End, now);
    assert_eq!((player.is_playing(), player.due(), player.time_us(now + ms(9))), (false, Due::Never, 0));
}

#[test]
fn what_comes_onto_a_tape_that_is_followed_is_due_at_once() {
    for (pace, later) in [(1.0, 900), (100.0, 900), (0.5, 450)] {
        let mut bench = Bench::new(&[0]).manner(Manner { pace: Pace::Times(pace), ..Manner::PLAIN }).play();
        bench.written = false;
        bench.pass(ms(900));
        assert!(bench.player.is_playing());
        assert_eq!((bench.player.position(), bench.clock()), (1, later), "not faster than it is written");
        // One that happened meanwhile, and one long after: the tape was quiet.
        bench.times.extend([START + 400_000, START + 400_000]);
        bench.pass(ms(200));
        assert_eq!((bench.player.position(), bench.clock() >= later), (3, true), "time does not go back");
        bench.times.push(START + 600_000_000);
        bench.pass(ms(200));
        assert_eq!(bench.player.position(), 4);
        bench.written = true;
        bench.pass(ms(200));
        assert_eq!((bench.player.is_playing(), bench.player.due()), (false, Due::Never));
    }
}

fn manners() -> impl Strategy<Value = Manner> {
    let pace = prop_oneof![4 => (0.1_f64..1_000.0).prop_map(Pace::Times), 1 => Just(Pace::Full)];
    (pace, any::<bool>(), any::<bool>()).prop_map(|(pace, shortened, looped)| Manner { pace, shortened, looped })
}

proptest! {
    /// Whatever the tape's times are and whatever is ordered: the clock never goes back while it plays, never passes an event that has not happened, and
    /// events happen in order, each once, until the tape begins anew.
    #[test]
    fn time_and_numbers_only_go_on(
        gaps in prop::collection::vec(prop_oneof![0_u64..50, 0_u64..100_000, any::<u32>().prop_map(u64::from)], 1..30),
        turns in prop::collection::vec((0_u64..5_000, 0_u8..3, manners()), 1..40),
    ) {
        let mut now = 0;
        let times: Vec<u64> = gaps.iter().map(|gap| { now += gap; now }).collect();
        let mut bench = Bench::new(&times);
        for (wait, turn, manner) in turns {
            match turn {
                0 => bench.player.take(manner, bench.now),
                1 => bench.player.play(!bench.player.is_playing() && bench.ahead(bench.player.position()) != Ahead::End, bench.now),
                _ => {}
            }
            let (before, position) = (bench.player.time_us(bench.now), bench.player.position());
            let known = bench.happened.len();
            bench.pass(ms(wait));
            let anew = bench.happened[known..].iter().any(|(number, _)| *number == 1) || bench.player.position() < position;
            prop_assert!(anew || bench.player.time_us(bench.now) >= before);
            if let Ahead::Event(next) = bench.ahead(bench.player.position()) {
                prop_assert!(bench.player.time_us(bench.now) <= next);
            }
            let mut last = position;
            for (number, _) in &bench.happened[known..] {
                prop_assert!(*number == last + 1 || *number == 1);
                last = *number;
            }
        }
    }

    /// At a plain pace an event happens when its time has passed, within a microsecond for each event before it.
    #[test]
    fn a_pace_is_kept(gaps in prop::collection::vec(0_u64..100_000, 1..30), times in 0.1_f64..1_000.0) {
        let mut now = 0;
        let tape: Vec<u64> = gaps.iter().map(|gap| { now += gap; now }).collect();
        let mut bench = Bench::new(&tape).manner(Manner { pace: Pace::Times(times), ..Manner::PLAIN }).play();
        bench.pass(Duration::from_secs(10_000_000));
        prop_assert_eq!(bench.happened.len(), tape.len());
        for ((_, at), time) in bench.happened.iter().zip(&tape) {
            let expected = Duration::from_millis(time - tape[0]).div_f64(times).as_millis();
            prop_assert!(at.abs_diff(expected) <= 1, "{at} instead of {expected}");
        }
    }
}
