//! Reading the models of products without holding up the keys.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::config;
use crate::model::Model;
use crate::session::Handle;
use crate::timeline::SessionId;

/// A model that was read for a session, or the words why it could not be; they name file and place.
#[derive(Debug)]
pub struct Loaded {
    /// The session.
    pub session: SessionId,
    /// The model.
    pub model: Result<Arc<Model>, String>,
}

/// The model that is being read.
#[derive(Debug, Default)]
pub struct Loader {
    task: Option<(SessionId, JoinHandle<Result<Model, String>>)>,
}

impl Loader {
    /// Begins to read `file`, as a person typed it, for a device. Answers `false` while another one is being read.
    pub fn start(&mut self, handle: &Handle, file: &str) -> bool {
        if self.task.is_some() {
            return false;
        }
        let (path, cloud) = (path_of(file), handle.platform.cloud());
        let task = tokio::task::spawn_blocking(move || config::model::load(&path, cloud));
        self.task = Some((handle.id, task));
        true
    }

    /// Waits for what is being read; for ever where nothing is.
    pub async fn loaded(&mut self) -> Loaded {
        let Some((session, task)) = &mut self.task else { return std::future::pending().await };
        let (session, ended) = (*session, task.await);
        self.task = None;
        let read = ended.unwrap_or_else(|error| Err(error.to_string()));
        Loaded { session, model: read.map(Arc::new) }
    }
}

/// A file as a person types it: `~/` is the home directory, as in a shell.
fn path_of(file: &str) -> PathBuf {
    match (file.strip_prefix("~/"), std::env::var_os("HOME").filter(|home| !home.is_empty())) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(file),
    }
}
