//! Any bytes as a tape: no panic; every event has its own number; what search finds is what reading finds.

#![no_main]

use std::io::Write;
use std::sync::atomic::AtomicBool;

use libfuzzer_sys::fuzz_target;
use standin::tape::{Sought, Tape, Tapes};
use standin::timeline::{Filter, Only};

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a place for a file");
    // So that not every input spends its luck on the first bytes.
    file.write_all(b"\x89MCAP0\r\n").expect("room");
    file.write_all(bytes).expect("room");
    let Ok(tape) = Tape::open(file.path()) else { return };
    let (first, last) = (tape.faults(), tape.events());
    let tapes = Tapes::of(vec![tape.clone(), tape]);
    assert_eq!(tapes.events(), 2 * last);
    assert_eq!(tapes.density(7).iter().sum::<u64>(), 2 * tapes.tapes()[0].chunks().iter().map(|c| c.count).sum::<u64>());
    let sought = Sought { session: None, topic: None, filter: Filter::parse("a"), only: Only::All };
    let mut hit = None;
    let mut before = 0;
    for entry in tapes.entries_from(1) {
        assert!(entry.number > before);
        before = entry.number;
        if hit.is_none() && sought.fits(entry.line()) {
            hit = Some(entry.number);
        }
    }
    assert!(before <= tapes.events());
    if tapes.tapes()[0].faults() == first && first.is_empty() {
        assert_eq!(tapes.find(&sought, 1, false, &AtomicBool::new(false)), hit);
    }
});
