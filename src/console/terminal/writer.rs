//! A thread that writes to the terminal, so that a terminal that takes nothing holds up neither the keys nor the sessions.

use std::io;
use std::sync::mpsc as blocking;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use tokio::sync::mpsc;

/// The writer. At most one write is under way; whoever asks for the next waits for [`Written`] before.
#[derive(Debug)]
pub struct Writer {
    jobs: blocking::SyncSender<Vec<u8>>,
    done: mpsc::Receiver<Written>,
    spare: Vec<u8>,
}

/// A write has come to its end.
#[derive(Debug)]
pub struct Written {
    /// How long it took.
    pub took: Duration,
    /// How it ended. An error means that the terminal has gone.
    pub end: io::Result<()>,
    bytes: Vec<u8>,
}

impl Writer {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let (jobs, waiting) = blocking::sync_channel::<Vec<u8>>(1);
        let (report, done) = mpsc::channel(2);
        std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            for bytes in waiting {
                let start = Instant::now();
                let end = write_now(&bytes);
                if report.blocking_send(Written { took: start.elapsed(), end, bytes }).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { jobs, done, spare: Vec::new() })
    }

    /// An empty buffer to fill for [`Writer::write`].
    pub fn buffer(&mut self) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.spare);
        buffer.clear();
        buffer
    }

    /// Hands bytes over; answers whether they were taken. They are not while a write is under way that takes its time.
    pub fn write(&mut self, bytes: Vec<u8>) -> bool {
        self.jobs.try_send(bytes).is_ok()
    }

    /// Waits for the end of the write that is under way. Nothing is lost when the waiting is given up.
    pub async fn written(&mut self) -> Written {
        let Some(mut written) = self.done.recv().await else {
            let end = Err(io::Error::other("the thread that writes to the terminal has ended"));
            return Written { took: Duration::ZERO, end, bytes: Vec::new() };
        };
        self.spare = std::mem::take(&mut written.bytes);
        written
    }

    /// Writes the last bytes and waits, but not for ever.
    pub fn finish(self, bytes: Vec<u8>, patience: Duration) {
        let Self { jobs, mut done, .. } = self;
        let until = Instant::now() + patience;
        let mut waiting = Some(bytes);
        while Instant::now() < until {
            if let Some(bytes) = waiting.take()
                && let Err(blocking::TrySendError::Full(bytes)) = jobs.try_send(bytes)
            {
                waiting = Some(bytes);
            } else {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // The thread ends when it has written what it has, and its channel closes then.
        drop(jobs);
        while Instant::now() < until {
            match done.try_recv() {
                Err(mpsc::error::TryRecvError::Disconnected) => return,
                Ok(_) => {}
                Err(mpsc::error::TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}

/// Writes all to standard output. A terminal that was made non-blocking by somebody else is waited for.
pub fn write_now(mut bytes: &[u8]) -> io::Result<()> {
    let terminal = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(terminal, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                rustix::event::poll(&mut [PollFd::new(&terminal, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
