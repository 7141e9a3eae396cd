//! Events as a table (RFC 4180): one row an event, lines end with CR LF, texts that need it stand in quotes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::event::{Event, Kind};
use crate::mqtt::PacketId;
use crate::text::hidden::is_hidden;

const COLUMNS: &str =
    "at,session,kind,topic,qos,retain,dup,packet_id,what,request_id,size,state,code,text,form,payload\r\n";

/// Begins a table with its header.
pub(super) fn begin(page: &mut Vec<u8>) {
    page.extend_from_slice(COLUMNS.as_bytes());
}

/// Puts an event's row. `form` says what `payload` is: `text` as it came, or `base64` where it is no text or holds characters that no
/// one sees.
pub(super) fn put(page: &mut Vec<u8>, event: &Event<'_>) {
    let mut row = Row { at: event.at.to_string(), kind: event.kind.word(), ..Row::default() };
    match &event.kind {
        Kind::Rx(message) | Kind::Tx(message) => {
            message.topic.clone_into(&mut row.topic);
            row.qos = message.qos.number().to_string();
            row.flags = [message.retain, message.dup].map(|flag| flag.to_string());
            row.packet_id = message.packet_id.map(PacketId::number).map(|id| id.to_string()).unwrap_or_default();
            row.what = message.what.word();
            message.request_id.unwrap_or_default().clone_into(&mut row.request_id);
            row.size = message.payload.len().to_string();
            (row.form, row.payload) = payload(message.payload);
        }
        Kind::State(change) => {
            row.state = change.state.word();
            change.code.unwrap_or_default().clone_into(&mut row.code);
            row.text = [change.reason, change.hint].into_iter().flatten().collect::<Vec<_>>().join(": ");
        }
        Kind::Acked(acked) => {
            row.packet_id = acked.packet_id.map(PacketId::number).map(|id| id.to_string()).unwrap_or_default();
            row.text = format!("after {} ms", acked.took.as_millis());
        }
        Kind::Subscribed(answer) => {
            answer.filter.clone_into(&mut row.topic);
            row.qos = answer.granted.map(|qos| qos.number().to_string()).unwrap_or_default();
            let plain = if answer.granted.is_none() { "refused" } else { "" };
            answer.reason.unwrap_or(plain).clone_into(&mut row.text);
        }
        Kind::Unsubscribed { filter, .. } => (*filter).clone_into(&mut row.topic),
        Kind::Gap { count, reason } => row.text = format!("{count} events: {reason}"),
        Kind::Note { text } => (*text).clone_into(&mut row.text),
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
            &self.size,
            self.state,
            &self.code,
            &self.text,
            self.form,
            &self.payload,
        ];
        for (place, field) in fields.into_iter().enumerate() {
            if place > 0 {
                page.push(b',');
            }
            write_field(page, field);
        }
        page.extend_from_slice(b"\r\n");
    }
}

/// A field, in quotes where it needs them. Control and invisible characters stand as `\u{…}`: a table is shown on terminals too. A text that
/// a spreadsheet would take for a formula gets an apostrophe in front.
fn write_field(page: &mut Vec<u8>, field: &str) {
    let mut text = String::with_capacity(field.len());
    if field.starts_with(['=', '+', '-', '@']) {
        text.push('\'');
    }
    for char in field.chars() {
        if is_hidden(char) { text.extend(char.escape_unicode()) } else { text.push(char) }
    }
    if text.contains(['"', ',', '\r', '\n']) {
        text = format!("\"{}\"", text.replace('"', "\"\""));
    }
    page.extend_from_slice(text.as_bytes());
}

fn payload(bytes: &[u8]) -> (&'static str, String) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_hidden) => ("text", text.to_owned()),
        _ => ("base64", STANDARD.encode(bytes)),
    }
}
