//! A program in a pseudo-terminal: what it writes, what its screen shows, what it costs. Shared by the end-to-end tests
//! and by the example that measures the figures.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user needs its own part of this")]

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How long an effect is awaited.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    bytes: u64,
    begun: Instant,
    /// Closing it hangs the terminal up.
    master: Box<dyn MasterPty + Send>,
    modes_before: String,
    raw: Option<Vec<u8>>,
}

impl Terminal {
    pub fn start(program: &Path, args: &[&str], cols: u16, rows: u16) -> Result<Self> {
        Self::start_with(program, args, cols, rows, &[])
    }

    /// As [`Terminal::start`], with more in the environment.
    pub fn start_with(program: &Path, args: &[&str], cols: u16, rows: u16, env: &[(&str, &str)]) -> Result<Self> {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("TZ", "UTC");
        for (name, value) in env {
            command.env(name, value);
        }
        let begun = Instant::now();
        let modes_before = local_modes(&*pair.master);
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer()?;
        let screen = vt100::Parser::new(cells(rows), cells(cols), 0);
        Ok(Self { child, keys, output, screen, bytes: 0, begun, master: pair.master, modes_before, raw: None })
    }

    /// Takes what the program writes, for `time`.
    pub fn pump(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while self.step(end)? {}
        Ok(())
    }

    /// Takes one piece of output; `false` at `end`.
    fn step(&mut self, end: Instant) -> Result<bool> {
        match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(piece) => {
                self.bytes += piece.len() as u64;
                if let Some(raw) = &mut self.raw {
                    raw.extend_from_slice(&piece);
                }
                self.screen.process(&piece);
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => Err(format!("the program ended: {:?}", self.child.wait()?).into()),
        }
    }

    /// Whether `text` is on the screen.
    pub fn shows(&self, text: &str) -> bool {
        self.screen.screen().contents().contains(text)
    }

    /// Since the program's start, until `text` is on the screen.
    pub fn until_shown(&mut self, text: &str, within: Duration) -> Result<Duration> {
        let end = Instant::now() + within;
        while !self.shows(text) {
            if !self.step(end)? {
                return Err(format!("«{text}» is not on the screen:\n{}", self.contents()).into());
            }
        }
        Ok(self.begun.elapsed())
    }

    /// From pressing `key` until `text` is on the screen.
    pub fn press_until_shown(&mut self, key: &[u8], text: &str) -> Result<Duration> {
        self.press_until(key, text, true)
    }

    /// From pressing `key` until `text` is no longer on the screen.
    pub fn press_until_gone(&mut self, key: &[u8], text: &str) -> Result<Duration> {
        self.press_until(key, text, false)
    }

    fn press_until(&mut self, key: &[u8], text: &str, shown: bool) -> Result<Duration> {
        let begun = Instant::now();
        self.keys.write_all(key)?;
        self.keys.flush()?;
        while self.shows(text) != shown {
            if !self.step(begun + PATIENCE)? {
                return Err(format!("the key did nothing:\n{}", self.contents()).into());
            }
        }
        Ok(begun.elapsed())
    }

    /// Types `keys`.
    pub fn press(&mut self, keys: &[u8]) -> Result<()> {
        self.keys.write_all(keys)?;
        Ok(self.keys.flush()?)
    }

    /// Waits until `text` is on the screen.
    pub fn expect(&mut self, text: &str) -> Result<()> {
        self.until_shown(text, PATIENCE).map(|_| ())
    }

    /// Waits until `text` is no longer on the screen.
    pub fn expect_gone(&mut self, text: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.shows(text) {
            if !self.step(end)? {
                return Err(format!("«{text}» is still on the screen:\n{}", self.contents()).into());
            }
        }
        Ok(())
    }

    /// The screen as text.
    pub fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// Changes the window's size.
    pub fn resize(&mut self, cols: u16, rows: u16) -> Result<()> {
        self.screen.screen_mut().set_size(cells(rows), cells(cols));
        Ok(self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?)
    }

    /// Keeps every byte written from now on.
    pub fn keep_raw(&mut self) {
        self.raw = Some(Vec::new());
    }

    /// The bytes kept.
    pub fn raw(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or_default()
    }

    /// Waits for the program's end, taking what it still writes; answers its exit status.
    pub fn exit(&mut self) -> Result<u32> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(piece) => {
                    self.screen.process(&piece);
                    if let Some(raw) = &mut self.raw {
                        raw.extend_from_slice(&piece);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Err(format!("it does not end:\n{}", self.contents()).into()),
                Err(RecvTimeoutError::Disconnected) => return Ok(self.child.wait()?.exit_code()),
            }
        }
    }

    /// What of the terminal's state the program has left changed; empty: all is as it was.
    pub fn left_changed(&self) -> Vec<&'static str> {
        let screen = self.screen.screen();
        [
            (screen.alternate_screen(), "alternate screen"),
            (screen.hide_cursor(), "cursor hidden"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse"),
            (screen.application_keypad() || screen.application_cursor(), "application keys"),
        ]
        .into_iter()
        .filter_map(|(changed, name)| changed.then_some(name))
        .collect()
    }

    /// The terminal's local modes (echo, line by line, …), as words to compare.
    pub fn local_modes(&self) -> String {
        local_modes(&*self.master)
    }

    /// The same, before the program was started.
    pub fn local_modes_before(&self) -> &str {
        &self.modes_before
    }

    /// Whether the program still runs.
    pub fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Bytes written to the terminal so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The most memory that the program held, resident.
    pub fn peak_memory_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no VmHWM")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// The processor time that the program has used.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()?))?;
        let fields: Vec<&str> = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().collect();
        let ticks: u64 =
            fields.get(11).ok_or("no utime")?.parse::<u64>()? + fields.get(12).ok_or("no stime")?.parse::<u64>()?;
        // Linux counts these in hundredths of a second, whatever the machine.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The program's process id.
    pub fn id(&self) -> Result<u32> {
        self.child.process_id().ok_or_else(|| "the program has ended".into())
    }
}

fn local_modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().map(|found| found.local_flags))
}

/// A screen has at least one row and one column, whatever the window says.
fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The measurement is over; what becomes of the program no longer matters.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
