//! A buffer as text, for tests: what stands in the cells, and how it looks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A buffer of that size, filled with signs that no pane writes, so that what is left unpainted is seen.
pub(crate) fn canvas(width: u16, height: u16) -> (Buffer, Rect) {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    for cell in &mut buffer.content {
        cell.set_char('░');
    }
    (buffer, area)
}

/// The rows as text, between bars, so that blanks at the end are seen.
pub(crate) fn text(buffer: &Buffer) -> String {
    rows(buffer).flat_map(|row| ["|".to_owned(), row, "|\n".to_owned()]).collect()
}

/// The rows as text, then each run of cells that has a style, with its style.
pub(crate) fn styled(buffer: &Buffer) -> String {
    let mut out = text(buffer);
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut run = (String::new(), Style::default());
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            if cell.style() != run.1 {
                note(&mut out, y, &run);
                run = (String::new(), cell.style());
            }
            run.0 += cell.symbol();
        }
        note(&mut out, y, &run);
    }
    out
}

/// Fails when a cell holds what must not reach a terminal.
pub(crate) fn assert_clean(buffer: &Buffer) {
    for cell in &buffer.content {
        let bad = cell.symbol().chars().find(|&c| crate::text::hidden::is_hidden(c));
        assert_eq!(bad, None, "in {:?}", cell.symbol());
        assert!(cell.symbol().len() <= 64, "a cell of {} bytes", cell.symbol().len());
    }
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = String> + '_ {
    (buffer.area.top()..buffer.area.bottom()).map(|y| {
        let (mut row, mut skip) = (String::new(), 0);
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                row += symbol;
                skip = crate::text::width::width(symbol);
            }
            skip = skip.saturating_sub(1);
        }
        row
    })
}

fn note(out: &mut String, y: u16, (text, style): &(String, Style)) {
    let shown = text.trim();
    if shown.is_empty() || *style == Style::default() {
        return;
    }
    let colour = |colour: Option<ratatui::style::Color>| colour.map_or("-".to_owned(), |colour| colour.to_string());
    let looks = format!("{}/{} {:?}", colour(style.fg), colour(style.bg), style.add_modifier);
    out.extend([&format!("{y}: {looks} {shown:?}"), "\n"]);
}
