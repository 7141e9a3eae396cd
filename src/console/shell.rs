//! The loop of the screen: keys, events, time and signals in; frames and orders out.
//!
//! It never waits for the network, for a session or for the terminal: orders are handed over or refused at once, and a
//! thread writes the frames. It holds the timeline's lock for as long as it takes to copy what the panes show.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use tokio::task::JoinHandle;

use super::application::Application;
use super::input::{self, Gate, Input};
use super::models::{Loaded, Loader};
use super::outbox::Outbox;
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
use crate::model::Model;
use crate::replay::Pace;
use crate::session::clock::now;
use crate::session::{Handle, Journal, Recorder};
use crate::tape::{TapeError, Tapes};
use crate::text::Safe;
use crate::timeline::SessionId;

/// How often the devices and their tapes are looked at while a replay covers them.
const BEHIND: Duration = Duration::from_secs(1);
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
    /// The models of the devices' products, by the devices' names.
    pub models: BTreeMap<String, Arc<Model>>,
    /// The platform's application, where this program has one.
    pub application: Option<Box<dyn Application>>,
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

/// What a replay alone is started with.
#[derive(Debug)]
pub struct Replay {
    /// The tapes, as one stream.
    pub tapes: Tapes,
    /// How fast they play.
    pub pace: Pace,
    /// The theme that the user named.
    pub theme: Option<String>,
    /// Where the user's own themes are.
    pub themes: Option<PathBuf>,
    /// Something to show until the first key, such as what is missing on a tape.
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
    let Shell { journal, handles, recorder, models, application, theme, themes, bell, banner, notice } = shell;
    let theme = choose_theme(theme.as_deref(), themes.as_deref())?;
    let desk = Desk::new(recorder, journal.clone());
    let mut stage = Box::new(Stage::live(journal, handles, terminal::size()));
    stage.application = application;
    stage.know(&models);
    stage.state.banner = banner.as_deref().map(Safe::new);
    Console::show(stage, Some(desk), theme, Wishes { themes, bell, notice }).await
}

/// Shows a replay until it is left. As [`run`].
pub async fn replay(replay: Replay) -> Result<Left, ConsoleError> {
    let Replay { tapes, pace, theme, themes, notice } = replay;
    let theme = choose_theme(theme.as_deref(), themes.as_deref())?;
    let stage = Box::new(Stage::replay(tapes, pace, terminal::size())?);
    Console::show(stage, None, theme, Wishes { themes, bell: false, notice }).await
}

/// What the person who started the console wished for.
struct Wishes {
    themes: Option<PathBuf>,
    bell: bool,
    notice: Option<String>,
}
fn choose_theme(named: Option<&str>, themes: Option<&Path>) -> Result<Theme, ThemeError> {
    let variable = |name| std::env::var(name).ok();
    let fitting =
        Theme::fitting(variable("NO_COLOR").as_deref(), variable("TERM").as_deref(), variable("COLORTERM").as_deref());
    let name = named.filter(|_| fitting != "plain").unwrap_or(fitting);
    Theme::load(name, themes)
}

/// The console at work.
struct Console {
    themes: Option<PathBuf>,
    bell: bool,
    /// What the program was started for: the devices, or a replay.
    base: Box<Stage>,
    /// The tapes of the devices.
    desk: Option<Desk>,
    /// The tape that is being sent again.
    outbox: Outbox,
    /// A replay over the devices, which go on.
    over: Option<Box<Stage>>,
    /// When is looked what goes on behind it.
    behind: Instant,
    /// The model that is being read.
    loader: Loader,
    /// Tapes that are being opened, to be replayed.
    opening: Option<JoinHandle<Result<Tapes, TapeError>>>,
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
    /// Shows `base` until it is left.
    async fn show(base: Box<Stage>, desk: Option<Desk>, theme: Theme, wishes: Wishes) -> Result<Left, ConsoleError> {
        let mut guard = Guard::enter()?;
        let signals = Signals::listen()?;
        let (inputs, gate) = input::start()?;
        let mut console = Self::new(base, desk, theme, wishes, Writer::start()?, gate);
        let left = console.turn(&mut guard, signals, inputs).await;
        console.writer.finish(Guard::farewell(), terminal::PATIENCE);
        guard.give_back();
        left
    }

    fn new(base: Box<Stage>, desk: Option<Desk>, theme: Theme, wishes: Wishes, writer: Writer, gate: Gate) -> Self {
        let size = base.state.size;
        let variable = |name| std::env::var(name).ok();
        let signs = Signs::for_locale(
            variable("LC_ALL").as_deref(),
            variable("LC_CTYPE").as_deref(),
            variable("LANG").as_deref(),
        );
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let mut console = Self {
            themes: wishes.themes,
            bell: wishes.bell,
            base,
            desk,
            outbox: Outbox::default(),
            over: None,
            behind: Instant::now(),
            loader: Loader::default(),
            opening: None,
            theme,
            signs,
            inside: Inside::new(set("TMUX"), set("STY")),
            pacer: Pacer::new(Instant::now()),
            screen: Screen::new(size),
            writer,
            gate,
            extra: Vec::new(),
        };
        if let Some(notice) = &wishes.notice {
            console.base.state.refuse(words::clip(notice, 1000));
        }
        console
    }

    /// What is on the screen.
    fn stage(&mut self) -> &mut Stage {
        self.over.as_mut().unwrap_or(&mut self.base)
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
            let wake = [self.pacer.deadline(), self.stage().search_at()].into_iter().flatten().min();
            let stale = self.pacer.is_stale();
            let journal = self.stage().journal.clone();
            let behind = self.over.is_some().then_some(self.behind);
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
                () = journal.changed(), if !stale => self.pacer.stale(),
                loaded = self.loader.loaded() => self.know(loaded),
                opened = opened(&mut self.opening) => self.begin_replay(opened),
                () = sleep_until(behind) => self.look_behind(),
                () = sleep_until(wake) => self.search_on(),
            }
        }
    }

    /// Takes one input; answers whether to leave.
    async fn input(&mut self, input: Input, guard: &mut Guard) -> Result<bool, ConsoleError> {
        self.pacer.urgent();
        for effect in self.stage().input(input) {
            match effect {
                Effect::Leave => return Ok(true),
                Effect::EndReplay if self.over.is_none() => return Ok(true),
                Effect::EndReplay => self.end_replay(),
                Effect::Deck(order) => self.stage().order(order),
                Effect::CallOff => self.stage().call_off(),
                Effect::Send(sending) => self.stage().send(&sending),
                Effect::Hold { bound, held } => self.stage().hold(&bound, held),
                Effect::Ignore { bound, note } => self.stage().ignore(&bound, &note),
                Effect::Order(wanted) => self.stage().order_of_application(&wanted),
                Effect::Copy(bytes) => self.extra.extend(clipboard::sequence(&bytes, self.inside)),
                Effect::NextTheme => self.next_theme(),
                Effect::Suspend => self.suspend(guard).await?,
                Effect::Redraw => self.resized(terminal::size()),
                Effect::Tape(wish) => {
                    if let Some(desk) = &self.desk {
                        desk.carry_out(wish, &self.base.handles, now());
                    }
                }
                Effect::Note { session, text } => {
                    self.base.journal.append(session, now(), &Kind::Note { text: &text, order: None });
                }
                Effect::LoadModel { session, file } => self.load_model(session, &file),
                Effect::Replay(paths) => self.open(paths),
                Effect::Resend { path, session } => self.outbox.send(&mut self.base, path, session),
                Effect::StopSending => self.outbox.stop(),
            }
        }
        Ok(false)
    }

    /// Reads a product's model without holding up the keys.
    fn load_model(&mut self, session: SessionId, file: &str) {
        let Some(handle) = self.base.handles.iter().find(|handle| handle.id == session) else { return };
        if !self.loader.start(handle, file) {
            self.stage().state.refuse("Another model is still being read.");
        }
    }

    /// Takes in a model that was read.
    fn know(&mut self, loaded: Loaded) {
        self.pacer.urgent();
        self.base.take_model(loaded);
    }

    /// Opens tapes without holding up the keys.
    fn open(&mut self, paths: Vec<PathBuf>) {
        if self.opening.is_some() {
            self.stage().state.refuse("Another tape is still being opened.");
            return;
        }
        self.stage().state.tell("The tape is being opened.");
        self.opening = Some(tokio::task::spawn_blocking(move || Tapes::open(&paths)));
    }

    /// Puts the replay of what was opened on the screen.
    fn begin_replay(&mut self, opened: Result<Tapes, String>) {
        self.pacer.urgent();
        self.pacer.stale();
        let size = self.base.state.size;
        let begun =
            opened.and_then(|tapes| Stage::replay(tapes, Pace::Times(1.0), size).map_err(|error| error.to_string()));
        match begun {
            Ok(mut stage) => {
                // The tapes that run are told of on the stage that is seen.
                std::mem::swap(&mut stage.state.tapes, &mut self.base.state.tapes);
                self.over = Some(Box::new(stage));
            }
            Err(words) => self.base.state.refuse(&format!("It cannot be replayed: {words}")),
        }
    }

    /// Looks at what goes on behind the replay.
    fn look_behind(&mut self) {
        self.behind = Instant::now() + BEHIND;
        let Some(over) = &mut self.over else { return };
        let words = match self.base.open(now()) {
            0 => None,
            1 => Some("1 request waits at the devices".to_owned()),
            open => Some(format!("{open} requests wait at the devices")),
        };
        let banner = words.as_deref().map(Safe::new);
        if banner != over.state.banner || self.desk.as_ref().is_some_and(Desk::is_busy) {
            over.state.banner = banner;
            self.pacer.stale();
        }
    }

    /// Goes back to the devices.
    fn end_replay(&mut self) {
        let Some(mut over) = self.over.take() else { return };
        std::mem::swap(&mut over.state.tapes, &mut self.base.state.tapes);
        self.base.state.size = over.state.size;
        self.base.state.tell("Back with the devices.");
        self.pacer.stale();
    }

    fn next_theme(&mut self) {
        let names = Theme::names(self.themes.as_deref());
        let place = names.iter().position(|name| *name == self.theme.name).map_or(0, |place| (place + 1) % names.len());
        let Some(name) = names.get(place) else { return };
        match Theme::load(name, self.themes.as_deref()) {
            Ok(theme) => {
                self.theme = theme;
                self.stage().state.tell(&format!("Theme: {name}. theme = {name:?} in the config keeps it."));
            }
            Err(error) => self.stage().state.refuse(&error.to_string()),
        }
    }

    fn resized(&mut self, size: (u16, u16)) {
        self.stage().state.size = size;
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
        let stage = self.stage();
        if stage.search_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        stage.find(false);
        if stage.search_at().is_none() {
            self.pacer.urgent();
        } else {
            self.pacer.stale();
        }
    }

    /// Draws a frame if it is time for one.
    fn frame(&mut self) {
        let Some(kind) = self.pacer.due(Instant::now()) else { return };
        self.outbox.look(&mut self.base.state);
        self.base.hear_of_application();
        let top = self.over.as_mut().unwrap_or(&mut self.base);
        if let Some(desk) = &mut self.desk {
            if !top.is_replay() {
                top.follow_tape(desk.recorder().of_all(), Instant::now());
            }
            desk.turn(&mut top.state, now());
        }
        top.find(kind == Frame::Full);
        for fault in terminal::faults() {
            top.state.refuse(&format!("A part of standin failed: {}", words::clip(&fault, 500)));
        }
        let real = Instant::now();
        let look = top.look(real);
        if look.rings && self.bell {
            self.extra.push(7);
        }
        let mut out = self.writer.buffer();
        out.append(&mut self.extra);
        let (theme, signs, state, glance) = (&self.theme, &self.signs, &top.state, top.glance());
        self.screen.draw(&mut out, |buffer| paint_all(buffer, state, glance, theme, signs));
        self.pacer.drawn(real, kind, out.len());
        self.pacer.tick_at(look.again);
        if !out.is_empty() && !self.writer.write(out) {
            // Only one write is ever under way, so there is always room; if not, the frame is drawn anew.
            self.pacer.written(real, Duration::ZERO);
            let size = self.stage().state.size;
            self.resized(size);
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

/// Waits for the tapes that are being opened; for ever without any. Answers why they could not be, in words.
async fn opened(opening: &mut Option<JoinHandle<Result<Tapes, TapeError>>>) -> Result<Tapes, String> {
    let Some(task) = opening else { return std::future::pending().await };
    let ended = task.await;
    *opening = None;
    match ended {
        Ok(opened) => opened.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Waits until then; for ever without a time.
async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
