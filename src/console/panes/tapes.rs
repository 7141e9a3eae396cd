//! Tapes on the screen: how those that run stand, in the header; the list of those in the folder, with the questions about
//! them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, View, popup, question, words};
use crate::console::action::Action;
use crate::console::keymap::{Context, chord_words};
use crate::console::paint;
use crate::console::tapes::shelf::{Found, Kept, Listed, Shelf};
use crate::console::tapes::{Asked, List, file_name, size};
use crate::console::theme::Role;
use crate::console::words as numbers;
use crate::tape::Ending;
use crate::text::Safe;

/// The widest that the list gets.
const WIDEST: u16 = 120;
/// The rows below the list that tell more of the tape under the cursor.
const DETAILS: u16 = 3;
/// The rows of a list with few tapes, frame included.
const SMALLEST: usize = 12;
/// From this inner height on there is room for them.
const ROOMY: u16 = 8;
/// From this inner width on, a row tells when, how long and how large.
const WIDE: u16 = 64;

/// How the tapes that run stand, in at most `room` cells: sign and words. A fault is told before all else.
pub fn remark(view: &View<'_>, room: u16) -> Option<(Safe, Role)> {
    let running = view.state.tapes.running();
    let (_, since) = running.first()?;
    let (bytes, missing, fault) = view.state.tapes.sums();
    let forms = if let Some(fault) = fault {
        fault_forms(view, fault, missing)
    } else {
        let tapes = match running.len() {
            1 => ("tape".to_owned(), format!(" {}", since.as_str()), String::new()),
            more => (format!("{more} tapes"), String::new(), more.to_string()),
        };
        sound_forms(view, &tapes, bytes, missing)
    };
    let role = if fault.is_some() || missing > 0 { Role::Wrong } else { Role::Good };
    forms.iter().map(|form| Safe::new(form)).find(|form| paint::cells_of(form) <= room).map(|form| (form, role))
}

/// The words for a fault, the longest first.
fn fault_forms(view: &View<'_>, fault: &str, missing: u64) -> Vec<String> {
    let sign = view.signs.wrong;
    let lost = numbers::count(missing);
    let (short, least, count) = match missing {
        0 => ("tape not written".to_owned(), "no tape".to_owned(), String::new()),
        _ => (format!("not on tape: {lost} events"), format!("no tape: {lost}"), lost),
    };
    vec![
        // It says itself how many events are missing.
        format!("{sign} {fault}"),
        format!("{sign} {short}"),
        format!("{sign} {least}"),
        format!("{sign}{count}"),
        sign.to_owned(),
    ]
}

/// The words for tapes that are written, the longest first: what they are called, since when there is one, how many there are.
fn sound_forms(
    view: &View<'_>,
    (tape, since, count): &(String, String, String),
    bytes: u64,
    missing: u64,
) -> Vec<String> {
    let (sign, bytes) = (view.signs.online, size(bytes));
    let mut forms = vec![
        format!("{sign} {tape}{since}  {bytes}"),
        format!("{sign} {tape}  {bytes}"),
        format!("{sign} {bytes}"),
        format!("{sign}{count}"),
    ];
    if missing > 0 {
        // What is lost matters more than what is there.
        let lost = format!("{} missing", numbers::count(missing));
        for form in forms.iter_mut().take(2) {
            form.push_str(", ");
            form.push_str(&lost);
        }
        forms.insert(2, format!("{sign} {lost}"));
    }
    forms
}

/// Paints a fault over the end of the first line, where the screen has no header or something lies over it.
pub fn urgent(buffer: &mut Buffer, line: Rect, view: &View<'_>) {
    let (_, _, fault) = view.state.tapes.sums();
    if fault.is_none() || line.is_empty() {
        return;
    }
    if let Some((text, role)) = remark(view, line.width) {
        let width = paint::cells_of(&text);
        let style = view.style(Role::Bar).patch(view.style(role));
        paint::put(buffer, line.right() - width, line.y, width, &text, style);
    }
}

/// How many of `tapes` tapes the list shows at once in `height` rows.
pub fn rows(height: u16, tapes: usize) -> usize {
    usize::from(split(place(Rect::new(0, 0, WIDEST, height), tapes)).0.height)
}

/// Paints the list over the screen.
pub fn render(buffer: &mut Buffer, screen: Rect, view: &View<'_>, list: &List) {
    let shelf = &view.state.tapes.shelf;
    let area = place(screen, shelf.tapes.len());
    popup::frame(buffer, area, view);
    title(buffer, area, view, shelf);
    let (rows, details) = split(area);
    if shelf.tapes.is_empty() {
        let inset = Rect { x: rows.x + 1.min(rows.width), width: rows.width.saturating_sub(2), ..rows };
        words(buffer, inset, &empty(shelf), view.style(Role::Dim));
        return;
    }
    let chosen = shelf.place(list.chosen.as_deref());
    let top = (chosen + 1).saturating_sub(usize::from(rows.height));
    for (y, (place, tape)) in (rows.top()..rows.bottom()).zip(shelf.tapes.iter().enumerate().skip(top)) {
        let line = Rect { y, height: 1, ..rows };
        row(buffer, line, view, tape, place == chosen, list.marked.contains(&tape.path));
    }
    if let Some(tape) = shelf.tapes.get(chosen) {
        more(buffer, details, view, tape);
    }
    if let Some(asked) = &list.asked {
        question(buffer, screen, view, asked);
    }
}

/// The frame of a list of so many tapes.
fn place(screen: Rect, tapes: usize) -> Rect {
    popup::centred(screen, WIDEST, (tapes + usize::from(DETAILS) + 3).max(SMALLEST))
}

/// The rows, and below them what tells more of one.
fn split(area: Rect) -> (Rect, Rect) {
    let inside = popup::inside(area);
    let below = if inside.height >= ROOMY { DETAILS + 1 } else { 0 };
    let rows = Rect { height: inside.height - below, ..inside };
    let details = Rect { y: rows.bottom() + 1.min(below), height: below.saturating_sub(1), ..inside };
    (rows, details)
}

fn title(buffer: &mut Buffer, area: Rect, view: &View<'_>, shelf: &Shelf) {
    let line =
        Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), height: area.height.min(1), ..area };
    if line.is_empty() {
        return;
    }
    let accent = view.style(Role::Accent);
    let mut pen = Pen::new(buffer, line, view.signs);
    pen.word(" Tapes ", accent);
    let count = match (shelf.opened < shelf.tapes.len(), shelf.older) {
        (true, _) => format!(" {} of {} opened ", shelf.opened, numbers::count(shelf.tapes.len() as u64)),
        (false, 0) => return,
        (false, older) => format!(" {} older ones are not listed ", numbers::count(older as u64)),
    };
    let count = Safe::new(&count);
    let room = pen.room();
    let width = paint::cells_of(&count);
    if width < room {
        paint::put(buffer, line.right() - width, line.y, width, &count, view.style(Role::Dim));
    }
}

/// What is said where no tape is.
fn empty(shelf: &Shelf) -> String {
    if let Some(fault) = &shelf.fault {
        return format!("The folder {} could not be read: {}", shelf.folder.as_str(), fault.as_str());
    }
    if shelf.is_new {
        return "The folder is being read.".to_owned();
    }
    let key = chord_words(Context::Browse, Action::Tape);
    format!("No tape yet. {key} starts one of the chosen device, or of all. Tapes go to {}", shelf.folder.as_str())
}

fn row(buffer: &mut Buffer, line: Rect, view: &View<'_>, tape: &Listed, chosen: bool, marked: bool) {
    let ground = if chosen { view.style(Role::Selected) } else { Style::new() };
    if chosen {
        paint::tint(buffer, line, ground);
    }
    let style = |role| view.style(role).patch(ground);
    let written = written(view, tape);
    let (sign, role) = sign(view, tape, written.is_some());
    let mut pen = Pen::new(buffer, line, view.signs);
    pen.word(if chosen { view.signs.cursor } else { " " }, style(Role::Accent));
    pen.word(if marked { "+" } else { " " }, style(Role::Strong));
    pen.word(sign, style(role)).skip(1);
    let bytes = Safe::new(&size(written.unwrap_or(tape.bytes)));
    if line.width < WIDE {
        let start = line.right().saturating_sub(10);
        pen.end = start.saturating_sub(1).max(pen.x);
        pen.put(&tape.name, style(Role::Text));
        let width = line.right().saturating_sub(start);
        paint::put_right(buffer, start, line.y, width, &bytes, view.signs.cut, style(Role::Dim));
        return;
    }
    let (since, span) = match &tape.found {
        Found::Tape(kept) if kept.events > 1 => (&kept.since, Safe::new(&numbers::took(kept.span))),
        Found::Tape(kept) => (&kept.since, Safe::default()),
        Found::Unread | Found::Fault(_) => (&tape.written, Safe::default()),
    };
    pen.put(since, style(Role::Dim)).skip(1);
    for text in [&span, &bytes] {
        let start = pen.x;
        paint::put_right(pen.buffer, start, line.y, 9, text, view.signs.cut, style(Role::Text));
        pen.skip(10);
    }
    pen.skip(1);
    let names = sessions(tape);
    // The name says most of it: the devices get what is left.
    let end = pen.end;
    pen.end = end.min(pen.x + paint::cells_of(&tape.name).min(pen.room() * 2 / 3));
    pen.put(&tape.name, style(Role::Strong));
    pen.end = end;
    pen.skip(2).put(&names, style(Role::Dim));
}

/// How many bytes are on the disk of a tape that this program writes.
fn written(view: &View<'_>, tape: &Listed) -> Option<u64> {
    let running = view.state.tapes.running().iter().find(|(running, _)| running.status.path == tape.path);
    // With more than one part, what is on the disk is not in this file alone.
    running.map(|(running, _)| if running.status.part <= 1 { running.status.bytes } else { tape.bytes })
}

fn sign(view: &View<'_>, tape: &Listed, by_us: bool) -> (&'static str, Role) {
    let signs = view.signs;
    match &tape.found {
        _ if by_us => (signs.online, Role::Good),
        Found::Unread => (" ", Role::Dim),
        Found::Fault(_) => (signs.wrong, Role::Wrong),
        Found::Tape(kept) => match (kept.ending, &kept.faults) {
            (Ending::BeingWritten, _) => (signs.online, Role::Good),
            (_, Some(_)) => (signs.wrong, Role::Wrong),
            (Ending::Cut, None) => (signs.waiting, Role::Waiting),
            (Ending::Whole, None) => (signs.good, Role::Good),
        },
    }
}

fn sessions(tape: &Listed) -> Safe {
    let Found::Tape(kept) = &tape.found else { return Safe::default() };
    let mut out = Safe::default();
    for (place, (name, _)) in kept.sessions.iter().enumerate() {
        if place > 0 {
            out.push(&Safe::from_static(", "));
        }
        out.push(name);
    }
    out
}

/// What there is to know of the tape under the cursor.
fn more(buffer: &mut Buffer, area: Rect, view: &View<'_>, tape: &Listed) {
    if area.is_empty() {
        return;
    }
    let [flat, ..] = view.signs.lines;
    paint::rule(buffer, Rect { y: area.y - 1, height: 1, ..area }, flat, view.style(Role::Frame));
    let lines: [(Safe, Role); DETAILS as usize] = match &tape.found {
        Found::Unread => [
            (tape.name.clone(), Role::Strong),
            (Safe::from_static("It is being opened."), Role::Dim),
            (Safe::default(), Role::Dim),
        ],
        Found::Fault(reason) => {
            [(tape.name.clone(), Role::Strong), (reason.clone(), Role::Wrong), (Safe::default(), Role::Dim)]
        }
        Found::Tape(kept) => {
            let (end, role) = ending(kept);
            [(tape.name.clone(), Role::Strong), (contents(view, kept), Role::Text), (end, role)]
        }
    };
    for (y, (text, role)) in (area.top()..area.bottom()).zip(&lines) {
        let mut pen = Pen::new(buffer, Rect { y, height: 1, ..area }, view.signs);
        pen.skip(1).put(text, view.style(*role));
    }
}

fn contents(view: &View<'_>, kept: &Kept) -> Safe {
    let count = numbers::count(kept.events);
    let (span, since) = (numbers::took(kept.span), kept.since.as_str());
    let mut out = Safe::new(&match kept.events {
        0 => format!("No event yet; begun {since}"),
        1 => format!("1 event, begun {since}"),
        _ => format!("{count} events in {span}, begun {since}"),
    });
    for (place, (name, cloud)) in kept.sessions.iter().enumerate() {
        out.push(&Safe::new(&if place == 0 { format!(" {} ", view.signs.dot) } else { ", ".to_owned() }));
        out.push(name);
        out.push(&Safe::new(&format!(" ({cloud})")));
    }
    out
}

fn ending(kept: &Kept) -> (Safe, Role) {
    match (kept.ending, &kept.faults) {
        (_, Some((reason, count))) => {
            let more = if *count > 1 { format!(", and {} more", count - 1) } else { String::new() };
            (Safe::new(&format!("{}{more}", reason.as_str())), Role::Wrong)
        }
        (Ending::Whole, None) => (Safe::from_static("It ended in order."), Role::Dim),
        (Ending::BeingWritten, None) => (Safe::from_static("It is being written."), Role::Good),
        (Ending::Cut, None) => (Safe::from_static("It has no end: whoever wrote it was cut off."), Role::Waiting),
    }
}

fn question(buffer: &mut Buffer, screen: Rect, view: &View<'_>, asked: &Asked) {
    let lines = match asked {
        Asked::Delete(path) => vec![
            (Safe::new(numbers::clip(&file_name(path), 500)), Role::Text),
            (Safe::from_static("Delete it for good?"), Role::Strong),
        ],
        Asked::Resend(path, session) => {
            let mut whom = Safe::from_static("as ");
            whom.push(&view.device(*session));
            whom.push(&Safe::from_static(", to its real platform?"));
            vec![
                (Safe::new(numbers::clip(&file_name(path), 500)), Role::Text),
                (Safe::from_static("Send what its device sent once more,"), Role::Strong),
                (whom, Role::Strong),
                (Safe::from_static("1 to 9 name another device."), Role::Dim),
            ]
        }
    };
    question::ask(buffer, screen, view, &lines);
}
