//! A tape's part sent again from the live console's list of tapes, in a pseudo-terminal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::{Path, PathBuf};

use standin::config::write;
use standin::event::LineState;
use standin::profile::Cloud;
use standin::sim::{Happening, Notice, Options, Platform};
use standin::tape::Recorded;
use support::pty::Terminal;
use support::sequences::foreign;
use support::tape::{Story, recorded};
use support::until;
use tokio::runtime::Runtime;
use tokio::sync::broadcast::Receiver;

/// A platform, the console over its Huawei device, and a folder with one tape.
struct Bench {
    platform: Platform,
    notices: Receiver<Notice>,
    terminal: Terminal,
    runtime: Runtime,
    // Gone only after the program.
    _folder: tempfile::TempDir,
}

/// A tape of a device that sent `count` messages, so many milliseconds apart.
fn tape(path: &Path, count: u32, apart_ms: u64) {
    let mut story = Story::new();
    let identifiers = [("device_id".to_owned(), "other_dev".to_owned())].into();
    let device = story.device(Recorded { identifiers, ..recorded("old-smoke", Cloud::Huawei) });
    story.state(device, LineState::Online);
    for number in 0..count {
        story.tx(device, "$oc/devices/other_dev/sys/messages/up", number.to_string());
        story.wait_ms(apart_ms);
    }
    story.record(path, 1_000);
}

impl Bench {
    fn start(count: u32, apart_ms: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let platform = {
            let _inside = runtime.enter();
            Platform::start(Options::default()).unwrap()
        };
        let notices = platform.watch();
        let folder = tempfile::tempdir().unwrap();
        let tapes = folder.path().join("tapes");
        std::fs::create_dir(&tapes).unwrap();
        tape(&tapes.join("old.mcap"), count, apart_ms);
        let profiles: Vec<_> =
            platform.profiles().into_iter().filter(|profile| profile.identity.cloud() == Cloud::Huawei).collect();
        let config: PathBuf = folder.path().join("config.toml");
        let place = format!("[tapes]\nfolder = \"{}\"\n\n", tapes.display());
        write::create_private(&config, &(place + &write::to_toml(&profiles))).unwrap();
        let args = ["--config", config.to_str().unwrap()];
        let program = Path::new(env!("CARGO_BIN_EXE_standin"));
        let mut terminal = Terminal::start(program, &args, 120, 30).unwrap();
        terminal.keep_raw();
        until("the device is online", || platform.is_online("smoke-01"));
        Self { platform, notices, terminal, runtime, _folder: folder }
    }

    /// Opens the list of tapes, and says yes to sending the one that is there.
    fn send_it(&mut self) {
        self.terminal.press(b"L").unwrap();
        self.terminal.expect("It ended in order.").unwrap();
        self.terminal.press(b"p").unwrap();
        self.terminal.expect("to its real platform?").unwrap();
        self.terminal.press(b"\r").unwrap();
    }

    /// The payloads that came to the platform.
    fn came(&mut self) -> Vec<String> {
        let mut payloads = Vec::new();
        while let Ok(notice) = self.notices.try_recv() {
            if let Happening::Published { topic, payload, .. } = notice.what {
                assert_eq!(topic, "$oc/devices/65f0c0de_dev01/sys/messages/up");
                payloads.push(String::from_utf8(payload.to_vec()).unwrap());
            }
        }
        payloads
    }

    fn leave(mut self) {
        self.terminal.press(b"\x03\x03").unwrap();
        assert_eq!(self.terminal.exit().unwrap(), 0);
        assert_eq!(foreign(self.terminal.raw()), Vec::<String>::new());
        self.runtime.block_on(self.platform.stop());
    }
}

#[test]
fn a_tape_is_sent_after_a_question_and_what_came_of_it_is_told() {
    let mut bench = Bench::start(3, 20);
    bench.send_it();
    bench.terminal.expect("all as recorded").unwrap();
    assert_eq!(bench.came(), ["0", "1", "2"]);
    bench.terminal.expect("old.mcap sent again: 3 of 3 messages sent").unwrap();
    // Once more, by the same keys: the orders of the second run are its own.
    bench.send_it();
    let mut again = Vec::new();
    until("it goes again", || {
        again.extend(bench.came());
        again.len() == 3
    });
    bench.leave();
}

#[test]
fn a_key_stops_it_and_leaving_asks() {
    let mut bench = Bench::start(1_000, 50);
    bench.send_it();
    bench.terminal.expect("(X stops)").unwrap();
    bench.terminal.press(b"q").unwrap();
    bench.terminal.expect("a tape is being sent again").unwrap();
    bench.terminal.press(b"n").unwrap();
    bench.terminal.expect_gone("a tape is being sent again").unwrap();
    // Only one at a time.
    bench.send_it();
    bench.terminal.expect("is still sending a tape").unwrap();
    bench.terminal.press(b"X").unwrap();
    bench.terminal.expect("it was stopped").unwrap();
    bench.terminal.expect_gone("(X stops)").unwrap();
    assert!(bench.came().len() < 1_000);
    bench.terminal.press(b"X").unwrap();
    bench.terminal.expect("Nothing is being sent again").unwrap();
    bench.leave();
}
