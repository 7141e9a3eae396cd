//! The console in a real pseudo-terminal: what it does to the terminal, and how it gives it back.
//!
//! The child is this test program itself, which runs [`child`] alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]
#![cfg(target_os = "linux")]

mod screen_support;

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, NativePtySystem, PtySize, PtySystem};
use rustix::process::{Pid, Signal, kill_process};
use screen_support::Canned;
use standin::console::{self, Left, Shell};
use standin::event::Moment;
use standin::session::{Journal, clock};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// The console over a canned timeline; run in a terminal by the tests below.
#[test]
#[ignore = "the other half of the tests below"]
fn child() {
    if std::env::var_os("STANDIN_TEST_CHILD").is_none() {
        return;
    }
    let mut start = clock::now();
    if std::env::var_os("STANDIN_TEST_OLD").is_some() {
        // Every countdown has ended.
        let age = Duration::from_mins(1);
        start = Moment { at: start.at.shifted_micros(-60_000_000), mono: start.mono.checked_sub(age).unwrap() };
    }
    let canned = Canned::morning(start);
    let journal = Journal::new(canned.timeline);
    if std::env::var_os("STANDIN_TEST_PANIC").is_some() {
        let journal = journal.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            let _caught = std::panic::catch_unwind(|| panic!("a part fell over"));
            journal.ring();
        });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let left = runtime.block_on(console::run(Shell {
        journal,
        handles: canned.handles,
        theme: None,
        themes: None,
        bell: false,
        banner: None,
        notice: None,
    }));
    let status = match left {
        Ok(Left::Quit) => 40,
        Ok(Left::Signal(number)) => 128 + number,
        Ok(Left::TerminalGone) => 41,
        Err(error) => {
            eprintln!("{error}");
            42
        }
    };
    end(status)
}

#[expect(clippy::exit, reason = "the exit status is what the parent looks at")]
fn end(status: i32) -> ! {
    std::process::exit(status)
}

struct Running {
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    writer: Option<Box<dyn Write + Send>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Whether the reader shall let go of the terminal at its next byte.
    gone: Arc<AtomicBool>,
}

impl Running {
    fn start(environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = NativePtySystem::default().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"]);
        for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("STANDIN_TEST_CHILD", "1")] {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, sink) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&bytes));
        let gone = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&gone);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                sink.lock().unwrap().extend_from_slice(&piece[..count]);
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let writer = Some(pair.master.take_writer().unwrap());
        Self { master: Some(pair.master), child, writer, bytes, gone }
    }

    fn all(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// What a terminal would show.
    fn screen(&self) -> String {
        let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        parser.process(&self.bytes.lock().unwrap());
        parser.screen().contents()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < end, "never {what}:\n{}\n{:?}", self.screen(), self.all());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn shows(&self, text: &str) {
        self.until(&format!("showed {text:?}"), |running| running.screen().contains(text));
    }

    fn press(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("a terminal");
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn local_modes(&self) -> String {
        format!("{:?}", self.master.as_ref().and_then(|master| master.get_termios()).map(|found| found.local_flags))
    }

    /// Waits for the end, and answers the exit status.
    fn end(&mut self, within: Duration) -> u32 {
        let end = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            if Instant::now() > end {
                self.child.kill().unwrap();
                panic!("still running after {within:?}:\n{}", self.screen());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
    }
}

fn given_back(running: &Running) {
    running.until("gave the terminal back", |running| running.all().contains("\u{1b}[?1049l"));
    let all = running.all();
    for (on, off) in [("?1049h", "?1049l"), ("?2004h", "?2004l"), ("?25l", "?25h")] {
        assert!(all.rfind(off) > all.rfind(on), "{off} is not last");
    }
}

#[test]
fn leaving_gives_the_terminal_back() {
    let mut running = Running::start(&[]);
    let before = running.local_modes();
    running.shows("SILENCE");
    assert_ne!(running.local_modes(), before, "the console reads keys one by one");
    running.press("\u{3}\u{3}");
    assert_eq!(running.end(PATIENCE), 40);
    given_back(&running);
    assert_eq!(running.local_modes(), before);
}

#[test]
fn every_signal_gives_the_terminal_back_and_is_told_by_the_exit_status() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2), (Signal::QUIT, 3)] {
        let mut running = Running::start(&[]);
        let before = running.local_modes();
        running.shows("SILENCE");
        running.signal(signal);
        assert_eq!(running.end(PATIENCE), 128 + number);
        given_back(&running);
        assert_eq!(running.local_modes(), before);
    }
}

#[test]
fn a_lost_terminal_ends_the_program_within_two_seconds() {
    let mut running = Running::start(&[]);
    running.shows("SILENCE");
    // The reader's copy is the last one, and lets go at the next byte: a frame for another size brings that.
    running.gone.store(true, Ordering::Relaxed);
    running.writer = None;
    running.master = None;
    running.signal(Signal::WINCH);
    let status = running.end(Duration::from_secs(2));
    // SIGHUP from the kernel, or the hang-up seen on the terminal: whichever comes first. Or 101, when the test harness
    // around the child then finds no terminal for its own report.
    assert!(matches!(status, 41 | 101 | 129), "{status}");
}

#[test]
fn nothing_is_written_but_what_the_contract_allows() {
    let mut running = Running::start(&[]);
    running.shows("SILENCE");
    for (keys, seen) in [("kk", "held"), ("?", "Keys"), ("\u{1b}", "held"), (":", "retry"), ("\u{1b}", "held")] {
        running.press(keys);
        running.shows(seen);
    }
    running.press("G");
    running.shows("following");
    running.press("\u{3}\u{3}");
    running.end(PATIENCE);
    let all = running.all();
    let start = all.find("\u{1b}[?1049h").expect("the alternate screen");
    for sequence in all[start..].split('\u{1b}').skip(1) {
        let Some(body) = sequence.strip_prefix('[') else { panic!("no CSI: {sequence:?}") };
        let end = body.find(|sign: char| ('@'..='~').contains(&sign)).expect("an end");
        let (parameters, last) = (&body[..end], &body[end..=end]);
        let allowed = match last {
            "m" | "H" | "J" => parameters.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'),
            "h" | "l" => matches!(parameters, "?1049" | "?25" | "?2004" | "?2026"),
            _ => false,
        };
        assert!(allowed, "{parameters:?} {last:?}");
    }
    assert!(!all.contains('\u{7}'), "a bell");
}

#[test]
fn at_rest_not_a_byte_is_written() {
    let mut running = Running::start(&[("STANDIN_TEST_OLD", "1")]);
    running.shows("SILENCE");
    running.until("rested for a second and a half", |running| {
        let before = running.bytes.lock().unwrap().len();
        std::thread::sleep(Duration::from_millis(1_500));
        running.bytes.lock().unwrap().len() == before
    });
    running.press("q");
    running.end(PATIENCE);
}

#[test]
fn a_panic_of_another_part_is_told_and_the_screen_stays() {
    let mut running = Running::start(&[("STANDIN_TEST_PANIC", "1")]);
    running.shows("A part of standin failed");
    running.press("k");
    running.shows("held");
    assert!(!running.all().contains("RUST_BACKTRACE"), "the panic's words tore the screen");
    running.press("\u{3}\u{3}");
    assert_eq!(running.end(PATIENCE), 40);
}

#[test]
fn without_colours_only_attributes_are_written() {
    let mut running = Running::start(&[("NO_COLOR", "1")]);
    running.shows("SILENCE");
    running.press("k");
    running.shows("held");
    running.press("\u{3}\u{3}");
    running.end(PATIENCE);
    let all = running.all();
    let start = all.find("\u{1b}[?1049h").expect("the alternate screen");
    for sequence in all[start..].split("\u{1b}[").skip(1) {
        let Some((numbers, _)) = sequence.split_once('m') else { continue };
        if numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') {
            let colour = numbers.split(';').any(|number| number.len() > 1);
            assert!(!colour, "{numbers}");
        }
    }
}
