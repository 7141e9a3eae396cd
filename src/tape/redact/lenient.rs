//! The values to mask in a payload that is no JSON: whatever stands behind a name and a separator.

use std::ops::Range;

use memchr::memmem;

/// The spans behind each of `names` (none of them empty), in order, none of which touches another.
pub(super) fn spans(payload: &[u8], names: &[&str]) -> Vec<Range<usize>> {
    let shadow = Shadow::of(payload);
    let mut spans: Vec<Range<usize>> = Vec::new();
    for name in names {
        let name = name.as_bytes();
        let found = |bytes| memmem::find_iter(bytes, name).filter(move |at| is_alone(bytes, *at, name));
        let plain = found(payload).map(|at| at + name.len());
        let escaped = found(&shadow.bytes).map(|at| shadow.origin(at + name.len()));
        spans.extend(plain.chain(escaped).filter_map(|end| value(payload, end)));
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}

/// The payload with its escapes undone, and where each byte of that came from.
struct Shadow {
    bytes: Vec<u8>,
    origins: Vec<usize>,
    end: usize,
}

impl Shadow {
    /// Empty where there are no escapes: then the payload is its own shadow.
    fn of(payload: &[u8]) -> Self {
        let mut shadow = Self { bytes: Vec::new(), origins: Vec::new(), end: payload.len() };
        if !payload.contains(&b'\\') {
            return shadow;
        }
        let mut at = 0;
        while at < payload.len() {
            let (c, length) = super::escape(&payload[at..]).unwrap_or((Err(payload[at]), 1));
            match c {
                Ok(c) => shadow.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(byte) => shadow.bytes.push(byte),
            }
            shadow.origins.resize(shadow.bytes.len(), at);
            at += length;
        }
        shadow
    }

    fn origin(&self, place: usize) -> usize {
        self.origins.get(place).copied().unwrap_or(self.end)
    }
}

/// Whether `name`, which stands at `at`, does not start within a longer word.
fn is_alone(bytes: &[u8], at: usize, name: &[u8]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    !(before.is_some_and(is_word) && name.first().is_some_and(is_word))
}

/// The value behind a name that ends at `at`, if a separator stands between.
fn value(payload: &[u8], at: usize) -> Option<Range<usize>> {
    let mut at = at;
    skip(payload, &mut at, |byte| byte == b'\\');
    if matches!(payload.get(at), Some(b'"' | b'\'' | b'`')) {
        at += 1;
    }
    skip(payload, &mut at, |byte| byte.is_ascii_whitespace());
    let before = at;
    skip(payload, &mut at, |byte| matches!(byte, b':' | b'=' | b'>'));
    if at == before {
        return None;
    }
    skip(payload, &mut at, |byte| byte.is_ascii_whitespace());
    let mut quote = at;
    skip(payload, &mut quote, |byte| byte == b'\\');
    let end = match payload.get(quote)? {
        b'"' | b'\'' | b'`' => end_of_string(payload, quote, quote - at),
        b'{' | b'[' => end_of_container(payload, quote),
        _ => end_of_word(payload, at),
    };
    Some(at..end)
}

fn skip(payload: &[u8], at: &mut usize, is_part: impl Fn(u8) -> bool) {
    while payload.get(*at).copied().is_some_and(&is_part) {
        *at += 1;
    }
}

/// The end of a string whose quote stands at `quote` behind so many backslashes: a like quote behind no more of them.
fn end_of_string(payload: &[u8], quote: usize, backslashes: usize) -> usize {
    let mut before = 0;
    for (at, byte) in payload.iter().enumerate().skip(quote + 1) {
        if *byte == payload[quote] && before <= backslashes && before % 2 == backslashes % 2 {
            return at + 1;
        }
        before = if *byte == b'\\' { before + 1 } else { 0 };
    }
    payload.len()
}

/// The end of an object or array: what closes it, or the payload's end.
fn end_of_container(payload: &[u8], start: usize) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in payload.iter().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    payload.len()
}

/// The end of a value without quotes: of a number or a literal its own; of anything else the line's, as nobody knows what
/// belongs to it.
fn end_of_word(payload: &[u8], start: usize) -> usize {
    let mut end = start;
    skip(payload, &mut end, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let word = &payload[start..end];
    let is_number = word.iter().any(u8::is_ascii_digit)
        && word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    let is_over = matches!(payload.get(end), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
    if is_over && (is_number || matches!(word, b"true" | b"false" | b"null")) {
        return end;
    }
    skip(payload, &mut end, |byte| !matches!(byte, b'\r' | b'\n'));
    end
}
