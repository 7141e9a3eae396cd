//! The doors of the platform on 127.0.0.1: one with TLS and one without.

use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::connection;
use super::shell::Shell;

/// How long a door rests when the system has no more file descriptors.
const REST: Duration = Duration::from_millis(100);

/// The ports of the two doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) wss: u16,
    pub(super) ws: u16,
}

/// The connections' tasks: they outlive the doors, and end with the platform.
pub(super) type Connections = Arc<Mutex<JoinSet<()>>>;

/// The two doors, open.
#[derive(Debug)]
pub(super) struct Doors {
    tasks: Vec<JoinHandle<()>>,
    pub(super) ports: Ports,
}

impl Doors {
    /// Opens the doors: wss at `wss` and ws at `ws`; 0 lets the kernel choose. Needs a runtime around it.
    pub(super) fn open(
        wanted: Ports,
        acceptor: &TlsAcceptor,
        shell: &Arc<Shell>,
        connections: &Connections,
    ) -> io::Result<Self> {
        let (secure, at_wss) = bind(wanted.wss)?;
        let (plain, at_ws) = bind(wanted.ws)?;
        let tasks = [(secure, Some(acceptor.clone())), (plain, None)]
            .map(|(listener, acceptor)| tokio::spawn(accept(listener, acceptor, shell.clone(), connections.clone())));
        Ok(Self { tasks: tasks.into(), ports: Ports { wss: at_wss, ws: at_ws } })
    }

    /// Closes the doors; when it returns, nobody can connect. Open connections stay.
    pub(super) async fn close(mut self) {
        for task in &mut self.tasks {
            task.abort();
            // An aborted task answers with an error; what counts is that its listener is gone.
            task.await.ok();
        }
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn bind(port: u16) -> io::Result<(TcpListener, u16)> {
    let open = || {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((TcpListener::from_std(listener)?, port))
    };
    open().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("cannot listen on 127.0.0.1, port {port}: {error}"))
    })
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, shell: Arc<Shell>, connections: Connections) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (shell, acceptor) = (shell.clone(), acceptor.clone());
                let mut tasks = connections.lock().unwrap_or_else(PoisonError::into_inner);
                while tasks.try_join_next().is_some() {}
                tasks.spawn(async move { connection::serve(&shell, stream, acceptor).await });
            }
            // A client that went before it was met, or no file descriptors left: others may still come.
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}
