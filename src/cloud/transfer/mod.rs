//! A message of one device made that of another device of the same cloud: what a recording needs to be sent again.
//!
//! What lives here: exchanging the places that are a device's or a moment's own (identifiers, request ids, times), each only
//! where the cloud's documents say that it stands; all other bytes stay. What may not: what is sent when.

mod spots;
mod stamp;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Asked, Direction, aliyun, envelope, huawei, line, observed, ucloud};
use crate::profile::Cloud;
pub(super) use spots::{Body, Part, Spots, items_of, levels, member, members};

/// From one device to another of the same cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    cloud: Cloud,
    from: Levels,
    to: Levels,
}

/// Why one device's messages cannot become another's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untransferable {
    /// They belong to different clouds, whose topics and bodies have nothing in common.
    #[error("messages of the cloud `{}` cannot become those of a device of `{}`", from.word(), to.word())]
    Clouds {
        /// The cloud of the messages.
        from: Cloud,
        /// The cloud of the device that is to send them.
        to: Cloud,
    },
    /// It is not known which device it is.
    #[error("the {whose} has no `{key}`")]
    Unknown {
        /// Whose identifier is missing.
        whose: &'static str,
        /// The config's key for it.
        key: &'static str,
    },
}

/// What becomes of the ids and times of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Fresh<'a> {
    /// Its request id.
    pub id: NewId<'a>,
    /// Added to the times in its body, in microseconds: how long ago it was recorded. 0 leaves each as it stands.
    pub shift_us: i64,
}

/// What becomes of a message's request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NewId<'a> {
    /// It stays.
    #[default]
    Same,
    /// It becomes this. A body that had a number keeps a number where this is one.
    Other(&'a str),
    /// It becomes that of the message which this one answers, in the very form that it has there.
    Answering(&'a Asked<'a>, Direction),
}

/// A message, carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    /// Its topic.
    pub topic: Cow<'a, str>,
    /// Its payload.
    pub payload: Cow<'a, [u8]>,
}

/// What is left of a message without what is a device's or a moment's own, for comparing two of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Essence {
    /// The topic.
    pub topic: String,
    /// The body.
    pub body: EssentialBody,
}

/// What is left of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum EssentialBody {
    /// JSON: the order of members and the blanks between them do not count.
    Json(Value),
    /// Anything else, byte for byte.
    Bytes(Vec<u8>),
}

/// A device's own levels in its cloud's topics; both empty on a plain broker, whose topics name no device.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Levels {
    device: String,
    product: String,
}

/// What stands in an essence for what was taken out.
const TAKEN_OUT: &str = "~";

impl Transfer {
    /// From the device with the identifiers `from` to that with `to`, by the config's own keys.
    pub fn new(
        from: (Cloud, &BTreeMap<String, String>),
        to: (Cloud, &BTreeMap<String, String>),
    ) -> Result<Self, Untransferable> {
        if from.0 != to.0 {
            return Err(Untransferable::Clouds { from: from.0, to: to.0 });
        }
        let levels = |whose, (cloud, identifiers): (Cloud, &BTreeMap<String, String>)| {
            let of = |key: &'static str| {
                let known = identifiers.get(key).filter(|value| !value.is_empty());
                known.cloned().ok_or(Untransferable::Unknown { whose, key })
            };
            Ok(match cloud {
                Cloud::Huawei => Levels { device: of("device_id")?, product: String::new() },
                Cloud::Aliyun => Levels::pair(of("product_key")?, &of("device_name")?),
                Cloud::Ucloud => Levels::pair(of("product_sn")?, &of("device_sn")?),
                Cloud::Mqtt => Levels::default(),
            })
        };
        Ok(Self { cloud: from.0, from: levels("recorded device", from)?, to: levels("new device", to)? })
    }

    /// From a device of `cloud` to itself: ids and times alone change.
    pub fn within(cloud: Cloud) -> Self {
        Self { cloud, from: Levels::default(), to: Levels::default() }
    }

    /// The cloud of both.
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The message as the new device's, with `fresh` ids and times.
    pub fn carry<'a>(&self, direction: Direction, topic: &'a str, payload: &'a [u8], fresh: &Fresh<'_>) -> Carried<'a> {
        let spots = spots(self.cloud, direction, topic, payload);
        let ids = Ids::new(self.cloud, fresh.id);
        let new_topic = exchange(topic.as_bytes(), &spots.topic, |part, old| self.in_topic(part, old, &ids));
        let new_body = exchange(payload, &spots.body, |part, old| self.in_body(part, old, &ids, fresh.shift_us));
        Carried {
            topic: match new_topic {
                // What was put in is text, at the borders of characters.
                Cow::Owned(bytes) => String::from_utf8(bytes).map_or(Cow::Borrowed(topic), Cow::Owned),
                Cow::Borrowed(_) => Cow::Borrowed(topic),
            },
            payload: new_body,
        }
    }

    fn in_topic(&self, part: Part, old: &str, ids: &Ids<'_>) -> Option<String> {
        match part {
            Part::Device => (old == self.from.device).then(|| self.to.device.clone()),
            Part::Product => (old == self.from.product).then(|| self.to.product.clone()),
            Part::Id => ids.in_topic.as_deref().map(str::to_owned),
            Part::Inner | Part::Time => None,
        }
    }

    fn in_body(&self, part: Part, old: &str, ids: &Ids<'_>, shift_us: i64) -> Option<String> {
        match part {
            Part::Device => text_of(old).filter(|id| *id == self.from.device).map(|_| quoted(&self.to.device)),
            Part::Product => None,
            Part::Id => ids.in_body(old),
            Part::Inner => ids.answered.as_ref().map(|raw| raw.get().to_owned()),
            Part::Time if shift_us == 0 => None,
            Part::Time => stamp::moved(old, shift_us),
        }
    }

    /// What is left of a message of the recorded device without ids, times and the device's own names.
    pub fn essence_recorded(&self, direction: Direction, topic: &str, payload: &[u8]) -> Essence {
        essence(self.cloud, &self.from, direction, topic, payload)
    }

    /// What is left of a message of the new device without ids, times and the device's own names.
    pub fn essence_live(&self, direction: Direction, topic: &str, payload: &[u8]) -> Essence {
        essence(self.cloud, &self.to, direction, topic, payload)
    }
}

impl Essence {
    /// A number that two essences have in common if they are equal, and hardly ever otherwise.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.topic.hash(&mut hasher);
        match &self.body {
            EssentialBody::Json(value) => hash_json(value).hash(&mut hasher),
            EssentialBody::Bytes(bytes) => bytes.hash(&mut hasher),
        }
        hasher.finish()
    }
}

/// The order of members does not count. A value read from a body is at most 128 levels deep.
fn hash_json(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let mut hasher = DefaultHasher::new();
                (name, hash_json(value)).hash(&mut hasher);
                hasher.finish()
            });
            ('{', members.fold(0_u64, u64::wrapping_add)).hash(&mut hasher);
        }
        Value::Array(items) => ('[', items.iter().map(hash_json).collect::<Vec<_>>()).hash(&mut hasher),
        other => other.hash(&mut hasher),
    }
    hasher.finish()
}

impl Levels {
    fn pair(product: String, device: &str) -> Self {
        Self { device: format!("{product}/{device}"), product }
    }
}

/// The new ids of a message, by where they go.
struct Ids<'a> {
    in_topic: Option<Cow<'a, str>>,
    /// In the form of the body that is answered.
    answered: Option<Box<RawValue>>,
}

impl<'a> Ids<'a> {
    fn new(cloud: Cloud, id: NewId<'a>) -> Self {
        match id {
            NewId::Same => Self { in_topic: None, answered: None },
            NewId::Other(text) => Self { in_topic: Some(Cow::Borrowed(text)), answered: None },
            NewId::Answering(asked, direction) => {
                let meaning = observed(cloud, &BTreeMap::new()).meaning(direction, asked.topic, asked.payload);
                let raw = match cloud {
                    Cloud::Aliyun => envelope::alink_id(asked.payload),
                    Cloud::Ucloud => envelope::uiot_id(asked.payload),
                    Cloud::Huawei => huawei::legacy_id(asked.topic, asked.payload),
                    Cloud::Mqtt => None,
                };
                let in_topic = meaning.request_id.map(|id| Cow::Owned(id.into_owned()));
                Self { in_topic, answered: raw.map(ToOwned::to_owned) }
            }
        }
    }

    /// What takes the place of the id `old`, in JSON.
    fn in_body(&self, old: &str) -> Option<String> {
        if let Some(raw) = &self.answered {
            return Some(raw.get().to_owned());
        }
        let id = self.in_topic.as_deref().filter(|id| old != *id && text_of(old).is_none_or(|old| old != *id))?;
        let numbers = [old, id].iter().all(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        // `007` is no number in JSON.
        let plain = numbers && (id == "0" || !id.starts_with('0'));
        Some(if plain { id.to_owned() } else { quoted(id) })
    }
}

/// Whether both are the identifiers of one device of `cloud`. How it signs in does not count.
pub fn is_same_device(cloud: Cloud, a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> bool {
    let keys: &[&str] = match cloud {
        Cloud::Huawei => &["device_id"],
        Cloud::Aliyun => &["product_key", "device_name"],
        Cloud::Ucloud => &["product_sn", "device_sn"],
        Cloud::Mqtt => &["client_id"],
    };
    keys.iter().all(|key| a.get(*key) == b.get(*key))
}

/// The code in an answer's body (Huawei's `result_code`, in its older interface `errcode`; Aliyun's `code`; UCloud's `RetCode`);
/// `None` where there is none.
pub fn result_code(cloud: Cloud, payload: &[u8]) -> Option<i64> {
    let names: &[&str] = match cloud {
        Cloud::Huawei => &["result_code", "errcode"],
        Cloud::Aliyun => &["code"],
        Cloud::Ucloud => &["RetCode"],
        Cloud::Mqtt => return None,
    };
    let body = Body::read(payload)?;
    let raw = names.iter().find_map(|name| member(body.root(), name));
    // What is no value has no code.
    let value: Option<Value> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    line::code(value.as_ref())
}

fn spots(cloud: Cloud, direction: Direction, topic: &str, payload: &[u8]) -> Spots {
    let spots = match cloud {
        Cloud::Huawei => huawei::spots(topic, payload),
        Cloud::Aliyun => aliyun::spots(direction, topic, payload),
        Cloud::Ucloud => ucloud::spots(topic, payload),
        Cloud::Mqtt => Spots::default(),
    };
    spots.sorted()
}

fn essence(cloud: Cloud, own: &Levels, direction: Direction, topic: &str, payload: &[u8]) -> Essence {
    let spots = spots(cloud, direction, topic, payload);
    let bare_topic = exchange(topic.as_bytes(), &spots.topic, |part, old| match part {
        Part::Device => (old == own.device).then(|| TAKEN_OUT.to_owned()),
        Part::Product => (old == own.product).then(|| TAKEN_OUT.to_owned()),
        Part::Id | Part::Inner | Part::Time => Some(TAKEN_OUT.to_owned()),
    });
    let bare = exchange(payload, &spots.body, |part, old| match part {
        Part::Device => text_of(old).filter(|id| *id == own.device).map(|_| quoted(TAKEN_OUT)),
        Part::Product => None,
        Part::Id | Part::Inner | Part::Time => Some(quoted(TAKEN_OUT)),
    });
    // What is no JSON is compared byte for byte.
    let body = serde_json::from_slice(&bare).map_or_else(|_| EssentialBody::Bytes(bare.to_vec()), EssentialBody::Json);
    Essence { topic: String::from_utf8_lossy(&bare_topic).into_owned(), body }
}

/// `bytes` with what `new` answers at each of `places`, which are in order and do not overlap. Bytes that are no text stay.
fn exchange<'a>(
    bytes: &'a [u8],
    places: &[(std::ops::Range<usize>, Part)],
    new: impl Fn(Part, &str) -> Option<String>,
) -> Cow<'a, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let mut done = 0;
    for (range, part) in places {
        let old = bytes.get(range.clone()).and_then(|old| std::str::from_utf8(old).ok());
        let Some(new) = old.filter(|_| range.start >= done).and_then(|old| new(*part, old)) else { continue };
        let out = out.get_or_insert_with(|| Vec::with_capacity(bytes.len() + new.len()));
        out.extend_from_slice(&bytes[done..range.start]);
        out.extend_from_slice(new.as_bytes());
        done = range.end;
    }
    match out {
        Some(mut out) => {
            out.extend_from_slice(&bytes[done..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(bytes),
    }
}

/// The text of a JSON string.
fn text_of(form: &str) -> Option<Cow<'_, str>> {
    // Anything but a string is no name.
    if form.contains('\\') {
        return serde_json::from_str(form).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(form.strip_prefix('"')?.strip_suffix('"')?))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
