//! Masks: which fields of a JSON payload a tape leaves out. Pure: bytes in, bytes out.
//!
//! A path is names with dots between, and matches at any depth: `params.password` is the key `password` in an object that is
//! the value of a key `params`, `password` is that key anywhere, `*` is any key; arrays on the way count for nothing. The names
//! are compared as they read, whatever escapes they are written with, and exactly, capitals too.
//!
//! What is promised: in a payload that is JSON, the value of every key that matches (of whatever type) becomes `"••••"`, and every
//! other byte stays. In a payload that is no JSON (cut off, garbled, another notation), whatever stands behind the last name of a
//! path and `:`, `=` or `>` is masked, in quotes or not, without a look at the names before it: rather too much than too little.
//! JSON inside of a string, compressed or encoded payloads are not looked into.
//!
//! Some messages of the platforms hand out devices' secrets (registration of sub-devices, and of devices). Those secrets are on no
//! tape, whatever the config says: who is given a tape is not given the devices.

mod json;
mod lenient;

use std::borrow::Cow;
use std::ops::Range;

/// What stands for a masked value.
pub const MASK: &str = "\"••••\"";

/// How the topics end on which a platform hands out secrets: Aliyun's registration of sub-devices in two ways and of devices in
/// two, UCloud's, and Huawei's bootstrapping.
const HANDED_OUT_ON: [&str; 6] = [
    "/thing/sub/register_reply",
    "/thing/proxy/provisioning/product_register_reply",
    "/ext/register",
    "/ext/regnwl",
    "/password_reply",
    "/sys/bootstrap/down",
];

/// The names that those secrets go by.
const HANDED_OUT: [&str; 3] = ["deviceSecret", "deviceToken", "Password"];

/// The fields that are masked.
#[derive(Clone, Debug, Default)]
pub struct Redact {
    paths: Vec<Vec<Name>>,
}

/// One name of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    Is(String),
}

impl Redact {
    /// The masks of `paths`: names with dots between.
    pub fn new(paths: &[String]) -> Self {
        let name = |name: &str| if name == "*" { Name::Any } else { Name::Is(name.to_owned()) };
        Self { paths: paths.iter().map(|path| path.split('.').map(name).collect()).collect() }
    }

    /// As [`Redact::mask`], for a message on `topic`: secrets that a platform hands out there are masked too.
    pub fn mask_on(&self, topic: &str, payload: &[u8], out: &mut Vec<u8>) -> bool {
        if !HANDED_OUT_ON.iter().any(|end| topic.ends_with(end)) {
            return self.mask(payload, out);
        }
        let secrets = HANDED_OUT.iter().map(|name| vec![Name::Is((*name).to_owned())]);
        let paths = self.paths.iter().cloned().chain(secrets).collect();
        Self { paths }.mask(payload, out)
    }

    /// Puts `payload` into `out` with every masked value replaced; answers whether there was one. If not, `out` means nothing.
    pub fn mask(&self, payload: &[u8], out: &mut Vec<u8>) -> bool {
        if self.paths.is_empty() {
            return false;
        }
        let spans = json::spans(payload, |keys| self.matches(&keys)).unwrap_or_else(|| self.lenient(payload));
        out.clear();
        let mut done = 0;
        for span in &spans {
            out.extend_from_slice(&payload[done..span.start]);
            out.extend_from_slice(MASK.as_bytes());
            done = span.end;
        }
        out.extend_from_slice(&payload[done..]);
        !spans.is_empty()
    }

    /// Whether the innermost of `keys`, which come from the inside out, is masked.
    fn matches<'k>(&self, keys: &(impl Iterator<Item = &'k [u8]> + Clone)) -> bool {
        self.paths.iter().any(|path| {
            let mut keys = keys.clone();
            path.iter().rev().all(|name| keys.next().is_some_and(|key| name.is(key)))
        })
    }

    /// The spans to mask in a payload that is no JSON.
    fn lenient(&self, payload: &[u8]) -> Vec<Range<usize>> {
        let mut names = Vec::new();
        for path in &self.paths {
            // Behind `params.*` there may be any key: all of `params` goes.
            match path.iter().rev().find_map(Name::word) {
                Some(name) if !name.is_empty() => names.push(name),
                _ if payload.is_empty() => {}
                _ => return std::iter::once(0..payload.len()).collect(),
            }
        }
        lenient::spans(payload, &names)
    }
}

impl Name {
    fn is(&self, key: &[u8]) -> bool {
        self.word().is_none_or(|name| name.as_bytes() == key)
    }

    fn word(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Is(name) => Some(name),
        }
    }
}

/// The bytes that `raw`, the inside of a JSON string, stands for. An escape that is none stands for itself.
fn unescaped(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let (c, length) = escape(&raw[at..]).unwrap_or((Err(raw[at]), 1));
        match c {
            Ok(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(byte) => out.push(byte),
        }
        at += length;
    }
    Cow::Owned(out)
}

/// The escape that `bytes` start with and its length; half a surrogate pair is none.
fn escape(bytes: &[u8]) -> Option<(Result<char, u8>, usize)> {
    let (b'\\', letter) = (*bytes.first()?, *bytes.get(1)?) else { return None };
    let c = match letter {
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'"' | b'\\' | b'/' => char::from(letter),
        b'u' => {
            let unit = unit(bytes)?;
            if let Some(c) = char::from_u32(unit.into()) {
                return Some((Ok(c), 6));
            }
            let pair = [unit, self::unit(bytes.get(6..)?)?];
            return char::decode_utf16(pair).next()?.ok().map(|c| (Ok(c), 12));
        }
        _ => return None,
    };
    Some((Ok(c), 2))
}

/// The UTF-16 unit of `\uXXXX`.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(bytes.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    // `from_str_radix` would take a sign.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests;
