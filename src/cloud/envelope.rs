//! Where a message's request id stands, and finding it in a payload without making a tree of it.
//!
//! What lives here: the two envelopes' id fields, and the choice between topic and payload. What may not: what an id is for;
//! that depends on the topic.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// No payload beyond this is searched: the clouds themselves take 256 KB, so a larger one is no request of theirs.
const SEARCH_LIMIT: usize = 1 << 20;

/// No id in a body is longer, in bytes as JSON has it: each is kept with its request, and comes back in the answer.
const LONGEST_ID: usize = 4 << 10;

/// Where the request id of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    /// It has none.
    None,
    /// In the topic: the first byte, and the one after the last.
    Topic(usize, usize),
    /// In the body.
    Payload,
}

impl Id {
    /// For a topic that ends with `id`: there, or nowhere if that is empty.
    pub(super) fn ends(topic: &str, id: &str) -> Self {
        if id.is_empty() { Self::None } else { Self::Topic(topic.len() - id.len(), topic.len()) }
    }

    /// The id, and its place where that is in the topic; `in_payload` finds it in a body.
    pub(super) fn read<'a>(
        self,
        topic: &'a str,
        payload: &'a [u8],
        in_payload: impl FnOnce(&'a [u8]) -> Option<&'a RawValue>,
    ) -> (Option<Cow<'a, str>>, Option<(usize, usize)>) {
        match self {
            Self::None => (None, None),
            Self::Topic(start, end) => (topic.get(start..end).map(Cow::Borrowed), Some((start, end))),
            Self::Payload => (in_payload(payload).and_then(id_text), None),
        }
    }
}

/// What follows the two levels that name the device: `{product}/{device}/{answer}`.
pub(super) fn below_device(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once('/')?;
    rest.split_once('/').map(|(_, below)| below)
}

/// Aliyun's envelope.
#[derive(Deserialize)]
struct Alink<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// UCloud's envelope.
#[derive(Deserialize)]
struct Uiot<'a> {
    #[serde(borrow, default, rename = "RequestID")]
    request_id: Option<&'a RawValue>,
}

/// The `id` of an Alink body in its JSON form, `"123"` or `123`; `None` where there is none or it is neither.
pub(super) fn alink_id(payload: &[u8]) -> Option<&RawValue> {
    let envelope: Alink<'_> = read(payload)?;
    envelope.id.filter(|id| is_text_or_number(id))
}

/// The `RequestID` of a UCloud body in its JSON form, `"123"` or `123`; `None` where there is none or it is neither.
pub(super) fn uiot_id(payload: &[u8]) -> Option<&RawValue> {
    let envelope: Uiot<'_> = read(payload)?;
    envelope.request_id.filter(|id| is_text_or_number(id))
}

/// An id in its JSON form as the text that ties request and reply: without the quotes and with escapes resolved.
pub(super) fn id_text(id: &RawValue) -> Option<Cow<'_, str>> {
    let form = id.get();
    match form.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('\\') => Some(Cow::Borrowed(inner)),
        // A lone surrogate is valid JSON but no text: such an id cannot be tied to anything.
        Some(_) => serde_json::from_str(form).ok().map(Cow::Owned),
        None => Some(Cow::Borrowed(form)),
    }
    .filter(|text| !text.is_empty())
}

fn read<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Option<T> {
    // serde would read an array's first element as the first field.
    if payload.len() > SEARCH_LIMIT || payload.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    // A body that is no JSON object has no id: that is an answer, not an error.
    serde_json::from_slice(payload).ok()
}

/// What is longer than any id is none.
pub(super) fn is_text_or_number(id: &RawValue) -> bool {
    id.get().len() <= LONGEST_ID
        && id.get().starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_as_text_and_as_number() {
        for (payload, form, text) in [
            (r#"{"id":"123","params":{"id":"no"}}"#, Some(r#""123""#), Some("123")),
            (r#"{"params":{"id":1},"id": 123 }"#, Some("123"), Some("123")),
            (r#"{"id":1.0}"#, Some("1.0"), Some("1.0")),
            (r#"{"id":"a\u0062c"}"#, Some(r#""a\u0062c""#), Some("abc")),
            (r#"{"id":"\ud800"}"#, Some(r#""\ud800""#), None),
            (r#"{"id":""}"#, Some(r#""""#), None),
            (r#"{"id":null}"#, None, None),
            (r#"{"id":{"a":1}}"#, None, None),
            (r#"{"id":true}"#, None, None),
            (r#"{"RequestID":"1"}"#, None, None),
            (r#"["id"]"#, None, None),
            (r#"{"id":"1"} trailing"#, None, None),
            ("", None, None),
        ] {
            let id = alink_id(payload.as_bytes());
            assert_eq!(id.map(RawValue::get), form, "{payload}");
            assert_eq!(id.and_then(id_text).as_deref(), text, "{payload}");
        }
        assert_eq!(uiot_id(br#"{"RequestID":7,"id":"8"}"#).map(RawValue::get), Some("7"));
    }

    #[test]
    fn hostile_payloads_have_no_id() {
        let deep = format!(r#"{{"id":"1","params":{}1{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(alink_id(deep.as_bytes()).map(RawValue::get), Some(r#""1""#), "depth costs no stack");
        let large = format!(r#"{{"id":"1","params":"{}"}}"#, "x".repeat(SEARCH_LIMIT));
        assert!(alink_id(large.as_bytes()).is_none());
        for (length, is_id) in [(LONGEST_ID - 2, true), (LONGEST_ID - 1, false)] {
            let long = format!(r#"{{"id":"{0}","RequestID":"{0}"}}"#, "x".repeat(length));
            assert_eq!((alink_id(long.as_bytes()).is_some(), uiot_id(long.as_bytes()).is_some()), (is_id, is_id));
        }
        assert!(alink_id(b"{\"id\":\"\xff\"}").is_none());
    }
}
