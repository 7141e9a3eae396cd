//! What the screen and the two threads share: what is wanted, what was read, what was found.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Seen;
use super::hits::Hits;
use super::pages::{Page, Pages};
use super::shelf::Shelf;
use crate::session::Journal;
use crate::session::recording::Place;
use crate::tape::Sought;
use crate::timeline::Scan;

/// How many pages wait to be read; the one that was wanted first goes first.
const WANTED: usize = 8;

/// A search that was not asked for within this time before another one is no longer wanted.
const STALE: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug)]
pub(super) struct Shared {
    inside: Mutex<Inside>,
    /// Held by the reader while it reads.
    shelf: Mutex<Shelf>,
    /// For both threads: something is wanted, or all is over.
    bell: Condvar,
    stop: AtomicBool,
    journal: Journal,
}

#[derive(Debug, Default)]
struct Inside {
    span: Option<(u64, u64)>,
    pages: Pages,
    hits: Hits,
    /// One event of each page that is wanted; the newest at the back.
    wanted: Vec<u64>,
    /// An event of the page that is being read.
    reading: Option<u64>,
    /// Where the recording lies by now.
    grown: Option<Vec<Place>>,
    /// The search that is wanted.
    ask: Option<Ask>,
    /// The search that runs, and when it was asked for last.
    running: Option<(Ask, Instant)>,
    /// No thread: nothing will come.
    closed: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Ask {
    sought: Sought,
    seq: u64,
    back: bool,
}

impl Shared {
    /// Starts the threads. Where the system gives none, everything is missing.
    pub(super) fn start(shelf: Shelf, places: Vec<Place>, journal: Journal) -> Arc<Self> {
        let inside = Inside { span: shelf.span(), grown: Some(places), ..Inside::default() };
        let shared = Arc::new(Self {
            inside: Mutex::new(inside),
            shelf: Mutex::new(shelf),
            bell: Condvar::new(),
            stop: AtomicBool::new(false),
            journal,
        });
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let (pages, searches) = (Arc::clone(&shared), Arc::clone(&shared));
        let reading = thread("past").spawn(move || pages.read());
        let searching = thread("past-search").spawn(move || searches.search());
        if reading.is_err() || searching.is_err() {
            shared.close();
        }
        shared
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the threads.
    pub(super) fn close(&self) {
        let mut inside = self.inside();
        inside.closed = true;
        self.stop.store(true, Ordering::Relaxed);
        drop(inside);
        self.bell.notify_all();
    }

    pub(super) fn grow(&self, places: &[Place]) {
        self.inside().grown = Some(places.to_vec());
        self.bell.notify_all();
    }

    pub(super) fn span(&self) -> Option<(u64, u64)> {
        self.inside().span
    }

    pub(super) fn get(&self, seq: u64) -> Seen {
        let mut inside = self.inside();
        if let Some(seen) = inside.pages.get(seq) {
            return seen;
        }
        let is_there = inside.span.is_some_and(|(first, last)| (first..=last).contains(&seq));
        if inside.closed || !is_there && inside.grown.is_none() {
            return Seen::Missing(seq, seq);
        }
        let is_same = |other: &u64| Page::of(*other) == Page::of(seq);
        if !inside.wanted.iter().chain(&inside.reading).any(is_same) && inside.pages.has_room() {
            if inside.wanted.len() >= WANTED {
                inside.wanted.remove(0);
            }
            inside.wanted.push(seq);
            self.bell.notify_all();
        }
        Seen::Coming
    }

    pub(super) fn find(&self, sought: &Sought, seq: u64, back: bool) -> Scan {
        let mut inside = self.inside();
        if inside.closed {
            return Scan::End;
        }
        let Some(span) = inside.span else {
            return if inside.grown.is_some() { Scan::More(seq) } else { Scan::End };
        };
        if *sought == Sought::default() {
            let nearest = if back { seq.min(span.1) } else { seq.max(span.0) };
            return match nearest {
                _ if (span.0..=span.1).contains(&nearest) => Scan::Found(nearest),
                _ => Scan::End,
            };
        }
        let from = match inside.hits.find(sought, seq, back, span) {
            Scan::More(from) => from,
            answer => return answer,
        };
        let ask = Ask { sought: sought.clone(), seq: from, back };
        let now = Instant::now();
        match &mut inside.running {
            Some((running, asked)) if *running == ask => *asked = now,
            Some((_, asked)) if now.saturating_duration_since(*asked) < STALE => inside.ask = Some(ask),
            running => {
                if running.is_some() {
                    self.stop.store(true, Ordering::Relaxed);
                }
                inside.ask = Some(ask);
                self.bell.notify_all();
            }
        }
        Scan::More(seq)
    }

    pub(super) fn call_off(&self) {
        let mut inside = self.inside();
        inside.ask = None;
        if inside.running.is_some() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// The reader: pages, the newest wanted first, and what was written since.
    fn read(&self) {
        loop {
            let mut inside = self.inside();
            while !inside.closed && inside.wanted.is_empty() && inside.grown.is_none() {
                inside = self.bell.wait(inside).unwrap_or_else(PoisonError::into_inner);
            }
            if inside.closed {
                return;
            }
            if let Some(places) = inside.grown.clone() {
                drop(inside);
                self.take_in(&places);
                continue;
            }
            let Some(seq) = inside.wanted.pop() else { continue };
            inside.reading = Some(seq);
            drop(inside);
            let page = self.shelf().page(seq);
            let mut inside = self.inside();
            inside.reading = None;
            let is_new = inside.pages.put(page);
            drop(inside);
            if is_new {
                self.journal.ring();
            }
        }
    }

    /// Takes in what was written since; rings where nothing was known before.
    fn take_in(&self, places: &[Place]) {
        let mut tapes = self.shelf();
        tapes.grow(places);
        let span = tapes.span();
        drop(tapes);
        let mut inside = self.inside();
        let is_news = inside.span.is_none();
        if inside.span != span {
            inside.span = span;
            inside.pages.forget_missing();
        }
        if inside.grown.as_deref() == Some(places) {
            inside.grown = None;
        }
        drop(inside);
        if is_news {
            self.journal.ring();
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The searcher: one search after the other.
    fn search(&self) {
        loop {
            let mut inside = self.inside();
            while !inside.closed && inside.ask.is_none() {
                inside = self.bell.wait(inside).unwrap_or_else(PoisonError::into_inner);
            }
            if inside.closed {
                return;
            }
            let Some(ask) = inside.ask.take() else { continue };
            inside.running = Some((ask.clone(), Instant::now()));
            self.stop.store(false, Ordering::Relaxed);
            drop(inside);
            let tapes = self.shelf().clone();
            let found = tapes.find(&ask.sought, ask.seq, ask.back, &self.stop);
            let mut inside = self.inside();
            inside.running = None;
            if let Some((stretch, hits)) = &found {
                inside.hits.learn(&ask.sought, *stretch, hits, ask.back);
            }
            drop(inside);
            if found.is_some() {
                self.journal.ring();
            }
        }
    }
}
