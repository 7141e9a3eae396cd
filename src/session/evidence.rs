//! Which acknowledgements wait for which event: a message is acknowledged after the tapes that run have kept it.

use std::collections::VecDeque;

/// The books of a session's held acknowledgements.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Acknowledgements up to `taken` may go when the event `seq` is kept; both ascend.
    waiting: VecDeque<Mark>,
    /// The number of the last acknowledgement that is in the books or through.
    taken: u64,
    /// The number of the last message's event.
    seq: u64,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    taken: u64,
    seq: u64,
}

impl Evidence {
    /// A message came: its event has the number `seq`.
    pub(super) fn came(&mut self, seq: u64) {
        self.seq = seq;
    }

    /// The acknowledgements of all messages so far have numbers up to `taken`.
    pub(super) fn took(&mut self, taken: u64) {
        if taken <= self.taken {
            return;
        }
        self.taken = taken;
        match self.waiting.back_mut() {
            Some(last) if last.seq == self.seq => last.taken = taken,
            _ => self.waiting.push_back(Mark { taken, seq: self.seq }),
        }
    }

    /// The event that must be kept for the next acknowledgement to go.
    pub(super) fn next(&self) -> Option<u64> {
        self.waiting.front().map(|mark| mark.seq)
    }

    /// The event that must be kept for all of them to go.
    pub(super) fn last(&self) -> Option<u64> {
        self.waiting.back().map(|mark| mark.seq)
    }

    /// Events are kept up to the number `seq`: up to which number acknowledgements may go, if any may that could not before.
    pub(super) fn kept(&mut self, seq: u64) -> Option<u64> {
        let mut up_to = None;
        while let Some(mark) = self.waiting.pop_front_if(|mark| mark.seq <= seq) {
            up_to = Some(mark.taken);
        }
        up_to
    }

    /// The connection is gone, and with it the acknowledgements up to `taken`.
    pub(super) fn forget(&mut self, taken: u64) {
        self.waiting.clear();
        self.taken = taken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_go_with_the_last_event_of_their_batch() {
        let mut evidence = Evidence::default();
        assert_eq!((evidence.next(), evidence.kept(u64::MAX)), (None, None));
        for (seq, taken) in [(10, 3), (12, 3), (13, 4), (13, 6), (20, 7)] {
            evidence.came(seq);
            evidence.took(taken);
        }
        assert_eq!((evidence.next(), evidence.last()), (Some(10), Some(20)));
        assert_eq!(evidence.kept(9), None);
        assert_eq!(evidence.kept(12), Some(3));
        assert_eq!(evidence.kept(12), None, "once");
        assert_eq!(evidence.next(), Some(13));
        assert_eq!(evidence.kept(u64::MAX), Some(7));
        assert_eq!((evidence.next(), evidence.last()), (None, None));
    }

    #[test]
    fn what_died_with_its_connection_waits_for_nothing() {
        let mut evidence = Evidence::default();
        evidence.came(5);
        evidence.took(2);
        evidence.forget(3);
        assert_eq!((evidence.next(), evidence.kept(5)), (None, None));
        evidence.took(3);
        assert_eq!(evidence.next(), None);
        evidence.took(4);
        assert_eq!(evidence.kept(5), Some(4), "a message that came again is on the tape already");
    }
}
