//! One thing being composed: for whom, on which topic, how, and what.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::body::{Body, TextKind, TooLarge};
use super::canvas::Window;
use super::form::Form;
use super::misfit::{self, Reading};
use super::verdict::{Doubt, Verdict};
use crate::cloud::guard::{self, Meter, Outgoing};
use crate::cloud::modelled::Said;
use crate::cloud::{Asked, Direction, Draft, Platform};
use crate::console::action::Action as Deed;
use crate::console::keymap::{self, Context};
use crate::console::line::Line;
use crate::console::theme::Role;
use crate::console::words;
use crate::event::{Irregular, LineState, Moment, What};
use crate::model::Model;
use crate::mqtt::{Qos, topic};
use crate::profile::Cloud;
use crate::session::{Action, Handle};
use crate::text::Safe;
use crate::timeline::{Request, SessionId, Standing};

/// A larger text is held against the model when it shall be sent, not at each key.
const LOOKED_AT: usize = 256 << 10;

/// What something is composed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To tell the platform something.
    Report,
    /// To answer a request.
    Reply {
        /// The number of the event that brought the request.
        seq: u64,
        /// The request's id.
        request_id: String,
        /// What was asked.
        what: What,
    },
}

/// What decides whether something may go.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The session that shall send it.
    pub standing: &'a Standing,
    /// For a reply: the request, if it is still remembered.
    pub request: Option<&'a Request>,
    /// For a reply: what would be out of order about it.
    pub irregular: Irregular,
    /// Now.
    pub now: Moment,
}

/// Words below the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) text: Safe,
    pub(super) role: Role,
}

/// One thing being composed.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and they combine freely")]
pub(super) struct Sheet {
    pub(super) session: SessionId,
    pub(super) device: Safe,
    platform: Arc<dyn Platform>,
    pub(super) purpose: Purpose,
    label: String,
    pub(super) topic: String,
    /// The topic while it is typed.
    pub(super) typing: Option<Line>,
    pub(super) qos: Qos,
    pub(super) retain: bool,
    pub(super) force: bool,
    pub(super) body: Body,
    pub(super) window: Window,
    /// What the cloud offers, and which of these is chosen.
    pub(super) drafts: Vec<Draft>,
    choice: usize,
    /// What is signed for the devices behind a gateway.
    signed: Vec<Draft>,
    /// What makes the bodies' ids.
    serial: u64,
    /// Whether somebody ever edited it, and whether that was since it was last sent.
    pub(super) is_edited: bool,
    pub(super) is_unsent: bool,
    pub(super) note: Option<Note>,
    /// Whether the text should be JSON; looked up when asked for after a change.
    pub(super) wants_json: Option<bool>,
    /// What the device's product can, if that is known.
    pub(super) model: Option<Arc<Model>>,
    /// The topic and the payload of the request that a reply answers.
    asked: Option<(String, Vec<u8>)>,
    pub(super) form: Form,
    /// The doubt that was told, and goes at the next order to send.
    told: Option<Doubt>,
    /// Whether it was told what does not fit the model, which goes at the next order to send.
    misfits_told: bool,
    /// Whether what spoke against the last order to send gives way to force.
    yields: bool,
}

impl Sheet {
    /// A report that starts from the first of the drafts: those of the device's product come before the cloud's own. `serial`
    /// makes the bodies' ids.
    pub(super) fn report(handle: &Handle, model: Option<&Arc<Model>>, serial: u64) -> Self {
        let signed = handle.platform.sub_device_drafts(serial, &handle.sub_devices());
        let drafts = drafts(&*handle.platform, model, &signed, serial);
        let first = drafts.first().cloned().unwrap_or_else(|| Draft {
            label: "message".to_owned(),
            what: What::Custom,
            topic: String::new(),
            qos: Qos::AtMostOnce,
            body: String::new(),
        });
        Self { drafts, signed, serial, model: model.cloned(), ..Self::new(handle, Purpose::Report, first) }
    }

    /// A reply that starts from the cloud's own for success; `None` where the cloud knows no answer to it.
    pub(super) fn reply(handle: &Handle, model: Option<&Arc<Model>>, request: &Request) -> Option<Self> {
        let draft = handle.platform.reply(&Asked { topic: &request.topic, payload: &request.payload }, None)?;
        let purpose = Purpose::Reply { seq: request.seq, request_id: request.request_id.clone(), what: request.what };
        let asked = Some((request.topic.clone(), request.payload.clone()));
        Some(Self { asked, model: model.cloned(), ..Self::new(handle, purpose, draft) })
    }

    /// Takes a model: what it knows can be chosen, the text stays.
    pub(super) fn know(&mut self, model: &Arc<Model>) {
        if self.purpose == Purpose::Report {
            let chosen = self.drafts.get(self.choice).map(|draft| (draft.label.clone(), draft.topic.clone()));
            self.drafts = drafts(&*self.platform, Some(model), &self.signed, self.serial);
            let place = self.drafts.iter().position(|draft| {
                chosen.as_ref().is_some_and(|(label, topic)| *label == draft.label && *topic == draft.topic)
            });
            self.choice = place.unwrap_or(0);
        }
        self.model = Some(Arc::clone(model));
        self.changed();
        self.look_at_model();
    }

    fn new(handle: &Handle, purpose: Purpose, draft: Draft) -> Self {
        let (body, escaped) = Body::new(&draft.body);
        Self {
            session: handle.id,
            device: Safe::new(&handle.profile.name),
            platform: Arc::clone(&handle.platform),
            purpose,
            label: draft.label,
            // A topic that is not there yet has to be typed first.
            typing: draft.topic.is_empty().then(Line::default),
            topic: draft.topic,
            qos: draft.qos,
            retain: false,
            force: false,
            body,
            window: Window::default(),
            drafts: Vec::new(),
            choice: 0,
            signed: Vec::new(),
            is_edited: false,
            is_unsent: false,
            note: escapes_note(escaped),
            wants_json: None,
            model: None,
            asked: None,
            form: Form::default(),
            told: None,
            misfits_told: false,
            yields: false,
            serial: 0,
        }
    }

    /// What it is, for the heading: "Report" or the draft's name; "Reply to property set".
    pub(super) fn title(&self) -> String {
        match &self.purpose {
            Purpose::Report => {
                let mut letters = self.label.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            }
            Purpose::Reply { what, .. } => format!("Reply to {}", what.word().replace('-', " ")),
        }
    }

    /// Notes an edit of the text.
    pub(super) fn edited(&mut self) {
        self.is_edited = true;
        self.is_unsent = true;
        self.changed();
    }

    /// What was said of the last try no longer holds.
    fn changed(&mut self) {
        self.note = None;
        self.told = None;
        self.misfits_told = false;
        self.yields = false;
        self.wants_json = None;
        self.form.is_fresh = false;
    }

    pub(super) fn say(&mut self, text: &str, role: Role) {
        self.note = Some(Note { text: Safe::new(text), role });
    }

    pub(super) fn paste(&mut self, raw: &str) {
        if let Some(line) = &mut self.typing {
            line.paste(raw);
            return self.changed();
        }
        if self.form.has_keys {
            return self.paste_into_field(raw);
        }
        match self.body.paste(raw) {
            Ok(escaped) => {
                self.edited();
                self.note = escapes_note(escaped);
            }
            Err(TooLarge { size }) => {
                let (size, most) = (words::count(size as u64), words::count(super::body::LARGEST as u64));
                let told = format!(
                    "Nothing was pasted: that would make {size} B, the composer takes {most} B; `standin pub --file` sends more"
                );
                self.say(&told, Role::Wrong);
            }
        }
    }

    /// Goes to the cloud's next topic; behind the last one a topic can be typed.
    pub(super) fn next_topic(&mut self) {
        self.changed();
        if self.purpose != Purpose::Report {
            return self.say("A reply goes where its request says", Role::Waiting);
        }
        if self.typing.take().is_some() && !self.drafts.is_empty() {
            self.take_draft(0);
        } else {
            self.take_draft(self.choice + 1);
        }
    }

    /// Goes to the draft of that place; behind the last one a topic is typed.
    pub(super) fn take_draft(&mut self, place: usize) {
        self.changed();
        let Some(draft) = self.drafts.get(place).cloned() else {
            self.typing = Some(Line::new(&self.topic));
            self.form.has_keys = false;
            "message".clone_into(&mut self.label);
            return;
        };
        (self.typing, self.choice) = (None, place);
        (self.label, self.topic, self.qos) = (draft.label, draft.topic, draft.qos);
        if self.is_unsent {
            let discard = keymap::chord_words(Context::Compose, Deed::Discard);
            self.say(&format!("The text stays as you wrote it; {discard} throws it away"), Role::Dim);
        } else {
            let escaped = self.body.replace(&draft.body);
            self.note = escapes_note(escaped);
        }
    }

    /// Takes the topic as typed.
    pub(super) fn accept_topic(&mut self) {
        if let Some(line) = self.typing.take() {
            line.text().clone_into(&mut self.topic);
            self.changed();
            if let Err(error) = topic::check_name(&self.topic) {
                self.say(&Verdict::BadTopic(error).words(), Role::Wrong);
            }
        }
    }

    pub(super) fn next_qos(&mut self) {
        self.changed();
        if self.purpose != Purpose::Report {
            return self.say("A reply has the QoS of its cloud", Role::Waiting);
        }
        self.qos = match self.qos {
            Qos::AtMostOnce => Qos::AtLeastOnce,
            Qos::AtLeastOnce => Qos::ExactlyOnce,
            Qos::ExactlyOnce => Qos::AtMostOnce,
        };
    }

    pub(super) fn toggle_retain(&mut self) {
        self.changed();
        if self.purpose == Purpose::Report {
            self.retain = !self.retain;
        } else {
            self.say("A reply is never retained", Role::Waiting);
        }
    }

    pub(super) fn toggle_force(&mut self) {
        self.changed();
        self.force = !self.force;
        if self.force {
            let send = keymap::chord_words(Context::Compose, Deed::Send);
            self.say(&format!("{send} sends it unchecked: neither JSON nor the cloud's limits count"), Role::Waiting);
        }
    }

    /// What the message would be to the cloud.
    fn what(&mut self) -> What {
        let text = &self.body.known().text;
        self.platform.meaning(Direction::Up, &self.topic, text.as_bytes()).what
    }

    /// Whether the text should be JSON: the cloud's own topics want it, and a text that begins like it means to be.
    pub(super) fn wants_json(&mut self) -> bool {
        if let Some(wants_json) = self.wants_json {
            return wants_json;
        }
        let is_free = matches!(self.what(), What::Custom | What::Message);
        let wants_json = !is_free || self.body.known().text.trim_start().starts_with(['{', '[']);
        self.wants_json = Some(wants_json);
        wants_json
    }

    /// Whether force would let go what is held back, as far as is known.
    pub(super) fn wants_force(&self) -> bool {
        let is_json = self.body.known_already().is_none_or(|known| matches!(known.kind, TextKind::Json));
        !self.force && (self.yields || (!is_json && self.wants_json.unwrap_or(false)))
    }

    /// The cloud that it goes to.
    pub(super) fn cloud(&self) -> Cloud {
        self.platform.cloud()
    }

    /// Whether it may go.
    pub(super) fn check(&mut self, scene: &Scene<'_>) -> Verdict {
        if let Err(error) = topic::check_name(&self.topic) {
            return Verdict::BadTopic(error);
        }
        if scene.standing.state != LineState::Online {
            return Verdict::Offline { device: scene.standing.name.clone(), state: scene.standing.state };
        }
        if !self.force
            && let Some(verdict) = self.fault().or_else(|| self.breach(scene.now.mono))
        {
            return verdict;
        }
        if let Some(verdict) = self.misfit().filter(|_| !self.force) {
            return verdict;
        }
        self.doubt(scene).map_or(Verdict::Ready, Verdict::Doubtful)
    }

    /// What does not fit the device's model.
    fn misfit(&mut self) -> Option<Verdict> {
        self.read_model();
        let findings = &self.form.reading.findings;
        let finding = findings.first().filter(|_| self.form.is_fresh)?.clone();
        Some(Verdict::Misfit { finding, more: findings.len() - 1, cloud: self.platform.cloud() })
    }

    /// Looks at what the model says of the text, unless that is so large that the keys would be held up.
    pub(super) fn look_at_model(&mut self) {
        if self.body.known().text.len() <= LOOKED_AT {
            self.read_model();
        }
    }

    fn read_model(&mut self) {
        if self.form.is_fresh {
            return;
        }
        let Some(model) = &self.model else { return self.form.take(Reading::default()) };
        let known = self.body.known();
        // The fields stay on the screen while the text is no JSON for the time being.
        if matches!(known.kind, TextKind::Json) {
            let asked = self.asked.as_ref().map(|(topic, payload)| Asked { topic, payload });
            let said = Said { topic: &self.topic, body: &known.text, asked };
            self.form.take(misfit::read(&*self.platform, model, &said));
        }
    }

    fn fault(&mut self) -> Option<Verdict> {
        let is_wanted = self.wants_json();
        let known = self.body.known();
        match known.kind {
            TextKind::Other(fault) if is_wanted => Some(Verdict::bad_json(fault, &known.text)),
            TextKind::Empty if is_wanted => {
                let fault = crate::console::message::json::check(&known.text).err()?;
                Some(Verdict::bad_json(fault, &known.text))
            }
            _ => None,
        }
    }

    /// What the cloud would not take. The rate is the session's to watch, which knows what else was sent.
    fn breach(&mut self, now: Instant) -> Option<Verdict> {
        let (what, size) = (self.what(), self.body.known().text.len());
        let message = Outgoing { topic: &self.topic, size, qos: self.qos, retain: self.retain, what };
        guard::check_publish(self.platform.limits(), &Meter::default(), now, &message).err().map(Verdict::Guarded)
    }

    fn doubt(&self, scene: &Scene<'_>) -> Option<Doubt> {
        if self.purpose == Purpose::Report {
            return None;
        }
        let Some(request) = scene.request else { return Some(Doubt::Forgotten) };
        let late_by = scene.now.mono.saturating_duration_since(request.deadline);
        scene.irregular.any().then_some(Doubt::Irregular { what: scene.irregular, late_by })
    }

    /// Whether there is no doubt about it that was not told.
    fn is_undoubted(&self, scene: &Scene<'_>) -> bool {
        self.doubt(scene).is_none_or(|doubt| self.told.is_some_and(|told| doubt.is_told_by(told)))
    }

    /// The order to send it, unless something speaks against it. A doubt is told once, and gives way the second time.
    pub(super) fn order(&mut self, scene: &Scene<'_>) -> Result<Action, Verdict> {
        self.accept_topic();
        if !self.settle() {
            return Err(Verdict::Unsettled);
        }
        match self.check(scene) {
            Verdict::Ready => {}
            Verdict::Doubtful(doubt) if self.told.is_some_and(|told| doubt.is_told_by(told)) => {}
            Verdict::Misfit { .. } if self.misfits_told && self.is_undoubted(scene) => {}
            verdict => {
                let verdict = match (verdict, self.doubt(scene)) {
                    (Verdict::Misfit { .. }, Some(doubt)) if self.misfits_told => Verdict::Doubtful(doubt),
                    (verdict, _) => verdict,
                };
                self.misfits_told |= matches!(verdict, Verdict::Misfit { .. });
                self.say(&verdict.words(), Role::Wrong);
                self.yields = matches!(verdict, Verdict::BadJson { .. } | Verdict::Guarded(_));
                self.told = match verdict {
                    Verdict::Doubtful(doubt) => Some(doubt),
                    _ => None,
                };
                return Err(verdict);
            }
        }
        let payload = Bytes::from(self.body.known().text.clone());
        Ok(match &self.purpose {
            Purpose::Report => Action::Publish {
                topic: self.topic.clone(),
                // A topic can say that its bodies are packed: what is typed is what is in them.
                payload: self.platform.packed(&self.topic, &payload).map_or(payload, Bytes::from),
                qos: self.qos,
                retain: self.retain,
                force: self.force,
            },
            Purpose::Reply { request_id, .. } => {
                Action::Reply { request_id: request_id.clone(), code: None, payload: Some(payload), force: self.force }
            }
        })
    }

    /// It was sent: what is written now is no longer at stake.
    pub(super) fn sent(&mut self) {
        // What was told of this very text need not be told again.
        let told = self.misfits_told;
        self.changed();
        self.misfits_told = told;
        self.force = false;
        self.is_unsent = false;
    }
}

/// What can be composed: what the model knows comes before the cloud's own, of which the signed ones take
/// the place of those for the same topics.
fn drafts(platform: &dyn Platform, model: Option<&Arc<Model>>, signed: &[Draft], serial: u64) -> Vec<Draft> {
    let mut drafts = model.map(|model| platform.model_drafts(model, serial)).unwrap_or_default();
    let is_signed = |draft: &Draft| signed.iter().any(|other| other.topic == draft.topic);
    drafts.extend(platform.drafts(serial).into_iter().filter(|draft| !is_signed(draft)));
    drafts.extend_from_slice(signed);
    drafts
}

fn escapes_note(escaped: usize) -> Option<Note> {
    let words = match escaped {
        0 => return None,
        1 => "1 control or invisible character became an escape".to_owned(),
        _ => format!("{} control or invisible characters became escapes", words::count(escaped as u64)),
    };
    Some(Note { text: Safe::new(&words), role: Role::Waiting })
}
