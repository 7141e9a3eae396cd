//! A scenario as checked values: who takes part, and what is done and expected step by step.
//!
//! What may not live here: how it is read (that is `file`), or how it is run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::value::{Form, Matcher, Path, Text};
use crate::behaviour::Plan;
use crate::cloud::Direction;
use crate::event::{LineState, What};
use crate::mqtt::Qos;
use crate::profile::Profile;
use crate::sim::{Device, Refusal};
use crate::tape::Settings;

/// A scenario that has been checked: every hole can be filled, every device is known.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file it came from.
    pub path: PathBuf,
    /// What it is called in reports.
    pub name: String,
    /// What is random in it follows from this, unless the caller names another seed.
    pub(super) seed: Option<u64>,
    /// Variables in the file's order: their texts may name earlier ones and the row's columns.
    pub(super) vars: Vec<(String, Form)>,
    /// The data rows, each run on its own; a single row without columns where there is no data.
    pub(super) rows: Vec<Row>,
    /// Who takes part.
    pub(super) cast: Cast,
    /// What they do by themselves, by name.
    pub(super) plans: BTreeMap<String, Arc<Plan>>,
    /// The devices that the steps name, by their place in [`Step::device`].
    pub(super) devices: Vec<String>,
    /// What is done, in order.
    pub(super) steps: Vec<Step>,
    /// Where the config keeps tapes; `None` where no config has a say.
    pub(super) tapes: Option<Settings>,
    /// What will probably not work, in words for a person.
    pub warnings: Vec<String>,
}

/// A data row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Its number in the file, from 1; `None`: there is no data.
    pub(super) number: Option<usize>,
    /// Values by column.
    pub(super) columns: Vec<(String, Value)>,
}

/// Where the devices come from, and where they dial.
#[derive(Clone, Debug)]
pub(super) enum Cast {
    /// The embedded platform, which lets these sign in; where a profile stands with one, all of it but where and how to dial
    /// holds.
    Embedded {
        /// Whether its simulated application does things by itself.
        live: bool,
        /// The devices.
        devices: Vec<(Device, Option<Profile>)>,
    },
    /// Real platforms.
    Real(Vec<Profile>),
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Its line in the file, from 1.
    pub(super) line: usize,
    /// What the file calls it.
    pub(super) name: Option<Text>,
    /// The device it is about, by its place in [`Scenario::devices`]; of no meaning where a step is about none.
    pub(super) device: usize,
    /// How long it may take; the step's usual time where absent.
    pub(super) within: Option<Text>,
    /// What is done.
    pub(super) deed: Deed,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Dial, and wait until the platform has answered every subscription.
    Connect {
        /// Whether it is waited for.
        wait: bool,
        /// Whether a failed attempt is followed by others.
        retry: bool,
    },
    /// Leave the platform in order.
    Disconnect,
    /// The line is, or comes to be, in a state.
    ExpectState {
        /// The state.
        state: LineState,
        /// The stable word for its cause.
        code: Option<Text>,
    },
    /// Send a message.
    Publish(Sending),
    /// Report properties by the cloud's own message.
    Report {
        /// Names (`service/name` on Huawei) and values.
        properties: Vec<(Text, Form)>,
        /// What to keep of the message sent.
        capture: Vec<Capture>,
    },
    /// Wait for a request of the platform.
    WaitRequest(Wanted),
    /// Answer a request.
    Answer(Reply),
    /// Wait for a message.
    ExpectMessage(Wanted),
    /// No such message comes for some time.
    ExpectNoMessage {
        /// The message that must not come.
        wanted: Wanted,
        /// For how long.
        during: Text,
    },
    /// The line is cut: by the embedded platform, else by dropping our own end.
    Cut,
    /// Wait.
    Pause(Text),
    /// A value passes tests.
    Assert {
        /// The value.
        that: Form,
        /// The tests.
        matcher: Matcher,
    },
    /// The embedded platform sends something.
    Order(Order),
    /// What the embedded platform's application saw of the oldest order that was not asked about yet.
    ExpectOutcome(Ending),
    /// A remark on the tape.
    Note(Text),
    /// Switch what the device does by itself.
    Switch {
        /// What.
        what: Switched,
        /// Whether it is to be on.
        on: bool,
    },
    /// Its properties take these values, as if it had measured them. Nothing is sent.
    SetProperties(Vec<(Text, Form)>),
    /// The embedded platform plays dead.
    GoSilent,
    /// The embedded platform refuses the next connections.
    RefuseNext {
        /// How many.
        count: usize,
        /// How.
        how: Refusal,
    },
}

/// What a step switches.
#[derive(Clone, Debug)]
pub(super) enum Switched {
    /// A rule.
    Rule(Text),
    /// All rules and recorded answers, each keeping its own switch.
    Rules,
    /// A simulator.
    Simulator(Text),
}

/// A message to send.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// Topic name.
    pub(super) topic: Text,
    /// Payload.
    pub(super) body: Body,
    /// Quality of service.
    pub(super) qos: Qos,
    /// RETAIN.
    pub(super) retain: bool,
    /// Pass over the cloud's guardrails.
    pub(super) force: bool,
    /// What to keep of it.
    pub(super) capture: Vec<Capture>,
}

/// A payload.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// JSON.
    Json(Form),
    /// Text.
    Text(Text),
    /// Bytes.
    Bytes(Bytes),
}

/// The answer to a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    /// The cloud's code, a number; success where absent.
    pub(super) code: Option<Form>,
    /// Words for the code.
    pub(super) message: Option<Text>,
    /// Outputs, in the cloud's own envelope.
    pub(super) output: Option<Form>,
    /// The whole body instead.
    pub(super) body: Option<Body>,
    /// How long to wait before it is sent.
    pub(super) delay: Option<Text>,
    /// The request's id; that of the last one waited for where absent.
    pub(super) to: Option<Text>,
    /// Pass over the cloud's guardrails.
    pub(super) force: bool,
    /// What to keep of it.
    pub(super) capture: Vec<Capture>,
}

/// What a message must be like.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// From the platform or to it.
    pub(super) direction: Direction,
    /// The topic filter it fits.
    pub(super) topic: Option<Text>,
    /// Its kind.
    pub(super) what: Option<What>,
    /// The name of the command or service.
    pub(super) name: Option<Text>,
    /// Tests of what stands at paths.
    pub(super) places: Vec<(Path, Matcher)>,
    /// What to keep of it.
    pub(super) capture: Vec<Capture>,
}

/// A value to keep under a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Capture {
    /// The variable.
    pub(super) name: String,
    /// Where the value stands.
    pub(super) path: Path,
}

/// What the embedded platform is to send.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// One of the cloud's offers.
    Offer {
        /// Its name.
        name: Text,
        /// Its parameters; its own where absent.
        input: Option<Form>,
    },
    /// A command, or a call that is waited for.
    Command {
        /// Its name.
        name: Text,
        /// Huawei's service.
        service: Text,
        /// Its parameters.
        input: Option<Form>,
        /// Whether the caller waits (Aliyun's RRPC).
        call: bool,
    },
    /// Write properties.
    PropertySet {
        /// Huawei's service.
        service: Text,
        /// Names and values.
        properties: Form,
    },
    /// Read properties.
    PropertyGet {
        /// Huawei's service.
        service: Text,
    },
    /// A message that wants no answer, on the cloud's own topic for them or another.
    Message {
        /// The topic; the cloud's own where absent.
        topic: Option<Text>,
        /// Payload.
        body: Body,
        /// Quality of service, where a topic is named.
        qos: Qos,
        /// RETAIN, where a topic is named.
        retain: bool,
    },
}

/// How an order must have ended.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// Answered, or not in time.
    pub(super) answered: bool,
    /// The cloud's code in the answer.
    pub(super) code: Option<Form>,
    /// Tests of what stands at paths of the answer.
    pub(super) places: Vec<(Path, Matcher)>,
    /// What to keep of the answer.
    pub(super) capture: Vec<Capture>,
}

impl Deed {
    /// The key that stands for it in the file.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Disconnect => "disconnect",
            Self::ExpectState { .. } => "expect_state",
            Self::Publish(_) => "publish",
            Self::Report { .. } => "report",
            Self::WaitRequest(_) => "wait_request",
            Self::Answer(_) => "answer",
            Self::ExpectMessage(_) => "expect_message",
            Self::ExpectNoMessage { .. } => "expect_no_message",
            Self::Cut => "cut",
            Self::Pause(_) => "pause",
            Self::Assert { .. } => "assert",
            Self::Order(_) => "order",
            Self::ExpectOutcome(_) => "expect_outcome",
            Self::Note(_) => "note",
            Self::Switch { .. } => "switch",
            Self::SetProperties(_) => "set_properties",
            Self::GoSilent => "go_silent",
            Self::RefuseNext { .. } => "refuse_next",
        }
    }
}
