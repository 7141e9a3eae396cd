//! `standin demo`: the console against the embedded platform.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::plans::Plans;
use super::{CliError, Outcome, console, models, terminal};
use crate::config::tapes;
use crate::console::Shell;
use crate::console::application::{self, Application, Offer, Wanted};
use crate::console::words::took;
use crate::event::Kind;
use crate::profile::Cloud;
use crate::session::{Journal, clock};
use crate::sim::{self, Ask, Options, Platform};
use crate::text::Safe;
use crate::timeline::{Budget, SessionId};

/// So much news may wait for the screen; a request at most ends within the longest deadline, so that there is seldom more than one.
const NEWS: usize = 64;

/// The arguments of `standin demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Makes what happens the same at each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Runs the demo.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    terminal::require("standin platform --live")?;
    let devices = sim::demo().into_iter().filter(|device| device.identity.cloud() != Cloud::Mqtt).collect();
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let platform = Platform::start(Options { seed, live: true, devices, ..Options::default() })
        .map_err(|error| CliError::not_held(format!("the embedded platform could not start: {error}")))?;
    let platform = Arc::new(platform);
    let tapes = tapes::usual(tapes::usual_folder(Path::new("")));
    let profiles = platform.profiles();
    let (plans, models) = (Plans::demo(&profiles, seed), models::demo(&profiles));
    let (journal, handles, recorder, _) = console::start(profiles, &plans, Budget::default(), tapes);
    let shell = Shell {
        application: Some(Box::new(Ordered::new(Arc::clone(&platform), journal.clone()))),
        journal,
        handles,
        recorder,
        models,
        theme: None,
        themes: None,
        bell: false,
        banner: Some("demo".to_owned()),
        notice: None,
    };
    let outcome = console::show(shell).await;
    // The console has gone, and with it the other owner; if not, the connections end with the program.
    if let Some(platform) = Arc::into_inner(platform) {
        platform.stop().await;
    }
    outcome
}

/// The embedded platform's application, as the keys tell it what to send.
#[derive(Debug)]
struct Ordered {
    platform: Arc<Platform>,
    /// What came of it stands there too.
    journal: Journal,
    sender: mpsc::Sender<application::Outcome>,
    news: mpsc::Receiver<application::Outcome>,
}

impl Ordered {
    fn new(platform: Arc<Platform>, journal: Journal) -> Self {
        let (sender, news) = mpsc::channel(NEWS);
        Self { platform, journal, sender, news }
    }
}

impl Application for Ordered {
    fn offers(&self, device: &str) -> Vec<Offer> {
        let offers = self.platform.offers(device);
        offers.iter().map(|offer| Offer { name: offer.name.to_owned(), label: Safe::new(&offer.label) }).collect()
    }

    fn send(&self, wanted: &Wanted) {
        let Wanted { device, offer } = wanted;
        let ask = Ask::Offer { name: offer.name.clone(), input: Value::Null };
        let ended = self.platform.ask(device, &ask);
        let subject = offer.label.clone();
        let (sender, journal, device) = (self.sender.clone(), self.journal.clone(), device.clone());
        tokio::spawn(async move {
            let outcome = ended.await;
            let (words, good) = words_of(&outcome);
            // What came of it stands first: a narrow screen cuts the end off.
            let words = format!("{words} ({subject})");
            // The console's line of news is the next key's to clear; what a console misses that has gone stands on the timeline.
            drop(sender.try_send(application::Outcome { words: format!("{device}: {words}."), good }));
            // What was sent and wants no answer stands there as the message that came.
            if matches!(outcome, sim::Outcome::Sent) {
                return;
            }
            let place = journal.with(|timeline| timeline.sessions().iter().position(|known| known.name == device));
            if let Some(session) = place.and_then(|place| u16::try_from(place).ok()).map(SessionId) {
                journal.append(session, clock::now(), &Kind::Note { text: &format!("platform: {words}"), order: None });
            }
        });
    }

    fn news(&mut self) -> Option<application::Outcome> {
        // No news and no more news are the same to the screen.
        self.news.try_recv().ok()
    }
}

/// How a request ended, and whether that is well.
fn words_of(outcome: &sim::Outcome) -> (String, bool) {
    match outcome {
        sim::Outcome::Answered { took: time, .. } => (format!("answered in {}", took(*time)), true),
        sim::Outcome::TimedOut => ("no answer came in time".to_owned(), false),
        sim::Outcome::Sent => ("sent, and wants no answer".to_owned(), true),
        sim::Outcome::NotSent(why) => (format!("not sent: {why}"), false),
    }
}
