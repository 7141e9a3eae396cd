//! The device's own doings at work: what came and went is handed to them, and what they want done is done.

use std::sync::{Arc, Mutex, PoisonError};

use super::actor::Actor;
use super::clock;
use super::line::{Line, Online};
use crate::behaviour::{Control, Deed, Standing};
use crate::event::Kind;
use crate::mqtt::Fault;

/// How the device's own doings stand: written by the session, read by whoever has a handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    standing: Arc<Mutex<Arc<Standing>>>,
}

impl Board {
    /// The last that was put up.
    pub(super) fn look(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put_up(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(standing);
    }
}

impl Actor {
    /// Switches something of the device's own doings. A note tells that it is done and ends the order: what comes behind it on the
    /// timeline comes after the switch.
    pub(super) fn control(&mut self, number: Option<u64>, control: &Control) {
        let now = clock::now();
        match self.own.control(now, control) {
            Ok(()) => {
                let text = control.to_string();
                self.journal.append(self.id, now, &Kind::Note { text: &text, order: number });
            }
            Err(reason) => self.refuse(number, "own", &reason, None),
        }
    }

    /// Does what the device's own doings want done, on whatever line there is.
    pub(super) fn act(&mut self, line: Line) -> Line {
        match line {
            Line::Connected(online) if online.accepted => self.settle(online, None),
            line => {
                self.do_what_needs_no_line();
                line
            }
        }
    }

    /// Does what the device's own doings want done on a line that is online, and records what it sends.
    pub(super) fn do_own_deeds(&mut self, online: &mut Online) -> Option<Fault> {
        if !online.accepted {
            return None;
        }
        let deeds = self.own.take_deeds();
        let mut fault = None;
        for deed in deeds {
            match deed {
                Deed::Send(sending) if fault.is_none() => fault = self.send_own(online, sending),
                Deed::Send(sending) => {
                    let reason = format!("{}: the connection ended before it could go", sending.by);
                    self.refuse(None, "offline", &reason, None);
                }
                other => self.say(&other),
            }
        }
        if !online.connection.output.happenings.is_empty() {
            self.note_written(&mut online.connection);
            self.record(&mut online.connection.output.happenings);
        }
        self.tell_standing();
        fault
    }

    /// What is to be sent goes nowhere without a line.
    pub(super) fn do_what_needs_no_line(&mut self) {
        for deed in self.own.take_deeds() {
            match deed {
                Deed::Send(sending) => {
                    let reason = format!("{}: {} is not online", sending.by, self.profile.name);
                    self.refuse(None, "offline", &reason, None);
                }
                other => self.say(&other),
            }
        }
        self.tell_standing();
    }

    fn say(&mut self, deed: &Deed) {
        match deed {
            Deed::Note(text) => {
                self.journal.append(self.id, clock::now(), &Kind::Note { text, order: None });
            }
            Deed::Clock(offset_us) => self.learnt_clock(*offset_us),
            Deed::Send(_) => {}
        }
    }

    pub(super) fn tell_standing(&mut self) {
        if let Some(standing) = self.own.news() {
            self.board.put_up(standing);
            // Whoever shows it looks when the bell rings; not every change comes with an event.
            self.journal.ring();
        }
    }
}
