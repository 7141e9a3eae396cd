//! What searches found: for each thing sought the stretches that were looked through, with every event in them that matches.
//! Pure.

use std::collections::{BTreeSet, VecDeque};

use crate::tape::Sought;
use crate::timeline::Scan;

/// How many stretches are kept; the one asked for least recently goes first.
const STRETCHES: usize = 16;

/// How many events a stretch keeps; those furthest from where it grew last go first.
const HITS: usize = 4_096;

/// What searches found.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// Asked for most recently at the back.
    stretches: VecDeque<Stretch>,
}

/// A stretch of numbers that was looked through.
#[derive(Debug)]
struct Stretch {
    sought: Sought,
    first: u64,
    last: u64,
    hits: BTreeSet<u64>,
}

impl Hits {
    /// The nearest event from `seq` on, or back, that is sought, with events `span.0` to `span.1` on tape. [`Scan::More`]: the number
    /// from which on it has not been looked.
    pub(super) fn find(&mut self, sought: &Sought, seq: u64, back: bool, span: (u64, u64)) -> Scan {
        let seq = if back { seq.min(span.1) } else { seq.max(span.0) };
        if seq < span.0 || seq > span.1 {
            return Scan::End;
        }
        let is_there = |known: &Stretch| known.sought == *sought && (known.first..=known.last).contains(&seq);
        let Some(place) = self.stretches.iter().position(is_there) else { return Scan::More(seq) };
        let Some(known) = self.stretches.remove(place) else { return Scan::More(seq) };
        let hit = if back { known.hits.range(..=seq).next_back() } else { known.hits.range(seq..).next() };
        let answer = match hit {
            Some(hit) => Scan::Found(*hit),
            None if back && known.first <= span.0 || !back && known.last >= span.1 => Scan::End,
            None if back => Scan::More(known.first - 1),
            None => Scan::More(known.last + 1),
        };
        self.stretches.push_back(known);
        answer
    }

    /// Takes in that `hits`, and nothing else that is sought, is from `first` to `last`. The search went back, or on.
    pub(super) fn learn(&mut self, sought: &Sought, (first, last): (u64, u64), hits: &[u64], back: bool) {
        let mut new = Stretch { sought: sought.clone(), first, last, hits: hits.iter().copied().collect() };
        self.stretches.retain_mut(|known| {
            let touches = known.first <= new.last.saturating_add(1) && new.first <= known.last.saturating_add(1);
            if known.sought != new.sought || !touches {
                return true;
            }
            (new.first, new.last) = (new.first.min(known.first), new.last.max(known.last));
            new.hits.append(&mut known.hits);
            false
        });
        while new.hits.len() > HITS {
            if back {
                new.last = new.hits.pop_last().map_or(new.last, |gone| gone - 1);
            } else {
                new.first = new.hits.pop_first().map_or(new.first, |gone| gone + 1);
            }
        }
        self.stretches.push_back(new);
        if self.stretches.len() > STRETCHES {
            self.stretches.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timeline::Only;

    /// Looks through the list `all` as a search thread does, `most` hits at a time.
    fn search(
        hits: &mut Hits,
        sought: &Sought,
        all: &[u64],
        seq: u64,
        back: bool,
        span: (u64, u64),
        most: usize,
    ) -> Scan {
        for _ in 0..1_000 {
            let from = match hits.find(sought, seq, back, span) {
                Scan::More(from) => from,
                answer => return answer,
            };
            let mut found: Vec<u64> =
                all.iter().copied().filter(|hit| if back { *hit <= from } else { *hit >= from }).collect();
            if back {
                found.reverse();
            }
            found.truncate(most);
            let end = if found.len() < most { if back { span.0 } else { span.1 } } else { found[most - 1] };
            hits.learn(sought, (from.min(end), from.max(end)), &found, back);
        }
        panic!("it has no end");
    }

    proptest! {
        #[test]
        fn what_was_found_agrees_with_the_list(
            lists in prop::array::uniform2(prop::collection::btree_set(5_u64..200, 0..40)),
            asks in prop::collection::vec((0_usize..2, 0_u64..210, any::<bool>(), 1_usize..5), 1..60),
        ) {
            let soughts = [Only::All, Only::States].map(|only| Sought { only, ..Sought::default() });
            let lists = lists.map(|list| list.into_iter().collect::<Vec<_>>());
            let mut hits = Hits::default();
            for (which, seq, back, most) in asks {
                let list = &lists[which];
                let found = search(&mut hits, &soughts[which], list, seq, back, (5, 199), most);
                let naive = if back { list.iter().rfind(|hit| **hit <= seq) } else { list.iter().find(|hit| **hit >= seq) };
                prop_assert_eq!(found, naive.map_or(Scan::End, |hit| Scan::Found(*hit)));
            }
        }

        #[test]
        fn what_a_growing_tape_adds_is_looked_for(list in prop::collection::btree_set(1_u64..100, 0..40), end in 1_u64..100, seq in 1_u64..100) {
            let list: Vec<u64> = list.into_iter().collect();
            let mut hits = Hits::default();
            let sought = Sought::default();
            let early: Vec<u64> = list.iter().copied().filter(|hit| *hit <= end).collect();
            for span in [(1, end), (1, 99)] {
                let list = if span.1 == 99 { &list } else { &early };
                let found = search(&mut hits, &sought, list, seq, false, span, 3);
                let naive = list.iter().find(|hit| **hit >= seq);
                prop_assert_eq!(found, naive.map_or(Scan::End, |hit| Scan::Found(*hit)));
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut hits = Hits::default();
        let all: Vec<u64> = (1..=20_000).collect();
        for back in [true, false] {
            for _ in 0..40 {
                let from = if back { 20_000 } else { 1 };
                let mut at = from;
                while let Scan::Found(hit) = search(&mut hits, &Sought::default(), &all, at, back, (1, 20_000), 64) {
                    if hit == 20_000 - from + 1 {
                        break;
                    }
                    at = if back { hit - 1 } else { hit + 1 };
                    if at % 977 == 0 {
                        break;
                    }
                }
            }
        }
        for start in 0..100 {
            hits.learn(&Sought::default(), (start * 10, start * 10 + 1), &[], true);
        }
        assert!(hits.stretches.len() <= STRETCHES);
        assert!(hits.stretches.iter().all(|known| known.hits.len() <= HITS));
    }
}
