//! The terminal's settings, and the promise to give them back: when the guard goes, when the program panics, and before it
//! is stopped.

use std::io;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::writer::write_now;

/// Alternate screen, cursor hidden, bracketed paste.
pub(super) const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// The undoing of [`ENTER`], with the pen made plain and a frame that was held together let go.
pub(super) const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?2004l\x1b[?25h\x1b[?1049l";

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// While it lives, the terminal is the console's.
pub struct Guard {
    found: Termios,
    hook: Arc<Hook>,
    restored: bool,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("restored", &self.restored).finish_non_exhaustive()
    }
}

/// What panicked on other threads while the screen was the console's.
static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes the words of panics on other threads that came since the last call.
pub fn faults() -> Vec<String> {
    std::mem::take(&mut *FAULTS.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Guard {
    /// Takes the terminal. The console runs on the thread that calls this.
    pub fn enter() -> io::Result<Self> {
        let found = tcgetattr(rustix::stdio::stdin())?;
        let hook: Arc<Hook> = Arc::new(panic::take_hook());
        set_hook(std::thread::current().id(), found.clone(), Arc::clone(&hook));
        let mut guard = Self { found, hook, restored: true };
        guard.take()?;
        Ok(guard)
    }

    /// Takes the terminal again after [`Guard::give_back`].
    pub fn take(&mut self) -> io::Result<()> {
        let mut raw = self.found.clone();
        raw.make_raw();
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw)?;
        self.restored = false;
        write_now(ENTER)
    }

    /// Gives the terminal's settings back. The sequences of [`Guard::farewell`] are to be written before.
    pub fn give_back(&mut self) {
        if !std::mem::replace(&mut self.restored, true) {
            // A terminal that has gone has no settings.
            tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.found).ok();
        }
    }

    /// The sequences that the terminal has to be left with.
    pub fn farewell() -> Vec<u8> {
        LEAVE.to_vec()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.give_back();
        if !std::thread::panicking() {
            let hook = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// A panic of the console's own thread ends the program: the terminal is given back before its words are printed. One on
/// another thread ends that part only: its words would tear the screen, so they are kept for the console to show.
fn set_hook(console: ThreadId, found: Termios, before: Arc<Hook>) {
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == console {
            // Whatever cannot be restored now cannot be at all.
            write_now(LEAVE).ok();
            tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &found).ok();
            before(info);
        } else {
            FAULTS.lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
        }
    }));
}
