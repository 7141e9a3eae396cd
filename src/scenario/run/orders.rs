//! What the embedded platform is told to do, and what its application saw come of it. Against a real platform these steps are passed
//! over: nobody there takes orders from a scenario.

use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::case::{Done, Halt, Run, failed};
use super::deeds::shown;
use super::judge::{Sought, Subject, distance, fill_places};
use super::log::Letter;
use super::words;
use crate::cloud::Direction;
use crate::event::What;
use crate::mqtt::Qos;
use crate::scenario::outcome::{Compared, Failure};
use crate::scenario::plan::{Ending, Order};
use crate::scenario::value::path::Field;
use crate::scenario::value::{Form, Path, Text};
use crate::sim::{Ask, Outcome, Platform, Refusal};

/// Why an order is passed over.
const NOT_EMBEDDED: &str = "only the embedded platform takes orders";

impl Run<'_> {
    /// Makes the platform send something.
    pub(super) fn order(&mut self, device: usize, order: &Order) -> Result<Done, Halt> {
        let name = self.handle(device)?.profile.name.clone();
        if self.stage.platform.is_none() {
            return Ok(Done::Skipped(format!("{NOT_EMBEDDED}: send it from the cloud's own console")));
        }
        let ask = match order {
            Order::Message { topic: Some(topic), body, qos, retain } => {
                let topic = topic.fill(&mut self.values).map_err(failed)?;
                let payload = self.payload(body)?;
                let sent = self.platform()?.publish_to(&name, &topic, payload, *qos, *retain);
                let not = || failed(format!("the platform could not send to {name}: is it online?"));
                return if sent { Ok(Done::Passed(String::new())) } else { Err(not()) };
            }
            other => self.ask(other)?,
        };
        let platform = self.platform()?;
        if let Ask::Offer { name: wanted, .. } = &ask {
            let offers = platform.offers(&name);
            if !offers.iter().any(|offer| offer.name == wanted) {
                let names: Vec<&str> = offers.iter().map(|offer| offer.name).collect();
                return Err(failed(format!("there is no offer `{wanted}` for {name}; there are {}", names.join(", "))));
            }
        }
        self.begin(device, &name, &ask)
    }

    /// Sends the request; whoever is told of its end is kept for `expect_outcome`.
    fn begin(&mut self, device: usize, name: &str, ask: &Ask) -> Result<Done, Halt> {
        let Some(platform) = self.stage.platform.as_ref() else { return Err(failed(NOT_EMBEDDED)) };
        let mut outcome = Box::pin(platform.ask(name, ask));
        match outcome.as_mut().now_or_never() {
            Some(Outcome::NotSent(why)) => Err(failed(format!("the platform did not send it: {why}"))),
            Some(Outcome::Sent) => Ok(Done::Passed(String::new())),
            Some(ended) => {
                self.outcomes.entry(device).or_default().push_back(tokio::spawn(async move { ended }));
                Ok(Done::Passed(String::new()))
            }
            None => {
                self.outcomes.entry(device).or_default().push_back(tokio::spawn(outcome));
                Ok(Done::Passed(String::new()))
            }
        }
    }

    fn ask(&mut self, order: &Order) -> Result<Ask, Halt> {
        let text = |run: &mut Self, text: &Text| text.fill(&mut run.values).map_err(failed);
        let value = |run: &mut Self, form: &Option<Form>, otherwise: Value| match form {
            Some(form) => form.fill(&mut run.values).map_err(failed),
            None => Ok(otherwise),
        };
        Ok(match order {
            Order::Offer { name, input } => {
                Ask::Offer { name: text(self, name)?, input: value(self, input, Value::Null)? }
            }
            Order::Command { name, service, input, call } => {
                let (name, service) = (text(self, name)?, text(self, service)?);
                let input = value(self, input, json!({}))?;
                if *call { Ask::Call { service, name, input } } else { Ask::Command { service, name, input } }
            }
            Order::PropertySet { service, properties } => Ask::PropertySet {
                service: text(self, service)?,
                properties: properties.fill(&mut self.values).map_err(failed)?,
            },
            Order::PropertyGet { service } => Ask::PropertyGet { service: text(self, service)? },
            Order::Message { body, .. } => Ask::Message { payload: self.payload(body)? },
        })
    }

    /// What came of the oldest order that was not asked about yet.
    pub(super) async fn expect_outcome(
        &mut self,
        device: usize,
        ending: &Ending,
        within: Duration,
    ) -> Result<Done, Halt> {
        if self.stage.platform.is_none() {
            return Ok(Done::Skipped(format!("{NOT_EMBEDDED}, and tells what came of them")));
        }
        let oldest = self.outcomes.get_mut(&device).and_then(std::collections::VecDeque::pop_front);
        let Some(mut waiting) = oldest else {
            return Err(failed("no order waits for an outcome: `order` comes first, and a message has none"));
        };
        let outcome = match self.during(Instant::now() + within, &mut waiting).await {
            Ok(outcome) => outcome.map_err(|error| failed(format!("a part of standin failed: {error}")))?,
            Err(missed) => {
                waiting.abort();
                let message = format!("the platform still waits for an answer after {}", shown(within));
                return Err(self.missed(missed, message));
            }
        };
        match (outcome, ending.answered) {
            (Outcome::TimedOut, false) => Ok(Done::Passed(String::new())),
            (Outcome::Answered { topic, body, took }, true) => {
                let letter = Letter {
                    number: 0,
                    direction: Direction::Up,
                    topic,
                    payload: body,
                    what: What::default(),
                    request_id: None,
                    qos: Qos::AtMostOnce,
                    retain: false,
                };
                self.answered(device, ending, &letter, took)
            }
            (outcome, _) => {
                let wanted = if ending.answered { "answered" } else { "timed-out" };
                let received = match &outcome {
                    Outcome::Answered { body, .. } => format!("answered: {}", words::payload(body)),
                    Outcome::TimedOut => "timed-out".to_owned(),
                    Outcome::Sent => "sent, without an answer".to_owned(),
                    Outcome::NotSent(why) => format!("not sent: {why}"),
                };
                let (place, expected) = ("outcome".to_owned(), wanted.to_owned());
                let rows = vec![Compared { place, expected, received, differs: true }];
                let message = "the platform's application saw another outcome".to_owned();
                Err(self.fail(Failure { message, rows, ..Failure::default() }))
            }
        }
    }

    /// Holds an answer against what is expected of it.
    fn answered(&mut self, device: usize, ending: &Ending, letter: &Letter, took: Duration) -> Result<Done, Halt> {
        let reader = self.reader(device)?;
        let mut places = fill_places(&ending.places, &mut self.values).map_err(failed)?;
        if let Some(code) = &ending.code {
            let code = Form::Value(Value::from(self.number(code)?));
            let tests = crate::scenario::value::Matcher::equals(code).fill(&mut self.values).map_err(failed)?;
            places.insert(0, (Path::Field(Field::Code), tests));
        }
        let meaning = reader.platform.meaning(Direction::Up, &letter.topic, &letter.payload);
        let request_id = meaning.request_id.as_deref().map(str::to_owned);
        let letter = Letter { what: meaning.what, request_id, ..letter.clone() };
        let rows = Sought::answer(places).compare(&reader, &letter);
        if distance(&rows) > 0 {
            let message = "the platform's application got another answer".to_owned();
            let received = Some(words::letter(&letter));
            return Err(self.fail(Failure { message, rows, received, events: Vec::new() }));
        }
        self.capture(&ending.capture, &reader, &letter)?;
        let code = Subject::new(&reader, &letter).find(&Path::Field(Field::Code));
        let code = code.map(|code| format!(", code {code}")).unwrap_or_default();
        Ok(Done::Passed(format!("answered after {}{code}", shown(took))))
    }

    /// The platform plays dead on the device's connection.
    pub(super) fn go_silent(&mut self, device: usize) -> Result<Done, Halt> {
        let name = self.handle(device)?.profile.name.clone();
        match &self.stage.platform {
            None => Ok(Done::Skipped(NOT_EMBEDDED.to_owned())),
            Some(platform) if platform.go_silent(&name) => Ok(Done::Passed(String::new())),
            Some(_) => Err(failed(format!("{name} is not online at the platform"))),
        }
    }

    /// The platform refuses the next connections.
    pub(super) fn refuse_next(&self, count: usize, how: Refusal) -> Done {
        let Some(platform) = &self.stage.platform else { return Done::Skipped(NOT_EMBEDDED.to_owned()) };
        platform.refuse_next(count, how);
        Done::Passed(String::new())
    }

    fn platform(&self) -> Result<&Platform, Halt> {
        self.stage.platform.as_ref().ok_or_else(|| failed(NOT_EMBEDDED))
    }
}
