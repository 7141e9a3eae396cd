//! What the person at the keys does: a thread that reads the terminal, and notices when it has gone away.
//!
//! The thread waits in `poll(2)` and looks for a hang-up before it reads: a reader that does not, spins for ever once the
//! terminal is gone and nobody sent SIGHUP. It never reads ahead of what the console has taken.

pub mod parse;

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc;

pub use parse::Input;
use parse::Parser;

/// After so long a silence an escape is the Esc key, and not the beginning of another.
const SILENCE: Duration = Duration::from_millis(40);
/// How many inputs wait at most; the rest waits in the terminal.
const WAITING: usize = 64;

/// Stops the reading for a while: what is typed while the shell has the terminal is the shell's.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Nothing is read from now on. A reading that is under way has ended when this returns.
    pub fn close(&self) {
        self.set(true);
    }

    /// Reading goes on.
    pub fn open(&self) {
        self.set(false);
    }

    fn set(&self, closed: bool) {
        let (state, changed) = &*self.0;
        *state.lock().unwrap_or_else(PoisonError::into_inner) = closed;
        changed.notify_all();
    }

    /// Waits while the gate is closed; it cannot be closed while what is returned is held.
    fn pass(&self) -> MutexGuard<'_, bool> {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        changed.wait_while(state, |closed| *closed).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts to read the terminal on standard input. The receiver ends when the terminal has gone away.
pub fn start() -> io::Result<(mpsc::Receiver<Input>, Gate)> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let gate = Gate::default();
    let passed = gate.clone();
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let mut parser = Parser::default();
        // Whatever ends the reading, the console learns of it from the closed channel.
        while read(rustix::stdio::stdin(), &mut parser, &sender, &passed).is_some() {}
    })?;
    Ok((receiver, gate))
}

/// Waits for bytes and hands over what they mean; `None` when the terminal or the console has gone.
fn read(terminal: BorrowedFd<'_>, parser: &mut Parser, sender: &mpsc::Sender<Input>, gate: &Gate) -> Option<()> {
    let silence = Timespec { tv_sec: 0, tv_nsec: i64::from(SILENCE.subsec_nanos()) };
    let mut inputs = Vec::new();
    match wait(terminal, parser.is_waiting().then_some(&silence))? {
        Waited::Silence => parser.silence(&mut inputs),
        Waited::Again => {}
        Waited::Bytes => {
            let passed = gate.pass();
            if sender.is_closed() {
                // The console has been left: what is typed from now on is the shell's.
                return None;
            }
            // What was there may have been read by the shell meanwhile.
            if let Waited::Bytes = wait(terminal, Some(&Timespec::default()))? {
                let mut bytes = [0; 4096];
                match rustix::io::read(terminal, &mut bytes) {
                    Ok(0) => return None,
                    Ok(count) => parser.feed(bytes.get(..count).unwrap_or_default(), &mut inputs),
                    Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                    Err(_) => return None,
                }
            }
            drop(passed);
        }
    }
    for input in inputs {
        sender.blocking_send(input).ok()?;
    }
    Some(())
}

/// What a wait for bytes came to.
enum Waited {
    Bytes,
    Silence,
    Again,
}

/// Waits for bytes, as long as `most`; `None` when the terminal has hung up.
fn wait(terminal: BorrowedFd<'_>, most: Option<&Timespec>) -> Option<Waited> {
    let mut fds = [PollFd::new(&terminal, PollFlags::IN)];
    match rustix::event::poll(&mut fds, most) {
        Ok(0) => Some(Waited::Silence),
        Ok(_) => fds.first().is_some_and(|found| found.revents().contains(PollFlags::IN)).then_some(Waited::Bytes),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Some(Waited::Again),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use ratatui::crossterm::event::KeyCode;

    use super::*;

    /// A pipe hangs up as a terminal does: the other end closes.
    #[test]
    fn reading_ends_with_the_terminal_and_does_not_spin() {
        let (ours, theirs) = rustix::pipe::pipe().unwrap();
        let (sender, mut receiver) = mpsc::channel(8);
        let mut parser = Parser::default();
        rustix::io::write(&theirs, b"q\x1b").unwrap();
        assert!(read(ours.as_fd(), &mut parser, &sender, &Gate::default()).is_some());
        assert!(read(ours.as_fd(), &mut parser, &sender, &Gate::default()).is_some());
        drop(theirs);
        assert!(read(ours.as_fd(), &mut parser, &sender, &Gate::default()).is_none());
        drop(sender);
        let mut keys = Vec::new();
        while let Some(Input::Key(key)) = receiver.blocking_recv() {
            keys.push(key.code);
        }
        assert_eq!(keys, [KeyCode::Char('q'), KeyCode::Esc]);
    }

    #[test]
    fn reading_ends_with_the_console() {
        let (ours, theirs) = rustix::pipe::pipe().unwrap();
        let (sender, receiver) = mpsc::channel(8);
        drop(receiver);
        rustix::io::write(&theirs, b"q").unwrap();
        assert!(read(ours.as_fd(), &mut Parser::default(), &sender, &Gate::default()).is_none());
        let mut left = [0; 8];
        assert_eq!(rustix::io::read(&ours, &mut left), Ok(1), "what was typed is left to whoever reads next");
    }

    #[test]
    fn a_closed_gate_leaves_what_is_typed_to_others() {
        let (ours, theirs) = rustix::pipe::pipe().unwrap();
        let (sender, mut receiver) = mpsc::channel(8);
        let gate = Gate::default();
        gate.close();
        let reader = std::thread::spawn({
            let (gate, ours) = (gate.clone(), ours.try_clone().unwrap());
            move || while read(ours.as_fd(), &mut Parser::default(), &sender, &gate).is_some() {}
        });
        rustix::io::write(&theirs, b"q").unwrap();
        let mut bytes = [0; 8];
        assert_eq!(rustix::io::read(&ours, &mut bytes), Ok(1), "the shell reads it");
        gate.open();
        rustix::io::write(&theirs, b"x").unwrap();
        let Some(Input::Key(key)) = receiver.blocking_recv() else { panic!("a key") };
        assert_eq!(key.code, KeyCode::Char('x'), "and nobody else did");
        drop(theirs);
        reader.join().unwrap();
    }
}
