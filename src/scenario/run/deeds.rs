//! What a step does to the line: connect and leave, send, answer, report, cut.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use super::case::{Done, Halt, Missed, Run, failed};
use super::log::Change;
use crate::behaviour::Control;
use crate::cloud::{Answer, Asked, Property};
use crate::event::{Kind, LineState};
use crate::profile::Cloud;
use crate::scenario::outcome::Failure;
use crate::scenario::plan::{Body, Capture, Reply, Sending, Switched};
use crate::scenario::value::{Form, Text};
use crate::session::{Action, Handle, Order, clock};

impl Run<'_> {
    /// Dials, and waits until the line stands and every subscription was answered.
    pub(super) async fn connect(
        &mut self,
        device: usize,
        wait: bool,
        retry: bool,
        within: Duration,
    ) -> Result<Done, Halt> {
        let deadline = Instant::now() + within;
        let handle = self.handle(device)?;
        self.track(device)?.catch_up();
        let number = self.command(&handle, Action::Connect).await?;
        if !wait {
            return Ok(Done::Passed(String::new()));
        }
        let settled = |change: &Change| match change.state {
            LineState::Online | LineState::Offline => true,
            LineState::Backoff => !retry,
            LineState::Connecting => false,
        };
        let came = self.until(deadline, |log| {
            let track = log.device(device)?;
            if let Some(Err(words)) = track.ended(number) {
                return Some(Err(words));
            }
            track.next_state(settled).map(Ok)
        });
        match came.await {
            Ok(Ok(change)) if change.state == LineState::Online => {}
            Ok(Ok(change)) => return Err(self.no_connection(&change)),
            Ok(Err(words)) => return Err(self.fail(Failure { message: words, ..Failure::default() })),
            Err(missed) => {
                let at = self.track(device)?.standing().state.word();
                let message = format!("not online within {}; the line is {at}", shown(within));
                return Err(self.missed(missed, message));
            }
        }
        self.subscriptions(device, &handle, deadline).await
    }

    fn no_connection(&self, change: &Change) -> Halt {
        let cause = [change.code.as_deref(), change.reason.as_deref()];
        let cause = cause.into_iter().flatten().collect::<Vec<_>>().join(": ");
        self.fail(Failure { message: format!("no connection: {cause}"), ..Failure::default() })
    }

    /// Waits until the platform has answered every subscription of the session's own; tells which it refused.
    async fn subscriptions(&mut self, device: usize, handle: &Handle, deadline: Instant) -> Result<Done, Halt> {
        let own = handle.platform.subscriptions().into_iter().chain(handle.profile.subscribe.iter().cloned());
        let filters: Vec<String> = own.map(|subscription| subscription.filter.as_str().to_owned()).collect();
        let answered = self.until(deadline, |log| {
            let subscribed = log.device(device)?.subscribed();
            let refused = |filter: &&String| subscribed.iter().any(|(known, granted)| known == *filter && !granted);
            let all = filters.iter().all(|filter| subscribed.iter().any(|(known, _)| known == filter));
            all.then(|| filters.iter().filter(refused).cloned().collect::<Vec<_>>())
        });
        match answered.await {
            Ok(refused) if refused.is_empty() => Ok(Done::Passed(String::new())),
            Ok(refused) => Ok(Done::Passed(format!("the platform refused subscriptions: {}", refused.join(", ")))),
            Err(missed) => Err(self.missed(missed, "online, but the platform has not answered every subscription")),
        }
    }

    /// Leaves the platform in order.
    pub(super) async fn disconnect(&mut self, device: usize, within: Duration) -> Result<Done, Halt> {
        let handle = self.handle(device)?;
        self.track(device)?.catch_up();
        self.command(&handle, Action::Disconnect).await?;
        self.line_comes_to(device, within, "not offline", |change| change.state == LineState::Offline).await
    }

    /// Cuts the line, and waits until the session has seen it.
    pub(super) async fn cut(&mut self, device: usize, within: Duration) -> Result<Done, Halt> {
        let handle = self.handle(device)?;
        self.track(device)?.catch_up();
        match &self.stage.platform {
            Some(platform) if !platform.cut(&handle.profile.name) => {
                return Err(failed(format!("{} is not online at the platform", handle.profile.name)));
            }
            Some(_) => {}
            None => drop(self.command(&handle, Action::Now).await?),
        }
        self.line_comes_to(device, within, "the line still stands", |change| change.state != LineState::Online).await
    }

    async fn line_comes_to(
        &mut self,
        device: usize,
        within: Duration,
        not: &str,
        is: impl Fn(&Change) -> bool,
    ) -> Result<Done, Halt> {
        let came = self.until(Instant::now() + within, |log| log.device(device)?.next_state(&is));
        match came.await {
            Ok(_) => Ok(Done::Passed(String::new())),
            Err(missed) => Err(self.missed(missed, format!("{not} after {}", shown(within)))),
        }
    }

    /// Sends a message, and waits until it is acknowledged (at QoS 0: written).
    pub(super) async fn publish(&mut self, device: usize, sending: &Sending, within: Duration) -> Result<Done, Halt> {
        let topic = sending.topic.fill(&mut self.values).map_err(failed)?;
        let payload = self.payload(&sending.body)?;
        let Sending { qos, retain, force, .. } = *sending;
        let action = Action::Publish { topic, payload, qos, retain, force };
        self.send(device, action, &sending.capture, within).await
    }

    /// Reports properties by the cloud's own message.
    pub(super) async fn report(
        &mut self,
        device: usize,
        properties: &[(Text, Form)],
        capture: &[Capture],
        within: Duration,
    ) -> Result<Done, Halt> {
        let handle = self.handle(device)?;
        let cloud = handle.profile.identity.cloud();
        let values = self.properties(cloud, properties)?;
        // A number that this device did not use before, as far as clocks go.
        let millis = u64::try_from(clock::wall().unix_micros() / 1_000).unwrap_or(0);
        let serial = millis.wrapping_add(self.next_number());
        let Some(draft) = handle.platform.report(serial, &values, None) else {
            let cloud = cloud.word();
            return Err(failed(format!("{cloud} has no reports of properties: publish them")));
        };
        let payload = Bytes::from(draft.body);
        let action = Action::Publish { topic: draft.topic, payload, qos: draft.qos, retain: false, force: false };
        self.send(device, action, capture, within).await
    }

    /// Answers a request: the one that is named, else the one that was waited for last.
    pub(super) async fn answer(&mut self, device: usize, reply: &Reply, within: Duration) -> Result<Done, Halt> {
        let named = reply.to.as_ref().map(|to| to.fill(&mut self.values)).transpose().map_err(failed)?;
        let last = self.asked.get(&device).and_then(|letter| letter.request_id.clone());
        let Some(request_id) = named.or(last) else {
            return Err(failed("there is no request to answer: wait for one, or name one by `to`"));
        };
        let delay = self.span(reply.delay.as_ref(), Duration::ZERO)?;
        if !delay.is_zero() {
            self.pause(delay).await?;
        }
        let code = reply.code.as_ref().map(|code| self.number(code)).transpose()?;
        let payload = match &reply.body {
            Some(body) => Some(self.payload(body)?),
            None => self.answer_body(device, &request_id, code, reply)?,
        };
        let action = Action::Reply { request_id, code, payload, force: reply.force };
        self.send(device, action, &reply.capture, within).await
    }

    /// The body of an answer whose outputs or words the scenario gives, in the cloud's own envelope.
    fn answer_body(
        &mut self,
        device: usize,
        request_id: &str,
        code: Option<i64>,
        reply: &Reply,
    ) -> Result<Option<Bytes>, Halt> {
        if reply.output.is_none() && reply.message.is_none() {
            return Ok(None);
        }
        let output = reply.output.as_ref().map(|form| form.fill(&mut self.values)).transpose().map_err(failed)?;
        let message = reply.message.as_ref().map(|text| text.fill(&mut self.values)).transpose().map_err(failed)?;
        let handle = self.handle(device)?;
        let asked = self.stage.journal.with(|timeline| {
            let request = timeline.requests().find(handle.id, request_id)?;
            Some((request.topic.clone(), request.payload.clone()))
        });
        let Some((topic, payload)) = asked else {
            return Err(failed(format!("{} has no request {request_id} to answer", handle.profile.name)));
        };
        let answer = Answer { code, message: message.as_deref(), output: output.as_ref(), properties: None };
        let draft = handle.platform.answer(&Asked { topic: &topic, payload: &payload }, &answer);
        let draft = draft.ok_or_else(|| failed(format!("request {request_id} is none that can be answered")))?;
        Ok(Some(Bytes::from(draft.body)))
    }

    /// Puts a remark on the tape.
    pub(super) fn note(&mut self, device: usize, text: &Text) -> Result<Done, Halt> {
        let text = text.fill(&mut self.values).map_err(failed)?;
        let handle = self.handle(device)?;
        self.stage.journal.append(handle.id, clock::now(), &Kind::Note { text: &text, order: None });
        Ok(Done::Passed(text))
    }

    /// Switches what the device does by itself, and waits until its session has done so.
    pub(super) async fn switch(
        &mut self,
        device: usize,
        what: &Switched,
        on: bool,
        within: Duration,
    ) -> Result<Done, Halt> {
        let mut name = |text: &Text| text.fill(&mut self.values).map_err(failed);
        let control = match what {
            Switched::Rule(text) => Control::Rule { name: name(text)?, on },
            Switched::Rules => Control::Rules { on },
            Switched::Simulator(text) => Control::Simulator { name: name(text)?, on },
        };
        self.control(device, control, Instant::now() + within).await
    }

    /// Gives the device's properties values, and waits until its session has taken them.
    pub(super) async fn set_properties(
        &mut self,
        device: usize,
        properties: &[(Text, Form)],
        within: Duration,
    ) -> Result<Done, Halt> {
        let deadline = Instant::now() + within;
        let cloud = self.handle(device)?.profile.identity.cloud();
        for (property, value) in self.properties(cloud, properties)? {
            self.control(device, Control::Property { property, value }, deadline).await?;
        }
        Ok(Done::Passed(String::new()))
    }

    async fn control(&mut self, device: usize, control: Control, deadline: Instant) -> Result<Done, Halt> {
        let handle = self.handle(device)?;
        let number = self.command(&handle, Action::Own(Box::new(control))).await?;
        match self.until(deadline, |log| log.device(device)?.ended(number)).await {
            Ok(Ok(())) => Ok(Done::Passed(String::new())),
            Ok(Err(words)) => Err(self.fail(Failure { message: words, ..Failure::default() })),
            Err(missed) => Err(self.missed(missed, "the session has not done it in time")),
        }
    }

    /// Properties and values with their holes filled.
    fn properties(&mut self, cloud: Cloud, properties: &[(Text, Form)]) -> Result<Vec<(Property, Value)>, Halt> {
        let values = properties.iter().map(|(name, form)| {
            let property = Property::parse(&name.fill(&mut self.values)?);
            property.check(cloud)?;
            Ok((property, form.fill(&mut self.values)?))
        });
        values.collect::<Result<_, String>>().map_err(failed)
    }

    /// Lets time pass.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<Done, Halt> {
        match self.until(Instant::now() + time, |_| None::<()>).await {
            Err(Missed::Stopped) => Err(Halt::Stopped),
            Ok(()) | Err(Missed::Time) => Ok(Done::Passed(String::new())),
        }
    }

    /// Sends, and waits until that order has ended.
    async fn send(
        &mut self,
        device: usize,
        action: Action,
        capture: &[Capture],
        within: Duration,
    ) -> Result<Done, Halt> {
        let handle = self.handle(device)?;
        let number = self.command(&handle, action).await?;
        match self.until(Instant::now() + within, |log| log.device(device)?.ended(number)).await {
            Ok(Ok(())) => {}
            Ok(Err(words)) => return Err(self.fail(Failure { message: words, ..Failure::default() })),
            Err(missed) => return Err(self.missed(missed, format!("not acknowledged within {}", shown(within)))),
        }
        let reader = self.reader(device)?;
        if let Some(letter) = self.track(device)?.sent(number) {
            self.capture(capture, &reader, &letter)?;
        }
        Ok(Done::Passed(String::new()))
    }

    /// Gives the session an order, and answers its number.
    async fn command(&mut self, handle: &Handle, action: Action) -> Result<u64, Halt> {
        let number = self.next_number();
        if handle.send(Order { number: Some(number), action }).await {
            return Ok(number);
        }
        Err(failed(format!("the session of {} has ended", handle.profile.name)))
    }

    /// A payload with its holes filled.
    pub(super) fn payload(&mut self, body: &Body) -> Result<Bytes, Halt> {
        match body {
            Body::Json(form) => form.fill(&mut self.values).map(|value| Bytes::from(value.to_string())),
            Body::Text(text) => text.fill(&mut self.values).map(Bytes::from),
            Body::Bytes(bytes) => Ok(bytes.clone()),
        }
        .map_err(failed)
    }

    /// A whole number with its hole filled.
    pub(super) fn number(&mut self, form: &Form) -> Result<i64, Halt> {
        let value: Value = form.fill(&mut self.values).map_err(failed)?;
        value.as_i64().ok_or_else(|| failed(format!("{value} is no whole number")))
    }
}

/// A duration for a person.
pub(super) fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
