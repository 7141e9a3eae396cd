//! The loop of the screen: keys, events, time and signals in; frames and orders out.
//!
//! It never waits for the network, for a session or for the terminal: orders are handed over or refused at once, and a
//! thread writes the frames. It holds the timeline's lock for as long as it takes to copy what the panes show.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;

use super::input::{self, Gate, Input};
use super::pace::{Frame, Pacer};
use super::panes;
use super::signals::{Came, Signals};
use super::stage::Stage;
use super::state::State;
use super::tapes::Desk;
use super::terminal::clipboard::{self, Inside};
use super::terminal::{self, Guard, Screen, Writer};
use super::theme::{Signs, Theme, ThemeError};
use super::update::Effect;
use super::{paint, words};
use crate::event::Kind;
use crate::session::clock::now;
use crate::session::{Handle, Journal, Recorder};
use crate::text::Safe;

/// How many inputs are taken before the next frame.
const INPUTS: usize = 64;

/// What the console is started with. The sessions run already, and go on when it has ended.
#[derive(Debug)]
pub struct Shell {
    /// What happened, and happens.
    pub journal: Journal,
    /// The sessions.
    pub handles: Vec<Handle>,
    /// The tapes that are made of them.
    pub recorder: Recorder,
    /// The theme that the user named.
    pub theme: Option<String>,
    /// Where the user's own themes are.
    pub themes: Option<PathBuf>,
    /// Whether a new request rings.
    pub bell: bool,
    /// Something to show all the time, such as that this is a demo.
    pub banner: Option<String>,
    /// Something to show until the first key, such as the config's warnings.
    pub notice: Option<String>,
}

/// Why the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The person at the keys wanted it.
    Quit,
    /// A signal of that number.
    Signal(i32),
    /// The terminal has gone away.
    TerminalGone,
}

/// Why the console could not run.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The theme.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// The terminal.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows the console until it is left. To be awaited on the thread that may print afterwards: a panic on it gives the
/// terminal back first.
pub async fn run(shell: Shell) -> Result<Left, ConsoleError> {
    let theme = choose_theme(&shell)?;
    let mut guard = Guard::enter()?;
    let signals = Signals::listen()?;
    let (inputs, gate) = input::start()?;
    let mut console = Console::new(shell, theme, Writer::start()?, gate);
    let left = console.turn(&mut guard, signals, inputs).await;
    console.writer.finish(Guard::farewell(), terminal::PATIENCE);
    guard.give_back();
    left
}

fn choose_theme(shell: &Shell) -> Result<Theme, ThemeError> {
    let variable = |name| std::env::var(name).ok();
    let fitting =
        Theme::fitting(variable("NO_COLOR").as_deref(), variable("TERM").as_deref(), variable("COLORTERM").as_deref());
    let name = shell.theme.as_deref().filter(|_| fitting != "plain").unwrap_or(fitting);
    Theme::load(name, shell.themes.as_deref())
}

/// The console at work.
struct Console {
    themes: Option<PathBuf>,
    bell: bool,
    desk: Desk,
    live: Stage,
    theme: Theme,
    signs: Signs,
    inside: Inside,
    pacer: Pacer,
    screen: Screen,
    writer: Writer,
    /// Closed while the shell has the terminal.
    gate: Gate,
    /// Goes out before the next frame: a bell, a copy.
    extra: Vec<u8>,
}

impl Console {
    fn new(shell: Shell, theme: Theme, writer: Writer, gate: Gate) -> Self {
        let size = terminal::size();
        let desk = Desk::new(shell.recorder, shell.journal.clone());
        let mut live = Stage::live(shell.journal, shell.handles, size);
        live.state.banner = shell.banner.as_deref().map(Safe::new);
        if let Some(notice) = &shell.notice {
            live.state.refuse(words::clip(notice, 1000));
        }
        let variable = |name| std::env::var(name).ok();
        let signs = Signs::for_locale(
            variable("LC_ALL").as_deref(),
            variable("LC_CTYPE").as_deref(),
            variable("LANG").as_deref(),
        );
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            themes: shell.themes,
            bell: shell.bell,
            desk,
            live,
            theme,
            signs,
            inside: Inside::new(set("TMUX"), set("STY")),
            pacer: Pacer::new(Instant::now()),
            screen: Screen::new(size),
            writer,
            gate,
            extra: Vec::new(),
        }
    }

    async fn turn(
        &mut self,
        guard: &mut Guard,
        mut signals: Signals,
        mut inputs: tokio::sync::mpsc::Receiver<Input>,
    ) -> Result<Left, ConsoleError> {
        let mut batch = Vec::with_capacity(INPUTS);
        loop {
            self.frame();
            let wake = [self.pacer.deadline(), self.live.search_at()].into_iter().flatten().min();
            let stale = self.pacer.is_stale();
            tokio::select! {
                biased;
                came = signals.next() => match came {
                    Came::Leave(number) => return Ok(Left::Signal(number)),
                    Came::Resized => self.resized(terminal::size()),
                    Came::Continued => self.take_back(guard)?,
                },
                count = inputs.recv_many(&mut batch, INPUTS) => {
                    if count == 0 {
                        return Ok(Left::TerminalGone);
                    }
                    for input in batch.drain(..) {
                        if self.input(input, guard).await? {
                            return Ok(Left::Quit);
                        }
                    }
                },
                written = self.writer.written(), if self.pacer.is_writing() => {
                    self.pacer.written(Instant::now(), written.took);
                    if written.end.is_err() {
                        return Ok(Left::TerminalGone);
                    }
                },
                () = self.live.journal.changed(), if !stale => self.pacer.stale(),
                () = sleep_until(wake) => self.search_on(),
            }
        }
    }

    /// Takes one input; answers whether to leave.
    async fn input(&mut self, input: Input, guard: &mut Guard) -> Result<bool, ConsoleError> {
        self.pacer.urgent();
        let effects = self.live.input(input);
        for effect in effects {
            match effect {
                Effect::Leave => return Ok(true),
                Effect::Send(sending) => self.live.send(&sending),
                Effect::Copy(bytes) => self.extra.extend(clipboard::sequence(&bytes, self.inside)),
                Effect::NextTheme => self.next_theme(),
                Effect::Suspend => self.suspend(guard).await?,
                Effect::Redraw => self.resized(terminal::size()),
                Effect::Tape(wish) => self.desk.carry_out(wish, &self.live.handles, now()),
                Effect::Note { session, text } => {
                    self.live.journal.append(session, now(), &Kind::Note { text: &text });
                }
                Effect::Replay(paths) => self.live.state.refuse(&elsewhere("standin replay", &paths)),
                Effect::Resend { path, .. } => {
                    self.live.state.refuse(&elsewhere("standin replay --to DEVICE", &[path]))
                }
            }
        }
        Ok(false)
    }

    fn next_theme(&mut self) {
        let names = Theme::names(self.themes.as_deref());
        let place = names.iter().position(|name| *name == self.theme.name).map_or(0, |place| (place + 1) % names.len());
        let Some(name) = names.get(place) else { return };
        match Theme::load(name, self.themes.as_deref()) {
            Ok(theme) => {
                self.live.state.tell(&format!("Theme: {name}. theme = {name:?} in the config keeps it."));
                self.theme = theme;
            }
            Err(error) => self.live.state.refuse(&error.to_string()),
        }
    }

    fn resized(&mut self, size: (u16, u16)) {
        self.live.state.size = size;
        self.screen.forget(size);
        self.pacer.urgent();
        self.pacer.stale();
    }

    /// Gives the terminal to the shell that started the program, until that continues it.
    async fn suspend(&mut self, guard: &mut Guard) -> Result<(), ConsoleError> {
        if self.pacer.is_writing() {
            // A terminal that takes nothing now will not show the shell's prompt either.
            let waited = tokio::time::timeout(terminal::PATIENCE, self.writer.written()).await;
            if let Ok(written) = waited {
                self.pacer.written(Instant::now(), written.took);
            }
        }
        self.gate.close();
        terminal::write_now(&Guard::farewell())?;
        guard.give_back();
        // As a terminal does it for Ctrl-Z: the whole job is stopped, and a job that nobody could continue is not.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).map_err(io::Error::from)?;
        self.take_back(guard)
    }

    fn take_back(&mut self, guard: &mut Guard) -> Result<(), ConsoleError> {
        guard.take()?;
        self.gate.open();
        self.resized(terminal::size());
        Ok(())
    }

    /// Goes on with a search whose time has come.
    fn search_on(&mut self) {
        if self.live.search_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.live.find(false);
        if self.live.search_at().is_none() {
            self.pacer.urgent();
        } else {
            self.pacer.stale();
        }
    }

    /// Draws a frame if it is time for one.
    fn frame(&mut self) {
        let Some(kind) = self.pacer.due(Instant::now()) else { return };
        let stage = &mut self.live;
        stage.find(kind == Frame::Full);
        for fault in terminal::faults() {
            stage.state.refuse(&format!("A part of standin failed: {}", words::clip(&fault, 500)));
        }
        self.desk.turn(&mut stage.state, now());
        let real = Instant::now();
        let look = stage.look(real);
        if look.rings && self.bell {
            self.extra.push(7);
        }
        let mut out = self.writer.buffer();
        out.append(&mut self.extra);
        let (theme, signs, state, glance) = (&self.theme, &self.signs, &stage.state, stage.glance());
        self.screen.draw(&mut out, |buffer| paint_all(buffer, state, glance, theme, signs));
        self.pacer.drawn(real, kind, out.len());
        self.pacer.tick_at(look.again);
        if !out.is_empty() && !self.writer.write(out) {
            // Only one write is ever under way, so there is always room; if not, the frame is drawn anew.
            self.pacer.written(real, Duration::ZERO);
            self.resized(self.live.state.size);
        }
    }
}

fn paint_all(
    buffer: &mut Buffer,
    state: &State,
    glance: &super::glance::Glance,
    theme: &Theme,
    signs: &Signs,
) -> Option<(u16, u16)> {
    let cursor = panes::screen::render(buffer, state, glance, theme, signs);
    if *signs == Signs::ASCII {
        paint::to_ascii(buffer);
    }
    cursor
}

/// That another command does what was asked for.
fn elsewhere(command: &str, paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("`{command} {}` does that.", paths.join(" "))
}

/// Waits until then; for ever without a time.
async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
