//! The figures of a tape that is played: sought through, and as fast as it goes.

use std::time::{Duration, Instant};

use standin::replay::{Deck, Order, Pace};
use standin::tape::Tapes;
use standin::timeline::Budget;

use super::pty::Result;
use super::tapes::{EVENTS, make, peak_mib};
use super::{ms, row};

/// How long an order may take before this gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// Seeks on the large tape and plays it to its end.
pub fn play() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("large.mcap");
    make(&path, EVENTS)?;
    let begun = Instant::now();
    let (deck, journal) = Deck::open(Tapes::open(&[path])?, Budget::default())?;
    order(&deck, Order::To(100))?;
    row(&format!("a tape of {EVENTS} events opened for playing, its first 100 shown"), &ms(begun.elapsed()));

    let mut random = fastrand::Rng::with_seed(7);
    let mut seeks = Vec::new();
    for _ in 0..100 {
        let number = random.u64(1..=EVENTS);
        seeks.push(order(&deck, Order::To(number))?);
        let newest = journal.with(|timeline| timeline.span()).map(|(_, newest)| newest);
        assert_eq!(newest, Some(number));
    }
    let (oldest, newest) = journal.with(|timeline| timeline.span()).ok_or("nothing is shown")?;
    seeks.sort();
    let figure = "seek to any event, with what came before it on the timeline: median and worst of 100";
    row(figure, &format!("{} and {} ({} events)", ms(seeks[50]), ms(seeks[99]), newest - oldest + 1));

    order(&deck, Order::To(0))?;
    let begun = Instant::now();
    deck.order(Order::Pace(Pace::Full));
    deck.order(Order::Play(true));
    until(|| deck.state().position == EVENTS)?;
    row("events a second, played as fast as it goes", &format!("{:.0}", EVENTS as f64 / begun.elapsed().as_secs_f64()));
    row("peak memory of all this", &format!("{:.1} MiB", peak_mib()?));
    Ok(())
}

/// How long an order takes.
fn order(deck: &Deck, order: Order) -> Result<Duration> {
    let begun = Instant::now();
    deck.order(order);
    until(|| !deck.state().seeking)?;
    Ok(begun.elapsed())
}

fn until(holds: impl Fn() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > PATIENCE {
            return Err("the deck does not come to an end".into());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}
