//! A run beside a console: on a task of its own, with its progress to look at and a way to stop it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

use super::{Options, Plan, Progress, Report};
use crate::event::{Kind, LineState};
use crate::session::{Action, Handle, Journal, Order, clock};
use crate::tape::Tapes;

/// So many lines of the summary become notes.
const NOTES: usize = 12;

/// A run. It goes on when this is dropped.
#[derive(Debug)]
pub struct Running {
    device: String,
    progress: watch::Receiver<Progress>,
    end: Arc<Mutex<Option<Result<Report, String>>>>,
    stop: Arc<Notify>,
}

/// Sends what is on the tape at `path` through the session of `handle`, which is told to connect if it is offline. The summary
/// stands as notes in `journal` when it has ended. Must be called within a tokio runtime; waits for nothing.
pub fn start(path: PathBuf, handle: Handle, journal: Journal, options: Options) -> Running {
    let (sender, progress) = watch::channel(Progress::default());
    let (end, stop) = (Arc::new(Mutex::new(None)), Arc::new(Notify::new()));
    let running =
        Running { device: handle.profile.name.clone(), progress, end: Arc::clone(&end), stop: Arc::clone(&stop) };
    tokio::spawn(async move {
        let id = handle.id;
        let result = send(&path, handle, &journal, options, sender, &stop).await;
        let lines = match &result {
            Ok(report) => report.lines(),
            Err(words) => vec![format!("not sent: {words}")],
        };
        *end.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        for line in lines.iter().take(NOTES) {
            journal.append(id, clock::now(), &Kind::Note { text: &format!("{name} sent again: {line}"), order: None });
        }
    });
    running
}

impl Running {
    /// The device that sends.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// What it came to, or why nothing could be sent, once it has ended.
    pub fn take_end(&self) -> Option<Result<Report, String>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells it to stop.
    pub fn stop(&self) {
        self.stop.notify_one();
    }
}

async fn send(
    path: &Path,
    handle: Handle,
    journal: &Journal,
    options: Options,
    progress: watch::Sender<Progress>,
    stop: &Notify,
) -> Result<Report, String> {
    let plan = plan(path.to_owned(), &handle).await?;
    // From here on every change of the line is heard; what it is now is asked after that.
    let mut follower = journal.follow();
    let place = usize::from(handle.id.0);
    let line = journal.with(|timeline| timeline.sessions().get(place).map(|standing| standing.state));
    let mut resend = plan.begin(&handle, options, clock::now()).map_err(|error| error.to_string())?;
    resend.show(progress);
    resend.line(line.unwrap_or_default());
    if line == Some(LineState::Offline) && !handle.send(Order { number: None, action: Action::Connect }).await {
        return Err("the device's session has ended".to_owned());
    }
    drop(handle);
    tokio::select! {
        () = stop.notified() => {}
        () = resend.run(&mut follower, |_| ControlFlow::Continue(())) => {}
    }
    resend.stop();
    Ok(resend.report().clone())
}

/// Opens the tape and chooses the part, on a thread that may wait for the disk.
async fn plan(path: PathBuf, handle: &Handle) -> Result<Plan, String> {
    let profile = Arc::clone(&handle.profile);
    let opening = tokio::task::spawn_blocking(move || {
        let tapes = Tapes::open(&[path]).map_err(|error| error.to_string())?;
        Plan::new(tapes, None, &profile).map_err(|error| error.to_string())
    });
    opening.await.map_err(|error| error.to_string())?
}
