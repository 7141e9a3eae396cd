//! When to draw: only because something changed, at most thirty times a second, and no faster than the line to the
//! terminal should carry. Time is an argument.

use std::time::{Duration, Instant};

/// The shortest time between two frames.
pub const FRAME: Duration = Duration::from_millis(34);

/// How many bytes a second frames may take that nobody at the keys asked for.
const BYTES_PER_SECOND: u64 = 32_000;

/// A terminal that is slow to take a frame is left in peace for so many times as long.
const REST: u32 = 4;

/// The pacer of frames.
#[derive(Clone, Debug)]
pub struct Pacer {
    /// Somebody at the keys waits.
    urgent: bool,
    /// Events came.
    stale: bool,
    /// A countdown on the screen: when its next second begins.
    tick: Option<Instant>,
    /// A frame is on its way to the terminal.
    writing: bool,
    /// No frame before this.
    next: Instant,
    /// No frame because of events before this.
    data: Instant,
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The person at the keys waits for it: events that came stay out, so that it is small.
    Echo,
    /// All is to be brought up to date.
    Full,
}

impl Pacer {
    /// A pacer that wants its first frame at once.
    pub fn new(now: Instant) -> Self {
        Self { urgent: true, stale: true, tick: None, writing: false, next: now, data: now }
    }

    /// Something changed that somebody at the keys waits to see.
    pub fn urgent(&mut self) {
        self.urgent = true;
    }

    /// Events came.
    pub fn stale(&mut self) {
        self.stale = true;
    }

    /// The screen shows a countdown that must be drawn again at `at`, or none.
    pub fn tick_at(&mut self, at: Option<Instant>) {
        self.tick = at;
    }

    /// Whether it is known that events came since the last full frame.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether a frame is on its way to the terminal.
    pub fn is_writing(&self) -> bool {
        self.writing
    }

    /// Whether a frame is to be drawn now, and which.
    pub fn due(&self, now: Instant) -> Option<Frame> {
        if self.deadline()? > now {
            return None;
        }
        let ticks = self.tick.is_some_and(|tick| tick <= now);
        if self.stale && self.data > now && !ticks { Some(Frame::Echo) } else { Some(Frame::Full) }
    }

    /// When to ask again; `None`: there is nothing to draw, or a frame is still on its way.
    pub fn deadline(&self) -> Option<Instant> {
        if self.writing {
            return None;
        }
        let keys = self.urgent.then_some(self.next);
        let data = self.stale.then_some(self.data);
        // A countdown takes a few bytes, and it must not be late because of others.
        [keys, data, self.tick].into_iter().flatten().min().map(|wanted| wanted.max(self.next))
    }

    /// A frame of so many bytes was handed over for writing; of none, when the screen looked right already.
    pub fn drawn(&mut self, now: Instant, frame: Frame, bytes: usize) {
        self.urgent = false;
        self.writing = bytes > 0;
        self.next = now + FRAME;
        if frame == Frame::Full {
            self.stale = false;
            self.tick = None;
        }
        // A frame costs its bytes whoever asked for it; a debt of more than a second helps nobody.
        let micros = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1_000_000) / BYTES_PER_SECOND;
        let paid = self.data.max(now) + Duration::from_micros(micros.min(1_000_000));
        self.data = paid.min(now + Duration::from_secs(1));
    }

    /// The frame has gone out, and took so long.
    pub fn written(&mut self, now: Instant, took: Duration) {
        self.writing = false;
        if took > FRAME {
            self.data = self.data.max(now + (took * REST).min(Duration::from_secs(2)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Runs `seconds` of time in steps of a millisecond; `each` says what happens in each step. Answers frames and bytes.
    fn run(seconds: u32, size: usize, write: Duration, each: impl Fn(u32, &mut Pacer, Instant)) -> (Vec<u32>, usize) {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        let (mut frames, mut bytes, mut writing) = (Vec::new(), 0, None);
        for step in 0..seconds * 1000 {
            let now = start + MS * step;
            each(step, &mut pacer, now);
            if writing.is_some_and(|until| until <= now) {
                writing = None;
                pacer.written(now, write);
            }
            if let Some(frame) = pacer.due(now) {
                let cost = if frame == Frame::Full { size } else { 100 };
                pacer.drawn(now, frame, cost);
                writing = Some(now + write);
                frames.push(step);
                bytes += cost;
            }
        }
        (frames, bytes)
    }

    #[test]
    fn at_rest_nothing_is_drawn_after_the_first_frame() {
        let (frames, _) = run(60, 6000, MS, |_, _, _| {});
        assert_eq!(frames, [0]);
    }

    #[test]
    fn under_load_the_terminal_gets_less_than_40_kilobytes_a_second() {
        for size in [500, 2_000, 6_000, 20_000] {
            let (frames, bytes) = run(10, size, MS, |_, pacer, _| pacer.stale());
            assert!(bytes < 10 * 40_000, "{bytes} bytes");
            assert!(frames.len() <= 300 && frames.len() >= 10, "{} frames", frames.len());
        }
    }

    #[test]
    fn a_key_is_echoed_at_once_at_rest_and_within_a_frame_under_load() {
        let (frames, _) = run(3, 6000, MS, |step, pacer, _| {
            if step == 1500 {
                pacer.urgent();
            }
        });
        assert_eq!(frames, [0, 1500]);
        let (frames, _) = run(3, 6000, MS, |step, pacer, _| {
            pacer.stale();
            if step % 400 == 0 {
                pacer.urgent();
            }
        });
        for key in (0..3000).step_by(400) {
            assert!(frames.iter().any(|frame| (key..key + 40).contains(frame)), "key at {key} ms");
        }
    }

    #[test]
    fn keys_without_end_make_thirty_frames_a_second() {
        let (frames, _) = run(10, 500, MS, |_, pacer, _| pacer.urgent());
        assert!((280..=300).contains(&frames.len()), "{} frames", frames.len());
    }

    #[test]
    fn a_countdown_ticks_when_it_is_told_and_not_after() {
        let (frames, _) = run(5, 6000, MS, |step, pacer, now| {
            if step == 1 {
                pacer.tick_at(Some(now + Duration::from_secs(2)));
            }
        });
        assert_eq!(frames, [0, 2001]);
    }

    #[test]
    fn a_terminal_that_cannot_take_it_gets_less() {
        let (frames, _) = run(20, 6000, Duration::from_millis(400), |_, pacer, _| pacer.stale());
        assert!(frames.len() <= 12, "{} frames", frames.len());
        assert!(frames.len() >= 8, "{} frames", frames.len());
    }
}
