//! Registering a device: obtaining its secret, its token or its platform's address.
//!
//! What lives here: the errand from the material's source to what the platform gives, by HTTPS or over a connection of its own.
//! What may not: keeping what was obtained, which is the caller's; and the journal: nothing of a registration becomes an event,
//! for its messages hold the secret. There is one attempt and no other: some platforms register a device only once.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::cause::Cause;
use super::connection::Connection;
use super::{clock, secrets};
use crate::cloud::registration::{Declined, Exchange, Obtained, exchange};
use crate::cloud::{aliyun, huawei};
use crate::link::{self, LinkError, https};
use crate::mqtt::packet::Connect;
use crate::mqtt::{Client, Fault, Happening, Input, Options, Qos, Token};
use crate::profile::{AliyunMethod, AliyunRegistration, Identity, Profile, Registration, SecretSource};
use crate::secret::Secret;

/// How long the platform's answer may take once CONNECT is accepted. Aliyun closes the connection after about 15 s by itself.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// The length of Aliyun's nonce, in letters and digits.
const NONCE: usize = 16;

/// Why a device was not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// Of which kind.
    pub kind: Kind,
    /// What happened, in words for a person. May hold text of the other side: shown through `Safe` only.
    pub reason: String,
    /// What to try.
    pub hint: String,
}

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The config or the command asks for what cannot be; nothing was sent.
    Usage,
    /// No connection, or the platform refused it or ended it.
    Line,
    /// The platform's application said no, or nothing that can be understood.
    Declined,
}

/// The way that `profile` registers by, where the command asks for `asked`; an error where there is none. It sends nothing.
pub fn way(profile: &Profile, asked: Option<AliyunMethod>) -> Result<AliyunMethod, Failure> {
    let Some(registration) = &profile.registration else {
        let hint = match profile.identity {
            Identity::Huawei(_) => "give it `bootstrap = { host = … }` in the config",
            Identity::Aliyun(_) | Identity::Ucloud(_) => "give it `product_secret` in the config",
            Identity::Mqtt(_) => "a plain broker has no registration that standin knows",
        };
        return Err(Failure::usage("it has nothing to register with", hint));
    };
    let Registration::Aliyun(registration) = registration else {
        return match asked {
            None | Some(AliyunMethod::Mqtt) => Ok(AliyunMethod::Mqtt),
            Some(other) => {
                let (cloud, word) = (profile.identity.cloud().word(), other.word());
                Err(Failure::usage(format!("{cloud} has no registration by {word}"), "leave --method out"))
            }
        };
    };
    let method = asked.unwrap_or(registration.method);
    if method == AliyunMethod::Https && registration.https.is_none() {
        let hint = "set region or register_host in the config";
        return Err(Failure::usage("nothing says where the registration by HTTPS listens", hint));
    }
    if method != AliyunMethod::Https && !profile.endpoint.transport.is_tls() {
        let scheme = profile.endpoint.transport.scheme();
        let reason = format!("Aliyun registers over TLS only, and transport is \"{scheme}\"");
        return Err(Failure::usage(reason, "set transport to \"wss\" or \"mqtts\""));
    }
    Ok(method)
}

/// Registers the device of `profile` by `method`, which [`way`] answered.
pub async fn register(profile: &Profile, method: AliyunMethod) -> Result<Obtained, Failure> {
    let material = match material(profile) {
        Some(source) => Some(secrets::fetch(source).await.map_err(|error| {
            let hint = "the config's product_secret, bootstrap.group_secret or secret says where it comes from";
            Failure::usage(error.to_string(), hint)
        })?),
        None => None,
    };
    match (&profile.identity, &profile.registration, &material) {
        (Identity::Aliyun(device), Some(Registration::Aliyun(registration)), Some(product_secret))
            if method == AliyunMethod::Https =>
        {
            let form = aliyun::registration::form(device, registration, product_secret, &nonce());
            let answer = by_https(profile, registration, &form).await?;
            read_https(&answer, device)
        }
        (Identity::Huawei(device), Some(Registration::Huawei(bootstrap)), Some(group))
            if bootstrap.scope_id.is_some()
                && huawei::registration::group_device_secret(group, &device.device_id).is_none() =>
        {
            let hint = "give it as the provisioning service's console shows it";
            Err(Failure::usage("bootstrap.group_secret is no base64", hint))
        }
        _ => by_mqtt(profile, method, material.as_ref()).await,
    }
}

/// What the device registers with; `None`: its client certificate.
fn material(profile: &Profile) -> Option<&SecretSource> {
    match profile.registration.as_ref()? {
        Registration::Huawei(bootstrap) if bootstrap.scope_id.is_some() => bootstrap.group_secret.as_ref(),
        Registration::Huawei(_) => profile.identity.secret(),
        Registration::Aliyun(registration) => Some(&registration.product_secret),
        Registration::Ucloud(registration) => Some(&registration.product_secret),
    }
}

fn nonce() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(NONCE).collect()
}

async fn by_https(profile: &Profile, registration: &AliyunRegistration, form: &str) -> Result<https::Answer, Failure> {
    let (host, port) = registration.https.as_ref().ok_or_else(|| {
        Failure::usage("nothing says where the registration by HTTPS listens", "set region or register_host")
    })?;
    let answer = https::post(profile, (host, *port), aliyun::registration::HTTPS_PATH, form, clock::wall);
    answer.await.map_err(Failure::line)
}

/// An answer in the application's own form counts whatever its status is; another one only tells its status.
fn read_https(answer: &https::Answer, device: &crate::profile::AliyunIdentity) -> Result<Obtained, Failure> {
    match aliyun::registration::read_https(&answer.body, device) {
        Ok(obtained) if answer.status == 200 => Ok(obtained),
        Err(declined) if answer.status == 200 || declined.code.is_some() => {
            Err(Failure::declined(&declined, aliyun::registration::DECLINED_HINT))
        }
        _ => Err(Failure {
            kind: Kind::Line,
            reason: format!("the registration by HTTPS was answered with status {} {}", answer.status, answer.reason),
            hint: "check region or register_host, and whether something on the way answers instead of Aliyun"
                .to_owned(),
        }),
    }
}

async fn by_mqtt(profile: &Profile, method: AliyunMethod, material: Option<&Secret>) -> Result<Obtained, Failure> {
    let mut there = profile.clone();
    if let Some(Registration::Huawei(bootstrap)) = &profile.registration {
        there.endpoint = bootstrap.endpoint.clone();
    }
    let (link, _) = link::open(&there, clock::wall).await.map_err(Failure::line)?;
    let now = clock::now();
    let exchange = exchange(profile, method, material, now.at, &nonce())
        .ok_or_else(|| Failure::usage("it has nothing to register with", "see `bootstrap` and `product_secret`"))?;
    let options = Options {
        max_packet: profile.max_packet,
        window: 1,
        queue: 1,
        strict: profile.strict,
        answer_within: profile.connect_timeout,
        hold: false,
    };
    let mut talk = Talk { client: Client::new(options), connection: Connection::new(link), exchange, answer_by: None };
    let connect = Connect {
        client_id: talk.exchange.credentials.client_id.clone(),
        username: talk.exchange.credentials.username.clone(),
        password: talk.exchange.credentials.password.clone(),
        will: None,
        clean_session: true,
        keep_alive: profile.keep_alive,
    };
    let result = match talk.step(now.mono, Input::Opened(Box::new(connect))) {
        Ok(()) => talk.run().await,
        Err(failure) => Err(failure),
    };
    talk.leave().await;
    result
}

/// A registration on its connection.
struct Talk {
    client: Client,
    connection: Connection,
    exchange: Exchange,
    /// Until when the platform's answer may come, once CONNECT is accepted.
    answer_by: Option<Instant>,
}

impl Talk {
    async fn run(&mut self) -> Result<Obtained, Failure> {
        loop {
            let timer = self.client.deadline().into_iter().chain(self.answer_by).min();
            let read = tokio::select! {
                read = self.connection.turn(true, None) => read,
                () = sleep_until(timer) => {
                    let now = clock::now().mono;
                    if self.answer_by.is_some_and(|end| end <= now) {
                        return Err(Failure::silence());
                    }
                    self.step(now, Input::Tick)?;
                    Ok(())
                }
            };
            if let Err(error) = read {
                return Err(self.cut(error));
            }
            let delivered = self.connection.deliver(clock::now().mono, &mut self.client);
            // What came before a fault counts: the answer may be among it.
            if let Some(obtained) = self.heed()? {
                return Ok(obtained);
            }
            delivered.map_err(|fault| Failure::fault(&fault))?;
        }
    }

    /// Looks at what happened; the platform's answer ends the errand.
    fn heed(&mut self) -> Result<Option<Obtained>, Failure> {
        for happening in std::mem::take(&mut self.connection.output.happenings) {
            match happening {
                Happening::Connected { .. } => {
                    let now = clock::now().mono;
                    self.answer_by = Some(now + ANSWER_WITHIN);
                    if let Some(question) = &self.exchange.question {
                        let filters = vec![(question.answer.filter.clone(), question.answer.qos)];
                        self.step(now, Input::Subscribe { token: Token(1), filters })?;
                    }
                }
                Happening::Refused(code) => {
                    let advice = self.exchange.explain_connack(code);
                    let reason = format!("{} (CONNACK {})", advice.reason, code.number());
                    return Err(Failure { kind: Kind::Line, reason, hint: advice.hint });
                }
                Happening::Subscribed { filters, .. } => {
                    self.ask(filters.iter().all(|(.., granted)| granted.is_some()))?;
                }
                Happening::Message(message) => match self.exchange.read(&message.topic, &message.payload) {
                    Some(Ok(obtained)) => return Ok(Some(obtained)),
                    Some(Err(declined)) => {
                        let hint =
                            "the console's device log may tell more; an activated device has to be reset there first";
                        return Err(Failure::declined(&declined, hint));
                    }
                    None => {}
                },
                Happening::Rejected { reason, .. } => {
                    let hint = "try again; the platform's log may tell more";
                    return Err(Failure { kind: Kind::Line, reason, hint: hint.to_owned() });
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// The subscription for the answer is there, or refused: puts the question.
    fn ask(&mut self, granted: bool) -> Result<(), Failure> {
        let Some(question) = &self.exchange.question else { return Ok(()) };
        if !granted {
            let reason = format!("the platform refuses the subscription to {}", question.answer.filter.as_str());
            let hint = "check that registration is switched on there for this product".to_owned();
            return Err(Failure { kind: Kind::Line, reason, hint });
        }
        let publish = Input::Publish {
            token: Token(2),
            topic: question.topic.clone(),
            payload: Bytes::from(question.body.clone()),
            qos: Qos::AtMostOnce,
            retain: false,
        };
        self.step(clock::now().mono, publish)
    }

    fn step(&mut self, now: Instant, input: Input) -> Result<(), Failure> {
        self.client.step(now, input, &mut self.connection.output).map_err(|fault| Failure::fault(&fault))
    }

    /// The connection has ended before the answer came.
    fn cut(&self, error: LinkError) -> Failure {
        if self.answer_by.is_none() {
            return Failure::line(error);
        }
        Failure {
            kind: Kind::Line,
            reason: format!("the platform accepted the registration and gave nothing: {}", error.reason),
            hint: "check that registration is switched on for this product; a device that is activated already gets nothing"
                .to_owned(),
        }
    }

    /// Says goodbye, as far as that goes.
    async fn leave(mut self) {
        // After a fault there may be nothing left to say goodbye to.
        drop(self.step(clock::now().mono, Input::Disconnect));
        self.connection.close().await;
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

impl Failure {
    fn usage(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, reason: reason.into(), hint: hint.into() }
    }

    fn line(error: LinkError) -> Self {
        Self { kind: Kind::Line, reason: error.reason, hint: error.hint }
    }

    fn fault(fault: &Fault) -> Self {
        let cause = Cause::fault(fault, false);
        Self { kind: Kind::Line, reason: cause.reason, hint: cause.hint }
    }

    fn declined(declined: &Declined, hint: &str) -> Self {
        Self { kind: Kind::Declined, reason: declined.to_string(), hint: hint.to_owned() }
    }

    fn silence() -> Self {
        Self {
            kind: Kind::Line,
            reason: format!("the platform gave nothing within {} s", ANSWER_WITHIN.as_secs()),
            hint: "check that registration is switched on for this product, and that host is the right one".to_owned(),
        }
    }
}
