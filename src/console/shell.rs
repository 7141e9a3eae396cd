//! The loop of the screen: keys, events, time and signals in; frames and orders out.
//!
//! It never waits for the network, for a session or for the terminal: orders are handed over or refused at once, and a
//! thread writes the frames. It holds the timeline's lock for as long as it takes to copy what the panes show.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;

use super::glance::Eye;
use super::input::{self, Gate, Input};
use super::layout::Pane;
use super::pace::{Frame, Pacer};
use super::panes;
use super::signals::{Came, Signals};
use super::state::State;
use super::tapes::Desk;
use super::terminal::clipboard::{self, Inside};
use super::terminal::{self, Guard, Screen, Writer};
use super::theme::{Signs, Theme, ThemeError};
use super::update::{self, Effect, World};
use super::window::Progress;
use super::{paint, words};
use crate::event::Kind;
use crate::session::clock::now;
use crate::session::{Handle, Journal, Recorder};
use crate::text::Safe;

/// How many events one look of a search takes in, with the timeline locked.
const LOOK: usize = 4_000;
/// How long a search goes on before keys and frames have their turn.
const SEARCH: Duration = Duration::from_millis(4);
/// A search rests so many times as long as it went on: the sessions want the machine too.
const SEARCH_REST: u32 = 2;
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
    shell: Shell,
    desk: Desk,
    state: State,
    eye: Eye,
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
    /// When a search that is under way goes on.
    search: Option<Instant>,
    /// The newest request that was rung for.
    rung: u64,
    start: Instant,
}

impl Console {
    fn new(shell: Shell, theme: Theme, writer: Writer, gate: Gate) -> Self {
        let size = terminal::size();
        let mut state = State::new(size);
        state.banner = shell.banner.as_deref().map(Safe::new);
        if let Some(notice) = &shell.notice {
            state.refuse(words::clip(notice, 1000));
        }
        let variable = |name| std::env::var(name).ok();
        let signs = Signs::for_locale(
            variable("LC_ALL").as_deref(),
            variable("LC_CTYPE").as_deref(),
            variable("LANG").as_deref(),
        );
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let start = Instant::now();
        Self {
            desk: Desk::new(shell.recorder.clone(), shell.journal.clone()),
            shell,
            state,
            eye: Eye::default(),
            theme,
            signs,
            inside: Inside::new(set("TMUX"), set("STY")),
            pacer: Pacer::new(start),
            screen: Screen::new(size),
            writer,
            gate,
            extra: Vec::new(),
            search: None,
            rung: 0,
            start,
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
            let wake = [self.pacer.deadline(), self.search].into_iter().flatten().min();
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
                () = self.shell.journal.changed(), if !stale => self.pacer.stale(),
                () = sleep_until(wake) => self.search_on(),
            }
        }
    }

    /// Takes one input; answers whether to leave.
    async fn input(&mut self, input: Input, guard: &mut Guard) -> Result<bool, ConsoleError> {
        self.pacer.urgent();
        let (state, handles) = (&mut self.state, &self.shell.handles);
        let effects = self.shell.journal.with(|timeline| {
            let world = World { timeline, handles, now: now() };
            match input {
                Input::Key(event) => update::key(state, event, &world),
                Input::Paste(text) => {
                    update::paste(state, &text, &world);
                    Vec::new()
                }
            }
        });
        self.search = Some(Instant::now());
        for effect in effects {
            match effect {
                Effect::Leave => return Ok(true),
                Effect::Send(sending) => self.send(&sending),
                Effect::Copy(bytes) => self.extra.extend(clipboard::sequence(&bytes, self.inside)),
                Effect::NextTheme => self.next_theme(),
                Effect::Suspend => self.suspend(guard).await?,
                Effect::Redraw => self.resized(terminal::size()),
                Effect::Tape(wish) => self.desk.carry_out(wish, &self.shell.handles, now()),
                Effect::Note { session, text } => {
                    self.shell.journal.append(session, now(), &Kind::Note { text: &text });
                }
                Effect::Replay(paths) => self.state.refuse(&elsewhere("standin replay", &paths)),
                Effect::Resend { path, .. } => self.state.refuse(&elsewhere("standin replay --to DEVICE", &[path])),
            }
        }
        Ok(false)
    }

    fn send(&mut self, sending: &update::Sending) {
        let Some(handle) = self.shell.handles.iter().find(|handle| handle.id == sending.session) else { return };
        let (state, handles) = (&mut self.state, &self.shell.handles);
        // The order is handed over while the timeline is locked, so that its answer cannot come before it is watched for.
        self.shell.journal.with(|timeline| {
            let world = World { timeline, handles, now: now() };
            match handle.try_send(sending.order.clone()) {
                Ok(()) => update::taken(state, sending, &world),
                Err(refusal) => update::refused(state, sending, &refusal, &world),
            }
        });
    }

    fn next_theme(&mut self) {
        let names = Theme::names(self.shell.themes.as_deref());
        let place = names.iter().position(|name| *name == self.theme.name).map_or(0, |place| (place + 1) % names.len());
        let Some(name) = names.get(place) else { return };
        match Theme::load(name, self.shell.themes.as_deref()) {
            Ok(theme) => {
                self.state.tell(&format!("Theme: {name}. theme = {name:?} in the config keeps it."));
                self.theme = theme;
            }
            Err(error) => self.state.refuse(&error.to_string()),
        }
    }

    fn resized(&mut self, size: (u16, u16)) {
        self.state.size = size;
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
        if self.search.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.find(false);
        if self.search.is_none() {
            self.pacer.urgent();
        } else {
            self.pacer.stale();
        }
    }

    /// Searches for the rows that the stream wants, for a few milliseconds.
    fn find(&mut self, fresh: bool) {
        let start = Instant::now();
        let window = &mut self.state.window;
        let mut fresh = fresh;
        loop {
            let progress = self.shell.journal.with(|timeline| window.advance(timeline, LOOK, fresh));
            fresh = false;
            if progress == Progress::Done {
                self.search = None;
                return;
            }
            let spent = start.elapsed();
            if spent >= SEARCH {
                self.search = Some(Instant::now() + spent * SEARCH_REST);
                return;
            }
        }
    }

    /// Draws a frame if it is time for one.
    fn frame(&mut self) {
        let Some(kind) = self.pacer.due(Instant::now()) else { return };
        let height = self.state.content(Pane::Stream).height;
        self.state.window.resize(usize::from(height));
        self.find(kind == Frame::Full);
        for fault in terminal::faults() {
            self.state.refuse(&format!("A part of standin failed: {}", words::clip(&fault, 500)));
        }
        let now = now();
        self.desk.turn(&mut self.state, now);
        let (state, eye, handles) = (&mut self.state, &mut self.eye, &self.shell.handles);
        let (next, newest) = self.shell.journal.with(|timeline| {
            let next = timeline.expire(now);
            update::settle(state, &World { timeline, handles, now });
            eye.look(timeline, state, now);
            (next, timeline.requests().iter().next_back().map_or(0, |request| request.seq))
        });
        let glance = self.eye.finish(handles);
        if newest > self.rung {
            self.rung = newest;
            if self.shell.bell && glance.open > 0 {
                self.extra.push(7);
            }
        }
        let mut out = self.writer.buffer();
        out.append(&mut self.extra);
        let (theme, signs, state) = (&self.theme, &self.signs, &self.state);
        self.screen.draw(&mut out, |buffer| paint_all(buffer, state, glance, theme, signs));
        let (ticking, more) = (glance.ticking, glance.more.map(|wait| now.mono + wait));
        self.pacer.drawn(now.mono, kind, out.len());
        let tick = ticking.then(|| self.next_tick(now.mono, next));
        self.pacer.tick_at([tick, more].into_iter().flatten().min());
        if !out.is_empty() && !self.writer.write(out) {
            // Only one write is ever under way, so there is always room; if not, the frame is drawn anew.
            self.pacer.written(now.mono, Duration::ZERO);
            self.resized(self.state.size);
        }
    }

    /// When the next second of the countdowns begins, or a request's time is up.
    fn next_tick(&self, now: Instant, deadline: Option<Instant>) -> Instant {
        let passed = now.saturating_duration_since(self.start);
        let second = self.start + Duration::from_secs(passed.as_secs() + 1);
        deadline.filter(|deadline| *deadline > now).map_or(second, |deadline| deadline.min(second))
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
