//! The real console in a pseudo-terminal, against the embedded platform in this process.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use standin::cloud;
use standin::config::write;
use standin::sim::{Ask, Happening, Notice, Options, Outcome, Platform};
use tokio::runtime::Runtime;
use tokio::sync::broadcast::{self, error::TryRecvError};
use tokio::task::JoinHandle;

use super::pty::Terminal;
use super::sequences::foreign;

/// A platform, a config for its devices, and the console over it.
pub struct Bench {
    pub runtime: Runtime,
    pub platform: Platform,
    pub terminal: Terminal,
    pub notices: broadcast::Receiver<Notice>,
    // Gone only after the program.
    _folder: tempfile::TempDir,
}

/// A config for the platform's devices, as `edit` makes it of the usual one and its folder.
fn write_config(folder: &Path, platform: &Platform, edit: impl FnOnce(&Path, String) -> String) -> PathBuf {
    let mut profiles = platform.profiles();
    for profile in &mut profiles {
        profile.backoff.max = Duration::from_secs(3);
    }
    let path = folder.join("config.toml");
    write::create_private(&path, &edit(folder, write::to_toml(&profiles))).unwrap();
    path
}

impl Bench {
    pub fn start(cols: u16, rows: u16) -> Self {
        Self::start_with(cols, rows, &[])
    }

    pub fn start_with(cols: u16, rows: u16, env: &[(&str, &str)]) -> Self {
        Self::start_configured(cols, rows, env, |_, config| config)
    }

    pub fn start_configured(
        cols: u16,
        rows: u16,
        env: &[(&str, &str)],
        edit: impl FnOnce(&Path, String) -> String,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let platform = {
            let _inside = runtime.enter();
            Platform::start(Options::default()).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        let notices = platform.watch();
        let config = write_config(folder.path(), &platform, edit);
        let args = ["--config", config.to_str().unwrap()];
        let mut terminal =
            Terminal::start_with(Path::new(env!("CARGO_BIN_EXE_standin")), &args, cols, rows, env).unwrap();
        terminal.keep_raw();
        let mut bench = Self { runtime, platform, terminal, notices, _folder: folder };
        let devices = bench.platform.profiles();
        let subscriptions = devices.iter().map(|device| cloud::platform(device).subscriptions().len()).sum();
        bench.subscribed(subscriptions);
        bench
    }

    /// Waits until `count` subscriptions were granted: the platform asks only who has subscribed.
    fn subscribed(&mut self, count: usize) {
        for _ in 0..count {
            self.notice("a subscription", |what| matches!(what, Happening::Subscribed { granted: Some(_), .. }));
        }
    }

    /// The platform's next notice that matches, while the screen goes on.
    pub fn notice(&mut self, what: &str, matches: impl Fn(&Happening) -> bool) -> Happening {
        let end = Instant::now() + super::PATIENCE;
        loop {
            match self.notices.try_recv() {
                Ok(notice) if matches(&notice.what) => return notice.what,
                Ok(_) => {}
                Err(TryRecvError::Empty) => {
                    assert!(Instant::now() < end, "{what} did not come:\n{}", self.terminal.contents());
                    self.terminal.pump(Duration::from_millis(10)).unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub fn nothing_was_published(&mut self) {
        while let Ok(notice) = self.notices.try_recv() {
            assert!(!matches!(notice.what, Happening::Published { .. }), "{notice}");
        }
    }

    /// Asks the device called `name`, while the person at the keys does `work`, for the outcome.
    pub fn ask(&mut self, name: &str, ask: &Ask, work: impl FnOnce(&mut Terminal)) -> Outcome {
        let (platform, terminal) = (&self.platform, &mut self.terminal);
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| self.runtime.block_on(platform.request(name, ask)));
            work(terminal);
            asked.join().unwrap()
        })
    }

    /// Asks the device called `name`; the outcome comes when [`Bench::outcome`] waits for it.
    pub fn begin(&self, name: &str, ask: &Ask) -> JoinHandle<Outcome> {
        self.runtime.spawn(self.platform.ask(name, ask))
    }

    /// What the platform says in the end, while the screen goes on; `within` is longer than any cloud waits.
    pub fn outcome(&mut self, asked: JoinHandle<Outcome>, within: Duration) -> Outcome {
        let end = Instant::now() + within;
        while !asked.is_finished() {
            assert!(Instant::now() < end, "no outcome:\n{}", self.terminal.contents());
            self.terminal.pump(Duration::from_millis(10)).unwrap();
        }
        self.runtime.block_on(asked).unwrap()
    }

    /// Leaves by `q`, confirming where something would be lost; the terminal must be as it was.
    pub fn leave(mut self) {
        self.terminal.press(b"q").unwrap();
        self.terminal.pump(Duration::from_millis(100)).ok();
        if self.terminal.is_alive().unwrap() {
            self.terminal.press(b"y").unwrap();
        }
        assert_eq!(self.terminal.exit().unwrap(), 0);
        assert_eq!(self.terminal.left_changed(), Vec::<&str>::new());
        assert_eq!(foreign(self.terminal.raw()), Vec::<String>::new());
    }
}
