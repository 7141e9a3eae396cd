//! Cells as the bytes that a terminal wants: cursor position, SGR, text, and nothing else.

use std::io::Write;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};

/// The attributes of SGR, with the numbers that switch them on.
const ATTRIBUTES: [(Modifier, u8); 6] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

/// How the terminal writes the next character, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// Appends what turns a terminal that shows `before` into one that shows `after`, both of the same size. The pen is plain
/// before and after. Answers whether anything had to change.
pub fn changes(out: &mut Vec<u8>, before: &Buffer, after: &Buffer) -> bool {
    let mut pen = PLAIN;
    // Where the terminal's cursor is, where that is certain: after a wide character it is not.
    let mut at = None;
    let start = out.len();
    for (x, y, cell) in before.diff_iter(after) {
        if at != Some((x, y)) {
            place(out, x, y);
        }
        ink(out, &mut pen, cell);
        out.extend_from_slice(cell.symbol().as_bytes());
        let certain = cell.symbol().is_ascii() || is_line_drawing(cell.symbol());
        at = (certain && cell.cell_width() == 1).then_some((x + 1, y));
    }
    if pen != PLAIN {
        out.extend_from_slice(b"\x1b[m");
    }
    out.len() > start
}

/// Appends what puts the cursor into that cell, counted from 0.
pub fn place(out: &mut Vec<u8>, x: u16, y: u16) {
    put(out, format_args!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1));
}

/// Our own signs that every terminal shows in one cell; of other characters terminals count the cells differently, so the
/// cursor is placed anew behind them.
fn is_line_drawing(symbol: &str) -> bool {
    symbol.chars().all(|sign| ('\u{2500}'..='\u{257f}').contains(&sign))
}

fn ink(out: &mut Vec<u8>, pen: &mut Pen, cell: &Cell) {
    let wanted = Pen { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
    if wanted == *pen {
        return;
    }
    out.extend_from_slice(b"\x1b[");
    let mut separator = "";
    // Attributes are switched off together: terminals disagree about what switches off bold.
    if !wanted.modifier.contains(pen.modifier) {
        put(out, format_args!("0"));
        separator = ";";
        *pen = PLAIN;
    }
    for (attribute, number) in ATTRIBUTES {
        if wanted.modifier.contains(attribute) && !pen.modifier.contains(attribute) {
            put(out, format_args!("{separator}{number}"));
            separator = ";";
        }
    }
    for (color, known, ground) in [(wanted.fg, pen.fg, 30), (wanted.bg, pen.bg, 40)] {
        if color != known {
            put(out, format_args!("{separator}"));
            paint(out, color, ground);
            separator = ";";
        }
    }
    out.push(b'm');
    *pen = wanted;
}

/// Appends a colour's part of SGR; `ground` is 30 for the text, 40 for what is behind it.
fn paint(out: &mut Vec<u8>, color: Color, ground: u8) {
    let basic = |place: u8| if place < 8 { ground + place } else { ground + 60 + place - 8 };
    let number = match color {
        Color::Reset => ground + 9,
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => basic(8),
        Color::LightRed => basic(9),
        Color::LightGreen => basic(10),
        Color::LightYellow => basic(11),
        Color::LightBlue => basic(12),
        Color::LightMagenta => basic(13),
        Color::LightCyan => basic(14),
        Color::White => basic(15),
        Color::Indexed(place) => return put(out, format_args!("{};5;{place}", ground + 8)),
        Color::Rgb(r, g, b) => return put(out, format_args!("{};2;{r};{g};{b}", ground + 8)),
    };
    put(out, format_args!("{number}"));
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    out.write_fmt(text).ok();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::console::paint;
    use crate::text::Safe;

    fn screen(parser: &vt100::Parser, width: u16, height: u16) -> Vec<String> {
        parser.screen().rows(0, width).take(usize::from(height)).map(|row| row.trim_end().to_owned()).collect()
    }

    fn shown(buffer: &Buffer) -> Vec<String> {
        (0..buffer.area.height)
            .map(|y| {
                let mut out = String::new();
                let mut x = 0;
                while x < buffer.area.width {
                    out.push_str(buffer[(x, y)].symbol());
                    x += buffer[(x, y)].cell_width().max(1);
                }
                out.trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn equal_screens_cost_nothing() {
        let buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        let mut out = Vec::new();
        assert!(!changes(&mut out, &buffer, &buffer.clone()));
        assert!(out.is_empty());
    }

    #[test]
    fn colours_and_attributes_arrive() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        let style = Style::new().fg(Color::Indexed(75)).bg(Color::LightRed).bold();
        paint::put(&mut buffer, 0, 0, 1, &Safe::from_static("a"), style);
        paint::put(&mut buffer, 1, 0, 1, &Safe::from_static("b"), Style::new().fg(Color::Red));
        let mut out = Vec::new();
        changes(&mut out, &Buffer::empty(buffer.area), &buffer);
        assert_eq!(String::from_utf8(out).unwrap(), "\x1b[1;1H\x1b[1;38;5;75;101ma\x1b[0;31mb\x1b[m");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Whatever was on the screen and whatever comes: an emulator shows the buffer, and got no sequence beside the
        /// cursor's place and SGR.
        #[test]
        fn a_terminal_shows_what_the_buffer_holds(texts in prop::collection::vec(
            ("[a-c温度é│ ]{0,10}", 0_u16..12, 0_u16..4, 0_u8..8), 0..16)) {
            let area = Rect::new(0, 0, 12, 4);
            let mut parser = vt100::Parser::new(4.try_into().unwrap(), 12.try_into().unwrap(), 0);
            let (mut before, mut after) = (Buffer::empty(area), Buffer::empty(area));
            for (text, x, y, color) in texts {
                let style = Style::new().fg(Color::Indexed(color)).bg(Color::Indexed(color / 2));
                paint::put(&mut after, x, y, 12, &Safe::new(&text), style);
                let mut out = Vec::new();
                changes(&mut out, &before, &after);
                parser.process(&out);
                before = after.clone();
                prop_assert_eq!(screen(&parser, 12, 4), shown(&after));
                let plain = String::from_utf8(out).unwrap();
                for sequence in plain.split('\x1b').skip(1) {
                    let end = sequence.find(|sign: char| sign.is_ascii_alphabetic()).unwrap();
                    prop_assert!(sequence.starts_with('[') && matches!(&sequence[end..=end], "H" | "m"), "{}", sequence);
                }
            }
        }
    }
}
