//! What the person at the keys does: a thread that reads the terminal, and notices when it has gone away.
//!
//! The thread waits in `poll(2)` and looks for a hang-up before it reads: a reader that does not, spins for ever once the
//! terminal is gone and nobody sent SIGHUP. It never reads ahead of what the console has taken.

pub mod parse;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc;

pub use parse::Input;
use parse::Parser;

/// After so long a silence an escape is the Esc key, and not the beginning of another.
const SILENCE: Duration = Duration::from_millis(40);
/// How many inputs wait at most; the rest waits in the terminal.
const WAITING: usize = 64;

/// Starts to read the terminal on standard input. The receiver ends when the terminal has gone away.
pub fn start() -> io::Result<mpsc::Receiver<Input>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let mut parser = Parser::default();
        // Whatever ends the reading, the console learns of it from the closed channel.
        while read(rustix::stdio::stdin(), &mut parser, &sender).is_some() {}
    })?;
    Ok(receiver)
}

/// Waits for bytes and hands over what they mean; `None` when the terminal or the console has gone.
fn read(terminal: BorrowedFd<'_>, parser: &mut Parser, sender: &mpsc::Sender<Input>) -> Option<()> {
    let mut inputs = Vec::new();
    let mut fds = [PollFd::new(&terminal, PollFlags::IN)];
    let silence = Timespec { tv_sec: 0, tv_nsec: i64::from(SILENCE.subsec_nanos()) };
    match rustix::event::poll(&mut fds, parser.is_waiting().then_some(&silence)) {
        Ok(0) => parser.silence(&mut inputs),
        Ok(_) => {
            let found = fds.first().map(PollFd::revents)?;
            if !found.contains(PollFlags::IN) {
                // Hung up, or no terminal any more.
                return None;
            }
            if sender.is_closed() {
                // The console has been left: what is typed from now on is the shell's.
                return None;
            }
            let mut bytes = [0; 4096];
            match rustix::io::read(terminal, &mut bytes) {
                Ok(0) => return None,
                Ok(count) => parser.feed(bytes.get(..count).unwrap_or_default(), &mut inputs),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(_) => return None,
            }
        }
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
        Err(_) => return None,
    }
    for input in inputs {
        sender.blocking_send(input).ok()?;
    }
    Some(())
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
        assert!(read(ours.as_fd(), &mut parser, &sender).is_some());
        assert!(read(ours.as_fd(), &mut parser, &sender).is_some());
        drop(theirs);
        assert!(read(ours.as_fd(), &mut parser, &sender).is_none());
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
        assert!(read(ours.as_fd(), &mut Parser::default(), &sender).is_none());
        let mut left = [0; 8];
        assert_eq!(rustix::io::read(&ours, &mut left), Ok(1), "what was typed is left to whoever reads next");
    }
}
