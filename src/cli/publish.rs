//! `standin pub`: one message.

use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;

use super::headless::{self, BATCH, FirstConnections, Headless, Taping};
use super::plans::Plans;
use super::signals::Signals;
use super::{CliError, Global, Outcome};
use crate::cloud::{self, Direction, guard};
use crate::event::{Event, Kind, LineState};
use crate::mqtt::{Qos, topic};
use crate::profile::Profile;
use crate::session::{Action, Order};

/// The arguments of `standin pub`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A device of the config
    pub device: String,
    /// The topic
    pub topic: String,
    /// The payload; - reads it from standard input; none sends an empty one
    #[arg(conflicts_with = "file", allow_negative_numbers = true)]
    pub payload: Option<String>,
    /// Sends this file's content
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The quality of service
    #[arg(long, value_name = "N", default_value = "0", value_parser = super::qos)]
    pub qos: Qos,
    /// Asks the platform to keep the message for later subscribers
    #[arg(long)]
    pub retain: bool,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
    /// Sends even what the cloud's limits forbid
    #[arg(long)]
    pub force: bool,
}

/// Sends the message and waits until the platform has it.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let profiles = headless::devices(std::slice::from_ref(&args.device), global)?.profiles;
    let payload = payload(&args).await?;
    for profile in &profiles {
        check(profile, &args, &payload)?;
    }
    let mut signals = Signals::listen()?;
    let mut errand = Errand {
        first: FirstConnections::new(&profiles, args.retry),
        retry: args.retry,
        stage: Stage::Waiting,
        end: None,
    };
    let mut headless = Headless::start(profiles, &Plans::none(), Taping::Nothing)?;
    let outcome = loop {
        tokio::select! {
            signal = signals.next() => break Ok(Outcome::Signal(signal)),
            () = headless.follower.next(BATCH, |event| errand.see(event)) => {}
        }
        if let Some(end) = errand.end.take() {
            break end.map(|()| Outcome::Done);
        }
        if errand.stage == Stage::Due {
            errand.stage = Stage::Given;
            let action = Action::Publish {
                topic: args.topic.clone(),
                payload: payload.clone(),
                qos: args.qos,
                retain: args.retain,
                // The guardrails were asked before; what they let pass then passes now.
                force: args.force,
            };
            for handle in &headless.handles {
                handle.send(Order { number: Some(ERRAND), action: action.clone() }).await;
            }
        }
    };
    headless.leave().await;
    outcome
}

/// The number of the one order that this command gives.
const ERRAND: u64 = 1;

/// What has become of the message.
struct Errand {
    first: FirstConnections,
    retry: bool,
    stage: Stage,
    end: Option<Result<(), CliError>>,
}

/// How far the message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It waits for the line.
    Waiting,
    /// The line has come online: it goes now.
    Due,
    /// The session has it, and in a session that is kept sends it again by itself.
    Given,
}

impl Errand {
    fn see(&mut self, event: &Event<'_>) {
        if let Err(error) = self.first.watch(event) {
            self.end = Some(Err(error));
        }
        match &event.kind {
            Kind::State(change) if change.state == LineState::Online && self.stage == Stage::Waiting => {
                self.stage = Stage::Due;
            }
            Kind::Acked(acked) if acked.order == Some(ERRAND) => self.end = Some(Ok(())),
            Kind::Error(failure) if failure.order == Some(ERRAND) => {
                // Lost with its connection: the next one takes it again, if there is to be one.
                let again = self.retry && matches!(failure.code, "rejected" | "offline");
                if again {
                    self.stage = Stage::Waiting;
                } else {
                    let error = CliError::connection(format!("{}: {}", event.session, failure.reason));
                    self.end = Some(Err(failure.hint.iter().fold(error, |error, hint| error.hint(*hint))));
                }
            }
            _ => {}
        }
    }
}

async fn payload(args: &Args) -> Result<Bytes, CliError> {
    let read = match (&args.file, args.payload.as_deref()) {
        (Some(path), _) => tokio::fs::read(path)
            .await
            .map_err(|error| CliError::usage(format!("could not read {}: {error}", path.display())))?,
        (None, Some("-")) => {
            let mut read = Vec::new();
            tokio::io::stdin()
                .read_to_end(&mut read)
                .await
                .map_err(|error| CliError::usage(format!("could not read standard input: {error}")))?;
            read
        }
        (None, payload) => payload.unwrap_or("").as_bytes().to_vec(),
    };
    Ok(read.into())
}

/// Asks the cloud's guardrails before anything is dialled.
fn check(profile: &Profile, args: &Args, payload: &[u8]) -> Result<(), CliError> {
    topic::check_name(&args.topic)
        .map_err(|error| CliError::usage(format!("{} is no topic that can be published to: {error}", args.topic)))?;
    if args.force {
        return Ok(());
    }
    let platform = cloud::platform(profile);
    let message = guard::Outgoing {
        topic: &args.topic,
        size: payload.len(),
        qos: args.qos,
        retain: args.retain,
        what: platform.meaning(Direction::Up, &args.topic, payload).what,
    };
    guard::check_publish(platform.limits(), &guard::Meter::default(), std::time::Instant::now(), &message)
        .map_err(|breach| CliError::usage(format!("{}: {breach}", profile.name)).hint("--force sends it all the same"))
}
