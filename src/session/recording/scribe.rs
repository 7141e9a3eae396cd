//! The thread of a recording: events from the journal to the tape's writer, and word of what is kept back to the sessions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::places::Place;
use crate::event::{Event, Kind};
use crate::mqtt::Qos;
use crate::session::journal::Follower;
use crate::session::{Journal, clock};
use crate::tape::Writer;
use crate::timeline::{Batch, SessionId};

/// A message that waits for its acknowledgement is written when nothing new came for so long …
const QUIET: Duration = Duration::from_millis(2);

/// … and so long after it came at the latest.
const LATEST: Duration = Duration::from_millis(50);

/// The thread of a recording.
pub(super) struct Scribe {
    journal: Journal,
    /// Before the follower: what it holds is written before sessions are free from waiting for it, in a panic too.
    writer: Writer,
    follower: Follower,
    /// `None`: all.
    sessions: Option<Vec<SessionId>>,
    desk: Arc<Desk>,
    /// The edition of what is known of the sessions that the tape has.
    edition: u64,
    batch: Batch,
    /// The number of the last event that was handed to the writer.
    pushed: u64,
    /// When the newest event came.
    newest: Instant,
    /// Since when a message waits for its acknowledgement, and the number of its event.
    owed: Option<(Instant, u64)>,
    /// How many events the timeline's budget let go unread.
    missed: u64,
    /// The part, and how far the timeline's numbers are ahead of it.
    counting: Option<(u32, u64)>,
}

impl Scribe {
    pub(super) fn new(
        journal: Journal,
        follower: Follower,
        writer: Writer,
        sessions: Option<Vec<SessionId>>,
        desk: Arc<Desk>,
        edition: u64,
    ) -> Self {
        Self {
            pushed: follower.position() - 1,
            journal,
            follower,
            writer,
            sessions,
            desk,
            edition,
            batch: Batch::default(),
            newest: clock::now().mono,
            owed: None,
            missed: 0,
            counting: None,
        }
    }

    /// Writes until the tape is to end, and ends it.
    pub(super) fn run(self) {
        let mut attendance = Attendance { desk: Arc::clone(&self.desk), in_order: false };
        // Dropped before the attendance: in a panic too the tape has its end when the thread says that it has left.
        let mut scribe = self;
        while !scribe.is_over() {
            scribe.round();
        }
        let Self { writer, follower, desk, missed, .. } = scribe;
        desk.works(clock::now().mono);
        desk.show(&writer.finish(clock::now().mono), missed);
        drop(follower);
        attendance.in_order = true;
    }

    /// Whether everything that goes on the tape was handed to the writer.
    fn is_over(&self) -> bool {
        self.desk.closes_at().is_some_and(|last| self.follower.position() > last)
    }

    fn round(&mut self) {
        let now = clock::now().mono;
        self.desk.works(now);
        self.learn();
        let missed = self.follower.copy(&mut self.batch);
        if !self.batch.is_empty() {
            self.newest = now;
            self.note_missed(&missed, now);
            self.push(now);
        }
        self.write();
        self.desk.show(self.writer.status(), self.missed);
        if self.batch.is_empty() {
            self.desk.rests();
            self.follower.wait(self.deadline());
        }
    }

    /// Tells the writer what is new of the sessions on the tape.
    fn learn(&mut self) {
        let devices = self.journal.devices();
        let edition = devices.edition();
        if edition != self.edition {
            let covers = |session| self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&session));
            devices.known(covers).iter().for_each(|recorded| self.writer.know(recorded));
            self.edition = edition;
        }
    }

    /// Puts a gap onto the tape for each session of which events were let go unread, before the events that follow.
    fn note_missed(&mut self, missed: &[(SessionId, u64)], now: Instant) {
        let Some((_, first)) = self.batch.events().next().filter(|_| !missed.is_empty()) else { return };
        for (session, count) in missed.iter().filter(|(session, _)| covers(self.sessions.as_deref(), *session)) {
            let kind = Kind::Gap { count: *count, reason: "the tape could not keep up" };
            let event = Event { seq: first.seq - 1, session: self.batch.name(*session), kind, ..first };
            self.writer.push(&event, now);
            self.pushed = event.seq;
            // One that is missing itself is counted by the writer, with what it stands for.
            if self.writer.number().is_some() {
                self.missed = self.missed.saturating_add(*count);
            }
        }
    }

    /// Hands the batch to the writer.
    fn push(&mut self, now: Instant) {
        for (session, event) in self.batch.events() {
            if !covers(self.sessions.as_deref(), session) {
                continue;
            }
            self.writer.push(&event, now);
            self.pushed = event.seq;
            if let Kind::Rx(message) = &event.kind
                && message.qos > Qos::AtMostOnce
            {
                let since = self.owed.map_or(now, |(since, _)| since);
                self.owed = Some((since, event.seq));
            }
            let Some(number) = self.writer.number().filter(|_| self.sessions.is_none()) else { continue };
            let (part, ahead) = (self.writer.status().part, event.seq.wrapping_sub(number));
            if self.counting != Some((part, ahead)) {
                self.counting = Some((part, ahead));
                self.desk.found(Place { path: self.writer.status().path.clone(), number, seq: event.seq });
            }
        }
    }

    /// Does what is due on the disk, and tells sessions what is kept.
    fn write(&mut self) {
        let now = clock::now().mono;
        self.writer.turn(now);
        if self.owed_by().is_some_and(|due| due <= now) {
            self.writer.flush(now);
        }
        let kept = self.writer.kept();
        if self.owed.is_some_and(|(_, seq)| seq <= kept) {
            self.owed = None;
        }
        // With nothing held back, all that was read is kept, also what does not go onto this tape.
        let kept = if kept >= self.pushed { self.follower.position() - 1 } else { kept };
        self.follower.keep(kept);
    }

    /// When a message that waits for its acknowledgement must be written.
    fn owed_by(&self) -> Option<Instant> {
        let (since, _) = self.owed?;
        Some((self.newest + QUIET).min(since + LATEST))
    }

    fn deadline(&self) -> Option<Instant> {
        self.writer.deadline().into_iter().chain(self.owed_by()).min()
    }
}

fn covers(sessions: Option<&[SessionId]>, session: SessionId) -> bool {
    sessions.is_none_or(|sessions| sessions.contains(&session))
}

/// Says that the thread has left, however it does.
struct Attendance {
    desk: Arc<Desk>,
    in_order: bool,
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.desk.leave(self.in_order);
    }
}
