//! From a key to the answer's packet on the wire, with one open request and with a thousand.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::answers::Line;
use super::pty::Terminal;
use super::{Result, console, ms, row};

/// How many answers are measured.
const ANSWERS: usize = 100;
/// How many requests are open at once in the second measurement.
const OPEN: u32 = 1_000;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A raw platform with one device: it asks when it is told to, and says when each answer came.
struct Platform {
    asks: Sender<std::ops::Range<u32>>,
    answers: Receiver<Instant>,
    thread: JoinHandle<std::result::Result<(), String>>,
}

/// One key answers one request, a hundred times.
pub fn reply() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (platform, mut terminal) = start(folder.path())?;
    let mut times = Vec::new();
    for number in 0..ANSWERS {
        let number = u32::try_from(number)?;
        platform.ask(number..number + 1)?;
        shown(&mut terminal, "· 1 open")?;
        times.push(platform.answered(&mut terminal)?);
        gone(&mut terminal, "· 1 open")?;
    }
    report("reply by key to packet on the wire", &mut times);
    Ok(())
}

/// The same while a thousand requests wait; and what a key in their list takes.
pub fn requests() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (platform, mut terminal) = start(folder.path())?;
    platform.ask(0..OPEN)?;
    shown(&mut terminal, "1 000 open")?;
    let mut times = Vec::new();
    let mut open = usize::try_from(OPEN)?;
    for _ in 0..ANSWERS {
        times.push(platform.answered(&mut terminal)?);
        open -= 1;
        shown(&mut terminal, &format!("· {open} open"))?;
    }
    report("the same with 1,000 open requests", &mut times);
    // Their time is up after eight seconds: the list is filled anew.
    platform.ask(OPEN..2 * OPEN)?;
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(terminal.press_until_shown(b"w\r", " open of ")?);
        terminal.press_until_gone(b"\x1b", " open of ")?;
        terminal.pump(Duration::from_millis(20))?;
    }
    report("key to screen with them", &mut times);
    Ok(())
}

fn report(figure: &str, times: &mut [Duration]) {
    times.sort();
    let worst = times.last().copied().unwrap_or_default();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    row(&format!("{figure}, median (worst) of {}", times.len()), &format!("{} ({})", ms(median), ms(worst)));
}

fn start(folder: &Path) -> Result<(Platform, Terminal)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let config = config(folder, listener.local_addr()?.port())?;
    let ((asks, to_ask), (came, answers)) = (channel(), channel());
    let thread = std::thread::spawn(move || serve(&listener, &to_ask, &came).map_err(|error| error.to_string()));
    let mut terminal = console(&config)?;
    shown(&mut terminal, "online since")?;
    Ok((Platform { asks, answers, thread }, terminal))
}

impl Platform {
    fn ask(&self, numbers: std::ops::Range<u32>) -> Result<()> {
        Ok(self.asks.send(numbers)?)
    }

    /// From the key that answers the most urgent request to the arrival of its packet.
    fn answered(&self, terminal: &mut Terminal) -> Result<Duration> {
        let begun = Instant::now();
        terminal.press(b"A")?;
        match self.answers.recv_timeout(PATIENCE) {
            Ok(came) => Ok(came.saturating_duration_since(begun)),
            Err(_) if self.thread.is_finished() => Err("the platform has ended".into()),
            Err(_) => Err(format!("no answer came:\n{}", terminal.contents()).into()),
        }
    }
}

fn shown(terminal: &mut Terminal, text: &str) -> Result<()> {
    terminal.expect(text)
}

fn gone(terminal: &mut Terminal, text: &str) -> Result<()> {
    terminal.expect_gone(text)
}

/// An Aliyun lamp, which nothing answers for but the person at the keys.
fn config(folder: &Path, port: u16) -> Result<PathBuf> {
    let text = format!(
        "[[device]]\nname = \"lamp\"\ncloud = \"aliyun\"\nhost = \"127.0.0.1\"\ntransport = \"ws\"\nport = {port}\n\
         product_key = \"pk\"\ndevice_name = \"dn\"\nsecret = \"secret\"\n"
    );
    let path = folder.join("config.toml");
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(path)
}

fn serve(listener: &TcpListener, asks: &Receiver<std::ops::Range<u32>>, came: &Sender<Instant>) -> Result<()> {
    let (stream, _) = listener.accept()?;
    let mut line = Line::open(stream)?;
    line.acknowledge(|_| Ok(()))?;
    for numbers in asks {
        let mut left = numbers.len().min(ANSWERS);
        line.ask(numbers)?;
        while left > 0 {
            line.read()?;
            let now = Instant::now();
            line.acknowledge(|_| {
                left = left.saturating_sub(1);
                Ok(came.send(now)?)
            })?;
        }
    }
    Ok(())
}
