//! The console over a canned timeline, without a network: `cargo run --example gallery [-- MESSAGES_PER_SECOND]`.

#[path = "../tests/screen_support/mod.rs"]
mod screen_support;

use std::io::Write;
use std::time::Duration;

use screen_support::Canned;
use standin::config::tapes;
use standin::console::{self, Shell};
use standin::event::{Kind, Message, Moment, What};
use standin::mqtt::Qos;
use standin::session::{Journal, Recorder, clock};
use standin::timeline::SessionId;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rate = std::env::args().nth(1).map_or(Ok(0), |rate| rate.parse::<u64>())?;
    // The morning has been going on for a while.
    let (start, age) = (clock::now(), Duration::from_secs(11));
    let start =
        Moment { at: start.at.shifted_micros(-11_000_000), mono: start.mono.checked_sub(age).unwrap_or(start.mono) };
    let canned =
        if std::env::var_os("GALLERY_EMPTY").is_some() { Canned::empty(start) } else { Canned::morning(start) };
    let journal = Journal::new(canned.timeline);
    if rate > 0 {
        let journal = journal.clone();
        std::thread::spawn(move || flood(&journal, rate));
    }
    let recorder = Recorder::new(journal.clone(), tapes::usual(std::env::temp_dir().join("standin-no-tapes")));
    let shell = Shell {
        journal,
        handles: canned.handles,
        recorder,
        models: std::collections::BTreeMap::new(),
        application: None,
        theme: std::env::var("GALLERY_THEME").ok(),
        themes: None,
        bell: false,
        banner: Some("gallery".to_owned()),
        notice: None,
    };
    let left = console::run(shell).await?;
    drop(canned.orders);
    writeln!(std::io::stderr(), "{left:?}")?;
    Ok(())
}

/// Appends messages of 200 bytes on 50 topics, in batches as a session does.
fn flood(journal: &Journal, rate: u64) {
    let payload = [b'x'; 200];
    let mut count = 0_u64;
    let batches = (rate / 256).clamp(1, 4_000);
    let batch = rate / batches;
    let start = std::time::Instant::now();
    for turn in 1.. {
        let now = clock::now();
        journal.with(|timeline| {
            for _ in 0..batch {
                count += 1;
                let topic = format!("plant/line/{}", count % 50);
                let message = Message {
                    topic: &topic,
                    qos: Qos::AtMostOnce,
                    payload: &payload,
                    what: What::Custom,
                    ..Message::default()
                };
                timeline.append(SessionId(1), now, &Kind::Rx(message), None);
            }
        });
        journal.ring();
        let due = start + Duration::from_secs(1) * turn / u32::try_from(batches).unwrap_or(1);
        std::thread::sleep(due.saturating_duration_since(std::time::Instant::now()));
    }
}
