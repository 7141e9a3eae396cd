//! `standin sub`: prints events without a screen.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::headless::{self, BATCH, Chosen, FirstConnections, Headless, Taping};
use super::signals::Signals;
use super::{CliError, Global, Outcome, human};
use crate::cloud::{self, guard};
use crate::event::{Event, Kind, LineState, json};
use crate::mqtt::{Qos, TopicFilter};
use crate::profile::{Profile, Subscription};

/// The arguments of `standin sub`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Devices of the config
    #[arg(required = true, value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Subscribes to this as well, besides the cloud's own and the config's
    #[arg(long = "topic", value_name = "FILTER")]
    pub topics: Vec<String>,
    /// The quality of service to ask for with --topic
    #[arg(long, value_name = "N", default_value = "1", value_parser = super::qos)]
    pub qos: Qos,
    /// Prints events as JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Ends with 0 when this many messages were received
    #[arg(long, value_name = "N")]
    pub count: Option<NonZeroU64>,
    /// Ends after this long online
    #[arg(long = "for", value_name = "SECONDS", value_parser = super::seconds)]
    pub period: Option<Duration>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
    /// Subscribes even where the cloud is known to refuse
    #[arg(long)]
    pub force: bool,
}

/// Prints events until the end that the arguments name.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let Chosen { mut profiles, plans, tapes } = headless::devices(&args.devices, global)?;
    subscribe_to_more(&mut profiles, &args)?;
    let mut signals = Signals::listen()?;
    let mut watch = Watch::new(&args, &profiles);
    let mut headless = Headless::start(profiles, &plans, Taping::AsConfigured(tapes))?;
    let outcome = loop {
        let mut page = String::new();
        tokio::select! {
            signal = signals.next() => break Ok(Outcome::Signal(signal)),
            () = headless::until(watch.ends) => break Ok(watch.time_is_up()),
            () = headless.follower.next(BATCH, |event| watch.see(&mut page, event)) => {}
        }
        let printed = tokio::select! {
            end = headless::print(page, &mut signals) => end,
            () = headless::until(watch.ends) => Some(Ok(watch.time_is_up())),
        };
        if let Some(end) = printed {
            break end;
        }
        if let Some(end) = watch.end.take() {
            break end;
        }
    };
    headless.leave_with_tapes().await;
    outcome
}

/// Adds `--topic` to what each device subscribes to, after asking the cloud's guardrails.
fn subscribe_to_more(profiles: &mut [Profile], args: &Args) -> Result<(), CliError> {
    for topic in &args.topics {
        let filter = TopicFilter::new(topic.as_str())
            .map_err(|error| CliError::usage(format!("--topic {topic} is no topic filter: {error}")))?;
        for profile in &mut *profiles {
            let platform = cloud::platform(profile);
            let held = platform.subscriptions().len() + profile.subscribe.len();
            if let Err(breach) = guard::check_subscribe(platform.limits(), filter.as_str(), args.qos, held)
                && !args.force
            {
                let message = format!("{}: {breach}", profile.name);
                return Err(CliError::usage(message).hint("--force subscribes all the same"));
            }
            profile.subscribe.push(Subscription { filter: filter.clone(), qos: args.qos });
        }
    }
    Ok(())
}

/// What has been seen, and what it means for the end.
struct Watch {
    json: bool,
    zone: TimeZone,
    first: FirstConnections,
    left: Option<u64>,
    period: Option<Duration>,
    ends: Option<Instant>,
    end: Option<Result<Outcome, CliError>>,
}

impl Watch {
    fn new(args: &Args, profiles: &[Profile]) -> Self {
        Self {
            json: args.json,
            zone: TimeZone::system(),
            first: FirstConnections::new(profiles, args.retry),
            left: args.count.map(NonZeroU64::get),
            period: args.period,
            ends: None,
            end: None,
        }
    }

    /// Prints `event`, unless the end has come with an earlier one.
    fn see(&mut self, page: &mut String, event: &Event<'_>) {
        if self.end.is_some() {
            return;
        }
        if self.json {
            json::write(page, event);
            page.push('\n');
        } else {
            human::write_line(page, event, &self.zone);
        }
        if let Err(error) = self.first.watch(event) {
            self.end = Some(Err(error));
        }
        match &event.kind {
            Kind::State(change) if change.state == LineState::Online && self.ends.is_none() => {
                self.ends = self.period.map(|period| Instant::now() + period);
            }
            Kind::Rx(_) => {
                self.left = self.left.map(|left| left.saturating_sub(1));
                if self.left == Some(0) {
                    self.end = Some(Ok(Outcome::Done));
                }
            }
            _ => {}
        }
    }

    /// The time came: that is the end asked for, unless a count was asked for too.
    fn time_is_up(&self) -> Outcome {
        if self.left.is_some() { Outcome::NotHeld } else { Outcome::Done }
    }
}
