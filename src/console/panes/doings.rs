//! What a device does by itself, on the screen: its rules and simulators with their switches, the ordered upgrade, the platform's
//! clock, the properties.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, View, popup};
use crate::behaviour::{RuleStanding, SimulatorStanding, Standing, UpgradeStanding};
use crate::cloud::UpgradeStep;
use crate::console::doings::{Doings, Item, items};
use crate::console::paint;
use crate::console::theme::Role;
use crate::console::words as numbers;
use crate::text::Safe;

/// The widest that the list gets.
const WIDEST: u16 = 120;
/// A text from a file or a platform is shown to so many bytes.
const TEXT: usize = 400;
/// The widest that the column of names gets.
const NAMES: u16 = 20;

/// A line of the list.
enum Line<'a> {
    Heading(Safe),
    Empty(&'static str),
    Item(usize, &'a Item),
}

/// Paints the list over the screen.
pub fn render(buffer: &mut Buffer, screen: Rect, view: &View<'_>, doings: &Doings) {
    let Some(standing) = &view.glance.doings else { return };
    let all = items(standing);
    let lines = lines(standing, &all);
    let area = popup::centred(screen, WIDEST, lines.len() + 2);
    let inside = popup::frame(buffer, area, view);
    popup::title(buffer, area, view, &format!(" {} by itself ", view.device(doings.session)));
    let chosen = doings.place(&all);
    let at = lines.iter().position(|line| matches!(line, Line::Item(place, _) if *place == chosen)).unwrap_or(0);
    popup::place_in(buffer, area, view, at + 1, lines.len());
    let names = names(standing);
    for (row, _, line) in popup::visible(inside, &lines, at) {
        match line {
            Line::Heading(words) => {
                Pen::new(buffer, row, view.signs).skip(1).put(words, view.style(Role::Strong));
            }
            Line::Empty(words) => {
                Pen::new(buffer, row, view.signs).skip(3).word(words, view.style(Role::Dim));
            }
            Line::Item(place, item) => {
                paint_item(buffer, row, (view, standing, names), item, *place == chosen);
            }
        }
    }
}

fn lines<'a>(standing: &Standing, all: &'a [Item]) -> Vec<Line<'a>> {
    let mut out = Vec::new();
    let mut section = |heading: &str, empty: &'static str, belongs: fn(&Item) -> bool| {
        out.push(Line::Heading(Safe::new(heading)));
        let before = out.len();
        out.extend(
            all.iter().enumerate().filter(|(_, item)| belongs(item)).map(|(place, item)| Line::Item(place, item)),
        );
        if out.len() == before {
            out.push(Line::Empty(empty));
        }
    };
    let rules = if standing.rules_on || standing.rules.is_empty() { "Rules" } else { "Rules, all switched off" };
    section(rules, "[[device.rule]] in the config makes one", |item| matches!(item, Item::Rule(_)));
    section("Simulators", "[[device.simulator]] in the config makes one", |item| matches!(item, Item::Simulator(_)));
    section("Upgrade", "the platform has ordered none", |item| matches!(item, Item::Upgrade));
    section("Clock", "", |item| matches!(item, Item::Clock));
    section("Properties", "none has a value yet", |item| matches!(item, Item::Property(_)));
    out
}

/// How wide the column of names is: as the longest of them.
fn names(standing: &Standing) -> u16 {
    let rules = standing.rules.iter().map(|rule| &rule.name);
    let all = rules.chain(standing.simulators.iter().map(|simulator| &simulator.name));
    all.map(|name| paint::cells_of(&clipped(name))).max().unwrap_or(0).min(NAMES)
}

/// Paints a line of that list; the column of names has so many cells.
fn paint_item(
    buffer: &mut Buffer,
    row: Rect,
    (view, standing, names): (&View<'_>, &Standing, u16),
    item: &Item,
    chosen: bool,
) {
    let ground = if chosen { view.style(Role::Selected) } else { Style::new() };
    if chosen {
        paint::tint(buffer, row, ground);
    }
    let style = |role| view.style(role).patch(ground);
    let mut pen = Pen::new(buffer, row, view.signs);
    pen.word(if chosen { view.signs.cursor } else { " " }, style(Role::Accent)).skip(1);
    match item {
        Item::Rule(name) => {
            if let Some(rule) = standing.rules.iter().find(|rule| rule.name == *name) {
                switch(&mut pen, view, rule.on && standing.rules_on, (&rule.name, names), &style);
                told(&mut pen, &rule.words, &rule_news(view, rule), &style);
            }
        }
        Item::Simulator(name) => {
            if let Some(simulator) = standing.simulators.iter().find(|simulator| simulator.name == *name) {
                switch(&mut pen, view, simulator.on, (&simulator.name, names), &style);
                told(&mut pen, &simulator.words, &simulator_news(simulator), &style);
            }
        }
        Item::Upgrade => {
            if let Some(upgrade) = &standing.upgrade {
                let (words, role) = upgrade_words(upgrade);
                pen.skip(2).put(&clipped(&words), style(role));
            }
        }
        Item::Clock => {
            pen.skip(2).put(&clock_words(standing.clock_offset_us), style(Role::Text));
        }
        Item::Property(property) => {
            let value = standing.properties.iter().find(|(known, _)| known == property).map(|(_, value)| value);
            pen.skip(2).put(&clipped(&property.to_string()), style(Role::Strong)).word(" = ", style(Role::Dim));
            pen.put(&clipped(&value.map(ToString::to_string).unwrap_or_default()), style(Role::Text));
        }
    }
}

/// A switch and its name, in a column of so many cells.
fn switch(pen: &mut Pen<'_>, view: &View<'_>, on: bool, (name, column): (&str, u16), style: &dyn Fn(Role) -> Style) {
    let (sign, role) = if on { (view.signs.online, Role::Good) } else { (view.signs.offline, Role::Dim) };
    pen.word(sign, style(role)).skip(1);
    let (start, end) = (pen.x, pen.end);
    pen.end = end.min(start + column);
    pen.put(&clipped(name), style(if on { Role::Strong } else { Role::Dim }));
    (pen.x, pen.end) = ((start + column + 2).min(end), end);
}

/// What it does, and at the right end what it did.
fn told(pen: &mut Pen<'_>, words: &str, news: &str, style: &dyn Fn(Role) -> Style) {
    let (words, news) = (clipped(words), clipped(news));
    // Each has half of the room, and what the other leaves.
    let left = pen.room().saturating_sub(paint::cells_of(&words) + 2);
    let width = paint::cells_of(&news).min(left.max(pen.room() / 2));
    let x = pen.end.saturating_sub(width + 1);
    paint::put_right(pen.buffer, x, pen.y, width, &news, pen.cut, style(Role::Dim));
    pen.end = x.saturating_sub(1);
    pen.put(&words, style(Role::Text));
}

fn rule_news(view: &View<'_>, rule: &RuleStanding) -> String {
    let hits = match rule.hits {
        0 => return "none yet".to_owned(),
        1 => "1 request".to_owned(),
        more => format!("{} requests", numbers::count(more)),
    };
    rule.last.as_ref().map_or_else(|| hits.clone(), |last| format!("{hits} {} {last}", view.signs.dot))
}

fn simulator_news(simulator: &SimulatorStanding) -> String {
    match simulator.reports {
        1 => "1 report".to_owned(),
        count => format!("{} reports", numbers::count(count)),
    }
}

fn upgrade_words(upgrade: &UpgradeStanding) -> (String, Role) {
    let UpgradeStanding { module, version, step } = upgrade;
    let (step, role) = match step {
        None => ("Enter runs it, f has it fail".to_owned(), Role::Waiting),
        Some(UpgradeStep::Downloading(percent)) => (format!("downloading, {percent} %"), Role::Waiting),
        Some(UpgradeStep::Installing(percent)) => (format!("installing, {percent} %"), Role::Waiting),
        Some(UpgradeStep::Done) => ("done".to_owned(), Role::Good),
        Some(UpgradeStep::Failed(code)) => (format!("failed with {code}"), Role::Wrong),
    };
    (format!("{} to {}: {step}", numbers::clip(module, TEXT), numbers::clip(version, TEXT)), role)
}

fn clock_words(offset_us: Option<i64>) -> Safe {
    let words = match offset_us {
        None => "not measured: t asks the platform for its time".to_owned(),
        Some(offset) => {
            let off = numbers::took(std::time::Duration::from_micros(offset.unsigned_abs()));
            let side = if offset < 0 { "behind" } else { "ahead of" };
            format!("the platform's is {off} {side} ours")
        }
    };
    Safe::new(&words)
}

fn clipped(text: &str) -> Safe {
    Safe::new(numbers::clip(text, TEXT))
}
