//! Events as a table (RFC 4180): one row an event, lines end with CR LF, texts that need it stand in quotes.
//!
//! A table is opened in spreadsheets, which take a text that begins with `=`, `+`, `-` or `@` for a formula, and shown on terminals.
//! A payload is exact all the same: one that is no plain text, or that a spreadsheet would run, stands as base64, and `form` says
//! so. In other fields such a text gets an apostrophe in front, and characters that no one sees stand as `\u{…}`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::event::{Event, Kind};
use crate::mqtt::PacketId;
use crate::text::hidden::is_hidden;

const COLUMNS: &str = "at,session,kind,topic,qos,retain,dup,packet_id,what,request_id,deadline_ms,took_ms,size,state,code,text,form,payload\r\n";

/// Begins a table with its header.
pub(super) fn begin(page: &mut Vec<u8>) {
    page.extend_from_slice(COLUMNS.as_bytes());
}

/// Puts an event's row. `size` is that of the payload as it came, where that is known.
pub(super) fn put(page: &mut Vec<u8>, event: &Event<'_>, size: Option<u64>) {
    let mut row = Row { at: event.at.to_string(), kind: event.kind.word(), ..Row::default() };
    match &event.kind {
        Kind::Rx(message) | Kind::Tx(message) => {
            message.topic.clone_into(&mut row.topic);
            row.qos = message.qos.number().to_string();
            row.flags = [message.retain, message.dup].map(|flag| flag.to_string());
            row.packet_id = shown(message.packet_id.map(PacketId::number).map(u64::from));
            row.what = message.what.word();
            message.request_id.unwrap_or_default().clone_into(&mut row.request_id);
            row.times = [message.deadline_ms, message.took_ms].map(|time| shown(time.map(u64::from)));
            row.size = size.unwrap_or(message.payload.len() as u64).to_string();
            (row.form, row.payload) = payload(message.payload);
        }
        Kind::State(change) => {
            row.state = change.state.word();
            change.code.unwrap_or_default().clone_into(&mut row.code);
            row.text = [change.reason, change.hint].into_iter().flatten().collect::<Vec<_>>().join(": ");
        }
        Kind::Acked(acked) => {
            row.packet_id = shown(acked.packet_id.map(PacketId::number).map(u64::from));
            row.times[1] = acked.took.as_millis().to_string();
        }
        Kind::Subscribed(answer) => {
            answer.filter.clone_into(&mut row.topic);
            row.qos = shown(answer.granted.map(|qos| qos.number().into()));
            let plain = if answer.granted.is_none() { "refused" } else { "" };
            answer.reason.unwrap_or(plain).clone_into(&mut row.text);
        }
        Kind::Unsubscribed { filter, .. } => (*filter).clone_into(&mut row.topic),
        Kind::Gap { count, reason } => row.text = format!("{count} events: {reason}"),
        Kind::Note { text, .. } => (*text).clone_into(&mut row.text),
        Kind::Error(failure) => {
            failure.code.clone_into(&mut row.code);
            row.text = [Some(failure.reason), failure.hint].into_iter().flatten().collect::<Vec<_>>().join(": ");
        }
    }
    row.write(page, event.session);
}

/// The fields of a row.
#[derive(Default)]
struct Row {
    at: String,
    kind: &'static str,
    topic: String,
    qos: String,
    flags: [String; 2],
    packet_id: String,
    what: &'static str,
    request_id: String,
    times: [String; 2],
    size: String,
    state: &'static str,
    code: String,
    text: String,
    form: &'static str,
    payload: String,
}

impl Row {
    fn write(&self, page: &mut Vec<u8>, session: &str) {
        let fields = [
            &self.at,
            session,
            self.kind,
            &self.topic,
            &self.qos,
            &self.flags[0],
            &self.flags[1],
            &self.packet_id,
            self.what,
            &self.request_id,
            &self.times[0],
            &self.times[1],
            &self.size,
            self.state,
            &self.code,
            &self.text,
            self.form,
        ];
        for field in fields {
            write_field(page, &harmless(field));
            page.push(b',');
        }
        write_field(page, &self.payload);
        page.extend_from_slice(b"\r\n");
    }
}

/// A field, in quotes where it needs them.
fn write_field(page: &mut Vec<u8>, text: &str) {
    if text.contains(['"', ',', '\r', '\n']) {
        page.push(b'"');
        page.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        page.push(b'"');
    } else {
        page.extend_from_slice(text.as_bytes());
    }
}

/// A text that neither a terminal nor a spreadsheet runs.
fn harmless(field: &str) -> Cow<'_, str> {
    let is_formula = is_formula(field);
    if !is_formula && !field.chars().any(is_hidden) {
        return Cow::Borrowed(field);
    }
    let mut text = String::with_capacity(field.len() + 8);
    text.push_str(if is_formula { "'" } else { "" });
    for char in field.chars() {
        if is_hidden(char) { text.extend(char.escape_unicode()) } else { text.push(char) }
    }
    Cow::Owned(text)
}

/// Whether a spreadsheet would take `text` for a formula. A number with a sign is none.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err()
}

/// What `payload` says, and in which form it does.
fn payload(bytes: &[u8]) -> (&'static str, String) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_hidden) && !is_formula(text) => ("text", text.to_owned()),
        _ => ("base64", STANDARD.encode(bytes)),
    }
}

/// A number, or nothing.
fn shown(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}
