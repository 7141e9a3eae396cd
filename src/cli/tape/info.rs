//! `standin tape info`: what is on a tape, for a person or as JSON.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{CliError, InfoArgs, Outcome, off_thread, told, unreadable, write_out, written};
use crate::event::WallTime;
use crate::tape::info::{Info, Remark, SessionCount};
use crate::tape::reader::{Ending, Tape};
use crate::text::Safe;
use crate::text::json::escape_hidden;

/// Topics and remarks that are shown unless all are asked for.
const SHOWN: usize = 12;

/// Shows it.
pub(super) async fn run(args: InfoArgs) -> Result<Outcome, CliError> {
    let InfoArgs { file, json, topics } = args;
    let path = file.clone();
    let read = off_thread(move || Tape::open(&path).map(|tape| Info::of(&tape))).await?;
    let info = read.map_err(|error| unreadable(&error))?;
    let page = if json {
        let mut line = escape_hidden(&as_json(&info, topics).to_string());
        line.push('\n');
        line
    } else {
        let mut page = String::new();
        // Writing to a text cannot fail.
        in_words(&mut page, &file.display().to_string(), &info, topics).unwrap_or_default();
        page.lines().flat_map(|line| [Safe::new(line).as_str().to_owned(), "\n".to_owned()]).collect()
    };
    written(write_out(page).await)?;
    Ok(Outcome::Done)
}

fn in_words(page: &mut String, name: &str, info: &Info, all: bool) -> std::fmt::Result {
    let zone = TimeZone::system();
    let time = |at: WallTime| at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f %:z").to_string();
    writeln!(page, "{name}")?;
    writeln!(page, "  {} events, {} bytes, {} % of their JSON", info.events, info.bytes, percent(info))?;
    writeln!(page, "  {}, part {}, by {}", ending(info.ending), info.about.part, info.about.program)?;
    if let Some((first, last)) = info.span {
        let micros = last.unix_micros().saturating_sub(first.unix_micros());
        let (seconds, tenths) = (micros / 1_000_000, micros % 1_000_000 / 100_000);
        writeln!(page, "  from {} to {}: {seconds}.{} s", time(first), time(last), tenths.abs())?;
    }
    for fault in info.faults.iter().take(SHOWN) {
        writeln!(page, "  damaged {}", told(fault))?;
    }
    writeln!(page, "sessions")?;
    for session in &info.sessions {
        writeln!(page, "  {}", of_session(session))?;
    }
    let shown = if all { info.topics.len() } else { SHOWN.min(info.topics.len()) };
    if shown > 0 {
        writeln!(page, "topics")?;
    }
    for topic in &info.topics[..shown] {
        let sign = if topic.incoming { "<" } else { ">" };
        writeln!(page, "  {:>9} {sign} {} {}", topic.count, topic.session, topic.topic)?;
    }
    if shown < info.topics.len() {
        writeln!(page, "  and {} more topics (--topics shows all)", info.topics.len() - shown)?;
    }
    if info.other_topics > 0 {
        writeln!(page, "  {:>9} messages on further topics", info.other_topics)?;
    }
    remarks(page, &format!("gaps: {} events are missing", info.missing), &info.gaps, &time)?;
    remarks(page, "notes", &info.notes, &time)
}

fn remarks(page: &mut String, heading: &str, list: &[Remark], time: &impl Fn(WallTime) -> String) -> std::fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(page, "{heading}")?;
    for remark in list.iter().take(SHOWN) {
        writeln!(page, "  {} {}: {}", time(remark.at), remark.session, remark.text.replace('\n', " "))?;
    }
    if list.len() > SHOWN {
        writeln!(page, "  and {} more", list.len() - SHOWN)?;
    }
    Ok(())
}

/// The tape's bytes beside those of its events, in whole percent.
fn percent(info: &Info) -> u64 {
    info.bytes.saturating_mul(100) / info.json_bytes.max(1)
}

fn of_session(session: &SessionCount) -> String {
    let mut words = vec![session.name.clone()];
    if let Some(recorded) = &session.recorded {
        let identifiers: Vec<String> =
            recorded.identifiers.iter().map(|(key, value)| format!("{key} {value}")).collect();
        words.push(format!(" ({}, {}; {})", recorded.cloud.word(), recorded.endpoint, identifiers.join(", ")));
    }
    words.push(format!(": {} in, {} out", session.rx, session.tx));
    if let Some((first, last)) = session.states {
        words.push(format!(", first {}, last {}", first.word(), last.word()));
    }
    words.concat()
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Whole => "ended in order",
        Ending::BeingWritten => "being written",
        Ending::Cut => "without an end: cut off, or its writer was killed",
    }
}

fn as_json(info: &Info, all: bool) -> Value {
    let session = |session: &SessionCount| {
        let recorded = session.recorded.as_ref();
        json!({
            "name": session.name,
            "cloud": recorded.map(|recorded| recorded.cloud.word()),
            "endpoint": recorded.map(|recorded| &recorded.endpoint),
            "identifiers": recorded.map(|recorded| &recorded.identifiers),
            "clock_offset_us": recorded.and_then(|recorded| recorded.clock_offset_us),
            "rx": session.rx,
            "tx": session.tx,
            "first_state": session.states.map(|(first, _)| first.word()),
            "last_state": session.states.map(|(_, last)| last.word()),
        })
    };
    let remark =
        |remark: &Remark| json!({ "at": remark.at.to_string(), "session": remark.session, "text": remark.text });
    let shown = if all { info.topics.len() } else { SHOWN.min(info.topics.len()) };
    let topics = info.topics[..shown].iter().map(|topic| {
        let kind = if topic.incoming { "rx" } else { "tx" };
        json!({ "session": topic.session, "kind": kind, "topic": topic.topic, "count": topic.count })
    });
    json!({
        "program": info.about.program,
        "started": info.about.started.to_string(),
        "part": info.about.part,
        "ending": match info.ending { Ending::Whole => "whole", Ending::BeingWritten => "being-written", Ending::Cut => "cut" },
        "bytes": info.bytes,
        "json_bytes": info.json_bytes,
        "events": info.events,
        "first": info.span.map(|(first, _)| first.to_string()),
        "last": info.span.map(|(_, last)| last.to_string()),
        "sessions": info.sessions.iter().map(session).collect::<Vec<_>>(),
        "topics": topics.collect::<Vec<_>>(),
        "topics_in_all": info.topics.len(),
        "missing": info.missing,
        "gaps": info.gaps.iter().map(remark).collect::<Vec<_>>(),
        "notes": info.notes.iter().map(remark).collect::<Vec<_>>(),
        "faults": info.faults.iter().map(|fault| json!({
            "offset": fault.offset, "events": fault.events, "reason": fault.reason,
        })).collect::<Vec<_>>(),
    })
}
